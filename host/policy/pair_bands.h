/*
 * Two holdings whose bands depend on each other, at one date: what to trade in a state. Nothing else of the
 * programme that made them (host/policy/pair.h) is needed for it, and so this is what a saved policy keeps.
 *
 * The second goes first, into its band where the first holding is as it was, but no farther than where the
 * first would trade, too; then the first, into its band where the second holding is as it now is.
 */
#ifndef QS_HOST_POLICY_PAIR_BANDS_H
#define QS_HOST_POLICY_PAIR_BANDS_H

#include "host/base/arena.h"
#include "host/policy/apply.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_POLICY_PAIR = 2 };

typedef struct qs_policy_holdings {
  size_t count, zero;  /* zero: the second node that is 0, for the derivative on its right */
  double below, above; /* steps on the two sides of 0; 0 where there is nothing on that side */
  const double *node;  /* [count], ascending */
} qs_policy_holdings;

/* `below` steps from low <= 0 to 0 and `above` from there to high >= 0; no step where there is no way. The
 * nodes are the arena's; false where memory is out. */
bool qs_policy_pair_holdings(qs_arena *arena, double low, double high, size_t below, size_t above,
                             qs_policy_holdings *holdings);

/* Where b lies in a grid: between node `at` and node `next`, `part` of the way. 0 is the one on the right. */
typedef struct qs_policy_cell {
  size_t at, next;
  double part;
} qs_policy_cell;
qs_policy_cell qs_policy_find_holding(const qs_policy_holdings *holdings, double b);

/* Where a state lies among the nodes of a date, linearly: bands have kinks. */
typedef struct qs_policy_corners {
  size_t at[4];
  double weight[4];
  size_t count;
} qs_policy_corners;
qs_policy_corners qs_policy_find_corners(const qs_policy_nodes *nodes, double x, double y);

/* Borrowed. Edges are [y][x][..]: those of the first by the holding of the second; those of the second by the
 * holding of the first, and two more, with the first at its lowest and at its highest where it does not
 * trade. */
typedef struct qs_policy_pair_bands {
  const qs_policy_holdings *holdings; /* [QS_POLICY_PAIR] */
  const float *low[QS_POLICY_PAIR], *high[QS_POLICY_PAIR];
  size_t stride[QS_POLICY_PAIR];                      /* from state to state */
  double least[QS_POLICY_PAIR], most[QS_POLICY_PAIR]; /* limits */
} qs_policy_pair_bands;

/* Trades, in place; band: the one that each holding went by. */
void qs_policy_pair_bands_trade(const qs_policy_pair_bands *bands, const qs_policy_corners *state,
                                double holding[QS_POLICY_PAIR], qs_policy_band band[QS_POLICY_PAIR]);

#ifdef __cplusplus
}
#endif
#endif
