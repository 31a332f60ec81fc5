/*
 * What every host function works within: the caller's allocator, the last error, progress and cancellation.
 *
 * A context belongs to one thread at a time. Code inside a parallel region reports failure through a value of
 * its own; the coordinating thread calls qs_fail.
 */
#ifndef QS_HOST_BASE_CONTEXT_H
#define QS_HOST_BASE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickset/engine.h"
#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_MESSAGE_SIZE = 1024 };

/* What devices were given to do so far. */
typedef struct qs_tally {
  uint64_t orders;     /* times that they were given work together */
  uint64_t units;      /* of work in those: one law, its dates and a portion of payoffs */
  uint64_t path_steps; /* paths times time steps */
  double seconds;      /* until each order was done */
  uint64_t elsewhere;  /* items that were left to other shares, whose results are not here */
} qs_tally;

typedef struct qs_context {
  qs_allocator allocator;
  qs_progress_callback progress; /* may be null */
  void *progress_data;
  const volatile int *cancel;         /* non-zero once the caller wants the work to stop; may be null */
  int threads;                        /* at least 1 */
  const struct qs_work_store *store;  /* host/engine/work_store.h: where finished work is kept; may be null */
  const struct qs_exchange *exchange; /* host/base/exchange.h: the processes of the run; null: this alone */
  qs_tally tally;
  char message[QS_MESSAGE_SIZE];
} qs_context;

/* A context over malloc and free, with `threads` from OpenMP's default; for tests and tools. */
void qs_context_init(qs_context *context);

/* Records the message (printf style) and returns `status`, so that callers write `return qs_fail(...)`. */
qs_status qs_fail(qs_context *context, qs_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Records "out of memory while <what>" and returns QS_ERROR_MEMORY. */
qs_status qs_fail_memory(qs_context *context, const char *what);

/* True once the caller asked the work to stop. */
bool qs_cancelled(const qs_context *context);

/* Tells the caller how far `stage` (a static string) has come: `done` of `total` units. */
void qs_progress(qs_context *context, const char *stage, uint64_t done, uint64_t total);

#ifdef __cplusplus
}
#endif
#endif
