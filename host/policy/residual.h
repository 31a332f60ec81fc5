/*
 * What the locally optimal holding leaves of one period: Var(V' - xi G e^x' | state), V' the position's value
 * at the next date, with what expires then.
 *
 * Where nothing expires V' is smooth, and the law's operator on the nodes takes the mean. What expires has
 * kinks, and is averaged over the law's points, which are dense there. Where two strikes lie nearer than the
 * payoff's table can tell, as in the spread of calls that stands for a digital, it all but jumps; points then
 * err by half of what one of them weighs. There the payoff is taken as it is, a + b e^x between strikes, and
 * the integral is cut at those strikes: by Gauss and Legendre's rule over the normals that a random
 * variance's law consists of, or, where the variance is constant, in the cells between points that hold a
 * jump.
 */
#ifndef QS_HOST_POLICY_RESIDUAL_H
#define QS_HOST_POLICY_RESIDUAL_H

#include "host/policy/frictionless.h"

#ifdef __cplusplus
extern "C" {
#endif

/* residual[y][x] of the period from date n, by the ground's ratios and laws alone. QS_ERROR_MEMORY, without a
 * message. Bits do not depend on context->threads. */
qs_status qs_policy_residual(qs_context *context, const qs_policy_ground *ground, size_t n, double *residual);

#ifdef __cplusplus
}
#endif
#endif
