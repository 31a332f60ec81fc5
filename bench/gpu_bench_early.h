// The regression of early exercise for gpu_bench.cc: one interval of a put on the worse of two underlyings
// with random variances, with as many columns as the host makes of that.
#ifndef QS_BENCH_GPU_BENCH_EARLY_H
#define QS_BENCH_GPU_BENCH_EARLY_H

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/plan.h"

struct regression_job {
  enum { TERMS = 70, MOVES = 2, ASSETS = 2, CHUNKS = 16 };
  std::vector<double> x[ASSETS], v[ASSETS], later_x[ASSETS], later_v[ASSETS], earned, coefficient, control;
  std::vector<std::uint32_t> parent, variable;
  const double weight = 1, centre[2 * ASSETS] = {0, 0, 0.5, 0.5}, rate[2 * ASSETS] = {5, 5, 5, 5};
  const double bump[ASSETS * MOVES] = {1.05, 1.2, 1.05, 1.2}, constants[2] = {100, 0};
  const std::uint32_t observed[2] = {0, 1};
  const qs_script_code codes[3] = {{QS_SCRIPT_LESSER, 0, 1, 4, 0, 1, 0, 0},
                                   {QS_SCRIPT_SUBTRACT, 0, 1, 5, 2, 4, 0, 0},
                                   {QS_SCRIPT_GREATER, 0, 1, 6, 5, 3, 0, 0}};
  qs_regression_asset assets[ASSETS] = {};
  qs_script_program program{};
  qs_policy policy{};
  qs_regression_unit unit{};

  explicit regression_job(std::uint64_t paths) {
    std::uint32_t state = 1; // any irregular numbers
    const auto uniform = [&state] {
      state = state * 1664525u + 1013904223u;
      return state * 0x1p-32 - 0.5;
    };
    for (std::uint64_t p = 0; p < paths; p++) {
      for (int a = 0; a < ASSETS; a++) {
        x[a].push_back(uniform());
        v[a].push_back(0.3 + 0.4 * uniform());
        later_x[a].push_back(x[a].back() + 0.3 * uniform());
        later_v[a].push_back(0.3 + 0.4 * uniform());
      }
      earned.push_back(20 + 40 * uniform());
    }
    for (std::uint32_t k = 0; k < TERMS; k++) { // a term of k factors, one after the other
      parent.push_back(k > 2 * ASSETS ? k - 2 * ASSETS : 0);
      variable.push_back(k ? (k - 1) % (2 * ASSETS) : 0);
    }
    policy.weights = &weight, policy.centre = centre, policy.rate = rate, policy.bump = bump;
    policy.parent = parent.data(), policy.variable = variable.data();
    policy.terms = TERMS, policy.moves = MOVES;
    coefficient.assign(qs_policy_features(&policy, ASSETS), 0.1);
    policy.coefficient = coefficient.data();
    program.codes = codes, program.code_count = 3, program.constants = constants, program.constant_count = 2;
    program.observation_count = 2, program.slot_count = 7, program.result = 6;
    for (int a = 0; a < ASSETS; a++) {
      assets[a] = {x[a].data(), v[a].data(), later_x[a].data(), later_v[a].data(), 100, 0, 0, 0, 1, true};
    }
    unit.task = QS_REGRESSION_SUM;
    unit.counts = {ASSETS, TERMS, qs_policy_features(&policy, ASSETS), 15, 5, 3};
    control.assign(qs_regression_controls(&unit.counts), 0.1);
    unit.assets = assets, unit.program = &program, unit.observed_asset = observed, unit.policy = &policy;
    unit.control = control.data(), unit.earned = earned.data();
    unit.path_end = unit.stride = paths;
    unit.chunk_paths = paths / CHUNKS;
  }
  regression_job(const regression_job &) = delete;
  regression_job &operator=(const regression_job &) = delete;
};

#endif
