// One path and policy a thread, date after date, in double precision whatever the run's.
#include "kernels/cuda/rebalance_run.h"

#define QS_LANES 1
#include "kernels/core/elementary.h"
#include "kernels/core/rebalance.h"
#include "kernels/core/venue.h"

#include "kernels/core/split.inc"

#include "kernels/core/rebalance.inc"

#include "kernels/rebalance_block.inc"

enum { BLOCK = 128, RESIDENT = 3 };
static constexpr uint32_t most_policies = 65535; // at once

// `plain`: one instrument and no venues, as most are; its state then stays in registers.
template <bool plain>
__global__ void __launch_bounds__(BLOCK, RESIDENT)
    rebalance(const __grid_constant__ qs_rebalance_unit unit, double *rows) {
  const uint64_t path = (uint64_t)blockIdx.x * BLOCK + threadIdx.x;
  if (path >= unit.path_end) {
    return;
  }
  double now[QS_REBALANCE_SHARED][1], then[QS_REBALANCE_SHARED][1];
  const qs_rebalance_counts n = {plain ? 1 : unit.instrument_count, plain ? 0 : unit.venue_count};
  qs_rebalance_block b;
  b.unit = &unit;
  b.path = path;
  b.now = now;
  b.then = then;
  const size_t width = (size_t)QS_REBALANCE_ROWS + n.instruments + 2 * n.venues;
  for (uint32_t policy = blockIdx.y; policy < unit.policy_count; policy += gridDim.y) {
    double *place = rows + policy * width * unit.stride;
    if (unit.date_begin) {
      qs_rebalance_carry(&b, n, false, place);
      qs_rebalance_share(&unit, n.instruments, path, unit.date_begin - 1, then);
    } else {
      qs_rebalance_begin(&b, n);
    }
    for (uint32_t date = unit.date_begin; date < unit.date_end; date++) {
      qs_rebalance_share(&unit, n.instruments, path, date, now);
      qs_rebalance_date(&b, n, &unit.policies[policy], date);
      for (uint32_t r = 0; r < QS_REBALANCE_M + n.instruments; r++) {
        then[r][0] = now[r][0];
      }
    }
    qs_rebalance_carry(&b, n, true, place);
  }
}

cudaError_t qs_cuda_launch_rebalance(const qs_rebalance_unit &unit, double *rows, cudaStream_t stream) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>((unit.path_end + BLOCK - 1) / BLOCK),
                        unit.policy_count < most_policies ? unit.policy_count : most_policies);
  config.blockDim = dim3(BLOCK);
  config.stream = stream;
  return unit.instrument_count == 1 && !unit.venue_count
             ? cudaLaunchKernelEx(&config, rebalance<true>, unit, rows)
             : cudaLaunchKernelEx(&config, rebalance<false>, unit, rows);
}
