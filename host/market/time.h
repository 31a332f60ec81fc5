/* Times: ISO 8601 UTC texts, year fractions, venue expiries. Times are seconds since 1970-01-01T00:00:00Z. */
#ifndef QS_HOST_MARKET_TIME_H
#define QS_HOST_MARKET_TIME_H

#include <stdbool.h>
#include <stddef.h>

#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  QS_SECONDS_PER_DAY = 86400,
  QS_SECONDS_PER_YEAR = 365 * 86400, /* Act/365 */
  QS_EXPIRY_SECOND = 8 * 3600,       /* venue expiries: 08:00 UTC */
  QS_TIME_TEXT = 24
};

/* "2026-08-01T17:58:04Z" (also "2026-08-01", midnight; a space for the T; no Z; fractions of a second
 * dropped). False, and `time` untouched, for anything else. */
bool qs_time_parse(const char *text, qs_time *time);

/* The inverse, "YYYY-MM-DDTHH:MM:SSZ", into text[QS_TIME_TEXT]. */
void qs_time_format(qs_time time, char *text);

/* Seconds from civil date, proleptic Gregorian calendar (Hinnant 2013, days_from_civil). */
qs_time qs_time_civil(int year, int month, int day);

/* The same day and hour `months` >= 0 later; the month's last day where it has no such day. */
qs_time qs_time_add_months(qs_time time, int months);

/* True for a date of the Gregorian calendar in the years 1 to 9999. */
bool qs_time_date_valid(int year, int month, int day);

/* (to - from) in years, Act/365. */
double qs_time_years(qs_time from, qs_time to);

#ifdef __cplusplus
}
#endif
#endif
