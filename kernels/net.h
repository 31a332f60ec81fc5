/* Making a Sobol net for the paths of a plan (kernels/core/net.h). */
#ifndef QS_KERNELS_NET_H
#define QS_KERNELS_NET_H

#include <stdbool.h>

#include "kernels/core/net.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* points[count] of the Brownian bridge over times[count], ascending from after 0, by rank. */
void qs_bridge_build(const double *times, uint32_t count, qs_bridge_point *points);

/* The net of a plan whose law is m; `noise`: the price's own noise is drawn too, as path units do. In one
 * piece of memory, freed by free(); null when there is none. */
qs_net *qs_net_create(const qs_path_plan *plan, const qs_dynamics *m, bool noise);

/* The nets of several underlyings whose steps are the first `steps` of plans[count] (one grid), for all of
 * their sources and the price's noise: nets[count], in one piece of memory, freed by free(); null when there
 * is none. The price and, with `variances`, the variance are those of a stream, jumps the underlying's own;
 * with two underlyings and more their sizes too. */
qs_net *qs_nets_create(const qs_path_plan *const *plans, const qs_dynamics *const *m, uint32_t count,
                       uint32_t steps, bool variances);

/* How many steps of a plan have draws: the main steps, and a side step after the last of them. */
uint32_t qs_net_steps(const qs_path_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
