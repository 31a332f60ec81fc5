/*
 * The least-squares problem of a calibration; for host/market and the calibration's tests and benchmark.
 *
 * Residual of quote i: w_i (sigma_i(p) - sigma_i), with sigma_i(p) the volatility that the model's price
 * implies, sigma_i that of the quote's mid and w_i = 1 / max(ask_vol - bid_vol, floor). The objective is the
 * sum of squares: its mean is 1 where the typical error is as wide as the spread.
 */
#ifndef QS_HOST_MARKET_FIT_H
#define QS_HOST_MARKET_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"
#include "host/market/fourier.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_FIT_MAX_PARAMETERS = 10 };

/* Quotes of one expiry: indices [begin, end). */
typedef struct qs_fit_slice {
  double years;
  size_t begin, end;
} qs_fit_slice;

/* Volatility at the money of an expiry: that of two quotes, with these weights (fit_shift.h). */
typedef struct qs_fit_anchor {
  size_t quote[2];
  double weight[2];
  double vol; /* the market's */
} qs_fit_anchor;

typedef struct qs_fit_problem {
  qs_model_type type;
  size_t parameter_count;
  qs_parameter parameter[QS_FIT_MAX_PARAMETERS]; /* those of the model, ascending */
  size_t quote_count;
  size_t residual_count; /* the quotes', then, with a shift to be fitted, a penalty of each slice, and a prior
                            of each parameter */
  size_t *option;        /* [quote_count] index into the market's options */
  double *log_moneyness; /* [residual_count], and so the rest */
  double *vol;           /* of the mid */
  double *weight;
  double *floor_price, *floor_vol, *floor_slope; /* see qs_fit_evaluate */
  size_t slice_count;
  qs_fit_slice *slices;   /* ascending in years */
  double *added;          /* [slice_count] variance beside the model's: the given shift's; 0 without one */
  bool shifted;           /* a shift is fitted */
  qs_fit_anchor *anchors; /* [slice_count] with it */
} qs_fit_problem;

/* What one thread needs to evaluate; from the arena, before any parallel region. */
typedef struct qs_fit_workspace {
  double *price;    /* [quote_count] */
  double *gradient; /* [parameter_count][quote_count] */
  double *gamma;    /* [quote_count] */
  /* The shift's. total, by slice: added variance up to it; active: volatility at the money is met; added:
   * what the piece adds, or, negative, how much less than nothing it should; atm: the model's volatility at
   * the money; slope: its derivative to the total. */
  bool *active;
  double *total, *added, *atm, *slope;
  double *total_by, *added_by; /* [parameter_count][slice_count]: derivatives to the parameters */
  double *by_added;            /* [quote_count] derivatives of volatilities to the total */
} qs_fit_workspace;

/* The used options of a market (exclusion null, weight above 0) as a problem for models of `type`, with a
 * shift to be fitted where `shifted`. `as_of` is when a given shift begins. */
qs_status qs_fit_problem_create(qs_context *context, qs_arena *arena, const qs_underlying_market *market,
                                qs_time as_of, qs_model_type type, bool shifted, qs_fit_problem *problem);

qs_status qs_fit_workspace_create(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                  qs_fit_workspace *workspace);

/*
 * Volatilities that the model implies, model_vol[residual_count], and, unless null, their derivatives with
 * respect to the parameters, jacobian[parameter_count][residual_count]; after the quotes come the penalties
 * and the priors (fit_shift.h). With a shift to be fitted it is found for the model, and the workspace then
 * tells it. Prices are right to `tolerance` per unit of forward.
 *
 * A search may pass through models that price a quote at almost nothing, where a volatility is ill
 * determined: below floor_price (1e-6, or a hundredth of the mid's own time value) the volatility goes on
 * along its tangent there, floor_vol + floor_slope (price - floor_price). No quote that is fitted comes near
 * it.
 *
 * False when the model cannot be priced to 1e-7. Pure: any thread may call it with a workspace of its own.
 */
bool qs_fit_evaluate(const qs_fit_problem *problem, const qs_model *model, double tolerance,
                     const qs_fit_workspace *workspace, double *model_vol, double *jacobian);

/* Prices that are good enough to fit to; false otherwise. */
bool qs_fit_price(const qs_model *model, double years, size_t count, const double *log_moneyness,
                  const qs_fourier_settings *settings, const qs_fourier_output *output);

/* From the call's price to the volatility of quote i, and d volatility / d price. root is that of the years.
 */
double qs_fit_implied(const qs_fit_problem *problem, size_t i, double root, double call, double *slope);

/* Sum of squared residuals for these model volatilities. */
double qs_fit_objective(const qs_fit_problem *problem, const double *model_vol);

#ifdef __cplusplus
}
#endif
#endif
