// Geometric Asian, (phi (G - K))+, G = level[1] prod S_d^w_d, K = level[0], against real.h. Given M and V the
// mean is lognormal: ln G has the mean sum w_d (l_d + M_d - V_d / 2) and the variance
// sum (V_d - V_(d-1)) W_d^2, W_d = sum_(e >= d) w_e. Direct: no noise is needed (Kemna, Vorst 1990).
QS_CORE int QS_R(qs_path_asian_geometric)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  qs_real *QS_RESTRICT mean = QS_R(qs_path_room)(p, 0), *QS_RESTRICT variance = QS_R(qs_path_room)(p, 1);
  qs_real *QS_RESTRICT delta = QS_R(qs_path_room)(p, 2), *QS_RESTRICT gamma = QS_R(qs_path_room)(p, 3);
  QS_R(qs_row_fill)(mean, of->log_level[1]);
  QS_R(qs_row_fill)(variance, QS_C(0.0));
  qs_real after = QS_C(0.0);
  for (uint32_t d = of->count; d-- > 0;) {
    const qs_real w = of->weight[d], l = of->log_forward[d] + p->shift;
    const qs_real square = QS_C(0.5) * w * (after + after + w); // (W_d^2 - W_(d+1)^2) / 2
    after += w;
    const qs_real *QS_RESTRICT m = QS_R(qs_path_m)(p, d), *QS_RESTRICT v = QS_R(qs_path_v)(p, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      mean[i] = QS_R(qs_fma)(w, l + QS_R(qs_fma)(QS_C(-0.5), v[i], m[i]), mean[i]);
      variance[i] = QS_R(qs_fma)(QS_C(2.0) * square, v[i], variance[i]);
    }
  }
  const int call = of->sign > QS_C(0.0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real m = QS_R(qs_fma)(QS_C(0.5), variance[i], mean[i]);
    const QS_R(qs_date_terms) date = QS_R(qs_law_at_date)(QS_R(qs_bounded)(m, QS_C(40.0)), variance[i]);
    const QS_R(qs_strike_terms) t = QS_R(qs_law_at_strike)(date, of->level[0], of->log_level[0]);
    const QS_R(qs_payoff_value) up = QS_R(qs_payoff_call)(t), down = QS_R(qs_payoff_put)(t);
    p->price[i] = call ? up.price : down.price;
    delta[i] = call ? up.delta : down.delta;
    gamma[i] = QS_R(qs_estimate_gamma)(up, date.inverse);
    if (greeks) {
      p->gamma[i] = QS_R(qs_fma)(after * after, delta[i] + gamma[i], -after * delta[i]);
    }
  }
  qs_real rest = QS_C(0.0);
  for (uint32_t d = of->count; greeks && d-- > 0;) {
    const qs_real w = of->weight[d], square = QS_C(0.5) * w * (rest + rest + w);
    rest += w;
    qs_real *QS_RESTRICT by_m = QS_R(qs_path_row)(p->by_m, d),
                         *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      by_m[i] = w * delta[i];
      by_v[i] = QS_R(qs_fma)(QS_C(-0.5) * w, delta[i], square * (delta[i] + gamma[i]));
    }
  }
  return QS_CHAIN_DIRECT;
}
