/*
 * Contracts along paths near the market of now: the second-order expansion of their value in ln spot and, to
 * first order, in the variance, the volatility and time. What revalues by Fourier prices (the horizon's P&L,
 * historical simulation, the margin grid) takes them by it.
 */
#ifndef QS_HOST_ENGINE_EXPANSION_H
#define QS_HOST_ENGINE_EXPANSION_H

#include "host/engine/valuation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From a valuation with Greeks. `scratch` has room for the batches. */
void qs_expansion_find(const qs_valuation *valuation, size_t contract, double *scratch,
                       qs_expansion *expansion);

/* What the second-order terms with others add to dV / ds of a contract when every underlying of the market
 * moves, moves[underlyings]; 0 where it is no leg of a formula over several. */
double qs_expansion_together(const qs_contract *contract, const double *moves);

/* Values the contracts along paths that have no expansion yet and gives each its own, in the arena. */
qs_status qs_expansions_fill(qs_context *context, qs_arena *arena, qs_devices *devices,
                             const qs_market *market, const qs_simulation *simulation, qs_contract *contracts,
                             size_t count);

#ifdef __cplusplus
}
#endif
#endif
