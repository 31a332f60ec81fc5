#include "host/simulate/replay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/base/backtest_spec.h"
#include "host/base/exchange.h"
#include "host/base/model.h"
#include "host/market/time.h"
#include "host/simulate/backtest.h"
#include "host/simulate/policies.h"
#include "host/simulate/replay_states.h"

typedef struct replay {
  const qs_backtest_spec *spec;
  qs_simulate_problem
      problem;       /* the same position, instrument, dates and policies as those of a simulation */
  const size_t *bar; /* [dates] */
  size_t compare;    /* which policy differences are to */
} replay;

/* What policies are told. */
static qs_variance_state told_state(const qs_backtest_spec *s) {
  return s->variance.told == QS_STATE_SAME ? s->variance.marks : s->variance.told;
}

/* A message of the section simulate is this one's. */
static qs_status rename_message(qs_context *context, qs_status status) {
  static const char from[] = "simulate", list[] = "simulate.instruments.0";
  char text[sizeof context->message];
  snprintf(text, sizeof text, "%s", context->message);
  if (status != QS_ERROR_INPUT || strncmp(text, from, sizeof from - 1) != 0) {
    return status;
  }
  return strncmp(text, list, sizeof list - 1) == 0
             ? qs_fail(context, status, "backtest.instrument%s", text + sizeof list - 1)
             : qs_fail(context, status, "backtest%s", text + sizeof from - 1);
}

typedef struct bound {
  const char *key;
  double value, low, high;
} bound;

static qs_status check_numbers(qs_context *context, const qs_backtest_spec *s) {
  const bool margin = !isnan(s->margin.collateral);
  const bool limited = !isnan(s->limits.min) || !isnan(s->limits.max);
  const bound bounds[] = {
      {"costs.proportional", s->costs.proportional, 0, 1},
      {"costs.relative_half_spread", s->costs.relative_half_spread, 0, 1},
      {"costs.impact", s->costs.impact, 0, 1e15},
      {"limits.min", limited ? s->limits.min : 0, -1e18, 0},
      {"limits.max", limited ? s->limits.max : 0, 0, 1e18},
      {"margin.collateral", margin ? s->margin.collateral : 0, 0, 1e300},
      {"margin.maintenance", margin ? s->margin.maintenance : 1, 1e-9, 1},
      {"margin.parts", (double)s->margin.parts, 1, 1000},
      {"margin.fee", s->margin.fee, 0, 1},
      {"variance.marks", (double)s->variance.marks, QS_STATE_EXPECTED, QS_STATE_REGIME},
      {"variance.told", (double)s->variance.told, QS_STATE_EXPECTED, QS_STATE_SAME},
      {"account", (double)s->account, QS_ACCOUNT_REPORTING, QS_ACCOUNT_COIN},
      {"intervals.level", s->intervals.level, 1e-9, 1 - 1e-9},
      {"intervals.replicates", (double)s->intervals.replicates, 100, 1e6},
  };
  for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
    if (!(bounds[i].value >= bounds[i].low && bounds[i].value <= bounds[i].high)) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest.%s: got %g: must be from %g to %g", bounds[i].key,
                     bounds[i].value, bounds[i].low, bounds[i].high);
    }
  }
  return QS_OK;
}

static qs_status check_schedule(qs_context *context, const qs_backtest_costs *costs) {
  for (size_t i = 0; i < costs->schedule_count; i++) {
    const qs_backtest_cost_change *c = &costs->schedule[i];
    if (i && c->from < costs->schedule[i - 1].from) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "backtest.costs.schedule.%zu.from: must not be before the one in front of it", i);
    }
    const bound bounds[] = {{"proportional", c->proportional, 0, 1},
                            {"relative_half_spread", c->relative_half_spread, 0, 1},
                            {"impact", c->impact, 0, 1e15}};
    for (size_t k = 0; k < sizeof bounds / sizeof bounds[0]; k++) {
      const bound *b = &bounds[k];
      if (!isnan(b->value) && !(b->value >= b->low && b->value <= b->high)) {
        return qs_fail(context, QS_ERROR_INPUT,
                       "backtest.costs.schedule.%zu.%s: got %g: must be from %g to %g", i, b->key, b->value,
                       b->low, b->high);
      }
    }
  }
  return QS_OK;
}

static qs_status check_record(qs_context *context, const qs_price_record *record) {
  if (record->count < 2 || record->bar_seconds < 1) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "backtest.prices: got %zu prices: must be at least 2 at bars of "
                   "at least a second",
                   record->count);
  }
  for (size_t j = 0; j < record->count; j++) {
    if (!(record->prices[j] > 0 && isfinite(record->prices[j]))) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest.prices.%zu: got %g: must be finite and above 0", j,
                     record->prices[j]);
    }
  }
  return QS_OK;
}

static qs_status check_funding(qs_context *context, const qs_funding_record *record) {
  if (record->count && record->rate_seconds < 1) {
    return qs_fail(context, QS_ERROR_INPUT, "backtest.funding: rates must be at least a second apart");
  }
  for (size_t i = 0; i < record->count; i++) {
    if (!(fabs(record->rates[i]) <= 1)) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest.funding.%zu: got %g: must be from -1 to 1", i,
                     record->rates[i]);
    }
  }
  return QS_OK;
}

static const char *name_of(const qs_hedge_policy_spec *policy) {
  return policy->name ? policy->name : qs_hedge_policy_name(policy->type);
}

static qs_status check_policies(qs_context *context, replay *r) {
  const qs_backtest_spec *s = r->spec;
  bool found = !s->compare;
  r->compare = 0;
  for (size_t i = 0; i < s->policy_count; i++) {
    const char *flaw = qs_backtest_policy_flaw(s->policies[i].type);
    if (flaw) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest.policies.%zu: got %s: %s", i,
                     name_of(&s->policies[i]), flaw);
    }
    if (!found && strcmp(name_of(&s->policies[i]), s->compare) == 0) {
      found = true;
      r->compare = i;
    }
  }
  return found ? QS_OK
               : qs_fail(context, QS_ERROR_INPUT,
                         "backtest.compare: got %.80s: must be the name of a policy of the section",
                         s->compare);
}

/* What a simulation could do, and a record does not know. */
static qs_status check_problem(qs_context *context, const qs_simulate_problem *p) {
  if (p->along_count) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "backtest.position: got %.80s: %s has no price before its expiry; must be what has one",
                   p->spec->position, p->along[0].id);
  }
  if (p->instruments[0].kind == QS_HEDGE_FUTURE) {
    return qs_fail(
        context, QS_ERROR_INPUT,
        "backtest.instrument: got %.80s: its own price is not recorded; must be a spot or a perpetual",
        p->instruments[0].name);
  }
  if (p->under->discount_rate != 0) {
    return qs_fail(
        context, QS_ERROR_INPUT,
        "backtest.instrument: got %.80s: the discount_rate of %s is %g; must be 0, money being of the "
        "day",
        p->instruments[0].name, p->under->name, p->under->discount_rate);
  }
  return QS_OK;
}

static qs_status check_state(qs_context *context, const replay *r, const char *key, qs_variance_state state) {
  const char *flaw = qs_backtest_state_flaw(r->spec, r->problem.market->as_of, state,
                                            qs_model_stochastic(&r->problem.under->model));
  return flaw ? qs_fail(context, QS_ERROR_INPUT, "backtest.variance.%s: got %s: %s", key,
                        qs_variance_state_name(state), flaw)
              : QS_OK;
}

static qs_status find_bars(qs_context *context, qs_arena *arena, replay *r) {
  const qs_simulate_problem *p = &r->problem;
  size_t date;
  const qs_backtest_flaw flaw = qs_backtest_dates_flaw(r->spec, p->market->as_of, &date);
  if (flaw == QS_BACKTEST_LATE) {
    return qs_fail(context, QS_ERROR_INPUT, "backtest.latency_bars: got %llu: %s",
                   (unsigned long long)r->spec->latency_bars, qs_backtest_flaw_text(flaw));
  }
  if (flaw) {
    return qs_fail(context, QS_ERROR_INPUT, "backtest.dates.%zu: %s", date, qs_backtest_flaw_text(flaw));
  }
  size_t *bar = QS_NEW(arena, p->date_count, size_t);
  for (size_t d = 0; bar && d < p->date_count; d++) {
    qs_record_bar(&r->spec->record, p->dates[d], &bar[d]);
  }
  r->bar = bar;
  const char *unpaid =
      qs_backtest_funding_flaw(r->spec, p->market->as_of, p->instruments[0].kind == QS_HEDGE_PERPETUAL);
  if (unpaid) {
    return qs_fail(context, QS_ERROR_INPUT, "backtest.funding: %s", unpaid);
  }
  return bar ? QS_OK : qs_fail_memory(context, "preparing a backtest");
}

static qs_status resolve(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                         const qs_market *market, const qs_book *book, replay *r) {
  qs_inputs *own = QS_NEW(arena, 1, qs_inputs);
  *r = (replay){.spec = &inputs->backtest};
  qs_cost_change *room = QS_NEW(arena, r->spec->costs.schedule_count, qs_cost_change);
  qs_instrument_limit *limit = QS_NEW(arena, 1, qs_instrument_limit);
  qs_status status = own && room && limit ? check_numbers(context, r->spec)
                                          : qs_fail_memory(context, "preparing a backtest");
  status = status ? status : check_schedule(context, &r->spec->costs);
  status = status ? status : check_record(context, &r->spec->record);
  status = status ? status : check_funding(context, &r->spec->funding);
  if (!status) {
    *own = *inputs;
    qs_backtest_as_simulate(r->spec, room, limit, &own->simulate);
    status = qs_simulate_problem_make(context, arena, own, market, book, &r->problem);
    status = rename_message(context, status);
  }
  status = status ? status : check_problem(context, &r->problem);
  status = status ? status : check_policies(context, r);
  status = status ? status : rename_message(context, qs_simulate_policies_check(context, &r->problem));
  status = status ? status : find_bars(context, arena, r);
  status = status ? status : check_state(context, r, "marks", r->spec->variance.marks);
  return status ? status : check_state(context, r, "told", r->spec->variance.told);
}

qs_status qs_replay_check(qs_context *context, const qs_inputs *inputs, const qs_market *market,
                          const qs_book *book) {
  qs_arena *scratch = qs_arena_create(context);
  replay r;
  qs_status status = scratch ? resolve(context, scratch, inputs, market, book, &r)
                             : qs_fail_memory(context, "preparing a backtest");
  qs_arena_destroy(scratch);
  return status;
}

static qs_backtest_rates rates_of(const qs_backtest_costs *costs) {
  return (qs_backtest_rates){costs->proportional, costs->relative_half_spread, costs->impact};
}

/* Those of every date; null where they never change. */
static qs_status find_rates(qs_context *context, qs_arena *scratch, const replay *r,
                            const qs_backtest_rates **dated) {
  const qs_simulate_problem *p = &r->problem;
  const qs_backtest_costs *costs = &r->spec->costs;
  qs_backtest_rates *made = costs->schedule_count ? QS_NEW(scratch, p->date_count, qs_backtest_rates) : NULL;
  for (size_t d = 0; made && d < p->date_count; d++) {
    const qs_backtest_costs now = qs_backtest_costs_at(costs, p->dates[d]);
    made[d] = rates_of(&now);
  }
  *dated = made;
  return made || !costs->schedule_count ? QS_OK : qs_fail_memory(context, "running a backtest");
}

static qs_backtest_rules rules_of(const replay *r) {
  const qs_backtest_spec *s = r->spec;
  qs_backtest_rules rules = qs_backtest_theory();
  rules.rates = rates_of(&s->costs);
  rules.latency = (size_t)s->latency_bars;
  rules.inverse = r->problem.instruments[0].coin;
  rules.coin = s->account == QS_ACCOUNT_COIN;
  if (!isnan(s->margin.collateral)) {
    rules.collateral = s->margin.collateral;
    rules.maintenance = s->margin.maintenance;
    rules.parts = (size_t)s->margin.parts;
    rules.liquidation_fee = s->margin.fee;
  }
  return rules;
}

/* Steps times the variance of a step's gross gain. */
static double variance_of(const qs_backtest_step *steps, size_t count) {
  double mean = 0, squares = 0;
  for (size_t n = 0; n < count; n++) {
    mean += qs_backtest_gross(&steps[n]) / (double)count;
  }
  for (size_t n = 0; n < count; n++) {
    const double e = qs_backtest_gross(&steps[n]) - mean;
    squares += e * e;
  }
  return squares * (double)count / (double)(count - 1);
}

static qs_status judge(qs_context *context, const replay *r, const qs_backtest_step *steps,
                       const qs_backtest_step *other, qs_backtest_interval *interval) {
  const qs_backtest_intervals *i = &r->spec->intervals;
  const qs_backtest_setting setting = {r->problem.weight, i->level, (size_t)i->replicates, i->seed};
  qs_bootstrap_result found;
  double block;
  qs_status status =
      qs_backtest_objective(context, steps, other, r->problem.date_count - 1, &setting, &found, &block);
  if (!status) {
    *interval = (qs_backtest_interval){found.estimate, found.std_error, found.low, found.high, block};
  }
  return status;
}

/* What every policy is run with. */
typedef struct course {
  const replay *replay;
  qs_policy_problem over_time;
  qs_backtest_record record;
  qs_backtest_rules rules;
  const double *told;
  const qs_backtest_step *marks;
} course;

static qs_status run_policy(qs_context *context, const course *c, const qs_simulate_policy *policy,
                            qs_backtest_step *steps, qs_backtest_policy_result *result) {
  const size_t count = c->over_time.date_count - 1;
  const qs_backtest_policy replayed = {policy->name, policy->tables[0], c->told};
  qs_status status =
      qs_backtest_run(context, &c->over_time, &c->record, &c->rules, c->marks, &replayed, steps);
  if (!status) {
    *result = (qs_backtest_policy_result){.variance = variance_of(steps, count),
                                          .total = qs_backtest_total(steps, count)};
    result->cost = qs_backtest_cost(&result->total);
    result->net = qs_backtest_gross(&result->total) - result->cost;
    status = judge(context, c->replay, steps, NULL, &result->objective);
  }
  return status;
}

/* Every process of a team has filled its policies, and gets the others'; texts and places are its own. */
static qs_status exchange(qs_context *context, const course *c, const qs_simulate_policy *policies,
                          qs_backtest_step *steps, qs_backtest_policy_result *made, qs_status own) {
  const size_t count = c->replay->spec->policy_count, dates = c->over_time.date_count - 1;
  const qs_exchange_rows list[] = {{made, 1, 0, sizeof *made, count},
                                   {steps, 1, 0, dates * sizeof *steps, count}};
  const qs_status status = qs_exchange_all(context, "backtest", list, 2, own);
  for (size_t i = 0; i < count; i++) {
    made[i].name = policies[i].name;
    made[i].type = policies[i].type;
    made[i].steps = steps + i * dates;
  }
  return status;
}

/* Differences of the policies [begin, end), and all ranks. */
static qs_status compare(qs_context *context, const replay *r, size_t begin, size_t end,
                         qs_backtest_policy_result *policies) {
  const size_t count = r->spec->policy_count;
  qs_status status = QS_OK;
  for (size_t i = 0; i < count; i++) {
    policies[i].rank = 1;
    for (size_t k = 0; k < count; k++) {
      policies[i].rank += policies[k].objective.estimate < policies[i].objective.estimate;
    }
  }
  for (size_t i = begin; !status && i < end; i++) {
    if (i != r->compare) {
      status = judge(context, r, policies[i].steps, policies[r->compare].steps, &policies[i].difference);
    }
  }
  return status;
}

static qs_status run_policies(qs_context *context, qs_arena *arena, qs_arena *scratch, const course *c,
                              const qs_simulate_policy *policies, qs_backtest_result *result) {
  const size_t count = c->replay->spec->policy_count, dates = c->over_time.date_count - 1;
  qs_backtest_policy_result *made = QS_NEW(arena, count, qs_backtest_policy_result);
  qs_backtest_step *steps = QS_NEW(arena, count * dates, qs_backtest_step);
  qs_backtest_step *marks = QS_NEW(scratch, dates, qs_backtest_step);
  if (!made || !steps || !marks) {
    return qs_fail_memory(context, "running a backtest");
  }
  course marked = *c;
  marked.marks = marks;
  uint64_t begin, end;
  qs_exchange_range(context, count, &begin, &end);
  qs_status status = qs_backtest_mark(context, &c->over_time, &c->record, &c->rules, marks);
  for (size_t i = begin; !status && i < end; i++) {
    qs_progress(context, "backtest", i - begin + 1, end - begin + 1);
    status = qs_cancelled(context) ? qs_fail(context, QS_ERROR_CANCELLED, "cancelled")
                                   : run_policy(context, &marked, &policies[i], steps + i * dates, &made[i]);
  }
  status = exchange(context, c, policies, steps, made, status);
  if (!status) {
    status = compare(context, c->replay, begin, end, made);
    status = exchange(context, c, policies, steps, made, status);
  }
  qs_progress(context, "backtest", end - begin + 1, end - begin + 1);
  result->policies = made;
  result->policy_count = count;
  return status;
}

/* Dates, the bars that they are acted on at, and the states there. */
static qs_status report_dates(qs_context *context, qs_arena *arena, const replay *r, const double *states,
                              qs_backtest_result *result) {
  const qs_simulate_problem *p = &r->problem;
  const qs_price_record *record = &r->spec->record;
  qs_time *bars = QS_NEW(arena, p->date_count, qs_time);
  double *prices = QS_NEW(arena, p->date_count, double);
  if (!bars || !prices) {
    return qs_fail_memory(context, "reporting a backtest");
  }
  for (size_t d = 0; d < p->date_count; d++) {
    bars[d] = record->first + (qs_time)r->bar[d] * record->bar_seconds;
    prices[d] = record->prices[r->bar[d]];
  }
  result->dates = p->dates;
  result->date_count = p->date_count;
  result->bars = bars;
  result->prices = prices;
  result->states = states;
  result->bar_seconds = record->bar_seconds;
  result->days = (double)(bars[p->date_count - 1] - bars[0]) / QS_SECONDS_PER_DAY;
  return QS_OK;
}

static qs_status write_label(qs_context *context, qs_arena *arena, qs_backtest_result *result) {
  double least = INFINITY, most = 0;
  for (size_t i = 0; i < result->policy_count; i++) {
    const double blocks[] = {result->policies[i].objective.block, result->policies[i].difference.block};
    for (size_t k = 0; k < 2; k++) {
      least = blocks[k] > 0 && blocks[k] < least ? blocks[k] : least;
      most = blocks[k] > most ? blocks[k] : most;
    }
  }
  char from[QS_TIME_TEXT], to[QS_TIME_TEXT];
  qs_time_format(result->bars[0], from);
  qs_time_format(result->bars[result->date_count - 1], to);
  result->label = qs_arena_printf(
      arena,
      "%.6g days of one market, %s, from %s to %s: %zu steps. Intervals say what chance does within these "
      "days "
      "alone, by resampled blocks of steps whose mean length, %.3g to %.3g, is what each series' own "
      "autocovariances ask for (Politis and White 2004)",
      result->days, result->underlying, from, to, result->date_count - 1, least, most);
  return result->label ? QS_OK : qs_fail_memory(context, "reporting a backtest");
}

/* What a long paid over every step; null where no rates are given. */
static qs_status find_funding(qs_context *context, qs_arena *scratch, const replay *r,
                              const double **funding) {
  const qs_price_record *record = &r->spec->record;
  const size_t steps = r->problem.date_count - 1;
  double *paid = r->spec->funding.count ? QS_NEW(scratch, steps, double) : NULL;
  for (size_t n = 0; paid && n < steps; n++) {
    paid[n] = qs_funding_paid(&r->spec->funding, record->first + (qs_time)r->bar[n] * record->bar_seconds,
                              record->first + (qs_time)r->bar[n + 1] * record->bar_seconds);
  }
  *funding = paid;
  return paid || !r->spec->funding.count ? QS_OK : qs_fail_memory(context, "running a backtest");
}

static qs_status run(qs_context *context, qs_arena *arena, qs_arena *scratch, const replay *r,
                     qs_backtest_result *result) {
  const qs_backtest_spec *s = r->spec;
  const size_t dates = r->problem.date_count;
  course c = {.replay = r, .rules = rules_of(r)};
  qs_simulate_policy *policies = NULL;
  qs_simulate_optimal optimal;
  double *states = QS_NEW(arena, dates, double), *told = QS_NEW(scratch, dates, double);
  qs_status status = states && told ? QS_OK : qs_fail_memory(context, "running a backtest");
  status = status ? status : qs_simulate_policy_problem(context, scratch, &r->problem, &c.over_time);
  status = status ? status
                  : qs_replay_states(context, &c.over_time, &s->record, r->bar, s->variance.marks, states);
  status = status ? status : qs_replay_states(context, &c.over_time, &s->record, r->bar, told_state(s), told);
  qs_progress(context, "backtest", 0, s->policy_count + 1);
  status = status ? status : qs_simulate_policies_make(context, scratch, &r->problem, &policies, &optimal);
  const double *funding = NULL;
  status = status ? status : find_funding(context, scratch, r, &funding);
  status = status ? status : find_rates(context, scratch, r, &c.rules.dated);
  if (!status) {
    c.record = (qs_backtest_record){s->record.prices, s->record.count, r->bar, states, funding};
    c.told = told;
    status = run_policies(context, arena, scratch, &c, policies, result);
  }
  status = status ? status : report_dates(context, arena, r, states, result);
  return status ? status : write_label(context, arena, result);
}

/* The result's texts must outlive the market: names are copied. */
static qs_status name(qs_context *context, qs_arena *arena, const replay *r, qs_backtest_result *result) {
  const qs_backtest_spec *s = r->spec;
  *result = (qs_backtest_result){.present = true,
                                 .trusted = true,
                                 .position = s->position,
                                 .underlying = qs_arena_strdup(arena, r->problem.under->name),
                                 .instrument = qs_arena_strdup(arena, r->problem.instruments[0].name),
                                 .funding = s->funding.count ? "recorded" : "expected",
                                 .account = s->account == QS_ACCOUNT_COIN ? "coin" : "reporting",
                                 .marks = qs_variance_state_name(s->variance.marks),
                                 .told = qs_variance_state_name(told_state(s)),
                                 .compare = name_of(&s->policies[r->compare]),
                                 .cost_weight = r->problem.weight,
                                 .risk_aversion = r->problem.weight > 0 ? 2 / r->problem.weight : NAN,
                                 .level = s->intervals.level,
                                 .replicates = s->intervals.replicates,
                                 .seed = s->intervals.seed};
  return result->instrument && result->underlying ? QS_OK : qs_fail_memory(context, "reporting a backtest");
}

qs_status qs_replay_run(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                        const qs_market *market, const qs_book *book, qs_backtest_result *result) {
  replay r;
  qs_backtest_result made;
  qs_status status = resolve(context, arena, inputs, market, book, &r);
  qs_arena *scratch = status ? NULL : qs_arena_create(context);
  if (!status && !scratch) {
    status = qs_fail_memory(context, "running a backtest");
  }
  status = status ? status : name(context, arena, &r, &made);
  status = status ? status : run(context, arena, scratch, &r, &made);
  qs_arena_destroy(scratch);
  const qs_calibration_result *fit = status ? NULL : &r.problem.under->calibration;
  if (fit && !fit->trusted) {
    made.trusted = false;
    made.why = qs_arena_printf(arena, "the fit of %s is not trusted: %s", r.problem.under->name,
                               fit->why ? fit->why : "no reason given");
    status = made.why ? QS_OK : qs_fail_memory(context, "reporting a backtest");
  }
  if (!status) {
    *result = made;
  }
  return status;
}
