// A device's memory and queue, and CUDA's errors as statuses.
#include <stdio.h>

#include "kernels/cuda/device.h"

qs_status qs_cuda_check(qs_device *device, cudaError_t error, const char *what, char *message) {
  if (error == cudaSuccess) {
    return QS_OK;
  }
  snprintf(message, QS_DEVICE_TEXT, "%s: %s (%s)", what, cudaGetErrorString(error), cudaGetErrorName(error));
  cudaGetLastError(); // an error that is not sticky is over once it has been read
  if (device && cudaStreamQuery(device->stream) != cudaErrorNotReady && cudaGetLastError() != cudaSuccess) {
    device->broken = true;
  }
  return error == cudaErrorMemoryAllocation ? QS_ERROR_MEMORY : QS_ERROR_DEVICE;
}

qs_status qs_cuda_enter(qs_device *device, char *message) {
  if (device->broken) {
    snprintf(message, QS_DEVICE_TEXT, "the device failed before and cannot be used again in this process");
    return QS_ERROR_DEVICE;
  }
  return qs_cuda_check(device, cudaSetDevice(device->ordinal), "choosing the device", message);
}

qs_status qs_cuda_reserve(qs_device *device, qs_cuda_buffer *buffer, size_t bytes, char *message) {
  if (bytes <= buffer->bytes) {
    return QS_OK;
  }
  qs_status status = qs_cuda_check(device, cudaStreamSynchronize(device->stream), "waiting", message);
  if (status == QS_OK) {
    status = qs_cuda_check(device, cudaFree(buffer->data), "freeing device memory", message);
    *buffer = {};
  }
  void *data = nullptr;
  if (status == QS_OK) {
    status = qs_cuda_check(device, cudaMalloc(&data, bytes), "allocating device memory", message);
  }
  if (status == QS_OK) {
    *buffer = {data, bytes};
  }
  return status;
}

qs_status qs_cuda_pace(qs_device *device, uint64_t chunk, const volatile int *cancel, char *message) {
  cudaEvent_t event = device->done[chunk % QS_CUDA_IN_FLIGHT];
  qs_status status = QS_OK;
  if (chunk >= QS_CUDA_IN_FLIGHT) {
    status = qs_cuda_check(device, cudaEventSynchronize(event), "waiting for a kernel", message);
  }
  if (status == QS_OK) {
    status = qs_cuda_check(device, cudaEventRecord(event, device->stream), "queueing an event", message);
  }
  if (status == QS_OK && cancel && *cancel) {
    status = qs_cuda_check(device, cudaStreamSynchronize(device->stream), "waiting for a kernel", message);
    return status == QS_OK ? QS_ERROR_CANCELLED : status;
  }
  return status;
}

// Kernels fail late: asked before the copy, so that it leaves the results' place alone when one did.
qs_status qs_cuda_fetch(qs_device *device, void *to, const void *from, size_t bytes, char *message) {
  const qs_status status =
      qs_cuda_check(device, cudaStreamSynchronize(device->stream), "waiting for the device", message);
  return status == QS_OK ? qs_cuda_check(device, cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost),
                                         "copying results from the device", message)
                         : status;
}
