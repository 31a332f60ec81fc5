/*
 * What the policies are compared by, from the losses of their net P&L:
 *
 *   variance            Var[gross error] + w E[cost] (statistics.h)
 *   exponential         the certain loss that is as bad as the uncertain one under exponential utility of
 * risk aversion a = 2/w: ln E exp(a loss) / a (costs are in the loss) expected_shortfall  the mean of the
 * worst 1 - level of the losses
 *
 * Where losses are small the second is E[loss] + a Var[loss]/2, so that w times it is near the first less w
 * times what the position is expected to gain. Errors are those of the estimators' influence functions.
 */
#ifndef QS_HOST_SIMULATE_OBJECTIVE_H
#define QS_HOST_SIMULATE_OBJECTIVE_H

#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the section's objective makes sense; QS_ERROR_INPUT names the key. */
qs_status qs_simulate_objective_check(qs_context *context, const qs_simulate_problem *problem);

/* How many paths, of equal weight, an average over exp(a loss) rests on: (sum)^2 / sum of squares. */
typedef struct qs_certainty {
  qs_estimate loss;
  double paths;
} qs_certainty;

/* Of losses[count], count > 1, a > 0. */
qs_certainty qs_simulate_certainty(const double *losses, uint64_t count, double risk_aversion);

/* Of losses[count] in ascending order; count > 1, 0 < level < 1. A level that no whole number of losses is
 * takes a part of one. */
qs_estimate qs_simulate_shortfall(const double *losses, uint64_t count, double level);

/* rank[i]: 1 for the smallest objective, equal ones as they stand; NaN comes last. */
void qs_simulate_rank(const qs_estimate *objectives, size_t count, size_t *ranks);

#ifdef __cplusplus
}
#endif
#endif
