// One suite over every backend: the portable CPU target on one thread says what the bits are; every other
// target, thread count, the emulated CUDA backend and every GPU must say the same. Values themselves are
// tested against references elsewhere.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/contenders.h"

namespace {

using conformance::answer;
using conformance::kind;
using conformance::unit_case;

// Contender, model and kind of unit; a test runs every parameter set, scheme and precision of them.
typedef std::tuple<std::string, int, kind> parameters;

qs_status answer_by(qs_context *context, qs_devices *devices, const unit_case &c, const qs_cut *cut,
                    answer *a) {
  *a = conformance::room(c);
  if (c.what == kind::horizon) {
    double *x = a->x.data(), *v = a->v.data();
    return qs_schedule_horizon(context, devices, "conformance", &c.horizon, 1, cut, &x, &v);
  }
  qs_moment *moments = a->moments.data();
  return qs_schedule_value(context, devices, "conformance", &c.value, 1, cut, &moments);
}

const answer &reference(const unit_case &c) {
  return conformance::reference_of<answer>(c.name, [&](qs_context *context, qs_devices *devices, answer *a) {
    return answer_by(context, devices, c, nullptr, a);
  });
}

// How the units are sampled: those of one variant in every way that there is.
std::vector<qs_sampling> samplings(kind what, int variant) {
  if (what == kind::horizon || !variant) {
    return {QS_SAMPLING_PSEUDO};
  }
  return {QS_SAMPLING_PSEUDO, QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC};
}

class Conformance : public ::testing::TestWithParam<parameters> {};

TEST_P(Conformance, SameBitsAsThePortableTarget) {
  const conformance::contender &contender = conformance::contender_of(std::get<0>(GetParam()));
  if (!contender.devices) {
    GTEST_SKIP() << contender.reason;
  }
  qs_context context;
  qs_context_init(&context);
  const qs_cut cuts[] = {{0, 0, 0}, {2, 20, 3}};
  for (int variant : {0, 1}) {
    for (qs_scheme scheme : {QS_SCHEME_QE, QS_SCHEME_EULER}) {
      for (qs_precision precision : {QS_PRECISION_MIXED, QS_PRECISION_DOUBLE}) {
        for (qs_sampling sampling : samplings(std::get<2>(GetParam()), variant)) {
          const unit_case c(static_cast<qs_model_type>(std::get<1>(GetParam())), variant,
                            std::get<2>(GetParam()), scheme, precision, sampling);
          for (const qs_cut &cut : cuts) {
            answer got;
            ASSERT_EQ(answer_by(&context, contender.devices, c, &cut, &got), QS_OK)
                << c.name << context.message;
            EXPECT_EQ(conformance::difference(c, got, reference(c)), "") << c.name;
          }
        }
      }
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<parameters> &info) {
  return std::get<0>(info.param) + "_" + qs_model_name(static_cast<qs_model_type>(std::get<1>(info.param))) +
         "_" + conformance::kind_name(std::get<2>(info.param));
}

INSTANTIATE_TEST_SUITE_P(All, Conformance,
                         ::testing::Combine(::testing::ValuesIn(conformance::contender_names()),
                                            ::testing::Range(0, static_cast<int>(QS_MODEL_COUNT)),
                                            ::testing::Values(kind::price, kind::greeks, kind::shifts,
                                                              kind::horizon)),
                         name_of);

} // namespace
