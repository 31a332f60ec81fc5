/* What makes a unit runnable: the checks of every kind of unit. */
#include <math.h>

#include "kernels/refuse.h"
#include "kernels/table.h"

/* Most paths of a run: the low word of a Philox counter. */
#define PATH_LIMIT ((uint64_t)1 << 32)

/* What value and path units have in common. */
static qs_status check_batches(qs_sampling sampling, uint64_t first, uint64_t paths, uint64_t batch,
                               uint32_t begin, uint32_t end, char *message) {
  if (!batch || batch % QS_LEAF_PATHS || !paths || paths % QS_LEAF_PATHS || paths > PATH_LIMIT ||
      first > PATH_LIMIT - paths) {
    return refuse(message, QS_ERROR_INPUT,
                  "%llu paths in batches of %llu: both must be positive multiples of %d, at most 2^32 paths",
                  (unsigned long long)paths, (unsigned long long)batch, QS_LEAF_PATHS);
  }
  if ((unsigned)sampling > QS_SAMPLING_ANTITHETIC ||
      first % (sampling == QS_SAMPLING_SOBOL ? 256 : QS_LEAF_PATHS)) {
    return refuse(message, QS_ERROR_INPUT, "sampling %d from %llu on", (int)sampling,
                  (unsigned long long)first);
  }
  const uint64_t batches = (paths + batch - 1) / batch;
  if (begin >= end || end > batches) {
    return refuse(message, QS_ERROR_INPUT, "batches [%u, %u) of %llu", begin, end,
                  (unsigned long long)batches);
  }
  return QS_OK;
}

static qs_status check_shifts(const double *shifts, uint32_t count, uint32_t payoffs, bool greeks,
                              char *message) {
  if (!payoffs || !count || !shifts || (greeks && count != 1)) {
    return refuse(message, QS_ERROR_INPUT, "%u payoffs under %u shifts, greeks %d", payoffs, count, greeks);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!(fabs(shifts[i]) <= 20.0)) {
      return refuse(message, QS_ERROR_INPUT, "shift %u is %g, beyond 20", i, shifts[i]);
    }
  }
  return QS_OK;
}

static qs_status refuse_common(const qs_path_plan *plan, char *message) {
  return plan->common == 0.0 ? QS_OK
                             : refuse(message, QS_ERROR_INPUT, "common jumps are for several underlyings");
}

qs_status qs_value_unit_check(const qs_value_unit *unit, char *message) {
  qs_status status = check_batches(unit->path.sampling, unit->first_path, unit->path_count, unit->batch_paths,
                                   unit->batch_begin, unit->batch_end, message);
  status = status ? status : refuse_common(&unit->path, message);
  if (!status) {
    status = check_shifts(unit->shifts, unit->shift_count, unit->payoffs ? unit->payoff_count : 0,
                          unit->greeks, message);
  }
  if (status) {
    return status;
  }
  for (uint32_t i = 0; i < unit->payoff_count; i++) {
    const qs_payoff_plan *p = unit->payoffs + i;
    if (p->date >= unit->path.date_count || (i && p->date < p[-1].date) ||
        (unsigned)p->payoff >= QS_PAYOFF_COUNT || !(p->log_strike <= 20.0)) {
      return refuse(message, QS_ERROR_INPUT, "payoff %u: date %u of %u, kind %d, ln(K/F) %g", i, p->date,
                    unit->path.date_count, (int)p->payoff, p->log_strike);
    }
  }
  return QS_OK;
}

/* Common jumps have sizes, of variance 1, and nothing else has. */
static bool common_holds(const qs_path_plan *plan, const double *sizes, uint32_t count) {
  double square = plan->common > 0.0 ? 0.0 : 1.0;
  for (uint32_t j = 0; sizes && plan->common > 0.0 && j < count; j++) {
    square += sizes[j] * sizes[j];
  }
  return fabs(square - 1.0) < 1e-6 && (plan->common > 0.0) == (sizes != NULL);
}

qs_status qs_horizon_unit_check(const qs_horizon_unit *unit, char *message) {
  if (unit->path_begin >= unit->path_end || unit->path_begin % QS_LEAF_PATHS ||
      unit->path_end % QS_LEAF_PATHS || unit->path_end > PATH_LIMIT) {
    return refuse(message, QS_ERROR_INPUT, "paths [%llu, %llu): multiples of %d, at most 2^32",
                  (unsigned long long)unit->path_begin, (unsigned long long)unit->path_end, QS_LEAF_PATHS);
  }
  if (unit->path.sampling != QS_SAMPLING_PSEUDO) {
    return refuse(message, QS_ERROR_INPUT, "horizon units are pseudo-random, not of sampling %d",
                  (int)unit->path.sampling);
  }
  const bool apart = unit->variance && unit->cross;
  double square = 0.0, moving = apart ? 0.0 : 1.0;
  for (uint32_t i = 0; i < unit->key_count; i++) {
    square += unit->weights[i] * unit->weights[i] + (apart ? unit->cross[i] * unit->cross[i] : 0.0);
    moving += apart ? unit->variance[i] * unit->variance[i] : 0.0;
  }
  if (!unit->key_count || !(fabs(square - 1.0) < 1e-6) || !(fabs(moving - 1.0) < 1e-6) ||
      !unit->variance != !unit->cross) {
    return refuse(message, QS_ERROR_INPUT, "%u streams whose squared weights sum to %g and %g, not 1",
                  unit->key_count, square, moving);
  }
  if (!common_holds(&unit->path, unit->common_sizes, unit->key_count)) {
    return refuse(message, QS_ERROR_INPUT, "common jumps need sizes whose squared weights sum to 1");
  }
  uint32_t valid = 0;
  while (unit->starts && valid < unit->start_count && unit->starts[valid] >= 0.0 &&
         isfinite(unit->starts[valid])) {
    valid++;
  }
  if (unit->starts && (valid < unit->start_count || !unit->start_paths || unit->start_paths % QS_LEAF_PATHS ||
                       (unit->path_end - 1) / unit->start_paths >= valid)) {
    return refuse(message, QS_ERROR_INPUT, "starts: finite, at least 0, each of a multiple of %d paths",
                  QS_LEAF_PATHS);
  }
  return QS_OK;
}

static const char *script_problem(const qs_path_payoff_plan *p) {
  if (!p->program || !p->observed || !p->known || !qs_script_valid(p->program)) {
    return "its program must be valid and say what it observes";
  }
  for (uint32_t o = 0; o < p->program->observation_count; o++) {
    if (p->observed[o] > p->date_count || (p->observed[o] == p->date_count && !isfinite(p->known[o]))) {
      return "it must observe its own dates, or what is known";
    }
  }
  return p->level[0] > 0.0 && isfinite(p->level[0]) ? NULL : "its forward must be positive";
}

static const char *autocall_problem(const qs_path_payoff_plan *p) {
  const double *level = p->level;
  for (uint32_t i = 0; p->policy && i < 2 * p->date_count; i++) {
    if (!isfinite(p->policy[i])) {
      return "its dates' levels must be finite";
    }
  }
  const bool whole = p->policy && p->policy_width == 2 && level[0] >= 0.0 && level[1] >= 0.0;
  return whole && level[3] > 0.0 ? NULL
                                 : "it needs two levels a date, payments that are not negative, and a slope";
}

/* What a payoff's levels and weights must be, or null. */
static const char *path_payoff_problem(const qs_path_payoff_plan *p) {
  const double *level = p->level;
  const uint32_t n = p->date_count;
  const bool whole = p->payoff == QS_PATH_BARRIER || p->payoff == QS_PATH_BARRIER_CONTINUOUS;
  double sum = 0.0;
  if (p->payoff == QS_PATH_SCRIPT) {
    return script_problem(p);
  }
  for (uint32_t d = 0; d < n; d++) {
    if (!isfinite(p->weights[d])) {
      return "its weights must be finite";
    }
    sum += p->payoff == QS_PATH_ASIAN_STRIKE && d + 1 == n ? 0.0 : p->weights[d];
    const bool average = p->payoff <= QS_PATH_ASIAN_GEOMETRIC || p->payoff == QS_PATH_ASIAN_GEOMETRIC_STRIKE;
    if (average && !(p->weights[d] >= 0.0)) {
      return "its weights must not be negative";
    }
  }
  for (int i = 0; i < QS_PATH_LEVELS; i++) {
    if (isnan(level[i])) {
      return "its levels must be numbers";
    }
  }
  switch (p->payoff) {
  case QS_PATH_ASIAN:
    return sum > 0.0 ? NULL : "some weight must be positive";
  case QS_PATH_ASIAN_STRIKE:
    return level[0] > 0.0 && level[1] >= 0.0 && sum + level[1] > 0.0 ? NULL : "its average must be positive";
  case QS_PATH_ASIAN_GEOMETRIC:
    return level[1] > 0.0 && level[0] >= 0.0 && sum > 0.0 ? NULL : "its mean must be positive";
  case QS_PATH_ASIAN_GEOMETRIC_STRIKE:
    return level[1] > 0.0 && level[0] > 0.0 && sum > 0.0 ? NULL : "its mean and its strike must be positive";
  case QS_PATH_POOL:
    return level[0] > 0.0 && level[1] >= 0.0 && level[2] > level[1]
               ? NULL
               : "its scale must be positive, its range in order";
  case QS_PATH_AUTOCALL:
    return autocall_problem(p);
  case QS_PATH_EARLY:
    return qs_policy_valid(p) ? NULL : "its strike must be positive, its policy finite";
  case QS_PATH_DIGITAL:
    return level[0] > 0.0 && level[1] >= 0.0 ? NULL : "its strike must be positive, its cash not negative";
  default:
    return whole && !(level[1] < level[2] && level[0] >= 0.0) ? "its barriers must be in order" : NULL;
  }
}

static bool all_above(const double *x, size_t count, double above) {
  size_t i = 0;
  while (x && i < count && isfinite(x[i]) && x[i] > above) {
    i++;
  }
  return i == count;
}

static bool all_below(const uint32_t *x, size_t count, uint32_t limit) {
  size_t i = 0;
  while (x && i < count && x[i] < limit) {
    i++;
  }
  return i == count;
}

/* What is wrong with a unit's leverage, or null. */
static const char *leverage_problem(const qs_path_unit *unit) {
  const qs_path_leverage *l = unit->leverage;
  const size_t steps = unit->path.step_count, dates = unit->path.date_count;
  if (unit->path.model.type != QS_MODEL_HESTON || unit->added_count) {
    return "it goes with a heston, and without moves of the added variance";
  }
  if (l->node_count < 4 || l->node_count > 1u << 20 || !l->table_count) {
    return "its tables must have at least 4 nodes";
  }
  if (!all_above(l->low, l->table_count, -INFINITY) || !all_above(l->spacing, l->table_count, 0.0) ||
      !all_above(l->values, (size_t)l->table_count * l->node_count, 0.0)) {
    return "its values and the distances of its nodes must be positive";
  }
  if (!all_below(l->step_table, steps, l->table_count) || !all_below(l->date_table, dates, l->table_count) ||
      !all_above(l->step_offset, steps, -INFINITY) || !all_above(l->date_offset, dates, -INFINITY)) {
    return "every step and date must have a table and an offset";
  }
  for (uint32_t i = 0; i < unit->payoff_count; i++) {
    if (unit->payoffs[i].payoff == QS_PATH_EARLY) {
      return "early exercise does not go with it";
    }
  }
  return NULL;
}

qs_status qs_path_unit_check(const qs_path_unit *unit, char *message) {
  qs_status status = check_batches(unit->path.sampling, unit->first_path, unit->path_count, unit->batch_paths,
                                   unit->batch_begin, unit->batch_end, message);
  if (!status) {
    status = check_shifts(unit->shifts, unit->shift_count, unit->payoffs ? unit->payoff_count : 0,
                          unit->greeks, message);
  }
  status = status ? status : refuse_common(&unit->path, message);
  if (!status && (unit->added_count > QS_MAX_ADDED || (unit->added_count && !unit->added_weights))) {
    return refuse(message, QS_ERROR_INPUT, "%u moves of the added variance, at most %d", unit->added_count,
                  QS_MAX_ADDED);
  }
  for (uint32_t i = 0; !status && i < unit->payoff_count; i++) {
    const qs_path_payoff_plan *p = unit->payoffs + i;
    bool ascending = p->date_count > 0;
    for (uint32_t d = 0; d < p->date_count; d++) {
      ascending = ascending && p->dates[d] < unit->path.date_count && (!d || p->dates[d - 1] < p->dates[d]);
    }
    if (!ascending || (unsigned)p->payoff >= QS_PATH_COUNT) {
      return refuse(message, QS_ERROR_INPUT, "path payoff %u: kind %d on %u dates, ascending, of %u", i,
                    (int)p->payoff, p->date_count, unit->path.date_count);
    }
    const char *problem = path_payoff_problem(p);
    if (problem) {
      return refuse(message, QS_ERROR_INPUT, "path payoff %u: %s", i, problem);
    }
  }
  const char *problem = !status && unit->leverage ? leverage_problem(unit) : NULL;
  if (problem) {
    return refuse(message, QS_ERROR_INPUT, "leverage: %s", problem);
  }
  return status;
}

static bool inverse(double product, bool same) {
  return fabs(product - (same ? 1.0 : 0.0)) < 1e-6;
}

static const char *weights_problem(const qs_joint_unit *unit, uint32_t a) {
  const qs_joint_asset *x = unit->assets + a, *first = unit->assets;
  if (!x->variance != !first->variance || !x->variance_duals != !first->variance ||
      !x->cross != !first->cross) {
    return "underlyings must all have weights of the variance, or none";
  }
  double square = 0.0;
  for (uint32_t b = 0; b < unit->asset_count; b++) {
    const qs_joint_asset *y = unit->assets + b;
    double price = 0.0, variance = 0.0;
    for (uint32_t j = 0; j < unit->asset_count; j++) {
      price += x->loadings[j] * y->duals[j];
      variance += x->variance ? x->variance[j] * y->variance_duals[j] : 0.0;
    }
    if (!inverse(price, a == b) || (x->variance && !inverse(variance, a == b))) {
      return "loadings and duals must be each other's inverse";
    }
    square += x->loadings[b] * x->loadings[b] + (x->cross ? x->cross[b] * x->cross[b] : 0.0);
  }
  if (!common_holds(&x->path, x->common_sizes, unit->asset_count)) {
    return "common jumps need sizes whose squared weights sum to 1";
  }
  return fabs(square - 1.0) < 1e-6 ? NULL : "squared weights must sum to 1";
}

static const char *added_problem(const qs_joint_unit *unit, uint32_t asset) {
  const qs_joint_asset *of = unit->assets + asset;
  if (!of->added_count) {
    return NULL;
  }
  if (!unit->greeks || of->added_count > QS_MAX_ADDED || !of->added_weights) {
    return "moves of the added variance must be few, and with greeks";
  }
  for (size_t i = 0; i < (size_t)of->added_count * of->path.step_count; i++) {
    if (!isfinite(of->added_weights[i])) {
      return "moves of the added variance must be finite";
    }
  }
  return NULL;
}

/* The underlyings of a joint unit: one grid, whose steps all end at dates, and loadings whose product with
 * the duals is the unit matrix. */
static const char *assets_problem(const qs_joint_unit *unit) {
  const uint32_t n = unit->asset_count;
  for (uint32_t a = 0; a < n; a++) {
    const qs_path_plan *plan = &unit->assets[a].path, *first = &unit->assets[0].path;
    if (plan->sampling != first->sampling) {
      return "its underlyings must be sampled alike";
    }
    if (plan->step_count != first->step_count || plan->date_count != plan->step_count) {
      return "underlyings must have the same steps, all of which end at dates";
    }
    for (uint32_t i = 0; i < plan->step_count; i++) {
      const qs_step *x = plan->steps + i, *y = first->steps + i;
      if (x->years != y->years || x->draw_block != y->draw_block || x->draw_word != y->draw_word ||
          plan->dates[i].main_steps != i + 1 || plan->dates[i].side.years > 0.0) {
        return "underlyings must have the same steps, all of which end at dates";
      }
    }
    const char *problem = weights_problem(unit, a);
    problem = problem ? problem : added_problem(unit, a);
    if (problem) {
      return problem;
    }
    for (uint32_t d = 0; d < unit->date_count; d++) {
      if (!(unit->assets[a].forward[d] > 0.0) || !isfinite(unit->assets[a].forward[d])) {
        return "forwards must be positive";
      }
    }
  }
  return NULL;
}

static bool all_finite(const double *numbers, size_t count) {
  bool finite = numbers != NULL;
  for (size_t i = 0; finite && i < count; i++) {
    finite = isfinite(numbers[i]);
  }
  return finite;
}

bool qs_policy_sound(const qs_policy *policy, size_t assets, size_t dates) {
  if (!policy->terms || policy->terms > QS_POLICY_TERMS || policy->moves > QS_POLICY_MOVES ||
      !policy->parent || !policy->variable || !all_finite(policy->weights, dates) ||
      !all_finite(policy->centre, dates * 2 * assets) || !all_finite(policy->rate, dates * 2 * assets) ||
      !all_finite(policy->bump, dates * assets * policy->moves) ||
      !all_finite(policy->coefficient, dates * qs_policy_features(policy, (uint32_t)assets))) {
    return false;
  }
  bool sound = true;
  for (size_t i = 0; i < dates * assets * policy->moves; i++) {
    sound = sound && policy->bump[i] > 0.0;
  }
  for (uint32_t k = 1; k < policy->terms; k++) {
    sound = sound && policy->parent[k] < k && policy->variable[k] < 2 * assets;
    for (size_t d = 0; sound && d < dates; d++) {
      sound = policy->rate[d * 2 * assets + policy->variable[k]] > 0.0;
    }
  }
  return sound;
}

static const char *formula_problem(const qs_joint_unit *unit, const qs_joint_payoff *p) {
  if (!p->program || !p->observed_asset || !p->observed_date || !p->known || !qs_script_valid(p->program)) {
    return "a program must be valid and say what it observes";
  }
  if (!p->date_count || p->date_count > unit->date_count) {
    return "a formula must have dates of the unit";
  }
  for (uint32_t o = 0; o < p->program->observation_count; o++) {
    if (p->observed_asset[o] >= unit->asset_count ||
        (!p->policy && p->observed_date[o] >= p->date_count && !isfinite(p->known[o]))) {
      return "a formula must observe the unit's underlyings, or what is known";
    }
  }
  return p->policy && !qs_policy_sound(p->policy, unit->asset_count, p->date_count)
             ? "a policy must be finite, of terms and variables that it has"
             : NULL;
}

qs_status qs_joint_unit_check(const qs_joint_unit *unit, char *message) {
  if (!unit->asset_count || unit->asset_count > QS_MAX_JOINT || !unit->payoff_count || !unit->date_count) {
    return refuse(message, QS_ERROR_INPUT, "%u formulas of %u underlyings (at most %d) on %u dates",
                  unit->payoff_count, unit->asset_count, QS_MAX_JOINT, unit->date_count);
  }
  qs_status status = check_batches(unit->assets[0].path.sampling, unit->first_path, unit->path_count,
                                   unit->batch_paths, unit->batch_begin, unit->batch_end, message);
  for (uint32_t a = 0; !status && a < unit->asset_count; a++) {
    status = check_shifts(unit->shifts + (size_t)a * unit->shift_count, unit->shift_count, unit->payoff_count,
                          unit->greeks, message);
  }
  if (status) {
    return status;
  }
  const char *problem = assets_problem(unit);
  for (uint32_t d = 0; !problem && d < unit->date_count; d++) {
    const bool ascends = unit->dates[d] > (d ? unit->dates[d - 1] : 0);
    problem = ascends && unit->dates[d] <= unit->assets[0].path.step_count ? NULL : "dates must ascend";
  }
  for (uint32_t i = 0; !problem && i < unit->payoff_count; i++) {
    problem = formula_problem(unit, unit->payoffs + i);
  }
  return problem ? refuse(message, QS_ERROR_INPUT, "joint unit: %s", problem) : QS_OK;
}
