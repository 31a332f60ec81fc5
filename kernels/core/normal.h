// The normal distribution in both precisions (suffix _f float, _d double): straight line, no libm, no branch.
//
//   qs_normal_kernel(x)                exp(-x^2/2), the factor that pdf and cdf share
//   qs_normal_pdf(x)                   density
//   qs_normal_pdf_from_kernel(e)       density from e = qs_normal_kernel(x)
//   qs_normal_cdf(x)                   Phi(x), relatively accurate in the lower tail
//   qs_normal_cdf_from_kernel(x, e)    the same where the kernel is known. Black-Scholes: with e1 =
//   kernel(d1),
//                                      kernel(d2) = e1 * forward / strike, one exp for two cdf and their
//                                      densities
//   qs_normal_cdf_pair(x1, e1, x2, e2) two cdf from their kernels, with one division (first, second)
//   The arguments of kernel and cdf are clamped to |x| <= 13.1 (float; exp(-x^2/2) = 5.5e-38 there) or 37.6
//   (double).
//
//   qs_normal_quantile_argument(q)     a = 4q(1-q), what to take the log of; q in (0, 1/2] is the tail
//   probability qs_normal_quantile_from_log(x, l)  x = 1 - 2q in [0, 1), l = log(a) <= 0: |z|; with x
//   negated, -|z| qs_normal_quantile_quotient(x, l)  the same before its division, where the caller has a
//   division to share it with qs_normal_quantile(q)              |z| with Phi(-|z|) = q, from a log of its
//   own Range of q: 2^-33 <= q <= 1/2 (float), 2^-54 <= q <= 1/2 (double).
//
// Largest error over every float of the range, in ulp: kernel 1.19, pdf 1.72, cdf 0.50 (it goes by double
// precision), quantile 1.99; and of the quick forms cdf_from_kernel 4.88, cdf_pair 6.21 (each within 3 above
// 1/2), quantile_from_log 2.41 (the roundings of x and l count there). Relative error in double precision:
// pdf 3e-16, cdf 8e-16, quantile 3e-15.
//
// The cdf is kernel(x) times Mills' ratio; the quantile is x times a function of l, as in Giles (2010). Both
// functions are minimax quotients of polynomials whose terms all have one sign on the range, so that no digit
// is lost in the sums (Cody 1969 for erfc); coefficients: tests/reference/coefficients.py.
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
