/*
 * Barriers and notes along paths that are known at rows alone: which of them were touched, or called, by
 * when.
 *
 * At fixings, where the price then is beyond the level. Watched at all times, whether a level was touched
 * between two rows is drawn: given both ends ln S is a Brownian bridge of the variance B = (v + v') dt/2 and
 * what a shift adds, and touches a level at the distances a and b on one side with the probability exp(-2 a
 * b/B) (Andersen, Brotherton-Ratcliffe 1996): where a uniform is below it. A path has one uniform a row for
 * its way up and one for its way down, so that of two barriers on one side the nearer is touched first. Rows
 * are at most six hours apart (but no more than 512 of them), so that v and jumps between rows matter little;
 * where the variance is constant without jumps the bridge is exact, and rows are the dates.
 */
#ifndef QS_HOST_SIMULATE_WATCH_H
#define QS_HOST_SIMULATE_WATCH_H

#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_MAX_WATCHED = 64, QS_WATCH_ROWS = 512 };

typedef struct qs_watched qs_watched;

/* Appends the times that paths must be known at to rows, at most QS_WATCH_ROWS; how many. */
size_t qs_watched_rows(const qs_simulate_problem *problem, qs_time *rows);

/* Why the problem's watched trades cannot be simulated (a static text), or null. */
const char *qs_watched_flaw(const qs_simulate_problem *problem);

/* Of the problem's trades along paths; null: none is one of these. Owned by the arena, borrows the
 * problem. */
qs_status qs_watched_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                          const qs_watched **watched);

/* How many there are, and the bits of those that were touched before as_of. */
size_t qs_watched_count(const qs_watched *watched);
uint64_t qs_watched_before(const qs_watched *watched);

/* The bit of a trade along paths, by its place there; 0: it is none of these. */
uint64_t qs_watched_bit(const qs_watched *watched, size_t along);

/* Which are touched from the row before up to a row (from as_of on, to the first), on path `path` whose
 * states are x[row * stride], v likewise. */
uint64_t qs_watched_touched(const qs_watched *watched, uint64_t path, size_t row, const double *x,
                            const double *v, uint64_t stride);

#ifdef __cplusplus
}
#endif
#endif
