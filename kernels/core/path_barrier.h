// Discretely watched barriers, against real.h: alive while every S_d of the payoff's dates is inside
// [level[1], level[2]], S_T among them. Bridged: alive through date d where G_d < g < H_d, the greatest and
// the least of the dates' thresholds (ln B - b) / c so far, so that the option is a difference of Black's
// formulas (Brownian paths conditioned on their end: Beaglehole, Dybvig, Zhou 1997 for a continuous watch).
//   out: (phi (S_T - K))+ while alive, and the rebate level[3] once hit, at the end or, with level[5] = 1, at
//        the hit: weights[d] of it then, the ratio of discount factors
//   in (level[4] = 1): the option once hit, and the rebate where it was never hit
//
// Thresholds are continuous and piecewise smooth, so derivatives are those of the active dates. For gamma a
// shift of all ln S is one of g by 1 / c_T, closed form, and one of the bridge by 1 - V_d / V_T, whose
// likelihood ratio is R_1 / V_1; what the option without barriers has is taken off before, its share in the
// ratio's mean being zero.

// Derivatives to the thresholds of the last date's law are carried back to the dates that set them.
typedef struct QS_R(qs_barrier_rows) {
  QS_LANE_ALIGNED qs_real low[QS_LANES], high[QS_LANES]; // G and H
  qs_real low_rate[QS_LANES], high_rate[QS_LANES];       // 1 / c of the dates that set them
  qs_real rebate[QS_LANES], shift[QS_LANES],
      twice[QS_LANES];                         // value, derivative to a shift, and of that to g
  qs_real by_low[QS_LANES], by_high[QS_LANES]; // derivatives of the price
} QS_R(qs_barrier_rows);

QS_CORE qs_real QS_R(qs_barrier_threshold)(qs_real log_level, qs_real b, qs_real rate) {
  return QS_R(qs_bounded)((log_level - b) * rate, QS_PATH_LIMIT);
}

// Adds weight times the probability of being alive now to the rebate's rows.
QS_CORE void QS_R(qs_barrier_alive)(QS_R(qs_barrier_rows) * QS_RESTRICT t, qs_real weight) {
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real low = t->low[i], high = t->high[i];
    const qs_real e0 = QS_R(qs_normal_kernel)(low), e1 = QS_R(qs_normal_kernel)(high);
    const QS_R(qs_pair) cdf = QS_R(qs_normal_cdf_pair)(low, e0, high, e1);
    const qs_real used = high > low ? weight : QS_C(0.0);
    const qs_real n0 = QS_R(qs_normal_pdf_from_kernel)(e0) * t->low_rate[i];
    const qs_real n1 = QS_R(qs_normal_pdf_from_kernel)(e1) * t->high_rate[i];
    t->rebate[i] = QS_R(qs_fma)(used, cdf.second - cdf.first, t->rebate[i]);
    t->shift[i] = QS_R(qs_fma)(used, n0 - n1, t->shift[i]);
    t->twice[i] = QS_R(qs_fma)(used, low * n0 - high * n1, t->twice[i]);
  }
}

// The thresholds of date d join the running ones.
QS_CORE void QS_R(qs_barrier_date)(const QS_R(qs_path_case) * p, uint32_t d,
                                   QS_R(qs_barrier_rows) * QS_RESTRICT t) {
  const qs_real log_low = p->of.log_level[1], log_high = p->of.log_level[2];
  const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real rate = QS_R(qs_rcp)(c[i]);
    const qs_real low = QS_R(qs_barrier_threshold)(log_low, b[i], rate);
    const qs_real high = QS_R(qs_barrier_threshold)(log_high, b[i], rate);
    // cppcheck-suppress uninitvar ; the rows are filled before
    t->low_rate[i] = low > t->low[i] ? rate : t->low_rate[i];
    t->low[i] = QS_R(qs_max)(low, t->low[i]);
    t->high_rate[i] = high < t->high[i] ? rate : t->high_rate[i];
    t->high[i] = QS_R(qs_min)(high, t->high[i]);
  }
}

// The weight that the probability of being alive after date d has in the rebate's value.
QS_CORE qs_real QS_R(qs_barrier_weight)(const QS_R(qs_path_contract) * of, uint32_t d) {
  const uint32_t last = of->count - 1;
  const int in = of->level[4] > QS_C(0.5), at_hit = of->level[5] > QS_C(0.5);
  if (in) {
    return d == last ? of->level[3] : QS_C(0.0);
  }
  if (!at_hit) {
    return d == last ? -of->level[3] : QS_C(0.0);
  }
  return of->level[3] * ((d == last ? QS_C(0.0) : of->weight[d + 1]) - of->weight[d]);
}

// Backwards over the dates: each takes the derivatives to the thresholds that it set. by_m and by_v hold G
// and H of the dates that have not had their turn.
QS_CORE void QS_R(qs_barrier_back)(const QS_R(qs_path_case) * p, QS_R(qs_barrier_rows) * QS_RESTRICT t,
                                   uint32_t d, qs_real weight) {
  const qs_real *lows = p->by_m, *highs = p->by_v;
  const int before = d > 0;
  const qs_real log_low = p->of.log_level[1], log_high = p->of.log_level[2];
  const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
  qs_real *by_b = QS_R(qs_path_row)(p->by_m, d), *by_c = QS_R(qs_path_row)(p->by_v, d);
  if (weight != QS_C(0.0)) {
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real low = lows[(size_t)d * QS_ROW + (size_t)i], high = highs[(size_t)d * QS_ROW + (size_t)i];
      const qs_real used = high > low ? weight : QS_C(0.0);
      t->by_low[i] -= used * QS_R(qs_normal_pdf)(low);
      t->by_high[i] += used * QS_R(qs_normal_pdf)(high);
    }
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const size_t at = (size_t)(d - (before ? 1 : 0)) * QS_ROW + (size_t)i;
    const qs_real rate = QS_R(qs_rcp)(c[i]);
    const qs_real low = QS_R(qs_barrier_threshold)(log_low, b[i], rate);
    const qs_real high = QS_R(qs_barrier_threshold)(log_high, b[i], rate);
    const int sets_low = low > (before ? lows[at] : -QS_PATH_LIMIT);
    const int sets_high = high < (before ? highs[at] : QS_PATH_LIMIT);
    const qs_real from_low = sets_low ? t->by_low[i] : QS_C(0.0);
    const qs_real from_high = sets_high ? t->by_high[i] : QS_C(0.0);
    by_b[i] = -rate * (from_low + from_high);
    by_c[i] = -rate * (low * from_low + high * from_high);
    t->by_low[i] -= from_low;
    t->by_high[i] -= from_high;
  }
}

// The option over the last thresholds, to price, and derivatives to b_T and c_T, to room 2 and 3; shift and
// twice gain their parts, by_low and by_high are set.
QS_CORE void QS_R(qs_barrier_option)(int call, int greeks, const QS_R(qs_path_case) * p,
                                     QS_R(qs_barrier_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const qs_real phi = call ? QS_C(1.0) : QS_C(-1.0), k = of->level[0], log_k = of->log_level[0];
  const int in = of->level[4] > QS_C(0.5);
  const qs_real part = in ? QS_C(-1.0) : QS_C(1.0), whole = in ? QS_C(1.0) : QS_C(0.0);
  const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, last),
                             *QS_RESTRICT c = QS_R(qs_path_row)(p->c, last);
  qs_real *QS_RESTRICT by_b = QS_R(qs_path_room)(p, 2), *QS_RESTRICT by_c = QS_R(qs_path_room)(p, 3);
  qs_real *QS_RESTRICT plain = QS_R(qs_path_room)(p, 4), *QS_RESTRICT rates = QS_R(qs_path_room)(p, 5);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real rate = QS_R(qs_rcp)(c[i]);
    const qs_real strike = QS_R(qs_bounded)((log_k - b[i]) * rate, QS_PATH_LIMIT);
    const qs_real begin = call ? QS_R(qs_max)(t->low[i], strike) : t->low[i];
    const qs_real end = call ? t->high[i] : QS_R(qs_min)(t->high[i], strike);
    const qs_real used = end > begin ? QS_C(1.0) : QS_C(0.0);
    const qs_real forward = QS_R(qs_path_exp)(QS_R(qs_fma)(QS_C(0.5) * c[i], c[i], b[i]));
    const qs_real e0 = QS_R(qs_normal_kernel)(begin), e1 = QS_R(qs_normal_kernel)(end);
    const qs_real f0 = QS_R(qs_normal_kernel)(begin - c[i]), f1 = QS_R(qs_normal_kernel)(end - c[i]);
    const QS_R(qs_pair) cash = QS_R(qs_normal_cdf_pair)(begin, e0, end, e1);
    const QS_R(qs_pair) asset = QS_R(qs_normal_cdf_pair)(begin - c[i], f0, end - c[i], f1);
    const qs_real coin = phi * used * forward * (asset.second - asset.first);
    const qs_real out = coin - phi * used * k * (cash.second - cash.first);
    // Without barriers.
    const qs_real es = QS_R(qs_normal_kernel)(strike), fs = QS_R(qs_normal_kernel)(c[i] - strike);
    const QS_R(qs_pair) open = QS_R(qs_normal_cdf_pair)(-phi * strike, es, phi * (c[i] - strike), fs);
    const qs_real open_coin = phi * forward * open.second;
    p->price[i] = QS_R(qs_fma)(part, out, whole * (open_coin - phi * k * open.first)) + t->rebate[i];
    if (greeks) {
      const qs_real n0 = used * QS_R(qs_normal_pdf_from_kernel)(e0);
      const qs_real n1 = used * QS_R(qs_normal_pdf_from_kernel)(e1);
      // exp(b + c g) n(g) = forward n(g - c) at both ends and at the strike.
      const qs_real s0 = used * forward * QS_R(qs_normal_pdf_from_kernel)(f0);
      const qs_real s1 = used * forward * QS_R(qs_normal_pdf_from_kernel)(f1);
      const qs_real open_edge = forward * QS_R(qs_normal_pdf_from_kernel)(fs);
      // Nothing is paid at the strike.
      const qs_real pay0 = phi * (s0 - k * n0), pay1 = phi * (s1 - k * n1);
      const qs_real at0 = !call || begin > strike ? pay0 : QS_C(0.0);
      const qs_real at1 = call || end < strike ? pay1 : QS_C(0.0);
      const qs_real edges = phi * (s0 - s1);
      by_b[i] = QS_R(qs_fma)(part, coin, whole * open_coin);
      by_c[i] = QS_R(qs_fma)(c[i], by_b[i], QS_R(qs_fma)(part, edges, whole * open_edge));
      t->by_low[i] = -part * at0;
      t->by_high[i] = part * at1;
      t->shift[i] += QS_R(qs_fma)(part, QS_R(qs_fma)(at0, t->low_rate[i], -at1 * t->high_rate[i]), by_b[i]);
      const qs_real ends = begin * at0 * t->low_rate[i] - end * at1 * t->high_rate[i];
      t->twice[i] += QS_R(qs_fma)(part, ends, by_c[i]);
      plain[i] = open_coin;
      rates[i] = rate;
    }
  }
}

QS_CORE void QS_R(qs_barrier_gamma)(const QS_R(qs_path_case) * p,
                                    const QS_R(qs_barrier_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const int ratio = of->first<last, in = of->level[4]> QS_C(0.5);
  const uint32_t first = ratio ? of->first : 0;
  const qs_real *QS_RESTRICT v = QS_R(qs_path_v)(p, first), *QS_RESTRICT y = QS_R(qs_path_y)(p, first);
  const qs_real *QS_RESTRICT y_last = QS_R(qs_path_y)(p, last);
  const qs_real *QS_RESTRICT plain = QS_R(qs_path_room)(p, 4), *QS_RESTRICT rate = QS_R(qs_path_room)(p, 5);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real end = y_last[i] * rate[i] * rate[i];
    const qs_real score = ratio ? QS_R(qs_div)(y[i], QS_R(qs_path_positive)(v[i])) - end : QS_C(0.0);
    const qs_real own = t->shift[i] - (in ? QS_C(0.0) : plain[i]);
    p->gamma[i] = QS_R(qs_fma)(own, score, t->twice[i] * rate[i] - t->shift[i]);
  }
}

QS_CORE int QS_R(qs_path_barrier)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  QS_R(qs_barrier_rows) t;
  QS_R(qs_path_bridge)(p);
  QS_R(qs_row_fill)(t.low, -QS_PATH_LIMIT);
  QS_R(qs_row_fill)(t.high, QS_PATH_LIMIT);
  QS_R(qs_row_fill)(t.low_rate, QS_C(0.0));
  QS_R(qs_row_fill)(t.high_rate, QS_C(0.0));
  const int paid_out = !(of->level[4] > QS_C(0.5));
  const qs_real at_once = of->level[5] > QS_C(0.5) ? of->weight[0] : QS_C(1.0);
  QS_R(qs_row_fill)(t.rebate, paid_out ? of->level[3] * at_once : QS_C(0.0));
  QS_R(qs_row_fill)(t.shift, QS_C(0.0));
  QS_R(qs_row_fill)(t.twice, QS_C(0.0));
  for (uint32_t d = 0; d <= last; d++) {
    QS_R(qs_barrier_date)(p, d, &t);
    const qs_real weight = QS_R(qs_barrier_weight)(of, d);
    if (weight != QS_C(0.0)) {
      QS_R(qs_barrier_alive)(&t, weight);
    }
    if (greeks) {
      qs_real *QS_RESTRICT low = QS_R(qs_path_row)(p->by_m, d),
                           *QS_RESTRICT high = QS_R(qs_path_row)(p->by_v, d);
      QS_SIMD
      for (int i = 0; i < QS_LANES; i++) {
        low[i] = t.low[i];
        high[i] = t.high[i];
      }
    }
  }
  if (of->sign > QS_C(0.0)) {
    QS_R(qs_barrier_option)(1, greeks, p, &t);
  } else {
    QS_R(qs_barrier_option)(0, greeks, p, &t);
  }
  if (!greeks) {
    return QS_CHAIN_BRIDGED;
  }
  QS_R(qs_barrier_gamma)(p, &t);
  for (uint32_t d = last + 1; d-- > 0;) {
    QS_R(qs_barrier_back)(p, &t, d, QS_R(qs_barrier_weight)(of, d));
  }
  qs_real *QS_RESTRICT by_b = QS_R(qs_path_row)(p->by_m, last);
  qs_real *QS_RESTRICT by_c = QS_R(qs_path_row)(p->by_v, last);
  const qs_real *QS_RESTRICT own_b = QS_R(qs_path_room)(p, 2), *QS_RESTRICT own_c = QS_R(qs_path_room)(p, 3);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    by_b[i] += own_b[i];
    by_c[i] += own_c[i];
  }
  return QS_CHAIN_BRIDGED;
}
