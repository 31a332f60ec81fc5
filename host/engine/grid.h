/*
 * The time grid of an underlying: which steps a path takes and how each date is reached (kernels/plan.h).
 *
 * Steps begin and end at absolute multiples of their length, counted in quarters of a day from 08:00 UTC, so
 * that they and their random numbers follow the calendar and no trade changes them; the first is cut at
 * as_of. Their length grows with the distance from as_of up to a limit that depends on the model.
 */
#ifndef QS_HOST_ENGINE_GRID_H
#define QS_HOST_ENGINE_GRID_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/market/shift.h"
#include "kernels/plan.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_grid {
  const qs_step *steps;
  uint32_t step_count;
  const qs_date *dates; /* [date_count], ascending */
  uint32_t date_count;
} qs_grid;

/* The grid that reaches every one of `times` (ascending, distinct, after as_of) for `model`. `step_days`
 * replaces the lengths by a constant one, counted from as_of; NaN for the rule. The steps end with the one
 * that the last time lies in or before: a node's weight in the integral of the variance depends on the step
 * after it, so what is seen at a time depends to the bit on no later one. */
qs_status qs_grid_build(qs_context *context, qs_arena *arena, const qs_model *model, qs_time as_of,
                        const qs_time *times, size_t count, double step_days, qs_grid *grid);

/* The same, but the main path goes through every time d with through[d] (null: through none). Dates that a
 * payoff observes together must be so, all but its last: a side step shares its draws with the step that it
 * replaces. A step that is cut at such a time goes on from there to its own end with draws that the time
 * alone determines. What is seen at a time depends to the bit on the times that the path goes through before
 * the end of that time's calendar step, and on no others. */
qs_status qs_grid_build_through(qs_context *context, qs_arena *arena, const qs_model *model, qs_time as_of,
                                const qs_time *times, const bool *through, size_t count, double step_days,
                                qs_grid *grid);

/* Gives the steps of a grid that begins at `origin` their added variance: `factor` times the shift's. */
qs_status qs_grid_shift(qs_context *context, qs_arena *arena, const qs_shift *shift, double factor,
                        qs_time origin, qs_grid *grid);

/* What each piece of the shift adds to the variance in every step of a grid that begins at `origin`, per unit
 * of it: weights[piece][step]. */
void qs_grid_shift_weights(const qs_shift *shift, qs_time origin, const qs_grid *grid, double *weights);

/* Where the calendar's steps end: nodes[count], ascending, after as_of, up to the first one after `last`. */
qs_status qs_grid_nodes(qs_context *context, qs_arena *arena, const qs_model *model, qs_time as_of,
                        qs_time last, double step_days, const qs_time **nodes, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
