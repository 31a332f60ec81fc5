// Barriers watched at all times, on the path, against real.h; levels as in path_barrier.h. Between its dates
// ln S is taken as a Brownian bridge of the whole variance B: of the model's own part of V_d - V_(d-1) over
// 1 - rho^2, since what comes with the variance's noise is known at the dates alone and between them as open
// as the price's own, and of the added part as it is. It stays above l with the probability
// 1 - exp(-2 (x_(d-1) - l) (x_d - l) / B) (Andersen, Brotherton-Ratcliffe 1996), and the watch begins at the
// first date, which may be now. With two barriers the probabilities are multiplied, which is wrong by less
// than exp(-2 w (w - |x_d - x_(d-1)|) / B), w their distance: nothing where the dates are close.
//
// Given both ends the variance moves within the interval with ln S, by rho xi for 1 of it, so that nearer to
// l it is another than at the dates. For a variance linear in x Lamperti's transform makes the distances a
// and b to l distances in the number of deviations: to first order the exponent 2 a b / B becomes 2 a b / B
// (1 + c (a + b)), for an l above 1 - c (a + b), c = rho xi dt / 4 times the model's part of B over B^2.
// (Without it a Heston barrier is 0.4% off at steps of four days.)
//
// A jump between two dates happens at a uniform time, which is drawn (Metwally, Atiya 2002): bridges before
// and after it, with the place where it begins drawn from the bridge over the whole interval. All jumps of an
// interval are one. Of normal jumps the size is drawn given the interval's noise, of which it is a part.
// Where the watch begins now the first interval is not cut, so that gamma stays in closed form: a step of
// hours, and only a barrier next to the spot feels it.

// Probability of staying inside between two dates, its log's derivatives to x_(d-1), x_d, the variance B and
// c, and for gamma (d00 + d01) p / p, d0 and d1 the derivatives to the two x.
typedef struct QS_R(qs_staying) {
  qs_real p, before, now, variance, bend, curve;
} QS_R(qs_staying);

// 1 + t, kept positive as 1 / (1 - t), and its derivatives.
typedef struct QS_R(qs_bent) {
  qs_real value, slope, curve;
} QS_R(qs_bent);

QS_CORE QS_R(qs_bent) QS_R(qs_bend)(qs_real t) {
  QS_R(qs_bent) r;
  const int less = t < QS_C(0.0);
  const qs_real f = QS_R(qs_rcp)(QS_C(1.0) - QS_R(qs_min)(QS_C(0.0), t));
  r.value = less ? f : QS_C(1.0) + t;
  r.slope = less ? f * f : QS_C(1.0);
  r.curve = less ? QS_C(2.0) * f * f * f : QS_C(0.0);
  return r;
}

// One barrier at the distances a and b, `way` 1 below and -1 above the price.
QS_CORE QS_R(qs_staying) QS_R(qs_stay_one)(qs_real way, qs_real a, qs_real b, qs_real inverse, qs_real bend) {
  QS_R(qs_staying) r;
  const int inside = a > QS_C(0.0) && b > QS_C(0.0);
  const qs_real c = way * bend, together = a + b, two = QS_C(2.0) * inverse;
  const QS_R(qs_bent) f = QS_R(qs_bend)(inside ? c * together : QS_C(0.0));
  const qs_real power = two * a * b * f.value;
  // Where the barrier is far nothing is left of e, and what it is multiplied with may overflow.
  const int felt = inside && power < QS_C(40.0);
  const qs_real e = felt ? QS_R(qs_path_exp)(-power) : QS_C(0.0);
  r.p = inside ? QS_C(1.0) - e : QS_C(0.0);
  const qs_real rate = inside ? QS_R(qs_rcp)(QS_R(qs_max)(r.p, QS_C(1e-12))) : QS_C(0.0);
  const qs_real odds = e * rate, turn = f.slope * c;
  // Of the power: to a, to b, twice to a, and to both.
  const qs_real by_a = two * b * QS_R(qs_fma)(a, turn, f.value),
                by_b = two * a * QS_R(qs_fma)(b, turn, f.value);
  const qs_real aa = two * b * QS_R(qs_fma)(a * f.curve * c, c, QS_C(2.0) * turn);
  const qs_real ab = two * (QS_R(qs_fma)(together, turn, f.value) + a * b * f.curve * c * c);
  r.before = felt ? way * odds * by_a : QS_C(0.0);
  r.now = felt ? way * odds * by_b : QS_C(0.0);
  r.variance = felt ? -odds * inverse * power : QS_C(0.0);
  r.bend = felt ? odds * two * a * b * f.slope * way * together : QS_C(0.0);
  r.curve = felt ? odds * (aa + ab - rate * by_a * (by_a + by_b)) : QS_C(0.0);
  return r;
}

QS_CORE QS_R(qs_staying) QS_R(qs_stay)(qs_real log_low, qs_real log_high, qs_real before, qs_real now,
                                       qs_real variance, qs_real bend) {
  const qs_real inverse = QS_R(qs_rcp)(variance);
  const QS_R(qs_staying) low = QS_R(qs_stay_one)(QS_C(1.0), before - log_low, now - log_low, inverse, bend);
  const QS_R(qs_staying) high =
      QS_R(qs_stay_one)(QS_C(-1.0), log_high - before, log_high - now, inverse, bend);
  QS_R(qs_staying) r;
  r.p = low.p * high.p;
  r.before = low.before + high.before;
  r.now = low.now + high.now;
  r.variance = low.variance + high.variance;
  r.bend = low.bend + high.bend;
  r.curve = low.curve + high.curve + r.before * (r.before + r.now);
  return r;
}

// Two bridges around a jump of size j at the part u of the interval, from x_(d-1) to y = x_(d-1) + u c +
// sqrt(u (1 - u) B) z, c = x_d - x_(d-1) - j, and from y + j to x_d; `size` is the derivative to j. No curve.
QS_CORE QS_R(qs_staying)
    QS_R(qs_stay_split)(qs_real log_low, qs_real log_high, qs_real before, qs_real now, qs_real variance,
                        qs_real bend, qs_real jump, qs_real u, qs_real z, qs_real *size) {
  const qs_real rest = QS_C(1.0) - u, spread = QS_R(qs_sqrt)(u * rest * variance) * z;
  const qs_real y = before + QS_R(qs_fma)(u, now - before - jump, spread);
  const QS_R(qs_staying) first = QS_R(qs_stay)(log_low, log_high, before, y, u * variance, bend);
  const QS_R(qs_staying) second = QS_R(qs_stay)(log_low, log_high, y + jump, now, rest * variance, bend);
  const qs_real both = first.now + second.before; // to y and what jumps from it
  QS_R(qs_staying) r;
  r.p = first.p * second.p;
  r.before = QS_R(qs_fma)(rest, both, first.before);
  r.now = QS_R(qs_fma)(u, both, second.now);
  r.variance = QS_R(qs_fma)(u, first.variance, rest * second.variance) +
               QS_C(0.5) * both * QS_R(qs_div)(spread, variance);
  r.bend = first.bend + second.bend;
  r.curve = QS_C(0.0);
  *size = QS_R(qs_fma)(rest, second.before, -u * first.now);
  return r;
}

// The interval before a date.
typedef struct QS_R(qs_between_rows) {
  QS_LANE_ALIGNED qs_real variance[QS_LANES]; // B
  qs_real own[QS_LANES];                      // of it the model's part
  qs_real bend[QS_LANES];                     // c over rho xi
  qs_real jumped[QS_LANES], jump[QS_LANES];   // 1 with a jump, else 0; its size
  qs_real number[QS_LANES];                   // of normal jumps
  qs_real by_v[QS_LANES], by_sigma[QS_LANES]; // of the size, the standardised noise held: to the variance
                                              // V_d - V_(d-1) and to sigma_j
} QS_R(qs_between_rows);

// Size of normal jumps given the interval's noise; `variance` is that of the noise.
QS_CORE void QS_R(qs_between_normal)(const QS_R(qs_path_case) * p, uint32_t d,
                                     const qs_real *QS_RESTRICT variance,
                                     QS_R(qs_between_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const qs_real *QS_RESTRICT y = QS_R(qs_path_y)(p, d), *QS_RESTRICT y0 = QS_R(qs_path_y)(p, d - 1);
  const qs_real *QS_RESTRICT z = QS_R(qs_path_split)(p, d, QS_SPLIT_NORMAL);
  const qs_real *QS_RESTRICT size = QS_R(qs_path_split)(p, d, QS_SPLIT_DOWN);
  const qs_real *QS_RESTRICT size0 = QS_R(qs_path_split)(p, d - 1, QS_SPLIT_DOWN);
  const qs_real sigma = of->jump[QS_SPLIT_SIGMA], mean = of->jump[QS_SPLIT_MEAN],
                by_size = of->jump[QS_SPLIT_BY_SIZE];
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real n = t->number[i], move = y[i] - y0[i], own = n * sigma * sigma;
    const qs_real rate = QS_R(qs_rcp)(variance[i]), share = QS_R(qs_min)(QS_C(1.0), own * rate);
    const qs_real root = QS_R(qs_sqrt)(QS_R(qs_path_positive)(own * (QS_C(1.0) - share)));
    const qs_real half = root > QS_C(1e-9) ? QS_C(0.5) * QS_R(qs_div)(z[i], root) : QS_C(0.0);
    const qs_real mean_size = QS_R(qs_fma)(by_size, size[i] - size0[i], n * mean);
    t->jump[i] = QS_R(qs_fma)(share, move, QS_R(qs_fma)(root, z[i], mean_size));
    t->by_v[i] = share * QS_R(qs_fma)(share, half, QS_C(-0.5) * rate * move);
    const qs_real by_own = QS_R(qs_fma)(QS_C(1.0) - QS_C(2.0) * share, half, rate * move);
    t->by_sigma[i] = QS_C(2.0) * n * sigma * by_own;
  }
}

QS_CORE void QS_R(qs_between_jump)(const QS_R(qs_path_case) * p, uint32_t d,
                                   const qs_real *QS_RESTRICT variance,
                                   QS_R(qs_between_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const qs_real *QS_RESTRICT up = QS_R(qs_path_split)(p, d, QS_SPLIT_UP),
                             *QS_RESTRICT up0 = QS_R(qs_path_split)(p, d - 1, QS_SPLIT_UP);
  const qs_real *QS_RESTRICT down = QS_R(qs_path_split)(p, d, QS_SPLIT_DOWN),
                             *QS_RESTRICT down0 = QS_R(qs_path_split)(p, d - 1, QS_SPLIT_DOWN);
  const qs_real by_up = of->jump[QS_SPLIT_MEAN], by_down = of->jump[QS_SPLIT_SIGMA];
  const int normal = of->jumps != QS_JUMPS_EXPONENTIAL;
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real rise = up[i] - up0[i], fall = down[i] - down0[i];
    t->jumped[i] = rise > QS_C(0.0) || (!normal && fall > QS_C(0.0)) ? QS_C(1.0) : QS_C(0.0);
    t->number[i] = normal ? rise : QS_C(0.0);
    t->jump[i] = QS_R(qs_fma)(by_up, rise, -by_down * fall);
  }
  if (normal) {
    QS_R(qs_between_normal)(p, d, variance, t);
  }
}

// The interval before date d > 0.
QS_CORE void QS_R(qs_between)(const QS_R(qs_path_case) * p, uint32_t d,
                              QS_R(qs_between_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const qs_real added = of->added[d], quarter = of->quarter[d], whole = of->whole;
  const qs_real *QS_RESTRICT v = QS_R(qs_path_v)(p, d), *QS_RESTRICT v0 = QS_R(qs_path_v)(p, d - 1);
  QS_LANE_ALIGNED qs_real variance[QS_LANES];
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    variance[i] = QS_R(qs_path_between)(v0[i], v[i]);
    t->jumped[i] = QS_C(0.0);
    t->jump[i] = QS_C(0.0);
    t->number[i] = QS_C(0.0);
    t->by_v[i] = QS_C(0.0);
    t->by_sigma[i] = QS_C(0.0);
  }
  const int jumps = of->jumps != QS_JUMPS_NONE;
  if (jumps) {
    QS_R(qs_between_jump)(p, d, variance, t);
  }
  const qs_real sigma = jumps && of->jumps != QS_JUMPS_EXPONENTIAL ? of->jump[QS_SPLIT_SIGMA] : QS_C(0.0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real own = variance[i] - QS_R(qs_fma)(t->number[i] * sigma, sigma, added);
    t->own[i] = whole * QS_R(qs_max)(QS_C(0.0), own);
    t->variance[i] = QS_R(qs_max)(t->own[i] + added, QS_R(qs_path_between)(v[i], v[i]));
    const qs_real rate = QS_R(qs_rcp)(t->variance[i]);
    t->bend[i] = quarter * (t->own[i] * rate) * rate;
  }
}

// Whether the interval before d is cut at its jumps.
QS_CORE int QS_R(qs_between_cut)(const QS_R(qs_path_contract) * of, uint32_t d) {
  return of->jumps != QS_JUMPS_NONE && !(d == 1 && of->first == 1);
}

// Staying inside over the interval before d, the derivative to its jump's size to `size`.
QS_CORE QS_R(qs_staying) QS_R(qs_stay_between)(int cut, const QS_R(qs_path_contract) * of, qs_real before,
                                               qs_real now, qs_real variance, qs_real bend, qs_real jumped,
                                               qs_real jump, qs_real u, qs_real z, qs_real *size) {
  const qs_real low = of->log_level[1], high = of->log_level[2];
  const QS_R(qs_staying) plain = QS_R(qs_stay)(low, high, before, now, variance, bend);
  *size = QS_C(0.0);
  if (!cut) {
    return plain;
  }
  qs_real by_size;
  const QS_R(qs_staying) split =
      QS_R(qs_stay_split)(low, high, before, now, variance, bend, jump, u, z, &by_size);
  const int is = jumped > QS_C(0.0);
  QS_R(qs_staying) r;
  r.p = is ? split.p : plain.p;
  r.before = is ? split.before : plain.before;
  r.now = is ? split.now : plain.now;
  r.variance = is ? split.variance : plain.variance;
  r.bend = is ? split.bend : plain.bend;
  r.curve = is ? QS_C(0.0) : plain.curve;
  *size = is ? by_size : QS_C(0.0);
  return r;
}

typedef struct QS_R(qs_continuous_rows) {
  QS_LANE_ALIGNED qs_real alive[QS_LANES], sum[QS_LANES];
  qs_real before[QS_LANES], by_v[QS_LANES]; // what a date hands to the one before
  qs_real now[QS_LANES], own[QS_LANES];     // the date's own, from the interval before it and beside that
  qs_real rest[QS_LANES], total[QS_LANES];
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

// Where the interval before d is cut: its time and its normal; else rows that are there.
QS_CORE const qs_real *QS_R(qs_between_time)(int cut, const QS_R(qs_path_case) * p, uint32_t d) {
  return cut ? QS_R(qs_path_split)(p, d, QS_SPLIT_TIME) : QS_R(qs_path_v)(p, d);
}
QS_CORE const qs_real *QS_R(qs_between_place)(int cut, const QS_R(qs_path_case) * p, uint32_t d) {
  return cut ? QS_R(qs_path_split)(p, d, QS_SPLIT_PLACE) : QS_R(qs_path_v)(p, d);
}

// Rows beside the value and the slope: derivatives at fixed V and Y, to the parameters that B and the jumps'
// sizes have.
enum {
  QS_CONTINUOUS_RHO = 2,
  QS_CONTINUOUS_BEND, // to rho xi
  QS_CONTINUOUS_MEAN,
  QS_CONTINUOUS_SIGMA,
  QS_CONTINUOUS_BY_SIZE
};

// The interval before d > 0 backwards. What the added variance has beside V is kept in the row of c.
QS_CORE void QS_R(qs_continuous_interval)(int cut, int now, const QS_R(qs_path_case) * p, uint32_t d,
                                          const QS_R(qs_between_rows) * QS_RESTRICT t,
                                          QS_R(qs_continuous_rows) * QS_RESTRICT r) {
  const QS_R(qs_path_contract) *of = &p->of;
  const qs_real whole = of->whole, slope = of->slope, quarter = of->quarter[d];
  const qs_real sigma = of->jump[QS_SPLIT_SIGMA];
  const int normal = of->jumps == QS_JUMPS_COUNTED || of->jumps == QS_JUMPS_VARIANCE;
  const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d), *QS_RESTRICT x0 = QS_R(qs_path_row)(p->b, d - 1);
  const qs_real *u = QS_R(qs_between_time)(cut, p, d), *z = QS_R(qs_between_place)(cut, p, d);
  const qs_real *up = cut ? QS_R(qs_path_split)(p, d, QS_SPLIT_UP) : x;
  const qs_real *up0 = cut ? QS_R(qs_path_split)(p, d - 1, QS_SPLIT_UP) : x;
  const qs_real *down = cut ? QS_R(qs_path_split)(p, d, QS_SPLIT_DOWN) : x;
  const qs_real *down0 = cut ? QS_R(qs_path_split)(p, d - 1, QS_SPLIT_DOWN) : x;
  qs_real *QS_RESTRICT rho = QS_R(qs_path_room)(p, QS_CONTINUOUS_RHO);
  qs_real *QS_RESTRICT bend = QS_R(qs_path_room)(p, QS_CONTINUOUS_BEND);
  qs_real *QS_RESTRICT mean = QS_R(qs_path_room)(p, QS_CONTINUOUS_MEAN);
  qs_real *QS_RESTRICT by_sigma = QS_R(qs_path_room)(p, QS_CONTINUOUS_SIGMA);
  qs_real *QS_RESTRICT by_size = QS_R(qs_path_room)(p, QS_CONTINUOUS_BY_SIZE);
  qs_real *QS_RESTRICT by_added = QS_R(qs_path_row)(p->c, d),
                       *QS_RESTRICT by_v = QS_R(qs_path_row)(p->by_v, d);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    qs_real size;
    const qs_real c = slope * t->bend[i];
    const QS_R(qs_staying) s = QS_R(qs_stay_between)(cut, of, x0[i], x[i], t->variance[i], c, t->jumped[i],
                                                     t->jump[i], u[i], z[i], &size);
    const qs_real used = r->sum[i];
    r->now[i] = used * s.now;
    r->before[i] = used * s.before;
    if (now) {
      p->gamma[i] = QS_R(qs_fma)(used, s.curve, s.before * r->rest[i]);
    }
    // c goes by the model's part of B over its square.
    const qs_real by_bend = used * s.bend, rate = QS_R(qs_rcp)(t->variance[i]);
    const qs_real to_b = QS_R(qs_fma)(QS_C(-2.0) * by_bend * c, rate, used * s.variance);
    const qs_real to_own = by_bend * slope * quarter * rate * rate, by_variance = to_b + to_own;
    const qs_real by_jump = used * size;
    const qs_real own = QS_R(qs_fma)(by_jump, t->by_v[i], whole * by_variance);
    by_v[i] = own + r->by_v[i];
    r->by_v[i] = -own;
    by_added[i] = QS_R(qs_fma)(-whole, by_variance, to_b);
    rho[i] = QS_R(qs_fma)(by_variance, t->own[i], rho[i]);
    bend[i] = QS_R(qs_fma)(by_bend, t->bend[i], bend[i]);
    const qs_real fall = cut ? down[i] - down0[i] : QS_C(0.0), rise = cut ? up[i] - up0[i] : QS_C(0.0);
    if (normal) {
      mean[i] = QS_R(qs_fma)(by_jump, t->number[i], mean[i]);
      const qs_real by_own = QS_C(-2.0) * whole * by_variance * t->number[i] * sigma;
      by_sigma[i] += QS_R(qs_fma)(by_jump, t->by_sigma[i], by_own);
      by_size[i] = QS_R(qs_fma)(by_jump, fall, by_size[i]);
    } else {
      mean[i] = QS_R(qs_fma)(by_jump, rise, mean[i]);
      by_sigma[i] = QS_R(qs_fma)(by_jump, fall, by_sigma[i]);
    }
  }
}

// Date d backwards: sum gains what staying alive until d is worth, and the interval before d takes it.
QS_CORE void QS_R(qs_continuous_back)(const QS_R(qs_path_case) * p, uint32_t d, qs_real weight,
                                      QS_R(qs_continuous_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int end = d + 1 == of->count, in = of->level[4] > QS_C(0.5), start = d == 0;
  const qs_real part = in ? QS_C(-1.0) : QS_C(1.0), whole = in ? QS_C(1.0) : QS_C(0.0);
  const qs_real *QS_RESTRICT value = QS_R(qs_path_room)(p, 0), *QS_RESTRICT slope = QS_R(qs_path_room)(p, 1);
  qs_real *alive = QS_R(qs_path_row)(p->by_m, d), *by_v = QS_R(qs_path_row)(p->by_v, d);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real worth = end ? QS_R(qs_fma)(part, value[i], weight) : weight;
    // The rest of the delta, from the dates after and this one's own, meets the interval from now on once
    // more.
    t->own[i] = (end ? slope[i] * part * alive[i] : QS_C(0.0)) + t->before[i];
    t->rest[i] = t->total[i] + t->own[i];
    t->sum[i] = QS_R(qs_fma)(worth, alive[i], t->sum[i]);
  }
  if (!start) {
    QS_R(qs_between_rows) rows;
    QS_R(qs_between)(p, d, &rows);
    if (QS_R(qs_between_cut)(of, d)) {
      QS_R(qs_continuous_interval)(1, 0, p, d, &rows, t);
    } else if (d == 1 && of->first == 1) {
      QS_R(qs_continuous_interval)(0, 1, p, d, &rows, t);
    } else {
      QS_R(qs_continuous_interval)(0, 0, p, d, &rows, t);
    }
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real by_x = t->own[i] + (start ? QS_C(0.0) : t->now[i]);
    const qs_real open = end ? slope[i] * whole : QS_C(0.0); // whatever is hit
    t->total[i] += by_x;
    alive[i] = by_x + open;
    if (start) {
      by_v[i] = t->by_v[i];
    }
  }
}

// Alive through d, kept and paid for.
QS_CORE void QS_R(qs_continuous_alive)(int cut, int greeks, const QS_R(qs_path_case) * p, uint32_t d,
                                       const QS_R(qs_between_rows) * QS_RESTRICT rows,
                                       QS_R(qs_continuous_rows) * QS_RESTRICT t) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int start = d == 0;
  const qs_real weight = QS_R(qs_barrier_weight)(of, d);
  const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, d), *x0 = QS_R(qs_path_row)(p->b, start ? 0 : d - 1);
  const qs_real *u = QS_R(qs_between_time)(cut, p, d), *z = QS_R(qs_between_place)(cut, p, d);
  qs_real *QS_RESTRICT kept = QS_R(qs_path_row)(p->by_m, greeks ? d : 0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    qs_real size, alive = x[i] > of->log_level[1] && x[i] < of->log_level[2] ? QS_C(1.0) : QS_C(0.0);
    if (!start) {
      alive = t->alive[i] * QS_R(qs_stay_between)(cut, of, x0[i], x[i], rows->variance[i],
                                                  of->slope * rows->bend[i], rows->jumped[i], rows->jump[i],
                                                  u[i], z[i], &size)
                                .p;
    }
    t->alive[i] = alive;
    p->price[i] = QS_R(qs_fma)(weight, alive, p->price[i]);
    if (greeks) {
      kept[i] = alive;
    }
  }
}

QS_CORE int QS_R(qs_path_barrier_continuous)(int greeks, const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const uint32_t last = of->count - 1;
  const int in = of->level[4] > QS_C(0.5);
  const qs_real part = in ? QS_C(-1.0) : QS_C(1.0), whole = in ? QS_C(1.0) : QS_C(0.0);
  const qs_real at_once = of->level[5] > QS_C(0.5) ? of->weight[0] : QS_C(1.0);
  QS_R(qs_continuous_rows) t;
  QS_R(qs_path_prices)(p);
  QS_R(qs_continuous_end)(p);
  QS_R(qs_row_fill)(p->price, in ? QS_C(0.0) : of->level[3] * at_once);
  for (uint32_t d = 0; d <= last; d++) {
    QS_R(qs_between_rows) rows;
    if (d == 0) {
      QS_R(qs_row_fill)(t.alive, QS_C(1.0));
      QS_R(qs_continuous_alive)(0, greeks, p, d, &rows, &t);
      continue;
    }
    QS_R(qs_between)(p, d, &rows);
    if (QS_R(qs_between_cut)(of, d)) {
      QS_R(qs_continuous_alive)(1, greeks, p, d, &rows, &t);
    } else {
      QS_R(qs_continuous_alive)(0, greeks, p, d, &rows, &t);
    }
  }
  const qs_real *QS_RESTRICT value = QS_R(qs_path_room)(p, 0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    p->price[i] = QS_R(qs_fma)(value[i], QS_R(qs_fma)(part, t.alive[i], whole), p->price[i]);
    t.sum[i] = QS_C(0.0);
    t.before[i] = QS_C(0.0);
    t.by_v[i] = QS_C(0.0);
    t.total[i] = QS_C(0.0);
  }
  if (greeks) {
    QS_R(qs_row_fill)(p->gamma, QS_C(0.0));
    for (uint32_t row = QS_CONTINUOUS_RHO; row <= QS_CONTINUOUS_BY_SIZE; row++) {
      QS_R(qs_row_fill)(QS_R(qs_path_room)(p, row), QS_C(0.0));
    }
    QS_R(qs_row_fill)(QS_R(qs_path_row)(p->c, 0), QS_C(0.0));
    for (uint32_t d = last + 1; d-- > 0;) {
      QS_R(qs_continuous_back)(p, d, QS_R(qs_barrier_weight)(of, d), &t);
    }
  }
  return QS_CHAIN_PATH;
}

// Adds weight times a row that qs_path_barrier_continuous left.
QS_CORE void QS_R(qs_continuous_add)(const QS_R(qs_path_case) * p, uint32_t row, qs_real weight,
                                     qs_real *QS_RESTRICT to) {
  const qs_real *QS_RESTRICT from = QS_R(qs_path_room)(p, row);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    to[i] = QS_R(qs_fma)(weight, from[i], to[i]);
  }
}

// What the chain does not know of the bridge, to the rows of the n parameters and of the moves of the added
// variance: B has rho beside V (2 rho / (1 - rho^2) of its own part), normal jumps only as jumps, the added
// variance as it is, and the jumps' sizes have their own parameters.
QS_CORE void QS_R(qs_continuous_rest)(const QS_R(qs_path_case) * p, uint32_t n,
                                      const QS_R(qs_chain_jumps) * moves, qs_real *QS_RESTRICT parameter) {
  const QS_R(qs_path_contract) *of = &p->of;
  const int variance = moves->lambda > 0; // v0 kappa theta xi rho come first
  if (variance) {
    QS_R(qs_continuous_add)(p, QS_CONTINUOUS_RHO, of->whole_rho, parameter + 4 * QS_ROW);
    QS_R(qs_continuous_add)(p, QS_CONTINUOUS_BEND, of->xi, parameter + 4 * QS_ROW);
    QS_R(qs_continuous_add)(p, QS_CONTINUOUS_BEND, of->rho, parameter + 3 * QS_ROW);
  }
  const uint32_t after = moves->lambda + 1; // mu_j sigma_j mu_v rho_j, or p eta1 eta2
  qs_real *mean = parameter + after * QS_ROW, *sigma = parameter + (after + 1) * QS_ROW;
  if (of->jumps == QS_JUMPS_EXPONENTIAL) {
    const qs_real up = of->jump[QS_SPLIT_MEAN], down = of->jump[QS_SPLIT_SIGMA];
    QS_R(qs_continuous_add)(p, QS_CONTINUOUS_MEAN, -up * up, sigma);
    QS_R(qs_continuous_add)(p, QS_CONTINUOUS_SIGMA, down * down, parameter + (after + 2) * QS_ROW);
  } else if (of->jumps != QS_JUMPS_NONE) {
    QS_R(qs_continuous_add)(p, QS_CONTINUOUS_MEAN, QS_C(1.0), mean);
    QS_R(qs_continuous_add)(p, QS_CONTINUOUS_SIGMA, QS_C(1.0), sigma);
  }
  if (of->jumps == QS_JUMPS_VARIANCE) {
    QS_R(qs_continuous_add)
    (p, QS_CONTINUOUS_BY_SIZE, of->jump[QS_SPLIT_RHO], parameter + (after + 2) * QS_ROW);
    QS_R(qs_continuous_add)
    (p, QS_CONTINUOUS_BY_SIZE, of->jump[QS_SPLIT_MU], parameter + (after + 3) * QS_ROW);
  }
  for (uint32_t a = 0; a < moves->added; a++) {
    const qs_real *QS_RESTRICT weights = moves->weights + a * moves->dates;
    qs_real *QS_RESTRICT to = parameter + (n + a) * QS_ROW;
    for (uint32_t d = 1; d < of->count; d++) {
      const qs_real move = weights[of->dates[d]] - weights[of->dates[d - 1]];
      const qs_real *QS_RESTRICT by_added = QS_R(qs_path_row)(p->c, d);
      QS_SIMD
      for (int i = 0; i < QS_LANES; i++) {
        to[i] = QS_R(qs_fma)(by_added[i], move, to[i]);
      }
    }
  }
}
