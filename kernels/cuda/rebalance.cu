// Hedging over time on a GPU: blocks of paths that fit the device's budget, a thread for each path and
// policy.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/carry.h"
#include "kernels/cuda/rebalance_run.h"
#include "kernels/table.h"

namespace {

struct rebalance_run {
  qs_device *device;
  const qs_rebalance_unit *unit;
  uint64_t paths; // of a full block: a multiple of QS_LEAF_PATHS
  qs_cuda_carrier carrier;
};

qs_status prepare(rebalance_run *run, char *message) {
  qs_device *device = run->device;
  qs_rebalance_unit copy = *run->unit;
  run->carrier.device = device;
  run->carrier.kind = QS_UNIT_REBALANCE;
  run->carrier.stride = copy.stride;
  qs_cuda_carry_count(&run->carrier, &copy);
  const uint64_t results = (uint64_t)copy.policy_count * qs_rebalance_unit_rows(&copy);
  const uint64_t path_bytes = (run->carrier.row_count + results) * sizeof(double), leaf = QS_LEAF_PATHS;
  const uint64_t fit = std::min<uint64_t>(device->path_budget / path_bytes, UINT32_MAX / 2);
  run->paths = std::min(copy.path_end - copy.path_begin, std::max(leaf, fit / leaf * leaf));
  const qs_status status = qs_cuda_carry_begin(&run->carrier, run->paths, message);
  return status ? status
                : qs_cuda_reserve(device, &device->results, results * run->paths * sizeof(double), message);
}

// Rows of results between `rows` and the block's place on the device; out of it once all queued work is done,
// so that a kernel that failed leaves them alone.
qs_status carry_rows(rebalance_run *run, double *rows, size_t stride, bool out, char *message) {
  const size_t count = (size_t)run->unit->policy_count * qs_rebalance_unit_rows(run->unit);
  double *there = static_cast<double *>(run->device->results.data);
  const size_t width = run->carrier.block * sizeof *there, pitch = stride * sizeof *rows;
  cudaStream_t stream = run->device->stream;
  if (!out) {
    const cudaError_t error =
        cudaMemcpy2DAsync(there, width, rows, pitch, width, count, cudaMemcpyHostToDevice, stream);
    return qs_cuda_check(run->device, error, "copying rows of policies to the device", message);
  }
  const qs_status status =
      qs_cuda_check(run->device, cudaStreamSynchronize(stream), "running policies over time", message);
  return status ? status
                : qs_cuda_check(run->device,
                                cudaMemcpy2D(rows, pitch, there, width, width, count, cudaMemcpyDeviceToHost),
                                "copying rows of policies from the device", message);
}

// `to` has the results' rows from the block's first path on.
qs_status run_block(rebalance_run *run, const double *from, double *to, size_t stride, char *message) {
  qs_rebalance_unit there = *run->unit;
  qs_status status = qs_cuda_carry(&run->carrier, &there, message);
  there.path_begin = 0;
  there.path_end = there.stride = run->carrier.block;
  if (status == QS_OK && there.date_begin) {
    status = carry_rows(run, const_cast<double *>(from), run->unit->stride, false, message);
  }
  if (status == QS_OK) {
    const cudaError_t error = qs_cuda_launch_rebalance(
        there, static_cast<double *>(run->device->results.data), run->device->stream);
    status = qs_cuda_check(run->device, error, "running policies over time", message);
  }
  return status ? status : carry_rows(run, to, stride, true, message);
}

// Rows that go on from what they hold must be those of before when a later block fails: several blocks keep
// theirs until all are done.
qs_status run_blocks(rebalance_run *run, const volatile int *cancel, char *message, double *rows) {
  const qs_rebalance_unit &unit = *run->unit;
  const uint64_t all = unit.path_end - unit.path_begin;
  const size_t count = (size_t)unit.policy_count * qs_rebalance_unit_rows(&unit);
  const bool several = run->paths < all;
  double *kept = several ? static_cast<double *>(malloc(count * all * sizeof *kept)) : nullptr;
  if (several && !kept) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for %zu rows of policies", count);
    return QS_ERROR_MEMORY;
  }
  qs_status status = QS_OK;
  for (uint64_t done = 0; status == QS_OK && done < all; done += run->paths) {
    run->carrier.begin = unit.path_begin + done;
    run->carrier.block = std::min(run->paths, all - done);
    if (cancel && *cancel) {
      snprintf(message, QS_DEVICE_TEXT, "cancelled");
      status = QS_ERROR_CANCELLED;
    } else {
      status = run_block(run, rows + run->carrier.begin, several ? kept + done : rows + run->carrier.begin,
                         several ? all : unit.stride, message);
    }
  }
  for (size_t r = 0; status == QS_OK && several && r < count; r++) {
    memcpy(rows + r * unit.stride + unit.path_begin, kept + r * all, all * sizeof *kept);
  }
  free(kept);
  return status;
}

} // namespace

qs_status qs_cuda_rebalance(qs_device *device, const qs_rebalance_unit *unit, const volatile int *cancel,
                            char *message, double *rows) {
  rebalance_run run = {};
  run.device = device;
  run.unit = unit;
  qs_status status = qs_rebalance_unit_check(unit, message);
  status = status ? status : qs_cuda_enter(device, message);
  status = status ? status : prepare(&run, message);
  status = status ? status : run_blocks(&run, cancel, message, rows);
  qs_cuda_carry_end(&run.carrier);
  return status;
}
