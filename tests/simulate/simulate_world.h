// A simulation built in memory, on the real CPU backend.
#ifndef QS_TESTS_SIMULATE_WORLD_H
#define QS_TESTS_SIMULATE_WORLD_H

#include "host/simulate/simulate.h"
#include "tests/engine/world.h"

class SimulateWorld : public World {
public:
  qs_simulate_spec &spec = inputs.simulate;
  std::vector<const char *> instruments = {"X-SPOT"};
  std::vector<qs_hedge_policy_spec> policies;
  qs_simulate_result result{};

  qs_hedge_policy_spec &add_policy(qs_hedge_policy_type type, const char *name = nullptr) {
    qs_hedge_policy_spec policy;
    qs_hedge_policy_spec_init(&policy);
    policy.type = type;
    policy.name = name;
    policies.push_back(policy);
    return policies.back();
  }

  // Trades every day, the unwind `count` days from now.
  void every_day(uint64_t count) {
    spec.dates.count = count;
    spec.dates.spacing_days = 1;
  }

  void margin(double collateral, double initial, double maintenance, uint64_t parts, double fee) {
    spec.margin.collateral = collateral;
    spec.margin.initial = initial;
    spec.margin.maintenance = maintenance;
    spec.margin.parts = parts;
    spec.margin.fee = fee;
  }

  // Market and book are built at the first run.
  qs_status run() {
    if (!market) {
      build();
      EXPECT_EQ(qs_market_calibrate(&context, arena, market), QS_OK) << context.message;
    }
    spec.position = spec.position ? spec.position : "portfolio";
    spec.instruments = instruments.data();
    spec.instrument_count = instruments.size();
    spec.policies = policies.data();
    spec.policy_count = policies.size();
    return qs_simulate_run(&context, arena, devices, &inputs, market, book, &result);
  }

  const qs_policy_result &policy(size_t i) const { return result.policies[i]; }
};

// Within `scores` standard errors, which must be small enough to tell something.
inline void expect_within(qs_estimate estimate, double value, double scores, double largest_error,
                          const char *what) {
  EXPECT_LE(std::fabs(estimate.estimate - value), scores * estimate.std_error)
      << what << ": " << estimate.estimate << " +- " << estimate.std_error << ", not " << value;
  EXPECT_LE(estimate.std_error, largest_error) << what;
}

#endif
