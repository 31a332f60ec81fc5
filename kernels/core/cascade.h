// Others' liquidations as jumps of the price that come more often once it has fallen: a Hawkes process (1971)
// whose intensity is excited at dates. Between two of them, over a time dt, the intensity is base + e(t) with
// e decaying at the rate beta, so that the number of jumps is Poisson of mean
//
//   base dt + e (1 - exp(-beta dt)) / beta
//
// and their logs sum up to a normal of mean n mean and variance n deviation^2. At a date at which ln S has
// fallen by `fall` since the date before, e grows by excitation max(0, fall - threshold).
#ifndef QS_CORE_CASCADE_H
#define QS_CORE_CASCADE_H

#include "kernels/core/elementary.h"

enum { QS_CASCADE_MOST = 64 }; // jumps expected over one step; more are taken as so many

// weight: (1 - exp(-beta dt)) / beta.
QS_CORE double qs_cascade_expected_d(double base, double excited, double weight) {
  const double mean = base + excited * weight;
  return mean < (double)QS_CASCADE_MOST ? mean : (double)QS_CASCADE_MOST;
}

// The number whose Poisson distribution function first exceeds u in (0, 1), by summing up from 0 (Devroye
// 1986, X.3.3); mean from 0 to QS_CASCADE_MOST. The tail that no u of 52 bits reaches ends the sum.
QS_CORE int32_t qs_poisson_d(double u, double mean) {
  double term = qs_exp_d(-mean), sum = term;
  int32_t n = 0;
  while (u > sum && n < 8 * QS_CASCADE_MOST) {
    n++;
    term = qs_div_d(term * mean, (double)n);
    sum += term;
  }
  return n;
}

// The sum of n logs; z is standard normal.
QS_CORE double qs_cascade_jump_d(int32_t n, double mean, double deviation, double z) {
  const double count = (double)n;
  return qs_fma_d(count, mean, qs_sqrt_d(count) * (deviation * z));
}

QS_CORE double qs_cascade_excited_d(double excited, double excitation, double fall, double threshold) {
  const double beyond = fall - threshold;
  return beyond > 0.0 ? qs_fma_d(excitation, beyond, excited) : excited;
}

#endif
