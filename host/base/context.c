#include "host/base/context.h"

#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *default_allocate(void *data, size_t size) {
  (void)data;
  return malloc(size);
}

static void default_release(void *data, void *block) {
  (void)data;
  free(block);
}

void qs_context_init(qs_context *context) {
  memset(context, 0, sizeof *context);
  context->allocator.allocate = default_allocate;
  context->allocator.release = default_release;
  context->threads = omp_get_max_threads();
}

qs_status qs_fail(qs_context *context, qs_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(context->message, sizeof context->message, format, arguments);
  va_end(arguments);
  return status;
}

qs_status qs_fail_memory(qs_context *context, const char *what) {
  return qs_fail(context, QS_ERROR_MEMORY, "out of memory while %s", what);
}

bool qs_cancelled(const qs_context *context) {
  return context->cancel && __atomic_load_n(context->cancel, __ATOMIC_RELAXED);
}

void qs_progress(qs_context *context, const char *stage, uint64_t done, uint64_t total) {
  if (context->progress) {
    context->progress(context->progress_data, stage, done, total);
  }
}
