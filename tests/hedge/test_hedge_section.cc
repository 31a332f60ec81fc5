// The hedge section on P&L that the test gives: what it trades, what that costs, its limits, and what it says
// when it cannot.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tests/hedge/hedge_world.h"

using namespace hedge_test;

namespace {

constexpr size_t paths = 2000;
constexpr const char *perpetual = "BTC-PERPETUAL", *future = "BTC-25SEP26", *call = "BTC-25SEP26-60000-C",
                     *put = "BTC-25SEP26-50000-P", *one_sided = "BTC-25SEP26-90000-C",
                     *upper_call = "BTC-25SEP26-70000-C";

class HedgeSection : public testing::Test {
protected:
  HedgeSection() : u(normals(1, paths)), v(normals(2, paths)) {
    world.moves(perpetual, combine(1e-3, u, 0, v), 1.0 / 60000);
    world.moves(future, combine(1e-3, u, 3e-4, v), 1.0 / 60400);
    world.moves(call, combine(30, u, 10, v), 0.5, 2e-5, 60);
    world.moves(put, combine(-12, u, 20, v), -0.2, 1e-5, 40);
    world.moves(one_sided, combine(5, u, 1, v), 0.1, 1e-6, 10);
    world.moves(upper_call, combine(9, u, -3, v), 0.3, 2e-5, 50);
    world.instruments = {perpetual, future};
    world.hold(call, 10);
    world.inputs.hedge.cost_weight = 0;
  }

  const qs_hedge_trade &trade(size_t i) const { return world.result.trades[i]; }

  HedgeWorld world;
  const std::vector<double> u, v;
};

TEST_F(HedgeSection, SpannedPnlIsHedgedAway) {
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  const qs_hedge_result &r = world.result;
  EXPECT_TRUE(r.present && r.trusted && r.feasible);
  EXPECT_EQ(r.why, nullptr);
  ASSERT_EQ(r.trade_count, 2u);
  // 10 (30 u + 10 v) = x 1e-3 u + y (1e-3 u + 3e-4 v): y = 1e2 / 3e-4, x = 3e2/1e-3 - y.
  const double y = -100 / 3e-4, x = -300 / 1e-3 - y;
  EXPECT_NEAR(trade(0).quantity, x, 1e-9 * std::fabs(x));
  EXPECT_NEAR(trade(1).quantity, y, 1e-9 * std::fabs(y));
  EXPECT_LE(trade(0).ratio.std_error, 1e-8 * std::fabs(x)); // every sample gives the same ratio
  EXPECT_LE(r.after.variance.estimate, 1e-12 * r.before.variance.estimate);
  EXPECT_LE(r.kkt_residual, 1e-12);
  EXPECT_EQ(r.cost_weight, 0);
  double m2 = 0, mean = 0;
  for (size_t p = 0; p < paths; p++) {
    mean += (300 * u[p] + 100 * v[p]) / paths;
  }
  for (size_t p = 0; p < paths; p++) {
    m2 += std::pow(300 * u[p] + 100 * v[p] - mean, 2) / (paths - 1);
  }
  EXPECT_NEAR(r.before.variance.estimate, m2, 1e-10 * m2);
  EXPECT_NEAR(r.before.std_dev, std::sqrt(m2), 1e-10 * std::sqrt(m2));
  EXPECT_NEAR(r.before.delta, 5, 1e-12);
  EXPECT_NEAR(r.after.delta, 5 + x / 60000 + y / 60400, 1e-9);
  EXPECT_NEAR(r.before.vega, 600, 1e-9);
}

TEST_F(HedgeSection, RiskAversionIsTwoOverTheWeight) {
  world.inputs.hedge.cost_weight = nan_value;
  world.inputs.hedge.risk_aversion = 0.004;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_EQ(world.result.cost_weight, 500);
  EXPECT_EQ(world.result.risk_aversion, 0.004);
  const double objective = world.result.after.variance.estimate + 500 * world.result.cost;
  EXPECT_DOUBLE_EQ(world.result.objective_after, objective);
  world.inputs.hedge.cost_weight = 500;
  EXPECT_EQ(world.run(), QS_ERROR_INPUT);
  world.inputs.hedge.cost_weight = world.inputs.hedge.risk_aversion = nan_value;
  EXPECT_EQ(world.run(), QS_ERROR_INPUT);
}

// Every trade is forced by its limits, so that its costs can be written down.
TEST_F(HedgeSection, CostsByTheRules) {
  world.instruments = {perpetual, future, call, put};
  for (const char *name : world.instruments) {
    const double size = name == perpetual || name == future ? 12000 : 3;
    world.limits.push_back({name, size, size});
  }
  qs_cost_spec &option = world.cost("option");
  option.fee = 0.0003;
  option.fee_cap = 0.125;
  option.impact = 1.5;
  qs_cost_spec &own = world.cost(put); // stands before its kind, whole
  own.fee = 0.5;
  own.fee_cap = 0.125;
  own.half_spread = 7;
  qs_cost_spec &margined = world.cost("perpetual");
  margined.fee = 0.0005;
  margined.impact = 1e-6;
  margined.funding = 0.073;
  world.inputs.hedge.horizon_days = 2;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  const qs_hedge_trade &p = trade(0), &f = trade(1), &c = trade(2), &b = trade(3);
  EXPECT_DOUBLE_EQ(p.fee, 0.0005 * 12000);
  EXPECT_DOUBLE_EQ(p.spread, 12000 * 20.0 / 120000); // (ask - bid)/2 over the mid, per dollar
  EXPECT_DOUBLE_EQ(p.impact, 1e-6 * std::pow(12000, 1.5));
  EXPECT_DOUBLE_EQ(p.funding, 0.073 * 2 / 365 * 12000);
  EXPECT_DOUBLE_EQ(f.fee + f.impact + f.funding, 0);
  EXPECT_DOUBLE_EQ(f.spread, 12000 * 400.0 / 120800);
  EXPECT_DOUBLE_EQ(c.fee, 3 * 0.0003 * 60000); // below 12.5% of 0.081 x 60000
  EXPECT_NEAR(c.spread, 3 * 0.002 * 60000, 1e-9);
  EXPECT_DOUBLE_EQ(c.impact, 1.5 * std::pow(3, 1.5));
  EXPECT_NEAR(b.fee, 3 * 0.125 * 0.0205 * 60000, 1e-9); // capped; the mid where there is no mark
  EXPECT_DOUBLE_EQ(b.spread, 21);
  EXPECT_EQ(b.impact, 0);
  double total = 0;
  for (size_t i = 0; i < 4; i++) {
    EXPECT_DOUBLE_EQ(trade(i).cost, trade(i).fee + trade(i).spread + trade(i).impact + trade(i).funding);
    total += trade(i).cost;
  }
  EXPECT_DOUBLE_EQ(world.result.cost, total);
}

TEST_F(HedgeSection, FundingSteersBetweenEqualHedges) {
  // A future that moves as the perpetual does, and a perpetual whose longs are paid: the cheaper one is used.
  world.moves(future, combine(1e-3, u, 0, v));
  world.inputs.hedge.cost_weight = 1e3;
  world.cost(perpetual).half_spread = 1e-5;
  world.cost(perpetual).half_spread = 1e-5;
  world.costs.clear();
  qs_cost_spec &p = world.cost("perpetual");
  p.half_spread = 1e-5;
  qs_cost_spec &f = world.cost("future");
  f.half_spread = 1e-5;
  world.costs[0].funding = 0.002; // a short earns half of what the trade costs
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_LT(trade(0).quantity, -100000);
  EXPECT_EQ(trade(1).quantity, 0);
  EXPECT_LT(trade(0).funding, 0);
  world.costs[0].funding = -0.002;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_EQ(trade(0).quantity, 0);
  EXPECT_LT(trade(1).quantity, -100000);
}

TEST_F(HedgeSection, ProhibitiveCostsMeanNoTrade) {
  world.inputs.hedge.cost_weight = 1e12;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_TRUE(world.result.trusted);
  EXPECT_EQ(trade(0).quantity, 0);
  EXPECT_EQ(trade(1).quantity, 0);
  EXPECT_EQ(world.result.cost, 0);
  EXPECT_EQ(world.result.objective_after, world.result.objective_before);
}

TEST_F(HedgeSection, TargetGreeksAreReachedAndTheirPriceIsTheSlope) {
  world.inputs.hedge.target_delta = 2;
  world.inputs.hedge.cost_weight = 1e3;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_NEAR(world.result.after.delta, 2, 1e-12);
  const double price = world.shadow("target_delta");
  double objective[2];
  for (int side = 0; side < 2; side++) {
    world.inputs.hedge.target_delta = side ? 2 + 1e-3 : 2 - 1e-3;
    ASSERT_EQ(world.run(), QS_OK);
    objective[side] = world.result.objective_after;
  }
  EXPECT_NEAR((objective[1] - objective[0]) / 2e-3, price, 1e-6 * std::fabs(price));
}

TEST_F(HedgeSection, ShadowPricesOfLimitsHaveTheSignOfTheChange) {
  world.inputs.hedge.limits.min_delta = 4.5; // the free optimum is about 0
  world.limits.push_back({future, -100000, nan_value});
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_NEAR(world.result.after.delta, 4.5, 1e-12);
  EXPECT_GT(world.shadow("min_delta"), 0); // raising the floor makes it worse
  world.inputs.hedge.limits.min_delta = nan_value;
  world.inputs.hedge.limits.max_delta = 4.5;
  world.limits[0] = {future, -1000, 5000};
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_EQ(world.shadow("max_delta"), 0);
  EXPECT_EQ(trade(1).quantity, -1000);
  EXPECT_GT(world.shadow("BTC-25SEP26.min"), 0);
  EXPECT_EQ(world.shadow("BTC-25SEP26.max"), 0);
}

TEST_F(HedgeSection, MarginAndLeverageByTheRules) {
  world.instruments = {perpetual, call, put};
  world.positions.clear();
  world.hold(call, -4);
  world.hold(put, 2);
  world.hold(future, 30000);
  world.hold(perpetual, -50000);
  world.add_cash("USD", 20000);
  world.add_cash("BTC", 0.5);
  world.moves("cash-USD", std::vector<double>(paths, 0.0));
  world.moves("cash-BTC", combine(60, u, 0, v), 1);
  world.limits.push_back({perpetual, 80000, 80000});
  world.limits.push_back({call, 1, 1});
  world.limits.push_back({put, -5, -5});
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  const qs_hedge_state &before = world.result.before, &after = world.result.after;
  const double call_price = 0.081 * 60000, put_price = 0.0205 * 60000;
  const double short_call = 0.15 * 60000 + call_price; // at the money
  const double short_put = 0.10 * 60000 + put_price;   // 16.7% out of the money: the floor
  EXPECT_NEAR(before.margin, 4 * short_call + 0.04 * 80000, 1e-8);
  EXPECT_NEAR(after.margin, 3 * short_call + 3 * short_put + 0.04 * (30000 + 30000), 1e-8);
  const double collateral = 20000 + 0.5 * 60000 - 4 * call_price + 2 * put_price;
  const double gross_before = 4 * 0.5 * 60000 + 2 * 0.2 * 60000 + 30000 * 60000 / 60400.0 + 50000;
  const double gross_after = 3 * 0.5 * 60000 + 3 * 0.2 * 60000 + 30000 * 60000 / 60400.0 + 30000;
  EXPECT_NEAR(before.leverage, gross_before / collateral, 1e-10);
  EXPECT_NEAR(after.leverage, gross_after / collateral, 1e-10);
}

TEST_F(HedgeSection, MarginAndLeverageLimitsHold) {
  world.add_cash("USD", 100000);
  world.moves("cash-USD", std::vector<double>(paths, 0.0));
  world.inputs.hedge.limits.max_margin = 4000; // 4% of 100000
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_NEAR(world.result.after.margin, 4000, 1e-9);
  EXPECT_LT(world.shadow("max_margin"), 0); // more room is better
  world.inputs.hedge.limits.max_leverage = 2.5;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_LE(world.result.after.leverage, 2.5 * (1 + 1e-12));
  EXPECT_LE(world.result.after.margin, 4000 * (1 + 1e-12));
  EXPECT_LT(world.shadow("max_leverage"), 0);
}

TEST_F(HedgeSection, OneBookAloneAndABenchmark) {
  world.hold(put, 100, "other");
  world.inputs.hedge.book = "other";
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_NEAR(world.result.before.delta, -20, 1e-12);
  EXPECT_NEAR(trade(1).quantity, -2000 / 3e-4, 1e-5);
  world.target.push_back({put, 100, nan_value, nullptr, nullptr, 0});
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_NEAR(world.result.before.variance.estimate, 0, 1e-18); // the book is its own benchmark
  EXPECT_EQ(trade(0).quantity, 0);
  EXPECT_EQ(trade(1).quantity, 0);
  world.inputs.hedge.book = "nowhere";
  EXPECT_EQ(world.run(), QS_ERROR_INPUT);
  EXPECT_NE(world.message().find("hedge.book"), std::string::npos);
}

TEST_F(HedgeSection, InstrumentWithoutQuotesIsNotTradedAndSaidSo) {
  world.instruments = {one_sided, perpetual};
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_FALSE(world.result.trusted);
  ASSERT_NE(world.result.why, nullptr);
  EXPECT_NE(std::string(world.result.why).find(one_sided), std::string::npos);
  EXPECT_EQ(trade(0).quantity, 0);
  EXPECT_EQ(trade(0).cost, 0);
  EXPECT_NE(trade(1).quantity, 0);
  world.cost(one_sided).half_spread = 30; // a price of one's own
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_TRUE(world.result.trusted);
  EXPECT_NE(trade(0).quantity, 0);
}

TEST_F(HedgeSection, ConflictingLimitsAreNamed) {
  world.inputs.hedge.target_delta = -3;
  world.limits.push_back({perpetual, -1000, 1000});
  world.limits.push_back({future, -2000, 5e6});
  world.inputs.hedge.limits.max_margin = 1e6;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_FALSE(world.result.trusted);
  EXPECT_FALSE(world.result.feasible);
  EXPECT_EQ(world.conflicts(),
            (std::vector<std::string>{"BTC-PERPETUAL.min", "BTC-25SEP26.min", "target_delta"}));
  EXPECT_EQ(trade(0).quantity, 0);
  EXPECT_EQ(world.result.after.variance.estimate, world.result.before.variance.estimate);
  EXPECT_TRUE(std::isnan(world.result.kkt_residual));
  EXPECT_TRUE(std::isnan(world.shadow("target_delta")));
  world.limits.clear();
  world.inputs.hedge.limits.max_margin = 40 * 60;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_EQ(world.conflicts(), (std::vector<std::string>{"target_delta", "max_margin"}));
}

TEST_F(HedgeSection, IncomeWithoutRiskIsNotTrusted) {
  world.moves(perpetual, std::vector<double>(paths, 0.0));
  world.inputs.hedge.cost_weight = 1;
  qs_cost_spec &p = world.cost("perpetual");
  p.half_spread = 0;
  p.funding = -0.1;
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_FALSE(world.result.trusted);
  EXPECT_NE(std::string(world.result.why).find(perpetual), std::string::npos) << world.result.why;
  EXPECT_EQ(trade(0).quantity, 0);
  world.limits.push_back({perpetual, -1e6, 1e6});
  ASSERT_EQ(world.run(), QS_OK) << world.message();
  EXPECT_TRUE(world.result.trusted) << world.result.why;
  EXPECT_EQ(trade(0).quantity, 1e6);
}

TEST_F(HedgeSection, BadInputNamesItsField) {
  struct {
    const char *field;
    void (*spoil)(HedgeWorld &);
  } cases[] = {
      {"hedge.instruments", [](HedgeWorld &w) { w.instruments.clear(); }},
      {"hedge.instruments[1]",
       [](HedgeWorld &w) {
         w.instruments = {perpetual, perpetual};
       }},
      {"hedge.instruments", [](HedgeWorld &w) { w.instruments = {"BTC-NOTHING"}; }},
      {"hedge.horizon_days", [](HedgeWorld &w) { w.inputs.hedge.horizon_days = 0; }},
      {"hedge.cost_weight", [](HedgeWorld &w) { w.inputs.hedge.cost_weight = -1; }},
      {"hedge.costs[0].fee", [](HedgeWorld &w) { w.cost("perpetual").fee = -1; }},
      {"hedge.costs[0].impact", [](HedgeWorld &w) { w.cost("perpetual").impact = INFINITY; }},
      {"hedge.costs[0].funding", [](HedgeWorld &w) { w.cost("future").funding = 0.1; }},
      {"hedge.instrument_limits[0].instrument",
       [](HedgeWorld &w) {
         w.limits = {{"BTC-26JUN27", 0, 1}};
       }},
      {"hedge.instrument_limits[1].instrument",
       [](HedgeWorld &w) {
         w.limits = {{future, 0, 1}, {future, 0, 1}};
       }},
      {"hedge.instrument_limits[0].min",
       [](HedgeWorld &w) {
         w.limits = {{future, 2, 1}};
       }},
      {"hedge.limits.max_margin", [](HedgeWorld &w) { w.inputs.hedge.limits.max_margin = INFINITY; }},
      {"hedge.target",
       [](HedgeWorld &w) {
         w.target.push_back({"X", 1, nan_value, nullptr, nullptr, 0});
       }},
      {"simulation.paths", [](HedgeWorld &w) { w.horizon.paths = 63; }},
  };
  for (const auto &c : cases) {
    HedgeWorld spoiled;
    for (const char *name : {perpetual, future, call}) {
      spoiled.moves(name, u);
    }
    spoiled.instruments = {perpetual, future};
    spoiled.hold(call, 1);
    c.spoil(spoiled);
    EXPECT_EQ(spoiled.run(), QS_ERROR_INPUT) << c.field;
    EXPECT_EQ(spoiled.message().find(c.field), 0u) << c.field << ": " << spoiled.message();
    EXPECT_FALSE(spoiled.result.present);
  }
}

TEST_F(HedgeSection, SameBitsFromAnyNumberOfThreads) {
  world.inputs.hedge.cost_weight = 1e3;
  world.instruments = {perpetual, future, put, upper_call};
  std::vector<double> numbers[3];
  int k = 0;
  for (int threads : {1, 2, 7}) {
    world.context.threads = threads;
    ASSERT_EQ(world.run(), QS_OK);
    for (size_t i = 0; i < 4; i++) {
      numbers[k].push_back(trade(i).quantity);
      numbers[k].push_back(trade(i).ratio.std_error);
    }
    numbers[k].push_back(world.result.after.variance.estimate);
    numbers[k++].push_back(world.result.after.variance.std_error);
  }
  EXPECT_EQ(numbers[0], numbers[1]);
  EXPECT_EQ(numbers[0], numbers[2]);
}

TEST_F(HedgeSection, FailuresOfTheHorizonAreReported) {
  ASSERT_EQ(world.build(), QS_OK);
  for (int call_number : {1, 2, 3}) {
    world.horizon.calls = 0;
    world.horizon.fail_at = call_number;
    EXPECT_EQ(world.run_built(), QS_ERROR_DEVICE);
    EXPECT_EQ(world.message(), "the device is gone");
    EXPECT_FALSE(world.result.present);
  }
  world.horizon.fail_at = 0;
  const int cancel = 1;
  world.context.cancel = &cancel;
  EXPECT_EQ(world.run_built(), QS_ERROR_CANCELLED);
}

long allocations_left;

void *counted_allocate(void *, size_t size) {
  return allocations_left-- > 0 ? std::malloc(size) : nullptr;
}
void counted_release(void *, void *block) {
  std::free(block);
}

TEST_F(HedgeSection, EveryAllocationMayFail) {
  ASSERT_EQ(world.build(), QS_OK);
  bool succeeded = false;
  for (long allowed = 0; allowed < 500 && !succeeded; allowed++) {
    world.context.allocator = {counted_allocate, counted_release, nullptr};
    allocations_left = allowed;
    const qs_status status = world.run_built();
    succeeded = status == QS_OK;
    if (!succeeded) {
      EXPECT_EQ(status, QS_ERROR_MEMORY) << allowed << " " << world.message();
    }
  }
  EXPECT_TRUE(succeeded);
}

TEST_F(HedgeSection, CostOfUnwindingUnderAScenario) {
  world.instruments = {perpetual, call, one_sided, future};
  world.hold(perpetual, 9000);
  world.hold(perpetual, -1000, "other"); // nets
  world.hold(one_sided, 3);
  world.hold(put, 5); // no instrument of the hedge
  qs_cost_spec &option = world.cost("option");
  option.fee = 0.0003;
  option.impact = 2;
  world.cost("perpetual").fee = 0.0005;
  ASSERT_EQ(world.build(), QS_OK) << world.message();
  qs_scenario_spec scenario;
  qs_scenario_spec_init(&scenario);
  double cost = -1;
  size_t unpriced = 0;
  auto unwind = [&] {
    return qs_hedge_unwind_cost(&world.context, world.market, &world.inputs.hedge, world.book->contracts,
                                world.book->count, &scenario, &cost, &unpriced);
  };
  ASSERT_EQ(unwind(), QS_OK);
  const double option_part = 10 * 0.0003 * 60000, option_spread = 10 * 0.002 * 60000,
               impact = 2 * std::pow(10, 1.5);
  const double perpetual_fee = 8000 * 0.0005, perpetual_spread = 8000 * 20.0 / 120000;
  EXPECT_NEAR(cost, option_part + option_spread + impact + perpetual_fee + perpetual_spread, 1e-8);
  EXPECT_EQ(unpriced, 1u); // the one-sided option is held and has no price
  scenario.spot = -0.2;
  scenario.spread_factor = 3;
  scenario.fee_factor = 2;
  scenario.depth_factor = 0.25;
  ASSERT_EQ(unwind(), QS_OK);
  EXPECT_NEAR(cost,
              0.8 * 2 * option_part + 0.8 * 3 * option_spread + impact / std::sqrt(0.25) + 2 * perpetual_fee +
                  3 * perpetual_spread,
              1e-8);
  const char *other = "ETH";
  scenario.underlyings = &other;
  scenario.underlying_count = 1;
  ASSERT_EQ(unwind(), QS_OK);
  EXPECT_NEAR(cost,
              2 * option_part + 3 * option_spread + 2 * impact + 2 * perpetual_fee + 3 * perpetual_spread,
              1e-8);
}

} // namespace
