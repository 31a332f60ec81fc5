// Hedging over time on a GPU: what rebalance.cu launches. For the files of this folder alone.
#ifndef QS_CUDA_REBALANCE_RUN_H
#define QS_CUDA_REBALANCE_RUN_H

#include <cuda_runtime.h>

#include "kernels/plan.h"

// Runs the unit, all of whose arrays are in device memory and whose paths are [0, stride), over rows there.
cudaError_t qs_cuda_launch_rebalance(const qs_rebalance_unit &unit, double *rows, cudaStream_t stream);

#endif
