/* A plan as text: the implementation of qs_plan_json. */
#ifndef QS_HOST_IO_PLAN_JSON_H
#define QS_HOST_IO_PLAN_JSON_H

#include "host/base/context.h"
#include "quickset/plan.h"

qs_status qs_plan_to_json(qs_context *context, const qs_plan *plan, char **text);

#endif
