#include "host/base/model.h"

#include <math.h>
#include <stddef.h>

#define BIT(parameter) (1u << (parameter))

static const char *const model_names[QS_MODEL_COUNT] = {"gbm", "merton", "kou", "heston", "bates", "svcj"};

static const char *const parameter_names[QS_PARAMETER_COUNT] = {"v0",     "kappa", "theta",   "xi",   "rho",
                                                                "lambda", "mu_j",  "sigma_j", "mu_v", "rho_j",
                                                                "p",      "eta1",  "eta2",    "sigma"};

static const uint32_t heston_mask = BIT(QS_V0) | BIT(QS_KAPPA) | BIT(QS_THETA) | BIT(QS_XI) | BIT(QS_RHO);
static const uint32_t bates_jump_mask = BIT(QS_LAMBDA) | BIT(QS_MU_J) | BIT(QS_SIGMA_J);

const char *qs_model_name(qs_model_type type) {
  return (unsigned)type < QS_MODEL_COUNT ? model_names[type] : NULL;
}

const char *qs_parameter_name(qs_parameter parameter) {
  return (unsigned)parameter < QS_PARAMETER_COUNT ? parameter_names[parameter] : NULL;
}

uint32_t qs_model_parameters(qs_model_type type) {
  switch (type) {
  case QS_MODEL_GBM:
    return BIT(QS_SIGMA);
  case QS_MODEL_MERTON:
    return BIT(QS_SIGMA) | bates_jump_mask;
  case QS_MODEL_KOU:
    return BIT(QS_SIGMA) | BIT(QS_LAMBDA) | BIT(QS_P) | BIT(QS_ETA1) | BIT(QS_ETA2);
  case QS_MODEL_HESTON:
    return heston_mask;
  case QS_MODEL_BATES:
    return heston_mask | bates_jump_mask;
  case QS_MODEL_SVCJ:
    return heston_mask | bates_jump_mask | BIT(QS_MU_V) | BIT(QS_RHO_J);
  case QS_MODEL_COUNT:
    break;
  }
  return 0;
}

static const char *check_range(qs_parameter parameter, double x) {
  if (!isfinite(x)) {
    return "must be a finite number";
  }
  switch (parameter) {
  case QS_V0:
  case QS_THETA:
  case QS_LAMBDA:
  case QS_SIGMA_J:
  case QS_MU_V:
    return x >= 0 ? NULL : "must be at least 0";
  case QS_KAPPA:
  case QS_XI:
  case QS_ETA2:
  case QS_SIGMA:
    return x > 0 ? NULL : "must be greater than 0";
  case QS_RHO:
    return x >= -1 && x <= 1 ? NULL : "must be in [-1, 1]";
  case QS_P:
    return x >= 0 && x <= 1 ? NULL : "must be in [0, 1]";
  case QS_ETA1:
    return x > 1 ? NULL : "must be greater than 1, or the mean jump is infinite";
  case QS_MU_J:
  case QS_RHO_J:
  case QS_PARAMETER_COUNT:
    break;
  }
  return NULL;
}

const char *qs_model_check(const qs_model *model, qs_parameter *parameter) {
  uint32_t used = qs_model_parameters(model->type);
  for (unsigned i = 0; i < QS_PARAMETER_COUNT; i++) {
    const char *problem = used & BIT(i) ? check_range((qs_parameter)i, model->value[i]) : NULL;
    if (problem) {
      *parameter = (qs_parameter)i;
      return problem;
    }
  }
  if (model->type == QS_MODEL_SVCJ && model->value[QS_RHO_J] * model->value[QS_MU_V] >= 1) {
    *parameter = QS_RHO_J;
    return "rho_j * mu_v must be less than 1, or the mean jump is infinite";
  }
  return NULL;
}

uint32_t qs_model_jump_parameters(qs_model_type type) {
  const uint32_t all =
      bates_jump_mask | BIT(QS_MU_V) | BIT(QS_RHO_J) | BIT(QS_P) | BIT(QS_ETA1) | BIT(QS_ETA2);
  return qs_model_parameters(type) & all;
}

bool qs_model_stochastic(const qs_model *model) {
  return qs_model_parameters(model->type) >> QS_V0 & 1;
}

double qs_model_jumps(const qs_model *model, double years) {
  return qs_model_parameters(model->type) >> QS_LAMBDA & 1 ? model->value[QS_LAMBDA] * years : 0;
}

double qs_model_mean_variance(const qs_model *model, double years, double v) {
  const double *p = model->value;
  bool jumps = qs_model_parameters(model->type) >> QS_MU_V & 1;
  double level = p[QS_THETA] + (jumps ? p[QS_LAMBDA] * p[QS_MU_V] / p[QS_KAPPA] : 0);
  return v - expm1(-p[QS_KAPPA] * years) * (level - v);
}

qs_model qs_model_scale_volatility(const qs_model *model, double a) {
  qs_model scaled = *model;
  double *x = scaled.value;
  x[QS_V0] *= a * a;
  x[QS_THETA] *= a * a;
  x[QS_MU_V] *= a * a;
  x[QS_XI] *= a;
  x[QS_MU_J] *= a;
  x[QS_SIGMA_J] *= a;
  x[QS_SIGMA] *= a;
  x[QS_RHO_J] /= a;
  x[QS_ETA1] /= a;
  x[QS_ETA2] /= a;
  return scaled;
}
