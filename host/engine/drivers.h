/* How the normals of correlated underlyings are made of independent ones. */
#ifndef QS_HOST_ENGINE_DRIVERS_H
#define QS_HOST_ENGINE_DRIVERS_H

#include "host/base/arena.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The lower Cholesky factor [count][count] of the correlation of the drivers of some of the market's
 * underlyings, which[count]: the variance's normals and the price's own are both correlated by r, and returns
 * by r (rho_a rho_b + sqrt(1 - rho_a^2) sqrt(1 - rho_b^2)), which is what the market says. Where no drivers
 * give that they take the returns' own correlation, and the returns' is a little smaller. */
qs_status qs_driver_weights(qs_context *context, qs_arena *arena, const qs_market *market, const int *which,
                            size_t count, const double **weights);

#ifdef __cplusplus
}
#endif
#endif
