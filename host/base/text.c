#define _GNU_SOURCE /* uselocale */
#include "host/base/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NUMBER = 400, MAX_WORD = 32, MAX_SHOWN = 60 };

static bool is_one_of(const char *text, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(text, words[i]) == 0) {
      return true;
    }
  }
  return false;
}

static size_t skip_digits(const char *text) {
  size_t count = 0;
  while (text[count] >= '0' && text[count] <= '9') {
    count++;
  }
  return count;
}

/* [-+]? (digits [. digits?]? | . digits) ([eE] [-+]? digits)? */
static bool is_number(const char *text) {
  const char *c = text + (*text == '-' || *text == '+');
  size_t digits = skip_digits(c);
  c += digits;
  if (*c == '.') {
    size_t fraction = skip_digits(++c);
    digits += fraction;
    c += fraction;
  }
  if (digits == 0) {
    return false;
  }
  if (*c == 'e' || *c == 'E') {
    c++;
    c += *c == '-' || *c == '+';
    size_t exponent = skip_digits(c);
    if (exponent == 0) {
      return false;
    }
    c += exponent;
  }
  return *c == '\0' && c - text <= MAX_NUMBER;
}

/* The C locale's point, whatever the caller of the library has set; glibc hands out a static object here. */
static double to_number(const char *text) {
  locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  locale_t before = uselocale(c_locale);
  double value = strtod(text, NULL);
  uselocale(before);
  freelocale(c_locale);
  return value;
}

qs_text_kind qs_text_classify(const char *text, double *number) {
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
  static const char *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
  static const char *const infinite[] = {".inf", ".Inf", ".INF", "inf", "Inf", "INF", "infinity", "Infinity",
                                         ".nan", ".NaN", ".NAN", "nan", "NaN", "NAN", "-nan",     "+nan"};
  if (is_one_of(text, nulls, sizeof nulls / sizeof nulls[0])) {
    return QS_TEXT_NULL;
  }
  if (is_one_of(text, bools, sizeof bools / sizeof bools[0])) {
    return QS_TEXT_BOOL;
  }
  const char *unsigned_text = text + (*text == '-' || *text == '+');
  if (is_one_of(unsigned_text, infinite, sizeof infinite / sizeof infinite[0])) {
    return QS_TEXT_NOT_FINITE;
  }
  if (!is_number(text)) {
    return QS_TEXT_WORD;
  }
  double value = to_number(text);
  if (!isfinite(value)) {
    return QS_TEXT_NOT_FINITE;
  }
  if (number) {
    *number = value;
  }
  return QS_TEXT_NUMBER;
}

bool qs_text_count(const char *text, uint64_t *number) {
  size_t digits = skip_digits(text);
  if (digits == 0 || digits > 20 || text[digits] != '\0') {
    return false;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < digits; i++) {
    uint64_t digit = (uint64_t)(text[i] - '0');
    if (value > (UINT64_MAX - digit) / 10) {
      return false;
    }
    value = 10 * value + digit;
  }
  *number = value;
  return true;
}

void qs_text_from_number(double value, char *text) {
  locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  locale_t before = uselocale(c_locale);
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, QS_NUMBER_TEXT, "%.*g", digits, value);
    if (strtod(text, NULL) == value) {
      break;
    }
  }
  uselocale(before);
  freelocale(c_locale);
}

void qs_text_show(const char *text, char *shown) {
  size_t used = 0;
  size_t i = 0;
  for (; i < MAX_SHOWN && text[i] && used + 8 < QS_SHOWN_TEXT; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20 || c == 0x7f) {
      used += (size_t)snprintf(shown + used, QS_SHOWN_TEXT - used, "\\x%02X", c);
    } else {
      shown[used++] = (char)c;
    }
  }
  if (text[i]) {
    /* Never end on a part of a character. */
    while (used > 0 && ((unsigned char)shown[used - 1] & 0xc0) == 0x80) {
      used--;
    }
    if (used > 0 && ((unsigned char)shown[used - 1] & 0x80) != 0) {
      used--;
    }
    memcpy(shown + used, "...", 3);
    used += 3;
  }
  shown[used] = '\0';
}

static unsigned min3(unsigned a, unsigned b, unsigned c) {
  unsigned m = a < b ? a : b;
  return m < c ? m : c;
}

/* Edits (Damerau 1964, optimal string alignment) between two texts shorter than MAX_WORD. */
static unsigned edits(const char *a, const char *b) {
  unsigned rows[3][MAX_WORD + 1];
  size_t n = strlen(a);
  size_t m = strlen(b);
  unsigned *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= m; j++) {
    last[j] = (unsigned)j;
    before[j] = 0;
  }
  for (size_t i = 1; i <= n; i++) {
    now[0] = (unsigned)i;
    for (size_t j = 1; j <= m; j++) {
      unsigned cost = a[i - 1] != b[j - 1];
      now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j]) {
        now[j] = before[j - 2] + 1;
      }
    }
    unsigned *free_row = before;
    before = last;
    last = now;
    now = free_row;
  }
  return last[m];
}

const char *qs_text_closest(const char *text, const char *const *candidates, size_t count) {
  size_t length = strlen(text);
  if (length >= MAX_WORD) {
    return NULL;
  }
  const char *closest = NULL;
  unsigned best = length < 4 ? 2 : (unsigned)(length / 3) + 2; /* one more than what is still near */
  for (size_t i = 0; i < count; i++) {
    unsigned distance = strlen(candidates[i]) < MAX_WORD ? edits(text, candidates[i]) : best;
    if (distance < best) {
      best = distance;
      closest = candidates[i];
    }
  }
  return closest;
}

/* Bytes of the character that starts here, 0 when it is no UTF-8 (RFC 3629: shortest form, no surrogates). */
static size_t character_length(const unsigned char *c, size_t left) {
  if (c[0] < 0x80) {
    return 1;
  }
  size_t length = c[0] >= 0xc2 && c[0] <= 0xdf   ? 2
                  : (c[0] & 0xf0) == 0xe0        ? 3
                  : c[0] >= 0xf0 && c[0] <= 0xf4 ? 4
                                                 : 0;
  if (length == 0 || length > left) {
    return 0;
  }
  for (size_t i = 1; i < length; i++) {
    if ((c[i] & 0xc0) != 0x80) {
      return 0;
    }
  }
  bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
  bool surrogate = c[0] == 0xed && c[1] >= 0xa0;
  bool beyond = c[0] == 0xf4 && c[1] >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

size_t qs_text_character(const char *text, size_t left) {
  return character_length((const unsigned char *)text, left);
}

/* Why the character may not stand in a text file, or null. */
static const char *character_flaw(const unsigned char *c, size_t length) {
  if (length == 0) {
    return "is not UTF-8";
  }
  bool control = (c[0] < 0x20 && c[0] != '\t' && c[0] != '\n' && c[0] != '\r') || c[0] == 0x7f;
  bool control_c1 = length == 2 && c[0] == 0xc2 && c[1] < 0xa0 && c[1] != 0x85;
  if (control || control_c1) {
    return "is a control character";
  }
  bool no_character = length == 3 && c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe;
  bool order_mark = length == 3 && c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf;
  return no_character || order_mark ? "is no character of a text" : NULL;
}

bool qs_text_valid(const char *bytes, size_t size, size_t max_line, qs_text_flaw *flaw) {
  const unsigned char *c = (const unsigned char *)bytes;
  size_t at = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  size_t line_start = at;
  flaw->line = 1;
  flaw->column = 1;
  while (at < size) {
    size_t length = character_length(c + at, size - at);
    flaw->what = character_flaw(c + at, length);
    flaw->byte = c[at];
    if (!flaw->what && at - line_start >= max_line) {
      flaw->what = "makes the line too long";
    }
    if (flaw->what) {
      return false;
    }
    flaw->column++;
    if (c[at] == '\n') {
      flaw->line++;
      flaw->column = 1;
      line_start = at + 1;
    }
    at += length;
  }
  return true;
}
