/*
 * Black-76 per unit of forward: price, sensitivities and implied volatility (Black 1976; Jaeckel, "Let's Be
 * Rational", 2015, for the normalised form and the choice of objectives).
 *
 * Everything is undiscounted and divided by the forward F, in two variables:
 *   log_moneyness  k = ln(K/F), finite, |k| <= 1400
 *   total_vol      s = sigma sqrt(T) >= 0, may be infinite
 * A call costs N(d1) - e^k N(d2), a put e^k N(-d2) - N(-d1), d1 = -k/s + s/2, d2 = d1 - s.
 *
 * All functions are pure and may be called from any thread. A NaN argument gives NaN.
 */
#ifndef QS_HOST_MARKET_BLACK_H
#define QS_HOST_MARKET_BLACK_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_black_status {
  QS_BLACK_OK = 0,
  QS_BLACK_BELOW_INTRINSIC = 1, /* the price is below max(0, +-(1 - e^k)) */
  QS_BLACK_ABOVE_MAXIMUM =
      2, /* the price is at or above 1 (call) or e^k (put): no finite volatility reaches it */
  QS_BLACK_NOT_A_NUMBER = 3 /* price or log-moneyness is NaN or infinite, or |k| > 1400 */
} qs_black_status;

/* The price of the out-of-the-money side: a call where k >= 0, a put where k < 0. Its relative error stays
 * under 1e-14 (1 + d1^2) down to the smallest normal number; in the wings d1^2 is the price's own sensitivity
 * to a rounding of its inputs. */
double qs_black_out_of_the_money(double log_moneyness, double total_vol);

/* The price of a call or a put; intrinsic value plus the price of the out-of-the-money side. */
double qs_black_price(bool call, double log_moneyness, double total_vol);

/* d price / d total_vol, the same for calls and puts: n(d1). Times sqrt(T) it is the vega. Where s = 0 it is
 * 0 off the money and n(0) at the money. */
double qs_black_vega(double log_moneyness, double total_vol);

/* d(F price)/dF at fixed strike: N(d1) for a call, N(d1) - 1 for a put. */
double qs_black_delta(bool call, double log_moneyness, double total_vol);

/* F d2(F price)/dF2 at fixed strike: n(d1)/s; infinite at the money where s = 0, else 0 there. */
double qs_black_gamma(double log_moneyness, double total_vol);

/* The total volatility at which the option costs `price`; divide by sqrt(T) for the annual one. Relative
 * error 1e-12, plus what a rounding of the price itself moves: the price's spacing over s n(d1), which
 * matters for prices in the money or near the maximum. A price equal to the intrinsic value gives 0.
 * `total_vol` stays untouched unless the status is QS_BLACK_OK.
 *
 * The price is taken out of the money first and divided by its maximum, r. Halley steps on 1/sqrt(-ln r) for
 * r < 0.03, on ln r up to 1/2 and on sqrt(-ln(1 - r)) above, each near linear in s in its part, within the
 * bracket that the inflection s_c = sqrt(2|k|) gives; 3 steps on average. */
qs_black_status qs_black_implied_vol(bool call, double log_moneyness, double price, double *total_vol);

#ifdef __cplusplus
}
#endif
#endif
