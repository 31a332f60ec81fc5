#include "host/simulate/costs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double far = 1e300; /* a cap that is none */

/* What is in force at a venue, or in the section's costs, at a time. */
typedef struct rates {
  double taker, maker, share, half_spread, impact, fixed;
} rates;

static double or_else(double value, double otherwise) {
  return isnan(value) ? otherwise : value;
}

static rates change(rates r, const qs_cost_change *by) {
  return (rates){
      or_else(by->proportional, r.taker),      or_else(by->maker_fee, r.maker), r.share,
      or_else(by->half_spread, r.half_spread), or_else(by->impact, r.impact),   or_else(by->fixed, r.fixed)};
}

static rates base_rates(const qs_simulate_costs *costs, qs_time time) {
  rates r = {costs->proportional, NAN, 0, costs->half_spread, costs->impact, costs->fixed};
  for (size_t i = 0; i < costs->schedule_count && costs->schedule[i].from <= time; i++) {
    r = costs->schedule[i].venue ? r : change(r, &costs->schedule[i]);
  }
  return r;
}

static rates venue_rates(const qs_simulate_spec *spec, size_t venue, qs_time time) {
  const rates base = base_rates(&spec->costs, time);
  if (!spec->venue_count) {
    return base;
  }
  const qs_simulate_venue *v = &spec->venues[venue];
  rates r = {v->taker_fee, v->maker_fee, v->maker_share, v->half_spread, v->impact, v->fixed};
  for (size_t i = 0; i < spec->costs.schedule_count && spec->costs.schedule[i].from <= time; i++) {
    const qs_cost_change *by = &spec->costs.schedule[i];
    r = by->venue && strcmp(by->venue, v->name) == 0 ? change(r, by) : r;
  }
  r.taker = or_else(r.taker, base.taker);
  r.maker = or_else(r.maker, r.taker);
  r.half_spread = or_else(r.half_spread, base.half_spread);
  r.impact = or_else(r.impact, base.impact);
  r.fixed = or_else(r.fixed, base.fixed);
  return r;
}

static double fee_of(const rates *r) {
  return r->share > 0 ? r->share * r->maker + (1 - r->share) * r->taker : r->taker;
}

static qs_trade_cost first_cost(const qs_simulate_problem *p, size_t venue, size_t date) {
  const bool last = date + 1 == p->date_count;
  if (last && !isnan(p->spec->costs.delivery_fee) && p->instruments[0].kind == QS_HEDGE_FUTURE &&
      p->instruments[0].expiry == p->dates[date]) {
    return (qs_trade_cost){.fee = p->spec->costs.delivery_fee, .cap = far};
  }
  const rates r = venue_rates(p->spec, venue, p->dates[date]);
  const double taken = 1 - r.share, parts = last ? 1 : (double)p->spec->slices.count;
  return (qs_trade_cost){.fee = fee_of(&r),
                         .cap = far,
                         .unit = taken * r.half_spread,
                         .impact = taken * sqrt(taken) * r.impact / sqrt(parts),
                         .fixed = parts * r.fixed};
}

qs_trade_cost qs_simulate_cost(const qs_simulate_problem *p, size_t instrument, size_t venue, size_t date) {
  const qs_simulate_costs *costs = &p->spec->costs;
  const bool last = date + 1 == p->date_count;
  if (!(date == 0 ? costs->charge_entry : !last || costs->charge_unwind)) {
    return (qs_trade_cost){.cap = far};
  }
  if (instrument == 0) {
    return first_cost(p, venue, date);
  }
  const double parts = last ? 1 : (double)p->spec->slices.count;
  return (qs_trade_cost){.fee = costs->options.fee,
                         .cap = isnan(costs->options.fee_cap) ? far : costs->options.fee_cap,
                         .spread = costs->options.relative_half_spread,
                         .fixed = parts * base_rates(costs, p->dates[date]).fixed,
                         .spot = true};
}

qs_trade_cost qs_simulate_known_cost(const qs_simulate_problem *p, size_t date) {
  const double price = qs_curve_forward(&p->under->curve, p->years[date]);
  qs_trade_cost best = qs_simulate_cost(p, 0, 0, date);
  for (size_t v = 1; v < p->spec->venue_count; v++) {
    const qs_trade_cost own = qs_simulate_cost(p, 0, v, date);
    best = own.fee * price + own.unit < best.fee * price + best.unit ? own : best;
  }
  return best;
}

/* Whether an optimum knows impact: by the first instrument alone, without limits, of the variance. */
static bool takes_impact(const qs_simulate_problem *p) {
  return p->instrument_count == 1 && !isfinite(p->instruments[0].low) &&
         p->spec->objective == QS_OBJECTIVE_VARIANCE;
}

/* Venues whose fees and half-spreads are the same share an order so that impact b_i has each take b_i^-2 of
 * it: together they are one with b^-2 = sum of b_i^-2. False where they are none. */
static bool join_impacts(const qs_simulate_problem *p, size_t date, double *impact) {
  const size_t count = p->spec->venue_count ? p->spec->venue_count : 1;
  const qs_trade_cost first = qs_simulate_cost(p, 0, 0, date);
  double sum = 0;
  bool joined = takes_impact(p);
  for (size_t v = 0; joined && v < count; v++) {
    const qs_trade_cost own = qs_simulate_cost(p, 0, v, date);
    joined = own.fee == first.fee && own.unit == first.unit && own.fixed <= 0 && own.impact > 0;
    sum += 1 / (own.impact * own.impact);
  }
  *impact = joined ? 1 / sqrt(sum) : 0;
  return joined;
}

double qs_simulate_known_impact(const qs_simulate_problem *p, size_t date) {
  double impact;
  return join_impacts(p, date, &impact) ? impact : 0;
}

/* Of one date: what is neither a line through 0 nor a 3/2-power beside it. */
static const char *date_beyond(const qs_simulate_problem *p, size_t date) {
  const size_t count = p->spec->venue_count ? p->spec->venue_count : 1;
  bool fixed = false, impact = false;
  double joint;
  if (join_impacts(p, date, &joint)) {
    return NULL;
  }
  for (size_t v = 0; v < count; v++) {
    const qs_trade_cost own = qs_simulate_cost(p, 0, v, date);
    bool least = own.impact <= 0 && own.fixed <= 0;
    for (size_t k = 0; least && k < count; k++) {
      const qs_trade_cost other = qs_simulate_cost(p, 0, k, date);
      least = own.fee <= other.fee && own.unit <= other.unit;
    }
    if (least) {
      return NULL; /* it takes every order, whatever the price */
    }
    fixed = fixed || own.fixed > 0;
    impact = impact || own.impact > 0;
  }
  return fixed    ? "a fixed cost of each trade is not convex"
         : impact ? "impact is not in the dynamic programme"
                  : "which venue is the cheapest depends on the price";
}

const char *qs_simulate_costs_beyond(const qs_simulate_problem *p) {
  const char *why = NULL;
  for (size_t d = 0; !why && d < p->date_count; d++) {
    why = date_beyond(p, d);
    if (!why && p->instrument_count > 1 && qs_simulate_cost(p, 1, 0, d).fixed > 0) {
      why = "a fixed cost of each trade is not convex";
    }
  }
  return why;
}

/* ---- checks ---- */

static qs_status check_size(qs_context *context, const char *key, double value, double low, double high) {
  return value >= low && value <= high
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT, "simulate.%s: got %g: must be from %g to %g", key, value, low,
                       high);
}

/* Numbers of a list's entry; what is NaN is not given. */
typedef struct number {
  const char *key;
  double value, low, high;
} number;

static qs_status check_entry(qs_context *context, const char *list, size_t i, const number *numbers,
                             size_t count) {
  qs_status status = QS_OK;
  for (size_t k = 0; !status && k < count; k++) {
    char key[96];
    snprintf(key, sizeof key, "%s.%zu.%s", list, i, numbers[k].key);
    status = isnan(numbers[k].value)
                 ? QS_OK
                 : check_size(context, key, numbers[k].value, numbers[k].low, numbers[k].high);
  }
  return status;
}

static size_t find_venue(const qs_simulate_spec *spec, size_t before, const char *name) {
  size_t i = 0;
  while (i < before && strcmp(spec->venues[i].name, name) != 0) {
    i++;
  }
  return i;
}

static qs_status check_venues(qs_context *context, const qs_simulate_spec *spec) {
  if (spec->venue_count > QS_MAX_VENUES) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.venues: got %zu: must be at most %d venues",
                   spec->venue_count, QS_MAX_VENUES);
  }
  double shares = 0;
  for (size_t i = 0; i < spec->venue_count; i++) {
    const qs_simulate_venue *v = &spec->venues[i];
    if (!v->name || !*v->name || find_venue(spec, i, v->name) < i) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.venues.%zu.name: got %.80s: must be given, and once",
                     i, v->name ? v->name : "nothing");
    }
    const number numbers[] = {{"taker_fee", v->taker_fee, 0, 1},
                              {"maker_fee", v->maker_fee, -1, 1},
                              {"half_spread", v->half_spread, 0, 1e15},
                              {"impact", v->impact, 0, 1e15},
                              {"fixed", v->fixed, 0, 1e15},
                              {"limit", v->limit, 0, 1e18}};
    const qs_status status = check_entry(context, "venues", i, numbers, sizeof numbers / sizeof numbers[0]);
    if (status) {
      return status;
    }
    if (!(v->maker_share >= 0 && v->maker_share <= 1)) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.venues.%zu.maker_share: got %g: must be from 0 to 1",
                     i, v->maker_share);
    }
    const number given[] = {
        {"hazard", v->hazard, 0, 1e6}, {"loss", v->loss, 0, 1}, {"share", v->share, 0, 1e15}};
    for (size_t k = 0; k < sizeof given / sizeof given[0]; k++) {
      if (!(given[k].value >= given[k].low && given[k].value <= given[k].high)) {
        return qs_fail(context, QS_ERROR_INPUT, "simulate.venues.%zu.%s: got %g: must be from %g to %g", i,
                       given[k].key, given[k].value, given[k].low, given[k].high);
      }
    }
    shares += v->share;
  }
  return !spec->venue_count || shares > 0
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT, "simulate.venues: one share at least must be above 0");
}

static qs_status check_schedule(qs_context *context, const qs_simulate_spec *spec) {
  const qs_simulate_costs *costs = &spec->costs;
  for (size_t i = 0; i < costs->schedule_count; i++) {
    const qs_cost_change *c = &costs->schedule[i];
    if (i && c->from < costs->schedule[i - 1].from) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.costs.schedule.%zu.from: must not be before the one "
                     "in front of it",
                     i);
    }
    if (c->venue && find_venue(spec, spec->venue_count, c->venue) == spec->venue_count) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.costs.schedule.%zu.venue: got %.80s: must be one of simulate.venues", i,
                     c->venue);
    }
    if (!c->venue && !isnan(c->maker_fee)) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.costs.schedule.%zu.maker_fee: got %g: is of a venue alone", i, c->maker_fee);
    }
    const number numbers[] = {{"proportional", c->proportional, 0, 1},
                              {"maker_fee", c->maker_fee, -1, 1},
                              {"half_spread", c->half_spread, 0, 1e15},
                              {"impact", c->impact, 0, 1e15},
                              {"fixed", c->fixed, 0, 1e15}};
    const qs_status status =
        check_entry(context, "costs.schedule", i, numbers, sizeof numbers / sizeof numbers[0]);
    if (status) {
      return status;
    }
  }
  return QS_OK;
}

/* What makers are paid must be less than what the rest pays. */
static qs_status check_fees(qs_context *context, const qs_simulate_problem *p) {
  for (size_t v = 0; v < p->spec->venue_count; v++) {
    for (size_t d = 0; d < p->date_count; d++) {
      const rates r = venue_rates(p->spec, v, p->dates[d]);
      if (!(fee_of(&r) >= 0)) {
        return qs_fail(context, QS_ERROR_INPUT,
                       "simulate.venues.%zu.maker_fee: got %g: with it the fee of an order is %g; must be at "
                       "least 0",
                       v, r.maker, fee_of(&r));
      }
    }
  }
  return QS_OK;
}

qs_status qs_simulate_costs_check(qs_context *context, const qs_simulate_problem *p) {
  const qs_simulate_costs *costs = &p->spec->costs;
  const number sizes[] = {
      {"costs.proportional", costs->proportional, 0, 1},
      {"costs.half_spread", costs->half_spread, 0, 1e15},
      {"costs.impact", costs->impact, 0, 1e15},
      {"costs.fixed", costs->fixed, 0, 1e15},
      {"costs.options.fee", costs->options.fee, 0, 1e15},
      {"costs.options.fee_cap", or_else(costs->options.fee_cap, 0), 0, 1e15},
      {"costs.options.relative_half_spread", costs->options.relative_half_spread, 0, 1e15},
      {"costs.delivery_fee", or_else(costs->delivery_fee, 0), 0, 1}};
  qs_status status = QS_OK;
  for (size_t i = 0; !status && i < sizeof sizes / sizeof sizes[0]; i++) {
    status = check_size(context, sizes[i].key, sizes[i].value, sizes[i].low, sizes[i].high);
  }
  status = status ? status : check_venues(context, p->spec);
  status = status ? status : check_schedule(context, p->spec);
  return status ? status : check_fees(context, p);
}
