#include <math.h>

#include "host/engine/early_state.h"
#include "host/engine/valuation.h"

enum { PATHS_SHARE = 16, BOUND_PATHS = 1 << 16 }; /* of the unit's paths, and at most, in all groups */

/* One path's part. */
typedef struct path_bounds {
  double lower, upper, paid, paid_years;
} path_bounds;

static bool exercised(const qs_early *e, uint32_t d, double x, double v) {
  const double *policy = e->policy[0] + d * e->grid.y_count;
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
  path_bounds b = {0, -INFINITY, 0, 0};
  double martingale = 0, expected = e->start[group];
  bool held = true;
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
    if (held && (last || (pays >= 0 && exercised(e, d, at_x, at_v)))) {
      held = false;
      b.lower = pays - martingale;
      b.paid = pays;
      b.paid_years = pays * e->unit->years[e->plan->dates[d]];
    }
  }
  return b;
}

qs_estimate qs_early_of_groups(const double *number) {
  double mean = 0, square = 0;
  for (int g = 0; g < QS_EARLY_GROUPS; g++) {
    mean += number[g] / QS_EARLY_GROUPS;
  }
  for (int g = 0; g < QS_EARLY_GROUPS; g++) {
    square += (number[g] - mean) * (number[g] - mean);
  }
  return (qs_estimate){mean, sqrt(square / (QS_EARLY_GROUPS * (QS_EARLY_GROUPS - 1)))};
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
  *sum = (path_bounds){0, 0, 0, 0};
  for (size_t p = 0; p < paths; p++) {
    sum->lower += each[p].lower;
    sum->upper += each[p].upper;
    sum->paid += each[p].paid;
    sum->paid_years += each[p].paid_years;
  }
  return QS_OK;
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
  double lower[QS_EARLY_GROUPS], upper[QS_EARLY_GROUPS], gap[QS_EARLY_GROUPS], years[QS_EARLY_GROUPS];
  double last = e->unit->years[e->plan->dates[e->count - 1]];
  for (uint32_t g = 0; !status && g < QS_EARLY_GROUPS; g++) {
    path_bounds sum;
    status = sum_group(e, g, paths, x, v, each, &sum);
    if (!status) {
      lower[g] = sum.lower / (double)paths;
      upper[g] = sum.upper / (double)paths;
      gap[g] = upper[g] - lower[g];
      bounds->price[g] = lower[g] + e->extrapolation;
      years[g] = sum.paid > 0 ? sum.paid_years / sum.paid : last;
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
  bounds->years = qs_early_of_groups(years);
  return QS_OK;
}

void qs_early_replace(const qs_early_bounds *bounds, const qs_simulation *simulation, qs_moment *moments,
                      size_t stride) {
  qs_estimate price = qs_early_of_groups(bounds->price);
  uint32_t batches = simulation->batches;
  double n = (double)simulation->paths, scale = sqrt(((double)batches - 1) / (QS_EARLY_GROUPS - 1));
  double off = 0, between = 0;
  for (uint32_t b = 0; b < batches; b++) {
    double mean = scale * (bounds->price[b % QS_EARLY_GROUPS] - price.estimate);
    moments[b * stride].mean = mean;
    off += mean * qs_batch_paths(simulation, b) / n;
  }
  for (uint32_t b = 0; b < batches; b++) {
    double mean = moments[b * stride].mean - off;
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
