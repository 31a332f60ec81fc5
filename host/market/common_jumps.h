/*
 * Jumps that come to several underlyings at once. A group's underlyings, each merton or bates, have `lambda`
 * of their own intensity from one Poisson process; the sizes at such a time keep each model's normal law, and
 * any two of them have the group's correlation (a Gaussian copula). So the law of each underlying alone is
 * what it was. An underlying is in one group at most.
 */
#ifndef QS_HOST_MARKET_COMMON_JUMPS_H
#define QS_HOST_MARKET_COMMON_JUMPS_H

#include "host/base/arena.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is wrong with a group's correlation among `members`, or null: it must lie between -1 / (members - 1)
 * and 1. */
const char *qs_common_correlation_flaw(size_t members, double correlation);

/* Whether the model's jumps can be common: merton or bates. */
bool qs_common_model(qs_model_type type);

/* Fills market->common_jumps and common_of from the inputs. */
qs_status qs_common_jumps_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                                qs_market *market);

/* Whether every member has the intensity: `fitted` as in qs_correlation_check. */
qs_status qs_common_jumps_check(qs_context *context, const qs_market *market, bool fitted);

#ifdef __cplusplus
}
#endif
#endif
