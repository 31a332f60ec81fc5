/* A plan as text for a person. */
#ifndef QS_HOST_CLI_PLAN_PRINT_H
#define QS_HOST_CLI_PLAN_PRINT_H

#include <stdio.h>

#include "quickset/plan.h"

void plan_print(FILE *file, const qs_plan *plan, const char *config);

#endif
