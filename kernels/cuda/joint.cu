// A joint unit on a GPU: blocks of whole batches, or of parts of one where the device's budget holds no
// batch. Each block's underlyings are simulated one after the other, then its formulas are valued; all
// moments are copied back at the end.
#include <stdlib.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/joint_run.h"
#include "kernels/refuse.h"

namespace {

uint64_t paths_of(const qs_joint_unit &unit, uint32_t batch) {
  return std::min(unit.batch_paths, unit.path_count - batch * unit.batch_paths);
}

// Queues the draws and the paths of all underlyings.
qs_status queue_paths(qs_cuda_joint_run *run, const qs_cuda_path_block &block, const qs_cuda_points &points,
                      char *message) {
  cudaStream_t stream = run->device->stream;
  qs_status status = QS_OK;
  for (uint32_t a = 0; run->nets && status == QS_OK && a < run->unit->asset_count; a++) {
    qs_net net = run->nets[a];
    net.directions = static_cast<const uint32_t *>(run->plan.directions);
    net.bridge = static_cast<const qs_bridge_point *>(run->plan.bridge);
    net.inverse_root = static_cast<const double *>(run->plan.inverse_root);
    const cudaError_t error = (run->precise ? qs_cuda_launch_joint_net_d
                                            : qs_cuda_launch_joint_net_f)(net, a, points, run->draws, stream);
    status = qs_cuda_check(run->device, error, "drawing Sobol points of underlyings", message);
  }
  if (!run->nets && run->path_bytes) {
    const cudaError_t error =
        (run->precise ? qs_cuda_launch_joint_streams_d : qs_cuda_launch_joint_streams_f)(run->plan, block,
                                                                                         run->draws, stream);
    status = qs_cuda_check(run->device, error, "drawing the streams of underlyings", message);
  }
  for (uint32_t a = 0; status == QS_OK && a < run->unit->asset_count; a++) {
    const cudaError_t error = (run->precise ? qs_cuda_launch_joint_paths_d : qs_cuda_launch_joint_paths_f)(
        run->plan, a, block, run->draws, stream);
    status = qs_cuda_check(run->device, error, "simulating underlyings", message);
  }
  if (status == QS_OK && run->unit->greeks) {
    const cudaError_t error = (run->precise ? qs_cuda_launch_joint_between_d
                                            : qs_cuda_launch_joint_between_f)(run->plan, block, stream);
    status = qs_cuda_check(run->device, error, "comparing underlyings", message);
  }
  return status;
}

// Queues a formula under a shift over the block: its quantities, and their moments.
qs_status queue_formula(qs_cuda_joint_run *run, const qs_cuda_path_block &block, qs_cuda_path_moments to,
                        uint32_t shift, uint32_t payoff, char *message) {
  const size_t slot = ((size_t)shift * run->unit->payoff_count + payoff) * to.quantities;
  to.moments += slot;
  to.kept = to.kept ? to.kept + slot * QS_LEAF_PATHS : nullptr;
  cudaError_t error = (run->precise ? qs_cuda_launch_joint_formula_d : qs_cuda_launch_joint_formula_f)(
      run->plan, block, payoff, shift, run->device->stream);
  qs_status status = qs_cuda_check(run->device, error, "valuing formulas", message);
  if (status == QS_OK) {
    error = (run->precise ? qs_cuda_launch_path_moments_d
                          : qs_cuda_launch_path_moments_f)(block, to, run->device->stream);
    status = qs_cuda_check(run->device, error, "adding up formulas", message);
  }
  return status;
}

// Queues `paths` paths from `offset` on within the batches from `batch` on: whole ones, or a part of one.
qs_status queue_block(qs_cuda_joint_run *run, uint32_t batch, uint32_t batches, uint64_t offset,
                      uint64_t paths, const volatile int *cancel, char *message) {
  const qs_joint_unit &unit = *run->unit;
  qs_device *device = run->device;
  qs_cuda_path_block block = run->block;
  block.paths = static_cast<uint32_t>(paths);
  block.path_begin = unit.first_path + batch * unit.batch_paths + offset;
  const qs_cuda_points points = {batch,  block.paths,      unit.first_path,
                                 offset, unit.batch_paths, block.path_begin};
  qs_status status = queue_paths(run, block, points, message);
  const bool first = offset == 0, last = batches > 1 || offset + paths == paths_of(unit, batch);
  const qs_cuda_path_moments to = {static_cast<qs_moment *>(device->results.data) +
                                       (batch - unit.batch_begin) * run->moments,
                                   run->moments,
                                   run->plan.layout.quantities,
                                   batches,
                                   unit.batch_paths,
                                   offset / QS_LEAF_PATHS,
                                   first && last ? nullptr : static_cast<qs_position *>(device->kept.data),
                                   first,
                                   last};
  for (uint32_t payoff = 0; payoff < unit.payoff_count; payoff++) {
    for (uint32_t shift = 0; status == QS_OK && shift < unit.shift_count; shift++) {
      status = queue_formula(run, block, to, shift, payoff, message);
    }
    status = status ? status : qs_cuda_pace(device, run->chunk++, cancel, message);
  }
  return status;
}

qs_status run_blocks(qs_cuda_joint_run *run, const volatile int *cancel, char *message) {
  const qs_joint_unit &unit = *run->unit;
  const uint64_t most = run->block_paths;
  const auto at_once = static_cast<uint32_t>(std::max<uint64_t>(1, most / unit.batch_paths));
  qs_status status = QS_OK;
  for (uint32_t batch = unit.batch_begin; status == QS_OK && batch < unit.batch_end; batch += at_once) {
    const uint32_t batches = std::min(unit.batch_end - batch, at_once);
    const uint64_t paths = (batches - 1) * unit.batch_paths + paths_of(unit, batch + batches - 1);
    for (uint64_t offset = 0; status == QS_OK && offset < paths; offset += most) {
      status = queue_block(run, batch, batches, offset, std::min(most, paths - offset), cancel, message);
    }
  }
  return status;
}

} // namespace

qs_status qs_cuda_joint(qs_device *device, const qs_joint_unit *unit, const volatile int *cancel,
                        char *message, qs_moment *moments) {
  qs_status status = qs_joint_unit_check(unit, message);
  auto *run = status ? nullptr : static_cast<qs_cuda_joint_run *>(calloc(1, sizeof(qs_cuda_joint_run)));
  if (!status && !run) {
    return refuse(message, QS_ERROR_MEMORY, "out of memory for %u underlyings", unit->asset_count);
  }
  if (status) {
    return status;
  }
  run->device = device;
  run->unit = unit;
  status = qs_cuda_enter(device, message);
  status = status ? status : qs_cuda_joint_prepare(run, message);
  status = status ? status : run_blocks(run, cancel, message);
  if (status == QS_OK) {
    const size_t bytes = run->moments * (unit->batch_end - unit->batch_begin) * sizeof *moments;
    status = qs_cuda_fetch(device, moments, device->results.data, bytes, message);
  }
  qs_cuda_joint_release(run);
  free(run);
  return status;
}
