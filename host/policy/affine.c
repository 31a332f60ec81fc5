#include "host/policy/affine.h"

#include <stdbool.h>

#include "host/market/characteristic.h"
#include "host/market/complex_lane.h"

enum { NODES = 8 };
/* Gauss and Legendre on [0, 1]. */
static const double node[NODES] = {0.01985507175123188415821957, 0.10166676129318663020422303,
                                   0.23723379504183550709113048, 0.40828267875217509753026193,
                                   0.59171732124782490246973807, 0.76276620495816449290886952,
                                   0.89833323870681336979577697, 0.98014492824876811584178043};
static const double weight[NODES] = {0.05061426814518812957626567, 0.11119051722668723527217800,
                                     0.15685332293894364366898110, 0.18134189168918099148257522,
                                     0.18134189168918099148257522, 0.15685332293894364366898110,
                                     0.11119051722668723527217800, 0.05061426814518812957626567};

typedef struct riccati {
  qs_cx w, s, root, over_s, sum; /* w/s, and w/s + d */
  double square;
} riccati;

/* B at time t, and Y. */
static qs_cx solution(const riccati *r, double t, qs_cx *y) {
  qs_cx gone = qs_cx_one_minus_exp(qs_cx_scale(r->root, t));
  qs_cx half = qs_cx_scale(qs_cx_mul(gone, qs_cx_inverse(r->root)), 0.5);
  *y = qs_cx_mul(half, r->sum);
  qs_cx rest = {1 - r->square * y->re, -r->square * y->im};
  qs_cx left = {1 - gone.re, -gone.im};
  return qs_cx_sub(qs_cx_div(qs_cx_mul(left, r->sum), rest), r->over_s);
}

/* E[exp(p J + d Z)] of one jump. */
static qs_cx jump_transform(const qs_model *model, qs_cx p, qs_cx d) {
  const double *v = model->value;
  if (model->type == QS_MODEL_KOU) {
    qs_cx up = {v[QS_ETA1] - p.re, -p.im}, down = {v[QS_ETA2] + p.re, p.im};
    up = qs_cx_scale(qs_cx_inverse(up), v[QS_P] * v[QS_ETA1]);
    return qs_cx_add(up, qs_cx_scale(qs_cx_inverse(down), (1 - v[QS_P]) * v[QS_ETA2]));
  }
  qs_cx square = qs_cx_scale(qs_cx_mul(p, p), 0.5 * v[QS_SIGMA_J] * v[QS_SIGMA_J]);
  qs_cx normal = qs_cx_exp(qs_cx_add(qs_cx_scale(p, v[QS_MU_J]), square));
  if (model->type != QS_MODEL_SVCJ) {
    return normal;
  }
  qs_cx load = qs_cx_scale(qs_cx_add(qs_cx_scale(p, v[QS_RHO_J]), d), v[QS_MU_V]);
  return qs_cx_div(normal, (qs_cx){1 - load.re, -load.im});
}

qs_affine qs_affine_step(const qs_model *model, double years, double added, double p_re, double p_im,
                         double d_re, double d_im) {
  const double *v = model->value;
  uint32_t used = qs_model_parameters(model->type);
  bool stochastic = used >> QS_V0 & 1, jumps = used >> QS_LAMBDA & 1;
  qs_cx p = {p_re, p_im}, d = {d_re, d_im};
  qs_cx w = qs_cx_mul(p, (qs_cx){1 - p.re, -p.im}), a = qs_cx_scale(w, -0.5 * added), b = d;
  riccati r = {.w = w, .square = v[QS_XI] * v[QS_XI]};
  if (stochastic) {
    qs_cx beta = qs_cx_scale(p, -v[QS_RHO] * v[QS_XI]), y, l, slope;
    beta.re += v[QS_KAPPA];
    r.root = qs_cx_sqrt(qs_cx_add(qs_cx_mul(beta, beta), qs_cx_scale(w, r.square)));
    r.s = qs_cx_add(beta, r.root);
    r.over_s = qs_cx_div(w, r.s);
    r.sum = qs_cx_add(r.over_s, d);
    b = solution(&r, years, &y);
    qs_cx_log_ratio(qs_cx_scale(y, r.square), &l, &slope);
    qs_cx integral = qs_cx_sub(qs_cx_scale(qs_cx_mul(y, l), 2), qs_cx_scale(r.over_s, years));
    a = qs_cx_add(a, qs_cx_scale(integral, v[QS_KAPPA] * v[QS_THETA]));
  } else {
    a = qs_cx_add(a, qs_cx_scale(w, -0.5 * v[QS_SIGMA] * v[QS_SIGMA] * years));
  }
  if (jumps) {
    qs_characteristic law = qs_characteristic_prepare(model, years);
    qs_cx mean = {0, 0}, unused;
    for (int i = 0; i < NODES; i++) {
      qs_cx at = stochastic ? solution(&r, node[i] * years, &unused) : d;
      mean = qs_cx_add(mean, qs_cx_scale(jump_transform(model, p, at), weight[i]));
    }
    mean.re -= 1;
    mean = qs_cx_sub(mean, qs_cx_scale(p, law.kbar));
    a = qs_cx_add(a, qs_cx_scale(mean, v[QS_LAMBDA] * years));
  }
  return (qs_affine){a.re, a.im, b.re, b.im};
}
