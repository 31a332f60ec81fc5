/* The regression on control variates. */
#include <math.h>
#include <string.h>

#include "host/engine/controls.h"
#include "kernels/core/key.h"

enum { REGRESSORS = QS_MOST_CONTROLS, LEAST_FREEDOM = 8 };

/* A quantity's controls are kept where they lower the variance to this share of it. */
static const double worth = 0.9;

/* Numbers of jumps that fewer paths are expected to have are not seen. */
static const double least_seen = 16;

/* Rounding of a path's value, of its size: a place, twice what is lost in one operation. The mean of many is
 * no better, for what is rounded once (strikes, levels) and exp are wrong in the same direction on all paths.
 */
static const double rounding_mixed = 0x1p-23, rounding_double = 0x1p-52;

/* A control whose batch means spread by less than this, per unit of the forward, is not used: what is left
 * are the roundings of single precision, and they have a mean that its exact value has not. */
static const double least_spread = 3e-6;

/* Sums of squares and products of a quantity's batch means, weighted by their paths, about their means. */
typedef struct regression {
  uint32_t count;                 /* of regressors */
  const qs_moment *x[REGRESSORS]; /* of the first batch */
  double exact[REGRESSORS];
  uint32_t kinds[REGRESSORS];
  double mean[REGRESSORS], y_mean, weight;
  double xx[REGRESSORS][REGRESSORS], xy[REGRESSORS], yy;
  double factor[REGRESSORS][REGRESSORS]; /* Cholesky's, of xx */
  double beta[REGRESSORS];
} regression;

typedef struct series {
  const qs_controls *controls;
  const qs_simulation *simulation;
  size_t stride, out_stride; /* from batch to batch */
} series;

static void find_means(const series *s, const qs_moment *y, regression *r) {
  for (uint32_t b = 0; b < s->simulation->batches; b++) {
    const double size = qs_batch_paths(s->simulation, b);
    r->weight += size;
    r->y_mean += (y[b * s->stride].mean - r->y_mean) * size / r->weight;
    for (uint32_t k = 0; k < r->count; k++) {
      r->mean[k] += (r->x[k][b * s->stride].mean - r->exact[k] - r->mean[k]) * size / r->weight;
    }
  }
}

static void find_products(const series *s, const qs_moment *y, regression *r) {
  for (uint32_t b = 0; b < s->simulation->batches; b++) {
    const double size = qs_batch_paths(s->simulation, b), dy = y[b * s->stride].mean - r->y_mean;
    double dx[REGRESSORS];
    r->yy += size * dy * dy;
    for (uint32_t k = 0; k < r->count; k++) {
      dx[k] = r->x[k][b * s->stride].mean - r->exact[k] - r->mean[k];
      r->xy[k] += size * dx[k] * dy;
      for (uint32_t j = 0; j <= k; j++) {
        r->xx[k][j] += size * dx[k] * dx[j];
      }
    }
  }
}

/* Fills row k of the factor; with zeros, which take it out, where the regressor is next to constant or a
 * combination of those before. */
static bool factor_row(regression *r, uint32_t k) {
  double left = r->xx[k][k];
  for (uint32_t j = 0; j < k; j++) {
    double sum = r->xx[k][j];
    for (uint32_t i = 0; i < j; i++) {
      sum -= r->factor[k][i] * r->factor[j][i];
    }
    r->factor[k][j] = r->factor[j][j] > 0 ? sum / r->factor[j][j] : 0;
    left -= r->factor[k][j] * r->factor[k][j];
  }
  const double least = least_spread * least_spread * r->weight;
  const bool kept = left > 1e-8 * r->xx[k][k] && r->xx[k][k] > least;
  if (kept) {
    r->factor[k][k] = sqrt(left);
  } else {
    memset(r->factor[k], 0, sizeof r->factor[k]);
  }
  return kept;
}

/* factor z = x, or with `back` factor' z = x; 0 for what is taken out. */
static void solve(const regression *r, bool back, double *x) {
  for (uint32_t n = 0; n < r->count; n++) {
    const uint32_t k = back ? r->count - 1 - n : n;
    for (uint32_t m = 0; m < n; m++) {
      const uint32_t j = back ? r->count - 1 - m : m;
      x[k] -= (back ? r->factor[j][k] : r->factor[k][j]) * x[j];
    }
    x[k] = r->factor[k][k] > 0 ? x[k] / r->factor[k][k] : 0;
  }
}

static double square(const double *x, uint32_t count) {
  double sum = 0;
  for (uint32_t k = 0; k < count; k++) {
    sum += x[k] * x[k];
  }
  return sum;
}

/* Mean square over all paths of a quantity's values. */
static double mean_square(const series *s, const qs_moment *of) {
  double sum = 0, count = 0;
  for (uint32_t b = 0; b < s->simulation->batches; b++) {
    const double size = qs_batch_paths(s->simulation, b), mean = of[b * s->stride].mean;
    sum += size * mean * mean + of[b * s->stride].m2;
    count += size;
  }
  return sum / count;
}

/* Variance of the mean by rounding. What is taken from the quantity is rounded with it. */
static double rounding_variance(const series *s, double magnified, const qs_moment *y) {
  const bool mixed = s->simulation->precision == QS_PRECISION_MIXED;
  const double one = fmax(magnified, 1) * (mixed ? rounding_mixed : rounding_double);
  return one * one * mean_square(s, y);
}

/* Of a derivative to what jumps are like, which is 0 or a constant where there are none: so many controls
 * that with a constant they are fewer than the numbers of jumps (none, one, ...) that paths show. A
 * regression on as many would fit each number exactly and not know of the next. */
static uint32_t most_controls(double jumps, double paths) {
  double probability = exp(-jumps);
  for (uint32_t n = 1; n < REGRESSORS + 2; n++) {
    probability *= jumps / n;
    if (paths * probability < least_seen && n > jumps) {
      return n > 2 ? n - 2 : 0;
    }
  }
  return REGRESSORS;
}

/* 1 or -1 by a hash of a number's bits and the batch. */
static double sign_of(double value, uint32_t batch) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return qs_key_finalise(bits + (batch + 1) * UINT64_C(0x9e3779b97f4a7c15)) & 1 ? 1 : -1;
}

/* Adds a rounding's variance to that of the batch means and to m2. The batches are moved up and down by a
 * pattern of the number's own, so that differences of numbers and sums over positions have it too. The mean
 * stays, and the pattern is at right angles to what the batches have. (To widen what the batches have
 * would be simpler, and wrong where two numbers on the same paths are subtracted, as for theta: their noise
 * cancels, their roundings do not.) */
static void add_rounding(const series *s, double variance, qs_moment *to) {
  const uint32_t batches = s->simulation->batches;
  const double key = to[0].mean;
  double count = 0, mean = 0, off = 0;
  for (uint32_t b = 0; b < batches; b++) {
    const double size = qs_batch_paths(s->simulation, b);
    count += size;
    mean += (to[b * s->out_stride].mean - mean) * size / count;
    off += (sign_of(key, b) - off) * size / count;
  }
  double along = 0, own = 0, length = 0;
  for (uint32_t b = 0; b < batches; b++) {
    const double size = qs_batch_paths(s->simulation, b), d = to[b * s->out_stride].mean - mean;
    along += size * d * (sign_of(key, b) - off);
    own += size * d * d;
  }
  along = own > 0 ? along / own : 0;
  for (uint32_t b = 0; b < batches; b++) {
    const double p = sign_of(key, b) - off - along * (to[b * s->out_stride].mean - mean);
    length += qs_batch_paths(s->simulation, b) * p * p;
  }
  const double square = variance * (batches - 1) * count; /* of the move, summed over paths */
  const double move = length > 0 ? sqrt(square / length) : 0;
  const double within = fmax(square * ((count - 1) / (batches - 1) - 1) / count, 0);
  for (uint32_t b = 0; b < batches; b++) {
    qs_moment *at = &to[b * s->out_stride];
    at->mean += move * (sign_of(key, b) - off - along * (at->mean - mean));
    at->m2 += within * qs_batch_paths(s->simulation, b);
  }
}

/* Writes the corrected batch means. Their spread, and m2 as if their paths were independent, give the
 * variance of the regression's value where every control is at its exact value. */
static void write_corrected(const series *s, const qs_moment *y, const regression *r, double widen,
                            double spread, qs_moment *to) {
  double value = r->y_mean;
  for (uint32_t k = 0; k < r->count; k++) {
    value -= r->beta[k] * r->mean[k];
  }
  const double within = fmax(spread * ((r->weight - 1) / (s->simulation->batches - 1) - 1), 0);
  for (uint32_t b = 0; b < s->simulation->batches; b++) {
    double rest = y[b * s->stride].mean - r->y_mean;
    for (uint32_t k = 0; k < r->count; k++) {
      rest -= r->beta[k] * (r->x[k][b * s->stride].mean - r->exact[k] - r->mean[k]);
    }
    to[b * s->out_stride].mean = value + widen * rest;
    to[b * s->out_stride].m2 = within * qs_batch_paths(s->simulation, b) / r->weight;
  }
}

/* Corrects one quantity where it pays; returns by what factor the variance is lower, 1 where it is not. */
static double correct(const series *s, const qs_moment *y, uint32_t most, double magnified, regression *r,
                      qs_moment *to) {
  if (!r->count) {
    return 1;
  }
  find_means(s, y, r);
  find_products(s, y, r);
  uint32_t kept = 0;
  for (uint32_t k = 0; k < r->count; k++) {
    if (kept < most) {
      kept += factor_row(r, k);
    }
  }
  const double freedom = (double)s->simulation->batches - 1 - kept;
  double at_exact[REGRESSORS];
  memcpy(r->beta, r->xy, sizeof r->beta);
  memcpy(at_exact, r->mean, sizeof at_exact);
  solve(r, false, r->beta);
  solve(r, false, at_exact);
  const double rest = r->yy - square(r->beta, r->count);
  const double leverage = 1 + r->weight * square(at_exact, r->count);
  const double share = rest / r->yy * (s->simulation->batches - 1) / freedom;
  if (!kept || freedom < LEAST_FREEDOM || !(share * leverage < worth)) {
    return 1;
  }
  solve(r, true, r->beta);
  const double told = share * leverage;
  write_corrected(s, y, r, rest > 0 ? sqrt(told * r->yy / rest) : 0, told * r->yy, to);
  const double rounding = rounding_variance(s, magnified, y);
  add_rounding(s, rounding, to);
  return 1 / (told + rounding * r->weight * (s->simulation->batches - 1) / r->yy);
}

static void regress(const series *s, const qs_moment *with, const qs_controlled *payoff, uint32_t q,
                    regression *r) {
  const qs_controls *c = s->controls;
  memset(r, 0, sizeof *r);
  for (uint32_t k = 0; k < payoff->count; k++) {
    const size_t at = (size_t)payoff->control[k] * c->quantities;
    if (isnan(c->exact[at + q])) {
      continue;
    }
    r->x[r->count] = with + at + q;
    r->exact[r->count] = c->exact[at + q];
    r->kinds[r->count++] = payoff->kinds[k];
  }
}

void qs_controls_apply(const qs_controls *controls, const qs_simulation *simulation, const qs_moment *with,
                       uint32_t row, qs_moment *moments, qs_control_use *use) {
  const uint32_t quantities = controls->quantities;
  const series s = {controls, simulation, (size_t)controls->all * quantities, (size_t)row * quantities};
  for (uint32_t p = 0; p < controls->count; p++) {
    const qs_controlled *payoff = &controls->payoffs[p];
    const uint32_t few =
        payoff->jumps > 0 ? most_controls(payoff->jumps, (double)simulation->paths) : REGRESSORS;
    for (uint32_t q = 0; q < quantities; q++) {
      const qs_moment *y = with + (size_t)payoff->place * quantities + q;
      qs_moment *to = moments + (size_t)p * quantities + q;
      for (uint32_t b = 0; b < simulation->batches; b++) {
        to[b * s.out_stride] = y[b * s.stride];
      }
      regression r;
      regress(&s, with, payoff, q, &r);
      const uint32_t most = controls->of_jumps && controls->of_jumps[q] ? few : REGRESSORS;
      const double ratio = correct(&s, y, most, payoff->magnified, &r, to);
      if (q == 0 && use) {
        use[p] = (qs_control_use){0, ratio};
        for (uint32_t k = 0; k < r.count && ratio > 1; k++) {
          use[p].kinds |= r.factor[k][k] > 0 ? r.kinds[k] : 0;
        }
      }
    }
  }
}
