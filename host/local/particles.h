/*
 * Local-stochastic volatility: dS/S = L(t, S) sqrt(v) dW1, dv as in heston (full-truncation Euler steps),
 * with the leverage L that meets a surface, L^2 E[v | S] = local variance, by the particle method (Guyon,
 * Henry-Labordere 2012): the conditional mean is a kernel regression over the particles at every step.
 *
 * x = ln S / F(t). A step with L frozen at its beginning is dx = -L^2 v dt / 2 + L sqrt(v dt) Z, so that
 * E[exp(x)] = 1 exactly, step by step. Paths come in antithetic pairs. All double; reductions in a fixed
 * order, so that the bits are the same for any number of threads.
 */
#ifndef QS_HOST_LOCAL_PARTICLES_H
#define QS_HOST_LOCAL_PARTICLES_H

#include "host/local/svi.h"
#include "host/market/leverage.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_LOCAL_BLOCK = 1024 };

/* A leverage and what it was fitted with. */
typedef struct qs_local_fit {
  qs_leverage leverage;
  const qs_model *model; /* heston */
  uint64_t key;
  const size_t *slice; /* [step] the surface's slice that it ends at, or its count */
  double kept; /* share of the nodes within four deviations whose local variance was kept in its bounds */
} qs_local_fit;

/* Fits L with `particles` (a multiple of QS_LOCAL_BLOCK) on the steps of qs_leverage_calendar, cut at every
 * slice. The leverage is the arena's. */
qs_status qs_leverage_fit(qs_context *context, qs_arena *arena, const qs_model *model,
                          const qs_svi_surface *surface, qs_time as_of, uint64_t key, uint64_t particles,
                          qs_local_fit *fit);

/* A block of paths under way. */
typedef struct qs_local_state {
  double x[QS_LOCAL_BLOCK], v[QS_LOCAL_BLOCK];
} qs_local_state;

void qs_local_start(const qs_local_fit *fit, qs_local_state *state);

/* Takes step `step` of the paths [block * QS_LOCAL_BLOCK, ...) of stream `dimension`: 0 the particles', 1 and
 * above independent of it. */
void qs_local_step(const qs_local_fit *fit, size_t step, uint32_t dimension, uint64_t block,
                   qs_local_state *state);

#ifdef __cplusplus
}
#endif
#endif
