// The section `backtest` in memory: the same steps as those of the replay that it stands on, an attribution
// that adds up, nothing that looks ahead, what goes wrong named, and every allocation that fails survived.
#include <cstring>

#include "host/history/forecast.h"
#include "host/history/realised.h"
#include "host/policy/classical.h"
#include "host/policy/optimum.h"
#include "host/simulate/backtest.h"
#include "host/simulate/replay_states.h"
#include "tests/simulate/failing_threads.h"
#include "tests/simulate/replay_world.h"

namespace {

const qs_hedge_policy_type kTypes[] = {QS_HEDGE_POLICY_NONE,       QS_HEDGE_POLICY_DELTA_EVERY_DATE,
                                       QS_HEDGE_POLICY_DELTA_BAND, QS_HEDGE_POLICY_LOCAL_EVERY_DATE,
                                       QS_HEDGE_POLICY_NET_DELTA,  QS_HEDGE_POLICY_MINIMUM_VARIANCE_DELTA,
                                       QS_HEDGE_POLICY_LELAND,     QS_HEDGE_POLICY_WHALLEY_WILMOTT,
                                       QS_HEDGE_POLICY_ZAKAMOULINE};
const qs_policy_kind kKinds[] = {QS_POLICY_NONE,   QS_POLICY_DELTA,           QS_POLICY_DELTA_BAND,
                                 QS_POLICY_LOCAL,  QS_POLICY_NET_DELTA,       QS_POLICY_MINIMUM_VARIANCE,
                                 QS_POLICY_LELAND, QS_POLICY_WHALLEY_WILMOTT, QS_POLICY_ZAKAMOULINE};

bool same(const qs_backtest_step &a, const qs_backtest_step &b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

/* The problem, written down from the world's own numbers: a flat curve at 100, no rates. */
struct ByHand {
  std::vector<qs_policy_option> options;
  std::vector<qs_policy_date> dates;
  std::vector<size_t> bar;
  std::vector<double> states;
  qs_policy_problem problem = {};
  qs_backtest_record record = {};
  qs_backtest_rules rules = qs_backtest_theory();

  explicit ByHand(const ReplayWorld &w) {
    const double ends[] = {30.0 / 365, 4.0 / 365};
    for (size_t i = 0; i < 2; i++) {
      const qs_trade_spec &t = w.trades[i];
      options.push_back({t.call_put == QS_CALL, false, ends[i], t.strike, 100, t.quantity, 0});
    }
    for (size_t d = 0; d <= w.kSteps; d++) {
      const double years = qs_time_years(0, qs_time(d * w.kHours) * 3600);
      dates.push_back({years, 100, 100, 1, 5e-4 + 1e-4, 0, 0});
      bar.push_back(w.kBefore + d * w.kHours);
    }
    states.resize(dates.size());
    problem = {
        &w.market->underlyings[0].model, options.data(), 2, dates.data(), dates.size(), 0, 2, 0, nullptr};
    record = {w.prices.data(), w.prices.size(), bar.data(), states.data(), nullptr};
    rules.rates.fee = 5e-4;
    rules.rates.half_spread = 1e-4;
    rules.rates.impact = .01;
    rules.latency = 1;
  }

  std::vector<qs_backtest_step> run(ReplayWorld &w, const qs_policy_table &table) {
    std::vector<qs_backtest_step> marks(w.kSteps), steps(w.kSteps);
    EXPECT_EQ(qs_backtest_mark(&w.context, &problem, &record, &rules, marks.data()), QS_OK)
        << w.context.message;
    const qs_backtest_policy policy = {"by hand", &table, nullptr};
    EXPECT_EQ(qs_backtest_run(&w.context, &problem, &record, &rules, marks.data(), &policy, steps.data()),
              QS_OK)
        << w.context.message;
    return steps;
  }
};

/* v by the mean of the last 24 hours, and by HAR in logs, as the header says. */
std::vector<double> told(ReplayWorld &w, const ByHand &hand, qs_variance_state state) {
  std::vector<double> realised, returns, at, v(hand.dates.size());
  for (size_t k = 0; k + 1 < w.prices.size(); k++) {
    returns.push_back(std::log(w.prices[k + 1] / w.prices[k]));
    realised.push_back(returns.back() * returns.back());
  }
  std::vector<double> forecasts(realised.size());
  if (state == QS_STATE_HAR_LOG) {
    qs_forecast_run run = {returns.data(), realised.data(), realised.size(), w.kBefore, 24, 24, {1, 24, 120}};
    size_t bad;
    EXPECT_EQ(qs_forecast_series(&w.context, &run, QS_FORECAST_HAR_LOG, forecasts.data(), &bad), QS_OK);
  }
  for (size_t b : hand.bar) {
    double mean = 0;
    for (size_t k = b - 24; k < b; k++) {
      mean += realised[k] / 24;
    }
    at.push_back(state == QS_STATE_HAR_LOG ? forecasts[b] : mean);
  }
  for (size_t d = 0; d < v.size(); d++) {
    v[d] = w.market->underlyings[0].model.value[QS_V0] * at[d] / at[0];
  }
  return v;
}

TEST(Replay, IsTheReplayInMemory) {
  for (qs_model_type type : {QS_MODEL_GBM, QS_MODEL_HESTON}) {
    for (qs_variance_state state : {QS_STATE_EXPECTED, QS_STATE_LAST, QS_STATE_HAR_LOG}) {
      if (type == QS_MODEL_GBM && state != QS_STATE_EXPECTED) {
        continue;
      }
      ReplayWorld w(type);
      for (qs_hedge_policy_type t : kTypes) {
        w.add_policy(t);
      }
      w.spec.variance.marks = state;
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      ByHand hand(w);
      if (state == QS_STATE_EXPECTED) {
        qs_backtest_expected(&hand.problem, hand.states.data());
      } else { // means are summed up in another order
        const std::vector<double> v = told(w, hand, state);
        for (size_t d = 0; d < v.size(); d++) {
          EXPECT_NEAR(w.result.states[d], v[d], 1e-12) << d;
          hand.states[d] = w.result.states[d];
        }
      }
      const qs_policy_settings settings = {};
      qs_policy_ratios ratios;
      ASSERT_EQ(qs_policy_make_ratios(&w.context, w.arena, &hand.problem, &settings, &ratios), QS_OK);
      std::vector<std::vector<qs_backtest_step>> all;
      for (size_t i = 0; i < std::size(kTypes); i++) {
        qs_policy_table table;
        ASSERT_EQ(qs_policy_classical(&w.context, w.arena, &hand.problem, &ratios, kKinds[i], .2, &table),
                  QS_OK);
        all.push_back(hand.run(w, table));
        const qs_backtest_policy_result &p = w.result.policies[i];
        for (size_t n = 0; n < w.kSteps; n++) {
          EXPECT_TRUE(same(p.steps[n], all[i][n])) << p.name << " step " << n;
        }
        const qs_backtest_setting setting = {2, .9, 200, 7};
        qs_bootstrap_result own, by;
        ASSERT_EQ(
            qs_backtest_objective(&w.context, all[i].data(), nullptr, w.kSteps, &setting, &own, nullptr),
            QS_OK);
        ASSERT_EQ(
            qs_backtest_objective(&w.context, all[i].data(), all[0].data(), w.kSteps, &setting, &by, nullptr),
            QS_OK);
        EXPECT_EQ(p.objective.estimate, own.estimate) << p.name;
        EXPECT_EQ(p.objective.low, own.low) << p.name;
        EXPECT_EQ(p.difference.high, by.high) << p.name;
        EXPECT_NEAR(p.objective.estimate, p.variance + 2 * p.cost, 1e-9 * p.objective.estimate) << p.name;
      }
      EXPECT_GT(w.result.policies[1].total.turnover, 0);
    }
  }
}

TEST(Replay, TheOptimumIsThatOfTheProgramme) {
  ReplayWorld w(QS_MODEL_GBM);
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  ByHand hand(w);
  qs_backtest_expected(&hand.problem, hand.states.data());
  qs_policy_ground ground;
  const qs_policy_settings settings = {};
  qs_policy_optimum optimum;
  ASSERT_EQ(qs_policy_make_ground(&w.context, w.arena, &hand.problem, &settings, &ground), QS_OK);
  ASSERT_EQ(qs_policy_optimise(&w.context, w.arena, &ground, &settings, true, &optimum), QS_OK);
  const std::vector<qs_backtest_step> steps = hand.run(w, optimum.table);
  for (size_t n = 0; n < w.kSteps; n++) {
    EXPECT_TRUE(same(w.result.policies[0].steps[n], steps[n])) << n;
  }
}

// Trades pay what is in force when they are decided, and policies know it.
TEST(Replay, CostsChangeByDate) {
  ReplayWorld w(QS_MODEL_GBM);
  w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  const auto date = [&](size_t d) { return w.inputs.as_of + qs_time(d * w.kHours) * 3600; };
  qs_backtest_cost_change changes[2];
  for (qs_backtest_cost_change &c : changes) {
    qs_backtest_cost_change_init(&c);
  }
  changes[0].from = date(4);
  changes[0].proportional = 2e-3;
  changes[1].from = date(7) + 1; // from date 8 on
  changes[1].relative_half_spread = 0;
  changes[1].impact = .5;
  w.spec.costs.schedule = changes;
  w.spec.costs.schedule_count = 2;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  ByHand hand(w);
  std::vector<qs_backtest_rates> dated;
  for (size_t d = 0; d <= w.kSteps; d++) {
    dated.push_back({d < 4 ? 5e-4 : 2e-3, d < 8 ? 1e-4 : 0, d < 8 ? .01 : .5});
    hand.dates[d].proportional = dated[d].fee + dated[d].half_spread;
  }
  hand.rules.dated = dated.data();
  qs_backtest_expected(&hand.problem, hand.states.data());
  const qs_policy_settings settings = {};
  qs_policy_ratios ratios;
  qs_policy_table table;
  ASSERT_EQ(qs_policy_make_ratios(&w.context, w.arena, &hand.problem, &settings, &ratios), QS_OK);
  ASSERT_EQ(
      qs_policy_classical(&w.context, w.arena, &hand.problem, &ratios, QS_POLICY_WHALLEY_WILMOTT, 0, &table),
      QS_OK);
  qs_policy_ground ground;
  qs_policy_optimum optimum;
  ASSERT_EQ(qs_policy_make_ground(&w.context, w.arena, &hand.problem, &settings, &ground), QS_OK);
  ASSERT_EQ(qs_policy_optimise(&w.context, w.arena, &ground, &settings, true, &optimum), QS_OK);
  const std::vector<qs_backtest_step> want[] = {hand.run(w, table), hand.run(w, optimum.table)};
  size_t traded = 0;
  for (size_t i = 0; i < 2; i++) {
    for (size_t n = 0; n < w.kSteps; n++) {
      const qs_backtest_step &s = w.result.policies[i].steps[n];
      EXPECT_TRUE(same(s, want[i][n])) << i << " step " << n;
      if (n + 1 < w.kSteps) { // the last one unwinds, too
        EXPECT_NEAR(s.fees, dated[n].fee * s.turnover, 1e-12) << n;
        EXPECT_NEAR(s.spread, dated[n].half_spread * s.turnover, 1e-12) << n;
        traded += s.turnover > 0 && n > 4;
      }
    }
  }
  EXPECT_GT(traded, 0u);
  changes[1].from = date(3);
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(w.context.message,
               "backtest.costs.schedule.1.from: must not be before the one in front of it");
  changes[1].from = date(8);
  changes[0].proportional = 1.5;
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(w.context.message, "backtest.costs.schedule.0.proportional: got 1.5: must be from 0 to 1");
}

// Limits bind every policy; within them nothing changes where they are wide, and a tight one is held at its
// edge.
TEST(Replay, HoldingsHaveLimits) {
  for (qs_hedge_policy_type type : {QS_HEDGE_POLICY_DELTA_EVERY_DATE, QS_HEDGE_POLICY_OPTIMAL}) {
    const bool optimal = type == QS_HEDGE_POLICY_OPTIMAL;
    ReplayWorld free(QS_MODEL_GBM), wide(QS_MODEL_GBM), tight(QS_MODEL_GBM);
    for (ReplayWorld *w : {&free, &wide, &tight}) {
      w->add_policy(type);
      w->spec.limits = {w == &free ? NAN : w == &wide ? -3 : -.5, w == &free ? NAN : w == &wide ? 3 : .6};
      ASSERT_EQ(w->run(), QS_OK) << w->context.message;
    }
    double most = 0;
    size_t at_edge = 0;
    for (size_t n = 0; n < free.kSteps; n++) {
      const double held = free.result.policies[0].steps[n].holding;
      const double cut = tight.result.policies[0].steps[n].holding;
      EXPECT_NEAR(wide.result.policies[0].steps[n].holding, held, optimal ? .03 : 1e-9)
          << n; // nodes of holding
      EXPECT_LE(cut, .6 + 1e-12);
      EXPECT_GE(cut, -.5 - 1e-12);
      EXPECT_NEAR(cut, std::fmin(std::fmax(held, -.5), .6), optimal ? .1 : 1e-6) << n;
      at_edge += std::fabs(cut - .6) < 1e-9;
      most = std::fmax(most, held);
    }
    EXPECT_GT(most, .7) << "the limit matters";
    EXPECT_GT(at_edge, 2u);
  }
  ReplayWorld w(QS_MODEL_GBM);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.spec.limits = {.1, 1};
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(w.context.message, "backtest.limits.min: got 0.1: must be from -1e+18 to 0");
  w.spec.limits = {-1, NAN};
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
}

TEST(Replay, AttributionAddsUp) {
  ReplayWorld w(QS_MODEL_HESTON);
  w.spec.instrument = "X-PERPETUAL"; // in coin
  w.spec.account = QS_ACCOUNT_COIN;
  w.spec.margin = {12, .05, 4, .01};
  w.trades[0].settlement = w.trades[1].settlement = QS_SETTLE_COIN;
  w.spec.variance.marks = QS_STATE_LAST;
  w.spec.variance.told = QS_STATE_EXPECTED;
  w.spec.compare = "delta_every_date";
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_NET_DELTA);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_STREQ(w.result.told, "expected");
  EXPECT_STREQ(w.result.marks, "last");
  EXPECT_STREQ(w.result.account, "coin");
  EXPECT_STREQ(w.result.compare, "delta_every_date");
  EXPECT_NE(std::string(w.result.label)
                .find("4 days of one market, X, from 2026-03-02T09:30:00Z to "
                      "2026-03-06T09:30:00Z: 12 steps"),
            std::string::npos)
      << w.result.label;
  for (size_t i = 0; i < 3; i++) {
    const qs_backtest_policy_result &p = w.result.policies[i];
    double net = 0;
    for (size_t n = 0; n < w.kSteps; n++) {
      const qs_backtest_step &s = p.steps[n];
      EXPECT_NEAR(s.options, s.theta + s.delta + s.gamma + s.vega + s.residual, 1e-12);
      EXPECT_NE(s.vega, 0);
      net += s.options + s.hedge + s.funding - s.fees - s.spread - s.impact - s.liquidation;
    }
    const qs_backtest_step &t = p.total;
    EXPECT_NEAR(net, p.net, 1e-10);
    EXPECT_NEAR(t.options + t.hedge + t.funding - t.fees - t.spread - t.impact - t.liquidation, p.net, 1e-12);
    EXPECT_NEAR(t.options, t.theta + t.delta + t.gamma + t.vega + t.residual, 1e-10);
    EXPECT_NEAR(t.spread, .2 * t.fees, 1e-12);
    EXPECT_EQ(t.fees > 0, i > 0);
  }
  EXPECT_EQ(w.result.policies[1].difference.estimate, 0);
  EXPECT_EQ(w.result.policies[1].difference.high, 0);
  EXPECT_NE(w.result.policies[0].difference.estimate, 0);
  size_t first = 0;
  for (size_t i = 0; i < 3; i++) {
    first += w.result.policies[i].rank == 1;
  }
  EXPECT_EQ(first, 1u);
}

TEST(Replay, MarginClosesTheHedge) {
  ReplayWorld w(QS_MODEL_GBM);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_EQ(w.result.policies[0].total.liquidated, 0u);
  w.spec.margin = {0, .05, 4, .01};
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_GT(w.result.policies[0].total.liquidated, 0u);
  EXPECT_GT(w.result.policies[0].total.liquidation, 0);
}

/* Later prices change nothing of what was before them, to the bit, whatever v is told by. */
TEST(Replay, DoesNotLookAhead) {
  for (int state = QS_STATE_EXPECTED; state < QS_STATE_SAME; state++) {
    ReplayWorld w(QS_MODEL_HESTON);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    w.add_policy(QS_HEDGE_POLICY_MINIMUM_VARIANCE_DELTA);
    w.spec.variance.marks = qs_variance_state(state);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const qs_backtest_result before = w.result;
    const size_t known = 5; // steps
    for (size_t j = w.kBefore + known * w.kHours + 1; j < w.prices.size(); j++) {
      w.prices[j] *= 1 + .01 * double(j % 7);
    }
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    for (size_t i = 0; i < 2; i++) {
      for (size_t n = 0; n < known; n++) {
        EXPECT_TRUE(same(w.result.policies[i].steps[n], before.policies[i].steps[n])) << state << ": " << n;
      }
      EXPECT_FALSE(same(w.result.policies[i].steps[known], before.policies[i].steps[known])) << state;
    }
    for (size_t d = 0; d <= known; d++) {
      EXPECT_EQ(w.result.states[d], before.states[d]) << state;
    }
    EXPECT_EQ(w.result.states[known + 1] == before.states[known + 1], state == QS_STATE_EXPECTED) << state;
  }
}

/* Recorded rates are paid in the step in which they fall, on its holding; none of the record's is left out.
 */
TEST(Replay, RecordedFundingIsPaidWhenItFalls) {
  ReplayWorld w(QS_MODEL_GBM);
  w.spec.instrument = "X-PERPETUAL";
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  std::vector<double> rates; // every 4 hours from as_of on: the first is before the first step
  for (size_t k = 0; k <= 2 * w.kSteps; k++) {
    rates.push_back(1e-4 * double(k + 1));
  }
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_EQ(w.result.policies[0].total.funding, 0) << "a flat forward";
  EXPECT_STREQ(w.result.funding, "expected");
  w.spec.funding = {rates.data(), rates.size(), w.inputs.as_of, 4 * 3600};
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_STREQ(w.result.funding, "recorded");
  for (size_t n = 0; n < w.kSteps; n++) {
    const qs_backtest_step &s = w.result.policies[0].steps[n];
    const double paid = 1e-4 * double(2 * n + 2 + 2 * n + 3);
    EXPECT_NEAR(s.funding, -paid * s.holding * w.result.prices[n], 1e-12) << n;
  }
  w.spec.funding.count = 2 * w.kSteps;
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(w.context.message,
               "backtest.funding: must have every payment from the first date to the last");
  w.spec.funding.count = rates.size();
  w.spec.instrument = "X-SPOT";
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  rates[3] = NAN;
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(w.context.message, "backtest.funding.3: got nan: must be from -1 to 1");
}

/* A date between two bars is acted on at the later one. */
TEST(Replay, DatesAreActedOnAtTheNextBar) {
  ReplayWorld w(QS_MODEL_GBM);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.spec.record.first += 600;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_EQ(w.result.bars[0], w.inputs.as_of + 600);
  EXPECT_EQ(w.result.prices[3], w.prices[w.kBefore + 3 * w.kHours]);
  EXPECT_EQ(w.result.dates[0], w.inputs.as_of);
}

TEST(Replay, WhatMakesNoSenseIsNamed) {
  struct Case {
    void (*spoil)(ReplayWorld &w);
    const char *said;
  };
  const Case cases[] = {
      {[](ReplayWorld &w) { w.spec.position = "t9"; }, "backtest.position: got t9"},
      {[](ReplayWorld &w) { w.spec.instrument = "X-MOON"; }, "backtest.instrument: got X-MOON"},
      {[](ReplayWorld &w) { w.spec.instrument = "X-27MAR26"; }, "backtest.instrument: got X-27MAR26"},
      {[](ReplayWorld &w) { w.spec.instrument = nullptr; }, "backtest"},
      {[](ReplayWorld &w) { w.spec.risk_aversion = 1; }, "backtest: exactly one of cost_weight"},
      {[](ReplayWorld &w) { w.spec.costs.proportional = -1; }, "backtest.costs.proportional: got -1"},
      {[](ReplayWorld &w) { w.spec.costs.impact = NAN; }, "backtest.costs.impact: got nan"},
      {[](ReplayWorld &w) {
         w.spec.margin = {1, 0, 1, 0};
       },
       "backtest.margin.maintenance: got 0"},
      {[](ReplayWorld &w) { w.spec.intervals.replicates = 1; }, "backtest.intervals.replicates: got 1"},
      {[](ReplayWorld &w) { w.spec.intervals.level = 1; }, "backtest.intervals.level: got 1"},
      {[](ReplayWorld &w) { w.prices[7] = 0; }, "backtest.prices.7: got 0"},
      {[](ReplayWorld &w) { w.prices[9] = INFINITY; }, "backtest.prices.9: got inf"},
      {[](ReplayWorld &w) { w.prices.resize(1); }, "backtest.prices: got 1 prices"},
      {[](ReplayWorld &w) { w.spec.record.bar_seconds = 0; }, "bars of at least a second"},
      {[](ReplayWorld &w) { w.prices.resize(200); }, "backtest.dates.1: must be within the times"},
      {[](ReplayWorld &w) { w.spec.record.first = w.inputs.as_of + 1; }, "backtest.dates.0: must be within"},
      {[](ReplayWorld &w) { w.spec.dates.count = 8; }, "backtest.dates.0: must be at least 9"},
      {[](ReplayWorld &w) { w.spec.dates.spacing_days = 1.0 / 96, w.spec.latency_bars = 0; },
       "must be acted on at another bar"},
      {[](ReplayWorld &w) { w.spec.dates.count = 4096; }, "backtest.dates: must be 1 to 4095"},
      {[](ReplayWorld &w) { w.spec.latency_bars = 8; }, "backtest.latency_bars: got 8: must be fewer"},
      {[](ReplayWorld &w) { w.spec.compare = "another"; }, "backtest.compare: got another"},
      {[](ReplayWorld &w) { w.spec.policy_count = 0; }, "backtest: a position and a policy"},
      {[](ReplayWorld &w) { w.add_policy(QS_HEDGE_POLICY_FIXED_INTERVAL).every = 2; },
       "backtest.policies.1: got fixed_interval: is no table"},
      {[](ReplayWorld &w) { w.add_policy(QS_HEDGE_POLICY_DELTA_VEGA); },
       "backtest.policies.1: got delta_vega: holds an option"},
      {[](ReplayWorld &w) { w.add_policy(QS_HEDGE_POLICY_NONE, "none"), w.add_policy(QS_HEDGE_POLICY_NONE); },
       "backtest.policies.2.name: got none: another policy has it"},
      {[](ReplayWorld &w) { w.add_policy(QS_HEDGE_POLICY_DELTA_BAND).width = -1; },
       "backtest.policies.1.width: got -1"},
      {[](ReplayWorld &w) { w.spec.variance.marks = QS_STATE_SAME; }, "backtest.variance.marks: got 8"},
      {[](ReplayWorld &w) { w.spec.record.bar_seconds = 7200, w.spec.variance.marks = QS_STATE_LAST; },
       "backtest.variance.marks: got last: needs prices at bars that divide an hour"},
      {[](ReplayWorld &w) { w.spec.record.first += 30 * 3600, w.spec.variance.told = QS_STATE_HAR; },
       "backtest.variance.told: got har: needs 168 hours"},
      {[](ReplayWorld &w) {
         w.spec.variance.told = QS_STATE_LAST;
         std::fill(w.prices.begin() + 150, w.prices.begin() + 200, 100.0);
       },
       "backtest.variance: last forecasts 0 on date 0"},
  };
  for (const Case &c : cases) {
    ReplayWorld w(QS_MODEL_HESTON);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    w.point();
    c.spoil(w);
    const bool none = w.spec.policy_count == 0;
    w.point();
    w.spec.policy_count = none ? 0 : w.spec.policy_count;
    const bool later = std::strstr(c.said, "forecasts"); // which are made in the run
    qs_status status = qs_replay_check(&w.context, &w.inputs, w.market, w.book);
    EXPECT_EQ(status, later ? QS_OK : QS_ERROR_INPUT) << c.said;
    status = qs_replay_run(&w.context, w.arena, &w.inputs, w.market, w.book, &w.result);
    EXPECT_EQ(status, QS_ERROR_INPUT) << c.said;
    EXPECT_NE(std::string(w.context.message).find(c.said), std::string::npos)
        << c.said << "\nmessage: " << w.context.message;
    EXPECT_FALSE(w.result.present);
  }
}

TEST(Replay, DiscountsAreRefusedAndRandomVarianceIsNeeded) {
  ReplayWorld w(QS_MODEL_GBM);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.spec.variance.told = QS_STATE_LAST;
  ASSERT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::string(w.context.message).find("backtest.variance.told: got last: needs a model whose"),
            std::string::npos)
      << w.context.message;
  ReplayWorld dear(QS_MODEL_GBM);
  dear.underlyings[0].discount_rate = .02;
  dear.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(dear.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::string(dear.context.message).find("the discount_rate of X is 0.02; must be 0"),
            std::string::npos)
      << dear.context.message;
}

TEST(Replay, EveryAllocationMayFail) {
  ReplayWorld w(QS_MODEL_GBM);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_backtest_result whole = w.result;
  const qs_allocator before = w.context.allocator;
  qs_arena *arena = w.arena;
  w.context.allocator = {allocate, release, nullptr};
  qs_status status = QS_ERROR_MEMORY;
  long failures = 0;
  for (long n = 0; status == QS_ERROR_MEMORY; n++) {
    ASSERT_LT(n, 5000);
    left = -1;
    w.arena = qs_arena_create(&w.context);
    w.result = {};
    left = n;
    status = w.run();
    left = -1;
    ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << n << ": " << w.context.message;
    EXPECT_EQ(w.result.present, status == QS_OK) << n;
    failures += status == QS_ERROR_MEMORY;
    if (status == QS_OK) {
      EXPECT_EQ(w.result.policies[1].difference.low, whole.policies[1].difference.low);
    }
    qs_arena_destroy(w.arena);
    EXPECT_EQ(live.load(), 0) << "after the failure of allocation " << n;
  }
  EXPECT_GT(failures, 10);
  w.context.allocator = before;
  w.arena = arena;
}

TEST(Replay, EveryAllocationOfForecastsMayFail) {
  ReplayWorld w(QS_MODEL_HESTON);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.point();
  ByHand hand(w);
  const qs_allocator before = w.context.allocator;
  for (int state = QS_STATE_LAST; state < QS_STATE_SAME; state++) {
    std::vector<double> v(hand.dates.size());
    w.context.allocator = {allocate, release, nullptr};
    qs_status status = QS_ERROR_MEMORY;
    long n = 0;
    for (; status == QS_ERROR_MEMORY; n++) {
      left = n;
      status = qs_replay_states(&w.context, &hand.problem, &w.spec.record, hand.bar.data(),
                                qs_variance_state(state), v.data());
      left = -1;
      ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << n << ": " << w.context.message;
      EXPECT_EQ(live.load(), 0) << state << ", after the failure of allocation " << n;
    }
    EXPECT_GT(n, 1);
    w.context.allocator = before;
  }
}

} // namespace
