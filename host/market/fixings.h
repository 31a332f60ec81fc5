/* The fixing dates of a trade along a path, and what is wrong with its terms: one check for configs and for
 * inputs in memory. */
#ifndef QS_HOST_MARKET_FIXINGS_H
#define QS_HOST_MARKET_FIXINGS_H

#include "host/base/arena.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_FLAW_TEXT = 160, QS_MAX_FIXINGS = 5000, QS_MAX_EXERCISES = 400, QS_MAX_SETTLEMENT_MINUTES = 1440 };

/* What is wrong: the key of the trade that it stands at, and what is allowed ("must be ..."). */
typedef struct qs_flaw {
  const char *key;
  char why[QS_FLAW_TEXT];
} qs_flaw;

/* Fills `flaw`, its text cut at its room; the key must outlive it. Always QS_ERROR_INPUT. */
qs_status qs_flaw_set(qs_flaw *flaw, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Dates ascending; the first `known` are not after as_of, the first `past` of them before it. */
typedef struct qs_fixings {
  const qs_time *dates;
  size_t count, known, past;
} qs_fixings;

/* True for the types that qs_path_spec is for. */
bool qs_trade_along_path(qs_trade_type type);

/* True where what is paid is a formula: a script, or what early exercise pays. */
bool qs_trade_by_formula(const qs_trade_spec *trade);

/* True where it is valued along the paths of its underlyings together: of several, or by a formula of what
 * early exercise pays. */
bool qs_trade_joint(const qs_trade_spec *trade);

/* True for the types that are exercised early. */
bool qs_trade_early(qs_trade_type type);

/* True for the types that have fixing dates: a barrier when it is watched at them. */
bool qs_trade_has_fixings(const qs_trade_spec *trade);

/* The trade's expiry as it is given, or by its last fixing; 0: not given. */
qs_time qs_trade_expiry(const qs_trade_spec *trade, qs_time as_of);

/* The dates of one of a script's schedules, in the arena. QS_ERROR_INPUT fills `flaw`. */
qs_status qs_schedule_dates(qs_arena *arena, const qs_schedule_spec *schedule, qs_time as_of, qs_time expiry,
                            const qs_time **dates, size_t *count, qs_flaw *flaw);

/* Checks the terms of a trade along a path (its expiry must be after as_of already) and makes its dates:
 * those of its fixings or of all schedules of a script, or the start and the expiry, or the expiry alone.
 * QS_ERROR_INPUT fills `flaw`. */
qs_status qs_fixings_make(qs_arena *arena, const qs_trade_spec *trade, qs_time as_of, qs_fixings *fixings,
                          qs_flaw *flaw);

#ifdef __cplusplus
}
#endif
#endif
