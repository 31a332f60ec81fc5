/*
 * quickset: the engine, and what a caller gives it: allocator, threads, devices, progress, cancellation.
 *
 * An engine is used by one thread at a time; several engines may live side by side. It holds what is costly
 * to make anew (devices; calibrated markets, where it is told to) and no result of its own.
 */
#ifndef QUICKSET_ENGINE_H
#define QUICKSET_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the library's memory comes from. Called from one thread at a time. `allocate` returns a block aligned
 * as malloc aligns, or null. */
typedef struct qs_allocator {
  void *(*allocate)(void *data, size_t size);
  void (*release)(void *data, void *block);
  void *data;
} qs_allocator;

/* Told from the calling thread now and then: `stage` ("calibrate", "value", ...; a static string) has done
 * `done` of `total` units of work. */
typedef void (*qs_progress_callback)(void *data, const char *stage, uint64_t done, uint64_t total);

typedef enum qs_backend_choice {
  QS_BACKEND_AUTO = 0, /* every device present; the CPU where there is none */
  QS_BACKEND_CPU = 1,
  QS_BACKEND_CUDA = 2 /* QS_ERROR_DEVICE where there is no device */
} qs_backend_choice;

typedef struct qs_engine_spec {
  uint32_t struct_size;
  qs_backend_choice backend;
  int threads; /* CPU threads; 0 for all */
  const char
      *cpu_target; /* "x86-64-v4", "x86-64-v3", "portable", or null for the best that this machine runs */
  qs_allocator allocator; /* all null for malloc and free */
  qs_progress_callback progress;
  void *progress_data;
  /* Null: GPUs are driven by this process, and one with a sticky error is lost to it. Else a program that
   * drives each in a process of its own (quickset/worker.h); the path is borrowed while the engine lives. */
  const char *worker_program;
  /* How many markets with their fits the engine keeps, those last made, at most QS_MAX_MARKETS; 0: none. A
   * later call whose market is one of them to the byte (as_of, currency, underlyings with their quotes and
   * models, correlations) is answered without calibrating again, with the same bits. Some megabytes each. */
  uint32_t markets;
} qs_engine_spec;

enum { QS_MAX_MARKETS = 16 };

typedef struct qs_engine qs_engine;

/* Fills the defaults in; call it before setting fields. */
QS_API void qs_engine_spec_init(qs_engine_spec *spec);

/* A new engine; `message` (may be null, `message_size` bytes) gets the reason when it fails. */
QS_API qs_status qs_engine_create(const qs_engine_spec *spec, char *message, size_t message_size,
                                  qs_engine **engine);
QS_API void qs_engine_destroy(qs_engine *engine);

/* The message of the last call on this engine that failed; owned by the engine, valid until the next call. */
QS_API const char *qs_engine_message(const qs_engine *engine);

/* What the engine works with, as lines of plain text: version, devices with their targets and, where one is
 * missing, why. Free it with qs_text_free. */
QS_API qs_status qs_engine_info(qs_engine *engine, char **text);

/* Library version, "major.minor.patch". */
QS_API const char *qs_version(void);

#ifdef __cplusplus
}
#endif
#endif
