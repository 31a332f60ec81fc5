#include "host/simulate/exercise.h"

#include <math.h>
#include <string.h>

#include "host/simulate/regress_fit.h"

static const uint64_t own_seed = UINT64_C(0x8cb92ba72f3d8dd7); /* paths of hedges and of judges are others */
static const char exercising[] = "finding when a trade is exercised";

/* One date of one trade. */
typedef struct rule {
  bool on;
  double discount, forward;
  qs_feature_knots knots;
  double value[QS_FEATURES]; /* of a unit that is held on, money of as_of */
} rule;

struct qs_exercise {
  const qs_simulate_problem *problem;
  const rule **rules; /* [along][row], null: never */
};

bool qs_exercise_possible(const qs_contract *contract) {
  return contract->path->type == QS_TRADE_BERMUDAN || contract->path->type == QS_TRADE_AMERICAN;
}

double qs_exercise_pays(const qs_contract *contract, double spot) {
  const double strike = contract->path->number[QS_TERM_STRIKE];
  return contract->path->put ? strike - spot : spot - strike;
}

bool qs_exercise_at(const qs_exercise *e, size_t along, size_t row) {
  return e && e->rules[along] && e->rules[along][row].on;
}

bool qs_exercise_due(const qs_exercise *e, size_t along, size_t row, double x, double v) {
  const rule *at = &e->rules[along][row];
  const double now = at->discount * qs_exercise_pays(&e->problem->along[along], at->forward * exp(x));
  if (!at->on || now <= 0) {
    return false;
  }
  const qs_path_seen nothing = {.count = 0};
  double features[QS_FEATURES], held = 0;
  qs_features(&at->knots, x, v, &nothing, features);
  for (size_t k = 0; k < QS_FEATURES; k++) {
    held += at->value[k] * features[k];
  }
  return now > held;
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

/* Exercises at one date what was regressed there, where that is more. */
static void exercise(const qs_simulate_problem *p, const qs_regression *r, qs_regress_sample *s,
                     const qs_exercise *made, size_t n) {
  const size_t row = p->date_row[n];
  const long count = (long)s->count;
  const double forward = qs_curve_forward(&p->under->curve, p->row_years[row]);
  const double discount = qs_simulate_discount(p, p->row_years[row]);
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    const size_t at = qs_regress_row(s, n) + (size_t)i;
    if (qs_exercise_due(made, 0, row, s->x[at], s->v[at])) {
      s->left[i] = discount * qs_exercise_pays(p->along, forward * exp(s->x[at]));
    }
  }
}

/* The rules of one trade, the only one of its problem, [row]. */
static qs_status make_rules(qs_context *context, qs_devices *devices, const qs_simulate_problem *p,
                            rule *rules) {
  qs_arena *scratch = qs_arena_create(context);
  qs_regression *r = scratch ? QS_NEW(scratch, 1, qs_regression) : NULL;
  qs_regress_sample s = {.count = 0};
  const rule *own[] = {rules};
  const qs_exercise made = {p, own};
  qs_status status = r ? qs_regress_prepare(context, scratch, p, r) : qs_fail_memory(context, exercising);
  status = status ? status : qs_regress_sample_make(context, scratch, scratch, devices, p, own_seed, r, &s);
  for (size_t n = p->date_count - 1; !status && n-- > 0;) {
    status = p->dates[n] < p->along->expiry ? qs_regress_date(context, r, &s, n) : QS_OK;
    if (!status && may(p->along, p->dates[n])) {
      const size_t row = p->date_row[n];
      rules[row].on = true;
      rules[row].discount = qs_simulate_discount(p, p->row_years[row]);
      rules[row].forward = qs_curve_forward(&p->under->curve, p->row_years[row]);
      rules[row].knots = r->fits[n].knots;
      memcpy(rules[row].value, r->fits[n].value, sizeof rules[row].value);
      exercise(p, r, &s, &made, n);
    }
  }
  qs_arena_destroy(scratch);
  return status;
}

qs_status qs_exercise_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                           const qs_simulate_problem *p, const qs_exercise **exercise_out) {
  *exercise_out = NULL;
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
    if (!qs_exercise_possible(&p->along[c])) {
      continue;
    }
    qs_contract unit = p->along[c];
    qs_simulate_problem alone = *p;
    rule *own = QS_NEW(arena, p->row_count, rule);
    unit.quantity = 1;
    alone.along = &unit;
    alone.along_count = 1;
    alone.contract_count = 0;
    alone.instrument_count = 1;
    alone.exercise = NULL;
    status = own ? make_rules(context, devices, &alone, own) : qs_fail_memory(context, exercising);
    rules[c] = own;
  }
  if (!status) {
    *made = (qs_exercise){p, rules};
    *exercise_out = made;
  }
  return status;
}
