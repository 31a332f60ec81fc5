// Simulated policies against the exact value of the same tables (host/policy/optimum.h), which is found by
// dynamic programming on transition densities from Fourier transforms: no path is shared.
#include "host/policy/optimum.h"
#include "tests/policy/policy_world.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr uint64_t kDates = 6;
constexpr double kYears = double(kDates) / 365, kSpot = 100, kCarry = .03, kRate = .05, kCost = .0005,
                 kWeight = 20;

struct Case {
  const char *name;
  qs_model model;
};

// A short call and a long put of twice the size, hedged by a spot.
struct Holding {
  qs_call_put call_put;
  double strike, quantity;
};
constexpr Holding kPosition[] = {{QS_CALL, 100, -1}, {QS_PUT, 93, 2}};

qs_policy_value exact(const qs_model &model, qs_policy_kind kind) {
  policy_world::World w(model);
  w.settings.holding_count = 400; // its default counts .3% too much cost under stochastic variance
  const double forward = kSpot * std::exp(kCarry * kYears), discount = std::exp(-kRate * kYears);
  for (const Holding &h : kPosition)
    w.options.push_back({h.call_put == QS_CALL, false, kYears, h.strike, forward, h.quantity * discount, 0});
  for (uint64_t d = 0; d <= kDates; d++) {
    const double years = double(d) / 365, f = kSpot * std::exp(kCarry * years),
                 money = std::exp(-kRate * years);
    w.dates.push_back({years, f, money * f, money, kCost, 0, 0});
  }
  w.problem = {&w.model, w.options.data(), w.options.size(), w.dates.data(), w.dates.size(), 0, kWeight, 0};
  qs_policy_ground ground;
  qs_policy_table table;
  qs_policy_value value = {};
  EXPECT_EQ(qs_policy_make_ground(&w.context, w.arena, &w.problem, &w.settings, &ground), QS_OK);
  EXPECT_EQ(qs_policy_classical(&w.context, w.arena, &w.problem, &ground.ratios, kind, 0, &table), QS_OK);
  EXPECT_EQ(qs_policy_evaluate(&w.context, &ground, &w.settings, &table, &value), QS_OK) << w.context.message;
  return value;
}

void PrintTo(const Case &c, std::ostream *out) {
  *out << c.name;
}

class SimulateExact : public ::testing::TestWithParam<Case> {};

TEST_P(SimulateExact, VarianceCostAndObjectiveOfPolicies) {
  const qs_model &model = GetParam().model;
  SimulateWorld w;
  std::vector<std::pair<int, double>> values;
  for (int i = 0; i < QS_PARAMETER_COUNT; i++)
    if (qs_model_parameters(model.type) >> i & 1)
      values.push_back({i, model.value[i]});
  w.add_underlying("X", model.type, values, kSpot, kCarry, kRate);
  for (const Holding &h : kPosition)
    w.add_option(h.call_put == QS_CALL ? "call" : "put", "X", h.call_put, h.strike, kYears, h.quantity);
  w.every_day(kDates);
  w.spec.costs.proportional = kCost;
  w.spec.cost_weight = kWeight;
  w.inputs.simulation.paths = 1 << 18;
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_kind kinds[] = {QS_POLICY_LOCAL, QS_POLICY_DELTA, QS_POLICY_WHALLEY_WILMOTT};
  for (size_t i = 0; i < 3; i++) {
    const qs_policy_value value = exact(model, kinds[i]);
    const qs_policy_result &got = w.policy(i);
    const std::string what = std::string(GetParam().name) + " " + got.name;
    expect_within(got.variance, value.variance, 4, 0.02 * value.variance, (what + " variance").c_str());
    expect_within(got.objective, value.objective, 4, 0.015 * value.objective, (what + " objective").c_str());
    // Bands over the variance's nodes: the programme's own error in the cost, seen between settings, is .25%.
    const bool coarse = kinds[i] == QS_POLICY_WHALLEY_WILMOTT && model.type == QS_MODEL_SVCJ;
    EXPECT_LE(std::fabs(got.cost.estimate - value.cost),
              4 * got.cost.std_error + (coarse ? 0.0025 * value.cost : 0))
        << what << " cost " << got.cost.estimate << " +- " << got.cost.std_error << ", not " << value.cost;
    EXPECT_LE(got.cost.std_error, 0.001 * value.cost);
  }
}

INSTANTIATE_TEST_SUITE_P(Quick, SimulateExact,
                         ::testing::Values(Case{"gbm", policy_world::Gbm(.6)},
                                           Case{"merton", policy_world::Merton()}),
                         [](const ::testing::TestParamInfo<Case> &tested) {
                           return std::string(tested.param.name);
                         });

INSTANTIATE_TEST_SUITE_P(Slow, SimulateExact,
                         ::testing::Values(Case{"heston", policy_world::Heston()},
                                           Case{"svcj", policy_world::Svcj()}),
                         [](const ::testing::TestParamInfo<Case> &tested) {
                           return std::string(tested.param.name);
                         });

} // namespace
