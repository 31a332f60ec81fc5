#include <math.h>

#include "host/market/build.h"
#include "host/market/pairs.h"

/* Reads the drivers that a correlation is between; drivers are numbered as in pairs.h. */
static qs_status read_pair(qs_context *context, const qs_inputs *inputs, size_t index,
                           const qs_market *market, const char *const *names, size_t *pair) {
  const qs_correlation_spec *spec = &inputs->correlations[index];
  int found[2] = {-1, -1};
  for (int side = 0; side < 2; side++) {
    const char *name = spec->between[side];
    bool variance = false;
    found[side] = name ? qs_driver_find(name, names, market->underlying_count, &variance) : -1;
    if (found[side] < 0) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "correlations[%zu]: between[%d]: %s%.64s%s is no underlying of this run", index, side,
                     name ? "\"" : "", name ? name : "nothing", name ? "\"" : "");
    }
    const qs_underlying_market *u = &market->underlyings[found[side]];
    if (variance && isnan(qs_pair_rho(&u->spec->model))) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "correlations[%zu]: between[%d]: the variance of %s is constant", index, side, u->name);
    }
    pair[side] = (size_t)found[side] + (variance ? market->underlying_count : 0);
  }
  if (found[0] == found[1]) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "correlations[%zu]: between: %s is named twice; two underlyings are needed", index,
                   market->underlyings[found[0]].name);
  }
  if (!(spec->value >= -1 && spec->value <= 1)) {
    return qs_fail(context, QS_ERROR_INPUT, "correlations[%zu]: value: %g; must be in [-1, 1]", index,
                   spec->value);
  }
  return QS_OK;
}

static qs_status fill_given(qs_context *context, const qs_inputs *inputs, const qs_market *market,
                            const char *const *names, double *given) {
  const size_t n = 2 * market->underlying_count;
  for (size_t i = 0; i < n * n; i++) {
    given[i] = NAN;
  }
  for (size_t c = 0; c < inputs->correlation_count; c++) {
    size_t pair[2] = {0, 0};
    qs_status status = read_pair(context, inputs, c, market, names, pair);
    if (status) {
      return status;
    }
    double *cell = &given[pair[0] * n + pair[1]];
    if (!isnan(*cell)) {
      return qs_fail(context, QS_ERROR_INPUT, "correlations[%zu]: between: %s and %s are given twice", c,
                     inputs->correlations[c].between[0], inputs->correlations[c].between[1]);
    }
    *cell = given[pair[1] * n + pair[0]] = inputs->correlations[c].value;
  }
  return QS_OK;
}

qs_status qs_correlation_check(qs_context *context, qs_arena *arena, const qs_market *market, bool fitted) {
  const size_t n = market->underlying_count;
  const char **names = QS_NEW(arena, n, const char *);
  double *rho = QS_NEW(arena, n, double);
  if (!names || !rho) {
    return qs_fail_memory(context, "checking the correlations");
  }
  for (size_t u = 0; u < n; u++) {
    const qs_underlying_market *at = &market->underlyings[u];
    names[u] = at->name;
    rho[u] = at->spec->calibrate && !fitted ? NAN : qs_pair_rho(&at->model);
    if (fabs(rho[u]) > QS_LARGEST_RHO && market->full) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "correlations: rho of %s is %g; at most %g goes with correlations of variances",
                     at->name, rho[u], QS_LARGEST_RHO);
    }
  }
  const qs_driver_list list = {n, names, rho, market->given};
  double least = 0;
  char text[QS_NEAREST_TEXT];
  if (!qs_drivers_check(arena, &list, &least, text)) {
    return qs_fail_memory(context, "checking the correlations");
  }
  if (least >= QS_LEAST_EIGENVALUE) {
    return QS_OK;
  }
  return qs_fail(context, QS_ERROR_INPUT,
                 "correlations: not positive definite (smallest eigenvalue %.3g; above 0 is allowed); the "
                 "nearest valid values are %s",
                 least, text);
}

qs_status qs_correlation_build(qs_context *context, qs_arena *arena, const qs_inputs *inputs,
                               qs_market *market) {
  size_t n = market->underlying_count;
  double *matrix = QS_NEW(arena, n * n, double);
  double *given = QS_NEW(arena, 4 * n * n, double);
  const char **names = QS_NEW(arena, n, const char *);
  if (!matrix || !given || !names) {
    return qs_fail_memory(context, "building the correlations");
  }
  for (size_t u = 0; u < n; u++) {
    names[u] = market->underlyings[u].name;
  }
  qs_status status = fill_given(context, inputs, market, names, given);
  if (status) {
    return status;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      const double value = given[i * 2 * n + j];
      matrix[i * n + j] = i == j ? 1 : isnan(value) ? 0 : value;
    }
  }
  market->correlation = matrix;
  market->given = given;
  market->full = qs_drivers_full(n, given);
  return qs_correlation_check(context, arena, market, false);
}
