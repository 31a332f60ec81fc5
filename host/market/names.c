#include "host/market/names.h"

#include <string.h>

#include "host/market/time.h"

enum { MAX_STRIKE_DIGITS = 15 }; /* so that digits / 10^decimals is the nearest double */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_word(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '.';
}

/* The underlying up to the first '-', which is skipped. */
static bool parse_underlying(const char **text, char *underlying) {
  size_t length = 0;
  while (is_word((*text)[length])) {
    length++;
  }
  if (length == 0 || length >= QS_UNDERLYING_TEXT || (*text)[length] != '-') {
    return false;
  }
  memcpy(underlying, *text, length);
  underlying[length] = '\0';
  *text += length + 1;
  return true;
}

/* "7AUG26" or "25SEP26"; the text moves past it. */
static bool parse_expiry(const char **text, qs_time *expiry) {
  static const char months[12][4] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                     "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  const char *c = *text;
  int day = 0;
  int count = 0;
  while (count < 2 && is_digit(*c)) {
    day = 10 * day + (*c++ - '0');
    count++;
  }
  int month = 0;
  for (int i = 0; i < 12; i++) {
    month = strncmp(c, months[i], 3) == 0 ? i + 1 : month;
  }
  if (month == 0 || !is_digit(c[3]) || !is_digit(c[4])) {
    return false;
  }
  int year = 2000 + 10 * (c[3] - '0') + (c[4] - '0');
  if (!qs_time_date_valid(year, month, day)) {
    return false;
  }
  *expiry = qs_time_civil(year, month, day) + QS_EXPIRY_SECOND;
  *text = c + 5;
  return true;
}

/* "62000", "0.5" or "0d5", greater than 0, without leading zeros; the text moves past it. */
static bool parse_strike(const char **text, double *strike) {
  const char *c = *text;
  int64_t mantissa = 0;
  double scale = 1;
  int count = 0;
  if (c[0] == '0' && is_digit(c[1])) {
    return false;
  }
  for (; is_digit(*c); c++, count++) {
    if (count >= MAX_STRIKE_DIGITS) {
      return false;
    }
    mantissa = 10 * mantissa + (*c - '0');
  }
  if (count > 0 && (*c == 'd' || *c == '.')) {
    c++;
    if (!is_digit(*c)) {
      return false;
    }
    for (; is_digit(*c); c++, count++) {
      if (count >= MAX_STRIKE_DIGITS) {
        return false;
      }
      mantissa = 10 * mantissa + (*c - '0');
      scale *= 10;
    }
  }
  *strike = (double)mantissa / scale;
  *text = c;
  return mantissa > 0;
}

bool qs_listed_name_parse(const char *text, qs_listed_name *name) {
  qs_listed_name parsed = {.kind = QS_LISTED_INDEX};
  if (!parse_underlying(&text, parsed.underlying)) {
    return false;
  }
  if (strcmp(text, "INDEX") == 0 || strcmp(text, "PERPETUAL") == 0) {
    parsed.kind = text[0] == 'I' ? QS_LISTED_INDEX : QS_LISTED_PERPETUAL;
    *name = parsed;
    return true;
  }
  if (!parse_expiry(&text, &parsed.expiry)) {
    return false;
  }
  parsed.kind = QS_LISTED_FUTURE;
  if (*text != '\0') {
    parsed.kind = QS_LISTED_OPTION;
    if (*text++ != '-' || !parse_strike(&text, &parsed.strike) || *text++ != '-' ||
        (*text != 'C' && *text != 'P') || text[1] != '\0') {
      return false;
    }
    parsed.call_put = *text == 'C' ? QS_CALL : QS_PUT;
  }
  *name = parsed;
  return true;
}

bool qs_hedge_name_parse(const char *text, qs_listed_name *name, const char **flaw) {
  static const char spot[] = "-SPOT";
  const size_t length = strlen(text), tail = sizeof spot - 1;
  if (length > tail && length - tail < QS_UNDERLYING_TEXT && strcmp(text + length - tail, spot) == 0) {
    *name = (qs_listed_name){.kind = QS_LISTED_SPOT};
    memcpy(name->underlying, text, length - tail);
    return true;
  }
  qs_listed_name listed;
  if (!qs_listed_name_parse(text, &listed)) {
    *flaw = "unknown instrument; must be NAME-SPOT, or a listed future or perpetual such as BTC-25SEP26 or "
            "BTC-PERPETUAL";
    return false;
  }
  if (listed.kind == QS_LISTED_INDEX || listed.kind == QS_LISTED_OPTION) {
    *flaw = "must be a spot, a future or a perpetual; options come after it";
    return false;
  }
  *name = listed;
  return true;
}
