/*
 * Stress: the spot x volatility grid, named scenarios and an exchange's margin grid.
 *
 * Grid and scenarios are revalued by Monte Carlo on the paths of the valuation, each P&L with the error of
 * the paired difference. The margin grid is what an exchange computes: each option by Black-76 at its
 * model-implied volatility, moved by the grid (volatility moves scaled by (30 / days)^exponent), so it has no
 * sampling error.
 */
#ifndef QS_HOST_STRESS_STRESS_H
#define QS_HOST_STRESS_STRESS_H

#include "host/engine/revalue.h"
#include "quickset/inputs.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks a list of scenarios against the market: QS_ERROR_INPUT names the scenario and the field. */
qs_status qs_scenarios_check(qs_context *context, const qs_market *market, const qs_scenario_spec *scenarios,
                             size_t count);

/* What a scenario does to each underlying: shocks[underlyings]. QS_ERROR_INPUT where the shocked model is out
 * of its range. */
qs_status qs_scenario_shocks(qs_context *context, const qs_market *market, const qs_scenario_spec *scenario,
                             qs_shock *shocks);

/* P&L of the contracts under each scenario, venues lost included: pnl[count], and parts[count *
 * contract_count] by position (may be null); lost[count] (may be null) is what lay at the lost venue, NaN for
 * none. */
qs_status qs_scenario_pnl(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                          const qs_contract *contracts, size_t contract_count,
                          const qs_simulation *simulation, const qs_scenario_spec *scenarios, size_t count,
                          qs_estimate *pnl, qs_estimate *parts, double *lost);

/* The whole section. `scenarios` gets the scenarios' cells, for the caller to add what unwinding costs. */
qs_status qs_stress_run(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                        const qs_book *book, const qs_simulation *simulation, const qs_stress_spec *spec,
                        qs_stress_result *result, qs_stress_cell **scenarios);

/* The margin grid alone (host/stress/margin.c). */
qs_status qs_margin_run(qs_context *context, qs_arena *arena, const qs_market *market, const qs_book *book,
                        const qs_margin_grid_spec *spec, qs_stress_result *result);

#ifdef __cplusplus
}
#endif
#endif
