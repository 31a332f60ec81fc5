#include "host/simulate/problem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/market/time.h"
#include "host/simulate/account.h"
#include "host/simulate/along.h"
#include "host/simulate/also.h"
#include "host/simulate/costs.h"
#include "host/simulate/failure.h"
#include "host/simulate/index.h"
#include "host/simulate/terminal.h"
#include "host/simulate/watch.h"

double qs_simulate_discount(const qs_simulate_problem *problem, double years) {
  return exp(-problem->under->discount_rate * years);
}

const double *qs_simulate_forwards(qs_arena *arena, const qs_simulate_problem *problem) {
  double *forward = QS_NEW(arena, problem->date_count, double);
  for (size_t d = 0; forward && d < problem->date_count; d++) {
    forward[d] = qs_curve_forward(&problem->under->curve, problem->years[d]);
  }
  return forward;
}

bool qs_simulate_real_differs(const qs_simulate_spec *spec) {
  bool differs = false;
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    differs = differs || !isnan(spec->real_world.value[i]);
  }
  return differs;
}

qs_status qs_simulate_real_model(qs_context *context, const qs_simulate_problem *problem, qs_model *model) {
  qs_model made = problem->under->model;
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    const double own = problem->spec->real_world.value[i];
    made.value[i] = isnan(own) ? made.value[i] : own;
  }
  qs_parameter parameter;
  const char *flaw = qs_model_check(&made, &parameter);
  if (flaw) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.real_world.%s: got %g: %s",
                   qs_parameter_name(parameter), made.value[parameter], flaw);
  }
  *model = made;
  return QS_OK;
}

bool qs_simulate_moves(const qs_simulate_spec *spec) {
  return spec->own_impact.permanent > 0 || spec->own_impact.transient > 0;
}

size_t qs_simulate_row(const qs_simulate_problem *problem, qs_time time) {
  size_t row = 0;
  while (row + 1 < problem->row_count && problem->rows[row] < time) {
    row++;
  }
  return row;
}

const char *qs_simulate_beyond(const qs_simulate_problem *problem) {
  const qs_simulate_spec *spec = problem->spec;
  const char *costs = qs_simulate_costs_beyond(problem);
  return costs                             ? costs
         : spec->latency_seconds > 0       ? "trades are filled after their decision"
         : spec->slices.count > 1          ? "orders are filled in parts"
         : !isnan(spec->funding.reversion) ? "funding moves with a premium of its own"
         : !isnan(spec->margin.collateral) ? "a hedge may be liquidated"
         : spec->index_count               ? "decisions see a price that is stale or wrong"
         : !isnan(spec->cascade.decay)     ? "cascades of others' liquidations are no part of the prices' law"
         : qs_simulate_moves(spec)         ? "own trades move the price"
         : qs_failures_possible(spec)      ? "venues may fail, or limit what lies there"
                                           : NULL;
}

static qs_status find_weight(qs_context *context, qs_simulate_problem *p) {
  const qs_simulate_spec *spec = p->spec;
  if (isnan(spec->cost_weight) == isnan(spec->risk_aversion)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulate: exactly one of cost_weight and risk_aversion must be given");
  }
  p->weight = isnan(spec->cost_weight) ? 2 / spec->risk_aversion : spec->cost_weight;
  return p->weight >= 0 && isfinite(p->weight)
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT, "simulate.cost_weight: got %g: must be at least 0",
                       p->weight);
}

/* Numbers that a config's own ranges keep out. */
static qs_status check_numbers(qs_context *context, const qs_simulate_spec *spec) {
  if (!(spec->latency_seconds >= 0 && spec->latency_seconds <= 1e15)) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.latency_seconds: got %g: must be from 0 to 1e15",
                   spec->latency_seconds);
  }
  if (!(fabs(spec->drift) <= 10)) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.drift: got %g: must be from -10 to 10", spec->drift);
  }
  for (size_t l = 0; l < spec->level_count; l++) {
    if (!(spec->levels[l] > 0 && spec->levels[l] < 1)) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.levels.%zu: got %g: must be between 0 and 1", l,
                     spec->levels[l]);
    }
  }
  return QS_OK;
}

static qs_status check_real_world(qs_context *context, const qs_simulate_problem *p) {
  const uint32_t used = qs_model_parameters(p->under->model.type),
                 kept = 1u << QS_V0 | 1u << QS_XI | 1u << QS_RHO;
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    const double own = p->spec->real_world.value[i];
    if (!isnan(own) && (!(used >> i & 1) || kept >> i & 1 || !isfinite(own))) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.real_world.%s: got %g: %s",
                     qs_parameter_name((qs_parameter)i), own,
                     kept >> i & 1   ? "must be as priced: no other law agrees on what is possible"
                     : used >> i & 1 ? "must be finite"
                                     : "the model has no such parameter");
    }
  }
  return QS_OK;
}

typedef struct bound {
  const char *key;
  double value, low, high;
} bound;

static qs_status check_bounds(qs_context *context, const char *section, const bound *bounds, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!(bounds[i].value >= bounds[i].low && bounds[i].value <= bounds[i].high)) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.%s.%s: got %g: must be from %g to %g", section,
                     bounds[i].key, bounds[i].value, bounds[i].low, bounds[i].high);
    }
  }
  return QS_OK;
}

static qs_status check_funding(qs_context *context, const qs_simulate_problem *p) {
  const qs_simulate_funding *f = &p->spec->funding;
  if (isnan(f->reversion)) {
    return QS_OK;
  }
  if (p->instruments[0].kind != QS_HEDGE_PERPETUAL) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.funding: %.80s pays none; must be a perpetual",
                   p->instruments[0].name);
  }
  const bound bounds[] = {{"reversion", f->reversion, 1e-6, 1e6},
                          {"volatility", f->volatility, 0, 10},
                          {"mean", f->mean, -1, 1},
                          {"start", isnan(f->start) ? 0 : f->start, -1, 1},
                          {"correlation", f->correlation, -1, 1},
                          {"interest", f->interest, -1, 1},
                          {"band", f->band, 0, 1},
                          {"cap", isnan(f->cap) ? 1 : f->cap, 0, 1}};
  return check_bounds(context, "funding", bounds, sizeof bounds / sizeof bounds[0]);
}

static qs_status check_cascade(qs_context *context, const qs_simulate_spec *spec) {
  const qs_simulate_cascade *c = &spec->cascade;
  if (isnan(c->decay)) {
    return QS_OK;
  }
  const bound bounds[] = {{"decay", c->decay, 1e-6, 1e6},      {"excitation", c->excitation, 0, 1e15},
                          {"threshold", c->threshold, 0, 100}, {"base", c->base, 0, 1e6},
                          {"mean", c->mean, -10, 10},          {"deviation", c->deviation, 0, 10}};
  return check_bounds(context, "cascade", bounds, sizeof bounds / sizeof bounds[0]);
}

static qs_status check_own_impact(qs_context *context, const qs_simulate_spec *spec) {
  const qs_simulate_own_impact *m = &spec->own_impact;
  const bound bounds[] = {
      {"permanent", m->permanent, 0, 1}, {"transient", m->transient, 0, 1}, {"decay", m->decay, 0, 1e15}};
  return check_bounds(context, "own_impact", bounds, sizeof bounds / sizeof bounds[0]);
}

static bool in_position(const qs_simulate_spec *spec, const qs_contract *contract, bool by_id) {
  return by_id ? strcmp(contract->id, spec->position) == 0
               : strcmp(spec->position, "portfolio") == 0 || strcmp(contract->book, spec->position) == 0;
}

static qs_status check_contract(qs_context *context, const qs_simulate_problem *p,
                                const qs_contract *contract) {
  const char *name = p->spec->position;
  const char *flaw =
      contract->kind == QS_CONTRACT_PATH && qs_terminal_flaw(contract) ? qs_along_flaw(contract) : NULL;
  if (flaw) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.position: got %.80s: %s %s", name, contract->id, flaw);
  }
  if (contract->underlying != p->underlying) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulate.position: got %.80s: %s is not of the underlying %s of the instruments", name,
                   contract->id, p->under->name);
  }
  return QS_OK;
}

/* Adds a contract to the position, or what pays the same; `room` is that of the array. */
static qs_status hold(qs_context *context, qs_arena *arena, const qs_contract *contract, qs_contract **made,
                      size_t *count, size_t *room) {
  qs_contract single = *contract, *parts = &single;
  size_t more = 1;
  if (contract->kind == QS_CONTRACT_PATH) {
    const qs_status status = qs_terminal_parts(context, arena, contract, &parts, &more);
    if (status) {
      return status;
    }
  }
  if (*count + more > *room) {
    const size_t wanted = 2 * (*count + more);
    qs_contract *larger = QS_NEW(arena, wanted, qs_contract);
    if (!larger) {
      return qs_fail_memory(context, "preparing a simulation");
    }
    memcpy(larger, *made, *count * sizeof *larger);
    *made = larger;
    *room = wanted;
  }
  memcpy(*made + *count, parts, more * sizeof *parts);
  *count += more;
  return QS_OK;
}

static qs_status find_position(qs_context *context, qs_arena *arena, const qs_book *book,
                               qs_simulate_problem *p) {
  size_t room = book->count;
  qs_contract *made = QS_NEW(arena, room, qs_contract), *along = QS_NEW(arena, room, qs_contract);
  if (!made || !along) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  bool by_id = false;
  for (size_t i = 0; i < book->count; i++) {
    by_id = by_id || strcmp(book->contracts[i].id, p->spec->position) == 0;
  }
  bool held = false;
  for (size_t i = 0; i < book->count; i++) {
    const qs_contract *contract = &book->contracts[i];
    if (!in_position(p->spec, contract, by_id)) {
      continue;
    }
    held = true;
    if (contract->kind == QS_CONTRACT_CASH && contract->underlying < 0) {
      continue; /* it does not move */
    }
    qs_status status = check_contract(context, p, contract);
    if (status) {
      return status;
    }
    if (contract->kind == QS_CONTRACT_PATH && qs_terminal_flaw(contract)) {
      along[p->along_count++] = *contract;
      continue;
    }
    status = hold(context, arena, contract, &made, &p->contract_count, &room);
    if (status) {
      return status;
    }
  }
  p->contracts = made;
  p->along = along;
  const char *flaw = qs_watched_flaw(p);
  if (flaw) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.position: got %.80s: %s", p->spec->position, flaw);
  }
  if (!held) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulate.position: got %.80s: must be portfolio, a book or the id of a position",
                   p->spec->position);
  }
  return p->contract_count || p->along_count
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT,
                       "simulate.position: got %.80s: holds cash alone, which needs no hedge",
                       p->spec->position);
}

static qs_status check_slices(qs_context *context, const qs_simulate_spec *spec) {
  const qs_simulate_slices *slices = &spec->slices;
  if (slices->count < 1 || slices->count > QS_MAX_SLICES) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.slices.count: got %llu: must be 1 to %d",
                   (unsigned long long)slices->count, QS_MAX_SLICES);
  }
  return slices->over_seconds >= 0 && slices->over_seconds <= 1e15
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT,
                       "simulate.slices.over_seconds: got %g: must be from 0 to 1e15", slices->over_seconds);
}

/* From a decision to the fill of a part of its order. */
static qs_time slice_after(const qs_simulate_spec *spec, uint64_t part) {
  const double apart =
      spec->slices.count > 1 ? spec->slices.over_seconds / (double)(spec->slices.count - 1) : 0;
  return (qs_time)llround(spec->latency_seconds + apart * (double)part);
}

static qs_status lay_dates(qs_context *context, qs_arena *arena, qs_simulate_problem *p) {
  const qs_simulate_dates *spec = &p->spec->dates;
  bool listed = isnan(spec->spacing_days);
  size_t count = listed ? spec->time_count : spec->count < 4096 ? (size_t)spec->count + 1 : 4097;
  if (count < 2 || count > 4096 || (!listed && !(spec->spacing_days > 0 && spec->spacing_days <= 366))) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulate.dates: must be 1 to 4095 dates and the unwind, with spacing_days above 0 and at "
                   "most 366");
  }
  qs_time *dates = QS_NEW(arena, count, qs_time);
  double *years = QS_NEW(arena, count, double);
  double *fill_years = QS_NEW(arena, count, double);
  if (!dates || !years || !fill_years) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  for (size_t d = 0; d < count; d++) {
    dates[d] = listed
                   ? spec->times[d]
                   : p->market->as_of + (qs_time)llround((double)d * spec->spacing_days * QS_SECONDS_PER_DAY);
    years[d] = qs_time_years(p->market->as_of, dates[d]);
    if (dates[d] < p->market->as_of || (d && dates[d] <= dates[d - 1])) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.dates: date %zu: must ascend, none before as_of", d);
    }
  }
  for (size_t d = 0; d < count; d++) {
    const bool last = d + 1 == count;
    const qs_time filled = slice_after(p->spec, last ? 0 : p->spec->slices.count - 1);
    if (!last && filled >= dates[d + 1] - dates[d]) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.%s: got %g: must be less than the %lld seconds from date %zu to the next%s",
                     p->spec->slices.count > 1 ? "slices.over_seconds" : "latency_seconds",
                     p->spec->slices.count > 1 ? p->spec->slices.over_seconds : p->spec->latency_seconds,
                     (long long)(dates[d + 1] - dates[d]), d,
                     p->spec->slices.count > 1 ? ", with the latency" : "");
    }
    fill_years[d] = last ? years[d] : qs_time_years(p->market->as_of, dates[d] + filled);
  }
  p->fill_years = fill_years;
  p->dates = dates;
  p->years = years;
  p->date_count = count;
  return QS_OK;
}

/* Something must be left to hedge until the unwind, and the instruments must last as long. */
static qs_status check_dates(qs_context *context, const qs_simulate_problem *p) {
  const qs_time unwind = p->dates[p->date_count - 1];
  qs_time last = 0;
  for (size_t i = 0; i < p->contract_count; i++) {
    last = p->contracts[i].expiry == 0 || p->contracts[i].expiry > last ? p->contracts[i].expiry : last;
    if (p->contracts[i].expiry == 0) {
      last = INT64_MAX;
      break;
    }
  }
  char text[QS_TIME_TEXT];
  for (size_t i = 0; i < p->along_count; i++) {
    last = p->along[i].expiry > last ? p->along[i].expiry : last;
    if (!qs_along_on_dates(p, &p->along[i])) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.dates: every fixing of %.80s, and its expiry, must be one of them",
                     p->along[i].id);
    }
  }
  if (last < unwind) {
    qs_time_format(last, text);
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulate.dates: the last is after %s, when the position has expired", text);
  }
  for (size_t i = 0; i < p->instrument_count; i++) {
    const qs_hedge_instrument *instrument = &p->instruments[i];
    const bool option = instrument->kind == QS_HEDGE_OPTION;
    if (instrument->expiry && (option ? instrument->expiry <= unwind : instrument->expiry < unwind)) {
      qs_time_format(instrument->expiry, text);
      return qs_fail(context, QS_ERROR_INPUT, "simulate.instruments.%zu: got %.80s: expires at %s; must %s",
                     i, instrument->name, text,
                     option ? "expire after the last date" : "be there until the last date");
    }
  }
  return QS_OK;
}

static int by_time(const void *a, const void *b) {
  const qs_time x = *(const qs_time *)a, y = *(const qs_time *)b;
  return (x > y) - (x < y);
}

static qs_status lay_rows(qs_context *context, qs_arena *arena, qs_simulate_problem *p) {
  const qs_time unwind = p->dates[p->date_count - 1];
  const size_t parts = p->spec->slices.count;
  qs_time *rows = QS_NEW(
      arena, (1 + parts) * p->date_count + p->contract_count + p->spec->index_count + QS_WATCH_ROWS, qs_time);
  uint32_t *date_row = QS_NEW(arena, p->date_count, uint32_t);
  uint32_t *fill_row = QS_NEW(arena, p->date_count, uint32_t);
  uint32_t *slice_row = QS_NEW(arena, p->date_count * parts, uint32_t);
  if (!rows || !date_row || !fill_row || !slice_row) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  size_t count = 0;
  memcpy(rows, p->dates, p->date_count * sizeof *rows);
  count = p->date_count;
  for (size_t i = 0; i < (p->date_count - 1) * parts; i++) {
    rows[count++] = p->dates[i / parts] + slice_after(p->spec, i % parts);
  }
  for (size_t i = 0; i < p->contract_count; i++) {
    if (p->contracts[i].expiry && p->contracts[i].expiry < unwind) {
      rows[count++] = p->contracts[i].expiry;
    }
  }
  for (size_t i = 0; i < p->spec->index_count; i++) { /* where a stale price is looked at */
    const qs_simulate_index *w = &p->spec->index[i];
    if (isnan(w->error) && w->from < unwind) {
      rows[count++] = w->from > p->market->as_of ? w->from : p->market->as_of;
    }
  }
  count += qs_watched_rows(p, rows + count);
  qsort(rows, count, sizeof *rows, by_time);
  size_t distinct = 0;
  for (size_t i = 0; i < count; i++) {
    if (i == 0 || rows[i] != rows[distinct - 1]) {
      rows[distinct++] = rows[i];
    }
  }
  double *years = QS_NEW(arena, distinct, double);
  if (!years) {
    return qs_fail_memory(context, "preparing a simulation");
  }
  for (size_t i = 0; i < distinct; i++) {
    years[i] = qs_time_years(p->market->as_of, rows[i]);
  }
  p->rows = rows;
  p->row_years = years;
  p->row_count = distinct;
  p->now = rows[0] == p->market->as_of;
  for (size_t d = 0; d < p->date_count; d++) {
    const bool last = d + 1 == p->date_count;
    date_row[d] = (uint32_t)qs_simulate_row(p, p->dates[d]);
    for (size_t i = 0; !last && i < parts; i++) {
      slice_row[d * parts + i] = (uint32_t)qs_simulate_row(p, p->dates[d] + slice_after(p->spec, i));
    }
    fill_row[d] = last ? date_row[d] : slice_row[(d + 1) * parts - 1];
  }
  p->slice_row = slice_row;
  p->date_row = date_row;
  p->fill_row = fill_row;
  return QS_OK;
}

qs_status qs_simulate_problem_make(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                                   const qs_market *market, const qs_book *book,
                                   qs_simulate_problem *problem) {
  qs_simulate_problem p = {.spec = &inputs->simulate,
                           .market = market,
                           .underlying = -1,
                           .simulation = qs_simulation_resolve(&inputs->simulation)};
  if (!p.spec->position || !p.spec->policy_count) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate: a position and a policy must be given");
  }
  qs_status status = check_numbers(context, p.spec);
  status = status ? status : find_weight(context, &p);
  status = status ? status : qs_simulate_find_instruments(context, arena, book, &p);
  if (!status && p.under->spec->local) {
    status = qs_fail(context, QS_ERROR_INPUT, "simulate.instruments.0: got %.80s: the model of %s is local",
                     p.instruments[0].name, p.under->name);
  }
  status = status ? status : check_real_world(context, &p);
  status = status ? status : check_funding(context, &p);
  status = status ? status : qs_simulate_account_check(context, p.spec);
  status = status ? status : qs_simulate_index_check(context, p.spec);
  status = status ? status : check_cascade(context, p.spec);
  status = status ? status : check_own_impact(context, p.spec);
  status = status ? status : find_position(context, arena, book, &p);
  status = status ? status : check_slices(context, p.spec);
  status = status ? status : lay_dates(context, arena, &p);
  status = status ? status : qs_simulate_costs_check(context, &p);
  status = status ? status : check_dates(context, &p);
  status = status ? status : lay_rows(context, arena, &p);
  status = status ? status : qs_also_find(context, arena, book, &p, &p.also);
  if (!status) {
    *problem = p;
  }
  return status;
}
