/*
 * Where finished pieces of work are kept, so that a run can go on from them: a journal on disk is one.
 *
 * A piece is named by what it is, not by where in a run it stands: a digest of all that its unit says, its
 * range of payoffs and its range of items. So a result is only ever used for the work that it is the result
 * of, whatever the inputs, the order of stages or the cuts.
 *
 * A context with a store (qs_context.store) has it asked before an order of work runs and told of each piece
 * that is finished; all calls come from the thread that runs the order, none from a device's.
 */
#ifndef QS_HOST_ENGINE_WORK_STORE_H
#define QS_HOST_ENGINE_WORK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/base/digest.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_MAX_RANKS = 4096 };

typedef struct qs_piece_key {
  qs_digest unit; /* of all but its range of items */
  uint32_t payoff_begin, payoff_count;
  uint64_t begin, end; /* items: batches */
} qs_piece_key;

/* Where a piece's result lies in memory: `rows` runs of `row_bytes` bytes, each `stride` bytes after the one
 * before. */
typedef struct qs_piece_place {
  char *first;
  size_t rows, row_bytes, stride;
} qs_piece_place;

typedef struct qs_work_store {
  void *data;
  /* Looks for a piece of this unit and these payoffs within the items [key->begin, key->end), the first one,
   * and puts its items into the key; false where there is none. Pieces overlap in no answer: the caller goes
   * on from the end of the last. */
  bool (*find)(void *data, qs_piece_key *key);
  /* Copies the result of a piece that was found to its place. */
  qs_status (*recall)(void *data, qs_context *context, const qs_piece_key *key, const qs_piece_place *place);
  /* Keeps the result of a finished piece. */
  qs_status (*keep)(void *data, qs_context *context, const qs_piece_key *key, const qs_piece_place *place);
  /* An order has ended: what was kept is to be safe from the end of this process. */
  qs_status (*settle)(void *data, qs_context *context);
  /* With ranks > 1 every order is shared by as many processes, of which this one computes the share `rank`:
   * of every task a range of items. Without `gather` the others' results are left as they were. */
  uint32_t rank, ranks;
  /* (optional) Every process calls it alike: `bytes` has a part for every rank, of sizes[rank] bytes, one
   * after the other; it has filled its own and gets the others'. 0: done. */
  int (*gather)(void *data, void *bytes, const size_t *sizes);
  void *gather_data;
  struct qs_work_memo *memo; /* with gather: what processes have solved for each other */
} qs_work_store;

/* Something else than a piece of an order, of `size` bytes, such as what was solved before paths are valued:
 * `part` 0, 1, .. of what the key says. Without a store nothing is found and nothing is kept. */
qs_status qs_store_take(qs_context *context, qs_digest key, uint32_t part, void *bytes, size_t size,
                        bool *found);
qs_status qs_store_put(qs_context *context, qs_digest key, uint32_t part, const void *bytes, size_t size);

/* A memo for the time of a run, in the arena; null when memory is out. */
struct qs_work_memo *qs_work_memo_create(qs_arena *arena);

/* Every process comes here alike, with how what it did before ended: what each has put since the last time is
 * then there for all to take. `own`, or what ended another. Without `gather` it does nothing. */
qs_status qs_store_exchange(qs_context *context, qs_status own);

#ifdef __cplusplus
}
#endif
#endif
