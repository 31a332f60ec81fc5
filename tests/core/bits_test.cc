// Every function of the core gives the same bits from every instruction set it is compiled for. The baseline
// has no fma of its own, so there each fma is a call to libm.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "tests/core/math_loops.h"

namespace {

constexpr int kCount = 64 * 2048;

bool HasV3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

bool HasV4() {
  return HasV3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

// Half evenly over the range, half evenly over the logarithm of its distance from the end nearer 0, or from
// 0.
template <class Real> std::vector<Real> Inputs(const qs_math_loop &f) {
  std::mt19937_64 generator(7);
  std::uniform_real_distribution<double> even(0, 1);
  std::vector<Real> x(kCount);
  for (int i = 0; i < kCount; ++i) {
    const double share = i % 2 ? even(generator) : std::exp(-60 * even(generator));
    const double from = f.low < 0 && i % 4 < 2 ? f.high : f.low;
    const double to = from == f.low ? f.high : f.low;
    x[static_cast<size_t>(i)] = static_cast<Real>(2 * (from / 2 + (to / 2 - from / 2) * (1 - share)));
    if (i % 8 == 0 && f.low < 0)
      x[static_cast<size_t>(i)] = static_cast<Real>(to * share);
  }
  return x;
}

template <class Real, class Loop> void ExpectSameBits(const qs_math_loop &f, Loop reference, Loop other) {
  const std::vector<Real> x = Inputs<Real>(f);
  std::vector<Real> expected(kCount), found(kCount);
  reference(kCount, x.data(), expected.data());
  other(kCount, x.data(), found.data());
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(std::memcmp(&expected[i], &found[i], sizeof(Real)), 0)
        << f.name << "(" << x[i] << "): " << expected[i] << " and " << found[i];
  // A function that gave one value everywhere would pass: at least a few hundred different results are
  // wanted.
  std::sort(found.begin(), found.end());
  EXPECT_GT(std::unique(found.begin(), found.end()) - found.begin(), 500) << f.name;
}

void ExpectSameBits(const qs_math_loop *reference, const qs_math_loop *other) {
  for (; reference->name; ++reference, ++other) {
    ASSERT_STREQ(reference->name, other->name);
    if (reference->single)
      ExpectSameBits<float>(*reference, reference->single, other->single);
    else
      ExpectSameBits<double>(*reference, reference->twice, other->twice);
  }
}

TEST(Bits, AreEqualFromBaselineAndV3) {
  if (!HasV3())
    GTEST_SKIP() << "this processor has no x86-64-v3";
  ExpectSameBits(qs_math_loops_baseline(), qs_math_loops_v3());
}

TEST(Bits, AreEqualFromV3AndV4) {
  if (!HasV4())
    GTEST_SKIP() << "this processor has no x86-64-v4";
  ExpectSameBits(qs_math_loops_v3(), qs_math_loops_v4());
}

TEST(Bits, AreEqualFromLanesOfPhilox) {
  if (!HasV4())
    GTEST_SKIP() << "this processor has no x86-64-v4";
  for (uint32_t path = 0; path < 64 * 1000; path += 64) {
    uint32_t baseline[256], v3[256], v4[256];
    qs_philox_block_baseline(path, baseline);
    qs_philox_block_v3(path, v3);
    qs_philox_block_v4(path, v4);
    ASSERT_EQ(std::memcmp(baseline, v3, sizeof v3), 0);
    ASSERT_EQ(std::memcmp(baseline, v4, sizeof v4), 0);
  }
}

} // namespace
