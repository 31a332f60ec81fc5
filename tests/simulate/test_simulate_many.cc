// The simulated optimum with several options among the instruments: its objective, its bound and its gap.
#include <cstring>

#include "tests/full_sample.h"
#include "tests/simulate/simulate_world.h"

namespace {

// Short one call at 100, traded daily at 5 bp, and with calls that outlive it by thirty days.
class Several : public SimulateWorld {
public:
  explicit Several(int days) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, days / 365.0, -1);
    add_option("hundred", "X", QS_CALL, 100, (days + 30) / 365.0, 0);
    add_option("higher", "X", QS_CALL, 110, (days + 30) / 365.0, 0);
    every_day(static_cast<uint64_t>(days));
    spec.position = "t1";
    instruments = {"X-SPOT", "hundred", "higher"};
    spec.costs.proportional = 0.0005;
    spec.costs.options = {0.0003, 0.125, 0.01};
    spec.cost_weight = 4;
    inputs.simulation.paths = 1 << 14;
    spec.instrument_limits = limits_;
    spec.instrument_limit_count = 3;
    add_policy(QS_HEDGE_POLICY_OPTIMAL);
  }

private:
  const qs_instrument_limit limits_[3] = {
      {"X-SPOT", -0.8, 1.6}, {"hundred", -0.4, 1.6}, {"higher", -0.4, 1.6}};
};

TEST(SimulateMany, TheOptimumIsCertified) {
  Several w(5);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  const double weights[] = {8};
  w.spec.frontier = weights;
  w.spec.frontier_count = FullSample() ? 1 : 0;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_simulate_result &r = w.result;
  ASSERT_TRUE(r.trusted) << r.why;
  ASSERT_EQ(nullptr, r.lower_bound_why);
  const qs_estimate &optimum = w.policy(0).objective;
  EXPECT_GT(r.gap.estimate, 0);
  EXPECT_LT(r.gap.estimate + 2 * r.gap.std_error, 0.03 * r.lower_bound.estimate);
  const double error = std::hypot(optimum.std_error, r.lower_bound.std_error);
  EXPECT_NEAR(optimum.estimate, r.lower_bound.estimate + r.gap.estimate, 4 * error);
  EXPECT_LT(error, 0.02 * optimum.estimate);
  EXPECT_LT(optimum.estimate + 4 * error, w.policy(1).objective.estimate);
  ASSERT_EQ(w.spec.frontier_count, r.frontier_count);
  if (!r.frontier_count) {
    return;
  }
  EXPECT_GT(r.frontier[0].variance.estimate, w.policy(0).variance.estimate);
  EXPECT_LT(r.frontier[0].cost.estimate, w.policy(0).cost.estimate);
  EXPECT_LT(r.frontier[0].gap.estimate, 0.03 * r.frontier[0].objective.estimate);
}

TEST(SimulateMany, BitsDoNotDependOnThreads) {
  std::vector<double> bits[2];
  for (int i = 0; i < 2; i++) {
    Several w(1);
    w.context.threads = i ? 5 : 1;
    w.inputs.simulation.paths = 1024;
    w.spec.keep_pnl = true;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    bits[i].assign(w.policy(0).pnl, w.policy(0).pnl + w.policy(0).pnl_count);
    bits[i].push_back(w.result.lower_bound.estimate);
    bits[i].push_back(w.result.gap.estimate);
  }
  ASSERT_EQ(bits[0].size(), 1026u);
  EXPECT_EQ(0, std::memcmp(bits[0].data(), bits[1].data(), bits[0].size() * sizeof(double)));
}

// With another law of the paths there is a policy and no bound.
TEST(SimulateMany, WithADriftThereIsNoBound) {
  Several w(1);
  w.inputs.simulation.paths = 1024;
  w.spec.drift = 0.1;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_STREQ("with a drift the price is no martingale", w.result.lower_bound_why);
  EXPECT_GT(w.policy(0).turnover.estimate, 0);
}

} // namespace
