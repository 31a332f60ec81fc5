// The whole state of one path a thread at every date, as doubles, neighbours side by side.
#include "kernels/cuda/law.cuh"

#include "kernels/core/horizon.inc"

// Blocks that a multiprocessor is to hold at least: enough warps to hide latencies, and registers left to
// keep constants in.
enum { BLOCK = 128, RESIDENT = QS_REAL_DOUBLE ? 3 : 6 };

template <qs_variance variance, qs_jumps jumps, bool single>
__global__ void __launch_bounds__(BLOCK, RESIDENT)
    QS_R(horizon)(const __grid_constant__ QS_R(qs_law) from, const __grid_constant__ QS_R(qs_streams) streams,
                  qs_cuda_horizon_block block) {
  constexpr qs_shape shape = {variance, jumps, 0};
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= block.paths) {
    return;
  }
  const uint64_t path = block.path_begin + i;
  QS_R(qs_law) law = from;
  law.mirrored = 0;
  QS_R(qs_horizon_lanes) state, side;
  QS_R(qs_horizon_start)(&law, &state);
  if (variance != QS_VARIANCE_CONSTANT && block.starts) {
    state.base.row[QS_S_V][0] = static_cast<const qs_real *>(block.starts)[path / block.start_paths];
  }
  for (uint32_t date = 0, at = 0; date < block.dates; date++) {
    const uint32_t to = law.dates[date].main_steps;
    QS_R(qs_horizon_advance)(shape, single, &law, &streams, &state, path, at, to);
    at = to;
    qs_real observed[2];
    QS_R(qs_horizon_observe)(shape, single, &law, &streams, &state, &side, path, date, observed, 1);
    block.x[(size_t)date * block.paths + i] = static_cast<double>(observed[0]);
    block.v[(size_t)date * block.paths + i] = static_cast<double>(observed[1]);
  }
}

cudaError_t QS_R(qs_cuda_launch_horizon)(const qs_cuda_plan &plan, const qs_cuda_streams &from,
                                         const qs_cuda_horizon_block &block, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  QS_R(qs_streams) streams;
  streams.keys = static_cast<const uint32_t *>(from.keys);
  streams.weights = static_cast<const qs_real *>(from.weights);
  streams.variance = from.apart ? static_cast<const qs_real *>(from.variance) : nullptr;
  streams.cross = from.apart ? static_cast<const qs_real *>(from.cross) : nullptr;
  streams.sizes = from.common ? static_cast<const qs_real *>(from.sizes) : nullptr;
  streams.common0 = static_cast<uint32_t>(from.common_key);
  streams.common1 = static_cast<uint32_t>(from.common_key >> 32);
  streams.count = from.count;
  streams.single = from.single;
#define LAUNCH(v, j)                                                                                         \
  if (plan.variance == v && plan.jumps == j) {                                                               \
    return from.single                                                                                       \
               ? cudaLaunchKernelEx(&config, QS_R(horizon) < v, j, true >, law_of(plan), streams, block)     \
               : cudaLaunchKernelEx(&config, QS_R(horizon) < v, j, false >, law_of(plan), streams, block);   \
  }
  QS_CUDA_LAWS(LAUNCH)
#undef LAUNCH
  return cudaErrorInvalidValue;
}
