#include <math.h>

#include "host/market/black.h"
#include "host/market/build.h"

/* Implied volatility of a price in the venue's unit; 0 at or below the intrinsic value, infinite at or above
 * the maximum, NaN without a price. */
static double implied_vol(const qs_underlying_market *market, const qs_option_quote *option, double price) {
  double k = log(option->strike / option->forward);
  double y = price * exp(market->coin_rate * option->years);
  double total = NAN;
  switch (qs_black_implied_vol(option->call_put == QS_CALL, k, y, &total)) {
  case QS_BLACK_OK:
    return total / sqrt(option->years);
  case QS_BLACK_BELOW_INTRINSIC:
    return 0;
  case QS_BLACK_ABOVE_MAXIMUM:
    return INFINITY;
  case QS_BLACK_NOT_A_NUMBER:
    break;
  }
  return NAN;
}

static double positive_or_nan(double x) {
  return x > 0 && isfinite(x) ? x : NAN;
}

/* Null when the quote may be fitted. */
static const char *exclude(const qs_underlying_market *market, qs_option_quote *option) {
  if (!(option->years > 0)) {
    return "expired";
  }
  option->forward = qs_curve_forward(&market->curve, option->years);
  double bid = qs_quote_bid(option->quote);
  double ask = qs_quote_ask(option->quote);
  double mid = 0.5 * (bid + ask);
  double bid_vol = implied_vol(market, option, bid);
  double ask_vol = implied_vol(market, option, ask);
  double mid_vol = implied_vol(market, option, mid);
  option->bid_vol = positive_or_nan(bid_vol);
  option->ask_vol = positive_or_nan(ask_vol);
  option->mid_vol = positive_or_nan(mid_vol);
  if (isnan(mid)) {
    return "one_sided";
  }
  if (ask - bid > market->spec->max_spread * mid) {
    return "wide_spread";
  }
  if (!(mid_vol > 0)) {
    return "below_intrinsic";
  }
  return isfinite(ask_vol) ? NULL : "above_maximum";
}

qs_status qs_quotes_filter(qs_context *context, qs_arena *arena, qs_underlying_market *market) {
  qs_calibration_result *calibration = &market->calibration;
  qs_exclusion *exclusions = QS_NEW(arena, market->option_count, qs_exclusion);
  if (!exclusions) {
    return qs_fail_memory(context, "filtering quotes");
  }
  size_t count = 0;
  for (size_t i = 0; i < market->option_count; i++) {
    qs_option_quote *option = &market->options[i];
    option->exclusion = exclude(market, option);
    if (option->exclusion) {
      exclusions[count++] = (qs_exclusion){option->quote->instrument, option->exclusion};
    }
  }
  calibration->exclusions = exclusions;
  calibration->exclusion_count = count;
  calibration->quotes_total = market->option_count;
  return QS_OK;
}
