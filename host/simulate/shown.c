#include "host/simulate/shown.h"

#include <string.h>

#include "host/market/clones.h"
#include "host/simulate/index.h"
#include "host/simulate/option.h"
#include "host/simulate/regress.h"
#include "kernels/core/impact.h"

enum { PART = 512 }; /* paths whose seen price is kept at a time */

qs_status qs_shown_make(qs_context *context, qs_arena *arena, const qs_shown_plan *plan, uint64_t paths,
                        qs_shown *shown) {
  const qs_simulate_problem *p = plan->problem;
  const size_t dated = p->date_count * (size_t)paths;
  const bool off = p->spec->index_count, margin = plan->marks, along = margin && plan->claim->along;
  const qs_shown made = {.seen = off ? QS_NEW(arena, dated, double) : NULL,
                         .position = margin ? QS_NEW(arena, dated, double) : NULL,
                         .value =
                             plan->options ? QS_NEW(arena, (p->instrument_count - 1) * dated, double) : NULL,
                         .passed = along ? QS_NEW(arena, paths, qs_path_seen) : NULL,
                         .marked = off && margin ? QS_NEW(arena, p->instrument_count * dated, double) : NULL};
  if ((off && !made.seen) || (margin && !made.position) || (plan->options && !made.value) ||
      (off && margin && !made.marked) || (along && !made.passed)) {
    return qs_fail_memory(context, "simulating policies");
  }
  *shown = made;
  return QS_OK;
}

void qs_shown_settle(const qs_shown_plan *plan, const qs_shown *shown, const double *gain, uint64_t stride) {
  if (shown->passed) {
    memcpy(shown->position + (plan->problem->date_count - 1) * stride, gain, stride * sizeof *gain);
  }
}

QS_FMA_CLONES void qs_shown_growth(const double *x, uint64_t count, double *growth) {
  for (uint64_t i = 0; i < count; i++) {
    growth[i] = qs_impact_growth_d(x[i]);
  }
}

/* M of the k-th instrument in states (x, v) at a date's fill, as the rebalancing has it. */
static void value_at(const qs_shown_plan *plan, size_t k, size_t date, const double *x, const double *v,
                     uint64_t count, double *value) {
  const size_t dates = plan->problem->date_count;
  if (k) {
    qs_simulate_option_value(&plan->options[(k - 1) * dates + date], x, v, count, value);
    return;
  }
  qs_shown_growth(x, count, value);
}

void qs_shown_date(const qs_shown_plan *plan, const qs_shown *shown, size_t date, const double *x,
                   const double *v, uint64_t stride, uint64_t from, uint64_t count) {
  const qs_simulate_problem *p = plan->problem;
  const size_t row = p->fill_row[date], at = date * stride + from, dates = p->date_count;
  const double *my_x = x + from, *my_v = v + from, *fill_v = v + row * stride + from;
  if (shown->seen) {
    qs_simulate_index_see(p, p->date_row[date], my_x, stride, count, shown->seen + at);
  }
  for (size_t k = 0; shown->value && k + 1 < p->instrument_count; k++) {
    double *value = shown->value + k * dates * stride + at;
    if (plan->slices && date + 1 < dates) {
      qs_simulate_option_mean(p, plan->slices, k, date, my_x, my_v, stride, count, value);
    } else {
      value_at(plan, k + 1, date, my_x + row * stride, fill_v, count, value);
    }
  }
  for (uint64_t begin = 0; shown->position && begin < count; begin += PART) {
    const uint64_t some = count - begin < PART ? count - begin : PART;
    double price[PART];
    qs_simulate_index_see(p, row, my_x + begin, stride, some, price);
    double *position = shown->position + at + begin;
    if (shown->passed && date + 1 < dates) {
      qs_regression_gain(plan->claim->along, date, price, my_x + begin, my_v + begin,
                         shown->first + from + begin, stride, some, shown->passed + from + begin, position);
    } else {
      qs_simulate_mark_gain(p, plan->claim, plan->marks, date, price, my_x + begin, my_v + begin, stride,
                            some, position);
    }
    for (size_t k = 0; shown->marked && k < p->instrument_count; k++) {
      value_at(plan, k, date, price, fill_v + begin, some, shown->marked + k * dates * stride + at + begin);
    }
  }
}

void qs_shown_read(const qs_shown_plan *plan, const qs_shown *shown, uint64_t stride,
                   qs_rebalance_instrument *instruments, qs_rebalance_unit *unit) {
  const size_t dated = plan->problem->date_count * stride;
  unit->seen = shown->seen;
  unit->position = shown->position;
  for (size_t k = 0; k < plan->problem->instrument_count; k++) {
    instruments[k].value = shown->value && k ? shown->value + (k - 1) * dated : NULL;
    instruments[k].marked = shown->marked ? shown->marked + k * dated : NULL;
  }
}
