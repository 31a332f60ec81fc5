#include "host/market/fit_search.h"

#include <cminpack-1/cminpack.h>
#include <math.h>

#include "host/market/fit_range.h"

static const double refused = 1e4;    /* residual of a model that cannot be priced: no step goes there */
static const double first_step = 0.3; /* of the scaled start's length, lmder's `factor` */

qs_status qs_fit_descent_create(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                qs_fit_descent *descent) {
  size_t n = problem->residual_count;
  descent->residual = QS_NEW(arena, n, double);
  descent->jacobian = QS_NEW(arena, n * problem->parameter_count, double);
  descent->model_vol = QS_NEW(arena, n, double);
  descent->scratch = QS_NEW(arena, n, double);
  if (!descent->residual || !descent->jacobian || !descent->model_vol || !descent->scratch) {
    return qs_fail_memory(context, "preparing a calibration");
  }
  return qs_fit_workspace_create(context, arena, problem, &descent->workspace);
}

typedef struct call_data {
  const qs_fit_problem *problem;
  const qs_fit_settings *settings;
  const qs_fit_descent *descent;
} call_data;

static void model_at(const qs_fit_problem *problem, const double *u, qs_model *model, double *slope) {
  *model = (qs_model){.type = problem->type};
  for (size_t j = 0; j < problem->parameter_count; j++) {
    qs_parameter parameter = problem->parameter[j];
    model->value[parameter] = qs_fit_from_search(parameter, u[j], &slope[j]);
  }
}

static int residuals(void *data, int m, int n, const double *u, double *residual, double *jacobian, int rows,
                     int flag) {
  const call_data *call = data;
  const qs_fit_problem *problem = call->problem;
  double slope[QS_FIT_MAX_PARAMETERS];
  qs_model model;
  model_at(problem, u, &model, slope);
  double *target = flag == 2 ? jacobian : NULL;
  bool priced = qs_fit_evaluate(problem, &model, call->settings->price_tolerance, &call->descent->workspace,
                                call->descent->model_vol, target);
  for (int i = 0; i < m && flag == 1; i++) {
    double r = problem->weight[i] * (call->descent->model_vol[i] - problem->vol[i]);
    residual[i] = priced && isfinite(r) ? r : refused;
  }
  for (int j = 0; j < n && flag == 2; j++) {
    for (int i = 0; i < m; i++) {
      double d = problem->weight[i] * slope[j] * jacobian[j * rows + i];
      jacobian[j * rows + i] = priced && isfinite(d) ? d : 0;
    }
  }
  return 0;
}

qs_fit_outcome qs_fit_descend(const qs_fit_problem *problem, const qs_model *start,
                              const qs_fit_settings *settings, const qs_fit_descent *descent) {
  int m = (int)problem->residual_count;
  int n = (int)problem->parameter_count;
  double u[QS_FIT_MAX_PARAMETERS], diagonal[QS_FIT_MAX_PARAMETERS], qtf[QS_FIT_MAX_PARAMETERS];
  double w1[QS_FIT_MAX_PARAMETERS], w2[QS_FIT_MAX_PARAMETERS], w3[QS_FIT_MAX_PARAMETERS];
  double slope[QS_FIT_MAX_PARAMETERS];
  int pivot[QS_FIT_MAX_PARAMETERS];
  int evaluations = 0, gradients = 0;
  for (int j = 0; j < n; j++) {
    u[j] = qs_fit_to_search(problem->parameter[j], start->value[problem->parameter[j]]);
  }
  call_data call = {problem, settings, descent};
  int info = lmder(residuals, &call, m, n, u, descent->residual, descent->jacobian, m, settings->tolerance,
                   settings->tolerance, 0, settings->max_evaluations, diagonal, 1, first_step, 0,
                   &evaluations, &gradients, pivot, qtf, w1, w2, w3, descent->scratch);
  qs_fit_outcome outcome = {.converged = info >= 1 && info <= 4, .evaluations = evaluations + gradients};
  model_at(problem, u, &outcome.model, slope);
  bool priced = qs_fit_evaluate(problem, &outcome.model, settings->price_tolerance, &descent->workspace,
                                descent->model_vol, NULL);
  outcome.objective = priced ? qs_fit_objective(problem, descent->model_vol) : INFINITY;
  return outcome;
}
