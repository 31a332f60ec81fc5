#include "host/base/backtest_spec.h"

#include <math.h>
#include <string.h>

static const double seconds_a_day = 86400;
enum { HOUR = 3600 };

void qs_backtest_spec_init(qs_backtest_spec *spec) {
  memset(spec, 0, sizeof *spec);
  spec->dates.spacing_days = NAN;
  spec->limits = (qs_backtest_limits){NAN, NAN};
  spec->margin = (qs_backtest_margin){.collateral = NAN, .parts = 1};
  spec->cost_weight = NAN;
  spec->risk_aversion = NAN;
  spec->variance = (qs_backtest_variance){QS_STATE_EXPECTED, QS_STATE_SAME};
  spec->intervals = (qs_backtest_intervals){0.95, 2000, 1};
}

void qs_backtest_cost_change_init(qs_backtest_cost_change *change) {
  *change = (qs_backtest_cost_change){.proportional = NAN, .relative_half_spread = NAN, .impact = NAN};
}

qs_backtest_costs qs_backtest_costs_at(const qs_backtest_costs *costs, qs_time time) {
  qs_backtest_costs now = *costs;
  for (size_t i = 0; i < costs->schedule_count && costs->schedule[i].from <= time; i++) {
    const qs_backtest_cost_change *by = &costs->schedule[i];
    now.proportional = isnan(by->proportional) ? now.proportional : by->proportional;
    now.relative_half_spread =
        isnan(by->relative_half_spread) ? now.relative_half_spread : by->relative_half_spread;
    now.impact = isnan(by->impact) ? now.impact : by->impact;
  }
  return now;
}

const char *qs_variance_state_name(qs_variance_state state) {
  static const char *const names[] = {"expected", "last",    "mean",   "har", "har_log",
                                      "garch",    "returns", "regime", "same"};
  return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : NULL;
}

void qs_backtest_as_simulate(const qs_backtest_spec *spec, qs_cost_change *room, qs_instrument_limit *limit,
                             qs_simulate_spec *simulate) {
  qs_simulate_spec_init(simulate);
  simulate->position = spec->position;
  simulate->instruments = &spec->instrument;
  simulate->instrument_count = spec->instrument ? 1 : 0;
  simulate->dates = spec->dates;
  simulate->costs.proportional = spec->costs.proportional + spec->costs.relative_half_spread;
  for (size_t i = 0; i < spec->costs.schedule_count; i++) {
    const qs_time from = spec->costs.schedule[i].from;
    const qs_backtest_costs costs = qs_backtest_costs_at(&spec->costs, from);
    qs_cost_change_init(&room[i]);
    room[i].from = from;
    room[i].proportional = costs.proportional + costs.relative_half_spread;
  }
  simulate->costs.schedule = room;
  simulate->costs.schedule_count = spec->costs.schedule_count;
  *limit = (qs_instrument_limit){spec->instrument, spec->limits.min, spec->limits.max};
  simulate->instrument_limits = limit;
  simulate->instrument_limit_count = isnan(spec->limits.min) && isnan(spec->limits.max) ? 0 : 1;
  simulate->cost_weight = spec->cost_weight;
  simulate->risk_aversion = spec->risk_aversion;
  simulate->policies = spec->policies;
  simulate->policy_count = spec->policy_count;
}

size_t qs_simulate_date_count(const qs_simulate_dates *dates) {
  return isnan(dates->spacing_days) ? dates->time_count : (size_t)dates->count + 1;
}

qs_time qs_simulate_date(const qs_simulate_dates *dates, qs_time as_of, size_t date) {
  return isnan(dates->spacing_days)
             ? dates->times[date]
             : as_of + (qs_time)llround((double)date * dates->spacing_days * seconds_a_day);
}

bool qs_record_bar(const qs_price_record *record, qs_time time, size_t *bar) {
  if (time < record->first) {
    return false;
  }
  const uint64_t apart = (uint64_t)(time - record->first), one = (uint64_t)record->bar_seconds;
  const uint64_t found = apart / one + (apart % one > 0);
  *bar = (size_t)found;
  return found < record->count;
}

qs_backtest_flaw qs_backtest_dates_flaw(const qs_backtest_spec *spec, qs_time as_of, size_t *date) {
  const size_t count = qs_simulate_date_count(&spec->dates);
  size_t before = 0;
  *date = 0;
  if (count < QS_BACKTEST_STEPS + 1) {
    return QS_BACKTEST_FEW;
  }
  for (size_t d = 0; d < count; d++) {
    size_t bar;
    *date = d;
    if (!qs_record_bar(&spec->record, qs_simulate_date(&spec->dates, as_of, d), &bar)) {
      return QS_BACKTEST_OUTSIDE;
    }
    if (d && bar <= before) {
      return QS_BACKTEST_CLOSE;
    }
    if (d && spec->latency_bars >= bar - before) {
      return QS_BACKTEST_LATE;
    }
    before = bar;
  }
  return QS_BACKTEST_FINE;
}

const char *qs_backtest_flaw_text(qs_backtest_flaw flaw) {
  static const char *const texts[] = {
      [QS_BACKTEST_FINE] = "",
      [QS_BACKTEST_FEW] = "must be at least 9 and the unwind, or nothing can be said of chance",
      [QS_BACKTEST_OUTSIDE] = "must be within the times of the prices",
      [QS_BACKTEST_CLOSE] = "must be acted on at another bar of the prices than the date before it",
      [QS_BACKTEST_LATE] = "must be fewer bars than from one date to the next"};
  return texts[flaw];
}

double qs_funding_paid(const qs_funding_record *record, qs_time from, qs_time to) {
  double sum = 0;
  for (size_t i = 0; i < record->count; i++) {
    const qs_time at = record->first + (qs_time)i * record->rate_seconds;
    sum += at > from && at <= to ? record->rates[i] : 0;
  }
  return sum;
}

static qs_time bar_time(const qs_backtest_spec *spec, qs_time as_of, size_t date) {
  size_t bar = 0;
  qs_record_bar(&spec->record, qs_simulate_date(&spec->dates, as_of, date), &bar);
  return spec->record.first + (qs_time)bar * spec->record.bar_seconds;
}

const char *qs_backtest_funding_flaw(const qs_backtest_spec *spec, qs_time as_of, bool perpetual) {
  const qs_funding_record *f = &spec->funding;
  if (!f->count) {
    return NULL;
  }
  if (!perpetual) {
    return "a spot pays none; must be a perpetual's";
  }
  const qs_time last = f->first + (qs_time)(f->count - 1) * f->rate_seconds;
  const qs_time begin = bar_time(spec, as_of, 0);
  const qs_time end = bar_time(spec, as_of, qs_simulate_date_count(&spec->dates) - 1);
  return f->first > begin + f->rate_seconds || last + f->rate_seconds <= end
             ? "must have every payment from the first date to the last"
             : NULL;
}

const char *qs_backtest_policy_flaw(qs_hedge_policy_type type) {
  return type == QS_HEDGE_POLICY_OPTIMAL || (unsigned)type <= QS_HEDGE_POLICY_NET_DELTA ? NULL
         : type == QS_HEDGE_POLICY_DELTA_GAMMA || type == QS_HEDGE_POLICY_DELTA_VEGA
             ? "holds an option, whose prices are not recorded"
             : "is no table of the state, and is not replayed";
}

const char *qs_backtest_state_flaw(const qs_backtest_spec *spec, qs_time as_of, qs_variance_state state,
                                   bool random) {
  if (state == QS_STATE_EXPECTED || state == QS_STATE_SAME) {
    return NULL;
  }
  if (!random) {
    return "needs a model whose variance is random";
  }
  if (spec->record.bar_seconds > HOUR || HOUR % spec->record.bar_seconds) {
    return "needs prices at bars that divide an hour";
  }
  const bool autoregression = state == QS_STATE_HAR || state == QS_STATE_HAR_LOG;
  const int64_t hours = autoregression ? QS_BACKTEST_HAR_HOURS : QS_BACKTEST_HOURS;
  if (qs_simulate_date(&spec->dates, as_of, 0) - spec->record.first >= hours * HOUR) {
    return NULL;
  }
  return autoregression ? "needs 168 hours of prices before the first date"
                        : "needs 60 hours of prices before the first date";
}
