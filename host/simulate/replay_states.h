/* The model's v on every date of a replay, from what was known there. */
#ifndef QS_HOST_SIMULATE_REPLAY_STATES_H
#define QS_HOST_SIMULATE_REPLAY_STATES_H

#include "host/policy/problem.h"
#include "quickset/backtest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* variance[problem->date_count], the bar of each date given. QS_ERROR_INPUT where a forecast is not above 0
 * or cannot be fitted. */
qs_status qs_replay_states(qs_context *context, const qs_policy_problem *problem,
                           const qs_price_record *record, const size_t *bar, qs_variance_state state,
                           double *variance);

#ifdef __cplusplus
}
#endif
#endif
