/*
 * The policy `optimal`: the optimum of dynamic programming on a section's problem, of the variance
 * (host/policy/optimum.h) or of exponential utility (host/policy/exponential.h),
 * its lower bound and gap along the section's own paths (host/policy/bound.h), and the frontier of risk
 * against cost over weights. Impact is in it where there is a lower bound. With an option among the
 * instruments, or within limits of what is held, it is that of host/simulate/paired.h, or with several of
 * host/simulate/many.h.
 */
#ifndef QS_HOST_SIMULATE_OPTIMAL_H
#define QS_HOST_SIMULATE_OPTIMAL_H

#include "host/policy/bound.h"
#include "host/policy/many.h"
#include "host/simulate/run.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bands that are near the optimum, and the weight of costs that they are the programme's of. */
typedef struct qs_simulate_base {
  qs_policy_table table;
  double weight;
} qs_simulate_base;

/* Owned by an arena; `made` is false where no policy asks for it. */
typedef struct qs_simulate_optimal {
  bool made;
  const qs_policy_pair *pair; /* null: it is one of the following */
  const qs_policy_many *many; /* null: it is the following */
  qs_policy_ground ground;
  qs_policy_optimum optimum; /* its table alone, where the objective is not the variance */
  double objective;          /* of exponential utility, as the programme says; NaN: by no such programme */
  const qs_simulate_base
      *bases; /* where no programme is of the objective: to be tuned (host/simulate/tune.h) */
  size_t base_count;
} qs_simulate_optimal;

/* Why what a programme says of its optimum is not what paths say (a static text), or null. */
const char *qs_simulate_programme_flaw(const qs_simulate_problem *problem);

/* Why there is no lower bound of the problem (a static text), or null where there is one. */
const char *qs_simulate_bound_flaw(const qs_simulate_problem *problem);

/* Where no programme is of the objective there are bases instead. For exponential utility under a random
 * variance it is the programme of the variance at w = 2/a. The expected shortfall is some two deviations of
 * the error: it is the programme of w = sqrt(J0), of the variance where that is random, and else of
 * exponential utility at this and three more weights. over_time must outlive it. The optimum is that without
 * drift, under the pricing law. */
qs_status qs_simulate_optimal_make(qs_context *context, qs_arena *arena, qs_simulate_objective objective,
                                   const qs_policy_problem *over_time, qs_simulate_optimal *optimal);

/* How the policy is simulated where costs have impact: it trades part of the way to its bands, by a function.
 * Owned by the arena. */
qs_status qs_simulate_part_way(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                               const qs_simulate_optimal *optimal, qs_simulate_policy *policy);

/* Along the first paths of the problem, 65,536 at most; the gap of a pair or of several along fewer. */
qs_status qs_simulate_bound(qs_context *context, const qs_simulate_paths *paths,
                            const qs_simulate_optimal *optimal, qs_policy_bound *bound);

/* The optimum of every weight of the section's list, in its order; points are owned by the arena. Nothing
 * where the list is empty. The problem must have no flaw. */
qs_status qs_simulate_frontier(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                               const qs_simulate_optimal *optimal, const qs_frontier_point **points);

#ifdef __cplusplus
}
#endif
#endif
