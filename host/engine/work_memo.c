/* What is solved before paths are valued: kept as pieces are, and exchanged between the processes of a run.
 */
#include <string.h>

#include "host/engine/work_store.h"

/* Something solved; its bytes follow it in memory, and in a message. */
typedef struct item {
  qs_piece_key key;
  uint64_t size; /* of its bytes, rounded up to ITEM_UNIT in what follows */
} item;

enum { ITEM_UNIT = 8 };

/* A run of items that lie one after the other. */
typedef struct block {
  struct block *next;
  char *bytes;
  size_t size;
  bool told; /* to the other processes, or by them */
} block;

struct qs_work_memo {
  qs_arena *arena;
  block *blocks;
};

struct qs_work_memo *qs_work_memo_create(qs_arena *arena) {
  struct qs_work_memo *memo = QS_NEW(arena, 1, struct qs_work_memo);
  if (memo) {
    memo->arena = arena;
  }
  return memo;
}

static size_t room_of(size_t size) {
  return sizeof(item) + (size + ITEM_UNIT - 1) / ITEM_UNIT * ITEM_UNIT;
}

static block *add_block(struct qs_work_memo *memo, size_t size, bool told) {
  block *made = QS_NEW(memo->arena, 1, block);
  char *bytes = made ? qs_arena_alloc(memo->arena, size, 1) : NULL;
  if (!bytes) {
    return NULL;
  }
  *made = (block){memo->blocks, bytes, size, told};
  memo->blocks = made;
  return made;
}

static bool same(const qs_piece_key *a, const qs_piece_key *b) {
  return qs_digest_equal(a->unit, b->unit) && a->payoff_begin == b->payoff_begin;
}

/* Copies the bytes of the item with this key, if it is there and of that size. */
static bool look_up(const struct qs_work_memo *memo, const qs_piece_key *key, void *bytes, size_t size) {
  for (const block *b = memo ? memo->blocks : NULL; b; b = b->next) {
    for (size_t at = 0; at < b->size;) {
      item found;
      memcpy(&found, b->bytes + at, sizeof found);
      if (same(&found.key, key) && found.size == size) {
        memcpy(bytes, b->bytes + at + sizeof found, size);
        return true;
      }
      at += room_of((size_t)found.size);
    }
  }
  return false;
}

static qs_piece_key key_of(qs_digest key, uint32_t part) {
  return (qs_piece_key){key, part, 1, 0, 1};
}

qs_status qs_store_take(qs_context *context, qs_digest key, uint32_t part, void *bytes, size_t size,
                        bool *found) {
  const qs_work_store *store = context->store;
  qs_piece_key piece = key_of(key, part);
  *found = store && look_up(store->memo, &piece, bytes, size);
  if (!store || *found) {
    return QS_OK;
  }
  *found = store->find(store->data, &piece);
  const qs_piece_place place = {bytes, 1, size, 0};
  return *found ? store->recall(store->data, context, &piece, &place) : QS_OK;
}

qs_status qs_store_put(qs_context *context, qs_digest key, uint32_t part, const void *bytes, size_t size) {
  const qs_work_store *store = context->store;
  if (!store) {
    return QS_OK;
  }
  const qs_piece_key piece = key_of(key, part);
  if (store->memo) {
    const item made = {piece, size};
    block *b = add_block(store->memo, room_of(size), false);
    if (!b) {
      return qs_fail_memory(context, "sharing what was solved");
    }
    memcpy(b->bytes, &made, sizeof made);
    memcpy(b->bytes + sizeof made, bytes, size);
  }
  const qs_piece_place place = {(char *)(uintptr_t)bytes, 1, size, 0};
  qs_status status = store->keep(store->data, context, &piece, &place);
  return status ? status : store->settle(store->data, context);
}

/* What a process says first: how it ended, and how much it has to tell. */
typedef struct word {
  uint64_t status, size;
} word;

static qs_status fail_exchange(qs_context *context) {
  return qs_fail(context, QS_ERROR_DEVICE, "what was solved could not be exchanged with the other processes");
}

static qs_status agree(qs_context *context, word *words, size_t *sizes, qs_status own) {
  const qs_work_store *store = context->store;
  for (uint32_t r = 0; r < store->ranks; r++) {
    sizes[r] = sizeof *words;
  }
  words[store->rank] = (word){.status = (uint64_t)own};
  for (const block *b = store->memo->blocks; b; b = b->next) {
    words[store->rank].size += b->told ? 0 : b->size;
  }
  if (store->gather(store->gather_data, words, sizes) != 0) {
    return own ? own : fail_exchange(context);
  }
  for (uint32_t r = 0; own == QS_OK && r < store->ranks; r++) {
    if (words[r].status != QS_OK) {
      own = qs_fail(context, words[r].status == QS_ERROR_CANCELLED ? QS_ERROR_CANCELLED : QS_ERROR_DEVICE,
                    "solving: process %u %s", r,
                    words[r].status == QS_ERROR_CANCELLED ? "was stopped" : "failed");
    }
  }
  return own;
}

qs_status qs_store_exchange(qs_context *context, qs_status own) {
  const qs_work_store *store = context->store;
  if (!store || !store->memo || !store->gather) {
    return own;
  }
  struct qs_work_memo *memo = store->memo;
  word *words = QS_NEW(memo->arena, store->ranks, word);
  size_t *sizes = QS_NEW(memo->arena, store->ranks, size_t);
  if (!words || !sizes) {
    return qs_fail_memory(context, "sharing what was solved");
  }
  qs_status status = agree(context, words, sizes, own);
  if (status) {
    return status;
  }
  size_t total = 0, at = 0;
  for (uint32_t r = 0; r < store->ranks; r++) {
    at = r == store->rank ? total : at;
    total += sizes[r] = (size_t)words[r].size;
  }
  block *untold = memo->blocks, *all = add_block(memo, total, true);
  if (!all) {
    return qs_fail_memory(context, "sharing what was solved");
  }
  for (block *b = untold; b; b = b->next) {
    if (!b->told) {
      memcpy(all->bytes + at, b->bytes, b->size);
      at += b->size;
      b->told = true;
    }
  }
  return store->gather(store->gather_data, all->bytes, sizes) == 0 ? QS_OK : fail_exchange(context);
}
