#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/market/build.h"
#include "host/market/symmetric.h"

/* The least eigenvalue that is accepted, and the least of the matrix that is suggested instead, which leaves
 * room for the suggestion's four decimals. */
static const double least_eigenvalue = 1e-8;
static const double suggested_eigenvalue = 1e-3;

enum { MAX_PROJECTIONS = 2000 };

typedef struct workspace {
  double *current, *correction, *projected, *vectors, *values;
} workspace;

static bool workspace_create(qs_arena *arena, size_t n, workspace *space) {
  space->current = QS_NEW(arena, n * n, double);
  space->correction = QS_NEW(arena, n * n, double);
  space->projected = QS_NEW(arena, n * n, double);
  space->vectors = QS_NEW(arena, n * n, double);
  space->values = QS_NEW(arena, n, double);
  return space->current && space->correction && space->projected && space->vectors && space->values;
}

static double smallest_eigenvalue(size_t n, const double *matrix, workspace *space) {
  memcpy(space->projected, matrix, n * n * sizeof *matrix);
  qs_symmetric_eigen(n, space->projected, space->values, space->vectors);
  return space->values[0];
}

/* The nearest correlation matrix in the Frobenius norm by alternating projections with Dykstra's correction
 * (Higham 2002, algorithm 3.3), eigenvalues at least `floor`; in place. */
static void nearest_correlation(size_t n, double floor, double *matrix, workspace *space) {
  memset(space->correction, 0, n * n * sizeof *matrix);
  for (int step = 0; step < MAX_PROJECTIONS; step++) {
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
          sum += fmax(space->values[k], floor) * space->vectors[i * n + k] * space->vectors[j * n + k];
        }
        space->correction[i * n + j] = sum - space->current[i * n + j];
        double next = i == j ? 1 : sum;
        change = fmax(change, fabs(next - matrix[i * n + j]));
        matrix[i * n + j] = next;
      }
    }
    if (change < 1e-9) {
      break;
    }
  }
}

static double round4(double x) {
  return round(x * 1e4) / 1e4;
}

/* "the nearest valid values are BTC-ETH 0.81, BTC-X -0.63": pairs that change. */
static qs_status fail_not_definite(qs_context *context, const qs_market *market, double *matrix, double least,
                                   workspace *space) {
  size_t n = market->underlying_count;
  nearest_correlation(n, suggested_eigenvalue, matrix, space);
  char text[600] = "";
  size_t length = 0;
  for (size_t i = 0; i < n && length + 1 < sizeof text; i++) {
    for (size_t j = i + 1; j < n && length + 1 < sizeof text; j++) {
      double near = round4(matrix[i * n + j]);
      if (near == round4(market->correlation[i * n + j])) {
        continue;
      }
      int written = snprintf(text + length, sizeof text - length, "%s%s-%s %g", length ? ", " : "",
                             market->underlyings[i].name, market->underlyings[j].name, near);
      length += written > 0 ? (size_t)written : 0;
    }
  }
  return qs_fail(
      context, QS_ERROR_INPUT,
      "correlations: not positive definite (smallest eigenvalue %.3g; above 0 is allowed); the nearest valid "
      "values are %s%s",
      least, text, length + 1 < sizeof text ? "" : " ...");
}

static qs_status read_pair(qs_context *context, const qs_inputs *inputs, size_t index,
                           const qs_market *market, int *pair) {
  const qs_correlation_spec *spec = &inputs->correlations[index];
  for (int side = 0; side < 2; side++) {
    const char *name = spec->between[side];
    pair[side] = name ? qs_market_find(market, name) : -1;
    if (pair[side] < 0) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "correlations[%zu]: between[%d]: %s%.64s%s is no underlying of this run", index, side,
                     name ? "\"" : "", name ? name : "nothing", name ? "\"" : "");
    }
  }
  if (pair[0] == pair[1]) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "correlations[%zu]: between: %s is named twice; two underlyings are needed", index,
                   spec->between[0]);
  }
  if (!(spec->value >= -1 && spec->value <= 1)) {
    return qs_fail(context, QS_ERROR_INPUT, "correlations[%zu]: value: %g; must be in [-1, 1]", index,
                   spec->value);
  }
  return QS_OK;
}

qs_status qs_correlation_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                               qs_market *market) {
  size_t n = market->underlying_count;
  double *matrix = QS_NEW(arena, n * n, double);
  bool *given = QS_NEW(arena, n * n, bool);
  workspace space;
  if (!matrix || !given || !workspace_create(arena, n, &space)) {
    return qs_fail_memory(context, "building the correlations");
  }
  for (size_t i = 0; i < n; i++) {
    matrix[i * n + i] = 1;
  }
  for (size_t c = 0; c < inputs->correlation_count; c++) {
    int pair[2] = {-1, -1};
    qs_status status = read_pair(context, inputs, c, market, pair);
    if (status != QS_OK) {
      return status;
    }
    size_t i = (size_t)pair[0];
    size_t j = (size_t)pair[1];
    if (given[i * n + j]) {
      return qs_fail(context, QS_ERROR_INPUT, "correlations[%zu]: between: %s and %s are given twice", c,
                     market->underlyings[i].name, market->underlyings[j].name);
    }
    given[i * n + j] = given[j * n + i] = true;
    matrix[i * n + j] = matrix[j * n + i] = inputs->correlations[c].value;
  }
  market->correlation = matrix;
  double least = smallest_eigenvalue(n, matrix, &space);
  if (least < least_eigenvalue) {
    double *nearest = QS_NEW(arena, n * n, double);
    if (!nearest) {
      return qs_fail_memory(context, "building the correlations");
    }
    memcpy(nearest, matrix, n * n * sizeof *matrix);
    return fail_not_definite(context, market, nearest, least, &space);
  }
  return QS_OK;
}
