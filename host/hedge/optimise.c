#include "host/hedge/optimise.h"

#include <math.h>
#include <string.h>

#include "host/hedge/conflict.h"
#include "host/hedge/dense.h"
#include "host/hedge/polish.h"

static const double trusted_residual = 1e-8;

/* A trade this many times its natural size is followed to infinity: without income from funding no optimum
 * lies beyond 1e6 (a direction that the ridge of 1e-12 does not hide). */
static const double far_away = 1e7;

/* A covariance of this much less than zero, relative to the variances, is no rounding. */
static const double indefinite = 1e-9;

static bool finite_all(const double *array, size_t count) {
  for (size_t i = 0; i < count && array; i++) {
    if (!isfinite(array[i])) {
      return false;
    }
  }
  return true;
}

static bool not_negative(const double *array, size_t count) {
  for (size_t i = 0; i < count && array; i++) {
    if (!(array[i] >= 0) || isinf(array[i])) {
      return false;
    }
  }
  return true;
}

static bool bad_bounds(double lower, double upper) {
  return isnan(lower) || isnan(upper) || lower == (double)INFINITY || upper == -(double)INFINITY;
}

/* What is wrong with the numbers, or null. */
static const char *defect(const qs_hedge_problem *problem) {
  size_t n = problem->count;
  if (n == 0) {
    return "there is no instrument";
  }
  if (!finite_all(problem->covariance, n * n) || !finite_all(problem->cross, n) ||
      !isfinite(problem->constant)) {
    return "a covariance is not finite";
  }
  if (!not_negative(problem->linear, n) || !not_negative(problem->impact, n)) {
    return "a cost is negative or not finite";
  }
  if (!finite_all(problem->funding, n) || !finite_all(problem->position, n)) {
    return "a funding rate or a position is not finite";
  }
  for (size_t i = 0; i < n; i++) {
    if (problem->covariance[i * n + i] < 0) {
      return "a variance is negative";
    }
    if (bad_bounds(problem->lower ? problem->lower[i] : 0, problem->upper ? problem->upper[i] : 0)) {
      return "a limit of a trade is not a number";
    }
  }
  for (size_t k = 0; k < problem->row_count; k++) {
    const qs_hedge_row *row = problem->rows + k;
    if (!finite_all(row->coefficients, n) || !isfinite(row->offset) || bad_bounds(row->lower, row->upper) ||
        (isinf(row->lower) && isinf(row->upper))) {
      return "a linear limit has no bound or is not finite";
    }
  }
  for (size_t k = 0; k < problem->gross_count; k++) {
    const qs_hedge_gross *gross = problem->gross + k;
    if (!not_negative(gross->up, n) || !not_negative(gross->down, n) || !isfinite(gross->base) ||
        !isfinite(gross->limit)) {
      return "a gross limit is negative in a weight or not finite";
    }
  }
  return NULL;
}

static qs_hedge_solution *new_solution(qs_arena *arena, const qs_hedge_problem *problem) {
  qs_hedge_solution *solution = QS_NEW(arena, 1, qs_hedge_solution);
  if (!solution || !(solution->x = QS_NEW(arena, problem->count, double)) ||
      !(solution->trade_multiplier = QS_NEW(arena, problem->count, double)) ||
      !(solution->row_multiplier = QS_NEW(arena, problem->row_count, double)) ||
      !(solution->gross_multiplier = QS_NEW(arena, problem->gross_count, double))) {
    return NULL;
  }
  return solution;
}

/* The active set of a solution of a problem close by. */
static void adopt(const qs_scaled *scaled, const qs_hedge_problem *problem, const qs_hedge_solution *start,
                  qs_scaled_point *point, qs_active_set *set) {
  for (size_t i = 0; i < scaled->n; i++) {
    size_t o = scaled->origin[i];
    double x = start->x[o];
    point->y[i] = x / scaled->scale[i];
    set->trade[i] = QS_TRADE_FREE;
    if (problem->lower && x == problem->lower[o]) {
      set->trade[i] = QS_TRADE_AT_LOWER;
    } else if (problem->upper && x == problem->upper[o]) {
      set->trade[i] = QS_TRADE_AT_UPPER;
    } else if (scaled->split[i] && x == 0) {
      set->trade[i] = QS_TRADE_AT_ZERO;
    } else if (scaled->held[i] && problem->position && x == -problem->position[o]) {
      set->trade[i] = QS_TRADE_AT_FLAT;
    }
  }
  for (size_t j = 0; j < scaled->m; j++) {
    double multiplier = start->row_multiplier[j];
    point->lambda[j] = multiplier * scaled->row_scale[j] / scaled->value;
    bool equality = scaled->row_lower[j] == scaled->row_upper[j];
    set->row[j] = (signed char)(equality ? 1 : (multiplier > 0) - (multiplier < 0));
  }
  for (size_t j = 0; j < scaled->k; j++) {
    point->nu[j] = start->gross_multiplier[j] * scaled->gross_scale[j] / scaled->value;
    set->gross[j] = start->gross_multiplier[j] > 0;
  }
}

/* True when a limit keeps the trades from going ten times as far as the point, whose largest is `largest`. */
static bool blocked(const qs_scaled *scaled, const double *y, double largest, double *far) {
  bool out = false;
  double room = 1e-3 * largest;
  for (size_t i = 0; i < scaled->n; i++) {
    far[i] = 10 * y[i];
    out = out || (fabs(y[i]) > room && (far[i] > scaled->upper[i] || far[i] < scaled->lower[i]));
  }
  for (size_t j = 0; j < scaled->m; j++) {
    double value = qs_scaled_row(scaled, j, far);
    out = out || value > scaled->row_upper[j] + room || value < scaled->row_lower[j] - room;
  }
  for (size_t j = 0; j < scaled->k; j++) {
    out = out || qs_scaled_gross(scaled, j, far) > scaled->limit[j] + room;
  }
  return out;
}

/* True when the point lies along a direction that has no variance to speak of, an income and no limit. `far`
 * is scratch. */
static bool runs_away(const qs_scaled *scaled, const double *y, double *far) {
  double largest = 0, curvature = 0, slope = 0;
  for (size_t i = 0; i < scaled->n; i++) {
    largest = fmax(largest, fabs(y[i]));
  }
  if (!(largest > far_away) || blocked(scaled, y, largest, far)) {
    return false;
  }
  for (size_t i = 0; i < scaled->n; i++) {
    double d = y[i] / largest;
    slope += scaled->c[i] * d + scaled->linear[i] * fabs(d);
    for (size_t j = 0; j < scaled->n; j++) {
      curvature += scaled->q[i * scaled->n + j] * d * (y[j] / largest);
    }
  }
  return slope < 0 && curvature < 1e-9 * fmax(1, fabs(slope));
}

static void judge(const qs_scaled *scaled, const qs_scaled_point *point, double *far,
                  qs_hedge_solution *solution) {
  if (runs_away(scaled, point->y, far)) {
    solution->outcome = QS_HEDGE_UNBOUNDED;
    solution->why = "funding pays more than it costs for a position without risk or limit";
  } else if (solution->kkt <= trusted_residual) {
    solution->outcome = QS_HEDGE_OPTIMAL;
    solution->why = NULL;
  } else {
    solution->outcome = QS_HEDGE_NOT_CONVERGED;
    solution->why = "the optimality conditions are not met to 1e-8";
  }
}

/* The least trades that the limits of each allow, without a price on any other limit: often the answer when
 * there is nothing to hedge or nothing worth its cost, and then exact. */
static bool least_trades_are_best(const qs_scaled *scaled, const qs_hedge_problem *problem,
                                  qs_scaled_point *point, qs_hedge_solution *solution) {
  for (size_t i = 0; i < scaled->n; i++) {
    point->y[i] = fmin(fmax(0, scaled->lower[i]), scaled->upper[i]);
  }
  qs_scaled_unscale(scaled, problem, point, 0, solution);
  return solution->kkt < 1e-15;
}

/* Whether the scaled covariance has a direction of negative variance beyond rounding. */
static qs_status check_definite(qs_context *context, qs_arena *scratch, const qs_scaled *scaled) {
  size_t n = scaled->n;
  double *copy = QS_NEW(scratch, n * n, double);
  signed char *sign = QS_NEW(scratch, n, signed char);
  if (!copy || !sign) {
    return qs_fail_memory(context, "setting up a hedge");
  }
  memcpy(copy, scaled->q, n * n * sizeof *copy);
  for (size_t i = 0; i < n; i++) {
    copy[i * n + i] *= 1 + indefinite;
    sign[i] = 1;
  }
  return qs_dense_factor(n, copy, sign) == 0
             ? QS_OK
             : qs_fail(context, QS_ERROR_INPUT, "hedge: the covariance is not positive semidefinite");
}

/* What one attempt works with. */
typedef struct attempt {
  qs_scaled *scaled;
  qs_scaled_point point;
  qs_active_set set;
  double *far;
} attempt;

/* Sizes come from the problem, or from `guide` where that is given. */
static qs_status prepare(qs_context *context, qs_arena *scratch, const qs_hedge_problem *problem,
                         const qs_hedge_solution *guide, attempt *a) {
  a->far = QS_NEW(scratch, problem->count, double);
  a->scaled = qs_scaled_create(scratch, problem, false, guide);
  if (!a->far || !a->scaled || !qs_scaled_point_create(scratch, a->scaled, &a->point) ||
      !qs_active_set_create(scratch, a->scaled, &a->set)) {
    return qs_fail_memory(context, "setting up a hedge");
  }
  return QS_OK;
}

static qs_status run(qs_context *context, qs_arena *scratch, const qs_hedge_problem *problem, bool warm,
                     attempt *a, qs_hedge_solution *solution) {
  qs_status status = QS_OK;
  if (!warm) {
    status = qs_interior_solve(context, scratch, a->scaled, 0, &a->point, &a->set, &solution->iterations);
  }
  if (!status) {
    status = qs_polish(context, scratch, a->scaled, problem, &a->point, &a->set, solution);
  }
  if (!status) {
    judge(a->scaled, &a->point, a->far, solution);
  }
  return status;
}

static qs_status solve_in(qs_context *context, qs_arena *scratch, qs_arena *arena,
                          const qs_hedge_problem *problem, const qs_hedge_solution *start,
                          qs_hedge_solution *solution) {
  attempt a;
  qs_status status = prepare(context, scratch, problem, NULL, &a);
  if (status) {
    return status;
  }
  status = check_definite(context, scratch, a.scaled);
  if (status) {
    return status;
  }
  if (least_trades_are_best(a.scaled, problem, &a.point, solution)) {
    solution->outcome = QS_HEDGE_OPTIMAL;
    return QS_OK;
  }
  solution->outcome = QS_HEDGE_NOT_CONVERGED;
  if (start && start->outcome == QS_HEDGE_OPTIMAL) {
    adopt(a.scaled, problem, start, &a.point, &a.set);
    status = run(context, scratch, problem, true, &a, solution);
  }
  if (!status && solution->outcome == QS_HEDGE_NOT_CONVERGED) {
    status = run(context, scratch, problem, false, &a, solution);
  }
  if (!status && solution->outcome == QS_HEDGE_NOT_CONVERGED) {
    /* Limits that act together may force trades of another size than each does alone. */
    status = prepare(context, scratch, problem, solution, &a);
    status = status ? status : run(context, scratch, problem, false, &a, solution);
  }
  if (!status && solution->outcome == QS_HEDGE_NOT_CONVERGED) {
    status = qs_hedge_find_conflicts(context, scratch, arena, problem, solution);
  }
  return status;
}

qs_status qs_hedge_optimise(qs_context *context, qs_arena *arena, const qs_hedge_problem *problem,
                            const qs_hedge_solution *start, qs_hedge_solution **solution) {
  const char *wrong = defect(problem);
  if (wrong) {
    return qs_fail(context, QS_ERROR_INPUT, "hedge: %s", wrong);
  }
  qs_hedge_solution *made = new_solution(arena, problem);
  qs_arena *scratch = qs_arena_create(context);
  qs_status status = QS_OK;
  if (made && scratch) {
    status = solve_in(context, scratch, arena, problem, start, made);
  } else {
    status = qs_fail_memory(context, "setting up a hedge");
  }
  qs_arena_destroy(scratch);
  if (!status) {
    *solution = made;
  }
  return status;
}
