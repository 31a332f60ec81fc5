#include "host/engine/valuation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/engine/grid.h"
#include "host/market/time.h"
#include "kernels/core/key.h"

/* About so many independent scrambles of Sobol points; with a target each begins with so many points. */
enum { SCRAMBLES = 32, FIRST_POINTS = 256 };

qs_simulation qs_simulation_resolve(const qs_simulation_spec *spec) {
  qs_simulation simulation = {.wave_bytes = 0};
  const bool sobol = spec->sampling == QS_SAMPLING_CHOICE_SOBOL;
  uint64_t leaves = (spec->paths + QS_LEAF_PATHS - 1) / QS_LEAF_PATHS;
  uint64_t batch_leaves = (leaves + QS_MAX_BATCHES - 1) / QS_MAX_BATCHES;
  if (sobol) {
    const uint64_t least = spec->target_std_error > 0 ? SCRAMBLES * FIRST_POINTS / QS_LEAF_PATHS : 0;
    leaves = leaves > least ? leaves : least;
    for (batch_leaves = 1; 2 * SCRAMBLES * batch_leaves <= leaves;) {
      batch_leaves *= 2;
    }
    leaves = (leaves + batch_leaves - 1) / batch_leaves * batch_leaves;
  }
  simulation.paths = leaves * QS_LEAF_PATHS;
  simulation.batch_paths = batch_leaves * QS_LEAF_PATHS;
  simulation.batches = (uint32_t)((leaves + batch_leaves - 1) / batch_leaves);
  simulation.seed = spec->seed;
  simulation.precision = spec->precision == QS_DOUBLE ? QS_PRECISION_DOUBLE : QS_PRECISION_MIXED;
  simulation.arithmetic = spec->arithmetic == QS_FAST ? QS_ARITHMETIC_FAST : QS_ARITHMETIC_EXACT;
  simulation.scheme = spec->scheme == QS_SCHEME_CHOICE_EULER ? QS_SCHEME_EULER : QS_SCHEME_QE;
  simulation.step_days = spec->time_step_days;
  const bool mirrored = spec->variance_reduction == QS_REDUCTION_ANTITHETIC;
  simulation.sampling = sobol ? QS_SAMPLING_SOBOL : mirrored ? QS_SAMPLING_ANTITHETIC : QS_SAMPLING_PSEUDO;
  simulation.control = !mirrored && spec->variance_reduction != QS_REDUCTION_NONE;
  simulation.target = NAN;
  simulation.most_paths = spec->max_paths;
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
  return contract->underlying == underlying && contract->kind == QS_CONTRACT_OPTION && !contract->local;
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
  if (!status) {
    status = qs_grid_shift(context, arena, &underlying->shift, 1 + market->shift_rise, origin, &grid);
  }
  if (status) {
    return status;
  }
  memset(unit, 0, sizeof *unit);
  unit->path.model = *market->model;
  unit->path.scheme = simulation->scheme;
  unit->path.sampling = simulation->sampling;
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
  unit->arithmetic = simulation->arithmetic;
  unit->path_count = simulation->paths;
  unit->batch_paths = simulation->batch_paths;
  unit->batch_end = simulation->batches;
  *first = skip;
  return QS_OK;
}

/* A payoff's moments: of quantity q in batch b at now[b * stride + q], a day later at later[b *
 * later_stride]. Null: nothing was simulated. */
typedef struct place {
  const qs_moment *now, *later, *timed; /* timed: of its price, at timed[b * stride] */
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
    p.timed = at->timed == QS_NO_PAYOFF
                  ? NULL
                  : values->paths_now.moments[at->unit] + (size_t)at->timed * p.quantities;
  }
  const qs_path_place *later = values->paths_later.places ? &values->paths_later.places[payoff] : NULL;
  if (later && later->unit != QS_NO_PAYOFF) {
    p.later_stride = values->paths_later.units[later->unit].payoff_count;
    p.later = values->paths_later.moments[later->unit] + later->payoff;
  }
  return p;
}

static place place_of(const qs_valuation *valuation, size_t contract) {
  if (valuation->contracts[contract].joint) {
    const qs_joint_leg *leg = &valuation->legs[contract];
    return (place){leg->now, leg->later, NULL, leg->quantities, 1, leg->quantities};
  }
  uint32_t payoff = valuation->payoff_of[contract];
  if (payoff == QS_NO_PAYOFF) {
    return (place){0};
  }
  const qs_contract *of = &valuation->contracts[contract];
  const qs_underlying_values *values = &valuation->values[of->underlying];
  if (qs_contract_on_path(of)) {
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

bool qs_contract_timed(const qs_valuation *valuation, size_t contract) {
  return place_of(valuation, contract).timed != NULL;
}

qs_local_kind qs_contract_local(const qs_valuation *valuation, size_t contract) {
  const qs_contract *of = &valuation->contracts[contract];
  if (of->underlying < 0 || !qs_contract_on_path(of) || of->joint ||
      !valuation->market->underlyings[of->underlying].leverage) {
    return QS_LOCAL_NOT;
  }
  const qs_path_units *units = &valuation->values[of->underlying].paths_now;
  const qs_path_place *at = &units->places[valuation->payoff_of[contract]];
  if (at->unit == QS_NO_PAYOFF) {
    return QS_LOCAL_SMOOTH;
  }
  const qs_path_payoff_plan *plan = &units->units[at->unit].payoffs[at->payoff];
  switch (plan->payoff) {
  case QS_PATH_BARRIER:
  case QS_PATH_DIGITAL:
  case QS_PATH_AUTOCALL:
    return QS_LOCAL_JUMPS;
  case QS_PATH_BARRIER_CONTINUOUS:
    return QS_LOCAL_WATCHED;
  default:
    return plan->payoff == QS_PATH_SCRIPT && plan->level[1] > 0 ? QS_LOCAL_JUMPS : QS_LOCAL_SMOOTH;
  }
}

qs_control_use qs_contract_control(const qs_valuation *valuation, size_t contract) {
  const qs_control_use none = {0, 1};
  const qs_contract *of = &valuation->contracts[contract];
  const uint32_t payoff = valuation->payoff_of[contract];
  if (of->joint && valuation->legs[contract].use) {
    return *valuation->legs[contract].use;
  }
  if (payoff == QS_NO_PAYOFF) {
    return none;
  }
  const qs_underlying_values *values = &valuation->values[of->underlying];
  if (!qs_contract_on_path(of)) {
    return values->control ? values->control[payoff] : none;
  }
  const qs_path_place *at = &values->paths_now.places[payoff];
  const bool bounded = qs_contract_bounds(valuation, contract, false) != NULL;
  const bool simulated = values->path_control && at->unit != QS_NO_PAYOFF && !bounded;
  const qs_control_use *use = simulated ? values->path_control[at->unit] : NULL; /* null: under a leverage */
  return use ? use[at->payoff] : none;
}

bool qs_contract_simulated(const qs_valuation *valuation, size_t contract) {
  const qs_contract *of = &valuation->contracts[contract];
  return of->joint ? of->leg == 0 : valuation->payoff_of[contract] != QS_NO_PAYOFF;
}

bool qs_target_missed(const qs_valuation *valuation, size_t contract, qs_estimate price) {
  if (!qs_contract_simulated(valuation, contract)) {
    return false;
  }
  const qs_contract *of = &valuation->contracts[contract];
  return price.std_error > valuation->simulation.target * valuation->market->underlyings[of->underlying].spot;
}

double qs_known_price(const qs_valuation *valuation, size_t contract, bool later) {
  const qs_contract *of = &valuation->contracts[contract];
  if (!qs_contract_on_path(of)) {
    return 0;
  }
  if (of->joint) {
    return later ? valuation->legs[contract].known_later : 0;
  }
  const qs_underlying_values *values = &valuation->values[of->underlying];
  const qs_path_units *units = later ? &values->paths_later : &values->paths_now;
  return units->places ? units->places[valuation->payoff_of[contract]].known : 0;
}

const qs_early_bounds *qs_contract_bounds(const qs_valuation *valuation, size_t contract, bool later) {
  const qs_contract *of = &valuation->contracts[contract];
  if (!qs_contract_on_path(of)) {
    return NULL;
  }
  if (of->joint) {
    return later ? NULL : valuation->legs[contract].bounds;
  }
  const qs_underlying_values *values = &valuation->values[of->underlying];
  const qs_path_units *units = later ? &values->paths_later : &values->paths_now;
  const qs_early_bounds *bounds = units->bounds ? &units->bounds[valuation->payoff_of[contract]] : NULL;
  return bounds && bounds->present ? bounds : NULL;
}

double qs_extrapolation_error(const qs_valuation *valuation, size_t contract, const qs_form *form) {
  const qs_contract *of = &valuation->contracts[contract];
  const qs_early_bounds *bounds = of->joint ? NULL : qs_contract_bounds(valuation, contract, false);
  const double *error = of->joint ? valuation->legs[contract].greek_error
                        : bounds  ? bounds->greek_error
                                  : NULL;
  const uint32_t quantities = error ? place_of(valuation, contract).quantities : 0;
  double sum = 0;
  for (uint32_t q = 1; q < quantities; q++) {
    sum += form->now[q] * error[q];
  }
  const qs_early_bounds *timed = form->timed != 0 ? qs_contract_bounds(valuation, contract, false) : NULL;
  const double years = timed ? qs_early_price(timed) * timed->years_error : 0;
  return hypot(sum, form->timed * years);
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
  if (form->timed != 0 && p.timed) {
    for (uint32_t b = 0; b < batches; b++) {
      sums[b] += weight * form->timed * p.timed[b * p.stride].mean;
    }
  }
  const qs_early_bounds *early = form->timed != 0 ? qs_contract_bounds(valuation, contract, false) : NULL;
  if (early) {
    qs_early_add_years(early, &valuation->simulation, weight * form->timed, sums);
  }
  if (form->later != 0 && p.later) {
    for (uint32_t b = 0; b < batches; b++) {
      sums[b] += weight * form->later * p.later[b * p.later_stride].mean;
    }
  }
}

double qs_batch_paths(const qs_simulation *simulation, uint32_t batch) {
  uint64_t begin = batch * simulation->batch_paths;
  uint64_t left = simulation->paths - begin;
  return (double)(left < simulation->batch_paths ? left : simulation->batch_paths);
}

qs_estimate qs_batch_estimate(const qs_simulation *simulation, const double *means) {
  double count = 0, mean = 0, m2 = 0;
  for (uint32_t b = 0; b < simulation->batches; b++) {
    double size = qs_batch_paths(simulation, b);
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
    double size = qs_batch_paths(&valuation->simulation, b);
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
  if (used == 1 && !later && form->timed == 0 && valuation->simulation.sampling == QS_SAMPLING_PSEUDO) {
    qs_estimate one = quantity_estimate(valuation, &p, which);
    one.estimate = form->constant + form->now[which] * one.estimate;
    one.std_error *= fabs(form->now[which]);
    return one;
  }
  memset(scratch, 0, valuation->simulation.batches * sizeof *scratch);
  qs_form_add_batches(valuation, contract, form, 1, scratch);
  return qs_batch_estimate(&valuation->simulation, scratch);
}
