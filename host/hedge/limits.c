#include "host/hedge/limits.h"

#include <math.h>
#include <string.h>

enum { MAX_ROWS = 2 * QS_EXPOSURE_GREEKS, MAX_GROSS = 2 };

static const char *const greek_names[QS_EXPOSURE_GREEKS] = {"delta", "gamma", "vega"};

/* What is being laid out. */
typedef struct layout {
  qs_arena *arena;
  const qs_hedge_spec *spec;
  const qs_exposure *exposure;
  qs_hedge_row *rows;
  qs_hedge_gross *gross;
  size_t row_count, gross_count;
  double *lower, *upper;
  qs_limit_list list;
} layout;

static bool add_limit(layout *out, const char *before, const char *after, qs_named_limit limit) {
  limit.name = qs_arena_printf(out->arena, "%s%s", before, after);
  out->list.limits[out->list.count++] = limit;
  return limit.name != NULL;
}

static void new_row(layout *out, size_t greek, double lower, double upper) {
  const qs_exposure *e = out->exposure;
  out->rows[out->row_count++] = (qs_hedge_row){
      .coefficients = e->greek[greek], .offset = e->book_greek[greek], .lower = lower, .upper = upper};
}

static double or_else(double value, double otherwise) {
  return isnan(value) ? otherwise : value;
}

/* Limits and targets of the Greeks. */
static bool add_greeks(layout *out) {
  const qs_hedge_spec *spec = out->spec;
  const qs_hedge_limits *l = &spec->limits;
  double min[] = {l->min_delta, l->min_gamma, l->min_vega};
  double max[] = {l->max_delta, l->max_gamma, l->max_vega};
  double target[] = {spec->target_delta, spec->target_gamma, spec->target_vega};
  bool good = true;
  for (size_t g = 0; g < QS_EXPOSURE_GREEKS; g++) {
    if (!isnan(min[g]) || !isnan(max[g])) {
      qs_named_limit limit = {.index = out->row_count, .unit = 1, .quoted = true};
      new_row(out, g, or_else(min[g], -(double)INFINITY), or_else(max[g], (double)INFINITY));
      limit.kind = QS_HEDGE_ROW_LOWER;
      good = good && (isnan(min[g]) || add_limit(out, "min_", greek_names[g], limit));
      limit.kind = QS_HEDGE_ROW_UPPER;
      good = good && (isnan(max[g]) || add_limit(out, "max_", greek_names[g], limit));
    }
    if (!isnan(target[g])) {
      qs_named_limit limit = {.kind = QS_HEDGE_ROW_UPPER, .equality = true, .unit = 1, .quoted = true};
      limit.index = out->row_count;
      new_row(out, g, target[g], target[g]);
      good = good && add_limit(out, "target_", greek_names[g], limit);
    }
  }
  return good;
}

static bool add_gross(layout *out) {
  const qs_exposure *e = out->exposure;
  const qs_hedge_limits *l = &out->spec->limits;
  qs_named_limit limit = {.kind = QS_HEDGE_GROSS, .unit = 1, .quoted = true};
  bool good = true;
  if (!isnan(l->max_margin)) {
    limit.index = out->gross_count;
    out->gross[out->gross_count++] =
        (qs_hedge_gross){e->margin_up, e->margin_down, e->margin_base, l->max_margin};
    good = add_limit(out, "max_", "margin", limit);
  }
  if (!isnan(l->max_leverage)) {
    limit.index = out->gross_count;
    limit.unit = e->collateral;
    out->gross[out->gross_count++] =
        (qs_hedge_gross){e->leverage, e->leverage, e->leverage_base, l->max_leverage * e->collateral};
    good = good && add_limit(out, "max_", "leverage", limit);
  }
  return good;
}

/* The limit of instrument i, or null. */
static const qs_instrument_limit *limit_of(const qs_hedge_spec *spec, size_t i) {
  for (size_t k = 0; k < spec->instrument_limit_count; k++) {
    if (strcmp(spec->instrument_limits[k].instrument, spec->instruments[i]) == 0) {
      return &spec->instrument_limits[k];
    }
  }
  return NULL;
}

static bool add_trades(layout *out, const bool *tradable) {
  const qs_hedge_spec *spec = out->spec;
  bool good = true;
  for (size_t i = 0; i < spec->instrument_count; i++) {
    const qs_instrument_limit *given = limit_of(spec, i);
    double min = given ? or_else(given->min, -(double)INFINITY) : -(double)INFINITY;
    double max = given ? or_else(given->max, (double)INFINITY) : (double)INFINITY;
    qs_named_limit limit = {.index = i, .unit = 1, .quoted = tradable[i]};
    out->lower[i] = tradable[i] ? min : 0;
    out->upper[i] = tradable[i] ? max : 0;
    const char *name = spec->instruments[i];
    if (isfinite(out->lower[i])) {
      limit.kind = QS_HEDGE_LOWER;
      good = good && add_limit(out, name, tradable[i] ? ".min" : " without quotes", limit);
    }
    if (isfinite(out->upper[i])) {
      limit.kind = QS_HEDGE_UPPER;
      good = good && add_limit(out, name, tradable[i] ? ".max" : " without quotes", limit);
    }
  }
  return good;
}

static qs_status check_trade_limits(qs_context *context, const qs_hedge_spec *spec) {
  for (size_t k = 0; k < spec->instrument_limit_count; k++) {
    const qs_instrument_limit *limit = &spec->instrument_limits[k];
    size_t i = 0;
    while (i < spec->instrument_count && strcmp(spec->instruments[i], limit->instrument) != 0) {
      i++;
    }
    if (i == spec->instrument_count) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "hedge.instrument_limits[%zu].instrument: %.64s; must be one of hedge.instruments", k,
                     limit->instrument);
    }
    if (limit_of(spec, i) != limit) {
      return qs_fail(context, QS_ERROR_INPUT, "hedge.instrument_limits[%zu].instrument: %.64s is given twice",
                     k, limit->instrument);
    }
    if (limit->min > limit->max) {
      return qs_fail(context, QS_ERROR_INPUT, "hedge.instrument_limits[%zu].min: %g; must be at most max, %g",
                     k, limit->min, limit->max);
    }
  }
  return QS_OK;
}

static qs_status check_numbers(qs_context *context, const qs_hedge_spec *spec) {
  const qs_hedge_limits *l = &spec->limits;
  struct {
    const char *name;
    double value;
  } numbers[] = {{"limits.max_margin", l->max_margin}, {"limits.max_leverage", l->max_leverage},
                 {"limits.min_delta", l->min_delta},   {"limits.max_delta", l->max_delta},
                 {"limits.min_gamma", l->min_gamma},   {"limits.max_gamma", l->max_gamma},
                 {"limits.min_vega", l->min_vega},     {"limits.max_vega", l->max_vega},
                 {"target.delta", spec->target_delta}, {"target.gamma", spec->target_gamma},
                 {"target.vega", spec->target_vega}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (isinf(numbers[i].value)) {
      return qs_fail(context, QS_ERROR_INPUT, "hedge.%s: %g; must be finite", numbers[i].name,
                     numbers[i].value);
    }
  }
  return QS_OK;
}

qs_status qs_limits_build(qs_context *context, qs_arena *arena, const qs_hedge_spec *spec,
                          const qs_exposure *exposure, const bool *tradable, qs_hedge_problem *problem,
                          qs_limit_list *list) {
  size_t n = spec->instrument_count;
  qs_status status = check_trade_limits(context, spec);
  if (!status) {
    status = check_numbers(context, spec);
  }
  if (status) {
    return status;
  }
  layout out = {.arena = arena, .spec = spec, .exposure = exposure};
  out.lower = QS_NEW(arena, n, double);
  out.upper = QS_NEW(arena, n, double);
  out.list.limits = QS_NEW(arena, 2 * n + 2 * MAX_ROWS + MAX_GROSS, qs_named_limit);
  out.rows = QS_NEW(arena, MAX_ROWS, qs_hedge_row);
  out.gross = QS_NEW(arena, MAX_GROSS, qs_hedge_gross);
  if (!out.lower || !out.upper || !out.list.limits || !out.rows || !out.gross || !add_greeks(&out) ||
      !add_gross(&out) || !add_trades(&out, tradable)) {
    return qs_fail_memory(context, "laying out the limits of a hedge");
  }
  problem->rows = out.rows;
  problem->row_count = out.row_count;
  problem->gross = out.gross;
  problem->gross_count = out.gross_count;
  problem->lower = out.lower;
  problem->upper = out.upper;
  problem->position = exposure->position;
  *list = out.list;
  return QS_OK;
}

/* Change of the objective per unit of the limit. */
static double shadow_price(const qs_named_limit *limit, const qs_hedge_solution *solution) {
  double multiplier = 0;
  switch (limit->kind) {
  case QS_HEDGE_LOWER:
  case QS_HEDGE_UPPER:
    multiplier = solution->trade_multiplier[limit->index];
    break;
  case QS_HEDGE_ROW_LOWER:
  case QS_HEDGE_ROW_UPPER:
    multiplier = solution->row_multiplier[limit->index];
    break;
  case QS_HEDGE_GROSS:
    multiplier = solution->gross_multiplier[limit->index];
    break;
  }
  bool lower = limit->kind == QS_HEDGE_LOWER || limit->kind == QS_HEDGE_ROW_LOWER;
  bool presses = limit->equality || (lower ? multiplier < 0 : multiplier > 0);
  return presses ? -multiplier * limit->unit : 0;
}

static const char *name_of(const qs_limit_list *list, qs_hedge_limit_ref ref) {
  for (size_t i = 0; i < list->count; i++) {
    const qs_named_limit *limit = &list->limits[i];
    bool same = limit->kind == ref.kind || (limit->equality && ref.kind == QS_HEDGE_ROW_LOWER);
    if (same && limit->index == ref.index) {
      return limit->name;
    }
  }
  return "?";
}

qs_status qs_limits_report(qs_context *context, qs_arena *arena, const qs_limit_list *list,
                           const qs_hedge_solution *solution, qs_hedge_result *result) {
  qs_shadow_price *prices = QS_NEW(arena, list->count, qs_shadow_price);
  const char **names = QS_NEW(arena, solution->conflict_count, const char *);
  if (!prices || !names) {
    return qs_fail_memory(context, "reporting a hedge");
  }
  size_t shadows = 0, conflicts = 0;
  for (size_t i = 0; i < list->count; i++) {
    if (list->limits[i].quoted) {
      prices[shadows].limit = list->limits[i].name;
      bool priced = solution->outcome == QS_HEDGE_OPTIMAL;
      prices[shadows++].price = priced ? shadow_price(&list->limits[i], solution) : NAN;
    }
  }
  for (size_t c = 0; c < solution->conflict_count; c++) {
    const char *name = name_of(list, solution->conflicts[c]);
    bool seen = false;
    for (size_t k = 0; k < conflicts && !seen; k++) {
      seen = strcmp(names[k], name) == 0;
    }
    if (!seen) {
      names[conflicts++] = name;
    }
  }
  result->shadow_prices = prices;
  result->shadow_count = shadows;
  result->conflicts = names;
  result->conflict_count = conflicts;
  return QS_OK;
}
