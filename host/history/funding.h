/*
 * Funding of perpetuals: the venues' formulas on the premium P, what they pay on average, and the fit of the
 * premium's law to recorded rates.
 *
 * Rates and premiums are decimals per 8 hours. P is an Ornstein-Uhlenbeck process, correlated with the return
 * of the spot; recorded 8 hours apart it is a Gaussian AR(1). A venue's formula is flat about its interest
 * rate: a rate equal to it says only in which interval P was, and a rate at the cap only on which side. The
 * likelihood is exact in that: between rates that tell P, the law of P inside the interval is carried on by
 * Gauss-Legendre quadrature of its transition density (a Tobit AR(1); Zeger and Brookmeyer 1986). Innovations
 * are at least a 25th of the band.
 */
#ifndef QS_HOST_HISTORY_FUNDING_H
#define QS_HOST_HISTORY_FUNDING_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/* rate = clamp(P + clamp(interest - P, -band, band), -cap, cap): see kernels/core/funding.h. */
typedef struct qs_funding_terms {
  double interest, band, cap; /* band > 0; cap > |interest|, infinity where there is none */
} qs_funding_terms;

/* .01%, .05%, no cap (it has changed over the years). */
qs_funding_terms qs_funding_binance(void);

/* 0, .025% and the cap. */
qs_funding_terms qs_funding_deribit(double cap);

double qs_funding_rate(const qs_funding_terms *terms, double premium);

/* The mean rate where the premium is normal (closed form; Bachelier 1900 for each kink). deviation >= 0. */
double qs_funding_mean(const qs_funding_terms *terms, double mean, double deviation);

/* The premiums that pay `rate`, within half of the last digit recorded: one point (*low == *high), the flat
 * interval, or from a cap to infinity. */
void qs_funding_premium(const qs_funding_terms *terms, double rate, double digit, double *low, double *high);

/* dP = reversion (mean - P) dt + volatility dW, time in years of 365 days, corr(dW, spot) = correlation. */
typedef struct qs_premium_process {
  double mean, reversion, volatility, correlation;
} qs_premium_process;

/* The stationary deviation of the premium. */
double qs_premium_deviation(const qs_premium_process *process);

typedef struct qs_funding_record {
  const double *rates;        /* [count], 8 hours apart, decimals */
  size_t count;               /* at least 20 */
  const double *spot_returns; /* [count]: log return of the spot over the 8 hours up to each rate, NaN where
                                 unknown; null where none is known */
  double digit;               /* of the recorded rates, 1e-8 for the venue's eight decimals */
} qs_funding_record;

typedef struct qs_funding_fit {
  qs_premium_process process;
  qs_premium_process std_error; /* robust to innovations that are not normal; NaN where not converged */
  double half_life_days;
  double log_likelihood;
  size_t flat;    /* rates that tell an interval alone */
  size_t matched; /* rates with a return; below 20 correlation is NaN */
  bool converged;
} qs_funding_fit;

/* QS_ERROR_INPUT where there are too few rates, or fewer than a tenth tell the premium; QS_ERROR_MEMORY. */
qs_status qs_funding_fit_record(qs_context *context, const qs_funding_terms *terms,
                                const qs_funding_record *record, qs_funding_fit *fit);

/* The log likelihood of the record under a given process; -infinity where it cannot be told. Errors as above.
 */
qs_status qs_funding_likelihood(qs_context *context, const qs_funding_terms *terms,
                                const qs_funding_record *record, const qs_premium_process *process,
                                double *value);

/* The log return of each 8 hours up to times[i] from bars that are `bar_seconds` apart: bars[j] is the price
 * at bar_start + j bar_seconds, NaN where there is none. returns[i] is NaN where either end is missing. */
void qs_funding_match(const double *times, size_t count, double bar_start, double bar_seconds,
                      const double *bars, size_t bar_count, double *returns);

#ifdef __cplusplus
}
#endif
#endif
