// A small market in memory, P&L given by the test, and the hedge section on it.
#ifndef QS_TESTS_HEDGE_HEDGE_WORLD_H
#define QS_TESTS_HEDGE_HEDGE_WORLD_H

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "host/hedge/hedge.h"
#include "tests/hedge/fake_horizon.h"
#include "tests/hedge/problems.h"

namespace hedge_test {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

// Spot 60000; quotes as below; gbm with 60%, so that nothing has to be fitted.
class HedgeWorld {
public:
  HedgeWorld() {
    qs_context_init(&context);
    context.threads = 2;
    arena = qs_arena_create(&context);
    qs_inputs_init(&inputs);
    inputs.as_of = 1785607084; // 2026-08-01T17:58:04Z
    quote("BTC-INDEX", nan_value, nan_value, 60000);
    quote("BTC-PERPETUAL", 59990, 60010, nan_value);
    quote("BTC-25SEP26", 60200, 60600, nan_value);
    quote("BTC-25SEP26-60000-C", 0.08, 0.084, 0.081);
    quote("BTC-25SEP26-50000-P", 0.02, 0.021, nan_value);
    quote("BTC-25SEP26-90000-C", nan_value, 0.002, 0.001); // one-sided
    quote("BTC-25SEP26-70000-C", 0.04, 0.042, 0.041);
    qs_underlying_spec_init(&underlying);
    underlying.name = "BTC";
    underlying.model.type = QS_MODEL_GBM;
    underlying.model.value[QS_SIGMA] = 0.6;
    underlying.given = 1u << QS_SIGMA;
    inputs.hedge.cost_weight = 1;
  }
  ~HedgeWorld() { qs_arena_destroy(arena); }
  HedgeWorld(const HedgeWorld &) = delete;
  HedgeWorld &operator=(const HedgeWorld &) = delete;

  void quote(const char *name, double bid, double ask, double mark) {
    quotes.push_back({name, bid, ask, mark, nan_value, nan_value, nan_value, 0});
  }

  qs_position_spec &hold(const char *instrument, double quantity, const char *in_book = nullptr) {
    positions.push_back({instrument, quantity, nan_value, in_book, nullptr, 0});
    return positions.back();
  }

  void add_cash(const char *currency, double amount) { cash.push_back({currency, amount, nullptr, nullptr}); }

  qs_cost_spec &cost(const char *instrument) {
    costs.emplace_back();
    qs_cost_spec_init(&costs.back());
    costs.back().instrument = instrument;
    return costs.back();
  }

  // P&L of one unit of the instrument, and its Greeks.
  void moves(const char *instrument, std::vector<double> pnl, double delta = 0, double gamma = 0,
             double vega = 0) {
    horizon.paths = pnl.size();
    horizon.pnl[instrument] = std::move(pnl);
    greek[instrument] = {delta, gamma, vega};
  }

  qs_status build() {
    underlying.quotes = quotes.data();
    underlying.quote_count = quotes.size();
    underlying.quotes_source = "quotes.csv";
    inputs.underlyings = &underlying;
    inputs.underlying_count = 1;
    inputs.positions = positions.data();
    inputs.position_count = positions.size();
    inputs.cash = cash.data();
    inputs.cash_count = cash.size();
    inputs.hedge.instruments = instruments.data();
    inputs.hedge.instrument_count = instruments.size();
    inputs.hedge.costs = costs.data();
    inputs.hedge.cost_count = costs.size();
    inputs.hedge.instrument_limits = limits.data();
    inputs.hedge.instrument_limit_count = limits.size();
    inputs.hedge.target = target.data();
    inputs.hedge.target_count = target.size();
    const qs_status status = qs_market_build(&context, arena, &inputs, &market);
    return status ? status : qs_book_build(&context, arena, &inputs, market, &book);
  }

  qs_status run() {
    const qs_status status = build();
    return status ? status : run_built();
  }

  qs_status run_built() {
    for (int g = 0; g < 3; g++) {
      of_book[g].clear();
      of_instrument[g].clear();
      for (size_t c = 0; c < book->count; c++) {
        of_book[g].push_back(greek_of(book->contracts[c].instrument, g));
      }
      for (const char *name : instruments) {
        of_instrument[g].push_back(greek_of(name, g));
      }
    }
    const qs_hedge_greeks greeks = {of_book[0].data(),       of_book[1].data(),
                                    of_book[2].data(),       of_instrument[0].data(),
                                    of_instrument[1].data(), of_instrument[2].data()};
    result = qs_hedge_result();
    return qs_hedge_run(&context, arena, &inputs, market, book, horizon.handle(), &greeks, &result);
  }

  double shadow(const std::string &limit) const {
    for (size_t i = 0; i < result.shadow_count; i++) {
      if (limit == result.shadow_prices[i].limit) {
        return result.shadow_prices[i].price;
      }
    }
    ADD_FAILURE() << "no shadow price of " << limit;
    return nan_value;
  }

  std::vector<std::string> conflicts() const {
    return std::vector<std::string>(result.conflicts, result.conflicts + result.conflict_count);
  }

  std::string message() const { return context.message; }

  qs_context context;
  qs_arena *arena = nullptr;
  qs_inputs inputs;
  qs_underlying_spec underlying;
  std::vector<qs_quote> quotes;
  std::vector<qs_position_spec> positions, target;
  std::vector<qs_cash_spec> cash;
  std::vector<qs_cost_spec> costs;
  std::vector<qs_instrument_limit> limits;
  std::vector<const char *> instruments;
  FakeHorizon horizon;
  qs_market *market = nullptr;
  qs_book *book = nullptr;
  qs_hedge_result result = qs_hedge_result();

private:
  std::map<std::string, std::vector<double>> greek;
  std::vector<double> of_book[3], of_instrument[3];

  double greek_of(const char *instrument, int which) const {
    const auto found = instrument ? greek.find(instrument) : greek.end();
    return found == greek.end() ? 0 : found->second[static_cast<size_t>(which)];
  }
};

// A sample of independent standard normals.
inline std::vector<double> normals(uint64_t seed, size_t count) {
  Random random(seed);
  std::vector<double> out(count);
  for (double &v : out) {
    v = random.normal();
  }
  return out;
}

inline std::vector<double> combine(double a, const std::vector<double> &x, double b,
                                   const std::vector<double> &y) {
  std::vector<double> out(x.size());
  for (size_t i = 0; i < x.size(); i++) {
    out[i] = a * x[i] + b * y[i];
  }
  return out;
}

} // namespace hedge_test
#endif
