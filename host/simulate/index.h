/*
 * The price that policies and margin see, where it is not the price: stale or wrong for a stated time
 * (qs_simulate_index).
 */
#ifndef QS_HOST_SIMULATE_INDEX_H
#define QS_HOST_SIMULATE_INDEX_H

#include "host/engine/surface.h"
#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the windows make sense; QS_ERROR_INPUT names the key. */
qs_status qs_simulate_index_check(qs_context *context, const qs_simulate_spec *spec);

/* Whether the price seen at a row is not the price. Never at the unwind. */
bool qs_simulate_index_off(const qs_simulate_problem *problem, size_t row);

/* seen[count]: x at the row as it is seen, of `count` paths whose states are x[row * stride + i]. */
void qs_simulate_index_see(const qs_simulate_problem *problem, size_t row, const double *x, uint64_t stride,
                           uint64_t count, double *seen);

/* Widens the ranges of every row to what is seen there. */
void qs_simulate_index_widen(const qs_simulate_problem *problem, qs_state_range *ranges);

#ifdef __cplusplus
}
#endif
#endif
