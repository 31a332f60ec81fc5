/*
 * Where a Fourier sum may be cut and how fine it must be: bounds of both tails from moments.
 *
 * With M(p) = E[(S_T/F)^p] and any a, b > 0,
 *
 *   call(k) <= M(1 + a) e^{-ak} a^a/(1+a)^(1+a),    put(k) <= M(-b) e^{(1+b)k} b^b/(1+b)^(1+b),
 *
 * because (e^x - e^k)^+ e^{-(1+a)x} has its maximum at x = k + ln(1 + 1/a) (and likewise for the put).
 */
#ifndef QS_HOST_MARKET_FOURIER_PLAN_H
#define QS_HOST_MARKET_FOURIER_PLAN_H

#include "host/market/characteristic.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_fourier_plan {
  double low, high; /* strikes outside have less time value than the cut; low > high: all of them */
  double step;      /* of the nodes, so that aliasing stays under `aliasing` for strikes in [low, high] */
  double control_variance; /* w0 */
} qs_fourier_plan;

/* For strikes in [first, last]: `cut` bounds the time value left out, `aliasing` the error by the step's
 * size. The plan holds for both models (they may be the same), which share the nodes and the control variate.
 */
qs_fourier_plan qs_fourier_make_plan(const qs_characteristic *one, const qs_characteristic *other,
                                     double first, double last, double cut, double aliasing);

#ifdef __cplusplus
}
#endif
#endif
