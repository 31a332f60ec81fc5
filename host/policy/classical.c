#include "host/policy/classical.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/base/numbers.h"

enum { LEVELS = 3 }; /* of the volatility, where it depends on the state */

static const char *const names[QS_POLICY_KINDS] = {"none",       "delta_every_date", "local_every_date",
                                                   "delta_band", "net_delta",        "minimum_variance_delta",
                                                   "leland",     "whalley_wilmott",  "zakamouline"};

const char *qs_policy_kind_name(qs_policy_kind kind) {
  return (unsigned)kind < QS_POLICY_KINDS ? names[kind] : NULL;
}

double qs_leland_number(double cost, double volatility, double interval_years) {
  return cost / volatility * sqrt(8 / (QS_PI * interval_years));
}

double qs_whalley_wilmott_half_width(const qs_band_state *s) {
  return cbrt(1.5 * s->discount * s->cost * s->spot * s->gamma * s->gamma / s->risk_aversion);
}

static double relative_discount(const qs_band_state *s) {
  return pow(s->discount / s->volatility, 0.25);
}

double qs_zakamouline_half_width(const qs_band_state *s) {
  double h0 = s->cost / (s->risk_aversion * s->spot * s->volatility * s->volatility * s->years);
  return h0 + 1.12 * pow(s->cost, 0.31) * pow(s->years, 0.05) * relative_discount(s) *
                  sqrt(fabs(s->gamma) / s->risk_aversion);
}

double qs_zakamouline_variance_change(const qs_band_state *s) {
  double size = 4.76 * pow(s->cost, 0.78) / pow(s->years, 0.02) * relative_discount(s) *
                pow(s->risk_aversion * s->spot * s->spot * fabs(s->gamma), 0.15);
  return s->gamma > 0 ? -size : s->gamma < 0 ? size : 0;
}

/* A table being filled. */
typedef struct draft {
  const qs_policy_problem *problem;
  const qs_policy_ratios *ratios;
  double **low, **high;
} draft;

static qs_status make_draft(qs_arena *arena, draft *d) {
  size_t dates = d->ratios->date_count;
  d->low = QS_NEW(arena, dates, double *);
  d->high = QS_NEW(arena, dates, double *);
  for (size_t n = 0; d->low && d->high && n < dates; n++) {
    size_t size = d->ratios->nodes[n].x_count * d->ratios->nodes[n].y_count;
    d->low[n] = QS_NEW(arena, size, double);
    d->high[n] = QS_NEW(arena, size, double);
    if (!d->low[n] || !d->high[n]) {
      return QS_ERROR_MEMORY;
    }
  }
  return d->low && d->high ? QS_OK : QS_ERROR_MEMORY;
}

/* Mean time from date n to the expiries of what is alive, weighted by |weight|. */
static double mean_years(const qs_policy_problem *p, size_t n) {
  double sum = 0, all = 0;
  for (size_t i = 0; i < p->option_count; i++) {
    const qs_policy_option *o = &p->options[i];
    if (qs_policy_expiry_date(p, o) > n) {
      sum += fabs(o->weight) * (o->years - p->dates[n].years);
      all += fabs(o->weight);
    }
  }
  return all > 0 ? sum / all : p->dates[p->date_count - 1].years - p->dates[n].years;
}

/* `mean` is mean_years of the date. */
static qs_band_state state_at(const draft *d, size_t n, double mean, size_t y, size_t j) {
  const qs_policy_problem *p = d->problem;
  const qs_policy_nodes *nodes = &d->ratios->nodes[n];
  const qs_policy_date *date = &p->dates[n];
  double x = nodes->x_low + (double)j * nodes->x_step, years = date[1].years - date->years;
  qs_band_state s = {.spot = date->forward * exp(x),
                     .gamma = d->ratios->gamma[n][y * nodes->x_count + j],
                     .volatility = sqrt(log1p(d->ratios->relative[n][y]) / years),
                     .years = mean,
                     .discount = p->dates[p->date_count - 1].discount / date->discount,
                     .risk_aversion = 2 / p->cost_weight};
  s.cost = qs_policy_unit_cost(date, x) / (date->discount * s.spot);
  return s;
}

/* Delta of a position under the model with volatility times `factor`, on nodes with y times it. */
static qs_status scaled_delta(qs_context *context, qs_arena *arena, const draft *d,
                              const qs_policy_option *options, size_t count, double factor,
                              double *const **delta) {
  qs_policy_problem p = *d->problem;
  qs_model model = qs_model_scale_volatility(p.model, factor);
  double square = factor * factor, up = p.model->value[QS_ETA1];
  model.value[QS_ETA1] = up > factor ? up / factor : up; /* else e^J has no mean */
  qs_policy_option *own = QS_NEW(arena, count + 1, qs_policy_option);
  qs_policy_date *dates = QS_NEW(arena, p.date_count, qs_policy_date);
  qs_policy_nodes *nodes = QS_NEW(arena, p.date_count, qs_policy_nodes);
  if (!own || !dates || !nodes) {
    return qs_fail_memory(context, "tabulating hedging policies");
  }
  for (size_t i = 0; i < count; i++) {
    own[i] = options[i];
    own[i].added *= square;
  }
  for (size_t n = 0; n < p.date_count; n++) {
    dates[n] = p.dates[n];
    dates[n].added *= square;
    nodes[n] = d->ratios->nodes[n];
    nodes[n].y_low *= factor;
    nodes[n].y_step *= factor;
  }
  p.model = &model;
  p.dates = dates;
  p.options = own;
  p.option_count = count;
  qs_policy_ratios made;
  qs_status status = qs_policy_ratios_on(context, arena, &p, nodes, &made);
  *delta = made.delta;
  return status;
}

static size_t table_size(const draft *d, size_t n) {
  return d->ratios->nodes[n].x_count * d->ratios->nodes[n].y_count;
}

/* Bands of a fixed half-width around minus `centre`. */
static void fill_around(const draft *d, double *const *centre, double half_width) {
  for (size_t n = 0; n < d->ratios->date_count; n++) {
    for (size_t i = 0; i < table_size(d, n); i++) {
      d->low[n][i] = -centre[n][i] - half_width;
      d->high[n][i] = -centre[n][i] + half_width;
    }
  }
}

static void fill_corrected(const draft *d, qs_policy_kind kind) {
  const double *model = d->problem->model->value;
  const qs_policy_ratios *r = d->ratios;
  double *const *other = kind == QS_POLICY_NET_DELTA ? r->coin_value : r->vega;
  for (size_t n = 0; n < r->date_count; n++) {
    const qs_policy_nodes *nodes = &r->nodes[n];
    for (size_t i = 0; i < table_size(d, n); i++) {
      double unit =
          d->problem->dates[n].gain * exp(nodes->x_low + (double)(i % nodes->x_count) * nodes->x_step);
      double factor = kind == QS_POLICY_NET_DELTA ? -1 : model[QS_RHO] * model[QS_XI];
      d->low[n][i] = d->high[n][i] = -r->delta[n][i] - (other ? factor * other[n][i] / unit : 0);
    }
  }
}

static qs_status fill_leland(qs_context *context, qs_arena *arena, const draft *d) {
  const qs_policy_problem *p = d->problem;
  size_t dates = d->ratios->date_count;
  double interval = (p->dates[dates].years - p->dates[0].years) / (double)dates, cost = 0, variance = 0;
  const qs_policy_nodes *nodes = d->ratios->nodes;
  double root = sqrt(qs_model_stochastic(p->model) ? p->model->value[QS_V0] : 0);
  double place = nodes->y_count > 1 ? (root - nodes->y_low) / nodes->y_step : 0;
  place = place < 0 ? 0 : place;
  size_t y = (size_t)fmin(place + 0.5, (double)nodes->y_count - 1);
  for (size_t n = 0; n < dates; n++) {
    cost += qs_policy_unit_cost(&p->dates[n], 0) / (p->dates[n].discount * p->dates[n].forward);
    variance += log1p(d->ratios->relative[n][y]);
  }
  double volatility = sqrt(variance / (interval * (double)dates));
  double number = qs_leland_number(cost / (double)dates, volatility, interval);
  qs_policy_option *part = QS_NEW(arena, p->option_count + 1, qs_policy_option);
  if (!part) {
    return qs_fail_memory(context, "tabulating hedging policies");
  }
  for (int side = -1; side <= 1; side += 2) {
    size_t count = 0;
    for (size_t i = 0; i < p->option_count; i++) {
      if (p->options[i].weight * side > 0) {
        part[count++] = p->options[i];
      }
    }
    double *const *delta;
    double factor = sqrt(fmax(1 - side * number, 0.01));
    qs_status status = count ? scaled_delta(context, arena, d, part, count, factor, &delta) : QS_OK;
    if (status) {
      return status;
    }
    for (size_t n = 0; count && n < dates; n++) {
      for (size_t i = 0; i < table_size(d, n); i++) {
        d->low[n][i] -= delta[n][i];
        d->high[n][i] = d->low[n][i];
      }
    }
  }
  return QS_OK;
}

static void fill_whalley_wilmott(const draft *d) {
  for (size_t n = 0; n < d->ratios->date_count; n++) {
    size_t width = d->ratios->nodes[n].x_count;
    double mean = mean_years(d->problem, n);
    for (size_t i = 0; i < table_size(d, n); i++) {
      qs_band_state s = state_at(d, n, mean, i / width, i % width);
      double half = qs_whalley_wilmott_half_width(&s);
      d->low[n][i] = -d->ratios->delta[n][i] - half;
      d->high[n][i] = -d->ratios->delta[n][i] + half;
    }
  }
}

/* Delta at variances 1 + K, by parabolas over three levels that span the K of all states. */
static qs_status fill_zakamouline(qs_context *context, qs_arena *arena, const draft *d) {
  double least = 0, most = 0;
  for (size_t n = 0; n < d->ratios->date_count; n++) {
    size_t width = d->ratios->nodes[n].x_count;
    double mean = mean_years(d->problem, n);
    for (size_t i = 0; i < table_size(d, n); i++) {
      qs_band_state s = state_at(d, n, mean, i / width, i % width);
      double change = qs_zakamouline_variance_change(&s);
      least = fmin(least, change);
      most = fmax(most, change);
    }
  }
  least = fmax(least, -0.9);
  double middle = 0.5 * (least + most), half = fmax(0.5 * (most - least), 1e-3);
  double *const *delta[LEVELS];
  for (int l = 0; l < LEVELS; l++) {
    double change = middle + (l - 1) * half;
    qs_status status = scaled_delta(context, arena, d, d->problem->options, d->problem->option_count,
                                    sqrt(1 + change), &delta[l]);
    if (status) {
      return status;
    }
  }
  for (size_t n = 0; n < d->ratios->date_count; n++) {
    size_t width = d->ratios->nodes[n].x_count;
    double mean = mean_years(d->problem, n);
    for (size_t i = 0; i < table_size(d, n); i++) {
      qs_band_state s = state_at(d, n, mean, i / width, i % width);
      double t = (fmax(qs_zakamouline_variance_change(&s), least) - middle) / half;
      double a = delta[0][n][i], b = delta[1][n][i], c = delta[2][n][i];
      double centre = -(b + 0.5 * t * (c - a) + 0.5 * t * t * (a - 2 * b + c));
      double width_there = qs_zakamouline_half_width(&s);
      d->low[n][i] = centre - width_there;
      d->high[n][i] = centre + width_there;
    }
  }
  return QS_OK;
}

qs_status qs_policy_classical(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                              const qs_policy_ratios *ratios, qs_policy_kind kind, double half_width,
                              qs_policy_table *table) {
  draft d = {.problem = problem, .ratios = ratios};
  if (make_draft(arena, &d)) {
    return qs_fail_memory(context, "tabulating hedging policies");
  }
  qs_status status = QS_OK;
  switch (kind) {
  case QS_POLICY_NONE:
    for (size_t n = 0; n < ratios->date_count; n++) {
      for (size_t i = 0; i < table_size(&d, n); i++) {
        d.low[n][i] = -INFINITY;
        d.high[n][i] = INFINITY;
      }
    }
    break;
  case QS_POLICY_DELTA:
    fill_around(&d, ratios->delta, 0);
    break;
  case QS_POLICY_LOCAL:
    fill_around(&d, ratios->local, 0);
    break;
  case QS_POLICY_DELTA_BAND:
    if (!(half_width >= 0) || !isfinite(half_width)) {
      return qs_fail(context, QS_ERROR_INPUT, "the half-width of a delta band must be at least 0");
    }
    fill_around(&d, ratios->delta, half_width);
    break;
  case QS_POLICY_NET_DELTA:
  case QS_POLICY_MINIMUM_VARIANCE:
    fill_corrected(&d, kind);
    break;
  case QS_POLICY_LELAND:
    status = fill_leland(context, arena, &d);
    break;
  case QS_POLICY_WHALLEY_WILMOTT:
    fill_whalley_wilmott(&d);
    break;
  case QS_POLICY_ZAKAMOULINE:
    status = fill_zakamouline(context, arena, &d);
    break;
  case QS_POLICY_KINDS:
    return qs_fail(context, QS_ERROR_INTERNAL, "no such hedging policy");
  }
  if (!status) {
    *table = (qs_policy_table){ratios->date_count, ratios->nodes, (const double *const *)d.low,
                               (const double *const *)d.high};
  }
  return status;
}
