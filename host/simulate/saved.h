/* The policy that a section asks to keep, with what its tables are about. */
#ifndef QS_HOST_SIMULATE_SAVED_H
#define QS_HOST_SIMULATE_SAVED_H

#include "host/simulate/run.h"
#include "quickset/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the section names a policy of its own that a table says all about: not one that looks back at its
 * last trade, nor one of more than two instruments. QS_ERROR_INPUT names the key. */
qs_status qs_simulate_saved_check(qs_context *context, const qs_simulate_spec *spec);

/* Whether the policy, once it is made, can be kept: not where bands that depend on each other would fill more
 * than a file may (QS_ERROR_INPUT). To be asked before anything is simulated. */
qs_status qs_simulate_saved_fits(qs_context *context, const qs_simulate_policy *policy);

/* A copy of the policy's tables, the arena's. */
qs_status qs_simulate_saved_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                 const qs_simulate_policy *policy, const qs_saved_policy **saved);

#ifdef __cplusplus
}
#endif
#endif
