/*
 * A fit with a shift of the variance (shift.h), which is bootstrapped: for given parameters, expiry by
 * expiry, the added variance is what makes the model meet volatility at the money; for host/market.
 *
 * At the money is a linear interpolation in ln K of the two quotes next to the forward (one, where all lie on
 * one side), of the market's volatilities and of the model's alike, so that it is the model's error that is 0
 * there. Where the model alone is above already, the expiry's phi is 0, and at the money is missed; a penalty
 * on the parameters keeps that from happening: with x the added variance of the expiry's piece over the
 * market's own forward variance level, vol^2 dt, negative where it is wanting, the residual
 * QS_SHIFT_PENALTY min(0, x - QS_SHIFT_MARGIN) joins those of the quotes.
 */
#ifndef QS_HOST_MARKET_FIT_SHIFT_H
#define QS_HOST_MARKET_FIT_SHIFT_H

#include "host/market/fit_refine.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QS_SHIFT_PENALTY 1000.0 /* against thousands of squared spreads per unit of x */
#define QS_SHIFT_MARGIN  0.005

/* A shift takes over much of what told the base's parameters apart, and some would run to the ends of their
 * ranges for next to nothing. So each has a prior: normal in its search variable (fit_range.h) about the fit
 * without a shift, of deviation 1/QS_SHIFT_PRIOR: a factor of three to four for variances, speeds and
 * intensities, 0.25 for rho. */
#define QS_SHIFT_PRIOR 2.0

/* Centres the priors. */
void qs_fit_shift_centre(qs_fit_problem *problem, const qs_model *about);

/* The priors' rows of the residuals and, unless null, of the jacobian. */
void qs_fit_shift_prior(const qs_fit_problem *problem, const qs_model *model, double *model_vol,
                        double *jacobian);

/* Fills problem->anchors and the penalties' weights. */
void qs_fit_shift_anchor(qs_fit_problem *problem);

/* Settings to price slice `s` with: the shift up to it in added_variance. Fills the workspace's row of the
 * slice but for its derivatives. False when the model cannot be priced. */
bool qs_fit_shift_solve(const qs_fit_problem *problem, const qs_model *model, size_t s,
                        qs_fourier_settings *settings, const qs_fit_workspace *workspace);

/* Its derivatives to the parameters, from those of the slice's volatilities at a fixed shift, jacobian
 * [parameters][residuals], and by_added [residuals], their derivatives to the added variance. */
void qs_fit_shift_derive(const qs_fit_problem *problem, size_t s, const qs_fit_workspace *workspace,
                         const double *jacobian);

/* min(0, x - margin) of the slice, and its derivative to the added variance. */
double qs_fit_shift_penalty(const qs_fit_problem *problem, size_t s, const qs_fit_workspace *workspace,
                            double *slope);

/* What a fit with a shift says of its quotes. All from the arena. */
typedef struct qs_fit_shift_result {
  double *by_quote;  /* [QS_PARAMETER_COUNT + slices][quotes]: d parameter / d volatility, then d phi */
  double *std_error; /* [parameters + slices]; NaN for held parameters */
  double *phi;       /* [slices] */
} qs_fit_shift_result;

/*
 * Sensitivities by the implicit function theorem: dp/dvol_i = A^+ (J_i w_i^2 - sum over slices of dg/da
 * da/dvol_i), a the slice's volatility at the money, g half the objective's gradient, whose derivative to a
 * is a central difference; phi follows from p and a. Standard errors from them, each quote's error being its
 * residual and, apart from it, uniform within its spread: the quotes at the money have no residual of
 * their own. The priors' centres err by their deviation. */
qs_status qs_fit_shift_report(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                              const qs_fit_descent *descent, const qs_model *model,
                              const qs_fit_curvature *curvature, qs_fit_shift_result *result);

#ifdef __cplusplus
}
#endif
#endif
