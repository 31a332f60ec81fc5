// A GPU as this backend sees it: its stream, its memory and its last error. For the files of this folder
// alone.
#ifndef QS_CUDA_DEVICE_H
#define QS_CUDA_DEVICE_H

#include <cuda_runtime.h>

#include "kernels/backend.h"

// Device memory that grows as needed and is kept between units; zero-initialise.
struct qs_cuda_buffer {
  void *data;
  size_t bytes;
};

enum { QS_CUDA_IN_FLIGHT = 2 }; // chunks queued on the device while the host goes on

// A stream beside the device's own, with the memory of the block that runs on it: see lanes.h.
struct qs_cuda_lane {
  cudaStream_t stream;
  cudaEvent_t done;                        // of what was queued last
  qs_cuda_buffer arguments, kept, results; // on the device
  qs_cuda_buffer host_arguments, host;     // page-locked: what goes there, and results that come back
};
enum { QS_CUDA_LANES = 2 };

struct qs_device {
  int ordinal;
  int multiprocessors;
  size_t budget;      // most bytes that a chunk's observations may take
  size_t path_budget; // the same of a path unit, whose payoffs need them all at once
  cudaStream_t stream;
  cudaEvent_t done[QS_CUDA_IN_FLIGHT]; // of the chunks in flight
  qs_cuda_buffer plan, observations, results, draws, kept;
  qs_cuda_lane lanes[QS_CUDA_LANES];
  bool broken; // the context is lost: nothing works on it any more
  qs_device_info info;
};

// QS_OK for cudaSuccess. Otherwise writes "<what>: <CUDA's text>" to message and returns QS_ERROR_MEMORY
// where device memory is short, else QS_ERROR_DEVICE; clears CUDA's last error, and marks the device broken
// where that does not help.
qs_status qs_cuda_check(qs_device *device, cudaError_t error, const char *what, char *message);

// Makes the buffer hold at least `bytes`; what it held is lost. Waits for the stream before it frees.
qs_status qs_cuda_reserve(qs_device *device, qs_cuda_buffer *buffer, size_t bytes, char *message);

// Makes the device the calling thread's; QS_ERROR_DEVICE when it is broken.
qs_status qs_cuda_enter(qs_device *device, char *message);

// Marks the end of chunk number `chunk`, waits until at most QS_CUDA_IN_FLIGHT chunks are queued, then polls
// `cancel`: QS_ERROR_CANCELLED once it is set (the stream has then run dry).
qs_status qs_cuda_pace(qs_device *device, uint64_t chunk, const volatile int *cancel, char *message);

// Copies from the device once all queued work is done, and waits for it.
qs_status qs_cuda_fetch(qs_device *device, void *to, const void *from, size_t bytes, char *message);

#endif
