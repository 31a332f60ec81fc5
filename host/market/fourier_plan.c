#include "host/market/fourier_plan.h"

#include <math.h>

enum { GRID = 96 };

/* ln of both bounds' factors that do not depend on the strike, over a geometric grid of exponents. */
typedef struct tail_table {
  int count;
  double exponent[GRID], right[GRID], left[GRID];
} tail_table;

/* ln(a^a/(1+a)^(1+a)) */
static double log_payoff_factor(double a) {
  return -a * log1p(1 / a) - log1p(a);
}

static double log_moment(const qs_characteristic *one, const qs_characteristic *other, double control,
                         double p) {
  double value = 0.5 * control * p * (p - 1);
  value = fmax(value, qs_characteristic_log_moment(one, p));
  return other == one ? value : fmax(value, qs_characteristic_log_moment(other, p));
}

/* The best exponent is near 7 standard deviations for normal tails and smaller for heavier ones. */
static void fill_table(const qs_characteristic *one, const qs_characteristic *other, double control,
                       tail_table *t) {
  const double ratio = 1.25;
  double deviation = sqrt(fmin(one->variance, other->variance));
  double largest = 20 / fmax(deviation, 1e-8);
  t->count = 0;
  double a = 0.1;
  while (a < largest && t->count < GRID) {
    double factor = log_payoff_factor(a);
    t->exponent[t->count] = a;
    t->right[t->count] = log_moment(one, other, control, 1 + a) + factor;
    t->left[t->count] = log_moment(one, other, control, -a) + factor;
    t->count++;
    a *= ratio;
  }
}

qs_fourier_plan qs_fourier_make_plan(const qs_characteristic *one, const qs_characteristic *other,
                                     double first, double last, double cut, double aliasing) {
  qs_fourier_plan plan;
  double total_one = one->variance + one->jump_variance, total_other = other->variance + other->jump_variance;
  plan.control_variance = sqrt(total_one * total_other);
  tail_table t;
  fill_table(one, other, plan.control_variance, &t);
  double log_cut = log(cut), log_aliasing = log(aliasing), high = INFINITY, low = -INFINITY;
  for (int i = 0; i < t.count; i++) {
    high = fmin(high, (t.right[i] - log_cut) / t.exponent[i]);
    low = fmax(low, -(t.left[i] - log_cut) / (1 + t.exponent[i]));
  }
  plan.high = fmin(last, high);
  plan.low = fmax(first, low);
  if (plan.high < plan.low) {
    return (qs_fourier_plan){INFINITY, -INFINITY, 1, plan.control_variance};
  }
  /* the strike 2 pi/h above, or below, the lowest, or highest, one, damped by e^{-k/2}; a call is at most 1
   * and a put e^k, whatever moments exist */
  double up = -2 * log_aliasing, down = 2 * (plan.high - log_aliasing);
  for (int i = 0; i < t.count; i++) {
    double a = t.exponent[i];
    up = fmin(up, (t.right[i] - a * plan.low - log_aliasing) / (a + 0.5));
    down = fmin(down, (t.left[i] + (1 + a) * plan.high - log_aliasing) / (a + 0.5));
  }
  plan.step = 6.28318530717958647693 / fmax(fmax(up, down), 1e-8);
  return plan;
}
