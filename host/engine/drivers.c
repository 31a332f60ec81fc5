#include "host/engine/drivers.h"

#include <math.h>
#include <string.h>

/* Correlation of the drivers that gives the returns their correlation c: with both the variance's normals and
 * the price's own correlated by r, returns are correlated by r (rho_a rho_b + sqrt(1 - rho_a^2) sqrt(1 -
 * rho_b^2)). */
static double driver_correlation(double rho_a, double rho_b, double c) {
  const double rho[2] = {isnan(rho_a) ? 0 : rho_a, isnan(rho_b) ? 0 : rho_b};
  double passed = rho[0] * rho[1] + sqrt(1 - rho[0] * rho[0]) * sqrt(1 - rho[1] * rho[1]);
  double r = passed > 0 ? c / passed : c;
  return r > 1 ? 1 : r < -1 ? -1 : r;
}

/* Lower Cholesky factor of the drivers' correlation matrix; false when it is not positive definite. */
static bool factorise(const double *correlation, size_t n, double *factor) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) {
      double sum = correlation[i * n + j];
      for (size_t k = 0; k < j; k++) {
        sum -= factor[i * n + k] * factor[j * n + k];
      }
      if (i == j) {
        if (sum <= 1e-12) {
          return false;
        }
        factor[i * n + i] = sqrt(sum);
      } else {
        factor[i * n + j] = sum / factor[j * n + j];
      }
    }
  }
  return true;
}

void qs_triangle_duals(const double *factor, size_t n, double *duals) {
  for (size_t c = 0; c < n; c++) { /* column c of the inverse is row c of the duals */
    for (size_t i = 0; i < n; i++) {
      double sum = i == c;
      for (size_t k = c; k < i; k++) {
        sum -= factor[i * n + k] * duals[c * n + k];
      }
      duals[c * n + i] = i < c ? 0 : sum / factor[i * n + i];
    }
  }
}

/* What the making works with. */
typedef struct maker {
  qs_context *context;
  qs_arena *arena;
  const qs_market *market;
  const qs_driver_choice *choice;
  size_t n;
  double *rho, *given; /* [n], [2n][2n]: of the chosen, moved */
} maker;

static double moved(double c, double move) {
  const double most = 0.999;
  return move == 0 ? c : fmin(fmax(c + move, -most), most);
}

/* The move that both of a pair have. */
static double pair_move(const qs_driver_choice *choice, size_t a, size_t b) {
  const double x = choice->moves ? choice->moves[a] : 0, y = choice->moves ? choice->moves[b] : 0;
  return fabs(x) < fabs(y) ? x : y;
}

static void choose(maker *m) {
  const size_t n = m->n, all = m->market->underlying_count;
  for (size_t i = 0; i < n; i++) {
    const size_t a = (size_t)m->choice->which[i];
    m->rho[i] = qs_pair_rho(m->choice->models ? m->choice->models[i] : &m->market->underlyings[a].model);
    for (size_t j = 0; j < n; j++) {
      const size_t b = (size_t)m->choice->which[j];
      const double move = i == j ? 0 : pair_move(m->choice, i, j);
      const double returns = m->market->correlation[a * all + b];
      double pair[QS_PAIR_COUNT];
      qs_pair_read(m->market->given, all, a, b, pair);
      m->given[i * 2 * n + j] = i == j ? 1 : moved(returns, move);
      m->given[(n + i) * 2 * n + n + j] = moved(pair[QS_PAIR_VARIANCES], move);
      m->given[i * 2 * n + n + j] = pair[QS_PAIR_PRICE_VARIANCE];
      m->given[(n + i) * 2 * n + j] = pair[QS_PAIR_VARIANCE_PRICE];
    }
  }
}

/* From correlations of returns alone. */
static qs_status make_alike(const maker *m, qs_drivers *drivers) {
  const size_t n = m->n;
  double *matrix = QS_NEW(m->arena, n * n, double), *returns = QS_NEW(m->arena, n * n, double);
  double *factor = QS_NEW(m->arena, n * n, double);
  if (!matrix || !returns || !factor) {
    return qs_fail_memory(m->context, "correlating the underlyings");
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      const double c = m->given[i * 2 * n + j];
      returns[i * n + j] = c;
      matrix[i * n + j] = i == j ? 1 : driver_correlation(m->rho[i], m->rho[j], c);
    }
  }
  drivers->fallback = !factorise(matrix, n, factor);
  bool made = !drivers->fallback || factorise(returns, n, factor);
  if (!made) {
    if (!qs_nearest_correlation(m->arena, n, NULL, returns)) {
      return qs_fail_memory(m->context, "correlating the underlyings");
    }
    made = factorise(returns, n, factor);
  }
  drivers->own = drivers->variance = factor;
  return made ? QS_OK
              : qs_fail(m->context, QS_ERROR_INPUT, "correlations: the matrix is not positive definite");
}

/* The correlations of variances, of the prices' own, and of own (row) with variance (column). */
typedef struct blocks {
  double *variance, *own, *cross;
} blocks;

static void draw_blocks(const maker *m, const blocks *to) {
  const size_t n = m->n;
  for (size_t i = 0; i < n; i++) {
    to->variance[i * n + i] = to->own[i * n + i] = 1;
    to->cross[i * n + i] = 0;
    for (size_t j = i + 1; j < n; j++) {
      double value[QS_PAIR_COUNT], drawn[QS_DRAWN_COUNT];
      qs_pair_read(m->given, n, i, j, value);
      qs_pair_fill(m->rho[i], m->rho[j], value);
      qs_pair_draw(m->rho[i], m->rho[j], value, drawn);
      to->variance[i * n + j] = to->variance[j * n + i] = drawn[QS_DRAWN_VARIANCES];
      to->own[i * n + j] = to->own[j * n + i] = drawn[QS_DRAWN_OWN];
      to->cross[i * n + j] = drawn[QS_DRAWN_OWN_VARIANCE];
      to->cross[j * n + i] = drawn[QS_DRAWN_VARIANCE_OWN];
    }
  }
}

/* C = cross V^-T, row by row. */
static bool solve_cross(size_t n, const double *variance, const double *cross, double *to) {
  bool some = false;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      double sum = cross[i * n + j];
      for (size_t k = 0; k < j; k++) {
        sum -= to[i * n + k] * variance[j * n + k];
      }
      to[i * n + j] = sum / variance[j * n + j];
      /* What rounding leaves of a product that cancels is no correlation. */
      to[i * n + j] = fabs(to[i * n + j]) < 1e-14 ? 0 : to[i * n + j];
      some = some || to[i * n + j] != 0;
    }
  }
  return some;
}

/* Whether a correlation of a price with another's variance is given. */
static bool gives_cross(const maker *m) {
  bool gives = false;
  for (size_t i = 0; i < m->n; i++) {
    for (size_t j = 0; j < m->n && !gives; j++) {
      gives = i != j && !isnan(m->given[i * 2 * m->n + m->n + j]);
    }
  }
  return gives;
}

static bool factorise_blocks(const maker *m, const blocks *from, const blocks *to, qs_drivers *drivers) {
  const size_t n = m->n;
  if (!factorise(from->variance, n, to->variance)) {
    return false;
  }
  const bool some = solve_cross(n, to->variance, from->cross, to->cross);
  drivers->cross = some || gives_cross(m) ? to->cross : NULL;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      for (size_t k = 0; k < n; k++) {
        from->own[i * n + j] -= to->cross[i * n + k] * to->cross[j * n + k];
      }
    }
  }
  drivers->variance = to->variance;
  drivers->own = to->own;
  return factorise(from->own, n, to->own);
}

/* Replaces all correlations by the nearest that hold together. */
static bool make_possible(const maker *m) {
  const size_t n = m->n, rows = 2 * n;
  double *matrix = QS_NEW(m->arena, rows * rows, double);
  bool *fixed = QS_NEW(m->arena, rows * rows, bool);
  if (!matrix || !fixed) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    matrix[i * rows + i] = matrix[(n + i) * rows + n + i] = 1;
    matrix[i * rows + n + i] = matrix[(n + i) * rows + i] = isnan(m->rho[i]) ? 0 : m->rho[i];
    fixed[i * rows + n + i] = fixed[(n + i) * rows + i] = true;
    for (size_t j = 0; j < n; j++) {
      double value[QS_PAIR_COUNT];
      qs_pair_read(m->given, n, i, j, value);
      qs_pair_fill(m->rho[i], m->rho[j], value);
      if (i != j) {
        matrix[i * rows + j] = value[QS_PAIR_PRICES];
        matrix[(n + i) * rows + n + j] = value[QS_PAIR_VARIANCES];
        matrix[i * rows + n + j] = value[QS_PAIR_PRICE_VARIANCE];
        matrix[(n + i) * rows + j] = value[QS_PAIR_VARIANCE_PRICE];
      }
    }
  }
  if (!qs_nearest_correlation(m->arena, rows, fixed, matrix)) {
    return false;
  }
  memcpy(m->given, matrix, rows * rows * sizeof *matrix);
  return true;
}

static qs_status make_whole(const maker *m, qs_drivers *drivers) {
  const size_t size = m->n * m->n;
  double *room = QS_NEW(m->arena, 6 * size, double);
  if (!room) {
    return qs_fail_memory(m->context, "correlating the underlyings");
  }
  const blocks from = {room, room + size, room + 2 * size},
               to = {from.cross + size, from.cross + 2 * size, from.cross + 3 * size};
  draw_blocks(m, &from);
  if (factorise_blocks(m, &from, &to, drivers)) {
    return QS_OK;
  }
  if (!make_possible(m)) {
    return qs_fail_memory(m->context, "correlating the underlyings");
  }
  draw_blocks(m, &from);
  return factorise_blocks(m, &from, &to, drivers)
             ? QS_OK
             : qs_fail(m->context, QS_ERROR_INPUT, "correlations: the matrix is not positive definite");
}

qs_status qs_drivers_make(qs_context *context, qs_arena *arena, const qs_market *market,
                          const qs_driver_choice *choice, qs_drivers *drivers) {
  const size_t n = choice->count;
  maker m = {context, arena, market, choice, n, QS_NEW(arena, n, double), QS_NEW(arena, 4 * n * n, double)};
  if (!m.rho || !m.given) {
    return qs_fail_memory(context, "correlating the underlyings");
  }
  choose(&m);
  *drivers = (qs_drivers){.count = n, .rho = m.rho};
  return market->full ? make_whole(&m, drivers) : make_alike(&m, drivers);
}
