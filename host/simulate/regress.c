#include "host/simulate/regress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/model.h"
#include "host/market/clones.h"
#include "host/simulate/along.h"
#include "host/simulate/unit.h"

enum { KNOTS_X = 7, KNOTS_MEAN = 4, BY_X = KNOTS_X + 2, BY_MEAN = KNOTS_MEAN + 2 };
enum { FEATURES = BY_X * BY_MEAN + 4 + BY_X + 1, SIDES = 2 * FEATURES, CHUNK = 1024 };
static const uint64_t most_paths = 32768;
static const uint64_t other_seed = UINT64_C(0xd1b54a32d192ed03); /* paths that judge are others */
static const double lost = 1e-9; /* of a feature's square that is its own: less, and it is left out */

/* What a path has seen of its fixings. */
typedef struct seen {
  double sum, least, most;
  uint32_t count;
} seen;

/* One date: where features bend, and what they weigh. */
typedef struct fit {
  double knot_x[KNOTS_X], knot_mean[KNOTS_MEAN];
  double weight[FEATURES]; /* of the ratio */
} fit;

struct qs_regression {
  qs_context *context;
  bool stochastic;
  size_t decisions;
  const bool *fixes;     /* [date] whether it is a fixing */
  const double *forward; /* [date] */
  fit *fits;             /* [decision] */
  seen *seen;            /* [QS_SIMULATE_BLOCK]: of the block that is asked about */
  double value;
};

double qs_regression_value(const qs_regression *regression) {
  return regression->value;
}

static void look(const qs_regression *r, size_t date, double x, seen *s) {
  const double price = log(r->forward[date] / r->forward[0]) + x;
  if (date == 0) {
    *s = (seen){0, 0, 0, 0};
  }
  if (r->fixes[date]) {
    s->sum += exp(price);
    s->least = s->count ? fmin(s->least, price) : price;
    s->most = s->count ? fmax(s->most, price) : price;
    s->count++;
  }
}

/* The mean of the fixings so far, as the state has it; 0 where it is not more than the price. */
static double mean_of(const seen *s) {
  return s->count > 1 ? log(s->sum / s->count) : 0;
}

static void bend(double x, const double *knots, int count, double *to) {
  to[0] = 1;
  to[1] = x;
  for (int k = 0; k < count; k++) {
    to[k + 2] = x > knots[k] ? x - knots[k] : 0;
  }
}

static void make_features(const qs_regression *r, const fit *f, double x, double v, const seen *s,
                          double *to) {
  double by_x[BY_X], by_mean[BY_MEAN];
  const double mean = mean_of(s), y = r->stochastic ? sqrt(fmax(v, 0)) : 0;
  const double least = s->count > 1 ? s->least : 0, most = s->count > 1 ? s->most : 0;
  bend(x, f->knot_x, KNOTS_X, by_x);
  bend(mean, f->knot_mean, KNOTS_MEAN, by_mean);
  for (int i = 0; i < BY_X; i++) {
    for (int k = 0; k < BY_MEAN; k++) {
      *to++ = by_x[i] * by_mean[k];
    }
  }
  for (int i = 0; i < BY_X; i++) {
    *to++ = y * by_x[i];
  }
  const double rest[] = {least, most, least * x, most * x, y * mean};
  memcpy(to, rest, sizeof rest);
}

/* Normal equations of one chunk of paths, added up, and the right side; the upper triangle until it is
 * solved. */
typedef struct sums {
  double square[SIDES][SIDES], right[SIDES];
} sums;

QS_CLONES static void add_row(sums *s, const double *row, double target) {
  for (int i = 0; i < SIDES; i++) {
    const double a = row[i];
    double *restrict to = s->square[i];
    for (int k = i; k < SIDES; k++) {
      to[k] += a * row[k];
    }
    s->right[i] += a * target;
  }
}

/* Solves by Gauss and Jordan; a column of which earlier ones leave nothing is left out. */
static void solve(sums *s, double *solution) {
  double whole[SIDES];
  bool kept[SIDES];
  for (int i = 0; i < SIDES; i++) {
    whole[i] = s->square[i][i];
    for (int k = 0; k < i; k++) {
      s->square[i][k] = s->square[k][i];
    }
  }
  for (int i = 0; i < SIDES; i++) {
    kept[i] = s->square[i][i] > lost * whole[i] && whole[i] > 0;
    if (!kept[i]) {
      continue;
    }
    const double inverse = 1 / s->square[i][i];
    for (int k = 0; k < SIDES; k++) {
      const double factor = k == i ? 0 : s->square[k][i] * inverse;
      for (int l = 0; l < SIDES && factor != 0; l++) {
        s->square[k][l] -= factor * s->square[i][l];
      }
      s->right[k] -= factor * s->right[i];
    }
  }
  for (int i = 0; i < SIDES; i++) {
    solution[i] = kept[i] ? s->right[i] / s->square[i][i] : 0;
  }
}

/* The paths that are regressed on. */
typedef struct sample {
  qs_simulate_problem problem;
  qs_simulate_spec spec;
  uint64_t count;
  double *x, *v;      /* [row][count] */
  double *left, *own; /* [count]: what is still to be explained, and what trades along paths pay */
  seen *seen;         /* [date][count] */
  const double *gain; /* [date] of the first instrument */
} sample;

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void lay_knots(double *sorted, uint64_t count, int knots, double *to) {
  qsort(sorted, count, sizeof *sorted, by_size);
  for (int k = 0; k < knots; k++) {
    to[k] = sorted[(uint64_t)((double)count * (k + 0.5) / knots)];
  }
}

/* Rows of one path: features, and features times the move of the price. */
static void fill_row(const qs_regression *r, const sample *s, size_t n, uint64_t i, double *row,
                     double *move) {
  const size_t now = s->problem.date_row[n] * s->count + i, next = s->problem.date_row[n + 1] * s->count + i;
  make_features(r, &r->fits[n], s->x[now], s->v[now], &s->seen[n * s->count + i], row);
  *move = s->gain[n] * (exp(s->x[next]) - exp(s->x[now]));
  for (int k = 0; k < FEATURES; k++) {
    row[FEATURES + k] = row[k] * *move;
  }
}

static qs_status fit_date(qs_context *context, qs_regression *r, sample *s, size_t n) {
  qs_arena *arena = qs_arena_create(context);
  const long chunks = (long)((s->count + CHUNK - 1) / CHUNK);
  double *sorted = arena ? QS_NEW(arena, s->count, double) : NULL;
  sums *parts = sorted ? QS_NEW(arena, (size_t)chunks, sums) : NULL;
  if (!parts) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "regressing on paths");
  }
  fit *f = &r->fits[n];
  memcpy(sorted, s->x + s->problem.date_row[n] * s->count, s->count * sizeof *sorted);
  lay_knots(sorted, s->count, KNOTS_X, f->knot_x);
  for (uint64_t i = 0; i < s->count; i++) {
    sorted[i] = mean_of(&s->seen[n * s->count + i]);
  }
  lay_knots(sorted, s->count, KNOTS_MEAN, f->knot_mean);
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (long c = 0; c < chunks; c++) {
    double row[SIDES], move;
    for (uint64_t i = (uint64_t)c * CHUNK; i < s->count && i < ((uint64_t)c + 1) * CHUNK; i++) {
      fill_row(r, s, n, i, row, &move);
      add_row(&parts[c], row, s->left[i]);
    }
  }
  for (long c = 1; c < chunks; c++) {
    for (int i = 0; i < SIDES; i++) {
      for (int k = 0; k < SIDES; k++) {
        parts[0].square[i][k] += parts[c].square[i][k];
      }
      parts[0].right[i] += parts[c].right[i];
    }
  }
  double solution[SIDES];
  solve(&parts[0], solution);
  memcpy(f->weight, solution + FEATURES, sizeof f->weight);
  for (uint64_t i = 0; i < s->count; i++) {
    double row[SIDES], move, ratio = 0;
    fill_row(r, s, n, i, row, &move);
    for (int k = 0; k < FEATURES; k++) {
      ratio += f->weight[k] * row[k];
    }
    s->left[i] -= ratio * move;
  }
  qs_arena_destroy(arena);
  return QS_OK;
}

/* Own paths under the pricing law, and what the position gains on them; trades along paths from 0. */
static qs_status make_sample(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_simulate_problem *problem, sample *s) {
  s->spec = *problem->spec;
  s->spec.drift = 0;
  s->spec.cascade.decay = NAN;
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    s->spec.real_world.value[i] = NAN;
  }
  s->problem = *problem;
  s->problem.spec = &s->spec;
  s->problem.simulation.seed ^= other_seed;
  s->count = problem->simulation.paths < most_paths ? problem->simulation.paths : most_paths;
  s->problem.simulation.paths = s->count;
  qs_simulate_paths paths;
  qs_claim claim;
  qs_rebalance_unit unit;
  const size_t states = problem->row_count * s->count;
  s->x = QS_NEW(arena, states, double);
  s->v = QS_NEW(arena, states, double);
  s->left = QS_NEW(arena, s->count, double);
  s->own = QS_NEW(arena, s->count, double);
  s->seen = QS_NEW(arena, problem->date_count * s->count, seen);
  if (!s->x || !s->v || !s->left || !s->own || !s->seen) {
    return qs_fail_memory(context, "regressing on paths");
  }
  qs_status status = qs_simulate_paths_make(context, arena, devices, &s->problem, &paths);
  status = status ? status : qs_simulate_unit_make(context, arena, &s->problem, NULL, 0, &unit);
  status = status ? status : qs_claim_make(context, arena, &paths, &claim);
  status = status ? status : qs_simulate_paths_run(context, &paths, 0, s->count, s->x, s->v);
  if (!status) {
    s->gain = unit.instruments[0].gain;
    qs_claim_gain(&claim, s->x, s->v, s->count, s->count, s->left);
    status = qs_along_pay(context, &s->problem, s->x, s->count, s->count, s->own);
  }
  for (uint64_t i = 0; !status && i < s->count; i++) {
    s->left[i] += s->own[i];
  }
  return status;
}

static bool fixes_on(const qs_simulate_problem *p, size_t date) {
  bool found = false;
  for (size_t c = 0; c < p->along_count; c++) {
    const qs_path_terms *terms = p->along[c].path;
    for (size_t k = 0; k < terms->count; k++) {
      found = found || (terms->dates[k] > terms->as_of && terms->dates[k] == p->dates[date]);
    }
  }
  return found;
}

static qs_status prepare(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                         qs_regression *r) {
  bool *fixes = QS_NEW(arena, p->date_count, bool);
  double *forward = QS_NEW(arena, p->date_count, double);
  *r = (qs_regression){.context = context,
                       .stochastic = qs_model_stochastic(&p->under->model),
                       .decisions = p->date_count - 1,
                       .fits = QS_NEW(arena, p->date_count, fit),
                       .seen = QS_NEW(arena, QS_SIMULATE_BLOCK, seen)};
  if (!fixes || !forward || !r->fits || !r->seen) {
    return qs_fail_memory(context, "regressing on paths");
  }
  for (size_t d = 0; d < p->date_count; d++) {
    fixes[d] = fixes_on(p, d);
    forward[d] = qs_curve_forward(&p->under->curve, p->years[d]);
  }
  r->fixes = fixes;
  r->forward = forward;
  return QS_OK;
}

qs_status qs_regression_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_simulate_problem *problem, qs_regression **regression) {
  qs_arena *scratch = qs_arena_create(context);
  qs_regression *made = QS_NEW(arena, 1, qs_regression);
  sample s = {.count = 0};
  qs_status status = scratch && made ? prepare(context, arena, problem, made)
                                     : qs_fail_memory(context, "regressing on paths");
  status = status ? status : make_sample(context, scratch, devices, problem, &s);
  for (uint64_t i = 0; !status && i < s.count; i++) {
    seen so_far = {0, 0, 0, 0};
    for (size_t d = 0; d < problem->date_count; d++) {
      look(made, d, s.x[problem->date_row[d] * s.count + i], &so_far);
      s.seen[d * s.count + i] = so_far;
    }
  }
  for (size_t n = problem->date_count - 1; !status && n-- > 0;) {
    status = fit_date(context, made, &s, n);
  }
  double sum = 0;
  for (uint64_t i = 0; !status && i < s.count; i++) {
    sum += s.left[i];
  }
  if (!status) { /* what has a price gains nothing on average */
    made->value = problem->along_count ? sum / (double)s.count : 0;
    *regression = made;
  }
  qs_arena_destroy(scratch);
  return status;
}

qs_status qs_regression_hold(void *data, const qs_policy_view *view, double *target) {
  qs_regression *r = data;
  const fit *f = &r->fits[view->date];
  const long count = (long)view->path_count;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    const double x = log(view->spot[i] / r->forward[view->date]);
    look(r, view->date, x, &r->seen[i]);
    double features[FEATURES], ratio = 0;
    make_features(r, f, x, view->variance[i], &r->seen[i], features);
    for (int k = 0; k < FEATURES; k++) {
      ratio += f->weight[k] * features[k];
    }
    target[i] = -ratio;
  }
  return QS_OK;
}
