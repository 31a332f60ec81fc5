// From a joint unit to device memory, and how many paths are simulated at once.
#include <stdlib.h>

#include <algorithm>

#include "kernels/cuda/joint_run.h"
#include "kernels/net.h"
#include "kernels/refuse.h"

namespace {

// The tables of all underlyings, where all lies, and the nets.
qs_status build(qs_cuda_joint_run *run, char *message) {
  const qs_joint_unit &unit = *run->unit;
  const qs_path_plan *plans[QS_MAX_JOINT];
  const qs_dynamics *dynamics[QS_MAX_JOINT];
  for (uint32_t a = 0; a < unit.asset_count; a++) {
    plans[a] = &unit.assets[a].path;
    qs_path_plan plan = *plans[a];
    plan.sampling = QS_SAMPLING_PSEUDO; // the unit draws for all of them
    const qs_status status = qs_table_build(&plan, message, &run->tables[a]);
    if (status) {
      return status;
    }
    run->made = a + 1;
    dynamics[a] = &run->tables[a].dynamics;
    qs_path_unit alone = {};
    alone.path = plan;
    alone.greeks = unit.greeks;
    if (!qs_path_table_build(&alone, &run->tables[a], &run->paths[a])) {
      return refuse(message, QS_ERROR_MEMORY, "out of memory for %u steps", plan.step_count);
    }
  }
  qs_joint_layout_make(&unit, run->tables, &run->plan.layout);
  qs_joint_weights_make(&unit, &run->weights);
  if (plans[0]->sampling == QS_SAMPLING_SOBOL) {
    run->nets = qs_nets_create(plans, dynamics, unit.asset_count, run->plan.layout.steps,
                               qs_joint_variances(&unit, run->tables));
    if (!run->nets) {
      return refuse(message, QS_ERROR_MEMORY, "out of memory for a net of %u steps", run->plan.layout.steps);
    }
  }
  return QS_OK;
}

// As many whole batches as the budget holds; where it holds none, as many leaves.
qs_status reserve(qs_cuda_joint_run *run, char *message) {
  const qs_joint_unit &unit = *run->unit;
  qs_device *device = run->device;
  const qs_joint_layout &layout = run->plan.layout;
  run->block.result_row = layout.result;
  run->block.room_row = layout.rows;
  run->block.tile_rows = layout.rows + (unit.greeks ? 6 * unit.asset_count : 0); // joint_paths.cu
  const size_t rows = run->block.tile_rows * (run->precise ? sizeof(double) : sizeof(float));
  const uint64_t fit = device->path_budget / (rows + run->path_bytes), leaf = QS_LEAF_PATHS;
  const uint64_t most = std::min<uint64_t>(UINT32_MAX / 2, 65535 * unit.batch_paths) / leaf * leaf;
  const uint64_t batches = std::max<uint64_t>(1, std::min(fit, most) / unit.batch_paths);
  const uint64_t all = (uint64_t)(unit.batch_end - unit.batch_begin) * unit.batch_paths;
  const bool whole = std::min(fit, most) >= unit.batch_paths;
  run->block_paths = whole ? std::min(all, batches * unit.batch_paths) : std::max(leaf, fit / leaf * leaf);
  const size_t results = run->moments * (unit.batch_end - unit.batch_begin) * sizeof(qs_moment);
  qs_status status = qs_cuda_reserve(device, &device->observations, run->block_paths * rows, message);
  status = status ? status : qs_cuda_reserve(device, &device->results, results, message);
  status = status ? status : qs_cuda_joint_reserve_draws(run, run->block_paths, message);
  if (status == QS_OK && !whole) {
    const size_t kept = run->moments * QS_LEAF_PATHS * sizeof(qs_position);
    status = qs_cuda_reserve(device, &device->kept, kept, message);
  }
  run->block.rows = device->observations.data;
  return status;
}

} // namespace

qs_status qs_cuda_joint_prepare(qs_cuda_joint_run *run, char *message) {
  const qs_joint_unit &unit = *run->unit;
  run->precise = unit.precision == QS_PRECISION_DOUBLE;
  run->plan.unit = &unit;
  run->moments = (size_t)unit.shift_count * unit.payoff_count * qs_joint_unit_quantities(&unit);
  qs_status status = build(run, message);
  if (status == QS_OK) {
    qs_cuda_joint_lay_draws(run);
    status = qs_cuda_joint_upload(run, message);
  }
  return status ? status : reserve(run, message);
}

void qs_cuda_joint_release(qs_cuda_joint_run *run) {
  for (uint32_t a = 0; a < run->made; a++) {
    qs_path_table_free(&run->paths[a]);
    qs_table_free(&run->tables[a]);
  }
  free(run->nets);
  free(run->formulas);
}
