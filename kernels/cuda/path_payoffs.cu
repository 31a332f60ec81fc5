// A payoff along a path, one path a thread, over a block's observations: its quantities to the block's
// results.
#include "kernels/cuda/law.cuh"

#include "kernels/core/payoffs.h"

#include "kernels/core/estimator.inc"

#include "kernels/core/horizon.inc"

#include "kernels/core/path_noise.inc"

#include "kernels/core/path_payoffs.h"

#include "kernels/path_contract.inc"

enum { BLOCK = 128 };

// What all threads have in common.
struct QS_R(payoff_law) {
  QS_R(qs_path_contract) contract;
  qs_script_program program; // of a script
  QS_R(qs_chain_jumps) jumps;
  qs_real shift;
  uint32_t parameters, most_dates;
  bool cuts; // intervals are cut at their jumps
};

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
__global__ void __launch_bounds__(BLOCK)
    QS_R(path_payoff)(const __grid_constant__ QS_R(payoff_law) law, qs_cuda_path_block block) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= block.paths) {
    return;
  }
  qs_real *tile = static_cast<qs_real *>(block.rows) + column_of(i, block.tile_rows);
  qs_real *rows = tile + (size_t)block.room_row * QS_ROW, *result = tile + (size_t)block.result_row * QS_ROW;
  const size_t step = (size_t)law.most_dates * QS_ROW;
  QS_R(qs_path_case) p;
  p.of = law.contract;
  p.of.program = &law.program;
  p.shift = law.shift;
  p.observed = tile;
  p.stride = QS_R(qs_noise_fields)(greeks, law.parameters, law.cuts) * QS_ROW;
  p.split = QS_R(qs_noise_fields)(greeks, law.parameters, 0) * QS_ROW;
  p.noise = QS_R(qs_noise_place)(greeks, law.parameters) * QS_ROW;
  p.b = rows;
  p.c = rows + step;
  p.by_m = greeks ? rows + 2 * step : nullptr;
  p.by_v = greeks ? rows + 3 * step : nullptr;
  p.room = rows + (greeks ? 4 : 2) * step;
  p.slots = p.room + QS_PATH_ROOM * QS_ROW;
  p.price = result + QS_PATH_PRICE * QS_ROW;
  p.gamma = result + (greeks ? QS_PATH_GAMMA * QS_ROW : 0);
  const int chain = payoff<code>(greeks, &p);
  if (greeks) {
    QS_R(qs_path_quantities)
    (chain, code == QS_PATH_BARRIER_CONTINUOUS, &p, law.parameters, &law.jumps,
     result + QS_PATH_DELTA * QS_ROW, result + QS_PATH_CARRY * QS_ROW, result + QS_PATH_PARAMETERS * QS_ROW);
  }
}

void QS_R(qs_cuda_path_layout)(qs_cuda_path_plan *path, qs_cuda_path_block *block) {
  const bool greeks = path->unit->greeks;
  path->noise = QS_R(qs_path_needs_noise)(path->unit);
  block->dates = path->table_dates;
  block->room_row = static_cast<uint32_t>(block->dates *
                                          QS_R(qs_noise_fields)(greeks, path->parameters, path->table->cuts));
  block->result_row = block->room_row + (greeks ? 4 : 2) * path->table->most_dates +
                      static_cast<uint32_t>(QS_PATH_ROOM + path->table->most_slots);
  block->tile_rows = block->result_row + qs_path_unit_quantities(path->unit);
}

template <typename T> static const T *part(const void *all, size_t from) {
  return static_cast<const T *>(all) + from;
}

static QS_R(payoff_law) law_of_payoff(const qs_cuda_path_plan &path, uint32_t payoff, double shift) {
  const qs_path_payoff_plan &from = path.unit->payoffs[payoff];
  const qs_cuda_places &at = path.places[payoff];
  const qs_path_terms &terms = path.table->terms[payoff];
  QS_R(payoff_law) law = {};
  law.contract = QS_R(qs_path_contract_of)(
      &from, path.table, &terms,
      {part<qs_real>(path.numbers, terms.numbers), part<uint32_t>(path.dates, at.dates),
       part<uint32_t>(path.seen, at.seen), part<double>(path.known, at.seen), nullptr});
  if (from.payoff == QS_PATH_SCRIPT) {
    law.program = *from.program;
    law.program.codes = part<qs_script_code>(path.codes, at.codes);
    law.program.constants = part<double>(path.constants, at.constants);
    law.program.rows = part<uint32_t>(path.rows, at.rows);
    law.program.clears = part<qs_script_range>(path.clears, at.clears);
  }
  law.jumps.lambda = path.table->lambda;
  law.jumps.scored = path.table->scored;
  law.jumps.intensity = static_cast<qs_real>(path.intensity);
  law.jumps.p = static_cast<qs_real>(path.p);
  law.jumps.drifts = static_cast<const qs_real *>(path.drifts);
  law.jumps.dates = path.table_dates;
  law.jumps.added = path.unit->added_count;
  law.jumps.weights = static_cast<const qs_real *>(path.added);
  law.shift = static_cast<qs_real>(shift);
  law.parameters = path.parameters;
  law.most_dates = path.table->most_dates;
  law.cuts = path.table->cuts;
  return law;
}

cudaError_t QS_R(qs_cuda_launch_path_payoff)(const qs_cuda_plan &plan, const qs_cuda_path_plan &path,
                                             const qs_cuda_path_block &block, uint32_t payoff, double shift,
                                             cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  const QS_R(payoff_law) law = law_of_payoff(path, payoff, shift);
  const uint32_t code = static_cast<uint32_t>(path.unit->payoffs[payoff].payoff);
#define LAUNCH(number, name, noise)                                                                          \
  if (code == number) {                                                                                      \
    return plan.greeks ? cudaLaunchKernelEx(&config, QS_R(path_payoff) < number, true >, law, block)         \
                       : cudaLaunchKernelEx(&config, QS_R(path_payoff) < number, false >, law, block);       \
  }
  QS_PATH_PAYOFFS(LAUNCH)
#undef LAUNCH
  return cudaErrorInvalidValue;
}
