#include "host/history/small.h"

#include <math.h>

bool qs_small_factor(double *a, size_t n) {
  for (size_t j = 0; j < n; j++) {
    for (size_t i = j; i < n; i++) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; k++) {
        sum -= a[i * n + k] * a[j * n + k];
      }
      if (i == j && !(sum > 0 && isfinite(sum))) {
        return false;
      }
      a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
    }
  }
  return true;
}

void qs_small_solve(const double *lower, size_t n, double *b) {
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++) {
      b[i] -= lower[i * n + k] * b[k];
    }
    b[i] /= lower[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) {
      b[i] -= lower[k * n + i] * b[k];
    }
    b[i] /= lower[i * n + i];
  }
}

void qs_small_sandwich(const double *lower, size_t n, double *m) {
  for (int side = 0; side < 2; side++) {
    for (size_t a = 0; a < n; a++) {
      qs_small_solve(lower, n, &m[a * n]);
    }
    for (size_t a = 0; a < n; a++) { /* transposed, so that the other side comes next */
      for (size_t b = 0; b < a; b++) {
        double kept = m[a * n + b];
        m[a * n + b] = m[b * n + a];
        m[b * n + a] = kept;
      }
    }
  }
}
