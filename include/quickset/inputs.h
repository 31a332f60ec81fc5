/*
 * quickset: everything a run is told, as plain data.
 *
 * A caller fills these structs in memory, or has qs_inputs_load read them from a YAML config and its CSV
 * files; the same inputs give the same results to the byte. Strings and arrays are borrowed for the call that
 * takes them. NaN stands for "not given" in a double, null in a string, 0 in a time. Each struct that begins
 * with struct_size has an init function that fills its defaults in; elements of arrays keep their layout
 * within a major version.
 *
 * Units. Times are seconds since 1970-01-01T00:00:00Z; year fractions Act/365; rates continuous and annual;
 * volatilities annual, as fractions; shocks relative (0.1 is up by 10%). Option prices in quotes and marks
 * are in the venue's unit: coin for coin-settled options, USD for futures, perpetual and index.
 */
#ifndef QUICKSET_INPUTS_H
#define QUICKSET_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/backtest.h"
#include "quickset/engine.h"
#include "quickset/model.h"
#include "quickset/simulate.h"
#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_settlement { QS_SETTLE_LINEAR = 0, QS_SETTLE_COIN = 1 } qs_settlement;
typedef enum qs_call_put { QS_CALL = 0, QS_PUT = 1 } qs_call_put;

/* One row of a quotes file. */
typedef struct qs_quote {
  const char *instrument;     /* BTC-7AUG26-62000-C, BTC-25SEP26, BTC-PERPETUAL, BTC-INDEX */
  double bid, ask;            /* NaN: no quote on that side */
  double mark, open_interest; /* NaN: not given */
  double bid_size, ask_size;  /* in contracts; NaN: not given */
  uint32_t line;              /* of the file it came from, for messages; 0: none */
} qs_quote;

/* A piece of the shift: deterministic variance that is added to the model's, from the expiry before (the
 * first: from as_of) to this one; the last one goes on. */
typedef struct qs_shift_spec {
  qs_time expiry;      /* 0: expiry_years from as_of */
  double expiry_years; /* NaN: not given */
  double variance;     /* annual, at least 0 */
} qs_shift_spec;

typedef struct qs_underlying_spec {
  const char *name;
  const char *quotes_source; /* file name for messages; may be null */
  const qs_quote *quotes;
  size_t quote_count;
  double spot;                 /* NaN: the INDEX row of the quotes, else the perpetual's mid */
  double carry;                /* growth rate of the forward; NaN: from the futures, 0 without any */
  double discount_rate;        /* of the reporting currency */
  double coin_rate;            /* of the coin */
  qs_model model;              /* type, and values where given */
  uint32_t given;              /* bit i: model.value[i] was given */
  bool calibrate;              /* fit to the quotes, starting from the given values */
  double basis_volatility;     /* of the basis factor of each tenor, annual (default 0.02) */
  double basis_mean_reversion; /* per year (default 50) */
  double basis_correlation;    /* with the spot's return (default 0) */
  double max_spread;           /* quotes whose (ask - bid)/mid is above it are excluded (default 0.5) */
  bool fit_shift;              /* with calibrate: fit a shift, so that volatility at the money is met */
  const qs_shift_spec *shift;  /* [shift_count], ascending; without calibrate, for given parameters */
  size_t shift_count;          /* at most 64 */
  bool local; /* fit a leverage function over a heston; values, Greeks and stress are then under it, with it
                 held: no early exercise, no trades on several underlyings */
} qs_underlying_spec;

/* Of what moves two underlyings: "X" is the price of X, "X.variance" its variance. What is not given follows
 * (configs/README.md). */
typedef struct qs_correlation_spec {
  const char *between[2];
  double value;
} qs_correlation_spec;

/* Jumps of several underlyings, merton or bates, at the same times: `lambda` of each one's own intensity
 * comes from one Poisson process, and the log sizes of any two at such a time have this correlation. Each
 * underlying alone is what it was; it stands in one group at most. */
typedef struct qs_common_jump_spec {
  const char *const *underlyings; /* [underlying_count], at least two */
  size_t underlying_count;
  double lambda;      /* a year, above 0, at most that of every member */
  double correlation; /* above -1 / (underlying_count - 1), below 1 */
} qs_common_jump_spec;

/* A holding of a listed instrument. */
typedef struct qs_position_spec {
  const char *instrument;
  double quantity;    /* options in coin; coin-settled futures and perpetual in USD notional */
  double entry_price; /* NaN: not given */
  const char *book;   /* null: "main" */
  const char *venue;  /* may be null */
  uint32_t line;
} qs_position_spec;

typedef enum qs_trade_type {
  QS_TRADE_EUROPEAN = 0,
  QS_TRADE_FORWARD = 1,
  QS_TRADE_FUTURE = 2,
  QS_TRADE_PERPETUAL = 3,
  QS_TRADE_SPOT = 4,
  /* Along a path: what qs_path_spec says more of. S(d) are the fixings, T is the expiry. */
  QS_TRADE_DIGITAL = 5,       /* an amount, or S(T), where phi S(T) > phi strike */
  QS_TRADE_ASIAN = 6,         /* (phi (A - strike))+, or (phi (S(T) - A))+; A the average of the fixings */
  QS_TRADE_BARRIER = 7,       /* (phi (S(T) - strike))+ if no barrier was touched, or if one was */
  QS_TRADE_LOOKBACK = 8,      /* (phi (X - strike))+, or phi (S(T) - X); X an extreme of the fixings */
  QS_TRADE_FORWARD_START = 9, /* (phi (S(T) - moneyness S(start)))+ */
  QS_TRADE_CLIQUET = 10, /* the sum of S(d)/S(d-1) - moneyness, capped and floored one by one and whole */
  QS_TRADE_VARIANCE_SWAP = 11,   /* min(realised, cap)^2 - strike^2 */
  QS_TRADE_VOLATILITY_SWAP = 12, /* min(realised, cap) - strike */
  QS_TRADE_SCRIPT = 13,          /* a formula over prices at named dates: qs_script_spec */
  /* phi (S(t) - strike), or what script.payoff says where it is given, once, at a time of the holder's
     choice. */
  QS_TRADE_BERMUDAN = 14, /* one of the fixings, which are the exercise dates; those before as_of are past */
  QS_TRADE_AMERICAN = 15, /* any time up to the expiry */
  /* A position of a liquidity pool, worth L (2 sqrt S - S / sqrt upper - sqrt lower) within its range, at T,
   * or that less what its tokens at the entry price would be worth. */
  QS_TRADE_POOL = 16,
  /* A note that is redeemed at the first fixing at its level, pays coupons meanwhile, and loses with the
   * price at the end if that was low. */
  QS_TRADE_AUTOCALLABLE = 17,
  /* On several underlyings at T, P the prices times `weights`, over `initial` where that is given. */
  QS_TRADE_BASKET = 18,   /* (phi (sum of P - strike))+ */
  QS_TRADE_SPREAD = 19,   /* (phi (P1 - P2 - strike))+ */
  QS_TRADE_EXCHANGE = 20, /* (P1 - P2)+ */
  QS_TRADE_BEST_OF = 21,  /* (phi (greatest P - strike))+ */
  QS_TRADE_WORST_OF = 22  /* (phi (least P - strike))+ */
} qs_trade_type;

typedef enum qs_average { QS_AVERAGE_ARITHMETIC = 0, QS_AVERAGE_GEOMETRIC = 1 } qs_average;
typedef enum qs_digital_pays {
  QS_PAYS_CASH = 0,           /* digital */
  QS_PAYS_ASSET = 1,          /* digital */
  QS_PAYS_VALUE = 2,          /* pool */
  QS_PAYS_DIVERGENCE_LOSS = 3 /* pool: its value less that of holding the tokens; never above 0 */
} qs_digital_pays;
typedef enum qs_knock { QS_KNOCK_OUT = 0, QS_KNOCK_IN = 1 } qs_knock;
typedef enum qs_monitoring { QS_MONITORING_CONTINUOUS = 0, QS_MONITORING_DISCRETE = 1 } qs_monitoring;
typedef enum qs_knock_in_at { QS_KNOCK_IN_AT_EXPIRY = 0, QS_KNOCK_IN_AT_FIXINGS = 1 } qs_knock_in_at;
typedef enum qs_rebate_paid { QS_REBATE_AT_EXPIRY = 0, QS_REBATE_AT_HIT = 1 } qs_rebate_paid;

/* A european's price at the expiry is the average of those every so many seconds of the last minutes, the
 * expiry's among them; 30 minutes where venues settle. `past` has those up to as_of. */
typedef struct qs_settlement_average {
  uint64_t minutes;       /* 0: none (default) */
  uint64_t every_seconds; /* default 60 */
} qs_settlement_average;

/* Dates by rule: `from`, then every so many days, months or seconds, and last of all `to`, whenever that is.
 */
typedef struct qs_fixing_rule {
  uint32_t days, months; /* one of them or `seconds` above 0; all 0: no rule */
  qs_time from;          /* 0: as_of */
  qs_time to;            /* 0: the expiry */
  bool skip_first;       /* `from` itself is no fixing */
  uint32_t seconds;
} qs_fixing_rule;

/*
 * What a trade along a path says beside call_put, strike and expiry; fields of other types are not read.
 *
 * Fixing dates are a list or a rule; the last is the expiry, which then may be left out. A fixing up to as_of
 * is known: `past` holds their values in order. One at as_of itself may be left out of it; it is the spot,
 * and stays that when the spot is shocked. Continuous barriers need no dates and discrete ones no past. The
 * fixings of a script are the dates of all its schedules, each once, and the expiry; with several underlyings
 * `past` has those of the first, then those of the second, and so on.
 */
typedef struct qs_path_spec {
  const qs_time *fixings; /* ascending; null: by rule */
  size_t fixing_count;
  qs_fixing_rule rule;
  const double *past;
  size_t past_count;
  bool floating;        /* asian, lookback: the average or the extreme is the strike; none is given then */
  qs_average average;   /* asian */
  qs_digital_pays pays; /* digital, pool */
  double amount;        /* of a digital that pays cash (default 1) */
  qs_knock knock;       /* barrier */
  qs_monitoring monitoring;   /* at all times, or at the fixings */
  double lower, upper;        /* barrier, or a pool's range; NaN: none */
  bool knocked;               /* a barrier was touched before as_of */
  double rebate;              /* what is paid when it knocks out, or never in (default 0) */
  qs_rebate_paid rebate_paid; /* at hit for a knock-out alone */
  qs_time start;              /* forward start; `past` has the one fixing once it is over */
  double moneyness;           /* forward start, cliquet (default 1) */
  double local_floor, local_cap, global_floor, global_cap; /* cliquet; NaN: none */
  double cap;                                              /* swaps: of the volatility realised; NaN: none */
  double annualisation; /* swaps: returns a year; NaN: by the calendar, Act/365 */
  double entry;         /* pool: the price at which the liquidity was provided */
  double deposit;       /* pool: what the position was worth then, in the reporting currency */
  qs_settlement_average settlement_average; /* european */
  const double *weights; /* [weight_count]: of the underlyings of a basket and the like; none: 1 each */
  size_t weight_count;
  /* Autocallable; amounts are in the reporting currency for a notional of 1, levels relative to `initial`. */
  const double *initial; /* [initial_count]: the price of each underlying that levels are relative to; of a
                            basket and the like what prices are divided by, none: nothing */
  size_t initial_count;
  const double *autocall; /* [autocall_count]: where it is called, one for all fixings or one for each */
  size_t autocall_count;
  double coupon, coupon_barrier; /* paid at each fixing at or above the barrier (default 0 and 0) */
  bool memory;                   /* a coupon that was missed is paid with the next one */
  double knock_in;               /* NaN: none, nothing can be lost */
  qs_knock_in_at knock_in_at;
  double redemption; /* paid when it is called, and at the end (default 1) */
  double
      smoothing; /* on several underlyings: the width over which its conditions pass (default 0: they jump) */
} qs_path_spec;

/* A constant that a formula names. */
typedef struct qs_constant_spec {
  const char *name;
  double value;
} qs_constant_spec;

/* Dates that a formula names, none after the expiry. */
typedef struct qs_schedule_spec {
  const char *name;
  const qs_time *dates; /* ascending; null: by rule */
  size_t date_count;
  qs_fixing_rule rule;
  bool single; /* the one date is observed as a number, not as a series */
} qs_schedule_spec;

/* What a script pays, a formula as in configs/SCRIPT.md: for one unit, in the reporting currency, at the
 * expiry. The schedule T, the expiry, is there unasked. Of a bermudan or american: what exercise pays, of
 * prices at t, the date of exercise, alone; schedules are not read then, and a strike is refused. */
typedef struct qs_script_spec {
  const char *payoff;
  const qs_constant_spec *constants;
  size_t constant_count;
  const qs_schedule_spec *schedules;
  size_t schedule_count;
} qs_script_spec;

/* A trade that a listed name cannot say. Strikes of variance and volatility swaps are volatilities. */
typedef struct qs_trade_spec {
  const char *id;
  qs_trade_type type;
  const char *underlying;
  const char *const *underlyings; /* of a trade on several, 1 to 16, in place of `underlying`, which
                                      beside them says in whose coin it is settled; else null */
  size_t underlying_count;
  qs_call_put call_put;
  double strike;
  qs_time expiry; /* 0: expiry_years from as_of */
  double expiry_years;
  double quantity;
  qs_settlement settlement;
  double entry_price;
  const char *book;
  const char *venue;
  uint32_t line;
  qs_path_spec path;
  qs_script_spec script;
} qs_trade_spec;

typedef struct qs_cash_spec {
  const char *currency; /* the reporting currency or an underlying's name */
  double amount;
  const char *book;
  const char *venue;
} qs_cash_spec;

typedef enum qs_precision_choice { QS_MIXED = 0, QS_DOUBLE = 1 } qs_precision_choice;
typedef enum qs_arithmetic_choice {
  QS_EXACT = 0,
  QS_FAST = 1 /* GPUs approximate the steps of paths, in mixed precision; bits then depend on the devices */
} qs_arithmetic_choice;
typedef enum qs_scheme_choice {
  QS_SCHEME_CHOICE_AUTO = 0,
  QS_SCHEME_CHOICE_QE = 1,
  QS_SCHEME_CHOICE_EULER = 2
} qs_scheme_choice;
typedef enum qs_sampling_choice {
  QS_SAMPLING_CHOICE_PSEUDO = 0,
  QS_SAMPLING_CHOICE_SOBOL = 1 /* value and stress; what simulates a horizon stays pseudo-random */
} qs_sampling_choice;
typedef enum qs_variance_reduction {
  QS_REDUCTION_AUTO = 0, /* control variates where they help */
  QS_REDUCTION_NONE = 1,
  QS_REDUCTION_CONTROL = 2,   /* as auto */
  QS_REDUCTION_ANTITHETIC = 3 /* mirrored pairs of paths; not with Sobol points */
} qs_variance_reduction;

typedef struct qs_simulation_spec {
  uint64_t paths; /* rounded up to a multiple of 64 (default 262144) */
  uint64_t seed;  /* default 1 */
  qs_precision_choice precision;
  qs_scheme_choice scheme;
  double time_step_days; /* NaN: by model and distance, from measured bias */
  qs_variance_reduction variance_reduction;
  qs_sampling_choice sampling;
  double target_std_error; /* of each simulated price, over the underlying's spot; NaN (default): none */
  uint64_t max_paths;      /* with a target, where to stop (default 16777216) */
  qs_arithmetic_choice arithmetic; /* exact with double precision */
} qs_simulation_spec;

typedef struct qs_value_spec {
  bool greeks; /* default true */
  bool vega;   /* vega per quote and bucket through the calibration (default true) */
} qs_value_spec;

typedef struct qs_limit_spec {
  const char *measure;    /* var, expected_shortfall, value, delta, gamma, vega, theta, stress_loss */
  double level;           /* for var and expected_shortfall */
  const char *book;       /* null: all */
  const char *underlying; /* null: all */
  double max;             /* of the absolute value, in the reporting currency or the Greek's unit */
} qs_limit_spec;

/* A row of a price history: one close per underlying, in the order of history_names. */
typedef struct qs_price_row {
  qs_time time;
  const double *close;
} qs_price_row;

typedef struct qs_risk_spec {
  double horizon_days;  /* default 1 */
  const double *levels; /* default 0.95, 0.975, 0.99 */
  size_t level_count;
  double drift; /* real-world growth of every spot over its forward, annual (default 0) */
  const char *const *history_names;
  size_t history_name_count;
  const qs_price_row *history; /* ascending in time */
  size_t history_count;
  size_t history_window;        /* returns used by historical simulation (default 250) */
  const qs_trade_spec *what_if; /* incremental risk of these trades, one by one and together */
  size_t what_if_count;
  bool keep_pnl; /* keep the total's P&L vector */
} qs_risk_spec;

/* What a scenario does; every field is neutral by default. Relative shocks: 0 is none. */
typedef struct qs_scenario_spec {
  const char *name;
  const char *const *underlyings; /* null: all */
  size_t underlying_count;
  double spot;           /* relative move of spot and every forward */
  double volatility;     /* factor a - 1: exact scaling at constant moneyness */
  double skew;           /* added to rho, and mu_j times (1 - skew) */
  double carry;          /* added to the forward's growth rate, which also moves expected funding */
  double jump_intensity; /* lambda times (1 + it) */
  double jump_size;      /* mu_j and sigma_j, 1/eta1 and 1/eta2, times (1 + it) */
  double discount_rate;  /* added */
  double correlation;    /* added to those between shocked underlyings, up to +-0.999 */
  double spread_factor;  /* half-spreads, depth, fees and margin parameters times a factor (default 1) */
  double depth_factor;
  double fee_factor;
  double margin_factor;
  const char *venue_lost; /* positions and cash at this venue are lost; null: none */
} qs_scenario_spec;

/* An exchange's margin grid. */
typedef struct qs_margin_grid_spec {
  const double *spot; /* relative moves */
  size_t spot_count;
  const double *volatility; /* relative moves before the scaling by tenor */
  size_t volatility_count;
  double short_exponent; /* (30 / days)^exponent below 30 days (default 0.30) */
  double long_exponent;  /* and above (default 0.13) */
} qs_margin_grid_spec;

/* How European options are revalued in shocked markets. */
typedef enum qs_stress_options {
  QS_STRESS_OPTIONS_SIMULATED = 0, /* on the paths of the others, with the error of the paired difference */
  QS_STRESS_OPTIONS_FOURIER = 1 /* by Fourier inversion, without that error; not under a leverage function */
} qs_stress_options;

typedef struct qs_stress_spec {
  const double *spot; /* relative moves of the grid */
  size_t spot_count;
  const double *volatility;
  size_t volatility_count;
  const qs_scenario_spec *scenarios;
  size_t scenario_count;
  const qs_margin_grid_spec *margin_grid; /* null: none */
  qs_stress_options european_options;
} qs_stress_spec;

/* Costs of one kind of instrument at a venue. */
typedef struct qs_cost_spec {
  const char *instrument; /* a name, or "option", "future", "perpetual", "spot" for the kind */
  double fee;             /* fraction of the underlying per unit (options) or of notional (others) */
  double fee_cap;         /* at most this fraction of the option's price; NaN: none */
  double half_spread;     /* in the reporting currency per unit; NaN: from the quotes */
  double impact;          /* coefficient of |x|^{3/2}, reporting currency; NaN: none */
  double funding;         /* expected funding per year, fraction of notional, paid by a long; NaN: 0 */
} qs_cost_spec;

/* Linear limits on what a hedge may do; NaN or null: none. */
typedef struct qs_hedge_limits {
  double max_margin;           /* margin proxy after the hedge, reporting currency */
  double max_leverage;         /* gross notional over collateral */
  double min_delta, max_delta; /* the hedged book's Greeks */
  double min_gamma, max_gamma;
  double min_vega, max_vega;
} qs_hedge_limits;

typedef struct qs_instrument_limit {
  const char *instrument;
  double min, max; /* of the trade (in `simulate`: of the holding), in the instrument's unit */
} qs_instrument_limit;

typedef struct qs_hedge_spec {
  const char *const *instruments;
  size_t instrument_count;
  double horizon_days;       /* default 1 */
  double cost_weight;        /* w; exactly one of the two is given, the other NaN */
  double risk_aversion;      /* gamma = 2 / w */
  const qs_cost_spec *costs; /* defaults to half-spread from the quotes */
  size_t cost_count;
  qs_hedge_limits limits;
  const qs_instrument_limit *instrument_limits;
  size_t instrument_limit_count;
  const qs_position_spec *target; /* a benchmark to track; none: zero */
  size_t target_count;
  double target_delta, target_gamma, target_vega; /* NaN: none; reached exactly, as constraints */
  const char *book;                               /* hedge one book alone; null: all */
} qs_hedge_spec;

/* Which sections to run, bit mask. */
typedef enum qs_section {
  QS_SECTION_CALIBRATE = 1,
  QS_SECTION_VALUE = 2,
  QS_SECTION_RISK = 4,
  QS_SECTION_STRESS = 8,
  QS_SECTION_HEDGE = 16,
  QS_SECTION_SIMULATE = 32,
  QS_SECTION_BACKTEST = 64
} qs_section;

typedef struct qs_inputs {
  uint32_t struct_size;
  uint32_t sections; /* those that the inputs have */
  qs_time as_of;
  const char *reporting_currency; /* "USD" */
  qs_simulation_spec simulation;
  const qs_underlying_spec *underlyings;
  size_t underlying_count;
  const qs_correlation_spec *correlations;
  size_t correlation_count;
  const qs_common_jump_spec *common_jumps;
  size_t common_jump_count;
  const qs_position_spec *positions;
  size_t position_count;
  const qs_trade_spec *trades;
  size_t trade_count;
  const qs_cash_spec *cash;
  size_t cash_count;
  const qs_limit_spec *limits;
  size_t limit_count;
  qs_value_spec value;
  qs_risk_spec risk;
  qs_stress_spec stress;
  qs_hedge_spec hedge;
  qs_simulate_spec simulate;
  qs_backtest_spec backtest;
} qs_inputs;

/* Defaults, no sections, nothing in the book. */
QS_API void qs_inputs_init(qs_inputs *inputs);
QS_API void qs_underlying_spec_init(qs_underlying_spec *spec);
QS_API void qs_scenario_spec_init(qs_scenario_spec *spec);
QS_API void qs_hedge_spec_init(qs_hedge_spec *spec);
QS_API void qs_cost_spec_init(qs_cost_spec *spec);

QS_API void qs_trade_spec_init(qs_trade_spec *spec);

/* A config with everything that it names, read and checked. `overrides` are "key.path=value" texts (--set).
 * On QS_ERROR_INPUT the engine's message names file, line, column, dotted field path, value and what is
 * allowed. */
typedef struct qs_config qs_config;
QS_API qs_status qs_config_load(qs_engine *engine, const char *path, const char *const *overrides,
                                size_t override_count, qs_config **config);
QS_API void qs_config_destroy(qs_config *config);

/* The inputs it holds; valid until the config is destroyed. */
QS_API const qs_inputs *qs_config_inputs(const qs_config *config);

/* The config's output folder, as written there resolved against the config's own folder; null when not given.
 */
QS_API const char *qs_config_output(const qs_config *config);

/* Files read, with their SHA-256 in hexadecimal, in the order read. */
QS_API size_t qs_config_file_count(const qs_config *config);
QS_API void qs_config_file(const qs_config *config, size_t index, const char **path, const char **sha256);

/* A SHA-256 in hexadecimal of all of these and of the overrides: equal for equal inputs, wherever the files
 * lie. */
QS_API const char *qs_config_fingerprint(const qs_config *config);

#ifdef __cplusplus
}
#endif
#endif
