/*
 * quickset: what to hold over time. The section `simulate` of the inputs: a position, what hedges it, when
 * and at which costs, and the policies that are simulated on the same paths.
 *
 * Money is in the reporting currency. Inputs are borrowed for the call.
 */
#ifndef QUICKSET_SIMULATE_H
#define QUICKSET_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/model.h"
#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to hold over time (configs/README.md has each one's formula). */
typedef enum qs_hedge_policy_type {
  QS_HEDGE_POLICY_NONE = 0,
  QS_HEDGE_POLICY_DELTA_EVERY_DATE = 1,
  QS_HEDGE_POLICY_LOCAL_EVERY_DATE = 2,
  QS_HEDGE_POLICY_DELTA_BAND = 3,
  QS_HEDGE_POLICY_WHALLEY_WILMOTT = 4,
  QS_HEDGE_POLICY_ZAKAMOULINE = 5,
  QS_HEDGE_POLICY_LELAND = 6,
  QS_HEDGE_POLICY_MINIMUM_VARIANCE_DELTA = 7,
  QS_HEDGE_POLICY_NET_DELTA = 8,
  QS_HEDGE_POLICY_FIXED_INTERVAL = 9,
  QS_HEDGE_POLICY_VOLATILITY_INTERVAL = 10,
  QS_HEDGE_POLICY_GAMMA_WEIGHTED = 11,
  QS_HEDGE_POLICY_OPTIMAL = 12,
  QS_HEDGE_POLICY_CALLBACK = 13, /* a caller's own; not in configs */
  QS_HEDGE_POLICY_DELTA_GAMMA = 14,
  QS_HEDGE_POLICY_DELTA_VEGA = 15,
  QS_HEDGE_POLICY_REGRESSION = 16
} qs_hedge_policy_type;

/* What policies are compared by, the smaller the better (configs/README.md). */
typedef enum qs_simulate_objective {
  QS_OBJECTIVE_VARIANCE = 0,          /* variance of the gross error + cost_weight x mean cost */
  QS_OBJECTIVE_EXPONENTIAL = 1,       /* the certain loss as bad as the net one under exponential utility */
  QS_OBJECTIVE_EXPECTED_SHORTFALL = 2 /* mean of the worst net losses */
} qs_simulate_objective;

/* What a caller's own policy sees: a block of paths at one date at which it may trade. Arrays are the
 * library's, for the call. */
typedef struct qs_policy_view {
  uint32_t struct_size;
  size_t date, date_count; /* which date, 0 to date_count - 2; the last is the unwind, which is not asked */
  const qs_time *dates;    /* [date_count] */
  double years;            /* of this date, from as_of */
  uint64_t first_path;     /* number of the block's first path in the run */
  size_t path_count;       /* at least 1 */
  const double *spot;      /* [path_count] price of the underlying, reporting currency */
  const double *variance;  /* [path_count] the model's v, annual; sigma^2 where it is constant */
  size_t instrument_count; /* those of the section, in its order */
  /* [instrument_count][path_count] held when the date comes, without what lay at venues that have failed,
   * before its margin is looked at and it trades: in
   * units of the instrument (coins; options; of a future or perpetual settled in coin, its notional over its
   * price); 0 at date 0. */
  const double *holding;
  /* [instrument_count][path_count] of a unit at this date, reporting currency: the spot's, a future's and a
   * perpetual's price, an option's by the model as priced. */
  const double *price;
} qs_policy_view;

/* A caller's own policy: fills target[instrument_count][path_count] with what is to be held from this date
 * on, positive is long; `target` comes filled with `holding`, so that what is left alone does not trade
 * (of a future or perpetual settled in coin its notional stays). Every number must be finite, and within the
 * section's instrument_limits where it changes what is held. QS_OK, or a status with which the run ends. It
 * must not call the engine that runs it.
 *
 * It is called on the thread that runs (the job's own where there is a job), never from two at once: block
 * after block in the order of paths, and for a block date after date, so that it may remember what it saw of
 * a block; how many paths a block has is no promise. A process of a team asks of its own blocks alone. Where
 * its answer depends on nothing but what it was shown, results have the same bits for any number of threads.
 */
typedef qs_status (*qs_policy_function)(void *data, const qs_policy_view *view, double *target);

typedef struct qs_hedge_policy_spec {
  const char *name; /* in the results; null: its type's */
  qs_hedge_policy_type type;
  double width;    /* delta_band: half of the band, in units of the instrument */
  uint64_t every;  /* fixed_interval: trades at every so many dates */
  double variance; /* volatility_interval: trades once so much variance has passed since it last did */
  double loss; /* gamma_weighted: trades once half of gamma times the square of the move since it last did is
                  so much, reporting currency */
  qs_policy_function function; /* callback: what to hold; null for the others */
  void *data;                  /* handed to it; kept as it is until the run has ended */
} qs_hedge_policy_spec;

/* When to trade: `count` dates from as_of on, `spacing_days` apart, and the unwind after the last; or a list
 * whose last time is the unwind. */
typedef struct qs_simulate_dates {
  uint64_t count;
  double spacing_days; /* NaN: by list */
  const qs_time *times;
  size_t time_count;
} qs_simulate_dates;

/* What trading a unit of an option that hedges costs: min(fee x the underlying's price, fee_cap x its own)
 * and relative_half_spread x its own. */
typedef struct qs_simulate_option_costs {
  double fee;                  /* (default 0) */
  double fee_cap;              /* NaN: none (default) */
  double relative_half_spread; /* (default 0) */
} qs_simulate_option_costs;

/* From a date on, other costs of the first instrument, and another fixed cost of every trade; NaN: as before
 * (default). */
typedef struct qs_cost_change {
  qs_time from; /* trades decided at or after it */
  const char
      *venue; /* that it is of; null: of the section's costs, and of venues that have none of their own */
  double proportional; /* of a venue its taker_fee */
  double maker_fee;    /* of a venue alone */
  double half_spread, impact, fixed;
} qs_cost_change;

/* proportional, half_spread and impact are of the first instrument. */
typedef struct qs_simulate_costs {
  double proportional; /* of what is traded (default 0) */
  bool charge_entry;   /* at the first date (default true) */
  bool charge_unwind;  /* at the last (default true) */
  double half_spread;  /* reporting currency per coin traded (default 0) */
  double impact;       /* reporting currency, times |coins traded|^1.5 at each trade (default 0) */
  double fixed;        /* reporting currency for each trade, however small (default 0) */
  qs_simulate_option_costs options;
  /* Of a future that expires at the unwind: it is delivered, for this part of its price and no other cost.
   * NaN: it is sold like at other dates (default). */
  double delivery_fee;
  const qs_cost_change *schedule; /* ascending in `from` (default none) */
  size_t schedule_count;
} qs_simulate_costs;

/* A venue of the first instrument. Orders are split over the venues at equal marginal cost. What is NaN is as
 * in the section's costs (default). */
typedef struct qs_simulate_venue {
  const char *name;
  double taker_fee;   /* of what is traded */
  double maker_fee;   /* likewise, may be below 0; NaN: taker_fee */
  double maker_share; /* of every order: pays maker_fee, no half-spread and no impact (default 0) */
  double half_spread, impact, fixed; /* as in qs_simulate_costs; fixed: where it gets a part of an order */
  double hazard; /* failures a year, >= 0: at a time of its own it closes (default 0: never) */
  double loss;   /* of what then lies there of the account, the part that is lost, 0 to 1 (default 1) */
  double share;  /* of hedge and account that lies there, in proportion to the others', >= 0 (default 1) */
  double limit;  /* how much of the first instrument may lie there, in its units, >= 0; NaN: any (default) */
} qs_simulate_venue;

/* An order is filled in `count` equal parts at equal times, the first after the latency, the last
 * `over_seconds` later, at the mean price of those times; the impact of each part is its own. The unwind is
 * one fill. */
typedef struct qs_simulate_slices {
  uint64_t count; /* 1 to 64 (default 1) */
  double over_seconds;
} qs_simulate_slices;

/* What a perpetual pays per 8 hours: clamp(P + clamp(interest - P, -band, band), -cap, cap) of the premium P,
 * which reverts to its mean: dP = reversion (mean - P) dt + volatility dW a year, correlated with the spot.
 */
typedef struct qs_simulate_funding {
  double reversion;      /* a year, > 0; NaN: no funding beside the forward's growth (default) */
  double volatility;     /* of the premium a year, >= 0 */
  double mean, start;    /* of the premium (default 0), and where it is now (NaN: at its mean) */
  double correlation;    /* with the spot's returns (default 0) */
  double interest, band; /* default 0.0001 and 0.0005 (Binance; Deribit has 0 and 0.00025) */
  double cap;            /* NaN: none */
} qs_simulate_funding;

/* The account of position and hedge, looked at on every date after the first. Where what is in it falls short
 * of the maintenance margin of the hedge, equal parts of the hedge are closed until it does not. */
typedef struct qs_simulate_margin {
  double collateral;           /* in the account from the first fill on, reporting currency, or coins; NaN: no
                                  margin (default) */
  double initial, maintenance; /* fractions of the hedge's value; a trade may not leave the first uncovered */
  uint64_t parts;              /* default 1: all at once */
  double fee;                  /* of what is closed (default 0) */
  bool coin;                   /* the collateral is so many coins, worth the spot's price (default: money) */
  double yield; /* a year, of what lies there; NaN: money keeps its worth at as_of, coins stay as they are
                   (default) */
  double
      haircut; /* part of the collateral's worth that does not count for the margin, 0 to 0.99 (default 0) */
  /* > 0: before every trade collateral is moved so that the hedge that is wanted is so many times what counts
   * in the account, unless that is within `band` of it; coins are bought and sold at the spot's price. At
   * most 1 / initial. 0: nothing is moved (default). */
  double leverage;
  double band;           /* default 0 */
  double transfer_fee;   /* of what is moved (default 0) */
  double transfer_fixed; /* reporting currency, each time (default 0) */
  /* A position or trade by its id, or a book, of one other underlying, that lies in the same account: what it
   * gains counts for the margin, and nowhere else. Options among it must not expire before the unwind. Null:
   * nothing (default). */
  const char *also;
  bool partial; /* the first trade goes as far as it is covered, like others; false: what the account does not
                   carry is refused (default) */
} qs_simulate_margin;

/* The law of the paths where it is not that of the prices: the real world's own parameters, NaN where they
 * are as priced. All but v0, xi and rho, which two laws that agree on what is possible share. The difference
 * of kappa theta and of kappa is the variance's risk premium (Heston 1993: the pricing kappa is the real one
 * plus his lambda, and kappa theta is the same). */
typedef struct qs_real_world {
  double value[QS_PARAMETER_COUNT];
} qs_real_world;

/* A time in which what policies and margin see of the price is not the price: what it was at `from` (stale),
 * or off by a fraction of it (wrong). What is traded and settled is at the true one, and the variance seen is
 * the true one. At the unwind nothing is off. */
typedef struct qs_simulate_index {
  qs_time from, to; /* from <= t < to */
  double error;     /* (1 + error) times the true price; above -1. NaN: stale */
} qs_simulate_index;

/* Others' liquidations: jumps of the price beside the model's, of intensity base + e. e starts at 0, decays
 * at the rate `decay`, and grows at every date by `excitation` times the fall of ln S since the date before
 * beyond `threshold`, the cascade's own part of it counted (Hawkes 1971, in discrete time). They are no part
 * of the prices' law and have no compensator: what falls so is lost. */
typedef struct qs_simulate_cascade {
  double decay;           /* a year, > 0; NaN: no cascades (default) */
  double excitation;      /* jumps a year per unit of ln S, >= 0 (default 0) */
  double threshold;       /* of ln S, >= 0 (default 0) */
  double base;            /* jumps a year, >= 0 (default 0) */
  double mean, deviation; /* of the log jump (default 0) */
} qs_simulate_cascade;

/* How the hedge's own trades of the first instrument move the price: u units bought at a date raise S by
 * (permanent + transient) u F, F the forward of the date, and the transient part decays (Almgren and Chriss
 * 2000; Obizhaeva and Wang 2013). A trade is filled half way; later trades, the holding, and the position see
 * the moved price, policy by policy. */
typedef struct qs_simulate_own_impact {
  double permanent, transient; /* of the forward, per unit, >= 0 (default 0: none) */
  double decay;                /* of the transient part, a year, >= 0 (default 0) */
} qs_simulate_own_impact;

struct qs_instrument_limit;

/* Policies of hedging a position over time, simulated on the same paths. */
typedef struct qs_simulate_spec {
  const char *position; /* the id of a position or trade, a book, or "portfolio" */
  /* The first is NAME-SPOT or a listed future or perpetual, and what most policies hold alone. Those after it
   * are options of the same underlying that outlive the last date: listed names, or ids of europeans in the
   * book, whose terms alone count. */
  const char *const *instruments;
  size_t instrument_count; /* 1 to 8 */
  qs_simulate_dates dates;
  qs_simulate_costs costs;
  const qs_simulate_venue *venues; /* at most 8, each with its own name (default none: `costs` alone) */
  size_t venue_count;
  double cost_weight;   /* w; exactly one of the two is given, the other NaN */
  double risk_aversion; /* gamma = 2 / w */
  qs_simulate_objective objective;
  double objective_level; /* of the expected shortfall (default 0.95) */
  const qs_hedge_policy_spec *policies;
  size_t policy_count;
  const double *levels; /* of value at risk and expected shortfall, default 0.95, 0.99 */
  size_t level_count;
  double drift;             /* real-world growth of the spot over its forward, annual (default 0) */
  qs_real_world real_world; /* default all NaN */
  bool keep_pnl;            /* keep every policy's P&L by path */
  bool attribution;         /* say what the position's gain is made of (default false) */
  double latency_seconds; /* from a decision to its fill; less than between two dates (default 0). The unwind
                             is as planned */
  qs_simulate_slices slices;
  const double *frontier; /* further weights of costs, > 0, whose optimum is reported (default none) */
  size_t frontier_count;
  qs_simulate_funding funding; /* of a perpetual */
  qs_simulate_margin margin;
  const qs_simulate_index *index; /* ascending, none begins before another's end */
  size_t index_count;             /* default 0: the index is the price */
  qs_simulate_cascade cascade;
  qs_simulate_own_impact own_impact;
  /* Of what is held of an instrument after a trade, in its units: finite, min <= 0 <= max; in
   * quickset/inputs.h. `optimal` needs those of both where an option is among the instruments. */
  const struct qs_instrument_limit *instrument_limits;
  size_t instrument_limit_count;
  const char *save_policy; /* the name of the policy whose tables stand in the results; null: none */
} qs_simulate_spec;

QS_API void qs_simulate_spec_init(qs_simulate_spec *spec);
QS_API void qs_simulate_venue_init(qs_simulate_venue *venue);
QS_API void qs_cost_change_init(qs_cost_change *change);
QS_API void qs_hedge_policy_spec_init(qs_hedge_policy_spec *spec);

/* "variance", "exponential", "expected_shortfall"; null: no such objective. */
QS_API const char *qs_simulate_objective_name(qs_simulate_objective objective);

/* "none", "delta_every_date", ...: static strings; null: no such type. */
QS_API const char *qs_hedge_policy_name(qs_hedge_policy_type type);

/* Whether it decides by its last trade too, or is a caller's own: what no table of the state says. */
QS_API bool qs_hedge_policy_looks_back(qs_hedge_policy_type type);

#ifdef __cplusplus
}
#endif
#endif
