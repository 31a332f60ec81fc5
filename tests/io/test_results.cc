/* Results as text: read back by another library, nothing missing, numbers to the last bit. */
#include <gtest/gtest.h>
#include <jansson.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <set>
#include <sstream>

#include "host/io/config.h"
#include "host/io/results.h"
#include "sample_config.h"
#include "sample_results.h"
#include "scratch.h"

namespace {

std::string to_json(const qs_results &results, bool run_info) {
  qs_context context;
  qs_context_init(&context);
  char *text = nullptr;
  EXPECT_EQ(qs_results_to_json(&context, &results, run_info, &text), QS_OK);
  std::string copy = text;
  context.allocator.release(context.allocator.data, text);
  return copy;
}

struct Json {
  json_t *root;
  explicit Json(const std::string &text) {
    json_error_t error;
    root = json_loads(text.c_str(), JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    EXPECT_NE(root, nullptr) << error.text << " at line " << error.line;
  }
  ~Json() { json_decref(root); }
  Json(const Json &) = delete;
  Json &operator=(const Json &) = delete;

  /* "trades.0.price.estimate" */
  json_t *at(const std::string &path) const {
    json_t *node = root;
    std::stringstream keys(path);
    for (std::string key; std::getline(keys, key, '.');) {
      node = json_is_array(node) ? json_array_get(node, std::stoul(key)) : json_object_get(node, key.c_str());
    }
    return node;
  }
  double number(const std::string &path) const {
    EXPECT_TRUE(json_is_number(at(path))) << path;
    return json_number_value(at(path));
  }
  std::string text(const std::string &path) const {
    EXPECT_TRUE(json_is_string(at(path))) << path;
    return json_is_string(at(path)) ? json_string_value(at(path)) : "";
  }
};

void collect(json_t *node, std::multiset<double> *numbers, std::multiset<std::string> *texts) {
  if (json_is_number(node)) {
    numbers->insert(json_number_value(node));
  } else if (json_is_string(node)) {
    texts->insert(json_string_value(node));
  } else if (json_is_array(node)) {
    size_t i = 0;
    json_t *item = nullptr;
    json_array_foreach(node, i, item) {
      collect(item, numbers, texts);
    }
  } else if (json_is_object(node)) {
    const char *key = nullptr;
    json_t *item = nullptr;
    json_object_foreach(node, key, item) {
      collect(item, numbers, texts);
    }
  }
}

TEST(ResultsJson, HoldsEverything) {
  SampleResults sample;
  Json json(to_json(sample.results, true));
  std::multiset<double> numbers;
  std::multiset<std::string> texts;
  collect(json.root, &numbers, &texts);
  for (double value : sample.numbers) {
    EXPECT_TRUE(numbers.count(value)) << value << " is missing";
  }
  for (const std::string &text : sample.texts) {
    EXPECT_TRUE(texts.count(text)) << text << " is missing";
  }
  EXPECT_GT(sample.numbers.size(), 300u);
}

TEST(ResultsJson, FollowsTheContract) {
  SampleResults sample;
  const qs_results &r = sample.results;
  Json json(to_json(r, false));
  EXPECT_EQ(json.number("schema"), 1);
  EXPECT_EQ(json.text("currency"), r.currency);
  EXPECT_TRUE(json_is_false(json.at("trusted")));
  EXPECT_EQ(json.text("trades.0.id"), r.trades[0].id);
  EXPECT_EQ(json.text("trades.1.instrument"), r.trades[1].instrument);
  EXPECT_EQ(json.number("trades.0.quantity"), r.trades[0].quantity);
  EXPECT_EQ(json.number("trades.0.model_minus_mark"), r.trades[0].model_minus_mark);
  EXPECT_EQ(json.number("trades.0.price.std_error"), r.trades[0].price.std_error);
  EXPECT_EQ(json.number("trades.0.greeks.delta.estimate"), r.trades[0].greeks.value[QS_GREEK_DELTA].estimate);
  EXPECT_EQ(json.number("trades.0.greeks.d_v0.std_error"),
            r.trades[0].greeks.value[QS_GREEK_PARAMETER + QS_V0].std_error);
  EXPECT_EQ(json.number("trades.0.greeks_coin.net_delta.estimate"),
            r.trades[0].greeks_coin.value[QS_GREEK_NET_DELTA].estimate);
  EXPECT_TRUE(json_is_false(json.at("trades.0.price.trusted")));
  EXPECT_TRUE(json_is_false(json.at("trades.0.value_coin.trusted")));
  EXPECT_TRUE(json_is_false(json.at("trades.0.greeks.d_xi.trusted")));
  EXPECT_EQ(json.at("trades.0.greeks.d_v0.trusted"), nullptr);
  EXPECT_TRUE(json_is_false(json.at("total.greeks.gamma.trusted")));
  EXPECT_EQ(json.at("total.value.trusted"), nullptr);
  EXPECT_TRUE(json_is_false(json.at("total.trusted")));
  EXPECT_EQ(json.text("books.0.why"), r.books[0].why);
  EXPECT_EQ(json.text("books.0.book"), r.books[0].name);
  EXPECT_EQ(json.number("total.value.estimate"), r.total.value.estimate);
  EXPECT_EQ(json.number("calibration.0.parameters.v0.estimate"), r.calibration[0].parameters[0].estimate);
  EXPECT_TRUE(json_is_false(json.at("calibration.0.parameters.kappa.identified")));
  EXPECT_EQ(json.number("calibration.0.quotes_excluded.one_sided"), 2);
  EXPECT_EQ(json.number("calibration.0.quotes_excluded.expired"), 1);
  EXPECT_EQ(json_array_size(json.at("calibration.0.exclusions")), 3u);
  EXPECT_EQ(json.text("calibration.0.expiries.0.expiry"), "2026-08-01T08:00:00Z");
  EXPECT_EQ(json.number("risk.levels.1.var.low"), r.risk.levels[1].var.low);
  EXPECT_EQ(json.number("risk.levels.1.expected_shortfall.high"), r.risk.levels[1].expected_shortfall.high);
  EXPECT_EQ(json.number("risk.components.1.expected_shortfall.0.estimate"),
            r.risk.components[1].expected_shortfall[0].estimate);
  EXPECT_EQ(json.number("stress.grid.1.pnl.estimate"), r.stress.grid[1].pnl.estimate);
  EXPECT_EQ(json.text("stress.worst.name"), r.stress.worst->name);
  EXPECT_EQ(json.number("hedge.trades.0.ratio.estimate"), r.hedge.trades[0].ratio.estimate);
  EXPECT_EQ(json.number("hedge.before.variance.estimate"), r.hedge.before.variance.estimate);
  EXPECT_EQ(json.number("hedge.kkt_residual"), r.hedge.kkt_residual);
  EXPECT_TRUE(json_is_false(json.at("simulate.trusted")));
  EXPECT_EQ(json.text("simulate.instruments.1"), r.simulate.instruments[1]);
  EXPECT_EQ(json.text("simulate.dates.1"), "2026-08-02T08:00:00Z");
  EXPECT_EQ(json.text("simulate.policies.1.name"), r.simulate.policies[1].name);
  EXPECT_EQ(json.number("simulate.policies.0.objective.estimate"), r.simulate.policies[0].objective.estimate);
  EXPECT_EQ(json.number("simulate.policies.0.cost.std_error"), r.simulate.policies[0].cost.std_error);
  EXPECT_EQ(json.number("simulate.policies.1.attribution.liquidation.estimate"),
            r.simulate.policies[1].liquidation.estimate);
  EXPECT_EQ(json.number("simulate.policies.1.attribution.collateral.estimate"),
            r.simulate.policies[1].collateral.estimate);
  EXPECT_EQ(json.number("simulate.policies.0.attribution.transfers.std_error"),
            r.simulate.policies[0].transfers.std_error);
  EXPECT_EQ(json.number("simulate.policies.1.levels.1.var.low"), r.simulate.policies[1].levels[1].var.low);
  EXPECT_EQ(json.number("simulate.policies.1.quantiles.1.high"), r.simulate.policies[1].quantiles[1].high);
  EXPECT_EQ(json.text("simulate.policies.1.venues.1.name"), r.simulate.venues[1]);
  EXPECT_EQ(json.number("simulate.policies.1.venues.1.turnover.estimate"),
            r.simulate.policies[1].venues[1].turnover.estimate);
  EXPECT_EQ(json.number("simulate.policies.0.venues.1.cost.std_error"),
            r.simulate.policies[0].venues[1].cost.std_error);
  EXPECT_EQ(json.number("simulate.lower_bound.estimate"), r.simulate.lower_bound.estimate);
  EXPECT_EQ(json.number("simulate.gap.std_error"), r.simulate.gap.std_error);
  EXPECT_EQ(json.text("simulate.objective"), r.simulate.objective);
  EXPECT_EQ(json.number("simulate.objective_level"), r.simulate.objective_level);
  EXPECT_EQ(json.number("simulate.policies.1.rank"), (double)r.simulate.policies[1].rank);
  EXPECT_EQ(json.number("simulate.tuning.tilt"), r.simulate.tuning.tilt);
  EXPECT_EQ(json.text("backtest.label"), r.backtest.label);
  EXPECT_EQ(json.text("backtest.bars.2"), "2026-08-03T08:00:00Z");
  EXPECT_EQ(json.number("backtest.states.1"), r.backtest.states[1]);
  EXPECT_EQ(json.number("backtest.policies.1.difference.high"), r.backtest.policies[1].difference.high);
  EXPECT_EQ(json.number("backtest.policies.0.objective.block"), r.backtest.policies[0].objective.block);
  EXPECT_EQ(json.number("backtest.policies.1.attribution.liquidation"),
            r.backtest.policies[1].total.liquidation);
  EXPECT_EQ(json.number("backtest.policies.1.options.premium"), r.backtest.policies[1].total.premium);
  EXPECT_EQ(json.number("simulate.attribution.vega.std_error"), r.simulate.attribution.vega.std_error);
  EXPECT_EQ(json.at("devices"), nullptr) << "devices differ between equal runs";
  EXPECT_EQ(json.at("times"), nullptr);
  EXPECT_NE(to_json(r, false).find("\"seed\": 18446744073709551615"), std::string::npos);
}

TEST(ResultsJson, SectionsThatWereNotRunAreEmpty) {
  qs_results results{};
  results.currency = "USD";
  Json json(to_json(results, true));
  for (const char *key : {"total", "risk", "stress", "hedge", "simulate", "backtest"}) {
    EXPECT_TRUE(json_is_object(json.at(key))) << key;
    EXPECT_EQ(json_object_size(json.at(key)), 0u) << key;
  }
  for (const char *key :
       {"trades", "books", "underlyings", "calibration", "warnings", "breaches", "devices"}) {
    EXPECT_TRUE(json_is_array(json.at(key))) << key;
    EXPECT_EQ(json_array_size(json.at(key)), 0u) << key;
  }
}

TEST(ResultsJson, WhatIsNotThereIsNull) {
  qs_results results{};
  results.currency = "USD";
  qs_trade_result trade{};
  trade.id = "a";
  trade.mark = NAN;
  trade.quantity = INFINITY;
  trade.price = {NAN, NAN};
  trade.value = {2, NAN};
  results.trades = &trade;
  results.trade_count = 1;
  Json json(to_json(results, false));
  for (const char *path : {"trades.0.mark", "trades.0.quantity", "trades.0.price", "trades.0.value.std_error",
                           "trades.0.instrument", "trades.0.greeks_coin"}) {
    EXPECT_TRUE(json_is_null(json.at(path))) << path;
  }
  EXPECT_EQ(json_object_size(json.at("trades.0.greeks")), 0u);
  EXPECT_EQ(json.at("trades.0.why"), nullptr);
}

TEST(ResultsJson, AnyTextIsEscaped) {
  std::string nasty = "quote\" back\\slash \b\f\n\r\t\x01\x7f end, \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80";
  std::string broken = "cut \xe2\x82";
  const char *warnings[] = {nasty.c_str(), broken.c_str()};
  qs_results results{};
  results.currency = "USD";
  results.warnings = warnings;
  results.warning_count = 2;
  Json json(to_json(results, false));
  EXPECT_EQ(json.text("warnings.0"), nasty);
  EXPECT_EQ(json.text("warnings.1"), "cut \xef\xbf\xbd\xef\xbf\xbd");
}

TEST(ResultsJson, NumbersSurviveToTheLastBit) {
  std::mt19937_64 bits(3);
  std::vector<double> pnl = {
      0.1, -0.0, 5e-324, std::numeric_limits<double>::max(), 1.0 / 3, 1e22, 123456789012345680.0};
  while (pnl.size() < 20000) {
    uint64_t pattern = bits();
    double value = 0;
    memcpy(&value, &pattern, sizeof value);
    if (std::isfinite(value)) {
      pnl.push_back(value);
    }
  }
  qs_results results{};
  results.currency = "USD";
  results.risk.present = true;
  results.risk.pnl = pnl.data();
  results.risk.pnl_count = pnl.size();
  Json json(to_json(results, false));
  json_t *list = json.at("risk.pnl");
  ASSERT_EQ(json_array_size(list), pnl.size());
  for (size_t i = 0; i < pnl.size(); i++) {
    double back = json_number_value(json_array_get(list, i));
    ASSERT_EQ(memcmp(&back, &pnl[i], sizeof back), 0) << i << ": " << pnl[i];
  }
}

TEST(ResultsJson, EqualResultsGiveEqualTexts) {
  SampleResults a;
  SampleResults b;
  b.results.devices = nullptr;
  b.results.device_count = 0;
  b.results.times = nullptr;
  b.results.time_count = 0;
  b.results.backend_note = nullptr;
  EXPECT_EQ(to_json(a.results, false), to_json(b.results, false));
}

/* RFC 4180, written once more for the test. */
std::vector<std::vector<std::string>> parse_csv(const std::string &text) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      rows.back().back() += '"';
      i++;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      rows.back().emplace_back();
    } else if (c == '\n' && !quoted) {
      rows.emplace_back(1);
    } else {
      rows.back().back() += c;
    }
  }
  rows.pop_back();
  return rows;
}

std::string csv_file(const qs_results &results, const std::string &name) {
  qs_context context;
  qs_context_init(&context);
  for (const qs_results_file *file = qs_results_csv_files; file->name; file++) {
    if (name == file->name) {
      EXPECT_TRUE(!file->present || file->present(&results)) << name;
      qs_buffer buffer;
      qs_buffer_init(&buffer, &context);
      file->write(&buffer, &results);
      std::string text = buffer.text;
      qs_buffer_free(&buffer);
      return text;
    }
  }
  ADD_FAILURE() << name << " is not written";
  return "";
}

TEST(ResultsCsv, TablesAreRectangular) {
  SampleResults sample;
  size_t files = 0;
  for (const qs_results_file *file = qs_results_csv_files; file->name; file++, files++) {
    if (std::string(file->name) == "simulate_policy.txt") { // no table: host/io/policy_file.h
      continue;
    }
    auto rows = parse_csv(csv_file(sample.results, file->name));
    ASSERT_GE(rows.size(), 2u) << file->name;
    std::set<std::string> names(rows[0].begin(), rows[0].end());
    EXPECT_EQ(names.size(), rows[0].size()) << file->name << " has a column twice";
    for (const auto &row : rows) {
      EXPECT_EQ(row.size(), rows[0].size()) << file->name;
    }
  }
  EXPECT_EQ(files, 18u);
}

TEST(ResultsCsv, TradesHoldTheirNumbers) {
  SampleResults sample;
  auto rows = parse_csv(csv_file(sample.results, "trades.csv"));
  ASSERT_EQ(rows.size(), 3u);
  std::map<std::string, std::string> cells;
  for (size_t i = 0; i < rows[0].size(); i++) {
    cells[rows[0][i]] = rows[2][i];
  }
  const qs_trade_result &t = sample.results.trades[1];
  EXPECT_EQ(cells["id"], t.id);
  EXPECT_EQ(cells["why"], t.why);
  EXPECT_EQ(cells["untrusted"], "price d_xi");
  EXPECT_EQ(std::stod(cells["value_coin_error"]), t.value_coin.std_error);
  EXPECT_EQ(std::stod(cells["d_sigma"]), t.greeks.value[QS_GREEK_PARAMETER + QS_SIGMA].estimate);
  EXPECT_EQ(std::stod(cells["coin_delta_error"]), t.greeks_coin.value[QS_GREEK_DELTA].std_error);
}

TEST(ResultsCsv, TextsAreQuotedWhereTheyMustBe) {
  SampleResults sample;
  qs_trade_result trade = sample.results.trades[0];
  trade.id = "a,\"b\"\nc";
  trade.book = " led by a space";
  trade.mark = NAN;
  qs_results results = sample.results;
  results.trades = &trade;
  results.trade_count = 1;
  auto rows = parse_csv(csv_file(results, "trades.csv"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1][0], "a,\"b\"\nc");
  EXPECT_EQ(rows[1][3], " led by a space");
  EXPECT_EQ(rows[1][7], "");
}

TEST(ResultsCsv, BacktestHasARowPerPolicyAndStep) {
  SampleResults sample;
  auto rows = parse_csv(csv_file(sample.results, "backtest.csv"));
  ASSERT_EQ(rows.size(), 5u); // two policies, two steps each
  std::map<std::string, std::string> cells;
  for (size_t i = 0; i < rows[0].size(); i++) {
    cells[rows[0][i]] = rows[4][i];
  }
  const qs_backtest_step &step = sample.results.backtest.policies[1].steps[1];
  EXPECT_EQ(cells["policy"], sample.results.backtest.policies[1].name);
  EXPECT_EQ(cells["step"], "1");
  EXPECT_EQ(cells["from"], "2026-08-02T08:00:00Z");
  EXPECT_EQ(cells["to"], "2026-08-03T08:00:00Z");
  EXPECT_EQ(std::stod(cells["price"]), sample.results.backtest.prices[1]);
  EXPECT_EQ(std::stod(cells["gamma"]), step.gamma);
  EXPECT_EQ(std::stod(cells["liquidation"]), step.liquidation);
  EXPECT_EQ(std::stod(cells["net"]), step.options + step.hedge + step.funding - step.fees - step.spread -
                                         step.impact - step.liquidation);
  EXPECT_EQ(std::stod(cells["liquidations"]), double(step.liquidated));
}

TEST(ResultsCsv, QuotesAppearOnceWithTheirReason) {
  SampleResults sample;
  auto rows = parse_csv(csv_file(sample.results, "quotes.csv"));
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[1].back(), "");
  EXPECT_EQ(rows[2].back(), "one_sided");
  EXPECT_EQ(rows[3].back(), "expired");
}

TEST(Manifest, NamesInputsAndOutputs) {
  Scratch folder;
  folder.write(sample_files());
  qs_context context;
  qs_context_init(&context);
  qs_config *config = nullptr;
  const char *overrides[] = {"simulation.seed=5"};
  ASSERT_EQ(qs_config_read(&context, (folder / "config.yaml").c_str(), overrides, 1, &config), QS_OK);
  SampleResults sample;
  ASSERT_EQ(qs_results_write_folder(&context, &sample.results, config, (folder / "out").c_str()), QS_OK)
      << context.message;
  qs_config_destroy(config);
  Json json(Scratch::read(folder / "out/manifest.json"));
  EXPECT_EQ(json.text("version"), qs_version());
  EXPECT_EQ(json.text("config"), folder / "config.yaml");
  EXPECT_EQ(json.text("overrides.0"), "simulation.seed=5");
  EXPECT_EQ(json_array_size(json.at("inputs")), 10u);
  EXPECT_EQ(json.number("inputs.1.bytes"), (double)sizeof sample_quotes - 1);
  EXPECT_EQ(json.number("counts_in.positions"), 3);
  EXPECT_EQ(json.number("counts_in.quotes"), 5);
  EXPECT_EQ(json.number("counts_out.trades_not_trusted"), 2);
  EXPECT_EQ(json.number("counts_out.stress_cells"), 4);
  EXPECT_EQ(json_array_size(json.at("sections")), 7u);
  EXPECT_EQ(json.number("counts_in.recorded_prices"), 20);
  EXPECT_EQ(json.number("counts_out.backtest_policies"), 2);
  EXPECT_EQ(json.text("devices.0.name"), sample.results.devices[0].name);
  ASSERT_EQ(json_array_size(json.at("files")), 19u);
  for (size_t i = 0; i < 12; i++) {
    std::string prefix = "files." + std::to_string(i) + ".";
    std::string text = Scratch::read(folder / ("out/" + json.text(prefix + "name")));
    char hash[QS_SHA256_TEXT];
    qs_sha256(text.data(), text.size(), hash);
    EXPECT_EQ(json.text(prefix + "sha256"), hash);
    EXPECT_EQ(json.number(prefix + "bytes"), (double)text.size());
  }
  EXPECT_EQ(Scratch::read(folder / "out/results.json"), to_json(sample.results, false));
}

} // namespace
