/* Implied volatility close to a guess: what a fit asks for many thousand times, ten times as fast as
 * qs_black_implied_vol, which stands in where the guess is of no use. */
#ifndef QS_HOST_MARKET_IMPLIED_NEAR_H
#define QS_HOST_MARKET_IMPLIED_NEAR_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The total volatility at which the out-of-the-money option of log-moneyness k costs `price` per unit of
 * forward (see black.h), by Newton's method on the logarithm of the price from `guess` > 0. Relative error
 * under 1e-10 for prices of at least 1e-8 of the option's maximum, 1 (call, k >= 0) or e^k (put). False,
 * `total_vol` untouched, when no volatility gives that price.
 */
bool qs_implied_near(double log_moneyness, double price, double guess, double *total_vol);

#ifdef __cplusplus
}
#endif
#endif
