/*
 * The devices that an engine computes on: finding them, opening them, and saying why one is not there.
 *
 * The CPU is always there. GPUs come from the plug-in libquickset_cuda.so, which is loaded only when the
 * machine has an NVIDIA driver; it is looked for in the folder named by the environment variable
 * QUICKSET_PLUGIN_DIR, beside this library or program, in ../lib from there, and on the loader's default
 * path.
 */
#ifndef QS_HOST_ENGINE_BACKENDS_H
#define QS_HOST_ENGINE_BACKENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/context.h"
#include "kernels/backend.h"
#include "quickset/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A set of open devices. One thread at a time. */
typedef struct qs_devices qs_devices;

/* What one device of the set is and what it has done since it was opened. */
typedef struct qs_device_report {
  const char *backend; /* "cpu", "cuda": a static string of the backend */
  qs_device_info info;
  bool alive;                   /* false once it has failed; it gets no more work then */
  char failure[QS_DEVICE_TEXT]; /* why it failed; empty while alive */
  uint64_t sub_units;           /* sub-units finished */
  uint64_t path_steps;          /* paths times time steps finished */
  double seconds;               /* spent on them */
  uint32_t restarts;            /* of its worker process, and why the last one; owned by the set */
  const char *restart;
} qs_device_report;

/*
 * Opens the devices of `choice`: QS_BACKEND_AUTO every GPU and the CPU, QS_BACKEND_CPU the CPU,
 * QS_BACKEND_CUDA every GPU. `threads` (at least 1) and `cpu_target` (may be null) are the CPU's; the context
 * must outlive the set only as far as its allocator does. Errors: QS_ERROR_DEVICE when QS_BACKEND_CUDA finds
 * no device (the message says why) or the CPU target cannot run here, QS_ERROR_USAGE for an unknown choice,
 * QS_ERROR_MEMORY. The caller closes the set with qs_devices_close.
 */
qs_status qs_devices_open(qs_context *context, qs_backend_choice choice, int threads, const char *cpu_target,
                          qs_devices **devices);

/* As above, GPUs through worker processes of this program (quickset/worker.h; borrowed, null: none). */
qs_status qs_devices_open_apart(qs_context *context, qs_backend_choice choice, int threads,
                                const char *cpu_target, const char *worker_program, qs_devices **devices);

/* As qs_devices_open, from the given backends (borrowed; they must outlive the set) and nothing else. `notes`
 * (copied, may be null) is what qs_devices_notes will say. QS_ERROR_DEVICE when no device of any backend
 * could be opened. */
qs_status qs_devices_open_from(qs_context *context, const qs_backend *const *backends, size_t backend_count,
                               const qs_device_options *options, const char *notes, qs_devices **devices);

/* Closes every device; null is allowed. */
void qs_devices_close(qs_devices *devices);

size_t qs_devices_count(const qs_devices *devices);

/* Fills `report` for the device `index` < qs_devices_count. */
void qs_devices_report(const qs_devices *devices, size_t index, qs_device_report *report);

/* Why a device that was asked for is not in the set ("cuda: no NVIDIA driver (...)"), one reason a line;
 * empty when there is nothing to say. Owned by the set. */
const char *qs_devices_notes(const qs_devices *devices);

#ifdef __cplusplus
}
#endif
#endif
