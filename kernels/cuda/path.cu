// A path unit on a GPU: blocks of whole batches, or of parts of one where the device's budget holds no batch.
// Each block is simulated, under a leverage for each shift by itself, then its payoffs are valued one after
// the other; all moments are copied back at the end.
#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/path_run.h"

namespace {

uint64_t paths_of(const qs_path_unit &unit, uint32_t batch) {
  return std::min(unit.batch_paths, unit.path_count - batch * unit.batch_paths);
}

// Queues a payoff under a shift over the block: its results, and their moments.
qs_status queue_payoff(qs_cuda_path_run *run, const qs_cuda_path_block &block, qs_cuda_path_moments to,
                       uint32_t shift, uint32_t payoff, char *message) {
  const qs_path_unit &unit = *run->unit;
  const size_t slot = ((size_t)shift * unit.payoff_count + payoff) * to.quantities;
  to.moments += slot;
  to.kept = to.kept ? to.kept + slot * QS_LEAF_PATHS : nullptr;
  cudaError_t error = (run->precise ? qs_cuda_launch_path_payoff_d : qs_cuda_launch_path_payoff_f)(
      run->plan, run->path, block, payoff, unit.shifts[shift], run->device->stream);
  qs_status status = qs_cuda_check(run->device, error, "valuing payoffs along paths", message);
  if (status == QS_OK && unit.leverage && unit.greeks) {
    error = (run->precise ? qs_cuda_launch_local_greeks_d : qs_cuda_launch_local_greeks_f)(
        run->path, block, payoff, unit.shifts[shift], run->device->stream);
    status = qs_cuda_check(run->device, error, "valuing Greeks under a leverage", message);
  }
  if (status == QS_OK) {
    error = (run->precise ? qs_cuda_launch_path_moments_d
                          : qs_cuda_launch_path_moments_f)(block, to, run->device->stream);
    status = qs_cuda_check(run->device, error, "adding up payoffs along paths", message);
  }
  return status;
}

// Queues all payoffs under the shifts [from, to) over the block.
qs_status queue_payoffs(qs_cuda_path_run *run, const qs_cuda_path_block &block, qs_cuda_path_moments moments,
                        uint32_t from, uint32_t to, const volatile int *cancel, char *message) {
  qs_status status = QS_OK;
  for (uint32_t payoff = 0; payoff < run->unit->payoff_count; payoff++) {
    for (uint32_t shift = from; status == QS_OK && shift < to; shift++) {
      status = queue_payoff(run, block, moments, shift, payoff, message);
    }
    status = status ? status : qs_cuda_pace(run->device, run->chunk++, cancel, message);
  }
  return status;
}

// Queues the block's paths under a leverage and all payoffs over them, shift by shift.
qs_status queue_local(qs_cuda_path_run *run, const qs_cuda_path_block &block, qs_cuda_path_moments moments,
                      const volatile int *cancel, char *message) {
  qs_status status = QS_OK;
  for (uint32_t shift = 0; status == QS_OK && shift < run->unit->shift_count; shift++) {
    const cudaError_t error = (run->precise ? qs_cuda_launch_local_d : qs_cuda_launch_local_f)(
        run->plan, run->path, block, run->sampling.draws, run->unit->shifts[shift], run->device->stream);
    status = qs_cuda_check(run->device, error, "simulating paths under a leverage", message);
    status = status ? status : queue_payoffs(run, block, moments, shift, shift + 1, cancel, message);
  }
  return status;
}

// Queues `paths` paths from `offset` on within the batches from `batch` on: whole ones, or a part of one.
qs_status queue_block(qs_cuda_path_run *run, uint32_t batch, uint32_t batches, uint64_t offset,
                      uint64_t paths, const volatile int *cancel, char *message) {
  const qs_path_unit &unit = *run->unit;
  qs_device *device = run->device;
  qs_cuda_path_block block = run->block;
  block.paths = static_cast<uint32_t>(paths);
  block.path_begin = unit.first_path + batch * unit.batch_paths + offset;
  const qs_cuda_points points = {batch,  block.paths,      unit.first_path,
                                 offset, unit.batch_paths, block.path_begin};
  qs_status status = qs_cuda_sampling_draw(device, run->sampling, points, message);
  if (status == QS_OK && !unit.leverage) {
    const cudaError_t error = (run->precise     ? qs_cuda_launch_noise_d
                               : run->plan.fast ? qs_cuda_launch_noise_q
                                                : qs_cuda_launch_noise_f)(
        run->plan, run->path, block, run->sampling.draws, device->stream);
    status = qs_cuda_check(device, error, "simulating paths", message);
  }
  const bool first = offset == 0, last = batches > 1 || offset + paths == paths_of(unit, batch);
  const qs_cuda_path_moments to = {static_cast<qs_moment *>(device->results.data) +
                                       (batch - unit.batch_begin) * run->moments,
                                   run->moments,
                                   qs_path_unit_quantities(&unit),
                                   batches,
                                   unit.batch_paths,
                                   offset / QS_LEAF_PATHS,
                                   first && last ? nullptr : static_cast<qs_position *>(device->kept.data),
                                   first,
                                   last};
  if (status) {
    return status;
  }
  return unit.leverage ? queue_local(run, block, to, cancel, message)
                       : queue_payoffs(run, block, to, 0, unit.shift_count, cancel, message);
}

qs_status run_blocks(qs_cuda_path_run *run, const volatile int *cancel, char *message) {
  const qs_path_unit &unit = *run->unit;
  const auto at_once = static_cast<uint32_t>(std::max<uint64_t>(1, run->paths / unit.batch_paths));
  qs_status status = QS_OK;
  for (uint32_t batch = unit.batch_begin; status == QS_OK && batch < unit.batch_end; batch += at_once) {
    const uint32_t batches = std::min(unit.batch_end - batch, at_once);
    const uint64_t paths = (batches - 1) * unit.batch_paths + paths_of(unit, batch + batches - 1);
    for (uint64_t offset = 0; status == QS_OK && offset < paths; offset += run->paths) {
      status =
          queue_block(run, batch, batches, offset, std::min(run->paths, paths - offset), cancel, message);
    }
  }
  return status;
}

} // namespace

qs_status qs_cuda_path(qs_device *device, const qs_path_unit *unit, const volatile int *cancel, char *message,
                       qs_moment *moments) {
  qs_cuda_path_run run = {};
  run.device = device;
  run.unit = unit;
  qs_status status = qs_path_unit_check(unit, message);
  status = status ? status : qs_cuda_enter(device, message);
  status = status ? status : qs_cuda_path_prepare(&run, message);
  status = status ? status : run_blocks(&run, cancel, message);
  if (status == QS_OK) {
    const size_t bytes = run.moments * (unit->batch_end - unit->batch_begin) * sizeof *moments;
    status = qs_cuda_fetch(device, moments, device->results.data, bytes, message);
  }
  qs_cuda_path_release(&run);
  return status;
}
