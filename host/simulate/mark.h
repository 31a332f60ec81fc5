/*
 * What a position has gained up to every trade, path by path: what its contracts have paid, and what the rest
 * is worth in the state then, less what it was worth at the start; money of as_of. For its margin.
 *
 * Options that live on are tabulated over the state (host/engine/surface.h), one table a date and expiry.
 */
#ifndef QS_HOST_SIMULATE_MARK_H
#define QS_HOST_SIMULATE_MARK_H

#include "host/simulate/claim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_simulate_mark {
  double a, b;                  /* of what is no option and lives on: a + b e^x */
  const qs_state_table *tables; /* times e^x */
  size_t table_count;
} qs_simulate_mark;

/* marks[date_count]; that of the last date is not used: all of the claim's gain is paid there. Owned by the
 * arena. */
qs_status qs_simulate_marks_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                 const qs_simulate_mark **marks);

/* gain[count] at one date's fill, of paths whose states are x[row * stride + i], v likewise. What lives on is
 * worth what it is at the price of shown[count], x as it is seen at the fill; what was paid, at the price. */
void qs_simulate_mark_gain(const qs_simulate_problem *problem, const qs_claim *claim,
                           const qs_simulate_mark *marks, size_t date, const double *shown, const double *x,
                           const double *v, uint64_t stride, uint64_t count, double *gain);

/* The same at every date, at the price: gain[date * stride + i] of `count` paths at every date's fill, whose
 * states are x[row * stride + i], v likewise. */
void qs_simulate_marks_gain(const qs_simulate_problem *problem, const qs_claim *claim,
                            const qs_simulate_mark *marks, const double *x, const double *v, uint64_t stride,
                            uint64_t count, double *gain);

#ifdef __cplusplus
}
#endif
#endif
