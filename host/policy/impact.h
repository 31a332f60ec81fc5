/*
 * How far to trade where a trade of u units costs cost |u| + impact |u|^1.5: from a holding h, where C' is
 * the derivative of what comes after the trade, u solves
 *
 *   C'(h + u) + sign(u) (cost + 1.5 impact sqrt|u|) = 0,
 *
 * so that it goes part of the way to where cost alone would have it go, and nowhere where |C'(h)| <= cost. C'
 * ascends and is linear between nodes of the holding, one of which, 0, may stand twice, for the derivatives
 * on its two sides: between two nodes sqrt|u| solves a quadratic equation.
 */
#ifndef QS_HOST_POLICY_IMPACT_H
#define QS_HOST_POLICY_IMPACT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_policy_convex {
  double cost, impact; /* >= 0, weighted */
} qs_policy_convex;

/* cost |u| + impact |u|^1.5, and its derivative by u > 0. */
double qs_policy_convex_cost(const qs_policy_convex *c, double units);
double qs_policy_convex_slope(const qs_policy_convex *c, double units);

/* The most that s u can exceed the cost of u by: 4/27 max(|s| - cost, 0)^3/impact^2 (the conjugate of
 * |u|^1.5; Rogers 2007 has the duality); 0 without impact, where |s| must not be above cost. */
double qs_policy_convex_excess(const qs_policy_convex *c, double s);

/* C' at node i of holding[count], ascending. */
typedef struct qs_policy_line {
  const double *holding;
  size_t count;
  double (*slope)(const void *data, size_t i);
  const void *data;
} qs_policy_line;

/* Where the trade ends that goes up (side = 1, C' there below -cost) or down (side = -1, above cost): from
 * `before`, with C' there, the first node on the way being `next`, or none: count or beyond 0. */
double qs_policy_part_way(const qs_policy_line *line, const qs_policy_convex *c, int side, double before,
                          double slope, size_t next);

#ifdef __cplusplus
}
#endif
#endif
