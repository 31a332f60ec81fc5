#include "host/stress/stress.h"

#include <math.h>

/* The grid's cells, then the named scenarios, valued together so that those which share paths and values with
 * each other or with the book as it is share the work. */
static qs_status run_cells(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                           const qs_book *book, const qs_simulation *simulation, const qs_stress_spec *spec,
                           qs_stress_cell **run) {
  size_t grid = spec->spot_count * spec->volatility_count, count = grid + spec->scenario_count;
  qs_stress_cell *cells = QS_NEW(arena, count, qs_stress_cell);
  qs_scenario_spec *scenarios = QS_NEW(arena, count, qs_scenario_spec);
  qs_estimate *pnl = QS_NEW(arena, count, qs_estimate);
  qs_estimate *parts = QS_NEW(arena, count * book->count, qs_estimate);
  double *lost = QS_NEW(arena, count, double);
  if (!cells || !scenarios || !pnl || !parts || !lost) {
    return qs_fail_memory(context, "laying out scenarios");
  }
  for (size_t c = 0; c < grid; c++) {
    qs_scenario_spec_init(&scenarios[c]);
    scenarios[c].name = "of the grid";
    scenarios[c].volatility = spec->volatility[c / spec->spot_count];
    scenarios[c].spot = spec->spot[c % spec->spot_count];
  }
  for (size_t c = grid; c < count; c++) {
    scenarios[c] = spec->scenarios[c - grid];
  }
  qs_status status = qs_scenario_pnl(context, arena, devices, market, book->contracts, book->count,
                                     simulation, scenarios, count, pnl, parts, lost);
  for (size_t c = 0; !status && c < count; c++) {
    cells[c].name = c < grid ? NULL : scenarios[c].name;
    cells[c].spot = scenarios[c].spot;
    cells[c].volatility = scenarios[c].volatility;
    cells[c].pnl = pnl[c];
    cells[c].unwind_cost = NAN;
    cells[c].lost = lost[c];
    cells[c].by_position = parts + c * book->count;
  }
  *run = cells;
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
  qs_stress_cell *cells = NULL;
  qs_status status = run_cells(context, arena, devices, market, book, simulation, spec, &cells);
  if (!status && spec->margin_grid) {
    status = qs_margin_run(context, arena, market, book, spec->margin_grid, &mine);
  }
  if (status) {
    return status;
  }
  mine.grid = cells;
  mine.grid_count = spec->spot_count * spec->volatility_count;
  mine.scenarios = *scenarios = cells + mine.grid_count;
  mine.scenario_count = spec->scenario_count;
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
