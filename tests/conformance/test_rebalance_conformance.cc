// The suite of test_conformance.cc for hedging over time: the portable CPU target on one thread says what the
// bits are, every other backend must say the same, whatever the cut of paths and dates.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"
#include "tests/conformance/contenders.h"
#include "tests/conformance/rebalance_cases.h"

namespace {

typedef std::vector<double> answer;

void run(qs_devices *devices, const qs_rebalance_unit &unit, const qs_cut *cut, answer *rows) {
  qs_context context;
  qs_context_init(&context);
  EXPECT_EQ(qs_schedule_rebalance(&context, devices, "conformance", &unit, cut, rows->data()), QS_OK)
      << context.message;
}

const answer &reference(bool everything) {
  static answer known[2];
  answer &rows = known[everything];
  if (rows.empty()) {
    rebalance::Unit u = conformance::hedged(everything, conformance::kHedgedPaths);
    u.connect();
    rows = u.room();
    run(conformance::contender_of("portable").devices, u.unit, nullptr, &rows);
    for (double value : rows) {
      EXPECT_TRUE(std::isfinite(value));
    }
  }
  return rows;
}

class RebalanceConformance : public ::testing::TestWithParam<std::tuple<std::string, bool>> {
protected:
  void SetUp() override {
    const conformance::contender &contender = conformance::contender_of(std::get<0>(GetParam()));
    if (!contender.devices) {
      GTEST_SKIP() << contender.reason;
    }
    devices = contender.devices;
    unit.connect();
    rows = unit.room();
  }
  const bool everything = std::get<1>(GetParam());
  qs_devices *devices = nullptr;
  rebalance::Unit unit = conformance::hedged(everything, conformance::kHedgedPaths);
  answer rows;
};

TEST_P(RebalanceConformance, SameBitsAsThePortableTarget) {
  const qs_cut cuts[] = {{0, 0, 0}, {1, 20, 1}};
  for (const qs_cut &cut : cuts) {
    rows = unit.room();
    run(devices, unit.unit, &cut, &rows);
    EXPECT_TRUE(conformance::same_rows(rows, reference(everything)));
  }
}

TEST_P(RebalanceConformance, SameBitsDateByDate) {
  for (std::uint32_t date = 0; date < unit.dates; date++) {
    qs_rebalance_unit part = unit.unit;
    part.date_begin = date;
    part.date_end = date + 1;
    run(devices, part, nullptr, &rows);
  }
  EXPECT_TRUE(conformance::same_rows(rows, reference(everything)));
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<std::string, bool>> &info) {
  return std::get<0>(info.param) + (std::get<1>(info.param) ? "_everything" : "_single");
}

INSTANTIATE_TEST_SUITE_P(All, RebalanceConformance,
                         ::testing::Combine(::testing::ValuesIn(conformance::contender_names()),
                                            ::testing::Bool()),
                         name_of);

} // namespace
