/* How the normals of correlated underlyings are made of independent ones. */
#ifndef QS_HOST_ENGINE_DRIVERS_H
#define QS_HOST_ENGINE_DRIVERS_H

#include "host/base/arena.h"
#include "host/market/market.h"
#include "host/market/pairs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of `count` underlyings, each with the independent normals m_j of a variance and n_j of a price: the
 * variances' normals are z = V m, the prices' own are B = C m + L n. V, L and C are [count][count], V and L
 * lower triangles. */
typedef struct qs_drivers {
  size_t count;
  const double *variance, *own;
  const double *cross; /* null: 0 */
  const double *rho;   /* [count]: of the models, NaN: the variance does not move */
  bool fallback;       /* the returns' own correlations were taken */
} qs_drivers;

/* Whose they are: underlyings which[count] of the market under models[count]; a pair of which both have a
 * move takes the lesser one on its returns' correlation and on a given one of its variances, short of +-1. */
typedef struct qs_driver_choice {
  const int *which;
  size_t count;
  const qs_model *const *models; /* null: the market's */
  const double *moves;           /* null: none */
} qs_driver_choice;

/* Where the market gives correlations of returns alone, variances and the prices' own have the correlation r
 * that gives returns theirs (pairs.h), and C is null; where no drivers give that, they take the returns' own
 * correlation, and the returns' is a little smaller. Else what the market gives holds as a whole; it was
 * checked. What moves make impossible is replaced by the nearest that is possible. */
qs_status qs_drivers_make(qs_context *context, qs_arena *arena, const qs_market *market,
                          const qs_driver_choice *choice, qs_drivers *drivers);

/* Rows of the transposed inverse of the lower triangle `factor` [n][n]. */
void qs_triangle_duals(const double *factor, size_t n, double *duals);

#ifdef __cplusplus
}
#endif
#endif
