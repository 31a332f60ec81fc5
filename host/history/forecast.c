#include "host/history/forecast.h"

#include <math.h>

#include "host/base/numbers.h"
#include "host/history/garch.h"
#include "host/history/regime.h"

enum { LEAST = 60 };

const char *qs_forecast_name(qs_forecast_method method) {
  static const char *const names[QS_FORECAST_METHODS] = {"last",  "mean",    "har",   "har_log",
                                                         "garch", "returns", "regime"};
  return names[method];
}

/* The fits that a forecast may need. */
typedef struct fits {
  qs_har_fit har;
  qs_garch_fit garch;
  qs_regime_fit regime;
} fits;

static qs_status refit(qs_context *context, const qs_forecast_run *run, qs_forecast_method method, size_t t,
                       const double *squares, fits *f, size_t *unconverged) {
  qs_har_settings settings = {
      {run->lag[0], run->lag[1], run->lag[2]}, run->horizon, method == QS_FORECAST_HAR_LOG, 0};
  qs_status status = QS_OK;
  switch (method) {
  case QS_FORECAST_HAR:
  case QS_FORECAST_HAR_LOG:
    return qs_har_fit_series(context, run->variances, t, &settings, &f->har);
  case QS_FORECAST_GARCH:
    status = qs_garch_fit_series(context, run->variances, run->variances, t, &f->garch);
    *unconverged += status || f->garch.converged ? 0 : 1;
    return status;
  case QS_FORECAST_RETURNS:
    status = qs_garch_fit_series(context, squares, squares, t, &f->garch);
    *unconverged += status || f->garch.converged ? 0 : 1;
    return status;
  case QS_FORECAST_REGIME:
    status = qs_regime_fit_series(context, run->returns, t, &f->regime);
    *unconverged += status || f->regime.converged ? 0 : 1;
    return status;
  default:
    return QS_OK;
  }
}

static double garch_at(const fits *f, const double *shock, size_t t, size_t horizon) {
  double next = qs_garch_filter(&f->garch.model, shock, t, qs_garch_before(shock, t), NULL);
  return qs_garch_forecast(&f->garch.model, next, horizon);
}

static double forecast_at(const qs_forecast_run *run, qs_forecast_method method, size_t t,
                          const double *squares, const fits *f) {
  switch (method) {
  case QS_FORECAST_LAST:
    return qs_mean(run->variances + t - run->horizon, run->horizon);
  case QS_FORECAST_MEAN:
    return qs_mean(run->variances, t);
  case QS_FORECAST_HAR:
  case QS_FORECAST_HAR_LOG:
    return qs_har_forecast(&f->har, run->variances, t);
  case QS_FORECAST_GARCH:
    return garch_at(f, run->variances, t, run->horizon);
  case QS_FORECAST_RETURNS:
    return garch_at(f, squares, t, run->horizon);
  default:
    return qs_regime_forecast(&f->regime.model, qs_regime_filter(&f->regime.model, run->returns, t, NULL),
                              run->horizon);
  }
}

qs_status qs_forecast_series(qs_context *context, const qs_forecast_run *run, qs_forecast_method method,
                             double *forecasts, size_t *unconverged) {
  if (run->first < LEAST || run->first < run->horizon || run->refit < 1 || run->horizon < 1) {
    return qs_fail(context, QS_ERROR_INPUT, "forecasts from period %zu over %zu: from %d and the horizon on",
                   run->first, run->horizon, LEAST);
  }
  qs_arena *scratch = qs_arena_create(context);
  double *squares = scratch ? QS_NEW(scratch, run->count, double) : NULL;
  if (!squares) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "forecasting variances");
  }
  fits f;
  qs_status status = QS_OK;
  *unconverged = 0;
  for (size_t t = 0; t < run->count && !status; t++) {
    squares[t] = run->returns[t] * run->returns[t];
    forecasts[t] = NAN;
  }
  for (size_t t = run->first; t < run->count && !status; t++) {
    if ((t - run->first) % run->refit == 0) {
      status = refit(context, run, method, t, squares, &f, unconverged);
    }
    if (!status) {
      forecasts[t] = forecast_at(run, method, t, squares, &f);
    }
  }
  qs_arena_destroy(scratch);
  return status;
}

double qs_forecast_qlike(double forecast, double realised) {
  double ratio = realised / forecast;
  return ratio - log(ratio) - 1;
}

size_t qs_forecast_losses(const qs_forecast_run *run, const double *forecasts, double *losses) {
  size_t n = 0;
  for (size_t t = run->first; t + run->horizon <= run->count; t++) {
    losses[n++] = qs_forecast_qlike(forecasts[t], qs_mean(run->variances + t, run->horizon));
  }
  return n;
}

qs_comparison qs_forecast_compare(const double *a, const double *b, size_t count, size_t lags) {
  double n = (double)count, mean = 0, variance = 0;
  for (size_t i = 0; i < count; i++) {
    mean += (a[i] - b[i]) / n;
  }
  for (size_t lag = 0; lag <= lags; lag++) {
    double sum = 0, weight = 1 - (double)lag / (double)(lags + 1);
    for (size_t i = lag; i < count; i++) {
      sum += (a[i] - b[i] - mean) * (a[i - lag] - b[i - lag] - mean);
    }
    variance += (lag ? 2 : 1) * weight * sum / n;
  }
  qs_comparison c = {.difference = mean, .std_error = sqrt(variance / n)};
  c.statistic = c.std_error > 0 ? mean / c.std_error : 0;
  c.p_value = erfc(fabs(c.statistic) * QS_ROOT_HALF);
  return c;
}
