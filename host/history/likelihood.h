/*
 * Estimates by maximum likelihood of a few parameters, with errors that hold where the law is not quite the
 * one assumed (the sandwich of White 1982, equation 3.2): A^-1 B A^-1 with A the second derivatives of the
 * log likelihood and B the sum of squares of the scores of its terms.
 *
 * Nelder and Mead's simplex (1965) finds the hill, Newton steps the top; derivatives are differences over a
 * twentieth of a standard error.
 */
#ifndef QS_HOST_HISTORY_LIKELIHOOD_H
#define QS_HOST_HISTORY_LIKELIHOOD_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_LIKELIHOOD_MOST = 8 }; /* parameters */

/* Fills terms[observations] with the log of each observation's density given those before it. False where the
 * parameters are not allowed: terms are then not read. */
typedef bool (*qs_likelihood_terms)(const double *parameters, double *terms, void *data);

typedef struct qs_likelihood {
  qs_likelihood_terms terms;
  void *data;
  size_t observations, count;       /* 1 to QS_LIKELIHOOD_MOST parameters */
  double start[QS_LIKELIHOOD_MOST]; /* allowed */
  double scale[QS_LIKELIHOOD_MOST]; /* not 0: how far and which way a first step goes */
} qs_likelihood;

typedef struct qs_likelihood_fit {
  double estimate[QS_LIKELIHOOD_MOST];
  double std_error[QS_LIKELIHOOD_MOST];                       /* of the sandwich; NaN where not converged */
  double covariance[QS_LIKELIHOOD_MOST * QS_LIKELIHOOD_MOST]; /* rows of `count`; NaN where not converged */
  double value;                                               /* the log likelihood */
  bool converged; /* at an inner maximum: slope zero, curvature negative definite */
} qs_likelihood_fit;

/* QS_ERROR_MEMORY alone; a fit that did not converge is no error. */
qs_status qs_likelihood_maximise(qs_context *context, const qs_likelihood *problem, qs_likelihood_fit *fit);

#ifdef __cplusplus
}
#endif
#endif
