/* A table of short texts, printed with its columns aligned: the first to the left, the others to the right.
 */
#ifndef QS_HOST_CLI_TABLE_H
#define QS_HOST_CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

enum { TABLE_CELL = 40, TABLE_COLUMNS = 24 };

typedef struct table {
  size_t columns, cells;
  size_t capacity;
  char (*text)[TABLE_CELL];
  int failed; /* memory ran out: prints a line that says so */
} table;

/* An empty table with this many columns. */
void table_begin(table *t, size_t columns);

/* The next cell, printf style; rows fill one after the other. Longer texts are cut. */
void table_add(table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The next cell as a number that a person reads: 1,234,567 or 0.01234; "-" for NaN. */
void table_number(table *t, double value);

/* Prints the table, indented by two spaces, and frees it. */
void table_end(table *t, FILE *file);

/* The number as table_number writes it, into text[TABLE_CELL]. */
void format_number(double value, char text[TABLE_CELL]);

#endif
