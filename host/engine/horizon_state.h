/* The inside of a horizon, shared by horizon.c (states and surfaces) and horizon_pnl.c (revaluation). */
#ifndef QS_HOST_ENGINE_HORIZON_STATE_H
#define QS_HOST_ENGINE_HORIZON_STATE_H

#include "host/engine/common.h"
#include "host/engine/drivers.h"
#include "host/engine/horizon.h"
#include "host/engine/surface.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QS_HORIZON_MAX_TIMES = 64 };

/* One underlying at one time: x = ln S/F(0, time) with the drift, and v; [paths] each. */
typedef struct qs_horizon_states {
  qs_time time;
  const double *x, *v;
  qs_state_range range;
} qs_horizon_states;

typedef struct qs_horizon_expiry {
  qs_time expiry;
  qs_surface surface;
  struct qs_horizon_expiry *next;
} qs_horizon_expiry;

typedef struct qs_horizon_underlying {
  qs_horizon_states states[QS_HORIZON_MAX_TIMES];
  size_t state_count;
  qs_horizon_expiry *expiries; /* tabulated so far */
} qs_horizon_underlying;

struct qs_horizon {
  qs_arena *arena;
  qs_devices *devices;
  const qs_market *market;
  qs_horizon_spec spec;
  qs_drivers drivers; /* of all underlyings */
  qs_common common;   /* likewise */
  qs_horizon_underlying *underlyings;
};

qs_time qs_horizon_end(const qs_horizon *horizon);

/* The states at a time, simulated when first asked for: a path does not depend on which times are looked at.
 */
qs_status qs_horizon_states_at(qs_horizon *horizon, qs_context *context, size_t underlying, qs_time time,
                               const qs_horizon_states **states);

/* The price table of an expiry after the horizon, built when first asked for. */
qs_status qs_horizon_surface_at(qs_horizon *horizon, qs_context *context, size_t underlying, qs_time expiry,
                                const qs_surface **surface);

#ifdef __cplusplus
}
#endif
#endif
