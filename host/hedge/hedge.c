#include "host/hedge/hedge.h"

#include <math.h>
#include <string.h>

#include "host/hedge/costs.h"
#include "host/hedge/limits.h"
#include "host/hedge/moments.h"
#include "host/hedge/price.h"

/* What the section works with. `scratch` dies with it. */
typedef struct section {
  qs_context *context;
  qs_arena *arena, *scratch;
  const qs_hedge_spec *spec;
  const qs_market *market;
  const qs_book *book;
  qs_horizon *horizon;
  const qs_hedge_greeks *greeks;
  size_t count; /* instruments */
  const qs_contract *instruments;
  double weight; /* w */
  qs_cost_rates *rates;
  bool *tradable;
  double *vectors; /* [count + 1][paths], the last one the P&L to be hedged */
  qs_moments *moments;
  qs_exposure exposure;
  qs_hedge_problem problem;
  qs_limit_list limits;
  qs_hedge_solution *solution;
  double *errors; /* [count] standard errors of the trades */
} section;

static qs_status check_weight(section *s) {
  const qs_hedge_spec *spec = s->spec;
  bool by_cost = !isnan(spec->cost_weight), by_risk = !isnan(spec->risk_aversion);
  if (by_cost == by_risk) {
    return qs_fail(s->context, QS_ERROR_INPUT,
                   "hedge: exactly one of cost_weight and risk_aversion must be given");
  }
  if (by_cost ? !(spec->cost_weight >= 0) || isinf(spec->cost_weight) : !(spec->risk_aversion > 0)) {
    return qs_fail(s->context, QS_ERROR_INPUT, "hedge.%s: %g; must be finite and %s",
                   by_cost ? "cost_weight" : "risk_aversion",
                   by_cost ? spec->cost_weight : spec->risk_aversion,
                   by_cost ? "at least 0" : "greater than 0");
  }
  s->weight = by_cost ? spec->cost_weight : 2 / spec->risk_aversion;
  return QS_OK;
}

static qs_status check_spec(section *s) {
  const qs_hedge_spec *spec = s->spec;
  if (spec->instrument_count == 0) {
    return qs_fail(s->context, QS_ERROR_INPUT, "hedge.instruments: empty; must name at least one instrument");
  }
  if (!(spec->horizon_days > 0) || isinf(spec->horizon_days)) {
    return qs_fail(s->context, QS_ERROR_INPUT, "hedge.horizon_days: %g; must be greater than 0",
                   spec->horizon_days);
  }
  for (size_t i = 0; i < spec->instrument_count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(spec->instruments[i], spec->instruments[j]) == 0) {
        return qs_fail(s->context, QS_ERROR_INPUT, "hedge.instruments[%zu]: %.64s is given twice", i,
                       spec->instruments[i]);
      }
    }
  }
  bool found = !spec->book;
  for (size_t c = 0; c < s->book->count && !found; c++) {
    found = qs_hedge_covers(spec, &s->book->contracts[c]);
  }
  return found ? check_weight(s)
               : qs_fail(s->context, QS_ERROR_INPUT, "hedge.book: %.64s; no position is in such a book",
                         spec->book);
}

static qs_status find_rates(section *s) {
  s->rates = QS_NEW(s->scratch, s->count, qs_cost_rates);
  s->tradable = QS_NEW(s->scratch, s->count, bool);
  if (!s->rates || !s->tradable) {
    return qs_fail_memory(s->context, "preparing a hedge");
  }
  const qs_cost_factors today = {1, 1, 1, 1};
  for (size_t i = 0; i < s->count; i++) {
    qs_status status =
        qs_hedge_rates(s->context, s->market, s->spec, &s->instruments[i], &today, &s->rates[i]);
    if (status) {
      return status;
    }
    s->tradable[i] = !isnan(s->rates[i].half_spread);
  }
  return QS_OK;
}

/* The P&L to be hedged: what the book holds less what the target does. */
static qs_status hedged_pnl(section *s, double *pnl) {
  qs_contract *target = NULL;
  qs_status status = qs_book_resolve_positions(s->context, s->scratch, s->market, "hedge.target",
                                               s->spec->target, s->spec->target_count, &target);
  if (status) {
    return status;
  }
  size_t room = s->book->count + s->spec->target_count, used = 0;
  qs_contract *contracts = QS_NEW(s->scratch, room, qs_contract);
  double *weights = QS_NEW(s->scratch, room, double);
  if (!contracts || !weights) {
    return qs_fail_memory(s->context, "preparing a hedge");
  }
  for (size_t c = 0; c < s->book->count; c++) {
    if (qs_hedge_covers(s->spec, &s->book->contracts[c])) {
      contracts[used] = s->book->contracts[c];
      weights[used++] = s->book->contracts[c].quantity;
    }
  }
  for (size_t c = 0; c < s->spec->target_count; c++) {
    contracts[used] = target[c];
    weights[used++] = -target[c].quantity;
  }
  return qs_horizon_pnl(s->horizon, s->context, contracts, weights, used, pnl);
}

static qs_status find_pnl(section *s) {
  uint64_t paths = qs_horizon_paths(s->horizon);
  if (paths < 2 * QS_MOMENT_BLOCKS) {
    return qs_fail(s->context, QS_ERROR_INPUT, "simulation.paths: %llu; a hedge needs at least %d",
                   (unsigned long long)paths, 2 * QS_MOMENT_BLOCKS);
  }
  s->vectors = QS_NEW(s->scratch, (s->count + 1) * (size_t)paths, double);
  if (!s->vectors) {
    return qs_fail_memory(s->context, "simulating P&L for a hedge");
  }
  qs_status status = hedged_pnl(s, s->vectors + s->count * paths);
  for (size_t i = 0; i < s->count && !status; i++) {
    qs_progress(s->context, "hedge", i + 1, s->count + 1);
    if (qs_cancelled(s->context)) {
      return qs_fail(s->context, QS_ERROR_CANCELLED, "cancelled while hedging");
    }
    const double one = 1;
    status = qs_horizon_pnl(s->horizon, s->context, &s->instruments[i], &one, 1, s->vectors + i * paths);
  }
  if (!status) {
    status = qs_moments_compute(s->context, s->scratch, s->vectors, s->count + 1, paths, &s->moments);
  }
  return status;
}

/* Covariances of all blocks but `without` into the problem's arrays. */
static void set_covariance(section *s, int without, double *joint, double *mean, double *covariance,
                           double *cross) {
  size_t n = s->count, width = n + 1;
  qs_moments_covariance(s->moments, without, joint, mean);
  for (size_t i = 0; i < n; i++) {
    memcpy(covariance + i * n, joint + i * width, n * sizeof *covariance);
    cross[i] = joint[i * width + n];
  }
  s->problem.covariance = covariance;
  s->problem.cross = cross;
  s->problem.constant = joint[n * width + n];
}

static qs_status set_costs(section *s) {
  double *linear = QS_NEW(s->scratch, s->count, double);
  double *impact = QS_NEW(s->scratch, s->count, double);
  double *funding = QS_NEW(s->scratch, s->count, double);
  if (!linear || !impact || !funding) {
    return qs_fail_memory(s->context, "preparing a hedge");
  }
  for (size_t i = 0; i < s->count; i++) {
    const qs_cost_rates *rates = &s->rates[i];
    linear[i] = s->tradable[i] ? s->weight * (rates->fee + rates->half_spread) : 0;
    impact[i] = s->weight * rates->impact;
    funding[i] = s->weight * rates->funding;
  }
  s->problem.count = s->count;
  s->problem.linear = linear;
  s->problem.impact = impact;
  s->problem.funding = funding;
  return QS_OK;
}

/* The jackknife over blocks: (B - 1)/B sum of squared distances of the trades without one block from their
 * mean. NaN where a problem without a block could not be solved. */
static qs_status jackknife(section *s, double *joint, double *mean, double *covariance, double *cross) {
  size_t n = s->count;
  double *average = QS_NEW(s->scratch, n, double), *squares = QS_NEW(s->scratch, n, double);
  if (!average || !squares) {
    return qs_fail_memory(s->context, "measuring the errors of a hedge");
  }
  bool solved = true;
  for (int block = 0; block < QS_MOMENT_BLOCKS && solved; block++) {
    qs_arena *arena = qs_arena_create(s->context);
    qs_hedge_solution *other = NULL;
    set_covariance(s, block, joint, mean, covariance, cross);
    qs_status status = arena ? qs_hedge_optimise(s->context, arena, &s->problem, s->solution, &other)
                             : qs_fail_memory(s->context, "measuring the errors of a hedge");
    for (size_t i = 0; i < n && !status; i++) {
      double shift = other->x[i] - average[i];
      average[i] += shift / (block + 1);
      squares[i] += shift * (other->x[i] - average[i]);
    }
    solved = !status && other->outcome == QS_HEDGE_OPTIMAL;
    qs_arena_destroy(arena);
    if (status) {
      return status;
    }
  }
  for (size_t i = 0; i < n; i++) {
    s->errors[i] = solved ? sqrt(squares[i] * (QS_MOMENT_BLOCKS - 1) / QS_MOMENT_BLOCKS) : NAN;
  }
  set_covariance(s, QS_NO_BLOCK, joint, mean, covariance, cross);
  return QS_OK;
}

static qs_status solve(section *s) {
  size_t n = s->count, width = n + 1;
  double *joint = QS_NEW(s->scratch, width * width, double), *mean = QS_NEW(s->scratch, width, double);
  double *covariance = QS_NEW(s->scratch, n * n, double), *cross = QS_NEW(s->scratch, n, double);
  s->errors = QS_NEW(s->scratch, n, double);
  if (!joint || !mean || !covariance || !cross || !s->errors) {
    return qs_fail_memory(s->context, "preparing a hedge");
  }
  qs_status status = set_costs(s);
  if (!status) {
    status =
        qs_limits_build(s->context, s->arena, s->spec, &s->exposure, s->tradable, &s->problem, &s->limits);
  }
  if (status) {
    return status;
  }
  set_covariance(s, QS_NO_BLOCK, joint, mean, covariance, cross);
  status = qs_hedge_optimise(s->context, s->scratch, &s->problem, NULL, &s->solution);
  if (!status && s->solution->outcome == QS_HEDGE_OPTIMAL) {
    status = jackknife(s, joint, mean, covariance, cross);
  }
  return status;
}

/* Everything that depends on the trades x alone. */
static qs_status measure_state(const section *s, const double *x, qs_hedge_state *state) {
  double *weights = QS_NEW(s->scratch, s->count + 1, double);
  if (!weights) {
    return qs_fail_memory(s->context, "reporting a hedge");
  }
  memcpy(weights, x, s->count * sizeof *weights);
  weights[s->count] = 1;
  qs_exposure_state(&s->exposure, x, state);
  qs_moments_variance(s->context, s->moments, s->vectors, weights, &state->variance.estimate,
                      &state->variance.std_error);
  state->std_dev = sqrt(state->variance.estimate);
  return QS_OK;
}

static qs_status report_trades(const section *s, qs_hedge_result *result) {
  qs_hedge_trade *trades = QS_NEW(s->arena, s->count, qs_hedge_trade);
  if (!trades) {
    return qs_fail_memory(s->context, "reporting a hedge");
  }
  bool optimal = s->solution->outcome == QS_HEDGE_OPTIMAL;
  double cost = 0;
  for (size_t i = 0; i < s->count; i++) {
    double x = s->solution->x[i];
    qs_cost_parts parts = qs_hedge_cost(&s->rates[i], x);
    trades[i] = (qs_hedge_trade){.instrument = qs_arena_strdup(s->arena, s->spec->instruments[i]),
                                 .quantity = x,
                                 .ratio = {x, optimal ? s->errors[i] : NAN},
                                 .cost = parts.total,
                                 .fee = parts.fee,
                                 .spread = parts.spread,
                                 .impact = parts.impact,
                                 .funding = parts.funding};
    if (!trades[i].instrument) {
      return qs_fail_memory(s->context, "reporting a hedge");
    }
    cost += parts.total;
  }
  result->trades = trades;
  result->trade_count = s->count;
  result->cost = cost;
  return QS_OK;
}

/* `text` and the names of the instruments that are meant. */
static const char *name_instruments(const section *s, const char *text,
                                    bool (*meant)(const section *, size_t)) {
  const char *names = text;
  bool first = true;
  for (size_t i = 0; i < s->count && names; i++) {
    if (meant(s, i)) {
      names = qs_arena_printf(s->arena, "%s%s%s", names, first ? " " : ", ", s->spec->instruments[i]);
      first = false;
    }
  }
  return names;
}

static bool not_tradable(const section *s, size_t i) {
  return !s->tradable[i];
}

/* A considerable part of a direction that runs away. */
static bool runs_away(const section *s, size_t i) {
  double largest = 0;
  for (size_t j = 0; j < s->count; j++) {
    largest = fmax(largest, fabs(s->solution->x[j]) * qs_hedge_notional(s->market, &s->instruments[j]));
  }
  double part = fabs(s->solution->x[i]) * qs_hedge_notional(s->market, &s->instruments[i]);
  return part > 0 && part >= 1e-3 * largest;
}

/* Whether the numbers can be trusted, and why not. */
static qs_status report_trust(const section *s, qs_hedge_result *result) {
  bool all_tradable = true;
  for (size_t i = 0; i < s->count; i++) {
    all_tradable = all_tradable && s->tradable[i];
  }
  result->feasible = s->solution->outcome != QS_HEDGE_INFEASIBLE;
  result->trusted = s->solution->outcome == QS_HEDGE_OPTIMAL && all_tradable;
  if (s->solution->outcome == QS_HEDGE_UNBOUNDED) {
    result->why = name_instruments(s, "funding pays for a position without risk or limit in", runs_away);
    memset(s->solution->x, 0, s->count * sizeof *s->solution->x);
  } else if (s->solution->outcome != QS_HEDGE_OPTIMAL) {
    result->why = s->solution->why;
  } else if (!all_tradable) {
    result->why = name_instruments(s, "not traded, for want of a two-sided quote:", not_tradable);
  }
  return result->trusted || result->why ? QS_OK : qs_fail_memory(s->context, "reporting a hedge");
}

static qs_status report(const section *s, qs_hedge_result *result) {
  const qs_hedge_spec *spec = s->spec;
  qs_hedge_result mine = {.present = true,
                          .cost_weight = s->weight,
                          .risk_aversion = isnan(spec->risk_aversion) ? 2 / s->weight : spec->risk_aversion,
                          .horizon_days = spec->horizon_days,
                          .kkt_residual = NAN,
                          .iterations = s->solution->iterations};
  double *none = QS_NEW(s->scratch, s->count, double);
  qs_status status = none ? report_trust(s, &mine) : qs_fail_memory(s->context, "reporting a hedge");
  if (!status) {
    status = qs_limits_report(s->context, s->arena, &s->limits, s->solution, &mine);
  }
  if (!status) {
    status = report_trades(s, &mine);
  }
  if (!status) {
    status = measure_state(s, none, &mine.before);
  }
  if (!status) {
    status = measure_state(s, s->solution->x, &mine.after);
  }
  if (status) {
    return status;
  }
  if (mine.feasible && s->solution->outcome != QS_HEDGE_UNBOUNDED) {
    mine.kkt_residual = s->solution->kkt;
  }
  mine.objective_before = mine.before.variance.estimate;
  mine.objective_after = mine.after.variance.estimate + s->weight * mine.cost;
  *result = mine;
  return QS_OK;
}

static qs_status run(section *s, qs_hedge_result *result) {
  qs_status status = check_spec(s);
  qs_contract *instruments = NULL;
  if (!status) {
    status = qs_book_resolve_names(s->context, s->scratch, s->market, "hedge.instruments",
                                   s->spec->instruments, s->spec->instrument_count, &instruments);
  }
  if (!status) {
    s->instruments = instruments;
    s->count = s->spec->instrument_count;
    status = find_rates(s);
  }
  if (!status) {
    status = qs_exposure_measure(s->context, s->scratch, s->market, s->book, s->spec, s->instruments,
                                 s->greeks, &s->exposure);
  }
  if (!status) {
    status = find_pnl(s);
  }
  if (!status) {
    status = solve(s);
  }
  return status ? status : report(s, result);
}

qs_status qs_hedge_run(qs_context *context, qs_arena *arena, const qs_inputs *inputs, const qs_market *market,
                       const qs_book *book, qs_horizon *horizon, const qs_hedge_greeks *greeks,
                       qs_hedge_result *result) {
  section s = {.context = context,
               .arena = arena,
               .scratch = qs_arena_create(context),
               .spec = &inputs->hedge,
               .market = market,
               .book = book,
               .horizon = horizon,
               .greeks = greeks};
  qs_status status = s.scratch ? run(&s, result) : qs_fail_memory(context, "preparing a hedge");
  qs_arena_destroy(s.scratch);
  return status;
}
