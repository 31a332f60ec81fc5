/*
 * A fitted leverage function: dS/S = L(t, S) sqrt(v) dW beside a heston (host/local). Steps in time follow
 * the calendar, and L is constant in each, in ln S / F(t) a cubic B-spline over nodes
 * (kernels/core/leverage.h).
 */
#ifndef QS_HOST_MARKET_LEVERAGE_H
#define QS_HOST_MARKET_LEVERAGE_H

#include "quickset/inputs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_LEVERAGE_NODES = 161, QS_LEVERAGE_COEFFICIENTS = QS_LEVERAGE_NODES + 2 };

typedef struct qs_leverage_step {
  qs_time begin, end;
  double low, spacing;                       /* of the nodes, in ln S / F(t) */
  double leverage[QS_LEVERAGE_COEFFICIENTS]; /* L at the nodes, the first and the last one twice */
} qs_leverage_step;

typedef struct qs_leverage {
  qs_time as_of;
  const qs_leverage_step *steps; /* [count], one after the other from as_of on */
  size_t count;                  /* at least 1; the last step's L goes on */
} qs_leverage;

/* Where the calendar's step that holds `from`, or begins there, ends: quarters of a day up to 14 days from
 * as_of, then halves up to 60, then days, at absolute multiples from 08:00 UTC. */
qs_time qs_leverage_calendar(qs_time as_of, qs_time from);

/* Likewise of the leverage's own step, and, beyond its last, the calendar's; *step is whose L holds there. */
qs_time qs_leverage_next(const qs_leverage *leverage, qs_time from, size_t *step);

#ifdef __cplusplus
}
#endif
#endif
