#include "host/simulate/optimal.h"

#include <math.h>

#include "host/base/exchange.h"
#include "host/base/model.h"
#include "host/policy/exponential.h"
#include "host/simulate/many.h"
#include "host/simulate/paired.h"

static const double least_weight = 1e-12; /* of costs, that a programme is of */
static const uint64_t most_paths = 65536; /* that a bound is made of */

const char *qs_simulate_bound_flaw(const qs_simulate_problem *p) {
  return p->spec->objective != QS_OBJECTIVE_VARIANCE ? "bounds are of the objective variance"
                                                     : qs_simulate_programme_flaw(p);
}

const char *qs_simulate_programme_flaw(const qs_simulate_problem *p) {
  if (p->spec->drift != 0) {
    return "with a drift the price is no martingale";
  }
  if (qs_simulate_real_differs(p->spec)) {
    return "paths follow another law than prices";
  }
  for (size_t i = 0; i < p->contract_count; i++) {
    const qs_contract *c = &p->contracts[i];
    bool known = c->kind != QS_CONTRACT_OPTION || c->expiry > p->dates[p->date_count - 1];
    for (size_t d = 1; d < p->date_count; d++) {
      known = known || p->dates[d] == c->expiry;
    }
    if (!known) {
      return "an option expires between two dates";
    }
  }
  return qs_simulate_beyond(p);
}

/* The programme at one weight of costs: of the variance, or of exponential utility. */
static qs_status make_base(qs_context *context, qs_arena *arena, const qs_policy_ground *ground,
                           double weight, bool utility, qs_simulate_base *base, double *objective) {
  const qs_policy_settings settings = {0};
  qs_policy_problem problem = *ground->problem;
  qs_policy_ground own = *ground;
  problem.cost_weight = weight;
  own.problem = &problem;
  qs_policy_utility made = {.loss = NAN};
  qs_policy_optimum optimum = {.holding_count = 0};
  const qs_status status = utility ? qs_policy_exponential(context, arena, &own, &settings, 2 / weight, &made)
                                   : qs_policy_optimise(context, arena, &own, &settings, false, &optimum);
  *base = (qs_simulate_base){utility ? made.table : optimum.table, weight};
  *objective = made.loss;
  return status;
}

static qs_status make_bases(qs_context *context, qs_arena *arena, qs_simulate_objective objective,
                            const qs_policy_problem *over_time, qs_simulate_optimal *made) {
  static const double factors[] = {1, 0.5, 2, 4};
  const bool random = qs_model_stochastic(over_time->model),
             tail = objective == QS_OBJECTIVE_EXPECTED_SHORTFALL;
  const size_t count = tail && !random ? sizeof factors / sizeof factors[0] : 1;
  qs_simulate_base *bases = QS_NEW(arena, count, qs_simulate_base);
  qs_status status = bases ? QS_OK : qs_fail_memory(context, "preparing policies");
  const double weight = tail ? fmax(sqrt(made->ground.j0), least_weight) : over_time->cost_weight;
  for (size_t i = 0; !status && i < count; i++) {
    status =
        make_base(context, arena, &made->ground, weight * factors[i], !random, &bases[i], &made->objective);
  }
  if (!status) {
    made->optimum.table = bases[0].table;
    made->bases = bases;
    made->base_count = tail || random ? count : 0;
  }
  return status;
}

qs_status qs_simulate_optimal_make(qs_context *context, qs_arena *arena, qs_simulate_objective objective,
                                   const qs_policy_problem *over_time, qs_simulate_optimal *optimal) {
  const qs_policy_settings settings = {0};
  qs_simulate_optimal made = {.made = true, .objective = NAN};
  qs_status status = qs_policy_make_ground(context, arena, over_time, &settings, &made.ground);
  if (!status && objective == QS_OBJECTIVE_VARIANCE) {
    status = qs_policy_optimise(context, arena, &made.ground, &settings, true, &made.optimum);
  } else if (!status) {
    status = make_bases(context, arena, objective, over_time, &made);
  }
  if (!status) {
    *optimal = made;
  }
  return status;
}

/* What the function below is handed. */
typedef struct part_way {
  qs_policy_ground ground;
  qs_policy_optimum optimum;
  const double *forward; /* [date] */
  int threads;
} part_way;

static qs_status trade_part_way(void *data, const qs_policy_view *view, double *target) {
  const part_way *t = data;
  const long count = (long)view->path_count;
#pragma omp parallel for num_threads(t->threads) schedule(static)
  for (long i = 0; i < count; i++) {
    target[i] =
        qs_policy_optimum_hold(&t->ground, &t->optimum, view->date,
                               log(view->spot[i] / t->forward[view->date]), view->variance[i], target[i]);
  }
  return QS_OK;
}

qs_status qs_simulate_part_way(qs_context *context, qs_arena *arena, const qs_simulate_problem *p,
                               const qs_simulate_optimal *optimal, qs_simulate_policy *policy) {
  part_way *data = QS_NEW(arena, 1, part_way);
  const double *forward = qs_simulate_forwards(arena, p);
  if (!data || !forward) {
    return qs_fail_memory(context, "preparing policies");
  }
  *data = (part_way){optimal->ground, optimal->optimum, forward, context->threads};
  policy->function = trade_part_way;
  policy->data = data;
  return QS_OK;
}

/* Pointers to the states of every date within a block of paths. */
static void date_rows(const qs_simulate_problem *p, uint64_t count, const double *states, const double **at) {
  for (size_t d = 0; d < p->date_count; d++) {
    at[d] = states + p->date_row[d] * count;
  }
}

/* What the first paths of the problem leave: of the one kind or the other. */
typedef struct shares {
  size_t count, gap_count;
  qs_policy_share *alone;
  qs_policy_pair_share *pair; /* or of several options */
} shares;

/* A block of them, of paths from `begin` on. */
static qs_status follow_block(qs_context *context, const qs_simulate_optimal *optimal, const double *const *x,
                              const double *const *v, uint64_t begin, uint64_t count, const shares *made) {
  const uint64_t left = begin < made->gap_count ? made->gap_count - begin : 0;
  const uint64_t gaps = left < count ? left : count;
  if (optimal->pair) {
    return qs_policy_pair_follow(context, optimal->pair, x, v, count, gaps, made->pair + begin);
  }
  if (optimal->many) {
    return qs_policy_many_follow(context, optimal->many, x, v, begin, count, gaps, made->pair + begin);
  }
  qs_policy_follow(context, &optimal->ground, &optimal->optimum, x, v, count, made->alone + begin, NULL);
  return QS_OK;
}

/* Where a block of paths is followed. */
typedef struct follow_room {
  double *x, *v;
  const double **at_x, **at_v; /* [date] */
} follow_room;

/* The paths [first, last). */
static qs_status follow_range(qs_context *context, const qs_simulate_paths *paths,
                              const qs_simulate_optimal *optimal, const shares *made, uint64_t first,
                              uint64_t last, const follow_room *r) {
  qs_status status = QS_OK;
  for (uint64_t begin = first; !status && begin < last; begin += QS_SIMULATE_BLOCK) {
    const uint64_t count = last - begin < QS_SIMULATE_BLOCK ? last - begin : QS_SIMULATE_BLOCK;
    status = qs_simulate_paths_run(context, paths, begin, count, r->x, r->v);
    date_rows(paths->problem, count, r->x, r->at_x);
    date_rows(paths->problem, count, r->v, r->at_v);
    status = status ? status : follow_block(context, optimal, r->at_x, r->at_v, begin, count, made);
  }
  return status;
}

/* Every process of a team follows its range of the paths with a gap, which take long, and of the others. */
static qs_status follow(qs_context *context, qs_arena *scratch, const qs_simulate_paths *paths,
                        const qs_simulate_optimal *optimal, shares *made) {
  const qs_simulate_problem *p = paths->problem;
  const follow_room r = {.x = QS_NEW(scratch, p->row_count * QS_SIMULATE_BLOCK, double),
                         .v = QS_NEW(scratch, p->row_count * QS_SIMULATE_BLOCK, double),
                         .at_x = QS_NEW(scratch, p->date_count, const double *),
                         .at_v = QS_NEW(scratch, p->date_count, const double *)};
  if (!r.x || !r.v || !r.at_x || !r.at_v) {
    return qs_fail_memory(context, "the lower bound of a hedge");
  }
  const size_t size = made->pair ? sizeof *made->pair : sizeof *made->alone;
  char *const shared = made->pair ? (char *)made->pair : (char *)made->alone;
  const uint64_t edges[] = {0, made->gap_count, made->count};
  qs_exchange_rows list[2];
  qs_status status = QS_OK;
  for (int k = 0; k < 2; k++) {
    const uint64_t leaves = (edges[k + 1] - edges[k]) / QS_LEAF_PATHS;
    uint64_t first, last;
    qs_exchange_range(context, leaves, &first, &last);
    status = status ? status
                    : follow_range(context, paths, optimal, made, edges[k] + first * QS_LEAF_PATHS,
                                   edges[k] + last * QS_LEAF_PATHS, &r);
    list[k] = (qs_exchange_rows){
        .first = shared + edges[k] * size, .rows = 1, .item_bytes = QS_LEAF_PATHS * size, .items = leaves};
  }
  return qs_exchange_all(context, "simulate", list, 2, status);
}

static const qs_policy_problem *problem_of(const qs_simulate_optimal *optimal) {
  return optimal->pair   ? optimal->pair->problem->first
         : optimal->many ? optimal->many->problem->first
                         : optimal->ground.problem;
}

qs_status qs_simulate_bound(qs_context *context, const qs_simulate_paths *paths,
                            const qs_simulate_optimal *optimal, qs_policy_bound *bound) {
  const uint64_t simulated = paths->problem->simulation.paths;
  shares made = {.count = simulated < most_paths ? simulated : most_paths};
  qs_arena *scratch = qs_arena_create(context);
  if (scratch && (optimal->pair || optimal->many)) {
    const uint64_t gaps =
        optimal->pair ? qs_simulate_pair_gap_paths(optimal->pair) : qs_simulate_many_gap_paths(optimal->many);
    made.gap_count = gaps < made.count ? gaps : made.count;
    made.pair = QS_NEW(scratch, made.count, qs_policy_pair_share);
  } else if (scratch) {
    made.alone = QS_NEW(scratch, made.count, qs_policy_share);
  }
  qs_status status = made.pair || made.alone ? follow(context, scratch, paths, optimal, &made)
                                             : qs_fail_memory(context, "the lower bound of a hedge");
  if (!status) {
    *bound = made.pair ? qs_simulate_pair_bound(problem_of(optimal)->cost_weight, made.pair, made.count,
                                                made.gap_count)
                       : qs_policy_bound_of(&optimal->ground, made.alone, made.count);
  }
  qs_arena_destroy(scratch);
  return status;
}

/* The optimum of another weight of costs. */
static qs_status bound_of(qs_context *context, qs_arena *scratch, const qs_simulate_paths *paths,
                          const qs_simulate_optimal *optimal, double weight, qs_policy_bound *bound) {
  qs_policy_problem problem = *problem_of(optimal);
  problem.cost_weight = weight;
  qs_simulate_optimal own = {.made = true, .ground = optimal->ground};
  qs_status status;
  if (optimal->pair) {
    status = qs_simulate_pair_make(context, scratch, paths->problem, &problem, &own.pair);
  } else if (optimal->many) {
    status = qs_simulate_many_make(context, scratch, paths->problem, &problem, &own.many);
  } else {
    const qs_policy_settings settings = {0};
    own.ground.problem = &problem;
    status = qs_policy_optimise(context, scratch, &own.ground, &settings, true, &own.optimum);
  }
  return status ? status : qs_simulate_bound(context, paths, &own, bound);
}

static qs_status make_point(qs_context *context, const qs_simulate_paths *paths,
                            const qs_simulate_optimal *optimal, double weight, qs_frontier_point *point) {
  qs_arena *scratch = qs_arena_create(context);
  if (!scratch) {
    return qs_fail_memory(context, "the frontier of risk against cost");
  }
  qs_policy_bound b;
  qs_status status = bound_of(context, scratch, paths, optimal, weight, &b);
  if (!status) {
    *point = (qs_frontier_point){.cost_weight = weight,
                                 .risk_aversion = 2 / weight,
                                 .objective = {b.objective, b.objective_error},
                                 .variance = {b.variance, b.variance_error},
                                 .cost = {b.cost, b.cost_error},
                                 .lower_bound = {b.lower, b.lower_error},
                                 .gap = {b.gap, b.gap_error}};
  }
  qs_arena_destroy(scratch);
  return status;
}

qs_status qs_simulate_frontier(qs_context *context, qs_arena *arena, const qs_simulate_paths *paths,
                               const qs_simulate_optimal *optimal, const qs_frontier_point **points) {
  const qs_simulate_spec *spec = paths->problem->spec;
  qs_frontier_point *made = QS_NEW(arena, spec->frontier_count, qs_frontier_point);
  qs_status status = made ? QS_OK : qs_fail_memory(context, "the frontier of risk against cost");
  for (size_t i = 0; !status && i < spec->frontier_count; i++) {
    status = make_point(context, paths, optimal, spec->frontier[i], &made[i]);
  }
  if (!status) {
    *points = made;
  }
  return status;
}
