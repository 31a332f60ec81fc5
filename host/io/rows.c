/* What CSV files hold: positions, quotes, prices by the day and by the bar. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/text.h"
#include "host/io/draft.h"
#include "host/market/names.h"
#include "host/market/time.h"

enum { MAX_KNOWN = 8, ABSENT = QS_CSV_COLUMNS };

/* Column of each known name, ABSENT where the file has none; the first `required` must be there and no other
 * name may. */
static qs_status find_columns(qs_reader *reader, const qs_csv *csv, const char *const *known, size_t count,
                              size_t required, size_t *column) {
  char list[160] = "";
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    column[i] = ABSENT;
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", known[i]);
  }
  for (size_t c = 0; c < csv->columns; c++) {
    size_t i = 0;
    while (i < count && strcmp(known[i], csv->header[c]) != 0) {
      i++;
    }
    if (i == count) {
      const char *meant = qs_text_closest(csv->header[c], known, count);
      return qs_csv_bad_header(reader, csv, c, "unknown column%s%s%s; allowed here: %s",
                               meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "", list);
    }
    column[i] = c;
  }
  for (size_t i = 0; i < required; i++) {
    if (column[i] == ABSENT) {
      char path[QS_PATH_TEXT];
      snprintf(path, sizeof path, "%s.%s", csv->base, known[i]);
      qs_place place = {.source = csv->source, .line = 1, .column = 1, .path = path};
      return qs_reader_bad(reader, &place, "nothing", "the column is required; allowed here: %s", list);
    }
  }
  return QS_OK;
}

qs_status qs_cell_number(qs_reader *reader, const qs_csv *csv, size_t row, size_t column,
                         const qs_range *range, bool optional, double *value) {
  if (column == ABSENT) {
    *value = NAN;
    return QS_OK;
  }
  const char *text = qs_csv_row(csv, row)[column];
  qs_text_kind kind = qs_text_classify(text, value);
  if (text[0] == '\0' && optional) {
    *value = NAN;
    return QS_OK;
  }
  if (kind != QS_TEXT_NUMBER || !qs_range_holds(range, *value)) {
    char allowed[QS_RANGE_TEXT];
    qs_range_text(range, allowed);
    return qs_csv_bad(reader, csv, row, column, "must be %s%s", allowed, optional ? ", or empty" : "");
  }
  return QS_OK;
}

static qs_status cell_text(qs_reader *reader, const qs_csv *csv, size_t row, size_t column, bool optional,
                           const char **value) {
  *value = NULL;
  if (column == ABSENT) {
    return QS_OK;
  }
  const char *text = qs_csv_row(csv, row)[column];
  size_t size = strlen(text);
  if ((size == 0 && !optional) || size > QS_TEXT_MAX) {
    return qs_csv_bad(reader, csv, row, column, "must be a text of 1 to %d bytes", QS_TEXT_MAX);
  }
  *value = size ? text : NULL;
  return QS_OK;
}

static qs_status read_csv(qs_reader *reader, const qs_node *node, const char *path, qs_csv **csv) {
  char dotted[QS_PATH_TEXT];
  qs_node_path(node, NULL, dotted);
  char *base = qs_arena_strdup(reader->scratch, dotted);
  qs_csv *made = QS_NEW(reader->scratch, 1, qs_csv);
  if (!base || !made) {
    return qs_reader_no_memory(reader);
  }
  qs_place named_at = {.source = node->source, .line = node->line, .column = node->column, .path = base};
  qs_status status = qs_csv_read(reader, path, base, &named_at, made);
  if (status == QS_OK) {
    *csv = made;
  }
  return status;
}

enum { INSTRUMENT, QUANTITY, ENTRY_PRICE, BOOK, VENUE, POSITION_COLUMNS };

static qs_status read_position(qs_reader *reader, const qs_csv *csv, size_t row, const size_t *column,
                               qs_position_spec *spec) {
  static const qs_range quantity = {-1e15, 1e15, false, false};
  static const qs_range price = {0, 1e15, false, false};
  spec->line = csv->lines[row];
  qs_status status = cell_text(reader, csv, row, column[INSTRUMENT], false, &spec->instrument);
  if (status == QS_OK) {
    status = qs_cell_number(reader, csv, row, column[QUANTITY], &quantity, false, &spec->quantity);
  }
  if (status == QS_OK) {
    status = qs_cell_number(reader, csv, row, column[ENTRY_PRICE], &price, true, &spec->entry_price);
  }
  if (status == QS_OK) {
    status = cell_text(reader, csv, row, column[BOOK], true, &spec->book);
  }
  return status == QS_OK ? cell_text(reader, csv, row, column[VENUE], true, &spec->venue) : status;
}

static qs_status read_position_file(qs_reader *reader, const qs_node *node, qs_positions_source *source,
                                    const qs_position_spec **positions, size_t *count) {
  static const char *const known[POSITION_COLUMNS] = {"instrument", "quantity", "entry_price", "book",
                                                      "venue"};
  const char *path = NULL;
  qs_csv *csv = NULL;
  size_t column[POSITION_COLUMNS];
  qs_status status = qs_schema_file_name(reader, node, &path);
  if (status == QS_OK) {
    status = read_csv(reader, node, path, &csv);
  }
  if (status == QS_OK) {
    status = find_columns(reader, csv, known, POSITION_COLUMNS, 2, column);
  }
  if (status != QS_OK) {
    return status;
  }
  qs_position_spec *list = QS_NEW(reader->arena, csv->rows, qs_position_spec);
  if (!list) {
    return qs_reader_no_memory(reader);
  }
  for (size_t row = 0; row < csv->rows; row++) {
    status = read_position(reader, csv, row, column, &list[row]);
    if (status != QS_OK) {
      return status;
    }
  }
  source->csv = csv;
  source->instrument_column = column[INSTRUMENT];
  *positions = list;
  *count = csv->rows;
  return QS_OK;
}

qs_status qs_positions_read(qs_reader *reader, const qs_field *field, const qs_node *node,
                            qs_positions_source *source, const qs_position_spec **positions, size_t *count) {
  (void)field;
  if (node->kind == QS_NODE_SCALAR) {
    return read_position_file(reader, node, source, positions, count);
  }
  struct {
    const qs_position_spec *list;
    size_t count;
  } read = {NULL, 0};
  static const qs_field list = {"positions", QS_FIELD_LIST, 0, sizeof(const qs_position_spec *),
                                .table = &qs_position_table};
  qs_status status = qs_schema_read_field(reader, &list, node, &read);
  if (status == QS_OK) {
    source->list = node;
    *positions = read.list;
    *count = read.count;
  }
  return status;
}

enum { Q_INSTRUMENT, Q_BID, Q_ASK, Q_MARK, Q_OPEN_INTEREST, Q_BID_SIZE, Q_ASK_SIZE, QUOTE_COLUMNS };

static qs_status check_quote(qs_reader *reader, const qs_csv *csv, size_t row, const size_t *column,
                             const qs_underlying_spec *spec, const qs_quote *quote) {
  qs_listed_name name;
  if (!qs_listed_name_parse(quote->instrument, &name)) {
    return qs_csv_bad(reader, csv, row, column[Q_INSTRUMENT],
                      "must be a listed name such as %s-7AUG26-62000-C, %s-25SEP26, %s-PERPETUAL or %s-INDEX",
                      spec->name, spec->name, spec->name, spec->name);
  }
  if (strcmp(name.underlying, spec->name) != 0) {
    return qs_csv_bad(reader, csv, row, column[Q_INSTRUMENT],
                      "must be an instrument of %s, whose quotes these are", spec->name);
  }
  if (quote->bid > quote->ask) {
    return qs_csv_bad(reader, csv, row, column[Q_BID], "crossed: must be at most the ask, which is %s",
                      qs_csv_row(csv, row)[column[Q_ASK]]);
  }
  return QS_OK;
}

static qs_status read_quote(qs_reader *reader, const qs_csv *csv, size_t row, const size_t *column,
                            const qs_underlying_spec *spec, qs_quote *quote) {
  static const qs_range not_negative = {0, 1e18, false, false};
  double *const numbers[] = {&quote->bid,           &quote->ask,      &quote->mark,
                             &quote->open_interest, &quote->bid_size, &quote->ask_size};
  quote->line = csv->lines[row];
  qs_status status = cell_text(reader, csv, row, column[Q_INSTRUMENT], false, &quote->instrument);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == QS_OK; i++) {
    status = qs_cell_number(reader, csv, row, column[Q_BID + i], &not_negative, true, numbers[i]);
  }
  return status == QS_OK ? check_quote(reader, csv, row, column, spec, quote) : status;
}

typedef struct named_row {
  const char *name;
  size_t row;
} named_row;

static int by_name(const void *a, const void *b) {
  const named_row *x = a;
  const named_row *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order : (x->row > y->row) - (x->row < y->row);
}

static qs_status check_unique(qs_reader *reader, const qs_csv *csv, size_t column, const qs_quote *quotes) {
  named_row *rows = QS_NEW(reader->scratch, csv->rows, named_row);
  if (!rows) {
    return qs_reader_no_memory(reader);
  }
  for (size_t i = 0; i < csv->rows; i++) {
    rows[i] = (named_row){quotes[i].instrument, i};
  }
  qsort(rows, csv->rows, sizeof *rows, by_name);
  for (size_t i = 1; i < csv->rows; i++) {
    if (strcmp(rows[i - 1].name, rows[i].name) == 0) {
      return qs_csv_bad(reader, csv, rows[i].row, column,
                        "duplicate, given before at line %u; every instrument may stand once",
                        csv->lines[rows[i - 1].row]);
    }
  }
  return QS_OK;
}

/* Whether the quotes tell the spot. */
static bool has_spot(const qs_quote *quotes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    qs_listed_name name;
    if (qs_listed_name_parse(quotes[i].instrument, &name) &&
        (name.kind == QS_LISTED_INDEX || name.kind == QS_LISTED_PERPETUAL)) {
      return true;
    }
  }
  return false;
}

static qs_status read_quote_rows(qs_reader *reader, const qs_csv *csv, const size_t *column,
                                 qs_underlying_spec *spec) {
  qs_quote *quotes = QS_NEW(reader->arena, csv->rows, qs_quote);
  if (!quotes) {
    return qs_reader_no_memory(reader);
  }
  for (size_t row = 0; row < csv->rows; row++) {
    qs_status status = read_quote(reader, csv, row, column, spec, &quotes[row]);
    if (status != QS_OK) {
      return status;
    }
  }
  spec->quotes = quotes;
  spec->quote_count = csv->rows;
  return check_unique(reader, csv, column[Q_INSTRUMENT], quotes);
}

qs_status qs_quotes_read(qs_reader *reader, const qs_node *node, qs_underlying_spec *spec) {
  static const char *const known[QUOTE_COLUMNS] = {"instrument",    "bid",      "ask",     "mark",
                                                   "open_interest", "bid_size", "ask_size"};
  qs_csv *csv = NULL;
  size_t column[QUOTE_COLUMNS];
  qs_status status = read_csv(reader, node, spec->quotes_source, &csv);
  if (status == QS_OK) {
    status = find_columns(reader, csv, known, QUOTE_COLUMNS, 3, column);
  }
  if (status == QS_OK) {
    status = read_quote_rows(reader, csv, column, spec);
  }
  if (status == QS_OK && isnan(spec->spot) && !has_spot(spec->quotes, spec->quote_count)) {
    return qs_node_bad(reader, node,
                       "has no row %s-INDEX or %s-PERPETUAL; must have one where spot is not given",
                       spec->name, spec->name);
  }
  return status;
}

static qs_status read_price_row(qs_reader *reader, const qs_csv *csv, size_t row, qs_price_row *prices) {
  static const qs_range positive = {0, 1e18, true, false};
  double *close = QS_NEW(reader->arena, csv->columns - 1, double);
  if (!close) {
    return qs_reader_no_memory(reader);
  }
  prices[row].close = close;
  if (!qs_time_parse(qs_csv_row(csv, row)[0], &prices[row].time)) {
    return qs_csv_bad(reader, csv, row, 0, "must be a date such as 2026-08-01");
  }
  if (row > 0 && prices[row].time <= prices[row - 1].time) {
    return qs_csv_bad(reader, csv, row, 0, "dates must ascend; the row before has %s",
                      qs_csv_row(csv, row - 1)[0]);
  }
  for (size_t c = 1; c < csv->columns; c++) {
    qs_status status = qs_cell_number(reader, csv, row, c, &positive, false, &close[c - 1]);
    if (status != QS_OK) {
      return status;
    }
  }
  return QS_OK;
}

static qs_status read_prices(qs_reader *reader, const qs_csv *csv, qs_risk_spec *spec) {
  if (strcmp(csv->header[0], "date") != 0 || csv->columns < 2) {
    return qs_csv_bad_header(reader, csv, 0,
                             "the columns must be date and then one underlying's closes each");
  }
  const char **names = QS_NEW(reader->arena, csv->columns - 1, const char *);
  qs_price_row *prices = QS_NEW(reader->arena, csv->rows, qs_price_row);
  if (!names || !prices) {
    return qs_reader_no_memory(reader);
  }
  for (size_t c = 1; c < csv->columns; c++) {
    names[c - 1] = csv->header[c];
  }
  for (size_t row = 0; row < csv->rows; row++) {
    qs_status status = read_price_row(reader, csv, row, prices);
    if (status != QS_OK) {
      return status;
    }
  }
  spec->history_names = names;
  spec->history_name_count = csv->columns - 1;
  spec->history = prices;
  spec->history_count = csv->rows;
  return QS_OK;
}

qs_status qs_history_read(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  const char *path = NULL;
  qs_csv *csv = NULL;
  qs_status status = qs_schema_file_name(reader, node, &path);
  if (status == QS_OK) {
    status = read_csv(reader, node, path, &csv);
  }
  if (status == QS_OK) {
    status = read_prices(reader, csv, object);
  }
  reader->draft->history = csv;
  return status;
}

enum { R_TIME, R_VALUE, RECORD_COLUMNS };
static const uint64_t last_second = 253402300799; /* of the year 9999 */

/* Numbers at equal times while they are read. */
typedef struct series {
  const qs_csv *csv;
  size_t column[RECORD_COLUMNS];
  qs_range range;
  qs_time first, before;
  int64_t apart;
} series;

/* A row's time; the second row says how far apart all are. */
static qs_status read_time(qs_reader *reader, series *s, size_t row) {
  const char *text = qs_csv_row(s->csv, row)[s->column[R_TIME]];
  uint64_t seconds = 0;
  qs_time time = 0;
  if (!qs_time_parse(text, &time)) {
    if (!qs_text_count(text, &seconds) || seconds > last_second) {
      return qs_csv_bad(reader, s->csv, row, s->column[R_TIME],
                        "must be a time such as 2026-08-01T17:58:00Z, or seconds since 1970");
    }
    time = (qs_time)seconds;
  }
  if (row && time <= s->before) {
    return qs_csv_bad(reader, s->csv, row, s->column[R_TIME], "times must ascend; the row before has %s",
                      qs_csv_row(s->csv, row - 1)[s->column[R_TIME]]);
  }
  s->first = row ? s->first : time;
  s->apart = row == 1 ? time - s->before : s->apart;
  if (row && time - s->before != s->apart) {
    char next[QS_TIME_TEXT];
    qs_time_format(s->before + s->apart, next);
    return qs_csv_bad(reader, s->csv, row, s->column[R_TIME],
                      "must be %s: rows are %lld seconds apart, as the first two are", next,
                      (long long)s->apart);
  }
  s->before = time;
  return QS_OK;
}

/* The columns `time` and that of the name; values[csv->rows]. */
static qs_status read_series(qs_reader *reader, const qs_node *node, const char *name, series *s,
                             const double **values) {
  const char *const known[RECORD_COLUMNS] = {"time", name};
  const char *path = NULL;
  qs_csv *csv = NULL;
  qs_status status = qs_schema_file_name(reader, node, &path);
  status = status ? status : read_csv(reader, node, path, &csv);
  status = status ? status : find_columns(reader, csv, known, RECORD_COLUMNS, RECORD_COLUMNS, s->column);
  if (!status && csv->rows < 2) {
    status = qs_csv_bad(reader, csv, 0, s->column[R_TIME], "must have at least 2 rows");
  }
  double *made = status ? NULL : QS_NEW(reader->arena, csv->rows, double);
  if (!status && !made) {
    status = qs_reader_no_memory(reader);
  }
  s->csv = csv;
  for (size_t row = 0; !status && row < csv->rows; row++) {
    status = read_time(reader, s, row);
    status =
        status ? status : qs_cell_number(reader, csv, row, s->column[R_VALUE], &s->range, false, &made[row]);
  }
  *values = made;
  return status;
}

qs_status qs_record_read(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_price_record *record = &((qs_backtest_spec *)object)->record;
  series s = {.range = {0, 1e18, true, false}};
  qs_status status = read_series(reader, node, "price", &s, &record->prices);
  if (!status) {
    record->count = s.csv->rows;
    record->first = s.first;
    record->bar_seconds = s.apart;
  }
  return status;
}

qs_status qs_funding_read(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_funding_record *record = &((qs_backtest_spec *)object)->funding;
  series s = {.range = {-1, 1, false, false}};
  qs_status status = read_series(reader, node, "rate", &s, &record->rates);
  if (!status) {
    record->count = s.csv->rows;
    record->first = s.first;
    record->rate_seconds = s.apart;
  }
  return status;
}
