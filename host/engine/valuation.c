#include "host/engine/valuation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/engine/grid.h"
#include "host/engine/path_set.h"
#include "host/engine/scheduler.h"
#include "host/market/time.h"
#include "kernels/core/key.h"

qs_simulation qs_simulation_resolve(const qs_simulation_spec *spec) {
  qs_simulation simulation;
  uint64_t leaves = (spec->paths + QS_LEAF_PATHS - 1) / QS_LEAF_PATHS;
  uint64_t batch_leaves = (leaves + QS_MAX_BATCHES - 1) / QS_MAX_BATCHES;
  simulation.paths = leaves * QS_LEAF_PATHS;
  simulation.batch_paths = batch_leaves * QS_LEAF_PATHS;
  simulation.batches = (uint32_t)((leaves + batch_leaves - 1) / batch_leaves);
  simulation.seed = spec->seed;
  simulation.precision = spec->precision == QS_DOUBLE ? QS_PRECISION_DOUBLE : QS_PRECISION_MIXED;
  simulation.scheme = spec->scheme == QS_SCHEME_CHOICE_EULER ? QS_SCHEME_EULER : QS_SCHEME_QE;
  simulation.step_days = spec->time_step_days;
  return simulation;
}

static int compare_payoffs(const void *a, const void *b) {
  const qs_option_payoff *x = a, *y = b;
  if (x->expiry != y->expiry) {
    return x->expiry < y->expiry ? -1 : 1;
  }
  if (x->strike != y->strike) {
    return x->strike < y->strike ? -1 : 1;
  }
  return (x->call_put > y->call_put) - (x->call_put < y->call_put);
}

static bool is_option_of(const qs_contract *contract, int underlying) {
  return contract->underlying == underlying && contract->kind == QS_CONTRACT_OPTION;
}

static qs_option_payoff payoff_of_contract(const qs_contract *contract) {
  qs_option_payoff payoff = {contract->expiry, contract->years, contract->strike, contract->call_put};
  return payoff;
}

qs_status qs_option_set_build(qs_context *context, qs_arena *arena, const qs_contract *contracts,
                              size_t count, int underlying, qs_option_set *set, uint32_t *payoff_of) {
  qs_option_payoff *payoffs = QS_NEW(arena, count, qs_option_payoff);
  if (!payoffs) {
    return qs_fail_memory(context, "listing payoffs");
  }
  size_t listed = 0;
  for (size_t i = 0; i < count; i++) {
    if (is_option_of(&contracts[i], underlying)) {
      payoffs[listed++] = payoff_of_contract(&contracts[i]);
    }
  }
  qsort(payoffs, listed, sizeof *payoffs, compare_payoffs);
  size_t distinct = 0;
  for (size_t i = 0; i < listed; i++) {
    if (!distinct || compare_payoffs(&payoffs[distinct - 1], &payoffs[i])) {
      payoffs[distinct++] = payoffs[i];
    }
  }
  for (size_t i = 0; i < count; i++) {
    if (is_option_of(&contracts[i], underlying)) {
      qs_option_payoff wanted = payoff_of_contract(&contracts[i]);
      const qs_option_payoff *found = bsearch(&wanted, payoffs, distinct, sizeof *payoffs, compare_payoffs);
      payoff_of[i] = (uint32_t)(found - payoffs);
    } else if (contracts[i].underlying == underlying) {
      payoff_of[i] = QS_NO_PAYOFF;
    }
  }
  set->payoffs = payoffs;
  set->count = (uint32_t)distinct;
  return QS_OK;
}

qs_status qs_unit_build(qs_context *context, qs_arena *arena, const qs_underlying_market *underlying,
                        qs_time as_of, const qs_simulation *simulation, const qs_option_set *set,
                        const qs_unit_market *market, qs_value_unit *unit, uint32_t *first) {
  static const double no_shift = 0;
  qs_time origin = as_of + (market->next_day ? QS_SECONDS_PER_DAY : 0);
  uint32_t skip = 0;
  while (skip < set->count && set->payoffs[skip].expiry <= origin) {
    skip++;
  }
  uint32_t count = set->count - skip;
  qs_payoff_plan *plans = QS_NEW(arena, count, qs_payoff_plan);
  qs_time *times = QS_NEW(arena, count, qs_time);
  if (!plans || !times) {
    return qs_fail_memory(context, "laying out payoffs");
  }
  uint32_t dates = 0;
  for (uint32_t i = 0; i < count; i++) {
    const qs_option_payoff *payoff = &set->payoffs[skip + i];
    if (!dates || times[dates - 1] != payoff->expiry) {
      times[dates++] = payoff->expiry;
    }
    double years = qs_time_years(origin, payoff->expiry);
    double forward = qs_curve_forward(&underlying->curve, years) * exp(market->carry_add * years);
    plans[i].date = dates - 1;
    plans[i].payoff = payoff->call_put == QS_CALL ? QS_PAYOFF_CALL : QS_PAYOFF_PUT;
    plans[i].log_strike = log(payoff->strike / forward);
  }
  qs_grid grid;
  qs_status status =
      qs_grid_build(context, arena, market->model, origin, times, dates, simulation->step_days, &grid);
  if (status) {
    return status;
  }
  memset(unit, 0, sizeof *unit);
  unit->path.model = *market->model;
  unit->path.scheme = simulation->scheme;
  unit->path.key = qs_key(simulation->seed, QS_PURPOSE_VALUE, underlying->name);
  unit->path.steps = grid.steps;
  unit->path.step_count = grid.step_count;
  unit->path.dates = grid.dates;
  unit->path.date_count = grid.date_count;
  unit->payoffs = plans;
  unit->payoff_count = count;
  unit->shifts = market->shifts ? market->shifts : &no_shift;
  unit->shift_count = market->shifts ? market->shift_count : 1;
  unit->greeks = market->greeks;
  unit->precision = simulation->precision;
  unit->path_count = simulation->paths;
  unit->batch_paths = simulation->batch_paths;
  unit->batch_end = simulation->batches;
  *first = skip;
  return QS_OK;
}

/* What a valuation is planned into. */
typedef struct planner {
  qs_context *context;
  qs_arena *arena;
  const qs_market *market;
  const qs_contract *contracts;
  size_t count;
  const qs_simulation *simulation;
  bool greeks;
  uint32_t *payoff_of;
  qs_underlying_values *values; /* [underlyings] */
  qs_value_unit *units;         /* of options: [2 underlyings] */
  qs_moment **moments;
  size_t unit_count;
  qs_path_units *paths; /* [2 underlyings] */
} planner;

static qs_status plan_options(planner *p, size_t u, bool later) {
  const qs_underlying_market *underlying = &p->market->underlyings[u];
  qs_underlying_values *mine = &p->values[u];
  qs_unit_market unit_market = {&underlying->model, 0, later, NULL, 0, p->greeks && !later};
  qs_value_unit *unit = &p->units[p->unit_count];
  uint32_t first = 0;
  qs_status status = qs_unit_build(p->context, p->arena, underlying, p->market->as_of, p->simulation,
                                   &mine->set, &unit_market, unit, &first);
  if (status) {
    return status;
  }
  qs_moment *result = QS_NEW(p->arena, qs_value_unit_moments(unit), qs_moment);
  if (!result) {
    return qs_fail_memory(p->context, "valuing");
  }
  if (later) {
    mine->later_first = first;
    mine->later = result;
  } else {
    mine->quantities = qs_value_unit_quantities(unit);
    mine->now = result;
  }
  p->moments[p->unit_count++] = result;
  return QS_OK;
}

static qs_status plan_paths(planner *p, size_t u, bool later) {
  const qs_underlying_market *underlying = &p->market->underlyings[u];
  qs_underlying_values *mine = &p->values[u];
  qs_unit_market unit_market = {&underlying->model, 0, later, NULL, 0, p->greeks && !later};
  qs_path_units *units = later ? &mine->paths_later : &mine->paths_now;
  qs_status status = qs_path_units_build(p->context, p->arena, underlying, p->market->as_of, p->simulation,
                                         &mine->paths, &unit_market, 0, units);
  if (!status) {
    status = qs_path_units_room(p->context, p->arena, units);
  }
  p->paths[2 * u + later] = *units;
  return status;
}

static qs_status plan_underlying(planner *p, size_t u) {
  qs_underlying_values *mine = &p->values[u];
  qs_status status =
      qs_option_set_build(p->context, p->arena, p->contracts, p->count, (int)u, &mine->set, p->payoff_of);
  if (!status) {
    status =
        qs_path_set_build(p->context, p->arena, p->contracts, p->count, (int)u, &mine->paths, p->payoff_of);
  }
  for (int later = 0; !status && later <= (p->greeks ? 1 : 0); later++) {
    status = plan_options(p, u, later);
    if (!status) {
      status = plan_paths(p, u, later);
    }
  }
  return status;
}

qs_status qs_valuation_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           bool greeks, qs_valuation *valuation) {
  size_t underlyings = market->underlying_count;
  planner p = {.context = context,
               .arena = arena,
               .market = market,
               .contracts = contracts,
               .count = count,
               .simulation = simulation,
               .greeks = greeks,
               .payoff_of = QS_NEW(arena, count, uint32_t),
               .values = QS_NEW(arena, underlyings, qs_underlying_values),
               .units = QS_NEW(arena, 2 * underlyings, qs_value_unit),
               .moments = QS_NEW(arena, 2 * underlyings, qs_moment *),
               .paths = QS_NEW(arena, 2 * underlyings, qs_path_units)};
  if (!p.payoff_of || !p.values || !p.units || !p.moments || !p.paths) {
    return qs_fail_memory(context, "planning the valuation");
  }
  for (size_t i = 0; i < count; i++) {
    p.payoff_of[i] = QS_NO_PAYOFF;
  }
  qs_status status = QS_OK;
  for (size_t u = 0; !status && u < underlyings; u++) {
    status = plan_underlying(&p, u);
  }
  if (!status) {
    status = qs_schedule_value(context, devices, "value", p.units, p.unit_count, NULL, p.moments);
  }
  if (!status) {
    status = qs_path_units_run(context, devices, "paths", p.paths, 2 * underlyings);
  }
  if (status) {
    return status;
  }
  valuation->market = market;
  valuation->contracts = contracts;
  valuation->count = count;
  valuation->simulation = *simulation;
  valuation->greeks = greeks;
  valuation->payoff_of = p.payoff_of;
  valuation->values = p.values;
  return QS_OK;
}

/* A payoff's moments: of quantity q in batch b at now[b * stride + q], a day later at later[b *
 * later_stride]. Null: nothing was simulated. */
typedef struct place {
  const qs_moment *now, *later;
  size_t stride, later_stride;
  uint32_t quantities;
} place;

static place place_of_path(const qs_underlying_values *values, uint32_t payoff) {
  place p = {0};
  const qs_path_place *at = &values->paths_now.places[payoff];
  if (at->unit != QS_NO_PAYOFF) {
    const qs_path_unit *unit = &values->paths_now.units[at->unit];
    p.quantities = qs_path_unit_quantities(unit);
    p.stride = (size_t)unit->payoff_count * p.quantities;
    p.now = values->paths_now.moments[at->unit] + (size_t)at->payoff * p.quantities;
  }
  const qs_path_place *later = values->paths_later.places ? &values->paths_later.places[payoff] : NULL;
  if (later && later->unit != QS_NO_PAYOFF) {
    p.later_stride = values->paths_later.units[later->unit].payoff_count;
    p.later = values->paths_later.moments[later->unit] + later->payoff;
  }
  return p;
}

static place place_of(const qs_valuation *valuation, size_t contract) {
  uint32_t payoff = valuation->payoff_of[contract];
  if (payoff == QS_NO_PAYOFF) {
    return (place){0};
  }
  const qs_contract *of = &valuation->contracts[contract];
  const qs_underlying_values *values = &valuation->values[of->underlying];
  if (of->kind == QS_CONTRACT_PATH) {
    return place_of_path(values, payoff);
  }
  place p = {.now = values->now + (size_t)payoff * values->quantities,
             .stride = (size_t)values->set.count * values->quantities,
             .quantities = values->quantities};
  if (values->later && payoff >= values->later_first) {
    p.later_stride = values->set.count - values->later_first;
    p.later = values->later + (payoff - values->later_first);
  }
  return p;
}

double qs_known_price(const qs_valuation *valuation, size_t contract, bool later) {
  const qs_contract *of = &valuation->contracts[contract];
  if (of->kind != QS_CONTRACT_PATH) {
    return 0;
  }
  const qs_underlying_values *values = &valuation->values[of->underlying];
  const qs_path_units *units = later ? &values->paths_later : &values->paths_now;
  return units->places ? units->places[valuation->payoff_of[contract]].known : 0;
}

void qs_form_add_batches(const qs_valuation *valuation, size_t contract, const qs_form *form, double weight,
                         double *sums) {
  uint32_t batches = valuation->simulation.batches;
  for (uint32_t b = 0; b < batches; b++) {
    sums[b] += weight * form->constant;
  }
  place p = place_of(valuation, contract);
  for (uint32_t q = 0; q < p.quantities; q++) {
    if (form->now[q] != 0) {
      for (uint32_t b = 0; b < batches; b++) {
        sums[b] += weight * form->now[q] * p.now[b * p.stride + q].mean;
      }
    }
  }
  if (form->later != 0 && p.later) {
    for (uint32_t b = 0; b < batches; b++) {
      sums[b] += weight * form->later * p.later[b * p.later_stride].mean;
    }
  }
}

/* Paths in a batch: all are full but perhaps the last. */
static double batch_size(const qs_simulation *simulation, uint32_t batch) {
  uint64_t begin = batch * simulation->batch_paths;
  uint64_t left = simulation->paths - begin;
  return (double)(left < simulation->batch_paths ? left : simulation->batch_paths);
}

qs_estimate qs_batch_estimate(const qs_simulation *simulation, const double *means) {
  double count = 0, mean = 0, m2 = 0;
  for (uint32_t b = 0; b < simulation->batches; b++) {
    double size = batch_size(simulation, b);
    double delta = means[b] - mean;
    count += size;
    mean += delta * size / count;
    m2 += size * delta * (means[b] - mean);
  }
  qs_estimate estimate = {mean,
                          simulation->batches > 1 ? sqrt(m2 / (count * (simulation->batches - 1))) : NAN};
  return estimate;
}

/* Mean and error of one quantity from the moments of all paths, merged in order of batch (Chan, Golub,
 * LeVeque 1983). */
static qs_estimate quantity_estimate(const qs_valuation *valuation, const place *p, uint32_t q) {
  double count = 0, mean = 0, m2 = 0;
  for (uint32_t b = 0; b < valuation->simulation.batches; b++) {
    const qs_moment *moment = &p->now[b * p->stride + q];
    double size = batch_size(&valuation->simulation, b);
    double delta = moment->mean - mean, total = count + size;
    mean += delta * size / total;
    m2 += moment->m2 + delta * delta * count * size / total;
    count = total;
  }
  qs_estimate estimate = {mean, sqrt(m2 / (count * (count - 1)))};
  return estimate;
}

qs_estimate qs_form_estimate(const qs_valuation *valuation, size_t contract, const qs_form *form,
                             double *scratch) {
  place p = place_of(valuation, contract);
  bool later = form->later != 0 && p.later;
  if (!p.now && !later) {
    qs_estimate exact = {form->constant, 0};
    return exact;
  }
  uint32_t used = 0, which = 0;
  for (uint32_t q = 0; q < p.quantities; q++) {
    if (form->now[q] != 0) {
      used++;
      which = q;
    }
  }
  if (used == 1 && !later) {
    qs_estimate one = quantity_estimate(valuation, &p, which);
    one.estimate = form->constant + form->now[which] * one.estimate;
    one.std_error *= fabs(form->now[which]);
    return one;
  }
  memset(scratch, 0, valuation->simulation.batches * sizeof *scratch);
  qs_form_add_batches(valuation, contract, form, 1, scratch);
  return qs_batch_estimate(&valuation->simulation, scratch);
}
