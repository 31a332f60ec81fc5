#include "host/market/fit_refine.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "host/market/fit_range.h"
#include "host/market/symmetric.h"

enum { K = QS_FIT_MAX_PARAMETERS, NEWTON_STEPS = 6, HALVINGS = 8 };

static const double price_tolerance = 1e-11;
static const double difference_step = 0.01; /* in z; the Hessian is right to about its square's thousandth */
static const double least_eigenvalue = 1e-6;
static const double mute_effect = 0.05; /* total residual that the parameter's whole range could move */
static const double enough = 1e-12;     /* promised decrease, relative: no further step */
static const double converged_decrease = 1e-7;
static const double negligible = 0.01; /* an objective that is as good as 0: a tenth of one spread in all */
static const double max_step = 30;     /* in z */

void qs_fit_half_gradient(const qs_fit_problem *problem, const double *model_vol, const double *jacobian,
                          double *gradient) {
  size_t n = problem->residual_count;
  for (size_t j = 0; j < problem->parameter_count; j++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      sum += problem->weight[i] * problem->weight[i] * (model_vol[i] - problem->vol[i]) * jacobian[j * n + i];
    }
    gradient[j] = sum;
  }
}

/* Scales, and which parameters are free. */
static void classify(const qs_fit_problem *problem, const qs_model *model, const double *jacobian,
                     qs_fit_curvature *out) {
  size_t n = problem->residual_count, told = n - (problem->shifted ? problem->parameter_count : 0);
  out->free_count = 0;
  for (size_t j = 0; j < problem->parameter_count; j++) {
    qs_parameter parameter = problem->parameter[j];
    const qs_fit_range *range = qs_fit_range_of(parameter);
    double value = model->value[parameter];
    double square = 0, prior = 0;
    for (size_t i = 0; i < n; i++) {
      double w = problem->weight[i] * jacobian[j * n + i];
      *(i < told ? &square : &prior) += w * w;
    }
    double norm = sqrt(square), whole = sqrt(square + prior);
    double reach = range->logarithmic ? value - range->offset : range->high - range->low;
    int end = qs_fit_end(parameter, value);
    out->scale[j] = whole > 0 ? 1 / whole : 0;
    bool natural = (end < 0 && range->natural_low) || (end > 0 && range->natural_high);
    out->hold[j] = !natural && norm * reach < mute_effect ? QS_FIT_MUTE
                   : end < 0                              ? QS_FIT_AT_LOW
                   : end > 0                              ? QS_FIT_AT_HIGH
                                                          : QS_FIT_FREE;
    if (out->hold[j] == QS_FIT_FREE) {
      out->free[out->free_count++] = j;
    }
  }
}

/* A step in the free parameters, kept inside their ranges. */
static qs_model moved(const qs_fit_problem *problem, const qs_fit_curvature *c, const qs_model *model,
                      const double *z, double factor) {
  qs_model next = *model;
  for (size_t a = 0; a < c->free_count; a++) {
    qs_parameter parameter = problem->parameter[c->free[a]];
    const qs_fit_range *range = qs_fit_range_of(parameter);
    double value = model->value[parameter] + factor * z[a] * c->scale[c->free[a]];
    next.value[parameter] = fmin(fmax(value, range->offset + range->low), range->offset + range->high);
  }
  return next;
}

/* The step of the central difference in the free parameter a, within its range. */
static double step_of(const qs_fit_problem *problem, const qs_fit_curvature *c, const qs_model *model,
                      size_t a) {
  qs_parameter parameter = problem->parameter[c->free[a]];
  const qs_fit_range *range = qs_fit_range_of(parameter);
  double value = model->value[parameter] - range->offset;
  double room = fmin(value - range->low, range->high - value);
  return fmin(difference_step, 0.5 * room / c->scale[c->free[a]]);
}

/* Half the gradient in p at the model moved by `step` in the free parameter a; false when it cannot be
 * priced. */
static bool gradient_beside(const qs_fit_problem *problem, const qs_fit_curvature *c, const qs_model *model,
                            size_t a, double step, const qs_fit_descent *descent, double *gradient) {
  double z[K] = {0};
  z[a] = step;
  qs_model beside = moved(problem, c, model, z, 1);
  if (!qs_fit_evaluate(problem, &beside, price_tolerance, &descent->workspace, descent->model_vol,
                       descent->jacobian)) {
    return false;
  }
  qs_fit_half_gradient(problem, descent->model_vol, descent->jacobian, gradient);
  return true;
}

/* Eigenvalues and vectors of half the Hessian in z. */
static bool differentiate(const qs_fit_problem *problem, const qs_model *model,
                          const qs_fit_descent *descents, int threads, qs_fit_curvature *c) {
  double side[2 * K][K];
  bool priced[2 * K] = {false};
  int columns = 2 * (int)c->free_count;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (int column = 0; column < columns; column++) {
    size_t a = (size_t)column / 2;
    double step = step_of(problem, c, model, a);
    priced[column] = gradient_beside(problem, c, model, a, column % 2 ? step : -step,
                                     &descents[omp_get_thread_num()], side[column]);
  }
  double hessian[K * K];
  size_t n = c->free_count;
  for (size_t a = 0; a < n; a++) {
    if (!priced[2 * a] || !priced[2 * a + 1]) {
      return false;
    }
    double step = step_of(problem, c, model, a);
    for (size_t b = 0; b < n; b++) {
      size_t j = c->free[b];
      hessian[a * n + b] = (side[2 * a + 1][j] - side[2 * a][j]) * c->scale[j] / (2 * step);
    }
  }
  for (size_t a = 0; a < n; a++) {
    for (size_t b = 0; b < a; b++) {
      hessian[a * n + b] = hessian[b * n + a] = 0.5 * (hessian[a * n + b] + hessian[b * n + a]);
    }
  }
  qs_symmetric_eigen(n, hessian, c->values, c->vectors);
  c->first_kept = 0;
  while (c->first_kept < n && !(c->values[c->first_kept] > least_eigenvalue * c->values[n - 1])) {
    c->first_kept++;
  }
  return true;
}

void qs_fit_curvature_solve(const qs_fit_curvature *curvature, const double *b, double *x) {
  size_t n = curvature->free_count;
  memset(x, 0, n * sizeof *x);
  for (size_t k = curvature->first_kept; k < n; k++) {
    double product = 0;
    for (size_t a = 0; a < n; a++) {
      product += curvature->vectors[a * n + k] * b[a];
    }
    for (size_t a = 0; a < n; a++) {
      x[a] += curvature->vectors[a * n + k] * product / curvature->values[k];
    }
  }
}

/* Objective and curvature at the model. */
static bool curvature_at(const qs_fit_problem *problem, const qs_model *model, const qs_fit_descent *descents,
                         int threads, double *objective, qs_fit_curvature *c) {
  double gradient[K];
  if (!qs_fit_evaluate(problem, model, price_tolerance, &descents->workspace, descents->model_vol,
                       descents->jacobian)) {
    return false;
  }
  *objective = qs_fit_objective(problem, descents->model_vol);
  classify(problem, model, descents->jacobian, c);
  qs_fit_half_gradient(problem, descents->model_vol, descents->jacobian, gradient);
  for (size_t a = 0; a < c->free_count; a++) {
    c->gradient[a] = gradient[c->free[a]] * c->scale[c->free[a]];
  }
  return differentiate(problem, model, descents, threads, c);
}

/* Newton's step in z, at most max_step long; returns the decrease of half the objective that it promises. */
static double newton_step(const qs_fit_curvature *c, double *z) {
  double decrease = 0;
  double length = 0;
  qs_fit_curvature_solve(c, c->gradient, z);
  for (size_t a = 0; a < c->free_count; a++) {
    decrease += 0.5 * z[a] * c->gradient[a];
    length = fmax(length, fabs(z[a]));
  }
  for (size_t a = 0; a < c->free_count; a++) {
    z[a] *= length > max_step ? -max_step / length : -1;
  }
  return decrease;
}

/* Takes the step, halved until the objective falls; false when it does not. */
static bool take_step(const qs_fit_problem *problem, const qs_fit_curvature *c, const double *z,
                      const qs_fit_descent *descent, qs_fit_outcome *outcome) {
  for (int i = 0; i < HALVINGS; i++) {
    qs_model next = moved(problem, c, &outcome->model, z, ldexp(1, -i));
    outcome->evaluations++;
    if (!qs_fit_evaluate(problem, &next, price_tolerance, &descent->workspace, descent->model_vol, NULL)) {
      continue;
    }
    double objective = qs_fit_objective(problem, descent->model_vol);
    if (objective < outcome->objective) {
      outcome->model = next;
      outcome->objective = objective;
      return true;
    }
  }
  return false;
}

bool qs_fit_refine(const qs_fit_problem *problem, const qs_fit_descent *descents, int threads,
                   qs_fit_outcome *outcome, qs_fit_curvature *curvature) {
  for (int step = 0;; step++) {
    if (!curvature_at(problem, &outcome->model, descents, threads, &outcome->objective, curvature)) {
      return false;
    }
    outcome->evaluations += 1 + 2 * (int)curvature->free_count;
    double z[K];
    double decrease = newton_step(curvature, z);
    outcome->converged = decrease <= converged_decrease * (outcome->objective + negligible);
    bool done = decrease <= enough * (outcome->objective + negligible) || step == NEWTON_STEPS;
    if (done || !take_step(problem, curvature, z, descents, outcome)) {
      return true;
    }
  }
}

void qs_fit_by_quote(const qs_fit_problem *problem, const qs_fit_curvature *curvature, const double *jacobian,
                     double *by_quote) {
  size_t n = problem->quote_count;
  memset(by_quote, 0, QS_PARAMETER_COUNT * n * sizeof *by_quote);
  for (size_t i = 0; i < n; i++) {
    double b[K] = {0};
    double z[K];
    double square = problem->weight[i] * problem->weight[i];
    for (size_t a = 0; a < curvature->free_count; a++) {
      size_t j = curvature->free[a];
      b[a] = square * jacobian[j * problem->residual_count + i] * curvature->scale[j];
    }
    qs_fit_curvature_solve(curvature, b, z);
    for (size_t a = 0; a < curvature->free_count; a++) {
      size_t j = curvature->free[a];
      by_quote[problem->parameter[j] * n + i] = z[a] * curvature->scale[j];
    }
  }
}

void qs_fit_std_errors(const qs_fit_problem *problem, const qs_fit_curvature *curvature,
                       const double *model_vol, const double *jacobian, double *std_error) {
  size_t n = problem->quote_count;
  size_t k = curvature->free_count;
  double variance[K] = {0};
  for (size_t i = 0; i < n; i++) {
    double b[K] = {0};
    double z[K];
    double residual = model_vol[i] - problem->vol[i];
    double square = problem->weight[i] * problem->weight[i];
    for (size_t a = 0; a < k; a++) {
      size_t j = curvature->free[a];
      b[a] = square * residual * jacobian[j * problem->residual_count + i] * curvature->scale[j];
    }
    qs_fit_curvature_solve(curvature, b, z);
    for (size_t a = 0; a < k; a++) {
      variance[a] += z[a] * z[a];
    }
  }
  for (size_t j = 0; j < problem->parameter_count; j++) {
    std_error[j] = NAN;
  }
  double correction = n > k ? (double)n / (double)(n - k) : NAN;
  for (size_t a = 0; a < k; a++) {
    std_error[curvature->free[a]] = sqrt(variance[a] * correction) * curvature->scale[curvature->free[a]];
  }
}

double qs_fit_lost_share(const qs_fit_curvature *curvature, size_t j) {
  double sum = 0;
  for (size_t a = 0; a < curvature->free_count; a++) {
    for (size_t k = 0; k < curvature->first_kept && curvature->free[a] == j; k++) {
      double v = curvature->vectors[a * curvature->free_count + k];
      sum += v * v;
    }
  }
  return sum;
}
