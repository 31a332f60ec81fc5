/* The engine's side: workers are started, given units, watched and replaced. */
#define _GNU_SOURCE /* memfd_create, mremap, posix_spawn's closefrom */
#include "host/engine/worker_device.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/engine/worker_protocol.h"

enum {
  MOST_TRIES = 4,       /* of one unit, the first among them */
  MOST_RESTARTS = 16,   /* of a device's workers, in all */
  FREE_DESCRIPTOR = 10, /* ours are this or more: none is one of the worker's */
  POLL_MILLISECONDS = 20
};

/* What a worker has to end in when its engine closes its side; then it is killed. */
static const double seconds_to_close = 2;

struct qs_device {
  qs_worker_spec spec;
  qs_device_options options;
  uint32_t index;
  pid_t process; /* 0: none */
  int socket, memory;
  char *map;
  size_t mapped;
  uint32_t restarts;
  char reason[QS_DEVICE_TEXT]; /* of the last restart */
  qs_device_info info;
};

static void say(char *message, const char *what, const char *why) {
  snprintf(message, QS_DEVICE_TEXT, "%.80s%s%.160s", what, *why ? ": " : "", why);
}

/* `descriptor`, or a copy of it that is none of the worker's numbers; -1: neither. */
static int move_up(int descriptor) {
  if (descriptor < 0 || descriptor >= FREE_DESCRIPTOR) {
    return descriptor;
  }
  const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
  close(descriptor);
  return moved;
}

static bool make_memory(qs_device *d) {
  d->memory = move_up(memfd_create("quickset-unit", MFD_CLOEXEC));
  if (d->memory < 0 || ftruncate(d->memory, QS_WORKER_HEADER) != 0) {
    return false;
  }
  void *map = mmap(NULL, QS_WORKER_HEADER, PROT_READ | PROT_WRITE, MAP_SHARED, d->memory, 0);
  d->map = map == MAP_FAILED ? NULL : map;
  d->mapped = d->map ? QS_WORKER_HEADER : 0;
  return d->map != NULL;
}

/* Room for `size` bytes behind the header; twice what there was at least, so that it rarely grows. */
static bool make_room(qs_device *d, size_t size) {
  const size_t wanted = QS_WORKER_HEADER + size;
  if (wanted <= d->mapped) {
    return true;
  }
  const size_t page = QS_WORKER_HEADER, most = wanted > 2 * d->mapped ? wanted : 2 * d->mapped;
  const size_t whole = (most + page - 1) / page * page;
  if (ftruncate(d->memory, (off_t)whole) != 0) {
    return false;
  }
  void *map = mremap(d->map, d->mapped, whole, MREMAP_MAYMOVE);
  if (map == MAP_FAILED) {
    return false;
  }
  d->map = map;
  d->mapped = whole;
  return true;
}

/* What the worker starts with: its two descriptors, the caller's standard error, and nothing else. */
static int describe_start(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int socket,
                          int memory) {
  sigset_t none;
  sigemptyset(&none);
  int failed = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  failed = failed ? failed : posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
  failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, socket, QS_WORKER_SOCKET);
  failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, memory, QS_WORKER_MEMORY);
  failed = failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, QS_WORKER_MEMORY + 1);
  failed = failed ? failed : posix_spawnattr_setsigmask(attributes, &none);
  return failed ? failed : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
}

/* Starts a process for the device, which has none; 0, or the error's number. */
static int spawn(qs_device *d, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed) {
    return failed;
  }
  failed = posix_spawnattr_init(&attributes);
  if (!failed) {
    char name[] = "quickset-worker", argument[64];
    snprintf(argument, sizeof argument, "%s", d->spec.argument ? d->spec.argument : QS_WORKER_ARGUMENT);
    char *const arguments[] = {name, argument, NULL};
    pid_t process = 0;
    failed = describe_start(&actions, &attributes, socket, d->memory);
    failed =
        failed ? failed : posix_spawn(&process, d->spec.program, &actions, &attributes, arguments, environ);
    d->process = failed ? 0 : process;
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

static bool start(qs_device *d, char *message) {
  int ends[2] = {-1, -1};
  int failed = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno;
  const int mine = move_up(ends[0]), other = move_up(ends[1]);
  if (!failed && (mine < 0 || other < 0)) {
    failed = errno;
  }
  failed = failed ? failed : spawn(d, other);
  if (other >= 0) {
    close(other);
  }
  if (failed) {
    if (mine >= 0) {
      close(mine);
    }
    snprintf(message, QS_DEVICE_TEXT, "a worker process could not be started (%s): %s", d->spec.program,
             strerrordesc_np(failed));
    return false;
  }
  d->socket = mine;
  return true;
}

/* Whether the process has ended within so many seconds. */
static bool reap(qs_device *d, double seconds) {
  const double until = qs_seconds_now() + seconds;
  for (;;) {
    const pid_t ended = waitpid(d->process, NULL, WNOHANG);
    if (ended == d->process || (ended < 0 && errno != EINTR)) {
      d->process = 0;
      return true;
    }
    if (qs_seconds_now() > until) {
      return false;
    }
    poll(NULL, 0, 1);
  }
}

/* Ends the device's worker: by itself where it still can, for it may have more to put away than memory. */
static void stop(qs_device *d, bool gently) {
  if (d->socket >= 0) {
    close(d->socket);
    d->socket = -1;
  }
  if (d->process && !(gently && reap(d, seconds_to_close))) {
    kill(d->process, SIGKILL);
    reap(d, 2 * seconds_to_close); /* one that a driver holds on to cannot be waited for */
    d->process = 0;
  }
}

static bool give(const qs_device *d, qs_worker_order *order) {
  order->build = qs_worker_build();
  order->mapped = d->mapped;
  __atomic_store_n(&((qs_worker_header *)d->map)->cancel, 0, __ATOMIC_RELAXED);
  return send(d->socket, order, sizeof *order, MSG_NOSIGNAL) == (ssize_t)sizeof *order;
}

static bool asked(const volatile int *cancel) {
  return cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED);
}

/* Whether there is something to receive, or the worker has gone; false once it has taken too long. Passes
 * cancellation on. */
static bool await(const qs_device *d, const volatile int *cancel) {
  const double start_time = qs_seconds_now();
  const double patience = d->spec.patience > 0 ? d->spec.patience : 300;
  const double to_stop = d->spec.patience_to_stop > 0 ? d->spec.patience_to_stop : 10;
  double cancelled = 0;
  for (;;) {
    struct pollfd side = {.fd = d->socket, .events = POLLIN};
    if (poll(&side, 1, POLL_MILLISECONDS) > 0) {
      return true;
    }
    const double now = qs_seconds_now();
    if (asked(cancel) && cancelled == 0) {
      cancelled = now;
      __atomic_store_n(&((qs_worker_header *)d->map)->cancel, 1, __ATOMIC_RELAXED);
    }
    if (now - start_time > patience || (cancelled > 0 && now - cancelled > to_stop)) {
      return false;
    }
  }
}

/* How a process ended that can be waited for by now. */
static void say_end(qs_device *d, char *message) {
  int ended = 0;
  const double until = qs_seconds_now() + 1;
  while (d->process && qs_seconds_now() < until) {
    if (waitpid(d->process, &ended, WNOHANG) == d->process) {
      d->process = 0;
      snprintf(message, QS_DEVICE_TEXT, "its worker process ended by %s %d",
               WIFSIGNALED(ended) ? "signal" : "itself with status",
               WIFSIGNALED(ended) ? WTERMSIG(ended) : WEXITSTATUS(ended));
      return;
    }
    poll(NULL, 0, 1);
  }
  say(message, "its worker process ended", "");
}

/* The reply to what was given; false, with the reason, where there is none. */
static bool hear(qs_device *d, const volatile int *cancel, qs_worker_reply *reply, char *message) {
  if (!await(d, cancel)) {
    say(message, "its worker process gave no answer in time", "");
    return false;
  }
  ssize_t got = 0;
  do {
    got = recv(d->socket, reply, sizeof *reply, 0);
  } while (got < 0 && errno == EINTR);
  if (got != (ssize_t)sizeof *reply) {
    say_end(d, message);
    return false;
  }
  reply->message[sizeof reply->message - 1] = '\0';
  return true;
}

static qs_status ask(qs_device *d, qs_worker_order *order, const volatile int *cancel, qs_worker_reply *reply,
                     char *message) {
  if (!give(d, order)) {
    say_end(d, message);
    return QS_ERROR_DEVICE;
  }
  if (!hear(d, cancel, reply, message)) {
    return QS_ERROR_DEVICE;
  }
  if (*reply->message) {
    snprintf(message, QS_DEVICE_TEXT, "%s", reply->message);
  }
  return reply->status;
}

static qs_worker_order order_to_open(const qs_device *d) {
  return (qs_worker_order){.task = QS_WORKER_OPEN, .index = d->index, .threads = d->options.threads};
}

/* A new worker with the device open, in place of one that was lost for the reason in `message`. */
static bool replace(qs_device *d, char *message) {
  snprintf(d->reason, sizeof d->reason, "%s", message);
  stop(d, false);
  d->restarts++;
  if (!start(d, message)) {
    return false;
  }
  qs_worker_order order = order_to_open(d);
  qs_worker_reply reply;
  return ask(d, &order, NULL, &reply, message) == QS_OK;
}

/* Rows of a unit's own paths, where they lie for the caller. */
static void copy_rows(const qs_rebalance_unit *unit, double *rows, double *packed, bool out) {
  const size_t paths = (size_t)(unit->path_end - unit->path_begin);
  const size_t count = (size_t)unit->policy_count * qs_rebalance_unit_rows(unit);
  for (size_t i = 0; i < count; i++) {
    double *place = rows + i * unit->stride + unit->path_begin, *mine = packed + i * paths;
    memcpy(out ? mine : place, out ? place : mine, paths * sizeof *rows);
  }
}

/* Where a unit's numbers go: one array, or x and v. */
typedef struct results {
  void *first;
  double *second;
} results;

static void land(qs_unit_kind kind, const void *unit, const results *to, char *from, size_t size) {
  if (kind == QS_UNIT_REBALANCE) {
    copy_rows(unit, to->first, (double *)from, false);
  } else if (kind == QS_UNIT_HORIZON) {
    memcpy(to->first, from, size / 2);
    memcpy(to->second, from + size / 2, size / 2);
  } else {
    memcpy(to->first, from, size);
  }
}

static qs_status try_unit(qs_device *d, qs_unit_kind kind, const void *unit, const volatile int *cancel,
                          char *message, const results *to) {
  const size_t unit_size = qs_unit_wire_size(kind, unit), size = qs_unit_result_size(kind, unit);
  if (!d->process) {
    return QS_ERROR_DEVICE;
  }
  if (!make_room(d, unit_size + size)) {
    say(message, "no memory to exchange a unit with the worker process", "");
    return QS_ERROR_MEMORY;
  }
  char *bytes = d->map + QS_WORKER_HEADER;
  qs_unit_wire_write(kind, unit, bytes);
  const qs_rebalance_unit *rebalance = kind == QS_UNIT_REBALANCE ? unit : NULL;
  if (rebalance && rebalance->date_begin > 0) {
    copy_rows(rebalance, to->first, (double *)(bytes + unit_size), true);
  }
  qs_worker_order order = {.task = QS_WORKER_RUN, .kind = kind, .unit_size = unit_size, .result_size = size};
  qs_worker_reply reply;
  const qs_status status = ask(d, &order, cancel, &reply, message);
  if (status == QS_OK) {
    land(kind, unit, to, bytes + unit_size, size);
  }
  return status;
}

static qs_status run_unit(qs_device *d, qs_unit_kind kind, const void *unit, const volatile int *cancel,
                          char *message, const results *to) {
  qs_status status = QS_ERROR_DEVICE;
  say(message, "its worker process is lost", d->reason);
  bool ready = true;
  for (int i = 0; i < MOST_TRIES && status == QS_ERROR_DEVICE && !asked(cancel); i++) {
    if (i || !d->process) {
      ready = d->restarts < MOST_RESTARTS && replace(d, message);
    }
    status = ready ? try_unit(d, kind, unit, cancel, message, to) : QS_ERROR_DEVICE;
  }
  if (status == QS_ERROR_DEVICE) {
    stop(d, false);
  }
  return status == QS_ERROR_DEVICE && asked(cancel) ? QS_ERROR_CANCELLED : status;
}

static qs_status worker_value(qs_device *device, const qs_value_unit *unit, const volatile int *cancel,
                              char *message, qs_moment *moments) {
  const results to = {moments, NULL};
  return run_unit(device, QS_UNIT_VALUE, unit, cancel, message, &to);
}

static qs_status worker_path(qs_device *device, const qs_path_unit *unit, const volatile int *cancel,
                             char *message, qs_moment *moments) {
  const results to = {moments, NULL};
  return run_unit(device, QS_UNIT_PATH, unit, cancel, message, &to);
}

static qs_status worker_joint(qs_device *device, const qs_joint_unit *unit, const volatile int *cancel,
                              char *message, qs_moment *moments) {
  const results to = {moments, NULL};
  return run_unit(device, QS_UNIT_JOINT, unit, cancel, message, &to);
}

static qs_status worker_horizon(qs_device *device, const qs_horizon_unit *unit, const volatile int *cancel,
                                char *message, double *x, double *v) {
  const results to = {x, v};
  return run_unit(device, QS_UNIT_HORIZON, unit, cancel, message, &to);
}

static qs_status worker_rebalance(qs_device *device, const qs_rebalance_unit *unit,
                                  const volatile int *cancel, char *message, double *rows) {
  const results to = {rows, NULL};
  return run_unit(device, QS_UNIT_REBALANCE, unit, cancel, message, &to);
}

static qs_status worker_regression(qs_device *device, const qs_regression_unit *unit,
                                   const volatile int *cancel, char *message, double *result) {
  const results to = {result, NULL};
  return run_unit(device, QS_UNIT_REGRESSION, unit, cancel, message, &to);
}

static void worker_describe(const qs_device *device, qs_device_info *info) {
  *info = device->info;
}

static void worker_close(qs_device *d) {
  stop(d, true);
  if (d->map) {
    munmap(d->map, d->mapped);
    d->map = NULL;
  }
  if (d->memory >= 0) {
    close(d->memory);
    d->memory = -1;
  }
}

/* The table of functions that stand for what the workers' backend has. */
static void fill_backend(const qs_backend *theirs, const char *name, qs_backend *backend) {
  *backend = *theirs; /* what it takes */
  backend->abi = QS_BACKEND_ABI;
  backend->name = name;
  backend->device_count = NULL; /* asked already */
  backend->open = NULL;
  backend->close = worker_close;
  backend->describe = worker_describe;
  backend->value = worker_value;
  backend->horizon = worker_horizon;
  backend->path = theirs->path ? worker_path : NULL;
  backend->joint = theirs->joint ? worker_joint : NULL;
  backend->rebalance = theirs->rebalance ? worker_rebalance : NULL;
  backend->regression = theirs->regression ? worker_regression : NULL;
}

static void prepare(qs_device *d, const qs_worker_spec *spec, const qs_device_options *options,
                    uint32_t index) {
  *d = (qs_device){.spec = *spec, .options = *options, .index = index, .socket = -1, .memory = -1};
  d->options.cpu_target = NULL; /* of no meaning to a device of the plug-in */
}

static bool begin(qs_device *d, char *message) {
  if (!make_memory(d)) {
    say(message, "no memory to exchange units with a worker process", strerrordesc_np(errno));
    return false;
  }
  return start(d, message);
}

/* Opens all at once: each has a driver to start. The first device's worker runs already. */
static void open_all(qs_device *devices, qs_worker_opening *openings, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    qs_worker_opening *o = &openings[i];
    qs_worker_order order = order_to_open(&devices[i]);
    o->status = QS_ERROR_DEVICE;
    if ((i == 0 || begin(&devices[i], o->reason)) && give(&devices[i], &order)) {
      o->device = &devices[i];
    } else if (!*o->reason) {
      say_end(&devices[i], o->reason);
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    qs_worker_opening *o = &openings[i];
    qs_worker_reply reply;
    if (o->device && hear(o->device, NULL, &reply, o->reason)) {
      o->status = reply.status;
      o->device->info = reply.info;
      snprintf(o->reason, sizeof o->reason, "%s", reply.message);
    }
    if (o->status != QS_OK) {
      worker_close(&devices[i]);
      o->device = NULL;
    }
  }
}

qs_status qs_workers_open(qs_context *context, qs_arena *arena, const qs_worker_spec *spec,
                          const qs_device_options *options, const qs_backend **backend,
                          qs_worker_opening **openings, uint32_t *count, char *message) {
  qs_backend *table = QS_NEW(arena, 1, qs_backend);
  qs_device first;
  *count = 0;
  if (!table) {
    return qs_fail_memory(context, "starting worker processes");
  }
  prepare(&first, spec, options, 0);
  qs_worker_order order = {.task = QS_WORKER_COUNT};
  qs_worker_reply reply = {.count = 0};
  if (!begin(&first, message) || ask(&first, &order, NULL, &reply, message) != QS_OK || !reply.count) {
    worker_close(&first);
    return QS_OK;
  }
  qs_device *devices = QS_NEW(arena, reply.count, qs_device);
  *openings = QS_NEW(arena, reply.count, qs_worker_opening);
  if (!devices || !*openings) {
    worker_close(&first);
    return qs_fail_memory(context, "starting worker processes");
  }
  for (uint32_t i = 0; i < reply.count; i++) {
    prepare(&devices[i], spec, options, i);
  }
  devices[0] = first;
  open_all(devices, *openings, reply.count);
  fill_backend(&reply.backend, spec->name, table);
  *backend = table;
  *count = reply.count;
  return QS_OK;
}

uint32_t qs_worker_restarts(const qs_device *device, const char **reason) {
  *reason = device->reason;
  return device->restarts;
}

pid_t qs_worker_process(const qs_device *device) {
  return device->process;
}
