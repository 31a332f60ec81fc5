#include "host/market/symmetric.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

enum { MAX_SWEEPS = 60 };

/* Rotates rows and columns p and q of the matrix so that its element (p, q) vanishes, and the vectors with
 * them. */
static void rotate(size_t n, double *a, double *vectors, size_t p, size_t q) {
  double apq = a[p * n + q];
  double tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  double t = (tau >= 0 ? 1 : -1) / (fabs(tau) + sqrt(1 + tau * tau));
  double c = 1 / sqrt(1 + t * t);
  double s = t * c;
  for (size_t k = 0; k < n; k++) {
    double x = a[k * n + p];
    double y = a[k * n + q];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (size_t k = 0; k < n; k++) {
    double x = a[p * n + k];
    double y = a[q * n + k];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
  }
  a[p * n + q] = 0;
  a[q * n + p] = 0;
  for (size_t k = 0; k < n; k++) {
    double x = vectors[k * n + p];
    double y = vectors[k * n + q];
    vectors[k * n + p] = c * x - s * y;
    vectors[k * n + q] = s * x + c * y;
  }
}

static void sort_ascending(size_t n, double *values, double *vectors) {
  for (size_t i = 0; i + 1 < n; i++) {
    size_t least = i;
    for (size_t j = i + 1; j < n; j++) {
      least = values[j] < values[least] ? j : least;
    }
    if (least == i) {
      continue;
    }
    double value = values[i];
    values[i] = values[least];
    values[least] = value;
    for (size_t k = 0; k < n; k++) {
      double x = vectors[k * n + i];
      vectors[k * n + i] = vectors[k * n + least];
      vectors[k * n + least] = x;
    }
  }
}

void qs_symmetric_eigen(size_t n, double *matrix, double *values, double *vectors) {
  for (size_t i = 0; i < n * n; i++) {
    vectors[i] = i / n == i % n ? 1 : 0;
  }
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < MAX_SWEEPS; sweep++) {
    rotated = false;
    for (size_t p = 0; p + 1 < n; p++) {
      for (size_t q = p + 1; q < n; q++) {
        double size = sqrt(fabs(matrix[p * n + p] * matrix[q * n + q]));
        double off = fabs(matrix[p * n + q]);
        if (off > DBL_EPSILON * size && off > DBL_MIN) {
          rotate(n, matrix, vectors, p, q);
          rotated = true;
        }
      }
    }
  }
  for (size_t i = 0; i < n; i++) {
    values[i] = matrix[i * n + i];
  }
  sort_ascending(n, values, vectors);
}
