/* simulate, with dates, costs and policies. */
#include <math.h>
#include <stddef.h>

#include "host/io/draft.h"

#define AT(member) offsetof(qs_hedge_policy_spec, member)

static const qs_choice policy_types[] = {
    {"none", QS_HEDGE_POLICY_NONE},
    {"delta_every_date", QS_HEDGE_POLICY_DELTA_EVERY_DATE},
    {"local_every_date", QS_HEDGE_POLICY_LOCAL_EVERY_DATE},
    {"delta_band", QS_HEDGE_POLICY_DELTA_BAND},
    {"whalley_wilmott", QS_HEDGE_POLICY_WHALLEY_WILMOTT},
    {"zakamouline", QS_HEDGE_POLICY_ZAKAMOULINE},
    {"leland", QS_HEDGE_POLICY_LELAND},
    {"minimum_variance_delta", QS_HEDGE_POLICY_MINIMUM_VARIANCE_DELTA},
    {"net_delta", QS_HEDGE_POLICY_NET_DELTA},
    {"fixed_interval", QS_HEDGE_POLICY_FIXED_INTERVAL},
    {"volatility_interval", QS_HEDGE_POLICY_VOLATILITY_INTERVAL},
    {"gamma_weighted", QS_HEDGE_POLICY_GAMMA_WEIGHTED},
    {"optimal", QS_HEDGE_POLICY_OPTIMAL},
    {"delta_gamma", QS_HEDGE_POLICY_DELTA_GAMMA},
    {"delta_vega", QS_HEDGE_POLICY_DELTA_VEGA},
    {"regression", QS_HEDGE_POLICY_REGRESSION},
};

static const qs_field policy_fields[] = {
    {"type", QS_FIELD_CHOICE, .offset = AT(type), .required = true, .choices = policy_types,
     .choice_count = sizeof policy_types / sizeof policy_types[0]},
    {"name", QS_FIELD_TEXT, .offset = AT(name), .max_count = 63},
    {"width", QS_FIELD_NUMBER, .offset = AT(width), .range = {0, 1e15, false, false}},
    {"every", QS_FIELD_COUNT, .offset = AT(every), .range = {1, 4095, false, false}},
    {"variance", QS_FIELD_NUMBER, .offset = AT(variance), .range = {0, 100, true, false}},
    {"loss", QS_FIELD_NUMBER, .offset = AT(loss), .range = {0, 1e15, true, false}},
};

/* A key that belongs to one type of policy, which needs it. */
static const struct {
  const char *key;
  qs_hedge_policy_type type;
} own_keys[] = {
    {"width", QS_HEDGE_POLICY_DELTA_BAND},
    {"every", QS_HEDGE_POLICY_FIXED_INTERVAL},
    {"variance", QS_HEDGE_POLICY_VOLATILITY_INTERVAL},
    {"loss", QS_HEDGE_POLICY_GAMMA_WEIGHTED},
};

static qs_status check_policy(qs_reader *reader, const qs_node *node, void *object) {
  const qs_hedge_policy_spec *spec = object;
  for (size_t i = 0; i < sizeof own_keys / sizeof own_keys[0]; i++) {
    const qs_node *given = qs_node_get(node, own_keys[i].key);
    if (given && spec->type != own_keys[i].type) {
      return qs_node_bad_key(reader, given, "%s has no %s; the key is %s's alone",
                             qs_hedge_policy_name(spec->type), own_keys[i].key,
                             qs_hedge_policy_name(own_keys[i].type));
    }
    if (!given && spec->type == own_keys[i].type) {
      return qs_node_missing(reader, node, own_keys[i].key, "%s needs it", qs_hedge_policy_name(spec->type));
    }
  }
  return QS_OK;
}

static void init_policy(void *object) {
  qs_hedge_policy_spec_init(object);
}

const qs_table qs_hedge_policy_table = {policy_fields, sizeof policy_fields / sizeof policy_fields[0],
                                        sizeof(qs_hedge_policy_spec), init_policy, check_policy};

/* A mapping, or the type alone where nothing else is needed. */
static qs_status read_policy(qs_reader *reader, const qs_node *node, qs_hedge_policy_spec *spec) {
  qs_hedge_policy_spec_init(spec);
  if (node->kind == QS_NODE_MAP) {
    return qs_schema_read(reader, &qs_hedge_policy_table, node, spec);
  }
  qs_status status = qs_schema_read_field(reader, &policy_fields[0], node, spec);
  for (size_t i = 0; !status && i < sizeof own_keys / sizeof own_keys[0]; i++) {
    if (spec->type == own_keys[i].type) {
      status = qs_node_bad(reader, node, "needs %s; must be a mapping with type and %s", own_keys[i].key,
                           own_keys[i].key);
    }
  }
  return status;
}

#undef AT
#define AT(member) offsetof(qs_simulate_spec, member)

enum { MAX_POLICIES = 256, MAX_TIMES = 4096 };

qs_status qs_read_policies(qs_reader *reader, const qs_node *node, const qs_hedge_policy_spec **list,
                           size_t *count) {
  if (node->kind != QS_NODE_LIST || node->count == 0 || node->count > MAX_POLICIES) {
    return qs_node_bad(reader, node, "must be a list of 1 to %d policies, each a name or a mapping",
                       MAX_POLICIES);
  }
  qs_hedge_policy_spec *policies = QS_NEW(reader->arena, node->count, qs_hedge_policy_spec);
  if (!policies) {
    return qs_reader_no_memory(reader);
  }
  size_t i = 0;
  for (const qs_node *child = node->first; child; child = child->next, i++) {
    qs_status status = read_policy(reader, child, &policies[i]);
    if (status) {
      return status;
    }
  }
  *list = policies;
  *count = node->count;
  return QS_OK;
}

static qs_status read_policies(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_simulate_spec *spec = object;
  return qs_read_policies(reader, node, &spec->policies, &spec->policy_count);
}

static const qs_field date_fields[] = {
    {"count", QS_FIELD_COUNT, .offset = offsetof(qs_simulate_dates, count), .required = true,
     .range = {1, MAX_TIMES - 1, false, false}},
    {"spacing_days", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_dates, spacing_days), .required = true,
     .range = {0.0001, 366, false, false}},
};

const qs_table qs_simulate_dates_table = {date_fields, sizeof date_fields / sizeof date_fields[0],
                                          sizeof(qs_simulate_dates), NULL, NULL};

qs_status qs_read_simulate_dates(qs_reader *reader, const qs_node *node, qs_simulate_dates *dates) {
  if (node->kind == QS_NODE_MAP) {
    return qs_schema_read(reader, &qs_simulate_dates_table, node, dates);
  }
  if (node->kind != QS_NODE_LIST || node->count < 2 || node->count > MAX_TIMES) {
    return qs_node_bad(reader, node,
                       "must be a mapping with count and spacing_days, or a list of 2 to %d times of which "
                       "the last is the unwind",
                       MAX_TIMES);
  }
  qs_status status = qs_read_times(reader, "dates", node, &dates->times);
  if (status == QS_OK) {
    dates->time_count = node->count;
  }
  return status;
}

static qs_status read_dates(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  return qs_read_simulate_dates(reader, node, &((qs_simulate_spec *)object)->dates);
}

static const qs_field option_cost_fields[] = {
    {"fee", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_option_costs, fee),
     .range = {0, 1, false, false}},
    {"fee_cap", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_option_costs, fee_cap),
     .range = {0, 1, false, false}},
    {"relative_half_spread", QS_FIELD_NUMBER,
     .offset = offsetof(qs_simulate_option_costs, relative_half_spread), .range = {0, 1, false, false}},
};

static const qs_table option_costs_table = {option_cost_fields,
                                            sizeof option_cost_fields / sizeof option_cost_fields[0],
                                            sizeof(qs_simulate_option_costs), NULL, NULL};

#undef AT
#define AT(member) offsetof(qs_cost_change, member)

static const qs_field change_fields[] = {
    {"from", QS_FIELD_TIME, .offset = AT(from), .required = true},
    {"venue", QS_FIELD_TEXT, .offset = AT(venue), .max_count = 63},
    {"proportional", QS_FIELD_NUMBER, .offset = AT(proportional), .range = {0, 1, false, false}},
    {"maker_fee", QS_FIELD_NUMBER, .offset = AT(maker_fee), .range = {-1, 1, false, false}},
    {"half_spread", QS_FIELD_NUMBER, .offset = AT(half_spread), .range = {0, 1e15, false, false}},
    {"impact", QS_FIELD_NUMBER, .offset = AT(impact), .range = {0, 1e15, false, false}},
    {"fixed", QS_FIELD_NUMBER, .offset = AT(fixed), .range = {0, 1e15, false, false}},
};

static void init_change(void *object) {
  qs_cost_change_init(object);
}

static qs_status check_change(qs_reader *reader, const qs_node *node, void *object) {
  const qs_cost_change *change = object;
  const qs_node *maker = qs_node_get(node, "maker_fee");
  return maker && !change->venue
             ? qs_node_bad_key(reader, maker, "is of a venue alone, and no venue is given")
             : QS_OK;
}

static const qs_table change_table = {change_fields, sizeof change_fields / sizeof change_fields[0],
                                      sizeof(qs_cost_change), init_change, check_change};

#undef AT
#define AT(member) offsetof(qs_simulate_venue, member)

static const qs_field venue_fields[] = {
    {"name", QS_FIELD_TEXT, .offset = AT(name), .required = true, .max_count = 63},
    {"taker_fee", QS_FIELD_NUMBER, .offset = AT(taker_fee), .range = {0, 1, false, false}},
    {"maker_fee", QS_FIELD_NUMBER, .offset = AT(maker_fee), .range = {-1, 1, false, false}},
    {"maker_share", QS_FIELD_NUMBER, .offset = AT(maker_share), .range = {0, 1, false, false}},
    {"half_spread", QS_FIELD_NUMBER, .offset = AT(half_spread), .range = {0, 1e15, false, false}},
    {"impact", QS_FIELD_NUMBER, .offset = AT(impact), .range = {0, 1e15, false, false}},
    {"fixed", QS_FIELD_NUMBER, .offset = AT(fixed), .range = {0, 1e15, false, false}},
    {"hazard", QS_FIELD_NUMBER, .offset = AT(hazard), .range = {0, 1e6, false, false}},
    {"loss", QS_FIELD_NUMBER, .offset = AT(loss), .range = {0, 1, false, false}},
    {"share", QS_FIELD_NUMBER, .offset = AT(share), .range = {0, 1e15, false, false}},
    {"limit", QS_FIELD_NUMBER, .offset = AT(limit), .range = {0, 1e18, false, false}},
};

static void init_venue(void *object) {
  qs_simulate_venue_init(object);
}

static const qs_table venue_table = {venue_fields, sizeof venue_fields / sizeof venue_fields[0],
                                     sizeof(qs_simulate_venue), init_venue, NULL};

#undef AT
#define AT(member) offsetof(qs_simulate_spec, member)

static const qs_field slice_fields[] = {
    {"count", QS_FIELD_COUNT, .offset = offsetof(qs_simulate_slices, count), .required = true,
     .range = {1, 64, false, false}},
    {"over_seconds", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_slices, over_seconds), .required = true,
     .range = {0, 1e15, false, false}},
};

static const qs_table slices_table = {slice_fields, sizeof slice_fields / sizeof slice_fields[0],
                                      sizeof(qs_simulate_slices), NULL, NULL};

static const qs_field cost_fields[] = {
    {"proportional", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_costs, proportional),
     .range = {0, 1, false, false}},
    {"charge_entry", QS_FIELD_BOOL, .offset = offsetof(qs_simulate_costs, charge_entry)},
    {"charge_unwind", QS_FIELD_BOOL, .offset = offsetof(qs_simulate_costs, charge_unwind)},
    {"half_spread", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_costs, half_spread),
     .range = {0, 1e15, false, false}},
    {"impact", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_costs, impact),
     .range = {0, 1e15, false, false}},
    {"fixed", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_costs, fixed),
     .range = {0, 1e15, false, false}},
    {"options", QS_FIELD_MAP, .offset = offsetof(qs_simulate_costs, options), .table = &option_costs_table},
    {"delivery_fee", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_costs, delivery_fee),
     .range = {0, 1, false, false}},
    {"schedule", QS_FIELD_LIST, .offset = offsetof(qs_simulate_costs, schedule),
     .count_offset = offsetof(qs_simulate_costs, schedule_count), .max_count = 4096, .table = &change_table},
};

static const qs_table costs_table = {cost_fields, sizeof cost_fields / sizeof cost_fields[0],
                                     sizeof(qs_simulate_costs), NULL, NULL};

static const qs_field funding_fields[] = {
    {"reversion", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, reversion), .required = true,
     .range = {1e-6, 1e6, false, false}},
    {"volatility", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, volatility), .required = true,
     .range = {0, 10, false, false}},
    {"mean", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, mean), .range = {-1, 1, false, false}},
    {"start", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, start),
     .range = {-1, 1, false, false}},
    {"correlation", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, correlation),
     .range = {-1, 1, false, false}},
    {"interest", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, interest),
     .range = {-1, 1, false, false}},
    {"band", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, band), .range = {0, 1, false, false}},
    {"cap", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_funding, cap), .range = {0, 1, false, false}},
};

static const qs_table funding_table = {funding_fields, sizeof funding_fields / sizeof funding_fields[0],
                                       sizeof(qs_simulate_funding), NULL, NULL};

static const qs_field margin_fields[] = {
    {"collateral", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, collateral), .required = true,
     .range = {0, 1e300, false, false}},
    {"initial", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, initial), .required = true,
     .range = {0, 1, true, false}},
    {"maintenance", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, maintenance), .required = true,
     .range = {1e-9, 1, false, false}},
    {"parts", QS_FIELD_COUNT, .offset = offsetof(qs_simulate_margin, parts),
     .range = {1, 1000, false, false}},
    {"fee", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, fee), .range = {0, 1, false, false}},
    {"coin", QS_FIELD_BOOL, .offset = offsetof(qs_simulate_margin, coin)},
    {"yield", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, yield),
     .range = {-10, 10, false, false}},
    {"haircut", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, haircut),
     .range = {0, 0.99, false, false}},
    {"leverage", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, leverage),
     .range = {0, 1e9, true, false}},
    {"band", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, band), .range = {0, 10, false, false}},
    {"transfer_fee", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, transfer_fee),
     .range = {0, 1, false, false}},
    {"transfer_fixed", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_margin, transfer_fixed),
     .range = {0, 1e15, false, false}},
    {"also", QS_FIELD_TEXT, .offset = offsetof(qs_simulate_margin, also)},
    {"partial", QS_FIELD_BOOL, .offset = offsetof(qs_simulate_margin, partial)},
};

/* Keys that say how collateral is moved, which `leverage` asks for. */
static const char *const moving_keys[] = {"band", "transfer_fee", "transfer_fixed"};

static qs_status check_margin(qs_reader *reader, const qs_node *node, void *object) {
  const qs_simulate_margin *margin = object;
  const qs_node *leverage = qs_node_get(node, "leverage");
  if (!(margin->initial >= margin->maintenance)) {
    return qs_node_bad(reader, qs_node_get(node, "initial"), "must be at least maintenance, %g",
                       margin->maintenance);
  }
  if (leverage && margin->leverage > 1 / margin->initial) {
    return qs_node_bad(reader, leverage, "must be at most %g, 1 / initial, or nothing can be traded",
                       1 / margin->initial);
  }
  for (size_t i = 0; !leverage && i < sizeof moving_keys / sizeof moving_keys[0]; i++) {
    const qs_node *key = qs_node_get(node, moving_keys[i]);
    if (key) {
      return qs_node_bad_key(reader, key, "needs leverage: without it no collateral is moved");
    }
  }
  return QS_OK;
}

static const qs_table margin_table = {margin_fields, sizeof margin_fields / sizeof margin_fields[0],
                                      sizeof(qs_simulate_margin), NULL, check_margin};

static const qs_field index_fields[] = {
    {"from", QS_FIELD_TIME, .offset = offsetof(qs_simulate_index, from), .required = true},
    {"to", QS_FIELD_TIME, .offset = offsetof(qs_simulate_index, to), .required = true},
    {"error", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_index, error), .range = {-1, 10, true, false}},
};

static void init_index(void *object) {
  *(qs_simulate_index *)object = (qs_simulate_index){.error = NAN};
}

static qs_status check_index(qs_reader *reader, const qs_node *node, void *object) {
  const qs_simulate_index *window = object;
  return window->from < window->to ? QS_OK
                                   : qs_node_bad(reader, qs_node_get(node, "to"), "must be after from");
}

static const qs_table index_table = {index_fields, sizeof index_fields / sizeof index_fields[0],
                                     sizeof(qs_simulate_index), init_index, check_index};

static const qs_field cascade_fields[] = {
    {"decay", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_cascade, decay), .required = true,
     .range = {1e-6, 1e6, false, false}},
    {"excitation", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_cascade, excitation),
     .range = {0, 1e15, false, false}},
    {"threshold", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_cascade, threshold),
     .range = {0, 100, false, false}},
    {"base", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_cascade, base), .range = {0, 1e6, false, false}},
    {"mean", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_cascade, mean), .required = true,
     .range = {-10, 10, false, false}},
    {"deviation", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_cascade, deviation), .required = true,
     .range = {0, 10, false, false}},
};

static const qs_table cascade_table = {cascade_fields, sizeof cascade_fields / sizeof cascade_fields[0],
                                       sizeof(qs_simulate_cascade), NULL, NULL};

static const qs_field own_impact_fields[] = {
    {"permanent", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_own_impact, permanent),
     .range = {0, 1, false, false}},
    {"transient", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_own_impact, transient),
     .range = {0, 1, false, false}},
    {"decay", QS_FIELD_NUMBER, .offset = offsetof(qs_simulate_own_impact, decay),
     .range = {0, 1e15, false, false}},
};

static qs_status check_own_impact(qs_reader *reader, const qs_node *node, void *object) {
  const qs_simulate_own_impact *own = object;
  return !(own->transient > 0) || qs_node_get(node, "decay")
             ? QS_OK
             : qs_node_missing(reader, node, "decay", "what is transient needs it");
}

static const qs_table own_impact_table = {own_impact_fields,
                                          sizeof own_impact_fields / sizeof own_impact_fields[0],
                                          sizeof(qs_simulate_own_impact), NULL, check_own_impact};

/* Whether they are the model's, and their ranges: host/io/check_simulate.c. */
static const qs_field real_world_fields[] = {
    {"kappa", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_KAPPA]), .range = QS_ANY},
    {"theta", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_THETA]), .range = QS_ANY},
    {"lambda", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_LAMBDA]), .range = QS_ANY},
    {"mu_j", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_MU_J]), .range = QS_ANY},
    {"sigma_j", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_SIGMA_J]), .range = QS_ANY},
    {"mu_v", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_MU_V]), .range = QS_ANY},
    {"rho_j", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_RHO_J]), .range = QS_ANY},
    {"p", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_P]), .range = QS_ANY},
    {"eta1", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_ETA1]), .range = QS_ANY},
    {"eta2", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_ETA2]), .range = QS_ANY},
    {"sigma", QS_FIELD_NUMBER, .offset = offsetof(qs_real_world, value[QS_SIGMA]), .range = QS_ANY},
};

static const qs_table real_world_table = {real_world_fields,
                                          sizeof real_world_fields / sizeof real_world_fields[0],
                                          sizeof(qs_real_world), NULL, NULL};

static const qs_choice objectives[] = {
    {"variance", QS_OBJECTIVE_VARIANCE},
    {"exponential", QS_OBJECTIVE_EXPONENTIAL},
    {"expected_shortfall", QS_OBJECTIVE_EXPECTED_SHORTFALL},
};

#undef AT
#define AT(member) offsetof(qs_instrument_limit, member)

static const qs_field holding_limit_fields[] = {
    {"instrument", QS_FIELD_TEXT, .offset = AT(instrument), .required = true},
    {"min", QS_FIELD_NUMBER, .offset = AT(min), .required = true, .range = {-1e18, 0, false, false}},
    {"max", QS_FIELD_NUMBER, .offset = AT(max), .required = true, .range = {0, 1e18, false, false}},
};

static const qs_table holding_limit_table = {holding_limit_fields,
                                             sizeof holding_limit_fields / sizeof holding_limit_fields[0],
                                             sizeof(qs_instrument_limit), NULL, NULL};

#undef AT
#define AT(member) offsetof(qs_simulate_spec, member)

static const qs_field simulate_fields[] = {
    {"position", QS_FIELD_TEXT, .offset = AT(position), .required = true},
    {"instruments", QS_FIELD_TEXTS, .offset = AT(instruments), .count_offset = AT(instrument_count),
     .required = true, .min_count = 1, .max_count = 8, .distinct = true},
    {"dates", QS_FIELD_OTHER, .required = true, .read = read_dates, .table = &qs_simulate_dates_table},
    {"costs", QS_FIELD_MAP, .offset = AT(costs), .table = &costs_table},
    {"venues", QS_FIELD_LIST, .offset = AT(venues), .count_offset = AT(venue_count), .max_count = 8,
     .table = &venue_table},
    {"slices", QS_FIELD_MAP, .offset = AT(slices), .table = &slices_table},
    {"cost_weight", QS_FIELD_NUMBER, .offset = AT(cost_weight), .range = {0, 1e300, false, false}},
    {"risk_aversion", QS_FIELD_NUMBER, .offset = AT(risk_aversion), .range = {0, 1e300, true, false}},
    {"objective", QS_FIELD_CHOICE, .offset = AT(objective), .choices = objectives,
     .choice_count = sizeof objectives / sizeof objectives[0]},
    {"objective_level", QS_FIELD_NUMBER, .offset = AT(objective_level), .range = {0, 1, true, true}},
    {"policies", QS_FIELD_OTHER, .required = true, .read = read_policies, .table = &qs_hedge_policy_table},
    {"frontier", QS_FIELD_NUMBERS, .offset = AT(frontier), .count_offset = AT(frontier_count),
     .range = {0, 1e15, true, false}, .min_count = 1, .max_count = 64, .distinct = true},
    {"instrument_limits", QS_FIELD_LIST, .offset = AT(instrument_limits),
     .count_offset = AT(instrument_limit_count), .max_count = 8, .table = &holding_limit_table},
    {"save_policy", QS_FIELD_TEXT, .offset = AT(save_policy), .max_count = 63},
    {"levels", QS_FIELD_NUMBERS, .offset = AT(levels), .count_offset = AT(level_count),
     .range = {0, 1, true, true}, .min_count = 1, .max_count = 32, .distinct = true},
    {"drift", QS_FIELD_NUMBER, .offset = AT(drift), .range = {-10, 10, false, false}},
    {"real_world", QS_FIELD_MAP, .offset = AT(real_world), .table = &real_world_table},
    {"keep_pnl", QS_FIELD_BOOL, .offset = AT(keep_pnl)},
    {"attribution", QS_FIELD_BOOL, .offset = AT(attribution)},
    {"latency_seconds", QS_FIELD_NUMBER, .offset = AT(latency_seconds), .range = {0, 1e15, false, false}},
    {"funding", QS_FIELD_MAP, .offset = AT(funding), .table = &funding_table},
    {"margin", QS_FIELD_MAP, .offset = AT(margin), .table = &margin_table},
    {"index", QS_FIELD_LIST, .offset = AT(index), .count_offset = AT(index_count), .max_count = 64,
     .table = &index_table},
    {"cascade", QS_FIELD_MAP, .offset = AT(cascade), .table = &cascade_table},
    {"own_impact", QS_FIELD_MAP, .offset = AT(own_impact), .table = &own_impact_table},
};

static qs_status check_simulate(qs_reader *reader, const qs_node *node, void *object) {
  const qs_simulate_spec *spec = object;
  const qs_node *level = qs_node_get(node, "objective_level"), *frontier = qs_node_get(node, "frontier");
  if (level && spec->objective != QS_OBJECTIVE_EXPECTED_SHORTFALL) {
    return qs_node_bad_key(reader, level, "the key is expected_shortfall's alone");
  }
  if (frontier && spec->objective != QS_OBJECTIVE_VARIANCE) {
    return qs_node_bad_key(reader, frontier, "a frontier is of the objective variance alone");
  }
  const qs_node *index = qs_node_get(node, "index"), *window = index ? index->first : NULL;
  for (size_t i = 1; i < spec->index_count; i++) {
    window = window->next;
    if (spec->index[i].from < spec->index[i - 1].to) {
      return qs_node_bad(reader, qs_node_get(window, "from"), "must not be before the last one's to");
    }
  }
  if (spec->objective == QS_OBJECTIVE_EXPONENTIAL && spec->cost_weight == 0) {
    return qs_node_bad(reader, qs_node_get(node, "cost_weight"),
                       "must be above 0 for exponential, whose risk aversion is 2 / cost_weight");
  }
  return qs_check_weight(reader, node, spec->cost_weight, spec->risk_aversion);
}

const qs_table qs_simulate_table = {simulate_fields, sizeof simulate_fields / sizeof simulate_fields[0],
                                    sizeof(qs_simulate_spec), NULL, check_simulate};
