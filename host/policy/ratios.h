/*
 * What the position is worth in every state of every date, its sensitivities, and the locally optimal ratio:
 * tables by Fourier, with no simulation.
 *
 * The locally variance-optimal ratio of date n is Cov(V', G e^x' | state)/Var(G e^x' | state), V' the
 * position's value at date n + 1 (its payoff where it expires then). V' is a sum of exponentials exp(p x' +
 * C + D v') (Lewis 2001, on the line p = 1/2 + i u), so that E[V' e^x'] is the affine transform at p + 1 with
 * the terminal coefficient D (host/policy/affine.h): exact for the whole family. The options of one expiry
 * are one weight function of u, so that their number does not matter.
 *
 * With a drift the real world's x grows by drift x time more than the pricing law's, and `real` may give it
 * other parameters; value and delta are the pricing law's, the local ratio and `relative` are the real
 * world's: the ratio minimises the variance of the profit over the step.
 */
#ifndef QS_HOST_POLICY_RATIOS_H
#define QS_HOST_POLICY_RATIOS_H

#include "host/policy/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Tables [date][y_count * x_count], rows of y; ratios in units of the instrument per position, money
 * discounted to as_of. Ratios have the sign of the position's own delta; the holding that hedges is minus the
 * ratio. */
typedef struct qs_policy_ratios {
  size_t date_count;            /* of trades; `value` and `nodes` have one more */
  const qs_policy_nodes *nodes; /* those of date_count + 1 dates, all the same but for `years` */
  double *const *value;         /* of options that expire later */
  double *const *delta;         /* (dV/dx)/(gain e^x) */
  double *const *gamma;         /* d delta/dS */
  double *const *vega;          /* dV/dv; null where v is not random */
  double *const *coin_value;    /* of the options whose premium is in coin; null without any */
  double *const *local;         /* the locally optimal ratio */
  double *const *relative;      /* [date][y_count]: Var(e^x' | state)/e^(2x): the variance of one unit's gain
                                   is that times (gain e^x)^2 */
} qs_policy_ratios;

/* Everything is the arena's. QS_ERROR_INPUT as qs_policy_check. Bits do not depend on context->threads. The
 * processes of a team share the dates. */
qs_status qs_policy_make_ratios(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                                const qs_policy_settings *settings, qs_policy_ratios *ratios);

/* The same on nodes of the caller [problem->date_count]. */
qs_status qs_policy_ratios_on(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                              const qs_policy_nodes *nodes, qs_policy_ratios *ratios);

/* Variance of one unit's gain over the step from date n. */
double qs_policy_gain_variance(const qs_policy_problem *problem, const qs_policy_ratios *ratios, size_t n,
                               size_t y, double x);

#ifdef __cplusplus
}
#endif
#endif
