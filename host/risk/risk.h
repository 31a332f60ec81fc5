/*
 * Risk over a horizon: value at risk and expected shortfall of the simulated P&L with intervals, components
 * that add up, incremental risk of what-if trades, and historical simulation beside it with Kupiec's test.
 *
 * Losses are positive, in the reporting currency. VaR at level a is the loss that P&L exceeds with
 * probability 1 - a: the order statistic ceil(n a) of the n losses. Expected shortfall is the mean of the
 * losses from VaR on, the atom at VaR weighted so that the tail has mass 1 - a exactly (Acerbi and Tasche
 * 2002, definition 2.6).
 *
 * Intervals, 95%. VaR: two order statistics that hold the quantile between them by the binomial distribution
 * (David and Nagaraja 2003, section 7.1); exact for any continuous P&L, NaN on a side for which the sample
 * is too small. Shortfall: asymptotic, with the variance of (L - VaR)^+/(1 - a), which is that of the tail
 * and of its quantile together (Manistre and Hancock 2005, equation 2), corrected for skewness by Hall's
 * (1992) transformation; NaN with fewer than two losses beyond VaR. A level is trusted when at least 100
 * paths are expected beyond it. Measured coverage: tests/risk/test_risk_coverage.cc.
 *
 * Components. A position's part of the shortfall is its mean loss on the tail's paths under the same weights
 * (Tasche 1999), paths that tie at VaR sharing their mass equally, so parts add up to the whole to rounding.
 * Its std_error is that of the mean of w (X - c)/(1 - a), with c its mean loss on the paths inside VaR's
 * interval: the quantile moves with the sample too.
 *
 * Everything is computed in a fixed order: results do not depend on the number of threads.
 */
#ifndef QS_HOST_RISK_RISK_H
#define QS_HOST_RISK_RISK_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "host/engine/horizon.h"
#include "host/market/market.h"
#include "quickset/inputs.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks inputs->risk against market and book before anything is simulated: levels in (0, 1), what-if trades,
 * the price file. QS_ERROR_INPUT names the place. qs_risk_run does it as well. */
qs_status qs_risk_check(qs_context *context, const qs_inputs *inputs, const qs_market *market,
                        const qs_book *book);

/* The whole section on the horizon's paths. The result owns all its strings and arrays through the arena.
 * trusted is false, with all reasons in `why`, when a held underlying's fit is not trusted, a level has too
 * few paths, P&L is not finite on some path (levels are NaN then, components absent), or the price file is
 * too short for its window. Memory beside the result: three vectors of one number a path, two of the tail's
 * length and one more for each level and underlying, and what the horizon tabulates. */
qs_status qs_risk_run(qs_context *context, qs_arena *arena, const qs_inputs *inputs, const qs_market *market,
                      const qs_book *book, qs_horizon *horizon, qs_risk_result *result);

/*
 * Historical simulation from the price file: today's book revalued under the file's last `history_window`
 * returns over horizon_days, overlapping where the horizon is longer than the rows' spacing (the intervals
 * then speak of more independent returns than there are).
 *
 * Kupiec's test is of the rolling one-day VaR, whatever the horizon. Of n one-day returns the first E =
 * min(history_window, n/2) only form the first VaR; each later day's P&L of today's book is held against the
 * VaR formed by the E returns before it. VaR of E losses is exceeded with probability (E - ceil(E a) + 1)/(E
 * + 1), somewhat more than 1 - a when E is small. Without one-day rows there are 0 observations and the
 * statistic is NaN.
 *
 * Fewer returns than the window asks for: those there are, not trusted; fewer than two: absent, not trusted.
 * Absent, and trusted, without a price file.
 */
qs_status qs_risk_historical(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                             const qs_market *market, const qs_book *book, qs_risk_result *result);

/* Kupiec's proportion-of-failures test (1995): the likelihood ratio of `violations` in `observations` > 0
 * under probability 1 - level against their own frequency, and its chi-square probability with one degree of
 * freedom. */
void qs_risk_kupiec(size_t violations, size_t observations, double level, double *statistic, double *p_value);

#ifdef __cplusplus
}
#endif
#endif
