/* What the host asks of a model beside the public header's functions. */
#ifndef QS_HOST_BASE_MODEL_H
#define QS_HOST_BASE_MODEL_H

#include <stdbool.h>

#include "quickset/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the variance is random: heston, bates, svcj. */
bool qs_model_stochastic(const qs_model *model);

/* Those of the model's parameters (a mask as qs_model_parameters) that are of its jumps. */
uint32_t qs_model_jump_parameters(qs_model_type type);

/* Jumps that a path is expected to have in so many years; 0 of a model without any. */
double qs_model_jumps(const qs_model *model, double years);

/* E v `years` after v, its jumps included, of a model whose variance is random. */
double qs_model_mean_variance(const qs_model *model, double years, double v);

/* The model under a volatility shock by the factor a > 0: exact scaling at constant moneyness; v0, theta,
 * mu_v x a^2; xi, mu_j, sigma_j, sigma x a; rho_j, eta1, eta2 / a. */
qs_model qs_model_scale_volatility(const qs_model *model, double a);

#ifdef __cplusplus
}
#endif
#endif
