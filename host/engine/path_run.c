/* Valuing the units of path sets, with the policies and the bounds of what is exercised early. */
#include <string.h>

#include "host/engine/path_set.h"
#include "host/engine/scheduler.h"
#include "host/engine/work_store.h"

qs_status qs_path_units_room(qs_context *context, qs_arena *arena, qs_path_units *units) {
  units->moments = QS_NEW(arena, units->count, qs_moment *);
  if (!units->moments) {
    return qs_fail_memory(context, "valuing payoffs along paths");
  }
  for (uint32_t k = 0; k < units->count; k++) {
    units->moments[k] = QS_NEW(arena, qs_path_unit_moments(&units->units[k]), qs_moment);
    if (!units->moments[k]) {
      return qs_fail_memory(context, "valuing payoffs along paths");
    }
  }
  return QS_OK;
}

/* The unit's payoffs in memory of its own, to be given policies, with room for `more`; null when memory is
 * out.
 */
static qs_path_payoff_plan *own_payoffs(qs_arena *arena, uint32_t more, qs_path_unit *unit) {
  qs_path_payoff_plan *plans = QS_NEW(arena, unit->payoff_count + more, qs_path_payoff_plan);
  if (plans) {
    memcpy(plans, unit->payoffs, unit->payoff_count * sizeof *plans);
    unit->payoffs = plans;
  }
  return plans;
}

/* Whether a payoff's Greeks are extrapolated, from payoffs that stand after those of the set. */
static bool extrapolates(const qs_path_units *units, const qs_path_unit *unit, uint32_t payoff) {
  return units->bounds && unit->greeks && qs_early_extrapolated(&unit->payoffs[payoff]);
}

/* How many payoffs with fewer dates the unit will have. */
static uint32_t fewer_of(const qs_path_units *units, const qs_path_unit *unit) {
  uint32_t count = 0;
  for (uint32_t p = 0; p < unit->payoff_count; p++) {
    count += extrapolates(units, unit, p) ? QS_EARLY_LEVELS - 1 : 0;
  }
  return count;
}

static bool has_early(const qs_path_unit *unit) {
  uint32_t p = 0;
  while (p < unit->payoff_count && unit->payoffs[p].payoff != QS_PATH_EARLY) {
    p++;
  }
  return p < unit->payoff_count;
}

/* Solves payoff p of the set, whose unit is `unit` with the payoffs `plans`. */
static qs_status solve_payoff(qs_context *context, qs_arena *arena, qs_devices *devices, qs_path_units *units,
                              uint32_t p, qs_path_unit *unit, qs_path_payoff_plan *plans) {
  const uint32_t payoff = units->places[p].payoff, next = unit->payoff_count;
  const bool more = extrapolates(units, unit, payoff);
  qs_status status = qs_early_solve(context, arena, devices, unit, &units->early_keys, &plans[payoff],
                                    more ? plans + next : NULL, units->bounds ? &units->bounds[p] : NULL);
  if (!status && more) {
    unit->payoff_count += QS_EARLY_LEVELS - 1;
    units->bounds[p].fewer = next;
    double *error = QS_NEW(arena, qs_path_unit_quantities(unit), double);
    units->bounds[p].greek_error = error;
    status = error ? QS_OK : qs_fail_memory(context, "solving early exercise");
  }
  return status;
}

/* Whether the set's payoff p is exercised early. */
static bool is_early(const qs_path_units *units, uint32_t p) {
  const qs_path_place *at = &units->places[p];
  return at->unit != QS_NO_PAYOFF && units->units[at->unit].payoffs[at->payoff].payoff == QS_PATH_EARLY;
}

/* Solves payoff p of the set for the store. */
static qs_status solve_for_store(qs_context *context, qs_devices *devices, const qs_path_units *units,
                                 uint32_t p) {
  const qs_path_place *at = &units->places[p];
  const qs_path_unit *unit = &units->units[at->unit];
  qs_path_payoff_plan plan = unit->payoffs[at->payoff], fewer[QS_EARLY_LEVELS - 1];
  qs_early_bounds bounds = {0};
  qs_arena *arena = qs_arena_create(context);
  qs_status status = arena ? qs_early_solve(context, arena, devices, unit, &units->early_keys, &plan,
                                            extrapolates(units, unit, at->payoff) ? fewer : NULL,
                                            units->bounds ? &bounds : NULL)
                           : qs_fail_memory(context, "solving early exercise");
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_path_units_solve_shared(qs_context *context, qs_devices *devices,
                                     const qs_path_units *const *sets, size_t count) {
  const qs_work_store *store = context->store;
  if (!store || !store->gather || store->ranks < 2) {
    return QS_OK;
  }
  qs_status status = QS_OK;
  size_t number = 0;
  for (size_t i = 0; i < count; i++) {
    for (uint32_t p = 0; p < sets[i]->payoff_count; p++) {
      if (is_early(sets[i], p) && number++ % store->ranks == store->rank && !status) {
        status = solve_for_store(context, devices, sets[i], p);
      }
    }
  }
  return number ? qs_store_exchange(context, status) : status;
}

qs_status qs_path_units_solve(qs_context *context, qs_arena *arena, qs_devices *devices,
                              qs_path_units *units) {
  qs_path_unit *made = QS_NEW(arena, units->count, qs_path_unit);
  qs_path_payoff_plan **plans = QS_NEW(arena, units->count, qs_path_payoff_plan *);
  if (!made || !plans) {
    return qs_fail_memory(context, "solving early exercise");
  }
  for (uint32_t k = 0; k < units->count; k++) {
    made[k] = units->units[k];
    if (has_early(&made[k]) && !(plans[k] = own_payoffs(arena, fewer_of(units, &made[k]), &made[k]))) {
      return qs_fail_memory(context, "solving early exercise");
    }
  }
  qs_status status = QS_OK;
  for (uint32_t p = 0; !status && p < units->payoff_count; p++) {
    const qs_path_place *at = &units->places[p];
    if (is_early(units, p)) {
      status = solve_payoff(context, arena, devices, units, p, &made[at->unit], plans[at->unit]);
    }
  }
  units->units = made;
  return status;
}

bool qs_path_unit_bounded(const qs_path_units *units, uint32_t k) {
  const qs_path_unit *unit = &units->units[k];
  bool all = units->bounds && !unit->greeks;
  for (uint32_t p = 0; all && p < unit->payoff_count; p++) {
    all = unit->payoffs[p].payoff == QS_PATH_EARLY;
  }
  return all;
}

void qs_path_units_replace(const qs_path_units *units, const qs_simulation *simulation) {
  for (uint32_t p = 0; units->bounds && p < units->payoff_count; p++) {
    if (units->bounds[p].present) {
      const qs_path_place *at = &units->places[p];
      const qs_path_unit *unit = &units->units[at->unit];
      size_t quantities = qs_path_unit_quantities(unit);
      qs_moment *moments = units->moments[at->unit], *own = moments + at->payoff * quantities;
      qs_early_replace(&units->bounds[p], simulation, own, unit->payoff_count * quantities);
      if (units->bounds[p].greek_error) {
        qs_moment *fewer = moments + units->bounds[p].fewer * quantities;
        qs_moment *const rows[QS_EARLY_LEVELS] = {own, fewer, fewer + quantities};
        qs_early_extrapolate(simulation, rows, unit->payoff_count * quantities, (uint32_t)quantities,
                             units->bounds[p].greek_error);
      }
    }
  }
}

qs_status qs_path_units_run(qs_context *context, qs_arena *arena, qs_devices *devices, const char *stage,
                            qs_path_units *sets, size_t count) {
  size_t total = 0, listed = 0;
  const qs_path_units **list = QS_NEW(arena, count, const qs_path_units *);
  for (size_t i = 0; list && i < count; i++) {
    list[i] = &sets[i];
  }
  qs_status status = list ? qs_path_units_solve_shared(context, devices, list, count)
                          : qs_fail_memory(context, "valuing payoffs along paths");
  for (size_t i = 0; !status && i < count; i++) {
    total += sets[i].count;
    status = qs_path_units_solve(context, arena, devices, &sets[i]);
  }
  if (!total || status) {
    return status;
  }
  qs_path_unit *units = QS_NEW(arena, total, qs_path_unit);
  qs_moment **moments = QS_NEW(arena, total, qs_moment *);
  if (!units || !moments) {
    return qs_fail_memory(context, "valuing payoffs along paths");
  }
  for (size_t i = 0; i < count; i++) {
    for (uint32_t k = 0; k < sets[i].count; k++, listed++) {
      units[listed] = sets[i].units[k];
      moments[listed] = sets[i].moments[k];
    }
  }
  return qs_schedule_path(context, devices, stage, units, total, NULL, moments);
}
