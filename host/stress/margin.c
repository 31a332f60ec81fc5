/* An exchange's margin grid: every option by Black-76 at its model-implied volatility, under moves of spot
 * and volatility, and trades along paths by their expansion in both; the worst loss of the whole book is the
 * requirement. */
#include <math.h>

#include "host/market/black.h"
#include "host/market/fourier.h"
#include "host/stress/stress.h"

/* An option's model-implied total volatility now; 0 where the price is its intrinsic value. */
static qs_status implied_total_vol(qs_context *context, qs_time as_of, const qs_underlying_market *market,
                                   const qs_contract *contract, double *total_vol) {
  double log_strike = log(contract->strike / contract->forward);
  bool call = log_strike >= 0; /* out of the money, where the price tells the volatility best */
  qs_fourier_option_value value;
  qs_fourier_report report;
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.added_variance = qs_shift_added(&market->shift, as_of, contract->expiry);
  qs_status status =
      qs_fourier_option(&market->model, contract->years, call, log_strike, &settings, &value, &report);
  if (status && status != QS_ERROR_UNTRUSTED) {
    return qs_fail(context, status, "margin grid: %s: %s", contract->id, report.problem);
  }
  if (qs_black_implied_vol(call, log_strike, value.price, total_vol) != QS_BLACK_OK) {
    *total_vol = 0;
  }
  return QS_OK;
}

/* Relative volatility move at a tenor. */
static double scaled_move(const qs_margin_grid_spec *spec, double move, double years) {
  double days = fmax(years * 365, 1.0 / 24);
  return move * pow(30 / days, days < 30 ? spec->short_exponent : spec->long_exponent);
}

/* Value of one unit after a relative spot move, with the option's total volatility given. */
static double moved_value(const qs_contract *contract, const qs_underlying_market *market, double move,
                          double total_vol) {
  if (contract->underlying < 0) {
    return 1;
  }
  double spot = market->spot * (1 + move), forward = contract->forward * (1 + move);
  double discount = exp(-market->discount_rate * contract->years);
  switch (contract->kind) {
  case QS_CONTRACT_OPTION: {
    double y = qs_black_price(contract->call_put == QS_CALL, log(contract->strike / forward), total_vol);
    return contract->settlement == QS_SETTLE_COIN ? spot * exp(-market->coin_rate * contract->years) * y
                                                  : discount * forward * y;
  }
  case QS_CONTRACT_FORWARD:
    return discount * (forward - contract->strike);
  case QS_CONTRACT_FUTURE:
  case QS_CONTRACT_PERPETUAL:
    return contract->settlement == QS_SETTLE_LINEAR ? forward - contract->entry_price
                                                    : spot * (1 / contract->entry_price - 1 / forward);
  case QS_CONTRACT_SPOT:
  case QS_CONTRACT_CASH:
  case QS_CONTRACT_PATH:
    break;
  }
  return spot;
}

/* P&L of one unit after a relative spot move and a factor on its volatility. */
static double unit_pnl(const qs_contract *contract, const qs_underlying_market *market, double move,
                       double total_vol, double factor) {
  if (contract->kind == QS_CONTRACT_PATH) {
    const qs_expansion *e = contract->expansion;
    double x = log1p(move);
    double together = 0; /* all underlyings move alike */
    for (size_t b = 0; contract->joint && b < contract->joint->asset_count; b++) {
      together += e->together[b];
    }
    return e->slope * x + (0.5 * e->curvature + together) * x * x + e->by_volatility * (factor - 1);
  }
  return moved_value(contract, market, move, total_vol * factor) -
         moved_value(contract, market, 0, total_vol);
}

qs_status qs_margin_run(qs_context *context, qs_arena *arena, const qs_market *market, const qs_book *book,
                        const qs_margin_grid_spec *spec, qs_stress_result *result) {
  size_t cells = spec->spot_count * spec->volatility_count;
  qs_stress_cell *grid = QS_NEW(arena, cells, qs_stress_cell);
  qs_estimate *parts = QS_NEW(arena, cells * book->count, qs_estimate);
  double *total_vol = QS_NEW(arena, book->count, double);
  if (!grid || !parts || !total_vol) {
    return qs_fail_memory(context, "laying out the margin grid");
  }
  for (size_t i = 0; i < book->count; i++) {
    const qs_contract *contract = &book->contracts[i];
    if (contract->kind == QS_CONTRACT_OPTION) {
      qs_status status = implied_total_vol(context, market->as_of, &market->underlyings[contract->underlying],
                                           contract, &total_vol[i]);
      if (status) {
        return status;
      }
    }
  }
  double worst = 0;
  for (size_t c = 0; c < cells; c++) {
    double spot_move = spec->spot[c % spec->spot_count], total = 0;
    double volatility_move = spec->volatility[c / spec->spot_count];
    for (size_t i = 0; i < book->count; i++) {
      const qs_contract *contract = &book->contracts[i];
      const qs_underlying_market *of =
          contract->underlying < 0 ? NULL : &market->underlyings[contract->underlying];
      double factor = fmax(1 + scaled_move(spec, volatility_move, contract->years), 0.01);
      double pnl = contract->quantity * unit_pnl(contract, of, spot_move, total_vol[i], factor);
      parts[c * book->count + i].estimate = pnl;
      total += pnl;
    }
    grid[c].spot = spot_move;
    grid[c].volatility = volatility_move;
    grid[c].pnl.estimate = total;
    grid[c].unwind_cost = NAN;
    grid[c].lost = NAN;
    grid[c].by_position = parts + c * book->count;
    worst = fmin(worst, total);
  }
  result->margin = grid;
  result->margin_count = cells;
  result->margin_requirement = -worst;
  return QS_OK;
}
