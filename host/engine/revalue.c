#include "host/engine/revalue.h"

#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <string.h>

#include "host/engine/greeks.h"
#include "host/engine/joint_set.h"
#include "host/engine/path_set.h"
#include "host/engine/revalue_fourier.h"
#include "host/engine/scheduler.h"

/* Cells are worked off in chunks whose moments stay below this, of two at once half of it. */
static const size_t chunk_bytes = (size_t)160 << 20;

qs_shock qs_shock_none(const qs_model *model) {
  qs_shock shock = {.model = *model};
  return shock;
}

/* A contract without optionality, one unit under a shock. */
static double plain_value(const qs_contract *contract, const qs_underlying_market *market,
                          const qs_shock *shock) {
  if (contract->underlying < 0) {
    return 1;
  }
  double spot = market->spot * exp(shock->log_spot);
  double years = contract->years;
  double forward = qs_curve_forward(&market->curve, years) * exp(shock->log_spot + shock->carry_add * years);
  double level = contract->kind == QS_CONTRACT_PERPETUAL ? spot : forward;
  switch (contract->kind) {
  case QS_CONTRACT_FORWARD:
    return exp(-(market->discount_rate + shock->rate_add) * years) * (forward - contract->strike);
  case QS_CONTRACT_FUTURE:
  case QS_CONTRACT_PERPETUAL:
    return contract->settlement == QS_SETTLE_LINEAR ? level - contract->entry_price
                                                    : spot * (1 / contract->entry_price - 1 / level);
  case QS_CONTRACT_SPOT:
  case QS_CONTRACT_CASH:
  case QS_CONTRACT_OPTION:
  case QS_CONTRACT_PATH:
    break;
  }
  return spot;
}

/* Price of one unit of an option or path = coefficient x what the unit yields (per unit of the unshifted
 * forward; a coin contract's spot and forward move together, so the shift cancels). */
static double unit_coefficient(const qs_contract *contract, const qs_underlying_market *market,
                               const qs_shock *shock) {
  double years = contract->years;
  if (contract->settlement == QS_SETTLE_COIN) {
    return market->spot * exp(-market->coin_rate * years);
  }
  return exp((shock->carry_add - market->discount_rate - shock->rate_add) * years) *
         qs_curve_forward(&market->curve, years);
}

/* Where a cell's values for one underlying come from. */
typedef struct source {
  const qs_value_unit *unit;
  const qs_moment *moments;
  const qs_path_units *paths;
  const qs_fourier_unit *fourier; /* of the options; null: they are simulated */
  uint32_t shift;
} source;

typedef struct revaluer {
  qs_context *context;
  qs_arena *arena;
  qs_devices *devices;
  const qs_market *market;
  const qs_contract *contracts;
  size_t count;
  const qs_simulation *simulation;
  const uint32_t *payoff_of;
  const qs_option_set *sets; /* [underlyings] */
  const qs_path_set *paths;  /* [underlyings] */
  source *base;              /* [underlyings] */
  double **joint_base;       /* [count], of the market as it is: see qs_joint_revalue */
} revaluer;

/* Payoffs along paths may depend on the discount rate: rebates at hit do. */
bool qs_shock_same_paths(const qs_shock *a, const qs_shock *b, bool by_rate) {
  bool same = a->model.type == b->model.type && a->carry_add == b->carry_add &&
              a->shift_rise == b->shift_rise && (!by_rate || a->rate_add == b->rate_add);
  uint32_t used = qs_model_parameters(a->model.type);
  for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
    same = same && (!(used >> p & 1) || a->model.value[p] == b->model.value[p]);
  }
  return same;
}

/* The units of a chunk of cells. */
typedef struct chunk_plan {
  size_t cells, count;
  qs_value_unit *units; /* [cells * underlyings], `count` of them used */
  qs_path_units *paths;
  qs_fourier_unit *fourier; /* null: options are simulated */
  qs_moment **moments;
  uint32_t *unit_of, *shift_of; /* [underlying][cell] */
} chunk_plan;

/* Plans the units of one market, for the shifts that its cells have. */
static qs_status plan_units(const revaluer *r, qs_arena *arena, size_t u, const qs_shock *shock,
                            const double *shifts, uint32_t shift_count, chunk_plan *plan) {
  const qs_underlying_market *underlying = &r->market->underlyings[u];
  qs_unit_market market = {&shock->model, shock->carry_add, false, shifts, shift_count,
                           false,         shock->shift_rise};
  static const qs_option_set no_options = {NULL, 0};
  uint32_t first;
  qs_status status =
      qs_unit_build(r->context, arena, underlying, r->market->as_of, r->simulation,
                    plan->fourier ? &no_options : &r->sets[u], &market, &plan->units[plan->count], &first);
  if (!status && plan->fourier) {
    qs_fourier_unit *fourier = &plan->fourier[plan->count];
    *fourier = (qs_fourier_unit){.underlying = underlying, .set = &r->sets[u], .market = market};
    status = qs_fourier_unit_room(r->context, arena, fourier);
  }
  if (!status) {
    status = qs_path_units_build(r->context, arena, underlying, r->market->as_of, r->simulation, &r->paths[u],
                                 &market, shock->rate_add, &plan->paths[plan->count]);
  }
  plan->count++;
  return status;
}

/* For unit_of: the cell values the underlying as it is. */
static const uint32_t no_unit = UINT32_MAX;

/* The units of one underlying over a chunk of cells, cells of one model and carry sharing theirs, and those
 * that leave paths and spot as they are taking the base once there is one. */
static qs_status plan_underlying(const revaluer *r, qs_arena *arena, size_t u, const qs_shock *shocks,
                                 chunk_plan *plan) {
  size_t underlyings = r->market->underlying_count, cells = plan->cells;
  double *shifts = QS_NEW(arena, cells, double);
  bool *planned = QS_NEW(arena, cells, bool);
  if (!shifts || !planned) {
    return qs_fail_memory(r->context, "planning scenarios");
  }
  qs_shock none = qs_shock_none(&r->market->underlyings[u].model);
  for (size_t c = 0; r->base[u].unit && c < cells; c++) {
    const qs_shock *shock = &shocks[c * underlyings + u];
    if (shock->log_spot == 0 && qs_shock_same_paths(shock, &none, r->paths[u].count > 0)) {
      planned[c] = true;
      plan->unit_of[u * cells + c] = no_unit;
    }
  }
  for (size_t head = 0; head < cells; head++) {
    const qs_shock *shock = &shocks[head * underlyings + u];
    if (planned[head]) {
      continue;
    }
    uint32_t used = 0;
    double *mine = shifts;
    for (size_t c = head; c < cells; c++) {
      const qs_shock *other = &shocks[c * underlyings + u];
      if (planned[c] || !qs_shock_same_paths(shock, other, r->paths[u].count > 0)) {
        continue;
      }
      uint32_t k = 0;
      while (k < used && mine[k] != other->log_spot) {
        k++;
      }
      if (k == used) {
        mine[used++] = other->log_spot;
      }
      planned[c] = true;
      plan->unit_of[u * cells + c] = (uint32_t)plan->count;
      plan->shift_of[u * cells + c] = k;
    }
    qs_status status = plan_units(r, arena, u, shock, mine, used, plan);
    if (status) {
      return status;
    }
    shifts += used;
  }
  return QS_OK;
}

static qs_status run_units(const revaluer *r, qs_arena *arena, chunk_plan *plan) {
  for (size_t k = 0; k < plan->count; k++) {
    plan->moments[k] = QS_NEW(arena, qs_value_unit_moments(&plan->units[k]), qs_moment);
    if (!plan->moments[k]) {
      return qs_fail_memory(r->context, "revaluing scenarios");
    }
    qs_status status = qs_path_units_room(r->context, arena, &plan->paths[k]);
    if (status) {
      return status;
    }
  }
  qs_status status =
      qs_schedule_value(r->context, r->devices, "stress", plan->units, plan->count, NULL, plan->moments);
  if (!status && plan->fourier) {
    status = qs_fourier_units_run(r->context, arena, r->market->as_of, plan->fourier, plan->count);
  }
  return status ? status
                : qs_path_units_run(r->context, arena, r->devices, "stress", plan->paths, plan->count);
}

/* Runs a chunk of cells; sources[cell * underlyings + u]. */
static qs_status run_cells(const revaluer *r, qs_arena *arena, const qs_shock *shocks, size_t cells,
                           source *sources) {
  size_t underlyings = r->market->underlying_count;
  chunk_plan plan = {.cells = cells,
                     .units = QS_NEW(arena, cells * underlyings, qs_value_unit),
                     .paths = QS_NEW(arena, cells * underlyings, qs_path_units),
                     .moments = QS_NEW(arena, cells * underlyings, qs_moment *),
                     .unit_of = QS_NEW(arena, cells * underlyings, uint32_t),
                     .shift_of = QS_NEW(arena, cells * underlyings, uint32_t)};
  if (r->simulation->fourier_stress) {
    plan.fourier = QS_NEW(arena, cells * underlyings, qs_fourier_unit);
  }
  if (!plan.units || !plan.paths || !plan.moments || !plan.unit_of || !plan.shift_of ||
      (r->simulation->fourier_stress && !plan.fourier)) {
    return qs_fail_memory(r->context, "planning scenarios");
  }
  qs_status status = QS_OK;
  for (size_t u = 0; !status && u < underlyings; u++) {
    status = plan_underlying(r, arena, u, shocks, &plan);
  }
  if (!status) {
    status = run_units(r, arena, &plan);
  }
  for (size_t u = 0; !status && u < underlyings; u++) {
    for (size_t c = 0; c < cells; c++) {
      uint32_t k = plan.unit_of[u * cells + c];
      source own = {0};
      if (k != no_unit) {
        own = (source){&plan.units[k], plan.moments[k], &plan.paths[k],
                       plan.fourier ? &plan.fourier[k] : NULL, plan.shift_of[u * cells + c]};
      }
      sources[c * underlyings + u] = k == no_unit ? r->base[u] : own;
    }
  }
  return status;
}

/* A payoff in a cell: its price in batch b, per unit of the forward, is known + moments[b * stride].mean. */
typedef struct series {
  const qs_moment *moments; /* null: nothing but what is known */
  size_t stride;
  double known;
} series;

static series series_of(const source *s, const qs_contract *contract, uint32_t payoff) {
  if (!qs_contract_on_path(contract)) {
    size_t row = s->unit->payoff_count;
    return (series){s->moments + s->shift * row + payoff, s->unit->shift_count * row, 0};
  }
  const qs_path_place *at = &s->paths->places[payoff];
  if (at->unit == QS_NO_PAYOFF) {
    return (series){NULL, 0, at->known};
  }
  const qs_path_unit *unit = &s->paths->units[at->unit];
  size_t row = unit->payoff_count;
  return (series){s->paths->moments[at->unit] + s->shift * row + at->payoff, unit->shift_count * row,
                  at->known};
}

static double batch_price(const series *s, uint32_t batch) {
  return s->known + (s->moments ? s->moments[batch * s->stride].mean : 0);
}

/* P&L of a leg of a formula in one cell, likewise; all of it is the first leg's. `prices` are of the cell, by
 * batch, null for other legs. */
static qs_estimate leg_pnl(const revaluer *r, size_t i, const qs_shock *shock, const double *prices,
                           double *scratch, double *sums, double *value) {
  const qs_contract *contract = &r->contracts[i];
  qs_estimate none = {0, 0};
  *value = 0;
  if (!prices) {
    return none;
  }
  double before = contract->quantity * qs_joint_discount(r->market, contract, 0, 0);
  double after =
      contract->quantity * qs_joint_discount(r->market, contract, shock->carry_add, shock->rate_add);
  for (uint32_t b = 0; b < r->simulation->batches; b++) {
    scratch[b] = after * prices[b];
  }
  *value = qs_batch_estimate(r->simulation, scratch).estimate;
  for (uint32_t b = 0; b < r->simulation->batches; b++) {
    scratch[b] -= before * r->joint_base[i][b];
    sums[b] += scratch[b];
  }
  return qs_batch_estimate(r->simulation, scratch);
}

/* P&L of an option in one cell by Fourier prices, likewise; `after` and `before` are its coefficients. */
static qs_estimate fourier_pnl(const revaluer *r, const source *now, const source *base, uint32_t payoff,
                               double after, double before, double *sums, double *value) {
  const size_t shocked = payoff * now->fourier->market.shift_count + now->shift;
  const size_t unmoved = payoff * base->fourier->market.shift_count + base->shift;
  *value = after * now->fourier->yields[shocked];
  const qs_estimate pnl = {*value - before * base->fourier->yields[unmoved],
                           fabs(after) * now->fourier->errors[shocked] +
                               fabs(before) * base->fourier->errors[unmoved]};
  for (uint32_t b = 0; b < r->simulation->batches; b++) {
    sums[b] += pnl.estimate;
  }
  return pnl;
}

/* P&L of one position in one cell, by batch added to sums, its estimate returned. */
static qs_estimate position_pnl(const revaluer *r, size_t i, const qs_shock *shock, const source *now,
                                double *scratch, double *sums, double *value) {
  const qs_contract *contract = &r->contracts[i];
  uint32_t batches = r->simulation->batches;
  uint32_t payoff = r->payoff_of[i];
  qs_estimate exact = {0, 0};
  if (payoff == QS_NO_PAYOFF) {
    const qs_underlying_market *market =
        contract->underlying < 0 ? NULL : &r->market->underlyings[contract->underlying];
    qs_shock none = shock ? qs_shock_none(&shock->model) : qs_shock_none(&(qs_model){0});
    double after = plain_value(contract, market, shock);
    exact.estimate = contract->quantity * (after - plain_value(contract, market, &none));
    *value = contract->quantity * after;
    for (uint32_t b = 0; b < batches; b++) {
      sums[b] += exact.estimate;
    }
    return exact;
  }
  const qs_underlying_market *market = &r->market->underlyings[contract->underlying];
  qs_shock none = qs_shock_none(&market->model);
  double after = contract->quantity * unit_coefficient(contract, market, shock);
  double before = contract->quantity * unit_coefficient(contract, market, &none);
  if (now->fourier && !qs_contract_on_path(contract)) {
    return fourier_pnl(r, now, &r->base[contract->underlying], payoff, after, before, sums, value);
  }
  series shocked = series_of(now, contract, payoff);
  series base = series_of(&r->base[contract->underlying], contract, payoff);
  for (uint32_t b = 0; b < batches; b++) {
    scratch[b] = after * batch_price(&shocked, b);
  }
  *value = qs_batch_estimate(r->simulation, scratch).estimate;
  for (uint32_t b = 0; b < batches; b++) {
    scratch[b] -= before * batch_price(&base, b);
    sums[b] += scratch[b];
  }
  return qs_batch_estimate(r->simulation, scratch);
}

static void settle_cell(const revaluer *r, const qs_shock *shocks, const source *sources,
                        double *const *joint, size_t cell, double *scratch, double *sums, qs_estimate *total,
                        qs_estimate *parts, double *values) {
  memset(sums, 0, r->simulation->batches * sizeof *sums);
  double inverted = 0; /* errors of Fourier prices, which batches do not show */
  for (size_t i = 0; i < r->count; i++) {
    int u = r->contracts[i].underlying;
    double value;
    const double *prices = joint[i] ? joint[i] + cell * r->simulation->batches : NULL;
    qs_estimate pnl = r->contracts[i].joint ? leg_pnl(r, i, &shocks[u], prices, scratch, sums, &value)
                                            : position_pnl(r, i, u < 0 ? NULL : &shocks[u],
                                                           u < 0 ? NULL : &sources[u], scratch, sums, &value);
    if (u >= 0 && sources[u].fourier && r->contracts[i].kind == QS_CONTRACT_OPTION &&
        !qs_contract_on_path(&r->contracts[i])) {
      inverted += pnl.std_error;
    }
    if (parts) {
      parts[i] = pnl;
    }
    if (values) {
      values[i] = value;
    }
  }
  *total = qs_batch_estimate(r->simulation, sums);
  total->std_error += inverted;
}

static size_t cells_per_chunk(const revaluer *r, size_t bytes) {
  size_t payoffs = 1;
  for (size_t u = 0; u < r->market->underlying_count; u++) {
    payoffs += r->sets[u].count + r->paths[u].count;
  }
  size_t cells = bytes / (payoffs * r->simulation->batches * sizeof(qs_moment));
  return cells ? cells : 1;
}

static qs_status prepare(revaluer *r) {
  size_t underlyings = r->market->underlying_count;
  qs_option_set *sets = QS_NEW(r->arena, underlyings, qs_option_set);
  qs_path_set *paths = QS_NEW(r->arena, underlyings, qs_path_set);
  uint32_t *payoff_of = QS_NEW(r->arena, r->count, uint32_t);
  qs_shock *neutral = QS_NEW(r->arena, underlyings, qs_shock);
  r->base = QS_NEW(r->arena, underlyings, source);
  if (!sets || !paths || !payoff_of || !neutral || !r->base) {
    return qs_fail_memory(r->context, "planning scenarios");
  }
  for (size_t i = 0; i < r->count; i++) {
    payoff_of[i] = QS_NO_PAYOFF;
  }
  for (size_t u = 0; u < underlyings; u++) {
    qs_status status =
        qs_option_set_build(r->context, r->arena, r->contracts, r->count, (int)u, &sets[u], payoff_of);
    if (!status) {
      status = qs_path_set_build(r->context, r->arena, r->contracts, r->count, (int)u, &paths[u], payoff_of);
    }
    if (status) {
      return status;
    }
    neutral[u] = qs_shock_none(&r->market->underlyings[u].model);
  }
  r->sets = sets;
  r->paths = paths;
  r->payoff_of = payoff_of;
  r->joint_base = QS_NEW(r->arena, r->count, double *);
  qs_status status = r->joint_base ? run_cells(r, r->arena, neutral, 1, r->base)
                                   : qs_fail_memory(r->context, "planning scenarios");
  return status ? status
                : qs_joint_revalue(r->context, r->arena, r->devices, r->market, r->contracts, r->count,
                                   r->simulation, neutral, 1, r->joint_base);
}

/* A chunk of cells whose values are there and have to be added up. */
typedef struct sums {
  const revaluer *r;
  qs_arena *arena; /* all that is below */
  const qs_shock *shocks;
  source *sources;
  double **joint, *rooms; /* rooms: of each thread */
  size_t cells;
  qs_estimate *totals, *parts;
  double *values;
  pthread_t thread;
  bool apart; /* on the thread, beside the devices' next order */
} sums;

static void *add_up(void *argument) {
  const sums *s = argument;
  const revaluer *r = s->r;
  const size_t batches = r->simulation->batches, underlyings = r->market->underlying_count;
#pragma omp parallel for num_threads(r->context->threads) schedule(dynamic)
  for (size_t c = 0; c < s->cells; c++) {
    double *scratch = s->rooms + 2 * batches * (size_t)omp_get_thread_num();
    settle_cell(r, s->shocks + c * underlyings, s->sources + c * underlyings, s->joint, c, scratch,
                scratch + batches, &s->totals[c], s->parts ? s->parts + c * r->count : NULL,
                s->values ? s->values + c * r->count : NULL);
  }
  return NULL;
}

/* Adds the chunk up, or begins to. */
static void begin_sums(sums *s, bool apart) {
  s->apart = apart && pthread_create(&s->thread, NULL, add_up, s) == 0;
  if (!s->apart) {
    add_up(s);
  }
}

static void end_sums(sums *s) {
  if (s->apart) {
    pthread_join(s->thread, NULL);
  }
  qs_arena_destroy(s->arena);
  *s = (sums){0};
}

/* Simulates the cells of a chunk. */
static qs_status run_chunk(const revaluer *r, sums *s) {
  s->arena = qs_arena_create(r->context);
  if (!s->arena) {
    return qs_fail_memory(r->context, "revaluing scenarios");
  }
  const size_t threads = (size_t)r->context->threads;
  s->sources = QS_NEW(s->arena, s->cells * r->market->underlying_count, source);
  s->rooms = QS_NEW(s->arena, 2 * r->simulation->batches * threads, double);
  s->joint = QS_NEW(s->arena, r->count, double *);
  if (!s->sources || !s->rooms || !s->joint) {
    return qs_fail_memory(r->context, "revaluing scenarios");
  }
  qs_status status = run_cells(r, s->arena, s->shocks, s->cells, s->sources);
  return status ? status
                : qs_joint_revalue(r->context, s->arena, r->devices, r->market, r->contracts, r->count,
                                   r->simulation, s->shocks, s->cells, s->joint);
}

/* Chunk after chunk; with `apart` one is added up while the devices are at the next. */
static qs_status run_chunks(const revaluer *r, const qs_shock *shocks, size_t cells, size_t chunk, bool apart,
                            qs_estimate *totals, qs_estimate *parts, double *values) {
  sums made[2] = {0};
  qs_status status = QS_OK;
  size_t turn = 0;
  for (size_t c = 0; !status && c < cells; c += chunk, turn = !turn) {
    sums *now = &made[turn];
    *now = (sums){.r = r,
                  .shocks = shocks + c * r->market->underlying_count,
                  .cells = cells - c < chunk ? cells - c : chunk,
                  .totals = totals + c,
                  .parts = parts ? parts + c * r->count : NULL,
                  .values = values ? values + c * r->count : NULL};
    status = run_chunk(r, now);
    end_sums(&made[!turn]); /* of the chunk before */
    if (!status) {
      begin_sums(now, apart && c + chunk < cells);
    }
  }
  end_sums(&made[0]);
  end_sums(&made[1]);
  return status;
}

/* Whether a device computes that is not the CPU, which adds up. */
static bool has_others(const qs_devices *devices) {
  bool others = false;
  for (size_t d = 0; d < qs_devices_count(devices); d++) {
    qs_device_report report;
    qs_devices_report(devices, d, &report);
    others = others || (report.alive && report.info.threads == 0);
  }
  return others;
}

qs_status qs_revalue_by(const qs_revalue_way *way, qs_context *context, qs_arena *arena, qs_devices *devices,
                        const qs_market *market, const qs_contract *contracts, size_t count,
                        const qs_simulation *simulation, const qs_shock *shocks, size_t cells,
                        qs_estimate *totals, qs_estimate *parts, double *values) {
  revaluer r = {.context = context,
                .arena = arena,
                .devices = devices,
                .market = market,
                .contracts = contracts,
                .count = count,
                .simulation = simulation};
  qs_status status = prepare(&r);
  return status ? status
                : run_chunks(&r, shocks, cells, cells_per_chunk(&r, way->chunk_bytes), way->apart, totals,
                             parts, values);
}

qs_status qs_revalue(qs_context *context, qs_arena *arena, qs_devices *devices, const qs_market *market,
                     const qs_contract *contracts, size_t count, const qs_simulation *simulation,
                     const qs_shock *shocks, size_t cells, qs_estimate *totals, qs_estimate *parts,
                     double *values) {
  const bool apart = has_others(devices);
  const qs_revalue_way way = {apart ? chunk_bytes / 2 : chunk_bytes, apart};
  return qs_revalue_by(&way, context, arena, devices, market, contracts, count, simulation, shocks, cells,
                       totals, parts, values);
}
