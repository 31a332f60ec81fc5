#include "host/engine/revalue_fourier.h"

#include <math.h>
#include <stdlib.h>

#include "host/market/fourier.h"
#include "host/market/shift.h"
#include "host/market/time.h"

/* The intervals of ln(K/F), and most strikes that are handed over at once beside an interval's ends. */
static const double interval = 0.5;
enum { MOST_STRIKES = 254 };

/* Prices per unit of the forward are right to this. */
static const double tolerance = 1e-10;

typedef struct qs_fourier_item {
  double k;    /* ln(K/F), shifted */
  uint32_t at; /* in yields */
} qs_fourier_item;

qs_status qs_fourier_unit_room(qs_context *context, qs_arena *arena, qs_fourier_unit *unit) {
  size_t room = (size_t)unit->set->count * unit->market.shift_count;
  unit->yields = QS_NEW(arena, room, double);
  unit->errors = QS_NEW(arena, room, double);
  unit->room = QS_NEW(arena, room, qs_fourier_item);
  return unit->yields && unit->errors && unit->room ? QS_OK : qs_fail_memory(context, "revaluing options");
}

static int by_k(const void *a, const void *b) {
  const qs_fourier_item *x = a, *y = b;
  if (x->k != y->k) {
    return x->k < y->k ? -1 : 1;
  }
  return x->at < y->at ? -1 : x->at > y->at;
}

/* Calls of one expiry whose k lie within [low, low + interval]. */
static void price_some(const qs_fourier_unit *unit, double years, const qs_fourier_settings *settings,
                       double low, const qs_fourier_item *items, size_t count) {
  double k[MOST_STRIKES + 2], price[MOST_STRIKES + 2];
  for (size_t i = 0; i < count; i++) {
    k[i] = items[i].k;
  }
  k[count] = low;
  k[count + 1] = low + interval;
  qs_fourier_output output = {.price = price};
  qs_fourier_report report;
  qs_status status = qs_fourier_strip(unit->market.model, years, count + 2, k, settings, &output, &report);
  for (size_t i = 0; i < count; i++) {
    unit->yields[items[i].at] = status == QS_ERROR_INPUT ? NAN : price[i];
    unit->errors[items[i].at] = status ? report.error : 0;
  }
}

/* The payoffs [begin, end) of one expiry. */
static void price_expiry(const qs_fourier_unit *unit, qs_time as_of, uint32_t begin, uint32_t end) {
  const uint32_t shifts = unit->market.shift_count;
  const qs_option_payoff *payoffs = unit->set->payoffs;
  const double years = payoffs[begin].years;
  const double forward =
      qs_curve_forward(&unit->underlying->curve, years) * exp(unit->market.carry_add * years);
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.tolerance = tolerance;
  settings.added_variance =
      (1 + unit->market.shift_rise) * qs_shift_added(&unit->underlying->shift, as_of, payoffs[begin].expiry);
  qs_fourier_item *items = unit->room + (size_t)begin * shifts;
  size_t count = 0;
  for (uint32_t p = begin; p < end; p++) {
    const double k = log(payoffs[p].strike / forward);
    for (uint32_t s = 0; s < shifts; s++) {
      items[count++] = (qs_fourier_item){k - unit->market.shifts[s], p * shifts + s};
    }
  }
  qsort(items, count, sizeof *items, by_k);
  for (size_t i = 0, next; i < count; i = next) {
    const double low = interval * floor(items[i].k / interval);
    for (next = i; next < count && next - i < MOST_STRIKES && items[next].k < low + interval; next++) {
    }
    price_some(unit, years, &settings, low, items + i, next - i);
  }
  for (size_t i = 0; i < count; i++) {
    const uint32_t p = items[i].at / shifts, s = items[i].at % shifts;
    double *yield = &unit->yields[items[i].at], level = exp(unit->market.shifts[s]);
    if (payoffs[p].call_put == QS_PUT) {
      *yield += exp(items[i].k) - 1;
    }
    *yield *= level;
    unit->errors[items[i].at] *= level;
  }
}

typedef struct expiry_task {
  const qs_fourier_unit *unit;
  uint32_t begin, end;
} expiry_task;

qs_status qs_fourier_units_run(qs_context *context, qs_arena *arena, qs_time as_of,
                               const qs_fourier_unit *units, size_t count) {
  size_t payoffs = 0, tasks = 0;
  for (size_t u = 0; u < count; u++) {
    payoffs += units[u].set->count;
  }
  expiry_task *list = QS_NEW(arena, payoffs, expiry_task);
  if (!list) {
    return qs_fail_memory(context, "revaluing options");
  }
  for (size_t u = 0; u < count; u++) {
    const qs_option_set *set = units[u].set;
    for (uint32_t p = 0, end; p < set->count; p = end) {
      for (end = p; end < set->count && set->payoffs[end].expiry == set->payoffs[p].expiry;) {
        end++;
      }
      list[tasks++] = (expiry_task){&units[u], p, end};
    }
  }
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (size_t t = 0; t < tasks; t++) {
    if (!qs_cancelled(context)) {
      price_expiry(list[t].unit, as_of, list[t].begin, list[t].end);
    }
  }
  if (qs_cancelled(context)) {
    return qs_fail(context, QS_ERROR_CANCELLED, "cancelled");
  }
  qs_progress(context, "stress", tasks, tasks);
  return QS_OK;
}
