/* What units are told of common jumps (host/market/common_jumps.h). */
#ifndef QS_HOST_ENGINE_COMMON_H
#define QS_HOST_ENGINE_COMMON_H

#include "host/engine/drivers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of `count` underlyings: each one's part of lambda that is common (0: it has none, or no other has it), the
 * group's name, and the weights [count] of the streams' normals in its sizes. */
typedef struct qs_common {
  const double *lambda;     /* [count] */
  const char *const *group; /* [count]; null: none */
  const double *sizes;      /* [count][count] */
} qs_common;

/* For the underlyings of the choice. Under its models the common intensity is the market's times the least
 * ratio by which a member's lambda differs. */
qs_status qs_common_make(qs_context *context, qs_arena *arena, const qs_market *market,
                         const qs_driver_choice *choice, qs_common *common);

#ifdef __cplusplus
}
#endif
#endif
