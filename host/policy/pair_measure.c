#include <math.h>
#include <stdint.h>

#include "host/policy/pair.h"
#include "host/policy/walk.h"
#include "kernels/core/key.h"

static const char what[] = "bounding a hedge with two instruments";
static const char stream[] = "paths of a policy with two instruments, drawn from the points of its law";
enum { BLOCK = 256 }; /* paths between two reports of progress */

/* Where a state lies among the nodes: linearly for the bands; cubic in x for means. */
typedef struct place {
  qs_policy_corners corners;
  size_t mean_at, mean_rows, row;
  double mean_weight[2][4];
} place;

static place find_place(const qs_policy_nodes *nodes, double x, double y) {
  double up, cubic[4];
  const size_t i = qs_policy_linear((y - nodes->y_low) / nodes->y_step, nodes->y_count, &up);
  place p = {.corners = qs_policy_find_corners(nodes, x, y), .row = nodes->x_count};
  p.mean_rows = nodes->y_count > 1 ? 2 : 1;
  p.mean_at = i * nodes->x_count + qs_policy_cubic((x - nodes->x_low) / nodes->x_step, nodes->x_count, cubic);
  for (int c = 0; c < 4; c++) {
    p.mean_weight[0][c] = (1 - up) * cubic[c];
    p.mean_weight[1][c] = up * cubic[c];
  }
  return p;
}

qs_policy_pair_bands qs_policy_pair_bands_of(const qs_policy_pair *pair, size_t n) {
  const qs_policy_pair_problem *p = pair->problem;
  return (qs_policy_pair_bands){.holdings = pair->holdings,
                                .low = {pair->low[0][n], pair->low[1][n]},
                                .high = {pair->high[0][n], pair->high[1][n]},
                                .stride = {pair->holdings[1].count, pair->holdings[0].count + 2},
                                .least = {p->low[0], p->low[1]},
                                .most = {p->high[0], p->high[1]}};
}

static void trade_at(const qs_policy_pair *pair, size_t n, const qs_policy_corners *state,
                     double holding[QS_POLICY_PAIR]) {
  const qs_policy_pair_bands bands = qs_policy_pair_bands_of(pair, n);
  qs_policy_band band[QS_POLICY_PAIR];
  qs_policy_pair_bands_trade(&bands, state, holding, band);
}

void qs_policy_pair_trade(const qs_policy_pair *pair, size_t n, double x, double y,
                          double holding[QS_POLICY_PAIR]) {
  const qs_policy_corners state = qs_policy_find_corners(&pair->nodes[n], x, y);
  trade_at(pair, n, &state, holding);
}

/* The dual's s of date n for holdings after the trade; at the unwinding minus the cost of what is sold. */
static void multipliers(const qs_policy_pair *pair, size_t n, const place *p, const qs_policy_pair_state *s,
                        const double b[QS_POLICY_PAIR], double multiplier[QS_POLICY_PAIR]) {
  if (n == pair->date_count) {
    for (int i = 0; i < QS_POLICY_PAIR; i++) {
      multiplier[i] = b[i] >= 0 ? -s->cost[i] : s->cost[i];
    }
    return;
  }
  const size_t count = pair->holdings[1].count;
  const qs_policy_cell one = qs_policy_find_holding(&pair->holdings[0], b[0]);
  const qs_policy_cell two = qs_policy_find_holding(&pair->holdings[1], b[1]);
  const double quadratic[QS_POLICY_PAIR] = {
      2 * (s->covariance[0] * b[0] + s->covariance[1] * b[1] - s->beta[0]),
      2 * (s->covariance[1] * b[0] + s->covariance[2] * b[1] - s->beta[1])};
  const double part[4] = {(1 - one.part) * (1 - two.part), (1 - one.part) * two.part,
                          one.part * (1 - two.part), one.part * two.part};
  const size_t corner[4] = {one.at * count + two.at, one.at * count + two.next, one.next * count + two.at,
                            one.next * count + two.next};
  double ahead[QS_POLICY_PAIR] = {0};
  for (size_t r = 0; r < p->mean_rows; r++) {
    for (size_t c = 0; c < 4; c++) {
      const size_t at = (p->mean_at + r * p->row + c) * pair->lanes;
      for (int i = 0; i < QS_POLICY_PAIR; i++) {
        const float *table = pair->ahead[i][n] + at;
        double mean = 0;
        for (int k = 0; k < 4; k++) {
          mean += part[k] * (double)table[corner[k]];
        }
        ahead[i] += p->mean_weight[r][c] * mean;
      }
    }
  }
  for (int i = 0; i < QS_POLICY_PAIR; i++) {
    multiplier[i] = fmin(fmax(-(quadratic[i] + ahead[i]), -s->cost[i]), s->cost[i]);
  }
}

static double quadratic(const qs_policy_pair_state *s, const double d[2], double a, double b) {
  return s->covariance[0] * a * a + 2 * s->covariance[1] * a * b + s->covariance[2] * b * b +
         (d[0] - 2 * s->beta[0]) * a + (d[1] - 2 * s->beta[1]) * b;
}

/* The least of b' S b - 2 b' beta + d' b in the box: inside, on an edge or in a corner. */
static double least_in_box(const qs_policy_pair_problem *p, const qs_policy_pair_state *s,
                           const double d[2]) {
  const double a = s->covariance[0], b = s->covariance[1], c = s->covariance[2];
  const double f = s->beta[0] - 0.5 * d[0], g = s->beta[1] - 0.5 * d[1], det = a * c - b * b;
  double least = INFINITY;
  if (det > 0) {
    const double one = (c * f - b * g) / det, two = (a * g - b * f) / det;
    if (one >= p->low[0] && one <= p->high[0] && two >= p->low[1] && two <= p->high[1]) {
      return quadratic(s, d, one, two);
    }
  }
  for (int side = 0; side < 2; side++) {
    const double one = side ? p->high[0] : p->low[0], two = side ? p->high[1] : p->low[1];
    const double best_two = c > 0 ? (g - b * one) / c : 0, best_one = a > 0 ? (f - b * two) / a : 0;
    const double to_two = fmin(fmax(best_two, p->low[1]), p->high[1]);
    const double to_one = fmin(fmax(best_one, p->low[0]), p->high[0]);
    least = fmin(least, fmin(quadratic(s, d, one, to_two), quadratic(s, d, to_one, two)));
    least = fmin(least, fmin(quadratic(s, d, one, p->low[1]), quadratic(s, d, one, p->high[1])));
    least = fmin(least, fmin(quadratic(s, d, p->low[0], two), quadratic(s, d, p->high[0], two)));
  }
  return least;
}

typedef struct measure {
  const qs_policy_pair *pair;
  qs_policy_walk walk;
  uint64_t key;
  bool between; /* y is not at nodes: means are cubic in it, not those of two rows by chance */
} measure;

static qs_status make_walk(qs_arena *arena, measure *m) {
  return qs_policy_walk_make(arena, m->pair->problem->first, m->pair->nodes, m->pair->laws, &m->walk);
}

/* Minus E s of date n + 1 from (x, y) with these holdings, added to d. */
static void take_expected(const measure *m, size_t n, double x, double y, const double b[2], double d[2]) {
  const qs_policy_pair *pair = m->pair;
  double up[4];
  size_t rows;
  const size_t row = qs_policy_walk_rows(&m->walk, y, m->between, &rows, up);
  for (size_t r = 0; r < rows; r++) {
    const qs_policy_points *points = &m->walk.period[n]->points[row + r];
    const double share = up[r];
    for (size_t i = 0; share != 0 && i < points->count; i++) {
      const qs_policy_point *to = &points->point[i];
      const double root = sqrt(to->v);
      const place p = find_place(&pair->nodes[n + 1], x + to->z, root);
      const qs_policy_pair_state s = qs_policy_pair_state_at(pair, n + 1, x + to->z, root);
      double after[2] = {b[0], b[1]}, next[2];
      if (n + 1 < pair->date_count) {
        trade_at(pair, n + 1, &p.corners, after);
      }
      multipliers(pair, n + 1, &p, &s, after, next);
      d[0] -= share * to->weight * next[0];
      d[1] -= share * to->weight * next[1];
    }
  }
}

/* Trades at date n in (x, y) from b, in place, and adds what the date yields, the gap where it is wanted. */
static void take_date(const measure *m, size_t n, double x, double y, double b[QS_POLICY_PAIR], bool gap,
                      qs_policy_pair_share *out) {
  const qs_policy_pair *pair = m->pair;
  const qs_policy_pair_state s = qs_policy_pair_state_at(pair, n, x, y);
  const double before[QS_POLICY_PAIR] = {b[0], b[1]}, none[QS_POLICY_PAIR] = {0, 0};
  if (n == pair->date_count) { /* all is sold; no gap, as the multipliers are the costs themselves */
    out->cost += s.cost[0] * fabs(b[0]) + s.cost[1] * fabs(b[1]);
    return;
  }
  const place p = find_place(&pair->nodes[n], x, y);
  trade_at(pair, n, &p.corners, b);
  out->variance += s.variance + quadratic(&s, none, b[0], b[1]);
  for (int i = 0; i < QS_POLICY_PAIR; i++) {
    out->cost += s.cost[i] * fabs(b[i] - before[i]);
  }
  if (!gap) {
    return;
  }
  double now[QS_POLICY_PAIR];
  multipliers(pair, n, &p, &s, b, now);
  for (int i = 0; i < QS_POLICY_PAIR; i++) {
    out->gap += s.cost[i] * fabs(b[i] - before[i]) - now[i] * (b[i] - before[i]);
  }
  double d[QS_POLICY_PAIR] = {now[0], now[1]};
  take_expected(m, n, x, y, b, d);
  out->gap += quadratic(&s, d, b[0], b[1]) - least_in_box(pair->problem, &s, d);
}

static qs_policy_pair_share run_path(const measure *m, uint64_t path) {
  const qs_policy_pair *pair = m->pair;
  const qs_policy_pair_problem *problem = pair->problem;
  double x, y;
  double b[QS_POLICY_PAIR] = {problem->first->holding, problem->holding};
  qs_policy_pair_share out = {0};
  qs_policy_walk_start(&m->walk, m->key, path, &x, &y);
  for (size_t n = 0; n <= pair->date_count; n++) {
    take_date(m, n, x, y, b, true, &out);
    if (n < pair->date_count) {
      qs_policy_walk_step(&m->walk, m->key, path, n, &x, &y);
    }
  }
  return out;
}

static qs_policy_pair_share follow_path(const measure *m, const double *const *x, const double *const *v,
                                        size_t path, bool gap) {
  const qs_policy_pair *pair = m->pair;
  double b[QS_POLICY_PAIR] = {pair->problem->first->holding, pair->problem->holding};
  qs_policy_pair_share out = {0};
  for (size_t n = 0; n <= pair->date_count; n++) {
    const double y = pair->nodes->y_count > 1 ? sqrt(fmax(v[n][path], 0)) : 0;
    take_date(m, n, x[n][path], y, b, gap, &out);
  }
  return out;
}

/* Mean and error of variance a + cost b + gap c. */
static qs_policy_mean summarise(const qs_policy_pair_share *o, uint64_t paths, double a, double b, double c) {
  double mean = 0, square = 0;
  for (uint64_t i = 0; i < paths; i++) {
    mean += (a * o[i].variance + b * o[i].cost + c * o[i].gap) / (double)paths;
  }
  for (uint64_t i = 0; i < paths; i++) {
    square += pow(a * o[i].variance + b * o[i].cost + c * o[i].gap - mean, 2);
  }
  return (qs_policy_mean){mean, sqrt(square / (double)(paths - 1) / (double)paths)};
}

qs_policy_pair_value qs_policy_pair_value_of(const qs_policy_pair_share *o, uint64_t paths, double weight) {
  return (qs_policy_pair_value){.objective = summarise(o, paths, 1, 1, 0),
                                .variance = summarise(o, paths, 1, 0, 0),
                                .cost = summarise(o, paths, 0, 1 / weight, 0),
                                .lower = summarise(o, paths, 1, 1, -1),
                                .gap = summarise(o, paths, 0, 0, 1)};
}

qs_status qs_policy_pair_measure(qs_context *context, const qs_policy_pair *pair, uint64_t seed,
                                 uint64_t paths, qs_policy_pair_value *value) {
  qs_arena *arena = qs_arena_create(context);
  measure m = {.pair = pair, .key = qs_key(seed, QS_PURPOSE_BOUNDS, stream)};
  qs_policy_pair_share *o = arena ? QS_NEW(arena, paths, qs_policy_pair_share) : NULL;
  qs_status status = o ? make_walk(arena, &m) : QS_ERROR_MEMORY;
  if (status) {
    status = qs_fail_memory(context, what);
  }
  for (uint64_t from = 0; !status && from < paths; from += BLOCK) {
    const long count = paths - from < BLOCK ? (long)(paths - from) : BLOCK;
    if (qs_cancelled(context)) {
      status = qs_fail(context, QS_ERROR_CANCELLED, "cancelled while %s", what);
      break;
    }
    qs_progress(context, "bound", from, paths);
#pragma omp parallel for num_threads(context->threads) schedule(dynamic, 8)
    for (long i = 0; i < count; i++) {
      o[from + (uint64_t)i] = run_path(&m, from + (uint64_t)i);
    }
  }
  if (!status) {
    *value = qs_policy_pair_value_of(o, paths, pair->problem->first->cost_weight);
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_policy_pair_follow(qs_context *context, const qs_policy_pair *pair, const double *const *x,
                                const double *const *v, size_t count, size_t gap_count,
                                qs_policy_pair_share *shares) {
  qs_arena *arena = qs_arena_create(context);
  measure m = {.pair = pair, .between = true};
  qs_status status =
      arena && (gap_count == 0 || !make_walk(arena, &m)) ? QS_OK : qs_fail_memory(context, what);
  for (size_t from = 0; !status && from < count; from += BLOCK) {
    const long width = count - from < BLOCK ? (long)(count - from) : BLOCK;
    if (qs_cancelled(context)) {
      status = qs_fail(context, QS_ERROR_CANCELLED, "cancelled while %s", what);
      break;
    }
    if (from < gap_count) {
      qs_progress(context, "bound", from, gap_count);
    }
#pragma omp parallel for num_threads(context->threads) schedule(dynamic, 8)
    for (long i = 0; i < width; i++) {
      const size_t path = from + (size_t)i;
      shares[path] = follow_path(&m, x, v, path, path < gap_count);
    }
  }
  qs_arena_destroy(arena);
  return status;
}
