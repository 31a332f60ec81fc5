/*
 * Hedging over time with two instruments: the problem's own, and an option that outlives the dates; both may
 * be limited. One is the policy, the other the proof of how good it is.
 *
 * With b the two holdings after the trade of a date, the problem is, seen from there,
 *
 *   min E sum_n [ b' S b - 2 b' beta + V ]_n + w E sum_n sum_i c_i,n |b_i,n - b_i,n-1|,   low <= b_i <= high
 *
 * S the covariance of the two gains to the next date given the state, beta minus theirs with the position's,
 * V the variance of the position's. The dynamic programme (qs_policy_pair_optimise) keeps the two partial
 * derivatives of the value over a grid of both holdings. Costs being one sum over the instruments, the best
 * trade in both is found one axis after the other, and is a band of each that depends on the other's holding.
 * 0 stands twice in each grid: the cost of unwinding has a kink there.
 *
 * Duality gives a lower bound: for any adapted |s_i,n| <= w c_i,n, w c |db| >= s db, and with the sum taken
 * by parts what is left to minimise is for each date and state by itself a quadratic in b in a box:
 *
 *   E sum_n min_b [ b' S b - 2 b' beta + V + (s_n - E_n s_n+1)' b ] - s_0' b_-1.
 *
 * s is minus the programme's derivative after the policy's own trade, cut at +-w c; E_n is an exact sum over
 * the points of the law (host/policy/law.h), so that nothing biases the bound: where the derivatives are
 * wrong the bound is lower, never too high. A path of the policy gives its own value and the bound at once,
 * and their difference, each term of which is at least 0, has little noise.
 */
#ifndef QS_HOST_POLICY_PAIR_H
#define QS_HOST_POLICY_PAIR_H

#include "host/policy/frictionless.h"
#include "host/policy/pair_bands.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed for the calls. */
typedef struct qs_policy_pair_problem {
  const qs_policy_problem *first; /* position, dates, w; the first instrument, its costs and holding. Without
                                     drift. */
  qs_policy_option option;        /* a unit of the second instrument: `weight` the discount factor of its
                                     payoff; expires after all dates */
  /* What trading a unit of it costs: the fractions of_spot of the underlying's price, at most `cap` of its
   * own (infinity: no cap), and of_value of its own; all >= 0. */
  double of_spot, cap, of_value;
  bool free_entry, free_unwind;                     /* it costs nothing at the first, at the last date */
  double holding;                                   /* of the second before the first trade */
  double low[QS_POLICY_PAIR], high[QS_POLICY_PAIR]; /* limits of the holdings, low <= 0 <= high, finite */
} qs_policy_pair_problem;

/* How fine; 0 takes the default. */
typedef struct qs_policy_pair_settings {
  qs_policy_settings state;
  size_t holding_count[QS_POLICY_PAIR]; /* steps between the limits of each holding */
} qs_policy_pair_settings;

/* Of one state of one date, money of as_of. */
typedef struct qs_policy_pair_state {
  double covariance[3]; /* of the gains: 11, 12, 22 */
  double beta[2];       /* minus those with the position's */
  double variance;      /* of the position's */
  double cost[2];       /* w x the cost of trading a unit */
} qs_policy_pair_state;

/* Owned by an arena. States are [y][x] of `nodes`. */
typedef struct qs_policy_pair {
  const qs_policy_pair_problem *problem;
  size_t date_count; /* of trades; `state` and `nodes` have one more, that of the unwinding */
  const qs_policy_nodes *nodes;
  const qs_policy_law *const *laws;
  /* [date][y][x] on nodes of x that are `fine` times as dense; at the unwinding the cost alone. */
  const qs_policy_pair_state *const *state;
  size_t fine;
  qs_policy_holdings holdings[QS_POLICY_PAIR];
  size_t lanes; /* of a row of `ahead`, holding of the first x holding of the second, padded */
  const float *const *ahead[QS_POLICY_PAIR]; /* [date][y][x][lanes]: E[dW'/db_i | state, holdings] */
  /* Edges of the bands, [date][y][x][holding of the other], as in host/policy/pair_bands.h. */
  const float *const *low[QS_POLICY_PAIR], *const *high[QS_POLICY_PAIR];
  double objective; /* of the programme: seen from as_of, in money; up to the error of its grids */
} qs_policy_pair;

/* Everything is the arena's. QS_ERROR_INPUT as qs_policy_check, and for what the above rules out. Memory:
 * dates x states x lanes x 8 bytes. Bits do not depend on context->threads. */
qs_status qs_policy_pair_optimise(qs_context *context, qs_arena *arena, const qs_policy_pair_problem *problem,
                                  const qs_policy_pair_settings *settings, qs_policy_pair *pair);

/* The bands of date n. */
qs_policy_pair_bands qs_policy_pair_bands_of(const qs_policy_pair *pair, size_t n);

/* The policy: to what holdings (in place) to trade at date n in state (x, y = sqrt(v)). */
void qs_policy_pair_trade(const qs_policy_pair *pair, size_t n, double x, double y,
                          double holding[QS_POLICY_PAIR]);

typedef struct qs_policy_mean {
  double mean, error; /* standard error of the mean over paths */
} qs_policy_mean;

typedef struct qs_policy_pair_value {
  qs_policy_mean objective, variance, cost; /* of the policy; objective = variance + w cost */
  qs_policy_mean lower, gap;                /* the bound; objective less the bound */
} qs_policy_pair_value;

/* Policy and bound on `paths` paths (at least 2) of the law's points; where the variance is random they go
 * from node to node of y, which makes it larger by up to the square of a step, and the figures are those of
 * that law. QS_ERROR_CANCELLED, QS_ERROR_MEMORY. Bits depend on seed and paths alone. */
qs_status qs_policy_pair_measure(qs_context *context, const qs_policy_pair *pair, uint64_t seed,
                                 uint64_t paths, qs_policy_pair_value *value);

/* What one path of states leaves, money at as_of: its parts of the objective, variance + cost, and of the
 * gap, whose mean is not negative. */
typedef struct qs_policy_pair_share {
  double variance, cost, gap; /* cost times w */
} qs_policy_pair_share;

/* Of at least 2 paths, independent of each other; weight: w. */
qs_policy_pair_value qs_policy_pair_value_of(const qs_policy_pair_share *shares, uint64_t paths,
                                             double weight);

/* Follows the policy along paths of the model: states[n][path], n up to the unwinding's, v not read where it
 * is not random; shares[count], the gap of the first gap_count of them, which take long. E_n s_n+1 is the sum
 * over the points of four rows of y, cubic in y. (What s_n+1 turns out to be along 1,024 paths of heston and
 * svcj, by default nodes, corrects the gap by less than its own error, .2% of the objective.)
 * QS_ERROR_CANCELLED, QS_ERROR_MEMORY. Bits do not depend on context->threads. */
qs_status qs_policy_pair_follow(qs_context *context, const qs_policy_pair *pair, const double *const *x,
                                const double *const *v, size_t count, size_t gap_count,
                                qs_policy_pair_share *shares);

/* Interpolated: what is above at (x, y), cubic in both. */
qs_policy_pair_state qs_policy_pair_state_at(const qs_policy_pair *pair, size_t n, double x, double y);

/* What is above at a node, the s-th of [y][x]. */
const qs_policy_pair_state *qs_policy_pair_state_of(const qs_policy_pair *pair, size_t n, size_t s);

/* Covariances and costs of all dates: the part of qs_policy_pair_optimise before the programme. */
qs_status qs_policy_pair_ground(qs_context *context, qs_arena *arena, const qs_policy_pair_problem *problem,
                                const qs_policy_settings *settings, qs_policy_pair *pair);

#ifdef __cplusplus
}
#endif
#endif
