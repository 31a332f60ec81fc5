/*
 * The policy `regression`: locally risk-minimising ratios by cross-sectional regression on paths, for
 * positions that have no price along them, on one or several instruments.
 *
 * On paths of its own under the pricing law, from the last date backwards, what the position pays less what
 * later trades gain, H - sum over m > n of phi_m dG_m, is regressed on features f of the path so far
 * (regress_features.h) and on features times what a unit of every instrument gains until the next date:
 *
 *   sum_k a_k f_k + sum_i (sum_k b_ik f_k) dG_i,      phi_i = -sum_k b_ik f_k
 *
 * Options gain with their delta held against them: dG_i is then what the first instrument does not move, and
 * phi_1 has -delta_i phi_i beside its own. An option that is cut at its limits leaves its delta to the first.
 * Of the columns those are taken that count (normal.h). What is left at the first date has the position's
 * price as its mean: with all later gains taken off its error is that of the hedge.
 */
#ifndef QS_HOST_SIMULATE_REGRESS_H
#define QS_HOST_SIMULATE_REGRESS_H

#include "host/simulate/claim.h"
#include "host/simulate/regress_features.h"
#include "kernels/plan.h"
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

/* What the position has gained up to a date's fill, as the regression values it: what it paid and is worth,
 * less its value now; gain[count] of the paths from `first` on whose states are x[row * stride + i], v
 * likewise, and for whose value x counts as shown[i]. seen[count] is what they have seen, kept from date to
 * date; the unwind's is not asked for. */
void qs_regression_gain(const qs_regression *regression, size_t date, const double *shown, const double *x,
                        const double *v, uint64_t first, uint64_t stride, uint64_t count, qs_path_seen *seen,
                        double *gain);

/* Before every date's question: what happened since the last. */
void qs_regression_look(void *data, const qs_rebalance_unit *unit, uint32_t date, uint64_t first_path);

/* What to hold: a policy's function, `data` the regression. */
qs_status qs_regression_hold(void *data, const qs_policy_view *view, double *target);

#ifdef __cplusplus
}
#endif
#endif
