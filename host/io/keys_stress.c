/* stress, with scenarios and margin grid. */
#include <math.h>
#include <stddef.h>

#include "host/io/draft.h"

#define AT(member) offsetof(qs_scenario_spec, member)

static const qs_field scenario_fields[] = {
    {"name", QS_FIELD_TEXT, .offset = AT(name), .required = true},
    {"underlyings", QS_FIELD_TEXTS, .offset = AT(underlyings), .count_offset = AT(underlying_count),
     .min_count = 1, .max_count = 256, .distinct = true},
    {"spot", QS_FIELD_NUMBER, .offset = AT(spot), .range = {-1, 100, true, false}},
    {"volatility", QS_FIELD_NUMBER, .offset = AT(volatility), .range = {-1, 100, true, false}},
    {"skew", QS_FIELD_NUMBER, .offset = AT(skew), .range = {-2, 2, false, false}},
    {"carry", QS_FIELD_NUMBER, .offset = AT(carry), .range = {-10, 10, false, false}},
    {"jump_intensity", QS_FIELD_NUMBER, .offset = AT(jump_intensity), .range = {-1, 1000, false, false}},
    {"jump_size", QS_FIELD_NUMBER, .offset = AT(jump_size), .range = {-1, 100, true, false}},
    {"discount_rate", QS_FIELD_NUMBER, .offset = AT(discount_rate), .range = {-10, 10, false, false}},
    {"correlation", QS_FIELD_NUMBER, .offset = AT(correlation), .range = {-2, 2, false, false}},
    {"spread_factor", QS_FIELD_NUMBER, .offset = AT(spread_factor), .range = {0, 1e6, false, false}},
    {"depth_factor", QS_FIELD_NUMBER, .offset = AT(depth_factor), .range = {0, 1e6, true, false}},
    {"fee_factor", QS_FIELD_NUMBER, .offset = AT(fee_factor), .range = {0, 1e6, false, false}},
    {"margin_factor", QS_FIELD_NUMBER, .offset = AT(margin_factor), .range = {0, 1e6, false, false}},
    {"venue_lost", QS_FIELD_TEXT, .offset = AT(venue_lost)},
};

static void init_scenario(void *object) {
  qs_scenario_spec_init(object);
}

const qs_table qs_scenario_table = {scenario_fields, sizeof scenario_fields / sizeof scenario_fields[0],
                                    sizeof(qs_scenario_spec), init_scenario, NULL};

#undef AT
#define AT(member) offsetof(qs_margin_grid_spec, member)

static const qs_field margin_grid_fields[] = {
    {"spot", QS_FIELD_NUMBERS, .offset = AT(spot), .count_offset = AT(spot_count), .required = true,
     .range = {-1, 100, true, false}, .min_count = 1, .max_count = 101, .distinct = true},
    {"volatility", QS_FIELD_NUMBERS, .offset = AT(volatility), .count_offset = AT(volatility_count),
     .required = true, .range = {-1, 100, true, false}, .min_count = 1, .max_count = 101, .distinct = true},
    {"short_exponent", QS_FIELD_NUMBER, .offset = AT(short_exponent), .range = {0, 2, false, false}},
    {"long_exponent", QS_FIELD_NUMBER, .offset = AT(long_exponent), .range = {0, 2, false, false}},
};

const qs_table qs_margin_grid_table = {margin_grid_fields,
                                       sizeof margin_grid_fields / sizeof margin_grid_fields[0],
                                       sizeof(qs_margin_grid_spec), NULL, NULL};

static qs_status read_scenarios(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  static const qs_field list = {"scenarios",
                                QS_FIELD_LIST,
                                .offset = offsetof(qs_stress_spec, scenarios),
                                .count_offset = offsetof(qs_stress_spec, scenario_count),
                                .max_count = 10000,
                                .table = &qs_scenario_table};
  qs_status status = qs_schema_follow(reader, field, node, QS_NODE_LIST, &reader->draft->scenarios);
  return status == QS_OK ? qs_schema_read_field(reader, &list, reader->draft->scenarios, object) : status;
}

static qs_status read_margin_grid(qs_reader *reader, const qs_field *field, const qs_node *node,
                                  void *object) {
  const qs_node *map = NULL;
  qs_status status = qs_schema_follow(reader, field, node, QS_NODE_MAP, &map);
  if (status != QS_OK) {
    return status;
  }
  qs_margin_grid_spec *grid = QS_NEW(reader->arena, 1, qs_margin_grid_spec);
  if (!grid) {
    return qs_reader_no_memory(reader);
  }
  grid->short_exponent = 0.30;
  grid->long_exponent = 0.13;
  qs_stress_spec *spec = object;
  spec->margin_grid = grid;
  return qs_schema_read(reader, &qs_margin_grid_table, map, grid);
}

#undef AT
#define AT(member) offsetof(qs_stress_spec, member)

static const qs_choice options_choices[] = {{"simulated", QS_STRESS_OPTIONS_SIMULATED},
                                            {"fourier", QS_STRESS_OPTIONS_FOURIER}};

static const qs_field stress_fields[] = {
    {"spot", QS_FIELD_NUMBERS, .offset = AT(spot), .count_offset = AT(spot_count),
     .range = {-1, 100, true, false}, .min_count = 1, .max_count = 101, .distinct = true},
    {"volatility", QS_FIELD_NUMBERS, .offset = AT(volatility), .count_offset = AT(volatility_count),
     .range = {-1, 100, true, false}, .min_count = 1, .max_count = 101, .distinct = true},
    {"scenarios", QS_FIELD_OTHER, .read = read_scenarios, .table = &qs_scenario_table},
    {"european_options", QS_FIELD_CHOICE, .offset = AT(european_options), .choices = options_choices,
     .choice_count = 2},
    {"margin_grid", QS_FIELD_OTHER, .read = read_margin_grid, .table = &qs_margin_grid_table},
};

/* A grid that names one axis alone leaves the other unmoved. */
static qs_status complete_stress(qs_reader *reader, const qs_node *node, void *object) {
  static const double unmoved[] = {0};
  (void)reader;
  (void)node;
  qs_stress_spec *spec = object;
  if (spec->spot_count > 0 && spec->volatility_count == 0) {
    spec->volatility = unmoved;
    spec->volatility_count = 1;
  } else if (spec->volatility_count > 0 && spec->spot_count == 0) {
    spec->spot = unmoved;
    spec->spot_count = 1;
  }
  return QS_OK;
}

const qs_table qs_stress_table = {stress_fields, sizeof stress_fields / sizeof stress_fields[0],
                                  sizeof(qs_stress_spec), NULL, complete_stress};
