#include "host/simulate/regress.h"

#include <math.h>
#include <string.h>

#include "host/simulate/along.h"
#include "host/simulate/regress_fit.h"

static const uint64_t other_seed = UINT64_C(0xd1b54a32d192ed03); /* paths that judge are others */
static const char regressing[] = "regressing on paths";

double qs_regression_value(const qs_regression *regression) {
  return regression->value;
}

/* What trades settled in coin are worth now beyond their payoffs' discounted means, by their rate. */
static qs_status add_coin(qs_context *context, const qs_regress_sample *s, double *value) {
  const qs_simulate_problem *p = &s->problem;
  qs_status status = QS_OK;
  for (size_t c = 0; !status && c < p->along_count; c++) {
    const qs_contract *contract = &p->along[c];
    if (contract->settlement != QS_SETTLE_COIN) {
      continue;
    }
    memset(s->own, 0, s->count * sizeof *s->own);
    status = qs_along_pay_one(context, p, c, s->x, s->v, 0, s->count, s->count, s->own);
    double sum = 0;
    for (uint64_t i = 0; i < s->count; i++) {
      sum += s->own[i];
    }
    const double kept = exp(-p->under->coin_rate * contract->years) * qs_curve_forward(&p->under->curve, 0) /
                        qs_curve_forward(&p->under->curve, contract->years);
    *value += (kept / qs_simulate_discount(p, contract->years) - 1) * sum / (double)s->count;
  }
  return status;
}

qs_status qs_regression_make(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_simulate_problem *problem, qs_regression **regression) {
  qs_arena *scratch = qs_arena_create(context);
  qs_regression *made = QS_NEW(arena, 1, qs_regression);
  qs_regress_sample s = {.count = 0};
  qs_status status = scratch && made ? qs_regress_prepare(context, arena, problem, made)
                                     : qs_fail_memory(context, regressing);
  status = status ? status
                  : qs_regress_sample_make(context, arena, scratch, devices, problem, other_seed, made, &s);
  for (size_t n = problem->date_count - 1; !status && n-- > 0;) {
    status = qs_regress_date(context, made, &s, n);
  }
  double sum = 0;
  for (uint64_t i = 0; !status && i < s.count; i++) {
    sum += s.left[i];
  }
  if (!status) { /* what has a price gains nothing on average */
    made->value = problem->along_count ? sum / (double)s.count : 0;
    status = add_coin(context, &s, &made->value);
  }
  if (!status) {
    *regression = made;
  }
  qs_arena_destroy(scratch);
  return status;
}

/* Options first, within their limits; the first instrument meets the delta of what they then are. */
static void hold_one(const qs_regression *r, const qs_policy_view *view, size_t i, double *target) {
  const size_t n = view->date, count = view->path_count;
  const qs_regress_fit *f = &r->fits[n];
  const double x = log(view->spot[i] / r->forward[n]), v = view->variance[i];
  double features[QS_FEATURES];
  qs_regress_look(r, n, x, &r->seen[i]);
  qs_features(&f->knots, x, v, &r->seen[i], features);
  double first = -qs_regress_ratio(f, 0, features);
  for (size_t k = 1; k < r->instrument_count; k++) {
    const double wanted = -qs_regress_ratio(f, k, features);
    target[k * count + i] = fmin(fmax(wanted, r->instruments[k].low), r->instruments[k].high);
    first -= target[k * count + i] * qs_regress_delta(r, k, n, x, v);
  }
  target[i] = first;
}

void qs_regression_gain(const qs_regression *r, size_t date, const double *shown, const double *x,
                        const double *v, uint64_t first, uint64_t stride, uint64_t count, qs_path_seen *seen,
                        double *gain) {
  const qs_regress_fit *f = &r->fits[date];
  for (uint64_t i = 0; i < count; i++) {
    double features[QS_FEATURES];
    qs_regress_look_between(r->watched, r->date_row, date, first + i, x + i, v + i, stride, &seen[i]);
    qs_regress_look(r, date, x[r->date_row[date] * stride + i], &seen[i]);
    qs_features(&f->knots, shown[i], v[r->fill_row[date] * stride + i], &seen[i], features);
    gain[i] = -r->value;
    for (size_t k = 0; k < QS_FEATURES; k++) {
      gain[i] += f->value[k] * features[k];
    }
  }
}

void qs_regression_look(void *data, const qs_rebalance_unit *unit, uint32_t date, uint64_t first_path) {
  qs_regression *r = data;
  const long count = (long)unit->stride;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    qs_regress_look_between(r->watched, unit->decided, date, first_path + (uint64_t)i, unit->x + i,
                            unit->v + i, unit->stride, &r->seen[i]);
  }
}

qs_status qs_regression_hold(void *data, const qs_policy_view *view, double *target) {
  qs_regression *r = data;
  const long count = (long)view->path_count;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    hold_one(r, view, (size_t)i, target);
  }
  return QS_OK;
}
