#include "host/simulate/unit.h"

#include <math.h>

#include "host/simulate/costs.h"
#include "host/simulate/option.h"

static const double far = 1e300; /* for an edge that is infinite */

/* What the instrument's price is per e^x, or per M of an option, at a date, money then. */
static double scale_of(const qs_simulate_problem *p, const qs_hedge_instrument *instrument, size_t date) {
  if (instrument->kind == QS_HEDGE_OPTION) {
    return qs_simulate_option_price(p, &instrument->option, p->fill_years[date]);
  }
  return qs_curve_forward(&p->under->curve,
                          instrument->kind == QS_HEDGE_FUTURE ? instrument->years : p->fill_years[date]);
}

/* [date_count] each, `paid` [date_count][venues]; values of options are filled in block by block. */
static void lay_instrument(const qs_simulate_problem *p, size_t k, size_t venues, double *scale, double *gain,
                           qs_trade_cost *paid) {
  const qs_hedge_instrument *instrument = &p->instruments[k];
  const bool option = instrument->kind == QS_HEDGE_OPTION;
  for (size_t d = 0; d < p->date_count; d++) {
    const bool last = d + 1 == p->date_count;
    const size_t paid_at = instrument->kind == QS_HEDGE_SPOT ? d : d + 1; /* a spot's price is borrowed */
    scale[d] = scale_of(p, instrument, d);
    gain[d] = last     ? 0
              : option ? qs_simulate_option_gain(p, &instrument->option)
                       : qs_simulate_discount(p, p->fill_years[paid_at]) * scale[d];
    for (size_t v = 0; v < venues; v++) {
      paid[d * venues + v] = qs_simulate_cost(p, k, v, d);
    }
  }
}

static qs_status make_instruments(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                                  qs_rebalance_unit *unit) {
  const size_t dates = p->date_count, venues = p->spec->venue_count ? p->spec->venue_count : 1;
  qs_rebalance_instrument *made = QS_NEW(arena, p->instrument_count, qs_rebalance_instrument);
  double *numbers = QS_NEW(arena, 2 * dates * p->instrument_count, double);
  qs_trade_cost *paid = QS_NEW(arena, dates * (venues + p->instrument_count), qs_trade_cost);
  if (!made || !numbers || !paid) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  for (size_t k = 0; k < p->instrument_count; k++) {
    const qs_hedge_instrument *instrument = &p->instruments[k];
    double *scale = numbers + 2 * dates * k, *gain = scale + dates;
    qs_trade_cost *own = paid + (k ? dates * (venues + k - 1) : 0);
    lay_instrument(p, k, k ? 1 : venues, scale, gain, own);
    made[k] = (qs_rebalance_instrument){.scale = scale,
                                        .gain = gain,
                                        .costs = own,
                                        .inverse = instrument->coin && instrument->kind != QS_HEDGE_OPTION};
  }
  unit->instruments = made;
  unit->instrument_count = (uint32_t)p->instrument_count;
  unit->venue_count = (uint32_t)p->spec->venue_count;
  return QS_OK;
}

/* The same numbers with infinities replaced; those of the table where there are none. */
static const double *finite_edge(qs_arena *arena, const double *edge, size_t count) {
  size_t first = 0;
  while (first < count && isfinite(edge[first])) {
    first++;
  }
  if (first == count) {
    return edge;
  }
  double *made = QS_NEW(arena, count, double);
  for (size_t i = 0; made && i < count; i++) {
    made[i] = fmin(far, fmax(-far, edge[i]));
  }
  return made;
}

static qs_status make_bands(qs_context *context, qs_arena *arena, const qs_policy_table *table,
                            qs_band_table *bands) {
  for (size_t d = 0; d < table->date_count; d++) {
    const qs_policy_nodes *nodes = &table->nodes[d];
    const size_t count = nodes->x_count * nodes->y_count;
    bands[d] = (qs_band_table){.x_low = nodes->x_low,
                               .x_rate = 1 / nodes->x_step,
                               .y_low = nodes->y_count > 1 ? nodes->y_low : 0,
                               .y_rate = nodes->y_count > 1 ? 1 / nodes->y_step : 0,
                               .x_count = (int32_t)nodes->x_count,
                               .y_count = (int32_t)nodes->y_count,
                               .low = finite_edge(arena, table->low[d], count),
                               .high = finite_edge(arena, table->high[d], count)};
    if (!bands[d].low || !bands[d].high) {
      return qs_fail_memory(context, "preparing a policy");
    }
  }
  return QS_OK;
}

static qs_status make_policy(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                             const qs_simulate_policy *policy, qs_rebalance_policy *made) {
  const size_t decisions = p->date_count - 1;
  if (policy->function) { /* what it answers is filled in date by date */
    *made = (qs_rebalance_policy){0};
    return QS_OK;
  }
  qs_band_table *bands = QS_NEW(arena, (p->instrument_count + 1) * decisions, qs_band_table);
  if (!bands) {
    return qs_fail_memory(context, "preparing a policy");
  }
  qs_status status = QS_OK;
  for (size_t k = 0; !status && k <= p->instrument_count; k++) {
    const qs_policy_table *table = k < p->instrument_count ? policy->tables[k] : policy->weight;
    if (table && table->date_count != decisions) {
      return qs_fail(context, QS_ERROR_USAGE, "%s: a policy of %zu dates, not %zu", policy->name,
                     table->date_count, decisions);
    }
    status = table ? make_bands(context, arena, table, bands + k * decisions) : QS_OK;
  }
  *made = (qs_rebalance_policy){.bands = bands,
                                .weights = policy->weight ? bands + p->instrument_count * decisions : NULL,
                                .rule = policy->rule,
                                .limit = policy->rule == QS_RULE_INTERVAL ? fmin(policy->limit, INT32_MAX)
                                                                          : policy->limit,
                                .centre = policy->centre};
  return status;
}

static qs_status make_dates(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                            qs_rebalance_unit *unit) {
  double *forward = QS_NEW(arena, p->date_count, double);
  double *discount = QS_NEW(arena, p->date_count, double);
  double *lapse = QS_NEW(arena, p->date_count, double);
  if (!forward || !discount || !lapse) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  for (size_t d = 0; d < p->date_count; d++) {
    forward[d] = qs_curve_forward(&p->under->curve, p->fill_years[d]);
    discount[d] = qs_simulate_discount(p, p->fill_years[d]);
    lapse[d] = d ? p->years[d] - p->years[d - 1] : 0;
  }
  unit->date_count = (uint32_t)p->date_count;
  unit->row_count = (uint32_t)p->row_count;
  unit->decided = p->date_row;
  unit->filled = p->fill_row;
  unit->forward = forward;
  unit->discount = discount;
  unit->lapse = lapse;
  unit->date_end = unit->date_count;
  return QS_OK;
}

qs_status qs_simulate_unit_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                const qs_simulate_policy *policies, size_t count, qs_rebalance_unit *unit) {
  qs_rebalance_unit made = {.policy_count = (uint32_t)count};
  qs_rebalance_policy *plans = QS_NEW(arena, count, qs_rebalance_policy);
  if (!plans) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  made.policies = plans;
  qs_status status = make_dates(context, arena, problem, &made);
  status = status ? status : make_instruments(context, arena, problem, &made);
  for (size_t i = 0; !status && i < count; i++) {
    status = make_policy(context, arena, problem, &policies[i], &plans[i]);
  }
  if (!status) {
    *unit = made;
  }
  return status;
}
