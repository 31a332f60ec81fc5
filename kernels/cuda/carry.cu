// What a unit points to, in one copy, and of its rows by path those that are run.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/carry.h"

namespace {

enum { ALIGNMENT = 256 };

size_t aligned(size_t bytes) {
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void skip_value(void *, void *, size_t) {}

void count_array(void *data, void *place, size_t count, size_t size) {
  auto *c = static_cast<qs_cuda_carrier *>(data);
  c->image_bytes += *static_cast<void **>(place) ? aligned(count * size) : 0;
  c->place_count++;
}

bool count_structures(void *data, void *place, size_t count, size_t size) {
  count_array(data, place, count, size);
  return *static_cast<void **>(place) != nullptr;
}

void count_rows(void *data, void *place, const qs_unit_rows *rows) {
  auto *c = static_cast<qs_cuda_carrier *>(data);
  c->row_count += *static_cast<void **>(place) ? rows->blocks * rows->count : 0;
  c->place_count++;
}

// Copies what the pointer at `place` leads to into the image, to which it then leads: the walk reads on
// there. Two pointers to one array, as those of a band without width, stay that.
void put_array(void *data, void *place, size_t count, size_t size) {
  auto *c = static_cast<qs_cuda_carrier *>(data);
  void **pointer = static_cast<void **>(place);
  if (!*pointer) {
    return;
  }
  if (*pointer != c->last_from) {
    c->last_from = *pointer;
    c->last_to = c->image + c->image_used;
    memcpy(c->last_to, *pointer, count * size);
    c->image_used += aligned(count * size);
  }
  *pointer = c->last_to;
  c->places[c->places_used++] = pointer;
}

bool put_structures(void *data, void *place, size_t count, size_t size) {
  auto *c = static_cast<qs_cuda_carrier *>(data);
  c->last_from = nullptr; // each its own: members are walked there
  put_array(data, place, count, size);
  c->last_from = nullptr;
  return *static_cast<void **>(place) != nullptr;
}

void put_rows(void *data, void *place, const qs_unit_rows *rows) {
  auto *c = static_cast<qs_cuda_carrier *>(data);
  const double **pointer = static_cast<const double **>(place);
  if (!*pointer) {
    return;
  }
  const double *from = *pointer + c->begin;
  const size_t place_bytes = c->image_bytes + c->rows_used * c->block * sizeof *from;
  double *to = reinterpret_cast<double *>(c->image + place_bytes);
  char *there = static_cast<char *>(c->lane->arguments.data) + place_bytes;
  const size_t wanted = rows->end > rows->begin ? rows->end - rows->begin : 0;
  for (size_t b = 0; wanted && b < rows->blocks && c->error == cudaSuccess; b++) {
    const size_t first = b * rows->count + rows->begin, at = first * c->block;
    for (size_t row = first; row < first + wanted; row++) {
      memcpy(to + row * c->block, from + row * c->stride, c->block * sizeof *to);
    }
    c->error = cudaMemcpyAsync(there + at * sizeof *to, to + at, wanted * c->block * sizeof *to,
                               cudaMemcpyHostToDevice, c->lane->stream);
  }
  *pointer = to;
  c->places[c->places_used++] = static_cast<void **>(place);
  c->rows_used += rows->blocks * rows->count;
}

} // namespace

qs_status qs_cuda_carry_begin(qs_cuda_carrier *c, void *unit, char *message) {
  const qs_unit_walker count_all = {c, skip_value, count_array, count_structures, count_rows, false};
  qs_unit_walk(&count_all, c->kind, unit);
  c->places = static_cast<void ***>(malloc(c->place_count * sizeof *c->places));
  if (!c->places) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory for a unit of %zu arrays", c->place_count);
    return QS_ERROR_MEMORY;
  }
  return QS_OK;
}

void qs_cuda_carry_end(qs_cuda_carrier *c) {
  free(c->places);
}

size_t qs_cuda_carry_bytes(const qs_cuda_carrier &c, uint64_t paths) {
  return c.image_bytes + c.row_count * paths * sizeof(double);
}

qs_status qs_cuda_carry(qs_cuda_carrier *c, qs_device *device, qs_cuda_lane *lane, void *there,
                        char *message) {
  const qs_unit_walker put_all = {c, skip_value, put_array, put_structures, put_rows, false};
  c->lane = lane;
  c->image = static_cast<char *>(lane->host_arguments.data);
  c->error = cudaSuccess;
  c->image_used = c->rows_used = c->places_used = 0;
  c->last_from = nullptr;
  qs_unit_walk(&put_all, c->kind, there);
  for (size_t i = 0; i < c->places_used; i++) { // from the image to where it will lie
    const size_t at = static_cast<size_t>(static_cast<char *>(*c->places[i]) - c->image);
    *c->places[i] = static_cast<char *>(lane->arguments.data) + at;
  }
  if (c->error == cudaSuccess) {
    c->error =
        cudaMemcpyAsync(lane->arguments.data, c->image, c->image_used, cudaMemcpyHostToDevice, lane->stream);
  }
  return qs_cuda_check(device, c->error, "copying a unit to the device", message);
}
