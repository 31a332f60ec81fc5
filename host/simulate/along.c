#include "host/simulate/along.h"

#include <math.h>
#include <string.h>

#include "host/simulate/exercise.h"
#include "host/simulate/watch.h"

enum { PART = 1024 }; /* paths between two clearings of the scratch memory */

const char *qs_along_flaw(const qs_contract *contract) {
  const qs_path_terms *terms = contract->path;
  if (contract->joint || contract->local || !terms) {
    return "is a trade on several underlyings, which is not simulated";
  }
  return NULL;
}

static bool is_date(const qs_simulate_problem *p, qs_time time) {
  bool found = false;
  for (size_t d = 0; !found && d < p->date_count; d++) {
    found = p->dates[d] == time;
  }
  return found;
}

bool qs_along_on_dates(const qs_simulate_problem *p, const qs_contract *contract) {
  const qs_path_terms *terms = contract->path;
  bool on = is_date(p, contract->expiry);
  for (size_t k = 0; on && k < terms->count; k++) {
    on = terms->dates[k] <= terms->as_of || is_date(p, terms->dates[k]);
  }
  return on;
}

/* One contract, as a payoff of the prices at the rows of its fixings to come. */
typedef struct payer {
  const qs_contract *contract;
  qs_path_terms terms; /* seen from its expiry: all fixings are known */
  double *fixings, *forward;
  size_t *row;
  size_t known;
  double weight;
  const qs_watched *watched; /* of a barrier, or what is exercised early */
  uint64_t bit;
} payer;

static qs_status make_payer(qs_context *context, qs_arena *arena, const qs_simulate_problem *p, size_t number,
                            payer *made) {
  const qs_contract *contract = &p->along[number];
  const qs_path_terms *terms = contract->path;
  *made = (payer){.contract = contract,
                  .terms = *terms,
                  .fixings = QS_NEW(arena, terms->count, double),
                  .forward = QS_NEW(arena, terms->count, double),
                  .row = QS_NEW(arena, terms->count, size_t),
                  .weight = contract->quantity * qs_simulate_discount(p, contract->years)};
  if (!made->fixings || !made->forward || !made->row) {
    return qs_fail_memory(context, "paying along paths");
  }
  for (size_t k = 0; k < terms->count; k++) {
    made->known += terms->dates[k] <= terms->as_of;
    if (k < made->known) { /* one at as_of that is not given is the spot */
      const double given = terms->fixings ? terms->fixings[k] : NAN;
      made->fixings[k] = isnan(given) ? qs_curve_forward(&p->under->curve, 0) : given;
    } else {
      made->row[k] = qs_simulate_row(p, terms->dates[k]);
      made->forward[k] = qs_curve_forward(&p->under->curve, p->row_years[made->row[k]]);
    }
  }
  made->terms.as_of = contract->expiry;
  made->terms.fixings = made->fixings;
  const qs_status status = terms->type == QS_TRADE_BARRIER || qs_exercise_possible(contract)
                               ? qs_watched_make(context, arena, p, &made->watched)
                               : QS_OK;
  made->bit = qs_watched_bit(made->watched, number);
  return status;
}

/* The row at which the barrier is first found touched, or the trade is exercised; SIZE_MAX: never. */
static size_t find_touch(const payer *by, uint64_t path, const double *x, const double *v, uint64_t stride) {
  for (size_t row = 0; row <= by->row[by->terms.count - 1]; row++) {
    if (qs_watched_touched(by->watched, path, row, x, v, stride) & by->bit) {
      return row;
    }
  }
  return SIZE_MAX;
}

/* Whether the barrier is touched by the expiry; a rebate that is then paid at once is added to the gain. */
static bool is_touched(const qs_simulate_problem *p, const payer *by, uint64_t path, const double *x,
                       const double *v, uint64_t stride, double *gain) {
  const qs_path_terms *terms = by->contract->path;
  const bool before = qs_watched_before(by->watched) & by->bit;
  const size_t row = before ? 0 : find_touch(by, path, x, v, stride);
  if (!terms->knocked && row != SIZE_MAX && terms->at_hit && !terms->knock_in) {
    const double now = p->row_years[row], from = row && terms->continuous ? p->row_years[row - 1] : now;
    const double discount = qs_simulate_discount(p, before ? 0 : 0.5 * (from + now));
    *gain += by->contract->quantity * terms->number[QS_TERM_REBATE] * discount;
  }
  return row != SIZE_MAX;
}

/* Whether it is exercised before its expiry; what that pays is added to the gain. */
static bool is_exercised(const qs_simulate_problem *p, const payer *by, uint64_t path, const double *x,
                         const double *v, uint64_t stride, double *gain) {
  const size_t row = by->bit ? find_touch(by, path, x, v, stride) : SIZE_MAX;
  if (row != SIZE_MAX) {
    const double spot = qs_curve_forward(&p->under->curve, p->row_years[row]) * exp(x[row * stride]);
    *gain += by->contract->quantity * qs_exercise_pays(by->contract, spot) *
             qs_simulate_discount(p, p->row_years[row]);
  }
  return row != SIZE_MAX;
}

/* What a note pays before its expiry, each time when it does; false when memory is out. */
static bool pay_coupons(const qs_simulate_problem *p, qs_arena *arena, const payer *by, double *gain) {
  qs_path_terms terms = by->terms;
  qs_path_left left = {.settled = false};
  double before = 0;
  terms.as_of = by->contract->path->as_of;
  for (size_t k = by->known; k + 1 < terms.count && !left.settled; k++) {
    left = (qs_path_left){.settled = false};
    if (!qs_path_terms_left(arena, &terms, terms.dates[k], by->fixings[k], by->fixings[k], &left)) {
      return false;
    }
    *gain += by->contract->quantity * (left.due - before) * qs_simulate_discount(p, p->row_years[by->row[k]]);
    before = left.due;
  }
  return true;
}

static qs_status pay(qs_context *context, qs_arena *arena, const qs_simulate_problem *p, payer *by,
                     const double *x, uint64_t stride, double *gain) {
  for (size_t k = by->known; k < by->terms.count; k++) {
    by->fixings[k] = by->forward[k] * exp(x[by->row[k] * stride]);
  }
  if (by->terms.type == QS_TRADE_AUTOCALLABLE && !pay_coupons(p, arena, by, gain)) {
    return qs_fail_memory(context, "paying along paths");
  }
  const double spot = by->fixings[by->terms.count - 1];
  qs_path_left left = {.settled = false};
  if (!qs_path_terms_left(arena, &by->terms, by->terms.expiry, spot, spot, &left)) {
    return qs_fail_memory(context, "paying along paths");
  }
  const double paid = left.known + left.due;
  if (!left.settled || !isfinite(paid)) {
    return qs_fail(context, QS_ERROR_INPUT, "simulate.position: %.80s: what it pays is no number on a path",
                   by->contract->id);
  }
  *gain += by->weight * paid;
  return QS_OK;
}

qs_status qs_along_pay_one(qs_context *context, const qs_simulate_problem *p, size_t number, const double *x,
                           const double *v, uint64_t first, uint64_t stride, uint64_t count, double *gain) {
  qs_arena *own = qs_arena_create(context);
  payer by = {.contract = NULL};
  qs_status status =
      own ? make_payer(context, own, p, number, &by) : qs_fail_memory(context, "paying along paths");
  for (uint64_t from = 0; !status && from < count; from += PART) {
    const uint64_t end = count - from < PART ? count : from + PART;
    qs_arena *scratch = qs_arena_create(context);
    status = scratch ? QS_OK : qs_fail_memory(context, "paying along paths");
    for (uint64_t i = from; !status && i < end; i++) {
      if (by.terms.type == QS_TRADE_BARRIER) {
        by.terms.knocked = is_touched(p, &by, first + i, x + i, v + i, stride, &gain[i]);
      }
      const bool gone = qs_exercise_possible(by.contract) &&
                        is_exercised(p, &by, first + i, x + i, v + i, stride, &gain[i]);
      status = gone ? QS_OK : pay(context, scratch, p, &by, x + i, stride, &gain[i]);
    }
    qs_arena_destroy(scratch);
  }
  qs_arena_destroy(own);
  return status;
}

qs_status qs_along_pay(qs_context *context, const qs_simulate_problem *p, const double *x, const double *v,
                       uint64_t first, uint64_t stride, uint64_t count, double *gain) {
  qs_status status = QS_OK;
  for (size_t c = 0; !status && c < p->along_count; c++) {
    status = qs_along_pay_one(context, p, c, x, v, first, stride, count, gain);
  }
  return status;
}
