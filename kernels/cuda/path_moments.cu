// Moments of a path payoff's results: 64 threads a quantity and batch, one for each position of a leaf, as in
// payoffs.cu. A batch may come in parts.
#include "kernels/cuda/law.cuh"
#include "kernels/cuda/reduce.cuh"

__global__ void __launch_bounds__(ROWS *QS_POSITIONS)
    QS_R(path_moments)(qs_cuda_path_block block, qs_cuda_path_moments to) {
  const uint32_t quantity = blockIdx.x * ROWS + threadIdx.y;
  const bool used = quantity < to.quantities;
  const uint64_t before = blockIdx.y * to.batch_paths, left = block.paths - before;
  const uint32_t leaves =
      static_cast<uint32_t>((left < to.batch_paths ? left : to.batch_paths) / QS_POSITIONS);
  const qs_real *from = static_cast<const qs_real *>(block.rows) +
                        column_of(static_cast<uint32_t>(before) + threadIdx.x, block.tile_rows) +
                        (size_t)(block.result_row + (used ? quantity : 0)) * QS_ROW;
  const size_t leaf_step = (size_t)block.tile_rows * QS_POSITIONS;
  qs_position *kept =
      to.kept ? to.kept + (size_t)(used ? quantity : 0) * QS_POSITIONS + threadIdx.x : nullptr;
  qs_position sums[1] = {};
  if (!to.first && used) {
    sums[0] = *kept;
  }
  for (uint32_t leaf = 0; leaf < leaves; leaf++) {
    const double x = static_cast<double>(from[leaf * leaf_step]);
    sums[0] = to.first && leaf == 0 ? qs_position_start(x) : qs_position_add(sums[0], x);
  }
  if (!to.last) {
    if (used) {
      *kept = sums[0];
    }
    return;
  }
  finish(sums, static_cast<double>(to.leaves_before + leaves), [&](uint32_t, qs_spread spread) {
    if (used) {
      qs_moment *moment = to.moments + blockIdx.y * to.stride + quantity;
      spread = qs_spread_scale(spread, 1.0);
      moment->mean = spread.mean;
      moment->m2 = spread.m2;
    }
  });
}

cudaError_t QS_R(qs_cuda_launch_path_moments)(const qs_cuda_path_block &block,
                                              const qs_cuda_path_moments &moments, cudaStream_t stream) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3((moments.quantities + ROWS - 1) / ROWS, moments.batches);
  config.blockDim = dim3(QS_POSITIONS, ROWS);
  config.stream = stream;
  return cudaLaunchKernelEx(&config, QS_R(path_moments), block, moments);
}
