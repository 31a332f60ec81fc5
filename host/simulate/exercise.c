#include "host/simulate/exercise.h"

#include <math.h>

#include "host/engine/path_set.h"

static const char exercising[] = "finding when a trade is exercised";

/* One trade: the engine's policy of its dates, b of kernels/plan.h. */
typedef struct rule {
  double log_forward; /* of the expiry */
  uint32_t width;
  double step;
  const double **policy; /* [row][width]; null: it is not exercised there */
} rule;

struct qs_exercise {
  const qs_simulate_problem *problem;
  const rule **rules; /* [along]; null: it is none */
};

bool qs_exercise_possible(const qs_contract *contract) {
  return contract->path->type == QS_TRADE_BERMUDAN || contract->path->type == QS_TRADE_AMERICAN;
}

double qs_exercise_pays(const qs_contract *contract, double spot) {
  const double strike = contract->path->number[QS_TERM_STRIKE];
  return contract->path->put ? strike - spot : spot - strike;
}

bool qs_exercise_at(const qs_exercise *e, size_t along, size_t row) {
  return e && e->rules[along] && e->rules[along]->policy[row];
}

bool qs_exercise_due(const qs_exercise *e, size_t along, size_t row, double x, double v) {
  const qs_simulate_problem *p = e->problem;
  const qs_contract *contract = &p->along[along];
  const rule *r = e->rules[along];
  const double spot = qs_curve_forward(&p->under->curve, p->row_years[row]) * exp(x);
  const double y = sqrt(fmax(v, 0)), *policy = r->policy[row];
  double level = policy[0];
  for (uint32_t k = 1; k < r->width; k++) {
    level += policy[k] * fmax(y - (double)(k - 1) * r->step, 0);
  }
  const double past = log(spot) - r->log_forward - level;
  return qs_exercise_pays(contract, spot) > 0 && (contract->path->put ? past <= 0 : past >= 0);
}

/* Whether it may be exercised at a date before its expiry. */
static bool may(const qs_contract *contract, qs_time date) {
  const qs_path_terms *terms = contract->path;
  bool found = terms->type == QS_TRADE_AMERICAN;
  for (size_t k = 0; k < terms->count; k++) {
    found = found || terms->dates[k] == date;
  }
  return found && date < contract->expiry;
}

/* The trade as a bermudan at the section's dates, and its policy there. */
static qs_status solve(qs_context *context, qs_arena *arena, qs_devices *devices,
                       const qs_simulate_problem *p, const qs_contract *contract,
                       const qs_path_payoff_plan **plan, size_t *count) {
  qs_time *dates = QS_NEW(arena, p->date_count + 1, qs_time);
  double *fixings = QS_NEW(arena, p->date_count + 1, double);
  if (!dates || !fixings) {
    return qs_fail_memory(context, exercising);
  }
  *count = 0;
  for (size_t d = 0; d < p->date_count; d++) {
    if (may(contract, p->dates[d])) {
      dates[(*count)++] = p->dates[d];
    }
  }
  dates[*count] = contract->expiry;
  for (size_t k = 0; k <= *count; k++) {
    fixings[k] = NAN;
  }
  qs_path_terms terms = *contract->path;
  qs_contract bermudan = *contract;
  terms.type = QS_TRADE_BERMUDAN;
  terms.dates = dates;
  terms.fixings = fixings;
  terms.count = *count + 1;
  bermudan.path = &terms;
  const qs_unit_market market = {&p->under->model, 0, false, NULL, 0, false, 0};
  qs_path_set set;
  qs_path_units units;
  uint32_t place;
  qs_status status = qs_path_set_build(context, arena, &bermudan, 1, p->underlying, &set, &place);
  status = status ? status
                  : qs_path_units_build(context, arena, p->under, p->market->as_of, &p->simulation, &set,
                                        &market, 0, &units);
  status = status ? status : qs_path_units_solve(context, arena, devices, &units);
  if (!status) {
    const qs_path_payoff_plan *payoffs = units.units[units.places[place].unit].payoffs;
    *plan = payoffs + units.places[place].payoff;
  }
  return status;
}

static qs_status make_rule(qs_context *context, qs_arena *arena, qs_devices *devices,
                           const qs_simulate_problem *p, const qs_contract *contract, rule *made) {
  const qs_path_payoff_plan *plan = NULL;
  size_t count = 0, next = 0;
  made->policy = QS_NEW(arena, p->row_count, const double *);
  qs_status status = made->policy ? solve(context, arena, devices, p, contract, &plan, &count)
                                  : qs_fail_memory(context, exercising);
  if (status) {
    return status;
  }
  if (plan->date_count != count + 1 || !plan->policy) {
    return qs_fail(context, QS_ERROR_USAGE, "%.80s: %u dates of exercise, not %zu", contract->id,
                   plan->date_count, count + 1);
  }
  made->log_forward = log(qs_curve_forward(&p->under->curve, contract->years));
  made->width = plan->policy_width;
  made->step = plan->policy_step;
  for (size_t d = 0; d < p->date_count; d++) {
    if (may(contract, p->dates[d])) {
      made->policy[p->date_row[d]] = plan->policy + next++ * plan->policy_width;
    }
  }
  return QS_OK;
}

qs_status qs_exercise_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                           const qs_simulate_problem *p, const qs_exercise **exercise) {
  *exercise = NULL;
  bool any = false;
  for (size_t c = 0; c < p->along_count; c++) {
    any = any || qs_exercise_possible(&p->along[c]);
  }
  if (!any) {
    return QS_OK;
  }
  qs_exercise *made = QS_NEW(arena, 1, qs_exercise);
  const rule **rules = QS_NEW(arena, p->along_count, const rule *);
  qs_status status = made && rules ? QS_OK : qs_fail_memory(context, exercising);
  for (size_t c = 0; !status && c < p->along_count; c++) {
    if (qs_exercise_possible(&p->along[c])) {
      rule *own = QS_NEW(arena, 1, rule);
      status = own ? make_rule(context, arena, devices, p, &p->along[c], own)
                   : qs_fail_memory(context, exercising);
      rules[c] = own;
    }
  }
  if (!status) {
    *made = (qs_exercise){p, rules};
    *exercise = made;
  }
  return status;
}
