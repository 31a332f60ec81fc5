// A horizon unit on a GPU: blocks of paths that fit the device's budget, each copied into its place.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/upload.h"

namespace {

struct horizon_run {
  qs_device *device;
  const qs_horizon_unit *unit;
  qs_table table;
  qs_cuda_plan plan;
  qs_cuda_streams streams;
  const void *starts; // on the device
  uint64_t paths;     // of a block
};

qs_status prepare(horizon_run *run, char *message) {
  const qs_horizon_unit &unit = *run->unit;
  qs_status status = qs_table_build(&unit.path, message, &run->table);
  uint32_t *keys = static_cast<uint32_t *>(malloc(unit.key_count * 2 * sizeof *keys));
  if (status == QS_OK && !keys) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for %u streams", unit.key_count);
    status = QS_ERROR_MEMORY;
  }
  for (uint32_t j = 0; status == QS_OK && j < unit.key_count; j++) {
    keys[2 * j] = static_cast<uint32_t>(unit.keys[j]);
    keys[2 * j + 1] = static_cast<uint32_t>(unit.keys[j] >> 32);
  }
  const qs_cuda_array arrays[] = {
      {keys, (size_t)unit.key_count * 2, sizeof *keys, &run->streams.keys},
      {unit.weights, unit.key_count, 0, &run->streams.weights},
      {unit.starts, unit.starts ? unit.start_count : 0, 0, &run->starts},
      {unit.variance, unit.variance ? unit.key_count : 0, 0, &run->streams.variance},
      {unit.cross, unit.cross ? unit.key_count : 0, 0, &run->streams.cross},
      {unit.common_sizes, unit.common_sizes ? unit.key_count : 0, 0, &run->streams.sizes}};
  if (status == QS_OK) {
    status = qs_cuda_upload(run->device, run->table, unit.path, unit.precision, false, arrays, 6, message,
                            &run->plan);
  }
  free(keys);
  run->streams.count = unit.key_count;
  run->streams.single =
      unit.key_count == 1 && unit.weights[0] == 1.0 && !unit.shared && !unit.variance && !unit.common_sizes;
  run->streams.common = unit.common_sizes != nullptr;
  run->streams.common_key = unit.common_key;
  run->streams.apart = unit.variance != nullptr;
  const uint64_t path_bytes = 2 * sizeof(double) * unit.path.date_count;
  const uint64_t all = unit.path_end - unit.path_begin, leaf = QS_LEAF_PATHS;
  run->paths = std::min(all, std::max(leaf, run->device->budget / path_bytes / leaf * leaf));
  return status == QS_OK
             ? qs_cuda_reserve(run->device, &run->device->results, path_bytes * run->paths, message)
             : status;
}

// Simulates the block of `paths` paths from `begin` on and copies its rows to theirs.
qs_status run_block(const horizon_run &run, uint64_t begin, uint64_t paths, char *message, double *x,
                    double *v) {
  const qs_horizon_unit &unit = *run.unit;
  const uint32_t dates = unit.path.date_count;
  const uint64_t stride = unit.path_end - unit.path_begin, offset = begin - unit.path_begin;
  double *on_device = static_cast<double *>(run.device->results.data);
  const qs_cuda_horizon_block block = {
      begin,           static_cast<uint32_t>(paths), dates,
      on_device,       on_device + paths * dates,    unit.starts ? run.starts : nullptr,
      unit.start_paths};
  const bool precise = unit.precision == QS_PRECISION_DOUBLE;
  cudaError_t error = (precise ? qs_cuda_launch_horizon_d
                               : qs_cuda_launch_horizon_f)(run.plan, run.streams, block, run.device->stream);
  qs_status status = qs_cuda_check(run.device, error, "simulating the horizon", message);
  for (uint32_t date = 0; date < dates && status == QS_OK; date++) {
    status = qs_cuda_fetch(run.device, x + date * stride + offset, block.x + date * paths, paths * sizeof *x,
                           message);
    if (status == QS_OK) {
      status = qs_cuda_fetch(run.device, v + date * stride + offset, block.v + date * paths,
                             paths * sizeof *v, message);
    }
  }
  return status;
}

} // namespace

qs_status qs_cuda_horizon(qs_device *device, const qs_horizon_unit *unit, const volatile int *cancel,
                          char *message, double *x, double *v) {
  horizon_run run = {};
  run.device = device;
  run.unit = unit;
  qs_status status = qs_horizon_unit_check(unit, message);
  if (status == QS_OK) {
    status = qs_cuda_enter(device, message);
  }
  if (status == QS_OK) {
    status = prepare(&run, message);
  }
  for (uint64_t begin = unit->path_begin; status == QS_OK && begin < unit->path_end; begin += run.paths) {
    const uint64_t left = unit->path_end - begin;
    if (cancel && *cancel) {
      snprintf(message, QS_DEVICE_TEXT, "cancelled");
      status = QS_ERROR_CANCELLED;
    } else {
      status = run_block(run, begin, std::min(left, run.paths), message, x, v);
    }
  }
  qs_table_free(&run.table);
  return status;
}
