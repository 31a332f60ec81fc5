/* Trades along a path in the book: their dates, what is known of them, and what is left at a moment. */
#include <gtest/gtest.h>

#include "fixture.h"
#include "host/book/book.h"
#include "host/market/fixings.h"
#include "host/market/time.h"

namespace {

const qs_time day = QS_SECONDS_PER_DAY;

class PathTrades : public testing::Test {
protected:
  void SetUp() override {
    market.underlyings = {gbm_spec("X")};
    market.underlyings[0].spot = 100;
    market.underlyings[0].carry = 0.03;
    ASSERT_EQ(market.build(), QS_OK) << market.message();
    now = market.inputs.as_of;
  }

  static qs_trade_spec make(qs_trade_type type) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = "t";
    trade.type = type;
    trade.underlying = "X";
    trade.quantity = 1;
    return trade;
  }

  qs_status resolve(const qs_trade_spec &trade) {
    qs_contract *contracts = nullptr;
    qs_status status =
        qs_book_resolve_trades(&market.context, market.arena, market.market, "trades", &trade, 1, &contracts);
    contract = contracts ? contracts[0] : qs_contract();
    return status;
  }

  /* What is left of the last contract, the forward being 110 and the spot `spot`. */
  qs_path_left left(qs_time at, double spot = 100) {
    qs_path_left l;
    EXPECT_TRUE(qs_path_terms_left(market.arena, contract.path, at, spot, 110, &l));
    return l;
  }

  MarketFixture market;
  qs_time now = 0;
  qs_contract contract;
};

TEST_F(PathTrades, RulesMakeDates) {
  qs_trade_spec trade = make(QS_TRADE_ASIAN);
  trade.strike = 100;
  trade.expiry = now + 20 * day;
  trade.path.rule.days = 7;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  ASSERT_EQ(contract.path->count, 4u); /* the last period is short */
  EXPECT_EQ(contract.path->dates[0], now);
  EXPECT_EQ(contract.path->dates[2], now + 14 * day);
  EXPECT_EQ(contract.path->dates[3], now + 20 * day);
  EXPECT_EQ(contract.path->fixings[0], 100); /* at as_of: the spot */
  EXPECT_TRUE(std::isnan(contract.path->fixings[1]));
  trade.path.rule.skip_first = true;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_EQ(contract.path->count, 3u);
  EXPECT_EQ(contract.path->dates[0], now + 7 * day);
  trade.path.rule = {0, 1, qs_time_civil(2026, 8, 31), qs_time_civil(2027, 2, 28), false};
  trade.expiry = 0;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_EQ(contract.expiry, qs_time_civil(2027, 2, 28));
  ASSERT_EQ(contract.path->count, 7u);
  EXPECT_EQ(contract.path->dates[1], qs_time_civil(2026, 9, 30));
  EXPECT_EQ(contract.path->dates[2], qs_time_civil(2026, 10, 31));
  EXPECT_STREQ(qs_contract_name(&contract), "asian");
  EXPECT_STREQ(qs_contract_kind_name(contract.kind), "path");
}

TEST_F(PathTrades, EarlyExerciseIsLeftWithItsDates) {
  qs_trade_spec trade = make(QS_TRADE_BERMUDAN);
  trade.call_put = QS_PUT;
  trade.strike = 99;
  const qs_time dates[] = {now - day, now + day / 2, now + 10 * day, now + 20 * day};
  trade.path.fixings = dates;
  trade.path.fixing_count = 4;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_STREQ(qs_contract_name(&contract), "bermudan");
  qs_path_left l = left(now);
  EXPECT_EQ(l.payoff, QS_PATH_EARLY);
  EXPECT_EQ(l.sign, -1);
  ASSERT_EQ(l.count, 3u); /* yesterday's is past */
  EXPECT_EQ(l.dates[0], now + day / 2);
  EXPECT_EQ(l.level[0], 99.0 / 110);
  EXPECT_EQ(l.level[1], 0);
  EXPECT_TRUE(l.at_hit);
  l = left(now + day); /* tomorrow stands for the date before it */
  ASSERT_EQ(l.count, 3u);
  EXPECT_EQ(l.dates[0], now + day);
  EXPECT_EQ(l.dates[1], now + 10 * day);
  l = left(now + 20 * day, 90);
  EXPECT_TRUE(l.settled);
  EXPECT_EQ(l.known, 9);

  trade = make(QS_TRADE_AMERICAN);
  trade.strike = 99;
  trade.expiry = now + 48 * day;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_STREQ(qs_contract_name(&contract), "american");
  l = left(now);
  ASSERT_EQ(l.count, 49u);
  EXPECT_EQ(l.dates[0], now);
  EXPECT_EQ(l.dates[1], now + day);
  EXPECT_EQ(l.dates[48], trade.expiry);
  EXPECT_EQ(l.level[1], 1);
  l = left(trade.expiry - 3);
  ASSERT_EQ(l.count, 2u);
  EXPECT_EQ(l.dates[1], trade.expiry);
  l = left(trade.expiry, 100);
  EXPECT_TRUE(l.settled);
  EXPECT_EQ(l.known, 1);
}

TEST_F(PathTrades, ASeasonedAverageKeepsItsPast) {
  const qs_time dates[] = {now - 10 * day, now - day, now, now + 10 * day, now + 20 * day};
  const double past[] = {90, 120, 105};
  qs_trade_spec trade = make(QS_TRADE_ASIAN);
  trade.strike = 100;
  trade.path.fixings = dates;
  trade.path.fixing_count = 5;
  trade.path.past = past;
  for (size_t count : {2u, 3u}) { /* the fixing at as_of: the spot, or as given */
    trade.path.past_count = count;
    ASSERT_EQ(resolve(trade), QS_OK) << market.message();
    qs_path_left l = left(now);
    EXPECT_EQ(l.payoff, QS_PATH_ASIAN);
    ASSERT_EQ(l.count, 2u);
    EXPECT_EQ(l.dates[0], now + 10 * day);
    EXPECT_DOUBLE_EQ(l.weights[1], 0.2);
    EXPECT_DOUBLE_EQ(l.level[0], 100 / 110.0);
    EXPECT_DOUBLE_EQ(l.level[1], 0.2 * (90 + 120 + (count == 3 ? 105 : 100)) / 110);
  }
  /* What passes takes the spot, and after the last only a number is left. */
  qs_path_left later = left(now + 10 * day, 130);
  EXPECT_EQ(later.count, 1u);
  EXPECT_DOUBLE_EQ(later.level[1], 0.2 * (90 + 120 + 105 + 130) / 110);
  qs_path_left over = left(now + 20 * day, 130);
  EXPECT_TRUE(over.settled);
  EXPECT_DOUBLE_EQ(over.known, 0.2 * (90 + 120 + 105 + 130 + 130) - 100);
  trade.path.average = QS_AVERAGE_GEOMETRIC;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_NEAR(left(now).level[1], std::pow(90 * 120 * 105 / (110.0 * 110 * 110), 0.2), 1e-15);
}

TEST_F(PathTrades, BarriersThatWereTouched) {
  qs_trade_spec trade = make(QS_TRADE_BARRIER);
  trade.strike = 95;
  trade.expiry = now + 20 * day;
  trade.path.upper = 120;
  trade.path.rebate = 4;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  qs_path_left l = left(now);
  EXPECT_EQ(l.payoff, QS_PATH_BARRIER_CONTINUOUS);
  EXPECT_TRUE(l.bridge);
  EXPECT_EQ(l.level[1], 0);
  EXPECT_DOUBLE_EQ(l.level[2], 120 / 110.0);
  EXPECT_DOUBLE_EQ(l.level[3], 4 / 110.0);
  EXPECT_TRUE(left(now, 125).settled); /* touched now */
  EXPECT_EQ(left(now, 125).known, 4);
  trade.path.rebate_paid = QS_REBATE_AT_HIT;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_EQ(left(now, 125).due, 4);
  trade.path.knocked = true;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_EQ(left(now).due, 0); /* paid long ago */
  EXPECT_EQ(left(now).known, 0);
  trade.path.rebate_paid = QS_REBATE_AT_EXPIRY;
  trade.path.knock = QS_KNOCK_IN;
  ASSERT_EQ(resolve(trade), QS_OK);
  l = left(now); /* a european call */
  EXPECT_EQ(l.payoff, QS_PATH_ASIAN);
  EXPECT_EQ(l.count, 1u);
  EXPECT_EQ(l.weights[0], 1);
  trade.path.knocked = false;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_EQ(left(now + 20 * day).known, 4);
  /* Watched at dates: one that passes sees the spot. */
  trade.path.knock = QS_KNOCK_OUT;
  trade.path.monitoring = QS_MONITORING_DISCRETE;
  trade.path.rule = {5, 0, now - 30 * day, 0, false};
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_EQ(left(now).payoff, QS_PATH_BARRIER);
  EXPECT_EQ(left(now).count, 4u);
  EXPECT_TRUE(left(now + day, 125).settled); /* as_of is one of the dates */
  trade.path.rule.from = now - 29 * day;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_FALSE(left(now, 125).settled);
  EXPECT_TRUE(left(now + day, 125).settled);
}

TEST_F(PathTrades, SumsOfReturnsGoOnFromTheLastFixing) {
  const qs_time dates[] = {now - 20 * day, now - 10 * day, now + 10 * day};
  const double past[] = {80, 100};
  qs_trade_spec trade = make(QS_TRADE_CLIQUET);
  trade.path.fixings = dates;
  trade.path.fixing_count = 3;
  trade.path.past = past;
  trade.path.past_count = 2;
  trade.path.local_cap = 0.2;
  trade.path.global_floor = 0;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  qs_path_left l = left(now);
  EXPECT_EQ(l.payoff, QS_PATH_CLIQUET);
  EXPECT_DOUBLE_EQ(l.known, 0.2);
  EXPECT_DOUBLE_EQ(l.level[2], -0.2 / 110);
  EXPECT_EQ(l.level[3], INFINITY);
  EXPECT_DOUBLE_EQ(l.level[5], 100 / 110.0);
  EXPECT_DOUBLE_EQ(left(now + 10 * day, 70).known, 0); /* .2 - .3, floored */

  trade.type = QS_TRADE_VARIANCE_SWAP;
  trade.strike = 0.5;
  trade.path.annualisation = 36.5;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  l = left(now);
  double half = 36.5 / 2, move = std::log(100 / 80.0);
  EXPECT_DOUBLE_EQ(l.level[0], 0.25 / 110);
  EXPECT_DOUBLE_EQ(l.level[2], half * move * move / 110);
  EXPECT_DOUBLE_EQ(l.level[3], half / 110);
  EXPECT_DOUBLE_EQ(l.level[4], 100 / 110.0);
  trade.type = QS_TRADE_VOLATILITY_SWAP;
  trade.path.annualisation = NAN; /* over 30 days */
  trade.path.cap = 1;
  ASSERT_EQ(resolve(trade), QS_OK);
  l = left(now);
  EXPECT_DOUBLE_EQ(l.level[1], 1 / 110.0);
  EXPECT_NEAR(l.level[3] * 110 * 110, 365 / 30.0, 1e-12);
}

TEST_F(PathTrades, TheOthers) {
  qs_trade_spec trade = make(QS_TRADE_FORWARD_START);
  trade.expiry = now + 20 * day;
  trade.path.start = now + 10 * day;
  trade.path.moneyness = 1.1;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  qs_path_left l = left(now);
  EXPECT_EQ(l.payoff, QS_PATH_ASIAN_STRIKE);
  EXPECT_EQ(l.count, 2u);
  EXPECT_EQ(l.weights[0], 1);
  EXPECT_EQ(l.weights[1], 0);
  l = left(now + 10 * day, 90);
  EXPECT_EQ(l.payoff, QS_PATH_ASIAN);
  EXPECT_DOUBLE_EQ(l.level[0], 1.1 * 90 / 110);

  trade = make(QS_TRADE_LOOKBACK);
  trade.expiry = now + 20 * day;
  trade.call_put = QS_PUT;
  trade.path.floating = true;
  trade.path.rule.days = 10;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_DOUBLE_EQ(left(now).level[1], 100 / 110.0); /* the greatest so far */
  EXPECT_DOUBLE_EQ(left(now + 10 * day, 95).level[1], 100 / 110.0);
  trade.path.rule.skip_first = true;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_EQ(left(now).level[1], 0);
  trade.call_put = QS_CALL;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_EQ(left(now).level[1], INFINITY);

  trade = make(QS_TRADE_DIGITAL);
  trade.expiry = now + 20 * day;
  trade.strike = 105;
  trade.path.amount = 7;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_DOUBLE_EQ(left(now).level[1], 7 / 110.0);
  EXPECT_EQ(left(now + 20 * day, 106).known, 7);
  EXPECT_EQ(left(now + 20 * day, 104).known, 0);
}

TEST_F(PathTrades, ANoteKeepsWhatItOwes) {
  const qs_time dates[] = {now - 20 * day, now - 10 * day, now, now + 10 * day, now + 20 * day};
  const double past[] = {70, 88, 85}, calls[] = {1.1, 1.05, 1, 0.95, 0.9}, initial = 100;
  qs_trade_spec trade = make(QS_TRADE_AUTOCALLABLE);
  trade.path.fixings = dates;
  trade.path.fixing_count = 5;
  trade.path.past = past;
  trade.path.past_count = 3;
  trade.path.initial = &initial;
  trade.path.initial_count = 1;
  trade.path.autocall = calls;
  trade.path.autocall_count = 5;
  trade.path.coupon = 0.02;
  trade.path.coupon_barrier = 0.9;
  trade.path.memory = true;
  trade.path.knock_in = 0.75;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_STREQ(qs_contract_name(&contract), "autocallable");
  qs_path_left l = left(now);
  EXPECT_EQ(l.payoff, QS_PATH_AUTOCALL);
  ASSERT_EQ(l.count, 2u);
  EXPECT_TRUE(l.at_hit);
  EXPECT_EQ(l.due, 0);
  EXPECT_DOUBLE_EQ(l.level[0], 1 / 110.0);
  EXPECT_DOUBLE_EQ(l.level[1], 0.02 / 110);
  EXPECT_DOUBLE_EQ(l.level[2], 75 / 110.0);
  EXPECT_DOUBLE_EQ(l.level[3], 0.01);
  EXPECT_EQ(l.level[4], 0);
  EXPECT_EQ(l.level[5], 3);
  ASSERT_EQ(l.policy_width, 2u);
  EXPECT_DOUBLE_EQ(l.policy[0], std::log(95 / 110.0));
  EXPECT_DOUBLE_EQ(l.policy[3], std::log(90 / 110.0));
  /* A fixing that passes: coupons are paid then, or it is called, or both are missed. */
  l = left(now + 10 * day, 92);
  EXPECT_FALSE(l.settled);
  EXPECT_DOUBLE_EQ(l.due, 4 * 0.02);
  EXPECT_EQ(l.level[5], 0);
  l = left(now + 10 * day, 96);
  EXPECT_TRUE(l.settled);
  EXPECT_DOUBLE_EQ(l.due, 1 + 4 * 0.02);
  l = left(now + 20 * day, 80); /* it was above the knock-in at the end */
  EXPECT_TRUE(l.settled);
  EXPECT_DOUBLE_EQ(l.known, 1);
  EXPECT_EQ(l.due, 0);
  EXPECT_DOUBLE_EQ(left(now + 20 * day, 60).known, 0.6);
  /* Watched at the fixings it was knocked in at the first. */
  trade.path.knock_in_at = QS_KNOCK_IN_AT_FIXINGS;
  trade.path.memory = false;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_EQ(left(now).level[4], 2);
  EXPECT_EQ(left(now).level[5], -1);
  EXPECT_DOUBLE_EQ(left(now + 20 * day, 80).known, 0.8);
  EXPECT_DOUBLE_EQ(left(now + 10 * day, 92).due, 0.02);
  qs_contract first = contract;
  trade.path.autocall_count = 1;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_NE(qs_path_terms_compare(first.path, contract.path), 0);
  EXPECT_DOUBLE_EQ(contract.path->calls[4], 110);
}

TEST_F(PathTrades, APoolIsItsTokens) {
  qs_trade_spec trade = make(QS_TRADE_POOL);
  trade.expiry = now + 20 * day;
  trade.path.pays = QS_PAYS_VALUE;
  trade.path.entry = 100;
  trade.path.deposit = 1000;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  qs_path_left l = left(now);
  EXPECT_EQ(l.payoff, QS_PATH_POOL);
  EXPECT_NEAR(l.level[0], 50 / std::sqrt(110.0), 1e-12); /* 2 L sqrt 100 = 1000 */
  EXPECT_EQ(l.level[1], 0);
  EXPECT_EQ(l.level[2], INFINITY);
  EXPECT_EQ(l.level[3], 0);
  EXPECT_NEAR(left(now + 20 * day, 121).known, 1100, 1e-9); /* grows as the root */
  /* Against five coins and 500 of cash: half of (1.1 - 1)^2 of it is lost. */
  trade.path.pays = QS_PAYS_DIVERGENCE_LOSS;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  EXPECT_NEAR(left(now).level[3], 100 / 110.0, 1e-15);
  EXPECT_NEAR(left(now + 20 * day, 121).known, 1100 - 500 - 5 * 121, 1e-9);
  /* Within [81, 144]: L (2 * 10 - 100 / 12 - 9) = 1000. */
  trade.path.lower = 81;
  trade.path.upper = 144;
  ASSERT_EQ(resolve(trade), QS_OK) << market.message();
  const double liquidity = 1000 / (20 - 100 / 12.0 - 9), base = liquidity * (0.1 - 1 / 12.0);
  EXPECT_NEAR(left(now).level[0], liquidity / std::sqrt(110), 1e-12 * liquidity);
  EXPECT_NEAR(left(now).level[1], 81 / 110.0, 1e-15);
  EXPECT_NEAR(left(now).level[2], 144 / 110.0, 1e-15);
  const double below = liquidity * (1 / 9.0 - 1 / 12.0) * 64, held = base * 64 + liquidity;
  EXPECT_NEAR(left(now + 20 * day, 64).known, below - held, 1e-9);
  EXPECT_NEAR(left(now + 20 * day, 169).known, liquidity * 3 - base * 169 - liquidity, 1e-9);
}

TEST_F(PathTrades, EqualTermsAreEqual) {
  qs_trade_spec trade = make(QS_TRADE_ASIAN);
  trade.strike = 100;
  trade.expiry = now + 20 * day;
  trade.path.rule.days = 7;
  ASSERT_EQ(resolve(trade), QS_OK);
  qs_contract first = contract;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_NE(first.path, contract.path);
  EXPECT_EQ(qs_path_terms_compare(first.path, contract.path), 0);
  trade.strike = 101;
  ASSERT_EQ(resolve(trade), QS_OK);
  EXPECT_LT(qs_path_terms_compare(first.path, contract.path), 0);
  EXPECT_GT(qs_path_terms_compare(contract.path, first.path), 0);
}

TEST_F(PathTrades, FlawsAreNamed) {
  qs_trade_spec trade = make(QS_TRADE_ASIAN);
  trade.strike = 100;
  trade.expiry = now + 20 * day;
  EXPECT_EQ(resolve(trade), QS_ERROR_INPUT);
  EXPECT_EQ(market.message(), "trades[0]: fixings: must be given: a list of dates, or a rule");
  trade = make(QS_TRADE_BARRIER);
  trade.strike = 100;
  trade.expiry = now + 20 * day;
  EXPECT_EQ(resolve(trade), QS_ERROR_INPUT);
  EXPECT_EQ(market.message(), "trades[0]: lower: a barrier needs lower, upper or both");
  trade = make(QS_TRADE_VARIANCE_SWAP);
  trade.expiry = now + 20 * day;
  EXPECT_EQ(resolve(trade), QS_ERROR_INPUT);
  EXPECT_EQ(market.message(), "trades[0]: strike: missing or not a number; a variance_swap needs it");
  trade.strike = 0.5;
  trade.settlement = QS_SETTLE_COIN;
  EXPECT_EQ(resolve(trade), QS_ERROR_INPUT);
  EXPECT_EQ(market.message(), "trades[0]: settlement: coin; a variance_swap is linear");
}

} // namespace
