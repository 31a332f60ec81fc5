#include "host/engine/early.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/engine/early_state.h"
#include "host/engine/scheduler.h"
#include "host/engine/unit_key.h"
#include "host/engine/work_store.h"

enum {
  PILOT_PATHS = 2048,
  TOP = 4, /* of a date's pilot variances, the lowest of which the grid covers */
  LEVELS = QS_EARLY_LEVELS,
  MOST_NODES = 384,
  LEAST_NODES = 128,
  VARIANCE_NODES = 24,
  MOST_SAMPLES = 1 << 17,   /* from a node of the variance over one interval */
  POLICY_SAMPLES = 1 << 12, /* for a policy alone */
  SAMPLES_SHARE = 32,       /* else this part of the unit's paths with so many dates */
  SHARED_DATES = 48
};

static const char stage[] = "exercise";

double qs_early_pays(const qs_early *e, uint32_t d, double x) {
  return e->plan->weights[d] * e->plan->sign * (exp(x + e->log_forward[d]) - e->plan->level[0]);
}

/* Whether a level exercises at date d: all of them do at the last. */
static bool allowed_at(const qs_early *e, uint32_t level, uint32_t d) {
  return (e->count - 1 - d) % (1u << level) == 0;
}

static qs_horizon_unit states_of(const qs_early *e, const uint64_t *key, uint64_t begin, uint64_t count) {
  static const double whole = 1;
  qs_horizon_unit unit = {.path = e->unit->path, .keys = key, .weights = &whole, .key_count = 1};
  unit.path.key = *key;
  unit.path.sampling = QS_SAMPLING_PSEUDO;
  unit.path.dates = e->dates;
  unit.path.date_count = e->count;
  unit.precision = e->unit->precision;
  unit.path_begin = begin;
  unit.path_end = begin + count;
  return unit;
}

qs_status qs_early_simulate(const qs_early *e, uint64_t key, uint64_t begin, uint64_t count, double *x,
                            double *v) {
  qs_horizon_unit unit = states_of(e, &key, begin, count);
  return qs_schedule_horizon(e->context, e->devices, stage, &unit, 1, NULL, &x, &v);
}

static bool stochastic(const qs_early *e) {
  return qs_model_stochastic(&e->unit->path.model);
}

static double smaller(double a, double b) {
  return a < b ? a : b;
}

static double larger(double a, double b) {
  return a > b ? a : b;
}

/* A variance that few of a date's exceed. */
static double high_variance(const double *v) {
  double top[TOP] = {0};
  for (size_t p = 0; p < PILOT_PATHS; p++) {
    double next = v[p];
    for (int k = 0; k < TOP; k++) {
      double kept = top[k];
      top[k] = larger(kept, next);
      next = smaller(kept, next);
    }
  }
  return top[TOP - 1];
}

/* The grid that a few paths, and the shifts they start from, ask for; the strike at the last date is a node.
 */
static void lay_grid(qs_early *e, const double *x, const double *v) {
  double low = 0, high = 0, most_v = e->v0, moved = 0;
  uint32_t moves = 0;
  for (uint32_t d = 0; d < e->count; d++) {
    for (size_t p = 0; p < PILOT_PATHS; p++) {
      size_t at = d * (size_t)PILOT_PATHS + p;
      low = smaller(low, x[at]);
      high = larger(high, x[at]);
      moved += fabs(x[at] - (d ? x[at - PILOT_PATHS] : 0));
    }
    most_v = larger(most_v, high_variance(v + d * (size_t)PILOT_PATHS));
    moves += d || !e->now;
  }
  double margin = 0.25 * (high - low) + 1e-6;
  double first = e->unit->shifts[0], last = first;
  for (uint32_t s = 1; s < e->unit->shift_count; s++) {
    first = smaller(first, e->unit->shifts[s]);
    last = larger(last, e->unit->shifts[s]);
  }
  low += first - margin;
  high += last + margin;
  /* Where there is one node of the variance, finer nodes cost little, and the boundary is off by less. */
  double finer = stochastic(e) ? 1 : 2;
  double step = 0.6 * moved / ((double)PILOT_PATHS * moves * finer);
  step = larger((high - low) / (MOST_NODES * finer), smaller((high - low) / (LEAST_NODES * finer), step));
  double strike = log(e->plan->level[0]);
  e->grid.step_x = step;
  e->grid.first_x = strike - ceil((strike - low) / step) * step;
  e->grid.x_count = (size_t)ceil((high - e->grid.first_x) / step) + 1;
  e->grid.y_count = stochastic(e) ? VARIANCE_NODES : 1;
  e->grid.step_y = sqrt(1.2 * most_v) / (VARIANCE_NODES - 1);
}

static qs_status prepare(qs_early *e, qs_arena *scratch) {
  const qs_path_payoff_plan *plan = e->plan;
  qs_date *dates = QS_NEW(scratch, plan->date_count, qs_date);
  double *log_forward = QS_NEW(scratch, plan->date_count, double);
  size_t states = (size_t)plan->date_count * PILOT_PATHS;
  double *x = QS_NEW(scratch, states, double), *v = QS_NEW(scratch, states, double);
  if (!dates || !log_forward || !x || !v) {
    return qs_fail_memory(e->context, "preparing early exercise");
  }
  double last = e->unit->log_forwards[plan->dates[plan->date_count - 1]];
  for (uint32_t d = 0; d < plan->date_count; d++) {
    dates[d] = e->unit->path.dates[plan->dates[d]];
    log_forward[d] = e->unit->log_forwards[plan->dates[d]] - last;
  }
  e->count = plan->date_count;
  e->now = !(e->unit->years[plan->dates[0]] > 0);
  e->dates = dates;
  e->log_forward = log_forward;
  const double *value = e->unit->path.model.value;
  e->v0 = stochastic(e) ? value[QS_V0] : value[QS_SIGMA] * value[QS_SIGMA];
  qs_status status = qs_early_simulate(e, e->keys.policy, 0, PILOT_PATHS, x, v);
  if (!status) {
    lay_grid(e, x, v);
  }
  return status;
}

/* ---- one interval ---- */

enum { HALVES = 2 }; /* of the samples */

/* V at the interval's end, and what it is expected to be at its beginning by each half of the samples. */
typedef struct whole {
  double *value, *later[HALVES]; /* [qs_early_size] */
} whole;

/* What the backward induction works in. All of the samples make the policies and the differences between more
 * dates and fewer: noise in what holding is worth makes the better of two look better than it is, and so
 * defers exercise. Groups of them make the bounds' martingales. */
typedef struct induction {
  qs_early *e;
  uint32_t levels;
  bool policies;                 /* of every level */
  uint32_t parts;                /* of the samples: the groups, or the halves where there are no bounds */
  uint64_t samples;              /* from a node, a multiple of parts x QS_LEAF_PATHS */
  double *starts;                /* [y_count]: the nodes' variances */
  double *x, *v;                 /* [y_count][samples] */
  qs_early_kernel *part;         /* [y_count] */
  qs_early_kernel *half[HALVES]; /* [y_count] */
  whole whole[LEVELS];
  double *value[QS_EARLY_GROUPS], *later[QS_EARLY_GROUPS]; /* likewise, of the groups, by every date */
  double *mean;                                            /* `later` of a level, over the halves */
  double *pays;                                            /* [x_count]: what exercise pays */
} induction;

static double node_variance(const qs_early *e, size_t y) {
  double root = (double)y * e->grid.step_y;
  return root * root;
}

double qs_early_mean_variance(const qs_path_plan *path, double years, double v) {
  return path->scheme == QS_SCHEME_QE ? qs_model_mean_variance(&path->model, years, v) : NAN;
}

/* Simulates the interval before date d from every node of the variance. */
static qs_status sample_interval(const induction *n, uint32_t d, double *years) {
  const qs_early *e = n->e;
  uint32_t from = d ? e->dates[d - 1].main_steps : 0;
  qs_date date = {e->dates[d].main_steps - from, e->dates[d].side};
  qs_horizon_unit unit = states_of(e, &e->keys.policy, 0, e->grid.y_count * n->samples);
  uint32_t left = unit.path.step_count - from;
  unit.path.steps += from;
  unit.path.step_count = date.main_steps < left ? date.main_steps + 1 : left;
  unit.path.dates = &date;
  unit.path.date_count = 1;
  unit.starts = n->starts;
  unit.start_count = (uint32_t)e->grid.y_count;
  unit.start_paths = n->samples;
  *years = date.side.years;
  for (uint32_t s = 0; s < date.main_steps; s++) {
    *years += unit.path.steps[s].years;
  }
  return qs_schedule_horizon(e->context, e->devices, stage, &unit, 1, NULL, &n->x, &n->v);
}

/* About the variance's standard deviation: its diffusion and its jumps, without their decay. */
static double deviation_of(const qs_model *model, double years, double v) {
  const double *m = model->value;
  const bool jumps = model->type == QS_MODEL_SVCJ;
  const double each = jumps ? 2 * m[QS_LAMBDA] * m[QS_MU_V] * m[QS_MU_V] : 0;
  return sqrt((m[QS_XI] * m[QS_XI] * v + each) * years);
}

static qs_early_law law_of(const qs_early *e, double years, double v) {
  if (!stochastic(e)) {
    return (qs_early_law){v, 0};
  }
  const double mean = qs_early_mean_variance(&e->unit->path, years, v);
  return (qs_early_law){mean, deviation_of(&e->unit->path.model, years, larger(v, mean))};
}

/* later = E[value] from one node of the variance. */
static void expect_node(const induction *n, size_t y, double years) {
  const qs_early_grid *grid = &n->e->grid;
  const size_t share = (size_t)n->samples / n->parts;
  const size_t to = y * qs_early_row(grid) + qs_early_pad(grid);
  const qs_early_law law = law_of(n->e, years, n->starts[y]);
  for (int h = 0; h < HALVES; h++) {
    qs_early_kernel_clear(grid, &n->half[h][y]);
  }
  for (uint32_t p = 0; p < n->parts; p++) {
    const size_t at = y * n->samples + p * share;
    qs_early_kernel_fill(grid, y, law, n->x + at, n->v + at, share, &n->part[y]);
    qs_early_kernel_add(grid, (double)HALVES / n->parts, &n->part[y], &n->half[p * HALVES / n->parts][y]);
    if (n->value[0]) {
      qs_early_expect(grid, &n->part[y], n->value[p], n->later[p] + to);
    }
  }
  for (uint32_t level = 0; level < n->levels; level++) {
    for (int h = 0; h < HALVES; h++) {
      qs_early_expect(grid, &n->half[h][y], n->whole[level].value, n->whole[level].later[h] + to);
    }
  }
}

/* later = E[value] over the interval before date d. */
static qs_status step_back(const induction *n, uint32_t d) {
  const qs_early *e = n->e;
  double years = 0;
  qs_status status = sample_interval(n, d, &years);
  if (status) {
    return status;
  }
#pragma omp parallel for num_threads(e->context->threads) schedule(dynamic, 1) if (e->grid.y_count > 1)
  for (long y = 0; y < (long)e->grid.y_count; y++) {
    expect_node(n, (size_t)y, years);
  }
  return QS_OK;
}

/* ---- the policy ---- */

/* What holding is worth at a node. */
static double held(const whole *w, size_t at) {
  return 0.5 * (w->later[0][at] + w->later[1][at]);
}

/* What exercise at date d pays beyond holding, `row` being the latter's values at a node of the variance. */
static double excess(const qs_early *e, uint32_t d, const double *row, double x) {
  qs_early_grid line = e->grid;
  line.y_count = 1;
  qs_early_place place = qs_early_locate(&line, x, 0);
  return qs_early_pays(e, d, x) - qs_early_value(&line, row, line.x_count, &place);
}

/* Where exercise begins to pay, going into the money; false, and the grid's end, where it never does. */
static bool boundary(const qs_early *e, uint32_t d, const double *row, double *found) {
  const qs_early_grid *grid = &e->grid;
  bool put = e->plan->sign < 0;
  double last = grid->first_x + (double)(grid->x_count - 1) * grid->step_x;
  double start = put ? last : grid->first_x, step = put ? -grid->step_x : grid->step_x;
  for (size_t m = 0; m + 1 < grid->x_count; m++) {
    double at = start + (double)m * step, next = at + step;
    if (!(qs_early_pays(e, d, next) > 0 && excess(e, d, row, next) > 0)) {
      continue;
    }
    double out = at, in = next;
    for (int k = 0; k < 40; k++) {
      double middle = 0.5 * (out + in);
      if (excess(e, d, row, middle) > 0) {
        in = middle;
      } else {
        out = middle;
      }
    }
    *found = in;
    return true;
  }
  double strike = log(e->plan->level[0]) - e->log_forward[d];
  *found = put ? smaller(grid->first_x, strike) : larger(last, strike);
  return false;
}

/* A boundary that no price reaches. */
static const double unreached = 1e3;

/* Moves a boundary's knots so that the straight lines between them are right in the mean, and not at the
 * knots alone: a chord of a curve is off by a twelfth of its second difference. Where exercise pays at three
 * knots in a row, that is. */
static void straighten(const bool *pays, const double *at, size_t width, double *knots) {
  for (size_t y = 0; y < width; y++) {
    const bool inside = y && y + 1 < width && pays[y - 1] && pays[y] && pays[y + 1];
    knots[y] = at[y] - (inside ? (at[y - 1] - 2 * at[y] + at[y + 1]) / 12 : 0);
  }
}

/* The policy of date d as the payoff plan has it: a value, a slope, and the slope's changes. */
static void set_policy(const induction *n, uint32_t level, uint32_t d) {
  const qs_early *e = n->e;
  size_t width = e->grid.y_count, size = qs_early_size(&e->grid), row = qs_early_row(&e->grid);
  double *policy = e->policy[level] + d * width;
  if (!allowed_at(e, level, d)) {
    policy[0] = e->plan->sign * unreached;
    return;
  }
  for (size_t i = 0; i < size; i++) {
    n->mean[i] = held(&n->whole[level], i);
  }
  double at[VARIANCE_NODES], knots[VARIANCE_NODES];
  bool pays[VARIANCE_NODES];
  for (size_t y = 0; y < width; y++) {
    pays[y] = boundary(e, d, n->mean + y * row + qs_early_pad(&e->grid), &at[y]);
  }
  straighten(pays, at, width, knots);
  double before = 0, slope = 0;
  for (size_t y = 0; y < width; y++) {
    double here = knots[y] + e->log_forward[d];
    double now = y ? (here - before) / e->grid.step_y : here;
    policy[y] = y ? now - slope : here;
    slope = y ? now : 0;
    before = here;
  }
}

/* ---- backward induction ---- */

/* The better of exercise and holding, less what noise adds to it: twice what all samples say less what halves
 * of them, whose noise has twice the variance, say in the mean (the jackknife, Quenouille 1956). */
static double better(const whole *w, size_t at, double pays) {
  const double halves = 0.5 * (larger(pays, w->later[0][at]) + larger(pays, w->later[1][at]));
  return 2 * larger(pays, held(w, at)) - halves;
}

/* V of date d in a row of nodes, from what exercise pays there. */
static void exercise_row(const induction *n, uint32_t d, const double *pays, size_t row) {
  const size_t count = n->e->grid.x_count;
  const bool last = d + 1 == n->e->count;
  for (uint32_t level = 0; level < n->levels; level++) {
    const whole *w = &n->whole[level];
    const bool allowed = allowed_at(n->e, level, d);
    for (size_t m = 0; m < count; m++) {
      const double best = last ? larger(pays[m], 0) : better(w, row + m, pays[m]);
      w->value[row + m] = allowed ? best : held(w, row + m);
    }
  }
  for (uint32_t g = 0; n->value[0] && g < n->parts; g++) {
    double *value = n->value[g] + row;
    const double *later = n->later[g] + row;
    for (size_t m = 0; m < count; m++) {
      value[m] = larger(pays[m], last ? 0 : later[m]);
    }
  }
}

/* V of date d from what holding is worth; the payoff alone at the last. Dates count from the last one. */
static void exercise(const induction *n, uint32_t d) {
  const qs_early_grid *grid = &n->e->grid;
  for (size_t m = 0; m < grid->x_count; m++) {
    n->pays[m] = qs_early_pays(n->e, d, grid->first_x + (double)m * grid->step_x);
  }
  for (size_t y = 0; y < grid->y_count; y++) {
    exercise_row(n, d, n->pays, y * qs_early_row(grid) + qs_early_pad(grid));
  }
  for (uint32_t level = 0; level < n->levels; level++) {
    qs_early_fill_edges(grid, n->whole[level].value);
  }
  for (uint32_t g = 0; n->value[0] && g < n->parts; g++) {
    qs_early_fill_edges(grid, n->value[g]);
  }
}

static void keep(const induction *n, uint32_t d) {
  qs_early *e = n->e;
  size_t count = e->grid.x_count, row = qs_early_row(&e->grid), pad = qs_early_pad(&e->grid);
  for (uint32_t g = 0; e->value[0] && g < e->groups; g++) {
    for (size_t y = 0; y < e->grid.y_count; y++) {
      size_t to = (d * e->grid.y_count + y) * count, from = y * row + pad;
      for (size_t m = 0; m < count; m++) {
        e->value[g][to + m] = (float)n->value[g][from + m];
        e->later[g][to + m] = (float)n->later[g][from + m];
      }
    }
  }
}

/* The values at the start, and what fewer dates take off them. */
static void keep_start(const induction *n) {
  qs_early *e = n->e;
  double x0 = e->unit->shifts[0];
  double pays = e->now ? qs_early_pays(e, 0, x0) : -INFINITY;
  size_t row = qs_early_row(&e->grid), pad = qs_early_pad(&e->grid);
  qs_early_place place = qs_early_locate(&e->grid, x0, e->v0);
  for (uint32_t g = 0; n->value[0] && g < e->groups; g++) {
    e->start[g] = qs_early_value(&e->grid, n->later[g] + pad, row, &place);
  }
  if (n->levels == LEVELS) {
    double start[LEVELS];
    for (uint32_t level = 0; level < LEVELS; level++) {
      double sum = 0;
      for (int h = 0; h < HALVES; h++) {
        sum += qs_early_value(&e->grid, n->whole[level].later[h] + pad, row, &place);
      }
      start[level] = larger(pays, sum / HALVES);
    }
    e->extrapolation = start[0] - start[1];
    e->halved = start[1] - start[2];
  }
}

static qs_status induce(const induction *n) {
  qs_early *e = n->e;
  for (uint32_t d = e->count; d-- > 0;) {
    exercise(n, d);
    keep(n, d);
    if (d == 0 && e->now) {
      break;
    }
    qs_status status = step_back(n, d);
    if (status) {
      return status;
    }
    for (uint32_t level = 0; d && level < (n->policies ? n->levels : 1); level++) {
      set_policy(n, level, d - 1);
    }
  }
  keep_start(n);
  return QS_OK;
}

static qs_early_kernel *new_kernels(const induction *n, qs_arena *scratch) {
  qs_early_kernel *kernels = QS_NEW(scratch, n->e->grid.y_count, qs_early_kernel);
  for (size_t y = 0; kernels && y < n->e->grid.y_count; y++) {
    kernels[y].weight = QS_NEW(scratch, qs_early_kernel_size(&n->e->grid), double);
    if (!kernels[y].weight) {
      return NULL;
    }
  }
  return kernels;
}

/* The groups' tables, and room for all dates of them. */
static bool allocate_groups(induction *n, qs_arena *scratch) {
  qs_early *e = n->e;
  size_t size = qs_early_size(&e->grid), nodes = e->count * e->grid.y_count * e->grid.x_count;
  bool good = true;
  for (uint32_t g = 0; good && g < e->groups; g++) {
    n->value[g] = QS_NEW(scratch, size, double);
    n->later[g] = QS_NEW(scratch, size, double);
    e->value[g] = QS_NEW(scratch, nodes, float);
    e->later[g] = QS_NEW(scratch, nodes, float);
    good = n->value[g] && n->later[g] && e->value[g] && e->later[g];
  }
  return good;
}

static bool allocate(induction *n, qs_arena *scratch, bool bounds) {
  qs_early *e = n->e;
  size_t size = qs_early_size(&e->grid);
  n->mean = QS_NEW(scratch, size, double);
  n->pays = QS_NEW(scratch, e->grid.x_count, double);
  n->starts = QS_NEW(scratch, e->grid.y_count, double);
  n->x = QS_NEW(scratch, e->grid.y_count * n->samples, double);
  n->v = QS_NEW(scratch, e->grid.y_count * n->samples, double);
  n->part = new_kernels(n, scratch);
  bool good = n->mean && n->pays && n->starts && n->x && n->v && n->part;
  for (int h = 0; good && h < HALVES; h++) {
    n->half[h] = new_kernels(n, scratch);
    good = n->half[h] != NULL;
  }
  for (size_t y = 0; good && y < e->grid.y_count; y++) {
    n->starts[y] = node_variance(e, y);
  }
  for (uint32_t level = 0; good && level < n->levels; level++) {
    whole *w = &n->whole[level];
    w->value = QS_NEW(scratch, size, double);
    for (int h = 0; h < HALVES; h++) {
      w->later[h] = QS_NEW(scratch, size, double);
    }
    good = w->value && w->later[0] && w->later[1];
  }
  return good && (!bounds || allocate_groups(n, scratch));
}

/* Samples from a node in proportion to the unit's paths, and more of them where there is one node alone, or
 * where few dates leave more to an interval. */
static uint64_t samples_for(const qs_early *e, bool bounds) {
  uint64_t nodes = e->grid.y_count > 1 ? 8 : 1;
  uint64_t total = e->unit->path_count * SHARED_DATES / SAMPLES_SHARE * 8;
  uint64_t samples = (uint64_t)e->groups * QS_LEAF_PATHS;
  if (!bounds) {
    return POLICY_SAMPLES;
  }
  while (samples < MOST_SAMPLES && samples * nodes * e->count < total) {
    samples *= 2;
  }
  return samples;
}

static qs_status compute(induction *n, qs_arena *scratch, qs_early_bounds *bounds) {
  qs_status status =
      allocate(n, scratch, bounds) ? induce(n) : qs_fail_memory(n->e->context, "solving early exercise");
  return !status && bounds ? qs_early_bound(n->e, bounds) : status;
}

/* Takes the policies, `numbers` of them in all, and the bounds from the store, or computes and keeps them. */
static qs_status solve(induction *n, qs_arena *scratch, size_t numbers, qs_early_bounds *bounds) {
  qs_early *e = n->e;
  if (!e->context->store) {
    return compute(n, scratch, bounds);
  }
  const uint64_t keys[] = {e->keys.policy, e->keys.bounds};
  const qs_digest key = qs_early_key(e->unit, e->plan, keys, 2, bounds ? 1 + 2 * (uint64_t)n->policies : 0);
  bool found = false, bounded = !bounds;
  qs_status status = qs_store_take(e->context, key, 0, e->policy[0], numbers * sizeof(double), &found);
  if (!status && found && bounds) {
    status = qs_store_take(e->context, key, 1, bounds, sizeof *bounds, &bounded);
  }
  if (status || (found && bounded)) {
    return status;
  }
  status = compute(n, scratch, bounds);
  if (!status && bounds) {
    status = qs_store_put(e->context, key, 1, bounds, sizeof *bounds);
  }
  return status ? status : qs_store_put(e->context, key, 0, e->policy[0], numbers * sizeof(double));
}

qs_status qs_early_solve(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_path_unit *unit,
                         const qs_early_keys *keys, qs_path_payoff_plan *plan, qs_path_payoff_plan *fewer,
                         qs_early_bounds *bounds) {
  qs_early e = {.context = context,
                .devices = devices,
                .unit = unit,
                .plan = plan,
                .keys = *keys,
                .groups = bounds ? QS_EARLY_GROUPS : 1};
  qs_arena *scratch = qs_arena_create(context);
  qs_status status = scratch ? prepare(&e, scratch) : qs_fail_memory(context, "preparing early exercise");
  const bool all_times = qs_early_extrapolated(plan) && bounds;
  induction n = {.e = &e,
                 .levels = all_times ? LEVELS : 1,
                 .policies = all_times && fewer,
                 .parts = bounds ? QS_EARLY_GROUPS : HALVES,
                 .samples = samples_for(&e, bounds)};
  const uint32_t kept = n.policies ? n.levels : 1;
  const size_t size = e.count * e.grid.y_count;
  e.policy[0] = status ? NULL : QS_NEW(arena, kept * size, double);
  for (uint32_t level = 1; e.policy[0] && level < kept; level++) {
    e.policy[level] = e.policy[0] + level * size;
  }
  if (!status) {
    status = e.policy[0] ? solve(&n, scratch, kept * size, bounds)
                         : qs_fail_memory(context, "solving early exercise");
  }
  qs_arena_destroy(scratch);
  if (!status) {
    plan->policy = e.policy[0];
    plan->policy_width = (uint32_t)e.grid.y_count;
    plan->policy_step = e.grid.step_y;
  }
  for (uint32_t level = 1; !status && n.policies && level < n.levels; level++) {
    fewer[level - 1] = *plan;
    fewer[level - 1].policy = e.policy[level];
  }
  return status;
}

bool qs_early_extrapolated(const qs_path_payoff_plan *plan) {
  return plan->payoff == QS_PATH_EARLY && plan->level[1] > 0 && plan->date_count > 4;
}
