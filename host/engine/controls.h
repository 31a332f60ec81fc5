/*
 * Control variates: payoffs that are simulated beside a unit's own on the same paths and whose values are
 * known. Each quantity of a payoff is corrected by what the controls' means differ from their exact values,
 *
 *   y - sum_k beta_k (c_k - E c_k),
 *
 * beta by least squares over the batch means (Lavenberg, Welch 1981; Glasserman 2003, 4.1.3). Batch means are
 * next to normal, where estimate and error of the regression are exact; the bias is of the order of their
 * skewness over the number of batches.
 *
 * An error is at least what single precision rounds: 2^-23 of the root mean square of what is summed, as if
 * every number's were a draw of its own. Derivatives to what jumps are like have fewer controls where few
 * numbers of jumps are seen.
 *
 * Controls: the forward of the payoff's last date (its mean is exact, step by step), for an average the same
 * average of forwards, and for payoffs along a path European options on the same underlying at the payoff's
 * strike, barriers and dates, by Fourier prices; for formulas over several the forwards and European options
 * of each of them. European options themselves have the forward alone: Fourier prices would replace the
 * simulation.
 */
#ifndef QS_HOST_ENGINE_CONTROLS_H
#define QS_HOST_ENGINE_CONTROLS_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/engine/valuation.h"
#include "kernels/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_MOST_CONTROLS = 8, QS_MOST_PATH_CONTROLS = 4 }; /* of a payoff, of a payoff along a path */

/* A payoff among those of the unit with controls. */
typedef struct qs_controlled {
  uint32_t place;                     /* its own */
  uint32_t control[QS_MOST_CONTROLS]; /* those of its controls */
  uint32_t kinds[QS_MOST_CONTROLS];   /* QS_CONTROL_* */
  uint32_t count;
  double magnified; /* how much of its value a rounding of its levels is, beyond one; 0: no more than that */
  double jumps; /* expected on a path until its last date, of the underlying with fewest; 0: none has any */
} qs_controlled;

/* The controls of a unit. Values of the controls are in the units of the quantities that the unit yields. */
typedef struct qs_controls {
  const qs_controlled *payoffs;
  uint32_t count, quantities;
  uint32_t all; /* payoffs of the unit with controls */
  const double
      *exact; /* [all][quantities]; not a number where it is not known: no control of that quantity */
  const bool *of_jumps; /* [quantities]: a derivative to what jumps are like; null: none is */
} qs_controls;

/* Whether options of the model gain by controls. Where the variance is constant little but the number of
 * jumps is simulated, and a regression on the few numbers that were seen would not know of the others. */
bool qs_controls_help(const qs_model *model);

/* Marks which of a model's derivatives, in the order of its parameters, are to what jumps are like. */
void qs_controls_mark_jumps(const qs_model *model, bool *of_parameters);

/* The unit with controls, and which they are; the unit must have the one shift 0. */
qs_status qs_controls_of_value(qs_context *context, qs_arena *arena, const qs_value_unit *unit,
                               qs_value_unit *with, qs_controls *controls);
qs_status qs_controls_of_path(qs_context *context, qs_arena *arena, const qs_path_unit *unit,
                              qs_path_unit *with, qs_controls *controls);
qs_status qs_controls_of_joint(qs_context *context, qs_arena *arena, const qs_joint_unit *unit,
                               qs_joint_unit *with, qs_controls *controls);

/* From the moments [batch][all][quantities] of the unit with controls to those of the unit, [batch][row]
 * [quantities] of which it fills the first `count` of each row, each corrected by the controls that help, and
 * use[count] (may be null). Means and errors that follow from the batch means, and the errors that follow
 * from the m2, are those of the regression. */
void qs_controls_apply(const qs_controls *controls, const qs_simulation *simulation, const qs_moment *with,
                       uint32_t row, qs_moment *moments, qs_control_use *use);

#ifdef __cplusplus
}
#endif
#endif
