#include "host/engine/controls.h"

#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/market/fourier.h"

static bool add_control(qs_controlled *of, uint32_t place, uint32_t kind) {
  for (uint32_t k = 0; k < of->count; k++) {
    if (of->control[k] == place) {
      return true;
    }
  }
  if (of->count == QS_MOST_CONTROLS) {
    return false;
  }
  of->control[of->count] = place;
  of->kinds[of->count++] = kind;
  return true;
}

void qs_controls_mark_jumps(const qs_model *model, bool *of_parameters) {
  const uint32_t jumps = qs_model_jump_parameters(model->type);
  uint32_t slot = 0;
  for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
    if (qs_model_parameters(model->type) >> p & 1) {
      of_parameters[slot++] = jumps >> p & 1;
    }
  }
}

static double years_to(const qs_path_plan *path, uint32_t date) {
  double years = path->dates[date].side.years;
  for (uint32_t i = 0; i < path->dates[date].main_steps; i++) {
    years += path->steps[i].years;
  }
  return years;
}

/* ---- value units ---- */

bool qs_controls_help(const qs_model *model) {
  return qs_model_stochastic(model);
}

qs_status qs_controls_of_value(qs_context *context, qs_arena *arena, const qs_value_unit *unit,
                               qs_value_unit *with, qs_controls *controls) {
  const uint32_t count = unit->payoff_count, most = count + unit->path.date_count;
  qs_payoff_plan *plans = QS_NEW(arena, most, qs_payoff_plan);
  qs_controlled *payoffs = QS_NEW(arena, count, qs_controlled);
  const uint32_t quantities = qs_value_unit_quantities(unit);
  double *exact = QS_NEW(arena, (size_t)most * quantities, double);
  bool *of_jumps = QS_NEW(arena, quantities, bool);
  if (!plans || !payoffs || !exact || !of_jumps) {
    return qs_fail_memory(context, "laying out control variates");
  }
  if (unit->greeks) {
    qs_controls_mark_jumps(&unit->path.model, of_jumps + QS_QUANTITY_PARAMETERS);
  }
  uint32_t made = 0;
  for (uint32_t i = 0; i < count;) {
    const uint32_t date = unit->payoffs[i].date, first = i;
    const double years = years_to(&unit->path, date);
    for (; i < count && unit->payoffs[i].date == date; i++) {
      payoffs[i].place = made;
      payoffs[i].jumps = qs_model_jumps(&unit->path.model, years);
      plans[made++] = unit->payoffs[i];
    }
    for (uint32_t p = first; p < i; p++) {
      add_control(&payoffs[p], made, QS_CONTROL_FORWARD);
    }
    if (unit->greeks) {
      exact[(size_t)made * quantities + QS_QUANTITY_DELTA] = 1;
    }
    plans[made++] = (qs_payoff_plan){date, QS_PAYOFF_FORWARD, 0};
  }
  *with = *unit;
  with->payoffs = plans;
  with->payoff_count = made;
  *controls = (qs_controls){payoffs, count, quantities, made, exact, of_jumps};
  return QS_OK;
}

/* ---- path units ---- */

typedef struct path_builder {
  const qs_path_unit *unit;
  qs_arena *arena;
  qs_path_payoff_plan *plans;
  uint32_t made, quantities;
  double *exact;
  const double *one;
  bool failed;
} path_builder;

/* Exact values of a payoff that is linear in the prices: sum of weights times S_d, per unit of F_T. */
static void exact_average(const path_builder *b, const qs_path_payoff_plan *plan, double *exact) {
  const double last = b->unit->log_forwards[plan->dates[plan->date_count - 1]];
  double price = 0, carry = 0;
  for (uint32_t d = 0; d < plan->date_count; d++) {
    const double mean = plan->weights[d] * exp(b->unit->log_forwards[plan->dates[d]] - last);
    price += mean;
    carry += mean * b->unit->years[plan->dates[d]];
  }
  exact[QS_PATH_PRICE] = price;
  if (b->unit->greeks) {
    exact[QS_PATH_DELTA] = price;
    exact[QS_PATH_CARRY] = carry;
  }
}

/* The steps' added variance up to a date. */
static double added_variance(const qs_path_plan *path, uint32_t date) {
  const qs_date *at = &path->dates[date];
  double sum = at->side.years > 0 ? at->side.added : 0;
  for (uint32_t i = 0; i < at->main_steps; i++) {
    sum += path->steps[i].added;
  }
  return sum;
}

static bool exact_european(const path_builder *b, const qs_path_payoff_plan *plan, double *exact) {
  const qs_model *model = &b->unit->path.model;
  const double years = b->unit->years[plan->dates[0]];
  qs_fourier_option_value value;
  qs_fourier_report report;
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.added_variance = added_variance(&b->unit->path, plan->dates[0]);
  if (qs_fourier_option(model, years, plan->sign > 0, log(plan->level[0]), &settings, &value, &report)) {
    return false;
  }
  exact[QS_PATH_PRICE] = value.price;
  if (b->unit->greeks) {
    uint32_t q = QS_PATH_PARAMETERS;
    exact[QS_PATH_DELTA] = value.delta;
    exact[QS_PATH_GAMMA] = value.gamma;
    exact[QS_PATH_CARRY] = years * value.delta;
    for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
      if (qs_model_parameters(model->type) >> p & 1) {
        exact[q++] = value.parameter[p];
      }
    }
    for (uint32_t k = 0; k < b->unit->added_count; k++) {
      const double weight = b->unit->added_weights[(size_t)k * b->unit->path.date_count + plan->dates[0]];
      exact[q++] = 0.5 * value.gamma * weight;
    }
  }
  return true;
}

static bool same_plan(const qs_path_payoff_plan *a, const qs_path_payoff_plan *b) {
  return a->payoff == b->payoff && a->sign == b->sign && a->level[0] == b->level[0] &&
         a->date_count == b->date_count &&
         memcmp(a->dates, b->dates, a->date_count * sizeof *a->dates) == 0 &&
         memcmp(a->weights, b->weights, a->date_count * sizeof *a->weights) == 0;
}

/* Makes the control, or finds it among those that are made, and adds it to the payoff. */
static void control_path(path_builder *b, qs_path_payoff_plan plan, uint32_t kind, qs_controlled *of) {
  const uint32_t own = b->unit->payoff_count;
  for (uint32_t i = own; i < b->made; i++) {
    if (same_plan(&plan, &b->plans[i])) {
      add_control(of, i, kind);
      return;
    }
  }
  if (of->count == QS_MOST_PATH_CONTROLS) {
    return;
  }
  double *exact = b->exact + (size_t)b->made * b->quantities;
  if (kind != QS_CONTROL_EUROPEAN) {
    exact_average(b, &plan, exact);
  } else if (!exact_european(b, &plan, exact)) {
    return;
  }
  b->plans[b->made] = plan;
  add_control(of, b->made++, kind);
}

/* Of S at one of the payoff's dates: the option struck at `strike` (per unit of F_T), or with 0 the forward.
 */
static void control_at(path_builder *b, const qs_path_payoff_plan *payoff, uint32_t d, double strike,
                       double sign, qs_controlled *of) {
  const uint32_t *date = &payoff->dates[d];
  const double last = b->unit->log_forwards[payoff->dates[payoff->date_count - 1]];
  const double level = strike * exp(last - b->unit->log_forwards[*date]);
  if (!(b->unit->years[*date] > 0) || !(level < 20) || (strike > 0 && !(level > 0.05))) {
    return;
  }
  const qs_path_payoff_plan plan = {.payoff = QS_PATH_ASIAN,
                                    .sign = sign,
                                    .dates = date,
                                    .weights = b->one,
                                    .date_count = 1,
                                    .level = {level}};
  control_path(b, plan, strike > 0 ? QS_CONTROL_EUROPEAN : QS_CONTROL_FORWARD, of);
}

static void control_average(path_builder *b, const qs_path_payoff_plan *payoff, qs_controlled *of) {
  const uint32_t last = payoff->date_count - 1;
  double weight = 0;
  for (uint32_t d = 0; d <= last; d++) {
    weight += payoff->weights[d];
  }
  const bool geometric =
      payoff->payoff == QS_PATH_ASIAN_GEOMETRIC || payoff->payoff == QS_PATH_ASIAN_GEOMETRIC_STRIKE;
  const bool fixed = payoff->payoff == QS_PATH_ASIAN || payoff->payoff == QS_PATH_ASIAN_GEOMETRIC;
  const double past = payoff->payoff == QS_PATH_ASIAN ? payoff->level[1] : 0;
  const double strike = fixed ? (payoff->level[0] - past) / weight : 1;
  if (!geometric) {
    const qs_path_payoff_plan average = {.payoff = QS_PATH_ASIAN,
                                         .sign = 1,
                                         .dates = payoff->dates,
                                         .weights = payoff->weights,
                                         .date_count = last + 1};
    control_path(b, average, QS_CONTROL_AVERAGE, of);
  }
  if (strike > 0) {
    control_at(b, payoff, (2 * last + 1) / 3, strike, payoff->sign, of);
    control_at(b, payoff, last, strike, payoff->sign, of);
  }
}

/* Fewer paths than these with two jumps of a random variance's model: see few_jumps. */
static const double least_double_jumps = 64;

/* Whether the payoff is a function of what stands before the price's own noise, and the jumps say what an
 * option does not: with a constant variance they are all of it; with a random one the paths of two jumps are
 * too few for the batches to tell. A regression would fit the jumps that were seen to the last digit and not
 * know of the others. */
static bool few_jumps(const path_builder *b, const qs_path_payoff_plan *payoff) {
  const qs_model *model = &b->unit->path.model;
  const double expected = qs_model_jumps(model, b->unit->years[payoff->dates[payoff->date_count - 1]]);
  const bool jumps = qs_model_parameters(model->type) >> QS_LAMBDA & 1;
  const bool few = !qs_model_stochastic(model) ||
                   (jumps && 0.5 * expected * expected * (double)b->unit->path_count < least_double_jumps);
  switch (payoff->payoff) {
  case QS_PATH_DIGITAL:
  case QS_PATH_POOL:
  case QS_PATH_ASIAN_GEOMETRIC:
  case QS_PATH_ASIAN_GEOMETRIC_STRIKE:
    return few;
  case QS_PATH_VARIANCE:
    return few && isinf(payoff->level[1]);
  case QS_PATH_ASIAN:
  case QS_PATH_ASIAN_STRIKE:
  case QS_PATH_BARRIER:
    return few && payoff->date_count == 1;
  default:
    return false;
  }
}

/* How far above its forward a price may well be at a date: by one and a half deviations, or a quarter.
 * Options that are struck further out would pay on few paths, or on few with jumps, and whether the sample
 * shows those would decide whether they are kept as controls: a choice that an error does not know of. */
static double far_price(const path_builder *b, uint32_t date) {
  const qs_path_plan *path = &b->unit->path;
  const double *m = path->model.value, years = b->unit->years[date];
  const double variance = qs_model_stochastic(&path->model)
                              ? 0.5 * (m[QS_V0] + qs_model_mean_variance(&path->model, years, m[QS_V0]))
                              : m[QS_SIGMA] * m[QS_SIGMA];
  return fmin(exp(1.5 * sqrt(variance * years + added_variance(path, date))), 1.25);
}

static void control_payoff(path_builder *b, const qs_path_payoff_plan *payoff, qs_controlled *of) {
  const uint32_t last = payoff->date_count - 1;
  const double *level = payoff->level;
  if (few_jumps(b, payoff)) {
    return;
  }
  control_at(b, payoff, last, 0, 1, of);
  switch (payoff->payoff) {
  case QS_PATH_ASIAN:
  case QS_PATH_ASIAN_STRIKE:
  case QS_PATH_ASIAN_GEOMETRIC:
  case QS_PATH_ASIAN_GEOMETRIC_STRIKE:
    control_average(b, payoff, of);
    break;
  case QS_PATH_BARRIER:
  case QS_PATH_BARRIER_CONTINUOUS:
    control_at(b, payoff, last, level[0], payoff->sign, of);
    control_at(b, payoff, last, level[1], -1, of);
    control_at(b, payoff, last, level[2], 1, of);
    break;
  case QS_PATH_POOL: /* a narrow range is the difference of two levels */
    of->magnified = level[1] > 0 && level[2] < HUGE_VAL ? 0.5 / log(level[2] / level[1]) : 0;
    control_at(b, payoff, last, 1, 1, of);
    control_at(b, payoff, last, level[1] > 0 ? level[1] : 0.8, -1, of);
    control_at(b, payoff, last, level[2] < HUGE_VAL ? level[2] : 1.25, 1, of);
    break;
  case QS_PATH_LOOKBACK:
  case QS_PATH_DIGITAL:
  case QS_PATH_EARLY:
    control_at(b, payoff, last, level[0], payoff->sign, of);
    control_at(b, payoff, last, 1.2 * level[0], payoff->sign, of);
    control_at(b, payoff, last, level[0] / 1.2, payoff->sign, of);
    break;
  default: {
    const double far = far_price(b, payoff->dates[last]);
    control_at(b, payoff, last, 1, 1, of);
    control_at(b, payoff, last, 1 / far, -1, of);
    control_at(b, payoff, last, far, 1, of);
    break;
  }
  }
}

qs_status qs_controls_of_path(qs_context *context, qs_arena *arena, const qs_path_unit *unit,
                              qs_path_unit *with, qs_controls *controls) {
  static const double one = 1;
  const uint32_t count = unit->payoff_count, most = count * (1 + QS_MOST_PATH_CONTROLS);
  path_builder b = {.unit = unit, .arena = arena, .made = count, .one = &one};
  b.quantities = qs_path_unit_quantities(unit);
  b.plans = QS_NEW(arena, most, qs_path_payoff_plan);
  b.exact = QS_NEW(arena, (size_t)most * b.quantities, double);
  qs_controlled *payoffs = QS_NEW(arena, count, qs_controlled);
  bool *of_jumps = QS_NEW(arena, b.quantities, bool);
  if (!b.plans || !b.exact || !payoffs || !of_jumps) {
    return qs_fail_memory(context, "laying out control variates");
  }
  if (unit->greeks) {
    qs_controls_mark_jumps(&unit->path.model, of_jumps + QS_PATH_PARAMETERS);
  }
  memcpy(b.plans, unit->payoffs, count * sizeof *b.plans);
  for (uint32_t i = 0; i < count; i++) {
    payoffs[i].place = i;
    const qs_path_payoff_plan *plan = &unit->payoffs[i];
    payoffs[i].jumps = qs_model_jumps(&unit->path.model, unit->years[plan->dates[plan->date_count - 1]]);
    control_payoff(&b, &unit->payoffs[i], &payoffs[i]);
  }
  *with = *unit;
  with->payoffs = b.plans;
  with->payoff_count = b.made;
  *controls = (qs_controls){payoffs, count, b.quantities, b.made, b.exact, of_jumps};
  return QS_OK;
}
