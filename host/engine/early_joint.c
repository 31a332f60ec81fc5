#include "host/engine/early_joint.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/engine/early_joint_state.h"
#include "host/engine/joint_set.h"
#include "host/engine/work_store.h"

enum {
  PATHS_SHARE = 4,
  LEAST_PATHS = 2048,
  MOST_PATHS = 1 << 16, /* of the unit's paths, at least and at most, for a policy that is bounded */
  POLICY_SHARE = 16,
  MOST_POLICY_PATHS = 1 << 14, /* for one that is not */
  LEAVES = 16,                 /* as many chunks of lanes as the regression has */
  MOST_STATES = 1 << 24        /* numbers of x kept at once */
};

static uint64_t paths_for(const qs_early_joint *e, bool bounds) {
  const uint64_t share = e->unit->path_count / (bounds ? PATHS_SHARE : POLICY_SHARE);
  const uint64_t most = bounds ? MOST_PATHS : MOST_POLICY_PATHS;
  uint64_t paths = share < LEAST_PATHS ? LEAST_PATHS : share > most ? most : share;
  while (paths > LEAST_PATHS && paths * e->dates * e->assets > MOST_STATES) {
    paths /= 2;
  }
  return paths / (LEAVES * QS_EARLY_LANES) * (LEAVES * QS_EARLY_LANES);
}

/* More than any payoff: so much is holding worth where a level does not exercise. */
static const double never = 1e30;

/* The policy of a level, over all dates. */
static qs_policy policy_of(const qs_early_joint *e, uint32_t level) {
  qs_policy policy = *e->task->policy;
  for (uint32_t d = 0; d < e->dates; d++) {
    if (!qs_early_joint_allowed(e, level, d)) {
      e->coefficient[level][(size_t)d * e->features] = never;
    }
  }
  policy.coefficient = e->coefficient[level];
  return policy;
}

qs_status qs_early_joint_solve(qs_context *context, qs_arena *arena, qs_devices *devices,
                               qs_early_joint_task *task) {
  const qs_joint_payoff *payoff = task->unit->payoffs;
  qs_early_joint e = {.context = context,
                      .devices = devices,
                      .task = task,
                      .unit = task->unit,
                      .payoff = payoff,
                      .assets = task->unit->asset_count,
                      .dates = payoff->date_count,
                      .levels =
                          task->all_times && task->bounds && payoff->date_count >= 4 ? QS_EARLY_LEVELS : 1};
  for (uint32_t a = 0; a < e.assets; a++) {
    e.random[a] = qs_model_stochastic(&task->unit->assets[a].path.model);
  }
  const bool kept = context->store != NULL;
  const qs_digest key = kept ? qs_early_joint_key(&e) : (qs_digest){{0, 0}}; /* before the policy is filled */
  bool found = false;
  qs_status status = kept ? qs_early_joint_take(&e, task, arena, key, &found) : QS_OK;
  if (status || found) {
    return status;
  }
  status = qs_early_joint_fit(&e, arena, paths_for(&e, task->bounds != NULL));
  if (!status) {
    task->exercised = task->now > 0 && task->now >= e.start;
    status = task->bounds ? qs_early_joint_bound(&e, task->bounds) : QS_OK;
  }
  for (uint32_t level = 1; !status && task->fewer && level < e.levels; level++) {
    task->fewer[level - 1] = policy_of(&e, level);
  }
  return status || !kept ? status : qs_early_joint_put(&e, key);
}

/* ---- plans ---- */

qs_status qs_early_joint_left(qs_context *context, qs_arena *arena, const qs_joint_terms *terms, qs_time now,
                              qs_joint_terms *left, bool *at_once) {
  *left = *terms;
  size_t known = 0;
  while (known < terms->count && terms->dates[known] <= now) {
    known++;
  }
  left->dates = terms->dates + known;
  left->count = terms->count - known;
  *at_once = terms->all_times || (known && terms->dates[known - 1] >= terms->as_of);
  if (terms->all_times && left->count) {
    const uint32_t count = qs_american_dates(now, terms->expiry);
    qs_time *dates = QS_NEW(arena, count, qs_time);
    for (uint32_t i = 0; dates && i < count; i++) {
      dates[i] = qs_american_date(now, terms->expiry, i, count);
    }
    left->dates = dates;
    left->count = count;
    return dates ? QS_OK : qs_fail_memory(context, "laying out formulas over several underlyings");
  }
  return QS_OK;
}

/* What the program pays with the spots times the exponentials of `moves`. */
static qs_status pays_at(qs_context *context, qs_arena *arena, const qs_joint_plan *plan, const double *moves,
                         double *pays) {
  const qs_joint_payoff *payoff = plan->unit.payoffs;
  double *observed = QS_NEW(arena, payoff->program->observation_count, double);
  for (uint32_t o = 0; observed && o < payoff->program->observation_count; o++) {
    const uint32_t a = payoff->observed_asset[o];
    observed[o] = plan->spot[a] * exp(plan->unit.shifts[a] + moves[a]);
  }
  return observed && qs_script_evaluate(arena, payoff->program, observed, pays)
             ? QS_OK
             : qs_fail_memory(context, "exercising at once");
}

/* Second differences to the logs of a and b, less the first where they are one. */
static qs_status second(qs_context *context, qs_arena *arena, const qs_joint_plan *plan, uint32_t a,
                        uint32_t b, double first, double *result) {
  const double step = 1e-3;
  double sum = 0;
  for (int k = 0; k < 4; k++) {
    double moves[QS_MAX_JOINT] = {0}, pays;
    moves[a] += k & 1 ? step : -step;
    moves[b] += k & 2 ? step : -step;
    qs_status status = pays_at(context, arena, plan, moves, &pays);
    if (status) {
      return status;
    }
    sum += (k == 0 || k == 3 ? 1 : -1) * pays;
  }
  *result = sum / (4 * step * step) - (a == b ? first : 0);
  return QS_OK;
}

/* Every quantity of what is exercised at once, as paid at the last date. */
static qs_status known_quantities(qs_context *context, qs_arena *arena, const qs_joint_plan *plan,
                                  double *quantity) {
  const qs_joint_unit *unit = &plan->unit;
  double deltas[QS_MAX_JOINT] = {0};
  quantity[0] = plan->now;
  qs_status status = QS_OK;
  for (uint32_t a = 0; !status && unit->greeks && a < unit->asset_count; a++) {
    const double step = 1e-4;
    double moves[QS_MAX_JOINT] = {0}, up, down;
    moves[a] = step;
    status = pays_at(context, arena, plan, moves, &up);
    moves[a] = -step;
    status = status ? status : pays_at(context, arena, plan, moves, &down);
    if (!status) {
      deltas[a] = (up - down) / (2 * step);
      quantity[qs_joint_asset_quantity(unit, a)] = plan->now_weight * deltas[a];
    }
  }
  for (uint32_t a = 0; !status && unit->greeks && a < unit->asset_count; a++) {
    for (uint32_t b = a; !status && b < unit->asset_count; b++) {
      double *to = quantity + qs_joint_pair_quantity(unit, a, b);
      status = second(context, arena, plan, a, b, deltas[a], to);
      *to *= plan->now_weight;
    }
  }
  return status;
}

qs_status qs_early_joint_known(qs_context *context, qs_arena *arena, const qs_joint_plan *plan,
                               qs_moment *moments) {
  const qs_joint_unit *unit = &plan->unit;
  const uint32_t quantities = qs_joint_unit_quantities(unit);
  double *quantity = QS_NEW(arena, quantities, double);
  qs_status status = quantity ? known_quantities(context, arena, plan, quantity)
                              : qs_fail_memory(context, "exercising at once");
  for (uint32_t b = unit->batch_begin; !status && b < unit->batch_end; b++) {
    for (uint32_t q = 0; q < quantities; q++) {
      moments[(size_t)(b - unit->batch_begin) * quantities + q] = (qs_moment){quantity[q], 0};
    }
  }
  return status;
}

/* Puts payoffs with fewer dates beside the unit's own. */
static qs_status add_fewer(qs_context *context, qs_arena *arena, const qs_policy *fewer,
                           qs_joint_plan *plan) {
  qs_joint_payoff *payoffs = QS_NEW(arena, QS_EARLY_LEVELS, qs_joint_payoff);
  if (!payoffs) {
    return qs_fail_memory(context, "solving early exercise");
  }
  for (int level = 0; level < QS_EARLY_LEVELS; level++) {
    payoffs[level] = plan->unit.payoffs[0];
    payoffs[level].policy = level ? &fewer[level - 1] : plan->policy;
  }
  plan->unit.payoffs = payoffs;
  plan->unit.payoff_count = QS_EARLY_LEVELS;
  return QS_OK;
}

qs_status qs_early_joint_plan_solve(qs_context *context, qs_arena *arena, qs_devices *devices, bool bounds,
                                    qs_joint_plan *plan) {
  qs_early_joint_task task = {.unit = &plan->unit,
                              .keys = plan->keys,
                              .all_times = plan->all_times,
                              .now = NAN,
                              .policy = plan->policy,
                              .bounds = bounds ? &plan->bounds : NULL,
                              .per = plan->forward[0]};
  qs_policy *fewer = QS_NEW(arena, QS_EARLY_LEVELS - 1, qs_policy);
  qs_status status = fewer ? QS_OK : qs_fail_memory(context, "solving early exercise");
  task.fewer = plan->unit.greeks ? fewer : NULL;
  if (!status && plan->at_once) {
    const double moves[QS_MAX_JOINT] = {0};
    status = pays_at(context, arena, plan, moves, &task.now);
    plan->now = task.now *= plan->now_weight;
  }
  status = status ? status : qs_early_joint_solve(context, arena, devices, &task);
  plan->exercised = task.exercised;
  const bool more = !status && task.fewer && fewer[0].terms && !task.exercised;
  return more ? add_fewer(context, arena, fewer, plan) : status;
}

qs_status qs_early_joint_extrapolate(qs_context *context, qs_arena *arena, const qs_simulation *simulation,
                                     qs_joint_plan *plan, qs_moment **moments) {
  qs_joint_unit *unit = &plan->unit;
  if (!plan->policy || unit->payoff_count == 1) {
    return QS_OK;
  }
  const uint32_t quantities = qs_joint_unit_quantities(unit), batches = unit->batch_end - unit->batch_begin;
  const size_t stride = (size_t)unit->payoff_count * quantities;
  qs_moment *first = QS_NEW(arena, (size_t)batches * quantities, qs_moment);
  double *error = QS_NEW(arena, quantities, double);
  if (!first || !error) {
    return qs_fail_memory(context, "solving early exercise");
  }
  qs_moment *const rows[QS_EARLY_LEVELS] = {*moments, *moments + quantities,
                                            *moments + 2 * (size_t)quantities};
  qs_early_extrapolate(simulation, rows, stride, quantities, error);
  for (uint32_t b = 0; b < batches; b++) {
    memcpy(first + (size_t)b * quantities, *moments + b * stride, quantities * sizeof *first);
  }
  *moments = first;
  unit->payoff_count = 1;
  plan->bounds.greek_error = error;
  return QS_OK;
}
