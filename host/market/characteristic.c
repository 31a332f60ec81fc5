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
  qs_node_values theta0;
} riccati;

QS_LANE void solve_riccati(const qs_characteristic *ch, const double *x, riccati *r) {
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
QS_LANE void differentiate_riccati(const qs_characteristic *ch, const double *x, riccati *r) {
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
QS_LANE void integrate_variance_jumps(const qs_characteristic *ch, const double *x, bool derivatives,
                                      riccati *r) {
  const double *v = ch->model.value;
  double T = ch->years, square = v[QS_XI] * v[QS_XI], mu = v[QS_MU_V], rho = v[QS_RHO_J];
  for (int i = 0; i < N; i++) {
    double w = r->w[i], m = mu * w;
    qs_cx p = {0.5, x[i]};
    qs_cx a = {1 - 0.5 * rho * mu, -x[i] * rho * mu};
    qs_cx inv_a = qs_cx_inverse(a), s = load(&r->s, i), Y = load(&r->half_e, i);
    qs_cx gap = qs_cx_scale(load(&r->inv_s, i), square * w); /* d - beta */
    qs_cx C = qs_cx_mul(a, s);
    C.re += m;
    qs_cx inv_c = qs_cx_inverse(C);
    qs_cx far = qs_cx_mul(a, gap);
    far.re -= m;
    qs_cx z = qs_cx_mul(qs_cx_mul(far, Y), inv_a);
    qs_cx l, slope;
    qs_cx_log_ratio(z, &l, &slope);
    qs_cx ya = qs_cx_mul(Y, inv_a);
    qs_cx ly = qs_cx_mul(l, ya);
    qs_cx I = qs_cx_mul(qs_cx_add(qs_cx_scale(s, T), qs_cx_scale(ly, 2 * m)), inv_c);
    store(&r->jump, i, I);
    if (derivatives) {
      qs_cx inv_d = load(&r->inv_d, i), tau = load(&r->tau, i);
      qs_cx beta = {v[QS_KAPPA] - 0.5 * v[QS_RHO] * v[QS_XI], -v[QS_RHO] * v[QS_XI] * x[i]};
      /* by beta (dd = beta/d, ds = s/d) and by xi^2 (dd = ds = w/(2d)); Y_dot = Y tau dd, gap_dot = dd -
       * dbeta */
      qs_cx dd[2] = {qs_cx_mul(beta, inv_d), qs_cx_scale(inv_d, 0.5 * w)};
      qs_cx ds[2] = {qs_cx_mul(s, inv_d), dd[1]};
      qs_cx dgap[2] = {qs_cx_sub((qs_cx){0, 0}, qs_cx_mul(gap, inv_d)), dd[1]};
      qs_cx dI[2];
      for (int j = 0; j < 2; j++) {
        qs_cx dY = qs_cx_mul(qs_cx_mul(Y, tau), dd[j]);
        qs_cx dz = qs_cx_add(qs_cx_mul(dgap[j], Y), qs_cx_mul(qs_cx_mul(far, dY), inv_a));
        qs_cx dM = qs_cx_add(qs_cx_mul(qs_cx_mul(dY, l), inv_a), qs_cx_mul(qs_cx_mul(ya, slope), dz));
        dM = qs_cx_add(qs_cx_scale(dM, 2 * m), qs_cx_scale(ds[j], T));
        dI[j] = qs_cx_mul(qs_cx_sub(dM, qs_cx_mul(I, qs_cx_mul(a, ds[j]))), inv_c);
      }
      store(&r->jump_beta, i, dI[0]);
      store(&r->jump_square, i, dI[1]);
      /* by mu_v (da = -p rho_j, dm = w) and by rho_j (da = -p mu_v, dm = 0) */
      qs_cx da[2] = {qs_cx_scale(p, -rho), qs_cx_scale(p, -mu)};
      double dm[2] = {w, 0};
      for (int j = 0; j < 2; j++) {
        qs_cx dfar = qs_cx_mul(da[j], gap);
        dfar.re -= dm[j];
        qs_cx dz = qs_cx_sub(qs_cx_mul(dfar, ya), qs_cx_mul(z, qs_cx_mul(da[j], inv_a)));
        qs_cx dM = qs_cx_sub(qs_cx_mul(qs_cx_mul(ya, slope), dz), qs_cx_mul(ly, qs_cx_mul(da[j], inv_a)));
        dM = qs_cx_add(qs_cx_scale(dM, 2 * m), qs_cx_scale(ly, 2 * dm[j]));
        qs_cx dC = qs_cx_mul(da[j], s);
        dC.re += dm[j];
        dI[j] = qs_cx_mul(qs_cx_sub(dM, qs_cx_mul(I, dC)), inv_c);
      }
      store(&r->jump_mu_v, i, dI[0]);
      store(&r->jump_rho_j, i, dI[1]);
    }
  }
}

QS_LANE void add(qs_node_values *values, int i, qs_cx z) {
  values->re[i] += z.re;
  values->im[i] += z.im;
}

/* The Gaussian jump's transform, with I in r->jump already. */
QS_LANE void add_normal_jumps(const qs_characteristic *ch, const double *x, bool derivatives, riccati *r,
                              qs_characteristic_block *out) {
  const double *v = ch->model.value;
  double T = ch->years, mu = v[QS_MU_J], sigma = v[QS_SIGMA_J], lambda = v[QS_LAMBDA];
  double growth = 1 + ch->kbar;
  bool loaded = ch->variance_jumps;
  double loading = loaded ? 1 / (1 - v[QS_RHO_J] * v[QS_MU_V]) : 0;
  for (int i = 0; i < N; i++) {
    qs_cx p = {0.5, x[i]}, square = {0.25 - x[i] * x[i], x[i]};
    qs_cx theta0 = qs_cx_exp(qs_cx_add(qs_cx_scale(p, mu), qs_cx_scale(square, 0.5 * sigma * sigma)));
    qs_cx jump = qs_cx_mul(theta0, load(&r->jump, i));
    qs_cx drift = {T * (1 + ch->kbar * 0.5), T * ch->kbar * x[i]};
    qs_cx by_lambda = qs_cx_sub(jump, drift);
    store(&r->theta0, i, theta0);
    add(&out->c, i, qs_cx_scale(by_lambda, lambda));
    if (derivatives) {
      qs_cx shift = {jump.re - T * growth, jump.im};
      qs_cx curve = qs_cx_sub(qs_cx_mul(p, jump), (qs_cx){T * growth, 0});
      store(&out->gradient[QS_LAMBDA], i, by_lambda);
      store(&out->gradient[QS_MU_J], i, qs_cx_scale(qs_cx_mul(p, shift), lambda));
      store(&out->gradient[QS_SIGMA_J], i, qs_cx_scale(qs_cx_mul(p, curve), lambda * sigma));
    }
    if (derivatives && loaded) {
      qs_cx by_load = qs_cx_scale(p, T * growth * loading);
      qs_cx by_mu = qs_cx_sub(qs_cx_mul(theta0, load(&r->jump_mu_v, i)), qs_cx_scale(by_load, v[QS_RHO_J]));
      qs_cx by_rho = qs_cx_sub(qs_cx_mul(theta0, load(&r->jump_rho_j, i)), qs_cx_scale(by_load, v[QS_MU_V]));
      store(&out->gradient[QS_MU_V], i, qs_cx_scale(by_mu, lambda));
      store(&out->gradient[QS_RHO_J], i, qs_cx_scale(by_rho, lambda));
    }
  }
}

QS_LANE void add_kou_jumps(const qs_characteristic *ch, const double *x, bool derivatives,
                           qs_characteristic_block *out) {
  const double *v = ch->model.value;
  double T = ch->years, lambda = v[QS_LAMBDA], up = v[QS_P], eta1 = v[QS_ETA1], eta2 = v[QS_ETA2];
  double mean1 = eta1 / (eta1 - 1), mean2 = eta2 / (eta2 + 1);
  for (int i = 0; i < N; i++) {
    qs_cx p = {0.5, x[i]};
    qs_cx inv1 = qs_cx_inverse((qs_cx){eta1 - 0.5, -x[i]}), inv2 = qs_cx_inverse((qs_cx){eta2 + 0.5, x[i]});
    qs_cx t1 = qs_cx_scale(inv1, eta1), t2 = qs_cx_scale(inv2, eta2);
    qs_cx theta0 = qs_cx_add(qs_cx_scale(t1, up), qs_cx_scale(t2, 1 - up));
    qs_cx by_lambda = {T * (theta0.re - 1 - 0.5 * ch->kbar), T * (theta0.im - ch->kbar * x[i])};
    add(&out->c, i, qs_cx_scale(by_lambda, lambda));
    if (derivatives) {
      qs_cx by_p = qs_cx_sub(qs_cx_sub(t1, t2), qs_cx_scale(p, mean1 - mean2));
      /* d/deta of eta/(eta -+ p) is -+p/(eta -+ p)^2, and the drift's is -+p/(eta -+ 1)^2 */
      qs_cx by1 = qs_cx_mul(inv1, inv1), by2 = qs_cx_mul(inv2, inv2);
      by1.re -= 1 / ((eta1 - 1) * (eta1 - 1));
      by2.re -= 1 / ((eta2 + 1) * (eta2 + 1));
      store(&out->gradient[QS_LAMBDA], i, by_lambda);
      store(&out->gradient[QS_P], i, qs_cx_scale(by_p, lambda * T));
      store(&out->gradient[QS_ETA1], i, qs_cx_scale(qs_cx_mul(p, by1), -lambda * T * up));
      store(&out->gradient[QS_ETA2], i, qs_cx_scale(qs_cx_mul(p, by2), lambda * T * (1 - up)));
    }
  }
}

/* From derivatives by beta and xi^2 to those by kappa, xi and rho, and by time. */
QS_LANE void gradient_of_stochastic(const qs_characteristic *ch, const double *x, riccati *r,
                                    qs_characteristic_block *out) {
  const double *v = ch->model.value;
  double level = v[QS_KAPPA] * v[QS_THETA], v0 = v[QS_V0], xi = v[QS_XI], rho = v[QS_RHO];
  double lambda = ch->jumps ? v[QS_LAMBDA] : 0;
  for (int i = 0; i < N; i++) {
    qs_cx p = {0.5, x[i]};
    qs_cx big_d = load(&r->big_d, i), integral = load(&r->integral, i);
    qs_cx by_beta =
        qs_cx_add(qs_cx_scale(load(&r->integral_beta, i), level), qs_cx_scale(load(&r->d_beta, i), v0));
    qs_cx by_square =
        qs_cx_add(qs_cx_scale(load(&r->integral_square, i), level), qs_cx_scale(load(&r->d_square, i), v0));
    if (ch->variance_jumps) {
      qs_cx jump = qs_cx_scale(load(&r->theta0, i), lambda);
      by_beta = qs_cx_add(by_beta, qs_cx_mul(jump, load(&r->jump_beta, i)));
      by_square = qs_cx_add(by_square, qs_cx_mul(jump, load(&r->jump_square, i)));
    }
    qs_cx p_beta = qs_cx_mul(p, by_beta);
    store(&out->gradient[QS_V0], i, big_d);
    store(&out->gradient[QS_KAPPA], i, qs_cx_add(by_beta, qs_cx_scale(integral, v[QS_THETA])));
    store(&out->gradient[QS_THETA], i, qs_cx_scale(integral, v[QS_KAPPA]));
    store(&out->gradient[QS_XI], i, qs_cx_sub(qs_cx_scale(by_square, 2 * xi), qs_cx_scale(p_beta, rho)));
    store(&out->gradient[QS_RHO], i, qs_cx_scale(p_beta, -xi));
    qs_cx beta = {v[QS_KAPPA] - 0.5 * rho * xi, -rho * xi * x[i]};
    qs_cx half = qs_cx_sub(qs_cx_scale(big_d, 0.5 * xi * xi), beta);
    qs_cx d_time = qs_cx_mul(half, big_d);
    d_time.re -= 0.5 * r->w[i];
    store(&out->time, i, qs_cx_add(qs_cx_scale(big_d, level), qs_cx_scale(d_time, v0)));
  }
}

/* lambda (theta0/(a - mu_v D) - 1 - p kbar). */
QS_LANE void add_jump_time(const qs_characteristic *ch, const double *x, const riccati *r,
                           qs_characteristic_block *out) {
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

QS_LANE void fill(qs_node_values *values, double constant) {
  for (int i = 0; i < N; i++) {
    values->re[i] = constant;
    values->im[i] = 0;
  }
}

QS_LANE void evaluate_stochastic(const qs_characteristic *ch, const double *x, bool derivatives,
                                 qs_characteristic_block *out) {
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
    integrate_variance_jumps(ch, x, derivatives, &r);
  } else {
    fill(&r.jump, ch->years);
  }
  if (ch->jumps) {
    add_normal_jumps(ch, x, derivatives, &r, out);
  }
  if (derivatives) {
    gradient_of_stochastic(ch, x, &r, out);
    if (ch->jumps) {
      add_jump_time(ch, x, &r, out);
    }
  }
}

QS_LANE void evaluate_constant(const qs_characteristic *ch, const double *x, bool derivatives,
                               qs_characteristic_block *out) {
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
    add_normal_jumps(ch, x, derivatives, &r, out);
  }
  /* returns are independent, so that ln phi grows in proportion to time */
  for (int i = 0; derivatives && i < N; i++) {
    store(&out->time, i, qs_cx_scale(load(&out->c, i), 1 / T));
  }
}

QS_CLONES void qs_characteristic_evaluate(const qs_characteristic *characteristic, const double *x,
                                          bool derivatives, qs_characteristic_block *block) {
  if (characteristic->stochastic) {
    evaluate_stochastic(characteristic, x, derivatives, block);
  } else {
    evaluate_constant(characteristic, x, derivatives, block);
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
  return ch->jumps ? value + log_jump_moment(ch, p, big_d) : value;
}
