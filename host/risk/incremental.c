/* Risk with a what-if trade less risk without it, on the same paths. */
#include <math.h>

#include "host/risk/section.h"

typedef struct what_if {
  const qs_contract *contracts;
  const double *quantities;
  size_t count;
} what_if;

/* VaR and shortfall of the book with these contracts, less those without. `losses` is room for a sample. */
static qs_status measure(qs_context *context, const qs_risk_sample *sample, const what_if *added,
                         double *losses, const qs_risk_result *base, double *var, double *shortfall) {
  qs_status status =
      qs_horizon_pnl(sample->horizon, context, added->contracts, added->quantities, added->count, losses);
  if (status) {
    return status;
  }
  for (size_t p = 0; p < sample->paths; p++) {
    losses[p] = -(sample->pnl[p] + losses[p]);
  }
  if (!qs_risk_finite(losses, sample->paths)) {
    for (size_t l = 0; l < base->level_count; l++) {
      var[l] = shortfall[l] = NAN;
    }
    return QS_OK;
  }
  qs_risk_sort_tail(losses, sample->paths, sample->begin);
  for (size_t l = 0; !status && l < base->level_count; l++) {
    qs_risk_level tail;
    status = qs_risk_tail(losses, sample->paths, base->levels[l].level, &tail);
    var[l] = tail.var.estimate - base->levels[l].var.estimate;
    shortfall[l] = tail.expected_shortfall.estimate - base->levels[l].expected_shortfall.estimate;
  }
  return status;
}

static qs_status run(qs_context *context, qs_arena *scratch, qs_arena *arena, const qs_risk_sample *sample,
                     qs_risk_result *result) {
  size_t count = sample->spec->what_if_count, levels = result->level_count;
  qs_contract *contracts;
  qs_status status = qs_book_resolve_trades(context, scratch, sample->market, "risk.what_if",
                                            sample->spec->what_if, count, &contracts);
  if (status) {
    return status;
  }
  status = qs_horizon_expand(sample->horizon, context, contracts, count);
  if (status) {
    return status;
  }
  double *losses = QS_NEW(scratch, sample->paths, double);
  double *quantities = QS_NEW(scratch, count, double);
  double *differences = QS_NEW(arena, (count + 1) * 2 * levels, double);
  qs_risk_incremental *list = QS_NEW(arena, count + 1, qs_risk_incremental);
  if (!losses || !quantities || !differences || !list) {
    return qs_fail_memory(context, "measuring incremental risk");
  }
  for (size_t i = 0; i < count; i++) {
    quantities[i] = contracts[i].quantity;
  }
  for (size_t i = 0; !status && i <= count; i++) {
    bool all = i == count;
    what_if added = {contracts + (all ? 0 : i), quantities + (all ? 0 : i), all ? count : 1};
    double *var = differences + i * 2 * levels, *shortfall = var + levels;
    status = measure(context, sample, &added, losses, result, var, shortfall);
    list[i].id = qs_arena_strdup(arena, all ? "all" : contracts[i].id);
    list[i].var = var;
    list[i].expected_shortfall = shortfall;
    if (!status && !list[i].id) {
      status = qs_fail_memory(context, "measuring incremental risk");
    }
    qs_progress(context, "what if", i + 1, count + 1);
  }
  if (!status) {
    result->incremental = list;
    result->incremental_count = count + 1;
  }
  return status;
}

qs_status qs_risk_incremental_run(qs_context *context, qs_arena *arena, const qs_risk_sample *sample,
                                  qs_risk_result *result) {
  if (sample->spec->what_if_count == 0) {
    return QS_OK;
  }
  qs_arena *scratch = qs_arena_create(context);
  qs_status status = scratch ? run(context, scratch, arena, sample, result)
                             : qs_fail_memory(context, "measuring incremental risk");
  qs_arena_destroy(scratch);
  return status;
}
