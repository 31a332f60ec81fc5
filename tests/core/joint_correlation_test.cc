// What underlyings have together: derivatives to correlations against differences on the same draws, and
// jumps in common against sums over their numbers.
#include <functional>

#include "tests/core/joint_cases.h"

namespace {

using namespace paths;

// Two of Merton's with jumps in common. Given the numbers of jumps, common and own, both prices are
// lognormal: the sums over the numbers of the product's mean, of Margrabe's exchange and of Black's call.
struct CommonJumps {
  double sigma[2] = {0.3, 0.2}, lambda[2] = {3, 2}, mu[2] = {-0.1, 0.05}, spread[2] = {0.15, 0.2};
  double common = 1.5, sizes = 0.6, c = 0.4, T = 0.5;
  double mean(int a) const { return mu[a] + spread[a] * spread[a] / 2; }
  double forward(int a, double number) const {
    return 100 * std::exp(0.05 * T - lambda[a] * T * std::expm1(mean(a)) + number * mean(a));
  }
  static double poisson(double m, int n) { return std::exp(-m + n * std::log(m) - std::lgamma(n + 1.0)); }
  template <class Payoff> double sum(Payoff &&pays) const {
    double total = 0;
    for (int n = 0; n < 14; n++)
      for (int i = 0; i < 18; i++)
        for (int j = 0; j < 14; j++) {
          const double p = poisson(common * T, n) * poisson((lambda[0] - common) * T, i) *
                           poisson((lambda[1] - common) * T, j);
          const double v[2] = {sigma[0] * sigma[0] * T + (n + i) * spread[0] * spread[0],
                               sigma[1] * sigma[1] * T + (n + j) * spread[1] * spread[1]};
          const double cross = c * sigma[0] * sigma[1] * T + n * sizes * spread[0] * spread[1];
          total += p * pays(forward(0, n + i), forward(1, n + j), v[0], v[1], cross);
        }
    return total;
  }
  double product() const {
    return sum([](double a, double b, double, double, double cross) { return a * b * std::exp(cross); });
  }
  double exchange() const {
    return sum([](double a, double b, double va, double vb, double cross) {
      const double d = std::sqrt(va + vb - 2 * cross), up = std::log(a / b) / d + d / 2;
      return a * cdf(up) - b * cdf(up - d);
    });
  }
  double call(int of) const {
    return sum([of](double a, double b, double va, double vb, double) {
      const double f = of ? b : a, d = std::sqrt(of ? vb : va), up = std::log(f / 100) / d + d / 2;
      return f * cdf(up) - 100 * cdf(up - d);
    });
  }
  JointValuation run() const {
    std::vector<Underlying> list;
    for (int a = 0; a < 2; a++)
      list.push_back(asset(a ? "B" : "A", make_model(QS_MODEL_MERTON, {{QS_SIGMA, sigma[a]},
                                                                       {QS_LAMBDA, lambda[a]},
                                                                       {QS_MU_J, mu[a]},
                                                                       {QS_SIGMA_J, spread[a]}})));
    JointValuation made(T, 10, 1, list, {{1, c}, {c, 1}});
    made.common = common, made.sizes = sizes;
    return made;
  }
};

TEST(Joint, CommonJumpsInClosedForm) {
  const CommonJumps exact;
  for (int all = 0; all < 2; all++) { // and where all jumps of B are common
    CommonJumps law = exact;
    law.lambda[1] = all ? law.common + 1e-9 : law.lambda[1];
    JointValuation run = law.run();
    run.add("A[T] * B[T] / K");
    run.add("max(A[T] - B[T], 0)");
    run.add("max(A[T] - K, 0) + 0 * B[T]");
    run.add("max(B[T] - K, 0) + 0 * A[T]");
    run.unit.path_count = 1 << 18;
    Device device;
    ASSERT_EQ(run.run(device), QS_OK) << device.message;
    expect_near(run.estimate(0, 0), law.product() / 100, "product");
    expect_near(run.estimate(1, 0), law.exchange(), "exchange");
    expect_near(run.estimate(2, 0), law.call(0), "call on A");
    expect_near(run.estimate(3, 0), law.call(1), "call on B");
    if (all)
      continue;
    const auto by = [&](double CommonJumps::*field) {
      CommonJumps up = law, down = law;
      up.*field += 1e-4, down.*field -= 1e-4;
      return (up.exchange() - down.exchange()) / 2e-4;
    };
    const auto by_parameter = [&](double(CommonJumps::*field)[2], int a) {
      CommonJumps up = law, down = law;
      (up.*field)[a] += 1e-4, (down.*field)[a] -= 1e-4;
      return (up.exchange() - down.exchange()) / 2e-4;
    };
    const uint32_t a = qs_joint_asset_quantity(&run.unit, 0), b = qs_joint_asset_quantity(&run.unit, 1);
    expect_near(run.estimate(1, qs_joint_own_quantity(&run.unit, 0, 1)), by(&CommonJumps::c), "correlation");
    expect_near(run.estimate(1, a + 2), by_parameter(&CommonJumps::lambda, 0), "lambda of A");
    expect_near(run.estimate(1, b + 3), by_parameter(&CommonJumps::mu, 1), "mu_j of B");
    expect_near(run.estimate(1, b + 4), by_parameter(&CommonJumps::spread, 1), "sigma_j of B");
    expect_near(run.estimate(1, a + 5), by_parameter(&CommonJumps::sigma, 0), "sigma of A");
  }
}

// The horizon unit's law is the same.
TEST(Joint, CommonJumpsOfTheHorizon) {
  const CommonJumps law;
  JointValuation run = law.run();
  run.connect();
  Device device;
  const size_t paths = 1 << 18;
  std::vector<double> x[2], v(paths);
  const uint64_t keys[] = {qs_key(7, QS_PURPOSE_TEST, "one"), qs_key(7, QS_PURPOSE_TEST, "two")};
  for (size_t a = 0; a < 2; a++) {
    const qs_date end = {10, {0, 0, 0}};
    qs_horizon_unit unit{};
    unit.path = run.assets[a].path;
    unit.path.dates = &end, unit.path.date_count = 1;
    unit.keys = keys, unit.weights = run.underlyings[a].loadings.data(), unit.key_count = 2;
    unit.common_key = 11, unit.common_sizes = run.underlyings[a].sizes.data();
    unit.precision = QS_PRECISION_MIXED, unit.path_end = paths;
    x[a].resize(paths);
    ASSERT_EQ(qs_backend_cpu()->horizon(device.get(), &unit, nullptr, device.message, x[a].data(), v.data()),
              QS_OK)
        << device.message;
  }
  const auto compare = [&](const char *what, double exact,
                           const std::function<double(double, double)> &pays) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < paths; i++) {
      const double f = 100 * std::exp(0.05 * law.T);
      const double p = pays(f * std::exp(x[0][i]), f * std::exp(x[1][i]));
      mean += p / double(paths), square += p * p / double(paths);
    }
    EXPECT_NEAR(mean, exact, 4.5 * std::sqrt((square - mean * mean) / double(paths))) << what;
  };
  compare("product", law.product(), [](double a, double b) { return a * b; });
  compare("exchange", law.exchange(), [](double a, double b) { return std::max(a - b, 0.0); });
  compare("call", law.call(0), [](double a, double) { return std::max(a - 100, 0.0); });
}

// Derivatives to what correlations are made of, put together as host/engine/joint_correlation.c does, against
// central differences on the same draws.
TEST(Joint, CorrelationsAgainstBumps) {
  Device device;
  for (int full = 0; full < 2; full++)
    for (int index = 0; index < 5; index++) {
      const auto make = [&] {
        JointValuation run = full ? full_run(index) : mixed_run(index);
        if (!full)
          run.variances = run.correlation;
        run.unit.path_count = 1 << 15;
        return run;
      };
      JointValuation base = make();
      ASSERT_EQ(base.run(device), QS_OK) << device.message;
      const qs_joint_unit *unit = &base.unit;
      const double q = base.variances[0][1], x = full ? base.crosses[0][1] : 0,
                   y = full ? base.crosses[1][0] : 0;
      // H = Q^-1 X': rows of variances, columns of own normals.
      const double d = 1 - q * q, h[2][2] = {{-q * x / d, y / d}, {x / d, -q * y / d}};
      const auto at = [&](uint32_t b, uint32_t p, uint32_t quantity) {
        return base.moment(b, p, quantity).mean;
      };
      const auto own = [&](uint32_t b, uint32_t p, int i, int j) {
        return at(b, p, qs_joint_own_quantity(unit, uint32_t(std::min(i, j)), uint32_t(std::max(i, j))));
      };
      const auto mean = [&](uint32_t b, uint32_t p, int i, int j) {
        return full ? at(b, p, qs_joint_mean_quantity(unit, uint32_t(i), uint32_t(j))) : 0.0;
      };
      const auto check = [&](const char *what, const std::function<void(JointValuation *, double)> &move,
                             const std::function<double(uint32_t, uint32_t)> &slope) {
        const double step = 1e-3;
        JointValuation up = make(), down = make();
        move(&up, step), move(&down, -step);
        up.unit.greeks = down.unit.greeks = false;
        ASSERT_EQ(up.run(device), QS_OK) << device.message;
        ASSERT_EQ(down.run(device), QS_OK) << device.message;
        for (uint32_t p = 0; p < 2; p++) {
          double gap = 0, square = 0, bumped = 0;
          const double batches = base.unit.batch_end;
          for (uint32_t b = 0; b < base.unit.batch_end; b++) {
            const double bump = (up.moment(b, p, 0).mean - down.moment(b, p, 0).mean) / (2 * step);
            const double off = slope(b, p) - bump;
            gap += off / batches, square += off * off / batches, bumped += bump / batches;
          }
          const double error = std::sqrt((square - gap * gap) / (batches - 1));
          EXPECT_NEAR(gap, 0, 4.5 * error + 1e-4 * (1 + std::fabs(bumped)))
              << what << " of model " << index << ", full " << full << ", formula " << p << " = " << bumped;
        }
      };
      check(
          "own", [](JointValuation *r, double s) { r->correlation[0][1] = r->correlation[1][0] += s; },
          [&](uint32_t b, uint32_t p) { return own(b, p, 0, 1); });
      check(
          "variances", [](JointValuation *r, double s) { r->variances[0][1] = r->variances[1][0] += s; },
          [&](uint32_t b, uint32_t p) {
            double sum = (at(b, p, qs_joint_variance_quantity(unit, 0, 1)) +
                          at(b, p, qs_joint_variance_quantity(unit, 1, 0))) /
                         2;
            for (int c = 0; c < 2; c++) {
              sum -= (h[0][c] * mean(b, p, c, 1) + h[1][c] * mean(b, p, c, 0)) / 2;
              for (int e = c; e < 2; e++)
                sum += (h[0][c] * h[1][e] + h[1][c] * h[0][e]) * own(b, p, c, e);
            }
            return sum;
          });
      for (int a = 0; full && a < 2; a++)
        check(
            "own with variance",
            [a](JointValuation *r, double s) { r->crosses[size_t(a)][size_t(1 - a)] += s; },
            [&](uint32_t b, uint32_t p) {
              double sum = mean(b, p, a, 1 - a);
              for (int c = 0; c < 2; c++)
                sum -= (c == a ? 2 : 1) * h[1 - a][c] * own(b, p, a, c);
              return sum;
            });
    }
}

} // namespace
