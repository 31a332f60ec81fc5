#include <math.h>

#include "host/market/black.h"
#include "host/market/build.h"

/* Spreads below half a vol point weigh no more: no model of the family fits a chain that closely, and one
 * tight quote must not pull the whole surface. */
static const double least_vol_spread = 0.005;

/* Per unit of forward: under it a price says nothing that a model's price, right to 1e-11, could be held
 * against; a venue's least price is a thousand times as large. */
static const double least_time_value = 1e-7;

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

/* What is wrong with the quote by itself; null when nothing is. Fills forward and volatilities. */
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
  if (!isfinite(ask_vol)) {
    return "above_maximum";
  }
  double value =
      qs_black_out_of_the_money(log(option->strike / option->forward), mid_vol * sqrt(option->years));
  return value < least_time_value ? "no_time_value" : NULL;
}

/* Between bid and ask; a bid under the intrinsic value allows any volatility below the ask's. */
static double vol_spread(const qs_option_quote *option) {
  return option->ask_vol - (isnan(option->bid_vol) ? 0 : option->bid_vol);
}

static bool in_the_money(const qs_option_quote *option) {
  return option->call_put == QS_CALL ? option->strike < option->forward : option->strike > option->forward;
}

/* The option of the other kind at the same strike and expiry, or null. */
static const qs_option_quote *twin(const qs_underlying_market *market, size_t index) {
  const qs_option_quote *option = &market->options[index];
  size_t other = option->call_put == QS_CALL ? index + 1 : index - 1;
  if (other >= market->option_count) { /* also index 0 less 1 */
    return NULL;
  }
  const qs_option_quote *found = &market->options[other];
  return found->expiry == option->expiry && found->strike == option->strike ? found : NULL;
}

/* An option in the money says again, and less well, what its twin out of the money says: on the BTC chain of
 * 2026-08-01 the median spread is 50 vol points against 1. It is left out where the twin is used, or where
 * its own spread in volatility is wide. */
static bool redundant(const qs_underlying_market *market, size_t index) {
  const qs_option_quote *option = &market->options[index];
  if (option->exclusion || !in_the_money(option)) {
    return false;
  }
  const qs_option_quote *other = twin(market, index);
  return (other && !other->exclusion) || vol_spread(option) > market->spec->max_spread * option->mid_vol;
}

qs_status qs_quotes_filter(qs_context *context, qs_arena *arena, qs_underlying_market *market) {
  qs_calibration_result *calibration = &market->calibration;
  qs_exclusion *exclusions = QS_NEW(arena, market->option_count, qs_exclusion);
  if (!exclusions) {
    return qs_fail_memory(context, "filtering quotes");
  }
  for (size_t i = 0; i < market->option_count; i++) {
    market->options[i].exclusion = exclude(market, &market->options[i]);
  }
  /* Of twins one is out of the money and stays, so the order does not matter. */
  for (size_t i = 0; i < market->option_count; i++) {
    if (redundant(market, i)) {
      market->options[i].exclusion = "in_the_money";
    }
  }
  size_t count = 0;
  for (size_t i = 0; i < market->option_count; i++) {
    qs_option_quote *option = &market->options[i];
    if (option->exclusion) {
      exclusions[count++] = (qs_exclusion){option->quote->instrument, option->exclusion};
    } else {
      option->weight = 1 / fmax(vol_spread(option), least_vol_spread);
    }
  }
  calibration->exclusions = exclusions;
  calibration->exclusion_count = count;
  calibration->quotes_total = market->option_count;
  return QS_OK;
}
