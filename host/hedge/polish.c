#include "host/hedge/polish.h"

#include <math.h>
#include <string.h>

#include "host/hedge/dense.h"

enum { NEWTON_STEPS = 40, SIMULTANEOUS_ROUNDS = 12, REFINEMENTS = 3, RECENTRINGS = 2 };

/* A slope towards a better trade counts above this share of its typical size. */
static const double slope_counts = 1e-13;

/* A trade of this share of its natural size may be one that rounding made out of none. */
static const double idle_trade = 1e-12;

/* An active limit that is off its bound by this share of its terms was passed over. */
static const double strained = 1e-9;

/* What a limit (qs_scaled_unscale) or a trade may be worth and still be rounding; tried in turn. */
static const double worthless[] = {1e-14, 1e-12, 1e-10, 1e-8};

typedef struct polish {
  const qs_scaled *scaled;
  qs_scaled_point *point;
  qs_active_set *set;
  signed char *sign, *side; /* [n] of the trade and of the position, of free trades */
  bool *crossed;            /* [n] wants to the other side of zero */
  size_t *unknown;          /* which trade, row or gross limit each unknown is */
  size_t trades, rows, gross, size;
  double *gradient, *previous, *center; /* [n]; the ridge pulls towards the center */
  double *system, *factors, *rhs, *step, *work;
  signed char *pivots;
  struct change *changes;
} polish;

/* A change of the active set that the optimality conditions ask for. */
typedef struct change {
  enum { NO_CHANGE, TRADE_CHANGE, ROW_CHANGE, GROSS_CHANGE } what;
  size_t index;
  double urgency;
  int state; /* qs_trade_state, -1/0/1 of a row, 0/1 of a gross limit */
  int direction;
} change;

static bool allocate(qs_arena *arena, polish *s) {
  const qs_scaled *f = s->scaled;
  size_t all = f->n + f->m + f->k;
  return (s->sign = QS_NEW(arena, f->n, signed char)) && (s->side = QS_NEW(arena, f->n, signed char)) &&
         (s->crossed = QS_NEW(arena, f->n, bool)) && (s->unknown = QS_NEW(arena, all, size_t)) &&
         (s->gradient = QS_NEW(arena, f->n, double)) && (s->previous = QS_NEW(arena, f->n, double)) &&
         (s->center = QS_NEW(arena, f->n, double)) && (s->system = QS_NEW(arena, all * all, double)) &&
         (s->factors = QS_NEW(arena, all * all, double)) && (s->rhs = QS_NEW(arena, all, double)) &&
         (s->step = QS_NEW(arena, all, double)) && (s->work = QS_NEW(arena, all, double)) &&
         (s->pivots = QS_NEW(arena, all, signed char)) && (s->changes = QS_NEW(arena, all, change));
}

/* The exact place of a trade that is not free. */
static double pinned(const qs_scaled *f, size_t i, int state) {
  switch (state) {
  case QS_TRADE_AT_FLAT:
    return -f->position[i];
  case QS_TRADE_AT_LOWER:
    return f->lower[i];
  case QS_TRADE_AT_UPPER:
    return f->upper[i];
  default:
    return 0;
  }
}

static signed char sign_of(double value) {
  return value < 0 ? -1 : 1;
}

/* Puts the trades in place and numbers the unknowns. */
static void arrange(polish *s) {
  const qs_scaled *f = s->scaled;
  double *y = s->point->y;
  size_t count = 0;
  for (size_t i = 0; i < f->n; i++) {
    s->crossed[i] = false;
    if (s->set->trade[i] == QS_TRADE_FREE) {
      s->unknown[count++] = i;
    } else {
      y[i] = pinned(f, i, s->set->trade[i]);
    }
    s->previous[i] = y[i];
  }
  s->trades = count;
  for (size_t j = 0; j < f->m; j++) {
    if (s->set->row[j]) {
      s->unknown[count++] = j;
    } else {
      s->point->lambda[j] = 0;
    }
  }
  s->rows = count - s->trades;
  for (size_t j = 0; j < f->k; j++) {
    if (s->set->gross[j]) {
      s->unknown[count++] = j;
    } else {
      s->point->nu[j] = 0;
    }
  }
  s->gross = count - s->trades - s->rows;
  s->size = count;
  for (size_t u = 0; u < count; u++) {
    s->pivots[u] = u < s->trades ? 1 : -1;
  }
}

/* Derivative of gross limit j along the free trade i, on its present side. */
static double gross_slope(const polish *s, size_t j, size_t i) {
  const qs_scaled *f = s->scaled;
  return s->side[i] > 0 ? f->up[j * f->n + i] : -f->down[j * f->n + i];
}

/* Gross limit j with the free trades continued along their present side. */
static double gross_value(const polish *s, size_t j) {
  const qs_scaled *f = s->scaled;
  double value = f->base[j];
  for (size_t i = 0; i < f->n; i++) {
    double held = f->position[i] + s->point->y[i];
    int side = s->set->trade[i] == QS_TRADE_FREE ? s->side[i] : sign_of(held);
    value += side > 0 ? f->up[j * f->n + i] * held : -f->down[j * f->n + i] * held;
  }
  return value;
}

static void gradient(polish *s) {
  qs_scaled_gradient(s->scaled, s->point->y, s->point->lambda, s->gradient);
  for (size_t i = 0; i < s->scaled->n; i++) {
    s->gradient[i] -= s->scaled->ridge[i] * s->center[i];
  }
}

static void build(polish *s) {
  const qs_scaled *f = s->scaled;
  size_t n = f->n, all = s->size;
  memset(s->system, 0, all * all * sizeof *s->system);
  for (size_t u = 0; u < s->trades; u++) {
    size_t i = s->unknown[u];
    double *row = s->system + u * all;
    for (size_t t = u; t < s->trades; t++) {
      row[t] = f->q[i * n + s->unknown[t]];
    }
    row[u] += f->impact[i] > 0 ? 0.75 * f->impact[i] / sqrt(fabs(s->point->y[i])) : 0;
    for (size_t t = s->trades; t < s->trades + s->rows; t++) {
      row[t] = f->a[s->unknown[t] * n + i];
    }
    for (size_t t = s->trades + s->rows; t < all; t++) {
      row[t] = gross_slope(s, s->unknown[t], i);
    }
  }
  /* A multiple of each limit in the equations of the trades: they stay regular where a limit is all that
   * holds a trade. */
  for (size_t u = 0; u < s->trades; u++) {
    for (size_t t = u; t < s->trades; t++) {
      for (size_t c = s->trades; c < all; c++) {
        s->system[u * all + t] += s->system[u * all + c] * s->system[t * all + c];
      }
    }
  }
}

/* The right-hand side: minus the residual. */
static void residual(polish *s) {
  const qs_scaled *f = s->scaled;
  const double *y = s->point->y;
  gradient(s);
  for (size_t u = 0; u < s->trades; u++) {
    size_t i = s->unknown[u];
    double value = s->gradient[i] + s->sign[i] * (f->linear[i] + 1.5 * f->impact[i] * sqrt(fabs(y[i])));
    for (size_t j = 0; j < f->k; j++) {
      value += s->point->nu[j] * gross_slope(s, j, i);
    }
    s->rhs[u] = -value;
  }
  for (size_t u = s->trades; u < s->trades + s->rows; u++) {
    size_t j = s->unknown[u];
    double bound = s->set->row[j] < 0 ? f->row_lower[j] : f->row_upper[j];
    s->rhs[u] = bound - qs_scaled_row(f, j, y);
  }
  for (size_t u = s->trades + s->rows; u < s->size; u++) {
    s->rhs[u] = f->limit[s->unknown[u]] - gross_value(s, s->unknown[u]);
  }
  for (size_t u = 0; u < s->trades; u++) {
    for (size_t c = s->trades; c < s->size; c++) {
      s->rhs[u] += s->system[u * s->size + c] * s->rhs[c];
    }
  }
}

static void solve(polish *s) {
  memcpy(s->factors, s->system, s->size * s->size * sizeof *s->factors);
  qs_dense_factor(s->size, s->factors, s->pivots);
  memcpy(s->step, s->rhs, s->size * sizeof *s->step);
  qs_dense_solve(s->size, s->factors, s->step);
  for (int pass = 0; pass < REFINEMENTS; pass++) {
    qs_dense_multiply(s->size, s->system, s->step, s->work);
    for (size_t u = 0; u < s->size; u++) {
      s->work[u] = s->rhs[u] - s->work[u];
    }
    qs_dense_solve(s->size, s->factors, s->work);
    for (size_t u = 0; u < s->size; u++) {
      s->step[u] += s->work[u];
    }
  }
}

/* Moves trade i. With impact the slope is linear in the root of the trade, so a step that takes away most of
 * the trade is taken in the root. */
static double moved(polish *s, size_t i, double step) {
  const qs_scaled *f = s->scaled;
  double y = s->point->y[i], next = y + step;
  s->crossed[i] = false;
  if (f->impact[i] == 0 || next * s->sign[i] > 0.25 * fabs(y)) {
    return next;
  }
  double root = sqrt(fabs(y));
  double turned = root + s->sign[i] * step / (2 * root);
  if (turned > 0.01 * root) {
    return s->sign[i] * turned * turned;
  }
  if (f->linear[i] > 0 || turned == 0) {
    s->crossed[i] = true;
    return 1e-4 * y;
  }
  s->sign[i] = (signed char)-s->sign[i];
  return s->sign[i] * turned * turned;
}

/* Newton on the present support; false when it breaks down. */
static bool newton(polish *s) {
  bool curved = false;
  for (size_t u = 0; u < s->trades; u++) {
    curved = curved || s->scaled->impact[s->unknown[u]] > 0;
  }
  int steps = curved ? NEWTON_STEPS : 2;
  for (int pass = 0; pass < steps; pass++) {
    double largest = 0;
    build(s);
    residual(s);
    solve(s);
    for (size_t u = 0; u < s->size; u++) {
      if (!isfinite(s->step[u])) {
        return false;
      }
    }
    for (size_t u = 0; u < s->trades; u++) {
      size_t i = s->unknown[u];
      double before = s->point->y[i];
      s->point->y[i] = moved(s, i, s->step[u]);
      largest = fmax(largest, fabs(s->point->y[i] - before) / fabs(before));
    }
    for (size_t u = s->trades; u < s->trades + s->rows; u++) {
      s->point->lambda[s->unknown[u]] += s->step[u];
    }
    for (size_t u = s->trades + s->rows; u < s->size; u++) {
      s->point->nu[s->unknown[u]] += s->step[u];
    }
    if (largest < 1e-15) {
      break;
    }
  }
  return true;
}

/* The interval of slopes at a pinned trade, without the multiplier of its own limits. */
static void slopes(const polish *s, size_t i, double *low, double *high) {
  const qs_scaled *f = s->scaled;
  double y = s->point->y[i], held = f->position[i] + y;
  double cost = f->linear[i] + 1.5 * f->impact[i] * sqrt(fabs(y));
  *low = s->gradient[i] + (y > 0 ? cost : -cost);
  *high = s->gradient[i] + (y < 0 ? -cost : cost);
  for (size_t j = 0; j < f->k; j++) {
    double nu = fmax(s->point->nu[j], 0);
    *low += nu * (held > 0 ? f->up[j * f->n + i] : -f->down[j * f->n + i]);
    *high += nu * (held < 0 ? -f->down[j * f->n + i] : f->up[j * f->n + i]);
  }
}

/* True when a free trade next to zero has no reason to leave it. */
static bool idles(const polish *s, size_t i) {
  const qs_scaled *f = s->scaled;
  if (f->linear[i] == 0 || fabs(s->point->y[i]) > idle_trade) {
    return false;
  }
  double low = s->gradient[i] - f->linear[i], high = s->gradient[i] + f->linear[i];
  for (size_t j = 0; j < f->k; j++) {
    double nu = fmax(s->point->nu[j], 0), slope = gross_slope(s, j, i);
    low += nu * slope;
    high += nu * slope;
  }
  return low <= slope_counts * f->size[i] && high >= -slope_counts * f->size[i];
}

/* A free trade that passed a limit or a kink is pinned at the first one on its way. */
static change check_free(const polish *s, size_t i) {
  const qs_scaled *f = s->scaled;
  double from = s->previous[i], to = s->point->y[i];
  change found = {.index = i};
  double nearest = (double)INFINITY;
  struct {
    bool passed;
    int state;
  } ways[] = {{to < f->lower[i], QS_TRADE_AT_LOWER},
              {to > f->upper[i], QS_TRADE_AT_UPPER},
              {f->split[i] && (s->crossed[i] || to * s->sign[i] < 0), QS_TRADE_AT_ZERO},
              {s->gross > 0 && f->held[i] && (f->position[i] + to) * s->side[i] < 0, QS_TRADE_AT_FLAT}};
  for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
    double distance = fabs(pinned(f, i, ways[w].state) - from);
    if (ways[w].passed && distance < nearest) {
      nearest = distance;
      found.what = TRADE_CHANGE;
      found.state = ways[w].state;
      found.urgency = fabs(to - pinned(f, i, ways[w].state));
    }
  }
  if (found.what == NO_CHANGE && idles(s, i)) {
    found = (change){.what = TRADE_CHANGE, .index = i, .state = QS_TRADE_AT_ZERO};
  }
  return found;
}

/* A pinned trade that gains by moving is freed. */
static change check_pinned(polish *s, size_t i) {
  double low, high, size = s->scaled->size[i];
  int state = s->set->trade[i];
  change found = {.index = i, .state = QS_TRADE_FREE};
  slopes(s, i, &low, &high);
  if (high < -slope_counts * size && state != QS_TRADE_AT_UPPER) {
    found.what = TRADE_CHANGE;
    found.direction = 1;
    found.urgency = -high / size;
  } else if (low > slope_counts * size && state != QS_TRADE_AT_LOWER) {
    found.what = TRADE_CHANGE;
    found.direction = -1;
    found.urgency = low / size;
  } else if (state == QS_TRADE_AT_LOWER || state == QS_TRADE_AT_UPPER) {
    s->point->bound[i] = low > 0 ? -low : high < 0 ? -high : 0;
  }
  return found;
}

/* How far an active row or gross limit is beyond its bound, relative to its terms; below zero: short of it. A
 * limit that depends on other active ones is passed over by the factorisation, and may end on either side. */
static double strain_of_row(const polish *s, size_t j) {
  const qs_scaled *f = s->scaled;
  double value = qs_scaled_row(f, j, s->point->y);
  double bound = s->set->row[j] < 0 ? f->row_lower[j] : f->row_upper[j];
  double size = fabs(value) + fabs(f->offset[j]) + fabs(bound);
  double beyond = f->row_lower[j] == f->row_upper[j] ? fabs(value - bound) : (value - bound) * s->set->row[j];
  return size > 0 ? beyond / size : 0;
}

static double strain_of_gross(const polish *s, size_t j) {
  const qs_scaled *f = s->scaled;
  double value = qs_scaled_gross(f, j, s->point->y);
  double size = fabs(value) + fabs(f->limit[j]);
  return size > 0 ? (value - f->limit[j]) / size : 0;
}

static change check_row(const polish *s, size_t j) {
  const qs_scaled *f = s->scaled;
  change found = {.index = j};
  double lambda = s->point->lambda[j];
  if (f->row_lower[j] == f->row_upper[j]) {
    return found;
  }
  if (s->set->row[j]) {
    if (lambda * s->set->row[j] < 0 || strain_of_row(s, j) < -strained) {
      found = (change){.what = ROW_CHANGE, .index = j, .urgency = fabs(lambda)};
    }
    return found;
  }
  double value = qs_scaled_row(f, j, s->point->y);
  double over = value - f->row_upper[j], under = f->row_lower[j] - value;
  double size = 1e-14 * (fabs(value) + fabs(f->offset[j]));
  if (over > size || under > size) {
    found = (change){.what = ROW_CHANGE, .index = j, .urgency = fmax(over, under)};
    found.state = over > size ? 1 : -1;
  }
  return found;
}

static change check_gross(const polish *s, size_t j) {
  const qs_scaled *f = s->scaled;
  change found = {.index = j};
  double over = qs_scaled_gross(f, j, s->point->y) - f->limit[j];
  if (s->set->gross[j] && (s->point->nu[j] < 0 || strain_of_gross(s, j) < -strained)) {
    found = (change){.what = GROSS_CHANGE, .index = j, .urgency = fabs(s->point->nu[j])};
  } else if (!s->set->gross[j] && over > 1e-14 * (fabs(f->base[j]) + fabs(f->limit[j]))) {
    found = (change){.what = GROSS_CHANGE, .index = j, .urgency = over, .state = 1};
  }
  return found;
}

/* When an active limit is violated because others determine all of it, one of those has to go: the one that
 * presses least. */
static change relieve(const polish *s) {
  const qs_scaled *f = s->scaled;
  change least = {.what = NO_CHANGE};
  double pressure = (double)INFINITY;
  bool any = false;
  for (size_t j = 0; j < f->m; j++) {
    bool active = s->set->row[j] != 0, beyond = active && strain_of_row(s, j) > strained;
    any = any || beyond;
    if (active && !beyond && f->row_lower[j] != f->row_upper[j] && fabs(s->point->lambda[j]) < pressure) {
      pressure = fabs(s->point->lambda[j]);
      least = (change){.what = ROW_CHANGE, .index = j};
    }
  }
  for (size_t j = 0; j < f->k; j++) {
    bool beyond = s->set->gross[j] && strain_of_gross(s, j) > strained;
    any = any || beyond;
    if (s->set->gross[j] && !beyond && fabs(s->point->nu[j]) < pressure) {
      pressure = fabs(s->point->nu[j]);
      least = (change){.what = GROSS_CHANGE, .index = j};
    }
  }
  return any ? least : (change){.what = NO_CHANGE};
}

/* A freed trade starts on the side it is drawn to, at the size that its impact would allow. */
static void release(polish *s, const change *c) {
  const qs_scaled *f = s->scaled;
  double *y = s->point->y + c->index;
  double held = f->position[c->index] + *y;
  if (*y == 0) {
    double pull = c->urgency * f->size[c->index], impact = 1.5 * f->impact[c->index];
    double size = impact > 0 ? fmin(1, (pull / impact) * (pull / impact)) : 1e-6;
    *y = c->direction * fmin(fmax(size, 1e-100), c->direction > 0 ? f->upper[c->index] : -f->lower[c->index]);
  }
  s->sign[c->index] = sign_of(*y);
  s->side[c->index] = (signed char)(held != 0 ? sign_of(held) : c->direction);
}

static void apply(polish *s, const change *c) {
  switch (c->what) {
  case TRADE_CHANGE:
    s->set->trade[c->index] = (unsigned char)c->state;
    if (c->state == QS_TRADE_FREE) {
      release(s, c);
    }
    break;
  case ROW_CHANGE:
    s->set->row[c->index] = (signed char)c->state;
    break;
  case GROSS_CHANGE:
    s->set->gross[c->index] = c->state != 0;
    break;
  default:
    break;
  }
}

static change examine(polish *s, size_t item) {
  const qs_scaled *f = s->scaled;
  if (item < f->n) {
    s->point->bound[item] = 0;
    return s->set->trade[item] == QS_TRADE_FREE ? check_free(s, item) : check_pinned(s, item);
  }
  return item < f->n + f->m ? check_row(s, item - f->n) : check_gross(s, item - f->n - f->m);
}

/* What the optimality conditions ask for at the present point: the changes, and how many. */
static size_t examine_all(polish *s) {
  const qs_scaled *f = s->scaled;
  size_t count = 0;
  gradient(s);
  for (size_t item = 0; item < f->n + f->m + f->k; item++) {
    change found = examine(s, item);
    if (found.what != NO_CHANGE) {
      s->changes[count++] = found;
    }
  }
  change relief = relieve(s);
  if (count == 0 && relief.what != NO_CHANGE) {
    s->changes[count++] = relief;
  }
  return count;
}

static void apply_all(polish *s, size_t count, bool at_once) {
  size_t worst = 0;
  for (size_t c = 0; c < count; c++) {
    if (at_once) {
      apply(s, s->changes + c);
    } else if (s->changes[c].urgency > s->changes[worst].urgency) {
      worst = c;
    }
  }
  if (!at_once) {
    apply(s, s->changes + worst);
  }
}

static void copy_point(const qs_scaled *f, const qs_scaled_point *from, qs_scaled_point *to) {
  memcpy(to->y, from->y, f->n * sizeof *to->y);
  memcpy(to->bound, from->bound, f->n * sizeof *to->bound);
  memcpy(to->lambda, from->lambda, f->m * sizeof *to->lambda);
  for (size_t j = 0; j < f->k; j++) {
    to->nu[j] = fmax(from->nu[j], 0);
  }
}

static void start(polish *s) {
  const qs_scaled *f = s->scaled;
  for (size_t i = 0; i < f->n; i++) {
    double y = s->point->y[i];
    if (s->set->trade[i] == QS_TRADE_FREE && y == 0) {
      change freed = {.index = i, .direction = s->gradient[i] < 0 ? 1 : -1, .urgency = 1e-3};
      release(s, &freed);
    }
    s->sign[i] = sign_of(s->point->y[i]);
    s->side[i] = sign_of(f->position[i] + s->point->y[i]);
  }
}

qs_status qs_polish(qs_context *context, qs_arena *arena, const qs_scaled *scaled,
                    const qs_hedge_problem *problem, qs_scaled_point *point, qs_active_set *set,
                    qs_hedge_solution *solution) {
  polish state = {.scaled = scaled, .point = point, .set = set};
  polish *s = &state;
  qs_scaled_point best, trial;
  if (!allocate(arena, s) || !qs_scaled_point_create(arena, scaled, &best) ||
      !qs_scaled_point_create(arena, scaled, &trial)) {
    return qs_fail_memory(context, "polishing a hedge");
  }
  qs_scaled_unscale(scaled, problem, point, 0, solution);
  copy_point(scaled, point, &best);
  /* A point inside may meet the conditions well without a single exact zero: any good vertex is preferred. */
  double residual_best = fmax(solution->kkt, 1e-10);
  gradient(s);
  start(s);
  int recentred = 0;
  size_t rounds = SIMULTANEOUS_ROUNDS + 2 * (scaled->n + scaled->m + scaled->k);
  for (size_t round = 0; round < rounds; round++) {
    arrange(s);
    if (!newton(s)) {
      break;
    }
    size_t count = examine_all(s);
    copy_point(scaled, point, &trial);
    qs_scaled_unscale(scaled, problem, &trial, worthless[0], solution);
    solution->iterations++;
    if (solution->kkt <= residual_best) {
      residual_best = fmax(solution->kkt, 1e-15); /* the last of equally good ones has settled most */
      copy_point(scaled, &trial, &best);
    }
    if (count == 0 && recentred++ == RECENTRINGS) {
      break;
    }
    if (qs_cancelled(context)) {
      return qs_fail(context, QS_ERROR_CANCELLED, "cancelled while hedging");
    }
    if (count == 0) {
      memcpy(s->center, point->y, scaled->n * sizeof *point->y);
    } else {
      apply_all(s, count, round < SIMULTANEOUS_ROUNDS);
    }
  }
  copy_point(scaled, &best, point);
  qs_scaled_unscale(scaled, problem, point, worthless[0], solution);
  for (size_t c = 1; c < sizeof worthless / sizeof *worthless && solution->kkt > 1e-8; c++) {
    copy_point(scaled, &best, point);
    for (size_t i = 0; i < scaled->n; i++) {
      point->y[i] = fabs(point->y[i]) < worthless[c] ? 0 : point->y[i];
    }
    qs_scaled_unscale(scaled, problem, point, worthless[c], solution);
  }
  return QS_OK;
}
