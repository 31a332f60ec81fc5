#include "host/engine/path_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/engine/local_grid.h"
#include "host/market/time.h"
#include "kernels/core/key.h"

static int compare_payoffs(const void *a, const void *b) {
  const qs_path_set_payoff *x = a, *y = b;
  int order = qs_path_terms_compare(x->terms, y->terms);
  return order ? order : (x->coin > y->coin) - (x->coin < y->coin);
}

static bool is_path_of(const qs_contract *contract, int underlying) {
  return contract->underlying == underlying && qs_contract_on_path(contract) && !contract->joint;
}

static qs_path_set_payoff payoff_of_contract(const qs_contract *contract) {
  const qs_path_terms *terms = qs_contract_on_path(contract);
  return (qs_path_set_payoff){terms, contract->years,
                              contract->settlement == QS_SETTLE_COIN && terms->at_hit};
}

qs_status qs_path_set_build(qs_context *context, qs_arena *arena, const qs_contract *contracts, size_t count,
                            int underlying, qs_path_set *set, uint32_t *payoff_of) {
  qs_path_set_payoff *payoffs = QS_NEW(arena, count, qs_path_set_payoff);
  if (!payoffs) {
    return qs_fail_memory(context, "listing payoffs along paths");
  }
  size_t listed = 0, distinct = 0;
  for (size_t i = 0; i < count; i++) {
    if (is_path_of(&contracts[i], underlying)) {
      payoffs[listed++] = payoff_of_contract(&contracts[i]);
    }
  }
  qsort(payoffs, listed, sizeof *payoffs, compare_payoffs);
  for (size_t i = 0; i < listed; i++) {
    if (!distinct || compare_payoffs(&payoffs[distinct - 1], &payoffs[i])) {
      payoffs[distinct++] = payoffs[i];
    }
  }
  for (size_t i = 0; i < count; i++) {
    if (is_path_of(&contracts[i], underlying)) {
      qs_path_set_payoff wanted = payoff_of_contract(&contracts[i]);
      const qs_path_set_payoff *found = bsearch(&wanted, payoffs, distinct, sizeof *payoffs, compare_payoffs);
      payoff_of[i] = (uint32_t)(found - payoffs);
    }
  }
  set->payoffs = payoffs;
  set->count = (uint32_t)distinct;
  return QS_OK;
}

/* What the building of a set's units works with. */
typedef struct builder {
  qs_context *context;
  qs_arena *arena;
  const qs_underlying_market *underlying;
  const qs_simulation *simulation;
  const qs_path_set *set;
  const qs_unit_market *market;
  qs_time origin;
  double rate; /* discount rate of the reporting currency */
  const qs_time *nodes;
  size_t node_count;
  qs_path_left *left; /* [set->count] */
  uint32_t *group_of; /* [set->count] */
} builder;

static double forward_at(const builder *b, double years) {
  return qs_curve_forward(&b->underlying->curve, years) * exp(b->market->carry_add * years);
}

static int compare_times(const void *a, const void *b) {
  qs_time x = *(const qs_time *)a, y = *(const qs_time *)b;
  return (x > y) - (x < y);
}

static bool is_node(const builder *b, qs_time time) {
  return bsearch(&time, b->nodes, b->node_count, sizeof *b->nodes, compare_times) != NULL;
}

/* A payoff that is watched at all times, from now on, gets the calendar's nodes for its dates. */
static qs_status refine(const builder *b, qs_path_left *left) {
  qs_time expiry = left->dates[left->count - 1];
  size_t nodes = 0;
  while (nodes < b->node_count && b->nodes[nodes] < expiry) {
    nodes++;
  }
  size_t count = nodes + 2;
  qs_time *dates = QS_NEW(b->arena, count, qs_time);
  double *weights = QS_NEW(b->arena, count, double);
  if (!dates || !weights) {
    return qs_fail_memory(b->context, "laying out payoffs along paths");
  }
  for (size_t i = 0; i < count; i++) {
    dates[i] = i == 0 ? b->origin : i <= nodes ? b->nodes[i - 1] : expiry;
    weights[i] = 1;
  }
  left->dates = dates;
  left->weights = weights;
  left->count = (uint32_t)count;
  return QS_OK;
}

/* When what date i pays is paid. Watched at all times it was hit since the date before: halfway, where hits
 * within a step are on average but for the step's square. */
static double paid_at(const builder *b, const qs_path_left *left, uint32_t i) {
  double years = qs_time_years(b->origin, left->dates[i]);
  return left->bridge && i ? 0.5 * (years + qs_time_years(b->origin, left->dates[i - 1])) : years;
}

/* What money at each date is worth beside money at the expiry. */
static void weigh_hits(const builder *b, bool coin, qs_path_left *left) {
  double last = qs_time_years(b->origin, left->dates[left->count - 1]);
  for (uint32_t i = 0; i < left->count; i++) {
    double years = paid_at(b, left, i);
    left->weights[i] =
        coin ? exp(b->underlying->coin_rate * (last - years)) * forward_at(b, last) / forward_at(b, years)
             : exp(b->rate * (last - years));
  }
}

/* What a price of 1 per unit of the forward is worth now. */
static double unit_value(const builder *b, const qs_path_set_payoff *payoff, double years, double forward) {
  return payoff->coin ? b->underlying->spot * exp(-b->underlying->coin_rate * years)
                      : forward * exp(-b->rate * years);
}

/* What is left of every payoff; places tell what needs no paths. */
static qs_status find_left(builder *b, qs_path_place *places) {
  for (uint32_t p = 0; p < b->set->count; p++) {
    const qs_path_set_payoff *payoff = &b->set->payoffs[p];
    qs_path_left *left = &b->left[p];
    double years = fmax(qs_time_years(b->origin, payoff->terms->expiry), 0);
    double forward = forward_at(b, years);
    if (!qs_path_terms_left(b->arena, payoff->terms, b->origin, b->underlying->spot, forward, left)) {
      return qs_fail_memory(b->context, "laying out payoffs along paths");
    }
    places[p] = (qs_path_place){.unit = QS_NO_PAYOFF, .timed = QS_NO_PAYOFF};
    places[p].known = left->known / forward;
    if (left->due != 0) {
      places[p].known += left->due / unit_value(b, payoff, years, forward);
    }
    qs_status status = !left->settled && left->bridge ? refine(b, left) : QS_OK;
    if (status) {
      return status;
    }
    if (!left->settled && left->at_hit) {
      weigh_hits(b, payoff->coin, left);
    }
  }
  return QS_OK;
}

/* The payoff's dates that the main path must be cut at; `cuts` has room for them all. */
static size_t find_cuts(const builder *b, const qs_path_left *left, qs_time *cuts) {
  size_t count = 0;
  for (uint32_t i = 0; i + 1 < left->count; i++) {
    if (left->dates[i] != b->origin && !is_node(b, left->dates[i])) {
      cuts[count++] = left->dates[i];
    }
  }
  return count;
}

typedef struct group {
  const qs_time *cuts;
  size_t cut_count;
  size_t date_count;                  /* of all its payoffs, with repetitions */
  uint32_t payoff_count, timed_count; /* payoffs; those that are valued by time too */
} group;

/* Whether a payoff that pays at several dates is to be valued with every payment times its share of the years
 * too. Early exercise has the mean time of its own. */
static bool is_timed(const builder *b, const qs_path_left *left) {
  return b->market->greeks && !left->settled && left->at_hit && left->payoff != QS_PATH_EARLY;
}

/* The end of the calendar step that a time lies in or begins. */
static qs_time step_end(const builder *b, qs_time time) {
  size_t low = 0, high = b->node_count - 1; /* the last node is after all dates */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (b->nodes[middle] > time) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return b->nodes[low];
}

/* Whether a payoff's paths up to the end of its last step are the group's. */
static bool fits(const group *g, const qs_time *cuts, size_t count, qs_time end) {
  if (count > g->cut_count || (count < g->cut_count && g->cuts[count] < end)) {
    return false;
  }
  return count == 0 || memcmp(cuts, g->cuts, count * sizeof *cuts) == 0;
}

/* Payoffs that end late come first, so that a group's first member has all of its cuts. */
static qs_status make_groups(builder *b, group **groups, uint32_t *group_count) {
  group *made = QS_NEW(b->arena, b->set->count, group);
  if (!made) {
    return qs_fail_memory(b->context, "grouping payoffs along paths");
  }
  *group_count = 0;
  for (uint32_t p = b->set->count; p-- > 0;) {
    const qs_path_left *left = &b->left[p];
    if (left->settled) {
      continue;
    }
    qs_time *cuts = QS_NEW(b->arena, left->count, qs_time);
    if (!cuts) {
      return qs_fail_memory(b->context, "grouping payoffs along paths");
    }
    size_t count = find_cuts(b, left, cuts);
    qs_time end = step_end(b, left->dates[left->count - 1]);
    uint32_t g = 0;
    while (g < *group_count && !fits(&made[g], cuts, count, end)) {
      g++;
    }
    if (g == *group_count) {
      made[(*group_count)++] = (group){.cuts = cuts, .cut_count = count};
    }
    made[g].date_count += left->count;
    made[g].payoff_count++;
    made[g].timed_count += is_timed(b, left);
    b->group_of[p] = g;
  }
  *groups = made;
  return QS_OK;
}

/* The dates of a group's payoffs, each once. */
static qs_time *collect_dates(const builder *b, uint32_t g, const group *of, size_t *count) {
  qs_time *dates = QS_NEW(b->arena, of->date_count, qs_time);
  size_t listed = 0;
  for (uint32_t p = 0; dates && p < b->set->count; p++) {
    if (!b->left[p].settled && b->group_of[p] == g) {
      memcpy(dates + listed, b->left[p].dates, b->left[p].count * sizeof *dates);
      listed += b->left[p].count;
    }
  }
  if (!dates) {
    return NULL;
  }
  qsort(dates, listed, sizeof *dates, compare_times);
  *count = 0;
  for (size_t i = 0; i < listed; i++) {
    if (!*count || dates[*count - 1] != dates[i]) {
      dates[(*count)++] = dates[i];
    }
  }
  return dates;
}

static bool fill_payoff(const builder *b, const qs_path_left *left, const qs_time *dates, size_t count,
                        qs_path_payoff_plan *plan) {
  uint32_t *indices = QS_NEW(b->arena, left->count, uint32_t);
  for (uint32_t i = 0; indices && i < left->count; i++) {
    const qs_time *found = bsearch(&left->dates[i], dates, count, sizeof *dates, compare_times);
    indices[i] = (uint32_t)(found - dates);
  }
  plan->payoff = left->payoff;
  plan->sign = left->sign;
  plan->dates = indices;
  plan->weights = left->weights;
  plan->date_count = left->count;
  plan->policy = left->policy;
  plan->policy_width = left->policy_width;
  plan->program = left->program;
  plan->observed = left->observed;
  plan->known = left->observations;
  memcpy(plan->level, left->level, sizeof plan->level);
  return indices != NULL;
}

/* Adds the timed payoffs of a group behind its others. */
static qs_status add_timed(const builder *b, uint32_t g, uint32_t listed, qs_path_payoff_plan *plans,
                           qs_path_place *places) {
  for (uint32_t p = 0; p < b->set->count; p++) {
    const qs_path_left *left = &b->left[p];
    if (!is_timed(b, left) || b->group_of[p] != g) {
      continue;
    }
    double *weights = QS_NEW(b->arena, left->count, double);
    if (!weights) {
      return qs_fail_memory(b->context, "laying out payoffs along paths");
    }
    double years = qs_time_years(b->origin, left->dates[left->count - 1]);
    for (uint32_t i = 0; i < left->count; i++) {
      weights[i] = left->weights[i] * paid_at(b, left, i) / years;
    }
    plans[listed] = plans[places[p].payoff];
    plans[listed].weights = weights;
    places[p].timed = listed++;
  }
  return QS_OK;
}

/* What each piece of the shift adds to the variance at every date, per unit of it. */
static qs_status weigh_added(const builder *b, const qs_time *dates, size_t count, qs_path_unit *unit) {
  const qs_shift *shift = &b->underlying->shift;
  double *weights = QS_NEW(b->arena, shift->count * count, double);
  if (!weights) {
    return qs_fail_memory(b->context, "laying out payoffs along paths");
  }
  for (size_t piece = 0; piece < shift->count; piece++) {
    for (size_t d = 0; d < count; d++) {
      weights[piece * count + d] = qs_shift_years(shift, piece, b->origin, dates[d]);
    }
  }
  unit->added_weights = weights;
  unit->added_count = (uint32_t)shift->count;
  return QS_OK;
}

/* The paths of a group and what its dates are. */
static qs_status make_path(const builder *b, const group *of, const qs_time *dates, size_t count,
                           qs_path_unit *unit) {
  bool *through = QS_NEW(b->arena, count, bool);
  double *log_forwards = QS_NEW(b->arena, count, double);
  double *years = QS_NEW(b->arena, count, double);
  if (!through || !log_forwards || !years) {
    return qs_fail_memory(b->context, "laying out payoffs along paths");
  }
  for (size_t i = 0; i < count; i++) {
    through[i] = b->simulation->sampling == QS_SAMPLING_SOBOL ||
                 bsearch(&dates[i], of->cuts, of->cut_count, sizeof *dates, compare_times) != NULL;
    years[i] = qs_time_years(b->origin, dates[i]);
    log_forwards[i] = log(forward_at(b, years[i]));
  }
  qs_grid grid;
  const qs_leverage *leverage = b->underlying->leverage;
  qs_status status =
      leverage ? qs_local_grid_build(b->context, b->arena, leverage, b->origin, dates, through, count, &grid)
               : qs_grid_build_through(b->context, b->arena, b->market->model, b->origin, dates, through,
                                       count, b->simulation->step_days, &grid);
  if (!status && leverage) {
    status = qs_local_grid_leverage(b->context, b->arena, leverage, &b->underlying->curve,
                                    b->market->carry_add, b->origin, &grid, &unit->leverage);
  } else if (!status) {
    status = qs_grid_shift(b->context, b->arena, &b->underlying->shift, 1 + b->market->shift_rise, b->origin,
                           &grid);
  }
  if (!status && b->market->greeks && !leverage) {
    status = weigh_added(b, dates, count, unit);
  }
  if (status) {
    return status;
  }
  unit->path.model = *b->market->model;
  unit->path.scheme = leverage ? QS_SCHEME_EULER : b->simulation->scheme;
  unit->path.sampling = b->simulation->sampling;
  unit->path.key = qs_key(b->simulation->seed, QS_PURPOSE_VALUE, b->underlying->name);
  unit->path.steps = grid.steps;
  unit->path.step_count = grid.step_count;
  unit->path.dates = grid.dates;
  unit->path.date_count = grid.date_count;
  unit->log_forwards = log_forwards;
  unit->years = years;
  return QS_OK;
}

static qs_status make_unit(const builder *b, uint32_t g, const group *of, qs_path_unit *unit,
                           qs_path_place *places) {
  static const double no_shift = 0;
  size_t count = 0;
  qs_time *dates = collect_dates(b, g, of, &count);
  uint32_t payoff_count = of->payoff_count + of->timed_count;
  qs_path_payoff_plan *payoffs = QS_NEW(b->arena, payoff_count, qs_path_payoff_plan);
  qs_status status = dates && payoffs ? QS_OK : qs_fail_memory(b->context, "laying out payoffs along paths");
  uint32_t listed = 0;
  for (uint32_t p = 0; !status && p < b->set->count; p++) {
    if (b->left[p].settled || b->group_of[p] != g) {
      continue;
    }
    if (!fill_payoff(b, &b->left[p], dates, count, &payoffs[listed])) {
      status = qs_fail_memory(b->context, "laying out payoffs along paths");
    }
    places[p].unit = g;
    places[p].payoff = listed++;
  }
  if (!status) {
    status = add_timed(b, g, listed, payoffs, places);
  }
  if (!status) {
    status = make_path(b, of, dates, count, unit);
  }
  unit->payoffs = payoffs;
  unit->payoff_count = payoff_count;
  unit->shifts = b->market->shifts ? b->market->shifts : &no_shift;
  unit->shift_count = b->market->shifts ? b->market->shift_count : 1;
  unit->greeks = b->market->greeks;
  unit->precision = b->simulation->precision;
  unit->arithmetic = b->simulation->arithmetic;
  unit->path_count = b->simulation->paths;
  unit->batch_paths = b->simulation->batch_paths;
  unit->batch_end = b->simulation->batches;
  return status;
}

qs_status qs_path_units_build(qs_context *context, qs_arena *arena, const qs_underlying_market *underlying,
                              qs_time as_of, const qs_simulation *simulation, const qs_path_set *set,
                              const qs_unit_market *market, double rate_add, qs_path_units *units) {
  memset(units, 0, sizeof *units);
  if (!set->count) {
    return QS_OK;
  }
  builder b = {.context = context,
               .arena = arena,
               .underlying = underlying,
               .simulation = simulation,
               .set = set,
               .market = market,
               .origin = as_of + (market->next_day ? QS_SECONDS_PER_DAY : 0),
               .rate = underlying->discount_rate + rate_add,
               .left = QS_NEW(arena, set->count, qs_path_left),
               .group_of = QS_NEW(arena, set->count, uint32_t)};
  qs_path_place *places = QS_NEW(arena, set->count, qs_path_place);
  if (!b.left || !b.group_of || !places) {
    return qs_fail_memory(context, "laying out payoffs along paths");
  }
  qs_time last = set->payoffs[set->count - 1].terms->expiry;
  qs_status status = underlying->leverage ? qs_local_grid_nodes(context, arena, underlying->leverage,
                                                                b.origin, last, &b.nodes, &b.node_count)
                                          : qs_grid_nodes(context, arena, market->model, b.origin, last,
                                                          simulation->step_days, &b.nodes, &b.node_count);
  if (!status) {
    status = find_left(&b, places);
  }
  group *groups = NULL;
  if (!status) {
    status = make_groups(&b, &groups, &units->count);
  }
  qs_path_unit *made = status ? NULL : QS_NEW(arena, units->count, qs_path_unit);
  if (!status && !made) {
    status = qs_fail_memory(context, "laying out payoffs along paths");
  }
  for (uint32_t g = 0; !status && g < units->count; g++) {
    status = make_unit(&b, g, &groups[g], &made[g], places);
  }
  units->units = made;
  units->places = places;
  units->payoff_count = set->count;
  units->early_keys.policy = qs_key(simulation->seed, QS_PURPOSE_POLICY, underlying->name);
  units->early_keys.bounds = qs_key(simulation->seed, QS_PURPOSE_BOUNDS, underlying->name);
  return status;
}
