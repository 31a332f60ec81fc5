#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/stress/stress.h"

static bool applies(const qs_scenario_spec *scenario, const char *underlying) {
  if (!scenario->underlyings) {
    return true;
  }
  for (size_t k = 0; k < scenario->underlying_count; k++) {
    if (strcmp(scenario->underlyings[k], underlying) == 0) {
      return true;
    }
  }
  return false;
}

static double limit(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

static qs_model scenario_model(const qs_scenario_spec *scenario, const qs_model *base) {
  qs_model model = qs_model_scale_volatility(base, 1 + scenario->volatility);
  double *x = model.value;
  double size = 1 + scenario->jump_size;
  x[QS_RHO] = limit(x[QS_RHO] + scenario->skew, -0.99, 0.99);
  x[QS_MU_J] *= (1 - scenario->skew) * size;
  x[QS_SIGMA_J] *= size;
  x[QS_LAMBDA] *= 1 + scenario->jump_intensity;
  x[QS_ETA1] /= size;
  x[QS_ETA2] /= size;
  return model;
}

qs_status qs_scenario_shocks(qs_context *context, const qs_market *market, const qs_scenario_spec *scenario,
                             qs_shock *shocks) {
  for (size_t u = 0; u < market->underlying_count; u++) {
    const qs_underlying_market *underlying = &market->underlyings[u];
    shocks[u] = qs_shock_none(&underlying->model);
    if (!applies(scenario, underlying->name)) {
      continue;
    }
    shocks[u].model = scenario_model(scenario, &underlying->model);
    shocks[u].log_spot = log1p(scenario->spot);
    shocks[u].carry_add = scenario->carry;
    shocks[u].rate_add = scenario->discount_rate;
    shocks[u].correlation_add = scenario->correlation;
    shocks[u].shift_rise = (1 + scenario->volatility) * (1 + scenario->volatility) - 1;
    qs_parameter parameter = QS_V0;
    const char *problem = qs_model_check(&shocks[u].model, &parameter);
    if (problem) {
      return qs_fail(context, QS_ERROR_INPUT, "scenario %s: %s of %s becomes %g, which %s", scenario->name,
                     qs_parameter_name(parameter), underlying->name, shocks[u].model.value[parameter],
                     problem);
    }
  }
  return QS_OK;
}

static qs_status check_field(qs_context *context, const qs_scenario_spec *scenario, const char *field,
                             double value, double low, double high) {
  if (value >= low && value <= high) {
    return QS_OK;
  }
  return qs_fail(context, QS_ERROR_INPUT, "scenario %s: %s: got %g: must be in [%g, %g]", scenario->name,
                 field, value, low, high);
}

qs_status qs_scenarios_check(qs_context *context, const qs_market *market, const qs_scenario_spec *scenarios,
                             size_t count) {
  for (size_t s = 0; s < count; s++) {
    const qs_scenario_spec *one = &scenarios[s];
    const struct {
      const char *field;
      double value, low, high;
    } ranges[] = {
        {"spot", one->spot, -0.99, 100},
        {"volatility", one->volatility, -0.99, 100},
        {"skew", one->skew, -2, 2},
        {"carry", one->carry, -10, 10},
        {"jump_size", one->jump_size, -0.99, 100},
        {"jump_intensity", one->jump_intensity, -1, 1000},
        {"discount_rate", one->discount_rate, -1, 1},
        {"correlation", one->correlation, -2, 2},
        {"spread_factor", one->spread_factor, 0, 1e6},
        {"depth_factor", one->depth_factor, 1e-6, 1e6},
        {"fee_factor", one->fee_factor, 0, 1e6},
        {"margin_factor", one->margin_factor, 0, 1e6},
    };
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
      qs_status status =
          check_field(context, one, ranges[k].field, ranges[k].value, ranges[k].low, ranges[k].high);
      if (status) {
        return status;
      }
    }
    for (size_t k = 0; one->underlyings && k < one->underlying_count; k++) {
      if (qs_market_find(market, one->underlyings[k]) < 0) {
        return qs_fail(context, QS_ERROR_INPUT, "scenario %s: underlyings: got %s: no such underlying",
                       one->name, one->underlyings[k]);
      }
    }
  }
  return QS_OK;
}

/* Closes out what lies at the venue under the scenario: its net value, if positive, is lost; what the book
 * owes there stays owed. Each position loses its share of the net. */
static double lose_venue(const qs_contract *contracts, size_t count, const char *venue, const double *values,
                         qs_estimate *parts) {
  double net = 0;
  for (size_t i = 0; i < count; i++) {
    if (contracts[i].venue && strcmp(contracts[i].venue, venue) == 0) {
      net += values[i];
    }
  }
  if (net <= 0) {
    return 0;
  }
  for (size_t i = 0; i < count; i++) {
    if (contracts[i].venue && strcmp(contracts[i].venue, venue) == 0) {
      parts[i].estimate -= values[i];
    }
  }
  return net;
}

qs_status qs_scenario_pnl(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                          const qs_contract *contracts, size_t contract_count,
                          const qs_simulation *simulation, const qs_scenario_spec *scenarios, size_t count,
                          qs_estimate *pnl, qs_estimate *parts, double *lost) {
  size_t underlyings = market->underlying_count;
  qs_shock *shocks = QS_NEW(arena, count * underlyings, qs_shock);
  double *values = QS_NEW(arena, count * contract_count, double);
  qs_estimate *mine = parts ? parts : QS_NEW(arena, count * contract_count, qs_estimate);
  if (!shocks || !values || !mine) {
    return qs_fail_memory(context, "planning scenarios");
  }
  qs_status status = qs_scenarios_check(context, market, scenarios, count);
  for (size_t s = 0; !status && s < count; s++) {
    status = qs_scenario_shocks(context, market, &scenarios[s], shocks + s * underlyings);
  }
  if (!status) {
    status = qs_revalue(context, arena, devices, market, contracts, contract_count, simulation, shocks, count,
                        pnl, mine, values);
  }
  for (size_t s = 0; !status && s < count; s++) {
    double gone = NAN;
    if (scenarios[s].venue_lost) {
      gone = lose_venue(contracts, contract_count, scenarios[s].venue_lost, values + s * contract_count,
                        mine + s * contract_count);
      pnl[s].estimate -= gone;
    }
    if (lost) {
      lost[s] = gone;
    }
  }
  return status;
}
