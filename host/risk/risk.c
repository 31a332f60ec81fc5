#include "host/risk/risk.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/risk/section.h"

qs_status qs_risk_distrust(qs_context *context, qs_arena *arena, qs_risk_result *result, const char *format,
                           ...) {
  char text[QS_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const char *why =
      result->why ? qs_arena_printf(arena, "%s; %s", result->why, text) : qs_arena_strdup(arena, text);
  if (!why) {
    return qs_fail_memory(context, "recording why risk is not trusted");
  }
  result->trusted = false;
  result->why = why;
  return QS_OK;
}

static qs_status check_levels(qs_context *context, const qs_risk_spec *spec) {
  if (spec->level_count == 0) {
    return qs_fail(context, QS_ERROR_INPUT, "risk.levels: empty; at least one is needed");
  }
  for (size_t l = 0; l < spec->level_count; l++) {
    if (!(spec->levels[l] > 0 && spec->levels[l] < 1)) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "risk.levels[%zu]: %.10g; must be greater than 0 and less than 1", l, spec->levels[l]);
    }
  }
  return QS_OK;
}

qs_status qs_risk_check(qs_context *context, const qs_inputs *inputs, const qs_market *market,
                        const qs_book *book) {
  const qs_risk_spec *spec = &inputs->risk;
  qs_status status = check_levels(context, spec);
  if (!status && spec->what_if_count) {
    qs_arena *arena = qs_arena_create(context);
    qs_contract *contracts;
    status = arena ? qs_book_resolve_trades(context, arena, market, "risk.what_if", spec->what_if,
                                            spec->what_if_count, &contracts)
                   : qs_fail_memory(context, "checking the what-if trades");
    qs_arena_destroy(arena);
  }
  if (!status && (spec->history_count || spec->history_name_count)) {
    status = qs_history_check(context, spec, market, book);
  }
  return status;
}

/* Fits that the book's P&L stands on and that did not converge. */
static qs_status distrust_fits(qs_context *context, qs_arena *arena, const qs_risk_sample *sample,
                               qs_risk_result *result) {
  qs_status status = QS_OK;
  for (size_t u = 0; !status && u < sample->market->underlying_count; u++) {
    const qs_calibration_result *fit = &sample->market->underlyings[u].calibration;
    bool held = false;
    for (size_t i = 0; i < sample->book->count; i++) {
      held = held || sample->book->contracts[i].underlying == (int)u;
    }
    if (held && !fit->trusted) {
      status = qs_risk_distrust(context, arena, result, "the fit of %s is not trusted: %s",
                                sample->market->underlyings[u].name, fit->why ? fit->why : "no reason given");
    }
  }
  return status;
}

static qs_status find_levels(qs_context *context, qs_arena *arena, const qs_risk_sample *sample,
                             qs_risk_result *result) {
  size_t count = sample->spec->level_count;
  qs_risk_level *levels = QS_NEW(arena, count, qs_risk_level);
  qs_status status = levels ? QS_OK : qs_fail_memory(context, "reporting risk");
  for (size_t l = 0; !status && l < count; l++) {
    double level = sample->spec->levels[l];
    status = qs_risk_tail(sample->losses, sample->paths, level, &levels[l]);
    if (!status && !levels[l].trusted) {
      status = qs_risk_distrust(context, arena, result,
                                "level %g: %.3g paths are expected in the tail, at least 100 are needed",
                                level, (double)sample->paths * (1 - level));
    }
  }
  if (!status) {
    result->levels = levels;
    result->level_count = count;
  }
  return status;
}

/* Levels that are there, but NaN. */
static qs_status no_levels(qs_context *context, qs_arena *arena, const qs_risk_sample *sample,
                           qs_risk_result *result) {
  static const qs_interval none = {NAN, NAN, NAN};
  size_t count = sample->spec->level_count;
  qs_risk_level *levels = QS_NEW(arena, count, qs_risk_level);
  if (!levels) {
    return qs_fail_memory(context, "reporting risk");
  }
  for (size_t l = 0; l < count; l++) {
    levels[l].level = sample->spec->levels[l];
    levels[l].var = none;
    levels[l].expected_shortfall = none;
  }
  result->levels = levels;
  result->level_count = count;
  return qs_risk_distrust(context, arena, result, "the P&L is not a finite number on some path");
}

/* The total's P&L on every path, and its losses with the tail sorted. */
static qs_status simulate(qs_context *context, qs_arena *scratch, qs_arena *arena, qs_risk_sample *sample) {
  size_t paths = sample->paths;
  double *pnl = QS_NEW(sample->spec->keep_pnl ? arena : scratch, paths, double);
  double *losses = QS_NEW(scratch, paths, double);
  double *quantities = QS_NEW(scratch, sample->book->count, double);
  if (!pnl || !losses || !quantities) {
    return qs_fail_memory(context, "measuring risk");
  }
  for (size_t i = 0; i < sample->book->count; i++) {
    quantities[i] = sample->book->contracts[i].quantity;
  }
  qs_status status =
      qs_horizon_pnl(sample->horizon, context, sample->book->contracts, quantities, sample->book->count, pnl);
  sample->pnl = pnl;
  sample->losses = losses;
  if (!status && qs_risk_finite(pnl, paths)) {
    for (size_t p = 0; p < paths; p++) {
      losses[p] = -pnl[p];
    }
    sample->begin = qs_risk_tail_begin(paths, sample->spec->levels, sample->spec->level_count);
    qs_risk_sort_tail(losses, paths, sample->begin);
  }
  return status;
}

static qs_status fill(qs_context *context, qs_arena *scratch, qs_arena *arena, qs_risk_sample *sample,
                      qs_risk_result *result) {
  qs_status status = simulate(context, scratch, arena, sample);
  if (status) {
    return status;
  }
  if (sample->spec->keep_pnl) {
    result->pnl = sample->pnl;
    result->pnl_count = sample->paths;
  }
  qs_risk_moments(sample->pnl, sample->paths, &result->mean, &result->std_dev);
  status = distrust_fits(context, arena, sample, result);
  if (!status && !qs_risk_finite(sample->pnl, sample->paths)) {
    return no_levels(context, arena, sample, result);
  }
  if (!status) {
    status = find_levels(context, arena, sample, result);
  }
  if (!status) {
    status = qs_risk_components(context, arena, sample, result);
  }
  if (!status) {
    status = qs_risk_incremental_run(context, arena, sample, result);
  }
  return status;
}

qs_status qs_risk_run(qs_context *context, qs_arena *arena, const qs_inputs *inputs, const qs_market *market,
                      const qs_book *book, qs_horizon *horizon, qs_risk_result *result) {
  qs_status status = qs_risk_check(context, inputs, market, book);
  if (status) {
    return status;
  }
  qs_risk_sample sample = {.horizon = horizon,
                           .market = market,
                           .book = book,
                           .spec = &inputs->risk,
                           .paths = qs_horizon_paths(horizon)};
  qs_risk_result made = {.present = true, .trusted = true, .horizon_days = inputs->risk.horizon_days};
  qs_arena *scratch = qs_arena_create(context);
  if (!scratch) {
    return qs_fail_memory(context, "measuring risk");
  }
  status = fill(context, scratch, arena, &sample, &made);
  qs_arena_destroy(scratch);
  if (!status) {
    status = qs_risk_historical(context, arena, inputs, market, book, &made);
  }
  if (!status) {
    *result = made;
  }
  return status;
}
