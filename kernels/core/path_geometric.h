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

// The geometric mean as strike, (phi (S_T - k G))+, k = level[0], G as above. Given M and V, S_T and k G are
// lognormal together: the option to exchange them (Margrabe 1978), with the variance of ln S_T / G, the sum
// of (V_d - V_(d-1)) (1 - W_d)^2. Direct.
typedef struct QS_R(qs_exchange_rows) {
  QS_LANE_ALIGNED qs_real strike[QS_LANES], variance[QS_LANES]; // ln E[k G], variance of the ratio's log
  qs_real by_strike[QS_LANES], curve[QS_LANES]; // derivatives to ln E[k G]; second to the ratio
} QS_R(qs_exchange_rows);

QS_CORE void QS_R(qs_exchange_laws)(const QS_R(qs_path_case) * p, QS_R(qs_exchange_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  QS_R(qs_row_fill)(t->strike, of->log_level[0] + of->log_level[1]);
  QS_R(qs_row_fill)(t->variance, QS_C(0.0));
  qs_real after = QS_C(0.0);
  for (uint32_t d = of->count; d-- > 0;) {
    const qs_real w = of->weight[d], l = of->log_forward[d] + p->shift;
    const qs_real square = QS_C(0.5) * w * (after + after + w);
    const qs_real open = d + 1 < of->count ? QS_C(1.0) - after : QS_C(0.0);
    after += w;
    const qs_real kept = (QS_C(1.0) - after) * (QS_C(1.0) - after) - open * open;
    const qs_real *QS_RESTRICT m = QS_R(qs_path_m)(p, d), *QS_RESTRICT v = QS_R(qs_path_v)(p, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      t->strike[i] = QS_R(qs_fma)(w, l + QS_R(qs_fma)(QS_C(-0.5), v[i], m[i]), t->strike[i]);
      t->strike[i] = QS_R(qs_fma)(square, v[i], t->strike[i]);
      t->variance[i] = QS_R(qs_fma)(kept, v[i], t->variance[i]);
    }
  }
}

// Backwards over the dates: the derivatives to M_d and V_d.
QS_CORE void QS_R(qs_exchange_back)(const QS_R(qs_path_case) * p,
                                    const QS_R(qs_exchange_rows) * QS_RESTRICT t,
                                    const qs_real *QS_RESTRICT by_end) {
  const QS_R(qs_path_contract) *of = &p->of;
  qs_real after = QS_C(0.0);
  for (uint32_t d = of->count; d-- > 0;) {
    const int end = d + 1 == of->count;
    const qs_real w = of->weight[d], square = QS_C(0.5) * w * (after + after + w);
    const qs_real open = end ? QS_C(0.0) : QS_C(1.0) - after;
    after += w;
    const qs_real kept = QS_C(0.5) * ((QS_C(1.0) - after) * (QS_C(1.0) - after) - open * open);
    const qs_real by_variance = QS_R(qs_fma)(QS_C(-0.5), w, square);
    qs_real *QS_RESTRICT by_m = QS_R(qs_path_row)(p->by_m, d),
                         *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      by_m[i] = QS_R(qs_fma)(w, t->by_strike[i], end ? by_end[i] : QS_C(0.0));
      by_v[i] = QS_R(qs_fma)(by_variance, t->by_strike[i], kept * t->curve[i]);
    }
  }
}

QS_CORE int QS_R(qs_path_asian_geometric_strike)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const int call = of->sign > QS_C(0.0);
  const qs_real l = of->log_forward[last] + p->shift;
  const qs_real *QS_RESTRICT m = QS_R(qs_path_m)(p, last);
  qs_real *QS_RESTRICT by_end = QS_R(qs_path_room)(p, 0);
  QS_R(qs_exchange_rows) t;
  QS_R(qs_exchange_laws)(p, &t);
  qs_real weight = QS_C(0.0);
  for (uint32_t d = 0; d <= last; d++) {
    weight += of->weight[d];
  }
  // A shift of all ln S moves ln E[k G] by the sum of the weights.
  const qs_real turn = weight * weight - weight, apart = (QS_C(1.0) - weight) * (QS_C(1.0) - weight);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const QS_R(qs_date_terms) date =
        QS_R(qs_law_at_date)(QS_R(qs_bounded)(m[i] + l, QS_C(40.0)), t.variance[i]);
    const qs_real log_k = QS_R(qs_bounded)(t.strike[i], QS_C(40.0));
    const QS_R(qs_strike_terms) terms = QS_R(qs_law_at_strike)(date, QS_R(qs_exp)(log_k), log_k);
    const QS_R(qs_payoff_value) up = QS_R(qs_payoff_call)(terms), down = QS_R(qs_payoff_put)(terms);
    const qs_real price = call ? up.price : down.price, delta = call ? up.delta : down.delta;
    p->price[i] = price;
    if (greeks) {
      const qs_real curve = QS_R(qs_estimate_gamma)(up, date.inverse), by_strike = price - delta;
      by_end[i] = delta;
      t.by_strike[i] = by_strike;
      t.curve[i] = curve;
      p->gamma[i] = QS_R(qs_fma)(turn, by_strike, apart * curve);
    }
  }
  if (greeks) {
    QS_R(qs_exchange_back)(p, &t, by_end);
  }
  return QS_CHAIN_DIRECT;
}
