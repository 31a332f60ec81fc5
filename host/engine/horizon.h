/*
 * P&L over a horizon: the states of all underlyings at the horizon (and at every expiry before it) are
 * simulated once; any contract is then revalued on every path from Fourier surfaces in (log-moneyness,
 * variance), in its own currency and converted. Risk and hedging stand on it.
 *
 * Contracts along paths are approximated: value now + theta x days + the second-order expansion in ln spots
 * and the first in the variance (expansion.h), also where they expire inside the horizon, whose theta then
 * ends with them.
 */
#ifndef QS_HOST_ENGINE_HORIZON_H
#define QS_HOST_ENGINE_HORIZON_H

#include "host/base/arena.h"
#include "host/base/context.h"
#include "host/book/book.h"
#include "host/engine/backends.h"
#include "host/market/market.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_horizon_spec {
  double days;    /* > 0 */
  double drift;   /* real-world growth of every spot over its forward, annual */
  uint64_t paths; /* multiple of 64 */
  uint64_t seed;
  qs_precision precision;
  qs_scheme scheme;
  double step_days; /* NaN: by model and distance */
} qs_horizon_spec;

typedef struct qs_horizon qs_horizon;

/* Simulates the states. Owned by the arena; the market is borrowed for the horizon's life. */
qs_status qs_horizon_create(qs_context *context, qs_arena *arena, qs_devices *devices,
                            const qs_market *market, const qs_horizon_spec *spec, qs_horizon **horizon);

/* Values those of the contracts that lie along paths and have no expansion yet; all others below must have
 * one. It lives as long as the horizon. */
qs_status qs_horizon_expand(qs_horizon *horizon, qs_context *context, qs_contract *contracts, size_t count);

uint64_t qs_horizon_paths(const qs_horizon *horizon);

/* pnl[path] = sum over contracts of weights[i] x (value of one unit at the horizon - value now), reporting
 * currency, on every path. A contract that expires inside the horizon settles to cash at its own date, on the
 * path's spot there. Futures and perpetual carry their tenor's basis factor (one per tenor and underlying).
 * The same contract has the same P&L whatever the list it is in, and the sum is taken per underlying's common
 * surface: error of interpolation at most 1e-5 of spot per unit. */
qs_status qs_horizon_pnl(qs_horizon *horizon, qs_context *context, const qs_contract *contracts,
                         const double *weights, size_t count, double *pnl);

/* now[count]: what one unit of each contract is worth now, as the P&L counts it. */
qs_status qs_horizon_values_now(const qs_horizon *horizon, qs_context *context, const qs_contract *contracts,
                                size_t count, double *now);

/* One contract on chosen paths: pnl[k] = weight x (value of one unit at the horizon on paths[k] - now). With
 * `now` from qs_horizon_values_now over all contracts these add up to qs_horizon_pnl's result to rounding. */
qs_status qs_horizon_pnl_at(qs_horizon *horizon, qs_context *context, const qs_contract *contract, double now,
                            double weight, const uint64_t *paths, size_t path_count, double *pnl);

#ifdef __cplusplus
}
#endif
#endif
