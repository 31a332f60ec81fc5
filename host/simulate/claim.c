#include "host/simulate/claim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/engine/horizon.h"
#include "host/market/time.h"

static int by_strike(const void *a, const void *b) {
  const qs_claim_option *x = a, *y = b;
  return (x->strike > y->strike) - (x->strike < y->strike);
}

qs_status qs_claim_payment_make(qs_context *context, qs_arena *arena, const qs_claim_option *options,
                                size_t count, double base_a, double base_b, qs_claim_payment *payment) {
  qs_claim_option *sorted = QS_NEW(arena, count, qs_claim_option);
  double *strike = QS_NEW(arena, count, double);
  double *a = QS_NEW(arena, count + 1, double), *b = QS_NEW(arena, count + 1, double);
  if (!sorted || !strike || !a || !b) {
    return qs_fail_memory(context, "adding up what a position pays");
  }
  if (count) {
    memcpy(sorted, options, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_strike);
  }
  a[0] = base_a;
  b[0] = base_b;
  for (size_t i = 0; i < count; i++) { /* below all strikes every put pays */
    a[0] += sorted[i].call ? 0 : sorted[i].weight * sorted[i].strike;
    b[0] -= sorted[i].call ? 0 : sorted[i].weight;
  }
  for (size_t i = 0; i < count; i++) { /* past its strike, a call begins to pay and a put ceases to */
    strike[i] = sorted[i].strike;
    a[i + 1] = a[i] - sorted[i].weight * sorted[i].strike;
    b[i + 1] = b[i] + sorted[i].weight;
  }
  payment->strike_count = count;
  payment->strike = strike;
  payment->a = a;
  payment->b = b;
  return QS_OK;
}

void qs_claim_plain(const qs_simulate_problem *p, const qs_contract *c, double years, double *a, double *b) {
  const qs_curve *curve = &p->under->curve;
  const double spot = qs_curve_forward(curve, years);
  const double far = c->kind == QS_CONTRACT_PERPETUAL ? spot : qs_curve_forward(curve, c->years);
  *a = 0;
  *b = spot;
  if (c->kind == QS_CONTRACT_FORWARD) {
    const bool coin = c->settlement == QS_SETTLE_COIN; /* so many coins at the expiry as it pays then */
    const double rate = coin ? p->under->coin_rate : p->under->discount_rate;
    const double left = exp(-rate * (c->years - years)) * (coin ? spot / far : 1);
    *a = -left * c->strike;
    *b = left * far;
  } else if (c->kind == QS_CONTRACT_FUTURE || c->kind == QS_CONTRACT_PERPETUAL) {
    const bool coin = c->settlement == QS_SETTLE_COIN;
    *a = coin ? -spot / far : -c->entry_price;
    *b = coin ? spot / c->entry_price : far;
  }
}

/* The payment at one row: what expires there, and at the unwind what is no option and lives on. */
static qs_status make_payment(qs_context *context, qs_arena *arena, const qs_simulate_problem *p, size_t row,
                              qs_claim_option *room, qs_claim_payment *payment) {
  const double years = p->row_years[row], discount = qs_simulate_discount(p, years);
  const double forward = qs_curve_forward(&p->under->curve, years);
  const bool unwind = row + 1 == p->row_count;
  size_t count = 0;
  double a = 0, b = 0;
  for (size_t i = 0; i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    const bool due = c->expiry == p->rows[row], on = unwind && (c->expiry == 0 || c->expiry > p->rows[row]);
    if (c->kind == QS_CONTRACT_OPTION && due) {
      room[count++] =
          (qs_claim_option){c->strike / forward, c->quantity * discount * forward, c->call_put == QS_CALL};
    } else if (c->kind != QS_CONTRACT_OPTION && (due || on)) {
      double one_a, one_b;
      qs_claim_plain(p, c, years, &one_a, &one_b);
      a += c->quantity * discount * one_a;
      b += c->quantity * discount * one_b;
    }
  }
  payment->row = row;
  return qs_claim_payment_make(context, arena, room, count, a, b, payment);
}

qs_surface_option qs_claim_option_at(const qs_simulate_problem *p, const qs_contract *c, qs_time time) {
  const qs_underlying_market *under = p->under;
  const double until = qs_time_years(p->market->as_of, time), left = qs_time_years(time, c->expiry);
  const double near = qs_curve_forward(&under->curve, until);
  const double far = qs_curve_forward(&under->curve, until + left);
  const bool coin = c->settlement == QS_SETTLE_COIN;
  const double rate = coin ? under->coin_rate : under->discount_rate;
  return (qs_surface_option){log(c->strike / far),
                             c->quantity * qs_simulate_discount(p, until) * exp(-rate * left) *
                                 (coin ? near : far),
                             c->call_put == QS_CALL};
}

qs_status qs_claim_tabulate(qs_context *context, qs_arena *arena, const qs_simulate_problem *p, size_t row,
                            qs_time expiry, const qs_state_range *range, const qs_surface_option *options,
                            size_t count, qs_state_table *table) {
  const qs_underlying_market *under = p->under;
  const qs_time end = p->rows[row];
  const qs_surface_law law = {&under->model, qs_time_years(end, expiry),
                              qs_shift_added(&under->shift, end, expiry)};
  qs_surface surface;
  qs_status status = qs_surface_build(context, arena, &law, range, &surface);
  if (status) {
    return status;
  }
  double *values = QS_NEW(arena, qs_state_table_size(&surface, range), double);
  if (!values) {
    return qs_fail_memory(context, "tabulating options");
  }
  qs_state_table_fill(&surface, range, options, count, values, table);
  return QS_OK;
}

qs_status qs_claim_table(qs_context *context, qs_arena *arena, const qs_simulate_problem *p, size_t row,
                         qs_time expiry, const qs_state_range *range, qs_state_table *table) {
  const qs_time end = p->rows[row];
  qs_surface_option *options = QS_NEW(arena, p->contract_count, qs_surface_option);
  if (!options) {
    return qs_fail_memory(context, "tabulating a position");
  }
  size_t count = 0;
  for (size_t i = 0; i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    if (c->kind == QS_CONTRACT_OPTION && c->expiry == expiry) {
      options[count++] = qs_claim_option_at(p, c, end);
    }
  }
  return qs_claim_tabulate(context, arena, p, row, expiry, range, options, count, table);
}

static qs_status make_tables(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                             qs_claim *claim) {
  const qs_simulate_problem *p = paths->problem;
  qs_state_table *tables = QS_NEW(arena, p->contract_count, qs_state_table);
  if (!tables) {
    return qs_fail_memory(context, "tabulating a position");
  }
  qs_state_range *ranges = NULL;
  qs_status status = QS_OK;
  for (size_t i = 0; !status && i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    bool first = c->kind == QS_CONTRACT_OPTION && c->expiry > p->rows[p->row_count - 1];
    for (size_t k = 0; first && k < i; k++) {
      first = !(p->contracts[k].kind == QS_CONTRACT_OPTION && p->contracts[k].expiry == c->expiry);
    }
    if (first && !claim->table_count) {
      ranges = QS_NEW(arena, p->row_count, qs_state_range);
      status = ranges ? qs_simulate_paths_ranges(context, paths, ranges)
                      : qs_fail_memory(context, "tabulating a position");
    }
    if (first && !status) {
      status = qs_claim_table(context, arena, p, claim->end, c->expiry, &ranges[claim->end],
                              &tables[claim->table_count++]);
    }
  }
  claim->tables = tables;
  return status;
}

/* What the position is worth now. */
static qs_status value_now(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                           double *now) {
  const qs_simulate_problem *p = paths->problem;
  const qs_horizon_spec spec = {.days = p->years[p->date_count - 1] * 365,
                                .paths = p->simulation.paths,
                                .seed = p->simulation.seed,
                                .precision = p->simulation.precision,
                                .scheme = p->simulation.scheme,
                                .step_days = p->simulation.step_days};
  qs_horizon *horizon = NULL;
  double *values = QS_NEW(arena, p->contract_count, double);
  qs_status status = values ? qs_horizon_create(context, arena, paths->devices, p->market, &spec, &horizon)
                            : qs_fail_memory(context, "valuing a position");
  if (!status) {
    status = qs_horizon_values_now(horizon, context, p->contracts, p->contract_count, values);
  }
  *now = 0;
  for (size_t i = 0; !status && i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    double a = values[i], b = 0;
    if (c->kind == QS_CONTRACT_FORWARD) { /* in coin too, which the engine has not */
      qs_claim_plain(p, c, 0, &a, &b);
    }
    *now += c->quantity * (a + b);
  }
  return status;
}

qs_status qs_claim_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                        qs_claim *claim) {
  const qs_simulate_problem *p = paths->problem;
  qs_claim made = {.end = p->row_count - 1};
  qs_claim_payment *payments = QS_NEW(arena, p->row_count, qs_claim_payment);
  qs_claim_option *room = QS_NEW(arena, p->contract_count, qs_claim_option);
  if (!payments || !room) {
    return qs_fail_memory(context, "adding up what a position pays");
  }
  qs_status status = value_now(context, arena, paths, &made.now);
  for (size_t row = 0; !status && row < p->row_count; row++) {
    bool due = row + 1 == p->row_count;
    for (size_t i = 0; i < p->contract_count && !due; i++) {
      due = p->contracts[i].expiry == p->rows[row];
    }
    if (due) {
      status = make_payment(context, arena, p, row, room, &payments[made.payment_count++]);
    }
  }
  made.payments = payments;
  status = status ? status : make_tables(context, arena, paths, &made);
  if (!status) {
    *claim = made;
  }
  return status;
}

static double pay(const qs_claim_payment *payment, double growth) {
  size_t low = 0, high = payment->strike_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const bool past = payment->strike[middle] <= growth;
    low = past ? middle + 1 : low;
    high = past ? high : middle;
  }
  return payment->a[low] + payment->b[low] * growth;
}

void qs_claim_pay(const qs_claim_payment *payment, const double *x, uint64_t count, double *gain) {
  for (uint64_t i = 0; i < count; i++) {
    gain[i] += pay(payment, exp(x[i]));
  }
}

void qs_claim_gain(const qs_claim *claim, const double *x, const double *v, uint64_t stride, uint64_t count,
                   double *gain) {
  for (uint64_t i = 0; i < count; i++) {
    gain[i] = -claim->now;
  }
  for (size_t e = 0; e < claim->payment_count; e++) {
    qs_claim_pay(&claim->payments[e], x + claim->payments[e].row * stride, count, gain);
  }
  const double *end_x = x + claim->end * stride, *end_v = v + claim->end * stride;
  for (size_t t = 0; t < claim->table_count; t++) {
    for (uint64_t i = 0; i < count; i++) {
      gain[i] += exp(end_x[i]) * qs_state_table_value(&claim->tables[t], end_x[i], end_v[i]);
    }
  }
}
