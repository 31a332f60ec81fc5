// A payoff along a path as its kernels see it, in the precision QS_REAL_DOUBLE, and one thread's case of it.
#ifndef QS_CUDA_PATH_LAW_CUH
#define QS_CUDA_PATH_LAW_CUH

#include "kernels/core/leverage.h" // has both precisions: before one is chosen

#include "kernels/cuda/law.cuh"

#include "kernels/core/payoffs.h"

#include "kernels/core/estimator.inc"

#include "kernels/core/horizon.inc"

#include "kernels/core/path_noise.inc"

#include "kernels/core/path_payoffs.h"

#include "kernels/path_contract.inc"

#include "kernels/core/local.inc"

// What all threads have in common.
struct QS_R(payoff_law) {
  QS_R(qs_path_contract) contract;
  qs_script_program program; // of a script
  QS_R(qs_chain_jumps) jumps;
  qs_real shift;
  uint32_t parameters, most_dates;
  uint32_t seen_row, fields;     // of a date's rows: the first that the payoff sees; all
  uint32_t noise_row, split_row; // from seen_row on
  bool local;                    // under a leverage
};

// The case of thread i of a block, whose results have room for Greeks or not.
QS_CORE QS_R(qs_path_case)
    QS_R(case_of)(const QS_R(payoff_law) & law, const qs_cuda_path_block &block, uint32_t i, bool greeks) {
  qs_real *tile = static_cast<qs_real *>(block.rows) + column_of(i, block.tile_rows);
  qs_real *rows = tile + (size_t)block.room_row * QS_ROW, *result = tile + (size_t)block.result_row * QS_ROW;
  const size_t step = (size_t)law.most_dates * QS_ROW;
  QS_R(qs_path_case) p;
  p.of = law.contract;
  p.of.program = &law.program;
  p.shift = law.shift;
  p.observed = tile + (size_t)law.seen_row * QS_ROW;
  p.stride = (size_t)law.fields * QS_ROW;
  p.split = (size_t)law.split_row * QS_ROW;
  p.noise = (size_t)law.noise_row * QS_ROW;
  p.b = rows;
  p.c = rows + step;
  p.by_m = greeks ? rows + 2 * step : nullptr;
  p.by_v = greeks ? rows + 3 * step : nullptr;
  p.room = rows + (greeks ? 4 : 2) * step;
  p.slots = p.room + QS_PATH_ROOM * QS_ROW;
  p.price = result + QS_PATH_PRICE * QS_ROW;
  p.gamma = result + (greeks ? QS_PATH_GAMMA * QS_ROW : 0);
  return p;
}

// Rows of a date's observation.
static inline uint32_t QS_R(path_fields)(const qs_cuda_path_plan &path) {
  const bool greeks = path.unit->greeks;
  if (path.unit->leverage) {
    return greeks ? QS_LOCAL_ROWS : QS_LOCAL_PRICE;
  }
  return static_cast<uint32_t>(QS_R(qs_noise_fields)(greeks, path.parameters, path.table->cuts));
}

static inline void QS_R(place_rows)(const qs_cuda_path_plan &path, QS_R(payoff_law) * law) {
  const bool greeks = path.unit->greeks;
  law->local = path.unit->leverage != nullptr;
  law->fields = QS_R(path_fields)(path);
  if (law->local) {
    law->seen_row = QS_R(qs_local_seen)(law->contract.payoff);
    law->noise_row = QS_LOCAL_Y - law->seen_row;
    law->split_row = 0;
  } else {
    law->seen_row = 0;
    law->noise_row = static_cast<uint32_t>(QS_R(qs_noise_place)(greeks, path.parameters));
    law->split_row = static_cast<uint32_t>(QS_R(qs_noise_fields)(greeks, path.parameters, 0));
  }
}

template <typename T> static inline const T *part(const void *all, size_t from) {
  return static_cast<const T *>(all) + from;
}

static inline QS_R(payoff_law)
    QS_R(law_of_payoff)(const qs_cuda_path_plan &path, uint32_t payoff, double shift) {
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
  QS_R(place_rows)(path, &law);
  return law;
}

#endif
