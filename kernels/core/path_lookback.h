// Discretely watched lookbacks, on the path, against real.h. The extremum X is that of level[1], the past's,
// and of all S_d: the greatest with phi = 1 and the least with -1 for the fixed strike, (phi (X - K))+, and
// the other way round for the floating one, phi (S_T - X) (Goldman, Sosin, Gatto 1979).
QS_CORE int QS_R(qs_lookback_any)(int floating, int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const qs_real phi = of->sign, way = floating ? -phi : phi, k = of->level[0];
  qs_real *QS_RESTRICT best = QS_R(qs_path_room)(p, 0), *QS_RESTRICT value = QS_R(qs_path_room)(p, 1);
  QS_R(qs_path_prices)(p);
  // way times the extremum's log: always a greatest one. Never beyond what exp takes.
  QS_R(qs_row_fill)(best, QS_R(qs_bounded)(way * of->log_level[1], QS_C(40.0)));
  for (uint32_t d = 0; d <= last; d++) {
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      best[i] = QS_R(qs_max)(best[i], way * x[i]);
    }
  }
  const qs_real *QS_RESTRICT end = QS_R(qs_path_row)(p->b, last);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real extremum = QS_R(qs_path_exp)(way * best[i]);
    const qs_real fixed = QS_R(qs_max)(QS_C(0.0), phi * (extremum - k));
    const qs_real price = floating ? phi * (QS_R(qs_path_exp)(end[i]) - extremum) : fixed;
    // The derivative to the extremum's log.
    value[i] = floating ? -phi * extremum : fixed > QS_C(0.0) ? phi * extremum : QS_C(0.0);
    p->price[i] = price;
  }
  if (!greeks) {
    return QS_CHAIN_PATH;
  }
  for (uint32_t d = last + 1; d-- > 0;) {
    const int own = floating && d == last;
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d);
    qs_real *QS_RESTRICT by_x = QS_R(qs_path_row)(p->by_m, d),
                         *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real from = way * x[i] >= best[i] ? value[i] : QS_C(0.0);
      by_x[i] = own ? QS_R(qs_fma)(phi, QS_R(qs_path_exp)(x[i]), from) : from;
      by_v[i] = QS_C(0.0);
      value[i] -= from; // equal prices: the last takes it
    }
  }
  QS_R(qs_row_fill)(p->gamma, QS_C(0.0));
  return QS_CHAIN_PATH;
}

QS_CORE int QS_R(qs_path_lookback)(int greeks, const QS_R(qs_path_case) * p) {
  return QS_R(qs_lookback_any)(0, greeks, p);
}

QS_CORE int QS_R(qs_path_lookback_floating)(int greeks, const QS_R(qs_path_case) * p) {
  return QS_R(qs_lookback_any)(1, greeks, p);
}
