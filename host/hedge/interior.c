#include "host/hedge/interior.h"

#include <math.h>
#include <string.h>

#include "host/hedge/interior_step.h"

/* Iterations without progress that end the search, far from the solution and close to it. */
enum { MAX_ITERATIONS = 300, PATIENCE = 25, PATIENCE_NEAR = 3 };
static const double accuracy = 1e-13;
static const double near_solution = 1e-7;
static const double centrality = 1e-4;

static bool allocate(qs_arena *arena, qs_interior *s) {
  size_t n = s->n, m = s->m, k = s->k, p = s->pairs, all = s->size;
  struct {
    double **array;
    size_t count;
  } wanted[] = {{&s->v, p},
                {&s->z, p},
                {&s->dv, p},
                {&s->dz, p},
                {&s->comp, p},
                {&s->res_pair, p},
                {&s->pull, p},
                {&s->best_v, p},
                {&s->best_z, p},
                {&s->y, n},
                {&s->alpha, n},
                {&s->beta, n},
                {&s->dy, n},
                {&s->dalpha, n},
                {&s->dbeta, n},
                {&s->res_y, n},
                {&s->res_split, n},
                {&s->res_held, n},
                {&s->gap_split, n},
                {&s->gap_held, n},
                {&s->best_y, n},
                {&s->r, m},
                {&s->lambda, m},
                {&s->dr, m},
                {&s->dlambda, m},
                {&s->res_r, m},
                {&s->res_lambda, m},
                {&s->gap_row, m},
                {&s->row_weight, m},
                {&s->best_lambda, m},
                {&s->nu, k},
                {&s->dnu, k},
                {&s->res_nu, k},
                {&s->best_nu, k},
                {&s->rhs, all},
                {&s->step, all},
                {&s->work, all},
                {&s->system, all * all},
                {&s->factors, all * all}};
  bool good = (s->on = QS_NEW(arena, p, bool)) && (s->sign = QS_NEW(arena, all, signed char));
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    good = good && (*wanted[i].array = QS_NEW(arena, wanted[i].count, double));
  }
  return good;
}

/* A point well inside [lower, upper], near to `value`: as far inside as that is outside, and at least 1. */
static double inside(double value, double lower, double upper) {
  double margin = fmin(fmax(1, fmax(value - upper, lower - value)), (upper - lower) / 4);
  return fmin(fmax(value, lower + margin), upper - margin);
}

static void open_pair(qs_interior *s, size_t pair, double v, double z) {
  s->on[pair] = true;
  s->v[pair] = v;
  s->z[pair] = z;
}

/* Products v z near 1 for every pair, in the units of the objective. */
static void start_trades(qs_interior *s) {
  const qs_scaled *f = s->scaled;
  size_t n = s->n;
  for (size_t i = 0; i < n; i++) {
    double y = inside(0, f->lower[i], f->upper[i]);
    s->y[i] = y;
    if (isfinite(f->lower[i])) {
      open_pair(s, LOW * n + i, y - f->lower[i], 1 / fmax(1, y - f->lower[i]));
    }
    if (isfinite(f->upper[i])) {
      open_pair(s, UPP * n + i, f->upper[i] - y, 1 / fmax(1, f->upper[i] - y));
    }
    if (f->split[i]) {
      double slope = f->linear[i] + f->impact[i];
      double part = 1 / fmax(1, slope);
      open_pair(s, BUY * n + i, fmax(y, 0) + part, fmax(slope, 1));
      open_pair(s, SELL * n + i, fmax(-y, 0) + part, fmax(slope, 1));
    }
    if (f->held[i]) {
      double held = f->position[i] + y;
      open_pair(s, LONG * n + i, fmax(held, 0) + 1, 1 / (fmax(held, 0) + 1));
      open_pair(s, SHORT * n + i, fmax(-held, 0) + 1, 1 / (fmax(-held, 0) + 1));
    }
  }
}

static void start_rows(qs_interior *s) {
  const qs_scaled *f = s->scaled;
  for (size_t j = 0; j < s->m; j++) {
    double value = qs_scaled_row(f, j, s->y);
    size_t low = GROUPS * s->n + j, upp = low + s->m;
    if (qs_row_is_equality(s, j)) {
      s->r[j] = f->row_lower[j];
      continue;
    }
    s->r[j] = inside(value, f->row_lower[j], f->row_upper[j]);
    if (isfinite(f->row_lower[j])) {
      open_pair(s, low, s->r[j] - f->row_lower[j], 1 / fmax(1, s->r[j] - f->row_lower[j]));
    }
    if (isfinite(f->row_upper[j])) {
      open_pair(s, upp, f->row_upper[j] - s->r[j], 1 / fmax(1, f->row_upper[j] - s->r[j]));
    }
  }
  for (size_t j = 0; j < s->k; j++) {
    double slack = f->limit[j] - qs_scaled_gross(f, j, s->y);
    s->nu[j] = 1 / fmax(1, slack);
    open_pair(s, GROUPS * s->n + 2 * s->m + j, fmax(slack, 1), s->nu[j]);
  }
}

static double mean_product(const qs_interior *s, double primal, double dual) {
  double sum = 0, count = 0;
  for (size_t p = 0; p < s->pairs; p++) {
    if (s->on[p]) {
      sum += (s->v[p] + primal * s->dv[p]) * (s->z[p] + dual * s->dz[p]);
      count++;
    }
  }
  return count > 0 ? sum / count : 0;
}

/* How far the point is from the solution; every part is relative. */
static double merit(const qs_interior *s) {
  const qs_scaled *f = s->scaled;
  double worst = mean_product(s, 0, 0);
  for (size_t i = 0; i < s->n; i++) {
    double dual = fabs(s->res_y[i]);
    double size = f->size[i] + fabs(s->alpha[i]) + fabs(s->beta[i]);
    if (f->split[i]) {
      dual = fmax(dual, fmax(fabs(s->res_pair[BUY * s->n + i]), fabs(s->res_pair[SELL * s->n + i])));
    }
    if (f->held[i]) {
      dual = fmax(dual, fmax(fabs(s->res_pair[LONG * s->n + i]), fabs(s->res_pair[SHORT * s->n + i])));
    }
    worst = fmax(worst, dual / size);
  }
  for (size_t j = 0; j < s->m; j++) {
    worst = fmax(worst, fabs(s->res_lambda[j]) / (1 + fabs(f->offset[j]) + fabs(s->r[j])));
    worst = fmax(worst, fabs(s->res_r[j]) / (1 + fabs(s->lambda[j])));
  }
  for (size_t j = 0; j < s->k; j++) {
    worst = fmax(worst, fabs(s->res_nu[j]) / (1 + fabs(f->base[j]) + fabs(f->limit[j])));
  }
  return worst;
}

/* The longest step at most 1 that leaves every pair at least 1 - `fraction` of itself. */
static double longest(const qs_interior *s, double fraction) {
  double length = 1;
  for (size_t p = 0; p < s->pairs; p++) {
    if (s->on[p]) {
      length = s->dv[p] < 0 ? fmin(length, -fraction * s->v[p] / s->dv[p]) : length;
      length = s->dz[p] < 0 ? fmin(length, -fraction * s->z[p] / s->dz[p]) : length;
    }
  }
  return length;
}

static bool finite_step(const qs_interior *s) {
  for (size_t i = 0; i < s->size; i++) {
    if (!isfinite(s->step[i])) {
      return false;
    }
  }
  return true;
}

/* No product may fall far below the mean: the pairs must not reach zero at very different times. */
static bool central(const qs_interior *s, double length) {
  double mean = mean_product(s, length, length);
  for (size_t p = 0; p < s->pairs; p++) {
    if (s->on[p]) {
      double product = (s->v[p] + length * s->dv[p]) * (s->z[p] + length * s->dz[p]);
      if (product < centrality * mean && product < s->v[p] * s->z[p]) {
        return false;
      }
    }
  }
  return true;
}

static double safe_length(const qs_interior *s, double mu) {
  double length = longest(s, fmax(0.99, fmin(1 - mu, 0.9995)));
  while (length > 1e-10 && !central(s, length)) {
    length *= 0.8;
  }
  return length;
}

static void move(qs_interior *s, double length) {
  struct {
    double *array;
    const double *change;
    size_t count;
  } moved[] = {{s->y, s->dy, s->n},     {s->alpha, s->dalpha, s->n},   {s->beta, s->dbeta, s->n},
               {s->r, s->dr, s->m},     {s->lambda, s->dlambda, s->m}, {s->nu, s->dnu, s->k},
               {s->v, s->dv, s->pairs}, {s->z, s->dz, s->pairs}};
  for (size_t a = 0; a < sizeof moved / sizeof *moved; a++) {
    for (size_t i = 0; i < moved[a].count; i++) {
      moved[a].array[i] += length * moved[a].change[i];
    }
  }
}

/* Mehrotra's predictor and corrector; where it hardly moves, a step to the centre without the second-order
 * terms. False when the step is not finite or does not move. */
static bool iterate(qs_interior *s) {
  double mu = mean_product(s, 0, 0);
  qs_interior_factorise(s);
  qs_interior_direct(s, 0, 0);
  double length = longest(s, 1);
  double ratio = mu > 0 ? mean_product(s, length, length) / mu : 0;
  qs_interior_direct(s, mu * ratio * ratio * ratio, 1);
  length = safe_length(s, mu);
  if (length < 0.2) {
    qs_interior_direct(s, 0.5 * mu, 0);
    length = safe_length(s, mu);
  }
  if (!(length > 1e-10) || !finite_step(s)) {
    return false;
  }
  move(s, length);
  return true;
}

static void keep_best(qs_interior *s) {
  memcpy(s->best_y, s->y, s->n * sizeof *s->y);
  memcpy(s->best_lambda, s->lambda, s->m * sizeof *s->lambda);
  memcpy(s->best_nu, s->nu, s->k * sizeof *s->nu);
  memcpy(s->best_v, s->v, s->pairs * sizeof *s->v);
  memcpy(s->best_z, s->z, s->pairs * sizeof *s->z);
}

/* Which of its pairs is nearly closed: its distance is below its multiplier, both in their typical units. */
static bool closed(const qs_interior *s, size_t pair, double size) {
  return s->on[pair] && s->best_v[pair] * size < s->best_z[pair];
}

static void report(const qs_interior *s, qs_scaled_point *point, qs_active_set *set) {
  const qs_scaled *f = s->scaled;
  size_t n = s->n;
  for (size_t i = 0; i < n; i++) {
    point->y[i] = s->best_y[i];
    point->bound[i] = s->best_z[UPP * n + i] - s->best_z[LOW * n + i];
    set->trade[i] = QS_TRADE_FREE;
    if (closed(s, LOW * n + i, f->size[i])) {
      set->trade[i] = QS_TRADE_AT_LOWER;
    } else if (closed(s, UPP * n + i, f->size[i])) {
      set->trade[i] = QS_TRADE_AT_UPPER;
    } else if (closed(s, BUY * n + i, f->size[i]) && closed(s, SELL * n + i, f->size[i])) {
      set->trade[i] = QS_TRADE_AT_ZERO;
    } else if (closed(s, LONG * n + i, f->size[i]) && closed(s, SHORT * n + i, f->size[i])) {
      set->trade[i] = QS_TRADE_AT_FLAT;
    }
  }
  for (size_t j = 0; j < s->m; j++) {
    size_t low = GROUPS * n + j;
    bool below = closed(s, low, 1), above = closed(s, low + s->m, 1);
    point->lambda[j] = s->best_lambda[j];
    set->row[j] = (signed char)(qs_row_is_equality(s, j) ? 1 : above - (below && !above));
  }
  for (size_t j = 0; j < s->k; j++) {
    point->nu[j] = fmax(s->best_nu[j], 0);
    set->gross[j] = closed(s, GROUPS * n + 2 * s->m + j, 1);
  }
}

bool qs_active_set_create(qs_arena *arena, const qs_scaled *scaled, qs_active_set *set) {
  set->trade = QS_NEW(arena, scaled->n, unsigned char);
  set->row = QS_NEW(arena, scaled->m, signed char);
  set->gross = QS_NEW(arena, scaled->k, bool);
  return set->trade && set->row && set->gross;
}

qs_status qs_interior_solve(qs_context *context, qs_arena *arena, const qs_scaled *scaled, double elastic,
                            qs_scaled_point *point, qs_active_set *set, uint32_t *iterations) {
  qs_interior state = {.scaled = scaled, .elastic = elastic, .n = scaled->n, .m = scaled->m, .k = scaled->k};
  qs_interior *s = &state;
  s->pairs = GROUPS * s->n + 2 * s->m + s->k;
  s->size = s->n + s->m + s->k;
  if (!allocate(arena, s)) {
    return qs_fail_memory(context, "solving a hedge");
  }
  for (size_t i = 0; i < s->size; i++) {
    s->sign[i] = i < s->n ? 1 : -1;
  }
  start_trades(s);
  start_rows(s);
  double best = (double)INFINITY;
  uint32_t done = 0;
  for (int waited = 0; done < MAX_ITERATIONS; done++) {
    qs_interior_residuals(s);
    double now = merit(s);
    waited = now < 0.9 * best ? 0 : waited + 1;
    if (now < best) {
      best = now;
      keep_best(s);
    }
    if (best < accuracy || waited > (best < near_solution ? PATIENCE_NEAR : PATIENCE) || s->size == 0 ||
        !iterate(s)) {
      break;
    }
    if (qs_cancelled(context)) {
      return qs_fail(context, QS_ERROR_CANCELLED, "cancelled while hedging");
    }
  }
  report(s, point, set);
  *iterations += done;
  return QS_OK;
}
