/*
 * Texts in files: numbers in and out whatever the locale, what a message may quote, and the nearest known
 * word.
 */
#ifndef QS_HOST_BASE_TEXT_H
#define QS_HOST_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an unquoted text is (YAML 1.2 core schema, decimal numbers alone). */
typedef enum qs_text_kind {
  QS_TEXT_NULL,       /* nothing, ~, null */
  QS_TEXT_BOOL,       /* true, false */
  QS_TEXT_NUMBER,     /* -1.5e3 */
  QS_TEXT_NOT_FINITE, /* .nan, inf, 1e999 */
  QS_TEXT_WORD        /* anything else */
} qs_text_kind;

/* The kind of the whole text; `number` (may be null) gets the value of a QS_TEXT_NUMBER, rounded to nearest.
 */
qs_text_kind qs_text_classify(const char *text, double *number);

/* A whole number of decimal digits below 2^64; false for anything else. */
bool qs_text_count(const char *text, uint64_t *number);

enum { QS_NUMBER_TEXT = 32, QS_SHOWN_TEXT = 96 };

/* The shortest of %.15g, %.16g, %.17g that reads back as the same double, into text[QS_NUMBER_TEXT]; the
 * value is finite. */
void qs_text_from_number(double value, char *text);

/* At most 60 bytes of the text for a message, "..." where it is longer, control characters as \xNN, into
 * shown[QS_SHOWN_TEXT]. */
void qs_text_show(const char *text, char *shown);

/* The candidate that is nearest to the text by single-letter edits and swaps, or null when none is near. */
const char *qs_text_closest(const char *text, const char *const *candidates, size_t count);

/* Bytes of the UTF-8 character that begins here, at most `left`; 0 when it is none. */
size_t qs_text_character(const char *text, size_t left);

typedef struct qs_text_flaw {
  uint32_t line, column; /* from 1, columns in characters */
  const char *what;      /* static */
  unsigned char byte;
} qs_text_flaw;

/* True when the bytes are UTF-8 of printable characters, tabs and line breaks, without a line longer than
 * `max_line` bytes; else tells the first flaw. A byte-order mark may come first. */
bool qs_text_valid(const char *bytes, size_t size, size_t max_line, qs_text_flaw *flaw);

#ifdef __cplusplus
}
#endif
#endif
