/* What trading one unit of an instrument costs: see host/hedge/hedge.h for the rules. */
#ifndef QS_HOST_HEDGE_COSTS_H
#define QS_HOST_HEDGE_COSTS_H

#include "host/book/book.h"
#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Under which market the costs are meant: all 1 is today's. */
typedef struct qs_cost_factors {
  double growth;             /* spot over today's spot */
  double spread, fee, depth; /* depth scales the impact by depth^{-1/2} */
} qs_cost_factors;

/* In the reporting currency: fee and half_spread per unit, impact per unit^{3/2}, funding per unit held long
 * over the horizon (signed). half_spread is NaN where neither quotes nor costs have one. */
typedef struct qs_cost_rates {
  double fee, half_spread, impact, funding;
} qs_cost_rates;

/* The parts of the cost of trading x. */
typedef struct qs_cost_parts {
  double fee, spread, impact, funding, total;
} qs_cost_parts;

/* QS_ERROR_INPUT names the entry of hedge.costs that makes no sense; errors of pricing where a fee cap needs
 * the price. */
qs_status qs_hedge_rates(qs_context *context, const qs_market *market, const qs_hedge_spec *spec,
                         const qs_contract *contract, const qs_cost_factors *factors, qs_cost_rates *rates);

qs_cost_parts qs_hedge_cost(const qs_cost_rates *rates, double x);

#ifdef __cplusplus
}
#endif
#endif
