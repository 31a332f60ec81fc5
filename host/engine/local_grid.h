/*
 * The time grid of paths under a leverage function, and the function as their unit takes it: the steps that
 * it was fitted on, so that what it was fitted for holds on the paths to the bit of the scheme.
 */
#ifndef QS_HOST_ENGINE_LOCAL_GRID_H
#define QS_HOST_ENGINE_LOCAL_GRID_H

#include "host/engine/grid.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the leverage's steps end: nodes[count], ascending, after `origin`, up to the first one after `last`.
 */
qs_status qs_local_grid_nodes(qs_context *context, qs_arena *arena, const qs_leverage *leverage,
                              qs_time origin, qs_time last, const qs_time **nodes, size_t *count);

/* As qs_grid_build_through, from `origin` on, which is the leverage's as_of or later. */
qs_status qs_local_grid_build(qs_context *context, qs_arena *arena, const qs_leverage *leverage,
                              qs_time origin, const qs_time *times, const bool *through, size_t count,
                              qs_grid *grid);

/* The leverage of a unit with this grid. `carry_add` is added to the growth rate of the market's forward
 * curve, whose times are the unit's, from `origin` on; L is held as a function of the spot. */
qs_status qs_local_grid_leverage(qs_context *context, qs_arena *arena, const qs_leverage *leverage,
                                 const qs_curve *curve, double carry_add, qs_time origin, const qs_grid *grid,
                                 const qs_path_leverage **unit);

#ifdef __cplusplus
}
#endif
#endif
