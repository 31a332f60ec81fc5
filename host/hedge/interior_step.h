/* The Newton step of the interior-point method: residuals, the reduced system, and the way back from it. */
#ifndef QS_HOST_HEDGE_INTERIOR_STEP_H
#define QS_HOST_HEDGE_INTERIOR_STEP_H

#include "host/hedge/scaled.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Barrier pairs (v, z), v >= 0 with multiplier z, in groups of n: distances from the limits of a trade, its
 * buy and sell parts, the long and short parts of the position; then distances from the rows' bounds and the
 * slack of the gross limits. */
typedef enum qs_pair_group { LOW, UPP, BUY, SELL, LONG, SHORT, GROUPS } qs_pair_group;

typedef struct qs_interior {
  const qs_scaled *scaled;
  double elastic;
  size_t n, m, k, pairs, size; /* size = n + m + k: order of the reduced system */
  bool *on;                    /* [pairs] */
  double *v, *z, *dv, *dz, *comp;
  double *y, *alpha, *beta, *r, *lambda, *nu; /* alpha: of y = s - t; beta: of p + y = g - h */
  double *dy, *dalpha, *dbeta, *dr, *dlambda, *dnu;
  double *res_y, *res_pair, *res_split, *res_held, *res_r, *res_lambda, *res_nu;
  double *pull, *gap_split, *gap_held, *gap_row; /* right-hand sides of what is eliminated */
  double *row_weight;                            /* [m] */
  double *system, *factors, *rhs, *step, *work;
  signed char *sign;
  double *best_y, *best_lambda, *best_nu, *best_v, *best_z;
} qs_interior;

/* Where the pairs of the rows' lower and upper bounds and of the gross limits begin in an array of pairs. */
static inline double *qs_row_low(const qs_interior *s, double *pairs) {
  return pairs + GROUPS * s->n;
}

static inline double *qs_row_upp(const qs_interior *s, double *pairs) {
  return pairs + GROUPS * s->n + s->m;
}

static inline double *qs_slack_of(const qs_interior *s, double *pairs) {
  return pairs + GROUPS * s->n + 2 * s->m;
}

static inline bool qs_row_is_equality(const qs_interior *s, size_t row) {
  return s->scaled->row_lower[row] == s->scaled->row_upper[row];
}

/* All res_ arrays, at the present point. */
void qs_interior_residuals(qs_interior *s);

/* Builds and factorises the reduced matrix. */
void qs_interior_factorise(qs_interior *s);

/* The direction (d arrays) towards products `target`, with `second` times the second-order terms of the
 * direction before. */
void qs_interior_direct(qs_interior *s, double target, double second);

#ifdef __cplusplus
}
#endif
#endif
