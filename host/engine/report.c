#include "host/engine/report.h"

#include <math.h>
#include <string.h>

#include "host/engine/greeks.h"
#include "host/engine/trust.h"

/* A position's numbers: its Greeks, then its value. */
enum { VALUE = QS_UNTRUSTED_PRICE, NUMBERS };

/* A running total, number by number and batch by batch. */
typedef struct total {
  qs_total_result *result;
  double *sums;     /* [NUMBERS][batches] */
  size_t untrusted; /* positions */
} total;

typedef struct reporter {
  const qs_valuation *valuation;
  qs_arena *arena;
  double *scratch; /* [batches] */
  total *totals;
  size_t total_count;
} reporter;

static bool start_total(reporter *r, qs_total_result *result, const char *name) {
  total *t = &r->totals[r->total_count];
  t->result = result;
  t->sums = QS_NEW(r->arena, (size_t)NUMBERS * r->valuation->simulation.batches, double);
  result->name = name;
  r->total_count += t->sums != NULL;
  return t->sums != NULL;
}

/* Adds one number of one contract to the totals that it belongs to. */
static void add_to_totals(reporter *r, size_t contract, int number, const qs_form *form, total *const *mine) {
  const qs_valuation *v = r->valuation;
  uint32_t batches = v->simulation.batches;
  double quantity = v->contracts[contract].quantity;
  memset(r->scratch, 0, batches * sizeof *r->scratch);
  qs_form_add_batches(v, contract, form, quantity, r->scratch);
  for (int k = 0; mine[k]; k++) {
    double *sums = mine[k]->sums + (size_t)number * batches;
    for (uint32_t b = 0; b < batches; b++) {
      sums[b] += r->scratch[b];
    }
    if (number != VALUE) {
      mine[k]->result->greeks.present |= 1u << number;
    }
  }
}

static qs_estimate scaled(qs_estimate estimate, double factor) {
  qs_estimate result = {estimate.estimate * factor, estimate.std_error * fabs(factor)};
  return result;
}

/* Notes a number of one contract, of which r->scratch has `weight` times the batch means, where few paths
 * carry it. */
static void judge(const reporter *r, const qs_form *form, double weight, int number, qs_trust *trust) {
  if (qs_few_paths(&r->valuation->simulation, r->scratch, fabs(weight) * qs_form_rounding(form))) {
    trust->few |= 1u << number;
  }
}

/* Likewise where the batch means are not there yet. */
static void judge_alone(reporter *r, size_t contract, const qs_form *form, int number, qs_trust *trust) {
  const qs_valuation *v = r->valuation;
  memset(r->scratch, 0, v->simulation.batches * sizeof *r->scratch);
  qs_form_add_batches(v, contract, form, 1, r->scratch);
  judge(r, form, 1, number, trust);
}

/* Adds to the totals where `mine` is not null. */
static void fill_greeks(reporter *r, size_t contract, bool coin, qs_greeks *greeks, total *const *mine,
                        qs_trust *trust) {
  const qs_valuation *v = r->valuation;
  double quantity = v->contracts[contract].quantity;
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    qs_form form;
    if (!qs_greek_form(v, contract, (qs_greek)g, coin, &form)) {
      continue;
    }
    greeks->present |= 1u << g;
    greeks->value[g] = scaled(qs_form_estimate(v, contract, &form, r->scratch), quantity);
    const double wrong = quantity * qs_extrapolation_error(v, contract, &form);
    greeks->value[g].std_error = hypot(greeks->value[g].std_error, wrong);
    if (mine) {
      add_to_totals(r, contract, g, &form, mine);
      judge(r, &form, quantity, g, trust);
    } else {
      judge_alone(r, contract, &form, g, trust);
    }
  }
}

/* The model's price in the venue's unit, to hold against the mark. */
static double venue_price(const qs_valuation *v, const qs_contract *contract, const qs_trade_result *trade) {
  switch (contract->kind) {
  case QS_CONTRACT_OPTION:
  case QS_CONTRACT_PATH:
    return contract->settlement == QS_SETTLE_COIN ? trade->price_coin.estimate : trade->price.estimate;
  case QS_CONTRACT_FUTURE:
    return qs_curve_forward(&v->market->underlyings[contract->underlying].curve, contract->years);
  case QS_CONTRACT_PERPETUAL:
  case QS_CONTRACT_SPOT:
    return v->market->underlyings[contract->underlying].spot;
  case QS_CONTRACT_FORWARD:
    return trade->price.estimate;
  case QS_CONTRACT_CASH:
    break;
  }
  return NAN;
}

static bool all_finite(const qs_greeks *greeks) {
  bool finite = true;
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    finite = finite && (!(greeks->present >> g & 1) || isfinite(greeks->value[g].estimate));
  }
  return finite;
}

/* Beyond it, as a share of the price, the policy is not trusted. */
static const double tolerated_gap = 0.02;

static void fill_bounds(const qs_valuation *v, size_t index, const qs_form *price, qs_trade_result *trade) {
  const qs_early_bounds *bounds = qs_contract_bounds(v, index, false);
  if (!bounds) {
    return;
  }
  double unit = price->now[QS_PATH_PRICE];
  trade->bounds = (qs_bounds_result){.present = true,
                                     .dates = bounds->dates,
                                     .lower = scaled(bounds->lower, unit),
                                     .upper = scaled(bounds->upper, unit),
                                     .gap = scaled(bounds->gap, unit),
                                     .extrapolation = scaled(bounds->extrapolation, unit)};
  if (!(trade->bounds.gap.estimate <= tolerated_gap * trade->price.estimate)) {
    trade->trusted = false;
    trade->why = "the bounds of early exercise are more than 2% of the price apart";
  }
}

/* Whether the trade is trusted and why not; false: out of memory. */
static bool fill_trust(const reporter *r, size_t index, const qs_trust *trust, qs_trade_result *trade) {
  const qs_valuation *v = r->valuation;
  const qs_contract *contract = &v->contracts[index];
  trade->trusted = true;
  const qs_form form = qs_price_form(v, index, false);
  fill_bounds(v, index, &form, trade);
  if (contract->underlying >= 0) {
    const qs_underlying_market *market = &v->market->underlyings[contract->underlying];
    if (!market->calibration.trusted) {
      trade->trusted = false;
      trade->why = "the model's fit to the quotes is not trusted";
    }
  }
  if (!isfinite(trade->value.estimate) || isnan(trade->value.std_error)) {
    trade->trusted = false;
    trade->why = contract->kind == QS_CONTRACT_PATH && contract->path->script
                     ? "the formula is undefined on some path"
                     : "the estimate or its error is not a finite number";
    return true;
  }
  if (!all_finite(&trade->greeks) || !all_finite(&trade->greeks_coin)) {
    trade->trusted = false;
    trade->why = "a Greek is not a finite number";
    return true;
  }
  trade->untrusted = trust->few | trust->jumps;
  if (!trade->untrusted) {
    return true;
  }
  const char *by_paths = qs_trust_why(r->arena, trust);
  trade->why = by_paths && trade->why ? qs_arena_printf(r->arena, "%s; %s", trade->why, by_paths) : by_paths;
  trade->trusted = false;
  return trade->why != NULL;
}

/* False: out of memory. */
static bool fill_trade(reporter *r, size_t index, qs_trade_result *trade, total *const *mine) {
  static const qs_estimate none = {NAN, NAN};
  const qs_valuation *v = r->valuation;
  const qs_contract *contract = &v->contracts[index];
  bool coin = qs_contract_in_coin(contract);
  qs_trust trust = {0};
  trade->id = contract->id;
  trade->instrument = contract->instrument;
  trade->underlying = contract->underlying < 0 ? NULL : v->market->underlyings[contract->underlying].name;
  trade->book = contract->book;
  trade->venue = contract->venue;
  trade->kind = qs_contract_name(contract);
  trade->quantity = contract->quantity;
  trade->mark = contract->mark;
  qs_form form = qs_price_form(v, index, false);
  trade->price = qs_form_estimate(v, index, &form, r->scratch);
  trade->value = scaled(trade->price, contract->quantity);
  add_to_totals(r, index, VALUE, &form, mine);
  judge(r, &form, contract->quantity, VALUE, &trust);
  trade->price_coin = none;
  trade->value_coin = none;
  if (coin) {
    form = qs_price_form(v, index, true);
    trade->price_coin = qs_form_estimate(v, index, &form, r->scratch);
    judge_alone(r, index, &form, VALUE, &trust);
    trade->value_coin = scaled(trade->price_coin, contract->quantity);
  }
  if (v->greeks) {
    fill_greeks(r, index, false, &trade->greeks, mine, &trust);
    if (coin) {
      fill_greeks(r, index, true, &trade->greeks_coin, NULL, &trust);
    }
    qs_trust_jumps(v, index, &trust);
  }
  static const char *const controls[] = {
      NULL,       "forward",           "average",           "forward, average",
      "european", "forward, european", "average, european", "forward, average, european"};
  qs_control_use use = qs_contract_control(v, index);
  trade->controls = controls[use.kinds];
  trade->variance_ratio = use.ratio;
  trade->target_missed = qs_target_missed(v, index, trade->price);
  trade->model_minus_mark = venue_price(v, contract, trade) - contract->mark;
  return fill_trust(r, index, &trust, trade);
}

/* A position's trust as its totals inherit it. */
static void add_trust(const qs_trade_result *trade, total *const *mine) {
  for (int k = 0; mine[k]; k++) {
    mine[k]->result->untrusted |= trade->untrusted;
    mine[k]->untrusted += !trade->trusted;
  }
}

/* False: out of memory. */
static bool finish_total(const qs_valuation *v, qs_arena *arena, const total *t) {
  uint32_t batches = v->simulation.batches;
  t->result->value = qs_batch_estimate(&v->simulation, t->sums + (size_t)VALUE * batches);
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    if (t->result->greeks.present >> g & 1) {
      t->result->greeks.value[g] = qs_batch_estimate(&v->simulation, t->sums + (size_t)g * batches);
    }
  }
  t->result->trusted = !t->untrusted;
  t->result->why = t->untrusted ? qs_arena_printf(arena, "%zu of %zu positions are not trusted", t->untrusted,
                                                  t->result->count)
                                : NULL;
  return t->result->trusted || t->result->why;
}

/* Distinct book names in order of first use. */
static size_t list_books(const qs_valuation *v, const char **books) {
  size_t count = 0;
  for (size_t i = 0; i < v->count; i++) {
    size_t k = 0;
    while (k < count && strcmp(books[k], v->contracts[i].book) != 0) {
      k++;
    }
    if (k == count) {
      books[count++] = v->contracts[i].book;
    }
  }
  return count;
}

/* The totals of everything, of `books` and of every underlying, in this order. */
static bool start_totals(reporter *r, const char *const *names, size_t books, qs_results *results) {
  const qs_market *market = r->valuation->market;
  const size_t underlyings = market->underlying_count;
  qs_total_result *by_book = QS_NEW(r->arena, books, qs_total_result);
  qs_total_result *by_underlying = QS_NEW(r->arena, underlyings, qs_total_result);
  r->scratch = QS_NEW(r->arena, r->valuation->simulation.batches, double);
  r->totals = QS_NEW(r->arena, 1 + books + underlyings, total);
  bool started =
      by_book && by_underlying && r->scratch && r->totals && start_total(r, &results->total, "total");
  for (size_t k = 0; k < books; k++) {
    started = started && start_total(r, &by_book[k], names[k]);
  }
  for (size_t u = 0; u < underlyings; u++) {
    started = started && start_total(r, &by_underlying[u], market->underlyings[u].name);
  }
  results->books = by_book;
  results->book_count = books;
  results->underlyings = by_underlying;
  results->underlying_count = underlyings;
  return started;
}

/* A position and its part in its totals; false: out of memory. */
static bool add_trade(reporter *r, const char *const *names, size_t books, size_t index,
                      qs_trade_result *trade) {
  const qs_contract *contract = &r->valuation->contracts[index];
  size_t k = 0;
  while (strcmp(names[k], contract->book) != 0) {
    k++;
  }
  total *mine[4] = {&r->totals[0], &r->totals[1 + k], NULL, NULL};
  if (contract->underlying >= 0) {
    mine[2] = &r->totals[1 + books + (size_t)contract->underlying];
  }
  for (int m = 0; mine[m]; m++) {
    mine[m]->result->count++;
  }
  const bool filled = fill_trade(r, index, trade, mine);
  add_trust(trade, mine);
  return filled;
}

qs_status qs_report_values(qs_context *context, qs_arena *arena, const qs_valuation *valuation,
                           qs_results *results) {
  const qs_valuation *v = valuation;
  const char **names = QS_NEW(arena, v->count, const char *);
  qs_trade_result *trades = QS_NEW(arena, v->count, qs_trade_result);
  if (!names || !trades) {
    return qs_fail_memory(context, "reporting values");
  }
  const size_t books = list_books(v, names);
  reporter r = {.valuation = v, .arena = arena};
  bool good = start_totals(&r, names, books, results);
  for (size_t i = 0; good && i < v->count; i++) {
    good = add_trade(&r, names, books, i, &trades[i]);
  }
  for (size_t k = 0; good && k < r.total_count; k++) {
    good = finish_total(v, arena, &r.totals[k]);
  }
  if (!good) {
    return qs_fail_memory(context, "reporting values");
  }
  results->trades = trades;
  results->trade_count = v->count;
  results->valued = true;
  results->target_std_error = v->simulation.target;
  results->target_reached = true;
  for (size_t i = 0; i < v->count; i++) {
    results->target_reached = results->target_reached && !trades[i].target_missed;
  }
  return QS_OK;
}

static bool named_trusted(const qs_named_estimate *list, size_t count) {
  bool trusted = true;
  for (size_t i = 0; i < count; i++) {
    trusted = trusted && !list[i].untrusted;
  }
  return trusted;
}

bool qs_report_trusted(const qs_results *results) {
  bool trusted = true;
  for (size_t i = 0; i < results->trade_count; i++) {
    trusted = trusted && results->trades[i].trusted;
  }
  for (size_t i = 0; i < results->cross_gamma_count; i++) {
    trusted = trusted && !results->cross_gammas[i].untrusted;
  }
  for (size_t i = 0; i < results->d_correlation_count; i++) {
    trusted = trusted && !results->d_correlations[i].untrusted;
  }
  for (size_t i = 0; i < results->sensitivity_count; i++) {
    const qs_sensitivity_result *s = &results->sensitivities[i];
    trusted = trusted && !s->vega_parallel_untrusted && named_trusted(s->delta_by_future, s->delta_count) &&
              named_trusted(s->vega_by_quote, s->vega_count) &&
              named_trusted(s->vega_by_bucket, s->bucket_count) &&
              named_trusted(s->d_shift, s->d_shift_count);
  }
  return trusted;
}
