#include "host/hedge/interior_step.h"

#include <math.h>
#include <string.h>

#include "host/hedge/dense.h"

enum { REFINEMENTS = 2 };

/* Slope and curvature of the cost of the part v of trade i. */
static double slope_of(const qs_scaled *f, size_t i, double v) {
  return f->linear[i] + 1.5 * f->impact[i] * sqrt(v);
}

static double curvature_of(const qs_scaled *f, size_t i, double v) {
  return f->impact[i] > 0 ? 0.75 * f->impact[i] / sqrt(v) : 0;
}

static void residuals_of_trades(qs_interior *s) {
  const qs_scaled *f = s->scaled;
  size_t n = s->n;
  qs_scaled_gradient(f, s->y, s->lambda, s->res_y);
  for (size_t i = 0; i < n; i++) {
    const double *v = s->v, *z = s->z;
    s->res_y[i] += z[UPP * n + i] - z[LOW * n + i] + s->alpha[i] + s->beta[i];
    if (f->split[i]) {
      size_t buy = BUY * n + i, sell = SELL * n + i;
      s->res_pair[buy] = slope_of(f, i, v[buy]) - s->alpha[i] - z[buy];
      s->res_pair[sell] = slope_of(f, i, v[sell]) + s->alpha[i] - z[sell];
      s->res_split[i] = s->y[i] - v[buy] + v[sell];
    }
    if (f->held[i]) {
      size_t g = LONG * n + i, h = SHORT * n + i;
      s->res_pair[g] = -s->beta[i] - z[g];
      s->res_pair[h] = s->beta[i] - z[h];
      for (size_t j = 0; j < s->k; j++) {
        s->res_pair[g] += s->nu[j] * f->up[j * n + i];
        s->res_pair[h] += s->nu[j] * f->down[j * n + i];
      }
      s->res_held[i] = f->position[i] + s->y[i] - v[g] + v[h];
    }
  }
}

static void residuals_of_rows(qs_interior *s) {
  const qs_scaled *f = s->scaled;
  for (size_t j = 0; j < s->m; j++) {
    s->res_lambda[j] = qs_scaled_row(f, j, s->y) - s->r[j] - s->elastic * s->lambda[j];
    s->res_r[j] =
        qs_row_is_equality(s, j) ? 0 : -s->lambda[j] - qs_row_low(s, s->z)[j] + qs_row_upp(s, s->z)[j];
  }
  for (size_t j = 0; j < s->k; j++) {
    double value = f->base[j] + qs_slack_of(s, s->v)[j] - f->limit[j] - s->elastic * s->nu[j];
    for (size_t i = 0; i < s->n; i++) {
      value += f->up[j * s->n + i] * s->v[LONG * s->n + i] + f->down[j * s->n + i] * s->v[SHORT * s->n + i];
    }
    s->res_nu[j] = value;
  }
}

void qs_interior_residuals(qs_interior *s) {
  residuals_of_trades(s);
  residuals_of_rows(s);
}

/* Curvature of a pair's own equation: z/v and the cost's. */
static double stiffness(const qs_interior *s, size_t pair) {
  double own = s->z[pair] / s->v[pair];
  size_t n = s->n;
  if (pair >= BUY * n && pair < (SELL + 1) * n) {
    size_t trade = pair - (pair < SELL * n ? BUY * n : SELL * n);
    own += curvature_of(s->scaled, trade, s->v[pair]);
  }
  return own;
}

/* Of the slack of a row; 0 for an equality, which has none. */
static double row_stiffness(const qs_interior *s, size_t row) {
  size_t low = GROUPS * s->n + row, upp = low + s->m;
  return (s->on[low] ? stiffness(s, low) : 0) + (s->on[upp] ? stiffness(s, upp) : 0);
}

/* 1/(1/a + 1/b). */
static double series(double a, double b) {
  return a < b ? a / (1 + a / b) : b / (1 + b / a);
}

/* Entry of the upper triangle. */
static double *entry(const qs_interior *s, size_t a, size_t b) {
  return s->system + (a < b ? a * s->size + b : b * s->size + a);
}

static void build_held(qs_interior *s, size_t i) {
  const qs_scaled *f = s->scaled;
  size_t n = s->n;
  double g = stiffness(s, LONG * n + i), h = stiffness(s, SHORT * n + i), both = series(g, h);
  *entry(s, i, i) += both;
  for (size_t j = 0; j < s->k; j++) {
    double up = f->up[j * n + i], down = f->down[j * n + i];
    *entry(s, i, s->n + s->m + j) = both * (up / g - down / h);
    for (size_t l = j; l < s->k; l++) {
      double sum = f->up[l * n + i] + f->down[l * n + i];
      *entry(s, s->n + s->m + j, s->n + s->m + l) -= (up + down) * sum / (g + h);
    }
  }
}

/*
 * Row j reads a'dy - give dlambda = r. Its multiple by weight a, weight = 1 / (1 + give), is added to the
 * equations of the trades, and the row itself is multiplied by the weight: still symmetric, and the block of
 * the trades is then well conditioned also where the row is all that holds a trade.
 */
static void add_row(qs_interior *s, size_t j) {
  const double *a = s->scaled->a + j * s->n;
  double total = row_stiffness(s, j);
  double give = s->elastic + (total > 0 ? 1 / total : 0);
  double weight = 1 / (1 + give);
  s->row_weight[j] = weight;
  *entry(s, s->n + j, s->n + j) = -give * weight;
  for (size_t i = 0; i < s->n; i++) {
    if (a[i] != 0) {
      *entry(s, i, s->n + j) = a[i] * weight;
      for (size_t l = i; l < s->n; l++) {
        *entry(s, i, l) += a[i] * weight * a[l];
      }
    }
  }
}

/* The reduced matrix over (dy, dlambda, dnu), upper triangle. */
static void build_system(qs_interior *s) {
  const qs_scaled *f = s->scaled;
  size_t n = s->n;
  memset(s->system, 0, s->size * s->size * sizeof *s->system);
  for (size_t i = 0; i < n; i++) {
    double *diagonal = entry(s, i, i);
    memcpy(diagonal, f->q + i * n + i, (n - i) * sizeof(double));
    for (qs_pair_group g = LOW; g <= UPP; g++) {
      *diagonal += s->on[g * n + i] ? stiffness(s, g * n + i) : 0;
    }
    if (f->split[i]) {
      *diagonal += series(stiffness(s, BUY * n + i), stiffness(s, SELL * n + i));
    }
    if (f->held[i]) {
      build_held(s, i);
    }
  }
  for (size_t j = 0; j < s->m; j++) {
    add_row(s, j);
  }
  for (size_t j = 0; j < s->k; j++) {
    *entry(s, s->n + s->m + j, s->n + s->m + j) -= qs_slack_of(s, s->v)[j] / s->nu[j] + s->elastic;
  }
}

/* The right-hand side for the complementarity residuals `comp`. */
static void build_rhs(qs_interior *s) {
  const qs_scaled *f = s->scaled;
  size_t n = s->n;
  for (size_t p = 0; p < s->pairs; p++) {
    s->pull[p] = s->on[p] ? -s->res_pair[p] - s->comp[p] / s->v[p] : 0;
  }
  for (size_t j = 0; j < s->k; j++) {
    s->rhs[s->n + s->m + j] = -s->res_nu[j] + qs_slack_of(s, s->comp)[j] / s->nu[j];
  }
  for (size_t i = 0; i < n; i++) {
    double value = -s->res_y[i] + s->pull[LOW * n + i] - s->pull[UPP * n + i];
    if (f->split[i]) {
      size_t buy = BUY * n + i, sell = SELL * n + i;
      double a = stiffness(s, buy), b = stiffness(s, sell);
      s->gap_split[i] = s->res_split[i] - s->pull[buy] / a + s->pull[sell] / b;
      value -= series(a, b) * s->gap_split[i];
    }
    if (f->held[i]) {
      size_t lon = LONG * n + i, sho = SHORT * n + i;
      double g = stiffness(s, lon), h = stiffness(s, sho), both = series(g, h);
      s->gap_held[i] = s->res_held[i] - s->pull[lon] / g + s->pull[sho] / h;
      value -= both * s->gap_held[i];
      for (size_t j = 0; j < s->k; j++) {
        double up = f->up[j * n + i], down = f->down[j * n + i];
        s->rhs[s->n + s->m + j] -=
            (up / g - down / h) * both * s->gap_held[i] + up * s->pull[lon] / g + down * s->pull[sho] / h;
      }
    }
    s->rhs[i] = value;
  }
  for (size_t j = 0; j < s->m; j++) {
    size_t low = GROUPS * n + j, upp = low + s->m;
    s->rhs[s->n + j] = -s->res_lambda[j];
    if (!qs_row_is_equality(s, j)) {
      s->gap_row[j] = -s->res_r[j] + s->pull[low] - s->pull[upp];
      s->rhs[s->n + j] += s->gap_row[j] / row_stiffness(s, j);
    }
  }
  for (size_t j = 0; j < s->m; j++) {
    s->rhs[n + j] *= s->row_weight[j];
    for (size_t i = 0; i < n; i++) {
      s->rhs[i] += f->a[j * n + i] * s->rhs[n + j];
    }
  }
}

void qs_interior_factorise(qs_interior *s) {
  build_system(s);
  memcpy(s->factors, s->system, s->size * s->size * sizeof *s->factors);
  qs_dense_factor(s->size, s->factors, s->sign);
}

static void solve_reduced(qs_interior *s) {
  memcpy(s->step, s->rhs, s->size * sizeof *s->step);
  qs_dense_solve(s->size, s->factors, s->step);
  for (int pass = 0; pass < REFINEMENTS; pass++) {
    qs_dense_multiply(s->size, s->system, s->step, s->work);
    for (size_t i = 0; i < s->size; i++) {
      s->work[i] = s->rhs[i] - s->work[i];
    }
    qs_dense_solve(s->size, s->factors, s->work);
    for (size_t i = 0; i < s->size; i++) {
      s->step[i] += s->work[i];
    }
  }
}

static void expand_trade(qs_interior *s, size_t i) {
  const qs_scaled *f = s->scaled;
  size_t n = s->n;
  s->dv[LOW * n + i] = s->dy[i];
  s->dv[UPP * n + i] = -s->dy[i];
  if (f->split[i]) {
    size_t buy = BUY * n + i, sell = SELL * n + i;
    double a = stiffness(s, buy), b = stiffness(s, sell);
    s->dalpha[i] = series(a, b) * (s->dy[i] + s->gap_split[i]);
    s->dv[buy] = (s->dalpha[i] + s->pull[buy]) / a;
    s->dv[sell] = (-s->dalpha[i] + s->pull[sell]) / b;
  }
  if (f->held[i]) {
    size_t lon = LONG * n + i, sho = SHORT * n + i;
    double g = stiffness(s, lon), h = stiffness(s, sho), up = 0, down = 0;
    for (size_t j = 0; j < s->k; j++) {
      up += s->dnu[j] * f->up[j * n + i];
      down += s->dnu[j] * f->down[j * n + i];
    }
    s->dbeta[i] = series(g, h) * (s->dy[i] + s->gap_held[i] + up / g - down / h);
    s->dv[lon] = (s->dbeta[i] + s->pull[lon] - up) / g;
    s->dv[sho] = (-s->dbeta[i] + s->pull[sho] - down) / h;
  }
}

/* The whole step from the reduced one. */
static void expand(qs_interior *s) {
  size_t n = s->n;
  memcpy(s->dy, s->step, n * sizeof *s->dy);
  memcpy(s->dlambda, s->step + n, s->m * sizeof *s->dlambda);
  memcpy(s->dnu, s->step + n + s->m, s->k * sizeof *s->dnu);
  for (size_t i = 0; i < n; i++) {
    expand_trade(s, i);
  }
  for (size_t j = 0; j < s->m; j++) {
    size_t low = GROUPS * n + j, upp = low + s->m;
    s->dr[j] = qs_row_is_equality(s, j) ? 0 : (s->dlambda[j] + s->gap_row[j]) / row_stiffness(s, j);
    s->dv[low] = s->dr[j];
    s->dv[upp] = -s->dr[j];
  }
  for (size_t j = 0; j < s->k; j++) {
    qs_slack_of(s, s->dv)[j] = -(qs_slack_of(s, s->comp)[j] + qs_slack_of(s, s->v)[j] * s->dnu[j]) / s->nu[j];
  }
  for (size_t p = 0; p < s->pairs; p++) {
    s->dz[p] = s->on[p] ? -(s->comp[p] + s->z[p] * s->dv[p]) / s->v[p] : 0;
  }
}

void qs_interior_direct(qs_interior *s, double target, double second) {
  for (size_t p = 0; p < s->pairs; p++) {
    s->comp[p] = s->v[p] * s->z[p] + second * s->dv[p] * s->dz[p] - target;
  }
  build_rhs(s);
  solve_reduced(s);
  expand(s);
}
