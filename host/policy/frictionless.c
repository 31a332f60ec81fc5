#include "host/policy/frictionless.h"

#include "host/policy/residual.h"

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
    status = residual[n] && !qs_policy_residual(context, &g, n, residual[n])
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
