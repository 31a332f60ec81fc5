#include "host/market/fixings.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/market/time.h"

qs_status qs_flaw_set(qs_flaw *flaw, const char *key, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(flaw->why, sizeof flaw->why, format, arguments);
  va_end(arguments);
  flaw->key = key;
  return QS_ERROR_INPUT;
}

bool qs_trade_along_path(qs_trade_type type) {
  return type >= QS_TRADE_DIGITAL && type <= QS_TRADE_WORST_OF;
}

bool qs_trade_early(qs_trade_type type) {
  return type == QS_TRADE_BERMUDAN || type == QS_TRADE_AMERICAN;
}

bool qs_trade_by_formula(const qs_trade_spec *trade) {
  return trade->type == QS_TRADE_SCRIPT || (qs_trade_early(trade->type) && trade->script.payoff);
}

bool qs_trade_joint(const qs_trade_spec *trade) {
  return trade->underlying_count > 1 || (qs_trade_early(trade->type) && qs_trade_by_formula(trade));
}

bool qs_trade_has_fixings(const qs_trade_spec *trade) {
  switch (trade->type) {
  case QS_TRADE_ASIAN:
  case QS_TRADE_LOOKBACK:
  case QS_TRADE_CLIQUET:
  case QS_TRADE_VARIANCE_SWAP:
  case QS_TRADE_VOLATILITY_SWAP:
  case QS_TRADE_BERMUDAN:
  case QS_TRADE_AUTOCALLABLE:
    return true;
  case QS_TRADE_BARRIER:
    return trade->path.monitoring == QS_MONITORING_DISCRETE;
  default:
    return false;
  }
}

/* What is said about a list of dates: the key that it stands at, and its name in a script. */
typedef struct date_list {
  const char *key, *name;
  const qs_time *dates; /* null: by rule */
  size_t count;
  const qs_fixing_rule *rule;
} date_list;

static const char too_many[] = "must be at most 5000 dates";
_Static_assert(QS_MAX_FIXINGS == 5000, "what the message says");

static date_list fixings_of(const qs_path_spec *path) {
  return (date_list){"fixings", "", path->fixing_count ? path->fixings : NULL, path->fixing_count,
                     &path->rule};
}

static date_list schedule_of(const qs_schedule_spec *schedule) {
  return (date_list){"schedules", schedule->name, schedule->date_count ? schedule->dates : NULL,
                     schedule->date_count, &schedule->rule};
}

static qs_status bad_list(qs_flaw *flaw, const date_list *list, const char *why) {
  return qs_flaw_set(flaw, list->key, "%s%s%s", list->name, list->name[0] ? ": " : "", why);
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
  qs_time apart = rule->days ? rule->days * (qs_time)QS_SECONDS_PER_DAY : (qs_time)rule->seconds;
  qs_time date = apart ? from + (qs_time)k * apart : qs_time_add_months(from, (int)(k * rule->months));
  return date < to ? date : to;
}

static qs_status dates_by_rule(const date_list *list, qs_time as_of, qs_time expiry, qs_time *dates,
                               size_t *count, qs_flaw *flaw) {
  const qs_fixing_rule *rule = list->rule;
  qs_time from = rule->from ? rule->from : as_of, to = rule->to ? rule->to : expiry;
  if ((rule->days > 0) + (rule->months > 0) + (rule->seconds > 0) > 1) {
    return bad_list(flaw, list, "must be by days, by months or by seconds");
  }
  if (from >= to) {
    char text[QS_TIME_TEXT];
    qs_time_format(from, text);
    return qs_flaw_set(flaw, list->key, "%s%sthe rule begins at %s; must begin before its end, the expiry",
                       list->name, list->name[0] ? ": " : "", text);
  }
  *count = 0;
  for (size_t k = rule->skip_first ? 1 : 0;; k++) {
    if (*count == QS_MAX_FIXINGS) {
      return bad_list(flaw, list, too_many);
    }
    dates[*count] = rule_date(rule, from, to, k);
    if (dates[(*count)++] == to) {
      return QS_OK;
    }
  }
}

static qs_status copy_dates(const date_list *list, qs_time *dates, size_t *count, qs_flaw *flaw) {
  for (size_t i = 0; i < list->count; i++) {
    dates[i] = list->dates[i];
    if (i && dates[i] <= dates[i - 1]) {
      char why[QS_FLAW_TEXT];
      snprintf(why, sizeof why, "must ascend; date %zu does not", i + 1);
      return bad_list(flaw, list, why);
    }
  }
  *count = list->count;
  return QS_OK;
}

static bool has_rule(const date_list *list) {
  return list->rule->days || list->rule->months || list->rule->seconds;
}

/* Dates that there is room for: all that the list can have. */
static size_t room_for(const date_list *list, qs_time as_of, qs_time expiry) {
  if (list->dates || !has_rule(list)) {
    return list->count + 2;
  }
  const qs_fixing_rule *rule = list->rule;
  qs_time from = rule->from ? rule->from : as_of, to = rule->to ? rule->to : expiry;
  double shortest =
      rule->seconds ? rule->seconds : (rule->days ? rule->days : 28.0 * rule->months) * QS_SECONDS_PER_DAY;
  double dates = (double)(to - from) / shortest + 3;
  return dates > QS_MAX_FIXINGS ? QS_MAX_FIXINGS : dates > 3 ? (size_t)dates : 3;
}

/* Fills the dates of a list, for which there is room. */
static qs_status list_dates(const date_list *list, qs_time as_of, qs_time expiry, qs_time *dates,
                            size_t *count, qs_flaw *flaw) {
  if (list->count > QS_MAX_FIXINGS) {
    return bad_list(flaw, list, too_many);
  }
  if (list->dates) {
    return copy_dates(list, dates, count, flaw);
  }
  return has_rule(list) ? dates_by_rule(list, as_of, expiry, dates, count, flaw)
                        : bad_list(flaw, list, "must be given: a list of dates, or a rule");
}

qs_status qs_schedule_dates(qs_arena *arena, const qs_schedule_spec *schedule, qs_time as_of, qs_time expiry,
                            const qs_time **dates, size_t *count, qs_flaw *flaw) {
  const date_list list = schedule_of(schedule);
  qs_time *made = QS_NEW(arena, room_for(&list, as_of, expiry), qs_time);
  if (!made) {
    return QS_ERROR_MEMORY;
  }
  qs_status status = list_dates(&list, as_of, expiry, made, count, flaw);
  if (!status && made[*count - 1] > expiry) {
    return bad_list(flaw, &list, "no date may be after the expiry");
  }
  if (!status && schedule->single && *count != 1) {
    return bad_list(flaw, &list, "must be one date");
  }
  *dates = made;
  return status;
}

static int compare_times(const void *a, const void *b) {
  qs_time x = *(const qs_time *)a, y = *(const qs_time *)b;
  return (x > y) - (x < y);
}

/* The dates of a script: all of its schedules' and the expiry, each once. */
static qs_status script_dates(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, qs_time expiry,
                              qs_time **dates, size_t *count, qs_flaw *flaw) {
  const qs_script_spec *script = &trade->script;
  size_t room = 1, listed = 0;
  for (size_t i = 0; i < script->schedule_count; i++) {
    const date_list list = schedule_of(&script->schedules[i]);
    room += room_for(&list, as_of, expiry);
  }
  qs_time *all = QS_NEW(arena, room, qs_time);
  if (!all) {
    return QS_ERROR_MEMORY;
  }
  for (size_t i = 0; i < script->schedule_count; i++) {
    const qs_time *mine = NULL;
    size_t some = 0;
    qs_status status = qs_schedule_dates(arena, &script->schedules[i], as_of, expiry, &mine, &some, flaw);
    if (status) {
      return status;
    }
    memcpy(all + listed, mine, some * sizeof *mine);
    listed += some;
  }
  all[listed++] = expiry;
  qsort(all, listed, sizeof *all, compare_times);
  *count = 0;
  for (size_t i = 0; i < listed; i++) {
    if (!*count || all[*count - 1] != all[i]) {
      all[(*count)++] = all[i];
    }
  }
  *dates = all;
  return *count > QS_MAX_FIXINGS ? qs_flaw_set(flaw, "schedules", "%s", too_many) : QS_OK;
}

static qs_status make_dates(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, qs_fixings *fixings,
                            qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  const date_list list = fixings_of(path);
  qs_time expiry = qs_trade_expiry(trade, as_of);
  bool script = trade->type == QS_TRADE_SCRIPT;
  qs_time *dates = script ? NULL : QS_NEW(arena, room_for(&list, as_of, expiry), qs_time);
  size_t count = 0;
  qs_status status = QS_OK;
  if (!script && !dates) {
    return QS_ERROR_MEMORY;
  }
  if (script) {
    status = script_dates(arena, trade, as_of, expiry, &dates, &count, flaw);
  } else if (trade->type == QS_TRADE_FORWARD_START) {
    dates[0] = path->start;
    dates[1] = expiry;
    count = 2;
    if (!path->start || path->start >= expiry) {
      return qs_flaw_set(flaw, "start", "must be given and before the expiry");
    }
  } else if (!qs_trade_has_fixings(trade)) {
    dates[0] = expiry;
    count = 1;
  } else {
    status = list_dates(&list, as_of, expiry, dates, &count, flaw);
  }
  if (status) {
    return status;
  }
  if (dates[count - 1] != expiry) {
    char text[QS_TIME_TEXT];
    qs_time_format(expiry, text);
    return qs_flaw_set(flaw, "fixings", "the last must be the expiry, which is %s", text);
  }
  bool returns = trade->type == QS_TRADE_CLIQUET || trade->type == QS_TRADE_VARIANCE_SWAP ||
                 trade->type == QS_TRADE_VOLATILITY_SWAP;
  if (returns && count < 2) {
    return qs_flaw_set(flaw, "fixings", "must be at least 2 dates");
  }
  if (trade->type == QS_TRADE_BERMUDAN && count > QS_MAX_EXERCISES) {
    return qs_flaw_set(flaw, "exercise",
                       "%zu dates; must be at most %d: an american may be exercised at any time", count,
                       QS_MAX_EXERCISES);
  }
  *fixings = (qs_fixings){.dates = dates, .count = count};
  for (size_t i = 0; i < count; i++) {
    fixings->known += dates[i] <= as_of;
    fixings->past += dates[i] < as_of;
  }
  return QS_OK;
}

static size_t underlyings_of(const qs_trade_spec *trade) {
  return trade->underlying_count > 1 ? trade->underlying_count : 1;
}

/* The values of the fixings up to as_of: all of them, or all but the one at as_of. */
static qs_status check_past(const qs_trade_spec *trade, const qs_fixings *fixings, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  bool none = trade->type == QS_TRADE_BARRIER || trade->type == QS_TRADE_DIGITAL ||
              trade->type == QS_TRADE_BERMUDAN || trade->type == QS_TRADE_AMERICAN ||
              trade->type == QS_TRADE_POOL;
  size_t past = none ? 0 : fixings->past, known = none ? 0 : fixings->known;
  size_t each = underlyings_of(trade);
  bool whole = path->past_count % each == 0;
  if (!whole || path->past_count / each < past || path->past_count / each > known) {
    return qs_flaw_set(flaw, "past", "%zu values for %zu fixings before as_of; must be one value for each%s",
                       path->past_count, each * past, each > 1 ? " and underlying" : "");
  }
  for (size_t i = 0; i < path->past_count; i++) {
    if (!(path->past[i] > 0) || isinf(path->past[i])) {
      return qs_flaw_set(flaw, "past", "value %zu is %.10g; must be greater than 0", i + 1, path->past[i]);
    }
  }
  return QS_OK;
}

static qs_status check_positive(const char *key, double value, bool needed, qs_flaw *flaw) {
  if (isnan(value) ? needed : !(value > 0) || isinf(value)) {
    return qs_flaw_set(flaw, key, "%.10g; must be finite and greater than 0", value);
  }
  return QS_OK;
}

/* `lower` and `upper`, where they are given. */
static qs_status check_range(const qs_path_spec *path, qs_flaw *flaw) {
  qs_status status = check_positive("lower", path->lower, false, flaw);
  if (!status) {
    status = check_positive("upper", path->upper, false, flaw);
  }
  return !status && path->lower >= path->upper
             ? qs_flaw_set(flaw, "upper", "must be greater than lower, which is %.10g", path->lower)
             : status;
}

static qs_status check_pool(const qs_path_spec *path, qs_flaw *flaw) {
  qs_status status = check_range(path, flaw);
  if (!status) {
    status = check_positive("entry", path->entry, true, flaw);
  }
  if (!status) {
    status = check_positive("deposit", path->deposit, true, flaw);
  }
  bool pays = path->pays == QS_PAYS_VALUE || path->pays == QS_PAYS_DIVERGENCE_LOSS;
  return !status && !pays ? qs_flaw_set(flaw, "pays", "must be value or divergence_loss for a pool") : status;
}

static qs_status check_amount(const char *key, double value, qs_flaw *flaw) {
  return value >= 0 && !isinf(value) ? QS_OK
                                     : qs_flaw_set(flaw, key, "%.10g; must be finite and at least 0", value);
}

static qs_status check_autocallable(const qs_trade_spec *trade, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  size_t several = underlyings_of(trade);
  if (path->initial_count != several) {
    return qs_flaw_set(flaw, "initial", "%zu prices; must be one%s", path->initial_count,
                       several > 1 ? " for each underlying" : "");
  }
  if (!path->autocall_count) {
    return qs_flaw_set(flaw, "autocall", "must be given: one level, or one for each fixing");
  }
  qs_status status = QS_OK;
  for (size_t a = 0; !status && a < several; a++) {
    status = check_positive("initial", path->initial[a], true, flaw);
  }
  for (size_t i = 0; !status && i < path->autocall_count; i++) {
    status = check_positive("autocall", path->autocall[i], true, flaw);
  }
  if (!status) {
    status = check_positive("knock_in", path->knock_in, false, flaw);
  }
  const char *const keys[] = {"coupon", "coupon_barrier", "redemption", "smoothing"};
  const double amounts[] = {path->coupon, path->coupon_barrier, path->redemption, path->smoothing};
  for (size_t i = 0; !status && i < sizeof keys / sizeof keys[0]; i++) {
    status = check_amount(keys[i], amounts[i], flaw);
  }
  return status;
}

/* One level for each fixing, and none of them reached before as_of. */
static qs_status check_calls(const qs_trade_spec *trade, const qs_fixings *fixings, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  size_t count = path->autocall_count, several = underlyings_of(trade);
  if (count != 1 && count != fixings->count) {
    return qs_flaw_set(flaw, "autocall", "%zu levels for %zu fixings; must be one, or one for each", count,
                       fixings->count);
  }
  for (size_t i = 0; i < fixings->past; i++) {
    double worst = INFINITY;
    for (size_t a = 0; a < several; a++) {
      worst = fmin(worst, path->past[a * (path->past_count / several) + i] / path->initial[a]);
    }
    if (worst >= path->autocall[count > 1 ? i : 0]) {
      return qs_flaw_set(flaw, "past",
                         "value %zu is %.10g; must be below the call's level, or the note is over", i + 1,
                         path->past[i]);
    }
  }
  return QS_OK;
}

static qs_status check_digital(const qs_path_spec *path, qs_flaw *flaw) {
  if (path->pays != QS_PAYS_CASH && path->pays != QS_PAYS_ASSET) {
    return qs_flaw_set(flaw, "pays", "must be cash or asset for a digital");
  }
  return check_positive("amount", path->amount, path->pays == QS_PAYS_CASH, flaw);
}

static qs_status check_barrier(const qs_path_spec *path, qs_flaw *flaw) {
  qs_status status = check_range(path, flaw);
  if (status) {
    return status;
  }
  if (isnan(path->lower) && isnan(path->upper)) {
    return qs_flaw_set(flaw, "lower", "a barrier needs lower, upper or both");
  }
  if (!(path->rebate >= 0) || isinf(path->rebate)) {
    return qs_flaw_set(flaw, "rebate", "%.10g; must be finite and at least 0", path->rebate);
  }
  if (path->rebate_paid == QS_REBATE_AT_HIT && path->knock == QS_KNOCK_IN) {
    return qs_flaw_set(flaw, "rebate_paid", "must be expiry for a barrier that knocks in");
  }
  return QS_OK;
}

static qs_status check_cliquet(const qs_path_spec *path, qs_flaw *flaw) {
  if (path->local_floor > path->local_cap) {
    return qs_flaw_set(flaw, "local_cap", "must be at least local_floor, which is %.10g", path->local_floor);
  }
  if (path->global_floor > path->global_cap) {
    return qs_flaw_set(flaw, "global_cap", "must be at least global_floor, which is %.10g",
                       path->global_floor);
  }
  return check_positive("moneyness", path->moneyness, true, flaw);
}

static qs_status check_terms(const qs_trade_spec *trade, qs_flaw *flaw) {
  const qs_path_spec *path = &trade->path;
  switch (trade->type) {
  case QS_TRADE_DIGITAL:
    return check_digital(path, flaw);
  case QS_TRADE_POOL:
    return check_pool(path, flaw);
  case QS_TRADE_AUTOCALLABLE:
    return check_autocallable(trade, flaw);
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

qs_status qs_fixings_make(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, qs_fixings *fixings,
                          qs_flaw *flaw) {
  qs_status status = check_terms(trade, flaw);
  if (!status) {
    status = make_dates(arena, trade, as_of, fixings, flaw);
  }
  if (status && trade->type == QS_TRADE_BERMUDAN) {
    flaw->key = "exercise";
  }
  if (!status) {
    status = check_past(trade, fixings, flaw);
  }
  return !status && trade->type == QS_TRADE_AUTOCALLABLE ? check_calls(trade, fixings, flaw) : status;
}
