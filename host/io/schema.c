#include "host/io/schema.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"
#include "host/market/time.h"

bool qs_range_holds(const qs_range *range, double value) {
  bool low = range->above ? value > range->min : value >= range->min;
  bool high = range->below ? value < range->max : value <= range->max;
  return low && high;
}

void qs_range_text(const qs_range *range, char *text) {
  const double unbounded = 1e300;
  char min[QS_NUMBER_TEXT];
  char max[QS_NUMBER_TEXT];
  qs_text_from_number(range->min, min);
  qs_text_from_number(range->max, max);
  bool has_min = range->min > -unbounded;
  bool has_max = range->max < unbounded;
  const char *low = range->above ? "greater than " : "at least ";
  const char *high = range->below ? "less than " : "at most ";
  snprintf(text, QS_RANGE_TEXT, "a%s number%s%s%s%s%s%s", has_min || has_max ? "" : " finite",
           has_min ? " " : "", has_min ? low : "", has_min ? min : "",
           has_min && has_max ? " and "
           : has_max          ? " "
                              : "",
           has_max ? high : "", has_max ? max : "");
}

static void store(void *object, size_t offset, const void *value, size_t size) {
  memcpy((char *)object + offset, value, size);
}

enum { QS_ALLOWED_TEXT = 320 };

static void describe_choices(const qs_field *field, char *text) {
  size_t used = (size_t)snprintf(text, QS_ALLOWED_TEXT, "%s", field->choice_count > 1 ? "one of " : "");
  for (size_t i = 0; i < field->choice_count && used < QS_ALLOWED_TEXT; i++) {
    used +=
        (size_t)snprintf(text + used, QS_ALLOWED_TEXT - used, "%s%s", i ? ", " : "", field->choices[i].name);
  }
}

/* What the field may hold, into text[QS_ALLOWED_TEXT]. */
static void describe(const qs_field *field, char *text) {
  const char *fixed = "given";
  switch (field->type) {
  case QS_FIELD_NUMBER:
    qs_range_text(&field->range, text);
    return;
  case QS_FIELD_CHOICE:
  case QS_FIELD_CHOICE_TEXT:
    describe_choices(field, text);
    return;
  case QS_FIELD_COUNT:
    fixed = "a whole number";
    break;
  case QS_FIELD_BOOL:
    fixed = "true or false";
    break;
  case QS_FIELD_TEXT:
    fixed = "a text";
    break;
  case QS_FIELD_TIME:
    fixed = "a UTC time after 1970 such as 2026-08-01T17:58:04Z";
    break;
  case QS_FIELD_NUMBERS:
    fixed = field->or_one ? "a number, or a list of numbers" : "a list of numbers";
    break;
  case QS_FIELD_TEXTS:
    fixed = "a list of texts";
    break;
  case QS_FIELD_MAP:
    fixed = "a mapping";
    break;
  case QS_FIELD_LIST:
    fixed = "a list of mappings";
    break;
  case QS_FIELD_OTHER:
    break;
  }
  snprintf(text, QS_ALLOWED_TEXT, "%s", fixed);
}

static qs_status bad_number(qs_reader *reader, const qs_field *field, const qs_node *node) {
  char allowed[QS_RANGE_TEXT];
  qs_range_text(&field->range, allowed);
  return qs_node_bad(reader, node, "must be %s%s", allowed,
                     node->quoted && qs_text_classify(node->text, NULL) == QS_TEXT_NUMBER ? ", without quotes"
                                                                                          : "");
}

static qs_status read_number(qs_reader *reader, const qs_field *field, const qs_node *node, double *value) {
  bool scalar = node->kind == QS_NODE_SCALAR && !node->quoted;
  if (!scalar || qs_text_classify(node->text, value) != QS_TEXT_NUMBER ||
      !qs_range_holds(&field->range, *value)) {
    return bad_number(reader, field, node);
  }
  return QS_OK;
}

static qs_status read_count(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  uint64_t value = 0;
  bool number = node->kind == QS_NODE_SCALAR && !node->quoted && qs_text_count(node->text, &value);
  bool any = field->range.max >= 18446744073709551615.0;
  if (!number || (double)value < field->range.min || (!any && (double)value > field->range.max)) {
    char min[QS_NUMBER_TEXT];
    char max[QS_NUMBER_TEXT];
    snprintf(min, sizeof min, "%.0f", field->range.min);
    snprintf(max, sizeof max, any ? "18446744073709551615" : "%.0f", field->range.max);
    return qs_node_bad(reader, node, "must be a whole number from %s to %s", min, max);
  }
  store(object, field->offset, &value, sizeof value);
  return QS_OK;
}

static qs_status read_bool(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  if (node->kind != QS_NODE_SCALAR || node->quoted || qs_text_classify(node->text, NULL) != QS_TEXT_BOOL) {
    return qs_node_bad(reader, node, "must be true or false");
  }
  bool value = node->text[0] == 't' || node->text[0] == 'T';
  store(object, field->offset, &value, sizeof value);
  return QS_OK;
}

/* A text is quoted, or is nothing else that YAML knows. */
static qs_status read_text(qs_reader *reader, size_t max_size, const qs_node *node, const char **value) {
  if (node->kind != QS_NODE_SCALAR) {
    return qs_node_bad(reader, node, "must be a text");
  }
  qs_text_kind kind = qs_text_classify(node->text, NULL);
  if (!node->quoted && kind != QS_TEXT_WORD) {
    return qs_node_bad(reader, node, "must be a text%s",
                       kind == QS_TEXT_NULL ? "" : "; quote it to make it one");
  }
  size_t size = strlen(node->text);
  if (size == 0 || size > max_size) {
    return qs_node_bad(reader, node, "must be a text of 1 to %zu bytes", max_size);
  }
  for (const char *c = node->text; *c; c++) {
    if ((unsigned char)*c < 0x20) {
      return qs_node_bad(reader, node, "must be a text on one line, without control characters");
    }
  }
  *value = qs_arena_strndup(reader->arena, node->text, size);
  return *value ? QS_OK : qs_reader_no_memory(reader);
}

static qs_status read_time(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  qs_time value = 0;
  if (node->kind != QS_NODE_SCALAR || !qs_time_parse(node->text, &value) || value <= 0) {
    char allowed[QS_ALLOWED_TEXT];
    describe(field, allowed);
    return qs_node_bad(reader, node, "must be %s", allowed);
  }
  store(object, field->offset, &value, sizeof value);
  return QS_OK;
}

static qs_status read_choice(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  for (size_t i = 0; i < field->choice_count && node->kind == QS_NODE_SCALAR; i++) {
    if (strcmp(node->text, field->choices[i].name) == 0) {
      if (field->type == QS_FIELD_CHOICE) {
        store(object, field->offset, &field->choices[i].value, sizeof field->choices[i].value);
      } else {
        store(object, field->offset, &field->choices[i].name, sizeof field->choices[i].name);
      }
      return QS_OK;
    }
  }
  char allowed[QS_ALLOWED_TEXT];
  describe(field, allowed);
  return qs_node_bad(reader, node, "must be %s", allowed);
}

static qs_status check_count(qs_reader *reader, const qs_field *field, const qs_node *node,
                             const char *what) {
  size_t max = field->max_count ? field->max_count : QS_LIST_MAX;
  if (node->kind != QS_NODE_LIST) {
    return qs_node_bad(reader, node, "must be a list of %s", what);
  }
  if (node->count < field->min_count || node->count > max) {
    char count[64];
    snprintf(count, sizeof count, "%zu %s", node->count, what);
    if (field->min_count == max) {
      return qs_node_bad(reader, node, "has %s; must have %zu", count, max);
    }
    return qs_node_bad(reader, node, "has %s; must have %zu to %zu", count, field->min_count, max);
  }
  return QS_OK;
}

static qs_status read_one(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  double *value = QS_NEW(reader->arena, 1, double);
  if (!value) {
    return qs_reader_no_memory(reader);
  }
  const double *list = value;
  const size_t count = 1;
  store(object, field->offset, &list, sizeof list);
  store(object, field->count_offset, &count, sizeof count);
  return read_number(reader, field, node, value);
}

static qs_status read_numbers(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  if (field->or_one && node->kind == QS_NODE_SCALAR) {
    return read_one(reader, field, node, object);
  }
  qs_status status = check_count(reader, field, node, "numbers");
  if (status != QS_OK) {
    return status;
  }
  double *values = QS_NEW(reader->arena, node->count, double);
  if (!values) {
    return qs_reader_no_memory(reader);
  }
  size_t i = 0;
  for (const qs_node *child = node->first; child; child = child->next, i++) {
    status = read_number(reader, field, child, &values[i]);
    if (status != QS_OK) {
      return status;
    }
    for (size_t j = 0; field->distinct && j < i; j++) {
      if (values[j] == values[i]) {
        return qs_node_bad(reader, child, "must not stand twice in the list");
      }
    }
  }
  const double *list = values;
  store(object, field->offset, &list, sizeof list);
  store(object, field->count_offset, &node->count, sizeof node->count);
  return QS_OK;
}

static qs_status read_texts(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  qs_status status = check_count(reader, field, node, "texts");
  if (status != QS_OK) {
    return status;
  }
  const char **values = QS_NEW(reader->arena, node->count, const char *);
  if (!values) {
    return qs_reader_no_memory(reader);
  }
  size_t i = 0;
  for (const qs_node *child = node->first; child; child = child->next, i++) {
    status = read_text(reader, QS_TEXT_MAX, child, &values[i]);
    if (status != QS_OK) {
      return status;
    }
    for (size_t j = 0; field->distinct && j < i; j++) {
      if (strcmp(values[j], values[i]) == 0) {
        return qs_node_bad(reader, child, "must not stand twice in the list");
      }
    }
  }
  const char *const *list = values;
  store(object, field->offset, &list, sizeof list);
  store(object, field->count_offset, &node->count, sizeof node->count);
  return QS_OK;
}

static qs_status read_list(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  const qs_table *table = field->table;
  qs_status status = check_count(reader, field, node, "mappings");
  if (status != QS_OK) {
    return status;
  }
  char *items = qs_arena_alloc(reader->arena, node->count, table->size);
  if (!items) {
    return qs_reader_no_memory(reader);
  }
  size_t i = 0;
  for (const qs_node *child = node->first; child; child = child->next, i++) {
    if (table->init) {
      table->init(items + i * table->size);
    }
    status = qs_schema_read(reader, table, child, items + i * table->size);
    if (status != QS_OK) {
      return status;
    }
  }
  store(object, field->offset, &items, sizeof items);
  store(object, field->count_offset, &node->count, sizeof node->count);
  return QS_OK;
}

qs_status qs_schema_read_field(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  double number = 0;
  const char *text = NULL;
  qs_status status = QS_OK;
  switch (field->type) {
  case QS_FIELD_NUMBER:
    status = read_number(reader, field, node, &number);
    if (status == QS_OK) {
      store(object, field->offset, &number, sizeof number);
    }
    return status;
  case QS_FIELD_TEXT:
    status = read_text(reader, field->max_count ? field->max_count : QS_TEXT_MAX, node, &text);
    if (status == QS_OK) {
      store(object, field->offset, &text, sizeof text);
    }
    return status;
  case QS_FIELD_COUNT:
    return read_count(reader, field, node, object);
  case QS_FIELD_BOOL:
    return read_bool(reader, field, node, object);
  case QS_FIELD_TIME:
    return read_time(reader, field, node, object);
  case QS_FIELD_CHOICE:
  case QS_FIELD_CHOICE_TEXT:
    return read_choice(reader, field, node, object);
  case QS_FIELD_NUMBERS:
    return read_numbers(reader, field, node, object);
  case QS_FIELD_TEXTS:
    return read_texts(reader, field, node, object);
  case QS_FIELD_MAP:
    return qs_schema_read(reader, field->table, node, (char *)object + field->offset);
  case QS_FIELD_LIST:
    return read_list(reader, field, node, object);
  case QS_FIELD_OTHER:
    break;
  }
  return field->read(reader, field, node, object);
}

static qs_status unknown_key(qs_reader *reader, const qs_table *table, const qs_node *node) {
  const char *keys[QS_TREE_KEYS];
  char known[400] = "";
  size_t used = 0;
  for (size_t i = 0; i < table->field_count; i++) {
    keys[i] = table->fields[i].key;
    if (used < sizeof known) {
      used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", keys[i]);
    }
  }
  const char *meant = qs_text_closest(node->key, keys, table->field_count);
  return qs_node_bad_key(reader, node, "unknown key%s%s%s; allowed here: %s", meant ? " (did you mean '" : "",
                         meant ? meant : "", meant ? "'?)" : "", known);
}

static const qs_field *find_field(const qs_table *table, const char *key) {
  for (size_t i = 0; i < table->field_count; i++) {
    if (strcmp(table->fields[i].key, key) == 0) {
      return &table->fields[i];
    }
  }
  return NULL;
}

qs_status qs_schema_read(qs_reader *reader, const qs_table *table, const qs_node *node, void *object) {
  if (node->kind != QS_NODE_MAP) {
    return qs_node_bad(reader, node, "must be a mapping");
  }
  for (const qs_node *child = node->first; child; child = child->next) {
    const qs_field *field = find_field(table, child->key);
    qs_status status =
        field ? qs_schema_read_field(reader, field, child, object) : unknown_key(reader, table, child);
    if (status != QS_OK) {
      return status;
    }
  }
  for (size_t i = 0; i < table->field_count; i++) {
    if (table->fields[i].required && !qs_node_get(node, table->fields[i].key)) {
      char allowed[QS_ALLOWED_TEXT];
      describe(&table->fields[i], allowed);
      return qs_node_missing(reader, node, table->fields[i].key, "the key is required; must be %s", allowed);
    }
  }
  return table->check ? table->check(reader, node, object) : QS_OK;
}

qs_status qs_schema_file_name(qs_reader *reader, const qs_node *node, const char **path) {
  const char *text = NULL;
  qs_status status = read_text(reader, QS_FILE_NAME_MAX, node, &text);
  if (status != QS_OK) {
    return status;
  }
  const char *from = node->line ? node->source : reader->config_path;
  *path = qs_reader_resolve(reader, from, text);
  return *path ? QS_OK : qs_reader_no_memory(reader);
}

qs_status qs_schema_follow(qs_reader *reader, const qs_field *field, const qs_node *node, qs_node_kind kind,
                           const qs_node **list) {
  *list = node;
  if (node->kind != QS_NODE_SCALAR) {
    return QS_OK;
  }
  const char *path = NULL;
  qs_status status = qs_schema_file_name(reader, node, &path);
  if (status != QS_OK) {
    return status;
  }
  char dotted[QS_PATH_TEXT];
  qs_node_path(node, NULL, dotted);
  char *base = qs_arena_strdup(reader->scratch, dotted);
  if (!base) {
    return qs_reader_no_memory(reader);
  }
  qs_place named_at = {.source = node->source, .line = node->line, .column = node->column, .path = base};
  qs_node *root = NULL;
  status = qs_tree_read(reader, path, base, &named_at, &root);
  if (status != QS_OK) {
    return status;
  }
  /* The list may stand under its own name, so that a file says what it holds. */
  qs_node *inner = kind == QS_NODE_LIST && root->count == 1 ? qs_node_get(root, field->key) : NULL;
  if (inner) {
    inner->parent = NULL;
    inner->key = base;
  }
  *list = inner ? inner : root;
  return QS_OK;
}
