#include "host/policy/bound.h"

#include <math.h>

#include "host/policy/apply.h"
#include "host/policy/impact.h"

enum {
  PART = 256
}; /* paths that one thread follows together, date by date: the tables of a date stay near */

/* What all paths share. */
typedef struct follower {
  const qs_policy_ground *ground;
  const qs_policy_optimum *optimum;
  size_t zero; /* the first of the two nodes of the holding 0 */
} follower;

/* States by date and path, and what is made of them. */
typedef struct paths {
  const double *const *x, *const *v;
  qs_policy_share *shares;
  double *const *surprises; /* null: not wanted */
} paths;

/* A state between nodes. */
typedef struct place {
  size_t x, y, rows;
  double wx[4], wy[4];
} place;

/* What a path carries from date to date. */
typedef struct carried {
  double holding;
  double within; /* where the holding is 0: where within the jump of D it stands, 0 .. 1 */
  double off;    /* phi - xi + a/(2 v) */
  double ahead;  /* E[D] of the next date, by the tables */
} carried;

static place find_place(const qs_policy_nodes *nodes, double x, double v) {
  place p = {.rows = 1, .wy = {1, 0, 0, 0}};
  p.x = qs_policy_cubic((x - nodes->x_low) / nodes->x_step, nodes->x_count, p.wx);
  if (nodes->y_count > 1) {
    p.rows = 4;
    p.y = qs_policy_cubic((sqrt(fmax(v, 0)) - nodes->y_low) / nodes->y_step, nodes->y_count, p.wy);
  }
  return p;
}

static double table_at(const place *p, const double *f, size_t width) {
  double sum = 0;
  for (size_t r = 0; r < p->rows; r++) {
    const double *at = f + (p->y + r) * width + p->x;
    sum += p->wy[r] * (p->wx[0] * at[0] + p->wx[1] * at[1] + p->wx[2] * at[2] + p->wx[3] * at[3]);
  }
  return sum;
}

/* The node at or below a holding, the last one but where there is one more above. */
static size_t node_below(const qs_policy_optimum *o, double holding) {
  size_t low = 0, high = o->holding_count - 1;
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    if (o->holding[middle] <= holding) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

/* E[D_(n+1)] of date n at the nodes i and i + 1 of the holding. */
static void ahead_at(const follower *f, size_t n, const place *p, size_t i, double out[2]) {
  const size_t width = f->ground->ratios.nodes[n].x_count, lanes = f->optimum->lanes;
  out[0] = out[1] = 0;
  for (size_t r = 0; r < p->rows; r++) {
    const float *at = f->optimum->ahead[n] + ((p->y + r) * width + p->x) * lanes + i;
    for (size_t c = 0; c < 4; c++) {
      const double weight = p->wy[r] * p->wx[c];
      out[0] += weight * (double)at[c * lanes];
      out[1] += weight * (double)at[c * lanes + 1];
    }
  }
}

/* At a holding that is not 0: linear between nodes and beyond them. */
static double ahead_of(const follower *f, size_t n, const place *p, double holding) {
  double side[2];
  size_t i = node_below(f->optimum, holding);
  ahead_at(f, n, p, i, side);
  const double from = f->optimum->holding[i], width = f->optimum->holding[i + 1] - from;
  return side[0] + (holding - from) / width * (side[1] - side[0]);
}

static double clip(double x, double limit) {
  return fmin(fmax(x, -limit), limit);
}

/* Variance of one unit's gain: the logarithm of Var(e^x')/e^(2x) + 1 is linear in v for the whole family. */
static double gain_variance(const follower *f, size_t n, double x, double v) {
  const qs_policy_nodes *nodes = &f->ground->ratios.nodes[n];
  const double *relative = f->ground->ratios.relative[n], unit = f->ground->problem->dates[n].gain * exp(x);
  if (nodes->y_count == 1) {
    return unit * unit * relative[0];
  }
  const size_t last = nodes->y_count - 1;
  const double top = nodes->y_low + (double)last * nodes->y_step;
  const double low = nodes->y_low * nodes->y_low, high = top * top, rate = log1p(relative[last]);
  const double base = log1p(relative[0]);
  return unit * unit * expm1(base + (rate - base) * (v - low) / (high - low));
}

/* What D turned out to be, against what was expected of it. */
static double correct(carried *c, double slope, qs_policy_share *share) {
  const double surprise = slope - c->ahead;
  share->gap += c->off * surprise;
  return surprise;
}

/* A state of a date as the trade sees it. */
typedef struct scene {
  const follower *f;
  size_t n;
  place p;
  double variance, target;
  qs_policy_convex cost;
} scene;

static scene set_scene(const follower *f, size_t n, double x, double v) {
  const qs_policy_ground *g = f->ground;
  const qs_policy_date *date = &g->problem->dates[n];
  const double w = g->problem->cost_weight;
  scene s = {f,
             n,
             find_place(&g->ratios.nodes[n], x, v),
             gain_variance(f, n, x, v),
             0,
             {w * qs_policy_unit_cost(date, x), w * date->discount * date->impact}};
  s.target = -table_at(&s.p, g->ratios.local[n], g->ratios.nodes[n].x_count);
  return s;
}

/* C' at a node of the holding. */
static double node_slope(const void *data, size_t i) {
  const scene *s = data;
  double side[2];
  const size_t below = i + 1 < s->f->optimum->holding_count ? i : i - 1;
  ahead_at(s->f, s->n, &s->p, below, side);
  return 2 * (s->f->optimum->holding[i] - s->target) * s->variance + side[i - below];
}

/* Part of the way, from where C' is `left` and `right` of the holding. */
static double part_way(const scene *s, double before, double left, double right) {
  const qs_policy_optimum *o = s->f->optimum;
  const qs_policy_line line = {o->holding, o->holding_count, node_slope, s};
  const size_t i = node_below(o, before);
  if (right < -s->cost.cost) {
    const size_t next = before < o->holding[i] ? i : before < o->holding[i + 1] ? i + 1 : o->holding_count;
    return qs_policy_part_way(&line, &s->cost, 1, before, right, next);
  }
  if (left > s->cost.cost) {
    const size_t down = before == 0 ? s->f->zero - 1 : before > o->holding[i + 1] ? i + 1 : i;
    const size_t next = before > o->holding[i] || before == 0 ? down : i - 1;
    return qs_policy_part_way(&line, &s->cost, -1, before, left, next);
  }
  return before;
}

/* C' at what is held before the trade; on both sides of 0, where that is it. */
static void slopes_before(const scene *s, double before, double side[2]) {
  if (before == 0) {
    ahead_at(s->f, s->n, &s->p, s->f->zero, side);
    side[0] -= 2 * s->target * s->variance;
    side[1] -= 2 * s->target * s->variance;
    return;
  }
  side[0] = side[1] = 2 * (before - s->target) * s->variance + ahead_of(s->f, s->n, &s->p, before);
}

/* One date of one path; returns the surprise of D. */
static double follow_date(const follower *f, size_t n, double x, double v, carried *c,
                          qs_policy_share *share) {
  const scene s = set_scene(f, n, x, v);
  const double cost = s.cost.cost, variance = s.variance, target = s.target, before = c->holding;
  double side[2], jump[2] = {0, 0}; /* C' before the trade, and on both sides of 0 */
  slopes_before(&s, before, side);
  const bool impact = s.cost.impact > 0;
  const qs_policy_band band = qs_policy_band_at(&f->optimum->table, n, x, sqrt(fmax(v, 0)));
  const double held =
      impact ? part_way(&s, before, side[0], side[1]) : fmin(fmax(before, band.low), band.high);
  if (before == 0) {
    jump[0] = side[0];
    jump[1] = side[1];
  } else if (held == 0) {
    slopes_before(&s, 0, jump);
  }
  double slope = before == 0 ? (1 - c->within) * clip(side[0], cost) + c->within * clip(side[1], cost)
                             : clip(side[0], cost);
  if (impact && held != before) {
    slope = qs_policy_convex_slope(&s.cost, held - before) * (held > before ? -1 : 1);
  }
  const double surprise = correct(c, slope, share);
  double after; /* C' where the path stays */
  if (held == 0) {
    const double width = jump[1] - jump[0];
    c->within = width > 0 ? fmin(fmax((slope - jump[0]) / width, 0), 1) : 1;
    after = (1 - c->within) * jump[0] + c->within * jump[1];
  } else {
    after = 2 * (held - target) * variance + ahead_of(f, n, &s.p, held);
  }
  const double off = (after - slope) / (2 * variance), trade = held - before;
  const double paid = qs_policy_convex_cost(&s.cost, trade);
  share->tracking += (held - target) * (held - target) * variance;
  share->cost += impact ? paid / f->ground->problem->cost_weight
                        : qs_policy_unit_cost(&f->ground->problem->dates[n], x) * fabs(trade);
  share->gap += variance * off * off + (paid + slope * trade) + qs_policy_convex_excess(&s.cost, slope);
  c->holding = held;
  c->off = off;
  c->ahead = after - 2 * (held - target) * variance;
  return surprise;
}

/* The unwinding. */
static double follow_end(const follower *f, double x, carried *c, qs_policy_share *share) {
  const qs_policy_problem *p = f->ground->problem;
  const qs_policy_date *last = &p->dates[p->date_count - 1];
  const qs_policy_convex cost = {qs_policy_unit_cost(last, x), last->discount * last->impact};
  const double side = c->holding > 0 ? 1 : c->holding < 0 ? -1 : 2 * c->within - 1;
  share->cost += qs_policy_convex_cost(&cost, c->holding);
  return correct(c, side * p->cost_weight * qs_policy_convex_slope(&cost, c->holding), share);
}

double qs_policy_optimum_hold(const qs_policy_ground *ground, const qs_policy_optimum *optimum, size_t n,
                              double x, double v, double holding) {
  const follower f = {ground, optimum, node_below(optimum, 0) - 1};
  const scene s = set_scene(&f, n, x, v);
  if (!(s.cost.impact > 0)) {
    const qs_policy_band band = qs_policy_band_at(&optimum->table, n, x, sqrt(fmax(v, 0)));
    return fmin(fmax(holding, band.low), band.high);
  }
  double side[2];
  slopes_before(&s, holding, side);
  return part_way(&s, holding, side[0], side[1]);
}

static void follow_part(const follower *f, const paths *p, size_t begin, size_t end) {
  const size_t dates = f->ground->ratios.date_count;
  const bool random = f->ground->ratios.nodes->y_count > 1;
  carried c[PART];
  for (size_t i = begin; i < end; i++) {
    c[i - begin] = (carried){.holding = f->ground->problem->holding, .within = 1};
    p->shares[i] = (qs_policy_share){0, 0, 0};
  }
  for (size_t n = 0; n <= dates; n++) {
    for (size_t i = begin; i < end; i++) {
      carried *own = &c[i - begin];
      const double surprise = n < dates
                                  ? follow_date(f, n, p->x[n][i], random ? p->v[n][i] : 0, own, &p->shares[i])
                                  : follow_end(f, p->x[n][i], own, &p->shares[i]);
      if (p->surprises && n > 0) {
        p->surprises[n - 1][i] = surprise;
      }
    }
  }
}

void qs_policy_follow(const qs_context *context, const qs_policy_ground *ground,
                      const qs_policy_optimum *optimum, const double *const *x, const double *const *v,
                      size_t count, qs_policy_share *shares, double *const *surprises) {
  const follower f = {ground, optimum, node_below(optimum, 0) - 1};
  const paths p = {x, v, shares, surprises};
  const long parts = (long)((count + PART - 1) / PART);
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (long part = 0; part < parts; part++) {
    const size_t begin = (size_t)part * PART, end = count - begin < PART ? count : begin + PART;
    follow_part(&f, &p, begin, end);
  }
}

/* Mean and standard error of tracking x the first weight + cost x the second + gap x the third. */
static double mean_of(const qs_policy_share *shares, size_t count, const double weight[3], double *error) {
  double sum = 0, square = 0;
  for (int pass = 0; pass < 2; pass++) {
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
      const qs_policy_share *s = &shares[i];
      const double value = weight[0] * s->tracking + weight[1] * s->cost + weight[2] * s->gap;
      sum += pass == 0 ? value : 0;
      square += pass == 1 ? (value - mean) * (value - mean) : 0;
    }
  }
  *error = sqrt(square / (double)(count - 1) / (double)count);
  return sum / (double)count;
}

qs_policy_bound qs_policy_bound_of(const qs_policy_ground *ground, const qs_policy_share *shares,
                                   size_t count) {
  const double w = ground->problem->cost_weight;
  qs_policy_bound b;
  b.objective = ground->j0 + mean_of(shares, count, (double[]){1, w, 0}, &b.objective_error);
  b.variance = ground->j0 + mean_of(shares, count, (double[]){1, 0, 0}, &b.variance_error);
  b.cost = mean_of(shares, count, (double[]){0, 1, 0}, &b.cost_error);
  b.lower = ground->j0 + mean_of(shares, count, (double[]){1, w, -1}, &b.lower_error);
  b.gap = mean_of(shares, count, (double[]){0, 0, 1}, &b.gap_error);
  return b;
}
