// A unit with rows by path on its way to the device, by the walk over its members (kernels/unit_walk.h), so
// that a new member needs nothing here; of rows by path those that are run. For the files of this folder
// alone.
#ifndef QS_CUDA_CARRY_H
#define QS_CUDA_CARRY_H

#include "kernels/cuda/lanes.h"
#include "kernels/unit_walk.h"

struct qs_cuda_carrier {
  qs_unit_kind kind;
  uint64_t stride; // of the unit's rows by path
  // What the walk counts.
  size_t image_bytes, row_count, place_count;
  // What the walk fills: a lane's host arguments, first all arrays side by side, then rows of the block's
  // paths; and the pointers that lead into it.
  qs_cuda_lane *lane;
  char *image;
  void ***places;
  size_t image_used, rows_used, places_used;
  void *last_from, *last_to; // of the array before
  uint64_t begin, block;     // paths of the block
  cudaError_t error;
};

// Counts what the unit points to; `unit` is a copy. Whatever comes of it, qs_cuda_carry_end ends it.
qs_status qs_cuda_carry_begin(qs_cuda_carrier *carrier, void *unit, char *message);
void qs_cuda_carry_end(qs_cuda_carrier *carrier);

// Bytes of a lane's arguments for a block of so many paths.
size_t qs_cuda_carry_bytes(const qs_cuda_carrier &carrier, uint64_t paths);

// Everything that the block [begin, begin + block) needs goes to the device by the lane. `there` is a copy of
// the unit, which then points to the lane's arguments there, with rows by path of the stride `block`.
qs_status qs_cuda_carry(qs_cuda_carrier *carrier, qs_device *device, qs_cuda_lane *lane, void *there,
                        char *message);

#endif
