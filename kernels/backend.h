/*
 * The one interface that every backend implements. A backend owns launch, memory and reduction; it restates
 * no formula and no constant. Same unit, same bits, whatever the backend.
 */
#ifndef QS_KERNELS_BACKEND_H
#define QS_KERNELS_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/plan.h"
#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_BACKEND_ABI = 17, QS_DEVICE_TEXT = 256 };

typedef struct qs_device qs_device;

typedef struct qs_device_options {
  int threads;            /* CPU: number of threads, at least 1 */
  const char *cpu_target; /* CPU: "x86-64-v4", "x86-64-v3", "portable", or null for the best that runs */
} qs_device_options;

typedef struct qs_device_info {
  char name[QS_DEVICE_TEXT];   /* e.g. "NVIDIA H200" or the CPU's model name */
  char target[QS_DEVICE_TEXT]; /* e.g. "sm_90", "x86-64-v4" */
  int threads;                 /* CPU threads; 0 on a GPU */
  uint64_t memory_bytes;       /* of the device; 0 when unknown */
} qs_device_info;

/* Every function that can fail writes the reason to message[QS_DEVICE_TEXT] and leaves its outputs untouched.
 */
typedef struct qs_backend {
  uint32_t abi; /* QS_BACKEND_ABI */
  const char *name;
  /* How many devices there are; 0 is no error. The reason for none goes to `message`. */
  uint32_t (*device_count)(char *message);
  qs_status (*open)(uint32_t index, const qs_device_options *options, char *message, qs_device **device);
  void (*close)(qs_device *device);
  void (*describe)(const qs_device *device, qs_device_info *info);
  /* Runs one unit; blocks until its result is there. One thread at a time per device. `cancel` (may be null)
   * is polled: QS_ERROR_CANCELLED once it is non-zero. */
  qs_status (*value)(qs_device *device, const qs_value_unit *unit, const volatile int *cancel, char *message,
                     qs_moment *moments);
  qs_status (*horizon)(qs_device *device, const qs_horizon_unit *unit, const volatile int *cancel,
                       char *message, double *x, double *v);
  /* (optional) As value; null in a backend that takes no path units. */
  qs_status (*path)(qs_device *device, const qs_path_unit *unit, const volatile int *cancel, char *message,
                    qs_moment *moments);
  /* Value and path units may have any qs_sampling; else they must be pseudo-random. */
  bool any_sampling;
  /* (optional) As value; null in a backend that takes no joint units. */
  qs_status (*joint)(qs_device *device, const qs_joint_unit *unit, const volatile int *cancel, char *message,
                     qs_moment *moments);
  /* Path units may have a leverage. */
  bool leverage;
  /* (optional) Hedging over time; null in a backend that takes none. rows[policy][row][stride] is read where
   * date_begin is later than 0. */
  qs_status (*rebalance)(qs_device *device, const qs_rebalance_unit *unit, const volatile int *cancel,
                         char *message, double *rows);
  /* (optional) The regression of early exercise; null in a backend that takes none. `result` is apart from
   * all that the unit reads. */
  qs_status (*regression)(qs_device *device, const qs_regression_unit *unit, const volatile int *cancel,
                          char *message, double *result);
} qs_backend;

/* The CPU backend, always there. */
const qs_backend *qs_backend_cpu(void);

/* The entry point that a plug-in exports under the name "qs_backend_plugin". */
typedef const qs_backend *(*qs_backend_plugin_function)(void);

#ifdef __cplusplus
}
#endif
#endif
