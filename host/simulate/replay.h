/*
 * The section `backtest`: policies replayed on a recorded path (host/simulate/backtest.h) from the inputs'
 * own position, dates and model, with what is known of variance told to marks and policies.
 */
#ifndef QS_HOST_SIMULATE_REPLAY_H
#define QS_HOST_SIMULATE_REPLAY_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "host/market/market.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks inputs->backtest against market and book; QS_ERROR_INPUT names the key. */
qs_status qs_replay_check(qs_context *context, const qs_inputs *inputs, const qs_market *market,
                          const qs_book *book);

/* Runs it, models fitted. The result lies in the arena, market and inputs, and is untouched on failure. */
qs_status qs_replay_run(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                        const qs_market *market, const qs_book *book, qs_backtest_result *result);

#ifdef __cplusplus
}
#endif
#endif
