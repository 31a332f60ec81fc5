// A value unit's payoffs under its shifts, grouped by date for blocks of threads. For the files of this
// folder alone.
#ifndef QS_CUDA_STRIKES_H
#define QS_CUDA_STRIKES_H

#include "kernels/cuda/kernels.h"

// The lists; each in the order of dates. Freed by qs_cuda_strikes_free.
struct qs_cuda_strike_list {
  qs_cuda_strike *strikes;
  uint32_t strike_count;
  qs_cuda_group *groups;
  uint32_t group_count;
};

// False when memory is out.
bool qs_cuda_strikes_build(const qs_value_unit &unit, uint32_t quantities, qs_cuda_strike_list *list);
void qs_cuda_strikes_free(qs_cuda_strike_list *list);

#endif
