#include "host/simulate/account.h"

#include <math.h>

#include "host/base/model.h"
#include "host/policy/apply.h"
#include "host/simulate/costs.h"

qs_status qs_simulate_account_check(qs_context *context, const qs_simulate_spec *spec) {
  const qs_simulate_margin *m = &spec->margin;
  if (isnan(m->collateral)) {
    return QS_OK;
  }
  const struct {
    const char *key;
    double value, low, high;
  } bounds[] = {{"collateral", m->collateral, 0, 1e300},
                {"maintenance", m->maintenance, 1e-9, 1},
                {"initial", m->initial, m->maintenance, 1},
                {"parts", (double)m->parts, 1, 1000},
                {"fee", m->fee, 0, 1},
                {"yield", isnan(m->yield) ? 0 : m->yield, -10, 10},
                {"haircut", m->haircut, 0, 0.99},
                {"leverage", m->leverage, 0, 1 / m->initial},
                {"band", m->band, 0, 10},
                {"transfer_fee", m->transfer_fee, 0, 1},
                {"transfer_fixed", m->transfer_fixed, 0, 1e15}};
  for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
    if (!(bounds[i].value >= bounds[i].low && bounds[i].value <= bounds[i].high)) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.margin.%s: got %g: must be from %g to %g",
                     bounds[i].key, bounds[i].value, bounds[i].low, bounds[i].high);
    }
  }
  return QS_OK;
}

qs_status qs_simulate_account_rule(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                                   qs_margin_rule *rule) {
  const qs_simulate_margin *m = &p->spec->margin;
  double *grow = NULL;
  if (!isnan(m->yield)) {
    const double rate = m->coin ? m->yield : m->yield - p->under->discount_rate;
    grow = QS_NEW(arena, p->date_count, double);
    if (!grow) {
      return qs_fail_memory(context, "preparing a simulation");
    }
    for (size_t d = 0; d < p->date_count; d++) {
      grow[d] = exp(rate * (p->fill_years[d] - (d ? p->fill_years[d - 1] : 0)));
    }
  }
  *rule = (qs_margin_rule){.collateral = m->collateral,
                           .initial = m->initial,
                           .maintenance = m->maintenance,
                           .parts = (int32_t)m->parts,
                           .fee = m->fee,
                           .coin = m->coin,
                           .haircut = m->haircut,
                           .grow = grow,
                           .leverage = m->leverage,
                           .band = m->band,
                           .move = m->transfer_fee,
                           .moved = m->transfer_fixed};
  return QS_OK;
}

/* ---- the first hedge ---- */

/* What a policy holds first, in units of the first instrument. */
static double first_holding(const qs_simulate_problem *p, const qs_simulate_policy *policy) {
  const qs_model *model = &p->under->model;
  const bool random = qs_model_stochastic(model);
  const double y = random ? sqrt(model->value[QS_V0]) : model->value[QS_SIGMA];
  const qs_policy_band band = qs_policy_band_at(policy->tables[0], 0, 0, y);
  const double edge = qs_policy_trade(&band, 0);
  return edge != 0 && policy->centre ? band.low + (band.high - band.low) / 2 : edge;
}

/* What its first trade costs at least: of an order that venues share, nothing. */
static double entry_cost(const qs_simulate_problem *p, double units, double price) {
  const qs_trade_cost c = qs_simulate_cost(p, 0, 0, 0);
  return p->spec->venue_count > 1 || units <= 0
             ? 0
             : units * (c.fee * price + c.unit + c.impact * sqrt(units)) + c.fixed;
}

static qs_status carries(qs_context *context, const qs_simulate_problem *p,
                         const qs_simulate_policy *policy) {
  const qs_simulate_margin *m = &p->spec->margin;
  const qs_hedge_instrument *in = &p->instruments[0];
  const double units = fabs(first_holding(p, policy));
  const double price = qs_curve_forward(&p->under->curve, in->kind == QS_HEDGE_FUTURE ? in->years : 0);
  const double worth = units * price, coin = m->coin ? qs_curve_forward(&p->under->curve, 0) : 1;
  const double counts = m->collateral * coin * (1 - m->haircut), cost = entry_cost(p, units, price);
  const double initial = m->initial * worth, maintenance = m->maintenance * worth;
  const double needs = fmax(initial, maintenance + cost) / (coin * (1 - m->haircut));
  const char *of = m->coin ? "coins" : "money", *limit = NULL;
  const double slack = 1e-9 * (1 + worth); /* of rounding */
  if (m->leverage > 0 || worth <= 0) {
    return QS_OK; /* collateral is brought first, or none is needed */
  }
  if (counts <= slack) {
    limit = "collateral: nothing lies in the account";
  } else if (counts < maintenance - slack) {
    limit = "maintenance: the account would be below it at once";
  } else if (counts < initial - slack) {
    limit = "initial: the account does not cover it";
  } else if (counts - cost < maintenance - slack) {
    limit = "maintenance: the trade's costs would take the account below it";
  }
  return !limit
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT,
                       "simulate.margin.%s: %g counts there, and the first hedge of %.60s, %g of %.60s, is "
                       "worth %g, of which %g is initial and %g maintenance margin; must be a collateral of "
                       "%.6g (%s) or more, smaller fractions, or partial: true",
                       limit, counts, policy->name, units, in->name, worth, initial, maintenance, needs, of);
}

qs_status qs_simulate_account_carries(qs_context *context, const qs_simulate_problem *p,
                                      const qs_simulate_policy *policies, size_t count) {
  const qs_simulate_margin *m = &p->spec->margin;
  qs_status status = QS_OK;
  if (isnan(m->collateral) || m->partial || !p->now) {
    return QS_OK;
  }
  for (size_t i = 0; !status && i < count; i++) {
    status = policies[i].function ? QS_OK : carries(context, p, &policies[i]);
  }
  return status;
}
