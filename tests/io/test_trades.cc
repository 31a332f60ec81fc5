/* Trades along a path from a config: every key arrives in its field. */
#include <gtest/gtest.h>

#include <cmath>

#include "host/io/config.h"
#include "host/market/time.h"
#include "sample_config.h"
#include "scratch.h"

namespace {

const char trades[] = R"(trades:
  - {id: d1, type: digital, underlying: X, call_put: put, strike: 100, expiry: 2026-06-01, quantity: 2, amount: 50, book: b}
  - {id: d2, type: digital, underlying: X, call_put: call, strike: 100, expiry_years: 0.5, quantity: 2, pays: asset, settlement: coin}
  - {id: a1, type: asian, underlying: X, call_put: call, strike: 100, quantity: 1, fixings: [2026-02-01, 2026-04-01T08:00:00Z, 2026-06-01], past: [98.5]}
  - {id: a2, type: asian, underlying: X, call_put: put, floating: true, expiry_years: 0.5, quantity: 1, fixings: {every: month, from: 2026-01-31, skip_first: true}, past: [98.5], settlement: coin}
  - {id: a3, type: asian, underlying: X, call_put: put, strike: 90, average: geometric, expiry: 2026-06-01, quantity: 1, fixings: {every: 10}}
  - {id: b1, type: barrier, underlying: X, call_put: put, strike: 100, expiry: 2026-06-01, quantity: 1, knock: out, lower: 70, upper: 140, rebate: 3, rebate_paid: hit, monitoring: continuous}
  - {id: b2, type: barrier, underlying: X, call_put: call, strike: 100, expiry: 2026-06-01, quantity: 1, knock: in, upper: 140, monitoring: discrete, fixings: {every: day, from: 2026-01-01}, knocked: true, settlement: coin}
  - {id: l1, type: lookback, underlying: X, call_put: call, strike: 100, quantity: 1, fixings: {every: week, to: 2026-06-01}}
  - {id: l2, type: lookback, underlying: X, call_put: call, floating: true, quantity: 1, fixings: {every: week, to: 2026-06-01}}
  - {id: f1, type: forward_start, underlying: X, call_put: call, start: 2026-02-01, past: [99], moneyness: 1.05, expiry: 2026-06-01, quantity: 1}
  - {id: c1, type: cliquet, underlying: X, expiry: 2026-06-01, quantity: 1e6, fixings: {every: month}, moneyness: 0.9, local_floor: -0.05, local_cap: 0.1, global_floor: 0, global_cap: 0.3}
  - {id: v1, type: variance_swap, underlying: X, strike: 0.4, cap: 1, annualisation: 365, expiry: 2026-06-01, quantity: 100, fixings: {every: day}}
  - {id: v2, type: volatility_swap, underlying: X, strike: 0.4, expiry: 2026-06-01, quantity: 100, fixings: {every: week}}
  - {id: e1, type: bermudan, underlying: X, call_put: put, strike: 100, quantity: 1, exercise: [2026-02-01, 2026-04-01T08:00:00Z, 2026-06-01], settlement: coin}
  - {id: e2, type: bermudan, underlying: X, call_put: call, strike: 100, expiry: 2026-06-01, quantity: 1, exercise: {every: week, skip_first: true}}
  - {id: e3, type: american, underlying: X, call_put: put, strike: 90, expiry_years: 0.5, quantity: 1}
  - {id: p1, type: pool, underlying: X, pays: divergence_loss, entry: 100, deposit: 5000, lower: 80, upper: 130, expiry: 2026-06-01, quantity: -1, settlement: coin}
  - {id: p2, type: pool, underlying: X, pays: value, entry: 100, deposit: 5000, expiry: 2026-06-01, quantity: 1}
  - {id: a4, type: asian, underlying: X, call_put: put, floating: true, average: geometric, expiry: 2026-06-01, quantity: 1, fixings: {every: week}}
  - {id: n1, type: autocallable, underlying: X, initial: 105, autocall: [1.1, 1, 0.9], coupon: 0.02, coupon_barrier: 0.8, memory: true, knock_in: 0.7, knock_in_at: fixings, redemption: 1.01, fixings: [2026-02-01, 2026-04-01, 2026-06-01], past: [90], quantity: 1e5}
  - {id: n2, type: autocallable, underlying: X, initial: [105], autocall: 1, expiry: 2026-06-01, fixings: {every: month}, quantity: 1, settlement: coin}
  - {id: s1, type: european, underlying: X, call_put: call, strike: 100, expiry: 2026-06-01, quantity: 1, settlement_average: {minutes: 30, every_seconds: 4}}
  - {id: s2, type: european, underlying: X, call_put: put, strike: 100, expiry: 2026-03-02T09:40:00Z, quantity: 1, settlement: coin, settlement_average: {minutes: 20, every_seconds: 300}, past: [101, 102]}
  - {id: s3, type: asian, underlying: X, call_put: call, strike: 100, expiry: 2026-06-01, quantity: 1, fixings: {every: hour, from: 2026-05-31}}
  - {id: m1, type: basket, underlyings: [X, BTC], weights: [0.5, -2], call_put: put, strike: 100, expiry: 2026-06-01, quantity: 1}
  - {id: m2, type: worst_of, underlyings: [X, BTC], initial: [100, 60000], call_put: call, strike: 1, expiry: 2026-06-01, quantity: 1}
  - {id: m3, type: exchange, underlyings: [X, BTC], expiry: 2026-06-01, quantity: 1}
  - {id: m4, type: autocallable, underlyings: [X, BTC], initial: [100, 60000], autocall: 1, smoothing: 0.02, expiry: 2026-06-01, fixings: {every: month}, quantity: 1}
)";

class Trades : public testing::Test {
protected:
  void SetUp() override {
    std::map<std::string, std::string> files = sample_files();
    std::string &text = files["config.yaml"];
    size_t begin = text.find("trades:\n"), end = text.find("value: {");
    text.replace(begin, end - begin, trades);
    text.erase(text.find("simulate:\n")); // the last section; it hedges one of the trades that were replaced
    folder.write(files);
    qs_context_init(&context);
    ASSERT_EQ(qs_config_read(&context, (folder / "config.yaml").c_str(), nullptr, 0, &config), QS_OK)
        << context.message;
    const qs_inputs *in = qs_config_inputs(config);
    ASSERT_EQ(in->trade_count, 28u);
    t = in->trades;
  }
  void TearDown() override { qs_config_destroy(config); }
  Scratch folder;
  qs_context context;
  qs_config *config = nullptr;
  const qs_trade_spec *t = nullptr;
};

TEST_F(Trades, Digital) {
  EXPECT_EQ(t[0].type, QS_TRADE_DIGITAL);
  EXPECT_EQ(t[0].call_put, QS_PUT);
  EXPECT_EQ(t[0].path.pays, QS_PAYS_CASH);
  EXPECT_EQ(t[0].path.amount, 50);
  EXPECT_EQ(t[1].path.pays, QS_PAYS_ASSET);
  EXPECT_EQ(t[1].settlement, QS_SETTLE_COIN);
  EXPECT_EQ(t[1].path.amount, 1);
}

TEST_F(Trades, Asian) {
  EXPECT_EQ(t[2].type, QS_TRADE_ASIAN);
  ASSERT_EQ(t[2].path.fixing_count, 3u);
  EXPECT_EQ(t[2].path.fixings[1], qs_time_civil(2026, 4, 1) + 8 * 3600);
  ASSERT_EQ(t[2].path.past_count, 1u);
  EXPECT_EQ(t[2].path.past[0], 98.5);
  EXPECT_EQ(t[2].expiry, 0);
  EXPECT_TRUE(t[3].path.floating);
  EXPECT_TRUE(std::isnan(t[3].strike));
  EXPECT_EQ(t[3].path.rule.months, 1u);
  EXPECT_EQ(t[3].path.rule.days, 0u);
  EXPECT_EQ(t[3].path.rule.from, qs_time_civil(2026, 1, 31));
  EXPECT_TRUE(t[3].path.rule.skip_first);
  EXPECT_EQ(t[4].path.average, QS_AVERAGE_GEOMETRIC);
  EXPECT_EQ(t[4].path.rule.days, 10u);
  EXPECT_EQ(t[4].path.rule.from, 0);
}

TEST_F(Trades, Barrier) {
  EXPECT_EQ(t[5].type, QS_TRADE_BARRIER);
  EXPECT_EQ(t[5].path.knock, QS_KNOCK_OUT);
  EXPECT_EQ(t[5].path.lower, 70);
  EXPECT_EQ(t[5].path.upper, 140);
  EXPECT_EQ(t[5].path.rebate, 3);
  EXPECT_EQ(t[5].path.rebate_paid, QS_REBATE_AT_HIT);
  EXPECT_EQ(t[6].path.monitoring, QS_MONITORING_DISCRETE);
  EXPECT_TRUE(t[6].path.knocked);
  EXPECT_TRUE(std::isnan(t[6].path.lower));
}

TEST_F(Trades, TheOthers) {
  EXPECT_EQ(t[7].type, QS_TRADE_LOOKBACK);
  EXPECT_EQ(t[7].path.rule.days, 7u);
  EXPECT_EQ(t[7].path.rule.to, qs_time_civil(2026, 6, 1));
  EXPECT_TRUE(t[8].path.floating);
  EXPECT_EQ(t[9].type, QS_TRADE_FORWARD_START);
  EXPECT_EQ(t[9].path.start, qs_time_civil(2026, 2, 1));
  EXPECT_EQ(t[9].path.moneyness, 1.05);
  const qs_path_spec &c = t[10].path;
  EXPECT_EQ(t[10].type, QS_TRADE_CLIQUET);
  EXPECT_EQ(c.local_floor, -0.05);
  EXPECT_EQ(c.local_cap, 0.1);
  EXPECT_EQ(c.global_floor, 0);
  EXPECT_EQ(c.global_cap, 0.3);
  EXPECT_EQ(t[11].type, QS_TRADE_VARIANCE_SWAP);
  EXPECT_EQ(t[11].path.cap, 1);
  EXPECT_EQ(t[11].path.annualisation, 365);
  EXPECT_EQ(t[12].type, QS_TRADE_VOLATILITY_SWAP);
  EXPECT_TRUE(std::isnan(t[12].path.cap));
  EXPECT_TRUE(std::isnan(t[12].path.annualisation));
}

TEST_F(Trades, EarlyExercise) {
  EXPECT_EQ(t[13].type, QS_TRADE_BERMUDAN);
  ASSERT_EQ(t[13].path.fixing_count, 3u);
  EXPECT_EQ(t[13].path.fixings[1], qs_time_civil(2026, 4, 1) + 8 * 3600);
  EXPECT_EQ(t[13].settlement, QS_SETTLE_COIN);
  EXPECT_EQ(t[14].path.rule.days, 7u);
  EXPECT_TRUE(t[14].path.rule.skip_first);
  EXPECT_EQ(t[15].type, QS_TRADE_AMERICAN);
  EXPECT_EQ(t[15].strike, 90);
}

TEST_F(Trades, Autocallable) {
  EXPECT_EQ(t[19].type, QS_TRADE_AUTOCALLABLE);
  const qs_path_spec &n = t[19].path;
  ASSERT_EQ(n.initial_count, 1u);
  EXPECT_EQ(n.initial[0], 105);
  ASSERT_EQ(n.autocall_count, 3u);
  EXPECT_EQ(n.autocall[2], 0.9);
  EXPECT_EQ(n.coupon, 0.02);
  EXPECT_EQ(n.coupon_barrier, 0.8);
  EXPECT_TRUE(n.memory);
  EXPECT_EQ(n.knock_in, 0.7);
  EXPECT_EQ(n.knock_in_at, QS_KNOCK_IN_AT_FIXINGS);
  EXPECT_EQ(n.redemption, 1.01);
  EXPECT_EQ(n.past_count, 1u);
  const qs_path_spec &plain = t[20].path;
  ASSERT_EQ(plain.initial_count, 1u);
  EXPECT_EQ(plain.initial[0], 105);
  ASSERT_EQ(plain.autocall_count, 1u);
  EXPECT_EQ(plain.autocall[0], 1);
  EXPECT_EQ(plain.coupon, 0);
  EXPECT_TRUE(std::isnan(plain.knock_in));
  EXPECT_EQ(plain.knock_in_at, QS_KNOCK_IN_AT_EXPIRY);
  EXPECT_EQ(plain.redemption, 1);
}

TEST_F(Trades, SettlementAverage) {
  EXPECT_EQ(t[21].type, QS_TRADE_EUROPEAN);
  EXPECT_EQ(t[21].path.settlement_average.minutes, 30u);
  EXPECT_EQ(t[21].path.settlement_average.every_seconds, 4u);
  EXPECT_EQ(t[22].path.settlement_average.every_seconds, 300u);
  EXPECT_EQ(t[22].path.past_count, 2u);
  EXPECT_EQ(t[23].path.rule.seconds, 3600u);
  EXPECT_EQ(t[20].path.settlement_average.minutes, 0u);
  EXPECT_EQ(t[20].path.settlement_average.every_seconds, 60u);
}

TEST_F(Trades, OnSeveralUnderlyings) {
  EXPECT_EQ(t[24].type, QS_TRADE_BASKET);
  ASSERT_EQ(t[24].underlying_count, 2u);
  EXPECT_STREQ(t[24].underlyings[1], "BTC");
  ASSERT_EQ(t[24].path.weight_count, 2u);
  EXPECT_EQ(t[24].path.weights[1], -2);
  EXPECT_EQ(t[25].type, QS_TRADE_WORST_OF);
  ASSERT_EQ(t[25].path.initial_count, 2u);
  EXPECT_EQ(t[25].path.initial[1], 60000);
  EXPECT_EQ(t[26].type, QS_TRADE_EXCHANGE);
  EXPECT_TRUE(std::isnan(t[26].strike));
  EXPECT_EQ(t[27].path.smoothing, 0.02);
}

TEST_F(Trades, Pool) {
  EXPECT_EQ(t[16].type, QS_TRADE_POOL);
  EXPECT_EQ(t[16].path.pays, QS_PAYS_DIVERGENCE_LOSS);
  EXPECT_EQ(t[16].path.entry, 100);
  EXPECT_EQ(t[16].path.deposit, 5000);
  EXPECT_EQ(t[16].path.lower, 80);
  EXPECT_EQ(t[16].path.upper, 130);
  EXPECT_EQ(t[16].settlement, QS_SETTLE_COIN);
  EXPECT_EQ(t[17].path.pays, QS_PAYS_VALUE);
  EXPECT_TRUE(std::isnan(t[17].path.lower) && std::isnan(t[17].path.upper));
  EXPECT_EQ(t[18].path.average, QS_AVERAGE_GEOMETRIC);
  EXPECT_TRUE(t[18].path.floating);
}

// Under a leverage function nothing is exercised early, and nothing pays on several underlyings.
TEST(LocalTrades, NameWhatALeverageDoesNotTake) {
  const struct {
    const char *trade, *said;
  } cases[] = {
      {"{id: e, type: american, underlying: BTC, call_put: put, strike: 60000, expiry: 2026-06-01, quantity: "
       "1}",
       "trades.0.type: got american: must not be exercised early where the underlying's model is local"},
      {"{id: e, type: bermudan, underlying: BTC, call_put: put, strike: 60000, exercise: [2026-06-01], "
       "quantity: 1}",
       "trades.0.type: got bermudan: must not be exercised early where the underlying's model is local"},
      {"{id: e, type: exchange, underlyings: [X, BTC], expiry: 2026-06-01, quantity: 1}",
       "trades.0.underlyings.1: got BTC: must be an underlying whose model is not local, as of all of "
       "several"},
  };
  for (const auto &c : cases) {
    std::map<std::string, std::string> files = sample_files();
    std::string &text = files["config.yaml"];
    size_t begin = text.find("trades:\n"), end = text.find("value: {");
    text.replace(begin, end - begin, std::string("trades:\n  - ") + c.trade + "\n");
    begin = text.find("model: {type: svcj"), end = text.find('\n', begin);
    text.replace(begin, end - begin, "model: {type: heston, calibrate: true, local: true}");
    Scratch folder;
    folder.write(files);
    qs_context context;
    qs_context_init(&context);
    qs_config *config = nullptr;
    EXPECT_EQ(qs_config_read(&context, (folder / "config.yaml").c_str(), nullptr, 0, &config),
              QS_ERROR_INPUT);
    EXPECT_NE(std::string(context.message).find(c.said), std::string::npos) << context.message;
    EXPECT_NE(std::string(context.message).find("config.yaml:"), std::string::npos) << context.message;
    qs_config_destroy(config);
  }
}

} // namespace
