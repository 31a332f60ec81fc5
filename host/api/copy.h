/* A copy of a run's inputs in the results' own memory, so that results outlive what the caller lent. */
#ifndef QS_HOST_API_COPY_H
#define QS_HOST_API_COPY_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Every array and string that the inputs reach, copied into the arena. */
qs_status qs_inputs_copy(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                         const qs_inputs **copy);

#ifdef __cplusplus
}
#endif
#endif
