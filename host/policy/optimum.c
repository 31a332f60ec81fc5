#include "host/policy/optimum.h"

#include <math.h>
#include <string.h>

#include "host/base/exchange.h"
#include "host/policy/apply.h"
#include "host/policy/holdings.h"
#include "host/policy/impact.h"

enum { HOLDINGS_PLAIN = 511, HOLDINGS_STOCHASTIC = 95 };
static const double margin = 0.01; /* of holdings beyond the targets */

/* A recursion over dates: the optimum's, or one of a table of bands. */
typedef struct recursion {
  qs_context *context;
  const qs_policy_ground *ground;
  const qs_policy_table *table; /* null: the optimum */
  double tracking, costing;     /* weights of the two parts */
  qs_policy_holdings nodes;     /* of the holding */
  size_t lanes;
  double *now, *ahead; /* [y][x][lanes]: D of the date after, lane `count` its W(0); and their means */
  double *low, *high;  /* [y][x] of the date in hand */
  bool keeps;          /* the means ahead are kept */
} recursion;

static size_t state_count(const qs_policy_ground *g) {
  return g->ratios.nodes->x_count * g->ratios.nodes->y_count;
}

static qs_status start(qs_arena *arena, const qs_policy_settings *settings, recursion *r) {
  size_t states = state_count(r->ground);
  size_t usual = r->ground->ratios.nodes->y_count > 1 ? HOLDINGS_STOCHASTIC : HOLDINGS_PLAIN;
  size_t wanted = settings->holding_count ? settings->holding_count : usual;
  if (!qs_policy_make_holdings(arena, r->ground, wanted, margin, &r->nodes)) {
    return qs_fail_memory(r->context, "hedging over time");
  }
  r->lanes = (r->nodes.count + QS_POLICY_LANES) / QS_POLICY_LANES * QS_POLICY_LANES;
  r->now = QS_NEW(arena, states * r->lanes, double);
  r->ahead = QS_NEW(arena, states * r->lanes, double);
  r->low = QS_NEW(arena, states, double);
  r->high = QS_NEW(arena, states, double);
  bool made = r->now && r->ahead && r->low && r->high;
  return made ? QS_OK : qs_fail_memory(r->context, "hedging over time");
}

/* What a trade of a date costs, weighted. */
static qs_policy_convex cost_of(const recursion *r, const qs_policy_date *date, double x) {
  return (qs_policy_convex){r->costing * qs_policy_unit_cost(date, x),
                            r->costing * date->discount * date->impact};
}

/* D and W of the unwinding. */
static void unwind(recursion *r) {
  const qs_policy_nodes *nodes = r->ground->ratios.nodes;
  const qs_policy_date *last = &r->ground->problem->dates[r->ground->ratios.date_count];
  for (size_t s = 0; s < state_count(r->ground); s++) {
    double x = nodes->x_low + (double)(s % nodes->x_count) * nodes->x_step;
    const qs_policy_convex cost = cost_of(r, last, x);
    double *d = r->now + s * r->lanes;
    for (size_t i = 0; i < r->nodes.count; i++) {
      const double slope = qs_policy_convex_slope(&cost, r->nodes.holding[i]);
      d[i] = i < r->nodes.zero ? -slope : slope;
    }
    d[r->nodes.count] = 0;
  }
}

/* The integral of f + shift from 0 to `end`, f linear between nodes and beyond them. */
static double integral(const recursion *r, const double *f, double shift, double end) {
  double sum = 0;
  if (end > 0) {
    for (size_t i = r->nodes.zero; i + 1 < r->nodes.count && r->nodes.holding[i] < end; i++) {
      bool last = i + 2 == r->nodes.count || r->nodes.holding[i + 1] >= end;
      double from = r->nodes.holding[i], width = r->nodes.holding[i + 1] - from,
             part = last ? end - from : width;
      sum += part * (f[i] + shift + 0.5 * part / width * (f[i + 1] - f[i]));
    }
  } else {
    for (size_t i = r->nodes.zero - 1; i > 0 && r->nodes.holding[i] > end; i--) {
      bool last = i == 1 || r->nodes.holding[i - 1] <= end;
      double from = r->nodes.holding[i], width = from - r->nodes.holding[i - 1],
             part = last ? from - end : width;
      sum -= part * (f[i] + shift + 0.5 * part / width * (f[i - 1] - f[i]));
    }
  }
  return sum;
}

static double slope_at(const void *data, size_t i) {
  return ((const double *)data)[i];
}

/* Where a trade from node i ends; slope: C' at the nodes. */
static double trade_from(const recursion *r, const qs_policy_convex *cost, const double *slope, size_t i) {
  const qs_policy_line line = {r->nodes.holding, r->nodes.count, slope_at, slope};
  const int side = slope[i] < -cost->cost ? 1 : slope[i] > cost->cost ? -1 : 0;
  return side ? qs_policy_part_way(&line, cost, side, r->nodes.holding[i], slope[i], side > 0 ? i + 1 : i - 1)
              : r->nodes.holding[i];
}

/* D where there is impact, and W(0) less C(0). */
static double update_impact(const recursion *r, const qs_policy_convex *cost, const double *slope,
                            double *d) {
  double gained = 0;
  for (size_t i = 0; i < r->nodes.count; i++) {
    const double from = r->nodes.holding[i], to = trade_from(r, cost, slope, i), units = to - from;
    const double marginal = qs_policy_convex_slope(cost, units);
    d[i] = fabs(slope[i]) <= cost->cost ? slope[i] : slope[i] < 0 ? -marginal : marginal;
    if ((i == r->nodes.zero && units > 0) || (i + 1 == r->nodes.zero && units < 0)) {
      gained = integral(r, slope, 0, to) + qs_policy_convex_cost(cost, units);
    }
  }
  return gained;
}

/* One state of one date: C' in place of the mean ahead, then D and W. */
static void update(recursion *r, size_t n, size_t s) {
  const qs_policy_ground *g = r->ground;
  const qs_policy_nodes *nodes = &g->ratios.nodes[n];
  size_t y = s / nodes->x_count;
  double x = nodes->x_low + (double)(s % nodes->x_count) * nodes->x_step;
  double variance = r->tracking * qs_policy_gain_variance(g->problem, &g->ratios, n, y, x);
  const qs_policy_convex convex = cost_of(r, &g->problem->dates[n], x);
  double cost = convex.cost, target = -g->ratios.local[n][s];
  const double *ahead = r->ahead + s * r->lanes;
  double *d = r->now + s * r->lanes, slope[QS_MOST_HOLDINGS] = {0};
  for (size_t i = 0; i < r->nodes.count; i++) {
    slope[i] = 2 * (r->nodes.holding[i] - target) * variance + ahead[i];
  }
  if (r->table) {
    double root = nodes->y_low + (double)y * nodes->y_step;
    qs_policy_band band = qs_policy_band_at(r->table, n, x, root);
    r->low[s] = band.low;
    r->high[s] = band.high;
  } else {
    r->low[s] = qs_policy_crossing(&r->nodes, slope, cost);
    r->high[s] = fmax(qs_policy_crossing(&r->nodes, slope, -cost), r->low[s]);
  }
  double level = ahead[r->nodes.count] + target * target * variance, low = r->low[s], high = r->high[s];
  if (convex.impact > 0) {
    level += update_impact(r, &convex, slope, d);
    d[r->nodes.count] = level;
    return;
  }
  level += low > 0 ? integral(r, slope, cost, low) : high < 0 ? integral(r, slope, -cost, high) : 0;
  for (size_t i = 0; i < r->nodes.count; i++) {
    d[i] = r->nodes.holding[i] < low    ? -cost
           : r->nodes.holding[i] > high ? cost
                                        : fmin(fmax(slope[i], -cost), cost);
    if (r->table && r->nodes.holding[i] >= low && r->nodes.holding[i] <= high) {
      d[i] = slope[i];
    }
  }
  d[r->nodes.count] = level;
}

/* Whether the caller wants to go on. */
static qs_status look_up(const recursion *r) {
  return qs_cancelled(r->context)
             ? qs_fail(r->context, QS_ERROR_CANCELLED, "cancelled while hedging over time")
             : QS_OK;
}

/* Every process of a team takes its range of the states. */
static qs_status step_back(recursion *r, size_t n) {
  const size_t states = state_count(r->ground);
  uint64_t begin, end;
  qs_exchange_range(r->context, states, &begin, &end);
  qs_policy_expect_part(r->ground->laws[n], r->context->threads, r->lanes, r->now, begin, end, r->ahead);
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (size_t s = begin; s < end; s++) {
    update(r, n, s);
  }
  const size_t row = r->lanes * sizeof(double);
  const qs_exchange_rows made[] = {
      {.first = r->now, .rows = 1, .item_bytes = row, .items = states},
      {.first = r->low, .rows = 1, .item_bytes = sizeof(double), .items = states},
      {.first = r->high, .rows = 1, .item_bytes = sizeof(double), .items = states},
      {.first = r->ahead, .rows = 1, .item_bytes = row, .items = states}};
  return qs_exchange_all(r->context, "simulate", made, r->keeps ? 4 : 3, look_up(r));
}

/* W at the first date with what is held, seen from as_of. */
static qs_status value_now(qs_arena *arena, recursion *r, double *value) {
  size_t states = state_count(r->ground);
  double *w = QS_NEW(arena, states, double);
  if (!w) {
    return qs_fail_memory(r->context, "hedging over time");
  }
  for (size_t s = 0; s < states; s++) {
    const double *d = r->now + s * r->lanes;
    w[s] = d[r->nodes.count] + integral(r, d, 0, r->ground->problem->holding);
  }
  return qs_policy_mean_now(r->context, arena, r->ground, w, value);
}

/* The value of a table, with given weights of tracking and cost. */
static qs_status run_table(qs_context *context, const qs_policy_ground *ground,
                           const qs_policy_settings *settings, const qs_policy_table *table, double tracking,
                           double costing, double *value) {
  qs_arena *arena = qs_arena_create(context);
  if (!arena) {
    return qs_fail_memory(context, "hedging over time");
  }
  recursion r = {
      .context = context, .ground = ground, .table = table, .tracking = tracking, .costing = costing};
  qs_status status = start(arena, settings, &r);
  if (!status) {
    unwind(&r);
    for (size_t n = ground->ratios.date_count; !status && n-- > 0;) {
      status = step_back(&r, n);
    }
    status = status ? status : value_now(arena, &r, value);
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_policy_evaluate(qs_context *context, const qs_policy_ground *ground,
                             const qs_policy_settings *settings, const qs_policy_table *table,
                             qs_policy_value *value) {
  if (table->date_count != ground->ratios.date_count) {
    return qs_fail(context, QS_ERROR_INPUT, "the policy has %zu dates, the problem %zu", table->date_count,
                   ground->ratios.date_count);
  }
  if (qs_policy_has_impact(ground->problem)) {
    return qs_fail(context, QS_ERROR_INPUT, "a table is valued without impact alone");
  }
  qs_policy_value v;
  qs_status status = run_table(context, ground, settings, table, 1, 0, &v.variance);
  if (!status) {
    status = run_table(context, ground, settings, table, 0, 1, &v.cost);
  }
  if (!status) {
    v.variance += ground->j0;
    v.objective = v.variance + ground->problem->cost_weight * v.cost;
    *value = v;
  }
  return status;
}

/* Room for the bands and, if kept, the means ahead. */
typedef struct kept {
  double **low, **high;
  float **ahead;
} kept;

static bool make_kept(qs_arena *arena, const recursion *r, bool keep, kept *k) {
  size_t dates = r->ground->ratios.date_count, states = state_count(r->ground);
  k->low = QS_NEW(arena, dates, double *);
  k->high = QS_NEW(arena, dates, double *);
  k->ahead = keep ? QS_NEW(arena, dates, float *) : NULL;
  bool made = k->low && k->high && (!keep || k->ahead);
  for (size_t n = 0; made && n < dates; n++) {
    k->low[n] = QS_NEW(arena, states, double);
    k->high[n] = QS_NEW(arena, states, double);
    if (keep) {
      k->ahead[n] = QS_NEW(arena, states * r->lanes, float);
    }
    made = k->low[n] && k->high[n] && (!keep || k->ahead[n]);
  }
  return made;
}

qs_status qs_policy_optimise(qs_context *context, qs_arena *arena, const qs_policy_ground *ground,
                             const qs_policy_settings *settings, bool keep, qs_policy_optimum *optimum) {
  qs_arena *scratch = qs_arena_create(context);
  recursion r = {.context = context,
                 .ground = ground,
                 .tracking = 1,
                 .costing = ground->problem->cost_weight,
                 .keeps = keep};
  kept k = {0};
  qs_status status = scratch ? start(scratch, settings, &r) : qs_fail_memory(context, "hedging over time");
  double *holding = status ? NULL : QS_NEW(arena, r.nodes.count, double);
  if (!status && (!holding || !make_kept(arena, &r, keep, &k))) {
    status = qs_fail_memory(context, "hedging over time");
  }
  qs_policy_optimum out = {0};
  if (!status) {
    size_t states = state_count(ground);
    unwind(&r);
    for (size_t n = ground->ratios.date_count; !status && n-- > 0;) {
      status = step_back(&r, n);
      memcpy(k.low[n], r.low, states * sizeof *r.low);
      memcpy(k.high[n], r.high, states * sizeof *r.high);
      for (size_t i = 0; keep && i < states * r.lanes; i++) {
        k.ahead[n][i] = (float)r.ahead[i];
      }
    }
    memcpy(holding, r.nodes.holding, r.nodes.count * sizeof *holding);
    out = (qs_policy_optimum){.holding_count = r.nodes.count, .holding = holding, .lanes = r.lanes};
    out.ahead = (const float *const *)k.ahead;
    out.table = (qs_policy_table){ground->ratios.date_count, ground->ratios.nodes,
                                  (const double *const *)k.low, (const double *const *)k.high};
    status = status ? status : value_now(scratch, &r, &out.value.objective);
  }
  const bool impact = qs_policy_has_impact(ground->problem);
  out.value.cost = NAN;
  if (!status && !impact) {
    status = run_table(context, ground, settings, &out.table, 0, 1, &out.value.cost);
  }
  if (!status) {
    out.value.objective += ground->j0;
    out.value.variance = out.value.objective - ground->problem->cost_weight * out.value.cost;
    *optimum = out;
  }
  qs_arena_destroy(scratch);
  return status;
}
