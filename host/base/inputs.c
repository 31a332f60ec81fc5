#include "quickset/inputs.h"

#include <math.h>
#include <string.h>

static const double default_levels[] = {0.95, 0.975, 0.99};

void qs_inputs_init(qs_inputs *inputs) {
  memset(inputs, 0, sizeof *inputs);
  inputs->struct_size = sizeof *inputs;
  inputs->reporting_currency = "USD";
  inputs->simulation.paths = 262144;
  inputs->simulation.seed = 1;
  inputs->simulation.time_step_days = NAN;
  inputs->simulation.target_std_error = NAN;
  inputs->simulation.max_paths = (uint64_t)1 << 24;
  inputs->value.greeks = true;
  inputs->value.vega = true;
  inputs->risk.horizon_days = 1;
  inputs->risk.levels = default_levels;
  inputs->risk.level_count = sizeof default_levels / sizeof default_levels[0];
  inputs->risk.history_window = 250;
  qs_hedge_spec_init(&inputs->hedge);
  qs_simulate_spec_init(&inputs->simulate);
  qs_backtest_spec_init(&inputs->backtest);
}

void qs_underlying_spec_init(qs_underlying_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->spot = NAN;
  spec->carry = NAN;
  spec->basis_volatility = 0.02;
  spec->basis_mean_reversion = 50;
  spec->max_spread = 0.5;
}

void qs_scenario_spec_init(qs_scenario_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->spread_factor = 1;
  spec->depth_factor = 1;
  spec->fee_factor = 1;
  spec->margin_factor = 1;
}

void qs_hedge_spec_init(qs_hedge_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->horizon_days = 1;
  spec->cost_weight = NAN;
  spec->risk_aversion = NAN;
  spec->limits = (qs_hedge_limits){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  spec->target_delta = NAN;
  spec->target_gamma = NAN;
  spec->target_vega = NAN;
}

void qs_cost_spec_init(qs_cost_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->fee_cap = NAN;
  spec->half_spread = NAN;
  spec->impact = NAN;
  spec->funding = NAN;
}

void qs_trade_spec_init(qs_trade_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->strike = NAN;
  spec->expiry_years = NAN;
  spec->entry_price = NAN;
  qs_path_spec *path = &spec->path;
  path->amount = 1;
  path->moneyness = 1;
  path->lower = path->upper = NAN;
  path->local_floor = path->local_cap = path->global_floor = path->global_cap = NAN;
  path->cap = NAN;
  path->annualisation = NAN;
  path->entry = path->deposit = NAN;
  path->settlement_average.every_seconds = 60;
  path->knock_in = NAN;
  path->redemption = 1;
}

static const double default_simulate_levels[] = {0.95, 0.99};

void qs_simulate_spec_init(qs_simulate_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->dates.spacing_days = NAN;
  spec->costs.charge_entry = true;
  spec->costs.charge_unwind = true;
  spec->costs.options.fee_cap = NAN;
  spec->costs.delivery_fee = NAN;
  spec->slices.count = 1;
  spec->funding =
      (qs_simulate_funding){.reversion = NAN, .start = NAN, .interest = 0.0001, .band = 0.0005, .cap = NAN};
  spec->margin = (qs_simulate_margin){.collateral = NAN, .parts = 1, .yield = NAN};
  spec->cascade.decay = NAN;
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    spec->real_world.value[i] = NAN;
  }
  spec->cost_weight = NAN;
  spec->risk_aversion = NAN;
  spec->objective_level = 0.95;
  spec->levels = default_simulate_levels;
  spec->level_count = sizeof default_simulate_levels / sizeof default_simulate_levels[0];
}

void qs_simulate_venue_init(qs_simulate_venue *venue) {
  *venue = (qs_simulate_venue){.taker_fee = NAN,
                               .maker_fee = NAN,
                               .half_spread = NAN,
                               .impact = NAN,
                               .fixed = NAN,
                               .loss = 1,
                               .share = 1,
                               .limit = NAN};
}

void qs_cost_change_init(qs_cost_change *change) {
  *change = (qs_cost_change){
      .proportional = NAN, .maker_fee = NAN, .half_spread = NAN, .impact = NAN, .fixed = NAN};
}

void qs_hedge_policy_spec_init(qs_hedge_policy_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->width = NAN;
  spec->variance = NAN;
  spec->loss = NAN;
}

const char *qs_simulate_objective_name(qs_simulate_objective objective) {
  static const char *const names[] = {"variance", "exponential", "expected_shortfall"};
  return (unsigned)objective < sizeof names / sizeof names[0] ? names[objective] : NULL;
}

const char *qs_hedge_policy_name(qs_hedge_policy_type type) {
  static const char *const names[] = {"none",
                                      "delta_every_date",
                                      "local_every_date",
                                      "delta_band",
                                      "whalley_wilmott",
                                      "zakamouline",
                                      "leland",
                                      "minimum_variance_delta",
                                      "net_delta",
                                      "fixed_interval",
                                      "volatility_interval",
                                      "gamma_weighted",
                                      "optimal",
                                      "callback",
                                      "delta_gamma",
                                      "delta_vega",
                                      "regression"};
  return (unsigned)type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

bool qs_hedge_policy_looks_back(qs_hedge_policy_type type) {
  return type == QS_HEDGE_POLICY_FIXED_INTERVAL || type == QS_HEDGE_POLICY_VOLATILITY_INTERVAL ||
         type == QS_HEDGE_POLICY_GAMMA_WEIGHTED || type == QS_HEDGE_POLICY_CALLBACK ||
         type == QS_HEDGE_POLICY_REGRESSION;
}
