/* Which limits cannot hold together. */
#ifndef QS_HOST_HEDGE_CONFLICT_H
#define QS_HOST_HEDGE_CONFLICT_H

#include "host/hedge/optimise.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Looks for a minimal set of limits that contradict each other. The limits, each one-sided, are relaxed by
 * least squares; what they cannot avoid violating is the certificate (Farkas: a combination of the violated
 * limits with the violations as weights contradicts itself), which names a few of them; a deletion filter
 * (Chinneck and Dravnieks 1991) then drops each in turn and keeps those without which the others can hold.
 * When there is such a set, the solution becomes QS_HEDGE_INFEASIBLE with it and without trades; otherwise it
 * is left as it is. Memory of the work comes from `scratch`, of the result from `arena`. QS_ERROR_MEMORY,
 * QS_ERROR_CANCELLED.
 */
qs_status qs_hedge_find_conflicts(qs_context *context, qs_arena *scratch, qs_arena *arena,
                                  const qs_hedge_problem *problem, qs_hedge_solution *solution);

#ifdef __cplusplus
}
#endif
#endif
