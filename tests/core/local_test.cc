// Paths under a leverage function: closed forms where it is constant, a finite-difference solution where it
// is a local volatility, bumps, the same bits everywhere, and what a unit refuses.
#include "kernels/core/leverage.h"
#include "tests/core/path_references.h"

#include <cstring>

namespace {

using namespace paths;

constexpr double kYears = 0.25;
constexpr int kSteps = 60;

// A path unit under a leverage: two tables, the second from a third of the steps on.
struct Local : PathValuation {
  static constexpr uint32_t kNodes = 61;
  std::vector<double> low = {-1.5, -1.5}, spacing = {0.05, 0.05}, values, step_offset, date_offset;
  std::vector<uint32_t> step_table, date_table;
  qs_path_leverage leverage{};

  // L of a table at x.
  template <class F>
  Local(const qs_model &m, int date_count, const std::vector<Exotic> &list, F l)
      : PathValuation(m, kYears, kSteps, date_count, list) {
    for (int table = 0; table < 2; table++)
      for (uint32_t j = 0; j < kNodes; j++)
        values.push_back(l(table, low[0] + j * spacing[0]));
    dates.insert(dates.begin(), {0, {0, 0, 0}});
    unit.precision = QS_PRECISION_DOUBLE;
    unit.path_count = 1 << 17;
    unit.batch_paths = 1 << 12;
    unit.greeks = true;
  }

  // To be called once the dates are what they are; `growth` moves the forwards, with L held.
  void arrange(double growth = 0) {
    step_offset.clear(), date_offset.clear(), step_table.clear(), date_table.clear();
    const auto at = [&](uint32_t step, std::vector<uint32_t> &tables, std::vector<double> &offsets) {
      tables.push_back(step >= kSteps / 3);
      offsets.push_back(growth * step * kYears / kSteps);
    };
    for (uint32_t j = 0; j < kSteps; j++)
      at(j, step_table, step_offset);
    for (const qs_date &d : dates)
      at(d.main_steps, date_table, date_offset);
    leverage = {2,
                kNodes,
                low.data(),
                spacing.data(),
                values.data(),
                step_table.data(),
                date_table.data(),
                step_offset.data(),
                date_offset.data()};
    unit.leverage = &leverage;
  }
};

qs_model heston(double v0, double kappa, double theta, double xi, double rho) {
  qs_model model{};
  model.type = QS_MODEL_HESTON;
  const double value[] = {v0, kappa, theta, xi, rho};
  std::copy(value, value + 5, model.value);
  return model;
}

const double kHalf[] = {1, .5, .25, .125};

std::vector<double> ones(size_t n) {
  return std::vector<double>(n, 1.0);
}

TEST(Leverage, ConstantIsBlack) {
  Device device;
  const uint32_t n = 12;
  const double k = 1.05, low = 0.85, total = 0.2 * kYears * 1.25 * 1.25;
  Local run(heston(0.2, 1, 0.2, 1e-6, -0.5), int(n),
            {{QS_PATH_ASIAN_GEOMETRIC, 1, {n}, {1}, {k, 1}},
             {QS_PATH_DIGITAL, 1, {n}, {1}, {k, 1}},
             {QS_PATH_BARRIER_CONTINUOUS, 1, all_dates(n + 1), ones(n + 1), {k, low, kNone, 0}},
             {QS_PATH_ASIAN, -1, {n}, {1}, {k, 0}}},
            [](int, double) { return 1.25; });
  run.arrange();
  run.value(device);
  const auto call = [&](double x) { return black_call(std::exp(x), k, total); };
  const auto digital = [&](double x) {
    return normal((x - std::log(k)) / std::sqrt(total) - std::sqrt(total) / 2);
  };
  const auto barrier = [&](double x) {
    const double s = std::exp(x);
    return black_call(s, k, total) - s / low * black_call(low * low / s, k, total);
  };
  const double h = 1e-3;
  const auto slope = [&](auto f) { return (f(h) - f(-h)) / (2 * h); };
  const auto gamma = [&](auto f) { return (f(h) + f(-h) - 2 * f(0.0)) / (h * h) - slope(f); };
  expect_within(run.estimate(0, QS_PATH_PRICE), call(0), "call");
  expect_within(run.estimate(0, QS_PATH_DELTA), slope(call), "delta of a call");
  expect_within(run.estimate(0, QS_PATH_GAMMA), gamma(call), "gamma of a call");
  expect_within(run.estimate(0, QS_PATH_CARRY), kYears * slope(call), "carry of a call");
  expect_within(run.estimate(1, QS_PATH_PRICE), digital(0), "digital");
  expect_within(run.estimate(1, QS_PATH_DELTA), slope(digital), "delta of a digital");
  expect_within(run.estimate(2, QS_PATH_PRICE), barrier(0), "barrier");
  expect_within(run.estimate(2, QS_PATH_DELTA), slope(barrier), "delta of a barrier");
  expect_within(run.estimate(3, QS_PATH_PRICE), call(0) + k - 1, "put");
  expect_within(run.estimate(3, QS_PATH_GAMMA), gamma(call), "gamma of a put");
}

double skewed(int table, double x) {
  return (table ? 1.0 : 1.1) - 0.45 * std::tanh(2.5 * x) + 0.3 * x * x;
}

// The value at x of (e^X - k)+ under the two tables' local volatility, by an implicit scheme on a fine grid.
std::vector<double> local_volatility(const Local &run, double v, double k, double reach, int n, int steps) {
  const double dx = 2 * reach / n, dt = kYears / steps;
  std::vector<double> u(size_t(n) + 1), coefficients[2], c(u.size()), d(u.size());
  for (int table = 0; table < 2; table++) {
    const double *values = run.values.data() + table * Local::kNodes;
    coefficients[table].assign(values, values + Local::kNodes);
    coefficients[table].insert(coefficients[table].begin(), values[0]);
    coefficients[table].push_back(values[Local::kNodes - 1]);
  }
  for (int i = 0; i <= n; i++)
    u[size_t(i)] = std::max(std::exp(-reach + i * dx) - k, 0.0);
  for (int step = steps - 1; step >= 0; step--) {
    const int table = (step + 0.5) * dt >= kYears / 3;
    const double implicit = step > steps - 5 ? 1.0 : 0.5; // the first ones smooth the kink
    c[0] = 0, d[0] = u[0];
    for (int i = 1; i < n; i++) {
      const double x = -reach + i * dx;
      const double l = qs_leverage_at_d(coefficients[table].data(), Local::kNodes,
                                        (x - run.low[0]) / run.spacing[0], 1 / run.spacing[0])
                           .value;
      const double a = 0.5 * l * l * v * dt, up = a / (dx * dx) - a / (2 * dx),
                   down = a / (dx * dx) + a / (2 * dx);
      const size_t j = size_t(i);
      const double right = u[j] + (1 - implicit) * (up * (u[j + 1] - u[j]) + down * (u[j - 1] - u[j]));
      const double diagonal = 1 + implicit * (up + down) + implicit * down * c[j - 1];
      c[j] = -implicit * up / diagonal;
      d[j] = (right + implicit * down * d[j - 1]) / diagonal;
    }
    u[size_t(n)] = std::exp(reach) - k;
    for (int i = n - 1; i > 0; i--)
      u[size_t(i)] = d[size_t(i)] - c[size_t(i)] * u[size_t(i) + 1];
  }
  return u;
}

TEST(Leverage, IsALocalVolatility) {
  Device device;
  const double v = 0.2, reach = 1.5;
  const double strikes[] = {0.85, 1.0, 1.15};
  const int n = 1500;
  std::vector<Exotic> list;
  for (double k : strikes)
    list.push_back({QS_PATH_ASIAN_GEOMETRIC, 1, {1}, {1}, {k, 1}});
  Local run(heston(v, 1, v, 1e-6, -0.5), 1, list, skewed);
  run.arrange();
  run.value(device);
  for (uint32_t p = 0; p < 3; p++) {
    const std::vector<double> u = local_volatility(run, v, strikes[p], reach, n, 600);
    const double dx = 2 * reach / n;
    const size_t m = n / 2;
    const double slope = (u[m + 1] - u[m - 1]) / (2 * dx);
    const double curve = (u[m + 1] + u[m - 1] - 2 * u[m]) / (dx * dx);
    const std::string name = "strike " + std::to_string(strikes[p]);
    // The steps' own error is allowed beside the sample's: a thousandth.
    const auto within = [&](uint32_t quantity, double exact) {
      const Estimate e = run.estimate(p, quantity);
      EXPECT_NEAR(e.value, exact, kDeviations * std::hypot(e.error, 3e-4 * std::fabs(exact)))
          << name << quantity;
      if (std::getenv("QS_SHOW"))
        std::printf("%s %u: %.6f +- %.6f, exact %.6f\n", name.c_str(), quantity, e.value, e.error, exact);
    };
    within(QS_PATH_PRICE, u[m]);
    within(QS_PATH_DELTA, slope);
    within(QS_PATH_GAMMA, curve - slope);
  }
}

constexpr uint32_t kDates = 6;

std::vector<Exotic> all_payoffs() {
  const auto all = all_dates(kDates + 1, 1), now = all_dates(kDates + 1), late = all_dates(kDates + 1, 3);
  const std::vector<double> w = equal_weights(kDates), w4 = equal_weights(4);
  return {{QS_PATH_ASIAN, 1, all, w, {1.02, 0}},
          {QS_PATH_ASIAN_STRIKE, -1, late, w4, {1, 0}},
          {QS_PATH_ASIAN_GEOMETRIC, -1, all, w, {.98, 1}},
          {QS_PATH_LOOKBACK, 1, all, w, {1.1, 1.0}},
          {QS_PATH_LOOKBACK_FLOATING, 1, late, w4, {0, .95}},
          {QS_PATH_CLIQUET, 1, late, w4, {-.1, .1, -.1, .2, 1}},
          {QS_PATH_VARIANCE, 1, all, w, {.1, kNone, 0, 4}},
          {QS_PATH_VARIANCE, 1, all, w, {.1, .3, 0, 4, 1}},
          {QS_PATH_VOLATILITY, 1, late, w4, {.1, .9, .01, 4}},
          {QS_PATH_SCRIPT, 1, {3, kDates}, {0, 0}, {55, 0}, script_program(false)},
          {QS_PATH_BARRIER_CONTINUOUS, 1, now, equal_weights(kDates + 1), {1, .85, 1.3, .05}},
          {QS_PATH_BARRIER, 1, all, w, {1, .88, kNone, .1}},
          {QS_PATH_DIGITAL, 1, {kDates}, {1}, {1.05, 1}},
          {QS_PATH_SCRIPT, 1, {3, kDates}, {0, 0}, {55, 1}, script_program(true)}};
}

constexpr size_t kWatched = 10; // the last ones have no gamma, and those after the first of them no carry

std::vector<double> prices(Local run, Device &device, double spot, double growth) {
  run.unit.greeks = false;
  run.carry = growth;
  run.shifts = {spot + growth * kYears};
  // Shifts move spot and forwards; the growth is taken out again where L is seen.
  run.arrange(growth);
  for (double &offset : run.step_offset)
    offset -= growth * kYears;
  for (double &offset : run.date_offset)
    offset -= growth * kYears;
  run.value(device);
  std::vector<double> result;
  for (const qs_moment &m : run.moments)
    result.push_back(m.mean);
  return result;
}

TEST(Leverage, GreeksAreBumps) {
  Device device;
  Local run(heston(0.2, 2, 0.25, 0.5, -0.6), int(kDates), all_payoffs(), skewed);
  run.dates[3].side = {kYears / kSteps * 0.4, 30 / 4, 30 % 4}; // off the grid
  run.arrange();
  run.value(device);
  const size_t payoffs = run.exotics.size(), batches = run.unit.batch_end, q = run.quantities();
  ASSERT_EQ(q, size_t(QS_PATH_PARAMETERS));
  const auto compare = [&](uint32_t quantity, size_t from, size_t to, const std::vector<double> &bumped) {
    for (size_t p = from; p < to; p++) {
      double mean = 0, square = 0, size = 0;
      for (size_t b = 0; b < batches; b++) {
        const double greek = run.moments[(b * payoffs + p) * q + quantity].mean,
                     d = greek - bumped[b * payoffs + p];
        mean += d / double(batches), square += d * d / double(batches), size += greek / double(batches);
      }
      const double error = std::sqrt((square - mean * mean) / double(batches - 1));
      if (std::getenv("QS_SHOW"))
        std::printf("payoff %zu quantity %u: %.6f, difference %.2e +- %.1e\n", p, quantity, size, mean,
                    error);
      EXPECT_NEAR(mean, 0, kDeviations * error + 1e-6 + 1e-5 * std::fabs(size))
          << "payoff " << p << " " << quantity;
    }
  };
  const auto central = [&](double spot, double growth, double width) {
    auto a = prices(run, device, spot, growth), b = prices(run, device, -spot, -growth);
    for (size_t i = 0; i < a.size(); i++)
      a[i] = (a[i] - b[i]) / width;
    return a;
  };
  const auto delta = central(1e-4, 0, 2e-4), wide = central(5e-3, 0, 1e-2);
  compare(QS_PATH_DELTA, 0, kWatched + 1, delta);
  compare(QS_PATH_DELTA, kWatched + 1, payoffs, wide);
  compare(QS_PATH_CARRY, 0, kWatched + 1, central(0, 1e-4, 2e-4));
  const auto second = [&](double h) {
    auto a = prices(run, device, h, 0), b = prices(run, device, -h, 0), mid = prices(run, device, 0, 0);
    for (size_t i = 0; i < a.size(); i++)
      a[i] = (a[i] + b[i] - 2 * mid[i]) / (h * h);
    return a;
  };
  auto gamma = second(0.01), twice = second(0.02);
  for (size_t i = 0; i < gamma.size(); i++)
    gamma[i] = (4 * gamma[i] - twice[i]) / 3 - delta[i];
  compare(QS_PATH_GAMMA, 0, kWatched, gamma);
}

Local bits_run(qs_precision precision, qs_sampling sampling, bool greeks) {
  Local run(heston(0.2, 2, 0.25, 0.9, -0.6), int(kDates), all_payoffs(), skewed);
  run.unit.precision = precision;
  run.unit.path.sampling = sampling;
  run.unit.greeks = greeks;
  run.unit.path_count = 1344;
  run.unit.batch_paths = 192;
  if (sampling == QS_SAMPLING_SOBOL)
    run.unit.path_count = 2048, run.unit.batch_paths = 256;
  if (!greeks)
    run.shifts = {0, -0.1, 0.2};
  return run;
}

void expect_bits(const std::vector<qs_moment> &a, const std::vector<qs_moment> &b, const std::string &what) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(qs_moment)), 0) << what;
}

TEST(Leverage, SameBitsEverywhere) {
  for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE})
    for (qs_sampling sampling : {QS_SAMPLING_PSEUDO, QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC})
      for (bool greeks : {false, true}) {
        Local oracle = bits_run(precision, sampling, greeks);
        oracle.arrange();
        Device portable("portable", 1);
        oracle.value(portable);
        for (const qs_moment &m : oracle.moments)
          ASSERT_TRUE(std::isfinite(m.mean) && std::isfinite(m.m2) && m.m2 >= 0);
        for (const char *target : {"x86-64-v3", "x86-64-v4"})
          for (int threads : {1, 3}) {
            Device device(target, threads);
            if (device.status() != QS_OK)
              continue;
            Local run = bits_run(precision, sampling, greeks);
            run.arrange();
            run.value(device);
            expect_bits(oracle.moments, run.moments, target);
          }
      }
}

TEST(Leverage, SameBitsWithAnyOtherPayoffsAndCuts) {
  Device device;
  Local whole = bits_run(QS_PRECISION_MIXED, QS_SAMPLING_PSEUDO, true);
  whole.arrange();
  whole.value(device);
  const size_t payoffs = whole.payoffs.size(), q = whole.quantities();
  for (size_t p = 0; p < payoffs; p++) {
    Local alone = bits_run(QS_PRECISION_MIXED, QS_SAMPLING_PSEUDO, true);
    const Exotic exotic = alone.exotics[p];
    alone.exotics = {exotic};
    alone.arrange();
    alone.value(device);
    for (size_t b = 0; b < alone.unit.batch_end; b++)
      EXPECT_EQ(
          std::memcmp(&alone.moments[b * q], &whole.moments[(b * payoffs + p) * q], q * sizeof(qs_moment)), 0)
          << p;
  }
  Local part = bits_run(QS_PRECISION_MIXED, QS_SAMPLING_PSEUDO, true);
  part.arrange();
  part.connect();
  const uint32_t cuts[] = {0, 1, 4, 7};
  for (int i = 0; i < 3; i++) {
    part.unit.batch_begin = cuts[i], part.unit.batch_end = cuts[i + 1];
    ASSERT_EQ(qs_backend_cpu()->path(device.get(), &part.unit, nullptr, device.message,
                                     part.moments.data() + cuts[i] * payoffs * q),
              QS_OK);
  }
  expect_bits(whole.moments, part.moments, "cut");
}

TEST(Leverage, UnitsAreChecked) {
  Device device;
  const auto refused = [&](auto change) {
    Local run = bits_run(QS_PRECISION_MIXED, QS_SAMPLING_PSEUDO, true);
    run.arrange();
    run.connect();
    change(run);
    return qs_backend_cpu()->path(device.get(), &run.unit, nullptr, device.message, run.moments.data());
  };
  EXPECT_EQ(refused([](Local &) {}), QS_OK) << device.message;
  EXPECT_EQ(refused([](Local &r) { r.leverage.node_count = 3; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.leverage.table_count = 1; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.values[7] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.values[7] = NAN; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.spacing[1] = 0; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.step_table[5] = 2; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.date_offset[1] = kNone; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.leverage.step_offset = nullptr; }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.unit.path.model = typical(QS_MODEL_GBM); }), QS_ERROR_INPUT);
  EXPECT_EQ(refused([](Local &r) { r.unit.added_count = 1, r.unit.added_weights = kHalf; }), QS_ERROR_INPUT);
}

} // namespace
