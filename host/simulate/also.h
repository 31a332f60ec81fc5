/*
 * What else lies in the account of position and hedge: positions on one other underlying, whose prices are
 * correlated with the section's. Their gains count for the margin, and nowhere else.
 *
 * The other's paths have the steps and dates of the section's own, and normals r n + sqrt(1 - r^2) n' of
 * prices and variances alike, n those of the section's paths: r is what gives the returns their correlation
 * (host/market/pairs.h).
 */
#ifndef QS_HOST_SIMULATE_ALSO_H
#define QS_HOST_SIMULATE_ALSO_H

#include "host/simulate/claim.h"
#include "host/simulate/mark.h"
#include "host/simulate/paths.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_also {
  qs_simulate_paths paths;
  qs_claim claim;
  const qs_simulate_mark *marks;
  double *x, *v;    /* [row][QS_SIMULATE_BLOCK] */
  double *required; /* [date][count]: what the other positions lost, money of as_of */
} qs_also;

/* Finds margin.also, once the problem's dates and rows are there; null where there is none. QS_ERROR_INPUT
 * names the key. Owned by the arena. */
qs_status qs_also_find(qs_context *context, qs_arena *arena, const qs_book *book,
                       const qs_simulate_problem *problem, const qs_simulate_problem **other);

/* Once the section's paths are there; null where there is nothing else. Owned by the arena. */
qs_status qs_also_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths, qs_also **also);

/* `required` of the paths [begin, begin + count). */
qs_status qs_also_run(qs_context *context, const qs_also *also, uint64_t begin, uint64_t count);

#ifdef __cplusplus
}
#endif
#endif
