// Scores of a step's jumps: derivatives of the log of their probability and of the density of their sizes.
// The price of a payoff along a path moves with the intensity by its mean times the path's score, and through
// the drift. All double, by step length; what the draws are is said in law.h.
//
//   counted       the number N of jumps has the score N / lambda - T: no sums over steps
//   variance      probability, size and the second price jump of each step, in lambda
//   exponential   probability and size of each step and side, in the mean number a = lambda p dt (upwards) or
//                 lambda (1 - p) dt, times dt
#ifndef QS_CORE_PATH_SCORE_H
#define QS_CORE_PATH_SCORE_H

#include "kernels/core/law.h"

// Coefficients of a step. Score: NONE without a jump, else ONE + SIZE s, s the size in units of its mean over
// (1 + h). With jumps of the variance the second price jump adds TWO where it happens and it had not been
// certain, and - BUT_ONE s / (1 - SECOND s) where it does not.
enum {
  QS_SCORE_NONE,
  QS_SCORE_ONE,
  QS_SCORE_SIZE,
  QS_SCORE_DOWN_NONE, // downward jumps
  QS_SCORE_DOWN_ONE,
  QS_SCORE_DOWN_SIZE,
  QS_SCORE_TWO,
  QS_SCORE_BUT_ONE,
  QS_SCORE_SECOND,
  QS_SCORE_DRIFT_UP, // d drift / d a times dt, upwards and downwards
  QS_SCORE_DRIFT_DOWN,
  QS_SCORE_COUNT
};

// What sizes of jumps are made of: mu_j and sigma_j, or 1 / eta1 and 1 / eta2; rho_j mu_v, rho_j, mu_v.
enum { QS_SPLIT_MEAN, QS_SPLIT_SIGMA, QS_SPLIT_BY_SIZE, QS_SPLIT_RHO, QS_SPLIT_MU, QS_SPLIT_NUMBERS };

// Score of one draw with the mean number a, times dt, to k[0 .. 2].
static inline void qs_score_draw(double a, double dt, double *k) {
  const double unit = 1.0 + 0.5 * a;
  k[QS_SCORE_NONE] = -dt / (unit * (1.0 - 0.5 * a));
  k[QS_SCORE_ONE] = a > 0.0 ? dt / unit * (1.0 / a - 0.5) : 0.0;
  k[QS_SCORE_SIZE] = 0.5 * dt / (unit * unit);
}

// All coefficients of a step of dt years.
static inline void qs_score_step(const qs_dynamics *m, double dt, double *k) {
  for (int i = 0; i < QS_SCORE_COUNT; i++) {
    k[i] = 0.0;
  }
  if (m->jumps == QS_JUMPS_VARIANCE) {
    const double h = 0.5 * m->lambda * dt, unit = 1.0 + h;
    qs_score_draw(m->lambda * dt, dt, k);
    k[QS_SCORE_TWO] = m->lambda > 0.0 ? 1.0 / m->lambda - 0.5 * dt / unit : 0.0;
    k[QS_SCORE_BUT_ONE] = 0.5 * dt / (unit * unit);
    k[QS_SCORE_SECOND] = h / unit;
  } else if (m->jumps == QS_JUMPS_EXPONENTIAL) {
    const double up = 0.5 * m->lambda * m->p * dt, down = 0.5 * m->lambda * (1.0 - m->p) * dt;
    const double rate_up = m->eta1 - 1.0, rate_down = m->eta2 + 1.0;
    qs_score_draw(2.0 * up, dt, k + QS_SCORE_NONE);
    qs_score_draw(2.0 * down, dt, k + QS_SCORE_DOWN_NONE);
    k[QS_SCORE_DRIFT_UP] = -0.5 * dt * (1.0 / (rate_up - up) + 1.0 / (rate_up + up));
    k[QS_SCORE_DRIFT_DOWN] = 0.5 * dt * (1.0 / (rate_down - down) + 1.0 / (rate_down + down));
  }
}

#endif
