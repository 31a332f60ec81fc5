/* A market built in memory, for tests. */
#ifndef QS_TESTS_MARKET_FIXTURE_H
#define QS_TESTS_MARKET_FIXTURE_H

#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/market/market.h"

/* Owns context, arena and inputs; `build` may be called once. */
struct MarketFixture {
  qs_context context;
  qs_arena *arena = nullptr;
  qs_inputs inputs;
  std::vector<qs_underlying_spec> underlyings;
  std::vector<qs_correlation_spec> correlations;
  qs_market *market = nullptr;

  MarketFixture() {
    qs_context_init(&context);
    arena = qs_arena_create(&context);
    qs_inputs_init(&inputs);
    inputs.as_of = 1785607084; /* 2026-08-01T17:58:04Z */
  }
  ~MarketFixture() { qs_arena_destroy(arena); }
  MarketFixture(const MarketFixture &) = delete;
  MarketFixture &operator=(const MarketFixture &) = delete;

  qs_status build() {
    inputs.underlyings = underlyings.data();
    inputs.underlying_count = underlyings.size();
    inputs.correlations = correlations.data();
    inputs.correlation_count = correlations.size();
    return qs_market_build(&context, arena, &inputs, &market);
  }
  std::string message() const { return context.message; }
};

/* Quotes that own their names. */
struct QuoteList {
  std::deque<std::string> names;
  std::vector<qs_quote> quotes;

  void add(const std::string &name, double bid, double ask, double mark = NAN) {
    names.push_back(name);
    quotes.push_back(
        {names.back().c_str(), bid, ask, mark, NAN, NAN, NAN, static_cast<uint32_t>(quotes.size() + 2)});
  }
};

/* An underlying with a given gbm model and these quotes. */
inline qs_underlying_spec gbm_spec(const char *name, const QuoteList *list = nullptr) {
  qs_underlying_spec spec;
  qs_underlying_spec_init(&spec);
  spec.name = name;
  spec.model.type = QS_MODEL_GBM;
  spec.model.value[QS_SIGMA] = 0.6;
  spec.given = 1u << QS_SIGMA;
  if (list) {
    spec.quotes_source = "quotes.csv";
    spec.quotes = list->quotes.data();
    spec.quote_count = list->quotes.size();
  }
  return spec;
}

#endif
