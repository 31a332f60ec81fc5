#define _POSIX_C_SOURCE 200809L /* threads and clocks */
#include "host/engine/work_queue.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/base/clock.h"

/* A piece takes about this long at most, so that progress moves and a lost device costs little. */
static const double longest_piece_seconds = 0.2;
static const long report_nanoseconds = 50 * 1000 * 1000;

/* Finished pieces that wait for the store at most; a device waits where there are more. */
enum { MOST_DONE = 256 };

typedef struct work work;

typedef struct worker {
  work *work;
  open_device *device;
  void *scratch;
  pthread_t thread;
  bool started, takes_part;
} worker;

/* The state of one run; everything below the lock is guarded by it. */
struct work {
  qs_context *context;
  const work_order *order;
  worker *workers;
  size_t worker_count;
  bool alone; /* one device, on the calling thread */
  const volatile int *cancel;
  volatile int stop; /* read without the lock: atomically */

  pthread_mutex_t lock;
  pthread_cond_t changed;
  work_task *tasks;         /* with room for one more per device */
  size_t task_count, first; /* tasks before `first` have no items left */
  work_task *done, *handed; /* [MOST_DONE] finished pieces, and those on their way to the store; null: none */
  size_t done_count;
  work_left whole;             /* what all processes together have to do */
  uint64_t in_flight, running; /* pieces with devices; threads not yet done */
  double remaining;            /* cost of the items that no device has taken */
  uint64_t steps_done, steps_total;
  qs_status status, device_status; /* of a unit that makes no sense; of the last device that failed */
  qs_status store_status;          /* its message is the context's */
  bool cancelled;
  char message[QS_DEVICE_TEXT];
};

static bool stopping(const work *w) {
  return w->status != QS_OK || w->store_status != QS_OK || w->cancelled ||
         (w->cancel && __atomic_load_n(w->cancel, __ATOMIC_RELAXED));
}

static void stop(work *w) {
  __atomic_store_n(&w->stop, 1, __ATOMIC_RELAXED);
}

/*
 * How many items of the task the device should take: half of its share of what is left (guided
 * self-scheduling, Polychronopoulos and Kuck 1987), or more where its share is nearly all, since a GPU is
 * wasted on small pieces. None where the others would have finished everything before it finished one item;
 * the fastest device never finds that, so somebody always goes on.
 */
static uint64_t items_to_take(const work *w, const worker *me, const work_task *task) {
  double others = 0, fastest = 0;
  for (size_t i = 0; i < w->worker_count; i++) {
    const worker *other = &w->workers[i];
    if (other != me && other->takes_part) {
      others += other->device->rate;
      fastest = other->device->rate > fastest ? other->device->rate : fastest;
    }
  }
  double rate = me->device->rate, budget = rate * longest_piece_seconds;
  if (others > 0) {
    double together = w->remaining / others, alone = task->cost / fastest;
    if (task->cost / rate > (together > alone ? together : alone)) {
      return 0;
    }
    double share = rate / (rate + others);
    double part = w->remaining * share * (share > 0.5 ? share : 0.5);
    budget = part < budget ? part : budget;
  }
  uint64_t left = task->end - task->begin, most = task->limit < left ? task->limit : left;
  double items = budget / task->cost;
  return items >= (double)most ? most : items < 1 ? 1 : (uint64_t)items;
}

/* Gives the device its next piece; false when there is none for it and never will be. */
static bool take_piece(work *w, worker *me, work_task *piece) {
  bool taken = false;
  pthread_mutex_lock(&w->lock);
  while (!taken && me->takes_part && !stopping(w)) {
    while (w->first < w->task_count && w->tasks[w->first].begin == w->tasks[w->first].end) {
      w->first++;
    }
    work_task *task = w->first < w->task_count ? &w->tasks[w->first] : NULL;
    uint64_t items = task ? items_to_take(w, me, task) : 0;
    if (items) {
      *piece = *task;
      piece->end = task->begin + items;
      task->begin += items;
      w->remaining -= (double)items * task->cost;
      w->in_flight++;
      taken = true;
    } else if (!task && !w->in_flight) {
      break;
    } else {
      pthread_cond_wait(&w->changed, &w->lock); /* a piece in flight may come back */
    }
  }
  pthread_mutex_unlock(&w->lock);
  return taken;
}

/* The rate's first reading replaces the guess, later ones are averaged in; too short a time is no reading. */
static void learn_rate(open_device *device, double cost, double seconds) {
  if (seconds > 1e-4) {
    double reading = cost / seconds;
    device->rate = device->report.sub_units ? 0.5 * (device->rate + reading) : reading;
  }
}

/* Lists a finished piece for the store, as part of the last one where they are neighbours. With the lock. */
static void note_done(work *w, const work_task *piece) {
  while (w->done && w->done_count == MOST_DONE && w->store_status == QS_OK) {
    pthread_cond_wait(&w->changed, &w->lock);
  }
  if (!w->done || w->done_count == MOST_DONE) {
    return;
  }
  work_task *last = w->done_count ? &w->done[w->done_count - 1] : NULL;
  if (last && last->unit == piece->unit && last->payoff_begin == piece->payoff_begin &&
      last->end == piece->begin) {
    last->end = piece->end;
  } else {
    w->done[w->done_count++] = *piece;
  }
}

/* Hands what is done to the store; from the calling thread alone, without the lock. */
static void hand_over(work *w) {
  if (!w->done) {
    return;
  }
  pthread_mutex_lock(&w->lock);
  const size_t count = w->done_count;
  memcpy(w->handed, w->done, count * sizeof *w->done);
  w->done_count = 0;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
  qs_status status = w->store_status == QS_OK ? qs_work_keep(w->context, w->order, w->handed, count) : QS_OK;
  if (status != QS_OK) {
    pthread_mutex_lock(&w->lock);
    w->store_status = status;
    stop(w);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
  }
}

static void finish_piece(work *w, worker *me, const work_task *piece, qs_status status, const char *message,
                         double seconds) {
  qs_device_report *report = &me->device->report;
  uint64_t items = piece->end - piece->begin;
  pthread_mutex_lock(&w->lock);
  w->in_flight--;
  report->seconds += seconds;
  if (status == QS_OK) {
    learn_rate(me->device, (double)items * piece->cost, seconds);
    report->sub_units++;
    report->path_steps += items * piece->path_steps;
    w->steps_done += items * piece->path_steps;
    note_done(w, piece);
  } else if (status == QS_ERROR_CANCELLED) {
    w->cancelled = true;
    stop(w);
  } else if (status == QS_ERROR_DEVICE || status == QS_ERROR_MEMORY) {
    report->alive = status != QS_ERROR_DEVICE; /* memory may be there again at the next run */
    me->takes_part = false;
    snprintf(report->failure, sizeof report->failure, "%s", *message ? message : qs_status_name(status));
    w->device_status = status;
    w->tasks[w->task_count++] = *piece;
    w->remaining += (double)items * piece->cost;
  } else if (w->status == QS_OK) {
    w->status = status;
    snprintf(w->message, sizeof w->message, "%s", *message ? message : qs_status_name(status));
    stop(w);
  }
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
}

static void *work_on(void *argument) {
  worker *me = argument;
  work *w = me->work;
  work_task piece;
  while (take_piece(w, me, &piece)) {
    char message[QS_DEVICE_TEXT] = "";
    double start = qs_seconds_now();
    qs_status status = w->order->run(w->order->data, me->device, &piece, w->cancel, me->scratch, message);
    finish_piece(w, me, &piece, status, message, qs_seconds_now() - start);
    if (w->alone) {
      hand_over(w);
      qs_progress(w->context, w->order->stage, w->steps_done, w->steps_total);
    }
  }
  pthread_mutex_lock(&w->lock);
  w->running--;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

/* Waits until something has changed, or for a little while. With the lock held. */
static void wait_a_little(work *w) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += report_nanoseconds;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_cond_timedwait(&w->changed, &w->lock, &until);
}

/* Reports progress, at least once and last when all is done, and passes cancellation on until every thread is
 * done. */
static void watch(work *w) {
  for (bool running = true; running;) {
    pthread_mutex_lock(&w->lock);
    if (w->running) {
      wait_a_little(w);
    }
    running = w->running > 0;
    uint64_t done = w->steps_done;
    if (running && w->context->cancel && __atomic_load_n(w->context->cancel, __ATOMIC_RELAXED)) {
      w->cancelled = true;
      stop(w);
      pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    hand_over(w);
    qs_progress(w->context, w->order->stage, done, w->steps_total);
  }
}

/* One thread a device; where the system gives none, the first device works on the calling thread. */
static void run_threads(work *w) {
  size_t started = 0;
  w->cancel = &w->stop;
  w->running = w->worker_count;
  w->cancelled = qs_cancelled(w->context); /* the threads might be done before the first look at it */
  for (size_t i = 0; i < w->worker_count; i++) {
    worker *me = &w->workers[i];
    me->started = pthread_create(&me->thread, NULL, work_on, me) == 0;
    started += me->started;
    if (!me->started) {
      pthread_mutex_lock(&w->lock);
      me->takes_part = false;
      w->running--;
      pthread_cond_broadcast(&w->changed);
      pthread_mutex_unlock(&w->lock);
    }
  }
  if (!started) {
    w->alone = true;
    w->cancel = w->context->cancel;
    w->workers[0].takes_part = true;
    w->running = 1;
    work_on(&w->workers[0]);
    return;
  }
  watch(w);
  for (size_t i = 0; i < w->worker_count; i++) {
    if (w->workers[i].started) {
      pthread_join(w->workers[i].thread, NULL);
    }
  }
}

/* What the run came to, with its message. */
static qs_status conclude(const work *w, const qs_devices *devices) {
  bool finished = true;
  for (size_t i = 0; i < w->task_count; i++) {
    finished = finished && w->tasks[i].begin == w->tasks[i].end;
  }
  if (w->store_status != QS_OK) {
    return w->store_status;
  }
  if (w->status != QS_OK) {
    return qs_fail(w->context, w->status, "%s: %s", w->order->stage, w->message);
  }
  if (w->cancelled || (!finished && qs_cancelled(w->context))) {
    return qs_fail(w->context, QS_ERROR_CANCELLED, "%s: cancelled", w->order->stage);
  }
  if (finished) {
    return QS_OK;
  }
  char reasons[QS_MESSAGE_SIZE / 2] = "";
  size_t used = 0;
  for (size_t i = 0; i < devices->count && used < sizeof reasons; i++) {
    const qs_device_report *report = &devices->items[i].report;
    int length = snprintf(reasons + used, sizeof reasons - used, "%s%s (%s): %s", i ? "; " : "",
                          report->info.name, report->backend, report->failure);
    used += length > 0 ? (size_t)length : 0;
  }
  return qs_fail(w->context, w->device_status, "%s: no device is left to compute on: %s", w->order->stage,
                 reasons);
}

static qs_status make_workers(work *w, qs_arena *arena, qs_devices *devices) {
  w->workers = QS_NEW(arena, devices->count, worker);
  if (!w->workers) {
    return qs_fail_memory(w->context, "sharing the work over devices");
  }
  for (size_t i = 0; i < devices->count; i++) {
    const open_device *device = &devices->items[i];
    if (!device->report.alive || (w->order->takes && !w->order->takes(device))) {
      continue;
    }
    worker *me = &w->workers[w->worker_count++];
    me->work = w;
    me->device = &devices->items[i];
    me->takes_part = true;
    me->scratch = w->order->scratch_bytes ? qs_arena_alloc(arena, w->order->scratch_bytes, 1) : NULL;
    if (w->order->scratch_bytes && !me->scratch) {
      return qs_fail_memory(w->context, "sharing the work over devices");
    }
  }
  return QS_OK;
}

static bool make_lock(work *w) {
  pthread_condattr_t attributes;
  bool made = pthread_condattr_init(&attributes) == 0 &&
              pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&w->changed, &attributes) == 0;
  pthread_condattr_destroy(&attributes);
  return made && pthread_mutex_init(&w->lock, NULL) == 0;
}

/* What there is to do, once the store has been asked; and room for what it is to be told. */
static qs_status lay_out(work *w, qs_arena *arena, const qs_devices *devices) {
  const work_order *order = w->order;
  work_left left = {.tasks = order->tasks, .count = order->task_count};
  if (w->context->store && order->keys) {
    w->done = QS_NEW(arena, MOST_DONE, work_task);
    w->handed = QS_NEW(arena, MOST_DONE, work_task);
    if (!w->done || !w->handed) {
      return qs_fail_memory(w->context, "sharing the work over devices");
    }
    qs_status status = qs_work_recall(w->context, arena, order, devices->count, &left);
    status = status ? status : qs_work_deal(w->context, arena, devices->count, &left, &w->whole);
    if (status) {
      return status;
    }
  }
  w->tasks = left.tasks;
  w->task_count = left.count;
  w->steps_done = w->steps_total = left.recalled;
  for (size_t i = 0; i < left.count; i++) {
    const uint64_t items = left.tasks[i].end - left.tasks[i].begin;
    w->remaining += (double)items * left.tasks[i].cost;
    w->steps_total += items * left.tasks[i].path_steps;
  }
  return QS_OK;
}

/* Runs the tasks on the workers and tells the store of the last of them, and the other processes. */
static qs_status run_all(work *w, qs_arena *arena, qs_devices *devices) {
  w->alone = w->worker_count == 1;
  w->cancel = w->context->cancel;
  w->running = w->worker_count;
  if (w->alone) {
    work_on(&w->workers[0]);
  } else if (w->worker_count) {
    run_threads(w);
  }
  hand_over(w);
  qs_status status = conclude(w, devices);
  if (w->done && w->store_status == QS_OK) {
    qs_status settled = w->context->store->settle(w->context->store->data, w->context);
    status = status ? status : settled;
  }
  return w->done ? qs_work_gather(w->context, arena, w->order, &w->whole, status) : status;
}

qs_status qs_work_run(qs_context *context, qs_devices *devices, const work_order *order) {
  work w = {.context = context, .order = order, .device_status = QS_ERROR_DEVICE};
  const double start = qs_seconds_now();
  qs_arena *arena = qs_arena_create(context);
  qs_status status =
      arena ? lay_out(&w, arena, devices) : qs_fail_memory(context, "sharing the work over devices");
  context->tally.orders += order->task_count > 0;
  context->tally.units += order->task_count;
  context->tally.path_steps += w.steps_total;
  if (status == QS_OK) {
    status = make_workers(&w, arena, devices);
  }
  if (status == QS_OK && !make_lock(&w)) {
    status = qs_fail_memory(context, "making a lock");
  }
  if (status == QS_OK) {
    status = run_all(&w, arena, devices);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
  }
  qs_arena_destroy(arena);
  context->tally.seconds += qs_seconds_now() - start;
  return status;
}

qs_status qs_work_find_taker(qs_context *context, const qs_devices *devices, const char *stage,
                             const char *what, bool (*takes)(const open_device *device)) {
  for (size_t i = 0; i < devices->count; i++) {
    if (takes(&devices->items[i])) {
      return QS_OK;
    }
  }
  char names[QS_MESSAGE_SIZE / 2] = "";
  size_t used = 0;
  for (size_t i = 0; i < devices->count && used < sizeof names; i++) {
    const qs_device_report *report = &devices->items[i].report;
    int length = snprintf(names + used, sizeof names - used, "%s%s (%s)", i ? ", " : "", report->info.name,
                          report->backend);
    used += length > 0 ? (size_t)length : 0;
  }
  return qs_fail(context, QS_ERROR_DEVICE,
                 "%s: %s need a device whose backend takes them, such as the CPU; there is %s", stage, what,
                 names);
}
