// A path unit's arrays, its payoffs' one after the other, ready for one upload. For the files of this folder
// alone.
#ifndef QS_CUDA_PATH_ARRAYS_H
#define QS_CUDA_PATH_ARRAYS_H

#include "kernels/cuda/kernels.h"

// The totals of qs_cuda_places, and the arrays that they count. Freed by qs_cuda_path_arrays_free.
struct qs_cuda_path_arrays {
  qs_cuda_places total;
  qs_cuda_places *places; // [payoff]
  uint32_t *dates, *seen, *rows;
  double *known, *constants;
  qs_script_code *codes;
  qs_script_range *clears;
};

// False when memory is out.
bool qs_cuda_path_arrays_build(const qs_path_unit &unit, qs_cuda_path_arrays *arrays);
void qs_cuda_path_arrays_free(qs_cuda_path_arrays *arrays);

#endif
