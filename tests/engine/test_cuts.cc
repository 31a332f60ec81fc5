// The same bits however a book is cut: whole, in halves, trade by trade, in another order, and simulated in
// few or many portions.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "host/base/model.h"
#include "host/engine/report.h"
#include "host/engine/revalue.h"
#include "host/io/config.h"
#include "quickset/quickset.h"

namespace {

// Every type of trade, listed dates and odd ones, jumps and none, alone and together.
const char config_text[] = R"yaml(as_of: 2026-03-02T09:30:00Z
simulation: {paths: 2048}
underlyings:
  - {name: H, spot: 100, carry: 0.02, discount_rate: 0.05, coin_rate: 0.01, model: {type: heston, v0: 0.25, kappa: 2, theta: 0.36, xi: 0.8, rho: -0.5}}
  - {name: S, spot: 900, discount_rate: 0.05, model: {type: svcj, v0: 0.25, kappa: 3, theta: 0.3, xi: 1.5, rho: -0.3, lambda: 1, mu_j: -0.05, sigma_j: 0.08, mu_v: 0.08, rho_j: -0.2}}
  - {name: K, spot: 20, discount_rate: 0.05, model: {type: kou, sigma: 0.5, lambda: 2, p: 0.4, eta1: 12, eta2: 9}}
correlations:
  - {between: [H, S], value: 0.5}
  - {between: [H, K], value: 0.3}
trades:
  - {id: call, type: european, underlying: H, call_put: call, strike: 105, quantity: 2, expiry: 2026-06-26T08:00:00Z}
  - {id: put, type: european, underlying: H, call_put: put, strike: 105, quantity: -1, expiry: 2026-06-26T08:00:00Z}
  - {id: coin, type: european, underlying: H, call_put: put, strike: 95, quantity: 1, settlement: coin, expiry: 2026-09-25T08:00:00Z}
  - {id: odd, type: european, underlying: S, call_put: call, strike: 950, quantity: 1, expiry: 2026-05-05T17:12:45Z}
  - {id: far, type: european, underlying: S, call_put: call, strike: 950, quantity: 1, expiry: 2026-12-25T08:00:00Z}
  - {id: kou, type: european, underlying: K, call_put: call, strike: 22, quantity: 1, expiry: 2026-06-26T08:00:00Z}
  - {id: digital, type: digital, underlying: H, call_put: put, strike: 100, expiry: 2026-06-26T08:00:00Z, quantity: 3, amount: 50}
  - {id: odd digital, type: digital, underlying: H, call_put: call, strike: 110, expiry: 2026-07-01T11:00:07Z, quantity: 3, pays: asset}
  - {id: asian, type: asian, underlying: H, call_put: call, strike: 100, quantity: 5, settlement: coin, fixings: {every: week, from: 2026-03-06T08:00:00Z, to: 2026-06-26T08:00:00Z}}
  - {id: geometric, type: asian, average: geometric, underlying: S, call_put: put, strike: 900, quantity: 5, fixings: {every: month, from: 2026-03-27T08:00:00Z, to: 2026-09-25T08:00:00Z}}
  - {id: odd asian, type: asian, underlying: S, floating: true, call_put: put, quantity: 5, fixings: {every: 10, from: 2026-03-09T13:00:01Z, to: 2026-07-20T12:00:00Z}}
  - {id: weekly barrier, type: barrier, underlying: S, call_put: call, strike: 900, knock: in, lower: 800, monitoring: discrete, quantity: 1, fixings: {every: week, from: 2026-03-06T08:00:00Z, to: 2026-06-26T08:00:00Z}}
  - {id: barrier, type: barrier, underlying: H, call_put: call, strike: 95, knock: out, upper: 150, lower: 70, rebate: 1, rebate_paid: hit, quantity: 30, expiry: 2026-06-26T08:00:00Z}
  - {id: kou barrier, type: barrier, underlying: K, call_put: put, strike: 20, knock: out, lower: 12, quantity: 30, expiry: 2026-05-11T10:00:00Z}
  - {id: lookback, type: lookback, underlying: H, call_put: put, floating: true, quantity: 2, fixings: {every: week, from: 2026-03-06T08:00:00Z, to: 2026-09-25T08:00:00Z}}
  - {id: start, type: forward_start, underlying: K, call_put: call, start: 2026-05-01T08:00:00Z, expiry: 2026-07-03T08:00:00Z, quantity: 7, moneyness: 1.1}
  - {id: cliquet, type: cliquet, underlying: H, quantity: 1000, fixings: {every: month, to: 2026-09-25T08:00:00Z}, local_floor: -0.05, local_cap: 0.1, global_floor: 0}
  - {id: variance, type: variance_swap, underlying: H, strike: 0.5, quantity: 100, fixings: {every: day, to: 2026-04-03T08:00:00Z}}
  - {id: capped, type: variance_swap, underlying: S, strike: 0.5, cap: 0.9, quantity: 100, fixings: {every: week, from: 2026-03-06T08:00:00Z, to: 2026-06-26T08:00:00Z}}
  - {id: volatility, type: volatility_swap, underlying: K, strike: 0.5, quantity: 10, fixings: {every: week, from: 2026-03-06T08:00:00Z, to: 2026-06-26T08:00:00Z}}
  - {id: script, type: script, underlying: S, quantity: 1, expiry: 2026-06-26T08:00:00Z, payoff: "max(mean(S[weekly]) - K, 0)", constants: {K: 900}, schedules: {weekly: {every: week, from: 2026-03-06T08:00:00Z, to: 2026-06-26T08:00:00Z}}}
  - {id: jumping, type: script, underlying: H, quantity: 1, expiry: 2026-07-11T08:00:03Z, payoff: "if(S[T] > K, 1, 0)", constants: {K: 100}}
  - {id: bermudan, type: bermudan, underlying: H, call_put: put, strike: 105, quantity: 1, exercise: {every: month, to: 2026-06-26T08:00:00Z, skip_first: true}}
  - {id: american, type: american, underlying: K, call_put: put, strike: 21, quantity: 1, expiry: 2026-05-08T08:00:00Z}
  - {id: best, type: script, underlyings: [H, S], quantity: 3, expiry: 2026-06-26T08:00:00Z, payoff: "max(max(H[T] / 100, S[T] / 900) - 1, 0)"}
  - {id: basket, type: script, underlyings: [H, S], quantity: 3, expiry: 2026-06-26T08:00:00Z, payoff: "max(H[T] / 100 + S[T] / 900 - 2, 0)"}
  - {id: three, type: script, underlyings: [K, H, S], quantity: 3, expiry: 2026-09-25T08:00:00Z, payoff: "min(K[T] / 20, H[T] / 100, S[t] / 900)", schedules: {t: 2026-06-26T08:00:00Z}}
)yaml";

std::string text_of(qs_estimate e) {
  char text[64];
  snprintf(text, sizeof text, "%a+-%a ", e.estimate, e.std_error);
  return text;
}

std::string text_of(const qs_greeks &greeks) {
  std::string text;
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    text += greeks.present >> g & 1 ? qs_greek_name(qs_greek(g)) + (" " + text_of(greeks.value[g])) : "";
  }
  return text;
}

std::string text_of(const qs_trade_result &t) {
  char ratio[64];
  snprintf(ratio, sizeof ratio, " %a ", t.variance_ratio);
  std::string text = text_of(t.price) + text_of(t.price_coin) + text_of(t.value) + text_of(t.greeks) +
                     "coin: " + text_of(t.greeks_coin) + (t.controls ? t.controls : "-") + ratio;
  text += " " + std::to_string(t.untrusted) + (t.why ? t.why : "");
  if (t.bounds.present) {
    text += text_of(t.bounds.lower) + text_of(t.bounds.upper) + text_of(t.bounds.extrapolation);
  }
  return text;
}

using Numbers = std::map<std::string, std::string>; // what is reported, by id

class Cuts : public ::testing::Test {
protected:
  void SetUp() override {
    qs_context_init(&context);
    char name[] = "/tmp/quickset-cuts-XXXXXX";
    int file = mkstemp(name);
    ASSERT_GE(file, 0);
    close(file);
    std::ofstream(name) << config_text;
    qs_status status = qs_config_read(&context, name, nullptr, 0, &config);
    unlink(name);
    ASSERT_EQ(status, QS_OK) << context.message;
    inputs = *qs_config_inputs(config);
    trades.assign(inputs.trades, inputs.trades + inputs.trade_count);
    ASSERT_EQ(qs_devices_open(&context, QS_BACKEND_CPU, 2, nullptr, &devices), QS_OK) << context.message;
  }
  void TearDown() override {
    qs_devices_close(devices);
    qs_config_destroy(config);
  }

  // Adds the numbers of a book of some of the trades.
  void value(const std::vector<qs_trade_spec> &some, Numbers *numbers, size_t wave_bytes = 0,
             double target = NAN) {
    qs_arena *arena = qs_arena_create(&context);
    qs_inputs of = inputs;
    of.trades = some.data();
    of.trade_count = some.size();
    qs_market *market = nullptr;
    qs_book *book = nullptr;
    ASSERT_EQ(qs_market_build(&context, arena, &of, &market), QS_OK) << context.message;
    ASSERT_EQ(qs_book_build(&context, arena, &of, market, &book), QS_OK) << context.message;
    qs_simulation simulation = qs_simulation_resolve(&of.simulation);
    simulation.wave_bytes = wave_bytes;
    simulation.target = target;
    simulation.most_paths = 4 * simulation.paths;
    qs_valuation valuation;
    ASSERT_EQ(qs_valuation_run(&context, arena, devices, market, book->contracts, book->count, &simulation,
                               true, &valuation),
              QS_OK)
        << context.message;
    qs_results results = {};
    ASSERT_EQ(qs_report_values(&context, arena, &valuation, &results), QS_OK);
    ASSERT_EQ(qs_report_cross_gammas(&context, arena, &valuation, &results), QS_OK);
    for (size_t i = 0; i < results.trade_count; i++) {
      (*numbers)[results.trades[i].id] = text_of(results.trades[i]);
    }
    for (size_t i = 0; i < results.cross_gamma_count; i++) {
      const qs_cross_gamma_result &cross = results.cross_gammas[i];
      (*numbers)[std::string(cross.id) + cross.between[0] + cross.between[1]] = text_of(cross.value);
    }
    if (std::isnan(target)) {
      stress(market, book, &simulation, arena, numbers);
    }
    qs_arena_destroy(arena);
  }

  // The P&L of every position in two cells, of which one moves the spots alone.
  void stress(const qs_market *market, const qs_book *book, const qs_simulation *simulation, qs_arena *arena,
              Numbers *numbers) {
    const size_t underlyings = market->underlying_count;
    std::vector<qs_shock> shocks;
    for (int cell = 0; cell < 2; cell++) {
      for (size_t u = 0; u < underlyings; u++) {
        qs_shock shock = qs_shock_none(&market->underlyings[u].model);
        shock.log_spot = -0.1;
        if (cell) {
          shock.model = qs_model_scale_volatility(&shock.model, 1.2);
          shock.carry_add = 0.01;
        }
        shocks.push_back(shock);
      }
    }
    std::vector<qs_estimate> totals(2), parts(2 * book->count);
    ASSERT_EQ(qs_revalue(&context, arena, devices, market, book->contracts, book->count, simulation,
                         shocks.data(), 2, totals.data(), parts.data(), nullptr),
              QS_OK)
        << context.message;
    for (size_t i = 0; i < parts.size(); i++) {
      const std::string id = book->contracts[i % book->count].id;
      (*numbers)["stress " + std::to_string(i / book->count) + id] = text_of(parts[i]);
    }
  }

  void expect_same(const Numbers &a, const Numbers &b, const char *what) {
    ASSERT_EQ(a.size(), b.size()) << what;
    for (const auto &[id, text] : a) {
      EXPECT_EQ(text, b.at(id)) << what << ": " << id;
    }
  }

  // Whole, backwards, in two halves, and trade by trade.
  void expect_no_cut_matters(const char *what) {
    Numbers whole, backwards, halves, single;
    value(trades, &whole);
    value({trades.rbegin(), trades.rend()}, &backwards);
    expect_same(whole, backwards, what);
    std::vector<qs_trade_spec> half[2];
    for (size_t i = 0; i < trades.size(); i++) {
      half[i % 2].push_back(trades[i]);
      value({trades[i]}, &single);
    }
    value(half[0], &halves);
    value(half[1], &halves);
    expect_same(whole, halves, what);
    expect_same(whole, single, what);
  }

  qs_context context;
  qs_devices *devices = nullptr;
  qs_config *config = nullptr;
  qs_inputs inputs;
  std::vector<qs_trade_spec> trades;
};

TEST_F(Cuts, OfTheBookChangeNoNumber) {
  expect_no_cut_matters("controls");
}

TEST_F(Cuts, OfTheBookChangeNoNumberOfMirroredPathsInDouble) {
  inputs.simulation.variance_reduction = QS_REDUCTION_ANTITHETIC;
  inputs.simulation.precision = QS_DOUBLE;
  inputs.simulation.paths = 1024;
  // Formulas over several underlyings take pseudo-random paths alone whatever is asked: they are above.
  expect_no_cut_matters("antithetic");
}

TEST_F(Cuts, OfTheWorkChangeNoNumber) {
  Numbers few, many;
  value(trades, &few);
  value(trades, &many, 1); // every payoff a portion, every portion a wave
  expect_same(few, many, "waves");
}

// In waves the rounds before the last are simulated again.
TEST_F(Cuts, OfTheWorkChangeNoNumberOfRounds) {
  Numbers few, many;
  value(trades, &few, 0, 1e-9);
  value(trades, &many, 1 << 20, 1e-9);
  expect_same(few, many, "rounds");
  Numbers one_round;
  value(trades, &one_round, 0, 1e9);
  EXPECT_NE(one_round.at("call"), few.at("call"));
}

// Formulas on the same underlyings and dates cost one simulation.
TEST_F(Cuts, FormulasOfTheSameDatesShareTheirPaths) {
  auto steps = [&](std::vector<const char *> ids) {
    std::vector<qs_trade_spec> some;
    for (const qs_trade_spec &t : trades) {
      for (const char *id : ids) {
        if (std::string(id) == t.id) {
          some.push_back(t);
        }
      }
    }
    EXPECT_EQ(some.size(), ids.size());
    qs_device_report before, after;
    qs_devices_report(devices, 0, &before);
    Numbers numbers;
    value(some, &numbers);
    qs_devices_report(devices, 0, &after);
    return after.path_steps - before.path_steps;
  };
  const uint64_t one = steps({"best"});
  EXPECT_GT(one, 0u);
  EXPECT_EQ(steps({"best", "basket"}), one);
  EXPECT_GT(steps({"best", "three"}), one);
}

// Sobol points: a book's own cut is the same for any wave that holds what shares paths.
TEST_F(Cuts, RunTwiceWithSobolPointsAreTheSame) {
  inputs.simulation.sampling = QS_SAMPLING_CHOICE_SOBOL;
  Numbers first, second;
  value(trades, &first);
  value({trades.rbegin(), trades.rend()}, &second);
  expect_same(first, second, "sobol, backwards");
}

} // namespace
