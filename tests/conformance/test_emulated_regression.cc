// The regression of early exercise on an emulated GPU: blocks of any size give the same bits, every CUDA call
// may fail and leaves the results alone, nothing leaks.
#include <cstring>
#include <string>

#include "tests/conformance/emulated/device.h"
#include "tests/core/regression_world.h"

namespace {

typedef std::vector<double> answer;

class EmulatedRegression : public emulated::DeviceTest,
                           public ::testing::WithParamInterface<qs_regression_task> {
protected:
  void SetUp() override {
    DeviceTest::SetUp();
    unit.unit.task = GetParam();
  }
  qs_status run(answer *result, const volatile int *cancel = nullptr) {
    return backend->regression(device, &unit.unit, cancel, message, result->data());
  }
  bool same(const answer &a, const answer &b) const {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
  }
  std::size_t launches() const { return GetParam() == QS_REGRESSION_SUM ? 2 : 1; }
  regression::Unit unit{2, 3, 8 * 64, 3};
};

TEST_P(EmulatedRegression, SameBitsInBlocksOfAnySize) {
  ASSERT_EQ(open(), QS_OK);
  answer want = unit.room();
  ASSERT_EQ(run(&want), QS_OK) << message;
  EXPECT_EQ(emulation::the().launches, launches());
  close();
  for (std::size_t memory : {std::size_t{1} << 10, std::size_t{1} << 20}) {
    fresh(memory);
    ASSERT_EQ(open(), QS_OK);
    answer got = unit.room();
    ASSERT_EQ(run(&got), QS_OK) << message;
    EXPECT_TRUE(same(got, want)) << memory << " bytes free";
    EXPECT_EQ(emulation::the().launches, launches() * (memory < 2000 ? 8 : 2));
    close();
  }
}

TEST_P(EmulatedRegression, EveryCallMayFail) {
  const answer before = unit.room();
  for (const emulated::failure &h : emulated::failures) {
    int failed = 0;
    for (int at = 0;; at++) {
      failing(at, h.error, h.sticky);
      emulation::the().memory = 1 << 20; // two blocks
      answer got = before;
      qs_status status = open();
      status = status ? status : run(&got);
      const int calls = emulation::the().calls;
      if (status != QS_OK) {
        failed++;
        EXPECT_EQ(status, h.error == cudaErrorMemoryAllocation ? QS_ERROR_MEMORY : QS_ERROR_DEVICE) << at;
        EXPECT_NE(std::string(message).find("emulated error"), std::string::npos) << at << ": " << message;
        EXPECT_TRUE(same(got, before)) << at;
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
    EXPECT_GT(failed, 20);
  }
}

TEST_P(EmulatedRegression, CancelledOrRefused) {
  ASSERT_EQ(open(), QS_OK);
  answer result = unit.room();
  const answer before = result;
  const volatile int cancel = 1;
  EXPECT_EQ(run(&result, &cancel), QS_ERROR_CANCELLED);
  unit.unit.counts.assets = 0;
  EXPECT_EQ(run(&result), QS_ERROR_INPUT);
  EXPECT_TRUE(same(result, before));
}

INSTANTIATE_TEST_SUITE_P(All, EmulatedRegression,
                         ::testing::Values(QS_REGRESSION_END, QS_REGRESSION_SUM, QS_REGRESSION_EARN));

} // namespace
