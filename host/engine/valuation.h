/*
 * Monte Carlo values of a list of contracts: the options of each underlying become the payoffs of one unit,
 * each distinct payoff once, and every number asked of a contract is a linear form in what its payoff yields.
 *
 * Everything is kept by batch of paths, so that the standard error of any linear combination (a book's total,
 * vega through the calibration, a scenario's P&L) follows from the spread of its batch means.
 */
#ifndef QS_HOST_ENGINE_VALUATION_H
#define QS_HOST_ENGINE_VALUATION_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "host/engine/backends.h"
#include "host/engine/early.h"
#include "host/market/market.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_NO_PAYOFF = UINT32_MAX };

/* How much to simulate, resolved from the inputs. */
typedef struct qs_simulation {
  uint64_t paths, batch_paths; /* multiples of QS_LEAF_PATHS */
  uint32_t batches;
  uint64_t seed;
  qs_precision precision;
  qs_arithmetic arithmetic;
  qs_scheme scheme;
  double step_days; /* NaN: by model and distance */
  qs_sampling sampling;
  bool control;        /* control variates where they help */
  double target;       /* std_error of prices over spot at which paths are enough; NaN: `paths` are */
  uint64_t most_paths; /* with a target */
  bool fourier_stress; /* European options in shocked markets by Fourier prices, not on paths */
  size_t wave_bytes;   /* of moments that are simulated together, 0: the default; no number depends on it */
} qs_simulation;

/* Batches: at most QS_MAX_BATCHES of pseudo-random paths; of Sobol points 16 to 63, each 2^k points, so that
 * each is a net. */
qs_simulation qs_simulation_resolve(const qs_simulation_spec *spec);

/* One distinct payoff of an underlying. */
typedef struct qs_option_payoff {
  qs_time expiry;
  double years, strike;
  qs_call_put call_put;
} qs_option_payoff;

/* The distinct payoffs of one underlying, ascending in expiry. */
typedef struct qs_option_set {
  const qs_option_payoff *payoffs;
  uint32_t count;
} qs_option_set;

/* The options of `underlying` among the contracts, and for every contract the index of its payoff in
 * payoff_of [count] (untouched for contracts of other underlyings; QS_NO_PAYOFF for those that are no
 * option). */
qs_status qs_option_set_build(qs_context *context, qs_arena *arena, const qs_contract *contracts,
                              size_t count, int underlying, qs_option_set *set, uint32_t *payoff_of);

/* What a unit values the set under. Neutral when all zero but model. */
typedef struct qs_unit_market {
  const qs_model *model;
  double carry_add;     /* to the forward's growth rate */
  bool next_day;        /* one calendar day later: spot, forward curve by tenor and model unchanged */
  const double *shifts; /* of ln F; null: one, zero */
  uint32_t shift_count;
  bool greeks;
  double shift_rise; /* the variance's shift is times 1 + it */
} qs_unit_market;

/* The unit, and the index of its first payoff in the set: with next_day, those that expire within the day are
 * left out (there is nothing to simulate for them). */
qs_status qs_unit_build(qs_context *context, qs_arena *arena, const qs_underlying_market *underlying,
                        qs_time as_of, const qs_simulation *simulation, const qs_option_set *set,
                        const qs_unit_market *market, qs_value_unit *unit, uint32_t *first);

/* One distinct payoff along a path. */
typedef struct qs_path_set_payoff {
  const qs_path_terms *terms;
  double years;
  bool coin; /* settled in coin, where that changes the payoff: a rebate paid at hit */
} qs_path_set_payoff;

/* The distinct payoffs along paths of one underlying, ascending in expiry (host/engine/path_set.h). */
typedef struct qs_path_set {
  const qs_path_set_payoff *payoffs;
  uint32_t count;
} qs_path_set;

/* Where a payoff's moments are: in a unit, or nowhere (QS_NO_PAYOFF) since nothing is left to simulate. */
typedef struct qs_path_place {
  uint32_t unit, payoff;
  uint32_t timed; /* the same payoff of the unit with every payment times its share of the years to the
                     expiry, for what pays at several dates and with Greeks; else QS_NO_PAYOFF */
  double known;   /* added to the price, per unit of the forward */
} qs_path_place;

typedef struct qs_path_units {
  const qs_path_unit *units;
  uint32_t count;
  const qs_path_place *places; /* [payoffs of the set] */
  uint32_t payoff_count;       /* of the set */
  qs_moment **moments;         /* [count] */
  qs_early_keys early_keys;
  qs_early_bounds *bounds; /* [payoffs of the set], of early exercise; null: none are wanted */
} qs_path_units;

/* What control variates (host/engine/controls.h) did for a payoff's price: which, and by what factor its
 * variance is lower, 1 without. */
enum { QS_CONTROL_FORWARD = 1, QS_CONTROL_AVERAGE = 2, QS_CONTROL_EUROPEAN = 4 };

typedef struct qs_control_use {
  uint32_t kinds;
  double ratio;
} qs_control_use;

/* The values of a list of contracts now. */
typedef struct qs_underlying_values {
  qs_option_set set;
  uint32_t quantities;
  const qs_moment *now;   /* [batch][payoff][quantity] */
  uint32_t later_first;   /* payoffs before it expire within a day */
  const qs_moment *later; /* [batch][payoff - later_first], a day later; null without Greeks */
  qs_path_set paths;
  qs_path_units paths_now, paths_later; /* later: without Greeks empty */
  const qs_control_use *control;        /* [payoff]; null: none were tried */
  qs_control_use *const *path_control;  /* [unit][payoff] of paths_now; null likewise */
} qs_underlying_values;

/* One leg of a formula over several underlyings (host/engine/joint_set.h): its moments [batch][quantity], as
 * a path unit's. */
typedef struct qs_joint_leg {
  qs_moment *now, *later; /* of the price alone, of the first leg alone */
  uint32_t quantities;
  double known_later;
  const struct qs_joint_plan *plan; /* all legs': with greeks its unit's moments have the second derivatives
                                       of pairs and those of correlations */
  const qs_moment *moments;         /* [batch * stride + quantity] of that unit; null: settled */
  size_t stride;
  const qs_control_use *use;     /* of the first leg; null: no controls were tried */
  const qs_early_bounds *bounds; /* of early exercise, of the first leg alone; else null */
  const double *greek_error;     /* [quantities], as qs_early_bounds has it */
} qs_joint_leg;

typedef struct qs_valuation {
  const qs_market *market;
  const qs_contract *contracts;
  size_t count;
  qs_simulation simulation; /* its paths are those that were simulated */
  bool greeks;
  const uint32_t *payoff_of;          /* [count] in the options' or the paths' set; or QS_NO_PAYOFF */
  const qs_underlying_values *values; /* [underlyings] */
  const qs_joint_leg *legs;           /* [count]; null: no contract is a leg */
} qs_valuation;

/* With simulation->target, paths are doubled until the std_error of every simulated contract's price is at
 * most the target times its underlying's spot, or until twice the paths would be more than most_paths. */
qs_status qs_valuation_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           bool greeks, qs_valuation *valuation);

/* constant + sum_q now[q] y_q + later y' + timed y'', in the payoff of one contract; y'' is the price with
 * every payment times its share of the years to the expiry, or, of early exercise, what the mean time of
 * exercise is off by, times the price: an error alone. */
typedef struct qs_form {
  double constant;
  double now[QS_PATH_PARAMETERS + QS_MAX_LAW_PARAMETERS + QS_MAX_ADDED];
  double later;
  double timed;
} qs_form;

/* Whether there is a y'' (qs_form) of the contract, which pays at several dates. */
bool qs_contract_timed(const qs_valuation *valuation, size_t contract);

/* The price per unit of the forward that a contract along a path has beside what its payoff yields, now or a
 * day later; 0 for others. */
double qs_known_price(const qs_valuation *valuation, size_t contract, bool later);

/* What bounds the contract's early exercise, a day later or now; null: it has none, or none were wanted. */
const qs_early_bounds *qs_contract_bounds(const qs_valuation *valuation, size_t contract, bool later);

/* What a form of the contract may be wrong by where it is extrapolated to exercise at all times; else 0. */
double qs_extrapolation_error(const qs_valuation *valuation, size_t contract, const qs_form *form);

/* Adds weight x form of `contract` to sums[batches]. */
void qs_form_add_batches(const qs_valuation *valuation, size_t contract, const qs_form *form, double weight,
                         double *sums);

/* The form's estimate: exact sample error where it holds one quantity of independent paths, else from the
 * batch means. `scratch`
 * has room for the batches. */
qs_estimate qs_form_estimate(const qs_valuation *valuation, size_t contract, const qs_form *form,
                             double *scratch);

/* Paths in a batch: all are full but perhaps the last. */
double qs_batch_paths(const qs_simulation *simulation, uint32_t batch);

/* What a contract is under a leverage function, which decides on its Greeks (kernels/plan.h). */
typedef enum qs_local_kind {
  QS_LOCAL_NOT,     /* not under one */
  QS_LOCAL_SMOOTH,  /* price, delta, gamma, carry */
  QS_LOCAL_WATCHED, /* no gamma */
  QS_LOCAL_JUMPS    /* no gamma and no carry */
} qs_local_kind;

qs_local_kind qs_contract_local(const qs_valuation *valuation, size_t contract);

/* Which controls a contract's price has; none for what is not simulated. */
qs_control_use qs_contract_control(const qs_valuation *valuation, size_t contract);

/* Whether the contract's price is simulated: not so the legs of a formula after its first. */
bool qs_contract_simulated(const qs_valuation *valuation, size_t contract);

/* Whether a simulated contract's price has a larger error than the valuation's target. */
bool qs_target_missed(const qs_valuation *valuation, size_t contract, qs_estimate price);

/* Mean and standard error of a quantity given by its batch means. */
qs_estimate qs_batch_estimate(const qs_simulation *simulation, const double *means);

#ifdef __cplusplus
}
#endif
#endif
