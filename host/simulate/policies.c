#include "host/simulate/policies.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/market/time.h"
#include "host/policy/classical.h"
#include "host/policy/neutral.h"
#include "host/simulate/costs.h"
#include "host/simulate/many.h"
#include "host/simulate/paired.h"

static const size_t most_weights = 64;    /* of a frontier */
static const double least_weight = 1e-12; /* of costs, that a policy is made for */

/* Which table a type takes and when it acts. */
typedef struct recipe {
  qs_policy_kind kind;
  qs_rebalance_rule rule;
} recipe;

static bool find_recipe(qs_hedge_policy_type type, recipe *made) {
  static const recipe recipes[] = {
      [QS_HEDGE_POLICY_NONE] = {QS_POLICY_NONE, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_DELTA_EVERY_DATE] = {QS_POLICY_DELTA, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_LOCAL_EVERY_DATE] = {QS_POLICY_LOCAL, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_DELTA_BAND] = {QS_POLICY_DELTA_BAND, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_WHALLEY_WILMOTT] = {QS_POLICY_WHALLEY_WILMOTT, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_ZAKAMOULINE] = {QS_POLICY_ZAKAMOULINE, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_LELAND] = {QS_POLICY_LELAND, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_MINIMUM_VARIANCE_DELTA] = {QS_POLICY_MINIMUM_VARIANCE, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_NET_DELTA] = {QS_POLICY_NET_DELTA, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_FIXED_INTERVAL] = {QS_POLICY_DELTA, QS_RULE_INTERVAL},
      [QS_HEDGE_POLICY_VOLATILITY_INTERVAL] = {QS_POLICY_DELTA, QS_RULE_VARIANCE},
      [QS_HEDGE_POLICY_GAMMA_WEIGHTED] = {QS_POLICY_DELTA, QS_RULE_MOVE},
      [QS_HEDGE_POLICY_OPTIMAL] = {QS_POLICY_NONE, QS_RULE_ALWAYS},  /* its table is not one of those */
      [QS_HEDGE_POLICY_CALLBACK] = {QS_POLICY_NONE, QS_RULE_ALWAYS}, /* no table at all */
      [QS_HEDGE_POLICY_DELTA_GAMMA] = {QS_POLICY_NONE, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_DELTA_VEGA] = {QS_POLICY_NONE, QS_RULE_ALWAYS},
      [QS_HEDGE_POLICY_REGRESSION] = {QS_POLICY_NONE, QS_RULE_ALWAYS}, /* no table either */
  };
  if ((unsigned)type >= sizeof recipes / sizeof recipes[0]) {
    return false;
  }
  *made = recipes[type];
  return true;
}

static double limit_of(const qs_hedge_policy_spec *spec) {
  return spec->type == QS_HEDGE_POLICY_FIXED_INTERVAL        ? (double)spec->every
         : spec->type == QS_HEDGE_POLICY_VOLATILITY_INTERVAL ? spec->variance
         : spec->type == QS_HEDGE_POLICY_GAMMA_WEIGHTED      ? spec->loss
                                                             : 1;
}

static const char *name_of(const qs_hedge_policy_spec *spec) {
  return spec->name ? spec->name : qs_hedge_policy_name(spec->type);
}

static bool is_neutral(qs_hedge_policy_type type) {
  return type == QS_HEDGE_POLICY_DELTA_GAMMA || type == QS_HEDGE_POLICY_DELTA_VEGA;
}

/* Whether there is the one option that some types hold beside the first instrument. */
static qs_status check_options(qs_context *context, const qs_simulate_problem *p, size_t i) {
  const qs_hedge_policy_type type = p->spec->policies[i].type;
  const bool known =
      type == QS_HEDGE_POLICY_NONE || type == QS_HEDGE_POLICY_CALLBACK || type == QS_HEDGE_POLICY_REGRESSION;
  const char *flaw = NULL;
  if (p->along_count && !known) {
    flaw = "needs a price before the expiry, which trades along paths have not";
  } else if (is_neutral(type) && p->instrument_count != 2) {
    flaw = "needs exactly one option among the instruments";
  } else if (type == QS_HEDGE_POLICY_DELTA_VEGA && !qs_model_stochastic(&p->under->model)) {
    flaw = "needs a model whose variance is random";
  } else if (type == QS_HEDGE_POLICY_OPTIMAL && p->spec->objective == QS_OBJECTIVE_VARIANCE) {
    flaw = qs_simulate_pair_flaw(p);
  } else if (type == QS_HEDGE_POLICY_OPTIMAL && qs_simulate_paired(p)) {
    flaw = "knows no option and no instrument_limits under this objective";
  }
  return flaw ? qs_fail(context, QS_ERROR_INPUT, "simulate.policies.%zu: got %s: %s", i,
                        qs_hedge_policy_name(type), flaw)
              : QS_OK;
}

static qs_status check_policy(qs_context *context, const qs_simulate_spec *spec, size_t i) {
  const qs_hedge_policy_spec *policy = &spec->policies[i];
  recipe found;
  if (!find_recipe(policy->type, &found)) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.policies.%zu.type: got %d: no such policy", i,
                   (int)policy->type);
  }
  if (!policy->function != (policy->type != QS_HEDGE_POLICY_CALLBACK)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulate.policies.%zu.function: must be there for callback alone", i);
  }
  if (policy->type == QS_HEDGE_POLICY_DELTA_BAND && !(policy->width >= 0 && isfinite(policy->width))) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.policies.%zu.width: got %g: must be at least 0", i,
                   policy->width);
  }
  if (!(limit_of(policy) > 0 && isfinite(limit_of(policy)))) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.policies.%zu.%s: got %g: must be above 0", i,
                   policy->type == QS_HEDGE_POLICY_FIXED_INTERVAL        ? "every"
                   : policy->type == QS_HEDGE_POLICY_VOLATILITY_INTERVAL ? "variance"
                                                                         : "loss",
                   limit_of(policy));
  }
  for (size_t k = 0; k < i; k++) {
    if (strcmp(name_of(policy), name_of(&spec->policies[k])) == 0) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.policies.%zu.name: got %.80s: another policy has it; must be its own", i,
                     name_of(policy));
    }
  }
  return QS_OK;
}

static qs_status check_frontier(qs_context *context, const qs_simulate_problem *p) {
  const qs_simulate_spec *spec = p->spec;
  const char *flaw = spec->frontier_count ? qs_simulate_pair_flaw(p) : NULL;
  if (flaw) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.frontier: %s", flaw);
  }
  for (size_t i = 0; i < spec->frontier_count; i++) {
    if (!(spec->frontier[i] > 0 && isfinite(spec->frontier[i]))) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.frontier.%zu: got %g: must be above 0", i,
                     spec->frontier[i]);
    }
  }
  return spec->frontier_count <= most_weights
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT, "simulate.frontier: got %zu weights: must be at most %zu",
                       spec->frontier_count, most_weights);
}

qs_status qs_simulate_policies_check(qs_context *context, const qs_simulate_problem *p) {
  const char *key = !p->along_count           ? NULL
                    : p->spec->attribution    ? "attribution"
                    : p->spec->frontier_count ? "frontier"
                                              : NULL;
  if (key) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulate.%s: needs a price before the expiry, which trades along paths have not", key);
  }
  qs_status status = check_frontier(context, p);
  for (size_t i = 0; !status && i < p->spec->policy_count; i++) {
    status = check_policy(context, p->spec, i);
    status = status ? status : check_options(context, p, i);
  }
  return status;
}

/* The date of trading or unwinding at or after a time within the dates. */
static double next_date(const qs_simulate_problem *p, qs_time time, double years) {
  for (size_t d = 1; d < p->date_count; d++) {
    if (p->dates[d] >= time) {
      return p->years[d];
    }
  }
  return years;
}

/* The position as European options. What is no option moves with the price as a call of strike 0 does that
 * lives on; an expiry between two dates counts as the next one. */
void qs_simulate_policy_option(const qs_simulate_problem *p, const qs_contract *c, qs_policy_option *made) {
  const qs_underlying_market *under = p->under;
  const double end = p->years[p->date_count - 1];
  if (c->kind != QS_CONTRACT_OPTION) {
    const double rate = under->discount_rate;
    const bool quoted = c->kind == QS_CONTRACT_FORWARD || c->kind == QS_CONTRACT_FUTURE;
    const double years = end + 1, forward = qs_curve_forward(&under->curve, years);
    const double far =
        quoted ? qs_curve_forward(&under->curve, c->years) : qs_curve_forward(&under->curve, end);
    const double paid = exp(-rate * (c->kind == QS_CONTRACT_FORWARD ? c->years : end));
    double slope = paid * far; /* money of as_of per unit of e^x */
    if (c->kind == QS_CONTRACT_FORWARD && c->settlement == QS_SETTLE_COIN && c->years > end) {
      double a;
      qs_claim_plain(p, c, end, &a, &slope);
      slope *= exp(-rate * end);
    }
    if (c->settlement == QS_SETTLE_COIN &&
        (c->kind == QS_CONTRACT_FUTURE || c->kind == QS_CONTRACT_PERPETUAL)) {
      slope = paid * qs_curve_forward(&under->curve, end) / c->entry_price;
    }
    *made = (qs_policy_option){
        .call = true,
        .years = years,
        .forward = forward,
        .weight = c->quantity * slope / forward,
        .added = qs_shift_added(&under->shift, p->market->as_of, p->dates[p->date_count - 1])};
    return;
  }
  const bool coin = c->settlement == QS_SETTLE_COIN;
  const bool inside = c->expiry <= p->dates[p->date_count - 1];
  const double years = inside ? next_date(p, c->expiry, c->years) : c->years;
  const double forward = qs_curve_forward(&under->curve, c->years);
  double weight = c->quantity * exp(-under->discount_rate * c->years);
  if (!inside && coin) { /* its value at the unwind, in coin, at the price then */
    const double near = qs_curve_forward(&under->curve, end);
    weight = c->quantity * qs_simulate_discount(p, end) * exp(-under->coin_rate * (c->years - end)) * near /
             forward;
  }
  *made = (qs_policy_option){
      .call = c->call_put == QS_CALL,
      .coin = coin,
      .years = years,
      .strike = c->strike,
      .forward = forward,
      .weight = weight,
      .added = qs_shift_added(&under->shift, p->market->as_of,
                              inside ? p->market->as_of + (qs_time)llround(years * QS_SECONDS_PER_YEAR)
                                     : c->expiry)};
}

qs_status qs_simulate_policy_problem(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                                     qs_policy_problem *made) {
  qs_policy_option *options = QS_NEW(arena, p->contract_count, qs_policy_option);
  qs_policy_date *dates = QS_NEW(arena, p->date_count, qs_policy_date);
  if (!options || !dates) {
    return qs_fail_memory(context, "preparing policies");
  }
  for (size_t i = 0; i < p->contract_count; i++) {
    qs_simulate_policy_option(p, &p->contracts[i], &options[i]);
  }
  const qs_hedge_instrument *instrument = &p->instruments[0];
  const bool bounded = !qs_simulate_bound_flaw(p);
  for (size_t d = 0; d < p->date_count; d++) {
    const bool last = d + 1 == p->date_count;
    const qs_trade_cost cost = qs_simulate_known_cost(p, d);
    const double forward = qs_curve_forward(&p->under->curve, p->years[d]);
    const double scale =
        instrument->kind == QS_HEDGE_FUTURE ? qs_curve_forward(&p->under->curve, instrument->years) : forward;
    const size_t paid = instrument->kind == QS_HEDGE_SPOT || last ? d : d + 1;
    dates[d] = (qs_policy_date){.years = p->years[d],
                                .forward = forward,
                                .gain = qs_simulate_discount(p, p->years[paid]) * scale,
                                .discount = qs_simulate_discount(p, p->years[d]),
                                .proportional = cost.fee,
                                .per_unit = cost.unit,
                                .impact = bounded ? qs_simulate_known_impact(p, d) : 0,
                                .added = qs_shift_added(&p->under->shift, p->market->as_of, p->dates[d])};
  }
  qs_model *real = QS_NEW(arena, 1, qs_model);
  qs_status status =
      real ? qs_simulate_real_model(context, p, real) : qs_fail_memory(context, "preparing policies");
  if (status) {
    return status;
  }
  *made = (qs_policy_problem){.model = &p->under->model,
                              .real = qs_simulate_real_differs(p->spec) ? real : NULL,
                              .options = options,
                              .option_count = p->contract_count,
                              .dates = dates,
                              .date_count = p->date_count,
                              .drift = p->spec->drift,
                              .cost_weight = fmax(p->weight, least_weight)};
  return QS_OK;
}

/* Half of |gamma| S^2 over the states: what a move of (S/S' - 1) costs. */
static qs_status make_weight(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                             const qs_policy_ratios *ratios, const qs_policy_table **table) {
  qs_policy_table *made = QS_NEW(arena, 1, qs_policy_table);
  const double **low = QS_NEW(arena, ratios->date_count, const double *);
  if (!made || !low) {
    return qs_fail_memory(context, "preparing policies");
  }
  for (size_t d = 0; d < ratios->date_count; d++) {
    const qs_policy_nodes *nodes = &ratios->nodes[d];
    double *values = QS_NEW(arena, nodes->x_count * nodes->y_count, double);
    if (!values) {
      return qs_fail_memory(context, "preparing policies");
    }
    for (size_t k = 0; k < nodes->x_count * nodes->y_count; k++) {
      const double x = nodes->x_low + (double)(k % nodes->x_count) * nodes->x_step;
      const double spot = problem->dates[d].forward * exp(x);
      values[k] = 0.5 * fabs(ratios->gamma[d][k]) * spot * spot;
    }
    low[d] = values;
  }
  *made =
      (qs_policy_table){.date_count = ratios->date_count, .nodes = ratios->nodes, .low = low, .high = low};
  *table = made;
  return QS_OK;
}

/* What policies are made of. */
typedef struct materials {
  const qs_simulate_problem *problem;
  const qs_policy_problem *over_time;
  const qs_policy_ratios *ratios;
  const qs_policy_ratios *option; /* of a unit of the one option; null where none is held */
  const qs_simulate_optimal *optimal;
} materials;

/* tables[instrument_count]: of the first instrument, and of no option. */
static qs_status make_single(qs_context *context, qs_arena *arena, const qs_hedge_policy_spec *spec,
                             const recipe *found, const materials *m, qs_policy_table *tables) {
  const double width = spec->type == QS_HEDGE_POLICY_DELTA_BAND ? spec->width : 0;
  qs_status status = QS_OK;
  if (spec->type == QS_HEDGE_POLICY_OPTIMAL) {
    tables[0] = m->optimal->optimum.table;
  } else {
    status = qs_policy_classical(context, arena, m->over_time, m->ratios, found->kind, width, &tables[0]);
  }
  for (size_t k = 1; !status && k < m->problem->instrument_count; k++) {
    status = qs_policy_classical(context, arena, m->over_time, m->ratios, QS_POLICY_NONE, 0, &tables[k]);
  }
  return status;
}

/* The table's bands within the limits of an instrument. */
static qs_status keep_within(qs_context *context, qs_arena *arena, const qs_hedge_instrument *instrument,
                             qs_policy_table *table) {
  if (!isfinite(instrument->low)) {
    return QS_OK;
  }
  const double **low = QS_NEW(arena, table->date_count, const double *);
  const double **high = QS_NEW(arena, table->date_count, const double *);
  if (!low || !high) {
    return qs_fail_memory(context, "preparing policies");
  }
  for (size_t d = 0; d < table->date_count; d++) {
    const size_t count = table->nodes[d].x_count * table->nodes[d].y_count;
    double *edges = QS_NEW(arena, 2 * count, double);
    if (!edges) {
      return qs_fail_memory(context, "preparing policies");
    }
    for (size_t s = 0; s < count; s++) {
      edges[s] = fmin(fmax(table->low[d][s], instrument->low), instrument->high);
      edges[count + s] = fmin(fmax(table->high[d][s], instrument->low), instrument->high);
    }
    low[d] = edges;
    high[d] = table->low[d] == table->high[d] ? edges : edges + count;
  }
  table->low = low;
  table->high = high;
  return QS_OK;
}

/* tables[instrument_count] of a policy that is no optimum of pairs or more. */
static qs_status make_tables(qs_context *context, qs_arena *arena, const qs_hedge_policy_spec *spec,
                             const recipe *found, const materials *m, qs_policy_table *tables) {
  const qs_neutral_kind kind = spec->type == QS_HEDGE_POLICY_DELTA_VEGA ? QS_NEUTRAL_VEGA : QS_NEUTRAL_GAMMA;
  const qs_hedge_instrument *instruments = m->problem->instruments;
  qs_status status = is_neutral(spec->type)
                         ? qs_policy_neutral(context, arena, m->ratios, m->option, kind, instruments[1].low,
                                             instruments[1].high, tables)
                         : make_single(context, arena, spec, found, m, tables);
  for (size_t k = 0; !status && k < m->problem->instrument_count; k++) {
    status = keep_within(context, arena, &instruments[k], &tables[k]);
  }
  return status;
}

static qs_status make_one(qs_context *context, qs_arena *arena, const qs_hedge_policy_spec *spec,
                          const materials *m, qs_simulate_policy *policy) {
  const size_t count = m->problem->instrument_count;
  recipe found = {QS_POLICY_NONE, QS_RULE_ALWAYS};
  find_recipe(spec->type, &found);
  qs_policy_table *made = QS_NEW(arena, count, qs_policy_table);
  const qs_policy_table **tables = QS_NEW(arena, count, const qs_policy_table *);
  if (!made || !tables) {
    return qs_fail_memory(context, "preparing policies");
  }
  for (size_t k = 0; k < count; k++) {
    tables[k] = &made[k];
  }
  *policy = (qs_simulate_policy){.name = name_of(spec),
                                 .type = qs_hedge_policy_name(spec->type),
                                 .function = spec->function,
                                 .data = spec->data,
                                 .tables = tables,
                                 .rule = found.rule,
                                 .limit = limit_of(spec)};
  if (spec->type == QS_HEDGE_POLICY_OPTIMAL && m->optimal->pair) {
    return qs_simulate_pair_policy(context, arena, m->problem, m->optimal->pair, policy);
  }
  if (spec->type == QS_HEDGE_POLICY_OPTIMAL && m->optimal->many) {
    return qs_simulate_many_policy(context, arena, m->problem, m->optimal->many, policy);
  }
  if (spec->type == QS_HEDGE_POLICY_OPTIMAL && qs_policy_has_impact(m->over_time)) {
    return qs_simulate_part_way(context, arena, m->problem, m->optimal, policy);
  }
  qs_status status = make_tables(context, arena, spec, &found, m, made);
  if (!status && found.rule == QS_RULE_MOVE) {
    status = make_weight(context, arena, m->over_time, m->ratios, &policy->weight);
  }
  return status;
}

/* Ratios of a unit of the one option that hedges, on the position's nodes; null where no policy holds it. */
static qs_status make_option_ratios(qs_context *context, qs_arena *arena, const materials *m,
                                    const qs_policy_ratios **ratios) {
  bool wanted = false;
  for (size_t i = 0; i < m->problem->spec->policy_count; i++) {
    wanted = wanted || is_neutral(m->problem->spec->policies[i].type);
  }
  if (!wanted) {
    return QS_OK;
  }
  qs_policy_ratios *made = QS_NEW(arena, 1, qs_policy_ratios);
  if (!made) {
    return qs_fail_memory(context, "preparing policies");
  }
  qs_policy_option unit;
  qs_simulate_policy_option(m->problem, &m->problem->instruments[1].option, &unit);
  qs_policy_problem alone = *m->over_time;
  alone.options = &unit;
  alone.option_count = 1;
  *ratios = made;
  return qs_policy_ratios_on(context, arena, &alone, m->ratios->nodes, made);
}

static bool wants_optimum(const qs_simulate_spec *spec) {
  bool wanted = spec->frontier_count > 0;
  for (size_t i = 0; i < spec->policy_count; i++) {
    wanted = wanted || spec->policies[i].type == QS_HEDGE_POLICY_OPTIMAL;
  }
  return wanted;
}

qs_status qs_simulate_policies_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                    qs_simulate_policy **policies, qs_simulate_optimal *optimal) {
  const qs_simulate_spec *spec = problem->spec;
  const qs_policy_settings settings = {0};
  qs_simulate_optimal best = {.made = false};
  qs_policy_problem *over_time = QS_NEW(arena, 1, qs_policy_problem);
  qs_policy_ratios ratios = {0};
  qs_simulate_policy *made = QS_NEW(arena, spec->policy_count, qs_simulate_policy);
  qs_status status = made && over_time ? qs_simulate_policy_problem(context, arena, problem, over_time)
                                       : qs_fail_memory(context, "preparing policies");
  if (!status && wants_optimum(spec) && qs_simulate_many(problem)) {
    best.made = true;
    status = qs_simulate_many_make(context, arena, problem, over_time, &best.many);
  } else if (!status && wants_optimum(spec) && qs_simulate_paired(problem)) {
    best.made = true;
    status = qs_simulate_pair_make(context, arena, problem, over_time, &best.pair);
  } else if (!status && wants_optimum(spec)) {
    status = qs_simulate_optimal_make(context, arena, spec->objective, over_time, &best);
    ratios = best.ground.ratios;
  }
  const bool own = spec->drift != 0 || qs_simulate_real_differs(spec); /* the optimum's are without */
  if (!status && (!best.made || best.pair || best.many || own)) {
    status = qs_policy_make_ratios(context, arena, over_time, &settings, &ratios);
  }
  materials m = {.problem = problem, .over_time = over_time, .ratios = &ratios, .optimal = &best};
  status = status ? status : make_option_ratios(context, arena, &m, &m.option);
  for (size_t i = 0; !status && i < spec->policy_count; i++) {
    status = make_one(context, arena, &spec->policies[i], &m, &made[i]);
  }
  if (!status) {
    *policies = made;
    *optimal = best;
  }
  return status;
}
