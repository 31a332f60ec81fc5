/* Planning and running a valuation: jobs of options and of payoffs along paths, with their controls, in
 * rounds of paths where an error is asked for. */
#include <math.h>
#include <string.h>

#include "host/engine/controls.h"
#include "host/engine/greeks.h"
#include "host/engine/joint_set.h"
#include "host/engine/path_set.h"
#include "host/engine/portions.h"
#include "host/engine/scheduler.h"
#include "host/engine/valuation.h"

typedef struct planner {
  qs_context *context;
  qs_arena *arena;
  qs_devices *devices;
  const qs_market *market;
  const qs_contract *contracts;
  size_t count;
  qs_simulation simulation; /* paths so far */
  bool greeks;
  uint32_t *payoff_of;
  qs_underlying_values *values; /* [underlyings] */
  qs_job *jobs;
  size_t job_count;
  qs_joint_book *formulas; /* over several underlyings; null: none */
} planner;

static qs_status plan_options(planner *p, size_t u, bool later) {
  const qs_underlying_market *underlying = &p->market->underlyings[u];
  qs_underlying_values *mine = &p->values[u];
  qs_unit_market unit_market = {&underlying->model, 0, later, NULL, 0, p->greeks && !later, 0};
  qs_value_unit unit;
  uint32_t first = 0;
  qs_status status = qs_unit_build(p->context, p->arena, underlying, p->market->as_of, &p->simulation,
                                   &mine->set, &unit_market, &unit, &first);
  if (status) {
    return status;
  }
  const uint32_t quantities = qs_value_unit_quantities(&unit);
  qs_moment *result = QS_NEW(p->arena, qs_value_unit_moments(&unit), qs_moment);
  if (!result) {
    return qs_fail_memory(p->context, "valuing");
  }
  if (later) {
    mine->later_first = first;
    mine->later = result;
  } else {
    mine->quantities = quantities;
    mine->now = result;
  }
  if (!unit.payoff_count) {
    return QS_OK;
  }
  qs_job *j = &p->jobs[p->job_count++];
  *j = (qs_job){.value = unit, .moments = result};
  if (!p->simulation.control || !qs_controls_help(&underlying->model)) {
    return qs_controls_none(p->context, p->arena, unit.payoff_count, quantities, &j->controls);
  }
  if (!later) {
    j->use = QS_NEW(p->arena, unit.payoff_count, qs_control_use);
    mine->control = j->use;
    if (!j->use) {
      return qs_fail_memory(p->context, "valuing");
    }
  }
  return qs_controls_of_value(p->context, p->arena, &unit, &j->value, &j->controls);
}

/* A unit of payoffs along paths; uses[unit] (may be null) gets what its controls did. */
static qs_status plan_path_unit(planner *p, const qs_path_units *units, uint32_t k, qs_control_use **uses) {
  const qs_path_unit *unit = &units->units[k];
  qs_job *j = &p->jobs[p->job_count++];
  *j = (qs_job){.path = *unit, .moments = units->moments[k]};
  if (!p->simulation.control || unit->leverage) {
    return qs_controls_none(p->context, p->arena, unit->payoff_count, qs_path_unit_quantities(unit),
                            &j->controls);
  }
  if (uses) {
    uses[k] = j->use = QS_NEW(p->arena, unit->payoff_count, qs_control_use);
    if (!j->use) {
      return qs_fail_memory(p->context, "valuing payoffs along paths");
    }
  }
  return qs_controls_of_path(p->context, p->arena, unit, &j->path, &j->controls);
}

/* Lays out the units of payoffs along paths. */
static qs_status build_paths(planner *p, size_t u, bool later) {
  const qs_underlying_market *underlying = &p->market->underlyings[u];
  qs_underlying_values *mine = &p->values[u];
  qs_unit_market unit_market = {&underlying->model, 0, later, NULL, 0, p->greeks && !later, 0};
  qs_path_units *units = later ? &mine->paths_later : &mine->paths_now;
  qs_status status = qs_path_units_build(p->context, p->arena, underlying, p->market->as_of, &p->simulation,
                                         &mine->paths, &unit_market, 0, units);
  if (!status && !(units->bounds = QS_NEW(p->arena, mine->paths.count, qs_early_bounds))) {
    status = qs_fail_memory(p->context, "valuing payoffs along paths");
  }
  return status;
}

static qs_status plan_paths(planner *p, size_t u, bool later) {
  qs_underlying_values *mine = &p->values[u];
  qs_path_units *units = later ? &mine->paths_later : &mine->paths_now;
  qs_status status = qs_path_units_solve(p->context, p->arena, p->devices, units);
  if (!status) { /* solving adds payoffs */
    status = qs_path_units_room(p->context, p->arena, units);
  }
  qs_control_use **uses = NULL;
  if (!status && !later && p->simulation.control) {
    uses = QS_NEW(p->arena, units->count, qs_control_use *);
    status = uses ? QS_OK : qs_fail_memory(p->context, "valuing payoffs along paths");
  }
  for (uint32_t k = 0; !status && k < units->count; k++) {
    status = qs_path_unit_bounded(units, k) ? QS_OK : plan_path_unit(p, units, k, uses);
  }
  mine->path_control = later ? mine->path_control : uses;
  return status;
}

/* Now and, with Greeks, a day later. */
static int times(const planner *p) {
  return p->greeks ? 2 : 1;
}

/* The sets of all underlyings, and what is to be solved of them by several processes together. */
static qs_status build_sets(planner *p) {
  const size_t underlyings = p->market->underlying_count;
  const qs_path_units **sets = QS_NEW(p->arena, 2 * underlyings, const qs_path_units *);
  qs_status status = sets ? QS_OK : qs_fail_memory(p->context, "planning the valuation");
  size_t count = 0;
  for (size_t u = 0; !status && u < underlyings; u++) {
    qs_underlying_values *mine = &p->values[u];
    status =
        qs_option_set_build(p->context, p->arena, p->contracts, p->count, (int)u, &mine->set, p->payoff_of);
    if (!status) {
      status =
          qs_path_set_build(p->context, p->arena, p->contracts, p->count, (int)u, &mine->paths, p->payoff_of);
    }
    for (int later = 0; !status && later < times(p); later++) {
      status = build_paths(p, u, later);
      sets[count++] = later ? &mine->paths_later : &mine->paths_now;
    }
  }
  return status ? status : qs_path_units_solve_shared(p->context, p->devices, sets, count);
}

static qs_status plan_underlying(planner *p, size_t u) {
  qs_status status = QS_OK;
  for (int later = 0; !status && later < times(p); later++) {
    status = plan_options(p, u, later);
    if (!status) {
      status = plan_paths(p, u, later);
    }
  }
  return status;
}

/* The largest std_error of a simulated price over its underlying's spot. */
static double worst_error(const qs_valuation *valuation, double *scratch) {
  double worst = 0;
  for (size_t i = 0; i < valuation->count; i++) {
    if (qs_contract_simulated(valuation, i)) {
      const qs_form form = qs_price_form(valuation, i, false);
      const double spot = valuation->market->underlyings[valuation->contracts[i].underlying].spot;
      worst = fmax(worst, qs_form_estimate(valuation, i, &form, scratch).std_error / spot);
    }
  }
  return worst;
}

/* Puts the prices that bounds give in the place of those that the paths gave. */
static void replace_bounded(const planner *p) {
  for (size_t u = 0; u < p->market->underlying_count; u++) {
    qs_path_units_replace(&p->values[u].paths_now, &p->simulation);
    qs_path_units_replace(&p->values[u].paths_later, &p->simulation);
  }
}

/* What the jobs' moments are to the valuation. */
static qs_status conclude(planner *p, qs_valuation *valuation) {
  valuation->simulation = p->simulation;
  replace_bounded(p);
  return p->formulas ? qs_joint_book_fill(p->formulas, valuation) : QS_OK;
}

/* Rounds of as many paths as there are, until the errors are small enough. A share of a run ends with the
 * first round whose other shares it does not have. */
static qs_status run_rounds(planner *p, qs_valuation *valuation) {
  qs_simulation *simulation = &p->simulation;
  qs_portions *portions = NULL;
  qs_status status = qs_portions_cut(p->context, p->arena, p->jobs, p->job_count, simulation, &portions);
  double *scratch = QS_NEW(p->arena, simulation->batches, double);
  const uint64_t elsewhere = p->context->tally.elsewhere;
  if (!status && !scratch) {
    status = qs_fail_memory(p->context, "valuing");
  }
  for (uint32_t round = 0; !status; round++) {
    status = qs_portions_round(portions, p->devices, round);
    status = status ? status : conclude(p, valuation);
    if (status || isnan(simulation->target) || p->context->tally.elsewhere > elsewhere) {
      break;
    }
    const double worst = worst_error(valuation, scratch), ratio = worst / simulation->target;
    const double needed =
        fmin((double)simulation->paths * fmax(ratio * ratio, 1), (double)simulation->most_paths);
    qs_progress(p->context, "target", simulation->paths, (uint64_t)fmax(needed, (double)simulation->paths));
    if (!(ratio > 1) || simulation->paths > simulation->most_paths / 2) {
      break;
    }
    simulation->paths *= 2;
    simulation->batch_paths *= 2;
  }
  return status;
}

/* Room for every job: of options now and later, and of payoffs along paths and formulas, at most one each. */
static qs_status make_planner(planner *p) {
  const size_t most = 2 * p->market->underlying_count + 2 * p->count;
  p->payoff_of = QS_NEW(p->arena, p->count, uint32_t);
  p->values = QS_NEW(p->arena, p->market->underlying_count, qs_underlying_values);
  p->jobs = QS_NEW(p->arena, most, qs_job);
  if (!p->payoff_of || !p->values || !p->jobs) {
    return qs_fail_memory(p->context, "planning the valuation");
  }
  for (size_t i = 0; i < p->count; i++) {
    p->payoff_of[i] = QS_NO_PAYOFF;
  }
  return QS_OK;
}

qs_status qs_valuation_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           bool greeks, qs_valuation *valuation) {
  planner p = {.context = context,
               .arena = arena,
               .devices = devices,
               .market = market,
               .contracts = contracts,
               .count = count,
               .simulation = *simulation,
               .greeks = greeks};
  qs_status status = make_planner(&p);
  status = status ? status : build_sets(&p);
  for (size_t u = 0; !status && u < market->underlying_count; u++) {
    status = plan_underlying(&p, u);
  }
  qs_valuation made = {.market = market,
                       .contracts = contracts,
                       .count = count,
                       .greeks = greeks,
                       .simulation = *simulation,
                       .payoff_of = p.payoff_of,
                       .values = p.values};
  if (!status) {
    status = qs_joint_book_plan(context, arena, devices, &made, &p.formulas, p.jobs, &p.job_count);
  }
  if (!status) {
    status = run_rounds(&p, &made);
  }
  if (!status) {
    *valuation = made;
  }
  return status;
}
