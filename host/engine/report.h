/* From a valuation to the results: every position, books, underlyings, total, and how each underlying's value
 * moves with its futures and quotes. */
#ifndef QS_HOST_ENGINE_REPORT_H
#define QS_HOST_ENGINE_REPORT_H

#include "host/engine/valuation.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills trades, books, underlyings and total of `results` from the arena. */
qs_status qs_report_values(qs_context *context, qs_arena *arena, const qs_valuation *valuation,
                           qs_results *results);

/* Fills the cross gammas of trades on several underlyings. */
qs_status qs_report_cross_gammas(qs_context *context, qs_arena *arena, const qs_valuation *valuation,
                                 qs_results *results);

/* Fills the derivatives to correlations of such trades, their sums by book and in total. */
qs_status qs_report_correlations(qs_context *context, qs_arena *arena, const qs_valuation *valuation,
                                 qs_results *results);

/* Fills sensitivities; the valuation must have Greeks. */
qs_status qs_report_sensitivities(qs_context *context, qs_arena *arena, const qs_valuation *valuation,
                                  bool vega, qs_results *results);

/* Whether every trade, cross gamma, derivative to a correlation and sensitivity is trusted. */
bool qs_report_trusted(const qs_results *results);

#ifdef __cplusplus
}
#endif
#endif
