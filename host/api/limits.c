#include "host/api/limits.h"

#include <math.h>
#include <string.h>

/* The totals that a limit speaks of; null when it names one that is not there. */
static const qs_total_result *find_total(const qs_limit_spec *limit, const qs_results *results) {
  const qs_total_result *list = limit->book ? results->books : results->underlyings;
  size_t count = limit->book ? results->book_count : results->underlying_count;
  const char *name = limit->book ? limit->book : limit->underlying;
  if (!name) {
    return &results->total;
  }
  for (size_t k = 0; k < count; k++) {
    if (strcmp(list[k].name, name) == 0) {
      return &list[k];
    }
  }
  return NULL;
}

static const qs_risk_level *find_level(const qs_limit_spec *limit, const qs_results *results) {
  for (size_t k = 0; k < results->risk.level_count; k++) {
    if (results->risk.levels[k].level == limit->level) {
      return &results->risk.levels[k];
    }
  }
  return NULL;
}

/* The Greek of this name, or QS_GREEK_COUNT. */
static int find_greek(const char *name) {
  int greek = 0;
  while (greek < QS_GREEK_COUNT && strcmp(qs_greek_name((qs_greek)greek), name) != 0) {
    greek++;
  }
  return greek;
}

/* What the limit measures: a loss (a gain is negative and breaches nothing), or the size of a value or Greek;
 * NaN where its section did not run. */
static qs_status measure(qs_context *context, const qs_limit_spec *limit, const qs_results *results,
                         double *value) {
  *value = NAN;
  bool stress = strcmp(limit->measure, "stress_loss") == 0;
  bool shortfall = strcmp(limit->measure, "expected_shortfall") == 0;
  bool risk = shortfall || strcmp(limit->measure, "var") == 0;
  if ((risk || stress) && (limit->book || limit->underlying)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "limits: %s: it is measured over all books and underlyings together", limit->measure);
  }
  if (limit->book && limit->underlying) {
    return qs_fail(context, QS_ERROR_INPUT, "limits: %s: give either book or underlying, not both",
                   limit->measure);
  }
  if (risk) {
    const qs_risk_level *level = find_level(limit, results);
    if (results->risk.present && !level) {
      return qs_fail(context, QS_ERROR_INPUT, "limits: %s: level %g is not among risk.levels", limit->measure,
                     limit->level);
    }
    if (level) {
      *value = shortfall ? level->expected_shortfall.estimate : level->var.estimate;
    }
    return QS_OK;
  }
  if (stress) {
    if (results->stress.worst) {
      *value = -results->stress.worst->pnl.estimate;
    }
    return QS_OK;
  }
  bool whole = strcmp(limit->measure, "value") == 0;
  int greek = find_greek(limit->measure);
  if (!whole && greek == QS_GREEK_COUNT) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "limits: measure: got %s: must be var, expected_shortfall, stress_loss, value or a Greek",
                   limit->measure);
  }
  if (!results->valued) {
    return QS_OK;
  }
  const qs_total_result *total = find_total(limit, results);
  if (!total) {
    return qs_fail(context, QS_ERROR_INPUT, "limits: %s: no book or underlying is named %s", limit->measure,
                   limit->book ? limit->book : limit->underlying);
  }
  *value = fabs(whole                                ? total->value.estimate
                : total->greeks.present >> greek & 1 ? total->greeks.value[greek].estimate
                                                     : 0);
  return QS_OK;
}

qs_status qs_limits_check(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                          qs_results *results) {
  qs_breach *breaches = QS_NEW(arena, inputs->limit_count, qs_breach);
  if (!breaches) {
    return qs_fail_memory(context, "checking limits");
  }
  size_t count = 0;
  for (size_t k = 0; k < inputs->limit_count; k++) {
    const qs_limit_spec *limit = &inputs->limits[k];
    double value;
    qs_status status = measure(context, limit, results, &value);
    if (status) {
      return status;
    }
    if (value > limit->max) {
      qs_breach breach = {limit->measure, limit->book, limit->underlying, limit->level, value, limit->max};
      breaches[count++] = breach;
    }
  }
  results->breaches = breaches;
  results->breach_count = count;
  return QS_OK;
}
