/*
 * quickset in process, without files: a desk's scenario tool.
 *
 * Builds market, book and scenarios in memory, then values, measures risk, stresses and hedges the book, now
 * and over time, in a background job that it polls, simulates a hedging policy of its own, cancels a job, and
 * asks for the P&L under scenarios of its own. The
 * same inputs as a config (tests/consumer/inprocess/) give the same results.json to the byte: with an
 * argument, the program writes its own there.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <quickset/quickset.h>

/* 2026-03-02T09:30:00Z */
static const qs_time as_of = 1772443800;

static qs_quote quote(const char *instrument, double bid, double ask) {
  qs_quote q = {0};
  q.instrument = instrument;
  q.bid = bid;
  q.ask = ask;
  q.mark = q.open_interest = q.bid_size = q.ask_size = NAN;
  return q;
}

static void check(qs_engine *engine, qs_status status, const char *what) {
  if (status != QS_OK) {
    fprintf(stderr, "%s: %s: %s\n", what, qs_status_name(status), engine ? qs_engine_message(engine) : "");
    exit(1);
  }
}

/* Waits for the job, telling how far it is. */
static const qs_results *wait_for(qs_engine *engine, qs_job *job) {
  const struct timespec pause = {0, 20 * 1000 * 1000};
  qs_job_state state = {.struct_size = sizeof state};
  for (qs_job_poll(job, &state); !state.finished; qs_job_poll(job, &state)) {
    nanosleep(&pause, NULL);
  }
  const qs_results *results = NULL;
  check(engine, qs_job_wait(job, &results), "job");
  qs_job_destroy(job);
  return results;
}

static void print_value(const qs_results *r) {
  printf("value %.2f +- %.2f, delta %.4f +- %.4f\n", r->total.value.estimate, r->total.value.std_error,
         r->total.greeks.value[QS_GREEK_DELTA].estimate, r->total.greeks.value[QS_GREEK_DELTA].std_error);
  const qs_risk_level *level = &r->risk.levels[r->risk.level_count - 1];
  printf("1-day expected shortfall at %g: %.2f [%.2f, %.2f]\n", level->level,
         level->expected_shortfall.estimate, level->expected_shortfall.low, level->expected_shortfall.high);
}

static void print_hedges(const qs_results *r) {
  for (size_t i = 0; i < r->hedge.trade_count; i++) {
    printf("hedge: trade %.4f of %s\n", r->hedge.trades[i].quantity, r->hedge.trades[i].instrument);
  }
  for (size_t i = 0; i < r->simulate.policy_count; i++) {
    const qs_policy_result *policy = &r->simulate.policies[i];
    printf("%s: objective %.0f +- %.0f\n", policy->name, policy->objective.estimate,
           policy->objective.std_error);
  }
}

/* A policy of the desk's own: all of the delta that it is told of, but only every second date. */
static qs_status every_second_date(void *data, const qs_policy_view *view, double *target) {
  const double delta = *(const double *)data;
  for (size_t i = 0; i < view->path_count && view->date % 2 == 0; i++) {
    target[i] = delta;
  }
  return QS_OK;
}

/* Beside the library's own policies, on the same paths. */
static void simulate_own(qs_engine *engine, qs_inputs inputs) {
  double delta = 5;
  qs_hedge_policy_spec policies[2];
  qs_hedge_policy_spec_init(&policies[0]);
  policies[0].type = QS_HEDGE_POLICY_NONE;
  qs_hedge_policy_spec_init(&policies[1]);
  policies[1].type = QS_HEDGE_POLICY_CALLBACK;
  policies[1].name = "desk";
  policies[1].function = every_second_date;
  policies[1].data = &delta;
  inputs.simulate.policies = policies;
  inputs.simulate.policy_count = 2;
  const qs_results *results = NULL;
  check(engine, qs_run(engine, &inputs, QS_SECTION_SIMULATE, &results), "simulate");
  print_hedges(results);
  const qs_policy_result *none = &results->simulate.policies[0], *desk = &results->simulate.policies[1];
  if (!(desk->variance.estimate < none->variance.estimate) || !(desk->cost.estimate > 0)) {
    fprintf(stderr, "half of the delta must leave less variance than nothing, at a cost\n");
    exit(1);
  }
  qs_results_destroy(results);
}

static int write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (!file) {
    return 0;
  }
  int written = fputs(text, file) >= 0;
  return fclose(file) == 0 && written;
}

/* What the inputs point to: it must last as long as they are used. */
typedef struct world {
  qs_quote quotes[11];
  qs_underlying_spec underlyings[2];
  qs_trade_spec trade;
  qs_hedge_policy_spec policies[2];
} world;

static void make_market(world *w) {
  const qs_quote given[] = {
      quote("BTC-INDEX", 68012.35, 68012.35),      quote("BTC-PERPETUAL", 68015.5, 68016),
      quote("BTC-27MAR26", 68305, 68307.5),        quote("BTC-27MAR26-60000-P", 0.01, 0.0115),
      quote("BTC-27MAR26-62500-P", 0.0175, 0.019), quote("BTC-27MAR26-65000-P", 0.0275, 0.029),
      quote("BTC-27MAR26-67500-P", 0.0415, 0.043), quote("BTC-27MAR26-70000-C", 0.0355, 0.037),
      quote("BTC-27MAR26-72500-C", 0.0225, 0.024), quote("BTC-27MAR26-75000-C", 0.0135, 0.015),
      quote("BTC-27MAR26-77500-C", 0.007, 0.0085),
  };
  memcpy(w->quotes, given, sizeof given);
  qs_underlying_spec *underlyings = w->underlyings;
  qs_underlying_spec_init(&underlyings[0]);
  underlyings[0].name = "BTC";
  underlyings[0].quotes = w->quotes;
  underlyings[0].quote_count = sizeof given / sizeof *given;
  underlyings[0].model.type = QS_MODEL_GBM;
  underlyings[0].calibrate = true;
  qs_underlying_spec_init(&underlyings[1]);
  underlyings[1].name = "X";
  underlyings[1].spot = 100;
  underlyings[1].carry = 0.03;
  underlyings[1].discount_rate = 0.05;
  underlyings[1].model.type = QS_MODEL_HESTON;
  underlyings[1].model.value[QS_V0] = 0.04;
  underlyings[1].model.value[QS_KAPPA] = 1.5;
  underlyings[1].model.value[QS_THETA] = 0.04;
  underlyings[1].model.value[QS_XI] = 0.5;
  underlyings[1].model.value[QS_RHO] = -0.7;
  underlyings[1].given = 1u << QS_V0 | 1u << QS_KAPPA | 1u << QS_THETA | 1u << QS_XI | 1u << QS_RHO;
}

static void fill_simulate(world *w, const char *const *instruments, qs_inputs *inputs) {
  qs_hedge_policy_spec_init(&w->policies[0]);
  w->policies[0].type = QS_HEDGE_POLICY_DELTA_EVERY_DATE;
  qs_hedge_policy_spec_init(&w->policies[1]);
  w->policies[1].type = QS_HEDGE_POLICY_FIXED_INTERVAL;
  w->policies[1].every = 2;
  inputs->simulate.position = "BTC-27MAR26-70000-C";
  inputs->simulate.instruments = instruments;
  inputs->simulate.instrument_count = 1;
  inputs->simulate.dates.count = 5;
  inputs->simulate.dates.spacing_days = 1;
  inputs->simulate.costs.proportional = 0.0005;
  inputs->simulate.risk_aversion = 1e-6;
  inputs->simulate.policies = w->policies;
  inputs->simulate.policy_count = 2;
}

static void fill_inputs(world *w, qs_inputs *inputs) {
  static const qs_position_spec positions[] = {
      {.instrument = "BTC-27MAR26-70000-C", .quantity = -10, .entry_price = NAN},
      {.instrument = "BTC-27MAR26-62500-P", .quantity = 5, .entry_price = NAN},
  };
  static const qs_correlation_spec correlation = {{"BTC", "X"}, 0.3};
  static const qs_cash_spec cash = {.currency = "BTC", .amount = 2};
  static const double spot_moves[] = {-0.2, 0, 0.2}, volatility_moves[] = {0, 0.5};
  static const char *const instruments[] = {"BTC-PERPETUAL"};
  make_market(w);
  qs_trade_spec_init(&w->trade);
  w->trade.id = "x-call";
  w->trade.type = QS_TRADE_EUROPEAN;
  w->trade.underlying = "X";
  w->trade.call_put = QS_CALL;
  w->trade.strike = 105;
  w->trade.expiry_years = 0.5;
  w->trade.quantity = 4000;
  qs_inputs_init(inputs);
  inputs->sections = QS_SECTION_CALIBRATE | QS_SECTION_VALUE | QS_SECTION_RISK | QS_SECTION_STRESS |
                     QS_SECTION_HEDGE | QS_SECTION_SIMULATE;
  inputs->as_of = as_of;
  inputs->simulation.paths = 16384;
  inputs->underlyings = w->underlyings;
  inputs->underlying_count = 2;
  inputs->correlations = &correlation;
  inputs->correlation_count = 1;
  inputs->positions = positions;
  inputs->position_count = 2;
  inputs->trades = &w->trade;
  inputs->trade_count = 1;
  inputs->cash = &cash;
  inputs->cash_count = 1;
  inputs->stress.spot = spot_moves;
  inputs->stress.spot_count = 3;
  inputs->stress.volatility = volatility_moves;
  inputs->stress.volatility_count = 2;
  inputs->hedge.instruments = instruments;
  inputs->hedge.instrument_count = 1;
  inputs->hedge.risk_aversion = 1e-6;
  fill_simulate(w, instruments, inputs);
}

/* A job that nobody waits for any more: cancelled, and nothing is left of it. */
static void cancel_one(qs_engine *engine, qs_inputs inputs) {
  qs_job *job = NULL;
  const qs_results *results = NULL;
  inputs.simulation.paths = (uint64_t)1 << 30;
  check(engine, qs_job_start(engine, &inputs, QS_SECTION_VALUE, &job), "job");
  qs_job_cancel(job);
  qs_status cancelled = qs_job_wait(job, &results);
  qs_job_destroy(job);
  if (cancelled != QS_ERROR_CANCELLED) {
    fprintf(stderr, "a cancelled job ended with: %s\n", qs_status_name(cancelled));
    exit(1);
  }
}

/* What the desk's own scenario tooling asks for: P&L under shocks that it makes up as it goes. */
static void ask_scenarios(qs_engine *engine, const qs_inputs *inputs) {
  qs_scenario_spec scenarios[2];
  qs_scenario_spec_init(&scenarios[0]);
  scenarios[0].name = "crash";
  scenarios[0].spot = -0.3;
  scenarios[0].volatility = 0.8;
  qs_scenario_spec_init(&scenarios[1]);
  scenarios[1].name = "nothing";
  qs_estimate pnl[2];
  check(engine, qs_scenarios(engine, inputs, scenarios, 2, pnl), "scenarios");
  printf("crash: %.2f +- %.2f\n", pnl[0].estimate, pnl[0].std_error);
  if (pnl[1].estimate != 0) {
    fprintf(stderr, "the scenario without a shock has a P&L of %g\n", pnl[1].estimate);
    exit(1);
  }
}

int main(int argc, char **argv) {
  char message[256] = "";
  qs_engine_spec engine_spec;
  qs_engine_spec_init(&engine_spec);
  qs_engine *engine = NULL;
  if (qs_engine_create(&engine_spec, message, sizeof message, &engine) != QS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }

  world w;
  qs_inputs inputs;
  fill_inputs(&w, &inputs);

  /* Everything at once, in the background. */
  qs_job *job = NULL;
  check(engine, qs_job_start(engine, &inputs, inputs.sections, &job), "job");
  const qs_results *results = wait_for(engine, job);
  print_value(results);
  print_hedges(results);
  char *json = NULL;
  check(engine, qs_results_json(engine, results, &json), "json");
  if (argc > 1 && !write_text(argv[1], json)) {
    fprintf(stderr, "%s: cannot be written\n", argv[1]);
    return 1;
  }
  qs_text_free(engine, json);
  qs_results_destroy(results);

  simulate_own(engine, inputs);

  cancel_one(engine, inputs);
  ask_scenarios(engine, &inputs);
  qs_engine_destroy(engine);
  return 0;
}
