#include "host/simulate/saved.h"

#include <string.h>

qs_status qs_simulate_saved_check(qs_context *context, const qs_simulate_spec *spec) {
  if (!spec->save_policy) {
    return QS_OK;
  }
  for (size_t i = 0; i < spec->policy_count; i++) {
    const qs_hedge_policy_spec *policy = &spec->policies[i];
    const char *name = policy->name ? policy->name : qs_hedge_policy_name(policy->type);
    if (strcmp(name, spec->save_policy) != 0) {
      continue;
    }
    if (policy->type == QS_HEDGE_POLICY_DELTA_GAMMA || policy->type == QS_HEDGE_POLICY_DELTA_VEGA ||
        (policy->type == QS_HEDGE_POLICY_OPTIMAL && spec->instrument_count > 1)) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.save_policy: got %.80s: it holds two instruments; must hold one", name);
    }
    return qs_hedge_policy_looks_back(policy->type)
               ? qs_fail(context, QS_ERROR_INPUT,
                         "simulate.save_policy: got %.80s: it looks back at its last trade, which no table "
                         "says",
                         name)
               : QS_OK;
  }
  return qs_fail(context, QS_ERROR_INPUT, "simulate.save_policy: got %.80s: must be the name of a policy",
                 spec->save_policy);
}

static const double *copy(qs_arena *arena, const double *from, size_t count) {
  double *made = QS_NEW(arena, count, double);
  if (made) {
    memcpy(made, from, count * sizeof *made);
  }
  return made;
}

static double forward_at(const qs_simulate_problem *p, size_t date) {
  return qs_curve_forward(&p->under->curve, p->years[date]);
}

qs_status qs_simulate_saved_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                 const qs_simulate_policy *policy, const qs_saved_policy **saved) {
  const qs_policy_table *table = policy->tables[0];
  qs_saved_policy *made = QS_NEW(arena, 1, qs_saved_policy);
  qs_saved_date *dates = QS_NEW(arena, table->date_count, qs_saved_date);
  if (!made || !dates) {
    return qs_fail_memory(context, "keeping a policy");
  }
  for (size_t n = 0; n < table->date_count; n++) {
    const qs_policy_nodes *nodes = &table->nodes[n];
    const size_t size = nodes->x_count * nodes->y_count;
    dates[n] = (qs_saved_date){.date = problem->dates[n],
                               .forward = forward_at(problem, n),
                               .x_low = nodes->x_low,
                               .x_step = nodes->x_step,
                               .x_count = nodes->x_count,
                               .y_low = nodes->y_low,
                               .y_step = nodes->y_step,
                               .y_count = nodes->y_count,
                               .low = copy(arena, table->low[n], size),
                               .high = copy(arena, table->high[n], size)};
    if (!dates[n].low || !dates[n].high) {
      return qs_fail_memory(context, "keeping a policy");
    }
  }
  *made = (qs_saved_policy){.name = qs_arena_strdup(arena, policy->name),
                            .type = policy->type,
                            .underlying = problem->under->name,
                            .instrument = qs_arena_strdup(arena, problem->instruments[0].name),
                            .as_of = problem->market->as_of,
                            .cost_weight = problem->weight,
                            .dates = dates,
                            .date_count = table->date_count,
                            .unwind = problem->dates[table->date_count],
                            .unwind_forward = forward_at(problem, table->date_count)};
  *saved = made;
  return made->name && made->instrument ? QS_OK : qs_fail_memory(context, "keeping a policy");
}
