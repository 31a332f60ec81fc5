// From a plan to device memory. For the files of this folder alone.
#ifndef QS_CUDA_UPLOAD_H
#define QS_CUDA_UPLOAD_H

#include "kernels/cuda/device.h"
#include "kernels/cuda/kernels.h"
#include "kernels/table.h"

// An array on its way to the device: `count` elements of `size` bytes, or with size 0 doubles that become
// numbers of the precision. *to gets its place there.
struct qs_cuda_array {
  const void *from;
  size_t count, size;
  const void **to;
};

// Copies arrays into device->plan, one after the other; the host's may be freed after.
qs_status qs_cuda_send(qs_device *device, const qs_cuda_array *arrays, size_t count, qs_precision precision,
                       char *message);

// The table's arrays, to arrays[QS_CUDA_TABLE_ARRAYS], and the rest of *plan.
enum { QS_CUDA_TABLE_ARRAYS = 6 };
void qs_cuda_table_arrays(const qs_table &table, const qs_path_plan &path, bool greeks, qs_cuda_array *arrays,
                          qs_cuda_plan *plan);

// Puts the table and `more_count` further arrays into device->plan and fills *plan; the host's arrays may be
// freed after.
qs_status qs_cuda_upload(qs_device *device, const qs_table &table, const qs_path_plan &path,
                         qs_precision precision, bool greeks, const qs_cuda_array *more, size_t more_count,
                         char *message, qs_cuda_plan *plan);

#endif
