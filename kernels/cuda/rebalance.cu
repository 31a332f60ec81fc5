// Hedging over time on a GPU: blocks of paths on two streams, a thread for each path and policy.
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/carry.h"
#include "kernels/cuda/rebalance_run.h"
#include "kernels/refuse.h"
#include "kernels/table.h"

namespace {

// A block is half of the unit, or more where that would be small, within a lane's page-locked memory.
enum { PARTS = 2, LEAST_PATHS = 8192, LANE_BYTES = 128 << 20 };

struct rebalance_run {
  qs_device *device;
  const qs_rebalance_unit *unit;
  uint64_t paths; // of a full block: a multiple of QS_LEAF_PATHS
  size_t rows;    // of results
  qs_cuda_carrier carrier;
  // The callers' rows, and those of all paths of the unit, [row][all]: rows that go on from what they hold
  // must be those of before when a later block fails, so that they are kept until all are done.
  const double *from;
  double *kept;
};

qs_status prepare(rebalance_run *run, char *message) {
  qs_rebalance_unit copy = *run->unit;
  run->carrier.kind = QS_UNIT_REBALANCE;
  run->carrier.stride = copy.stride;
  run->rows = (size_t)copy.policy_count * qs_rebalance_unit_rows(&copy);
  const qs_status status = qs_cuda_carry_begin(&run->carrier, &copy, message);
  const uint64_t all = copy.path_end - copy.path_begin, leaf = QS_LEAF_PATHS;
  run->kept = static_cast<double *>(malloc(run->rows * all * sizeof *run->kept));
  if (status || !run->kept) {
    return status ? status
                  : refuse(message, QS_ERROR_MEMORY, "out of memory for %zu rows of policies", run->rows);
  }
  const uint64_t path_bytes = (run->carrier.row_count + run->rows) * sizeof(double);
  const uint64_t most = std::min<uint64_t>(run->device->path_budget / QS_CUDA_LANES, LANE_BYTES);
  const uint64_t wanted = std::max<uint64_t>(all / PARTS, LEAST_PATHS);
  run->paths = std::min(all, std::max(leaf, std::min(most / path_bytes, wanted) / leaf * leaf));
  return qs_cuda_lanes_begin(
      run->device,
      {qs_cuda_carry_bytes(run->carrier, run->paths), 0, run->rows * run->paths * sizeof(double)}, message);
}

// Rows that go on from what they hold, to the lane's results on the device.
qs_status continue_rows(const rebalance_run &run, qs_cuda_lane *lane, uint64_t begin, uint64_t paths,
                        char *message) {
  double *host = static_cast<double *>(lane->host.data);
  for (size_t r = 0; r < run.rows; r++) {
    memcpy(host + r * paths, run.from + r * run.unit->stride + begin, paths * sizeof *host);
  }
  return qs_cuda_check(run.device,
                       cudaMemcpyAsync(lane->results.data, host, run.rows * paths * sizeof *host,
                                       cudaMemcpyHostToDevice, lane->stream),
                       "copying rows of policies to the device", message);
}

qs_status queue_block(rebalance_run *run, qs_cuda_lane *lane, uint64_t begin, uint64_t paths, char *message) {
  qs_rebalance_unit there = *run->unit;
  run->carrier.begin = begin;
  run->carrier.block = paths;
  qs_status status = qs_cuda_carry(&run->carrier, run->device, lane, &there, message);
  there.path_begin = 0;
  there.path_end = there.stride = paths;
  if (status == QS_OK && there.date_begin) {
    status = continue_rows(*run, lane, begin, paths, message);
  }
  if (status == QS_OK) {
    const cudaError_t error =
        qs_cuda_launch_rebalance(there, static_cast<double *>(lane->results.data), lane->stream);
    status = qs_cuda_check(run->device, error, "running policies over time", message);
  }
  const size_t bytes = run->rows * paths * sizeof(double);
  return status ? status : qs_cuda_lane_send(run->device, lane, bytes, message);
}

qs_status run_blocks(rebalance_run *run, const volatile int *cancel, char *message, double *rows) {
  const qs_rebalance_unit &unit = *run->unit;
  const uint64_t all = unit.path_end - unit.path_begin;
  const auto queue = [=](qs_cuda_lane *lane, uint64_t begin, uint64_t paths) {
    return queue_block(run, lane, begin, paths, message);
  };
  const auto take = [=, &unit](const qs_cuda_lane *lane, uint64_t begin, uint64_t paths) {
    const double *host = static_cast<const double *>(lane->host.data);
    for (size_t r = 0; r < run->rows; r++) {
      memcpy(run->kept + r * all + begin - unit.path_begin, host + r * paths, paths * sizeof *host);
    }
  };
  const qs_status status = qs_cuda_lanes_run(run->device, unit.path_begin, unit.path_end, run->paths, cancel,
                                             message, queue, take);
  for (size_t r = 0; status == QS_OK && r < run->rows; r++) {
    memcpy(rows + r * unit.stride + unit.path_begin, run->kept + r * all, all * sizeof *rows);
  }
  return status;
}

} // namespace

qs_status qs_cuda_rebalance(qs_device *device, const qs_rebalance_unit *unit, const volatile int *cancel,
                            char *message, double *rows) {
  rebalance_run run = {};
  run.device = device;
  run.unit = unit;
  run.from = rows;
  qs_status status = qs_rebalance_unit_check(unit, message);
  status = status ? status : qs_cuda_enter(device, message);
  status = status ? status : prepare(&run, message);
  status = status ? status : run_blocks(&run, cancel, message, rows);
  free(run.kept);
  qs_cuda_carry_end(&run.carrier);
  return status;
}
