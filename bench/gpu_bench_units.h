// The units of gpu_bench.cc: European options, payoffs along paths and formulas, a basket.
#ifndef QS_BENCH_GPU_BENCH_UNITS_H
#define QS_BENCH_GPU_BENCH_UNITS_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/plan.h"

// European calls on one underlying, `payoffs` of them at the end of `steps` equal steps of one year.
struct valuation {
  std::vector<qs_step> steps;
  qs_date date;
  std::vector<qs_payoff_plan> payoffs;
  double shift = 0.0;
  qs_value_unit unit{};

  valuation(qs_model_type type, bool greeks, std::uint32_t step_count, std::uint32_t payoff_count,
            std::uint64_t paths) {
    for (std::uint32_t i = 0; i < step_count; i++) {
      steps.push_back({1.0 / step_count, i / 4, i % 4});
    }
    date = {step_count, {0, 0, 0}};
    for (std::uint32_t i = 0; i < payoff_count; i++) {
      payoffs.push_back({0, QS_PAYOFF_CALL, payoff_count > 1 ? -0.5 + 1.0 * i / (payoff_count - 1) : 0.0});
    }
    const double values[QS_PARAMETER_COUNT] = {0.25, 2.0,  0.36, 0.8,  -0.5, 3.0, -0.05,
                                               0.1,  0.02, -0.3, 0.55, 12.0, 9.0, 0.6};
    unit.path.model.type = type;
    std::memcpy(unit.path.model.value, values, sizeof values);
    unit.path.scheme = QS_SCHEME_QE;
    unit.path.key = 1;
    unit.path.steps = steps.data();
    unit.path.step_count = step_count;
    unit.path.dates = &date;
    unit.path.date_count = 1;
    unit.payoffs = payoffs.data();
    unit.payoff_count = payoff_count;
    unit.shifts = &shift;
    unit.shift_count = 1;
    unit.greeks = greeks;
    unit.precision = QS_PRECISION_MIXED;
    unit.path_count = paths;
    unit.batch_paths = paths / QS_MAX_BATCHES;
    unit.batch_end = QS_MAX_BATCHES;
  }
  valuation(const valuation &) = delete;
  valuation &operator=(const valuation &) = delete;
};

// max(mean of the prices - K, 0) over `count` observations, as a program.
struct formula {
  std::vector<qs_script_code> codes;
  std::vector<double> constants = {100.0, 0.0}, known;
  std::vector<std::uint32_t> observed;
  std::vector<qs_script_range> clears;
  qs_script_program program{};

  explicit formula(std::uint32_t count) : known(count, 0.0), clears{{0, count + 5}} {
    const int both = QS_SCRIPT_ACTIVE_A | QS_SCRIPT_ACTIVE_B;
    const auto code = [&](qs_script_op op, int flags, std::uint32_t dates, std::uint32_t to, std::uint32_t a,
                          std::uint32_t b, double number) {
      codes.push_back(
          {static_cast<std::uint16_t>(op), static_cast<std::uint16_t>(flags), dates, to, a, b, 0, number});
    };
    code(QS_SCRIPT_SUM, QS_SCRIPT_SERIES_A | QS_SCRIPT_ACTIVE_A, count, count + 2, 0, 0, 1.0 / count);
    code(QS_SCRIPT_SUBTRACT, both, 1, count + 3, count + 2, count, 0);
    code(QS_SCRIPT_GREATER, both, 1, count + 4, count + 3, count + 1, 0);
    for (std::uint32_t i = 0; i < count; i++) {
      observed.push_back(i);
    }
    program = {codes.data(), constants.data(), nullptr,  clears.data(), 3, 2, 0, 1,
               count,        count + 5,        count + 4};
  }
};

// One payoff along the paths of a year of days, observed every week.
struct path_valuation {
  enum { WEEKS = 52, STEPS = 7 * WEEKS };
  std::vector<qs_step> steps;
  std::vector<qs_date> dates;
  std::vector<double> log_forwards, years, weights;
  std::vector<std::uint32_t> at;
  formula mean{WEEKS};
  qs_path_payoff_plan payoff{};
  double shift = 0.0;
  std::vector<double> nodes, offsets;
  std::vector<std::uint32_t> tables;
  double low = -1.5, spacing = 0.05;
  qs_path_leverage leverage{};
  qs_path_unit unit{};

  path_valuation(qs_path_payoff kind, qs_model_type type, bool greeks, qs_sampling sampling,
                 std::uint64_t paths) {
    for (std::uint32_t i = 0; i < STEPS; i++) {
      steps.push_back({1.0 / STEPS, i / 4, i % 4});
    }
    for (std::uint32_t i = 0; i < WEEKS; i++) {
      dates.push_back({7 * (i + 1), {0, 0, 0}});
      log_forwards.push_back(std::log(100.0));
      years.push_back((i + 1.0) / WEEKS);
      weights.push_back(1.0 / WEEKS);
      at.push_back(i);
    }
    payoff = {kind, 1, at.data(), weights.data(), WEEKS, {1.0, 0.0}};
    if (kind == QS_PATH_BARRIER) {
      payoff.level[1] = 0.7, payoff.level[2] = 1.6;
    } else if (kind == QS_PATH_SCRIPT) {
      payoff.level[0] = 100;
      payoff.program = &mean.program, payoff.observed = mean.observed.data(),
      payoff.known = mean.known.data();
    }
    const valuation terminal(type, greeks, 1, 1, paths); // model, paths and batches
    unit.path = terminal.unit.path;
    unit.path.steps = steps.data(), unit.path.step_count = STEPS;
    unit.path.dates = dates.data(), unit.path.date_count = WEEKS;
    unit.path.sampling = sampling;
    unit.log_forwards = log_forwards.data(), unit.years = years.data();
    unit.payoffs = &payoff, unit.payoff_count = 1;
    unit.shifts = &shift, unit.shift_count = 1;
    unit.greeks = greeks;
    unit.precision = QS_PRECISION_MIXED;
    unit.path_count = paths, unit.batch_paths = paths / QS_MAX_BATCHES, unit.batch_end = QS_MAX_BATCHES;
  }
  // A leverage function of one table, for a heston.
  void add_leverage() {
    for (int j = 0; j < 61; j++) {
      const double at = low + j * spacing;
      nodes.push_back(1.0 - 0.3 * at + 0.2 * at * at);
    }
    tables.assign(STEPS, 0), offsets.assign(STEPS, 0.0);
    leverage = {1,
                static_cast<std::uint32_t>(nodes.size()),
                &low,
                &spacing,
                nodes.data(),
                tables.data(),
                tables.data(),
                offsets.data(),
                offsets.data()};
    unit.leverage = &leverage;
    unit.path.scheme = QS_SCHEME_EULER;
  }
  path_valuation(const path_valuation &) = delete;
  path_valuation &operator=(const path_valuation &) = delete;
};

// A basket of underlyings of one model, of which the first two are correlated: its mean over a year's weeks,
// as a call.
struct joint_valuation {
  enum { WEEKS = path_valuation::WEEKS, STEPS = path_valuation::STEPS, MOST = 5 };
  std::vector<qs_step> steps;
  std::vector<qs_date> ends;
  std::vector<std::uint32_t> weeks, asset, date;
  std::vector<double> years, forward = std::vector<double>(WEEKS, 100.0);
  std::vector<double> loadings, duals; // [underlying][stream]
  std::uint64_t keys[MOST] = {11, 12, 13, 14, 15};
  formula mean;
  qs_joint_asset assets[MOST]{};
  qs_joint_payoff payoff{};
  double shifts[MOST] = {0.0};
  qs_joint_unit unit{};

  joint_valuation(qs_model_type type, bool greeks, qs_sampling sampling, std::uint64_t paths, std::uint32_t n)
      : loadings(n * n, 0.0), duals(n * n, 0.0), mean(n * WEEKS) {
    for (std::uint32_t a = 0; a < n; a++) {
      loadings[a * n + a] = duals[a * n + a] = 1.0;
    }
    loadings[n] = 0.6, loadings[n + 1] = 0.8, duals[1] = -0.75, duals[n + 1] = 1.25;
    for (std::uint32_t i = 0; i < STEPS; i++) {
      steps.push_back({1.0 / STEPS, i / 4, i % 4});
      ends.push_back({i + 1, {0, 0, 0}});
    }
    for (std::uint32_t i = 0; i < n * WEEKS; i++) {
      asset.push_back(i / WEEKS);
      date.push_back(i % WEEKS);
    }
    for (std::uint32_t i = 0; i < WEEKS; i++) {
      weeks.push_back(7 * (i + 1));
      years.push_back((i + 1.0) / WEEKS);
    }
    payoff = {&mean.program, asset.data(), date.data(), mean.known.data(), WEEKS, false, nullptr};
    const valuation terminal(type, greeks, 1, 1, paths); // model, paths and batches
    for (std::uint32_t a = 0; a < n; a++) {
      assets[a].path = terminal.unit.path;
      assets[a].path.key = a + 1;
      assets[a].path.steps = steps.data(), assets[a].path.step_count = STEPS;
      assets[a].path.dates = ends.data(), assets[a].path.date_count = STEPS;
      assets[a].path.sampling = sampling;
      assets[a].forward = forward.data();
      assets[a].loadings = &loadings[a * n], assets[a].duals = &duals[a * n];
    }
    unit.assets = assets, unit.asset_count = n;
    unit.keys = keys;
    unit.dates = weeks.data(), unit.years = years.data(), unit.date_count = WEEKS;
    unit.payoffs = &payoff, unit.payoff_count = 1;
    unit.shifts = shifts, unit.shift_count = 1;
    unit.greeks = greeks;
    unit.precision = QS_PRECISION_MIXED;
    unit.path_count = paths, unit.batch_paths = paths / QS_MAX_BATCHES, unit.batch_end = QS_MAX_BATCHES;
  }
  joint_valuation(const joint_valuation &) = delete;
  joint_valuation &operator=(const joint_valuation &) = delete;
};

#endif
