/*
 * Funding that a perpetual pays between the fills of two trades, path by path, from a premium that reverts to
 * its mean and is correlated with the spot (kernels/core/funding.h).
 *
 * The time between two fills is cut into equal parts of at most 8 hours; each pays the rate of the premium at
 * its end. What the forward grows by is what the curve expects to be paid, and the perpetual's gain has left
 * it out (problem.h): it is given back here, so that the sum of both is the price's move less the funding.
 *
 * The spot's return over a part is standard normal given that of the whole time (a Brownian bridge), which is
 * standardised by the variance at both ends and by the jumps'.
 */
#ifndef QS_HOST_SIMULATE_FUNDING_H
#define QS_HOST_SIMULATE_FUNDING_H

#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_simulate_premium qs_simulate_premium;

/* Null where the section has no funding. Owned by the arena. */
qs_status qs_simulate_premium_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                   qs_simulate_premium **premium);

/* funding[date * stride + i], of all dates but the last: the fraction of its notional at the date's fill that
 * a long pays until the next, in money of the date, on path first + i whose states are x[row * stride + i], v
 * likewise. */
void qs_simulate_premium_run(const qs_simulate_premium *premium, uint64_t first, uint64_t count,
                             uint64_t stride, const double *x, const double *v, double *funding);

#ifdef __cplusplus
}
#endif
#endif
