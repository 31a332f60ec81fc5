/*
 * Elementary functions for loops over nodes, written straight-line so that compilers turn them into vector
 * code and every instruction set gives the same bits: IEEE basic operations only, no fma, no branch, no libm.
 *
 * Relative errors (measured against quad precision by tests/market/test_lane_math.cc): exp, expm1, log, log1p
 * within 4e-16 of the result's scale; sin, cos within 3e-16 absolute for |x| <= 1e6; arg within 5e-16.
 * Polynomials are minimax fits made with 60 digits; the reductions are Cody and Waite's (1980).
 */
#ifndef QS_HOST_MARKET_LANE_MATH_H
#define QS_HOST_MARKET_LANE_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define QS_LANE static inline __attribute__((always_inline))

/* Adding it to |x| < 2^51 rounds to an integer, which then stands in the low bits. */
#define QS_LANE_ROUND 0x1.8p52

QS_LANE uint64_t qs_lane_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

QS_LANE double qs_lane_double(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* exp(x) = scale (1 + value) with |value| < 0.42 and scale a power of two. */
typedef struct qs_lane_power {
  double scale, value;
} qs_lane_power;

/* -708 <= x <= 709; beyond, the nearer end. */
QS_LANE qs_lane_power qs_lane_exp_parts(double x) {
  x = x < -708 ? -708 : x;
  x = x > 709 ? 709 : x;
  double t = x * 1.44269504088896340736 + QS_LANE_ROUND;
  double n = t - QS_LANE_ROUND;
  double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double p = 2.0911229729758563286e-9;
  p = p * r + 2.5100375832561233664e-8;
  p = p * r + 2.7557282984055876596e-7;
  p = p * r + 2.7557268480310025526e-6;
  p = p * r + 0.000024801587317135164235;
  p = p * r + 0.00019841269863040545271;
  p = p * r + 0.0013888888888886554386;
  p = p * r + 0.0083333333333300644495;
  p = p * r + 0.041666666666666667227;
  p = p * r + 0.16666666666666667452;
  return (qs_lane_power){qs_lane_double((qs_lane_bits(t) + 1023) << 52), r + (0.5 * r * r + p * r * r * r)};
}

QS_LANE double qs_lane_exp(double x) {
  qs_lane_power power = qs_lane_exp_parts(x);
  return power.scale + power.scale * power.value;
}

QS_LANE double qs_lane_expm1(double x) {
  qs_lane_power power = qs_lane_exp_parts(x);
  return power.scale * power.value + (power.scale - 1);
}

/* Sine and cosine at once; |x| <= 1e6. */
QS_LANE void qs_lane_sincos(double x, double *sine, double *cosine) {
  double t = x * 0.63661977236758134308 + QS_LANE_ROUND;
  double n = t - QS_LANE_ROUND;
  uint64_t quadrant = qs_lane_bits(t);
  double r = ((x - n * 1.57079632673412561417e+00) - n * 6.07710050630396597660e-11) -
             n * 2.02226624879595063154e-21;
  double z = r * r;
  double s = 1.5918129294866380937e-10;
  s = s * z - 2.5051131845003620553e-8;
  s = s * z + 2.7557316102552440095e-6;
  s = s * z - 0.00019841269836758574323;
  s = s * z + 0.0083333333333309484855;
  s = s * z - 0.16666666666666664624;
  s = r + r * z * s;
  double c = -1.1382632424097238217e-11;
  c = c * z + 2.087614626837903279e-9;
  c = c * z - 2.7557317271729643811e-7;
  c = c * z + 0.000024801587298765687525;
  c = c * z - 0.0013888888888887397236;
  c = c * z + 0.041666666666666665389;
  c = 1 - (0.5 * z - z * z * c);
  double u = quadrant & 1 ? c : s;
  double v = quadrant & 1 ? s : c;
  /* the sign is bit 1 of the quadrant for the sine, of the quadrant plus one for the cosine */
  *sine = qs_lane_double(qs_lane_bits(u) ^ ((quadrant & 2) << 62));
  *cosine = qs_lane_double(qs_lane_bits(v) ^ (((quadrant + 1) & 2) << 62));
}

/* x > 0 and normal. */
QS_LANE double qs_lane_log(double x) {
  uint64_t bits = qs_lane_bits(x);
  /* the exponent for a mantissa in [sqrt(1/2), sqrt(2)); the offset makes it positive */
  uint64_t biased = (bits - 0x3fe6a09e667f3bcdu + (UINT64_C(1024) << 52)) >> 52;
  double n = qs_lane_double(biased | qs_lane_bits(0x1p52)) - (0x1p52 + 1024);
  double m = qs_lane_double(bits - ((biased - 1024) << 52));
  double s = (m - 1) / (m + 1);
  double z = s * s;
  double p = 0.05940998601480753509;
  p = p * z + 0.05844061821431552399;
  p = p * z + 0.066678193349199112547;
  p = p * z + 0.076922875661650486475;
  p = p * z + 0.090909092968283815224;
  p = p * z + 0.11111111109929367571;
  p = p * z + 0.14285714285717679552;
  p = p * z + 0.1999999999999999625;
  p = p * z + 0.33333333333333333334;
  return n * 6.93147180369123816490e-01 + (2 * s + (2 * s * z * p + n * 1.90821492927058770002e-10));
}

/* x > -1; the second term gives back what 1 + x lost. */
QS_LANE double qs_lane_log1p(double x) {
  double u = 1 + x;
  return qs_lane_log(u) + (x - (u - 1)) / u;
}

/* The angle of (x, y), in [-pi, pi]; 0 at the origin. */
QS_LANE double qs_lane_arg(double y, double x) {
  double ax = fabs(x), ay = fabs(y);
  double large = ax > ay ? ax : ay;
  double small = ax > ay ? ay : ax;
  int turned = small > 0.41421356237309504880 * large;
  double t = (turned ? small - large : small) / ((turned ? small + large : large) + 1e-300);
  double z = t * t;
  double p = 0.015113765096600924669;
  p = p * z - 0.033387824501211951519;
  p = p * z + 0.044995007289840320092;
  p = p * z - 0.052173125740615910016;
  p = p * z + 0.058768340046141606641;
  p = p * z - 0.066662052599765261879;
  p = p * z + 0.076922810999377432501;
  p = p * z - 0.090909080590311910269;
  p = p * z + 0.11111111085322108759;
  p = p * z - 0.14285714285329708164;
  p = p * z + 0.19999999999997013892;
  p = p * z - 0.33333333333333324206;
  double angle = (turned ? 0.78539816339744830962 : 0) + (t + t * z * p);
  angle = ay > ax ? 1.57079632679489661923 - angle : angle;
  angle = x < 0 ? 3.14159265358979323846 - angle : angle;
  return copysign(angle, y);
}

#endif
