// Cliquets, on the path, against real.h: max(level[2], min(level[3], sum_d w_d max(level[0], min(level[1],
// S_d / S_(d-1) - level[4])))). The first date is the first strike and has no return; or, with level[5] > 0,
// level[5] is the price before the first date, known, and every date has one.

// The return's gross value S_d / S_(d-1) of a lane.
QS_CORE qs_real QS_R(qs_cliquet_ratio)(qs_real x, qs_real before) {
  return QS_R(qs_path_exp)(x - before);
}

QS_CORE int QS_R(qs_path_cliquet)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t n = of->count;
  const int known = of->level[5] > QS_C(0.0);
  const qs_real floor = of->level[0], cap = of->level[1], from = of->level[4];
  qs_real *QS_RESTRICT sum = QS_R(qs_path_room)(p, 0), *QS_RESTRICT inside = QS_R(qs_path_room)(p, 1);
  qs_real *QS_RESTRICT fixed = QS_R(qs_path_room)(p, 2), *QS_RESTRICT after = QS_R(qs_path_room)(p, 3);
  QS_R(qs_path_prices)(p);
  QS_R(qs_row_fill)(sum, QS_C(0.0));
  QS_R(qs_row_fill)(fixed, of->log_level[5]);
  for (uint32_t d = known ? 0 : 1; d < n; d++) {
    const qs_real w = of->weight[d];
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d);
    const qs_real *QS_RESTRICT before = d > 0 ? QS_R(qs_path_row)(p->b, d - 1) : fixed;
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real r = QS_R(qs_cliquet_ratio)(x[i], before[i]) - from;
      sum[i] = QS_R(qs_fma)(w, QS_R(qs_max)(floor, QS_R(qs_min)(cap, r)), sum[i]);
    }
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    p->price[i] = QS_R(qs_max)(of->level[2], QS_R(qs_min)(of->level[3], sum[i]));
    inside[i] = sum[i] > of->level[2] && sum[i] < of->level[3] ? QS_C(1.0) : QS_C(0.0);
    after[i] = QS_C(0.0);
  }
  for (uint32_t d = n; greeks && d-- > 0;) {
    const qs_real w = known || d > 0 ? of->weight[d] : QS_C(0.0);
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d);
    const qs_real *QS_RESTRICT before = d > 0 ? QS_R(qs_path_row)(p->b, d - 1) : fixed;
    qs_real *QS_RESTRICT by_x = QS_R(qs_path_row)(p->by_m, d),
                         *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real ratio = QS_R(qs_cliquet_ratio)(x[i], before[i]), r = ratio - from;
      const qs_real own = r > floor && r < cap ? w * inside[i] * ratio : QS_C(0.0);
      by_x[i] = own - after[i];
      by_v[i] = QS_C(0.0);
      after[i] = own;
    }
  }
  if (greeks) {
    QS_R(qs_row_fill)(p->gamma, QS_C(0.0));
  }
  return QS_CHAIN_PATH;
}
