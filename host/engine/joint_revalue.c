/* Formulas over several underlyings under shocks. */
#include <string.h>

#include "host/engine/joint_group.h"
#include "host/engine/joint_set.h"
#include "host/engine/scheduler.h"

/* Most formulas that share a unit: what bounds its moments. */
enum { MOST_MEMBERS = 256 };

/* What revalues a group of formulas that share paths. */
typedef struct revaluer {
  qs_context *context;
  qs_arena *arena; /* the group's */
  qs_devices *devices;
  const qs_market *market;
  const qs_simulation *simulation;
  const qs_shock *shocks; /* [cell][underlying] */
  size_t cells;
  const qs_joint_member *members;
  size_t count;
  qs_joint_unit *units; /* [cells], unit_count of them used */
  qs_moment **moments;
  bool *known; /* its moments are there */
  size_t unit_count;
  uint32_t *unit_of, *shift_of; /* [cell] */
} revaluer;

static qs_status no_memory(qs_context *context) {
  return qs_fail_memory(context, "revaluing scenarios");
}

static bool same_market(const qs_joint_terms *terms, const qs_shock *a, const qs_shock *b) {
  for (size_t k = 0; k < terms->asset_count; k++) {
    const int u = terms->underlyings[k];
    if (a[u].correlation_add != b[u].correlation_add || !qs_shock_same_paths(&a[u], &b[u], false)) {
      return false;
    }
  }
  return true;
}

/* The group's unit in one market. */
static qs_status plan_unit(revaluer *r, const qs_shock *shocks, const double *shifts, uint32_t shift_count) {
  qs_joint_plan *plans = QS_NEW(r->arena, r->count, qs_joint_plan);
  qs_joint_payoff *payoffs = QS_NEW(r->arena, r->count, qs_joint_payoff);
  qs_joint_unit *unit = &r->units[r->unit_count];
  if (!plans || !payoffs) {
    return no_memory(r->context);
  }
  for (size_t i = 0; i < r->count; i++) {
    qs_status status =
        qs_joint_plan_build(r->context, r->arena, r->market, r->members[i].terms, r->simulation, shocks,
                            shifts, shift_count, false, false, i ? plans : NULL, &plans[i]);
    status = status || !plans[i].policy
                 ? status
                 : qs_early_joint_plan_solve(r->context, r->arena, r->devices, false, &plans[i]);
    if (status) {
      return status;
    }
    payoffs[i] = plans[i].unit.payoffs[0];
  }
  *unit = plans[0].unit;
  unit->payoffs = payoffs;
  unit->payoff_count = (uint32_t)r->count;
  qs_moment *moments = QS_NEW(r->arena, qs_joint_unit_moments(unit), qs_moment);
  r->moments[r->unit_count] = moments;
  if (!moments) {
    return no_memory(r->context);
  }
  if (plans[0].exercised) { /* at once: its moments are known, and the unit need not run */
    r->known[r->unit_count++] = true;
    return qs_early_joint_known(r->context, r->arena, &plans[0], moments);
  }
  r->unit_count++;
  return QS_OK;
}

/* The units of the group over all cells: cells that share paths share a unit, each with a shift of its own.
 */
static qs_status plan_cells(revaluer *r) {
  const qs_joint_terms *terms = r->members[0].terms;
  const size_t underlyings = r->market->underlying_count, n = terms->asset_count;
  bool *planned = QS_NEW(r->arena, r->cells, bool);
  double *shifts = QS_NEW(r->arena, r->cells * n, double);
  if (!planned || !shifts) {
    return no_memory(r->context);
  }
  for (size_t head = 0; head < r->cells; head++) {
    if (planned[head]) {
      continue;
    }
    uint32_t used = 0;
    for (size_t c = head; c < r->cells; c++) {
      const qs_shock *mine = r->shocks + c * underlyings;
      const bool alone = terms->early && c != head; /* each shock has a policy of its own */
      if (planned[c] || alone || !same_market(terms, r->shocks + head * underlyings, mine)) {
        continue;
      }
      for (size_t a = 0; a < n; a++) {
        shifts[used * n + a] = mine[terms->underlyings[a]].log_spot;
      }
      planned[c] = true;
      r->unit_of[c] = (uint32_t)r->unit_count;
      r->shift_of[c] = used++;
    }
    qs_status status = plan_unit(r, r->shocks + head * underlyings, shifts, used);
    if (status) {
      return status;
    }
    shifts += used * n;
  }
  return QS_OK;
}

/* Runs the units whose moments are not known. */
static qs_status run_units(const revaluer *r) {
  qs_joint_unit *units = QS_NEW(r->arena, r->unit_count, qs_joint_unit);
  qs_moment **places = QS_NEW(r->arena, r->unit_count, qs_moment *);
  size_t listed = 0;
  for (size_t k = 0; units && places && k < r->unit_count; k++) {
    if (!r->known[k]) {
      units[listed] = r->units[k];
      places[listed++] = r->moments[k];
    }
  }
  return units && places ? qs_schedule_joint(r->context, r->devices, "stress", units, listed, NULL, places)
                         : no_memory(r->context);
}

/* prices[index of member][cell * batches + batch] */
static qs_status revalue_group(revaluer *r, double *const *prices) {
  const uint32_t batches = r->simulation->batches;
  r->units = QS_NEW(r->arena, r->cells, qs_joint_unit);
  r->moments = QS_NEW(r->arena, r->cells, qs_moment *);
  r->unit_of = QS_NEW(r->arena, r->cells, uint32_t);
  r->shift_of = QS_NEW(r->arena, r->cells, uint32_t);
  r->known = QS_NEW(r->arena, r->cells, bool);
  qs_status status =
      r->units && r->moments && r->unit_of && r->shift_of && r->known ? plan_cells(r) : no_memory(r->context);
  status = status ? status : run_units(r);
  for (size_t c = 0; !status && c < r->cells; c++) {
    const qs_joint_unit *unit = &r->units[r->unit_of[c]];
    const qs_moment *moments = r->moments[r->unit_of[c]] + r->shift_of[c] * r->count;
    for (size_t i = 0; i < r->count; i++) {
      double *to = prices[r->members[i].index] + c * batches;
      for (uint32_t b = 0; b < batches; b++) {
        to[b] = moments[b * unit->shift_count * r->count + i].mean;
      }
    }
  }
  return status;
}

/* The first legs among the contracts, with room for their prices. */
static qs_status list_members(qs_context *context, qs_arena *arena, const qs_contract *contracts,
                              size_t count, size_t prices_each, qs_joint_member *members, size_t *listed,
                              double **prices) {
  for (size_t i = 0; i < count; i++) {
    const qs_joint_terms *terms = contracts[i].leg ? NULL : contracts[i].joint;
    prices[i] = terms ? QS_NEW(arena, prices_each, double) : NULL;
    if (terms && !prices[i]) {
      return no_memory(context);
    }
    if (terms) {
      members[(*listed)++] = (qs_joint_member){terms, terms->as_of, i, 0};
    }
  }
  return QS_OK;
}

qs_status qs_joint_revalue(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           const qs_shock *shocks, size_t cells, double **prices) {
  size_t listed = 0;
  qs_joint_member *members = QS_NEW(arena, count, qs_joint_member);
  qs_status status = members ? list_members(context, arena, contracts, count, cells * simulation->batches,
                                            members, &listed, prices)
                             : no_memory(context);
  if (!status) {
    qs_joint_members_sort(members, listed);
  }
  for (size_t begin = 0, end = 0; !status && begin < listed; begin = end) {
    end = qs_joint_group_end(members, listed, begin, MOST_MEMBERS);
    qs_arena *own = qs_arena_create(context);
    revaluer r = {.context = context,
                  .arena = own,
                  .devices = devices,
                  .market = market,
                  .simulation = simulation,
                  .shocks = shocks,
                  .cells = cells,
                  .members = members + begin,
                  .count = end - begin};
    status = own ? revalue_group(&r, prices) : no_memory(context);
    qs_arena_destroy(own);
  }
  return status;
}
