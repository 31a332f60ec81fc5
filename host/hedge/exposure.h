/* What the book (or the one book that is hedged) and the instruments weigh in the limits. */
#ifndef QS_HOST_HEDGE_EXPOSURE_H
#define QS_HOST_HEDGE_EXPOSURE_H

#include "host/base/arena.h"
#include "host/hedge/hedge.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_EXPOSURE_GREEKS = 3 }; /* delta, gamma, vega */

/* Margin and leverage of a position q in instrument i: margin_up_i q+ + margin_down_i (-q)+ and leverage_i
 * |q|; the bases are of all that is held in no instrument of the hedge. Money in the reporting currency. */
typedef struct qs_exposure {
  size_t count;
  const double *greek[QS_EXPOSURE_GREEKS]; /* [count] of one unit of each instrument; borrowed */
  double book_greek[QS_EXPOSURE_GREEKS];
  double *position; /* [count] held in each instrument before the hedge */
  double *margin_up, *margin_down, *leverage;
  double margin_base, leverage_base;
  double collateral; /* value of all that is held */
} qs_exposure;

/* True when the contract is part of what is hedged. */
bool qs_hedge_covers(const qs_hedge_spec *spec, const qs_contract *contract);

qs_status qs_exposure_measure(qs_context *context, qs_arena *arena, const qs_market *market,
                              const qs_book *book, const qs_hedge_spec *spec, const qs_contract *instruments,
                              const qs_hedge_greeks *greeks, qs_exposure *exposure);

/* Greeks, margin and leverage after the trades x; leverage is NaN without collateral. */
void qs_exposure_state(const qs_exposure *exposure, const double *x, qs_hedge_state *state);

#ifdef __cplusplus
}
#endif
#endif
