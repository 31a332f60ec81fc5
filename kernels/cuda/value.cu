// A value unit on a GPU: blocks of batches, and of dates where a batch alone is too large, that fit the
// device's budget; each block is simulated, then its payoffs are valued. All moments are copied back at the
// end.
#include <stdio.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/strikes.h"
#include "kernels/cuda/upload.h"

namespace {

struct value_run {
  qs_device *device;
  const qs_value_unit *unit;
  qs_table table;
  qs_cuda_plan plan;
  qs_cuda_strike_list list;
  const void *strikes, *groups;    // on the device
  size_t date_bytes;               // of one path's observation of one date
  uint32_t fields, dates;          // dates up to the last payoff's
  uint32_t batches, dates_at_once; // of a block
  size_t moments;                  // of a batch
};

uint64_t paths_before(const qs_value_unit &unit, uint32_t batch) {
  return std::min(batch * unit.batch_paths, unit.path_count);
}

// As many whole batches as the budget holds; where it holds none, one batch and as many dates as it holds.
void choose_block(value_run *run) {
  const qs_value_unit &unit = *run->unit;
  const uint64_t date = run->date_bytes * unit.batch_paths, batch = date * run->dates;
  const uint64_t grid_limit = 65535, thread_limit = UINT32_MAX / unit.batch_paths;
  const uint64_t fit = run->device->budget / batch, all = unit.batch_end - unit.batch_begin;
  run->batches = static_cast<uint32_t>(std::max<uint64_t>(1, std::min({fit, all, grid_limit, thread_limit})));
  const uint64_t dates = std::max<uint64_t>(1, run->device->budget / date);
  run->dates_at_once = static_cast<uint32_t>(std::min<uint64_t>(dates, run->dates));
}

qs_status prepare(value_run *run, char *message) {
  const qs_value_unit &unit = *run->unit;
  const bool precise = unit.precision == QS_PRECISION_DOUBLE;
  const uint32_t quantities = qs_value_unit_quantities(&unit);
  const bool pseudo = unit.path.sampling == QS_SAMPLING_PSEUDO; // the scheduler sends no other
  if (!pseudo || unit.batch_paths > UINT32_MAX / 2) {
    snprintf(message, QS_DEVICE_TEXT, "a GPU takes batches of fewer than 2^31 pseudo-random paths");
    return pseudo ? QS_ERROR_MEMORY : QS_ERROR_INPUT;
  }
  qs_status status = qs_table_build(&unit.path, message, &run->table);
  if (status != QS_OK) {
    return status;
  }
  if (!qs_cuda_strikes_build(unit, quantities, &run->list)) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for %u payoffs", unit.payoff_count);
    return QS_ERROR_MEMORY;
  }
  const qs_cuda_array arrays[] = {
      {run->list.strikes, run->list.strike_count, sizeof(qs_cuda_strike), &run->strikes},
      {run->list.groups, run->list.group_count, sizeof(qs_cuda_group), &run->groups}};
  status = qs_cuda_upload(run->device, run->table, unit.precision, unit.path.key, unit.greeks, arrays, 2,
                          message, &run->plan);
  run->dates = unit.payoffs[unit.payoff_count - 1].date + 1;
  run->fields = (precise ? qs_cuda_fields_d : qs_cuda_fields_f)(unit.greeks, run->table.parameter_count);
  run->date_bytes = run->fields * (precise ? sizeof(double) : sizeof(float));
  run->moments = (size_t)unit.shift_count * unit.payoff_count * quantities;
  choose_block(run);
  const size_t observed = run->date_bytes * run->dates_at_once * run->batches * unit.batch_paths;
  const size_t results = run->moments * (unit.batch_end - unit.batch_begin) * sizeof(qs_moment);
  if (status == QS_OK) {
    status = qs_cuda_reserve(run->device, &run->device->observations, observed, message);
  }
  return status == QS_OK ? qs_cuda_reserve(run->device, &run->device->results, results, message) : status;
}

// Queues the paths and the payoffs of the batches [batch, batch + batches) over the dates [date, date_end).
qs_status queue_block(const value_run &run, uint32_t batch, uint32_t batches, uint32_t date,
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
  cudaError_t error = (precise ? qs_cuda_launch_paths_d : qs_cuda_launch_paths_f)(run.plan, block, stream);
  qs_status status = qs_cuda_check(run.device, error, "simulating paths", message);
  if (status == QS_OK) {
    error = (precise ? qs_cuda_launch_payoffs_d : qs_cuda_launch_payoffs_f)(run.plan, block, payoffs, stream);
    status = qs_cuda_check(run.device, error, "valuing payoffs", message);
  }
  return status;
}

qs_status run_blocks(const value_run &run, const volatile int *cancel, char *message) {
  const qs_value_unit &unit = *run.unit;
  uint64_t chunk = 0;
  qs_status status = QS_OK;
  for (uint32_t batch = unit.batch_begin; batch < unit.batch_end && status == QS_OK; batch += run.batches) {
    const uint32_t batches = std::min(unit.batch_end - batch, run.batches);
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
  value_run run = {};
  run.device = device;
  run.unit = unit;
  qs_status status = qs_value_unit_check(unit, message);
  status = status ? status : qs_cuda_enter(device, message);
  status = status ? status : prepare(&run, message);
  status = status ? status : run_blocks(run, cancel, message);
  if (status == QS_OK) {
    const size_t bytes = run.moments * (unit->batch_end - unit->batch_begin) * sizeof *moments;
    status = qs_cuda_fetch(device, moments, device->results.data, bytes, message);
  }
  qs_cuda_strikes_free(&run.list);
  qs_table_free(&run.table);
  return status;
}
