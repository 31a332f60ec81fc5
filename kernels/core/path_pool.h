// A position of a liquidity pool at the last date, against real.h. With the scale L = level[0] and the range
// [a, b] = [level[1], level[2]] (0 and infinity: constant product on the whole line), it is worth
//   L S (1 / sqrt a - 1 / sqrt b) below a, L (2 sqrt S - S / sqrt b - sqrt a) inside, L (sqrt b - sqrt a)
//   above
// (Adams et al. 2021, sections 2 and 6; Angeris, Evans, Chitra 2021), less the tokens held against it,
// level[3] S + level[4]. Direct: moments of S of the order 0, 1/2 and 1 between a and b, given M and V. The
// worth and its slope pass smoothly over a and b, so that d2/d(ln S)2 less d/d ln S is S^2 times the second
// derivative, - L sqrt S / 2 inside.
typedef struct QS_R(qs_pool) {
  qs_real scale, log_low, log_high;
  qs_real root_low, inverse_high;  // sqrt a, 1 / sqrt b
  qs_real base_below, quote_above; // what is held below a, in S, and above b
  qs_real held_base, held_quote;
} QS_R(qs_pool);

QS_CORE QS_R(qs_pool) QS_R(qs_pool_of)(const QS_R(qs_path_contract) * of) {
  QS_R(qs_pool) r;
  const qs_real low = of->level[1], high = of->level[2];
  const int has_low = low > QS_C(0.0), has_high = high < QS_C(1e30);
  r.scale = of->level[0];
  r.log_low = of->log_level[1];
  r.log_high = of->log_level[2];
  r.root_low = has_low ? QS_R(qs_sqrt)(low) : QS_C(0.0);
  r.inverse_high = has_high ? QS_C(1.0) / QS_R(qs_sqrt)(high) : QS_C(0.0);
  r.base_below = has_low ? r.scale * (QS_C(1.0) / r.root_low - r.inverse_high) : QS_C(0.0);
  r.quote_above = has_high ? r.scale * (QS_R(qs_sqrt)(high) - r.root_low) : QS_C(0.0);
  r.held_base = of->level[3];
  r.held_quote = of->level[4];
  return r;
}

// The normal law's mass below `low`, between, and above `high`.
typedef struct QS_R(qs_pool_mass) {
  qs_real below, inside, above;
} QS_R(qs_pool_mass);

QS_CORE QS_R(qs_pool_mass) QS_R(qs_pool_mass_of)(qs_real low, qs_real high) {
  QS_R(qs_pool_mass) r;
  const qs_real a = QS_R(qs_bounded)(low, QS_PATH_LIMIT), b = QS_R(qs_bounded)(high, QS_PATH_LIMIT);
  const qs_real e0 = QS_R(qs_normal_kernel)(a), e1 = QS_R(qs_normal_kernel)(b);
  const QS_R(qs_pair) up_to = QS_R(qs_normal_cdf_pair)(a, e0, b, e1);
  r.below = up_to.first;
  r.inside = up_to.second - up_to.first;
  r.above = QS_C(1.0) - up_to.second;
  return r;
}

QS_CORE int QS_R(qs_path_pool)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const QS_R(qs_pool) pool = QS_R(qs_pool_of)(of);
  const uint32_t last = of->count - 1;
  const qs_real l = of->log_forward[last] + p->shift;
  const qs_real *QS_RESTRICT m = QS_R(qs_path_m)(p, last), *QS_RESTRICT v = QS_R(qs_path_v)(p, last);
  QS_R(qs_path_only_last)(greeks, p);
  qs_real *QS_RESTRICT by_m = QS_R(qs_path_row)(p->by_m, greeks ? last : 0);
  qs_real *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, greeks ? last : 0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const QS_R(qs_date_terms) date = QS_R(qs_law_at_date)(QS_R(qs_bounded)(m[i] + l, QS_C(40.0)), v[i]);
    // Under the measure of S^q / E[S^q] the mean of ln S is m + (q - 1/2) V.
    const qs_real low = (pool.log_low - date.m) * date.inverse,
                  high = (pool.log_high - date.m) * date.inverse;
    const QS_R(qs_pool_mass) cash = QS_R(qs_pool_mass_of)(low + date.half, high + date.half);
    const QS_R(qs_pool_mass) root = QS_R(qs_pool_mass_of)(low, high);
    const QS_R(qs_pool_mass) asset = QS_R(qs_pool_mass_of)(low - date.half, high - date.half);
    // E[sqrt S] = exp(m / 2 - V / 8), V = (2 half)^2.
    const qs_real mean = QS_R(qs_path_exp)(QS_C(0.5) * QS_R(qs_fma)(-date.half, date.half, date.m));
    const qs_real roots = pool.scale * mean * root.inside, inside = date.forward * asset.inside;
    const qs_real base =
        QS_R(qs_fma)(pool.base_below * date.forward, asset.below, -pool.held_base * date.forward);
    const qs_real quote = QS_R(qs_fma)(pool.quote_above, cash.above, -pool.held_quote);
    const qs_real share = QS_R(qs_fma)(-pool.scale * pool.inverse_high, inside, base);
    const qs_real floor = QS_R(qs_fma)(-pool.scale * pool.root_low, cash.inside, quote);
    p->price[i] = QS_R(qs_fma)(QS_C(2.0), roots, share + floor);
    if (greeks) {
      by_m[i] = roots + share;
      by_v[i] = QS_C(-0.25) * roots;
      p->gamma[i] = QS_C(-0.5) * roots;
    }
  }
  return QS_CHAIN_DIRECT;
}
