// A backtest built in memory: hourly prices by a seed, eight days of them before as_of.
#ifndef QS_TESTS_SIMULATE_REPLAY_WORLD_H
#define QS_TESTS_SIMULATE_REPLAY_WORLD_H

#include <random>

#include "host/simulate/replay.h"
#include "tests/engine/world.h"

class ReplayWorld : public World {
public:
  static constexpr size_t kBefore = 192, kHours = 8, kSteps = 12; // hours before, in a step; steps
  qs_backtest_spec &spec = inputs.backtest;
  std::vector<double> prices;
  std::vector<qs_hedge_policy_spec> policies;
  qs_backtest_result result{};

  explicit ReplayWorld(qs_model_type type) {
    const bool random = type == QS_MODEL_HESTON;
    add_underlying("X", type,
                   random ? std::vector<std::pair<int, double>>{{QS_V0, .36},
                                                                {QS_KAPPA, 8},
                                                                {QS_THETA, .3},
                                                                {QS_XI, 1.5},
                                                                {QS_RHO, -.4}}
                          : std::vector<std::pair<int, double>>{{QS_SIGMA, .6}},
                   100, 0, 0);
    add_option("late", "X", QS_CALL, 104, 30.0 / 365, -2);
    add_option("last", "X", QS_PUT, 97, 4.0 / 365, -1);
    std::mt19937_64 g(11);
    std::normal_distribution<double> normal;
    double x = 0;
    for (size_t j = 0; j <= kBefore + kHours * kSteps + 5; j++) {
      prices.push_back(100 * std::exp(x));
      x += .6 / std::sqrt(8760) * normal(g);
    }
    spec.position = "portfolio";
    spec.instrument = "X-SPOT";
    spec.record = {nullptr, 0, inputs.as_of - qs_time(kBefore) * 3600, 3600};
    spec.dates.count = kSteps;
    spec.dates.spacing_days = kHours / 24.0;
    spec.costs = {5e-4, 1e-4, .01};
    spec.latency_bars = 1;
    spec.cost_weight = 2;
    spec.intervals = {.9, 200, 7};
  }

  qs_hedge_policy_spec &add_policy(qs_hedge_policy_type type, const char *name = nullptr) {
    qs_hedge_policy_spec policy;
    qs_hedge_policy_spec_init(&policy);
    policy.type = type;
    policy.name = name;
    policy.width = .2;
    policies.push_back(policy);
    return policies.back();
  }

  void point() {
    if (!market) {
      build();
      EXPECT_EQ(qs_market_calibrate(&context, arena, market), QS_OK) << context.message;
    }
    spec.record.prices = prices.data();
    spec.record.count = prices.size();
    spec.policies = policies.data();
    spec.policy_count = policies.size();
  }

  qs_status run() {
    point();
    return qs_replay_run(&context, arena, &inputs, market, book, &result);
  }
};

#endif
