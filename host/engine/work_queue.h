/*
 * A queue of work that the devices of a set pull from; for the files of this folder alone. It knows tasks of
 * equal items and their cost, not what the items are.
 */
#ifndef QS_HOST_ENGINE_WORK_QUEUE_H
#define QS_HOST_ENGINE_WORK_QUEUE_H

#include "host/base/context.h"
#include "host/engine/device_set.h"
#include "host/engine/work_store.h"

/* The items [begin, end) of the payoffs [payoff_begin, payoff_begin + payoff_count) of a unit. A piece that a
 * device takes is such a task too, with fewer items. */
typedef struct work_task {
  size_t unit;
  uint32_t payoff_begin, payoff_count;
  uint64_t begin, end;
  uint64_t limit;      /* most items in a piece, at least 1 */
  uint64_t path_steps; /* of one item */
  double cost;         /* of one item, > 0; in about path-steps */
} work_task;

/* Runs one piece on the device. `scratch` is this device's own. Failures as in kernels/backend.h. Called from
 * a device's thread: it neither allocates nor reports. */
typedef qs_status (*work_run)(void *data, const open_device *device, const work_task *piece,
                              const volatile int *cancel, void *scratch, char *message);

typedef struct work_order {
  const char *stage; /* static string for progress */
  work_task *tasks;  /* with room for one more per device of the set; overwritten */
  size_t task_count;
  work_run run;
  bool (*takes)(const open_device *device); /* null: every device */
  void *data;
  size_t scratch_bytes; /* that `run` needs for each device */
  /* What the context's store is asked for and told of; null: the order's results are not kept. */
  const qs_digest *keys;                                                    /* [unit] */
  void (*place)(void *data, const work_task *piece, qs_piece_place *place); /* where its result lies */
} work_order;

/* Runs every item of the order once, on whatever devices are alive; statuses as qs_schedule_value says. */
qs_status qs_work_run(qs_context *context, qs_devices *devices, const work_order *order);

/* Fails, naming the devices that are there, when none takes `what`. */
qs_status qs_work_find_taker(qs_context *context, const qs_devices *devices, const char *stage,
                             const char *what, bool (*takes)(const open_device *device));

/* What is left of the order's tasks once its store was asked, with room for `spare` more; `recalled` gets the
 * path-steps that need not be done again. */
typedef struct work_left {
  work_task *tasks;
  size_t count;
  uint64_t recalled;
} work_left;

qs_status qs_work_recall(qs_context *context, qs_arena *arena, const work_order *order, size_t spare,
                         work_left *left);

/* Leaves of `left`, which is kept as `whole`, what is this process's share, where there are several. */
qs_status qs_work_deal(qs_context *context, qs_arena *arena, size_t spare, work_left *left, work_left *whole);

/* With processes that exchange results: tells them how this one's share ended, and gives each the results of
 * the others. Whatever `own` is, every process comes here once for every order; `own`, or what ended another.
 */
qs_status qs_work_gather(qs_context *context, qs_arena *arena, const work_order *order,
                         const work_left *whole, qs_status own);

/* Tells the store of finished pieces. */
qs_status qs_work_keep(qs_context *context, const work_order *order, const work_task *pieces, size_t count);

#endif
