#include "host/engine/scheduler.h"

#include <string.h>

#include "host/base/arena.h"
#include "host/engine/work_queue.h"

/* Most bytes of results that a piece may yield where they have to be copied to their place. */
enum { SCRATCH_BYTES = 32 << 20 };

/* What a payoff, or a state kept, costs beside a step of a path: only how the work is shared depends on it.
 */
static const double payoff_cost = 4, greeks_cost = 2;

typedef struct value_job {
  const qs_value_unit *units;
  qs_moment *const *moments;
} value_job;

typedef struct horizon_job {
  const qs_horizon_unit *units;
  double *const *x, *const *v;
} horizon_job;

static uint64_t smaller(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* Steps that a path takes to reach the first `date_count` dates, side steps included. */
static uint64_t steps_to(const qs_path_plan *path, uint32_t date_count) {
  uint64_t steps = date_count ? path->dates[date_count - 1].main_steps : 0;
  for (uint32_t i = 0; i < date_count; i++) {
    steps += path->dates[i].side.years > 0;
  }
  return steps;
}

size_t qs_value_unit_moments(const qs_value_unit *unit) {
  return (size_t)(unit->batch_end - unit->batch_begin) * unit->shift_count * unit->payoff_count *
         qs_value_unit_quantities(unit);
}

/* Runs a piece straight into its place, which it fills without a gap, or by way of scratch. */
static qs_status run_value(void *data, const open_device *device, const work_task *piece,
                           const volatile int *cancel, void *scratch, char *message) {
  const value_job *job = data;
  const qs_value_unit *unit = &job->units[piece->unit];
  qs_value_unit part = *unit;
  part.payoffs += piece->payoff_begin;
  part.payoff_count = piece->payoff_count;
  part.batch_begin = (uint32_t)piece->begin;
  part.batch_end = (uint32_t)piece->end;
  size_t quantities = qs_value_unit_quantities(unit);
  size_t row = unit->payoff_count * quantities, part_row = part.payoff_count * quantities;
  size_t first = (size_t)(part.batch_begin - unit->batch_begin) * unit->shift_count;
  size_t rows = (size_t)(part.batch_end - part.batch_begin) * unit->shift_count;
  qs_moment *place = job->moments[piece->unit] + first * row + piece->payoff_begin * quantities;
  if (part_row == row) {
    return device->backend->value(device->handle, &part, cancel, message, place);
  }
  qs_moment *moments = scratch;
  qs_status status = device->backend->value(device->handle, &part, cancel, message, moments);
  for (size_t i = 0; status == QS_OK && i < rows; i++) {
    memcpy(place + i * row, moments + i * part_row, part_row * sizeof *moments);
  }
  return status;
}

/* Most payoffs of the unit in one piece: those whose results for one batch fit into the scratch. */
static uint32_t payoff_limit(const qs_value_unit *unit, const qs_cut *cut) {
  uint64_t bytes = (uint64_t)unit->shift_count * qs_value_unit_quantities(unit) * sizeof(qs_moment);
  uint64_t limit = SCRATCH_BYTES / bytes;
  limit = smaller(limit ? limit : 1, unit->payoff_count);
  return (uint32_t)(cut && cut->payoffs ? smaller(limit, cut->payoffs) : limit);
}

static bool value_is_empty(const qs_value_unit *unit) {
  return !unit->payoff_count || !unit->shift_count || unit->batch_begin >= unit->batch_end;
}

/* Cuts the unit into tasks, one for each range of payoffs; counts only when `tasks` is null. Raises
 * *scratch_bytes. */
static size_t cut_value(const qs_value_unit *unit, size_t index, const qs_cut *cut, work_task *tasks,
                        size_t *scratch_bytes) {
  if (value_is_empty(unit)) {
    return 0;
  }
  uint32_t most = payoff_limit(unit, cut);
  size_t count = 0;
  for (uint32_t begin = 0; begin < unit->payoff_count; begin += most, count++) {
    if (!tasks) {
      continue;
    }
    uint32_t payoffs = (uint32_t)smaller(most, unit->payoff_count - begin);
    uint64_t steps = steps_to(&unit->path, unit->payoffs[begin + payoffs - 1].date + 1);
    work_task *task = &tasks[count];
    task->unit = index;
    task->payoff_begin = begin;
    task->payoff_count = payoffs;
    task->begin = unit->batch_begin;
    task->end = unit->batch_end;
    task->limit = cut && cut->batches ? cut->batches : QS_MAX_BATCHES;
    task->path_steps = unit->batch_paths * steps;
    task->cost = (double)unit->batch_paths * (unit->greeks ? greeks_cost : 1) *
                 ((double)steps + 1 + payoff_cost * payoffs * unit->shift_count);
    size_t bytes = (size_t)payoffs * unit->shift_count * qs_value_unit_quantities(unit) * sizeof(qs_moment);
    if (payoffs < unit->payoff_count) {
      task->limit = smaller(task->limit, SCRATCH_BYTES / bytes ? SCRATCH_BYTES / bytes : 1);
      bytes *= (size_t)task->limit;
      *scratch_bytes = bytes > *scratch_bytes ? bytes : *scratch_bytes;
    }
  }
  return count;
}

qs_status qs_schedule_value(qs_context *context, qs_devices *devices, const char *stage,
                            const qs_value_unit *units, size_t count, const qs_cut *cut,
                            qs_moment *const *moments) {
  size_t task_count = 0, scratch_bytes = 0;
  for (size_t i = 0; i < count; i++) {
    task_count += cut_value(&units[i], i, cut, NULL, NULL);
  }
  qs_arena *arena = qs_arena_create(context);
  work_task *tasks = arena ? QS_NEW(arena, task_count + qs_devices_count(devices), work_task) : NULL;
  if (!tasks) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "cutting the work into pieces");
  }
  size_t made = 0;
  for (size_t i = 0; i < count; i++) {
    made += cut_value(&units[i], i, cut, tasks + made, &scratch_bytes);
  }
  value_job job = {units, moments};
  const work_order order = {stage, tasks, task_count, run_value, &job, scratch_bytes};
  qs_status status = qs_work_run(context, devices, &order);
  qs_arena_destroy(arena);
  return status;
}

static qs_status run_horizon(void *data, const open_device *device, const work_task *piece,
                             const volatile int *cancel, void *scratch, char *message) {
  const horizon_job *job = data;
  const qs_horizon_unit *unit = &job->units[piece->unit];
  size_t paths = (size_t)(unit->path_end - unit->path_begin), dates = unit->path.date_count;
  size_t offset = (size_t)piece->begin * QS_LEAF_PATHS;
  size_t part_paths = (size_t)(piece->end - piece->begin) * QS_LEAF_PATHS;
  double *x = job->x[piece->unit], *v = job->v[piece->unit];
  if (part_paths == paths) {
    return device->backend->horizon(device->handle, unit, cancel, message, x, v);
  }
  qs_horizon_unit part = *unit;
  part.path_begin += offset;
  part.path_end = part.path_begin + part_paths;
  double *part_x = scratch, *part_v = part_x + dates * part_paths;
  qs_status status = device->backend->horizon(device->handle, &part, cancel, message, part_x, part_v);
  for (size_t i = 0; status == QS_OK && i < dates; i++) {
    memcpy(x + i * paths + offset, part_x + i * part_paths, part_paths * sizeof *x);
    memcpy(v + i * paths + offset, part_v + i * part_paths, part_paths * sizeof *v);
  }
  return status;
}

static bool horizon_is_empty(const qs_horizon_unit *unit) {
  return unit->path_begin >= unit->path_end || !unit->path.date_count;
}

/* The unit as one task; raises *scratch_bytes. */
static work_task horizon_task(const qs_horizon_unit *unit, size_t index, const qs_cut *cut,
                              size_t *scratch_bytes) {
  size_t leaf_bytes = (size_t)2 * QS_LEAF_PATHS * unit->path.date_count * sizeof(double);
  uint64_t leaves = (unit->path_end - unit->path_begin) / QS_LEAF_PATHS;
  uint64_t fit = SCRATCH_BYTES / leaf_bytes;
  uint64_t limit = smaller(fit ? fit : 1, leaves);
  uint64_t steps = steps_to(&unit->path, unit->path.date_count);
  work_task task = {.unit = index, .end = leaves};
  task.limit = cut && cut->leaves ? smaller(limit, cut->leaves) : limit;
  task.path_steps = QS_LEAF_PATHS * steps;
  task.cost = QS_LEAF_PATHS * (double)(steps + 1 + unit->path.date_count) * unit->key_count;
  task.cost = task.cost > 0 ? task.cost : 1;
  size_t bytes = task.limit < leaves ? (size_t)task.limit * leaf_bytes : (size_t)leaves * leaf_bytes;
  *scratch_bytes = bytes > *scratch_bytes ? bytes : *scratch_bytes;
  return task;
}

qs_status qs_schedule_horizon(qs_context *context, qs_devices *devices, const char *stage,
                              const qs_horizon_unit *units, size_t count, const qs_cut *cut, double *const *x,
                              double *const *v) {
  qs_arena *arena = qs_arena_create(context);
  work_task *tasks = arena ? QS_NEW(arena, count + qs_devices_count(devices), work_task) : NULL;
  if (!tasks) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "cutting the work into pieces");
  }
  size_t task_count = 0, scratch_bytes = 0;
  for (size_t i = 0; i < count; i++) {
    if (!horizon_is_empty(&units[i])) {
      tasks[task_count++] = horizon_task(&units[i], i, cut, &scratch_bytes);
    }
  }
  horizon_job job = {units, x, v};
  const work_order order = {stage, tasks, task_count, run_horizon, &job, scratch_bytes};
  qs_status status = qs_work_run(context, devices, &order);
  qs_arena_destroy(arena);
  return status;
}
