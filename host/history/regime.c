#include "host/history/regime.h"

#include <math.h>

#include "host/base/numbers.h"
#include "host/history/likelihood.h"

enum { LEAST = 50, MEAN = 0, VARIANCE = 2, STAY = 4 };

/* The stationary probability of regime 1. */
static double stationary(const qs_regime *m) {
  return (1 - m->stay[0]) / (2 - m->stay[0] - m->stay[1]);
}

static double density(const qs_regime *m, int s, double r) {
  double d = r - m->mean[s];
  return exp(-0.5 * d * d / m->variance[s]) / sqrt(2 * QS_PI * m->variance[s]);
}

static double ahead(const qs_regime *m, double turbulent) {
  return turbulent * m->stay[1] + (1 - turbulent) * (1 - m->stay[0]);
}

/* One step of the filter: *turbulent goes from before the return to after it; returns the density of r. */
static double step(const qs_regime *m, double r, double *turbulent) {
  double calm = (1 - *turbulent) * density(m, 0, r), wild = *turbulent * density(m, 1, r);
  *turbulent = calm + wild > 0 ? wild / (calm + wild) : 1;
  return calm + wild;
}

double qs_regime_filter(const qs_regime *m, const double *returns, size_t count, double *each) {
  double p = stationary(m);
  for (size_t t = 0; t < count; t++) {
    p = t > 0 ? ahead(m, p) : p;
    (void)step(m, returns[t], &p);
    if (each) {
      each[t] = p;
    }
  }
  return p;
}

typedef struct record {
  const double *returns;
  size_t count;
} record;

static qs_regime model_of(const double *p) {
  return (qs_regime){{p[MEAN], p[MEAN + 1]}, {p[VARIANCE], p[VARIANCE + 1]}, {p[STAY], p[STAY + 1]}};
}

static bool terms_of(const double *p, double *terms, void *data) {
  const record *r = data;
  qs_regime m = model_of(p);
  for (int s = 0; s < 2; s++) {
    if (!(m.variance[s] > 0 && m.stay[s] > 0 && m.stay[s] < 1)) {
      return false;
    }
  }
  double turbulent = stationary(&m);
  for (size_t t = 0; t < r->count; t++) {
    turbulent = t > 0 ? ahead(&m, turbulent) : turbulent;
    terms[t] = log(step(&m, r->returns[t], &turbulent));
  }
  return true;
}

static void guess(double mean, double variance, qs_likelihood *problem) {
  const double p[] = {mean, mean, 0.4 * variance, 2.5 * variance, 0.95, 0.9};
  const double scale[] = {0.1 * sqrt(variance), -0.2 * sqrt(variance), 0.2 * variance, variance, -0.1, -0.1};
  for (size_t k = 0; k < 6; k++) {
    problem->start[k] = p[k];
    problem->scale[k] = scale[k];
  }
}

static qs_regime swapped(const qs_regime *m) {
  return (qs_regime){{m->mean[1], m->mean[0]}, {m->variance[1], m->variance[0]}, {m->stay[1], m->stay[0]}};
}

qs_status qs_regime_fit_series(qs_context *context, const double *returns, size_t count, qs_regime_fit *fit) {
  double mean = 0, variance = 0, least = INFINITY, greatest = -INFINITY;
  for (size_t t = 0; t < count; t++) {
    if (!isfinite(returns[t])) {
      return qs_fail(context, QS_ERROR_INPUT, "return %zu is not finite", t);
    }
    mean += returns[t] / (double)count;
    least = fmin(least, returns[t]);
    greatest = fmax(greatest, returns[t]);
  }
  for (size_t t = 0; t < count; t++) {
    variance += (returns[t] - mean) * (returns[t] - mean) / (double)count;
  }
  if (count < LEAST || !(least < greatest)) {
    return qs_fail(context, QS_ERROR_INPUT, "%zu returns: at least %d that vary", count, LEAST);
  }
  record r = {returns, count};
  qs_likelihood problem = {terms_of, &r, count, 6, {0}, {0}};
  guess(mean, variance, &problem);
  qs_likelihood_fit found;
  qs_status status = qs_likelihood_maximise(context, &problem, &found);
  if (status) {
    return status;
  }
  qs_regime_fit made = {.model = model_of(found.estimate),
                        .std_error = model_of(found.std_error),
                        .log_likelihood = found.value,
                        .converged = found.converged};
  if (made.model.variance[0] > made.model.variance[1]) {
    made.model = swapped(&made.model);
    made.std_error = swapped(&made.std_error);
  }
  made.turbulent = qs_regime_filter(&made.model, returns, count, NULL);
  *fit = made;
  return QS_OK;
}

double qs_regime_forecast(const qs_regime *m, double turbulent, size_t horizon) {
  double sum = 0, p = turbulent;
  for (size_t k = 0; k < horizon; k++) {
    p = ahead(m, p);
    double d = m->mean[1] - m->mean[0];
    sum += (1 - p) * m->variance[0] + p * m->variance[1] + p * (1 - p) * d * d;
  }
  return sum / (double)horizon;
}
