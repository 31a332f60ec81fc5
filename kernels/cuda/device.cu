// Opening, closing and describing GPUs, and the table that the plug-in exports.
#include "kernels/cuda/device.h"

#include <new>

#include <stdio.h>
#include <string.h>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/lanes.h"

static uint32_t device_count(char *message) {
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    qs_cuda_check(nullptr, error, "looking for GPUs", message);
    return 0;
  }
  if (!count) {
    snprintf(message, QS_DEVICE_TEXT, "the driver finds no GPU");
  }
  return (uint32_t)count;
}

static qs_status describe_to(qs_device *device, char *message) {
  cudaDeviceProp properties;
  size_t free_bytes = 0, total_bytes = 0;
  qs_status status = qs_cuda_check(device, cudaGetDeviceProperties(&properties, device->ordinal),
                                   "asking the device", message);
  if (status == QS_OK) {
    status = qs_cuda_check(device, cudaMemGetInfo(&free_bytes, &total_bytes), "asking for memory", message);
  }
  if (status != QS_OK) {
    return status;
  }
  snprintf(device->info.name, sizeof device->info.name, "%s", properties.name);
  snprintf(device->info.target, sizeof device->info.target, "sm_%d%d", properties.major, properties.minor);
  device->info.memory_bytes = total_bytes;
  device->multiprocessors = properties.multiProcessorCount;
  // A quarter of what is free leaves room for other processes; beyond 1 GiB a larger chunk wins nothing.
  const size_t most = (size_t)1 << 30;
  device->budget = free_bytes / 4 < most ? free_bytes / 4 : most;
  device->path_budget = free_bytes / 4 < 8 * most ? free_bytes / 4 : 8 * most;
  return QS_OK;
}

static void close_device(qs_device *device) {
  if (!device) {
    return;
  }
  cudaSetDevice(device->ordinal); // where that fails, freeing is still worth trying
  cudaFree(device->plan.data);
  cudaFree(device->observations.data);
  cudaFree(device->results.data);
  cudaFree(device->draws.data);
  cudaFree(device->kept.data);
  qs_cuda_lanes_close(device);
  for (cudaEvent_t event : device->done) {
    if (event) {
      cudaEventDestroy(event);
    }
  }
  if (device->stream) {
    cudaStreamDestroy(device->stream);
  }
  cudaGetLastError();
  delete device;
}

static qs_status open_device(uint32_t index, const qs_device_options *, char *message, qs_device **result) {
  qs_device *device = new (std::nothrow) qs_device();
  if (!device) {
    snprintf(message, QS_DEVICE_TEXT, "out of memory");
    return QS_ERROR_MEMORY;
  }
  device->ordinal = (int)index;
  qs_status status = qs_cuda_enter(device, message);
  if (status == QS_OK) {
    status = qs_cuda_check(device, cudaStreamCreateWithFlags(&device->stream, cudaStreamNonBlocking),
                           "making a stream", message);
  }
  for (int i = 0; status == QS_OK && i < QS_CUDA_IN_FLIGHT; i++) {
    status = qs_cuda_check(device, cudaEventCreateWithFlags(&device->done[i], cudaEventDisableTiming),
                           "making an event", message);
  }
  if (status == QS_OK) {
    status = describe_to(device, message);
  }
  if (status != QS_OK) {
    close_device(device);
    return status;
  }
  *result = device;
  return QS_OK;
}

static void describe(const qs_device *device, qs_device_info *info) {
  *info = device->info;
}

extern "C" QS_API const qs_backend *qs_backend_plugin(void) {
  static const qs_backend table = {
      QS_BACKEND_ABI, "cuda",        device_count,      open_device,       close_device,
      describe,       qs_cuda_value, qs_cuda_horizon,   qs_cuda_path,      true,
      qs_cuda_joint,  true,          qs_cuda_rebalance, qs_cuda_regression};
  return &table;
}
