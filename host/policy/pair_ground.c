#include <math.h>

#include "host/policy/pair.h"

static const char preparing[] = "preparing two hedge instruments";

static qs_status check(qs_context *context, const qs_policy_pair_problem *p) {
  qs_status status = qs_policy_check(context, p->first);
  const qs_policy_date *last = status ? NULL : &p->first->dates[p->first->date_count - 1];
  if (!status && !(p->option.years > last->years)) {
    return qs_fail(context, QS_ERROR_INPUT, "the option that hedges must expire after all dates");
  }
  if (!status && p->first->drift != 0) {
    return qs_fail(context, QS_ERROR_INPUT, "two instruments can be optimised without drift alone");
  }
  if (!status && qs_policy_has_impact(p->first)) {
    return qs_fail(context, QS_ERROR_INPUT, "two instruments can be optimised without impact alone");
  }
  for (int i = 0; !status && i < QS_POLICY_PAIR; i++) {
    const double held = i ? p->holding : p->first->holding;
    if (!(isfinite(p->low[i]) && isfinite(p->high[i]) && p->low[i] <= 0 && p->high[i] >= 0)) {
      return qs_fail(context, QS_ERROR_INPUT, "limits of holding %d: [%g, %g] must be finite and hold 0",
                     i + 1, p->low[i], p->high[i]);
    }
    if (!(held >= p->low[i] && held <= p->high[i])) {
      return qs_fail(context, QS_ERROR_INPUT, "holding %d: %g lies outside of its limits", i + 1, held);
    }
  }
  if (!status && !(p->of_spot >= 0 && p->of_value >= 0 && p->of_spot < INFINITY && p->of_value < INFINITY &&
                   p->cap >= 0)) {
    return qs_fail(context, QS_ERROR_INPUT, "costs of the option that hedges must be at least 0");
  }
  return status;
}

/* The position, the option, and both together, whose residual tells how they go together. */
typedef struct grounds {
  qs_policy_problem option_problem, both_problem;
  qs_policy_ground position, option, both;
  double scale; /* of the option in `both`: as large as the position */
} grounds;

static qs_status make_grounds(qs_context *context, qs_arena *arena, const qs_policy_pair_problem *p,
                              const qs_policy_settings *settings, grounds *g) {
  const size_t count = p->first->option_count;
  qs_policy_option *both = QS_NEW(arena, count + 1, qs_policy_option);
  if (!both) {
    return qs_fail_memory(context, preparing);
  }
  double size = 0;
  for (size_t i = 0; i < count; i++) {
    both[i] = p->first->options[i];
    size += fabs(both[i].weight);
  }
  g->scale = size > 0 ? size / fabs(p->option.weight) : 1;
  both[count] = p->option;
  both[count].weight *= g->scale;
  g->option_problem = g->both_problem = *p->first;
  g->option_problem.options = &p->option;
  g->option_problem.option_count = 1;
  g->both_problem.options = both;
  g->both_problem.option_count = count + 1;
  qs_status status = qs_policy_make_ground(context, arena, p->first, settings, &g->position);
  status = status ? status : qs_policy_make_ground(context, arena, &g->option_problem, settings, &g->option);
  return status ? status : qs_policy_make_ground(context, arena, &g->both_problem, settings, &g->both);
}

static double option_cost(const qs_policy_pair_problem *p, size_t n, double x, double value) {
  const size_t last = p->first->date_count - 1;
  const qs_policy_date *d = &p->first->dates[n];
  if ((n == 0 && p->free_entry) || (n == last && p->free_unwind)) {
    return 0;
  }
  const double fee = p->of_spot * d->discount * d->forward * exp(x);
  const double capped = p->cap < INFINITY ? fmin(fee, p->cap * fabs(value)) : fee;
  return capped + p->of_value * fabs(value);
}

static void fill(const qs_policy_pair_problem *p, const grounds *g, size_t n, qs_policy_pair_state *states) {
  const qs_policy_nodes *nodes = &g->position.ratios.nodes[n];
  const double w = p->first->cost_weight;
  for (size_t s = 0; s < nodes->x_count * nodes->y_count; s++) {
    const double x = nodes->x_low + (double)(s % nodes->x_count) * nodes->x_step;
    qs_policy_pair_state *to = &states[s];
    to->cost[0] = w * qs_policy_unit_cost(&p->first->dates[n], x);
    to->cost[1] = w * option_cost(p, n, x, g->option.ratios.value[n][s]);
    if (n == g->position.ratios.date_count) {
      continue;
    }
    const double unit = qs_policy_gain_variance(p->first, &g->position.ratios, n, s / nodes->x_count, x);
    const double slope = g->position.ratios.local[n][s], other = g->option.ratios.local[n][s];
    const double own = g->position.residual[n][s], options = g->option.residual[n][s];
    const double joint =
        (g->both.residual[n][s] - own - g->scale * g->scale * options) / (2 * g->scale); /* covariance */
    to->covariance[0] = unit;
    to->covariance[1] = other * unit;
    to->covariance[2] = other * other * unit + options;
    to->beta[0] = -slope * unit;
    to->beta[1] = -(slope * other * unit + joint);
    to->variance = slope * slope * unit + own;
  }
}

/* Residuals are variances of what hardly varies; with a random variance, whose nodes of x are few, they want
 * denser ones than the programme. */
enum { FINE_RANDOM = 2 };

static qs_status fill_all(qs_context *context, qs_arena *arena, const qs_policy_pair_problem *problem,
                          const grounds *g, const qs_policy_pair_state **state) {
  const qs_policy_nodes *nodes = g->position.ratios.nodes;
  for (size_t n = 0; n < problem->first->date_count; n++) {
    qs_policy_pair_state *made = QS_NEW(arena, nodes->x_count * nodes->y_count, qs_policy_pair_state);
    if (!made) {
      return qs_fail_memory(context, preparing);
    }
    fill(problem, g, n, made);
    state[n] = made;
  }
  return QS_OK;
}

/* With the settings of the programme, whose number of nodes is then odd. */
static qs_status make_ground(qs_context *context, qs_arena *arena, qs_arena *scratch,
                             const qs_policy_pair_problem *problem, const qs_policy_settings *settings,
                             qs_policy_pair *pair) {
  const qs_policy_nodes *nodes = qs_policy_make_nodes(arena, problem->first, settings);
  const size_t dates = problem->first->date_count;
  const qs_policy_law **laws = QS_NEW(arena, dates, const qs_policy_law *);
  const qs_policy_pair_state **state = QS_NEW(arena, dates, const qs_policy_pair_state *);
  grounds *g = QS_NEW(scratch, 1, grounds);
  if (!nodes || !laws || !state || !g) {
    return qs_fail_memory(context, preparing);
  }
  const size_t dense = nodes->y_count > 1 ? FINE_RANDOM : 1;
  qs_policy_settings finer = *settings;
  finer.x_count = dense * (nodes->x_count - 1) + 1;
  qs_status status = make_grounds(context, scratch, problem, &finer, g);
  status = status ? status : fill_all(context, arena, problem, g, state);
  status = status ? status : qs_policy_make_laws(context, arena, problem->first, nodes, laws);
  if (!status) {
    *pair = (qs_policy_pair){.problem = problem,
                             .date_count = dates - 1,
                             .nodes = nodes,
                             .laws = laws,
                             .state = state,
                             .fine = dense};
  }
  return status;
}

qs_status qs_policy_pair_ground(qs_context *context, qs_arena *arena, const qs_policy_pair_problem *problem,
                                const qs_policy_settings *settings, qs_policy_pair *pair) {
  qs_status status = check(context, problem);
  if (status) {
    return status;
  }
  qs_arena *scratch = qs_arena_create(context);
  status = scratch ? make_ground(context, arena, scratch, problem, settings, pair)
                   : qs_fail_memory(context, preparing);
  qs_arena_destroy(scratch);
  return status;
}

const qs_policy_pair_state *qs_policy_pair_state_of(const qs_policy_pair *pair, size_t n, size_t s) {
  const size_t width = pair->nodes->x_count;
  const size_t dense = pair->fine * (width - 1) + 1;
  return &pair->state[n][s / width * dense + s % width * pair->fine];
}

static void add(qs_policy_pair_state *sum, const qs_policy_pair_state *s, double w) {
  for (int k = 0; k < 3; k++) {
    sum->covariance[k] += w * s->covariance[k];
  }
  for (int k = 0; k < QS_POLICY_PAIR; k++) {
    sum->beta[k] += w * s->beta[k];
    sum->cost[k] += w * s->cost[k];
  }
  sum->variance += w * s->variance;
}

qs_policy_pair_state qs_policy_pair_state_at(const qs_policy_pair *pair, size_t n, double x, double y) {
  const qs_policy_nodes *nodes = &pair->nodes[n];
  double along[4], up[4] = {1, 0, 0, 0};
  const size_t width = pair->fine * (nodes->x_count - 1) + 1;
  const double right = (x - nodes->x_low) / nodes->x_step * (double)pair->fine;
  const size_t j = qs_policy_cubic(right, width, along);
  const size_t rows = nodes->y_count > 1 ? 4 : 1;
  const size_t i = rows > 1 ? qs_policy_cubic((y - nodes->y_low) / nodes->y_step, nodes->y_count, up) : 0;
  qs_policy_pair_state sum = {0};
  for (size_t r = 0; r < rows; r++) {
    const qs_policy_pair_state *row = pair->state[n] + (i + r) * width + j;
    for (size_t c = 0; c < 4; c++) {
      add(&sum, &row[c], along[c] * up[r]);
    }
  }
  sum.cost[0] = fmax(sum.cost[0], 0);
  sum.cost[1] = fmax(sum.cost[1], 0);
  return sum;
}
