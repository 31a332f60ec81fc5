/*
 * What a valuation simulates, in portions whose moments are few enough to stand in memory together.
 *
 * A job is a unit with its control variates (controls.h). Its payoffs are cut into portions, each a unit of
 * its own with the controls that its payoffs have, and portions are simulated wave by wave: so the memory
 * that simulation takes does not grow with the book. With pseudo-random paths no payoff's number depends on
 * the cut. (With Sobol points it may, within its error, where some of a job's payoffs need the price's own
 * noise and others do not; the cut itself depends on the book and the paths alone.)
 */
#ifndef QS_HOST_ENGINE_PORTIONS_H
#define QS_HOST_ENGINE_PORTIONS_H

#include "host/engine/controls.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_job {
  /* One of them, the others without payoffs; with controls. */
  qs_value_unit value;
  qs_path_unit path;
  qs_joint_unit joint;
  qs_controls controls;
  qs_moment *moments;  /* [batch][payoff][quantity]: the job's results, corrected */
  qs_control_use *use; /* [payoff]; null: not asked */
} qs_job;

/* For controls: none, each payoff alone. */
qs_status qs_controls_none(qs_context *context, qs_arena *arena, uint32_t count, uint32_t quantities,
                           qs_controls *controls);

typedef struct qs_portions qs_portions;

/* Cuts the jobs, which are borrowed. The arena keeps what has to live from round to round: with
 * simulation->target, the moments of all portions where they fit into one wave. */
qs_status qs_portions_cut(qs_context *context, qs_arena *arena, const qs_job *jobs, size_t count,
                          const qs_simulation *simulation, qs_portions **portions);

/* Round 0 simulates the paths of the simulation, each later one as many as all before it. Fills every job's
 * moments and use from all rounds up to this one. Rounds before it are simulated again where their moments
 * were not kept. */
qs_status qs_portions_round(qs_portions *portions, qs_devices *devices, uint32_t round);

#ifdef __cplusplus
}
#endif
#endif
