/*
 * The upper tail of a sample of losses: what value at risk, expected shortfall and their parts are read from.
 *
 * Ranks are those of order statistics, from 1 (smallest) to count. Nothing here allocates or shares anything.
 */
#ifndef QS_HOST_ENGINE_TAIL_H
#define QS_HOST_ENGINE_TAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "quickset/results.h"
#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Order statistics that hold the quantile between them with a probability of at least 95%, at most 2.5% on
 * either side, whatever the distribution. low 0 or high count + 1: the sample is too small for that side. */
typedef struct qs_risk_ranks {
  size_t low, high;
} qs_risk_ranks;

/* Rank of VaR: ceil(count level). */
size_t qs_risk_rank(size_t count, double level);

/* From the binomial distribution of the number of losses below the quantile (David and Nagaraja 2003, section
 * 7.1), summed exactly. count > 0, 0 < level < 1. */
qs_risk_ranks qs_risk_quantile_ranks(size_t count, double level);

/* Index of the smallest order statistic that qs_risk_tail and the components read at any of the levels. */
size_t qs_risk_tail_begin(size_t count, const double *levels, size_t level_count);

/* Puts the losses [begin, count) in ascending order, none below `begin` larger than losses[begin]. No NaN. */
void qs_risk_sort_tail(double *losses, size_t count, size_t begin);

/* Whether every value is a finite number. */
bool qs_risk_finite(const double *values, size_t count);

/* Mean and standard deviation of a sample of independent values, count > 1, with their standard errors (that
 * of the deviation by the delta method, from the fourth moment). Summed pairwise. */
void qs_risk_moments(const double *values, size_t count, qs_estimate *mean, qs_estimate *std_dev);

/* VaR and expected shortfall of a sample at one level. `losses` [count] is sorted ascending (from VaR's lower
 * bound on is enough) and holds no NaN. QS_ERROR_USAGE for an empty sample or a level outside (0, 1). */
qs_status qs_risk_tail(const double *losses, size_t count, double level, qs_risk_level *tail);

#ifdef __cplusplus
}
#endif
#endif
