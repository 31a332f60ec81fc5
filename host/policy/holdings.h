/* The nodes of a holding, which the dynamic programmes share. */
#ifndef QS_HOST_POLICY_HOLDINGS_H
#define QS_HOST_POLICY_HOLDINGS_H

#include "host/policy/frictionless.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_LEAST_HOLDINGS = 7, QS_MOST_HOLDINGS = 1023 };

typedef struct qs_policy_holdings {
  size_t count, zero;    /* zero: the second of those that are 0 */
  const double *holding; /* [count], ascending; 0 stands there twice, for the derivatives on its two sides */
} qs_policy_holdings;

/* `wanted` nodes (those limits hold), evenly spaced over all likely targets, 0 and what is held now, and a
 * part `margin` of that on either side. The array is the arena's; false where memory is out. */
bool qs_policy_make_holdings(qs_arena *arena, const qs_policy_ground *ground, size_t wanted, double margin,
                             qs_policy_holdings *holdings);

/* Where f + shift, linear between nodes and beyond them, passes 0 from below; f[count] ascends. */
double qs_policy_crossing(const qs_policy_holdings *holdings, const double *f, double shift);

#ifdef __cplusplus
}
#endif
#endif
