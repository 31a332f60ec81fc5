#include <math.h>
#include <omp.h>
#include <string.h>

#include "host/base/exchange.h"
#include "host/policy/many.h"

enum { TRIES = 8 };
static const double tolerance = 1e-3; /* of a derivative, in its cost */
static const char what[] = "optimising several hedge instruments";

static double clamp(double a, double low, double high) {
  return fmin(fmax(a, low), high);
}

/* The first node where f, ascending, linear between nodes, reaches `level`; an end where it does not. */
static double reach(const double *node, size_t count, const double *f, double level) {
  size_t i = 0;
  while (i < count && f[i] < level) {
    i++;
  }
  if (i == 0 || i == count) {
    return node[i ? count - 1 : 0];
  }
  return node[i - 1] + (node[i] - node[i - 1]) * (level - f[i - 1]) / (f[i] - f[i - 1]);
}

/* What the recursion works on: [state][lanes]. */
typedef struct recursion {
  qs_context *context;
  qs_policy_many *many;
  size_t states;
  double *now, *ahead;
  float **kept;
  int32_t **origin;
  float **centre;
  double *room; /* [thread][lanes] */
} recursion;

static void read_node(const recursion *r, size_t n, size_t s, qs_policy_many_state *state) {
  const qs_policy_many *m = r->many;
  const qs_policy_nodes *nodes = &m->nodes[n];
  const double x = nodes->x_low + (double)(s % nodes->x_count) * nodes->x_step;
  const double y = nodes->y_low + (double)(s / nodes->x_count) * nodes->y_step;
  qs_policy_many_state_at(m, n, x, y, state);
}

/* The options' holdings of a node of them; 0 of what is not active. */
static void holdings_of(const qs_policy_many *m, size_t outer, double *b) {
  for (size_t i = 0; i < m->count; i++) {
    b[i] = 0;
  }
  for (size_t e = m->active_count; e-- > 1;) {
    b[m->active[e]] = m->axis[e].node[outer % m->axis[e].count];
    outer /= m->axis[e].count;
  }
}

/* Windows begin so that the local optimum of the first holding, given the options', is in their middle. */
static void lay_windows(const recursion *r, size_t n, size_t s, const qs_policy_many_state *state) {
  const qs_policy_many *m = r->many;
  const double unit = state->covariance[0][0];
  for (size_t j = 0; j < m->outer; j++) {
    double b[QS_POLICY_MANY], to = state->beta[0];
    holdings_of(m, j, b);
    for (size_t e = 1; e < m->active_count; e++) {
      to -= state->covariance[0][m->active[e]] * b[m->active[e]];
    }
    to = unit > 0 ? clamp(to / unit, m->problem->low[0], m->problem->high[0]) : 0;
    r->origin[n][s * m->outer + j] = (int32_t)lround(to / m->step) - (int32_t)(m->window / 2);
  }
}

/* to[k] += weight from[k + by], of the nearest node where there is none. */
static void add_shifted(const qs_policy_many *m, double weight, const double *from, long by, double *to) {
  const long window = (long)m->window, width = (long)m->count;
  const long first = by >= 0 ? 0 : -by < window ? -by : window;
  const long last = by <= 0 ? window : by < window ? window - by : 0;
  for (long k = 0; k < first * width; k++) {
    to[k] += weight * from[k % width];
  }
  const double *moved = from + by * width;
  for (long k = first * width; k < last * width; k++) {
    to[k] += weight * moved[k];
  }
  for (long k = (last > first ? last : first) * width; k < window * width; k++) {
    to[k] += weight * from[(window - 1) * width + k % width];
  }
}

/* ahead of a state: the mean of `now` over the next date's. */
static void expect(const recursion *r, size_t n, size_t s) {
  const qs_policy_many *m = r->many;
  const qs_policy_law *law = m->laws[n];
  const size_t y = s / law->x_count, block = m->window * m->count;
  const long x = (long)(s % law->x_count), last = (long)law->x_count - 1;
  const int32_t *here = r->origin[n] + s * m->outer;
  double *out = r->ahead + s * m->lanes;
  memset(out, 0, m->lanes * sizeof *out);
  for (size_t k = 0; k < law->run_count[y]; k++) {
    const qs_policy_run *run = &law->run[y][k];
    for (size_t i = 0; i < run->count; i++) {
      const long place = x + run->first + (long)i, at = place < 0 ? 0 : place > last ? last : place;
      const size_t to = run->to * law->x_count + (size_t)at;
      const int32_t *there = r->origin[n + 1] + to * m->outer;
      for (size_t j = 0; j < m->outer; j++) {
        add_shifted(m, run->weight[i], r->now + to * m->lanes + j * block, (long)here[j] - there[j],
                    out + j * block);
      }
    }
  }
}

/* The derivatives [outer][window][instrument] once the first holding is where it should be, for every node of
 * it before; of itself cut at the cost. centre[outer]: where it is best if that is nothing. */
static void eliminate_first(const qs_policy_many *m, const int32_t *origin, double cost, double *slope,
                            float *centre) {
  const size_t width = m->count, window = m->window;
  for (size_t j = 0; j < m->outer; j++) {
    double *first = slope + j * window * width;
    double node[QS_POLICY_WINDOW] = {0}, f[QS_POLICY_WINDOW], edge[2][QS_POLICY_MANY], most = -INFINITY;
    for (size_t k = 0; k < window; k++) {
      most = fmax(most, first[k * width]);
      f[k] = most;
      node[k] = qs_policy_many_first(m, (long)origin[j] + (long)k);
    }
    centre[j] = (float)reach(node, window, f, 0);
    const double least = m->problem->low[0], highest = m->problem->high[0];
    const double low = clamp(reach(node, window, f, -cost), least, highest);
    const double high = clamp(reach(node, window, f, cost), low, highest);
    for (int side = 0; side < 2; side++) {
      const qs_policy_cell c = qs_policy_find_in_window(m, origin[j], side ? high : low);
      for (size_t i = 0; i < width; i++) {
        edge[side][i] = (1 - c.part) * first[c.at * width + i] + c.part * first[c.next * width + i];
      }
    }
    for (size_t k = 0; k < window; k++) {
      double *at = first + k * width;
      const double *moved = node[k] < low ? edge[0] : node[k] > high ? edge[1] : at;
      for (size_t i = 0; i < width; i++) {
        at[i] = moved[i];
      }
      at[0] = clamp(f[k], -cost, cost);
    }
  }
}

/* Derivatives of a state along the e-th active holding, for one node of the options' others. */
typedef struct plane {
  const qs_policy_many *many;
  const qs_policy_axis *axis;
  const int32_t *origin;
  const float *centre;
  const double *kept;   /* [outer][window][instrument] */
  size_t begin, stride; /* nodes `outer` of its own nodes */
} plane;

/* The derivatives at any holdings of the first and of its own, read as far from where the first is best. What
 * lies on the other side of 0 than that is put right by the jump there. Tells
 * whether all that is read are the last nodes of windows (1), or the first ones (-1), so that it is the same
 * for more, or for less, of the first. */
static int read_plane(const plane *p, double first, double held, double *value) {
  const size_t width = p->many->count, last = p->many->window - 1;
  bool low = true, high = true;
  const qs_policy_cell cell = qs_policy_find_on_axis(p->axis, held);
  const double best = (1 - cell.part) * (double)p->centre[p->begin + cell.at * p->stride] +
                      cell.part * (double)p->centre[p->begin + cell.next * p->stride];
  for (size_t i = 0; i < width; i++) {
    value[i] = 0;
  }
  for (int side = 0; side < 2; side++) {
    const size_t at = side ? cell.next : cell.at, outer = p->begin + at * p->stride;
    const double weight = side ? cell.part : 1 - cell.part;
    if (weight == 0) {
      continue;
    }
    const double place = first == 0 ? 0 : first - best + (double)p->centre[outer];
    const qs_policy_cell to = qs_policy_find_in_window(p->many, p->origin[outer], place);
    const double *block = p->kept + outer * p->many->window * width;
    if (place * first < 0 && qs_policy_many_jumps(p->many, p->origin[outer])) {
      const double *at_zero = block + (size_t)-p->origin[outer] * width;
      value[0] += weight * (first > 0 ? 1 : -1) * (at_zero[2 * width] - at_zero[0]);
    }
    for (size_t i = 0; i < width; i++) {
      value[i] += weight * ((1 - to.part) * block[to.at * width + i] + to.part * block[to.next * width + i]);
    }
    low = low && to.at == 0 && to.part == 0;
    high = high && to.at == last;
  }
  return low ? -1 : high;
}

/* The derivative along its own holding at one of its nodes, the first being at a node of its grid. */
static double read_own(const plane *p, size_t own, size_t at, long first) {
  const size_t outer = p->begin + at * p->stride;
  const long place = first - (long)p->origin[outer], last = (long)p->many->window - 1;
  const size_t in = (size_t)(place < 0 ? 0 : place > last ? last : place);
  return p->kept[(outer * p->many->window + in) * p->many->count + own];
}

/* The derivatives where that along its own holding reaches `level`, between two nodes of it where it is `off`
 * short of it and `over` beyond; tells what read_plane does. */
static int find_between(const plane *p, size_t own, double first, double level, double from, double off,
                        double beyond, double over, double *value) {
  qs_policy_bracket bracket = {from, off, beyond, over, 0};
  int side = 0;
  for (int k = 0; k < TRIES; k++) {
    const double t = qs_policy_bracket_try(&bracket);
    side = read_plane(p, first, t, value);
    const double at = value[own] - level;
    if (fabs(at) <= tolerance * fabs(level)) {
      break;
    }
    qs_policy_bracket_narrow(&bracket, t, at);
  }
  return side;
}

/* The derivatives at one node of its own and one of the first, once its own holding is where it should be; it
 * is not there yet. Tells what read_plane does. */
static int eliminate_at(const plane *p, size_t own, size_t at, size_t k, double cost, double *to) {
  const qs_policy_axis *axis = p->axis;
  const long node = (long)p->origin[p->begin + at * p->stride] + (long)k;
  double f = to[own];
  const bool up = f < 0;
  const double level = up ? -cost : cost, first = qs_policy_many_first(p->many, node);
  const size_t end = up ? axis->count - 1 : 0;
  size_t q = at;
  while (q != end) {
    const size_t next = up ? q + 1 : q - 1;
    const double there = read_own(p, own, next, node);
    if (up ? there >= level : there <= level) {
      const int side =
          find_between(p, own, first, level, axis->node[q], f - level, axis->node[next], there - level, to);
      to[own] = level;
      return side;
    }
    q = next;
    f = there;
  }
  const int side = read_plane(p, first, axis->node[end], to);
  to[own] = level;
  return side;
}

/* The same at all nodes of the first, [window][instrument]. Where its own holding is traded far the first is,
 * too, whatever it was before. */
static void eliminate_line(const plane *p, size_t own, size_t at, double cost, double *line) {
  const size_t width = p->many->count, last = p->many->window - 1;
  for (int up = 0; up < 2; up++) {
    const double sign = up ? -1 : 1; /* of the derivative */
    const double *same = NULL;
    size_t done = p->many->window; /* a node that is, */
    if (sign * line[own] > cost) {
      same = eliminate_at(p, own, at, 0, cost, line) > 0 ? line : NULL;
      done = 0;
    }
    double *end = line + last * width;
    const bool other = !same && sign * end[own] > cost; /* and another */
    if (other) {
      same = eliminate_at(p, own, at, last, cost, end) < 0 ? end : NULL;
    }
    for (size_t k = 0; k <= last; k++) {
      double *to = line + k * width;
      if (!(sign * to[own] > cost) || k == done || (other && k == last)) {
        continue;
      }
      if (same) {
        memcpy(to, same, width * sizeof *to);
      } else {
        eliminate_at(p, own, at, k, cost, to);
      }
    }
  }
}

/* Once the e-th active holding, e > 0, is where it should be, for every node of it before. */
static void eliminate(const qs_policy_many *m, size_t e, double cost, const int32_t *origin,
                      const float *centre, double *slope, double *room) {
  const size_t own = m->active[e], count = m->axis[e].count;
  plane p = {.many = m, .axis = &m->axis[e], .origin = origin, .centre = centre, .kept = room, .stride = 1};
  for (size_t k = e + 1; k < m->active_count; k++) {
    p.stride *= m->axis[k].count;
  }
  memcpy(room, slope, m->lanes * sizeof *room);
  for (size_t q = 0; q < m->outer / count; q++) {
    p.begin = q / p.stride * p.stride * count + q % p.stride;
    for (size_t at = 0; at < count; at++) {
      eliminate_line(&p, own, at, cost, slope + (p.begin + at * p.stride) * m->window * m->count);
    }
  }
}

/* The derivatives of all that comes after the trade, at every node. */
static void set_slopes(const recursion *r, size_t n, size_t s, const qs_policy_many_state *state) {
  const qs_policy_many *m = r->many;
  const double *ahead = r->ahead + s * m->lanes;
  double *now = r->now + s * m->lanes;
  float *kept = r->kept[n] + s * m->lanes;
  for (size_t j = 0; j < m->outer; j++) {
    double b[QS_POLICY_MANY], rest[QS_POLICY_MANY] = {0};
    holdings_of(m, j, b);
    for (size_t i = 0; i < m->count; i++) {
      rest[i] = -state->beta[i];
      for (size_t e = 1; e < m->active_count; e++) {
        rest[i] += state->covariance[i][m->active[e]] * b[m->active[e]];
      }
    }
    for (size_t k = 0; k < m->window; k++) {
      const double first = qs_policy_many_first(m, (long)r->origin[n][s * m->outer + j] + (long)k);
      for (size_t i = 0; i < m->count; i++) {
        const size_t at = (j * m->window + k) * m->count + i;
        kept[at] = (float)ahead[at];
        now[at] = 2 * (rest[i] + state->covariance[i][0] * first) + ahead[at];
      }
    }
  }
}

static void update(const recursion *r, size_t n, size_t s) {
  const qs_policy_many *m = r->many;
  const int32_t *origin = r->origin[n] + s * m->outer;
  double *now = r->now + s * m->lanes;
  qs_policy_many_state state;
  read_node(r, n, s, &state);
  set_slopes(r, n, s, &state);
  eliminate_first(m, origin, state.cost[0], now, r->centre[n] + s * m->outer);
  for (size_t e = 1; e < m->active_count; e++) {
    eliminate(m, e, state.cost[m->active[e]], origin, r->centre[n] + s * m->outer, now,
              r->room + (size_t)omp_get_thread_num() * m->lanes);
  }
  for (size_t at = 0; at < m->lanes; at++) {
    const double cost = state.cost[at % m->count];
    now[at] = clamp(now[at], -cost, cost);
  }
}

static void unwind(const recursion *r) {
  const qs_policy_many *m = r->many;
  for (size_t s = 0; s < r->states; s++) {
    qs_policy_many_state state;
    read_node(r, m->date_count, s, &state);
    for (size_t j = 0; j < m->outer; j++) {
      r->origin[m->date_count][s * m->outer + j] = 1 - (int32_t)(m->window / 2);
      for (size_t k = 0; k < m->window; k++) {
        double *to = r->now + s * m->lanes + (j * m->window + k) * m->count;
        for (size_t i = 0; i < m->count; i++) {
          to[i] = m->idle[i] * state.cost[i];
        }
        const size_t zero = m->window / 2; /* the node at 0 itself */
        to[0] = k < zero ? -state.cost[0] : k > zero ? state.cost[0] : 0;
        for (size_t e = m->active_count, left = j; e-- > 1; left /= m->axis[e].count) {
          const double cost = state.cost[m->active[e]];
          to[m->active[e]] = left % m->axis[e].count < m->axis[e].split ? -cost : cost;
        }
      }
    }
  }
}

/* Every process of a team takes its range of the states. */
static qs_status step_back(const recursion *r, size_t n) {
  const qs_policy_many *m = r->many;
  uint64_t begin, end;
  qs_exchange_range(r->context, r->states, &begin, &end);
#pragma omp parallel num_threads(r->context->threads)
  {
#pragma omp for schedule(dynamic, 4)
    for (uint64_t s = begin; s < end; s++) {
      qs_policy_many_state state;
      read_node(r, n, s, &state);
      lay_windows(r, n, s, &state);
      expect(r, n, s);
    }
#pragma omp for schedule(dynamic, 4)
    for (uint64_t s = begin; s < end; s++) {
      update(r, n, s);
    }
  }
  const qs_exchange_rows list[] = {{r->now, 1, 0, m->lanes * sizeof *r->now, r->states},
                                   {r->kept[n], 1, 0, m->lanes * sizeof *r->kept[n], r->states},
                                   {r->origin[n], 1, 0, m->outer * sizeof *r->origin[n], r->states},
                                   {r->centre[n], 1, 0, m->outer * sizeof *r->centre[n], r->states}};
  const qs_status own =
      qs_cancelled(r->context) ? qs_fail(r->context, QS_ERROR_CANCELLED, "cancelled while %s", what) : QS_OK;
  return qs_exchange_all(r->context, "policies", list, sizeof list / sizeof list[0], own);
}

static qs_status run(const recursion *r) {
  const size_t dates = r->many->date_count;
  qs_status status = QS_OK;
  unwind(r);
  for (size_t n = dates; !status && n-- > 0;) {
    qs_progress(r->context, "policies", dates - 1 - n, dates);
    status = step_back(r, n);
  }
  return status;
}

qs_status qs_policy_many_solve(qs_context *context, qs_arena *arena, qs_policy_many *m) {
  m->outer = 1;
  for (size_t e = 1; e < m->active_count; e++) {
    m->outer *= m->axis[e].count;
  }
  m->lanes = m->outer * m->window * m->count;
  recursion r = {.context = context, .many = m, .states = m->nodes->x_count * m->nodes->y_count};
  qs_arena *scratch = qs_arena_create(context);
  r.now = scratch ? QS_NEW(scratch, r.states * m->lanes, double) : NULL;
  r.ahead = scratch ? QS_NEW(scratch, r.states * m->lanes, double) : NULL;
  r.room = scratch ? QS_NEW(scratch, (size_t)context->threads * m->lanes, double) : NULL;
  r.kept = QS_NEW(arena, m->date_count, float *);
  r.origin = QS_NEW(arena, m->date_count + 1, int32_t *);
  r.centre = QS_NEW(arena, m->date_count, float *);
  bool made = r.now && r.ahead && r.room && r.kept && r.origin && r.centre;
  for (size_t n = 0; made && n <= m->date_count; n++) {
    r.origin[n] = QS_NEW(arena, r.states * m->outer, int32_t);
    made = r.origin[n];
    if (made && n < m->date_count) {
      r.kept[n] = QS_NEW(arena, r.states * m->lanes, float);
      r.centre[n] = QS_NEW(arena, r.states * m->outer, float);
      made = r.kept[n] && r.centre[n];
    }
  }
  m->ahead = (const float *const *)r.kept;
  m->origin = (const int32_t *const *)r.origin;
  m->centre = (const float *const *)r.centre;
  const qs_status status = made ? run(&r) : qs_fail_memory(context, what);
  qs_arena_destroy(scratch);
  return status;
}
