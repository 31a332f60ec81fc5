#include "host/hedge/costs.h"

#include <math.h>
#include <string.h>

#include "host/hedge/hedge.h"
#include "host/hedge/price.h"

/* Null for what cannot be traded. */
static const char *kind_of(const qs_contract *contract) {
  switch (contract->kind) {
  case QS_CONTRACT_OPTION:
    return "option";
  case QS_CONTRACT_FUTURE:
    return "future";
  case QS_CONTRACT_PERPETUAL:
    return "perpetual";
  case QS_CONTRACT_SPOT:
    return "spot";
  default:
    return NULL;
  }
}

/* The entry under the instrument's own name, else that of its kind, else null. */
static const qs_cost_spec *find_entry(const qs_hedge_spec *spec, const qs_contract *contract) {
  const char *kind = kind_of(contract);
  const qs_cost_spec *of_kind = NULL;
  for (size_t i = 0; i < spec->cost_count; i++) {
    const qs_cost_spec *entry = &spec->costs[i];
    if (contract->instrument && strcmp(entry->instrument, contract->instrument) == 0) {
      return entry;
    }
    if (kind && !of_kind && strcmp(entry->instrument, kind) == 0) {
      of_kind = entry;
    }
  }
  return of_kind;
}

static qs_status check_entry(qs_context *context, const qs_hedge_spec *spec, const qs_cost_spec *entry,
                             const qs_contract *contract) {
  struct {
    const char *name;
    double value;
    bool needed;
  } fields[] = {{"fee", entry->fee, true},
                {"fee_cap", entry->fee_cap, false},
                {"half_spread", entry->half_spread, false},
                {"impact", entry->impact, false}};
  size_t index = (size_t)(entry - spec->costs);
  for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
    double value = fields[f].value;
    if (isnan(value) ? fields[f].needed : !(value >= 0) || isinf(value)) {
      return qs_fail(context, QS_ERROR_INPUT, "hedge.costs[%zu].%s: %g; must be finite and at least 0", index,
                     fields[f].name, value);
    }
  }
  if (isinf(entry->funding)) {
    return qs_fail(context, QS_ERROR_INPUT, "hedge.costs[%zu].funding: %g; must be finite", index,
                   entry->funding);
  }
  if (!isnan(entry->funding) && entry->funding != 0 && contract->kind != QS_CONTRACT_PERPETUAL) {
    return qs_fail(context, QS_ERROR_INPUT, "hedge.costs[%zu].funding: %g; only a perpetual pays funding",
                   index, entry->funding);
  }
  return QS_OK;
}

static qs_status fee_of(qs_context *context, const qs_market *market, const qs_cost_spec *entry,
                        const qs_contract *contract, double growth, double *fee) {
  if (contract->kind != QS_CONTRACT_OPTION) {
    bool fixed = contract->settlement == QS_SETTLE_COIN; /* notional in the reporting currency */
    *fee = entry->fee * qs_hedge_notional(market, contract) * (fixed ? 1 : growth);
    return QS_OK;
  }
  *fee = entry->fee * qs_hedge_spot(market, contract) * growth;
  if (isnan(entry->fee_cap)) {
    return QS_OK;
  }
  double price;
  qs_status status = qs_hedge_price(context, market, contract, &price);
  if (!status) {
    *fee = fmin(*fee, entry->fee_cap * fmax(price, 0) * growth);
  }
  return status;
}

qs_status qs_hedge_rates(qs_context *context, const qs_market *market, const qs_hedge_spec *spec,
                         const qs_contract *contract, const qs_cost_factors *factors, qs_cost_rates *rates) {
  const qs_cost_spec *entry = find_entry(spec, contract);
  qs_cost_rates out = {0, NAN, 0, 0};
  if (entry) {
    qs_status status = check_entry(context, spec, entry, contract);
    if (!status) {
      status = fee_of(context, market, entry, contract, factors->growth, &out.fee);
    }
    if (status) {
      return status;
    }
    out.half_spread = entry->half_spread;
    out.impact = isnan(entry->impact) ? 0 : entry->impact / sqrt(factors->depth);
    double years = spec->horizon_days / 365;
    out.funding = isnan(entry->funding) ? 0 : entry->funding * years * qs_hedge_notional(market, contract);
  }
  if (isnan(out.half_spread)) {
    out.half_spread = qs_hedge_quoted_half_spread(market, contract, factors->growth);
  }
  out.half_spread *= factors->spread;
  out.fee *= factors->fee;
  *rates = out;
  return QS_OK;
}

qs_cost_parts qs_hedge_cost(const qs_cost_rates *rates, double x) {
  double size = fabs(x);
  qs_cost_parts parts = {.fee = rates->fee * size,
                         .spread = size > 0 ? rates->half_spread * size : 0,
                         .impact = rates->impact * size * sqrt(size),
                         .funding = rates->funding * x};
  parts.total = parts.fee + parts.spread + parts.impact + parts.funding;
  return parts;
}

/* The move of the contract's underlying under the scenario, as a factor. */
static double growth_under(const qs_market *market, const qs_contract *contract,
                           const qs_scenario_spec *scenario) {
  if (contract->underlying < 0) {
    return 1;
  }
  const char *name = market->underlyings[contract->underlying].name;
  bool meant = !scenario->underlyings;
  for (size_t i = 0; i < scenario->underlying_count && !meant; i++) {
    meant = strcmp(scenario->underlyings[i], name) == 0;
  }
  return meant ? 1 + scenario->spot : 1;
}

qs_status qs_hedge_unwind_cost(qs_context *context, const qs_market *market, const qs_hedge_spec *spec,
                               const qs_contract *contracts, size_t count, const qs_scenario_spec *scenario,
                               double *cost, size_t *unpriced) {
  double total = 0;
  size_t missing = 0;
  for (size_t i = 0; i < spec->instrument_count; i++) {
    const qs_contract *held = NULL;
    double quantity = 0;
    for (size_t c = 0; c < count; c++) {
      if (contracts[c].instrument && strcmp(contracts[c].instrument, spec->instruments[i]) == 0) {
        held = &contracts[c];
        quantity += held->quantity;
      }
    }
    if (!held || quantity == 0) {
      continue;
    }
    qs_cost_factors factors = {growth_under(market, held, scenario), scenario->spread_factor,
                               scenario->fee_factor, scenario->depth_factor};
    qs_cost_rates rates;
    qs_status status = qs_hedge_rates(context, market, spec, held, &factors, &rates);
    if (status) {
      return status;
    }
    rates.funding = 0;
    if (isnan(rates.half_spread)) {
      missing++;
    } else {
      total += qs_hedge_cost(&rates, quantity).total;
    }
  }
  *cost = total;
  if (unpriced) {
    *unpriced = missing;
  }
  return QS_OK;
}
