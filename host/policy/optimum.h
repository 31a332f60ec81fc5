/*
 * The optimum under proportional costs, by dynamic programming, and the exact value of any table of bands.
 *
 * The error of a policy phi splits: Var[error] = J0 + E sum (phi_n - xi_n)^2 v_n, xi_n the holding that is
 * locally optimal and v_n the variance of a unit's gain. So the problem
 *
 *   min Var[error] + w E[sum of c_n |phi_n - phi_(n-1)|],  c_n the cost of a unit in the state of date n,
 *
 * is one of tracking xi. With W_n(phi) the least cost to go from a holding phi, C_n(psi) = (psi - xi)^2 v +
 * E[W_(n+1)(psi)] is convex, so that it is optimal to leave phi where w c >= |C_n'(phi)| and else to move it
 * to the nearest such holding. Hence the derivative D_n = dW_n/dphi obeys
 *
 *   D_n(phi) = min(max(2 (phi - xi) v + E[D_(n+1)(phi)], -w c_n), w c_n)
 *
 * at every phi by itself: no minimum is searched, and holdings share nothing. The last date sells what is
 * held: D_N = w c_N sign(phi). Bands are where C_n' passes -+ w c_n; W follows from D along phi.
 *
 * With impact a trade of u costs w (c_n |u| + k_n |u|^1.5). C_n is convex all the same, the holding is left
 * where |C_n'| <= w c, and else a trade goes part of the way (host/policy/impact.h): D_n(phi) is C_n' where
 * that ends, -+(w c + 1.5 w k sqrt|u|), and D_N = sign(phi) w (c_N + 1.5 k_N sqrt|phi|). Bands are then where
 * nothing is traded, and no table is the policy, but qs_policy_optimum_hold.
 *
 * For a table of bands in place of the optimum D_n is -+ w c_n outside of the band and C_n' inside.
 */
#ifndef QS_HOST_POLICY_OPTIMUM_H
#define QS_HOST_POLICY_OPTIMUM_H

#include "host/policy/frictionless.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Seen from as_of, in money; objective = variance + w cost. */
typedef struct qs_policy_value {
  double objective, variance, cost;
} qs_policy_value;

typedef struct qs_policy_optimum {
  qs_policy_table table; /* bands; linear between nodes */
  qs_policy_value value; /* of the optimum; its variance holds J0. With impact the objective alone is known */
  size_t holding_count;
  const double *holding; /* [holding_count], ascending; 0 stands there twice, for the derivatives on its two
                            sides */
  size_t lanes;          /* a row of `ahead`, at least holding_count */
  const float *const *ahead; /* [date][y][x][lanes]: E[D_(n+1)(holding) | state]; null unless kept */
} qs_policy_optimum;

/* Everything is the arena's. `keep`: with `ahead`, which the lower bound needs (date_count x nodes x lanes x
 * 4 bytes). Bits do not depend on context->threads. */
qs_status qs_policy_optimise(qs_context *context, qs_arena *arena, const qs_policy_ground *ground,
                             const qs_policy_settings *settings, bool keep, qs_policy_optimum *optimum);

/* What to hold from `holding` on, at date n in state (x, v): by C' between nodes of the state, so that it is
 * the policy with impact, too. The optimum must have been made with `keep`. */
double qs_policy_optimum_hold(const qs_policy_ground *ground, const qs_policy_optimum *optimum, size_t n,
                              double x, double v, double holding);

/* The value of a table of bands, on the ground's nodes or others. QS_ERROR_INPUT with impact. */
qs_status qs_policy_evaluate(qs_context *context, const qs_policy_ground *ground,
                             const qs_policy_settings *settings, const qs_policy_table *table,
                             qs_policy_value *value);

#ifdef __cplusplus
}
#endif
#endif
