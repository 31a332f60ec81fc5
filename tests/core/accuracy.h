// How far results of the core are from a reference, swept over floats or over random doubles.
#ifndef QS_TESTS_ACCURACY_H
#define QS_TESTS_ACCURACY_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern "C" {
#include <quadmath.h>
}

#include "tests/full_sample.h"

namespace accuracy {

__extension__ typedef __float128 Quad;

// Constants without the Q suffix, which strict C++ does not have.
inline Quad Pi() {
  return acosq(-1);
}
inline Quad RootHalf() {
  return sqrtq(static_cast<Quad>(0.5));
}

struct Worst {
  double error = 0; // in ulp of the reference (floats), relative (doubles)
  double at = 0;
  void Take(double e, double x) {
    if (!(e <= error)) // so that NaN counts as the worst
      error = e, at = x;
  }
};

inline uint32_t BitsOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float FloatOf(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// The spacing of floats at a reference value; of the smallest normal number below that.
inline double Ulp(double reference) {
  int exponent = 0;
  std::frexp(reference, &exponent);
  return std::ldexp(1.0, std::max(exponent, -125) - 24);
}

// The worst error in ulp over the floats in [low, high], 0 < low: every one where QS_TEST_ALL=1, else about
// `count` of them, evenly over the exponents, both ends included. The reference is in double precision.
template <class F, class R>
Worst SweepFloats(float low, float high, F f, R reference, uint32_t count = 3000000) {
  const uint32_t first = BitsOf(low), last = BitsOf(high);
  const uint32_t stride = FullSample() ? 1 : (last - first) / count + 1;
  Worst worst;
  for (uint64_t bits = first; bits < uint64_t{last} + stride; bits += stride) {
    const float x = FloatOf(static_cast<uint32_t>(std::min<uint64_t>(bits, last)));
    const double expected = reference(static_cast<double>(x));
    worst.Take(std::fabs(static_cast<double>(f(x)) - expected) / Ulp(expected), x);
  }
  return worst;
}

// The same over [-high, -low] and [low, high].
template <class F, class R>
Worst SweepBothSigns(float low, float high, F f, R reference, uint32_t count = 1500000) {
  Worst positive = SweepFloats(low, high, f, reference, count);
  Worst negative = SweepFloats(
      low, high, [&](float x) { return f(-x); }, [&](double x) { return reference(-x); }, count);
  negative.at = -negative.at;
  return positive.error > negative.error ? positive : negative;
}

// The worst relative error over points; where the reference is 0 the result has to be 0.
template <class F, class R> Worst SweepDoubles(const std::vector<double> &points, F f, R reference) {
  Worst worst;
  for (double x : points) {
    const Quad expected = reference(static_cast<Quad>(x));
    const double result = f(x);
    if (expected == 0)
      worst.Take(result == 0 ? 0 : INFINITY, x);
    else
      worst.Take(std::fabs(static_cast<double>((static_cast<Quad>(result) - expected) / expected)), x);
  }
  return worst;
}

// Both ends, points spaced evenly and points spaced evenly in the logarithm of the distance from `centre`.
inline std::vector<double> Points(double low, double high, double centre, int count) {
  std::mt19937_64 generator(20260801);
  std::vector<double> points = {low, high, centre};
  std::uniform_real_distribution<double> even(0, 1);
  for (int i = 0; i < count; ++i) {
    points.push_back(2 * (low / 2 + (high / 2 - low / 2) * even(generator)));
    const double side = i % 2 ? high / 2 - centre / 2 : centre / 2 - low / 2;
    const double distance = 2 * side * std::exp(-40 * even(generator));
    points.push_back(std::clamp(i % 2 ? centre + distance : centre - distance, low, high));
  }
  return points;
}

} // namespace accuracy

// Also records the error found, as a property of the test in the XML report.
#define EXPECT_WITHIN(limit, sweep)                                                                          \
  do {                                                                                                       \
    const accuracy::Worst swept = sweep;                                                                     \
    EXPECT_LE(swept.error, limit) << "at " << swept.at;                                                      \
    std::ostringstream text;                                                                                 \
    text << swept.error << " at " << swept.at;                                                               \
    RecordProperty("worst_line_" + std::to_string(__LINE__), text.str());                                    \
  } while (0)

#endif
