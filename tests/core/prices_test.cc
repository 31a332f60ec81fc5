// Prices and Greeks against published figures and closed forms, within 4.5 standard errors (one false alarm
// in 10^5 a figure; the seed is fixed). The thousands of contracts are in tests/engine/test_zscores.cc.
#include "tests/core/paths_world.h"

namespace {

using namespace paths;

constexpr double kDeviations = 4.5;

void expect_within(Estimate e, double exact, const std::string &what) {
  EXPECT_GT(e.error, 0) << what;
  EXPECT_NEAR(e.value, exact, kDeviations * e.error) << what;
}

struct Published {
  qs_model model;
  double rate, years, price;
};

// Broadie and Kaya (2006), tables 1, 2 and 5: S = K = 100.
std::vector<Published> published() {
  const double mu_j = std::log(0.88) - 0.15 * 0.15 / 2;
  return {
      {make_model(QS_MODEL_HESTON,
                  {{QS_KAPPA, 6.21}, {QS_THETA, .019}, {QS_XI, .61}, {QS_RHO, -.7}, {QS_V0, .010201}}),
       .0319, 1, 6.8061},
      {make_model(QS_MODEL_HESTON, {{QS_KAPPA, 2}, {QS_THETA, .09}, {QS_XI, 1}, {QS_RHO, -.3}, {QS_V0, .09}}),
       .05, 5, 34.9998},
      {make_model(QS_MODEL_BATES, {{QS_KAPPA, 3.99},
                                   {QS_THETA, .014},
                                   {QS_XI, .27},
                                   {QS_RHO, -.79},
                                   {QS_V0, .008836},
                                   {QS_LAMBDA, .11},
                                   {QS_MU_J, mu_j},
                                   {QS_SIGMA_J, .15}}),
       .0319, 5, 20.1642},
  };
}

TEST(Prices, ArePublishedOnes) {
  Device device;
  for (const Published &p : published())
    for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE}) {
      Valuation run(p.model, p.years, int(100 * p.years), {{QS_PAYOFF_CALL, -p.rate * p.years}});
      run.unit.path_count = 1 << 17;
      run.unit.precision = precision;
      run.value(device);
      // C = e^(-rT) F y = S y.
      Estimate e = run.estimate(0, 0);
      e.value *= 100, e.error *= 100;
      expect_within(e, p.price, "published " + std::to_string(p.price));
    }
}

TEST(Prices, EulerComesNear) {
  // Its bias at 400 steps a year is beyond the error; Lord et al. (2010) report the same size.
  Device device;
  const Published p = published()[0];
  Valuation run(p.model, p.years, 400, {{QS_PAYOFF_CALL, -p.rate * p.years}, {QS_PAYOFF_FORWARD, 0}});
  run.unit.path_count = 1 << 16;
  run.unit.path.scheme = QS_SCHEME_EULER;
  run.value(device);
  EXPECT_NEAR(100 * run.estimate(0, 0).value, p.price, 0.1);
  expect_within(run.estimate(1, 0), 0, "forward");
}

double normal(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

// Merton's (1976) series for a call and its derivative in lambda (a difference of the series).
double merton(const qs_model &m, double years, double log_k) {
  const double *p = m.value, mean = p[QS_MU_J] + 0.5 * p[QS_SIGMA_J] * p[QS_SIGMA_J],
               a = p[QS_LAMBDA] * years;
  double weight = std::exp(-a), sum = 0;
  for (int n = 0; n < 80; n++) {
    const double v = p[QS_SIGMA] * p[QS_SIGMA] * years + n * p[QS_SIGMA_J] * p[QS_SIGMA_J],
                 root = std::sqrt(v);
    const double forward = n * mean - a * std::expm1(mean), d1 = (forward - log_k) / root + root / 2;
    sum += weight * (std::exp(forward) * normal(d1) - std::exp(log_k) * normal(d1 - root));
    weight *= a / (n + 1);
  }
  return sum;
}

TEST(Prices, MertonIsTheSeries) {
  Device device;
  const qs_model model = typical(QS_MODEL_MERTON);
  const double years = 0.5;
  const std::vector<double> strikes = {-0.3, 0.0, 0.2};
  Valuation run(model, years, 40, {{QS_PAYOFF_CALL, -0.3}, {QS_PAYOFF_CALL, 0.0}, {QS_PAYOFF_CALL, 0.2}});
  run.unit.path_count = 1 << 16;
  run.unit.greeks = true;
  run.value(device);
  for (uint32_t i = 0; i < strikes.size(); i++) {
    expect_within(run.estimate(i, 0), merton(model, years, strikes[i]), "price");
    for (qs_parameter p : {QS_SIGMA, QS_LAMBDA, QS_MU_J, QS_SIGMA_J}) {
      qs_model up = model, down = model;
      const double h = 1e-4;
      up.value[p] += h, down.value[p] -= h;
      const double exact = (merton(up, years, strikes[i]) - merton(down, years, strikes[i])) / (2 * h);
      expect_within(run.estimate(i, quantity_of(model, p)), exact, qs_parameter_name(p));
    }
  }
}

TEST(Prices, TheForwardIsAMartingale) {
  Device device;
  for (qs_model_type type : {QS_MODEL_MERTON, QS_MODEL_KOU, QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ})
    for (qs_scheme scheme : {QS_SCHEME_QE, QS_SCHEME_EULER}) {
      // Few, long steps: the correction is per step, not in the limit.
      Valuation run(typical(type, true), 1.0, 25, {{QS_PAYOFF_FORWARD, 0.0}});
      run.unit.path_count = 1 << 16;
      run.unit.path.scheme = scheme;
      run.value(device);
      expect_within(run.estimate(0, 0), 0, qs_model_name(type));
    }
}

TEST(Prices, ModelsMeetAtTheirLimits) {
  Device device;
  const auto price = [&](const qs_model &m) {
    Valuation run(m, 0.5, 40, {{QS_PAYOFF_CALL, 0.05}});
    run.unit.path_count = 1 << 14;
    run.unit.precision = QS_PRECISION_DOUBLE;
    run.value(device);
    return run.estimate(0, 0).value;
  };
  qs_model heston = typical(QS_MODEL_HESTON), bates = typical(QS_MODEL_BATES), svcj = typical(QS_MODEL_SVCJ);
  bates.value[QS_LAMBDA] = svcj.value[QS_LAMBDA] = 0;
  // The same variance paths: equal but for roundings.
  EXPECT_NEAR(price(bates), price(heston), 1e-12);
  EXPECT_NEAR(price(svcj), price(heston), 1e-12);
  // A variance that does not move is gbm's.
  qs_model still = typical(QS_MODEL_HESTON), gbm = typical(QS_MODEL_GBM);
  still.value[QS_V0] = still.value[QS_THETA] = 0.36;
  still.value[QS_XI] = 1e-6;
  still.value[QS_RHO] = 0;
  gbm.value[QS_SIGMA] = 0.6;
  EXPECT_NEAR(price(still), price(gbm), 1e-6);
  qs_model merton = typical(QS_MODEL_MERTON), kou = typical(QS_MODEL_KOU);
  merton.value[QS_LAMBDA] = kou.value[QS_LAMBDA] = 0;
  merton.value[QS_SIGMA] = kou.value[QS_SIGMA] = 0.6;
  EXPECT_NEAR(price(merton), price(gbm), 1e-12);
  EXPECT_NEAR(price(kou), price(gbm), 1e-12);
}

TEST(Prices, GbmHasNoError) {
  Device device;
  Valuation run(typical(QS_MODEL_GBM), 0.5, 4, {{QS_PAYOFF_CALL, 0.1}, {QS_PAYOFF_PUT, 0.1}});
  run.unit.greeks = true;
  run.value(device);
  const double root = 0.6 * std::sqrt(0.5), d1 = -0.1 / root + root / 2;
  const double density = std::exp(-0.5 * d1 * d1) / std::sqrt(2 * M_PI);
  EXPECT_NEAR(run.estimate(0, 0).value, normal(d1) - std::exp(0.1) * normal(d1 - root), 2e-7);
  EXPECT_NEAR(run.estimate(1, 1).value, normal(d1) - 1, 2e-7);
  EXPECT_NEAR(run.estimate(0, 2).value, density / root, 1e-6);
  EXPECT_NEAR(run.estimate(0, 3).value, density * std::sqrt(0.5), 1e-6);
  EXPECT_EQ(run.estimate(0, 0).error, 0);
}

} // namespace
