#include <math.h>

#include "host/policy/apply.h"
#include "host/policy/many.h"

enum { STATES = 8, CORNERS = 1 << (QS_POLICY_ACTIVE - 1), TRIES = 12, TRIES_FIRST = 40 };
static const double tolerance = 1e-4; /* of a holding's derivative, in its cost */
static const double near_zero = 1e-7; /* in steps of the first holding, that count as nothing */

/* The tables of one state of one date, and the holdings before its trade. */
typedef struct reading {
  const qs_policy_many *many;
  const qs_policy_many_state *state;
  const float *row[STATES]; /* around (x, y): cubic in x, linear in y */
  const int32_t *origin[STATES];
  const float *centre[STATES];
  double weight[STATES];
  size_t rows;
  double before[QS_POLICY_MANY];
} reading;

static void read_tables(const qs_policy_many *m, size_t n, double x, double y, reading *r) {
  const qs_policy_nodes *nodes = &m->nodes[n];
  double up, cubic[4];
  const size_t j = qs_policy_cubic((x - nodes->x_low) / nodes->x_step, nodes->x_count, cubic);
  const size_t i = qs_policy_linear((y - nodes->y_low) / nodes->y_step, nodes->y_count, &up);
  r->rows = nodes->y_count > 1 ? STATES : STATES / 2;
  for (size_t k = 0; k < r->rows; k++) {
    const size_t above = k / 4;
    const size_t state = (i + above) * nodes->x_count + j + k % 4;
    r->row[k] = m->ahead[n] + state * m->lanes;
    r->origin[k] = m->origin[n] + state * m->outer;
    r->centre[k] = m->centre[n] + state * m->outer;
    r->weight[k] = cubic[k % 4] * (r->rows == STATES / 2 ? 1 : above ? up : 1 - up);
  }
}

/* The corners of the cell of the options' holdings, their weights, and how far each lies, in every state that
 * is read, from there along the first holding. What comes ahead changes most with how far that is from where
 * it is best, so it is compared where this is the same. */
typedef struct corners {
  size_t count, at[CORNERS];
  double weight[CORNERS], shift[STATES][CORNERS];
  double jump[STATES][CORNERS]; /* of the first's derivative at its holding of 0 */
} corners;

/* A jump at 0 does not move with the rest: what is read on its other side is put right by it. Where 0 is not
 * in a window it is the mean of the others. */
static void find_jumps(const reading *r, corners *c) {
  const qs_policy_many *m = r->many;
  double sum = 0, known = 0;
  for (size_t s = 0; s < r->rows; s++) {
    for (size_t k = 0; k < c->count; k++) {
      const int32_t origin = r->origin[s][c->at[k]];
      const float *block = r->row[s] + c->at[k] * m->window * m->count;
      c->jump[s][k] = NAN;
      if (qs_policy_many_jumps(m, origin)) {
        const float *at_zero = block + (size_t)-origin * m->count;
        c->jump[s][k] = (double)(at_zero[2 * m->count] - at_zero[0]);
        sum += c->jump[s][k];
        known++;
      }
    }
  }
  for (size_t s = 0; s < r->rows; s++) {
    for (size_t k = 0; k < c->count; k++) {
      c->jump[s][k] = !isnan(c->jump[s][k]) ? c->jump[s][k] : known > 0 ? sum / known : 0;
    }
  }
}

static void find_corners(const reading *r, const double *b, corners *c) {
  const qs_policy_many *m = r->many;
  *c = (corners){.count = 1, .at = {0}, .weight = {1}};
  for (size_t e = 1; e < m->active_count; e++) {
    const qs_policy_axis *axis = &m->axis[e];
    const qs_policy_cell cell = qs_policy_find_on_axis(axis, b[m->active[e]]);
    const size_t count = c->count, twice = cell.part > 0 ? 2 : 1;
    for (size_t k = 0; k < count; k++) {
      c->at[k + count] = c->at[k] * axis->count + cell.next;
      c->at[k] = c->at[k] * axis->count + cell.at;
      c->weight[k + count] = c->weight[k] * cell.part;
      c->weight[k] *= 1 - cell.part;
    }
    c->count *= twice;
  }
  double best = 0;
  for (size_t s = 0; s < r->rows; s++) {
    for (size_t k = 0; k < c->count; k++) {
      c->shift[s][k] = (double)r->centre[s][c->at[k]];
      best += r->weight[s] * c->weight[k] * c->shift[s][k];
    }
  }
  for (size_t s = 0; s < r->rows; s++) {
    for (size_t k = 0; k < c->count; k++) {
      c->shift[s][k] -= best;
    }
  }
  find_jumps(r, c);
}

/* One try of the first holding: what comes ahead of it, [instrument], how steep that is along it, and the
 * derivative there. */
typedef struct trial {
  double held, ahead[QS_POLICY_MANY], steep, slope;
} trial;

static void try_first(const reading *r, const corners *c, double rest, double held, trial *t) {
  const qs_policy_many *m = r->many;
  const size_t count = m->count;
  *t = (trial){.held = held};
  for (size_t k = 0; k < c->count; k++) {
    for (size_t s = 0; s < r->rows; s++) {
      const double place = held == 0 ? 0 : held + c->shift[s][k];
      const qs_policy_cell cell = qs_policy_find_in_window(m, r->origin[s][c->at[k]], place);
      const float *row = r->row[s] + c->at[k] * m->window * count;
      const float *one = row + cell.at * count, *two = row + cell.next * count;
      const double weight = c->weight[k] * r->weight[s], near = weight * (1 - cell.part);
      const double far = weight * cell.part;
      for (size_t i = 0; i < count; i++) {
        t->ahead[i] += near * (double)one[i] + far * (double)two[i];
      }
      if (place * held < 0) {
        t->ahead[0] += weight * (held > 0 ? c->jump[s][k] : -c->jump[s][k]);
      }
      t->steep += cell.next == cell.at ? 0 : weight * (double)(two[0] - one[0]) / m->step;
    }
  }
  t->slope = rest + 2 * r->state->covariance[0][0] * held + t->ahead[0];
}

/* From `one` towards `end`: the two neighbouring trials between which the derivative passes `level`, or the
 * same at the end. By Newton's steps, as it is linear in pieces, and by halves where they do not help. */
static void find_passage(const reading *r, const corners *c, double rest, double level, double end,
                         trial *one, trial *two) {
  const double fine = 1e-4 * r->state->cost[0], narrow = near_zero * r->many->step;
  const double sign = end > one->held ? 1 : -1, base = 2 * r->state->covariance[0][0];
  bool beyond = false, tested = false; /* just beside 0 */
  for (int k = 0; k < TRIES_FIRST && one->held != end; k++) {
    const double far = beyond ? two->held : end, way = sign * (far - one->held);
    double step = sign * (level - one->slope) / fmax(base + one->steep, 1e-3 * base);
    if (!(step > 0.01 * way) || (k > 3 && k % 3 == 0)) {
      step = 0.5 * way;
    }
    const bool across = beyond && one->held * two->held < 0; /* 0 lies between, where it may jump */
    const bool beside = beyond && !tested && (one->held == 0 || two->held == 0);
    tested = tested || beside;
    const double to = across       ? 0
                      : beside     ? copysign(near_zero * r->many->step, one->held + two->held)
                      : step < way ? one->held + sign * step
                      : beyond     ? one->held + 0.5 * sign * way
                                   : far;
    trial next;
    try_first(r, c, rest, to, &next);
    if (sign * (next.slope - level) < 0) {
      *one = next;
    } else {
      *two = next;
      beyond = true;
    }
    if (fabs(next.slope - level) <= fine) {
      *one = *two = next;
      return;
    }
    if (beyond && fabs(two->held - one->held) <= narrow) {
      return;
    }
  }
  if (!beyond) {
    *two = *one;
  }
}

/* The first holding where it should be, for the others in b; slope[count] there. */
static void settle_first(const reading *r, double *b, double *slope) {
  const qs_policy_many *m = r->many;
  const double(*s)[QS_POLICY_MANY] = r->state->covariance;
  const double cost = r->state->cost[0], low = m->problem->low[0], high = m->problem->high[0];
  double rest[QS_POLICY_MANY] = {0};
  for (size_t i = 0; i < m->count; i++) {
    double sum = -r->state->beta[i];
    for (size_t e = 1; e < m->active_count; e++) {
      sum += s[i][m->active[e]] * b[m->active[e]];
    }
    rest[i] = 2 * sum;
  }
  corners c;
  find_corners(r, b, &c);
  trial one, two;
  double part = 0;
  try_first(r, &c, rest[0], fmin(fmax(r->before[0], low), high), &one);
  two = one;
  if (fabs(one.slope) > cost) {
    const double level = one.slope < 0 ? -cost : cost;
    find_passage(r, &c, rest[0], level, one.slope < 0 ? high : low, &one, &two);
    const double span = two.slope - one.slope;
    part = span == 0 ? 0 : fmin(fmax((level - one.slope) / span, 0), 1);
  }
  b[0] = (1 - part) * one.held + part * two.held;
  if (fabs(b[0]) <= near_zero * m->step) {
    b[0] = 0;
  }
  for (size_t i = 0; i < m->count; i++) {
    slope[i] = rest[i] + 2 * s[i][0] * b[0] + (1 - part) * one.ahead[i] + part * two.ahead[i];
  }
}

static void settle_to(const reading *r, size_t e, double *b, double *slope);

/* With the e-th active holding at t: what is below it settled; returns the derivative along it. */
static double slope_at(const reading *r, size_t e, double t, double *b, double *slope) {
  b[r->many->active[e]] = t;
  settle_to(r, e - 1, b, slope);
  return slope[r->many->active[e]];
}

/* From `from`, whose derivative is short of `level` by `off`, to `end`: where it is reached, or the end. */
static void find_level(const reading *r, size_t e, double level, double from, double off, double end,
                       double *b, double *slope) {
  const double fine = tolerance * r->state->cost[r->many->active[e]];
  double step = fmin(fmax(r->many->axis[e].below, r->many->axis[e].above), fabs(end - from));
  double beyond = from, over = off;
  for (;;) { /* ever longer steps until it is passed */
    beyond = fabs(end - from) <= 1.5 * step ? end : from + (end > from ? step : -step);
    over = slope_at(r, e, beyond, b, slope) - level;
    if ((over > 0) != (off > 0) || fabs(over) <= fine || beyond == end) {
      break;
    }
    from = beyond;
    off = over;
    step *= 3;
  }
  qs_policy_bracket bracket = {from, off, beyond, over, 0};
  for (int k = 0; k < TRIES && (bracket.over > 0) != (bracket.off > 0) && fabs(bracket.over) > fine; k++) {
    const double t = qs_policy_bracket_try(&bracket);
    const double at = slope_at(r, e, t, b, slope) - level;
    if (fabs(at) <= fine) {
      return;
    }
    qs_policy_bracket_narrow(&bracket, t, at);
  }
}

/* The e-th active holding and those below it where they should be, for the others in b. */
static void settle_to(const reading *r, size_t e, double *b, double *slope) {
  if (e == 0) {
    settle_first(r, b, slope);
    return;
  }
  const qs_policy_axis *axis = &r->many->axis[e];
  const size_t own = r->many->active[e];
  const double cost = r->state->cost[own], low = axis->node[0], high = axis->node[axis->count - 1];
  double from = fmin(fmax(r->before[own], low), high);
  double at = slope_at(r, e, from, b, slope);
  if (fabs(at) <= cost || low == high) {
    return;
  }
  const bool up = at < 0;
  const double level = up ? -cost : cost, end = up ? high : low;
  if (up ? from < 0 && end > 0 : from >= 0 && end < 0) { /* 0 lies on the way, where the derivative jumps */
    const double left = -1e-12 * (high - low);
    const double before = up ? left : 0, after = up ? 0 : left;
    const double short_of = from == before ? at - level : slope_at(r, e, before, b, slope) - level;
    if (short_of != 0 && (short_of > 0) != (at > level)) { /* it is reached before */
      find_level(r, e, level, from, at - level, before, b, slope);
      return;
    }
    from = after;
    at = slope_at(r, e, after, b, slope);
    if ((at > level) == up) { /* within the jump */
      slope_at(r, e, 0, b, slope);
      return;
    }
  }
  find_level(r, e, level, from, at - level, end, b, slope);
}

void qs_policy_many_settle(const qs_policy_many *many, size_t n, double x, double y,
                           const qs_policy_many_state *state, double *holding, double *slope) {
  reading r = {.many = many, .state = state};
  read_tables(many, n, x, y, &r);
  double b[QS_POLICY_MANY] = {0};
  for (size_t e = 0; e < many->active_count; e++) {
    r.before[many->active[e]] = holding[many->active[e]];
  }
  settle_to(&r, many->active_count - 1, b, slope);
  for (size_t i = 0; i < many->count; i++) {
    holding[i] = fmin(fmax(b[i], many->problem->low[i]), many->problem->high[i]);
  }
}

void qs_policy_many_trade(const qs_policy_many *many, size_t n, double x, double y, double *holding) {
  qs_policy_many_state state;
  double slope[QS_POLICY_MANY];
  qs_policy_many_state_at(many, n, x, y, &state);
  qs_policy_many_settle(many, n, x, y, &state, holding, slope);
}
