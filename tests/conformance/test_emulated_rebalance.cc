// Hedging over time on an emulated GPU: blocks of any size give the same bits, every CUDA call may fail and
// then leaves rows that go on as they were, nothing leaks.
#include <string>

#include "tests/conformance/emulated/device.h"
#include "tests/conformance/rebalance_cases.h"

namespace {

typedef std::vector<double> answer;

class EmulatedRebalance : public emulated::DeviceTest, public ::testing::WithParamInterface<bool> {
protected:
  void SetUp() override {
    DeviceTest::SetUp();
    unit.connect();
    part = unit.unit;
  }
  qs_status run(answer *rows, const volatile int *cancel = nullptr) {
    return backend->rebalance(device, &part, cancel, message, rows->data());
  }
  // The rows after the dates before `date`.
  answer rows_at(std::uint32_t date) {
    answer rows = unit.room();
    if (date) {
      qs_rebalance_unit first = unit.unit;
      first.date_end = date;
      paths::Device cpu;
      EXPECT_EQ(qs_backend_cpu()->rebalance(cpu.get(), &first, nullptr, message, rows.data()), QS_OK);
    }
    return rows;
  }
  std::uint64_t paths_of_test = 192;
  rebalance::Unit unit = conformance::hedged(GetParam(), paths_of_test);
  qs_rebalance_unit part = {};
};

TEST_P(EmulatedRebalance, SameBitsInBlocksOfAnySize) {
  for (std::uint32_t begin : {0u, 3u}) {
    part.date_begin = begin;
    answer want = rows_at(begin);
    ASSERT_EQ(open(), QS_OK);
    ASSERT_EQ(run(&want), QS_OK) << message;
    EXPECT_EQ(emulation::the().launches, 1u);
    close();
    for (std::size_t memory : {std::size_t{1} << 10, std::size_t{1} << 21}) {
      fresh(memory);
      ASSERT_EQ(open(), QS_OK);
      answer got = rows_at(begin);
      ASSERT_EQ(run(&got), QS_OK) << message;
      EXPECT_TRUE(conformance::same_rows(got, want)) << memory << " bytes free";
      EXPECT_EQ(emulation::the().launches > 1, memory < 2000 || GetParam());
      close();
    }
    fresh(std::size_t{1} << 30);
  }
}

TEST_P(EmulatedRebalance, EveryCallMayFail) {
  part.date_begin = 3;
  const answer before = rows_at(3);
  for (const emulated::failure &h : emulated::failures) {
    int failed = 0;
    for (int at = 0;; at++) {
      failing(at, h.error, h.sticky);
      emulation::the().memory = 1 << 10; // block by block
      answer got = before;
      qs_status status = open();
      status = status ? status : run(&got);
      const int calls = emulation::the().calls;
      if (status != QS_OK) {
        failed++;
        EXPECT_EQ(status, h.error == cudaErrorMemoryAllocation ? QS_ERROR_MEMORY : QS_ERROR_DEVICE) << at;
        EXPECT_NE(std::string(message).find("emulated error"), std::string::npos) << at << ": " << message;
        EXPECT_TRUE(conformance::same_rows(got, before)) << at;
      }
      if (device && status != QS_OK) {
        EXPECT_EQ(run(&got), h.sticky ? QS_ERROR_DEVICE : QS_OK) << at << ": " << message;
      }
      close();
      EXPECT_EQ(emulation::the().allocations, 0) << at;
      if (status == QS_OK) {
        EXPECT_LE(calls, at) << "a call failed unseen";
        break;
      }
    }
    EXPECT_GT(failed, 12);
  }
}

TEST_P(EmulatedRebalance, CancelledOrRefused) {
  ASSERT_EQ(open(), QS_OK);
  answer rows = unit.room();
  const volatile int cancel = 1;
  EXPECT_EQ(run(&rows, &cancel), QS_ERROR_CANCELLED);
  part.date_count = 1;
  EXPECT_EQ(run(&rows), QS_ERROR_INPUT);
  for (double value : rows) {
    EXPECT_TRUE(std::isnan(value));
  }
}

INSTANTIATE_TEST_SUITE_P(All, EmulatedRebalance, ::testing::Bool());

} // namespace
