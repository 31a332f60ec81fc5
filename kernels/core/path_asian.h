// Options on a sum of prices, (phi (sum_d u_d S_d - K))+, against real.h: arithmetic Asians with fixed strike
// (u_d = w_d) and with the average as strike (u_d = -k w_d, and 1 more at the last date). Bridged: the sum
// over K, or over S_T, is monotone in g, so the option is exercised on one side of a root g, and the rest is
// Black's formula term by term.
//
// The root solves ln of a sum of exponentials = ln of a target. That function of g is convex and increasing,
// so Newton's steps from the geometric mean's root, which lies beyond, descend to it: a fixed number of them
// does, since it is nearly linear, and where it is not the exercise region hardly matters: the price is
// stationary in it.

enum { QS_PATH_NEWTON = 6 };

// Exponent and loading of term d of the root's sum.
QS_CORE qs_real QS_R(qs_asian_exponent)(int strike, qs_real b, qs_real b_last) {
  return strike ? b - b_last : b;
}
QS_CORE qs_real QS_R(qs_asian_loading)(int strike, qs_real c, qs_real c_last) {
  return strike ? c_last - c : c;
}

// The root of sum_(d < count) w_d exp(b_d + c_d g) = target, or, with `strike`, minus that of
// sum_(d < count) w_d exp(b_d - b_T + (c_T - c_d) g) + past exp(-b_T + c_T g) = target.
QS_CORE void QS_R(qs_asian_root)(int strike, const QS_R(qs_path_case) * p, uint32_t count, qs_real scale,
                                 qs_real past, qs_real target, qs_real *QS_RESTRICT g,
                                 qs_real *QS_RESTRICT value, qs_real *QS_RESTRICT slope) {
  const qs_real *QS_RESTRICT b_last = QS_R(qs_path_row)(p->b, p->of.count - 1);
  const qs_real *QS_RESTRICT c_last = QS_R(qs_path_row)(p->c, p->of.count - 1);
  qs_real whole = past;
  for (uint32_t d = 0; d < count; d++) {
    whole += scale * p->of.weight[d];
  }
  // The geometric mean's: value and slope hold its exponent and loading.
  const qs_real by = QS_R(qs_rcp)(whole), log_whole = QS_R(qs_log)(whole), log_target = QS_R(qs_log)(target);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    value[i] = strike ? -past * by * b_last[i] : QS_C(0.0);
    slope[i] = strike ? past * by * c_last[i] : QS_C(0.0);
  }
  for (uint32_t d = 0; d < count; d++) {
    const qs_real share = scale * p->of.weight[d] * by;
    const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      value[i] = QS_R(qs_fma)(share, QS_R(qs_asian_exponent)(strike, b[i], b_last[i]), value[i]);
      slope[i] = QS_R(qs_fma)(share, QS_R(qs_asian_loading)(strike, c[i], c_last[i]), slope[i]);
    }
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real at = QS_R(qs_div)(log_target - log_whole - value[i], QS_R(qs_path_positive)(slope[i]));
    g[i] = QS_R(qs_bounded)(at, QS_PATH_LIMIT);
  }
  for (int step = 0; step < QS_PATH_NEWTON; step++) {
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real term = past * QS_R(qs_path_exp)(QS_R(qs_fma)(c_last[i], g[i], -b_last[i]));
      value[i] = strike ? term : QS_C(0.0);
      slope[i] = strike ? term * c_last[i] : QS_C(0.0);
    }
    for (uint32_t d = 0; d < count; d++) {
      const qs_real weight = scale * p->of.weight[d];
      const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
      QS_SIMD
      for (int i = 0; i < QS_LANES; i++) {
        const qs_real loading = QS_R(qs_asian_loading)(strike, c[i], c_last[i]);
        const qs_real exponent = QS_R(qs_asian_exponent)(strike, b[i], b_last[i]);
        const qs_real term = weight * QS_R(qs_path_exp)(QS_R(qs_fma)(loading, g[i], exponent));
        value[i] += term;
        slope[i] = QS_R(qs_fma)(loading, term, slope[i]);
      }
    }
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real least = QS_R(qs_max)(QS_C(1e-24), slope[i]), sum = QS_R(qs_max)(QS_C(1e-24), value[i]);
      const qs_real move = (QS_R(qs_log)(sum) - log_target) * QS_R(qs_div)(sum, least);
      g[i] = QS_R(qs_bounded)(g[i] - move, QS_PATH_LIMIT);
    }
  }
  if (strike) {
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      g[i] = -g[i];
    }
  }
}

QS_CORE int QS_R(qs_asian_any)(int strike, int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const qs_real phi = of->sign, scale = strike ? of->level[0] : QS_C(1.0);
  const qs_real k = strike ? of->level[0] * of->level[1] : of->level[0] - of->level[1];
  const qs_real target = strike ? QS_R(qs_fma)(-scale, of->weight[last], QS_C(1.0)) : k;
  qs_real *QS_RESTRICT g = QS_R(qs_path_room)(p, 0), *QS_RESTRICT value = QS_R(qs_path_room)(p, 1);
  qs_real *QS_RESTRICT slope = QS_R(qs_path_room)(p, 2), *QS_RESTRICT density = QS_R(qs_path_room)(p, 3);
  qs_real *QS_RESTRICT price = p->price;
  QS_R(qs_path_bridge)(p);
  if (target > QS_C(0.0)) {
    QS_R(qs_asian_root)
    (strike, p, strike ? last : of->count, scale, strike ? k : QS_C(0.0), target, g, value, slope);
  } else { // the sum exceeds its strike always, or the average its price
    QS_R(qs_row_fill)(g, strike ? QS_PATH_LIMIT : -QS_PATH_LIMIT);
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real e = QS_R(qs_normal_kernel)(g[i]);
    const qs_real inside = QS_R(qs_normal_cdf_from_kernel)(-phi * g[i], e);
    price[i] = -phi * k * inside;
    density[i] = QS_R(qs_normal_pdf_from_kernel)(e);
    value[i] = QS_C(0.0);
    slope[i] = QS_C(0.0);
  }
  for (uint32_t d = 0; d <= last; d++) {
    const qs_real own = strike && d == last ? QS_C(1.0) : QS_C(0.0);
    const qs_real weight = strike ? QS_R(qs_fma)(-scale, of->weight[d], own) : of->weight[d];
    const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
    qs_real *QS_RESTRICT by_b = QS_R(qs_path_row)(p->by_m, greeks ? d : 0);
    qs_real *QS_RESTRICT by_c = QS_R(qs_path_row)(p->by_v, greeks ? d : 0);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real d1 = c[i] - g[i];
      const qs_real forward = weight * QS_R(qs_path_exp)(QS_R(qs_fma)(QS_C(0.5) * c[i], c[i], b[i]));
      const qs_real e = QS_R(qs_normal_kernel)(d1);
      const qs_real part = phi * forward * QS_R(qs_normal_cdf_from_kernel)(phi * d1, e);
      price[i] += part;
      if (greeks) {
        const qs_real edge = forward * QS_R(qs_normal_pdf_from_kernel)(e);
        by_b[i] = part;
        by_c[i] = QS_R(qs_fma)(c[i], part, edge);
        value[i] += edge;
        slope[i] = QS_R(qs_fma)(c[i], edge, slope[i]);
      }
    }
  }
  // The root moves by minus value / slope with a shift; both hold the density of g as a factor.
  if (greeks) {
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      p->gamma[i] = QS_R(qs_div)(value[i] * value[i], QS_R(qs_max)(QS_C(1e-24), slope[i]));
    }
  }
  return QS_CHAIN_BRIDGED;
}

QS_CORE int QS_R(qs_path_asian)(int greeks, const QS_R(qs_path_case) * p) {
  return QS_R(qs_asian_any)(0, greeks, p);
}

QS_CORE int QS_R(qs_path_asian_strike)(int greeks, const QS_R(qs_path_case) * p) {
  return QS_R(qs_asian_any)(1, greeks, p);
}
