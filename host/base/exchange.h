/*
 * Numbers that the processes of a team compute in parts and then all have: rows of items, of which each
 * process has filled its range. For what has a number for every path or state, which no journal keeps.
 *
 * Every process comes to each exchange alike, in the same sequence and with the same sizes; what is exchanged
 * must not depend on which process computed it.
 */
#ifndef QS_HOST_BASE_EXCHANGE_H
#define QS_HOST_BASE_EXCHANGE_H

#include "host/base/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The team of a context (qs_context.exchange; null: this process is alone); gather as in quickset/team.h. */
typedef struct qs_exchange {
  uint32_t rank, ranks;
  int (*gather)(void *data, void *bytes, const size_t *sizes);
  void *data;
} qs_exchange;

/* `rows` rows of `items` items of `item_bytes` bytes, each row `stride` bytes after the one before. */
typedef struct qs_exchange_rows {
  void *first;
  size_t rows, stride, item_bytes;
  uint64_t items;
} qs_exchange_rows;

/* The items [*begin, *end) that this process computes: all of them where it is alone. */
void qs_exchange_range(const qs_context *context, uint64_t items, uint64_t *begin, uint64_t *end);

/* Tells the others how this process's part ended, and then each gets the others' items of all in the list;
 * `stage` is for messages. Where parts have failed or were stopped, every process gets the first one's status
 * and message; QS_ERROR_DEVICE when another comes with something else. Takes 64 MiB at most, beside a row.
 * Alone it does nothing. */
qs_status qs_exchange_all(qs_context *context, const char *stage, const qs_exchange_rows *list, size_t count,
                          qs_status own);

#ifdef __cplusplus
}
#endif
#endif
