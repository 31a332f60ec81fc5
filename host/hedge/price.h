/* What one unit of a contract is worth and moves now, in the reporting currency. */
#ifndef QS_HOST_HEDGE_PRICE_H
#define QS_HOST_HEDGE_PRICE_H

#include "host/base/context.h"
#include "host/book/book.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Spot of the contract's underlying; 1 for cash in the reporting currency. */
double qs_hedge_spot(const qs_market *market, const qs_contract *contract);

/* Value of one unit: an option at the venue's mark, by the model where it has none; the others as
 * host/book/book.h says. Errors of pricing as in host/market/fourier.h, with the contract's name. */
qs_status qs_hedge_price(qs_context *context, const qs_market *market, const qs_contract *contract,
                         double *price);

/* Notional of one unit of a future, perpetual, forward or spot. */
double qs_hedge_notional(const qs_market *market, const qs_contract *contract);

/* Half of (ask - bid) of its quotes for one unit when spot has moved by the factor `growth`: option quotes
 * are in coin, those of futures and perpetual move with the spot. 0 for spot; NaN where the quotes have not
 * both sides. */
double qs_hedge_quoted_half_spread(const qs_market *market, const qs_contract *contract, double growth);

#ifdef __cplusplus
}
#endif
#endif
