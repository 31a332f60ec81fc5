#include "host/policy/frictionless.h"

#include <math.h>
#include <string.h>

static const double fine = 16;            /* nodes of the payoff's table for each of x */
static const double fine_normal = 0.1;    /* normal's step where something expires, in deviations */
static const double fine_spacing = 0.125; /* spacing of points likewise, in steps of x */

/* What expires on date n as a table over x, linear between nodes. */
typedef struct payoff_table {
  double low, step;
  size_t count;
  double *value; /* null: nothing expires */
} payoff_table;

static double payoff_at(const payoff_table *t, double x) {
  double place = (x - t->low) / t->step;
  place = fmin(fmax(place, 0), (double)(t->count - 2));
  size_t i = (size_t)place;
  return t->value[i] + (place - (double)i) * (t->value[i + 1] - t->value[i]);
}

static qs_status make_payoff(qs_arena *arena, const qs_policy_problem *p, const qs_policy_nodes *nodes,
                             size_t n, payoff_table *t) {
  *t = (payoff_table){0};
  double far = 2 * fabs(nodes->x_low);
  for (size_t i = 0; i < p->option_count; i++) {
    const qs_policy_option *o = &p->options[i];
    if (qs_policy_expiry_date(p, o) != n) {
      continue;
    }
    if (!t->value) {
      *t = (payoff_table){-far, nodes->x_step / fine, 0, NULL};
      t->count = (size_t)(2 * far / t->step) + 2;
      t->value = QS_NEW(arena, t->count, double);
      if (!t->value) {
        return QS_ERROR_MEMORY;
      }
    }
    for (size_t j = 0; j < t->count; j++) {
      double spot = o->forward * exp(t->low + (double)j * t->step), over = spot - o->strike;
      t->value[j] += o->weight * fmax(o->call ? over : -over, 0);
    }
  }
  return QS_OK;
}

/* Values of date n + 1 in any state, with what expires then. */
typedef struct next_value {
  const qs_policy_nodes *nodes;
  const double *value;
  bool alive; /* something expires later */
  payoff_table payoff;
} next_value;

static double value_at(const next_value *next, double x, double v) {
  double sum = next->payoff.value ? payoff_at(&next->payoff, x) : 0;
  if (!next->alive) {
    return sum;
  }
  double wx[4], wy[4] = {1, 0, 0, 0};
  const qs_policy_nodes *nodes = next->nodes;
  size_t rows = 1, row = 0, j = qs_policy_cubic((x - nodes->x_low) / nodes->x_step, nodes->x_count, wx);
  if (nodes->y_count > 1) {
    row = qs_policy_cubic((sqrt(v) - nodes->y_low) / nodes->y_step, nodes->y_count, wy);
    rows = 4;
  }
  for (size_t r = 0; r < rows; r++) {
    const double *at = next->value + (row + r) * nodes->x_count + j;
    sum += wy[r] * (wx[0] * at[0] + wx[1] * at[1] + wx[2] * at[2] + wx[3] * at[3]);
  }
  return sum;
}

/* What all residuals of a date share. */
typedef struct date_task {
  const qs_policy_problem *problem;
  const qs_policy_ratios *ratios;
  const qs_policy_law *law;
  size_t n;
  next_value next;
  const qs_policy_points *points; /* [y_count] where something expires, else null */
  double *residual;
} date_task;

/* From the points themselves: right for payoffs with kinks. */
static double residual_by_points(const date_task *t, size_t y, double x, double mean, double slope) {
  const qs_policy_points *points = &t->points[y];
  double sum = 0;
  for (size_t i = 0; i < points->count; i++) {
    const qs_policy_point *p = &points->point[i];
    double error = value_at(&t->next, x + p->z, p->v) - mean - slope * expm1(p->z);
    sum += p->weight * error * error;
  }
  return sum;
}

/* On the nodes, where all is smooth. */
static double residual_by_law(const date_task *t, size_t y, long x, double mean, double slope,
                              const double *gain) {
  long last = (long)t->law->x_count - 1;
  double sum = 0;
  for (size_t r = 0; r < t->law->run_count[y]; r++) {
    const qs_policy_run *run = &t->law->run[y][r];
    const double *row = t->next.value + run->to * t->law->x_count;
    for (size_t i = 0; i < run->count; i++) {
      long at = x + run->first + (long)i;
      at = at < 0 ? 0 : at > last ? last : at;
      double error = row[at] - mean - slope * gain[at - x + last];
      sum += run->weight[i] * error * error;
    }
  }
  return sum;
}

static void fill_row(const date_task *t, size_t y, const double *gain) {
  const qs_policy_nodes *nodes = &t->ratios->nodes[t->n];
  double unit = t->problem->dates[t->n].gain;
  for (size_t j = 0; j < nodes->x_count; j++) {
    size_t at = y * nodes->x_count + j;
    double x = nodes->x_low + (double)j * nodes->x_step;
    double mean = t->ratios->value[t->n][at], slope = t->ratios->local[t->n][at] * unit * exp(x);
    t->residual[at] = t->points ? residual_by_points(t, y, x, mean, slope)
                                : residual_by_law(t, y, (long)j, mean, slope, gain);
  }
}

static qs_status make_fine_points(qs_arena *arena, const date_task *t, qs_policy_points *points) {
  const qs_policy_nodes *nodes = &t->ratios->nodes[t->n];
  qs_policy_step step = {.model = t->problem->model,
                         .years = t->law->years,
                         .added = t->law->added,
                         .spacing = fine_spacing * nodes->x_step,
                         .reach = -nodes->x_low,
                         .normal_step = fine_normal};
  qs_status status = QS_OK;
  for (size_t y = 0; y < nodes->y_count && !status; y++) {
    double root = nodes->y_low + (double)y * nodes->y_step;
    status = qs_policy_make_points(arena, &step, root * root, &points[y]);
  }
  return status;
}

static bool alive_after(const qs_policy_problem *p, size_t n) {
  for (size_t i = 0; i < p->option_count; i++) {
    if (qs_policy_expiry_date(p, &p->options[i]) > n) {
      return true;
    }
  }
  return false;
}

static qs_status fill_residual(qs_context *context, const qs_policy_ground *g, size_t n, double *residual) {
  const qs_policy_nodes *nodes = &g->ratios.nodes[n];
  qs_arena *arena = qs_arena_create(context);
  date_task t = {
      .problem = g->problem, .ratios = &g->ratios, .law = g->laws[n], .n = n, .residual = residual};
  t.next = (next_value){nodes, g->ratios.value[n + 1], alive_after(g->problem, n + 1), {0, 1, 0, NULL}};
  long last = (long)nodes->x_count - 1;
  double *gain = arena ? QS_NEW(arena, (size_t)(2 * last + 1), double) : NULL;
  qs_status status = gain ? make_payoff(arena, g->problem, nodes, n + 1, &t.next.payoff) : QS_ERROR_MEMORY;
  if (!status && t.next.payoff.value) {
    qs_policy_points *points = QS_NEW(arena, nodes->y_count, qs_policy_points);
    status = points ? make_fine_points(arena, &t, points) : QS_ERROR_MEMORY;
    t.points = points;
  }
  if (!status) {
    for (long i = -last; i <= last; i++) {
      gain[i + last] = expm1((double)i * nodes->x_step);
    }
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
    for (size_t y = 0; y < nodes->y_count; y++) {
      fill_row(&t, y, gain);
    }
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_policy_mean_now(qs_context *context, qs_arena *arena, const qs_policy_ground *ground,
                             const double *f, double *mean) {
  const qs_policy_nodes *nodes = ground->ratios.nodes;
  double v = ground->problem->model->value[QS_V0], years = ground->problem->dates[0].years;
  if (years <= 1e-8) {
    *mean = qs_policy_at_start(nodes, f, v);
    return QS_OK;
  }
  size_t size = nodes->x_count * nodes->y_count;
  qs_policy_law law;
  double *wide = QS_NEW(arena, 2 * size * QS_POLICY_LANES, double);
  if (!wide) {
    return qs_fail_memory(context, "averaging over the first date");
  }
  double *out = wide + size * QS_POLICY_LANES;
  qs_status status = qs_policy_make_law(context, arena, nodes, ground->problem->model, years,
                                        ground->problem->dates[0].added, &law);
  if (status) {
    return status;
  }
  for (size_t i = 0; i < size; i++) {
    wide[i * QS_POLICY_LANES] = f[i];
  }
  qs_policy_expect(&law, context->threads, QS_POLICY_LANES, wide, out);
  for (size_t i = 0; i < size; i++) {
    out[i] = out[i * QS_POLICY_LANES];
  }
  *mean = qs_policy_at_start(nodes, out, v);
  return QS_OK;
}

/* E of the sum of all later residuals, backwards. */
static qs_status sum_residuals(qs_context *context, qs_policy_ground *g) {
  enum { LANES = QS_POLICY_LANES };
  const qs_policy_nodes *nodes = g->ratios.nodes;
  size_t size = nodes->x_count * nodes->y_count;
  qs_arena *arena = qs_arena_create(context);
  double *sum = arena ? QS_NEW(arena, size * LANES, double) : NULL;
  double *ahead = arena ? QS_NEW(arena, size * LANES, double) : NULL;
  double *now = arena ? QS_NEW(arena, size, double) : NULL;
  qs_status status = now && sum && ahead ? QS_OK : qs_fail_memory(context, "adding up residual variances");
  for (size_t n = g->ratios.date_count; n-- > 0 && !status;) {
    qs_policy_expect(g->laws[n], context->threads, LANES, sum, ahead);
    for (size_t i = 0; i < size; i++) {
      sum[i * LANES] = now[i] = g->residual[n][i] + ahead[i * LANES];
    }
  }
  if (!status) {
    status = qs_policy_mean_now(context, arena, g, now, &g->j0);
  }
  qs_arena_destroy(arena);
  return status;
}

qs_status qs_policy_make_ground(qs_context *context, qs_arena *arena, const qs_policy_problem *problem,
                                const qs_policy_settings *settings, qs_policy_ground *ground) {
  qs_policy_problem *still = QS_NEW(arena, 1, qs_policy_problem);
  if (!still) {
    return qs_fail_memory(context, "preparing hedging policies");
  }
  *still = *problem;
  still->drift = 0;
  still->real = NULL;
  qs_policy_ground g = {.problem = still};
  qs_status status = qs_policy_make_ratios(context, arena, still, settings, &g.ratios);
  if (status) {
    return status;
  }
  size_t dates = g.ratios.date_count, size = g.ratios.nodes->x_count * g.ratios.nodes->y_count;
  const qs_policy_law **laws = QS_NEW(arena, dates, const qs_policy_law *);
  double **residual = QS_NEW(arena, dates, double *);
  if (!laws || !residual) {
    return qs_fail_memory(context, "preparing hedging policies");
  }
  g.laws = laws;
  g.residual = residual;
  status = qs_policy_make_laws(context, arena, still, g.ratios.nodes, laws);
  for (size_t n = 0; n < dates && !status; n++) {
    residual[n] = QS_NEW(arena, size, double);
    status = residual[n] && !fill_residual(context, &g, n, residual[n])
                 ? QS_OK
                 : qs_fail_memory(context, "preparing hedging policies");
  }
  if (!status) {
    status = sum_residuals(context, &g);
  }
  if (!status) {
    *ground = g;
  }
  return status;
}
