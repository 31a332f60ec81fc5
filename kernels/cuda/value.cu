// A value unit on a GPU: blocks of batches, and of dates where a batch alone is too large, that fit the
// device's budget; each block is simulated, then its payoffs are valued. All moments are copied back at the
// end.
#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/value_run.h"

namespace {

uint64_t paths_before(const qs_value_unit &unit, uint32_t batch) {
  return std::min(batch * unit.batch_paths, unit.path_count);
}

// Queues the draws of the batches [batch, batch + batches) where they come from a net.
qs_status queue_draws(const qs_cuda_value_run &run, uint32_t batch, uint32_t batches, char *message) {
  const qs_value_unit &unit = *run.unit;
  const uint64_t begin = paths_before(unit, batch), paths = paths_before(unit, batch + batches) - begin;
  const qs_cuda_points points = {
      batch, static_cast<uint32_t>(paths), unit.first_path, 0, unit.batch_paths, unit.first_path + begin};
  return qs_cuda_sampling_draw(run.device, run.sampling, points, message);
}

// Queues the paths and the payoffs of the batches [batch, batch + batches) over the dates [date, date_end).
qs_status queue_block(const qs_cuda_value_run &run, uint32_t batch, uint32_t batches, uint32_t date,
                      uint32_t date_end, char *message) {
  const qs_value_unit &unit = *run.unit;
  const bool precise = unit.precision == QS_PRECISION_DOUBLE;
  const qs_cuda_group *groups = run.list.groups, *end = groups + run.list.group_count;
  const auto before = [](const qs_cuda_group &group, uint32_t limit) { return group.date < limit; };
  const auto first = static_cast<uint32_t>(std::lower_bound(groups, end, date, before) - groups);
  const auto last = static_cast<uint32_t>(std::lower_bound(groups, end, date_end, before) - groups);
  if (first == last) {
    return QS_OK;
  }
  const uint64_t begin = paths_before(unit, batch);
  const qs_cuda_block block = {run.device->observations.data,
                               run.fields,
                               date,
                               date_end,
                               unit.first_path + begin,
                               static_cast<uint32_t>(paths_before(unit, batch + batches) - begin)};
  qs_moment *moments =
      static_cast<qs_moment *>(run.device->results.data) + (batch - unit.batch_begin) * run.moments;
  const qs_cuda_payoffs payoffs = {static_cast<const qs_cuda_strike *>(run.strikes),
                                   static_cast<const qs_cuda_group *>(run.groups) + first,
                                   last - first,
                                   batches,
                                   unit.batch_paths,
                                   unit.path_count,
                                   static_cast<uint32_t>(run.moments),
                                   moments};
  cudaStream_t stream = run.device->stream;
  cudaError_t error = (precise         ? qs_cuda_launch_paths_d
                       : run.plan.fast ? qs_cuda_launch_paths_q
                                       : qs_cuda_launch_paths_f)(run.plan, block, run.sampling.draws, stream);
  qs_status status = qs_cuda_check(run.device, error, "simulating paths", message);
  if (status == QS_OK) {
    error = (precise ? qs_cuda_launch_payoffs_d : qs_cuda_launch_payoffs_f)(run.plan, block, payoffs, stream);
    status = qs_cuda_check(run.device, error, "valuing payoffs", message);
  }
  return status;
}

qs_status run_blocks(const qs_cuda_value_run &run, const volatile int *cancel, char *message) {
  const qs_value_unit &unit = *run.unit;
  uint64_t chunk = 0;
  qs_status status = QS_OK;
  for (uint32_t batch = unit.batch_begin; batch < unit.batch_end && status == QS_OK; batch += run.batches) {
    const uint32_t batches = std::min(unit.batch_end - batch, run.batches);
    status = queue_draws(run, batch, batches, message);
    for (uint32_t date = 0; date < run.dates && status == QS_OK; date += run.dates_at_once) {
      status = queue_block(run, batch, batches, date, std::min(date + run.dates_at_once, run.dates), message);
      if (status == QS_OK) {
        status = qs_cuda_pace(run.device, chunk++, cancel, message);
      }
    }
  }
  return status;
}

} // namespace

qs_status qs_cuda_value(qs_device *device, const qs_value_unit *unit, const volatile int *cancel,
                        char *message, qs_moment *moments) {
  qs_cuda_value_run run = {};
  run.device = device;
  run.unit = unit;
  qs_status status = qs_value_unit_check(unit, message);
  status = status ? status : qs_cuda_enter(device, message);
  status = status ? status : qs_cuda_value_prepare(&run, message);
  status = status ? status : run_blocks(run, cancel, message);
  if (status == QS_OK) {
    const size_t bytes = run.moments * (unit->batch_end - unit->batch_begin) * sizeof *moments;
    status = qs_cuda_fetch(device, moments, device->results.data, bytes, message);
  }
  qs_cuda_value_release(&run);
  return status;
}
