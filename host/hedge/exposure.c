#include "host/hedge/exposure.h"

#include <math.h>
#include <string.h>

#include "host/hedge/price.h"

static const double future_margin = 0.04;       /* of the notional */
static const double option_margin = 0.15;       /* of the spot, less what the option is out of the money */
static const double option_margin_least = 0.10; /* of the spot */

bool qs_hedge_covers(const qs_hedge_spec *spec, const qs_contract *contract) {
  return !spec->book || strcmp(spec->book, contract->book) == 0;
}

/* Margin of one unit long and one unit short. */
static void margin_of(const qs_market *market, const qs_contract *contract, double price, double *up,
                      double *down) {
  *up = *down = 0;
  if (contract->kind == QS_CONTRACT_OPTION) {
    double spot = qs_hedge_spot(market, contract);
    double sign = contract->call_put == QS_CALL ? 1 : -1;
    double out = fmax(sign * (contract->strike - spot) / spot, 0);
    *down = fmax(option_margin - out, option_margin_least) * spot + fmax(price, 0);
  } else if (contract->kind == QS_CONTRACT_PATH) {
    *up = fmax(-price, 0);
    *down = option_margin * fabs(contract->expansion->slope) + fmax(price, 0);
  } else if (contract->kind != QS_CONTRACT_SPOT && contract->kind != QS_CONTRACT_CASH) {
    *up = *down = future_margin * qs_hedge_notional(market, contract);
  }
}

/* Gross notional of one unit; what is owned outright is no leverage. */
static double leverage_of(const qs_market *market, const qs_contract *contract, double delta) {
  bool owned = contract->kind == QS_CONTRACT_SPOT || contract->kind == QS_CONTRACT_CASH;
  return owned ? 0 : fabs(delta) * qs_hedge_spot(market, contract);
}

static bool allocate(qs_arena *arena, size_t count, qs_exposure *e) {
  e->count = count;
  e->position = QS_NEW(arena, count, double);
  e->margin_up = QS_NEW(arena, count, double);
  e->margin_down = QS_NEW(arena, count, double);
  e->leverage = QS_NEW(arena, count, double);
  return e->position && e->margin_up && e->margin_down && e->leverage;
}

static qs_status measure_instruments(qs_context *context, const qs_market *market,
                                     const qs_contract *instruments, const qs_hedge_greeks *greeks,
                                     qs_exposure *e) {
  e->greek[0] = greeks->instrument_delta;
  e->greek[1] = greeks->instrument_gamma;
  e->greek[2] = greeks->instrument_vega;
  for (size_t i = 0; i < e->count; i++) {
    double price;
    qs_status status = qs_hedge_price(context, market, &instruments[i], &price);
    if (status) {
      return status;
    }
    margin_of(market, &instruments[i], price, &e->margin_up[i], &e->margin_down[i]);
    e->leverage[i] = leverage_of(market, &instruments[i], e->greek[0][i]);
  }
  return QS_OK;
}

/* The instrument of the hedge that the contract is, or count. */
static size_t instrument_of(const qs_contract *instruments, size_t count, const qs_contract *contract) {
  size_t i = 0;
  while (i < count &&
         !(contract->instrument && strcmp(contract->instrument, instruments[i].instrument) == 0)) {
    i++;
  }
  return i;
}

static void add_position(qs_exposure *e, const qs_market *market, const qs_contract *contract, double price,
                         double delta, size_t instrument) {
  if (instrument < e->count) {
    e->position[instrument] += contract->quantity;
    return;
  }
  double up, down, size = fabs(contract->quantity);
  margin_of(market, contract, price, &up, &down);
  e->margin_base += size * (contract->quantity > 0 ? up : down);
  e->leverage_base += size * leverage_of(market, contract, delta);
}

qs_status qs_exposure_measure(qs_context *context, qs_arena *arena, const qs_market *market,
                              const qs_book *book, const qs_hedge_spec *spec, const qs_contract *instruments,
                              const qs_hedge_greeks *greeks, qs_exposure *exposure) {
  qs_exposure e = {0};
  if (!allocate(arena, spec->instrument_count, &e)) {
    return qs_fail_memory(context, "measuring the limits of a hedge");
  }
  qs_status status = measure_instruments(context, market, instruments, greeks, &e);
  for (size_t c = 0; c < book->count && !status; c++) {
    const qs_contract *contract = &book->contracts[c];
    if (!qs_hedge_covers(spec, contract)) {
      continue;
    }
    double price, quantity = contract->quantity;
    status = qs_hedge_price(context, market, contract, &price);
    if (status) {
      break;
    }
    const double *of_book[QS_EXPOSURE_GREEKS] = {greeks->book_delta, greeks->book_gamma, greeks->book_vega};
    for (size_t g = 0; g < QS_EXPOSURE_GREEKS; g++) {
      e.book_greek[g] += quantity * of_book[g][c];
    }
    e.collateral += quantity * price;
    add_position(&e, market, contract, price, greeks->book_delta[c],
                 instrument_of(instruments, e.count, contract));
  }
  if (!status) {
    *exposure = e;
  }
  return status;
}

void qs_exposure_state(const qs_exposure *exposure, const double *x, qs_hedge_state *state) {
  double greek[QS_EXPOSURE_GREEKS], margin = exposure->margin_base, gross = exposure->leverage_base;
  memcpy(greek, exposure->book_greek, sizeof greek);
  for (size_t i = 0; i < exposure->count; i++) {
    double held = exposure->position[i] + x[i];
    for (size_t g = 0; g < QS_EXPOSURE_GREEKS; g++) {
      greek[g] += exposure->greek[g][i] * x[i];
    }
    margin += held > 0 ? exposure->margin_up[i] * held : -exposure->margin_down[i] * held;
    gross += exposure->leverage[i] * fabs(held);
  }
  state->delta = greek[0];
  state->gamma = greek[1];
  state->vega = greek[2];
  state->margin = margin;
  state->leverage = exposure->collateral > 0 ? gross / exposure->collateral : NAN;
}
