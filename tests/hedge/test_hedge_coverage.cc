// Do the standard errors say what they should? Replications of the whole section on fresh paths of a known
// law: the distance of each ratio from the true optimum, in its own standard errors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/hedge/hedge_world.h"

using namespace hedge_test;

namespace {

constexpr int replications = 1000;
constexpr size_t paths = 1024;

struct Scores {
  std::vector<double> z;
  void add(double value, double truth, double error) { z.push_back((value - truth) / error); }

  // A jackknife over 32 blocks has 31 degrees of freedom: |t| < 1.96 in 94.1% of cases, standard deviation
  // sqrt(31/29) = 1.034. Bounds: 4 standard errors of 1000 replications (0.75% and 0.023), and for the mean,
  // besides 4 x 0.032, the bias of a nonlinear estimate, which is of order paths^{-1/2} = 0.03.
  void expect_calibrated(const char *what) const {
    double mean = 0, square = 0, inside = 0;
    for (double v : z) {
      mean += v / static_cast<double>(z.size());
      square += v * v / static_cast<double>(z.size());
      inside += std::fabs(v) < 1.96 ? 1.0 / static_cast<double>(z.size()) : 0;
    }
    const double deviation = std::sqrt(square - mean * mean);
    std::printf("%-28s z: mean %+.3f, standard deviation %.3f, %.1f%% within 1.96\n", what, mean, deviation,
                100 * inside);
    EXPECT_NEAR(mean, 0, 0.16) << what;
    EXPECT_NEAR(deviation, 1.034, 0.092) << what;
    EXPECT_NEAR(inside, 0.941, 0.03) << what;
  }
};

// Two instruments and a book with a curved part: u, v independent normals,
//   perpetual p = u, future f = u + 0.3 v, book = 2 u - v + 0.5 (u^2 - 1), in units of 1e-3 per dollar.
// Var[book] = 4 + 1 + 0.25 * 2 = 5.5, Cov[book, p] = 2, Cov[book, f] = 2 - 0.3 = 1.7.
Problem truth(double half_spread) {
  Problem p(2);
  p.covariance = {1e-6, 1e-6, 1e-6, 1.09e-6};
  p.cross = {2e-3, 1.7e-3};
  p.constant = 5.5;
  p.linear = {half_spread, half_spread};
  return p;
}

void replicate(double half_spread, double least_first, const char *what) {
  Problem exact = truth(half_spread);
  if (std::isfinite(least_first)) {
    exact.lower[0] = least_first;
  }
  const Solution optimum = solve(exact);
  ASSERT_EQ(optimum.outcome, QS_HEDGE_OPTIMAL);
  Problem free_of_cost = truth(0);
  const double variance = free_of_cost.objective(optimum.x);

  HedgeWorld world;
  world.instruments = {"BTC-PERPETUAL", "BTC-25SEP26"};
  world.hold("BTC-25SEP26-60000-C", 1);
  world.cost("perpetual").half_spread = half_spread;
  world.cost("future").half_spread = half_spread;
  if (std::isfinite(least_first)) {
    world.limits.push_back({"BTC-PERPETUAL", least_first, nan_value});
  }
  world.horizon.paths = paths;
  world.context.threads = 1;
  ASSERT_EQ(world.build(), QS_OK) << world.message();

  Scores first, second, before;
  Random random(77);
  int within = 0;
  for (int r = 0; r < replications; r++) {
    std::vector<double> p(paths), f(paths), b(paths);
    for (size_t i = 0; i < paths; i++) {
      const double u = random.normal(), v = random.normal();
      p[i] = 1e-3 * u;
      f[i] = 1e-3 * (u + 0.3 * v);
      b[i] = 2 * u - v + 0.5 * (u * u - 1);
    }
    world.moves("BTC-PERPETUAL", p);
    world.moves("BTC-25SEP26", f);
    world.moves("BTC-25SEP26-60000-C", b);
    ASSERT_EQ(world.run_built(), QS_OK) << world.message();
    ASSERT_TRUE(world.result.trusted);
    const qs_hedge_trade *trades = world.result.trades;
    if (trades[0].ratio.std_error > 0) {
      first.add(trades[0].quantity, optimum.x[0], trades[0].ratio.std_error);
    }
    second.add(trades[1].quantity, optimum.x[1], trades[1].ratio.std_error);
    before.add(world.result.before.variance.estimate, 5.5, world.result.before.variance.std_error);
    const qs_estimate after = world.result.after.variance;
    within += std::fabs(after.estimate - variance) < 1.96 * after.std_error;
  }
  if (first.z.size() == replications) {
    first.expect_calibrated((std::string(what) + ", perpetual").c_str());
  } else {
    EXPECT_TRUE(std::isfinite(least_first)); // at its limit: no error at all
  }
  second.expect_calibrated((std::string(what) + ", future").c_str());
  // A normal interval of a variance with fat tails covers a little less than it says.
  EXPECT_NEAR(within / static_cast<double>(replications), 0.94, 0.03);
  std::printf("%-28s variance after within 1.96: %.1f%%\n", what, 100.0 * within / replications);
}

TEST(HedgeCoverage, WithoutCosts) {
  replicate(0, nan_value, "no costs");
}

// A cost that shrinks both trades but leaves them.
TEST(HedgeCoverage, WithCosts) {
  replicate(1e-4, nan_value, "costs");
}

// The perpetual is held at its limit: the future's ratio is another one, and so is its error.
TEST(HedgeCoverage, AtALimit) {
  replicate(1e-4, -1000, "at a limit");
}

} // namespace
