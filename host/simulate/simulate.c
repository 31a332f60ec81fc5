#include "host/simulate/simulate.h"

#include <math.h>
#include <string.h>

#include "host/simulate/account.h"
#include "host/simulate/exercise.h"
#include "host/simulate/policies.h"
#include "host/simulate/regress.h"
#include "host/simulate/saved.h"
#include "host/simulate/statistics.h"
#include "host/simulate/tune.h"

qs_status qs_simulate_check(qs_context *context, const qs_inputs *inputs, const qs_market *market,
                            const qs_book *book) {
  qs_arena *arena = qs_arena_create(context);
  if (!arena) {
    return qs_fail_memory(context, "checking a simulation");
  }
  qs_simulate_problem problem;
  qs_status status = qs_simulate_problem_make(context, arena, inputs, market, book, &problem);
  status = status ? status : qs_simulate_objective_check(context, &problem);
  status = status ? status : qs_simulate_policies_check(context, &problem);
  status = status ? status : qs_simulate_saved_check(context, &inputs->simulate);
  qs_arena_destroy(arena);
  return status;
}

static const double least_effective = 100; /* paths that a mean over exponentials, or a tail, must rest on */

/* Takes trust away, with the reason. */
static qs_status distrust(qs_context *context, qs_arena *arena, qs_simulate_result *result,
                          const char *reason) {
  result->why =
      result->why ? qs_arena_printf(arena, "%s; %s", result->why, reason) : qs_arena_strdup(arena, reason);
  result->trusted = false;
  return result->why ? QS_OK : qs_fail_memory(context, "reporting a simulation");
}

static qs_status report_policies(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                 const qs_simulate_policy *policies, const qs_simulate_sample *samples,
                                 qs_simulate_result *result) {
  const qs_simulate_spec *spec = problem->spec;
  qs_policy_result *rows = QS_NEW(arena, spec->policy_count, qs_policy_result);
  qs_status status = rows ? QS_OK : qs_fail_memory(context, "reporting a simulation");
  const qs_simulate_judge judge = {spec->objective, problem->weight, spec->objective_level};
  qs_estimate *objectives = QS_NEW(arena, spec->policy_count, qs_estimate);
  size_t *ranks = QS_NEW(arena, spec->policy_count, size_t);
  double *effective = QS_NEW(arena, spec->policy_count, double);
  status = objectives && ranks && effective ? status : qs_fail_memory(context, "reporting a simulation");
  status = status ? status
                  : qs_simulate_statistics(context, arena, samples, spec->policy_count, &judge, spec->levels,
                                           spec->level_count, rows, effective);
  bool short_tail = false, few = false;
  for (size_t i = 0; !status && i < spec->policy_count; i++) {
    few = few || effective[i] < least_effective;
    objectives[i] = rows[i].objective;
    rows[i].name = qs_arena_strdup(arena, policies[i].name);
    rows[i].type = policies[i].type;
    if (!status && !rows[i].name) {
      status = qs_fail_memory(context, "reporting a simulation");
    }
    qs_venue_result *venues = QS_NEW(arena, spec->venue_count, qs_venue_result);
    status = !status && !venues ? qs_fail_memory(context, "reporting a simulation") : status;
    for (size_t v = 0; !status && v < spec->venue_count; v++) {
      venues[v] = (qs_venue_result){
          qs_simulate_mean(&samples[i].moments.venues[2 * v], (double)samples[i].paths),
          qs_simulate_mean(&samples[i].moments.venues[2 * v + 1], (double)samples[i].paths)};
    }
    rows[i].venues = venues;
    for (size_t l = 0; !status && l < spec->level_count; l++) {
      short_tail = short_tail || !rows[i].levels[l].trusted;
    }
    double *pnl = !status && spec->keep_pnl ? QS_NEW(arena, samples[i].paths, double) : NULL;
    for (uint64_t p = 0; pnl && p < samples[i].paths; p++) {
      pnl[p] = samples[i].gross[p] - samples[i].cost[p];
    }
    rows[i].pnl = pnl;
    rows[i].pnl_count = pnl ? samples[i].paths : 0;
    if (!status && spec->keep_pnl && !pnl) {
      status = qs_fail_memory(context, "reporting a simulation");
    }
  }
  if (!status) {
    qs_simulate_rank(objectives, spec->policy_count, ranks);
  }
  for (size_t i = 0; !status && i < spec->policy_count; i++) {
    rows[i].rank = ranks[i];
  }
  result->policies = rows;
  result->policy_count = spec->policy_count;
  if (!status && few) {
    status = distrust(context, arena, result,
                      "an exponential objective rests on fewer than 100 paths: its largest losses decide it");
  }
  short_tail = short_tail || (spec->objective == QS_OBJECTIVE_EXPECTED_SHORTFALL &&
                              (double)samples[0].paths * (1 - spec->objective_level) < least_effective);
  if (!status && short_tail) {
    status = distrust(context, arena, result,
                      "too few paths are expected beyond a level, at least 100 are needed");
  }
  return status;
}

static void report_attribution(const qs_simulate_sample *sample, const qs_simulate_moment *parts,
                               qs_option_attribution *made) {
  const double paths = (double)sample->paths;
  *made = (qs_option_attribution){
      .present = true,
      .options = qs_simulate_mean(&parts[QS_ATTRIBUTION_PARTS], paths),
      .theta = qs_simulate_mean(&parts[QS_ATTRIBUTION_THETA], paths),
      .delta = qs_simulate_mean(&parts[QS_ATTRIBUTION_DELTA], paths),
      .gamma = qs_simulate_mean(&parts[QS_ATTRIBUTION_GAMMA], paths),
      .vega = qs_simulate_mean(&parts[QS_ATTRIBUTION_VEGA], paths),
      .residual = qs_simulate_mean(&parts[QS_ATTRIBUTION_RESIDUAL], paths),
      .premium = qs_simulate_mean(&parts[QS_ATTRIBUTION_PREMIUM], paths),
  };
}

/* What is simulated of the optimum's objective must be what dynamic programming says of it. */
static bool differ(const qs_simulate_problem *problem, const qs_policy_result *rows, qs_estimate programme) {
  bool far = false;
  for (size_t i = 0; i < problem->spec->policy_count; i++) {
    const qs_estimate *e = &rows[i].objective;
    const double off = fabs(e->estimate - programme.estimate);
    far = far || (problem->spec->policies[i].type == QS_HEDGE_POLICY_OPTIMAL &&
                  off > 5 * hypot(e->std_error, programme.std_error) && off > 0.002 * programme.estimate);
  }
  return far;
}

/* Lower bound, gap and frontier, where the optimum was made. */
static qs_status report_optimum(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                const qs_simulate_optimal *optimal, qs_simulate_result *result) {
  const qs_simulate_problem *problem = paths->problem;
  result->lower_bound_why =
      !optimal->made ? "the policy optimal is not among the policies" : qs_simulate_bound_flaw(problem);
  static const char unlike[] = "what is simulated of the optimum is not what dynamic programming says of it";
  if (result->lower_bound_why) {
    const bool said = optimal->made && !optimal->base_count && !isnan(optimal->objective) &&
                      !qs_simulate_programme_flaw(problem);
    return said && differ(problem, result->policies, (qs_estimate){optimal->objective, 0})
               ? distrust(context, arena, result, unlike)
               : QS_OK;
  }
  qs_policy_bound bound;
  qs_status status = qs_simulate_bound(context, paths, optimal, &bound);
  if (!status) {
    result->lower_bound = (qs_estimate){bound.lower, bound.lower_error};
    result->gap = (qs_estimate){bound.gap, bound.gap_error};
    status = qs_simulate_frontier(context, arena, paths, optimal, &result->frontier);
  }
  if (!status) {
    result->frontier_count = problem->spec->frontier_count;
  }
  const qs_estimate programme = {bound.objective, bound.objective_error};
  if (!status && differ(problem, result->policies, programme)) {
    status = distrust(context, arena, result, unlike);
  }
  return status;
}

/* Tunes the policies that are `optimal`, where it is not by a programme of the objective. */
static qs_status tune(qs_context *context, qs_arena *arena, qs_devices *devices,
                      const qs_simulate_problem *problem, const qs_simulate_optimal *optimal,
                      qs_simulate_policy *policies, qs_policy_tuning *tuning) {
  const qs_policy_table *found = NULL;
  const qs_policy_table **tables = QS_NEW(arena, problem->instrument_count, const qs_policy_table *);
  qs_policy_tuning made = {.present = true};
  qs_status status = tables ? qs_simulate_tune(context, arena, devices, problem, optimal, &found, &made)
                            : qs_fail_memory(context, "choosing a policy");
  for (size_t i = 0; !status && i < problem->spec->policy_count; i++) {
    if (problem->spec->policies[i].type == QS_HEDGE_POLICY_OPTIMAL) {
      memcpy(tables, policies[i].tables, problem->instrument_count * sizeof *tables);
      tables[0] = found;
      policies[i].tables = tables;
    }
  }
  *tuning = made;
  return status;
}

/* Gives the policies that are `regression` their function, and the price of what lies along paths. */
static qs_status regress(qs_context *context, qs_arena *arena, qs_devices *devices,
                         const qs_simulate_problem *problem, qs_simulate_policy *policies, qs_claim *claim) {
  qs_regression *made = NULL;
  bool wanted = problem->along_count > 0;
  for (size_t i = 0; i < problem->spec->policy_count; i++) {
    wanted = wanted || problem->spec->policies[i].type == QS_HEDGE_POLICY_REGRESSION;
  }
  qs_status status = wanted ? qs_regression_make(context, arena, devices, problem, &made) : QS_OK;
  for (size_t i = 0; !status && i < problem->spec->policy_count; i++) {
    if (problem->spec->policies[i].type == QS_HEDGE_POLICY_REGRESSION) {
      policies[i].function = qs_regression_hold;
      policies[i].look = qs_regression_look;
      policies[i].data = made;
    }
  }
  if (!status && problem->along_count) {
    claim->now += qs_regression_value(made);
    claim->along = made;
  }
  return status;
}

/* The policy that is to be kept, or null. */
static const qs_simulate_policy *find_kept(const qs_simulate_spec *spec, const qs_simulate_policy *policies) {
  for (size_t i = 0; spec->save_policy && i < spec->policy_count; i++) {
    if (strcmp(policies[i].name, spec->save_policy) == 0) {
      return &policies[i];
    }
  }
  return NULL;
}

static qs_status run(qs_context *context, qs_arena *arena, qs_arena *scratch, qs_devices *devices,
                     const qs_simulate_problem *problem, qs_simulate_result *result) {
  qs_simulate_paths paths;
  qs_claim claim;
  qs_simulate_policy *policies = NULL;
  qs_simulate_optimal optimal;
  qs_simulate_sample *samples = NULL;
  const qs_attribution *attribution = NULL;
  qs_simulate_moment parts[QS_ATTRIBUTION_PARTS + 1] = {{0, 0}};
  qs_status status = qs_simulate_policies_make(context, scratch, problem, &policies, &optimal);
  const qs_simulate_policy *kept = status ? NULL : find_kept(problem->spec, policies);
  status = kept ? qs_simulate_saved_fits(context, kept) : status;
  if (!status && optimal.made && optimal.base_count) {
    status = tune(context, scratch, devices, problem, &optimal, policies, &result->tuning);
  }
  status =
      status ? status : qs_simulate_account_carries(context, problem, policies, problem->spec->policy_count);
  status = status ? status : qs_simulate_paths_make(context, scratch, devices, problem, &paths);
  status = status ? status : qs_claim_make(context, scratch, &paths, &claim);
  status = status ? status : regress(context, scratch, devices, problem, policies, &claim);
  if (!status && problem->spec->attribution) {
    status = qs_attribution_make(context, scratch, &paths, &attribution);
  }
  if (!status) {
    status = qs_simulate_policies_run(context, scratch, &paths, &claim, attribution, policies,
                                      problem->spec->policy_count, &samples, parts);
  }
  if (!status && attribution) {
    report_attribution(samples, parts, &result->attribution);
  }
  status = status ? status : report_policies(context, arena, problem, policies, samples, result);
  if (!status && kept) {
    status = qs_simulate_saved_make(context, arena, problem, kept, &result->saved);
  }
  return status ? status : report_optimum(context, arena, &paths, &optimal, result);
}

/* And venues. */
static qs_status name_instruments(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                  qs_simulate_result *result) {
  const char **names = QS_NEW(arena, problem->instrument_count, const char *);
  bool made = names;
  for (size_t k = 0; made && k < problem->instrument_count; k++) {
    names[k] = qs_arena_strdup(arena, problem->instruments[k].name);
    made = names[k];
  }
  result->instruments = names;
  result->instrument_count = problem->instrument_count;
  const size_t count = problem->spec->venue_count;
  const char **venues = made ? QS_NEW(arena, count, const char *) : NULL;
  made = venues;
  for (size_t v = 0; made && v < count; v++) {
    venues[v] = qs_arena_strdup(arena, problem->spec->venues[v].name);
    made = venues[v];
  }
  result->venues = venues;
  result->venue_count = count;
  return made ? QS_OK : qs_fail_memory(context, "reporting a simulation");
}

qs_status qs_simulate_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_inputs *inputs,
                          const qs_market *market, const qs_book *book, qs_simulate_result *result) {
  const qs_simulate_spec *spec = &inputs->simulate;
  qs_simulate_problem problem;
  qs_status status = qs_simulate_problem_make(context, arena, inputs, market, book, &problem);
  status = status ? status : qs_simulate_objective_check(context, &problem);
  status = status ? status : qs_simulate_policies_check(context, &problem);
  status = status ? status : qs_simulate_saved_check(context, spec);
  qs_arena *scratch = status ? NULL : qs_arena_create(context);
  if (!status && !scratch) {
    status = qs_fail_memory(context, "simulating policies");
  }
  if (status) {
    return status;
  }
  qs_simulate_result made = {
      .present = true,
      .trusted = true,
      .position = spec->position,
      .underlying = problem.under->name,
      .cost_weight = problem.weight,
      .risk_aversion = problem.weight > 0 ? 2 / problem.weight : NAN,
      .objective = qs_simulate_objective_name(spec->objective),
      .objective_level = spec->objective == QS_OBJECTIVE_EXPECTED_SHORTFALL ? spec->objective_level : NAN,
      .dates = problem.dates,
      .date_count = problem.date_count,
      .level_count = spec->level_count,
      .probabilities = qs_simulate_probabilities,
      .quantile_count = QS_SIMULATE_QUANTILES,
      .lower_bound = {NAN, NAN},
      .gap = {NAN, NAN}};
  status = name_instruments(context, arena, &problem, &made);
  status = status ? status : qs_exercise_make(context, scratch, devices, &problem, &problem.exercise);
  status = status ? status : run(context, arena, scratch, devices, &problem, &made);
  qs_arena_destroy(scratch);
  const qs_calibration_result *fit = &problem.under->calibration;
  if (!status && !fit->trusted) {
    const char *why = qs_arena_printf(arena, "the fit of %s is not trusted: %s", problem.under->name,
                                      fit->why ? fit->why : "no reason given");
    status = why ? distrust(context, arena, &made, why) : qs_fail_memory(context, "reporting a simulation");
  }
  if (!status) {
    *result = made;
  }
  return status;
}
