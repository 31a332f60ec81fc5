// Autocallable notes on one underlying, against real.h. Alive until S_d reaches the call's level of date d,
// when level[0], the redemption, is paid; at the last date it is paid in any case, less (level[0] - level[3]
// S_T)+ where the note is not called then and was knocked in: S_d below level[2] at the last date (level[4] =
// 0), at some date (1), or already (2). The coupon level[1] is paid at each date to which the note is alive
// and at which S_d reaches the coupon's barrier; with level[5] >= 0, together with those that were missed
// since the last one paid, level[5] of them before the first date. What date d pays counts weights[d]. The
// logs of a date's two levels, per F_T, are the rows of `policy`.
//
// Bridged: every condition is one on g, so the note pays between thresholds (ln level - b_d) / c_d: alive up
// to date d where g < H, the least of the calls' thresholds before; coupon j at d where g is between d's
// threshold and the least of H and the coupons' thresholds from j to d - 1; knocked in where g < K, the
// greatest of those dates'. Probabilities are taken first: they keep the order of the thresholds, so that
// what is missed and owed is a chain of minima of numbers. The put is Black's formula up to the least of H, K
// and its strike (conditioning on all but one normal: Glasserman, Staum 2001, is the same step by step).
//
// The price is continuous and piecewise smooth in b and c, so derivatives are those of the active thresholds.
// Gamma as in path_barrier.h: a shift of all ln S is one of g, under which the derivatives to b turn into
// those to c, and one of the bridge, whose likelihood ratio is R_1 / V_1; what the derivative is in the
// middle, at R = 0, is taken off before, its share in the ratio's mean being zero.

// Rows of `slots`, [date][lane] each: the coupon's probability of being missed, that of being alive before
// the date, derivatives to the first, and the chain of minima.
enum { QS_CALL_COUPON, QS_CALL_ALIVE, QS_CALL_BY_COUPON, QS_CALL_CHAIN };

typedef struct QS_R(qs_call_rows) {
  QS_LANE_ALIGNED qs_real alive[QS_LANES], before[QS_LANES]; // probability of g < H after and before the date
  qs_real end[QS_LANES], worst[QS_LANES];                    // H and K themselves
  qs_real chain[QS_LANES], adjoint[QS_LANES];
  qs_real by_alive[QS_LANES], by_call[QS_LANES]; // derivatives to probabilities
  qs_real by_end[QS_LANES], by_worst[QS_LANES];  // derivatives to H and K, from the put
  qs_real delta[QS_LANES], turn[QS_LANES];       // sums of the derivatives to b and to c
} QS_R(qs_call_rows);

QS_CORE qs_real *QS_R(qs_call_row)(const QS_R(qs_path_case) * p, uint32_t field, uint32_t d) {
  return p->slots + ((size_t)field * p->of.count + d) * QS_ROW;
}

// What a date pays to the notes called at it, and each coupon.
QS_CORE qs_real QS_R(qs_call_redeemed)(const QS_R(qs_path_contract) * of, uint32_t d) {
  return of->weight[d] * of->level[0];
}

// Whether missed coupons are caught up, and how many go by the threshold of date j: its own, and with the
// first those that were missed before.
QS_CORE int QS_R(qs_call_memory)(const QS_R(qs_path_contract) * of) {
  return of->level[5] > QS_C(-0.5);
}
QS_CORE qs_real QS_R(qs_call_coupons)(const QS_R(qs_path_contract) * of, uint32_t d, uint32_t j) {
  const qs_real owed = j == 0 && QS_R(qs_call_memory)(of) ? of->level[5] : QS_C(0.0);
  return of->weight[d] * of->level[1] * (QS_C(1.0) + owed);
}

// The thresholds of date d join the running ones; its redemption is paid.
QS_CORE void QS_R(qs_call_date)(int greeks, const QS_R(qs_path_case) * p, uint32_t d,
                                QS_R(qs_call_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int last = d + 1 == of->count, watched = last || of->level[4] > QS_C(0.5);
  const qs_real log_call = of->policy[2 * d], log_coupon = of->policy[2 * d + 1], log_in = of->log_level[2];
  const qs_real redeemed = QS_R(qs_call_redeemed)(of, d);
  const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
  qs_real *QS_RESTRICT missed = QS_R(qs_call_row)(p, QS_CALL_COUPON, d);
  qs_real *QS_RESTRICT kept = greeks ? QS_R(qs_call_row)(p, QS_CALL_ALIVE, d) : t->chain;
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real rate = QS_R(qs_rcp)(c[i]);
    const qs_real call = QS_R(qs_barrier_threshold)(log_call, b[i], rate);
    const qs_real coupon = QS_R(qs_barrier_threshold)(log_coupon, b[i], rate);
    const qs_real in = QS_R(qs_barrier_threshold)(log_in, b[i], rate);
    const qs_real e0 = QS_R(qs_normal_kernel)(call), e1 = QS_R(qs_normal_kernel)(coupon);
    const QS_R(qs_pair) below = QS_R(qs_normal_cdf_pair)(call, e0, coupon, e1);
    // cppcheck-suppress uninitvar ; the rows are filled before
    const qs_real alive = t->alive[i], after = QS_R(qs_min)(alive, below.first);
    p->price[i] = QS_R(qs_fma)(redeemed, last ? alive : alive - after, p->price[i]);
    t->before[i] = alive;
    t->alive[i] = after;
    t->end[i] = QS_R(qs_min)(t->end[i], call);
    t->worst[i] = watched ? QS_R(qs_max)(t->worst[i], in) : t->worst[i];
    missed[i] = below.second;
    kept[i] = alive;
  }
}

// The coupons that date d may pay: its own, and those owed since each date before it.
QS_CORE void QS_R(qs_call_paid)(const QS_R(qs_path_case) * p, uint32_t d,
                                QS_R(qs_call_rows) * QS_RESTRICT t) {
  const qs_real *missed = QS_R(qs_call_row)(p, QS_CALL_COUPON, d);
  const uint32_t first = QS_R(qs_call_memory)(&p->of) ? 0 : d;
  QS_R(qs_row_copy)(t->before, t->chain);
  for (uint32_t j = d + 1; j-- > first;) {
    const qs_real coupons = QS_R(qs_call_coupons)(&p->of, d, j);
    const qs_real *from = j < d ? QS_R(qs_call_row)(p, QS_CALL_COUPON, j) : t->before;
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real chain = QS_R(qs_min)(t->chain[i], from[i]);
      t->chain[i] = chain;
      p->price[i] = QS_R(qs_fma)(coupons, QS_R(qs_max)(QS_C(0.0), chain - missed[i]), p->price[i]);
    }
  }
}

// The put that is taken off, and its derivatives: to b_T and c_T to room 0 and 1.
QS_CORE void QS_R(qs_call_put)(int greeks, const QS_R(qs_path_case) * p, QS_R(qs_call_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const qs_real w = of->weight[last], k = w * of->level[0], slope = w * of->level[3];
  const qs_real log_k = of->log_level[0] - of->log_level[3];
  const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, last),
                             *QS_RESTRICT c = QS_R(qs_path_row)(p->c, last);
  qs_real *QS_RESTRICT by_b = QS_R(qs_path_room)(p, 0), *QS_RESTRICT by_c = QS_R(qs_path_room)(p, 1);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real strike = QS_R(qs_barrier_threshold)(log_k, b[i], QS_R(qs_rcp)(c[i]));
    // cppcheck-suppress uninitvar ; the rows are filled before
    const qs_real both = QS_R(qs_min)(t->end[i], t->worst[i]), up_to = QS_R(qs_min)(both, strike);
    const qs_real forward = slope * QS_R(qs_path_exp)(QS_R(qs_fma)(QS_C(0.5) * c[i], c[i], b[i]));
    const qs_real e0 = QS_R(qs_normal_kernel)(up_to), e1 = QS_R(qs_normal_kernel)(up_to - c[i]);
    const QS_R(qs_pair) below = QS_R(qs_normal_cdf_pair)(up_to, e0, up_to - c[i], e1);
    const qs_real coin = forward * below.second;
    p->price[i] += QS_R(qs_fma)(-k, below.first, coin);
    if (greeks) {
      const qs_real edge = forward * QS_R(qs_normal_pdf_from_kernel)(e1);
      // Nothing is lost at the strike.
      const qs_real loss = QS_R(qs_fma)(-k, QS_R(qs_normal_pdf_from_kernel)(e0), edge);
      const qs_real by_both = both < strike ? loss : QS_C(0.0);
      by_b[i] = coin;
      by_c[i] = QS_R(qs_fma)(c[i], coin, -edge);
      t->by_end[i] = t->end[i] < t->worst[i] ? by_both : QS_C(0.0);
      t->by_worst[i] = t->end[i] < t->worst[i] ? QS_C(0.0) : by_both;
    }
  }
}

// Backwards, the redemption of date d: derivatives to the call's probability, to by_call, and to that of
// being alive before.
QS_CORE void QS_R(qs_call_back)(const QS_R(qs_path_case) * p, uint32_t d,
                                QS_R(qs_call_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int last = d + 1 == of->count;
  const qs_real redeemed = QS_R(qs_call_redeemed)(of, d), log_call = of->policy[2 * d];
  const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
  const qs_real *QS_RESTRICT alive = QS_R(qs_call_row)(p, QS_CALL_ALIVE, d);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real call = QS_R(qs_barrier_threshold)(log_call, b[i], QS_R(qs_rcp)(c[i]));
    const int sets = QS_R(qs_normal_cdf_from_kernel)(call, QS_R(qs_normal_kernel)(call)) < alive[i];
    const qs_real after = t->by_alive[i], gains = sets && !last ? redeemed : QS_C(0.0);
    t->by_call[i] = sets ? after - gains : QS_C(0.0);
    t->by_alive[i] = (sets ? QS_C(0.0) : after) + (last ? redeemed : gains);
  }
}

// The coupons of date d: first the chain of minima again, then what each of its links is worth.
QS_CORE void QS_R(qs_call_paid_back)(const QS_R(qs_path_case) * p, uint32_t d,
                                     QS_R(qs_call_rows) * QS_RESTRICT t) {
  const uint32_t first = QS_R(qs_call_memory)(&p->of) ? 0 : d;
  const qs_real *alive = QS_R(qs_call_row)(p, QS_CALL_ALIVE, d);
  const qs_real *missed = QS_R(qs_call_row)(p, QS_CALL_COUPON, d);
  qs_real *by_own = QS_R(qs_call_row)(p, QS_CALL_BY_COUPON, d);
  QS_R(qs_row_copy)(alive, QS_R(qs_call_row)(p, QS_CALL_CHAIN, d));
  for (uint32_t j = d; j-- > first;) {
    const qs_real *QS_RESTRICT from = QS_R(qs_call_row)(p, QS_CALL_COUPON, j);
    const qs_real *QS_RESTRICT before = QS_R(qs_call_row)(p, QS_CALL_CHAIN, j + 1);
    qs_real *QS_RESTRICT to = QS_R(qs_call_row)(p, QS_CALL_CHAIN, j);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      to[i] = QS_R(qs_min)(before[i], from[i]);
    }
  }
  QS_R(qs_row_fill)(t->adjoint, QS_C(0.0));
  for (uint32_t j = first; j <= d; j++) {
    const int own = j == d;
    const qs_real coupons = QS_R(qs_call_coupons)(&p->of, d, j);
    const qs_real *from = QS_R(qs_call_row)(p, QS_CALL_COUPON, j);
    const qs_real *chain = QS_R(qs_call_row)(p, QS_CALL_CHAIN, j);
    const qs_real *before = QS_R(qs_call_row)(p, QS_CALL_CHAIN, own ? j : j + 1);
    qs_real *by_link = QS_R(qs_call_row)(p, QS_CALL_BY_COUPON, j);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real worth = chain[i] > missed[i] ? coupons : QS_C(0.0);
      const qs_real adjoint = t->adjoint[i] + worth;
      const int sets = !own && from[i] < before[i];
      by_own[i] -= worth;
      by_link[i] += sets ? adjoint : QS_C(0.0);
      t->adjoint[i] = sets ? QS_C(0.0) : adjoint;
    }
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    t->by_alive[i] += t->adjoint[i];
  }
}

// What date d's thresholds take: the derivatives to b_d and c_d.
QS_CORE void QS_R(qs_call_moves)(const QS_R(qs_path_case) * p, uint32_t d,
                                 QS_R(qs_call_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int last = d + 1 == of->count, watched = last || of->level[4] > QS_C(0.5);
  const qs_real log_call = of->policy[2 * d], log_coupon = of->policy[2 * d + 1], log_in = of->log_level[2];
  const qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT c = QS_R(qs_path_row)(p->c, d);
  const qs_real *QS_RESTRICT by_coupon = QS_R(qs_call_row)(p, QS_CALL_BY_COUPON, d);
  const qs_real *QS_RESTRICT put_b = QS_R(qs_path_room)(p, 0), *QS_RESTRICT put_c = QS_R(qs_path_room)(p, 1);
  qs_real *QS_RESTRICT by_b = QS_R(qs_path_row)(p->by_m, d),
                       *QS_RESTRICT by_c = QS_R(qs_path_row)(p->by_v, d);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real rate = QS_R(qs_rcp)(c[i]);
    const qs_real call = QS_R(qs_barrier_threshold)(log_call, b[i], rate);
    const qs_real coupon = QS_R(qs_barrier_threshold)(log_coupon, b[i], rate);
    const qs_real in = QS_R(qs_barrier_threshold)(log_in, b[i], rate);
    const qs_real from_end = call <= t->end[i] ? t->by_end[i] : QS_C(0.0);
    const qs_real from_worst = watched && in >= t->worst[i] ? t->by_worst[i] : QS_C(0.0);
    const qs_real by_call = QS_R(qs_fma)(t->by_call[i], QS_R(qs_normal_pdf)(call), from_end);
    const qs_real by_own = by_coupon[i] * QS_R(qs_normal_pdf)(coupon);
    const qs_real to_b = -rate * (by_call + (by_own + from_worst));
    const qs_real to_c = -rate * QS_R(qs_fma)(call, by_call, QS_R(qs_fma)(coupon, by_own, in * from_worst));
    by_b[i] = to_b + (last ? put_b[i] : QS_C(0.0));
    by_c[i] = to_c + (last ? put_c[i] : QS_C(0.0));
    t->delta[i] += by_b[i];
    t->turn[i] += by_c[i];
    t->by_end[i] -= from_end; // equal thresholds: the last takes it
    t->by_worst[i] -= from_worst;
  }
}

QS_CORE void QS_R(qs_call_gamma)(const QS_R(qs_path_case) * p, const QS_R(qs_call_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const int ratio = of->first < last;
  const uint32_t first = ratio ? of->first : 0;
  const qs_real *QS_RESTRICT middle = QS_R(qs_path_room)(p, 2);
  const qs_real *QS_RESTRICT v = QS_R(qs_path_v)(p, first), *QS_RESTRICT y = QS_R(qs_path_y)(p, first);
  const qs_real *QS_RESTRICT y_last = QS_R(qs_path_y)(p, last),
                             *QS_RESTRICT c = QS_R(qs_path_row)(p->c, last);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real rate = QS_R(qs_rcp)(c[i]), end = y_last[i] * rate * rate;
    const qs_real score = ratio ? QS_R(qs_div)(y[i], QS_R(qs_path_positive)(v[i])) - end : QS_C(0.0);
    p->gamma[i] = QS_R(qs_fma)(t->delta[i] - middle[i], score, t->turn[i] * rate - t->delta[i]);
  }
}

// ln S_d / F_T with its own noise left out but for the one normal, to b.
QS_CORE void QS_R(qs_call_middle)(const QS_R(qs_path_case) * p) {
  for (uint32_t d = 0; d < p->of.count; d++) {
    const qs_real l = p->of.log_forward[d] + p->shift;
    const qs_real *QS_RESTRICT m = QS_R(qs_path_m)(p, d), *QS_RESTRICT v = QS_R(qs_path_v)(p, d);
    qs_real *QS_RESTRICT b = QS_R(qs_path_row)(p->b, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      b[i] = l + QS_R(qs_fma)(QS_C(-0.5), v[i], m[i]);
    }
  }
}

// The note over b and c, and with greeks its derivatives.
QS_CORE void QS_R(qs_call_note)(int greeks, const QS_R(qs_path_case) * p, QS_R(qs_call_rows) * t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int coupons = of->level[1] > QS_C(0.0);
  QS_R(qs_row_fill)(p->price, QS_C(0.0));
  QS_R(qs_row_fill)(t->alive, QS_C(1.0));
  QS_R(qs_row_fill)(t->end, QS_PATH_LIMIT);
  QS_R(qs_row_fill)(t->worst, of->level[4] > QS_C(1.5) ? QS_PATH_LIMIT : -QS_PATH_LIMIT);
  for (uint32_t d = 0; d < of->count; d++) {
    QS_R(qs_call_date)(greeks, p, d, t);
    if (coupons) {
      QS_R(qs_call_paid)(p, d, t);
    }
    if (greeks) {
      QS_R(qs_row_fill)(QS_R(qs_call_row)(p, QS_CALL_BY_COUPON, d), QS_C(0.0));
    }
  }
  QS_R(qs_call_put)(greeks, p, t);
  QS_R(qs_row_fill)(t->by_alive, QS_C(0.0));
  QS_R(qs_row_fill)(t->delta, QS_C(0.0));
  QS_R(qs_row_fill)(t->turn, QS_C(0.0));
  for (uint32_t d = greeks ? of->count : 0; d-- > 0;) {
    QS_R(qs_call_back)(p, d, t);
    if (coupons) {
      QS_R(qs_call_paid_back)(p, d, t);
    }
    QS_R(qs_call_moves)(p, d, t);
  }
}

QS_CORE int QS_R(qs_path_autocall)(int greeks, const QS_R(qs_path_case) * p) {
  const int ratio = greeks && p->of.first + 1 < p->of.count;
  qs_real *QS_RESTRICT middle = QS_R(qs_path_room)(p, 2);
  QS_R(qs_call_rows) t;
  QS_R(qs_row_fill)(middle, QS_C(0.0));
  for (int own = ratio ? 0 : 1; own < 2; own++) {
    QS_R(qs_path_bridge)(p);
    if (!own) {
      QS_R(qs_call_middle)(p);
    }
    QS_R(qs_call_note)(greeks, p, &t);
    if (!own) {
      QS_R(qs_row_copy)(t.delta, middle);
    }
  }
  if (greeks) {
    QS_R(qs_call_gamma)(p, &t);
  }
  return QS_CHAIN_BRIDGED;
}
