// A strike's quantities from one path's observation, in the order of qs_value_unit, handed one by one to
// `take`: what kernels/cpu/value.inc does buffer by buffer.
#ifndef QS_CUDA_ESTIMATE_CUH
#define QS_CUDA_ESTIMATE_CUH

#include "kernels/cuda/law.cuh"

#include "kernels/core/payoffs.h"

#include "kernels/core/estimator.inc"

struct strike {
  qs_real k, log_k;
  uint32_t payoff;
};

QS_CORE QS_R(qs_date_terms) terms_of(qs_real m, qs_real v, qs_real more_m, qs_real more_v) {
  return QS_R(qs_law_at_date)(m + more_m, v + more_v);
}

// d/dlambda beside its tangents: what one more jump changes the payoff by.
QS_CORE qs_real one_more_jump(const strike &at, const qs_real *d, const qs_real *observed, size_t stride,
                              QS_R(qs_payoff_value) y, qs_real gamma, QS_R(qs_strike_terms) t) {
  const QS_R(qs_date_terms) with = terms_of(observed[QS_O_M * stride], observed[QS_O_V * stride],
                                            d[QS_D_MARK_MEAN], d[QS_D_MARK_VARIANCE]);
  const QS_R(qs_payoff_value) y_with =
      QS_R(qs_payoff_of)((int)at.payoff, QS_R(qs_law_at_strike)(with, at.k, at.log_k));
  return observed[QS_O_WEIGHT * stride] * QS_R(qs_estimate_jump)(y, y_with.price, gamma, t.d2, t.inverse, d);
}

template <bool stochastic, qs_jumps jumps, typename Take>
QS_CORE void estimate_greeks(const strike &at, const qs_real *d, const qs_real *observed, size_t stride,
                             Take take) {
  constexpr uint32_t n = parameters_of(stochastic, jumps), lambda = stochastic ? 5 : 0;
  const QS_R(qs_date_terms) date =
      terms_of(observed[QS_O_M * stride], observed[QS_O_V * stride], QS_C(0.0), QS_C(0.0));
  const QS_R(qs_strike_terms) t = QS_R(qs_law_at_strike)(date, at.k, at.log_k);
  const QS_R(qs_payoff_value) y = QS_R(qs_payoff_of)((int)at.payoff, t);
  const qs_real gamma = QS_R(qs_estimate_gamma)(y, date.inverse);
  qs_real more[2] = {QS_C(0.0), QS_C(0.0)};
  if (jumps == QS_JUMPS_EXPONENTIAL) {
    const QS_R(qs_exponential_excess) excess = QS_R(qs_estimate_exponential)(y, t, date.half, d);
    more[0] = excess.by_lambda;
    more[1] = excess.by_p;
  } else if (jumps != QS_JUMPS_NONE) {
    more[0] = one_more_jump(at, d, observed, stride, y, gamma, t);
  }
  take(QS_QUANTITY_PRICE, y.price);
  take(QS_QUANTITY_DELTA, y.delta);
  take(QS_QUANTITY_GAMMA, gamma);
#pragma unroll
  for (uint32_t p = 0; p < n; p++) {
    if (jumps == QS_JUMPS_EXPONENTIAL && p < 2) {
      take(QS_QUANTITY_PARAMETERS + p, more[p]);
      continue;
    }
    const qs_real tangent = QS_R(qs_estimate_tangent)(y.delta, gamma, observed[(QS_O_TANGENTS + p) * stride],
                                                      observed[(QS_O_TANGENTS + n + p) * stride]);
    take(QS_QUANTITY_PARAMETERS + p, jumps != QS_JUMPS_NONE && p == lambda ? more[0] + tangent : tangent);
  }
}

#endif
