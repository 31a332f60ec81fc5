#include "host/cli/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void table_begin(table *t, size_t columns) {
  memset(t, 0, sizeof *t);
  t->columns = columns;
}

/* The next cell, or null when memory is out. */
static char *next_cell(table *t) {
  if (t->cells == t->capacity) {
    size_t capacity = t->capacity ? 2 * t->capacity : 256;
    char(*text)[TABLE_CELL] = realloc(t->text, capacity * sizeof *text);
    if (!text) {
      t->failed = 1;
      return NULL;
    }
    t->text = text;
    t->capacity = capacity;
  }
  return t->text[t->cells++];
}

void table_add(table *t, const char *format, ...) {
  char *cell = next_cell(t);
  if (cell) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell, TABLE_CELL, format, arguments);
    va_end(arguments);
  }
}

/* Digits in groups of three. */
static void group(const char *digits, char text[TABLE_CELL]) {
  size_t sign = digits[0] == '-';
  size_t whole = strcspn(digits, ".") - sign;
  size_t used = 0;
  for (size_t i = 0; digits[i] && used + 2 < TABLE_CELL; i++) {
    bool boundary = i > sign && i < whole + sign && (whole + sign - i) % 3 == 0;
    if (boundary) {
      text[used++] = ',';
    }
    text[used++] = digits[i];
  }
  text[used] = '\0';
}

void format_number(double value, char text[TABLE_CELL]) {
  double size = fabs(value);
  if (isnan(value)) {
    snprintf(text, TABLE_CELL, "-");
  } else if (size >= 1e15 || (size > 0 && size < 1e-4)) {
    snprintf(text, TABLE_CELL, "%.3e", value);
  } else {
    char digits[TABLE_CELL];
    int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : size == 0 ? 0 : 5;
    snprintf(digits, sizeof digits, "%.*f", decimals, value);
    group(digits, text);
  }
}

void table_number(table *t, double value) {
  char text[TABLE_CELL];
  format_number(value, text);
  table_add(t, "%s", text);
}

/* Characters of a UTF-8 text. */
static int width_of(const char *text) {
  int width = 0;
  for (; *text; text++) {
    width += ((unsigned char)*text & 0xc0) != 0x80;
  }
  return width;
}

void table_end(table *t, FILE *file) {
  int width[TABLE_COLUMNS] = {0};
  for (size_t i = 0; i < t->cells && t->columns <= TABLE_COLUMNS; i++) {
    int cell = width_of(t->text[i]);
    width[i % t->columns] = cell > width[i % t->columns] ? cell : width[i % t->columns];
  }
  for (size_t i = 0; i < t->cells && t->columns <= TABLE_COLUMNS; i++) {
    size_t column = i % t->columns;
    int pad = width[column] - width_of(t->text[i]);
    bool last = column + 1 == t->columns;
    if (column == 0) {
      fprintf(file, "  %s%*s%s", t->text[i], last ? 0 : pad, "", last ? "\n" : "");
    } else {
      fprintf(file, "  %*s%s%s", pad, "", t->text[i], last ? "\n" : "");
    }
  }
  if (t->failed) {
    fprintf(file, "  (out of memory: the table is cut)\n");
  }
  free(t->text);
  t->text = NULL;
}
