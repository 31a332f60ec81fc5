/* A caller's own policy: the rebalancing unit runs to one date after the other, and in between the caller is
 * asked what to hold (qs_policy_function in quickset/simulate.h). */
#ifndef QS_HOST_SIMULATE_CALLBACK_H
#define QS_HOST_SIMULATE_CALLBACK_H

#include "host/simulate/run.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a block of paths needs beside its states; null without a caller's own policy. */
typedef struct qs_callback_room {
  double *given;                /* [instrument][date_count - 1][path] */
  double *spot;                 /* [path] */
  double *holding;              /* [instrument][path] */
  double *target;               /* [instrument][path] */
  double *price;                /* [instrument][path] */
  const qs_state_table *quotes; /* [option][date] of M at decisions; null: prices of options are not shown */
} qs_callback_room;

/* Room for blocks of up to `paths` paths, owned by the arena. */
qs_status qs_callback_room_make(qs_context *context, qs_arena *arena, const qs_rebalance_unit *unit,
                                const qs_simulate_policy *policies, uint64_t paths, qs_callback_room *room);

/* Runs all policies of the unit on the block that its states are of; first_path is the number of its first
 * path. rows as of a rebalancing unit. */
qs_status qs_callback_rebalance(qs_context *context, const qs_simulate_paths *paths,
                                const qs_simulate_policy *policies, const qs_rebalance_unit *unit,
                                uint64_t first_path, const qs_callback_room *room, double *rows);

/* The same of the unit's first policy alone, at one date; rows are that policy's. Dates come in order. */
qs_status qs_callback_date(qs_context *context, const qs_simulate_paths *paths,
                           const qs_simulate_policy *policy, const qs_rebalance_unit *unit, uint32_t date,
                           uint64_t first_path, const qs_callback_room *room, double *rows);

#ifdef __cplusplus
}
#endif
#endif
