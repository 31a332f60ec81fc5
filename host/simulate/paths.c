#include "host/simulate/paths.h"

#include <math.h>
#include <string.h>

#include "host/base/exchange.h"
#include "host/engine/scheduler.h"
#include "host/simulate/index.h"
#include "kernels/core/key.h"

static const char stage[] = "simulate";

enum { CHUNK = 512 }; /* paths that one thread lets fall at a time */

/* The steps are those of `model`. */
static qs_status make_grid(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                           const qs_model *model, qs_grid *grid) {
  const size_t first = problem->now ? 1 : 0, count = problem->row_count - first;
  bool *through = QS_NEW(arena, count, bool);
  if (!through) {
    return qs_fail_memory(context, "preparing paths");
  }
  for (size_t d = 0; d < count; d++) {
    through[d] = true;
  }
  const qs_status status =
      qs_grid_build_through(context, arena, model, problem->market->as_of, problem->rows + first, through,
                            count, problem->simulation.step_days, grid);
  return status ? status
                : qs_grid_shift(context, arena, &problem->under->shift, 1, problem->market->as_of, grid);
}

static bool make_ranges(qs_arena *arena, qs_simulate_paths *paths) {
  paths->ranges = QS_NEW(arena, paths->problem->row_count, qs_state_range);
  paths->ranged = QS_NEW(arena, 1, bool);
  return paths->ranges && paths->ranged;
}

/* Jumps have normals of their own where the others are shared (kernels/plan.h). */
static bool has_sizes(const qs_model *model) {
  return qs_model_parameters(model->type) >> QS_SIGMA_J & 1;
}

qs_status qs_simulate_paths_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                                 const qs_simulate_problem *problem, qs_simulate_paths *paths) {
  qs_simulate_paths made = {.problem = problem, .devices = devices, .weights = {1}, .key_count = 1};
  qs_status status = qs_simulate_real_model(context, problem, &made.model);
  status = status ? status : make_grid(context, arena, problem, &made.model, &made.grid);
  made.keys[0] = qs_key(problem->simulation.seed, QS_PURPOSE_SIMULATE, problem->under->name);
  made.shared = problem->also && has_sizes(&made.model);
  status = status ? status : qs_cascade_make(context, arena, problem, &made.cascade);
  if (!status && !make_ranges(arena, &made)) {
    status = qs_fail_memory(context, "preparing paths");
  }
  if (!status) {
    *paths = made;
  }
  return status;
}

qs_status qs_simulate_paths_beside(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   double r, qs_simulate_paths *beside) {
  const qs_simulate_problem *q = paths->problem->also;
  const uint64_t seed = paths->problem->simulation.seed;
  qs_simulate_paths made = {.problem = q,
                            .devices = paths->devices,
                            .model = q->under->model,
                            .keys = {paths->keys[0], qs_key(seed, QS_PURPOSE_SIMULATE, q->under->name)},
                            .weights = {r, sqrt(1 - r * r)},
                            .key_count = 2,
                            .shared = has_sizes(&q->under->model)};
  qs_status status = make_grid(context, arena, q, &paths->model, &made.grid);
  if (!status && !make_ranges(arena, &made)) {
    status = qs_fail_memory(context, "preparing paths");
  }
  if (!status) {
    *beside = made;
  }
  return status;
}

static void start_rows(const qs_model *model, uint64_t count, double *x, double *v) {
  const bool random = qs_model_parameters(model->type) >> QS_V0 & 1;
  const double v0 = random ? model->value[QS_V0] : model->value[QS_SIGMA] * model->value[QS_SIGMA];
  for (uint64_t i = 0; i < count; i++) {
    x[i] = 0;
    v[i] = v0;
  }
}

static void fall(const qs_context *context, const qs_cascade *cascade, uint64_t begin, uint64_t count,
                 double *x) {
  const long chunks = (long)((count + CHUNK - 1) / CHUNK);
#pragma omp parallel for num_threads(context->threads) schedule(static)
  for (long c = 0; c < chunks; c++) {
    const uint64_t from = (uint64_t)c * CHUNK;
    const uint64_t some = count - from < CHUNK ? count - from : CHUNK;
    qs_cascade_run(cascade, begin + from, some, count, x + from, NULL);
  }
}

qs_status qs_simulate_paths_run(qs_context *context, const qs_simulate_paths *paths, uint64_t begin,
                                uint64_t count, double *x, double *v) {
  const qs_simulate_problem *problem = paths->problem;
  const size_t first = problem->now ? 1 : 0;
  if (problem->now) {
    start_rows(&paths->model, count, x, v);
  }
  qs_horizon_unit unit = {
      .keys = paths->keys, .weights = paths->weights, .key_count = paths->key_count, .shared = paths->shared};
  unit.path.model = paths->model;
  unit.path.scheme = problem->simulation.scheme;
  unit.path.key = paths->keys[paths->key_count - 1];
  unit.path.steps = paths->grid.steps;
  unit.path.step_count = paths->grid.step_count;
  unit.path.dates = paths->grid.dates;
  unit.path.date_count = paths->grid.date_count;
  unit.precision = problem->simulation.precision;
  unit.path_begin = begin;
  unit.path_end = begin + count;
  double *to_x = x + first * count, *to_v = v + first * count;
  qs_progress_callback progress = context->progress; /* blocks are reported, not their parts */
  context->progress = NULL;
  qs_status status = qs_schedule_horizon(context, paths->devices, stage, &unit, 1, NULL, &to_x, &to_v);
  context->progress = progress;
  for (size_t row = first; !status && problem->spec->drift != 0 && row < problem->row_count; row++) {
    const double move = problem->spec->drift * problem->row_years[row];
    for (uint64_t i = 0; i < count; i++) {
      x[row * count + i] += move;
    }
  }
  if (!status && paths->cascade) {
    fall(context, paths->cascade, begin, count, x);
  }
  return status;
}

static void widen(const double *x, const double *v, uint64_t count, qs_state_range *range) {
  for (uint64_t i = 0; i < count; i++) {
    range->x_low = fmin(range->x_low, x[i]);
    range->x_high = fmax(range->x_high, x[i]);
    range->v_low = fmin(range->v_low, v[i]);
    range->v_high = fmax(range->v_high, v[i]);
  }
}

/* Of the blocks [first, last). */
static qs_status look(qs_context *context, const qs_simulate_paths *paths, uint64_t first, uint64_t last,
                      qs_state_range *ranges) {
  const size_t rows = paths->problem->row_count;
  const uint64_t total = paths->problem->simulation.paths;
  qs_arena *arena = qs_arena_create(context);
  double *x = arena ? QS_NEW(arena, rows * QS_SIMULATE_BLOCK, double) : NULL;
  double *v = arena ? QS_NEW(arena, rows * QS_SIMULATE_BLOCK, double) : NULL;
  qs_status status = x && v ? QS_OK : qs_fail_memory(context, "simulating paths");
  for (size_t row = 0; row < rows; row++) {
    ranges[row] = (qs_state_range){INFINITY, -INFINITY, INFINITY, -INFINITY};
  }
  for (uint64_t k = first; !status && k < last; k++) {
    const uint64_t begin = k * QS_SIMULATE_BLOCK,
                   count = total - begin < QS_SIMULATE_BLOCK ? total - begin : QS_SIMULATE_BLOCK;
    status = qs_simulate_paths_run(context, paths, begin, count, x, v);
    for (size_t row = 0; !status && row < rows; row++) {
      widen(x + row * count, v + row * count, count, &ranges[row]);
    }
  }
  qs_arena_destroy(arena);
  return status;
}

/* Of all blocks: each process of a team looks at its own, and all have the widest of what they found. */
static qs_status look_together(qs_context *context, const qs_simulate_paths *paths, qs_state_range *ranges) {
  const size_t rows = paths->problem->row_count;
  const uint32_t ranks = context->exchange ? context->exchange->ranks : 1;
  const uint32_t rank = context->exchange ? context->exchange->rank : 0;
  qs_arena *arena = qs_arena_create(context);
  qs_state_range *found = arena ? QS_NEW(arena, rows * ranks, qs_state_range) : NULL;
  uint64_t first, last;
  qs_exchange_range(context, qs_simulate_blocks(paths->problem), &first, &last);
  qs_status status = found ? look(context, paths, first, last, found + rank * rows)
                           : qs_fail_memory(context, "simulating paths");
  const qs_exchange_rows all = {
      .first = found, .rows = 1, .item_bytes = rows * sizeof *found, .items = ranks};
  status = found ? qs_exchange_all(context, stage, &all, 1, status) : status;
  for (size_t row = 0; !status && row < rows; row++) {
    ranges[row] = found[row];
    for (uint32_t r = 1; r < ranks; r++) {
      const qs_state_range *other = &found[r * rows + row];
      ranges[row].x_low = fmin(ranges[row].x_low, other->x_low);
      ranges[row].x_high = fmax(ranges[row].x_high, other->x_high);
      ranges[row].v_low = fmin(ranges[row].v_low, other->v_low);
      ranges[row].v_high = fmax(ranges[row].v_high, other->v_high);
    }
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_simulate_paths_ranges(qs_context *context, const qs_simulate_paths *paths,
                                   qs_state_range *ranges) {
  const size_t rows = paths->problem->row_count;
  qs_status status = *paths->ranged ? QS_OK : look_together(context, paths, paths->ranges);
  if (status) {
    return status;
  }
  *paths->ranged = true;
  memcpy(ranges, paths->ranges, rows * sizeof *ranges);
  if (qs_simulate_moves(paths->problem->spec)) {
    for (size_t row = 0; row < rows; row++) { /* kernels/core/impact.h */
      ranges[row].x_low -= log(2);
      ranges[row].x_high += log(2);
    }
  }
  qs_simulate_index_widen(paths->problem, ranges);
  return QS_OK;
}
