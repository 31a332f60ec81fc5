/*
 * A config while it is read: the inputs that the tables fill, and where those parts were written that can
 * only be checked once all is there. keys_*.c hold the tables, one file per group of sections.
 */
#ifndef QS_HOST_IO_DRAFT_H
#define QS_HOST_IO_DRAFT_H

#include "host/io/csv.h"
#include "host/io/schema.h"
#include "host/io/tree.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a list of positions was written: in a CSV file, or in the config. */
typedef struct qs_positions_source {
  const qs_csv *csv; /* null: in the config */
  size_t instrument_column;
  const qs_node *list;
} qs_positions_source;

typedef struct qs_draft {
  qs_inputs inputs;
  const char *output; /* resolved; null: not given */
  const qs_node *root;
  qs_positions_source portfolio, target;
  const qs_csv *history;
  const qs_node *scenarios, *costs; /* lists, wherever they were written */
} qs_draft;

/* The whole config; its object is a qs_draft. */
extern const qs_table qs_config_table;

extern const qs_table qs_simulation_table, qs_underlying_table, qs_correlation_table, qs_common_jump_table,
    qs_position_table, qs_cash_table, qs_trade_table, qs_value_table, qs_limit_table, qs_risk_table,
    qs_stress_table, qs_scenario_table, qs_margin_grid_table, qs_hedge_table, qs_cost_table,
    qs_fixing_rule_table, qs_simulate_table, qs_hedge_policy_table, qs_simulate_dates_table,
    qs_backtest_table;

/* Exactly one of the two must be given; NaN is not. */
qs_status qs_check_weight(qs_reader *reader, const qs_node *node, double cost_weight, double risk_aversion);

/* Reads a list of ascending times, as many as the list has. */
qs_status qs_read_times(qs_reader *reader, const char *key, const qs_node *list, const qs_time **times);

/* Reads dates: a list of ascending times, or a rule. */
qs_status qs_read_dates(qs_reader *reader, const char *key, const qs_node *node, qs_fixing_rule *rule,
                        const qs_time **dates, size_t *count);

/* Read what a formula names, into the script of a qs_trade_spec. */
qs_status qs_read_constants(qs_reader *reader, const qs_field *field, const qs_node *node, void *object);
qs_status qs_read_schedules(qs_reader *reader, const qs_field *field, const qs_node *node, void *object);

/* Read the policies and dates of a hedge over time. */
qs_status qs_read_policies(qs_reader *reader, const qs_node *node, const qs_hedge_policy_spec **policies,
                           size_t *count);
qs_status qs_read_simulate_dates(qs_reader *reader, const qs_node *node, qs_simulate_dates *dates);

/* Reads a list of positions: the name of a CSV file, or a list of mappings. */
qs_status qs_positions_read(qs_reader *reader, const qs_field *field, const qs_node *node,
                            qs_positions_source *source, const qs_position_spec **positions, size_t *count);

/* Reads an underlying's quotes file; `node` names it and spec->quotes_source is its path. */
qs_status qs_quotes_read(qs_reader *reader, const qs_node *node, qs_underlying_spec *spec);

/* Reads the price history; `node` names it. */
qs_status qs_history_read(qs_reader *reader, const qs_field *field, const qs_node *node, void *object);

/* Read the recorded prices and funding rates of a backtest, whose spec is the object; `node` names the file.
 */
qs_status qs_record_read(qs_reader *reader, const qs_field *field, const qs_node *node, void *object);
qs_status qs_funding_read(qs_reader *reader, const qs_field *field, const qs_node *node, void *object);

/* A cell as a number inside the range; NaN for an empty cell where `optional`. */
qs_status qs_cell_number(qs_reader *reader, const qs_csv *csv, size_t row, size_t column,
                         const qs_range *range, bool optional, double *value);

/* Checks what depends on several keys: names that must be known, expiries after as_of, unique ids, a positive
 * definite correlation matrix. */
qs_status qs_draft_check(qs_reader *reader, qs_draft *draft);

/* The parts of it that concern the book, those of stress and hedge, those of simulate, and those of backtest.
 */
qs_status qs_draft_check_book(qs_reader *reader, const qs_draft *draft);
qs_status qs_draft_check_simulate(qs_reader *reader, const qs_draft *draft);
qs_status qs_draft_check_backtest(qs_reader *reader, const qs_draft *draft);

/* What a section says of a hedge over time, read as `simulate` of the draft; its instruments are written at
 * `instrument` and after it. *along: it hedges what has no price before its expiry. */
qs_status qs_draft_check_hedging(qs_reader *reader, const qs_draft *draft, const qs_node *section,
                                 const qs_node *instrument, bool *along);
qs_status qs_draft_check_actions(qs_reader *reader, const qs_draft *draft);

/* Whether the text names an underlying of the config. */
/* The model with its given parameters; where one is to be fitted, a value within every range. */
qs_model qs_model_or_harmless(const qs_underlying_spec *spec);

bool qs_draft_knows(const qs_draft *draft, const char *underlying);

/* Whether any position, trade or cash lies in the book of this name; those that name none lie in "main". */
bool qs_draft_has_book(const qs_draft *draft, const char *name);

/* "BTC, ETH, X", for messages, into text[QS_NAMES_TEXT]. */
enum { QS_NAMES_TEXT = 160 };
void qs_draft_names(const qs_draft *draft, char *text);

/* Why the listed instrument cannot be traded here, or null; `why` is where the text is written. */
enum { QS_WHY_TEXT = 256 };
const char *qs_draft_instrument_flaw(const qs_draft *draft, const char *instrument, char why[QS_WHY_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
