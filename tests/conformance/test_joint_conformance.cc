// The suite of test_conformance.cc for formulas of several underlyings: the portable CPU target on one thread
// says what the bits are, every other backend must say the same.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "host/engine/scheduler.h"
#include "tests/conformance/contenders.h"
#include "tests/conformance/joint_units.h"
#include "tests/conformance/path_cases.h"

namespace {

using conformance::joint_case;

// Contender, underlyings and sampling; a test runs both precisions, with and without Greeks.
typedef std::tuple<std::string, int, qs_sampling> parameters;

typedef std::vector<qs_moment> answer;

qs_status answer_by(qs_context *context, qs_devices *devices, const joint_case &c, const qs_cut *cut,
                    answer *a) {
  *a = c.room();
  qs_moment *moments = a->data();
  return qs_schedule_joint(context, devices, "conformance", &c.unit(), 1, cut, &moments);
}

const answer &reference(const joint_case &c) {
  return conformance::reference_of<answer>(c.name, [&](qs_context *context, qs_devices *devices, answer *a) {
    const qs_status status = answer_by(context, devices, c, nullptr, a);
    for (const qs_moment &m : *a) {
      EXPECT_TRUE(std::isfinite(m.mean) && m.m2 >= 0) << c.name;
    }
    return status;
  });
}

class JointConformance : public ::testing::TestWithParam<parameters> {};

TEST_P(JointConformance, SameBitsAsThePortableTarget) {
  const conformance::contender &contender = conformance::contender_of(std::get<0>(GetParam()));
  if (!contender.devices) {
    GTEST_SKIP() << contender.reason;
  }
  qs_context context;
  qs_context_init(&context);
  const qs_cut cuts[] = {{0, 0, 0}, {1, 2, 1}};
  for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE}) {
    for (bool greeks : {false, true}) {
      const joint_case c(std::get<1>(GetParam()), std::get<2>(GetParam()), precision, greeks);
      for (const qs_cut &cut : cuts) {
        answer got;
        ASSERT_EQ(answer_by(&context, contender.devices, c, &cut, &got), QS_OK) << c.name << context.message;
        EXPECT_EQ(c.difference(got, reference(c)), "") << c.name;
      }
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<parameters> &info) {
  return std::get<0>(info.param) + "_" +
         conformance::joint_worlds()[static_cast<std::size_t>(std::get<1>(info.param))] + "_" +
         conformance::sampling_name(std::get<2>(info.param));
}

INSTANTIATE_TEST_SUITE_P(
    All, JointConformance,
    ::testing::Combine(::testing::ValuesIn(conformance::contender_names()),
                       ::testing::Range(0, static_cast<int>(conformance::joint_worlds().size())),
                       ::testing::Values(QS_SAMPLING_PSEUDO, QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC)),
    name_of);

} // namespace
