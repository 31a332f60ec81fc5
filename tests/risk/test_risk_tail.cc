// VaR, expected shortfall and their ranks on samples small enough to check by hand, and against sums of
// binomial probabilities in long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "host/engine/tail.h"

namespace {

std::vector<double> one_to(size_t n) {
  std::vector<double> losses(n);
  std::iota(losses.begin(), losses.end(), 1.0);
  return losses;
}

// P(B <= k), B ~ Binomial(n, p), from the gamma function.
long double binomial_cdf(size_t n, long double p, long long k) {
  long double sum = 0;
  for (long long i = 0; i <= k; i++) {
    long double x = static_cast<long double>(i), m = static_cast<long double>(n);
    sum += std::exp(std::lgamma(m + 1) - std::lgamma(x + 1) - std::lgamma(m - x + 1) + x * std::log(p) +
                    (m - x) * std::log1p(-p));
  }
  return sum;
}

TEST(RiskTail, WholeTail) {
  // n (1 - a) = 5 losses beyond the 95th: shortfall is their mean.
  std::vector<double> losses = one_to(100);
  qs_risk_level tail;
  ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), 0.95, &tail), QS_OK);
  EXPECT_EQ(tail.var.estimate, 95);
  EXPECT_NEAR(tail.expected_shortfall.estimate, 98, 1e-12);
  EXPECT_FALSE(tail.trusted);
  // P(B <= 90) = 0.0282, P(B <= 89) = 0.0115: rank 90; P(B <= 98) = 0.9629, P(B <= 99) = 0.9941: rank 100.
  EXPECT_EQ(tail.var.low, 90);
  EXPECT_EQ(tail.var.high, 100);
}

// Excesses 1 to 5 of 100 losses: standard error sqrt((55 - 15^2/100)/100^2)/0.05 = 1.452584 and skewness
// 5.244454. The bounds solve Hall's transformation T + s T^2/3 + s^2 T^3/27 + s/6 = -+1.959964, s =
// 0.5244454, by bisection in another program.
TEST(RiskTail, ShortfallIntervalByHand) {
  std::vector<double> losses = one_to(100);
  qs_risk_level tail;
  ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), 0.95, &tail), QS_OK);
  EXPECT_NEAR(tail.expected_shortfall.low, 95.87165677858002, 1e-10);
  EXPECT_NEAR(tail.expected_shortfall.high, 109.79358732977542, 1e-10);
}

TEST(RiskTail, AtomIsWeighted) {
  // n a = 7.5: VaR is the 8th, and half of it belongs to the tail of 2.5: (0.5 8 + 9 + 10)/2.5.
  std::vector<double> losses = one_to(10);
  qs_risk_level tail;
  ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), 0.75, &tail), QS_OK);
  EXPECT_EQ(tail.var.estimate, 8);
  EXPECT_NEAR(tail.expected_shortfall.estimate, 9.2, 1e-14);
}

TEST(RiskTail, TiesAtVar) {
  // 20% of mass, the worst 10% lose 5 and the next 40% lose 3.
  std::vector<double> losses = {0, 0, 0, 0, 0, 3, 3, 3, 3, 5};
  qs_risk_level tail;
  ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), 0.8, &tail), QS_OK);
  EXPECT_EQ(tail.var.estimate, 3);
  EXPECT_NEAR(tail.expected_shortfall.estimate, 4, 1e-14);
}

TEST(RiskTail, ConstantLoss) {
  std::vector<double> losses(1000, -2.5); // a sure gain is a negative loss
  qs_risk_level tail;
  ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), 0.9, &tail), QS_OK);
  EXPECT_EQ(tail.var.estimate, -2.5);
  EXPECT_EQ(tail.expected_shortfall.estimate, -2.5);
  EXPECT_EQ(tail.expected_shortfall.low, -2.5);
  EXPECT_EQ(tail.expected_shortfall.high, -2.5);
  EXPECT_TRUE(tail.trusted);
}

TEST(RiskTail, SmallSamplesHaveNoBound) {
  // 0.99^250 = 8.1%: no order statistic of 250 is above the 99% quantile with 97.5%.
  std::vector<double> losses = one_to(250);
  qs_risk_level tail;
  ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), 0.99, &tail), QS_OK);
  EXPECT_EQ(tail.var.estimate, 248);
  EXPECT_TRUE(std::isnan(tail.var.high));
  EXPECT_NEAR(tail.expected_shortfall.estimate, (250 + 249 + 0.5 * 248) / 2.5, 1e-12);
  ASSERT_EQ(qs_risk_tail(losses.data(), 20, 0.99, &tail), QS_OK);
  EXPECT_EQ(tail.var.estimate, 20);
  EXPECT_EQ(tail.expected_shortfall.estimate, 20);
  EXPECT_TRUE(std::isnan(tail.expected_shortfall.low) && std::isnan(tail.expected_shortfall.high));
}

TEST(RiskTail, TrustNeedsAHundredPaths) {
  std::vector<double> losses = one_to(10001);
  qs_risk_level tail;
  for (auto [count, trusted] : {std::pair<size_t, bool>{9999, false}, {10000, true}, {10001, true}}) {
    ASSERT_EQ(qs_risk_tail(losses.data(), count, 0.99, &tail), QS_OK);
    EXPECT_EQ(tail.trusted, trusted) << count;
  }
}

TEST(RiskTail, BadArguments) {
  double loss = 1;
  qs_risk_level tail;
  tail.level = 7;
  EXPECT_EQ(qs_risk_tail(&loss, 0, 0.95, &tail), QS_ERROR_USAGE);
  EXPECT_EQ(qs_risk_tail(&loss, 1, 0, &tail), QS_ERROR_USAGE);
  EXPECT_EQ(qs_risk_tail(&loss, 1, 1, &tail), QS_ERROR_USAGE);
  EXPECT_EQ(qs_risk_tail(&loss, 1, NAN, &tail), QS_ERROR_USAGE);
  EXPECT_EQ(tail.level, 7);
}

TEST(RiskTail, RankIsExactAtIntegers) {
  EXPECT_EQ(qs_risk_rank(100, 0.95), 95u);
  EXPECT_EQ(qs_risk_rank(262144, 0.99), 259523u); // 259522.56
  EXPECT_EQ(qs_risk_rank(3, 0.001), 1u);
  for (size_t hundreds = 1; hundreds < 5000; hundreds++) {
    for (size_t percent = 1; percent < 100; percent++) {
      ASSERT_EQ(qs_risk_rank(100 * hundreds, static_cast<double>(percent) / 100), percent * hundreds);
    }
  }
}

TEST(RiskTail, QuantileRanksAgainstBinomialSums) {
  for (size_t n : {1, 2, 17, 100, 250, 500, 1024}) {
    for (double level : {0.001, 0.05, 0.5, 0.9, 0.975, 0.99, 0.999}) {
      qs_risk_ranks ranks = qs_risk_quantile_ranks(n, level);
      auto cdf = [&](size_t k) { return binomial_cdf(n, level, static_cast<long long>(k)); };
      // The largest rank whose order statistic is at most the quantile with 97.5%, and the smallest one of
      // the other side; 1e-12 is what the sums above are good for.
      if (ranks.low > 0) {
        EXPECT_LE(cdf(ranks.low - 1), 0.025 + 1e-12) << n << " " << level;
      }
      EXPECT_GT(cdf(ranks.low), 0.025 - 1e-12) << n << " " << level;
      EXPECT_GE(cdf(ranks.high - 1), 0.975 - 1e-12) << n << " " << level;
      if (ranks.high > 1) {
        EXPECT_LT(cdf(ranks.high - 2), 0.975 + 1e-12) << n << " " << level;
      }
    }
  }
}

TEST(RiskTail, QuantileRanksOfLargeSamplesAreNormal) {
  // Berry-Esseen leaves the ranks within a few of the normal approximation's.
  for (size_t n : {size_t{1} << 18, size_t{1} << 30}) {
    double level = 0.99, mean = static_cast<double>(n) * level, deviation = std::sqrt(mean * (1 - level));
    qs_risk_ranks ranks = qs_risk_quantile_ranks(n, level);
    EXPECT_NEAR(static_cast<double>(ranks.low), mean - 1.959964 * deviation, 3);
    EXPECT_NEAR(static_cast<double>(ranks.high), mean + 1.959964 * deviation, 3);
  }
}

TEST(RiskTail, SortsTheTailOfAnySample) {
  std::mt19937_64 g(1);
  for (size_t n : {1, 2, 3, 64, 65, 66, 1000, 20000}) {
    for (int kind = 0; kind < 5; kind++) {
      std::vector<double> losses(n);
      for (size_t i = 0; i < n; i++) {
        double x = static_cast<double>(i);
        losses[i] = kind == 0   ? std::normal_distribution<double>()(g)
                    : kind == 1 ? x
                    : kind == 2 ? -x
                    : kind == 3 ? static_cast<double>(g() % 3)
                                : std::min(x, static_cast<double>(n) - x);
      }
      std::vector<double> sorted = losses;
      std::sort(sorted.begin(), sorted.end());
      for (size_t begin : {size_t{0}, n / 2, n - n / 20 - 1, n - 1}) {
        std::vector<double> mine = losses;
        qs_risk_sort_tail(mine.data(), n, begin);
        EXPECT_TRUE(std::equal(mine.begin() + static_cast<long>(begin), mine.end(),
                               sorted.begin() + static_cast<long>(begin)))
            << n << " " << kind << " " << begin;
        std::sort(mine.begin(), mine.end());
        EXPECT_EQ(mine, sorted); // nothing lost
      }
    }
  }
}

TEST(RiskTail, BeginCoversWhatIsRead) {
  std::mt19937_64 g(2);
  std::vector<double> losses(30000);
  for (double &loss : losses) {
    loss = std::normal_distribution<double>()(g);
  }
  std::vector<double> sorted = losses;
  std::sort(sorted.begin(), sorted.end());
  const double levels[] = {0.99, 0.9, 0.999};
  qs_risk_sort_tail(losses.data(), losses.size(), qs_risk_tail_begin(losses.size(), levels, 3));
  for (double level : levels) {
    qs_risk_level part, whole;
    ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), level, &part), QS_OK);
    ASSERT_EQ(qs_risk_tail(sorted.data(), sorted.size(), level, &whole), QS_OK);
    EXPECT_EQ(part.var.low, whole.var.low);
    EXPECT_EQ(part.var.estimate, whole.var.estimate);
    EXPECT_EQ(part.var.high, whole.var.high);
    EXPECT_EQ(part.expected_shortfall.estimate, whole.expected_shortfall.estimate);
    EXPECT_EQ(part.expected_shortfall.low, whole.expected_shortfall.low);
    EXPECT_EQ(part.expected_shortfall.high, whole.expected_shortfall.high);
  }
}

TEST(RiskMoments, ByHand) {
  // Mean 3, squares 4 1 0 1 4: deviation sqrt(10/4); m2 = 2, m4 = 6.8.
  double values[] = {1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 4, 1e6 + 5};
  qs_estimate mean, deviation;
  qs_risk_moments(values, 5, &mean, &deviation);
  EXPECT_DOUBLE_EQ(mean.estimate, 1e6 + 3);
  EXPECT_DOUBLE_EQ(deviation.estimate, std::sqrt(2.5));
  EXPECT_DOUBLE_EQ(mean.std_error, std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(deviation.std_error, std::sqrt((6.8 - 4) / 5) / (2 * std::sqrt(2.5)));
}

} // namespace
