/*
 * The book under shocked markets, on the same paths as now: what stress tests and scenario calls stand on.
 *
 * Spot shocks share the paths of their model (a path is in log-moneyness), so a grid costs one simulation a
 * volatility level. The P&L's standard error is that of the paired difference.
 *
 * With simulation->fourier_stress European options are priced by Fourier inversion in both markets instead:
 * without error but where an inversion misses its tolerance, which is then added to the standard errors.
 */
#ifndef QS_HOST_ENGINE_REVALUE_H
#define QS_HOST_ENGINE_REVALUE_H

#include "host/engine/valuation.h"
#include "quickset/results.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How one underlying's market differs; qs_shock_none is neutral. */
typedef struct qs_shock {
  qs_model model;         /* the shocked model */
  double log_spot;        /* added to the logarithm of spot and every forward */
  double carry_add;       /* added to the forward's growth rate */
  double rate_add;        /* added to the discount rate */
  double shift_rise;      /* the variance's shift is times 1 + it */
  double correlation_add; /* added to the correlations with others that have it too (drivers.h) */
} qs_shock;

qs_shock qs_shock_none(const qs_model *model);

/* Whether two shocks leave the same paths, spot apart; by_rate: and the same discount rate. */
bool qs_shock_same_paths(const qs_shock *a, const qs_shock *b, bool by_rate);

/* How the cells are worked off; results do not depend on it. */
typedef struct qs_revalue_way {
  size_t chunk_bytes; /* of moments at once, unless one cell has more */
  bool apart;         /* a chunk is added up while the devices are at the next: two are in memory then */
} qs_revalue_way;

/* P&L of each cell: shocks[cell * underlyings + u] is what happens to underlying u. totals[cells] and, by
 * contract, parts[cell * count + i] (P&L of the whole position, may be null); values[cell * count + i] (may
 * be null) is the position's value in the cell. */
qs_status qs_revalue_by(const qs_revalue_way *way, qs_context *context, qs_arena *arena, qs_devices *devices,
                        const qs_market *market, const qs_contract *contracts, size_t count,
                        const qs_simulation *simulation, const qs_shock *shocks, size_t cells,
                        qs_estimate *totals, qs_estimate *parts, double *values);

/* The usual way: apart where there is a device beside the CPU. */
qs_status qs_revalue(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                     const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                     const qs_shock *shocks, size_t cells, qs_estimate *totals, qs_estimate *parts,
                     double *values);

#ifdef __cplusplus
}
#endif
#endif
