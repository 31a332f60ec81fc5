/* Options under a leverage function. */
#include <math.h>

#include "host/book/book.h"

/* A geometric mean of one price. */
static const qs_path_terms *terms_of(qs_arena *arena, const qs_market *market, const qs_contract *option) {
  qs_path_terms *terms = QS_NEW(arena, 1, qs_path_terms);
  qs_time *dates = QS_NEW(arena, 1, qs_time);
  double *fixings = QS_NEW(arena, 1, double);
  if (!terms || !dates || !fixings) {
    return NULL;
  }
  dates[0] = option->expiry;
  fixings[0] = NAN;
  terms->type = QS_TRADE_ASIAN;
  terms->put = option->call_put == QS_PUT;
  terms->geometric = true;
  terms->number[QS_TERM_STRIKE] = option->strike;
  terms->as_of = market->as_of;
  terms->expiry = option->expiry;
  terms->dates = dates;
  terms->fixings = fixings;
  terms->count = 1;
  return terms;
}

qs_status qs_book_use_leverage(qs_context *context, qs_arena *arena, const qs_market *market,
                               qs_contract *contracts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    qs_contract *contract = &contracts[i];
    if (contract->kind == QS_CONTRACT_OPTION && market->underlyings[contract->underlying].leverage) {
      contract->local = terms_of(arena, market, contract);
      if (!contract->local) {
        return qs_fail_memory(context, "building the book");
      }
    }
  }
  return QS_OK;
}
