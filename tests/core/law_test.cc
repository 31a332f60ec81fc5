// The numbers of a step: against closed forms in long double, and their derivatives against differences.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kernels/core/law.h"

namespace {

qs_dynamics dynamics() {
  qs_dynamics m{};
  m.variance = QS_VARIANCE_QE;
  m.jumps = QS_JUMPS_VARIANCE;
  m.v0 = .3, m.kappa = 3, m.theta = .2, m.xi = 1.4, m.rho = -.6;
  m.lambda = 4, m.mu_j = -.2, m.sigma_j = .1, m.mu_v = .3, m.rho_j = -.4;
  m.p = .4, m.eta1 = 9, m.eta2 = 7, m.sigma = .5;
  return m;
}

// Central difference of f in *x, to about 1e-10 relatively.
double difference(double *x, const std::function<double()> &f) {
  const double was = *x, h = 1e-3 * std::max(std::fabs(was), 1e-2);
  double y[5];
  for (int i = -2; i <= 2; i++) {
    *x = was + i * h;
    y[i + 2] = f();
  }
  *x = was;
  return (8 * (y[3] - y[1]) - (y[4] - y[0])) / (12 * h);
}

void expect_close(double a, double b, double relative) {
  EXPECT_NEAR(a, b, relative * std::max(std::fabs(a), std::fabs(b)) + 1e-300);
}

TEST(Law, DecayMeanAndItsSlopeFromTinyToLarge) {
  for (double x : {0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.7, 0.999, 1.001, 3.0, 50.0, 800.0}) {
    double mean, slope;
    qs_decay_mean(x, &mean, &slope);
    const long double y = x;
    if (x > 0)
      expect_close(mean, double(-expm1l(-y) / y), 1e-15);
    // (e^-x - g) / x loses digits for small x, where the series -1/2 + x/3 - x^2/8 + x^3/30 has them.
    const long double exact = x > 0.05 ? (expl(-y) + expm1l(-y) / y) / y
                                       : -0.5L + y / 3 - y * y / 8 + y * y * y / 30 - y * y * y * y / 144;
    expect_close(slope, double(exact), x > 0.05 ? 1e-13 : 1e-8);
  }
}

TEST(Law, DecaySpreadMeetsItsDefinitionAcrossTheSwitch) {
  for (double x : {1e-9, 1e-4, 0.1, 0.4999, 0.5001, 2.0, 40.0}) {
    double spread, slope, high, low, unused;
    qs_decay_spread(x, &spread, &slope);
    const long double y = x;
    const long double g1 = -expm1l(-y) / y, g2 = -expm1l(-2 * y) / (2 * y);
    expect_close(spread, double((g1 - g2) / y), 1e-17 / x + 1e-13);
    const double h = 1e-4 * x;
    qs_decay_spread(x + h, &high, &unused);
    qs_decay_spread(x - h, &low, &unused);
    expect_close(slope, (high - low) / (2 * h), 1e-6 + 1e-10 / x);
  }
}

TEST(Law, VarianceCoefficientsAreTheSquareRootProcessMoments) {
  for (double dt : {1e-5, 0.01, 0.5}) {
    const qs_dynamics m = dynamics();
    double k[QS_K_COUNT];
    qs_step_variance(&m, dt, k);
    const long double e = expl(-(long double)m.kappa * dt);
    expect_close(k[QS_K_DECAY], double(e), 1e-14);
    expect_close(k[QS_K_GAIN], double(1 - e), 1e-13);
    // Cox, Ingersoll, Ross (1985), eq. 19; the table holds halves.
    expect_close(2 * k[QS_K_VARIANCE_V], double(m.xi * m.xi / m.kappa * (e - e * e)), 1e-12);
    expect_close(2 * k[QS_K_VARIANCE_0], double(m.theta * m.xi * m.xi / (2 * m.kappa) * (1 - e) * (1 - e)),
                 1e-12);
  }
}

// With E[v'] = mean + (v - mean) e^-x the rule gives the mean of the integral, mean dt + (v - mean) (1 -
// e^-x) / kappa.
TEST(Law, TheIntegralOfTheVarianceIsRightInTheMean) {
  qs_dynamics m = dynamics();
  for (double dt : {1e-5, 0.01, 0.5, 5.0}) {
    const qs_trapezoid rule = qs_step_trapezoid(&m, dt);
    const long double e = expl(-(long double)m.kappa * dt), beyond = 1; // v - mean
    const long double exact = beyond * (1 - e) / m.kappa;
    expect_close(0.5 * rule.share * dt * double(beyond * (1 + e)), double(exact), 1e-13);
    if (dt > 1e-3) // below, the share is 1 to rounding
      expect_close(rule.slope, difference(&m.kappa, [&] { return qs_step_trapezoid(&m, dt).share; }), 1e-8);
  }
  m.variance = QS_VARIANCE_EULER;
  EXPECT_EQ(qs_step_trapezoid(&m, 0.5).share, 1);
  EXPECT_EQ(qs_step_rest(&m, 0.5), 0);
}

TEST(Law, CoefficientDerivativesMatchDifferences) {
  qs_dynamics m = dynamics();
  const double dt = 0.02;
  double k[QS_K_COUNT];
  const auto of = [&](int index) {
    return [&m, index, dt] {
      double row[QS_K_COUNT];
      qs_step_variance(&m, dt, row);
      return row[index];
    };
  };
  qs_step_variance(&m, dt, k);
  expect_close(k[QS_K_GAIN_KAPPA], difference(&m.kappa, of(QS_K_GAIN)), 1e-9);
  expect_close(k[QS_K_V_KAPPA], difference(&m.kappa, of(QS_K_VARIANCE_V)), 1e-8);
  expect_close(k[QS_K_0_KAPPA], difference(&m.kappa, of(QS_K_VARIANCE_0)), 1e-9);
  expect_close(k[QS_K_0_THETA], difference(&m.theta, of(QS_K_VARIANCE_0)), 1e-9);
  expect_close(k[QS_K_A_KAPPA], difference(&m.kappa, of(QS_K_LOADING)), 1e-9);
  expect_close(k[QS_K_A_XI], difference(&m.xi, of(QS_K_LOADING)), 1e-9);
  expect_close(k[QS_K_A_RHO], difference(&m.rho, of(QS_K_LOADING)), 1e-9);
}

TEST(Law, JumpDriftDerivativesMatchDifferences) {
  qs_dynamics m = dynamics();
  const double dt = 0.02;
  const auto drift = [&] {
    double k[QS_K_COUNT] = {}, d[5];
    qs_thresholds t{};
    qs_step_variance_jump(&m, dt, k, &t, d);
    return k[QS_K_DRIFT];
  };
  double k[QS_K_COUNT] = {}, d[5];
  qs_thresholds t{};
  qs_step_variance_jump(&m, dt, k, &t, d);
  double *parameters[5] = {&m.lambda, &m.mu_j, &m.sigma_j, &m.mu_v, &m.rho_j};
  for (int i = 0; i < 5; i++)
    expect_close(d[i], difference(parameters[i], drift), 1e-8);
  double *kappa = &m.kappa;
  const auto decay = [&](int index) {
    return [&m, index, dt] {
      double row[QS_K_COUNT] = {}, unused[5];
      qs_thresholds none{};
      qs_step_variance_jump(&m, dt, row, &none, unused);
      return row[index];
    };
  };
  expect_close(k[QS_K_JUMP_DECAY_KAPPA], difference(kappa, decay(QS_K_JUMP_DECAY)), 1e-8);
  expect_close(k[QS_K_JUMP_SPREAD_KAPPA], difference(kappa, decay(QS_K_JUMP_SPREAD)), 1e-8);
}

TEST(Law, ExponentialJumpDriftDerivativesMatchDifferences) {
  qs_dynamics m = dynamics();
  const auto drift = [&] {
    double k[QS_K_COUNT] = {}, d[2];
    qs_thresholds t{};
    qs_step_exponential_jump(&m, 0.01, k, &t, d);
    return k[QS_K_DRIFT];
  };
  double k[QS_K_COUNT] = {}, d[2];
  qs_thresholds t{};
  qs_step_exponential_jump(&m, 0.01, k, &t, d);
  expect_close(d[0], difference(&m.eta1, drift), 1e-8);
  expect_close(d[1], difference(&m.eta2, drift), 1e-8);
  // To second order in lambda dt the drift is the compound Poisson law's.
  const double kbar = m.p * m.eta1 / (m.eta1 - 1) + (1 - m.p) * m.eta2 / (m.eta2 + 1) - 1;
  EXPECT_NEAR(k[QS_K_DRIFT], -m.lambda * 0.01 * kbar, 1e-6);
}

TEST(Law, PoissonThresholdsHoldTheLaw) {
  for (double a : {1e-4, 0.008, 0.05, 0.7, 6.0}) {
    qs_dynamics m = dynamics();
    m.lambda = a;
    double k[QS_K_COUNT] = {};
    qs_thresholds t{};
    ASSERT_TRUE(qs_step_counted_jump(&m, 1.0, k, &t));
    const qs_count &counted = t.own;
    EXPECT_EQ(counted.count % 4, 0u);
    EXPECT_EQ(t.common.count, 0u);
    double term = std::exp(-a), sum = term, mean = 0;
    for (uint32_t n = 0; n < counted.count; n++) {
      const double above = (double(0xffffffffu) - counted.at[n]) * 0x1p-32;
      EXPECT_NEAR(above, counted.at[n] == 0xffffffffu ? 0 : 1 - sum, 5e-10);
      mean += above;
      term *= a / (n + 1);
      sum += term;
    }
    EXPECT_NEAR(mean, a, 1e-8 * (1 + a));
  }
  qs_dynamics m = dynamics();
  m.lambda = 25;
  double k[QS_K_COUNT] = {};
  qs_thresholds t{};
  EXPECT_FALSE(qs_step_counted_jump(&m, 1.0, k, &t));
}

TEST(Law, JumpSeriesIsTheTailOfTheExponential) {
  const double mu = -.2, sigma = .15, h = 1e-3;
  double series[QS_JUMP_TERMS];
  qs_jump_series(mu, sigma, series);
  // Mean of e^J - 1 - J - ... - J^(j+1)/(j+1)! under the normal density, by the trapezoidal rule.
  for (int j = 0; j < QS_JUMP_TERMS; j++) {
    double sum = 0;
    for (double z = -10; z <= 10; z += h) {
      const double x = mu + sigma * z;
      double rest = std::exp(x), term = 1;
      for (int n = 0; n <= j + 1; n++) {
        rest -= term;
        term *= x / (n + 1);
      }
      sum += rest * std::exp(-0.5 * z * z) * h / std::sqrt(2 * M_PI);
    }
    EXPECT_NEAR(series[j], sum, 1e-13);
  }
}

} // namespace
