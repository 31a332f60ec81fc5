#include <math.h>
#include <string.h>

#include "host/market/clones.h"
#include "host/market/fourier.h"
#include "host/market/fourier_sum.h"
#include "host/market/fourier_terms.h"

enum { BLOCK = QS_FOURIER_BLOCK, SURFACE_ROWS = 16 };

/* One band of a surface: the rows whose variance lies in [from, to). */
typedef struct band {
  double from, to;
  double smallest, largest; /* v0 of the rows */
  size_t rows;
} band;

static band next_band(const qs_characteristic *ch, size_t count, const double *v0, double from) {
  const double *v = ch->model.value;
  double years = ch->years, f = -expm1(-v[QS_KAPPA] * years) / v[QS_KAPPA];
  double rest = (ch->variance - v[QS_V0] * f) / f;
  band b = {from, INFINITY, INFINITY, 0, 0};
  for (size_t i = 0; i < count; i++) {
    b.smallest = v0[i] >= from ? fmin(b.smallest, v0[i]) : b.smallest;
  }
  b.to = 4 * (b.smallest + rest) - rest;
  b.to = fmax(b.to, 1e-12);
  for (size_t i = 0; i < count; i++) {
    if (v0[i] >= from && v0[i] < b.to) {
      b.largest = fmax(b.largest, v0[i]);
      b.rows++;
    }
  }
  return b;
}

/* The sums of up to SURFACE_ROWS rows share a panel, one channel a row. */
typedef struct row_group {
  size_t count;
  double v0[SURFACE_ROWS];
  double *target[SURFACE_ROWS];
} row_group;

QS_CLONES static void fill_rows(const row_group *rows, const qs_characteristic_block *block, const double *x,
                                double control, size_t at, qs_fourier_panel *panel, qs_fourier_progress *p) {
  for (size_t c = 0; c < rows->count; c++) {
    qs_node_values phi, weight;
    qs_fourier_sizes sizes;
    qs_fourier_values(block, x, rows->v0[c], control, &phi, &weight, &sizes);
    if (c == 0) {
      qs_fourier_track(&sizes, p);
    }
    for (size_t i = 0; i < BLOCK; i++) {
      panel->cell[at + i][c][0] = weight.re[i];
      panel->cell[at + i][c][1] = weight.im[i];
    }
  }
}

/* The first row of the group has the band's smallest variance, so that it decays most slowly. */
static qs_status sum_rows(const qs_characteristic *ch, const qs_fourier_plan *plan, const row_group *rows,
                          size_t count, const double *k, const qs_fourier_settings *settings,
                          qs_fourier_report *report) {
  if (plan->low > plan->high) {
    report->error = 0.01 * settings->tolerance;
    return QS_OK;
  }
  qs_fourier_panel panel;
  qs_characteristic_block block;
  qs_fourier_progress p = {0};
  double scale = qs_fourier_scale(plan), x[BLOCK];
  bool done = false;
  panel.channels = rows->count;
  panel.step = plan->step;
  panel.low = plan->low;
  panel.high = plan->high;
  size_t nodes = 0;
  while (!done) {
    panel.nodes = 0;
    panel.start = ((double)nodes + 0.5) * plan->step;
    while (!done && panel.nodes < QS_PANEL_NODES) {
      qs_fourier_nodes(plan, nodes, x);
      qs_characteristic_evaluate(ch, x, false, &block);
      fill_rows(rows, &block, x, plan->control_variance, panel.nodes, &panel, &p);
      panel.nodes += BLOCK;
      nodes += BLOCK;
      done = qs_fourier_converged(&p, settings, scale, false) || nodes >= settings->node_limit;
    }
    qs_fourier_panel_sum(&panel, count, k, rows->target);
  }
  return qs_fourier_conclude(&p, settings, scale, false, nodes, report);
}

/* What all bands share. */
typedef struct surface {
  const qs_characteristic *ch;
  const qs_fourier_settings *settings;
  size_t rows, count;
  const double *v0, *k;
  double *price;
} surface;

/* Adds a row; the smallest variance stays first. */
static void add_row(row_group *rows, double v0, double *target) {
  size_t slot = rows->count++;
  if (slot > 0 && v0 < rows->v0[0]) {
    rows->v0[slot] = rows->v0[0];
    rows->target[slot] = rows->target[0];
    slot = 0;
  }
  rows->v0[slot] = v0;
  rows->target[slot] = target;
}

static qs_status finish_group(const surface *s, const qs_characteristic *ch, const qs_fourier_plan *plan,
                              row_group *rows, qs_fourier_report *report) {
  qs_fourier_report own = {0, 0, NULL};
  qs_status status = sum_rows(ch, plan, rows, s->count, s->k, s->settings, &own);
  for (size_t i = 0; i < rows->count; i++) {
    qs_fourier_finish_prices(plan, s->count, s->k, rows->target[i]);
  }
  rows->count = 0;
  report->error = fmax(report->error, own.error);
  report->nodes += own.nodes;
  report->problem = own.problem ? own.problem : report->problem;
  return status;
}

static qs_status surface_band(const surface *s, const band *b, qs_fourier_report *report) {
  qs_model low = s->ch->model, high = s->ch->model;
  low.value[QS_V0] = b->smallest;
  high.value[QS_V0] = b->largest;
  qs_characteristic one = qs_characteristic_shifted(&low, s->ch->years, s->ch->added);
  qs_characteristic other = qs_characteristic_shifted(&high, s->ch->years, s->ch->added);
  double first, last, tolerance = s->settings->tolerance;
  qs_fourier_range(s->count, s->k, &first, &last);
  qs_fourier_plan plan = qs_fourier_make_plan(&one, &other, first, last, 0.01 * tolerance, 0.1 * tolerance);
  qs_status status = QS_OK;
  row_group rows = {0};
  size_t seen = 0;
  for (size_t i = 0; i < s->rows; i++) {
    if (s->v0[i] >= b->from && s->v0[i] < b->to) {
      memset(&s->price[i * s->count], 0, s->count * sizeof(double));
      add_row(&rows, s->v0[i], &s->price[i * s->count]);
      seen++;
      if (rows.count == SURFACE_ROWS || seen == b->rows) {
        qs_status group = finish_group(s, &one, &plan, &rows, report);
        status = group == QS_OK ? status : group;
      }
    }
  }
  return status;
}

/* One strip serves every row where the variance does not move, or nothing does. */
static qs_status equal_rows(const surface *s, qs_fourier_report *report) {
  qs_fourier_output output = {.price = s->price};
  qs_status status =
      qs_fourier_strip(&s->ch->model, s->ch->years, s->count, s->k, s->settings, &output, report);
  for (size_t i = 1; i < s->rows; i++) {
    memcpy(&s->price[i * s->count], s->price, s->count * sizeof(double));
  }
  return status;
}

/* A row without any randomness, which no sum can represent. */
static void fill_intrinsic(const surface *s, size_t row) {
  for (size_t j = 0; j < s->count; j++) {
    s->price[row * s->count + j] = s->k[j] < 0 ? -expm1(s->k[j]) : 0;
  }
}

static const char *check_variances(size_t count, const double *v0) {
  for (size_t i = 0; i < count; i++) {
    if (!(v0[i] >= 0 && isfinite(v0[i]))) {
      return "v0 must be finite and at least 0";
    }
  }
  return NULL;
}

qs_status qs_fourier_surface(const qs_model *model, double years, size_t v0_count, const double *v0,
                             size_t strike_count, const double *log_moneyness,
                             const qs_fourier_settings *settings, double *price, qs_fourier_report *report) {
  qs_fourier_settings use = settings ? *settings : qs_fourier_defaults();
  const char *problem = qs_fourier_check(model, years, strike_count, log_moneyness, &use);
  problem = problem ? problem : check_variances(v0_count, v0);
  if (problem) {
    *report = (qs_fourier_report){INFINITY, 0, problem};
    return QS_ERROR_INPUT;
  }
  *report = (qs_fourier_report){0, 0, NULL};
  if (v0_count == 0 || strike_count == 0) {
    return QS_OK;
  }
  qs_characteristic ch = qs_characteristic_shifted(model, years, use.added_variance);
  surface s = {&ch, &use, v0_count, strike_count, v0, log_moneyness, price};
  if (!ch.stochastic || years == 0) {
    return equal_rows(&s, report);
  }
  double from = 0;
  qs_model still = *model;
  still.value[QS_V0] = 0;
  qs_characteristic at_zero = qs_characteristic_shifted(&still, years, use.added_variance);
  if (at_zero.variance + at_zero.jump_variance <= 0) {
    for (size_t i = 0; i < v0_count; i++) {
      if (v0[i] == 0) {
        fill_intrinsic(&s, i);
      }
    }
    from = 1e-300;
  }
  qs_status status = QS_OK;
  while (isfinite(from)) {
    band b = next_band(&ch, v0_count, v0, from);
    if (b.rows > 0) {
      qs_status one = surface_band(&s, &b, report);
      status = one == QS_OK ? status : one;
    }
    from = b.rows > 0 ? b.to : INFINITY;
  }
  return status;
}
