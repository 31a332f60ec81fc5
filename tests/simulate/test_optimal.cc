// The simulated optimum, its lower bound, gap and frontier.
#include <cstring>

#include "host/simulate/optimal.h"

#include "host/base/model.h"
#include "tests/full_sample.h"
#include "tests/policy/policy_world.h"
#include "tests/simulate/simulate_world.h"

namespace {

class Optimal : public SimulateWorld {
public:
  // Short one call at 100, traded daily for 30 days at 5 bp.
  void short_call(qs_model_type type, const std::vector<std::pair<int, double>> &values, int days = 30) {
    add_underlying("X", type, values, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, days / 365.0, -1);
    every_day(days);
    spec.costs.proportional = 0.0005;
    inputs.simulation.paths = 1 << 17;
  }
  void expect_certified(double largest_gap) const {
    ASSERT_TRUE(result.trusted) << result.why;
    EXPECT_EQ(nullptr, result.lower_bound_why);
    EXPECT_GT(result.gap.estimate, -4 * result.gap.std_error - 1e-12 * result.lower_bound.estimate);
    EXPECT_LT(result.gap.estimate + 4 * result.gap.std_error, largest_gap * result.lower_bound.estimate);
  }
  // Why there is no bound, without a run.
  const char *beyond() {
    if (!market) {
      build();
      EXPECT_EQ(qs_market_calibrate(&context, arena, market), QS_OK) << context.message;
    }
    spec.position = "portfolio";
    spec.instruments = instruments.data();
    spec.instrument_count = instruments.size();
    spec.policies = policies.data();
    spec.policy_count = policies.size();
    qs_simulate_problem problem;
    EXPECT_EQ(qs_simulate_problem_make(&context, arena, &inputs, market, book, &problem), QS_OK)
        << context.message;
    return qs_simulate_beyond(&problem);
  }
  // No policy is below the bound, and the optimum is at it.
  void expect_above(double bound, double error) const {
    for (size_t i = 0; i < result.policy_count; i++) {
      EXPECT_GT(policy(i).objective.estimate + 4 * std::hypot(policy(i).objective.std_error, error), bound)
          << policy(i).name;
    }
  }
};

TEST(Optimal, ShortCallByItsExactObjectives) {
  const double known[2][2] = {{1, 1.2847}, {100, 10.7976}};
  for (const auto &k : known) {
    Optimal w;
    w.short_call(QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
    w.spec.cost_weight = k[0];
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    w.expect_certified(1e-4);
    expect_within(w.policy(0).objective, k[1], 3, 6e-3 * k[1], "optimal");
    expect_within(w.result.lower_bound, k[1], 3, 2e-3 * k[1], "lower bound");
    w.expect_above(w.result.lower_bound.estimate, w.result.lower_bound.std_error);
  }
}

// Random variance: the policy that is simulated on the engine's own paths has the objective of the dynamic
// programme, and is within half a percent of the bound.
TEST(Optimal, HestonIsWithinHalfAPercentOfTheBound) {
  Optimal w;
  w.short_call(QS_MODEL_HESTON,
               {{QS_V0, 0.04}, {QS_KAPPA, 1.5}, {QS_THETA, 0.04}, {QS_XI, 0.5}, {QS_RHO, -0.7}});
  w.spec.cost_weight = 100;
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
  w.add_policy(QS_HEDGE_POLICY_MINIMUM_VARIANCE_DELTA);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  w.expect_certified(5e-3);
  w.expect_above(w.result.lower_bound.estimate, w.result.lower_bound.std_error);
  const double error = std::hypot(w.policy(0).objective.std_error, w.result.lower_bound.std_error);
  EXPECT_NEAR(w.policy(0).objective.estimate, w.result.lower_bound.estimate + w.result.gap.estimate,
              4 * error);
  EXPECT_LT(error, 5e-3 * w.result.lower_bound.estimate);
  for (size_t i = 1; i < 4; i++) {
    EXPECT_LT(w.policy(0).objective.estimate, w.policy(i).objective.estimate) << w.policy(i).name;
  }
}

// The objective of dynamic programming, on transition densities from Fourier transforms, and of the same
// bands on the engine's paths: nothing is shared but the bands.
TEST(Optimal, SimulationAndDynamicProgrammeAgree) {
  const int days = FullSample() ? 30 : 10;
  std::vector<qs_model> models = {policy_world::Svcj()};
  if (FullSample()) {
    models.push_back(policy_world::Make(
        QS_MODEL_HESTON, {{QS_V0, 0.04}, {QS_KAPPA, 1.5}, {QS_THETA, 0.04}, {QS_XI, 0.5}, {QS_RHO, -0.7}}));
  }
  for (const qs_model &model : models) {
    policy_world::World exact(model);
    policy_world::ShortCall(&exact, days);
    exact.Problem(100);
    qs_simulate_optimal found;
    ASSERT_EQ(
        qs_simulate_optimal_make(&exact.context, exact.arena, QS_OBJECTIVE_VARIANCE, &exact.problem, &found),
        QS_OK);
    Optimal w;
    std::vector<std::pair<int, double>> values;
    for (int p = 0; p < QS_PARAMETER_COUNT; p++) {
      if (qs_model_parameters(model.type) >> p & 1) {
        values.push_back({p, model.value[p]});
      }
    }
    w.short_call(model.type, values, days);
    w.spec.cost_weight = 100;
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    w.expect_certified(5e-3);
    const double objective = found.optimum.value.objective;
    expect_within(w.policy(0).objective, objective, 4, 0.01 * objective, "optimal");
    expect_within(w.result.lower_bound, objective, 4, 0.005 * objective, "lower bound");
  }
}

// A book, part of it settled in coin, with what expires on the way and what lives on; jumps and rates.
TEST(Optimal, BookOfManyExpiries) {
  Optimal w;
  w.add_underlying("X", QS_MODEL_MERTON,
                   {{QS_SIGMA, 0.5}, {QS_LAMBDA, 3}, {QS_MU_J, -0.08}, {QS_SIGMA_J, 0.1}}, 100, 0.03, 0.05);
  w.add_option("t1", "X", QS_CALL, 100, 20.0 / 365, -1, QS_SETTLE_COIN);
  w.add_option("t2", "X", QS_PUT, 95, 10.0 / 365, -2);
  w.add_option("t3", "X", QS_CALL, 110, 60.0 / 365, 1, QS_SETTLE_COIN);
  w.every_day(20);
  w.spec.costs.proportional = 0.0005;
  w.inputs.simulation.paths = 1 << 18;
  w.spec.cost_weight = 20;
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  w.expect_certified(1e-3);
  const double error = std::hypot(w.policy(0).objective.std_error, w.result.lower_bound.std_error);
  EXPECT_NEAR(w.policy(0).objective.estimate, w.result.lower_bound.estimate + w.result.gap.estimate,
              4 * error);
  EXPECT_LT(error, 0.01 * w.result.lower_bound.estimate);
}

TEST(Optimal, FrontierTradesRiskForCost) {
  const double weights[] = {0.3, 3, 30, 300};
  Optimal w;
  w.short_call(QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.spec.cost_weight = 3;
  w.spec.frontier = weights;
  w.spec.frontier_count = 4;
  w.inputs.simulation.paths = 1 << 14;
  w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  ASSERT_EQ(4u, w.result.frontier_count);
  const qs_frontier_point *f = w.result.frontier;
  for (size_t i = 0; i < 4; i++) {
    EXPECT_EQ(weights[i], f[i].cost_weight);
    EXPECT_DOUBLE_EQ(2 / weights[i], f[i].risk_aversion);
    EXPECT_NEAR(f[i].objective.estimate, f[i].variance.estimate + weights[i] * f[i].cost.estimate, 1e-9);
    EXPECT_NEAR(f[i].objective.estimate, f[i].lower_bound.estimate + f[i].gap.estimate, 1e-9);
    EXPECT_LT(f[i].gap.estimate, 1e-3 * f[i].objective.estimate);
    if (i > 0) {
      EXPECT_GT(f[i].variance.estimate, f[i - 1].variance.estimate);
      EXPECT_LT(f[i].cost.estimate, f[i - 1].cost.estimate);
      EXPECT_GT(f[i].objective.estimate, f[i - 1].objective.estimate);
    }
  }
  EXPECT_EQ(w.result.lower_bound.estimate, f[1].lower_bound.estimate); /* the same problem */
}

// Impact: the optimum trades part of the way, and is certified. Venues that differ by their impact alone are
// one of b^-2 = sum of b_i^-2, for the programme as for orders that are split along paths.
TEST(Optimal, ImpactIsInTheProgramme) {
  qs_estimate bound[2], objective[2];
  const double together = 0.3 / std::sqrt(5.0); // of .3 and .15
  for (bool split : {false, true}) {
    Optimal w;
    w.short_call(QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 3);
    w.inputs.simulation.paths = 1 << 15;
    w.spec.cost_weight = 20;
    w.spec.costs.impact = together;
    qs_simulate_venue venues[2];
    for (int v = 0; v < 2; v++) {
      qs_simulate_venue_init(&venues[v]);
      venues[v].name = v ? "small" : "large";
      venues[v].impact = v ? 0.3 : 0.15;
    }
    w.spec.venues = venues;
    w.spec.venue_count = split ? 2 : 0;
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    w.add_policy(QS_HEDGE_POLICY_LOCAL_EVERY_DATE);
    w.add_policy(QS_HEDGE_POLICY_WHALLEY_WILMOTT);
    w.add_policy(QS_HEDGE_POLICY_NONE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    w.expect_certified(5e-3);
    w.expect_above(w.result.lower_bound.estimate, w.result.lower_bound.std_error);
    bound[split] = w.result.lower_bound;
    objective[split] = w.policy(0).objective;
    const double error = std::hypot(objective[split].std_error, bound[split].std_error);
    EXPECT_NEAR(objective[split].estimate, bound[split].estimate + w.result.gap.estimate, 4 * error);
    EXPECT_LT(error, 0.015 * bound[split].estimate);
    for (size_t i = 1; i < 4; i++) {
      EXPECT_LT(objective[split].estimate, w.policy(i).objective.estimate) << w.policy(i).name;
    }
    EXPECT_GT(w.policy(0).impact.estimate, 10 * w.policy(0).impact.std_error);
  }
  EXPECT_NEAR(bound[1].estimate, bound[0].estimate, 1e-9 * bound[0].estimate);
  EXPECT_NEAR(objective[1].estimate, objective[0].estimate, 1e-5 * objective[0].estimate);
}

TEST(Optimal, WhereImpactIsNotInTheProgrammeThatIsSaid) {
  const char said[] = "impact is not in the dynamic programme";
  auto make = [](Optimal *w) {
    w->short_call(QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 2);
    w->inputs.simulation.paths = 1024;
    w->spec.cost_weight = 1;
    w->spec.costs.impact = 0.1;
    w->add_policy(QS_HEDGE_POLICY_OPTIMAL);
  };
  Optimal limited;
  make(&limited);
  const qs_instrument_limit limit = {"X-SPOT", -1, 2};
  limited.spec.instrument_limits = &limit;
  limited.spec.instrument_limit_count = 1;
  EXPECT_STREQ(said, limited.beyond());
  Optimal venues;
  make(&venues);
  qs_simulate_venue two[2];
  for (int v = 0; v < 2; v++) {
    qs_simulate_venue_init(&two[v]);
    two[v].name = v ? "a" : "b";
    two[v].half_spread = 0.01 * v;
  }
  venues.spec.venues = two;
  venues.spec.venue_count = 2;
  EXPECT_STREQ(said, venues.beyond());
  two[1].half_spread = 0;
  two[1].fixed = 1;
  EXPECT_STREQ("a fixed cost of each trade is not convex", venues.beyond());
  two[1].fixed = 0;
  EXPECT_EQ(nullptr, venues.beyond());
  venues.spec.objective = QS_OBJECTIVE_EXPONENTIAL;
  EXPECT_STREQ(said, venues.beyond());
  Optimal kept; // no table says how far it goes
  make(&kept);
  kept.spec.save_policy = "optimal";
  EXPECT_EQ(kept.run(), QS_ERROR_INPUT);
  EXPECT_STREQ(
      "simulate.save_policy: got optimal: no table says all that it holds with these instruments and "
      "costs",
      kept.context.message);
}

TEST(Optimal, SaysWhyThereIsNoBound) {
  Optimal plain;
  plain.short_call(QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  plain.inputs.simulation.paths = 1024;
  plain.spec.cost_weight = 1;
  plain.add_policy(QS_HEDGE_POLICY_NONE);
  ASSERT_EQ(plain.run(), QS_OK) << plain.context.message;
  EXPECT_STREQ("the policy optimal is not among the policies", plain.result.lower_bound_why);
  EXPECT_TRUE(std::isnan(plain.result.lower_bound.estimate));
  plain.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  plain.spec.drift = 0.1;
  ASSERT_EQ(plain.run(), QS_OK) << plain.context.message;
  EXPECT_STREQ("with a drift the price is no martingale", plain.result.lower_bound_why);
  EXPECT_TRUE(std::isnan(plain.result.gap.estimate));

  plain.spec.drift = 0;
  plain.spec.costs.fixed = 1;
  ASSERT_EQ(plain.run(), QS_OK) << plain.context.message;
  EXPECT_STREQ("a fixed cost of each trade is not convex", plain.result.lower_bound_why);

  Optimal between;
  between.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0);
  between.add_option("t1", "X", QS_CALL, 100, 3.5 / 365, -1);
  between.add_option("t2", "X", QS_CALL, 100, 6.0 / 365, -1);
  between.every_day(6);
  between.inputs.simulation.paths = 1024;
  between.spec.cost_weight = 1;
  between.add_policy(QS_HEDGE_POLICY_OPTIMAL);
  ASSERT_EQ(between.run(), QS_OK) << between.context.message;
  EXPECT_STREQ("an option expires between two dates", between.result.lower_bound_why);
}

TEST(Optimal, RefusesWeightsOfTheFrontier) {
  const double weights[] = {1, 0};
  Optimal w;
  w.short_call(QS_MODEL_GBM, {{QS_SIGMA, 0.6}});
  w.spec.cost_weight = 1;
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.spec.frontier = weights;
  w.spec.frontier_count = 2;
  EXPECT_EQ(w.run(), QS_ERROR_INPUT);
  EXPECT_STREQ("simulate.frontier.1: got 0: must be above 0", w.context.message);
}

// The same bits for any number of threads.
TEST(Optimal, BitsDoNotDependOnThreads) {
  double bits[2][3];
  for (int i = 0; i < 4; i++) {
    Optimal w;
    w.short_call(QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, i < 2 ? 30 : 2);
    w.spec.cost_weight = 10;
    w.spec.costs.impact = i < 2 ? 0 : 0.1;
    w.inputs.simulation.paths = 4096;
    w.context.threads = i % 2 ? 3 : 1;
    w.add_policy(QS_HEDGE_POLICY_OPTIMAL);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    bits[i % 2][0] = w.result.lower_bound.estimate;
    bits[i % 2][1] = w.result.gap.estimate;
    bits[i % 2][2] = w.policy(0).objective.estimate;
    if (i % 2) {
      EXPECT_EQ(0, std::memcmp(bits[0], bits[1], sizeof bits[0]));
    }
  }
}

} // namespace
