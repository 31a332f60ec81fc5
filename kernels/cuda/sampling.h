// Sobol points on a GPU: a unit's net in device memory, and the draws of a block's paths made from it before
// they are simulated. For the files of this folder alone.
#ifndef QS_CUDA_SAMPLING_H
#define QS_CUDA_SAMPLING_H

#include "kernels/cuda/device.h"
#include "kernels/cuda/kernels.h"
#include "kernels/cuda/upload.h"

enum { QS_CUDA_NET_ARRAYS = 3 };

// Of a unit whose paths draw for themselves, net is null and path_bytes 0.
struct qs_cuda_sampling {
  qs_net *net; // the host's
  qs_precision precision;
  const void *directions, *bridge, *inverse_root; // on the device, once uploaded
  qs_cuda_draws draws;
  size_t path_bytes; // of a path's draws
};

// Makes the net; `noise`: of a path unit, whose price's own noise is drawn too. Freed by
// qs_cuda_sampling_free.
qs_status qs_cuda_sampling_make(const qs_path_plan &plan, const qs_table &table, qs_precision precision,
                                bool noise, char *message, qs_cuda_sampling *sampling);
void qs_cuda_sampling_free(qs_cuda_sampling *sampling);

// What is to be uploaded, to arrays[QS_CUDA_NET_ARRAYS]; without a net they are empty.
void qs_cuda_sampling_arrays(qs_cuda_sampling *sampling, qs_cuda_array *arrays);

// Device memory for the draws of so many paths.
qs_status qs_cuda_sampling_reserve(qs_device *device, uint64_t paths, char *message,
                                   qs_cuda_sampling *sampling);

// Queues the making of the points' draws; nothing without a net.
qs_status qs_cuda_sampling_draw(qs_device *device, const qs_cuda_sampling &sampling,
                                const qs_cuda_points &points, char *message);

#endif
