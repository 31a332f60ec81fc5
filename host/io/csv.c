#include "host/io/csv.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"

/* The cells of one line, as libcsv hands them out one by one. */
typedef struct row {
  char *free;        /* where the next cell's text goes */
  const char **cell; /* [capacity] */
  size_t count, capacity;
} row;

static void take_cell(void *text, size_t size, void *data) {
  row *r = data;
  if (r->count < r->capacity) {
    r->cell[r->count] = r->free;
    memcpy(r->free, text, size);
    r->free[size] = '\0';
    r->free += size + 1;
  }
  r->count++;
}

static void take_end(int c, void *data) {
  (void)c;
  (void)data;
}

/* The character, from 1, at which the cell begins in its line. */
static uint32_t cell_position(const qs_csv *csv, uint32_t line, size_t column) {
  const char *at = csv->bytes;
  const char *end = csv->bytes + csv->size;
  for (uint32_t i = 1; i < line && at < end; at++) {
    i += *at == '\n';
  }
  uint32_t position = 1;
  bool quoted = false;
  for (; at < end && *at != '\n' && column > 0; at++) {
    quoted = quoted != (*at == '"');
    column -= *at == ',' && !quoted;
    position += ((unsigned char)*at & 0xc0) != 0x80;
  }
  return position;
}

static qs_status bad_line(qs_reader *reader, const qs_csv *csv, uint32_t line, const char *value,
                          const char *allowed) {
  qs_place place = {.source = csv->source, .line = line, .column = 1, .path = csv->base};
  return qs_reader_bad(reader, &place, value, "%s", allowed);
}

static qs_status bad_cell(qs_reader *reader, const qs_csv *csv, uint32_t line, size_t column,
                          const char *text, const char *format, va_list arguments) {
  char allowed[QS_MESSAGE_SIZE / 2];
  vsnprintf(allowed, sizeof allowed, format, arguments);
  char path[QS_PATH_TEXT];
  char name[QS_SHOWN_TEXT];
  qs_text_show(csv->header[column], name);
  snprintf(path, sizeof path, "%s%s%s", csv->base, csv->base[0] ? "." : "", name);
  char shown[QS_SHOWN_TEXT];
  qs_text_show(text[0] ? text : "an empty cell", shown);
  qs_place place = {
      .source = csv->source, .line = line, .column = cell_position(csv, line, column), .path = path};
  return qs_reader_bad(reader, &place, shown, "%s", allowed);
}

qs_status qs_csv_bad(qs_reader *reader, const qs_csv *csv, size_t row_index, size_t column,
                     const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  qs_status status = bad_cell(reader, csv, csv->lines[row_index], column, qs_csv_row(csv, row_index)[column],
                              format, arguments);
  va_end(arguments);
  return status;
}

qs_status qs_csv_bad_header(qs_reader *reader, const qs_csv *csv, size_t column, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  qs_status status = bad_cell(reader, csv, 1, column, csv->header[column], format, arguments);
  va_end(arguments);
  return status;
}

const char *const *qs_csv_row(const qs_csv *csv, size_t row_index) {
  return csv->cells + row_index * csv->columns;
}

/* Splits one line; r->count counts all of its cells, also those beyond the capacity. */
static qs_status split(qs_reader *reader, const qs_csv *csv, uint32_t line, const char *text, size_t size,
                       row *r) {
  if (memchr(text, '\r', size)) {
    return bad_line(reader, csv, line, "a lone carriage return", "lines must end with LF or CR LF");
  }
  struct csv_parser parser;
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
  r->count = 0;
  bool parsed = csv_parse(&parser, text, size, take_cell, take_end, r) == size &&
                csv_fini(&parser, take_cell, take_end, r) == 0;
  int error = parsed ? CSV_SUCCESS : csv_error(&parser);
  csv_free(&parser);
  if (error == CSV_ENOMEM || error == CSV_ETOOBIG) {
    return qs_reader_no_memory(reader);
  }
  if (!parsed) {
    char shown[QS_SHOWN_TEXT];
    char *copy = qs_arena_strndup(reader->scratch, text, size);
    if (!copy) {
      return qs_reader_no_memory(reader);
    }
    qs_text_show(copy, shown);
    return bad_line(
        reader, csv, line, shown,
        "misplaced quotes; a cell in quotes must end with a quote, and quotes inside it are doubled");
  }
  return QS_OK;
}

static bool is_blank(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (text[i] != ' ' && text[i] != '\t') {
      return false;
    }
  }
  return true;
}

/* The next line that is not blank, without its line break; false at the end. */
typedef struct lines {
  const char *at, *end;
  uint32_t line;
} lines;

static bool next_line(lines *l, const char **text, size_t *size) {
  while (l->at < l->end) {
    const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
    const char *stop = newline ? newline : l->end;
    *text = l->at;
    *size = (size_t)(stop - l->at);
    *size -= *size > 0 && (*text)[*size - 1] == '\r';
    l->at = newline ? newline + 1 : l->end;
    l->line++;
    if (!is_blank(*text, *size)) {
      return true;
    }
  }
  return false;
}

static qs_status read_header(qs_reader *reader, qs_csv *csv, lines *l, row *r) {
  const char *text = NULL;
  size_t size = 0;
  if (!next_line(l, &text, &size)) {
    qs_place place = {.source = csv->source, .path = csv->base};
    return qs_reader_bad(reader, &place, "nothing", "the file is empty; must have a header and rows");
  }
  r->cell = csv->header;
  r->capacity = QS_CSV_COLUMNS;
  qs_status status = split(reader, csv, l->line, text, size, r);
  if (status != QS_OK) {
    return status;
  }
  if (r->count > QS_CSV_COLUMNS) {
    return bad_line(reader, csv, l->line, NULL, "too many columns; a file may have at most 256");
  }
  csv->columns = r->count;
  for (size_t i = 0; i < csv->columns; i++) {
    if (csv->header[i][0] == '\0') {
      return qs_csv_bad_header(reader, csv, i, "every column must have a name");
    }
    for (size_t j = 0; j < i; j++) {
      if (strcmp(csv->header[i], csv->header[j]) == 0) {
        return qs_csv_bad_header(reader, csv, i, "duplicate column; every column may stand once");
      }
    }
  }
  return QS_OK;
}

static qs_status read_rows(qs_reader *reader, qs_csv *csv, lines *l, row *r) {
  const char *text = NULL;
  size_t size = 0;
  /* A row of n cells takes at least n bytes, its line break included. */
  size_t max_rows = (size_t)(l->end - l->at) / (csv->columns > 1 ? csv->columns : 2) + 1;
  uint32_t *numbers = QS_NEW(reader->scratch, max_rows, uint32_t);
  csv->cells = QS_NEW(reader->scratch, max_rows * csv->columns, const char *);
  if (!numbers || !csv->cells) {
    return qs_reader_no_memory(reader);
  }
  csv->lines = numbers;
  r->capacity = csv->columns;
  while (next_line(l, &text, &size)) {
    if (size + 1 < csv->columns) {
      return bad_line(reader, csv, l->line, NULL,
                      "too few cells; every row must have as many cells as the header");
    }
    r->cell = csv->cells + csv->rows * csv->columns;
    qs_status status = split(reader, csv, l->line, text, size, r);
    if (status != QS_OK) {
      return status;
    }
    if (r->count != csv->columns) {
      char value[32];
      char allowed[64];
      snprintf(value, sizeof value, "%zu cells", r->count);
      snprintf(allowed, sizeof allowed, "must have %zu, as the header has", csv->columns);
      return bad_line(reader, csv, l->line, value, allowed);
    }
    numbers[csv->rows++] = l->line;
  }
  if (csv->rows == 0) {
    return bad_line(reader, csv, l->line, "a header alone", "must have rows");
  }
  return QS_OK;
}

qs_status qs_csv_read(qs_reader *reader, const char *path, const char *base, const qs_place *named_at,
                      qs_csv *csv) {
  memset(csv, 0, sizeof *csv);
  csv->source = path;
  csv->base = base;
  qs_status status =
      qs_reader_file(reader, path, named_at, QS_MAX_CSV_FILE, QS_MAX_CSV_LINE, &csv->bytes, &csv->size);
  if (status != QS_OK) {
    return status;
  }
  size_t skip = csv->size >= 3 && memcmp(csv->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  lines l = {.at = csv->bytes + skip, .end = csv->bytes + csv->size};
  /* Each cell takes its bytes and a separator in the file; an unseparated last one needs one byte more. */
  row r = {.free = qs_arena_alloc(reader->arena, csv->size + 2, 1)};
  if (!r.free) {
    return qs_reader_no_memory(reader);
  }
  status = read_header(reader, csv, &l, &r);
  return status == QS_OK ? read_rows(reader, csv, &l, &r) : status;
}
