/* Revaluation of contracts on the horizon's states. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/exchange.h"
#include "host/base/model.h"
#include "host/engine/horizon_state.h"
#include "host/market/fourier.h"
#include "host/market/time.h"
#include "kernels/core/key.h"

/* A sum of contracts of one underlying, ready to be valued on any path. */
typedef struct sum {
  const qs_horizon *horizon;
  const qs_underlying_market *market;
  const qs_horizon_states *end;
  double forward;  /* of the horizon's date: S = forward e^x */
  double constant; /* what does not depend on the path */
  double per_spot; /* times S */
} sum;

/* Value now of one unit of a contract without optionality. */
static double plain_now(const qs_underlying_market *market, const qs_contract *contract) {
  double spot = market->spot, years = contract->years;
  double forward = contract->kind == QS_CONTRACT_PERPETUAL ? spot : qs_curve_forward(&market->curve, years);
  switch (contract->kind) {
  case QS_CONTRACT_FORWARD:
    return exp(-market->discount_rate * years) * (forward - contract->strike);
  case QS_CONTRACT_FUTURE:
  case QS_CONTRACT_PERPETUAL:
    return contract->settlement == QS_SETTLE_COIN ? spot * (1 / contract->entry_price - 1 / forward)
                                                  : forward - contract->entry_price;
  case QS_CONTRACT_SPOT:
  case QS_CONTRACT_CASH:
  case QS_CONTRACT_OPTION:
    break;
  case QS_CONTRACT_PATH:
    return contract->expansion->value;
  }
  return spot;
}

/* Values now of options of one expiry, one unit each, by the same Fourier prices as the tables. */
static qs_status options_now(qs_context *context, qs_time as_of, const qs_underlying_market *market,
                             const qs_contract *const *options, size_t count, double *k, double *price) {
  double years = options[0]->years, forward = qs_curve_forward(&market->curve, years);
  for (size_t i = 0; i < count; i++) {
    k[i] = log(options[i]->strike / forward);
  }
  qs_fourier_output output = {.price = price};
  qs_fourier_settings settings = qs_fourier_defaults();
  settings.added_variance = qs_shift_added(&market->shift, as_of, options[0]->expiry);
  qs_fourier_report report;
  qs_status status = qs_fourier_strip(&market->model, years, count, k, &settings, &output, &report);
  if (status && !(status == QS_ERROR_UNTRUSTED && report.error < 1e-6)) {
    return qs_fail(context, status, "%s: pricing: %s", options[0]->id, report.problem);
  }
  for (size_t i = 0; i < count; i++) {
    bool coin = options[i]->settlement == QS_SETTLE_COIN;
    double discount = exp(-(coin ? market->coin_rate : market->discount_rate) * years);
    double y = options[i]->call_put == QS_CALL ? price[i] : price[i] - 1 + exp(k[i]);
    price[i] = discount * (coin ? market->spot : forward) * y;
  }
  return QS_OK;
}

static int by_option(const void *a, const void *b) {
  const qs_contract *x = *(const qs_contract *const *)a, *y = *(const qs_contract *const *)b;
  if (x->underlying != y->underlying) {
    return x->underlying < y->underlying ? -1 : 1;
  }
  if (x->expiry != y->expiry) {
    return x->expiry < y->expiry ? -1 : 1;
  }
  return x < y ? -1 : x > y;
}

/* Values now of the options among the contracts, expiry by expiry. */
static qs_status all_options_now(const qs_horizon *h, qs_context *context, qs_arena *arena,
                                 const qs_contract *contracts, size_t count, double *now) {
  const qs_contract **options = QS_NEW(arena, count, const qs_contract *);
  double *k = QS_NEW(arena, count, double), *price = QS_NEW(arena, count, double);
  if (!options || !k || !price) {
    return qs_fail_memory(context, "revaluing at the horizon");
  }
  size_t option_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (contracts[i].kind == QS_CONTRACT_OPTION) {
      options[option_count++] = &contracts[i];
    }
  }
  qsort(options, option_count, sizeof *options, by_option);
  for (size_t i = 0, end; i < option_count; i = end) {
    for (end = i; end < option_count && options[end]->underlying == options[i]->underlying &&
                  options[end]->expiry == options[i]->expiry;) {
      end++;
    }
    qs_status status = options_now(context, h->market->as_of, &h->market->underlyings[options[i]->underlying],
                                   options + i, end - i, k, price);
    if (status) {
      return status;
    }
    for (size_t j = i; j < end; j++) {
      now[options[j] - contracts] = price[j - i];
    }
  }
  return QS_OK;
}

qs_status qs_horizon_values_now(const qs_horizon *h, qs_context *context, const qs_contract *contracts,
                                size_t count, double *now) {
  for (size_t i = 0; i < count; i++) {
    int u = contracts[i].underlying;
    if (contracts[i].kind == QS_CONTRACT_PATH && !contracts[i].expansion) {
      return qs_fail(context, QS_ERROR_USAGE, "%s: a trade along a path must be valued before its P&L",
                     contracts[i].id);
    }
    now[i] = u < 0 ? 1 : plain_now(&h->market->underlyings[u], &contracts[i]);
  }
  qs_arena *arena = qs_arena_create(context);
  qs_status status = arena ? all_options_now(h, context, arena, contracts, count, now)
                           : qs_fail_memory(context, "revaluing at the horizon");
  qs_arena_destroy(arena);
  return status;
}

/* Standard normals of a tenor's basis factor, by path. */
static double basis_normal(uint64_t key, uint64_t path) {
  qs_words words = qs_philox(qs_counter(path, 0, 0, 0), (uint32_t)key, (uint32_t)(key >> 32));
  return qs_normal_d(words.a, words.b);
}

/* ln of a future's basis at the horizon: Ornstein-Uhlenbeck from 0, correlated with the spot's return. */
typedef struct basis {
  double deviation, on_spot, alone; /* deviation x (on_spot x standardised return + alone x normal) */
  double mean_x, deviation_x;
  uint64_t key;
} basis;

static basis make_basis(const qs_horizon *h, const qs_underlying_market *market, const qs_horizon_states *end,
                        const qs_contract *contract) {
  const qs_underlying_spec *spec = market->spec;
  double years = h->spec.days / 365, speed = spec->basis_mean_reversion;
  double reach = speed > 0 ? -expm1(-2 * speed * years) / (2 * speed) : years;
  double mean = 0, square = 0;
  for (uint64_t p = 0; p < h->spec.paths; p++) {
    double d = end->x[p] - mean;
    mean += d / (double)(p + 1);
    square += d * (end->x[p] - mean);
  }
  basis b;
  b.deviation = spec->basis_volatility * sqrt(reach);
  b.on_spot = spec->basis_correlation;
  b.alone = sqrt(1 - b.on_spot * b.on_spot);
  b.mean_x = mean;
  b.deviation_x = square > 0 ? sqrt(square / (double)h->spec.paths) : 1;
  b.key = qs_key(h->spec.seed, QS_PURPOSE_RISK, contract->instrument ? contract->instrument : contract->id);
  return b;
}

static double basis_at(const basis *b, const qs_horizon_states *end, uint64_t path) {
  if (b->deviation == 0) {
    return 0;
  }
  double spot = (end->x[path] - b->mean_x) / b->deviation_x;
  return b->deviation * (b->on_spot * spot + (b->alone != 0 ? b->alone * basis_normal(b->key, path) : 0));
}

/* Which paths, and where their values go: paths null means those from `first` on, in order. */
typedef struct target {
  const uint64_t *paths;
  uint64_t first, count;
  double *out;
  int threads;
} target;

static uint64_t path_at(const target *t, uint64_t i) {
  return t->paths ? t->paths[i] : t->first + i;
}

/* Futures and perpetuals that outlive the horizon. */
static void add_future(const sum *s, const qs_contract *contract, double weight, const target *t) {
  const qs_horizon *h = s->horizon;
  bool perpetual = contract->kind == QS_CONTRACT_PERPETUAL;
  double level = perpetual ? s->forward : qs_curve_forward(&s->market->curve, contract->years);
  basis b = make_basis(h, s->market, s->end, contract);
#pragma omp parallel for num_threads(t->threads) schedule(static)
  for (uint64_t i = 0; i < t->count; i++) {
    uint64_t p = path_at(t, i);
    double growth = exp(s->end->x[p]);
    double price = level * growth * exp(basis_at(&b, s->end, p));
    double value = contract->settlement == QS_SETTLE_LINEAR
                       ? price - contract->entry_price
                       : s->forward * growth * (1 / contract->entry_price - 1 / price);
    t->out[i] += weight * value;
  }
}

/* Contracts along paths, by their expansion about now. */
static void add_path(const sum *s, const qs_contract *contract, double weight, const target *t) {
  const qs_expansion *e = contract->expansion;
  const qs_model *model = &s->market->model;
  bool varies = qs_model_stochastic(model);
  double days = fmin(s->horizon->spec.days, contract->years * 365);
  double value = e->value + e->theta * days, growth = log(s->forward / s->market->spot);
#pragma omp parallel for num_threads(t->threads) schedule(static)
  for (uint64_t i = 0; i < t->count; i++) {
    uint64_t p = path_at(t, i);
    double x = growth + s->end->x[p], v = varies ? s->end->v[p] - model->value[QS_V0] : 0;
    t->out[i] += weight * (value + e->slope * x + 0.5 * e->curvature * x * x + e->by_variance * v);
  }
}

/* What a leg of a formula over several underlyings does together with the others. */
static qs_status add_together(const sum *s, qs_context *context, qs_horizon *h, const qs_contract *contract,
                              double weight, const target *t) {
  const double mine = log(s->forward / s->market->spot);
  for (size_t b = 0; b < contract->joint->asset_count; b++) {
    const int u = contract->joint->underlyings[b];
    const double together = contract->expansion->together[b];
    const qs_underlying_market *other = &h->market->underlyings[u];
    const qs_horizon_states *states;
    if (together == 0) {
      continue;
    }
    qs_status status = qs_horizon_states_at(h, context, (size_t)u, qs_horizon_end(h), &states);
    if (status) {
      return status;
    }
    const double growth = log(qs_curve_forward(&other->curve, h->spec.days / 365) / other->spot);
#pragma omp parallel for num_threads(t->threads) schedule(static)
    for (uint64_t i = 0; i < t->count; i++) {
      uint64_t p = path_at(t, i);
      t->out[i] += weight * together * (mine + s->end->x[p]) * (growth + states->x[p]);
    }
  }
  return QS_OK;
}

/* What expires inside the horizon: its payoff on the path's spot at its date, kept as cash in its currency
 * until the horizon. */
static qs_status add_settled(const sum *s, qs_context *context, qs_horizon *h, size_t u,
                             const qs_contract *contract, double weight, const target *t) {
  const qs_horizon_states *at;
  qs_status status = qs_horizon_states_at(h, context, u, contract->expiry, &at);
  if (status) {
    return status;
  }
  double forward = qs_curve_forward(&s->market->curve, contract->years);
  double left = h->spec.days / 365 - contract->years;
  bool coin = contract->settlement == QS_SETTLE_COIN;
  double growth = exp((coin ? s->market->coin_rate : s->market->discount_rate) * left);
  double sign = contract->call_put == QS_CALL ? 1 : -1;
#pragma omp parallel for num_threads(t->threads) schedule(static)
  for (uint64_t i = 0; i < t->count; i++) {
    uint64_t p = path_at(t, i);
    double spot = forward * exp(at->x[p]), pay;
    if (contract->kind == QS_CONTRACT_OPTION) {
      pay = fmax(sign * (spot - contract->strike), 0) / (coin ? spot : 1);
    } else if (contract->kind == QS_CONTRACT_FORWARD) {
      pay = spot - contract->strike;
    } else {
      pay = coin ? 1 / contract->entry_price - 1 / spot : spot - contract->entry_price;
    }
    t->out[i] += weight * growth * pay * (coin ? s->forward * exp(s->end->x[p]) : 1);
  }
  return QS_OK;
}

static void add_table(const sum *s, const qs_state_table *table, const target *t) {
#pragma omp parallel for num_threads(t->threads) schedule(static)
  for (uint64_t i = 0; i < t->count; i++) {
    uint64_t p = path_at(t, i);
    t->out[i] += exp(s->end->x[p]) * qs_state_table_value(table, s->end->x[p], s->end->v[p]);
  }
}

/* Options of one expiry after the horizon, summed into one table. */
static qs_status add_options(const sum *s, qs_context *context, qs_arena *arena, qs_horizon *h, size_t u,
                             const qs_contract *const *contracts, const double *weights, size_t count,
                             const target *t) {
  qs_time expiry = contracts[0]->expiry;
  const qs_surface *surface;
  qs_status status = qs_horizon_surface_at(h, context, u, expiry, &surface);
  if (status) {
    return status;
  }
  qs_surface_option *options = QS_NEW(arena, count, qs_surface_option);
  double *values = QS_NEW(arena, qs_state_table_size(surface, &s->end->range), double);
  if (!options || !values) {
    return qs_fail_memory(context, "revaluing at the horizon");
  }
  double forward = qs_curve_forward(&s->market->curve, contracts[0]->years);
  double left = qs_time_years(qs_horizon_end(h), expiry);
  for (size_t i = 0; i < count; i++) {
    bool coin = contracts[i]->settlement == QS_SETTLE_COIN;
    double discount = exp(-(coin ? s->market->coin_rate : s->market->discount_rate) * left);
    options[i].k = log(contracts[i]->strike / forward);
    options[i].weight = weights[i] * discount * (coin ? s->forward : forward);
    options[i].call = contracts[i]->call_put == QS_CALL;
  }
  qs_state_table table;
  qs_state_table_fill(surface, &s->end->range, options, count, values, &table);
  add_table(s, &table, t);
  return QS_OK;
}

typedef struct weighted {
  const qs_contract *contract;
  double weight;
} weighted;

static int by_expiry(const void *a, const void *b) {
  const weighted *x = a, *y = b;
  if (x->contract->expiry != y->contract->expiry) {
    return x->contract->expiry < y->contract->expiry ? -1 : 1;
  }
  if (x->contract->strike != y->contract->strike) {
    return x->contract->strike < y->contract->strike ? -1 : 1;
  }
  return strcmp(x->contract->id, y->contract->id);
}

static qs_status add_all_options(const sum *s, qs_context *context, qs_horizon *h, size_t u,
                                 weighted *options, size_t count, const target *t) {
  qs_arena *arena = qs_arena_create(context);
  const qs_contract **contracts = arena ? QS_NEW(arena, count, const qs_contract *) : NULL;
  double *weights = arena ? QS_NEW(arena, count, double) : NULL;
  qs_status status = contracts && weights ? QS_OK : qs_fail_memory(context, "revaluing at the horizon");
  if (!status) {
    qsort(options, count, sizeof *options, by_expiry);
    for (size_t i = 0; i < count; i++) {
      contracts[i] = options[i].contract;
      weights[i] = options[i].weight;
    }
  }
  for (size_t i = 0; !status && i < count;) {
    size_t end = i;
    while (end < count && contracts[end]->expiry == contracts[i]->expiry) {
      end++;
    }
    status = add_options(s, context, arena, h, u, contracts + i, weights + i, end - i, t);
    i = end;
  }
  qs_arena_destroy(arena);
  return status;
}

/* Adds the P&L of the contracts of one underlying. */
static qs_status add_underlying(qs_horizon *h, qs_context *context, size_t u, const qs_contract *contracts,
                                const double *now, const double *weights, size_t count, weighted *options,
                                const target *t) {
  sum s = {.horizon = h, .market = &h->market->underlyings[u]};
  qs_status status = qs_horizon_states_at(h, context, u, qs_horizon_end(h), &s.end);
  s.forward = qs_curve_forward(&s.market->curve, h->spec.days / 365);
  size_t option_count = 0;
  for (size_t i = 0; !status && i < count; i++) {
    const qs_contract *contract = &contracts[i];
    if (contract->underlying != (int)u || weights[i] == 0) {
      continue;
    }
    s.constant -= weights[i] * now[i];
    bool ends = contract->expiry && contract->expiry <= qs_horizon_end(h);
    if (contract->kind == QS_CONTRACT_PATH) {
      add_path(&s, contract, weights[i], t);
      status = contract->joint ? add_together(&s, context, h, contract, weights[i], t) : QS_OK;
    } else if (ends) {
      status = add_settled(&s, context, h, u, contract, weights[i], t);
    } else if (contract->kind == QS_CONTRACT_OPTION) {
      options[option_count].contract = contract;
      options[option_count++].weight = weights[i];
    } else if (contract->kind == QS_CONTRACT_FORWARD) {
      double discount = exp(-s.market->discount_rate * qs_time_years(qs_horizon_end(h), contract->expiry));
      s.per_spot += weights[i] * discount * qs_curve_forward(&s.market->curve, contract->years) / s.forward;
      s.constant -= weights[i] * discount * contract->strike;
    } else if (contract->kind == QS_CONTRACT_FUTURE || contract->kind == QS_CONTRACT_PERPETUAL) {
      add_future(&s, contract, weights[i], t);
    } else {
      s.per_spot += weights[i];
    }
  }
  if (!status && option_count) {
    status = add_all_options(&s, context, h, u, options, option_count, t);
  }
  for (uint64_t i = 0; !status && i < t->count; i++) {
    t->out[i] += s.constant + (s.per_spot != 0 ? s.per_spot * s.forward * exp(s.end->x[path_at(t, i)]) : 0);
  }
  return status;
}

/* Values of the sum on the target's paths, underlying by underlying. */
static qs_status evaluate(qs_horizon *h, qs_context *context, const qs_contract *contracts, const double *now,
                          const double *weights, size_t count, const target *t) {
  qs_arena *arena = qs_arena_create(context);
  weighted *options = arena ? QS_NEW(arena, count, weighted) : NULL;
  qs_status status = options ? QS_OK : qs_fail_memory(context, "revaluing at the horizon");
  if (!status) {
    memset(t->out, 0, t->count * sizeof *t->out);
  }
  for (size_t u = 0; !status && u < h->market->underlying_count; u++) {
    if (qs_cancelled(context)) {
      status = qs_fail(context, QS_ERROR_CANCELLED, "cancelled");
      break;
    }
    size_t held = 0;
    while (held < count && contracts[held].underlying != (int)u) {
      held++;
    }
    if (held < count) {
      status = add_underlying(h, context, u, contracts, now, weights, count, options, t);
    }
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_horizon_pnl(qs_horizon *horizon, qs_context *context, const qs_contract *contracts,
                         const double *weights, size_t count, double *pnl) {
  qs_arena *arena = qs_arena_create(context);
  double *now = arena ? QS_NEW(arena, count, double) : NULL;
  qs_status status = now ? qs_horizon_values_now(horizon, context, contracts, count, now)
                         : qs_fail_memory(context, "revaluing at the horizon");
  if (!status) { /* every process of a team its own paths */
    uint64_t begin, end;
    qs_exchange_range(context, horizon->spec.paths, &begin, &end);
    target own = {NULL, begin, end - begin, pnl + begin, context->threads};
    status = evaluate(horizon, context, contracts, now, weights, count, &own);
    const qs_exchange_rows row = {
        .first = pnl, .rows = 1, .item_bytes = sizeof *pnl, .items = horizon->spec.paths};
    status = qs_exchange_all(context, "risk", &row, 1, status);
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_horizon_pnl_at(qs_horizon *horizon, qs_context *context, const qs_contract *contract, double now,
                            double weight, const uint64_t *paths, size_t path_count, double *pnl) {
  /* Too little work for more than one thread: callers ask for one contract after the other. */
  target chosen = {paths, 0, path_count, pnl, 1};
  return evaluate(horizon, context, contract, &now, &weight, 1, &chosen);
}
