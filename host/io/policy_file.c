#include "host/io/policy_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"
#include "host/io/reader.h"
#include "host/market/time.h"

enum { CELL = 64, DIGITS = 5 }; /* of a number in Z85 */
static const char first_line[] = "quickset policy,1\n";
static const char first_line_of_two[] = "quickset policy,2\n";
static const char hash_key[] = "sha256,";
static const char z85[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/* How many numbers a state of bands has that depend on each other, from the points of either holding. */
static size_t band_count(size_t one, size_t two) {
  return 2 * (one + 2 + two);
}

static size_t points_of(const qs_saved_grid *grid) {
  return (size_t)(grid->below + grid->above) + 2;
}

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

/* A line of numbers of 32 bits. */
static void put_bits(qs_buffer *b, const char *key, const float *values, size_t count) {
  char text[DIGITS];
  put(b, key);
  put(b, ",");
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    for (int k = DIGITS; k-- > 0; bits /= 85) {
      text[k] = z85[bits % 85];
    }
    qs_buffer_append(b, text, DIGITS);
  }
  put(b, "\n");
}

static void put_date(qs_buffer *b, const qs_saved_policy *p, const qs_saved_date *d) {
  const double shape[] = {d->forward, d->x_low,  d->x_step,         (double)d->x_count,
                          d->y_low,   d->y_step, (double)d->y_count};
  put_time(b, "date", d->date);
  put_numbers(b, "", shape, sizeof shape / sizeof shape[0]);
  const size_t width = p->grid ? band_count(points_of(&p->grid[0]), points_of(&p->grid[1])) : 0;
  for (uint64_t s = 0; p->grid && s < d->y_count * d->x_count; s++) {
    put_bits(b, "state", d->bands + s * width, width);
  }
  for (uint64_t y = 0; !p->grid && y < d->y_count; y++) {
    put_numbers(b, "low", d->low + y * d->x_count, d->x_count);
    put_numbers(b, "high", d->high + y * d->x_count, d->x_count);
    if (p->second) {
      put_numbers(b, "second_low", d->second_low + y * d->x_count, d->x_count);
      put_numbers(b, "second_high", d->second_high + y * d->x_count, d->x_count);
    }
  }
}

static void put_form(qs_buffer *b, const qs_saved_policy *p) {
  put_text(b, "bands", p->grid ? "together" : "apart");
  for (int i = 0; p->grid && i < QS_SAVED_INSTRUMENTS; i++) {
    const qs_saved_grid *g = &p->grid[i];
    const double shape[] = {g->low, g->high, (double)g->below, (double)g->above};
    put_numbers(b, "grid", shape, sizeof shape / sizeof shape[0]);
  }
}

void qs_policy_file_write(qs_buffer *b, const qs_saved_policy *policy) {
  const double dates = (double)policy->date_count;
  put(b, policy->second ? first_line_of_two : first_line);
  put_text(b, "name", policy->name);
  put_text(b, "type", policy->type);
  put_text(b, "underlying", policy->underlying);
  put_text(b, "instrument", policy->instrument);
  if (policy->second) {
    put_text(b, "second", policy->second);
  }
  put_time(b, "as_of", policy->as_of);
  put(b, "\n");
  put_numbers(b, "cost_weight", &policy->cost_weight, 1);
  if (policy->second) {
    put_form(b, policy);
  }
  put_numbers(b, "dates", &dates, 1);
  for (uint64_t n = 0; n < policy->date_count; n++) {
    put_date(b, policy, &policy->dates[n]);
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

/* A row of each side of one instrument's band. */
static qs_status read_sides(cursor *c, const char *const keys[2], size_t count, double *low, double *high) {
  qs_status status = QS_OK;
  for (int side = 0; !status && side < 2; side++) {
    double *row = side ? high : low;
    status = expect(c, keys[side]);
    for (size_t x = 0; !status && x < count; x++) {
      status = next_number(c, x + 1 == count, true, &row[x]);
      if (!status && row[x] == (side ? -INFINITY : INFINITY)) {
        return bad(c, NULL, side ? "must not be below all numbers" : "must not be above all numbers");
      }
      if (!status && side && !(low[x] <= row[x])) {
        status = bad(c, NULL, "must be at least the number of low above it");
      }
    }
  }
  return status;
}

/* Pairs of rows of a date, for one instrument or two. */
static qs_status read_bands(cursor *c, bool two, qs_saved_date *d) {
  static const char *const keys[2][2] = {{"low", "high"}, {"second_low", "second_high"}};
  const size_t size = (size_t)(d->x_count * d->y_count);
  const size_t numbers = two ? 4 : 2;
  if (size > (size_t)(c->end - c->at) / (2 * numbers)) { /* each number and its comma take two at least */
    return bad(c, NULL, "more nodes than the file has numbers");
  }
  double *made[4] = {NULL};
  for (size_t i = 0; i < numbers; i++) {
    made[i] = QS_NEW(c->arena, size, double);
    if (!made[i]) {
      return qs_reader_no_memory(c->reader);
    }
  }
  qs_status status = QS_OK;
  for (size_t row = 0; !status && row < size; row += d->x_count) {
    status = read_sides(c, keys[0], d->x_count, made[0] + row, made[1] + row);
    if (!status && two) {
      status = read_sides(c, keys[1], d->x_count, made[2] + row, made[3] + row);
    }
  }
  d->low = made[0];
  d->high = made[1];
  d->second_low = made[2];
  d->second_high = made[3];
  return status;
}

/* A number of 32 bits, finite. */
static qs_status next_bits(cursor *c, float *value) {
  uint64_t bits = 0;
  for (int k = 0; k < DIGITS; k++) {
    const char *digit = c->at + k < c->end && c->at[k] ? strchr(z85, c->at[k]) : NULL;
    if (!digit) {
      return bad(c, NULL, "must be five digits of Z85");
    }
    bits = 85 * bits + (uint64_t)(digit - z85);
  }
  const uint32_t word = (uint32_t)bits;
  memcpy(value, &word, sizeof word);
  if (bits > UINT32_MAX || !isfinite(*value)) {
    return bad(c, NULL, "must be a finite number of 32 bits in Z85");
  }
  c->at += DIGITS;
  return QS_OK;
}

/* Low edges, and high ones that are no lower. */
static qs_status next_edges(cursor *c, size_t count, float *edges) {
  qs_status status = QS_OK;
  for (size_t i = 0; !status && i < 2 * count; i++) {
    status = next_bits(c, &edges[i]);
    if (!status && i >= count && !(edges[i - count] <= edges[i])) {
      status = bad(c, NULL, "a high edge must be at least the low one");
    }
  }
  return status;
}

/* Bands that depend on each other. */
static qs_status read_states(cursor *c, const qs_saved_grid *grid, qs_saved_date *d) {
  const size_t one = points_of(&grid[0]), two = points_of(&grid[1]), width = band_count(one, two);
  const size_t states = (size_t)(d->x_count * d->y_count);
  if (states > (size_t)(c->end - c->at) / (DIGITS * width)) {
    return bad(c, NULL, "more nodes than the file has numbers");
  }
  float *made = QS_NEW(c->arena, states * width, float);
  if (!made) {
    return qs_reader_no_memory(c->reader);
  }
  qs_status status = QS_OK;
  for (size_t s = 0; !status && s < states; s++) {
    float *to = made + s * width;
    status = expect(c, "state");
    status = status ? status : next_edges(c, two, to);
    status = status ? status : next_edges(c, one + 2, to + 2 * two);
    if (!status && (c->at == c->end || *c->at != '\n')) {
      status = bad(c, NULL, "the line must end here");
    }
    c->at += !status;
  }
  d->bands = made;
  return status;
}

static qs_status read_date(cursor *c, const qs_saved_policy *p, qs_time after, qs_saved_date *d) {
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
  if (status) {
    return status;
  }
  return p->grid ? read_states(c, p->grid, d) : read_bands(c, p->second != NULL, d);
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

/* What kind of policy it is: of one instrument or of two. */
static qs_status read_first(cursor *c, bool *two) {
  const size_t length = sizeof first_line - 1;
  const bool whole = (size_t)(c->end - c->at) >= length;
  *two = whole && memcmp(c->at, first_line_of_two, length) == 0;
  c->number = 1;
  if (!*two && !(whole && memcmp(c->at, first_line, length) == 0)) {
    return bad(c, NULL,
               "not a policy that this version can read; must begin with `quickset policy,1` or "
               "`quickset policy,2`");
  }
  c->at += length;
  return QS_OK;
}

static qs_status read_grid(cursor *c, qs_saved_grid *g) {
  const char allowed[] = "limits must hold 0, with steps to either side of it that is wider than 0";
  qs_status status = expect(c, "grid");
  status = status ? status : next_number(c, false, false, &g->low);
  status = status ? status : next_number(c, false, false, &g->high);
  status = status ? status : next_count(c, false, 0, QS_SAVED_POLICY_STEPS, &g->below);
  status = status ? status : next_count(c, true, 0, QS_SAVED_POLICY_STEPS, &g->above);
  if (!status &&
      !(g->low <= 0 && g->high >= 0 && (g->low < 0) == (g->below > 0) && (g->high > 0) == (g->above > 0))) {
    return bad(c, NULL, allowed);
  }
  return status;
}

static qs_status read_form(cursor *c, qs_saved_policy *p) {
  const char *form = NULL;
  qs_status status = read_text(c, "bands", &form);
  if (status || strcmp(form, "apart") == 0) {
    return status;
  }
  if (strcmp(form, "together") != 0) {
    return bad(c, form, "bands must be apart or together");
  }
  qs_saved_grid *grid = QS_NEW(c->arena, QS_SAVED_INSTRUMENTS, qs_saved_grid);
  status = grid ? QS_OK : qs_reader_no_memory(c->reader);
  for (int i = 0; !status && i < QS_SAVED_INSTRUMENTS; i++) {
    status = read_grid(c, &grid[i]);
  }
  p->grid = grid;
  return status;
}

static qs_status read_head(cursor *c, qs_saved_policy *p) {
  bool two = false;
  qs_status status = read_first(c, &two);
  status = status ? status : read_text(c, "name", &p->name);
  status = status ? status : read_text(c, "type", &p->type);
  status = status ? status : read_text(c, "underlying", &p->underlying);
  status = status ? status : read_text(c, "instrument", &p->instrument);
  status = status || !two ? status : read_text(c, "second", &p->second);
  status = status ? status : expect(c, "as_of");
  status = status ? status : next_time(c, true, &p->as_of);
  status = status ? status : expect(c, "cost_weight");
  status = status ? status : next_number(c, true, false, &p->cost_weight);
  status = status || !two ? status : read_form(c, p);
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
    status = read_date(c, p, n ? dates[n - 1].date : p->as_of - 1, &dates[n]);
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
