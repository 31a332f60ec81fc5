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

typedef struct qs_fit_problem {
  qs_model_type type;
  size_t parameter_count;
  qs_parameter parameter[QS_FIT_MAX_PARAMETERS]; /* those of the model, ascending */
  size_t quote_count;
  size_t *option;        /* [quote_count] index into the market's options */
  double *log_moneyness; /* [quote_count], and so the rest */
  double *vol;           /* of the mid */
  double *weight;
  double *floor_price, *floor_vol, *floor_slope; /* see qs_fit_evaluate */
  size_t slice_count;
  qs_fit_slice *slices; /* ascending in years */
} qs_fit_problem;

/* What one thread needs to evaluate; from the arena, before any parallel region. */
typedef struct qs_fit_workspace {
  double *price;    /* [quote_count] */
  double *gradient; /* [parameter_count][quote_count] */
} qs_fit_workspace;

/* The used options of a market (exclusion null, weight above 0) as a problem for models of `type`. */
qs_status qs_fit_problem_create(qs_context *context, qs_arena *arena, const qs_underlying_market *market,
                                qs_model_type type, qs_fit_problem *problem);

qs_status qs_fit_workspace_create(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                  qs_fit_workspace *workspace);

/*
 * Volatilities that the model implies, model_vol[quote_count], and, unless null, their derivatives with
 * respect to the parameters, jacobian[parameter_count][quote_count]. Prices are right to `tolerance` per unit
 * of forward.
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

/* Sum of squared residuals for these model volatilities. */
double qs_fit_objective(const qs_fit_problem *problem, const double *model_vol);

#ifdef __cplusplus
}
#endif
#endif
