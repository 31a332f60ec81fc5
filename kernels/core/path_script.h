// Scripted payoffs: a program (script.h) over the absolute prices F_T S_d / F_T at its dates, against real.h.
// Where the formula has no jumps it is differentiated on the path. Where it jumps, every derivative is a
// likelihood ratio given M and V: the increments w_d = Y_d - Y_(d-1) are independent N(0, n_d), n_d = V_d -
// V_(d-1), so that with a_d = w_d / n_d the score of M_d - M_(d-1) is a_d and that of n_d, whose half is
// taken off the mean, is ((a_d w_d - 1) / n_d - a_d) / 2 (Broadie, Glasserman 1996, section 4).
#include "kernels/core/script.inc"

// The observations, the program forward, and the price.
QS_CORE void QS_R(qs_script_value)(const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const qs_script_program *program = of->program;
  const qs_real forward = of->level[0], inverse = QS_C(1.0) / of->level[0];
  QS_R(qs_path_prices)(p);
  QS_R(qs_script_start)(program, QS_ROW, p->slots);
  for (uint32_t o = 0; o < program->observation_count; o++) {
    qs_real *QS_RESTRICT to = p->slots + (size_t)o * QS_ROW;
    if (of->seen[o] >= of->count) {
      QS_R(qs_row_fill)(to, (qs_real)of->known[o]);
      continue;
    }
    const qs_real *QS_RESTRICT x = QS_R(qs_path_row)(p->b, of->seen[o]);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      to[i] = forward * QS_R(qs_path_exp)(x[i]);
    }
  }
  QS_R(qs_script_forward)(program, QS_ROW, p->slots);
  const qs_real *QS_RESTRICT result = p->slots + (size_t)program->result * QS_ROW;
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    p->price[i] = result[i] * inverse;
  }
}

// Derivatives to ln S_d from the adjoints.
QS_CORE void QS_R(qs_script_pathwise)(const QS_R(qs_path_case) * p) {
  const QS_R(qs_path_contract) *of = &p->of;
  const qs_script_program *program = of->program;
  const qs_real inverse = QS_C(1.0) / of->level[0];
  qs_real *adjoint = p->slots + (size_t)program->slot_count * QS_ROW;
  QS_R(qs_script_reverse)(program, QS_ROW, p->slots, adjoint);
  QS_R(qs_row_fill)(p->gamma, QS_C(0.0));
  for (uint32_t d = 0; d < of->count; d++) {
    QS_R(qs_row_fill)(QS_R(qs_path_row)(p->by_m, d), QS_C(0.0));
    QS_R(qs_row_fill)(QS_R(qs_path_row)(p->by_v, d), QS_C(0.0));
  }
  for (uint32_t o = 0; o < program->observation_count; o++) {
    if (of->seen[o] >= of->count) {
      continue;
    }
    const qs_real *QS_RESTRICT spot = p->slots + (size_t)o * QS_ROW;
    const qs_real *QS_RESTRICT g = adjoint + (size_t)o * QS_ROW;
    qs_real *QS_RESTRICT by_m = QS_R(qs_path_row)(p->by_m, of->seen[o]);
    QS_SIMD
    for (int i = 0; i < QS_LANES; i++) {
      by_m[i] = QS_R(qs_fma)(inverse * g[i], spot[i], by_m[i]);
    }
  }
}

// The score of date d's increment, by_m its part of M and by_v that of V, times the price; taken off the date
// before, since M_d - M_(d-1) and V_d - V_(d-1) are what they belong to.
QS_CORE void QS_R(qs_script_score)(const QS_R(qs_path_case) * p, uint32_t d, qs_real *QS_RESTRICT by_m,
                                   qs_real *QS_RESTRICT by_v, qs_real *QS_RESTRICT m_before,
                                   qs_real *QS_RESTRICT v_before) {
  const qs_real *QS_RESTRICT price = p->price;
  const qs_real *v = QS_R(qs_path_v)(p, d), *y = QS_R(qs_path_y)(p, d);
  const qs_real *v_from = d ? QS_R(qs_path_v)(p, d - 1) : v, *y_from = d ? QS_R(qs_path_y)(p, d - 1) : y;
  const qs_real from = d ? QS_C(1.0) : QS_C(0.0);
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real n = QS_R(qs_path_between)(from * v_from[i], v[i]), w = QS_R(qs_fma)(-from, y_from[i], y[i]);
    const qs_real a = QS_R(qs_div)(w, n);
    const qs_real c = QS_C(0.5) * (QS_R(qs_div)(QS_R(qs_fma)(a, w, QS_C(-1.0)), n) - a);
    by_m[i] = price[i] * a;
    by_v[i] = price[i] * c;
    m_before[i] -= by_m[i];
    v_before[i] -= by_v[i];
  }
}

// Derivatives to M_d and V_d, and gamma: the score of the first increment, squared less its mean.
QS_CORE void QS_R(qs_script_ratio)(const QS_R(qs_path_case) * p) {
  const qs_real *QS_RESTRICT v = QS_R(qs_path_v)(p, 0), *QS_RESTRICT y = QS_R(qs_path_y)(p, 0);
  for (uint32_t d = 0; d < p->of.count; d++) {
    const uint32_t before = d ? d - 1 : 0;
    qs_real *m_before = d ? QS_R(qs_path_row)(p->by_m, before) : QS_R(qs_path_room)(p, 0);
    qs_real *v_before = d ? QS_R(qs_path_row)(p->by_v, before) : QS_R(qs_path_room)(p, 1);
    if (!d) {
      QS_R(qs_row_fill)(m_before, QS_C(0.0));
      QS_R(qs_row_fill)(v_before, QS_C(0.0));
    }
    QS_R(qs_script_score)
    (p, d, QS_R(qs_path_row)(p->by_m, d), QS_R(qs_path_row)(p->by_v, d), m_before, v_before);
  }
  QS_SIMD
  for (int i = 0; i < QS_LANES; i++) {
    const qs_real n = QS_R(qs_path_positive)(v[i]), a = QS_R(qs_div)(y[i], n);
    p->gamma[i] = p->price[i] * (QS_R(qs_div)(QS_R(qs_fma)(a, y[i], QS_C(-1.0)), n) - a);
  }
}

QS_CORE int QS_R(qs_path_script)(int greeks, const QS_R(qs_path_case) * p) {
  const int jumps = p->of.level[1] > QS_C(0.0);
  QS_R(qs_script_value)(p);
  if (greeks && jumps) {
    QS_R(qs_script_ratio)(p);
  } else if (greeks) {
    QS_R(qs_script_pathwise)(p);
  }
  return jumps ? QS_CHAIN_DIRECT : QS_CHAIN_PATH;
}
