#include "host/policy/gauss.h"

#include <math.h>

enum { MOST = QS_GAUSS_MOST, MOMENTS = 2 * MOST };

/* Moments of the standardised law. */
static void standard_moments(size_t count, const double *cumulant, double deviation, long double *moment) {
  long double standard[MOMENTS] = {0}, power = deviation;
  for (size_t k = 2; k < 2 * count; k++) {
    power *= deviation;
    standard[k] = cumulant[k] / power;
  }
  moment[0] = 1;
  for (size_t n = 1; n < 2 * count; n++) {
    long double sum = 0, choose = 1;
    for (size_t k = 1; k <= n; k++) {
      sum += choose * standard[k] * moment[n - k];
      choose = choose * (long double)(n - k) / (long double)k;
    }
    moment[n] = sum;
  }
}

/* Diagonal and off-diagonal of the recursion's matrix; returns its size. */
static size_t recursion(size_t count, const long double *moment, double *diagonal, double *beside) {
  long double old[MOMENTS] = {0}, row[MOMENTS] = {0}, next[MOMENTS] = {0};
  for (size_t l = 0; l < 2 * count; l++) {
    row[l] = moment[l];
  }
  long double alpha = moment[1], beta = 1;
  diagonal[0] = (double)alpha;
  for (size_t k = 1; k < count; k++) {
    for (size_t l = k; l < 2 * count - k; l++) {
      next[l] = row[l + 1] - alpha * row[l] - beta * old[l];
    }
    beta = next[k] / row[k - 1];
    if (!(beta > 1e-6L)) {
      return k;
    }
    alpha = next[k + 1] / next[k] - row[k] / row[k - 1];
    diagonal[k] = (double)alpha;
    beside[k - 1] = (double)sqrtl(beta);
    for (size_t l = k - 1; l < 2 * count; l++) {
      old[l] = row[l];
      row[l] = next[l];
    }
  }
  return count;
}

/* Eigenvalues of the tridiagonal matrix, in `diagonal`, and the first components of its eigenvectors, by
 * implicit QL steps. */
static void eigenvalues(size_t size, double *diagonal, double *beside, double *first) {
  beside[size - 1] = 0;
  for (size_t l = 0; l < size; l++) {
    for (int tries = 0; tries < 60; tries++) {
      size_t m = l;
      while (m + 1 < size && fabs(beside[m]) > 1e-16 * (fabs(diagonal[m]) + fabs(diagonal[m + 1]))) {
        m++;
      }
      if (m == l) {
        break;
      }
      double g = (diagonal[l + 1] - diagonal[l]) / (2 * beside[l]), r = hypot(g, 1);
      g = diagonal[m] - diagonal[l] + beside[l] / (g + copysign(r, g));
      double s = 1, c = 1, p = 0;
      for (size_t i = m; i-- > l;) {
        double f = s * beside[i], b = c * beside[i];
        r = hypot(f, g);
        beside[i + 1] = r;
        if (r == 0) {
          diagonal[i + 1] -= p;
          break;
        }
        s = f / r;
        c = g / r;
        g = diagonal[i + 1] - p;
        r = (diagonal[i] - g) * s + 2 * c * b;
        p = s * r;
        diagonal[i + 1] = g + p;
        g = c * r - b;
        f = first[i + 1];
        first[i + 1] = s * first[i] + c * f;
        first[i] = c * first[i] - s * f;
      }
      if (r == 0 && m > l + 1) {
        continue;
      }
      diagonal[l] -= p;
      beside[l] = g;
      beside[m] = 0;
    }
  }
}

size_t qs_gauss_from_cumulants(size_t count, const double *cumulant, double *node, double *weight) {
  double deviation = cumulant[2] > 0 ? sqrt(cumulant[2]) : 0;
  node[0] = cumulant[1];
  weight[0] = 1;
  if (count < 2 || deviation == 0) {
    return 1;
  }
  long double moment[MOMENTS] = {0};
  double beside[MOST], first[MOST] = {1};
  standard_moments(count, cumulant, deviation, moment);
  size_t size = recursion(count, moment, node, beside);
  eigenvalues(size, node, beside, first);
  for (size_t i = 0; i < size; i++) {
    node[i] = cumulant[1] + deviation * node[i];
    weight[i] = first[i] * first[i];
  }
  return size;
}
