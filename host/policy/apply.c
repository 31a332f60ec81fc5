#include "host/policy/apply.h"

#include <stdbool.h>

#include <math.h>

/* The node below, and how far above it. */
static size_t below(double at, double low, double step, size_t count, double *part) {
  double place = count > 1 ? (at - low) / step : 0;
  place = place > 0 ? place : 0;
  place = place < (double)(count - 1) ? place : (double)(count - 1);
  size_t i = (size_t)place;
  i = i + 1 < count ? i : count > 1 ? count - 2 : 0;
  *part = place - (double)i;
  return i;
}

/* Infinite edges stay so: a weight of 0 takes no part. */
static double between(const double *f, size_t at, size_t width, bool rows, double px, double py) {
  double sum = 0;
  for (int r = 0; r <= (rows ? 1 : 0); r++) {
    for (int c = 0; c <= 1; c++) {
      double weight = (c ? px : 1 - px) * (r ? py : 1 - py);
      sum += weight > 0 ? weight * f[at + (size_t)r * width + (size_t)c] : 0;
    }
  }
  return sum;
}

qs_policy_band qs_policy_band_at(const qs_policy_table *table, size_t n, double x, double y) {
  const qs_policy_nodes *nodes = &table->nodes[n];
  double px, py;
  size_t j = below(x, nodes->x_low, nodes->x_step, nodes->x_count, &px);
  size_t i = below(y, nodes->y_low, nodes->y_step, nodes->y_count, &py);
  bool rows = nodes->y_count > 1;
  size_t at = i * nodes->x_count + j;
  return (qs_policy_band){between(table->low[n], at, nodes->x_count, rows, px, py),
                          between(table->high[n], at, nodes->x_count, rows, px, py)};
}

double qs_policy_trade(const qs_policy_band *band, double holding) {
  return holding < band->low ? band->low - holding : holding > band->high ? band->high - holding : 0;
}

size_t qs_policy_date_at(const qs_policy_table *table, double years) {
  size_t n = 0;
  while (n + 1 < table->date_count && table->nodes[n + 1].years <= years) {
    n++;
  }
  return n;
}
