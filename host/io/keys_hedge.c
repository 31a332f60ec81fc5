/* hedge, with costs, limits and target. */
#include <math.h>
#include <stddef.h>

#include "host/io/draft.h"

#define AT(member) offsetof(qs_cost_spec, member)

static const qs_field cost_fields[] = {
    {"instrument", QS_FIELD_TEXT, .offset = AT(instrument), .required = true},
    {"fee", QS_FIELD_NUMBER, .offset = AT(fee), .range = {0, 1, false, false}},
    {"fee_cap", QS_FIELD_NUMBER, .offset = AT(fee_cap), .range = {0, 1, false, false}},
    {"half_spread", QS_FIELD_NUMBER, .offset = AT(half_spread), .range = {0, 1e15, false, false}},
    {"impact", QS_FIELD_NUMBER, .offset = AT(impact), .range = {0, 1e15, false, false}},
    {"funding", QS_FIELD_NUMBER, .offset = AT(funding), .range = {-10, 10, false, false}},
};

static void init_cost(void *object) {
  qs_cost_spec_init(object);
}

const qs_table qs_cost_table = {cost_fields, sizeof cost_fields / sizeof cost_fields[0], sizeof(qs_cost_spec),
                                init_cost, NULL};

#undef AT
#define AT(member) offsetof(qs_instrument_limit, member)

static const qs_field instrument_limit_fields[] = {
    {"instrument", QS_FIELD_TEXT, .offset = AT(instrument), .required = true},
    {"min", QS_FIELD_NUMBER, .offset = AT(min), .required = true, .range = {-1e18, 1e18, false, false}},
    {"max", QS_FIELD_NUMBER, .offset = AT(max), .required = true, .range = {-1e18, 1e18, false, false}},
};

static qs_status check_instrument_limit(qs_reader *reader, const qs_node *node, void *object) {
  const qs_instrument_limit *limit = object;
  if (limit->min > limit->max) {
    return qs_node_bad(reader, qs_node_get(node, "min"), "must be at most max, which is %g", limit->max);
  }
  return QS_OK;
}

static const qs_table instrument_limit_table = {
    instrument_limit_fields, sizeof instrument_limit_fields / sizeof instrument_limit_fields[0],
    sizeof(qs_instrument_limit), NULL, check_instrument_limit};

#undef AT
#define AT(member) offsetof(qs_hedge_limits, member)

static const qs_field limit_fields[] = {
    {"max_margin", QS_FIELD_NUMBER, .offset = AT(max_margin), .range = {0, 1e18, false, false}},
    {"max_leverage", QS_FIELD_NUMBER, .offset = AT(max_leverage), .range = {0, 1e6, true, false}},
    {"min_delta", QS_FIELD_NUMBER, .offset = AT(min_delta), .range = {-1e18, 1e18, false, false}},
    {"max_delta", QS_FIELD_NUMBER, .offset = AT(max_delta), .range = {-1e18, 1e18, false, false}},
    {"min_gamma", QS_FIELD_NUMBER, .offset = AT(min_gamma), .range = {-1e18, 1e18, false, false}},
    {"max_gamma", QS_FIELD_NUMBER, .offset = AT(max_gamma), .range = {-1e18, 1e18, false, false}},
    {"min_vega", QS_FIELD_NUMBER, .offset = AT(min_vega), .range = {-1e18, 1e18, false, false}},
    {"max_vega", QS_FIELD_NUMBER, .offset = AT(max_vega), .range = {-1e18, 1e18, false, false}},
};

/* False for what is not given. */
static bool crossed(double min, double max) {
  return min > max;
}

static qs_status check_limits(qs_reader *reader, const qs_node *node, void *object) {
  const qs_hedge_limits *limits = object;
  const char *key = crossed(limits->min_delta, limits->max_delta)   ? "min_delta"
                    : crossed(limits->min_gamma, limits->max_gamma) ? "min_gamma"
                    : crossed(limits->min_vega, limits->max_vega)   ? "min_vega"
                                                                    : NULL;
  return key ? qs_node_bad(reader, qs_node_get(node, key), "must be at most max_%s", key + 4) : QS_OK;
}

static const qs_table limits_table = {limit_fields, sizeof limit_fields / sizeof limit_fields[0],
                                      sizeof(qs_hedge_limits), NULL, check_limits};

#undef AT
#define AT(member) offsetof(qs_hedge_spec, member)

static qs_status read_target_positions(qs_reader *reader, const qs_field *field, const qs_node *node,
                                       void *object) {
  qs_hedge_spec *spec = object;
  return qs_positions_read(reader, field, node, &reader->draft->target, &spec->target, &spec->target_count);
}

static const qs_field target_fields[] = {
    {"delta", QS_FIELD_NUMBER, .offset = AT(target_delta), .range = {-1e18, 1e18, false, false}},
    {"gamma", QS_FIELD_NUMBER, .offset = AT(target_gamma), .range = {-1e18, 1e18, false, false}},
    {"vega", QS_FIELD_NUMBER, .offset = AT(target_vega), .range = {-1e18, 1e18, false, false}},
    {"positions", QS_FIELD_OTHER, .read = read_target_positions, .table = &qs_position_table},
};

static const qs_table target_table = {target_fields, sizeof target_fields / sizeof target_fields[0],
                                      sizeof(qs_hedge_spec), NULL, NULL};

static qs_status read_costs(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  static const qs_field list = {
      "costs",           QS_FIELD_LIST,          .offset = AT(costs), .count_offset = AT(cost_count),
      .max_count = 4096, .table = &qs_cost_table};
  qs_status status = qs_schema_follow(reader, field, node, QS_NODE_LIST, &reader->draft->costs);
  return status == QS_OK ? qs_schema_read_field(reader, &list, reader->draft->costs, object) : status;
}

static const qs_field hedge_fields[] = {
    {"instruments", QS_FIELD_TEXTS, .offset = AT(instruments), .count_offset = AT(instrument_count),
     .required = true, .min_count = 1, .max_count = 512, .distinct = true},
    {"horizon_days", QS_FIELD_NUMBER, .offset = AT(horizon_days), .range = {0, 3650, true, false}},
    {"cost_weight", QS_FIELD_NUMBER, .offset = AT(cost_weight), .range = {0, 1e300, false, false}},
    {"risk_aversion", QS_FIELD_NUMBER, .offset = AT(risk_aversion), .range = {0, 1e300, true, false}},
    {"costs", QS_FIELD_OTHER, .read = read_costs, .table = &qs_cost_table},
    {"limits", QS_FIELD_MAP, .offset = AT(limits), .table = &limits_table},
    {"instrument_limits", QS_FIELD_LIST, .offset = AT(instrument_limits),
     .count_offset = AT(instrument_limit_count), .max_count = 512, .table = &instrument_limit_table},
    {"target", QS_FIELD_MAP, .offset = 0, .table = &target_table},
    {"book", QS_FIELD_TEXT, .offset = AT(book)},
};

qs_status qs_check_weight(qs_reader *reader, const qs_node *node, double cost_weight, double risk_aversion) {
  if (isnan(cost_weight) && isnan(risk_aversion)) {
    return qs_node_missing(reader, node, "risk_aversion",
                           "exactly one of risk_aversion and cost_weight must be given");
  }
  if (!isnan(cost_weight) && !isnan(risk_aversion)) {
    return qs_node_bad_key(
        reader, qs_node_get(node, "cost_weight"),
        "risk_aversion is given too; must be exactly one of risk_aversion and cost_weight");
  }
  return QS_OK;
}

static qs_status check_hedge(qs_reader *reader, const qs_node *node, void *object) {
  const qs_hedge_spec *spec = object;
  return qs_check_weight(reader, node, spec->cost_weight, spec->risk_aversion);
}

const qs_table qs_hedge_table = {hedge_fields, sizeof hedge_fields / sizeof hedge_fields[0],
                                 sizeof(qs_hedge_spec), NULL, check_hedge};
