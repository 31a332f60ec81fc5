#include "host/engine/drivers.h"

#include <math.h>

/* Correlation of the drivers that gives the returns their correlation c: with both the variance's normals and
 * the price's own correlated by r, returns are correlated by r (rho_a rho_b + sqrt(1 - rho_a^2) sqrt(1 -
 * rho_b^2)). */
static double driver_correlation(const qs_model *a, const qs_model *b, double c) {
  double rho[2] = {0, 0};
  const qs_model *models[2] = {a, b};
  for (int k = 0; k < 2; k++) {
    if (qs_model_parameters(models[k]->type) >> QS_RHO & 1) {
      rho[k] = models[k]->value[QS_RHO];
    }
  }
  double passed = rho[0] * rho[1] + sqrt(1 - rho[0] * rho[0]) * sqrt(1 - rho[1] * rho[1]);
  double r = passed > 0 ? c / passed : c;
  return r > 1 ? 1 : r < -1 ? -1 : r;
}

/* Lower Cholesky factor of the drivers' correlation matrix; false when it is not positive definite. */
static bool factorise(const double *correlation, size_t n, double *factor) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) {
      double sum = correlation[i * n + j];
      for (size_t k = 0; k < j; k++) {
        sum -= factor[i * n + k] * factor[j * n + k];
      }
      if (i == j) {
        if (sum <= 1e-12) {
          return false;
        }
        factor[i * n + i] = sqrt(sum);
      } else {
        factor[i * n + j] = sum / factor[j * n + j];
      }
    }
  }
  return true;
}

qs_status qs_driver_weights(qs_context *context, qs_arena *arena, const qs_market *market, const int *which,
                            size_t count, const double **weights) {
  double *drivers = QS_NEW(arena, count * count, double);
  double *returns = QS_NEW(arena, count * count, double);
  double *factor = QS_NEW(arena, count * count, double);
  if (!drivers || !returns || !factor) {
    return qs_fail_memory(context, "correlating the underlyings");
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < count; j++) {
      const size_t a = (size_t)which[i], b = (size_t)which[j];
      returns[i * count + j] = market->correlation[a * market->underlying_count + b];
      drivers[i * count + j] =
          i == j ? 1
                 : driver_correlation(&market->underlyings[a].model, &market->underlyings[b].model,
                                      returns[i * count + j]);
    }
  }
  if (!factorise(drivers, count, factor) && !factorise(returns, count, factor)) {
    return qs_fail(context, QS_ERROR_INPUT, "correlations: the matrix is not positive definite");
  }
  *weights = factor;
  return QS_OK;
}
