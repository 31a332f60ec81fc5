// The streams of lanes.h and their memory, made when a unit first asks for them.
#include "kernels/cuda/lanes.h"

namespace {

qs_status make(qs_device *device, qs_cuda_lane *lane, char *message) {
  qs_status status = QS_OK;
  if (!lane->stream) {
    status = qs_cuda_check(device, cudaStreamCreateWithFlags(&lane->stream, cudaStreamNonBlocking),
                           "making a stream", message);
  }
  if (status == QS_OK && !lane->done) {
    status = qs_cuda_check(device, cudaEventCreateWithFlags(&lane->done, cudaEventDisableTiming),
                           "making an event", message);
  }
  return status;
}

// Page-locked memory; nothing is queued that uses it.
qs_status lock(qs_device *device, qs_cuda_buffer *buffer, size_t bytes, char *message) {
  if (bytes <= buffer->bytes) {
    return QS_OK;
  }
  qs_status status = qs_cuda_check(device, cudaFreeHost(buffer->data), "freeing page-locked memory", message);
  *buffer = {};
  void *data = nullptr;
  if (status == QS_OK) {
    status = qs_cuda_check(device, cudaMallocHost(&data, bytes), "allocating page-locked memory", message);
  }
  if (status == QS_OK) {
    *buffer = {data, bytes};
  }
  return status;
}

} // namespace

qs_status qs_cuda_lanes_begin(qs_device *device, const qs_cuda_lane_room &room, char *message) {
  qs_status status = QS_OK;
  for (qs_cuda_lane &lane : device->lanes) {
    status = status ? status : make(device, &lane, message);
    status = status ? status : qs_cuda_reserve(device, &lane.arguments, room.arguments, message);
    status = status ? status : qs_cuda_reserve(device, &lane.kept, room.kept, message);
    status = status ? status : qs_cuda_reserve(device, &lane.results, room.results, message);
    status = status ? status : lock(device, &lane.host_arguments, room.arguments, message);
    status = status ? status : lock(device, &lane.host, room.results, message);
  }
  cudaEvent_t before = device->lanes[0].done;
  if (status == QS_OK) {
    status = qs_cuda_check(device, cudaEventRecord(before, device->stream), "queueing an event", message);
  }
  for (qs_cuda_lane &lane : device->lanes) {
    status =
        status ? status
               : qs_cuda_check(device, cudaStreamWaitEvent(lane.stream, before), "queueing a wait", message);
  }
  return status;
}

qs_status qs_cuda_lane_send(qs_device *device, qs_cuda_lane *lane, size_t bytes, char *message) {
  const qs_status status = qs_cuda_check(
      device,
      cudaMemcpyAsync(lane->host.data, lane->results.data, bytes, cudaMemcpyDeviceToHost, lane->stream),
      "copying results from the device", message);
  return status
             ? status
             : qs_cuda_check(device, cudaEventRecord(lane->done, lane->stream), "queueing an event", message);
}

qs_status qs_cuda_lane_wait(qs_device *device, qs_cuda_lane *lane, char *message) {
  return qs_cuda_check(device, cudaEventSynchronize(lane->done), "waiting for the device", message);
}

void qs_cuda_lanes_drain(qs_device *device) {
  for (qs_cuda_lane &lane : device->lanes) {
    if (lane.stream) {
      cudaStreamSynchronize(lane.stream);
    }
  }
  cudaGetLastError(); // the failure is known
}

void qs_cuda_lanes_close(qs_device *device) {
  for (qs_cuda_lane &lane : device->lanes) {
    cudaFree(lane.arguments.data);
    cudaFree(lane.kept.data);
    cudaFree(lane.results.data);
    cudaFreeHost(lane.host_arguments.data);
    cudaFreeHost(lane.host.data);
    if (lane.done) {
      cudaEventDestroy(lane.done);
    }
    if (lane.stream) {
      cudaStreamDestroy(lane.stream);
    }
  }
}
