/*
 * A hedging policy as a table, to be kept and asked later: what to hold, by date, price and variance.
 *
 * At a date the state is x = ln(spot/forward), with the forward of that date as it stood when the policy was
 * made, and y = sqrt(v), v the model's variance then. The table gives a band [low, high] of the holding, in
 * units of the instrument: a holding inside is left as it is, one outside is moved to the nearest edge. Edges
 * are linear between nodes, and those of the nearest node outside of them.
 *
 * A policy of two instruments is either two such tables, or, where it is the optimum, two bands that depend
 * on each other's holding: edges are then tabulated over a grid of the other's holding, too, linear between
 * its points. The second instrument trades first, as the first holding stands, though no farther than where
 * the first would trade as well; then the first, as the second holding has become.
 */
#ifndef QUICKSET_POLICY_H
#define QUICKSET_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "quickset/engine.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  QS_SAVED_INSTRUMENTS = 2,          /* at most */
  QS_SAVED_POLICY_BYTES = 256 << 20, /* of a file, at most */
  QS_SAVED_POLICY_STEPS = 254        /* of a grid of holdings, at most */
};

/* A date of trading. Nodes are uniform; y_count is 1 where the variance is not random, and y then not read.
 */
typedef struct qs_saved_date {
  qs_time date;
  double forward;
  double x_low, x_step;
  uint64_t x_count; /* at least 2 */
  double y_low, y_step;
  uint64_t y_count;
  /* [y_count][x_count]; infinite where nothing is traded. Null where bands depend on each other. */
  const double *low, *high;
  const double *second_low, *second_high; /* of the second instrument; null without one, and as above */
  /* [y_count][x_count][numbers of a state]: bands that depend on each other, or null. With A and B points of
   * the holdings of the first and of the second instrument the numbers of a state are: low and high edges of
   * the first, B each; low and high edges of the second, A + 2 each, the last two with the first instrument
   * at the lowest and at the highest where it does not trade. */
  const float *bands;
} qs_saved_date;

/* The grid of a holding: evenly from its lower limit to 0 and from there to the upper one. 0 is two points,
 * for trades to either side of it: the points are steps below and above, and 2. */
typedef struct qs_saved_grid {
  double low, high;      /* limits: low <= 0 <= high */
  uint64_t below, above; /* steps on either side of 0; 0 where the limit is 0 */
} qs_saved_grid;

typedef struct qs_saved_policy {
  const char *name, *type; /* as in the results */
  const char *underlying, *instrument;
  qs_time as_of;
  double cost_weight;
  const qs_saved_date *dates; /* ascending */
  uint64_t date_count;
  qs_time unwind; /* after the last date: nothing is held from then on */
  double unwind_forward;
  const char *second;        /* the second instrument; null: one is all */
  const qs_saved_grid *grid; /* [2] where bands depend on each other, else null */
} qs_saved_policy;

/* The state in which a policy is asked. */
typedef struct qs_live_state {
  qs_time time;
  double spot;     /* of the underlying, > 0 */
  double variance; /* v, annual; NaN (and only NaN) where the policy's model has no random variance */
  double holding;  /* what is held now */
  double second;   /* what is held of the second instrument; 0 where there is none */
} qs_live_state;

typedef struct qs_hedge_advice {
  qs_time date;      /* whose band it is: the last one that is not after the state's time */
  qs_time next;      /* the one after it, or the unwind; 0 at the unwind */
  double low, high;  /* the band; 0 and 0 at the unwind. Where it depends on the second holding: on what that
                        has become */
  double trade;      /* what to trade now */
  bool inside_table; /* false: the state lies outside of the nodes, and the nearest one spoke */
  double second_low, second_high, second_trade; /* of the second instrument; 0 without one */
} qs_hedge_advice;

/* Reads simulate_policy.txt of a results folder. QS_ERROR_INPUT, with line and column, for anything else. */
QS_API qs_status qs_saved_policy_load(qs_engine *engine, const char *path, qs_saved_policy **policy);
QS_API void qs_saved_policy_destroy(qs_saved_policy *policy);

/* QS_ERROR_INPUT for a state that is none, or before the first date, or after the unwind, or with holdings
 * beyond the limits of a grid. Between dates the forward is log-linear. */
QS_API qs_status qs_saved_policy_ask(qs_engine *engine, const qs_saved_policy *policy,
                                     const qs_live_state *state, qs_hedge_advice *advice);

/* "2026-08-01T17:58:04Z" (also "2026-08-01"); false, and `time` untouched, for anything else. */
QS_API bool qs_time_from_text(const char *text, qs_time *time);

#ifdef __cplusplus
}
#endif
#endif
