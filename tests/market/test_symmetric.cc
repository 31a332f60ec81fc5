/* Eigenvalues against closed forms, and the decomposition against its own definition; ranges of a fit. */
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "host/market/fit_range.h"
#include "host/market/symmetric.h"

namespace {

/* The second difference matrix of order n has the eigenvalues 2 - 2 cos(pi k/(n + 1)). Jacobi's are right to
 * about n roundings of the norm, which is under 4 (Golub and Van Loan 2013, section 8.5). */
TEST(Symmetric, SecondDifferences) {
  for (size_t n : {1u, 2u, 3u, 8u, 20u}) {
    std::vector<double> a(n * n, 0.0), values(n), vectors(n * n);
    for (size_t i = 0; i < n; i++) {
      a[i * n + i] = 2;
      if (i + 1 < n) {
        a[i * n + i + 1] = a[(i + 1) * n + i] = -1;
      }
    }
    qs_symmetric_eigen(n, a.data(), values.data(), vectors.data());
    double tolerance = 4 * 2.3e-16 * static_cast<double>(n);
    for (size_t k = 0; k < n; k++) {
      EXPECT_NEAR(values[k], 2 - 2 * std::cos(M_PI * static_cast<double>(k + 1) / static_cast<double>(n + 1)),
                  tolerance);
    }
  }
}

/* A V = V diag(values), V orthonormal, values ascending, for matrices of many scales, some singular. */
TEST(Symmetric, DecomposesAnyMatrix) {
  std::mt19937_64 generator(5);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int trial = 0; trial < 200; trial++) {
    const size_t n = 10;
    size_t rank = static_cast<size_t>(trial) % (n + 1);
    std::vector<double> a(n * n, 0.0);
    for (size_t r = 0; r < rank; r++) {
      std::vector<double> v(n);
      for (double &x : v) {
        x = uniform(generator);
      }
      double weight = std::pow(10.0, 3 * uniform(generator)) * (trial % 3 ? 1 : uniform(generator));
      for (size_t i = 0; i < n * n; i++) {
        a[i] += weight * v[i / n] * v[i % n];
      }
    }
    std::vector<double> copy = a, values(n), vectors(n * n);
    double size = 0;
    for (double x : a) {
      size = std::max(size, std::fabs(x));
    }
    qs_symmetric_eigen(n, copy.data(), values.data(), vectors.data());
    for (size_t i = 0; i < n; i++) {
      for (size_t k = 0; k < n; k++) {
        double product = 0, dot = 0;
        for (size_t l = 0; l < n; l++) {
          product += a[i * n + l] * vectors[l * n + k];
          dot += vectors[l * n + i] * vectors[l * n + k];
        }
        EXPECT_NEAR(product, values[k] * vectors[i * n + k], 1e-13 * size * static_cast<double>(n));
        EXPECT_NEAR(dot, i == k ? 1 : 0, 1e-13);
      }
    }
    for (size_t k = 1; k < n; k++) {
      EXPECT_LE(values[k - 1], values[k]);
    }
  }
}

TEST(Ranges, MapBothWays) {
  for (int i = 0; i < QS_PARAMETER_COUNT; i++) {
    qs_parameter p = static_cast<qs_parameter>(i);
    const qs_fit_range *range = qs_fit_range_of(p);
    double before = -INFINITY;
    for (double u = -8; u <= 8; u += 0.25) {
      double slope = 0, h = 1e-5;
      double value = qs_fit_from_search(p, u, &slope);
      double difference =
          (qs_fit_from_search(p, u + h, nullptr) - qs_fit_from_search(p, u - h, nullptr)) / (2 * h);
      EXPECT_NEAR(qs_fit_to_search(p, value), u, 1e-9 * std::exp(std::fabs(u)) + 1e-12);
      EXPECT_NEAR(slope, difference, 1e-8 * std::fabs(value) + 1e-9) << qs_parameter_name(p) << " " << u;
      EXPECT_GT(value, before);
      EXPECT_GE(value, range->offset + range->low);
      EXPECT_LE(value, range->offset + range->high);
      before = value;
    }
    EXPECT_EQ(qs_fit_end(p, range->offset + range->low), -1);
    EXPECT_EQ(qs_fit_end(p, range->offset + range->high), 1);
    EXPECT_EQ(qs_fit_end(p, qs_fit_from_search(p, 0, nullptr)), 0);
    EXPECT_TRUE(std::isfinite(qs_fit_to_search(p, -1e9)));
    EXPECT_TRUE(std::isfinite(qs_fit_to_search(p, 1e9)));
  }
}

} // namespace
