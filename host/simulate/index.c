#include "host/simulate/index.h"

#include <math.h>
#include <string.h>

qs_status qs_simulate_index_check(qs_context *context, const qs_simulate_spec *spec) {
  for (size_t i = 0; i < spec->index_count; i++) {
    const qs_simulate_index *w = &spec->index[i];
    if (!(w->from < w->to)) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.index.%zu.to: must be after from", i);
    }
    if (i && w->from < spec->index[i - 1].to) {
      return qs_fail(context, QS_ERROR_INPUT, "simulate.index.%zu.from: must not be before the last one's to",
                     i);
    }
    if (!isnan(w->error) && !(w->error > -1 && w->error <= 10)) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.index.%zu.error: got %g: must be above -1, at most 10", i, w->error);
    }
  }
  return QS_OK;
}

static const qs_simulate_index *window_at(const qs_simulate_problem *p, size_t row) {
  const qs_simulate_index *found = NULL;
  for (size_t i = 0; i < p->spec->index_count && p->rows[row] < p->dates[p->date_count - 1]; i++) {
    const qs_simulate_index *w = &p->spec->index[i];
    found = p->rows[row] >= w->from && p->rows[row] < w->to ? w : found;
  }
  return found;
}

bool qs_simulate_index_off(const qs_simulate_problem *p, size_t row) {
  return window_at(p, row);
}

/* The row of which the price is seen, and what is to be added to x there. */
static size_t seen_row(const qs_simulate_problem *p, size_t row, double *move) {
  const qs_simulate_index *w = window_at(p, row);
  *move = w && !isnan(w->error) ? log1p(w->error) : 0;
  if (!w || !isnan(w->error)) {
    return row;
  }
  const qs_curve *curve = &p->under->curve;
  const size_t from = qs_simulate_row(p, w->from);
  *move = log(qs_curve_forward(curve, p->row_years[from]) / qs_curve_forward(curve, p->row_years[row]));
  return from;
}

void qs_simulate_index_see(const qs_simulate_problem *p, size_t row, const double *x, uint64_t stride,
                           uint64_t count, double *seen) {
  double move;
  const double *from = x + seen_row(p, row, &move) * stride;
  for (uint64_t i = 0; i < count; i++) {
    seen[i] = from[i] + move;
  }
}

void qs_simulate_index_widen(const qs_simulate_problem *p, qs_state_range *ranges) {
  for (size_t row = p->row_count; row-- > 0;) { /* what is seen is of this row or one before */
    double move;
    const qs_state_range *from = &ranges[seen_row(p, row, &move)];
    const double low = from->x_low + move, high = from->x_high + move;
    ranges[row].x_low = fmin(ranges[row].x_low, low);
    ranges[row].x_high = fmax(ranges[row].x_high, high);
  }
}
