/* Finds and loads the CUDA plug-in; for the files of this folder alone. */
#ifndef QS_HOST_ENGINE_PLUGIN_H
#define QS_HOST_ENGINE_PLUGIN_H

#include "host/base/arena.h"
#include "kernels/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Loads libquickset_cuda.so where the machine has an NVIDIA driver. Gives the backend and the handle to pass
 * to qs_plugin_unload, or null for both with the reason in *reason (from the arena; null only when memory is
 * out).
 */
const qs_backend *qs_plugin_load_cuda(qs_arena *arena, void **handle, const char **reason);

/* Null when a driver is there, else the reason (from the arena; "" when memory is out). */
const char *qs_plugin_driver_missing(qs_arena *arena);

/* Releases the handle; null is allowed. */
void qs_plugin_unload(void *handle);

#ifdef __cplusplus
}
#endif
#endif
