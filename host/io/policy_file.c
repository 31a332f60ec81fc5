#include "host/io/policy_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"
#include "host/io/reader.h"
#include "host/market/time.h"

enum { CELL = 64 };
static const char first_line[] = "quickset policy,1\n";
static const char hash_key[] = "sha256,";

/* ---- written ---- */

static void put(qs_buffer *b, const char *text) {
  qs_buffer_append(b, text, strlen(text));
}

/* A text of the results, on one line. */
static void put_text(qs_buffer *b, const char *key, const char *text) {
  put(b, key);
  put(b, ",");
  for (const char *c = text ? text : ""; *c; c++) {
    qs_buffer_append(b, (unsigned char)*c < ' ' ? " " : c, 1);
  }
  put(b, "\n");
}

static void put_number(qs_buffer *b, double value) {
  char text[QS_NUMBER_TEXT + 1] = ",-inf";
  if (isfinite(value)) {
    qs_text_from_number(value, text + 1);
  } else if (value > 0) {
    memcpy(text, ",inf", sizeof ",inf");
  }
  put(b, text);
}

static void put_time(qs_buffer *b, const char *key, qs_time time) {
  char text[QS_TIME_TEXT];
  qs_time_format(time, text);
  put(b, key);
  put(b, ",");
  put(b, text);
}

static void put_numbers(qs_buffer *b, const char *key, const double *values, uint64_t count) {
  put(b, key);
  for (uint64_t i = 0; i < count; i++) {
    put_number(b, values[i]);
  }
  put(b, "\n");
}

static void put_date(qs_buffer *b, const qs_saved_date *d) {
  const double shape[] = {d->forward, d->x_low,  d->x_step,         (double)d->x_count,
                          d->y_low,   d->y_step, (double)d->y_count};
  put_time(b, "date", d->date);
  put_numbers(b, "", shape, sizeof shape / sizeof shape[0]);
  for (uint64_t y = 0; y < d->y_count; y++) {
    put_numbers(b, "low", d->low + y * d->x_count, d->x_count);
    put_numbers(b, "high", d->high + y * d->x_count, d->x_count);
  }
}

void qs_policy_file_write(qs_buffer *b, const qs_saved_policy *policy) {
  const double dates = (double)policy->date_count;
  put(b, first_line);
  put_text(b, "name", policy->name);
  put_text(b, "type", policy->type);
  put_text(b, "underlying", policy->underlying);
  put_text(b, "instrument", policy->instrument);
  put_time(b, "as_of", policy->as_of);
  put(b, "\n");
  put_numbers(b, "cost_weight", &policy->cost_weight, 1);
  put_numbers(b, "dates", &dates, 1);
  for (uint64_t n = 0; n < policy->date_count; n++) {
    put_date(b, &policy->dates[n]);
  }
  put_time(b, "unwind", policy->unwind);
  put_numbers(b, "", &policy->unwind_forward, 1);
  if (!b->failed) {
    char hash[QS_SHA256_TEXT];
    qs_sha256(b->text, b->used, hash);
    put(b, hash_key);
    put(b, hash);
    put(b, "\n");
  }
}

/* ---- read ---- */

/* Where the reading is. */
typedef struct cursor {
  qs_reader *reader;
  const char *path;
  const char *line, *at, *end; /* begin of the line, next byte, end of the file */
  uint32_t number;             /* of the line */
  qs_arena *arena;
} cursor;

static qs_status bad(cursor *c, const char *value, const char *allowed) {
  const qs_place place = {c->path, c->number, (uint32_t)(c->at - c->line) + 1, NULL};
  return qs_reader_bad(c->reader, &place, value, "%s", allowed);
}

/* The rest of the line is to begin with the key and a comma. */
static qs_status expect(cursor *c, const char *key) {
  const size_t length = strlen(key), left = (size_t)(c->end - c->at);
  c->line = c->at;
  c->number++;
  if (left <= length || memcmp(c->at, key, length) != 0 || c->at[length] != ',') {
    char allowed[CELL];
    snprintf(allowed, sizeof allowed, "must be the line `%s,...`", key);
    return bad(c, NULL, allowed);
  }
  c->at += length + 1;
  return QS_OK;
}

/* The next cell, and the comma or line break behind it. */
static qs_status next_cell(cursor *c, char cell[CELL], bool last) {
  size_t length = 0;
  while (c->at + length < c->end && c->at[length] != ',' && c->at[length] != '\n' && length < CELL) {
    length++;
  }
  if (length == CELL || c->at + length == c->end || c->at[length] != (last ? '\n' : ',')) {
    return bad(c, NULL, last ? "the line must end here" : "the line must go on with a comma");
  }
  memcpy(cell, c->at, length);
  cell[length] = '\0';
  c->at += length + 1;
  return QS_OK;
}

static qs_status next_number(cursor *c, bool last, bool infinite, double *number) {
  char cell[CELL];
  const cursor before = *c;
  qs_status status = next_cell(c, cell, last);
  if (status) {
    return status;
  }
  if (infinite && (strcmp(cell, "inf") == 0 || strcmp(cell, "-inf") == 0)) {
    *number = *cell == '-' ? -INFINITY : INFINITY;
    return QS_OK;
  }
  if (qs_text_classify(cell, number) != QS_TEXT_NUMBER) {
    *c = before;
    return bad(c, cell, infinite ? "must be a number, inf or -inf" : "must be a number");
  }
  return QS_OK;
}

static qs_status next_time(cursor *c, bool last, qs_time *time) {
  char cell[CELL];
  const cursor before = *c;
  qs_status status = next_cell(c, cell, last);
  if (!status && !qs_time_parse(cell, time)) {
    *c = before;
    status = bad(c, cell, "must be a time such as 2026-08-01T08:00:00Z");
  }
  return status;
}

static qs_status read_text(cursor *c, const char *key, const char **text) {
  qs_status status = expect(c, key);
  if (status) {
    return status;
  }
  const char *end = memchr(c->at, '\n', (size_t)(c->end - c->at));
  if (!end || end - c->at > 255) {
    return bad(c, NULL, "must be a text of at most 255 bytes");
  }
  *text = qs_arena_strndup(c->arena, c->at, (size_t)(end - c->at));
  c->at = end + 1;
  return *text ? QS_OK : qs_reader_no_memory(c->reader);
}

/* A whole number in [least, most]. */
static qs_status next_count(cursor *c, bool last, uint64_t least, uint64_t most, uint64_t *count) {
  const cursor before = *c;
  double number = 0;
  qs_status status = next_number(c, last, false, &number);
  if (!status && !(number >= (double)least && number <= (double)most && number == floor(number))) {
    char allowed[CELL];
    snprintf(allowed, sizeof allowed, "must be a whole number from %llu to %llu", (unsigned long long)least,
             (unsigned long long)most);
    *c = before;
    return bad(c, NULL, allowed);
  }
  *count = (uint64_t)number;
  return status;
}

static qs_status next_positive(cursor *c, bool last, double *number) {
  const cursor before = *c;
  qs_status status = next_number(c, last, false, number);
  if (!status && !(*number > 0)) {
    *c = before;
    return bad(c, NULL, "must be above 0");
  }
  return status;
}

/* Pairs of rows of a date. */
static qs_status read_bands(cursor *c, qs_saved_date *d) {
  const size_t size = (size_t)(d->x_count * d->y_count);
  if (size > (size_t)(c->end - c->at) / 4) { /* two numbers and their commas take as much at least */
    return bad(c, NULL, "more nodes than the file has numbers");
  }
  double *low = QS_NEW(c->arena, size, double), *high = QS_NEW(c->arena, size, double);
  if (!low || !high) {
    return qs_reader_no_memory(c->reader);
  }
  qs_status status = QS_OK;
  for (size_t y = 0; !status && y < d->y_count; y++) {
    for (int side = 0; !status && side < 2; side++) {
      double *row = (side ? high : low) + y * d->x_count;
      status = expect(c, side ? "high" : "low");
      for (size_t x = 0; !status && x < d->x_count; x++) {
        status = next_number(c, x + 1 == d->x_count, true, &row[x]);
        if (!status && side && !(low[y * d->x_count + x] <= row[x])) {
          status = bad(c, NULL, "must be at least the number of low above it");
        }
      }
    }
  }
  d->low = low;
  d->high = high;
  return status;
}

static qs_status read_date(cursor *c, qs_saved_date *d, qs_time after) {
  qs_status status = expect(c, "date");
  status = status ? status : next_time(c, false, &d->date);
  if (!status && d->date <= after) {
    return bad(c, NULL, "dates must ascend, none before as_of");
  }
  status = status ? status : next_positive(c, false, &d->forward);
  status = status ? status : next_number(c, false, false, &d->x_low);
  status = status ? status : next_positive(c, false, &d->x_step);
  status = status ? status : next_count(c, false, 2, QS_MAX_POLICY_NODES, &d->x_count);
  status = status ? status : next_number(c, false, false, &d->y_low);
  status = status ? status : next_number(c, false, false, &d->y_step);
  status = status ? status : next_count(c, true, 1, QS_MAX_POLICY_NODES, &d->y_count);
  if (!status && d->y_count > 1 && !(d->y_step > 0)) {
    return bad(c, NULL, "the step of y must be above 0");
  }
  return status ? status : read_bands(c, d);
}

/* The last line, and that nothing was changed before it. */
static qs_status check_hash(cursor *c, const char *bytes) {
  char cell[CELL + 1] = "", hash[QS_SHA256_TEXT];
  qs_sha256(bytes, (size_t)(c->at - bytes), hash);
  qs_status status = expect(c, "sha256");
  if (status) {
    return status;
  }
  const size_t length = strlen(hash);
  if ((size_t)(c->end - c->at) != length + 1 || memcmp(c->at, hash, length) != 0 || c->at[length] != '\n') {
    memcpy(cell, c->at, (size_t)(c->end - c->at) < CELL ? (size_t)(c->end - c->at) : CELL);
    cell[strcspn(cell, "\n")] = '\0';
    return bad(c, cell, "not the hash of what is above it; the file was changed or is not whole");
  }
  return QS_OK;
}

static qs_status read_head(cursor *c, qs_saved_policy *p) {
  if ((size_t)(c->end - c->at) < sizeof first_line - 1 ||
      memcmp(c->at, first_line, sizeof first_line - 1) != 0) {
    c->number = 1;
    return bad(c, NULL, "not a policy that this version can read; must begin with `quickset policy,1`");
  }
  c->number = 1;
  c->at += sizeof first_line - 1;
  qs_status status = read_text(c, "name", &p->name);
  status = status ? status : read_text(c, "type", &p->type);
  status = status ? status : read_text(c, "underlying", &p->underlying);
  status = status ? status : read_text(c, "instrument", &p->instrument);
  status = status ? status : expect(c, "as_of");
  status = status ? status : next_time(c, true, &p->as_of);
  status = status ? status : expect(c, "cost_weight");
  status = status ? status : next_number(c, true, false, &p->cost_weight);
  status = status ? status : expect(c, "dates");
  return status ? status : next_count(c, true, 1, QS_MAX_POLICY_DATES, &p->date_count);
}

static qs_status read_policy(cursor *c, const char *bytes, qs_saved_policy *p) {
  qs_status status = read_head(c, p);
  qs_saved_date *dates = status ? NULL : QS_NEW(c->arena, p->date_count, qs_saved_date);
  if (!status && !dates) {
    return qs_reader_no_memory(c->reader);
  }
  for (uint64_t n = 0; !status && n < p->date_count; n++) {
    status = read_date(c, &dates[n], n ? dates[n - 1].date : p->as_of - 1);
  }
  p->dates = dates;
  status = status ? status : expect(c, "unwind");
  status = status ? status : next_time(c, false, &p->unwind);
  if (!status && p->unwind <= dates[p->date_count - 1].date) {
    return bad(c, NULL, "must be after the last date");
  }
  status = status ? status : next_positive(c, true, &p->unwind_forward);
  return status ? status : check_hash(c, bytes);
}

qs_status qs_policy_file_read(qs_context *context, qs_arena *arena, const char *path,
                              qs_saved_policy *policy) {
  qs_reader reader = {
      .context = context, .arena = arena, .scratch = qs_arena_create(context), .config_path = path};
  const char *bytes = NULL;
  size_t size = 0;
  if (!reader.scratch) {
    return qs_fail_memory(context, "reading a policy");
  }
  qs_status status =
      qs_reader_file(&reader, path, NULL, QS_MAX_POLICY_FILE, QS_MAX_POLICY_LINE, &bytes, &size);
  qs_saved_policy made = {0};
  if (!status) {
    cursor c = {
        .reader = &reader, .path = path, .line = bytes, .at = bytes, .end = bytes + size, .arena = arena};
    status = read_policy(&c, bytes, &made);
  }
  qs_arena_destroy(reader.scratch);
  if (!status) {
    *policy = made;
  }
  return status;
}
