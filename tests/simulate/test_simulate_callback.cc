// A caller's own policy: what it is shown, when, and what its answers do.
#include <cmath>

#include "tests/simulate/simulate_world.h"

namespace {

// Short one call, S = K = 100, r = 0, volatility .6, 30 daily trades, 5 bp on every one of them.
class ShortCall : public SimulateWorld {
public:
  static constexpr double years = 30.0 / 365;

  explicit ShortCall(uint64_t paths = 1 << 15) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, years, -1);
    every_day(30);
    spec.costs.proportional = 0.0005;
    spec.cost_weight = 1;
    spec.keep_pnl = true;
    inputs.simulation.paths = paths;
  }

  qs_hedge_policy_spec &add_own(qs_policy_function function, void *data = nullptr,
                                const char *name = nullptr) {
    qs_hedge_policy_spec &policy = add_policy(QS_HEDGE_POLICY_CALLBACK, name);
    policy.function = function;
    policy.data = data;
    return policy;
  }
};

double delta(double spot, double left) {
  const double deviation = 0.6 * std::sqrt(left);
  return 0.5 * std::erfc(-(std::log(spot / 100) / deviation + deviation / 2) / std::sqrt(2.0));
}

// Black and Scholes's delta of the call.
qs_status hold_delta(void *, const qs_policy_view *view, double *target) {
  for (size_t i = 0; i < view->path_count; i++) {
    target[i] = delta(view->spot[i], ShortCall::years - view->years);
  }
  return QS_OK;
}

TEST(SimulateCallback, ThatHoldsTheDeltaIsDeltaEveryDate) {
  ShortCall w(1 << 18);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_own(hold_delta);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_result &table = w.policy(0), &own = w.policy(1);
  EXPECT_STREQ(own.name, "callback");
  EXPECT_STREQ(own.type, "callback");
  expect_within(own.objective, 1.2867, 4, 0.005, "by callback");
  // On the same paths they differ by what the table is off between its nodes.
  EXPECT_NEAR(own.objective.estimate, table.objective.estimate, 1e-4 * table.objective.estimate);
  EXPECT_NEAR(own.cost.estimate, table.cost.estimate, 1e-4 * table.cost.estimate);
  EXPECT_NEAR(own.turnover.estimate, table.turnover.estimate, 1e-4 * table.turnover.estimate);
  double worst = 0, square = 0;
  for (size_t i = 0; i < own.pnl_count; i++) {
    const double d = own.pnl[i] - table.pnl[i];
    worst = std::fmax(worst, std::fabs(d));
    square += d * d;
  }
  EXPECT_LT(worst, 0.01);
  EXPECT_LT(std::sqrt(square / (double)own.pnl_count), 0.001);
}

// To the bit what the policy none does; and a holding whose figures are known.
qs_status hold_nothing(void *, const qs_policy_view *, double *) {
  return QS_OK;
}

qs_status hold_half(void *, const qs_policy_view *view, double *target) {
  for (size_t i = 0; i < view->path_count; i++) {
    target[i] = 0.5;
  }
  return QS_OK;
}

TEST(SimulateCallback, ThatLeavesTheTargetAloneDoesNotTrade) {
  ShortCall w;
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.add_own(hold_nothing, nullptr, "nothing");
  w.add_own(hold_half, nullptr, "half");
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_result &none = w.policy(0), &nothing = w.policy(1), &half = w.policy(2);
  EXPECT_EQ(nothing.objective.estimate, none.objective.estimate);
  EXPECT_EQ(nothing.net.estimate, none.net.estimate);
  EXPECT_EQ(nothing.trades.estimate, 0);
  EXPECT_EQ(half.trades.estimate, 2) << "in and out";
  EXPECT_EQ(half.trades.std_error, 0);
  // 50 at the first date, half of S at the last: a martingale.
  expect_within(half.turnover, 100, 4, 0.1, "turnover");
  EXPECT_NEAR(half.cost.estimate, 0.0005 * half.turnover.estimate, 1e-12);
  EXPECT_NEAR(half.hedge.estimate, half.turnover.estimate - 100, 1e-9) << "half of S less 50";
}

qs_status hold_from_the_first(void *, const qs_policy_view *view, double *target) {
  for (size_t i = 0; view->date == 0 && i < view->path_count; i++) {
    target[i] = 0.5;
  }
  return QS_OK;
}

// The coins of a notional change with the price; leaving them alone is no trade, which a fixed cost would
// tell.
TEST(SimulateCallback, WhatIsLeftAloneKeepsItsNotional) {
  for (double latency : {0.0, 600.0}) {
    ShortCall w(4096);
    w.instruments = {"X-PERPETUAL"};
    w.underlyings[0].carry = 0.04;
    w.spec.costs.fixed = 1;
    w.spec.latency_seconds = latency;
    w.spec.dates.count = 20;
    w.add_own(hold_from_the_first);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_EQ(w.policy(0).trades.estimate, 2) << latency;
    EXPECT_NEAR(w.policy(0).fees.estimate, 2 + 0.0005 * w.policy(0).turnover.estimate, 0.01)
        << "fixed, and 5 bp";
    EXPECT_NEAR(w.policy(0).turnover.estimate, 100, 1) << "the notional, in and out";
  }
}

// Keeps what it was shown, and holds something that differs by date and path.
struct Recorder {
  uint64_t next_path = 0, block = 0;
  size_t next_date = 0, calls = 0, paths_seen = 0;
  bool inverse = false;
  std::vector<double> held, spot;

  static double wish(uint64_t path, size_t date) { return std::cos((double)path + 10.0 * (double)date); }

  static qs_status look(void *data, const qs_policy_view *view, double *target) {
    Recorder &r = *static_cast<Recorder *>(data);
    const size_t n = view->path_count;
    EXPECT_EQ(view->struct_size, sizeof *view);
    EXPECT_EQ(view->date, r.next_date) << "date after date";
    EXPECT_EQ(view->date_count, 31u);
    EXPECT_EQ(view->instrument_count, 1u);
    EXPECT_NEAR(view->years, (double)view->date / 365, 1e-12);
    EXPECT_EQ(view->dates[view->date] - view->dates[0], (qs_time)view->date * 86400);
    if (view->date == 0) {
      EXPECT_EQ(view->first_path, r.next_path) << "block after block";
      r.held.assign(n, 0);
      r.block = n;
      r.paths_seen += n;
    }
    EXPECT_EQ(n, r.block);
    EXPECT_EQ(view->first_path, r.next_path);
    for (size_t i = 0; i < n; i++) {
      EXPECT_NEAR(view->variance[i], 0.36, 1e-6);
      EXPECT_TRUE(view->date || view->spot[i] == 100);
      const double kept = r.inverse && view->date ? r.held[i] * r.spot[i] / view->spot[i] : r.held[i];
      EXPECT_NEAR(view->holding[i], kept, 1e-12);
      EXPECT_EQ(target[i], view->holding[i]);
      target[i] = r.held[i] = wish(view->first_path + i, view->date);
    }
    r.spot.assign(view->spot, view->spot + n);
    r.next_date++;
    r.calls++;
    if (view->date + 2 == view->date_count) {
      r.next_date = 0;
      r.next_path += n;
    }
    return testing::Test::HasFailure() ? QS_ERROR_USAGE : QS_OK;
  }
};

TEST(SimulateCallback, SeesEveryDateOfEveryPathAndWhatItHolds) {
  for (const char *instrument : {"X-SPOT", "X-PERPETUAL"}) {
    ShortCall w(20480); // blocks that are not all of one size
    Recorder seen;
    seen.inverse = std::string(instrument) == "X-PERPETUAL";
    w.instruments = {instrument};
    w.underlyings[0].carry = seen.inverse ? 0.04 : 0;
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    w.add_own(Recorder::look, &seen);
    w.add_policy(QS_HEDGE_POLICY_NONE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_EQ(seen.paths_seen, 20480u);
    EXPECT_EQ(seen.next_path, 20480u);
    EXPECT_EQ(seen.calls % 30, 0u);
    EXPECT_NEAR(w.policy(1).trades.estimate, 31, 1e-9) << instrument;
  }
}

// Neither threads nor what stands beside a policy change a bit of it.
TEST(SimulateCallback, SameBitsFromAnyNumberOfThreadsAndInAnyCompany) {
  std::vector<double> objectives, nets;
  for (int threads : {1, 2, 7}) {
    ShortCall w(20480);
    qs_devices_close(w.devices);
    ASSERT_EQ(qs_devices_open(&w.context, QS_BACKEND_CPU, threads, nullptr, &w.devices), QS_OK);
    w.add_own(hold_delta, nullptr, "first");
    if (threads > 1) {
      w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
      w.add_own(hold_half, nullptr, "second");
    }
    w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const qs_policy_result &last = w.policy(w.result.policy_count - 1);
    objectives.push_back(w.policy(0).objective.estimate + last.objective.estimate);
    nets.push_back(w.policy(0).pnl[20479] + last.pnl[12345]);
  }
  EXPECT_EQ(objectives[0], objectives[1]);
  EXPECT_EQ(objectives[0], objectives[2]);
  EXPECT_EQ(nets[0], nets[1]);
  EXPECT_EQ(nets[0], nets[2]);
}

qs_status give_up(void *data, const qs_policy_view *view, double *) {
  return view->date == 3 ? *static_cast<qs_status *>(data) : QS_OK;
}

qs_status hold_nan(void *, const qs_policy_view *view, double *target) {
  target[5] = view->date == 2 && view->first_path ? std::nan("") : 1;
  return QS_OK;
}

TEST(SimulateCallback, FailuresEndTheRun) {
  for (qs_status failure : {QS_ERROR_CANCELLED, QS_ERROR_INPUT, QS_ERROR_MEMORY}) {
    ShortCall w;
    w.add_own(give_up, &failure, "mine");
    EXPECT_EQ(w.run(), failure);
    EXPECT_FALSE(w.result.present);
    EXPECT_NE(std::string(w.context.message).find("mine: the caller's function failed at date 3"),
              std::string::npos)
        << w.context.message;
  }
  ShortCall w;
  w.add_own(hold_nan, nullptr, "odd");
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::string(w.context.message)
                .find("odd: date 2, path 8197: got nan of X-SPOT: a holding must be finite"),
            std::string::npos)
      << w.context.message;
}

TEST(SimulateCallback, FunctionAndTypeGoTogether) {
  ShortCall w;
  w.add_own(nullptr);
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::string(w.context.message).find("simulate.policies.0.function: must be there for callback"),
            std::string::npos)
      << w.context.message;
  w.policies[0].function = hold_half;
  w.spec.save_policy = "callback"; // no table says what it does
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  w.spec.save_policy = nullptr;
  w.policies[0].type = QS_HEDGE_POLICY_NONE;
  w.policies[0].function = hold_half;
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
}

} // namespace
