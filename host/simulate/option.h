/*
 * Options that hedge, along paths: what a unit of them is worth at every date's fill.
 *
 * M = e^x y(x, v), y the undiscounted price per unit of the forward to the expiry T: a martingale. A unit's
 * price at t, money then, is P(t) M with
 *
 *   linear   P(t) = exp(-discount_rate (T - t)) F(T)
 *   coin     P(t) = exp(-coin_rate (T - t)) F(t)
 *
 * What is gained between two dates is D(t_N) P(t_N) (M' - M), t_N the unwind: D P is the same at all times
 * for a linear one; of one settled in coin what it grows by for sure is left out, as the yield of a spot is.
 */
#ifndef QS_HOST_SIMULATE_OPTION_H
#define QS_HOST_SIMULATE_OPTION_H

#include "host/simulate/claim.h"

#ifdef __cplusplus
extern "C" {
#endif

/* P at `years`. */
double qs_simulate_option_price(const qs_simulate_problem *problem, const qs_contract *option, double years);

/* D(t_N) P(t_N). */
double qs_simulate_option_gain(const qs_simulate_problem *problem, const qs_contract *option);

/* tables[option][date_count] of M at each date's row (the problem's fill_row or date_row), times e^x; the
 * options are the instruments after the first, null without any. Owned by the arena. */
qs_status qs_simulate_options_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   const uint32_t *rows, const qs_state_table **tables);

/* tables[part][option][date_count], at the parts of every date's order, at the unwind as above; null where
 * orders have one part. */
qs_status qs_simulate_option_slices_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                         const qs_state_table **tables);

/* The mean price of an order's parts as that of M at its last, by those tables: value[count] of paths whose
 * states are x[row * stride + i], v likewise. Not at the unwind. */
void qs_simulate_option_mean(const qs_simulate_problem *problem, const qs_state_table *tables, size_t option,
                             size_t date, const double *x, const double *v, uint64_t stride, uint64_t count,
                             double *value);

/* M of one option by its table at a time, value[count] of paths whose states then are x, v. */
void qs_simulate_option_value(const qs_state_table *table, const double *x, const double *v, uint64_t count,
                              double *value);

#ifdef __cplusplus
}
#endif
#endif
