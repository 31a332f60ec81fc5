// The halving tree of kernels/core/moments.h over a block of ROWS rows of 64 threads, a thread a position.
#ifndef QS_CUDA_REDUCE_CUH
#define QS_CUDA_REDUCE_CUH

#include "kernels/core/moments.h"
#include "kernels/plan.h"

enum { ROWS = 4, WARP = 32 };
static_assert(QS_POSITIONS == 2 * WARP && (int)QS_POSITIONS == (int)QS_LEAF_PATHS, "a row is two warps");

// Merges the row's 64 positions of each of `count` quantities and hands the results to write(quantity,
// spread) in the row's first thread. Every thread of the block calls it.
template <uint32_t count, typename Write>
__device__ static void finish(const qs_position (&sums)[count], double leaves, Write write) {
  __shared__ qs_spread upper[ROWS][count][WARP];
  const uint32_t lane = threadIdx.x % WARP;
  if (threadIdx.x >= WARP) {
#pragma unroll
    for (uint32_t q = 0; q < count; q++) {
      upper[threadIdx.y][q][lane] = qs_position_finish(sums[q], leaves);
    }
  }
  __syncthreads();
  if (threadIdx.x >= WARP) {
    return;
  }
#pragma unroll
  for (uint32_t q = 0; q < count; q++) {
    double values = leaves;
    qs_spread s = qs_spread_merge(qs_position_finish(sums[q], leaves), upper[threadIdx.y][q][lane], values);
    for (unsigned width = WARP / 2; width > 0; width /= 2) {
      values *= 2.0;
      const qs_spread other = {__shfl_down_sync(0xffffffffu, s.mean, width),
                               __shfl_down_sync(0xffffffffu, s.m2, width)};
      s = qs_spread_merge(s, other, values);
    }
    if (lane == 0) {
      write(q, s);
    }
  }
}

#endif
