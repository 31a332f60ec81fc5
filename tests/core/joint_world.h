// A joint unit and all that it points to: correlated underlyings over one regular grid, and formulas over
// their prices at dates 0 .. n - 1, named d0 to d(n-1), T the last, and `every`.
#ifndef TESTS_CORE_JOINT_WORLD_H
#define TESTS_CORE_JOINT_WORLD_H

#include <map>
#include <memory>

#include "host/script/script.h"
#include "tests/core/paths_world.h"

namespace paths {

struct JointValuation {
  struct Underlying {
    std::string name;
    qs_model model;
    double spot, carry;
    std::vector<double> forward, loadings, duals, variance, variance_duals, cross, sizes;
    std::vector<qs_step> steps;
    std::vector<qs_date> ends;
  };
  struct Formula {
    std::string text;
    qs_script script;
    std::vector<uint32_t> assets, dates;
    std::vector<double> known;
  };

  double years_whole;
  std::vector<Underlying> underlyings;
  using Matrix = std::vector<std::vector<double>>;
  // Of the prices' own normals; of the variances' (empty: the same), and of own (row) with variance (column).
  Matrix correlation, variances, crosses;
  double common = 0, sizes = 0; // intensity of common jumps of all, correlation of their sizes
  std::vector<uint32_t> dates;
  std::vector<double> years, shifts;
  qs_sampling sampling = QS_SAMPLING_PSEUDO;
  Matrix added; // moves of the steps' added variance, [move][step], of all underlyings
  std::vector<double> flat_added;
  std::vector<uint64_t> keys;
  std::vector<Formula> formulas;
  std::vector<qs_joint_asset> assets;
  std::vector<qs_joint_payoff> payoffs;
  std::map<size_t, const qs_policy *> policies; // by formula
  std::vector<qs_moment> moments;
  qs_joint_unit unit{};
  std::vector<qs_script_constant> constants = {{"K", 100}, {"one", 1}};

  JointValuation(double maturity, int steps, int date_count, const std::vector<Underlying> &list,
                 std::vector<std::vector<double>> c)
      : years_whole(maturity), underlyings(list), correlation(std::move(c)) {
    qs_context_init(&context);
    arena = std::shared_ptr<qs_arena>(qs_arena_create(&context), qs_arena_destroy);
    for (Underlying &u : underlyings)
      for (int i = 0; i < steps; i++) {
        u.steps.push_back({maturity / steps, uint32_t(i / 4), uint32_t(i % 4)});
        u.ends.push_back({uint32_t(i + 1), {0, 0, 0}});
      }
    for (int d = 1; d <= date_count; d++)
      dates.push_back(uint32_t(steps * d / date_count));
    unit.path_count = 1 << 16;
    unit.batch_paths = 1024;
    unit.precision = QS_PRECISION_MIXED;
    unit.greeks = true;
  }

  void add(const std::string &text) {
    std::vector<std::string> names;
    std::vector<const char *> short_names, underlying_names;
    std::vector<std::vector<uint32_t>> lists;
    std::vector<qs_script_schedule> schedules;
    for (uint32_t d = 0; d < dates.size(); d++)
      names.push_back("d" + std::to_string(d)), lists.push_back({d});
    names.push_back("T"), lists.push_back({uint32_t(dates.size()) - 1});
    names.push_back("every"), lists.push_back({});
    for (uint32_t d = 0; d < dates.size(); d++)
      lists.back().push_back(d);
    for (size_t i = 0; i < names.size(); i++)
      schedules.push_back(
          {names[i].c_str(), lists[i].data(), uint32_t(lists[i].size()), names[i] != "every"});
    for (const Underlying &u : underlyings)
      underlying_names.push_back(u.name.c_str());
    const qs_script_names known = {constants.data(),           schedules.data(),
                                   underlying_names.data(),    uint32_t(constants.size()),
                                   uint32_t(schedules.size()), uint32_t(underlying_names.size()),
                                   uint32_t(dates.size())};
    Formula f{text, {}, {}, {}, {}};
    ASSERT_EQ(qs_script_compile(&context, arena.get(), "test", text.data(), text.size(), &known, &f.script),
              QS_OK)
        << context.message;
    for (uint32_t o = 0; o < f.script.program.observation_count; o++) {
      f.assets.push_back(f.script.observations[o].underlying);
      f.dates.push_back(f.script.observations[o].date);
      f.known.push_back(0);
    }
    formulas.push_back(f);
  }

  static Matrix factor(const Matrix &c) {
    const size_t n = c.size();
    Matrix l(n, std::vector<double>(n, 0));
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j <= i; j++) {
        double sum = c[i][j];
        for (size_t k = 0; k < j; k++)
          sum -= l[i][k] * l[j][k];
        l[i][j] = i == j ? std::sqrt(sum) : sum / l[j][j];
      }
    return l;
  }

  static Matrix inverse_of(const Matrix &l) {
    const size_t n = l.size();
    Matrix inverse(n, std::vector<double>(n, 0));
    for (size_t c = 0; c < n; c++)
      for (size_t i = c; i < n; i++) {
        double sum = i == c ? 1 : 0;
        for (size_t k = c; k < i; k++)
          sum -= l[i][k] * inverse[k][c];
        inverse[i][c] = sum / l[i][i];
      }
    return inverse;
  }

  // Adds variance at a rate to every step, and moves of it in either half.
  void widen(double rate) {
    for (Underlying &u : underlyings)
      for (qs_step &step : u.steps)
        step.added = rate * step.years;
    const size_t steps = underlyings[0].steps.size();
    added.assign(2, std::vector<double>(steps, 0));
    for (size_t i = 0; i < steps; i++)
      added[i < steps / 2 ? 0 : 1][i] = underlyings[0].steps[i].years;
  }

  void connect() {
    flat_added.clear();
    for (const std::vector<double> &move : added)
      flat_added.insert(flat_added.end(), move.begin(), move.end());
    const size_t n = underlyings.size();
    const bool apart = !variances.empty();
    const Matrix v = factor(apart ? variances : correlation), v_inverse = inverse_of(v);
    Matrix g(n, std::vector<double>(n, 0)), rest = correlation;
    for (size_t i = 0; i < n && !crosses.empty(); i++)
      for (size_t j = 0; j < n; j++) // cross = crosses v^-T
        for (size_t k = 0; k < n; k++)
          g[i][j] += crosses[i][k] * v_inverse[j][k];
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < n; k++)
          rest[i][j] -= g[i][k] * g[j][k];
    const Matrix l = factor(rest), inverse = inverse_of(l);
    years.clear(), assets.clear(), payoffs.clear(), keys.clear();
    const double dt = years_whole / double(underlyings[0].steps.size());
    for (uint32_t d : dates)
      years.push_back(d * dt);
    for (size_t a = 0; a < n; a++) {
      Underlying &u = underlyings[a];
      u.forward.clear(), u.loadings = l[a], u.duals.assign(n, 0);
      u.variance = v[a], u.variance_duals.assign(n, 0), u.cross = g[a];
      for (size_t j = 0; j < n; j++)
        u.duals[j] = inverse[j][a], u.variance_duals[j] = v_inverse[j][a];
      for (double t : years)
        u.forward.push_back(u.spot * std::exp(u.carry * t));
      keys.push_back(qs_key(1, QS_PURPOSE_TEST, ("stream " + u.name).c_str()));
      qs_joint_asset asset{};
      asset.path.model = u.model;
      asset.path.sampling = sampling;
      if (unit.greeks && !added.empty())
        asset.added_weights = flat_added.data(), asset.added_count = uint32_t(added.size());
      asset.path.key = qs_key(1, QS_PURPOSE_TEST, u.name.c_str());
      asset.path.steps = u.steps.data();
      asset.path.step_count = uint32_t(u.steps.size());
      asset.path.dates = u.ends.data();
      asset.path.date_count = uint32_t(u.ends.size());
      asset.forward = u.forward.data();
      asset.loadings = u.loadings.data(), asset.duals = u.duals.data();
      if (common > 0) {
        Matrix alike(n, std::vector<double>(n, sizes));
        for (size_t i = 0; i < n; i++)
          alike[i][i] = 1;
        u.sizes = factor(alike)[a];
        asset.path.common = common;
        asset.common_key = qs_key(1, QS_PURPOSE_TEST, "common jumps");
        asset.common_sizes = u.sizes.data();
      }
      if (apart)
        asset.variance = u.variance.data(), asset.variance_duals = u.variance_duals.data();
      if (!crosses.empty())
        asset.cross = u.cross.data();
      assets.push_back(asset);
    }
    for (Formula &f : formulas) {
      const auto early = policies.find(payoffs.size());
      payoffs.push_back({&f.script.program, f.assets.data(), f.dates.data(), f.known.data(),
                         uint32_t(dates.size()), f.script.jump_count > 0,
                         early == policies.end() ? nullptr : early->second});
    }
    if (shifts.empty())
      shifts.assign(n, 0.0);
    unit.assets = assets.data(), unit.asset_count = uint32_t(n);
    unit.keys = keys.data();
    unit.dates = dates.data(), unit.years = years.data(), unit.date_count = uint32_t(dates.size());
    unit.payoffs = payoffs.data(), unit.payoff_count = uint32_t(payoffs.size());
    unit.shifts = shifts.data(), unit.shift_count = uint32_t(shifts.size() / n);
    unit.batch_begin = 0;
    unit.batch_end = uint32_t((unit.path_count + unit.batch_paths - 1) / unit.batch_paths);
    moments.assign(size_t(unit.batch_end) * unit.shift_count * payoffs.size() * quantities(),
                   qs_moment{-1, -1});
  }

  uint32_t quantities() const { return qs_joint_unit_quantities(&unit); }

  qs_status run(Device &device) {
    connect();
    return qs_backend_cpu()->joint(device.get(), &unit, nullptr, device.message, moments.data());
  }

  const qs_moment &moment(uint32_t batch, uint32_t payoff, uint32_t quantity, uint32_t shift = 0) const {
    return moments[((size_t(batch) * unit.shift_count + shift) * payoffs.size() + payoff) * quantities() +
                   quantity];
  }

  Estimate estimate(uint32_t payoff, uint32_t quantity, uint32_t shift = 0) const {
    double mean = 0, m2 = 0, count = 0;
    for (uint32_t b = 0; b < unit.batch_end; b++) {
      const double n = double(std::min(unit.batch_paths, unit.path_count - b * unit.batch_paths));
      const qs_moment &x = moment(b, payoff, quantity, shift);
      const double d = x.mean - mean;
      m2 += x.m2 + d * d * count * n / (count + n);
      mean += d * n / (count + n);
      count += n;
    }
    return {mean, std::sqrt(m2 / count / (count - 1))};
  }

  qs_context context;
  std::shared_ptr<qs_arena> arena;
};

} // namespace paths

#endif
