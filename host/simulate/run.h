/* Policies on a problem's paths: from tables to a sample of what each leaves. */
#ifndef QS_HOST_SIMULATE_RUN_H
#define QS_HOST_SIMULATE_RUN_H

#include "host/policy/pair.h"
#include "host/simulate/attribution.h"
#include "host/simulate/claim.h"
#include "host/simulate/funding.h"
#include "host/simulate/mark.h"
#include "host/simulate/paths.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A policy by its tables, or a caller's own, which has none. */
typedef struct qs_simulate_policy {
  const char *name, *type;
  qs_policy_function function; /* null: by its tables */
  void *data;
  /* Called before the function with all that paths were up to the date, also between dates; null: no need. */
  void (*look)(void *data, const qs_rebalance_unit *unit, uint32_t date, uint64_t first_path);
  const qs_policy_table *const *tables; /* [instrument], each of all dates but the unwind */
  const qs_policy_pair *pair;           /* null: the function, if there is one, is not of these bands */
  const qs_policy_table *weight;        /* for QS_RULE_MOVE: `low` of it; null: 1 */
  qs_rebalance_rule rule;
  double limit;
  bool centre;
} qs_simulate_policy;

/* Mean and sum of squared deviations of one quantity over the paths so far. */
typedef struct qs_simulate_moment {
  double mean, m2;
} qs_simulate_moment;

/* The moments of all that a policy leaves beside its error and its cost. */
typedef struct qs_simulate_moments {
  qs_simulate_moment options;
  qs_simulate_moment row[QS_REBALANCE_ROWS];
  qs_simulate_moment liquidated;                /* of 1 where margin was short once */
  qs_simulate_moment failed;                    /* of 1 where a venue failed */
  qs_simulate_moment venues[2 * QS_MAX_VENUES]; /* of each what was traded there, and what that cost */
} qs_simulate_moments;

/* What a policy left, path by path where its distribution is wanted. */
typedef struct qs_simulate_sample {
  uint64_t paths;
  double *gross, *cost; /* [paths]: the gross error, what was lost at venues in it, and all that was paid less
                           what was received */
  qs_simulate_moments moments;
} qs_simulate_sample;

/* Runs the policies on all paths of the problem. samples[count] is owned by the arena; parts, where there is
 * an attribution (or null), gets the moments of the position's parts and, last, of all it gains, on paths
 * that own trades do not move. The processes of a team share the blocks of paths, and all have all results;
 * the bits depend on nothing but problem, tables and what callers' own functions answer. */
qs_status qs_simulate_policies_run(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   const qs_claim *claim, const qs_attribution *attribution,
                                   const qs_simulate_policy *policies, size_t count,
                                   qs_simulate_sample **samples,
                                   qs_simulate_moment parts[QS_ATTRIBUTION_PARTS + 1]);

#ifdef __cplusplus
}
#endif
#endif
