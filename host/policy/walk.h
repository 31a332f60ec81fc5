/*
 * Paths of states drawn from the points of a problem's law (host/policy/law.h): from as_of to the first date
 * and from date to date. Where the variance is random the points are those of rows of y; a state between two
 * rows is at the one or the other by chance, which makes y's variance larger by up to the square of a step.
 */
#ifndef QS_HOST_POLICY_WALK_H
#define QS_HOST_POLICY_WALK_H

#include <stdint.h>

#include "host/policy/law.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_policy_period {
  double years, added;
  const qs_policy_points *points; /* [y_count] */
} qs_policy_period;

/* Owned by an arena. */
typedef struct qs_policy_walk {
  const qs_policy_problem *problem;
  const qs_policy_nodes *nodes;
  const qs_policy_period *first;         /* null: the first date is as_of */
  const qs_policy_period *const *period; /* [date_count - 1] */
} qs_policy_walk;

/* QS_ERROR_MEMORY, with no message. laws[date_count - 1] of the problem. */
qs_status qs_policy_walk_make(qs_arena *arena, const qs_policy_problem *problem, const qs_policy_nodes *nodes,
                              const qs_policy_law *const *laws, qs_policy_walk *walk);

/* The state at the first date; uniforms are of (key, path). */
void qs_policy_walk_start(const qs_policy_walk *walk, uint64_t key, uint64_t path, double *x, double *y);

/* From the state of date n to that of the next one, in place. */
void qs_policy_walk_step(const qs_policy_walk *walk, uint64_t key, uint64_t path, size_t n, double *x,
                         double *y);

/* The rows of points that a mean from y is made of, and their weights (of sum 1): four, cubic in y, or the
 * two that a path goes by; one where the variance is not random. Returns the first row. */
size_t qs_policy_walk_rows(const qs_policy_walk *walk, double y, bool cubic, size_t *count, double weight[4]);

#ifdef __cplusplus
}
#endif
#endif
