// The normal distribution of the core against libm (single precision) and libquadmath (double precision).
#include "kernels/core/normal.h"

#include <gtest/gtest.h>

#include <cfloat>

#include "kernels/core/philox.h"
#include "tests/core/accuracy.h"

namespace {

using accuracy::Points;
using accuracy::Quad;
using accuracy::SweepBothSigns;
using accuracy::SweepDoubles;
using accuracy::SweepFloats;
using accuracy::Worst;

constexpr double kUlp = 2;
constexpr double kRelative = 1e-14;

double Pdf(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
}
double Cdf(double x) {
  return std::erfc(-x * M_SQRT1_2) / 2;
}
Quad PdfQuad(Quad x) {
  return expq(-x * x / 2) / sqrtq(2 * accuracy::Pi());
}
Quad CdfQuad(Quad x) {
  return erfcq(-x * accuracy::RootHalf()) / 2;
}

// z >= 0 with Phi(-z) = q, by Newton's steps from `start`; the middle is solved in 1/2 - q, or its digits
// would be lost.
template <class Real>
Real Quantile(Real q, Real start, Real (*erf)(Real), Real (*erfc)(Real), Real (*exp)(Real), Real root_half,
              Real root_pi) {
  Real z = start;
  for (int i = 0; i < 5; ++i) {
    const Real density = exp(-z * z / 2) * root_half / root_pi;
    const Real excess =
        z < 0.5 ? (static_cast<Real>(0.5) - q) - erf(z * root_half) / 2 : erfc(z * root_half) / 2 - q;
    const Real step = excess / density;
    z += step / (1 + z * step / 2);
  }
  return z;
}

double QuantileDouble(double q) {
  const double size = std::sqrt(-2 * std::log(q));
  const double start = size - (2.30753 + 0.27061 * size) / (1 + 0.99229 * size + 0.04481 * size * size);
  return q == 0.5 ? 0
                  : Quantile<double>(q, std::max(start, 0.0), std::erf, std::erfc, std::exp, M_SQRT1_2,
                                     std::sqrt(M_PI));
}

Quad QuantileQuad(Quad q) {
  const double start = QuantileDouble(static_cast<double>(q));
  return q == 0.5 ? 0
                  : Quantile<Quad>(q, start, erfq, erfcq, expq, accuracy::RootHalf(), sqrtq(accuracy::Pi()));
}

TEST(PdfFloat, IsWithinTwoUlp) {
  EXPECT_WITHIN(kUlp, SweepBothSigns(0x1p-12f, 12.9f, qs_normal_pdf_f, Pdf));
}

TEST(PdfDouble, IsWithin1e14) {
  EXPECT_WITHIN(kRelative, SweepDoubles(Points(-37.5, 37.5, 0, 20000), qs_normal_pdf_d, PdfQuad));
}

TEST(CdfFloat, IsWithinTwoUlp) {
  EXPECT_WITHIN(kUlp, SweepBothSigns(0x1p-30f, 12.9f, qs_normal_cdf_f, Cdf));
}

TEST(CdfDouble, IsRelativelyWithin1e14InBothTails) {
  EXPECT_WITHIN(kRelative, SweepDoubles(Points(-37.5, 37.5, 0, 20000), qs_normal_cdf_d, CdfQuad));
}

// Over every float the quick forms reach 4.88 and 6.21 ulp (normal.h).
TEST(CdfFloat, QuickFormsKeepTheirLimits) {
  const auto single = [](float x) { return qs_normal_cdf_from_kernel_f(x, qs_normal_kernel_f(x)); };
  EXPECT_WITHIN(5, SweepBothSigns(0x1p-30f, 12.9f, single, Cdf));
  const auto second = [](float x) {
    return qs_normal_cdf_pair_f(1.0f, qs_normal_kernel_f(1), x, qs_normal_kernel_f(x)).second;
  };
  EXPECT_WITHIN(6.5, SweepBothSigns(0x1p-30f, 12.9f, second, Cdf));
}

TEST(Cdf, PairIsTheTwoInOrder) {
  for (double x1 : {-30.0, -2.0, 0.0, 0.7, 30.0})
    for (double x2 : {-9.0, -0.1, 3.0}) {
      const qs_pair_d d = qs_normal_cdf_pair_d(x1, qs_normal_kernel_d(x1), x2, qs_normal_kernel_d(x2));
      EXPECT_NEAR(d.first / Cdf(x1), 1, 1e-13);
      EXPECT_NEAR(d.second / Cdf(x2), 1, 1e-13);
    }
}

// Two cdf share one exponential: kernel(d2) = kernel(d1) forward / strike.
TEST(Cdf, PairGivesBlackScholes) {
  const double forward = 100, deviation = 0.3;
  for (double strike : {40.0, 80.0, 100.0, 130.0, 250.0}) {
    const double d1 = std::log(forward / strike) / deviation + deviation / 2, d2 = d1 - deviation;
    const float e1 = qs_normal_kernel_f(static_cast<float>(d1));
    const float e2 = e1 * static_cast<float>(forward / strike);
    const qs_pair_f pair = qs_normal_cdf_pair_f(static_cast<float>(d1), e1, static_cast<float>(d2), e2);
    // The kernel's condition number is d^2, so rounding d to float costs d^2 of its 2^-24; the rest is 6.5
    // ulp.
    const double limit = 0x1p-23 * (6.5 + 2 * std::max(d1 * d1, d2 * d2));
    EXPECT_NEAR(pair.first / Cdf(d1), 1, limit) << strike;
    EXPECT_NEAR(pair.second / Cdf(d2), 1, limit) << strike;
  }
}

TEST(Cdf, IsClampedToNormalNumbersBeyondTheRange) {
  for (float x : {13.0f, 40.0f, 1e30f, INFINITY}) {
    EXPECT_GE(qs_normal_cdf_f(-x), FLT_MIN);
    EXPECT_LT(qs_normal_cdf_f(-x), 1e-37f);
    EXPECT_EQ(qs_normal_cdf_f(x), 1);
    EXPECT_GE(qs_normal_cdf_from_kernel_f(-x, qs_normal_kernel_f(-x)), FLT_MIN);
    EXPECT_GE(qs_normal_cdf_d(-static_cast<double>(x) * 3), DBL_MIN);
    EXPECT_EQ(qs_normal_cdf_d(static_cast<double>(x)), 1);
  }
  EXPECT_EQ(qs_normal_cdf_f(0), 0.5f);
  EXPECT_EQ(qs_normal_cdf_d(0), 0.5);
  EXPECT_EQ(qs_normal_cdf_from_kernel_f(0, 1), 0.5f);
  EXPECT_TRUE(std::isnan(qs_normal_cdf_f(NAN)));
  EXPECT_TRUE(std::isnan(qs_normal_cdf_d(NAN)));
}

TEST(QuantileFloat, IsWithinTwoUlp) {
  EXPECT_WITHIN(kUlp, SweepFloats(0x1p-33f, 0.5f, qs_normal_quantile_f, QuantileDouble, 1500000));
}

// Given the rounded log and x = 1 - 2q, whose roundings count too.
TEST(QuantileFloat, FromLogIsWithinTwoAndAHalfUlp) {
  const auto from_log = [](float q) {
    return qs_normal_quantile_from_log_f(1 - 2 * q, qs_log_f(qs_normal_quantile_argument_f(q)));
  };
  EXPECT_WITHIN(2.5, SweepFloats(0x1p-33f, 0.5f, from_log, QuantileDouble, 1500000));
}

TEST(QuantileDouble, IsWithin1e14) {
  std::vector<double> points = Points(0x1p-54, 0.5, 0.5, 10000);
  for (double q : Points(0x1p-54, 0.5, 0x1p-54, 10000))
    points.push_back(q);
  EXPECT_WITHIN(kRelative, SweepDoubles(points, qs_normal_quantile_d, QuantileQuad));
}

TEST(Quantile, IsOddInX) {
  for (float q : {1e-9f, 0.01f, 0.3f}) {
    const float log_a = qs_log_f(qs_normal_quantile_argument_f(q));
    EXPECT_EQ(qs_normal_quantile_from_log_f(2 * q - 1, log_a),
              -qs_normal_quantile_from_log_f(1 - 2 * q, log_a));
  }
  EXPECT_EQ(qs_normal_quantile_f(0.5f), 0);
  EXPECT_EQ(qs_normal_quantile_d(0.5), 0);
}

// A word stands for u = (k + 1/2) 2^-32: 2.5 ulp of the quantile, and what rounding q and x costs, at most 1
// ulp.
TEST(NormalWord, IsTheQuantileOfTheWord) {
  Worst worst;
  std::vector<uint32_t> words = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  for (uint32_t k = 0; k < 200000; ++k) {
    words.push_back(k * 21473u);
    words.push_back(k << (k % 15));
  }
  for (uint32_t k : words) {
    const bool upper = k >= 0x80000000u;
    const double q = ((upper ? ~k : k) + 0.5) * 0x1p-32;
    const double z = upper ? QuantileDouble(q) : -QuantileDouble(q);
    worst.Take(std::fabs(qs_normal_f(k) - z) / accuracy::Ulp(z), k);
    EXPECT_EQ(qs_normal_f(k) > 0, upper) << k;
  }
  EXPECT_WITHIN(3.5, worst);
}

TEST(NormalWord, DoubleIsTheQuantileOfBothWords) {
  for (uint32_t i = 0; i < 20000; ++i) {
    const uint32_t high = i * 2654435761u, low = i * 40503u;
    const uint64_t k = (uint64_t{high} << 32 | low) >> 11;
    const bool upper = k >> 52;
    const double q = static_cast<double>(2 * (upper ? ~k & 0xfffffffffffffu : k) + 1) * 0x1p-54;
    const double z = static_cast<double>(QuantileQuad(q)) * (upper ? 1 : -1);
    EXPECT_NEAR(qs_normal_d(high, low) / z, 1, 1e-14) << i;
  }
}

} // namespace
