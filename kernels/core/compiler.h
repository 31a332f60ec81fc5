// Everything that depends on the compiler or the device: the only file of core with such conditionals.
//
// Arithmetic is IEEE 754 round to nearest. add, subtract and multiply are the operators (all translation
// units are built without contraction); fused multiply-add, division, reciprocal and square root are the
// functions below, correctly rounded on every target within their stated ranges, so that one source gives the
// same bits everywhere. Suffixes: _f is float, _d is double. Compiles as C17, C++17 and CUDA C++.
#ifndef QS_CORE_COMPILER_H
#define QS_CORE_COMPILER_H

#include <stdint.h>

#if defined(__CUDACC__)
#define QS_CORE     static __host__ __device__ __forceinline__
#define QS_RESTRICT __restrict__
#elif defined(__GNUC__)
#define QS_CORE     static inline __attribute__((always_inline, unused))
#define QS_RESTRICT __restrict__
#else
#define QS_CORE static inline
#define QS_RESTRICT
#endif

// Marks a loop over lanes that the host compiler is to vectorise; nothing on a device, where a lane is a
// thread.
#if defined(__CUDA_ARCH__)
#define QS_SIMD
#else
#define QS_SIMD _Pragma("omp simd")
#endif

// The device's division and square root: 1 takes the hardware seed, Newton steps with fma and no guard branch
// (the compiler's own fast path); 0 takes the __f*_rn intrinsics, which branch to a slow path outside the
// guard. Valid for 2^-126 <= |x| < 2^126 (reciprocal, divisor), quotients in the normal range, x >= 2^-101
// (root).
#ifndef QS_DEVICE_NEWTON
#define QS_DEVICE_NEWTON 1
#endif

// ---- bits ----

QS_CORE uint32_t qs_to_bits_f(float x) {
#if defined(__CUDA_ARCH__)
  return __float_as_uint(x);
#else
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
#endif
}

QS_CORE float qs_from_bits_f(uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(bits);
#else
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
#endif
}

QS_CORE uint64_t qs_to_bits_d(double x) {
#if defined(__CUDA_ARCH__)
  return (uint64_t)__double_as_longlong(x);
#else
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
#endif
}

QS_CORE double qs_from_bits_d(uint64_t bits) {
#if defined(__CUDA_ARCH__)
  return __longlong_as_double((long long)bits);
#else
  double x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
#endif
}

// High half of the 64-bit product of two words.
QS_CORE uint32_t qs_mul_high(uint32_t a, uint32_t b) {
#if defined(__CUDA_ARCH__)
  return __umulhi(a, b);
#else
  return (uint32_t)(((uint64_t)a * b) >> 32);
#endif
}

// ---- single precision ----

// a * b + c with one rounding.
QS_CORE float qs_fma_f(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}

// 1 / x, correctly rounded.
QS_CORE float qs_rcp_f(float x) {
#if defined(__CUDA_ARCH__) && QS_DEVICE_NEWTON
  float seed;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(seed) : "f"(x));
  return __fmaf_rn(seed, __fmaf_rn(-x, seed, 1.0f), seed);
#elif defined(__CUDA_ARCH__)
  return __frcp_rn(x);
#else
  return 1.0f / x;
#endif
}

// a / b, correctly rounded.
QS_CORE float qs_div_f(float a, float b) {
#if defined(__CUDA_ARCH__) && QS_DEVICE_NEWTON
  float seed;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(seed) : "f"(b));
  const float r = __fmaf_rn(seed, __fmaf_rn(-b, seed, 1.0f), seed);
  const float q = __fmul_rn(a, r);
  const float q1 = __fmaf_rn(r, __fmaf_rn(-b, q, a), q);
  return __fmaf_rn(r, __fmaf_rn(-b, q1, a), q1);
#elif defined(__CUDA_ARCH__)
  return __fdiv_rn(a, b);
#else
  return a / b;
#endif
}

// Square root, correctly rounded; x >= 0.
QS_CORE float qs_sqrt_f(float x) {
#if defined(__CUDA_ARCH__) && QS_DEVICE_NEWTON
  // The lower clamp of the seed's argument keeps the root of zero at zero instead of 0 * infinity.
  float seed;
  const float guarded = x < 0x1p-101f ? 0x1p-101f : x;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(seed) : "f"(guarded));
  const float root = __fmul_rn(x, seed);
  const float half = __fmul_rn(seed, 0.5f);
  return __fmaf_rn(__fmaf_rn(-root, root, x), half, root);
#elif defined(__CUDA_ARCH__)
  return __fsqrt_rn(x);
#else
  return __builtin_sqrtf(x);
#endif
}

// ---- double precision ----

QS_CORE double qs_fma_d(double a, double b, double c) {
#if defined(__CUDA_ARCH__)
  return __fma_rn(a, b, c);
#else
  return __builtin_fma(a, b, c);
#endif
}

QS_CORE double qs_rcp_d(double x) {
#if defined(__CUDA_ARCH__)
  return __drcp_rn(x);
#else
  return 1.0 / x;
#endif
}

QS_CORE double qs_div_d(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __ddiv_rn(a, b);
#else
  return a / b;
#endif
}

QS_CORE double qs_sqrt_d(double x) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(x);
#else
  return __builtin_sqrt(x);
#endif
}

#endif
