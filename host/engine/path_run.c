/* Valuing the units of path sets, with the policies and the bounds of what is exercised early. */
#include <string.h>

#include "host/engine/path_set.h"
#include "host/engine/scheduler.h"

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

/* The unit's payoffs in memory of its own, to be given policies; null when memory is out. */
static qs_path_payoff_plan *own_payoffs(qs_arena *arena, qs_path_unit *unit) {
  qs_path_payoff_plan *plans = QS_NEW(arena, unit->payoff_count, qs_path_payoff_plan);
  if (plans) {
    memcpy(plans, unit->payoffs, unit->payoff_count * sizeof *plans);
    unit->payoffs = plans;
  }
  return plans;
}

static bool has_early(const qs_path_unit *unit) {
  uint32_t p = 0;
  while (p < unit->payoff_count && unit->payoffs[p].payoff != QS_PATH_EARLY) {
    p++;
  }
  return p < unit->payoff_count;
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
    if (has_early(&made[k]) && !(plans[k] = own_payoffs(arena, &made[k]))) {
      return qs_fail_memory(context, "solving early exercise");
    }
  }
  qs_status status = QS_OK;
  for (uint32_t p = 0; !status && p < units->payoff_count; p++) {
    const qs_path_place *at = &units->places[p];
    bool early = at->unit != QS_NO_PAYOFF && made[at->unit].payoffs[at->payoff].payoff == QS_PATH_EARLY;
    if (early) {
      status = qs_early_solve(context, arena, devices, &made[at->unit], &units->early_keys,
                              &plans[at->unit][at->payoff], units->bounds ? &units->bounds[p] : NULL);
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
      qs_early_replace(&units->bounds[p], simulation, units->moments[at->unit] + at->payoff * quantities,
                       unit->payoff_count * quantities);
    }
  }
}

qs_status qs_path_units_run(qs_context *context, qs_arena *arena, qs_devices *devices, const char *stage,
                            qs_path_units *sets, size_t count) {
  size_t total = 0, listed = 0;
  qs_status status = QS_OK;
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
