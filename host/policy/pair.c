#include "host/policy/pair.h"

#include <math.h>
#include <omp.h>

#include "host/base/exchange.h"
#include "host/base/model.h"

enum {
  STEPS_FIRST = 64,
  STEPS_SECOND = 40,
  STEPS_RANDOM = 32,
  MOST_STEPS = 254,
  MOST_HOLDINGS = MOST_STEPS + 2
};
enum { X_RANDOM = 97, Y_RANDOM = 14, X_PLAIN = 241 };
static const char what[] = "optimising two hedge instruments";

/* What the recursion works on: [state][lanes], lane `cells` of the first its W(0, 0). */
typedef struct recursion {
  qs_context *context;
  qs_policy_pair *pair;
  size_t states, cells, threads;
  double *now[QS_POLICY_PAIR], *ahead[QS_POLICY_PAIR];
  float **kept[QS_POLICY_PAIR], **low[QS_POLICY_PAIR], **high[QS_POLICY_PAIR];
  double *scratch; /* [thread][4][lanes] */
} recursion;

static bool make_holdings(qs_arena *arena, double low, double high, size_t steps, qs_policy_holdings *h) {
  const double width = high - low;
  size_t below = 0, above = 0;
  if (width > 0) {
    below = (size_t)(-low / width * (double)steps + 0.5);
    below = low < 0 && below == 0 ? 1 : high > 0 && below == steps ? steps - 1 : below;
    above = steps - below;
  }
  return qs_policy_pair_holdings(arena, low, high, below, above, h);
}

/* The first holding where f, ascending, linear between nodes, reaches `level`; an end where it does not. */
static double reach(const qs_policy_holdings *h, const double *f, double level) {
  size_t i = 0;
  while (i < h->count && f[i] < level) {
    i++;
  }
  if (i == 0 || i == h->count) {
    return h->node[i ? h->count - 1 : 0];
  }
  return h->node[i - 1] + (h->node[i] - h->node[i - 1]) * (level - f[i - 1]) / (f[i] - f[i - 1]);
}

/* A line of a table along one holding, made ascending. */
static void take_line(const double *table, size_t first, size_t stride, size_t count, double *line) {
  double most = -INFINITY;
  for (size_t i = 0; i < count; i++) {
    most = fmax(most, table[first + i * stride]);
    line[i] = most;
  }
}

static double between(const double *f, size_t stride, qs_policy_cell c) {
  return (1 - c.part) * f[c.at * stride] + c.part * f[c.next * stride];
}

/* The integral of f from 0 to `end`. */
static double integral(const qs_policy_holdings *h, const double *f, size_t stride, double end) {
  const qs_policy_cell c = qs_policy_find_holding(h, end);
  const double at_end = between(f, stride, c);
  double sum = 0;
  if (end >= 0) {
    for (size_t i = h->zero; i < c.at; i++) {
      sum += 0.5 * h->above * (f[i * stride] + f[(i + 1) * stride]);
    }
    return sum + 0.5 * c.part * h->above * (f[c.at * stride] + at_end);
  }
  for (size_t i = h->zero - 1; i > c.at; i--) {
    sum -= 0.5 * h->below * (f[i * stride] + f[(i - 1) * stride]);
  }
  return sum - 0.5 * c.part * h->below * (f[c.at * stride] + at_end);
}

static double clamp(double a, double low, double high) {
  return fmin(fmax(a, low), high);
}

/* One state of one date: its tables, and what is made of them. */
typedef struct work {
  const qs_policy_holdings *one, *two;
  const qs_policy_pair_state *state;
  double *slope[QS_POLICY_PAIR]; /* [holding][holding]: derivatives of what comes after the trade */
  double *moved;                 /* the second of them, once the first holding is where it should be */
  float *low[QS_POLICY_PAIR], *high[QS_POLICY_PAIR];
  double *now[QS_POLICY_PAIR];
} work;

static void set_slopes(const work *w, const double *ahead_one, const double *ahead_two) {
  const qs_policy_pair_state *s = w->state;
  for (size_t i = 0; i < w->one->count; i++) {
    for (size_t k = 0; k < w->two->count; k++) {
      const double a = w->one->node[i], b = w->two->node[k];
      const size_t at = i * w->two->count + k;
      w->slope[0][at] = 2 * (s->covariance[0] * a + s->covariance[1] * b - s->beta[0]) + ahead_one[at];
      w->slope[1][at] = 2 * (s->covariance[1] * a + s->covariance[2] * b - s->beta[1]) + ahead_two[at];
    }
  }
}

/* The first instrument's bands, and the second's derivative once the first is within. */
static void move_first(const work *w) {
  const size_t count = w->two->count;
  const double cost = w->state->cost[0];
  double line[MOST_HOLDINGS];
  for (size_t k = 0; k < count; k++) {
    take_line(w->slope[0], k, count, w->one->count, line);
    const double low = reach(w->one, line, -cost), high = fmax(reach(w->one, line, cost), low);
    w->low[0][k] = (float)low;
    w->high[0][k] = (float)high;
    for (size_t i = 0; i < w->one->count; i++) {
      const double to = clamp(w->one->node[i], low, high);
      w->moved[i * count + k] = to == w->one->node[i]
                                    ? w->slope[1][i * count + k]
                                    : between(w->slope[1] + k, count, qs_policy_find_holding(w->one, to));
    }
  }
}

/* The second instrument's bands, and both derivatives before the trade; *two: where it goes from 0 and 0. */
static void move_second(const work *w, double *two) {
  const size_t count = w->two->count;
  const double cost = w->state->cost[1], other = w->state->cost[0];
  double line[MOST_HOLDINGS];
  for (size_t i = 0; i < w->one->count; i++) {
    take_line(w->moved, i * count, 1, count, line);
    const double low = reach(w->two, line, -cost), high = fmax(reach(w->two, line, cost), low);
    if (i == 0 || i + 1 == w->one->count) {
      w->low[1][w->one->count + (i > 0)] = (float)low;
      w->high[1][w->one->count + (i > 0)] = (float)high;
    }
    if (i == w->one->zero) {
      *two = clamp(0, low, high);
    }
    for (size_t k = 0; k < count; k++) {
      const size_t at = i * count + k;
      const double to = clamp(w->two->node[k], low, high);
      const double slope = to == w->two->node[k]
                               ? w->slope[0][at]
                               : between(w->slope[0] + i * count, 1, qs_policy_find_holding(w->two, to));
      w->now[0][at] = clamp(slope, -other, other);
      w->now[1][at] = clamp(line[k], -cost, cost);
    }
    take_line(w->slope[1], i * count, 1, count, line);
    w->low[1][i] = (float)reach(w->two, line, -cost);
    w->high[1][i] = (float)fmax(reach(w->two, line, cost), (double)w->low[1][i]);
  }
}

/* W(0, 0): the second trades first, then the first. */
static double value_at_zero(const work *w, double two, double ahead) {
  const size_t count = w->two->count, zero = w->one->zero;
  const qs_policy_cell c = qs_policy_find_holding(w->two, two);
  const double low = (1 - c.part) * (double)w->low[0][c.at] + c.part * (double)w->low[0][c.next];
  const double high = (1 - c.part) * (double)w->high[0][c.at] + c.part * (double)w->high[0][c.next];
  const double one = clamp(0, low, high);
  const double along = (1 - c.part) * integral(w->one, w->slope[0] + c.at, count, one) +
                       c.part * integral(w->one, w->slope[0] + c.next, count, one);
  return w->state->variance + ahead + integral(w->two, w->slope[1] + zero * count, 1, two) + along +
         w->state->cost[0] * fabs(one) + w->state->cost[1] * fabs(two);
}

static void update(const recursion *r, size_t n, size_t s, double *scratch) {
  qs_policy_pair *p = r->pair;
  const size_t lanes = p->lanes, one = p->holdings[0].count, two = p->holdings[1].count;
  work w = {.one = &p->holdings[0], .two = &p->holdings[1], .state = qs_policy_pair_state_of(p, n, s)};
  w.slope[0] = scratch;
  w.slope[1] = scratch + lanes;
  w.moved = scratch + 2 * lanes;
  for (int i = 0; i < QS_POLICY_PAIR; i++) {
    const double *ahead = r->ahead[i] + s * lanes;
    float *kept = r->kept[i][n] + s * lanes;
    for (size_t k = 0; k < r->cells; k++) {
      kept[k] = (float)ahead[k];
    }
    w.low[i] = r->low[i][n] + s * (i ? one + 2 : two);
    w.high[i] = r->high[i][n] + s * (i ? one + 2 : two);
    w.now[i] = r->now[i] + s * lanes;
  }
  set_slopes(&w, r->ahead[0] + s * lanes, r->ahead[1] + s * lanes);
  move_first(&w);
  double to;
  move_second(&w, &to);
  w.now[0][r->cells] = value_at_zero(&w, to, r->ahead[0][s * lanes + r->cells]);
}

static void unwind(const recursion *r) {
  const qs_policy_pair *p = r->pair;
  const qs_policy_holdings *one = &p->holdings[0], *two = &p->holdings[1];
  for (size_t s = 0; s < r->states; s++) {
    const double *cost = qs_policy_pair_state_of(p, p->date_count, s)->cost;
    for (size_t at = 0; at < r->cells; at++) {
      r->now[0][s * p->lanes + at] = at / two->count < one->zero ? -cost[0] : cost[0];
      r->now[1][s * p->lanes + at] = at % two->count < two->zero ? -cost[1] : cost[1];
    }
  }
}

static bool make_tables(qs_arena *arena, size_t dates, size_t size, float ***tables) {
  *tables = QS_NEW(arena, dates, float *);
  for (size_t n = 0; *tables && n < dates; n++) {
    (*tables)[n] = QS_NEW(arena, size, float);
    if (!(*tables)[n]) {
      return false;
    }
  }
  return *tables;
}

static qs_status make_recursion(qs_arena *arena, qs_arena *scratch, recursion *r) {
  qs_policy_pair *p = r->pair;
  r->states = p->nodes->x_count * p->nodes->y_count;
  r->cells = p->holdings[0].count * p->holdings[1].count;
  p->lanes = (r->cells + QS_POLICY_LANES) / QS_POLICY_LANES * QS_POLICY_LANES;
  r->threads = (size_t)r->context->threads;
  bool made = true;
  for (int i = 0; made && i < QS_POLICY_PAIR; i++) {
    const size_t other = r->states * (i ? p->holdings[0].count + 2 : p->holdings[1].count);
    r->now[i] = QS_NEW(scratch, r->states * p->lanes, double);
    r->ahead[i] = QS_NEW(scratch, r->states * p->lanes, double);
    made = r->now[i] && r->ahead[i] && make_tables(arena, p->date_count, r->states * p->lanes, &r->kept[i]) &&
           make_tables(arena, p->date_count, other, &r->low[i]) &&
           make_tables(arena, p->date_count, other, &r->high[i]);
    p->ahead[i] = (const float *const *)r->kept[i];
    p->low[i] = (const float *const *)r->low[i];
    p->high[i] = (const float *const *)r->high[i];
  }
  r->scratch = made ? QS_NEW(scratch, r->threads * 3 * p->lanes, double) : NULL;
  return r->scratch ? QS_OK : qs_fail_memory(r->context, what);
}

/* Every process of a team takes its range of the states. */
static qs_status step_back(const recursion *r, size_t n) {
  const qs_policy_pair *p = r->pair;
  uint64_t begin, end;
  qs_exchange_range(r->context, r->states, &begin, &end);
  for (int i = 0; i < QS_POLICY_PAIR; i++) {
    qs_policy_expect_part(p->laws[n], r->context->threads, p->lanes, r->now[i], begin, end, r->ahead[i]);
  }
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (size_t s = begin; s < end; s++) {
    update(r, n, s, r->scratch + (size_t)omp_get_thread_num() * 3 * p->lanes);
  }
  qs_exchange_rows list[4 * QS_POLICY_PAIR];
  for (int i = 0; i < QS_POLICY_PAIR; i++) {
    const size_t edges = (i ? p->holdings[0].count + 2 : p->holdings[1].count) * sizeof(float);
    list[4 * i] = (qs_exchange_rows){r->now[i], 1, 0, p->lanes * sizeof(double), r->states};
    list[4 * i + 1] = (qs_exchange_rows){r->kept[i][n], 1, 0, p->lanes * sizeof(float), r->states};
    list[4 * i + 2] = (qs_exchange_rows){r->low[i][n], 1, 0, edges, r->states};
    list[4 * i + 3] = (qs_exchange_rows){r->high[i][n], 1, 0, edges, r->states};
  }
  const qs_status own =
      qs_cancelled(r->context) ? qs_fail(r->context, QS_ERROR_CANCELLED, "cancelled while %s", what) : QS_OK;
  return qs_exchange_all(r->context, "simulate", list, sizeof list / sizeof list[0], own);
}

static qs_status run(const recursion *r) {
  qs_status status = QS_OK;
  unwind(r);
  for (size_t n = r->pair->date_count; !status && n-- > 0;) {
    status = step_back(r, n);
  }
  return status;
}

/* The mean of W at the first date, from what is held then. */
static qs_status mean_now(qs_arena *scratch, const recursion *r) {
  qs_policy_pair *p = r->pair;
  const qs_policy_pair_problem *q = p->problem;
  const qs_policy_holdings *one = &p->holdings[0], *two = &p->holdings[1];
  double *value = QS_NEW(scratch, r->states, double);
  if (!value) {
    return qs_fail_memory(r->context, what);
  }
  const qs_policy_cell held = qs_policy_find_holding(one, q->first->holding);
  for (size_t s = 0; s < r->states; s++) {
    const double *w1 = r->now[0] + s * p->lanes, *w2 = r->now[1] + s * p->lanes;
    value[s] = w1[r->cells] + integral(one, w1 + two->zero, two->count, q->first->holding) +
               (1 - held.part) * integral(two, w2 + held.at * two->count, 1, q->holding) +
               held.part * integral(two, w2 + held.next * two->count, 1, q->holding);
  }
  const qs_policy_ground ground = {.problem = q->first, .ratios = {.nodes = p->nodes}};
  return qs_policy_mean_now(r->context, scratch, &ground, value, &p->objective);
}

qs_status qs_policy_pair_optimise(qs_context *context, qs_arena *arena, const qs_policy_pair_problem *problem,
                                  const qs_policy_pair_settings *settings, qs_policy_pair *pair) {
  qs_arena *scratch = qs_arena_create(context);
  qs_policy_pair made = {0};
  recursion r = {.context = context, .pair = &made};
  const bool random = problem->first->model && qs_model_stochastic(problem->first->model);
  qs_policy_settings state = settings->state;
  state.x_count = state.x_count ? state.x_count : random ? X_RANDOM : X_PLAIN;
  state.y_count = state.y_count ? state.y_count : Y_RANDOM;
  qs_status status =
      scratch ? qs_policy_pair_ground(context, arena, problem, &state, &made) : qs_fail_memory(context, what);
  for (int i = 0; i < QS_POLICY_PAIR && !status; i++) {
    size_t steps = settings->holding_count[i];
    steps = steps ? steps : random ? STEPS_RANDOM : i ? STEPS_SECOND : STEPS_FIRST;
    steps = steps < 2 ? 2 : steps > MOST_STEPS ? MOST_STEPS : steps;
    if (!make_holdings(arena, problem->low[i], problem->high[i], steps, &made.holdings[i])) {
      status = qs_fail_memory(context, what);
    }
  }
  status = status ? status : make_recursion(arena, scratch, &r);
  status = status ? status : run(&r);
  status = status ? status : mean_now(scratch, &r);
  qs_arena_destroy(scratch);
  if (!status) {
    *pair = made;
  }
  return status;
}
