/* backtest, with costs, margin, variance and intervals; dates and policies are as those of simulate. */
#include <stddef.h>

#include "host/io/draft.h"

#define AT(member) offsetof(qs_backtest_cost_change, member)

static const qs_field change_fields[] = {
    {"from", QS_FIELD_TIME, .offset = AT(from), .required = true},
    {"proportional", QS_FIELD_NUMBER, .offset = AT(proportional), .range = {0, 1, false, false}},
    {"relative_half_spread", QS_FIELD_NUMBER, .offset = AT(relative_half_spread),
     .range = {0, 1, false, false}},
    {"impact", QS_FIELD_NUMBER, .offset = AT(impact), .range = {0, 1e15, false, false}},
};

static void init_change(void *object) {
  qs_backtest_cost_change_init(object);
}

static const qs_table change_table = {change_fields, sizeof change_fields / sizeof change_fields[0],
                                      sizeof(qs_backtest_cost_change), init_change, NULL};

#undef AT
#define AT(member) offsetof(qs_backtest_costs, member)

static const qs_field cost_fields[] = {
    {"proportional", QS_FIELD_NUMBER, .offset = AT(proportional), .range = {0, 1, false, false}},
    {"relative_half_spread", QS_FIELD_NUMBER, .offset = AT(relative_half_spread),
     .range = {0, 1, false, false}},
    {"impact", QS_FIELD_NUMBER, .offset = AT(impact), .range = {0, 1e15, false, false}},
    {"schedule", QS_FIELD_LIST, .offset = AT(schedule), .count_offset = AT(schedule_count), .max_count = 4096,
     .table = &change_table},
};

static const qs_table costs_table = {cost_fields, sizeof cost_fields / sizeof cost_fields[0],
                                     sizeof(qs_backtest_costs), NULL, NULL};

#undef AT
#define AT(member) offsetof(qs_backtest_margin, member)

static const qs_field margin_fields[] = {
    {"collateral", QS_FIELD_NUMBER, .offset = AT(collateral), .required = true,
     .range = {0, 1e300, false, false}},
    {"maintenance", QS_FIELD_NUMBER, .offset = AT(maintenance), .required = true,
     .range = {1e-9, 1, false, false}},
    {"parts", QS_FIELD_COUNT, .offset = AT(parts), .range = {1, 1000, false, false}},
    {"fee", QS_FIELD_NUMBER, .offset = AT(fee), .range = {0, 1, false, false}},
};

static const qs_table margin_table = {margin_fields, sizeof margin_fields / sizeof margin_fields[0],
                                      sizeof(qs_backtest_margin), NULL, NULL};

static const qs_field limit_fields[] = {
    {"min", QS_FIELD_NUMBER, .offset = offsetof(qs_backtest_limits, min), .required = true,
     .range = {-1e18, 0, false, false}},
    {"max", QS_FIELD_NUMBER, .offset = offsetof(qs_backtest_limits, max), .required = true,
     .range = {0, 1e18, false, false}},
};

static const qs_table limits_table = {limit_fields, sizeof limit_fields / sizeof limit_fields[0],
                                      sizeof(qs_backtest_limits), NULL, NULL};

/* One list for both keys: `same` is the last. */
static const qs_choice states[] = {
    {"expected", QS_STATE_EXPECTED}, {"last", QS_STATE_LAST},       {"mean", QS_STATE_MEAN},
    {"har", QS_STATE_HAR},           {"har_log", QS_STATE_HAR_LOG}, {"garch", QS_STATE_GARCH},
    {"returns", QS_STATE_RETURNS},   {"regime", QS_STATE_REGIME},   {"same", QS_STATE_SAME},
};

enum { STATES = sizeof states / sizeof states[0] };

static const qs_field variance_fields[] = {
    {"marks", QS_FIELD_CHOICE, .offset = offsetof(qs_backtest_variance, marks), .choices = states,
     .choice_count = STATES - 1},
    {"told", QS_FIELD_CHOICE, .offset = offsetof(qs_backtest_variance, told), .choices = states,
     .choice_count = STATES},
};

static const qs_table variance_table = {variance_fields, sizeof variance_fields / sizeof variance_fields[0],
                                        sizeof(qs_backtest_variance), NULL, NULL};

#undef AT
#define AT(member) offsetof(qs_backtest_intervals, member)

static const qs_field interval_fields[] = {
    {"level", QS_FIELD_NUMBER, .offset = AT(level), .range = {0, 1, true, true}},
    {"replicates", QS_FIELD_COUNT, .offset = AT(replicates), .range = {100, 1e6, false, false}},
    {"seed", QS_FIELD_COUNT, .offset = AT(seed), .range = {0, 9007199254740992.0, false, false}},
};

static const qs_table intervals_table = {interval_fields, sizeof interval_fields / sizeof interval_fields[0],
                                         sizeof(qs_backtest_intervals), NULL, NULL};

static qs_status read_policies(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  qs_backtest_spec *spec = object;
  return qs_read_policies(reader, node, &spec->policies, &spec->policy_count);
}

static qs_status read_dates(qs_reader *reader, const qs_field *field, const qs_node *node, void *object) {
  (void)field;
  return qs_read_simulate_dates(reader, node, &((qs_backtest_spec *)object)->dates);
}

static const qs_choice accounts[] = {{"reporting", QS_ACCOUNT_REPORTING}, {"coin", QS_ACCOUNT_COIN}};

#undef AT
#define AT(member) offsetof(qs_backtest_spec, member)

static const qs_field backtest_fields[] = {
    {"position", QS_FIELD_TEXT, .offset = AT(position), .required = true},
    {"instrument", QS_FIELD_TEXT, .offset = AT(instrument), .required = true},
    {"prices", QS_FIELD_OTHER, .required = true, .read = qs_record_read},
    {"funding", QS_FIELD_OTHER, .read = qs_funding_read},
    {"dates", QS_FIELD_OTHER, .required = true, .read = read_dates, .table = &qs_simulate_dates_table},
    {"costs", QS_FIELD_MAP, .offset = AT(costs), .table = &costs_table},
    {"limits", QS_FIELD_MAP, .offset = AT(limits), .table = &limits_table},
    {"latency_bars", QS_FIELD_COUNT, .offset = AT(latency_bars), .range = {0, 1e9, false, false}},
    {"margin", QS_FIELD_MAP, .offset = AT(margin), .table = &margin_table},
    {"account", QS_FIELD_CHOICE, .offset = AT(account), .choices = accounts,
     .choice_count = sizeof accounts / sizeof accounts[0]},
    {"cost_weight", QS_FIELD_NUMBER, .offset = AT(cost_weight), .range = {0, 1e300, false, false}},
    {"risk_aversion", QS_FIELD_NUMBER, .offset = AT(risk_aversion), .range = {0, 1e300, true, false}},
    {"policies", QS_FIELD_OTHER, .required = true, .read = read_policies, .table = &qs_hedge_policy_table},
    {"compare", QS_FIELD_TEXT, .offset = AT(compare), .max_count = 63},
    {"variance", QS_FIELD_MAP, .offset = AT(variance), .table = &variance_table},
    {"intervals", QS_FIELD_MAP, .offset = AT(intervals), .table = &intervals_table},
};

static qs_status check_backtest(qs_reader *reader, const qs_node *node, void *object) {
  const qs_backtest_spec *spec = object;
  return qs_check_weight(reader, node, spec->cost_weight, spec->risk_aversion);
}

const qs_table qs_backtest_table = {backtest_fields, sizeof backtest_fields / sizeof backtest_fields[0],
                                    sizeof(qs_backtest_spec), NULL, check_backtest};
