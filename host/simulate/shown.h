/*
 * What a block of paths is, date by date, to those who hedge on it: the price that decisions see, what the
 * position has gained to its venue, what options that hedge are worth, and at what margin takes the hedge.
 */
#ifndef QS_HOST_SIMULATE_SHOWN_H
#define QS_HOST_SIMULATE_SHOWN_H

#include "host/simulate/mark.h"
#include "host/simulate/regress_features.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of a block of `stride` paths; null where there is no such thing. */
typedef struct qs_shown {
  double *seen;         /* [date][stride]: x as decisions see it; null: the index is the price */
  double *position;     /* [date][stride]: what the position has gained; null: no margin */
  double *value;        /* [option][date][stride]: M of what hedges after the first */
  uint64_t first;       /* number of the block's first path */
  qs_path_seen *passed; /* [stride]: what paths have seen; null: no margin, or nothing lies along them */
  double *marked;       /* [instrument][date][stride]: M as margin sees it; null: M, or no margin */
} qs_shown;

/* What it is made by. */
typedef struct qs_shown_plan {
  const qs_simulate_problem *problem;
  const qs_claim *claim;
  const qs_simulate_mark *marks; /* null: no margin */
  const qs_state_table *options; /* [option][date] at the fills; null: none */
  const qs_state_table *slices;  /* [part][option][date] of orders; null: they have one part */
} qs_shown_plan;

/* Room for `paths` paths, owned by the arena. */
qs_status qs_shown_make(qs_context *context, qs_arena *arena, const qs_shown_plan *plan, uint64_t paths,
                        qs_shown *shown);

/* One date of the paths [from, from + count) of a block, whose states are x[row * stride + i], v likewise. */
void qs_shown_date(const qs_shown_plan *plan, const qs_shown *shown, size_t date, const double *x,
                   const double *v, uint64_t stride, uint64_t from, uint64_t count);

/* At the unwind the position has gained what it is said to, on every path of the block: gain[stride]. */
void qs_shown_settle(const qs_shown_plan *plan, const qs_shown *shown, const double *gain, uint64_t stride);

/* M of the underlying, e^x as the rebalancing has it. */
void qs_shown_growth(const double *x, uint64_t count, double *growth);

/* Lets a unit of `stride` paths read them; instruments[instrument_count] is the unit's own. */
void qs_shown_read(const qs_shown_plan *plan, const qs_shown *shown, uint64_t stride,
                   qs_rebalance_instrument *instruments, qs_rebalance_unit *unit);

#ifdef __cplusplus
}
#endif
#endif
