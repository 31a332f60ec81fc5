/* Descent from a start to a local minimum of a fit's objective; for host/market and the calibration's
 * benchmark. */
#ifndef QS_HOST_MARKET_FIT_SEARCH_H
#define QS_HOST_MARKET_FIT_SEARCH_H

#include "host/market/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one thread needs to descend; from the arena, before any parallel region. */
typedef struct qs_fit_descent {
  qs_fit_workspace workspace;
  double *residual, *jacobian, *model_vol, *scratch; /* [n], [parameters][n], [n], [n] */
} qs_fit_descent;

qs_status qs_fit_descent_create(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                qs_fit_descent *descent);

typedef struct qs_fit_settings {
  double price_tolerance; /* of the Fourier prices, per unit of forward */
  double tolerance;       /* ends when the objective's relative change, predicted and actual, is below it */
  int max_evaluations;
} qs_fit_settings;

typedef struct qs_fit_outcome {
  qs_model model;
  double objective; /* infinite when no model on the way could be priced */
  bool converged;
  int evaluations;
} qs_fit_outcome;

/* Levenberg-Marquardt (More 1978, lmder of MINPACK) in the search variables of fit_range.h, with analytic
 * gradients. Deterministic; any thread may call it with a descent of its own. */
qs_fit_outcome qs_fit_descend(const qs_fit_problem *problem, const qs_model *start,
                              const qs_fit_settings *settings, const qs_fit_descent *descent);

#ifdef __cplusplus
}
#endif
#endif
