// The columns of a regression, one path a thread, in double precision whatever the run's.
#include "kernels/cuda/regression_run.h"

#define QS_LANES       1
#define QS_ROW         32 // QS_CUDA_REGRESSION_TILE
#define QS_REAL_DOUBLE 1
#include "kernels/core/script.inc"

#include "kernels/core/policy.inc"

#include "kernels/core/regression.inc"

#include "kernels/regression_block.inc"

static_assert(QS_ROW == (int)QS_CUDA_REGRESSION_TILE, "a tile's threads stand side by side");

// Blocks that a multiprocessor is to hold at least: with fewer registers columns would spill.
enum { BLOCK = 128, RESIDENT = 4 };

template <qs_regression_task task>
__global__ void __launch_bounds__(BLOCK, RESIDENT)
    regression_paths(const __grid_constant__ qs_regression_unit unit, size_t rows, double *tiles,
                     double *earned) {
  const uint64_t path = (uint64_t)blockIdx.x * BLOCK + threadIdx.x;
  if (path >= unit.path_end) {
    return;
  }
  qs_regression_block b =
      qs_regression_block_in(&unit, tiles + path / QS_ROW * rows * QS_ROW + path % QS_ROW);
  b.path = path;
  if (task == QS_REGRESSION_END) {
    qs_regression_end(&b, earned + path);
  } else if (task == QS_REGRESSION_SUM) {
    qs_regression_explain(&b);
  } else {
    qs_regression_earn(&b, earned + path);
  }
}

size_t qs_cuda_regression_rows(const qs_regression_unit &unit) {
  return qs_regression_rows(&unit);
}

cudaError_t qs_cuda_launch_regression(const qs_regression_unit &unit, size_t rows, double *tiles,
                                      double *earned, cudaStream_t stream) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>((unit.path_end + BLOCK - 1) / BLOCK));
  config.blockDim = dim3(BLOCK);
  config.stream = stream;
  switch (unit.task) {
  case QS_REGRESSION_END:
    return cudaLaunchKernelEx(&config, regression_paths<QS_REGRESSION_END>, unit, rows, tiles, earned);
  case QS_REGRESSION_SUM:
    return cudaLaunchKernelEx(&config, regression_paths<QS_REGRESSION_SUM>, unit, rows, tiles, earned);
  default:
    return cudaLaunchKernelEx(&config, regression_paths<QS_REGRESSION_EARN>, unit, rows, tiles, earned);
  }
}
