// The leverage function of local-stochastic volatility, dS/S = L(t, S) sqrt(v) dW (Guyon, Henry-Labordere
// 2012), and a step under it, in both precisions (suffix _f float, _d double).
//
// At a time L is a cubic B-spline in x = ln S / F over equally spaced nodes whose coefficients are the values
// that were fitted there (Schoenberg's approximation): smooth to its second derivative, which gamma needs,
// and without the overshoots of interpolation. The fit steps its particles by the same function.
#ifndef QS_CORE_LEVERAGE_H
#define QS_CORE_LEVERAGE_H

#include "kernels/core/elementary.h"

#pragma push_macro("QS_REAL_DOUBLE")
// The order of these includes matters.
// clang-format off
#undef QS_REAL_DOUBLE
#define QS_REAL_DOUBLE 0
#include "kernels/core/real.h"
#include "kernels/core/leverage.inc"
#undef QS_REAL_DOUBLE
#define QS_REAL_DOUBLE 1
#include "kernels/core/real.h"
#include "kernels/core/leverage.inc"
// clang-format on
#pragma pop_macro("QS_REAL_DOUBLE")

// What a step under a leverage function needs, in both precisions.
enum {
  QS_LOCAL_LOW,     // ln S / F of the table's first node, per unit of the unit's own forward
  QS_LOCAL_INVERSE, // 1 / distance of nodes
  QS_LOCAL_ROOT,    // sqrt(dt)
  QS_LOCAL_PULL,    // kappa dt
  QS_LOCAL_YEARS,   // dt
  QS_LOCAL_RATIO,   // weight of the step's likelihood ratio: dt or 0
  QS_LOCAL_NUMBERS
};

// How long likelihood ratios are taken over: while v is far from zero, its deviation a quarter of v0 at most.
static inline double qs_local_ratio_years(double v0, double xi) {
  return v0 / (16.0 * (xi * xi > 1e-12 ? xi * xi : 1e-12));
}

#endif
