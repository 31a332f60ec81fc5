// A joint unit's arrays to device memory, in one copy.
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/joint_run.h"
#include "kernels/cuda/upload.h"
#include "kernels/refuse.h"

namespace {

enum { ASSET_ARRAYS = QS_CUDA_TABLE_ARRAYS + 3, FORMULA_ARRAYS = 14, UNIT_ARRAYS = 11 };

// Arrays on their way, and what they are copied from where the unit has it otherwise.
struct upload {
  qs_cuda_array *arrays;
  size_t count;
  uint32_t *keys;  // [stream][2]
  double *forward; // [asset][date]
};

void add(upload *list, const void *from, size_t count, size_t size, const void **to) {
  list->arrays[list->count++] = {from, count, size, to};
}

void add_asset(qs_cuda_joint_run *run, uint32_t a, upload *list) {
  const qs_joint_asset &from = run->unit->assets[a];
  const qs_path_table &path = run->paths[a];
  const qs_dynamics &m = run->tables[a].dynamics;
  qs_cuda_joint_asset &to = run->plan.assets[a];
  qs_cuda_table_arrays(run->tables[a], from.path, run->unit->greeks, list->arrays + list->count, &to.plan);
  list->count += QS_CUDA_TABLE_ARRAYS;
  add(list, path.scores, path.score_count, 0, &to.scores);
  add(list, path.drifts, path.drift_count, 0, &to.drifts);
  add(list, from.added_weights, (size_t)run->plan.layout.parts[a].added * from.path.step_count,
      sizeof(double), &to.added);
  to.lambda = path.lambda;
  to.scored = path.scored;
  to.inverse_lambda = path.inverse_lambda;
  to.intensity = m.lambda - m.common;
  to.p = m.p;
  to.sigma_j = m.sigma_j;
  to.common0 = static_cast<uint32_t>(from.common_key);
  to.common1 = static_cast<uint32_t>(from.common_key >> 32);
}

void add_formula(const qs_cuda_joint_run &run, const qs_joint_payoff &from, qs_cuda_joint_formula *to,
                 upload *list) {
  const qs_script_program &program = *from.program;
  const size_t seen = program.observation_count, dates = from.date_count, n = run.unit->asset_count;
  static const qs_policy none = {};
  const qs_policy &policy = from.policy ? *from.policy : none;
  const size_t exercised = from.policy ? dates : 0, features = qs_policy_features(&policy, (uint32_t)n);
  add(list, program.codes, program.code_count, sizeof *program.codes, &to->codes);
  add(list, program.constants, program.constant_count, sizeof(double), &to->constants);
  add(list, program.rows, program.row_count, sizeof(uint32_t), &to->rows);
  add(list, program.clears, program.clear_count, sizeof *program.clears, &to->clears);
  add(list, from.observed_asset, seen, sizeof(uint32_t), &to->asset);
  add(list, from.observed_date, from.policy ? 0 : seen, sizeof(uint32_t), &to->date);
  add(list, from.known, from.policy ? 0 : seen, sizeof(double), &to->known);
  add(list, policy.weights, exercised, sizeof(double), &to->weights);
  add(list, policy.centre, exercised * 2 * n, sizeof(double), &to->centre);
  add(list, policy.rate, exercised * 2 * n, sizeof(double), &to->rate);
  add(list, policy.bump, exercised * n * policy.moves, sizeof(double), &to->bump);
  add(list, policy.coefficient, exercised * features, sizeof(double), &to->coefficient);
  add(list, policy.parent, policy.terms, sizeof(uint32_t), &to->parent);
  add(list, policy.variable, policy.terms, sizeof(uint32_t), &to->variable);
}

void add_unit(qs_cuda_joint_run *run, upload *list) {
  const qs_joint_unit &unit = *run->unit;
  const size_t n = unit.asset_count;
  static const qs_net none = {};
  const qs_net &net = run->nets ? *run->nets : none;
  qs_cuda_joint_plan &to = run->plan;
  for (uint32_t j = 0; j < n; j++) {
    list->keys[2 * j] = static_cast<uint32_t>(unit.keys[j]);
    list->keys[2 * j + 1] = static_cast<uint32_t>(unit.keys[j] >> 32);
    memcpy(list->forward + j * unit.date_count, unit.assets[j].forward, unit.date_count * sizeof(double));
  }
  add(list, list->keys, 2 * n, sizeof(uint32_t), &to.keys);
  add(list, list->forward, n * unit.date_count, sizeof(double), &to.forward);
  add(list, unit.years, unit.date_count, sizeof(double), &to.years);
  add(list, unit.dates, unit.date_count, sizeof(uint32_t), &to.dates);
  add(list, unit.shifts, unit.shift_count * n, sizeof(double), &to.shifts);
  add(list, run->weights.streams, n * n * QS_STREAM_WEIGHTS, 0, &to.streams);
  add(list, run->weights.sizes, n * n, 0, &to.sizes);
  add(list, run->weights.products, n * n, 0, &to.products);
  add(list, net.directions, (size_t)net.dimensions * QS_SOBOL_BITS, sizeof *net.directions, &to.directions);
  add(list, net.bridge, net.steps, sizeof *net.bridge, &to.bridge);
  add(list, net.inverse_root, net.steps, sizeof *net.inverse_root, &to.inverse_root);
}

} // namespace

qs_status qs_cuda_joint_upload(qs_cuda_joint_run *run, char *message) {
  const qs_joint_unit &unit = *run->unit;
  const size_t n = unit.asset_count, formulas = unit.payoff_count;
  upload list = {};
  const size_t count = n * ASSET_ARRAYS + formulas * FORMULA_ARRAYS + UNIT_ARRAYS;
  list.arrays = static_cast<qs_cuda_array *>(malloc(count * sizeof *list.arrays));
  list.keys = static_cast<uint32_t *>(malloc(2 * n * sizeof *list.keys));
  list.forward = static_cast<double *>(malloc(n * unit.date_count * sizeof *list.forward));
  run->formulas = static_cast<qs_cuda_joint_formula *>(calloc(formulas, sizeof *run->formulas));
  run->plan.formulas = run->formulas;
  qs_status status = QS_OK;
  if (!list.arrays || !list.keys || !list.forward || !run->formulas) {
    status = refuse(message, QS_ERROR_MEMORY, "out of memory for %u formulas", unit.payoff_count);
  } else {
    for (uint32_t a = 0; a < n; a++) {
      add_asset(run, a, &list);
    }
    for (size_t i = 0; i < formulas; i++) {
      add_formula(*run, unit.payoffs[i], run->formulas + i, &list);
    }
    add_unit(run, &list);
    status = qs_cuda_send(run->device, list.arrays, list.count, unit.precision, message);
  }
  free(list.arrays);
  free(list.keys);
  free(list.forward);
  return status;
}
