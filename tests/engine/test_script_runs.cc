// Whole runs with scripted trades: beside the built-in trades that pay the same, seasoned, about to expire,
// and where the formula is undefined.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "quickset/quickset.h"

namespace {

const qs_time kDay = 86400;
const qs_time kAsOf = 1772443800; // 2026-03-02T09:30:00Z
const qs_time kEnd = 1783065600;  // 2026-07-03T08:00:00Z

// A book in memory on one Heston underlying X and one with jumps, J.
class ScriptRuns : public ::testing::Test {
protected:
  void SetUp() override {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = 2;
    char message[256];
    ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
    qs_inputs_init(&inputs);
    for (qs_underlying_spec &u : underlyings)
      qs_underlying_spec_init(&u);
    underlyings[0].name = "X";
    underlyings[0].model = {QS_MODEL_HESTON, {0.25, 2, 0.36, 0.8, -0.5}};
    underlyings[0].given = 31;
    underlyings[1].name = "J";
    underlyings[1].model.type = QS_MODEL_BATES;
    const double values[] = {0.25, 2, 0.36, 0.8, -0.5, 3, -0.1, 0.15};
    std::copy(values, values + 8, underlyings[1].model.value);
    underlyings[1].given = 255;
    for (qs_underlying_spec &u : underlyings) {
      u.spot = 100;
      u.carry = 0.02;
      u.discount_rate = 0.05;
      u.coin_rate = 0.01;
    }
    inputs.sections = QS_SECTION_CALIBRATE | QS_SECTION_VALUE;
    inputs.as_of = kAsOf;
    inputs.simulation.paths = 32768;
    inputs.simulation.precision = QS_DOUBLE;
    inputs.underlyings = underlyings;
    inputs.underlying_count = 2;
  }
  void TearDown() override {
    qs_results_destroy(results);
    qs_engine_destroy(engine);
  }
  void add(const char *id, qs_trade_type type, const char *underlying = "X", qs_time expiry = kEnd) {
    qs_trade_spec t;
    qs_trade_spec_init(&t);
    t.id = id;
    t.type = type;
    t.underlying = underlying;
    t.quantity = 1;
    t.expiry = expiry;
    trades.push_back(t);
  }
  void add_script(const char *id, const char *payoff, const char *underlying = "X", qs_time expiry = kEnd) {
    add(id, QS_TRADE_SCRIPT, underlying, expiry);
    qs_script_spec &script = trades.back().script;
    script.payoff = payoff;
    script.constants = constants;
    script.constant_count = std::size(constants);
    script.schedules = schedules;
    script.schedule_count = std::size(schedules);
  }
  const qs_results *run() {
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    EXPECT_EQ(qs_run(engine, &inputs, ~0u, &results), QS_OK) << qs_engine_message(engine);
    return results;
  }
  // Every number of trade a within `errors` standard errors of trade b's, or within 1e-9 of it.
  void expect_alike(size_t a, size_t b, double errors) {
    const qs_trade_result &x = results->trades[a], &y = results->trades[b];
    const auto alike = [&](qs_estimate p, qs_estimate q, const char *what) {
      const double room = errors * std::hypot(p.std_error, q.std_error) + 1e-9 * (1 + std::fabs(q.estimate));
      EXPECT_NEAR(p.estimate, q.estimate, room)
          << x.id << " " << what << " errors " << p.std_error << " " << q.std_error;
    };
    alike(x.price, y.price, "price");
    ASSERT_EQ(x.greeks.present, y.greeks.present) << x.id;
    for (int g = 0; g < QS_GREEK_COUNT; g++)
      if (x.greeks.present >> g & 1)
        alike(x.greeks.value[g], y.greeks.value[g], std::to_string(g).c_str());
  }
  const qs_constant_spec constants[7] = {{"K", 100},   {"B", 80},  {"U", 150},   {"floor", -0.05},
                                         {"cap", 0.1}, {"k", 0.5}, {"year", 365}};
  const qs_time few[3] = {kAsOf + 30 * kDay - 5400, kAsOf + 61 * kDay - 5400, kEnd};
  const qs_schedule_spec schedules[4] = {{"monthly", nullptr, 0, {0, 1, 0, 0, false}, false},
                                         {"weekly", nullptr, 0, {7, 0, 0, 0, true}, false},
                                         {"few", few, 3, {}, false},
                                         {"start", few, 1, {}, true}};
  qs_underlying_spec underlyings[2];
  std::vector<qs_trade_spec> trades;
  qs_inputs inputs;
  qs_engine *engine = nullptr;
  const qs_results *results = nullptr;
};

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

double cdf(double x) {
  return std::erfc(-x / std::sqrt(2)) / 2;
}

// max(A - B, 0) of two geometric Brownian motions (Margrabe 1978): its value and derivatives.
struct Exchange {
  double a = 100, b = 95, sigma_a = 0.4, sigma_b = 0.25, correlation = 0.6, years, carry = 0.02, rate = 0.05;
  double value() const {
    const double v = spread(), d = d1();
    return std::exp((carry - rate) * years) * (a * cdf(d) - b * cdf(d - v));
  }
  double spread() const {
    return std::sqrt((sigma_a * sigma_a + sigma_b * sigma_b - 2 * correlation * sigma_a * sigma_b) * years);
  }
  double d1() const { return std::log(a / b) / spread() + spread() / 2; }
  double gamma() const { // to a twice; to both -a / b of it
    return std::exp((carry - rate) * years) * std::exp(-d1() * d1() / 2) / std::sqrt(2 * M_PI) /
           (a * spread());
  }
};

class JointRuns : public ScriptRuns {
protected:
  void SetUp() override {
    ScriptRuns::SetUp();
    const char *names[] = {"A", "B"};
    const double spots[] = {100, 95}, sigmas[] = {0.4, 0.25};
    for (int u = 0; u < 2; u++) {
      underlyings[u].name = names[u];
      underlyings[u].spot = spots[u];
      underlyings[u].model.type = QS_MODEL_GBM;
      underlyings[u].model.value[QS_SIGMA] = sigmas[u];
      underlyings[u].given = 1u << QS_SIGMA;
    }
    inputs.correlations = &correlation;
    inputs.correlation_count = 1;
    inputs.simulation.paths = 1 << 17;
    inputs.simulation.precision = QS_MIXED;
    add_script("exchange", "max(A[T] - B[T], 0)");
    trades.back().underlyings = both;
    trades.back().underlying_count = 2;
    trades.back().script.schedule_count = 0;
    trades.back().quantity = 10;
    exact.years = double(kEnd - kAsOf) / (365 * kDay);
  }
  void expect_near(qs_estimate e, double value, const char *what) {
    EXPECT_NEAR(e.estimate, value, 4.5 * e.std_error + 1e-4 * std::fabs(value))
        << what << ", error " << e.std_error;
    EXPECT_GT(e.std_error, 0) << what;
  }
  const char *const both[2] = {"A", "B"};
  const qs_correlation_spec correlation = {{"A", "B"}, 0.6};
  Exchange exact;
};

TEST_F(JointRuns, ExchangeInClosedForm) {
  run();
  ASSERT_EQ(results->trade_count, 2u);
  const qs_trade_result &a = results->trades[0], &b = results->trades[1];
  EXPECT_STREQ(a.id, "exchange");
  EXPECT_STREQ(b.id, "exchange/B");
  EXPECT_STREQ(b.underlying, "B");
  EXPECT_TRUE(a.trusted && b.trusted) << (a.why ? a.why : "") << (b.why ? b.why : "");
  EXPECT_EQ(b.value.estimate, 0);
  expect_near(a.value, 10 * exact.value(), "value");
  const double df = std::exp((exact.carry - exact.rate) * exact.years);
  expect_near(a.greeks.value[QS_GREEK_DELTA], 10 * df * cdf(exact.d1()), "delta of A");
  expect_near(b.greeks.value[QS_GREEK_DELTA], -10 * df * cdf(exact.d1() - exact.spread()), "delta of B");
  expect_near(a.greeks.value[QS_GREEK_GAMMA], 10 * exact.gamma(), "gamma of A");
  const double ratio = exact.a / exact.b;
  expect_near(b.greeks.value[QS_GREEK_GAMMA], 10 * exact.gamma() * ratio * ratio, "gamma of B");
  ASSERT_EQ(results->cross_gamma_count, 1u);
  EXPECT_STREQ(results->cross_gammas[0].between[1], "B");
  expect_near(results->cross_gammas[0].value, -10 * exact.gamma() * ratio, "cross gamma");
  Exchange up = exact, down = exact, later = exact;
  up.sigma_b += 1e-4, down.sigma_b -= 1e-4, later.years -= 1.0 / 365;
  expect_near(b.greeks.value[QS_GREEK_PARAMETER + QS_SIGMA], 10 * (up.value() - down.value()) / 2e-4,
              "d_sigma");
  expect_near(a.greeks.value[QS_GREEK_THETA], 10 * (later.value() - exact.value()), "theta");
  expect_near(a.greeks.value[QS_GREEK_D_RATE], -10 * exact.years * exact.value(), "d_rate");
  expect_near(results->total.value, 10 * exact.value(), "total");
}

// Shocks to one underlying, to both, to volatility and to rates.
TEST_F(JointRuns, StressRevalues) {
  inputs.sections |= QS_SECTION_STRESS;
  const char *only_b[] = {"B"};
  qs_scenario_spec scenarios[3];
  for (qs_scenario_spec &s : scenarios)
    qs_scenario_spec_init(&s);
  scenarios[0].name = "B falls", scenarios[0].spot = -0.3;
  scenarios[0].underlyings = only_b, scenarios[0].underlying_count = 1;
  scenarios[1].name = "both, wilder", scenarios[1].spot = 0.2, scenarios[1].volatility = 0.5;
  scenarios[2].name = "rates", scenarios[2].discount_rate = 0.02, scenarios[2].carry = 0.01;
  inputs.stress.scenarios = scenarios;
  inputs.stress.scenario_count = 3;
  run();
  Exchange falls = exact, wilder = exact, rates = exact;
  falls.b *= 0.7;
  wilder.a *= 1.2, wilder.b *= 1.2, wilder.sigma_a *= 1.5, wilder.sigma_b *= 1.5;
  rates.rate += 0.02, rates.carry += 0.01;
  const Exchange *shocked[] = {&falls, &wilder, &rates};
  for (int k = 0; k < 3; k++)
    expect_near(results->stress.scenarios[k].pnl, 10 * (shocked[k]->value() - exact.value()),
                scenarios[k].name);
}

TEST_F(JointRuns, FixingsOfThePast) {
  const qs_time start = kAsOf - 40 * kDay;
  const qs_schedule_spec then = {"start", &start, 1, {}, true};
  const double past[] = {80, 110};
  trades[0].script.payoff = "max(100 * A[T] / A[start] - 100 * B[T] / B[start], 0)";
  trades[0].script.schedules = &then;
  trades[0].script.schedule_count = 1;
  trades[0].path.past = past;
  trades[0].path.past_count = 2;
  run();
  exact.a = 100 * 100 / 80.0, exact.b = 100 * 95 / 110.0;
  expect_near(results->trades[0].value, 10 * exact.value(), "value");
}

TEST_F(JointRuns, ExpiresWithinADay) {
  trades[0].expiry = kAsOf + kDay / 2;
  run();
  const qs_trade_result &soon = results->trades[0];
  EXPECT_NEAR(soon.value.estimate + soon.greeks.value[QS_GREEK_THETA].estimate, 50, 1e-3);
}

TEST_F(JointRuns, SameBytesFromAnyThreads) {
  inputs.simulation.paths = 4096;
  char *texts[2] = {};
  for (int k = 0; k < 2; k++) {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = 1 + 6 * k;
    qs_engine *own = nullptr;
    char message[256];
    ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &own), QS_OK) << message;
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    const qs_results *made = nullptr;
    ASSERT_EQ(qs_run(own, &inputs, ~0u, &made), QS_OK);
    ASSERT_EQ(qs_results_json(own, made, &texts[k]), QS_OK);
    qs_results_destroy(made);
    EXPECT_STREQ(texts[0], texts[k]);
    qs_engine_destroy(own);
  }
}

TEST_F(JointRuns, Refused) {
  const char *twice[] = {"A", "A"}, *unknown[] = {"A", "Z"};
  const auto said = [&](const char *what) {
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    EXPECT_EQ(qs_run(engine, &inputs, ~0u, &results), QS_ERROR_INPUT);
    EXPECT_NE(std::string(qs_engine_message(engine)).find(what), std::string::npos)
        << qs_engine_message(engine);
  };
  trades[0].script.payoff = "A[T]";
  const qs_trade_spec good = trades[0];
  trades[0].underlyings = unknown;
  said("Z is none of this run's underlyings");
  trades[0].underlyings = twice;
  said("A stands there twice");
  trades[0] = good;
  trades[0].settlement = QS_SETTLE_COIN;
  said("settled linearly");
  trades[0] = good;
  trades[0].type = QS_TRADE_EUROPEAN;
  said("a european has one");
  trades[0] = good;
  const qs_shift_spec shift = {kEnd, NAN, 0.01};
  underlyings[1].shift = &shift;
  underlyings[1].shift_count = 1;
  said("the model of B has a shift");
  underlyings[1].shift_count = 0;
  underlyings[1].discount_rate = 0.01;
  said("different discount rates");
}

TEST_F(ScriptRuns, RefusesABridgeOverAShift) {
  const qs_shift_spec shift = {kEnd, NAN, 0.01};
  underlyings[0].shift = &shift;
  underlyings[0].shift_count = 1;
  add("barrier", QS_TRADE_BARRIER);
  trades.back().strike = 100;
  trades.back().path.lower = 80;
  inputs.trades = trades.data();
  inputs.trade_count = 1;
  EXPECT_EQ(qs_run(engine, &inputs, ~0u, &results), QS_ERROR_INPUT);
  EXPECT_NE(std::string(qs_engine_message(engine)).find("must be discrete"), std::string::npos)
      << qs_engine_message(engine);
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
