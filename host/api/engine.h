/* The engine behind the public handle, shared by the files of this folder. */
#ifndef QS_HOST_API_ENGINE_H
#define QS_HOST_API_ENGINE_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/base/exchange.h"
#include "host/engine/backends.h"
#include "host/io/journal.h"
#include "quickset/quickset.h"

#ifdef __cplusplus
extern "C" {
#endif

struct qs_engine {
  qs_context context; /* its message is the engine's */
  qs_devices *devices;
  int cancel;           /* the context's flag, set by a job */
  qs_journal *journal;  /* null: none */
  qs_team team;         /* ranks 0: none */
  qs_exchange exchange; /* the team, to those who know no journal */
  uint32_t share, shares;
  bool more;                            /* the last share may not be the last of the target's rounds */
  qs_work_store store;                  /* over all of these, for the time of a run */
  struct qs_warm *kept[QS_MAX_MARKETS]; /* [kept_count] of at most `markets`, the oldest first (warm.h) */
  uint32_t kept_count, markets;
};

/* What a run of the engine, whose scratch is the arena, asks for finished work and tells of it; null:
 * nothing. */
const qs_work_store *qs_engine_store(qs_engine *engine, qs_arena *arena);

/* The results that a caller sees are the first member, so that a handle converts to its owner. */
typedef struct qs_results_owner {
  qs_results results;
  qs_arena *arena;
  struct qs_warm *market; /* which the results point into */
} qs_results_owner;

#ifdef __cplusplus
}
#endif
#endif
