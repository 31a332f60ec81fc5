// The simulated optimum with an option or within limits: its objective, its bound and its gap.
#include <cstring>

#include "host/api/engine.h"
#include "host/base/model.h"
#include "host/io/policy_file.h"
#include "host/policy/pair.h"
#include "host/simulate/paired.h"
#include "host/simulate/policies.h"
#include "host/simulate/saved.h"
#include "tests/io/scratch.h"
#include "tests/policy/policy_world.h"
#include "tests/simulate/simulate_world.h"

namespace {

// Short one call at 100, traded daily at 5 bp, and with a call that outlives it by thirty days.
class Pair : public SimulateWorld {
public:
  explicit Pair(const qs_model &model = policy_world::Gbm(0.6), int days = 10) {
    std::vector<std::pair<int, double>> values;
    for (int p = 0; p < QS_PARAMETER_COUNT; p++) {
      if (qs_model_parameters(model.type) >> p & 1) {
        values.push_back({p, model.value[p]});
      }
    }
    add_underlying("X", model.type, values, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, days / 365.0, -1);
    add_option("later", "X", QS_CALL, 100, (days + 30) / 365.0, 0);
    every_day(static_cast<uint64_t>(days));
    spec.position = "t1";
    instruments = {"X-SPOT", "later"};
    spec.costs.proportional = 0.0005;
    spec.costs.options = {0.0003, 0.125, 0.01};
    spec.cost_weight = 4;
    inputs.simulation.paths = 1 << 16;
    within({"X-SPOT", -0.8, 1.6});
    within({"later", -0.4, 1.6});
  }
  void within(const qs_instrument_limit &limit) {
    limits_.push_back(limit);
    spec.instrument_limits = limits_.data();
    spec.instrument_limit_count = limits_.size();
  }
  void without_limits() {
    limits_.clear();
    spec.instrument_limit_count = 0;
  }
  void expect_certified(double largest_gap) const {
    ASSERT_TRUE(result.trusted) << result.why;
    ASSERT_EQ(nullptr, result.lower_bound_why);
    EXPECT_GT(result.gap.estimate, 0);
    EXPECT_LT(result.gap.estimate + 2 * result.gap.std_error, largest_gap * result.lower_bound.estimate);
    const double error = std::hypot(policy(0).objective.std_error, result.lower_bound.std_error);
    EXPECT_NEAR(policy(0).objective.estimate, result.lower_bound.estimate + result.gap.estimate, 4 * error);
    EXPECT_LT(error, 0.015 * policy(0).objective.estimate);
    for (size_t i = 0; i < result.policy_count; i++) {
      EXPECT_GT(policy(i).objective.estimate + 4 * std::hypot(policy(i).objective.std_error, error),
                result.lower_bound.estimate)
          << policy(i).name;
    }
  }

private:
  std::vector<qs_instrument_limit> limits_;
};

// The optimum of the spot alone: its bound, which is its objective too.
qs_estimate alone(const qs_model &model, int days) {
  static qs_estimate shared = {};
  const bool common = model.type == QS_MODEL_GBM && days == 10; // which several ask for
  if (common && shared.estimate > 0) {
    return shared;
  }
  Pair w(model, days);
  w.instruments = {"X-SPOT"};
  w.without_limits();
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  EXPECT_EQ(w.run(), QS_OK) << w.context.message;
  shared = common ? w.result.lower_bound : shared;
  return w.result.lower_bound;
}

struct Case {
  const char *name;
  qs_model model;
  int days;
  double low, high; // of both
};

void PrintTo(const Case &c, std::ostream *out) {
  *out << c.name;
}

class PairGap : public testing::TestWithParam<Case> {};

// At most 3% above what nothing can beat; better than without the option.
TEST_P(PairGap, IsAtMostThreePercent) {
  const Case &c = GetParam();
  const bool limited = c.low > -0.8;
  Pair w(c.model, c.days);
  if (limited) {
    w.without_limits();
    w.within({"later", c.low, c.high});
    w.within({"X-SPOT", c.low, c.high});
  }
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  w.expect_certified(0.03);
  EXPECT_LT(w.policy(0).objective.estimate, w.policy(1).objective.estimate);
  EXPECT_LT(w.policy(0).objective.estimate, w.policy(2).objective.estimate);
  if (!limited) {
    const qs_estimate one = alone(c.model, c.days);
    EXPECT_LT(w.result.lower_bound.estimate + w.result.gap.estimate, one.estimate);
  }
}

INSTANTIATE_TEST_SUITE_P(Quick, PairGap,
                         testing::Values(Case{"gbm", policy_world::Gbm(0.6), 10, -0.8, 1.6},
                                         Case{"gbm_limited", policy_world::Gbm(0.6), 10, 0, 0.3}),
                         [](const testing::TestParamInfo<Case> &param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(Slow, PairGap,
                         testing::Values(Case{"gbm_30", policy_world::Gbm(0.6), 30, -0.8, 1.6},
                                         Case{"merton", policy_world::Merton(), 30, -0.8, 1.6},
                                         Case{"heston", policy_world::Heston(), 30, -0.8, 1.6},
                                         Case{"heston_limited", policy_world::Heston(), 30, 0, 0.3},
                                         Case{"svcj", policy_world::Svcj(), 30, -0.8, 1.6}),
                         [](const testing::TestParamInfo<Case> &param) { return param.param.name; });

// The same programme put together by hand, on its own paths, with half-spreads and one free end.
TEST(SimulatePair, IsTheProgrammeThatThePolicyFolderMeasures) {
  policy_world::World world(policy_world::Gbm(0.6));
  world.Dates(10, 1.0 / 365, 0.0005).Option(true, 100, -1);
  world.dates.back().proportional = 0;
  for (size_t n = 0; n < 10; n++) {
    world.dates[n].per_unit = 0.02;
  }
  world.Problem(4);
  qs_policy_pair_problem problem = {};
  problem.first = &world.problem;
  problem.option = {true, false, 40.0 / 365, 100, 100, 1, 0};
  problem.of_spot = 0.0003;
  problem.cap = 0.001;
  problem.of_value = 0.01;
  problem.free_unwind = true;
  problem.low[0] = -0.8, problem.high[0] = 1.6;
  problem.low[1] = -0.4, problem.high[1] = 1.6;
  qs_policy_pair pair;
  const qs_policy_pair_settings settings = {};
  qs_policy_pair_value value;
  ASSERT_EQ(QS_OK, qs_policy_pair_optimise(&world.context, world.arena, &problem, &settings, &pair));
  ASSERT_EQ(QS_OK, qs_policy_pair_measure(&world.context, &pair, 5, 4096, &value));
  Pair w;
  w.inputs.simulation.paths = 1 << 17;
  w.spec.costs.half_spread = 0.02;
  w.spec.costs.options.fee_cap = 0.001;
  w.spec.costs.charge_unwind = false;
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  w.expect_certified(0.03);
  const qs_policy_result &p = w.policy(0);
  EXPECT_NEAR(p.objective.estimate, value.objective.mean,
              4 * std::hypot(p.objective.std_error, value.objective.error));
  EXPECT_NEAR(p.cost.estimate, value.cost.mean, 4 * std::hypot(p.cost.std_error, value.cost.error));
  EXPECT_NEAR(w.result.gap.estimate, value.gap.mean, 4 * std::hypot(w.result.gap.std_error, value.gap.error));
  EXPECT_LT(std::hypot(p.objective.std_error, value.objective.error), 0.01 * value.objective.mean);
}

// What costs too much is not held, and the optimum is that without it.
TEST(SimulatePair, ProhibitiveCostsLeaveTheOptimumOfTheSpot) {
  Pair w;
  w.spec.costs.options.relative_half_spread = 1;
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  w.expect_certified(0.01);
  const qs_estimate one = alone(policy_world::Gbm(0.6), 10);
  const qs_estimate &both = w.result.lower_bound;
  EXPECT_NEAR(both.estimate + w.result.gap.estimate, one.estimate,
              4 * std::hypot(both.std_error, one.std_error) + 0.005 * one.estimate);
}

// Without costs the bound is what the locally risk-minimising pair leaves, and the policy is that pair.
TEST(SimulatePair, WithoutCostsItIsTheLocalPair) {
  Pair w;
  w.spec.costs.proportional = 0;
  w.spec.costs.options = {0, std::nan(""), 0};
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  w.expect_certified(1e-3);
  EXPECT_LT(w.policy(0).objective.estimate, 0.6 * w.policy(1).objective.estimate);
}

// Settled in coin, with rates, what expires on the way and what lives on; a perpetual and a listed option.
TEST(SimulatePair, ABookInCoin) {
  Pair w(policy_world::Gbm(0.6), 4);
  w.underlyings[0].carry = 0.08;
  w.underlyings[0].discount_rate = 0.04;
  w.underlyings[0].coin_rate = 0.01;
  w.trades[0].settlement = QS_SETTLE_COIN;
  w.trades[1].quantity = -0.5;
  w.trades[1].settlement = QS_SETTLE_COIN;
  w.add_option("soon", "X", QS_PUT, 95, 2.0 / 365, -1);
  w.spec.position = "portfolio";
  w.instruments = {"X-PERPETUAL", "X-29MAY26-105-C"};
  w.without_limits();
  w.within({"X-PERPETUAL", -2, 2});
  w.within({"X-29MAY26-105-C", -1, 3});
  w.spec.costs.half_spread = 0.01;
  w.inputs.simulation.paths = 1 << 17;
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  w.expect_certified(0.03);
  EXPECT_LT(w.policy(0).objective.estimate, w.policy(1).objective.estimate);
}

// One holding with limits: wide ones change nothing, tight ones hold in the table that is kept.
TEST(SimulatePair, LimitsOfOneHolding) {
  const double exact = alone(policy_world::Gbm(0.6), 10).estimate;
  for (double high : {1.25, 0.6}) {
    Pair w;
    w.instruments = {"X-SPOT"};
    w.without_limits();
    w.within({"X-SPOT", -0.25, high});
    w.spec.save_policy = "optimal";
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    w.expect_certified(0.01);
    const double found = w.result.lower_bound.estimate + w.result.gap.estimate;
    if (high > 1) {
      EXPECT_NEAR(found, exact, 4 * w.result.lower_bound.std_error + 2e-3 * exact);
    } else {
      EXPECT_GT(found, 1.5 * exact);
    }
    ASSERT_NE(nullptr, w.result.saved);
    double largest = -1;
    for (size_t n = 0; n < w.result.saved->date_count; n++) {
      const qs_saved_date &date = w.result.saved->dates[n];
      for (size_t s = 0; s < date.x_count * date.y_count; s++) {
        EXPECT_GE(date.low[s], -0.25);
        largest = std::fmax(largest, date.high[s]);
      }
    }
    EXPECT_LE(largest, high);
    EXPECT_GT(largest, high - 0.3);
  }
}

qs_status hold_one(void *, const qs_policy_view *view, double *target) {
  std::fill(target, target + 2 * view->path_count, 1.0);
  return QS_OK;
}

// What the run keeps, written and read again.
class Kept {
public:
  explicit Kept(const Pair &w) {
    qs_context_init(&engine.context);
    qs_buffer b;
    qs_buffer_init(&b, &engine.context);
    qs_policy_file_write(&b, w.result.saved);
    size = b.used;
    folder.write("p.txt", std::string(b.text, b.used));
    qs_buffer_free(&b);
    EXPECT_EQ(QS_OK, qs_saved_policy_load(&engine, (folder / "p.txt").c_str(), &policy))
        << engine.context.message;
  }
  ~Kept() { qs_saved_policy_destroy(policy); }
  Kept(const Kept &) = delete;
  Kept &operator=(const Kept &) = delete;
  qs_hedge_advice ask(const qs_live_state &state) {
    qs_hedge_advice advice = {};
    EXPECT_EQ(QS_OK, qs_saved_policy_ask(&engine, policy, &state, &advice)) << engine.context.message;
    return advice;
  }
  qs_engine engine = {};
  Scratch folder{true};
  qs_saved_policy *policy = nullptr;
  size_t size = 0;
};

// At random states and dates, holdings at limits and 0 among them, and beyond the nodes.
TEST(SimulatePair, AKeptOptimumTradesAsTheProgrammeToTheLastBit) {
  for (const qs_model &model : {policy_world::Gbm(0.6), policy_world::Heston()}) {
    const bool random = qs_model_stochastic(&model);
    const uint64_t days = random ? 1 : 2;
    Pair w(model, static_cast<int>(days));
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    w.build();
    ASSERT_EQ(qs_market_calibrate(&w.context, w.arena, w.market), QS_OK) << w.context.message;
    w.spec.instruments = w.instruments.data();
    w.spec.instrument_count = w.instruments.size();
    w.spec.policies = w.policies.data();
    w.spec.policy_count = 1;
    qs_simulate_problem problem;
    qs_simulate_policy *policies = nullptr;
    qs_simulate_optimal optimal;
    ASSERT_EQ(QS_OK, qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &problem));
    ASSERT_EQ(QS_OK, qs_simulate_policies_make(&w.context, w.arena, &problem, &policies, &optimal));
    const qs_policy_pair *pair = optimal.pair;
    ASSERT_NE(nullptr, pair);
    ASSERT_EQ(QS_OK, qs_simulate_saved_fits(&w.context, policies));
    ASSERT_EQ(QS_OK, qs_simulate_saved_make(&w.context, w.arena, &problem, policies, &w.result.saved));
    Kept kept(w);
    EXPECT_LT(kept.size, (random ? 970e3 : 270e3) * double(days));
    uint64_t word = 1;
    auto uniform = [&word] {
      word = word * 6364136223846793005u + 1442695040888963407u;
      return double(word >> 11) / 9007199254740992.0;
    };
    int traded[2] = {0, 0};
    for (int i = 0; i < 4000; i++) {
      const size_t n = static_cast<size_t>(uniform() * double(days));
      const double spot = 100 * std::exp(0.5 * (uniform() - 0.5)), v = 0.8 * uniform();
      double held[2] = {2.4 * uniform() - 0.8, 2.0 * uniform() - 0.4};
      if (i % 8 < 2) {
        held[i % 2] = i % 3 == 0 ? 0 : i % 3 == 1 ? 1.6 : i % 2 ? -0.4 : -0.8;
      }
      double after[2] = {held[0], held[1]};
      qs_policy_pair_trade(pair, n, std::log(spot / 100), std::sqrt(v), after);
      const qs_hedge_advice a =
          kept.ask({w.inputs.as_of + 86400 * qs_time(n), spot, random ? v : NAN, held[0], held[1]});
      ASSERT_EQ(a.trade, after[0] - held[0]) << i;
      ASSERT_EQ(a.second_trade, after[1] - held[1]) << i;
      traded[0] += a.trade != 0;
      traded[1] += a.second_trade != 0;
    }
    EXPECT_GT(traded[0], 1000);
    EXPECT_LT(traded[0], 3999);
    EXPECT_GT(traded[1], 1000);
    EXPECT_LT(traded[1], 3999);
  }
}

// n = -gamma/gamma of the option and the delta that is left, by Black and Scholes.
TEST(SimulatePair, AKeptDeltaGammaIsThatOfBlackAndScholes) {
  Pair w;
  w.without_limits();
  w.inputs.simulation.paths = 1024;
  w.spec.save_policy = "delta_gamma";
  w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  Kept kept(w);
  EXPECT_STREQ(kept.policy->second, "later");
  const double spot = 97, dates[] = {0, 6};
  for (double day : dates) {
    double delta[2], gamma[2];
    for (int i = 0; i < 2; i++) {
      const double deviation = 0.6 * std::sqrt(((i ? 40 : 10) - day) / 365);
      const double d1 = std::log(spot / 100) / deviation + 0.5 * deviation;
      delta[i] = 0.5 * std::erfc(-d1 / std::sqrt(2));
      gamma[i] = std::exp(-0.5 * d1 * d1) / deviation;
    }
    const double n = gamma[0] / gamma[1];
    const qs_hedge_advice a = kept.ask({w.inputs.as_of + qs_time(86400 * day), spot, NAN, 0.25, 0.125});
    EXPECT_NEAR(a.second_trade + 0.125, n, 2e-3 * n);
    EXPECT_NEAR(a.trade + 0.25, delta[0] - n * delta[1], 2e-3);
  }
}

// What cannot be kept says so before anything is simulated.
TEST(SimulatePair, WhatNoFileHoldsIsNotKept) {
  Pair w;
  w.spec.save_policy = "optimal";
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  w.spec.policies = w.policies.data();
  w.spec.policy_count = 1;
  w.spec.instrument_count = 3;
  EXPECT_EQ(QS_ERROR_INPUT, qs_simulate_saved_check(&w.context, &w.spec));
  EXPECT_STREQ("simulate.save_policy: got optimal: it holds 3 instruments; must hold at most 2",
               w.context.message);
  const std::vector<qs_policy_nodes> nodes(366, {0, -1, 0.1, 97, 0.1, 0.1, 14});
  qs_policy_pair pair = {};
  pair.nodes = nodes.data();
  pair.holdings[0].count = pair.holdings[1].count = 34;
  qs_simulate_policy policy = {};
  policy.name = "optimal";
  policy.function = hold_one;
  EXPECT_EQ(QS_ERROR_INPUT, qs_simulate_saved_fits(&w.context, &policy));
  EXPECT_STREQ(
      "simulate.save_policy: got optimal: no table says all that it holds with these instruments and "
      "costs",
      w.context.message);
  policy.pair = &pair;
  pair.date_count = 250;
  EXPECT_EQ(QS_OK, qs_simulate_saved_fits(&w.context, &policy));
  pair.date_count = 366;
  EXPECT_EQ(QS_ERROR_INPUT, qs_simulate_saved_fits(&w.context, &policy));
  EXPECT_STREQ("simulate.save_policy: got optimal: its bands of 366 dates take 352 MB; a file holds at most "
               "268",
               w.context.message);
}

// Limits bind every policy.
TEST(SimulatePair, PoliciesByTablesStayWithinLimits) {
  Pair w;
  w.without_limits();
  w.within({"X-SPOT", 0, 0.4});
  w.within({"later", 0, 0});
  w.spec.keep_pnl = true;
  w.inputs.simulation.paths = 4096;
  w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.spec.save_policy = "delta_every_date";
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  for (size_t k = 0; k < 4096; k++) { // no option: the same, and at most .4 coins
    ASSERT_EQ(w.policy(0).pnl[k], w.policy(1).pnl[k]);
  }
  const qs_saved_date &last = w.result.saved->dates[9];
  EXPECT_EQ(last.high[last.x_count - 1], 0.4);
  EXPECT_EQ(last.low[0], 0);
}

TEST(SimulatePair, ARegressionStaysWithinLimits) {
  Pair w;
  w.instruments = {"X-SPOT"};
  w.without_limits();
  w.within({"X-SPOT", 0, 0.45});
  w.inputs.simulation.paths = 4096;
  w.add_policy(QS_HEDGE_POLICY_REGRESSION);
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double local = w.policy(1).variance.estimate;
  EXPECT_NEAR(w.policy(0).variance.estimate, local, 0.05 * local);
  EXPECT_GT(w.policy(0).turnover.estimate, 30);
  w.without_limits();
  w.within({"X-SPOT", 0, 0});
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_EQ(w.policy(0).trades.estimate, 0);
  EXPECT_GT(w.policy(0).variance.estimate, 2 * local);
}

TEST(SimulatePair, ACallersHoldingsMustBeWithinLimits) {
  Pair w;
  w.without_limits();
  w.within({"later", 0, 0.5});
  w.inputs.simulation.paths = 1024;
  w.add_policy(QS_HEDGE_POLICY_CALLBACK).function = hold_one;
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ("simulate.policies: callback: date 0, path 0: got 1 of later: a holding must be within the "
               "instrument's limits",
               w.context.message);
}

TEST(SimulatePair, FrontierTradesRiskForCost) {
  const double weights[] = {0.5, 40};
  Pair w(policy_world::Gbm(0.6), 3);
  w.spec.frontier = weights;
  w.spec.frontier_count = 2;
  w.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  ASSERT_EQ(2u, w.result.frontier_count);
  const qs_frontier_point *f = w.result.frontier;
  EXPECT_GT(f[1].variance.estimate, f[0].variance.estimate);
  EXPECT_LT(f[1].cost.estimate, f[0].cost.estimate);
  for (int i = 0; i < 2; i++) {
    EXPECT_NEAR(f[i].objective.estimate, f[i].variance.estimate + weights[i] * f[i].cost.estimate, 1e-9);
    EXPECT_LT(f[i].gap.estimate, 0.03 * f[i].objective.estimate);
  }
}

TEST(SimulatePair, BitsDoNotDependOnThreads) {
  std::vector<double> bits[2];
  for (int i = 0; i < 2; i++) {
    Pair w(policy_world::Gbm(0.6), 3);
    w.context.threads = i ? 5 : 1;
    w.inputs.simulation.paths = 8192 + 512;
    w.spec.keep_pnl = true;
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    bits[i].assign(w.policy(0).pnl, w.policy(0).pnl + w.policy(0).pnl_count);
    bits[i].push_back(w.result.lower_bound.estimate);
    bits[i].push_back(w.result.gap.estimate);
  }
  ASSERT_EQ(bits[0].size(), 8192u + 514);
  EXPECT_EQ(0, std::memcmp(bits[0].data(), bits[1].data(), bits[0].size() * sizeof(double)));
}

} // namespace
