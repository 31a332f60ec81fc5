/*
 * The hedge optimiser: the trades x of n instruments that minimise
 *
 *   f(x) = x'Cx + 2b'x + c0 + sum_i [ linear_i |x_i| + impact_i |x_i|^{3/2} + funding_i x_i ]
 *
 * subject to
 *
 *   lower_i <= x_i <= upper_i                                                       limits of a trade
 *   lower_k <= a_k'x + offset_k <= upper_k            (equal bounds: an equality)   Greeks
 *   base_k + sum_i [ up_ki max(p_i + x_i, 0) + down_ki max(-p_i - x_i, 0) ] <= limit_k
 *                                                            gross limits: margin proxy, leverage
 *
 * where C is the covariance of the instruments' P&L, b its covariance with the P&L to be hedged, c0 that
 * P&L's variance, and p_i the position already held in instrument i. Convex, with kinks at the zero trade and
 * at the zero position. The weight of costs against variance is part of linear, impact and funding. Units are
 * the caller's: quantities of different instruments may differ by many orders of magnitude.
 *
 * Method. Scaling by what each instrument can do to the variance; a primal-dual interior-point method with
 * Mehrotra's (1992) predictor and corrector on the split form x = s - t, p + x = g - h (s, t, g, h >= 0), in
 * which x^{3/2} is compatible with the logarithmic barrier (Nesterov and Nemirovskii 1994, section 5.1); then
 * Newton on the identified support, so that a zero trade is exactly zero and a limit is met to rounding. The
 * bits of the answer depend on the problem alone.
 *
 * Ties. C may be singular (collinear instruments, one without variance). Its diagonal is multiplied by
 * 1 + 1e-12 (instruments without variance get 1e-12 of the objective at their natural size), so that among
 * equally good trades the one with the least sum of (x_i standard deviation_i)^2 is returned.
 */
#ifndef QS_HOST_HEDGE_OPTIMISE_H
#define QS_HOST_HEDGE_OPTIMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lower <= coefficients'x + offset <= upper; infinite for none, lower = upper for an equality. */
typedef struct qs_hedge_row {
  const double *coefficients; /* [count] */
  double offset, lower, upper;
} qs_hedge_row;

/* base + sum_i [up_i max(p_i + x_i, 0) + down_i max(-p_i - x_i, 0)] <= limit. */
typedef struct qs_hedge_gross {
  const double *up, *down; /* [count], >= 0 */
  double base, limit;
} qs_hedge_gross;

/* Arrays are borrowed. */
typedef struct qs_hedge_problem {
  size_t count;                            /* instruments, at least 1 */
  const double *covariance;                /* C [count][count], symmetric positive semidefinite */
  const double *cross;                     /* b */
  double constant;                         /* c0 */
  const double *linear, *impact, *funding; /* null: none; linear and impact >= 0 */
  const double *lower, *upper;             /* null: none; infinite where there is none */
  const double *position;                  /* p; null: zero */
  const qs_hedge_row *rows;
  size_t row_count;
  const qs_hedge_gross *gross;
  size_t gross_count;
} qs_hedge_problem;

typedef enum qs_hedge_outcome {
  QS_HEDGE_OPTIMAL,       /* KKT residual at most 1e-8 */
  QS_HEDGE_NOT_CONVERGED, /* x is the best point found */
  QS_HEDGE_INFEASIBLE,    /* conflicts says which limits cannot hold together; x is zero */
  QS_HEDGE_UNBOUNDED      /* funding pays for a position without risk or limit; x is its direction */
} qs_hedge_outcome;

/* Which limit: index is the instrument, the row or the gross limit. */
typedef enum qs_hedge_limit_kind {
  QS_HEDGE_LOWER,
  QS_HEDGE_UPPER,
  QS_HEDGE_ROW_LOWER,
  QS_HEDGE_ROW_UPPER,
  QS_HEDGE_GROSS
} qs_hedge_limit_kind;

typedef struct qs_hedge_limit_ref {
  qs_hedge_limit_kind kind;
  size_t index;
} qs_hedge_limit_ref;

/* Multipliers make f(x) + sum multiplier * (constraint) stationary: positive presses on the upper bound,
 * negative on the lower one; a gross limit's is never negative. So the change of the optimal objective per
 * unit of the active bound is minus the multiplier, on either side. */
typedef struct qs_hedge_solution {
  qs_hedge_outcome outcome;
  const char *why; /* null when optimal; a static string */
  double *x;       /* [count] */
  double *trade_multiplier, *row_multiplier, *gross_multiplier;
  double objective;
  double kkt; /* qs_hedge_kkt of the above */
  uint32_t iterations;
  const qs_hedge_limit_ref *conflicts; /* minimal: without any one of them the others can hold */
  size_t conflict_count;
} qs_hedge_solution;

/* Solves the problem; everything returned is owned by the arena. `start` (may be null) is the solution of a
 * problem close by with the same limits: its active set is tried first, which saves the interior-point
 * iterations. QS_OK for every outcome above; QS_ERROR_INPUT for numbers that are no problem (NaN, a negative
 * cost, a C with a direction of negative variance beyond 1e-9), QS_ERROR_MEMORY, QS_ERROR_CANCELLED. */
qs_status qs_hedge_optimise(qs_context *context, qs_arena *arena, const qs_hedge_problem *problem,
                            const qs_hedge_solution *start, qs_hedge_solution **solution);

/* f(x). */
double qs_hedge_objective(const qs_hedge_problem *problem, const double *x);

/*
 * The KKT residual of the original problem: the largest of the following, each free of units, with 0/0 = 0.
 *  - stationarity, for each i: the distance of zero from
 *      2(Cx)_i + 2b_i + funding_i + trade_multiplier_i + sum_k row_multiplier_k a_ki + the subdifferential of
 *      linear_i |x_i| + impact_i |x_i|^{3/2} + sum_k gross_multiplier_k (up_ki (p_i+x_i)+ + down_ki
 * (-p_i-x_i)+), over the sum of the absolute values of all its terms (each C_ij x_j for itself);
 *  - feasibility: what a bound is exceeded by, over the sum of the absolute values of the terms that make up
 *    that constraint and its bound;
 *  - complementarity: |multiplier| x distance from the bound that its sign names (infinite where there is no
 *    such bound), over the sum of the absolute values of the terms that make up f(x).
 * It is infinite when a number is not finite or a gross limit's multiplier is below zero.
 * Independent of the solver: it reads the problem and the solution alone.
 */
double qs_hedge_kkt(const qs_hedge_problem *problem, const double *x, const double *trade_multiplier,
                    const double *row_multiplier, const double *gross_multiplier);

#ifdef __cplusplus
}
#endif
#endif
