/* The unit of a problem: what kernels/plan.h's qs_rebalance_unit is told about its dates, instruments and
 * policies; states are filled in block by block. */
#ifndef QS_HOST_SIMULATE_UNIT_H
#define QS_HOST_SIMULATE_UNIT_H

#include "host/simulate/run.h"
#include "kernels/plan.h"

/* Owned by the arena. QS_ERROR_USAGE where a table has other dates than the problem. */
qs_status qs_simulate_unit_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                const qs_simulate_policy *policies, size_t count, qs_rebalance_unit *unit);

#endif
