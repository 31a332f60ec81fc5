// The regression of early exercise on a GPU: chunks of paths that fit the device's budget, their columns by a
// thread for each path, then the sums of products. Results leave the device once all are there.
#include <stdio.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/carry.h"
#include "kernels/cuda/regression_run.h"
#include "kernels/table.h"

namespace {

struct regression_run {
  qs_device *device;
  const qs_regression_unit *unit;
  uint64_t paths; // of a full block
  size_t rows;    // that a path works in
  qs_cuda_carrier carrier;
};

enum { MOST_CHUNKS = 32768 }; // of a launch

qs_status prepare(regression_run *run, char *message) {
  qs_device *device = run->device;
  qs_regression_unit copy = *run->unit;
  run->carrier.device = device;
  run->carrier.kind = QS_UNIT_REGRESSION;
  run->carrier.stride = copy.stride;
  qs_cuda_carry_count(&run->carrier, &copy);
  run->rows = qs_cuda_regression_rows(*run->unit);
  const uint64_t path_bytes = (run->carrier.row_count + run->rows) * sizeof(double);
  const uint64_t piece = copy.task == QS_REGRESSION_SUM ? copy.chunk_paths : (uint64_t)QS_REGRESSION_LANES;
  const uint64_t most = std::min<uint64_t>(UINT32_MAX / 2, piece * MOST_CHUNKS);
  const uint64_t fit = std::min<uint64_t>(device->path_budget / path_bytes, most);
  run->paths = std::min(copy.path_end - copy.path_begin, std::max(piece, fit / piece * piece));
  qs_status status = qs_cuda_carry_begin(&run->carrier, run->paths, message);
  const uint64_t tiles = (run->paths + QS_CUDA_REGRESSION_TILE - 1) / QS_CUDA_REGRESSION_TILE;
  if (status == QS_OK) {
    const size_t bytes = tiles * QS_CUDA_REGRESSION_TILE * run->rows * sizeof(double);
    status = qs_cuda_reserve(device, &device->kept, bytes, message);
  }
  return status ? status
                : qs_cuda_reserve(device, &device->results,
                                  qs_regression_unit_numbers(run->unit) * sizeof(double), message);
}

// `to`: where the block's results lie on the device.
qs_status run_block(regression_run *run, double *to, char *message) {
  qs_regression_unit there = *run->unit;
  qs_status status = qs_cuda_carry(&run->carrier, &there, message);
  if (status != QS_OK) {
    return status;
  }
  there.path_begin = 0;
  there.path_end = there.stride = run->carrier.block;
  double *tiles = static_cast<double *>(run->device->kept.data);
  cudaError_t error = qs_cuda_launch_regression(there, run->rows, tiles, to, run->device->stream);
  if (error == cudaSuccess && there.task == QS_REGRESSION_SUM) {
    const qs_cuda_products products = {tiles,
                                       run->rows,
                                       qs_regression_columns(&there.counts),
                                       static_cast<uint32_t>(run->carrier.block / there.chunk_paths),
                                       static_cast<uint32_t>(there.chunk_paths),
                                       to};
    error = qs_cuda_launch_products(products, run->device->stream);
  }
  return qs_cuda_check(run->device, error, "running a regression", message);
}

qs_status run_blocks(regression_run *run, const volatile int *cancel, char *message, double *result) {
  const qs_regression_unit &unit = *run->unit;
  const uint64_t all = unit.path_end - unit.path_begin;
  double *const there = static_cast<double *>(run->device->results.data);
  qs_status status = QS_OK;
  for (uint64_t done = 0; status == QS_OK && done < all; done += run->paths) {
    run->carrier.begin = unit.path_begin + done;
    run->carrier.block = std::min(run->paths, all - done);
    qs_regression_unit before = unit;
    before.path_end = run->carrier.begin;
    if (cancel && *cancel) {
      snprintf(message, QS_DEVICE_TEXT, "cancelled");
      status = QS_ERROR_CANCELLED;
    } else {
      status = run_block(run, there + (done ? qs_regression_unit_numbers(&before) : 0), message);
    }
  }
  const size_t bytes = qs_regression_unit_numbers(&unit) * sizeof(double);
  return status ? status : qs_cuda_fetch(run->device, result, there, bytes, message);
}

} // namespace

qs_status qs_cuda_regression(qs_device *device, const qs_regression_unit *unit, const volatile int *cancel,
                             char *message, double *result) {
  regression_run run = {};
  run.device = device;
  run.unit = unit;
  qs_status status = qs_regression_unit_check(unit, message);
  status = status ? status : qs_cuda_enter(device, message);
  status = status ? status : prepare(&run, message);
  status = status ? status : run_blocks(&run, cancel, message, result);
  qs_cuda_carry_end(&run.carrier);
  return status;
}
