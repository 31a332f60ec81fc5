// Replay of policies: both sums of the attribution, mechanics by hand on few bars, the error of discrete
// hedging against its known value on simulated paths, and what goes wrong said.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "host/base/model.h"
#include "host/market/fourier.h"
#include "host/simulate/backtest.h"
#include "tests/policy/policy_world.h"

namespace {

using policy_world::World;

constexpr double kDay = 1.0 / 365;

/* Trades at n steps of `step` years, flat curve at 100, short one call of strike 100 that expires at the end.
 */
void lay_out(World &w, size_t steps, double step, bool with_put = false) {
  for (size_t n = 0; n <= steps; n++) {
    w.dates.push_back({static_cast<double>(n) * step, 100, 100, 1, 0, 0, 0});
  }
  double end = static_cast<double>(steps) * step;
  w.options.push_back({true, true, end, 100, 100, -1, 0});
  if (with_put) {
    w.options.push_back({false, true, end + 30 * kDay, 90, 101, 2, 0});
    w.options.push_back({true, true, static_cast<double>(steps / 2) * step, 105, 100, -1.5, 0});
  }
  w.problem = {&w.model, w.options.data(), w.options.size(), w.dates.data(), w.dates.size(), 0, 1, 0};
}

struct Path {
  std::vector<double> prices, variance;
  std::vector<size_t> bar;
  qs_backtest_record record() const {
    return {prices.data(), prices.size(), bar.data(), variance.data(), nullptr};
  }
};

Path simulate(std::mt19937_64 &g, const World &w, size_t bars_a_step, double sigma) {
  std::normal_distribution<double> normal;
  Path path;
  double x = 0, v = 0.36;
  path.prices.push_back(100);
  for (size_t n = 0; n < w.dates.size(); n++) {
    path.bar.push_back(path.prices.size() - 1);
    path.variance.push_back(v);
    if (n + 1 < w.dates.size()) {
      double dt = (w.dates[n + 1].years - w.dates[n].years) / static_cast<double>(bars_a_step);
      for (size_t j = 0; j < bars_a_step; j++) {
        x += sigma * std::sqrt(dt) * normal(g) - sigma * sigma * dt / 2;
        path.prices.push_back(100 * std::exp(x));
      }
      v *= std::exp(0.1 * normal(g));
    }
  }
  return path;
}

/* A table that holds the same everywhere, by date. */
struct Constant {
  std::vector<qs_policy_nodes> nodes;
  std::vector<std::vector<double>> values;
  std::vector<const double *> edges;
  qs_policy_table table;
  Constant(const std::vector<double> &holdings) {
    for (double h : holdings) {
      nodes.push_back({0, -1, 2, 2, 0, 1, 1});
      values.push_back({h, h});
    }
    for (const auto &v : values) {
      edges.push_back(v.data());
    }
    table = {holdings.size(), nodes.data(), edges.data(), edges.data()};
  }
};

TEST(Backtest, AttributionAddsUp) {
  for (const qs_model &model : policy_world::Models()) {
    for (bool coin : {false, true}) {
      World w(model);
      lay_out(w, 20, 2 * kDay, true);
      for (size_t n = 0; n < w.dates.size(); n++) {
        w.dates[n].forward = 100 * std::exp(0.1 * w.dates[n].years);
      }
      for (auto &o : w.options) {
        o.forward = 100 * std::exp(0.1 * o.years);
      }
      std::mt19937_64 g(9);
      Path path = simulate(g, w, 24, 0.6);
      qs_backtest_record record = path.record();
      qs_backtest_rules rules = qs_backtest_theory();
      rules.coin = coin;
      rules.rates.fee = 5e-4;
      rules.rates.half_spread = 1e-4;
      rules.rates.impact = 0.01;
      rules.latency = 3;
      rules.inverse = coin;
      qs_policy_ratios ratios;
      qs_policy_table table;
      ASSERT_EQ(qs_policy_make_ratios(&w.context, w.arena, &w.problem, &w.settings, &ratios), QS_OK)
          << w.context.message;
      ASSERT_EQ(qs_policy_classical(&w.context, w.arena, &w.problem, &ratios, QS_POLICY_DELTA, 0, &table),
                QS_OK);
      std::vector<qs_backtest_step> marks(20), steps(20);
      ASSERT_EQ(qs_backtest_mark(&w.context, &w.problem, &record, &rules, marks.data()), QS_OK)
          << w.context.message;
      qs_backtest_policy policy = {"delta", &table, nullptr};
      ASSERT_EQ(qs_backtest_run(&w.context, &w.problem, &record, &rules, marks.data(), &policy, steps.data()),
                QS_OK);
      double hedge = 0, fees = 0, size = 0;
      for (size_t n = 0; n < 20; n++) {
        const qs_backtest_step &s = steps[n];
        EXPECT_NEAR(s.options, s.theta + s.delta + s.gamma + s.vega + s.residual, 1e-12);
        EXPECT_NEAR(qs_backtest_gross(&s), s.options + s.hedge + s.funding, 1e-12);
        EXPECT_NEAR(s.spread, s.fees * 0.2, 1e-12);
        hedge += s.hedge;
        fees += s.fees;
        size += s.turnover;
        EXPECT_LT(std::abs(s.residual), 1.5) << n; // of options worth 10: what the slopes leave
      }
      qs_backtest_step total = qs_backtest_total(steps.data(), 20);
      EXPECT_NEAR(total.hedge, hedge, 1e-12);
      EXPECT_NEAR(total.fees, fees, 1e-12);
      EXPECT_NEAR(total.fees, 5e-4 * size, 1e-12);
      if (!coin) { // what the options gained in all: payoffs and the last value less the first
        double s_half = path.prices[path.bar[10]], s_end = path.prices.back(), put = 0, start = 0;
        auto value = [&](const qs_policy_option &o, double spot, size_t n, double v) {
          qs_model m = w.model;
          if (qs_model_stochastic(&m)) {
            m.value[QS_V0] = v;
          }
          qs_fourier_option_value out;
          qs_fourier_report report;
          double f = spot * o.forward / w.dates[n].forward;
          EXPECT_EQ(qs_fourier_option(&m, o.years - w.dates[n].years, o.call, std::log(o.strike / f), nullptr,
                                      &out, &report),
                    QS_OK);
          return o.weight * f * out.price;
        };
        for (const auto &o : w.options) {
          start += value(o, 100, 0, path.variance[0]);
        }
        put = value(w.options[1], s_end, 20, path.variance[20]);
        double all = put - std::max(s_end - 100, 0.0) - 1.5 * std::max(s_half - 105, 0.0) - start;
        EXPECT_NEAR(total.options, all, 1e-8);
      }
    }
  }
}

// Three steps of four bars, holdings 1, -2, -2; everything by hand.
TEST(Backtest, MechanicsByHand) {
  World w(policy_world::Gbm(0.6));
  lay_out(w, 3, kDay);
  Path path;
  path.prices = {100, 101, 102, 103, 104, 103, 102, 101, 100, 110, 120, 130, 140};
  path.bar = {0, 4, 8, 12};
  path.variance.assign(4, 0.36);
  qs_backtest_record record = path.record();
  double funding[] = {0.001, 0.002, 0.003};
  record.funding = funding;
  qs_backtest_rules rules = qs_backtest_theory();
  Constant table({1, -2, -2});
  qs_backtest_policy policy = {"hand", &table.table, nullptr};
  std::vector<qs_backtest_step> marks(3), s(3);
  auto run = [&] {
    ASSERT_EQ(qs_backtest_mark(&w.context, &w.problem, &record, &rules, marks.data()), QS_OK)
        << w.context.message;
    ASSERT_EQ(qs_backtest_run(&w.context, &w.problem, &record, &rules, marks.data(), &policy, s.data()),
              QS_OK)
        << w.context.message;
  };
  rules.rates.fee = 0.001;
  rules.rates.impact = 2;
  run();
  EXPECT_NEAR(s[0].hedge, 4, 1e-12);
  EXPECT_NEAR(s[1].hedge, 8, 1e-12);
  EXPECT_NEAR(s[2].hedge, -80, 1e-12);
  EXPECT_NEAR(s[0].funding, -0.1, 1e-12);
  EXPECT_NEAR(s[1].funding, 0.002 * 2 * 104, 1e-12);
  EXPECT_NEAR(s[0].fees, 0.1, 1e-12);
  EXPECT_NEAR(s[1].fees, 0.001 * 3 * 104, 1e-12);
  EXPECT_NEAR(s[1].impact, 2 * 3 * std::sqrt(3.0), 1e-12);
  EXPECT_NEAR(s[2].fees, 0.001 * 2 * 140, 1e-12); // the unwind alone
  EXPECT_EQ(s[0].trades + s[1].trades + s[2].trades, 3u);
  rules.latency = 2;
  run();
  EXPECT_NEAR(s[0].hedge, 2, 1e-12);                  // 102 to 104
  EXPECT_NEAR(s[1].hedge, 1 * -2 + -2 * -2.0, 1e-12); // still 1 for two bars
  EXPECT_NEAR(s[1].fees, 0.001 * 3 * 102, 1e-12);
  rules.latency = 0;
  rules.inverse = true; // N = 100 dollars from 100: N (1/100 - 1/104) coins, changed on every bar
  run();
  double notional = 100, gain = 0;
  for (int j = 0; j < 4; j++) {
    gain += notional *
            (1 / path.prices[static_cast<size_t>(j)] - 1 / path.prices[static_cast<size_t>(j) + 1]) *
            path.prices[static_cast<size_t>(j) + 1];
  }
  EXPECT_NEAR(s[0].hedge, gain, 1e-12);
  EXPECT_NEAR(s[1].turnover, 104 * (2 + 100 / 104.0), 1e-9);
  rules.inverse = false;
  // margin: the account has 42 + 4 - .1 = 45.9 before the last step, short two from 100. At 110 it has 25.9,
  // which covers half a coin (13.75) after three closings of half a coin at .55 each; 19.25 at 120 covers
  // that (15); at 130 an eighth goes at .1625, at 140 a quarter of the rest at .13125
  rules = qs_backtest_theory();
  rules.collateral = 42;
  rules.maintenance = 0.25;
  rules.liquidation_fee = 0.01;
  rules.parts = 4;
  Constant flat({1, 0, -2});
  policy.table = &flat.table;
  run();
  EXPECT_EQ(s[2].liquidated, 3u);
  EXPECT_NEAR(s[2].hedge, -20 - 5 - 5 - 3.75, 1e-12);
  EXPECT_NEAR(s[2].liquidation, 3 * 0.55 + 0.1625 + 0.13125, 1e-12);
  EXPECT_EQ(s[0].liquidated + s[1].liquidated, 0u);
}

// Short one call, 21 steps to one month, sigma .2: the locally optimal hedge leaves J0, whose root is .42790.
TEST(Backtest, ErrorOfDiscreteHedgingIsTheKnownOne) {
  World w(policy_world::Gbm(0.2));
  lay_out(w, 21, 1.0 / 12 / 21);
  qs_policy_ratios ratios;
  qs_policy_table table;
  ASSERT_EQ(qs_policy_make_ratios(&w.context, w.arena, &w.problem, &w.settings, &ratios), QS_OK);
  ASSERT_EQ(qs_policy_classical(&w.context, w.arena, &w.problem, &ratios, QS_POLICY_LOCAL, 0, &table), QS_OK);
  std::mt19937_64 g(31);
  const int runs = 4000;
  double sum = 0, squares = 0, by_step = 0, step_squares = 0;
  qs_backtest_rules rules = qs_backtest_theory();
  for (int run = 0; run < runs; run++) {
    Path path = simulate(g, w, 1, 0.2);
    qs_backtest_record record = path.record();
    record.variance = nullptr;
    std::vector<qs_backtest_step> marks(21), steps(21);
    ASSERT_EQ(qs_backtest_mark(&w.context, &w.problem, &record, &rules, marks.data()), QS_OK);
    qs_backtest_policy policy = {"local", &table, nullptr};
    ASSERT_EQ(qs_backtest_run(&w.context, &w.problem, &record, &rules, marks.data(), &policy, steps.data()),
              QS_OK);
    double error = 0, each = 0;
    for (const auto &s : steps) {
      error += qs_backtest_gross(&s);
      each += std::pow(qs_backtest_gross(&s), 2);
    }
    sum += error / runs;
    squares += error * error / runs;
    by_step += each / runs;
    step_squares += each * each / runs;
  }
  double j0 = 0.42790 * 0.42790;
  EXPECT_LT(std::abs(sum) / std::sqrt(j0 / runs), 4);
  EXPECT_NEAR(squares, j0, 4 * j0 * std::sqrt(2.6 / runs)); // kurtosis 4.54, published
  // steps' errors are martingale differences: their squares add up to the same
  EXPECT_LT(std::abs(by_step - j0) / std::sqrt((step_squares - by_step * by_step) / runs), 4);
}

// Hourly delta hedging of a position that the market misprices: the error is the premium, gamma times
// realised less implied variance.
TEST(Backtest, PremiumIsWhatDeltaHedgingEarns) {
  World w(policy_world::Gbm(0.6));
  lay_out(w, 300, kDay / 24);
  w.options[0].years = 60 * kDay;
  qs_policy_ratios ratios;
  qs_policy_table table;
  ASSERT_EQ(qs_policy_make_ratios(&w.context, w.arena, &w.problem, &w.settings, &ratios), QS_OK)
      << w.context.message;
  ASSERT_EQ(qs_policy_classical(&w.context, w.arena, &w.problem, &ratios, QS_POLICY_DELTA, 0, &table), QS_OK);
  std::mt19937_64 g(4);
  Path path = simulate(g, w, 1, 0.3);
  qs_backtest_record record = path.record();
  qs_backtest_rules rules = qs_backtest_theory();
  std::vector<qs_backtest_step> marks(300), steps(300);
  ASSERT_EQ(qs_backtest_mark(&w.context, &w.problem, &record, &rules, marks.data()), QS_OK);
  qs_backtest_policy policy = {"delta", &table, nullptr};
  ASSERT_EQ(qs_backtest_run(&w.context, &w.problem, &record, &rules, marks.data(), &policy, steps.data()),
            QS_OK);
  qs_backtest_step total = qs_backtest_total(steps.data(), 300);
  EXPECT_GT(total.premium, 0.3); // short gamma, calm market
  EXPECT_NEAR(qs_backtest_gross(&total) / total.premium, 1, 0.05);
}

TEST(Backtest, ObjectiveIsItsDefinitionAndPairsAreResampledTogether) {
  std::mt19937_64 g(2);
  std::normal_distribution<double> normal;
  std::vector<qs_backtest_step> a(200), b(200);
  double mean = 0, squares = 0, costs = 0;
  for (size_t i = 0; i < 200; i++) {
    double e = normal(g);
    a[i].hedge = e;
    b[i].hedge = 1.01 * e; // nearly the same, a little worse
    a[i].fees = 0.1;
    b[i].fees = 0.1;
    mean += e / 200;
    squares += e * e;
    costs += 0.1;
  }
  qs_context context;
  qs_context_init(&context);
  qs_backtest_setting setting = {2, 0.95, 1000, 1};
  qs_bootstrap_result own, difference;
  double block = 0;
  ASSERT_EQ(qs_backtest_objective(&context, a.data(), nullptr, 200, &setting, &own, nullptr), QS_OK);
  double variance = 200 * (squares - 200 * mean * mean) / 199;
  EXPECT_NEAR(own.estimate, variance + 2 * costs, 1e-9);
  ASSERT_EQ(qs_backtest_objective(&context, a.data(), b.data(), 200, &setting, &difference, &block), QS_OK);
  EXPECT_NEAR(difference.estimate, -0.0201 * variance, 1e-9);
  EXPECT_GE(block, 1);
  EXPECT_LE(block, 3 * std::sqrt(200.0));
  EXPECT_LT(difference.high, 0); // told apart although each alone is far more uncertain
  EXPECT_GT(own.std_error, 20 * difference.std_error);
}

TEST(Backtest, WhatMakesNoSenseIsNamed) {
  World w(policy_world::Gbm(0.6));
  lay_out(w, 3, kDay);
  Path good;
  good.prices.assign(13, 100);
  good.bar = {0, 4, 8, 12};
  good.variance.assign(4, 0.36);
  Constant table({1, 1, 1}), brief({1, 1});
  std::vector<qs_backtest_step> marks(3), steps(3);
  auto says = [&](Path path, qs_backtest_rules rules, const qs_policy_table *t, const char *text) {
    qs_backtest_record record = path.record();
    qs_backtest_policy policy = {"p", t, nullptr};
    qs_status status = qs_backtest_mark(&w.context, &w.problem, &record, &rules, marks.data());
    status = status ? status
                    : qs_backtest_run(&w.context, &w.problem, &record, &rules, marks.data(), &policy,
                                      steps.data());
    EXPECT_EQ(status, QS_ERROR_INPUT) << text;
    EXPECT_NE(std::string(w.context.message).find(text), std::string::npos) << w.context.message;
  };
  qs_backtest_rules free = qs_backtest_theory(), rules = free;
  Path bad = good;
  bad.prices[5] = 0;
  says(bad, free, &table.table, "price 5");
  bad = good;
  bad.bar[2] = 4;
  says(bad, free, &table.table, "date 2 is bar 4");
  bad = good;
  bad.bar[3] = 13;
  says(bad, free, &table.table, "below 13");
  bad = good;
  bad.variance[1] = -1;
  says(bad, free, &table.table, "variance 1");
  rules.rates.fee = -1;
  says(good, rules, &table.table, "fee: -1");
  rules = free;
  rules.latency = 4;
  says(good, rules, &table.table, "latency of 4 bars");
  rules = free;
  rules.parts = 0;
  says(good, rules, &table.table, "0 parts");
  says(good, free, &brief.table, "policy 'p' has 2 dates");
  w.dates[1].discount = 0.99;
  says(good, free, &table.table, "discount 0.99");
}

} // namespace
