#include "bad_cases.h"

namespace {

const char C[] = "config.yaml";

} // namespace

/* What the paths of a simulation follow, and what is said of them. */
void add_objective_cases(std::vector<BadCase> &cases) {
  const std::vector<BadCase> more = {
      {"simulate_formula_of_two_dates",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\ntrades: "
       "[{id: a, type: "
       "script, underlying: X, payoff: \"max(S[T] - S[u], 0)\", schedules: {u: 2026-03-20}, expiry: "
       "2026-04-01, "
       "quantity: 1}]\nsimulate: {position: @a, instruments: [X-SPOT], dates: {count: 2, spacing_days: 1}, "
       "cost_weight: "
       "1, policies: [none]}\n",
       {"simulate.position: got a: a has fixings, or an expiry, that are none of the dates"}},
      {"simulate_barrier_beyond_the_dates",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\ntrades: "
       "[{id: a, type: "
       "barrier, underlying: X, call_put: call, strike: 100, knock: out, upper: 120, expiry: 2026-04-12, "
       "quantity: 1}]\nsimulate: {position: @a, instruments: [X-SPOT], dates: {count: 10, spacing_days: 1}, "
       "cost_weight: 1, policies: [regression]}\n",
       {"simulate.position: got a: a has fixings, or an expiry, that are none of the dates"}},
      {"simulate_barrier_with_slices",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\ntrades: "
       "[{id: a, type: "
       "barrier, underlying: X, call_put: call, strike: 100, knock: out, upper: 120, expiry: 2026-03-12, "
       "quantity: 1}]\nsimulate: {position: @a, instruments: [X-SPOT], dates: {count: 10, spacing_days: 1}, "
       "cost_weight: 1, slices: {count: 2, over_seconds: 60}, policies: [regression]}\n",
       {"simulate.position: got a: a is watched at all times, which slices do not go with"}},
      {"simulate_exercise_between_dates",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\ntrades: "
       "[{id: a, type: bermudan, underlying: X, call_put: put, strike: 100, exercise: [2026-03-02T12:00:00Z, "
       "2026-04-01], quantity: 1}]\nsimulate: {position: @a, instruments: [X-SPOT], dates: {count: 30, "
       "spacing_days: 1}, cost_weight: 1, policies: [none]}\n",
       {"simulate.position: got a: a has fixings, or an expiry, that are none of the dates"}},
      {"simulate_exercise_beyond_the_dates",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\ntrades: "
       "[{id: a, type: american, underlying: X, call_put: put, strike: 100, expiry: 2026-04-02, quantity: "
       "1}]\nsimulate: {position: @a, instruments: [X-SPOT], dates: {count: 30, "
       "spacing_days: 1}, cost_weight: 1, policies: [none]}\n",
       {"simulate.position: got a: a has fixings, or an expiry, that are none of the dates"}},
      {"simulate_delta_along_a_path",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\ntrades: "
       "[{id: a, type: "
       "asian, underlying: X, call_put: call, strike: 100, expiry: 2026-03-12, quantity: 1, fixings: {every: "
       "day}}]\n"
       "simulate: {position: a, instruments: [X-SPOT], dates: {count: 10, spacing_days: 1}, cost_weight: 1, "
       "policies: "
       "[regression, @delta_every_date]}\n",
       {"simulate.policies.1: got delta_every_date: needs a price before the expiry"}},
      {"simulate_attribution_along_a_path",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\ntrades: "
       "[{id: a, type: "
       "asian, underlying: X, call_put: call, strike: 100, expiry: 2026-03-12, quantity: 1, fixings: {every: "
       "day}}]\n"
       "simulate: {position: a, instruments: [X-SPOT], dates: {count: 10, spacing_days: 1}, cost_weight: 1, "
       "policies: "
       "[regression], @attribution: true}\n",
       {"simulate.attribution: got true: needs a price before the expiry"}},
      {"simulate_unknown_objective",
       C,
       "  cost_weight: 4.5\n",
       "  cost_weight: 4.5\n  objective: @utility\n",
       {"simulate.objective: got utility: must be one of variance, exponential, expected_shortfall"}},
      {"simulate_level_of_another_objective",
       C,
       "  cost_weight: 4.5\n",
       "  cost_weight: 4.5\n  @objective_level: 0.9\n",
       {"simulate.objective_level: got 0.9: the key is expected_shortfall's alone"}},
      {"simulate_objective_level",
       C,
       "  cost_weight: 4.5\n",
       "  cost_weight: 4.5\n  objective: expected_shortfall\n  objective_level: @1\n",
       {"simulate.objective_level: got 1: must be a number greater than 0 and less than 1"}},
      {"simulate_frontier_of_another_objective",
       C,
       "  frontier: [0.5, 8]\n",
       "  objective: exponential\n  @frontier: [0.5, 8]\n",
       {"simulate.frontier: got a list: a frontier is of the objective variance alone"}},
      {"simulate_exponential_without_aversion",
       C,
       "  cost_weight: 4.5\n  policies:\n    - none\n    - {type: delta_band, name: band, width: 0.03}\n    "
       "- {type: "
       "fixed_interval, every: 5}\n    - {type: volatility_interval, variance: 0.001}\n    - {type: "
       "gamma_weighted, loss: 0.25}\n  frontier: [0.5, 8]\n",
       "  cost_weight: @0\n  objective: exponential\n  policies:\n    - {type: delta_band, name: band, "
       "width: 0.03}\n",
       {"simulate.cost_weight: got 0: must be above 0 for exponential"}},
      {"simulate_real_world_kappa",
       C,
       "kappa: 2.5,",
       "kappa: @0,",
       {"simulate.real_world.kappa: got 0: must be greater than 0"}},
      {"simulate_real_world_theta",
       C,
       "theta: 0.06}",
       "theta: @-0.06}",
       {"simulate.real_world.theta: got -0.06: must be at least 0"}},
      {"simulate_real_world_nan",
       C,
       "theta: 0.06}",
       "theta: @.nan}",
       {"simulate.real_world.theta: got .nan: must be a finite number"}},
      {"simulate_real_world_v0",
       C,
       "{kappa: 2.5, theta: 0.06}",
       "{@v0: 0.06}",
       {"simulate.real_world.v0: got 0.06: unknown key"}},
      {"simulate_real_world_of_another_model",
       C,
       "{kappa: 2.5, theta: 0.06}",
       "{@sigma: 0.3}",
       {"simulate.real_world.sigma: got 0.3: heston, the model of X, has no such parameter"}},
      {"simulate_real_world_a_number",
       C,
       "{kappa: 2.5, theta: 0.06}",
       "@0.06",
       {"simulate.real_world: got 0.06: must be a mapping"}},
      {"simulate_index_backwards",
       C,
       "to: 2026-03-06T12:00:00Z",
       "to: @2026-03-05",
       {"simulate.index.0.to: got 2026-03-05: must be after from"}},
      {"simulate_index_overlap",
       C,
       "{from: 2026-03-07,",
       "{from: @2026-03-06,",
       {"simulate.index.1.from: got 2026-03-06: must not be before the last one's to"}},
      {"simulate_index_error",
       C,
       "error: -0.05",
       "error: @-1",
       {"simulate.index.1.error: got -1: must be a number greater than -1 and at most 10"}},
      {"simulate_index_no_end",
       C,
       "{from: 2026-03-05, to: 2026-03-06T12:00:00Z}",
       "{from: 2026-03-05}",
       {"simulate.index.0.to: got nothing"}},
      {"simulate_index_a_mapping",
       C,
       "index: [{from: 2026-03-05, to: 2026-03-06T12:00:00Z}, {from: 2026-03-07, to: 2026-03-08, error: "
       "-0.05}]",
       "index: @{from: 2026-03-05, to: 2026-03-06}",
       {"simulate.index: got a mapping: must be a list of mappings"}},
      {"simulate_cascade_decay", C, "decay: 60", "decay: @0", {"simulate.cascade.decay: got 0: must be"}},
      {"simulate_cascade_excitation",
       C,
       "excitation: 900",
       "excitation: @-900",
       {"simulate.cascade.excitation: got -900: must be"}},
      {"simulate_cascade_threshold",
       C,
       "threshold: 0.02",
       "threshold: @-0.02",
       {"simulate.cascade.threshold: got -0.02: must be"}},
      {"simulate_cascade_base", C, "base: 5", "base: @.inf", {"simulate.cascade.base: got .inf: must be"}},
      {"simulate_cascade_mean",
       C,
       "base: 5, mean: -0.05",
       "base: 5, mean: @-11",
       {"simulate.cascade.mean: got -11: must be"}},
      {"simulate_cascade_deviation",
       C,
       "deviation: 0.02",
       "deviation: @-1",
       {"simulate.cascade.deviation: got -1: must be"}},
      {"simulate_cascade_without_sizes",
       C,
       "base: 5, mean: -0.05, ",
       "base: 5, ",
       {"simulate.cascade.mean: got nothing"}},
      {"simulate_own_impact_permanent",
       C,
       "permanent: 0.0001",
       "permanent: @-1",
       {"simulate.own_impact.permanent: got -1: must be"}},
      {"simulate_own_impact_transient",
       C,
       "transient: 0.0002",
       "transient: @2",
       {"simulate.own_impact.transient: got 2: must be"}},
      {"simulate_own_impact_decay",
       C,
       "decay: 300",
       "decay: @-300",
       {"simulate.own_impact.decay: got -300: must be"}},
      {"simulate_own_impact_no_decay",
       C,
       ", decay: 300}",
       "}",
       {"simulate.own_impact.decay: got nothing: what is transient needs it"}},
      {"simulate_attribution",
       C,
       "attribution: true",
       "attribution: @greeks",
       {"simulate.attribution: got greeks: must be true or false"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}
