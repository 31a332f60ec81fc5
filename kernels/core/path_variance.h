// Realised variance and volatility, against real.h: with Q = level[2] + level[3] sum ln(S_d / S_(d-1))^2,
// min(level[1], Q) - level[0] and min(level[1], sqrt(Q)) - level[0]. The first date is the first fixing and
// has no return; or, with level[4] > 0, level[4] is the fixing before it, known, and every date has one.
//
// A variance without a cap is direct: a squared return's mean given M and V is that of its conditional mean,
// squared, plus V_d - V_(d-1). All others are on the path.

// The next return's mean given M and V, or the return itself.
QS_CORE qs_real QS_R(qs_fixing_mean)(qs_real l, qs_real m, qs_real v) {
  return l + QS_R(qs_fma)(QS_C(-0.5), v, m);
}

// ln S_d / F_T, or its mean given M and V, to b.
QS_CORE void QS_R(qs_path_fixings)(int direct, const QS_R(qs_path_case) * p) {
  if (!direct) {
    QS_R(qs_path_prices)(p);
    return;
  }
  for (uint32_t d = 0; d < p->of.count; d++) {
    const qs_real l = p->of.log_forward[d] + p->shift;
    const qs_real *QS_RESTRICT m = QS_R(qs_path_m)(p, d), *QS_RESTRICT v = QS_R(qs_path_v)(p, d);
    qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      x[i] = QS_R(qs_fixing_mean)(l, m[i], v[i]);
    }
  }
}

QS_CORE int QS_R(qs_realised_any)(int root, int direct, int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t n = of->count;
  const int known = of->level[4] > QS_C(0.0);
  const qs_real cap = of->level[1], scale = of->level[3];
  qs_real *QS_RESTRICT sum = QS_R(qs_path_room)(p, 0), *QS_RESTRICT slope = QS_R(qs_path_room)(p, 1);
  qs_real *QS_RESTRICT fixed = QS_R(qs_path_room)(p, 2), *QS_RESTRICT after = QS_R(qs_path_room)(p, 3);
  qs_real *QS_RESTRICT none = QS_R(qs_path_room)(p, 4);
  QS_R(qs_path_fixings)(direct, p);
  QS_R(qs_row_fill)(sum, of->level[2]);
  QS_R(qs_row_fill)(fixed, of->log_level[4]);
  QS_R(qs_row_fill)(none, QS_C(0.0));
  for (uint32_t d = known ? 0 : 1; d < n; d++) {
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT v = QS_R(qs_path_v)(p, d);
    const qs_real *QS_RESTRICT before = d > 0 ? QS_R(qs_path_row)(p->b, d - 1) : fixed;
    const qs_real *QS_RESTRICT v_before = d > 0 ? QS_R(qs_path_v)(p, d - 1) : none;
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real r = x[i] - before[i];
      const qs_real square = direct ? QS_R(qs_fma)(r, r, v[i] - v_before[i]) : r * r;
      sum[i] = QS_R(qs_fma)(scale, square, sum[i]);
    }
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real whole = QS_R(qs_sqrt)(QS_R(qs_path_positive)(sum[i]));
    const qs_real q = root ? whole : sum[i];
    p->price[i] = QS_R(qs_min)(cap, q) - of->level[0];
    const qs_real by_q = root ? QS_C(0.5) * QS_R(qs_rcp)(whole) : QS_C(1.0);
    slope[i] = q < cap ? scale * by_q : QS_C(0.0);
    after[i] = QS_C(0.0);
    if (greeks) {
      p->gamma[i] = QS_C(0.0);
    }
  }
  for (uint32_t d = n; greeks && d-- > 0;) {
    const int has = known || d > 0, more = d + 1 < n;
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d);
    const qs_real *QS_RESTRICT before = d > 0 ? QS_R(qs_path_row)(p->b, d - 1) : has ? fixed : x;
    qs_real *QS_RESTRICT by_x = QS_R(qs_path_row)(p->by_m, d),
                         *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, d);
    const qs_real steps = (has ? QS_C(1.0) : QS_C(0.0)) - (more ? QS_C(1.0) : QS_C(0.0));
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real own = QS_C(2.0) * slope[i] * (x[i] - before[i]);
      const qs_real by = own - after[i];
      by_x[i] = by;
      by_v[i] = direct ? QS_R(qs_fma)(steps, slope[i], QS_C(-0.5) * by) : QS_C(0.0);
      after[i] = own;
    }
  }
  if (greeks && direct) { // a shift moves the first return alone, and that where its start is known
    const qs_real curve = known ? QS_C(2.0) : QS_C(0.0);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      p->gamma[i] = known ? QS_R(qs_fma)(curve, slope[i], -after[i]) : QS_C(0.0);
    }
  }
  return direct ? QS_CHAIN_DIRECT : QS_CHAIN_PATH;
}

QS_CORE int QS_R(qs_variance_direct)(qs_real cap) {
  return cap >= QS_C(1e30);
}

QS_CORE int QS_R(qs_path_variance)(int greeks, const QS_R(qs_path_case) * p) {
  return QS_R(qs_variance_direct)(p->of.level[1]) ? QS_R(qs_realised_any)(0, 1, greeks, p)
                                                  : QS_R(qs_realised_any)(0, 0, greeks, p);
}

QS_CORE int QS_R(qs_path_volatility)(int greeks, const QS_R(qs_path_case) * p) {
  return QS_R(qs_realised_any)(1, 0, greeks, p);
}
