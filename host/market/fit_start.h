/* Where the searches of a fit begin: a fixed set, made from the smile and, for models with jumps, from the
 * fit without jumps. */
#ifndef QS_HOST_MARKET_FIT_START_H
#define QS_HOST_MARKET_FIT_START_H

#include "host/market/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_FIT_MAX_STARTS = 24 };

/* The simplest model that the one asked for extends: heston for bates and svcj, else the model itself. Its
 * fit has one minimum on every chain that we have seen. */
qs_model_type qs_fit_base_type(qs_model_type type);

/* A start for the base model: volatilities at the money of the first and the last expiry, the sign of the
 * skew. */
qs_model qs_fit_base_start(const qs_fit_problem *problem);

/*
 * Starts for the model asked for, starts[QS_FIT_MAX_STARTS]; returns how many. `base` is the base model's
 * fit, or its start. Jumps of several kinds (rare and large to monthly and small, in proportion to the
 * volatility at the money) are laid over the base, whose long-run variance makes room for theirs, and over
 * the base with less volatility of variance; then come points of a Halton sequence (Halton 1960) over the
 * sensible part of the ranges.
 */
size_t qs_fit_starts(const qs_fit_problem *problem, const qs_model *base, qs_model *starts);

#ifdef __cplusplus
}
#endif
#endif
