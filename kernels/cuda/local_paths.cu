// Paths under a leverage function, one a thread, under one shift: moved from date to date and observed. And
// the Greeks of a payoff that has been valued over them.
#include "kernels/cuda/path_law.cuh"

enum { BLOCK = 128 };

template <bool greeks>
__global__ void __launch_bounds__(BLOCK)
    QS_R(local_paths)(const __grid_constant__ QS_R(qs_law) law,
                      const __grid_constant__ QS_R(qs_local_law) from,
                      const __grid_constant__ qs_cuda_draws draws, qs_real shift, qs_cuda_path_block block) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= block.paths) {
    return;
  }
  const uint64_t path = block.path_begin + i;
  qs_real *out = static_cast<qs_real *>(block.rows) + column_of(i, block.tile_rows);
  QS_R(qs_local_law) local = from;
  local.law = &law;
  QS_R(qs_local_lanes) state, side;
  QS_R(qs_local_start)(&local, &state);
  take_words(draws, i, &state.noise.base);
  if (draws.normals) { // of which the first row is the path's start
    state.noise.normals =
        static_cast<const qs_real *>(draws.normals) + column_of(i, draws.normal_rows) + QS_ROW;
  }
  for (uint32_t date = 0, at = 0; date < block.dates; date++) {
    const uint32_t to = law.dates[date].main_steps;
    QS_R(qs_local_advance)(greeks, &local, shift, &state, path, at, to);
    at = to;
    QS_R(qs_local_observe)(greeks, &local, shift, &state, &side, path, date, out, QS_ROW);
    out += (greeks ? QS_LOCAL_ROWS : QS_LOCAL_PRICE) * QS_ROW;
  }
}

__global__ void __launch_bounds__(BLOCK)
    QS_R(local_greeks)(const __grid_constant__ QS_R(payoff_law) law,
                       const __grid_constant__ QS_R(qs_local_law) local, qs_cuda_path_block block) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= block.paths) {
    return;
  }
  const QS_R(qs_path_case) p = QS_R(case_of)(law, block, i, true);
  qs_real *result = p.price - QS_PATH_PRICE * QS_ROW;
  QS_R(qs_local_chain)
  (&local, &p, p.observed - (size_t)law.seen_row * QS_ROW, result + QS_PATH_DELTA * QS_ROW, p.gamma,
   result + QS_PATH_CARRY * QS_ROW);
}

static QS_R(qs_local_law) local_of(const qs_cuda_path_plan &path) {
  const qs_local_table &from = *path.local.table;
  QS_R(qs_local_law) local;
  local.law = nullptr; // the kernel's own
  local.numbers = static_cast<const qs_real *>(path.local.numbers);
  local.tables = static_cast<const uint32_t *>(path.local.tables);
  local.coefficients = static_cast<const qs_real *>(path.local.coefficients);
  local.inverse = static_cast<const qs_real *>(path.local.inverse);
  local.nodes = from.nodes;
  local.step_count = path.steps;
  local.v0 = static_cast<qs_real>(from.v0);
  local.theta = static_cast<qs_real>(from.theta);
  local.xi = static_cast<qs_real>(from.xi);
  local.rho = static_cast<qs_real>(from.rho);
  local.own = static_cast<qs_real>(from.own);
  return local;
}

cudaError_t QS_R(qs_cuda_launch_local)(const qs_cuda_plan &plan, const qs_cuda_path_plan &path,
                                       const qs_cuda_path_block &block, const qs_cuda_draws &draws,
                                       double shift, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  const qs_real move = static_cast<qs_real>(shift);
  return plan.greeks ? cudaLaunchKernelEx(&config, QS_R(local_paths) < true >, law_of(plan), local_of(path),
                                          draws, move, block)
                     : cudaLaunchKernelEx(&config, QS_R(local_paths) < false >, law_of(plan), local_of(path),
                                          draws, move, block);
}

cudaError_t QS_R(qs_cuda_launch_local_greeks)(const qs_cuda_path_plan &path, const qs_cuda_path_block &block,
                                              uint32_t payoff, double shift, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  return cudaLaunchKernelEx(&config, QS_R(local_greeks), QS_R(law_of_payoff)(path, payoff, shift),
                            local_of(path), block);
}
