#include "host/base/numbers.h"

int qs_ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double qs_mean(const double *x, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += x[i];
  }
  return sum / (double)count;
}
