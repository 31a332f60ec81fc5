// What a unit of hedging over time points to, on its way to the device: by the walk over its members
// (kernels/unit_walk.h), so that a new member needs nothing here; of rows by path those that the dates need.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "kernels/cuda/rebalance_run.h"
#include "kernels/unit_walk.h"

namespace {

enum { ALIGNMENT = 256 };

size_t aligned(size_t bytes) {
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void skip_value(void *, void *, size_t) {}

void count_array(void *data, void *place, size_t count, size_t size) {
  auto *run = static_cast<qs_cuda_rebalance_run *>(data);
  run->image_bytes += *static_cast<void **>(place) ? aligned(count * size) : 0;
  run->place_count++;
}

bool count_structures(void *data, void *place, size_t count, size_t size) {
  count_array(data, place, count, size);
  return *static_cast<void **>(place) != nullptr;
}

void count_rows(void *data, void *place, const qs_unit_rows *rows) {
  auto *run = static_cast<qs_cuda_rebalance_run *>(data);
  run->row_count += *static_cast<void **>(place) ? rows->blocks * rows->count : 0;
}

// Copies what the pointer at `place` leads to into the image, to which it then leads: the walk reads on
// there. Two pointers to one array, as those of a band without width, stay that.
void put_array(void *data, void *place, size_t count, size_t size) {
  auto *run = static_cast<qs_cuda_rebalance_run *>(data);
  void **pointer = static_cast<void **>(place);
  if (!*pointer) {
    return;
  }
  if (*pointer != run->last_from) {
    run->last_from = *pointer;
    run->last_to = run->image + run->image_used;
    memcpy(run->last_to, *pointer, count * size);
    run->image_used += aligned(count * size);
  }
  *pointer = run->last_to;
  run->places[run->places_used++] = pointer;
}

bool put_structures(void *data, void *place, size_t count, size_t size) {
  auto *run = static_cast<qs_cuda_rebalance_run *>(data);
  run->last_from = nullptr; // each its own: members are walked there
  put_array(data, place, count, size);
  run->last_from = nullptr;
  return *static_cast<void **>(place) != nullptr;
}

void put_rows(void *data, void *place, const qs_unit_rows *rows) {
  auto *run = static_cast<qs_cuda_rebalance_run *>(data);
  const double **pointer = static_cast<const double **>(place);
  if (!*pointer) {
    return;
  }
  const double *from = *pointer + run->begin;
  double *to = static_cast<double *>(run->device->observations.data) + run->rows_used * run->block;
  const size_t stride = run->unit->stride, wanted = rows->end > rows->begin ? rows->end - rows->begin : 0;
  for (size_t b = 0; wanted && b < rows->blocks && run->error == cudaSuccess; b++) {
    const size_t first = b * rows->count + rows->begin;
    run->error = cudaMemcpy2DAsync(to + first * run->block, run->block * sizeof *to, from + first * stride,
                                   stride * sizeof *from, run->block * sizeof *to, wanted,
                                   cudaMemcpyHostToDevice, run->device->stream);
  }
  *pointer = to;
  run->rows_used += rows->blocks * rows->count;
}

} // namespace

qs_status qs_cuda_rebalance_send(qs_cuda_rebalance_run *run, qs_rebalance_unit *there, char *message) {
  const qs_unit_walker put_all = {run, skip_value, put_array, put_structures, put_rows, false};
  *there = *run->unit;
  run->image_used = run->rows_used = run->places_used = 0;
  run->last_from = nullptr;
  run->error = cudaSuccess;
  qs_unit_walk(&put_all, QS_UNIT_REBALANCE, there);
  for (size_t i = 0; i < run->places_used; i++) { // from the image to where it will lie
    const size_t at = static_cast<size_t>(static_cast<char *>(*run->places[i]) - run->image);
    *run->places[i] = static_cast<char *>(run->device->plan.data) + at;
  }
  there->path_begin = 0;
  there->path_end = there->stride = run->block;
  if (run->error == cudaSuccess) {
    run->error = cudaMemcpyAsync(run->device->plan.data, run->image, run->image_used, cudaMemcpyHostToDevice,
                                 run->device->stream);
  }
  return qs_cuda_check(run->device, run->error, "copying policies to the device", message);
}

qs_status qs_cuda_rebalance_prepare(qs_cuda_rebalance_run *run, char *message) {
  const qs_rebalance_unit &unit = *run->unit;
  const qs_unit_walker count_all = {run, skip_value, count_array, count_structures, count_rows, false};
  qs_rebalance_unit copy = unit;
  qs_unit_walk(&count_all, QS_UNIT_REBALANCE, &copy);
  const uint64_t results = (uint64_t)unit.policy_count * qs_rebalance_unit_rows(&unit);
  const uint64_t path_bytes = (run->row_count + results) * sizeof(double), leaf = QS_LEAF_PATHS;
  const uint64_t fit = std::min<uint64_t>(run->device->path_budget / path_bytes, UINT32_MAX / 2);
  run->paths = std::min(unit.path_end - unit.path_begin, std::max(leaf, fit / leaf * leaf));
  run->image = static_cast<char *>(malloc(run->image_bytes));
  run->places = static_cast<void ***>(malloc(run->place_count * sizeof *run->places));
  if (!run->image || !run->places) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for policies of %zu bytes", run->image_bytes);
    return QS_ERROR_MEMORY;
  }
  qs_device *device = run->device;
  qs_status status = qs_cuda_reserve(device, &device->plan, run->image_bytes, message);
  const size_t rows = run->row_count * run->paths * sizeof(double);
  status = status ? status : qs_cuda_reserve(device, &device->observations, rows, message);
  return status ? status
                : qs_cuda_reserve(device, &device->results, results * run->paths * sizeof(double), message);
}

void qs_cuda_rebalance_release(qs_cuda_rebalance_run *run) {
  free(run->image);
  free(run->places);
}
