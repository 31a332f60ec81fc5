// Margin and funding along simulated paths, against closed forms.
#include <algorithm>

#include "host/simulate/mark.h"
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kYears = 30.0 / 365;

// Short a call at the money under gbm.
class ShortCall : public SimulateWorld {
public:
  explicit ShortCall(double rate = 0) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, rate, rate);
    add_option("t1", "X", QS_CALL, 100, kYears, -1);
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 17;
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  }
  void one_date() {
    spec.dates.count = 1;
    spec.dates.spacing_days = 30;
  }
};

// ---- margin ----

TEST(SimulateMargin, ProbabilityAndFeeOfALiquidation) {
  // At the unwind 15 + c + delta (S - 100) - (S - 100)+ must be at least .2 delta S: it falls short below s1
  // and above s2.
  ShortCall w;
  w.one_date();
  w.margin(15, .25, .2, 1, .01);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double deviation = kSigma * std::sqrt(kYears);
  double delta;
  const double fixed = 15 + black(100, 100, deviation, &delta) - delta * 100;
  const double s1 = -fixed / (.8 * delta), s2 = (fixed + 100) / (1 - .8 * delta);
  ASSERT_LT(s1, 100);
  ASSERT_GT(s2, 100);
  const auto below = [&](double s, int share) { // P(S < s), or E[S; S < s] / 100
    return normal_cdf((std::log(s / 100) + (share ? -.5 : .5) * deviation * deviation) / deviation);
  };
  const qs_policy_result &p = w.policy(0);
  expect_within(p.liquidated, below(s1, 0) + 1 - below(s2, 0), 4, .002, "probability");
  expect_within(p.liquidation, .01 * delta * 100 * (below(s1, 1) + 1 - below(s2, 1)), 4, .002, "fee");
  EXPECT_NEAR(p.net.estimate,
              p.options.estimate + p.hedge.estimate + p.funding.estimate - p.fees.estimate -
                  p.spread.estimate - p.impact.estimate - p.liquidation.estimate,
              1e-11);
}

TEST(SimulateMargin, ATradeGoesAsFarAsTheInitialMarginIsCovered) {
  double delta;
  black(100, 100, kSigma * std::sqrt(kYears), &delta);
  for (double collateral : {0.0, 8.0, 16.0, 40.0}) {
    ShortCall w;
    w.one_date();
    w.margin(collateral, .4, 1e-9, 1, 0);
    w.spec.margin.partial = true;
    w.spec.costs.half_spread = 1; // counts what is bought at the start
    w.spec.costs.charge_unwind = false;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_NEAR(w.policy(0).spread.estimate, std::min(delta, collateral / 40), 1e-6) << collateral;
  }
}

TEST(SimulateMargin, WithEnoughCollateralNothingChanges) {
  double objective[2];
  for (int i : {0, 1}) {
    ShortCall w;
    w.every_day(10);
    w.spec.costs.proportional = .001;
    if (i)
      w.margin(1e9, .5, .4, 3, .1);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    objective[i] = w.policy(0).objective.estimate;
    EXPECT_EQ(w.policy(0).liquidated.estimate, 0);
  }
  EXPECT_EQ(objective[0], objective[1]);
}

TEST(SimulateMargin, ThePositionIsMarkedOnEveryDate) {
  // Options that expire before, at and after the unwind, a future and coins, against Black's formula on every
  // path; the trades are filled late.
  constexpr double kRate = .05, kCarry = .02;
  SimulateWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, kCarry, kRate);
  const struct {
    qs_call_put call_put;
    double strike, days, quantity;
  } options[] = {{QS_CALL, 98, 2.5, -3}, {QS_PUT, 104, 5, 2}, {QS_CALL, 107, 20, -1}, {QS_PUT, 93, 20, 1.5}};
  for (const auto &o : options)
    w.add_option("o", "X", o.call_put, o.strike, o.days / 365, o.quantity);
  const char *names[] = {"o1", "o2", "o3", "o4"};
  for (int i = 0; i < 4; i++)
    w.trades[size_t(i)].id = names[i];
  qs_trade_spec coins;
  qs_trade_spec_init(&coins);
  coins.id = "spot";
  coins.type = QS_TRADE_SPOT;
  coins.underlying = "X";
  coins.quantity = .7;
  w.trades.push_back(coins);
  w.every_day(5);
  w.spec.cost_weight = 1;
  w.spec.latency_seconds = 3600;
  w.inputs.simulation.paths = 4096;
  w.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  qs_simulate_problem problem;
  qs_simulate_paths paths;
  qs_claim claim;
  const qs_simulate_mark *marks = nullptr;
  ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &problem), QS_OK);
  ASSERT_EQ(qs_simulate_paths_make(&w.context, w.arena, w.devices, &problem, &paths), QS_OK);
  ASSERT_EQ(qs_claim_make(&w.context, w.arena, &paths, &claim), QS_OK);
  ASSERT_EQ(qs_simulate_marks_make(&w.context, w.arena, &paths, &marks), QS_OK) << w.context.message;
  constexpr size_t kPaths = 1024;
  std::vector<double> x(problem.row_count * kPaths), v(x.size()), gain(problem.date_count * kPaths);
  ASSERT_EQ(qs_simulate_paths_run(&w.context, &paths, 0, kPaths, x.data(), v.data()), QS_OK);
  qs_simulate_marks_gain(&problem, &claim, marks, x.data(), v.data(), kPaths, kPaths, gain.data());
  const auto spot_at = [&](double years, size_t path) {
    const auto row = std::find_if(problem.row_years, problem.row_years + problem.row_count,
                                  [&](double t) { return std::fabs(t - years) < 1e-9; }) -
                     problem.row_years;
    return 100 * std::exp(kCarry * years + x[size_t(row) * kPaths + path]);
  };
  for (size_t path = 0; path < kPaths; path++)
    for (size_t d = 0; d < problem.date_count; d++) {
      const double now = d + 1 < problem.date_count ? double(d) / 365 + 1.0 / 24 / 365 : 5.0 / 365;
      const double spot = spot_at(now, path);
      double value = .7 * spot * std::exp(-kRate * now), start = .7 * 100;
      for (const auto &o : options) {
        const double end = o.days / 365, sign = o.call_put == QS_CALL ? 1 : -1;
        const auto worth = [&](double s, double left) { // at the expiry's money
          const double forward = s * std::exp(kCarry * left);
          const double call = black(forward, o.strike, kSigma * std::sqrt(left));
          return sign > 0 ? call : call - forward + o.strike;
        };
        const double left = end - now;
        value += o.quantity * std::exp(-kRate * end) *
                 (left > 1e-9 ? worth(spot, left) : std::max(sign * (spot_at(end, path) - o.strike), 0.0));
        start += o.quantity * std::exp(-kRate * end) * worth(100, end);
      }
      ASSERT_NEAR(gain[d * kPaths + path], value - start, 5e-3) << "date " << d << " path " << path;
    }
}

// ---- funding ----

double rate_of(const qs_simulate_funding &f, double premium) {
  const auto clamp = [](double value, double limit) { return std::min(std::max(value, -limit), limit); };
  return clamp(premium + clamp(f.interest - premium, f.band), std::isnan(f.cap) ? 1e9 : f.cap);
}

// E[rate] where the premium is normal, by the trapezoidal rule.
double mean_rate(const qs_simulate_funding &f, double mean, double deviation) {
  double sum = 0, weight = 0;
  for (int i = -8000; i <= 8000 && deviation > 0; i++) {
    const double z = i / 1000.0, density = std::exp(-z * z / 2);
    sum += density * rate_of(f, mean + deviation * z);
    weight += density;
  }
  return deviation > 0 ? sum / weight : rate_of(f, mean);
}

// The hedge's value, discounted, is S N(d1) on average at every date: that of an asset-or-nothing call.
double mean_hedge() {
  double delta;
  black(100, 100, kSigma * std::sqrt(kYears), &delta);
  return 100 * delta;
}

TEST(SimulateFunding, ItsMeanIsThatOfTheVenuesFormula) {
  for (double cap : {std::nan(""), .0006}) {
    ShortCall w;
    w.instruments = {"X-PERPETUAL"};
    w.every_day(30);
    w.spec.funding.reversion = 83;
    w.spec.funding.volatility = .0077;
    w.spec.funding.mean = .0003;
    w.spec.funding.start = .0012;
    w.spec.funding.cap = cap;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    double expected = 0;
    for (int k = 1; k <= 90; k++) {
      const double decay = std::exp(-83 * k * 8.0 / 24 / 365);
      expected -= mean_hedge() * mean_rate(w.spec.funding, .0003 + (.0012 - .0003) * decay,
                                           .0077 * std::sqrt((1 - decay * decay) / (2 * 83)));
    }
    expect_within(w.policy(0).funding, expected, 4, .01 * -expected, "funding");
  }
}

TEST(SimulateFunding, APremiumThatFollowsTheSpotCostsMore) {
  // The rate is P itself. E[S_T 1(S_T > K) P] is taken under the measure of the spot, where each part of the
  // premium that comes of it has the mean sigma sqrt(dt); P and ln S_T are then jointly normal.
  ShortCall w;
  w.instruments = {"X-PERPETUAL"};
  w.every_day(30);
  const double reversion = 40, volatility = .3, rho = .8, step = 8.0 / 24 / 365;
  w.spec.funding = {reversion, volatility, 0, NAN, rho, 0, 0, NAN};
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double decay = std::exp(-reversion * step), deviation = kSigma * std::sqrt(kYears);
  const double each =
      volatility * std::sqrt((1 - decay * decay) / (2 * reversion)) * rho * kSigma * std::sqrt(step);
  const double d1 = deviation / 2, density = std::exp(-d1 * d1 / 2) / std::sqrt(2 * M_PI);
  double expected = 0;
  for (int n = 0; n < 30; n++) {
    const double a = each * (1 - std::pow(decay, 3 * n)) / (1 - decay);
    for (int j = 1; j <= 3; j++)
      expected -= 100 * std::pow(decay, j) * (a * normal_cdf(d1) + a / deviation * density);
  }
  expect_within(w.policy(0).funding, expected, 4, .05 * -expected, "funding");
}

TEST(SimulateFunding, WhatTheCurveExpectsIsGivenBack) {
  // A constant premium P: on average S N(d1) (growth of the forward a day - 3 P) is received each day.
  const double rate = .3, growth = std::expm1(rate / 365);
  for (double premium : {0.0, growth / 3, .002}) {
    ShortCall w(rate);
    w.instruments = {"X-PERPETUAL"};
    w.every_day(30);
    w.spec.funding = {80, 0, premium, NAN, 0, 0, 0, NAN};
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    double delta;
    black(100 * std::exp(rate * kYears), 100, kSigma * std::sqrt(kYears), &delta);
    expect_within(w.policy(0).funding, 30 * 100 * delta * (growth - 3 * premium), 4, .02, "funding");
  }
}

TEST(SimulateFunding, HasTheSameBitsForAnyNumberOfThreads) {
  double objective[3];
  for (int i = 0; i < 3; i++) {
    ShortCall w;
    w.instruments = {"X-PERPETUAL"};
    w.every_day(10);
    w.context.threads = i ? 2 + 5 * (i - 1) : 1;
    w.spec.funding.reversion = 83;
    w.spec.funding.volatility = .0077;
    w.spec.funding.correlation = -.3;
    w.margin(20, .3, .2, 3, .01);
    w.inputs.simulation.paths = 1 << 14;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    objective[i] = w.policy(0).objective.estimate;
    EXPECT_GT(w.policy(0).liquidated.estimate, 0);
    EXPECT_NE(w.policy(0).funding.estimate, 0);
  }
  EXPECT_EQ(objective[0], objective[1]);
  EXPECT_EQ(objective[0], objective[2]);
}

} // namespace
