#include <math.h>
#include <string.h>

#include "host/base/numbers.h"
#include "host/history/funding.h"
#include "host/history/likelihood.h"

enum { NODES = 64, LEAST = 20, MEAN = 0, DECAY, DEVIATION, CORRELATION };

static const double interval_years = 8.0 / (24 * 365);
static const double least_deviation = 0.04; /* of the band: what the nodes resolve */

/* A transition x -> y is normal with mean m + decay (x - m) + shift. Inside the flat interval, at nodes
 * relative to its middle, its density is base[i][j] up[i] across[j], the last two from the shift alone. */
typedef struct filter {
  const qs_funding_terms *terms;
  const double *low, *high; /* [count] premiums told by each rate */
  const double *z;          /* [count] standardised returns, NaN where unknown */
  size_t count;
  bool correlated;
  double middle, node[NODES], weight[NODES];
  double base[2][NODES * NODES]; /* without and with a known return */
} filter;

/* Nodes and weights of Gauss-Legendre quadrature over [-half, half], by Newton steps on the polynomial. */
static void legendre(double half, double *node, double *weight) {
  for (int i = 0; i < NODES; i++) {
    double x = cos(QS_PI * (i + 0.75) / (NODES + 0.5)), slope = 1;
    for (int step = 0; step < 50; step++) {
      double before = 1, here = x;
      for (int k = 2; k <= NODES; k++) {
        double next = ((2 * k - 1) * x * here - (k - 1) * before) / k;
        before = here;
        here = next;
      }
      slope = NODES * (x * here - before) / (x * x - 1);
      double move = here / slope;
      x -= move;
      if (fabs(move) < 1e-15) {
        break;
      }
    }
    node[i] = half * x;
    weight[i] = half * 2 / ((1 - x * x) * slope * slope);
  }
}

static double density(double x, double deviation) {
  double z = x / deviation;
  return exp(-0.5 * z * z) * 0.39894228040143267794 / deviation;
}

static double below(double z) {
  return 0.5 * erfc(-z * QS_ROOT_HALF);
}

/* Where the premium may have been at the last rate: a point of mass 1, or a density at the nodes. */
typedef struct state {
  bool point;
  double at;
  double mass[NODES]; /* density times weight, summing to one */
} state;

/* One rate's law given the state before it, and how that moves. */
typedef struct move {
  double mean, decay, deviation, shift; /* mean is relative to the middle of the interval */
  const double *base;
} move;

static double centre_from(const move *m, double x) {
  return m->mean + m->decay * (x - m->mean) + m->shift;
}

/* The density of going to y, from the state. */
static double density_at(const filter *f, const state *s, const move *m, double y) {
  if (s->point) {
    return density(y - centre_from(m, s->at), m->deviation);
  }
  double sum = 0;
  for (int j = 0; j < NODES; j++) {
    sum += s->mass[j] * density(y - centre_from(m, f->node[j]), m->deviation);
  }
  return sum;
}

/* The state after a rate in the flat interval; returns its probability. */
static double into_interval(const filter *f, state *s, const move *m) {
  double next[NODES], total = 0;
  if (s->point) {
    double centre = centre_from(m, s->at);
    for (int i = 0; i < NODES; i++) {
      next[i] = f->weight[i] * density(f->node[i] - centre, m->deviation);
    }
  } else {
    double from[NODES], scale = m->shift / (m->deviation * m->deviation);
    double still = m->mean * (1 - m->decay);
    for (int j = 0; j < NODES;
         j++) { /* exp(-(y - c - s)^2 / 2) = exp(-(y - c)^2 / 2) exp((y - c) s - s^2/2) */
      double centre = still + m->decay * f->node[j];
      from[j] = s->mass[j] * exp(-scale * (centre + 0.5 * m->shift));
    }
    for (int i = 0; i < NODES; i++) {
      double sum = 0;
      const double *row = m->base + (size_t)i * NODES;
      for (int j = 0; j < NODES; j++) {
        sum += row[j] * from[j];
      }
      next[i] = f->weight[i] * sum * exp(scale * f->node[i]);
    }
  }
  for (int i = 0; i < NODES; i++) {
    total += next[i];
  }
  s->point = false;
  for (int i = 0; i < NODES; i++) {
    s->mass[i] = next[i] / total;
  }
  return total;
}

/* Beyond a cap the premium is taken to be where it is on average there: its rates are few. */
static double beyond(const filter *f, state *s, const move *m, double low, double high) {
  double sign = isinf(high) ? 1 : -1, edge = isinf(high) ? low : high;
  double mean = 0, probability = 0;
  int count = s->point ? 1 : NODES;
  for (int j = 0; j < count; j++) {
    double centre = centre_from(m, s->point ? s->at : f->node[j]), mass = s->point ? 1 : s->mass[j];
    double p = below(sign * (centre - edge) / m->deviation);
    probability += mass * p;
    mean += mass * (centre * p + sign * m->deviation * m->deviation * density(edge - centre, m->deviation));
  }
  s->point = true;
  s->at = probability > 0 ? mean / probability : edge;
  return probability;
}

static void fill_base(filter *f, const double *p, double deviation, double *base) {
  double mean = p[MEAN] - f->middle;
  for (int i = 0; i < NODES; i++) {
    for (int j = 0; j < NODES; j++) {
      double centre = mean + p[DECAY] * (f->node[j] - mean);
      base[(size_t)i * NODES + (size_t)j] = density(f->node[i] - centre, deviation);
    }
  }
}

static bool terms_of(const double *p, double *terms, void *data) {
  filter *f = data;
  double rho = f->correlated ? p[CORRELATION] : 0;
  if (!(p[DECAY] > -0.999 && p[DECAY] < 0.99999 && p[DEVIATION] > 0 && fabs(rho) < 0.9999)) {
    return false;
  }
  double own = p[DEVIATION] * sqrt(1 - rho * rho);
  if (own < least_deviation * f->terms->band) {
    return false;
  }
  double stationary = p[DEVIATION] / sqrt(1 - p[DECAY] * p[DECAY]);
  fill_base(f, p, p[DEVIATION], f->base[0]);
  if (f->correlated) {
    fill_base(f, p, own, f->base[1]);
  }
  state s = {.point = true, .at = p[MEAN] - f->middle};
  for (size_t i = 0; i < f->count; i++) {
    bool known = f->correlated && !isnan(f->z[i]);
    move m = {.mean = p[MEAN] - f->middle,
              .decay = i > 0 ? p[DECAY] : 0,
              .deviation = i > 0 ? (known ? own : p[DEVIATION]) : stationary,
              .shift = i > 0 && known ? rho * p[DEVIATION] * f->z[i] : 0,
              .base = f->base[known ? 1 : 0]};
    double likelihood, low = f->low[i] - f->middle, high = f->high[i] - f->middle;
    if (!(low < high)) {
      likelihood = density_at(f, &s, &m, low);
      s.point = true;
      s.at = low;
    } else if (isinf(low) || isinf(high)) {
      likelihood = beyond(f, &s, &m, low, high);
    } else {
      likelihood = into_interval(f, &s, &m);
    }
    terms[i] = log(likelihood);
    if (!(likelihood > 0 && isfinite(terms[i]))) {
      return false;
    }
  }
  return true;
}

/* z: the returns less their mean over their deviation, so that the correlation is one of standard normals. */
static size_t standardise(const double *returns, size_t count, double *z) {
  double mean = 0, squares = 0;
  size_t known = 0;
  for (size_t i = 0; i < count; i++) {
    if (returns && isfinite(returns[i])) {
      mean += returns[i];
      known++;
    }
  }
  mean /= known > 0 ? (double)known : 1;
  for (size_t i = 0; i < count; i++) {
    z[i] = returns && isfinite(returns[i]) ? returns[i] - mean : NAN;
    squares += isnan(z[i]) ? 0 : z[i] * z[i];
  }
  for (size_t i = 0; i < count; i++) {
    z[i] /= sqrt(squares / (known > 0 ? (double)known : 1));
  }
  return squares > 0 ? known : 0;
}

/* First guesses from the premiums put at the middles of their intervals. */
static void guess(const filter *f, qs_likelihood *problem) {
  double mean = 0, squares = 0, products = 0, before = 0, n = (double)f->count;
  for (size_t i = 0; i < f->count; i++) {
    double x = isinf(f->low[i]) ? f->high[i] : isinf(f->high[i]) ? f->low[i] : 0.5 * (f->low[i] + f->high[i]);
    mean += x / n;
  }
  for (size_t i = 0; i < f->count; i++) {
    double x = isinf(f->low[i]) ? f->high[i] : isinf(f->high[i]) ? f->low[i] : 0.5 * (f->low[i] + f->high[i]);
    squares += (x - mean) * (x - mean) / n;
    products += i > 0 ? (x - mean) * (before - mean) / n : 0;
    before = x;
  }
  double decay = squares > 0 ? fmin(fmax(products / squares, 0.1), 0.98) : 0.5;
  double deviation = fmax(sqrt(squares * (1 - decay * decay)), 0.1 * f->terms->band);
  problem->start[MEAN] = mean;
  problem->start[DECAY] = decay;
  problem->start[DEVIATION] = deviation;
  problem->scale[MEAN] = 0.2 * sqrt(squares) + 0.01 * f->terms->band;
  problem->scale[DECAY] = 0.2 * (1 - decay);
  problem->scale[DEVIATION] = 0.2 * deviation;
  problem->start[CORRELATION] = 0;
  problem->scale[CORRELATION] = 0.1;
}

/* From the AR(1) of 8 hours to years: reversion = -ln(decay) / dt, volatility^2 = 2 reversion deviation^2 /
 * (1 - decay^2), and their errors to first order. */
static void translate(const qs_likelihood_fit *made, bool correlated, qs_funding_fit *fit) {
  size_t n = correlated ? 4 : 3;
  double decay = made->estimate[DECAY], deviation = made->estimate[DEVIATION];
  qs_premium_process *p = &fit->process, *e = &fit->std_error;
  p->mean = made->estimate[MEAN];
  p->reversion = -log(decay) / interval_years;
  double kept = 1 - decay * decay, factor = sqrt(2 * p->reversion / kept);
  p->volatility = deviation * factor;
  p->correlation = correlated ? made->estimate[CORRELATION] : NAN;
  e->mean = made->std_error[MEAN];
  e->correlation = correlated ? made->std_error[CORRELATION] : NAN;
  e->reversion = made->std_error[DECAY] / (decay * interval_years);
  /* d ln volatility = d deviation / deviation + (d ln reversion) / 2 + decay d decay / (1 - decay^2) */
  double by_deviation = 1 / deviation, by_decay = 0.5 / (decay * log(decay)) + decay / kept;
  const double *c = made->covariance;
  double variance = by_deviation * by_deviation * c[DEVIATION * n + DEVIATION] +
                    2 * by_deviation * by_decay * c[DEVIATION * n + DECAY] +
                    by_decay * by_decay * c[DECAY * n + DECAY];
  e->volatility = p->volatility * sqrt(variance);
  fit->half_life_days = 365 * QS_LN2 / p->reversion;
}

/* What a fit works on; the arena's. */
typedef struct setup {
  filter *f;
  size_t flat, matched;
} setup;

static qs_status prepare(qs_context *context, qs_arena *arena, const qs_funding_terms *terms,
                         const qs_funding_record *record, setup *out) {
  size_t count = record->count, exact = 0;
  if (count < LEAST) {
    return qs_fail(context, QS_ERROR_INPUT, "%zu funding rates: at least %d", count, LEAST);
  }
  double *low = QS_NEW(arena, count, double), *high = QS_NEW(arena, count, double);
  double *z = QS_NEW(arena, count, double);
  filter *f = QS_NEW(arena, 1, filter);
  if (!low || !high || !z || !f) {
    return qs_fail_memory(context, "fitting funding rates");
  }
  *out = (setup){.f = f};
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(record->rates[i])) {
      return qs_fail(context, QS_ERROR_INPUT, "funding rate %zu is not finite", i);
    }
    qs_funding_premium(terms, record->rates[i], record->digit, &low[i], &high[i]);
    out->flat += low[i] < high[i] && isfinite(low[i]) && isfinite(high[i]);
    exact += low[i] < high[i] ? 0 : 1;
  }
  if (exact * 10 < count) {
    return qs_fail(context, QS_ERROR_INPUT, "%zu of %zu funding rates tell the premium: at least a tenth",
                   exact, count);
  }
  out->matched = standardise(record->spot_returns, count, z);
  f->terms = terms;
  f->low = low;
  f->high = high;
  f->z = z;
  f->count = count;
  f->correlated = out->matched >= LEAST;
  f->middle = terms->interest;
  legendre(terms->band, f->node, f->weight);
  return QS_OK;
}

qs_status qs_funding_likelihood(qs_context *context, const qs_funding_terms *terms,
                                const qs_funding_record *record, const qs_premium_process *process,
                                double *value) {
  qs_arena *arena = qs_arena_create(context);
  double *each = arena ? QS_NEW(arena, record->count, double) : NULL;
  setup s = {0};
  qs_status status =
      each ? prepare(context, arena, terms, record, &s) : qs_fail_memory(context, "a likelihood");
  if (!status) {
    double decay = exp(-process->reversion * interval_years), sum = -INFINITY;
    double deviation = qs_premium_deviation(process) * sqrt(1 - decay * decay);
    double p[] = {process->mean, decay, deviation, process->correlation};
    if (terms_of(p, each, s.f)) {
      sum = 0;
      for (size_t i = 0; i < record->count; i++) {
        sum += each[i];
      }
    }
    *value = sum;
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_funding_fit_record(qs_context *context, const qs_funding_terms *terms,
                                const qs_funding_record *record, qs_funding_fit *fit) {
  qs_arena *arena = qs_arena_create(context);
  setup s = {0};
  qs_status status =
      arena ? prepare(context, arena, terms, record, &s) : qs_fail_memory(context, "fitting funding rates");
  qs_likelihood_fit found;
  if (!status) {
    qs_likelihood problem = {terms_of, s.f, record->count, s.f->correlated ? 4 : 3, {0}, {0}};
    guess(s.f, &problem);
    status = qs_likelihood_maximise(context, &problem, &found);
  }
  if (!status) {
    qs_funding_fit made = {.flat = s.flat,
                           .matched = s.matched,
                           .log_likelihood = found.value,
                           .converged = found.converged && found.estimate[DECAY] > 0};
    translate(&found, s.f->correlated, &made);
    *fit = made;
  }
  qs_arena_destroy(arena);
  return status;
}
