#include "host/simulate/regress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/model.h"
#include "host/simulate/along.h"
#include "host/simulate/normal.h"
#include "host/simulate/option.h"
#include "host/simulate/regress_features.h"
#include "host/simulate/unit.h"
#include "host/simulate/watch.h"

enum { CHUNK = 2048 };                    /* paths whose normal equations one thread adds up */
enum { LOOK = 4096 };                     /* paths that say where features bend and which are there at all */
static const uint64_t most_paths = 32768; /* twice as many for several instruments */
static const uint64_t other_seed = UINT64_C(0xd1b54a32d192ed03); /* paths that judge are others */
static const double slope_step = 1e-3;                           /* of x */
static const char regressing[] = "regressing on paths";

/* One date: where features bend, which are not 0 on every path, and what they weigh. */
typedef struct fit {
  qs_feature_knots knots;
  size_t active[QS_FEATURES], count, few; /* ascending; the first `few` are those of further instruments */
  double *weight;                         /* [instrument][QS_FEATURES] of the ratios */
  qs_state_range range;                   /* of the states regressed on */
} fit;

struct qs_regression {
  qs_context *context;
  size_t date_count, instrument_count;
  const bool *fixes;                      /* [date] whether it is a fixing */
  const double *forward;                  /* [date] */
  const qs_hedge_instrument *instruments; /* their limits */
  const qs_rebalance_instrument *gains;   /* what a unit of each gains */
  const qs_state_table *options;          /* [option][date] of M */
  fit *fits;                              /* [decision] */
  const qs_watched *watched;              /* along the paths that are asked about; null: none */
  qs_path_seen *seen;                     /* [QS_SIMULATE_BLOCK]: of the block that is asked about */
  double value;
};

double qs_regression_value(const qs_regression *regression) {
  return regression->value;
}

static void look(const qs_regression *r, size_t date, double x, qs_path_seen *seen) {
  qs_path_look(seen, date == 0, r->fixes[date], log(r->forward[date] / r->forward[0]) + x);
}

/* How many units of the first instrument move as one of the k-th does, to first order in the price. */
static double delta_of(const qs_regression *r, size_t k, size_t date, double x, double v) {
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

/* The paths that are regressed on. */
typedef struct sample {
  qs_simulate_problem problem;
  qs_simulate_spec spec;
  uint64_t count;
  double *x, *v;      /* [row][count] */
  double *left, *own; /* [count]: what is still to be explained, and what trades along paths pay */
  double *value;      /* [option][date][count] of M */
  qs_path_seen *seen; /* [date][count] */
} sample;

static size_t row_of(const sample *s, size_t date) {
  return s->problem.date_row[date] * s->count;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void find_range(const sample *s, size_t n, qs_state_range *range) {
  const double *x = s->x + row_of(s, n), *v = s->v + row_of(s, n);
  *range = (qs_state_range){INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (uint64_t i = 0; i < s->count; i++) {
    range->x_low = fmin(range->x_low, x[i]);
    range->x_high = fmax(range->x_high, x[i]);
    range->v_low = fmin(range->v_low, v[i]);
    range->v_high = fmax(range->v_high, v[i]);
  }
}

/* Knots at quantiles of every coordinate; room[QS_FEATURE_COORDINATES * LOOK]. */
static void lay_knots(const sample *s, size_t n, double *room, fit *f) {
  const size_t count = s->count < LOOK ? (size_t)s->count : LOOK;
  double at[QS_FEATURE_COORDINATES];
  for (size_t i = 0; i < count; i++) {
    qs_feature_coordinates(&f->knots, s->x[row_of(s, n) + i], &s->seen[n * s->count + i], at);
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

static void features_of(const sample *s, const fit *f, size_t n, uint64_t i, double *to) {
  const size_t at = row_of(s, n) + i;
  qs_features(&f->knots, s->x[at], s->v[at], &s->seen[n * s->count + i], to);
}

static void find_active(const sample *s, size_t n, fit *f) {
  bool seen[QS_FEATURES] = {false};
  double features[QS_FEATURES];
  for (uint64_t i = 0; i < s->count && i < LOOK; i++) {
    features_of(s, f, n, i, features);
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
static void find_moves(const qs_regression *r, const sample *s, size_t n, uint64_t i, double *move) {
  const size_t now = row_of(s, n) + i, next = row_of(s, n + 1) + i;
  move[0] = r->gains[0].gain[n] * (exp(s->x[next]) - exp(s->x[now]));
  for (size_t k = 1; k < r->instrument_count; k++) {
    const double *value = s->value + ((k - 1) * r->date_count + n) * s->count + i;
    move[k] = r->gains[k].gain[n] * (value[s->count] - value[0]) -
              delta_of(r, k, n, s->x[now], s->v[now]) * move[0];
  }
}

/* Columns of one path: features, and for every instrument features times its move. */
static void fill_row(const qs_regression *r, const sample *s, size_t n, uint64_t i, double *row) {
  const fit *f = &r->fits[n];
  double features[QS_FEATURES], move[QS_MAX_HEDGES];
  features_of(s, f, n, i, features);
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
static void add_chunk(const qs_regression *r, const sample *s, size_t n, uint64_t from, double *rows,
                      qs_normal *normal) {
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

static void take_solution(const qs_regression *r, const double *solution, fit *f) {
  solution += f->count;
  for (size_t q = 0; q < r->instrument_count; q++) {
    for (size_t k = 0; k < (q ? f->few : f->count); k++) {
      f->weight[q * QS_FEATURES + f->active[k]] = *solution++;
    }
  }
}

static double ratio_of(const fit *f, size_t instrument, const double *features) {
  const double *weight = f->weight + instrument * QS_FEATURES;
  double ratio = 0;
  for (size_t k = 0; k < QS_FEATURES; k++) {
    ratio += weight[k] * features[k];
  }
  return ratio;
}

/* What the date's holdings gain is no longer to be explained. */
static void take_gains(const qs_regression *r, sample *s, size_t n) {
  const long count = (long)s->count;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    double features[QS_FEATURES], move[QS_MAX_HEDGES];
    features_of(s, &r->fits[n], n, (uint64_t)i, features);
    find_moves(r, s, n, (uint64_t)i, move);
    for (size_t q = 0; q < r->instrument_count; q++) {
      s->left[i] -= ratio_of(&r->fits[n], q, features) * move[q];
    }
  }
}

static qs_status fit_date(qs_context *context, qs_regression *r, sample *s, size_t n) {
  qs_arena *arena = qs_arena_create(context);
  const size_t chunks = (size_t)((s->count + CHUNK - 1) / CHUNK);
  double *room = arena ? QS_NEW(arena, (size_t)QS_FEATURE_COORDINATES * LOOK, double) : NULL;
  qs_normal *parts = room ? QS_NEW(arena, chunks, qs_normal) : NULL;
  double **rows = parts ? QS_NEW(arena, chunks, double *) : NULL;
  bool made = rows;
  fit *f = &r->fits[n];
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

/* The same problem on own paths under the pricing law. */
static void restate(const qs_simulate_problem *problem, sample *s) {
  s->spec = *problem->spec;
  s->spec.drift = 0;
  s->spec.cascade.decay = NAN;
  s->spec.index_count = 0;
  s->spec.own_impact = (qs_simulate_own_impact){0, 0, 0};
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    s->spec.real_world.value[i] = NAN;
  }
  s->problem = *problem;
  s->problem.spec = &s->spec;
  s->problem.simulation.seed ^= other_seed;
  const uint64_t most = problem->instrument_count > 1 ? 2 * most_paths : most_paths;
  s->count = problem->simulation.paths < most ? problem->simulation.paths : most;
  s->problem.simulation.paths = s->count;
}

/* M of the options along the paths; the tables stay for what is asked later. */
static qs_status value_options(qs_context *context, qs_arena *arena, const qs_regression *r, sample *s) {
  const size_t options = r->instrument_count - 1;
  s->value = QS_NEW(arena, options * r->date_count * s->count, double);
  if (!s->value) {
    return qs_fail_memory(context, regressing);
  }
  const long dated = (long)(options * r->date_count);
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (long k = 0; k < dated; k++) {
    const size_t at = row_of(s, (size_t)k % r->date_count);
    qs_simulate_option_value(&r->options[k], s->x + at, s->v + at, s->count, s->value + (size_t)k * s->count);
  }
  return QS_OK;
}

/* What happens to a path of such states from the date before up to this one. */
static void look_between(const qs_watched *watched, const uint32_t *row, size_t date, uint64_t path,
                         const double *x, const double *v, uint64_t stride, qs_path_seen *seen) {
  seen->touched = date ? seen->touched : qs_watched_before(watched);
  for (size_t at = date ? row[date - 1] + 1 : 0; watched && at <= row[date]; at++) {
    seen->touched |= qs_watched_touched(watched, path, at, x, v, stride);
  }
}

static void look_at_all(const qs_regression *r, const sample *s, const qs_watched *watched) {
  const long count = (long)s->count;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    qs_path_seen seen = {.count = 0};
    s->left[i] += s->own[i];
    for (size_t d = 0; d < r->date_count; d++) {
      look_between(watched, s->problem.date_row, d, (uint64_t)i, s->x + i, s->v + i, s->count, &seen);
      look(r, d, s->x[row_of(s, d) + (uint64_t)i], &seen);
      s->seen[d * s->count + (uint64_t)i] = seen;
    }
  }
}

/* Own paths, and what the position gains on them; trades along paths from 0. */
static qs_status make_sample(qs_context *context, qs_arena *arena, qs_arena *scratch, qs_devices *devices,
                             qs_regression *r, sample *s) {
  const qs_simulate_problem *p = &s->problem;
  const size_t states = p->row_count * s->count;
  qs_simulate_paths paths;
  qs_claim claim;
  s->x = QS_NEW(scratch, states, double);
  s->v = QS_NEW(scratch, states, double);
  s->left = QS_NEW(scratch, s->count, double);
  s->own = QS_NEW(scratch, s->count, double);
  s->seen = QS_NEW(scratch, p->date_count * s->count, qs_path_seen);
  if (!s->x || !s->v || !s->left || !s->own || !s->seen) {
    return qs_fail_memory(context, regressing);
  }
  qs_status status = qs_simulate_paths_make(context, scratch, devices, p, &paths);
  status = status ? status : qs_claim_make(context, scratch, &paths, &claim);
  status = status ? status : qs_simulate_paths_run(context, &paths, 0, s->count, s->x, s->v);
  status = status ? status : qs_simulate_options_make(context, arena, &paths, p->date_row, &r->options);
  status = status ? status : value_options(context, scratch, r, s);
  if (!status) {
    qs_claim_gain(&claim, s->x, s->v, s->count, s->count, s->left);
    status = qs_along_pay(context, p, s->x, s->v, 0, s->count, s->count, s->own);
  }
  const qs_watched *watched = NULL;
  status = status ? status : qs_watched_make(context, scratch, p, &watched);
  if (!status) {
    look_at_all(r, s, watched);
  }
  return status;
}

/* What trades settled in coin are worth now beyond their payoffs' discounted means, by their rate. */
static qs_status add_coin(qs_context *context, const sample *s, double *value) {
  const qs_simulate_problem *p = &s->problem;
  qs_status status = QS_OK;
  for (size_t c = 0; !status && c < p->along_count; c++) {
    const qs_contract *contract = &p->along[c];
    if (contract->settlement != QS_SETTLE_COIN) {
      continue;
    }
    qs_simulate_problem alone = *p;
    alone.along = contract;
    alone.along_count = 1;
    memset(s->own, 0, s->count * sizeof *s->own);
    status = qs_along_pay(context, &alone, s->x, s->v, 0, s->count, s->count, s->own);
    double sum = 0;
    for (uint64_t i = 0; i < s->count; i++) {
      sum += s->own[i];
    }
    const double kept = exp(-p->under->coin_rate * contract->years) * qs_curve_forward(&p->under->curve, 0) /
                        qs_curve_forward(&p->under->curve, contract->years);
    *value += (kept / qs_simulate_discount(p, contract->years) - 1) * sum / (double)s->count;
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
                       .date_count = p->date_count,
                       .instrument_count = p->instrument_count,
                       .instruments = p->instruments,
                       .fixes = fixes,
                       .forward = forward,
                       .fits = QS_NEW(arena, p->date_count, fit),
                       .seen = QS_NEW(arena, QS_SIMULATE_BLOCK, qs_path_seen)};
  if (!fixes || !forward || !r->fits || !r->seen) {
    return qs_fail_memory(context, regressing);
  }
  qs_status status = qs_watched_make(context, arena, p, &r->watched);
  if (status) {
    return status;
  }
  uint32_t left = 0;
  for (size_t d = p->date_count; d-- > 0;) {
    fixes[d] = fixes_on(p, d);
    forward[d] = qs_curve_forward(&p->under->curve, p->years[d]);
    r->fits[d].knots.left = left;
    r->fits[d].knots.random = qs_model_stochastic(&p->under->model);
    r->fits[d].knots.watched = (uint32_t)qs_watched_count(r->watched);
    r->fits[d].weight = QS_NEW(arena, p->instrument_count * QS_FEATURES, double);
    if (!r->fits[d].weight) {
      return qs_fail_memory(context, regressing);
    }
    left += fixes[d];
  }
  for (size_t d = 0; d < p->date_count; d++) {
    r->fits[d].knots.carry = log(forward[d] / forward[0]);
  }
  qs_rebalance_unit unit;
  status = qs_simulate_unit_make(context, arena, p, NULL, 0, &unit);
  r->gains = unit.instruments;
  return status;
}

qs_status qs_regression_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_simulate_problem *problem, qs_regression **regression) {
  qs_arena *scratch = qs_arena_create(context);
  qs_regression *made = QS_NEW(arena, 1, qs_regression);
  sample s = {.count = 0};
  qs_status status =
      scratch && made ? prepare(context, arena, problem, made) : qs_fail_memory(context, regressing);
  if (!status) {
    restate(problem, &s);
    status = make_sample(context, arena, scratch, devices, made, &s);
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
    status = add_coin(context, &s, &made->value);
  }
  if (!status) {
    *regression = made;
  }
  qs_arena_destroy(scratch);
  return status;
}

/* Options first, within their limits; the first instrument meets the delta of what they then are. */
static void hold_one(const qs_regression *r, const qs_policy_view *view, size_t i, double *target) {
  const size_t n = view->date, count = view->path_count;
  const fit *f = &r->fits[n];
  const double x = log(view->spot[i] / r->forward[n]), v = view->variance[i];
  double features[QS_FEATURES];
  look(r, n, x, &r->seen[i]);
  qs_features(&f->knots, x, v, &r->seen[i], features);
  double first = -ratio_of(f, 0, features);
  for (size_t k = 1; k < r->instrument_count; k++) {
    const double wanted = -ratio_of(f, k, features);
    target[k * count + i] = fmin(fmax(wanted, r->instruments[k].low), r->instruments[k].high);
    first -= target[k * count + i] * delta_of(r, k, n, x, v);
  }
  target[i] = first;
}

void qs_regression_look(void *data, const qs_rebalance_unit *unit, uint32_t date, uint64_t first_path) {
  qs_regression *r = data;
  const long count = (long)unit->stride;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    look_between(r->watched, unit->decided, date, first_path + (uint64_t)i, unit->x + i, unit->v + i,
                 unit->stride, &r->seen[i]);
  }
}

qs_status qs_regression_hold(void *data, const qs_policy_view *view, double *target) {
  qs_regression *r = data;
  const long count = (long)view->path_count;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    hold_one(r, view, (size_t)i, target);
  }
  return QS_OK;
}
