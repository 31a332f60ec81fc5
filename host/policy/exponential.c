#include "host/policy/exponential.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "host/market/clones.h"
#include "host/market/lane_math.h"
#include "host/policy/holdings.h"

enum { HOLDINGS = 255, LANES = 64, TILE = 32 }; /* states and holdings that are averaged together */
static const double margin = 0.1;               /* of holdings beyond the targets */
static const double most = 600;                 /* of an exponent */

typedef struct recursion {
  qs_context *context;
  const qs_policy_ground *ground;
  double aversion;
  qs_policy_holdings nodes; /* of the holding */
  size_t lanes, states;
  long reach;          /* nodes that a period's law goes beyond the last one */
  double *holding;     /* [lanes], the last one repeated */
  double *loss, *rate; /* [x][lanes]: L of the date after and its derivative; then of this date */
  double *next, *rise; /* [x][lanes]: G and its derivative */
  double *growth;      /* e^x at node i - reach */
  double *value;       /* likewise, V of the date after with what is paid then */
  double *now;         /* [x], V of this date */
  double *low, *high;  /* [x] */
  double *room;        /* [thread][2][window][LANES] */
  size_t window;
} recursion;

static double node_x(const recursion *r, long i) {
  const qs_policy_nodes *nodes = r->ground->ratios.nodes;
  return nodes->x_low + (double)i * nodes->x_step;
}

static long inside(const recursion *r, long i) {
  return i < 0 ? 0 : i >= (long)r->states ? (long)r->states - 1 : i;
}

/* The most nodes that a law goes to either side. */
static long find_reach(const qs_policy_ground *g) {
  long reach = 1;
  for (size_t n = 0; n < g->ratios.date_count; n++) {
    const qs_policy_law *law = g->laws[n];
    for (size_t k = 0; k < law->run_count[0]; k++) {
      const long first = law->run[0][k].first, end = first + (long)law->run[0][k].count;
      reach = -first > reach ? -first : reach;
      reach = end > reach ? end : reach;
    }
  }
  return reach;
}

static qs_status start(qs_arena *arena, const qs_policy_settings *settings, recursion *r) {
  const size_t wanted = settings->holding_count ? settings->holding_count : HOLDINGS;
  if (!qs_policy_make_holdings(arena, r->ground, wanted, margin, &r->nodes)) {
    return qs_fail_memory(r->context, "hedging under utility");
  }
  r->states = r->ground->ratios.nodes->x_count;
  r->lanes = (r->nodes.count + LANES - 1) / LANES * LANES;
  r->reach = find_reach(r->ground);
  r->window = TILE + 2 * (size_t)r->reach;
  const size_t cells = r->states * r->lanes, far = r->states + 2 * (size_t)r->reach;
  double **arrays[] = {&r->loss, &r->rate, &r->next, &r->rise};
  bool made = true;
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
    *arrays[i] = QS_NEW(arena, cells, double);
    made = made && *arrays[i];
  }
  r->holding = QS_NEW(arena, r->lanes, double);
  r->growth = QS_NEW(arena, far, double);
  r->value = QS_NEW(arena, far, double);
  r->now = QS_NEW(arena, r->states, double);
  r->low = QS_NEW(arena, r->states, double);
  r->high = QS_NEW(arena, r->states, double);
  r->room = QS_NEW(arena, (size_t)r->context->threads * 2 * r->window * LANES, double);
  if (!made || !r->holding || !r->growth || !r->value || !r->now || !r->low || !r->high || !r->room) {
    return qs_fail_memory(r->context, "hedging under utility");
  }
  for (size_t i = 0; i < r->lanes; i++) {
    r->holding[i] = r->nodes.holding[i < r->nodes.count ? i : r->nodes.count - 1];
  }
  for (size_t i = 0; i < far; i++) {
    r->growth[i] = exp(node_x(r, (long)i - r->reach));
  }
  return QS_OK;
}

/* L of the unwinding. */
static void unwind(recursion *r) {
  const qs_policy_date *last = &r->ground->problem->dates[r->ground->ratios.date_count];
  for (size_t s = 0; s < r->states; s++) {
    const double cost = qs_policy_unit_cost(last, node_x(r, (long)s));
    for (size_t i = 0; i < r->lanes; i++) {
      r->loss[s * r->lanes + i] = cost * fabs(r->holding[i]);
      r->rate[s * r->lanes + i] = i < r->nodes.zero ? -cost : cost;
    }
  }
}

/* From V of date n, with what expires there, straight in the price beyond the nodes; then V of the date
 * before: its mean under the very law that is used, so that the position's value is a martingale to rounding.
 */
static void fill_value(recursion *r, size_t n) {
  const qs_policy_problem *p = r->ground->problem;
  double *value = r->value + r->reach;
  const double *growth = r->growth + r->reach;
  memcpy(value, r->now, r->states * sizeof *value);
  for (size_t k = 0; k < p->option_count; k++) {
    const qs_policy_option *o = &p->options[k];
    const double sign = o->call ? 1 : -1;
    for (size_t s = 0; qs_policy_expiry_date(p, o) == n && s < r->states; s++) {
      value[s] += o->weight * fmax(sign * (o->forward * growth[s] - o->strike), 0);
    }
  }
  const size_t last = r->states - 1;
  const double below = (value[1] - value[0]) / (growth[1] - growth[0]);
  const double above = (value[last] - value[last - 1]) / (growth[last] - growth[last - 1]);
  for (long i = 1; i <= r->reach; i++) {
    value[-i] = value[0] + below * (growth[-i] - growth[0]);
    value[(long)last + i] = value[last] + above * (growth[(long)last + i] - growth[last]);
  }
  const qs_policy_law *law = r->ground->laws[n - 1];
  for (long s = 0; s < (long)r->states; s++) {
    double sum = 0;
    for (size_t k = 0; k < law->run_count[0]; k++) {
      const qs_policy_run *run = &law->run[0][k];
      for (size_t i = 0; i < run->count; i++) {
        sum += run->weight[i] * value[s + run->first + (long)i];
      }
    }
    r->now[s] = sum;
  }
}

/* exp of a (L - V - psi g e^x') at `width` nodes from `begin` on, over what it is at the node `mid`, and that
 * times (L' - g (e^x' - e^mid)). */
QS_CLONES static void fill_window(const recursion *r, double gain, long begin, long width, long mid,
                                  size_t lane, double *weight, double *slope) {
  const double *growth = r->growth + r->reach, *value = r->value + r->reach, *holding = r->holding + lane;
  const double *at_mid = r->loss + (size_t)mid * r->lanes + lane;
  for (long w = 0; w < width; w++) {
    const size_t node = (size_t)inside(r, begin + w) * r->lanes + lane;
    const double *loss = r->loss + node, *rate = r->rate + node;
    const double moved = gain * (growth[begin + w] - growth[mid]), grown = value[begin + w] - value[mid];
    double *to = weight + w * LANES, *by = slope + w * LANES;
    for (int l = 0; l < LANES; l++) {
      double e = r->aversion * (loss[l] - at_mid[l] - grown - holding[l] * moved);
      e = e > most ? most : e;
      to[l] = qs_lane_exp(e);
      by[l] = to[l] * (rate[l] - moved);
    }
  }
}

/* The sums over a period's law from node x, of a window that begins at `begin`. */
QS_CLONES static void average(const qs_policy_law *law, long x, long begin, const double *weight,
                              const double *slope, double *sum, double *by) {
  double a[LANES] = {0}, b[LANES] = {0};
  for (size_t k = 0; k < law->run_count[0]; k++) {
    const qs_policy_run *run = &law->run[0][k];
    for (size_t i = 0; i < run->count; i++) {
      const long at = (x + run->first + (long)i - begin) * LANES;
      const double w = run->weight[i], *restrict from = weight + at, *restrict with = slope + at;
      for (int l = 0; l < LANES; l++) {
        a[l] += w * from[l];
        b[l] += w * with[l];
      }
    }
  }
  memcpy(sum, a, sizeof a);
  memcpy(by, b, sizeof b);
}

/* G and G' at the nodes [begin, end). */
static void run_tile(const recursion *r, size_t n, long begin, long end, double *room) {
  const qs_policy_law *law = r->ground->laws[n];
  const double gain = r->ground->problem->dates[n].gain, *now = r->now;
  const double *growth = r->growth + r->reach, *value = r->value + r->reach;
  const long mid = (begin + end) / 2, from = begin - r->reach, width = end - begin + 2 * r->reach;
  double *weight = room, *slope = room + r->window * LANES, sum[LANES], by[LANES];
  for (size_t lane = 0; lane < r->lanes; lane += LANES) {
    fill_window(r, gain, from, width, mid, lane, weight, slope);
    const double *at_mid = r->loss + (size_t)mid * r->lanes + lane;
    for (long x = begin; x < end; x++) {
      average(law, x, from, weight, slope, sum, by);
      const double moved = gain * (growth[x] - growth[mid]), grown = now[x] - value[mid];
      double *next = r->next + (size_t)x * r->lanes + lane, *rise = r->rise + (size_t)x * r->lanes + lane;
      for (int l = 0; l < LANES; l++) {
        next[l] =
            qs_lane_log(sum[l]) / r->aversion + at_mid[l] + grown + r->holding[lane + (size_t)l] * moved;
        rise[l] = by[l] / sum[l] + moved;
      }
    }
  }
}

/* G at the edge of a band, where its derivative is `slope`. */
static double level_at(const recursion *r, const double *next, const double *rise, double edge,
                       double slope) {
  const double *holding = r->nodes.holding;
  size_t i = 0;
  while (i + 1 < r->nodes.count && holding[i + 1] <= edge) {
    i++;
  }
  i = i + 1 < r->nodes.count && holding[i + 1] - edge < edge - holding[i] ? i + 1 : i;
  return next[i] + 0.5 * (edge - holding[i]) * (rise[i] + slope);
}

/* One state of one date: the band, then L and L'. */
static void update(recursion *r, size_t n, size_t s) {
  const double cost = qs_policy_unit_cost(&r->ground->problem->dates[n], node_x(r, (long)s));
  const double *next = r->next + s * r->lanes, *rise = r->rise + s * r->lanes;
  const double least = r->nodes.holding[0], largest = r->nodes.holding[r->nodes.count - 1];
  const double low = fmin(fmax(qs_policy_crossing(&r->nodes, rise, cost), least), largest);
  const double high = fmax(fmin(fmax(qs_policy_crossing(&r->nodes, rise, -cost), least), largest), low);
  const double at_low = level_at(r, next, rise, low, -cost), at_high = level_at(r, next, rise, high, cost);
  for (size_t i = 0; i < r->lanes; i++) {
    const double held = r->holding[i];
    double *loss = &r->loss[s * r->lanes + i], *rate = &r->rate[s * r->lanes + i];
    *loss = held < low    ? at_low + cost * (low - held)
            : held > high ? at_high + cost * (held - high)
                          : next[i];
    *rate = held < low ? -cost : held > high ? cost : fmin(fmax(rise[i], -cost), cost);
  }
  r->low[s] = low;
  r->high[s] = high;
}

static void step_back(recursion *r, size_t n) {
  fill_value(r, n + 1);
  const long tiles = ((long)r->states + TILE - 1) / TILE;
#pragma omp parallel for num_threads(r->context->threads) schedule(dynamic)
  for (long t = 0; t < tiles; t++) {
    const long begin = t * TILE, end = begin + TILE < (long)r->states ? begin + TILE : (long)r->states;
    run_tile(r, n, begin, end, r->room + (size_t)omp_get_thread_num() * 2 * r->window * LANES);
  }
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (size_t s = 0; s < r->states; s++) {
    update(r, n, s);
  }
}

/* L at the first date, with what is held and what the position gains until then. */
static qs_status loss_now(qs_arena *arena, const recursion *r, double *loss) {
  const qs_policy_ground *g = r->ground;
  const double held = g->problem->holding, *holding = r->nodes.holding;
  size_t i = 0;
  while (i + 2 < r->nodes.count && holding[i + 1] <= held) {
    i++;
  }
  const double width = holding[i + 1] - holding[i], part = width > 0 ? (held - holding[i]) / width : 0;
  double *f = QS_NEW(arena, r->states, double), value, mean;
  if (!f) {
    return qs_fail_memory(r->context, "hedging under utility");
  }
  qs_status status = qs_policy_mean_now(r->context, arena, g, r->now, &value);
  const size_t middle = r->states / 2;
  const double *start = r->loss + middle * r->lanes + i, base = start[0] + part * (start[1] - start[0]);
  for (size_t s = 0; !status && s < r->states; s++) {
    const double *at = r->loss + s * r->lanes + i, here = at[0] + part * (at[1] - at[0]);
    f[s] = exp(fmin(r->aversion * (here - base - (r->now[s] - value)), most));
  }
  status = status ? status : qs_policy_mean_now(r->context, arena, g, f, &mean);
  *loss = status ? 0 : base + log(mean) / r->aversion;
  return status;
}

static bool make_bands(qs_arena *arena, const recursion *r, double ***low, double ***high) {
  const size_t dates = r->ground->ratios.date_count;
  *low = QS_NEW(arena, dates, double *);
  *high = QS_NEW(arena, dates, double *);
  bool made = *low && *high;
  for (size_t n = 0; made && n < dates; n++) {
    (*low)[n] = QS_NEW(arena, r->states, double);
    (*high)[n] = QS_NEW(arena, r->states, double);
    made = (*low)[n] && (*high)[n];
  }
  return made;
}

qs_status qs_policy_exponential(qs_context *context, qs_arena *arena, const qs_policy_ground *ground,
                                const qs_policy_settings *settings, double risk_aversion,
                                qs_policy_utility *utility) {
  if (ground->ratios.nodes->y_count > 1 || !(risk_aversion > 0) || !isfinite(risk_aversion)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "hedging under utility: needs a model of constant variance and a risk aversion above 0");
  }
  qs_arena *scratch = qs_arena_create(context);
  recursion r = {.context = context, .ground = ground, .aversion = risk_aversion};
  double **low = NULL, **high = NULL, loss = 0;
  qs_status status =
      scratch ? start(scratch, settings, &r) : qs_fail_memory(context, "hedging under utility");
  if (!status && !make_bands(arena, &r, &low, &high)) {
    status = qs_fail_memory(context, "hedging under utility");
  }
  if (!status) {
    unwind(&r);
    memcpy(r.now, ground->ratios.value[ground->ratios.date_count], r.states * sizeof *r.now);
    for (size_t n = ground->ratios.date_count; !status && n-- > 0;) {
      step_back(&r, n);
      status = qs_cancelled(context)
                   ? qs_fail(context, QS_ERROR_CANCELLED, "cancelled while hedging under utility")
                   : QS_OK;
      memcpy(low[n], r.low, r.states * sizeof *r.low);
      memcpy(high[n], r.high, r.states * sizeof *r.high);
    }
    status = status ? status : loss_now(scratch, &r, &loss);
  }
  qs_arena_destroy(scratch);
  if (!status && !isfinite(loss)) {
    status = qs_fail(context, QS_ERROR_UNTRUSTED, "hedging under utility: a risk aversion of %g is too large",
                     risk_aversion);
  }
  if (!status) {
    utility->table = (qs_policy_table){ground->ratios.date_count, ground->ratios.nodes,
                                       (const double *const *)low, (const double *const *)high};
    utility->loss = loss;
  }
  return status;
}
