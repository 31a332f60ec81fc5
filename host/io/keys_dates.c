/* Dates of a trade by list or by rule, and what its formula names. */
#include <stddef.h>
#include <string.h>

#include "host/base/text.h"
#include "host/io/draft.h"
#include "host/market/fixings.h"

#define AT(member) offsetof(qs_fixing_rule, member)

/* Days, or the name of a period. */
static qs_status read_every(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  static const struct {
    const char *name;
    uint32_t days, months, seconds;
  } periods[] = {
      {"minute", 0, 0, 60}, {"hour", 0, 0, 3600}, {"day", 1, 0, 0}, {"week", 7, 0, 0}, {"month", 0, 1, 0}};
  qs_fixing_rule *rule = object;
  uint64_t days = 0;
  bool scalar = node->kind == QS_NODE_SCALAR;
  for (size_t i = 0; scalar && i < sizeof periods / sizeof periods[0]; i++) {
    if (strcmp(node->text, periods[i].name) == 0) {
      rule->days = periods[i].days;
      rule->months = periods[i].months;
      rule->seconds = periods[i].seconds;
      return QS_OK;
    }
  }
  if (!scalar || node->quoted || !qs_text_count(node->text, &days) || days < 1 || days > 3660) {
    return qs_node_bad(reader, node,
                       "must be minute, hour, day, week, month, or a whole number of days from 1 to 3660");
  }
  rule->days = (uint32_t)days;
  return QS_OK;
}

static const qs_field rule_fields[] = {
    {"every", QS_FIELD_OTHER, .required = true, .read = read_every},
    {"from", QS_FIELD_TIME, .offset = AT(from)},
    {"to", QS_FIELD_TIME, .offset = AT(to)},
    {"skip_first", QS_FIELD_BOOL, .offset = AT(skip_first)},
};

const qs_table qs_fixing_rule_table = {rule_fields, sizeof rule_fields / sizeof rule_fields[0],
                                       sizeof(qs_fixing_rule), NULL, NULL};

qs_status qs_read_times(qs_reader *reader, const char *key, const qs_node *list, const qs_time **times) {
  const qs_field one = {.key = key, .type = QS_FIELD_TIME};
  qs_time *made = QS_NEW(reader->arena, list->count, qs_time);
  if (!made) {
    return qs_reader_no_memory(reader);
  }
  size_t i = 0;
  for (const qs_node *child = list->first; child; child = child->next, i++) {
    qs_status status = qs_schema_read_field(reader, &one, child, &made[i]);
    if (status != QS_OK) {
      return status;
    }
    if (i && made[i] <= made[i - 1]) {
      return qs_node_bad(reader, child, "must be after the time before it");
    }
  }
  *times = made;
  return QS_OK;
}

qs_status qs_read_dates(qs_reader *reader, const char *key, const qs_node *node, qs_fixing_rule *rule,
                        const qs_time **dates, size_t *count) {
  if (node->kind == QS_NODE_MAP) {
    return qs_schema_read(reader, &qs_fixing_rule_table, node, rule);
  }
  if (node->kind != QS_NODE_LIST || node->count == 0 || node->count > QS_MAX_FIXINGS) {
    return qs_node_bad(reader, node, "must be a list of 1 to %d times, or a mapping with every, from and to",
                       QS_MAX_FIXINGS);
  }
  qs_status status = qs_read_times(reader, key, node, dates);
  if (status == QS_OK) {
    *count = node->count;
  }
  return status;
}

/* What a formula's constants may be. */
static const qs_range any_number = {-1e15, 1e15, false, false};

qs_status qs_read_constants(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_script_spec *script = &((qs_trade_spec *)object)->script;
  if (node->kind != QS_NODE_MAP) {
    return qs_node_bad(reader, node, "must be a mapping of names to numbers");
  }
  qs_constant_spec *constants = QS_NEW(reader->arena, node->count, qs_constant_spec);
  if (!constants) {
    return qs_reader_no_memory(reader);
  }
  size_t i = 0;
  for (const qs_node *child = node->first; child; child = child->next, i++) {
    const qs_field one = {.key = child->key, .type = QS_FIELD_NUMBER, .range = any_number};
    qs_status status = qs_schema_read_field(reader, &one, child, &constants[i].value);
    constants[i].name = status ? NULL : qs_arena_strdup(reader->arena, child->key);
    if (!constants[i].name) {
      return status ? status : qs_reader_no_memory(reader);
    }
  }
  script->constants = constants;
  script->constant_count = node->count;
  return QS_OK;
}

/* A single time, a list of them, or a rule. */
static qs_status read_schedule(qs_reader *reader, const qs_node *node, qs_schedule_spec *schedule) {
  if (node->kind != QS_NODE_SCALAR) {
    return qs_read_dates(reader, node->key, node, &schedule->rule, &schedule->dates, &schedule->date_count);
  }
  const qs_field one = {.key = node->key, .type = QS_FIELD_TIME};
  qs_time *date = QS_NEW(reader->arena, 1, qs_time);
  if (!date) {
    return qs_reader_no_memory(reader);
  }
  schedule->dates = date;
  schedule->date_count = 1;
  schedule->single = true;
  return qs_schema_read_field(reader, &one, node, date);
}

qs_status qs_read_schedules(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_script_spec *script = &((qs_trade_spec *)object)->script;
  if (node->kind != QS_NODE_MAP) {
    return qs_node_bad(reader, node, "must be a mapping of names to dates");
  }
  qs_schedule_spec *schedules = QS_NEW(reader->arena, node->count, qs_schedule_spec);
  if (!schedules) {
    return qs_reader_no_memory(reader);
  }
  size_t i = 0;
  for (const qs_node *child = node->first; child; child = child->next, i++) {
    qs_status status = read_schedule(reader, child, &schedules[i]);
    schedules[i].name = status ? NULL : qs_arena_strdup(reader->arena, child->key);
    if (!schedules[i].name) {
      return status ? status : qs_reader_no_memory(reader);
    }
  }
  script->schedules = schedules;
  script->schedule_count = node->count;
  return QS_OK;
}
