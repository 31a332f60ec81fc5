// The loops of script_native.h for one precision and number of lanes: QS_REAL_DOUBLE, QS_LANES and
// QS_NATIVE_SET, their variable.
#include "bench/script_native.h"

#include <stddef.h>

#include "kernels/core/elementary.h"
#include "kernels/core/real.h"

static void asian(uint32_t dates, qs_real k, const qs_real *s, qs_real *value, qs_real *derivative) {
  const qs_real weight = QS_C(1.0) / (qs_real)dates;
  qs_real sum[QS_LANES];
  QS_SIMD
  for (size_t i = 0; i < QS_LANES; i++) {
    sum[i] = QS_C(0.0);
  }
  uint32_t d = 0;
  for (; d + 4 <= dates; d += 4) {
    const qs_real *x = s + d * QS_LANES;
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      sum[i] = sum[i] + x[i] + x[QS_LANES + i] + x[2 * QS_LANES + i] + x[3 * QS_LANES + i];
    }
  }
  for (; d < dates; d++) {
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      sum[i] += s[d * QS_LANES + i];
    }
  }
  QS_SIMD
  for (size_t i = 0; i < QS_LANES; i++) {
    const qs_real x = sum[i] * weight - k;
    value[i] = x > QS_C(0.0) ? x : QS_C(0.0);
    sum[i] = x > QS_C(0.0) ? weight : QS_C(0.0);
  }
  for (d = 0; d < dates; d++) {
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      derivative[d * QS_LANES + i] = sum[i];
    }
  }
}

// width 0: a jump.
static void barrier(uint32_t dates, qs_real k, qs_real b, qs_real width, const qs_real *s, qs_real *value,
                    qs_real *derivative) {
  qs_real least[QS_LANES], to_least[QS_LANES];
  const qs_real *last = s + (dates - 1) * QS_LANES;
  const qs_real per_width = width > QS_C(0.0) ? QS_C(1.0) / width : QS_C(0.0);
  QS_SIMD
  for (size_t i = 0; i < QS_LANES; i++) {
    least[i] = s[i];
  }
  uint32_t d = 1;
  for (; d + 4 <= dates; d += 4) {
    const qs_real *x = s + d * QS_LANES;
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      const qs_real two = QS_R(qs_min)(x[i], x[QS_LANES + i]);
      const qs_real others = QS_R(qs_min)(x[2 * QS_LANES + i], x[3 * QS_LANES + i]);
      least[i] = QS_R(qs_min)(least[i], QS_R(qs_min)(two, others));
    }
  }
  for (; d < dates; d++) {
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      least[i] = QS_R(qs_min)(s[d * QS_LANES + i], least[i]);
    }
  }
  qs_real to_last[QS_LANES];
  QS_SIMD
  for (size_t i = 0; i < QS_LANES; i++) {
    const qs_real call = last[i] > k ? last[i] - k : QS_C(0.0);
    const qs_real t = (least[i] - b) * per_width + QS_C(0.5);
    const qs_real ramp = QS_R(qs_min)(QS_C(1.0), QS_R(qs_max)(QS_C(0.0), t));
    const qs_real alive = least[i] < b ? QS_C(0.0) : QS_C(1.0);
    const qs_real weight = per_width > QS_C(0.0) ? ramp : alive;
    value[i] = weight * call;
    to_last[i] = last[i] > k ? weight : QS_C(0.0);
    to_least[i] = (t > QS_C(0.0)) & (t < QS_C(1.0)) ? per_width * call : QS_C(0.0);
  }
  for (d = 0; d < dates; d++) {
    qs_real *to = derivative + d * QS_LANES;
    if (per_width == QS_C(0.0)) {
      QS_SIMD
      for (size_t i = 0; i < QS_LANES; i++) {
        to[i] = QS_C(0.0);
      }
      continue;
    }
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      const qs_real left = to_least[i];
      const int here = s[d * QS_LANES + i] == least[i];
      to[i] = here ? left : QS_C(0.0);
      to_least[i] = here ? QS_C(0.0) : left;
    }
  }
  qs_real *to = derivative + (dates - 1) * QS_LANES;
  QS_SIMD
  for (size_t i = 0; i < QS_LANES; i++) {
    to[i] += to_last[i];
  }
}

static void cliquet(uint32_t dates, const qs_real *s, qs_real *value, qs_real *derivative) {
  const qs_real low = QS_C(-0.03), high = QS_C(0.05);
  qs_real sum[QS_LANES];
  QS_SIMD
  for (size_t i = 0; i < QS_LANES; i++) {
    sum[i] = QS_C(0.0);
  }
  for (uint32_t d = 1; d < dates; d++) {
    const qs_real *x = s + d * QS_LANES, *before = x - QS_LANES;
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      const qs_real r = QS_R(qs_div)(x[i] - before[i], before[i]);
      sum[i] += QS_R(qs_max)(low, QS_R(qs_min)(high, r));
    }
  }
  QS_SIMD
  for (size_t i = 0; i < QS_LANES; i++) {
    value[i] = sum[i] > QS_C(0.0) ? sum[i] : QS_C(0.0);
    sum[i] = sum[i] > QS_C(0.0) ? QS_C(1.0) : QS_C(0.0);
    derivative[i] = QS_C(0.0);
  }
  for (uint32_t d = 1; d < dates; d++) {
    const qs_real *x = s + d * QS_LANES, *before = x - QS_LANES;
    qs_real *to = derivative + d * QS_LANES, *to_before = to - QS_LANES;
    QS_SIMD
    for (size_t i = 0; i < QS_LANES; i++) {
      const qs_real inverse = QS_R(qs_rcp)(before[i]);
      const qs_real ratio = x[i] * inverse;
      const qs_real r = ratio - QS_C(1.0);
      const qs_real g = (r > low) & (r < high) ? sum[i] : QS_C(0.0);
      to[i] = g * inverse;
      to_before[i] -= g * ratio * inverse;
    }
  }
}

static void run(qs_native_payoff payoff, uint32_t dates, double k, double b, const void *s, void *value,
                void *derivative) {
  switch (payoff) {
  case QS_NATIVE_ASIAN:
    asian(dates, (qs_real)k, s, value, derivative);
    break;
  case QS_NATIVE_BARRIER:
    barrier(dates, (qs_real)k, (qs_real)b, QS_C(0.0), s, value, derivative);
    break;
  case QS_NATIVE_BARRIER_SMOOTH:
    barrier(dates, (qs_real)k, (qs_real)b, QS_C(5.0), s, value, derivative);
    break;
  default:
    cliquet(dates, s, value, derivative);
    break;
  }
}

const qs_native_set QS_NATIVE_SET = {run};
