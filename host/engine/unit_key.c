#include "host/engine/unit_key.h"

#include <string.h>

/* Arrays of these go in as they lie in memory. */
_Static_assert(sizeof(qs_step) == 24 && sizeof(qs_payoff_plan) == 16 && sizeof(qs_script_code) == 32 &&
                   sizeof(qs_script_range) == 8,
               "a structure has bytes that belong to no member");

enum { KIND_VALUE = 1, KIND_PATH = 2, KIND_JOINT = 3, KIND_EARLY = 4 };

static void add_number(qs_digester *d, uint64_t number) {
  qs_digest_add(d, &number, sizeof number);
}

static void add_real(qs_digester *d, double number) {
  qs_digest_add(d, &number, sizeof number);
}

/* The array with its length; null is told from an empty one. */
static void add_array(qs_digester *d, const void *array, size_t count, size_t size) {
  add_number(d, array ? count + 1 : 0);
  if (array) {
    qs_digest_add(d, array, count * size);
  }
}

static void add_reals(qs_digester *d, const double *array, size_t count) {
  add_array(d, array, count, sizeof *array);
}

static void add_indices(qs_digester *d, const uint32_t *array, size_t count) {
  add_array(d, array, count, sizeof *array);
}

static void add_path(qs_digester *d, const qs_path_plan *path) {
  add_number(d, path->model.type);
  for (uint32_t p = 0, mask = qs_model_parameters(path->model.type); p < QS_PARAMETER_COUNT; p++) {
    if (mask >> p & 1) {
      add_real(d, path->model.value[p]);
    }
  }
  add_number(d, path->scheme);
  add_number(d, path->key);
  add_array(d, path->steps, path->step_count, sizeof *path->steps);
  add_number(d, path->date_count);
  for (uint32_t i = 0; i < path->date_count; i++) {
    add_number(d, path->dates[i].main_steps);
    add_array(d, &path->dates[i].side, 1, sizeof path->dates[i].side);
  }
  add_number(d, path->sampling);
  add_real(d, path->common);
}

static void add_run(qs_digester *d, bool greeks, qs_precision precision, uint64_t path_count,
                    uint64_t batch_paths, uint64_t first_path) {
  add_number(d, greeks);
  add_number(d, precision);
  add_number(d, path_count);
  add_number(d, batch_paths);
  add_number(d, first_path);
}

static void add_program(qs_digester *d, const qs_script_program *program) {
  add_array(d, program->codes, program->code_count, sizeof *program->codes);
  add_reals(d, program->constants, program->constant_count);
  add_indices(d, program->rows, program->row_count);
  add_array(d, program->clears, program->clear_count, sizeof *program->clears);
  add_number(d, program->observation_count);
  add_number(d, program->slot_count);
  add_number(d, program->result);
}

qs_digest qs_value_unit_key(const qs_value_unit *unit) {
  qs_digester d = {0};
  add_number(&d, KIND_VALUE);
  add_path(&d, &unit->path);
  add_array(&d, unit->payoffs, unit->payoff_count, sizeof *unit->payoffs);
  add_reals(&d, unit->shifts, unit->shift_count);
  add_run(&d, unit->greeks, unit->precision, unit->path_count, unit->batch_paths, unit->first_path);
  return qs_digest_end(&d);
}

static void add_path_payoff(qs_digester *d, const qs_path_payoff_plan *plan) {
  add_number(d, plan->payoff);
  add_real(d, plan->sign);
  add_indices(d, plan->dates, plan->date_count);
  add_reals(d, plan->level, QS_PATH_LEVELS);
  if (plan->payoff == QS_PATH_SCRIPT) {
    const size_t observations = plan->program->observation_count;
    add_program(d, plan->program);
    add_indices(d, plan->observed, observations);
    add_reals(d, plan->known, observations);
    return;
  }
  add_reals(d, plan->weights, plan->date_count);
  add_reals(d, plan->policy, (size_t)plan->date_count * plan->policy_width);
  add_number(d, plan->policy_width);
  add_real(d, plan->policy_step);
}

static void add_leverage(qs_digester *d, const qs_path_leverage *leverage, const qs_path_plan *path) {
  add_number(d, leverage != NULL);
  if (leverage) {
    add_reals(d, leverage->low, leverage->table_count);
    add_reals(d, leverage->spacing, leverage->table_count);
    add_reals(d, leverage->values, (size_t)leverage->table_count * leverage->node_count);
    add_indices(d, leverage->step_table, path->step_count);
    add_indices(d, leverage->date_table, path->date_count);
    add_reals(d, leverage->step_offset, path->step_count);
    add_reals(d, leverage->date_offset, path->date_count);
  }
}

qs_digest qs_path_unit_key(const qs_path_unit *unit) {
  const size_t dates = unit->path.date_count;
  qs_digester d = {0};
  add_number(&d, KIND_PATH);
  add_path(&d, &unit->path);
  add_reals(&d, unit->log_forwards, dates);
  add_reals(&d, unit->years, dates);
  add_number(&d, unit->payoff_count);
  for (uint32_t i = 0; i < unit->payoff_count; i++) {
    add_path_payoff(&d, &unit->payoffs[i]);
  }
  add_reals(&d, unit->shifts, unit->shift_count);
  add_run(&d, unit->greeks, unit->precision, unit->path_count, unit->batch_paths, unit->first_path);
  add_reals(&d, unit->added_count ? unit->added_weights : NULL, unit->added_count * dates);
  add_leverage(&d, unit->leverage, &unit->path);
  return qs_digest_end(&d);
}

qs_digest qs_early_key(const qs_path_unit *unit, const qs_path_payoff_plan *plan, const uint64_t *keys,
                       size_t key_count, uint64_t wanted) {
  qs_path_unit alone = *unit; /* what else the unit values does not matter */
  alone.payoffs = plan;
  alone.payoff_count = 1;
  const qs_digest whole = qs_path_unit_key(&alone);
  qs_digester d = {0};
  add_number(&d, KIND_EARLY);
  add_array(&d, whole.word, 2, sizeof whole.word[0]);
  add_array(&d, keys, key_count, sizeof *keys);
  add_number(&d, wanted);
  return qs_digest_end(&d);
}

static void add_asset(qs_digester *d, const qs_joint_unit *unit, const qs_joint_asset *asset) {
  const size_t n = unit->asset_count;
  add_path(d, &asset->path);
  add_reals(d, asset->forward, unit->date_count);
  const double *const rows[] = {asset->loadings,       asset->duals, asset->variance,
                                asset->variance_duals, asset->cross, asset->common_sizes};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    add_reals(d, rows[i], n);
  }
  add_number(d, asset->common_key);
  add_reals(d, asset->added_count ? asset->added_weights : NULL,
            (size_t)asset->added_count * asset->path.step_count);
}

static void add_joint_payoff(qs_digester *d, const qs_joint_payoff *payoff, uint32_t assets) {
  const size_t observations = payoff->program->observation_count, dates = payoff->date_count;
  add_program(d, payoff->program);
  add_indices(d, payoff->observed_asset, observations);
  add_number(d, dates);
  add_number(d, payoff->jumps);
  const qs_policy *policy = payoff->policy;
  add_number(d, policy != NULL);
  if (!policy) {
    add_indices(d, payoff->observed_date, observations);
    add_reals(d, payoff->known, observations);
    return;
  }
  add_reals(d, policy->weights, dates);
  add_reals(d, policy->centre, dates * 2 * assets);
  add_reals(d, policy->rate, dates * 2 * assets);
  add_reals(d, policy->bump, dates * assets * policy->moves);
  add_reals(d, policy->coefficient, dates * qs_policy_features(policy, assets));
  add_indices(d, policy->parent, policy->terms);
  add_indices(d, policy->variable, policy->terms);
  add_number(d, policy->moves);
}

qs_digest qs_joint_unit_key(const qs_joint_unit *unit) {
  qs_digester d = {0};
  add_number(&d, KIND_JOINT);
  add_number(&d, unit->asset_count);
  for (uint32_t a = 0; a < unit->asset_count; a++) {
    add_asset(&d, unit, &unit->assets[a]);
  }
  add_array(&d, unit->keys, unit->asset_count, sizeof *unit->keys);
  add_indices(&d, unit->dates, unit->date_count);
  add_reals(&d, unit->years, unit->date_count);
  add_number(&d, unit->payoff_count);
  for (uint32_t i = 0; i < unit->payoff_count; i++) {
    add_joint_payoff(&d, &unit->payoffs[i], unit->asset_count);
  }
  add_reals(&d, unit->shifts, (size_t)unit->shift_count * unit->asset_count);
  add_run(&d, unit->greeks, unit->precision, unit->path_count, unit->batch_paths, unit->first_path);
  return qs_digest_end(&d);
}
