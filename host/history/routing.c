#include <math.h>
#include <stdlib.h>

#include "host/base/numbers.h"
#include "host/history/depth.h"
#include "kernels/core/venue.h"

double qs_venue_cost_of(const qs_venue_cost *v, double size) {
  return size > 0 ? v->proportional * size + v->impact * size * sqrt(size) : 0;
}

static double rate_of(const qs_venue_cost *v) {
  const double slope = 1 / (1.5 * v->impact); /* infinite without impact */
  return slope * slope;
}

/* What a venue gives at a marginal cost. */
static double given(const qs_venue_cost *v, double marginal) {
  return qs_venue_given_d(marginal, v->proportional, rate_of(v), v->limit);
}

/* Where the venue is full; infinity where it never is. */
static double full_at(const qs_venue_cost *v) {
  return v->impact > 0 ? v->proportional + 1.5 * v->impact * sqrt(v->limit) : v->proportional;
}

static double sum_at(const qs_venue_cost *venues, size_t count, double marginal) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += given(&venues[i], marginal);
  }
  return sum;
}

static bool moves(const qs_venue_cost *v, double from) {
  return v->impact > 0 && v->proportional <= from && full_at(v) > from;
}

/* The marginal cost above `from`, up to the next place where a venue starts or is full, at which the venues
 * give so much more. */
static double beyond(const qs_venue_cost *venues, size_t count, double from, double more) {
  double a = 0, b = 0;
  for (size_t i = 0; i < count; i++) {
    if (moves(&venues[i], from)) {
      a += rate_of(&venues[i]);
      b += rate_of(&venues[i]) * (from - venues[i].proportional);
    }
  }
  return from + qs_venue_rise_d(a, b, more);
}

double qs_venue_split(const qs_venue_cost *venues, size_t count, double size, double *shares, double *rest) {
  double place[2 * QS_VENUES_MOST];
  size_t places = 0;
  for (size_t i = 0; i < count; i++) {
    place[places++] = venues[i].proportional;
    if (isfinite(full_at(&venues[i]))) {
      place[places++] = full_at(&venues[i]);
    }
    shares[i] = 0;
  }
  *rest = 0;
  if (!(size > 0)) {
    return 0;
  }
  qsort(place, places, sizeof *place, qs_ascending);
  size_t last = 0; /* the last place at which they give less than the size */
  while (last + 1 < places && sum_at(venues, count, place[last + 1]) < size) {
    last++;
  }
  double from = place[last], left = size, marginal = from;
  for (size_t i = 0; i < count; i++) {
    shares[i] = given(&venues[i], from);
    left -= shares[i];
  }
  for (size_t i = 0; i < count && left > 0;
       i++) { /* those without impact give all they have at their price */
    if (!(venues[i].impact > 0) && venues[i].proportional == from) {
      shares[i] = fmin(venues[i].limit, left);
      left -= shares[i];
    }
  }
  if (!(left > 0)) {
    return marginal;
  }
  size_t moving = 0;
  for (size_t i = 0; i < count; i++) {
    moving += moves(&venues[i], from);
  }
  if (moving == 0 && last + 1 >= places) {
    *rest = left;
    return INFINITY;
  }
  marginal = beyond(venues, count, from, left);
  if (last + 1 < places) {
    marginal = fmin(marginal, place[last + 1]);
  }
  for (size_t i = 0; i < count; i++) {
    if (venues[i].impact > 0) {
      shares[i] = given(&venues[i], marginal);
    }
  }
  return marginal;
}

void qs_slice_order(double size, size_t count, double left, double *fills) {
  double back = 1 - left, c = (1 - left * sqrt(left)) / back, n = (double)(count - 1);
  double first = count > 1 ? size / (n * back + c * c) : size;
  double rest = size - first;
  fills[0] = first;
  for (size_t i = 1; i < count; i++) {
    fills[i] = i + 1 < count ? first * back : rest;
    rest -= fills[i];
  }
}

double qs_slice_cost(double impact, const double *fills, size_t count, double left) {
  double missing = 0, cost = 0;
  for (size_t i = 0; i < count; i++) {
    double after = missing + fills[i];
    cost += impact * (after * sqrt(after) - missing * sqrt(missing));
    missing = after * left;
  }
  return cost;
}
