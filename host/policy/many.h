/*
 * Hedging over time with the problem's own instrument and several options that outlive the dates, within
 * limits of every holding. One function is the policy, another the proof of how good it is.
 *
 * With b the holdings after the trade of a date the problem is that of host/policy/pair.h,
 *
 *   min E sum_n [ b' S b - 2 b' beta + V ]_n + w E sum_n sum_i c_i,n |b_i,n - b_i,n-1|,   low <= b <= high.
 *
 * A programme over all holdings would need a grid of as many dimensions. Here at most QS_POLICY_ACTIVE of
 * them, the first instrument's and those of the options that are worth most, are the programme's; what else
 * there is is never held. The programme keeps the derivative of the value with respect to every holding,
 * those not held too, which adds numbers but no dimension: they say whether it is right to hold none of it.
 * The best trade is found one holding within the other (the costs being one sum over the instruments): the
 * first instrument's for every holding of the options, that of the next option with the first where it then
 * is, and so on. The grid of the options' holdings is laid where they are: a coarse programme over all that
 * the limits allow, followed along paths, says where, and a finer one there does so again. That of the first
 * is a window about the local optimum given the options', which differs from state to state: it is traded at
 * little cost, and its derivative goes from one cost to the other within a hundredth of a unit.
 *
 * The policy is the best trade by these derivatives, E_n[dW'/db], read from the programme's tables: cubic in
 * x, linear in y and the holdings. Between two nodes, of an option's holding or of the state, they are read
 * as far from where the first holding is best: they hardly change along that line, but by as much as the cost
 * within a hundredth across it. What the tables are wrong by costs a square of it.
 *
 * The lower bound is the dual of host/policy/pair.h with one multiplier for each instrument,
 *
 *   E sum_n min_b [ b' S b - 2 b' beta + V + (s_n - E_n s_n+1)' b ] - s_0' b_-1,   |s_i,n| <= w c_i,n,
 *
 * b in the box of all limits, not that of the programme's grid; s is minus the derivative after the policy's
 * own trade, cut at +-w c, so that it is admissible whatever the tables are; the last one, where nothing is
 * held, is such a share of the cost, known one date before, that nothing is best then. It holds for every
 * policy, whatever it holds of whichever instrument. Two things in it are not exact, and both can only lower
 * it: E_n s_n+1 is a mean over a sample of the law's points, drawn anew for every date of every path (a
 * minimum is concave in what it is minimised over, so that noise of mean 0 lowers its mean), and the minimum
 * over the box is less what convexity allows it to be off by where the search ends.
 */
#ifndef QS_HOST_POLICY_MANY_H
#define QS_HOST_POLICY_MANY_H

#include <stdint.h>

#include "host/policy/pair.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_POLICY_MANY = 8, QS_POLICY_ACTIVE = 3 };
enum { QS_POLICY_NODES = 72, QS_POLICY_WINDOW = 96 }; /* most, of an option's holding and of a window */

/* Borrowed for the calls. Nothing is held before the first trade. */
typedef struct qs_policy_many_problem {
  const qs_policy_problem *first;  /* position, dates, w; the first instrument and its costs. Without drift */
  const qs_policy_option *options; /* a unit of each: `weight` the discount factor of its payoff; they expire
                                      after all dates */
  size_t option_count;             /* 1 to QS_POLICY_MANY - 1 */
  /* What trading a unit of them costs, as in qs_policy_pair_problem. */
  double of_spot, cap, of_value;
  bool free_entry, free_unwind;
  double low[QS_POLICY_MANY], high[QS_POLICY_MANY]; /* low <= 0 <= high, finite */
} qs_policy_many_problem;

/* How fine; 0 takes the default. */
typedef struct qs_policy_many_settings {
  qs_policy_settings state;
  size_t window;       /* nodes of the first holding */
  size_t option_steps; /* of the last programme's options */
} qs_policy_many_settings;

/* Of one state of one date, money of as_of. */
typedef struct qs_policy_many_state {
  double covariance[QS_POLICY_MANY][QS_POLICY_MANY]; /* of the gains */
  double beta[QS_POLICY_MANY];                       /* minus those with the position's */
  double cost[QS_POLICY_MANY];                       /* w x the cost of trading a unit */
  double variance;                                   /* of the position's */
} qs_policy_many_state;

/* Nodes of an option's holding, ascending. Where 0 lies inside it stands there twice, for the derivatives on
 * its two sides. */
typedef struct qs_policy_axis {
  size_t count, split; /* split: the node from which steps are `above` */
  double below, above;
  double node[QS_POLICY_NODES];
} qs_policy_axis;

/* Owned by an arena. States are [y][x] of `nodes`. */
typedef struct qs_policy_many {
  const qs_policy_many_problem *problem;
  size_t date_count, count; /* of trades; of instruments */
  const qs_policy_nodes *nodes;
  const qs_policy_law *const *laws;
  /* [date][y][x][width]: what qs_policy_many_state holds, packed, on nodes of x that are `fine` times as
   * dense; at the unwinding the cost alone. */
  const double *const *state;
  size_t width, fine;
  size_t active_count, active[QS_POLICY_ACTIVE]; /* instruments, the first of them 0 */
  double idle[QS_POLICY_MANY]; /* of those not held: the share of its cost that the last multiplier is */
  qs_policy_axis axis[QS_POLICY_ACTIVE]; /* of the active options; that of the first is not used */
  size_t outer;                          /* nodes of the options' holdings, the last the fastest */
  /* Of the first holding there are `window` nodes for each of these, `step` apart, from `origin` on:
   * [date][state x outer]. All lie on one grid, whose nodes 0, 1 and 2 are all 0: for the derivatives on its
   * left, at it, where the unwinding's jump counts half, and on its right. */
  double step;
  size_t window;
  const int32_t *const *origin;
  const float *const *centre; /* likewise: where the first holding is best if trading it costs nothing */
  size_t lanes;               /* numbers of a state */
  const float *const *ahead;  /* [date][state][outer][window][instrument]: E[dW'/db_i | state, holdings] */
} qs_policy_many;

/* Covariances and costs of all dates: the part of the next that is before the programme. */
qs_status qs_policy_many_ground(qs_context *context, qs_arena *arena, const qs_policy_many_problem *problem,
                                const qs_policy_settings *settings, qs_policy_many *many);

/* Everything is the arena's. QS_ERROR_INPUT as qs_policy_check, and for what the above rules out. Takes about
 * half a GB at most, grids being coarser where more would be needed. Bits do not depend on context->threads.
 */
qs_status qs_policy_many_optimise(qs_context *context, qs_arena *arena, const qs_policy_many_problem *problem,
                                  const qs_policy_many_settings *settings, qs_policy_many *many);

/* The programme on the grid of many->axis, step and window, for the instruments many->active: fills the rest.
 */
qs_status qs_policy_many_solve(qs_context *context, qs_arena *arena, qs_policy_many *many);

/* The policy: to what holdings (in place, [count]) to trade at date n in state (x, y = sqrt(v)). */
void qs_policy_many_trade(const qs_policy_many *many, size_t n, double x, double y, double *holding);

/* As qs_policy_many_trade in a state that has been read; slope[count] gets the derivatives, with respect to
 * the holdings after the trade, of all that comes after it. */
void qs_policy_many_settle(const qs_policy_many *many, size_t n, double x, double y,
                           const qs_policy_many_state *state, double *holding, double *slope);

/* Interpolated: what is above at (x, y), cubic in both. */
void qs_policy_many_state_at(const qs_policy_many *many, size_t n, double x, double y,
                             qs_policy_many_state *state);

/* Policy and bound on `paths` paths (at least 2) of the law's points, as qs_policy_pair_measure. */
qs_status qs_policy_many_measure(qs_context *context, const qs_policy_many *many, uint64_t seed,
                                 uint64_t paths, qs_policy_pair_value *value);

/* Policy and bound along paths of the model, as qs_policy_pair_follow; `first` is the number of the first of
 * them, which the sample of points depends on. */
qs_status qs_policy_many_follow(qs_context *context, const qs_policy_many *many, const double *const *x,
                                const double *const *v, uint64_t first, size_t count, size_t gap_count,
                                qs_policy_pair_share *shares);

/* Least and greatest holdings of the policy along paths of the law's points, those of all but the outermost
 * `dropped` of paths: low and high [count]; *objective: its mean. */
qs_status qs_policy_many_range(qs_context *context, const qs_policy_many *many, uint64_t paths,
                               double dropped, double *low, double *high, double *objective);

/* A lower bound of b' S b + d' b over low <= b <= high, S the state's covariance, near what the least is.
 * The search begins at `start`. */
double qs_policy_least_in_box(size_t count, const qs_policy_many_state *state, const double *d,
                              const double *low, const double *high, const double *start);

/* Where b lies on an axis: between node `at` and node `next`, `part` of the way. 0 is the one on the right.
 */
qs_policy_cell qs_policy_find_on_axis(const qs_policy_axis *axis, double b);

/* The same in the window that begins at `origin`. */
qs_policy_cell qs_policy_find_in_window(const qs_policy_many *many, int32_t origin, double b);

/* Whether all nodes of the first holding that are 0 lie in the window. */
static inline bool qs_policy_many_jumps(const qs_policy_many *many, int32_t origin) {
  return origin <= 0 && (long)many->window + origin >= 3;
}

/* Where a node of the first holding's grid lies. */
static inline double qs_policy_many_first(const qs_policy_many *many, long node) {
  return many->step * (double)(node > 2 ? node - 2 : node < 0 ? node : 0);
}

/* A level that is passed between `from`, `off` short of it, and `beyond`, `over` past it: false position with
 * the rule of Illinois (Dowell and Jarratt 1971). */
typedef struct qs_policy_bracket {
  double from, off, beyond, over;
  int last; /* which end the last try replaced: 1 beyond, -1 from, 0 none yet */
} qs_policy_bracket;

static inline double qs_policy_bracket_try(const qs_policy_bracket *b) {
  return (b->from * b->over - b->beyond * b->off) / (b->over - b->off);
}

/* At t it is `at` from the level. */
static inline void qs_policy_bracket_narrow(qs_policy_bracket *b, double t, double at) {
  const bool far = (at > 0) == (b->over > 0);
  if (far) {
    b->off *= b->last > 0 ? 0.5 : 1;
    b->beyond = t;
    b->over = at;
  } else {
    b->over *= b->last < 0 ? 0.5 : 1;
    b->from = t;
    b->off = at;
  }
  b->last = far ? 1 : -1;
}

/* Lays about `steps` steps from low to high. */
void qs_policy_make_axis(double low, double high, size_t steps, qs_policy_axis *axis);

#ifdef __cplusplus
}
#endif
#endif
