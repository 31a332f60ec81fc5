// Early exercise at the payoff's dates, on the path, against real.h: w_d phi (S_d - K), K = level[0], at the
// first date where that pays and phi (ln S_d / F_T - b_d) >= 0, at the last where it pays. The policy b_d is
// a function of the variance of the date, piecewise linear in y = sqrt(v): p_0 + p_1 y + sum_k p_(k+1) (y - k
// step)+ for k = 1 .. width - 2. It is frozen: where it is near the best one its own derivatives hardly
// count, since the value is stationary in it (Piterbarg 2004). Gamma is the likelihood ratio's.

// sqrt(v) of a date, to `y`.
QS_CORE void QS_R(qs_early_root)(const QS_R(qs_path_case) * p, uint32_t d, qs_real *QS_RESTRICT y) {
  const qs_real *QS_RESTRICT v = QS_R(qs_path_variance_at)(p, d);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    y[i] = QS_R(qs_sqrt)(QS_R(qs_path_positive)(v[i]));
  }
}

// b_d, to `to`; y is room.
QS_CORE void QS_R(qs_early_policy)(const QS_R(qs_path_case) * p, uint32_t d, qs_real *QS_RESTRICT y,
                                   qs_real *QS_RESTRICT to) {
  const uint32_t width = p->of.policy_width;
  const qs_real *policy = p->of.policy + (size_t)d * width;
  QS_R(qs_row_fill)(to, policy[0]);
  if (width > 1) {
    QS_R(qs_early_root)(p, d, y);
  }
  for (uint32_t k = 1; k < width; k++) {
    const qs_real slope = policy[k], from = (qs_real)(k - 1) * p->of.policy_step;
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      to[i] = QS_R(qs_fma)(slope, QS_R(qs_max)(QS_C(0.0), y[i] - from), to[i]);
    }
  }
}

// What was exercised at as_of is known: its gamma is none, so what the likelihood ratio will add is taken
// off.
QS_CORE void QS_R(qs_early_known)(const QS_R(qs_path_case) * p) {
  const uint32_t first = p->of.first;
  const qs_real *QS_RESTRICT v = QS_R(qs_path_v)(p, first), *QS_RESTRICT y = QS_R(qs_path_y)(p, first);
  const qs_real *QS_RESTRICT delta = QS_R(qs_path_row)(p->by_m, 0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real ratio = QS_R(qs_div)(y[i], QS_R(qs_path_positive)(v[i]));
    p->gamma[i] = -QS_R(qs_fma)(delta[i], ratio, -delta[i]);
  }
}

QS_CORE int QS_R(qs_path_early)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const qs_real phi = of->sign, k = of->level[0];
  qs_real *QS_RESTRICT alive = QS_R(qs_path_room)(p, 0), *QS_RESTRICT policy = QS_R(qs_path_room)(p, 1);
  QS_R(qs_path_prices)(p);
  QS_R(qs_row_fill)(alive, QS_C(1.0));
  QS_R(qs_row_fill)(p->price, QS_C(0.0));
  for (uint32_t d = 0; d <= last; d++) {
    const int ends = d == last;
    const qs_real w = of->weight[d];
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d);
    qs_real *QS_RESTRICT by_x = QS_R(qs_path_row)(p->by_m, greeks ? d : 0);
    qs_real *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, greeks ? d : 0);
    if (!ends) {
      QS_R(qs_early_policy)(p, d, QS_R(qs_path_room)(p, 2), policy);
    }
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real spot = QS_R(qs_path_exp)(x[i]), value = phi * (spot - k);
      const qs_real inside = ends ? value : QS_R(qs_min)(value, phi * (x[i] - policy[i]));
      const qs_real taken = inside >= QS_C(0.0) ? w * alive[i] : QS_C(0.0);
      p->price[i] = QS_R(qs_fma)(taken, value, p->price[i]);
      alive[i] = inside >= QS_C(0.0) ? QS_C(0.0) : alive[i];
      if (greeks) {
        by_x[i] = phi * taken * spot;
        by_v[i] = QS_C(0.0);
      }
    }
  }
  if (greeks) {
    QS_R(qs_row_fill)(p->gamma, QS_C(0.0));
  }
  if (greeks && of->first > 0 && of->first <= last) {
    QS_R(qs_early_known)(p);
  }
  return QS_CHAIN_PATH;
}
