// Sobol points: cuRAND's numbers where it is present, digital nets under every scramble, unbiased integrals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "kernels/core/sobol.h"
#include "kernels/sobol.h"

#define QS_LANES 64
#include "kernels/core/sobol_lanes.inc"

#ifdef QS_HAVE_CURAND
#include <curand.h>
#endif

namespace {

std::vector<uint32_t> directions(uint32_t count) {
  std::vector<uint32_t> d(size_t(count) * QS_SOBOL_BITS);
  qs_sobol_directions(count, d.data());
  return d;
}

uint32_t plain(const std::vector<uint32_t> &d, uint32_t dimension, uint32_t n) {
  return qs_reverse_bits(qs_sobol_reversed(&d[size_t(dimension) * QS_SOBOL_BITS], n));
}

TEST(Sobol, FirstPointsAreThePublishedOnes) {
  // The sequence in its first three dimensions, in units of 1/8 (Joe and Kuo's own example, in Gray-code
  // order).
  const uint32_t expected[3][8] = {
      {0, 4, 6, 2, 3, 7, 5, 1}, {0, 4, 2, 6, 3, 7, 1, 5}, {0, 4, 2, 6, 5, 1, 7, 3}};
  std::vector<uint32_t> d = directions(3);
  for (uint32_t dimension = 0; dimension < 3; dimension++) {
    for (uint32_t n = 0; n < 8; n++) {
      EXPECT_EQ(plain(d, dimension, n), expected[dimension][n] << 29) << dimension << " " << n;
    }
  }
}

TEST(Sobol, EqualToCurandInEveryDimension) {
#ifdef QS_HAVE_CURAND
  std::vector<uint32_t> mine = directions(QS_SOBOL_DIMENSIONS);
  curandDirectionVectors32_t *theirs = nullptr;
  ASSERT_EQ(curandGetDirectionVectors32(&theirs, CURAND_DIRECTION_VECTORS_32_JOEKUO6), CURAND_STATUS_SUCCESS);
  for (uint32_t d = 0; d < QS_SOBOL_DIMENSIONS; d++) {
    for (uint32_t j = 0; j < QS_SOBOL_BITS; j++) {
      ASSERT_EQ(qs_reverse_bits(mine[size_t(d) * QS_SOBOL_BITS + j]), theirs[d][j]) << d << " " << j;
    }
  }
  // And the points of its host generator, which needs no device.
  const unsigned dimensions = 500, points = 300;
  curandGenerator_t generator = nullptr;
  ASSERT_EQ(curandCreateGeneratorHost(&generator, CURAND_RNG_QUASI_SOBOL32), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, dimensions), CURAND_STATUS_SUCCESS);
  std::vector<unsigned> out(size_t(dimensions) * points);
  ASSERT_EQ(curandGenerate(generator, out.data(), out.size()), CURAND_STATUS_SUCCESS);
  for (unsigned d = 0; d < dimensions; d++) {
    for (unsigned n = 0; n < points; n++) {
      ASSERT_EQ(out[size_t(d) * points + n], plain(mine, d, n)) << d << " " << n;
    }
  }
  curandDestroyGenerator(generator);
#else
  GTEST_SKIP() << "built without cuRAND";
#endif
}

TEST(Sobol, LanesAreThePoints) {
  std::vector<uint32_t> d = directions(300);
  for (uint32_t dimension : {0u, 1u, 17u, 299u}) {
    for (uint32_t first : {0u, 64u, 1024u, 65536u * 64}) {
      uint32_t words[QS_LANES];
      const uint32_t *v = &d[size_t(dimension) * QS_SOBOL_BITS];
      qs_sobol_lanes(v, 12345, first, words);
      for (uint32_t i = 0; i < QS_LANES; i++) {
        ASSERT_EQ(words[i], qs_sobol_scramble(qs_sobol_reversed(v, first + i), 12345));
      }
    }
  }
}

// 2^m points of one dimension, and of the first two together, are nets: each elementary interval holds one.
TEST(Sobol, ScramblesKeepTheNet) {
  const uint32_t m = 10, count = 1u << m;
  std::vector<uint32_t> d = directions(1000);
  for (uint32_t seed : {0u, 1u, 0x9e3779b9u, 0xffffffffu}) {
    for (uint32_t dimension : {0u, 1u, 2u, 99u, 999u}) {
      std::set<uint32_t> cells;
      for (uint32_t n = 3 * count; n < 4 * count; n++) {
        cells.insert(qs_sobol_scramble(qs_sobol_reversed(&d[size_t(dimension) * 32], n), seed) >> (32 - m));
      }
      EXPECT_EQ(cells.size(), count) << "dimension " << dimension << ", seed " << seed;
    }
    for (uint32_t k = 0; k <= m; k++) {
      std::set<uint64_t> boxes;
      for (uint32_t n = 0; n < count; n++) {
        uint32_t x = qs_sobol_scramble(qs_sobol_reversed(&d[0], n), seed);
        uint32_t y = qs_sobol_scramble(qs_sobol_reversed(&d[32], n), seed ^ 0x5bd1e995u);
        boxes.insert((uint64_t(x) >> (32 - k)) << 32 | uint64_t(y) >> (32 - m + k));
      }
      EXPECT_EQ(boxes.size(), count) << "2^" << k << " columns, seed " << seed;
    }
  }
}

// An integral in 64 dimensions whose value is 1: over scrambles its mean is right within their spread, which
// falls far faster than the root of the number of points.
TEST(Sobol, ScramblesAreUnbiasedAndTheErrorFalls) {
  const uint32_t dimensions = 64, scrambles = 200;
  std::vector<uint32_t> d = directions(dimensions);
  double spread[2];
  for (int level = 0; level < 2; level++) {
    const uint32_t points = level ? 4096 : 256;
    double mean = 0, m2 = 0;
    for (uint32_t s = 0; s < scrambles; s++) {
      double sum = 0;
      std::vector<double> product(points, 1.0);
      for (uint32_t j = 0; j < dimensions; j++) {
        const uint32_t seed = (s * 64 + j) * 0x9e3779b9u ^ (s * 64 + j) >> 3;
        for (uint32_t n = 0; n < points; n++) {
          double u = (qs_sobol_scramble(qs_sobol_reversed(&d[size_t(j) * 32], n), seed) + 0.5) * 0x1p-32;
          product[n] *= 1 + (u - 0.5) / ((j + 1.0) * (j + 1.0));
        }
      }
      for (double p : product) {
        sum += p;
      }
      double value = sum / points, delta = value - mean;
      mean += delta / (s + 1);
      m2 += delta * (value - mean);
    }
    spread[level] = std::sqrt(m2 / (scrambles - 1));
    EXPECT_LT(std::fabs(mean - 1), 4 * spread[level] / std::sqrt(double(scrambles)));
  }
  // 16 times the points: a factor 4 by chance, 16 or more here.
  EXPECT_LT(spread[1], spread[0] / 12);
}

} // namespace
