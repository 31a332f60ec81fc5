// What the host part of joint units (joint.cu) launches; as kernels.h, for the files of this folder alone.
#ifndef QS_CUDA_JOINT_KERNELS_H
#define QS_CUDA_JOINT_KERNELS_H

#include "kernels/cuda/kernels.h"
#include "kernels/joint_table.h"

// An underlying in device memory. `scores`, `drifts` as in qs_path_table; `added` are doubles.
struct qs_cuda_joint_asset {
  qs_cuda_plan plan;
  const void *scores, *drifts, *added;
  uint32_t lambda, scored;
  double inverse_lambda, intensity, p, sigma_j;
  uint32_t common0, common1; // key of its common jumps
};

// A formula's arrays in device memory, as its program, its observations and its policy have them.
struct qs_cuda_joint_formula {
  const void *codes, *constants, *rows, *clears;
  const void *asset, *date, *known;
  const void *weights, *centre, *rate, *bump, *coefficient, *parent, *variable;
};

// A joint unit in device memory; unit, layout, assets and formulas are the host's.
struct qs_cuda_joint_plan {
  const qs_joint_unit *unit;
  qs_joint_layout layout;
  qs_cuda_joint_asset assets[QS_MAX_JOINT];
  const qs_cuda_joint_formula *formulas;
  const void *keys;                               // [stream][2]
  const void *streams, *sizes, *products;         // qs_joint_weights
  const void *forward, *years, *dates, *shifts;   // doubles but the dates
  const void *directions, *bridge, *inverse_root; // of the net
};

// Draws that paths find ready, in tiles: rows of words in whole blocks of four steps, and of normals, one
// more. normals null: paths draw for themselves. `numbered`: all draws are there, step i's in its i-th row;
// else the streams' normals alone, from the draws' block `first_block` on.
struct qs_cuda_joint_draws {
  bool numbered;
  uint32_t first_block;
  uint32_t *words;
  void *normals;
  uint32_t word_rows, normal_rows;                      // of a tile
  uint32_t padded;                                      // rows of a source but for its first normal
  uint32_t price[QS_MAX_JOINT], variance[QS_MAX_JOINT]; // rows of a stream's normals
  uint32_t word_row[QS_MAX_JOINT][QS_DRAW_COUNT]; // of an underlying's jumps; QS_CUDA_NONE: there are none
  uint32_t size[QS_MAX_JOINT];                    // of the normals of its jumps' sizes, or QS_CUDA_NONE
};

#define QS_CUDA_JOINT_LAUNCHERS(suffix)                                                                      \
  cudaError_t qs_cuda_launch_joint_net##suffix(const qs_net &net, uint32_t asset,                            \
                                               const qs_cuda_points &points,                                 \
                                               const qs_cuda_joint_draws &draws, cudaStream_t stream);       \
  cudaError_t qs_cuda_launch_joint_streams##suffix(const qs_cuda_joint_plan &plan,                           \
                                                   const qs_cuda_path_block &block,                          \
                                                   const qs_cuda_joint_draws &draws, cudaStream_t stream);   \
  cudaError_t qs_cuda_launch_joint_paths##suffix(const qs_cuda_joint_plan &plan, uint32_t asset,             \
                                                 const qs_cuda_path_block &block,                            \
                                                 const qs_cuda_joint_draws &draws, cudaStream_t stream);     \
  cudaError_t qs_cuda_launch_joint_between##suffix(const qs_cuda_joint_plan &plan,                           \
                                                   const qs_cuda_path_block &block, cudaStream_t stream);    \
  cudaError_t qs_cuda_launch_joint_formula##suffix(const qs_cuda_joint_plan &plan,                           \
                                                   const qs_cuda_path_block &block, uint32_t payoff,         \
                                                   uint32_t shift, cudaStream_t stream);
QS_CUDA_JOINT_LAUNCHERS(_f)
QS_CUDA_JOINT_LAUNCHERS(_d)

#endif
