/* States of several underlyings at the dates of exercise, from the start or from a date on. */
#include <math.h>

#include "host/engine/early_joint_state.h"
#include "host/engine/early_state.h"
#include "host/engine/scheduler.h"

static const char stage[] = "exercise";

bool qs_early_joint_allowed(const qs_early_joint *e, uint32_t level, uint32_t date) {
  return (e->dates - 1 - date) % (1u << level) == 0;
}

uint32_t qs_early_joint_before(const qs_early_joint *e, uint32_t level, uint32_t date) {
  (void)e;
  return date >= 1u << level ? date + 1 - (1u << level) : 0;
}

bool qs_early_states_make(qs_arena *arena, const qs_early_joint *e, size_t paths, qs_early_states *states) {
  bool good = true;
  for (uint32_t a = 0; good && a < e->assets; a++) {
    states->x[a] = QS_NEW(arena, paths, double);
    states->v[a] = QS_NEW(arena, paths, double);
    good = states->x[a] && states->v[a];
  }
  return good;
}

/* The unit of one underlying, its dates and paths to be filled: the law of a joint unit's. */
static qs_horizon_unit unit_of(const qs_early_joint *e, uint32_t a, const uint64_t *keys) {
  static const double none[QS_MAX_JOINT] = {0};
  const qs_joint_asset *asset = &e->unit->assets[a];
  qs_horizon_unit unit = {.path = asset->path,
                          .keys = keys,
                          .weights = asset->loadings,
                          .key_count = e->assets,
                          .precision = e->unit->precision};
  unit.path.key = keys[a];
  unit.path.sampling = QS_SAMPLING_PSEUDO;
  if (e->assets > 1 && asset->variance) {
    unit.variance = asset->variance;
    unit.cross = asset->cross ? asset->cross : none;
  }
  if (asset->path.common > 0) { /* the streams' own, as their normals are */
    unit.common_key = asset->common_key ^ keys[0];
    unit.common_sizes = asset->common_sizes;
  }
  return unit;
}

qs_status qs_early_joint_simulate(const qs_early_joint *e, const uint64_t *keys, uint64_t begin,
                                  uint64_t count, const qs_early_states *states) {
  qs_horizon_unit units[QS_MAX_JOINT];
  qs_arena *arena = qs_arena_create(e->context);
  qs_date *dates = arena ? QS_NEW(arena, e->dates, qs_date) : NULL;
  if (!dates) {
    qs_arena_destroy(arena);
    return qs_fail_memory(e->context, "simulating early exercise");
  }
  for (uint32_t d = 0; d < e->dates; d++) {
    dates[d].main_steps = e->unit->dates[d];
  }
  for (uint32_t a = 0; a < e->assets; a++) {
    units[a] = unit_of(e, a, keys);
    units[a].path.dates = dates;
    units[a].path.date_count = e->dates;
    units[a].path_begin = begin;
    units[a].path_end = begin + count;
  }
  qs_status status =
      qs_schedule_horizon_shared(e->context, e->devices, stage, units, e->assets, states->x, states->v);
  qs_arena_destroy(arena);
  for (uint32_t a = 0; !status && a < e->assets; a++) {
    for (size_t i = 0; i < e->dates * count; i++) {
      states->x[a][i] += e->unit->shifts[a];
    }
  }
  return status;
}

qs_status qs_early_joint_onwards(const qs_early_joint *e, uint32_t date, const qs_early_states *from,
                                 uint64_t first, uint64_t count, uint64_t each, const qs_early_states *to) {
  const uint32_t begin = e->unit->dates[date - 1];
  const qs_date end = {e->unit->dates[date] - begin, {0, 0, 0, 0}};
  qs_horizon_unit units[QS_MAX_JOINT];
  for (uint32_t a = 0; a < e->assets; a++) {
    qs_horizon_unit *unit = &units[a];
    *unit = unit_of(e, a, e->task->keys.nested);
    const uint32_t left = unit->path.step_count - begin;
    unit->path.steps += begin;
    unit->path.step_count = end.main_steps < left ? end.main_steps + 1 : left;
    unit->path.dates = &end;
    unit->path.date_count = 1;
    unit->path_begin = first * each;
    unit->path_end = (first + count) * each;
    unit->starts = from->v[a];
    unit->start_count = (uint32_t)(first + count);
    unit->start_paths = each;
  }
  return qs_schedule_horizon_shared(e->context, e->devices, stage, units, e->assets, to->x, to->v);
}

void qs_early_joint_means(const qs_early_joint *e, uint32_t before, uint32_t date, qs_early_mean *means) {
  const double years = e->unit->years[date] - (before ? e->unit->years[before - 1] : 0);
  for (uint32_t a = 0; a < e->assets; a++) {
    const qs_path_plan *path = &e->unit->assets[a].path;
    means[a] = (qs_early_mean){0, NAN};
    if (e->random[a]) {
      const double low = qs_early_mean_variance(path, years, 0);
      means[a] = (qs_early_mean){low, qs_early_mean_variance(path, years, 1) - low};
    }
  }
}
