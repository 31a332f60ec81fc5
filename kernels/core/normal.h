// The normal distribution in both precisions (suffix _f float, _d double): straight line, no libm, no branch.
//
//   qs_normal_kernel(x)          e = exp(-x^2/2), the factor that pdf and cdf share
//   qs_normal_pdf(x)             density
//   qs_normal_pdf_from_kernel(e) density
//   qs_normal_cdf(x)             Phi(x), relatively accurate in the lower tail
//   qs_normal_cdf_from_kernel(x, e)    the same, quicker, where the kernel is known
//   qs_normal_cdf_pair(x1, e1, x2, e2) two of them with one division (first, second). For Black-Scholes
//                                kernel(d2) = kernel(d1) forward / strike: one exp for two cdf and densities
//
// Arguments of these are clamped to |x| <= 12.9 (float) or 37.5 (double), where Phi is 2.3e-38 and 4.6e-308:
// every result is a normal number, since subnormal ones cost a hundred cycles. NaN gives NaN.
//
//   qs_normal_quantile(q)           |z| with Phi(-|z|) = q; q in (0, 1/2] is the tail probability
//   qs_normal_quantile_argument(q)  a = 4q(1-q), where the caller takes the log himself, and then
//   qs_normal_quantile_from_log(x, l)  z = +-|z| from l = log(a) <= 0 and x = +-(1 - 2q)
//
// Range of q: 2^-33 <= q <= 1/2 (float), 2^-54 <= q <= 1/2 (double).
//
// Largest error over every float of the range, in ulp: kernel 1.19, pdf 1.72, cdf 0.50 (it goes by double
// precision), quantile 1.99; and of the quick forms cdf_from_kernel 4.88, cdf_pair 6.21 (each within 3 above
// 1/2), quantile_from_log 2.41 (the roundings of x and l count there). Relative error in double precision:
// pdf 3e-16, cdf 8e-16, quantile 3e-15.
//
// The cdf is kernel(x) times Mills' ratio, as a quotient of polynomials with positive coefficients, so that
// no digit is lost in the sums (Cody 1969 for erfc). The quantile is x times a function of the log, as in
// Giles (2010), here its tangent at the middle and a minimax quotient for the rest. How the coefficients were
// found: tests/reference/coefficients.py.
#ifndef QS_CORE_NORMAL_H
#define QS_CORE_NORMAL_H

#include "kernels/core/elementary.h"

typedef struct qs_quotient_f {
  float numerator, denominator;
} qs_quotient_f;

typedef struct qs_quotient_d {
  double numerator, denominator;
} qs_quotient_d;

typedef struct qs_pair_f {
  float first, second;
} qs_pair_f;

typedef struct qs_pair_d {
  double first, second;
} qs_pair_d;

#pragma push_macro("QS_REAL_DOUBLE")
// The order of these includes matters.
// clang-format off
#undef QS_REAL_DOUBLE
#define QS_REAL_DOUBLE 0
#include "kernels/core/real.h"
#include "kernels/core/normal_float.inc"
#include "kernels/core/normal.inc"
#undef QS_REAL_DOUBLE
#define QS_REAL_DOUBLE 1
#include "kernels/core/real.h"
#include "kernels/core/normal_double.inc"
#include "kernels/core/normal.inc"
// clang-format on
#pragma pop_macro("QS_REAL_DOUBLE")

QS_CORE double qs_normal_cdf_d(double x) {
  return qs_normal_cdf_from_kernel_d(x, qs_normal_kernel_d(x));
}

// Single precision cannot hold two ulp through kernel and quotient without twice the work, so it goes by
// double.
QS_CORE float qs_normal_cdf_f(float x) {
  return (float)qs_normal_cdf_d((double)qs_max_f(-qs_normal_limit_f(), x));
}

#endif
