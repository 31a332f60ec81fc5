/*
 * A table of bands in one state: what to hold, and what to trade now.
 */
#ifndef QS_HOST_POLICY_APPLY_H
#define QS_HOST_POLICY_APPLY_H

#include "host/policy/table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_policy_band {
  double low, high;
} qs_policy_band;

/* Where `place` nodes from the first lies among `count`, 0 .. count - 1 (clamped to them): the node below,
 * and the part of the way to the next; 0 and 0 where there is one node. */
size_t qs_policy_linear(double place, size_t count, double *part);

/* The band of date n in state (x, y = sqrt(v)), linear between nodes; n < table->date_count. */
qs_policy_band qs_policy_band_at(const qs_policy_table *table, size_t n, double x, double y);

/* What to trade with this holding: 0 inside the band, else the way to its nearest edge. */
double qs_policy_trade(const qs_policy_band *band, double holding);

/* The date whose bands hold at `years` from the table's as_of: the last one that is not later, or the first.
 */
size_t qs_policy_date_at(const qs_policy_table *table, double years);

#ifdef __cplusplus
}
#endif
#endif
