/* The worker's side: one device of one backend. */
#define _POSIX_C_SOURCE 200809L /* threads, signals, shared memory */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/base/arena.h"
#include "host/engine/plugin.h"
#include "host/engine/worker_protocol.h"
#include "quickset/worker.h"

_Static_assert(sizeof(qs_backend) == 112,
               "a backend does something new: an engine must ask its workers for it");

/* What a worker whose engine is gone has to end its unit. */
static const time_t seconds_to_end = 5;

typedef struct server {
  const qs_backend *backend;
  const char *reason;
  qs_device *device;
  char *map;
  size_t mapped;
} server;

/* Ends the process soon after the engine has closed its side, whatever the device does. */
static void *watch_engine(void *argument) {
  qs_worker_header *header = argument;
  struct pollfd side = {.fd = QS_WORKER_SOCKET};
  while (poll(&side, 1, -1) < 0 && errno == EINTR) {
  }
  __atomic_store_n(&header->cancel, 1, __ATOMIC_RELAXED);
  const struct timespec wait = {.tv_sec = seconds_to_end};
  nanosleep(&wait, NULL);
  kill(getpid(), SIGKILL);
  return NULL;
}

static bool map_memory(server *s, size_t size) {
  if (size == s->mapped) {
    return true;
  }
  void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, QS_WORKER_MEMORY, 0);
  if (map == MAP_FAILED) {
    return false;
  }
  if (s->map) {
    munmap(s->map, s->mapped);
  }
  s->map = map;
  s->mapped = size;
  return true;
}

static void fail(qs_worker_reply *reply, qs_status status, const char *why) {
  reply->status = status;
  snprintf(reply->message, sizeof reply->message, "%s", why);
}

static void count_devices(const server *s, qs_worker_reply *reply) {
  if (!s->backend) {
    snprintf(reply->message, sizeof reply->message, "%s", s->reason);
    return;
  }
  reply->count = s->backend->device_count(reply->message);
  reply->backend = *s->backend;
}

static void open_device(server *s, const qs_worker_order *order, qs_worker_reply *reply) {
  const qs_device_options options = {.threads = order->threads};
  if (!s->backend || s->device) {
    fail(reply, QS_ERROR_DEVICE, s->device ? "the worker has a device already" : s->reason);
    return;
  }
  reply->status = s->backend->open(order->index, &options, reply->message, &s->device);
  if (reply->status == QS_OK) {
    s->backend->describe(s->device, &reply->info);
  }
}

typedef union any_unit {
  qs_value_unit value;
  qs_path_unit path;
  qs_joint_unit joint;
  qs_horizon_unit horizon;
  qs_rebalance_unit rebalance;
  qs_regression_unit regression;
} any_unit;

static qs_status run_unit(const server *s, qs_unit_kind kind, const any_unit *unit, void *result,
                          char *message) {
  const qs_backend *b = s->backend;
  const volatile int *cancel = &((qs_worker_header *)s->map)->cancel;
  switch (kind) {
  case QS_UNIT_VALUE:
    return b->value(s->device, &unit->value, cancel, message, result);
  case QS_UNIT_PATH:
    return b->path(s->device, &unit->path, cancel, message, result);
  case QS_UNIT_JOINT:
    return b->joint(s->device, &unit->joint, cancel, message, result);
  case QS_UNIT_HORIZON: {
    const qs_horizon_unit *h = &unit->horizon;
    double *x = result;
    return b->horizon(s->device, h, cancel, message, x,
                      x + h->path.date_count * (size_t)(h->path_end - h->path_begin));
  }
  case QS_UNIT_REBALANCE:
    return b->rebalance(s->device, &unit->rebalance, cancel, message, result);
  case QS_UNIT_REGRESSION:
    return b->regression(s->device, &unit->regression, cancel, message, result);
  }
  return QS_ERROR_INPUT;
}

static void run_order(const server *s, const qs_worker_order *order, qs_worker_reply *reply) {
  any_unit unit;
  const size_t room = s->mapped - QS_WORKER_HEADER;
  char *bytes = s->map + QS_WORKER_HEADER;
  const bool fits = order->unit_size <= room && order->result_size <= room - order->unit_size;
  if (!s->device || !fits || !qs_unit_wire_read(order->kind, bytes, (size_t)order->unit_size, &unit) ||
      qs_unit_result_size(order->kind, &unit) != order->result_size) {
    fail(reply, QS_ERROR_DEVICE, "the worker was given a damaged unit");
    return;
  }
  reply->status = run_unit(s, order->kind, &unit, bytes + order->unit_size, reply->message);
}

static void obey(server *s, const qs_worker_order *order, qs_worker_reply *reply) {
  if (!qs_digest_equal(order->build, qs_worker_build())) {
    fail(reply, QS_ERROR_DEVICE, "the worker is of another build of quickset than its engine");
  } else if (order->task == QS_WORKER_COUNT) {
    count_devices(s, reply);
  } else if (order->task == QS_WORKER_OPEN) {
    open_device(s, order, reply);
  } else if (order->mapped < QS_WORKER_HEADER || !map_memory(s, (size_t)order->mapped)) {
    fail(reply, QS_ERROR_MEMORY, "the worker cannot map its memory");
  } else {
    run_order(s, order, reply);
  }
}

static ssize_t receive(qs_worker_order *order) {
  ssize_t got = 0;
  do {
    got = recv(QS_WORKER_SOCKET, order, sizeof *order, 0);
  } while (got < 0 && errno == EINTR);
  return got;
}

int qs_worker_serve(const qs_backend *backend, const char *reason) {
  server s = {.backend = backend, .reason = reason ? reason : "no backend"};
  pthread_t watcher;
  void *header = mmap(NULL, QS_WORKER_HEADER, PROT_READ | PROT_WRITE, MAP_SHARED, QS_WORKER_MEMORY, 0);
  if (header == MAP_FAILED || pthread_create(&watcher, NULL, watch_engine, header) != 0) {
    return 5;
  }
  pthread_detach(watcher);
  qs_worker_order order;
  while (receive(&order) == (ssize_t)sizeof order) {
    qs_worker_reply reply;
    memset(&reply, 0, sizeof reply);
    obey(&s, &order, &reply);
    if (send(QS_WORKER_SOCKET, &reply, sizeof reply, MSG_NOSIGNAL) != (ssize_t)sizeof reply) {
      break;
    }
  }
  if (s.device) {
    s.backend->close(s.device);
  }
  return 0;
}

qs_digest qs_worker_build(void) {
  const uint64_t sizes[] = {QS_BACKEND_ABI,
                            sizeof(qs_worker_order),
                            sizeof(qs_worker_reply),
                            sizeof(qs_value_unit),
                            sizeof(qs_path_unit),
                            sizeof(qs_joint_unit),
                            sizeof(qs_horizon_unit),
                            sizeof(qs_rebalance_unit),
                            sizeof(qs_regression_unit),
                            sizeof(qs_path_payoff_plan),
                            sizeof(qs_script_program),
                            sizeof(qs_policy),
                            sizeof(qs_trade_cost),
                            sizeof(qs_margin_rule),
                            sizeof(qs_joint_asset)};
  qs_digester d = {0};
  qs_digest_add(&d, sizes, sizeof sizes);
  return qs_digest_end(&d);
}

bool qs_worker_main(int count, char **arguments, int *code) {
  int type = 0;
  socklen_t size = sizeof type;
  if (count != 2 || strcmp(arguments[1], QS_WORKER_ARGUMENT) != 0 ||
      getsockopt(QS_WORKER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return false;
  }
  signal(SIGINT, SIG_IGN); /* they go to all of a terminal's or a job's processes: the engine decides */
  signal(SIGTERM, SIG_IGN);
  qs_context context;
  qs_context_init(&context);
  qs_arena *arena = qs_arena_create(&context);
  void *plugin = NULL;
  const char *reason = "out of memory";
  const qs_backend *backend = arena ? qs_plugin_load_cuda(arena, &plugin, &reason) : NULL;
  *code = qs_worker_serve(backend, reason);
  qs_plugin_unload(plugin);
  qs_arena_destroy(arena);
  return true;
}
