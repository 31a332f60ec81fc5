// The core for one thread a path, in the precision QS_REAL_DOUBLE, and a plan as the core sees it.
#ifndef QS_CUDA_LAW_CUH
#define QS_CUDA_LAW_CUH

#include <stddef.h>

#include "kernels/cuda/fast.cuh"

#define QS_LANES 1
#define QS_ROW   32 // QS_CUDA_TILE
#include "kernels/core/key.h"
#include "kernels/core/moments.h"
#include "kernels/core/real.h"

#include "kernels/core/paths.inc"

#include "kernels/cuda/kernels.h"

// Parameters of a model, as kernels/core/observe.inc lays their tangents out.
QS_CORE constexpr uint32_t parameters_of(bool stochastic, qs_jumps jumps) {
  return (stochastic ? 5 : 1) + (jumps == QS_JUMPS_COUNTED       ? 3
                                 : jumps == QS_JUMPS_VARIANCE    ? 5
                                 : jumps == QS_JUMPS_EXPONENTIAL ? 4
                                                                 : 0);
}

static inline QS_R(qs_law) law_of(const qs_cuda_plan &plan) {
  QS_R(qs_law) law;
  law.coefficients = static_cast<const qs_real *>(plan.coefficients);
  law.thresholds = static_cast<const qs_thresholds *>(plan.thresholds);
  law.steps = static_cast<const qs_law_step *>(plan.steps);
  law.weights = static_cast<const qs_real *>(plan.weights);
  law.dates = static_cast<const qs_law_date *>(plan.dates);
  law.constants = static_cast<const qs_real *>(plan.constants);
  law.v0 = static_cast<qs_real>(plan.v0);
  law.start_weight = static_cast<qs_real>(plan.start_weight);
  law.key0 = plan.key0;
  law.key1 = plan.key1;
  law.mirrored = plan.mirrored;
  return law;
}

static_assert(QS_ROW == (int)QS_CUDA_TILE, "a tile's threads stand side by side");

// Where thread i's column of a tile's rows begins, `rows` to a tile.
QS_CORE size_t column_of(uint32_t i, uint32_t rows) {
  return (size_t)(i / QS_ROW) * rows * QS_ROW + i % QS_ROW;
}

// Hands the thread's ready words to its path.
QS_CORE void take_words(const qs_cuda_draws &draws, uint32_t i, QS_R(qs_lanes) * lanes) {
#pragma unroll
  for (int source = 0; source < QS_DRAW_COUNT; source++) {
    if (draws.words && draws.word_row[source] != QS_CUDA_NONE) {
      lanes->rows[source] =
          draws.words + column_of(i, draws.word_rows) + (size_t)draws.word_row[source] * QS_ROW;
    }
  }
}

// A launch of `threads` threads in blocks of `block`.
static inline cudaLaunchConfig_t launch_of(uint64_t threads, uint32_t block, cudaStream_t stream) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>((threads + block - 1) / block));
  config.blockDim = dim3(block);
  config.stream = stream;
  return config;
}

#endif
