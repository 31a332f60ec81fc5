/*
 * The payoffs along paths of one underlying, and the units that value them.
 *
 * A payoff's dates are nodes of the main path (grid.h), so payoffs whose dates off the calendar's nodes
 * differ take different paths, in units of their own: no payoff's number depends on which others there are.
 */
#ifndef QS_HOST_ENGINE_PATH_SET_H
#define QS_HOST_ENGINE_PATH_SET_H

#include "host/engine/valuation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The contracts along paths of `underlying` among the contracts, each distinct payoff once and in an order
 * that depends on the payoffs alone, and for every such contract the index of its payoff in payoff_of
 * [count]. */
qs_status qs_path_set_build(qs_context *context, qs_arena *arena, const qs_contract *contracts, size_t count,
                            int underlying, qs_path_set *set, uint32_t *payoff_of);

/* The units of the set under a market; rate_add is added to the discount rate, which a rebate that is paid at
 * hit depends on. */
qs_status qs_path_units_build(qs_context *context, qs_arena *arena, const qs_underlying_market *underlying,
                              qs_time as_of, const qs_simulation *simulation, const qs_path_set *set,
                              const qs_unit_market *market, double rate_add, qs_path_units *units);

/* Room for the moments of every unit. */
qs_status qs_path_units_room(qs_context *context, qs_arena *arena, qs_path_units *units);

/* Where several processes share a run: each solves some of what is exercised early in the sets, for all.
 * Every process comes here alike, before it solves them. */
qs_status qs_path_units_solve_shared(qs_context *context, qs_devices *devices,
                                     const qs_path_units *const *sets, size_t count);

/* Gives the units the policies of what is exercised early, and fills `bounds` where there is room for them.
 */
qs_status qs_path_units_solve(qs_context *context, qs_arena *arena, qs_devices *devices,
                              qs_path_units *units);

/* Whether the bounds give all that is asked of unit k: it needs no paths. */
bool qs_path_unit_bounded(const qs_path_units *units, uint32_t k);

/* Puts the prices of the bounds in the place of those that the paths gave. */
void qs_path_units_replace(const qs_path_units *units, const qs_simulation *simulation);

/* Solves and values the units of `count` sets, one after the other; `arena` lives as long as they. */
qs_status qs_path_units_run(qs_context *context, qs_arena *arena, qs_devices *devices, const char *stage,
                            qs_path_units *sets, size_t count);

#ifdef __cplusplus
}
#endif
#endif
