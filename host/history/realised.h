/*
 * What bars say of the variance of a period: sums over the period, not annual. Divide by its years to compare
 * with a model's v.
 */
#ifndef QS_HOST_HISTORY_REALISED_H
#define QS_HOST_HISTORY_REALISED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The sum of squared log returns of prices[count] > 0 (Andersen, Bollerslev 1998). count >= 2. */
double qs_realised_variance(const double *prices, size_t count);

/* The part without jumps, pi/2 n/(n - 1) times the sum of |r_i| |r_{i-1}| over n returns (Barndorff-Nielsen,
 * Shephard 2004). count >= 3. */
double qs_bipower_variation(const double *prices, size_t count);

/* Of every whole period of `bars` bars: period k spans closes[k bars] to closes[(k + 1) bars], returns taken
 * every `stride` bars (a divisor of bars). bipower may be null. Returns the number of periods,
 * (count - 1) / bars, which is the length of the outputs. */
size_t qs_realised_periods(const double *closes, size_t count, size_t bars, size_t stride, double *realised,
                           double *bipower);

/* The variance of one bar from its range: ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2 (Garman, Klass 1980, the
 * practical form of their equation 20). */
double qs_range_variance(double open, double high, double low, double close);

#ifdef __cplusplus
}
#endif
#endif
