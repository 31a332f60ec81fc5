/* From an approximate solution and its active set to the exact one: Newton on the support, active set
 * corrected until the optimality conditions hold. */
#ifndef QS_HOST_HEDGE_POLISH_H
#define QS_HOST_HEDGE_POLISH_H

#include "host/hedge/interior.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Improves `point` and `set` in place (the best point met is left there, judged by the KKT residual of the
 * original problem, which `solution` then holds with everything else). QS_ERROR_MEMORY, QS_ERROR_CANCELLED.
 */
qs_status qs_polish(qs_context *context, qs_arena *arena, const qs_scaled *scaled,
                    const qs_hedge_problem *problem, qs_scaled_point *point, qs_active_set *set,
                    qs_hedge_solution *solution);

#ifdef __cplusplus
}
#endif
#endif
