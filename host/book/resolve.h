/* From an input's row to a contract; for host/book alone. `place` names the row in messages. */
#ifndef QS_HOST_BOOK_RESOLVE_H
#define QS_HOST_BOOK_RESOLVE_H

#include "host/book/book.h"
#include "host/script/meant.h"

enum { QS_BOOK_PLACE_SIZE = 160 };

/* A listed instrument, quantity 1; the id is its name. */
qs_status qs_resolve_name(qs_context *context, const qs_market *market, const char *place,
                          const char *instrument, qs_contract *contract);

qs_status qs_resolve_position(qs_context *context, const qs_market *market, const char *place,
                              const qs_position_spec *position, qs_contract *contract);

/* Fixings and terms of trades along a path are made in the arena. */
qs_status qs_resolve_trade(qs_context *context, qs_arena *arena, const qs_market *market, const char *place,
                           const qs_trade_spec *trade, qs_contract *contract);

/* Gives a contract, whose underlying and expiry are there, the path of what a trade of the type `called`
 * means.
 */
qs_status qs_resolve_path(qs_context *context, qs_arena *arena, const qs_market *market, const char *place,
                          const qs_meant *meant, qs_trade_type called, qs_contract *contract);

/* The id is "cash-" and the currency, made in the arena. */
qs_status qs_resolve_cash(qs_context *context, qs_arena *arena, const qs_market *market, const char *place,
                          const qs_cash_spec *cash, qs_contract *contract);

#endif
