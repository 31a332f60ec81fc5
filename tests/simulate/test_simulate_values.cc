// Simulated policies against values that are known exactly.
#include "tests/simulate/simulate_world.h"

namespace {

// Short one call, S = K = 100, r = 0, volatility .6, 30 daily trades, 5 bp on every one of them.
class ShortCall : public SimulateWorld {
public:
  ShortCall() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, 30.0 / 365, -1);
    every_day(30);
    spec.costs.proportional = 0.0005;
    inputs.simulation.paths = 1 << 18;
  }
};

TEST(SimulateValues, ShortCallByItsExactObjectives) {
  ShortCall w;
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.spec.cost_weight = 1;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_TRUE(w.result.trusted) << w.result.why;
  expect_within(w.policy(0).objective, 1.2862, 4, 0.01, "local, w = 1");
  expect_within(w.policy(1).objective, 1.2867, 4, 0.01, "delta, w = 1");
  w.spec.cost_weight = 100;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  expect_within(w.policy(0).objective, 15.03, 4, 0.02, "local, w = 100");
  expect_within(w.policy(1).objective, 15.02, 4, 0.02, "delta, w = 100");
  expect_within(w.policy(2).objective, 11.57, 4, 0.02, "whalley_wilmott, w = 100");
}

// The discrete delta hedge of a call bought or sold, r = 5%, volatility .2, one month in 21 steps.
TEST(SimulateValues, DiscreteDeltaHedgeByItsMoments) {
  SimulateWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.2}}, 100, 0.05, 0.05);
  w.add_option("t1", "X", QS_CALL, 100, 1.0 / 12, -1);
  w.spec.dates.count = 21;
  w.spec.dates.spacing_days = 365.0 / 12 / 21;
  w.inputs.simulation.paths = 1 << 19;
  w.spec.cost_weight = 1;
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_result &p = w.policy(0);
  const double growth = std::exp(0.05 / 12); // the value is in money of the expiry
  EXPECT_LE(std::fabs(growth * p.std_dev.estimate - 0.42786),
            3 * std::hypot(growth * p.std_dev.std_error, 0.00014));
  EXPECT_LE(p.std_dev.std_error, 0.001);
  expect_within(p.skewness, -0.31, 3, 0.01, "skewness");
  expect_within(p.excess_kurtosis, 1.54, 3, 0.05, "excess kurtosis");
}

} // namespace
