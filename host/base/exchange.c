#include "host/base/exchange.h"

#include <string.h>

#include "host/base/arena.h"
#include "host/base/digest.h"

static const size_t most_bytes = (size_t)64 << 20; /* in one message of all, unless a row has more */

static uint64_t range_begin(uint64_t items, uint32_t rank, uint32_t ranks) {
  return items / ranks * rank + items % ranks * rank / ranks;
}

void qs_exchange_range(const qs_context *context, uint64_t items, uint64_t *begin, uint64_t *end) {
  const qs_exchange *team = context->exchange;
  *begin = team ? range_begin(items, team->rank, team->ranks) : 0;
  *end = team ? range_begin(items, team->rank + 1, team->ranks) : items;
}

/* What a process says first: how it fared, and what it wants to exchange. */
typedef struct word {
  uint64_t status, what;
} word;

/* A message: room for the most that the list needs at once. */
typedef struct message {
  char *bytes;
  size_t *sizes; /* [ranks] */
  word *words;   /* [ranks] */
} message;

static size_t rows_at_once(const qs_exchange_rows *r) {
  const size_t row = (size_t)r->items * r->item_bytes, rows = row ? most_bytes / row : r->rows;
  return rows < 1 ? 1 : rows > r->rows ? r->rows : rows;
}

static bool make_message(qs_arena *arena, const qs_exchange *team, const qs_exchange_rows *list, size_t count,
                         message *m) {
  size_t most = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t bytes = rows_at_once(&list[i]) * (size_t)list[i].items * list[i].item_bytes;
    most = bytes > most ? bytes : most;
  }
  m->bytes = arena ? QS_NEW(arena, most, char) : NULL;
  m->sizes = m->bytes ? QS_NEW(arena, team->ranks, size_t) : NULL;
  m->words = m->sizes ? QS_NEW(arena, team->ranks, word) : NULL;
  return m->words != NULL;
}

static uint64_t digest_of(const char *stage, const qs_exchange_rows *list, size_t count) {
  qs_digester d = {0};
  qs_digest_add(&d, stage, strlen(stage));
  for (size_t i = 0; i < count; i++) {
    const uint64_t shape[] = {list[i].rows, list[i].item_bytes, list[i].items};
    qs_digest_add(&d, shape, sizeof shape);
  }
  return qs_digest_end(&d).word[0];
}

/* Process r's failure, the first one's of all, becomes that of each, so that all end alike. */
static qs_status tell_failure(qs_context *context, const char *stage, const message *m, uint32_t r) {
  const qs_exchange *team = context->exchange;
  const qs_status status = (qs_status)m->words[r].status;
  char text[QS_MESSAGE_SIZE] = "";
  memcpy(text, context->message, sizeof text);
  for (uint32_t i = 0; i < team->ranks; i++) {
    m->sizes[i] = i == r ? sizeof text : 0;
  }
  if (team->gather(team->data, text, m->sizes) != 0) {
    return qs_fail(context, status, "%s: process %u failed", stage, r);
  }
  return qs_fail(context, status, "%s", text);
}

/* How all of them have fared. */
static qs_status agree(qs_context *context, const char *stage, const message *m, uint64_t what,
                       qs_status own) {
  const qs_exchange *team = context->exchange;
  for (uint32_t r = 0; r < team->ranks; r++) {
    m->sizes[r] = sizeof *m->words;
  }
  m->words[team->rank] = (word){(uint64_t)own, what};
  if (team->gather(team->data, m->words, m->sizes) != 0) {
    return own ? own
               : qs_fail(context, QS_ERROR_DEVICE,
                         "%s: numbers could not be exchanged with the other processes", stage);
  }
  for (uint32_t r = 0; r < team->ranks; r++) {
    if (m->words[r].status != QS_OK) {
      return tell_failure(context, stage, m, r);
    }
  }
  for (uint32_t r = 0; own == QS_OK && r < team->ranks; r++) {
    if (m->words[r].what != what) {
      own = qs_fail(context, QS_ERROR_DEVICE,
                    "%s: process %u does other work: it has other inputs, another version or other journals",
                    stage, r);
    }
  }
  return own;
}

/* To (true) or from the message: the rank's range of so many rows, at `at`. */
static void carry(const qs_exchange_rows *r, size_t begin_row, size_t rows, uint64_t begin, uint64_t end,
                  char *at, bool out) {
  const size_t bytes = (size_t)(end - begin) * r->item_bytes;
  for (size_t i = 0; bytes && i < rows; i++) { /* what is empty may be null */
    char *place = (char *)r->first + (begin_row + i) * r->stride + (size_t)begin * r->item_bytes;
    memcpy(out ? at : place, out ? place : at, bytes);
    at += bytes;
  }
}

static qs_status exchange_rows(const qs_exchange *team, const qs_exchange_rows *r, const message *m) {
  const size_t most = rows_at_once(r);
  for (size_t row = 0; row < r->rows; row += most) {
    const size_t rows = r->rows - row < most ? r->rows - row : most;
    char *at = m->bytes;
    for (uint32_t rank = 0; rank < team->ranks; rank++) {
      const uint64_t begin = range_begin(r->items, rank, team->ranks),
                     end = range_begin(r->items, rank + 1, team->ranks);
      m->sizes[rank] = rows * (size_t)(end - begin) * r->item_bytes;
      if (rank == team->rank) {
        carry(r, row, rows, begin, end, at, true);
      }
      at += m->sizes[rank];
    }
    if (team->gather(team->data, m->bytes, m->sizes) != 0) {
      return QS_ERROR_DEVICE;
    }
    at = m->bytes;
    for (uint32_t rank = 0; rank < team->ranks; at += m->sizes[rank], rank++) {
      if (rank != team->rank) {
        carry(r, row, rows, range_begin(r->items, rank, team->ranks),
              range_begin(r->items, rank + 1, team->ranks), at, false);
      }
    }
  }
  return QS_OK;
}

qs_status qs_exchange_all(qs_context *context, const char *stage, const qs_exchange_rows *list, size_t count,
                          qs_status own) {
  const qs_exchange *team = context->exchange;
  if (!team) {
    return own;
  }
  qs_arena *arena = qs_arena_create(context);
  message m = {0};
  if (!make_message(arena, team, list, count, &m)) {
    qs_arena_destroy(arena);
    return qs_fail_memory(context, "sharing the work"); /* the others cannot be told: the caller ends them */
  }
  qs_status status = agree(context, stage, &m, digest_of(stage, list, count), own);
  for (size_t i = 0; status == QS_OK && i < count; i++) {
    status = exchange_rows(team, &list[i], &m);
    if (status) {
      status = qs_fail(context, status, "%s: numbers could not be exchanged with the other processes", stage);
    }
  }
  qs_arena_destroy(arena);
  return status;
}
