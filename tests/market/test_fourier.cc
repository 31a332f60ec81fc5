// Fourier prices and derivatives against the tables of tests/reference, published prices, identities and bad
// input.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "host/market/black.h"
#include "host/market/characteristic.h"
#include "host/market/fourier.h"
#include "tests/market/reference_table.h"

namespace {

enum { DERIVATIVES = 3 + QS_PARAMETER_COUNT };

const char *derivative_name(int i) {
  static const char *const first[] = {"delta", "gamma", "time"};
  return i < 3 ? first[i] : qs_parameter_name(static_cast<qs_parameter>(i - 3));
}

double derivative(const qs_fourier_option_value &v, int i) {
  return i == 0 ? v.delta : i == 1 ? v.gamma : i == 2 ? v.time : v.parameter[i - 3];
}

qs_fourier_option_value price(const qs_model &model, double years, double k, bool call = true) {
  qs_fourier_option_value value = {};
  qs_fourier_report report = {};
  EXPECT_EQ(QS_OK, qs_fourier_option(&model, years, call, k, nullptr, &value, &report)) << report.problem;
  return value;
}

qs_model make(qs_model_type type, std::vector<std::pair<qs_parameter, double>> values) {
  qs_model model = {};
  model.type = type;
  for (auto &entry : values) {
    model.value[entry.first] = entry.second;
  }
  return model;
}

qs_model heston(double v0, double kappa, double theta, double xi, double rho) {
  return make(QS_MODEL_HESTON,
              {{QS_V0, v0}, {QS_KAPPA, kappa}, {QS_THETA, theta}, {QS_XI, xi}, {QS_RHO, rho}});
}

qs_model jumps(qs_model model, double lambda, double mu, double sigma, double mu_v, double rho_j) {
  model.type = mu_v > 0 ? QS_MODEL_SVCJ : QS_MODEL_BATES;
  model.value[QS_LAMBDA] = lambda;
  model.value[QS_MU_J] = mu;
  model.value[QS_SIGMA_J] = sigma;
  model.value[QS_MU_V] = mu_v;
  model.value[QS_RHO_J] = rho_j;
  return model;
}

std::vector<qs_model> examples() {
  qs_model base = heston(0.2, 2, 0.3, 1.5, -0.5);
  return {make(QS_MODEL_GBM, {{QS_SIGMA, 0.6}}),
          make(QS_MODEL_MERTON, {{QS_SIGMA, 0.4}, {QS_LAMBDA, 3}, {QS_MU_J, -0.1}, {QS_SIGMA_J, 0.15}}),
          make(QS_MODEL_KOU, {{QS_SIGMA, 0.4}, {QS_LAMBDA, 3}, {QS_P, 0.4}, {QS_ETA1, 12}, {QS_ETA2, 8}}),
          base,
          jumps(base, 2, -0.1, 0.15, 0, 0),
          jumps(base, 2, -0.1, 0.15, 0.2, -0.3)};
}

// How large each derivative is within a deviation of the money: what its error is measured against.
std::vector<double> natural_scales(const ReferenceRow &row) {
  std::vector<double> scale(DERIVATIVES);
  double deviation = 2.5 * price(row.model, row.years, 0).price;
  for (double z : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
    qs_fourier_option_value near = price(row.model, row.years, z * deviation);
    for (int i = 0; i < DERIVATIVES; i++) {
      scale[i] = std::max(scale[i], std::fabs(derivative(near, i)));
    }
  }
  for (int i = 0; i < DERIVATIVES; i++) {
    scale[i] = std::max(scale[i], std::fabs(derivative(row.value, i)));
  }
  return scale;
}

// Prices to the tolerance asked for (1e-11 by default, ten times better than what is required), derivatives
// to 1e-9 of their natural scale, and the estimated error never below the true one.
void compare_with_table(const std::vector<ReferenceRow> &rows) {
  std::vector<double> worst(QS_MODEL_COUNT), worst_derivative(QS_MODEL_COUNT);
  for (const ReferenceRow &row : rows) {
    ASSERT_LE(row.error, 1e-13) << "the table itself, row " << row.id;
    qs_fourier_option_value value;
    qs_fourier_report report;
    ASSERT_EQ(QS_OK,
              qs_fourier_option(&row.model, row.years, row.call, row.log_moneyness, nullptr, &value, &report))
        << "row " << row.id;
    double error = std::fabs(value.price - row.value.price);
    EXPECT_LE(error, 1e-11) << "row " << row.id;
    EXPECT_LE(error, report.error) << "row " << row.id;
    worst[row.model.type] = std::max(worst[row.model.type], error);
    std::vector<double> scale = natural_scales(row);
    for (int i = 0; i < DERIVATIVES; i++) {
      double gap = std::fabs(derivative(value, i) - derivative(row.value, i));
      EXPECT_LE(gap, 1e-9 * scale[i]) << "row " << row.id << " " << derivative_name(i);
      worst_derivative[row.model.type] =
          std::max(worst_derivative[row.model.type], scale[i] > 0 ? gap / scale[i] : gap);
    }
  }
  for (int i = 0; i < QS_MODEL_COUNT; i++) {
    std::string name = qs_model_name(static_cast<qs_model_type>(i));
    ::testing::Test::RecordProperty(name + "_price_error", std::to_string(worst[i] * 1e15) + "e-15");
    ::testing::Test::RecordProperty(name + "_derivative_error",
                                    std::to_string(worst_derivative[i] * 1e12) + "e-12");
    EXPECT_GT(
        std::count_if(rows.begin(), rows.end(), [i](const ReferenceRow &r) { return r.model.type == i; }), 5);
  }
}

TEST(Fourier, AgreesWithTheHardCasesInFortyFiveDigits) {
  std::vector<ReferenceRow> rows = read_reference("fourier.csv");
  ASSERT_GT(rows.size(), 250u);
  compare_with_table(rows);
}

TEST(Fourier, AgreesWithRandomContractsInQuadPrecision) {
  std::vector<ReferenceRow> rows = read_reference("contracts.csv");
  ASSERT_GE(rows.size(), 2000u);
  compare_with_table(rows);
}

// Broadie and Kaya (2006), tables 1, 2 and 5: S = K = 100, four decimals.
TEST(Fourier, AgreesWithPublishedPrices) {
  EXPECT_NEAR(6.8061, 100 * price(heston(0.010201, 6.21, 0.019, 0.61, -0.7), 1, -0.0319).price, 5e-5);
  EXPECT_NEAR(34.9998, 100 * price(heston(0.09, 2, 0.09, 1, -0.3), 5, -0.25).price, 5e-5);
  qs_model svj =
      jumps(heston(0.008836, 3.99, 0.014, 0.27, -0.79), 0.11, std::log(0.88) - 0.15 * 0.15 / 2, 0.15, 0, 0);
  EXPECT_NEAR(20.1642, 100 * price(svj, 5, -0.1595).price, 5e-5);
}

TEST(Fourier, ModelsAreLimitsOfOneAnother) {
  qs_model bates = examples()[4], svcj = bates;
  svcj.type = QS_MODEL_SVCJ;
  qs_model plain = bates, still = heston(0.09, 2, 0.09, 1e-5, -0.4);
  plain.value[QS_LAMBDA] = 0;
  qs_model merton = examples()[1], kou = examples()[2];
  merton.value[QS_LAMBDA] = kou.value[QS_LAMBDA] = 0;
  for (double years : {0.01, 0.3, 2.0}) {
    for (double k : {-0.4, -0.05, 0.0, 0.1, 0.5}) {
      EXPECT_NEAR(price(bates, years, k).price, price(svcj, years, k).price, 1e-14);
      EXPECT_NEAR(price(examples()[3], years, k).price, price(plain, years, k).price, 1e-14);
      // the price is off by about rho xi; d/dxi is not: it tends to that of the expansion in xi
      EXPECT_NEAR(qs_black_price(true, k, 0.3 * std::sqrt(years)), price(still, years, k).price, 1e-5);
      double flat = qs_black_price(true, k, 0.4 * std::sqrt(years));
      EXPECT_NEAR(flat, price(merton, years, k).price, 1e-13);
      EXPECT_NEAR(flat, price(kou, years, k).price, 1e-13);
    }
  }
}

TEST(Fourier, DerivativesStaySmoothAsTheVarianceStopsMoving) {
  for (double k : {-0.2, 0.0, 0.3}) {
    qs_fourier_option_value small = price(heston(0.09, 2, 0.09, 1e-4, -0.4), 0.5, k);
    qs_fourier_option_value tiny = price(heston(0.09, 2, 0.09, 1e-7, -0.4), 0.5, k);
    for (int i = 0; i < DERIVATIVES; i++) {
      EXPECT_NEAR(derivative(small, i), derivative(tiny, i), 2e-4 * (std::fabs(derivative(tiny, i)) + 0.1))
          << derivative_name(i);
    }
  }
}

TEST(Fourier, PutsAndCallsObeyParity) {
  for (const qs_model &model : examples()) {
    for (double k : {-0.7, -0.1, 0.0, 0.2, 0.9}) {
      qs_fourier_option_value call = price(model, 0.4, k, true), put = price(model, 0.4, k, false);
      EXPECT_NEAR(-std::expm1(k), call.price - put.price, 1e-11);
      EXPECT_NEAR(1, call.delta - put.delta, 1e-14);
      EXPECT_EQ(call.gamma, put.gamma);
      EXPECT_EQ(call.time, put.time);
    }
  }
}

// The forward is a martingale: E[S_T/F] = 1, and probabilities sum to one.
TEST(Fourier, MomentsZeroAndOneAreOne) {
  for (const qs_model &model : examples()) {
    qs_characteristic ch = qs_characteristic_prepare(&model, 0.7);
    EXPECT_NEAR(0, qs_characteristic_log_moment(&ch, 0), 1e-14);
    EXPECT_NEAR(0, qs_characteristic_log_moment(&ch, 1), 1e-14);
    EXPECT_GT(qs_characteristic_log_moment(&ch, 1.5), 0);
    EXPECT_GT(qs_characteristic_log_moment(&ch, -0.5), 0);
  }
}

TEST(Fourier, PricesOfAStripAreFreeOfArbitrage) {
  for (const qs_model &model : examples()) {
    for (double years : {0.002, 0.1, 2.0}) {
      double deviation = 2.5 * price(model, years, 0).price;
      std::vector<double> k, c(161), delta(161), gamma(161);
      for (int i = 0; i <= 160; i++) {
        k.push_back(0.1 * (i - 80) * deviation);
      }
      qs_fourier_output output = {};
      output.price = c.data(), output.delta = delta.data(), output.gamma = gamma.data();
      qs_fourier_report report;
      ASSERT_EQ(QS_OK, qs_fourier_strip(&model, years, k.size(), k.data(), nullptr, &output, &report));
      for (size_t i = 0; i < k.size(); i++) {
        EXPECT_GE(c[i], std::fmax(-std::expm1(k[i]), 0));
        EXPECT_LE(c[i], 1);
        EXPECT_GE(delta[i], -1e-9);
        EXPECT_LE(delta[i], 1 + 1e-9);
        EXPECT_GE(gamma[i], -1e-8 / deviation);
        EXPECT_TRUE(i == 0 || c[i] <= c[i - 1] + 1e-11);
      }
    }
  }
}

TEST(Fourier, AStripIsItsOptionsInAnyOrder) {
  for (const qs_model &model : examples()) {
    std::vector<double> k = {0.3, -0.2, 0.05, 0.0, -0.6, 2.5, -0.01, 0.02, 0.4, -3.0, 0.11}, c(k.size()),
                        xi(k.size());
    qs_fourier_output output = {};
    output.price = c.data();
    output.parameter[QS_XI] = xi.data();
    qs_fourier_report report;
    ASSERT_EQ(QS_OK, qs_fourier_strip(&model, 0.2, k.size(), k.data(), nullptr, &output, &report));
    for (size_t i = 0; i < k.size(); i++) {
      qs_fourier_option_value one = price(model, 0.2, k[i]);
      EXPECT_NEAR(one.price, c[i], 1e-11);
      EXPECT_NEAR(one.parameter[QS_XI], xi[i], 1e-10);
    }
  }
}

TEST(Fourier, ASurfaceIsItsStrips) {
  std::vector<double> k, v0 = {0.3, 1e-4, 0.0, 0.02, 0.9, 0.2, 3.0};
  for (int i = 0; i < 24; i++) {
    v0.push_back(0.01 * std::pow(1.4, i % 19));
  }
  for (int i = -20; i <= 20; i++) {
    k.push_back(0.03 * i);
  }
  for (const qs_model &model : examples()) {
    for (double years : {0.003, 0.1, 1.5}) {
      std::vector<double> surface(v0.size() * k.size(), -1), strip(k.size());
      qs_fourier_report report;
      ASSERT_EQ(QS_OK, qs_fourier_surface(&model, years, v0.size(), v0.data(), k.size(), k.data(), nullptr,
                                          surface.data(), &report));
      for (size_t i = 0; i < v0.size(); i++) {
        qs_model moved = model;
        moved.value[QS_V0] = v0[i];
        qs_fourier_output output = {};
        output.price = strip.data();
        ASSERT_EQ(QS_OK, qs_fourier_strip(&moved, years, k.size(), k.data(), nullptr, &output, &report));
        for (size_t j = 0; j < k.size(); j++) {
          EXPECT_NEAR(strip[j], surface[i * k.size() + j], 2e-11)
              << qs_model_name(model.type) << " v0 " << v0[i];
        }
      }
    }
  }
}

TEST(Fourier, CoarseTolerancesAreCheaperAndTheirErrorsHonest) {
  qs_fourier_settings coarse = {1e-5, 1e-4, 1 << 18};
  for (const qs_model &model : examples()) {
    for (double years : {0.004, 0.2, 3.0}) {
      for (double z : {-3.0, -1.0, 0.0, 0.5, 2.0}) {
        double k = z * 2.5 * price(model, years, 0).price;
        qs_fourier_option_value rough, exact;
        qs_fourier_report rough_report, exact_report;
        ASSERT_EQ(QS_OK, qs_fourier_option(&model, years, true, k, &coarse, &rough, &rough_report));
        ASSERT_EQ(QS_OK, qs_fourier_option(&model, years, true, k, nullptr, &exact, &exact_report));
        EXPECT_LE(std::fabs(rough.price - exact.price), rough_report.error);
        EXPECT_LE(rough_report.nodes, exact_report.nodes);
      }
    }
  }
}

// Revival: with jumps of nearly one size |phi| comes back at x = 2 pi/mu_j, and a sum must not end before.
TEST(Fourier, NearlyEqualJumpsAreNotCutShort) {
  qs_model model =
      make(QS_MODEL_MERTON, {{QS_SIGMA, 0.05}, {QS_LAMBDA, 20}, {QS_MU_J, 0.3}, {QS_SIGMA_J, 0.001}});
  double years = 2, k = 3.1, exact = 0, weight = std::exp(-40.0);
  double growth = 20 * years * std::expm1(0.3 + 0.5e-6);
  for (int n = 0; n < 200; n++) {
    double shift = n * (0.3 + 0.5e-6) - growth, s = std::sqrt(0.0025 * years + n * 1e-6);
    exact += weight * std::exp(shift) * qs_black_price(true, k - shift, s);
    weight *= 40.0 / (n + 1);
  }
  EXPECT_NEAR(exact, price(model, years, k).price, 1e-11);
}

TEST(Fourier, FarStrikesAndNoTimeGiveIntrinsicValue) {
  for (const qs_model &model : examples()) {
    qs_fourier_option_value deep = price(model, 0.01, -30), far = price(model, 0.01, 30);
    EXPECT_NEAR(1, deep.price, 1e-12);
    EXPECT_EQ(1, deep.delta);
    EXPECT_EQ(0, far.price);
    EXPECT_EQ(0, far.delta);
    EXPECT_EQ(0, far.gamma);
    EXPECT_DOUBLE_EQ(-std::expm1(-0.3), price(model, 0, -0.3).price);
    EXPECT_EQ(0, price(model, 0, 0.3).price);
  }
  qs_model still = heston(0, 1, 0, 0.5, 0);
  EXPECT_DOUBLE_EQ(-std::expm1(-0.3), price(still, 1, -0.3).price);
}

TEST(Fourier, TooFewNodesAreReported) {
  qs_model model = heston(1e-4, 1, 0.05, 1, -0.9);
  qs_fourier_settings few = {1e-11, 1e-9, 64};
  qs_fourier_option_value value = {};
  value.price = -7;
  qs_fourier_report report;
  EXPECT_EQ(QS_ERROR_UNTRUSTED, qs_fourier_option(&model, 0.01, true, 0, &few, &value, &report));
  ASSERT_NE(nullptr, report.problem);
  double exact = price(model, 0.01, 0).price;
  EXPECT_GT(report.error, 1e-11);
  EXPECT_LE(std::fabs(value.price - exact), report.error);
}

TEST(Fourier, BadInputIsRefusedAndOutputsStayUntouched) {
  double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  qs_model good = examples()[5], bad = good;
  bad.value[QS_XI] = -1;
  qs_model unknown = good;
  unknown.type = QS_MODEL_COUNT;
  qs_fourier_settings strict = {1e-20, 1e-9, 1000};
  struct {
    qs_model model;
    double years, k;
    const qs_fourier_settings *settings;
  } cases[] = {{bad, 1, 0, nullptr},    {unknown, 1, 0, nullptr}, {good, -1, 0, nullptr},
               {good, nan, 0, nullptr}, {good, inf, 0, nullptr},  {good, 1, nan, nullptr},
               {good, 1, inf, nullptr}, {good, 1, 0, &strict}};
  for (auto &c : cases) {
    double c0 = -7, v0 = 0.1;
    qs_fourier_output output = {};
    output.price = &c0;
    qs_fourier_report report = {};
    EXPECT_EQ(QS_ERROR_INPUT, qs_fourier_strip(&c.model, c.years, 1, &c.k, c.settings, &output, &report));
    EXPECT_NE(nullptr, report.problem);
    EXPECT_EQ(QS_ERROR_INPUT,
              qs_fourier_surface(&c.model, c.years, 1, &v0, 1, &c.k, c.settings, &c0, &report));
    EXPECT_EQ(-7, c0);
  }
  double negative = -0.1, k = 0, c0 = -7;
  qs_fourier_report report = {};
  EXPECT_EQ(QS_ERROR_INPUT, qs_fourier_surface(&good, 1, 1, &negative, 1, &k, nullptr, &c0, &report));
  EXPECT_EQ(-7, c0);
}

} // namespace
