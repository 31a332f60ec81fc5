#include "host/engine/work_store.h"

#include "host/engine/work_queue.h"

static qs_piece_key key_of(const work_order *order, const work_task *piece) {
  return (qs_piece_key){order->keys[piece->unit], piece->payoff_begin, piece->payoff_count, piece->begin,
                        piece->end};
}

/* The next piece of the task that the store has, from the item `from` on. */
static bool find_next(const qs_work_store *store, const work_order *order, const work_task *task,
                      uint64_t from, work_task *piece) {
  *piece = *task;
  piece->begin = from;
  qs_piece_key key = key_of(order, piece);
  if (from >= task->end || !store->find(store->data, &key)) {
    return false;
  }
  piece->begin = key.begin;
  piece->end = key.end;
  return true;
}

/* Tasks that are left of the task when the store's pieces are taken out; into `left` where that is not null.
 */
static size_t cut_out(const qs_work_store *store, const work_order *order, const work_task *task,
                      work_task *left) {
  size_t count = 0;
  work_task piece = {.end = task->begin};
  for (uint64_t from = task->begin; from < task->end; from = piece.end) {
    const bool found = find_next(store, order, task, from, &piece);
    piece.end = found ? piece.end : task->end;
    const uint64_t until = found ? piece.begin : task->end;
    if (from < until && left) {
      left[count] = *task;
      left[count].begin = from;
      left[count].end = until;
    }
    count += from < until;
  }
  return count;
}

static qs_status recall_task(qs_context *context, const work_order *order, const work_task *task,
                             uint64_t *steps) {
  const qs_work_store *store = context->store;
  work_task piece = {.end = task->begin};
  qs_status status = QS_OK;
  while (status == QS_OK && find_next(store, order, task, piece.end, &piece)) {
    const qs_piece_key key = key_of(order, &piece);
    qs_piece_place place;
    order->place(order->data, &piece, &place);
    status = store->recall(store->data, context, &key, &place);
    *steps += (piece.end - piece.begin) * task->path_steps;
  }
  return status;
}

qs_status qs_work_recall(qs_context *context, qs_arena *arena, const work_order *order, size_t spare,
                         work_left *left) {
  size_t count = 0;
  for (size_t i = 0; i < order->task_count; i++) {
    count += cut_out(context->store, order, &order->tasks[i], NULL);
  }
  work_task *tasks = QS_NEW(arena, count + spare, work_task);
  if (!tasks) {
    return qs_fail_memory(context, "recalling finished work");
  }
  *left = (work_left){.tasks = tasks};
  qs_status status = QS_OK;
  for (size_t i = 0; status == QS_OK && i < order->task_count; i++) {
    left->count += cut_out(context->store, order, &order->tasks[i], tasks + left->count);
    status = recall_task(context, order, &order->tasks[i], &left->recalled);
  }
  return status;
}

qs_status qs_work_keep(qs_context *context, const work_order *order, const work_task *pieces, size_t count) {
  const qs_work_store *store = context->store;
  qs_status status = QS_OK;
  for (size_t i = 0; status == QS_OK && i < count; i++) {
    const qs_piece_key key = key_of(order, &pieces[i]);
    qs_piece_place place;
    order->place(order->data, &pieces[i], &place);
    status = store->keep(store->data, context, &key, &place);
  }
  return status;
}
