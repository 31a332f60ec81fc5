/* Planning and running a valuation: units of options and of payoffs along paths, with their controls, in
 * rounds of paths where an error is asked for. */
#include <math.h>
#include <string.h>

#include "host/engine/controls.h"
#include "host/engine/greeks.h"
#include "host/engine/joint_set.h"
#include "host/engine/path_set.h"
#include "host/engine/scheduler.h"
#include "host/engine/valuation.h"

/* One unit: what is simulated for it, and where its moments go. */
typedef struct job {
  qs_controls controls;
  bool controlled;
  size_t count;                 /* of simulated moments */
  qs_moment *simulated, *round; /* all rounds', the latest one's; without controls and rounds `moments` */
  qs_moment *moments;
  qs_control_use *use; /* null: not asked */
} job;

/* Units of one kind, side by side with their jobs. */
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
  qs_value_unit *units;         /* of options: [2 underlyings] */
  job *unit_jobs;
  size_t unit_count;
  qs_path_unit *paths;
  job *path_jobs;
  size_t path_count;
} planner;

/* Room for a job's moments, which go to `moments` in the end. */
static qs_status make_room(const planner *p, size_t simulated, qs_moment *moments, job *j) {
  const bool rounds = !isnan(p->simulation.target);
  j->count = simulated;
  j->moments = moments;
  j->simulated = j->controlled ? QS_NEW(p->arena, simulated, qs_moment) : moments;
  j->round = rounds ? QS_NEW(p->arena, simulated, qs_moment) : j->simulated;
  return j->simulated && j->round ? QS_OK : qs_fail_memory(p->context, "valuing");
}

static qs_status plan_options(planner *p, size_t u, bool later) {
  const qs_underlying_market *underlying = &p->market->underlyings[u];
  qs_underlying_values *mine = &p->values[u];
  qs_unit_market unit_market = {&underlying->model, 0, later, NULL, 0, p->greeks && !later, 0};
  qs_value_unit *unit = &p->units[p->unit_count];
  job *j = &p->unit_jobs[p->unit_count++];
  uint32_t first = 0;
  qs_status status = qs_unit_build(p->context, p->arena, underlying, p->market->as_of, &p->simulation,
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
  j->controlled = p->simulation.control && unit->payoff_count && qs_controls_help(&underlying->model);
  if (j->controlled) {
    const qs_value_unit plain = *unit;
    status = qs_controls_of_value(p->context, p->arena, &plain, unit, &j->controls);
    j->use = later ? NULL : QS_NEW(p->arena, plain.payoff_count, qs_control_use);
    mine->control = later ? mine->control : j->use;
  }
  return status ? status : make_room(p, qs_value_unit_moments(unit), result, j);
}

static qs_status plan_paths(planner *p, size_t u, bool later) {
  const qs_underlying_market *underlying = &p->market->underlyings[u];
  qs_underlying_values *mine = &p->values[u];
  qs_unit_market unit_market = {&underlying->model, 0, later, NULL, 0, p->greeks && !later, 0};
  qs_path_units *units = later ? &mine->paths_later : &mine->paths_now;
  qs_status status = qs_path_units_build(p->context, p->arena, underlying, p->market->as_of, &p->simulation,
                                         &mine->paths, &unit_market, 0, units);
  if (!status) {
    status = qs_path_units_room(p->context, p->arena, units);
  }
  if (!status && !(units->bounds = QS_NEW(p->arena, mine->paths.count, qs_early_bounds))) {
    status = qs_fail_memory(p->context, "valuing payoffs along paths");
  }
  if (!status) {
    status = qs_path_units_solve(p->context, p->arena, p->devices, units);
  }
  qs_control_use **uses =
      later || !p->simulation.control ? NULL : QS_NEW(p->arena, units->count, qs_control_use *);
  for (uint32_t k = 0; !status && k < units->count; k++) {
    if (qs_path_unit_bounded(units, k)) {
      continue;
    }
    qs_path_unit *unit = &p->paths[p->path_count];
    job *j = &p->path_jobs[p->path_count++];
    *unit = units->units[k];
    j->controlled = p->simulation.control;
    if (j->controlled) {
      status = qs_controls_of_path(p->context, p->arena, &units->units[k], unit, &j->controls);
      j->use = uses ? QS_NEW(p->arena, j->controls.count, qs_control_use) : NULL;
    }
    if (uses) {
      uses[k] = j->use;
    }
    status = status ? status : make_room(p, qs_path_unit_moments(unit), units->moments[k], j);
  }
  mine->path_control = later ? mine->path_control : uses;
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

/* Merges the latest round, as many paths as before it, into what was simulated (Chan, Golub, LeVeque 1983).
 */
static void merge_round(const job *j, const qs_simulation *round) {
  const size_t stride = j->count / round->batches;
  for (size_t i = 0; i < j->count && j->round != j->simulated; i++) {
    const double n = qs_batch_paths(round, (uint32_t)(i / stride)),
                 d = j->round[i].mean - j->simulated[i].mean;
    j->simulated[i].mean += d / 2;
    j->simulated[i].m2 += j->round[i].m2 + d * d * n / 2;
  }
}

/* Simulates the round that begins with path `first` (Sobol: with that point of every batch). */
static qs_status run_round(planner *p, qs_devices *devices, const qs_simulation *round, uint64_t first,
                           bool more) {
  qs_arena *arena = qs_arena_create(p->context);
  const size_t jobs = p->unit_count + p->path_count;
  qs_moment **places = arena ? QS_NEW(arena, jobs, qs_moment *) : NULL;
  if (!places) {
    qs_arena_destroy(arena);
    return qs_fail_memory(p->context, "valuing");
  }
  for (size_t i = 0; i < p->unit_count; i++) {
    p->units[i].path_count = round->paths;
    p->units[i].batch_paths = round->batch_paths;
    p->units[i].first_path = first;
    places[i] = more ? p->unit_jobs[i].round : p->unit_jobs[i].simulated;
  }
  for (size_t i = 0; i < p->path_count; i++) {
    p->paths[i].path_count = round->paths;
    p->paths[i].batch_paths = round->batch_paths;
    p->paths[i].first_path = first;
    places[p->unit_count + i] = more ? p->path_jobs[i].round : p->path_jobs[i].simulated;
  }
  qs_status status = qs_schedule_value(p->context, devices, "value", p->units, p->unit_count, NULL, places);
  if (!status && p->path_count) {
    status =
        qs_schedule_path(p->context, devices, "paths", p->paths, p->path_count, NULL, places + p->unit_count);
  }
  for (size_t i = 0; !status && more && i < jobs; i++) {
    merge_round(i < p->unit_count ? &p->unit_jobs[i] : &p->path_jobs[i - p->unit_count], round);
  }
  qs_arena_destroy(arena);
  return status;
}

/* Brings what was simulated to the jobs' moments. */
static void conclude(const planner *p) {
  for (size_t i = 0; i < p->unit_count + p->path_count; i++) {
    const job *j = i < p->unit_count ? &p->unit_jobs[i] : &p->path_jobs[i - p->unit_count];
    if (j->controlled) {
      qs_controls_apply(&j->controls, &p->simulation, j->simulated, j->moments, j->use);
    }
  }
  for (size_t u = 0; u < p->market->underlying_count; u++) {
    qs_path_units_replace(&p->values[u].paths_now, &p->simulation);
    qs_path_units_replace(&p->values[u].paths_later, &p->simulation);
  }
}

/* The largest std_error of a simulated price over its underlying's spot. */
static double worst_error(const qs_valuation *valuation, double *scratch) {
  double worst = 0;
  for (size_t i = 0; i < valuation->count; i++) {
    if (valuation->payoff_of[i] != QS_NO_PAYOFF) {
      const qs_form form = qs_price_form(valuation, i, false);
      const double spot = valuation->market->underlyings[valuation->contracts[i].underlying].spot;
      worst = fmax(worst, qs_form_estimate(valuation, i, &form, scratch).std_error / spot);
    }
  }
  return worst;
}

/* Rounds of as many paths as there are, until the errors are small enough. */
static qs_status run_rounds(planner *p, qs_devices *devices, qs_valuation *valuation) {
  qs_simulation *simulation = &p->simulation;
  qs_status status = run_round(p, devices, simulation, 0, false);
  double *scratch = QS_NEW(p->arena, simulation->batches, double);
  if (!status && !scratch) {
    status = qs_fail_memory(p->context, "valuing");
  }
  while (!status) {
    conclude(p);
    valuation->simulation = *simulation;
    if (isnan(simulation->target)) {
      break;
    }
    const double worst = worst_error(valuation, scratch), ratio = worst / simulation->target;
    const double needed =
        fmin((double)simulation->paths * fmax(ratio * ratio, 1), (double)simulation->most_paths);
    qs_progress(p->context, "target", simulation->paths, (uint64_t)fmax(needed, (double)simulation->paths));
    if (!(ratio > 1) || simulation->paths > simulation->most_paths / 2) {
      break;
    }
    const bool sobol = simulation->sampling == QS_SAMPLING_SOBOL;
    status = run_round(p, devices, simulation, sobol ? simulation->batch_paths : simulation->paths, true);
    simulation->paths *= 2;
    simulation->batch_paths *= 2;
  }
  return status;
}

qs_status qs_valuation_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                           bool greeks, qs_valuation *valuation) {
  const size_t most = 2 * market->underlying_count, most_paths = 2 * count;
  planner p = {.context = context,
               .arena = arena,
               .devices = devices,
               .market = market,
               .contracts = contracts,
               .count = count,
               .simulation = *simulation,
               .greeks = greeks,
               .payoff_of = QS_NEW(arena, count, uint32_t),
               .values = QS_NEW(arena, market->underlying_count, qs_underlying_values),
               .units = QS_NEW(arena, most, qs_value_unit),
               .unit_jobs = QS_NEW(arena, most, job),
               .paths = QS_NEW(arena, most_paths, qs_path_unit),
               .path_jobs = QS_NEW(arena, most_paths, job)};
  if (!p.payoff_of || !p.values || !p.units || !p.unit_jobs || !p.paths || !p.path_jobs) {
    return qs_fail_memory(context, "planning the valuation");
  }
  for (size_t i = 0; i < count; i++) {
    p.payoff_of[i] = QS_NO_PAYOFF;
  }
  qs_status status = QS_OK;
  for (size_t u = 0; !status && u < market->underlying_count; u++) {
    status = plan_underlying(&p, u);
  }
  qs_valuation made = {.market = market,
                       .contracts = contracts,
                       .count = count,
                       .greeks = greeks,
                       .payoff_of = p.payoff_of,
                       .values = p.values};
  if (!status) {
    status = run_rounds(&p, devices, &made);
  }
  if (!status) {
    status = qs_joint_value(context, arena, devices, &made, &made.legs);
  }
  if (!status) {
    *valuation = made;
  }
  return status;
}
