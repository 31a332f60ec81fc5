/*
 * The policy `optimal` where no programme is of the objective (expected shortfall, exponential utility under
 * a random variance): the bands of one that is near it, made wider or narrower about their centre and the
 * centre larger or smaller, with what is best on paths of its own.
 *
 *   low' = (1 + tilt) centre - scale (centre - low),   high' likewise,   centre = (low + high)/2
 *
 * The base first, then scales of it, tilts at the best one, and scales about it again. The section's own
 * paths judge what is found here, so that its objective there is unbiased. All mechanics of the section are
 * on.
 */
#ifndef QS_HOST_SIMULATE_TUNE_H
#define QS_HOST_SIMULATE_TUNE_H

#include "host/simulate/optimal.h"
#include "host/simulate/run.h"
#include "host/simulate/statistics.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The bands of `base` at the given scale and tilt, the arena's; null where memory is out. */
const qs_policy_table *qs_simulate_adjust(qs_arena *arena, const qs_policy_table *base, double scale,
                                          double tilt);

/* The best table about the bases of `optimal`; `tuning` gets its numbers. The table is the arena's. */
qs_status qs_simulate_tune(qs_context *context, qs_arena *arena, qs_devices *devices,
                           const qs_simulate_problem *problem, const qs_simulate_optimal *optimal,
                           const qs_policy_table **table, qs_policy_tuning *tuning);

#ifdef __cplusplus
}
#endif
#endif
