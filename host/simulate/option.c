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

/* tables[option][date_count] at rows[date_count]. */
static qs_status tabulate_all(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                              const uint32_t *rows, const qs_state_range *ranges, qs_state_table *tables) {
  qs_status status = QS_OK;
  for (size_t k = 1; !status && k < p->instrument_count; k++) {
    status = tabulate(context, arena, p, &p->instruments[k].option, rows, ranges,
                      tables + (k - 1) * p->date_count);
  }
  return status;
}

/* tables[count][option][date_count] at rows[count]. */
static qs_status make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths, size_t count,
                      const uint32_t *const *rows, const qs_state_table **tables) {
  const qs_simulate_problem *p = paths->problem;
  const size_t each = (p->instrument_count - 1) * p->date_count;
  qs_state_table *made = QS_NEW(arena, count * each, qs_state_table);
  qs_state_range *ranges = QS_NEW(arena, p->row_count, qs_state_range);
  if (!made || !ranges) {
    return qs_fail_memory(context, "tabulating options");
  }
  qs_status status = qs_simulate_paths_ranges(context, paths, ranges);
  for (size_t i = 0; !status && i < count; i++) {
    status = tabulate_all(context, arena, p, rows[i], ranges, made + i * each);
  }
  if (!status) {
    *tables = made;
  }
  return status;
}

qs_status qs_simulate_options_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                   const uint32_t *rows, const qs_state_table **tables) {
  *tables = NULL;
  return paths->problem->instrument_count < 2 ? QS_OK : make(context, arena, paths, 1, &rows, tables);
}

qs_status qs_simulate_option_slices_make(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                                         const qs_state_table **tables) {
  const qs_simulate_problem *p = paths->problem;
  const size_t parts = p->spec->slices.count;
  *tables = NULL;
  if (p->instrument_count < 2 || parts < 2) {
    return QS_OK;
  }
  uint32_t *rows = QS_NEW(arena, parts * p->date_count, uint32_t);
  const uint32_t *of[QS_MAX_SLICES];
  if (!rows) {
    return qs_fail_memory(context, "tabulating options");
  }
  for (size_t i = 0; i < parts; i++) {
    uint32_t *own = rows + i * p->date_count;
    for (size_t d = 0; d < p->date_count; d++) {
      own[d] = d + 1 < p->date_count ? p->slice_row[d * parts + i] : p->date_row[d];
    }
    of[i] = own;
  }
  return make(context, arena, paths, parts, of, tables);
}

void qs_simulate_option_mean(const qs_simulate_problem *p, const qs_state_table *tables, size_t option,
                             size_t date, const double *x, const double *v, uint64_t stride, uint64_t count,
                             double *value) {
  const size_t parts = p->spec->slices.count, each = (p->instrument_count - 1) * p->date_count;
  const qs_contract *contract = &p->instruments[option + 1].option;
  const double filled = qs_simulate_option_price(p, contract, p->fill_years[date]);
  for (uint64_t i = 0; i < count; i++) {
    value[i] = 0;
  }
  for (size_t k = 0; k < parts; k++) {
    const size_t row = p->slice_row[date * parts + k];
    const qs_state_table *table = &tables[k * each + option * p->date_count + date];
    const double weight = qs_simulate_option_price(p, contract, p->row_years[row]) / filled / (double)parts;
    for (uint64_t i = 0; i < count; i++) {
      const double at = x[row * stride + i];
      value[i] += weight * exp(at) * qs_state_table_value(table, at, v[row * stride + i]);
    }
  }
}

void qs_simulate_option_value(const qs_state_table *table, const double *x, const double *v, uint64_t count,
                              double *value) {
  for (uint64_t i = 0; i < count; i++) {
    value[i] = exp(x[i]) * qs_state_table_value(table, x[i], v[i]);
  }
}
