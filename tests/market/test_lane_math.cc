// The straight-line elementary functions of host/market against quad precision.
#include <gtest/gtest.h>
#include <quadmath.h>

#include <cfloat>
#include <cmath>
#include <random>

#include "tests/market/lane_samples.h"

namespace {

__extension__ typedef __float128 quad;

enum { SAMPLES = 30000 };

double distance(double computed, quad exact) {
  return std::fabs(double(quad(computed) - exact));
}

TEST(LaneMath, ExponentialsKeepTheirRelativeError) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> wide(-700, 700), narrow(-1, 1), scale(-40, 0);
  for (int i = 0; i < SAMPLES; i++) {
    double x = wide(random);
    EXPECT_LE(distance(lane_exp(x), expq(x)), 4e-16 * std::exp(x)) << x;
    x = narrow(random) * std::exp(scale(random));
    EXPECT_LE(distance(lane_expm1(x), expm1q(x)), 5e-16 * std::fabs(x)) << x;
  }
  EXPECT_EQ(1, lane_exp(0));
  EXPECT_LT(lane_exp(-1e6), 1e-300);
}

TEST(LaneMath, LogarithmsKeepTheirRelativeError) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> exponent(-690, 690), near(0.5, 2), small(-40, -0.5);
  for (int i = 0; i < SAMPLES; i++) {
    double x = std::exp(exponent(random));
    EXPECT_LE(distance(lane_log(x), logq(x)), 5e-16 * std::fabs(std::log(x))) << x;
    x = near(random);
    EXPECT_LE(distance(lane_log(x), logq(x)), 5e-16 * std::fabs(std::log(x))) << x;
    x = (i % 2 ? 1 : -1) * std::exp(small(random));
    EXPECT_LE(distance(lane_log1p(x), log1pq(x)), 8e-16 * std::fabs(std::log1p(x))) << x;
  }
}

TEST(LaneMath, AnglesAndTheirFunctions) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> size(-20, std::log(1e6)), plane(-1, 1);
  for (int i = 0; i < SAMPLES; i++) {
    double x = (i % 2 ? 1 : -1) * std::exp(size(random)), sine, cosine;
    lane_sincos(x, &sine, &cosine);
    EXPECT_LE(distance(sine, sinq(x)), 3e-16) << x;
    EXPECT_LE(distance(cosine, cosq(x)), 3e-16) << x;
    double a = plane(random), b = plane(random);
    EXPECT_LE(distance(lane_arg(a, b), atan2q(a, b)), 5e-16 * std::fabs(std::atan2(a, b))) << a << " " << b;
  }
  EXPECT_EQ(0, lane_arg(0, 0));
  EXPECT_EQ(std::atan2(0.0, -1.0), lane_arg(0, -1));
}

// l(z) to a few roundings; its derivative (1/(1 - z) - l)/z loses what the subtraction costs, up to the
// switch to the series at |z| = 1e-3.
TEST(LaneMath, LogarithmicRatio) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> size(-30, 3), turn(-3.1, 3.1);
  for (int i = 0; i < SAMPLES; i++) {
    double modulus = std::exp(size(random)), angle = turn(random);
    double z[2] = {modulus * std::cos(angle), modulus * std::sin(angle)}, value[2], derivative[2];
    lane_log_ratio(z, value, derivative);
    quad re = 1, im = 0, dre = quad(1) / 2, dim = 0;
    quad x = z[0], y = z[1], square = x * x + y * y;
    if (modulus > 1e-7) {
      quad lr = -logq((1 - x) * (1 - x) + y * y) / 2, li = -atan2q(-y, 1 - x);
      re = (lr * x + li * y) / square, im = (li * x - lr * y) / square;
      quad rest = (1 - x) * (1 - x) + y * y, gr = (1 - x) / rest - re, gi = y / rest - im;
      dre = (gr * x + gi * y) / square, dim = (gi * x - gr * y) / square;
    }
    double scale = std::hypot(double(re), double(im)), slope = std::hypot(double(dre), double(dim));
    // below 1e-7 the reference is the value at 0, off by about |z|
    double plain = modulus > 1e-7 ? 8 * DBL_EPSILON : 2 * modulus;
    double lost = plain + (modulus > 1e-3 ? 8 * DBL_EPSILON / modulus : 0);
    EXPECT_LE(distance(value[0], re) + distance(value[1], im), plain * scale) << z[0] << " " << z[1];
    EXPECT_LE(distance(derivative[0], dre) + distance(derivative[1], dim), lost * std::fmax(slope, 1))
        << z[0] << " " << z[1];
  }
}

TEST(LaneMath, OneMinusExponentialOfSmallNumbers) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> size(-30, 2), turn(-1.5, 1.5);
  for (int i = 0; i < SAMPLES; i++) {
    double modulus = std::exp(size(random)), angle = turn(random);
    double z[2] = {modulus * std::cos(angle), modulus * std::sin(angle)}, value[2];
    lane_one_minus_exp(z, value);
    quad m = expm1q(-quad(z[0])), s = sinq(quad(z[1]) / 2), c = cosq(quad(z[1]) / 2);
    quad re = 2 * (1 + m) * s * s - m, im = 2 * (1 + m) * s * c;
    double scale = std::hypot(double(re), double(im));
    EXPECT_LE(distance(value[0], re) + distance(value[1], im), 2e-15 * scale) << z[0] << " " << z[1];
  }
}

} // namespace
