// Payoffs along a path against closed forms, numerical integration and Fourier prices, within 4.5 standard
// errors (the seed is fixed).
#include "tests/core/path_references.h"

namespace {

using namespace paths;

TEST(PathPrices, SpotsAreMartingalesWithTheRightSecondMoment) {
  // The lookback on one date struck at 0 is S itself with its own noise; the squared log against the integral
  // of out-of-the-money options, f(S) = f(1) + f'(1)(S - 1) + int f''(K) option(K) dK.
  Device device;
  std::vector<double> log_k;
  const int n = 6400;
  const double width = 8.0 / n;
  for (int i = 0; i < n; i++)
    log_k.push_back(-4 + (i + 0.5) * width);
  for (qs_model_type type : kTypes) {
    PathValuation run(typical(type), 0.5, 40, 4, {});
    for (uint32_t d : {0u, 2u, 3u})
      run.exotics.push_back({QS_PATH_LOOKBACK, 1, {d}, {1}, {0, 0}});
    run.exotics.push_back({QS_PATH_VARIANCE, 1, {3}, {1}, {0, 1e20, 0, 1, 1}});
    run.exotics.push_back({QS_PATH_VARIANCE, 1, {3}, {1}, {0, kNone, 0, 1, 1}});
    run.unit.path_count = 1 << 16;
    run.value(device);
    const std::string name = qs_model_name(type);
    for (uint32_t i = 0; i < 3; i++)
      expect_within(run.estimate(i, 0), 1, name + " mean");
    const Strip s = fourier(run.model, 0.5, log_k);
    double second = 0;
    for (int i = 0; i < n; i++) {
      const double k = log_k[size_t(i)], call = s.price[size_t(i)];
      second += width * 2 * (1 - k) * std::exp(-k) * (k > 0 ? call : call - 1 + std::exp(k));
    }
    expect_within(run.estimate(3, 0), second, name + " squared log");
    expect_within(run.estimate(4, 0), second, name + " squared log, direct");
  }
}

TEST(PathPrices, DigitalsAreFouriers) {
  Device device;
  for (qs_model_type type : kTypes) {
    const std::vector<double> log_k = {-0.3, 0.0, 0.25};
    PathValuation run(typical(type), 0.5, 40, 1, {});
    for (double k : log_k)
      for (double sign : {1.0, -1.0})
        for (double cash : {1.0, 0.0})
          run.exotics.push_back({QS_PATH_DIGITAL, sign, {0}, {1}, {std::exp(k), cash}});
    run.unit.path_count = 1 << 16;
    run.value(device);
    const Strip s = fourier(run.model, 0.5, log_k);
    for (uint32_t i = 0; i < log_k.size(); i++) {
      const double coin = s.delta[i], cash = (s.delta[i] - s.price[i]) / std::exp(log_k[i]);
      const std::string name = qs_model_name(type);
      expect_within(run.estimate(4 * i, 0), cash, name + " cash or nothing");
      expect_within(run.estimate(4 * i + 1, 0), coin, name + " asset or nothing");
      expect_within(run.estimate(4 * i + 2, 0), 1 - cash, name + " cash or nothing put");
      expect_within(run.estimate(4 * i + 3, 0), 1 - coin, name + " asset or nothing put");
    }
  }
}

TEST(PathPrices, OneDateIsAnOption) {
  // Averages, extrema and barriers far off over one date are the European option.
  Device device;
  for (qs_model_type type : kTypes) {
    PathValuation run(typical(type), 0.5, 40, 1, {});
    const double k = 1.1;
    run.exotics = {{QS_PATH_ASIAN, 1, {0}, {1}, {k}},
                   {QS_PATH_ASIAN_GEOMETRIC, 1, {0}, {1}, {k, 1}},
                   {QS_PATH_BARRIER, 1, {0}, {1}, {k, 0, kNone}},
                   {QS_PATH_BARRIER_CONTINUOUS, 1, {0}, {1}, {k, 0, kNone}},
                   {QS_PATH_LOOKBACK, 1, {0}, {1}, {k, 0}}};
    run.unit.path_count = 1 << 16;
    run.value(device);
    const double exact = fourier(run.model, 0.5, {std::log(k)}).price[0];
    for (uint32_t i = 0; i < run.exotics.size(); i++)
      expect_within(run.estimate(i, 0), exact, qs_model_name(type));
  }
}

TEST(PathPrices, GeometricAsianUnderGbmIsExact) {
  Device device;
  const uint32_t n = 12;
  const double years = 0.5, sigma = 0.6, k = 1.05, carry = 0.2;
  PathValuation run(typical(QS_MODEL_GBM), years, 24, int(n),
                    {{QS_PATH_ASIAN_GEOMETRIC, 1, all_dates(n), equal_weights(n), {k, 1}}});
  run.carry = carry;
  run.unit.greeks = true;
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.value(device);
  // Kemna and Vorst (1990) with discrete dates: t_d = years d / n.
  const auto price = [&](double shift, double volatility, double rate) {
    double mean = shift, variance = 0;
    for (uint32_t d = 1; d <= n; d++) {
      const double t = years * d / n, after = (n - d + 1.0) / n;
      mean += (rate * t - carry * years - 0.5 * volatility * volatility * t) / n;
      variance += volatility * volatility * years / n * after * after;
    }
    return black_call(std::exp(mean + variance / 2), k, variance);
  };
  const double h = 1e-4;
  const double delta = (price(h, sigma, carry) - price(-h, sigma, carry)) / (2 * h);
  const double second =
      (price(h, sigma, carry) + price(-h, sigma, carry) - 2 * price(0, sigma, carry)) / (h * h);
  EXPECT_NEAR(run.estimate(0, QS_PATH_PRICE).value, price(0, sigma, carry), 1e-13);
  EXPECT_NEAR(run.estimate(0, QS_PATH_DELTA).value, delta, 1e-7);
  EXPECT_NEAR(run.estimate(0, QS_PATH_GAMMA).value, second - delta, 1e-6);
  EXPECT_NEAR(run.estimate(0, QS_PATH_CARRY).value,
              (price(0, sigma, carry + h) - price(0, sigma, carry - h)) / (2 * h), 1e-8);
  EXPECT_NEAR(run.estimate(0, QS_PATH_PARAMETERS).value,
              (price(0, sigma + h, carry) - price(0, sigma - h, carry)) / (2 * h), 1e-8);
  EXPECT_LT(run.estimate(0, 0).error, 1e-15);
}

// (A - K)+ of the mean of n prices under gbm, by convolution of ln(R_j (1 + ...)) from the last return on
// (Carverhill, Clewlow 1990).
double asian_by_convolution(double variance, int n, double k) {
  const double low = -3, high = 5, step = 0.005;
  const int count = int((high - low) / step);
  std::vector<double> p(static_cast<size_t>(count)), next(p);
  for (int i = 0; i < count; i++)
    p[size_t(i)] = density(low + i * step + variance / 2, variance);
  for (int j = 1; j < n; j++) {
    std::fill(next.begin(), next.end(), 0);
    for (int i = 0; i < count; i++) {
      const double centre = std::log1p(std::exp(low + i * step)) - variance / 2,
                   reach = 8 * std::sqrt(variance);
      const int from = std::max(0, int((centre - reach - low) / step));
      const int to = std::min(count, int((centre + reach - low) / step) + 1);
      for (int m = from; m < to; m++)
        next[size_t(m)] += p[size_t(i)] * step * density(low + m * step - centre, variance);
    }
    p.swap(next);
  }
  double sum = 0;
  for (int i = 0; i < count; i++)
    sum += step * p[size_t(i)] * std::max(0.0, std::exp(low + i * step) / n - k);
  return sum;
}

TEST(PathPrices, ArithmeticAsianIsTheConvolution) {
  Device device;
  const uint32_t n = 8;
  const double years = 0.5, variance = 0.36 * years / n;
  PathValuation run(typical(QS_MODEL_GBM), years, 16, int(n), {});
  for (double k : {0.8, 1.0, 1.3})
    run.exotics.push_back({QS_PATH_ASIAN, 1, all_dates(n), equal_weights(n), {k}});
  run.unit.path_count = 1 << 17;
  run.value(device);
  expect_within(run.estimate(0, 0), asian_by_convolution(variance, n, 0.8), "0.8");
  expect_within(run.estimate(1, 0), asian_by_convolution(variance, n, 1.0), "1.0");
  expect_within(run.estimate(2, 0), asian_by_convolution(variance, n, 1.3), "1.3");
}

// A double barrier at n dates under gbm: backwards by Simpson's rule between the barriers; `at_end` is the
// last date's value of ln S.
template <class F> double barrier_by_steps(double variance, int n, double low, double high, F at_end) {
  const int count = 1200;
  const double step = (high - low) / count;
  std::vector<double> value(static_cast<size_t>(count) + 1), before(value), kernel(2 * value.size());
  for (int i = 0; i <= count; i++)
    value[size_t(i)] = at_end(low + i * step);
  for (int i = 0; i <= 2 * count; i++)
    kernel[size_t(i)] = density((i - count) * step + variance / 2, variance);
  const auto weight = [&](int i) { return step / 3 * (i == 0 || i == count ? 1 : i % 2 ? 4 : 2); };
  for (int j = 1; j < n; j++) {
    for (int x = 0; x <= count; x++) {
      before[size_t(x)] = 0;
      for (int i = 0; i <= count; i++)
        before[size_t(x)] += weight(i) * value[size_t(i)] * kernel[size_t(i - x + count)];
    }
    value.swap(before);
  }
  double sum = 0;
  for (int i = 0; i <= count; i++)
    sum += weight(i) * value[size_t(i)] * density(low + i * step + variance / 2, variance);
  return sum;
}

TEST(PathPrices, DiscreteBarriersAreTheRecursion) {
  Device device;
  const uint32_t n = 8;
  const double years = 0.5, variance = 0.36 * years / n, low = 0.7, high = 1.5, k = 0.9;
  const auto all = all_dates(n);
  const std::vector<double> w(n, 1.0);
  std::vector<double> ratio;
  for (uint32_t d = 0; d < n; d++)
    ratio.push_back(std::exp(0.1 * (n - 1.0 - d)));
  PathValuation run(typical(QS_MODEL_GBM), years, 16, int(n),
                    {{QS_PATH_BARRIER, 1, all, w, {k, low, high, 0}},
                     {QS_PATH_BARRIER, -1, all, w, {k, low, high, 0}},
                     {QS_PATH_BARRIER, 1, all, w, {100, low, high, 1}},
                     {QS_PATH_BARRIER, 1, all, w, {k, low, high, 0, 1}},
                     {QS_PATH_BARRIER, 1, all, w, {100, low, high, .5, 1}},
                     {QS_PATH_BARRIER, 1, all, ratio, {100, low, high, 1, 0, 1}}});
  run.unit.path_count = 1 << 16;
  run.value(device);
  const double l = std::log(low), u = std::log(high);
  const auto call = [&](double x) { return std::max(0.0, std::exp(x) - k); };
  const auto put = [&](double x) { return std::max(0.0, k - std::exp(x)); };
  const auto alive = [](double) { return 1.0; };
  const double out = barrier_by_steps(variance, n, l, u, call);
  expect_within(run.estimate(0, 0), out, "call");
  expect_within(run.estimate(1, 0), barrier_by_steps(variance, n, l, u, put), "put");
  const double stays = barrier_by_steps(variance, n, l, u, alive);
  expect_within(run.estimate(2, 0), 1 - stays, "rebate");
  expect_within(run.estimate(3, 0), black_call(1, k, 0.36 * years) - out, "in");
  expect_within(run.estimate(4, 0), 0.5 * stays, "rebate of an in");
  double at_hit = 0, was = 1;
  for (uint32_t d = 0; d < n; d++) {
    const double now = barrier_by_steps(variance, int(d) + 1, l, u, alive);
    at_hit += ratio[d] * (was - now);
    was = now;
  }
  expect_within(run.estimate(5, 0), at_hit, "rebate at the hit");
}

TEST(PathPrices, ContinuousBarrierIsTheReflection) {
  // Merton (1973): down and out without drift.
  Device device;
  const uint32_t n = 8;
  const double total = 0.36 * 0.5, low = 0.8;
  const auto all = all_dates(n + 1);
  const std::vector<double> w(n + 1, 1.0);
  PathValuation run(typical(QS_MODEL_GBM), 0.5, 16, int(n), {});
  run.dates.insert(run.dates.begin(), {0, {0, 0, 0}});
  for (double k : {0.9, 1.1})
    run.exotics.push_back({QS_PATH_BARRIER_CONTINUOUS, 1, all, w, {k, low, kNone, 0}});
  run.exotics.push_back({QS_PATH_BARRIER_CONTINUOUS, 1, all, w, {1.1, low, kNone, 0, 1}});
  run.unit.path_count = 1 << 17;
  run.value(device);
  for (uint32_t i = 0; i < 2; i++) {
    const double k = i ? 1.1 : 0.9, in = black_call(low * low, k, total) / low;
    expect_within(run.estimate(i, 0), black_call(1, k, total) - in, "out");
    if (i)
      expect_within(run.estimate(2, 0), in, "in");
  }
}

// The variance hardly moves, but most of the price's noise comes with it: the reflection still, at steps that
// a bridge of the price's own noise alone would be far off at.
TEST(PathPrices, ContinuousBarrierBridgesTheWholeNoise) {
  Device device;
  const uint32_t n = 8;
  const double v = 0.36, total = v * 0.5, low = 0.8;
  const std::vector<double> w(n + 1, 1.0);
  for (double rho : {-0.95, 0.8}) {
    qs_model model{};
    model.type = QS_MODEL_HESTON;
    const double value[] = {v, 1, v, 0.004, rho};
    std::copy(value, value + 5, model.value);
    PathValuation run(model, 0.5, 16, int(n), {});
    run.dates.insert(run.dates.begin(), {0, {0, 0, 0}});
    run.exotics.push_back({QS_PATH_BARRIER_CONTINUOUS, 1, all_dates(n + 1), w, {1.1, low, kNone, 0}});
    run.unit.precision = QS_PRECISION_DOUBLE;
    run.unit.path_count = 1 << 17;
    run.value(device);
    const double in = black_call(low * low, 1.1, total) / low;
    expect_within(run.estimate(0, 0), black_call(1, 1.1, total) - in, "out");
  }
}

// A part of the variance is added beside it: the reflection of both together.
TEST(PathPrices, ContinuousBarrierTakesAddedVarianceAsItIs) {
  Device device;
  const uint32_t n = 8;
  const double v = 0.2, added = 0.16, total = (v + added) * 0.5, low = 0.8;
  const std::vector<double> w(n + 1, 1.0);
  for (double rho : {-0.95, 0.8}) {
    qs_model model{};
    model.type = QS_MODEL_HESTON;
    const double value[] = {v, 1, v, 0.004, rho};
    std::copy(value, value + 5, model.value);
    PathValuation run(model, 0.5, 16, int(n), {});
    for (qs_step &step : run.steps)
      step.added = added * step.years;
    run.dates.insert(run.dates.begin(), {0, {0, 0, 0}});
    run.exotics.push_back({QS_PATH_BARRIER_CONTINUOUS, 1, all_dates(n + 1), w, {1.1, low, kNone, 0}});
    run.unit.precision = QS_PRECISION_DOUBLE;
    run.unit.path_count = 1 << 17;
    run.value(device);
    const double in = black_call(low * low, 1.1, total) / low;
    expect_within(run.estimate(0, 0), black_call(1, 1.1, total) - in, "out");
  }
}

TEST(PathPrices, LookbacksAreIntegralsOfHits) {
  // E[(max - K)+] = int_K P(max > h) dh, the probabilities being rebates of discrete barriers.
  Device device;
  const uint32_t n = 8;
  const auto all = all_dates(n);
  const std::vector<double> w(n, 1.0);
  const int count = 80;
  const double k = 1.05, high = 6, step = std::log(high / k) / count;
  for (qs_model_type type : {QS_MODEL_GBM, QS_MODEL_SVCJ}) {
    PathValuation run(typical(type), 0.5, 16, int(n), {{QS_PATH_LOOKBACK, 1, all, w, {k, 0}}});
    for (int i = 0; i < count; i++)
      run.exotics.push_back({QS_PATH_BARRIER, 1, all, w, {1e3, 0, k * std::exp((i + 0.5) * step), 1}});
    run.unit.path_count = 1 << 15;
    run.value(device);
    double sum = 0;
    for (int i = 0; i < count; i++)
      sum += run.estimate(uint32_t(i) + 1, 0).value * k * std::exp((i + 0.5) * step) * step;
    expect_within(run.estimate(0, 0), sum, qs_model_name(type));
  }
}

TEST(PathPrices, VarianceSwapUnderMertonIsTheSum) {
  Device device;
  const uint32_t n = 10;
  PathValuation run(typical(QS_MODEL_MERTON), 0.5, 20, int(n),
                    {{QS_PATH_VARIANCE, 1, all_dates(n), equal_weights(n), {0.1, kNone, 0.01, 2, 1}},
                     {QS_PATH_VARIANCE, 1, all_dates(n), equal_weights(n), {0.1, 1e20, 0.01, 2, 1}}});
  run.unit.path_count = 1 << 16;
  run.value(device);
  const double *p = run.model.value, dt = 0.5 / n, lambda = p[QS_LAMBDA], mu = p[QS_MU_J], s = p[QS_SIGMA_J];
  const double rate = p[QS_SIGMA] * p[QS_SIGMA] + lambda * (mu * mu + s * s);
  const double drift =
      -0.5 * p[QS_SIGMA] * p[QS_SIGMA] - lambda * (std::exp(mu + s * s / 2) - 1) + lambda * mu;
  const double exact = 0.01 + 2 * n * (rate * dt + drift * drift * dt * dt) - 0.1;
  expect_within(run.estimate(0, 0), exact, "direct");
  expect_within(run.estimate(1, 0), exact, "on the path");
}

TEST(PathPrices, ReturnsAcrossADateOffTheGridAreIndependent) {
  // The noise of a side step is a bridge over the main step that it lies in.
  Device device;
  for (qs_model_type type : kTypes) {
    PathValuation run(typical(type), 0.5, 20, 10, {});
    for (size_t d : {2, 3, 7})
      run.dates[d].main_steps--,
          run.dates[d].side = {0.01, (run.dates[d].main_steps) / 4, run.dates[d].main_steps % 4};
    for (double cap : {kNone, 1e20})
      run.exotics.push_back({QS_PATH_VARIANCE, 1, {1, 2, 3, 4}, {1, 1, 1, 1}, {0, cap, 0, 1}});
    run.unit.path_count = 1 << 17;
    run.value(device);
    expect_within(run.estimate(1, 0), run.estimate(0, 0).value, qs_model_name(type));
  }
}

TEST(PathPrices, VarianceSwapUnderSvcjIsTheExpectedVariance) {
  // Days apart the squares' sum is the variance but for the squared drift, which is far below the error.
  Device device;
  const uint32_t n = 60;
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_SVCJ}) {
    PathValuation run(typical(type), 0.25, 60, int(n),
                      {{QS_PATH_VARIANCE, 1, all_dates(n), equal_weights(n), {0, kNone, 0, 4, 1}}});
    run.unit.path_count = 1 << 16;
    run.value(device);
    const double *p = run.model.value, t = 0.25, kappa = p[QS_KAPPA];
    const double jumps = type == QS_MODEL_SVCJ ? p[QS_LAMBDA] : 0, size = p[QS_MU_V];
    const double level = p[QS_THETA] + jumps * size / kappa;
    const double average = level + (p[QS_V0] - level) * (1 - std::exp(-kappa * t)) / (kappa * t);
    const double mean = p[QS_MU_J] + p[QS_RHO_J] * size;
    const double square =
        mean * mean + p[QS_SIGMA_J] * p[QS_SIGMA_J] + p[QS_RHO_J] * p[QS_RHO_J] * size * size;
    const Estimate e = run.estimate(0, 0);
    EXPECT_NEAR(e.value, average + jumps * square, kDeviations * e.error + 0.1 * t / n)
        << qs_model_name(type);
  }
}

} // namespace
