/*
 * Devices that are driven by worker processes, behind the interface of every backend (quickset/worker.h); for
 * the files of this folder alone and their tests. A unit goes to the worker whole (unit_wire.h), its result
 * comes back; a worker that is lost is replaced and the unit given to the new one, so that callers see a slow
 * device, or one that failed.
 *
 * Memory for the exchange grows to the largest unit and its result and is released with the device; no other
 * is allocated while units run.
 */
#ifndef QS_HOST_ENGINE_WORKER_DEVICE_H
#define QS_HOST_ENGINE_WORKER_DEVICE_H

#include <sys/types.h>

#include "host/base/arena.h"
#include "host/base/context.h"
#include "kernels/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_worker_spec {
  const char *program;     /* a path; borrowed while there are devices */
  const char *argument;    /* null: QS_WORKER_ARGUMENT */
  const char *name;        /* of the backend, a static string */
  double patience;         /* seconds without an answer to an order; 0: 300 */
  double patience_to_stop; /* seconds that a cancelled unit may take; 0: 10 */
} qs_worker_spec;

/* One device, or why it could not be opened. */
typedef struct qs_worker_opening {
  qs_device *device; /* null: it could not */
  qs_status status;
  char reason[QS_DEVICE_TEXT];
} qs_worker_opening;

/* What the backend is that drives them, and its devices, all opened at once; from the arena. `*count` 0, with
 * the reason in message[QS_DEVICE_TEXT], where there are none or no worker could be started. Each device is
 * closed by the backend's close. QS_ERROR_MEMORY alone. */
qs_status qs_workers_open(qs_context *context, qs_arena *arena, const qs_worker_spec *spec,
                          const qs_device_options *options, const qs_backend **backend,
                          qs_worker_opening **openings, uint32_t *count, char *message);

/* How often the device's worker was replaced, and why last (empty: never). */
uint32_t qs_worker_restarts(const qs_device *device, const char **reason);

/* The process of the device's worker; 0: none. */
pid_t qs_worker_process(const qs_device *device);

#ifdef __cplusplus
}
#endif
#endif
