/*
 * What the value of a formula over several underlyings does where their correlations move: from the
 * derivatives that a joint unit yields (kernels/plan.h) to those of the correlations that are given, with
 * what is not given following (host/market/pairs.h).
 */
#ifndef QS_HOST_ENGINE_JOINT_CORRELATION_H
#define QS_HOST_ENGINE_JOINT_CORRELATION_H

#include "host/engine/joint_set.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The plan's regression (joint_set.h). QS_ERROR_MEMORY leaves it null. */
qs_status qs_joint_regression(qs_context *context, qs_arena *arena, const qs_joint_drivers *joint,
                              const double **regression);

/* d value / d drawn of a pair, by what its paths are drawn from (QS_DRAWN_*), from the means of all of the
 * unit's quantities of one formula in one batch. */
void qs_joint_drawn_slopes(const qs_joint_plan *plan, const qs_moment *row, uint32_t a, uint32_t b,
                           double slopes[QS_DRAWN_COUNT]);

/* d drawn / d given of the pair's correlations QS_PAIR_*, as qs_pair_slopes. */
void qs_joint_given_slopes(const qs_market *market, const qs_joint_terms *terms, const qs_drivers *drivers,
                           uint32_t a, uint32_t b, double slopes[QS_DRAWN_COUNT][QS_PAIR_COUNT]);

/* What moves with rho of an asset where the given correlations are held, for one batch: to be added to the
 * derivative with the drawn ones held. */
double qs_joint_rho_slope(const qs_market *market, const qs_joint_terms *terms, const qs_joint_plan *plan,
                          const qs_moment *row, uint32_t asset);

#ifdef __cplusplus
}
#endif
#endif
