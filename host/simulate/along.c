#include "host/simulate/along.h"

#include <math.h>
#include <string.h>

enum { PART = 1024 }; /* paths between two clearings of the scratch memory */

const char *qs_along_flaw(const qs_contract *contract) {
  const qs_path_terms *terms = contract->path;
  if (contract->joint || contract->local || !terms) {
    return "is a trade on several underlyings, which is not simulated";
  }
  if (terms->type == QS_TRADE_BERMUDAN || terms->type == QS_TRADE_AMERICAN) {
    return "may be exercised early, which is not simulated";
  }
  return terms->continuous ? "is watched at all times, which is not simulated" : NULL;
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
} payer;

static qs_status make_payer(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                            const qs_contract *contract, payer *made) {
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
  return QS_OK;
}

static qs_status pay(qs_context *context, qs_arena *arena, payer *by, const double *x, uint64_t stride,
                     double *gain) {
  for (size_t k = by->known; k < by->terms.count; k++) {
    by->fixings[k] = by->forward[k] * exp(x[by->row[k] * stride]);
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

qs_status qs_along_pay(qs_context *context, const qs_simulate_problem *p, const double *x, uint64_t stride,
                       uint64_t count, double *gain) {
  qs_status status = QS_OK;
  for (size_t c = 0; !status && c < p->along_count; c++) {
    qs_arena *own = qs_arena_create(context);
    payer by = {.contract = NULL};
    status =
        own ? make_payer(context, own, p, &p->along[c], &by) : qs_fail_memory(context, "paying along paths");
    for (uint64_t from = 0; !status && from < count; from += PART) {
      const uint64_t end = count - from < PART ? count : from + PART;
      qs_arena *scratch = qs_arena_create(context);
      status = scratch ? QS_OK : qs_fail_memory(context, "paying along paths");
      for (uint64_t i = from; !status && i < end; i++) {
        status = pay(context, scratch, &by, x + i, stride, &gain[i]);
      }
      qs_arena_destroy(scratch);
    }
    qs_arena_destroy(own);
  }
  return status;
}
