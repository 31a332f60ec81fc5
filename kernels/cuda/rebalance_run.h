// A unit of hedging over time, made ready: what rebalance_send.cu hands to rebalance.cu, and what that
// launches. For the files of this folder alone.
#ifndef QS_CUDA_REBALANCE_RUN_H
#define QS_CUDA_REBALANCE_RUN_H

#include "kernels/cuda/device.h"

struct qs_cuda_rebalance_run {
  qs_device *device;
  const qs_rebalance_unit *unit;
  uint64_t paths; // of a full block: a multiple of QS_LEAF_PATHS
  // What the walk counts.
  size_t image_bytes, row_count, place_count;
  // What the walk fills: arrays side by side as they are to lie in device->plan, and the pointers to them.
  char *image;
  void ***places;
  size_t image_used, rows_used, places_used;
  void *last_from, *last_to; // of the array before
  uint64_t begin, block;     // paths of the block
  cudaError_t error;
};

// Counts what the unit points to, and reserves memory for a block of its paths. Whatever comes of it,
// qs_cuda_rebalance_release frees the host's part.
qs_status qs_cuda_rebalance_prepare(qs_cuda_rebalance_run *run, char *message);
void qs_cuda_rebalance_release(qs_cuda_rebalance_run *run);

// Everything that the block needs goes to the device; *there is the unit as it then is there.
qs_status qs_cuda_rebalance_send(qs_cuda_rebalance_run *run, qs_rebalance_unit *there, char *message);

// Runs the unit, all of whose arrays are in device memory and whose paths are [0, stride), over rows there.
cudaError_t qs_cuda_launch_rebalance(const qs_rebalance_unit &unit, double *rows, cudaStream_t stream);

#endif
