// Pool positions and geometric average strikes against closed forms and integrals of Fourier prices.
#include "tests/core/path_references.h"

namespace {

using namespace paths;

struct Pool {
  double scale, low, high, base, quote;
  double entry = 0; // 1: against the tokens at that price

  Exotic exotic() const { return {QS_PATH_POOL, 1, {0}, {1}, {scale, low, high, entry}}; }
  double value(double s) const {
    const double inside = std::min(std::max(s, low), high), root = std::sqrt(inside);
    const double in_base = scale * (1 / root - 1 / std::sqrt(high)),
                 in_quote = scale * (root - std::sqrt(low));
    return s * in_base + in_quote - base * s - quote;
  }
  // The slope at 1, and the second derivative.
  double slope() const {
    const double inside = std::min(std::max(1.0, low), high);
    return scale * (1 / std::sqrt(inside) - 1 / std::sqrt(high)) - base;
  }
  double curve(double s) const { return s > low && s < high ? -0.5 * scale * std::pow(s, -1.5) : 0.0; }
};

// Held against the position's own tokens at the price 1.
Pool against_holding(double scale, double low, double high) {
  Pool p{scale, low, high, 0, 0, 0};
  p.base = p.slope();
  p.quote = p.value(1.0);
  p.entry = 1;
  return p;
}

std::vector<Pool> pools() {
  return {{1, 0, kNone, 0, 0},       {1, 0.6, 1.7, 0, 0},
          {2, 0.9, 1.1, 0, 0},       {1, 1.2, kNone, 0, 0},
          {1, 0, 0.8, 0, 0},         against_holding(1, 0, kNone),
          against_holding(1, .6, 2), against_holding(3, .95, 1.05),
          against_holding(1, 1.3, 2)};
}

// E[f(S e^h)] over E[S] = 1, f(S) = f(1) + f'(1)(S - 1) + int f''(K) option(K) dK, by Simpson's rule between
// the range's ends.
double expectation(const Pool &pool, double h, const qs_model &model, double years) {
  Pool moved = pool;
  moved.scale *= std::exp(h / 2), moved.low *= std::exp(-h), moved.high *= std::exp(-h);
  moved.base *= std::exp(h);
  const double from = std::max(-7.0, std::log(moved.low)), to = std::min(7.0, std::log(moved.high));
  const int n = 1600;
  std::vector<double> log_k;
  // A kink of the integrand at ln K = 0.
  std::vector<std::pair<double, double>> parts;
  if (from < 0 && to > 0)
    parts = {{from, 0}, {0, to}};
  else
    parts = {{from, to}};
  double sum = moved.value(1.0);
  for (auto [a, b] : parts) {
    log_k.clear();
    for (int i = 0; i <= n; i++)
      log_k.push_back(a + (b - a) * i / n);
    const Strip s = fourier(model, years, log_k);
    for (int i = 0; i <= n; i++) {
      const double x = log_k[size_t(i)], k = std::exp(x);
      const double option = x > 0 || a == 0 ? s.price[size_t(i)] : s.price[size_t(i)] - 1 + k;
      const double f = -0.5 * moved.scale * std::pow(k, -1.5) * option * k;
      sum += f * (b - a) / n / 3 * (i == 0 || i == n ? 1 : i % 2 ? 4 : 2);
    }
  }
  return sum;
}

TEST(PathPools, AreIntegralsOfFourierPrices) {
  Device device;
  for (qs_model_type type : kTypes) {
    for (double years : {0.5, 1.0 / 365}) {
      PathValuation run(typical(type), years, years < 0.1 ? 4 : 40, 1, {});
      const std::vector<Pool> list = pools();
      for (const Pool &p : list)
        run.exotics.push_back(p.exotic());
      run.unit.path_count = 1 << 15;
      run.unit.precision = QS_PRECISION_DOUBLE;
      run.unit.greeks = true;
      run.value(device);
      for (uint32_t i = 0; i < list.size(); i++) {
        const double h = 2e-3;
        const double at = expectation(list[i], 0, run.model, years),
                     up = expectation(list[i], h, run.model, years),
                     down = expectation(list[i], -h, run.model, years);
        const std::string name =
            std::string(qs_model_name(type)) + " pool " + std::to_string(i) + (years < 0.1 ? ", a day" : "");
        const double delta = (up - down) / (2 * h), second = (up + down - 2 * at) / (h * h);
        // Differences are off by h^2 / 6 of the third derivative.
        const double bump = h * h * (years < 0.1 ? 3 : 0.3) * list[i].scale;
        Estimate price = run.estimate(i, QS_PATH_PRICE), slope = run.estimate(i, QS_PATH_DELTA),
                 gamma = run.estimate(i, QS_PATH_GAMMA);
        expect_within(price, at, name);
        slope.error += bump / kDeviations;
        expect_within(slope, delta, name + " delta");
        gamma.error += 100 * bump / kDeviations;
        expect_within(gamma, second - delta, name + " gamma");
      }
    }
  }
}

TEST(PathPools, UnderGbmAreClosedForms) {
  // On the whole line E[2 sqrt S - ..]: Angeris, Evans, Chitra (2021), E[sqrt S] = exp(-sigma^2 t / 8).
  Device device;
  const double years = 0.5, sigma = 0.6, root = std::exp(-sigma * sigma * years / 8);
  PathValuation run(typical(QS_MODEL_GBM), years, 24, 1,
                    {Pool{1, 0, kNone, 0, 0}.exotic(), against_holding(1, 0, kNone).exotic()});
  run.unit.greeks = true;
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.value(device);
  for (uint32_t i = 0; i < 2; i++) {
    EXPECT_NEAR(run.estimate(i, QS_PATH_PRICE).value, 2 * root - (i ? 2 : 0), 1e-13);
    EXPECT_NEAR(run.estimate(i, QS_PATH_DELTA).value, root - (i ? 1 : 0), 1e-13);
    EXPECT_NEAR(run.estimate(i, QS_PATH_GAMMA).value, -0.5 * root, 1e-13);
    EXPECT_NEAR(run.estimate(i, QS_PATH_PARAMETERS).value, -0.5 * sigma * years * root, 1e-13);
  }
}

TEST(PathPools, ALossIsNoRoundingOfTheWhole) {
  // A day's loss is 1e-4 of the position, in single precision too.
  Device device;
  const double years = 1.0 / 365, sigma = 0.6, less = -2 * std::expm1(-sigma * sigma * years / 8);
  PathValuation run(typical(QS_MODEL_GBM), years, 4, 1, {against_holding(1, 0, kNone).exotic()});
  run.unit.greeks = true;
  run.value(device);
  EXPECT_NEAR(run.estimate(0, QS_PATH_PRICE).value / -less, 1, 1e-5);
  EXPECT_NEAR(run.estimate(0, QS_PATH_DELTA).value / (-less / 2), 1, 1e-5);
}

TEST(PathPrices, GeometricStrikeUnderGbmIsAnExchange) {
  // Margrabe (1978) on S_T and k G, lognormal together; the last four fixings, and some of the past.
  Device device;
  const uint32_t n = 12, first = 8;
  const double years = 0.5, sigma = 0.6, carry = 0.2, w = 0.2, past = 1.02, k = 1.05;
  PathValuation run(typical(QS_MODEL_GBM), years, 24, int(n), {});
  const std::vector<double> weights(n - first, w);
  for (double sign : {1.0, -1.0})
    run.exotics.push_back({QS_PATH_ASIAN_GEOMETRIC_STRIKE, sign, all_dates(n, first), weights, {k, past}});
  run.carry = carry;
  run.unit.greeks = true;
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.value(device);
  const auto price = [&](double sign, double shift, double volatility, double rate) {
    double mean = std::log(k * past), own = 0, both = 0;
    for (uint32_t d = first + 1; d <= n; d++) {
      const double t = years * d / n;
      mean += w * (shift + (rate * t - carry * years) - 0.5 * volatility * volatility * t);
      both += w * volatility * volatility * t;
      for (uint32_t e = first + 1; e <= n; e++)
        own += w * w * volatility * volatility * years * std::min(d, e) / n;
    }
    const double spot = std::exp(shift + (rate - carry) * years), strike = std::exp(mean + own / 2);
    const double call = black_call(spot, strike, volatility * volatility * years + own - 2 * both);
    return sign > 0 ? call : call - spot + strike;
  };
  for (uint32_t i = 0; i < 2; i++) {
    const double sign = i ? -1 : 1, h = 1e-4;
    const double up = price(sign, h, sigma, carry), at = price(sign, 0, sigma, carry),
                 down = price(sign, -h, sigma, carry), delta = (up - down) / (2 * h);
    EXPECT_NEAR(run.estimate(i, QS_PATH_PRICE).value, at, 1e-13);
    EXPECT_NEAR(run.estimate(i, QS_PATH_DELTA).value, delta, 1e-7);
    EXPECT_NEAR(run.estimate(i, QS_PATH_GAMMA).value, (up + down - 2 * at) / (h * h) - delta, 1e-6);
    EXPECT_NEAR(run.estimate(i, QS_PATH_CARRY).value,
                (price(sign, 0, sigma, carry + h) - price(sign, 0, sigma, carry - h)) / (2 * h), 1e-8);
    EXPECT_NEAR(run.estimate(i, QS_PATH_PARAMETERS).value,
                (price(sign, 0, sigma + h, carry) - price(sign, 0, sigma - h, carry)) / (2 * h), 1e-8);
    EXPECT_LT(run.estimate(i, 0).error, 1e-15);
  }
}

} // namespace
