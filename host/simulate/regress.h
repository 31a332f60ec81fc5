/*
 * The policy `regression`: the locally risk-minimising ratio by cross-sectional regression on paths, for
 * positions that have no price along them.
 *
 * On paths of its own under the pricing law, from the last date backwards, what the position pays less what
 * later trades gain, H - sum over m > n of phi_m g_m (e^x_(m+1) - e^x_m), is regressed on features f of the
 * state and on the features times the move of the price:
 *
 *   sum_k a_k f_k + (sum_k b_k f_k) g_n (e^x' - e^x),      phi_n = -sum_k b_k f_k
 *
 * The features: x and the mean of the fixings so far, each piecewise linear between quantiles, and their
 * products; the least and the greatest fixing so far and their products with x; where v is random, sqrt(v)
 * times the functions of x and times the mean. What is left at the first date has the position's price as its
 * mean: with all later gains taken off its error is that of the hedge.
 */
#ifndef QS_HOST_SIMULATE_REGRESS_H
#define QS_HOST_SIMULATE_REGRESS_H

#include "host/simulate/claim.h"
#include "quickset/simulate.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_regression qs_regression;

/* Owned by the arena. */
qs_status qs_regression_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_simulate_problem *problem, qs_regression **regression);

/* What the trades along paths are worth now, money of as_of. */
double qs_regression_value(const qs_regression *regression);

/* What to hold: a policy's function, `data` the regression. */
qs_status qs_regression_hold(void *data, const qs_policy_view *view, double *target);

#ifdef __cplusplus
}
#endif
#endif
