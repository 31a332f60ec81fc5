#include <math.h>

#include "host/engine/early_state.h"
#include "host/engine/valuation.h"

enum { PATHS_SHARE = 16, BOUND_PATHS = 1 << 16 }; /* of the unit's paths, and at most, in all groups */

/* One path's part. */
typedef struct path_bounds {
  double lower, upper, paid[QS_EARLY_LEVELS], paid_years[QS_EARLY_LEVELS]; /* those by the policies */
} path_bounds;

static uint32_t policies_of(const qs_early *e) {
  uint32_t levels = 1;
  while (levels < QS_EARLY_LEVELS && e->policy[levels]) {
    levels++;
  }
  return levels;
}

static bool exercised(const qs_early *e, uint32_t level, uint32_t d, double x, double v) {
  const double *policy = e->policy[level] + d * e->grid.y_count;
  double y = sqrt(v), at = policy[0];
  for (size_t k = 1; k < e->grid.y_count; k++) {
    double beyond = y - (double)(k - 1) * e->grid.step_y;
    at += beyond > 0 ? policy[k] * beyond : 0;
  }
  return e->plan->sign * (x + e->log_forward[d] - at) >= 0;
}

/* x and v are those of the date d at [d * stride]. */
static path_bounds follow(const qs_early *e, uint32_t group, const double *x, const double *v,
                          size_t stride) {
  size_t size = e->grid.y_count * e->grid.x_count;
  path_bounds b = {0, -INFINITY, {0}, {0}};
  double martingale = 0, expected = e->start[group];
  const uint32_t levels = policies_of(e);
  bool gone[QS_EARLY_LEVELS] = {false};
  for (uint32_t d = 0; d < e->count; d++) {
    bool last = d + 1 == e->count;
    double at_x = x[d * stride] + e->unit->shifts[0], at_v = v[d * stride];
    double table[2]; /* V here, and what holding on is expected to be worth */
    qs_early_pair(&e->grid, e->value[group] + d * size, e->later[group] + d * size, at_x, at_v, table);
    if (d || !e->now) {
      martingale += table[0] - expected;
    }
    expected = table[1];
    double pays = qs_early_pays(e, d, at_x);
    pays = last && pays < 0 ? 0 : pays;
    b.upper = pays - martingale > b.upper ? pays - martingale : b.upper;
    for (uint32_t level = 0; level < levels; level++) {
      if (!gone[level] && (last || (pays >= 0 && exercised(e, level, d, at_x, at_v)))) {
        gone[level] = true;
        b.lower = level ? b.lower : pays - martingale;
        b.paid[level] = pays;
        b.paid_years[level] = pays * e->unit->years[e->plan->dates[d]];
      }
    }
  }
  return b;
}

/* sqrt((n - 1) / (n - 3)) of 8 groups: Student's t of n - 1 degrees of freedom has that deviation. */
static const double widening = 1.1832159566199232;
_Static_assert(QS_EARLY_GROUPS == 8, "the widening is that of eight groups");

qs_estimate qs_early_of_groups(const double *number) {
  double mean = 0, square = 0;
  for (int g = 0; g < QS_EARLY_GROUPS; g++) {
    mean += number[g] / QS_EARLY_GROUPS;
  }
  for (int g = 0; g < QS_EARLY_GROUPS; g++) {
    square += (number[g] - mean) * (number[g] - mean);
  }
  return (qs_estimate){mean, widening * sqrt(square / (QS_EARLY_GROUPS * (QS_EARLY_GROUPS - 1)))};
}

/* Sums over the paths of one group, in their order. */
static qs_status sum_group(const qs_early *e, uint32_t group, size_t paths, double *x, double *v,
                           path_bounds *each, path_bounds *sum) {
  qs_status status = qs_early_simulate(e, e->keys.bounds, group * (uint64_t)paths, paths, x, v);
  if (status) {
    return status;
  }
#pragma omp parallel for num_threads(e->context->threads) schedule(static)
  for (long p = 0; p < (long)paths; p++) {
    each[p] = follow(e, group, x + p, v + p, paths);
  }
  *sum = (path_bounds){0};
  for (size_t p = 0; p < paths; p++) {
    sum->lower += each[p].lower;
    sum->upper += each[p].upper;
    for (uint32_t level = 0; level < QS_EARLY_LEVELS; level++) {
      sum->paid[level] += each[p].paid[level];
      sum->paid_years[level] += each[p].paid_years[level];
    }
  }
  return QS_OK;
}

void qs_early_set_years(double (*years)[QS_EARLY_GROUPS], uint32_t levels, qs_early_bounds *bounds) {
  const bool more = levels == QS_EARLY_LEVELS;
  double wrong = 0;
  for (uint32_t g = 0; g < QS_EARLY_GROUPS; g++) {
    const double halved = more ? years[0][g] - years[1][g] : 0, again = more ? years[1][g] - years[2][g] : 0;
    bounds->group_years[g] = years[0][g] + halved;
    wrong += (halved - 0.5 * again) / QS_EARLY_GROUPS;
  }
  bounds->years = qs_early_of_groups(bounds->group_years);
  bounds->years_error = fabs(wrong);
}

qs_status qs_early_bound(const qs_early *e, qs_early_bounds *bounds) {
  uint64_t wanted = e->unit->path_count / PATHS_SHARE;
  wanted = wanted < BOUND_PATHS ? wanted : BOUND_PATHS;
  uint64_t leaves = wanted / (QS_EARLY_GROUPS * QS_LEAF_PATHS);
  size_t paths = (size_t)(leaves ? leaves : 1) * QS_LEAF_PATHS;
  qs_arena *arena = qs_arena_create(e->context);
  double *x = arena ? QS_NEW(arena, paths * e->count, double) : NULL;
  double *v = arena ? QS_NEW(arena, paths * e->count, double) : NULL;
  path_bounds *each = arena ? QS_NEW(arena, paths, path_bounds) : NULL;
  qs_status status = x && v && each ? QS_OK : qs_fail_memory(e->context, "bounding early exercise");
  double lower[QS_EARLY_GROUPS], upper[QS_EARLY_GROUPS], gap[QS_EARLY_GROUPS];
  double last = e->unit->years[e->plan->dates[e->count - 1]], years[QS_EARLY_LEVELS][QS_EARLY_GROUPS];
  for (uint32_t g = 0; !status && g < QS_EARLY_GROUPS; g++) {
    path_bounds sum;
    status = sum_group(e, g, paths, x, v, each, &sum);
    if (!status) {
      lower[g] = sum.lower / (double)paths;
      upper[g] = sum.upper / (double)paths;
      gap[g] = upper[g] - lower[g];
      bounds->price[g] = lower[g] + e->extrapolation;
      for (uint32_t level = 0; level < QS_EARLY_LEVELS; level++) {
        years[level][g] = sum.paid[level] > 0 ? sum.paid_years[level] / sum.paid[level] : last;
      }
    }
  }
  qs_arena_destroy(arena);
  if (status) {
    return status;
  }
  bounds->present = true;
  bounds->dates = e->count;
  bounds->lower = qs_early_of_groups(lower);
  bounds->upper = qs_early_of_groups(upper);
  bounds->gap = qs_early_of_groups(gap);
  /* Were the error in proportion to 1 / n, halving the dates again would double the difference. */
  bounds->extrapolation = (qs_estimate){e->extrapolation, fabs(e->extrapolation - 0.5 * e->halved)};
  qs_early_set_years(years, policies_of(e), bounds);
  return QS_OK;
}

/* What a batch that stands for a group is off by, so that the batches' error is that of the groups. */
static double batch_off(const double *number, double mean, const qs_simulation *simulation, uint32_t batch) {
  double scale = widening * sqrt(((double)simulation->batches - 1) / (QS_EARLY_GROUPS - 1));
  return scale * (number[batch % QS_EARLY_GROUPS] - mean);
}

static double mean_off(const double *number, double mean, const qs_simulation *simulation) {
  double n = (double)simulation->paths, off = 0;
  for (uint32_t b = 0; b < simulation->batches; b++) {
    off += batch_off(number, mean, simulation, b) * qs_batch_paths(simulation, b) / n;
  }
  return off;
}

double qs_early_price(const qs_early_bounds *bounds) {
  return qs_early_of_groups(bounds->price).estimate;
}

void qs_early_add_years(const qs_early_bounds *bounds, const qs_simulation *simulation, double weight,
                        double *sums) {
  double years = bounds->years.estimate, price = qs_early_price(bounds);
  double off = mean_off(bounds->group_years, years, simulation);
  for (uint32_t b = 0; b < simulation->batches; b++) {
    sums[b] += weight * price * (batch_off(bounds->group_years, years, simulation, b) - off);
  }
}

void qs_early_replace(const qs_early_bounds *bounds, const qs_simulation *simulation, qs_moment *moments,
                      size_t stride) {
  qs_estimate price = qs_early_of_groups(bounds->price);
  uint32_t batches = simulation->batches;
  double n = (double)simulation->paths, between = 0;
  double off = mean_off(bounds->price, price.estimate, simulation);
  for (uint32_t b = 0; b < batches; b++) {
    double mean = batch_off(bounds->price, price.estimate, simulation, b) - off;
    moments[b * stride].mean = price.estimate + mean;
    between += qs_batch_paths(simulation, b) * mean * mean;
  }
  double within = fmax(0, price.std_error * price.std_error * n * (n - 1) - between);
  for (uint32_t b = 0; b < batches; b++) {
    moments[b * stride].m2 = within * qs_batch_paths(simulation, b) / n;
  }
}

/* The moments of one quantity as the batch means have them: what stands within batches makes the exact
 * sample's error that of the batch means. */
static void extrapolate_one(const qs_simulation *simulation, qs_moment *const *rows, size_t stride,
                            double *error) {
  const uint32_t batches = simulation->batches;
  const double n = (double)simulation->paths;
  double mean = 0, between = 0, wrong = 0;
  for (uint32_t b = 0; b < batches; b++) {
    const double share = qs_batch_paths(simulation, b) / n;
    const double all = rows[0][b * stride].mean, half = rows[1][b * stride].mean,
                 few = rows[2][b * stride].mean;
    rows[0][b * stride].mean = 2 * all - half;
    mean += share * (2 * all - half);
    wrong += share * ((all - half) - 0.5 * (half - few));
  }
  for (uint32_t b = 0; b < batches; b++) {
    const double off = rows[0][b * stride].mean - mean;
    between += qs_batch_paths(simulation, b) * off * off;
  }
  const double within = batches > 1 ? between * ((n - 1) / ((double)batches - 1) - 1) : NAN;
  for (uint32_t b = 0; b < batches; b++) {
    rows[0][b * stride].m2 = within * qs_batch_paths(simulation, b) / n;
  }
  *error = wrong;
}

void qs_early_extrapolate(const qs_simulation *simulation, qs_moment *const *rows, size_t stride,
                          uint32_t quantities, double *error) {
  for (uint32_t q = 1; q < quantities; q++) {
    qs_moment *const own[QS_EARLY_LEVELS] = {rows[0] + q, rows[1] + q, rows[2] + q};
    extrapolate_one(simulation, own, stride, &error[q]);
  }
}
