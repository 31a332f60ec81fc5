/*
 * A hedging policy as a table: what to hold, by date and state. At a trade date the state is x = ln S/F(0, t)
 * and y = sqrt(v); the table gives a band [low, high] of the holding. A holding inside the band is left as it
 * is; one outside is moved to the nearest edge. low = high is a target ratio; -infinity and +infinity trade
 * nothing.
 *
 * Between nodes both edges are linear in x and in y; outside the nodes they are those of the nearest node.
 */
#ifndef QS_HOST_POLICY_TABLE_H
#define QS_HOST_POLICY_TABLE_H

#include <stddef.h>

/* The nodes of one date, uniform in x and in y. */
typedef struct qs_policy_nodes {
  double years;         /* of the date, from as_of */
  double x_low, x_step; /* x_step > 0 */
  size_t x_count;       /* at least 2 */
  double y_low, y_step; /* y_step > 0 where y_count > 1 */
  size_t y_count;       /* 1 where the variance is not random: y is then not read */
} qs_policy_nodes;

/* Owned by an arena. Holdings are of one instrument, in its own units (coins of a spot), signed as the hedge
 * is held: a short call is hedged by a positive holding. */
typedef struct qs_policy_table {
  size_t date_count;
  const qs_policy_nodes *nodes;           /* [date_count], ascending in years */
  const double *const *low, *const *high; /* [date_count] of [y_count][x_count]; low <= high */
} qs_policy_table;

#endif
