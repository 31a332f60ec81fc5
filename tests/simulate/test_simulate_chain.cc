// Hedging over time under parameters fitted to a real chain: the BTC chain of 2026-08-01, by one model after
// another at default settings. Short one call at the money over four weeks, hedged daily by the spot at 5 bp.
#include "tests/market/chain.h"
#include "tests/policy/policy_world.h"
#include "tests/simulate/simulate_world.h"

namespace {

class OnTheChain : public testing::TestWithParam<qs_model_type> {};

// The optimum is within half a percent of what no policy can beat, which is above it by 1e-4 at most, no
// policy beats it, and what the programme says of it is what the engine's own paths say.
TEST_P(OnTheChain, OptimumIsCertified) {
  Chain chain;
  if (!chain.load("btc_20260801T175804Z.csv")) {
    GTEST_SKIP() << "no BTC chain in " QS_SOURCE_DIR "/../shared/data/chains";
  }
  SimulateWorld w;
  w.inputs.as_of = chain.as_of;
  w.underlyings = {chain.spec()};
  w.underlyings[0].model.type = GetParam();
  w.underlyings[0].calibrate = true;
  w.instruments = {"BTC-SPOT"};
  w.add_option("call", "BTC", QS_CALL, 63000, 28 / 365.0, -1);
  w.every_day(28);
  w.spec.costs.proportional = 0.0005;
  w.spec.cost_weight = 2000; // a risk aversion of .001 a dollar
  w.inputs.simulation.paths = 1 << 16;
  for (qs_hedge_policy_type type : {QS_HEDGE_POLICY_OPTIMAL, QS_HEDGE_POLICY_DELTA_EVERY_DATE,
                                    QS_HEDGE_POLICY_LOCAL_EVERY_DATE, QS_HEDGE_POLICY_WHALLEY_WILMOTT}) {
    w.add_policy(type);
  }
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  ASSERT_TRUE(w.result.trusted) << w.result.why;
  const qs_underlying_market &under = w.market->underlyings[0];
  EXPECT_NEAR(std::log(63000 / qs_curve_forward(&under.curve, 28 / 365.0)), 0, 0.05);
  const qs_estimate bound = w.result.lower_bound, gap = w.result.gap;
  EXPECT_GT(gap.estimate + 4 * gap.std_error, -1e-4 * bound.estimate);
  EXPECT_LT(gap.estimate + 4 * gap.std_error, 5e-3 * bound.estimate);
  const qs_estimate best = w.policy(0).objective;
  EXPECT_NEAR(best.estimate, bound.estimate + gap.estimate, 4 * std::hypot(best.std_error, bound.std_error));
  EXPECT_LT(best.std_error, 0.1 * best.estimate); // rare jumps have most of the variance
  for (size_t i = 0; i < w.result.policy_count; i++) {
    const qs_estimate objective = w.policy(i).objective;
    std::printf("%-20s %12.1f +- %.1f\n", w.policy(i).name, objective.estimate, objective.std_error);
    EXPECT_GT(objective.estimate + 4 * std::hypot(objective.std_error, bound.std_error), bound.estimate);
    EXPECT_TRUE(i == 0 || best.estimate < objective.estimate) << w.policy(i).name;
  }
  std::printf("lower bound %.1f +- %.1f, gap %.3f%% +- %.3f%%\n", bound.estimate, bound.std_error,
              100 * gap.estimate / bound.estimate, 100 * gap.std_error / bound.estimate);
}

INSTANTIATE_TEST_SUITE_P(Models, OnTheChain, testing::Values(QS_MODEL_MERTON, QS_MODEL_HESTON, QS_MODEL_SVCJ),
                         [](const auto &of) { return std::string(qs_model_name(of.param)); });

} // namespace
