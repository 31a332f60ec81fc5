#include "kernels/unit_walk.h"

/* A member that was added to one of these belongs into the walk below. */
_Static_assert(sizeof(qs_path_plan) == 176 && sizeof(qs_value_unit) == 256 && sizeof(qs_horizon_unit) == 280,
               "walk the new member of a value or horizon unit, then correct the size");
_Static_assert(sizeof(qs_path_unit) == 296 && sizeof(qs_path_payoff_plan) == 136 &&
                   sizeof(qs_path_leverage) == 64 && sizeof(qs_script_program) == 64,
               "walk the new member of a path unit, then correct the size");
_Static_assert(sizeof(qs_joint_unit) == 120 && sizeof(qs_joint_asset) == 256 &&
                   sizeof(qs_joint_payoff) == 48 && sizeof(qs_policy) == 64,
               "walk the new member of a joint unit, then correct the size");
_Static_assert(sizeof(qs_rebalance_unit) == 176 && sizeof(qs_rebalance_instrument) == 56 &&
                   sizeof(qs_rebalance_policy) == 48 && sizeof(qs_band_table) == 56 &&
                   sizeof(qs_rebalance_failure) == 40 && sizeof(qs_margin_rule) == 96,
               "walk the new member of a rebalancing unit, then correct the size");
_Static_assert(sizeof(qs_regression_unit) == 120 && sizeof(qs_regression_asset) == 80 &&
                   sizeof(qs_regression_counts) == 24,
               "walk the new member of a regression's unit, then correct the size");

/* Arrays of these go along as they lie in memory, into digests too. */
_Static_assert(sizeof(qs_step) == 24 && sizeof(qs_payoff_plan) == 16 && sizeof(qs_script_code) == 32 &&
                   sizeof(qs_script_range) == 8,
               "a structure has bytes that belong to no member");

static void walk_reals(const qs_unit_walker *w, void *place, size_t count) {
  w->array(w->data, place, count, sizeof(double));
}

static void walk_indices(const qs_unit_walker *w, void *place, size_t count) {
  w->array(w->data, place, count, sizeof(uint32_t));
}

static void walk_path(const qs_unit_walker *w, qs_path_plan *path) {
  w->value(w->data, &path->model.type, sizeof path->model.type);
  const uint32_t mask = qs_model_parameters(path->model.type);
  for (uint32_t p = 0; p < QS_PARAMETER_COUNT; p++) {
    if (mask >> p & 1) {
      w->value(w->data, &path->model.value[p], sizeof path->model.value[p]);
    }
  }
  w->value(w->data, &path->scheme, sizeof path->scheme);
  w->value(w->data, &path->key, sizeof path->key);
  w->value(w->data, &path->step_count, sizeof path->step_count);
  w->array(w->data, &path->steps, path->step_count, sizeof *path->steps);
  w->value(w->data, &path->date_count, sizeof path->date_count);
  if (w->structures(w->data, &path->dates, path->date_count, sizeof *path->dates)) {
    for (uint32_t i = 0; i < path->date_count; i++) {
      qs_date *date = (qs_date *)&path->dates[i];
      w->value(w->data, &date->main_steps, sizeof date->main_steps);
      w->value(w->data, &date->side, sizeof date->side);
    }
  }
  w->value(w->data, &path->sampling, sizeof path->sampling);
  w->value(w->data, &path->common, sizeof path->common);
}

/* What value, path and joint units have in common. */
typedef struct run_members {
  bool *greeks;
  qs_precision *precision;
  uint64_t *path_count, *batch_paths, *first_path;
  uint32_t *batch_begin, *batch_end;
} run_members;

static void walk_run(const qs_unit_walker *w, const run_members *run) {
  w->value(w->data, run->greeks, sizeof *run->greeks);
  w->value(w->data, run->precision, sizeof *run->precision);
  w->value(w->data, run->path_count, sizeof *run->path_count);
  w->value(w->data, run->batch_paths, sizeof *run->batch_paths);
  w->value(w->data, run->first_path, sizeof *run->first_path);
  if (w->ranges) {
    w->value(w->data, run->batch_begin, sizeof *run->batch_begin);
    w->value(w->data, run->batch_end, sizeof *run->batch_end);
  }
}

static void walk_value(const qs_unit_walker *w, qs_value_unit *unit) {
  walk_path(w, &unit->path);
  w->value(w->data, &unit->payoff_count, sizeof unit->payoff_count);
  w->array(w->data, &unit->payoffs, unit->payoff_count, sizeof *unit->payoffs);
  w->value(w->data, &unit->shift_count, sizeof unit->shift_count);
  walk_reals(w, &unit->shifts, unit->shift_count);
  const run_members run = {&unit->greeks,     &unit->precision,   &unit->path_count, &unit->batch_paths,
                           &unit->first_path, &unit->batch_begin, &unit->batch_end};
  walk_run(w, &run);
  w->value(w->data, &unit->arithmetic, sizeof unit->arithmetic);
}

/* The formula at `place`, and how many prices it observes. */
static size_t walk_program(const qs_unit_walker *w, const qs_script_program **place) {
  if (!w->structures(w->data, place, 1, sizeof **place)) {
    return 0;
  }
  qs_script_program *program = (qs_script_program *)*place;
  uint32_t *const counts[] = {&program->code_count,  &program->constant_count,    &program->row_count,
                              &program->clear_count, &program->observation_count, &program->slot_count,
                              &program->result};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    w->value(w->data, counts[i], sizeof *counts[i]);
  }
  w->array(w->data, &program->codes, program->code_count, sizeof *program->codes);
  walk_reals(w, &program->constants, program->constant_count);
  walk_indices(w, &program->rows, program->row_count);
  w->array(w->data, &program->clears, program->clear_count, sizeof *program->clears);
  return program->observation_count;
}

static void walk_path_payoff(const qs_unit_walker *w, qs_path_payoff_plan *plan) {
  w->value(w->data, &plan->payoff, sizeof plan->payoff);
  w->value(w->data, &plan->sign, sizeof plan->sign);
  w->value(w->data, &plan->date_count, sizeof plan->date_count);
  walk_indices(w, &plan->dates, plan->date_count);
  w->value(w->data, plan->level, sizeof plan->level);
  if (plan->payoff == QS_PATH_SCRIPT) {
    const size_t observations = walk_program(w, &plan->program);
    walk_indices(w, &plan->observed, observations);
    walk_reals(w, &plan->known, observations);
    return;
  }
  walk_reals(w, &plan->weights, plan->date_count);
  w->value(w->data, &plan->policy_width, sizeof plan->policy_width);
  walk_reals(w, &plan->policy, (size_t)plan->date_count * plan->policy_width);
  w->value(w->data, &plan->policy_step, sizeof plan->policy_step);
}

static void walk_leverage(const qs_unit_walker *w, const qs_path_leverage **place, const qs_path_plan *path) {
  if (!w->structures(w->data, place, 1, sizeof **place)) {
    return;
  }
  qs_path_leverage *leverage = (qs_path_leverage *)*place;
  w->value(w->data, &leverage->table_count, sizeof leverage->table_count);
  w->value(w->data, &leverage->node_count, sizeof leverage->node_count);
  walk_reals(w, &leverage->low, leverage->table_count);
  walk_reals(w, &leverage->spacing, leverage->table_count);
  walk_reals(w, &leverage->values, (size_t)leverage->table_count * leverage->node_count);
  walk_indices(w, &leverage->step_table, path->step_count);
  walk_indices(w, &leverage->date_table, path->date_count);
  walk_reals(w, &leverage->step_offset, path->step_count);
  walk_reals(w, &leverage->date_offset, path->date_count);
}

static void walk_along(const qs_unit_walker *w, qs_path_unit *unit) {
  walk_path(w, &unit->path);
  const size_t dates = unit->path.date_count;
  walk_reals(w, &unit->log_forwards, dates);
  walk_reals(w, &unit->years, dates);
  w->value(w->data, &unit->payoff_count, sizeof unit->payoff_count);
  if (w->structures(w->data, &unit->payoffs, unit->payoff_count, sizeof *unit->payoffs)) {
    for (uint32_t i = 0; i < unit->payoff_count; i++) {
      walk_path_payoff(w, (qs_path_payoff_plan *)&unit->payoffs[i]);
    }
  }
  w->value(w->data, &unit->shift_count, sizeof unit->shift_count);
  walk_reals(w, &unit->shifts, unit->shift_count);
  const run_members run = {&unit->greeks,     &unit->precision,   &unit->path_count, &unit->batch_paths,
                           &unit->first_path, &unit->batch_begin, &unit->batch_end};
  walk_run(w, &run);
  w->value(w->data, &unit->arithmetic, sizeof unit->arithmetic);
  w->value(w->data, &unit->added_count, sizeof unit->added_count);
  walk_reals(w, &unit->added_weights, unit->added_count * dates);
  walk_leverage(w, &unit->leverage, &unit->path);
}

static void walk_asset(const qs_unit_walker *w, const qs_joint_unit *unit, qs_joint_asset *asset) {
  const size_t n = unit->asset_count;
  walk_path(w, &asset->path);
  walk_reals(w, &asset->forward, unit->date_count);
  walk_reals(w, &asset->loadings, n);
  walk_reals(w, &asset->duals, n);
  walk_reals(w, &asset->variance, n);
  walk_reals(w, &asset->variance_duals, n);
  walk_reals(w, &asset->cross, n);
  walk_reals(w, &asset->common_sizes, n);
  w->value(w->data, &asset->common_key, sizeof asset->common_key);
  w->value(w->data, &asset->added_count, sizeof asset->added_count);
  walk_reals(w, &asset->added_weights, (size_t)asset->added_count * asset->path.step_count);
}

/* An exercise policy for so many dates. */
static void walk_policy(const qs_unit_walker *w, qs_policy *policy, size_t dates, uint32_t assets) {
  w->value(w->data, &policy->terms, sizeof policy->terms);
  w->value(w->data, &policy->moves, sizeof policy->moves);
  walk_reals(w, &policy->weights, dates);
  walk_reals(w, &policy->centre, dates * 2 * assets);
  walk_reals(w, &policy->rate, dates * 2 * assets);
  walk_reals(w, &policy->bump, dates * assets * policy->moves);
  walk_reals(w, &policy->coefficient, dates * qs_policy_features(policy, assets));
  walk_indices(w, &policy->parent, policy->terms);
  walk_indices(w, &policy->variable, policy->terms);
}

static void walk_joint_payoff(const qs_unit_walker *w, qs_joint_payoff *payoff, uint32_t assets) {
  const size_t observations = walk_program(w, &payoff->program);
  walk_indices(w, &payoff->observed_asset, observations);
  w->value(w->data, &payoff->date_count, sizeof payoff->date_count);
  w->value(w->data, &payoff->jumps, sizeof payoff->jumps);
  if (w->structures(w->data, &payoff->policy, 1, sizeof *payoff->policy)) {
    walk_policy(w, (qs_policy *)payoff->policy, payoff->date_count, assets);
  }
  walk_indices(w, &payoff->observed_date, observations);
  walk_reals(w, &payoff->known, observations);
}

static void walk_joint(const qs_unit_walker *w, qs_joint_unit *unit) {
  w->value(w->data, &unit->asset_count, sizeof unit->asset_count);
  w->value(w->data, &unit->date_count, sizeof unit->date_count);
  if (w->structures(w->data, &unit->assets, unit->asset_count, sizeof *unit->assets)) {
    for (uint32_t a = 0; a < unit->asset_count; a++) {
      walk_asset(w, unit, (qs_joint_asset *)&unit->assets[a]);
    }
  }
  w->array(w->data, &unit->keys, unit->asset_count, sizeof *unit->keys);
  walk_indices(w, &unit->dates, unit->date_count);
  walk_reals(w, &unit->years, unit->date_count);
  w->value(w->data, &unit->payoff_count, sizeof unit->payoff_count);
  if (w->structures(w->data, &unit->payoffs, unit->payoff_count, sizeof *unit->payoffs)) {
    for (uint32_t i = 0; i < unit->payoff_count; i++) {
      walk_joint_payoff(w, (qs_joint_payoff *)&unit->payoffs[i], unit->asset_count);
    }
  }
  w->value(w->data, &unit->shift_count, sizeof unit->shift_count);
  walk_reals(w, &unit->shifts, (size_t)unit->shift_count * unit->asset_count);
  const run_members run = {&unit->greeks,     &unit->precision,   &unit->path_count, &unit->batch_paths,
                           &unit->first_path, &unit->batch_begin, &unit->batch_end};
  walk_run(w, &run);
}

static void walk_horizon(const qs_unit_walker *w, qs_horizon_unit *unit) {
  walk_path(w, &unit->path);
  w->value(w->data, &unit->key_count, sizeof unit->key_count);
  w->array(w->data, &unit->keys, unit->key_count, sizeof *unit->keys);
  walk_reals(w, &unit->weights, unit->key_count);
  w->value(w->data, &unit->precision, sizeof unit->precision);
  if (w->ranges) {
    w->value(w->data, &unit->path_begin, sizeof unit->path_begin);
    w->value(w->data, &unit->path_end, sizeof unit->path_end);
  }
  w->value(w->data, &unit->start_count, sizeof unit->start_count);
  walk_reals(w, &unit->starts, unit->start_count);
  w->value(w->data, &unit->start_paths, sizeof unit->start_paths);
  walk_reals(w, &unit->variance, unit->key_count);
  walk_reals(w, &unit->cross, unit->key_count);
  w->value(w->data, &unit->common_key, sizeof unit->common_key);
  walk_reals(w, &unit->common_sizes, unit->key_count);
  w->value(w->data, &unit->shared, sizeof unit->shared);
}

static void walk_bands(const qs_unit_walker *w, const qs_band_table **place, size_t count) {
  if (!w->structures(w->data, place, count, sizeof **place)) {
    return;
  }
  for (size_t i = 0; i < count; i++) {
    qs_band_table *table = (qs_band_table *)&(*place)[i];
    double *const numbers[] = {&table->x_low, &table->x_rate, &table->y_low, &table->y_rate};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
      w->value(w->data, numbers[k], sizeof *numbers[k]);
    }
    w->value(w->data, &table->x_count, sizeof table->x_count);
    w->value(w->data, &table->y_count, sizeof table->y_count);
    const bool counted = table->x_count > 0 && table->y_count > 0;
    const size_t nodes = counted ? (size_t)table->x_count * (size_t)table->y_count : 0;
    walk_reals(w, &table->low, nodes);
    walk_reals(w, &table->high, nodes);
  }
}

/* Rows by date, from the one before the first that is run. */
typedef struct date_span {
  size_t dates, decisions, begin, end;
} date_span;

static qs_unit_rows rows_of_dates(const date_span *s) {
  return (qs_unit_rows){1, s->dates, s->begin, s->end};
}

/* Of all dates but the last, for each of so many. */
static qs_unit_rows rows_of_decisions(const date_span *s, size_t blocks) {
  return (qs_unit_rows){blocks, s->decisions, s->begin, s->end < s->decisions ? s->end : s->decisions};
}

/* With the costs of so many venues. */
static void walk_instrument(const qs_unit_walker *w, qs_rebalance_instrument *in, const date_span *s,
                            size_t venues) {
  const qs_unit_rows dates = rows_of_dates(s), between = rows_of_decisions(s, 1);
  walk_reals(w, &in->scale, s->dates);
  walk_reals(w, &in->gain, s->decisions);
  w->rows(w->data, &in->value, &dates);
  w->array(w->data, &in->costs, s->dates * venues, sizeof *in->costs);
  w->rows(w->data, &in->funding, &between);
  w->value(w->data, &in->inverse, sizeof in->inverse);
  w->rows(w->data, &in->marked, &dates);
}

static void walk_rebalance_policy(const qs_unit_walker *w, qs_rebalance_policy *policy, size_t instruments,
                                  const date_span *s) {
  const size_t tables = instruments * s->decisions;
  const qs_unit_rows given = rows_of_decisions(s, instruments);
  walk_bands(w, &policy->bands, tables);
  w->rows(w->data, &policy->given, &given);
  walk_bands(w, &policy->weights, s->decisions);
  w->value(w->data, &policy->rule, sizeof policy->rule);
  w->value(w->data, &policy->limit, sizeof policy->limit);
  w->value(w->data, &policy->centre, sizeof policy->centre);
}

static void walk_states(const qs_unit_walker *w, qs_rebalance_unit *unit, const date_span *s) {
  walk_indices(w, &unit->decided, s->dates);
  walk_indices(w, &unit->filled, s->dates);
  const bool some = unit->decided && unit->filled && s->begin < s->end;
  const size_t end = some ? (size_t)unit->filled[s->end - 1] + 1 : 0;
  const qs_unit_rows rows = {1, unit->row_count, some ? unit->decided[s->begin] : 0,
                             end < unit->row_count ? end : unit->row_count};
  w->rows(w->data, &unit->x, &rows);
  w->rows(w->data, &unit->v, &rows);
}

static void walk_margin(const qs_unit_walker *w, const qs_margin_rule **place, size_t dates) {
  if (!w->structures(w->data, place, 1, sizeof **place)) {
    return;
  }
  qs_margin_rule *margin = (qs_margin_rule *)*place;
  double *const numbers[] = {&margin->collateral, &margin->initial, &margin->maintenance,
                             &margin->fee,        &margin->haircut, &margin->leverage,
                             &margin->band,       &margin->move,    &margin->moved};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    w->value(w->data, numbers[i], sizeof *numbers[i]);
  }
  w->value(w->data, &margin->parts, sizeof margin->parts);
  w->value(w->data, &margin->coin, sizeof margin->coin);
  walk_reals(w, &margin->grow, dates);
}

static void walk_failure(const qs_unit_walker *w, const qs_rebalance_failure **place,
                         const qs_unit_rows *dates, size_t venues) {
  if (w->structures(w->data, place, 1, sizeof **place)) {
    qs_rebalance_failure *failure = (qs_rebalance_failure *)*place;
    w->value(w->data, &failure->collateral, sizeof failure->collateral);
    w->rows(w->data, &failure->kept, dates);
    w->rows(w->data, &failure->lost, dates);
    w->rows(w->data, &failure->room, dates);
    const qs_unit_rows by_venue = {1, venues, 0, venues};
    w->rows(w->data, &failure->closed, &by_venue);
  }
}

static void walk_rebalance(const qs_unit_walker *w, qs_rebalance_unit *unit) {
  w->value(w->data, &unit->date_count, sizeof unit->date_count);
  w->value(w->data, &unit->row_count, sizeof unit->row_count);
  if (w->ranges) {
    w->value(w->data, &unit->path_begin, sizeof unit->path_begin);
    w->value(w->data, &unit->path_end, sizeof unit->path_end);
    w->value(w->data, &unit->stride, sizeof unit->stride);
    w->value(w->data, &unit->date_begin, sizeof unit->date_begin);
    w->value(w->data, &unit->date_end, sizeof unit->date_end);
  }
  const size_t dates = unit->date_count;
  const date_span span = {dates, dates ? dates - 1 : 0, unit->date_begin ? unit->date_begin - 1 : 0,
                          unit->date_end < dates ? unit->date_end : dates};
  const qs_unit_rows by_date = rows_of_dates(&span);
  walk_states(w, unit, &span);
  w->rows(w->data, &unit->seen, &by_date);
  walk_reals(w, &unit->forward, dates);
  walk_reals(w, &unit->discount, dates);
  walk_reals(w, &unit->lapse, dates);
  w->value(w->data, &unit->venue_count, sizeof unit->venue_count);
  w->value(w->data, &unit->instrument_count, sizeof unit->instrument_count);
  if (w->structures(w->data, &unit->instruments, unit->instrument_count, sizeof *unit->instruments)) {
    for (uint32_t k = 0; k < unit->instrument_count; k++) {
      const size_t venues = k == 0 && unit->venue_count ? unit->venue_count : 1;
      walk_instrument(w, (qs_rebalance_instrument *)&unit->instruments[k], &span, venues);
    }
  }
  w->value(w->data, &unit->policy_count, sizeof unit->policy_count);
  if (w->structures(w->data, &unit->policies, unit->policy_count, sizeof *unit->policies)) {
    for (uint32_t p = 0; p < unit->policy_count; p++) {
      walk_rebalance_policy(w, (qs_rebalance_policy *)&unit->policies[p], unit->instrument_count, &span);
    }
  }
  walk_margin(w, &unit->margin, dates);
  w->rows(w->data, &unit->position, &by_date);
  w->rows(w->data, &unit->required, &by_date);
  walk_failure(w, &unit->failure, &by_date, unit->venue_count);
}

static void walk_regression_asset(const qs_unit_walker *w, qs_regression_asset *asset) {
  const qs_unit_rows one = {1, 1, 0, 1};
  w->rows(w->data, &asset->x_before, &one);
  w->rows(w->data, &asset->v_before, &one);
  w->rows(w->data, &asset->x, &one);
  w->rows(w->data, &asset->v, &one);
  double *const numbers[] = {&asset->forward, &asset->x_start, &asset->v_start, &asset->constant,
                             &asset->slope};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    w->value(w->data, numbers[i], sizeof *numbers[i]);
  }
  w->value(w->data, &asset->known, sizeof asset->known);
}

static void walk_regression(const qs_unit_walker *w, qs_regression_unit *unit) {
  const qs_unit_rows one = {1, 1, 0, 1};
  w->value(w->data, &unit->task, sizeof unit->task);
  w->value(w->data, &unit->counts, sizeof unit->counts);
  w->value(w->data, &unit->chunk_paths, sizeof unit->chunk_paths);
  if (w->ranges) {
    w->value(w->data, &unit->path_begin, sizeof unit->path_begin);
    w->value(w->data, &unit->path_end, sizeof unit->path_end);
    w->value(w->data, &unit->stride, sizeof unit->stride);
  }
  if (w->structures(w->data, &unit->assets, unit->counts.assets, sizeof *unit->assets)) {
    for (uint32_t a = 0; a < unit->counts.assets; a++) {
      walk_regression_asset(w, (qs_regression_asset *)&unit->assets[a]);
    }
  }
  const size_t observations = walk_program(w, &unit->program);
  walk_indices(w, &unit->observed_asset, observations);
  if (w->structures(w->data, &unit->policy, 1, sizeof *unit->policy)) {
    walk_policy(w, (qs_policy *)unit->policy, 1, unit->counts.assets);
  }
  walk_reals(w, &unit->control, qs_regression_controls(&unit->counts));
  w->rows(w->data, &unit->earned, &one);
  w->value(w->data, &unit->blend, sizeof unit->blend);
}

void qs_unit_walk(const qs_unit_walker *walker, qs_unit_kind kind, void *unit) {
  switch (kind) {
  case QS_UNIT_VALUE:
    walk_value(walker, unit);
    break;
  case QS_UNIT_PATH:
    walk_along(walker, unit);
    break;
  case QS_UNIT_JOINT:
    walk_joint(walker, unit);
    break;
  case QS_UNIT_HORIZON:
    walk_horizon(walker, unit);
    break;
  case QS_UNIT_REBALANCE:
    walk_rebalance(walker, unit);
    break;
  case QS_UNIT_REGRESSION:
    walk_regression(walker, unit);
    break;
  }
}
