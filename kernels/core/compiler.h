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

// The same of a loop that leaves in `name` the largest of itself and what each lane has.
#if defined(__CUDA_ARCH__)
#define QS_SIMD_LARGEST(name)
#else
#define QS_SIMD_LARGEST(name) QS_PRAGMA(omp simd reduction(max : name))
#define QS_PRAGMA(words)      _Pragma(#words)
#endif

// Marks a short loop of constant length that is to be written out.
#if defined(__CUDACC__)
#define QS_UNROLL _Pragma("unroll")
#elif defined(__clang__)
#define QS_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define QS_UNROLL _Pragma("GCC unroll 16")
#else
#define QS_UNROLL
#endif

// Marks a loop that seldom runs more than once: a device would unroll it for nothing.
#if defined(__CUDACC__)
#define QS_ROLLED _Pragma("unroll 1")
#else
#define QS_ROLLED
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

// ---- wide words ----
//
// Some lanes of 64 bits, of which only the low halves matter: the form in which a processor multiplies 32-bit
// words into 64-bit products without shuffling. One lane where there are no vectors, and on a device.

#if defined(__AVX512F__) && !defined(__CUDACC__)
#define QS_WIDE_LANES 8
#elif defined(__AVX2__) && !defined(__CUDACC__)
#define QS_WIDE_LANES 4
#else
#define QS_WIDE_LANES 1
#endif

#if QS_WIDE_LANES > 1
typedef uint64_t qs_wide __attribute__((vector_size(8 * QS_WIDE_LANES)));
typedef qs_wide qs_wide_product;
typedef uint32_t qs_narrow __attribute__((vector_size(4 * QS_WIDE_LANES)));
#else
typedef uint32_t qs_wide;
typedef uint64_t qs_wide_product;
#endif

// The word in every lane.
QS_CORE qs_wide qs_wide_all(uint32_t word) {
#if QS_WIDE_LANES > 1
  const qs_wide zero = {0};
  return zero + word;
#else
  return word;
#endif
}

// first, first + 1, ... in the lanes.
QS_CORE qs_wide qs_wide_count(uint32_t first) {
#if QS_WIDE_LANES == 8
  const qs_wide count = {0, 1, 2, 3, 4, 5, 6, 7};
  return count + first;
#elif QS_WIDE_LANES == 4
  const qs_wide count = {0, 1, 2, 3};
  return count + first;
#else
  return first;
#endif
}

// Products of the low halves of the lanes with a word. gcc would multiply all 64 bits, so it is told the
// instruction; clang sees from the mask that 32 will do.
QS_CORE qs_wide_product qs_wide_multiply(qs_wide x, uint32_t word) {
#if QS_WIDE_LANES == 8 && !defined(__clang__)
  typedef int words __attribute__((vector_size(64)));
  typedef long long products __attribute__((vector_size(64)));
  const products none = {0};
  return (qs_wide)__builtin_ia32_pmuludq512_mask((words)x, (words)qs_wide_all(word), none,
                                                 (unsigned char)0xff);
#elif QS_WIDE_LANES == 4 && !defined(__clang__)
  typedef int words __attribute__((vector_size(32)));
  return (qs_wide)__builtin_ia32_pmuludq256((words)x, (words)qs_wide_all(word));
#elif QS_WIDE_LANES > 1
  return (x & 0xffffffffu) * qs_wide_all(word);
#else
  return (uint64_t)x * word;
#endif
}

// The high halves of products.
QS_CORE qs_wide qs_wide_high(qs_wide_product x) {
  return (qs_wide)(x >> 32);
}

// Low halves of the lanes, to QS_WIDE_LANES words.
QS_CORE void qs_wide_store(uint32_t *words, qs_wide x) {
#if QS_WIDE_LANES > 1
  const qs_narrow low = __builtin_convertvector(x, qs_narrow);
  __builtin_memcpy(words, &low, sizeof low);
#else
  *words = x;
#endif
}

// Low halves of the lanes of two, to 2 * QS_WIDE_LANES words: one shuffle of two vectors.
QS_CORE void qs_wide_store_two(uint32_t *words, qs_wide x, qs_wide y) {
#if QS_WIDE_LANES > 1
  typedef uint32_t halves __attribute__((vector_size(8 * QS_WIDE_LANES)));
#if QS_WIDE_LANES == 8
  const halves low = __builtin_shufflevector((halves)x, (halves)y, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22,
                                             24, 26, 28, 30);
#else
  const halves low = __builtin_shufflevector((halves)x, (halves)y, 0, 2, 4, 6, 8, 10, 12, 14);
#endif
  __builtin_memcpy(words, &low, sizeof low);
#else
  words[0] = x;
  words[1] = y;
#endif
}

// Whether any of 16 words is below the threshold.
enum { QS_FEW_WORDS = 16 };
QS_CORE int qs_any_below(const uint32_t *words, uint32_t threshold) {
#if QS_WIDE_LANES == 8
  typedef int row __attribute__((vector_size(64)));
  row x;
  __builtin_memcpy(&x, words, sizeof x);
  const row zero = {0};
  return __builtin_ia32_ucmpd512_mask(x, zero + (int)threshold, 1, (unsigned short)0xffff) != 0;
#elif QS_WIDE_LANES == 4
  typedef uint32_t row __attribute__((vector_size(32)));
  typedef float marks __attribute__((vector_size(32)));
  row x[2];
  __builtin_memcpy(x, words, sizeof x);
  return __builtin_ia32_movmskps256((marks)((x[0] < threshold) | (x[1] < threshold))) != 0;
#else
  int any = 0;
  for (int i = 0; i < QS_FEW_WORDS; i++) {
    any |= words[i] < threshold;
  }
  return any;
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

// a / b for all that floats hold: no Newton steps, which infinities and subnormal numbers upset.
QS_CORE float qs_div_any_f(float a, float b) {
#if defined(__CUDA_ARCH__)
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

// The root of all x >= 0.
QS_CORE float qs_sqrt_any_f(float x) {
#if defined(__CUDA_ARCH__)
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

QS_CORE double qs_div_any_d(double a, double b) {
  return qs_div_d(a, b);
}

QS_CORE double qs_sqrt_any_d(double x) {
  return qs_sqrt_d(x);
}

#endif
