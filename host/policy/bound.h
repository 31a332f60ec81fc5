/*
 * The certificate of the optimum: a lower bound of what any policy's objective can be, and the gap to it.
 *
 * For any s_n known at date n with |s_n| <= w c_n (the unwinding too) w c_n |phi_n - phi_(n-1)| is at least
 * s_n (phi_n - phi_(n-1)). With a_n = s_n - E_n[s_(n+1)] the objective of every policy that holds h before
 * the first date is therefore at least
 *
 *   J0 - E[s_0] h + E sum of the least over phi of (phi - xi_n)^2 v_n + a_n phi,
 *
 * a quadratic whose least is at phi = xi_n - a_n/(2 v_n). What a policy's own objective exceeds it by is
 *
 *   gap = E sum of v_n (phi_n - xi_n + a_n/(2 v_n))^2 + (w c_n |phi_n - phi_(n-1)| - s_n (phi_n -
 * phi_(n-1))),
 *
 * no part of which is negative (Rogers 2007 has the duality; the quadratic form is the tracking problem's
 * own).
 *
 * With impact a trade of u costs w (c_n |u| + k_n |u|^1.5), and s_n may be any number: that cost is at least
 *
 *   s_n u - 4/27 max(|s_n| - w c_n, 0)^3/(w k_n)^2,
 *
 * the conjugate of |u|^1.5 (host/policy/impact.h), which the bound then has less of and the gap more.
 *
 * Here s_n is minus D_n of host/policy/optimum.h at what the optimum holds before date n, clipped to +-w c_n
 * where it is read between nodes, so that it is admissible whatever the tables are. At a holding of 0 the
 * unwinding's cost gives D_n a jump; s_n then lies within it, by a share that is chosen date by date so that
 * the quadratic's least is at 0 where it can be.
 *
 * E_n[s_(n+1)] is read from the optimum's tables. What s_(n+1) turns out to be along the paths corrects the
 * gap for what those tables are wrong by, e, in all but e^2/(4 v_n): a term of the second order, by which the
 * true bound is lower. J0, xi and v are the ground's. With the default nodes all that is too small to see
 * (tests/policy/test_bound.cc, against finer ones); with 9 nodes of the holding the bound would be 2% too
 * high.
 */
#ifndef QS_HOST_POLICY_BOUND_H
#define QS_HOST_POLICY_BOUND_H

#include "host/policy/optimum.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one path of states leaves, money at as_of. */
typedef struct qs_policy_share {
  double tracking; /* sum of (phi - xi)^2 v */
  double cost;     /* sum of the costs of trading, not weighted */
  double gap;      /* the sum above, corrected: its mean is not negative, one path's may be */
} qs_policy_share;

/* Means over paths and their standard errors. lower = J0 + mean of tracking + w cost - gap. */
typedef struct qs_policy_bound {
  double objective, objective_error; /* of the optimum's table: J0 + tracking + w cost */
  double variance, variance_error;   /* J0 + tracking */
  double cost, cost_error;           /* not weighted */
  double lower, lower_error;
  double gap, gap_error;
} qs_policy_bound;

/* Follows the optimum along paths: states[n][path], n up to the unwinding's (ground->ratios.date_count), v
 * not read where it is not random; shares[count]. surprises[n][path], or null: D_(n+1) less its mean by the
 * tables, whose mean given the state is 0 where the tables are right. The optimum must have been made on this
 * ground with `keep`. Bits do not depend on context->threads. */
void qs_policy_follow(const qs_context *context, const qs_policy_ground *ground,
                      const qs_policy_optimum *optimum, const double *const *x, const double *const *v,
                      size_t count, qs_policy_share *shares, double *const *surprises);

/* From the shares of at least 2 paths, independent of each other. */
qs_policy_bound qs_policy_bound_of(const qs_policy_ground *ground, const qs_policy_share *shares,
                                   size_t count);

#ifdef __cplusplus
}
#endif
#endif
