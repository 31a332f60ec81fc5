/*
 * Implied volatility surfaces of an underlying: an SVI smile per expiry (Gatheral, Jacquier 2014, equation
 * 3.1), fitted inside the quotes' spreads, free of butterfly and calendar arbitrage where the report says so,
 * total variance linear in time between expiries, and the local variance of it (Dupire 1994).
 *
 * k is ln(K/F) of the expiry; w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)) total variance.
 */
#ifndef QS_HOST_LOCAL_SVI_H
#define QS_HOST_LOCAL_SVI_H

#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_svi {
  double a, b, rho, m, sigma;
} qs_svi;

/* Total variance and its derivatives in k. */
typedef struct qs_smile {
  double w, slope, curve;
} qs_smile;

qs_smile qs_svi_smile(const qs_svi *svi, double k);

/* g(k) (Gatheral, Jacquier 2014, equation 2.1): the density of ln S over that of the normal law; at least 0
 * where there is no butterfly arbitrage. */
double qs_smile_density(const qs_smile *smile, double k);

/* One expiry. */
typedef struct qs_svi_slice {
  qs_time expiry;
  double years;
  qs_svi svi;
  double low, high; /* of k: the quotes that it was fitted to */
} qs_svi_slice;

typedef struct qs_svi_surface {
  const qs_svi_slice *slices; /* [count] ascending */
  size_t count;
  double least_density;  /* least g over all slices, as far as their quotes reach and half as far again, and
                            as four deviations of the next expiry */
  double least_increase; /* least (w_next - w)/w between neighbouring slices there */
} qs_svi_surface;

enum { QS_SVI_LEAST_QUOTES = 8 };

/* Fits a slice to every expiry with at least QS_SVI_LEAST_QUOTES used quotes, from the last one on, each with
 * penalties against butterflies and against the slice after it: what an earlier smile is beyond its quotes
 * then follows the later one, which has quotes there. There may be none. */
qs_status qs_svi_fit(qs_context *context, qs_arena *arena, const qs_underlying_market *market,
                     qs_svi_surface *surface);

/* The smile at a time in (0, last expiry]; beyond, the last slice's with as much variance a year. `*rate` is
 * dw/dt. */
qs_smile qs_svi_surface_smile(const qs_svi_surface *surface, double years, double k, double *rate);

/* Dupire's local variance, annual: dw/dt over g. Kept within a hundredth and a hundredfold of the variance at
 * the money; `*kept` (may be null) says whether it was. */
double qs_svi_local_variance(const qs_svi_surface *surface, double years, double k, bool *kept);

#ifdef __cplusplus
}
#endif
#endif
