// The stationary bootstrap: block lengths against arch, the law of a resample, the variance of the mean
// against its closed form, coverage, and the same bits for any number of threads.
#include <gtest/gtest.h>

#include <random>

#include "host/history/bootstrap.h"
#include "table.h"

namespace {

double mean_of(const size_t *index, size_t count, const void *data) {
  const double *x = static_cast<const double *>(data);
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += x[index[i]];
  }
  return sum / static_cast<double>(count);
}

TEST(Bootstrap, BlockLengthsAreThoseOfArch) {
  for (const char *name : {"white", "ar", "slow"}) {
    std::vector<double> x = history::series(name);
    double expected = history::reference(std::string("block ") + name);
    EXPECT_NEAR(qs_bootstrap_block(x.data(), x.size()), expected, 1e-8 * expected) << name;
  }
  std::vector<double> still(50, 3.0);
  EXPECT_EQ(qs_bootstrap_block(still.data(), still.size()), 1);
}

TEST(Bootstrap, BlocksStartAnywhereAndEndByChance) {
  const size_t count = 97, replicates = 4000;
  const double block = 7;
  qs_bootstrap b = {count, block, replicates, 3, 0.95};
  std::vector<size_t> index(count);
  std::vector<double> starts(count);
  double ends = 0, drawn = 0;
  for (size_t r = 0; r < replicates; r++) {
    qs_bootstrap_draw(&b, r, index.data());
    starts[index[0]]++;
    for (size_t i = 1; i < count; i++) {
      ends += index[i] != (index[i - 1] + 1) % count;
      drawn++;
      ASSERT_LT(index[i], count);
    }
  }
  double chi = 0, each = static_cast<double>(replicates) / count;
  for (double s : starts) {
    chi += (s - each) * (s - each) / each;
  }
  EXPECT_LT(std::abs(chi - (count - 1)) / std::sqrt(2.0 * (count - 1)), 4);
  double p = (1 / block) * (1 - 1.0 / count); // one start in count goes on as if nothing had ended
  EXPECT_LT(std::abs(ends - p * drawn) / std::sqrt(drawn * p * (1 - p)), 4);
}

// Politis and Romano 1994, equation 9: the variance of the mean over all resamples, from circular
// covariances.
TEST(Bootstrap, VarianceOfTheMeanIsItsClosedForm) {
  std::vector<double> x = history::series("ar");
  const size_t n = x.size();
  for (double block : {1.0, 4.0, 25.0}) {
    double mean = 0, variance = 0, p = 1 / block;
    for (double v : x) {
      mean += v / static_cast<double>(n);
    }
    for (size_t lag = 0; lag < n; lag++) {
      double c = 0, k = static_cast<double>(lag), m = static_cast<double>(n);
      for (size_t i = 0; i < n; i++) {
        c += (x[i] - mean) * (x[(i + lag) % n] - mean) / m;
      }
      variance += (lag ? 2 * (1 - k / m) * std::pow(1 - p, k) : 1) * c / m;
    }
    qs_context context;
    qs_context_init(&context);
    qs_bootstrap b = {n, block, 20000, 11, 0.9};
    qs_bootstrap_result r;
    ASSERT_EQ(qs_bootstrap_interval(&context, &b, mean_of, x.data(), &r), QS_OK) << context.message;
    EXPECT_NEAR(r.estimate, mean, 1e-12);
    double z = (r.std_error * r.std_error / variance - 1) / std::sqrt(2.0 / 20000);
    EXPECT_LT(std::abs(z), 4) << block;
    EXPECT_NEAR((r.high - r.low) / (2 * 1.6449 * r.std_error), 1, 0.03); // about normal
  }
}

TEST(Bootstrap, IntervalsOfADependentSeriesCover) {
  std::mt19937_64 g(5);
  std::normal_distribution<double> normal;
  const int runs = 300;
  int covered = 0, blind = 0;
  qs_context context;
  qs_context_init(&context);
  for (int run = 0; run < runs; run++) {
    std::vector<double> x(400);
    double now = normal(g) / std::sqrt(1 - 0.36);
    for (double &v : x) {
      v = now;
      now = 0.6 * now + normal(g);
    }
    qs_bootstrap b = {x.size(), qs_bootstrap_block(x.data(), x.size()), 500, static_cast<uint64_t>(run),
                      0.95};
    qs_bootstrap_result r;
    ASSERT_EQ(qs_bootstrap_interval(&context, &b, mean_of, x.data(), &r), QS_OK);
    covered += r.low <= 0 && 0 <= r.high;
    b.block = 1;
    ASSERT_EQ(qs_bootstrap_interval(&context, &b, mean_of, x.data(), &r), QS_OK);
    blind += r.low <= 0 && 0 <= r.high;
  }
  RecordProperty("covered", covered);
  EXPECT_GT(covered, 0.87 * runs);
  EXPECT_LT(covered, 0.98 * runs);
  EXPECT_LT(blind, 0.8 * runs); // what blocks are for
}

TEST(Bootstrap, SameBitsForAnyThreads) {
  std::vector<double> x = history::series("slow");
  qs_bootstrap_result one, four;
  for (int threads : {1, 4}) {
    qs_context context;
    qs_context_init(&context);
    context.threads = threads;
    qs_bootstrap b = {x.size(), 12, 999, 1, 0.95};
    ASSERT_EQ(qs_bootstrap_interval(&context, &b, mean_of, x.data(), threads == 1 ? &one : &four), QS_OK);
  }
  EXPECT_EQ(one.std_error, four.std_error);
  EXPECT_EQ(one.low, four.low);
  EXPECT_EQ(one.high, four.high);
}

TEST(Bootstrap, WhatMakesNoSenseIsNamed) {
  double x[] = {1, 2, 3};
  struct {
    qs_bootstrap b;
    const char *named;
  } cases[] = {{{1, 1, 9, 1, 0.9}, "1 values"},
               {{3, 0.5, 9, 1, 0.9}, "block 0.5"},
               {{3, 1, 1, 1, 0.9}, "1 bootstrap replicates"},
               {{3, 1, 9, 1, 1}, "level 1"}};
  for (auto &c : cases) {
    qs_context context;
    qs_context_init(&context);
    qs_bootstrap_result r;
    EXPECT_EQ(qs_bootstrap_interval(&context, &c.b, mean_of, x, &r), QS_ERROR_INPUT);
    EXPECT_NE(std::string(context.message).find(c.named), std::string::npos) << context.message;
  }
}

} // namespace
