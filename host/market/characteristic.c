#include "host/market/characteristic.h"

#include <math.h>

#include "host/market/clones.h"
#include "host/market/complex_lane.h"

enum { N = QS_CHARACTERISTIC_BLOCK };

static double mean_relative_jump(const qs_model *model) {
  const double *v = model->value;
  if (model->type == QS_MODEL_KOU) {
    return v[QS_P] * v[QS_ETA1] / (v[QS_ETA1] - 1) + (1 - v[QS_P]) * v[QS_ETA2] / (v[QS_ETA2] + 1) - 1;
  }
  double loading = model->type == QS_MODEL_SVCJ ? v[QS_RHO_J] * v[QS_MU_V] : 0;
  return (expm1(v[QS_MU_J] + 0.5 * v[QS_SIGMA_J] * v[QS_SIGMA_J]) + loading) / (1 - loading);
}

static double mean_square_jump(const qs_model *model) {
  const double *v = model->value;
  if (model->type == QS_MODEL_KOU) {
    return 2 * v[QS_P] / (v[QS_ETA1] * v[QS_ETA1]) + 2 * (1 - v[QS_P]) / (v[QS_ETA2] * v[QS_ETA2]);
  }
  double loading = model->type == QS_MODEL_SVCJ ? v[QS_RHO_J] * v[QS_MU_V] : 0;
  double mean = v[QS_MU_J] + loading;
  return mean * mean + v[QS_SIGMA_J] * v[QS_SIGMA_J] + loading * loading;
}

qs_characteristic qs_characteristic_prepare(const qs_model *model, double years) {
  const double *v = model->value;
  qs_characteristic out = {.model = *model, .years = years, .used = qs_model_parameters(model->type)};
  out.stochastic = out.used >> QS_V0 & 1;
  out.jumps = out.used >> QS_LAMBDA & 1;
  out.variance_jumps = model->type == QS_MODEL_SVCJ;
  double jump_rate = 0;
  if (out.jumps) {
    out.kbar = mean_relative_jump(model);
    out.jump_variance = v[QS_LAMBDA] * years * mean_square_jump(model);
    jump_rate = out.variance_jumps ? v[QS_LAMBDA] * v[QS_MU_V] : 0;
  }
  if (out.stochastic) {
    /* f is the integral of exp(-kappa t); the mean reverts to theta + lambda mu_v / kappa */
    double f = -expm1(-v[QS_KAPPA] * years) / v[QS_KAPPA];
    out.variance = v[QS_V0] * f + (v[QS_THETA] + jump_rate / v[QS_KAPPA]) * (years - f);
  } else {
    out.variance = v[QS_SIGMA] * v[QS_SIGMA] * years;
  }
  return out;
}

qs_characteristic qs_characteristic_shifted(const qs_model *model, double years, double added) {
  qs_characteristic out = qs_characteristic_prepare(model, years);
  out.added = added;
  out.variance += added;
  return out;
}

QS_LANE qs_cx load(const qs_node_values *values, int i) {
  return (qs_cx){values->re[i], values->im[i]};
}

QS_LANE void store(qs_node_values *values, int i, qs_cx z) {
  values->re[i] = z.re;
  values->im[i] = z.im;
}

/* What the Riccati solution is made of, kept for the derivatives and the jumps. */
typedef struct riccati {
  double w[N];
  qs_node_values inv_d, s, inv_s, half_e; /* 1/d, beta + d, 1/s, E/(2d) */
  qs_node_values y, inv_rest;             /* y, 1/(1 - z) */
  qs_node_values tau;                     /* T exp(-dT)/E - 1/d, the logarithmic derivative of E/d by d */
  qs_node_values slope;                   /* l'(z) */
  qs_node_values big_d, integral;         /* D and the integral of D */
  qs_node_values integral_beta, integral_square, d_beta, d_square;    /* derivatives by beta and xi^2 */
  qs_node_values jump, jump_beta, jump_square, jump_mu_v, jump_rho_j; /* I and its derivatives */
  qs_node_values jump_ratio, jump_slope, inv_c;                       /* l, l' and 1/C of I */
  qs_node_values theta0;                                              /* the jump's transform at D = 0 */
} riccati;

QS_LANE void solve_riccati(const qs_characteristic *ch, const double *restrict x, riccati *restrict r) {
  const double *v = ch->model.value;
  double T = ch->years, square = v[QS_XI] * v[QS_XI], slope = v[QS_RHO] * v[QS_XI];
  for (int i = 0; i < N; i++) {
    double w = x[i] * x[i] + 0.25;
    qs_cx beta = {v[QS_KAPPA] - 0.5 * slope, -slope * x[i]};
    qs_cx d = qs_cx_mul(beta, beta);
    d.re += square * w;
    d = qs_cx_sqrt(d);
    qs_cx s = qs_cx_add(beta, d);
    qs_cx inv_d = qs_cx_inverse(d), inv_s = qs_cx_inverse(s);
    qs_cx e = qs_cx_one_minus_exp(qs_cx_scale(d, T));
    qs_cx half_e = qs_cx_scale(qs_cx_mul(e, inv_d), 0.5);
    qs_cx tau = qs_cx_div((qs_cx){T * (1 - e.re), -T * e.im}, e);
    r->w[i] = w;
    store(&r->inv_d, i, inv_d);
    store(&r->s, i, s);
    store(&r->inv_s, i, inv_s);
    store(&r->half_e, i, half_e);
    store(&r->tau, i, qs_cx_sub(tau, inv_d));
    store(&r->y, i, qs_cx_scale(qs_cx_mul(half_e, inv_s), w));
  }
  for (int i = 0; i < N; i++) {
    qs_cx y = load(&r->y, i), s = load(&r->s, i);
    qs_cx z = qs_cx_scale(y, square);
    qs_cx value, derivative;
    qs_cx_log_ratio(z, &value, &derivative);
    qs_cx inv_rest = qs_cx_inverse((qs_cx){1 - z.re, -z.im});
    qs_cx big_d = qs_cx_mul(qs_cx_mul(y, s), inv_rest);
    qs_cx integral =
        qs_cx_sub(qs_cx_scale(qs_cx_mul(y, value), 2), qs_cx_scale(load(&r->inv_s, i), r->w[i] * T));
    store(&r->inv_rest, i, inv_rest);
    store(&r->slope, i, derivative);
    store(&r->big_d, i, (qs_cx){-big_d.re, -big_d.im});
    store(&r->integral, i, integral);
  }
}

/* Derivatives of D and of its integral by beta and by xi^2, T and w fixed. */
QS_LANE void differentiate_riccati(const qs_characteristic *ch, const double *restrict x,
                                   riccati *restrict r) {
  const double *v = ch->model.value;
  double T = ch->years, square = v[QS_XI] * v[QS_XI], slope = v[QS_RHO] * v[QS_XI];
  for (int i = 0; i < N; i++) {
    double w = r->w[i];
    qs_cx beta = {v[QS_KAPPA] - 0.5 * slope, -slope * x[i]};
    qs_cx inv_d = load(&r->inv_d, i), inv_s = load(&r->inv_s, i), tau = load(&r->tau, i), y = load(&r->y, i);
    qs_cx inv_rest = load(&r->inv_rest, i);
    qs_cx ys = qs_cx_mul(qs_cx_mul(y, load(&r->s, i)), inv_rest);
    qs_cx ratio_tau = qs_cx_mul(qs_cx_mul(beta, inv_d), tau);
    qs_cx half_tau = qs_cx_mul(qs_cx_scale(inv_d, 0.5 * w), tau);
    qs_cx y_beta = qs_cx_mul(y, qs_cx_sub(ratio_tau, inv_d));
    qs_cx y_square = qs_cx_mul(y, qs_cx_sub(half_tau, qs_cx_mul(qs_cx_scale(inv_d, 0.5 * w), inv_s)));
    qs_cx z_square = qs_cx_add(y, qs_cx_scale(y_square, square));
    qs_cx by_beta = qs_cx_add(ratio_tau, qs_cx_mul(qs_cx_scale(y_beta, square), inv_rest));
    qs_cx by_square = qs_cx_add(half_tau, qs_cx_mul(z_square, inv_rest));
    qs_cx d_beta = qs_cx_mul(ys, by_beta), d_square = qs_cx_mul(ys, by_square);
    store(&r->d_beta, i, (qs_cx){-d_beta.re, -d_beta.im});
    store(&r->d_square, i, (qs_cx){-d_square.re, -d_square.im});
    qs_cx ds = qs_cx_mul(inv_s, inv_d);
    qs_cx integral_beta = qs_cx_scale(qs_cx_mul(y_beta, inv_rest), 2);
    store(&r->integral_beta, i, qs_cx_add(integral_beta, qs_cx_scale(ds, w * T)));
    qs_cx integral_square = qs_cx_mul(y_square, inv_rest);
    integral_square = qs_cx_add(integral_square, qs_cx_mul(qs_cx_mul(y, y), load(&r->slope, i)));
    integral_square = qs_cx_scale(integral_square, 2);
    ds = qs_cx_scale(qs_cx_mul(ds, inv_s), 0.5 * w * w * T);
    store(&r->integral_square, i, qs_cx_add(integral_square, ds));
  }
}

/* I, the integral of 1/(a - mu_v D), as M/C with C = a s + mu_v w, M = s T + 2 mu_v w Y l(z)/a, Y = E/(2d)
 * and z = (a (d - beta) - mu_v w) Y/a. */
QS_LANE void integrate_variance_jumps(const qs_characteristic *ch, const double *restrict x,
                                      riccati *restrict r) {
  const double *v = ch->model.value;
  double T = ch->years, square = v[QS_XI] * v[QS_XI], mu = v[QS_MU_V], load_a = v[QS_RHO_J] * mu;
  for (int i = 0; i < N; i++) {
    double w = r->w[i], m = mu * w;
    qs_cx a = {1 - 0.5 * load_a, -x[i] * load_a};
    qs_cx inv_a = qs_cx_inverse(a), s = load(&r->s, i), ya = qs_cx_mul(load(&r->half_e, i), inv_a);
    qs_cx gap = qs_cx_scale(load(&r->inv_s, i), square * w); /* d - beta */
    qs_cx C = qs_cx_mul(a, s), far = qs_cx_mul(a, gap);
    C.re += m;
    far.re -= m;
    qs_cx inv_c = qs_cx_inverse(C), l, slope;
    qs_cx_log_ratio(qs_cx_mul(far, ya), &l, &slope);
    qs_cx M = qs_cx_add(qs_cx_scale(s, T), qs_cx_scale(qs_cx_mul(l, ya), 2 * m));
    store(&r->jump, i, qs_cx_mul(M, inv_c));
    store(&r->jump_ratio, i, l);
    store(&r->jump_slope, i, slope);
    store(&r->inv_c, i, inv_c);
  }
}

/* What the derivatives of I are made of, at one node. */
typedef struct jump_terms {
  double T, m;
  qs_cx a, s, inv_a, gap, far, Y, ya, l, slope, I, inv_c;
} jump_terms;

QS_LANE jump_terms load_jump_terms(const qs_characteristic *ch, const double *restrict x,
                                   const riccati *restrict r, int i) {
  const double *v = ch->model.value;
  double load_a = v[QS_RHO_J] * v[QS_MU_V];
  jump_terms t = {.T = ch->years, .m = v[QS_MU_V] * r->w[i]};
  t.a = (qs_cx){1 - 0.5 * load_a, -x[i] * load_a};
  t.s = load(&r->s, i);
  t.inv_a = qs_cx_inverse(t.a);
  t.gap = qs_cx_scale(load(&r->inv_s, i), v[QS_XI] * v[QS_XI] * r->w[i]);
  t.far = qs_cx_mul(t.a, t.gap);
  t.far.re -= t.m;
  t.Y = load(&r->half_e, i);
  t.ya = qs_cx_mul(t.Y, t.inv_a);
  t.l = load(&r->jump_ratio, i);
  t.slope = load(&r->jump_slope, i);
  t.I = load(&r->jump, i);
  t.inv_c = load(&r->inv_c, i);
  return t;
}

/* The derivative of I with a and mu_v fixed, from those of d, s and d - beta; dY = Y tau dd. */
QS_LANE qs_cx jump_by_riccati(const jump_terms *t, qs_cx tau, qs_cx dd, qs_cx ds, qs_cx dgap) {
  qs_cx dy = qs_cx_mul(qs_cx_mul(t->ya, tau), dd);
  qs_cx dz = qs_cx_add(qs_cx_mul(dgap, t->Y), qs_cx_mul(t->far, dy));
  qs_cx dM = qs_cx_add(qs_cx_mul(dy, t->l), qs_cx_mul(qs_cx_mul(t->ya, t->slope), dz));
  dM = qs_cx_add(qs_cx_scale(dM, 2 * t->m), qs_cx_scale(ds, t->T));
  return qs_cx_mul(qs_cx_sub(dM, qs_cx_mul(t->I, qs_cx_mul(t->a, ds))), t->inv_c);
}

/* The derivative of I with the Riccati solution fixed, from those of a and of mu_v w. */
QS_LANE qs_cx jump_by_law(const jump_terms *t, qs_cx da, double dm) {
  qs_cx ly = qs_cx_mul(t->l, t->ya), ratio = qs_cx_mul(da, t->inv_a);
  qs_cx dfar = qs_cx_mul(da, t->gap);
  dfar.re -= dm;
  qs_cx dz = qs_cx_sub(qs_cx_mul(dfar, t->ya), qs_cx_mul(qs_cx_mul(t->far, t->ya), ratio));
  qs_cx dM = qs_cx_sub(qs_cx_mul(qs_cx_mul(t->ya, t->slope), dz), qs_cx_mul(ly, ratio));
  dM = qs_cx_add(qs_cx_scale(dM, 2 * t->m), qs_cx_scale(ly, 2 * dm));
  qs_cx dC = qs_cx_mul(da, t->s);
  dC.re += dm;
  return qs_cx_mul(qs_cx_sub(dM, qs_cx_mul(t->I, dC)), t->inv_c);
}

QS_LANE void differentiate_variance_jumps(const qs_characteristic *ch, const double *restrict x,
                                          riccati *restrict r) {
  const double *v = ch->model.value;
  double slope = v[QS_RHO] * v[QS_XI];
  for (int i = 0; i < N; i++) {
    jump_terms t = load_jump_terms(ch, x, r, i);
    qs_cx inv_d = load(&r->inv_d, i), tau = load(&r->tau, i);
    qs_cx beta = {v[QS_KAPPA] - 0.5 * slope, -slope * x[i]};
    qs_cx minus_gap = {-t.gap.re, -t.gap.im};
    qs_cx by_square = qs_cx_scale(inv_d, 0.5 * r->w[i]);
    store(
        &r->jump_beta, i,
        jump_by_riccati(&t, tau, qs_cx_mul(beta, inv_d), qs_cx_mul(t.s, inv_d), qs_cx_mul(minus_gap, inv_d)));
    store(&r->jump_square, i, jump_by_riccati(&t, tau, by_square, by_square, by_square));
  }
  for (int i = 0; i < N; i++) {
    jump_terms t = load_jump_terms(ch, x, r, i);
    qs_cx p = {0.5, x[i]};
    store(&r->jump_mu_v, i, jump_by_law(&t, qs_cx_scale(p, -v[QS_RHO_J]), r->w[i]));
    store(&r->jump_rho_j, i, jump_by_law(&t, qs_cx_scale(p, -v[QS_MU_V]), 0));
  }
}

QS_LANE void fill(qs_node_values *values, double constant) {
  for (int i = 0; i < N; i++) {
    values->re[i] = constant;
    values->im[i] = 0;
  }
}

QS_LANE void add(qs_node_values *values, int i, qs_cx z) {
  values->re[i] += z.re;
  values->im[i] += z.im;
}

/* The Gaussian jump's transform, with I in r->jump already. */
QS_LANE void add_normal_jumps(const qs_characteristic *ch, const double *restrict x, riccati *restrict r,
                              qs_characteristic_block *restrict out) {
  const double *v = ch->model.value;
  double T = ch->years, mu = v[QS_MU_J], sigma = v[QS_SIGMA_J], lambda = v[QS_LAMBDA];
  for (int i = 0; i < N; i++) {
    qs_cx exponent = {0.5 * mu + 0.5 * sigma * sigma * (0.25 - x[i] * x[i]),
                      x[i] * (mu + 0.5 * sigma * sigma)};
    qs_cx theta0 = qs_cx_exp(exponent), jump = qs_cx_mul(theta0, load(&r->jump, i));
    store(&r->theta0, i, theta0);
    out->slack[i] = lambda * (sqrt(jump.re * jump.re + jump.im * jump.im) - jump.re);
    add(&out->c, i,
        (qs_cx){lambda * (jump.re - T * (1 + 0.5 * ch->kbar)), lambda * (jump.im - T * ch->kbar * x[i])});
  }
}

QS_LANE void differentiate_normal_jumps(const qs_characteristic *ch, const double *restrict x,
                                        const riccati *restrict r, qs_characteristic_block *restrict out) {
  const double *v = ch->model.value;
  double T = ch->years, lambda = v[QS_LAMBDA], growth = T * (1 + ch->kbar);
  for (int i = 0; i < N; i++) {
    qs_cx p = {0.5, x[i]}, jump = qs_cx_mul(load(&r->theta0, i), load(&r->jump, i));
    qs_cx drift = {T * (1 + ch->kbar * 0.5), T * ch->kbar * x[i]};
    qs_cx curve = qs_cx_mul(p, jump);
    store(&out->gradient[QS_LAMBDA], i, qs_cx_sub(jump, drift));
    store(&out->gradient[QS_MU_J], i, qs_cx_scale(qs_cx_mul(p, (qs_cx){jump.re - growth, jump.im}), lambda));
    store(&out->gradient[QS_SIGMA_J], i,
          qs_cx_scale(qs_cx_mul(p, (qs_cx){curve.re - growth, curve.im}), lambda * v[QS_SIGMA_J]));
  }
  if (!ch->variance_jumps) {
    return;
  }
  double loading = growth / (1 - v[QS_RHO_J] * v[QS_MU_V]);
  for (int i = 0; i < N; i++) {
    qs_cx load_p = {0.5 * loading, x[i] * loading}, theta0 = load(&r->theta0, i);
    qs_cx by_mu = qs_cx_mul(theta0, load(&r->jump_mu_v, i)),
          by_rho = qs_cx_mul(theta0, load(&r->jump_rho_j, i));
    by_mu = qs_cx_sub(by_mu, qs_cx_scale(load_p, v[QS_RHO_J]));
    by_rho = qs_cx_sub(by_rho, qs_cx_scale(load_p, v[QS_MU_V]));
    store(&out->gradient[QS_MU_V], i, qs_cx_scale(by_mu, lambda));
    store(&out->gradient[QS_RHO_J], i, qs_cx_scale(by_rho, lambda));
  }
}

QS_LANE void add_kou_jumps(const qs_characteristic *ch, const double *restrict x, bool derivatives,
                           qs_characteristic_block *restrict out) {
  const double *v = ch->model.value;
  double T = ch->years, lambda = v[QS_LAMBDA], up = v[QS_P], eta1 = v[QS_ETA1], eta2 = v[QS_ETA2];
  for (int i = 0; i < N; i++) {
    qs_cx inv1 = qs_cx_inverse((qs_cx){eta1 - 0.5, -x[i]}), inv2 = qs_cx_inverse((qs_cx){eta2 + 0.5, x[i]});
    qs_cx theta0 = qs_cx_add(qs_cx_scale(inv1, eta1 * up), qs_cx_scale(inv2, eta2 * (1 - up)));
    qs_cx by_lambda = {T * (theta0.re - 1 - 0.5 * ch->kbar), T * (theta0.im - ch->kbar * x[i])};
    out->slack[i] = lambda * T * (sqrt(theta0.re * theta0.re + theta0.im * theta0.im) - theta0.re);
    store(&out->gradient[QS_LAMBDA], i, by_lambda);
    add(&out->c, i, qs_cx_scale(by_lambda, lambda));
  }
  double mean = eta1 / (eta1 - 1) - eta2 / (eta2 + 1);
  for (int i = 0; derivatives && i < N; i++) {
    qs_cx p = {0.5, x[i]};
    qs_cx inv1 = qs_cx_inverse((qs_cx){eta1 - 0.5, -x[i]}), inv2 = qs_cx_inverse((qs_cx){eta2 + 0.5, x[i]});
    qs_cx by_p = qs_cx_sub(qs_cx_scale(inv1, eta1), qs_cx_scale(inv2, eta2));
    /* d/deta of eta/(eta -+ p) is -+p/(eta -+ p)^2, and the drift's is -+p/(eta -+ 1)^2 */
    qs_cx by1 = qs_cx_mul(inv1, inv1), by2 = qs_cx_mul(inv2, inv2);
    by1.re -= 1 / ((eta1 - 1) * (eta1 - 1));
    by2.re -= 1 / ((eta2 + 1) * (eta2 + 1));
    store(&out->gradient[QS_P], i, qs_cx_scale(qs_cx_sub(by_p, qs_cx_scale(p, mean)), lambda * T));
    store(&out->gradient[QS_ETA1], i, qs_cx_scale(qs_cx_mul(p, by1), -lambda * T * up));
    store(&out->gradient[QS_ETA2], i, qs_cx_scale(qs_cx_mul(p, by2), lambda * T * (1 - up)));
  }
}

/* From derivatives by beta and xi^2 to those by kappa, xi and rho, and by time. */
QS_LANE void gradient_of_stochastic(const qs_characteristic *ch, const double *restrict x,
                                    riccati *restrict r, qs_characteristic_block *restrict out) {
  const double *v = ch->model.value;
  double level = v[QS_KAPPA] * v[QS_THETA], v0 = v[QS_V0], xi = v[QS_XI], rho = v[QS_RHO];
  if (ch->variance_jumps) {
    for (int i = 0; i < N; i++) {
      qs_cx theta0 = qs_cx_scale(load(&r->theta0, i), v[QS_LAMBDA]);
      store(&r->jump_beta, i, qs_cx_mul(theta0, load(&r->jump_beta, i)));
      store(&r->jump_square, i, qs_cx_mul(theta0, load(&r->jump_square, i)));
    }
  } else {
    fill(&r->jump_beta, 0);
    fill(&r->jump_square, 0);
  }
  for (int i = 0; i < N; i++) {
    qs_cx p = {0.5, x[i]}, integral = load(&r->integral, i);
    qs_cx by_beta =
        qs_cx_add(qs_cx_scale(load(&r->integral_beta, i), level), qs_cx_scale(load(&r->d_beta, i), v0));
    qs_cx by_square =
        qs_cx_add(qs_cx_scale(load(&r->integral_square, i), level), qs_cx_scale(load(&r->d_square, i), v0));
    by_beta = qs_cx_add(by_beta, load(&r->jump_beta, i));
    by_square = qs_cx_add(by_square, load(&r->jump_square, i));
    qs_cx p_beta = qs_cx_mul(p, by_beta);
    store(&out->gradient[QS_V0], i, load(&r->big_d, i));
    store(&out->gradient[QS_KAPPA], i, qs_cx_add(by_beta, qs_cx_scale(integral, v[QS_THETA])));
    store(&out->gradient[QS_THETA], i, qs_cx_scale(integral, v[QS_KAPPA]));
    store(&out->gradient[QS_XI], i, qs_cx_sub(qs_cx_scale(by_square, 2 * xi), qs_cx_scale(p_beta, rho)));
    store(&out->gradient[QS_RHO], i, qs_cx_scale(p_beta, -xi));
  }
  for (int i = 0; i < N; i++) {
    qs_cx big_d = load(&r->big_d, i);
    qs_cx beta = {v[QS_KAPPA] - 0.5 * rho * xi, -rho * xi * x[i]};
    qs_cx d_time = qs_cx_mul(qs_cx_sub(qs_cx_scale(big_d, 0.5 * xi * xi), beta), big_d);
    d_time.re -= 0.5 * r->w[i];
    store(&out->time, i, qs_cx_add(qs_cx_scale(big_d, level), qs_cx_scale(d_time, v0)));
  }
}

/* lambda (theta0/(a - mu_v D) - 1 - p kbar). */
QS_LANE void add_jump_time(const qs_characteristic *ch, const double *restrict x, const riccati *restrict r,
                           qs_characteristic_block *restrict out) {
  const double *v = ch->model.value;
  double lambda = v[QS_LAMBDA], mu = ch->variance_jumps ? v[QS_MU_V] : 0,
         rho = ch->variance_jumps ? v[QS_RHO_J] : 0;
  for (int i = 0; i < N; i++) {
    qs_cx big_d = load(&r->big_d, i);
    qs_cx rest = {1 - 0.5 * rho * mu - mu * big_d.re, -x[i] * rho * mu - mu * big_d.im};
    qs_cx rate = qs_cx_div(load(&r->theta0, i), rest);
    rate = (qs_cx){rate.re - 1 - 0.5 * ch->kbar, rate.im - x[i] * ch->kbar};
    add(&out->time, i, qs_cx_scale(rate, lambda));
  }
}

QS_LANE void evaluate_stochastic(const qs_characteristic *ch, const double *restrict x, bool derivatives,
                                 qs_characteristic_block *restrict out) {
  riccati r;
  solve_riccati(ch, x, &r);
  double level = ch->model.value[QS_KAPPA] * ch->model.value[QS_THETA];
  for (int i = 0; i < N; i++) {
    store(&out->c, i, qs_cx_scale(load(&r.integral, i), level));
    store(&out->d, i, load(&r.big_d, i));
  }
  if (derivatives) {
    differentiate_riccati(ch, x, &r);
  }
  if (ch->variance_jumps) {
    integrate_variance_jumps(ch, x, &r);
  } else {
    fill(&r.jump, ch->years);
  }
  if (derivatives && ch->variance_jumps) {
    differentiate_variance_jumps(ch, x, &r);
  }
  if (ch->jumps) {
    add_normal_jumps(ch, x, &r, out);
  }
  if (derivatives && ch->jumps) {
    differentiate_normal_jumps(ch, x, &r, out);
  }
  if (derivatives) {
    gradient_of_stochastic(ch, x, &r, out);
    if (ch->jumps) {
      add_jump_time(ch, x, &r, out);
    }
  }
}

QS_LANE void evaluate_constant(const qs_characteristic *ch, const double *restrict x, bool derivatives,
                               qs_characteristic_block *restrict out) {
  double sigma = ch->model.value[QS_SIGMA], T = ch->years;
  fill(&out->d, 0);
  for (int i = 0; i < N; i++) {
    double w = x[i] * x[i] + 0.25;
    store(&out->c, i, (qs_cx){-0.5 * sigma * sigma * T * w, 0});
    if (derivatives) {
      store(&out->gradient[QS_SIGMA], i, (qs_cx){-sigma * T * w, 0});
    }
  }
  if (ch->model.type == QS_MODEL_KOU) {
    add_kou_jumps(ch, x, derivatives, out);
  } else if (ch->jumps) {
    riccati r;
    fill(&r.jump, T);
    add_normal_jumps(ch, x, &r, out);
    if (derivatives) {
      differentiate_normal_jumps(ch, x, &r, out);
    }
  }
  /* returns are independent, so that ln phi grows in proportion to time */
  for (int i = 0; derivatives && i < N; i++) {
    store(&out->time, i, qs_cx_scale(load(&out->c, i), 1 / T));
  }
}

QS_CLONES void qs_characteristic_evaluate(const qs_characteristic *characteristic, const double *restrict x,
                                          bool derivatives, qs_characteristic_block *restrict block) {
  for (int i = 0; i < N; i++) {
    block->slack[i] = 0;
  }
  if (characteristic->stochastic) {
    evaluate_stochastic(characteristic, x, derivatives, block);
  } else {
    evaluate_constant(characteristic, x, derivatives, block);
  }
  for (int i = 0; i < N; i++) {
    block->c.re[i] -= 0.5 * characteristic->added * (x[i] * x[i] + 0.25);
  }
}

/* D(T) and the integral of D for real p, w = p (1 - p); false where D explodes before T. */
static bool real_riccati(const qs_characteristic *ch, double p, double *big_d, double *integral) {
  const double *v = ch->model.value;
  double T = ch->years, w = p * (1 - p), xi = v[QS_XI], square = xi * xi;
  double beta = v[QS_KAPPA] - v[QS_RHO] * xi * p, delta = beta * beta + square * w;
  if (delta > 0) {
    double d = sqrt(delta), e = -expm1(-d * T);
    /* d - beta without cancellation on either side */
    double gap = beta > 0 ? square * w / (d + beta) : d - beta;
    double z = gap * e / (2 * d);
    if (z >= 1) {
      return false;
    }
    *big_d = -w * e / (2 * d * (1 - z));
    *integral = -(gap * T + 2 * log1p(-z)) / square;
    return true;
  }
  double gamma = sqrt(-delta), angle = 0.5 * gamma * T;
  if (angle >= atan2(gamma, -beta)) {
    return false;
  }
  /* sin(angle)/gamma tends to T/2 */
  double sine = gamma > 0 ? sin(angle) / gamma : 0.5 * T;
  double denominator = cos(angle) + beta * sine;
  if (denominator <= 0) {
    return false;
  }
  *big_d = -w * sine / denominator;
  *integral = (beta * T - 2 * log(denominator)) / square;
  return true;
}

static double log_jump_moment(const qs_characteristic *ch, double p, double big_d) {
  const double *v = ch->model.value;
  double theta0;
  if (ch->model.type == QS_MODEL_KOU) {
    if (p >= v[QS_ETA1] || p <= -v[QS_ETA2]) {
      return v[QS_LAMBDA] > 0 ? INFINITY : 0;
    }
    theta0 = v[QS_P] * v[QS_ETA1] / (v[QS_ETA1] - p) + (1 - v[QS_P]) * v[QS_ETA2] / (v[QS_ETA2] + p);
  } else {
    theta0 = exp(p * v[QS_MU_J] + 0.5 * p * p * v[QS_SIGMA_J] * v[QS_SIGMA_J]);
  }
  if (ch->variance_jumps) {
    double rest = 1 - p * v[QS_RHO_J] * v[QS_MU_V] - v[QS_MU_V] * big_d;
    if (rest <= 0) {
      return v[QS_LAMBDA] > 0 ? INFINITY : 0;
    }
    theta0 /= rest;
  }
  return v[QS_LAMBDA] > 0 ? v[QS_LAMBDA] * ch->years * (theta0 - 1 - p * ch->kbar) : 0;
}

double qs_characteristic_log_moment(const qs_characteristic *characteristic, double p) {
  const qs_characteristic *ch = characteristic;
  const double *v = ch->model.value;
  double big_d = 0, value;
  if (ch->stochastic) {
    double integral;
    if (!real_riccati(ch, p, &big_d, &integral)) {
      return INFINITY;
    }
    value = v[QS_KAPPA] * v[QS_THETA] * integral + v[QS_V0] * big_d;
  } else {
    value = -0.5 * v[QS_SIGMA] * v[QS_SIGMA] * ch->years * p * (1 - p);
  }
  value -= 0.5 * ch->added * p * (1 - p);
  return ch->jumps ? value + log_jump_moment(ch, p, big_d) : value;
}
