#include "host/market/fixings.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "host/market/time.h"

static qs_status bad(qs_flaw *flaw, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static qs_status bad(qs_flaw *flaw, const char *key, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(flaw->why, sizeof flaw->why, format, arguments);
  va_end(arguments);
  flaw->key = key;
  return QS_ERROR_INPUT;
}

bool qs_trade_along_path(qs_trade_type type) {
  return type >= QS_TRADE_DIGITAL && type <= QS_TRADE_VOLATILITY_SWAP;
}

bool qs_trade_has_fixings(const qs_trade_spec *trade) {
  switch (trade->type) {
  case QS_TRADE_ASIAN:
  case QS_TRADE_LOOKBACK:
  case QS_TRADE_CLIQUET:
  case QS_TRADE_VARIANCE_SWAP:
  case QS_TRADE_VOLATILITY_SWAP:
    return true;
  case QS_TRADE_BARRIER:
    return trade->path.monitoring == QS_MONITORING_DISCRETE;
  default:
    return false;
  }
}

static bool by_rule(const qs_path_spec *path) {
  return !path->fixing_count && (path->rule.days || path->rule.months);
}

qs_time qs_trade_expiry(const qs_trade_spec *trade, qs_time as_of) {
  if (trade->expiry) {
    return trade->expiry;
  }
  if (!isnan(trade->expiry_years) && trade->expiry_years != 0) {
    return as_of + (qs_time)llround(trade->expiry_years * QS_SECONDS_PER_YEAR);
  }
  const qs_path_spec *path = &trade->path;
  if (!qs_trade_has_fixings(trade)) {
    return 0;
  }
  return path->fixing_count ? path->fixings[path->fixing_count - 1] : path->rule.to;
}

/* Date number k of the rule, `to` at the latest. */
static qs_time rule_date(const qs_fixing_rule *rule, qs_time from, qs_time to, size_t k) {
  qs_time date = rule->days ? from + (qs_time)(k * rule->days) * QS_SECONDS_PER_DAY
                            : qs_time_add_months(from, (int)(k * rule->months));
  return date < to ? date : to;
}

static qs_status dates_by_rule(const qs_trade_spec *trade, qs_time as_of, qs_time expiry, qs_time *dates,
                               size_t *count, qs_flaw *flaw) {
  const qs_fixing_rule *rule = &trade->path.rule;
  qs_time from = rule->from ? rule->from : as_of, to = rule->to ? rule->to : expiry;
  char text[QS_TIME_TEXT];
  qs_time_format(from, text);
  if (rule->days && rule->months) {
    return bad(flaw, "fixings", "must be by days or by months, not both");
  }
  if (from >= to) {
    return bad(flaw, "fixings", "the rule begins at %s; must begin before its end, the expiry", text);
  }
  *count = 0;
  for (size_t k = rule->skip_first ? 1 : 0;; k++) {
    if (*count == QS_MAX_FIXINGS) {
      return bad(flaw, "fixings", "must be at most %d dates", QS_MAX_FIXINGS);
    }
    dates[*count] = rule_date(rule, from, to, k);
    if (dates[(*count)++] == to) {
      return QS_OK;
    }
  }
}

static qs_status list_dates(const qs_trade_spec *trade, qs_time *dates, size_t *count, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  if (path->fixing_count > QS_MAX_FIXINGS) {
    return bad(flaw, "fixings", "must be at most %d dates", QS_MAX_FIXINGS);
  }
  for (size_t i = 0; i < path->fixing_count; i++) {
    dates[i] = path->fixings[i];
    if (i && dates[i] <= dates[i - 1]) {
      return bad(flaw, "fixings", "must ascend; date %zu does not", i + 1);
    }
  }
  *count = path->fixing_count;
  return QS_OK;
}

static qs_status make_dates(const qs_trade_spec *trade, qs_time as_of, qs_time *dates, qs_fixings *fixings,
                            qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  qs_time expiry = qs_trade_expiry(trade, as_of);
  size_t count = 0;
  qs_status status = QS_OK;
  if (trade->type == QS_TRADE_FORWARD_START) {
    dates[0] = path->start;
    dates[1] = expiry;
    count = 2;
    if (!path->start || path->start >= expiry) {
      return bad(flaw, "start", "must be given and before the expiry");
    }
  } else if (!qs_trade_has_fixings(trade)) {
    dates[0] = expiry;
    count = 1;
  } else if (by_rule(path)) {
    status = dates_by_rule(trade, as_of, expiry, dates, &count, flaw);
  } else if (path->fixing_count) {
    status = list_dates(trade, dates, &count, flaw);
  } else {
    status = bad(flaw, "fixings", "must be given: a list of dates, or a rule");
  }
  if (status) {
    return status;
  }
  if (dates[count - 1] != expiry) {
    char text[QS_TIME_TEXT];
    qs_time_format(expiry, text);
    return bad(flaw, "fixings", "the last must be the expiry, which is %s", text);
  }
  bool returns = trade->type == QS_TRADE_CLIQUET || trade->type == QS_TRADE_VARIANCE_SWAP ||
                 trade->type == QS_TRADE_VOLATILITY_SWAP;
  if (returns && count < 2) {
    return bad(flaw, "fixings", "must be at least 2 dates");
  }
  *fixings = (qs_fixings){.dates = dates, .count = count};
  for (size_t i = 0; i < count; i++) {
    fixings->known += dates[i] <= as_of;
    fixings->past += dates[i] < as_of;
  }
  return QS_OK;
}

/* The values of the fixings up to as_of: all of them, or all but the one at as_of. */
static qs_status check_past(const qs_trade_spec *trade, const qs_fixings *fixings, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  bool none = trade->type == QS_TRADE_BARRIER || trade->type == QS_TRADE_DIGITAL;
  size_t past = none ? 0 : fixings->past, known = none ? 0 : fixings->known;
  if (path->past_count < past || path->past_count > known) {
    return bad(flaw, "past", "%zu values for %zu fixings before as_of; must be one value for each",
               path->past_count, past);
  }
  for (size_t i = 0; i < path->past_count; i++) {
    if (!(path->past[i] > 0) || isinf(path->past[i])) {
      return bad(flaw, "past", "value %zu is %.10g; must be greater than 0", i + 1, path->past[i]);
    }
  }
  return QS_OK;
}

static qs_status check_positive(const char *key, double value, bool needed, qs_flaw *flaw) {
  if (isnan(value) ? needed : !(value > 0) || isinf(value)) {
    return bad(flaw, key, "%.10g; must be finite and greater than 0", value);
  }
  return QS_OK;
}

static qs_status check_barrier(const qs_path_spec *path, qs_flaw *flaw) {
  qs_status status = check_positive("lower", path->lower, false, flaw);
  if (!status) {
    status = check_positive("upper", path->upper, false, flaw);
  }
  if (status) {
    return status;
  }
  if (isnan(path->lower) && isnan(path->upper)) {
    return bad(flaw, "lower", "a barrier needs lower, upper or both");
  }
  if (path->lower >= path->upper) {
    return bad(flaw, "upper", "must be greater than lower, which is %.10g", path->lower);
  }
  if (!(path->rebate >= 0) || isinf(path->rebate)) {
    return bad(flaw, "rebate", "%.10g; must be finite and at least 0", path->rebate);
  }
  if (path->rebate_paid == QS_REBATE_AT_HIT && path->knock == QS_KNOCK_IN) {
    return bad(flaw, "rebate_paid", "must be expiry for a barrier that knocks in");
  }
  return QS_OK;
}

static qs_status check_cliquet(const qs_path_spec *path, qs_flaw *flaw) {
  if (path->local_floor > path->local_cap) {
    return bad(flaw, "local_cap", "must be at least local_floor, which is %.10g", path->local_floor);
  }
  if (path->global_floor > path->global_cap) {
    return bad(flaw, "global_cap", "must be at least global_floor, which is %.10g", path->global_floor);
  }
  return check_positive("moneyness", path->moneyness, true, flaw);
}

static qs_status check_terms(const qs_trade_spec *trade, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  switch (trade->type) {
  case QS_TRADE_DIGITAL:
    return check_positive("amount", path->amount, path->pays == QS_PAYS_CASH, flaw);
  case QS_TRADE_ASIAN:
    if (path->floating && path->average == QS_AVERAGE_GEOMETRIC) {
      return bad(flaw, "average", "must be arithmetic where the average is the strike");
    }
    return QS_OK;
  case QS_TRADE_BARRIER:
    return check_barrier(path, flaw);
  case QS_TRADE_FORWARD_START:
    return check_positive("moneyness", path->moneyness, true, flaw);
  case QS_TRADE_CLIQUET:
    return check_cliquet(path, flaw);
  case QS_TRADE_VARIANCE_SWAP:
  case QS_TRADE_VOLATILITY_SWAP: {
    qs_status status = check_positive("cap", path->cap, false, flaw);
    return status ? status : check_positive("annualisation", path->annualisation, false, flaw);
  }
  default:
    return QS_OK;
  }
}

/* Dates that there is room for: all that the trade can have. */
static size_t room_for(const qs_trade_spec *trade, qs_time as_of) {
  const qs_path_spec *path = &trade->path;
  if (!by_rule(path)) {
    return path->fixing_count + 2;
  }
  qs_time from = path->rule.from ? path->rule.from : as_of;
  qs_time to = path->rule.to ? path->rule.to : qs_trade_expiry(trade, as_of);
  double shortest = path->rule.days ? path->rule.days : 28.0 * path->rule.months;
  double dates = (double)(to - from) / (shortest * QS_SECONDS_PER_DAY) + 3;
  return dates > QS_MAX_FIXINGS ? QS_MAX_FIXINGS : dates > 3 ? (size_t)dates : 3;
}

qs_status qs_fixings_make(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, qs_fixings *fixings,
                          qs_flaw *flaw) {
  qs_status status = check_terms(trade, flaw);
  if (status) {
    return status;
  }
  qs_time *dates = QS_NEW(arena, room_for(trade, as_of), qs_time);
  if (!dates) {
    return QS_ERROR_MEMORY;
  }
  status = make_dates(trade, as_of, dates, fixings, flaw);
  return status ? status : check_past(trade, fixings, flaw);
}
