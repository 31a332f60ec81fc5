#include "host/simulate/regress_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/simulate/normal.h"

enum { CHUNK = 2048 };                 /* paths whose normal equations one thread adds up */
enum { LOOK = 4096 };                  /* paths that say where features bend and which are there at all */
static const double slope_step = 1e-3; /* of x */
static const char regressing[] = "regressing on paths";

/* How many units of the first instrument move as one of the k-th does, to first order in the price. */
double qs_regress_delta(const qs_regression *r, size_t k, size_t date, double x, double v) {
  const qs_state_range *range = &r->fits[date].range;
  const qs_state_table *table = &r->options[(k - 1) * r->date_count + date];
  const double place = table->stochastic ? qs_state_place(fmin(fmax(v, range->v_low), range->v_high)) : 0;
  const double at = fmin(fmax(x, range->x_low), range->x_high);
  const double low = exp(at - slope_step), high = exp(at + slope_step);
  const double slope = (high * qs_state_table_at(table, at + slope_step, place) -
                        low * qs_state_table_at(table, at - slope_step, place)) /
                       (high - low);
  return slope * r->gains[k].gain[date] / r->gains[0].gain[date];
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void find_range(const qs_regress_sample *s, size_t n, qs_state_range *range) {
  const double *x = s->x + qs_regress_row(s, n), *v = s->v + qs_regress_row(s, n);
  *range = (qs_state_range){INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (uint64_t i = 0; i < s->count; i++) {
    range->x_low = fmin(range->x_low, x[i]);
    range->x_high = fmax(range->x_high, x[i]);
    range->v_low = fmin(range->v_low, v[i]);
    range->v_high = fmax(range->v_high, v[i]);
  }
}

/* Knots at quantiles of every coordinate; room[QS_FEATURE_COORDINATES * LOOK]. */
static void lay_knots(const qs_regress_sample *s, size_t n, double *room, qs_regress_fit *f) {
  const size_t count = s->count < LOOK ? (size_t)s->count : LOOK;
  double at[QS_FEATURE_COORDINATES];
  for (size_t i = 0; i < count; i++) {
    qs_feature_coordinates(&f->knots, s->x[qs_regress_row(s, n) + i], &s->seen[n * s->count + i], at);
    for (size_t c = 0; c < QS_FEATURE_COORDINATES; c++) {
      room[c * count + i] = at[c];
    }
  }
  for (size_t c = 0; c < QS_FEATURE_COORDINATES; c++) {
    const size_t hinges = qs_feature_hinges(c);
    qsort(room + c * count, count, sizeof *room, by_size);
    for (size_t k = 0; k < hinges; k++) {
      f->knots.knot[c][k] = room[c * count + (size_t)((double)count * ((double)k + 0.5) / (double)hinges)];
    }
  }
}

void qs_regress_features(const qs_regress_sample *s, const qs_regress_fit *f, size_t n, uint64_t i,
                         double *to) {
  const size_t at = qs_regress_row(s, n) + i;
  qs_features(&f->knots, s->x[at], s->v[at], &s->seen[n * s->count + i], to);
}

static void find_active(const qs_regress_sample *s, size_t n, qs_regress_fit *f) {
  bool seen[QS_FEATURES] = {false};
  double features[QS_FEATURES];
  for (uint64_t i = 0; i < s->count && i < LOOK; i++) {
    qs_regress_features(s, f, n, i, features);
    for (size_t k = 0; k < QS_FEATURES; k++) {
      seen[k] = seen[k] || features[k] != 0;
    }
  }
  f->count = f->few = 0;
  for (size_t k = 0; k < QS_FEATURES; k++) {
    if (seen[k]) {
      f->active[f->count++] = k;
      f->few = k < QS_FEATURES_FEW ? f->count : f->few;
    }
  }
}

/* What a unit of every instrument gains to the next date: of options, with their delta held against them. */
static void find_moves(const qs_regression *r, const qs_regress_sample *s, size_t n, uint64_t i,
                       double *move) {
  const size_t now = qs_regress_row(s, n) + i, next = qs_regress_row(s, n + 1) + i;
  move[0] = r->gains[0].gain[n] * (exp(s->x[next]) - exp(s->x[now]));
  for (size_t k = 1; k < r->instrument_count; k++) {
    const double *value = s->value + ((k - 1) * r->date_count + n) * s->count + i;
    move[k] = r->gains[k].gain[n] * (value[s->count] - value[0]) -
              qs_regress_delta(r, k, n, s->x[now], s->v[now]) * move[0];
  }
}

/* Columns of one path: features, and for every instrument features times its move. */
static void fill_row(const qs_regression *r, const qs_regress_sample *s, size_t n, uint64_t i, double *row) {
  const qs_regress_fit *f = &r->fits[n];
  double features[QS_FEATURES], move[QS_MAX_HEDGES];
  qs_regress_features(s, f, n, i, features);
  find_moves(r, s, n, i, move);
  for (size_t k = 0; k < f->count; k++) {
    *row++ = features[f->active[k]];
  }
  for (size_t q = 0; q < r->instrument_count; q++) {
    for (size_t k = 0; k < (q ? f->few : f->count); k++) {
      *row++ = features[f->active[k]] * move[q];
    }
  }
}

/* The normal equations of one chunk of paths. */
static void add_chunk(const qs_regression *r, const qs_regress_sample *s, size_t n, uint64_t from,
                      double *rows, qs_normal *normal) {
  const uint64_t end = s->count - from < CHUNK ? s->count : from + CHUNK;
  for (uint64_t i = from; i < end; i += QS_NORMAL_ROWS) {
    double targets[QS_NORMAL_ROWS];
    const size_t some = end - i < QS_NORMAL_ROWS ? (size_t)(end - i) : QS_NORMAL_ROWS;
    for (size_t k = 0; k < some; k++) {
      fill_row(r, s, n, i + k, rows + k * normal->count);
      targets[k] = s->left[i + k];
    }
    qs_normal_add(normal, rows, targets, some);
  }
}

static void take_solution(const qs_regression *r, const double *solution, qs_regress_fit *f) {
  memset(f->value, 0, sizeof f->value);
  for (size_t k = 0; k < f->count; k++) {
    f->value[f->active[k]] = *solution++;
  }
  for (size_t q = 0; q < r->instrument_count; q++) {
    for (size_t k = 0; k < (q ? f->few : f->count); k++) {
      f->weight[q * QS_FEATURES + f->active[k]] = *solution++;
    }
  }
}

double qs_regress_ratio(const qs_regress_fit *f, size_t instrument, const double *features) {
  const double *weight = f->weight + instrument * QS_FEATURES;
  double ratio = 0;
  for (size_t k = 0; k < QS_FEATURES; k++) {
    ratio += weight[k] * features[k];
  }
  return ratio;
}

/* What the date's holdings gain is no longer to be explained. */
static void take_gains(const qs_regression *r, qs_regress_sample *s, size_t n) {
  const long count = (long)s->count;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    double features[QS_FEATURES], move[QS_MAX_HEDGES];
    qs_regress_features(s, &r->fits[n], n, (uint64_t)i, features);
    find_moves(r, s, n, (uint64_t)i, move);
    for (size_t q = 0; q < r->instrument_count; q++) {
      s->left[i] -= qs_regress_ratio(&r->fits[n], q, features) * move[q];
    }
  }
}

qs_status qs_regress_date(qs_context *context, qs_regression *r, qs_regress_sample *s, size_t n) {
  qs_arena *arena = qs_arena_create(context);
  const size_t chunks = (size_t)((s->count + CHUNK - 1) / CHUNK);
  double *room = arena ? QS_NEW(arena, (size_t)QS_FEATURE_COORDINATES * LOOK, double) : NULL;
  qs_normal *parts = room ? QS_NEW(arena, chunks, qs_normal) : NULL;
  double **rows = parts ? QS_NEW(arena, chunks, double *) : NULL;
  bool made = rows;
  qs_regress_fit *f = &r->fits[n];
  if (made) {
    find_range(s, n, &f->range);
    lay_knots(s, n, room, f);
    find_active(s, n, f);
  }
  const size_t columns = 2 * f->count + (r->instrument_count - 1) * f->few;
  for (size_t c = 0; made && c < chunks; c++) {
    rows[c] = QS_NEW(arena, QS_NORMAL_ROWS * columns, double);
    made = rows[c] && qs_normal_make(arena, columns, &parts[c]);
  }
  bool *taken = made ? QS_NEW(arena, columns, bool) : NULL;
  double *solution = taken ? QS_NEW(arena, columns, double) : NULL;
  if (!solution) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, regressing);
  }
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (size_t c = 0; c < chunks; c++) {
    add_chunk(r, s, n, c * CHUNK, rows[c], &parts[c]);
  }
  for (size_t c = 1; c < chunks; c++) {
    qs_normal_merge(&parts[0], &parts[c]);
  }
  qs_normal_solve(&parts[0], taken, solution);
  take_solution(r, solution, f);
  take_gains(r, s, n);
  qs_arena_destroy(arena);
  return QS_OK;
}
