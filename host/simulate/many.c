#include "host/simulate/many.h"

#include <math.h>
#include <omp.h>

#include "host/simulate/policies.h"

enum { GAP_PATHS = 1024, GAP_PATHS_RANDOM = 512 };

static const char preparing[] = "preparing the optimum of several instruments";

bool qs_simulate_many(const qs_simulate_problem *p) {
  return p->instrument_count > 2;
}

qs_status qs_simulate_many_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                                const qs_policy_problem *over_time, const qs_policy_many **many) {
  const qs_simulate_costs *costs = &p->spec->costs;
  const size_t count = p->instrument_count - 1;
  qs_policy_problem *first = QS_NEW(arena, 1, qs_policy_problem);
  qs_policy_many_problem *all = QS_NEW(arena, 1, qs_policy_many_problem);
  qs_policy_option *options = QS_NEW(arena, count, qs_policy_option);
  qs_policy_many *made = QS_NEW(arena, 1, qs_policy_many);
  if (!first || !all || !options || !made) {
    return qs_fail_memory(context, preparing);
  }
  *first = *over_time;
  first->drift = 0;
  first->real = NULL;
  *all = (qs_policy_many_problem){.first = first,
                                  .options = options,
                                  .option_count = count,
                                  .of_spot = costs->options.fee,
                                  .cap = isnan(costs->options.fee_cap) ? INFINITY : costs->options.fee_cap,
                                  .of_value = costs->options.relative_half_spread,
                                  .free_entry = !costs->charge_entry,
                                  .free_unwind = !costs->charge_unwind};
  for (size_t i = 0; i <= count; i++) {
    all->low[i] = p->instruments[i].low;
    all->high[i] = p->instruments[i].high;
    if (i > 0) {
      qs_simulate_policy_option(p, &p->instruments[i].option, &options[i - 1]);
    }
  }
  const qs_policy_many_settings settings = {.window = 0};
  *many = made;
  return qs_policy_many_optimise(context, arena, all, &settings, made);
}

/* What the function below is handed. */
typedef struct traded {
  const qs_policy_many *many;
  const double *forward; /* [date] */
  int threads;
} traded;

static qs_status trade(void *data, const qs_policy_view *view, double *target) {
  const traded *t = data;
  const long count = (long)view->path_count;
  const size_t instruments = t->many->count;
#pragma omp parallel for num_threads(t->threads) schedule(dynamic, 64)
  for (long i = 0; i < count; i++) {
    double holding[QS_POLICY_MANY];
    for (size_t k = 0; k < instruments; k++) {
      holding[k] = target[(long)k * count + i];
    }
    qs_policy_many_trade(t->many, view->date, log(view->spot[i] / t->forward[view->date]),
                         sqrt(fmax(view->variance[i], 0)), holding);
    for (size_t k = 0; k < instruments; k++) {
      target[(long)k * count + i] = holding[k];
    }
  }
  return QS_OK;
}

qs_status qs_simulate_many_policy(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                                  const qs_policy_many *many, qs_simulate_policy *policy) {
  traded *data = QS_NEW(arena, 1, traded);
  const double *forward = qs_simulate_forwards(arena, p);
  if (!data || !forward) {
    return qs_fail_memory(context, preparing);
  }
  *data = (traded){many, forward, context->threads};
  policy->function = trade;
  policy->data = data;
  return QS_OK;
}

uint64_t qs_simulate_many_gap_paths(const qs_policy_many *many) {
  return many->nodes->y_count > 1 ? GAP_PATHS_RANDOM : GAP_PATHS;
}
