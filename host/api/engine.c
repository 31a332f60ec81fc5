#include "host/api/engine.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "host/api/warm.h"

void qs_engine_spec_init(qs_engine_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->struct_size = sizeof *spec;
}

static void say(char *message, size_t size, const char *text) {
  if (message && size) {
    snprintf(message, size, "%s", text);
  }
}

static qs_status make_context(const qs_engine_spec *spec, qs_context *context) {
  qs_context_init(context);
  if (spec->struct_size < sizeof *spec) {
    return qs_fail(context, QS_ERROR_USAGE,
                   "qs_engine_spec.struct_size is %u: call qs_engine_spec_init first", spec->struct_size);
  }
  if (!spec->allocator.allocate != !spec->allocator.release) {
    return qs_fail(context, QS_ERROR_USAGE, "an allocator needs both allocate and release");
  }
  if (spec->markets > QS_MAX_MARKETS) {
    return qs_fail(context, QS_ERROR_USAGE, "markets is %u: must be at most %d", spec->markets,
                   QS_MAX_MARKETS);
  }
  if (spec->threads < 0) {
    return qs_fail(context, QS_ERROR_USAGE, "threads is %d: must be at least 0", spec->threads);
  }
  if (spec->allocator.allocate) {
    context->allocator = spec->allocator;
  }
  context->progress = spec->progress;
  context->progress_data = spec->progress_data;
  context->threads = spec->threads ? spec->threads : omp_get_num_procs();
  return QS_OK;
}

qs_status qs_engine_create(const qs_engine_spec *spec, char *message, size_t message_size,
                           qs_engine **engine) {
  qs_context context;
  qs_status status = make_context(spec, &context);
  qs_devices *devices = NULL;
  if (!status) {
    status = qs_devices_open_apart(&context, spec->backend, context.threads, spec->cpu_target,
                                   spec->worker_program, &devices);
  }
  qs_engine *created = status ? NULL : context.allocator.allocate(context.allocator.data, sizeof *created);
  if (!status && !created) {
    qs_devices_close(devices);
    status = qs_fail_memory(&context, "creating the engine");
  }
  if (status) {
    say(message, message_size, context.message);
    return status;
  }
  memset(created, 0, sizeof *created);
  created->context = context;
  created->devices = devices;
  created->markets = spec->markets;
  created->context.cancel = &created->cancel;
  *engine = created;
  return QS_OK;
}

void qs_engine_destroy(qs_engine *engine) {
  if (engine) {
    qs_allocator allocator = engine->context.allocator;
    for (uint32_t i = 0; i < engine->kept_count; i++) {
      qs_warm_release(engine->kept[i]);
    }
    qs_journal_end(engine->journal, false);
    qs_devices_close(engine->devices);
    allocator.release(allocator.data, engine);
  }
}

const char *qs_engine_message(const qs_engine *engine) {
  return engine->context.message;
}

qs_status qs_engine_info(qs_engine *engine, char **text) {
  enum { LINE = 3 * QS_DEVICE_TEXT };
  qs_allocator *allocator = &engine->context.allocator;
  size_t devices = qs_devices_count(engine->devices);
  const char *notes = qs_devices_notes(engine->devices);
  size_t size = (devices + 1) * LINE + strlen(notes);
  char *made = allocator->allocate(allocator->data, size);
  if (!made) {
    return qs_fail_memory(&engine->context, "describing the devices");
  }
  size_t used = (size_t)snprintf(made, size, "quickset %s\n", qs_version());
  for (size_t d = 0; d < devices; d++) {
    qs_device_report report;
    qs_devices_report(engine->devices, d, &report);
    used += (size_t)snprintf(made + used, size - used, "device %zu: %s, %s (%s)", d, report.backend,
                             report.info.name, report.info.target);
    if (report.info.threads) {
      used += (size_t)snprintf(made + used, size - used, ", %d threads", report.info.threads);
    }
    if (report.info.memory_bytes) {
      used += (size_t)snprintf(made + used, size - used, ", %.1f GiB",
                               (double)report.info.memory_bytes / (1 << 30));
    }
    used += (size_t)snprintf(made + used, size - used, "\n");
  }
  if (*notes) {
    snprintf(made + used, size - used, "%s\n", notes);
  }
  *text = made;
  return QS_OK;
}

void qs_text_free(qs_engine *engine, char *text) {
  if (text) {
    engine->context.allocator.release(engine->context.allocator.data, text);
  }
}
