#include "host/engine/joint_set.h"

#include <math.h>
#include <string.h>

#include "host/engine/common.h"
#include "host/engine/drivers.h"
#include "host/engine/grid.h"
#include "host/engine/joint_correlation.h"
#include "host/engine/joint_group.h"
#include "host/engine/scheduler.h"
#include "host/market/time.h"
#include "kernels/core/key.h"

/* What the building of a plan works with. */
typedef struct builder {
  qs_context *context;
  qs_arena *arena;
  const qs_market *market;
  const qs_joint_terms *terms;
  const qs_simulation *simulation;
  const qs_shock *shocks; /* may be null */
  qs_time origin;
  size_t known; /* dates up to the origin */
} builder;

static double rate_of(const builder *b) {
  const int first = b->terms->underlyings[0];
  return b->market->underlyings[first].discount_rate + (b->shocks ? b->shocks[first].rate_add : 0);
}

static qs_status no_memory(const builder *b) {
  return qs_fail_memory(b->context, "laying out formulas over several underlyings");
}

static const qs_underlying_market *market_of(const builder *b, size_t asset) {
  return &b->market->underlyings[b->terms->underlyings[asset]];
}

static const qs_model *model_of(const builder *b, size_t asset) {
  return b->shocks ? &b->shocks[b->terms->underlyings[asset]].model : &market_of(b, asset)->model;
}

static double forward_at(const builder *b, size_t asset, qs_time date) {
  double years = fmax(qs_time_years(b->origin, date), 0);
  double add = b->shocks ? b->shocks[b->terms->underlyings[asset]].carry_add : 0;
  return qs_curve_forward(&market_of(b, asset)->curve, years) * exp(add * years);
}

static double value_of(const builder *b, size_t asset, size_t date) {
  double fixing = b->terms->fixings[asset * b->terms->count + date];
  return isnan(fixing) ? market_of(b, asset)->spot : fixing;
}

/* What the formula observes, and what of it is known. */
static qs_status fill_payoff(const builder *b, qs_joint_payoff *payoff) {
  const qs_script *script = b->terms->script;
  uint32_t count = script->program.observation_count, left = (uint32_t)(b->terms->count - b->known);
  uint32_t *assets = QS_NEW(b->arena, count, uint32_t), *dates = QS_NEW(b->arena, count, uint32_t);
  double *known = QS_NEW(b->arena, count, double);
  if (!assets || !dates || !known) {
    return no_memory(b);
  }
  for (uint32_t o = 0; o < count; o++) {
    const qs_script_observation *at = &script->observations[o];
    bool past = !b->terms->early && at->date < b->known;
    assets[o] = at->underlying;
    dates[o] = b->terms->early ? 0 : past ? left : at->date - (uint32_t)b->known;
    known[o] = past ? value_of(b, at->underlying, at->date) : 0;
  }
  *payoff = (qs_joint_payoff){&script->program, assets, dates, known, left, script->jump_count > 0, NULL};
  return QS_OK;
}

/* What early exercise needs: what is paid at each date is worth its weight at the expiry, streams of its own.
 */
static qs_status fill_early(const builder *b, qs_joint_payoff *payoff, qs_joint_plan *plan) {
  const size_t n = b->terms->asset_count;
  const double rate = rate_of(b), last = qs_time_years(b->origin, b->terms->expiry);
  double *weights = QS_NEW(b->arena, payoff->date_count, double), *spot = QS_NEW(b->arena, n, double);
  uint64_t *keys = QS_NEW(b->arena, 3 * n, uint64_t);
  plan->policy = QS_NEW(b->arena, 1, qs_policy);
  if (!weights || !spot || !keys || !plan->policy) {
    return no_memory(b);
  }
  for (uint32_t d = 0; d < payoff->date_count; d++) {
    weights[d] = exp(rate * (last - qs_time_years(b->origin, b->terms->dates[d])));
  }
  for (size_t a = 0; a < n; a++) {
    const char *name = market_of(b, a)->name;
    spot[a] = market_of(b, a)->spot;
    keys[a] = qs_key(b->simulation->seed, QS_PURPOSE_POLICY, name);
    keys[n + a] = qs_key(b->simulation->seed, QS_PURPOSE_BOUNDS, name);
    keys[2 * n + a] = qs_key(b->simulation->seed, QS_PURPOSE_NESTED, name);
  }
  plan->policy->weights = weights;
  payoff->policy = plan->policy;
  plan->keys = (qs_early_joint_keys){keys, keys + n, keys + 2 * n};
  plan->all_times = b->terms->all_times;
  plan->spot = spot;
  plan->now_weight = exp(rate * last);
  return QS_OK;
}

/* The grid of all underlyings: that of the one whose steps are the most. */
static qs_status make_grid(const builder *b, qs_grid *grid) {
  size_t count = b->terms->count - b->known;
  bool *through = QS_NEW(b->arena, count, bool);
  if (!through) {
    return no_memory(b);
  }
  memset(through, true, count * sizeof *through);
  qs_status status = QS_OK;
  for (size_t a = 0; !status && a < b->terms->asset_count; a++) {
    qs_grid own;
    status =
        qs_grid_build_through(b->context, b->arena, model_of(b, a), b->origin, b->terms->dates + b->known,
                              through, count, b->simulation->step_days, &own);
    if (!status && own.step_count > grid->step_count) {
      *grid = own;
    }
  }
  return status;
}

static qs_status fill_dates(const builder *b, const qs_grid *grid, qs_date **ends, qs_joint_unit *unit) {
  uint32_t *dates = QS_NEW(b->arena, grid->date_count, uint32_t);
  double *years = QS_NEW(b->arena, grid->date_count, double);
  *ends = QS_NEW(b->arena, grid->step_count, qs_date);
  if (!dates || !years || !*ends) {
    return no_memory(b);
  }
  for (uint32_t i = 0; i < grid->step_count; i++) {
    (*ends)[i].main_steps = i + 1;
  }
  for (uint32_t d = 0; d < grid->date_count; d++) {
    dates[d] = grid->dates[d].main_steps;
    years[d] = qs_time_years(b->origin, b->terms->dates[b->known + d]);
  }
  unit->dates = dates;
  unit->years = years;
  unit->date_count = grid->date_count;
  return QS_OK;
}

/* The correlations of the underlyings, with the weights' duals. */
static qs_status make_drivers(const builder *b, qs_joint_drivers *to, qs_common *common) {
  size_t n = b->terms->asset_count;
  const qs_model **models = QS_NEW(b->arena, n, const qs_model *);
  double *moves = QS_NEW(b->arena, n, double);
  double *duals = QS_NEW(b->arena, 2 * n * n, double);
  if (!models || !moves || !duals) {
    return no_memory(b);
  }
  for (size_t a = 0; a < n; a++) {
    models[a] = model_of(b, a);
    moves[a] = b->shocks ? b->shocks[b->terms->underlyings[a]].correlation_add : 0;
  }
  const qs_driver_choice choice = {b->terms->underlyings, n, models, moves};
  qs_status status = qs_drivers_make(b->context, b->arena, b->market, &choice, &to->drivers);
  status = status ? status : qs_common_make(b->context, b->arena, b->market, &choice, common);
  if (!status) {
    to->own_duals = duals;
    to->variance_duals = duals + n * n;
    qs_triangle_duals(to->drivers.own, n, duals);
    qs_triangle_duals(to->drivers.variance, n, duals + n * n);
  }
  return status;
}

/* The steps of an underlying: the grid's, with its own added variance and, with greeks, what its pieces add.
 */
static qs_status shift_steps(const builder *b, size_t a, const qs_grid *grid, bool greeks,
                             qs_joint_asset *asset) {
  const qs_shift *shift = &market_of(b, a)->shift;
  if (!shift->count) {
    return QS_OK;
  }
  const double rise = b->shocks ? b->shocks[b->terms->underlyings[a]].shift_rise : 0;
  qs_grid own = *grid;
  qs_status status = qs_grid_shift(b->context, b->arena, shift, 1 + rise, b->origin, &own);
  double *weights = greeks ? QS_NEW(b->arena, shift->count * grid->step_count, double) : NULL;
  if (status || (greeks && !weights)) {
    return status ? status : no_memory(b);
  }
  asset->path.steps = own.steps;
  if (greeks) {
    qs_grid_shift_weights(shift, b->origin, grid, weights);
    asset->added_weights = weights;
    asset->added_count = (uint32_t)shift->count;
  }
  return QS_OK;
}

static qs_status fill_assets(const builder *b, const qs_grid *grid, const qs_date *ends,
                             qs_joint_drivers *joint, qs_joint_unit *unit) {
  size_t n = b->terms->asset_count;
  qs_joint_asset *assets = QS_NEW(b->arena, n, qs_joint_asset);
  uint64_t *keys = QS_NEW(b->arena, n, uint64_t);
  double *forwards = QS_NEW(b->arena, n * unit->date_count, double);
  if (!assets || !keys || !forwards) {
    return no_memory(b);
  }
  qs_common common;
  qs_status status = make_drivers(b, joint, &common);
  if (status) {
    return status;
  }
  const qs_drivers *drivers = &joint->drivers;
  for (size_t a = 0; a < n; a++) {
    keys[a] = qs_key(b->simulation->seed, QS_PURPOSE_VALUE, market_of(b, a)->name);
    double *forward = forwards + a * unit->date_count;
    for (uint32_t d = 0; d < unit->date_count; d++) {
      forward[d] = forward_at(b, a, b->terms->dates[b->known + d]);
    }
    assets[a] = (qs_joint_asset){.path = {.model = *model_of(b, a),
                                          .scheme = b->simulation->scheme,
                                          .sampling = b->simulation->sampling,
                                          .key = keys[a],
                                          .steps = grid->steps,
                                          .step_count = grid->step_count,
                                          .dates = ends,
                                          .date_count = grid->step_count},
                                 .forward = forward,
                                 .loadings = drivers->own + a * n,
                                 .duals = joint->own_duals + a * n,
                                 .variance = drivers->variance + a * n,
                                 .variance_duals = joint->variance_duals + a * n,
                                 .cross = drivers->cross ? drivers->cross + a * n : NULL};
    if (common.lambda[a] > 0) {
      assets[a].path.common = common.lambda[a];
      assets[a].common_key = qs_key(b->simulation->seed, QS_PURPOSE_VALUE, common.group[a]);
      assets[a].common_sizes = common.sizes + a * n;
    }
    status = shift_steps(b, a, grid, unit->greeks, &assets[a]);
    if (status) {
      return status;
    }
  }
  unit->assets = assets;
  unit->asset_count = (uint32_t)n;
  unit->keys = keys;
  return QS_OK;
}

static qs_status settle(const builder *b, qs_joint_plan *plan) {
  const qs_script *script = b->terms->script;
  double *observed = QS_NEW(b->arena, script->program.observation_count, double);
  for (uint32_t o = 0; observed && o < script->program.observation_count; o++) {
    const qs_script_observation *at = &script->observations[o];
    observed[o] =
        b->terms->early ? market_of(b, at->underlying)->spot : value_of(b, at->underlying, at->date);
  }
  plan->settled = true;
  if (!observed || !qs_script_evaluate(b->arena, &script->program, observed, &plan->known)) {
    return no_memory(b);
  }
  plan->known = b->terms->early && plan->known <= 0 ? 0 : plan->known;
  return QS_OK;
}

/* The paths: grid, underlyings and what draws them. */
static qs_status make_paths(const builder *b, qs_joint_plan *plan) {
  qs_grid grid = {0};
  qs_date *ends = NULL;
  qs_status status = make_grid(b, &grid);
  status = status ? status : fill_dates(b, &grid, &ends, &plan->unit);
  status = status ? status : fill_assets(b, &grid, ends, &plan->joint, &plan->unit);
  if (!status && plan->unit.greeks) {
    status = qs_joint_regression(b->context, b->arena, &plan->joint, &plan->regression);
  }
  return status;
}

static void share_paths(const qs_joint_plan *like, qs_joint_plan *plan) {
  plan->joint = like->joint;
  plan->regression = like->regression;
  plan->unit.assets = like->unit.assets;
  plan->unit.asset_count = like->unit.asset_count;
  plan->unit.keys = like->unit.keys;
  plan->unit.dates = like->unit.dates;
  plan->unit.years = like->unit.years;
  plan->unit.date_count = like->unit.date_count;
}

qs_status qs_joint_plan_build(qs_context *context, qs_arena *arena, const qs_market *market,
                              const qs_joint_terms *terms, const qs_simulation *simulation,
                              const qs_shock *shocks, const double *shifts, uint32_t shift_count,
                              bool next_day, bool greeks, const qs_joint_plan *like, qs_joint_plan *plan) {
  builder b = {.context = context,
               .arena = arena,
               .market = market,
               .terms = terms,
               .simulation = simulation,
               .shocks = shocks,
               .origin = terms->as_of + (next_day ? QS_SECONDS_PER_DAY : 0)};
  memset(plan, 0, sizeof *plan);
  qs_joint_terms left;
  if (terms->early) {
    qs_status status = qs_early_joint_left(context, arena, terms, b.origin, &left, &plan->at_once);
    if (status) {
      return status;
    }
    b.terms = terms = &left;
  }
  b.known = qs_joint_terms_known(terms, b.origin);
  double *forward = QS_NEW(arena, terms->asset_count, double);
  qs_joint_payoff *payoff = QS_NEW(arena, 1, qs_joint_payoff);
  if (!forward || !payoff) {
    return no_memory(&b);
  }
  for (size_t a = 0; a < terms->asset_count; a++) {
    forward[a] = forward_at(&b, a, terms->expiry);
  }
  plan->forward = forward;
  if (b.known == terms->count) {
    return settle(&b, plan);
  }
  plan->unit.payoffs = payoff;
  plan->unit.payoff_count = 1;
  plan->unit.shifts = shifts;
  plan->unit.shift_count = shift_count;
  plan->unit.greeks = greeks;
  plan->unit.precision = simulation->precision;
  plan->unit.path_count = simulation->paths;
  plan->unit.batch_paths = simulation->batch_paths;
  plan->unit.batch_end = simulation->batches;
  qs_status status = fill_payoff(&b, payoff);
  if (!status && terms->early) {
    status = fill_early(&b, payoff, plan);
  }
  if (status || !like) {
    return status ? status : make_paths(&b, plan);
  }
  share_paths(like, plan);
  return QS_OK;
}
