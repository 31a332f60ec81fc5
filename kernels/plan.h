/*
 * The plan: flat, plain data that says what to simulate, what to observe and what to pay. The host writes it,
 * every backend runs it. Nothing here is owned: arrays are borrowed for the call.
 *
 * Conventions. Time is in years (Act/365). A path starts at (x, v) = (0, v0), where x = ln S_t / F(0, t): the
 * forward is taken out, so rates, carry and spot never enter a path. Payoffs are per unit of the forward of
 * their date and undiscounted; the host multiplies by forward, discount factor and quantity.
 *
 * Time grid. Main steps follow the calendar and are the same for every trade of an underlying; a date that is
 * no main node is reached by one side step from the last node before it, which leaves the main path untouched
 * (so adding a trade changes no other number).
 *
 * Random numbers. Word (draw_word) of Philox4x32-10 with key `key` at the counter made of (path, dimension,
 * draw_block); see kernels/core/key.h. The price's own normal follows from its word and the other of the pair
 * 0 and 1 or 2 and 3 (kernels/core/normal_pair.inc). A side step uses the draws of the main step that it
 * replaces.
 */
#ifndef QS_KERNELS_PLAN_H
#define QS_KERNELS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/core/policy.h"
#include "kernels/core/rebalance.h"
#include "kernels/core/regression.h"
#include "kernels/core/script.h"
#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  QS_LEAF_PATHS = 64,   /* every batch is a multiple of it; moments keep one accumulator per position in it */
  QS_MAX_BATCHES = 256, /* a run's paths are cut into at most so many batches */
  QS_MAX_LAW_PARAMETERS = 10, /* most parameters any model has */
  QS_MAX_ADDED = 64           /* most moves of the added variance that a path unit differentiates to */
};

typedef enum qs_scheme {
  QS_SCHEME_QE = 0,   /* Andersen's quadratic-exponential scheme, martingale corrected (Andersen 2008) */
  QS_SCHEME_EULER = 1 /* full-truncation Euler (Lord, Koekkoek, van Dijk 2010), for comparison */
} qs_scheme;

/* How the paths of value and path units are drawn. */
typedef enum qs_sampling {
  QS_SAMPLING_PSEUDO = 0,    /* every path on its own */
  QS_SAMPLING_SOBOL = 1,     /* every batch a scramble of its own of one Sobol net (kernels/core/net.h) */
  QS_SAMPLING_ANTITHETIC = 2 /* the paths p and p + 32 of every 64 are mirrored: words complemented, normals
                                of the opposite sign */
} qs_sampling;

typedef enum qs_precision {
  QS_PRECISION_MIXED = 0, /* single-precision states, double accumulation */
  QS_PRECISION_DOUBLE = 1
} qs_precision;

/* How value and path units compute in mixed precision. */
typedef enum qs_arithmetic {
  QS_ARITHMETIC_EXACT = 0, /* the same bits everywhere */
  QS_ARITHMETIC_FAST =
      1 /* a backend may approximate division, roots, logarithms and sines of the paths'
           steps: as   good to within a hundredth of any usual standard error, in other bits */
} qs_arithmetic;

/* One step in time. */
typedef struct qs_step {
  double years;        /* length, > 0 */
  uint32_t draw_block; /* which Philox block holds its draws */
  uint32_t draw_word;  /* which of its four words, 0..3 */
  double added;        /* variance that the step has beside the model's, deterministic and independent of
                          everything: ln S gets a Brownian motion of its own (Pacati, Pompa, Reno 2018); >= 0 */
} qs_step;

/* A date that trades observe, reached after `main_steps` steps and, when side.years > 0, one more. */
typedef struct qs_date {
  uint32_t main_steps;
  qs_step side;
} qs_date;

/* How one underlying moves under one scenario. */
typedef struct qs_path_plan {
  qs_model model;
  qs_scheme scheme;
  uint64_t key; /* random stream, from seed, purpose and the underlying's name */
  const qs_step *steps;
  uint32_t step_count;
  const qs_date *dates; /* ascending in time */
  uint32_t date_count;
  qs_sampling sampling; /* pseudo for horizon units; one for all underlyings of a joint unit */
  double common; /* of the model's lambda, merton or bates: jumps that other underlyings have at the same
                    times; 0 but in horizon and joint units */
} qs_path_plan;

/* Payoffs that can be finished in closed form under the conditional law; the registry is
 * kernels/core/payoffs.h. */
typedef enum qs_payoff {
  QS_PAYOFF_CALL = 0,    /* (S - K)+ / F */
  QS_PAYOFF_PUT = 1,     /* (K - S)+ / F */
  QS_PAYOFF_FORWARD = 2, /* (S - K) / F */
  QS_PAYOFF_COUNT = 3
} qs_payoff;

typedef struct qs_payoff_plan {
  uint32_t date; /* index into qs_path_plan.dates */
  qs_payoff payoff;
  double log_strike; /* ln(K / F) at that date, before any shift; -inf is allowed for K = 0 */
} qs_payoff_plan;

/* What a value unit yields for one payoff: with greeks, 3 + n quantities, n the number of the model's
 * parameters in the order of their bits; without, the first alone. All per unit of forward. */
enum {
  QS_QUANTITY_PRICE = 0, /* y = E[payoff] / F */
  QS_QUANTITY_DELTA = 1, /* d(F y)/dF, the forward's derivative at fixed strike */
  QS_QUANTITY_GAMMA = 2, /* F d2(F y)/dF2 */
  QS_QUANTITY_PARAMETERS = 3
};

/* A sample's mean and sum of squared deviations from it; the sample's size is the batch's number of paths. */
typedef struct qs_moment {
  double mean, m2;
} qs_moment;

/* Value a list of payoffs on the batches [batch_begin, batch_end) of a run of path_count paths. Batch b holds
 * the paths [b * batch_paths, min((b + 1) * batch_paths, path_count)); path_count and batch_paths are
 * multiples of QS_LEAF_PATHS. The paths are numbered from first_path on; with Sobol points that is instead
 * the first point of every batch, a multiple of 256. Payoffs are sorted by date. Each of the shift_count
 * entries of `shifts` is added to ln F (so subtracted from the log strike) and the payoffs, still per unit of
 * the unshifted forward, are valued again on the same paths; shift 0.0 is the base. With greeks, shift_count
 * must be 1. Result: moments[((batch - batch_begin) * shift_count + shift) * payoff_count * quantities +
 * payoff * quantities + q]. */
typedef struct qs_value_unit {
  qs_path_plan path;
  const qs_payoff_plan *payoffs;
  uint32_t payoff_count;
  const double *shifts;
  uint32_t shift_count;
  bool greeks;
  qs_precision precision;
  uint64_t path_count;
  uint64_t batch_paths;
  uint32_t batch_begin, batch_end;
  uint64_t first_path;
  qs_arithmetic arithmetic;
} qs_value_unit;

/* Simulate the state at every date for the paths [path_begin, path_end), multiples of QS_LEAF_PATHS.
 * The normals of this underlying are sum_j weights[j] * n(keys[j]), with n(key) the independent normals of
 * stream `key` and sum of squared weights 1: how underlyings are correlated (one stream, weight 1: none). The
 * price's own normal and the variance's are combined with the same weights; or, with `variance`, the
 * variance's with those, and with `cross` the price's own has sum_j cross[j] times the normals that stream j
 * has for variances as well. Result: x[date * (path_end -
 * path_begin) + path - path_begin] = ln S / F, v likewise the variance (sigma^2 where it is constant). */
typedef struct qs_horizon_unit {
  qs_path_plan path;
  const uint64_t *keys;
  const double *weights;
  uint32_t key_count;
  qs_precision precision;
  uint64_t path_begin, path_end;
  /* Null, or the variance that paths start from in place of the model's: path p from starts[p / start_paths]
   * (p counts from 0, not from path_begin; start_count x start_paths is path_end or more). Read only where
   * the variance is random. */
  const double *starts;
  uint32_t start_count;
  uint64_t start_paths;           /* a multiple of QS_LEAF_PATHS */
  const double *variance, *cross; /* [key_count], both or neither (null) */
  /* With path.common: the key of the common jumps' numbers, and the weights [key_count] of the streams'
   * normals of their sizes, squares summing to 1 (null without). */
  uint64_t common_key;
  const double *common_sizes;
  bool shared; /* others have the same normals, in part: jumps have normals of their own, as they have with
                  two streams and more */
} qs_horizon_unit;

/* ---- payoffs along a path ---- */

/* Payoffs that observe the underlying at several dates, finished in closed form along one Gaussian direction
 * of the price's own noise where they can be; the registry is kernels/core/path_payoffs.h, which gives each
 * one's formula and estimator. S_d is the spot at the payoff's date d = 0 .. n - 1, T = n - 1 the last; all
 * levels are relative to the forward of the last date, F_T, at as_of. w_d are `weights`. */
typedef enum qs_path_payoff {
  QS_PATH_ASIAN,              /* (phi (A - K))+, A = level[1] + sum w_d S_d, K = level[0] */
  QS_PATH_ASIAN_STRIKE,       /* (phi (S_T - level[0] A))+ */
  QS_PATH_ASIAN_GEOMETRIC,    /* (phi (G - K))+, G = level[1] prod S_d^w_d, K = level[0] */
  QS_PATH_BARRIER,            /* out: (phi (S_T - K))+, K = level[0], while every S_d is inside [level[1],
                                 level[2]] (0 and infinity: no barrier), else the rebate level[3]; in, with
                                 level[4] = 1: the option once some S_d is outside, else the rebate. With
                                 level[5] = 1 the rebate of an out is paid at the hit: w_d is then the ratio of
                                 discount factors, D(t_d) / D(T) */
  QS_PATH_BARRIER_CONTINUOUS, /* the same, watched at all times from the first date (which may be now) to the
                                 last by Brownian bridges between the dates */
  QS_PATH_LOOKBACK, /* (phi (X - K))+, X the greatest (phi = 1) or least of level[1] (past) and all S_d */
  QS_PATH_LOOKBACK_FLOATING, /* phi (S_T - X), X the least (phi = 1) or greatest of level[1] and all S_d */
  QS_PATH_DIGITAL,           /* 1 where phi S_T > phi K: cash level[1], or S_T itself where level[1] is 0 */
  QS_PATH_CLIQUET,    /* max(level[2], min(level[3], sum_d w_d max(level[0], min(level[1], S_d / S_(d-1) -
                         level[4])))). The first date is the first strike and has no return, or, with level[5] >
                         0, level[5] is the known price before it */
  QS_PATH_VARIANCE,   /* min(level[1], level[2] + level[3] sum ln(S_d / S_(d-1))^2) - level[0]; the first date
                         is   the first fixing, or, with level[4] > 0, level[4] is the known fixing before it */
  QS_PATH_VOLATILITY, /* min(level[1], sqrt(level[2] + level[3] sum ln(S_d / S_(d-1))^2)) - level[0]; likewise
                       */
  QS_PATH_SCRIPT,     /* program(S_d) / F_T, level[0] = F_T: what a formula makes of absolute prices. With
                         level[1] =     1 it jumps, and its Greeks are likelihood ratios */
  QS_PATH_EARLY, /* w_d phi (S_d - level[0]), once, at a date that the policy chooses, or at the last if it
                    pays; level[1] = 1: the dates stand for all times (the host's own mark) */
  QS_PATH_POOL,  /* a liquidity position of scale L = level[0] over the range [level[1], level[2]] (0 and
                    infinity: none): L (2 sqrt S_T - S_T / sqrt b - sqrt a) inside; with level[3] > 0
                    less what its tokens at that price would be worth */
  QS_PATH_ASIAN_GEOMETRIC_STRIKE, /* (phi (S_T - level[0] G))+, G = level[1] prod S_d^w_d */
  QS_PATH_AUTOCALL, /* called at the first d with ln S_d / F_T >= p_0, p the row of `policy` of date d:
                       level[0] is paid; else level[0] at the last date, less (level[0] - level[3] S_T)+ if it
                       was knocked in: S_d < level[2] at the last date (level[4] = 0), at some date (1), or
                       before (2). The coupon level[1] at every date up to the call with ln S_d / F_T >= p_1;
                       with level[5] >= 0 together with all missed since one was last paid, level[5] of them
                       before the first date. What date d pays is weighed by w_d */
  QS_PATH_COUNT
} qs_path_payoff;

enum { QS_PATH_LEVELS = 6 };

typedef struct qs_path_payoff_plan {
  qs_path_payoff payoff;
  double sign;           /* phi: 1 call, -1 put */
  const uint32_t *dates; /* [date_count], ascending, into qs_path_plan.dates */
  const double *weights; /* [date_count] */
  uint32_t date_count;   /* at least 1 */
  double level[QS_PATH_LEVELS];
  /* Of QS_PATH_SCRIPT alone, whose weights are not read: */
  const qs_script_program *program;
  const uint32_t *observed; /* [program->observation_count]: which of `dates`, or date_count: known */
  const double *known;      /* [program->observation_count]: the price where it is known */
  /* [date_count][policy_width]: of QS_PATH_AUTOCALL two numbers a date; of QS_PATH_EARLY, exercised where phi
   * (ln S_d / F_T - b) >= 0, b = p_0 + p_1 y + sum_(k = 1 .. policy_width - 2) p_(k+1) (y - k policy_step)+,
   * y = sqrt(v) */
  const double *policy;
  uint32_t policy_width;
  double policy_step;
} qs_path_payoff_plan;

/* What a path unit yields for one payoff: with greeks, 4 + n + added_count quantities (the last ones are the
 * derivatives to `added_weights`), without, the first alone. Per unit of F_T. */
enum {
  QS_PATH_PRICE = 0,
  QS_PATH_DELTA = 1, /* derivative to the log of spot and all forwards together */
  QS_PATH_GAMMA = 2, /* second derivative to that log less the first: F^2 d2/dF2, over F */
  QS_PATH_CARRY =
      3, /* sum over dates of t_d times the derivative to ln S_d: to a rate of growth of the forward curve */
  QS_PATH_PARAMETERS = 4
};

/* The leverage function of a path unit whose model is a heston: dS/S = L(t, S) sqrt(v) dW, v by
 * full-truncation Euler steps as they are. In a step L is a cubic B-spline over the table's nodes
 * (kernels/core/leverage.h) in ln S / F of the tables, which is ln S / F of the unit (of its shifts and at
 * its own time) plus the step's offset: so L is held as a function of the spot, whatever moves it. Numbers of
 * dates are of their side steps.
 *
 * Greeks are those with L held: the quantities before QS_PATH_PARAMETERS alone. What jumps where the path
 * crosses a level (a barrier at dates, a digital, an autocallable, a formula that jumps) has price and delta,
 * a continuous barrier no gamma; the others are 0. No early exercise, no added variance. */
typedef struct qs_path_leverage {
  uint32_t table_count, node_count; /* node_count: at least 4 */
  const double *low, *spacing;      /* [table_count]: the first node, the distance of nodes */
  const double *values;             /* [table_count][node_count]: L, > 0 */
  const uint32_t *step_table, *date_table;
  const double *step_offset, *date_offset;
} qs_path_leverage;

/* Value payoffs along the paths of one underlying; batches, shifts and moments as in qs_value_unit. The paths
 * and their draws follow the main steps alone, so that no payoff's number depends on which others share the
 * unit. A date off the grid is reached by a side step, its noise bridged over the main step that it lies in;
 * two dates within one main step share that bridge's normal, so all dates of a payoff but its last must be
 * nodes of the main steps. Shifts move the spot and all forwards, not the levels; values stay per unit of the
 * unshifted F_T. */
typedef struct qs_path_unit {
  qs_path_plan path;
  const double *log_forwards; /* [date]: ln F(date) */
  const double *years;        /* [date]: from as_of */
  const qs_path_payoff_plan *payoffs;
  uint32_t payoff_count;
  const double *shifts;
  uint32_t shift_count;
  bool greeks;
  qs_precision precision;
  uint64_t path_count;
  uint64_t batch_paths;
  uint32_t batch_begin, batch_end;
  uint64_t first_path;
  const double *added_weights; /* [added_count][date]: moves of the steps' added variance, each by what it
                                  adds up to at the dates */
  uint32_t added_count;        /* at most QS_MAX_ADDED */
  const qs_path_leverage *leverage; /* null: none */
  qs_arithmetic arithmetic;
} qs_path_unit;

/* ---- payoffs of several underlyings ---- */

/* One underlying of a joint unit. Its normals are sums over the unit's streams, each of which has the
 * independent normals m_j of a variance and n_j of a price: z = sum_j variance_j m_j is the variance's, N =
 * sum_j (cross_j m_j + loadings_j n_j) the price's own. `loadings` is a row of the triangle L, `duals` the
 * same row of its transposed inverse, so that the weights of two underlyings have the product 1 where they
 * are one and 0 where they are not; `variance` and `variance_duals` likewise. Given the variances the prices'
 * noise is normal with the correlations L L'. */
typedef struct qs_joint_asset {
  qs_path_plan path;     /* its key gives the jumps; its dates are the ends of its steps, all of them */
  const double *forward; /* [date of the unit]: F(date) */
  const double *loadings, *duals; /* [asset_count] */
  /* Null, in all assets: as the price's. */
  const double *variance, *variance_duals;
  const double *cross; /* null, in all assets: 0 */
  /* As in a horizon unit. */
  uint64_t common_key;
  const double *common_sizes;
  /* With greeks, moves of the steps' added variance: [added_count][step of the path] */
  const double *added_weights;
  uint32_t added_count; /* at most QS_MAX_ADDED */
} qs_joint_asset;

/* What a formula makes of the prices of several underlyings at the unit's dates, of which it uses the first
 * `date_count`. Observation o is of asset observed_asset[o] at date observed_date[o]; or, from date_count on,
 * known. */
typedef struct qs_joint_payoff {
  const qs_script_program *program;
  const uint32_t *observed_asset, *observed_date; /* [program->observation_count] */
  const double *known;
  uint32_t date_count; /* at least 1 */
  bool jumps;          /* its Greeks are likelihood ratios */
  /* Null, or the formula is what exercise pays at any one of the dates; it observes prices of the date of
   * exercise, and observed_date and known are not read. Exercised at date d where the formula is positive and
   * weights[d] times it is at least what the policy says holding is worth, at the last where it is positive;
   * weights[d] times it is then the payoff. The policy is held: its own derivatives are none where it is the
   * best. */
  const qs_policy *policy;
} qs_joint_payoff;

/* Value formulas along the paths of 1 to QS_MAX_JOINT underlyings, whose steps and dates are the same.
 * Batches and moments are as in qs_value_unit; shift s moves the log of asset a's prices by shifts[s *
 * asset_count + a]. Prices are as the formula has them, undiscounted. With greeks a payoff's quantities are
 * the price; for every asset the derivatives to the log of all its prices together, to a rate of growth of
 * its forward curve, to its parameters in the order of their bits, and to the moves of its added variance;
 * and for every pair a <= b, in the order (0, 0), (0, 1), .. (1, 1), .., the second derivative to both logs,
 * less the first where a = b. With two underlyings and more follow the derivatives to what the correlations
 * are made of.
 *
 * "own", for every pair a <= b in the same order: to the covariance of the prices' own normals given the
 * variances (of a = b, which is 0 without `cross`: to that variance).
 *
 * "variance", for every a and b, a n + b (0 where a = b or the variance of a does not move): where the
 * normals of a's variance move by those of b's dual.
 *
 * "mean", with `cross`, for every a and b: where the normals of a's price move by those of b's dual. */
enum { QS_MAX_JOINT = QS_POLICY_ASSETS };

typedef struct qs_joint_unit {
  const qs_joint_asset *assets;
  uint32_t asset_count;
  const uint64_t *keys; /* [asset_count]: of the streams */
  const uint32_t
      *dates;          /* [date_count]: observed, as numbers of steps that end there, ascending, at least 1 */
  const double *years; /* [date_count]: from as_of */
  uint32_t date_count;
  const qs_joint_payoff *payoffs;
  uint32_t payoff_count;
  const double *shifts; /* [shift_count][asset_count] */
  uint32_t shift_count;
  bool greeks;
  qs_precision precision;
  uint64_t path_count;
  uint64_t batch_paths;
  uint32_t batch_begin, batch_end;
  uint64_t first_path;
} qs_joint_unit;

/* ---- the regression of early exercise on several underlyings ---- */

/* States by path at both ends of the interval: ln S / F and the variance. */
typedef struct qs_regression_asset {
  const double *x_before, *v_before; /* [stride]; null, in all: the start, where they are x_start, v_start */
  const double *x, *v;               /* [stride] */
  double forward;                    /* F at the date that is exercised at */
  double x_start, v_start;
  double constant, slope; /* the variance's mean at the end is constant + slope v; */
  bool known;             /* false: no such mean is, and its increment counts as 0 */
} qs_regression_asset;

typedef enum qs_regression_task {
  QS_REGRESSION_END, /* the interval's end is the last date: yields what is earned there; the policy's terms,
                        the beginning, `earned` and `control` are not read */
  QS_REGRESSION_SUM, /* yields the sums of the columns' products */
  QS_REGRESSION_EARN /* yields what is earned from the beginning on, where the policy's coefficients say what
                        holding is worth and control[] what the controls' are */
} qs_regression_task;

/* One interval between two dates of exercise, on the paths [path_begin, path_end) of arrays of `stride`.
 * Results are, from path_begin on, numbers by path; of QS_REGRESSION_SUM sums[chunk][product], in the order
 * of regression.h, for every chunk of `chunk_paths` paths, of which the range is whole ones. A chunk's sums
 * add up those of QS_REGRESSION_LANES paths after another, which are added up in eight parts: lane l's
 * product to part l % 8, then ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)). */
typedef struct qs_regression_unit {
  qs_regression_task task;
  qs_regression_counts counts;
  const qs_regression_asset *assets; /* [counts.assets] */
  const qs_script_program *program;  /* what exercise pays: it observes prices at the date of exercise */
  const uint32_t *observed_asset;    /* [program->observation_count] */
  const qs_policy *policy;           /* of the date of exercise alone, which is its number 0 */
  const double *control;             /* [qs_regression_controls] */
  const double *earned;              /* [stride]: from the interval's end on */
  double blend;                      /* 0 to 1: see qs_regression_exercise */
  uint64_t path_begin, path_end, stride, chunk_paths; /* multiples of QS_REGRESSION_LANES */
} qs_regression_unit;

/* Numbers that the unit yields. */
static inline size_t qs_regression_unit_numbers(const qs_regression_unit *unit) {
  const size_t paths = (size_t)(unit->path_end - unit->path_begin);
  return unit->task == QS_REGRESSION_SUM
             ? paths / (size_t)unit->chunk_paths * qs_regression_products(&unit->counts)
             : paths;
}

/* ---- hedging over time ---- */

/* An instrument of the hedge. Its price in money of date n is scale[n] M, M being exp(x) when a trade of that
 * date is filled, or `value`. One unit held from date n to the next gains gain[n] times the move of M, in
 * money of as_of. */
typedef struct qs_rebalance_instrument {
  const double *scale, *gain; /* [date_count], [date_count - 1] */
  const double *value;        /* [date_count][stride]; null: exp(x) */
  const qs_trade_cost
      *costs;            /* [date_count]; of the first instrument [date_count][venue_count] with venues */
  const double *funding; /* [date_count - 1][stride]: fraction of its notional at date n that a long pays
                            until the next date; null: none */
  bool inverse; /* what is held between dates is a notional in money, margined in coin that is changed into
                   money at every date: the gain is the same, and the holding in coins is then divided by the
                   price's move */
  const double *marked; /* [date_count][stride]: M as margin sees it, where a venue's index is not the price;
                           null: M */
} qs_rebalance_instrument;

/* Bands for all dates but the last, at which everything is closed. */
typedef struct qs_rebalance_policy {
  const qs_band_table *bands; /* [instrument_count][date_count - 1]; null: given */
  const double *given; /* [instrument_count][date_count - 1][stride]: holdings themselves; NaN: as it is */
  const qs_band_table *weights; /* [date_count - 1], for QS_RULE_MOVE; null: 1 */
  qs_rebalance_rule rule;
  double limit;
  bool centre; /* trades to the middle of its band, not to the edge */
} qs_rebalance_policy;

enum { QS_MAX_HEDGES = 8 };

/* Venues that fail, [date_count][stride] where nothing else is said; date 0 is read of `room` alone. */
typedef struct qs_rebalance_failure {
  double collateral;  /* that lies at the venues, money of as_of; with margin it is its collateral, and not
                         read */
  const double *kept; /* of every holding, what is left at a date: 0 to 1 */
  const double *lost; /* of the account, which fraction is lost at the date: 0 to 1 */
  const double *room; /* how much of the first instrument may lie there from the date on, in its units, >= 0;
                         at 0 nothing of any may */
  const double *closed; /* [venue_count][stride]: number of the date from which on no order goes to a venue;
                           null without venues */
} qs_rebalance_failure;

/* Runs policies over the dates [date_begin, date_end) of given paths. Results are rows[policy][row][stride],
 * the rows of rebalance.h, then one for each instrument's holding, then two for each venue; they are begun at
 * date 0, and go on from what they hold where date_begin is later, so that any cut of the dates gives the
 * same bits. */
typedef struct qs_rebalance_unit {
  uint64_t path_begin, path_end, stride; /* those of the arrays that are run, multiples of QS_LEAF_PATHS */
  const double *x, *v;                   /* [observed row][stride] */
  uint32_t row_count;
  uint32_t date_count;              /* at least 2 */
  const uint32_t *decided, *filled; /* [date_count]: which rows a date's decision looks at, and at which its
                                       trades are filled */
  const double *seen; /* [date_count][stride]: x as decisions see it, where it is not the price's; null: x */
  const double *forward, *discount; /* [date_count]: F at the fill, and what money then is worth at as_of */
  const double *lapse;              /* [date_count]: years since the date before; the first is not read */
  const qs_rebalance_instrument *instruments;
  uint32_t instrument_count; /* 1 to QS_MAX_HEDGES */
  const qs_rebalance_policy *policies;
  uint32_t policy_count;
  const qs_margin_rule *margin; /* null: none */
  const double
      *position; /* [date_count][stride]: what the position has gained, money of as_of; with margin */
  const double *required; /* [date_count][stride]: what it must have in margin itself; null: nothing */
  const qs_rebalance_failure *failure; /* null: no venue fails */
  uint32_t date_begin, date_end;
  /* Over how many venues the first instrument's orders are split, at equal marginal cost, each venue's fixed
   * cost paid where it gets a part; or the whole order to one, where that is cheaper for these. At most
   * QS_MAX_VENUES; 0: its costs are its own. */
  uint32_t venue_count;
} qs_rebalance_unit;

/* Rows of one policy. */
static inline uint32_t qs_rebalance_unit_rows(const qs_rebalance_unit *unit) {
  return (uint32_t)QS_REBALANCE_ROWS + unit->instrument_count + 2 * unit->venue_count;
}

/* Where the quantities of an asset begin: delta, carry, then its parameters and its added moves. */
static inline uint32_t qs_joint_asset_quantity(const qs_joint_unit *unit, uint32_t asset) {
  uint32_t at = 1;
  for (uint32_t a = 0; a < asset; a++) {
    at += 2;
    for (uint32_t mask = qs_model_parameters(unit->assets[a].path.model.type); mask; mask &= mask - 1) {
      at++;
    }
    at += unit->assets[a].added_count;
  }
  return at;
}

/* Where the second derivative of the pair a <= b stands. */
static inline uint32_t qs_joint_pair_quantity(const qs_joint_unit *unit, uint32_t a, uint32_t b) {
  const uint32_t n = unit->asset_count;
  return qs_joint_asset_quantity(unit, n) + a * n - a * (a - 1) / 2 + b - a;
}

/* Where the derivatives to the correlations stand. */
static inline uint32_t qs_joint_own_quantity(const qs_joint_unit *unit, uint32_t a, uint32_t b) {
  const uint32_t n = unit->asset_count;
  return qs_joint_pair_quantity(unit, a, b) + n * (n + 1) / 2;
}

static inline uint32_t qs_joint_variance_quantity(const qs_joint_unit *unit, uint32_t a, uint32_t b) {
  const uint32_t n = unit->asset_count;
  return qs_joint_own_quantity(unit, n - 1, n - 1) + 1 + a * n + b;
}

static inline uint32_t qs_joint_mean_quantity(const qs_joint_unit *unit, uint32_t a, uint32_t b) {
  return qs_joint_variance_quantity(unit, a, b) + unit->asset_count * unit->asset_count;
}

static inline uint32_t qs_joint_unit_quantities(const qs_joint_unit *unit) {
  const uint32_t last = unit->asset_count - 1;
  if (!unit->greeks) {
    return 1;
  }
  if (!last) {
    return qs_joint_pair_quantity(unit, last, last) + 1;
  }
  return (unit->assets[0].cross ? qs_joint_mean_quantity(unit, last, last)
                                : qs_joint_variance_quantity(unit, last, last)) +
         1;
}

/* Number of quantities a unit yields for each payoff. */
static inline uint32_t qs_value_unit_quantities(const qs_value_unit *unit) {
  uint32_t count = 0;
  for (uint32_t mask = qs_model_parameters(unit->path.model.type); mask; mask &= mask - 1) {
    count++;
  }
  return unit->greeks ? QS_QUANTITY_PARAMETERS + count : 1;
}

/* Rows of the lanes' own that a payoff works in, beside those of its dates. */
static inline size_t qs_path_slot_rows(const qs_path_payoff_plan *plan, bool greeks) {
  if (plan->payoff == QS_PATH_SCRIPT) {
    return (greeks ? 2 : 1) * (size_t)plan->program->slot_count;
  }
  return plan->payoff == QS_PATH_AUTOCALL ? (greeks ? 4 : 1) * (size_t)plan->date_count : 0;
}

static inline uint32_t qs_path_unit_quantities(const qs_path_unit *unit) {
  uint32_t count = 0;
  for (uint32_t mask = qs_model_parameters(unit->path.model.type); mask && !unit->leverage;
       mask &= mask - 1) {
    count++;
  }
  return unit->greeks ? QS_PATH_PARAMETERS + count + unit->added_count : 1;
}

#ifdef __cplusplus
}
#endif
#endif
