#include "host/history/har.h"

#include <math.h>
#include <string.h>

#include "host/base/numbers.h"
#include "host/history/small.h"

enum { TERMS = QS_HAR_TERMS, LEAST = 20 };

static void row_at(const qs_har_settings *s, const double *v, size_t end, double *row) {
  row[0] = 1;
  for (size_t k = 0; k + 1 < TERMS; k++) {
    double mean = qs_mean(v + end - s->lag[k], s->lag[k]);
    row[k + 1] = s->logs ? log(mean) : mean;
  }
}

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (size_t k = 0; k < TERMS; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

/* Sums of scores' products at lags up to newey_west, with Bartlett's weights; rows[n][TERMS] times residuals.
 */
static void long_run(const double *rows, const double *residuals, size_t n, size_t lags, double *out) {
  memset(out, 0, TERMS * TERMS * sizeof *out);
  for (size_t lag = 0; lag <= lags && lag < n; lag++) {
    double weight = 1 - (double)lag / (double)(lags + 1);
    for (size_t t = lag; t < n; t++) {
      double both = weight * residuals[t] * residuals[t - lag];
      const double *x = rows + t * TERMS, *y = rows + (t - lag) * TERMS;
      for (size_t a = 0; a < TERMS; a++) {
        for (size_t b = 0; b < TERMS; b++) {
          out[a * TERMS + b] += both * (lag == 0 ? x[a] * y[b] : x[a] * y[b] + y[a] * x[b]);
        }
      }
    }
  }
}

static qs_status check(qs_context *context, const double *v, size_t count, const qs_har_settings *s) {
  if (s->lag[0] < 1 || s->lag[1] <= s->lag[0] || s->lag[2] <= s->lag[1] || s->horizon < 1) {
    return qs_fail(context, QS_ERROR_INPUT, "lags %zu, %zu, %zu and horizon %zu: lags ascend from at least 1",
                   s->lag[0], s->lag[1], s->lag[2], s->horizon);
  }
  if (count < s->lag[2] + s->horizon + LEAST - 1) {
    return qs_fail(context, QS_ERROR_INPUT, "%zu variances: at least %zu for the lags and the horizon", count,
                   s->lag[2] + s->horizon + LEAST - 1);
  }
  for (size_t i = 0; i < count; i++) {
    if (!(v[i] > 0 && isfinite(v[i]))) {
      return qs_fail(context, QS_ERROR_INPUT, "variance %zu is %g: above 0", i, v[i]);
    }
  }
  return QS_OK;
}

/* Coefficients, residuals (in y) and errors; false where the regressors are collinear. */
static bool regress(const double *rows, double *y, size_t n, qs_har_fit *fit) {
  double a[TERMS * TERMS] = {0}, *b = fit->coefficient, mean = qs_mean(y, n), total = 0, left = 0;
  memset(b, 0, TERMS * sizeof *b);
  for (size_t t = 0; t < n; t++) {
    const double *x = rows + t * TERMS;
    for (size_t i = 0; i < TERMS; i++) {
      for (size_t j = 0; j < TERMS; j++) {
        a[i * TERMS + j] += x[i] * x[j];
      }
      b[i] += x[i] * y[t];
    }
  }
  if (!qs_small_factor(a, TERMS)) {
    return false;
  }
  qs_small_solve(a, TERMS, b);
  for (size_t t = 0; t < n; t++) {
    total += (y[t] - mean) * (y[t] - mean);
    y[t] -= dot(b, rows + t * TERMS);
    left += y[t] * y[t];
  }
  double middle[TERMS * TERMS];
  long_run(rows, y, n, fit->settings.newey_west, middle);
  qs_small_sandwich(a, TERMS, middle);
  for (size_t k = 0; k < TERMS; k++) {
    fit->std_error[k] = sqrt(middle[k * TERMS + k]);
  }
  fit->residual_variance = left / (double)(n - TERMS);
  fit->r_squared = 1 - left / total;
  return true;
}

qs_status qs_har_fit_series(qs_context *context, const double *v, size_t count, const qs_har_settings *s,
                            qs_har_fit *fit) {
  qs_status status = check(context, v, count, s);
  if (status) {
    return status;
  }
  size_t first = s->lag[2], n = count - s->horizon - first + 1;
  qs_arena *scratch = qs_arena_create(context);
  double *rows = scratch ? QS_NEW(scratch, n * TERMS, double) : NULL;
  double *y = scratch ? QS_NEW(scratch, n, double) : NULL;
  if (!rows || !y) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "regressing realised variances");
  }
  qs_har_fit made = {.settings = *s, .observations = n, .least = INFINITY, .greatest = 0};
  if (made.settings.newey_west + 1 < s->horizon) {
    made.settings.newey_west = s->horizon - 1;
  }
  for (size_t t = 0; t < n; t++) {
    row_at(s, v, first + t, rows + t * TERMS);
    y[t] = qs_mean(v + first + t, s->horizon);
    made.least = fmin(made.least, y[t]);
    made.greatest = fmax(made.greatest, y[t]);
    y[t] = s->logs ? log(y[t]) : y[t];
  }
  if (!regress(rows, y, n, &made)) {
    status = qs_fail(context, QS_ERROR_INPUT, "the variances do not vary enough for a regression");
  }
  qs_arena_destroy(scratch);
  if (!status) {
    *fit = made;
  }
  return status;
}

double qs_har_forecast(const qs_har_fit *fit, const double *v, size_t count) {
  double row[TERMS];
  row_at(&fit->settings, v, count, row);
  double told = dot(fit->coefficient, row);
  told = fit->settings.logs ? exp(told + 0.5 * fit->residual_variance) : told;
  return fmin(fmax(told, fit->least), fit->greatest);
}
