/*
 * Least squares on many columns, of which those are taken that count.
 *
 * Forward selection by sweeps of the normal equations: each time the column that takes most off the sum of
 * squares left. It ends where the best takes off less than ln(columns) times the mean square left: half of
 * what the best of so many columns of pure noise takes off (Foster, George 1994, the risk inflation
 * criterion), since columns that tell something are many and each tells little. A column of which those taken
 * leave less than 1e-9 of its own square is never taken: of columns that are nearly the same, as the gains of
 * instruments nearly alike are, one is.
 */
#ifndef QS_HOST_SIMULATE_NORMAL_H
#define QS_HOST_SIMULATE_NORMAL_H

#include "host/base/arena.h"
#include "host/base/context.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_NORMAL_ROWS = 8 }; /* rows that are added together */

typedef struct qs_normal {
  size_t count;   /* columns */
  uint64_t rows;  /* so far */
  double *square; /* [count][count], the upper triangle until it is solved */
  double *right;  /* [count] */
  double own;     /* sum of the targets' squares */
} qs_normal;

/* Of nothing yet; owned by the arena. False when memory is out. */
bool qs_normal_make(qs_arena *arena, size_t count, qs_normal *normal);

/* Adds `rows` rows, at most QS_NORMAL_ROWS: row r is columns[r * count], its target targets[r]. What lies
 * beyond `rows` is overwritten. */
void qs_normal_add(qs_normal *normal, double *columns, double *targets, size_t rows);

/* Adds what was added to another of the same columns. */
void qs_normal_merge(qs_normal *normal, const qs_normal *other);

/* solution[count], 0 of what was not taken; the equations are used up. `taken` is room for [count]. Returns
 * how many were taken. */
size_t qs_normal_solve(qs_normal *normal, bool *taken, double *solution);

#ifdef __cplusplus
}
#endif
#endif
