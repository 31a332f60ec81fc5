#include "host/market/fourier_terms.h"

#include <float.h>
#include <math.h>

enum { BLOCK = QS_FOURIER_BLOCK };

void qs_fourier_track(const qs_fourier_sizes *sizes, qs_fourier_progress *progress) {
  enum { WINDOW = BLOCK / 4 };
  double before = 0, last = 0, size = 0;
  for (int i = 0; i < BLOCK; i++) {
    progress->absolute += sizes->term[i];
  }
  for (int i = BLOCK - WINDOW; i < BLOCK; i++) {
    before = fmax(before, sizes->weight[i - WINDOW]);
    last = fmax(last, sizes->weight[i]);
    size = fmax(size, sizes->phi[i]);
  }
  progress->last_size = size;
  progress->rest = INFINITY;
  if (last < (1 - 1e-6) * before || last == 0) {
    progress->rest = last > 0 ? 2 * WINDOW * last * last / (before - last) : 0;
  }
}

/* True once what is left of the sum no longer matters to any wanted output. */
bool qs_fourier_converged(const qs_fourier_progress *progress, const qs_fourier_settings *settings,
                          double scale, bool derivatives) {
  return progress->rest * scale <= 0.25 * settings->tolerance &&
         (!derivatives || progress->last_size <= 0.1 * settings->derivative_tolerance);
}

void qs_fourier_nodes(const qs_fourier_plan *plan, size_t first, double *x) {
  for (size_t i = 0; i < BLOCK; i++) {
    x[i] = ((double)(first + i) + 0.5) * plan->step;
  }
}

qs_status qs_fourier_conclude(const qs_fourier_progress *progress, const qs_fourier_settings *settings,
                              double scale, bool derivatives, size_t nodes, qs_fourier_report *report) {
  double rounding = 4 * DBL_EPSILON * progress->absolute;
  report->error = (progress->rest + rounding) * scale + 0.25 * settings->tolerance;
  report->nodes += nodes;
  report->problem = NULL;
  if (progress->rest * scale > 0.25 * settings->tolerance) {
    report->problem = "the characteristic function decays too slowly for the nodes allowed";
  } else if (derivatives && progress->last_size > settings->derivative_tolerance) {
    report->problem = "the characteristic function decays too slowly for derivatives with the nodes allowed";
  } else if (!(report->error <= settings->tolerance)) {
    report->problem = "rounding exceeds the tolerance at such a strike";
  }
  return report->problem ? QS_ERROR_UNTRUSTED : QS_OK;
}

/* The largest factor e^{k/2} h/pi in front of a sum. */
double qs_fourier_scale(const qs_fourier_plan *plan) {
  return exp(0.5 * fmax(plan->high, 0)) * plan->step * QS_INV_PI;
}

const char *qs_fourier_check(const qs_model *model, double years, size_t count, const double *k,
                             const qs_fourier_settings *settings) {
  qs_parameter parameter;
  if (!model || (unsigned)model->type >= QS_MODEL_COUNT) {
    return "no such model";
  }
  const char *problem = qs_model_check(model, &parameter);
  if (problem) {
    return problem;
  }
  if (!(years >= 0 && years <= 1000)) {
    return "time to expiry must be in [0, 1000] years";
  }
  for (size_t i = 0; i < count; i++) {
    if (!(fabs(k[i]) <= 1400)) {
      return "log-moneyness must be in [-1400, 1400]";
    }
  }
  if (!(settings->tolerance >= 1e-12 && settings->tolerance <= 1e-2) ||
      !(settings->derivative_tolerance >= 1e-12 && settings->derivative_tolerance <= 1e-2)) {
    return "tolerances must be in [1e-12, 1e-2]";
  }
  if (!(settings->added_variance >= 0 && settings->added_variance <= 1e6)) {
    return "added variance must be in [0, 1e6]";
  }
  return NULL;
}

void qs_fourier_range(size_t count, const double *k, double *first, double *last) {
  *first = INFINITY;
  *last = -INFINITY;
  for (size_t i = 0; i < count; i++) {
    *first = fmin(*first, k[i]);
    *last = fmax(*last, k[i]);
  }
}

/* Black's call to an absolute error of a few roundings: enough here, and far cheaper than the one that keeps
 * relative accuracy in the wings. */
static double control_price(double k, double s) {
  double d1 = -k / s + 0.5 * s, d2 = d1 - s;
  return 0.5 * (erfc(-d1 * 0.70710678118654752440) - exp(k) * erfc(-d2 * 0.70710678118654752440));
}

void qs_fourier_finish_prices(const qs_fourier_plan *plan, size_t count, const double *log_moneyness,
                              double *price) {
  double s = sqrt(plan->control_variance);
  for (size_t i = 0; i < count; i++) {
    double k = log_moneyness[i], intrinsic = k < 0 ? -expm1(k) : 0;
    double value = intrinsic;
    if (k >= plan->low && k <= plan->high) {
      value = price[i] * exp(0.5 * k) * plan->step * QS_INV_PI + control_price(k, s);
    }
    price[i] = fmin(fmax(value, intrinsic), 1);
  }
}
