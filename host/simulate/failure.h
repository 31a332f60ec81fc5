/*
 * Venues that fail along paths (qs_simulate_venue): each at a time of its own, exponential at its hazard
 * rate, drawn by path and venue's name.
 *
 * Hedge and account lie at the venues that are left in proportion to their shares. At the first fill at or
 * after a venue's failure what lay there of the hedge is gone, and of the account the part `loss`; the rest
 * is brought to the others, and the policy trades what it wants anew, at their costs.
 */
#ifndef QS_HOST_SIMULATE_FAILURE_H
#define QS_HOST_SIMULATE_FAILURE_H

#include "host/simulate/problem.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_failures qs_failures;

/* Whether a venue may fail, or limits what lies there. */
bool qs_failures_possible(const qs_simulate_spec *spec);

/* Null where none does. Owned by the arena. */
qs_status qs_failures_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                           const qs_failures **failures);

/* Of a block of paths: what a unit is told (qs_rebalance_failure has each one's meaning), and whether one
 * failed. */
typedef struct qs_failure_rows {
  double *kept, *lost, *room; /* [date][stride] */
  double *closed;             /* [venue][stride] */
  double *failed;             /* [stride]: 1 or 0 */
} qs_failure_rows;

/* Room for `paths` paths, owned by the arena. */
qs_status qs_failures_rows(qs_context *context, qs_arena *arena, const qs_failures *failures, uint64_t paths,
                           qs_failure_rows *rows);

/* The paths [from, from + count) of a block that begins at path `begin`. */
void qs_failures_run(const qs_failures *failures, uint64_t begin, uint64_t stride, uint64_t from,
                     uint64_t count, const qs_failure_rows *rows);

#ifdef __cplusplus
}
#endif
#endif
