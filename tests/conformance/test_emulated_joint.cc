// Formulas of several underlyings on an emulated GPU: blocks of any size give the same bits, every CUDA call
// may fail, nothing leaks.
#include <cstring>
#include <string>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"
#include "tests/conformance/emulated/device.h"
#include "tests/conformance/joint_units.h"
#include "tests/conformance/path_cases.h"

namespace {

using conformance::joint_case;

typedef std::vector<qs_moment> answer;

class EmulatedJoint : public emulated::DeviceTest {
protected:
  qs_status run(const joint_case &c, answer *a, const volatile int *cancel = nullptr) {
    *a = c.room();
    return backend->joint(device, &c.unit(), cancel, message, a->data());
  }
};

// From one leaf of a batch at a time to all batches at once.
TEST_F(EmulatedJoint, SameBitsInBlocksOfAnySize) {
  for (qs_sampling sampling : {QS_SAMPLING_PSEUDO, QS_SAMPLING_SOBOL, QS_SAMPLING_ANTITHETIC}) {
    for (bool greeks : {false, true}) {
      const joint_case c(1, sampling, QS_PRECISION_MIXED, greeks);
      answer want;
      ASSERT_EQ(open(), QS_OK);
      ASSERT_EQ(run(c, &want), QS_OK) << message;
      const std::size_t launches = emulation::the().launches;
      close();
      std::size_t most = 0;
      for (std::size_t memory : {std::size_t{1} << 10, std::size_t{600000}, std::size_t{1} << 20}) {
        fresh(memory);
        ASSERT_EQ(open(), QS_OK);
        answer got;
        ASSERT_EQ(run(c, &got), QS_OK) << message;
        EXPECT_EQ(c.difference(got, want), "") << c.name << " with " << memory << " bytes free";
        most = std::max(most, emulation::the().launches);
        close();
      }
      EXPECT_GT(most, 3 * launches) << c.name; // 4 leaves one by one, in place of all at once
      fresh(std::size_t{1} << 30);
    }
  }
}

// Fails the calls of opening, running and closing one after the other until none fails any more.
TEST_F(EmulatedJoint, EveryCallMayFail) {
  for (const emulated::failure &h : emulated::failures) {
    joint_case c(0, QS_SAMPLING_SOBOL, QS_PRECISION_MIXED, true);
    c.shorten();
    const answer untouched = c.room();
    int failed = 0;
    for (int at = 0;; at++) {
      failing(at, h.error, h.sticky);
      answer got = untouched;
      qs_status status = open();
      status = status ? status : run(c, &got);
      const int calls = emulation::the().calls;
      if (status != QS_OK) {
        failed++;
        EXPECT_EQ(status, h.error == cudaErrorMemoryAllocation ? QS_ERROR_MEMORY : QS_ERROR_DEVICE) << at;
        EXPECT_NE(std::string(message).find("emulated error"), std::string::npos) << at << ": " << message;
        EXPECT_EQ(c.difference(got, untouched), "") << at;
      }
      if (device && status != QS_OK) {
        EXPECT_EQ(run(c, &got), h.sticky ? QS_ERROR_DEVICE : QS_OK) << at << ": " << message;
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

TEST_F(EmulatedJoint, TooLittleMemoryIsSaid) {
  const joint_case c(1, QS_SAMPLING_PSEUDO, QS_PRECISION_MIXED, true);
  ASSERT_EQ(open(), QS_OK);
  emulation::the().largest = 20000;
  answer a;
  EXPECT_EQ(run(c, &a), QS_ERROR_MEMORY);
  EXPECT_NE(std::string(message).find("allocating device memory"), std::string::npos) << message;
  emulation::the().largest = std::size_t{1} << 30;
  EXPECT_EQ(run(c, &a), QS_OK) << message;
}

TEST_F(EmulatedJoint, Cancelled) {
  const joint_case c(1, QS_SAMPLING_PSEUDO, QS_PRECISION_MIXED, false);
  ASSERT_EQ(open(), QS_OK);
  const volatile int cancel = 1;
  answer a;
  EXPECT_EQ(run(c, &a, &cancel), QS_ERROR_CANCELLED);
  EXPECT_LT(emulation::the().launches, 10u); // at the first formula
  const volatile int go = 0;
  EXPECT_EQ(run(c, &a, &go), QS_OK);
}

TEST_F(EmulatedJoint, AUnitThatMakesNoSense) {
  const joint_case c(1, QS_SAMPLING_PSEUDO, QS_PRECISION_MIXED, false);
  ASSERT_EQ(open(), QS_OK);
  answer a = c.room();
  qs_joint_unit unit = c.unit();
  unit.batch_paths = 63;
  EXPECT_EQ(backend->joint(device, &unit, nullptr, message, a.data()), QS_ERROR_INPUT);
  unit = c.unit();
  std::vector<qs_joint_asset> assets(unit.assets, unit.assets + unit.asset_count);
  unit.assets = assets.data();
  assets[1].path.model.value[QS_KAPPA] = -1;
  EXPECT_EQ(backend->joint(device, &unit, nullptr, message, a.data()), QS_ERROR_INPUT);
  EXPECT_NE(std::string(message).find("kappa"), std::string::npos) << message;
}

// The scheduler over the emulated GPU and the CPU, the GPU lost or out of memory at one call after the other:
// the run goes on, same bits.
TEST_F(EmulatedJoint, AGpuThatIsLostCostsNothing) {
  const joint_case c(0, QS_SAMPLING_ANTITHETIC, QS_PRECISION_MIXED, true);
  const qs_cut small = {1, 0, 4};
  const qs_backend *const backends[] = {backend, qs_backend_cpu()};
  const qs_device_options options = {1, "portable"};
  answer want;
  int lost = 0;
  for (int at = -1; at < 60; at = at < 0 ? 0 : at + 7) {
    const bool short_of_memory = at % 2 == 0;
    failing(at, short_of_memory ? cudaErrorMemoryAllocation : cudaErrorIllegalAddress, !short_of_memory);
    qs_context context;
    qs_context_init(&context);
    qs_devices *devices = nullptr;
    ASSERT_EQ(qs_devices_open_from(&context, backends, 2, &options, nullptr, &devices), QS_OK)
        << context.message;
    answer got = c.room();
    qs_moment *place = got.data();
    ASSERT_EQ(qs_schedule_joint(&context, devices, "value", &c.unit(), 1, &small, &place), QS_OK)
        << context.message;
    want = at < 0 ? got : want;
    EXPECT_EQ(c.difference(got, want), "") << "lost at call " << at;
    qs_device_report report;
    qs_devices_report(devices, 0, &report);
    lost += qs_devices_count(devices) == 2 && *report.failure;
    qs_devices_close(devices);
  }
  EXPECT_GT(lost, 2);
}

} // namespace
