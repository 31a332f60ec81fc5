/*
 * The frictionless minimum J0: the least variance of the position's value and the gains of trading on the
 * dates, with no cost. Where the underlying's gains are martingale differences (no drift) the locally optimal
 * ratios attain it, and
 *
 *   J0 = sum over dates of E[ Var(V' - xi G e^x' | state) ].
 *
 * With independent returns there is a closed form (Hubalek, Kallsen, Krawczyk 2006, theorem 2.1): V' is a
 * mixture of exponentials of x', whose covariances are products of moments of the return.
 */
#ifndef QS_HOST_POLICY_FRICTIONLESS_H
#define QS_HOST_POLICY_FRICTIONLESS_H

#include "host/policy/law.h"
#include "host/policy/ratios.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A problem with everything that does not depend on a policy. The problem, and what it points to, must
 * outlive it; the rest is the arena's. */
typedef struct qs_policy_ground {
  const qs_policy_problem *problem;
  qs_policy_ratios ratios;
  const qs_policy_law *const *laws; /* [date_count] of trades */
  double *const *residual;          /* Var(V' - xi G e^x' | state), [date][y_count * x_count] */
  double j0;                        /* seen from as_of: the error counts from the first date on */
} qs_policy_ground;

/* Ratios, laws, residuals and J0. QS_ERROR_INPUT as qs_policy_check. The problem's drift and its real
 * world's law are left out: with them none of this holds. Bits do not depend on context->threads. */
qs_status qs_policy_make_ground(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                                const qs_policy_settings *settings, qs_policy_ground *ground);

/* The mean, seen from as_of, of f[y][x] at the first date. */
qs_status qs_policy_mean_now(qs_context *context, qs_arena *arena, const qs_policy_ground *ground,
                             const double *f, double *mean);

/* J0 by the closed form, for gbm, merton and kou; all options must expire with the last date, and dates be
 * evenly spaced (QS_ERROR_INPUT). `frequency` cuts the double integral (0: from the step's deviation). Slow:
 * tests hold the tables against it. */
qs_status qs_policy_j0_independent(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                                   double frequency, double *j0);

#ifdef __cplusplus
}
#endif
#endif
