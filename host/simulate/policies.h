/* From the policies that a section names to tables. */
#ifndef QS_HOST_SIMULATE_POLICIES_H
#define QS_HOST_SIMULATE_POLICIES_H

#include "host/simulate/optimal.h"
#include "host/simulate/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether every policy has what its type needs, and a name of its own; QS_ERROR_INPUT names the key. */
qs_status qs_simulate_policies_check(qs_context *context, const qs_simulate_problem *problem);

/* A contract of the underlying as an option of a problem over time. */
void qs_simulate_policy_option(const qs_simulate_problem *problem, const qs_contract *contract,
                               qs_policy_option *option);

/* The position, dates and costs as a problem over time with the first instrument; the model must be there. */
qs_status qs_simulate_policy_problem(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                     qs_policy_problem *over_time);

/* policies[spec->policy_count], owned by the arena; the optimum too, where one of them or the frontier wants
 * it. */
qs_status qs_simulate_policies_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                    qs_simulate_policy **policies, qs_simulate_optimal *optimal);

#ifdef __cplusplus
}
#endif
#endif
