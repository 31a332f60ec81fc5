// Sums of the products of columns, in the order that qs_regression_unit gives: a block of threads takes a
// chunk of paths and two groups of columns, a thread four products.
#include "kernels/cuda/regression_run.h"

enum {
  SIDE = 32,
  LANES = QS_REGRESSION_LANES,
  THREADS = SIDE / 2 * (SIDE / 2),
  TILE = QS_CUDA_REGRESSION_TILE
};

// A group's columns of LANES paths; a column more than there are keeps threads off each other's banks.
typedef double qs_cuda_side[LANES][SIDE + 1];

// Columns beyond the last one are 0.
static __device__ void load(const qs_cuda_products &p, uint32_t group, size_t first, qs_cuda_side side) {
  for (uint32_t k = threadIdx.x; k < SIDE * LANES; k += THREADS) {
    const uint32_t lane = k % LANES, column = group * SIDE + k / LANES;
    const size_t path = first + lane;
    side[lane][k / LANES] =
        column < p.columns ? p.tiles[(path / TILE * p.rows + column) * TILE + path % TILE] : 0.0;
  }
}

// Part k of the eight of each product, to part[4].
static __device__ void add_part(const qs_cuda_side x, const qs_cuda_side y, uint32_t i, uint32_t j, int k,
                                double *part) {
  part[0] = part[1] = part[2] = part[3] = 0.0;
#pragma unroll
  for (int l = k; l < LANES; l += 8) {
    const double x0 = x[l][i], x1 = x[l][i + SIDE / 2], y0 = y[l][j], y1 = y[l][j + SIDE / 2];
    part[0] += x0 * y0;
    part[1] += x0 * y1;
    part[2] += x1 * y0;
    part[3] += x1 * y1;
  }
}

// The sum of parts k, k + 4, k + 2 and k + 6.
static __device__ void add_four(const qs_cuda_side x, const qs_cuda_side y, uint32_t i, uint32_t j, int k,
                                double *sum) {
  double a[4], b[4];
  add_part(x, y, i, j, k, sum);
  add_part(x, y, i, j, k + 4, a);
  for (int n = 0; n < 4; n++) {
    sum[n] = sum[n] + a[n];
  }
  add_part(x, y, i, j, k + 2, a);
  add_part(x, y, i, j, k + 6, b);
  for (int n = 0; n < 4; n++) {
    sum[n] = sum[n] + (a[n] + b[n]);
  }
}

__global__ void __launch_bounds__(THREADS) regression_sums(const __grid_constant__ qs_cuda_products p) {
  __shared__ qs_cuda_side x, y;
  uint32_t rows = 0, columns = blockIdx.x; // the groups: blocks count pairs of them as products are counted
  while (columns > rows) {
    columns -= ++rows;
  }
  const uint32_t i = threadIdx.x / (SIDE / 2), j = threadIdx.x % (SIDE / 2);
  double sum[4] = {0.0, 0.0, 0.0, 0.0};
  for (uint32_t done = 0; done < p.chunk_paths; done += LANES) {
    const size_t first = (size_t)blockIdx.y * p.chunk_paths + done;
    __syncthreads();
    load(p, rows, first, x);
    load(p, columns, first, y);
    __syncthreads();
    double even[4], odd[4];
    add_four(x, y, i, j, 0, even);
    add_four(x, y, i, j, 1, odd);
    for (int n = 0; n < 4; n++) {
      sum[n] += even[n] + odd[n];
    }
  }
  double *to = p.sums + (size_t)blockIdx.y * p.columns * (p.columns + 1) / 2;
  for (uint32_t n = 0; n < 4; n++) {
    const uint32_t row = rows * SIDE + i + n / 2 * (SIDE / 2),
                   column = columns * SIDE + j + n % 2 * (SIDE / 2);
    if (column <= row && row < p.columns) {
      to[(size_t)row * (row + 1) / 2 + column] = sum[n];
    }
  }
}

cudaError_t qs_cuda_launch_products(const qs_cuda_products &products, cudaStream_t stream) {
  const unsigned groups = (products.columns + SIDE - 1) / SIDE;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(groups * (groups + 1) / 2, products.chunks);
  config.blockDim = dim3(THREADS);
  config.stream = stream;
  return cudaLaunchKernelEx(&config, regression_sums, products);
}
