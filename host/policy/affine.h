/*
 * One step of the affine transform: for complex p and d,
 *
 *   E[exp(p (x_(t+dt) - x_t) + d v_(t+dt)) | v_t] = exp(A + B v_t),
 *
 * with B the solution of B' = -w/2 - beta B + xi^2 B^2/2, w = p(1 - p), beta = kappa - rho xi p, from B = d
 * (Duffie, Pan, Singleton 2000, section 2), in the form of host/market/characteristic.h, whose logarithm has
 * nothing divided by xi: with D = sqrt(beta^2 + xi^2 w), s = beta + D, E = exp(-D t), Y = (1 - E)(w/s + d)/(2
 * D), z = xi^2 Y, l(z) = -ln(1 - z)/z,
 *
 *   B = -w/s + E (w/s + d)/(1 - z),    integral of B = -w t/s + 2 Y l(z).
 *
 * Jumps add lambda times the integral of their transform at (p, B), by Gauss and Legendre's rule over the
 * step. Made for steps of days and weeks.
 */
#ifndef QS_HOST_POLICY_AFFINE_H
#define QS_HOST_POLICY_AFFINE_H

#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_affine {
  double a_re, a_im, b_re, b_im;
} qs_affine;

/* p = p_re + i p_im and d likewise. `years` > 0; `added`: variance of the step beside the model's. */
qs_affine qs_affine_step(const qs_model *model, double years, double added, double p_re, double p_im,
                         double d_re, double d_im);

#ifdef __cplusplus
}
#endif
#endif
