// Barriers watched at all times, on the path, against real.h; levels as in path_barrier.h. Between its dates
// ln S is taken as a Brownian bridge of the variance B = (V_d - V_(d-1)) / (1 - rho^2): what comes with the
// variance's noise is known at the dates alone, and between them as open as the price's own. It stays above l
// with the probability 1 - exp(-2 (x_(d-1) - l) (x_d - l) / B) (Andersen, Brotherton-Ratcliffe 1996), and the
// watch begins at the first date, which may be now. With two barriers the probabilities are multiplied, which
// is wrong by less than exp(-2 w (w - |x_d - x_(d-1)|) / B), w their distance: nothing where the dates are
// close. So is a jump between two dates taken for a part of the bridge.

// Probability of staying inside between two dates, its log's derivatives to x_(d-1), x_d and the variance,
// and for gamma (d00 + d01) p / p, d0 and d1 the derivatives to the two x.
typedef struct QS_R(qs_staying) {
  qs_real p, before, now, variance, curve;
} QS_R(qs_staying);

// One barrier at the distances a and b, `way` 1 below and -1 above the price.
QS_CORE QS_R(qs_staying) QS_R(qs_stay_one)(qs_real way, qs_real a, qs_real b, qs_real inverse) {
  QS_R(qs_staying) r;
  const int inside = a > QS_C(0.0) && b > QS_C(0.0);
  const qs_real two = QS_C(2.0) * inverse, power = two * a * b;
  // Where the barrier is far nothing is left of e, and what it is multiplied with may overflow.
  const int felt = inside && power < QS_C(40.0);
  const qs_real e = felt ? QS_R(qs_path_exp)(-power) : QS_C(0.0);
  r.p = inside ? QS_C(1.0) - e : QS_C(0.0);
  const qs_real rate = inside ? QS_R(qs_rcp)(QS_R(qs_max)(r.p, QS_C(1e-12))) : QS_C(0.0);
  const qs_real odds = e * rate;
  r.before = felt ? way * odds * two * b : QS_C(0.0);
  r.now = felt ? way * odds * two * a : QS_C(0.0);
  r.variance = felt ? -odds * inverse * power : QS_C(0.0);
  r.curve = felt ? odds * two * (QS_C(1.0) - two * b * (a + b) * rate) : QS_C(0.0);
  return r;
}

QS_CORE QS_R(qs_staying)
    QS_R(qs_stay)(qs_real log_low, qs_real log_high, qs_real before, qs_real now, qs_real variance) {
  const qs_real inverse = QS_R(qs_rcp)(variance);
  const QS_R(qs_staying) low = QS_R(qs_stay_one)(QS_C(1.0), before - log_low, now - log_low, inverse);
  const QS_R(qs_staying) high = QS_R(qs_stay_one)(QS_C(-1.0), log_high - before, log_high - now, inverse);
  QS_R(qs_staying) r;
  r.p = low.p * high.p;
  r.before = low.before + high.before;
  r.now = low.now + high.now;
  r.variance = low.variance + high.variance;
  r.curve = low.curve + high.curve + r.before * (r.before + r.now);
  return r;
}

typedef struct QS_R(qs_continuous_rows) {
  QS_LANE_ALIGNED qs_real alive[QS_LANES], sum[QS_LANES];
  qs_real by_x[QS_LANES], by_v[QS_LANES]; // what a date hands to the one before
  qs_real total[QS_LANES];
} QS_R(qs_continuous_rows);

// The option at the end, to room 0, and its derivative to ln S_T, to room 1.
QS_CORE void QS_R(qs_continuous_end)(const QS_R(qs_path_case) * p) {
  const qs_real phi = p->of.sign, k = p->of.level[0];
  const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, p->of.count - 1);
  qs_real *QS_RESTRICT value = QS_R(qs_path_room)(p, 0), *QS_RESTRICT slope = QS_R(qs_path_room)(p, 1);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real s = QS_R(qs_path_exp)(x[i]), inner = phi * (s - k);
    value[i] = QS_R(qs_max)(QS_C(0.0), inner);
    slope[i] = inner > QS_C(0.0) ? phi * s : QS_C(0.0);
  }
}

// Date d backwards: sum gains what staying alive until d is worth, and the interval before d takes it.
QS_CORE void QS_R(qs_continuous_back)(const QS_R(qs_path_case) * p, uint32_t d, qs_real weight,
                                      QS_R(qs_continuous_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int end = d + 1 == of->count, in = of->level[4] > QS_C(0.5), start = d == 0;
  const int now = d == 1 && of->first == 1;
  const qs_real part = in ? QS_C(-1.0) : QS_C(1.0), whole = in ? QS_C(1.0) : QS_C(0.0);
  const qs_real log_low = of->log_level[1], log_high = of->log_level[2];
  const qs_real *QS_RESTRICT value = QS_R(qs_path_room)(p, 0), *QS_RESTRICT slope = QS_R(qs_path_room)(p, 1);
  const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d), *x0 = QS_R(qs_path_row)(p->b, start ? 0 : d - 1);
  const qs_real *QS_RESTRICT v = QS_R(qs_path_v)(p, d), *v0 = QS_R(qs_path_v)(p, start ? 0 : d - 1);
  qs_real *alive = QS_R(qs_path_row)(p->by_m, d), *by_v = QS_R(qs_path_row)(p->by_v, d);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real worth = end ? QS_R(qs_fma)(part, value[i], weight) : weight;
    const qs_real own = end ? slope[i] * part * alive[i] : QS_C(0.0);
    const qs_real open = end ? slope[i] * whole : QS_C(0.0); // whatever is hit
    const qs_real sum = QS_R(qs_fma)(worth, alive[i], t->sum[i]);
    const QS_R(qs_staying) s =
        QS_R(qs_stay)(log_low, log_high, x0[i], x[i], of->whole * QS_R(qs_path_between)(v0[i], v[i]));
    const qs_real used = start ? QS_C(0.0) : sum;
    qs_real by_x = own + t->by_x[i] + used * s.now;
    // The rest of the delta, from the dates after and this one's own, meets the interval from now on once
    // more.
    const qs_real rest = t->total[i] + own + t->by_x[i];
    if (now) {
      p->gamma[i] = QS_R(qs_fma)(used, s.curve, s.before * rest);
    }
    t->sum[i] = sum;
    t->total[i] += by_x;
    by_x += open;
    t->by_x[i] = used * s.before;
    const qs_real by_own = used * s.variance * of->whole;
    by_v[i] = by_own + t->by_v[i];
    t->by_v[i] = -by_own;
    alive[i] = by_x;
  }
}

QS_CORE int QS_R(qs_path_barrier_continuous)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const qs_real log_low = of->log_level[1], log_high = of->log_level[2];
  const int in = of->level[4] > QS_C(0.5);
  const qs_real part = in ? QS_C(-1.0) : QS_C(1.0), whole = in ? QS_C(1.0) : QS_C(0.0);
  const qs_real at_once = of->level[5] > QS_C(0.5) ? of->weight[0] : QS_C(1.0);
  QS_R(qs_continuous_rows) t;
  QS_R(qs_path_prices)(p);
  QS_R(qs_continuous_end)(p);
  QS_R(qs_row_fill)(p->price, in ? QS_C(0.0) : of->level[3] * at_once);
  for (uint32_t d = 0; d <= last; d++) {
    const int start = d == 0;
    const qs_real weight = QS_R(qs_barrier_weight)(of, d);
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d),
                               *x0 = QS_R(qs_path_row)(p->b, start ? 0 : d - 1);
    const qs_real *QS_RESTRICT v = QS_R(qs_path_v)(p, d), *v0 = QS_R(qs_path_v)(p, start ? 0 : d - 1);
    qs_real *QS_RESTRICT kept = QS_R(qs_path_row)(p->by_m, greeks ? d : 0);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      const qs_real inside = x[i] > log_low && x[i] < log_high ? QS_C(1.0) : QS_C(0.0);
      const qs_real stays =
          QS_R(qs_stay)(log_low, log_high, x0[i], x[i], of->whole * QS_R(qs_path_between)(v0[i], v[i])).p;
      // cppcheck-suppress uninitvar ; the first date begins it
      const qs_real alive = start ? inside : t.alive[i] * stays;
      t.alive[i] = alive;
      p->price[i] = QS_R(qs_fma)(weight, alive, p->price[i]);
      if (greeks) {
        kept[i] = alive;
      }
    }
  }
  const qs_real *QS_RESTRICT value = QS_R(qs_path_room)(p, 0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    p->price[i] = QS_R(qs_fma)(value[i], QS_R(qs_fma)(part, t.alive[i], whole), p->price[i]);
    t.sum[i] = QS_C(0.0);
    t.by_x[i] = QS_C(0.0);
    t.by_v[i] = QS_C(0.0);
    t.total[i] = QS_C(0.0);
  }
  if (greeks) {
    QS_R(qs_row_fill)(p->gamma, QS_C(0.0));
    for (uint32_t d = last + 1; d-- > 0;) {
      QS_R(qs_continuous_back)(p, d, QS_R(qs_barrier_weight)(of, d), &t);
    }
  }
  return QS_CHAIN_PATH;
}

// What B takes from rho beside V: its derivative at fixed V is 2 rho B / (1 - rho^2).
QS_CORE void QS_R(qs_continuous_rho)(const QS_R(qs_path_case) * p, qs_real *QS_RESTRICT to) {
  const qs_real rate = p->of.whole_rho;
  for (uint32_t d = 0; d < p->of.count; d++) {
    const qs_real *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, d), *QS_RESTRICT v = QS_R(qs_path_v)(p, d);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      to[i] = QS_R(qs_fma)(rate * by_v[i], v[i], to[i]);
    }
  }
}
