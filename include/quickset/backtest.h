/*
 * quickset: policies of hedging over time on a recorded path. The section `backtest` of the inputs: a
 * position, what hedges it, the prices that were seen, and when and at which costs it was traded; and what
 * came of it. It is so many days of one market, whatever the intervals say.
 *
 * The position is marked on every date by its model in the state (price, v), v from what was known on that
 * date; a decision sees the price of its date's bar, is filled at the price of a later one, and no number of
 * a step depends on a later bar than the step's last. Money is of the day, in the reporting currency (the
 * underlying's discount rate is 0). Inputs are borrowed for the call.
 */
#ifndef QUICKSET_BACKTEST_H
#define QUICKSET_BACKTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/simulate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Prices of the underlying at equal times. Those before the first date are what forecasts of variance start
 * from. */
typedef struct qs_price_record {
  const double *prices; /* [count], finite and > 0, reporting currency */
  size_t count;         /* at least 2 */
  qs_time first;        /* of the first price */
  int64_t bar_seconds;  /* from one to the next, >= 1 */
} qs_price_record;

/* What a long of the perpetual paid, at equal times. */
typedef struct qs_funding_record {
  const double *rates;  /* [count], fractions of the notional paid at each time, -1 to 1 */
  size_t count;         /* 0: none (default), and a long pays the growth of the forward */
  qs_time first;        /* of the first rate */
  int64_t rate_seconds; /* from one to the next, >= 1 */
} qs_funding_record;

/* The model's v on a date, from what was known there. All but the first scale today's v0 by a forecast of
 * the next day's realised variance over that of the first date: hours of squared returns, from the record's
 * begin up to the date. */
typedef enum qs_variance_state {
  QS_STATE_EXPECTED = 0, /* what the model expects of that date as priced: nobody updates it */
  QS_STATE_LAST = 1,     /* the mean of the last 24 hours stays */
  QS_STATE_MEAN = 2,     /* the mean of all hours so far */
  QS_STATE_HAR = 3,      /* heterogeneous autoregression over 1, 24 and 120 hours (Corsi 2009) */
  QS_STATE_HAR_LOG = 4,  /* in logs */
  QS_STATE_GARCH = 5,    /* GARCH(1, 1) on realised variances */
  QS_STATE_RETURNS = 6,  /* GARCH(1, 1) on hourly returns */
  QS_STATE_REGIME = 7,   /* a filter of two regimes on hourly returns (Hamilton 1989) */
  QS_STATE_SAME = 8      /* of `told`: as the marks */
} qs_variance_state;

/* Where premium and collateral of the position stay. */
typedef enum qs_backtest_account {
  QS_ACCOUNT_REPORTING = 0, /* in the reporting currency */
  QS_ACCOUNT_COIN = 1       /* in coin: an option gains the change of its price in coin */
} qs_backtest_account;

/* From a date on, other costs; NaN: as before (default). */
typedef struct qs_backtest_cost_change {
  qs_time from; /* trades decided at or after it */
  double proportional, relative_half_spread, impact;
} qs_backtest_cost_change;

typedef struct qs_backtest_costs {
  double proportional;         /* of what is traded, 0 to 1 (default 0) */
  double relative_half_spread; /* likewise (default 0) */
  double impact;               /* reporting currency, times |coins traded|^1.5 at each trade (default 0) */
  const qs_backtest_cost_change *schedule; /* ascending in `from` (default none) */
  size_t schedule_count;
} qs_backtest_costs;

/* What is held after a trade, in the instrument's unit, min <= 0 <= max; NaN: no limits (default). They bind
 * every policy, and `optimal` knows them (at most 366 dates then). Both or none. */
typedef struct qs_backtest_limits {
  double min, max; /* -1e18 to 1e18 */
} qs_backtest_limits;

/* The hedge's account, looked at on every bar. Below `maintenance` of the hedge's value it is closed in equal
 * parts until it is covered. */
typedef struct qs_backtest_margin {
  double collateral;  /* at the start, reporting currency; NaN: no margin (default) */
  double maintenance; /* 1e-9 to 1 */
  uint64_t parts;     /* 1 to 1000 (default 1) */
  double fee;         /* of what is closed, 0 to 1 (default 0) */
} qs_backtest_margin;

/* v at which the position is marked, and which policies see (default expected, and the same). All but
 * expected need a model whose variance is random, a record whose bars divide an hour, and 60 hours of it
 * before the first date (har and har_log: 168). */
typedef struct qs_backtest_variance {
  qs_variance_state marks, told;
} qs_backtest_variance;

/* Intervals by the stationary bootstrap over steps (Politis and Romano 1994). */
typedef struct qs_backtest_intervals {
  double level;        /* in (0, 1) (default 0.95) */
  uint64_t replicates; /* 100 to 1000000 (default 2000) */
  uint64_t seed;       /* (default 1) */
} qs_backtest_intervals;

typedef struct qs_backtest_spec {
  const char *position; /* as qs_simulate_spec's; all of it has a price before its expiry */
  const char
      *instrument; /* NAME-SPOT or a perpetual; a perpetual in coin keeps its notional between trades */
  qs_price_record record;    /* of the underlying */
  qs_funding_record funding; /* of a perpetual alone: all that was paid from the first date to the last */
  qs_simulate_dates dates;   /* as qs_simulate_spec's, at least 9 and the unwind; each is acted on at the
                                first bar that is not before it, no two at the same */
  qs_backtest_costs costs;
  qs_backtest_limits limits;
  uint64_t latency_bars; /* from a decision to its fill; fewer than between two dates (default 0) */
  qs_backtest_margin margin;
  qs_backtest_account account;
  double cost_weight, risk_aversion;    /* as qs_simulate_spec's */
  const qs_hedge_policy_spec *policies; /* those that are tables: none to net_delta, and optimal */
  size_t policy_count;
  const char *compare; /* name of the policy that differences are to; null: the first */
  qs_backtest_variance variance;
  qs_backtest_intervals intervals;
} qs_backtest_spec;

QS_API void qs_backtest_spec_init(qs_backtest_spec *spec);
QS_API void qs_backtest_cost_change_init(qs_backtest_cost_change *change);

/* "expected", "last", "mean", "har", "har_log", "garch", "returns", "regime", "same": static; null: none. */
QS_API const char *qs_variance_state_name(qs_variance_state state);

/* One step, from a date to the next. net = options + hedge + funding - fees - spread - impact - liquidation,
 * and options = theta + delta + gamma + vega + residual, up to rounding. */
typedef struct qs_backtest_step {
  double options, theta, delta, gamma, vega, residual;
  double premium; /* half of the position's gamma times S^2 times realised less implied variance */
  double hedge, funding;
  double fees, spread, impact, liquidation; /* paid: >= 0 */
  double turnover;                          /* money traded */
  double holding;                           /* after the trade at the begin, coins */
  size_t trades, liquidated; /* trades; bars on which the hedge was closed for want of margin */
} qs_backtest_step;

/* A figure of the record, with what resampled steps say of it. */
typedef struct qs_backtest_interval {
  double estimate, std_error, low, high;
  double block; /* mean length of resampled blocks, steps */
} qs_backtest_interval;

typedef struct qs_backtest_policy_result {
  const char *name, *type;
  qs_backtest_interval objective;  /* variance + cost_weight x cost */
  qs_backtest_interval difference; /* of it, less that of `compare`, resampled together; zeros for itself */
  size_t rank;                     /* 1: the smallest objective of all */
  double variance;                 /* steps x variance of a step's gross gain, options + hedge + funding */
  double cost;                     /* fees + spread + impact + liquidation */
  double net;
  qs_backtest_step total;        /* sums over steps; `holding` is the last */
  const qs_backtest_step *steps; /* [date_count - 1] */
} qs_backtest_policy_result;

typedef struct qs_backtest_result {
  bool present, trusted;
  const char *why;
  const char *label; /* of which days and market it is, and how blocks were chosen: goes with every figure */
  const char *position, *underlying, *instrument;
  const char *account;      /* "reporting" or "coin" */
  const char *funding;      /* "recorded", or "expected": the growth of the forward */
  const char *marks, *told; /* names of variance states */
  const char *compare;      /* name of the policy that differences are to */
  double cost_weight, risk_aversion, level;
  uint64_t replicates, seed;
  double days; /* from the first bar that is acted on to the last */
  int64_t bar_seconds;
  const qs_time *dates; /* trades, and last the unwind */
  const qs_time *bars;  /* [date_count] of the prices that they were acted on at */
  const double *prices; /* [date_count] */
  const double *states; /* [date_count] v of the marks */
  size_t date_count;
  const qs_backtest_policy_result *policies; /* in the order asked for */
  size_t policy_count;
} qs_backtest_result;

#ifdef __cplusplus
}
#endif
#endif
