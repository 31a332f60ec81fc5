/* From a sample of what a policy left to its result. */
#ifndef QS_HOST_SIMULATE_STATISTICS_H
#define QS_HOST_SIMULATE_STATISTICS_H

#include "host/simulate/objective.h"
#include "host/simulate/run.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_SIMULATE_QUANTILES = 7 };
extern const double qs_simulate_probabilities[QS_SIMULATE_QUANTILES];

/* A mean over the paths with its standard error. */
qs_estimate qs_simulate_mean(const qs_simulate_moment *moment, double paths);

/* What the objective is taken from: spec's, w. */
typedef struct qs_simulate_judge {
  qs_simulate_objective objective;
  double weight, level;
} qs_simulate_judge;

/* Of so many policies. Fills everything but name, type, rank, venues and pnl, which are null or 0 before; the
 * processes of a team share the policies. `effective` gets for each the number of paths that an exponential
 * objective rests on, infinity otherwise. Standard errors are those of the estimators' influence functions
 * (Hampel 1974): of the objective, (e - mean)^2 - variance + w (cost - mean cost), so that it counts how
 * error and cost go together. Moments of a sample without variance are 0, skewness and kurtosis then NaN. */
qs_status qs_simulate_statistics(qs_context *context, qs_arena *arena, const qs_simulate_sample *samples,
                                 size_t count, const qs_simulate_judge *judge, const double *levels,
                                 size_t level_count, qs_policy_result *results, double *effective);

#ifdef __cplusplus
}
#endif
#endif
