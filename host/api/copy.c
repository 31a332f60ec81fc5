#include "host/api/copy.h"

#include <string.h>

/* Copies until memory is out, and remembers that. */
typedef struct copier {
  qs_arena *arena;
  bool failed;
} copier;

static void *copy_array(copier *c, const void *array, size_t count, size_t size) {
  if (!array) {
    return NULL;
  }
  void *made = qs_arena_alloc(c->arena, count, size);
  if (!made) {
    c->failed = true;
  } else if (count) {
    memcpy(made, array, count * size);
  }
  return made;
}

#define COPY_ARRAY(c, type, field, count)                                                                    \
  type *field = copy_array(c, from->field, from->count, sizeof(type));                                       \
  to->field = field;                                                                                         \
  size_t field##_count = field ? from->count : 0

static void copy_text(copier *c, const char **text) {
  if (*text) {
    *text = qs_arena_strdup(c->arena, *text);
    c->failed = c->failed || !*text;
  }
}

static void copy_texts(copier *c, const char *const **texts, size_t count) {
  const char **made = copy_array(c, *texts, count, sizeof *made);
  for (size_t i = 0; made && i < count; i++) {
    copy_text(c, &made[i]);
  }
  *texts = made;
}

static void copy_underlyings(copier *c, const qs_inputs *from, qs_inputs *to) {
  COPY_ARRAY(c, qs_underlying_spec, underlyings, underlying_count);
  for (size_t u = 0; u < underlyings_count; u++) {
    copy_text(c, &underlyings[u].name);
    copy_text(c, &underlyings[u].quotes_source);
    qs_quote *quotes = copy_array(c, underlyings[u].quotes, underlyings[u].quote_count, sizeof *quotes);
    for (size_t k = 0; quotes && k < underlyings[u].quote_count; k++) {
      copy_text(c, &quotes[k].instrument);
    }
    underlyings[u].quotes = quotes;
    underlyings[u].shift =
        copy_array(c, underlyings[u].shift, underlyings[u].shift_count, sizeof *underlyings[u].shift);
  }
  COPY_ARRAY(c, qs_correlation_spec, correlations, correlation_count);
  for (size_t k = 0; k < correlations_count; k++) {
    copy_text(c, &correlations[k].between[0]);
    copy_text(c, &correlations[k].between[1]);
  }
}

static void copy_common_jumps(copier *c, const qs_inputs *from, qs_inputs *to) {
  COPY_ARRAY(c, qs_common_jump_spec, common_jumps, common_jump_count);
  for (size_t k = 0; k < common_jumps_count; k++) {
    copy_texts(c, &common_jumps[k].underlyings, common_jumps[k].underlying_count);
  }
}

static const qs_position_spec *copy_positions(copier *c, const qs_position_spec *positions, size_t count) {
  qs_position_spec *made = copy_array(c, positions, count, sizeof *made);
  for (size_t i = 0; made && i < count; i++) {
    copy_text(c, &made[i].instrument);
    copy_text(c, &made[i].book);
    copy_text(c, &made[i].venue);
  }
  return made;
}

static void copy_script(copier *c, qs_script_spec *script) {
  copy_text(c, &script->payoff);
  qs_constant_spec *constants = copy_array(c, script->constants, script->constant_count, sizeof *constants);
  for (size_t i = 0; constants && i < script->constant_count; i++) {
    copy_text(c, &constants[i].name);
  }
  script->constants = constants;
  qs_schedule_spec *schedules = copy_array(c, script->schedules, script->schedule_count, sizeof *schedules);
  for (size_t i = 0; schedules && i < script->schedule_count; i++) {
    copy_text(c, &schedules[i].name);
    schedules[i].dates =
        copy_array(c, schedules[i].dates, schedules[i].date_count, sizeof *schedules[i].dates);
  }
  script->schedules = schedules;
}

static const qs_trade_spec *copy_trades(copier *c, const qs_trade_spec *trades, size_t count) {
  qs_trade_spec *made = copy_array(c, trades, count, sizeof *made);
  for (size_t i = 0; made && i < count; i++) {
    copy_text(c, &made[i].id);
    copy_text(c, &made[i].underlying);
    copy_texts(c, &made[i].underlyings, made[i].underlying_count);
    copy_text(c, &made[i].book);
    copy_text(c, &made[i].venue);
    qs_path_spec *path = &made[i].path;
    path->fixings = copy_array(c, path->fixings, path->fixing_count, sizeof *path->fixings);
    path->past = copy_array(c, path->past, path->past_count, sizeof *path->past);
    path->weights = copy_array(c, path->weights, path->weight_count, sizeof *path->weights);
    path->initial = copy_array(c, path->initial, path->initial_count, sizeof *path->initial);
    path->autocall = copy_array(c, path->autocall, path->autocall_count, sizeof *path->autocall);
    copy_script(c, &made[i].script);
  }
  return made;
}

static void copy_book(copier *c, const qs_inputs *from, qs_inputs *to) {
  to->positions = copy_positions(c, from->positions, from->position_count);
  to->trades = copy_trades(c, from->trades, from->trade_count);
  COPY_ARRAY(c, qs_cash_spec, cash, cash_count);
  for (size_t i = 0; i < cash_count; i++) {
    copy_text(c, &cash[i].currency);
    copy_text(c, &cash[i].book);
    copy_text(c, &cash[i].venue);
  }
  COPY_ARRAY(c, qs_limit_spec, limits, limit_count);
  for (size_t i = 0; i < limits_count; i++) {
    copy_text(c, &limits[i].measure);
    copy_text(c, &limits[i].book);
    copy_text(c, &limits[i].underlying);
  }
}

static void copy_risk(copier *c, const qs_risk_spec *from, qs_risk_spec *to) {
  to->levels = copy_array(c, from->levels, from->level_count, sizeof *from->levels);
  copy_texts(c, &to->history_names, from->history_name_count);
  COPY_ARRAY(c, qs_price_row, history, history_count);
  for (size_t i = 0; i < history_count; i++) {
    history[i].close = copy_array(c, history[i].close, from->history_name_count, sizeof *history[i].close);
  }
  to->what_if = copy_trades(c, from->what_if, from->what_if_count);
}

static void copy_stress(copier *c, const qs_stress_spec *from, qs_stress_spec *to) {
  to->spot = copy_array(c, from->spot, from->spot_count, sizeof *from->spot);
  to->volatility = copy_array(c, from->volatility, from->volatility_count, sizeof *from->volatility);
  COPY_ARRAY(c, qs_scenario_spec, scenarios, scenario_count);
  for (size_t i = 0; i < scenarios_count; i++) {
    copy_text(c, &scenarios[i].name);
    copy_text(c, &scenarios[i].venue_lost);
    copy_texts(c, &scenarios[i].underlyings, scenarios[i].underlying_count);
  }
  qs_margin_grid_spec *margin = copy_array(c, from->margin_grid, 1, sizeof *margin);
  if (margin) {
    margin->spot = copy_array(c, margin->spot, margin->spot_count, sizeof *margin->spot);
    margin->volatility =
        copy_array(c, margin->volatility, margin->volatility_count, sizeof *margin->volatility);
  }
  to->margin_grid = margin;
}

static void copy_hedge(copier *c, const qs_hedge_spec *from, qs_hedge_spec *to) {
  copy_texts(c, &to->instruments, from->instrument_count);
  COPY_ARRAY(c, qs_cost_spec, costs, cost_count);
  for (size_t i = 0; i < costs_count; i++) {
    copy_text(c, &costs[i].instrument);
  }
  COPY_ARRAY(c, qs_instrument_limit, instrument_limits, instrument_limit_count);
  for (size_t i = 0; i < instrument_limits_count; i++) {
    copy_text(c, &instrument_limits[i].instrument);
  }
  to->target = copy_positions(c, from->target, from->target_count);
  copy_text(c, &to->book);
}

static void copy_simulate(copier *c, const qs_simulate_spec *from, qs_simulate_spec *to) {
  copy_text(c, &to->position);
  copy_texts(c, &to->instruments, from->instrument_count);
  to->dates.times = copy_array(c, from->dates.times, from->dates.time_count, sizeof *from->dates.times);
  COPY_ARRAY(c, qs_hedge_policy_spec, policies, policy_count);
  for (size_t i = 0; i < policies_count; i++) {
    copy_text(c, &policies[i].name);
  }
  to->levels = copy_array(c, from->levels, from->level_count, sizeof *from->levels);
  COPY_ARRAY(c, qs_instrument_limit, instrument_limits, instrument_limit_count);
  for (size_t i = 0; i < instrument_limits_count; i++) {
    copy_text(c, &instrument_limits[i].instrument);
  }
  COPY_ARRAY(c, qs_simulate_venue, venues, venue_count);
  for (size_t i = 0; i < venues_count; i++) {
    copy_text(c, &venues[i].name);
  }
  qs_cost_change *schedule =
      copy_array(c, from->costs.schedule, from->costs.schedule_count, sizeof *schedule);
  for (size_t i = 0; schedule && i < from->costs.schedule_count; i++) {
    copy_text(c, &schedule[i].venue);
  }
  to->costs.schedule = schedule;
  copy_text(c, &to->margin.also);
  copy_text(c, &to->save_policy);
  to->frontier = copy_array(c, from->frontier, from->frontier_count, sizeof *from->frontier);
  to->index = copy_array(c, from->index, from->index_count, sizeof *from->index);
}

static void copy_backtest(copier *c, const qs_backtest_spec *from, qs_backtest_spec *to) {
  copy_text(c, &to->position);
  copy_text(c, &to->instrument);
  copy_text(c, &to->compare);
  to->funding.rates = copy_array(c, from->funding.rates, from->funding.count, sizeof *from->funding.rates);
  to->record.prices = copy_array(c, from->record.prices, from->record.count, sizeof *from->record.prices);
  to->dates.times = copy_array(c, from->dates.times, from->dates.time_count, sizeof *from->dates.times);
  to->costs.schedule =
      copy_array(c, from->costs.schedule, from->costs.schedule_count, sizeof *from->costs.schedule);
  COPY_ARRAY(c, qs_hedge_policy_spec, policies, policy_count);
  for (size_t i = 0; i < policies_count; i++) {
    copy_text(c, &policies[i].name);
  }
}

qs_status qs_inputs_copy(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                         const qs_inputs **copy) {
  copier c = {arena, false};
  qs_inputs *made = copy_array(&c, inputs, 1, sizeof *made);
  if (made) {
    copy_text(&c, &made->reporting_currency);
    copy_underlyings(&c, inputs, made);
    copy_common_jumps(&c, inputs, made);
    copy_book(&c, inputs, made);
    copy_risk(&c, &inputs->risk, &made->risk);
    copy_stress(&c, &inputs->stress, &made->stress);
    copy_hedge(&c, &inputs->hedge, &made->hedge);
    copy_simulate(&c, &inputs->simulate, &made->simulate);
    copy_backtest(&c, &inputs->backtest, &made->backtest);
  }
  if (c.failed) {
    return qs_fail_memory(context, "copying the inputs");
  }
  *copy = made;
  return QS_OK;
}
