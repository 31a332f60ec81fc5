/* Running formulas over several underlyings: their values by leg, and under shocks. */
#include <math.h>
#include <string.h>

#include "host/engine/joint_correlation.h"
#include "host/engine/scheduler.h"

/* The plans of a list of moments or markets and their moments. */
typedef struct batch_of_plans {
  qs_joint_plan *plans;
  qs_moment **moments; /* null: settled */
  size_t count;
} batch_of_plans;

static qs_status run_plans(qs_context *context, qs_arena *arena, qs_devices *devices, const char *stage,
                           const qs_simulation *simulation, bool bounds, batch_of_plans *batch) {
  qs_joint_unit *units = QS_NEW(arena, batch->count, qs_joint_unit);
  qs_moment **places = QS_NEW(arena, batch->count, qs_moment *);
  if (!units || !places) {
    return qs_fail_memory(context, "valuing formulas over several underlyings");
  }
  size_t listed = 0;
  for (size_t i = 0; i < batch->count; i++) {
    if (batch->plans[i].settled) {
      continue;
    }
    qs_joint_plan *plan = &batch->plans[i];
    qs_status status =
        plan->policy ? qs_early_joint_plan_solve(context, arena, devices, bounds, plan) : QS_OK;
    batch->moments[i] = status ? NULL : QS_NEW(arena, qs_joint_unit_moments(&plan->unit), qs_moment);
    if (!status && !batch->moments[i]) {
      status = qs_fail_memory(context, "valuing formulas over several underlyings");
    }
    if (!status && plan->exercised) {
      status = qs_early_joint_known(context, arena, plan, batch->moments[i]);
    }
    if (status) {
      return status;
    }
    if (!plan->exercised) {
      units[listed] = plan->unit;
      places[listed++] = batch->moments[i];
    }
  }
  qs_status status = qs_schedule_joint(context, devices, stage, units, listed, NULL, places);
  for (size_t i = 0; !status && i < batch->count; i++) {
    status = qs_early_joint_extrapolate(context, arena, simulation, &batch->plans[i], &batch->moments[i]);
  }
  return status;
}

static qs_status make_batch(qs_context *context, qs_arena *arena, size_t count, batch_of_plans *batch) {
  *batch = (batch_of_plans){QS_NEW(arena, count, qs_joint_plan), QS_NEW(arena, count, qs_moment *), count};
  return batch->plans && batch->moments
             ? QS_OK
             : qs_fail_memory(context, "valuing formulas over several underlyings");
}

static qs_moment per_unit(qs_moment moment, double forward) {
  return (qs_moment){moment.mean / forward, moment.m2 / (forward * forward)};
}

/* A leg's part of the unit's moments, laid out as a path unit's, per unit of its own forward. */
static qs_status lay_leg(qs_context *context, qs_arena *arena, const qs_joint_plan *plan,
                         const qs_moment *moments, uint32_t leg, bool greeks, qs_joint_leg *to) {
  const qs_joint_unit *unit = &plan->unit;
  const uint32_t from = qs_joint_unit_quantities(unit), batches = unit->batch_end;
  const uint32_t asset = greeks ? qs_joint_asset_quantity(unit, leg) : 0;
  const uint32_t parameters = greeks ? qs_joint_asset_quantity(unit, leg + 1) - asset - 2 : 0;
  to->quantities = greeks ? QS_PATH_PARAMETERS + parameters : 1;
  qs_moment *now = QS_NEW(arena, (size_t)batches * to->quantities, qs_moment);
  double *error = plan->bounds.greek_error ? QS_NEW(arena, to->quantities, double) : NULL;
  if (!now || (plan->bounds.greek_error && !error)) {
    return qs_fail_memory(context, "valuing formulas over several underlyings");
  }
  const double forward = plan->forward[leg];
  for (uint32_t b = 0; b < batches; b++) {
    const qs_moment *row = moments + (size_t)b * from;
    qs_moment *out = now + (size_t)b * to->quantities;
    out[QS_PATH_PRICE] = leg ? (qs_moment){0, 0} : per_unit(row[0], forward);
    for (uint32_t q = 0; greeks && q < parameters + 3; q++) {
      static const uint32_t fixed[] = {QS_PATH_DELTA, QS_PATH_CARRY};
      const uint32_t at = q < 2 ? fixed[q] : q < parameters + 2 ? QS_PATH_PARAMETERS + q - 2 : QS_PATH_GAMMA;
      const uint32_t source = q < parameters + 2 ? asset + q : qs_joint_pair_quantity(unit, leg, leg);
      out[at] = per_unit(row[source], forward);
      if (error) {
        error[at] = plan->bounds.greek_error[source] / forward;
      }
    }
  }
  to->greek_error = error;
  to->now = now;
  return QS_OK;
}

/* Adds to d_rho what moves with it where the given correlations are held. The sum's spread is that of the
 * batches' means. */
static qs_status hold_correlations(qs_context *context, qs_arena *arena, const qs_valuation *v,
                                   const qs_joint_terms *terms, const qs_joint_plan *plan,
                                   const qs_moment *moments, uint32_t leg, qs_joint_leg *to) {
  const uint32_t from = qs_joint_unit_quantities(&plan->unit), batches = plan->unit.batch_end;
  const uint32_t rho = QS_PATH_PARAMETERS + 4; /* v0 kappa theta xi rho */
  double *means = QS_NEW(arena, batches, double);
  qs_moment *now = to->now;
  if (!means) {
    return qs_fail_memory(context, "valuing formulas over several underlyings");
  }
  for (uint32_t b = 0; b < batches; b++) {
    const qs_moment *row = moments + (size_t)b * from;
    means[b] = now[(size_t)b * to->quantities + rho].mean +
               qs_joint_rho_slope(v->market, terms, plan, row, leg) / plan->forward[leg];
  }
  const qs_estimate all = qs_batch_estimate(&v->simulation, means);
  const double one = all.std_error * all.std_error * (double)v->simulation.paths;
  for (uint32_t b = 0; b < batches; b++) {
    now[(size_t)b * to->quantities + rho] = (qs_moment){means[b], one * qs_batch_paths(&v->simulation, b)};
  }
  return QS_OK;
}

static bool is_first(const qs_contract *contract) {
  return contract->joint && contract->leg == 0;
}

/* The legs of the trade whose first contract is `index`, from its plans now and a day later. */
static qs_status fill_legs(qs_context *context, qs_arena *arena, const qs_valuation *v, size_t index,
                           const batch_of_plans *batch, size_t plan, qs_joint_leg *legs) {
  const qs_joint_terms *terms = v->contracts[index].joint;
  qs_status status = QS_OK;
  for (uint32_t leg = 0; !status && leg < terms->asset_count; leg++) {
    qs_joint_leg *to = &legs[index + leg];
    status = lay_leg(context, arena, &batch->plans[plan], batch->moments[plan], leg, v->greeks, to);
    to->plan = &batch->plans[plan];
    to->moments = batch->moments[plan];
    if (!status && v->greeks && !isnan(batch->plans[plan].joint.drivers.rho[leg]) && terms->asset_count > 1) {
      status = hold_correlations(context, arena, v, terms, to->plan, to->moments, leg, to);
    }
  }
  if (!status && batch->plans[plan].bounds.present) {
    legs[index].bounds = &batch->plans[plan].bounds;
    qs_early_replace(legs[index].bounds, &v->simulation, legs[index].now, legs[index].quantities);
  }
  if (!status && v->greeks) {
    const qs_joint_plan *later = &batch->plans[plan + 1];
    legs[index].known_later = later->settled ? later->known / later->forward[0] : 0;
    qs_joint_leg tomorrow = {0};
    status = later->settled ? QS_OK
                            : lay_leg(context, arena, later, batch->moments[plan + 1], 0, false, &tomorrow);
    legs[index].later = tomorrow.now;
    if (!status && later->bounds.present) {
      qs_early_replace(&later->bounds, &v->simulation, tomorrow.now, 1);
    }
  }
  return status;
}

qs_status qs_joint_value(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_valuation *v,
                         const qs_joint_leg **legs) {
  static const double no_shifts[QS_MAX_JOINT] = {0};
  const size_t each = v->greeks ? 2 : 1;
  size_t trades = 0, listed = 0;
  for (size_t i = 0; i < v->count; i++) {
    trades += is_first(&v->contracts[i]);
  }
  *legs = NULL;
  if (!trades) {
    return QS_OK;
  }
  batch_of_plans batch = {0};
  qs_joint_leg *made = QS_NEW(arena, v->count, qs_joint_leg);
  qs_status status = made ? make_batch(context, arena, each * trades, &batch)
                          : qs_fail_memory(context, "valuing formulas over several underlyings");
  for (size_t i = 0; !status && i < v->count; i++) {
    for (size_t later = 0; !status && is_first(&v->contracts[i]) && later < each; later++) {
      status = qs_joint_plan_build(context, arena, v->market, v->contracts[i].joint, &v->simulation, NULL,
                                   no_shifts, 1, later == 1, v->greeks && !later, &batch.plans[listed++]);
    }
  }
  status = status ? status : run_plans(context, arena, devices, "formulas", &v->simulation, true, &batch);
  listed = 0;
  for (size_t i = 0; !status && i < v->count; i++) {
    if (is_first(&v->contracts[i])) {
      status = fill_legs(context, arena, v, i, &batch, listed, made);
      listed += each;
    }
  }
  *legs = made;
  return status;
}

/* ---- under shocks ---- */

static bool same_market(const qs_joint_terms *terms, const qs_shock *a, const qs_shock *b) {
  for (size_t k = 0; k < terms->asset_count; k++) {
    const int u = terms->underlyings[k];
    if (a[u].correlation_add != b[u].correlation_add || !qs_shock_same_paths(&a[u], &b[u], false)) {
      return false;
    }
  }
  return true;
}

/* The units of one trade over all cells: cells that share paths share a unit, each with a shift of its own.
 */
static qs_status plan_cells(qs_context *context, qs_arena *arena, const qs_market *market,
                            const qs_contract *contract, const qs_simulation *simulation,
                            const qs_shock *shocks, size_t cells, batch_of_plans *batch, uint32_t *unit_of,
                            uint32_t *shift_of) {
  const size_t underlyings = market->underlying_count, n = contract->joint->asset_count;
  bool *planned = QS_NEW(arena, cells, bool);
  double *shifts = QS_NEW(arena, cells * n, double);
  if (!planned || !shifts) {
    return qs_fail_memory(context, "planning scenarios");
  }
  for (size_t head = 0; head < cells; head++) {
    if (planned[head]) {
      continue;
    }
    uint32_t used = 0;
    for (size_t c = head; c < cells; c++) {
      const qs_shock *mine = shocks + c * underlyings;
      const bool alone = contract->joint->early && c != head; /* each shock has a policy of its own */
      if (planned[c] || alone || !same_market(contract->joint, shocks + head * underlyings, mine)) {
        continue;
      }
      for (size_t a = 0; a < n; a++) {
        shifts[used * n + a] = mine[contract->joint->underlyings[a]].log_spot;
      }
      planned[c] = true;
      unit_of[c] = (uint32_t)batch->count;
      shift_of[c] = used++;
    }
    qs_status status =
        qs_joint_plan_build(context, arena, market, contract->joint, simulation, shocks + head * underlyings,
                            shifts, used, false, false, &batch->plans[batch->count++]);
    if (status) {
      return status;
    }
    shifts += used * n;
  }
  return QS_OK;
}

static qs_status revalue_trade(qs_context *context, qs_arena *arena, qs_devices *devices,
                               const qs_market *market, const qs_contract *contract,
                               const qs_simulation *simulation, const qs_shock *shocks, size_t cells,
                               double *prices) {
  batch_of_plans batch = {0};
  uint32_t *unit_of = QS_NEW(arena, cells, uint32_t), *shift_of = QS_NEW(arena, cells, uint32_t);
  qs_status status = unit_of && shift_of ? make_batch(context, arena, cells, &batch)
                                         : qs_fail_memory(context, "planning scenarios");
  if (status) {
    return status;
  }
  batch.count = 0;
  status = plan_cells(context, arena, market, contract, simulation, shocks, cells, &batch, unit_of, shift_of);
  status = status ? status : run_plans(context, arena, devices, "stress", simulation, false, &batch);
  for (size_t c = 0; !status && c < cells; c++) {
    const qs_joint_unit *unit = &batch.plans[unit_of[c]].unit;
    for (uint32_t b = 0; b < simulation->batches; b++) {
      prices[c * simulation->batches + b] =
          batch.moments[unit_of[c]][(size_t)b * unit->shift_count + shift_of[c]].mean;
    }
  }
  return status;
}

qs_status qs_joint_revalue(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           const qs_shock *shocks, size_t cells, double **prices) {
  qs_status status = QS_OK;
  for (size_t i = 0; !status && i < count; i++) {
    prices[i] = is_first(&contracts[i]) ? QS_NEW(arena, cells * simulation->batches, double) : NULL;
    if (!is_first(&contracts[i])) {
      continue;
    }
    status = prices[i] ? revalue_trade(context, arena, devices, market, &contracts[i], simulation, shocks,
                                       cells, prices[i])
                       : qs_fail_memory(context, "revaluing scenarios");
  }
  return status;
}
