/*
 * The optimiser's problem in scaled numbers, without the instruments whose trade is fixed (lower = upper).
 *
 *   minimise y'Qy/2 + c'y + sum_i [linear_i |y_i| + impact_i |y_i|^{3/2}]
 *
 * with x = scale y, the objective divided by `value`, every row and gross limit divided by its largest
 * coefficient. Q is 2C and the ridge that breaks ties. scale_i is the quantity at which instrument i alone
 * has the variance `value`, or less where its limits or its impact keep it below.
 */
#ifndef QS_HOST_HEDGE_SCALED_H
#define QS_HOST_HEDGE_SCALED_H

#include "host/base/arena.h"
#include "host/hedge/optimise.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_scaled {
  size_t n, m, k;                                 /* instruments left, rows, gross limits */
  double *q, *c, *ridge;                          /* [n][n], [n] */
  double *linear, *impact;                        /* [n] */
  double *lower, *upper, *position;               /* [n] */
  double *size;                                   /* [n] typical gradient, > 0 */
  double *a, *offset, *row_lower, *row_upper;     /* [m][n], [m] */
  double *up, *down, *base, *limit;               /* [k][n], [k] */
  double *scale, *row_scale, *gross_scale, value; /* [n], [m], [k] */
  size_t *origin;                                 /* [n] index in the problem */
  bool *split, *held;                             /* [n] has a kink at 0; is in a gross limit */
  bool relaxed;
} qs_scaled;

/* A point with its multipliers, in scaled numbers. */
typedef struct qs_scaled_point {
  double *y, *bound;   /* [n]; multiplier of the limits of a trade, signed */
  double *lambda, *nu; /* [m] signed, [k] >= 0 */
} qs_scaled_point;

/* Null when memory is out. With `relaxed` the limits of trades are left out (and none is fixed), but the
 * scales still know them. With a `guide` (may be null) sizes are taken from its trades and its objective. */
qs_scaled *qs_scaled_create(qs_arena *arena, const qs_hedge_problem *problem, bool relaxed,
                            const qs_hedge_solution *guide);
bool qs_scaled_point_create(qs_arena *arena, const qs_scaled *scaled, qs_scaled_point *point);

/* Gradient of the smooth part with the rows' multipliers: Qy + c + A'lambda. */
void qs_scaled_gradient(const qs_scaled *scaled, const double *y, const double *lambda, double *gradient);

/* Row and gross limit values at y. */
double qs_scaled_row(const qs_scaled *scaled, size_t row, const double *y);
double qs_scaled_gross(const qs_scaled *scaled, size_t gross, const double *y);

/* The solution in the caller's numbers: x, multipliers (a fixed trade's from stationarity), objective, KKT
 * residual. Trades at zero, at a limit or at the zero position are so exactly. The multiplier of a row or
 * gross limit that over its whole size is worth less than `worthless` of the objective becomes zero: where
 * nothing else acts on an instrument, the rounding of a multiplier would be all that its stationarity has. */
void qs_scaled_unscale(const qs_scaled *scaled, const qs_hedge_problem *problem, const qs_scaled_point *point,
                       double worthless, qs_hedge_solution *solution);

#ifdef __cplusplus
}
#endif
#endif
