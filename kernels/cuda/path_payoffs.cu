// A payoff along a path, one path a thread, over a block's observations: its quantities to the block's
// results. Under a leverage function the price and the derivatives on the path alone: local_paths.cu goes on.
#include "kernels/cuda/path_law.cuh"

// Blocks that a multiprocessor is to hold at least: with fewer registers some payoffs would spill.
enum { BLOCK = 128, RESIDENT = QS_REAL_DOUBLE ? 4 : 5 };

template <uint32_t code> QS_CORE int payoff(int greeks, const QS_R(qs_path_case) * p) {
#define CASE(number, name, noise)                                                                            \
  if (code == number) {                                                                                      \
    return QS_R(qs_path_##name)(greeks, p);                                                                  \
  }
  QS_PATH_PAYOFFS(CASE)
#undef CASE
  return QS_CHAIN_DIRECT;
}

template <uint32_t code, bool greeks>
__global__ void __launch_bounds__(BLOCK, RESIDENT)
    QS_R(path_payoff)(const __grid_constant__ QS_R(payoff_law) law, qs_cuda_path_block block) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= block.paths) {
    return;
  }
  const QS_R(qs_path_case) p = QS_R(case_of)(law, block, i, greeks);
  qs_real *result = p.price - QS_PATH_PRICE * QS_ROW;
  const int chain = payoff<code>(greeks, &p);
  if (greeks && !law.local) {
    QS_R(qs_path_quantities)
    (chain, code == QS_PATH_BARRIER_CONTINUOUS, &p, law.parameters, &law.jumps,
     result + QS_PATH_DELTA * QS_ROW, result + QS_PATH_CARRY * QS_ROW, result + QS_PATH_PARAMETERS * QS_ROW);
  }
}

void QS_R(qs_cuda_path_layout)(qs_cuda_path_plan *path, qs_cuda_path_block *block) {
  const bool greeks = path->unit->greeks;
  path->noise = QS_R(qs_path_needs_noise)(path->unit);
  block->dates = path->table_dates;
  block->room_row = block->dates * QS_R(path_fields)(*path);
  block->result_row = block->room_row + (greeks ? 4 : 2) * path->table->most_dates +
                      static_cast<uint32_t>(QS_PATH_ROOM + path->table->most_slots);
  block->tile_rows = block->result_row + qs_path_unit_quantities(path->unit);
}

cudaError_t QS_R(qs_cuda_launch_path_payoff)(const qs_cuda_plan &plan, const qs_cuda_path_plan &path,
                                             const qs_cuda_path_block &block, uint32_t payoff, double shift,
                                             cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  const QS_R(payoff_law) law = QS_R(law_of_payoff)(path, payoff, shift);
  const uint32_t code = law.contract.payoff;
  const bool greeks = plan.greeks && !(law.local && QS_R(qs_local_jumps)(&law.contract));
#define LAUNCH(number, name, noise)                                                                          \
  if (code == number) {                                                                                      \
    return greeks ? cudaLaunchKernelEx(&config, QS_R(path_payoff) < number, true >, law, block)              \
                  : cudaLaunchKernelEx(&config, QS_R(path_payoff) < number, false >, law, block);            \
  }
  QS_PATH_PAYOFFS(LAUNCH)
#undef LAUNCH
  return cudaErrorInvalidValue;
}
