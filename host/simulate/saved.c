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
    if (policy->type == QS_HEDGE_POLICY_OPTIMAL && spec->instrument_count > QS_SAVED_INSTRUMENTS) {
      return qs_fail(context, QS_ERROR_INPUT,
                     "simulate.save_policy: got %.80s: it holds %zu instruments; must hold at most 2", name,
                     spec->instrument_count);
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

/* Numbers of a state of bands that depend on each other. */
static size_t width_of(const qs_policy_pair *pair) {
  return 2 * (pair->holdings[0].count + 2 + pair->holdings[1].count);
}

static size_t states_of(const qs_policy_nodes *nodes) {
  return nodes->x_count * nodes->y_count;
}

qs_status qs_simulate_saved_fits(qs_context *context, const qs_simulate_policy *policy) {
  if (policy->function && !policy->pair) {
    return qs_fail(
        context, QS_ERROR_INPUT,
        "simulate.save_policy: got %.80s: no table says all that it holds with these instruments and "
        "costs",
        policy->name);
  }
  double bytes = 0;
  for (size_t n = 0; policy->pair && n < policy->pair->date_count; n++) {
    bytes += (double)states_of(&policy->pair->nodes[n]) * (5 * (double)width_of(policy->pair) + 8) + 512;
  }
  return bytes < QS_SAVED_POLICY_BYTES
             ? QS_OK
             : qs_fail(
                   context, QS_ERROR_INPUT,
                   "simulate.save_policy: got %.80s: its bands of %zu dates take %.0f MB; a file holds at "
                   "most %d",
                   policy->name, policy->pair->date_count, bytes / 1e6, QS_SAVED_POLICY_BYTES / 1000000);
}

static const double *copy(qs_arena *arena, const double *from, size_t count) {
  double *made = QS_NEW(arena, count, double);
  if (made) {
    memcpy(made, from, count * sizeof *made);
  }
  return made;
}

static const float *copy_bands(qs_arena *arena, const qs_policy_pair *pair, size_t n) {
  const size_t states = states_of(&pair->nodes[n]);
  const size_t size[QS_POLICY_PAIR] = {pair->holdings[1].count, pair->holdings[0].count + 2};
  float *made = QS_NEW(arena, states * width_of(pair), float), *to = made;
  for (size_t s = 0; made && s < states; s++) {
    for (int i = 0; i < QS_POLICY_PAIR; i++) {
      memcpy(to, pair->low[i][n] + s * size[i], size[i] * sizeof *to);
      memcpy(to + size[i], pair->high[i][n] + s * size[i], size[i] * sizeof *to);
      to += 2 * size[i];
    }
  }
  return made;
}

static qs_saved_date make_date(const qs_simulate_problem *p, const qs_policy_nodes *nodes, size_t n) {
  return (qs_saved_date){.date = p->dates[n],
                         .forward = qs_curve_forward(&p->under->curve, p->years[n]),
                         .x_low = nodes->x_low,
                         .x_step = nodes->x_step,
                         .x_count = nodes->x_count,
                         .y_low = nodes->y_low,
                         .y_step = nodes->y_step,
                         .y_count = nodes->y_count};
}

/* All tables of a policy have the nodes of its first. */
static bool fill_date(qs_arena *arena, const qs_simulate_policy *policy, size_t n, bool two,
                      qs_saved_date *date) {
  if (policy->pair) {
    return (date->bands = copy_bands(arena, policy->pair, n)) != NULL;
  }
  const qs_policy_table *first = policy->tables[0];
  const size_t size = states_of(&first->nodes[n]);
  date->low = copy(arena, first->low[n], size);
  date->high = copy(arena, first->high[n], size);
  if (two) {
    date->second_low = copy(arena, policy->tables[1]->low[n], size);
    date->second_high = copy(arena, policy->tables[1]->high[n], size);
  }
  return date->low && date->high && (!two || (date->second_low && date->second_high));
}

static qs_saved_grid *make_grid(qs_arena *arena, const qs_policy_pair *pair) {
  qs_saved_grid *made = QS_NEW(arena, QS_POLICY_PAIR, qs_saved_grid);
  for (int i = 0; made && i < QS_POLICY_PAIR; i++) {
    const qs_policy_holdings *h = &pair->holdings[i];
    made[i] =
        (qs_saved_grid){pair->problem->low[i], pair->problem->high[i], h->zero - 1, h->count - 1 - h->zero};
  }
  return made;
}

/* Whether it holds the second instrument, too. */
static bool holds_two(const qs_simulate_policy *policy) {
  return policy->pair || strcmp(policy->type, qs_hedge_policy_name(QS_HEDGE_POLICY_DELTA_GAMMA)) == 0 ||
         strcmp(policy->type, qs_hedge_policy_name(QS_HEDGE_POLICY_DELTA_VEGA)) == 0;
}

qs_status qs_simulate_saved_make(qs_context *context, qs_arena *arena, const qs_simulate_problem *problem,
                                 const qs_simulate_policy *policy, const qs_saved_policy **saved) {
  const size_t count = policy->pair ? policy->pair->date_count : policy->tables[0]->date_count;
  const qs_policy_nodes *nodes = policy->pair ? policy->pair->nodes : policy->tables[0]->nodes;
  const bool two = holds_two(policy);
  qs_saved_policy *made = QS_NEW(arena, 1, qs_saved_policy);
  qs_saved_date *dates = QS_NEW(arena, count, qs_saved_date);
  bool full = made && dates;
  for (size_t n = 0; full && n < count; n++) {
    dates[n] = make_date(problem, &nodes[n], n);
    full = fill_date(arena, policy, n, two, &dates[n]);
  }
  if (!full) {
    return qs_fail_memory(context, "keeping a policy");
  }
  *made = (qs_saved_policy){.name = qs_arena_strdup(arena, policy->name),
                            .type = policy->type,
                            .underlying = problem->under->name,
                            .instrument = qs_arena_strdup(arena, problem->instruments[0].name),
                            .as_of = problem->market->as_of,
                            .cost_weight = problem->weight,
                            .dates = dates,
                            .date_count = count,
                            .unwind = problem->dates[count],
                            .unwind_forward = qs_curve_forward(&problem->under->curve, problem->years[count]),
                            .second = two ? qs_arena_strdup(arena, problem->instruments[1].name) : NULL,
                            .grid = policy->pair ? make_grid(arena, policy->pair) : NULL};
  *saved = made;
  full = made->name && made->instrument && (!two || made->second) && (!policy->pair || made->grid);
  return full ? QS_OK : qs_fail_memory(context, "keeping a policy");
}
