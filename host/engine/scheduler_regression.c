/* The scheduler's part for the regression of early exercise: chunks of paths, of which each process of a team
 * has its range. */
#include "host/base/arena.h"
#include "host/base/exchange.h"
#include "host/engine/scheduler.h"
#include "host/engine/work_queue.h"

/* What a product costs beside a path-step, about: only how the work is shared depends on it. */
static const double product_cost = 0.02, column_cost = 0.15;

typedef struct regression_job {
  const qs_regression_unit *unit;
  double *result;
} regression_job;

static bool takes_regressions(const open_device *device) {
  return device->backend->regression != NULL;
}

static qs_status run_regression(void *data, const open_device *device, const work_task *piece,
                                const volatile int *cancel, void *scratch, char *message) {
  (void)scratch;
  const regression_job *job = data;
  const qs_regression_unit *unit = job->unit;
  qs_regression_unit part = *unit;
  part.path_begin = unit->path_begin + piece->begin * unit->chunk_paths;
  part.path_end = unit->path_begin + piece->end * unit->chunk_paths;
  qs_regression_unit before = *unit;
  before.path_end = part.path_begin;
  double *to = job->result + (piece->begin ? qs_regression_unit_numbers(&before) : 0);
  return device->backend->regression(device->handle, &part, cancel, message, to);
}

/* The chunks of this process's range. */
static qs_status run_range(qs_context *context, qs_devices *devices, const char *stage,
                           const qs_regression_unit *unit, uint64_t chunks, const qs_cut *cut,
                           double *result) {
  qs_arena *arena = qs_arena_create(context);
  work_task *task = arena ? QS_NEW(arena, 1 + qs_devices_count(devices), work_task) : NULL;
  if (!task) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "cutting the work into pieces");
  }
  const double products = qs_regression_products(&unit->counts);
  *task = (work_task){.limit = cut && cut->leaves ? cut->leaves : chunks};
  qs_exchange_range(context, chunks, &task->begin, &task->end);
  task->cost = (double)unit->chunk_paths * (column_cost * qs_regression_columns(&unit->counts) +
                                            product_cost * (unit->task == QS_REGRESSION_SUM ? products : 0));
  regression_job job = {unit, result};
  const work_order order = {.stage = stage,
                            .tasks = task,
                            .task_count = task->begin < task->end,
                            .run = run_regression,
                            .takes = takes_regressions,
                            .data = &job};
  const qs_status status = qs_work_run(context, devices, &order);
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_schedule_regression(qs_context *context, qs_devices *devices, const char *stage,
                                 const qs_regression_unit *unit, const qs_cut *cut, double *result) {
  const uint64_t chunks = (unit->path_end - unit->path_begin) / unit->chunk_paths;
  const size_t bytes = qs_regression_unit_numbers(unit) * sizeof *result;
  qs_status status = qs_work_find_taker(context, devices, stage, "policies by regression", takes_regressions);
  status = status ? status : run_range(context, devices, stage, unit, chunks, cut, result);
  const qs_exchange_rows row = {.first = result,
                                .rows = 1,
                                .stride = bytes,
                                .item_bytes = chunks ? bytes / chunks : 0,
                                .items = chunks};
  return qs_exchange_all(context, stage, &row, 1, status); /* the others wait, whatever came of it */
}
