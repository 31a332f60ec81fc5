/*
 * When trades of the position that may be exercised early are exercised, along paths: at the section's dates,
 * a bermudan at its own of them, an american at all; the holder's best under the pricing law, whoever holds
 * it, by the engine's policy for these dates (host/engine/early.h): on one side of a level of the price that
 * moves with the variance. At the expiry it pays what it is worth then.
 */
#ifndef QS_HOST_SIMULATE_EXERCISE_H
#define QS_HOST_SIMULATE_EXERCISE_H

#include "host/simulate/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_exercise qs_exercise;

/* Whether a contract along a path is one of those. */
bool qs_exercise_possible(const qs_contract *contract);

/* The rules of the problem's trades; null: none of them is one. Owned by the arena, borrows the problem. */
qs_status qs_exercise_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                           const qs_simulate_problem *problem, const qs_exercise **exercise);

/* Whether a trade along paths (by its place) is exercised at a row, in the state there, if it still lives. */
bool qs_exercise_due(const qs_exercise *exercise, size_t along, size_t row, double x, double v);

/* Whether the row is one at which it may be. */
bool qs_exercise_at(const qs_exercise *exercise, size_t along, size_t row);

/* What a unit pays that is exercised at a price. */
double qs_exercise_pays(const qs_contract *contract, double spot);

#ifdef __cplusplus
}
#endif
#endif
