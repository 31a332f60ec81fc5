// Every allocation of a simulation fails once: the status says so, the result stays untouched, nothing leaks.
#include "tests/simulate/failing_threads.h"
#include "tests/simulate/simulate_world.h"

namespace {

qs_status hold_one(void *, const qs_policy_view *view, double *target) {
  for (size_t i = 0; i < view->path_count; i++) {
    target[i] = 1;
  }
  return QS_OK;
}

// Expiries before, at and after the unwind, every mechanic, of every policy that there is.
class Everything : public SimulateWorld {
public:
  Everything() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.02, 0.03);
    add_option("soon", "X", QS_CALL, 91, 1.5 / 365, -1);
    add_option("then", "X", QS_PUT, 100, 3.0 / 365, -1);
    add_option("late", "X", QS_CALL, 105, 20.0 / 365, -1);
    add_option("last", "X", QS_CALL, 110, 30.0 / 365, -1, QS_SETTLE_COIN);
    every_day(3);
    instruments = {"X-PERPETUAL", "last"};
    spec.costs.proportional = 0.0005;
    spec.costs.impact = spec.costs.fixed = 0.01;
    spec.latency_seconds = 60;
    spec.funding.reversion = 80;
    spec.funding.volatility = 0.01;
    spec.margin.collateral = 20;
    spec.margin.initial = 0.2;
    spec.margin.maintenance = 0.1;
    spec.margin.partial = true;
    spec.cost_weight = 1;
    spec.keep_pnl = true;
    inputs.simulation.paths = 1024;
    for (int type = 0; type < QS_HEDGE_POLICY_OPTIMAL; type++) {
      qs_hedge_policy_spec &policy = add_policy((qs_hedge_policy_type)type);
      policy.width = 0.1;
      policy.every = 2;
      policy.variance = 0.001;
      policy.loss = 1;
    }
    add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
    add_policy(QS_HEDGE_POLICY_CALLBACK).function = hold_one;
  }
};

// A run whose allocation number n fails (-1: none does).
qs_status run_failing(SimulateWorld &w, long n) {
  left = -1;
  w.arena = qs_arena_create(&w.context);
  w.result = qs_simulate_result{};
  left = n;
  const qs_status status = w.run();
  left = -1;
  return status;
}

// The optimum with its bound and a frontier: dear, so that every third allocation must do.
class Best : public SimulateWorld {
public:
  Best() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.02, 0.03);
    add_option("last", "X", QS_CALL, 110, 1.0 / 365, -1);
    every_day(1);
    spec.costs.proportional = 0.0005;
    spec.cost_weight = 1;
    spec.frontier = weights;
    spec.frontier_count = 1;
    spec.keep_pnl = true;
    inputs.simulation.paths = 512;
    add_policy(QS_HEDGE_POLICY_OPTIMAL);
  }

private:
  const double weights[1] = {3};
};

// What the position gains by, alone.
class Parts : public SimulateWorld {
public:
  Parts() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.02, 0.03);
    add_option("soon", "X", QS_CALL, 91, 1.5 / 365, -1);
    add_option("last", "X", QS_CALL, 110, 30.0 / 365, -1, QS_SETTLE_COIN);
    trades.push_back(trades[0]); // put together of calls
    trades.back().id = "all or nothing";
    trades.back().type = QS_TRADE_DIGITAL;
    trades.back().expiry_years = 3.0 / 365;
    every_day(2);
    spec.cost_weight = 1;
    spec.keep_pnl = spec.attribution = true;
    inputs.simulation.paths = 512;
    add_policy(QS_HEDGE_POLICY_NONE);
  }
};

// Ways in which a hedge fails, all of them.
class Shocked : public SimulateWorld {
public:
  Shocked() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.02, 0.03);
    add_option("last", "X", QS_CALL, 110, 30.0 / 365, -1);
    every_day(2);
    spec.cost_weight = 1;
    spec.keep_pnl = true;
    spec.cascade = {60, 900, .01, 20, -.04, .02};
    spec.own_impact = {.001, .002, 300};
    spec.index = windows;
    spec.index_count = 1;
    qs_simulate_venue_init(&venue);
    venue.name = "a";
    venue.hazard = 9;
    spec.venues = &venue;
    spec.venue_count = 1;
    margin(100, .25, .2, 4, .01);
    spec.margin.yield = .02;
    add_underlying("Y", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.02, 0.03); // in the same account
    add_option("other", "Y", QS_CALL, 110, 30.0 / 365, 1);
    spec.position = "last";
    spec.margin.also = "other";
    inputs.simulation.paths = 512;
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  }

private:
  qs_simulate_venue venue;
  const qs_simulate_index windows[1] = {{inputs.as_of + 43200, inputs.as_of + 86400 + 43200, std::nan("")}};
};

// The same with an option.
class BestWithOption : public Best {
public:
  BestWithOption() {
    add_option("late", "X", QS_CALL, 110, 9.0 / 365, 0);
    spec.position = "last";
    instruments = {"X-SPOT", "late"};
    spec.instrument_limits = limits;
    spec.instrument_limit_count = 2;
    spec.cost_weight = 4;
    spec.frontier_count = 0;
    inputs.simulation.paths = 128;
  }

private:
  const qs_instrument_limit limits[2] = {{"late", -1, 1}, {"X-SPOT", -1, 1}};
};

void expect_failures_to_be_clean(SimulateWorld &w, long step, long least = 20) {
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_simulate_result whole = w.result;
  const size_t last = whole.policy_count - 1;
  const qs_allocator before = w.context.allocator;
  qs_arena *arena = w.arena;
  qs_devices_close(w.devices);
  w.context.allocator = {allocate, release, nullptr};
  ASSERT_EQ(qs_devices_open(&w.context, QS_BACKEND_CPU, 2, nullptr, &w.devices), QS_OK);
  ASSERT_EQ(run_failing(w, -1), QS_OK);
  qs_arena_destroy(w.arena);
  const long at_rest = live.load(); // what the devices keep
  qs_status status = QS_ERROR_MEMORY;
  long failures = 0;
  for (long n = 0; status == QS_ERROR_MEMORY; n += step) {
    ASSERT_LT(n, 5000);
    status = run_failing(w, n);
    ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << n << ": " << w.context.message;
    EXPECT_EQ(w.result.present, status == QS_OK) << n;
    failures += status == QS_ERROR_MEMORY;
    if (status == QS_OK) { // and it is the same as before
      EXPECT_EQ(w.policy(last).objective.estimate, whole.policies[last].objective.estimate);
      EXPECT_EQ(w.policy(last).pnl[77], whole.policies[last].pnl[77]);
    }
    qs_arena_destroy(w.arena);
    EXPECT_EQ(live.load(), at_rest) << "after the failure of allocation " << n;
  }
  EXPECT_GT(failures, least);
  qs_devices_close(w.devices);
  EXPECT_EQ(live.load(), 0);
  w.context.allocator = before;
  w.arena = arena;
  w.devices = nullptr;
}

TEST(SimulateFailures, EveryAllocationMayFail) {
  Everything w;
  expect_failures_to_be_clean(w, 1);
  EXPECT_EQ(w.result.policy_count, 14u);
}

TEST(SimulateFailures, EveryAllocationOfThePartsMayFail) {
  Parts w;
  expect_failures_to_be_clean(w, 1);
  EXPECT_TRUE(w.result.attribution.present);
}

TEST(SimulateFailures, EveryAllocationOfAFailingHedgeMayFail) {
  Shocked w;
  expect_failures_to_be_clean(w, 1);
}

TEST(SimulateFailures, EveryThirdAllocationOfAnOptimumWithAnOptionMayFail) {
  BestWithOption w;
  expect_failures_to_be_clean(w, 3);
  EXPECT_EQ(w.result.lower_bound_why, nullptr);
}

// Bands that are tuned on paths of their own.
class Tuned : public Best {
public:
  Tuned() {
    spec.objective = QS_OBJECTIVE_EXPECTED_SHORTFALL;
    spec.frontier_count = 0;
  }
};

// A payoff along the path, hedged by regression.
class Regressed : public SimulateWorld {
public:
  Regressed() {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.02, 0.03);
    for (int d = 1; d <= 2; d++)
      fixings.push_back(inputs.as_of + d * 86400);
    add_option("average", "X", QS_CALL, 100, 0, -1);
    trades[0].type = QS_TRADE_ASIAN;
    trades[0].expiry = fixings[1];
    trades[0].path.fixings = fixings.data();
    trades[0].path.fixing_count = 2;
    every_day(2);
    spec.cost_weight = 1;
    spec.keep_pnl = true;
    inputs.simulation.paths = 512;
    add_policy(QS_HEDGE_POLICY_REGRESSION);
  }

private:
  std::vector<qs_time> fixings;
};

TEST(SimulateFailures, EveryAllocationOfARegressionMayFail) {
  Regressed w;
  expect_failures_to_be_clean(w, 1);
}

TEST(SimulateFailures, AllocationsOfTuningMayFail) { // dear: four programmes a run
  Tuned w;
  expect_failures_to_be_clean(w, 23, 5);
  EXPECT_TRUE(w.result.tuning.present);
}

TEST(SimulateFailures, EveryThirdAllocationOfTheOptimumMayFail) {
  Best w;
  expect_failures_to_be_clean(w, 3);
  EXPECT_EQ(w.result.frontier_count, 1u);
}

} // namespace
