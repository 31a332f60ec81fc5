// A run of a path unit, made ready: what path_prepare.cu hands to path.cu. For the files of this folder
// alone.
#ifndef QS_CUDA_PATH_RUN_H
#define QS_CUDA_PATH_RUN_H

#include "kernels/cuda/path_arrays.h"
#include "kernels/cuda/sampling.h"

struct qs_cuda_path_run {
  qs_device *device;
  const qs_path_unit *unit;
  bool precise;
  qs_table table;
  qs_path_table path_table;
  qs_local_table local_table; // under a leverage
  qs_cuda_path_arrays arrays;
  qs_cuda_sampling sampling;
  qs_cuda_plan plan;
  qs_cuda_path_plan path;
  qs_cuda_path_block block; // its rows; those of a full one
  uint64_t paths;           // of a full block: a multiple of QS_LEAF_PATHS
  size_t moments;           // of a batch
  uint64_t chunk;
};

// Builds and uploads what run->unit needs on run->device, and reserves memory for a block. Whatever comes of
// it, qs_cuda_path_release frees the host's part.
qs_status qs_cuda_path_prepare(qs_cuda_path_run *run, char *message);
void qs_cuda_path_release(qs_cuda_path_run *run);

#endif
