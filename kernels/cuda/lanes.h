// Two streams for the blocks of a unit whose results are large: while one computes, the other's results leave
// the device by way of page-locked memory and the host puts them in their place. Blocks take turns, so that
// results come in order. For the files of this folder alone.
#ifndef QS_CUDA_LANES_H
#define QS_CUDA_LANES_H

#include "kernels/cuda/device.h"

// Makes the lanes ready for blocks of at most so many bytes of results; what is queued on the device's own
// stream comes before all that they do.
qs_status qs_cuda_lanes_begin(qs_device *device, size_t bytes, char *message);

// Queues the copy of a block's results to the lane's host memory.
qs_status qs_cuda_lane_send(qs_device *device, qs_cuda_lane *lane, size_t bytes, char *message);

// Waits until they are there.
qs_status qs_cuda_lane_wait(qs_device *device, qs_cuda_lane *lane, char *message);

// Waits for all that is queued, after a failure: the next unit overwrites what it reads.
void qs_cuda_lanes_drain(qs_device *device);

void qs_cuda_lanes_close(qs_device *device);

#endif
