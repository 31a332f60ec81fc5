#include "host/stress/stress.h"

#include <math.h>

/* The grid's cells, volatility by volatility so that those which share paths stand together. */
static qs_status run_grid(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                          const qs_book *book, const qs_simulation *simulation, const qs_stress_spec *spec,
                          qs_stress_result *result) {
  size_t cells = spec->spot_count * spec->volatility_count;
  qs_stress_cell *grid = QS_NEW(arena, cells, qs_stress_cell);
  qs_scenario_spec *scenarios = QS_NEW(arena, cells, qs_scenario_spec);
  qs_estimate *pnl = QS_NEW(arena, cells, qs_estimate);
  qs_estimate *parts = QS_NEW(arena, cells * book->count, qs_estimate);
  if (!grid || !scenarios || !pnl || !parts) {
    return qs_fail_memory(context, "laying out the stress grid");
  }
  for (size_t c = 0; c < cells; c++) {
    qs_scenario_spec_init(&scenarios[c]);
    scenarios[c].name = "of the grid";
    scenarios[c].volatility = spec->volatility[c / spec->spot_count];
    scenarios[c].spot = spec->spot[c % spec->spot_count];
  }
  qs_status status = qs_scenario_pnl(context, arena, devices, market, book->contracts, book->count,
                                     simulation, scenarios, cells, pnl, parts, NULL);
  for (size_t c = 0; !status && c < cells; c++) {
    grid[c].spot = scenarios[c].spot;
    grid[c].volatility = scenarios[c].volatility;
    grid[c].pnl = pnl[c];
    grid[c].unwind_cost = NAN;
    grid[c].lost = NAN;
    grid[c].by_position = parts + c * book->count;
  }
  result->grid = grid;
  result->grid_count = cells;
  return status;
}

static qs_status run_scenarios(qs_context *context, qs_arena *arena, qs_devices *devices,
                               const qs_market *market, const qs_book *book, const qs_simulation *simulation,
                               const qs_stress_spec *spec, qs_stress_result *result, qs_stress_cell **own) {
  size_t count = spec->scenario_count;
  qs_stress_cell *cells = QS_NEW(arena, count, qs_stress_cell);
  qs_estimate *pnl = QS_NEW(arena, count, qs_estimate);
  qs_estimate *parts = QS_NEW(arena, count * book->count, qs_estimate);
  double *lost = QS_NEW(arena, count, double);
  if (!cells || !pnl || !parts || !lost) {
    return qs_fail_memory(context, "laying out scenarios");
  }
  qs_status status = qs_scenario_pnl(context, arena, devices, market, book->contracts, book->count,
                                     simulation, spec->scenarios, count, pnl, parts, lost);
  for (size_t s = 0; !status && s < count; s++) {
    cells[s].name = spec->scenarios[s].name;
    cells[s].spot = spec->scenarios[s].spot;
    cells[s].volatility = spec->scenarios[s].volatility;
    cells[s].pnl = pnl[s];
    cells[s].unwind_cost = NAN;
    cells[s].lost = lost[s];
    cells[s].by_position = parts + s * book->count;
  }
  *own = cells;
  result->scenarios = cells;
  result->scenario_count = count;
  return status;
}

static void find_worst(const qs_stress_cell *cells, size_t count, const qs_stress_cell **worst) {
  for (size_t c = 0; c < count; c++) {
    if (!*worst || cells[c].pnl.estimate < (*worst)->pnl.estimate) {
      *worst = &cells[c];
    }
  }
}

qs_status qs_stress_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                        const qs_book *book, const qs_simulation *simulation, const qs_stress_spec *spec,
                        qs_stress_result *result, qs_stress_cell **scenarios) {
  qs_stress_result mine = {.present = true, .trusted = true, .margin_requirement = NAN};
  qs_status status = run_grid(context, arena, devices, market, book, simulation, spec, &mine);
  if (!status) {
    status = run_scenarios(context, arena, devices, market, book, simulation, spec, &mine, scenarios);
  }
  if (!status && spec->margin_grid) {
    status = qs_margin_run(context, arena, market, book, spec->margin_grid, &mine);
  }
  if (status) {
    return status;
  }
  find_worst(mine.grid, mine.grid_count, &mine.worst);
  find_worst(mine.scenarios, mine.scenario_count, &mine.worst);
  for (size_t u = 0; u < market->underlying_count; u++) {
    const qs_calibration_result *fit = &market->underlyings[u].calibration;
    if (!fit->trusted) {
      mine.trusted = false;
      mine.why = "a model's fit to its quotes is not trusted";
    }
  }
  *result = mine;
  return QS_OK;
}
