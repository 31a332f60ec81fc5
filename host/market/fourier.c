#include "host/market/fourier.h"

#include <math.h>
#include <string.h>

#include "host/market/black.h"
#include "host/market/clones.h"
#include "host/market/fourier_sum.h"
#include "host/market/fourier_terms.h"

enum { BLOCK = QS_FOURIER_BLOCK };

/* Which integrands there are, and where each one's sums go. */
typedef enum channel_kind { PRICE, DELTA, GAMMA, TIME, GRADIENT } channel_kind;

typedef struct channel_list {
  size_t count;
  channel_kind kind[QS_PANEL_CHANNELS];
  int parameter[QS_PANEL_CHANNELS];
  double *target[QS_PANEL_CHANNELS];
  bool derivatives;
} channel_list;

qs_fourier_settings qs_fourier_defaults(void) {
  return (qs_fourier_settings){1e-11, 1e-9, (size_t)1 << 18, 0};
}

static void add_channel(channel_list *list, channel_kind kind, int parameter, double *target) {
  if (target) {
    list->kind[list->count] = kind;
    list->parameter[list->count] = parameter;
    list->target[list->count++] = target;
    list->derivatives = list->derivatives || kind == TIME || kind == GRADIENT;
  }
}

static channel_list list_channels(const qs_characteristic *ch, const qs_fourier_output *output) {
  channel_list list = {0};
  add_channel(&list, PRICE, 0, output->price);
  add_channel(&list, DELTA, 0, output->delta);
  add_channel(&list, GAMMA, 0, output->gamma);
  add_channel(&list, TIME, 0, output->time);
  for (int i = 0; i < QS_PARAMETER_COUNT; i++) {
    if (ch->used >> i & 1) {
      add_channel(&list, GRADIENT, i, output->parameter[i]);
    }
  }
  return list;
}

/* Writes the cells of one block into the panel, from cell `at` on. */
QS_LANE void fill_cells(const channel_list *list, const qs_characteristic_block *block, const double *x,
                        const qs_node_values *phi, const qs_node_values *weight, size_t at,
                        qs_fourier_panel *panel) {
  for (size_t c = 0; c < list->count; c++) {
    for (size_t i = 0; i < BLOCK; i++) {
      double w = x[i] * x[i] + 0.25;
      qs_cx value = {weight->re[i], weight->im[i]}, f = {phi->re[i], phi->im[i]}, g;
      switch (list->kind[c]) {
      case PRICE:
        break;
      case DELTA: /* 1/2 + ix, from c - dc/dk */
        value = qs_cx_mul(value, (qs_cx){0.5, x[i]});
        break;
      case GAMMA:
        value = qs_cx_scale(value, -w);
        break;
      case TIME:
      case GRADIENT:
        g = list->kind[c] == TIME ? (qs_cx){block->time.re[i], block->time.im[i]}
                                  : (qs_cx){block->gradient[list->parameter[c]].re[i],
                                            block->gradient[list->parameter[c]].im[i]};
        value = qs_cx_scale(qs_cx_mul(f, g), -1 / w);
        break;
      }
      panel->cell[at + i][c][0] = value.re;
      panel->cell[at + i][c][1] = value.im;
    }
  }
}

QS_CLONES static void fill_block(const channel_list *list, const qs_characteristic_block *block,
                                 const double *x, double v0, double control, size_t at,
                                 qs_fourier_panel *panel, qs_fourier_progress *p) {
  qs_node_values phi, weight;
  qs_fourier_sizes sizes;
  qs_fourier_values(block, x, v0, control, &phi, &weight, &sizes);
  qs_fourier_track(&sizes, p);
  fill_cells(list, block, x, &phi, &weight, at, panel);
}

static qs_status sum_strip(const qs_characteristic *ch, const qs_fourier_plan *plan, const channel_list *list,
                           size_t count, const double *k, const qs_fourier_settings *settings,
                           qs_fourier_report *report) {
  if (plan->low > plan->high) {
    report->error = 0.01 * settings->tolerance;
    return QS_OK;
  }
  qs_fourier_panel panel;
  qs_characteristic_block block;
  qs_fourier_progress p = {0};
  double v0 = ch->stochastic ? ch->model.value[QS_V0] : 0, scale = qs_fourier_scale(plan), x[BLOCK];
  bool strict = list->count > 1, done = false;
  panel.channels = list->count;
  panel.step = plan->step;
  panel.low = plan->low;
  panel.high = plan->high;
  size_t nodes = 0;
  while (!done) {
    panel.nodes = 0;
    panel.start = ((double)nodes + 0.5) * plan->step;
    while (!done && panel.nodes < QS_PANEL_NODES) {
      qs_fourier_nodes(plan, nodes, x);
      qs_characteristic_evaluate(ch, x, list->derivatives, &block);
      fill_block(list, &block, x, v0, plan->control_variance, panel.nodes, &panel, &p);
      panel.nodes += BLOCK;
      nodes += BLOCK;
      done = qs_fourier_converged(&p, settings, scale, strict) || nodes >= settings->node_limit;
    }
    qs_fourier_panel_sum(&panel, count, k, list->target);
  }
  return qs_fourier_conclude(&p, settings, scale, strict, nodes, report);
}

/* From raw sums to results: the factor in front, the control variate, and the strikes outside the plan. */
static void finish_strip(const qs_fourier_plan *plan, const channel_list *list, size_t count,
                         const double *k) {
  double s = sqrt(plan->control_variance);
  for (size_t c = 0; c < list->count; c++) {
    double *value = list->target[c];
    if (list->kind[c] == PRICE) {
      qs_fourier_finish_prices(plan, count, k, value);
      continue;
    }
    for (size_t i = 0; i < count; i++) {
      bool outside = k[i] < plan->low || k[i] > plan->high;
      value[i] = outside ? 0 : value[i] * exp(0.5 * k[i]) * plan->step * QS_INV_PI;
      if (list->kind[c] == DELTA) {
        value[i] = outside ? (k[i] < 0) : value[i] + qs_black_delta(true, k[i], s);
      } else if (list->kind[c] == GAMMA && !outside) {
        value[i] += qs_black_gamma(k[i], s);
      }
    }
  }
}

/* Constant volatility without jumps, and nothing moving at all. */
static void fill_black(const qs_characteristic *ch, const channel_list *list, size_t count, const double *k) {
  double sigma = ch->model.type == QS_MODEL_GBM ? ch->model.value[QS_SIGMA] : 0, root = sqrt(ch->years);
  double s = ch->added > 0 ? sqrt(sigma * sigma * ch->years + ch->added) : sigma * root;
  double by_sigma = ch->added > 0 ? sigma * ch->years / s : root;
  for (size_t i = 0; i < count; i++) {
    for (size_t c = 0; c < list->count; c++) {
      double vega = s > 0 ? qs_black_vega(k[i], s) : 0;
      double by_kind[] = {
          qs_black_price(true, k[i], s), qs_black_delta(true, k[i], s), qs_black_gamma(k[i], s),
          s > 0 ? 0.5 * vega * sigma / (ch->added > 0 ? s / sigma : root) : 0, vega * by_sigma};
      list->target[c][i] = by_kind[list->kind[c]];
    }
  }
}

static qs_status refuse(qs_fourier_report *report, const char *problem) {
  *report = (qs_fourier_report){INFINITY, 0, problem};
  return QS_ERROR_INPUT;
}

static void clear_targets(const qs_fourier_output *output, size_t count) {
  double *const plain[] = {output->price, output->delta, output->gamma, output->time};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    if (plain[i]) {
      memset(plain[i], 0, count * sizeof(double));
    }
  }
  for (int i = 0; i < QS_PARAMETER_COUNT; i++) {
    if (output->parameter[i]) {
      memset(output->parameter[i], 0, count * sizeof(double));
    }
  }
}

/* True where prices are Black's or intrinsic: no time, no randomness, or a lognormal law. */
static bool is_black(const qs_characteristic *ch) {
  return ch->years == 0 || ch->model.type == QS_MODEL_GBM || ch->variance + ch->jump_variance <= 0;
}

qs_status qs_fourier_strip(const qs_model *model, double years, size_t count, const double *log_moneyness,
                           const qs_fourier_settings *settings, const qs_fourier_output *output,
                           qs_fourier_report *report) {
  qs_fourier_settings use = settings ? *settings : qs_fourier_defaults();
  const char *problem =
      output->price ? qs_fourier_check(model, years, count, log_moneyness, &use) : "no price array";
  if (problem) {
    return refuse(report, problem);
  }
  *report = (qs_fourier_report){0, 0, NULL};
  if (count == 0) {
    return QS_OK;
  }
  qs_characteristic ch = qs_characteristic_shifted(model, years, use.added_variance);
  channel_list list = list_channels(&ch, output);
  clear_targets(output, count);
  if (is_black(&ch)) {
    fill_black(&ch, &list, count, log_moneyness);
    report->error = 1e-15;
    return QS_OK;
  }
  double first, last;
  qs_fourier_range(count, log_moneyness, &first, &last);
  /* derivatives by tail parameters decay more slowly than the tails do */
  double aliasing = (list.count > 1 ? 1e-4 : 0.1) * use.tolerance;
  qs_fourier_plan plan = qs_fourier_make_plan(&ch, &ch, first, last, 0.01 * use.tolerance, aliasing);
  qs_status status = sum_strip(&ch, &plan, &list, count, log_moneyness, &use, report);
  finish_strip(&plan, &list, count, log_moneyness);
  return status;
}

qs_status qs_fourier_option(const qs_model *model, double years, bool call, double log_moneyness,
                            const qs_fourier_settings *settings, qs_fourier_option_value *value,
                            qs_fourier_report *report) {
  qs_fourier_option_value v;
  qs_fourier_output output = {&v.price, &v.delta, &v.gamma, &v.time, {0}};
  for (int i = 0; i < QS_PARAMETER_COUNT; i++) {
    output.parameter[i] = &v.parameter[i];
  }
  qs_status status = qs_fourier_strip(model, years, 1, &log_moneyness, settings, &output, report);
  if (status == QS_OK || status == QS_ERROR_UNTRUSTED) {
    if (!call) {
      v.price = fmax(v.price + expm1(log_moneyness), 0);
      v.delta -= 1;
    }
    *value = v;
  }
  return status;
}
