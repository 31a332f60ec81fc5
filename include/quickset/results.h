/*
 * quickset: everything a run says, as plain data owned by one qs_results handle.
 *
 * Money is in the reporting currency unless a name says coin. An estimate's std_error is its Monte Carlo
 * standard error (0 where the number is exact given the model); an interval's level is 95%. A number that is
 * not there is NaN.
 */
#ifndef QUICKSET_RESULTS_H
#define QUICKSET_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/backtest.h"
#include "quickset/inputs.h"
#include "quickset/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_estimate {
  double estimate, std_error;
} qs_estimate;

typedef struct qs_interval {
  double estimate, low, high;
} qs_interval;

/* Index of a Greek. Per unit: delta dV/dS (coin), gamma d2V/dS2, theta one calendar day later less now, vega
 * per volatility point of every quote at once, d_rate and d_carry per unit of rate, net_delta F dc/dF in coin
 * (coin-settled alone), then one derivative per model parameter. */
typedef enum qs_greek {
  QS_GREEK_DELTA = 0,
  QS_GREEK_GAMMA = 1,
  QS_GREEK_THETA = 2,
  QS_GREEK_VEGA = 3,
  QS_GREEK_D_RATE = 4,
  QS_GREEK_D_CARRY = 5,
  QS_GREEK_NET_DELTA = 6,
  QS_GREEK_PARAMETER = 7, /* + qs_parameter */
  QS_GREEK_COUNT = QS_GREEK_PARAMETER + QS_PARAMETER_COUNT
} qs_greek;

/* "delta", ..., "d_v0", ...: static strings. */
QS_API const char *qs_greek_name(qs_greek greek);

/* Bit of `untrusted` for a position's price and value; that of Greek i is bit i. */
enum { QS_UNTRUSTED_PRICE = QS_GREEK_COUNT };

typedef struct qs_greeks {
  uint32_t present; /* bit i: value[i] is there */
  qs_estimate value[QS_GREEK_COUNT];
} qs_greeks;

/* What early exercise is worth, between bounds at the exercise dates that stand for it (a bermudan's own; of
 * an american some dozens); both per unit, reporting currency. The price is the lower bound, and for an
 * american beside that the extrapolation from those dates to all times, whose std_error holds what the
 * extrapolation may be wrong by. */
typedef struct qs_bounds_result {
  bool present;
  uint32_t dates;
  qs_estimate lower, upper, gap; /* gap: upper less lower, on common paths */
  qs_estimate extrapolation;
} qs_bounds_result;

/* One position, trade or cash balance. */
typedef struct qs_trade_result {
  const char *id;         /* trade id, or instrument (with #n where it is held more than once) */
  const char *instrument; /* null for trades without a listed name */
  const char *underlying; /* null for cash in the reporting currency */
  const char *book;
  const char *venue; /* may be null */
  const char *kind;  /* european, forward, future, perpetual, spot, cash, or a path's type: asian, ... */
  double quantity;
  double mark;             /* venue unit; NaN: none */
  double model_minus_mark; /* same unit */
  qs_estimate price;       /* per unit, reporting currency */
  qs_estimate price_coin;  /* coin-settled alone, else NaN */
  qs_estimate value;       /* price x quantity */
  qs_estimate value_coin;
  qs_greeks greeks;      /* of value (price x quantity), reporting currency */
  qs_greeks greeks_coin; /* of value_coin; coin-settled alone */
  bool trusted;
  const char *why;         /* when not trusted */
  uint32_t untrusted;      /* numbers that too few paths carry, in any currency: QS_UNTRUSTED_PRICE, Greeks */
  const char *controls;    /* control variates of the price: "forward, european", ...; null: none */
  double variance_ratio;   /* by what factor they lower the price's variance; 1 without */
  bool target_missed;      /* the price's std_error is above simulation.target_std_error */
  qs_bounds_result bounds; /* bermudan and american alone */
} qs_trade_result;

/* A sum over positions; its std_error accounts for the paths they share. */
typedef struct qs_total_result {
  const char *name; /* book, underlying, or "total" */
  size_t count;
  qs_estimate value;
  qs_greeks greeks;
  bool trusted;       /* every position is */
  const char *why;    /* when not trusted */
  uint32_t untrusted; /* numbers that are not trusted of any of them */
} qs_total_result;

typedef struct qs_named_estimate {
  const char *name;  /* instrument, or expiry of a bucket */
  const char *label; /* strike bucket such as "0.9-1.1"; may be null */
  qs_estimate value;
  bool untrusted; /* too few paths carry it */
} qs_named_estimate;

/* How one underlying's value moves with its market. */
typedef struct qs_sensitivity_result {
  const char *underlying;
  const qs_named_estimate
      *delta_by_future; /* dV/dF of each future: the part of delta that its tenor carries */
  size_t delta_count;
  const qs_named_estimate *vega_by_quote; /* per volatility point of that quote */
  size_t vega_count;
  const qs_named_estimate *vega_by_bucket; /* by expiry and strike (moneyness K/F) bucket */
  size_t bucket_count;
  qs_estimate vega_parallel;
  bool vega_parallel_untrusted;
  const qs_named_estimate *d_shift; /* by piece of the variance's shift, named by its end */
  size_t d_shift_count;
} qs_sensitivity_result;

typedef struct qs_parameter_result {
  qs_parameter parameter;
  double estimate, std_error;
  bool identified; /* false: the quotes hardly tell it; see calibration.warnings */
} qs_parameter_result;

typedef struct qs_expiry_fit {
  qs_time expiry;
  double forward;
  size_t quotes;
  double rmse_vol_points;
  double inside_bid_ask; /* share */
} qs_expiry_fit;

/* A piece of the variance's shift, given or fitted. Volatility at the money is that of the two used quotes
 * next to the forward, interpolated in log-strike: the market's mids, and the model with the shift. NaN
 * where the shift was given. */
typedef struct qs_shift_result {
  qs_time expiry;             /* its end */
  double variance, std_error; /* annual; the error of a given one is 0 */
  double market_vol, model_vol;
} qs_shift_result;

typedef struct qs_exclusion {
  const char *instrument;
  const char *reason; /* one_sided, wide_spread, below_intrinsic, above_maximum, expired, no_forward, ... */
} qs_exclusion;

typedef struct qs_quote_fit {
  const char *instrument;
  qs_time expiry;
  double strike, market_vol, model_vol, bid_vol, ask_vol, weight;
} qs_quote_fit;

/* A two-sided quote under the leverage function. */
typedef struct qs_local_quote {
  const char *instrument;
  qs_time expiry;
  double strike, bid_vol, ask_vol; /* NaN: that price has none */
  double surface_vol;              /* of the implied surface that the leverage is made from */
  qs_estimate model_vol;           /* by Monte Carlo; NaN where the price has none */
  bool inside;                     /* the Monte Carlo price lies between bid and ask */
} qs_local_quote;

typedef struct qs_local_expiry {
  qs_time expiry;
  size_t quotes;
  double inside_bid_ask, surface_inside; /* shares */
  double largest_std_error;              /* of a volatility */
} qs_local_expiry;

/* The local-stochastic fit: a leverage function over the fitted heston, repriced on paths of their own. */
typedef struct qs_local_result {
  size_t quotes; /* two-sided, expiring in 7 days or more: the shares are of them */
  double inside_bid_ask, surface_inside;
  double least_density;  /* of the surface: that of ln S over the normal one's; negative is arbitrage */
  double least_increase; /* of its total variance from one expiry to the next, relative; likewise */
  double kept;           /* share of the local variances that were kept in their bounds */
  uint64_t particles, paths;
  const qs_local_expiry *expiries;
  size_t expiry_count;
  const qs_local_quote *fits; /* all two-sided quotes of these expiries */
  size_t fit_count;
} qs_local_result;

typedef struct qs_calibration_result {
  const char *underlying;
  bool trusted;
  const char *why;
  qs_model model; /* fitted or given */
  bool calibrated;
  const qs_parameter_result *parameters;
  size_t parameter_count;
  double rmse_vol_points, inside_bid_ask;
  double objective; /* weighted least squares at the fit */
  size_t quotes_used, quotes_total;
  const qs_exclusion *exclusions;
  size_t exclusion_count;
  const qs_expiry_fit *expiries;
  size_t expiry_count;
  const qs_quote_fit *fits;
  size_t fit_count;
  const char *const *warnings;
  size_t warning_count;
  const qs_shift_result *shift; /* null: none */
  size_t shift_count;
  const qs_local_result *local; /* null: none */
} qs_calibration_result;

typedef struct qs_risk_level {
  double level;
  qs_interval var, expected_shortfall; /* losses, positive */
  bool trusted;                        /* enough paths in the tail */
} qs_risk_level;

/* Its part of the expected shortfall at each level; parts add up to the total's. */
typedef struct qs_risk_component {
  const char *name; /* position id or underlying */
  bool is_underlying;
  const qs_estimate *expected_shortfall; /* [level] */
} qs_risk_component;

typedef struct qs_risk_incremental {
  const char *id;                         /* trade id, or "all" */
  const double *var, *expected_shortfall; /* [level]: with it less without */
} qs_risk_incremental;

typedef struct qs_historical_level {
  double level;
  qs_interval var, expected_shortfall;
  size_t violations, observations; /* of the rolling one-day VaR over the window */
  double kupiec_statistic, kupiec_p_value;
} qs_historical_level;

typedef struct qs_breach {
  const char *measure, *book, *underlying;
  double level, value, max;
} qs_breach;

typedef struct qs_risk_result {
  bool present, trusted;
  const char *why;
  double horizon_days;
  const qs_risk_level *levels;
  size_t level_count;
  qs_estimate mean, std_dev; /* of the P&L */
  const qs_risk_component *components;
  size_t component_count;
  const qs_risk_incremental *incremental;
  size_t incremental_count;
  const qs_historical_level *historical;
  size_t historical_count;
  const double *pnl; /* [pnl_count] by path, on request */
  size_t pnl_count;
} qs_risk_result;

typedef struct qs_stress_cell {
  const char *name;        /* scenario's, or null in a grid */
  double spot, volatility; /* the grid's shocks */
  qs_estimate pnl;
  double unwind_cost;             /* of the hedge instruments held, under the scenario; NaN in a grid */
  double lost;                    /* what lay at a lost venue; NaN: none */
  const qs_estimate *by_position; /* [trade_count], the order of the trades */
} qs_stress_cell;

typedef struct qs_stress_result {
  bool present, trusted;
  const char *why;
  const qs_stress_cell *grid;
  size_t grid_count;
  const qs_stress_cell *scenarios;
  size_t scenario_count;
  const qs_stress_cell *margin;
  size_t margin_count;
  const qs_stress_cell *worst; /* over grid and scenarios; null: none */
  double margin_requirement;   /* worst loss of the margin grid; NaN: none */
} qs_stress_result;

typedef struct qs_hedge_trade {
  const char *instrument;
  double quantity;   /* to trade, in the instrument's unit */
  qs_estimate ratio; /* the same, with its sampling error */
  double cost;       /* fee + half-spread + impact + expected funding */
  double fee, spread, impact, funding;
} qs_hedge_trade;

typedef struct qs_hedge_state {
  qs_estimate variance; /* of the horizon's P&L less target */
  double std_dev, delta, gamma, vega, margin, leverage;
} qs_hedge_state;

typedef struct qs_shadow_price {
  const char *limit; /* "max_delta", "BTC-PERPETUAL.max", ... */
  double price;      /* change of the objective per unit of the limit */
} qs_shadow_price;

typedef struct qs_hedge_result {
  bool present, trusted;
  const char *why;
  bool feasible;
  const char *const *conflicts; /* limits that cannot hold together */
  size_t conflict_count;
  double cost_weight, risk_aversion, horizon_days;
  const qs_hedge_trade *trades;
  size_t trade_count;
  qs_hedge_state before, after;
  double cost, objective_before, objective_after, kkt_residual;
  uint32_t iterations;
  const qs_shadow_price *shadow_prices;
  size_t shadow_count;
} qs_hedge_result;

/* What a policy traded at one venue, and what that cost: fees, half-spread and impact. */
typedef struct qs_venue_result {
  qs_estimate turnover, cost;
} qs_venue_result;

/* One policy of hedging over time. The gross error is what position and hedge gained together, costs left
 * out; all money is of as_of (discounted). */
typedef struct qs_policy_result {
  const char *name, *type;
  qs_estimate objective;                                /* the section's: variance + cost_weight x cost, or */
  size_t rank;                                          /* 1: the smallest objective of all */
  qs_estimate variance, cost;                           /* of the gross error; mean of all costs */
  qs_estimate mean, std_dev, skewness, excess_kurtosis; /* of the gross error */
  qs_estimate turnover, trades;                         /* what was traded, and how often */
  /* Means that add up: net = options + hedge + funding + collateral - fees - spread - impact - liquidation -
   * lost - transfers; `options` is what the position gained, funding what was received, collateral what that
   * gained, lost what lay at venues that failed (both part of the gross error), transfers what moving
   * collateral cost. */
  qs_estimate options, hedge, funding, collateral, fees, spread, impact, liquidation, lost, transfers, net;
  qs_estimate liquidated;       /* probability that margin was short once */
  qs_estimate failed;           /* probability that a venue failed, whatever the policy */
  const qs_risk_level *levels;  /* [level_count] of the net P&L's losses */
  const qs_interval *quantiles; /* [quantile_count] of the net P&L */
  const double *pnl;            /* [pnl_count] net P&L by path, on request */
  size_t pnl_count;
  const qs_venue_result *venues; /* [venue_count] */
} qs_policy_result;

/* What the position gained until the unwind, whatever the policy, on request: options = theta + delta + gamma
 * + vega + residual, means in money of as_of. premium is half of gamma times realised less implied variance
 * of the price, > 0 for who sold more variance than came. */
typedef struct qs_option_attribution {
  bool present;
  qs_estimate options, theta, delta, gamma, vega, residual, premium;
} qs_option_attribution;

/* How the policy `optimal` was found where no programme is of the objective: bands of the programme of
 * `cost_weight`, `scale` as wide, about (1 + tilt) times their centre, the best of its kind on paths of its
 * own. */
typedef struct qs_policy_tuning {
  bool present;
  double cost_weight, scale, tilt;
} qs_policy_tuning;

/* The optimum of one weight of costs. */
typedef struct qs_frontier_point {
  double cost_weight, risk_aversion;
  qs_estimate objective, variance, cost; /* as those of a policy */
  qs_estimate lower_bound, gap;
} qs_frontier_point;

typedef struct qs_simulate_result {
  bool present, trusted;
  const char *why;
  const char *position, *underlying;
  double cost_weight, risk_aversion;
  const char *objective;  /* "variance", "exponential" or "expected_shortfall" */
  double objective_level; /* NaN but for the expected shortfall */
  const qs_time *dates;   /* trades, and last the unwind */
  size_t date_count;
  const qs_policy_result *policies; /* in the order asked for */
  size_t policy_count;
  size_t level_count;
  const double *probabilities; /* of the quantiles */
  size_t quantile_count;
  qs_estimate lower_bound;           /* no policy's objective is below it (within the section's
                                        instrument_limits); NaN: none */
  const char *lower_bound_why;       /* why there is none, or null */
  qs_estimate gap;                   /* what the optimum's objective exceeds the bound by; NaN: none */
  const qs_frontier_point *frontier; /* [frontier_count]; none without a bound */
  size_t frontier_count;
  const qs_saved_policy *saved; /* the policy that was to be kept, or null */
  qs_option_attribution attribution;
  qs_policy_tuning tuning;
  const char *const *instruments; /* what hedges, as named in the section */
  size_t instrument_count;
  const char *const *venues; /* their names, as in the section */
  size_t venue_count;
} qs_simulate_result;

/* Who did what, and how long it took. */
typedef struct qs_device_use {
  const char *name, *target;
  uint64_t units;
  double seconds;
  const char *failure; /* null unless the device was lost */
  uint32_t restarts;   /* times that its worker process was replaced (quickset/worker.h) */
  const char *restart; /* why the last time; null: never */
} qs_device_use;

typedef struct qs_stage_time {
  const char *stage;
  double seconds;
  uint64_t orders;     /* times that the devices were given work */
  uint64_t units;      /* of work in those: one law, its dates and a portion of payoffs */
  uint64_t path_steps; /* paths times time steps */
  double simulating;   /* seconds of those that devices were at work */
} qs_stage_time;

/* How a trade on several underlyings moves with two of them together: quantity x d2V / dS_a dS_b, in the
 * reporting currency. */
typedef struct qs_cross_gamma_result {
  const char *id;
  const char *between[2];
  qs_estimate value;
  bool untrusted; /* too few paths carry it */
} qs_cross_gamma_result;

/* How a trade on several underlyings, or a book of them, moves with a correlation c: quantity x dV / dc, in
 * the reporting currency per unit of correlation. There is one for the prices of every pair, and one for
 * every other correlation of the pair that is given; what is not given moves as configs/README.md says it
 * follows. */
typedef struct qs_correlation_result {
  const char *id;         /* null: a sum over trades */
  const char *book;       /* of the trade or the sum; null: the sum over all books */
  const char *between[2]; /* as the inputs name them: X, or X.variance */
  qs_estimate value;
  bool untrusted; /* too few paths carry it */
} qs_correlation_result;

/* The whole answer. */
typedef struct qs_results {
  const char *currency;
  qs_time as_of;
  uint64_t seed, paths;
  const char *precision;
  const char *arithmetic;  /* exact, fast */
  const char *sampling;    /* pseudo, sobol, antithetic */
  double target_std_error; /* what was asked for; NaN: nothing */
  bool target_reached;     /* by every simulated price */
  bool trusted;
  const qs_trade_result *trades;
  size_t trade_count;
  const qs_total_result *books;
  size_t book_count;
  const qs_total_result *underlyings;
  size_t underlying_count;
  qs_total_result total;
  const qs_cross_gamma_result *cross_gammas; /* of every pair of every such trade */
  size_t cross_gamma_count;
  const qs_correlation_result *d_correlations; /* of every such trade, then by book, then in total */
  size_t d_correlation_count;
  bool valued;
  const qs_sensitivity_result *sensitivities;
  size_t sensitivity_count;
  const qs_calibration_result *calibration;
  size_t calibration_count;
  qs_risk_result risk;
  qs_stress_result stress;
  qs_hedge_result hedge;
  qs_simulate_result simulate;
  qs_backtest_result backtest;
  const qs_breach *breaches;
  size_t breach_count;
  const char *const *warnings;
  size_t warning_count;
  const char *backend_note; /* why the CPU alone was used, or null */
  const qs_device_use *devices;
  size_t device_count;
  uint64_t recalled; /* results of pieces of work that came from a journal */
  const qs_stage_time *times;
  size_t time_count;
} qs_results;

/* Runs the sections asked for (bit mask of qs_section; those that the inputs lack are skipped; what they
 * need, such as the calibration, is done as well). QS_OK also when some numbers are not trusted: see
 * results->trusted. The results belong to the caller; they are null for a share of a run
 * (quickset/journal.h). */
QS_API qs_status qs_run(qs_engine *engine, const qs_inputs *inputs, uint32_t sections,
                        const qs_results **results);
QS_API void qs_results_destroy(const qs_results *results);

/* Checks the inputs as qs_run would, up to the market and the book, and runs nothing. */
QS_API qs_status qs_check(qs_engine *engine, const qs_inputs *inputs);

/* Profit and loss of the whole book under `count` scenarios, pnl[count], on the paths that qs_run uses.
 * Models that ask for it are calibrated in the call; give fitted parameters to spare that when calling often.
 */
QS_API qs_status qs_scenarios(qs_engine *engine, const qs_inputs *inputs, const qs_scenario_spec *scenarios,
                              size_t count, qs_estimate *pnl);

/* A run in the background, on a thread of its own. The engine must not be used until the job is destroyed. */
typedef struct qs_job qs_job;
typedef struct qs_job_state {
  uint32_t struct_size;
  bool finished;
  qs_status status;     /* meaningful once finished */
  const char *stage;    /* static string, null before the first */
  uint64_t done, total; /* of the stage */
} qs_job_state;
QS_API qs_status qs_job_start(qs_engine *engine, const qs_inputs *inputs, uint32_t sections, qs_job **job);
QS_API void qs_job_poll(qs_job *job, qs_job_state *state);
QS_API void qs_job_cancel(qs_job *job);
/* Waits for the end; the results (null unless QS_OK) then belong to the caller. */
QS_API qs_status qs_job_wait(qs_job *job, const qs_results **results);
/* Cancels, waits and frees. */
QS_API void qs_job_destroy(qs_job *job);

/* results.json as text, without times and devices: equal for equal inputs. Free it with qs_text_free. */
QS_API qs_status qs_results_json(qs_engine *engine, const qs_results *results, char **text);
QS_API void qs_text_free(qs_engine *engine, char *text);

/* Writes results.json, the CSV files and manifest.json into the folder `path`, whole or not at all: a
 * temporary folder beside it is filled, synced and renamed. An older folder of results is replaced; any other
 * folder that is not empty is refused. `config` (may be null) gives the manifest its input hashes. */
QS_API qs_status qs_results_write(qs_engine *engine, const qs_results *results, const qs_config *config,
                                  const char *path);

/* Whether qs_results_write would take the folder `path`, so that a long run need not find out at its end:
 * QS_ERROR_INPUT when it is a file or holds something that is not results of quickset. Changes nothing. */
QS_API qs_status qs_results_check_folder(qs_engine *engine, const char *path);

#ifdef __cplusplus
}
#endif
#endif
