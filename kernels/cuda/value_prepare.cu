// From a value unit to device memory, and how much is simulated at once.
#include "kernels/cuda/value_run.h"

#include <stdio.h>

#include <algorithm>

// As many whole batches as the budget holds; where it holds none, one batch and as many dates as it holds.
static void choose_block(qs_cuda_value_run *run) {
  const qs_value_unit &unit = *run->unit;
  const uint64_t date = run->date_bytes * unit.batch_paths;
  const uint64_t batch = date * run->dates + run->sampling.path_bytes * unit.batch_paths;
  const uint64_t grid_limit = 65535, thread_limit = UINT32_MAX / unit.batch_paths;
  const uint64_t fit = run->device->budget / batch, all = unit.batch_end - unit.batch_begin;
  run->batches = static_cast<uint32_t>(std::max<uint64_t>(1, std::min({fit, all, grid_limit, thread_limit})));
  const uint64_t dates = std::max<uint64_t>(1, run->device->budget / date);
  run->dates_at_once = static_cast<uint32_t>(std::min<uint64_t>(dates, run->dates));
}

qs_status qs_cuda_value_prepare(qs_cuda_value_run *run, char *message) {
  const qs_value_unit &unit = *run->unit;
  const bool precise = unit.precision == QS_PRECISION_DOUBLE;
  const uint32_t quantities = qs_value_unit_quantities(&unit);
  if (unit.batch_paths > UINT32_MAX / 2) {
    snprintf(message, QS_DEVICE_TEXT, "a GPU takes batches of fewer than 2^31 paths");
    return QS_ERROR_MEMORY;
  }
  qs_status status = qs_table_build(&unit.path, message, &run->table);
  status = status
               ? status
               : qs_cuda_sampling_make(unit.path, run->table, unit.precision, false, message, &run->sampling);
  if (status != QS_OK) {
    return status;
  }
  if (!qs_cuda_strikes_build(unit, quantities, &run->list)) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for %u payoffs", unit.payoff_count);
    return QS_ERROR_MEMORY;
  }
  qs_cuda_array arrays[2 + QS_CUDA_NET_ARRAYS] = {
      {run->list.strikes, run->list.strike_count, sizeof(qs_cuda_strike), &run->strikes},
      {run->list.groups, run->list.group_count, sizeof(qs_cuda_group), &run->groups}};
  qs_cuda_sampling_arrays(&run->sampling, arrays + 2);
  status = qs_cuda_upload(run->device, run->table, unit.path, unit.precision, unit.greeks, arrays,
                          2 + QS_CUDA_NET_ARRAYS, message, &run->plan);
  run->plan.fast = qs_cuda_has_fast(unit.arithmetic, unit.precision, run->table.dynamics.variance);
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
  status = status ? status : qs_cuda_reserve(run->device, &run->device->results, results, message);
  const uint64_t paths = run->batches * unit.batch_paths;
  return status ? status : qs_cuda_sampling_reserve(run->device, paths, message, &run->sampling);
}

void qs_cuda_value_release(qs_cuda_value_run *run) {
  qs_cuda_sampling_free(&run->sampling);
  qs_cuda_strikes_free(&run->list);
  qs_table_free(&run->table);
}
