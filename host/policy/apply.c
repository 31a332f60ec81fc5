#include "host/policy/apply.h"

#include <stdbool.h>

#include <math.h>

size_t qs_policy_linear(double place, size_t count, double *part) {
  if (count < 2) {
    *part = 0;
    return 0;
  }
  place = fmin(fmax(place, 0), (double)(count - 1));
  const size_t i = (size_t)fmin(place, (double)(count - 2));
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
  size_t j = qs_policy_linear((x - nodes->x_low) / nodes->x_step, nodes->x_count, &px);
  size_t i = qs_policy_linear((y - nodes->y_low) / nodes->y_step, nodes->y_count, &py);
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
