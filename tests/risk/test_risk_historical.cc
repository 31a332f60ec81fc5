// Historical simulation against closed forms and brute force, and Kupiec's test against his table.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "host/risk/section.h"
#include "tests/risk/distributions.h"
#include "tests/risk/risk_world.h"

namespace {

constexpr qs_time one_day = 86400;

class HistoryWorld : public RiskWorld {
public:
  // The historical part alone.
  qs_status simulate() {
    risk = qs_risk_result();
    risk.trusted = true;
    return qs_risk_historical(&context, arena, &inputs, market, book, &risk);
  }
  std::string why() const { return risk.why ? risk.why : ""; }
};

// Daily closes of a wild market.
std::vector<double> random_closes(size_t count, double start, unsigned seed) {
  std::mt19937_64 g(seed);
  std::normal_distribution<double> normal;
  std::vector<double> closes = {start};
  while (closes.size() < count) {
    closes.push_back(closes.back() * std::exp(0.03 * normal(g)));
  }
  return closes;
}

void add_days(HistoryWorld &w, const std::vector<std::vector<double>> &columns) {
  for (size_t i = 0; i < columns[0].size(); i++) {
    std::vector<double> row;
    for (const auto &column : columns) {
      row.push_back(column[i]);
    }
    w.add_row(w.inputs.as_of - one_day * static_cast<qs_time>(columns[0].size() - i), row);
  }
}

TEST(RiskHistorical, SpotAloneByHand) {
  HistoryWorld w;
  w.set_levels({0.5, 0.9});
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 200, 0.03, 0.05);
  w.add("x", QS_TRADE_SPOT, "X", 10);
  w.history_names = {"X"};
  w.inputs.risk.history_window = 4;
  // The last four moves are -10%, +25%, -20%, +5%: losses of 2,000 in spot are 200, -500, 400, -100.
  add_days(w, {{50, 80, 100, 90, 112.5, 90, 94.5}});
  w.build_book();
  ASSERT_EQ(w.simulate(), QS_OK) << w.context.message;
  EXPECT_TRUE(w.risk.trusted);
  ASSERT_EQ(w.risk.historical_count, 2u);
  EXPECT_EQ(w.risk.historical[0].level, 0.5);
  EXPECT_NEAR(w.risk.historical[0].var.estimate, -100, 1e-10);
  EXPECT_NEAR(w.risk.historical[0].expected_shortfall.estimate, 300, 1e-10); // (200 + 400)/2
  EXPECT_NEAR(w.risk.historical[1].var.estimate, 400, 1e-10);
  EXPECT_NEAR(w.risk.historical[1].expected_shortfall.estimate, 400, 1e-10);
  // Six returns, +60% +25% -10% +25% -20% +5%, the first three form: VaR of 50% is the second of three
  // losses. -500 against (-1200, -500, 200): no. 400 against (-500, -500, 200): yes. -100 against (-500, 200,
  // 400): no.
  EXPECT_EQ(w.risk.historical[0].observations, 3u);
  EXPECT_EQ(w.risk.historical[0].violations, 1u);
}

// Black's price of a call on a forward, undiscounted (Black 1976).
double black_call(double forward, double strike, double total_vol) {
  double d1 = std::log(forward / strike) / total_vol + total_vol / 2;
  return forward * loss::cdf(d1) - strike * loss::cdf(d1 - total_vol);
}

// A book of everything on two gbm underlyings, valued with spots and forwards times these.
struct Everything {
  HistoryWorld w;
  double years = 0;

  Everything() {
    w.set_levels({0.9, 0.95});
    w.add_underlying("B", QS_MODEL_GBM, {{QS_SIGMA, 0.7}}, 60000, 0.08, 0.02);
    w.underlyings[0].coin_rate = 0.01;
    w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.3}}, 100, 0.03, 0.05);
    w.add_option("coin put", "B", QS_PUT, 55000, 0.25, -2, QS_SETTLE_COIN);
    w.add_option("coin call", "B", QS_CALL, 55000, 0.25, 1, QS_SETTLE_COIN);
    w.add_option("linear call", "B", QS_CALL, 70000, 0.25, 1.5);
    w.add_option("put", "X", QS_PUT, 95, 0.25, -300);
    w.add("coin future", QS_TRADE_FUTURE, "B", 90000).expiry_years = 0.25;
    w.trades.back().settlement = QS_SETTLE_COIN;
    w.trades.back().entry_price = 58000;
    w.add("future", QS_TRADE_FUTURE, "X", -100).expiry_years = 0.25;
    w.add("perpetual", QS_TRADE_PERPETUAL, "B", -30000).settlement = QS_SETTLE_COIN;
    w.add("forward", QS_TRADE_FORWARD, "X", 200).expiry_years = 0.25;
    w.trades.back().strike = 101;
    w.add("share", QS_TRADE_SPOT, "X", 50);
    w.add_cash("USD", 1e6);
    w.add_cash("B", 0.5);
    w.history_names = {"X", "B"};
    add_days(w, {random_closes(151, 90, 5), random_closes(151, 40000, 6)});
    w.inputs.risk.history_window = 100;
    w.build_book();
    years = w.book->contracts[0].years;
  }

  double value(double b, double x) const {
    double fb = 60000 * b * std::exp(0.08 * years), fx = 100 * x * std::exp(0.03 * years);
    double sb = 0.7 * std::sqrt(years), sx = 0.3 * std::sqrt(years);
    double coin = 60000 * b * std::exp(-0.01 * years) / fb;
    double put55 = black_call(fb, 55000, sb) - fb + 55000;
    double put95 = black_call(fx, 95, sx) - fx + 95;
    return -2 * coin * put55 + coin * black_call(fb, 55000, sb) +
           1.5 * std::exp(-0.02 * years) * black_call(fb, 70000, sb) - 300 * std::exp(-0.05 * years) * put95 +
           90000.0 * 60000 * b * (1 / 58000.0 - 1 / fb) - 100 * (fx - 100 * std::exp(0.03 * years)) -
           30000.0 * 60000 * b * (1 / 60000.0 - 1 / (60000 * b)) +
           200 * std::exp(-0.05 * years) * (fx - 101) + 50 * 100 * x + 1e6 + 0.5 * 60000 * b;
  }

  // Losses of every return over `lag` rows.
  std::vector<double> losses(size_t lag) const {
    std::vector<double> all;
    for (size_t i = lag; i < w.history.size(); i++) {
      const double *now = w.history[i].close, *before = w.history[i - lag].close;
      all.push_back(value(1, 1) - value(now[1] / before[1], now[0] / before[0]));
    }
    return all;
  }
};

// Prices are good to 1e-9 of the forward a unit: 6 units of 60,000.
constexpr double priced = 6 * 60000 * 1e-9;

TEST(RiskHistorical, WholeBookAgainstBlack) {
  Everything e;
  ASSERT_EQ(e.w.simulate(), QS_OK) << e.w.context.message;
  EXPECT_TRUE(e.w.risk.trusted) << e.w.why();
  std::vector<double> losses = e.losses(1);
  ASSERT_EQ(losses.size(), 150u);
  std::vector<double> last(losses.end() - 100, losses.end());
  std::sort(last.begin(), last.end());
  for (size_t l = 0; l < 2; l++) {
    const qs_historical_level &level = e.w.risk.historical[l];
    qs_risk_level tail;
    ASSERT_EQ(qs_risk_tail(last.data(), 100, e.w.levels[l], &tail), QS_OK);
    EXPECT_NEAR(level.var.estimate, last[l == 0 ? 89 : 94], priced);
    EXPECT_NEAR(level.expected_shortfall.estimate, tail.expected_shortfall.estimate, priced);
    EXPECT_NEAR(level.var.low, tail.var.low, priced);
    EXPECT_NEAR(level.expected_shortfall.high, tail.expected_shortfall.high, 10 * priced);
  }
}

TEST(RiskHistorical, LongerHorizonsOverlapAndTheBacktestStaysDaily) {
  Everything e;
  ASSERT_EQ(e.w.simulate(), QS_OK) << e.w.context.message;
  std::vector<qs_historical_level> daily(e.w.risk.historical, e.w.risk.historical + 2);
  e.w.inputs.risk.horizon_days = 5;
  ASSERT_EQ(e.w.simulate(), QS_OK) << e.w.context.message;
  std::vector<double> losses = e.losses(5);
  ASSERT_EQ(losses.size(), 146u);
  std::sort(losses.end() - 100, losses.end());
  EXPECT_NEAR(e.w.risk.historical[0].var.estimate, losses[46 + 89], priced);
  for (size_t l = 0; l < 2; l++) {
    EXPECT_EQ(e.w.risk.historical[l].violations, daily[l].violations);
    EXPECT_EQ(e.w.risk.historical[l].kupiec_statistic, daily[l].kupiec_statistic);
  }
}

TEST(RiskHistorical, BacktestAgainstBruteForce) {
  Everything e;
  for (size_t window : {20, 75, 140}) {
    e.w.inputs.risk.history_window = window;
    ASSERT_EQ(e.w.simulate(), QS_OK) << e.w.context.message;
    size_t form = std::min<size_t>(window, 75); // half of 150 at most
    std::vector<double> losses = e.losses(1);
    for (size_t l = 0; l < 2; l++) {
      size_t violations = 0;
      for (size_t t = form; t < losses.size(); t++) {
        std::vector<double> before(losses.begin() + static_cast<long>(t - form),
                                   losses.begin() + static_cast<long>(t));
        std::sort(before.begin(), before.end());
        size_t rank = static_cast<size_t>(std::ceil(static_cast<double>(form) * e.w.levels[l] - 1e-9));
        violations += losses[t] > before[rank - 1];
      }
      EXPECT_GT(violations, 0u);
      EXPECT_EQ(e.w.risk.historical[l].violations, violations) << window;
      EXPECT_EQ(e.w.risk.historical[l].observations, 150 - form) << window;
      double statistic, p_value;
      qs_risk_kupiec(violations, 150 - form, e.w.levels[l], &statistic, &p_value);
      EXPECT_EQ(e.w.risk.historical[l].kupiec_statistic, statistic);
      EXPECT_EQ(e.w.risk.historical[l].kupiec_p_value, p_value);
    }
  }
}

// ln of the likelihood ratio written out as in Kupiec 1995.
TEST(RiskKupiec, ByHand) {
  double statistic, p_value;
  qs_risk_kupiec(7, 255, 0.99, &statistic, &p_value);
  double own = 7.0 / 255;
  double by_hand =
      -2 * (248 * std::log(0.99) + 7 * std::log(0.01) - 248 * std::log(1 - own) - 7 * std::log(own));
  EXPECT_NEAR(statistic, by_hand, 1e-10);
  EXPECT_NEAR(statistic, 5.3163, 5e-5);
  EXPECT_NEAR(p_value, 0.0211, 5e-5); // chi-square, one degree: 2 (1 - Phi(2.3057))
  qs_risk_kupiec(0, 255, 0.99, &statistic, &p_value);
  EXPECT_NEAR(statistic, -2 * 255 * std::log(0.99), 1e-10);
  qs_risk_kupiec(10, 10, 0.99, &statistic, &p_value);
  EXPECT_NEAR(statistic, -2 * 10 * std::log(0.01), 1e-10);
  qs_risk_kupiec(5, 100, 0.95, &statistic, &p_value);
  EXPECT_EQ(statistic, 0); // the expected number
  EXPECT_EQ(p_value, 1);
}

// Regions of Kupiec 1995, table 3, in which a VaR is not rejected at 5%: more than `low`, fewer than `high`.
TEST(RiskKupiec, Table) {
  struct Row {
    double level;
    size_t observations, low, high;
  };
  const Row rows[] = {{0.99, 510, 1, 11},    {0.99, 1000, 4, 17}, {0.975, 255, 2, 12}, {0.975, 510, 6, 21},
                      {0.975, 1000, 15, 36}, {0.95, 255, 6, 21},  {0.95, 510, 16, 36}, {0.95, 1000, 37, 65},
                      {0.9, 255, 16, 36},    {0.9, 510, 38, 65},  {0.9, 1000, 81, 120}};
  for (const Row &row : rows) {
    for (size_t x = 0; x <= row.observations; x++) {
      double statistic, p_value;
      qs_risk_kupiec(x, row.observations, row.level, &statistic, &p_value);
      EXPECT_EQ(p_value > 0.05, x > row.low && x < row.high)
          << row.level << " " << row.observations << " " << x;
      EXPECT_EQ(p_value > 0.05, statistic < 3.841458820694124);
    }
  }
  // N < 7 for 1% of 255 days; the table leaves out that the ratio rejects 0 as well (5.13).
  for (size_t x = 1; x <= 255; x++) {
    double statistic, p_value;
    qs_risk_kupiec(x, 255, 0.99, &statistic, &p_value);
    EXPECT_EQ(p_value > 0.05, x < 7) << x;
  }
}

TEST(RiskHistorical, MovesSkipWeekendsAndBearLateCloses) {
  HistoryWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.add_underlying("Y", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}); // not held, not in the file
  w.add("x", QS_TRADE_SPOT, "X", 1);
  w.history_names = {"X"};
  // Thursday, Friday (an hour early), Monday, Tuesday, Wednesday.
  double closes[] = {100, 101, 103, 106, 110};
  qs_time hours[] = {0, 23, 96, 120, 144};
  for (int i = 0; i < 5; i++) {
    w.add_row(hours[i] * 3600 + 1000000, {closes[i]});
  }
  w.build_book();
  auto moves_over = [&](double days) {
    qs_moves moves;
    EXPECT_EQ(qs_history_moves(&w.context, w.arena, &w.inputs.risk, w.market, w.book, days, &moves), QS_OK);
    std::vector<double> x;
    for (size_t m = 0; m < moves.count; m++) {
      x.push_back(std::exp(moves.log_move[m * moves.underlyings]));
      EXPECT_EQ(moves.log_move[m * moves.underlyings + 1], 0);
    }
    return x;
  };
  std::vector<double> one = moves_over(1), three = moves_over(3);
  ASSERT_EQ(one.size(), 4u);
  for (size_t i = 0; i < 4; i++) {
    EXPECT_NEAR(one[i], closes[i + 1] / closes[i], 1e-15);
  }
  // Monday from Friday, Tuesday from Friday, Wednesday from Friday: none is further than 1.5 times 3 days
  // but the last.
  ASSERT_EQ(three.size(), 3u);
  EXPECT_NEAR(three[0], 103.0 / 101, 1e-15);
  EXPECT_NEAR(three[1], 106.0 / 101, 1e-15);
  EXPECT_NEAR(three[2], 110.0 / 101, 1e-15);
  EXPECT_EQ(moves_over(0.5).size(), 0u); // rows lie twice that far apart
}

TEST(RiskHistorical, TooLittleHistoryIsSaid) {
  HistoryWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.add("x", QS_TRADE_SPOT, "X", 1);
  w.history_names = {"X"};
  add_days(w, {random_closes(31, 100, 1)});
  w.build_book();
  ASSERT_EQ(w.simulate(), QS_OK) << w.context.message;
  EXPECT_FALSE(w.risk.trusted);
  EXPECT_EQ(w.why(), "the price history has 30 returns over 1 days of the 250 that history_window asks for");
  EXPECT_EQ(w.risk.historical_count, 2u);
  EXPECT_EQ(w.risk.historical[0].observations, 15u);

  w.inputs.risk.horizon_days = 31; // one return of 30 days is near enough
  ASSERT_EQ(w.simulate(), QS_OK) << w.context.message;
  EXPECT_FALSE(w.risk.trusted);
  EXPECT_EQ(w.risk.historical_count, 0u);

  w.inputs.risk.horizon_days = 0.25;
  ASSERT_EQ(w.simulate(), QS_OK) << w.context.message;
  EXPECT_FALSE(w.risk.trusted);
  EXPECT_EQ(w.why(),
            "the price history has 0 returns over 0.25 days of the 250 that history_window asks for");
  EXPECT_EQ(w.risk.historical_count, 0u);
}

TEST(RiskHistorical, WeeklyRowsHaveNoDailyBacktest) {
  HistoryWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.add("x", QS_TRADE_SPOT, "X", 1);
  w.history_names = {"X"};
  w.inputs.risk.history_window = 20;
  w.inputs.risk.horizon_days = 7;
  std::vector<double> closes = random_closes(40, 100, 1);
  for (size_t i = 0; i < closes.size(); i++) {
    w.add_row(7 * one_day * static_cast<qs_time>(i + 1), {closes[i]});
  }
  w.build_book();
  ASSERT_EQ(w.simulate(), QS_OK) << w.context.message;
  EXPECT_TRUE(w.risk.trusted);
  ASSERT_EQ(w.risk.historical_count, 2u);
  EXPECT_EQ(w.risk.historical[0].observations, 0u);
  EXPECT_TRUE(std::isnan(w.risk.historical[0].kupiec_statistic));
  EXPECT_TRUE(std::isnan(w.risk.historical[0].kupiec_p_value));
}

TEST(RiskHistorical, WithoutAFileNothingIsSaid) {
  HistoryWorld w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.build_book();
  ASSERT_EQ(w.simulate(), QS_OK);
  EXPECT_EQ(w.risk.historical_count, 0u);
  EXPECT_TRUE(w.risk.trusted);
}

TEST(RiskHistorical, BadFilesAreNamed) {
  struct Case {
    std::vector<const char *> names;
    std::vector<std::vector<double>> rows;
    qs_time step;
    size_t window;
    const char *message;
  };
  const Case cases[] = {
      {{"X", "Z"}, {{1, 1}, {1, 1}}, one_day, 2, "risk.history: Z is none of this run's underlyings"},
      {{"X", "X"}, {{1, 1}, {1, 1}}, one_day, 2, "risk.history: two columns are named X"},
      {{"Y"}, {{1}, {1}}, one_day, 2, "risk.history: no column for X, which the book holds"},
      {{"X"}, {}, one_day, 2, "risk.history: empty; at least two rows are needed"},
      {{"X"}, {{1}, {1}}, one_day, 1, "risk.history_window: 1; must be at least 2"},
      {{"X"},
       {{1}, {1}},
       0,
       2,
       "risk.history: row 2: 1970-01-02T00:00:00Z; times must ascend and this is not after the row before"},
      {{"X"},
       {{1}, {-2}},
       one_day,
       2,
       "risk.history: row 2 (1970-01-03T00:00:00Z): X: -2; must be finite and greater than 0"},
      {{"X", "Y"},
       {{1, NAN}, {1, 1}},
       one_day,
       2,
       "risk.history: row 1 (1970-01-02T00:00:00Z): Y: nan; must be finite and greater than 0"}};
  for (const Case &c : cases) {
    HistoryWorld w;
    w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
    w.add_underlying("Y", QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
    w.add("x", QS_TRADE_SPOT, "X", 1);
    w.history_names = c.names;
    w.inputs.risk.history_window = c.window;
    for (size_t i = 0; i < c.rows.size(); i++) {
      w.add_row(one_day + c.step * static_cast<qs_time>(i), c.rows[i]);
    }
    w.build_book();
    EXPECT_EQ(qs_risk_check(&w.context, &w.inputs, w.market, w.book), QS_ERROR_INPUT);
    EXPECT_STREQ(w.context.message, c.message);
  }
}

} // namespace
