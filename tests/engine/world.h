// A small market and book built in memory, for tests of the engine on the real CPU backend.
#ifndef QS_TESTS_ENGINE_WORLD_H
#define QS_TESTS_ENGINE_WORLD_H

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "host/engine/report.h"
#include "host/engine/revalue.h"
#include "host/market/time.h"

class World {
public:
  World() {
    qs_context_init(&context);
    arena = qs_arena_create(&context);
    qs_inputs_init(&inputs);
    inputs.as_of = qs_time_civil(2026, 3, 2) + 9 * 3600 + 1800;
    inputs.simulation.paths = 16384;
    EXPECT_EQ(qs_devices_open(&context, QS_BACKEND_CPU, 2, nullptr, &devices), QS_OK) << context.message;
  }
  ~World() {
    qs_devices_close(devices);
    qs_arena_destroy(arena);
  }
  World(const World &) = delete;

  qs_underlying_spec &add_underlying(const char *name, qs_model_type type,
                                     std::vector<std::pair<int, double>> values, double spot = 100,
                                     double carry = 0.03, double rate = 0.05) {
    qs_underlying_spec spec;
    qs_underlying_spec_init(&spec);
    spec.name = name;
    spec.spot = spot;
    spec.carry = carry;
    spec.discount_rate = rate;
    spec.model.type = type;
    for (auto &v : values) {
      spec.model.value[v.first] = v.second;
      spec.given |= 1u << v.first;
    }
    underlyings.push_back(spec);
    return underlyings.back();
  }

  qs_trade_spec &add_option(const char *id, const char *underlying, qs_call_put call_put, double strike,
                            double years, double quantity = 1, qs_settlement settlement = QS_SETTLE_LINEAR) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = id;
    trade.type = QS_TRADE_EUROPEAN;
    trade.underlying = underlying;
    trade.call_put = call_put;
    trade.strike = strike;
    trade.expiry_years = years;
    trade.quantity = quantity;
    trade.settlement = settlement;
    trades.push_back(trade);
    return trades.back();
  }

  // Builds market and book from what was added so far.
  void build() {
    inputs.underlyings = underlyings.data();
    inputs.underlying_count = underlyings.size();
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    ASSERT_EQ(qs_market_build(&context, arena, &inputs, &market), QS_OK) << context.message;
    ASSERT_EQ(qs_book_build(&context, arena, &inputs, market, &book), QS_OK) << context.message;
    simulation = qs_simulation_resolve(&inputs.simulation);
  }

  // Builds, values with Greeks and reports.
  void value() {
    build();
    ASSERT_EQ(qs_valuation_run(&context, arena, devices, market, book->contracts, book->count, &simulation,
                               true, &valuation),
              QS_OK)
        << context.message;
    results = qs_results();
    ASSERT_EQ(qs_report_values(&context, arena, &valuation, &results), QS_OK) << context.message;
  }

  const qs_trade_result &trade(const std::string &id) const {
    for (size_t i = 0; i < results.trade_count; i++) {
      if (id == results.trades[i].id) {
        return results.trades[i];
      }
    }
    ADD_FAILURE() << "no trade " << id;
    return results.trades[0];
  }

  qs_context context;
  qs_arena *arena = nullptr;
  qs_devices *devices = nullptr;
  qs_inputs inputs;
  std::vector<qs_underlying_spec> underlyings;
  std::vector<qs_trade_spec> trades;
  qs_market *market = nullptr;
  qs_book *book = nullptr;
  qs_simulation simulation;
  qs_valuation valuation;
  qs_results results;
};

#endif
