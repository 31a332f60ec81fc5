// Black-76 against quad precision: prices, sensitivities, implied volatility over the whole range, and the
// bounds.
#include <gtest/gtest.h>
#include <quadmath.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <vector>

#include "host/market/black.h"

namespace {

__extension__ typedef __float128 quad;

quad normal_cdf(quad x) {
  return erfcq(-x / sqrtq(quad(2))) / 2;
}
quad normal_density(quad x) {
  return expq(-x * x / 2) / sqrtq(8 * atanq(quad(1)));
}

// The out-of-the-money side; quad keeps 20 digits after the cancellation everywhere on the grids below.
quad exact_price(double k, double s) {
  quad x = -fabsq(quad(k)), h = x / quad(s), t = quad(s) / 2;
  return (k < 0 ? expq(quad(k)) : quad(1)) * (normal_cdf(h + t) - expq(-x) * normal_cdf(h - t));
}

std::vector<double> moneynesses() {
  std::vector<double> out;
  for (double k :
       {1e-12, 1e-8, 1e-5, 1e-3, 0.01, 0.05, 0.1, 0.3, 0.7, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 140.0, 560.0}) {
    out.push_back(k);
    out.push_back(-k);
  }
  out.push_back(0);
  return out;
}

std::vector<double> volatilities() {
  std::vector<double> out;
  for (double l = -11; l < 3.2; l += 0.07) {
    out.push_back(std::exp(l));
  }
  return out;
}

double d1(double k, double s) {
  return -k / s + s / 2;
}

TEST(Black, PricesKeepTheirRelativeErrorDownToTheSmallestNormalNumbers) {
  int deep = 0;
  for (double k : moneynesses()) {
    for (double s : volatilities()) {
      quad exact = exact_price(k, s);
      if (exact < quad(1e-300)) {
        continue;
      }
      deep += exact < quad(1e-250);
      double relative = std::fabs(double((quad(qs_black_out_of_the_money(k, s)) - exact) / exact));
      EXPECT_LE(relative, 1e-14 * (1 + d1(k, s) * d1(k, s))) << "k " << k << " s " << s;
    }
  }
  EXPECT_GT(deep, 5);
}

TEST(Black, ImpliedVolatilityFindsItsWayBack) {
  int tested = 0;
  for (double k : moneynesses()) {
    for (double s : volatilities()) {
      quad exact = exact_price(k, s);
      double price = double(exact), maximum = k < 0 ? std::exp(k) : 1, found = -1;
      if (exact < quad(1e-300) || price >= maximum * (1 - 1e-15)) {
        continue;
      }
      ASSERT_EQ(QS_BLACK_OK, qs_black_implied_vol(k >= 0, k, price, &found)) << "k " << k << " s " << s;
      // what half a spacing of the price, and one rounding of the maximum, move
      double moved = (std::nextafter(price, 1) - price + DBL_EPSILON * maximum * (price > maximum / 2)) /
                     (s * qs_black_vega(k, s));
      EXPECT_LE(std::fabs(found / s - 1), 1e-12 + moved) << "k " << k << " s " << s << " price " << price;
      tested++;
    }
  }
  EXPECT_GT(tested, 3000);
}

TEST(Black, ImpliedVolatilityTakesPricesInTheMoney) {
  for (double k : {-0.5, -0.1, -0.01, 0.01, 0.1, 0.5}) {
    for (double s : {0.05, 0.2, 1.0}) {
      bool call = k < 0;
      double price = qs_black_price(call, k, s), found = -1;
      double value = qs_black_out_of_the_money(k, s);
      if (value < 1e-12) {
        continue;
      }
      ASSERT_EQ(QS_BLACK_OK, qs_black_implied_vol(call, k, price, &found));
      EXPECT_LE(std::fabs(found - s), 1e-12 * s + 2 * DBL_EPSILON / qs_black_vega(k, s))
          << "k " << k << " s " << s;
    }
  }
}

TEST(Black, TinyPricesHaveAVolatility) {
  for (double price : {1e-300, 1e-200, 1e-100, 1e-30}) {
    for (double k : {-3.0, -0.2, 0.01, 0.2, 3.0}) {
      double s = -1;
      ASSERT_EQ(QS_BLACK_OK, qs_black_implied_vol(k >= 0, k, price, &s));
      EXPECT_NEAR(1, double(exact_price(k, s) / quad(price)), 1e-12 * (1 + d1(k, s) * d1(k, s)))
          << k << " " << price;
    }
  }
  // ln K/F so small that the price is nearly linear in the volatility
  double s = -1;
  ASSERT_EQ(QS_BLACK_OK, qs_black_implied_vol(true, 1e-300, 1e-10, &s));
  EXPECT_NEAR(s, 1e-10 * std::sqrt(2 * std::acos(-1.0)), 1e-22);
}

TEST(Black, BoundsAreReported) {
  double s = -7;
  EXPECT_EQ(QS_BLACK_OK, qs_black_implied_vol(true, 0.1, 0, &s));
  EXPECT_EQ(0, s);
  double intrinsic = -std::expm1(-0.2);
  EXPECT_EQ(QS_BLACK_OK, qs_black_implied_vol(true, -0.2, intrinsic, &s));
  EXPECT_EQ(0, s);
  s = -7;
  EXPECT_EQ(QS_BLACK_BELOW_INTRINSIC, qs_black_implied_vol(true, 0.1, -1e-300, &s));
  EXPECT_EQ(QS_BLACK_BELOW_INTRINSIC, qs_black_implied_vol(true, -0.2, std::nextafter(intrinsic, 0), &s));
  EXPECT_EQ(QS_BLACK_BELOW_INTRINSIC, qs_black_implied_vol(false, 0.2, std::expm1(0.2) - 1e-12, &s));
  EXPECT_EQ(QS_BLACK_ABOVE_MAXIMUM, qs_black_implied_vol(true, 0.1, 1, &s));
  EXPECT_EQ(QS_BLACK_ABOVE_MAXIMUM, qs_black_implied_vol(true, 0.1, 1.5, &s));
  EXPECT_EQ(QS_BLACK_ABOVE_MAXIMUM, qs_black_implied_vol(false, -0.1, std::exp(-0.1), &s));
  EXPECT_EQ(-7, s);
  EXPECT_EQ(QS_BLACK_OK, qs_black_implied_vol(true, 0.1, 1 - 1e-15, &s));
  EXPECT_GT(s, 15);
}

TEST(Black, WhatIsNotANumberIsRefused) {
  double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity(),
         s = -7;
  EXPECT_EQ(QS_BLACK_NOT_A_NUMBER, qs_black_implied_vol(true, nan, 0.1, &s));
  EXPECT_EQ(QS_BLACK_NOT_A_NUMBER, qs_black_implied_vol(true, 0.1, nan, &s));
  EXPECT_EQ(QS_BLACK_NOT_A_NUMBER, qs_black_implied_vol(true, inf, 0.1, &s));
  EXPECT_EQ(QS_BLACK_NOT_A_NUMBER, qs_black_implied_vol(true, 0.1, -inf, &s));
  EXPECT_EQ(QS_BLACK_NOT_A_NUMBER, qs_black_implied_vol(false, -1500, 0.1, &s));
  EXPECT_EQ(-7, s);
  EXPECT_TRUE(std::isnan(qs_black_price(true, nan, 0.2)));
  EXPECT_TRUE(std::isnan(qs_black_price(false, 0.1, nan)));
  EXPECT_TRUE(std::isnan(qs_black_vega(0.1, nan)));
  EXPECT_TRUE(std::isnan(qs_black_delta(true, nan, 0.1)));
  EXPECT_TRUE(std::isnan(qs_black_gamma(nan, 0.1)));
}

TEST(Black, LimitsOfTheVolatility) {
  double inf = std::numeric_limits<double>::infinity();
  for (double k : {-900.0, -2.0, -0.3, 0.0, 0.3, 2.0, 900.0}) {
    double intrinsic = std::fmax(-std::expm1(k), 0), put = std::fmax(std::expm1(k), 0);
    EXPECT_DOUBLE_EQ(intrinsic, qs_black_price(true, k, 0));
    EXPECT_DOUBLE_EQ(1, qs_black_price(true, k, inf));
    EXPECT_DOUBLE_EQ(put, qs_black_price(false, k, 0));
    EXPECT_DOUBLE_EQ(std::exp(k), qs_black_price(false, k, inf));
    EXPECT_EQ(k < 0 ? 1 : k > 0 ? 0 : 0.5, qs_black_delta(true, k, 0));
  }
}

TEST(Black, SensitivitiesMatchQuadPrecision) {
  for (double k : {-3.0, -0.5, -0.05, 0.0, 0.02, 0.4, 2.5}) {
    for (double s : {0.03, 0.2, 0.7, 2.5}) {
      quad upper = -quad(k) / quad(s) + quad(s) / 2;
      double density = double(normal_density(upper)), scale = 1 + double(upper * upper);
      EXPECT_NEAR(density, qs_black_vega(k, s), 1e-15 * scale * density);
      EXPECT_NEAR(density / s, qs_black_gamma(k, s), 1e-15 * scale * density / s);
      EXPECT_NEAR(double(normal_cdf(upper)), qs_black_delta(true, k, s), 1e-15);
      EXPECT_NEAR(double(normal_cdf(upper) - 1), qs_black_delta(false, k, s), 1e-15);
    }
  }
}

TEST(Black, PutsAndCallsDifferByTheForward) {
  for (double k : moneynesses()) {
    for (double s : {1e-3, 0.1, 0.5, 3.0}) {
      double gap = qs_black_price(true, k, s) - qs_black_price(false, k, s);
      EXPECT_NEAR(-std::expm1(k), gap, 2 * DBL_EPSILON * std::fmax(1, std::exp(k)));
    }
  }
}

} // namespace
