// What the tests of payoffs along a path share: a path unit over a regular grid, run on the CPU backend.
#ifndef TESTS_CORE_PATH_WORLD_H
#define TESTS_CORE_PATH_WORLD_H

#include <limits>

#include "tests/core/paths_world.h"

namespace paths {

constexpr double kNone = std::numeric_limits<double>::infinity();

// A payoff over some of the unit's dates.
struct Exotic {
  qs_path_payoff payoff;
  double sign;
  std::vector<uint32_t> dates;
  std::vector<double> weights;
  std::vector<double> levels;
  const qs_script_program *program = nullptr; // of a script, which observes all its dates but one it knows
  std::vector<double> policy = {};            // of early exercise, for every date as many
};

// The weights 1 / n.
inline std::vector<double> equal_weights(size_t n) {
  return std::vector<double>(n, 1.0 / double(n));
}

// 0, 1 .. n - 1, or so from `first` on.
inline std::vector<uint32_t> all_dates(uint32_t n, uint32_t first = 0) {
  std::vector<uint32_t> dates;
  for (uint32_t i = first; i < n; i++)
    dates.push_back(i);
  return dates;
}

// max(mean of three prices - K, 0), the first price known, as a program; or with a jump 1 where the mean
// is above K.
inline const qs_script_program *script_program(bool jump) {
  static const double constants[] = {60.0, 0.0};
  static const qs_script_range clears[] = {{0, 8}};
  const auto code = [](qs_script_op op, int flags, uint32_t count, uint32_t to, uint32_t a, uint32_t b,
                       double number) {
    return qs_script_code{uint16_t(op), uint16_t(flags), count, to, a, b, 0, number};
  };
  const int both = QS_SCRIPT_ACTIVE_A | QS_SCRIPT_ACTIVE_B;
  static const qs_script_code smooth[] = {
      code(QS_SCRIPT_SUM, QS_SCRIPT_SERIES_A | QS_SCRIPT_ACTIVE_A, 3, 5, 0, 0, 1.0 / 3),
      code(QS_SCRIPT_SUBTRACT, both, 1, 6, 5, 3, 0), code(QS_SCRIPT_GREATER, both, 1, 7, 6, 4, 0)};
  static const qs_script_code jumps[] = {code(QS_SCRIPT_SUM, QS_SCRIPT_SERIES_A, 3, 5, 0, 0, 1.0 / 3),
                                         code(QS_SCRIPT_BELOW, 0, 1, 6, 3, 5, 0),
                                         code(QS_SCRIPT_ADD, 0, 1, 7, 6, 4, 0)};
  static const qs_script_program programs[] = {{smooth, constants, nullptr, clears, 3, 2, 0, 1, 3, 8, 7},
                                               {jumps, constants, nullptr, clears, 3, 2, 0, 1, 3, 8, 7}};
  return &programs[jump];
}

// A path unit and all that it points to. Dates are equally spaced main nodes unless given otherwise; forwards
// grow by `carry` a year.
struct PathValuation {
  qs_model model;
  double carry = 0;
  std::vector<qs_step> steps;
  std::vector<qs_date> dates;
  std::vector<double> log_forwards, years;
  std::vector<Exotic> exotics;
  std::vector<qs_path_payoff_plan> payoffs;
  std::vector<double> shifts = {0.0};
  std::vector<double> added = {}; // [move][date]
  std::vector<qs_moment> moments;
  qs_path_unit unit{};

  PathValuation(const qs_model &m, double maturity, int count, int date_count,
                const std::vector<Exotic> &list)
      : model(m), exotics(list) {
    for (uint32_t i = 0; i < uint32_t(count); i++)
      steps.push_back({maturity / count, i / 4, i % 4});
    for (int i = 1; i <= date_count; i++)
      dates.push_back({uint32_t(i * count / date_count), {0, 0, 0}});
    unit.path.key = qs_key(1, QS_PURPOSE_TEST, "exotics");
    unit.path_count = 4096;
    unit.batch_paths = 1024;
    unit.precision = QS_PRECISION_MIXED;
  }

  static constexpr uint32_t kSeen[] = {2, 0, 1}; // of two dates
  static constexpr double kKnown[] = {55, 0, 0};

  uint32_t quantities() const { return qs_path_unit_quantities(&unit); }

  void connect() {
    years.clear(), log_forwards.clear(), payoffs.clear();
    for (auto &d : dates) {
      double t = d.side.years;
      for (uint32_t i = 0; i < d.main_steps; i++)
        t += steps[i].years;
      years.push_back(t);
      log_forwards.push_back(4.0 + carry * t);
    }
    for (auto &e : exotics) {
      ASSERT_GE(e.weights.size(), e.dates.size());
      qs_path_payoff_plan p{};
      p.payoff = e.payoff, p.sign = e.sign;
      p.dates = e.dates.data(), p.weights = e.weights.data();
      p.date_count = uint32_t(e.dates.size());
      std::copy(e.levels.begin(), e.levels.end(), p.level);
      p.program = e.program, p.observed = kSeen, p.known = kKnown;
      p.policy = e.policy.empty() ? nullptr : e.policy.data();
      p.policy_width = uint32_t(e.policy.size() / e.dates.size());
      p.policy_step = 0.1;
      payoffs.push_back(p);
    }
    unit.path.model = model;
    unit.path.steps = steps.data();
    unit.path.step_count = uint32_t(steps.size());
    unit.path.dates = dates.data();
    unit.path.date_count = uint32_t(dates.size());
    unit.log_forwards = log_forwards.data();
    unit.years = years.data();
    unit.payoffs = payoffs.data();
    unit.payoff_count = uint32_t(payoffs.size());
    unit.shifts = shifts.data();
    unit.shift_count = uint32_t(shifts.size());
    unit.added_weights = added.data();
    unit.added_count = uint32_t(added.size() / dates.size());
    unit.batch_begin = 0;
    unit.batch_end = uint32_t((unit.path_count + unit.batch_paths - 1) / unit.batch_paths);
    moments.assign(size_t(unit.batch_end) * shifts.size() * payoffs.size() * quantities(), qs_moment{-1, -1});
  }

  void value(Device &device) {
    connect();
    ASSERT_EQ(device.status(), QS_OK) << device.message;
    ASSERT_EQ(qs_backend_cpu()->path(device.get(), &unit, nullptr, device.message, moments.data()), QS_OK)
        << device.message;
  }

  Estimate estimate(uint32_t payoff, uint32_t quantity, uint32_t shift = 0) const {
    double count = 0, mean = 0, m2 = 0;
    for (uint32_t b = 0; b < unit.batch_end; b++) {
      const double n = double(std::min(unit.batch_paths, unit.path_count - b * unit.batch_paths));
      const qs_moment &x =
          moments[((b * shifts.size() + shift) * payoffs.size() + payoff) * quantities() + quantity];
      const double d = x.mean - mean;
      m2 += x.m2 + d * d * count * n / (count + n);
      mean += d * n / (count + n);
      count += n;
    }
    return {mean, std::sqrt(m2 / count / (count - 1))};
  }
};

// A unit of every payoff, on dates on and off the grid.
inline PathValuation every_payoff(qs_model_type type, qs_scheme scheme, qs_sampling sampling,
                                  qs_precision precision, bool greeks) {
  const std::vector<uint32_t> all = {1, 2, 3, 4}, now = {0, 1, 2, 3, 4}, two = {2, 4};
  const std::vector<double> w = {.2, .3, .25, .25}, w5(5, .2), w2(2, .5);
  const std::vector<double> policy = {-.1, .1, -.4, -.1, .05, -.2, -.08, 0, -.1, -.05, .1, -.2, 0, 0, 0};
  const std::vector<double> levels = {.1, -.1, .05, -.1, .02, -.05, 0, -.1}, levels2 = {.05, -.1, 0, -.1};
  PathValuation run(typical(type, true), 0.2, 10, 4,
                    {{QS_PATH_ASIAN, 1, all, w, {1.02, 0}},
                     {QS_PATH_ASIAN_STRIKE, -1, all, w, {1, 0}},
                     {QS_PATH_ASIAN_GEOMETRIC, 1, two, w2, {.9, 1}},
                     {QS_PATH_BARRIER, 1, all, w, {1, .8, 1.5, .1, 0, 1}},
                     {QS_PATH_BARRIER, -1, all, w, {1, .8, kNone, .1, 1}},
                     {QS_PATH_BARRIER_CONTINUOUS, 1, now, w5, {1, .8, 1.6, .1}},
                     {QS_PATH_LOOKBACK, 1, all, w, {1.1, 0}},
                     {QS_PATH_LOOKBACK_FLOATING, 1, two, w2, {0, kNone}},
                     {QS_PATH_DIGITAL, 1, {4}, {1}, {1.05, 1}},
                     {QS_PATH_CLIQUET, 1, all, w, {-.05, .1, -.02, .06, 1}},
                     {QS_PATH_VARIANCE, 1, all, w, {.1, kNone, 0, 5}},
                     {QS_PATH_VOLATILITY, 1, all, w, {.1, .9, 0, 5, .98}},
                     {QS_PATH_SCRIPT, 1, two, w2, {55, 0}, script_program(false)},
                     {QS_PATH_SCRIPT, 1, two, w2, {55, 1}, script_program(true)},
                     {QS_PATH_EARLY, -1, now, {1.05, 1.04, 1.03, 1.01, 1}, {1.0}, nullptr, policy},
                     {QS_PATH_EARLY, 1, all, w, {.95}, nullptr, {.1, .1, .2, .3}},
                     {QS_PATH_POOL, 1, {4}, {1}, {1.5, .8, 1.3, .95}},
                     {QS_PATH_ASIAN_GEOMETRIC_STRIKE, 1, two, w2, {1.02, 1}},
                     {QS_PATH_AUTOCALL, 1, all, w, {.98, .04, .8, 1.02, 1, 1}, nullptr, levels},
                     {QS_PATH_AUTOCALL, 1, two, w2, {.98, .04, .9, 1.02, 0, -1}, nullptr, levels2}});
  run.dates.insert(run.dates.begin(), {0, {0, 0, 0}});
  run.dates[2].side = {0.003, 1, 1};
  run.carry = 0.1;
  run.unit.path.scheme = scheme;
  run.unit.path.sampling = sampling;
  run.unit.precision = precision;
  run.unit.greeks = greeks;
  if (!greeks)
    run.shifts = {0, -0.1, 0.2};
  run.unit.batch_paths = 192;
  return run;
}

// Index of a parameter's quantity.
inline uint32_t path_quantity_of(const qs_model &model, qs_parameter parameter) {
  return quantity_of(model, parameter) + QS_PATH_PARAMETERS - QS_QUANTITY_PARAMETERS;
}

} // namespace paths

#endif
