/*
 * The market of a run with its fits, in memory of its own, so that an engine may keep it for later calls with
 * the same market (qs_engine_spec.markets) and results may point into it. It is found by a digest of all that
 * it depends on, so the bits are those of a market made anew. For the files of this folder alone.
 */
#ifndef QS_HOST_API_WARM_H
#define QS_HOST_API_WARM_H

#include "host/api/engine.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Freed with its last user: a run, an engine that keeps it, results. */
typedef struct qs_warm {
  qs_arena *arena;
  qs_digest key;
  uint32_t users;
  qs_market *market;
  bool fitted;
} qs_warm;

/* The market of these inputs for one more user: one that the engine keeps, where `kept` says that it may be,
 * else a new one, not fitted. Errors as qs_market_build. */
qs_status qs_warm_market(qs_context *context, const qs_engine *engine, const qs_inputs *inputs, bool kept,
                         qs_warm **warm);

/* The engine keeps it, once fitted, in place of the one that it has kept longest. */
void qs_warm_keep(qs_engine *engine, qs_warm *warm);

/* One user less; null is allowed. Any thread. */
void qs_warm_release(qs_warm *warm);

#ifdef __cplusplus
}
#endif
#endif
