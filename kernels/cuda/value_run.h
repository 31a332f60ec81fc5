// A run of a value unit, made ready: what value_prepare.cu hands to value.cu. For the files of this folder
// alone.
#ifndef QS_CUDA_VALUE_RUN_H
#define QS_CUDA_VALUE_RUN_H

#include "kernels/cuda/sampling.h"
#include "kernels/cuda/strikes.h"

struct qs_cuda_value_run {
  qs_device *device;
  const qs_value_unit *unit;
  qs_table table;
  qs_cuda_plan plan;
  qs_cuda_strike_list list;
  qs_cuda_sampling sampling;
  const void *strikes, *groups;    // on the device
  size_t date_bytes;               // of one path's observation of one date
  uint32_t fields, dates;          // dates up to the last payoff's
  uint32_t batches, dates_at_once; // of a block
  size_t moments;                  // of a batch
};

// Builds and uploads what run->unit needs on run->device, and reserves memory for a block. Whatever comes of
// it, qs_cuda_value_release frees the host's part.
qs_status qs_cuda_value_prepare(qs_cuda_value_run *run, char *message);
void qs_cuda_value_release(qs_cuda_value_run *run);

#endif
