/* The program from outside: exit statuses, one message, nothing half-written. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <jansson.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <functional>
#include <thread>

#include "bad_folder.h"
#include "program.h"

namespace {

class BadInput : public testing::TestWithParam<BadCase> {};

TEST_P(BadInput, Exit3OneMessageNothingWritten) {
  const BadCase &c = GetParam();
  Scratch folder;
  std::string place = write_bad_case(folder, c);
  std::vector<std::string> before = folder.list();
  Outcome outcome = run({"run", folder / "config.yaml", "--out", folder / "results"});
  EXPECT_EQ(outcome.code, 3);
  std::string message = one_message(outcome);
  EXPECT_EQ(message.rfind(place, 0), 0u) << message;
  for (const std::string &part : c.said) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
  EXPECT_EQ(folder.list(), before);
}

std::string case_name(const testing::TestParamInfo<BadCase> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Program, BadInput, testing::ValuesIn(bad_cases()), case_name);

/* A book whose numbers take a moment. */
const char quick[] = R"(as_of: 2026-03-02T09:30:00Z
output: results
simulation: {paths: 4096}
underlyings:
  - {name: X, spot: 100, discount_rate: 0.05, model: {type: heston, v0: 0.04, kappa: 1.5, theta: 0.04, xi: 0.5, rho: -0.7}}
trades:
  - {id: c, type: european, underlying: X, call_put: call, strike: 105, expiry_years: 0.5, quantity: 3}
  - {id: p, type: european, underlying: X, call_put: put, strike: 95, expiry_years: 0.25, quantity: -2}
cash: [{currency: USD, amount: 1000}]
risk: {horizon_days: 1, levels: [0.95]}
limits: [{measure: delta, max: 1.0e-6}]
stress: {spot: [-0.1, 0, 0.1], volatility: [0, 0.5]}
)";

class Program : public testing::Test {
protected:
  void SetUp() override {
    folder.write("c.yaml", quick);
    config = folder / "c.yaml";
  }
  Scratch folder;
  std::string config;
};

TEST_F(Program, RunsAndWritesBesideItsConfig) {
  Outcome outcome = run({"run", config});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char *part : {"Value and Greeks", "Risk over 1 day", "Stress", "Limits breached", "Results: "}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << "\n" << outcome.out;
  }
  for (const char *file :
       {"results.json", "manifest.json", "trades.csv", "books.csv", "risk.csv", "stress.csv"}) {
    EXPECT_TRUE(std::filesystem::exists(folder / ("results/" + std::string(file)))) << file;
  }
}

TEST_F(Program, SameSeedSameResults) {
  ASSERT_EQ(run({"run", config, "--quiet", "--out", folder / "a"}).code, 0);
  ASSERT_EQ(run({"run", config, "--quiet", "--out", folder / "b", "--threads", "1"}).code, 0);
  ASSERT_EQ(run({"run", config, "--quiet", "--out", folder / "d", "--seed", "2"}).code, 0);
  EXPECT_EQ(Scratch::read(folder / "a/results.json"), Scratch::read(folder / "b/results.json"));
  EXPECT_NE(Scratch::read(folder / "a/results.json"), Scratch::read(folder / "d/results.json"));
}

TEST_F(Program, QuietSaysNothingAndJsonIsTheFile) {
  Outcome quiet = run({"value", config, "--quiet"});
  EXPECT_EQ(quiet.code, 0) << quiet.err;
  EXPECT_EQ(quiet.out + quiet.err, "");
  Outcome json = run({"value", config, "--json"});
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_EQ(json.out, Scratch::read(folder / "results/results.json"));
  json_error_t error;
  json_t *root = json_loads(json.out.c_str(), 0, &error);
  ASSERT_NE(root, nullptr) << error.text;
  EXPECT_EQ(json_array_size(json_object_get(root, "trades")), 3u);
  EXPECT_EQ(json_object_size(json_object_get(root, "stress")), 0u) << "value alone was asked for";
  json_decref(root);
}

TEST_F(Program, OneSectionAlone) {
  for (const char *command : {"value", "risk", "stress"}) {
    EXPECT_EQ(run({command, config, "--quiet"}).code, 0) << command;
  }
  for (const char *command : {"hedge", "calibrate", "simulate"}) {
    Outcome outcome = run({command, config});
    EXPECT_EQ(outcome.code, 3) << command;
    EXPECT_NE(one_message(outcome).find(config), std::string::npos);
  }
}

TEST_F(Program, CheckRunsNothing) {
  std::vector<std::string> before = folder.list();
  Outcome outcome = run({"check", config});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("valid"), std::string::npos);
  EXPECT_EQ(folder.list(), before);
  outcome = run({"check", config, "--set", "underlyings.0.spot=-1"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(one_message(outcome).find("--set underlyings.0.spot=-1: underlyings.0.spot: got -1"),
            std::string::npos);
}

TEST_F(Program, PlanSaysWhatARunTakes) {
  std::vector<std::string> before = folder.list();
  Outcome outcome = run({"plan", config});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.rfind("Plan of " + config + ": ", 0), 0u) << outcome.out;
  EXPECT_NE(outcome.out.find("  value "), std::string::npos);
  EXPECT_NE(outcome.out.find("MB of memory at most\n"), std::string::npos);
  EXPECT_EQ(run({"plan", config, "--quiet"}).out, "");
  EXPECT_EQ(run({"plan", config, "--json"}).out.rfind("{", 0), 0u);
  EXPECT_EQ(folder.list(), before);
  outcome = run({"plan", config, "--set", "underlyings.0.spot=-1"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(one_message(outcome).find("underlyings.0.spot: got -1"), std::string::npos);
}

TEST_F(Program, UsageIsExit2) {
  for (const auto &arguments : std::vector<std::vector<std::string>>{{},
                                                                     {"run"},
                                                                     {"fly", config},
                                                                     {"simulated", config},
                                                                     {"check", config, "--resume"},
                                                                     {"run", config, "--max-hours", "0"},
                                                                     {"run", config, "--threads", "x"},
                                                                     {"run", config, "--set", "nothing"}}) {
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2);
    one_message(outcome);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "results"));
}

TEST_F(Program, HelpVersionAndInfo) {
  Outcome help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("quickset run CONFIG"), std::string::npos);
  EXPECT_EQ(run({"--version"}).out.rfind("quickset ", 0), 0u);
  Outcome info = run({"info"});
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_NE(info.out, "");
}

TEST_F(Program, LimitsAreAnErrorOnRequestOnly) {
  EXPECT_EQ(run({"run", config, "--quiet"}).code, 0);
  Outcome outcome = run({"run", config, "--quiet", "--fail-on-breach"});
  EXPECT_EQ(outcome.code, 6);
  EXPECT_TRUE(std::filesystem::exists(folder / "results/results.json"))
      << "the results are there all the same";
}

/* One underlying whose fit cannot begin does not cost the night: the rest is whole, and says what is not. */
TEST_F(Program, AFitThatCannotBeginIsExit4) {
  folder.write("q.csv", "instrument,bid,ask,mark\n"
                        "Q-INDEX,,,100\n"
                        "Q-27MAR26-100-C,0.030,0.034,0.032\n"
                        "Q-27MAR26-110-C,0.004,0.006,0.005\n");
  folder.write("q.yaml", std::string(quick) + "portfolio: p.csv\n" +
                             "hedge: {instruments: [Q-27MAR26-100-C], risk_aversion: 1}\n");
  folder.write("p.csv", "instrument,quantity\nQ-27MAR26-110-C,2\n");
  std::string text = Scratch::read(folder / "q.yaml");
  const std::string list = "underlyings:\n";
  text.insert(text.find(list) + list.size(),
              "  - {name: Q, quotes: q.csv, model: {type: svcj, calibrate: true}}\n");
  folder.write("q.yaml", text);
  Outcome outcome = run({"run", folder / "q.yaml"});
  ASSERT_EQ(outcome.code, 4) << outcome.err;
  json_t *results = json_loads(Scratch::read(folder / "results/results.json").c_str(), 0, nullptr);
  ASSERT_NE(results, nullptr);
  EXPECT_TRUE(json_is_false(json_object_get(results, "trusted")));
  const json_t *fit = json_array_get(json_object_get(results, "calibration"), 0);
  EXPECT_TRUE(json_is_false(json_object_get(fit, "trusted")));
  const std::string why = json_string_value(json_object_get(fit, "why"));
  EXPECT_NE(why.find("too few quotes"), std::string::npos) << why;
  size_t index;
  json_t *trade;
  json_array_foreach(json_object_get(results, "trades"), index, trade) {
    bool is_q = std::string(json_string_value(json_object_get(trade, "id"))).rfind("Q-", 0) == 0;
    EXPECT_EQ(json_is_true(json_object_get(trade, "trusted")), !is_q)
        << json_string_value(json_object_get(trade, "id"));
  }
  json_decref(results);
}

json_t *find_policy(json_t *results, const char *name) {
  size_t i;
  json_t *policy;
  json_array_foreach(json_object_get(json_object_get(results, "simulate"), "policies"), i, policy) {
    if (std::string(json_string_value(json_object_get(policy, "name"))) == name) {
      return policy;
    }
  }
  ADD_FAILURE() << "no policy " << name;
  return nullptr;
}

void expect_objective(json_t *results, const char *name, double exact, double largest_error) {
  json_t *objective = json_object_get(find_policy(results, name), "objective");
  const double estimate = json_number_value(json_object_get(objective, "estimate"));
  const double error = json_number_value(json_object_get(objective, "std_error"));
  EXPECT_LE(std::abs(estimate - exact), 4 * error) << name << ": " << estimate << " +- " << error;
  EXPECT_GT(error, 0) << name;
  EXPECT_LE(error, largest_error) << name;
}

/* The shipped example of hedging over time has the exact objectives that it states. */
TEST_F(Program, ShortCallHedgedOverTime) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/short_call.yaml";
  const struct {
    const char *weight;
    double delta, local, optimal, largest_error;
  } cases[] = {{"simulate.cost_weight=1", 1.2867, 1.2862, 1.2847, 0.005},
               {"simulate.cost_weight=100", 15.02, 15.03, 10.7976, 0.02}};
  for (const auto &c : cases) {
    Outcome outcome = run({"simulate", example, "--quiet", "--out", folder / "hedged", "--set", c.weight,
                           "--set", "simulate.keep_pnl=true", "--paths", "262144"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    json_t *results = json_loads(Scratch::read(folder / "hedged/results.json").c_str(), 0, nullptr);
    ASSERT_NE(results, nullptr);
    expect_objective(results, "delta_every_date", c.delta, c.largest_error);
    expect_objective(results, "local_every_date", c.local, c.largest_error);
    if (c.largest_error > 0.01) {
      expect_objective(results, "whalley_wilmott", 11.57, 0.02);
    }
    expect_objective(results, "optimal", c.optimal, c.largest_error);
    json_t *section = json_object_get(results, "simulate");
    for (const char *key : {"lower_bound", "gap"}) {
      json_t *e = json_object_get(section, key);
      const double value = json_number_value(json_object_get(e, "estimate"));
      const double error = json_number_value(json_object_get(e, "std_error"));
      EXPECT_NEAR(value, *key == 'g' ? 0 : c.optimal, 3 * error + 1e-4 * c.optimal) << key;
      EXPECT_LT(error, 0.002 * c.optimal) << key;
    }
    json_t *frontier = json_object_get(section, "frontier");
    ASSERT_EQ(json_array_size(frontier), 2u);
    EXPECT_EQ(json_number_value(json_object_get(json_array_get(frontier, 1), "cost_weight")), 20);
    json_decref(results);
    const std::string csv = Scratch::read(folder / "hedged/simulate.csv");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 7);
    const std::string pnl = Scratch::read(folder / "hedged/simulate_pnl.csv");
    EXPECT_EQ(std::count(pnl.begin(), pnl.end(), '\n'), 1 + 262144);
  }
}

/* The shipped example with every mechanic: each is at work, and the attribution adds up. */
TEST_F(Program, PerpetualHedgedWithEveryMechanic) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/perpetual.yaml";
  Outcome outcome = run({"simulate", example, "--quiet", "--out", folder / "hedged"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json_t *results = json_loads(Scratch::read(folder / "hedged/results.json").c_str(), 0, nullptr);
  ASSERT_NE(results, nullptr);
  const auto estimate = [](json_t *object, const char *key) {
    return json_number_value(json_object_get(json_object_get(object, key), "estimate"));
  };
  json_t *policy = find_policy(results, "delta_every_date"), *parts = json_object_get(policy, "attribution");
  double sum = 0, largest = 0;
  for (const char *key : {"options", "hedge", "funding", "fees", "spread", "impact", "liquidation"}) {
    const double part = estimate(parts, key);
    EXPECT_NE(part, 0) << key;
    sum += *key == 'o' || *key == 'h' || std::string(key) == "funding" ? part : -part;
    largest = std::max(largest, std::abs(part));
  }
  EXPECT_NEAR(estimate(parts, "net"), sum, 1e-9 * largest);
  EXPECT_GT(estimate(policy, "liquidated"), 0.001);
  EXPECT_LT(estimate(policy, "liquidated"), 0.5);
  json_t *section = json_object_get(results, "simulate");
  EXPECT_TRUE(json_is_null(json_object_get(section, "lower_bound")));
  json_decref(results);
}

/* The shipped example of hedges that fail: every way is at work, and is shown. */
TEST_F(Program, HedgesThatFail) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/failing.yaml";
  Outcome outcome = run({"simulate", example, "--paths", "16384", "--out", folder / "hedged"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("venue failed"), std::string::npos) << outcome.out;
  json_t *results = json_loads(Scratch::read(folder / "hedged/results.json").c_str(), 0, nullptr);
  ASSERT_NE(results, nullptr);
  const auto estimate = [](json_t *object, const char *key) {
    return json_number_value(json_object_get(json_object_get(object, key), "estimate"));
  };
  json_t *policy = find_policy(results, "delta_every_date"), *parts = json_object_get(policy, "attribution");
  EXPECT_GT(estimate(parts, "lost"), 0);
  EXPECT_GT(estimate(policy, "failed"), 0);
  EXPECT_LT(estimate(policy, "failed"), 0.05);
  EXPECT_GT(estimate(policy, "liquidated"), 0);
  json_decref(results);
}

/* The preset with all mechanics on: each leaves something, and what they leave adds up. */
TEST_F(Program, CryptoPresetHasEveryMechanic) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/crypto.yaml";
  Outcome outcome = run({"simulate", example, "--quiet", "--paths", "12288", "--out", folder / "hedged"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json_t *results = json_loads(Scratch::read(folder / "hedged/results.json").c_str(), 0, nullptr);
  ASSERT_NE(results, nullptr);
  const auto estimate = [](json_t *object, const char *key) {
    return json_number_value(json_object_get(json_object_get(object, key), "estimate"));
  };
  json_t *policy = find_policy(results, "delta_every_date"), *parts = json_object_get(policy, "attribution");
  double sum = 0, largest = 0;
  for (const std::string key : {"options", "hedge", "funding", "collateral"}) {
    EXPECT_NE(estimate(parts, key.c_str()), 0) << key;
    sum += estimate(parts, key.c_str());
    largest = std::max(largest, std::abs(estimate(parts, key.c_str())));
  }
  for (const std::string key : {"fees", "spread", "impact", "liquidation", "lost", "transfers"}) {
    EXPECT_GT(estimate(parts, key.c_str()), 0) << key;
    sum -= estimate(parts, key.c_str());
  }
  EXPECT_NEAR(estimate(parts, "net"), sum, 1e-9 * largest);
  json_t *venues = json_object_get(policy, "venues");
  ASSERT_EQ(json_array_size(venues), 3u);
  double turnover = 0;
  for (size_t v = 0; v < 3; v++)
    turnover += estimate(json_array_get(venues, v), "turnover");
  EXPECT_NEAR(turnover, estimate(policy, "turnover"), 1e-9 * turnover);
  EXPECT_GT(estimate(json_array_get(venues, 0), "turnover"), estimate(json_array_get(venues, 2), "turnover"));
  json_decref(results);
}

/* An option beside the price: better than the price alone, within 3% of what nothing can beat. */
TEST_F(Program, HedgesWithAnOption) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/with_option.yaml";
  Outcome outcome = run({"simulate", example, "--quiet", "--paths", "16384", "--out", folder / "hedged"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json_t *results = json_loads(Scratch::read(folder / "hedged/results.json").c_str(), 0, nullptr);
  ASSERT_NE(results, nullptr);
  const auto estimate = [](json_t *object, const char *key) {
    return json_number_value(json_object_get(json_object_get(object, key), "estimate"));
  };
  json_t *section = json_object_get(results, "simulate");
  const double bound = estimate(section, "lower_bound"), gap = estimate(section, "gap");
  EXPECT_GT(gap, 0);
  EXPECT_LT(gap, 0.03 * bound);
  const double optimum = estimate(find_policy(results, "optimal"), "objective");
  EXPECT_NEAR(optimum, bound + gap, 0.02 * bound);
  EXPECT_LT(optimum, 0.9 * 1.679); // the optimum of the price alone
  EXPECT_GT(estimate(find_policy(results, "delta_gamma"), "objective"), optimum);
  json_decref(results);
}

/* The shipped example on recorded prices: what adds up does, whatever the threads. */
TEST_F(Program, BacktestsOnRecordedPrices) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/backtest.yaml";
  Outcome outcome = run({"backtest", example, "--out", folder / "a", "--threads", "1"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("20 days of one market, BTC"), std::string::npos) << outcome.out;
  ASSERT_EQ(run({"backtest", example, "--quiet", "--out", folder / "b", "--threads", "3"}).code, 0);
  for (const char *file : {"results.json", "backtest.csv", "backtest_policies.csv"}) {
    EXPECT_EQ(Scratch::read(folder / "a/" + file), Scratch::read(folder / "b/" + file)) << file;
  }
  const std::string csv = Scratch::read(folder / "a/backtest.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 5 * 60);
  json_t *results = json_loads(Scratch::read(folder / "a/results.json").c_str(), 0, nullptr);
  ASSERT_NE(results, nullptr);
  json_t *section = json_object_get(results, "backtest"), *policy;
  EXPECT_STREQ(json_string_value(json_object_get(section, "compare")), "delta_every_date");
  size_t i;
  json_array_foreach(json_object_get(section, "policies"), i, policy) {
    json_t *parts = json_object_get(policy, "attribution"), *gains = json_object_get(policy, "options");
    const auto number = [](json_t *object, const char *key) {
      return json_number_value(json_object_get(object, key));
    };
    double sum = 0, options = 0;
    for (const char *key : {"options", "hedge", "funding", "fees", "spread", "impact", "liquidation"}) {
      sum += *key == 'o' || *key == 'h' || std::string(key) == "funding" ? number(parts, key)
                                                                         : -number(parts, key);
    }
    for (const char *key : {"theta", "delta", "gamma", "vega", "residual"}) {
      options += number(gains, key);
    }
    EXPECT_NEAR(number(parts, "net"), sum, 1e-6);
    EXPECT_NEAR(number(parts, "options"), options, 1e-6);
    json_t *objective = json_object_get(policy, "objective");
    EXPECT_LT(number(objective, "low"), number(objective, "estimate"));
    EXPECT_GT(number(objective, "high"), number(objective, "estimate"));
  }
  EXPECT_EQ(i, 5u);
  json_decref(results);
  outcome = run({"backtest", QS_SOURCE_DIR "/configs/hedging/short_call.yaml"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(outcome.err.find("needs the key backtest"), std::string::npos) << outcome.err;
}

/* What a run kept answers later: what it holds at once is what the policy trades from nothing. */
TEST_F(Program, AKeptPolicyIsAskedLater) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/short_call.yaml";
  Outcome outcome =
      run({"simulate", example, "--quiet", "--out", folder / "hedged", "--set", "simulate.frontier=[1]",
           "--paths", "65536", "--set", "simulate.save_policy=local_every_date"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string file = folder / "hedged/simulate_policy.txt";
  outcome = run({"hedge", "--policy", file, "--spot", "100", "--holding", "0.25", "--time",
                 "2026-01-05T08:00:00Z", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json_t *advice = json_loads(outcome.out.c_str(), 0, nullptr);
  ASSERT_NE(advice, nullptr) << outcome.out;
  EXPECT_STREQ(json_string_value(json_object_get(advice, "policy")), "local_every_date");
  EXPECT_STREQ(json_string_value(json_object_get(advice, "next")), "2026-01-06T08:00:00Z");
  /* the locally optimal ratio at the money is near N(d1), d1 = sigma sqrt(T) / 2 */
  const double ratio = 0.5 * std::erfc(-0.5 * 0.6 * std::sqrt(30.0 / 365) / std::sqrt(2));
  EXPECT_NEAR(json_number_value(json_object_get(advice, "trade")), ratio - 0.25, 0.003);
  EXPECT_EQ(json_number_value(json_object_get(advice, "low")),
            json_number_value(json_object_get(advice, "high")));
  EXPECT_TRUE(json_is_true(json_object_get(advice, "inside_table")));
  json_decref(advice);

  outcome = run({"hedge", "--policy", file, "--spot", "100", "--holding", "0.25", "--time", "2026-01-20"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("asked again at 2026-01-20 08:00:00 UTC"), std::string::npos) << outcome.out;
  EXPECT_EQ(run({"hedge", "--policy", file, "--spot", "900", "--holding", "0", "--time", "2026-01-20"}).code,
            4);
  EXPECT_EQ(run({"hedge", "--policy", file, "--spot", "9", "--holding", "0", "--time", "soon"}).code, 2);
  const std::vector<std::pair<std::vector<std::string>, std::string>> refused = {
      {{"--spot", "0", "--time", "2026-01-20"}, "spot: got 0: must be above 0"},
      {{"--spot", "1", "--time", "2026-02-05"}, "time: got 2026-02-05T00:00:00Z: the policy is for"},
      {{"--spot", "1", "--time", "2026-01-05"}, "time: got 2026-01-05T00:00:00Z: the policy is for"},
      {{"--spot", "1", "--time", "2026-01-20", "--variance", "1"}, "variance: got 1: the policy does not"},
      {{"--spot", "1", "--holding", "1"}, "holding: got 2 of them: the policy has X-SPOT alone"}};
  for (const auto &[arguments, said] : refused) {
    std::vector<std::string> all = {"hedge", "--policy", file, "--holding", "0"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    outcome = run(all);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_NE(one_message(outcome).find(said), std::string::npos) << outcome.err;
  }
  EXPECT_EQ(run({"hedge", "--policy", example, "--spot", "1", "--holding", "0"}).code, 3);
}

/* Of two instruments: what is held of each, in the policy's order or by name. */
TEST_F(Program, AKeptPolicyOfTwoInstrumentsIsAskedLater) {
  const std::string example = QS_SOURCE_DIR "/configs/hedging/with_option.yaml";
  Outcome outcome =
      run({"simulate", example, "--quiet", "--out", folder / "pair", "--paths", "16384", "--set",
           "simulate.policies=[delta_gamma]", "--set", "simulate.save_policy=delta_gamma", "--set",
           "simulate.dates={count: 3, spacing_days: 1}"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<std::string> question = {"hedge",
                                             "--policy",
                                             folder / "pair/simulate_policy.txt",
                                             "--spot",
                                             "100",
                                             "--time",
                                             "2026-01-05T08:00:00Z",
                                             "--json"};
  auto ask = [&](const std::vector<std::string> &holdings) {
    std::vector<std::string> all = question;
    for (const std::string &h : holdings) {
      all.insert(all.end(), {"--holding", h});
    }
    return run(all);
  };
  outcome = ask({"0.25", "0.5"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, ask({"sixty=0.5", "X-SPOT=0.25"}).out);
  json_t *advice = json_loads(outcome.out.c_str(), 0, nullptr);
  ASSERT_NE(advice, nullptr) << outcome.out;
  json_t *second = json_object_get(advice, "second");
  EXPECT_STREQ(json_string_value(json_object_get(advice, "instrument")), "X-SPOT");
  EXPECT_STREQ(json_string_value(json_object_get(second, "instrument")), "sixty");
  /* at the money gammas are nearly as 1/sqrt(T): the option's is 1/sqrt(2) of the position's */
  EXPECT_NEAR(json_number_value(json_object_get(second, "trade")), std::sqrt(2) - 0.5, 0.02);
  EXPECT_EQ(json_number_value(json_object_get(second, "holding")), 0.5);
  json_decref(advice);
  const std::vector<std::pair<std::vector<std::string>, std::string>> refused = {
      {{"0.25"}, "holding: got 1 of them: the policy has X-SPOT and sixty"},
      {{"0.25", "0", "0"}, "holding: got 3 of them: the policy has X-SPOT and sixty"},
      {{"X-SPOT=1", "forty=1"}, "holding: got forty: the policy has X-SPOT and sixty"},
      {{"sixty=1", "sixty=1"}, "holding: got sixty: it stands twice; the policy has X-SPOT and sixty"}};
  for (const auto &[holdings, said] : refused) {
    outcome = ask(holdings);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_NE(one_message(outcome).find(said), std::string::npos) << outcome.err;
  }
}

TEST_F(Program, RefusesAFolderOfOthersBeforeItRuns) {
  std::filesystem::create_directory(folder / "mine");
  folder.write("mine/thesis.txt", "years of work");
  auto begin = std::chrono::steady_clock::now();
  Outcome outcome = run({"run", config, "--out", folder / "mine", "--paths", "1000000000"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(one_message(outcome).find("thesis.txt"), std::string::npos);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 20);
}

TEST_F(Program, InterruptedIs130AndWritesNothing) {
  for (int signal_number : {SIGINT, SIGTERM}) {
    Scratch streams;
    pid_t child = start(streams, {"run", config, "--paths", "4000000000", "--quiet"}, nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    kill(child, signal_number);
    Outcome outcome = finish(streams, child);
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    /* A piece of so many paths is hardly ever finished by then; if one is, it is in the journal. */
    const bool journal = std::filesystem::remove(folder / ".results.journal");
    EXPECT_EQ(one_message(outcome), std::string("interrupted; nothing was written") +
                                        (journal ? " but its journal: --resume goes on from there\n" : "\n"));
    EXPECT_EQ(folder.list(), std::vector<std::string>{"c.yaml"});
  }
}

TEST_F(Program, AFullDiskIsExit5) {
  Outcome outcome = run({"run", config, "--quiet"}, [] {
    struct rlimit limit = {2000, 2000};
    setrlimit(RLIMIT_FSIZE, &limit);
  });
  EXPECT_EQ(outcome.code, 5);
  EXPECT_NE(one_message(outcome).find("File too large"), std::string::npos);
  EXPECT_EQ(folder.list(), std::vector<std::string>{"c.yaml"});
}

TEST_F(Program, StandardOutputMustArrive) {
  Outcome outcome = run({"value", config, "--json", "--quiet"}, [] { dup2(open("/dev/full", O_WRONLY), 1); });
  EXPECT_EQ(outcome.code, 5);
}

/* A sanitizer needs terabytes of addresses. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
/* However little memory there is, the program ends by itself, with a message where it got as far as main. */
TEST_F(Program, OutOfMemoryIsExit5) {
  int refused = 0;
  bool done = false;
  for (rlim_t megabytes = 8; megabytes <= 5120 && !done; megabytes += 1 + megabytes / 16) {
    Outcome outcome = run({"run", config, "--quiet", "--threads", "1", "--paths", "100000"}, [=] {
      struct rlimit limit = {megabytes << 20, megabytes << 20};
      setrlimit(RLIMIT_AS, &limit);
    });
    bool started = outcome.err.rfind("quickset: ", 0) == 0;
    done = outcome.code == 0;
    /* 127: the loader itself found no room; or OpenMP's library, loaded before main */
    bool loading = outcome.code == 127 || (!refused && outcome.err.rfind("\nlibgomp: ", 0) == 0);
    EXPECT_TRUE(done || outcome.code == 5 || loading) << megabytes << " MB: " << outcome.code << outcome.err;
    refused += outcome.code == 5 && started;
    EXPECT_EQ(std::filesystem::exists(folder / "results"), done) << megabytes << " MB";
  }
  EXPECT_TRUE(done);
  EXPECT_GT(refused, 0);
}
#endif

TEST_F(Program, CudaWithoutADeviceIsExit5) {
  Outcome info = run({"info"});
  Outcome outcome = run({"value", config, "--backend", "cuda", "--quiet"});
  if (outcome.code == 0) {
    GTEST_SKIP() << "there is a device: " << info.out;
  }
  EXPECT_EQ(outcome.code, 5);
  one_message(outcome);
  EXPECT_FALSE(std::filesystem::exists(folder / "results"));
}

} // namespace
