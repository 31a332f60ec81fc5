// The suite of test_conformance.cc for the regression of early exercise: the portable CPU target on one
// thread says what the bits are, every other backend must say the same, whatever the cut; and what it says is
// what plain arithmetic says.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <tuple>

#include "host/engine/scheduler.h"
#include "tests/conformance/contenders.h"
#include "tests/core/regression_world.h"

namespace {

typedef std::vector<double> answer;

// Underlyings, which of them have random variances, and whether the interval begins at the start.
struct world {
  const char *name;
  std::uint32_t assets, random;
  bool starts;
};
constexpr world worlds[] = {
    {"one", 1, 1, false}, {"two", 2, 0, false}, {"three", 3, 7, false}, {"start", 2, 2, true}};
constexpr std::uint64_t kPaths = 8 * 192;

void set(regression::Unit *u, const world &w, qs_regression_task task) {
  u->unit.task = task;
  if (w.starts) {
    u->begin_at_start();
  }
}

answer run(qs_devices *devices, const regression::Unit &u, const qs_cut *cut) {
  qs_context context;
  qs_context_init(&context);
  answer result = u.room();
  EXPECT_EQ(qs_schedule_regression(&context, devices, "conformance", &u.unit, cut, result.data()), QS_OK)
      << context.message;
  return result;
}

qs_devices *portable() {
  return conformance::contender_of("portable").devices;
}

class RegressionConformance : public ::testing::TestWithParam<std::tuple<std::string, world>> {};

TEST_P(RegressionConformance, SameBitsAsThePortableTarget) {
  const conformance::contender &contender = conformance::contender_of(std::get<0>(GetParam()));
  if (!contender.devices) {
    GTEST_SKIP() << contender.reason;
  }
  const world &w = std::get<1>(GetParam());
  for (qs_regression_task task : {QS_REGRESSION_END, QS_REGRESSION_SUM, QS_REGRESSION_EARN}) {
    if (w.starts && task == QS_REGRESSION_EARN) {
      continue;
    }
    regression::Unit u(w.assets, w.random, kPaths, 5);
    set(&u, w, task);
    const answer want = run(portable(), u, nullptr);
    for (double number : want) {
      ASSERT_TRUE(std::isfinite(number));
    }
    const qs_cut cuts[] = {{0, 0, 0}, {1, 2, 1}, {1, 2, 3}};
    for (const qs_cut &cut : cuts) {
      const answer got = run(contender.devices, u, &cut);
      EXPECT_EQ(std::memcmp(got.data(), want.data(), want.size() * sizeof(double)), 0)
          << "task " << task << ", pieces of " << cut.leaves;
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<std::string, world>> &info) {
  return std::get<0>(info.param) + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(All, RegressionConformance,
                         ::testing::Combine(::testing::ValuesIn(conformance::contender_names()),
                                            ::testing::ValuesIn(worlds)),
                         name_of);

TEST(Regression, SumsArePlainSums) {
  for (const world &w : worlds) {
    regression::Unit u(w.assets, w.random, kPaths, 6);
    set(&u, w, QS_REGRESSION_SUM);
    const answer sums = run(portable(), u, nullptr);
    const std::size_t columns = qs_regression_columns(&u.unit.counts);
    std::vector<long double> want(8 * columns * (columns + 1) / 2), size(want.size());
    for (std::uint64_t p = 0; p < kPaths; p++) {
      double pays;
      const std::vector<double> row = regression::plain_columns(u, p, &pays);
      ASSERT_EQ(row.size(), columns);
      std::size_t at = p / u.unit.chunk_paths * columns * (columns + 1) / 2;
      for (std::size_t i = 0; i < columns; i++) {
        for (std::size_t j = 0; j <= i; j++, at++) {
          want[at] += static_cast<long double>(row[i]) * row[j];
          size[at] += std::fabs(static_cast<long double>(row[i]) * row[j]);
        }
      }
    }
    for (std::size_t i = 0; i < want.size(); i++) {
      EXPECT_NEAR(sums[i], static_cast<double>(want[i]), 1e-13 * static_cast<double>(size[i])) << w.name << i;
    }
  }
}

TEST(Regression, ExerciseIsPlainExercise) {
  for (const world &w : worlds) {
    regression::Unit u(w.assets, w.random, kPaths, 7);
    set(&u, w, w.starts ? QS_REGRESSION_END : QS_REGRESSION_EARN);
    const answer earned = run(portable(), u, nullptr);
    std::size_t exercised = 0;
    for (std::uint64_t p = 0; p < kPaths; p++) {
      double pays, want = 0;
      const std::vector<double> row = regression::plain_columns(u, p, &pays);
      if (w.starts) { // what exercise at the interval's end pays
        const double first = u.forwards[0] * std::exp(u.states[2][p]);
        const double other = u.forwards[1] * std::exp(u.states[6][p]);
        want = u.weights[0] * std::fmax(regression::kStrike - std::fmin(first, other), 0);
      } else {
        double hold = 0, on = u.earned[p];
        for (std::size_t k = 0; k < u.unit.counts.features; k++) {
          hold += u.coefficient[k] * row[k];
        }
        for (std::size_t k = 0; k < u.control.size(); k++) {
          on -= u.control[k] * row[u.unit.counts.features + k];
        }
        const bool held = pays <= 0 || pays < hold;
        want = held ? on + u.unit.blend * (hold - on) : pays;
        exercised += !held;
      }
      EXPECT_NEAR(earned[p], want, 1e-11 * (1 + std::fabs(want))) << w.name << " path " << p;
    }
    EXPECT_TRUE(w.starts || (exercised > kPaths / 10 && exercised < kPaths - kPaths / 10)) << exercised;
  }
}

TEST(Regression, WhatMakesNoSenseIsRefused) {
  typedef regression::Unit Unit;
  const std::function<void(Unit *)> wrong[] = {
      [](Unit *u) { u->unit.task = static_cast<qs_regression_task>(3); },
      [](Unit *u) { u->unit.chunk_paths = 0; },
      [](Unit *u) { u->unit.chunk_paths = 65; },
      [](Unit *u) { u->unit.path_begin = 64; },
      [](Unit *u) { u->unit.path_begin = u->unit.path_end; },
      [](Unit *u) { u->unit.path_end += 192; },
      [](Unit *u) { u->unit.counts.assets = 0; },
      [](Unit *u) { u->unit.counts.assets = 17; },
      [](Unit *u) { u->unit.counts.random = 8; },
      [](Unit *u) { u->unit.counts.terms++; },
      [](Unit *u) { u->unit.counts.features--; },
      [](Unit *u) { u->unit.counts.growth_terms = 99; },
      [](Unit *u) { u->unit.counts.variance_terms = 99; },
      [](Unit *u) { u->unit.assets = nullptr; },
      [](Unit *u) { u->unit.policy = nullptr; },
      [](Unit *u) { u->unit.program = nullptr; },
      [](Unit *u) { u->unit.observed_asset = nullptr; },
      [](Unit *u) { u->unit.earned = nullptr; },
      [](Unit *u) { u->coefficient[2] = NAN; },
      [](Unit *u) { u->bump[0] = 0; },
      [](Unit *u) { u->variable[1] = 4; },
      [](Unit *u) { u->parent[1] = 1; },
      [](Unit *u) { u->rate[0] = 0; },
      [](Unit *u) { u->observed[1] = 2; },
      [](Unit *u) { u->codes[0].a = 6; },
      [](Unit *u) { u->assets[1].x = nullptr; },
      [](Unit *u) { u->assets[1].x_before = nullptr; },
      [](Unit *u) { u->assets[1].x_before = u->assets[1].v_before = nullptr; },
      [](Unit *u) { u->assets[0].forward = 0; },
      [](Unit *u) { u->assets[0].slope = INFINITY; },
      [](Unit *u) {
        u->begin_at_start();
        u->assets[0].x_start = NAN;
      },
      [](Unit *u) {
        u->unit.task = QS_REGRESSION_EARN;
        u->unit.blend = 1.5;
      },
      [](Unit *u) {
        u->unit.task = QS_REGRESSION_EARN;
        u->unit.control = nullptr;
      },
      [](Unit *u) {
        u->unit.task = QS_REGRESSION_EARN;
        u->control[1] = INFINITY;
      },
      [](Unit *u) {
        u->unit.task = QS_REGRESSION_EARN;
        u->begin_at_start();
      }};
  paths::Device device;
  int number = 0;
  for (const auto &spoil : wrong) {
    Unit u(2, 3, kPaths, 8);
    answer result = u.room();
    ASSERT_EQ(qs_backend_cpu()->regression(device.get(), &u.unit, nullptr, device.message, result.data()),
              QS_OK)
        << device.message;
    spoil(&u);
    device.message[0] = '\0';
    EXPECT_EQ(qs_backend_cpu()->regression(device.get(), &u.unit, nullptr, device.message, result.data()),
              QS_ERROR_INPUT)
        << number;
    EXPECT_EQ(std::strncmp(device.message, "regression: ", 12), 0) << number << device.message;
    number++;
  }
}

TEST(Regression, StopsWhenCancelled) {
  regression::Unit u(2, 3, kPaths, 9);
  paths::Device device;
  answer result = u.room();
  const volatile int cancel = 1;
  EXPECT_EQ(qs_backend_cpu()->regression(device.get(), &u.unit, &cancel, device.message, result.data()),
            QS_ERROR_CANCELLED);
}

} // namespace
