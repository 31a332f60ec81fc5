#include "host/engine/scheduler.h"

#include <stdio.h>
#include <string.h>

#include "host/base/arena.h"
#include "host/base/exchange.h"
#include "host/engine/unit_key.h"
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

typedef struct path_job {
  const qs_path_unit *units;
  qs_moment *const *moments;
} path_job;

typedef struct joint_job {
  const qs_joint_unit *units;
  qs_moment *const *moments;
} joint_job;

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

size_t qs_path_unit_moments(const qs_path_unit *unit) {
  return (size_t)(unit->batch_end - unit->batch_begin) * unit->shift_count * unit->payoff_count *
         qs_path_unit_quantities(unit);
}

size_t qs_joint_unit_moments(const qs_joint_unit *unit) {
  return (size_t)(unit->batch_end - unit->batch_begin) * unit->shift_count * unit->payoff_count *
         qs_joint_unit_quantities(unit);
}

/* What matters of a value, path or joint unit for cutting it and putting its results together. */
typedef struct shape {
  uint32_t batch_begin, batch_end, shifts, payoffs, quantities;
  uint64_t batch_paths;
  bool greeks;
} shape;

static shape value_shape(const qs_value_unit *u) {
  return (shape){u->batch_begin, u->batch_end, u->shift_count, u->payoff_count, qs_value_unit_quantities(u),
                 u->batch_paths, u->greeks};
}

static shape path_shape(const qs_path_unit *u) {
  return (shape){u->batch_begin, u->batch_end, u->shift_count, u->payoff_count, qs_path_unit_quantities(u),
                 u->batch_paths, u->greeks};
}

static shape joint_shape(const qs_joint_unit *u) {
  return (shape){u->batch_begin, u->batch_end, u->shift_count, u->payoff_count, qs_joint_unit_quantities(u),
                 u->batch_paths, u->greeks};
}

/* Where a piece's results go: straight into their place, which they fill without a gap, or by way of scratch.
 */
typedef struct landing {
  qs_moment *place, *direct;
  size_t row, part_row, rows;
} landing;

static landing landing_of(const shape *s, const work_task *piece, qs_moment *moments, void *scratch) {
  size_t row = (size_t)s->payoffs * s->quantities, part_row = (size_t)piece->payoff_count * s->quantities;
  size_t first = (size_t)(piece->begin - s->batch_begin) * s->shifts;
  landing l = {moments + first * row + (size_t)piece->payoff_begin * s->quantities, scratch, row, part_row,
               (size_t)(piece->end - piece->begin) * s->shifts};
  if (part_row == row) {
    l.direct = l.place;
  }
  return l;
}

static void land(const landing *l, qs_status status) {
  for (size_t i = 0; status == QS_OK && l->direct != l->place && i < l->rows; i++) {
    memcpy(l->place + i * l->row, l->direct + i * l->part_row, l->part_row * sizeof *l->place);
  }
}

static qs_piece_place place_of(const shape *s, const work_task *piece, qs_moment *moments) {
  landing l = landing_of(s, piece, moments, NULL);
  const size_t size = sizeof *moments;
  return l.direct ? (qs_piece_place){(char *)l.place, 1, l.rows * l.row * size, 0}
                  : (qs_piece_place){(char *)l.place, l.rows, l.part_row * size, l.row * size};
}

static void place_value(void *data, const work_task *piece, qs_piece_place *place) {
  const value_job *job = data;
  shape s = value_shape(&job->units[piece->unit]);
  *place = place_of(&s, piece, job->moments[piece->unit]);
}

static void place_path(void *data, const work_task *piece, qs_piece_place *place) {
  const path_job *job = data;
  shape s = path_shape(&job->units[piece->unit]);
  *place = place_of(&s, piece, job->moments[piece->unit]);
}

static void place_joint(void *data, const work_task *piece, qs_piece_place *place) {
  const joint_job *job = data;
  shape s = joint_shape(&job->units[piece->unit]);
  *place = place_of(&s, piece, job->moments[piece->unit]);
}

static qs_status run_value(void *data, const open_device *device, const work_task *piece,
                           const volatile int *cancel, void *scratch, char *message) {
  const value_job *job = data;
  const qs_value_unit *unit = &job->units[piece->unit];
  shape s = value_shape(unit);
  landing l = landing_of(&s, piece, job->moments[piece->unit], scratch);
  qs_value_unit part = *unit;
  part.payoffs += piece->payoff_begin;
  part.payoff_count = piece->payoff_count;
  part.batch_begin = (uint32_t)piece->begin;
  part.batch_end = (uint32_t)piece->end;
  qs_status status = device->backend->value(device->handle, &part, cancel, message, l.direct);
  land(&l, status);
  return status;
}

static qs_status run_path(void *data, const open_device *device, const work_task *piece,
                          const volatile int *cancel, void *scratch, char *message) {
  const path_job *job = data;
  const qs_path_unit *unit = &job->units[piece->unit];
  shape s = path_shape(unit);
  landing l = landing_of(&s, piece, job->moments[piece->unit], scratch);
  qs_path_unit part = *unit;
  part.payoffs += piece->payoff_begin;
  part.payoff_count = piece->payoff_count;
  part.batch_begin = (uint32_t)piece->begin;
  part.batch_end = (uint32_t)piece->end;
  qs_status status = device->backend->path(device->handle, &part, cancel, message, l.direct);
  land(&l, status);
  return status;
}

static qs_status run_joint(void *data, const open_device *device, const work_task *piece,
                           const volatile int *cancel, void *scratch, char *message) {
  const joint_job *job = data;
  const qs_joint_unit *unit = &job->units[piece->unit];
  shape s = joint_shape(unit);
  landing l = landing_of(&s, piece, job->moments[piece->unit], scratch);
  qs_joint_unit part = *unit;
  part.payoffs += piece->payoff_begin;
  part.payoff_count = piece->payoff_count;
  part.batch_begin = (uint32_t)piece->begin;
  part.batch_end = (uint32_t)piece->end;
  qs_status status = device->backend->joint(device->handle, &part, cancel, message, l.direct);
  land(&l, status);
  return status;
}

/* Most payoffs of the unit in one piece: those whose results for one batch fit into the scratch. */
static uint32_t payoff_limit(const shape *s, const qs_cut *cut) {
  uint64_t bytes = (uint64_t)s->shifts * s->quantities * sizeof(qs_moment);
  uint64_t limit = SCRATCH_BYTES / bytes;
  limit = smaller(limit ? limit : 1, s->payoffs);
  return (uint32_t)(cut && cut->payoffs ? smaller(limit, cut->payoffs) : limit);
}

/* Tasks that the unit makes, one for each range of payoffs. */
static size_t count_tasks(const shape *s, const qs_cut *cut) {
  if (!s->payoffs || !s->shifts || s->batch_begin >= s->batch_end) {
    return 0;
  }
  uint32_t most = payoff_limit(s, cut);
  return (s->payoffs + most - 1) / most;
}

/* Fills task number k of the unit but for what the paths cost; raises *scratch_bytes. */
static void cut_task(const shape *s, size_t index, size_t k, const qs_cut *cut, work_task *task,
                     size_t *scratch_bytes) {
  uint32_t most = payoff_limit(s, cut), begin = (uint32_t)k * most;
  uint32_t payoffs = (uint32_t)smaller(most, s->payoffs - begin);
  *task = (work_task){.unit = index, .payoff_begin = begin, .payoff_count = payoffs};
  task->begin = s->batch_begin;
  task->end = s->batch_end;
  task->limit = cut && cut->batches ? cut->batches : QS_MAX_BATCHES;
  size_t bytes = (size_t)payoffs * s->shifts * s->quantities * sizeof(qs_moment);
  if (payoffs < s->payoffs) {
    task->limit = smaller(task->limit, SCRATCH_BYTES / bytes ? SCRATCH_BYTES / bytes : 1);
    bytes *= (size_t)task->limit;
    *scratch_bytes = bytes > *scratch_bytes ? bytes : *scratch_bytes;
  }
}

/* `observations`: how often a path is looked at, for payoffs and shifts. */
static void cost_task(const shape *s, uint64_t steps, double observations, work_task *task) {
  task->path_steps = s->batch_paths * steps;
  task->cost = (double)s->batch_paths * (s->greeks ? greeks_cost : 1) *
               ((double)steps + 1 + payoff_cost * observations * s->shifts);
}

/* The tasks of all units, one order; freed with the arena. */
typedef struct task_list {
  qs_arena *arena;
  work_task *tasks;
  size_t count, scratch_bytes;
  qs_digest *keys; /* [unit]; null where nobody asks for them */
} task_list;

/* Room for `count` tasks of `units` units whose results may be kept. */
static qs_status start_tasks(qs_context *context, qs_devices *devices, size_t count, size_t units,
                             task_list *list) {
  const bool keyed = context->store && units;
  *list = (task_list){.arena = qs_arena_create(context)};
  list->tasks = list->arena ? QS_NEW(list->arena, count + qs_devices_count(devices), work_task) : NULL;
  list->keys = list->tasks && keyed ? QS_NEW(list->arena, units, qs_digest) : NULL;
  if (!list->tasks || (keyed && !list->keys)) {
    qs_arena_destroy(list->arena);
    return qs_fail_memory(context, "cutting the work into pieces");
  }
  return QS_OK;
}

static bool takes_paths(const open_device *device) {
  return device->backend->path != NULL;
}

static bool takes_samplings(const open_device *device) {
  return device->backend->any_sampling;
}

static bool takes_sampled_paths(const open_device *device) {
  return takes_paths(device) && takes_samplings(device);
}

static bool takes_leverage(const open_device *device) {
  return takes_sampled_paths(device) && device->backend->leverage;
}

/* Runs the tasks as the order says and frees the list. */
static qs_status work_through(qs_context *context, qs_devices *devices, task_list *list, work_order order) {
  order.tasks = list->tasks;
  order.task_count = list->count;
  order.scratch_bytes = list->scratch_bytes;
  order.keys = list->keys;
  qs_status status = qs_work_run(context, devices, &order);
  qs_arena_destroy(list->arena);
  return status;
}

qs_status qs_schedule_value(qs_context *context, qs_devices *devices, const char *stage,
                            const qs_value_unit *units, size_t count, const qs_cut *cut,
                            qs_moment *const *moments) {
  size_t task_count = 0;
  bool sampled = false;
  for (size_t i = 0; i < count; i++) {
    shape s = value_shape(&units[i]);
    task_count += count_tasks(&s, cut);
    sampled = sampled || units[i].path.sampling != QS_SAMPLING_PSEUDO;
  }
  task_list list;
  qs_status status = sampled ? qs_work_find_taker(context, devices, stage, "Sobol points and mirrored paths",
                                                  takes_samplings)
                             : QS_OK;
  if (!status) {
    status = start_tasks(context, devices, task_count, count, &list);
  }
  if (status) {
    return status;
  }
  for (size_t i = 0; i < count; i++) {
    shape s = value_shape(&units[i]);
    size_t mine = count_tasks(&s, cut);
    if (list.keys && mine) {
      list.keys[i] = qs_value_unit_key(&units[i]);
    }
    for (size_t k = 0; k < mine; k++) {
      work_task *task = &list.tasks[list.count++];
      cut_task(&s, i, k, cut, task, &list.scratch_bytes);
      uint32_t last = task->payoff_begin + task->payoff_count - 1;
      cost_task(&s, steps_to(&units[i].path, units[i].payoffs[last].date + 1), task->payoff_count, task);
    }
  }
  value_job job = {units, moments};
  const work_order order = {.stage = stage,
                            .run = run_value,
                            .takes = sampled ? takes_samplings : NULL,
                            .data = &job,
                            .place = place_value};
  return work_through(context, devices, &list, order);
}

qs_status qs_schedule_path(qs_context *context, qs_devices *devices, const char *stage,
                           const qs_path_unit *units, size_t count, const qs_cut *cut,
                           qs_moment *const *moments) {
  size_t task_count = 0;
  bool sampled = false, leverage = false;
  for (size_t i = 0; i < count; i++) {
    shape s = path_shape(&units[i]);
    task_count += count_tasks(&s, cut);
    sampled = sampled || units[i].path.sampling != QS_SAMPLING_PSEUDO;
    leverage = leverage || units[i].leverage;
  }
  bool (*takes)(const open_device *) = leverage  ? takes_leverage
                                       : sampled ? takes_sampled_paths
                                                 : takes_paths;
  task_list list;
  qs_status status =
      task_count ? qs_work_find_taker(context, devices, stage, "payoffs along paths", takes) : QS_OK;
  if (!status) {
    status = start_tasks(context, devices, task_count, count, &list);
  }
  if (status) {
    return status;
  }
  for (size_t i = 0; i < count; i++) {
    shape s = path_shape(&units[i]);
    size_t mine = count_tasks(&s, cut);
    if (list.keys && mine) {
      list.keys[i] = qs_path_unit_key(&units[i]);
    }
    for (size_t k = 0; k < mine; k++) {
      work_task *task = &list.tasks[list.count++];
      cut_task(&s, i, k, cut, task, &list.scratch_bytes);
      double observations = 0;
      for (uint32_t p = task->payoff_begin; p < task->payoff_begin + task->payoff_count; p++) {
        observations += units[i].payoffs[p].date_count;
      }
      cost_task(&s, steps_to(&units[i].path, units[i].path.date_count), observations, task);
    }
  }
  path_job job = {units, moments};
  const work_order order = {
      .stage = stage, .run = run_path, .takes = takes, .data = &job, .place = place_path};
  return work_through(context, devices, &list, order);
}

static bool takes_joints(const open_device *device) {
  return device->backend->joint != NULL;
}

static bool takes_sampled_joints(const open_device *device) {
  return takes_joints(device) && takes_samplings(device);
}

qs_status qs_schedule_joint(qs_context *context, qs_devices *devices, const char *stage,
                            const qs_joint_unit *units, size_t count, const qs_cut *cut,
                            qs_moment *const *moments) {
  size_t task_count = 0;
  bool sampled = false;
  for (size_t i = 0; i < count; i++) {
    shape s = joint_shape(&units[i]);
    task_count += count_tasks(&s, cut);
    sampled = sampled || units[i].assets[0].path.sampling != QS_SAMPLING_PSEUDO;
  }
  bool (*takes)(const open_device *) = sampled ? takes_sampled_joints : takes_joints;
  task_list list;
  qs_status status =
      task_count ? qs_work_find_taker(context, devices, stage, "formulas over several underlyings", takes)
                 : QS_OK;
  if (!status) {
    status = start_tasks(context, devices, task_count, count, &list);
  }
  if (status) {
    return status;
  }
  for (size_t i = 0; i < count; i++) {
    shape s = joint_shape(&units[i]);
    size_t mine = count_tasks(&s, cut);
    if (list.keys && mine) {
      list.keys[i] = qs_joint_unit_key(&units[i]);
    }
    for (size_t k = 0; k < mine; k++) {
      work_task *task = &list.tasks[list.count++];
      cut_task(&s, i, k, cut, task, &list.scratch_bytes);
      uint64_t steps = (uint64_t)units[i].dates[units[i].date_count - 1] * units[i].asset_count;
      cost_task(&s, steps, (double)task->payoff_count * units[i].date_count, task);
    }
  }
  joint_job job = {units, moments};
  const work_order order = {
      .stage = stage, .run = run_joint, .takes = takes, .data = &job, .place = place_joint};
  return work_through(context, devices, &list, order);
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

/* Of every unit the leaves of the context's own range, or all. */
static qs_status run_horizons(qs_context *context, qs_devices *devices, const char *stage,
                              const qs_horizon_unit *units, size_t count, const qs_cut *cut, bool shared,
                              double *const *x, double *const *v) {
  qs_arena *arena = qs_arena_create(context);
  work_task *tasks = arena ? QS_NEW(arena, count + qs_devices_count(devices), work_task) : NULL;
  if (!tasks) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "cutting the work into pieces");
  }
  size_t task_count = 0, scratch_bytes = 0;
  for (size_t i = 0; i < count; i++) {
    if (!horizon_is_empty(&units[i])) {
      work_task task = horizon_task(&units[i], i, cut, &scratch_bytes);
      if (shared) {
        qs_exchange_range(context, task.end, &task.begin, &task.end);
      }
      if (task.begin < task.end) {
        tasks[task_count++] = task;
      }
    }
  }
  horizon_job job = {units, x, v};
  const work_order order = {.stage = stage,
                            .tasks = tasks,
                            .task_count = task_count,
                            .run = run_horizon,
                            .data = &job,
                            .scratch_bytes = scratch_bytes};
  qs_status status = qs_work_run(context, devices, &order);
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_schedule_horizon(qs_context *context, qs_devices *devices, const char *stage,
                              const qs_horizon_unit *units, size_t count, const qs_cut *cut, double *const *x,
                              double *const *v) {
  return run_horizons(context, devices, stage, units, count, cut, false, x, v);
}

qs_status qs_schedule_horizon_shared(qs_context *context, qs_devices *devices, const char *stage,
                                     const qs_horizon_unit *units, size_t count, double *const *x,
                                     double *const *v) {
  const bool shared = context->exchange != NULL;
  qs_arena *arena = qs_arena_create(context);
  qs_exchange_rows *rows = arena ? QS_NEW(arena, 2 * count, qs_exchange_rows) : NULL;
  qs_status status = rows ? run_horizons(context, devices, stage, units, count, NULL, shared, x, v)
                          : qs_fail_memory(context, "sharing the work");
  for (size_t i = 0; rows && i < count; i++) {
    const uint64_t paths = units[i].path_end - units[i].path_begin;
    rows[2 * i] = (qs_exchange_rows){.first = x[i],
                                     .rows = units[i].path.date_count,
                                     .stride = (size_t)paths * sizeof(double),
                                     .item_bytes = QS_LEAF_PATHS * sizeof(double),
                                     .items = paths / QS_LEAF_PATHS};
    rows[2 * i + 1] = rows[2 * i];
    rows[2 * i + 1].first = v[i];
  }
  status = rows ? qs_exchange_all(context, stage, rows, 2 * count, status) : status;
  qs_arena_destroy(arena);
  return status;
}

typedef struct rebalance_job {
  const qs_rebalance_unit *unit;
  double *rows;
} rebalance_job;

static bool takes_rebalancing(const open_device *device) {
  return device->backend->rebalance != NULL;
}

static qs_status run_rebalance(void *data, const open_device *device, const work_task *piece,
                               const volatile int *cancel, void *scratch, char *message) {
  (void)scratch;
  const rebalance_job *job = data;
  qs_rebalance_unit part = *job->unit;
  part.path_begin = job->unit->path_begin + piece->begin * QS_LEAF_PATHS;
  part.path_end = job->unit->path_begin + piece->end * QS_LEAF_PATHS;
  return device->backend->rebalance(device->handle, &part, cancel, message, job->rows);
}

qs_status qs_schedule_rebalance(qs_context *context, qs_devices *devices, const char *stage,
                                const qs_rebalance_unit *unit, const qs_cut *cut, double *rows) {
  task_list list;
  qs_status status = qs_work_find_taker(context, devices, stage, "policies over time", takes_rebalancing);
  if (!status) {
    status = start_tasks(context, devices, 1, 0, &list);
  }
  if (status) {
    return status;
  }
  const uint64_t leaves = (unit->path_end - unit->path_begin) / QS_LEAF_PATHS;
  const uint64_t work = (uint64_t)(unit->date_end - unit->date_begin) * unit->policy_count;
  work_task *task = &list.tasks[list.count++];
  *task = (work_task){.end = leaves, .limit = cut && cut->leaves ? smaller(cut->leaves, leaves) : leaves};
  task->path_steps = QS_LEAF_PATHS * work;
  task->cost = (double)task->path_steps * unit->instrument_count;
  rebalance_job job = {unit, rows};
  const work_order order = {.stage = stage, .run = run_rebalance, .takes = takes_rebalancing, .data = &job};
  return work_through(context, devices, &list, order);
}
