#include "host/market/fourier_terms.h"

#include <math.h>

#include "host/market/black.h"

enum { BLOCK = QS_FOURIER_BLOCK };

qs_fourier_progress qs_fourier_progress_start(void) {
  return (qs_fourier_progress){.last_price = INFINITY};
}

void qs_fourier_track(const qs_node_values *phi, const qs_node_values *weight,
                      qs_fourier_progress *progress) {
  double last = 0, size = 0;
  for (int i = 0; i < BLOCK; i++) {
    double magnitude = fabs(weight->re[i]) + fabs(weight->im[i]);
    progress->absolute += magnitude;
    if (i >= BLOCK - QS_FOURIER_TAIL_NODES) {
      last = fmax(last, magnitude);
      size = fmax(size, fabs(phi->re[i]) + fabs(phi->im[i]));
    }
  }
  progress->previous_price = progress->last_price;
  progress->last_price = last;
  progress->last_size = size;
  double ratio = fmin(last / progress->previous_price, 1);
  progress->rest = ratio < 0.98 ? BLOCK * last * ratio / (1 - ratio) : INFINITY;
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
                              double scale, size_t nodes, qs_fourier_report *report) {
  double rounding = 8 * 2.22e-16 * progress->absolute;
  report->error = (progress->rest + rounding) * scale + 0.25 * settings->tolerance;
  report->nodes += nodes;
  report->problem = NULL;
  if (!(report->error <= settings->tolerance)) {
    report->problem =
        "the characteristic function decays too slowly for the nodes allowed, or rounding is too large";
    return QS_ERROR_UNTRUSTED;
  }
  return QS_OK;
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

void qs_fourier_finish_prices(const qs_fourier_plan *plan, size_t count, const double *log_moneyness,
                              double *price) {
  double s = sqrt(plan->control_variance);
  for (size_t i = 0; i < count; i++) {
    double k = log_moneyness[i], intrinsic = k < 0 ? -expm1(k) : 0;
    double value = intrinsic;
    if (k >= plan->low && k <= plan->high) {
      value = price[i] * exp(0.5 * k) * plan->step * QS_INV_PI + qs_black_price(true, k, s);
    }
    price[i] = fmin(fmax(value, intrinsic), 1);
  }
}
