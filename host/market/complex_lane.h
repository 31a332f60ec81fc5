/*
 * Complex arithmetic for loops over nodes: values in, values out, straight-line, so that the loops become
 * vector code. No care is taken of overflow: |z| must stay within 1e-150 .. 1e150.
 */
#ifndef QS_HOST_MARKET_COMPLEX_LANE_H
#define QS_HOST_MARKET_COMPLEX_LANE_H

#include "host/market/lane_math.h"

typedef struct qs_cx {
  double re, im;
} qs_cx;

QS_LANE qs_cx qs_cx_add(qs_cx a, qs_cx b) {
  return (qs_cx){a.re + b.re, a.im + b.im};
}

QS_LANE qs_cx qs_cx_sub(qs_cx a, qs_cx b) {
  return (qs_cx){a.re - b.re, a.im - b.im};
}

QS_LANE qs_cx qs_cx_mul(qs_cx a, qs_cx b) {
  return (qs_cx){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

QS_LANE qs_cx qs_cx_scale(qs_cx a, double b) {
  return (qs_cx){a.re * b, a.im * b};
}

QS_LANE qs_cx qs_cx_inverse(qs_cx a) {
  double f = 1 / (a.re * a.re + a.im * a.im);
  return (qs_cx){a.re * f, -a.im * f};
}

QS_LANE qs_cx qs_cx_div(qs_cx a, qs_cx b) {
  return qs_cx_mul(a, qs_cx_inverse(b));
}

/* The root with a positive real part. */
QS_LANE qs_cx qs_cx_sqrt(qs_cx a) {
  double modulus = sqrt(a.re * a.re + a.im * a.im);
  double t = sqrt(0.5 * (fabs(a.re) + modulus));
  double other = 0.5 * a.im / (t + 1e-300);
  return a.re >= 0 ? (qs_cx){t, other} : (qs_cx){fabs(other), copysign(t, a.im)};
}

QS_LANE qs_cx qs_cx_exp(qs_cx a) {
  double s, c, m = qs_lane_exp(a.re);
  qs_lane_sincos(a.im, &s, &c);
  return (qs_cx){m * c, m * s};
}

/* 1 - exp(-a), accurate for small a. */
QS_LANE qs_cx qs_cx_one_minus_exp(qs_cx a) {
  double s, c;
  qs_lane_sincos(0.5 * a.im, &s, &c);
  double m = qs_lane_expm1(-a.re);
  return (qs_cx){2 * (1 + m) * s * s - m, 2 * (1 + m) * s * c};
}

/* l(z) = -ln(1 - z)/z and its derivative, with the principal logarithm; series near 0, where both would
 * cancel. */
QS_LANE void qs_cx_log_ratio(qs_cx z, qs_cx *value, qs_cx *derivative) {
  double square = z.re * z.re + z.im * z.im;
  qs_cx rest = {1 - z.re, -z.im};
  /* |1 - z|^2, from z where that is small, from 1 - z where that is */
  double change = square - 2 * z.re;
  int large = square > 0.25;
  double norm = large ? rest.re * rest.re + rest.im * rest.im : 1 + change;
  double lost = large ? 0 : (change - (norm - 1)) / norm;
  qs_cx minus_log = {-0.5 * (qs_lane_log(norm) + lost), -qs_lane_arg(rest.im, rest.re)};
  int series = square < 1e-6;
  qs_cx safe = {series ? 1 : z.re, series ? 0 : z.im};
  qs_cx far = qs_cx_div(minus_log, safe);
  qs_cx slope = qs_cx_div(qs_cx_sub(qs_cx_inverse(rest), far), safe);
  qs_cx l = {1.0 / 6, 0}, m = {5.0 / 6, 0};
  l = qs_cx_mul(l, z), l.re += 1.0 / 5;
  l = qs_cx_mul(l, z), l.re += 1.0 / 4;
  l = qs_cx_mul(l, z), l.re += 1.0 / 3;
  l = qs_cx_mul(l, z), l.re += 1.0 / 2;
  l = qs_cx_mul(l, z), l.re += 1;
  m = qs_cx_mul(m, z), m.re += 4.0 / 5;
  m = qs_cx_mul(m, z), m.re += 3.0 / 4;
  m = qs_cx_mul(m, z), m.re += 2.0 / 3;
  m = qs_cx_mul(m, z), m.re += 1.0 / 2;
  *value = series ? l : far;
  *derivative = series ? m : slope;
}

#endif
