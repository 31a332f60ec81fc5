// The references of whole trades, tests/reference/trades/*.jsonl: read, and run as configs of many trades.
#ifndef QS_TESTS_ENGINE_TRADE_ROWS_H
#define QS_TESTS_ENGINE_TRADE_ROWS_H

#include <gtest/gtest.h>
#include <jansson.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "quickset/quickset.h"

struct ReleaseJson {
  void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, ReleaseJson>;

struct Number {
  double value = 0, error = 0;
  bool trusted = true;
};

// One line of a file.
struct TradeRow {
  std::string id, payoff;
  std::shared_ptr<json_t> json;
  std::map<std::string, Number> reference; // by quantity: price, delta, delta/NAME, cross_gamma/A/B, ...
};

// Every row of every file, in the order of file names; fails where one does not follow the format.
std::vector<TradeRow> read_trade_rows();

// What a run says of its trades.
class TradeAnswers {
public:
  explicit TradeAnswers(Json results);
  // The estimate of one of the row's quantities; false where the results have none.
  bool find(const TradeRow &row, const std::string &quantity, Number *number) const;
  bool trusted(const TradeRow &row) const;
  bool all_trusted(const TradeRow &row) const; // every number of it by itself

private:
  Json results;
  std::map<std::string, const json_t *> trades;
};

// Runs rows as one config, as `quickset value` does: their underlyings, correlations and trades from a file.
class TradeRunner {
public:
  TradeRunner();
  ~TradeRunner();
  TradeRunner(const TradeRunner &) = delete;
  TradeAnswers run(const std::vector<const TradeRow *> &rows, uint64_t seed, uint64_t paths);

private:
  std::string folder;
  qs_engine *engine = nullptr;
};

#endif
