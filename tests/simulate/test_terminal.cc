// Trades whose payoff depends on the price at the expiry alone: closed forms, and the same by other trades.
#include "host/simulate/terminal.h"

#include <functional>

#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kYears = 30.0 / 365;

class Terminal : public SimulateWorld {
public:
  explicit Terminal(double rate = 0) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, rate, rate);
    spec.dates.count = 1;
    spec.dates.spacing_days = 30;
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 17;
  }
  qs_trade_spec &add(qs_trade_type type, double quantity, double years = kYears) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = "t1";
    trade.type = type;
    trade.underlying = "X";
    trade.expiry_years = years;
    trade.quantity = quantity;
    trades.push_back(trade);
    return trades.back();
  }
  qs_trade_spec &add_script(const char *payoff, double quantity, double years = kYears) {
    qs_trade_spec &trade = add(QS_TRADE_SCRIPT, quantity, years);
    trade.script.payoff = payoff;
    return trade;
  }
};

// Cash where S ends above K: its moments and its covariance with S are normal probabilities.
TEST(Terminal, DigitalsInClosedForm) {
  for (bool asset : {false, true}) {
    Terminal w;
    qs_trade_spec &trade = w.add(QS_TRADE_DIGITAL, -1);
    trade.call_put = QS_CALL;
    trade.strike = 105;
    trade.path.pays = asset ? QS_PAYS_ASSET : QS_PAYS_CASH;
    trade.path.amount = 20;
    w.add_policy(QS_HEDGE_POLICY_NONE);
    w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const double root = kSigma * std::sqrt(kYears), d2 = std::log(100 / 105.) / root - root / 2;
    // E[S^k; S > K] for k = 0, 1, 2.
    const double moment[] = {normal_cdf(d2), 100 * normal_cdf(d2 + root),
                             1e4 * std::exp(root * root) * normal_cdf(d2 + 2 * root)};
    const double mean = asset ? moment[1] : 20 * moment[0];
    const double variance = (asset ? moment[2] : 400 * moment[0]) - mean * mean;
    const double with_spot = (asset ? moment[2] : 20 * moment[1]) - 100 * mean;
    const double spot = 1e4 * std::expm1(root * root), density = std::exp(-d2 * d2 / 2) / std::sqrt(2 * M_PI);
    const double delta = asset ? moment[1] / 100 + 105 * density / (100 * root) : 20 * density / (100 * root);
    expect_within(w.policy(0).variance, variance, 4, .01 * variance, "none");
    const double least = variance - with_spot * with_spot / spot;
    expect_within(w.policy(1).variance, least, 4, .01 * variance, "local");
    const double by_delta = variance + delta * delta * spot - 2 * delta * with_spot;
    expect_within(w.policy(2).variance, by_delta, 4, .01 * variance, "delta");
    expect_within(w.policy(0).options, 0, 4, .5, "gain");
  }
}

// A liquidity position 2 L sqrt(S), whose value is concave in S.
TEST(Terminal, APoolInClosedForm) {
  Terminal w;
  qs_trade_spec &trade = w.add(QS_TRADE_POOL, 1);
  trade.path.pays = QS_PAYS_VALUE;
  trade.path.entry = 100;
  trade.path.deposit = 1000; // 2 L sqrt(100): L = 50
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double total = kSigma * kSigma * kYears, roots = 10 * std::exp(-total / 8);
  const double variance = 1e4 * (100 - roots * roots);
  // E[S^(3/2)] - S E[S^(1/2)]
  const double with_spot = 100 * (1000 * std::exp(3 * total / 8) - 100 * roots);
  const double spot = 1e4 * std::expm1(total);
  expect_within(w.policy(0).variance, variance, 4, .01 * variance, "none");
  const double least = variance - with_spot * with_spot / spot;
  expect_within(w.policy(1).variance, least, 4, .02 * least, "local");
  expect_within(w.policy(0).options, 0, 4, 1, "gain");
}

// The same payoffs by formulas and by options, on the same paths, through every table that there is.
void expect_options_by_formula(qs_settlement settlement) {
  double objective[2][3], premium[2], now[2];
  for (bool formula : {false, true}) {
    Terminal w(.04);
    w.underlyings[0].coin_rate = .09; // not what the forward says
    if (formula) {
      w.add_script("2 * max(S[T] - 104, 0) - max(97 - S[T], 0) + 7", -1, 40.0 / 365).settlement = settlement;
    } else {
      w.add_option("a", "X", QS_CALL, 104, 40.0 / 365, -2, settlement);
      w.add_option("b", "X", QS_PUT, 97, 40.0 / 365, 1, settlement);
    }
    w.every_day(8); // it lives on at the unwind
    w.spec.costs.proportional = .001;
    w.spec.attribution = true;
    w.inputs.simulation.paths = 1 << 14;
    for (auto type :
         {QS_HEDGE_POLICY_OPTIMAL, QS_HEDGE_POLICY_LOCAL_EVERY_DATE, QS_HEDGE_POLICY_WHALLEY_WILMOTT})
      w.add_policy(type);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_TRUE(w.result.trusted) << w.result.why;
    for (int i = 0; i < 3; i++)
      objective[formula][i] = w.policy(i).objective.estimate;
    premium[formula] = w.result.attribution.premium.estimate;
    now[formula] = w.result.lower_bound.estimate;
  }
  for (int i = 0; i < 3; i++)
    EXPECT_NEAR(objective[1][i], objective[0][i], 1e-3 * objective[0][i]) << i;
  EXPECT_NEAR(premium[1], premium[0], 1e-3);
  EXPECT_NEAR(now[1], now[0], 1e-3 * now[0]);
}

TEST(Terminal, AFormulaIsTheOptionsThatItDescribes) {
  expect_options_by_formula(QS_SETTLE_LINEAR);
}

TEST(Terminal, AFormulaInCoinIsTheOptionsInCoin) {
  expect_options_by_formula(QS_SETTLE_COIN);
}

// A note that pays N (S/K - 1) in coin is N (1/K - 1/S) coins: a future settled in coin but for its rate. In
// closed form what it gains until the unwind, and that the right holding of the price leaves nothing.
TEST(Terminal, AnInverseForwardInCoin) {
  for (bool beyond : {false, true}) {
    const double rate = .04, coin = .09, end = 8.0 / 365, expiry = beyond ? 30.0 / 365 : end;
    Terminal w(rate);
    w.underlyings[0].coin_rate = coin;
    w.add_script("10000 * (S[T] / 90 - 1)", -1, expiry).settlement = QS_SETTLE_COIN;
    w.every_day(8);
    w.add_policy(QS_HEDGE_POLICY_NONE);
    w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    w.add_policy(QS_HEDGE_POLICY_REGRESSION);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    // Worth at t: e^(-coin (T - t)) S/F_t(T) N (F_t(T)/90 - 1) = e^(-coin (T - t)) N (S/90 - e^(-rate (T -
    // t))).
    const auto worth = [&](double t) { // the mean, money of as_of; the carry is the rate
      return std::exp(-rate * t - coin * (expiry - t)) * 1e4 *
             (100 * std::exp(rate * t) / 90 - std::exp(-rate * (expiry - t)));
    };
    const double slope = std::exp(-coin * (expiry - end)) * 1e4 / 90 * 100; // of e^x at the end
    expect_within(w.policy(0).variance, slope * slope * std::expm1(kSigma * kSigma * end), 4, 1e4, "none");
    expect_within(w.policy(0).options, worth(0) - worth(end), 4, 8, "gain");
    for (size_t i = 1; i < 4; i++) {
      EXPECT_LE(w.policy(i).variance.estimate, 1e-6 * w.policy(0).variance.estimate) << i;
      EXPECT_NEAR(w.policy(i).net.estimate, worth(0) - worth(end), 1e-3 * slope) << i;
    }
  }
}

// What has one fixing left is no longer along a path: an average of which all but the last is known.
TEST(Terminal, WhatIsLeftOfAnAverageIsAnOption) {
  Terminal w;
  const qs_time dates[] = {w.inputs.as_of - 86400, w.inputs.as_of + 30 * 86400};
  const double past[] = {96};
  qs_trade_spec &trade = w.add(QS_TRADE_ASIAN, -2, 0);
  trade.call_put = QS_CALL;
  trade.strike = 98;
  trade.expiry = dates[1];
  trade.path.fixings = dates;
  trade.path.fixing_count = 2;
  trade.path.past = past;
  trade.path.past_count = 1;
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  Terminal other; // -2 ((96 + S)/2 - 98)+ = -(S - 100)+
  other.add_option("c", "X", QS_CALL, 100, kYears, -1);
  other.policies = w.policies;
  ASSERT_EQ(other.run(), QS_OK) << other.context.message;
  for (int i : {0, 1})
    EXPECT_NEAR(w.policy(i).variance.estimate, other.policy(i).variance.estimate,
                1e-3 * other.policy(i).variance.estimate);
}

TEST(Terminal, WhatIsNotIsSaid) {
  struct {
    const char *what;
    std::function<void(Terminal &)> add;
    const char *said;
  } cases[] = {
      {"no number", [](Terminal &w) { w.add_script("log(S[T] - 90)", 1); },
       "what it pays is no number where"},
  };
  for (const auto &c : cases) {
    Terminal w;
    c.add(w);
    w.add_policy(QS_HEDGE_POLICY_NONE);
    EXPECT_EQ(w.run(), QS_ERROR_INPUT) << c.what;
    EXPECT_NE(std::string(w.context.message).find(c.said), std::string::npos)
        << c.what << ": " << w.context.message;
  }
}

} // namespace
