// Paths that follow another law than the prices: the premium of implied over realised variance in closed
// form.
#include "host/simulate/paths.h"
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kImplied = .6, kRealised = .5, kDay = 1.0 / 365, kYears = 30 * kDay;

// Short a straddle at the money, realised volatility below the implied one.
class Straddle : public SimulateWorld {
public:
  Straddle() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kImplied}}, 100, 0, 0);
    add_option("c", "X", QS_CALL, 100, kYears, -1);
    add_option("p", "X", QS_PUT, 100, kYears, -1);
    spec.real_world.value[QS_SIGMA] = kRealised;
    spec.attribution = true;
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 16;
  }
};

double normal_density(double x, double mean, double variance) {
  return std::exp(-.5 * (x - mean) * (x - mean) / variance) / std::sqrt(2 * M_PI * variance);
}

TEST(RealWorld, AStraddleEarnsThePremium) {
  Straddle w;
  w.every_day(30);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  // What it gains on average is the price at the one volatility less that at the other, hedged or not.
  const double root = std::sqrt(kYears);
  const double gain = 2 * (black(100, 100, kImplied * root) - black(100, 100, kRealised * root));
  expect_within(w.policy(0).options, gain, 4, .05, "gain");
  expect_within(w.policy(1).net, gain, 4, .01, "gain of the hedged");
  // S^2 gamma = K n(ln S/K; variance to go), whose mean over ln S is normal again.
  double premium = 0, theta = 0;
  for (int n = 0; n < 30; n++) {
    const double passed = kRealised * kRealised * n * kDay, left = kImplied * kImplied * (30 - n) * kDay;
    const double dollar_gamma = 100 * normal_density(0, -.5 * (passed + left) + left, passed + left);
    premium +=
        dollar_gamma * (std::expm1(kImplied * kImplied * kDay) - std::expm1(kRealised * kRealised * kDay));
    theta += dollar_gamma * kImplied * kImplied * kDay;
  }
  expect_within(w.result.attribution.premium, premium, 4, .02, "premium");
  expect_within(w.result.attribution.theta, theta, 4, .02, "theta");
  EXPECT_NEAR(premium, gain, .03 * gain); // they are one in continuous time
}

TEST(RealWorld, TheLocalRatioIsTheRealWorlds) {
  Straddle w;
  w.spec.dates.count = 1;
  w.spec.dates.spacing_days = 30;
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  // Least Var[payoff - h S] over one step: all moments by Black's formula at the realised volatility.
  const double variance = kRealised * kRealised * kYears, deviation = std::sqrt(variance);
  const double call = black(100, 100, deviation), tilted = black(100 * std::exp(variance), 100, deviation);
  const double payoff = 2 * call;                       // |S - K|: twice the call
  const double square = 1e4 * std::exp(variance) - 1e4; // E (S - K)^2
  const double with_spot = 100 * (2 * tilted - (100 * std::exp(variance) - 100)) - 100 * payoff;
  const double spot = 1e4 * std::expm1(variance);
  const double least = square - payoff * payoff - with_spot * with_spot / spot;
  expect_within(w.policy(0).variance, least, 4, .02 * least, "local");
  EXPECT_GT(w.policy(1).variance.estimate, w.policy(0).variance.estimate);
  EXPECT_TRUE(std::isnan(w.result.lower_bound.estimate));
}

TEST(RealWorld, RealisedVarianceHasItsMean) {
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_SVCJ}) {
    SimulateWorld w;
    const bool jumps = type == QS_MODEL_SVCJ;
    std::vector<std::pair<int, double>> values = {
        {QS_V0, .3}, {QS_KAPPA, 3}, {QS_THETA, .5}, {QS_XI, 1}, {QS_RHO, -.4}};
    if (jumps)
      values.insert(values.end(),
                    {{QS_LAMBDA, 4}, {QS_MU_J, -.1}, {QS_SIGMA_J, .05}, {QS_MU_V, .1}, {QS_RHO_J, -.2}});
    w.add_underlying("X", type, values, 100, 0, 0);
    w.add_option("c", "X", QS_CALL, 100, 60 * kDay, -1);
    const double kappa = 6, theta = .35, lambda = jumps ? 1.5 : 0, mu_v = .05, mu_j = -.05;
    auto &real = w.spec.real_world.value;
    real[QS_KAPPA] = kappa;
    real[QS_THETA] = theta;
    if (jumps) {
      real[QS_LAMBDA] = lambda;
      real[QS_MU_V] = mu_v;
      real[QS_MU_J] = mu_j;
    }
    w.every_day(60);
    w.spec.cost_weight = 1;
    w.add_policy(QS_HEDGE_POLICY_NONE);
    w.inputs.simulation.paths = 1 << 16;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    qs_simulate_problem p;
    qs_simulate_paths paths;
    ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &p), QS_OK);
    ASSERT_EQ(qs_simulate_paths_make(&w.context, w.arena, w.devices, &p, &paths), QS_OK);
    const uint64_t count = 1 << 16;
    std::vector<double> x(p.row_count * count), v(x.size());
    ASSERT_EQ(qs_simulate_paths_run(&w.context, &paths, 0, count, x.data(), v.data()), QS_OK);
    double mean[3] = {}, square[3] = {};
    for (uint64_t i = 0; i < count; i++) {
      double realised = 0;
      for (size_t r = 1; r < p.row_count; r++)
        realised += std::pow(x[r * count + i] - x[(r - 1) * count + i], 2);
      const double of[] = {v[60 * count + i], x[60 * count + i], realised};
      for (int q = 0; q < 3; q++) {
        mean[q] += of[q] / count;
        square[q] += of[q] * of[q] / count;
      }
    }
    // The mean of v and its integral; E ln S is minus half of that, and the jumps' part of their own.
    const double years = 60 * kDay, level = theta + lambda * (jumps ? mu_v : 0) / kappa;
    const double reach = -std::expm1(-kappa * years) / kappa;
    const double variance = level + (.3 - level) * std::exp(-kappa * years);
    const double integral = level * years + (.3 - level) * reach;
    const double growth = jumps ? std::exp(mu_j + .5 * .05 * .05) / (1 + .2 * mu_v) - 1 : 0;
    const double jump = mu_j - .2 * mu_v, jump_square = jump * jump + .05 * .05 + .2 * .2 * mu_v * mu_v;
    const double expected[] = {variance, -.5 * integral + lambda * years * (jump - growth),
                               integral + lambda * years * jump_square};
    for (int q = 0; q < 3; q++) {
      const double error = std::sqrt((square[q] - mean[q] * mean[q]) / count);
      // Beside its variance a day's squared return has terms of the day's square: (v/4 + |rho| xi/2)/365 of
      // it.
      EXPECT_LE(std::fabs(mean[q] - expected[q]), 4 * error + (q == 2 ? 1e-3 * expected[q] : 0))
          << qs_model_name(type) << " " << q << ": " << mean[q] << " +- " << error << ", not " << expected[q];
      EXPECT_LE(error, .02 * std::fabs(expected[q]) + (q == 1 ? .01 : 0));
    }
  }
}

TEST(RealWorld, AsPricedItIsTheSameRun) {
  double objective[2];
  for (int i : {0, 1}) {
    Straddle w;
    w.every_day(5);
    w.inputs.simulation.paths = 4096;
    w.spec.real_world.value[QS_SIGMA] = i ? kImplied : std::nan("");
    w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    objective[i] = w.policy(0).objective.estimate;
  }
  EXPECT_NEAR(objective[0], objective[1], 1e-12 * objective[0]);
}

TEST(RealWorld, JumpsThatCannotBeAreRefused) {
  Straddle w;
  w.underlyings.clear();
  w.add_underlying("X", QS_MODEL_SVCJ,
                   {{QS_V0, .2},
                    {QS_KAPPA, 5},
                    {QS_THETA, .26},
                    {QS_XI, 1.2},
                    {QS_RHO, -.35},
                    {QS_LAMBDA, .9},
                    {QS_MU_J, -.1},
                    {QS_SIGMA_J, .05},
                    {QS_MU_V, .1},
                    {QS_RHO_J, .5}},
                   100, 0, 0);
  w.every_day(5);
  w.spec.real_world.value[QS_SIGMA] = std::nan("");
  w.spec.real_world.value[QS_MU_V] = 3;
  w.add_policy(QS_HEDGE_POLICY_NONE);
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::string(w.context.message).find("simulate.real_world.rho_j: got 0.5: rho_j * mu_v must be"),
            std::string::npos)
      << w.context.message;
}

} // namespace
