/* What a saved policy says, as a few lines or as JSON. */
#ifndef QS_HOST_CLI_ADVICE_H
#define QS_HOST_CLI_ADVICE_H

#include <stdbool.h>
#include <stdio.h>

#include "quickset/policy.h"

void advice_print(FILE *file, const qs_saved_policy *policy, const qs_live_state *state,
                  const qs_hedge_advice *advice, bool json);

#endif
