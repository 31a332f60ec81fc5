// Two streams for the blocks of a unit that has numbers by path: while one computes, the other's numbers go
// to the device or leave it by way of page-locked memory, which the host fills and empties. Blocks take
// turns, so that results come in order. For the files of this folder alone.
#ifndef QS_CUDA_LANES_H
#define QS_CUDA_LANES_H

#include <stdio.h>

#include "kernels/cuda/device.h"

// Most bytes of arguments, of what stays on the device, and of results that a block has.
struct qs_cuda_lane_room {
  size_t arguments, kept, results;
};

// Makes the lanes ready for such blocks; what is queued on the device's own stream comes before all that they
// do.
qs_status qs_cuda_lanes_begin(qs_device *device, const qs_cuda_lane_room &room, char *message);

// Queues the copy of a block's results to the lane's host memory.
qs_status qs_cuda_lane_send(qs_device *device, qs_cuda_lane *lane, size_t bytes, char *message);

// Waits until they are there.
qs_status qs_cuda_lane_wait(qs_device *device, qs_cuda_lane *lane, char *message);

// Waits for all that is queued, after a failure: the next unit overwrites what it reads.
void qs_cuda_lanes_drain(qs_device *device);

void qs_cuda_lanes_close(qs_device *device);

// Takes the paths [begin, end) through the lanes in blocks of at most `paths`: queue(lane, first, count) puts
// a block's work on the lane, take(lane, first, count) hands on what lane->host has of it, in order. After a
// failure, or when cancelled, nothing is queued any more.
template <typename Queue, typename Take>
qs_status qs_cuda_lanes_run(qs_device *device, uint64_t begin, uint64_t end, uint64_t paths,
                            const volatile int *cancel, char *message, const Queue &queue, const Take &take) {
  const auto count_at = [=](uint64_t first) { return end - first < paths ? end - first : paths; };
  const uint64_t blocks = (end - begin + paths - 1) / paths;
  qs_status status = QS_OK;
  for (uint64_t k = 0; status == QS_OK && k < blocks + QS_CUDA_LANES; k++) {
    qs_cuda_lane *lane = &device->lanes[k % QS_CUDA_LANES];
    if (k >= QS_CUDA_LANES && k - QS_CUDA_LANES < blocks) {
      const uint64_t first = begin + (k - QS_CUDA_LANES) * paths;
      status = qs_cuda_lane_wait(device, lane, message);
      if (status == QS_OK) {
        take(lane, first, count_at(first));
      }
    }
    if (status == QS_OK && k < blocks && cancel && *cancel) {
      snprintf(message, QS_DEVICE_TEXT, "cancelled");
      status = QS_ERROR_CANCELLED;
    } else if (status == QS_OK && k < blocks) {
      const uint64_t first = begin + k * paths;
      status = queue(lane, first, count_at(first));
    }
  }
  if (status != QS_OK) {
    qs_cuda_lanes_drain(device);
  }
  return status;
}

#endif
