/*
 * The optimum under exponential utility and proportional costs, the costs within the utility (Hodges and
 * Neuberger 1989; Davis, Panas and Zariphopoulou 1993 in continuous time), for models of constant variance.
 *
 * Wealth factors out: with L_n(x, phi) the certain loss from date n on that is as bad, at risk aversion a, as
 * what the best trading makes of holding phi (the position's value V counts as sold at its model's price),
 *
 *   G_n(x, psi) = 1/a ln E exp(a [V_n - V_(n+1) - psi g_n (e^x' - e^x) + L_(n+1)(x', psi)])
 *   L_n(x, phi) = min over psi of c_n |psi - phi| + G_n(x, psi),   L_N(x, phi) = c_N |phi|,
 *
 * V_(n+1) with what is paid then. G is convex in psi, so that the optimum is a band again: where G' passes
 * -+ c_n. G' is the mean of (L' - g_n (e^x' - e^x)) under the weights of G, at every psi by itself; between
 * nodes of the holding it is linear, G its integral from the nearest node.
 *
 * The law of a period is that of host/policy/law.h at the nodes of x, and V its mean of the payoffs, so that
 * no discretisation looks like a gain. Beyond the nodes V goes on straight in the price, and L is that of the
 * last node. As a falls the band becomes that of optimum.h at w = 2/a, and w L_0 its objective.
 */
#ifndef QS_HOST_POLICY_EXPONENTIAL_H
#define QS_HOST_POLICY_EXPONENTIAL_H

#include "host/policy/frictionless.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_policy_utility {
  qs_policy_table table; /* bands, on the ground's nodes */
  double loss;           /* L seen from as_of, with what is held then */
} qs_policy_utility;

/* risk_aversion > 0. Everything is the arena's. QS_ERROR_INPUT where the variance is random,
 * QS_ERROR_UNTRUSTED where the aversion is so large that exponents overflow. Bits do not depend on
 * context->threads. */
qs_status qs_policy_exponential(qs_context *context, qs_arena *arena, const qs_policy_ground *ground,
                                const qs_policy_settings *settings, double risk_aversion,
                                qs_policy_utility *utility);

#ifdef __cplusplus
}
#endif
#endif
