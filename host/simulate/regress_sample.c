#include <math.h>
#include <string.h>

#include "host/base/model.h"
#include "host/simulate/along.h"
#include "host/simulate/option.h"
#include "host/simulate/regress_fit.h"
#include "host/simulate/unit.h"

static const uint64_t most_paths = 32768; /* twice as many for several instruments */
static const char regressing[] = "regressing on paths";

size_t qs_regress_row(const qs_regress_sample *s, size_t date) {
  return s->problem.date_row[date] * s->count;
}

void qs_regress_look(const qs_regression *r, size_t date, double x, qs_path_seen *seen) {
  qs_path_look(seen, date == 0, r->fixes[date], log(r->forward[date] / r->forward[0]) + x);
}

/* The same problem on own paths under the pricing law. */
static void restate(const qs_simulate_problem *problem, uint64_t seed, qs_regress_sample *s) {
  s->spec = *problem->spec;
  s->spec.drift = 0;
  s->spec.cascade.decay = NAN;
  s->spec.index_count = 0;
  s->spec.own_impact = (qs_simulate_own_impact){0, 0, 0};
  for (size_t i = 0; i < QS_PARAMETER_COUNT; i++) {
    s->spec.real_world.value[i] = NAN;
  }
  s->problem = *problem;
  s->problem.spec = &s->spec;
  s->problem.simulation.seed ^= seed;
  const uint64_t most = problem->instrument_count > 1 ? 2 * most_paths : most_paths;
  s->count = problem->simulation.paths < most ? problem->simulation.paths : most;
  s->problem.simulation.paths = s->count;
}

/* M of the options along the paths; the tables stay for what is asked later. */
static qs_status value_options(qs_context *context, qs_arena *arena, const qs_regression *r,
                               qs_regress_sample *s) {
  const size_t options = r->instrument_count - 1;
  s->value = QS_NEW(arena, options * r->date_count * s->count, double);
  if (!s->value) {
    return qs_fail_memory(context, regressing);
  }
  const long dated = (long)(options * r->date_count);
#pragma omp parallel for num_threads(context->threads) schedule(dynamic)
  for (long k = 0; k < dated; k++) {
    const size_t at = qs_regress_row(s, (size_t)k % r->date_count);
    qs_simulate_option_value(&r->options[k], s->x + at, s->v + at, s->count, s->value + (size_t)k * s->count);
  }
  return QS_OK;
}

/* What happens to a path of such states from the date before up to this one. */
void qs_regress_look_between(const qs_watched *watched, const uint32_t *row, size_t date, uint64_t path,
                             const double *x, const double *v, uint64_t stride, qs_path_seen *seen) {
  seen->touched = date ? seen->touched : qs_watched_before(watched);
  for (size_t at = date ? row[date - 1] + 1 : 0; watched && at <= row[date]; at++) {
    seen->touched |= qs_watched_touched(watched, path, at, x, v, stride);
  }
}

static void look_at_all(const qs_regression *r, const qs_regress_sample *s, const qs_watched *watched) {
  const long count = (long)s->count;
#pragma omp parallel for num_threads(r->context->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    qs_path_seen seen = {.count = 0};
    s->left[i] += s->own[i];
    for (size_t d = 0; d < r->date_count; d++) {
      qs_regress_look_between(watched, s->problem.date_row, d, (uint64_t)i, s->x + i, s->v + i, s->count,
                              &seen);
      qs_regress_look(r, d, s->x[qs_regress_row(s, d) + (uint64_t)i], &seen);
      s->seen[d * s->count + (uint64_t)i] = seen;
    }
  }
}

/* Own paths, and what the position gains on them; trades along paths from 0. */
qs_status qs_regress_sample_make(qs_context *context, qs_arena *arena, qs_arena *scratch, qs_devices *devices,
                                 const qs_simulate_problem *problem, uint64_t seed, qs_regression *r,
                                 qs_regress_sample *s) {
  restate(problem, seed, s);
  const qs_simulate_problem *p = &s->problem;
  const size_t states = p->row_count * s->count;
  qs_simulate_paths paths;
  qs_claim claim;
  s->x = QS_NEW(scratch, states, double);
  s->v = QS_NEW(scratch, states, double);
  s->left = QS_NEW(scratch, s->count, double);
  s->own = QS_NEW(scratch, s->count, double);
  s->seen = QS_NEW(scratch, p->date_count * s->count, qs_path_seen);
  if (!s->x || !s->v || !s->left || !s->own || !s->seen) {
    return qs_fail_memory(context, regressing);
  }
  qs_status status = qs_simulate_paths_make(context, scratch, devices, p, &paths);
  status = status ? status : qs_claim_make(context, scratch, &paths, &claim);
  status = status ? status : qs_simulate_paths_run(context, &paths, 0, s->count, s->x, s->v);
  status = status ? status : qs_simulate_options_make(context, arena, &paths, p->date_row, &r->options);
  status = status ? status : value_options(context, scratch, r, s);
  if (!status) {
    qs_claim_gain(&claim, s->x, s->v, s->count, s->count, s->left);
    status = qs_along_pay(context, p, s->x, s->v, 0, s->count, s->count, s->own);
  }
  const qs_watched *watched = NULL;
  status = status ? status : qs_watched_make(context, scratch, p, &watched);
  if (!status) {
    look_at_all(r, s, watched);
  }
  return status;
}

static bool fixes_on(const qs_simulate_problem *p, size_t date) {
  bool found = false;
  for (size_t c = 0; c < p->along_count; c++) {
    const qs_path_terms *terms = p->along[c].path;
    for (size_t k = 0; k < terms->count; k++) {
      found = found || (terms->dates[k] > terms->as_of && terms->dates[k] == p->dates[date]);
    }
  }
  return found;
}

qs_status qs_regress_prepare(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                             qs_regression *r) {
  bool *fixes = QS_NEW(arena, p->date_count, bool);
  const double *forward = qs_simulate_forwards(arena, p);
  *r = (qs_regression){.context = context,
                       .date_count = p->date_count,
                       .instrument_count = p->instrument_count,
                       .date_row = p->date_row,
                       .fill_row = p->fill_row,
                       .instruments = p->instruments,
                       .fixes = fixes,
                       .forward = forward,
                       .fits = QS_NEW(arena, p->date_count, qs_regress_fit),
                       .seen = QS_NEW(arena, QS_SIMULATE_BLOCK, qs_path_seen)};
  if (!fixes || !forward || !r->fits || !r->seen) {
    return qs_fail_memory(context, regressing);
  }
  qs_status status = qs_watched_make(context, arena, p, &r->watched);
  if (status) {
    return status;
  }
  uint32_t left = 0;
  for (size_t d = p->date_count; d-- > 0;) {
    fixes[d] = fixes_on(p, d);
    r->fits[d].knots.left = left;
    r->fits[d].knots.random = qs_model_stochastic(&p->under->model);
    r->fits[d].knots.watched = (uint32_t)qs_watched_count(r->watched);
    r->fits[d].weight = QS_NEW(arena, p->instrument_count * QS_FEATURES, double);
    if (!r->fits[d].weight) {
      return qs_fail_memory(context, regressing);
    }
    left += fixes[d];
  }
  for (size_t d = 0; d < p->date_count; d++) {
    r->fits[d].knots.carry = log(forward[d] / forward[0]);
  }
  qs_rebalance_unit unit;
  status = qs_simulate_unit_make(context, arena, p, NULL, 0, &unit);
  r->gains = unit.instruments;
  return status;
}
