/*
 * h_{t+1} = omega + alpha x_t + beta h_t, with h_t the expectation of y_t: GARCH(1,1) (Bollerslev 1986) where
 * x and y are squared returns, the multiplicative error model of realised variance (Engle 2002) where both
 * are that, the first equation of HEAVY (Shephard, Sheppard 2010) where x is realised variance and y squared
 * returns. Gaussian quasi likelihood, whose maximum needs no law of the errors (Bollerslev, Wooldridge 1992).
 */
#ifndef QS_HOST_HISTORY_GARCH_H
#define QS_HOST_HISTORY_GARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_garch {
  double omega, alpha, beta; /* omega > 0, alpha, beta >= 0, alpha + beta < 1 */
} qs_garch;

typedef struct qs_garch_fit {
  qs_garch model, std_error; /* errors are NaN where not converged */
  double next;               /* h of the period after the last */
  double log_likelihood;
  bool converged; /* at an inner maximum */
} qs_garch_fit;

/* What stands for x and h before the first period: the mean of the first 75 of y with weights .94^i. */
double qs_garch_before(const double *target, size_t count);

/* h of the period after shock[count]; each[count] (may be null) receives h of every period. */
double qs_garch_filter(const qs_garch *model, const double *shock, size_t count, double before, double *each);

/* shock[count] and target[count] >= 0, not all zero; count >= 50 or QS_ERROR_INPUT; QS_ERROR_MEMORY. */
qs_status qs_garch_fit_series(qs_context *context, const double *shock, const double *target, size_t count,
                              qs_garch_fit *fit);

/* Mean of the expected h over `horizon` periods, the first of which is `next`; right where x has mean h. */
double qs_garch_forecast(const qs_garch *model, double next, size_t horizon);

#ifdef __cplusplus
}
#endif
#endif
