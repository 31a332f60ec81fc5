/* A run from inputs to results: market, book, calibration, then the sections asked for. */
#include <math.h>
#include <string.h>

#include "host/api/approximated.h"
#include "host/api/copy.h"
#include "host/api/engine.h"
#include "host/api/limits.h"
#include "host/api/run.h"
#include "host/api/warm.h"
#include "host/base/clock.h"
#include "host/engine/expansion.h"
#include "host/engine/greeks.h"
#include "host/engine/horizon.h"
#include "host/engine/report.h"
#include "host/engine/valuation.h"
#include "host/hedge/hedge.h"
#include "host/local/local.h"
#include "host/risk/risk.h"
#include "host/simulate/replay.h"
#include "host/simulate/simulate.h"
#include "host/stress/stress.h"

static void end_stage(qs_run_state *r, const char *stage) {
  const double now = qs_seconds_now();
  const qs_tally *tally = &r->context->tally, *before = &r->tally;
  if (r->results->time_count < QS_MAX_STAGES) {
    r->stages[r->results->time_count++] = (qs_stage_time){stage,
                                                          now - r->started,
                                                          tally->orders - before->orders,
                                                          tally->units - before->units,
                                                          tally->path_steps - before->path_steps,
                                                          tally->seconds - before->seconds};
  }
  r->started = now;
  r->tally = *tally;
}

static qs_status check_inputs(qs_context *context, const qs_inputs *inputs) {
  if (inputs->struct_size < sizeof *inputs) {
    return qs_fail(context, QS_ERROR_USAGE, "qs_inputs.struct_size is %u: call qs_inputs_init first",
                   inputs->struct_size);
  }
  if (inputs->simulation.paths < 1024 || inputs->simulation.paths > (uint64_t)1 << 40) {
    return qs_fail(context, QS_ERROR_INPUT, "simulation.paths: got %llu: must be between 1024 and 2^40",
                   (unsigned long long)inputs->simulation.paths);
  }
  const qs_simulation_spec *simulation = &inputs->simulation;
  if (simulation->sampling == QS_SAMPLING_CHOICE_SOBOL &&
      simulation->variance_reduction == QS_REDUCTION_ANTITHETIC) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulation.variance_reduction: got antithetic: must not be so where sampling is sobol");
  }
  if (simulation->arithmetic == QS_FAST && simulation->precision == QS_DOUBLE) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulation.arithmetic: got fast: must not be so where precision is double");
  }
  const double target = simulation->target_std_error;
  if (!isnan(target) && !(target > 0 && target < 1)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "simulation.target_std_error: got %g: must be greater than 0 and less than 1", target);
  }
  return QS_OK;
}

static qs_status build(qs_run_state *r) {
  qs_status status = check_inputs(r->context, r->inputs);
  if (!status) {
    status = qs_inputs_copy(r->context, r->arena, r->inputs, &r->inputs);
  }
  if (!status) {
    status = qs_warm_market(r->context, r->engine, r->inputs, r->keeps, &r->warm);
    r->market = status ? NULL : r->warm->market;
  }
  if (!status) {
    status = qs_book_build(r->context, r->arena, r->inputs, r->market, &r->book);
  }
  if (!status && r->sections & QS_SECTION_STRESS) {
    status = qs_scenarios_check(r->context, r->market, r->inputs->stress.scenarios,
                                r->inputs->stress.scenario_count);
  }
  if (!status && r->sections & QS_SECTION_RISK) {
    status = qs_risk_check(r->context, r->inputs, r->market, r->book);
  }
  if (!status && r->sections & QS_SECTION_SIMULATE) {
    status = qs_simulate_check(r->context, r->inputs, r->market, r->book);
  }
  if (!status && r->sections & QS_SECTION_BACKTEST) {
    status = qs_replay_check(r->context, r->inputs, r->market, r->book);
  }
  qs_contract *instruments = NULL;
  if (!status && r->sections & QS_SECTION_HEDGE) {
    status =
        qs_book_resolve_names(r->context, r->arena, r->market, "hedge.instruments",
                              r->inputs->hedge.instruments, r->inputs->hedge.instrument_count, &instruments);
  }
  r->instruments = instruments;
  r->simulation = qs_simulation_resolve(&r->inputs->simulation);
  r->simulation.fourier_stress = r->inputs->stress.european_options == QS_STRESS_OPTIONS_FOURIER;
  return status;
}

/* Models and leverage functions, unless the market has them. */
static qs_status fit_market(qs_run_state *r) {
  if (r->warm->fitted) {
    return QS_OK;
  }
  qs_arena *arena = r->warm->arena;
  qs_status status = qs_market_calibrate(r->context, arena, r->market);
  qs_local_settings local = qs_local_resolve(&r->inputs->simulation);
  for (size_t u = 0; !status && u < r->market->underlying_count; u++) {
    qs_underlying_market *market = &r->market->underlyings[u];
    if (market->spec->local) {
      status = qs_local_run(r->context, arena, market, r->market->as_of, &local);
    }
  }
  if (!status && r->keeps && !qs_cancelled(r->context)) {
    qs_warm_keep(r->engine, r->warm);
  }
  return status;
}

/* The market's, and what options are under these. */
static qs_status fit(qs_run_state *r) {
  qs_status status = fit_market(r);
  if (!status) {
    status = qs_book_use_leverage(r->context, r->arena, r->market, r->book->contracts, r->book->count);
  }
  if (!status && r->instruments) {
    status = qs_book_use_leverage(r->context, r->arena, r->market, r->instruments,
                                  r->inputs->hedge.instrument_count);
  }
  return status;
}

static qs_status calibrate(qs_run_state *r) {
  qs_status status = fit(r);
  if (status) {
    return status;
  }
  qs_calibration_result *list = QS_NEW(r->arena, r->market->underlying_count, qs_calibration_result);
  if (!list) {
    return qs_fail_memory(r->context, "reporting the calibration");
  }
  for (size_t u = 0; u < r->market->underlying_count; u++) {
    list[u] = r->market->underlyings[u].calibration;
    list[u].underlying = r->market->underlyings[u].name;
    if (!list[u].trusted) {
      r->results->trusted = false;
    }
  }
  r->results->calibration = list;
  r->results->calibration_count = r->market->underlying_count;
  end_stage(r, "calibrate");
  return QS_OK;
}

/* The book and, for the hedge, its instruments, in one valuation. */
static qs_status value(qs_run_state *r) {
  bool hedge = r->sections & QS_SECTION_HEDGE;
  size_t extra = hedge ? r->inputs->hedge.instrument_count : 0;
  qs_contract *contracts = QS_NEW(r->scratch, r->book->count + extra, qs_contract);
  if (!contracts) {
    return qs_fail_memory(r->context, "valuing");
  }
  memcpy(contracts, r->book->contracts, r->book->count * sizeof *contracts);
  if (extra) {
    memcpy(contracts + r->book->count, r->instruments, extra * sizeof *contracts);
  }
  bool greeks = hedge || r->inputs->value.greeks;
  qs_simulation simulation = r->simulation;
  simulation.target = r->inputs->simulation.target_std_error;
  const uint64_t elsewhere = r->context->tally.elsewhere;
  qs_status status = qs_valuation_run(r->context, r->scratch, r->engine->devices, r->market, contracts,
                                      r->book->count + extra, &simulation, greeks, &r->valuation);
  if (status) {
    return status;
  }
  r->engine->more = !isnan(simulation.target) && r->context->tally.elsewhere > elsewhere &&
                    r->valuation.simulation.paths <= simulation.most_paths / 2;
  r->results->paths = r->valuation.simulation.paths;
  if (r->sections & QS_SECTION_VALUE && !r->share) {
    qs_valuation book = r->valuation;
    book.count = r->book->count;
    book.contracts = r->book->contracts; /* the results point into them */
    book.greeks = r->inputs->value.greeks;
    status = qs_report_values(r->context, r->arena, &book, r->results);
    if (!status && book.greeks) {
      status = qs_report_sensitivities(r->context, r->arena, &book, r->inputs->value.vega, r->results);
    }
    if (!status) {
      status = qs_report_cross_gammas(r->context, r->arena, &book, r->results);
    }
    if (!status) {
      status = qs_report_correlations(r->context, r->arena, &book, r->results);
    }
    if (!status) {
      status = qs_warn_target(r->context, r->arena, r->results);
    }
    r->results->trusted = r->results->trusted && qs_report_trusted(r->results);
  }
  end_stage(r, "value");
  return status;
}

/* Gives the book's trades along paths what stands for them where prices are Fourier's. */
static qs_status expand(qs_run_state *r) {
  bool margin = r->sections & QS_SECTION_STRESS && r->inputs->stress.margin_grid;
  if (!margin && !(r->sections & (QS_SECTION_RISK | QS_SECTION_HEDGE))) {
    return QS_OK;
  }
  size_t count = r->book->count;
  if (r->valuation.contracts && r->valuation.greeks) {
    qs_expansion *expansions = QS_NEW(r->scratch, count, qs_expansion);
    double *room = QS_NEW(r->scratch, r->simulation.batches, double);
    if (!expansions || !room) {
      return qs_fail_memory(r->context, "valuing trades along paths");
    }
    for (size_t i = 0; i < count; i++) {
      if (r->book->contracts[i].kind == QS_CONTRACT_PATH) {
        qs_expansion_find(&r->valuation, i, room, &expansions[i]);
        r->book->contracts[i].expansion = &expansions[i];
      }
    }
  }
  qs_status status = qs_expansions_fill(r->context, r->scratch, r->engine->devices, r->market, &r->simulation,
                                        r->book->contracts, count);
  if (!status) {
    status = qs_warn_approximated(r->context, r->arena, r->book, r->inputs, r->sections, r->results);
  }
  return status;
}

static qs_status make_horizon(qs_run_state *r, double days, double drift, qs_horizon **horizon) {
  qs_horizon_spec spec = {days,
                          drift,
                          r->simulation.paths,
                          r->simulation.seed,
                          r->simulation.precision,
                          r->simulation.scheme,
                          r->simulation.step_days};
  return qs_horizon_create(r->context, r->scratch, r->engine->devices, r->market, &spec, horizon);
}

static qs_status run_risk(qs_run_state *r, qs_horizon **horizon) {
  qs_status status = make_horizon(r, r->inputs->risk.horizon_days, r->inputs->risk.drift, horizon);
  if (!status) {
    status = qs_risk_run(r->context, r->arena, r->inputs, r->market, r->book, *horizon, &r->results->risk);
  }
  if (!status) {
    r->results->trusted = r->results->trusted && r->results->risk.trusted;
    end_stage(r, "risk");
  }
  return status;
}

/* What closing the hedge would cost under each scenario; the cells are the results' own. */
static qs_status unwind_costs(qs_run_state *r, qs_stress_cell *cells) {
  const qs_inputs *inputs = r->inputs;
  if (!(inputs->sections & QS_SECTION_HEDGE)) {
    return QS_OK;
  }
  for (size_t s = 0; s < inputs->stress.scenario_count; s++) {
    qs_status status =
        qs_hedge_unwind_cost(r->context, r->market, &inputs->hedge, r->book->contracts, r->book->count,
                             &inputs->stress.scenarios[s], &cells[s].unwind_cost, NULL);
    if (status) {
      return status;
    }
  }
  return QS_OK;
}

static qs_status run_stress(qs_run_state *r) {
  qs_stress_cell *scenarios = NULL;
  qs_status status = qs_stress_run(r->context, r->arena, r->engine->devices, r->market, r->book,
                                   &r->simulation, &r->inputs->stress, &r->results->stress, &scenarios);
  if (!status) {
    status = unwind_costs(r, scenarios);
  }
  if (!status) {
    r->results->trusted = r->results->trusted && r->results->stress.trusted;
    end_stage(r, "stress");
  }
  return status;
}

static void contract_greeks(const qs_run_state *r, size_t index, double *scratch, double *delta,
                            double *gamma, double *vega) {
  double *const out[] = {delta, gamma, vega};
  static const qs_greek which[] = {QS_GREEK_DELTA, QS_GREEK_GAMMA, QS_GREEK_VEGA};
  for (int k = 0; k < 3; k++) {
    qs_form form;
    *out[k] = qs_greek_form(&r->valuation, index, which[k], false, &form)
                  ? qs_form_estimate(&r->valuation, index, &form, scratch).estimate
                  : 0;
  }
}

/* The hedge's Greeks: of each contract of the book and of each instrument, one unit. */
static qs_status hedge_greeks(const qs_run_state *r, qs_hedge_greeks *greeks) {
  size_t count = r->valuation.count;
  double *scratch = QS_NEW(r->scratch, r->simulation.batches, double);
  double *values = QS_NEW(r->scratch, 3 * count, double);
  if (!scratch || !values) {
    return qs_fail_memory(r->context, "preparing the hedge");
  }
  for (size_t i = 0; i < count; i++) {
    contract_greeks(r, i, scratch, &values[i], &values[count + i], &values[2 * count + i]);
  }
  size_t book = r->book->count;
  greeks->book_delta = values;
  greeks->book_gamma = values + count;
  greeks->book_vega = values + 2 * count;
  greeks->instrument_delta = values + book;
  greeks->instrument_gamma = values + count + book;
  greeks->instrument_vega = values + 2 * count + book;
  return QS_OK;
}

static qs_status run_hedge(qs_run_state *r, qs_horizon *risk_horizon) {
  const qs_hedge_spec *spec = &r->inputs->hedge;
  qs_horizon *horizon = risk_horizon;
  qs_status status = QS_OK;
  if (!horizon || spec->horizon_days != r->inputs->risk.horizon_days || r->inputs->risk.drift != 0) {
    status = make_horizon(r, spec->horizon_days, 0, &horizon);
  }
  qs_hedge_greeks greeks;
  if (!status) {
    status = hedge_greeks(r, &greeks);
  }
  if (!status) {
    status = qs_hedge_run(r->context, r->arena, r->inputs, r->market, r->book, horizon, &greeks,
                          &r->results->hedge);
  }
  if (!status) {
    r->results->trusted = r->results->trusted && r->results->hedge.trusted;
    end_stage(r, "hedge");
  }
  return status;
}

static qs_status run_simulate(qs_run_state *r) {
  qs_status status = qs_simulate_run(r->context, r->arena, r->engine->devices, r->inputs, r->market, r->book,
                                     &r->results->simulate);
  if (!status) {
    r->results->trusted = r->results->trusted && r->results->simulate.trusted;
    end_stage(r, "simulate");
  }
  return status;
}

static qs_status run_backtest(qs_run_state *r) {
  qs_status status =
      qs_replay_run(r->context, r->arena, r->inputs, r->market, r->book, &r->results->backtest);
  if (!status) {
    r->results->trusted = r->results->trusted && r->results->backtest.trusted;
    end_stage(r, "backtest");
  }
  return status;
}

static qs_status report_devices(qs_run_state *r) {
  const qs_devices *devices = r->engine->devices;
  size_t count = qs_devices_count(devices);
  qs_device_use *uses = QS_NEW(r->arena, count, qs_device_use);
  const char *notes = qs_devices_notes(devices);
  char *note = *notes ? qs_arena_strdup(r->arena, notes) : NULL;
  if (!uses || (*notes && !note)) {
    return qs_fail_memory(r->context, "reporting the devices");
  }
  for (size_t d = 0; d < count; d++) {
    qs_device_report report;
    qs_devices_report(devices, d, &report);
    uses[d].name = qs_arena_strdup(r->arena, report.info.name);
    uses[d].target = qs_arena_strdup(r->arena, report.info.target);
    uses[d].failure = *report.failure ? qs_arena_strdup(r->arena, report.failure) : NULL;
    uses[d].units = report.sub_units;
    uses[d].seconds = report.seconds;
    uses[d].restarts = report.restarts;
    uses[d].restart = report.restarts ? qs_arena_strdup(r->arena, report.restart) : NULL;
    if (!uses[d].name || !uses[d].target || (*report.failure && !uses[d].failure) ||
        (report.restarts && !uses[d].restart)) {
      return qs_fail_memory(r->context, "reporting the devices");
    }
  }
  r->results->devices = uses;
  r->results->device_count = count;
  qs_journal_info journal = {.struct_size = sizeof journal};
  qs_journal_state(r->engine, &journal);
  r->results->recalled = journal.recalled;
  r->results->backend_note = note;
  return QS_OK;
}

/* What does not need the sections; the inputs are the run's own copy by then. */
static void start_results(qs_run_state *r) {
  qs_results *results = r->results;
  results->currency = r->inputs->reporting_currency;
  results->as_of = r->inputs->as_of;
  results->seed = r->inputs->simulation.seed;
  results->paths = qs_simulation_resolve(&r->inputs->simulation).paths;
  results->precision = r->inputs->simulation.precision == QS_DOUBLE ? "double" : "mixed";
  results->arithmetic = r->inputs->simulation.arithmetic == QS_FAST ? "fast" : "exact";
  static const char *const samplings[] = {"pseudo", "sobol", "antithetic"};
  results->sampling = samplings[r->simulation.sampling];
  results->target_std_error = NAN;
  results->trusted = true;
}

qs_status qs_run_prepare(qs_run_state *r) {
  r->started = qs_seconds_now();
  r->tally = r->context->tally;
  r->results->times = r->stages;
  qs_status status = build(r);
  if (!status) {
    start_results(r);
    end_stage(r, "prepare");
    status = calibrate(r);
  }
  return status;
}

qs_status qs_run_sections(qs_run_state *r) {
  qs_status status = QS_OK;
  if (r->sections & (QS_SECTION_VALUE | QS_SECTION_HEDGE)) {
    status = value(r);
  }
  if (!status) {
    status = expand(r);
  }
  if (!status && r->share) {
    return r->sections & QS_SECTION_STRESS ? run_stress(r) : QS_OK;
  }
  qs_horizon *horizon = NULL;
  if (!status && r->sections & QS_SECTION_RISK) {
    status = run_risk(r, &horizon);
  }
  if (!status && r->sections & QS_SECTION_STRESS) {
    status = run_stress(r);
  }
  if (!status && r->sections & QS_SECTION_HEDGE) {
    status = run_hedge(r, horizon);
  }
  if (!status && r->sections & QS_SECTION_SIMULATE) {
    status = run_simulate(r);
  }
  if (!status && r->sections & QS_SECTION_BACKTEST) {
    status = run_backtest(r);
  }
  return status;
}

static qs_status run_all(qs_run_state *r) {
  qs_status status = qs_run_prepare(r);
  if (!status) {
    status = qs_run_sections(r);
  }
  if (!status && r->share) {
    return QS_OK;
  }
  if (!status) {
    status = qs_limits_check(r->context, r->arena, r->inputs, r->results);
  }
  if (!status) {
    status = report_devices(r);
  }
  return status;
}

qs_status qs_run(qs_engine *engine, const qs_inputs *inputs, uint32_t sections, const qs_results **results) {
  qs_context *context = &engine->context;
  qs_run_state r = {.engine = engine,
                    .context = context,
                    .inputs = inputs,
                    .sections = sections & inputs->sections,
                    .keeps = true};
  r.arena = qs_arena_create(context);
  r.scratch = qs_arena_create(context);
  qs_results_owner *owner = r.arena ? QS_NEW(r.arena, 1, qs_results_owner) : NULL;
  r.stages = r.arena ? QS_NEW(r.arena, QS_MAX_STAGES, qs_stage_time) : NULL;
  qs_status status = QS_ERROR_MEMORY;
  if (!owner || !r.stages || !r.scratch) {
    qs_fail_memory(context, "starting the run");
  } else {
    owner->arena = r.arena;
    r.results = &owner->results;
    context->store = qs_engine_store(engine, r.scratch);
    context->exchange = engine->team.ranks > 1 ? &engine->exchange : NULL;
    r.share = engine->shares > 1;
    engine->more = false;
    status = engine->team.ranks > 1 && !context->store->memo ? qs_fail_memory(context, "starting the run")
                                                             : run_all(&r);
    context->store = NULL;
    context->exchange = NULL;
    if (!status && qs_cancelled(context)) {
      status = qs_fail(context, QS_ERROR_CANCELLED, "cancelled");
    }
  }
  qs_arena_destroy(r.scratch);
  if (status || r.share) {
    qs_warm_release(r.warm);
    qs_arena_destroy(r.arena);
  } else {
    owner->market = r.warm;
  }
  if (!status) {
    *results = r.share ? NULL : &owner->results;
  }
  return status;
}

void qs_results_destroy(const qs_results *results) {
  if (results) {
    const qs_results_owner *owner = (const qs_results_owner *)results;
    qs_warm_release(owner->market);
    qs_arena_destroy(owner->arena);
  }
}

qs_status qs_check(qs_engine *engine, const qs_inputs *inputs) {
  qs_context *context = &engine->context;
  qs_run_state r = {.engine = engine, .context = context, .inputs = inputs, .sections = inputs->sections};
  r.arena = qs_arena_create(context);
  if (!r.arena) {
    return qs_fail_memory(context, "checking the inputs");
  }
  qs_status status = build(&r);
  qs_warm_release(r.warm);
  qs_arena_destroy(r.arena);
  return status;
}

qs_status qs_scenarios(qs_engine *engine, const qs_inputs *inputs, const qs_scenario_spec *scenarios,
                       size_t count, qs_estimate *pnl) {
  qs_context *context = &engine->context;
  qs_run_state r = {.engine = engine, .context = context, .inputs = inputs, .keeps = true};
  r.arena = qs_arena_create(context);
  qs_estimate *made = r.arena ? QS_NEW(r.arena, count, qs_estimate) : NULL;
  qs_status status = made ? build(&r) : qs_fail_memory(context, "running scenarios");
  if (!status) {
    status = qs_scenarios_check(context, r.market, scenarios, count);
  }
  if (!status) {
    status = fit(&r);
  }
  if (!status) {
    status = qs_scenario_pnl(context, r.arena, engine->devices, r.market, r.book->contracts, r.book->count,
                             &r.simulation, scenarios, count, made, NULL, NULL);
  }
  if (!status) {
    memcpy(pnl, made, count * sizeof *pnl);
  }
  qs_warm_release(r.warm);
  qs_arena_destroy(r.arena);
  return status;
}
