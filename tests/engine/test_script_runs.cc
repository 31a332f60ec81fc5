// Whole runs with scripted trades: beside the built-in trades that pay the same, seasoned, about to expire,
// and where the formula is undefined.
#include "tests/engine/script_runs.h"

namespace {

// Payoffs that the engine differentiates on the path as well: the same numbers on the same paths.
TEST_F(ScriptRuns, BuiltInsToRounding) {
  add("cliquet", QS_TRADE_CLIQUET, "J");
  trades.back().path.rule.months = 1;
  trades.back().path.local_floor = -0.05;
  trades.back().path.local_cap = 0.1;
  trades.back().path.global_floor = 0;
  add_script("cliquet script", "max(sum(max(min(returns(S[monthly]), cap), floor)), 0)", "J");
  add("volatility", QS_TRADE_VOLATILITY_SWAP, "J");
  trades.back().strike = 0.5;
  trades.back().path.rule.months = 1;
  trades.back().path.annualisation = 12;
  add_script("volatility script", "sqrt(12 * mean(logreturns(S[monthly])^2)) - k", "J");
  add("capped", QS_TRADE_VARIANCE_SWAP, "J");
  trades.back().strike = 0.5;
  trades.back().path.cap = 0.6;
  trades.back().path.rule.months = 1;
  trades.back().path.annualisation = 12;
  add_script("capped script", "min(12 * mean(logreturns(S[monthly])^2), 0.6^2) - k^2", "J");
  run();
  for (size_t i = 0; i < trades.size(); i += 2)
    expect_alike(i + 1, i, 1e-4);
}

// Payoffs that the engine integrates in closed form over part of the noise, or that jump: the same law.
TEST_F(ScriptRuns, BuiltInsWithinErrors) {
  add("european", QS_TRADE_EUROPEAN, "J");
  trades.back().strike = 100;
  add_script("european script", "max(S[T] - K, 0)", "J");
  add("asian", QS_TRADE_ASIAN, "J");
  trades.back().strike = 100;
  trades.back().path.rule = {7, 0, 0, 0, true};
  add_script("asian script", "max(mean(S[weekly]) - K, 0)", "J");
  add("digital", QS_TRADE_DIGITAL, "J");
  trades.back().strike = 100;
  add_script("digital script", "if(S[T] > K, 1, 0)", "J");
  add("barrier", QS_TRADE_BARRIER);
  trades.back().strike = 100;
  trades.back().path.lower = 80;
  trades.back().path.monitoring = QS_MONITORING_DISCRETE;
  trades.back().path.fixings = few;
  trades.back().path.fixing_count = 3;
  add_script("barrier script", "if(all(S[few] > B), max(S[T] - K, 0), 0)");
  add("knock in", QS_TRADE_BARRIER, "J");
  trades.back().call_put = QS_PUT;
  trades.back().strike = 100;
  trades.back().path.upper = 150;
  trades.back().path.knock = QS_KNOCK_IN;
  trades.back().path.monitoring = QS_MONITORING_DISCRETE;
  trades.back().path.fixings = few;
  trades.back().path.fixing_count = 3;
  add_script("knock in script", "if(max(S[few]) >= U, max(K - S[T], 0), 0)", "J");
  add("forward start", QS_TRADE_FORWARD_START);
  trades.back().path.start = few[0];
  add_script("forward start script", "max(S[T] - S[start], 0)");
  run();
  for (size_t i = 0; i < trades.size(); i += 2)
    expect_alike(i + 1, i, 4.5);
}

TEST_F(ScriptRuns, PoolsAndGeometricStrikesWithinErrors) {
  add("pool", QS_TRADE_POOL, "J");
  trades.back().path.pays = QS_PAYS_DIVERGENCE_LOSS;
  trades.back().path.entry = 100;
  trades.back().path.deposit = 100;
  trades.back().path.lower = 80;
  trades.back().path.upper = 150;
  // L (2 sqrt s - s / sqrt b - sqrt a), s within [a, b], and S times the slope outside; less the tokens.
  add_script("pool script",
             "l = 100 / (20 - 100 / sqrt(U) - sqrt(B)); s = min(max(S[T], B), U); x = l * (1 / sqrt(s) - 1 / "
             "sqrt(U));"
             "x * S[T] + l * (sqrt(s) - sqrt(B)) - S[T] * l * (0.1 - 1 / sqrt(U)) - l * (10 - sqrt(B))",
             "J");
  add("strike", QS_TRADE_ASIAN, "J");
  trades.back().path.floating = true;
  trades.back().path.average = QS_AVERAGE_GEOMETRIC;
  trades.back().path.fixings = few;
  trades.back().path.fixing_count = 3;
  add_script("strike script", "max(S[T] - product(S[few])^(1/3), 0)", "J");
  run();
  for (size_t i = 0; i < trades.size(); i += 2)
    expect_alike(i + 1, i, 4.5);
}

// Without interest: a formula pays all at the expiry. d_rate is another then.
TEST_F(ScriptRuns, AutocallablesWithinErrors) {
  underlyings[0].discount_rate = 0;
  const double initial = 100, calls[] = {1.05, 1.02, 1.01};
  const qs_schedule_spec dates[] = {
      {"few", few, 3, {}, false}, {"one", few, 1, {}, true}, {"two", few + 1, 1, {}, true}};
  for (bool memory : {false, true}) {
    add(memory ? "memory" : "note", QS_TRADE_AUTOCALLABLE);
    qs_path_spec &note = trades.back().path;
    note.fixings = few;
    note.fixing_count = 3;
    note.initial = &initial;
    note.initial_count = 1;
    note.autocall = calls;
    note.autocall_count = 3;
    note.coupon = 0.03;
    note.coupon_barrier = 0.95;
    note.memory = memory;
    note.knock_in = 0.8;
    note.knock_in_at = memory ? QS_KNOCK_IN_AT_FIXINGS : QS_KNOCK_IN_AT_EXPIRY;
    add_script(memory ? "memory script" : "note script",
               memory
                   ? "c = if(S[one] >= 105, 1, 0); d = if(S[two] >= 102, 1, 0); x = if(S[one] >= 95, 1, 0);"
                     "y = if(S[two] >= 95, 1, 0); z = if(S[T] >= 95, 1, 0); o = 2 - x; p = 1 + o * (1 - y);"
                     "lost = if(min(S[few]) < B, if(S[T] < 101, max(1 - S[T] / K, 0), 0), 0);"
                     "0.03 * x + c + (1 - c) * (0.03 * y * o + d + (1 - d) * (0.03 * z * p + 1 - lost))"
                   : "c = if(S[one] >= 105, 1, 0); d = if(S[two] >= 102, 1, 0); x = if(S[one] >= 95, 1, 0);"
                     "y = if(S[two] >= 95, 1, 0); z = if(S[T] >= 95, 1, 0);"
                     "lost = if(S[T] < B, 1 - S[T] / K, 0);"
                     "0.03 * x + c + (1 - c) * (0.03 * y + d + (1 - d) * (0.03 * z + 1 - lost))");
    trades.back().script.schedules = dates;
    trades.back().script.schedule_count = 3;
  }
  run();
  for (size_t i = 0; i < trades.size(); i += 2) {
    qs_greeks *of[] = {&const_cast<qs_trade_result &>(results->trades[i]).greeks,
                       &const_cast<qs_trade_result &>(results->trades[i + 1]).greeks};
    const qs_estimate all_late = of[1]->value[QS_GREEK_D_RATE], each = of[0]->value[QS_GREEK_D_RATE];
    EXPECT_LT(std::fabs(each.estimate), 0.7 * std::fabs(all_late.estimate));
    of[0]->value[QS_GREEK_D_RATE] = all_late;
    expect_alike(i + 1, i, 4.5);
  }
}

TEST_F(ScriptRuns, SettledInCoin) {
  add("asian", QS_TRADE_ASIAN);
  trades.back().strike = 100;
  trades.back().settlement = QS_SETTLE_COIN;
  trades.back().path.rule = {7, 0, 0, 0, true};
  add_script("asian script", "max(mean(S[weekly]) - K, 0)");
  trades.back().settlement = QS_SETTLE_COIN;
  run();
  expect_alike(1, 0, 4.5);
  const qs_estimate coin = results->trades[1].price_coin;
  EXPECT_NEAR(coin.estimate * 100, results->trades[1].price.estimate, 1e-9);
}

TEST_F(ScriptRuns, FixingsOfThePast) {
  const double past[] = {97, 103, 110, 104};
  const qs_schedule_spec weekly = {"weekly", nullptr, 0, {7, 0, kAsOf - 21 * kDay - 5400, 0, false}, false};
  add("asian", QS_TRADE_ASIAN);
  trades.back().strike = 100;
  trades.back().path.rule = weekly.rule;
  add_script("script", "max(mean(S[weekly]) - K, 0)");
  trades.back().script.schedules = &weekly;
  trades.back().script.schedule_count = 1;
  for (qs_trade_spec &t : trades) {
    t.path.past = past;
    t.path.past_count = 4;
  }
  run();
  expect_alike(1, 0, 4.5);
}

// Tomorrow nothing is left but what the formula pays at today's spot.
TEST_F(ScriptRuns, ExpiresWithinADay) {
  add_script("soon", "max(S[T] - 90, 0) + if(S[T] > 95, 2, 0)", "X", kAsOf + kDay / 2);
  trades.back().script.schedule_count = 0;
  run();
  const qs_trade_result &soon = results->trades[0];
  const double theta = soon.greeks.value[QS_GREEK_THETA].estimate;
  EXPECT_NEAR(soon.price.estimate + theta, 12, 1e-9);
  EXPECT_TRUE(soon.trusted);
}

TEST_F(ScriptRuns, UndefinedOnSomePaths) {
  add_script("undefined", "log(S[T] - K)");
  add_script("defined", "log(S[T])");
  run();
  EXPECT_FALSE(results->trades[0].trusted);
  EXPECT_STREQ(results->trades[0].why, "the formula is undefined on some path");
  EXPECT_FALSE(results->trusted);
  EXPECT_TRUE(results->trades[1].trusted);
}

TEST_F(ScriptRuns, RefusesInMemoryWhatItRefusesInFiles) {
  const struct {
    const char *payoff, *said;
  } cases[] = {{"max(S[T] - Q, 0)", "trades[0]"}, {nullptr, "trades[0]"}, {"S[weekly]", "trades[0]"}};
  for (const auto &c : cases) {
    trades.clear();
    add_script("bad", c.payoff);
    inputs.trades = trades.data();
    inputs.trade_count = 1;
    EXPECT_EQ(qs_run(engine, &inputs, ~0u, &results), QS_ERROR_INPUT);
    EXPECT_NE(std::string(qs_engine_message(engine)).find(c.said), std::string::npos)
        << qs_engine_message(engine);
  }
}

} // namespace
