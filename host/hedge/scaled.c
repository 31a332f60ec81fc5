#include "host/hedge/scaled.h"

#include <math.h>

#include "host/hedge/dense.h"

static const double tie_break = 1e-12;

static double at(const double *array, size_t i) {
  return array ? array[i] : 0;
}

static double lower_of(const qs_hedge_problem *problem, size_t i) {
  return problem->lower ? problem->lower[i] : -(double)INFINITY;
}

static double upper_of(const qs_hedge_problem *problem, size_t i) {
  return problem->upper ? problem->upper[i] : (double)INFINITY;
}

static bool fixed(const qs_hedge_problem *problem, size_t i) {
  return lower_of(problem, i) == upper_of(problem, i);
}

static double variance_of(const qs_hedge_problem *problem, size_t i) {
  return fmax(problem->covariance[i * problem->count + i], 0);
}

/* The trade of instrument i that is nearest to none. */
static double least_trade(const qs_hedge_problem *problem, size_t i) {
  return fmin(fmax(0, lower_of(problem, i)), upper_of(problem, i));
}

static double gross_term(const qs_hedge_gross *gross, size_t i, double held) {
  return held > 0 ? gross->up[i] * held : -gross->down[i] * held;
}

/* What the least trades miss a row by, and a gross limit. */
static double row_miss(const qs_hedge_problem *problem, const qs_hedge_row *row) {
  double value = row->offset;
  for (size_t i = 0; i < problem->count; i++) {
    value += row->coefficients[i] * least_trade(problem, i);
  }
  return fmax(0, fmax(value - row->upper, row->lower - value));
}

static double gross_miss(const qs_hedge_problem *problem, const qs_hedge_gross *gross) {
  double value = gross->base;
  for (size_t i = 0; i < problem->count; i++) {
    value += gross_term(gross, i, at(problem->position, i) + least_trade(problem, i));
  }
  return fmax(0, value - gross->limit);
}

/* Variance and cost of trading the quantity x of instrument i alone. */
static double alone(const qs_hedge_problem *problem, size_t i, double x) {
  return variance_of(problem, i) * x * x + at(problem->linear, i) * x + at(problem->impact, i) * x * sqrt(x);
}

/* What a unit of instrument i alone takes off the objective at first; `costs` says whether its half-spread
 * counts. */
static double first_gain(const qs_hedge_problem *problem, size_t i, bool costs) {
  double pull = 2 * problem->cross[i] + at(problem->funding, i);
  return fmax(0, fabs(pull) - (costs ? at(problem->linear, i) : 0));
}

/* What instrument i alone can take off the objective. */
static double gain(const qs_hedge_problem *problem, size_t i, bool costs) {
  double pull = 2 * problem->cross[i] + at(problem->funding, i);
  double slope = first_gain(problem, i, costs);
  double reach = fabs(pull > 0 ? lower_of(problem, i) : upper_of(problem, i));
  double variance = variance_of(problem, i);
  double free_gain = slope == 0 ? 0 : slope * slope / (4 * variance);
  return slope == 0 ? 0 : fmin(free_gain, slope * reach);
}

/* The objective that the cheapest single instrument needs to put right what `row` misses. */
static double forced_by_row(const qs_hedge_problem *problem, const qs_hedge_row *row) {
  double miss = row_miss(problem, row);
  double least = (double)INFINITY;
  for (size_t i = 0; i < problem->count && miss > 0; i++) {
    if (row->coefficients[i] != 0) {
      least = fmin(least, alone(problem, i, miss / fabs(row->coefficients[i])));
    }
  }
  return isfinite(least) ? least : 0;
}

/* The size of the objective: the variance at hand, or what limits and funding make of it. */
static double objective_scale(const qs_hedge_problem *problem) {
  double value = fmax(problem->constant, 0);
  for (int costs = 1; costs >= 0 && (costs || value == 0); costs--) {
    for (size_t i = 0; i < problem->count; i++) {
      double alternative = gain(problem, i, costs);
      value = isfinite(alternative) ? fmax(value, alternative) : value;
    }
  }
  for (size_t i = 0; i < problem->count; i++) {
    value = fmax(value, alone(problem, i, fabs(least_trade(problem, i))));
  }
  for (size_t k = 0; k < problem->row_count; k++) {
    value = fmax(value, forced_by_row(problem, problem->rows + k));
  }
  for (size_t k = 0; k < problem->gross_count; k++) {
    for (size_t i = 0; i < problem->count && gross_miss(problem, problem->gross + k) > 0; i++) {
      value = fmax(value, alone(problem, i, fabs(at(problem->position, i))));
    }
  }
  return value > 0 && isfinite(value) ? value : 1;
}

/* The largest part that a trade has in the objective. */
static double guided_value(const qs_hedge_problem *problem, const double *x) {
  double value = objective_scale(problem);
  for (size_t i = 0; i < problem->count; i++) {
    double pull = fabs(2 * problem->cross[i]) + fabs(at(problem->funding, i));
    value = fmax(value, alone(problem, i, fabs(x[i])) + pull * fabs(x[i]));
  }
  return value;
}

/* The trade of instrument i that the rows ask for at least, when it is the one to put them right. */
static double asked_for(const qs_hedge_problem *problem, size_t i) {
  double least = (double)INFINITY;
  for (size_t k = 0; k < problem->row_count; k++) {
    const qs_hedge_row *row = problem->rows + k;
    double miss = row_miss(problem, row);
    if (miss > 0 && row->coefficients[i] != 0) {
      least = fmin(least, miss / fabs(row->coefficients[i]));
    }
  }
  return least;
}

/* For an instrument without variance: the trade that weighs in some row as much as another instrument's
 * natural one. */
static double weight_in_rows(const qs_hedge_problem *problem, size_t i, double value) {
  double least = (double)INFINITY;
  for (size_t k = 0; k < problem->row_count; k++) {
    const double *a = problem->rows[k].coefficients;
    double size = row_miss(problem, problem->rows + k);
    for (size_t j = 0; j < problem->count; j++) {
      double variance = variance_of(problem, j);
      size = variance > 0 ? fmax(size, fabs(a[j]) * sqrt(value / variance)) : size;
    }
    if (size > 0 && a[i] != 0) {
      least = fmin(least, size / fabs(a[i]));
    }
  }
  return least;
}

static double trade_scale(const qs_hedge_problem *problem, size_t i, double value) {
  double variance = variance_of(problem, i), impact = at(problem->impact, i);
  double natural = variance > 0 ? sqrt(value / variance) : (double)INFINITY;
  double low = fabs(lower_of(problem, i)), high = fabs(upper_of(problem, i));
  double reach = isfinite(natural) ? fmax(low, high)
                 : isinf(high)     ? low
                 : isinf(low)      ? high
                                   : fmax(low, high);
  double asked = asked_for(problem, i);
  double scale = fmin(natural, reach);
  if (impact > 0) {
    /* The variance's slope is at most 2 sqrt(variance value) (Cauchy, Schwarz), the impact's 1.5 impact
     * sqrt(x). */
    double root = (2 * sqrt(variance * value) + fabs(at(problem->funding, i))) / (1.5 * impact);
    scale = fmin(scale, fmax(root * root, isfinite(asked) ? asked : 0));
  }
  if (!isfinite(scale) && first_gain(problem, i, true) > 0) {
    scale = value / first_gain(problem, i, true);
  }
  if (!isfinite(scale) || scale == 0) {
    double held = fabs(at(problem->position, i));
    double weight = weight_in_rows(problem, i, value);
    scale = isfinite(asked) ? asked : isfinite(weight) ? weight : held > 0 ? held : 1;
  }
  return scale;
}

static bool allocate(qs_arena *arena, const qs_hedge_problem *problem, qs_scaled *scaled) {
  size_t n = problem->count, m = problem->row_count, k = problem->gross_count;
  double **vectors[] = {&scaled->c,        &scaled->linear, &scaled->impact, &scaled->lower, &scaled->upper,
                        &scaled->position, &scaled->size,   &scaled->scale,  &scaled->ridge};
  double **rows[] = {&scaled->offset, &scaled->row_lower, &scaled->row_upper, &scaled->row_scale};
  double **grosses[] = {&scaled->base, &scaled->limit, &scaled->gross_scale};
  bool good = (scaled->q = QS_NEW(arena, n * n, double)) && (scaled->a = QS_NEW(arena, m * n, double)) &&
              (scaled->up = QS_NEW(arena, k * n, double)) && (scaled->down = QS_NEW(arena, k * n, double)) &&
              (scaled->origin = QS_NEW(arena, n, size_t)) && (scaled->split = QS_NEW(arena, n, bool)) &&
              (scaled->held = QS_NEW(arena, n, bool));
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    good = good && (*vectors[i] = QS_NEW(arena, n, double));
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    good = good && (*rows[i] = QS_NEW(arena, m, double));
  }
  for (size_t i = 0; i < sizeof grosses / sizeof *grosses; i++) {
    good = good && (*grosses[i] = QS_NEW(arena, k, double));
  }
  return good;
}

static void scale_trades(qs_scaled *scaled, const qs_hedge_problem *problem) {
  double value = scaled->value;
  for (size_t i = 0; i < scaled->n; i++) {
    size_t o = scaled->origin[i];
    double s = scaled->scale[i];
    double slope = 2 * problem->cross[o] + at(problem->funding, o);
    for (size_t j = 0; j < problem->count; j++) {
      if (fixed(problem, j) && !scaled->relaxed) {
        slope += 2 * problem->covariance[o * problem->count + j] * lower_of(problem, j);
      }
    }
    scaled->c[i] = slope * s / value;
    scaled->linear[i] = at(problem->linear, o) * s / value;
    scaled->impact[i] = at(problem->impact, o) * s * sqrt(s) / value;
    scaled->lower[i] = scaled->relaxed ? -(double)INFINITY : lower_of(problem, o) / s;
    scaled->upper[i] = scaled->relaxed ? (double)INFINITY : upper_of(problem, o) / s;
    scaled->position[i] = at(problem->position, o) / s;
    scaled->split[i] = scaled->linear[i] > 0 || scaled->impact[i] > 0;
    for (size_t j = 0; j < scaled->n; j++) {
      double covariance = problem->covariance[o * problem->count + scaled->origin[j]];
      scaled->q[i * scaled->n + j] = 2 * covariance * s * scaled->scale[j] / value;
    }
    double own = scaled->q[i * scaled->n + i];
    scaled->ridge[i] = tie_break * (own > 0 ? own : 2);
    scaled->q[i * scaled->n + i] = fmax(own, 0) + scaled->ridge[i];
    double size = sqrt(2 * fmax(own, 0)) + fabs(scaled->c[i]) + scaled->linear[i] + scaled->impact[i];
    scaled->size[i] = size > 0 ? size : 1;
  }
}

static void scale_row(qs_scaled *scaled, const qs_hedge_problem *problem, size_t k) {
  const qs_hedge_row *row = problem->rows + k;
  double largest = 0, offset = row->offset;
  for (size_t j = 0; j < problem->count; j++) {
    if (fixed(problem, j) && !scaled->relaxed) {
      offset += row->coefficients[j] * lower_of(problem, j);
    }
  }
  for (size_t i = 0; i < scaled->n; i++) {
    scaled->a[k * scaled->n + i] = row->coefficients[scaled->origin[i]] * scaled->scale[i];
    largest = fmax(largest, fabs(scaled->a[k * scaled->n + i]));
  }
  double scale = largest > 0 ? largest : 1;
  for (size_t i = 0; i < scaled->n; i++) {
    scaled->a[k * scaled->n + i] /= scale;
  }
  scaled->row_scale[k] = scale;
  scaled->offset[k] = offset / scale;
  scaled->row_lower[k] = row->lower / scale;
  scaled->row_upper[k] = row->upper / scale;
}

static void scale_gross(qs_scaled *scaled, const qs_hedge_problem *problem, size_t k) {
  const qs_hedge_gross *gross = problem->gross + k;
  double largest = 0, base = gross->base;
  for (size_t j = 0; j < problem->count; j++) {
    if (fixed(problem, j) && !scaled->relaxed) {
      base += gross_term(gross, j, at(problem->position, j) + lower_of(problem, j));
    }
  }
  double *up = scaled->up + k * scaled->n, *down = scaled->down + k * scaled->n;
  for (size_t i = 0; i < scaled->n; i++) {
    up[i] = gross->up[scaled->origin[i]] * scaled->scale[i];
    down[i] = gross->down[scaled->origin[i]] * scaled->scale[i];
    largest = fmax(largest, fmax(up[i], down[i]));
    scaled->held[i] = scaled->held[i] || up[i] > 0 || down[i] > 0;
  }
  double scale = largest > 0 ? largest : 1;
  for (size_t i = 0; i < scaled->n; i++) {
    up[i] /= scale;
    down[i] /= scale;
  }
  scaled->gross_scale[k] = scale;
  scaled->base[k] = base / scale;
  scaled->limit[k] = gross->limit / scale;
}

qs_scaled *qs_scaled_create(qs_arena *arena, const qs_hedge_problem *problem, bool relaxed,
                            const qs_hedge_solution *guide) {
  qs_scaled *scaled = QS_NEW(arena, 1, qs_scaled);
  if (!scaled || !allocate(arena, problem, scaled)) {
    return NULL;
  }
  scaled->relaxed = relaxed;
  scaled->m = problem->row_count;
  scaled->k = problem->gross_count;
  scaled->value = guide ? guided_value(problem, guide->x) : objective_scale(problem);
  for (size_t i = 0; i < problem->count; i++) {
    if (relaxed || !fixed(problem, i)) {
      scaled->origin[scaled->n] = i;
      double own = trade_scale(problem, i, scaled->value);
      scaled->scale[scaled->n++] = guide && guide->x[i] != 0 ? fabs(guide->x[i]) : own;
    }
  }
  scale_trades(scaled, problem);
  for (size_t k = 0; k < scaled->m; k++) {
    scale_row(scaled, problem, k);
  }
  for (size_t k = 0; k < scaled->k; k++) {
    scale_gross(scaled, problem, k);
  }
  return scaled;
}

bool qs_scaled_point_create(qs_arena *arena, const qs_scaled *scaled, qs_scaled_point *point) {
  point->y = QS_NEW(arena, scaled->n, double);
  point->bound = QS_NEW(arena, scaled->n, double);
  point->lambda = QS_NEW(arena, scaled->m, double);
  point->nu = QS_NEW(arena, scaled->k, double);
  return point->y && point->bound && point->lambda && point->nu;
}

void qs_scaled_gradient(const qs_scaled *scaled, const double *y, const double *lambda, double *gradient) {
  qs_dense_multiply(scaled->n, scaled->q, y, gradient);
  for (size_t i = 0; i < scaled->n; i++) {
    gradient[i] += scaled->c[i];
  }
  for (size_t k = 0; k < scaled->m; k++) {
    for (size_t i = 0; i < scaled->n && lambda[k] != 0; i++) {
      gradient[i] += lambda[k] * scaled->a[k * scaled->n + i];
    }
  }
}

double qs_scaled_row(const qs_scaled *scaled, size_t row, const double *y) {
  double value = scaled->offset[row];
  for (size_t i = 0; i < scaled->n; i++) {
    value += scaled->a[row * scaled->n + i] * y[i];
  }
  return value;
}

double qs_scaled_gross(const qs_scaled *scaled, size_t gross, const double *y) {
  double value = scaled->base[gross];
  for (size_t i = 0; i < scaled->n; i++) {
    double held = scaled->position[i] + y[i];
    value +=
        held > 0 ? scaled->up[gross * scaled->n + i] * held : -scaled->down[gross * scaled->n + i] * held;
  }
  return value;
}

/* The multiplier of least size that makes the fixed trade i stationary. */
static double fixed_multiplier(const qs_hedge_problem *problem, const qs_hedge_solution *solution, size_t i) {
  double x = solution->x[i];
  double slope = 2 * problem->cross[i] + at(problem->funding, i);
  for (size_t j = 0; j < problem->count; j++) {
    slope += 2 * problem->covariance[i * problem->count + j] * solution->x[j];
  }
  for (size_t k = 0; k < problem->row_count; k++) {
    slope += solution->row_multiplier[k] * problem->rows[k].coefficients[i];
  }
  double cost = at(problem->linear, i) + 1.5 * at(problem->impact, i) * sqrt(fabs(x));
  double low = slope + (x > 0 ? cost : -cost), high = slope + (x < 0 ? -cost : cost);
  double held = at(problem->position, i) + x;
  for (size_t k = 0; k < problem->gross_count; k++) {
    double up = solution->gross_multiplier[k] * problem->gross[k].up[i];
    double down = solution->gross_multiplier[k] * problem->gross[k].down[i];
    low += held > 0 ? up : -down;
    high += held < 0 ? -down : up;
  }
  return low > 0 ? -low : high < 0 ? -high : 0;
}

static double unscaled_trade(const qs_scaled *scaled, const qs_hedge_problem *problem, size_t i, double y) {
  size_t o = scaled->origin[i];
  if (y == 0) {
    return 0;
  }
  if (y == scaled->lower[i] || y == scaled->upper[i]) {
    return y == scaled->lower[i] ? problem->lower[o] : problem->upper[o];
  }
  if (scaled->held[i] && y == -scaled->position[i]) {
    return -at(problem->position, o);
  }
  return fmin(fmax(y * scaled->scale[i], lower_of(problem, o)), upper_of(problem, o));
}

static double row_size(const qs_scaled *scaled, size_t k, const double *y) {
  double size = fabs(scaled->offset[k]);
  size += isfinite(scaled->row_lower[k]) ? fabs(scaled->row_lower[k]) : 0;
  size += isfinite(scaled->row_upper[k]) ? fabs(scaled->row_upper[k]) : 0;
  for (size_t i = 0; i < scaled->n; i++) {
    size += fabs(scaled->a[k * scaled->n + i] * y[i]);
  }
  return size;
}

static double gross_size(const qs_scaled *scaled, size_t k) {
  double size = fabs(scaled->base[k]) + fabs(scaled->limit[k]);
  for (size_t i = 0; i < scaled->n; i++) {
    double weight = fmax(scaled->up[k * scaled->n + i], scaled->down[k * scaled->n + i]);
    size += weight * fabs(scaled->position[i]);
  }
  return size;
}

/* False for a multiplier that is rounding. */
static bool counts(double multiplier, double size, double worthless) {
  return size == 0 || fabs(multiplier) * size > worthless;
}

void qs_scaled_unscale(const qs_scaled *scaled, const qs_hedge_problem *problem, const qs_scaled_point *point,
                       double worthless, qs_hedge_solution *solution) {
  for (size_t i = 0; i < problem->count; i++) {
    solution->x[i] = least_trade(problem, i);
    solution->trade_multiplier[i] = 0;
  }
  for (size_t i = 0; i < scaled->n; i++) {
    solution->x[scaled->origin[i]] = unscaled_trade(scaled, problem, i, point->y[i]);
    solution->trade_multiplier[scaled->origin[i]] = point->bound[i] * scaled->value / scaled->scale[i];
  }
  for (size_t k = 0; k < scaled->m; k++) {
    double lambda = point->lambda[k];
    bool kept = counts(lambda, row_size(scaled, k, point->y), worthless);
    solution->row_multiplier[k] = kept ? lambda * scaled->value / scaled->row_scale[k] : 0;
  }
  for (size_t k = 0; k < scaled->k; k++) {
    bool kept = counts(point->nu[k], gross_size(scaled, k), worthless);
    solution->gross_multiplier[k] = kept ? point->nu[k] * scaled->value / scaled->gross_scale[k] : 0;
  }
  for (size_t i = 0; i < problem->count; i++) {
    if (fixed(problem, i)) {
      solution->trade_multiplier[i] = fixed_multiplier(problem, solution, i);
    }
  }
  solution->objective = qs_hedge_objective(problem, solution->x);
  solution->kkt = qs_hedge_kkt(problem, solution->x, solution->trade_multiplier, solution->row_multiplier,
                               solution->gross_multiplier);
}
