// A market, a book and a price history in memory, run through the risk section on the real CPU backend.
#ifndef QS_TESTS_RISK_RISK_WORLD_H
#define QS_TESTS_RISK_RISK_WORLD_H

#include <deque>
#include <vector>

#include "host/risk/risk.h"
#include "tests/engine/world.h"

class RiskWorld : public World {
public:
  RiskWorld() { set_levels({0.95, 0.99}); }

  void set_levels(std::vector<double> values) {
    levels = std::move(values);
    inputs.risk.levels = levels.data();
    inputs.risk.level_count = levels.size();
  }

  static qs_trade_spec make(const char *id, qs_trade_type type, const char *underlying, double quantity) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = id;
    trade.type = type;
    trade.underlying = underlying;
    trade.quantity = quantity;
    return trade;
  }

  qs_trade_spec &add(const char *id, qs_trade_type type, const char *underlying, double quantity) {
    trades.push_back(make(id, type, underlying, quantity));
    return trades.back();
  }

  void add_cash(const char *currency, double amount) { cash.push_back({currency, amount, nullptr, nullptr}); }

  // One row of closes, in the order of `history_names`.
  void add_row(qs_time time, std::vector<double> close) {
    closes.push_back(std::move(close));
    history.push_back({time, closes.back().data()});
  }

  void build_book() {
    inputs.cash = cash.data();
    inputs.cash_count = cash.size();
    inputs.risk.what_if = what_if.data();
    inputs.risk.what_if_count = what_if.size();
    inputs.risk.history_names = history_names.data();
    inputs.risk.history_name_count = history_names.size();
    inputs.risk.history = history.data();
    inputs.risk.history_count = history.size();
    build();
  }

  // A fresh horizon under this seed, and the section on it.
  qs_status run(uint64_t seed = 1) {
    qs_horizon_spec spec = {inputs.risk.horizon_days, inputs.risk.drift, simulation.paths,    seed,
                            simulation.precision,     simulation.scheme, simulation.step_days};
    qs_horizon *horizon = nullptr;
    qs_status status = qs_horizon_create(&context, arena, devices, market, &spec, &horizon);
    return status ? status : qs_risk_run(&context, arena, &inputs, market, book, horizon, &risk);
  }

  std::vector<double> levels;
  std::vector<qs_cash_spec> cash;
  std::vector<qs_trade_spec> what_if;
  std::vector<const char *> history_names;
  std::vector<qs_price_row> history;
  std::deque<std::vector<double>> closes;
  qs_risk_result risk = qs_risk_result();
};

#endif
