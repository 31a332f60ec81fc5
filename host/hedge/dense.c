#include "host/hedge/dense.h"

#include <math.h>

static const double lost_pivot = 1e-13;

size_t qs_dense_factor(size_t n, double *a, const signed char *sign) {
  size_t replaced = 0;
  for (size_t j = 0; j < n; j++) {
    double *row = a + j * n;
    /* Updates before j have subtracted their squares; the peak of the entry is bounded by their sum. */
    double peak = fabs(row[j]);
    for (size_t i = 0; i < j; i++) {
      double u = a[i * n + j];
      double d = a[i * n + i];
      peak = fmax(peak, isinf(d) ? 0 : u * u * fabs(d));
    }
    if (!(row[j] * sign[j] > lost_pivot * peak)) {
      row[j] = sign[j] * (double)INFINITY;
      for (size_t k = j + 1; k < n; k++) {
        row[k] = 0;
      }
      replaced++;
      continue;
    }
    double inverse = 1 / row[j];
    for (size_t i = j + 1; i < n; i++) {
      double factor = row[i] * inverse;
      if (factor != 0) {
        double *target = a + i * n;
        for (size_t k = i; k < n; k++) {
          target[k] -= factor * row[k];
        }
      }
    }
    for (size_t k = j + 1; k < n; k++) {
      row[k] *= inverse;
    }
  }
  return replaced;
}

void qs_dense_solve(size_t n, const double *factors, double *rhs) {
  for (size_t j = 0; j < n; j++) {
    const double *row = factors + j * n;
    double value = rhs[j];
    for (size_t k = j + 1; k < n; k++) {
      rhs[k] -= row[k] * value;
    }
  }
  for (size_t j = n; j-- > 0;) {
    const double *row = factors + j * n;
    double value = rhs[j] / row[j];
    for (size_t k = j + 1; k < n; k++) {
      value -= row[k] * rhs[k];
    }
    rhs[j] = value;
  }
}

void qs_dense_multiply(size_t n, const double *a, const double *x, double *y) {
  for (size_t i = 0; i < n; i++) {
    y[i] = 0;
  }
  for (size_t i = 0; i < n; i++) {
    const double *row = a + i * n;
    double value = row[i] * x[i];
    for (size_t k = i + 1; k < n; k++) {
      y[k] += row[k] * x[i];
      value += row[k] * x[k];
    }
    y[i] += value;
  }
}
