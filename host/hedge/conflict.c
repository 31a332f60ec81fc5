#include "host/hedge/conflict.h"

#include <math.h>
#include <string.h>

#include "host/hedge/interior.h"

/* A limit belongs to a certificate when its weight is this share of the largest one. */
static const double weight_counts = 1e-9;

/* The proof must not hang on rounding: it is positive by this share of its terms. */
static const double counts_as_positive = 1e-9;

/* How far trades are looked for, in natural sizes. */
static const double reach = 1e6;

typedef struct limits {
  qs_hedge_limit_ref *list;
  size_t count;
} limits;

static void add(limits *all, qs_hedge_limit_kind kind, size_t index, double bound) {
  if (isfinite(bound)) {
    all->list[all->count++] = (qs_hedge_limit_ref){kind, index};
  }
}

/* Every finite limit, one-sided; Greeks and gross limits last, so that the filter prefers to keep them. */
static bool list_limits(qs_arena *arena, const qs_hedge_problem *problem, limits *all) {
  all->list =
      QS_NEW(arena, 2 * problem->count + 2 * problem->row_count + problem->gross_count, qs_hedge_limit_ref);
  if (!all->list) {
    return false;
  }
  for (size_t i = 0; i < problem->count; i++) {
    if (problem->lower) {
      add(all, QS_HEDGE_LOWER, i, problem->lower[i]);
    }
    if (problem->upper) {
      add(all, QS_HEDGE_UPPER, i, problem->upper[i]);
    }
  }
  for (size_t k = 0; k < problem->row_count; k++) {
    add(all, QS_HEDGE_ROW_LOWER, k, problem->rows[k].lower);
    add(all, QS_HEDGE_ROW_UPPER, k, problem->rows[k].upper);
  }
  for (size_t k = 0; k < problem->gross_count; k++) {
    add(all, QS_HEDGE_GROSS, k, problem->gross[k].limit);
  }
  return true;
}

/* The row of a limit, without bounds. */
static bool open_row(qs_arena *arena, const qs_hedge_problem *problem, qs_hedge_limit_ref ref,
                     qs_hedge_row *row) {
  *row = (qs_hedge_row){.lower = -(double)INFINITY, .upper = (double)INFINITY};
  if (ref.kind == QS_HEDGE_ROW_LOWER || ref.kind == QS_HEDGE_ROW_UPPER) {
    row->coefficients = problem->rows[ref.index].coefficients;
    row->offset = problem->rows[ref.index].offset;
    return true;
  }
  double *unit = QS_NEW(arena, problem->count, double);
  if (unit) {
    unit[ref.index] = 1;
    row->coefficients = unit;
  }
  return unit != NULL;
}

static bool is_lower(qs_hedge_limit_kind kind) {
  return kind == QS_HEDGE_LOWER || kind == QS_HEDGE_ROW_LOWER;
}

static void bound_row(const qs_hedge_problem *problem, qs_hedge_limit_ref ref, qs_hedge_row *row) {
  bool trade = ref.kind == QS_HEDGE_LOWER || ref.kind == QS_HEDGE_UPPER;
  if (is_lower(ref.kind)) {
    row->lower = trade ? problem->lower[ref.index] : problem->rows[ref.index].lower;
  } else {
    row->upper = trade ? problem->upper[ref.index] : problem->rows[ref.index].upper;
  }
}

/* True when limit l shares its row with the one before it: the two sides of one row stand together, because
 * an equality written as two inequalities has no interior. Sides that contradict each other stay apart. */
static bool shares_row(const qs_hedge_problem *problem, const limits *kept, size_t l) {
  qs_hedge_limit_ref ref = kept->list[l];
  if (l == 0 || (ref.kind != QS_HEDGE_UPPER && ref.kind != QS_HEDGE_ROW_UPPER)) {
    return false;
  }
  qs_hedge_limit_ref before = kept->list[l - 1];
  if (before.index != ref.index || before.kind != ref.kind - 1) {
    return false;
  }
  qs_hedge_row both = {0};
  bound_row(problem, before, &both);
  bound_row(problem, ref, &both);
  return both.lower <= both.upper;
}

/* The listed limits alone, without an objective, in scaled numbers. */
static qs_scaled *relax(qs_arena *arena, const qs_hedge_problem *problem, const limits *kept) {
  qs_hedge_row *rows = QS_NEW(arena, kept->count, qs_hedge_row);
  qs_hedge_gross *gross = QS_NEW(arena, kept->count, qs_hedge_gross);
  qs_hedge_problem relaxed = *problem;
  relaxed.rows = rows;
  relaxed.gross = gross;
  relaxed.row_count = relaxed.gross_count = 0;
  if (!rows || !gross) {
    return NULL;
  }
  for (size_t l = 0; l < kept->count; l++) {
    if (kept->list[l].kind == QS_HEDGE_GROSS) {
      gross[relaxed.gross_count++] = problem->gross[kept->list[l].index];
      continue;
    }
    if (!shares_row(problem, kept, l) &&
        !open_row(arena, problem, kept->list[l], rows + relaxed.row_count++)) {
      return NULL;
    }
    bound_row(problem, kept->list[l], rows + relaxed.row_count - 1);
  }
  qs_scaled *scaled = qs_scaled_create(arena, &relaxed, true, NULL);
  if (!scaled) {
    return NULL;
  }
  memset(scaled->q, 0, scaled->n * scaled->n * sizeof *scaled->q);
  for (size_t i = 0; i < scaled->n; i++) {
    scaled->c[i] = scaled->linear[i] = scaled->impact[i] = 0;
    scaled->split[i] = false;
    scaled->size[i] = 1;
  }
  return scaled;
}

/* The least of slope t + sum_k nu_k (up (p+t)+ + down (-p-t)+) over |t| <= reach: at an end or at the kink.
 */
static double least_term(const qs_scaled *scaled, const qs_scaled_point *point, size_t i, double slope) {
  double p = scaled->position[i], least = (double)INFINITY;
  double places[] = {-reach, reach, fmin(fmax(-p, -reach), reach)};
  for (size_t c = 0; c < sizeof places / sizeof *places; c++) {
    double held = p + places[c], value = slope * places[c];
    for (size_t k = 0; k < scaled->k; k++) {
      double weight = held > 0 ? scaled->up[k * scaled->n + i] : -scaled->down[k * scaled->n + i];
      value += point->nu[k] * weight * held;
    }
    least = fmin(least, value);
  }
  return least;
}

/* True when the multipliers prove that no |y| <= reach meets all limits: their combination of what the limits
 * are exceeded by is positive everywhere there. */
static bool contradicts(const qs_scaled *scaled, const qs_scaled_point *point) {
  double total = 0, size = 0;
  for (size_t j = 0; j < scaled->m; j++) {
    double lambda = point->lambda[j];
    double bound = lambda > 0 ? scaled->row_upper[j] : scaled->row_lower[j];
    if (lambda != 0 && isfinite(bound)) {
      total += lambda * (scaled->offset[j] - bound);
      size += fabs(lambda) * (fabs(scaled->offset[j]) + fabs(bound));
    }
  }
  for (size_t k = 0; k < scaled->k; k++) {
    total += point->nu[k] * (scaled->base[k] - scaled->limit[k]);
    size += point->nu[k] * (fabs(scaled->base[k]) + fabs(scaled->limit[k]));
  }
  for (size_t i = 0; i < scaled->n; i++) {
    double slope = 0;
    for (size_t j = 0; j < scaled->m; j++) {
      double lambda = point->lambda[j];
      double bound = lambda > 0 ? scaled->row_upper[j] : scaled->row_lower[j];
      slope += isfinite(bound) ? lambda * scaled->a[j * scaled->n + i] : 0;
    }
    total += least_term(scaled, point, i, slope);
  }
  return total > counts_as_positive * size;
}

/* How hard each limit presses: its weight in the certificate. */
static double find_pressures(const qs_hedge_problem *problem, const qs_scaled_point *point,
                             const limits *kept, double *pressure) {
  size_t rows = 0, gross = 0;
  double largest = 0;
  for (size_t l = 0; l < kept->count; l++) {
    if (kept->list[l].kind == QS_HEDGE_GROSS) {
      pressure[l] = point->nu[gross++];
    } else {
      rows += shares_row(problem, kept, l) ? 0 : 1;
      double lambda = point->lambda[rows - 1];
      pressure[l] = fmax(is_lower(kept->list[l].kind) ? -lambda : lambda, 0);
    }
    largest = fmax(largest, pressure[l]);
  }
  return largest;
}

/* Keeps of `kept` the limits of the certificate; none when the limits can hold together. */
static void keep_certificate(const qs_scaled *scaled, const qs_hedge_problem *problem,
                             const qs_scaled_point *point, double *pressure, limits *kept) {
  bool contradiction = contradicts(scaled, point);
  double largest = find_pressures(problem, point, kept, pressure);
  size_t count = 0;
  for (size_t l = 0; l < kept->count; l++) {
    if (contradiction && pressure[l] > weight_counts * largest) {
      kept->list[count++] = kept->list[l];
    }
  }
  kept->count = count;
}

/* Replaces `kept` by a certificate of its contradiction; empty when there is none. */
static qs_status certify(qs_context *context, const qs_hedge_problem *problem, limits *kept,
                         uint32_t *iterations) {
  qs_arena *arena = qs_arena_create(context);
  qs_scaled *scaled = arena ? relax(arena, problem, kept) : NULL;
  qs_scaled_point point;
  qs_active_set set;
  qs_status status = QS_OK;
  double *pressure = arena ? QS_NEW(arena, kept->count, double) : NULL;
  if (pressure && scaled && qs_scaled_point_create(arena, scaled, &point) &&
      qs_active_set_create(arena, scaled, &set)) {
    status = qs_interior_solve(context, arena, scaled, 1, &point, &set, iterations);
  } else {
    status = qs_fail_memory(context, "looking for conflicting limits");
  }
  if (!status) {
    keep_certificate(scaled, problem, &point, pressure, kept);
  }
  qs_arena_destroy(arena);
  return status;
}

/* Drops every limit without which the others still contradict each other. */
static qs_status filter(qs_context *context, qs_arena *scratch, const qs_hedge_problem *problem, limits *kept,
                        uint32_t *iterations) {
  limits trial = {.list = QS_NEW(scratch, kept->count, qs_hedge_limit_ref)};
  if (!trial.list) {
    return qs_fail_memory(context, "looking for conflicting limits");
  }
  size_t needed = 0; /* the first ones, found to be needed */
  while (needed < kept->count) {
    trial.count = 0;
    for (size_t l = 0; l < kept->count; l++) {
      if (l != needed) {
        trial.list[trial.count++] = kept->list[l];
      }
    }
    qs_status status = certify(context, problem, &trial, iterations);
    if (status) {
      return status;
    }
    if (trial.count == 0) {
      needed++;
    } else {
      memcpy(kept->list, trial.list, trial.count * sizeof *trial.list);
      kept->count = trial.count;
    }
  }
  return QS_OK;
}

qs_status qs_hedge_find_conflicts(qs_context *context, qs_arena *scratch, qs_arena *arena,
                                  const qs_hedge_problem *problem, qs_hedge_solution *solution) {
  limits kept = {0};
  if (!list_limits(scratch, problem, &kept)) {
    return qs_fail_memory(context, "looking for conflicting limits");
  }
  qs_status status = certify(context, problem, &kept, &solution->iterations);
  if (!status && kept.count > 0) {
    status = filter(context, scratch, problem, &kept, &solution->iterations);
  }
  if (status || kept.count == 0) {
    return status;
  }
  qs_hedge_limit_ref *conflicts = QS_NEW(arena, kept.count, qs_hedge_limit_ref);
  if (!conflicts) {
    return qs_fail_memory(context, "looking for conflicting limits");
  }
  memcpy(conflicts, kept.list, kept.count * sizeof *conflicts);
  memset(solution->x, 0, problem->count * sizeof *solution->x);
  solution->conflicts = conflicts;
  solution->conflict_count = kept.count;
  solution->outcome = QS_HEDGE_INFEASIBLE;
  solution->why = "no trade meets all limits";
  return QS_OK;
}
