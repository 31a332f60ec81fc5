#include "host/simulate/paired.h"

#include <math.h>
#include <omp.h>

#include "host/base/model.h"
#include "host/simulate/policies.h"

enum { GAP_PATHS = 2048, GAP_PATHS_RANDOM = 512 };
enum { STEPS_ALONE = 250, STEPS_ALONE_RANDOM = 120 }; /* of the holding, where there is one */

static const char preparing[] = "preparing the optimum of two instruments";

static bool limited(const qs_hedge_instrument *instrument) {
  return isfinite(instrument->low) && isfinite(instrument->high);
}

bool qs_simulate_paired(const qs_simulate_problem *p) {
  return p->instrument_count > 1 || limited(&p->instruments[0]);
}

const char *qs_simulate_pair_flaw(const qs_simulate_problem *p) {
  bool all = true;
  for (size_t i = 0; i < p->instrument_count; i++) {
    all = all && limited(&p->instruments[i]);
  }
  return p->instrument_count > 2 && !all
             ? "with several options it needs instrument_limits of every instrument"
         : p->instrument_count == 2 && !all ? "with an option it needs instrument_limits of both instruments"
         : qs_simulate_paired(p) && p->date_count - 1 > QS_SIMULATE_PAIR_DATES
             ? "with an option or instrument_limits it takes at most 366 dates"
             : NULL;
}

/* Some option beyond the last date, of which nothing is held. */
static qs_policy_option make_nothing(const qs_simulate_problem *p, const qs_policy_problem *over_time) {
  const qs_policy_date *last = &over_time->dates[over_time->date_count - 1];
  const double years = last->years + 30.0 / 365, forward = qs_curve_forward(&p->under->curve, years);
  return (qs_policy_option){.call = true,
                            .years = years,
                            .strike = forward,
                            .forward = forward,
                            .weight = qs_simulate_discount(p, years),
                            .added = last->added};
}

static void fill_problem(const qs_simulate_problem *p, const qs_policy_problem *first,
                         qs_policy_pair_problem *made) {
  const qs_simulate_costs *costs = &p->spec->costs;
  *made = (qs_policy_pair_problem){.first = first,
                                   .low = {p->instruments[0].low, 0},
                                   .high = {p->instruments[0].high, 0},
                                   .cap = INFINITY};
  if (p->instrument_count == 1) {
    made->option = make_nothing(p, first);
    return;
  }
  qs_simulate_policy_option(p, &p->instruments[1].option, &made->option);
  made->of_spot = costs->options.fee;
  made->cap = isnan(costs->options.fee_cap) ? INFINITY : costs->options.fee_cap;
  made->of_value = costs->options.relative_half_spread;
  made->free_entry = !costs->charge_entry;
  made->free_unwind = !costs->charge_unwind;
  made->low[1] = p->instruments[1].low;
  made->high[1] = p->instruments[1].high;
}

qs_status qs_simulate_pair_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                                const qs_policy_problem *over_time, const qs_policy_pair **pair) {
  qs_policy_problem *first = QS_NEW(arena, 1, qs_policy_problem);
  qs_policy_pair_problem *both = QS_NEW(arena, 1, qs_policy_pair_problem);
  qs_policy_pair *made = QS_NEW(arena, 1, qs_policy_pair);
  if (!first || !both || !made) {
    return qs_fail_memory(context, preparing);
  }
  *first = *over_time;
  first->drift = 0;
  first->real = NULL;
  fill_problem(p, first, both);
  qs_policy_pair_settings settings = {0};
  if (p->instrument_count == 1) {
    settings.holding_count[0] = qs_model_stochastic(&p->under->model) ? STEPS_ALONE_RANDOM : STEPS_ALONE;
  }
  *pair = made;
  return qs_policy_pair_optimise(context, arena, both, &settings, made);
}

/* What the function below is handed. */
typedef struct traded {
  const qs_policy_pair *pair;
  const double *forward; /* [date] */
  int threads;
} traded;

static qs_status trade(void *data, const qs_policy_view *view, double *target) {
  const traded *t = data;
  const long count = (long)view->path_count;
#pragma omp parallel for num_threads(t->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    double holding[QS_POLICY_PAIR] = {target[i], target[count + i]};
    qs_policy_pair_trade(t->pair, view->date, log(view->spot[i] / t->forward[view->date]),
                         sqrt(fmax(view->variance[i], 0)), holding);
    target[i] = holding[0];
    target[count + i] = holding[1];
  }
  return QS_OK;
}

/* An edge within the limits, which it is but for its rounding. */
static double clamp(float edge, const qs_hedge_instrument *instrument) {
  return fmin(fmax((double)edge, instrument->low), instrument->high);
}

/* The bands of the first holding where the second is 0. */
static qs_status make_table(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                            const qs_policy_pair *pair, qs_simulate_policy *policy) {
  const size_t states = pair->nodes->x_count * pair->nodes->y_count;
  const size_t width = pair->holdings[1].count, zero = pair->holdings[1].zero;
  qs_policy_table *table = QS_NEW(arena, 1, qs_policy_table);
  const qs_policy_table **tables = QS_NEW(arena, 1, const qs_policy_table *);
  const double **low = QS_NEW(arena, pair->date_count, const double *);
  const double **high = QS_NEW(arena, pair->date_count, const double *);
  if (!table || !tables || !low || !high) {
    return qs_fail_memory(context, preparing);
  }
  for (size_t n = 0; n < pair->date_count; n++) {
    double *edges = QS_NEW(arena, 2 * states, double);
    if (!edges) {
      return qs_fail_memory(context, preparing);
    }
    for (size_t s = 0; s < states; s++) {
      edges[s] = clamp(pair->low[0][n][s * width + zero], &p->instruments[0]);
      edges[states + s] = clamp(pair->high[0][n][s * width + zero], &p->instruments[0]);
    }
    low[n] = edges;
    high[n] = edges + states;
  }
  *table = (qs_policy_table){pair->date_count, pair->nodes, low, high};
  tables[0] = table;
  policy->tables = tables;
  return QS_OK;
}

qs_status qs_simulate_pair_policy(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                                  const qs_policy_pair *pair, qs_simulate_policy *policy) {
  if (p->instrument_count == 1) {
    return make_table(context, arena, p, pair, policy);
  }
  traded *data = QS_NEW(arena, 1, traded);
  const double *forward = qs_simulate_forwards(arena, p);
  if (!data || !forward) {
    return qs_fail_memory(context, preparing);
  }
  *data = (traded){pair, forward, context->threads};
  policy->function = trade;
  policy->data = data;
  policy->pair = pair;
  return QS_OK;
}

uint64_t qs_simulate_pair_gap_paths(const qs_policy_pair *pair) {
  return pair->nodes->y_count > 1 ? GAP_PATHS_RANDOM : GAP_PATHS;
}

/* Mean and its standard error of variance a + cost b + gap c. */
static void mean_of(const qs_policy_pair_share *shares, size_t count, double a, double b, double c,
                    double *mean, double *error) {
  double sum = 0, square = 0;
  for (size_t i = 0; i < count; i++) {
    sum += a * shares[i].variance + b * shares[i].cost + c * shares[i].gap;
  }
  *mean = sum / (double)count;
  for (size_t i = 0; i < count; i++) {
    const double d = a * shares[i].variance + b * shares[i].cost + c * shares[i].gap - *mean;
    square += d * d;
  }
  *error = sqrt(square / (double)(count - 1) / (double)count);
}

qs_policy_bound qs_simulate_pair_bound(double cost_weight, const qs_policy_pair_share *shares, size_t count,
                                       size_t gap_count) {
  qs_policy_bound b;
  mean_of(shares, count, 1, 1, 0, &b.objective, &b.objective_error);
  mean_of(shares, count, 1, 0, 0, &b.variance, &b.variance_error);
  mean_of(shares, count, 0, 1 / cost_weight, 0, &b.cost, &b.cost_error);
  mean_of(shares, gap_count, 0, 0, 1, &b.gap, &b.gap_error);
  b.lower = b.objective - b.gap;
  b.lower_error = hypot(b.objective_error, b.gap_error);
  return b;
}
