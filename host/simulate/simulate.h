/*
 * The section `simulate`: policies of hedging a position over time, on the same paths.
 *
 * A policy is a table of bands (host/policy/table.h), some with a rule that looks back. The position's gains,
 * the hedge's and the costs are added up path by path in double precision (kernels/core/rebalance.inc); the
 * objective is Var[gross error] + w E[cost], costs left out of the error.
 */
#ifndef QS_HOST_SIMULATE_SIMULATE_H
#define QS_HOST_SIMULATE_SIMULATE_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "host/engine/backends.h"
#include "host/market/market.h"
#include "quickset/inputs.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the section makes sense on this market and book; QS_ERROR_INPUT names the key. Runs nothing. */
qs_status qs_simulate_check(qs_context *context, const qs_inputs *inputs, const qs_market *market,
                            const qs_book *book);

/* The section, once models are fitted. What is returned is owned by the arena. */
qs_status qs_simulate_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_inputs *inputs,
                          const qs_market *market, const qs_book *book, qs_simulate_result *result);

#ifdef __cplusplus
}
#endif
#endif
