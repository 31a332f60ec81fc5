/*
 * What trading costs, date by date: the section's costs, its venues and its schedule.
 *
 * A share m of an order at a venue is filled as maker: the fee is m maker_fee + (1 - m) taker_fee, and the
 * half-spread and the impact are those of the rest, (1 - m) and (1 - m)^1.5 times as much. Filled in n equal
 * parts an order's impact is n b (u / n)^1.5 = b u^1.5 / sqrt(n), and its fixed costs are n times as many.
 */
#ifndef QS_HOST_SIMULATE_COSTS_H
#define QS_HOST_SIMULATE_COSTS_H

#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* QS_ERROR_INPUT names the key: numbers, names and dates, once instruments and dates are there. */
qs_status qs_simulate_costs_check(qs_context *context, const qs_simulate_problem *problem);

/* Of one instrument at a date; of the first at `venue`, 0 where there are none. At entry and unwind 0 where
 * they are not charged. */
qs_trade_cost qs_simulate_cost(const qs_simulate_problem *problem, size_t instrument, size_t venue,
                               size_t date);

/* What formulas and programmes know of a date's costs of the first instrument: those of the venue that is
 * cheapest for a small order at the forward. */
qs_trade_cost qs_simulate_known_cost(const qs_simulate_problem *problem, size_t date);

/* What a date's costs have beside that: times units^1.5, of all venues together; 0 where it is none or no
 * programme knows it. */
double qs_simulate_known_impact(const qs_simulate_problem *problem, size_t date);

/* Why a programme does not know all of the costs, a static text; null where it does: where at every date one
 * venue, or all there is, has the smallest fee and half-spread of all, and neither impact nor a fixed cost;
 * or, of the variance by one instrument without limits, where all have the same fee and half-spread, and
 * impact but no fixed cost.
 */
const char *qs_simulate_costs_beyond(const qs_simulate_problem *problem);

#ifdef __cplusplus
}
#endif
#endif
