// A run of a joint unit, made ready: what joint_prepare.cu hands to joint.cu. For the files of this folder
// alone.
#ifndef QS_CUDA_JOINT_RUN_H
#define QS_CUDA_JOINT_RUN_H

#include "kernels/cuda/device.h"
#include "kernels/cuda/joint_kernels.h"

struct qs_cuda_joint_run {
  qs_device *device;
  const qs_joint_unit *unit;
  bool precise;
  uint32_t made; // underlyings whose tables are there
  qs_table tables[QS_MAX_JOINT];
  qs_path_table paths[QS_MAX_JOINT];
  qs_joint_weights weights;
  qs_net *nets;                    // null: pseudo-random
  qs_cuda_joint_formula *formulas; // [payoff]
  qs_cuda_joint_plan plan;
  qs_cuda_joint_draws draws;
  size_t path_bytes;        // of a path's draws
  qs_cuda_path_block block; // its rows; those of a full one
  uint64_t block_paths;     // of a full block: a multiple of QS_LEAF_PATHS
  size_t moments;           // of a batch
  uint64_t chunk;
};

// Builds and uploads what run->unit needs on run->device, and reserves memory for a block. Whatever comes of
// it, qs_cuda_joint_release frees the host's part.
qs_status qs_cuda_joint_prepare(qs_cuda_joint_run *run, char *message);
void qs_cuda_joint_release(qs_cuda_joint_run *run);

// Its parts of that. Draws that are made before the paths (joint_ready.cu), of nets, or of streams that are
// drawn once for all underlyings: their rows, and memory for so many paths.
void qs_cuda_joint_lay_draws(qs_cuda_joint_run *run);
qs_status qs_cuda_joint_reserve_draws(qs_cuda_joint_run *run, uint64_t paths, char *message);

// And (joint_upload.cu): what has been built goes to device memory.
qs_status qs_cuda_joint_upload(qs_cuda_joint_run *run, char *message);

#endif
