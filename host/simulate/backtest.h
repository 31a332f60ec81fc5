/*
 * Replay of hedging policies on a recorded path: one month of one market, no simulation.
 *
 * The position of a problem (host/policy/problem.h) is marked at every date by Fourier prices of the model in
 * the recorded state: x = ln S/F(0, t) from the prices, v as the caller updated it from realised variance
 * (only one snapshot of options exists). A policy's table says what to hold; trades are filled at recorded
 * prices, `latency` bars later; between dates the account is looked at on every bar.
 *
 * Over a step, in money of the day (discounts must be 1, and so the gains of the problem are not read):
 *
 *   net = options + hedge + funding - fees - spread - impact - liquidation
 *   options = theta + delta + gamma + vega + residual
 *
 * with theta what the model's price loses in time and through the roll of the forward at a fixed price S,
 * delta (dV/dS) dS, gamma (d2V/dS2) dS^2/2, vega (dV/dv) dv at the state before the step, residual the rest,
 * so that both add up by construction up to rounding. `premium` is beside them: the position's gamma times
 * half of S^2 (realised less implied variance), the realised one the squares of the bars' returns, the
 * implied one what the state's variance and jumps say of the step.
 *
 * In coin, premium and collateral stay in coin: an option gains the change of its coin price times the price
 * after the step, so that its delta is net of its value, and a coin-settled perpetual keeps its notional, not
 * its coins, between trades.
 */
#ifndef QS_HOST_SIMULATE_BACKTEST_H
#define QS_HOST_SIMULATE_BACKTEST_H

#include "host/history/bootstrap.h"
#include "host/policy/problem.h"
#include "quickset/backtest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed. Bars are equally far apart. */
typedef struct qs_backtest_record {
  const double *prices; /* [bar_count] of the underlying, > 0 */
  size_t bar_count;
  const size_t *bar; /* [dates] which bar each date of the problem is, ascending, below bar_count */
  const double
      *variance; /* [dates] the model's v at which the position is marked, >= 0; null: the model's own */
  const double *funding; /* [dates - 1] what a long pays over the step, as a fraction of its notional at the
                            begin; null: the growth of the forward, what pricing expects */
} qs_backtest_record;

/* What trading costs. */
typedef struct qs_backtest_rates {
  double fee, half_spread; /* fractions of what is traded, >= 0 */
  double impact;           /* money, times |units|^{3/2}, >= 0 */
} qs_backtest_rates;

typedef struct qs_backtest_rules {
  qs_backtest_rates rates;
  const qs_backtest_rates *dated; /* [dates] of what is decided on each; null: the same on all */
  size_t latency;                 /* bars from decision to fill, fewer than any step has */
  bool inverse;                   /* the hedge is settled in coin: its notional stays between trades */
  bool coin;                      /* premium and collateral of the position stay in coin */
  /* The hedge's account: below `maintenance` x its notional the hedge is closed in `parts` equal parts, each
   * at `liquidation_fee` of what is closed, until it is covered. Gains of the position do not count. */
  double collateral; /* at the start; infinity: never short */
  double maintenance, liquidation_fee;
  size_t parts; /* >= 1 */
} qs_backtest_rules;

/* Free of charge, nothing that can fail. */
qs_backtest_rules qs_backtest_theory(void);

typedef struct qs_backtest_policy {
  const char *name;
  const qs_policy_table *table; /* of the dates but the last */
  const double *variance;       /* [dates - 1] v that the policy is told; null: that of the marks */
} qs_backtest_policy;

/* options + hedge + funding: what Var[gross error] is of. */
double qs_backtest_gross(const qs_backtest_step *step);

/* fees + spread + impact + liquidation. */
double qs_backtest_cost(const qs_backtest_step *step);

/* Fills the position's part of steps[dates - 1], zeroes the rest. QS_ERROR_INPUT names what makes no sense.
 */
qs_status qs_backtest_mark(qs_context *context, const qs_policy_problem *problem,
                           const qs_backtest_record *record, const qs_backtest_rules *rules,
                           qs_backtest_step *steps);

/* The policy on top of the marks: steps[dates - 1]. Unwinding at the last date is charged to the last step.
 */
qs_status qs_backtest_run(qs_context *context, const qs_policy_problem *problem,
                          const qs_backtest_record *record, const qs_backtest_rules *rules,
                          const qs_backtest_step *marks, const qs_backtest_policy *policy,
                          qs_backtest_step *steps);

/* Sum of all steps; `holding` is the last. */
qs_backtest_step qs_backtest_total(const qs_backtest_step *steps, size_t count);

typedef struct qs_backtest_setting {
  double cost_weight; /* w */
  double level;       /* of intervals */
  size_t replicates;
  uint64_t seed;
} qs_backtest_setting;

/* The objective over all steps, count x Var[gross of a step] + w x sum of costs, where the steps' errors are
 * uncorrelated; interval by the stationary bootstrap over steps, whose block is the longest that the series
 * asks for. With `other` the objective of `steps` less that of `other`, resampled together. `block` (may be
 * null) gets the blocks' mean length. */
qs_status qs_backtest_objective(qs_context *context, const qs_backtest_step *steps,
                                const qs_backtest_step *other, size_t count,
                                const qs_backtest_setting *setting, qs_bootstrap_result *result,
                                double *block);

/* The model's v at every date from forecasts of realised variance made there: v0 x forecast / first forecast,
 * which keeps today's marks and takes the premium of implied over realised variance as a constant factor. All
 * forecasts > 0. */
void qs_backtest_states(double v0, const double *forecasts, size_t count, double *variance);

/* Expected v at every date as priced, theta + (v0 - theta) e^{-kappa t} with jumps: a state that nobody
 * updates. */
void qs_backtest_expected(const qs_policy_problem *problem, double *variance);

#ifdef __cplusplus
}
#endif
#endif
