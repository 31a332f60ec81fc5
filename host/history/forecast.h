/*
 * Forecasts of variance out of sample and how they compare: loss, and the test of Diebold and Mariano (1995).
 * A forecast at period t uses periods before t alone.
 */
#ifndef QS_HOST_HISTORY_FORECAST_H
#define QS_HOST_HISTORY_FORECAST_H

#include "host/base/arena.h"
#include "host/history/har.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_forecast_method {
  QS_FORECAST_LAST,    /* the mean of the last `horizon` periods stays */
  QS_FORECAST_MEAN,    /* the mean of all periods so far */
  QS_FORECAST_HAR,     /* har.h in levels */
  QS_FORECAST_HAR_LOG, /* in logs */
  QS_FORECAST_GARCH,   /* garch.h with x = y = realised variance */
  QS_FORECAST_RETURNS, /* garch.h with x = y = squared returns */
  QS_FORECAST_REGIME,  /* regime.h on returns */
  QS_FORECAST_METHODS
} qs_forecast_method;

const char *qs_forecast_name(qs_forecast_method method);

typedef struct qs_forecast_run {
  const double *returns, *variances; /* [count], by period; returns of a drift that is small beside them */
  size_t count;
  size_t first;   /* the first period that is told, at least 60 and the lags' needs */
  size_t refit;   /* fits are made again every so many periods, on all periods so far; >= 1 */
  size_t horizon; /* periods that are told together */
  size_t lag[QS_HAR_TERMS - 1];
} qs_forecast_run;

/* forecasts[count]: at t >= first the mean variance of t .. t + horizon - 1 from what was known before; NaN
 * before. QS_ERROR_INPUT, QS_ERROR_MEMORY as the fits; a fit that did not converge is used as it is, and
 * *unconverged counts them. */
qs_status qs_forecast_series(qs_context *context, const qs_forecast_run *run, qs_forecast_method method,
                             double *forecasts, size_t *unconverged);

/* realised / forecast - ln(realised / forecast) - 1: robust to noise in `realised` (Patton 2011, equation 24
 * with b = -2). Both above 0. */
double qs_forecast_qlike(double forecast, double realised);

/* losses[count] at periods first .. count - horizon: QLIKE of forecasts against the mean of the variances
 * that came. Returns their number. */
size_t qs_forecast_losses(const qs_forecast_run *run, const double *forecasts, double *losses);

typedef struct qs_comparison {
  double difference, std_error; /* mean loss of a less that of b; error by Bartlett weights over `lags` */
  double statistic, p_value;    /* two-sided, normal */
} qs_comparison;

/* count >= 2, lags < count. Where the losses never differ the statistic is 0. */
qs_comparison qs_forecast_compare(const double *a, const double *b, size_t count, size_t lags);

#ifdef __cplusplus
}
#endif
#endif
