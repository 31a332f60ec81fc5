// What the tests of early exercise's regression share: a unit with all that it points to, filled at random,
// whose formula is a put on the worst of the first two underlyings.
#ifndef TESTS_CORE_REGRESSION_WORLD_H
#define TESTS_CORE_REGRESSION_WORLD_H

#include <cmath>
#include <random>
#include <vector>

#include "tests/core/paths_world.h"

namespace regression {

constexpr double kStrike = 100;

// A unit and all that it points to. Neither copied nor moved.
struct Unit {
  // `random`: bit a, the variance of underlying a is random. The paths are eight chunks.
  Unit(uint32_t asset_count, uint32_t random, uint64_t paths, uint32_t seed)
      : count(asset_count), stride(paths), engine(seed) {
    for (uint32_t a = 0; a < count; a++) {
      for (int row = 0; row < 4; row++) { // x before, v before, x, v
        for (uint64_t p = 0; p < paths; p++) {
          const double before = row < 2 ? 0 : states[a * 4 + row - 2][p];
          rows.push_back(row % 2 ? std::fabs(before + normal(.04)) : before + normal(.2));
        }
        states.push_back(rows);
        rows.clear();
      }
      forwards.push_back(90 + 10 * a);
    }
    for (uint64_t p = 0; p < paths; p++) {
      earned.push_back(std::fmax(normal(20), 0));
    }
    lay_policy(random);
    connect(random);
  }
  Unit(const Unit &) = delete;
  Unit &operator=(const Unit &) = delete;

  double normal(double deviation) { return std::normal_distribution<double>(0, deviation)(engine); }

  // The next interval begins at the start.
  void begin_at_start() {
    for (qs_regression_asset &a : assets) {
      a.x_before = a.v_before = nullptr;
      a.x_start = .01;
      a.v_start = .05;
    }
  }
  std::vector<double> room() const { return std::vector<double>(qs_regression_unit_numbers(&unit), -7); }

  uint32_t count;
  uint64_t stride;
  std::mt19937 engine;
  std::vector<double> rows, forwards, earned, control;
  std::vector<std::vector<double>> states; // [asset][x before, v before, x, v][path]
  std::vector<double> weights = {1.02}, centre, rate, bump, coefficient;
  std::vector<uint32_t> parent, variable, observed = {0, 1};
  std::vector<double> constants = {kStrike, 0};
  std::vector<qs_script_code> codes;
  std::vector<qs_regression_asset> assets;
  qs_script_program program{};
  qs_policy policy{};
  qs_regression_unit unit{};

private:
  // A constant, every variable, and the square of the first.
  void lay_policy(uint32_t random) {
    parent = {0};
    variable = {0};
    for (uint32_t j = 0; j < 2 * count; j++) {
      const bool seen = j < count || (random >> (j - count) & 1);
      centre.push_back(j < count ? .01 : .18);
      rate.push_back(seen ? j < count ? 5 : 8 : 0);
      if (seen) {
        parent.push_back(0);
        variable.push_back(j);
      }
    }
    parent.push_back(1);
    variable.push_back(0);
    policy.moves = 2;
    for (uint32_t k = 0; k < 2 * count; k++) {
      bump.push_back(k % 2 ? 1.3 : 1.1);
    }
    policy.terms = uint32_t(parent.size());
    for (uint32_t k = 0; k < qs_policy_features(&policy, count); k++) {
      coefficient.push_back(k ? .03 : 6);
    }
  }
  void connect(uint32_t random) {
    policy.weights = weights.data();
    policy.centre = centre.data();
    policy.rate = rate.data();
    policy.bump = bump.data();
    policy.coefficient = coefficient.data();
    policy.parent = parent.data();
    policy.variable = variable.data();
    if (count == 1) {
      observed = {0, 0};
    }
    codes = {{QS_SCRIPT_LESSER, 0, 1, 4, 0, 1, 0, 0},
             {QS_SCRIPT_SUBTRACT, 0, 1, 5, 2, 4, 0, 0},
             {QS_SCRIPT_GREATER, 0, 1, 6, 5, 3, 0, 0}};
    program.codes = codes.data();
    program.code_count = 3;
    program.constants = constants.data();
    program.constant_count = 2;
    program.observation_count = 2;
    program.slot_count = 7;
    program.result = 6;
    for (uint32_t a = 0; a < count; a++) {
      const std::vector<double> *s = &states[a * 4];
      assets.push_back(
          {s[0].data(), s[1].data(), s[2].data(), s[3].data(), forwards[a], 0, 0, .002, .9, a != 2});
    }
    unit.counts = {count, policy.terms, qs_policy_features(&policy, count), 3, 2, random};
    for (uint32_t k = 0; k < qs_regression_controls(&unit.counts); k++) {
      control.push_back(normal(1));
    }
    unit.task = QS_REGRESSION_SUM;
    unit.assets = assets.data();
    unit.program = &program;
    unit.observed_asset = observed.data();
    unit.policy = &policy;
    unit.control = control.data();
    unit.earned = earned.data();
    unit.blend = .25;
    unit.path_end = unit.stride = stride;
    unit.chunk_paths = stride / 8;
  }
};

// The columns of a path in plain arithmetic.
inline std::vector<double> plain_columns(const Unit &u, uint64_t p, double *pays) {
  const uint32_t n = u.count;
  const bool starts = !u.assets[0].x_before;
  std::vector<double> x, v, z, columns;
  for (uint32_t a = 0; a < n; a++) {
    x.push_back(starts ? u.assets[a].x_start : u.states[a * 4][p]);
    v.push_back(starts ? u.assets[a].v_start : u.states[a * 4 + 1][p]);
  }
  const auto formula = [&](uint32_t moved, double factor) {
    const uint32_t second = n > 1 ? 1 : 0;
    const double first = u.forwards[0] * std::exp(x[0]) * (moved == 0 ? factor : 1);
    const double other = u.forwards[second] * std::exp(x[second]) * (moved == second ? factor : 1);
    return std::fmax(kStrike - std::fmin(first, other), 0);
  };
  for (uint32_t j = 0; j < 2 * n; j++) {
    const double raw = j < n ? x[j] : std::sqrt(v[j - n]);
    z.push_back(std::fmin(4, std::fmax(-4, (raw - u.centre[j]) * u.rate[j])));
  }
  columns.push_back(1);
  for (uint32_t k = 1; k < u.policy.terms; k++) {
    columns.push_back(columns[u.parent[k]] * z[u.variable[k]]);
  }
  columns.push_back(formula(n, 1));
  for (uint32_t k = 0; k < 2 * n; k++) {
    columns.push_back(formula(k / 2, u.bump[k]));
    columns.push_back(formula(k / 2, 1 / u.bump[k]));
  }
  *pays = u.weights[0] * formula(n, 1);
  if (starts) {
    columns.assign(columns.size(), 0);
    columns[0] = 1;
  }
  const std::vector<double> features = columns;
  for (uint32_t a = 0; a < n; a++) {
    const double growth = std::expm1(u.states[a * 4 + 2][p] - x[a]);
    for (uint32_t k : {0u, 1u, 2u, u.policy.terms}) {
      columns.push_back(features[k] * growth);
    }
  }
  for (uint32_t a = 0; a < n; a++) {
    const qs_regression_asset &asset = u.assets[a];
    const double mean = asset.constant + asset.slope * v[a];
    for (uint32_t k = 0; k < 2 && (u.unit.counts.random >> a & 1); k++) {
      columns.push_back(asset.known ? features[k] * (u.states[a * 4 + 3][p] - mean) : 0);
    }
  }
  columns.push_back(u.earned[p]);
  return columns;
}

} // namespace regression

#endif
