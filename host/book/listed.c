#include <math.h>
#include <string.h>

#include "host/book/resolve.h"
#include "host/market/names.h"
#include "host/market/time.h"

static const qs_option_quote *find_option(const qs_underlying_market *market, const qs_listed_name *name) {
  size_t low = 0;
  size_t high = market->option_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const qs_option_quote *option = &market->options[middle];
    bool before = option->expiry != name->expiry   ? option->expiry < name->expiry
                  : option->strike != name->strike ? option->strike < name->strike
                                                   : option->call_put < name->call_put;
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const qs_option_quote *option = &market->options[low];
  bool found = low < market->option_count && option->expiry == name->expiry &&
               option->strike == name->strike && option->call_put == name->call_put;
  return found ? option : NULL;
}

static const qs_future *find_future(const qs_underlying_market *market, const qs_listed_name *name) {
  if (name->kind == QS_LISTED_PERPETUAL) {
    return market->perpetual.instrument ? &market->perpetual : NULL;
  }
  for (size_t i = 0; i < market->future_count; i++) {
    if (market->futures[i].expiry == name->expiry) {
      return &market->futures[i];
    }
  }
  return NULL;
}

static void fill_option(const qs_underlying_market *market, const qs_listed_name *name, qs_contract *out) {
  const qs_option_quote *option = find_option(market, name);
  out->kind = QS_CONTRACT_OPTION;
  out->call_put = name->call_put;
  out->strike = name->strike;
  if (option) {
    out->mark = isnan(option->quote->mark) ? qs_quote_mid(option->quote) : option->quote->mark;
  }
}

static void fill_future(const qs_underlying_market *market, const qs_listed_name *name, qs_contract *out) {
  out->kind = name->kind == QS_LISTED_PERPETUAL ? QS_CONTRACT_PERPETUAL : QS_CONTRACT_FUTURE;
  out->future = find_future(market, name);
  out->entry_price = out->forward;
  if (out->future) {
    out->mark = isnan(out->future->mark) ? 0.5 * (out->future->bid + out->future->ask) : out->future->mark;
  }
}

static qs_status fail_expired(qs_context *context, const qs_market *market, const char *place,
                              const char *instrument, qs_time expiry) {
  char expired[QS_TIME_TEXT];
  char now[QS_TIME_TEXT];
  qs_time_format(expiry, expired);
  qs_time_format(market->as_of, now);
  return qs_fail(context, QS_ERROR_INPUT, "%s: instrument: %s expired at %s; must be after as_of %s", place,
                 instrument, expired, now);
}

qs_status qs_resolve_name(qs_context *context, const qs_market *market, const char *place,
                          const char *instrument, qs_contract *contract) {
  if (!instrument || !instrument[0]) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: instrument: missing", place);
  }
  qs_listed_name name;
  if (!qs_listed_name_parse(instrument, &name)) {
    return qs_fail(
        context, QS_ERROR_INPUT,
        "%s: instrument: \"%.80s\" is not the name of a listed instrument, such as BTC-7AUG26-62000-C, "
        "BTC-25SEP26 or BTC-PERPETUAL",
        place, instrument);
  }
  int underlying = qs_market_find(market, name.underlying);
  if (underlying < 0) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: instrument: %s: %s is none of this run's underlyings", place,
                   instrument, name.underlying);
  }
  if (name.kind == QS_LISTED_INDEX) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "%s: instrument: %s: an index cannot be held; spot is cash in %s or a trade of type spot",
                   place, instrument, name.underlying);
  }
  if (name.kind != QS_LISTED_PERPETUAL && name.expiry <= market->as_of) {
    return fail_expired(context, market, place, instrument, name.expiry);
  }
  const qs_underlying_market *in = &market->underlyings[underlying];
  qs_contract out = {.id = instrument,
                     .instrument = instrument,
                     .book = "main",
                     .underlying = underlying,
                     .settlement = QS_SETTLE_COIN,
                     .strike = NAN,
                     .expiry = name.expiry,
                     .years = name.expiry ? qs_time_years(market->as_of, name.expiry) : 0,
                     .quantity = 1,
                     .entry_price = NAN,
                     .mark = NAN};
  out.forward = qs_curve_forward(&in->curve, out.years);
  if (name.kind == QS_LISTED_OPTION) {
    fill_option(in, &name, &out);
  } else {
    fill_future(in, &name, &out);
  }
  *contract = out;
  return QS_OK;
}
