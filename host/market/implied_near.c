#include "host/market/implied_near.h"

#include <math.h>

#include "host/market/black.h"

#define SQRT_HALF 0.70710678118654752440

enum { STEPS = 10 };

/* The last step is under it, relative; Newton's next one would be of its square. */
static const double enough = 1e-8;

bool qs_implied_near(double log_moneyness, double price, double guess, double *total_vol) {
  /* A put of k is e^k times a call of -k. */
  double k = fabs(log_moneyness);
  double ratio = exp(k);
  double target = log_moneyness < 0 ? price * ratio : price;
  double s = guess;
  for (int i = 0; i < STEPS; i++) {
    double d1 = -k / s + 0.5 * s;
    double value = 0.5 * (erfc(-SQRT_HALF * d1) - ratio * erfc(-SQRT_HALF * (d1 - s)));
    double step = log(target / value) * value / qs_black_vega(k, s);
    s += step;
    if (!(s > 0.2 * guess && s < 5 * guess)) {
      break;
    }
    if (fabs(step) < enough * s) {
      *total_vol = s;
      return true;
    }
  }
  return qs_black_implied_vol(log_moneyness >= 0, log_moneyness, price, total_vol) == QS_BLACK_OK;
}
