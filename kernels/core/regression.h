// The least squares that policies of early exercise (policy.h) come from: what is explained, and by which
// columns. Plain data. Freestanding; C17, C++17 and CUDA C++.
//
// Columns of an interval between two dates of exercise are the features of the state at its beginning, then
// controls, which are what martingales move by over the interval, times some features, then what is earned.
// An increment of a price is S'/S - 1 at constant forward, one of a variance is what it is above its mean.
#ifndef QS_CORE_REGRESSION_H
#define QS_CORE_REGRESSION_H

#include <stdint.h>

#include "kernels/core/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

// Paths whose products are added up before they are added to the sums of a chunk: part of the bits.
enum { QS_REGRESSION_LANES = 64 };

typedef struct qs_regression_counts {
  uint32_t assets;
  uint32_t terms, features; // qs_policy: terms, and qs_policy_features
  uint32_t growth_terms;    // terms that a price's increment is multiplied by, beside what exercise pays
  uint32_t variance_terms;  // terms that a random variance's is
  uint32_t random;          // bit a: the variance of underlying a is random
} qs_regression_counts;

QS_CORE uint32_t qs_regression_controls(const qs_regression_counts *n) {
  uint32_t controls = n->assets * (n->growth_terms + 1);
  for (uint32_t mask = n->random; mask; mask &= mask - 1) {
    controls += n->variance_terms;
  }
  return controls;
}

QS_CORE uint32_t qs_regression_columns(const qs_regression_counts *n) {
  return n->features + qs_regression_controls(n) + 1;
}

// Products of two columns, in the order (0, 0), (1, 0), (1, 1), (2, 0), ...
QS_CORE uint32_t qs_regression_products(const qs_regression_counts *n) {
  const uint32_t columns = qs_regression_columns(n);
  return columns * (columns + 1) / 2;
}

#ifdef __cplusplus
}
#endif
#endif
