/* Expected shortfall by position and by underlying. */
#include <math.h>

#include "host/risk/section.h"

enum { LANES = 8 }; /* partial sums */

/* One level's tail: weight 1 for losses over `var`, `tie` for those equal to it, so that weights add up to
 * `mass`; and the losses around VaR, on which its own sampling error is judged. */
typedef struct tail {
  double var, tie, mass;
  double near_low, near_high;
  double *weight; /* [chosen] */
  size_t *near;   /* indices into the chosen paths */
  size_t near_count;
} tail;

/* The paths of the widest tail, in their order. */
typedef struct tail_paths {
  size_t count, level_count;
  tail *levels;
  uint64_t *paths;
} tail_paths;

typedef struct splitter {
  qs_context *context;
  qs_arena *arena; /* of the result */
  const qs_risk_sample *sample;
  tail_paths chosen;
  const double *now; /* [positions] values of one unit now */
  double *part;      /* [chosen] its losses */
  double *sums;      /* [underlyings][chosen] */
} splitter;

static tail make_tail(const qs_risk_sample *sample, double level) {
  size_t n = sample->paths;
  size_t rank = qs_risk_rank(n, level);
  qs_risk_ranks ranks = qs_risk_quantile_ranks(n, level);
  const double *losses = sample->losses;
  tail t = {.var = losses[rank - 1], .mass = (double)n * (1 - level)};
  t.near_low = losses[ranks.low > 0 ? ranks.low - 1 : 0];
  t.near_high = losses[ranks.high <= n ? ranks.high - 1 : n - 1];
  size_t over = 0, ties = 0;
  for (size_t p = 0; p < n; p++) {
    double loss = -sample->pnl[p];
    over += loss > t.var;
    ties += loss == t.var;
    t.near_count += loss >= t.near_low && loss <= t.near_high;
  }
  t.tie = (t.mass - (double)over) / (double)ties;
  return t;
}

/* Weights of the chosen paths at one level, and which of them are near its VaR. */
static qs_status weigh(qs_context *context, qs_arena *scratch, const qs_risk_sample *sample,
                       const tail_paths *chosen, tail *t) {
  t->weight = QS_NEW(scratch, chosen->count, double);
  t->near = QS_NEW(scratch, t->near_count, size_t);
  if (!t->weight || !t->near) {
    return qs_fail_memory(context, "splitting the risk");
  }
  size_t near = 0;
  for (size_t j = 0; j < chosen->count; j++) {
    double loss = -sample->pnl[chosen->paths[j]];
    t->weight[j] = loss > t->var ? 1 : loss == t->var ? t->tie : 0;
    if (loss >= t->near_low && loss <= t->near_high) {
      t->near[near++] = j;
    }
  }
  return QS_OK;
}

/* Lists the paths that any level reads. */
static qs_status choose(qs_context *context, qs_arena *scratch, const qs_risk_sample *sample,
                        tail_paths *chosen) {
  tail_paths made = {.level_count = sample->spec->level_count};
  made.levels = QS_NEW(scratch, made.level_count, tail);
  if (!made.levels) {
    return qs_fail_memory(context, "splitting the risk");
  }
  double least = INFINITY;
  for (size_t l = 0; l < made.level_count; l++) {
    made.levels[l] = make_tail(sample, sample->spec->levels[l]);
    least = fmin(least, made.levels[l].near_low);
  }
  for (size_t p = 0; p < sample->paths; p++) {
    made.count += -sample->pnl[p] >= least;
  }
  made.paths = QS_NEW(scratch, made.count, uint64_t);
  if (!made.paths) {
    return qs_fail_memory(context, "splitting the risk");
  }
  size_t count = 0;
  for (size_t p = 0; p < sample->paths; p++) {
    if (-sample->pnl[p] >= least) {
      made.paths[count++] = p;
    }
  }
  qs_status status = QS_OK;
  for (size_t l = 0; !status && l < made.level_count; l++) {
    status = weigh(context, scratch, sample, &made, &made.levels[l]);
  }
  if (!status) {
    *chosen = made;
  }
  return status;
}

/* A part's shortfall at one level: its weighted mean on the tail's paths, taken about its mean at VaR. */
static qs_estimate part_shortfall(const splitter *s, const tail *t, const double *part) {
  size_t count = s->chosen.count;
  double near = 0;
  for (size_t j = 0; j < t->near_count; j++) {
    near += part[t->near[j]];
  }
  double at_var = near / (double)t->near_count, s1[LANES] = {0}, s2[LANES] = {0};
  for (size_t first = 0; first < count; first += LANES) {
    size_t lanes = count - first < LANES ? count - first : LANES;
    for (size_t k = 0; k < lanes; k++) {
      double excess = t->weight[first + k] * (part[first + k] - at_var);
      s1[k] += excess;
      s2[k] += excess * excess;
    }
  }
  for (size_t k = 1; k < LANES; k++) {
    s1[0] += s1[k];
    s2[0] += s2[k];
  }
  double n = (double)s->sample->paths, mean = s1[0] / n;
  double variance = s2[0] / n - mean * mean;
  qs_estimate estimate = {at_var + s1[0] / t->mass, variance > 0 ? sqrt(variance * n) / t->mass : 0};
  return estimate;
}

static qs_status report(splitter *s, const char *name, bool is_underlying, const double *part,
                        qs_risk_component *component) {
  qs_estimate *shortfall = QS_NEW(s->arena, s->chosen.level_count, qs_estimate);
  component->name = qs_arena_strdup(s->arena, name);
  component->is_underlying = is_underlying;
  component->expected_shortfall = shortfall;
  if (!shortfall || !component->name) {
    return qs_fail_memory(s->context, "splitting the risk");
  }
  for (size_t l = 0; part && l < s->chosen.level_count; l++) {
    shortfall[l] = part_shortfall(s, &s->chosen.levels[l], part);
  }
  return QS_OK;
}

/* One position: revalued alone, reported, added to its underlying. Cash in the reporting currency has no
 * P&L. */
static qs_status split_position(splitter *s, size_t index, qs_risk_component *component) {
  const qs_contract *contract = &s->sample->book->contracts[index];
  if (contract->underlying < 0) {
    return report(s, contract->id, false, NULL, component);
  }
  const tail_paths *chosen = &s->chosen;
  qs_status status = qs_horizon_pnl_at(s->sample->horizon, s->context, contract, s->now[index],
                                       -contract->quantity, chosen->paths, chosen->count, s->part);
  if (status) {
    return status;
  }
  double *sum = s->sums + (size_t)contract->underlying * chosen->count;
  for (size_t j = 0; j < chosen->count; j++) {
    sum[j] += s->part[j];
  }
  return report(s, contract->id, false, s->part, component);
}

static qs_status split(splitter *s, qs_arena *scratch, qs_risk_result *result) {
  const qs_risk_sample *sample = s->sample;
  size_t positions = sample->book->count, underlyings = sample->market->underlying_count;
  qs_status status = choose(s->context, scratch, sample, &s->chosen);
  if (status) {
    return status;
  }
  double *now = QS_NEW(scratch, positions, double);
  s->part = QS_NEW(scratch, s->chosen.count, double);
  s->sums = QS_NEW(scratch, underlyings * s->chosen.count, double);
  qs_risk_component *list = QS_NEW(s->arena, positions + underlyings, qs_risk_component);
  if (!now || !s->part || !s->sums || !list) {
    return qs_fail_memory(s->context, "splitting the risk");
  }
  s->now = now;
  status = qs_horizon_values_now(sample->horizon, s->context, sample->book->contracts, positions, now);
  for (size_t i = 0; !status && i < positions; i++) {
    if (qs_cancelled(s->context)) {
      return qs_fail(s->context, QS_ERROR_CANCELLED, "cancelled");
    }
    status = split_position(s, i, &list[i]);
    if (i % 32 == 31 || i + 1 == positions) {
      qs_progress(s->context, "risk by position", i + 1, positions);
    }
  }
  for (size_t u = 0; !status && u < underlyings; u++) {
    status = report(s, sample->market->underlyings[u].name, true, s->sums + u * s->chosen.count,
                    &list[positions + u]);
  }
  if (!status) {
    result->components = list;
    result->component_count = positions + underlyings;
  }
  return status;
}

qs_status qs_risk_components(qs_context *context, qs_arena *arena, const qs_risk_sample *sample,
                             qs_risk_result *result) {
  qs_arena *scratch = qs_arena_create(context);
  if (!scratch) {
    return qs_fail_memory(context, "splitting the risk");
  }
  splitter s = {.context = context, .arena = arena, .sample = sample};
  qs_status status = split(&s, scratch, result);
  qs_arena_destroy(scratch);
  return status;
}
