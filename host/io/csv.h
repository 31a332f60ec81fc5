/*
 * A CSV file with a header as a table of texts. One line is one row; blank lines are skipped; every row has
 * as many cells as the header. Cells may be quoted as in RFC 4180, but hold no line breaks.
 */
#ifndef QS_HOST_IO_CSV_H
#define QS_HOST_IO_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "host/io/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_CSV_COLUMNS = 256 };

typedef struct qs_csv {
  const char *source; /* file name */
  const char *base;   /* dotted path of the key that names the file */
  size_t columns, rows;
  const char *header[QS_CSV_COLUMNS];
  const char **cells;    /* [rows][columns], texts in the config's arena */
  const uint32_t *lines; /* [rows], from 1 */
  const char *bytes;     /* the file */
  size_t size;
} qs_csv;

/* Reads the file. No column may have an empty name or stand twice. QS_ERROR_INPUT for a file without rows. */
qs_status qs_csv_read(qs_reader *reader, const char *path, const char *base, const qs_place *named_at,
                      qs_csv *csv);

/* The texts of one row. */
const char *const *qs_csv_row(const qs_csv *csv, size_t row);

/* Complains about a cell, quoting it; the dotted path is base.column. */
qs_status qs_csv_bad(qs_reader *reader, const qs_csv *csv, size_t row, size_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Complains about a column of the header, quoting its name. */
qs_status qs_csv_bad_header(qs_reader *reader, const qs_csv *csv, size_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif
#endif
