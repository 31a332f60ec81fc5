#include "host/engine/valuation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/engine/grid.h"
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

qs_status qs_valuation_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           bool greeks, qs_valuation *valuation) {
  size_t underlyings = market->underlying_count;
  uint32_t *payoff_of = QS_NEW(arena, count, uint32_t);
  qs_underlying_values *values = QS_NEW(arena, underlyings, qs_underlying_values);
  qs_value_unit *units = QS_NEW(arena, 2 * underlyings, qs_value_unit);
  qs_moment **moments = QS_NEW(arena, 2 * underlyings, qs_moment *);
  if (!payoff_of || !values || !units || !moments) {
    return qs_fail_memory(context, "planning the valuation");
  }
  for (size_t i = 0; i < count; i++) {
    payoff_of[i] = QS_NO_PAYOFF;
  }
  size_t unit_count = 0;
  for (size_t u = 0; u < underlyings; u++) {
    const qs_underlying_market *underlying = &market->underlyings[u];
    qs_underlying_values *mine = &values[u];
    qs_status status = qs_option_set_build(context, arena, contracts, count, (int)u, &mine->set, payoff_of);
    for (int later = 0; !status && later <= (greeks ? 1 : 0); later++) {
      qs_unit_market unit_market = {&underlying->model, 0, later, NULL, 0, greeks && !later};
      qs_value_unit *unit = &units[unit_count];
      uint32_t first = 0;
      status = qs_unit_build(context, arena, underlying, market->as_of, simulation, &mine->set, &unit_market,
                             unit, &first);
      if (status) {
        break;
      }
      qs_moment *result = QS_NEW(arena, qs_value_unit_moments(unit), qs_moment);
      if (!result) {
        return qs_fail_memory(context, "valuing");
      }
      if (later) {
        mine->later_first = first;
        mine->later = result;
      } else {
        mine->quantities = qs_value_unit_quantities(unit);
        mine->now = result;
      }
      moments[unit_count++] = result;
    }
    if (status) {
      return status;
    }
  }
  qs_status status = qs_schedule_value(context, devices, "value", units, unit_count, NULL, moments);
  if (status) {
    return status;
  }
  valuation->market = market;
  valuation->contracts = contracts;
  valuation->count = count;
  valuation->simulation = *simulation;
  valuation->greeks = greeks;
  valuation->payoff_of = payoff_of;
  valuation->values = values;
  return QS_OK;
}

/* Moment of one quantity in one batch. */
static const qs_moment *now_moment(const qs_underlying_values *values, uint32_t batch, uint32_t payoff,
                                   uint32_t q) {
  return &values->now[((size_t)batch * values->set.count + payoff) * values->quantities + q];
}

static const qs_moment *later_moment(const qs_underlying_values *values, uint32_t batch, uint32_t payoff) {
  size_t count = values->set.count - values->later_first;
  return &values->later[(size_t)batch * count + payoff - values->later_first];
}

void qs_form_add_batches(const qs_valuation *valuation, size_t contract, const qs_form *form, double weight,
                         double *sums) {
  uint32_t batches = valuation->simulation.batches;
  for (uint32_t b = 0; b < batches; b++) {
    sums[b] += weight * form->constant;
  }
  uint32_t payoff = valuation->payoff_of[contract];
  if (payoff == QS_NO_PAYOFF) {
    return;
  }
  const qs_underlying_values *values = &valuation->values[valuation->contracts[contract].underlying];
  for (uint32_t q = 0; q < values->quantities; q++) {
    if (form->now[q] != 0) {
      for (uint32_t b = 0; b < batches; b++) {
        sums[b] += weight * form->now[q] * now_moment(values, b, payoff, q)->mean;
      }
    }
  }
  if (form->later != 0) {
    for (uint32_t b = 0; b < batches; b++) {
      sums[b] += weight * form->later * later_moment(values, b, payoff)->mean;
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
static qs_estimate quantity_estimate(const qs_valuation *valuation, const qs_underlying_values *values,
                                     uint32_t payoff, uint32_t q) {
  double count = 0, mean = 0, m2 = 0;
  for (uint32_t b = 0; b < valuation->simulation.batches; b++) {
    const qs_moment *moment = now_moment(values, b, payoff, q);
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
  uint32_t payoff = valuation->payoff_of[contract];
  if (payoff == QS_NO_PAYOFF) {
    qs_estimate exact = {form->constant, 0};
    return exact;
  }
  const qs_underlying_values *values = &valuation->values[valuation->contracts[contract].underlying];
  uint32_t used = 0, which = 0;
  for (uint32_t q = 0; q < values->quantities; q++) {
    if (form->now[q] != 0) {
      used++;
      which = q;
    }
  }
  if (used == 1 && form->later == 0) {
    qs_estimate one = quantity_estimate(valuation, values, payoff, which);
    one.estimate = form->constant + form->now[which] * one.estimate;
    one.std_error *= fabs(form->now[which]);
    return one;
  }
  memset(scratch, 0, valuation->simulation.batches * sizeof *scratch);
  qs_form_add_batches(valuation, contract, form, 1, scratch);
  return qs_batch_estimate(&valuation->simulation, scratch);
}
