#include "host/history/likelihood.h"

#include <math.h>
#include <string.h>

#include "host/history/small.h"

enum { MOST = QS_LIKELIHOOD_MOST, SIMPLEX_STEPS = 400, RESTARTS = 3, NEWTON_STEPS = 30 };

static const double simplex_spread = 1e-6; /* of the log likelihood: where the simplex hands over */
static const double decrement = 1e-9;      /* of a Newton step: where it has converged */
static const double share = 0.05;          /* of a standard error: the step of differences */

typedef struct climb {
  const qs_likelihood *problem;
  double *terms, *above, *below, *scores; /* [observations], scores times count */
} climb;

static double value_at(const climb *c, const double *x, double *terms) {
  if (!c->problem->terms(x, terms, c->problem->data)) {
    return -INFINITY;
  }
  double sum = 0;
  for (size_t i = 0; i < c->problem->observations; i++) {
    sum += terms[i];
  }
  return isfinite(sum) ? sum : -INFINITY;
}

typedef struct vertex {
  double x[MOST], value;
} vertex;

/* The point at `t` of the way from the centre of the others to the worst vertex. */
static vertex at_ray(const climb *c, const double *centre, const vertex *worst, double t) {
  vertex v;
  for (size_t k = 0; k < c->problem->count; k++) {
    v.x[k] = centre[k] + t * (worst->x[k] - centre[k]);
  }
  v.value = value_at(c, v.x, c->terms);
  return v;
}

static void sort(vertex *v, size_t count) {
  for (size_t i = 1; i < count; i++) {
    for (size_t j = i; j > 0 && v[j].value > v[j - 1].value; j--) {
      vertex kept = v[j];
      v[j] = v[j - 1];
      v[j - 1] = kept;
    }
  }
}

/* One move of the simplex, sorted with the best first. */
static void move(const climb *c, vertex *v) {
  size_t n = c->problem->count;
  double centre[MOST] = {0};
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < n; k++) {
      centre[k] += v[i].x[k] / (double)n;
    }
  }
  vertex reflected = at_ray(c, centre, &v[n], -1);
  if (reflected.value > v[0].value) {
    vertex expanded = at_ray(c, centre, &v[n], -2);
    v[n] = expanded.value > reflected.value ? expanded : reflected;
  } else if (reflected.value > v[n - 1].value) {
    v[n] = reflected;
  } else {
    vertex contracted = at_ray(c, centre, &v[n], reflected.value > v[n].value ? -0.5 : 0.5);
    if (contracted.value > fmax(v[n].value, reflected.value)) {
      v[n] = contracted;
    } else {
      for (size_t i = 1; i <= n; i++) {
        v[i] = at_ray(c, v[0].x, &v[i], 0.5);
      }
    }
  }
  sort(v, n + 1);
}

static void climb_simplex(const climb *c, double *x) {
  size_t n = c->problem->count;
  vertex v[MOST + 1];
  for (int restart = 0; restart < RESTARTS; restart++) {
    for (size_t i = 0; i <= n; i++) {
      memcpy(v[i].x, x, n * sizeof *x);
      if (i > 0) {
        v[i].x[i - 1] += c->problem->scale[i - 1] / (1 + 3 * restart);
      }
      v[i].value = value_at(c, v[i].x, c->terms);
    }
    sort(v, n + 1);
    for (size_t step = 0; step < SIMPLEX_STEPS * n && !(v[0].value - v[n].value < simplex_spread); step++) {
      move(c, v);
    }
    memcpy(x, v[0].x, n * sizeof *x);
  }
}

static double value_moved(const climb *c, const double *x, size_t a, double da, size_t b, double db) {
  double moved[MOST];
  memcpy(moved, x, c->problem->count * sizeof *x);
  moved[a] += da;
  moved[b] += db;
  return value_at(c, moved, c->above);
}

/* Minus the second derivatives, over steps h. */
static void curvature(const climb *c, const double *x, double value, const double *h, double *out) {
  size_t n = c->problem->count;
  for (size_t a = 0; a < n; a++) {
    double both = value_moved(c, x, a, h[a], a, 0) + value_moved(c, x, a, -h[a], a, 0);
    out[a * n + a] = (2 * value - both) / (h[a] * h[a]);
    for (size_t b = 0; b < a; b++) {
      double cross = value_moved(c, x, a, h[a], b, h[b]) - value_moved(c, x, a, h[a], b, -h[b]) -
                     value_moved(c, x, a, -h[a], b, h[b]) + value_moved(c, x, a, -h[a], b, -h[b]);
      out[a * n + b] = out[b * n + a] = -cross / (4 * h[a] * h[b]);
    }
  }
}

/* The slope, and the scores of the terms. */
static void slope(const climb *c, const double *x, const double *h, double *out) {
  size_t n = c->problem->count, m = c->problem->observations;
  for (size_t a = 0; a < n; a++) {
    double moved[MOST];
    memcpy(moved, x, n * sizeof *x);
    moved[a] = x[a] + h[a];
    double above = value_at(c, moved, c->above);
    moved[a] = x[a] - h[a];
    double below = value_at(c, moved, c->below);
    out[a] = (above - below) / (2 * h[a]);
    for (size_t i = 0; i < m; i++) {
      c->scores[a * m + i] = (c->above[i] - c->below[i]) / (2 * h[a]);
    }
  }
}

/* Newton steps; true at an inner maximum, with `lower` the factor of the curvature there. */
static bool climb_newton(const climb *c, double *x, double *value, double *lower) {
  size_t n = c->problem->count;
  double h[MOST] = {0};
  for (size_t k = 0; k < n; k++) {
    h[k] = 1e-3 * c->problem->scale[k];
  }
  bool fitted = false; /* the steps h to the errors */
  for (int step = 0; step < NEWTON_STEPS; step++) {
    double g[MOST] = {0}, d[MOST] = {0}, moved[MOST] = {0};
    curvature(c, x, *value, h, lower);
    for (size_t k = 0; k < n; k++) {
      double own = lower[k * n + k]; /* the least that an error can be */
      h[k] = own > 0 && isfinite(own) ? share / sqrt(own) : h[k];
    }
    if (!qs_small_factor(lower, n)) {
      fitted = false;
      climb_simplex(c, x);
      *value = value_at(c, x, c->terms);
      continue;
    }
    slope(c, x, h, g);
    memcpy(d, g, n * sizeof *g);
    qs_small_solve(lower, n, d);
    double gain = 0;
    for (size_t k = 0; k < n; k++) {
      gain += 0.5 * g[k] * d[k];
    }
    if (fitted && gain < decrement) {
      return isfinite(gain);
    }
    fitted = true;
    double t = 1, next = -INFINITY;
    for (int halving = 0; halving < 12 && !(next >= *value); halving++) {
      for (size_t k = 0; k < n; k++) {
        moved[k] = x[k] + t * d[k];
      }
      next = value_at(c, moved, c->terms);
      t *= 0.5;
    }
    if (!(next >= *value)) {
      return gain < 1e-6; /* rounding stands in the way of the last digits */
    }
    memcpy(x, moved, n * sizeof *x);
    *value = next;
  }
  return false;
}

/* covariance = A^-1 B A^-1 */
static void sandwich(const climb *c, const double *lower, qs_likelihood_fit *fit) {
  size_t n = c->problem->count, m = c->problem->observations;
  for (size_t a = 0; a < n; a++) {
    for (size_t b = 0; b <= a; b++) {
      double sum = 0;
      for (size_t i = 0; i < m; i++) {
        sum += c->scores[a * m + i] * c->scores[b * m + i];
      }
      fit->covariance[a * n + b] = fit->covariance[b * n + a] = sum;
    }
  }
  qs_small_sandwich(lower, n, fit->covariance);
  for (size_t a = 0; a < n; a++) {
    fit->std_error[a] = sqrt(fit->covariance[a * n + a]);
  }
}

qs_status qs_likelihood_maximise(qs_context *context, const qs_likelihood *problem, qs_likelihood_fit *fit) {
  size_t m = problem->observations, n = problem->count;
  qs_arena *scratch = qs_arena_create(context);
  climb c = {.problem = problem};
  if (scratch) {
    c.terms = QS_NEW(scratch, m, double);
    c.above = QS_NEW(scratch, m, double);
    c.below = QS_NEW(scratch, m, double);
    c.scores = QS_NEW(scratch, m * n, double);
  }
  if (!c.terms || !c.above || !c.below || !c.scores) {
    qs_arena_destroy(scratch);
    return qs_fail_memory(context, "maximising a likelihood");
  }
  qs_likelihood_fit made = {.converged = false};
  double lower[MOST * MOST];
  memcpy(made.estimate, problem->start, n * sizeof *made.estimate);
  climb_simplex(&c, made.estimate);
  made.value = value_at(&c, made.estimate, c.terms);
  made.converged = climb_newton(&c, made.estimate, &made.value, lower);
  if (made.converged) {
    sandwich(&c, lower, &made);
  } else {
    for (size_t k = 0; k < n; k++) {
      made.std_error[k] = NAN;
    }
    for (size_t k = 0; k < n * n; k++) {
      made.covariance[k] = NAN;
    }
  }
  qs_arena_destroy(scratch);
  *fit = made;
  return QS_OK;
}
