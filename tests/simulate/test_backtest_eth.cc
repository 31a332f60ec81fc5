// One month of one market: the ETH chain of 2024-01-08, fitted by a heston with a shift of the variance,
// hedged every eight hours through the minute bars of January 2024. The position is short one of every option
// out of the money within a fifth of the forward that expires on 26 January or 23 February; the perpetual
// costs 5 bp and a half-spread and impact as fitted to a recorded order book. Prints what bench/results
// keeps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "host/history/forecast.h"
#include "host/history/realised.h"
#include "host/market/shift.h"
#include "host/policy/classical.h"
#include "host/policy/optimum.h"
#include "host/simulate/backtest.h"
#include "host/simulate/replay.h"
#include "tests/full_sample.h"
#include "tests/history/table.h"
#include "tests/market/chain.h"
#include "tests/market/fixture.h"

namespace {

constexpr int kOptimal = QS_POLICY_KINDS; /* beside the classical ones */
constexpr double kWeight = 1000;          /* of the cost; a risk aversion of .002 a dollar */

struct Month {
  Chain chain;
  MarketFixture fixture;
  std::vector<double> prices;    /* by the minute from as_of */
  std::vector<double> month;     /* and from the begin of the month */
  std::vector<qs_time> expiries; /* of the options */
  std::vector<qs_policy_option> options;
  std::vector<qs_policy_date> dates;
  std::vector<size_t> bar;
  qs_policy_problem problem = {};
  qs_policy_ratios ratios = {};
  std::map<std::string, std::vector<double>> states; /* v by date, from what was known there */
  qs_policy_optimum optimised = {};
  size_t steps = 0;

  bool load() {
    history::Table minutes;
    if (!chain.load("eth_20240108T111941Z.csv") ||
        !minutes.read_gz(history::recorded("spot/eth_usdt_1min_202401.csv.gz"))) {
      return false;
    }
    auto soon = [](const qs_quote &q) {
      std::string name = q.instrument;
      return std::count(name.begin(), name.end(), '-') == 3 &&
             (name.substr(4, 6) == "10JAN2" || name.substr(4, 6) == "11JAN2" ||
              name.substr(4, 6) == "12JAN2" || name.substr(4, 5) == "9JAN2");
    };
    chain.quotes.erase(std::remove_if(chain.quotes.begin(), chain.quotes.end(), soon), chain.quotes.end());
    prices = minutes.numbers("close");
    prices.insert(prices.begin(), minutes.numbers("open")[0]);
    return true;
  }

  const qs_underlying_market &market() const { return fixture.market->underlyings[0]; }

  void fit() {
    fixture.inputs.as_of = chain.as_of;
    fixture.underlyings = {chain.spec()};
    fixture.underlyings[0].model.type = QS_MODEL_HESTON;
    fixture.underlyings[0].calibrate = true;
    fixture.underlyings[0].fit_shift = true;
    ASSERT_EQ(fixture.build(), QS_OK) << fixture.message();
    ASSERT_EQ(qs_market_calibrate(&fixture.context, fixture.arena, fixture.market), QS_OK)
        << fixture.message();
  }

  void lay_out() {
    qs_time begin = qs_time_civil(2024, 1, 1), first = begin + 60 * ((chain.as_of - begin + 59) / 60);
    size_t skipped = static_cast<size_t>((first - begin) / 60);
    auto add = [&](qs_time t) {
      double years = qs_time_years(chain.as_of, t);
      dates.push_back({dates.empty() ? 0 : years, 0, 0, 1, 5e-4 + 2e-6, 0, 0});
      qs_policy_date &d = dates.back();
      d.forward = d.gain = qs_curve_forward(&market().curve, d.years);
      d.added = qs_shift_added(&market().shift, chain.as_of, dates.size() == 1 ? chain.as_of : t);
      bar.push_back(static_cast<size_t>((t - first) / 60));
    };
    add(first);
    for (qs_time t = begin + 7 * 86400 + 16 * 3600; t < begin + 31 * 86400; t += 8 * 3600) {
      add(t);
    }
    for (size_t i = 0; i < market().option_count; i++) {
      const qs_option_quote &q = market().options[i];
      std::string name = q.quote->instrument;
      double k = std::log(q.strike / q.forward);
      bool call = q.call_put == QS_CALL, listed = name.find("26JAN24") == 4 || name.find("23FEB24") == 4;
      if (listed && std::abs(k) < 0.2 && call == (k >= 0)) {
        double added = qs_shift_added(&market().shift, chain.as_of, q.expiry);
        options.push_back({call, true, q.years, q.strike, q.forward, -1, added});
        expiries.push_back(q.expiry);
      }
    }
    problem = {&market().model, options.data(), options.size(), dates.data(), dates.size(), 0, kWeight, 0};
    steps = dates.size() - 1;
    tell(skipped);
    month = prices;
    prices.erase(prices.begin(), prices.begin() + static_cast<long>(skipped));
    qs_policy_settings settings = {};
    ASSERT_EQ(qs_policy_make_ratios(&fixture.context, fixture.arena, &problem, &settings, &ratios), QS_OK)
        << fixture.message();
  }

  /* Variance of the next day told from hours of realised variance, at every date, in the model's terms. */
  void tell(size_t skipped) {
    size_t hours = (prices.size() - 1) / 60;
    std::vector<double> realised(hours), returns(hours), forecasts(hours);
    qs_realised_periods(prices.data(), prices.size(), 60, 1, realised.data(), nullptr);
    for (size_t k = 0; k < hours; k++) {
      returns[k] = std::log(prices[(k + 1) * 60] / prices[k * 60]);
    }
    qs_forecast_run run = {returns.data(), realised.data(), hours, skipped / 60, 24, 24, {1, 24, 120}};
    states["expected"].resize(dates.size());
    qs_backtest_expected(&problem, states["expected"].data());
    for (int m = 0; m < QS_FORECAST_METHODS; m++) {
      auto method = static_cast<qs_forecast_method>(m);
      size_t bad;
      ASSERT_EQ(qs_forecast_series(&fixture.context, &run, method, forecasts.data(), &bad), QS_OK)
          << fixture.message();
      std::vector<double> at, v(dates.size());
      for (size_t b : bar) {
        at.push_back(forecasts[std::min((skipped + b) / 60, hours - 1)]);
      }
      qs_backtest_states(market().model.value[QS_V0], at.data(), at.size(), v.data());
      states[qs_forecast_name(method)] = v;
    }
  }

  std::vector<qs_backtest_step> run(const std::string &marked, const std::string &told, int kind,
                                    const qs_backtest_rules &rules) {
    qs_policy_table table = {};
    std::vector<qs_backtest_step> marks(steps), out(steps);
    qs_backtest_record record = {prices.data(), prices.size(), bar.data(), states.at(marked).data(), nullptr};
    if (kind == kOptimal) {
      table = optimum().table;
    } else {
      EXPECT_EQ(qs_policy_classical(&fixture.context, fixture.arena, &problem, &ratios,
                                    static_cast<qs_policy_kind>(kind), 0.1, &table),
                QS_OK)
          << fixture.message();
    }
    EXPECT_EQ(qs_backtest_mark(&fixture.context, &problem, &record, &rules, marks.data()), QS_OK)
        << fixture.message();
    qs_backtest_policy policy = {name_of(kind), &table, states.at(told).data()};
    EXPECT_EQ(qs_backtest_run(&fixture.context, &problem, &record, &rules, marks.data(), &policy, out.data()),
              QS_OK)
        << fixture.message();
    return out;
  }

  static const char *name_of(int kind) {
    return kind == kOptimal ? "optimal" : qs_policy_kind_name(static_cast<qs_policy_kind>(kind));
  }

  const qs_policy_optimum &optimum() {
    if (optimised.table.date_count == 0) {
      qs_policy_ground ground;
      qs_policy_settings settings = {};
      EXPECT_EQ(qs_policy_make_ground(&fixture.context, fixture.arena, &problem, &settings, &ground), QS_OK)
          << fixture.message();
      EXPECT_EQ(qs_policy_optimise(&fixture.context, fixture.arena, &ground, &settings, false, &optimised),
                QS_OK)
          << fixture.message();
      std::printf("optimum as planned: objective %.0f = variance %.0f + %g x cost %.1f\n",
                  optimised.value.objective, optimised.value.variance, kWeight, optimised.value.cost);
    }
    return optimised;
  }

  qs_bootstrap_result judge(const std::vector<qs_backtest_step> &a, const std::vector<qs_backtest_step> *b) {
    qs_backtest_setting setting = {kWeight, 0.95, 4000, 1};
    qs_bootstrap_result r = {};
    EXPECT_EQ(qs_backtest_objective(&fixture.context, a.data(), b ? b->data() : nullptr, steps, &setting, &r,
                                    nullptr),
              QS_OK)
        << fixture.message();
    return r;
  }
};

/* Fitted and laid out once; null where the data are absent. */
Month *january() {
  static std::unique_ptr<Month> month;
  if (!month) {
    month = std::make_unique<Month>();
    if (!month->load()) {
      month.reset();
      return nullptr;
    }
    month->fit();
    month->lay_out();
  }
  return month.get();
}

qs_backtest_rules perpetual(bool coin) {
  qs_backtest_rules rules = qs_backtest_theory();
  rules.rates.fee = 5e-4;
  rules.rates.half_spread = 2e-6;
  rules.rates.impact = 0.0179;
  rules.latency = 1;
  rules.inverse = rules.coin = coin;
  return rules;
}

/* What the options are marked at: the variance expected, and in the full sample that of the last day too. */
std::vector<const char *> kinds_of_marks() {
  return FullSample() ? std::vector<const char *>{"expected", "last"} : std::vector<const char *>{"expected"};
}

void add_up(const std::vector<qs_backtest_step> &steps) {
  for (const qs_backtest_step &s : steps) {
    ASSERT_NEAR(s.options, s.theta + s.delta + s.gamma + s.vega + s.residual, 1e-9);
  }
}

TEST(BacktestEth, OneMonthOfOneMarket) {
  if (!january()) {
    GTEST_SKIP() << "no ETH chain and bars in " QS_SOURCE_DIR "/../shared/data, or no zlib";
  }
  Month &m = *january();
  const int kinds = FullSample() ? kOptimal + 1 : kOptimal; // the optimum takes longer than all the others
  const double *p = m.market().model.value;
  std::printf("heston v0 %.3f kappa %.2f theta %.3f xi %.2f rho %.2f with %zu pieces of shift; %zu options, "
              "%zu steps; "
              "spot %.2f in the chain, %.2f in the bars\n",
              p[QS_V0], p[QS_KAPPA], p[QS_THETA], p[QS_XI], p[QS_RHO], m.market().shift.count,
              m.options.size(), m.steps, m.market().spot, m.prices[0]);
  for (const char *marked : kinds_of_marks()) {
    for (bool coin : {false, true}) {
      qs_backtest_rules rules = perpetual(coin);
      std::map<int, std::vector<qs_backtest_step>> of;
      for (int k = 0; k < kinds; k++) {
        of[k] = m.run(marked, marked, k, rules);
        add_up(of[k]);
      }
      std::printf("\nmarked and told at %s, account in %s\n", marked, coin ? "coin" : "USD");
      qs_backtest_step o = qs_backtest_total(of[QS_POLICY_DELTA].data(), m.steps);
      std::printf(
          "options %.1f = theta %.1f + delta %.1f + gamma %.1f + vega %.1f + residual %.1f; premium %.1f\n",
          o.options, o.theta, o.delta, o.gamma, o.vega, o.residual, o.premium);
      for (int k = 0; k < kinds; k++) {
        qs_backtest_step t = qs_backtest_total(of[k].data(), m.steps);
        qs_bootstrap_result own = m.judge(of[k], nullptr), by = m.judge(of[k], &of[QS_POLICY_DELTA]);
        std::printf("%-23s objective %8.0f [%8.0f, %8.0f], less delta's %+8.0f [%+8.0f, %+8.0f]; net %8.1f = "
                    "options %.1f "
                    "+ hedge %.1f + funding %.1f - fees %.1f - spread %.2f - impact %.2f; %zu trades\n",
                    Month::name_of(k), own.estimate, own.low, own.high, by.estimate, by.low, by.high,
                    qs_backtest_gross(&t) - qs_backtest_cost(&t), t.options, t.hedge, t.funding, t.fees,
                    t.spread, t.impact, t.trades);
        EXPECT_LE(own.low, own.high);
        if (k == QS_POLICY_NONE &&
            marked[0] == 'e') { // hedging pays, beyond chance; else marks move more than it does
          EXPECT_GT(by.low, 0) << marked << coin;
        }
      }
      for (int k = 0; k < kOptimal && kinds > kOptimal; k++) {
        qs_bootstrap_result by = m.judge(of[kOptimal], &of[k]);
        std::printf("optimal less %-23s %+9.0f [%+9.0f, %+9.0f]\n", Month::name_of(k), by.estimate, by.low,
                    by.high);
      }
      // plain against net delta, each the right one where its account is
      qs_bootstrap_result net = m.judge(of[QS_POLICY_NET_DELTA], &of[QS_POLICY_DELTA]);
      if (coin) {
        EXPECT_LT(net.estimate, 0) << marked;
      } else {
        EXPECT_GT(net.estimate, 0) << marked;
      }
    }
  }
}

/* The same month as the section `backtest` of the inputs, marked at what was expected and told by HAR in
 * logs. */
qs_backtest_spec section(const Month &m, bool coin, const std::vector<qs_time> &times,
                         const std::vector<qs_hedge_policy_spec> &policies) {
  qs_backtest_spec spec;
  qs_backtest_spec_init(&spec);
  spec.position = "portfolio";
  spec.instrument = coin ? "ETH-PERPETUAL" : "ETH-SPOT";
  spec.account = coin ? QS_ACCOUNT_COIN : QS_ACCOUNT_REPORTING;
  spec.record = {m.month.data(), m.month.size(), qs_time_civil(2024, 1, 1), 60};
  spec.dates.times = times.data();
  spec.dates.time_count = times.size();
  spec.costs = {5e-4, 2e-6, 0.0179};
  spec.latency_bars = 1;
  spec.cost_weight = kWeight;
  spec.policies = policies.data();
  spec.policy_count = policies.size();
  spec.variance.told = QS_STATE_HAR_LOG;
  spec.intervals.replicates = 4000;
  return spec;
}

TEST(BacktestEth, TheSectionSaysTheSame) {
  if (!january()) {
    GTEST_SKIP() << "no ETH chain and bars in " QS_SOURCE_DIR "/../shared/data, or no zlib";
  }
  Month &m = *january();
  std::vector<qs_trade_spec> trades(m.options.size());
  std::vector<std::string> ids(m.options.size());
  for (size_t i = 0; i < trades.size(); i++) {
    const qs_policy_option &o = m.options[i];
    ids[i] = "o" + std::to_string(i);
    qs_trade_spec_init(&trades[i]);
    trades[i].id = ids[i].c_str();
    trades[i].type = QS_TRADE_EUROPEAN;
    trades[i].underlying = "ETH";
    trades[i].call_put = o.call ? QS_CALL : QS_PUT;
    trades[i].strike = o.strike;
    trades[i].expiry = m.expiries[i];
    trades[i].quantity = -1;
  }
  std::vector<qs_time> times;
  for (const qs_policy_date &d : m.dates) {
    times.push_back(m.chain.as_of + std::llround(d.years * 365 * 86400));
  }
  qs_inputs inputs = m.fixture.inputs;
  inputs.trades = trades.data();
  inputs.trade_count = trades.size();
  qs_book *book = nullptr;
  qs_context *context = &m.fixture.context;
  ASSERT_EQ(qs_book_build(context, m.fixture.arena, &inputs, m.fixture.market, &book), QS_OK)
      << m.fixture.message();
  std::vector<qs_hedge_policy_spec> policies(2);
  qs_hedge_policy_spec_init(&policies[0]);
  policies[1] = policies[0];
  policies[0].type = QS_HEDGE_POLICY_DELTA_EVERY_DATE;
  policies[1].type = QS_HEDGE_POLICY_WHALLEY_WILMOTT;
  for (bool coin : {false, true}) {
    inputs.backtest = section(m, coin, times, policies);
    qs_backtest_result result = {};
    ASSERT_EQ(qs_replay_run(context, m.fixture.arena, &inputs, m.fixture.market, book, &result), QS_OK)
        << m.fixture.message();
    std::printf("%s\n", result.label);
    const int kinds[] = {QS_POLICY_DELTA, QS_POLICY_WHALLEY_WILMOTT};
    std::vector<std::vector<qs_backtest_step>> of;
    for (size_t i = 0; i < 2; i++) {
      of.push_back(m.run("expected", "har_log", kinds[i], perpetual(coin)));
      for (size_t n = 0; n < m.steps; n++) {
        const qs_backtest_step &a = result.policies[i].steps[n], &b = of[i][n];
        EXPECT_NEAR(a.holding, b.holding, 1e-9) << n;
        EXPECT_NEAR(a.vega, b.vega, 1e-7) << n;
        EXPECT_NEAR(qs_backtest_gross(&a), qs_backtest_gross(&b), 1e-7) << n;
        EXPECT_NEAR(qs_backtest_cost(&a), qs_backtest_cost(&b), 1e-9) << n;
        EXPECT_EQ(a.trades, b.trades) << n;
      }
      const qs_bootstrap_result own = m.judge(of[i], nullptr), by = m.judge(of[i], &of[0]);
      EXPECT_NEAR(result.policies[i].objective.estimate, own.estimate, 1e-9 * own.estimate);
      EXPECT_NEAR(result.policies[i].objective.high, own.high, 1e-9 * own.high);
      EXPECT_NEAR(result.policies[i].difference.low, by.low, 1e-9 * own.estimate);
    }
  }
}

// Whether a policy that is told a forecast of variance does better than one that is told what the chain
// expected on the first day: printed for every method and kind of marks, and asserted nowhere, since nobody
// knows beforehand.
TEST(BacktestEth, ForecastsThatFeedAPolicy) {
  if (!january()) {
    GTEST_SKIP() << "no ETH chain and bars in " QS_SOURCE_DIR "/../shared/data, or no zlib";
  }
  Month &m = *january();
  qs_backtest_rules rules = perpetual(false);
  std::vector<int> kinds = {QS_POLICY_WHALLEY_WILMOTT};
  if (FullSample()) {
    kinds = {QS_POLICY_DELTA, QS_POLICY_MINIMUM_VARIANCE, QS_POLICY_LOCAL, QS_POLICY_WHALLEY_WILMOTT,
             kOptimal};
  }
  for (const char *marked : kinds_of_marks()) {
    for (int kind : kinds) {
      std::vector<qs_backtest_step> base = m.run(marked, "expected", kind, rules);
      std::printf("\nmarked at %s, %s told expected: objective %.0f; told what follows, less that:\n", marked,
                  Month::name_of(kind), m.judge(base, nullptr).estimate);
      for (const auto &state : m.states) {
        std::vector<qs_backtest_step> own = m.run(marked, state.first, kind, rules);
        qs_bootstrap_result by = m.judge(own, &base);
        std::printf("  %-8s %+8.0f [%+8.0f, %+8.0f]\n", state.first.c_str(), by.estimate, by.low, by.high);
        if (state.first == "expected") {
          EXPECT_EQ(by.estimate, 0);
        } else {
          EXPECT_NE(by.estimate, 0) << "the state reaches the policy";
        }
        for (double v : state.second) {
          ASSERT_GT(v, 0);
        }
      }
    }
  }
}

} // namespace
