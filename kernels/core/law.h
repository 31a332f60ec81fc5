// The numbers of a step and of a date that do not depend on the path: what a plan's table holds. All double.
//
// A model is seen here by what its law is made of, not by its name:
//   variance   constant (sigma) or stochastic (v0 kappa theta xi rho)
//   jumps      none; counted (normal sizes: only their number is drawn, Poisson by inversion); in price and
//              variance (svcj: one draw a step); two-sided exponential (kou: one draw a step and side)
//
// One draw a step stands for the step's compound Poisson law with exponential sizes: with a = lambda dt and
// h = a / 2, a jump happens with probability a / (1 + h) and its size is (1 + h) times an exponential. Mean
// and variance are exact, and so are all cumulants up to a relative a^2 / 12, since
// 2 atanh(h z / (1 - z)) = a z / (1 - z) + (a z / (1 - z))^3 / 12 + ... A jump is born with size zero as
// lambda grows, so that the size is differentiable in lambda at a fixed draw. Use it for a <= 0.2.
//
// A variance jump acts at a uniform time within its step: it enters the conditional mean and variance of the
// variance at the step's end, before those are matched, so that it adds to the correlated part of the price
// as well. The step's price jumps are one, or with probability h L two, L the exponential of the size: then
// their number has the Poisson law's mean, and its variance and its covariance with the size up to h^2, while
// each price jump has its exact law.
#ifndef QS_CORE_LAW_H
#define QS_CORE_LAW_H

#include "kernels/core/elementary.h"

// Sources of randomness of a path: the `dimension` of a counter (key.h). One word a step each.
enum {
  QS_DRAW_VARIANCE = 0, // the variance's uniform
  QS_DRAW_JUMP = 1,     // variance jump, number of counted jumps, or upward exponential jump
  QS_DRAW_PRICE = 2,    // the price's own normal, where the whole of S is simulated
  QS_DRAW_DOWN = 3,     // downward exponential jump
  QS_DRAW_COUNT = 4,
  QS_DRAW_BRIDGE = 4, // a date's normal within a step (path_noise.inc)
  QS_DRAW_SIZE = 5,   // normals of the jumps' sizes, where the price's own are shared
  QS_DRAW_COMMON = 6, // normals of the sizes of common jumps
  QS_DRAW_SPLIT = 7   // what cuts an interval at its jumps (path_noise.inc)
};

typedef enum qs_jumps {
  QS_JUMPS_NONE = 0,
  QS_JUMPS_COUNTED = 1,
  QS_JUMPS_VARIANCE = 2,
  QS_JUMPS_EXPONENTIAL = 3
} qs_jumps;

typedef enum qs_variance {
  QS_VARIANCE_CONSTANT = 0,
  QS_VARIANCE_QE = 1,   // quadratic-exponential, martingale corrected (Andersen 2008)
  QS_VARIANCE_EULER = 2 // full truncation (Lord, Koekkoek, van Dijk 2010)
} qs_variance;

// A model's parameters, annual; see include/quickset/model.h. Those it does not use are zero.
typedef struct qs_dynamics {
  qs_variance variance;
  qs_jumps jumps;
  double v0, kappa, theta, xi, rho;
  double lambda, mu_j, sigma_j, mu_v, rho_j;
  double p, eta1, eta2, sigma;
  double common; // of lambda: jumps that others have at the same times, counted apart
} qs_dynamics;

// Coefficients of a step; each column says what it is to the step functions (qe.h, euler.h, jumps.h).
enum {
  QS_K_YEARS,       // dt
  QS_K_DECAY,       // e = exp(-kappa dt)
  QS_K_GAIN,        // 1 - e
  QS_K_THETA,       // theta
  QS_K_VARIANCE_V,  // c1: Var[v' | v] / 2 = c1 v + c2
  QS_K_VARIANCE_0,  // c2
  QS_K_LOADING,     // A: ln S loads on v' by A
  QS_K_HALF_OWN,    // (1 - rho^2) dt / 2 times the trapezoidal rule's share
  QS_K_RULE_KAPPA,  // dt / 2 times d share / dkappa of the trapezoidal rule
  QS_K_GAIN_KAPPA,  // d(1 - e)/dkappa
  QS_K_V_KAPPA,     // dc1/dkappa
  QS_K_0_KAPPA,     // dc2/dkappa
  QS_K_0_THETA,     // dc2/dtheta
  QS_K_TWO_OVER_XI, // 2 / xi
  QS_K_A_KAPPA,     // dA/dkappa
  QS_K_A_XI,        // dA/dxi
  QS_K_A_RHO,       // dA/drho
  QS_K_EULER_KAPPA, // kappa dt
  QS_K_EULER_XI,    // xi sqrt(dt)
  QS_K_EULER_RHO,   // rho sqrt(dt)
  QS_K_EULER_ROOT,  // sqrt(dt)
  QS_K_EULER_DRIFT, // -rho^2 dt / 2
  QS_K_EULER_D_RHO, // -rho dt
  QS_K_JUMP_SLOPE,  // a word w below the threshold lies at slope w + offset, in (0, 1), below the probability
                    // of a
  QS_K_JUMP_OFFSET, // jump (of an upward one)
  QS_K_JUMP_UNIT,   // 1 + h
  QS_K_JUMP_H,      // h
  QS_K_JUMP_UNIT_INVERSE, // 1 / (1 + h)
  QS_K_JUMP_BIRTH,        // dp/dlambda / (1 - p), p the probability of a jump
  QS_K_JUMP_SECOND_LOG,   // -1 / h
  QS_K_JUMP_SECOND,       // d(h L)/dlambda at a fixed draw is this times (L + 1 / (1 + h)): h / lambda
  QS_K_JUMP_MEAN,         // log of the mean factor of a price jump (but for rho_j Y): mu_j + sigma_j^2 / 2
  QS_K_JUMP_VARIANCE,     // sigma_j^2
  QS_K_JUMP_RHO,          // rho_j
  QS_K_JUMP_SIZE,         // (1 + h) mu_v
  QS_K_JUMP_SIZE_LAMBDA,  // mu_v / lambda
  QS_K_JUMP_DECAY,        // mean of exp(-kappa s), s uniform in the step
  QS_K_JUMP_SPREAD,       // what a unit jump adds to Var[v'] / 2
  QS_K_JUMP_DECAY_KAPPA,  // their derivatives
  QS_K_JUMP_SPREAD_KAPPA,
  QS_K_DOWN_SLOPE, // the same for a downward jump
  QS_K_DOWN_OFFSET,
  QS_K_DOWN_UNIT,  // its 1 + h
  QS_K_UP_SCALE,   // 1 / eta1
  QS_K_DOWN_SCALE, // 1 / eta2
  QS_K_DRIFT,      // minus the log of the mean jump factor of the step
  QS_K_CONSTANT_V, // what is deterministic in the step's own variance: sigma^2 dt, the rule's rest, the added
  QS_K_ADDED,      // the step's added variance (plan.h)
  QS_K_COUNT
};

enum { QS_JUMP_TERMS = 7 };

// Constants of a date. Derivatives are in the order of the model's parameters.
enum {
  QS_D_DRIFT,                          // sum of the steps' QS_K_DRIFT
  QS_D_DRIFT_0,                        // its derivatives, up to 10
  QS_D_CONSTANT_V = QS_D_DRIFT_0 + 10, // what is deterministic in V, as in the steps
  QS_D_CONSTANT_SIGMA,                 // 2 sigma T
  QS_D_OWN,                            // 1 - rho^2
  QS_D_OWN_RHO,                        // -2 rho
  QS_D_REBASE,      // weight of the last main node's variance, less what its main weight counts too much
  QS_D_SIDE_WEIGHT, // weight of the side step's node
  QS_D_REST_V0,     // derivatives of the rule's rest in V to v0 kappa theta xi rho, lambda mu_v
  QS_D_REST_LAMBDA = QS_D_REST_V0 + 5,
  QS_D_REST_MU_V,
  QS_D_SIGMA_J,
  QS_D_MU_V,
  QS_D_RHO_J,
  QS_D_COUNTED_MEAN, // mu_j + sigma_j^2 / 2
  QS_D_UP_SCALE,     // 1 / eta1
  QS_D_DOWN_SCALE,   // 1 / eta2
  QS_D_MARK_MEAN,    // one more price jump: what it adds to M and V, and its weight in d/dlambda, summed over
  QS_D_MARK_VARIANCE, // steps as if none had a jump
  QS_D_MARK_WEIGHT,
  QS_D_MARK_KBAR,   // mean of e^J - 1
  QS_D_MARK_SIZE,   // mean of J^2
  QS_D_MARK_SERIES, // qs_jump_series, to QS_D_MARK_SERIES + QS_JUMP_TERMS - 1
  QS_D_MARK_SERIES_END = QS_D_MARK_SERIES + QS_JUMP_TERMS - 1,
  QS_D_UP_RATE,   // eta1 - 1
  QS_D_DOWN_RATE, // eta2 + 1
  QS_D_LAMBDA_UP, // weights of the exponential jumps' excess in d/dlambda and d/dp (estimator.inc)
  QS_D_LAMBDA_DOWN,
  QS_D_P_UP,
  QS_D_P_DOWN,
  QS_D_COUNT
};

// A step: its row of coefficients and thresholds, and where its random words are. Aligned so that a device
// loads it at once.
typedef struct __attribute__((aligned(16))) qs_law_step {
  uint32_t kind, draw_block, draw_word;
} qs_law_step;

// A date: after main_steps steps and, where side is not 0, one more that leaves the main path alone.
typedef struct qs_law_date {
  uint32_t main_steps, side;
  qs_law_step step;
} qs_law_date;

enum { QS_COUNT_LIMIT = 32 }; // most counted jumps in one step

// A draw counts one jump for each k < count with word > at[k]; filled with 2^32 - 1, which no word exceeds,
// up to a multiple of 4.
typedef struct qs_count {
  uint32_t count;
  uint32_t at[QS_COUNT_LIMIT];
} qs_count;

// Thresholds on random words: a draw jumps where word < jump (down); counted jumps of the underlying's own
// and common ones.
typedef struct qs_thresholds {
  uint32_t jump, down;
  qs_count own, common;
} qs_thresholds;

// sum over k >= first of (-x)^k weight(k) / (k + 1)! and its relatives, for 0 <= x < 1.
static inline void qs_decay_series(double x, double *mean, double *slope) {
  double power = 1.0, m = 0.0, s = 0.0;
  for (int k = 0; k < 24; k++) {
    m += power;
    // power is (-x)^k / (k + 1)!; the slope's term k is -(k + 1) (-x)^k / (k + 2)!.
    const double next = power / (k + 2.0);
    s -= (k + 1.0) * next;
    power = -x * next;
  }
  *mean = m;
  *slope = s;
}

// g(x) = (1 - exp(-x)) / x and its derivative, x >= 0.
static inline void qs_decay_mean(double x, double *mean, double *slope) {
  if (x < 1.0) {
    qs_decay_series(x, mean, slope);
    return;
  }
  const double e = x < 700.0 ? qs_exp_d(-x) : 0.0;
  *mean = (1.0 - e) / x;
  *slope = (e - *mean) / x;
}

// (g(x) - g(2x)) / x and its derivative, x >= 0.
static inline void qs_decay_spread(double x, double *spread, double *slope) {
  if (x >= 0.5) {
    double g1, d1, g2, d2;
    qs_decay_mean(x, &g1, &d1);
    qs_decay_mean(2.0 * x, &g2, &d2);
    *spread = (g1 - g2) / x;
    *slope = (d1 - 2.0 * d2 - *spread) / x;
    return;
  }
  double term = 0.5, two = 1.0, f = 0.0, d = 0.0, previous = 0.0;
  for (int k = 1; k < 32; k++) {
    // term is (-1)^(k-1) x^(k-1) / (k + 1)!
    two *= 2.0;
    const double weight = two - 1.0;
    f += weight * term;
    d -= (k - 1.0) * weight * previous;
    previous = term / (k + 2.0);
    term = -x * previous;
  }
  *spread = f;
  *slope = d;
}

// The variance's integral over a step. The trapezoidal rule alone is wrong in the mean by (kappa dt)^2 / 12
// of what v is beyond its long-run mean, for it decays convexly: 1e-4 at four days and kappa 3. So the rule
// is taken for a share of v, and the long-run mean for the rest; with x = kappa dt
//   int v = share dt (v + v') / 2 + (1 - share) dt mean,   share = 2 / x (1 - e^-x) / (1 + e^-x)
// is right in the mean, given v. `slope` is d share / dkappa. Euler's scheme has no rule.
typedef struct qs_trapezoid {
  double share, slope;
} qs_trapezoid;

static inline qs_trapezoid qs_step_trapezoid(const qs_dynamics *m, double dt) {
  qs_trapezoid r = {1.0, 0.0};
  if (m->variance == QS_VARIANCE_QE) {
    double g, d;
    qs_decay_mean(m->kappa * dt, &g, &d);
    const double e = 1.0 - m->kappa * dt * g, unit = 1.0 / (1.0 + e);
    r.share = 2.0 * g * unit;
    r.slope = 2.0 * dt * unit * (d + g * e * unit);
  }
  return r;
}

// What the variance tends to in the mean, jumps included.
static inline double qs_long_run(const qs_dynamics *m) {
  return m->theta + (m->jumps == QS_JUMPS_VARIANCE ? m->lambda * m->mu_v / m->kappa : 0.0);
}

// What the rule leaves of the price's own part of the integral.
static inline double qs_step_rest(const qs_dynamics *m, double dt) {
  return (1.0 - m->rho * m->rho) * (1.0 - qs_step_trapezoid(m, dt).share) * dt * qs_long_run(m);
}

// The variance's coefficients for a step of dt years (Andersen 2008, eqs 17-18 and 33-36 with
// gamma1 = gamma2 = 1/2, the price's own noise taken out).
static inline void qs_step_variance(const qs_dynamics *m, double dt, double *k) {
  const double x = m->kappa * dt, xi2 = m->xi * m->xi;
  double g, d;
  qs_decay_mean(x, &g, &d);
  const double e = 1.0 - x * g;
  k[QS_K_DECAY] = e;
  k[QS_K_GAIN] = x * g;
  k[QS_K_THETA] = m->theta;
  k[QS_K_VARIANCE_V] = 0.5 * xi2 * dt * e * g;
  k[QS_K_0_THETA] = 0.25 * xi2 * dt * x * g * g;
  k[QS_K_VARIANCE_0] = m->theta * k[QS_K_0_THETA];
  k[QS_K_LOADING] = m->rho / m->xi * (1.0 + 0.5 * x) - 0.25 * dt * m->rho * m->rho;
  const qs_trapezoid rule = qs_step_trapezoid(m, dt);
  k[QS_K_RULE_KAPPA] = 0.5 * dt * rule.slope;
  k[QS_K_HALF_OWN] = 0.5 * (1.0 - m->rho * m->rho) * rule.share * dt;
  k[QS_K_GAIN_KAPPA] = dt * e;
  k[QS_K_V_KAPPA] = 0.5 * xi2 * dt * dt * e * (d - g);
  k[QS_K_0_KAPPA] = 0.25 * m->theta * xi2 * dt * dt * g * (g + 2.0 * x * d);
  k[QS_K_TWO_OVER_XI] = 2.0 / m->xi;
  k[QS_K_A_KAPPA] = 0.5 * m->rho * dt / m->xi;
  k[QS_K_A_XI] = -m->rho / xi2 * (1.0 + 0.5 * x);
  k[QS_K_A_RHO] = (1.0 + 0.5 * x) / m->xi - 0.5 * dt * m->rho;
  const double root = qs_sqrt_d(dt);
  k[QS_K_EULER_KAPPA] = x;
  k[QS_K_EULER_XI] = m->xi * root;
  k[QS_K_EULER_RHO] = m->rho * root;
  k[QS_K_EULER_ROOT] = root;
  k[QS_K_EULER_DRIFT] = -0.5 * m->rho * m->rho * dt;
  k[QS_K_EULER_D_RHO] = -m->rho * dt;
}

// |A| times the largest Var[v'] / E[v'] of a step: the martingale correction of qe.h holds up to
// QS_CORRECTION_LIMIT.
#define QS_CORRECTION_LIMIT 0.2
static inline double qs_step_correction(const qs_dynamics *m, double dt) {
  double g, d;
  qs_decay_mean(m->kappa * dt, &g, &d);
  const double a = m->rho / m->xi * (1.0 + 0.5 * m->kappa * dt) - 0.25 * dt * m->rho * m->rho;
  return (a < 0.0 ? -a : a) * m->xi * m->xi * dt * g;
}

// The word below which a draw of this probability happens.
static inline uint32_t qs_threshold(double probability) {
  const double scaled = probability * 0x1p32 + 0.5;
  return scaled >= 0x1p32 - 1.0 ? 0xffffffffu : (uint32_t)scaled;
}

// Slope and offset of a word's place below the threshold, (word + 1/2) / threshold.
static inline void qs_threshold_place(uint32_t threshold, double place[2]) {
  place[0] = threshold ? 1.0 / threshold : 1.0;
  place[1] = 0.5 * place[0];
}

// One draw a step for jumps in price and variance: coefficients, and the drift's derivatives to (lambda,
// mu_j, sigma_j, mu_v, rho_j), which are minus those of the log mean jump factor.
static inline void qs_step_variance_jump(const qs_dynamics *m, double dt, double *k, qs_thresholds *t,
                                         double drift[5]) {
  const double h = 0.5 * m->lambda * dt, unit = 1.0 + h;
  const double p = m->lambda * dt / unit, dh = 0.5 * dt, dp = dt / (unit * unit);
  t->jump = qs_threshold(p);
  qs_threshold_place(t->jump, k + QS_K_JUMP_SLOPE);
  k[QS_K_JUMP_UNIT] = unit;
  k[QS_K_JUMP_H] = h;
  k[QS_K_JUMP_UNIT_INVERSE] = 1.0 / unit;
  k[QS_K_JUMP_BIRTH] = dp / (1.0 - p);
  k[QS_K_JUMP_SECOND] = dh;
  k[QS_K_JUMP_SECOND_LOG] = h > 1e-30 ? -1.0 / h : -1e30;
  k[QS_K_JUMP_VARIANCE] = m->sigma_j * m->sigma_j;
  k[QS_K_JUMP_MEAN] = m->mu_j + 0.5 * m->sigma_j * m->sigma_j;
  k[QS_K_JUMP_RHO] = m->rho_j;
  k[QS_K_JUMP_SIZE] = unit * m->mu_v;
  k[QS_K_JUMP_SIZE_LAMBDA] = m->lambda > 0.0 ? m->mu_v / m->lambda : 0.0;
  const double x = m->kappa * dt, scale = 0.5 * m->xi * m->xi * dt;
  double g, dg;
  qs_decay_mean(x, &g, &dg);
  k[QS_K_JUMP_DECAY] = g;
  k[QS_K_JUMP_DECAY_KAPPA] = dt * dg;
  qs_decay_spread(x, &g, &dg);
  k[QS_K_JUMP_SPREAD] = scale * g;
  k[QS_K_JUMP_SPREAD_KAPPA] = scale * dt * dg;

  // Mean factor of a step with a jump: one price jump (f), the size's own (r), a second jump.
  const double f = qs_exp_d(k[QS_K_JUMP_MEAN]), r = 1.0 / (1.0 - m->rho_j * m->mu_v * unit);
  const double second = 1.0 + h * r * (f - 1.0), factor = f * r * second;
  const double total = 1.0 + p * (factor - 1.0), share = p / total;
  const double by_f = r * (second + f * h * r), by_r = f * (second + r * h * (f - 1.0));
  const double by_h = f * r * r * (f - 1.0) + by_r * r * r * m->rho_j * m->mu_v;
  k[QS_K_DRIFT] = -qs_log1p_d(p * (factor - 1.0));
  drift[0] = -(dp * (factor - 1.0) / total + share * by_h * dh);
  drift[1] = -share * by_f * f;
  drift[2] = -share * by_f * f * m->sigma_j;
  drift[3] = -share * by_r * r * r * unit * m->rho_j;
  drift[4] = -share * by_r * r * r * unit * m->mu_v;
}

// kbar = exp(mu_j + sigma_j^2 / 2) - 1 of counted jumps.
static inline double qs_counted_mean(const qs_dynamics *m) {
  return qs_exp_d(m->mu_j + 0.5 * m->sigma_j * m->sigma_j) - 1.0;
}

// Mean of e^J less the terms of its series up to J^(j + 1), j < QS_JUMP_TERMS, J ~ Normal(mu, sigma^2): what
// one more jump adds to a payoff, its mean forward held, is their sum with D^j of gamma, D the derivative in
// ln F (estimator.inc). From n E[J^n] / n! = mu E[J^(n-1)] / (n-1)! + sigma^2 E[J^(n-2)] / (n-2)!.
static inline void qs_jump_series(double mu, double sigma, double series[QS_JUMP_TERMS]) {
  double term[64] = {1.0, mu};
  for (int n = 2; n < 64; n++) {
    term[n] = (mu * term[n - 1] + sigma * sigma * term[n - 2]) / n;
  }
  double sum = 0.0;
  for (int n = 63; n >= 2; n--) {
    sum += term[n];
    if (n - 2 < QS_JUMP_TERMS) {
      series[n - 2] = sum;
    }
  }
}

// Poisson of mean a by inversion: thresholds up to a tail of 1e-9; false where a is too large for it (about
// 10).
static inline int qs_count_fill(double a, qs_count *t) {
  if (!(a < 20.0)) {
    return 0;
  }
  double term = qs_exp_d(-a), sum = term;
  t->count = 0;
  while (1.0 - sum > 1e-9 && t->count < QS_COUNT_LIMIT) {
    t->at[t->count++] = qs_threshold(sum) - 1u;
    term *= a / t->count;
    sum += term;
  }
  const int complete = 1.0 - sum <= 1e-9;
  while (t->count % 4) {
    t->at[t->count++] = 0xffffffffu;
  }
  return complete;
}

static inline int qs_step_counted_jump(const qs_dynamics *m, double dt, double *k, qs_thresholds *t) {
  k[QS_K_JUMP_MEAN] = m->mu_j + 0.5 * m->sigma_j * m->sigma_j;
  k[QS_K_JUMP_VARIANCE] = m->sigma_j * m->sigma_j;
  k[QS_K_DRIFT] = -(m->lambda * dt) * qs_counted_mean(m);
  return qs_count_fill((m->lambda - m->common) * dt, &t->own) && qs_count_fill(m->common * dt, &t->common);
}

// One draw a step and side for two-sided exponential jumps: coefficients, and the drift's derivatives to
// (eta1, eta2).
static inline void qs_step_exponential_jump(const qs_dynamics *m, double dt, double *k, qs_thresholds *t,
                                            double drift[2]) {
  const double up = m->lambda * m->p * dt, down = m->lambda * (1.0 - m->p) * dt;
  const double up_unit = 1.0 + 0.5 * up, down_unit = 1.0 + 0.5 * down;
  const double up_p = up / up_unit, down_p = down / down_unit;
  t->jump = qs_threshold(up_p);
  t->down = qs_threshold(down_p);
  qs_threshold_place(t->jump, k + QS_K_JUMP_SLOPE);
  qs_threshold_place(t->down, k + QS_K_DOWN_SLOPE);
  k[QS_K_JUMP_UNIT] = up_unit;
  k[QS_K_DOWN_UNIT] = down_unit;
  k[QS_K_UP_SCALE] = 1.0 / m->eta1;
  k[QS_K_DOWN_SCALE] = 1.0 / m->eta2;
  // Mean factor minus one, of an upward and a downward jump.
  const double rise = up_unit / (m->eta1 - up_unit), fall = -down_unit / (m->eta2 + down_unit);
  k[QS_K_DRIFT] = -qs_log1p_d(up_p * rise) - qs_log1p_d(down_p * fall);
  drift[0] = up_p * rise / (m->eta1 - up_unit) / (1.0 + up_p * rise);
  drift[1] = down_p * fall / (m->eta2 + down_unit) / (1.0 + down_p * fall);
}

#endif
