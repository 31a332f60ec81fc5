/* The limits of a hedge, named as the user knows them, in the optimiser's form; and back. */
#ifndef QS_HOST_HEDGE_LIMITS_H
#define QS_HOST_HEDGE_LIMITS_H

#include "host/hedge/exposure.h"
#include "host/hedge/optimise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One named limit. An equality stands for both of its sides. */
typedef struct qs_named_limit {
  const char *name;         /* owned by the arena */
  qs_hedge_limit_kind kind; /* of the side it is; of the upper one for an equality */
  bool equality;
  size_t index;
  double unit; /* change of the optimiser's bound per unit of this limit */
  bool quoted; /* false: stands for an instrument that cannot be traded, and has no price */
} qs_named_limit;

typedef struct qs_limit_list {
  qs_named_limit *limits;
  size_t count;
} qs_limit_list;

/* Fills lower, upper, position, rows and gross of the problem. Instruments whose tradable[i] is false get no
 * trade. QS_ERROR_INPUT for limits that name no instrument of the hedge, or twice the same, or are no
 * numbers. */
qs_status qs_limits_build(qs_context *context, qs_arena *arena, const qs_hedge_spec *spec,
                          const qs_exposure *exposure, const bool *tradable, qs_hedge_problem *problem,
                          qs_limit_list *list);

/* Shadow prices of every limit (NaN unless the solution is optimal), and the names of those that conflict,
 * each once. */
qs_status qs_limits_report(qs_context *context, qs_arena *arena, const qs_limit_list *list,
                           const qs_hedge_solution *solution, qs_hedge_result *result);

#ifdef __cplusplus
}
#endif
#endif
