// Covariances by blocks against sums in quad-like precision (long double, two passes).
#include <gtest/gtest.h>

#include <cmath>

#include "host/hedge/moments.h"
#include "tests/hedge/problems.h"

using namespace hedge_test;

namespace {

struct Sample {
  size_t width;
  uint64_t paths;
  std::vector<double> vectors;
};

// Means far from zero, so that a difference of large sums would show.
Sample sample(size_t width, uint64_t paths, double offset) {
  Random random(width * 1000 + paths);
  Sample s = {width, paths, std::vector<double>(width * paths)};
  for (uint64_t p = 0; p < paths; p++) {
    const double common = random.normal();
    for (size_t i = 0; i < width; i++) {
      s.vectors[i * paths + p] = offset * static_cast<double>(i + 1) + common + random.normal();
    }
  }
  return s;
}

// Over the paths outside [begin, end).
std::vector<long double> exact(const Sample &s, uint64_t begin, uint64_t end) {
  std::vector<long double> mean(s.width), out(s.width * s.width);
  const long double count = static_cast<long double>(s.paths - (end - begin));
  for (int pass = 0; pass < 2; pass++) {
    for (uint64_t p = 0; p < s.paths; p++) {
      if (p >= begin && p < end) {
        continue;
      }
      for (size_t i = 0; i < s.width; i++) {
        if (pass == 0) {
          mean[i] += s.vectors[i * s.paths + p] / count;
        }
        for (size_t j = 0; j < s.width && pass == 1; j++) {
          out[i * s.width + j] +=
              (s.vectors[i * s.paths + p] - mean[i]) * (s.vectors[j * s.paths + p] - mean[j]) / (count - 1);
        }
      }
    }
  }
  return out;
}

class Moments : public testing::Test {
protected:
  Moments() {
    qs_context_init(&context);
    arena = qs_arena_create(&context);
  }
  ~Moments() override { qs_arena_destroy(arena); }
  qs_moments *compute(const Sample &s, int threads) {
    context.threads = threads;
    qs_moments *moments = nullptr;
    EXPECT_EQ(qs_moments_compute(&context, arena, s.vectors.data(), s.width, s.paths, &moments), QS_OK);
    return moments;
  }
  qs_context context;
  qs_arena *arena;
};

// A mean of 4e6 is rounded by up to 4.7e-10, and meets shifts of the means of blocks of about 1. (The
// difference of large sums would be off by 1e13 x 1e-16 = 1e-3.)
constexpr double rounding = 1e-9;

TEST_F(Moments, EqualTheExactSums) {
  for (uint64_t paths : {64u, 100u, 1000u, 8192u, 20000u}) {
    const Sample s = sample(4, paths, 1e6);
    const qs_moments *m = compute(s, 2);
    std::vector<double> covariance(16), mean(4);
    qs_moments_covariance(m, QS_NO_BLOCK, covariance.data(), mean.data());
    const auto expected = exact(s, 0, 0);
    for (size_t i = 0; i < 16; i++) {
      EXPECT_NEAR(covariance[i], static_cast<double>(expected[i]), rounding) << paths;
    }
    uint64_t begin = 0;
    for (int block = 0; block < QS_MOMENT_BLOCKS; block++) {
      const uint64_t end = begin + m->counts[block];
      if (block % 13 == 5) {
        qs_moments_covariance(m, block, covariance.data(), mean.data());
        const auto without = exact(s, begin, end);
        for (size_t i = 0; i < 16; i++) {
          EXPECT_NEAR(covariance[i], static_cast<double>(without[i]), rounding) << paths << " " << block;
        }
      }
      begin = end;
    }
    EXPECT_EQ(begin, paths);
  }
}

TEST_F(Moments, SameBitsFromAnyNumberOfThreads) {
  const Sample s = sample(5, 10007, 3);
  const std::vector<double> weights = {1, -2, 0, 0.5, 3};
  std::vector<double> first(25), mean(5), other(25);
  double variance[3], error[3];
  int k = 0;
  for (int threads : {1, 2, 7}) {
    const qs_moments *m = compute(s, threads);
    qs_moments_covariance(m, QS_NO_BLOCK, k ? other.data() : first.data(), mean.data());
    EXPECT_TRUE(k == 0 || first == other);
    qs_moments_variance(&context, m, s.vectors.data(), weights.data(), &variance[k], &error[k]);
    k++;
  }
  EXPECT_EQ(variance[0], variance[1]);
  EXPECT_EQ(variance[0], variance[2]);
  EXPECT_EQ(error[0], error[2]);
}

TEST_F(Moments, VarianceOfACombinationAndItsError) {
  const Sample s = sample(3, 5000, 10);
  const qs_moments *m = compute(s, 2);
  const std::vector<double> weights = {2, -1, 0.25};
  std::vector<double> covariance(9), mean(3);
  qs_moments_covariance(m, QS_NO_BLOCK, covariance.data(), mean.data());
  double expected = 0;
  for (size_t i = 0; i < 3; i++) {
    for (size_t j = 0; j < 3; j++) {
      expected += weights[i] * covariance[i * 3 + j] * weights[j];
    }
  }
  long double average = 0, fourth = 0, second = 0;
  std::vector<long double> e(s.paths);
  for (uint64_t p = 0; p < s.paths; p++) {
    for (size_t i = 0; i < 3; i++) {
      e[p] += static_cast<long double>(weights[i]) * s.vectors[i * s.paths + p];
    }
    average += e[p] / s.paths;
  }
  for (long double v : e) {
    const long double d = (v - average) * (v - average);
    second += d / s.paths;
    fourth += d * d / s.paths;
  }
  double variance, error;
  qs_moments_variance(&context, m, s.vectors.data(), weights.data(), &variance, &error);
  EXPECT_NEAR(variance, expected, 1e-11 * expected);
  EXPECT_NEAR(error, static_cast<double>(std::sqrt((fourth - second * second) / s.paths)), 1e-11 * error);
}

} // namespace
