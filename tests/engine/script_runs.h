// A book of scripted trades in memory, run whole.
#ifndef QS_TESTS_ENGINE_SCRIPT_RUNS_H
#define QS_TESTS_ENGINE_SCRIPT_RUNS_H

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "quickset/quickset.h"

inline const qs_time kDay = 86400;
inline const qs_time kAsOf = 1772443800; // 2026-03-02T09:30:00Z
inline const qs_time kEnd = 1783065600;  // 2026-07-03T08:00:00Z

// A book in memory on one Heston underlying X and one with jumps, J.
class ScriptRuns : public ::testing::Test {
protected:
  void SetUp() override {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = 2;
    char message[256];
    ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
    qs_inputs_init(&inputs);
    for (qs_underlying_spec &u : underlyings)
      qs_underlying_spec_init(&u);
    underlyings[0].name = "X";
    underlyings[0].model = {QS_MODEL_HESTON, {0.25, 2, 0.36, 0.8, -0.5}};
    underlyings[0].given = 31;
    underlyings[1].name = "J";
    underlyings[1].model.type = QS_MODEL_BATES;
    const double values[] = {0.25, 2, 0.36, 0.8, -0.5, 3, -0.1, 0.15};
    std::copy(values, values + 8, underlyings[1].model.value);
    underlyings[1].given = 255;
    for (qs_underlying_spec &u : underlyings) {
      u.spot = 100;
      u.carry = 0.02;
      u.discount_rate = 0.05;
      u.coin_rate = 0.01;
    }
    inputs.sections = QS_SECTION_CALIBRATE | QS_SECTION_VALUE;
    inputs.as_of = kAsOf;
    inputs.simulation.paths = 32768;
    inputs.simulation.precision = QS_DOUBLE;
    inputs.underlyings = underlyings;
    inputs.underlying_count = 2;
  }
  void TearDown() override {
    qs_results_destroy(results);
    qs_engine_destroy(engine);
  }
  void add(const char *id, qs_trade_type type, const char *underlying = "X", qs_time expiry = kEnd) {
    qs_trade_spec t;
    qs_trade_spec_init(&t);
    t.id = id;
    t.type = type;
    t.underlying = underlying;
    t.quantity = 1;
    t.expiry = expiry;
    trades.push_back(t);
  }
  void add_script(const char *id, const char *payoff, const char *underlying = "X", qs_time expiry = kEnd) {
    add(id, QS_TRADE_SCRIPT, underlying, expiry);
    qs_script_spec &script = trades.back().script;
    script.payoff = payoff;
    script.constants = constants;
    script.constant_count = std::size(constants);
    script.schedules = schedules;
    script.schedule_count = std::size(schedules);
  }
  const qs_results *run() {
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    EXPECT_EQ(qs_run(engine, &inputs, ~0u, &results), QS_OK) << qs_engine_message(engine);
    return results;
  }
  // Every number of trade a within `errors` standard errors of trade b's, or within 1e-9 of it.
  void expect_alike(size_t a, size_t b, double errors) {
    const qs_trade_result &x = results->trades[a], &y = results->trades[b];
    const auto alike = [&](qs_estimate p, qs_estimate q, const char *what) {
      const double room = errors * std::hypot(p.std_error, q.std_error) + 1e-9 * (1 + std::fabs(q.estimate));
      EXPECT_NEAR(p.estimate, q.estimate, room)
          << x.id << " " << what << " errors " << p.std_error << " " << q.std_error;
    };
    alike(x.price, y.price, "price");
    ASSERT_EQ(x.greeks.present, y.greeks.present) << x.id;
    for (int g = 0; g < QS_GREEK_COUNT; g++)
      if (x.greeks.present >> g & 1)
        alike(x.greeks.value[g], y.greeks.value[g], std::to_string(g).c_str());
  }
  const qs_constant_spec constants[7] = {{"K", 100},   {"B", 80},  {"U", 150},   {"floor", -0.05},
                                         {"cap", 0.1}, {"k", 0.5}, {"year", 365}};
  const qs_time few[3] = {kAsOf + 30 * kDay - 5400, kAsOf + 61 * kDay - 5400, kEnd};
  const qs_schedule_spec schedules[4] = {{"monthly", nullptr, 0, {0, 1, 0, 0, false}, false},
                                         {"weekly", nullptr, 0, {7, 0, 0, 0, true}, false},
                                         {"few", few, 3, {}, false},
                                         {"start", few, 1, {}, true}};
  qs_underlying_spec underlyings[2];
  std::vector<qs_trade_spec> trades;
  qs_inputs inputs;
  qs_engine *engine = nullptr;
  const qs_results *results = nullptr;
};

#endif
