/*
 * What a backtest's inputs mean and must be, for those that read them from files and those that run them.
 */
#ifndef QS_HOST_BASE_BACKTEST_SPEC_H
#define QS_HOST_BASE_BACKTEST_SPEC_H

#include "quickset/backtest.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_BACKTEST_STEPS = 9, QS_BACKTEST_HOURS = 60, QS_BACKTEST_HAR_HOURS = 168 };

/* The same position, instrument, limits, dates, proportional costs and policies to be simulated, nothing
 * else; points into the spec, room[costs.schedule_count] and the limit. */
void qs_backtest_as_simulate(const qs_backtest_spec *spec, qs_cost_change *room, qs_instrument_limit *limit,
                             qs_simulate_spec *simulate);

/* Those in force at the time: of what is decided then. */
qs_backtest_costs qs_backtest_costs_at(const qs_backtest_costs *costs, qs_time time);

/* Dates of trading and the unwind, and the time of one. */
size_t qs_simulate_date_count(const qs_simulate_dates *dates);
qs_time qs_simulate_date(const qs_simulate_dates *dates, qs_time as_of, size_t date);

/* The first bar that is not before the time; false where the time is outside of the record. */
bool qs_record_bar(const qs_price_record *record, qs_time time, size_t *bar);

typedef enum qs_backtest_flaw {
  QS_BACKTEST_FINE,
  QS_BACKTEST_FEW,     /* dates */
  QS_BACKTEST_OUTSIDE, /* of the record */
  QS_BACKTEST_CLOSE,   /* two dates at one price */
  QS_BACKTEST_LATE     /* filled after the next decision */
} qs_backtest_flaw;

/* How dates and record fit; *date is the first that does not. The dates ascend. */
qs_backtest_flaw qs_backtest_dates_flaw(const qs_backtest_spec *spec, qs_time as_of, size_t *date);
const char *qs_backtest_flaw_text(qs_backtest_flaw flaw);

/* Rates that were paid after `from` and up to `to`. */
double qs_funding_paid(const qs_funding_record *record, qs_time from, qs_time to);

/* Why the rates that are given are not those of the dates, or null. The dates fit. */
const char *qs_backtest_funding_flaw(const qs_backtest_spec *spec, qs_time as_of, bool perpetual);

/* Why the policy is not replayed, or null. */
const char *qs_backtest_policy_flaw(qs_hedge_policy_type type);

/* Why the state is not known on every date, or null. `random`: the model's variance is. The dates fit. */
const char *qs_backtest_state_flaw(const qs_backtest_spec *spec, qs_time as_of, qs_variance_state state,
                                   bool random);

#ifdef __cplusplus
}
#endif
#endif
