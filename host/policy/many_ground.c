#include <math.h>

#include "host/policy/many.h"

static const char preparing[] = "preparing several hedge instruments";

static qs_status check(qs_context *context, const qs_policy_many_problem *p) {
  if (p->option_count < 1 || p->option_count >= QS_POLICY_MANY) {
    return qs_fail(context, QS_ERROR_INPUT, "options that hedge: got %zu: must be 1 to %d", p->option_count,
                   QS_POLICY_MANY - 1);
  }
  qs_status status = qs_policy_check(context, p->first);
  const qs_policy_date *last = status ? NULL : &p->first->dates[p->first->date_count - 1];
  if (!status && (p->first->drift != 0 || p->first->holding != 0)) {
    return qs_fail(context, QS_ERROR_INPUT,
                   "several instruments can be optimised without drift and from holdings of 0 alone");
  }
  if (!status && qs_policy_has_impact(p->first)) {
    return qs_fail(context, QS_ERROR_INPUT, "several instruments can be optimised without impact alone");
  }
  for (size_t i = 0; !status && i < p->option_count; i++) {
    if (!(p->options[i].years > last->years)) {
      return qs_fail(context, QS_ERROR_INPUT, "the option %zu that hedges must expire after all dates", i);
    }
  }
  for (size_t i = 0; !status && i <= p->option_count; i++) {
    if (!(isfinite(p->low[i]) && isfinite(p->high[i]) && p->low[i] <= 0 && p->high[i] >= 0)) {
      return qs_fail(context, QS_ERROR_INPUT, "limits of holding %zu: [%g, %g] must be finite and hold 0",
                     i + 1, p->low[i], p->high[i]);
    }
  }
  if (!status && !(p->of_spot >= 0 && p->of_value >= 0 && p->of_spot < INFINITY && p->of_value < INFINITY &&
                   p->cap >= 0)) {
    return qs_fail(context, QS_ERROR_INPUT, "costs of the options that hedge must be at least 0");
  }
  return status;
}

enum { SOURCES = QS_POLICY_MANY }; /* the position and every option */

/* The position (0), the options (1, ..), and any two of them together, whose residual says how they go
 * together; each scaled to the size of the position. */
typedef struct grounds {
  size_t count;
  double scale[SOURCES];
  qs_policy_ground alone[SOURCES];
  double *const *joint[SOURCES][SOURCES]; /* residuals of i < j together */
} grounds;

static qs_status ground_of(qs_context *context, qs_arena *arena, const qs_policy_many_problem *p, size_t i,
                           size_t j, const qs_policy_settings *settings, const double *scale,
                           qs_policy_ground *made) {
  const size_t held = p->first->option_count;
  qs_policy_problem *own = QS_NEW(arena, 1, qs_policy_problem);
  qs_policy_option *options = QS_NEW(arena, held + 2, qs_policy_option);
  if (!own || !options) {
    return qs_fail_memory(context, preparing);
  }
  size_t count = 0;
  for (size_t k = 0; i == 0 && k < held; k++) {
    options[count++] = p->first->options[k];
  }
  if (i > 0) {
    options[count] = p->options[i - 1];
    options[count++].weight *= scale[i];
  }
  if (j > i) {
    options[count] = p->options[j - 1];
    options[count++].weight *= scale[j];
  }
  *own = *p->first;
  own->options = options;
  own->option_count = count;
  return qs_policy_make_ground(context, arena, own, settings, made);
}

static qs_status make_grounds(qs_context *context, qs_arena *arena, const qs_policy_many_problem *p,
                              const qs_policy_settings *settings, grounds *g) {
  double size = 0;
  for (size_t k = 0; k < p->first->option_count; k++) {
    size += fabs(p->first->options[k].weight);
  }
  g->count = p->option_count + 1;
  g->scale[0] = 1;
  for (size_t i = 1; i < g->count; i++) {
    g->scale[i] = size > 0 ? size / fabs(p->options[i - 1].weight) : 1;
  }
  qs_status status = QS_OK;
  for (size_t i = 0; !status && i < g->count; i++) {
    status = ground_of(context, arena, p, i, i, settings, g->scale, &g->alone[i]);
    for (size_t j = i + 1; !status && j < g->count; j++) {
      qs_policy_ground both = {.residual = NULL};
      status = ground_of(context, arena, p, i, j, settings, g->scale, &both);
      g->joint[i][j] = status ? NULL : both.residual;
    }
  }
  return status;
}

static double option_cost(const qs_policy_many_problem *p, size_t n, double x, double value) {
  const size_t last = p->first->date_count - 1;
  const qs_policy_date *d = &p->first->dates[n];
  if ((n == 0 && p->free_entry) || (n == last && p->free_unwind)) {
    return 0;
  }
  const double fee = p->of_spot * d->discount * d->forward * exp(x);
  const double capped = p->cap < INFINITY ? fmin(fee, p->cap * fabs(value)) : fee;
  return capped + p->of_value * fabs(value);
}

/* The packed numbers of a state: beta, cost, variance, then the covariances of i <= j. */
static void pack(const qs_policy_many_state *s, size_t count, double *to) {
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    to[at++] = s->beta[i];
    to[at++] = s->cost[i];
    for (size_t j = i; j < count; j++) {
      to[at++] = s->covariance[i][j];
    }
  }
  to[at] = s->variance;
}

/* Positive semidefinite but for rounding: a pivot that interpolation made negative counts as 0. */
static void unpack(const double *from, size_t count, qs_policy_many_state *s) {
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    s->beta[i] = from[at++];
    s->cost[i] = fmax(from[at++], 0);
    for (size_t j = i; j < count; j++) {
      s->covariance[i][j] = s->covariance[j][i] = from[at++];
    }
  }
  s->variance = from[at];
  double l[QS_POLICY_MANY][QS_POLICY_MANY], pivot[QS_POLICY_MANY];
  for (size_t i = 0; i < count; i++) {
    pivot[i] = s->covariance[i][i];
    for (size_t j = 0; j < i; j++) {
      double sum = s->covariance[i][j];
      for (size_t k = 0; k < j; k++) {
        sum -= l[i][k] * l[j][k] * pivot[k];
      }
      l[i][j] = pivot[j] > 0 ? sum / pivot[j] : 0;
      pivot[i] -= l[i][j] * l[i][j] * pivot[j];
    }
    if (pivot[i] < 0) {
      s->covariance[i][i] -= pivot[i];
      pivot[i] = 0;
    }
  }
}

static void fill_state(const qs_policy_many_problem *p, const grounds *g, size_t n, size_t at,
                       qs_policy_many_state *s) {
  const qs_policy_ratios *ratios = &g->alone[0].ratios;
  const qs_policy_nodes *nodes = &ratios->nodes[n];
  const double x = nodes->x_low + (double)(at % nodes->x_count) * nodes->x_step, w = p->first->cost_weight;
  s->cost[0] = w * qs_policy_unit_cost(&p->first->dates[n], x);
  for (size_t i = 1; i < g->count; i++) {
    s->cost[i] = w * option_cost(p, n, x, g->alone[i].ratios.value[n][at] / g->scale[i]);
  }
  if (n == ratios->date_count) {
    return;
  }
  const double unit = qs_policy_gain_variance(p->first, ratios, n, at / nodes->x_count, x);
  double slope[SOURCES] = {0},
         cross[SOURCES][SOURCES] = {{0}}; /* of unscaled sources; what is left beside the first */
  for (size_t i = 0; i < g->count; i++) {
    slope[i] = g->alone[i].ratios.local[n][at] / g->scale[i];
    cross[i][i] = g->alone[i].residual[n][at] / (g->scale[i] * g->scale[i]);
    for (size_t j = i + 1; j < g->count; j++) {
      cross[i][j] = (g->joint[i][j][n][at] - g->alone[i].residual[n][at] - g->alone[j].residual[n][at]) /
                    (2 * g->scale[i] * g->scale[j]);
    }
  }
  s->covariance[0][0] = unit;
  s->beta[0] = -slope[0] * unit;
  s->variance = slope[0] * slope[0] * unit + cross[0][0];
  for (size_t i = 1; i < g->count; i++) {
    s->covariance[0][i] = slope[i] * unit;
    s->beta[i] = -(slope[0] * slope[i] * unit + cross[0][i]);
    for (size_t j = i; j < g->count; j++) {
      s->covariance[i][j] = slope[i] * slope[j] * unit + cross[i][j];
    }
  }
}

static qs_status fill_all(qs_context *context, qs_arena *arena, const qs_policy_many_problem *problem,
                          const grounds *g, size_t width, const double **state) {
  const qs_policy_nodes *nodes = g->alone[0].ratios.nodes;
  const size_t states = nodes->x_count * nodes->y_count;
  for (size_t n = 0; n < problem->first->date_count; n++) {
    double *made = QS_NEW(arena, states * width, double);
    if (!made) {
      return qs_fail_memory(context, preparing);
    }
    for (size_t at = 0; at < states; at++) {
      qs_policy_many_state s = {.variance = 0};
      fill_state(problem, g, n, at, &s);
      pack(&s, g->count, made + at * width);
    }
    state[n] = made;
  }
  return QS_OK;
}

/* Residuals are variances of what hardly varies; with a random variance, whose nodes of x are few, they want
 * denser ones than the programme. */
enum { FINE_RANDOM = 2 };

static qs_status make_ground(qs_context *context, qs_arena *arena, qs_arena *scratch,
                             const qs_policy_many_problem *problem, const qs_policy_settings *settings,
                             qs_policy_many *many) {
  const qs_policy_nodes *nodes = qs_policy_make_nodes(arena, problem->first, settings);
  const size_t dates = problem->first->date_count, count = problem->option_count + 1;
  const qs_policy_law **laws = QS_NEW(arena, dates, const qs_policy_law *);
  const double **state = QS_NEW(arena, dates, const double *);
  grounds *g = QS_NEW(scratch, 1, grounds);
  if (!nodes || !laws || !state || !g) {
    return qs_fail_memory(context, preparing);
  }
  const size_t dense = nodes->y_count > 1 ? FINE_RANDOM : 1, width = count * (count + 1) / 2 + 2 * count + 1;
  qs_policy_settings finer = *settings;
  finer.x_count = dense * (nodes->x_count - 1) + 1;
  qs_status status = make_grounds(context, scratch, problem, &finer, g);
  status = status ? status : fill_all(context, arena, problem, g, width, state);
  status = status ? status : qs_policy_make_laws(context, arena, problem->first, nodes, laws);
  if (!status) {
    *many = (qs_policy_many){.problem = problem,
                             .date_count = dates - 1,
                             .count = count,
                             .nodes = nodes,
                             .laws = laws,
                             .state = state,
                             .width = width,
                             .fine = dense};
  }
  return status;
}

qs_status qs_policy_many_ground(qs_context *context, qs_arena *arena, const qs_policy_many_problem *problem,
                                const qs_policy_settings *settings, qs_policy_many *many) {
  qs_status status = check(context, problem);
  if (status) {
    return status;
  }
  qs_arena *scratch = qs_arena_create(context);
  status = scratch ? make_ground(context, arena, scratch, problem, settings, many)
                   : qs_fail_memory(context, preparing);
  qs_arena_destroy(scratch);
  return status;
}

void qs_policy_many_state_at(const qs_policy_many *many, size_t n, double x, double y,
                             qs_policy_many_state *state) {
  enum { WIDTH = QS_POLICY_MANY * (QS_POLICY_MANY + 1) / 2 + 2 * QS_POLICY_MANY + 1 };
  const qs_policy_nodes *nodes = &many->nodes[n];
  double along[4], up[4] = {1, 0, 0, 0}, sum[WIDTH] = {0};
  const size_t columns = many->fine * (nodes->x_count - 1) + 1;
  const size_t j = qs_policy_cubic((x - nodes->x_low) / nodes->x_step * (double)many->fine, columns, along);
  const size_t rows = nodes->y_count > 1 ? 4 : 1;
  const size_t i = rows > 1 ? qs_policy_cubic((y - nodes->y_low) / nodes->y_step, nodes->y_count, up) : 0;
  for (size_t r = 0; r < rows; r++) {
    const double *row = many->state[n] + ((i + r) * columns + j) * many->width;
    for (size_t c = 0; c < 4; c++) {
      const double weight = along[c] * up[r];
      for (size_t k = 0; k < many->width; k++) {
        sum[k] += weight * row[c * many->width + k];
      }
    }
  }
  unpack(sum, many->count, state);
}
