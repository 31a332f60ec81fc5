/* An order that several processes share: each computes a range of every task's items, and gets the others'.
 */
#include <string.h>

#include "host/engine/work_queue.h"

/* The share of a rank in task number `index`: of few items the ranks get one in turn. */
static work_task share_of(const work_task *task, size_t index, uint32_t rank, uint32_t ranks) {
  const uint64_t items = task->end - task->begin, turn = (rank + index) % ranks;
  work_task share = *task;
  share.begin = task->begin + items * turn / ranks;
  share.end = task->begin + items * (turn + 1) / ranks;
  return share;
}

qs_status qs_work_deal(qs_context *context, qs_arena *arena, size_t spare, work_left *left,
                       work_left *whole) {
  const qs_work_store *store = context->store;
  *whole = *left;
  if (store->ranks < 2) {
    return QS_OK;
  }
  left->tasks = QS_NEW(arena, left->count + spare, work_task);
  left->count = 0;
  if (!left->tasks) {
    return qs_fail_memory(context, "sharing the work");
  }
  for (size_t i = 0; i < whole->count; i++) {
    const work_task share = share_of(&whole->tasks[i], i, store->rank, store->ranks);
    if (share.begin < share.end) {
      left->tasks[left->count++] = share;
    }
    context->tally.elsewhere +=
        store->gather ? 0 : whole->tasks[i].end - whole->tasks[i].begin - (share.end - share.begin);
  }
  return QS_OK;
}

/* What a process says of itself before results are exchanged. */
typedef struct word {
  qs_digest plan; /* of what is left of the order: all must see the same */
  uint64_t status;
} word;

static qs_status fail_exchange(qs_context *context, const char *stage) {
  return qs_fail(context, QS_ERROR_DEVICE, "%s: results could not be exchanged with the other processes",
                 stage);
}

/* Exchanges the words; what the order comes to for all. */
static qs_status agree(qs_context *context, qs_arena *arena, const work_order *order, const work_left *whole,
                       qs_status own) {
  const qs_work_store *store = context->store;
  word *words = QS_NEW(arena, store->ranks, word);
  size_t *sizes = QS_NEW(arena, store->ranks, size_t);
  if (!words || !sizes) {
    return qs_fail_memory(context, "sharing the work"); /* the others cannot be told: the caller ends them */
  }
  qs_digester d = {0};
  for (size_t i = 0; i < whole->count; i++) {
    const work_task *task = &whole->tasks[i];
    const uint64_t numbers[] = {task->payoff_begin, task->payoff_count, task->begin, task->end};
    qs_digest_add(&d, &order->keys[task->unit], sizeof *order->keys);
    qs_digest_add(&d, numbers, sizeof numbers);
  }
  for (uint32_t r = 0; r < store->ranks; r++) {
    sizes[r] = sizeof *words;
  }
  words[store->rank] = (word){qs_digest_end(&d), (uint64_t)own};
  if (store->gather(store->gather_data, words, sizes) != 0) {
    return own ? own : fail_exchange(context, order->stage);
  }
  for (uint32_t r = 0; own == QS_OK && r < store->ranks; r++) {
    if (words[r].status == QS_ERROR_CANCELLED) {
      own = qs_fail(context, QS_ERROR_CANCELLED, "%s: process %u was stopped", order->stage, r);
    } else if (words[r].status != QS_OK) {
      own = qs_fail(context, QS_ERROR_DEVICE, "%s: process %u failed", order->stage, r);
    } else if (!qs_digest_equal(words[r].plan, words[store->rank].plan)) {
      own = qs_fail(context, QS_ERROR_DEVICE,
                    "%s: process %u does other work: it has other inputs, another version or other journals",
                    order->stage, r);
    }
  }
  return own;
}

static void copy_rows(const qs_piece_place *place, char *bytes, bool out) {
  for (size_t i = 0; i < place->rows; i++) {
    char *row = place->first + i * place->stride, *packed = bytes + i * place->row_bytes;
    memcpy(out ? packed : row, out ? row : packed, place->row_bytes);
  }
}

/* Walks over the shares of a rank: their size in all; packs them from their places, or unpacks them to these.
 */
typedef enum walk { MEASURE, PACK, UNPACK } walk;

static size_t walk_shares(const qs_work_store *store, const work_order *order, const work_left *whole,
                          uint32_t rank, walk what, char *bytes) {
  size_t size = 0;
  for (size_t i = 0; i < whole->count; i++) {
    const work_task share = share_of(&whole->tasks[i], i, rank, store->ranks);
    if (share.begin < share.end) {
      qs_piece_place place;
      order->place(order->data, &share, &place);
      if (what != MEASURE) {
        copy_rows(&place, bytes + size, what == PACK);
      }
      size += place.rows * place.row_bytes;
    }
  }
  return size;
}

static qs_status exchange(qs_context *context, qs_arena *arena, const work_order *order,
                          const work_left *whole) {
  const qs_work_store *store = context->store;
  size_t *sizes = QS_NEW(arena, store->ranks, size_t), total = 0, own = 0;
  for (uint32_t r = 0; sizes && r < store->ranks; r++) {
    own = r == store->rank ? total : own;
    total += sizes[r] = walk_shares(store, order, whole, r, MEASURE, NULL);
  }
  char *bytes = sizes ? qs_arena_alloc(arena, total, 1) : NULL;
  if (!bytes) {
    return qs_fail_memory(context, "sharing the work");
  }
  walk_shares(store, order, whole, store->rank, PACK, bytes + own);
  if (store->gather(store->gather_data, bytes, sizes) != 0) {
    return fail_exchange(context, order->stage);
  }
  char *from = bytes;
  for (uint32_t r = 0; r < store->ranks; from += sizes[r], r++) {
    if (r != store->rank) {
      walk_shares(store, order, whole, r, UNPACK, from);
    }
  }
  return QS_OK;
}

qs_status qs_work_gather(qs_context *context, qs_arena *arena, const work_order *order,
                         const work_left *whole, qs_status own) {
  if (context->store->ranks < 2 || !context->store->gather) {
    return own;
  }
  qs_status status = agree(context, arena, order, whole, own);
  return status ? status : exchange(context, arena, order, whole);
}
