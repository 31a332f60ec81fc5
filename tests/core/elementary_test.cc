// exp, log, log1p and sincos of the core against libm (single precision) and libquadmath (double precision).
// The limits are the header's promise: 2 ulp in single, 1e-14 relative in double precision.
#include "kernels/core/elementary.h"

#include <gtest/gtest.h>

#include <cfloat>

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

// sin and cos of 2 pi u with the whole quarters taken off exactly.
template <class Real>
Real TurnsReference(Real u, int shift, Real (*sine)(Real), Real (*cosine)(Real), Real pi) {
  const long quarter = std::lrint(static_cast<double>(4 * u));
  const Real angle = 2 * pi * (u - static_cast<Real>(quarter) / 4);
  switch ((quarter + shift) & 3) {
  case 0:
    return sine(angle);
  case 1:
    return cosine(angle);
  case 2:
    return -sine(angle);
  default:
    return -cosine(angle);
  }
}

double TurnsFloat(double u, int shift) {
  return TurnsReference<double>(u, shift, std::sin, std::cos, M_PI);
}
Quad TurnsDouble(Quad u, int shift) {
  return TurnsReference<Quad>(u, shift, sinq, cosq, accuracy::Pi());
}

TEST(ExpFloat, IsWithinTwoUlp) {
  EXPECT_WITHIN(kUlp, SweepBothSigns(FLT_MIN, 87.33f, qs_exp_f, [](double x) { return std::exp(x); }));
  EXPECT_WITHIN(kUlp, SweepFloats(87, 88.72f, qs_exp_f, [](double x) { return std::exp(x); }));
}

TEST(ExpDouble, IsWithin1e14) {
  EXPECT_WITHIN(kRelative, SweepDoubles(Points(-708.39, 709.78, 0, 50000), qs_exp_d, expq));
}

TEST(Exp, IsExactAtZeroAndSaturates) {
  EXPECT_EQ(qs_exp_f(0), 1);
  EXPECT_EQ(qs_exp_d(0), 1);
  EXPECT_EQ(qs_exp_any_f(0), 1);
  EXPECT_EQ(qs_exp_any_f(-1000), 0);
  EXPECT_EQ(qs_exp_any_d(-1000), 0);
  EXPECT_EQ(qs_exp_any_f(-INFINITY), 0);
  EXPECT_EQ(qs_exp_any_d(-INFINITY), 0);
  EXPECT_TRUE(std::isinf(qs_exp_any_f(1000)));
  EXPECT_TRUE(std::isinf(qs_exp_any_d(1000)));
  EXPECT_TRUE(std::isnan(qs_exp_any_f(NAN)));
  EXPECT_TRUE(std::isnan(qs_exp_any_d(NAN)));
  for (float x : {-87.0f, -1.5f, 0.3f, 88.0f})
    EXPECT_EQ(qs_exp_any_f(x), qs_exp_f(x));
}

TEST(LogFloat, IsWithinTwoUlp) {
  EXPECT_WITHIN(kUlp, SweepFloats(FLT_MIN, FLT_MAX, qs_log_f, [](double x) { return std::log(x); }));
  EXPECT_WITHIN(kUlp, SweepFloats(0.25f, 4, qs_log_f, [](double x) { return std::log(x); }));
}

TEST(LogDouble, IsWithin1e14) {
  EXPECT_WITHIN(kRelative, SweepDoubles(Points(DBL_MIN, 4, 1, 50000), qs_log_d, logq));
  EXPECT_WITHIN(kRelative, SweepDoubles(Points(DBL_MIN, DBL_MAX, DBL_MIN, 50000), qs_log_d, logq));
  EXPECT_EQ(qs_log_d(1), 0);
  EXPECT_EQ(qs_log_f(1), 0);
}

TEST(Log1pFloat, IsWithinTwoUlp) {
  const auto reference = [](double x) { return std::log1p(x); };
  EXPECT_WITHIN(kUlp, SweepBothSigns(FLT_MIN, 0.999f, qs_log1p_f, reference));
  EXPECT_WITHIN(kUlp, SweepFloats(0.999f, 1e30f, qs_log1p_f, reference));
}

TEST(Log1pDouble, IsWithin1e14) {
  EXPECT_WITHIN(kRelative, SweepDoubles(Points(-0.999, 10, 0, 50000), qs_log1p_d, log1pq));
}

TEST(SincosFloat, IsWithinTwoUlp) {
  const auto sine = [](float u) { return qs_sincos_turns_f(u).sine; };
  const auto cosine = [](float u) { return qs_sincos_turns_f(u).cosine; };
  EXPECT_WITHIN(kUlp, SweepBothSigns(FLT_MIN, 1, sine, [](double u) { return TurnsFloat(u, 0); }));
  EXPECT_WITHIN(kUlp, SweepBothSigns(0x1p-13f, 1, cosine, [](double u) { return TurnsFloat(u, 1); }));
}

TEST(SincosDouble, IsWithin1e14) {
  const auto sine = [](double u) { return qs_sincos_turns_d(u).sine; };
  const auto cosine = [](double u) { return qs_sincos_turns_d(u).cosine; };
  for (double centre : {0.0, 0.25, -0.5}) {
    const std::vector<double> points = Points(-1, 1, centre, 20000);
    EXPECT_WITHIN(kRelative, SweepDoubles(points, sine, [](Quad u) { return TurnsDouble(u, 0); }));
    EXPECT_WITHIN(kRelative, SweepDoubles(points, cosine, [](Quad u) { return TurnsDouble(u, 1); }));
  }
}

TEST(Sincos, IsExactAtQuarters) {
  const float sines[] = {0, 1, 0, -1, 0};
  for (int k = -4; k <= 4; ++k) {
    const qs_sincos_f f = qs_sincos_turns_f(0.25f * static_cast<float>(k));
    const qs_sincos_d d = qs_sincos_turns_d(0.25 * k);
    const float sine = k < 0 ? -sines[-k] : sines[k];
    const float cosine = sines[std::abs(k + 1) % 4] * (k < -1 ? -1.0f : 1.0f);
    EXPECT_EQ(f.sine, sine) << k;
    EXPECT_EQ(f.cosine, cosine) << k;
    EXPECT_EQ(d.sine, sine) << k;
    EXPECT_EQ(d.cosine, cosine) << k;
  }
}

} // namespace
