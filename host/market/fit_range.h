/*
 * Ranges of the parameters in a fit, and the map from an unbounded search variable into them:
 *
 *   logarithmic   p = offset + exp(ln low + ln(high/low) s(u))      low, high: of p - offset
 *   otherwise     p = low + (high - low) s(u),                      s(u) = 1 / (1 + e^{-u})
 */
#ifndef QS_HOST_MARKET_FIT_RANGE_H
#define QS_HOST_MARKET_FIT_RANGE_H

#include <stdbool.h>

#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_fit_range {
  double low, high;
  bool logarithmic;
  double offset;
  bool natural_low,
      natural_high; /* that end stands for the end of the parameter's own range, such as no jumps */
} qs_fit_range;

const qs_fit_range *qs_fit_range_of(qs_parameter parameter);

/* The parameter at search variable u, and unless null d p / d u. */
double qs_fit_from_search(qs_parameter parameter, double u, double *slope);

/* The inverse; values at or beyond an end of the range are moved a ten-thousandth of it inside. */
double qs_fit_to_search(qs_parameter parameter, double value);

/* -1 at the lower end of the range, 1 at the upper, 0 inside (more than a thousandth of it away). */
int qs_fit_end(qs_parameter parameter, double value);

#ifdef __cplusplus
}
#endif
#endif
