/*
 * The policy `optimal` with two or more options among the instruments: host/policy/many.h on a section's
 * problem.
 */
#ifndef QS_HOST_SIMULATE_MANY_H
#define QS_HOST_SIMULATE_MANY_H

#include "host/policy/many.h"
#include "host/simulate/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the optimum is one of these. */
bool qs_simulate_many(const qs_simulate_problem *problem);

/* Owned by the arena. over_time is read during the call; the optimum is that without drift. */
qs_status qs_simulate_many_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                const qs_policy_problem *over_time, const qs_policy_many **many);

/* How the policy is simulated: by a function. Owned by the arena. */
qs_status qs_simulate_many_policy(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                  const qs_policy_many *many, qs_simulate_policy *policy);

/* Along how many paths the gap is followed, which takes long. */
uint64_t qs_simulate_many_gap_paths(const qs_policy_many *many);

#ifdef __cplusplus
}
#endif
#endif
