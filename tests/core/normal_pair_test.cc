// The price's normals, two from two words: each word against libm, moments, independence and tails.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/core/elementary.h"
#include "kernels/core/philox.h"

#define QS_REAL_DOUBLE 0
#include "kernels/core/real.h"

#include "kernels/core/normal_pair.inc"
#undef QS_REAL_DOUBLE
#define QS_REAL_DOUBLE 1
#include "kernels/core/real.h"

#include "kernels/core/normal_pair.inc"

namespace {

constexpr double kDeviations = 4.5;

struct Pair {
  double first, second;
};

Pair single(uint32_t a, uint32_t b) {
  const float root = qs_sqrt_f(qs_pair_square_f(a));
  const qs_direction_f d = qs_pair_direction_f(a, b);
  return {double(root * d.first), double(root * d.second)};
}

Pair twice(uint32_t a, uint32_t b) {
  const double root = qs_sqrt_d(qs_pair_square_d(a));
  const qs_direction_d d = qs_pair_direction_d(a, b);
  return {root * d.first, root * d.second};
}

Pair expected(uint32_t a, uint32_t b) {
  const double u = (a + 0.5) * 0x1p-32, turns = 0.125 + (int32_t(b) + 0.5) * 0x1p-34;
  const double radius = std::sqrt(-2 * std::log(2 * (a < 0x80000000u ? u : ((~a) + 0.5) * 0x1p-32)));
  return {radius * std::cos(2 * M_PI * turns) * (a < 0x80000000u ? 1 : -1),
          radius * std::sin(2 * M_PI * turns) * (b & 1u ? -1 : 1)};
}

qs_words words_of(uint32_t i) {
  return qs_philox({i, 5, 6, 7}, 11, 13);
}

TEST(NormalPair, IsThatOfBoxAndMuller) {
  std::vector<uint32_t> words = {0, 1, 2, 3, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, ~0u};
  for (uint32_t i = 0; i < 300; i++)
    words.push_back(words_of(i).a >> (i % 20));
  for (uint32_t a : words)
    for (uint32_t b : words) {
      const Pair z = expected(a, b), f = single(a, b), d = twice(a, b);
      const double radius = std::hypot(z.first, z.second);
      // Where w is next to 1 its rounding to 24 digits moves the radius by up to 2^-12.
      const double step = 0x1p-24 / std::max(radius, 0x1p-12);
      EXPECT_NEAR(f.first, z.first, step + 4e-7 * radius) << a << ' ' << b;
      EXPECT_NEAR(f.second, z.second, step + 4e-7 * radius) << a << ' ' << b;
      EXPECT_NEAR(d.first, z.first, 1e-15 * (1 + radius)) << a << ' ' << b;
      EXPECT_NEAR(d.second, z.second, 1e-15 * (1 + radius)) << a << ' ' << b;
    }
  EXPECT_NEAR(std::hypot(single(0, 0).first, single(0, 0).second), std::sqrt(64 * std::log(2.0)), 1e-5);
}

// E[z^n].
double moment(int n) {
  double m = n % 2 ? 0 : 1;
  for (int k = n - 1; k > 1; k -= 2)
    m *= k;
  return m;
}

// All E[z1^j z2^k] up to the order 8 are the products of those of a normal.
TEST(NormalPair, HasTheMomentsOfTwoIndependentNormals) {
  constexpr uint32_t kCount = 1u << 22;
  constexpr int kOrder = 8;
  double sum[kOrder + 1][kOrder + 1] = {};
  for (uint32_t i = 0; i < kCount; i++) {
    const qs_words w = words_of(i);
    for (const Pair &z : {single(w.a, w.b), single(w.c, w.d)}) {
      double power = 1;
      for (int j = 0; j <= kOrder; j++, power *= z.first) {
        double product = power;
        for (int k = 0; k <= kOrder - j; k++, product *= z.second)
          sum[j][k] += product;
      }
    }
  }
  const double n = 2.0 * kCount;
  for (int j = 0; j <= kOrder; j++)
    for (int k = 0; k <= kOrder - j; k++) {
      const double exact = moment(j) * moment(k);
      const double error = std::sqrt((moment(2 * j) * moment(2 * k) - exact * exact) / n);
      EXPECT_NEAR(sum[j][k] / n, exact, kDeviations * error + 1e-12) << j << ' ' << k;
    }
}

// Beyond x only pairs lie whose w is at most exp(-x^2/2): words are drawn from those.
TEST(NormalPair, HasTheTailsOfTheNormal) {
  constexpr uint32_t kCount = 1u << 22;
  for (double x : {3.0, 4.0, 5.0, 5.5}) {
    const double below = std::ceil(std::exp(-x * x / 2) * 0x1p31);
    const double within = below * 0x1p-31, exact = 0.5 * std::erfc(x * M_SQRT1_2) / within;
    double count[4] = {};
    for (uint32_t i = 0; i < kCount; i++) {
      const qs_words w = words_of(i);
      const uint32_t a = uint32_t((w.a * uint64_t(below)) >> 32);
      const Pair z = single(w.c & 1u ? ~a : a, w.b);
      count[0] += z.first > x, count[1] += z.first < -x;
      count[2] += z.second > x, count[3] += z.second < -x;
    }
    const double error = std::sqrt(exact * (1 - exact) / kCount);
    for (double c : count)
      EXPECT_NEAR(c / kCount, exact, kDeviations * error) << x;
  }
}

} // namespace
