/* Primal-dual interior-point method for the scaled hedge problem. */
#ifndef QS_HOST_HEDGE_INTERIOR_H
#define QS_HOST_HEDGE_INTERIOR_H

#include "host/hedge/scaled.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a trade stands at a solution. */
typedef enum qs_trade_state {
  QS_TRADE_FREE = 0,
  QS_TRADE_AT_ZERO, /* no trade */
  QS_TRADE_AT_FLAT, /* the position becomes zero */
  QS_TRADE_AT_LOWER,
  QS_TRADE_AT_UPPER
} qs_trade_state;

typedef struct qs_active_set {
  unsigned char *trade; /* [n] qs_trade_state */
  signed char *row;     /* [m] -1 at its lower bound, 1 at its upper one, 0 neither */
  bool *gross;          /* [k] at its limit */
} qs_active_set;

bool qs_active_set_create(qs_arena *arena, const qs_scaled *scaled, qs_active_set *set);

/*
 * Solves the problem from its own start. `elastic` > 0 lets every row and gross limit give way by elastic x
 * its multiplier, which minimises (sum of squared violations) / (2 elastic) beside the objective; 0 holds
 * them. Writes the point, its active set and the iterations done. Returns QS_OK also when it stalls before
 * full accuracy (the polish and the KKT residual judge the point), QS_ERROR_MEMORY, QS_ERROR_CANCELLED.
 */
qs_status qs_interior_solve(qs_context *context, qs_arena *arena, const qs_scaled *scaled, double elastic,
                            qs_scaled_point *point, qs_active_set *set, uint32_t *iterations);

#ifdef __cplusplus
}
#endif
#endif
