/*
 * The policy `optimal` where one of dynamic programming's holdings is an option's, or holdings have limits:
 * host/policy/pair.h on a section's problem. Without an option the second holding is held at 0.
 */
#ifndef QS_HOST_SIMULATE_PAIRED_H
#define QS_HOST_SIMULATE_PAIRED_H

#include "host/policy/bound.h"
#include "host/policy/pair.h"
#include "host/simulate/run.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_SIMULATE_PAIR_DATES = 366 }; /* most trades: some GB */

/* Whether the optimum is one of these. */
bool qs_simulate_paired(const qs_simulate_problem *problem);

/* What keeps the section from having such an optimum, or one of several options, a static text; null:
 * nothing. */
const char *qs_simulate_pair_flaw(const qs_simulate_problem *problem);

/* Owned by the arena. over_time is read during the call; the optimum is that without drift. */
qs_status qs_simulate_pair_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                const qs_policy_problem *over_time, const qs_policy_pair **pair);

/* How the policy is simulated: by a table, or, with an option, by a function. Owned by the arena. */
qs_status qs_simulate_pair_policy(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                  const qs_policy_pair *pair, qs_simulate_policy *policy);

/* Along how many paths the gap is followed, which takes long. */
uint64_t qs_simulate_pair_gap_paths(const qs_policy_pair *pair);

/* From the shares of `count` paths, at least 2, the first gap_count of which hold a gap. */
qs_policy_bound qs_simulate_pair_bound(double cost_weight, const qs_policy_pair_share *shares, size_t count,
                                       size_t gap_count);

#ifdef __cplusplus
}
#endif
#endif
