// From a path unit to device memory, and how many paths are simulated at once.
#include "kernels/cuda/path_run.h"

#include <stdio.h>

#include <algorithm>

static qs_status upload(qs_cuda_path_run *run, char *message) {
  const qs_path_unit &unit = *run->unit;
  const qs_path_table &t = run->path_table;
  const qs_local_table &l = run->local_table; // empty without a leverage
  const qs_cuda_path_arrays &a = run->arrays;
  qs_cuda_path_plan &to = run->path;
  qs_cuda_array arrays[] = {
      {t.scores, t.score_count, 0, &to.scores},
      {t.drifts, t.drift_count, 0, &to.drifts},
      {t.numbers, t.number_count, 0, &to.numbers},
      {unit.added_weights, (size_t)unit.added_count * unit.path.date_count, 0, &to.added},
      {a.dates, a.total.dates, sizeof *a.dates, &to.dates},
      {a.seen, a.total.seen, sizeof *a.seen, &to.seen},
      {a.known, a.total.seen, sizeof *a.known, &to.known},
      {a.codes, a.total.codes, sizeof *a.codes, &to.codes},
      {a.constants, a.total.constants, sizeof *a.constants, &to.constants},
      {a.rows, a.total.rows, sizeof *a.rows, &to.rows},
      {a.clears, a.total.clears, sizeof *a.clears, &to.clears},
      {l.numbers, l.number_count, 0, &to.local.numbers},
      {l.coefficients, l.coefficient_count, 0, &to.local.coefficients},
      {l.inverse, l.date_count, 0, &to.local.inverse},
      {l.tables, l.step_count, sizeof *l.tables, &to.local.tables},
      {},
      {},
      {}};
  const size_t count = sizeof arrays / sizeof *arrays;
  qs_cuda_sampling_arrays(&run->sampling, arrays + count - QS_CUDA_NET_ARRAYS);
  to.unit = &unit;
  to.table = &t;
  to.local.table = unit.leverage ? &l : nullptr;
  to.places = a.places;
  to.intensity = run->table.dynamics.lambda;
  to.p = run->table.dynamics.p;
  to.parameters = run->table.parameter_count;
  to.steps = run->table.step_count;
  to.table_dates = run->table.date_count;
  run->plan.fast = qs_cuda_has_fast(unit.arithmetic, unit.precision, run->table.dynamics.variance);
  return qs_cuda_upload(run->device, run->table, unit.path, unit.precision, unit.greeks, arrays, count,
                        message, &run->plan);
}

// As many whole batches as the budget holds; where it holds none, as many leaves.
static qs_status reserve(qs_cuda_path_run *run, char *message) {
  const qs_path_unit &unit = *run->unit;
  qs_device *device = run->device;
  (run->precise ? qs_cuda_path_layout_d : qs_cuda_path_layout_f)(&run->path, &run->block);
  const size_t real = run->precise ? sizeof(double) : sizeof(float), rows = run->block.tile_rows * real;
  const uint64_t fit = device->path_budget / (rows + run->sampling.path_bytes), leaf = QS_LEAF_PATHS;
  const uint64_t most = std::min<uint64_t>(UINT32_MAX / 2, 65535 * unit.batch_paths) / leaf * leaf;
  const uint64_t batches = std::max<uint64_t>(1, std::min(fit, most) / unit.batch_paths);
  const uint64_t all = (uint64_t)(unit.batch_end - unit.batch_begin) * unit.batch_paths;
  const bool whole = std::min(fit, most) >= unit.batch_paths;
  run->paths = whole ? std::min(all, batches * unit.batch_paths) : std::max(leaf, fit / leaf * leaf);
  const size_t results = run->moments * (unit.batch_end - unit.batch_begin) * sizeof(qs_moment);
  qs_status status = qs_cuda_reserve(device, &device->observations, run->paths * rows, message);
  status = status ? status : qs_cuda_reserve(device, &device->results, results, message);
  status = status ? status : qs_cuda_sampling_reserve(device, run->paths, message, &run->sampling);
  if (status == QS_OK && !whole) {
    const size_t kept = run->moments * QS_LEAF_PATHS * sizeof(qs_position);
    status = qs_cuda_reserve(device, &device->kept, kept, message);
  }
  run->block.rows = device->observations.data;
  return status;
}

qs_status qs_cuda_path_prepare(qs_cuda_path_run *run, char *message) {
  const qs_path_unit &unit = *run->unit;
  run->precise = unit.precision == QS_PRECISION_DOUBLE;
  run->moments = (size_t)unit.shift_count * unit.payoff_count * qs_path_unit_quantities(&unit);
  qs_status status = qs_table_build(&unit.path, message, &run->table);
  if (status == QS_OK && (!qs_path_table_build(&unit, &run->table, &run->path_table) ||
                          (unit.leverage && !qs_local_table_build(&unit, &run->table, &run->local_table)) ||
                          !qs_cuda_path_arrays_build(unit, &run->arrays))) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for %u payoffs", unit.payoff_count);
    status = QS_ERROR_MEMORY;
  }
  if (status == QS_OK) {
    status = qs_cuda_sampling_make(unit.path, run->table, unit.precision, true, message, &run->sampling);
  }
  status = status ? status : upload(run, message);
  return status ? status : reserve(run, message);
}

void qs_cuda_path_release(qs_cuda_path_run *run) {
  qs_cuda_sampling_free(&run->sampling);
  qs_cuda_path_arrays_free(&run->arrays);
  qs_local_table_free(&run->local_table);
  qs_path_table_free(&run->path_table);
  qs_table_free(&run->table);
}
