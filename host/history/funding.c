#include "host/history/funding.h"

#include <math.h>

#include "host/base/numbers.h"
#include "kernels/core/funding.h"

qs_funding_terms qs_funding_binance(void) {
  return (qs_funding_terms){1e-4, 5e-4, INFINITY};
}

qs_funding_terms qs_funding_deribit(double cap) {
  return (qs_funding_terms){0, 2.5e-4, cap};
}

double qs_funding_rate(const qs_funding_terms *terms, double premium) {
  return qs_funding_rate_d(premium, terms->interest, terms->band, terms->cap);
}

/* E(X - strike)^+ for X normal. */
static double call(double mean, double deviation, double strike) {
  if (!isfinite(strike)) {
    return 0;
  }
  double d = mean - strike;
  if (!(deviation > 0)) {
    return fmax(d, 0);
  }
  double z = d / deviation;
  return d * 0.5 * erfc(-z * QS_ROOT_HALF) + deviation * exp(-0.5 * z * z) * 0.39894228040143267794;
}

double qs_funding_mean(const qs_funding_terms *t, double mean, double deviation) {
  double x = mean - t->interest; /* rate = I + min((X - b)+, cap - I) - min((-X - b)+, cap + I) */
  double up = call(x, deviation, t->band) - call(x, deviation, t->band + t->cap - t->interest);
  double down = call(-x, deviation, t->band) - call(-x, deviation, t->band + t->cap + t->interest);
  return t->interest + up - down;
}

void qs_funding_premium(const qs_funding_terms *t, double rate, double digit, double *low, double *high) {
  double half = 0.5000001 * digit;
  if (fabs(rate - t->interest) <= half) {
    *low = t->interest - t->band;
    *high = t->interest + t->band;
  } else if (rate > t->interest) {
    *low = rate + t->band;
    *high = rate >= t->cap - half ? INFINITY : *low;
  } else {
    *high = rate - t->band;
    *low = rate <= half - t->cap ? -INFINITY : *high;
  }
}

double qs_premium_deviation(const qs_premium_process *process) {
  return process->volatility / sqrt(2 * process->reversion);
}

static double bar_at(double time, double start, double seconds, const double *bars, size_t count) {
  double place = (time - start) / seconds, whole = round(place);
  if (!(fabs(place - whole) < 1e-6 && whole >= 0 && whole < (double)count)) {
    return NAN;
  }
  return bars[(size_t)whole];
}

void qs_funding_match(const double *times, size_t count, double bar_start, double bar_seconds,
                      const double *bars, size_t bar_count, double *returns) {
  for (size_t i = 0; i < count; i++) {
    double end = bar_at(times[i], bar_start, bar_seconds, bars, bar_count);
    double begin = bar_at(times[i] - 28800, bar_start, bar_seconds, bars, bar_count);
    returns[i] = log(end / begin);
  }
}
