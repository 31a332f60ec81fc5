/*
 * Paths as a policy's own trades move them (qs_simulate_own_impact; kernels/core/impact.h). One policy after
 * the other runs date by date: between two dates what it traded is added to M, so that its decisions, what it
 * holds, its margin, and what the position pays and is worth are at the price that it made.
 *
 * M = e^x is moved by a fraction of the forward. A trade pays (permanent + transient) u^2 / 2 F beside the
 * price before it, in the row of impact; its hedge's gain counts from that price on, so that it holds what
 * own trades made of the price. What is closed for want of margin is traded too: a date's trades move the
 * price together, by what is held after them less what was before. Where a venue fails, what is lost there is
 * not traded.
 */
#ifndef QS_HOST_SIMULATE_MOVED_H
#define QS_HOST_SIMULATE_MOVED_H

#include "host/simulate/callback.h"
#include "host/simulate/shown.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_moved_room {
  double *x;                 /* [row][path]: moved */
  double *growth;            /* [row][path]: e^x, not moved */
  double *lasting, *passing; /* [path]: what M is moved by, after the last date's trades */
  double *held;              /* [path]: of the first instrument, before a date's trades */
  double *gain;              /* [path]: of the position */
  qs_shown shown;
} qs_moved_room;

/* Room for blocks of up to `paths` paths, owned by the arena. */
qs_status qs_moved_make(qs_context *context, qs_arena *arena, const qs_shown_plan *plan, uint64_t paths,
                        qs_moved_room *room);

/* A block of paths for all policies: unit is theirs, its x not moved. */
void qs_moved_begin(const qs_context *context, const qs_simulate_problem *problem,
                    const qs_rebalance_unit *unit, const qs_moved_room *room);

/* One policy on the block: the unit's is it alone; rows are its own, room->gain gets the position's gain.
 * QS_ERROR_INPUT where it moves a price to less than half of it, or more than twice. */
qs_status qs_moved_run(qs_context *context, const qs_simulate_paths *paths, const qs_shown_plan *plan,
                       const qs_simulate_policy *policy, const qs_rebalance_unit *unit, uint64_t first_path,
                       const qs_callback_room *asked, const qs_moved_room *room, double *rows);

#ifdef __cplusplus
}
#endif
#endif
