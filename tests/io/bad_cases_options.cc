/* Options that hedge over time, and limits of what is held. */
#include "bad_cases.h"

namespace {

const char C[] = "config.yaml";

/* A config of its own with a call on X or K, hedged by what the section says. */
std::string config(const std::string &underlying, const std::string &instruments, const std::string &policy,
                   const std::string &more = "") {
  return "as_of: 2026-03-02\nunderlyings:\n"
         "- {name: X, spot: 100, model: {type: heston, v0: 0.04, kappa: 1.5, theta: 0.05, xi: 0.5, rho: "
         "-0.7}}\n"
         "- {name: K, spot: 10, model: {type: gbm, sigma: 0.2}}\n"
         "trades: [{id: c, type: european, call_put: call, strike: 10, expiry: 2026-04-01, quantity: 3, "
         "underlying: " +
         underlying +
         "}]\nsimulate:\n  cost_weight: 1\n  position: c\n  dates: {count: 3, spacing_days: 1}\n" +
         "  instruments: [" + instruments + "]\n  policies: [" + policy + "]\n" + more;
}

} // namespace

void add_option_cases(std::vector<BadCase> &cases) {
  const std::vector<BadCase> more = {
      {"simulate_two_plain_instruments",
       C,
       "[X-SPOT]",
       "[X-SPOT, @K-SPOT]",
       {"simulate.instruments.1: got K-SPOT: must be an option: a listed one, or the id of a european"}},
      {"simulate_nine_instruments",
       C,
       "[X-SPOT]",
       "@[X-SPOT, a, b, c, d, e, f, g, h]",
       {"simulate.instruments: got a list: has 9 texts; must have 1 to 8"}},
      {"simulate_option_of_another",
       C,
       "[X-SPOT]",
       "[X-SPOT, @BTC-25DEC26-75000-C]",
       {"simulate.instruments.1: got BTC-25DEC26-75000-C: must be of the first one's underlying, X"}},
      {"simulate_option_of_nothing",
       C,
       "[X-SPOT]",
       "[X-SPOT, @SOL-25DEC26-75000-C]",
       {"simulate.instruments.1: got SOL-25DEC26-75000-C: must be an option"}},
      {"simulate_option_that_is_none",
       C,
       "[X-SPOT]",
       "[X-SPOT, @t5]",
       {"simulate.instruments.1: got t5: must be an option"}},
      {"simulate_option_too_short",
       C,
       "[X-SPOT]",
       "[X-SPOT, @X-6MAR26-100-C]",
       {"simulate.instruments.1: got X-6MAR26-100-C: expires at 2026-03-06T08:00:00Z; must expire after the "
        "last date"}},
      {"simulate_option_twice",
       C,
       "[X-SPOT]",
       "[X-SPOT, X-25DEC26-100-C, @X-25DEC26-100-C]",
       {"simulate.instruments.2: got X-25DEC26-100-C: must not stand twice in the list"}},
      {"simulate_gamma_without_an_option",
       C,
       "    - none\n",
       "    - none\n    - @delta_gamma\n",
       {"simulate.policies.1: got delta_gamma: needs exactly one option among the instruments"}},
      {"simulate_vega_without_an_option",
       C,
       "    - none\n",
       "    - none\n    - {type: @delta_vega, name: v}\n",
       {"simulate.policies.1.type: got delta_vega: needs exactly one option among the instruments"}},
      {"simulate_vega_that_is_constant",
       C,
       "",
       config("K", "K-SPOT, K-25DEC26-10-C", "@delta_vega"),
       {"simulate.policies.0: got delta_vega: needs a model whose variance is random"}},
      {"simulate_limit_of_nothing",
       C,
       "{instrument: X-SPOT, min: -3",
       "{instrument: @K-SPOT, min: -3",
       {"simulate.instrument_limits.0.instrument: got K-SPOT: must be one of simulate.instruments"}},
      {"simulate_limit_twice",
       C,
       "[{instrument: X-SPOT, min: -3",
       "[{instrument: X-SPOT, min: 0, max: 1}, {instrument: @X-SPOT, min: -3",
       {"simulate.instrument_limits.1.instrument: got X-SPOT: must be given once"}},
      {"simulate_limit_above_0",
       C,
       "min: -3, max: 4",
       "min: @0.5, max: 4",
       {"simulate.instrument_limits.0.min: got 0.5: must be a number at least -1e+18 and at most 0"}},
      {"simulate_limit_below_0",
       C,
       "min: -3, max: 4",
       "min: -3, max: @-1",
       {"simulate.instrument_limits.0.max: got -1: must be a number at least 0 and at most 1e+18"}},
      {"simulate_limit_without_max",
       C,
       "X-SPOT, min: -3, max: 4",
       "X-SPOT, min: -3",
       {"simulate.instrument_limits.0.max: got nothing: the key is required"}},
      {"simulate_optimal_without_limits",
       C,
       "",
       config("X", "X-SPOT, X-25DEC26-100-C", "@optimal"),
       {"simulate.policies.0: got optimal: with an option it needs instrument_limits of both instruments"}},
      {"simulate_optimal_utility_with_an_option",
       C,
       "",
       config("K", "K-SPOT, K-25DEC26-10-C", "@optimal", "  objective: exponential\n"),
       {"simulate.policies.0: got optimal: knows no option and no "
        "instrument_limits"}},
      {"simulate_optimal_of_too_many_dates",
       C,
       "",
       "as_of: 2026-03-02\nunderlyings: [{name: X, spot: 100, model: {type: gbm, sigma: 0.2}}]\n"
       "trades: [{id: c, type: spot, underlying: X, quantity: 3}]\n"
       "simulate: {position: c, instruments: [X-SPOT], cost_weight: 1, policies: [@optimal], dates: {count: "
       "367, "
       "spacing_days: 1}, instrument_limits: [{instrument: X-SPOT, min: -1, max: 1}]}\n",
       {"simulate.policies.0: got optimal: with an option or instrument_limits it takes at most 366 dates"}},
      {"simulate_optimal_with_two",
       C,
       "",
       config("X", "X-SPOT, X-25DEC26-100-C, X-25DEC26-90-P", "@optimal"),
       {"simulate.policies.0: got optimal: with several options it needs instrument_limits of every "
        "instrument"}},
      {"simulate_frontier_without_limits",
       C,
       "",
       config("X", "X-SPOT, X-25DEC26-100-C", "none", "  frontier: @[1]\n"),
       {"simulate.frontier: got a list: with an option it needs instrument_limits of both instruments"}},
      {"simulate_option_fee",
       C,
       "options: {fee: 0.0003",
       "options: {fee: @-1",
       {"simulate.costs.options.fee: got -1: must be a number at least 0 and at most 1"}},
      {"simulate_option_fee_cap",
       C,
       "fee_cap: 0.125, relative",
       "fee_cap: @2, relative",
       {"simulate.costs.options.fee_cap: got 2: must be a number at least 0 and at most 1"}},
      {"simulate_option_half_spread",
       C,
       "relative_half_spread: 0.01",
       "relative_half_spread: @wide",
       {"simulate.costs.options.relative_half_spread: got wide: must be a number"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}
