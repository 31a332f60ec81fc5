#include "host/market/market.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/market/build.h"
#include "host/market/common_jumps.h"

/* Continuous rates beyond it are taken for a slip of the decimal point: percent for a fraction. */
static const double max_rate = 10;

qs_status qs_market_warn(qs_context *context, qs_arena *arena, qs_calibration_result *calibration,
                         const char *format, ...) {
  char text[QS_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const char **warnings = QS_NEW(arena, calibration->warning_count + 1, const char *);
  char *copy = qs_arena_strdup(arena, text);
  if (!warnings || !copy) {
    return qs_fail_memory(context, "recording a warning");
  }
  if (calibration->warning_count > 0) {
    memcpy(warnings, calibration->warnings, calibration->warning_count * sizeof *warnings);
  }
  warnings[calibration->warning_count++] = copy;
  calibration->warnings = warnings;
  return QS_OK;
}

int qs_market_find(const qs_market *market, const char *name) {
  for (size_t i = 0; i < market->underlying_count; i++) {
    if (strcmp(market->underlyings[i].name, name) == 0) {
      return (int)i;
    }
  }
  return -1;
}

static qs_status check_names(qs_context *context, const qs_inputs *inputs, size_t index) {
  const char *name = inputs->underlyings[index].name;
  if (!name || !name[0]) {
    return qs_fail(context, QS_ERROR_INPUT, "underlyings[%zu]: name: missing", index);
  }
  if (strlen(name) >= 32) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "underlyings[%zu]: name: \"%.40s...\" is longer than 31 characters", index, name);
  }
  if (strcmp(name, inputs->reporting_currency) == 0) {
    return qs_fail(context, QS_ERROR_INPUT, "underlyings[%zu]: name: %s is the reporting currency", index,
                   name);
  }
  for (size_t i = 0; i < index; i++) {
    if (strcmp(inputs->underlyings[i].name, name) == 0) {
      return qs_fail(context, QS_ERROR_INPUT, "underlyings[%zu]: name: %s is a duplicate of underlyings[%zu]",
                     index, name, i);
    }
  }
  return QS_OK;
}

typedef struct field_range {
  const char *field;
  double value, low, high;
  bool low_open, optional; /* low itself is not allowed; NaN is */
} field_range;

static qs_status check_range(qs_context *context, const char *place, const field_range *range) {
  double x = range->value;
  bool ok = (range->low_open ? x > range->low : x >= range->low) && x <= range->high && isfinite(x);
  if (ok || (range->optional && isnan(x))) {
    return QS_OK;
  }
  if (isinf(range->high)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: %s: %.10g; must be finite and %s %g", place, range->field, x,
                   range->low_open ? "greater than" : "at least", range->low);
  }
  return qs_fail(context, QS_ERROR_INPUT, "%s: %s: %.10g; must be in [%g, %g]", place, range->field, x,
                 range->low, range->high);
}

static qs_status check_fields(qs_context *context, const char *place, const qs_underlying_spec *spec) {
  const field_range ranges[] = {
      {"spot", spec->spot, 0, INFINITY, true, true},
      {"carry", spec->carry, -max_rate, max_rate, false, true},
      {"discount_rate", spec->discount_rate, -max_rate, max_rate, false, false},
      {"coin_rate", spec->coin_rate, -max_rate, max_rate, false, false},
      {"basis.volatility", spec->basis_volatility, 0, INFINITY, false, false},
      {"basis.mean_reversion", spec->basis_mean_reversion, 0, INFINITY, true, false},
      {"basis.correlation", spec->basis_correlation, -1, 1, false, false},
      {"max_spread", spec->max_spread, 0, INFINITY, true, false},
  };
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    qs_status status = check_range(context, place, &ranges[i]);
    if (status != QS_OK) {
      return status;
    }
  }
  return QS_OK;
}

/* Every used parameter given (unless it is to be fitted), none that is not used, all in range. */
static qs_status check_model(qs_context *context, const char *place, const qs_underlying_spec *spec) {
  const char *type = qs_model_name(spec->model.type);
  if (!type) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.type: %d is no model", place, (int)spec->model.type);
  }
  /* Parameters that are not given take a value in range, so that the check speaks of the given ones alone. */
  qs_model model = {.type = spec->model.type,
                    .value = {[QS_V0] = 0.1,
                              [QS_KAPPA] = 1,
                              [QS_THETA] = 0.1,
                              [QS_XI] = 1,
                              [QS_ETA1] = 10,
                              [QS_ETA2] = 10,
                              [QS_SIGMA] = 0.5}};
  uint32_t used = qs_model_parameters(spec->model.type);
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    const char *name = qs_parameter_name((qs_parameter)i);
    bool given = spec->given >> i & 1;
    bool needed = used >> i & 1;
    if (given && !needed) {
      return qs_fail(context, QS_ERROR_INPUT, "%s: model.%s: %s has no such parameter", place, name, type);
    }
    if (needed && !given && !spec->calibrate) {
      return qs_fail(context, QS_ERROR_INPUT, "%s: model.%s: missing; %s needs it, or calibrate: true", place,
                     name, type);
    }
    model.value[i] = given ? spec->model.value[i] : model.value[i];
  }
  qs_parameter parameter = QS_PARAMETER_COUNT;
  const char *problem = qs_model_check(&model, &parameter);
  if (problem) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.%s: %.10g; %s", place, qs_parameter_name(parameter),
                   model.value[parameter], problem);
  }
  if (spec->calibrate && spec->quote_count == 0) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: quotes: missing; calibrate: true needs them", place);
  }
  if (spec->local && (spec->model.type != QS_MODEL_HESTON || spec->fit_shift || spec->shift_count)) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: model.local: goes with heston alone, and without a shift",
                   place);
  }
  if (spec->local && spec->quote_count == 0) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: quotes: missing; model.local needs them", place);
  }
  return QS_OK;
}

static qs_status find_spot(qs_context *context, const char *place, const qs_reference_prices *prices,
                           qs_underlying_market *market) {
  const double candidates[] = {market->spec->spot, prices->index, prices->perpetual};
  for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
    if (!isnan(candidates[i])) {
      market->spot = candidates[i];
      return QS_OK;
    }
  }
  return qs_fail(context, QS_ERROR_INPUT,
                 "%s: spot: missing; give it, or a price in the row %s-INDEX or %s-PERPETUAL of the quotes",
                 place, market->name, market->name);
}

static qs_status build_underlying(qs_context *context, qs_arena *arena, const qs_inputs *inputs, size_t index,
                                  qs_underlying_market *market) {
  const qs_underlying_spec *spec = &inputs->underlyings[index];
  char place[QS_PLACE_SIZE];
  qs_reference_prices prices;
  qs_status status = check_names(context, inputs, index);
  if (status != QS_OK) {
    return status;
  }
  snprintf(place, sizeof place, "underlyings[%zu] (%s)", index, spec->name);
  market->name = spec->name;
  market->spec = spec;
  market->discount_rate = spec->discount_rate;
  market->coin_rate = spec->coin_rate;
  market->model = spec->model;
  market->calibration =
      (qs_calibration_result){.underlying = spec->name, .trusted = true, .model = spec->model};
  if ((status = check_fields(context, place, spec)) != QS_OK ||
      (status = check_model(context, place, spec)) != QS_OK ||
      (status = qs_shift_build(context, arena, place, inputs->as_of, market)) != QS_OK ||
      (status = qs_market_read_quotes(context, arena, place, inputs->as_of, market, &prices)) != QS_OK ||
      (status = find_spot(context, place, &prices, market)) != QS_OK ||
      (status = qs_curve_build(context, arena, market)) != QS_OK) {
    return status;
  }
  return qs_quotes_filter(context, arena, market);
}

qs_status qs_market_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs, qs_market **market) {
  if (inputs->as_of == 0) {
    return qs_fail(context, QS_ERROR_INPUT, "as_of: missing");
  }
  if (!inputs->reporting_currency || !inputs->reporting_currency[0]) {
    return qs_fail(context, QS_ERROR_INPUT, "reporting_currency: missing");
  }
  if (inputs->underlying_count == 0) {
    return qs_fail(context, QS_ERROR_INPUT, "underlyings: empty; at least one is needed");
  }
  qs_market *built = QS_NEW(arena, 1, qs_market);
  if (!built) {
    return qs_fail_memory(context, "building the market");
  }
  built->underlyings = QS_NEW(arena, inputs->underlying_count, qs_underlying_market);
  if (!built->underlyings) {
    return qs_fail_memory(context, "building the market");
  }
  built->as_of = inputs->as_of;
  built->currency = inputs->reporting_currency;
  for (size_t i = 0; i < inputs->underlying_count; i++) {
    qs_status status = build_underlying(context, arena, inputs, i, &built->underlyings[i]);
    if (status != QS_OK) {
      return status;
    }
    built->underlying_count++;
  }
  qs_status status = qs_correlation_build(context, arena, inputs, built);
  if (status != QS_OK) {
    return status;
  }
  status = qs_common_jumps_build(context, arena, inputs, built);
  if (status != QS_OK) {
    return status;
  }
  *market = built;
  return QS_OK;
}
