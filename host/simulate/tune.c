#include "host/simulate/tune.h"

#include <math.h>

#include "host/engine/tail.h"

enum { MOST = 7 };                                               /* members that are tried at once */
static const uint64_t most_paths = 65536;                        /* that choose */
static const uint64_t other_seed = UINT64_C(0x9e3779b97f4a7c15); /* so that they are not those that judge */
static const double scales[] = {1, 0.25, 0.5, 0.75, 1.5, 2, 3};
static const double tilts[] = {0, -0.1, -0.05, -0.02, 0.02, 0.05, 0.1};
static const double finer[] = {1, 0.7, 0.85, 1.2, 1.4};

/* What the choice is made on. */
typedef struct ground {
  qs_simulate_problem problem;
  qs_simulate_paths paths;
  qs_claim claim;
  const qs_simulate_base *bases;
} ground;

/* One of the family. */
typedef struct member {
  size_t base;
  double scale, tilt;
} member;

const qs_policy_table *qs_simulate_adjust(qs_arena *arena, const qs_policy_table *base, double scale,
                                          double tilt) {
  qs_policy_table *made = QS_NEW(arena, 1, qs_policy_table);
  const double **low = QS_NEW(arena, base->date_count, const double *);
  const double **high = QS_NEW(arena, base->date_count, const double *);
  if (!made || !low || !high) {
    return NULL;
  }
  for (size_t d = 0; d < base->date_count; d++) {
    const size_t count = base->nodes[d].x_count * base->nodes[d].y_count;
    double *edges = QS_NEW(arena, 2 * count, double);
    if (!edges) {
      return NULL;
    }
    for (size_t k = 0; k < count; k++) {
      const double centre = 0.5 * (base->low[d][k] + base->high[d][k]);
      const double half = scale * 0.5 * (base->high[d][k] - base->low[d][k]);
      edges[k] = (1 + tilt) * centre - half;
      edges[count + k] = (1 + tilt) * centre + half;
    }
    low[d] = edges;
    high[d] = edges + count;
  }
  *made = (qs_policy_table){base->date_count, base->nodes, low, high};
  return made;
}

/* The objective of one sample. */
static qs_status judge_sample(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                              const qs_simulate_sample *sample, double *objective) {
  double *losses = QS_NEW(arena, sample->paths, double);
  if (!losses) {
    return qs_fail_memory(context, "choosing a policy");
  }
  for (uint64_t i = 0; i < sample->paths; i++) {
    losses[i] = sample->cost[i] - sample->gross[i];
  }
  if (p->spec->objective == QS_OBJECTIVE_EXPONENTIAL) {
    *objective = qs_simulate_certainty(losses, sample->paths, 2 / p->weight).loss.estimate;
  } else {
    qs_risk_sort_tail(losses, sample->paths, 0);
    *objective = qs_simulate_shortfall(losses, sample->paths, p->spec->objective_level).estimate;
  }
  return QS_OK;
}

/* Of `count` members the first with the smallest objective. */
static qs_status choose(qs_context *context, const ground *g, const member *members, size_t count,
                        size_t *best) {
  qs_arena *arena = qs_arena_create(context);
  const size_t instruments = g->problem.instrument_count;
  const qs_policy_table **tables = arena ? QS_NEW(arena, count * instruments, const qs_policy_table *) : NULL;
  qs_simulate_policy policies[MOST];
  qs_simulate_sample *samples = NULL;
  qs_simulate_moment none[QS_ATTRIBUTION_PARTS + 1];
  qs_status status = tables ? QS_OK : qs_fail_memory(context, "choosing a policy");
  for (size_t i = 0; !status && i < count; i++) {
    tables[i] =
        qs_simulate_adjust(arena, &g->bases[members[i].base].table, members[i].scale, members[i].tilt);
    policies[i] = (qs_simulate_policy){
        .name = "optimal", .type = "optimal", .tables = &tables[i], .rule = QS_RULE_ALWAYS, .limit = 1};
    status = tables[i] ? QS_OK : qs_fail_memory(context, "choosing a policy");
  }
  if (!status) {
    status =
        qs_simulate_policies_run(context, arena, &g->paths, &g->claim, NULL, policies, count, &samples, none);
  }
  double least = INFINITY, objective = NAN;
  *best = 0;
  for (size_t i = 0; !status && i < count; i++) {
    status = judge_sample(context, arena, &g->problem, &samples[i], &objective);
    *best = objective < least ? i : *best;
    least = fmin(least, objective);
  }
  qs_arena_destroy(arena);
  return status;
}

static qs_status search(qs_context *context, const ground *g, size_t base_count, member *found) {
  enum { BASE, SCALE, TILT };
  const struct {
    const double *values;
    size_t count;
    int what;
  } rounds[] = {{NULL, base_count, BASE},
                {scales, sizeof scales / sizeof scales[0], SCALE},
                {tilts, sizeof tilts / sizeof tilts[0], TILT},
                {finer, sizeof finer / sizeof finer[0], SCALE}};
  member at = {.scale = 1};
  qs_status status = QS_OK;
  for (size_t r = 0; !status && r < sizeof rounds / sizeof rounds[0]; r++) {
    member members[MOST];
    size_t best;
    for (size_t i = 0; i < rounds[r].count; i++) {
      members[i] = at;
      members[i].base = rounds[r].what == BASE ? i : at.base;
      members[i].scale *= rounds[r].what == SCALE ? rounds[r].values[i] : 1;
      members[i].tilt += rounds[r].what == TILT ? rounds[r].values[i] : 0;
    }
    status = choose(context, g, members, rounds[r].count, &best);
    at = status ? at : members[best];
  }
  *found = at;
  return status;
}

qs_status qs_simulate_tune(qs_context *context, qs_arena *arena, qs_devices *devices,
                           const qs_simulate_problem *problem, const qs_simulate_optimal *optimal,
                           const qs_policy_table **table, qs_policy_tuning *tuning) {
  ground g = {.problem = *problem, .bases = optimal->bases};
  g.problem.simulation.seed ^= other_seed;
  g.problem.simulation.paths =
      problem->simulation.paths < most_paths ? problem->simulation.paths : most_paths;
  qs_arena *scratch = qs_arena_create(context);
  qs_progress_callback progress = context->progress; /* of the section's own paths alone */
  context->progress = NULL;
  qs_status status = scratch ? qs_simulate_paths_make(context, scratch, devices, &g.problem, &g.paths)
                             : qs_fail_memory(context, "choosing a policy");
  status = status ? status : qs_claim_make(context, scratch, &g.paths, &g.claim);
  member found = {0};
  status = status ? status : search(context, &g, optimal->base_count, &found);
  context->progress = progress;
  qs_arena_destroy(scratch);
  if (!status) {
    const qs_simulate_base *base = &optimal->bases[found.base];
    *table = qs_simulate_adjust(arena, &base->table, found.scale, found.tilt);
    status = *table ? QS_OK : qs_fail_memory(context, "choosing a policy");
    *tuning = (qs_policy_tuning){true, base->weight, found.scale, found.tilt};
  }
  return status;
}
