#include "host/engine/backends.h"

#include <string.h>

#include "host/engine/device_set.h"
#include "host/engine/plugin.h"
#include "host/engine/worker_device.h"

/* What the scheduler expects of a device that has done nothing yet, in cost units (about path-steps) a
 * second. */
static const double gpu_first_rate = 1e11, cpu_first_rate_per_thread = 3e8;

/* Adds a line to the notes; true unless memory is out. */
static bool add_note(qs_devices *set, const char *backend, const char *reason) {
  const char *separator = *set->notes ? "\n" : "";
  char *notes = qs_arena_printf(set->arena, "%s%s%s: %s", set->notes, separator, backend, reason);
  if (notes) {
    set->notes = notes;
  }
  return notes != NULL;
}

static void add_device(qs_devices *set, const qs_backend *backend, qs_device *handle) {
  open_device *item = &set->items[set->count++];
  item->backend = backend;
  item->handle = handle;
  item->report.backend = backend->name;
  item->report.alive = true;
  backend->describe(handle, &item->report.info);
  int threads = item->report.info.threads;
  item->rate = threads > 0 ? cpu_first_rate_per_thread * threads : gpu_first_rate;
}

/* Room for what a backend has; a note where that is nothing. */
static qs_status make_room(qs_context *context, qs_devices *set, const char *backend, uint32_t present,
                           const char *message) {
  bool noted = present > 0 || add_note(set, backend, *message ? message : "no device");
  open_device *items = QS_NEW(set->arena, set->count + present, open_device);
  if (!items || !noted) {
    return qs_fail_memory(context, "opening devices");
  }
  if (set->count) {
    memcpy(items, set->items, set->count * sizeof *items);
  }
  set->items = items;
  return QS_OK;
}

/* Opens every device of one backend; those that fail become notes, unless it was the call that made no sense.
 */
static qs_status open_all(qs_context *context, qs_devices *set, const qs_backend *backend,
                          const qs_device_options *options) {
  char message[QS_DEVICE_TEXT] = "";
  uint32_t present = backend->device_count(message);
  qs_status made = make_room(context, set, backend->name, present, message);
  if (made != QS_OK) {
    return made;
  }
  for (uint32_t i = 0; i < present; i++) {
    qs_device *handle = NULL;
    message[0] = '\0';
    qs_status status = backend->open(i, options, message, &handle);
    if (status == QS_OK) {
      add_device(set, backend, handle);
    } else if (status == QS_ERROR_USAGE || status == QS_ERROR_INPUT || status == QS_ERROR_MEMORY) {
      return qs_fail(context, status, "%s: %s", backend->name, *message ? message : qs_status_name(status));
    } else if (!add_note(set, backend->name, *message ? message : qs_status_name(status))) {
      return qs_fail_memory(context, "opening devices");
    }
  }
  return QS_OK;
}

static qs_devices *new_set(qs_context *context, const char *notes) {
  qs_arena *arena = qs_arena_create(context);
  qs_devices *set = arena ? QS_NEW(arena, 1, qs_devices) : NULL;
  char *copy = set ? qs_arena_strdup(arena, notes ? notes : "") : NULL;
  if (!copy) {
    qs_arena_destroy(arena);
    return NULL;
  }
  set->arena = arena;
  set->notes = copy;
  return set;
}

static qs_status fill_set(qs_context *context, qs_devices *set, const qs_backend *const *backends,
                          size_t backend_count, const qs_device_options *options) {
  for (size_t i = 0; i < backend_count; i++) {
    qs_status status = open_all(context, set, backends[i], options);
    if (status != QS_OK) {
      return status;
    }
  }
  if (!set->count) {
    return qs_fail(context, QS_ERROR_DEVICE, "no device to compute on: %s",
                   *set->notes ? set->notes : "no backend was asked for");
  }
  return QS_OK;
}

qs_status qs_devices_open_from(qs_context *context, const qs_backend *const *backends, size_t backend_count,
                               const qs_device_options *options, const char *notes, qs_devices **devices) {
  qs_devices *set = new_set(context, notes);
  if (!set) {
    return qs_fail_memory(context, "opening devices");
  }
  qs_status status = fill_set(context, set, backends, backend_count, options);
  if (status != QS_OK) {
    qs_devices_close(set);
    return status;
  }
  *devices = set;
  return QS_OK;
}

/* The GPUs' backend for `choice`, or null with a note. */
static qs_status find_cuda(qs_context *context, qs_devices *set, const qs_backend **backend) {
  const char *reason = NULL;
  *backend = qs_plugin_load_cuda(set->arena, &set->plugin, &reason);
  if (!*backend && (!reason || !add_note(set, "cuda", reason))) {
    return qs_fail_memory(context, "looking for devices");
  }
  return QS_OK;
}

/* Adds the GPUs, each driven by a worker process. */
static qs_status open_workers(qs_context *context, qs_devices *set, const char *program,
                              const qs_device_options *options) {
  const char *reason = qs_plugin_driver_missing(set->arena);
  const qs_worker_spec spec = {.program = program, .name = "cuda"};
  const qs_backend *backend = NULL;
  qs_worker_opening *openings = NULL;
  uint32_t present = 0;
  char message[QS_DEVICE_TEXT] = "";
  if (reason && !*reason) {
    return qs_fail_memory(context, "looking for devices");
  }
  qs_status status =
      reason ? QS_OK
             : qs_workers_open(context, set->arena, &spec, options, &backend, &openings, &present, message);
  if (status == QS_OK) {
    status = make_room(context, set, spec.name, present, reason ? reason : message);
  }
  for (uint32_t i = 0; i < present; i++) {
    const qs_worker_opening *o = &openings[i];
    if (status != QS_OK) {
      if (o->device) {
        backend->close(o->device);
      }
    } else if (o->device) {
      add_device(set, backend, o->device);
      set->items[set->count - 1].apart = true;
    } else if (!add_note(set, spec.name, *o->reason ? o->reason : qs_status_name(o->status))) {
      status = qs_fail_memory(context, "opening devices");
    }
  }
  return status;
}

qs_status qs_devices_open(qs_context *context, qs_backend_choice choice, int threads, const char *cpu_target,
                          qs_devices **devices) {
  return qs_devices_open_apart(context, choice, threads, cpu_target, NULL, devices);
}

qs_status qs_devices_open_apart(qs_context *context, qs_backend_choice choice, int threads,
                                const char *cpu_target, const char *worker_program, qs_devices **devices) {
  if (choice != QS_BACKEND_AUTO && choice != QS_BACKEND_CPU && choice != QS_BACKEND_CUDA) {
    return qs_fail(context, QS_ERROR_USAGE, "backend %d is unknown: auto, cpu or cuda", (int)choice);
  }
  qs_devices *set = new_set(context, NULL);
  if (!set) {
    return qs_fail_memory(context, "opening devices");
  }
  const qs_device_options options = {.threads = threads, .cpu_target = cpu_target};
  const qs_backend *backends[2];
  size_t backend_count = 0;
  const qs_backend *cuda = NULL;
  qs_status status = QS_OK;
  if (choice != QS_BACKEND_CPU) {
    status = worker_program ? open_workers(context, set, worker_program, &options)
                            : find_cuda(context, set, &cuda);
  }
  if (cuda) {
    backends[backend_count++] = cuda;
  }
  if (choice != QS_BACKEND_CUDA) {
    backends[backend_count++] = qs_backend_cpu();
  }
  if (status == QS_OK) {
    status = fill_set(context, set, backends, backend_count, &options);
  }
  if (status != QS_OK) {
    qs_devices_close(set);
    return status;
  }
  *devices = set;
  return QS_OK;
}

void qs_devices_close(qs_devices *devices) {
  if (!devices) {
    return;
  }
  for (size_t i = 0; i < devices->count; i++) {
    devices->items[i].backend->close(devices->items[i].handle);
  }
  qs_plugin_unload(devices->plugin);
  qs_arena_destroy(devices->arena); /* the set itself lives in it */
}

size_t qs_devices_count(const qs_devices *devices) {
  return devices->count;
}

void qs_devices_report(const qs_devices *devices, size_t index, qs_device_report *report) {
  const open_device *item = &devices->items[index];
  *report = item->report;
  if (item->apart) {
    report->restarts = qs_worker_restarts(item->handle, &report->restart);
  }
}

const char *qs_devices_notes(const qs_devices *devices) {
  return devices->notes;
}
