#include "host/policy/problem.h"

#include <math.h>

#include "host/base/model.h"
#include "host/market/characteristic.h"

static const double same_time = 1e-8; /* years: a third of a second */
static const double reach = 5.5;      /* deviations of ln S */
static const double narrow = 2e-5;    /* between strikes */
enum { X_PLAIN = 1001, X_RANDOM = 321, Y_RANDOM = 24, X_JUMP = 401, Y_JUMP = 36 };

size_t qs_policy_expiry_date(const qs_policy_problem *problem, const qs_policy_option *option) {
  for (size_t n = 1; n < problem->date_count; n++) {
    if (fabs(problem->dates[n].years - option->years) <= same_time) {
      return n;
    }
  }
  return problem->date_count;
}

double qs_policy_unit_cost(const qs_policy_date *date, double x) {
  return date->discount * (date->proportional * date->forward * exp(x) + date->per_unit);
}

bool qs_policy_jumps(const qs_policy_problem *problem) {
  for (size_t i = 0; i < problem->option_count; i++) {
    const qs_policy_option *a = &problem->options[i];
    const bool known = a->strike > 0 && qs_policy_expiry_date(problem, a) < problem->date_count;
    for (size_t j = 0; known && j < i; j++) {
      const qs_policy_option *b = &problem->options[j];
      const double apart = fabs(b->strike / a->strike - 1);
      if (b->years == a->years && apart > 1e-12 && apart < narrow) {
        return true;
      }
    }
  }
  return false;
}

bool qs_policy_has_impact(const qs_policy_problem *problem) {
  bool has = false;
  for (size_t n = 0; n < problem->date_count; n++) {
    has = has || problem->dates[n].impact > 0;
  }
  return has;
}

static bool bad_number(double x) {
  return !isfinite(x);
}

static qs_status check_date(qs_context *context, const qs_policy_problem *p, size_t n) {
  const qs_policy_date *d = &p->dates[n];
  bool last = n + 1 == p->date_count;
  if (!(d->years >= 0) || bad_number(d->years) || (n > 0 && !(d->years > d[-1].years + same_time))) {
    return qs_fail(context, QS_ERROR_INPUT, "hedging date %zu: dates must ascend, from as_of on", n);
  }
  if (!(d->forward > 0) || !(d->discount > 0) || bad_number(d->forward) || bad_number(d->discount) ||
      (!last && (!(d->gain > 0) || bad_number(d->gain)))) {
    return qs_fail(context, QS_ERROR_INPUT, "hedging date %zu: forward, discount and gain must be positive",
                   n);
  }
  if (!(d->proportional >= 0) || !(d->per_unit >= 0) || !(d->impact >= 0) || bad_number(d->proportional) ||
      bad_number(d->per_unit) || bad_number(d->impact)) {
    return qs_fail(context, QS_ERROR_INPUT, "hedging date %zu: costs must be at least 0", n);
  }
  if (!(d->added >= (n > 0 ? d[-1].added : 0)) || bad_number(d->added)) {
    return qs_fail(context, QS_ERROR_INPUT, "hedging date %zu: added variance must ascend", n);
  }
  return QS_OK;
}

static qs_status check_option(qs_context *context, const qs_policy_problem *p, size_t i) {
  const qs_policy_option *o = &p->options[i];
  const qs_policy_date *last = &p->dates[p->date_count - 1];
  size_t n = qs_policy_expiry_date(p, o);
  if (bad_number(o->years) || (n == p->date_count && !(o->years > last->years))) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "option %zu of the hedged position: its expiry must be a hedging date after the first, or "
                   "after all of them",
                   i);
  }
  if (!(o->strike >= 0) || bad_number(o->strike) || !(o->forward > 0) || bad_number(o->forward) ||
      bad_number(o->weight)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "option %zu of the hedged position: strike, forward and weight must be numbers, strike at "
                   "least 0 and forward positive",
                   i);
  }
  double before = n < p->date_count ? p->dates[n].added : last->added;
  if (!(o->added >= before - 1e-15) || bad_number(o->added)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "option %zu of the hedged position: added variance must not fall after the last date", i);
  }
  return QS_OK;
}

qs_status qs_policy_check(qs_context *context, const qs_policy_problem *problem) {
  qs_parameter parameter;
  const char *flaw = qs_model_check(problem->model, &parameter);
  if (!flaw && problem->real) {
    flaw = problem->real->type == problem->model->type
               ? qs_model_check(problem->real, &parameter)
               : (parameter = QS_V0, "the real world's is another model");
  }
  if (flaw) {
    return qs_fail(context, QS_ERROR_INPUT, "model parameter %s: %s", qs_parameter_name(parameter), flaw);
  }
  if (problem->date_count < 2) {
    return qs_fail(context, QS_ERROR_INPUT, "hedging over time needs a date of trading and one of unwinding");
  }
  if (!(problem->cost_weight > 0) || bad_number(problem->cost_weight)) {
    return qs_fail(context, QS_ERROR_INPUT, "the weight of costs must be greater than 0");
  }
  if (bad_number(problem->drift) || bad_number(problem->holding)) {
    return qs_fail(context, QS_ERROR_INPUT, "drift and holding must be finite numbers");
  }
  qs_status status = QS_OK;
  for (size_t n = 0; n < problem->date_count && !status; n++) {
    status = check_date(context, problem, n);
  }
  for (size_t i = 0; i < problem->option_count && !status; i++) {
    status = check_option(context, problem, i);
  }
  return status;
}

/* Where y goes from and to: what sqrt(v) is likely to be up to the last date. */
static void variance_range(const qs_model *model, double years, double *low, double *high) {
  const double *p = model->value;
  bool jumps = model->type == QS_MODEL_SVCJ;
  double decay = exp(-p[QS_KAPPA] * years), settled = (1 - decay) / p[QS_KAPPA];
  double rate = jumps ? p[QS_LAMBDA] * p[QS_MU_V] : 0;
  double mean = p[QS_V0] * decay + (p[QS_KAPPA] * p[QS_THETA] + rate) * settled;
  double square = p[QS_XI] * p[QS_XI];
  double variance =
      square * (p[QS_V0] * decay * settled + 0.5 * p[QS_KAPPA] * p[QS_THETA] * settled * settled);
  double largest = fmax(fmax(mean, p[QS_V0]), p[QS_THETA]);
  double top = fmax(mean, p[QS_V0]) + 6 * sqrt(variance) + (jumps ? 7 * p[QS_MU_V] : 0);
  *high = sqrt(fmax(top, 1.2 * largest) + 1e-8);
  double center = sqrt(fmin(mean, p[QS_V0])), spread = 3 * p[QS_XI] * sqrt(fmin(years, 1 / p[QS_KAPPA]));
  *low = fmax(center - spread, 0.12 * sqrt(largest));
  *low = fmin(*low, 0.9 * *high);
}

/* How far ln S goes: what the diffusion does, and how far one jump may go beside it. */
static double default_reach(const qs_policy_problem *p) {
  const qs_policy_date *last = &p->dates[p->date_count - 1];
  qs_characteristic law = qs_characteristic_prepare(p->model, last->years);
  const double *v = p->model->value;
  double jump = 0;
  if (p->model->type == QS_MODEL_KOU) {
    jump = 12 / fmin(fmax(v[QS_ETA1] - 2, 1), v[QS_ETA2]);
  } else if (law.jumps) {
    double size = law.variance_jumps ? 8 * fabs(v[QS_RHO_J]) * v[QS_MU_V] : 0;
    jump = fabs(v[QS_MU_J]) + 6 * v[QS_SIGMA_J] + size;
  }
  double diffusion = reach * sqrt(law.variance + last->added);
  return fmin(fmax(reach * sqrt(law.variance + law.jump_variance + last->added), diffusion + jump), 6);
}

const qs_policy_nodes *qs_policy_make_nodes(qs_arena *arena, const qs_policy_problem *problem,
                                            const qs_policy_settings *settings) {
  bool stochastic = qs_model_stochastic(problem->model);
  double far = settings->x_reach > 0 ? settings->x_reach : default_reach(problem);
  const bool jumps = stochastic && qs_policy_jumps(problem); /* ratios then change fast with both */
  const size_t usual = !stochastic ? X_PLAIN : jumps ? X_JUMP : X_RANDOM;
  size_t x_count = settings->x_count ? settings->x_count : usual;
  x_count = x_count < 9 ? 9 : x_count | 1; /* a node at 0 */
  qs_policy_nodes shared = {.x_low = -far, .x_step = 2 * far / (double)(x_count - 1), .x_count = x_count};
  shared.y_count = 1;
  if (stochastic) {
    double high;
    size_t y_count = settings->y_count ? settings->y_count : jumps ? Y_JUMP : Y_RANDOM;
    shared.y_count = y_count < 6 ? 6 : y_count;
    variance_range(problem->model, problem->dates[problem->date_count - 1].years, &shared.y_low, &high);
    shared.y_step = (high - shared.y_low) / (double)(shared.y_count - 1);
  }
  qs_policy_nodes *nodes = QS_NEW(arena, problem->date_count, qs_policy_nodes);
  for (size_t n = 0; nodes && n < problem->date_count; n++) {
    nodes[n] = shared;
    nodes[n].years = problem->dates[n].years;
  }
  return nodes;
}
