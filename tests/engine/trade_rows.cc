#include "tests/engine/trade_rows.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace {

const char *const kFolder = QS_SOURCE_DIR "/tests/reference/trades";
const char *const kAsOf = "2026-03-02T09:30:00Z";

std::string text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

bool read_row(const std::string &line, TradeRow *row) {
  json_error_t error;
  json_t *root = json_loads(line.c_str(), JSON_REJECT_DUPLICATES, &error);
  if (!root) {
    ADD_FAILURE() << error.text << ": " << line.substr(0, 80);
    return false;
  }
  row->json.reset(root, json_decref);
  row->id = text_of(root, "id");
  row->payoff = text_of(json_object_get(root, "trade"), "type");
  const char *key;
  json_t *pair;
  json_object_foreach(json_object_get(root, "reference"), key, pair) {
    const json_t *value = json_array_get(pair, 0), *deviation = json_array_get(pair, 1);
    if (!json_is_number(value) || !json_is_number(deviation)) {
      ADD_FAILURE() << row->id << ": " << key << " is no [value, error]";
      return false;
    }
    row->reference[key] = {json_number_value(value), json_number_value(deviation), true};
  }
  return !row->id.empty() && !row->payoff.empty() && row->reference.count("price");
}

bool read_estimate(const json_t *object, Number *number) {
  const json_t *value = json_object_get(object, "estimate"), *error = json_object_get(object, "std_error");
  if (!json_is_number(value) || !json_is_number(error)) {
    return false;
  }
  *number = {json_number_value(value), json_number_value(error),
             !json_is_false(json_object_get(object, "trusted"))};
  return true;
}

// cross_gamma/A/B stands in the list `cross_gammas` of the results, and so others of pairs.
bool find_pair(const json_t *list, const std::string &id, const std::string &names, Number *number) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *pair = json_array_get(list, i), *between = json_object_get(pair, "between");
    const std::string a = json_string_value(json_array_get(between, 0));
    const std::string b = json_string_value(json_array_get(between, 1));
    if (text_of(pair, "id") == id && (names == a + "/" + b || names == b + "/" + a)) {
      return read_estimate(pair, number);
    }
  }
  return false;
}

// The config of the rows, as a text.
std::string config_of(const std::vector<const TradeRow *> &rows, uint64_t seed, uint64_t paths) {
  Json underlyings(json_array()), correlations(json_array()), trades(json_array());
  for (const TradeRow *row : rows) {
    json_array_extend(underlyings.get(), json_object_get(row->json.get(), "underlyings"));
    if (json_t *list = json_object_get(row->json.get(), "correlations")) {
      json_array_extend(correlations.get(), list);
    }
    json_t *trade = json_copy(json_object_get(row->json.get(), "trade"));
    json_object_set_new(trade, "id", json_string(row->id.c_str()));
    json_array_append_new(trades.get(), trade);
  }
  Json root(json_pack("{s:s, s:{s:I, s:I}, s:O, s:O}", "as_of", kAsOf, "simulation", "paths",
                      json_int_t(paths), "seed", json_int_t(seed), "underlyings", underlyings.get(), "trades",
                      trades.get()));
  if (json_array_size(correlations.get())) {
    json_object_set(root.get(), "correlations", correlations.get());
  }
  char *text = json_dumps(root.get(), JSON_INDENT(1));
  std::string result = text ? text : "";
  std::free(text);
  return result;
}

} // namespace

std::vector<TradeRow> read_trade_rows() {
  std::set<std::filesystem::path> files;
  for (auto &entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".jsonl") {
      files.insert(entry.path());
    }
  }
  std::vector<TradeRow> rows;
  std::set<std::string> ids, names;
  for (auto &path : files) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
      TradeRow row;
      if (!read_row(line, &row)) {
        ADD_FAILURE() << path << ": no reference: " << line.substr(0, 80);
        return {};
      }
      EXPECT_TRUE(ids.insert(row.id).second) << path << ": a second " << row.id;
      const json_t *underlyings = json_object_get(row.json.get(), "underlyings");
      for (size_t i = 0; i < json_array_size(underlyings); i++) {
        const std::string name = text_of(json_array_get(underlyings, i), "name");
        EXPECT_TRUE(names.insert(name).second) << path << ": a second underlying " << name;
      }
      rows.push_back(row);
    }
  }
  return rows;
}

TradeAnswers::TradeAnswers(Json all) : results(std::move(all)) {
  const json_t *list = json_object_get(results.get(), "trades");
  for (size_t i = 0; i < json_array_size(list); i++) {
    trades[text_of(json_array_get(list, i), "id")] = json_array_get(list, i);
  }
}

bool TradeAnswers::find(const TradeRow &row, const std::string &quantity, Number *number) const {
  const size_t slash = quantity.find('/');
  const std::string head = quantity.substr(0, slash);
  const std::string names = slash == std::string::npos ? "" : quantity.substr(slash + 1);
  if (names.find('/') != std::string::npos) {
    const json_t *list = json_object_get(results.get(), (head + "s").c_str());
    return find_pair(list ? list : json_object_get(results.get(), head.c_str()), row.id, names, number);
  }
  const auto found = trades.find(names.empty() ? row.id : row.id + "/" + names);
  if (found == trades.end()) {
    return false;
  }
  const json_t *greeks = json_object_get(found->second, "greeks");
  return read_estimate(json_object_get(head == "price" ? found->second : greeks, head.c_str()), number);
}

bool TradeAnswers::trusted(const TradeRow &row) const {
  const auto found = trades.find(row.id);
  return found != trades.end() && json_is_true(json_object_get(found->second, "trusted"));
}

bool TradeAnswers::all_trusted(const TradeRow &row) const {
  const auto found = trades.find(row.id);
  bool all = found != trades.end();
  for (const char *list : {"greeks", "greeks_coin"}) {
    const char *key;
    json_t *number;
    json_object_foreach(json_object_get(all ? found->second : nullptr, list), key, number) {
      all = all && !json_is_false(json_object_get(number, "trusted"));
    }
  }
  return all && !json_is_false(json_object_get(json_object_get(found->second, "price"), "trusted"));
}

TradeRunner::TradeRunner() {
  char name[] = "/tmp/quickset-trades-XXXXXX";
  EXPECT_NE(mkdtemp(name), nullptr);
  folder = name;
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = QS_BACKEND_CPU;
  char message[256];
  EXPECT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
}

TradeRunner::~TradeRunner() {
  qs_engine_destroy(engine);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

TradeAnswers TradeRunner::run(const std::vector<const TradeRow *> &rows, uint64_t seed, uint64_t paths) {
  const std::string path = folder + "/config.yaml";
  std::ofstream(path) << config_of(rows, seed, paths);
  qs_config *config = nullptr;
  const qs_results *values = nullptr;
  char *text = nullptr;
  EXPECT_EQ(qs_config_load(engine, path.c_str(), nullptr, 0, &config), QS_OK) << qs_engine_message(engine);
  if (config) {
    EXPECT_EQ(qs_run(engine, qs_config_inputs(config), QS_SECTION_VALUE, &values), QS_OK)
        << qs_engine_message(engine);
  }
  if (values) {
    EXPECT_EQ(qs_results_json(engine, values, &text), QS_OK);
  }
  json_error_t error;
  Json results(text ? json_loads(text, 0, &error) : json_object());
  EXPECT_TRUE(results) << error.text;
  qs_text_free(engine, text);
  qs_results_destroy(values);
  qs_config_destroy(config);
  return TradeAnswers(std::move(results));
}
