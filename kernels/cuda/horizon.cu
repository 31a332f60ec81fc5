// A horizon unit on a GPU: blocks of paths that take turns on two streams, so that one computes while the
// results of the other are copied into their place.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/lanes.h"
#include "kernels/cuda/upload.h"

namespace {

// A block is a quarter of the unit, or more where that would not fill a device, within a lane's memory.
enum { PARTS = 4, LEAST_PATHS = 32768, LANE_BYTES = 64 << 20 };

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
  const uint64_t fit = std::min<uint64_t>(run->device->budget, LANE_BYTES) / path_bytes;
  const uint64_t wanted = std::min(fit, std::max<uint64_t>(LEAST_PATHS, all / PARTS));
  run->paths = std::min(all, std::max(leaf, wanted / leaf * leaf));
  return status == QS_OK ? qs_cuda_lanes_begin(run->device, {0, 0, path_bytes * run->paths}, message)
                         : status;
}

qs_status queue_block(const horizon_run &run, qs_cuda_lane *lane, uint64_t begin, uint64_t paths,
                      char *message) {
  const qs_horizon_unit &unit = *run.unit;
  const uint32_t dates = unit.path.date_count;
  double *on_device = static_cast<double *>(lane->results.data);
  const qs_cuda_horizon_block block = {
      begin,           static_cast<uint32_t>(paths), dates,
      on_device,       on_device + paths * dates,    unit.starts ? run.starts : nullptr,
      unit.start_paths};
  const bool precise = unit.precision == QS_PRECISION_DOUBLE;
  cudaError_t error = (precise ? qs_cuda_launch_horizon_d : qs_cuda_launch_horizon_f)(run.plan, run.streams,
                                                                                      block, lane->stream);
  qs_status status = qs_cuda_check(run.device, error, "simulating the horizon", message);
  const size_t bytes = 2 * paths * dates * sizeof(double);
  return status ? status : qs_cuda_lane_send(run.device, lane, bytes, message);
}

// Puts the block's rows in their place.
void take_block(const horizon_run &run, const qs_cuda_lane *lane, uint64_t begin, uint64_t paths, double *x,
                double *v) {
  const qs_horizon_unit &unit = *run.unit;
  const uint64_t stride = unit.path_end - unit.path_begin, offset = begin - unit.path_begin;
  const size_t dates = unit.path.date_count, bytes = paths * sizeof *x;
  const double *from = static_cast<const double *>(lane->host.data);
  for (size_t date = 0; date < dates; date++) {
    memcpy(x + date * stride + offset, from + date * paths, bytes);
    memcpy(v + date * stride + offset, from + (dates + date) * paths, bytes);
  }
}

qs_status run_blocks(const horizon_run &run, const volatile int *cancel, char *message, double *x,
                     double *v) {
  const auto queue = [&](qs_cuda_lane *lane, uint64_t begin, uint64_t paths) {
    return queue_block(run, lane, begin, paths, message);
  };
  const auto take = [&](const qs_cuda_lane *lane, uint64_t begin, uint64_t paths) {
    take_block(run, lane, begin, paths, x, v);
  };
  return qs_cuda_lanes_run(run.device, run.unit->path_begin, run.unit->path_end, run.paths, cancel, message,
                           queue, take);
}

} // namespace

qs_status qs_cuda_horizon(qs_device *device, const qs_horizon_unit *unit, const volatile int *cancel,
                          char *message, double *x, double *v) {
  horizon_run run = {};
  run.device = device;
  run.unit = unit;
  qs_status status = qs_horizon_unit_check(unit, message);
  status = status ? status : qs_cuda_enter(device, message);
  status = status ? status : prepare(&run, message);
  status = status ? status : run_blocks(run, cancel, message, x, v);
  qs_table_free(&run.table);
  return status;
}
