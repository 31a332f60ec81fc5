#include "host/market/fit_start.h"

#include <math.h>
#include <string.h>

static const double usual_vol =
    0.45; /* at the money, of the chains that the kinds of jumps below come from */

enum { HALTON_STARTS = 4 };

/* Jumps to start from: what fits of real chains found, and what lies between. */
typedef struct jump_kind {
  double lambda, mu_j, sigma_j, mu_v, rho_j;
} jump_kind;

static const jump_kind variance_jumps[] = {{0.25, 0, 0.17, 2, -0.1},    {0.7, -0.02, 0.18, 0.6, -0.25},
                                           {1.4, 0, 0.18, 0.8, -0.12},  {0.15, -0.2, 0.1, 3, -0.04},
                                           {5, -0.03, 0.08, 0.1, -0.3}, {1, -0.1, 0.2, 0.05, 0}};
static const jump_kind price_jumps[] = {{0.03, -1.5, 1.1, 0, 0},
                                        {0.15, -0.5, 0.5, 0, 0},
                                        {0.9, -0.13, 0.26, 0, 0},
                                        {3, -0.06, 0.12, 0, 0},
                                        {10, -0.02, 0.06, 0, 0}};

/* lambda, p, eta1, eta2 */
static const double exponential_jumps[][4] = {
    {0.5, 0.05, 3, 3}, {0.5, 0.3, 4, 2}, {6, 0.1, 4, 8}, {3, 0.4, 12, 12}, {1, 0.1, 15, 5}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

qs_model_type qs_fit_base_type(qs_model_type type) {
  return type == QS_MODEL_BATES || type == QS_MODEL_SVCJ || type == QS_MODEL_HESTON ? QS_MODEL_HESTON
                                                                                    : QS_MODEL_GBM;
}

/* Of the quote nearest to the money. */
static double vol_at_the_money(const qs_fit_problem *problem, size_t slice) {
  const qs_fit_slice *s = &problem->slices[slice];
  size_t nearest = s->begin;
  for (size_t i = s->begin; i < s->end; i++) {
    nearest = fabs(problem->log_moneyness[i]) < fabs(problem->log_moneyness[nearest]) ? i : nearest;
  }
  return problem->vol[nearest];
}

/* Slope of the volatilities in log-moneyness, by regression with the fit's weights over all quotes less each
 * expiry's mean; its sign alone matters. */
static double skew(const qs_fit_problem *problem) {
  double sum = 0;
  for (size_t s = 0; s < problem->slice_count; s++) {
    const qs_fit_slice *slice = &problem->slices[s];
    double w = 0, k = 0, v = 0, kv = 0;
    for (size_t i = slice->begin; i < slice->end; i++) {
      double weight = problem->weight[i] * problem->weight[i];
      w += weight;
      k += weight * problem->log_moneyness[i];
      v += weight * problem->vol[i];
      kv += weight * problem->log_moneyness[i] * problem->vol[i];
    }
    sum += kv - k * v / w;
  }
  return sum;
}

static double mean_vol_at_the_money(const qs_fit_problem *problem) {
  double sum = 0;
  for (size_t s = 0; s < problem->slice_count; s++) {
    sum += vol_at_the_money(problem, s);
  }
  return sum / (double)problem->slice_count;
}

qs_model qs_fit_base_start(const qs_fit_problem *problem) {
  double first = vol_at_the_money(problem, 0);
  double last = vol_at_the_money(problem, problem->slice_count - 1);
  return (qs_model){.type = qs_fit_base_type(problem->type),
                    .value = {[QS_V0] = first * first,
                              [QS_KAPPA] = 5,
                              [QS_THETA] = last * last,
                              [QS_XI] = 5 * last,
                              [QS_RHO] = skew(problem) < 0 ? -0.35 : 0.35,
                              [QS_SIGMA] = mean_vol_at_the_money(problem)}};
}

/* The base with jumps of this kind, scaled to the volatility `scale` times the usual one. */
static qs_model with_jumps(const qs_fit_problem *problem, const qs_model *base, const jump_kind *kind,
                           double scale, double xi_factor) {
  qs_model model = *base;
  model.type = problem->type;
  model.value[QS_XI] *= xi_factor;
  model.value[QS_LAMBDA] = kind->lambda;
  model.value[QS_MU_J] = kind->mu_j * scale;
  model.value[QS_SIGMA_J] = kind->sigma_j * scale;
  model.value[QS_MU_V] = kind->mu_v * scale * scale;
  model.value[QS_RHO_J] = kind->rho_j / scale;
  double room = kind->lambda * model.value[QS_MU_V] / fmax(model.value[QS_KAPPA], 1e-6);
  model.value[QS_THETA] = fmax(model.value[QS_THETA] - room, 0.3 * model.value[QS_THETA]);
  model.value[QS_SIGMA] *= 0.85;
  return model;
}

static double halton(unsigned index, unsigned base) {
  double value = 0;
  double digit = 1.0 / base;
  for (; index > 0; index /= base) {
    value += digit * (index % base);
    digit /= base;
  }
  return value;
}

/* Over the sensible part of the ranges, logarithmic where they are. */
static qs_model halton_start(const qs_fit_problem *problem, unsigned index, double scale) {
  static const unsigned primes[QS_PARAMETER_COUNT] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43};
  static const double low[QS_PARAMETER_COUNT] = {
      [QS_V0] = 0.05,    [QS_KAPPA] = 1,   [QS_THETA] = 0.05,   [QS_XI] = 0.4,    [QS_RHO] = 0.1,
      [QS_LAMBDA] = 0.1, [QS_MU_J] = 0.02, [QS_SIGMA_J] = 0.05, [QS_MU_V] = 0.05, [QS_RHO_J] = 0.03,
      [QS_P] = 0.05,     [QS_ETA1] = 2,    [QS_ETA2] = 2,       [QS_SIGMA] = 0.25};
  static const double high[QS_PARAMETER_COUNT] = {
      [QS_V0] = 0.5,    [QS_KAPPA] = 12, [QS_THETA] = 0.5,   [QS_XI] = 4,     [QS_RHO] = 0.8,
      [QS_LAMBDA] = 10, [QS_MU_J] = 0.4, [QS_SIGMA_J] = 0.4, [QS_MU_V] = 2,   [QS_RHO_J] = 0.5,
      [QS_P] = 0.8,     [QS_ETA1] = 30,  [QS_ETA2] = 30,     [QS_SIGMA] = 0.6};
  double sign = skew(problem) < 0 ? -1 : 1;
  qs_model model = {.type = problem->type};
  for (size_t j = 0; j < problem->parameter_count; j++) {
    qs_parameter i = problem->parameter[j];
    model.value[i] = low[i] * pow(high[i] / low[i], halton(index, primes[i]));
  }
  double square = scale * scale;
  model.value[QS_V0] *= square;
  model.value[QS_THETA] *= square;
  model.value[QS_MU_V] *= square;
  model.value[QS_XI] *= scale;
  model.value[QS_SIGMA] *= scale;
  model.value[QS_SIGMA_J] *= scale;
  model.value[QS_MU_J] *= sign * scale;
  model.value[QS_RHO_J] *= sign / scale;
  model.value[QS_RHO] *= sign;
  model.value[QS_ETA1] = 1 + model.value[QS_ETA1] / scale;
  model.value[QS_ETA2] /= scale;
  return model;
}

static size_t kou_starts(const qs_model *base, double scale, qs_model *starts) {
  size_t count = 0;
  for (size_t i = 0; i < COUNT(exponential_jumps); i++) {
    qs_model model = *base;
    model.type = QS_MODEL_KOU;
    model.value[QS_SIGMA] *= 0.85;
    model.value[QS_LAMBDA] = exponential_jumps[i][0];
    model.value[QS_P] = exponential_jumps[i][1];
    model.value[QS_ETA1] = 1 + exponential_jumps[i][2] / scale;
    model.value[QS_ETA2] = exponential_jumps[i][3] / scale;
    starts[count++] = model;
  }
  return count;
}

size_t qs_fit_starts(const qs_fit_problem *problem, const qs_model *base, qs_model *starts) {
  double scale = mean_vol_at_the_money(problem) / usual_vol;
  size_t count = 0;
  switch (problem->type) {
  case QS_MODEL_SVCJ:
    for (size_t i = 0; i < COUNT(variance_jumps); i++) {
      starts[count++] = with_jumps(problem, base, &variance_jumps[i], scale, 1);
      starts[count++] = with_jumps(problem, base, &variance_jumps[i], scale, 0.4);
    }
    break;
  case QS_MODEL_BATES:
  case QS_MODEL_MERTON:
    for (size_t i = 0; i < COUNT(price_jumps); i++) {
      starts[count++] = with_jumps(problem, base, &price_jumps[i], scale, 0.7);
    }
    break;
  case QS_MODEL_KOU:
    count = kou_starts(base, scale, starts);
    break;
  case QS_MODEL_GBM:
  case QS_MODEL_HESTON:
  case QS_MODEL_COUNT:
    starts[0] = *base;
    return 1;
  }
  for (unsigned i = 1; i <= HALTON_STARTS; i++) {
    starts[count++] = halton_start(problem, i, scale);
  }
  return count;
}
