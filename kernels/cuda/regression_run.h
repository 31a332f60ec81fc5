// The regression of early exercise on a GPU: what regression.cu launches. For the files of this folder alone.
#ifndef QS_CUDA_REGRESSION_RUN_H
#define QS_CUDA_REGRESSION_RUN_H

#include <cuda_runtime.h>

#include "kernels/plan.h"

// Paths that work side by side: rows of a tile stand so far apart.
enum { QS_CUDA_REGRESSION_TILE = 32 };

// Rows that a path works in, of which the first are its columns; of the unit as the host has it.
size_t qs_cuda_regression_rows(const qs_regression_unit &unit);

// Runs the unit, all of whose arrays are in device memory and whose paths are [0, stride), a thread each, in
// tiles[path / TILE][row][path % TILE]: columns stay there, what is earned goes to earned[path].
cudaError_t qs_cuda_launch_regression(const qs_regression_unit &unit, size_t rows, double *tiles,
                                      double *earned, cudaStream_t stream);

// The sums of the products of columns that lie in such tiles.
struct qs_cuda_products {
  const double *tiles;
  size_t rows;
  uint32_t columns, chunks, chunk_paths;
  double *sums; // [chunk][product]
};
cudaError_t qs_cuda_launch_products(const qs_cuda_products &products, cudaStream_t stream);

#endif
