// Digital at the last date, 1 where phi S_T > phi K, K = level[0]: cash level[1], or S_T itself where
// level[1] is 0, against real.h. Direct, from Phi(d2) and Phi(d1) given M and V (Reiner, Rubinstein 1991).
QS_CORE int QS_R(qs_path_digital)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const qs_real l = of->log_forward[last] + p->shift, phi = of->sign, cash = of->level[1];
  const int asset = !(cash > QS_C(0.0));
  const qs_real *QS_RESTRICT m = QS_R(qs_path_m)(p, last), *QS_RESTRICT v = QS_R(qs_path_v)(p, last);
  QS_R(qs_path_only_last)(greeks, p);
  qs_real *QS_RESTRICT by_m = QS_R(qs_path_row)(p->by_m, greeks ? last : 0);
  qs_real *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, greeks ? last : 0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const QS_R(qs_date_terms) date = QS_R(qs_law_at_date)(QS_R(qs_bounded)(m[i] + l, QS_C(40.0)), v[i]);
    const qs_real centre = (date.m - of->log_level[0]) * date.inverse;
    const qs_real d1 = centre + date.half, d2 = centre - date.half;
    const qs_real x = asset ? d1 : d2, unit = asset ? date.forward : cash;
    const qs_real e = QS_R(qs_normal_kernel)(x);
    const qs_real price = unit * QS_R(qs_normal_cdf_from_kernel)(phi * x, e);
    p->price[i] = price;
    if (greeks) {
      const qs_real edge = phi * unit * QS_R(qs_normal_pdf_from_kernel)(e) * date.inverse;
      // Second derivative less the first, which is twice that to V.
      const qs_real other = asset ? d2 : d1;
      const qs_real gamma = -edge * other * date.inverse;
      by_m[i] = asset ? price + edge : edge;
      by_v[i] = QS_C(0.5) * gamma;
      p->gamma[i] = gamma;
    }
  }
  return QS_CHAIN_DIRECT;
}
