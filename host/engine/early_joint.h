/*
 * Early exercise of formulas over several underlyings: a policy by regression, and bounds of what exercise is
 * worth, from paths that are independent of it and of each other.
 *
 * Values are as paid at the unit's last date, so that no discounting is left.
 *
 *   policy  backwards from the last date, what the policy so far earns on a path, less a martingale, is
 *           regressed on the features of the state (kernels/core/policy.h): Longstaff, Schwartz (2001). In
 * the same regression stand the interval's own martingale increments, of every price and of every variance,
 * times some features, which take the noise out (Belomestny, Bender, Schoenmakers 2009) lower   E[Z_tau -
 * M'_tau], tau the policy's time and M' that martingale upper   lower + E[max_d (Z_d - M_d) - (Z_tau -
 * M_tau)] (Rogers 2002; Haugh, Kogan 2004), M_d - M_(d-1) = V_d(X_d) - E[V_d | X_(d-1)], V the greater of
 * exercise and the regression; the expectation is that of samples drawn from X_(d-1) alone, so that their
 * noise raises the bound and never lowers it in expectation (Andersen, Broadie 2004, with one step in place
 * of a whole path)
 *
 * The bounds' paths come in groups; a standard error is that of the groups' mean. Where the dates stand for
 * all times the price is extrapolated as early.h says, from policies of their own for half and a quarter of
 * the dates.
 */
#ifndef QS_HOST_ENGINE_EARLY_JOINT_H
#define QS_HOST_ENGINE_EARLY_JOINT_H

#include "host/book/book.h"
#include "host/engine/early.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Streams of a solution's own, each [asset_count] keys: of the regression's paths, of the bounds' paths, and
 * of the samples that start on these. */
typedef struct qs_early_joint_keys {
  const uint64_t *policy, *bounds, *nested;
} qs_early_joint_keys;

/* What is solved, and the answer. */
typedef struct qs_early_joint_task {
  const qs_joint_unit *unit; /* of one payoff, whose program and assets are read, under shifts[0] */
  qs_early_joint_keys keys;
  bool all_times;    /* the dates stand for all times */
  double now;        /* what exercise at once is worth; NaN: it cannot be */
  qs_policy *policy; /* its weights are given, the rest is filled, in the arena */
  qs_policy *fewer;  /* [QS_EARLY_LEVELS - 1], out: those for half and a quarter of the dates, where it is
                        extrapolated, else untouched; null: not wanted */
  bool exercised;    /* out: to be exercised at once */
  qs_early_bounds *bounds; /* null: none are wanted, and fewer paths will do; per unit of `per` */
  double per;
} qs_early_joint_task;

qs_status qs_early_joint_solve(qs_context *context, qs_arena *arena, qs_devices *devices,
                               qs_early_joint_task *task);

struct qs_joint_plan;

/* The terms with the dates left to exercise at after `now`, and whether that is one too. */
qs_status qs_early_joint_left(qs_context *context, qs_arena *arena, const qs_joint_terms *terms, qs_time now,
                              qs_joint_terms *left, bool *at_once);

/* Solves a plan of early exercise (host/engine/joint_set.h), with `bounds` those too. What is extrapolated
 * gets payoffs with fewer dates beside the first. */
qs_status qs_early_joint_plan_solve(qs_context *context, qs_arena *arena, qs_devices *devices, bool bounds,
                                    struct qs_joint_plan *plan);

/* The moments of a plan that is exercised at once, whose unit need not run. */
qs_status qs_early_joint_known(qs_context *context, qs_arena *arena, const struct qs_joint_plan *plan,
                               qs_moment *moments);

/* Extrapolates what a plan's unit yielded, *moments, of which the first payoff's are left, as if the unit had
 * that alone. Nothing to do for most plans. */
qs_status qs_early_joint_extrapolate(qs_context *context, qs_arena *arena,
                                     const struct qs_simulation *simulation, struct qs_joint_plan *plan,
                                     qs_moment **moments);

#ifdef __cplusplus
}
#endif
#endif
