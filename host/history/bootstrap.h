/*
 * The stationary block bootstrap (Politis, Romano 1994): intervals of any statistic of a stationary series.
 *
 * A resample is blocks of the series, wrapped at its end, whose starts are uniform and whose lengths are
 * geometric with mean `block`. The length that serves the variance of the mean best is that of Politis and
 * White (2004, section 3.2) with the constants of Patton, Politis and White (2009).
 *
 * Every draw is a pure function of (seed, replicate, position): the same intervals for any number of threads.
 */
#ifndef QS_HOST_HISTORY_BOOTSTRAP_H
#define QS_HOST_HISTORY_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A statistic of the resample whose element i is element index[i] of the series; `data` is the caller's.
 * Called from several threads at once. */
typedef double (*qs_bootstrap_statistic)(const size_t *index, size_t count, const void *data);

typedef struct qs_bootstrap {
  size_t count;      /* of the series, 2 to 2^32 - 1 */
  double block;      /* mean length, >= 1 */
  size_t replicates; /* at least 2 */
  uint64_t seed;
  double level; /* of the interval, in (0, 1) */
} qs_bootstrap;

/* `low` and `high` are quantiles of the resamples' statistics (Efron's percentiles), between order statistics
 * linear. */
typedef struct qs_bootstrap_result {
  double estimate, std_error, low, high;
} qs_bootstrap_result;

/* Mean block length for the mean of the series, at least 1 and at most 3 sqrt(count): from its
 * autocovariances up to twice the first of max(5, log10 count) lags in a row that are insignificant. A series
 * that does not vary has 1. count >= 9. */
double qs_bootstrap_block(const double *series, size_t count);

/* One resample: index[count]. */
void qs_bootstrap_draw(const qs_bootstrap *bootstrap, uint64_t replicate, size_t *index);

/* QS_ERROR_MEMORY; QS_ERROR_INPUT where a field is out of its range or the statistic is not finite. */
qs_status qs_bootstrap_interval(qs_context *context, const qs_bootstrap *bootstrap,
                                qs_bootstrap_statistic statistic, const void *data,
                                qs_bootstrap_result *result);

#ifdef __cplusplus
}
#endif
#endif
