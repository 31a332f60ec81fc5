#include "host/simulate/option.h"

#include <math.h>

double qs_simulate_option_price(const qs_simulate_problem *p, const qs_contract *option, double years) {
  const qs_underlying_market *under = p->under;
  const bool coin = option->settlement == QS_SETTLE_COIN;
  const double rate = coin ? under->coin_rate : under->discount_rate;
  return exp(-rate * (option->years - years)) * qs_curve_forward(&under->curve, coin ? years : option->years);
}

double qs_simulate_option_gain(const qs_simulate_problem *p, const qs_contract *option) {
  const double end = p->years[p->date_count - 1];
  return qs_simulate_discount(p, end) * qs_simulate_option_price(p, option, end);
}

static qs_status tabulate(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                          const qs_contract *option, const uint32_t *rows, const qs_state_range *ranges,
                          qs_state_table *tables) {
  const double k = log(option->strike / qs_curve_forward(&p->under->curve, option->years));
  const qs_surface_option unit = {k, 1, option->call_put == QS_CALL};
  qs_status status = QS_OK;
  for (size_t d = 0; !status && d < p->date_count; d++) {
    status =
        qs_claim_tabulate(context, arena, p, rows[d], option->expiry, &ranges[rows[d]], &unit, 1, &tables[d]);
  }
  return status;
}

qs_status qs_simulate_options_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   const uint32_t *rows, const qs_state_table **tables) {
  const qs_simulate_problem *p = paths->problem;
  *tables = NULL;
  if (p->instrument_count < 2) {
    return QS_OK;
  }
  qs_state_table *made = QS_NEW(arena, (p->instrument_count - 1) * p->date_count, qs_state_table);
  qs_state_range *ranges = QS_NEW(arena, p->row_count, qs_state_range);
  if (!made || !ranges) {
    return qs_fail_memory(context, "tabulating options");
  }
  qs_status status = qs_simulate_paths_ranges(context, paths, ranges);
  for (size_t k = 1; !status && k < p->instrument_count; k++) {
    status =
        tabulate(context, arena, p, &p->instruments[k].option, rows, ranges, made + (k - 1) * p->date_count);
  }
  if (!status) {
    *tables = made;
  }
  return status;
}

void qs_simulate_option_value(const qs_state_table *table, const double *x, const double *v, uint64_t count,
                              double *value) {
  for (uint64_t i = 0; i < count; i++) {
    value[i] = exp(x[i]) * qs_state_table_value(table, x[i], v[i]);
  }
}
