/*
 * What a position's gain is made of, path by path, whatever the policy:
 *
 *   options = theta + delta + gamma + vega + residual
 *
 * Time is cut at the dates and at expiries between them. Over a step, from the state before it, with S the
 * price, P the position's value and money of as_of: theta is what P gains in time and through the roll of the
 * forward at a fixed S and v, delta (dP/dS) dS, gamma (d2P/dS2) dS^2/2, vega (dP/dv) dv, residual the rest,
 * so that the parts add up to what the position gains up to rounding. Money of as_of earns no interest: the
 * growth of discounted value is in no part.
 *
 * Beside them is the premium, implied less realised variance for who sells gamma: half of S^2 d2P/dS2 times
 * (the square of the step's return over the forward, less what the pricing law expects of that square in the
 * state). Its mean is 0 where paths follow the pricing law. These are the definitions of
 * host/simulate/backtest.h; there the realised variance is that of the bars.
 *
 * The Greeks are tabulated over the state (host/engine/greek_table.h), one table a step and expiry.
 */
#ifndef QS_HOST_SIMULATE_ATTRIBUTION_H
#define QS_HOST_SIMULATE_ATTRIBUTION_H

#include "host/simulate/claim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qs_attribution_part {
  QS_ATTRIBUTION_THETA,
  QS_ATTRIBUTION_DELTA,
  QS_ATTRIBUTION_GAMMA,
  QS_ATTRIBUTION_VEGA,
  QS_ATTRIBUTION_RESIDUAL,
  QS_ATTRIBUTION_PREMIUM,
  QS_ATTRIBUTION_PARTS
} qs_attribution_part;

typedef struct qs_attribution qs_attribution;

/* Owned by the arena; the paths' problem must outlive it. */
qs_status qs_attribution_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                              const qs_attribution **attribution);

/* parts[part * stride + i] of `count` paths whose states are x[row * stride + i], v likewise, and whose
 * position gained gain[i]. */
void qs_attribution_run(const qs_attribution *attribution, const double *x, const double *v,
                        const double *gain, uint64_t stride, uint64_t count, double *parts);

#ifdef __cplusplus
}
#endif
#endif
