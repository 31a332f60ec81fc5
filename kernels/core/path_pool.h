// A position of a liquidity pool at the last date, against real.h. With the scale L = level[0] and the range
// [a, b] = [level[1], level[2]] (0 and infinity: constant product on the whole line), it is worth
//   L S (1 / sqrt a - 1 / sqrt b) below a, L (2 sqrt S - S / sqrt b - sqrt a) inside, L (sqrt b - sqrt a)
//   above
// (Adams et al. 2021, sections 2 and 6; Angeris, Evans, Chitra 2021). With level[3] > 0 it is less what its
// tokens at that price would be worth, its tangent there. Direct: moments of S of the order 0, 1/2 and 1
// below a, inside and above b, given M and V. The worth and its slope pass smoothly over a and b, so that
// d2/d(ln S)2 less d/d ln S is S^2 times the second derivative, - L sqrt S / 2 inside.
//
// In double precision throughout: what is left of a position that hardly moves is a small part of it.
typedef struct QS_R(qs_pool) {
  double scale, log_low, log_high;
  double root_low, inverse_high;  // sqrt a, 1 / sqrt b
  double base_below, quote_above; // what is held below a, in S, and above b
  double held_base, held_quote;   // against it
} QS_R(qs_pool);

QS_CORE QS_R(qs_pool) QS_R(qs_pool_of)(const QS_R(qs_path_contract) * of) {
  QS_R(qs_pool) r;
  const double low = (double)of->level[1], high = (double)of->level[2], entry = (double)of->level[3];
  const int has_low = low > 0.0, has_high = high < 1e30;
  const double root_high = has_high ? qs_sqrt_d(high) : 0.0;
  r.scale = (double)of->level[0];
  r.log_low = has_low ? qs_log_d(low) : -1e4;
  r.log_high = has_high ? qs_log_d(high) : 1e4;
  r.root_low = has_low ? qs_sqrt_d(low) : 0.0;
  r.inverse_high = has_high ? 1.0 / root_high : 0.0;
  r.base_below = has_low ? r.scale * (1.0 / r.root_low - r.inverse_high) : 0.0;
  r.quote_above = has_high ? r.scale * (root_high - r.root_low) : 0.0;
  const double above = has_low && entry < low ? low : entry;
  const double root = qs_sqrt_d(has_high && above > high ? high : above);
  r.held_base = entry > 0.0 ? r.scale * (1.0 / root - r.inverse_high) : 0.0;
  r.held_quote = entry > 0.0 ? r.scale * (root - r.root_low) : 0.0;
  return r;
}

// The normal law's mass below `low`, between, and above `high`.
typedef struct QS_R(qs_pool_mass) {
  double below, inside, above;
} QS_R(qs_pool_mass);

QS_CORE QS_R(qs_pool_mass) QS_R(qs_pool_mass_of)(double low, double high) {
  QS_R(qs_pool_mass) r;
  const double a = qs_max_d(-12.0, qs_min_d(12.0, low)), b = qs_max_d(-12.0, qs_min_d(12.0, high));
  const double e0 = qs_normal_kernel_d(a), e1 = qs_normal_kernel_d(b);
  const qs_pair_d up_to = qs_normal_cdf_pair_d(a, e0, b, e1);
  r.below = up_to.first;
  r.inside = up_to.second - up_to.first;
  r.above = 1.0 - up_to.second;
  return r;
}

// The position given M and V: its price, derivative to M, and sqrt S inside.
typedef struct QS_R(qs_pool_value) {
  double price, delta, roots;
} QS_R(qs_pool_value);

QS_CORE QS_R(qs_pool_value) QS_R(qs_pool_at)(QS_R(qs_pool) pool, double m, double v) {
  const double root = qs_sqrt_d(qs_max_d(v, 1e-24)), inverse = qs_rcp_d(root), half = 0.5 * root;
  // Under the measure of S^q / E[S^q] the mean of ln S is M + (q - 1/2) V.
  const double low = (pool.log_low - m) * inverse, high = (pool.log_high - m) * inverse;
  const QS_R(qs_pool_mass) cash = QS_R(qs_pool_mass_of)(low + half, high + half),
                           mean = QS_R(qs_pool_mass_of)(low, high);
  const QS_R(qs_pool_mass) asset = QS_R(qs_pool_mass_of)(low - half, high - half);
  // E[sqrt S] = exp(M / 2 - V / 8).
  const double forward = qs_exp_d(m),
               roots = pool.scale * mean.inside * qs_exp_d(0.5 * qs_fma_d(-half, half, m));
  const double base = forward * qs_fma_d(pool.base_below, asset.below, -pool.held_base);
  const double quote = qs_fma_d(pool.quote_above, cash.above, -pool.held_quote);
  const double share = qs_fma_d(-pool.scale * pool.inverse_high, forward * asset.inside, base);
  QS_R(qs_pool_value) r;
  r.price = qs_fma_d(2.0, roots, share + qs_fma_d(-pool.scale * pool.root_low, cash.inside, quote));
  r.delta = roots + share;
  r.roots = roots;
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
    const QS_R(qs_pool_value) at =
        QS_R(qs_pool_at)(pool, (double)QS_R(qs_bounded)(m[i] + l, QS_C(40.0)), (double)v[i]);
    p->price[i] = (qs_real)at.price;
    if (greeks) {
      by_m[i] = (qs_real)at.delta;
      by_v[i] = (qs_real)(-0.25 * at.roots);
      p->gamma[i] = (qs_real)(-0.5 * at.roots);
    }
  }
  return QS_CHAIN_DIRECT;
}
