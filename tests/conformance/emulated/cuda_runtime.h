// As much of the CUDA runtime as kernels/cuda uses, on the CPU: memory is the host's, a block's threads are
// fibers that take turns at barriers, and what is queued on a stream is done as late as the runtime may do
// it: when somebody waits for it. So work that nobody waited for, or that was not told to wait for another
// stream's, shows as wrong results. Copies of pageable host memory are staged as CUDA does it: read when they
// are queued, or written before the call returns. With it the host compiler builds kernels/cuda unchanged, so
// that its kernels, its chunking and its answer to every failing call are tested where there is no GPU.
#ifndef QS_TESTS_EMULATED_CUDA_RUNTIME_H
#define QS_TESTS_EMULATED_CUDA_RUNTIME_H

#include <cstddef>
#include <functional>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)
#define __grid_constant__
#define __forceinline__ inline

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

extern dim3 threadIdx, blockIdx, blockDim, gridDim; // of the fiber that runs

void __syncthreads();
double __shfl_down_sync(unsigned mask, double value, unsigned delta); // all 32 lanes take part

enum cudaError_t { // NVIDIA's numbers
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInvalidDevice = 101,
  cudaErrorNotReady = 600,
  cudaErrorIllegalAddress = 700
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2 };

typedef struct emulated_stream *cudaStream_t;
typedef struct emulated_event *cudaEvent_t;

struct cudaDeviceProp {
  char name[256];
  int major, minor, multiProcessorCount;
};

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
  void *attrs;
  unsigned numAttrs;
};

const char *cudaGetErrorString(cudaError_t error);
const char *cudaGetErrorName(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device);
cudaError_t cudaMemGetInfo(std::size_t *free, std::size_t *total);
cudaError_t cudaMalloc(void **data, std::size_t bytes);
cudaError_t cudaFree(void *data); // waits for all streams, as CUDA's does
cudaError_t cudaMallocHost(void **data, std::size_t bytes);
cudaError_t cudaFreeHost(void *data);
cudaError_t cudaMemcpy(void *to, const void *from, std::size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemcpy2DAsync(void *to, std::size_t to_pitch, const void *from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream);
cudaError_t cudaMemcpy2D(void *to, std::size_t to_pitch, const void *from, std::size_t from_pitch,
                         std::size_t width, std::size_t height, cudaMemcpyKind kind);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);

cudaError_t emulated_launch(const cudaLaunchConfig_t *config, const std::function<void()> &thread);

template <typename... Expected, typename... Actual>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, void (*kernel)(Expected...),
                               Actual &&...arguments) {
  return emulated_launch(config, [=] { kernel(static_cast<Expected>(arguments)...); });
}

// For tests.
namespace emulation {
struct state {
  int fail_at = -1;                              // the fallible call, from 0, that fails; -1: none
  cudaError_t failure = cudaErrorIllegalAddress; // how
  bool sticky = false;                           // every later call fails too
  std::size_t memory = std::size_t{1} << 30;     // that the device says is free
  std::size_t largest = std::size_t{1} << 30;    // allocation that works
  int calls = 0;                                 // fallible calls so far
  int allocations = 0, streams = 0, events = 0;  // that are open
  std::size_t launches = 0;
};
state &the();
} // namespace emulation

#endif
