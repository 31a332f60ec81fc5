// The normals of a joint unit's streams, a path and a stream a thread, for all its underlyings: drawn once
// where each of several underlyings would else draw them for itself.
#include "kernels/cuda/joint_draws.cuh"

enum { BLOCK = 128 };

// Four rows of the block from the source's first one on.
QS_CORE void put_normals(const qs_real (*normal)[1], uint32_t row, uint32_t block, qs_real *normals) {
  qs_real *to = normals + ((size_t)row + 1 + 4 * (size_t)block) * QS_ROW;
#pragma unroll
  for (int w = 0; w < 4; w++) {
    to[w * QS_ROW] = normal[w][0];
  }
}

__global__ void __launch_bounds__(BLOCK)
    QS_R(joint_streams)(const uint32_t *keys, bool mirrored,
                        const __grid_constant__ qs_cuda_joint_draws draws, qs_cuda_path_block block) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x, j = blockIdx.y;
  if (i >= block.paths) {
    return;
  }
  const uint64_t path = block.path_begin + i;
  const bool mirrors = mirrored && (path & QS_MIRROR), variances = draws.variance[j] != QS_CUDA_NONE;
  qs_real *normals = static_cast<qs_real *>(draws.normals) + column_of(i, draws.normal_rows);
#pragma unroll 1
  for (uint32_t b = 0; b < draws.padded / 4; b++) {
    QS_R(qs_stream) s;
    QS_R(qs_stream_fill)
    (key_of(keys, j), variances, path - (mirrors ? QS_MIRROR : 0), draws.first_block + b, &s);
    if (mirrors) {
      QS_R(qs_noise_mirror)(s.price);
    }
    put_normals(s.price, draws.price[j], b, normals);
    if (variances && mirrors) {
      QS_R(qs_noise_mirror)(s.variance);
    }
    if (variances) {
      put_normals(s.variance, draws.variance[j], b, normals);
    }
  }
}

cudaError_t QS_R(qs_cuda_launch_joint_streams)(const qs_cuda_joint_plan &plan,
                                               const qs_cuda_path_block &block,
                                               const qs_cuda_joint_draws &draws, cudaStream_t stream) {
  cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  config.gridDim.y = plan.layout.assets;
  return cudaLaunchKernelEx(&config, QS_R(joint_streams), static_cast<const uint32_t *>(plan.keys),
                            plan.assets[0].plan.mirrored, draws, block);
}
