/*
 * The scheduler: shares value, path, joint, horizon, rebalancing and regression units over every device of a
 * set.
 *
 * Units are cut along batches (and along payoffs, where one batch's results would be too large to copy), each
 * device pulls a piece when it is free, and every piece has its fixed place in the result. So the bits are
 * the same for any number and kind of devices. A device that fails gives its piece back and gets no more
 * work; the run goes on with the others.
 *
 * A context's store (work_store.h) is asked for results of value, path and joint units before they are
 * computed, and told of them after. The others yield numbers for every path, or parts of
 * a policy that is kept as a whole, which are cheaper to compute again than to keep.
 *
 * With one device everything runs on the calling thread; else there is one thread a device, and the calling
 * thread reports progress (qs_progress, in path-steps) and watches for cancellation.
 */
#ifndef QS_HOST_ENGINE_SCHEDULER_H
#define QS_HOST_ENGINE_SCHEDULER_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/context.h"
#include "host/engine/backends.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How finely to cut, for tests of the bits; 0 leaves the choice to the scheduler. */
typedef struct qs_cut {
  uint32_t batches; /* most batches in a piece of a value or path unit */
  uint32_t payoffs; /* most payoffs in it */
  uint64_t leaves;  /* most leaves of QS_LEAF_PATHS paths in a piece of a horizon or rebalancing unit, or
                       chunks  of a regression's */
} qs_cut;

/* Number of moments that the unit yields: batches x shifts x payoffs x quantities. */
size_t qs_value_unit_moments(const qs_value_unit *unit);

/*
 * Values units[0 .. count); moments[i] has room for qs_value_unit_moments(&units[i]) and is laid out as
 * plan.h says. `stage` is a static string for qs_progress; `cut` may be null. Units with nothing to do are
 * allowed. Errors: QS_ERROR_CANCELLED; QS_ERROR_DEVICE or QS_ERROR_MEMORY when no device is left (the message
 * gives each one's reason); what a backend says of a unit that makes no sense. The moments are then
 * undefined: a result is whole or none.
 */
qs_status qs_schedule_value(qs_context *context, qs_devices *devices, const char *stage,
                            const qs_value_unit *units, size_t count, const qs_cut *cut,
                            qs_moment *const *moments);

/* As the two above, for payoffs along paths. Devices whose backend takes none get no piece; where there is no
 * other, QS_ERROR_DEVICE names them. */
size_t qs_path_unit_moments(const qs_path_unit *unit);
qs_status qs_schedule_path(qs_context *context, qs_devices *devices, const char *stage,
                           const qs_path_unit *units, size_t count, const qs_cut *cut,
                           qs_moment *const *moments);

/* As qs_schedule_path, for formulas over several underlyings. */
size_t qs_joint_unit_moments(const qs_joint_unit *unit);
qs_status qs_schedule_joint(qs_context *context, qs_devices *devices, const char *stage,
                            const qs_joint_unit *units, size_t count, const qs_cut *cut,
                            qs_moment *const *moments);

/* Simulates units[0 .. count); x[i] and v[i] have room for dates x paths of units[i]. Otherwise as
 * qs_schedule_value. */
qs_status qs_schedule_horizon(qs_context *context, qs_devices *devices, const char *stage,
                              const qs_horizon_unit *units, size_t count, const qs_cut *cut, double *const *x,
                              double *const *v);

/* The same where every process of a team comes with the same units (host/base/exchange.h): each simulates
 * its range of every unit's paths and gets the others'. */
qs_status qs_schedule_horizon_shared(qs_context *context, qs_devices *devices, const char *stage,
                                     const qs_horizon_unit *units, size_t count, double *const *x,
                                     double *const *v);

/* Runs the unit's paths over the devices that take such units; rows as in qs_rebalance_unit. Else as
 * qs_schedule_path. */
qs_status qs_schedule_rebalance(qs_context *context, qs_devices *devices, const char *stage,
                                const qs_rebalance_unit *unit, const qs_cut *cut, double *rows);

/* Runs the unit over the devices that take such units, cut at whole chunks; result as in qs_regression_unit.
 * Every process of a team comes with the same unit: each runs its range of chunks and gets the others'. Else
 * as qs_schedule_path. */
qs_status qs_schedule_regression(qs_context *context, qs_devices *devices, const char *stage,
                                 const qs_regression_unit *unit, const qs_cut *cut, double *result);

#ifdef __cplusplus
}
#endif
#endif
