#include "host/simulate/mark.h"

#include <math.h>

#include "host/simulate/index.h"

enum { PART = 512 }; /* paths that are valued together */

static bool lives_on(const qs_contract *contract, qs_time time) {
  return contract->expiry == 0 || contract->expiry > time;
}

/* Whether contract i is an option that lives on, the first of its expiry. */
static bool first_of_expiry(const qs_simulate_problem *p, size_t i, qs_time time) {
  const qs_contract *c = &p->contracts[i];
  bool first = c->kind == QS_CONTRACT_OPTION && lives_on(c, time);
  for (size_t k = 0; first && k < i; k++) {
    first = !(p->contracts[k].kind == QS_CONTRACT_OPTION && p->contracts[k].expiry == c->expiry);
  }
  return first;
}

static qs_status make_mark(qs_context *context, qs_arena *arena, const qs_simulate_problem *p, size_t date,
                           const qs_state_range *ranges, qs_simulate_mark *mark) {
  const size_t row = p->fill_row[date];
  const double years = p->row_years[row], discount = qs_simulate_discount(p, years);
  qs_state_table *tables = QS_NEW(arena, p->contract_count, qs_state_table);
  qs_status status = tables ? QS_OK : qs_fail_memory(context, "tabulating a position");
  for (size_t i = 0; !status && i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    if (first_of_expiry(p, i, p->rows[row])) {
      status = qs_claim_table(context, arena, p, row, c->expiry, &ranges[row], &tables[mark->table_count++]);
    } else if (c->kind != QS_CONTRACT_OPTION && lives_on(c, p->rows[row])) {
      double a, b;
      qs_claim_plain(p, c, years, &a, &b);
      mark->a += c->quantity * discount * a;
      mark->b += c->quantity * discount * b;
    }
  }
  mark->tables = tables;
  return status;
}

/* Whether the date's fill is now, when nothing is gained: unless the price seen is not the price. */
static bool starts(const qs_simulate_problem *p, size_t date) {
  return p->now && p->fill_row[date] == 0 && !qs_simulate_index_off(p, 0);
}

qs_status qs_simulate_marks_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                 const qs_simulate_mark **marks) {
  const qs_simulate_problem *p = paths->problem;
  qs_simulate_mark *made = QS_NEW(arena, p->date_count, qs_simulate_mark);
  qs_state_range *ranges = QS_NEW(arena, p->row_count, qs_state_range);
  if (!made || !ranges) {
    return qs_fail_memory(context, "tabulating a position");
  }
  qs_status status = qs_simulate_paths_ranges(context, paths, ranges);
  for (size_t d = 0; !status && d + 1 < p->date_count; d++) {
    if (!starts(p, d)) {
      status = make_mark(context, arena, p, d, ranges, &made[d]);
    }
  }
  if (!status) {
    *marks = made;
  }
  return status;
}

/* At most PART paths, of states x[row * stride + i]. */
static void gain_part(const qs_simulate_problem *p, const qs_claim *claim, const qs_simulate_mark *mark,
                      size_t date, const double *shown, const double *x, const double *v, uint64_t stride,
                      uint64_t count, double *gain) {
  const size_t row = p->fill_row[date];
  const bool now = starts(p, date);
  double growth[PART], place[PART];
  for (uint64_t i = 0; i < count; i++) {
    growth[i] = exp(shown[i]);
    place[i] = mark->table_count ? qs_state_place(v[row * stride + i]) : 0;
    gain[i] = now ? 0 : mark->a + mark->b * growth[i] - claim->now;
  }
  for (size_t e = 0; !now && e < claim->payment_count && claim->payments[e].row <= row; e++) {
    qs_claim_pay(&claim->payments[e], x + claim->payments[e].row * stride, count, gain);
  }
  for (size_t t = 0; t < mark->table_count; t++) {
    for (uint64_t i = 0; i < count; i++) {
      gain[i] += growth[i] * qs_state_table_at(&mark->tables[t], shown[i], place[i]);
    }
  }
}

void qs_simulate_mark_gain(const qs_simulate_problem *p, const qs_claim *claim, const qs_simulate_mark *marks,
                           size_t date, const double *shown, const double *x, const double *v,
                           uint64_t stride, uint64_t count, double *gain) {
  if (date + 1 == p->date_count) {
    qs_claim_gain(claim, x, v, stride, count, gain);
    return;
  }
  for (uint64_t from = 0; from < count; from += PART) {
    const uint64_t some = count - from < PART ? count - from : PART;
    gain_part(p, claim, &marks[date], date, shown + from, x + from, v + from, stride, some, gain + from);
  }
}

void qs_simulate_marks_gain(const qs_simulate_problem *p, const qs_claim *claim,
                            const qs_simulate_mark *marks, const double *x, const double *v, uint64_t stride,
                            uint64_t count, double *gain) {
  for (size_t d = 0; d < p->date_count; d++) {
    qs_simulate_mark_gain(p, claim, marks, d, x + p->fill_row[d] * stride, x, v, stride, count,
                          gain + d * stride);
  }
}
