// Mean and sum of squared deviations of a batch of values, in a fixed order, double.
//
// Path i of a batch belongs to position i % QS_POSITIONS. Each position adds its values in ascending order of
// paths, as differences from its first one, so that large means cancel nothing; the positions are then merged
// by a halving tree (Chan, Golub, LeVeque 1979). A thread a position, or lanes: the same bits.
#ifndef QS_CORE_MOMENTS_H
#define QS_CORE_MOMENTS_H

#include "kernels/core/compiler.h"

enum { QS_POSITIONS = 64 };

typedef struct qs_position {
  double first, sum, square; // first value; sums of differences from it and of their squares
} qs_position;

typedef struct qs_spread {
  double mean, m2;
} qs_spread;

QS_CORE qs_position qs_position_start(double value) {
  const qs_position p = {value, 0.0, 0.0};
  return p;
}

QS_CORE qs_position qs_position_add(qs_position p, double value) {
  const double d = value - p.first;
  p.sum += d;
  p.square = qs_fma_d(d, d, p.square);
  return p;
}

// Of `count` values.
QS_CORE qs_spread qs_position_finish(qs_position p, double count) {
  qs_spread s;
  const double mean = qs_div_d(p.sum, count);
  const double m2 = qs_fma_d(-mean, p.sum, p.square);
  s.mean = p.first + mean;
  s.m2 = m2 > 0.0 ? m2 : 0.0;
  return s;
}

// Two samples of `count` values each.
QS_CORE qs_spread qs_spread_merge(qs_spread a, qs_spread b, double count) {
  qs_spread s;
  const double d = b.mean - a.mean;
  s.mean = qs_fma_d(0.5, d, a.mean);
  s.m2 = qs_fma_d(0.5 * count * d, d, a.m2 + b.m2);
  return s;
}

// The tree over all positions, each of `count` values; `s` is overwritten.
QS_CORE qs_spread qs_spread_tree(qs_spread s[QS_POSITIONS], double count) {
  for (int width = QS_POSITIONS / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) {
      s[i] = qs_spread_merge(s[i], s[i + width], count);
    }
    count *= 2.0;
  }
  return s[0];
}

// Of `scale` times the values.
QS_CORE qs_spread qs_spread_scale(qs_spread s, double scale) {
  s.mean *= scale;
  s.m2 *= scale * scale;
  return s;
}

#endif
