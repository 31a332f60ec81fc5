// Formulas of a joint unit, one path a thread, over a block's tiles: what does not depend on them once, then
// each formula's quantities under a shift to the block's results.
#include "kernels/cuda/law.cuh"

#include "kernels/core/horizon.inc"

#include "kernels/core/path_noise.inc"

#include "kernels/core/path_terms.inc"

#include "kernels/core/joint.inc"

#include "kernels/core/script.inc"

#include "kernels/core/policy.inc"

#include "kernels/core/joint_value.inc"

#include "kernels/cuda/joint_kernels.h"

// Blocks that a multiprocessor is to hold at least: with fewer registers formulas would spill.
enum { BLOCK = 128, RESIDENT = QS_REAL_DOUBLE ? 4 : 5 };

// What all threads have in common.
struct QS_R(formula_law) {
  qs_joint_layout layout;
  QS_R(qs_chain_jumps) jumps[QS_MAX_JOINT];
  const qs_real *products;
  const double *forward, *years, *shifts;
  const uint32_t *dates;
  qs_joint_formula formula; // its program and its policy are those below
  qs_script_program program;
  qs_policy policy;
};
static_assert(sizeof(QS_R(formula_law)) < 4000, "a kernel's parameters");

QS_CORE QS_R(qs_joint_case)
    case_of(const QS_R(formula_law) & law, const qs_cuda_path_block &block, uint32_t i) {
  QS_R(qs_joint_case) c;
  c.layout = &law.layout;
  c.jumps = law.jumps;
  c.products = law.products;
  c.forward = law.forward;
  c.years = law.years;
  c.dates = law.dates;
  c.formula = law.formula;
  c.formula.program = &law.program;
  c.formula.policy = &law.policy;
  c.shifts = law.shifts;
  c.rows = static_cast<qs_real *>(block.rows) + column_of(i, block.tile_rows);
  return c;
}

__global__ void __launch_bounds__(BLOCK)
    QS_R(joint_between)(const __grid_constant__ QS_R(formula_law) law, qs_cuda_path_block block) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < block.paths) {
    const QS_R(qs_joint_case) c = case_of(law, block, i);
    QS_R(qs_joint_between)(&c);
  }
}

template <bool early, bool greeks>
__global__ void __launch_bounds__(BLOCK, RESIDENT)
    QS_R(joint_formula)(const __grid_constant__ QS_R(formula_law) law, qs_cuda_path_block block) {
  const uint32_t i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < block.paths) {
    const QS_R(qs_joint_case) c = case_of(law, block, i);
    QS_R(qs_joint_quantities)(early, greeks, &c);
  }
}

static QS_R(formula_law) law_of_unit(const qs_cuda_joint_plan &plan) {
  QS_R(formula_law) law = {};
  law.layout = plan.layout;
  for (uint32_t a = 0; a < plan.layout.assets; a++) {
    const qs_cuda_joint_asset &from = plan.assets[a];
    law.jumps[a].lambda = from.lambda;
    law.jumps[a].scored = from.scored;
    law.jumps[a].intensity = static_cast<qs_real>(from.intensity);
    law.jumps[a].p = static_cast<qs_real>(from.p);
    law.jumps[a].drifts = static_cast<const qs_real *>(from.drifts);
    law.jumps[a].dates = plan.unit->assets[a].path.date_count;
  }
  law.products = static_cast<const qs_real *>(plan.products);
  law.forward = static_cast<const double *>(plan.forward);
  law.years = static_cast<const double *>(plan.years);
  law.dates = static_cast<const uint32_t *>(plan.dates);
  return law;
}

template <typename T> static void put(const void *from, const T **to) {
  *to = static_cast<const T *>(from);
}

static void take_formula(const qs_cuda_joint_plan &plan, uint32_t payoff, QS_R(formula_law) * law) {
  const qs_joint_payoff &from = plan.unit->payoffs[payoff];
  const qs_cuda_joint_formula &at = plan.formulas[payoff];
  law->formula = qs_joint_formula_of(&from);
  put(at.asset, &law->formula.asset);
  put(at.date, &law->formula.date);
  put(at.known, &law->formula.known);
  law->program = *from.program;
  put(at.codes, &law->program.codes);
  put(at.constants, &law->program.constants);
  put(at.rows, &law->program.rows);
  put(at.clears, &law->program.clears);
  if (from.policy) {
    law->policy = *from.policy;
    put(at.weights, &law->policy.weights);
    put(at.centre, &law->policy.centre);
    put(at.rate, &law->policy.rate);
    put(at.bump, &law->policy.bump);
    put(at.coefficient, &law->policy.coefficient);
    put(at.parent, &law->policy.parent);
    put(at.variable, &law->policy.variable);
  }
}

cudaError_t QS_R(qs_cuda_launch_joint_between)(const qs_cuda_joint_plan &plan,
                                               const qs_cuda_path_block &block, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  return cudaLaunchKernelEx(&config, QS_R(joint_between), law_of_unit(plan), block);
}

cudaError_t QS_R(qs_cuda_launch_joint_formula)(const qs_cuda_joint_plan &plan,
                                               const qs_cuda_path_block &block, uint32_t payoff,
                                               uint32_t shift, cudaStream_t stream) {
  const cudaLaunchConfig_t config = launch_of(block.paths, BLOCK, stream);
  const bool early = plan.unit->payoffs[payoff].policy != nullptr, greeks = plan.unit->greeks;
  QS_R(formula_law) law = law_of_unit(plan);
  take_formula(plan, payoff, &law);
  law.shifts = static_cast<const double *>(plan.shifts) + (size_t)shift * plan.layout.assets;
#define LAUNCH(e, g)                                                                                         \
  if (early == e && greeks == g) {                                                                           \
    return cudaLaunchKernelEx(&config, QS_R(joint_formula) < e, g >, law, block);                            \
  }
  LAUNCH(false, false)
  LAUNCH(false, true)
  LAUNCH(true, false)
  LAUNCH(true, true)
#undef LAUNCH
  return cudaErrorInvalidValue;
}
