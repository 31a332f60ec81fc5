/*
 * A local-stochastic fit of one underlying, reported and repriced: the surface of svi.h, the leverage of
 * particles.h over the underlying's heston, and every two-sided quote revalued by Monte Carlo under it on
 * paths of their own. Values and stress of the underlying's trades then go by it (host/engine/local_grid.h).
 */
#ifndef QS_HOST_LOCAL_LOCAL_H
#define QS_HOST_LOCAL_LOCAL_H

#include "host/local/particles.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How much work: multiples of QS_LOCAL_BLOCK. */
typedef struct qs_local_settings {
  uint64_t particles, paths, seed;
} qs_local_settings;

/* 65,536 particles, and the simulation's seed and paths, at most 2^20 of these. */
qs_local_settings qs_local_resolve(const qs_simulation_spec *spec);

/* Reprices under the leverage; `result` is the arena's. Expiries before the surface's first are left out. */
qs_status qs_local_reprice(qs_context *context, qs_arena *arena, const qs_underlying_market *market,
                           const qs_svi_surface *surface, const qs_local_fit *fit, uint64_t paths,
                           qs_local_result *result);

/* Surface, leverage, repricing: market->leverage (null where no surface could be fitted),
 * market->calibration.local, and its warnings. The model must be a heston. */
qs_status qs_local_run(qs_context *context, qs_arena *arena, qs_underlying_market *market, qs_time as_of,
                       const qs_local_settings *settings);

#ifdef __cplusplus
}
#endif
#endif
