/* What makes a unit of early exercise's regression runnable. */
#include <math.h>

#include "kernels/refuse.h"
#include "kernels/table.h"

static bool in_lanes(uint64_t paths) {
  return paths && paths % QS_REGRESSION_LANES == 0;
}

static const char *range_problem(const qs_regression_unit *unit) {
  if (!in_lanes(unit->stride) || !in_lanes(unit->chunk_paths) || unit->path_begin >= unit->path_end ||
      unit->path_end > unit->stride || unit->path_begin % QS_REGRESSION_LANES ||
      unit->path_end % QS_REGRESSION_LANES) {
    return "paths must be whole blocks of lanes";
  }
  return unit->task == QS_REGRESSION_SUM &&
                 (unit->path_begin % unit->chunk_paths || unit->path_end % unit->chunk_paths)
             ? "sums need whole chunks"
             : NULL;
}

static const char *counts_problem(const qs_regression_unit *unit) {
  const qs_regression_counts *n = &unit->counts;
  if (!n->assets || n->assets > QS_MAX_JOINT || n->random >> n->assets || !unit->assets || !unit->policy) {
    return "there must be 1 to 16 underlyings, and a policy";
  }
  if (n->terms != unit->policy->terms || unit->policy->terms > QS_POLICY_TERMS ||
      unit->policy->moves > QS_POLICY_MOVES || n->features != qs_policy_features(unit->policy, n->assets) ||
      n->growth_terms > n->terms || n->variance_terms > n->terms) {
    return "columns must be those of the policy";
  }
  return qs_policy_sound(unit->policy, n->assets, 1)
             ? NULL
             : "a policy must be finite, of terms and variables that it has";
}

static const char *assets_problem(const qs_regression_unit *unit) {
  const bool ends = unit->task == QS_REGRESSION_END;
  for (uint32_t a = 0; a < unit->counts.assets; a++) {
    const qs_regression_asset *asset = &unit->assets[a];
    const bool before = asset->x_before && asset->v_before, none = !asset->x_before && !asset->v_before;
    if (!asset->x || !asset->v || (!before && !none) || none != !unit->assets[0].x_before) {
      return "every underlying needs states at the interval's end, and all or none at its beginning";
    }
    if (!(asset->forward > 0.0 && isfinite(asset->forward))) {
      return "forwards must be positive";
    }
    const bool started = before || (isfinite(asset->x_start) && isfinite(asset->v_start));
    if (!ends && (!started || (asset->known && !(isfinite(asset->constant) && isfinite(asset->slope))))) {
      return "the start and what is known of a variance's mean must be finite";
    }
  }
  return NULL;
}

static const char *formula_problem(const qs_regression_unit *unit) {
  if (!unit->program || !unit->observed_asset || !qs_script_valid(unit->program)) {
    return "a program must be valid and say what it observes";
  }
  for (uint32_t o = 0; o < unit->program->observation_count; o++) {
    if (unit->observed_asset[o] >= unit->counts.assets) {
      return "a formula must observe the unit's underlyings";
    }
  }
  return NULL;
}

static const char *task_problem(const qs_regression_unit *unit) {
  if ((unsigned)unit->task > QS_REGRESSION_EARN) {
    return "there is no such task";
  }
  if (unit->task == QS_REGRESSION_END) {
    return NULL;
  }
  if (!unit->earned) {
    return "what is earned later must be there";
  }
  const uint32_t controls = qs_regression_controls(&unit->counts);
  bool whole = unit->task == QS_REGRESSION_SUM ||
               (unit->control && unit->blend >= 0.0 && unit->blend <= 1.0 && unit->assets[0].x_before);
  for (uint32_t k = 0; whole && unit->task == QS_REGRESSION_EARN && k < controls; k++) {
    whole = isfinite(unit->control[k]);
  }
  return whole ? NULL : "exercise needs a state, finite controls, and a blend within 0 and 1";
}

qs_status qs_regression_unit_check(const qs_regression_unit *unit, char *message) {
  const char *problem = range_problem(unit);
  problem = problem ? problem : counts_problem(unit);
  problem = problem ? problem : assets_problem(unit);
  problem = problem ? problem : formula_problem(unit);
  problem = problem ? problem : task_problem(unit);
  return problem ? refuse(message, QS_ERROR_INPUT, "regression: %s", problem) : QS_OK;
}
