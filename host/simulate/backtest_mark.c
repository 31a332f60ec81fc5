#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/market/fourier.h"
#include "host/simulate/backtest.h"

enum { STRIP = 64 }; /* options priced at once */

/* The position's value and slopes at a date, from options that expire later; `intrinsic` from those that
 * expire there. */
typedef struct mark {
  double value, delta, gamma, vega, theta; /* theta: by time to expiry alone, a year */
  double intrinsic;
} mark;

typedef struct place {
  const qs_policy_problem *problem;
  qs_model model; /* its v0 is the state's */
  size_t date;
  double spot;
} place;

/* F(0, expiry)/F(0, t): what turns the price at the date into the option's forward. */
static double roll(const qs_policy_problem *p, const qs_policy_option *o, size_t date) {
  return o->forward / p->dates[date].forward;
}

static void add(const place *at, const qs_policy_option *o, double price, double delta, double gamma,
                double time, double by_v0, mark *m) {
  double r = roll(at->problem, o, at->date), forward = at->spot * r, strike = o->strike / forward;
  double c = o->call ? price : price - 1 + strike, d = o->call ? delta : delta - 1;
  m->value += o->weight * forward * c;
  m->delta += o->weight * r * d;
  m->gamma += o->weight * r * gamma / at->spot;
  m->vega += o->weight * forward * by_v0;
  m->theta -= o->weight * forward * time;
}

static double payoff(const qs_policy_option *o, double spot) {
  return fmax(o->call ? spot - o->strike : o->strike - spot, 0);
}

/* Options first .. first + count - 1 of one expiry. */
static qs_status add_strip(qs_context *context, const place *at, const qs_policy_option *o, size_t count,
                           mark *m) {
  const qs_policy_date *date = &at->problem->dates[at->date];
  double k[STRIP], price[STRIP], delta[STRIP], gamma[STRIP], time[STRIP], by_v0[STRIP];
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.added_variance = o->added - date->added;
  qs_fourier_output out = {.price = price, .delta = delta, .gamma = gamma, .time = time};
  bool random = qs_model_stochastic(&at->model);
  out.parameter[QS_V0] = random ? by_v0 : NULL;
  for (size_t i = 0; i < count; i++) {
    k[i] = log(fmax(o[i].strike, 1e-300) / (at->spot * roll(at->problem, &o[i], at->date)));
  }
  qs_fourier_report report;
  qs_status status = qs_fourier_strip(&at->model, o->years - date->years, count, k, &settings, &out, &report);
  if (status != QS_OK && status != QS_ERROR_UNTRUSTED) {
    return qs_fail(context, status, "marking the position at date %zu: %s", at->date,
                   report.problem ? report.problem : "no price");
  }
  for (size_t i = 0; i < count; i++) {
    add(at, &o[i], price[i], delta[i], gamma[i], time[i], random ? by_v0[i] : 0, m);
  }
  return QS_OK;
}

static qs_status mark_at(qs_context *context, const place *at, mark *m) {
  const qs_policy_problem *p = at->problem;
  memset(m, 0, sizeof *m);
  for (size_t i = 0, count; i < p->option_count; i += count) {
    const qs_policy_option *o = &p->options[i];
    count = 1;
    size_t expiry = qs_policy_expiry_date(p, o);
    if (expiry == at->date) {
      m->intrinsic += o->weight * payoff(o, at->spot);
    } else if (expiry > at->date) {
      while (i + count < p->option_count && count < STRIP && p->options[i + count].years == o->years &&
             p->options[i + count].added == o->added) {
        count++;
      }
      qs_status status = add_strip(context, at, o, count, m);
      if (status) {
        return status;
      }
    }
  }
  return QS_OK;
}

/* What the price gains through the forward's roll over the step, at a fixed spot. */
static double rolled(const place *from, const place *to) {
  const qs_policy_problem *p = from->problem;
  return p->dates[from->date].forward / p->dates[to->date].forward - 1;
}

/* The second moment of the log return that the state expects of a step. */
static double expected_square(const place *at, double years, double added) {
  const double *p = at->model.value;
  double v = qs_model_stochastic(&at->model) ? p[QS_V0] : p[QS_SIGMA] * p[QS_SIGMA], jumps = 0;
  switch (at->model.type) {
  case QS_MODEL_SVCJ: {
    double mean = p[QS_MU_J] + p[QS_RHO_J] * p[QS_MU_V], loaded = p[QS_RHO_J] * p[QS_MU_V];
    jumps = p[QS_LAMBDA] * (mean * mean + p[QS_SIGMA_J] * p[QS_SIGMA_J] + loaded * loaded);
    break;
  }
  case QS_MODEL_BATES:
  case QS_MODEL_MERTON:
    jumps = p[QS_LAMBDA] * (p[QS_MU_J] * p[QS_MU_J] + p[QS_SIGMA_J] * p[QS_SIGMA_J]);
    break;
  case QS_MODEL_KOU:
    jumps =
        p[QS_LAMBDA] * 2 * (p[QS_P] / (p[QS_ETA1] * p[QS_ETA1]) + (1 - p[QS_P]) / (p[QS_ETA2] * p[QS_ETA2]));
    break;
  default:
    break;
  }
  return (v + jumps) * years + added;
}

static double realised(const qs_backtest_record *record, size_t n) {
  double sum = 0;
  for (size_t j = record->bar[n]; j < record->bar[n + 1]; j++) {
    double r = log(record->prices[j + 1] / record->prices[j]);
    sum += r * r;
  }
  return sum;
}

static void fill(const place *from, const place *to, const mark *a, const mark *b,
                 const qs_backtest_record *record, bool coin, qs_backtest_step *s) {
  const qs_policy_date *begin = &from->problem->dates[from->date], *end = &from->problem->dates[to->date];
  double years = end->years - begin->years, move = to->spot - from->spot;
  double kept = coin ? a->value / from->spot * move : 0; /* the premium's own gain, that stays in coin */
  s->options = b->value + b->intrinsic - a->value - kept;
  s->theta = a->theta * years + a->delta * from->spot * rolled(from, to);
  s->delta = a->delta * move - kept;
  s->gamma = 0.5 * a->gamma * move * move;
  bool random = qs_model_stochastic(&from->model);
  s->vega = random ? a->vega * (to->model.value[QS_V0] - from->model.value[QS_V0]) : 0;
  s->residual = s->options - s->theta - s->delta - s->gamma - s->vega;
  double implied = expected_square(from, years, end->added - begin->added);
  s->premium = 0.5 * a->gamma * from->spot * from->spot * (realised(record, from->date) - implied);
}

static qs_status check(qs_context *context, const qs_policy_problem *p, const qs_backtest_record *record) {
  qs_status status = qs_policy_check(context, p);
  for (size_t n = 0; !status && n < p->date_count; n++) {
    if (p->dates[n].discount != 1) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest date %zu: discount %g; must be 1", n,
                     p->dates[n].discount);
    }
    if (record->bar[n] >= record->bar_count || (n > 0 && record->bar[n] <= record->bar[n - 1])) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest date %zu is bar %zu: bars ascend and are below %zu",
                     n, record->bar[n], record->bar_count);
    }
    if (record->variance && !(record->variance[n] >= 0 && isfinite(record->variance[n]))) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest variance %zu: %g; must be at least 0", n,
                     record->variance[n]);
    }
  }
  for (size_t j = 0; !status && j < record->bar_count; j++) {
    if (!(record->prices[j] > 0 && isfinite(record->prices[j]))) {
      return qs_fail(context, QS_ERROR_INPUT, "backtest price %zu: %g; must be above 0", j,
                     record->prices[j]);
    }
  }
  return status;
}

qs_status qs_backtest_mark(qs_context *context, const qs_policy_problem *problem,
                           const qs_backtest_record *record, const qs_backtest_rules *rules,
                           qs_backtest_step *steps) {
  qs_status status = check(context, problem, record);
  mark before = {0}, after;
  place from = {.problem = problem}, to;
  for (size_t n = 0; !status && n < problem->date_count; n++) {
    double spot = record->prices[record->bar[n]];
    to = (place){problem, *problem->model, n, spot};
    if (record->variance && qs_model_stochastic(problem->model)) {
      to.model.value[QS_V0] = record->variance[n];
    }
    status = mark_at(context, &to, &after);
    if (!status && n > 0) {
      steps[n - 1] = (qs_backtest_step){0};
      fill(&from, &to, &before, &after, record, rules->coin, &steps[n - 1]);
    }
    before = after;
    from = to;
  }
  return status;
}

void qs_backtest_states(double v0, const double *forecasts, size_t count, double *variance) {
  for (size_t n = 0; n < count; n++) {
    variance[n] = v0 * forecasts[n] / forecasts[0];
  }
}

void qs_backtest_expected(const qs_policy_problem *problem, double *variance) {
  const qs_model *model = problem->model;
  const double *p = model->value;
  for (size_t n = 0; n < problem->date_count; n++) {
    variance[n] = qs_model_stochastic(model)
                      ? qs_model_mean_variance(model, problem->dates[n].years, p[QS_V0])
                      : p[QS_SIGMA] * p[QS_SIGMA];
  }
}
