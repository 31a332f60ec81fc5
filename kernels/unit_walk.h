/*
 * One walk over all that a unit of work says, for those who digest it (host/engine/unit_key.h), carry it to
 * another process (host/engine/unit_wire.h) or to a device's memory (kernels/cuda/carry.h).
 *
 * Whoever adds a member to a unit, or to what a unit points to, adds it to the walk in unit_walk.c, after the
 * counts that its size depends on, and then corrects the size that is asserted there. What the walk does not
 * name is 0 in another process, and on a device leads to the host. Members of qs_trade_cost, qs_step,
 * qs_script_code and other structures without pointers go along as they are.
 */
#ifndef QS_KERNELS_UNIT_WALK_H
#define QS_KERNELS_UNIT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds, as numbers that digests and messages begin with. */
typedef enum qs_unit_kind {
  QS_UNIT_VALUE = 1,
  QS_UNIT_PATH = 2,
  QS_UNIT_JOINT = 3,
  QS_UNIT_HORIZON = 4,
  QS_UNIT_REBALANCE = 5,
  QS_UNIT_REGRESSION = 6
} qs_unit_kind;

/* Blocks of `count` rows of a number for every path; of each, the rows [begin, end) matter to the dates that
 * are run. */
typedef struct qs_unit_rows {
  size_t blocks, count, begin, end;
} qs_unit_rows;

/* What is done at each stop. `place` is the address of a pointer, of whatever type; a walker that reads sets
 * it, the others change nothing of the unit. */
typedef struct qs_unit_walker {
  void *data;
  /* A member of `size` bytes. */
  void (*value)(void *data, void *member, size_t size);
  /* An array of `count` elements of `size` bytes without pointers; null is allowed. */
  void (*array)(void *data, void *place, size_t count, size_t size);
  /* An array of structures whose members are walked next; null is allowed. True when they are there. */
  bool (*structures)(void *data, void *place, size_t count, size_t size);
  /* Rows of a number for every path; null is allowed. */
  void (*rows)(void *data, void *place, const qs_unit_rows *rows);
  bool ranges; /* which batches, paths and dates are run goes along */
} qs_unit_walker;

/* Walks the unit of that kind. */
void qs_unit_walk(const qs_unit_walker *walker, qs_unit_kind kind, void *unit);

#ifdef __cplusplus
}
#endif
#endif
