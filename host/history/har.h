/*
 * The heterogeneous autoregression of realised variance (Corsi 2009, equation 9): the mean variance of the
 * next `horizon` periods from the means over the last lag[0] < lag[1] < lag[2] periods, in levels or in logs
 * (of means), by least squares with the errors of Newey and West (1987).
 */
#ifndef QS_HOST_HISTORY_HAR_H
#define QS_HOST_HISTORY_HAR_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_HAR_TERMS = 4 }; /* the constant and three means */

typedef struct qs_har_settings {
  size_t
      lag[QS_HAR_TERMS - 1]; /* periods: 1, 7, 30 of a market that never closes; 1, 5, 22 of one that does */
  size_t horizon;            /* >= 1 */
  bool logs;
  size_t newey_west; /* lags of Bartlett weights in the errors, at least horizon - 1 */
} qs_har_settings;

typedef struct qs_har_fit {
  qs_har_settings settings;
  double coefficient[QS_HAR_TERMS], std_error[QS_HAR_TERMS];
  double residual_variance; /* sum of squares over observations - 4 */
  double r_squared;
  double least, greatest; /* of the means that were fitted: forecasts stay between them */
  size_t observations;
} qs_har_fit;

/* variances[count] > 0. QS_ERROR_INPUT where fewer than 20 observations remain, lags do not ascend from 1 up,
 * or the regressors are collinear; QS_ERROR_MEMORY. */
qs_status qs_har_fit_series(qs_context *context, const double *variances, size_t count,
                            const qs_har_settings *settings, qs_har_fit *fit);

/* The mean variance over the next `horizon` periods after variances[count], count >= lag[2]. In logs the mean
 * of the lognormal. What leaves the range of the means that were fitted is put at its end: a line fitted to
 * few periods tells nonsense beyond them (Swanson, White 1997). */
double qs_har_forecast(const qs_har_fit *fit, const double *variances, size_t count);

#ifdef __cplusplus
}
#endif
#endif
