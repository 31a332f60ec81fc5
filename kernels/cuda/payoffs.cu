// Payoffs over a block of observations: 64 threads a row, one for each position of a leaf; thread j goes over
// the leaves of a batch in order, as kernels/core/moments.h wants, and the positions are merged by the
// halving tree.
#include "kernels/cuda/estimate.cuh"
#include "kernels/cuda/reduce.cuh"

enum { PRICES = QS_CUDA_PRICES_PER_GROUP / ROWS };
static_assert((int)QS_CUDA_GREEKS_PER_GROUP == (int)ROWS && QS_CUDA_PRICES_PER_GROUP % ROWS == 0,
              "strikes of a row");

// What a row works on: this thread's column of the batch's observations at the group's date.
struct row {
  qs_cuda_group group;
  const qs_real *observed;
  size_t stride;
  uint32_t leaves;
  qs_moment *moments; // of the batch
};

__device__ static row row_of(const qs_cuda_block &block, const qs_cuda_payoffs &payoffs) {
  row r;
  r.group = payoffs.groups[blockIdx.x];
  r.stride = block.paths;
  const uint64_t offset = blockIdx.y * payoffs.batch_paths,
                 left = payoffs.path_count - (block.path_begin + offset);
  const uint64_t paths = left < payoffs.batch_paths ? left : payoffs.batch_paths;
  r.leaves = static_cast<uint32_t>(paths / QS_POSITIONS);
  r.observed = static_cast<const qs_real *>(block.observed) +
               (size_t)(r.group.date - block.date_begin) * block.fields * block.paths + offset + threadIdx.x;
  r.moments = payoffs.moments + (size_t)blockIdx.y * payoffs.stride;
  return r;
}

__device__ static strike strike_of(const qs_cuda_strike &from) {
  return {static_cast<qs_real>(from.k), static_cast<qs_real>(from.log_k), from.payoff};
}

__device__ static void write_moment(qs_moment *to, qs_spread s, double scale) {
  s = qs_spread_scale(s, scale);
  to->mean = s.mean;
  to->m2 = s.m2;
}

// PRICES strikes a row share what does not depend on the strike.
__global__ void __launch_bounds__(ROWS *QS_POSITIONS)
    QS_R(prices)(qs_cuda_block block, qs_cuda_payoffs payoffs) {
  const row r = row_of(block, payoffs);
  const uint32_t before = threadIdx.y * PRICES;
  const uint32_t used = r.group.count > before ? r.group.count - before : 0;
  const qs_cuda_strike *from = payoffs.strikes + r.group.first + before;
  strike at[PRICES] = {};
  qs_position sums[PRICES] = {};
#pragma unroll
  for (uint32_t s = 0; s < PRICES; s++) {
    if (s < used) {
      at[s] = strike_of(from[s]);
    }
  }
  for (uint32_t leaf = 0; leaf < r.leaves; leaf++) {
    const qs_real *o = r.observed + (size_t)leaf * QS_POSITIONS;
    const QS_R(qs_date_terms) date =
        terms_of(o[QS_O_M * r.stride], o[QS_O_V * r.stride], QS_C(0.0), QS_C(0.0));
#pragma unroll
    for (uint32_t s = 0; s < PRICES; s++) {
      if (s < used) {
        const QS_R(qs_strike_terms) t = QS_R(qs_law_at_strike)(date, at[s].k, at[s].log_k);
        const double price = static_cast<double>(QS_R(qs_payoff_of)((int)at[s].payoff, t).price);
        sums[s] = leaf ? qs_position_add(sums[s], price) : qs_position_start(price);
      }
    }
  }
  finish(sums, r.leaves, [&](uint32_t s, qs_spread spread) {
    if (s < used) {
      write_moment(r.moments + from[s].slot, spread, from[s].scale);
    }
  });
}

// One strike a row, with all its quantities.
template <bool stochastic, qs_jumps jumps>
__global__ void __launch_bounds__(ROWS *QS_POSITIONS)
    QS_R(greeks)(const __grid_constant__ QS_R(qs_law) law, qs_cuda_block block, qs_cuda_payoffs payoffs) {
  constexpr uint32_t quantities = QS_QUANTITY_PARAMETERS + parameters_of(stochastic, jumps);
  const row r = row_of(block, payoffs);
  const bool used = threadIdx.y < r.group.count;
  const qs_cuda_strike from = payoffs.strikes[r.group.first + (used ? threadIdx.y : 0)];
  const strike at = strike_of(from);
  const qs_real *d = law.constants + (size_t)r.group.date * QS_D_COUNT;
  qs_position sums[quantities] = {};
  for (uint32_t leaf = 0; used && leaf < r.leaves; leaf++) {
    const qs_real *o = r.observed + (size_t)leaf * QS_POSITIONS;
    estimate_greeks<stochastic, jumps>(at, d, o, r.stride, [&](uint32_t q, qs_real value) {
      const double x = static_cast<double>(value);
      sums[q] = leaf ? qs_position_add(sums[q], x) : qs_position_start(x);
    });
  }
  finish(sums, r.leaves, [&](uint32_t q, qs_spread spread) {
    if (used) {
      write_moment(r.moments + from.slot + q, spread, from.scale);
    }
  });
}

cudaError_t QS_R(qs_cuda_launch_payoffs)(const qs_cuda_plan &plan, const qs_cuda_block &block,
                                         const qs_cuda_payoffs &payoffs, cudaStream_t stream) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(payoffs.group_count, payoffs.batches);
  config.blockDim = dim3(QS_POSITIONS, ROWS);
  config.stream = stream;
  if (!plan.greeks) {
    return cudaLaunchKernelEx(&config, QS_R(prices), block, payoffs);
  }
  const bool stochastic = plan.variance != QS_VARIANCE_CONSTANT;
#define LAUNCH(s, j)                                                                                         \
  if (stochastic == s && plan.jumps == j) {                                                                  \
    return cudaLaunchKernelEx(&config, QS_R(greeks) < s, j >, law_of(plan), block, payoffs);                 \
  }
  LAUNCH(false, QS_JUMPS_NONE)
  LAUNCH(false, QS_JUMPS_COUNTED)
  LAUNCH(false, QS_JUMPS_EXPONENTIAL)
  LAUNCH(true, QS_JUMPS_NONE)
  LAUNCH(true, QS_JUMPS_COUNTED)
  LAUNCH(true, QS_JUMPS_VARIANCE)
#undef LAUNCH
  return cudaErrorInvalidValue;
}
