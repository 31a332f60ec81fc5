/*
 * quickset: the model family and its parameters.
 *
 * svcj    dS/S- = (dF/F)dt + sqrt(v) dW1 + (e^J - 1) dN - lambda kbar dt
 *         dv    = kappa (theta - v) dt + xi sqrt(v) dW2 + Z dN,  corr(W1, W2) = rho,  N Poisson(lambda),
 *         Z ~ Exp(mean mu_v),  J given Z ~ Normal(mu_j + rho_j Z, sigma_j^2)       (Duffie, Pan, Singleton
 * 2000) kbar  = exp(mu_j + sigma_j^2/2) / (1 - rho_j mu_v) - 1 bates   svcj with mu_v = rho_j = 0 (Bates
 * 1996);  heston: lambda = 0 (Heston 1993) merton  constant volatility sigma, J ~ Normal(mu_j, sigma_j^2)
 * (Merton 1976) kou     constant volatility sigma, J = Exp(eta1) upwards with probability p, -Exp(eta2)
 * otherwise (Kou 2002); eta1 > 1, eta2 > 0 are rates (inverse means) gbm     constant volatility sigma (Black
 * 1976)
 */
#ifndef QUICKSET_MODEL_H
#define QUICKSET_MODEL_H

#include <stdint.h>

#include "quickset/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int64_t qs_time; /* seconds since 1970-01-01T00:00:00Z */

typedef enum qs_model_type {
  QS_MODEL_GBM = 0,
  QS_MODEL_MERTON = 1,
  QS_MODEL_KOU = 2,
  QS_MODEL_HESTON = 3,
  QS_MODEL_BATES = 4,
  QS_MODEL_SVCJ = 5,
  QS_MODEL_COUNT = 6
} qs_model_type;

/* Index of a parameter in qs_model.value. Annual units: variances and intensities a year, volatilities as
 * fractions. */
typedef enum qs_parameter {
  QS_V0 = 0,      /* variance now, >= 0 */
  QS_KAPPA = 1,   /* speed of mean reversion, > 0 */
  QS_THETA = 2,   /* long-run variance, >= 0 */
  QS_XI = 3,      /* volatility of variance, > 0 */
  QS_RHO = 4,     /* correlation of price and variance, in [-1, 1] */
  QS_LAMBDA = 5,  /* jumps a year, >= 0 */
  QS_MU_J = 6,    /* mean log jump */
  QS_SIGMA_J = 7, /* standard deviation of the log jump, >= 0 */
  QS_MU_V = 8,    /* mean variance jump, >= 0 */
  QS_RHO_J = 9,   /* loading of the log jump on the variance jump, rho_j mu_v < 1 */
  QS_P = 10,      /* probability of an upward jump, in [0, 1] */
  QS_ETA1 = 11,   /* rate of upward jumps, > 1 */
  QS_ETA2 = 12,   /* rate of downward jumps, > 0 */
  QS_SIGMA = 13,  /* constant volatility, > 0 */
  QS_PARAMETER_COUNT = 14
} qs_parameter;

/* A model with its parameters; values that the model does not use are ignored. */
typedef struct qs_model {
  qs_model_type type;
  double value[QS_PARAMETER_COUNT];
} qs_model;

/* "svcj", "v0", ...: static strings, null out of range. */
QS_API const char *qs_model_name(qs_model_type type);
QS_API const char *qs_parameter_name(qs_parameter parameter);

/* Bit mask of the parameters that the model uses, bit i for parameter i. */
QS_API uint32_t qs_model_parameters(qs_model_type type);

/* Null when every used parameter is in its range, else a static text that says what is wrong; *parameter then
 * tells which one it is (untouched otherwise). */
QS_API const char *qs_model_check(const qs_model *model, qs_parameter *parameter);

#ifdef __cplusplus
}
#endif
#endif
