/* portfolio (as a list), cash. */
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
