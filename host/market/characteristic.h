/*
 * The characteristic function of X = ln(S_T/F) for the model family, with all its derivatives.
 *
 * It is evaluated where Fourier pricing needs it, on the line p = 1/2 + i x:
 *
 *   phi(x) = E[exp(p X)] = exp(C(x) + D(x) v0),    phi of p = 0 and p = 1 being 1.
 *
 * D solves the Riccati equation D' = -w/2 - beta D + xi^2 D^2/2 with w = p(1 - p) = x^2 + 1/4 (real on this
 * line) and beta = kappa - rho xi p (Heston 1993), in the form whose logarithm stays on its principal branch
 * (Albrecher, Mayer, Schoutens, Tistaert 2007), rewritten so that nothing is divided by xi: with d =
 * sqrt(beta^2 + xi^2 w), s = beta + d, E = 1 - exp(-d T), y = w E/(2 d s), z = xi^2 y and l(z) = -ln(1 -
 * z)/z,
 *
 *   D = -y s/(1 - z),    integral of D = -w T/s + 2 y l(z).
 *
 * Jumps add lambda (theta0 I - T (1 + p kbar)), theta0 = exp(p mu_j + p^2 sigma_j^2/2) and I the integral
 * over [0, T] of 1/(a - mu_v D), a = 1 - p rho_j mu_v (Duffie, Pan, Singleton 2000, section 4.1); its
 * logarithm, too, stays on the principal branch on this line. I = T without variance jumps; kou has p
 * eta1/(eta1 - p) + (1 - p) eta2/(eta2 + p) for theta0.
 *
 * All functions are pure and may be called from any thread. Results are the same bits on every instruction
 * set.
 */
#ifndef QS_HOST_MARKET_CHARACTERISTIC_H
#define QS_HOST_MARKET_CHARACTERISTIC_H

#include <stdbool.h>

#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_CHARACTERISTIC_BLOCK = 32 };

/* A model at one time to expiry, prepared. */
typedef struct qs_characteristic {
  qs_model model;
  double years;
  uint32_t used;        /* qs_model_parameters */
  bool stochastic;      /* v moves: heston, bates, svcj */
  bool jumps;           /* the model has jumps */
  bool variance_jumps;  /* svcj with mu_v > 0 or its derivatives wanted */
  double kbar;          /* mean relative jump */
  double added;         /* variance of a normal part of X of its own, which is in `variance` as well */
  double variance;      /* E of the integral of v over [0, T], diffusion alone */
  double jump_variance; /* lambda T E[J^2] */
} qs_characteristic;

/* One complex number per node. */
typedef struct qs_node_values {
  double re[QS_CHARACTERISTIC_BLOCK], im[QS_CHARACTERISTIC_BLOCK];
} qs_node_values;

/* What a block of nodes gives. */
typedef struct qs_characteristic_block {
  qs_node_values c, d;                   /* ln phi = c + d v0; d is 0 for models of constant volatility */
  double slack[QS_CHARACTERISTIC_BLOCK]; /* jumps: ln |phi| may come back by this much at larger x */
  qs_node_values time;                   /* d ln phi / dT */
  qs_node_values gradient[QS_PARAMETER_COUNT]; /* d ln phi / d parameter, for the parameters the model uses */
} qs_characteristic_block;

/* Prepares; the model must have passed qs_model_check and years > 0. */
qs_characteristic qs_characteristic_prepare(const qs_model *model, double years);

/* The same with a normal part of variance `added` >= 0 in X, independent and of mean -added/2. */
qs_characteristic qs_characteristic_shifted(const qs_model *model, double years, double added);

/* Fills `c` and `d`, and with `derivatives` also `time` and `gradient`, at the block's nodes x[0 .. BLOCK -
 * 1]. */
void qs_characteristic_evaluate(const qs_characteristic *characteristic, const double *x, bool derivatives,
                                qs_characteristic_block *block);

/* ln E[exp(p X)] for real p outside (0, 1), or an upper bound of it (svcj: I is bounded by its largest
 * integrand); infinite where the moment does not exist (Andersen and Piterbarg 2007, proposition 3.1). For
 * tail bounds. */
double qs_characteristic_log_moment(const qs_characteristic *characteristic, double p);

#ifdef __cplusplus
}
#endif
#endif
