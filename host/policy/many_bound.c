#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "host/policy/many.h"
#include "host/policy/walk.h"
#include "kernels/core/key.h"

enum { SAMPLES = 64 };                     /* of a row's points, that a mean is made of */
enum { STEPS = 60 };                       /* of the search in a box */
static const double settled = 1e-7;        /* of a box's least, relative */
static const uint64_t range_seed = 0x5eed; /* of the paths that say where holdings are */
static const char what[] = "bounding a hedge with several instruments";
static const char stream[] = "paths of a policy with several instruments, drawn from the points of its law";
static const char sampled[] = "points of a law, of which a mean over the next date is made";

static double dot(size_t count, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

static double quadratic(size_t count, const qs_policy_many_state *s, const double *d, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += b[i] * (d[i] + dot(count, s->covariance[i], b));
  }
  return sum;
}

/* Newton's step in the holdings of a set, by Cholesky's decomposition with a little added to the diagonal. */
static void solve_step(const qs_policy_many_state *s, const double *gradient, const size_t *set, size_t n,
                       double *move) {
  double l[QS_POLICY_MANY][QS_POLICY_MANY];
  for (size_t i = 0; i < n; i++) {
    const double *row = s->covariance[set[i]];
    double right = -0.5 * gradient[set[i]];
    for (size_t j = 0; j <= i; j++) {
      double sum = row[set[j]] * (i == j ? 1 + 1e-12 : 1);
      for (size_t k = 0; k < j; k++) {
        sum -= l[i][k] * l[j][k];
      }
      l[i][j] = i == j ? sqrt(fmax(sum, 1e-14 * row[set[i]])) : sum / l[j][j];
    }
    for (size_t k = 0; k < i; k++) {
      right -= l[i][k] * move[k];
    }
    move[i] = right / l[i][i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) {
      move[i] -= l[k][i] * move[k];
    }
    move[i] /= l[i][i];
  }
}

/* Newton's step of the holdings that are at no limit, or driven off it and moved off it; cut where a limit is
 * met. */
static void step_free(size_t count, const qs_policy_many_state *s, const double *gradient, const double *low,
                      const double *high, double *b) {
  size_t set[QS_POLICY_MANY] = {0}, n = 0;
  double move[QS_POLICY_MANY] = {0};
  for (size_t i = 0; i < count; i++) {
    if ((b[i] > low[i] || gradient[i] < 0) && (b[i] < high[i] || gradient[i] > 0) &&
        s->covariance[i][i] > 0) {
      set[n++] = i;
    }
  }
  for (bool again = n > 0; again;) {
    solve_step(s, gradient, set, n, move);
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
      const bool stuck = move[i] > 0 ? b[set[i]] >= high[set[i]] : b[set[i]] <= low[set[i]];
      set[left] = set[i];
      left += !stuck;
    }
    again = left < n && left > 0;
    n = left;
  }
  double share = 1;
  for (size_t i = 0; i < n; i++) {
    const double room = (move[i] > 0 ? high[set[i]] : low[set[i]]) - b[set[i]];
    share = fabs(move[i]) * share > fabs(room) ? room / move[i] : share;
  }
  for (size_t i = 0; i < n; i++) {
    const double to = b[set[i]] + share * move[i];
    const double end = move[i] > 0 ? high[set[i]] : low[set[i]];
    b[set[i]] = share < 1 && fabs(end - to) <= 1e-14 * fabs(high[set[i]] - low[set[i]])
                    ? end
                    : fmin(fmax(to, low[set[i]]), high[set[i]]);
  }
}

/* One holding after the other where it should be for the others. */
static void sweep(size_t count, const qs_policy_many_state *s, const double *d, const double *low,
                  const double *high, double *b) {
  for (size_t i = 0; i < count; i++) {
    const double own = s->covariance[i][i], rest = dot(count, s->covariance[i], b) - own * b[i] + 0.5 * d[i];
    const double to = own > 0 ? -rest / own : rest > 0 ? low[i] : high[i];
    b[i] = fmin(fmax(to, low[i]), high[i]);
  }
}

double qs_policy_least_in_box(size_t count, const qs_policy_many_state *s, const double *d, const double *low,
                              const double *high, const double *start) {
  double b[QS_POLICY_MANY], best = -INFINITY;
  for (size_t i = 0; i < count; i++) {
    b[i] = fmin(fmax(start[i], low[i]), high[i]);
  }
  for (int k = 0; k < STEPS; k++) {
    double gradient[QS_POLICY_MANY], below = 0; /* by convexity the least is at most so much less than here */
    for (size_t i = 0; i < count; i++) {
      gradient[i] = d[i] + 2 * dot(count, s->covariance[i], b);
      below += gradient[i] * ((gradient[i] > 0 ? low[i] : high[i]) - b[i]);
    }
    const double here = quadratic(count, s, d, b);
    best = fmax(best, here + below);
    if (-below <= settled * fabs(here)) {
      break;
    }
    step_free(count, s, gradient, low, high, b);
    if (k % 4 == 3) { /* holdings at limits that should leave them together */
      sweep(count, s, d, low, high, b);
    }
  }
  return best;
}

/* Paths of states [path], all at one date, and what the policy holds there [path][instrument]. */
typedef struct measure {
  const qs_policy_many *many;
  qs_policy_walk walk;
  uint64_t key, sample_key, first; /* first: the number of path 0 */
  bool between; /* y is not at nodes: means are cubic in it, not those of two rows by chance */
  double *holding;
} measure;

/* The dual's s of date n after the trade there, from the holdings before (in place). */
static void multipliers(const qs_policy_many *m, size_t n, double x, double y, const qs_policy_many_state *s,
                        double *holding, double *multiplier) {
  if (n == m->date_count) { /* a share of the cost where nothing is held: any that is known before */
    for (size_t i = 0; i < m->count; i++) {
      multiplier[i] = holding[i] > 0 ? -s->cost[i] : s->cost[i];
    }
    return;
  }
  double slope[QS_POLICY_MANY];
  qs_policy_many_settle(m, n, x, y, s, holding, slope);
  for (size_t i = 0; i < m->count; i++) {
    multiplier[i] = fmin(fmax(-slope[i], -s->cost[i]), s->cost[i]);
  }
}

static void add_point(const measure *me, size_t n, double x, const qs_policy_point *to, double weight,
                      const double *b, double *mean) {
  const qs_policy_many *m = me->many;
  const double root = sqrt(to->v);
  qs_policy_many_state s;
  qs_policy_many_state_at(m, n, x + to->z, root, &s);
  double after[QS_POLICY_MANY], next[QS_POLICY_MANY];
  for (size_t i = 0; i < m->count; i++) {
    after[i] = b[i];
  }
  multipliers(m, n, x + to->z, root, &s, after, next);
  for (size_t i = 0; i < m->count; i++) {
    mean[i] += weight * next[i];
  }
}

/* Of E s of date n + 1 from (x, y) with these holdings an estimate without bias: of every row of points all,
 * or SAMPLES at equal distances of their weights, from a random one on. */
static void estimate_next(const measure *me, size_t n, uint64_t path, double x, double y, const double *b,
                          double *mean) {
  double up[4];
  size_t rows;
  const size_t row = qs_policy_walk_rows(&me->walk, y, me->between, &rows, up);
  const qs_words w = qs_philox(qs_counter(path, 0, (uint32_t)n, 0), (uint32_t)me->sample_key,
                               (uint32_t)(me->sample_key >> 32));
  const uint32_t word[4] = {w.a, w.b, w.c, w.d};
  for (size_t i = 0; i < me->many->count; i++) {
    mean[i] = 0;
  }
  for (size_t r = 0; r < rows; r++) {
    const qs_policy_points *points = &me->walk.period[n]->points[row + r];
    const bool all = points->count <= SAMPLES;
    double sum = 0, place = ((double)word[r] + 0.5) / 4294967296.0;
    for (size_t i = 0; up[r] != 0 && i < points->count; i++) {
      sum += points->point[i].weight * SAMPLES;
      double times = all ? points->point[i].weight * SAMPLES : 0;
      while (!all && place < sum) {
        place += 1;
        times += 1;
      }
      if (times > 0) {
        add_point(me, n + 1, x, &points->point[i], up[r] * times / SAMPLES, b, mean);
      }
    }
  }
}

/* Trades at date n in (x, y) from b, in place, and adds what the date yields, the gap where it is wanted. */
static void take_date(const measure *me, size_t n, uint64_t path, double x, double y, double *b, bool gap,
                      qs_policy_pair_share *out) {
  const qs_policy_many *m = me->many;
  const qs_policy_many_problem *p = m->problem;
  double before[QS_POLICY_MANY], now[QS_POLICY_MANY], next[QS_POLICY_MANY], d[QS_POLICY_MANY];
  qs_policy_many_state s;
  qs_policy_many_state_at(m, n, x, y, &s);
  for (size_t i = 0; i < m->count; i++) {
    before[i] = b[i];
    out->cost += n == m->date_count ? s.cost[i] * fabs(b[i]) : 0;
  }
  if (n == m->date_count) { /* all is sold; no gap, as the multipliers are the costs themselves */
    return;
  }
  multipliers(m, n, x, y, &s, b, now);
  for (size_t i = 0; i < m->count; i++) {
    const double traded = b[i] - before[i], cost = s.cost[i] * fabs(traded);
    d[i] = -2 * s.beta[i];
    out->cost += cost;
    out->gap += gap ? cost - now[i] * traded : 0;
  }
  out->variance += s.variance + quadratic(m->count, &s, d, b);
  if (!gap) {
    return;
  }
  estimate_next(me, n, path, x, y, b, next);
  for (size_t i = 0; i < m->count; i++) {
    d[i] += now[i];
    if (n + 1 == m->date_count && b[i] == 0) { /* the share with which nothing is the best */
      const double slope = d[i] + 2 * dot(m->count, s.covariance[i], b);
      next[i] *= s.cost[i] > 0 ? fmin(fmax(slope / s.cost[i], -1), 1) : 0;
    }
    d[i] -= next[i];
  }
  out->gap += quadratic(m->count, &s, d, b) - qs_policy_least_in_box(m->count, &s, d, p->low, p->high, b);
}

static qs_status make_measure(qs_context *context, qs_arena *arena, const qs_policy_many *many, uint64_t seed,
                              size_t paths, measure *me) {
  *me = (measure){.many = many,
                  .key = qs_key(seed, QS_PURPOSE_BOUNDS, stream),
                  .sample_key = qs_key(seed, QS_PURPOSE_BOUNDS, sampled)};
  me->holding = arena ? QS_NEW(arena, paths * many->count, double) : NULL;
  return me->holding && !qs_policy_walk_make(arena, many->problem->first, many->nodes, many->laws, &me->walk)
             ? QS_OK
             : qs_fail_memory(context, what);
}

/* All paths at date n. */
static qs_status take_all(qs_context *context, const measure *me, size_t n, const double *x, const double *v,
                          size_t count, size_t gap_count, qs_policy_pair_share *shares) {
  if (qs_cancelled(context)) {
    return qs_fail(context, QS_ERROR_CANCELLED, "cancelled while %s", what);
  }
  if (gap_count) {
    qs_progress(context, "bound", n, me->many->date_count + 1);
  }
  const long paths = (long)count;
  const bool random = me->many->nodes->y_count > 1;
#pragma omp parallel for num_threads(context->threads) schedule(dynamic, 16)
  for (long i = 0; i < paths; i++) {
    const double y = random ? sqrt(fmax(v[i], 0)) : 0;
    take_date(me, n, me->first + (uint64_t)i, x[i], y, me->holding + (size_t)i * me->many->count,
              (size_t)i < gap_count, &shares[i]);
  }
  return QS_OK;
}

qs_status qs_policy_many_follow(qs_context *context, const qs_policy_many *many, const double *const *x,
                                const double *const *v, uint64_t first, size_t count, size_t gap_count,
                                qs_policy_pair_share *shares) {
  qs_arena *arena = qs_arena_create(context);
  measure me;
  qs_status status = make_measure(context, arena, many, 0, count, &me);
  me.between = true;
  me.first = first;
  for (size_t i = 0; i < count; i++) {
    shares[i] = (qs_policy_pair_share){0};
  }
  for (size_t n = 0; !status && n <= many->date_count; n++) {
    status = take_all(context, &me, n, x[n], v[n], count, gap_count, shares);
  }
  qs_arena_destroy(arena);
  return status;
}

/* Where paths of the law's points are, and the least and the greatest of what the policy held there. */
typedef struct walkers {
  double *x, *v;
  double *least, *greatest; /* [instrument][path]; null: not wanted */
} walkers;

static qs_status walk_all(qs_context *context, const measure *me, size_t paths, size_t gap_count,
                          const walkers *w, qs_policy_pair_share *shares) {
  const qs_policy_many *m = me->many;
  qs_status status = QS_OK;
  for (size_t i = 0; i < paths; i++) {
    double y;
    qs_policy_walk_start(&me->walk, me->key, i, &w->x[i], &y);
    w->v[i] = y * y;
  }
  for (size_t n = 0; !status && n <= m->date_count; n++) {
    status = take_all(context, me, n, w->x, w->v, paths, gap_count, shares);
    for (size_t i = 0; !status && n < m->date_count && i < paths; i++) {
      for (size_t k = 0; w->least && k < m->count; k++) {
        const double held = me->holding[i * m->count + k];
        double *least = &w->least[k * paths + i], *greatest = &w->greatest[k * paths + i];
        *least = n ? fmin(*least, held) : held;
        *greatest = n ? fmax(*greatest, held) : held;
      }
      double y = sqrt(w->v[i]);
      qs_policy_walk_step(&me->walk, me->key, i, n, &w->x[i], &y);
      w->v[i] = y * y;
    }
  }
  return status;
}

qs_status qs_policy_many_measure(qs_context *context, const qs_policy_many *many, uint64_t seed,
                                 uint64_t paths, qs_policy_pair_value *value) {
  qs_arena *arena = qs_arena_create(context);
  measure me;
  qs_status status = make_measure(context, arena, many, seed, paths, &me);
  walkers w = {0};
  qs_policy_pair_share *o = NULL;
  if (!status) {
    w.x = QS_NEW(arena, paths, double);
    w.v = QS_NEW(arena, paths, double);
    o = QS_NEW(arena, paths, qs_policy_pair_share);
    status = w.x && w.v && o ? walk_all(context, &me, paths, paths, &w, o) : qs_fail_memory(context, what);
  }
  if (!status) {
    *value = qs_policy_pair_value_of(o, paths, many->problem->first->cost_weight);
  }
  qs_arena_destroy(arena);
  return status;
}

static int ascending(const void *a, const void *b) {
  const double one = *(const double *)a, two = *(const double *)b;
  return (one > two) - (one < two);
}

qs_status qs_policy_many_range(qs_context *context, const qs_policy_many *many, uint64_t paths,
                               double dropped, double *low, double *high, double *objective) {
  qs_arena *arena = qs_arena_create(context);
  measure me;
  qs_status status = make_measure(context, arena, many, range_seed, paths, &me);
  walkers w = {0};
  qs_policy_pair_share *o = NULL;
  if (!status) {
    w.x = QS_NEW(arena, paths, double);
    w.v = QS_NEW(arena, paths, double);
    w.least = QS_NEW(arena, paths * many->count, double);
    w.greatest = QS_NEW(arena, paths * many->count, double);
    o = QS_NEW(arena, paths, qs_policy_pair_share);
    status = w.x && w.v && w.least && w.greatest && o ? walk_all(context, &me, paths, 0, &w, o)
                                                      : qs_fail_memory(context, what);
  }
  const size_t cut = (size_t)(dropped * (double)paths);
  for (size_t k = 0; !status && k < many->count; k++) {
    double *least = w.least + k * paths, *greatest = w.greatest + k * paths;
    qsort(least, paths, sizeof *least, ascending);
    qsort(greatest, paths, sizeof *greatest, ascending);
    low[k] = least[cut];
    high[k] = greatest[paths - 1 - cut];
  }
  if (!status) {
    *objective = qs_policy_pair_value_of(o, paths, many->problem->first->cost_weight).objective.mean;
  }
  qs_arena_destroy(arena);
  return status;
}
