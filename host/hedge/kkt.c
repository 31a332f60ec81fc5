/* Objective and KKT residual of the original problem, from its definition alone. */
#include <math.h>

#include "host/hedge/optimise.h"

/* Null arrays stand for zeros. */
static double at(const double *array, size_t i) {
  return array ? array[i] : 0;
}

static double ratio(double part, double whole) {
  return part == 0 ? 0 : part / whole;
}

static double trade_cost(const qs_hedge_problem *problem, size_t i, double x) {
  double size = fabs(x);
  return at(problem->linear, i) * size + at(problem->impact, i) * size * sqrt(size);
}

double qs_hedge_objective(const qs_hedge_problem *problem, const double *x) {
  double total = problem->constant;
  for (size_t i = 0; i < problem->count; i++) {
    const double *row = problem->covariance + i * problem->count;
    double slope = 2 * problem->cross[i] + at(problem->funding, i);
    for (size_t j = 0; j < problem->count; j++) {
      slope += row[j] * x[j];
    }
    total += slope * x[i] + trade_cost(problem, i, x[i]);
  }
  return total;
}

/* Sum of the absolute values of the terms of f. */
static double objective_size(const qs_hedge_problem *problem, const double *x) {
  double total = fabs(problem->constant);
  for (size_t i = 0; i < problem->count; i++) {
    const double *row = problem->covariance + i * problem->count;
    double slope = fabs(2 * problem->cross[i]) + fabs(at(problem->funding, i));
    for (size_t j = 0; j < problem->count; j++) {
      slope += fabs(row[j] * x[j]);
    }
    total += slope * fabs(x[i]) + trade_cost(problem, i, x[i]);
  }
  return total;
}

/* Adds to the interval [low, high] the subdifferential of `right` x+ + `left` (-x)+. */
static void add_kink(double x, double right, double left, double *low, double *high, double *size) {
  *low += x > 0 ? right : -left;
  *high += x < 0 ? -left : right;
  *size += x > 0 ? fabs(right) : x < 0 ? fabs(left) : fmax(fabs(left), fabs(right));
}

static double stationarity(const qs_hedge_problem *problem, const double *x, const double *trade_multiplier,
                           const double *row_multiplier, const double *gross_multiplier, size_t i) {
  double smooth = 2 * problem->cross[i] + at(problem->funding, i) + trade_multiplier[i];
  double size = fabs(2 * problem->cross[i]) + fabs(at(problem->funding, i)) + fabs(trade_multiplier[i]);
  for (size_t j = 0; j < problem->count; j++) {
    double term = 2 * problem->covariance[i * problem->count + j] * x[j];
    smooth += term;
    size += fabs(term);
  }
  for (size_t k = 0; k < problem->row_count; k++) {
    double term = row_multiplier[k] * problem->rows[k].coefficients[i];
    smooth += term;
    size += fabs(term);
  }
  double slope = at(problem->linear, i) + 1.5 * at(problem->impact, i) * sqrt(fabs(x[i]));
  double low = smooth, high = smooth;
  add_kink(x[i], slope, slope, &low, &high, &size);
  for (size_t k = 0; k < problem->gross_count; k++) {
    add_kink(at(problem->position, i) + x[i], gross_multiplier[k] * problem->gross[k].up[i],
             gross_multiplier[k] * problem->gross[k].down[i], &low, &high, &size);
  }
  return ratio(fmax(0, fmax(low, -high)), size);
}

/* Feasibility of lower <= value <= upper, and complementarity of its multiplier. */
static double bounds(double value, double size, double lower, double upper, double multiplier,
                     double objective) {
  double worst = 0;
  if (value > upper) {
    worst = ratio(value - upper, size + fabs(upper));
  } else if (value < lower) {
    worst = ratio(lower - value, size + fabs(lower));
  }
  if (multiplier != 0) {
    double slack = multiplier > 0 ? upper - value : value - lower;
    worst = fmax(worst, ratio(fabs(multiplier * slack), objective));
  }
  return worst;
}

static double row_residual(const qs_hedge_problem *problem, const double *x, size_t k, double multiplier,
                           double objective) {
  const qs_hedge_row *row = problem->rows + k;
  double value = row->offset, size = fabs(row->offset);
  for (size_t i = 0; i < problem->count; i++) {
    value += row->coefficients[i] * x[i];
    size += fabs(row->coefficients[i] * x[i]);
  }
  return bounds(value, size, row->lower, row->upper, multiplier, objective);
}

static double gross_residual(const qs_hedge_problem *problem, const double *x, size_t k, double multiplier,
                             double objective) {
  const qs_hedge_gross *gross = problem->gross + k;
  double value = gross->base, size = fabs(gross->base);
  for (size_t i = 0; i < problem->count; i++) {
    double held = at(problem->position, i) + x[i];
    double term = held > 0 ? gross->up[i] * held : -gross->down[i] * held;
    value += term;
    size += term;
  }
  return multiplier < 0 ? (double)INFINITY
                        : bounds(value, size, -(double)INFINITY, gross->limit, multiplier, objective);
}

static bool all_finite(const double *array, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(array[i])) {
      return false;
    }
  }
  return true;
}

double qs_hedge_kkt(const qs_hedge_problem *problem, const double *x, const double *trade_multiplier,
                    const double *row_multiplier, const double *gross_multiplier) {
  if (!all_finite(x, problem->count) || !all_finite(trade_multiplier, problem->count) ||
      !all_finite(row_multiplier, problem->row_count) ||
      !all_finite(gross_multiplier, problem->gross_count)) {
    return (double)INFINITY;
  }
  double objective = objective_size(problem, x);
  double worst = 0;
  for (size_t i = 0; i < problem->count; i++) {
    double lower = problem->lower ? problem->lower[i] : -(double)INFINITY;
    double upper = problem->upper ? problem->upper[i] : (double)INFINITY;
    double part = stationarity(problem, x, trade_multiplier, row_multiplier, gross_multiplier, i);
    part = fmax(part, bounds(x[i], fabs(x[i]), lower, upper, trade_multiplier[i], objective));
    worst = fmax(worst, part);
  }
  for (size_t k = 0; k < problem->row_count; k++) {
    worst = fmax(worst, row_residual(problem, x, k, row_multiplier[k], objective));
  }
  for (size_t k = 0; k < problem->gross_count; k++) {
    worst = fmax(worst, gross_residual(problem, x, k, gross_multiplier[k], objective));
  }
  return worst;
}
