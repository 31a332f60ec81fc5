/*
 * The problem of hedging over time with one instrument: what is hedged, on which dates, at what costs.
 *
 * The position is a sum of European options of one underlying, its value the model's price. The state is x =
 * ln S/F(0, t) and v. Held from date n to date n + 1, one unit of the instrument earns gain_n (e^x' - e^x);
 * all money is discounted to as_of.
 *
 * Which gain: a spot or another instrument that earns its own carry, discount x forward of date n; a future
 * or perpetual whose profit is paid as it arises, discount x forward of date n + 1. On a flat curve with
 * discount 1 both are the forward.
 */
#ifndef QS_HOST_POLICY_PROBLEM_H
#define QS_HOST_POLICY_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/policy/table.h"
#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A European option of the position. Its expiry is a date after the first, or lies after all dates. */
typedef struct qs_policy_option {
  bool call;
  bool coin;      /* premium and collateral stay in coin: what net delta looks at */
  double years;   /* to expiry, from as_of */
  double strike;  /* >= 0; a call of strike 0 pays S */
  double forward; /* F(0, years), > 0 */
  double weight;  /* money at as_of per unit of payoff: signed quantity x discount factor */
  double added;   /* variance from as_of to the expiry beside the model's, >= 0 (a shift; 0) */
} qs_policy_option;

/* A date of trading; the last one is that of the unwinding. */
typedef struct qs_policy_date {
  double years;        /* from as_of, >= 0, ascending */
  double forward;      /* F(0, years), > 0 */
  double gain;         /* > 0; not read at the last date */
  double discount;     /* of money at this date, > 0 */
  double proportional; /* cost of trading, as a fraction of what is traded, >= 0 */
  double per_unit;     /* and per unit, in money of this date: a half-spread, >= 0 */
  double added;        /* variance from as_of to here beside the model's, ascending (0) */
  double impact;       /* and times |units|^1.5, in money of this date, >= 0; of the optimum by proportional
                          costs (optimum.h) and its bound alone */
} qs_policy_date;

/* Borrowed for the calls. */
typedef struct qs_policy_problem {
  const qs_model *model;
  const qs_policy_option *options;
  size_t option_count;
  const qs_policy_date *dates;
  size_t date_count;    /* at least 2: trades at all but the last */
  double drift;         /* real-world growth of S over its forward, a year; prices are without it */
  double cost_weight;   /* w > 0 */
  double holding;       /* before the first trade */
  const qs_model *real; /* the real world's law, of the same type; null: the pricing one */
} qs_policy_problem;

/* How fine; 0 everywhere takes the default. */
typedef struct qs_policy_settings {
  size_t x_count, y_count; /* nodes of the state */
  size_t holding_count;    /* nodes of the holding, of the dynamic programme */
  double x_reach;          /* nodes reach +- this in x */
} qs_policy_settings;

/* Refuses what the above rules out, and says which option or date it is (QS_ERROR_INPUT). */
qs_status qs_policy_check(qs_context *context, const qs_policy_problem *problem);

/* The nodes of every date, the same but for `years`: [date_count], the arena's; null when memory is out. x
 * reaches 5.5 deviations of ln S at the last date on either side, and as far as a jump goes beside that. y
 * goes from small to what the variance hardly exceeds. */
const qs_policy_nodes *qs_policy_make_nodes(qs_arena *arena, const qs_policy_problem *problem,
                                            const qs_policy_settings *settings);

/* Which date the option expires at, or date_count: later than all. */
size_t qs_policy_expiry_date(const qs_policy_problem *problem, const qs_policy_option *option);

/* Cost of trading one unit at S = F e^x on date n, in money at as_of, impact left out. */
double qs_policy_unit_cost(const qs_policy_date *date, double x);

/* Whether the position all but jumps at a date: two strikes of one expiry within 2e-5 of each other, as in
 * the spread of calls that stands for a digital. */
bool qs_policy_jumps(const qs_policy_problem *problem);

/* Whether any date has impact. */
bool qs_policy_has_impact(const qs_policy_problem *problem);

#ifdef __cplusplus
}
#endif
#endif
