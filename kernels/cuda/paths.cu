// One path a thread: moves it from date to date and writes its observations, neighbours side by side.
#include "kernels/cuda/law.cuh"

// Blocks that a multiprocessor is to hold at least: enough warps to hide latencies, and registers left to
// keep constants in.
enum { BLOCK = 128, RESIDENT = QS_REAL_DOUBLE ? 3 : 6 };

// One less where its registers would not do.
static constexpr int resident_of(qs_jumps jumps, bool greeks) {
  return greeks && jumps == QS_JUMPS_VARIANCE ? RESIDENT - 1 : RESIDENT;
}

// `sampled`: words are ready, or paths mirrored.
template <qs_variance variance, qs_jumps jumps, bool greeks, bool sampled>
__global__ void __launch_bounds__(BLOCK, resident_of(jumps, greeks))
    QS_R(paths)(const __grid_constant__ QS_R(qs_law) from, const __grid_constant__ qs_cuda_draws draws,
                qs_cuda_block block) {
  constexpr qs_shape shape = {variance, jumps, greeks};
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= block.paths) {
    return;
  }
  const uint64_t path = block.path_begin + i;
  const size_t date_stride = (size_t)block.fields * block.paths;
  qs_real *out = static_cast<qs_real *>(block.observed) + i;
  QS_R(qs_law) law = from;
  law.mirrored = sampled && from.mirrored;
  QS_R(qs_lanes) state, side;
  QS_R(qs_paths_start)(shape, &law, &state);
  if (sampled) {
    take_words(draws, i, &state);
  }
  for (uint32_t date = 0, at = 0; date < block.date_end; date++) {
    const uint32_t to = law.dates[date].main_steps;
    QS_R(qs_paths_advance)(shape, &law, &state, path, at, to);
    at = to;
    if (date >= block.date_begin) {
      QS_R(qs_paths_observe)(shape, &law, &state, &side, path, date, out, block.paths);
      out += date_stride;
    }
  }
}

uint32_t QS_R(qs_cuda_fields)(bool greeks, uint32_t parameter_count) {
  return greeks ? QS_O_TANGENTS + 2 * parameter_count : static_cast<uint32_t>(QS_O_PRICE);
}

cudaError_t QS_R(qs_cuda_launch_paths)(const qs_cuda_plan &plan, const qs_cuda_block &block,
                                       const qs_cuda_draws &draws, cudaStream_t stream) {
  const bool sampled = draws.words || plan.mirrored;
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
#define LAUNCH(v, j, g, s)                                                                                   \
  if (plan.variance == v && plan.jumps == j && plan.greeks == g && sampled == s) {                           \
    return cudaLaunchKernelEx(&config, QS_R(paths) < v, j, g, s >, law_of(plan), draws, block);              \
  }
#define LAUNCHES(v, j)                                                                                       \
  LAUNCH(v, j, false, false) LAUNCH(v, j, true, false) LAUNCH(v, j, false, true) LAUNCH(v, j, true, true)
  QS_CUDA_LAWS(LAUNCHES)
#undef LAUNCHES
#undef LAUNCH
  return cudaErrorInvalidValue;
}
