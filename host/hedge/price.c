#include "host/hedge/price.h"

#include <math.h>

#include "host/market/fourier.h"

/* Model prices are good enough for limits and fee caps at this error per unit of forward. */
static const double enough = 1e-6;

static const qs_underlying_market *market_of(const qs_market *market, const qs_contract *contract) {
  return &market->underlyings[contract->underlying];
}

double qs_hedge_spot(const qs_market *market, const qs_contract *contract) {
  return contract->underlying < 0 ? 1 : market_of(market, contract)->spot;
}

static qs_status option_price(qs_context *context, qs_time as_of, const qs_underlying_market *market,
                              const qs_contract *contract, double *price) {
  bool coin = contract->settlement == QS_SETTLE_COIN;
  if (!isnan(contract->mark)) {
    *price = contract->mark * (coin ? market->spot : 1);
    return QS_OK;
  }
  qs_fourier_option_value value;
  qs_fourier_report report;
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.added_variance = qs_shift_added(&market->shift, as_of, contract->expiry);
  qs_status status = qs_fourier_option(&market->model, contract->years, contract->call_put == QS_CALL,
                                       log(contract->strike / contract->forward), &settings, &value, &report);
  if (status && !(status == QS_ERROR_UNTRUSTED && report.error < enough)) {
    return qs_fail(context, status, "hedge: %s: pricing: %s", contract->id, report.problem);
  }
  double rate = coin ? market->coin_rate : market->discount_rate;
  *price = exp(-rate * contract->years) * (coin ? market->spot : contract->forward) * value.price;
  return QS_OK;
}

qs_status qs_hedge_price(qs_context *context, const qs_market *market, const qs_contract *contract,
                         double *price) {
  double spot = qs_hedge_spot(market, contract), forward = contract->forward, entry = contract->entry_price;
  switch (contract->kind) {
  case QS_CONTRACT_OPTION:
    return option_price(context, market->as_of, market_of(market, contract), contract, price);
  case QS_CONTRACT_FORWARD:
    *price =
        exp(-market_of(market, contract)->discount_rate * contract->years) * (forward - contract->strike);
    return QS_OK;
  case QS_CONTRACT_FUTURE:
  case QS_CONTRACT_PERPETUAL:
    *price = contract->settlement == QS_SETTLE_COIN ? spot * (1 / entry - 1 / forward) : forward - entry;
    return QS_OK;
  case QS_CONTRACT_PATH:
    *price = contract->expansion->value;
    return QS_OK;
  case QS_CONTRACT_SPOT:
  case QS_CONTRACT_CASH:
    break;
  }
  *price = spot;
  return QS_OK;
}

double qs_hedge_notional(const qs_market *market, const qs_contract *contract) {
  switch (contract->kind) {
  case QS_CONTRACT_FUTURE:
  case QS_CONTRACT_PERPETUAL:
    return contract->settlement == QS_SETTLE_COIN ? 1 : contract->forward;
  case QS_CONTRACT_FORWARD:
    return contract->forward;
  default:
    return qs_hedge_spot(market, contract);
  }
}

static const qs_quote *option_quote(const qs_underlying_market *market, const qs_contract *contract) {
  for (size_t i = 0; i < market->option_count && contract->instrument; i++) {
    const qs_option_quote *option = &market->options[i];
    if (option->expiry == contract->expiry && option->strike == contract->strike &&
        option->call_put == contract->call_put) {
      return option->quote;
    }
  }
  return NULL;
}

double qs_hedge_quoted_half_spread(const qs_market *market, const qs_contract *contract, double growth) {
  if (contract->kind == QS_CONTRACT_SPOT || contract->kind == QS_CONTRACT_CASH) {
    return 0;
  }
  const qs_underlying_market *underlying = market_of(market, contract);
  bool coin = contract->settlement == QS_SETTLE_COIN;
  double half = NAN;
  if (contract->kind == QS_CONTRACT_OPTION) {
    const qs_quote *quote = option_quote(underlying, contract);
    half = quote ? (quote->ask - quote->bid) / 2 * (coin ? underlying->spot * growth : 1) : NAN;
  } else if (contract->future) {
    double bid = contract->future->bid, ask = contract->future->ask;
    half = coin ? (ask - bid) / (ask + bid) : (ask - bid) / 2 * growth;
  }
  return isnan(half) ? half : fmax(half, 0);
}
