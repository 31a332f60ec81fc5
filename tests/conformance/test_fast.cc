// `arithmetic: fast` beside the exact answer of the portable CPU target, on the same paths: what a GPU
// approximates changes every number by less than a hundredth of the standard error that 2^18 paths leave, and
// a CPU, and whatever has no fast kernels, gives the exact bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <tuple>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/contenders.h"
#include "tests/conformance/path_cases.h"

namespace {

using conformance::kind;
using conformance::path_case;
using conformance::unit_case;

typedef std::vector<qs_moment> answer;

answer value(qs_devices *devices, const qs_value_unit &from, qs_arithmetic arithmetic) {
  qs_context context;
  qs_context_init(&context);
  qs_value_unit unit = from;
  unit.arithmetic = arithmetic;
  answer a(qs_value_unit_moments(&unit), qs_moment{-7, -7});
  qs_moment *place = a.data();
  EXPECT_EQ(qs_schedule_value(&context, devices, "fast", &unit, 1, nullptr, &place), QS_OK)
      << context.message;
  return a;
}

answer value(qs_devices *devices, const qs_path_unit &from, qs_arithmetic arithmetic) {
  qs_context context;
  qs_context_init(&context);
  qs_path_unit unit = from;
  unit.arithmetic = arithmetic;
  answer a(qs_path_unit_moments(&unit), qs_moment{-7, -7});
  qs_moment *place = a.data();
  EXPECT_EQ(qs_schedule_path(&context, devices, "fast", &unit, 1, nullptr, &place), QS_OK) << context.message;
  return a;
}

bool same(const answer &a, const answer &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
}

// All batches of a number together.
struct estimate {
  double mean, deviation;
};

template <class Unit>
estimate together(const answer &a, const Unit &unit, std::size_t number, std::size_t numbers) {
  double count = 0, mean = 0, m2 = 0;
  for (std::uint32_t b = 0; b < unit.batch_end - unit.batch_begin; b++) {
    const std::uint64_t begin = (unit.batch_begin + b) * unit.batch_paths;
    const double n = static_cast<double>(std::min(unit.batch_paths, unit.path_count - begin));
    const qs_moment &m = a[b * numbers + number];
    const double d = m.mean - mean;
    m2 += m.m2 + d * d * count * n / (count + n);
    mean += d * n / (count + n);
    count += n;
  }
  return {mean, std::sqrt(m2 / count)};
}

// The largest difference of means, in deviations, beyond what single precision leaves of a number and of
// zero.
template <class Unit> double apart(const answer &got, const answer &want, const Unit &unit) {
  const std::size_t numbers = want.size() / (unit.batch_end - unit.batch_begin);
  double worst = 0;
  for (std::size_t i = 0; i < numbers; i++) {
    const estimate a = together(got, unit, i, numbers), b = together(want, unit, i, numbers);
    EXPECT_TRUE(std::isfinite(a.mean) && std::isfinite(a.deviation));
    const double over = std::fabs(a.mean - b.mean) - (1e-6 * std::fabs(b.mean) + 2e-8);
    worst = std::fmax(worst, over > 0 ? over / (b.deviation + 1e-12) : 0);
  }
  return worst;
}

constexpr double kHundredth = 0.01 / 512; // of a standard error from 2^18 paths, in deviations

class FastArithmetic : public ::testing::TestWithParam<std::string> {
protected:
  bool gpu() const { return GetParam().find("cuda") != std::string::npos; }
  bool gpu_alone() const { return gpu() && GetParam().find("cpu") == std::string::npos; }

  // `approximated`: by a law that has fast kernels, in mixed precision.
  template <class Unit> void compare(const Unit &unit, bool approximated, const std::string &name) {
    const conformance::contender &contender = conformance::contender_of(GetParam());
    const answer want = value(conformance::contender_of("portable").devices, unit, QS_ARITHMETIC_EXACT);
    const answer got = value(contender.devices, unit, QS_ARITHMETIC_FAST);
    if (!gpu() || !approximated) {
      EXPECT_TRUE(same(got, want)) << name;
      return;
    }
    EXPECT_LT(apart(got, want, unit), kHundredth) << name;
    EXPECT_TRUE(!gpu_alone() || !same(got, want)) << name << ": no fast kernel ran";
  }
};

TEST_P(FastArithmetic, OfValueUnits) {
  if (!conformance::contender_of(GetParam()).devices) {
    GTEST_SKIP() << conformance::contender_of(GetParam()).reason;
  }
  for (qs_model_type model : {QS_MODEL_GBM, QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ}) {
    for (kind what : {kind::price, kind::greeks}) {
      for (qs_sampling sampling : {QS_SAMPLING_PSEUDO, QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC}) {
        const unit_case c(model, 0, what, QS_SCHEME_QE, QS_PRECISION_MIXED, sampling);
        compare(c.value, model != QS_MODEL_GBM, c.name);
      }
    }
  }
  const unit_case euler(QS_MODEL_HESTON, 0, kind::greeks, QS_SCHEME_EULER, QS_PRECISION_MIXED);
  compare(euler.value, false, euler.name);
  const unit_case precise(QS_MODEL_HESTON, 0, kind::greeks, QS_SCHEME_QE, QS_PRECISION_DOUBLE);
  compare(precise.value, false, precise.name);
}

TEST_P(FastArithmetic, OfPathUnits) {
  if (!conformance::contender_of(GetParam()).devices) {
    GTEST_SKIP() << conformance::contender_of(GetParam()).reason;
  }
  for (const conformance::path_law &law : conformance::path_laws()) {
    for (bool greeks : {false, true}) {
      const path_case c(law, QS_SAMPLING_PSEUDO, QS_PRECISION_MIXED, greeks);
      const bool stochastic =
          law.model == QS_MODEL_HESTON || law.model == QS_MODEL_BATES || law.model == QS_MODEL_SVCJ;
      compare(c.unit(), stochastic && law.scheme == QS_SCHEME_QE, c.name);
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<std::string> &info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(All, FastArithmetic, ::testing::ValuesIn(conformance::contender_names()), name_of);

} // namespace
