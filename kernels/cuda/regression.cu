// The regression of early exercise on a GPU: blocks of paths on two streams, their columns by a thread for
// each path, then the sums of products. Results are handed out once all are there.
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/carry.h"
#include "kernels/cuda/regression_run.h"
#include "kernels/refuse.h"
#include "kernels/table.h"

namespace {

// A block is half of the unit, or more where that would be small, within a lane's page-locked memory.
enum { PARTS = 2, LEAST_PATHS = 8192, LANE_BYTES = 64 << 20, MOST_CHUNKS = 32768 };

struct regression_run {
  qs_device *device;
  const qs_regression_unit *unit;
  uint64_t paths; // of a full block
  size_t rows;    // that a path works in
  qs_cuda_carrier carrier;
  double *results; // the host's, until all are there
};

// Numbers that the paths from the unit's first one up to `path` yield.
size_t numbers_before(const qs_regression_unit &unit, uint64_t path) {
  qs_regression_unit part = unit;
  part.path_end = path;
  return qs_regression_unit_numbers(&part);
}

qs_status prepare(regression_run *run, char *message) {
  qs_device *device = run->device;
  qs_regression_unit copy = *run->unit;
  run->carrier.kind = QS_UNIT_REGRESSION;
  run->carrier.stride = copy.stride;
  const qs_status status = qs_cuda_carry_begin(&run->carrier, &copy, message);
  const size_t numbers = qs_regression_unit_numbers(run->unit);
  run->results = static_cast<double *>(malloc(numbers * sizeof *run->results));
  if (status || !run->results) {
    return status ? status : refuse(message, QS_ERROR_MEMORY, "out of memory for %zu numbers", numbers);
  }
  run->rows = qs_cuda_regression_rows(*run->unit);
  const uint64_t carried = run->carrier.row_count * sizeof(double), kept = run->rows * sizeof(double);
  const uint64_t piece = copy.task == QS_REGRESSION_SUM ? copy.chunk_paths : (uint64_t)QS_REGRESSION_LANES;
  const uint64_t all = copy.path_end - copy.path_begin;
  const uint64_t wanted = std::max<uint64_t>(all / PARTS, LEAST_PATHS);
  const uint64_t fit = std::min(device->path_budget / (carried + kept) / QS_CUDA_LANES, LANE_BYTES / carried);
  run->paths = std::max(piece, std::min(std::min(fit, piece * MOST_CHUNKS), wanted) / piece * piece);
  run->paths = std::min(run->paths, all);
  const uint64_t tiles = (run->paths + QS_CUDA_REGRESSION_TILE - 1) / QS_CUDA_REGRESSION_TILE;
  return qs_cuda_lanes_begin(device,
                             {qs_cuda_carry_bytes(run->carrier, run->paths),
                              tiles * QS_CUDA_REGRESSION_TILE * kept,
                              numbers_before(copy, copy.path_begin + run->paths) * sizeof(double)},
                             message);
}

qs_status queue_block(regression_run *run, qs_cuda_lane *lane, uint64_t begin, uint64_t paths,
                      char *message) {
  qs_regression_unit there = *run->unit;
  run->carrier.begin = begin;
  run->carrier.block = paths;
  qs_status status = qs_cuda_carry(&run->carrier, run->device, lane, &there, message);
  if (status != QS_OK) {
    return status;
  }
  there.path_begin = 0;
  there.path_end = there.stride = paths;
  double *tiles = static_cast<double *>(lane->kept.data), *to = static_cast<double *>(lane->results.data);
  cudaError_t error = qs_cuda_launch_regression(there, run->rows, tiles, to, lane->stream);
  if (error == cudaSuccess && there.task == QS_REGRESSION_SUM) {
    const qs_cuda_products products = {tiles,
                                       run->rows,
                                       qs_regression_columns(&there.counts),
                                       static_cast<uint32_t>(paths / there.chunk_paths),
                                       static_cast<uint32_t>(there.chunk_paths),
                                       to};
    error = qs_cuda_launch_products(products, lane->stream);
  }
  status = qs_cuda_check(run->device, error, "running a regression", message);
  const size_t bytes = qs_regression_unit_numbers(&there) * sizeof *to;
  return status ? status : qs_cuda_lane_send(run->device, lane, bytes, message);
}

qs_status run_blocks(regression_run *run, const volatile int *cancel, char *message) {
  const qs_regression_unit &unit = *run->unit;
  const auto queue = [=](qs_cuda_lane *lane, uint64_t begin, uint64_t paths) {
    return queue_block(run, lane, begin, paths, message);
  };
  const auto take = [=, &unit](const qs_cuda_lane *lane, uint64_t begin, uint64_t paths) {
    const size_t at = numbers_before(unit, begin), end = numbers_before(unit, begin + paths);
    memcpy(run->results + at, lane->host.data, (end - at) * sizeof *run->results);
  };
  return qs_cuda_lanes_run(run->device, unit.path_begin, unit.path_end, run->paths, cancel, message, queue,
                           take);
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
  status = status ? status : run_blocks(&run, cancel, message);
  if (status == QS_OK) {
    memcpy(result, run.results, qs_regression_unit_numbers(unit) * sizeof *result);
  }
  free(run.results);
  qs_cuda_carry_end(&run.carrier);
  return status;
}
