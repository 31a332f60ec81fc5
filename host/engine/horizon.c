#include "host/engine/horizon_state.h"

#include <math.h>
#include <string.h>

#include "host/engine/drivers.h"
#include "host/engine/expansion.h"
#include "host/engine/grid.h"
#include "host/engine/scheduler.h"
#include "host/market/time.h"
#include "kernels/core/key.h"

qs_time qs_horizon_end(const qs_horizon *h) {
  return h->market->as_of + (qs_time)llround(h->spec.days * QS_SECONDS_PER_DAY);
}

/* Whether some other underlying has a part of this one's normals. */
static bool is_shared(const qs_drivers *drivers, size_t u) {
  bool shared = drivers->cross != NULL;
  for (size_t j = 0; j < drivers->count && !shared; j++) {
    shared =
        j != u && (drivers->own[u * drivers->count + j] != 0 || drivers->own[j * drivers->count + u] != 0);
  }
  return shared;
}

/* Lays out the streams that the underlying's normals are made of. */
static qs_status fill_streams(qs_horizon *h, qs_context *context, size_t u, qs_horizon_unit *unit) {
  const qs_drivers *d = &h->drivers;
  size_t n = d->count;
  uint64_t *keys = QS_NEW(h->arena, n, uint64_t);
  double *weights = QS_NEW(h->arena, 4 * n, double);
  if (!keys || !weights) {
    return qs_fail_memory(context, "simulating the horizon");
  }
  bool whole = h->market->full, common = h->common.lambda[u] > 0;
  uint32_t used = 0;
  for (size_t j = 0; j < n; j++) {
    double own = d->own[u * n + j], variance = whole ? d->variance[u * n + j] : 0;
    double cross = d->cross ? d->cross[u * n + j] : 0;
    double size = common ? h->common.sizes[u * n + j] : 0;
    if (own != 0 || variance != 0 || cross != 0 || size != 0) {
      keys[used] = qs_key(h->spec.seed, QS_PURPOSE_RISK, h->market->underlyings[j].name);
      weights[n + used] = variance;
      weights[2 * n + used] = cross;
      weights[3 * n + used] = size;
      weights[used++] = own;
    }
  }
  unit->keys = keys;
  unit->weights = weights;
  unit->key_count = used;
  unit->variance = whole ? weights + n : NULL;
  unit->cross = whole ? weights + 2 * n : NULL;
  if (common) {
    unit->path.common = h->common.lambda[u];
    unit->common_key = qs_key(h->spec.seed, QS_PURPOSE_RISK, h->common.group[u]);
    unit->common_sizes = weights + 3 * n;
  }
  unit->shared =
      is_shared(d, u) && qs_model_parameters(h->market->underlyings[u].model.type) >> QS_SIGMA_J & 1;
  return QS_OK;
}

/* Simulates one underlying at one time. */
static qs_status simulate(qs_horizon *h, qs_context *context, size_t u, qs_time time,
                          qs_horizon_states *states) {
  const qs_underlying_market *underlying = &h->market->underlyings[u];
  qs_grid grid;
  qs_status status = qs_grid_build(context, h->arena, &underlying->model, h->market->as_of, &time, 1,
                                   h->spec.step_days, &grid);
  if (!status) {
    status = qs_grid_shift(context, h->arena, &underlying->shift, 1, h->market->as_of, &grid);
  }
  qs_horizon_unit unit = {.precision = h->spec.precision};
  double *x = QS_NEW(h->arena, h->spec.paths, double);
  double *v = QS_NEW(h->arena, h->spec.paths, double);
  status = status ? status : fill_streams(h, context, u, &unit);
  if (status) {
    return status;
  }
  if (!x || !v) {
    return qs_fail_memory(context, "simulating the horizon");
  }
  unit.path.model = underlying->model;
  unit.path.scheme = h->spec.scheme;
  unit.path.key = qs_key(h->spec.seed, QS_PURPOSE_RISK, underlying->name);
  unit.path.steps = grid.steps;
  unit.path.step_count = grid.step_count;
  unit.path.dates = grid.dates;
  unit.path.date_count = grid.date_count;
  unit.path_end = h->spec.paths;
  status = qs_schedule_horizon_shared(context, h->devices, "risk", &unit, 1, &x, &v);
  if (status) {
    return status;
  }
  double years = qs_time_years(h->market->as_of, time);
  qs_state_range range = {INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (uint64_t p = 0; p < h->spec.paths; p++) {
    x[p] += h->spec.drift * years;
    range.x_low = fmin(range.x_low, x[p]);
    range.x_high = fmax(range.x_high, x[p]);
    range.v_low = fmin(range.v_low, v[p]);
    range.v_high = fmax(range.v_high, v[p]);
  }
  qs_horizon_states made = {time, x, v, range};
  *states = made;
  return QS_OK;
}

qs_status qs_horizon_states_at(qs_horizon *h, qs_context *context, size_t u, qs_time time,
                               const qs_horizon_states **states) {
  qs_horizon_underlying *mine = &h->underlyings[u];
  for (size_t k = 0; k < mine->state_count; k++) {
    if (mine->states[k].time == time) {
      *states = &mine->states[k];
      return QS_OK;
    }
  }
  if (mine->state_count == QS_HORIZON_MAX_TIMES) {
    return qs_fail(context, QS_ERROR_INPUT, "%s: more than %d different expiries within the horizon",
                   h->market->underlyings[u].name, QS_HORIZON_MAX_TIMES);
  }
  qs_status status = simulate(h, context, u, time, &mine->states[mine->state_count]);
  if (!status) {
    *states = &mine->states[mine->state_count++];
  }
  return status;
}

qs_status qs_horizon_surface_at(qs_horizon *h, qs_context *context, size_t u, qs_time expiry,
                                const qs_surface **surface) {
  qs_horizon_underlying *mine = &h->underlyings[u];
  for (qs_horizon_expiry *e = mine->expiries; e; e = e->next) {
    if (e->expiry == expiry) {
      *surface = &e->surface;
      return QS_OK;
    }
  }
  qs_horizon_expiry *made = QS_NEW(h->arena, 1, qs_horizon_expiry);
  if (!made) {
    return qs_fail_memory(context, "tabulating prices at the horizon");
  }
  const qs_horizon_states *states;
  qs_status status = qs_horizon_states_at(h, context, u, qs_horizon_end(h), &states);
  if (!status) {
    const qs_underlying_market *underlying = &h->market->underlyings[u];
    qs_surface_law law = {&underlying->model, qs_time_years(qs_horizon_end(h), expiry),
                          qs_shift_added(&underlying->shift, qs_horizon_end(h), expiry)};
    status = qs_surface_build(context, h->arena, &law, &states->range, &made->surface);
  }
  if (!status) {
    made->expiry = expiry;
    made->next = mine->expiries;
    mine->expiries = made;
    *surface = &made->surface;
  }
  return status;
}

qs_status qs_horizon_create(qs_context *context, qs_arena *arena, qs_devices *devices,
                            const qs_market *market, const qs_horizon_spec *spec, qs_horizon **horizon) {
  if (!(spec->days > 0 && spec->days <= 3650)) {
    return qs_fail(context, QS_ERROR_INPUT, "horizon_days: got %g: must be in (0, 3650]", spec->days);
  }
  qs_horizon *h = QS_NEW(arena, 1, qs_horizon);
  qs_horizon_underlying *underlyings = QS_NEW(arena, market->underlying_count, qs_horizon_underlying);
  if (!h || !underlyings) {
    return qs_fail_memory(context, "preparing the horizon");
  }
  h->arena = arena;
  h->devices = devices;
  h->market = market;
  h->spec = *spec;
  h->underlyings = underlyings;
  int *all = QS_NEW(arena, market->underlying_count, int);
  for (size_t u = 0; all && u < market->underlying_count; u++) {
    all[u] = (int)u;
  }
  const qs_driver_choice choice = {all, market->underlying_count, NULL, NULL};
  qs_status status = all ? qs_drivers_make(context, arena, market, &choice, &h->drivers)
                         : qs_fail_memory(context, "correlating the underlyings");
  status = status ? status : qs_common_make(context, arena, market, &choice, &h->common);
  if (!status) {
    *horizon = h;
  }
  return status;
}

qs_status qs_horizon_expand(qs_horizon *horizon, qs_context *context, qs_contract *contracts, size_t count) {
  const qs_horizon_spec *spec = &horizon->spec;
  qs_simulation_spec wanted = {
      .paths = spec->paths, .seed = spec->seed, .variance_reduction = QS_REDUCTION_NONE};
  qs_simulation simulation = qs_simulation_resolve(&wanted);
  simulation.precision = spec->precision;
  simulation.scheme = spec->scheme;
  simulation.step_days = spec->step_days;
  return qs_expansions_fill(context, horizon->arena, horizon->devices, horizon->market, &simulation,
                            contracts, count);
}

uint64_t qs_horizon_paths(const qs_horizon *horizon) {
  return horizon->spec.paths;
}
