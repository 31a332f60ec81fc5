#include "host/market/pairs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/market/symmetric.h"

/* ---- a pair ---- */

double qs_pair_rho(const qs_model *model) {
  return qs_model_parameters(model->type) >> QS_RHO & 1 ? model->value[QS_RHO] : NAN;
}

static double or_zero(double x) {
  return isnan(x) ? 0 : x;
}

void qs_pair_read(const double *given, size_t count, size_t a, size_t b, double value[QS_PAIR_COUNT]) {
  const size_t n = 2 * count;
  value[QS_PAIR_PRICES] = given[a * n + b];
  value[QS_PAIR_VARIANCES] = given[(count + a) * n + count + b];
  value[QS_PAIR_PRICE_VARIANCE] = given[a * n + count + b];
  value[QS_PAIR_VARIANCE_PRICE] = given[(count + a) * n + b];
}

void qs_pair_fill(double rho_a, double rho_b, double value[QS_PAIR_COUNT]) {
  const double a = or_zero(rho_a), b = or_zero(rho_b);
  value[QS_PAIR_PRICES] = or_zero(value[QS_PAIR_PRICES]);
  if (isnan(value[QS_PAIR_VARIANCES])) {
    const double passed = a * b + sqrt(1 - a * a) * sqrt(1 - b * b);
    value[QS_PAIR_VARIANCES] = value[QS_PAIR_PRICES] / (passed > 0 ? passed : 1);
  }
  if (isnan(rho_a) || isnan(rho_b)) {
    value[QS_PAIR_VARIANCES] = 0;
  }
  if (isnan(value[QS_PAIR_PRICE_VARIANCE])) {
    value[QS_PAIR_PRICE_VARIANCE] = a * value[QS_PAIR_VARIANCES];
  }
  if (isnan(value[QS_PAIR_VARIANCE_PRICE])) {
    value[QS_PAIR_VARIANCE_PRICE] = b * value[QS_PAIR_VARIANCES];
  }
}

void qs_pair_draw(double rho_a, double rho_b, const double value[QS_PAIR_COUNT],
                  double drawn[QS_DRAWN_COUNT]) {
  const double a = or_zero(rho_a), b = or_zero(rho_b), own_a = sqrt(1 - a * a), own_b = sqrt(1 - b * b);
  const double q = value[QS_PAIR_VARIANCES];
  drawn[QS_DRAWN_VARIANCES] = q;
  drawn[QS_DRAWN_OWN] = (value[QS_PAIR_PRICES] - a * value[QS_PAIR_VARIANCE_PRICE] -
                         b * value[QS_PAIR_PRICE_VARIANCE] + a * b * q) /
                        (own_a * own_b);
  drawn[QS_DRAWN_OWN_VARIANCE] = (value[QS_PAIR_PRICE_VARIANCE] - a * q) / own_a;
  drawn[QS_DRAWN_VARIANCE_OWN] = (value[QS_PAIR_VARIANCE_PRICE] - b * q) / own_b;
}

void qs_pair_slopes(double rho_a, double rho_b, const double given[QS_PAIR_COUNT],
                    double slopes[QS_DRAWN_COUNT][QS_PAIR_COUNT]) {
  memset(slopes, 0, QS_DRAWN_COUNT * sizeof *slopes);
  for (int k = 0; k < QS_PAIR_COUNT; k++) {
    if (k != QS_PAIR_PRICES && isnan(given[k])) {
      continue;
    }
    double unit[QS_PAIR_COUNT], drawn[QS_DRAWN_COUNT]; /* all of it is linear */
    for (int j = 0; j < QS_PAIR_COUNT; j++) {
      unit[j] = j == k ? 1 : isnan(given[j]) ? NAN : 0;
    }
    qs_pair_fill(rho_a, rho_b, unit);
    qs_pair_draw(rho_a, rho_b, unit, drawn);
    for (int d = 0; d < QS_DRAWN_COUNT; d++) {
      slopes[d][k] = drawn[d];
    }
  }
}

void qs_pair_by_rho(double rho_a, double rho_b, const double given[QS_PAIR_COUNT],
                    double slopes[QS_DRAWN_COUNT]) {
  const double a = or_zero(rho_a), b = or_zero(rho_b), own_a = sqrt(1 - a * a), own_b = sqrt(1 - b * b);
  double value[QS_PAIR_COUNT], drawn[QS_DRAWN_COUNT], by[QS_PAIR_COUNT] = {0};
  memcpy(value, given, sizeof value);
  qs_pair_fill(rho_a, rho_b, value);
  qs_pair_draw(rho_a, rho_b, value, drawn);
  const double passed = a * b + own_a * own_b, q = value[QS_PAIR_VARIANCES];
  if (isnan(given[QS_PAIR_VARIANCES]) && !isnan(rho_a) && !isnan(rho_b) && passed > 0) {
    by[QS_PAIR_VARIANCES] = -q / passed * (b - a / own_a * own_b);
  }
  if (isnan(given[QS_PAIR_PRICE_VARIANCE])) {
    by[QS_PAIR_PRICE_VARIANCE] = q + a * by[QS_PAIR_VARIANCES];
  }
  if (isnan(given[QS_PAIR_VARIANCE_PRICE])) {
    by[QS_PAIR_VARIANCE_PRICE] = b * by[QS_PAIR_VARIANCES];
  }
  const double moved = -value[QS_PAIR_VARIANCE_PRICE] - a * by[QS_PAIR_VARIANCE_PRICE] -
                       b * by[QS_PAIR_PRICE_VARIANCE] + b * q + a * b * by[QS_PAIR_VARIANCES];
  const double scale = a / (own_a * own_a); /* of 1 / own_a */
  slopes[QS_DRAWN_VARIANCES] = by[QS_PAIR_VARIANCES];
  slopes[QS_DRAWN_OWN] = moved / (own_a * own_b) + drawn[QS_DRAWN_OWN] * scale;
  slopes[QS_DRAWN_OWN_VARIANCE] = (by[QS_PAIR_PRICE_VARIANCE] - q - a * by[QS_PAIR_VARIANCES]) / own_a +
                                  drawn[QS_DRAWN_OWN_VARIANCE] * scale;
  slopes[QS_DRAWN_VARIANCE_OWN] = (by[QS_PAIR_VARIANCE_PRICE] - b * by[QS_PAIR_VARIANCES]) / own_b;
}

/* ---- names ---- */

bool qs_drivers_full(size_t count, const double *given) {
  const size_t n = 2 * count;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = count; j < n; j++) {
      if (i != j && !isnan(given[i * n + j])) {
        return true;
      }
    }
  }
  return false;
}

int qs_driver_find(const char *name, const char *const *names, size_t count, bool *variance) {
  static const char suffix[] = ".variance";
  const size_t length = strlen(name), tail = sizeof suffix - 1;
  *variance = false;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(name, names[i]) == 0) {
      return (int)i;
    }
  }
  *variance = length > tail && strcmp(name + length - tail, suffix) == 0;
  for (size_t i = 0; *variance && i < count; i++) {
    if (strlen(names[i]) == length - tail && strncmp(name, names[i], length - tail) == 0) {
      return (int)i;
    }
  }
  return -1;
}

/* ---- the nearest valid matrix ---- */

static const double suggested_eigenvalue = 1e-3; /* leaves room for the suggestion's four decimals */

enum { MAX_PROJECTIONS = 2000, LEAST_PROJECTIONS = 30 };

typedef struct workspace {
  double *start, *current, *correction, *projected, *vectors, *values;
} workspace;

static bool workspace_create(qs_arena *arena, size_t n, workspace *space) {
  space->start = QS_NEW(arena, n * n, double);
  space->current = QS_NEW(arena, n * n, double);
  space->correction = QS_NEW(arena, n * n, double);
  space->projected = QS_NEW(arena, n * n, double);
  space->vectors = QS_NEW(arena, n * n, double);
  space->values = QS_NEW(arena, n, double);
  return space->start && space->current && space->correction && space->projected && space->vectors &&
         space->values;
}

static double smallest_eigenvalue(size_t n, const double *matrix, workspace *space) {
  memcpy(space->projected, matrix, n * n * sizeof *matrix);
  qs_symmetric_eigen(n, space->projected, space->values, space->vectors);
  return space->values[0];
}

/* One projection on the matrices whose eigenvalues are at least `least`, then on those with the fixed
 * entries. Returns the largest change. */
static double project(size_t n, double least, const bool *fixed, double *matrix, workspace *space) {
  for (size_t i = 0; i < n * n; i++) {
    space->current[i] = matrix[i] - space->correction[i];
    space->projected[i] = space->current[i];
  }
  qs_symmetric_eigen(n, space->projected, space->values, space->vectors);
  double change = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++) {
        sum += fmax(space->values[k], least) * space->vectors[i * n + k] * space->vectors[j * n + k];
      }
      space->correction[i * n + j] = sum - space->current[i * n + j];
      const bool held = i == j || (fixed && fixed[i * n + j]);
      const double next = held ? space->start[i * n + j] : sum;
      change = fmax(change, fabs(next - matrix[i * n + j]));
      matrix[i * n + j] = next;
    }
  }
  return change;
}

/* The smallest eigenvalue of what is fixed alone, all else 0: every row has at most one such entry. */
static double fixed_eigenvalue(size_t n, const bool *fixed, const double *matrix) {
  double largest = 0;
  for (size_t i = 0; fixed && i < n * n; i++) {
    largest = fixed[i] && i / n != i % n ? fmax(largest, fabs(matrix[i])) : largest;
  }
  return 1 - largest;
}

bool qs_nearest_correlation(qs_arena *arena, size_t n, const bool *fixed, double *matrix) {
  workspace space;
  if (!workspace_create(arena, n, &space)) {
    return false;
  }
  memcpy(space.start, matrix, n * n * sizeof *matrix);
  const double room = fixed_eigenvalue(n, fixed, matrix), least = fmin(suggested_eigenvalue, room / 2);
  /* A projection costs some 60 n^3 operations: large matrices end early and are made valid below. */
  const double affordable = 3e8 / ((double)n * (double)n * (double)n);
  const int steps = (int)fmax(LEAST_PROJECTIONS, fmin(MAX_PROJECTIONS, affordable));
  for (int step = 0; step < steps && project(n, least, fixed, matrix, &space) >= 1e-9; step++) {
  }
  const double reached = smallest_eigenvalue(n, matrix, &space);
  if (reached < 0.5 * least) { /* towards what is fixed alone, whose eigenvalues are `room` and more */
    const double keep = (room - least) / (room - reached);
    for (size_t i = 0; i < n * n; i++) {
      matrix[i] *= i / n == i % n || (fixed && fixed[i]) ? 1 : keep;
    }
  }
  return true;
}

/* ---- all drivers together ---- */

/* The drivers that the matrix has: all prices, then the variances that move, if any correlation of a variance
 * is given. at[driver] is its row, or SIZE_MAX. */
typedef struct drivers {
  size_t rows, *at;
  double *matrix;
  bool *fixed;
} drivers;

static const size_t absent = (size_t)-1;

static bool list_drivers(qs_arena *arena, const qs_driver_list *list, drivers *d) {
  const size_t n = list->count;
  const bool full = qs_drivers_full(n, list->given);
  d->at = QS_NEW(arena, 2 * n, size_t);
  d->rows = 0;
  for (size_t i = 0; d->at && i < 2 * n; i++) {
    const bool there = i < n || (full && !isnan(list->rho[i - n]));
    d->at[i] = there ? d->rows++ : absent;
  }
  d->matrix = QS_NEW(arena, d->rows * d->rows, double);
  d->fixed = QS_NEW(arena, d->rows * d->rows, bool);
  return d->at && d->matrix && d->fixed;
}

static void set_entry(const drivers *d, size_t i, size_t j, double value, bool fixed) {
  if (d->at[i] != absent && d->at[j] != absent) {
    d->matrix[d->at[i] * d->rows + d->at[j]] = d->matrix[d->at[j] * d->rows + d->at[i]] = value;
    d->fixed[d->at[i] * d->rows + d->at[j]] = d->fixed[d->at[j] * d->rows + d->at[i]] = fixed;
  }
}

static void pair_drivers(size_t n, size_t a, size_t b, size_t at[QS_PAIR_COUNT][2]) {
  const size_t all[QS_PAIR_COUNT][2] = {[QS_PAIR_PRICES] = {a, b},
                                        [QS_PAIR_VARIANCES] = {n + a, n + b},
                                        [QS_PAIR_PRICE_VARIANCE] = {a, n + b},
                                        [QS_PAIR_VARIANCE_PRICE] = {n + a, b}};
  memcpy(at, all, sizeof all);
}

static void fill_drivers(const qs_driver_list *list, const drivers *d) {
  const size_t n = list->count;
  for (size_t a = 0; a < n; a++) {
    set_entry(d, a, a, 1, true);
    set_entry(d, n + a, n + a, 1, true);
    set_entry(d, a, n + a, list->rho[a], true);
    for (size_t b = a + 1; b < n; b++) {
      double value[QS_PAIR_COUNT];
      size_t at[QS_PAIR_COUNT][2];
      qs_pair_read(list->given, n, a, b, value);
      qs_pair_fill(list->rho[a], list->rho[b], value);
      pair_drivers(n, a, b, at);
      for (int k = 0; k < QS_PAIR_COUNT; k++) {
        set_entry(d, at[k][0], at[k][1], value[k], false);
      }
    }
  }
}

static double round4(double x) {
  return round(x * 1e4) / 1e4;
}

static const char *suffix_of(const qs_driver_list *list, size_t driver) {
  return driver >= list->count ? ".variance" : "";
}

/* What of the pair must be given, or given otherwise, for the matrix `d` to follow. Returns the text's new
 * length. */
static size_t name_changes(const qs_driver_list *list, const drivers *d, size_t a, size_t b,
                           char text[QS_NEAREST_TEXT], size_t length) {
  const size_t n = list->count;
  double value[QS_PAIR_COUNT];
  size_t at[QS_PAIR_COUNT][2];
  qs_pair_read(list->given, n, a, b, value);
  pair_drivers(n, a, b, at);
  for (int k = 0; k < QS_PAIR_COUNT; k++) {
    const size_t i = d->at[at[k][0]], j = d->at[at[k][1]];
    double filled[QS_PAIR_COUNT];
    memcpy(filled, value, sizeof filled);
    qs_pair_fill(list->rho[a], list->rho[b], filled);
    const double near = i == absent || j == absent ? filled[k] : round4(d->matrix[i * d->rows + j]);
    if (fabs(near - filled[k]) <= 5.01e-5) {
      continue;
    }
    value[k] = near;
    if (length < QS_NEAREST_TEXT) {
      const int written = snprintf(text + length, QS_NEAREST_TEXT - length, "%s%s%s-%s%s %g",
                                   length ? ", " : "", list->names[a], suffix_of(list, at[k][0]),
                                   list->names[b], suffix_of(list, at[k][1]), near);
      length += written > 0 ? (size_t)written : 0;
    }
  }
  return length;
}

bool qs_drivers_check(qs_arena *arena, const qs_driver_list *list, double *smallest,
                      char text[QS_NEAREST_TEXT]) {
  drivers d;
  workspace space;
  text[0] = '\0';
  if (!list_drivers(arena, list, &d) || !workspace_create(arena, d.rows, &space)) {
    return false;
  }
  fill_drivers(list, &d);
  *smallest = smallest_eigenvalue(d.rows, d.matrix, &space);
  if (*smallest >= QS_LEAST_EIGENVALUE) {
    return true;
  }
  if (!qs_nearest_correlation(arena, d.rows, d.fixed, d.matrix)) {
    return false;
  }
  size_t length = 0;
  for (size_t a = 0; a < list->count; a++) {
    for (size_t b = a + 1; b < list->count; b++) {
      length = name_changes(list, &d, a, b, text, length);
    }
  }
  if (length >= QS_NEAREST_TEXT) {
    memcpy(text + QS_NEAREST_TEXT - 5, " ...", 5);
  }
  return true;
}
