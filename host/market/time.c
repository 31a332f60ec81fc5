#include "host/market/time.h"

#include <stdio.h>

/* Two or four digits at *text, which moves past them; -1 when there are fewer. */
static int digits(const char **text, int count) {
  int value = 0;
  for (int i = 0; i < count; i++) {
    char c = (*text)[i];
    if (c < '0' || c > '9') {
      return -1;
    }
    value = 10 * value + (c - '0');
  }
  *text += count;
  return value;
}

static bool accept(const char **text, char c) {
  if (**text != c) {
    return false;
  }
  (*text)++;
  return true;
}

static int days_in_month(int year, int month) {
  static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

bool qs_time_date_valid(int year, int month, int day) {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
         day <= days_in_month(year, month);
}

qs_time qs_time_civil(int year, int month, int day) {
  int64_t y = year - (month <= 2);
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return (era * 146097 + day_of_era - 719468) * QS_SECONDS_PER_DAY;
}

/* "HH:MM:SS", fractions of a second, and the Z, up to the end of the text. */
static bool parse_clock(const char *text, int *seconds) {
  int hour = digits(&text, 2);
  if (hour < 0 || hour > 23 || !accept(&text, ':')) {
    return false;
  }
  int minute = digits(&text, 2);
  if (minute < 0 || minute > 59 || !accept(&text, ':')) {
    return false;
  }
  int second = digits(&text, 2);
  if (second < 0 || second > 59) {
    return false;
  }
  if (accept(&text, '.')) {
    if (digits(&text, 1) < 0) {
      return false;
    }
    while (digits(&text, 1) >= 0) {
    }
  }
  (void)accept(&text, 'Z');
  *seconds = 3600 * hour + 60 * minute + second;
  return *text == '\0';
}

bool qs_time_parse(const char *text, qs_time *time) {
  int year = digits(&text, 4);
  if (year < 0 || !accept(&text, '-')) {
    return false;
  }
  int month = digits(&text, 2);
  if (month < 0 || !accept(&text, '-')) {
    return false;
  }
  int day = digits(&text, 2);
  if (!qs_time_date_valid(year, month, day)) {
    return false;
  }
  int seconds = 0;
  if (*text != '\0') {
    bool clock = (accept(&text, 'T') || accept(&text, ' ')) && parse_clock(text, &seconds);
    if (!clock) {
      return false;
    }
  }
  *time = qs_time_civil(year, month, day) + seconds;
  return true;
}

/* A time taken apart. */
typedef struct civil {
  int year, month, day, seconds;
} civil;

static civil civil_of(qs_time time) {
  int64_t days = time / QS_SECONDS_PER_DAY;
  int64_t seconds = time % QS_SECONDS_PER_DAY;
  if (seconds < 0) {
    seconds += QS_SECONDS_PER_DAY;
    days--;
  }
  /* civil_from_days, Hinnant 2013 */
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t day_of_era = z - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  int64_t day = day_of_year - (153 * shifted + 2) / 5 + 1;
  int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  int64_t year = year_of_era + era * 400 + (month <= 2);
  return (civil){(int)year, (int)month, (int)day, (int)seconds};
}

void qs_time_format(qs_time time, char *text) {
  civil c = civil_of(time);
  snprintf(text, QS_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.seconds / 3600,
           c.seconds / 60 % 60, c.seconds % 60);
}

qs_time qs_time_add_months(qs_time time, int months) {
  civil c = civil_of(time);
  int since = 12 * c.year + c.month - 1 + months;
  int year = since / 12, month = since % 12 + 1;
  int last = days_in_month(year, month);
  return qs_time_civil(year, month, c.day < last ? c.day : last) + c.seconds;
}

double qs_time_years(qs_time from, qs_time to) {
  return (double)(to - from) / QS_SECONDS_PER_YEAR;
}
