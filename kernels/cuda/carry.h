// A unit with rows by path on its way to the device, by the walk over its members (kernels/unit_walk.h), so
// that a new member needs nothing here; of rows by path those that are run. For the files of this folder
// alone.
#ifndef QS_CUDA_CARRY_H
#define QS_CUDA_CARRY_H

#include "kernels/cuda/device.h"
#include "kernels/unit_walk.h"

struct qs_cuda_carrier {
  qs_device *device;
  qs_unit_kind kind;
  uint64_t stride; // of the unit's rows by path
  // What the walk counts.
  size_t image_bytes, row_count, place_count;
  // What the walk fills: arrays side by side as they are to lie in device->plan, and the pointers to them.
  char *image;
  void ***places;
  size_t image_used, rows_used, places_used;
  void *last_from, *last_to; // of the array before
  uint64_t begin, block;     // paths of the block
  cudaError_t error;
};

// Counts what the unit points to; `unit` is a copy.
void qs_cuda_carry_count(qs_cuda_carrier *carrier, void *unit);

// Memory for blocks of at most so many paths. Whatever comes of it, qs_cuda_carry_end frees the host's part.
qs_status qs_cuda_carry_begin(qs_cuda_carrier *carrier, uint64_t paths, char *message);
void qs_cuda_carry_end(qs_cuda_carrier *carrier);

// Everything that the block [begin, begin + block) needs goes to the device. `there` is a copy of the unit,
// which then points to device memory, with rows by path of the stride `block`.
qs_status qs_cuda_carry(qs_cuda_carrier *carrier, void *there, char *message);

#endif
