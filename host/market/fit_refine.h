/*
 * The end of a fit: Newton steps to the minimum, and what the curvature there says: standard errors, which
 * parameters the quotes tell, and how the parameters move with each quote. For host/market.
 *
 * Everything here is in scaled parameters z = p / scale, scale_j = 1 / |W J_j|, the length of a parameter's
 * column in the weighted Jacobian: a step of 1 in z moves the residuals by 1 (a spread) in all.
 */
#ifndef QS_HOST_MARKET_FIT_REFINE_H
#define QS_HOST_MARKET_FIT_REFINE_H

#include "host/market/fit_search.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a parameter stands still. */
typedef enum qs_fit_hold {
  QS_FIT_FREE = 0,
  QS_FIT_AT_LOW = 1,  /* it is at the lower end of its range */
  QS_FIT_AT_HIGH = 2, /* at the upper end */
  QS_FIT_MUTE = 3     /* moving it as far as it goes would hardly move any quote */
} qs_fit_hold;

typedef struct qs_fit_curvature {
  qs_fit_hold hold[QS_FIT_MAX_PARAMETERS];
  size_t free_count;
  size_t free[QS_FIT_MAX_PARAMETERS]; /* places in problem->parameter, ascending */
  double scale[QS_FIT_MAX_PARAMETERS];
  double gradient[QS_FIT_MAX_PARAMETERS]; /* half the objective's gradient in z, free parameters in order */
  double values[QS_FIT_MAX_PARAMETERS];   /* eigenvalues of half the Hessian in z, ascending */
  double vectors[QS_FIT_MAX_PARAMETERS * QS_FIT_MAX_PARAMETERS]; /* [free][k], of values[k] */
  size_t
      first_kept; /* eigenvalues before it are under 1e-6 of the largest: their directions are left alone */
} qs_fit_curvature;

/*
 * Newton's method with the full Hessian, residual curvature included (by central differences of the analytic
 * gradient, columns shared over `threads` descents), from the outcome of a descent: the outcome is improved
 * in place, never worsened. `curvature` is that of the end point. Parameters at an end of their range, and
 * mute ones, stay. False when the point cannot be priced.
 */
bool qs_fit_refine(const qs_fit_problem *problem, const qs_fit_descent *descents, int threads,
                   qs_fit_outcome *outcome, qs_fit_curvature *curvature);

/* Half the gradient in p: sum_i w_i^2 (sigma_i(p) - sigma_i) J_ij, over all residuals; [parameter_count]. */
void qs_fit_half_gradient(const qs_fit_problem *problem, const double *model_vol, const double *jacobian,
                          double *gradient);

/* x = A^+ b for half the Hessian A, in free scaled parameters: the pseudo-inverse over the kept directions.
 */
void qs_fit_curvature_solve(const qs_fit_curvature *curvature, const double *b, double *x);

/*
 * d parameter / d volatility of each quote at the minimum, by_quote[QS_PARAMETER_COUNT][quote_count], rows of
 * held parameters 0: the objective's gradient stays 0, so dp/dsigma_i = A^+ J_i w_i^2 (implicit function
 * theorem). `jacobian` as qs_fit_evaluate gives it at the end point.
 */
void qs_fit_by_quote(const qs_fit_problem *problem, const qs_fit_curvature *curvature, const double *jacobian,
                     double *by_quote);

/*
 * Standard errors of the parameters, std_error[problem->parameter_count], NaN for held ones: the sandwich A^+
 * M A^+ with M = n/(n - k) sum_i w_i^4 (sigma_i(p) - sigma_i)^2 J_i J_i' (White 1980), which asks the errors
 * of the quotes to be independent, not equal. Neighbouring quotes err together where the model cannot follow
 * the smile; then these are too small.
 */
void qs_fit_std_errors(const qs_fit_problem *problem, const qs_fit_curvature *curvature,
                       const double *model_vol, const double *jacobian, double *std_error);

/* Share of parameter j (a place in problem->parameter, free) in the directions that are left alone, 0 to 1.
 */
double qs_fit_lost_share(const qs_fit_curvature *curvature, size_t j);

#ifdef __cplusplus
}
#endif
#endif
