#include "host/policy/impact.h"

#include <math.h>

double qs_policy_convex_cost(const qs_policy_convex *c, double units) {
  const double size = fabs(units);
  return size * (c->cost + c->impact * sqrt(size));
}

double qs_policy_convex_slope(const qs_policy_convex *c, double units) {
  return c->cost + 1.5 * c->impact * sqrt(fabs(units));
}

double qs_policy_convex_excess(const qs_policy_convex *c, double s) {
  const double above = fmax(fabs(s) - c->cost, 0);
  return c->impact > 0 ? 4.0 / 27 * above * (above / c->impact) * (above / c->impact) : 0;
}

/* The k-th node on the way, from 0. */
static size_t on_the_way(int side, size_t next, size_t k) {
  return side > 0 ? next + k : next - k;
}

double qs_policy_part_way(const qs_policy_line *line, const qs_policy_convex *c, int side, double before,
                          double slope, size_t next) {
  const size_t nodes =
      side > 0 ? (next < line->count ? line->count - next : 0) : (next < line->count ? next + 1 : 0);
  size_t low = 0, high = nodes; /* the first that is too far */
  while (low < high) {
    const size_t middle = (low + high) / 2, i = on_the_way(side, next, middle);
    const double own = side * line->slope(line->data, i);
    if (own + qs_policy_convex_slope(c, line->holding[i] - before) >= 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  /* C' on the piece that holds the end of the trade, as seen along the way: at its begin, and how it rises */
  double from = before, at = side * slope, to = INFINITY, rise = 0;
  if (low > 0) {
    const size_t i = on_the_way(side, next, low - 1);
    from = line->holding[i];
    at = side * line->slope(line->data, i);
  }
  if (low < nodes) {
    const size_t i = on_the_way(side, next, low);
    to = line->holding[i];
    if (to == from) {
      return to;
    }
    rise = (side * line->slope(line->data, i) - at) / fabs(to - from);
  } else { /* beyond the last node as before it */
    const size_t last = side > 0 ? line->count - 1 : 0, other = side > 0 ? line->count - 2 : 1;
    rise = side * (line->slope(line->data, last) - line->slope(line->data, other)) /
           fabs(line->holding[last] - line->holding[other]);
  }
  const double q = at - rise * fabs(from - before) + c->cost, impact = 1.5 * c->impact;
  const double root = -2 * q / (impact + sqrt(fmax(impact * impact - 4 * rise * q, 0)));
  const double units = fmin(fmax(root * root, fabs(from - before)), fabs(to - before));
  return isfinite(units) ? before + side * units : from;
}
