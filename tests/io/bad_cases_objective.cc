#include "bad_cases.h"

namespace {

const char C[] = "config.yaml";

} // namespace

/* What the paths of a simulation follow, and what is said of them. */
void add_objective_cases(std::vector<BadCase> &cases) {
  const std::vector<BadCase> more = {
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
      {"simulate_attribution",
       C,
       "attribution: true",
       "attribution: @greeks",
       {"simulate.attribution: got greeks: must be true or false"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}
