/* portfolio (as a list), cash, trades. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "host/io/draft.h"

#define AT(member) offsetof(qs_position_spec, member)

static const qs_field position_fields[] = {
    {"instrument", QS_FIELD_TEXT, .offset = AT(instrument), .required = true},
    {"quantity", QS_FIELD_NUMBER, .offset = AT(quantity), .required = true,
     .range = {-1e15, 1e15, false, false}},
    {"entry_price", QS_FIELD_NUMBER, .offset = AT(entry_price), .range = {0, 1e15, false, false}},
    {"book", QS_FIELD_TEXT, .offset = AT(book)},
    {"venue", QS_FIELD_TEXT, .offset = AT(venue)},
};

static void init_position(void *object) {
  qs_position_spec *spec = object;
  spec->entry_price = NAN;
}

static qs_status note_line(qs_reader *reader, const qs_node *node, void *object) {
  (void)reader;
  qs_position_spec *spec = object;
  spec->line = node->line;
  return QS_OK;
}

const qs_table qs_position_table = {position_fields, sizeof position_fields / sizeof position_fields[0],
                                    sizeof(qs_position_spec), init_position, note_line};

#undef AT
#define AT(member) offsetof(qs_cash_spec, member)

static const qs_field cash_fields[] = {
    {"currency", QS_FIELD_TEXT, .offset = AT(currency), .required = true},
    {"amount", QS_FIELD_NUMBER, .offset = AT(amount), .required = true, .range = {-1e18, 1e18, false, false}},
    {"book", QS_FIELD_TEXT, .offset = AT(book)},
    {"venue", QS_FIELD_TEXT, .offset = AT(venue)},
};

const qs_table qs_cash_table = {cash_fields, sizeof cash_fields / sizeof cash_fields[0], sizeof(qs_cash_spec),
                                NULL, NULL};

#undef AT
#define AT(member) offsetof(qs_trade_spec, member)

static const qs_choice trade_types[] = {{"european", QS_TRADE_EUROPEAN},
                                        {"forward", QS_TRADE_FORWARD},
                                        {"future", QS_TRADE_FUTURE},
                                        {"perpetual", QS_TRADE_PERPETUAL},
                                        {"spot", QS_TRADE_SPOT}};
static const qs_choice call_put_choices[] = {{"call", QS_CALL}, {"put", QS_PUT}};
static const qs_choice settlement_choices[] = {{"linear", QS_SETTLE_LINEAR}, {"coin", QS_SETTLE_COIN}};

static const qs_field trade_fields[] = {
    {"id", QS_FIELD_TEXT, .offset = AT(id), .required = true},
    {"type", QS_FIELD_CHOICE, .offset = AT(type), .required = true, .choices = trade_types,
     .choice_count = 5},
    {"underlying", QS_FIELD_TEXT, .offset = AT(underlying), .required = true},
    {"call_put", QS_FIELD_CHOICE, .offset = AT(call_put), .choices = call_put_choices, .choice_count = 2},
    {"strike", QS_FIELD_NUMBER, .offset = AT(strike), .range = {0, 1e15, true, false}},
    {"expiry", QS_FIELD_TIME, .offset = AT(expiry)},
    {"expiry_years", QS_FIELD_NUMBER, .offset = AT(expiry_years), .range = {0, 100, true, false}},
    {"quantity", QS_FIELD_NUMBER, .offset = AT(quantity), .required = true,
     .range = {-1e15, 1e15, false, false}},
    {"settlement", QS_FIELD_CHOICE, .offset = AT(settlement), .choices = settlement_choices,
     .choice_count = 2},
    {"entry_price", QS_FIELD_NUMBER, .offset = AT(entry_price), .range = {0, 1e15, false, false}},
    {"book", QS_FIELD_TEXT, .offset = AT(book)},
    {"venue", QS_FIELD_TEXT, .offset = AT(venue)},
};

static void init_trade(void *object) {
  qs_trade_spec_init(object);
}

/* Which keys a type of trade has. */
typedef struct trade_shape {
  const char *name;
  bool call_put, strike, expiry, entry_price, coin;
} trade_shape;

static const trade_shape shapes[] = {
    [QS_TRADE_EUROPEAN] = {"european", true, true, true, true, true},
    [QS_TRADE_FORWARD] = {"forward", false, true, true, true, false},
    [QS_TRADE_FUTURE] = {"future", false, false, true, true, true},
    [QS_TRADE_PERPETUAL] = {"perpetual", false, false, false, true, true},
    [QS_TRADE_SPOT] = {"spot", false, false, false, true, false},
};

/* A key that the type needs must be there, any other must not. */
static qs_status check_key(qs_reader *reader, const qs_node *node, const char *type, const char *key,
                           bool belongs) {
  const qs_node *child = qs_node_get(node, key);
  if (child && !belongs) {
    return qs_node_bad_key(reader, child, "a %s has no %s; the key must be left out", type, key);
  }
  if (!child && belongs) {
    return qs_node_missing(reader, node, key, "a %s needs this key", type);
  }
  return QS_OK;
}

static qs_status check_expiry(qs_reader *reader, const qs_node *node, const trade_shape *shape) {
  const qs_node *expiry = qs_node_get(node, "expiry");
  const qs_node *years = qs_node_get(node, "expiry_years");
  const qs_node *either = expiry ? expiry : years;
  if (!shape->expiry && either) {
    return qs_node_bad_key(reader, either, "a %s has no expiry; the key must be left out", shape->name);
  }
  if (shape->expiry && !either) {
    return qs_node_missing(reader, node, "expiry", "a %s needs expiry or expiry_years", shape->name);
  }
  if (expiry && years) {
    return qs_node_bad_key(reader, years,
                           "expiry is given too; must be exactly one of expiry and expiry_years");
  }
  return QS_OK;
}

static qs_status check_trade(qs_reader *reader, const qs_node *node, void *object) {
  qs_trade_spec *spec = object;
  spec->line = node->line;
  const trade_shape *shape = &shapes[spec->type];
  qs_status status = check_key(reader, node, shape->name, "call_put", shape->call_put);
  if (status == QS_OK) {
    status = check_key(reader, node, shape->name, "strike", shape->strike);
  }
  if (status == QS_OK) {
    status = check_expiry(reader, node, shape);
  }
  if (status == QS_OK && spec->settlement == QS_SETTLE_COIN && !shape->coin) {
    return qs_node_bad(reader, qs_node_get(node, "settlement"), "must be linear for a %s", shape->name);
  }
  bool priced_from_entry = spec->type == QS_TRADE_FUTURE || spec->type == QS_TRADE_PERPETUAL;
  if (status == QS_OK && priced_from_entry && spec->entry_price == 0) {
    return qs_node_bad(reader, qs_node_get(node, "entry_price"), "must be greater than 0 for a %s",
                       shape->name);
  }
  return status;
}

const qs_table qs_trade_table = {trade_fields, sizeof trade_fields / sizeof trade_fields[0],
                                 sizeof(qs_trade_spec), init_trade, check_trade};
