/* What a fit says in the results; for host/market. */
#ifndef QS_HOST_MARKET_FIT_REPORT_H
#define QS_HOST_MARKET_FIT_REPORT_H

#include "host/market/fit_refine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A fit to fewer quotes than this is not trusted: two for each parameter. */
size_t qs_fit_least_quotes(const qs_fit_problem *problem);

/* Fills market->model and market->calibration from a fit, with the parameters' sensitivities to the quotes.
 */
qs_status qs_fit_report(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                        const qs_fit_descent *descent, const qs_fit_outcome *outcome,
                        const qs_fit_curvature *curvature, qs_underlying_market *market);

/* The same for a model that was given: how it stands to the quotes, where there are any. */
qs_status qs_fit_report_given(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                              const qs_fit_descent *descent, qs_underlying_market *market);

/* The same where no fit was possible: the model that stands in, and why. */
qs_status qs_fit_report_failure(qs_context *context, qs_arena *arena, const qs_fit_problem *problem,
                                const qs_model *model, const char *why, qs_underlying_market *market);

#ifdef __cplusplus
}
#endif
#endif
