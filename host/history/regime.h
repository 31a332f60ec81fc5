/*
 * Two regimes: returns are normal with a mean and a variance of the regime, which is a Markov chain that is
 * not seen (Hamilton 1989, equations 4 to 7). Regime 0 is the calm one, regime 1 that of the greater
 * variance.
 */
#ifndef QS_HOST_HISTORY_REGIME_H
#define QS_HOST_HISTORY_REGIME_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_regime {
  double mean[2], variance[2];
  double stay[2]; /* probabilities of staying, in (0, 1) */
} qs_regime;

typedef struct qs_regime_fit {
  qs_regime model, std_error; /* errors are NaN where not converged */
  double turbulent;           /* probability of regime 1 at the last return, given all */
  double log_likelihood;
  bool converged;
} qs_regime_fit;

/* The filter, from the chain's stationary law: the probability of regime 1 at the last of returns[count],
 * given them; each[count] (may be null) receives that of every return given those up to it. count >= 1. */
double qs_regime_filter(const qs_regime *model, const double *returns, size_t count, double *each);

/* At least 50 returns that vary, or QS_ERROR_INPUT; QS_ERROR_MEMORY. */
qs_status qs_regime_fit_series(qs_context *context, const double *returns, size_t count, qs_regime_fit *fit);

/* Mean expected square of the returns, less their mean's square, over the next `horizon` periods. */
double qs_regime_forecast(const qs_regime *model, double turbulent, size_t horizon);

#ifdef __cplusplus
}
#endif
#endif
