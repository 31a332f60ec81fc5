// The account of position and hedge: what its collateral gains, how it is moved, and what it cannot carry.
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kYears = 30.0 / 365;

// Short a call at the money under gbm, one decision now and the unwind at the expiry.
class ShortCall : public SimulateWorld {
public:
  explicit ShortCall(qs_hedge_policy_type policy = QS_HEDGE_POLICY_DELTA_EVERY_DATE, double rate = 0,
                     double carry = 0) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, carry, rate);
    add_option("t1", "X", QS_CALL, 100, kYears, -1);
    spec.cost_weight = 1;
    spec.dates.count = 1;
    spec.dates.spacing_days = 30;
    inputs.simulation.paths = 1 << 15;
    add_policy(policy);
  }
};

double delta_now() {
  double delta;
  black(100, 100, kSigma * std::sqrt(kYears), &delta);
  return delta;
}

void expect_adds_up(const qs_policy_result &p) {
  EXPECT_NEAR(p.net.estimate,
              p.options.estimate + p.hedge.estimate + p.funding.estimate + p.collateral.estimate -
                  p.fees.estimate - p.spread.estimate - p.impact.estimate - p.liquidation.estimate -
                  p.transfers.estimate,
              1e-10);
}

TEST(SimulateAccount, MoneyGrowsAtItsYield) {
  constexpr double kRate = .05, kYield = .07;
  for (uint64_t dates : {1u, 10u}) {
    ShortCall w(QS_HEDGE_POLICY_DELTA_EVERY_DATE, kRate);
    w.spec.dates = {dates, 30.0 / double(dates), nullptr, 0};
    w.spec.latency_seconds = 3600;
    w.margin(1000, .2, .1, 1, 0);
    w.spec.margin.yield = kYield;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const qs_policy_result &p = w.policy(0);
    const double years = kYears - 1.0 / 24 / 365; // from the first fill on
    EXPECT_NEAR(p.collateral.estimate, 1000 * std::expm1((kYield - kRate) * years), 1e-9);
    EXPECT_LE(p.collateral.std_error, 1e-12);
    expect_adds_up(p);
  }
}

TEST(SimulateAccount, CoinsAreASpotHolding) {
  // Unhedged: a coin in the account is the same as a coin in the position.
  qs_policy_result result[2];
  for (int i : {0, 1}) {
    ShortCall w(QS_HEDGE_POLICY_NONE);
    w.spec.dates = {10, 3, nullptr, 0};
    if (i) {
      w.margin(1, .2, .1, 1, 0);
      w.spec.margin.coin = true;
    } else {
      qs_trade_spec coin;
      qs_trade_spec_init(&coin);
      coin.id = "spot";
      coin.type = QS_TRADE_SPOT;
      coin.underlying = "X";
      coin.quantity = 1;
      w.trades.push_back(coin);
    }
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    result[i] = w.policy(0);
    expect_adds_up(result[i]);
  }
  EXPECT_NEAR(result[1].variance.estimate, result[0].variance.estimate, 1e-9 * result[0].variance.estimate);
  EXPECT_NEAR(result[1].skewness.estimate, result[0].skewness.estimate, 1e-9);
  EXPECT_NEAR(result[1].net.estimate, result[0].net.estimate, 1e-9);
}

TEST(SimulateAccount, CoinsGrowAtTheirYield) {
  constexpr double kRate = .05, kCarry = .02, kYield = .04;
  ShortCall w(QS_HEDGE_POLICY_NONE, kRate, kCarry);
  w.spec.dates = {5, 6, nullptr, 0};
  w.margin(2, .2, .1, 1, 0);
  w.spec.margin.coin = true;
  w.spec.margin.yield = kYield;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  // 200 exp((yield + carry - rate) T) of mean, exp(sigma^2 T) - 1 of its square the variance.
  const double mean = 200 * std::exp((kYield + kCarry - kRate) * kYears);
  expect_within(w.policy(0).collateral, mean - 200, 4, .3, "coins");
  const double deviation = mean * std::sqrt(std::expm1(kSigma * kSigma * kYears)) / std::sqrt(1 << 15);
  EXPECT_NEAR(w.policy(0).collateral.std_error, deviation, .05 * deviation);
}

// That of test_simulate_margin.cc: 15 + c + delta (S - 100) - (S - 100)+ is less than .2 delta S.
double short_probability() {
  const double deviation = kSigma * std::sqrt(kYears), delta = delta_now();
  const double fixed = 15 + black(100, 100, deviation, nullptr) - delta * 100;
  const double s1 = -fixed / (.8 * delta), s2 = (fixed + 100) / (1 - .8 * delta);
  const auto below = [&](double s) {
    return normal_cdf((std::log(s / 100) + .5 * deviation * deviation) / deviation);
  };
  return below(s1) + 1 - below(s2);
}

TEST(SimulateAccount, IsMovedToItsLeverage) {
  // Whatever lies there at first, 15 do after the move, of whose cost 2 + 1% are paid from it.
  for (bool free : {true, false})
    for (double collateral : {0.0, 1000.0}) {
      ShortCall w;
      w.inputs.simulation.paths = 1 << 17;
      w.margin(collateral, .25, .2, 1, .01);
      w.spec.margin.leverage = delta_now() * 100 / 15;
      w.spec.margin.transfer_fee = free ? 0 : .01;
      w.spec.margin.transfer_fixed = free ? 0 : 2;
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      const qs_policy_result &p = w.policy(0);
      EXPECT_NEAR(p.transfers.estimate, free ? 0 : .01 * std::fabs(collateral - 15) + 2, 1e-6);
      EXPECT_LE(p.transfers.std_error, 1e-12);
      EXPECT_EQ(p.collateral.estimate, 0);
      if (free) {
        expect_within(p.liquidated, short_probability(), 4, .002, "probability");
      }
      expect_adds_up(p);
    }
}

TEST(SimulateAccount, MovingForNothingChangesNothingElse) {
  // Short a coin, which one coin hedges whatever comes, so that the account is never short: no transfer for
  // nothing, at every date, is seen in error and cost; and the dearer moving is, the dearer all is.
  double objective[4];
  for (int i : {0, 1, 2, 3}) {
    ShortCall w;
    qs_trade_spec coin;
    qs_trade_spec_init(&coin);
    coin.id = "spot";
    coin.type = QS_TRADE_SPOT;
    coin.underlying = "X";
    coin.quantity = -1;
    w.trades.push_back(coin);
    w.spec.position = "spot";
    w.spec.dates = {10, 3, nullptr, 0};
    w.spec.costs.proportional = .001;
    w.inputs.simulation.paths = 8192;
    if (i) {
      w.margin(1000, .001, .0005, 1, 0);
      w.spec.margin.leverage = 1;
      w.spec.margin.transfer_fee = .001 * (i - 1);
    }
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    objective[i] = w.policy(0).objective.estimate;
    EXPECT_EQ(w.policy(0).liquidated.estimate, 0);
  }
  EXPECT_EQ(objective[1], objective[0]);
  EXPECT_LT(objective[1], objective[2]);
  EXPECT_LT(objective[2], objective[3]);
}

TEST(SimulateAccount, AHaircutIsCollateralThatDoesNotCount) {
  qs_policy_result result[2];
  for (int i : {0, 1}) {
    ShortCall w;
    w.margin(i ? 20 : 15, .25, .2, 1, .01);
    w.spec.margin.haircut = i ? .25 : 0;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    result[i] = w.policy(0);
  }
  EXPECT_EQ(result[1].liquidated.estimate, result[0].liquidated.estimate);
  EXPECT_EQ(result[1].objective.estimate, result[0].objective.estimate);
}

TEST(SimulateAccount, WhatItCannotCarryIsRefusedByItsLimit) {
  const double worth = delta_now() * 100;
  const struct {
    double collateral, initial, maintenance, fixed;
    const char *says;
  } cases[] = {
      {0, .4, .2, 0, "simulate.margin.collateral: nothing lies in the account"},
      {8, .4, .2, 0, "simulate.margin.maintenance: the account would be below it at once"},
      {12, .4, .2, 0, "simulate.margin.initial: the account does not cover it"},
      {.41 * worth, .4, .39, 5,
       "simulate.margin.maintenance: the trade's costs would take the account below it"},
  };
  for (const auto &c : cases) {
    ShortCall w;
    w.margin(c.collateral, c.initial, c.maintenance, 1, 0);
    w.spec.costs.fixed = c.fixed;
    EXPECT_EQ(w.run(), QS_ERROR_INPUT) << c.says;
    const std::string message = w.context.message;
    EXPECT_NE(message.find(c.says), std::string::npos) << message;
    // What it says would do does; half a percent less does not.
    const size_t at = message.find("a collateral of ");
    ASSERT_NE(at, std::string::npos) << message;
    const double needs = std::stod(message.substr(at + 16));
    EXPECT_NEAR(needs, std::max(c.initial * worth, c.maintenance * worth + c.fixed), 1e-3);
    w.spec.margin.collateral = needs * 1.00001;
    EXPECT_EQ(w.run(), QS_OK) << w.context.message;
    w.spec.margin.collateral = needs * .995;
    EXPECT_EQ(w.run(), QS_ERROR_INPUT);
    w.spec.margin.partial = true;
    EXPECT_EQ(w.run(), QS_OK) << w.context.message;
    w.spec.margin.partial = false;
    w.spec.margin.leverage = 2; // it is brought
    EXPECT_EQ(w.run(), QS_OK) << w.context.message;
  }
  ShortCall none(QS_HEDGE_POLICY_NONE); // and nothing is needed for nothing
  none.margin(0, .4, .2, 1, 0);
  EXPECT_EQ(none.run(), QS_OK) << none.context.message;
  ShortCall coins;
  coins.margin(.2, .4, .2, 1, 0);
  coins.spec.margin.coin = true;
  coins.spec.margin.haircut = .2;
  EXPECT_EQ(coins.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::string(coins.context.message).find("a collateral of 0.26"), std::string::npos)
      << coins.context.message;
}

// Short one coin, hedged by one whatever comes; beside it in the account `quantity` of Y.
class TwoUnderlyings : public SimulateWorld {
public:
  explicit TwoUnderlyings(double quantity, double correlated, qs_model_type type = QS_MODEL_GBM) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    if (type == QS_MODEL_GBM)
      add_underlying("Y", type, {{QS_SIGMA, .8}}, 100, 0, 0);
    else
      add_underlying("Y", type, {{QS_V0, .64}, {QS_KAPPA, 2}, {QS_THETA, .64}, {QS_XI, 1e-4}, {QS_RHO, -.5}},
                     100, 0, 0);
    const char *names[] = {"X", "Y"}, *ids[] = {"mine", "other"};
    for (int i : {0, 1}) {
      qs_trade_spec coins;
      qs_trade_spec_init(&coins);
      coins.id = ids[i];
      coins.type = QS_TRADE_SPOT;
      coins.underlying = names[i];
      coins.quantity = i ? quantity : -1;
      trades.push_back(coins);
    }
    correlation = {{"X", "Y"}, correlated};
    inputs.correlations = &correlation;
    inputs.correlation_count = 1;
    spec.position = "mine";
    spec.margin.also = "other";
    spec.cost_weight = 1;
    spec.dates.count = 1;
    spec.dates.spacing_days = 30;
    inputs.simulation.paths = 1 << 15;
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  }
  qs_correlation_spec correlation;
};

TEST(SimulateAccount, WhatElseLiesThereCountsForTheMargin) {
  // With q of Y, bought at 100, and 100 q of collateral, the account is q Y: below half of the hedge, X,
  // where ln X / Y > ln 2 q, which is normal. The variance of a Heston model is held still.
  for (qs_model_type type : {QS_MODEL_GBM, QS_MODEL_HESTON})
    for (double correlated : {-.7, 0.0, .6}) {
      const double q = .55, sx = kSigma, sy = .8;
      TwoUnderlyings w(q, correlated, type);
      w.margin(100 * q, .5, .5, 1, .01);
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      const double deviation = std::sqrt((sx * sx + sy * sy - 2 * correlated * sx * sy) * kYears);
      const double mean = .5 * (sy * sy - sx * sx) * kYears;
      const qs_policy_result &p = w.policy(0);
      expect_within(p.liquidated, normal_cdf((mean - std::log(2 * q)) / deviation), 4, .003, "probability");
      EXPECT_NEAR(p.variance.estimate, 0, 1e-18); // and is nowhere else
      EXPECT_NEAR(p.options.estimate + p.hedge.estimate, 0, 1e-9);
      expect_adds_up(p);
    }
}

TEST(SimulateAccount, HasTheSameBitsFromAnyThreads) {
  double figures[2][3];
  for (int i : {0, 1}) {
    TwoUnderlyings w(1, .5, QS_MODEL_HESTON);
    w.inputs.simulation.paths = 8192 + 1024; // more than a block
    w.add_option("y", "Y", QS_PUT, 90, 40.0 / 365, -2);
    w.spec.margin.also = "y";
    w.margin(60, .5, .4, 3, .01);
    w.spec.margin.yield = .01;
    qs_devices_close(w.devices);
    w.devices = nullptr;
    const int threads = i ? 5 : 1;
    ASSERT_EQ(qs_devices_open(&w.context, QS_BACKEND_CPU, threads, i ? "portable" : nullptr, &w.devices),
              QS_OK);
    w.context.threads = threads;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const qs_policy_result &p = w.policy(0);
    figures[i][0] = p.liquidated.estimate;
    figures[i][1] = p.objective.estimate;
    figures[i][2] = p.net.estimate;
    EXPECT_GT(p.liquidated.estimate, .001);
  }
  for (int k : {0, 1, 2})
    EXPECT_EQ(figures[0][k], figures[1][k]) << k;
}

TEST(SimulateAccount, WhatElseMayLieThere) {
  const struct {
    const char *also;
    double days;
    const char *says;
  } cases[] = {{"moon", 40, "simulate.margin.also: got moon: must be a book or the id of a position"},
               {"mine", 40, "simulate.margin.also: got mine: must be of another underlying than the hedge"},
               {"main", 40, "simulate.margin.also: got main: must be of"},
               {"y", 20, "simulate.margin.also: got y: expires before the unwind"},
               {"y", 40, nullptr},
               {"y", 30, nullptr}};
  for (const auto &c : cases) {
    TwoUnderlyings w(1, .5);
    w.inputs.simulation.paths = 1024;
    w.add_option("y", "Y", QS_PUT, 90, c.days / 365, -2);
    w.margin(100, .5, .4, 2, .01);
    w.spec.margin.also = c.also;
    EXPECT_EQ(w.run(), c.says ? QS_ERROR_INPUT : QS_OK) << c.also << " " << w.context.message;
    if (c.says) {
      EXPECT_NE(std::string(w.context.message).find(c.says), std::string::npos) << w.context.message;
    }
  }
}

TEST(SimulateAccount, WrongNumbersAreRefused) {
  const struct {
    double qs_simulate_margin::*field;
    double value;
    const char *says;
  } cases[] = {{&qs_simulate_margin::haircut, 1, "simulate.margin.haircut: got 1: must be from 0 to 0.99"},
               {&qs_simulate_margin::yield, INFINITY, "simulate.margin.yield: got inf"},
               {&qs_simulate_margin::leverage, 6, "simulate.margin.leverage: got 6: must be from 0 to 5"},
               {&qs_simulate_margin::leverage, NAN, "simulate.margin.leverage: got nan"},
               {&qs_simulate_margin::band, -1, "simulate.margin.band: got -1"},
               {&qs_simulate_margin::transfer_fee, 2, "simulate.margin.transfer_fee: got 2"},
               {&qs_simulate_margin::transfer_fixed, -1, "simulate.margin.transfer_fixed: got -1"}};
  for (const auto &c : cases) {
    ShortCall w;
    w.margin(100, .2, .1, 1, 0);
    w.spec.margin.*c.field = c.value;
    EXPECT_EQ(w.run(), QS_ERROR_INPUT) << c.says;
    EXPECT_NE(std::string(w.context.message).find(c.says), std::string::npos) << w.context.message;
  }
}

} // namespace
