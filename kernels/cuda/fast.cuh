// `arithmetic: fast`: a device's own approximations in place of core's functions in single precision, for
// kernels compiled with QS_CUDA_FAST. Included before all else of core; from here on core's names mean
// these, and the kernels' names end in _q.
//
// Largest errors (PTX ISA 9.0): reciprocal 1 ulp; root 2^-23 relatively; log2 2^-22, absolutely within (1/2,
// 2), else relatively; sine and cosine 2^-20.5. They enter the draws and the moments of a step, whose
// estimators average them out; what the martingale's correction is made of (kernels/core/qe.inc) has no log
// and no exponential but polynomials, and stays as it is.
//
// Where there is no device, as in tests, the exact value with an error within those bounds, drawn from the
// argument's bits.
#ifndef QS_CUDA_FAST_CUH
#define QS_CUDA_FAST_CUH
#ifdef QS_CUDA_FAST

#include "kernels/core/elementary.h"

#if defined(__CUDA_ARCH__)

QS_CORE float qs_fast_rcp_f(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
QS_CORE float qs_fast_root_f(float x) {
  float y;
  asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
QS_CORE float qs_fast_log2_f(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
QS_CORE float qs_fast_sine_f(float x) {
  float y;
  asm("sin.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
QS_CORE float qs_fast_cosine_f(float x) {
  float y;
  asm("cos.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

#else

#include <math.h>

// Within +-bound.
static inline double qs_fast_error(float x, uint32_t salt, double bound) {
  uint32_t bits = qs_to_bits_f(x) ^ salt;
  bits = (bits ^ bits >> 16) * 0x7feb352du;
  bits = (bits ^ bits >> 15) * 0x846ca68bu;
  return bound * ((double)(bits ^ bits >> 16) * 0x1p-31 - 1.0);
}
static inline float qs_fast_rcp_f(float x) {
  return (float)((1.0 + qs_fast_error(x, 1, 0x1p-24)) / (double)x); // and half an ulp by rounding
}
static inline float qs_fast_root_f(float x) {
  return (float)((1.0 + qs_fast_error(x, 2, 0x1p-23)) * sqrt((double)x));
}
static inline float qs_fast_log2_f(float x) {
  const double y = log2((double)x), size = y < 0.0 ? -y : y;
  return (float)(y + qs_fast_error(x, 3, 0x1p-22) * (x > 0.5f && x < 2.0f ? 1.0 : size));
}
static inline float qs_fast_sine_f(float x) {
  return (float)(sin((double)x) + qs_fast_error(x, 4, 0x1.6ap-21));
}
static inline float qs_fast_cosine_f(float x) {
  return (float)(cos((double)x) + qs_fast_error(x, 5, 0x1.6ap-21));
}

#endif

QS_CORE float qs_fast_div_f(float a, float b) {
  return a * qs_fast_rcp_f(b);
}
// Of what an approximate log left a little below zero too.
QS_CORE float qs_fast_sqrt_f(float x) {
  return qs_fast_root_f(x > 0.0f ? x : 0.0f);
}
QS_CORE float qs_fast_log_f(float x) {
  return qs_fast_log2_f(x) * 0x1.62e430p-1f;
}
QS_CORE qs_sincos_f qs_fast_sincos_core_f(float turns) {
  const float angle = turns * 0x1.921fb6p+2f;
  qs_sincos_f result;
  result.sine = qs_fast_sine_f(angle);
  result.cosine = qs_fast_cosine_f(angle);
  return result;
}

#define qs_rcp_f         qs_fast_rcp_f
#define qs_div_f         qs_fast_div_f
#define qs_sqrt_f        qs_fast_sqrt_f
#define qs_log_f         qs_fast_log_f
#define qs_sincos_core_f qs_fast_sincos_core_f

#define paths_f                paths_q
#define noise_paths_f          noise_paths_q
#define qs_cuda_launch_paths_f qs_cuda_launch_paths_q
#define qs_cuda_launch_noise_f qs_cuda_launch_noise_q
#define qs_cuda_fields_f       qs_cuda_fields_q

#endif
#endif
