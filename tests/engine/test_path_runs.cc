// Whole runs with trades along paths: from files and from memory the same, under every section, from any
// number of threads.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "quickset/quickset.h"
#include "tests/failing_allocator.h"

namespace {

const qs_time kDay = 86400;
const qs_time kAsOf = 1772443800; // 2026-03-02T09:30:00Z
const qs_time kEnd = 1783065600;  // 2026-07-03T08:00:00Z

const char config_text[] = R"(as_of: 2026-03-02T09:30:00Z
simulation: {paths: 2048}
underlyings:
  - {name: X, spot: 100, carry: 0.02, discount_rate: 0.05, coin_rate: 0.01, model: {type: heston, v0: 0.25, kappa: 2, theta: 0.36, xi: 0.8, rho: -0.5}}
  - {name: G, spot: 20, model: {type: gbm, sigma: 0.5}}
cash:
  - {currency: USD, amount: 100000}
trades:
  - {id: digital, type: digital, underlying: X, call_put: put, strike: 100, expiry: 2026-07-03T08:00:00Z, quantity: -3, amount: 50}
  - {id: asian, type: asian, underlying: X, call_put: call, strike: 100, quantity: 5, settlement: coin, past: [97], fixings: {every: week, from: 2026-02-27T08:00:00Z, to: 2026-07-03T08:00:00Z}}
  - {id: barrier, type: barrier, underlying: G, call_put: call, strike: 20, expiry: 2026-07-03T08:00:00Z, quantity: 30, knock: out, upper: 40, lower: 10, rebate: 1, rebate_paid: hit}
  - {id: lookback, type: lookback, underlying: X, call_put: put, floating: true, quantity: 2, past: [97, 103], fixings: [2026-02-27, 2026-03-01, 2026-04-01, 2026-07-03T08:00:00Z]}
  - {id: start, type: forward_start, underlying: G, call_put: call, start: 2026-05-01, expiry: 2026-07-03T08:00:00Z, quantity: 7, moneyness: 1.1}
  - {id: cliquet, type: cliquet, underlying: X, expiry: 2026-07-03T08:00:00Z, quantity: 1000, fixings: {every: month}, local_floor: -0.05, local_cap: 0.1, global_floor: 0}
  - {id: variance, type: variance_swap, underlying: X, strike: 0.5, cap: 1.2, annualisation: 365, expiry: 2026-04-03T08:00:00Z, quantity: 100, fixings: {every: day}}
  - {id: soon, type: volatility_swap, underlying: G, strike: 0.5, expiry_years: 0.001, quantity: 1, fixings: {every: 1}}
)";

const char sections_text[] = R"(risk:
  levels: [0.9]
  what_if:
    - {id: more, type: asian, underlying: G, call_put: call, strike: 21, expiry_years: 0.3, quantity: 1, fixings: {every: 10}}
stress:
  spot: [-0.3, 0, 0.3]
  volatility: [0, 0.5]
  margin_grid: {spot: [-0.1, 0, 0.1], volatility: [0, 0.3]}
  scenarios:
    - {name: rates, discount_rate: 0.01, carry: 0.01}
hedge:
  instruments: [X-PERPETUAL, G-PERPETUAL]
  cost_weight: 1
  costs:
    - {instrument: perpetual, half_spread: 0.0001}
  limits: {max_margin: 100000, max_leverage: 5}
)";

class PathRuns : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/quickset-runs-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
    engine = make(2);
    ASSERT_NE(engine, nullptr);
  }
  void TearDown() override {
    qs_engine_destroy(engine);
    std::remove((folder + "/config.yaml").c_str());
    std::remove(folder.c_str());
  }
  static qs_engine *make(int threads) {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = threads;
    qs_engine *made = nullptr;
    char message[256];
    EXPECT_EQ(qs_engine_create(&spec, message, sizeof message, &made), QS_OK) << message;
    return made;
  }
  qs_config *load(const std::string &text) {
    std::ofstream(folder + "/config.yaml") << text;
    qs_config *config = nullptr;
    EXPECT_EQ(qs_config_load(engine, (folder + "/config.yaml").c_str(), nullptr, 0, &config), QS_OK)
        << qs_engine_message(engine);
    return config;
  }
  static std::string run(qs_engine *with, const qs_inputs *inputs) {
    const qs_results *results = nullptr;
    EXPECT_EQ(qs_run(with, inputs, ~0u, &results), QS_OK) << qs_engine_message(with);
    char *json = nullptr;
    EXPECT_EQ(qs_results_json(with, results, &json), QS_OK);
    std::string text = json ? json : "";
    qs_text_free(with, json);
    qs_results_destroy(results);
    return text;
  }
  std::string folder;
  qs_engine *engine = nullptr;
};

qs_trade_spec trade(const char *id, qs_trade_type type, const char *underlying, double quantity,
                    qs_time expiry = kEnd) {
  qs_trade_spec t;
  qs_trade_spec_init(&t);
  t.id = id;
  t.type = type;
  t.underlying = underlying;
  t.quantity = quantity;
  t.expiry = expiry;
  return t;
}

TEST_F(PathRuns, FilesAndMemoryAgree) {
  qs_config *config = load(config_text);
  ASSERT_NE(config, nullptr);
  std::string from_files = run(engine, qs_config_inputs(config));
  std::vector<qs_underlying_spec> underlyings(2);
  qs_underlying_spec_init(&underlyings[0]);
  underlyings[0].name = "X";
  underlyings[0].spot = 100;
  underlyings[0].carry = 0.02;
  underlyings[0].discount_rate = 0.05;
  underlyings[0].coin_rate = 0.01;
  underlyings[0].model = {QS_MODEL_HESTON, {0.25, 2, 0.36, 0.8, -0.5}};
  underlyings[0].given = 31;
  qs_underlying_spec_init(&underlyings[1]);
  underlyings[1].name = "G";
  underlyings[1].spot = 20;
  underlyings[1].model.type = QS_MODEL_GBM;
  underlyings[1].model.value[QS_SIGMA] = 0.5;
  underlyings[1].given = 1u << QS_SIGMA;
  const double past[] = {97, 103};
  const qs_time dates[] = {kAsOf - 3 * kDay - 34200, kAsOf - kDay - 34200, kAsOf + 30 * kDay - 34200, kEnd};
  std::vector<qs_trade_spec> trades;
  trades.push_back(trade("digital", QS_TRADE_DIGITAL, "X", -3));
  trades.back().call_put = QS_PUT;
  trades.back().strike = 100;
  trades.back().path.amount = 50;
  trades.push_back(trade("asian", QS_TRADE_ASIAN, "X", 5, 0));
  trades.back().strike = 100;
  trades.back().settlement = QS_SETTLE_COIN;
  trades.back().path.rule = {7, 0, kAsOf - 3 * kDay - 5400, kEnd, false};
  trades.back().path.past = past;
  trades.back().path.past_count = 1;
  trades.push_back(trade("barrier", QS_TRADE_BARRIER, "G", 30));
  trades.back().strike = 20;
  trades.back().path.upper = 40;
  trades.back().path.lower = 10;
  trades.back().path.rebate = 1;
  trades.back().path.rebate_paid = QS_REBATE_AT_HIT;
  trades.push_back(trade("lookback", QS_TRADE_LOOKBACK, "X", 2, 0));
  trades.back().call_put = QS_PUT;
  trades.back().path.floating = true;
  trades.back().path.fixings = dates;
  trades.back().path.fixing_count = 4;
  trades.back().path.past = past;
  trades.back().path.past_count = 2;
  trades.push_back(trade("start", QS_TRADE_FORWARD_START, "G", 7));
  trades.back().path.start = kAsOf + 60 * kDay - 34200;
  trades.back().path.moneyness = 1.1;
  trades.push_back(trade("cliquet", QS_TRADE_CLIQUET, "X", 1000));
  trades.back().path.rule.months = 1;
  trades.back().path.local_floor = -0.05;
  trades.back().path.local_cap = 0.1;
  trades.back().path.global_floor = 0;
  trades.push_back(trade("variance", QS_TRADE_VARIANCE_SWAP, "X", 100, kEnd - 91 * kDay));
  trades.back().strike = 0.5;
  trades.back().path.cap = 1.2;
  trades.back().path.annualisation = 365;
  trades.back().path.rule.days = 1;
  trades.push_back(trade("soon", QS_TRADE_VOLATILITY_SWAP, "G", 1, 0));
  trades.back().strike = 0.5;
  trades.back().expiry_years = 0.001;
  trades.back().path.rule.days = 1;
  const qs_cash_spec cash = {"USD", 100000, nullptr, nullptr};
  qs_inputs inputs;
  qs_inputs_init(&inputs);
  inputs.sections = QS_SECTION_CALIBRATE | QS_SECTION_VALUE;
  inputs.as_of = kAsOf;
  inputs.simulation.paths = 2048;
  inputs.underlyings = underlyings.data();
  inputs.underlying_count = underlyings.size();
  inputs.trades = trades.data();
  inputs.trade_count = trades.size();
  inputs.cash = &cash;
  inputs.cash_count = 1;
  EXPECT_TRUE(run(engine, &inputs) == from_files);
  qs_config_destroy(config);
}

TEST_F(PathRuns, EverySectionTakesThem) {
  qs_config *config = load(std::string(config_text) + sections_text);
  ASSERT_NE(config, nullptr);
  const qs_results *results = nullptr;
  ASSERT_EQ(qs_run(engine, qs_config_inputs(config), ~0u, &results), QS_OK) << qs_engine_message(engine);
  ASSERT_EQ(results->warning_count, 1u);
  EXPECT_EQ(std::string(results->warnings[0])
                .find("risk, hedge, margin grid: trades along paths (digital, asian, "
                      "barrier, lookback, start, cliquet, variance, soon and 1 "
                      "more) are approximated there"),
            0u)
      << results->warnings[0];
  EXPECT_TRUE(results->trusted);
  for (size_t i = 0; i < results->trade_count; i++) {
    EXPECT_TRUE(results->trades[i].trusted) << results->trades[i].id << results->trades[i].why;
  }
  EXPECT_STREQ(results->trades[6].kind, "variance_swap");
  ASSERT_TRUE(results->risk.present);
  EXPECT_TRUE(std::isfinite(results->risk.levels[0].var.estimate));
  EXPECT_GT(results->risk.levels[0].var.estimate, 0);
  ASSERT_EQ(results->risk.incremental_count, 2u);
  EXPECT_NE(results->risk.incremental[0].var[0], 0);
  ASSERT_TRUE(results->stress.present);
  EXPECT_EQ(results->stress.grid[1].pnl.estimate, 0); /* no shock */
  EXPECT_NE(results->stress.grid[0].pnl.estimate, 0);
  EXPECT_GT(results->stress.margin_requirement, 0);
  ASSERT_TRUE(results->hedge.present);
  EXPECT_TRUE(results->hedge.trusted) << results->hedge.why;
  EXPECT_LT(results->hedge.after.variance.estimate, results->hedge.before.variance.estimate);
  EXPECT_GT(results->hedge.before.margin, 0);
  qs_results_destroy(results);
  std::string two = run(engine, qs_config_inputs(config));
  qs_engine *alone = make(1);
  EXPECT_TRUE(run(alone, qs_config_inputs(config)) == two);
  qs_engine_destroy(alone);
  qs_config_destroy(config);
}

// Sobol points, rounds and controls in a whole run: the same bits from one thread, and what is said of them.
TEST_F(PathRuns, SobolTowardsATarget) {
  std::string text = std::string(config_text) + sections_text;
  const std::string plain = "simulation: {paths: 2048}";
  text.replace(text.find(plain), plain.size(),
               "simulation: {paths: 2048, sampling: sobol, target_std_error: 0.0002, max_paths: 20000}");
  qs_config *config = load(text);
  ASSERT_NE(config, nullptr);
  const qs_results *results = nullptr;
  ASSERT_EQ(qs_run(engine, qs_config_inputs(config), ~0u, &results), QS_OK) << qs_engine_message(engine);
  EXPECT_STREQ(results->sampling, "sobol");
  EXPECT_EQ(results->paths, 16384u);
  EXPECT_EQ(results->target_std_error, 0.0002);
  EXPECT_FALSE(results->target_reached);
  EXPECT_TRUE(results->trusted);
  std::string missed;
  for (size_t i = 0; i < results->trade_count; i++) {
    const qs_trade_result &t = results->trades[i];
    const double spot = t.underlying && std::string(t.underlying) == "G" ? 20 : 100;
    EXPECT_EQ(t.target_missed, t.price.std_error > 0.0002 * spot) << t.id;
    missed += t.target_missed ? (missed.empty() ? "" : ", ") + std::string(t.id) : "";
  }
  ASSERT_EQ(results->warning_count, 2u);
  EXPECT_EQ(std::string(results->warnings[0]),
            "simulation.target_std_error: 16384 paths do not bring the standard error of " + missed +
                " to 0.0002 of spot; simulation.max_paths allows no more");
  EXPECT_EQ(results->stress.grid[1].pnl.estimate, 0);
  EXPECT_STREQ(results->trades[1].controls, "forward, average, european");
  EXPECT_GT(results->trades[1].variance_ratio, 1);
  qs_results_destroy(results);
  std::string two = run(engine, qs_config_inputs(config));
  qs_engine *alone = make(1);
  EXPECT_TRUE(run(alone, qs_config_inputs(config)) == two);
  qs_engine_destroy(alone);
  qs_inputs inputs = *qs_config_inputs(config);
  inputs.simulation.variance_reduction = QS_REDUCTION_ANTITHETIC;
  EXPECT_EQ(qs_check(engine, &inputs), QS_ERROR_INPUT);
  inputs.simulation.variance_reduction = QS_REDUCTION_AUTO;
  inputs.simulation.target_std_error = 0;
  EXPECT_EQ(qs_check(engine, &inputs), QS_ERROR_INPUT);
  qs_config_destroy(config);
}

// As config_text, with early exercise alone.
const char early_text[] = R"(as_of: 2026-03-02T09:30:00Z
simulation: {paths: 2048}
underlyings:
  - {name: X, spot: 100, carry: 0.02, discount_rate: 0.08, coin_rate: 0.05, model: {type: heston, v0: 0.25, kappa: 2, theta: 0.36, xi: 0.8, rho: -0.5}}
  - {name: G, spot: 20, carry: 0.05, discount_rate: 0.1, model: {type: gbm, sigma: 0.5}}
cash:
  - {currency: USD, amount: 100000}
trades:
  - {id: bermudan, type: bermudan, underlying: X, call_put: put, strike: 105, quantity: 5, settlement: coin, exercise: [2026-04-01, 2026-05-01, 2026-07-03T08:00:00Z]}
  - {id: twin, type: bermudan, underlying: X, call_put: put, strike: 95, quantity: -5, exercise: {every: month, to: 2026-07-03T08:00:00Z}}
  - {id: american, type: american, underlying: G, call_put: put, strike: 21, expiry: 2026-07-03T08:00:00Z, quantity: 30}
)";

TEST_F(PathRuns, EarlyExerciseGoesThroughEverySection) {
  std::string sections = sections_text;
  const std::string asian =
      "type: asian, underlying: G, call_put: call, strike: 21, expiry_years: 0.3, quantity: 1, "
      "fixings: {every: 10}";
  sections.replace(
      sections.find(asian), asian.size(),
      "type: american, underlying: G, call_put: call, strike: 21, expiry_years: 0.3, quantity: 1");
  qs_config *config = load(early_text + sections);
  ASSERT_NE(config, nullptr);
  const qs_results *results = nullptr;
  ASSERT_EQ(qs_run(engine, qs_config_inputs(config), ~0u, &results), QS_OK) << qs_engine_message(engine);
  EXPECT_TRUE(results->trusted);
  for (size_t i = 0; i < 3; i++) {
    const qs_trade_result &t = results->trades[i];
    EXPECT_TRUE(t.trusted) << t.why;
    EXPECT_TRUE(t.bounds.present);
    EXPECT_GE(t.bounds.gap.estimate, 0);
    EXPECT_EQ(t.bounds.dates, i == 0 ? 3u : i == 1 ? 6u : 49u);
  }
  EXPECT_FALSE(results->trades[3].bounds.present);
  EXPECT_STREQ(results->trades[2].kind, "american");
  ASSERT_EQ(results->risk.incremental_count, 2u);
  EXPECT_GT(results->risk.levels[0].var.estimate, 0);
  EXPECT_EQ(results->stress.grid[1].pnl.estimate, 0); /* no shock */
  EXPECT_NE(results->stress.grid[0].pnl.estimate, 0);
  EXPECT_LT(results->hedge.after.variance.estimate, results->hedge.before.variance.estimate);
  // The total's error is that of its parts where they share no paths, and the batches tell what they share.
  const double apart = std::hypot(results->trades[2].value.std_error,
                                  results->trades[0].value.std_error + results->trades[1].value.std_error);
  EXPECT_LT(results->total.value.std_error, apart);
  EXPECT_GT(results->total.value.std_error, 0);
  qs_results_destroy(results);
  std::string two = run(engine, qs_config_inputs(config));
  EXPECT_NE(two.find("\"extrapolation\""), std::string::npos);
  qs_engine *alone = make(1);
  EXPECT_TRUE(run(alone, qs_config_inputs(config)) == two);
  qs_engine_destroy(alone);
  qs_config_destroy(config);
}

// Early exercise of formulas: of two underlyings, of one, and at once.
const char formulas_text[] = R"yaml(as_of: 2026-03-02T09:30:00Z
simulation: {paths: 2048}
underlyings:
  - {name: X, spot: 100, carry: 0.02, discount_rate: 0.08, model: {type: heston, v0: 0.25, kappa: 2, theta: 0.36, xi: 0.8, rho: -0.5}}
  - {name: G, spot: 20, carry: 0.05, discount_rate: 0.08, model: {type: gbm, sigma: 0.5}}
correlations: [{between: [X, G], value: 0.4}]
cash:
  - {currency: USD, amount: 100000}
trades:
  - {id: best, type: bermudan, underlyings: [X, G], payoff: "max(X[t], 5 * G[t]) - K", constants: {K: 100}, quantity: 5, exercise: [2026-04-01, 2026-05-01, 2026-07-03T08:00:00Z]}
  - {id: single, type: bermudan, underlying: X, payoff: "max(K - S[t], 0)", constants: {K: 105}, quantity: -5, exercise: {every: month, to: 2026-07-03T08:00:00Z}}
  - {id: spread, type: american, underlyings: [G, X], payoff: "X[t] - 5 * G[t]", expiry: 2026-07-03T08:00:00Z, quantity: 3}
  - {id: at once, type: american, underlyings: [X, G], payoff: "max(400 - X[t] - 5 * G[t], 0)", expiry: 2026-07-03T08:00:00Z, quantity: 1}
)yaml";

TEST_F(PathRuns, EarlyExerciseOfFormulasGoesThroughEverySection) {
  qs_config *config = load(std::string(formulas_text) + sections_text);
  ASSERT_NE(config, nullptr);
  const qs_results *results = nullptr;
  ASSERT_EQ(qs_run(engine, qs_config_inputs(config), ~0u, &results), QS_OK) << qs_engine_message(engine);
  ASSERT_EQ(results->trade_count, 8u); /* a row for each underlying, and cash */
  const char *ids[] = {"best", "best/G", "single", "spread", "spread/X", "at once", "at once/G", "cash-USD"};
  for (size_t i = 0; i < 8; i++) {
    const qs_trade_result &t = results->trades[i];
    EXPECT_STREQ(t.id, ids[i]);
    const bool first = std::string(t.id).find('/') == std::string::npos && i != 7;
    EXPECT_EQ(t.bounds.present, first) << t.id;
    EXPECT_EQ(t.value.estimate != 0, first || i == 7) << t.id;
    EXPECT_EQ(t.greeks.value[QS_GREEK_DELTA].estimate != 0, i != 7) << t.id;
  }
  EXPECT_STREQ(results->trades[0].kind, "bermudan");
  EXPECT_EQ(results->trades[0].bounds.dates, 3u);
  EXPECT_EQ(results->trades[3].bounds.dates, 49u);
  EXPECT_NEAR(results->trades[5].price.estimate, 200, 1e-9);
  EXPECT_EQ(results->cross_gamma_count, 3u);
  ASSERT_EQ(results->warning_count, 1u);
  EXPECT_NE(std::string(results->warnings[0]).find("best, single, spread, at once"), std::string::npos)
      << results->warnings[0];
  EXPECT_GT(results->risk.levels[0].var.estimate, 0);
  EXPECT_EQ(results->stress.grid[1].pnl.estimate, 0); /* no shock */
  EXPECT_NE(results->stress.grid[0].pnl.estimate, 0);
  EXPECT_GT(results->stress.margin_requirement, 0);
  EXPECT_LT(results->hedge.after.variance.estimate, results->hedge.before.variance.estimate);
  qs_results_destroy(results);
  std::string two = run(engine, qs_config_inputs(config));
  qs_engine *alone = make(1);
  EXPECT_TRUE(run(alone, qs_config_inputs(config)) == two);
  qs_engine_destroy(alone);
  qs_config_destroy(config);
}

TEST_F(PathRuns, FormulasOfEarlyExerciseAgreeInFilesAndMemory) {
  qs_config *config = load(formulas_text);
  ASSERT_NE(config, nullptr);
  const std::string from_files = run(engine, qs_config_inputs(config));
  qs_inputs inputs = *qs_config_inputs(config);
  std::vector<qs_trade_spec> trades;
  const char *names[3][2] = {{"X", "G"}, {"G", "X"}, {"X", "G"}};
  const qs_constant_spec constants[] = {{"K", 100}, {"K", 105}};
  const qs_time dates[] = {kAsOf + 30 * kDay - 34200, kAsOf + 60 * kDay - 34200, kEnd};
  trades.push_back(trade("best", QS_TRADE_BERMUDAN, nullptr, 5, 0));
  trades.back().path.fixings = dates;
  trades.back().path.fixing_count = 3;
  trades.back().script.payoff = "max(X[t], 5 * G[t]) - K";
  trades.push_back(trade("single", QS_TRADE_BERMUDAN, "X", -5, 0));
  trades.back().path.rule = {0, 1, 0, kEnd, false};
  trades.back().script.payoff = "max(K - S[t], 0)";
  trades.push_back(trade("spread", QS_TRADE_AMERICAN, nullptr, 3));
  trades.back().script.payoff = "X[t] - 5 * G[t]";
  trades.push_back(trade("at once", QS_TRADE_AMERICAN, nullptr, 1));
  trades.back().script.payoff = "max(400 - X[t] - 5 * G[t], 0)";
  for (int k = 0; k < 2; k++) {
    trades[k].script.constants = &constants[k];
    trades[k].script.constant_count = 1;
  }
  for (int k : {0, 2, 3}) {
    trades[k].underlyings = names[k ? k - 1 : 0];
    trades[k].underlying_count = 2;
  }
  inputs.trades = trades.data();
  inputs.trade_count = trades.size();
  EXPECT_TRUE(run(engine, &inputs) == from_files);
  const auto refused = [&](const char *said) {
    EXPECT_EQ(qs_check(engine, &inputs), QS_ERROR_INPUT);
    EXPECT_NE(std::string(qs_engine_message(engine)).find(said), std::string::npos)
        << qs_engine_message(engine);
  };
  const qs_trade_spec good = trades[0];
  trades[0].strike = 100;
  refused("strike: a bermudan by formula has none");
  trades[0] = good;
  trades[0].settlement = QS_SETTLE_COIN;
  refused("settled linearly");
  trades[0] = good;
  trades[0].script.payoff = nullptr;
  refused("underlyings: a bermudan without a payoff has one");
  trades[0] = good;
  trades[0].script.payoff = "X[T]";
  refused("no dates of that name");
  qs_config_destroy(config);
}

// One trade of the inputs, every allocation failing once.
void may_lack_memory(const qs_inputs *from) {
  Failing memory;
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = QS_BACKEND_CPU;
  spec.threads = 1;
  spec.allocator = {failing_allocate, failing_release, &memory};
  qs_engine *failing = nullptr;
  char message[256] = "";
  ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &failing), QS_OK) << message;
  qs_inputs inputs = *from;
  inputs.trade_count = 1;
  inputs.simulation.paths = 1024;
  long at_rest = memory.live, failures = 0;
  qs_status status = QS_ERROR_MEMORY;
  for (long n = 0; status == QS_ERROR_MEMORY; n++) {
    ASSERT_LT(n, 20000);
    memory.left = n;
    const qs_results *results = nullptr;
    status = qs_run(failing, &inputs, ~0u, &results);
    failures += status == QS_ERROR_MEMORY;
    ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << n << ": " << qs_engine_message(failing);
    if (!status) {
      qs_results_destroy(results);
    }
    EXPECT_EQ(memory.live, at_rest) << "after the failure of allocation " << n;
  }
  EXPECT_GT(failures, 20);
  memory.left = -1;
  qs_engine_destroy(failing);
  EXPECT_EQ(memory.live, 0);
}

TEST_F(PathRuns, EarlyExerciseMayLackMemory) {
  for (const char *text : {early_text, formulas_text}) {
    qs_config *config = load(text);
    ASSERT_NE(config, nullptr);
    may_lack_memory(qs_config_inputs(config));
    qs_config_destroy(config);
  }
}

} // namespace
