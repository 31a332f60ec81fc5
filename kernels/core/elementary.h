// exp, log, and sine and cosine of turns, in both precisions (suffix _f float, _d double): straight line, no
// libm, no table, the same bits on every target. Arguments outside the stated range give unspecified finite
// or infinite values, never a trap; NaN gives NaN only where stated.
//
//   qs_exp(x)     float  -87.33 <= x <= 88.72      double  -708.39 <= x <= 709.78     (normal results)
//   qs_exp_any(x) every x: 0 below that range, infinity above, NaN for NaN
//   qs_log(x)     every positive normal x
//   qs_log1p(x)   x > -1 with 1 + x normal
//   qs_sincos_turns(u)   sin and cos of 2 pi u for |u| <= 1
//
// Largest error over every float of the range, in ulp: exp 1.02, log 1.19, log1p 1.67, sine and cosine 1.61
// (relative, also near their zeros). Relative error in double precision: exp 2e-16, log 3e-16, log1p 3e-16,
// sincos 4e-16.
//
// Polynomials are minimax, found by the Remez exchange in 60 digits (tests/reference/coefficients.py).
// Argument reductions follow Cody and Waite (1980) for exp, and Tang (1990) without his table for log.
#ifndef QS_CORE_ELEMENTARY_H
#define QS_CORE_ELEMENTARY_H

#include "kernels/core/compiler.h"

typedef struct qs_sincos_f {
  float sine, cosine;
} qs_sincos_f;

typedef struct qs_sincos_d {
  double sine, cosine;
} qs_sincos_d;

// log(x) = exponent * unit + rest with |rest| <= log(1.5), unit log(2) 2^-23 in single and log(2) in double
// precision.
typedef struct qs_log_parts_f {
  float exponent, rest;
} qs_log_parts_f;

typedef struct qs_log_parts_d {
  double exponent, rest;
} qs_log_parts_d;

#pragma push_macro("QS_REAL_DOUBLE")
// The order of these includes matters.
// clang-format off
#undef QS_REAL_DOUBLE
#define QS_REAL_DOUBLE 0
#include "kernels/core/real.h"
#include "kernels/core/polynomial.inc"
#include "kernels/core/elementary_float.inc"
#include "kernels/core/elementary.inc"
#undef QS_REAL_DOUBLE
#define QS_REAL_DOUBLE 1
#include "kernels/core/real.h"
#include "kernels/core/polynomial.inc"
#include "kernels/core/elementary_double.inc"
#include "kernels/core/elementary.inc"
// clang-format on
#pragma pop_macro("QS_REAL_DOUBLE")

#endif
