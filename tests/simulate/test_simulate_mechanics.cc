// The mechanics of hedging over time against closed forms and identities.
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kYears = 30.0 / 365, kRate = .05;

// Short a call at the money, one decision now and the unwind at the expiry; no rates unless said otherwise.
class OneTrade : public SimulateWorld {
public:
  explicit OneTrade(double rate = 0) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, rate, rate);
    add_option("t1", "X", QS_CALL, 100, kYears, -1);
    spec.dates.count = 1;
    spec.dates.spacing_days = 30;
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 18;
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  }
};

TEST(SimulateMechanics, CostsOfATradeKnownBeforehand) {
  OneTrade w(kRate);
  w.spec.costs.proportional = .001;
  w.spec.costs.half_spread = .25;
  w.spec.costs.impact = .5;
  w.spec.costs.fixed = 2;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  double delta;
  const double discount = std::exp(-kRate * kYears);
  black(100 * std::exp(kRate * kYears), 100, kSigma * std::sqrt(kYears), &delta);
  const qs_policy_result &p = w.policy(0);
  // Into the hedge now and out of it then: all but the proportional cost is the same on every path.
  EXPECT_NEAR(p.spread.estimate, .25 * delta * (1 + discount), 1e-6);
  EXPECT_NEAR(p.impact.estimate, .5 * std::pow(delta, 1.5) * (1 + discount), 1e-6);
  EXPECT_LE(p.spread.std_error + p.impact.std_error, 1e-9);
  expect_within(p.fees, 2 * (1 + discount) + .001 * delta * 200, 4, .0001, "fees");
  expect_within(p.turnover, delta * 200, 4, .1, "turnover");
  EXPECT_DOUBLE_EQ(p.trades.estimate, 2);
}

TEST(SimulateMechanics, CostsCanBeLeftOutAtTheEnds) {
  for (bool entry : {false, true})
    for (bool unwind : {false, true}) {
      OneTrade w;
      w.spec.costs.fixed = 2;
      w.spec.costs.half_spread = 1;
      w.spec.costs.charge_entry = entry;
      w.spec.costs.charge_unwind = unwind;
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      EXPECT_DOUBLE_EQ(w.policy(0).fees.estimate, 2.0 * entry + 2.0 * unwind);
    }
}

TEST(SimulateMechanics, ALateFillLosesWhatTheHedgeWouldHaveGained) {
  // The hedge is held from L on: Var[payoff - delta (S_T - S_L)], all of it by Black's formula, since
  // E[(S_T - K)+ S_L] = S E'[(S_T - K)+] with S_T higher by exp(sigma^2 L) under the measure of S_L.
  for (double hours : {0.0, 6.0, 360.0}) {
    OneTrade w;
    w.spec.latency_seconds = hours * 3600;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const double late = hours / 24 / 365, deviation = kSigma * std::sqrt(kYears), variance = kSigma * kSigma;
    double delta;
    const double value = black(100, 100, deviation, &delta);
    const auto covariance = [&](double years) { // of the payoff and S at `years`
      return 100 * black(100 * std::exp(variance * years), 100, deviation) - 100 * value;
    };
    // E[payoff^2] = E[S_T (S_T - K)+] - K E[(S_T - K)+].
    const double own = covariance(kYears) + 100 * value - 100 * value - value * value;
    const double hedge = 1e4 * (std::exp(variance * kYears) - std::exp(variance * late));
    const double both = covariance(kYears) - covariance(late);
    const double expected = own + delta * delta * hedge - 2 * delta * both;
    expect_within(w.policy(0).variance, expected, 4, .01 * expected, std::to_string(hours).c_str());
  }
}

TEST(SimulateMechanics, AForwardIsReplicatedByEveryInstrument) {
  // Short a call and long a put are a forward: no error is left, whatever rate, carry, and drift.
  for (const char *instrument : {"X-SPOT", "X-PERPETUAL", "X-24APR26"})
    for (bool late : {false, true}) {
      SimulateWorld w;
      w.add_underlying("X", QS_MODEL_HESTON,
                       {{QS_V0, .36}, {QS_KAPPA, 3}, {QS_THETA, .4}, {QS_XI, 1}, {QS_RHO, -.4}}, 100, .08,
                       .05);
      w.add_option("c", "X", QS_CALL, 95, kYears, -1);
      w.add_option("p", "X", QS_PUT, 95, kYears, 1);
      w.instruments = {instrument};
      w.every_day(30);
      w.spec.drift = .3;
      w.spec.cost_weight = 1;
      w.spec.latency_seconds = late ? 3600 : 0;
      w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
      w.add_policy(QS_HEDGE_POLICY_NONE);
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      const double bare = w.policy(1).variance.estimate, left = w.policy(0).variance.estimate;
      // Late, the first fill misses an hour of the price's move; after that the ratio hardly changes.
      const double hour = .36 * 1e4 / 24 / 365;
      if (late)
        EXPECT_NEAR(left, hour, .03 * hour) << instrument;
      else
        EXPECT_LE(left, 1e-6 * bare) << instrument;
    }
}

TEST(SimulateMechanics, TheAttributionAddsUp) {
  SimulateWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, .02, kRate);
  w.add_option("t1", "X", QS_CALL, 100, kYears, -1);
  w.every_day(30);
  w.spec.cost_weight = 1;
  w.spec.costs.proportional = .0005;
  w.spec.costs.half_spread = .02;
  w.spec.costs.impact = .05;
  w.spec.costs.fixed = .01;
  w.spec.latency_seconds = 600;
  w.spec.keep_pnl = true;
  w.instruments = {"X-PERPETUAL"};
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  for (size_t i = 0; i < 2; i++) {
    const qs_policy_result &p = w.policy(i);
    const double sum = p.options.estimate + p.hedge.estimate + p.funding.estimate - p.fees.estimate -
                       p.spread.estimate - p.impact.estimate - p.liquidation.estimate;
    EXPECT_NEAR(p.net.estimate, sum, 1e-11);
    long double mean = 0;
    for (size_t k = 0; k < p.pnl_count; k++)
      mean += p.pnl[k];
    EXPECT_NEAR(double(mean / p.pnl_count), sum, 1e-11);
    EXPECT_GT(p.impact.estimate, 0);
  }
}

TEST(SimulateMechanics, AreOffByDefault) {
  double values[2];
  for (int i : {0, 1}) {
    OneTrade w;
    if (i)
      w.spec.costs.half_spread = w.spec.costs.impact = w.spec.costs.fixed = w.spec.latency_seconds = 0;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const qs_policy_result &p = w.policy(0);
    EXPECT_EQ(p.spread.estimate + p.impact.estimate + p.fees.estimate + p.funding.estimate, 0);
    EXPECT_EQ(p.liquidation.estimate + p.liquidated.estimate + p.cost.estimate, 0);
    values[i] = p.variance.estimate;
  }
  EXPECT_EQ(values[0], values[1]);
}

} // namespace
