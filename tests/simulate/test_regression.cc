// Hedging by regression on paths: payoffs whose exact ratio is known, by formulas that hide it.
#include "host/simulate/regress.h"

#include <cstring>
#include <functional>

#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kDay = 1.0 / 365;
enum { DAYS = 10 };

class Along : public SimulateWorld {
public:
  std::vector<qs_time> days;
  std::vector<qs_schedule_spec> schedules;

  explicit Along(bool heston = false) {
    if (heston)
      add_underlying("X", QS_MODEL_HESTON,
                     {{QS_V0, .36}, {QS_KAPPA, 3}, {QS_THETA, .4}, {QS_XI, 1.2}, {QS_RHO, -.4}}, 100, 0, 0);
    else
      add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    for (int d = 1; d <= DAYS; d++)
      days.push_back(inputs.as_of + d * 86400);
    schedules.push_back({"daily", days.data(), days.size(), {}, false});
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 16;
    every_day(DAYS);
  }
  qs_trade_spec &add(qs_trade_type type, double quantity) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = "t1";
    trade.type = type;
    trade.underlying = "X";
    trade.expiry = days.back();
    trade.quantity = quantity;
    trades.push_back(trade);
    return trades.back();
  }
  // A formula that may observe S on every day.
  void add_script(const char *payoff, double quantity) {
    qs_trade_spec &trade = add(QS_TRADE_SCRIPT, quantity);
    trade.script.payoff = payoff;
    trade.script.schedules = schedules.data();
    trade.script.schedule_count = 1;
  }
};

// A call written as a formula of all days: what is left is what the exact locally optimal ratio leaves.
TEST(Regression, IsTheExactRatioWhereThereIsOne) {
  for (bool heston : {false, true}) {
    Along w(heston), exact(heston);
    w.add_script("max(last(S[daily]) - 100, 0) + 0 * min(S[daily])", -1);
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    w.add_policy(QS_HEDGE_POLICY_NONE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    exact.add_option("t1", "X", QS_CALL, 100, DAYS * kDay, -1);
    exact.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
    exact.add_policy(QS_HEDGE_POLICY_NONE);
    exact.add_policy(QS_HEDGE_POLICY_REGRESSION); // of what has a price too
    ASSERT_EQ(exact.run(), QS_OK) << exact.context.message;
    const double least = exact.policy(0).variance.estimate, bare = exact.policy(1).variance.estimate;
    EXPECT_NEAR(w.policy(1).variance.estimate, bare, 1e-9 * bare); // the same payoff on the same paths
    for (double found : {w.policy(0).variance.estimate, exact.policy(2).variance.estimate}) {
      EXPECT_LE(found, 1.015 * least) << heston;
      EXPECT_GE(found, least * (1 - 1e-3)) << heston;
    }
    // The price now comes from the regression's own paths, whose errors are those of the hedge.
    const double error = std::hypot(w.policy(0).net.std_error, std::sqrt(least / 32768));
    EXPECT_LE(std::fabs(w.policy(0).net.estimate), 4 * error);
  }
}

// The geometric average has a price at every date: its delta, by a caller's own policy, against the
// regression.
struct Geometric {
  std::vector<double> logs; // of a block's fixings so far
  static qs_status hold(void *data, const qs_policy_view *view, double *target) {
    Geometric *g = static_cast<Geometric *>(data);
    if (view->date == 0)
      g->logs.assign(view->path_count, 0);
    const double left = double(DAYS - view->date), step = kSigma * kSigma * kDay;
    // The days to come have means falling by half of a step each, and add up as 1, 2, ... left of one move.
    const double drift = -.5 * step * left * (left + 1) / 2 / DAYS;
    const double variance = step * left * (left + 1) * (2 * left + 1) / 6 / DAYS / DAYS;
    for (size_t i = 0; i < view->path_count; i++) {
      const double x = std::log(view->spot[i]);
      g->logs[i] += view->date ? x : 0;
      const double forward = std::exp((g->logs[i] + left * x) / DAYS + drift + variance / 2);
      double delta;
      black(forward, 100, std::sqrt(variance), &delta);
      target[i] = delta * forward * left / DAYS / view->spot[i];
    }
    return QS_OK;
  }
};

TEST(Regression, AGeometricAverageAgainstItsDelta) {
  Along w;
  Geometric exact;
  w.add_script("max(exp(mean(log(S[daily]))) - 100, 0)", -1);
  w.add_policy(QS_HEDGE_POLICY_REGRESSION);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  qs_hedge_policy_spec &own = w.add_policy(QS_HEDGE_POLICY_CALLBACK, "delta");
  own.function = Geometric::hold;
  own.data = &exact;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_LE(w.policy(0).variance.estimate, 1.02 * w.policy(2).variance.estimate);
  EXPECT_LE(w.policy(0).variance.estimate, .1 * w.policy(1).variance.estimate);
  // The price now: Black's formula of the average.
  const double step = kSigma * kSigma * kDay, left = DAYS;
  const double variance = step * left * (left + 1) * (2 * left + 1) / 6 / DAYS / DAYS;
  const double price =
      black(100 * std::exp(-.5 * step * (left + 1) / 2 + variance / 2), 100, std::sqrt(variance));
  double paid = 0;
  qs_simulate_problem p;
  qs_regression *made = nullptr;
  ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &p), QS_OK);
  ASSERT_EQ(qs_regression_make(&w.context, w.arena, w.devices, &p, &made), QS_OK) << w.context.message;
  paid = -qs_regression_value(made);
  EXPECT_NEAR(paid, price, 4 * std::sqrt(w.policy(0).variance.estimate / 32768));
}

// A trade by its type, seasoned, pays what the formula says.
TEST(Regression, TypesAndFormulasPayTheSame) {
  Along formula, type;
  formula.add_script("max((97 + sum(S[daily])) / 11 - 98, 0)", -2);
  formula.add_policy(QS_HEDGE_POLICY_REGRESSION);
  ASSERT_EQ(formula.run(), QS_OK) << formula.context.message;
  const double past[] = {97};
  std::vector<qs_time> fixings = type.days;
  fixings.insert(fixings.begin(), type.inputs.as_of - 86400);
  qs_trade_spec &trade = type.add(QS_TRADE_ASIAN, -2);
  trade.call_put = QS_CALL;
  trade.strike = 98;
  trade.path.fixings = fixings.data();
  trade.path.fixing_count = fixings.size();
  trade.path.past = past;
  trade.path.past_count = 1;
  type.add_policy(QS_HEDGE_POLICY_REGRESSION);
  ASSERT_EQ(type.run(), QS_OK) << type.context.message;
  EXPECT_NEAR(type.policy(0).variance.estimate, formula.policy(0).variance.estimate,
              1e-6 * formula.policy(0).variance.estimate);
}

// Settled in coin it pays the same at its expiry; before, and now, its worth goes by the coin's rate.
TEST(Regression, InCoinItIsHedgedAsInMoney) {
  double net[2], variance[2], value[2];
  for (bool coin : {false, true}) {
    Along w;
    w.underlyings[0].carry = w.underlyings[0].discount_rate = .05;
    w.underlyings[0].coin_rate = .5;
    w.inputs.simulation.paths = 1 << 14;
    w.add_script("max(mean(S[daily]) - 95, 0)", -1);
    w.trades.back().settlement = coin ? QS_SETTLE_COIN : QS_SETTLE_LINEAR;
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    net[coin] = w.policy(0).net.estimate;
    variance[coin] = w.policy(0).variance.estimate;
    qs_simulate_problem p;
    qs_regression *made = nullptr;
    ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &p), QS_OK);
    ASSERT_EQ(qs_regression_make(&w.context, w.arena, w.devices, &p, &made), QS_OK) << w.context.message;
    value[coin] = qs_regression_value(made);
  }
  EXPECT_DOUBLE_EQ(variance[1], variance[0]);
  // S e^(-coin T) E[payoff]/F against e^(-rate T) E[payoff], where F = S e^(rate T).
  EXPECT_NEAR(value[1] / value[0], std::exp(-.5 * DAYS * kDay), 3e-4);
  EXPECT_NEAR(net[1] - net[0], value[0] - value[1], 1e-9);
}

// The account sees what the regression says that the position is worth; of a call written as a formula that
// is the price that it has. At the unwind both have paid the same.
TEST(Regression, MarginLooksAtWhatItSaysThePositionIsWorth) {
  for (bool moves : {false, true}) {
    Along w(true), exact(true);
    for (Along *a : {&w, &exact}) {
      a->inputs.simulation.paths = 1 << 14;
      a->margin(14, .25, .2, 2, .01);
      a->spec.margin.partial = true;
      if (moves) {
        a->spec.own_impact.permanent = 1e-4;
        a->spec.costs.proportional = .001;
      }
      a->add_policy(QS_HEDGE_POLICY_REGRESSION);
    }
    w.add_script("max(last(S[daily]) - 100, 0) + 0 * min(S[daily])", -1);
    exact.add_option("t1", "X", QS_CALL, 100, DAYS * kDay, -1);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    ASSERT_EQ(exact.run(), QS_OK) << exact.context.message;
    const qs_policy_result &found = w.policy(0), &right = exact.policy(0);
    EXPECT_GT(right.liquidated.estimate, .05);
    EXPECT_LT(right.liquidated.estimate, .95);
    // The same paths: a few of them are near enough to the limit to be seen differently.
    EXPECT_NEAR(found.liquidated.estimate, right.liquidated.estimate, .02);
    EXPECT_NEAR(found.liquidation.estimate, right.liquidation.estimate,
                .02 * right.liquidation.estimate + .002);
    EXPECT_NEAR(found.std_dev.estimate, right.std_dev.estimate, .02 * right.std_dev.estimate);
  }
}

TEST(Regression, HasTheSameBitsForAnyNumberOfThreads) {
  double objective[2];
  for (int i : {0, 1}) {
    Along w(true);
    w.inputs.simulation.paths = 8192;
    w.context.threads = i ? 3 : 1;
    w.add_script("max(max(S[daily]) - last(S[daily]), 0)", 1);
    w.margin(15, .25, .2, 2, .01);
    w.spec.costs.proportional = .0005;
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    objective[i] = w.policy(0).objective.estimate;
  }
  EXPECT_EQ(objective[0], objective[1]);
}

TEST(Regression, WhatItCannotDoIsSaid) {
  struct {
    std::function<void(Along &)> spoil;
    const char *said;
  } cases[] = {
      {[](Along &w) { w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE); },
       "simulate.policies.1: got delta_every_date: needs a price before the expiry"},
      {[](Along &w) { w.spec.attribution = true; }, "simulate.attribution: needs a price before the expiry"},
      {[](Along &w) { w.spec.frontier_count = 1; }, "simulate.frontier: needs a price"},
      {[](Along &w) { w.spec.save_policy = "regression"; }, "it looks back"},
      {[](Along &w) { w.spec.dates.count = 5; }, "simulate.dates: every fixing of t1, and its expiry"},
      {[](Along &w) { w.spec.dates.spacing_days = 2, w.spec.dates.count = 5; },
       "simulate.dates: every fixing of t1, and its expiry"},
      {[](Along &w) {
         w.trades[0].type = QS_TRADE_BERMUDAN;
         w.trades[0].call_put = QS_PUT;
         w.trades[0].strike = 100;
         w.trades[0].script = {};
         static const qs_time at[] = {w.inputs.as_of + 3600, w.days.back()};
         w.trades[0].path.fixings = at;
         w.trades[0].path.fixing_count = 2;
       },
       "simulate.dates: every fixing of t1"},
      {[](Along &w) {
         qs_trade_spec &t = w.add(QS_TRADE_BARRIER, 1);
         t.id = "t2";
         t.call_put = QS_CALL;
         t.strike = 100;
         t.path.upper = 120;
         w.spec.slices = {2, 60};
       },
       "what is watched at all times does not go with slices"},
      {[](Along &w) {
         qs_trade_spec &t = w.add(QS_TRADE_BARRIER, 1);
         t.id = "t2";
         t.call_put = QS_CALL;
         t.strike = 100;
         t.path.upper = 120;
         t.expiry += 3600;
       },
       "every fixing of t2, and its expiry, must be one"},
      {[](Along &w) { w.trades[0].script.payoff = "log(sum(S[daily]) - 1100)"; }, "no number on a path"},
  };
  for (const auto &c : cases) {
    Along w;
    w.inputs.simulation.paths = 1024;
    w.add_script("max(mean(S[daily]) - 100, 0)", 1);
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    c.spoil(w);
    EXPECT_EQ(w.run(), QS_ERROR_INPUT) << c.said;
    EXPECT_NE(std::strstr(w.context.message, c.said), nullptr) << w.context.message;
  }
}

} // namespace
