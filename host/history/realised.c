#include "host/history/realised.h"

#include <math.h>

#include "host/base/numbers.h"

static double realised(const double *p, size_t steps, size_t stride) {
  double sum = 0;
  for (size_t i = 0; i < steps; i++) {
    double r = log(p[(i + 1) * stride] / p[i * stride]);
    sum += r * r;
  }
  return sum;
}

static double bipower(const double *p, size_t steps, size_t stride) {
  double sum = 0, before = 0;
  for (size_t i = 0; i < steps; i++) {
    double r = fabs(log(p[(i + 1) * stride] / p[i * stride]));
    sum += r * before;
    before = r;
  }
  return 0.5 * QS_PI * (double)steps / (double)(steps - 1) * sum;
}

double qs_realised_variance(const double *prices, size_t count) {
  return realised(prices, count - 1, 1);
}

double qs_bipower_variation(const double *prices, size_t count) {
  return bipower(prices, count - 1, 1);
}

size_t qs_realised_periods(const double *closes, size_t count, size_t bars, size_t stride, double *variance,
                           double *without_jumps) {
  size_t periods = count > 0 ? (count - 1) / bars : 0;
  for (size_t k = 0; k < periods; k++) {
    variance[k] = realised(closes + k * bars, bars / stride, stride);
    if (without_jumps) {
      without_jumps[k] = bipower(closes + k * bars, bars / stride, stride);
    }
  }
  return periods;
}

double qs_range_variance(double open, double high, double low, double close) {
  double range = log(high / low), move = log(close / open);
  return 0.5 * range * range - (2 * QS_LN2 - 1) * move * move;
}
