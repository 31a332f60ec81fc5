// What two underlyings do together in historical simulation and in the margin grid, which take trades on
// several by their expansions: against full revaluation in closed form.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "host/engine/expansion.h"
#include "host/engine/report.h"
#include "host/risk/section.h"
#include "host/stress/stress.h"
#include "tests/risk/distributions.h"
#include "tests/risk/risk_world.h"

namespace {

const double kSpot[2] = {100, 90}, kSigma[2] = {0.4, 0.25}, kCarry[2] = {0.6, 0.01}, kRate = 0.04,
             kCoinRate = 0.02, kCorrelation = 0.5, kYears = 0.5;

// Gbm prices A and B, and formulas over them. A grows at 60% a year, so that what is discounted in its coin
// is worth other than what is discounted at the rate.
class JointWorld : public RiskWorld {
public:
  JointWorld() {
    inputs.simulation.paths = 1 << 18;
    add_underlying("A", QS_MODEL_GBM, {{QS_SIGMA, kSigma[0]}}, kSpot[0], kCarry[0], kRate).coin_rate =
        kCoinRate;
    add_underlying("B", QS_MODEL_GBM, {{QS_SIGMA, kSigma[1]}}, kSpot[1], kCarry[1], kRate);
    correlation.between[0] = "A";
    correlation.between[1] = "B";
    correlation.value = kCorrelation;
    inputs.correlations = &correlation;
    inputs.correlation_count = 1;
    history_names = names;
  }
  void formula(const char *id, const char *payoff, qs_settlement settlement = QS_SETTLE_LINEAR) {
    qs_trade_spec t = make(id, QS_TRADE_SCRIPT, nullptr, 1);
    t.underlyings = names.data();
    t.underlying_count = names.size();
    t.expiry_years = kYears;
    t.settlement = settlement;
    t.script.payoff = payoff;
    trades.push_back(t);
  }
  // Values the book and gives its contracts their expansions.
  void expand() {
    inputs.risk.history_names = history_names.data();
    inputs.risk.history_name_count = history_names.size();
    inputs.risk.history = history.data();
    inputs.risk.history_count = history.size();
    value();
    ASSERT_EQ(qs_report_cross_gammas(&context, arena, &valuation, &results), QS_OK) << context.message;
    expansions.resize(book->count);
    std::vector<double> scratch(simulation.batches);
    for (size_t i = 0; i < book->count; i++) {
      if (book->contracts[i].kind == QS_CONTRACT_PATH) {
        qs_expansion_find(&valuation, i, scratch.data(), &expansions[i]);
        book->contracts[i].expansion = &expansions[i];
      }
    }
  }
  std::vector<double> pnl(const std::vector<double> &moves) {
    const qs_moves of = {moves.size() / 2, 2, moves.data()};
    std::vector<double> all(of.count);
    bool precise;
    EXPECT_EQ(qs_history_pnl(&context, market, book, &of, all.data(), &precise), QS_OK) << context.message;
    return all;
  }

  std::vector<const char *> names = {"A", "B"};
  qs_correlation_spec correlation = {};
  std::vector<qs_expansion> expansions;
};

// Values after moves of the logarithms of both spots.
double product(double a, double b, bool coin) {
  const double fa = kSpot[0] * std::exp(a + kCarry[0] * kYears),
               fb = kSpot[1] * std::exp(b + kCarry[1] * kYears);
  const double mean = fa * fb / 100 * std::exp(kCorrelation * kSigma[0] * kSigma[1] * kYears);
  return mean * (coin ? kSpot[0] * std::exp(a - kCoinRate * kYears) / fa : std::exp(-kRate * kYears));
}

// Margrabe (1978).
double exchange(double a, double b) {
  const double fa = kSpot[0] * std::exp(a + kCarry[0] * kYears),
               fb = kSpot[1] * std::exp(b + kCarry[1] * kYears);
  const double variance =
      kSigma[0] * kSigma[0] + kSigma[1] * kSigma[1] - 2 * kCorrelation * kSigma[0] * kSigma[1];
  const double deviation = std::sqrt(variance * kYears), d = std::log(fa / fb) / deviation + deviation / 2;
  return std::exp(-kRate * kYears) * (fa * loss::cdf(d) - fb * loss::cdf(d - deviation));
}

// What both do together: the P&L of both moves less those of each alone, within the error of the cross gamma
// and what moves of 1% leave to third order.
void expect_together(const char *id, const char *payoff, qs_settlement settlement,
                     const std::function<double(double, double)> &value) {
  JointWorld w;
  w.formula(id, payoff, settlement);
  w.expand();
  ASSERT_FALSE(testing::Test::HasFatalFailure());
  ASSERT_EQ(w.results.cross_gamma_count, 1u);
  const double relative =
      w.results.cross_gammas[0].value.std_error / std::fabs(w.results.cross_gammas[0].value.estimate);
  ASSERT_LT(relative, 0.05) << id;
  for (double a : {-0.01, 0.01}) {
    for (double b : {-0.01, 0.01}) {
      const std::vector<double> all = w.pnl({a, b, a, 0, 0, b});
      const double exact = value(a, b) - value(a, 0) - value(0, b) + value(0, 0);
      EXPECT_NEAR(all[0] - all[1] - all[2], exact, (4.5 * relative + 0.06) * std::fabs(exact))
          << id << a << b;
    }
  }
  // The margin grid moves all prices alike.
  const double moves[] = {-0.01, 0, 0.01}, none[] = {0};
  const qs_margin_grid_spec spec = {moves, 3, none, 1, 0.3, 0.13};
  qs_stress_result stress = {};
  ASSERT_EQ(qs_margin_run(&w.context, w.arena, w.market, w.book, &spec, &stress), QS_OK) << w.context.message;
  const double up = std::log(1.01), down = std::log(0.99);
  const double second = stress.margin[0].pnl.estimate + stress.margin[2].pnl.estimate;
  const double exact = value(up, up) + value(down, down) - 2 * value(0, 0);
  const double together = value(up, up) - value(up, 0) - value(0, up) + value(0, 0);
  double tolerance = 2 * (4.5 * relative + 0.06) * std::fabs(together);
  for (const char *leg : {"", "/B"}) {
    const qs_greeks &greeks = w.trade(std::string(id) + leg).greeks;
    const double spot = *leg ? kSpot[1] : kSpot[0];
    tolerance += 4.5 * 1e-4 * spot * spot * greeks.value[QS_GREEK_GAMMA].std_error;
  }
  EXPECT_NEAR(second, exact, tolerance) << id;
}

TEST(RiskJoint, TogetherAProduct) {
  expect_together("product", "A[T] * B[T] / 100", QS_SETTLE_LINEAR,
                  [](double a, double b) { return product(a, b, false); });
}

TEST(RiskJoint, TogetherInCoin) {
  expect_together("coin", "A[T] * B[T] / 100", QS_SETTLE_COIN,
                  [](double a, double b) { return product(a, b, true); });
}

TEST(RiskJoint, TogetherAnExchange) {
  expect_together("exchange", "max(A[T] - 1.3 * B[T], 0)", QS_SETTLE_LINEAR,
                  [](double a, double b) { return exchange(a, b + std::log(1.3)); });
}

// A product whose two deltas are hedged by the prices themselves moves by V (e^a - 1) (e^b - 1): VaR and
// shortfall of a year of closes, to 5% of what full revaluation says. Without what both do together they
// would be nothing.
TEST(RiskJoint, HistoricalValueAtRiskOfAHedgedProduct) {
  JointWorld w;
  const double v = product(0, 0, false);
  w.formula("product", "A[T] * B[T] / 100");
  w.add("a", QS_TRADE_SPOT, "A", -v / kSpot[0]);
  w.add("b", QS_TRADE_SPOT, "B", -v / kSpot[1]);
  w.inputs.risk.history_window = 250;
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> losses;
  double close[2] = {80, 70};
  for (int day = 0; day <= 250; day++) {
    if (day) {
      const double a = 0.03 * normal(random), b = 0.02 * normal(random) - 0.3 * a;
      losses.push_back(-v * std::expm1(a) * std::expm1(b));
      close[0] *= std::exp(a);
      close[1] *= std::exp(b);
    }
    w.add_row(w.inputs.as_of - 86400 * (251 - day), {close[0], close[1]});
  }
  w.expand();
  ASSERT_FALSE(testing::Test::HasFatalFailure());
  w.risk.trusted = true;
  ASSERT_EQ(qs_risk_historical(&w.context, w.arena, &w.inputs, w.market, w.book, &w.risk), QS_OK)
      << w.context.message;
  ASSERT_EQ(w.risk.historical_count, 2u);
  std::sort(losses.begin(), losses.end());
  for (size_t l = 0; l < 2; l++) {
    qs_risk_level tail;
    ASSERT_EQ(qs_risk_tail(losses.data(), losses.size(), w.levels[l], &tail), QS_OK);
    EXPECT_NEAR(w.risk.historical[l].var.estimate, tail.var.estimate, 0.05 * tail.var.estimate);
    EXPECT_NEAR(w.risk.historical[l].expected_shortfall.estimate, tail.expected_shortfall.estimate,
                0.05 * tail.expected_shortfall.estimate);
  }
}

} // namespace
