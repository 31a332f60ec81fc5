// The paths of a path unit, one a thread: moved from date to date with the price's own noise, and observed.
#include "kernels/cuda/law.cuh"

#include "kernels/core/horizon.inc"

#include "kernels/core/path_noise.inc"

enum { BLOCK = 128 };

// Blocks that a multiprocessor is to hold at least, where the compiler would rather spill than hold fewer; 0:
// as it likes.
constexpr int resident(qs_jumps jumps, bool greeks) {
  return QS_REAL_DOUBLE && jumps == QS_JUMPS_VARIANCE && !greeks ? 3 : 0;
}

template <qs_variance variance, qs_jumps jumps, bool greeks>
__global__ void __launch_bounds__(BLOCK, resident(jumps, greeks))
    QS_R(noise_paths)(const __grid_constant__ QS_R(qs_law) law,
                      const __grid_constant__ QS_R(qs_noise_law) from,
                      const __grid_constant__ qs_cuda_draws draws, uint32_t parameters, bool cuts,
                      qs_cuda_path_block block) {
  constexpr qs_shape shape = {variance, jumps, greeks};
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= block.paths) {
    return;
  }
  const uint64_t path = block.path_begin + i;
  const size_t fields = QS_R(qs_noise_fields)(greeks, parameters, cuts) * QS_ROW;
  const size_t place = QS_R(qs_noise_place)(greeks, parameters) * QS_ROW;
  qs_real *out = static_cast<qs_real *>(block.rows) + column_of(i, block.tile_rows);
  QS_R(qs_noise_law) noise = from;
  noise.law = &law;
  QS_R(qs_noise_lanes) state, side, whole;
  QS_R(qs_noise_start)(shape, &noise, &state);
  take_words(draws, i, &state.base);
  if (draws.normals) { // of which the first row is the path's start
    state.normals = static_cast<const qs_real *>(draws.normals) + column_of(i, draws.normal_rows) + QS_ROW;
  }
  for (uint32_t date = 0, at = 0; date < block.dates; date++) {
    const uint32_t to = law.dates[date].main_steps;
    QS_R(qs_noise_advance)(shape, &noise, &state, path, at, to);
    at = to;
    QS_R(qs_noise_observe)(shape, &noise, &state, &side, &whole, path, date, out, out + place, QS_ROW);
    if (jumps != QS_JUMPS_NONE && cuts) {
      QS_R(qs_noise_split)
      (shape, &noise, &state, &side, path, date, out + QS_R(qs_noise_fields)(greeks, parameters, 0) * QS_ROW,
       QS_ROW);
    }
    out += fields;
  }
}

cudaError_t QS_R(qs_cuda_launch_noise)(const qs_cuda_plan &plan, const qs_cuda_path_plan &path,
                                       const qs_cuda_path_block &block, const qs_cuda_draws &draws,
                                       cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  QS_R(qs_noise_law) noise;
  noise.law = nullptr; // the kernel's own
  noise.scores = static_cast<const qs_real *>(path.scores);
  noise.inverse_lambda = static_cast<qs_real>(path.table->inverse_lambda);
  noise.step_count = path.steps;
  noise.wanted = path.noise;
#define LAUNCH(v, j, g)                                                                                      \
  if (plan.variance == v && plan.jumps == j && plan.greeks == g) {                                           \
    return cudaLaunchKernelEx(&config, QS_R(noise_paths) < v, j, g >, law_of(plan), noise, draws,            \
                              path.parameters, path.table->cuts, block);                                     \
  }
#define LAUNCHES(v, j) LAUNCH(v, j, false) LAUNCH(v, j, true)
  QS_CUDA_LAWS(LAUNCHES)
#undef LAUNCHES
#undef LAUNCH
  return cudaErrorInvalidValue;
}
