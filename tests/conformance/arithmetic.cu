// Core's scalar functions on the GPU; see arithmetic.h.
#include "tests/conformance/arithmetic.h"

#include <stdio.h>

template <int function> __global__ void apply(uint32_t first, uint32_t count, uint32_t *results) {
  const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) {
    const uint32_t bits = first + i;
    results[i] = arithmetic_covers(function, bits) ? arithmetic_apply(function, bits) : 0u;
  }
}

typedef void (*kernel)(uint32_t, uint32_t, uint32_t *);

static const kernel kernels[ARITHMETIC_COUNT] = {
    apply<ARITHMETIC_RECIPROCAL>,   apply<ARITHMETIC_ROOT>, apply<ARITHMETIC_QUOTIENT>,
    apply<ARITHMETIC_EXP>,          apply<ARITHMETIC_LOG>,  apply<ARITHMETIC_SINE>,
    apply<ARITHMETIC_COSINE>,       apply<ARITHMETIC_CDF>,  apply<ARITHMETIC_NORMAL>,
    apply<ARITHMETIC_NORMAL_DOUBLE>};

int arithmetic_on_device(int function, uint32_t first, uint32_t count, uint32_t *results, char *message) {
  int devices = 0;
  cudaError_t error = cudaGetDeviceCount(&devices);
  if (error != cudaSuccess || !devices) {
    snprintf(message, ARITHMETIC_TEXT, "no GPU: %s", cudaGetErrorString(error));
    return -1;
  }
  uint32_t *on_device = nullptr;
  error = cudaMalloc(&on_device, (size_t)count * sizeof *on_device);
  if (error == cudaSuccess) {
    kernels[function]<<<(count + 255) / 256, 256>>>(first, count, on_device);
    error = cudaGetLastError();
  }
  if (error == cudaSuccess) {
    error = cudaMemcpy(results, on_device, (size_t)count * sizeof *results, cudaMemcpyDeviceToHost);
  }
  cudaFree(on_device);
  snprintf(message, ARITHMETIC_TEXT, "%s", cudaGetErrorString(error));
  return error == cudaSuccess ? 0 : 1;
}
