/* Limits of the config against the results of a run. */
#ifndef QS_HOST_API_LIMITS_H
#define QS_HOST_API_LIMITS_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lists every limit that is breached; limits on sections that did not run are passed over. QS_ERROR_INPUT for
 * a measure, book or underlying that does not exist. */
qs_status qs_limits_check(qs_context *context, qs_arena *arena, const qs_inputs *inputs, qs_results *results);

#ifdef __cplusplus
}
#endif
#endif
