// Exponential utility and expected shortfall as objectives: closed forms, quadrature, and the estimators'
// errors.
#include "host/simulate/objective.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "host/simulate/tune.h"
#include "tests/full_sample.h"
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kYears = 30.0 / 365;

// A call at the money held to its expiry, no rates.
class OneCall : public SimulateWorld {
public:
  OneCall(double quantity, qs_simulate_objective objective, double aversion) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, kYears, quantity);
    spec.dates.count = 1;
    spec.dates.spacing_days = 30;
    spec.objective = objective;
    spec.risk_aversion = aversion;
    inputs.simulation.paths = 1 << 17;
  }
};

// Mean of f(S) at the expiry, by the midpoint rule over the normal law.
template <typename F> double mean_over_spot(F f) {
  const double root = kSigma * std::sqrt(kYears);
  const int parts = 40000;
  double sum = 0;
  for (int i = 0; i < parts; i++) {
    const double z = -9 + 18 * (i + .5) / parts;
    sum += std::exp(-z * z / 2) / std::sqrt(2 * M_PI) * f(100 * std::exp(root * z - root * root / 2));
  }
  return sum * 18 / parts;
}

TEST(Objective, CertaintyOfALongCallByQuadrature) {
  const double price = black(100, 100, kSigma * std::sqrt(kYears));
  for (double aversion : {.01, .2}) {
    OneCall w(1, QS_OBJECTIVE_EXPONENTIAL, aversion);
    w.spec.costs.fixed = .25; // of the hedge's two trades: within the utility
    w.add_policy(QS_HEDGE_POLICY_NONE);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const auto of = [&](double hedge, double cost) {
      return std::log(mean_over_spot([&](double s) {
               return std::exp(-aversion * (std::fmax(s - 100, 0) - price - hedge * (s - 100) - cost));
             })) /
             aversion;
    };
    double delta;
    black(100, 100, kSigma * std::sqrt(kYears), &delta);
    expect_within(w.policy(0).objective, of(0, 0), 4, .05, "none");
    expect_within(w.policy(1).objective, of(delta, .5), 4, .05, "hedged");
    EXPECT_TRUE(w.result.trusted) << w.result.why;
    EXPECT_STREQ(w.result.objective, "exponential");
    EXPECT_TRUE(std::isnan(w.result.objective_level));
  }
}

TEST(Objective, ASmallAversionIsMeanAndVariance) {
  OneCall w(-1, QS_OBJECTIVE_EXPONENTIAL, 1e-4);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_result &p = w.policy(0);
  EXPECT_NEAR(p.objective.estimate, -p.net.estimate + .5e-4 * p.variance.estimate, 1e-6);
  EXPECT_NEAR(p.objective.std_error, p.net.std_error, .01 * p.net.std_error);
}

TEST(Objective, ShortfallOfAShortCallInClosedForm) {
  const double root = kSigma * std::sqrt(kYears), price = black(100, 100, root);
  for (double level : {.9, .975}) {
    OneCall w(-1, QS_OBJECTIVE_EXPECTED_SHORTFALL, 1);
    const double levels[] = {level};
    w.spec.objective_level = level;
    w.spec.levels = levels;
    w.spec.level_count = 1;
    w.add_policy(QS_HEDGE_POLICY_NONE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    // Beyond the quantile of S the call pays S - K: E[S; S > q] - K P[S > q].
    const double z = level == .9 ? 1.2815515655446004 : 1.9599639845400545;
    const double tail = 1 - level, part = 100 * normal_cdf(root - z) - 100 * tail;
    expect_within(w.policy(0).objective, part / tail - price, 4, .25, "shortfall");
    EXPECT_NEAR(w.policy(0).objective.estimate, w.policy(0).levels[0].expected_shortfall.estimate, 1e-9);
    EXPECT_STREQ(w.result.objective, "expected_shortfall");
    EXPECT_EQ(w.result.objective_level, level);
  }
}

TEST(Objective, PoliciesAreRankedByIt) {
  for (int objective : {QS_OBJECTIVE_VARIANCE, QS_OBJECTIVE_EXPONENTIAL, QS_OBJECTIVE_EXPECTED_SHORTFALL}) {
    SimulateWorld w;
    w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    w.add_option("t1", "X", QS_CALL, 100, kYears, -1);
    w.every_day(30);
    w.spec.costs.proportional = .0005;
    w.spec.risk_aversion = .1;
    w.spec.objective = (qs_simulate_objective)objective;
    for (auto type : {QS_HEDGE_POLICY_NONE, QS_HEDGE_POLICY_DELTA_EVERY_DATE, QS_HEDGE_POLICY_WHALLEY_WILMOTT,
                      QS_HEDGE_POLICY_LELAND})
      w.add_policy(type);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    std::vector<size_t> order(4);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return w.policy(a).rank < w.policy(b).rank; });
    for (size_t i = 0; i < 4; i++) {
      EXPECT_EQ(w.policy(order[i]).rank, i + 1);
      EXPECT_LE(w.policy(order[i ? i - 1 : 0]).objective.estimate, w.policy(order[i]).objective.estimate);
    }
    EXPECT_EQ(w.policy(0).rank, 4u); // no hedge is the worst
  }
}

TEST(Objective, WhatAFewPathsDecideIsNotTrusted) {
  OneCall w(-1, QS_OBJECTIVE_EXPONENTIAL, 1); // infinite, in truth
  w.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_FALSE(w.result.trusted);
  EXPECT_NE(std::string(w.result.why).find("rests on fewer than 100 paths"), std::string::npos)
      << w.result.why;
  OneCall few(-1, QS_OBJECTIVE_EXPECTED_SHORTFALL, 1);
  few.inputs.simulation.paths = 1024;
  few.spec.objective_level = .999;
  const double levels[] = {.5};
  few.spec.levels = levels;
  few.spec.level_count = 1;
  few.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(few.run(), QS_OK) << few.context.message;
  EXPECT_FALSE(few.result.trusted);
}

// What is simulated of the optimum is what the programme says, and no other policy does better.
TEST(Objective, TheOptimumOfExponentialUtility) {
  for (bool jumps : {false, true}) {
    SimulateWorld w;
    if (jumps)
      w.add_underlying("X", QS_MODEL_MERTON,
                       {{QS_SIGMA, .5}, {QS_LAMBDA, 3}, {QS_MU_J, -.08}, {QS_SIGMA_J, .1}}, 100, 0, 0);
    else
      w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    w.add_option("c", "X", QS_CALL, 100, 10.0 / 365, -1);
    w.add_option("p", "X", QS_PUT, 95, 15.0 / 365, -.5);
    w.every_day(10);
    w.spec.costs.proportional = .001;
    w.spec.risk_aversion = .1;
    w.spec.objective = QS_OBJECTIVE_EXPONENTIAL;
    w.spec.keep_pnl = true;
    w.inputs.simulation.paths = 1 << 16;
    for (auto type : {QS_HEDGE_POLICY_OPTIMAL, QS_HEDGE_POLICY_NONE, QS_HEDGE_POLICY_DELTA_EVERY_DATE,
                      QS_HEDGE_POLICY_LOCAL_EVERY_DATE, QS_HEDGE_POLICY_WHALLEY_WILMOTT,
                      QS_HEDGE_POLICY_ZAKAMOULINE, QS_HEDGE_POLICY_LELAND})
      w.add_policy(type);
    w.add_policy(QS_HEDGE_POLICY_DELTA_BAND).width = .1;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_TRUE(w.result.trusted) << w.result.why; // it agrees with the programme
    EXPECT_EQ(w.policy(0).rank, 1u);
    EXPECT_STREQ(w.result.lower_bound_why, "bounds are of the objective variance");
    // Path by path the others' utility is lower on average, each difference with its own error.
    for (size_t i = 1; i < w.policies.size(); i++) {
      double sum = 0, square = 0;
      const double n = double(w.policy(0).pnl_count);
      for (size_t k = 0; k < w.policy(0).pnl_count; k++) {
        const double more = std::exp(-.1 * w.policy(i).pnl[k]) - std::exp(-.1 * w.policy(0).pnl[k]);
        sum += more / n;
        square += more * more / n;
      }
      EXPECT_GT(sum, 2 * std::sqrt((square - sum * sum) / n)) << w.policy(i).name;
    }
  }
}

// One trade whose every size is tried, its shortfall by quadrature: the mean of the worst part of the law.
TEST(Objective, TheTunedPolicyAgainstASearchOfASingleTrade) {
  const double cost = .004, level = .95, price = black(100, 100, kSigma * std::sqrt(kYears));
  const int parts = 20000;
  const auto shortfall = [&](double hedge) {
    std::vector<std::pair<double, double>> law; // loss, probability
    const double root = kSigma * std::sqrt(kYears);
    for (int i = 0; i < parts; i++) {
      const double z = -6 + 12 * (i + .5) / parts, s = 100 * std::exp(root * z - root * root / 2);
      law.push_back({std::fmax(s - 100, 0) - price - hedge * (s - 100) + cost * hedge * (100 + s),
                     std::exp(-z * z / 2) / std::sqrt(2 * M_PI) * 12 / parts});
    }
    std::sort(law.rbegin(), law.rend());
    double left = 1 - level, sum = 0;
    for (const auto &[loss, probability] : law) {
      const double part = std::fmin(left, probability);
      sum += part * loss;
      left -= part;
    }
    return sum / (1 - level);
  };
  double least = HUGE_VAL;
  for (int i = 0; i <= 100; i++)
    least = std::fmin(least, shortfall(.01 * i));
  OneCall w(-1, QS_OBJECTIVE_EXPECTED_SHORTFALL, 1);
  w.spec.costs.proportional = cost;
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_estimate &found = w.policy(0).objective;
  EXPECT_GE(found.estimate, least - 4 * found.std_error);
  EXPECT_LE(found.estimate, 1.01 * least + 4 * found.std_error);
  EXPECT_LE(found.std_error, .01 * least);
  EXPECT_TRUE(w.result.tuning.present);
}

// Over many dates no policy by name is better, and a random variance does not stop it.
TEST(Objective, TheTunedPolicyIsTheBestOfAll) {
  struct {
    bool random;
    qs_simulate_objective objective;
  } cases[] = {{false, QS_OBJECTIVE_EXPECTED_SHORTFALL},
               {true, QS_OBJECTIVE_EXPECTED_SHORTFALL},
               {true, QS_OBJECTIVE_EXPONENTIAL}};
  for (const auto &c : cases) {
    if (c.random && !FullSample())
      continue;
    SimulateWorld w;
    if (c.random)
      w.add_underlying("X", QS_MODEL_HESTON,
                       {{QS_V0, .36}, {QS_KAPPA, 3}, {QS_THETA, .4}, {QS_XI, 1.2}, {QS_RHO, -.4}}, 100, 0, 0);
    else
      w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    w.add_option("c", "X", QS_CALL, 100, 10.0 / 365, -1);
    w.every_day(10);
    w.spec.costs.proportional = .002;
    w.spec.costs.fixed = .01; // no programme knows it; the choice does
    w.spec.risk_aversion = .3;
    w.spec.objective = c.objective;
    w.inputs.simulation.paths = 1 << 16;
    for (auto type :
         {QS_HEDGE_POLICY_OPTIMAL, QS_HEDGE_POLICY_DELTA_EVERY_DATE, QS_HEDGE_POLICY_LOCAL_EVERY_DATE,
          QS_HEDGE_POLICY_WHALLEY_WILMOTT, QS_HEDGE_POLICY_ZAKAMOULINE, QS_HEDGE_POLICY_LELAND,
          QS_HEDGE_POLICY_MINIMUM_VARIANCE_DELTA})
      w.add_policy(type);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const qs_estimate &best = w.policy(0).objective;
    for (size_t i = 1; i < w.policies.size(); i++) { // by far better than what is best for the variance
      const double margin = i <= 2 ? 2 * best.std_error : -2 * best.std_error;
      EXPECT_LT(best.estimate + margin, w.policy(i).objective.estimate) << w.policy(i).name;
    }
  }
}

TEST(Objective, BandsAreAdjustedAboutTheirCentre) {
  const qs_policy_nodes nodes = {0, -1, 2, 2, 0, 1, 1};
  const double low[] = {.2, -.5}, high[] = {.6, -.1};
  const double *lows[] = {low}, *highs[] = {high};
  const qs_policy_table base = {1, &nodes, lows, highs};
  SimulateWorld w;
  const qs_policy_table *made = qs_simulate_adjust(w.arena, &base, 2, .1);
  EXPECT_NEAR(made->low[0][0], 1.1 * .4 - .4, 1e-15);
  EXPECT_NEAR(made->high[0][0], 1.1 * .4 + .4, 1e-15);
  EXPECT_NEAR(made->low[0][1], 1.1 * -.3 - .4, 1e-15);
  EXPECT_EQ(qs_simulate_adjust(w.arena, &base, 0, 0)->low[0][0], .5 * (.2 + .6));
}

// Scores of both estimators over many samples of known law: mean about 0, deviation about 1.
TEST(Objective, ErrorsAreThoseOfTheEstimators) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  const size_t samples = 600, count = 3001;
  const double a = .3, exact_certainty = .3 + a * 2 * 2 / 2;
  const double exact_shortfall =
      .3 + 2 * std::exp(-1.2815515655446004 * 1.2815515655446004 / 2) / std::sqrt(2 * M_PI) / .1;
  double mean[2] = {}, square[2] = {};
  std::vector<double> losses(count);
  for (size_t k = 0; k < samples; k++) {
    for (double &x : losses)
      x = .3 + 2 * normal(random);
    const qs_estimate certainty = qs_simulate_certainty(losses.data(), count, a).loss;
    std::sort(losses.begin(), losses.end());
    const qs_estimate shortfall = qs_simulate_shortfall(losses.data(), count, .9);
    const double score[] = {(certainty.estimate - exact_certainty) / certainty.std_error,
                            (shortfall.estimate - exact_shortfall) / shortfall.std_error};
    for (int q = 0; q < 2; q++) {
      mean[q] += score[q] / samples;
      square[q] += score[q] * score[q] / samples;
    }
  }
  for (int q = 0; q < 2; q++) {
    EXPECT_LE(std::fabs(mean[q]), 4 / std::sqrt(samples)) << q;
    EXPECT_NEAR(std::sqrt(square[q] - mean[q] * mean[q]), 1, 4 / std::sqrt(2.0 * samples)) << q;
  }
}

} // namespace
