/* simulation, value, risk, limits. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "host/base/text.h"
#include "host/io/draft.h"

#define AT(member) offsetof(qs_simulation_spec, member)

static const qs_choice precision_choices[] = {{"mixed", QS_MIXED}, {"double", QS_DOUBLE}};
static const qs_choice arithmetic_choices[] = {{"exact", QS_EXACT}, {"fast", QS_FAST}};
static const qs_choice scheme_choices[] = {
    {"auto", QS_SCHEME_CHOICE_AUTO}, {"qe", QS_SCHEME_CHOICE_QE}, {"euler", QS_SCHEME_CHOICE_EULER}};
static const qs_choice reduction_choices[] = {{"auto", QS_REDUCTION_AUTO},
                                              {"none", QS_REDUCTION_NONE},
                                              {"control", QS_REDUCTION_CONTROL},
                                              {"antithetic", QS_REDUCTION_ANTITHETIC}};
static const qs_choice sampling_choices[] = {{"pseudo", QS_SAMPLING_CHOICE_PSEUDO},
                                             {"sobol", QS_SAMPLING_CHOICE_SOBOL}};

static const qs_field time_step_number = {"time_step", QS_FIELD_NUMBER, .offset = AT(time_step_days),
                                          .range = {0, 366, true, false}};

static qs_status read_time_step(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_simulation_spec *spec = object;
  bool scalar = node->kind == QS_NODE_SCALAR;
  if (scalar && strcmp(node->text, "auto") == 0) {
    spec->time_step_days = NAN;
    return QS_OK;
  }
  if (scalar && !node->quoted && qs_text_classify(node->text, NULL) == QS_TEXT_NUMBER) {
    return qs_schema_read_field(reader, &time_step_number, node, object);
  }
  return qs_node_bad(reader, node, "must be auto, or a number of days greater than 0 and at most 366");
}

static const qs_field simulation_fields[] = {
    {"paths", QS_FIELD_COUNT, .offset = AT(paths), .range = {1, 1099511627776.0, false, false}},
    {"seed", QS_FIELD_COUNT, .offset = AT(seed), .range = {0, 18446744073709551615.0, false, false}},
    {"precision", QS_FIELD_CHOICE, .offset = AT(precision), .choices = precision_choices, .choice_count = 2},
    {"arithmetic", QS_FIELD_CHOICE, .offset = AT(arithmetic), .choices = arithmetic_choices,
     .choice_count = 2},
    {"sampling", QS_FIELD_CHOICE, .offset = AT(sampling), .choices = sampling_choices, .choice_count = 2},
    {"scheme", QS_FIELD_CHOICE, .offset = AT(scheme), .choices = scheme_choices, .choice_count = 3},
    {"time_step", QS_FIELD_OTHER, .read = read_time_step},
    {"variance_reduction", QS_FIELD_CHOICE, .offset = AT(variance_reduction), .choices = reduction_choices,
     .choice_count = 4},
    {"target_std_error", QS_FIELD_NUMBER, .offset = AT(target_std_error), .range = {0, 1, true, true}},
    {"max_paths", QS_FIELD_COUNT, .offset = AT(max_paths), .range = {1, 4294967296.0, false, false}},
};

static qs_status check_simulation(qs_reader *reader, const qs_node *node, void *object) {
  const qs_simulation_spec *spec = object;
  const qs_node *reduction = qs_node_get(node, "variance_reduction"), *most = qs_node_get(node, "max_paths");
  if (spec->variance_reduction == QS_REDUCTION_ANTITHETIC && spec->sampling == QS_SAMPLING_CHOICE_SOBOL) {
    return qs_node_bad(reader, reduction, "must not be antithetic where sampling is sobol");
  }
  if (spec->arithmetic == QS_FAST && spec->precision == QS_DOUBLE) {
    return qs_node_bad(reader, qs_node_get(node, "arithmetic"), "must not be fast where precision is double");
  }
  if (most && isnan(spec->target_std_error)) {
    return qs_node_bad_key(reader, most, "max_paths needs target_std_error");
  }
  if (most && spec->max_paths < spec->paths) {
    return qs_node_bad(reader, most, "must not be less than paths");
  }
  return QS_OK;
}

const qs_table qs_simulation_table = {simulation_fields,
                                      sizeof simulation_fields / sizeof simulation_fields[0],
                                      sizeof(qs_simulation_spec), NULL, check_simulation};

#undef AT
#define AT(member) offsetof(qs_value_spec, member)

static const qs_field value_fields[] = {
    {"greeks", QS_FIELD_BOOL, .offset = AT(greeks)},
    {"vega", QS_FIELD_BOOL, .offset = AT(vega)},
};

const qs_table qs_value_table = {value_fields, sizeof value_fields / sizeof value_fields[0],
                                 sizeof(qs_value_spec), NULL, NULL};

#undef AT
#define AT(member) offsetof(qs_risk_spec, member)

static const qs_field risk_fields[] = {
    {"horizon_days", QS_FIELD_NUMBER, .offset = AT(horizon_days), .range = {0, 3650, true, false}},
    {"levels", QS_FIELD_NUMBERS, .offset = AT(levels), .count_offset = AT(level_count),
     .range = {0, 1, true, true}, .min_count = 1, .max_count = 32, .distinct = true},
    {"drift", QS_FIELD_NUMBER, .offset = AT(drift), .range = {-10, 10, false, false}},
    {"history", QS_FIELD_OTHER, .read = qs_history_read},
    {"history_window", QS_FIELD_COUNT, .offset = AT(history_window), .range = {2, 100000, false, false}},
    {"what_if", QS_FIELD_LIST, .offset = AT(what_if), .count_offset = AT(what_if_count), .max_count = 1024,
     .table = &qs_trade_table},
    {"keep_pnl", QS_FIELD_BOOL, .offset = AT(keep_pnl)},
};

const qs_table qs_risk_table = {risk_fields, sizeof risk_fields / sizeof risk_fields[0], sizeof(qs_risk_spec),
                                NULL, NULL};

#undef AT
#define AT(member) offsetof(qs_limit_spec, member)

static const qs_choice measures[] = {
    {"var", 0},   {"expected_shortfall", 0}, {"value", 0}, {"delta", 0}, {"gamma", 0}, {"vega", 0},
    {"theta", 0}, {"stress_loss", 0}};

static const qs_field limit_fields[] = {
    {"measure", QS_FIELD_CHOICE_TEXT, .offset = AT(measure), .required = true, .choices = measures,
     .choice_count = 8},
    {"level", QS_FIELD_NUMBER, .offset = AT(level), .range = {0, 1, true, true}},
    {"book", QS_FIELD_TEXT, .offset = AT(book)},
    {"underlying", QS_FIELD_TEXT, .offset = AT(underlying)},
    {"max", QS_FIELD_NUMBER, .offset = AT(max), .required = true, .range = {0, 1e18, false, false}},
};

static qs_status check_limit(qs_reader *reader, const qs_node *node, void *object) {
  const qs_limit_spec *spec = object;
  bool tail = strcmp(spec->measure, "var") == 0 || strcmp(spec->measure, "expected_shortfall") == 0;
  const qs_node *level = qs_node_get(node, "level");
  if (tail && !level) {
    return qs_node_missing(reader, node, "level", "%s needs one of risk.levels", spec->measure);
  }
  if (!tail && level) {
    return qs_node_bad_key(reader, level, "%s has no level; the key must be left out", spec->measure);
  }
  return QS_OK;
}

const qs_table qs_limit_table = {limit_fields, sizeof limit_fields / sizeof limit_fields[0],
                                 sizeof(qs_limit_spec), NULL, check_limit};
