// The CUDA backend on an emulated GPU: blocks of any size give the same bits, every CUDA call may fail,
// nothing leaks.
#include <cstring>
#include <functional>
#include <string>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/emulated/device.h"

namespace {

using conformance::answer;
using conformance::kind;
using conformance::unit_case;

class EmulatedCuda : public emulated::DeviceTest {
protected:
  qs_status run(const unit_case &c, answer *a, const volatile int *cancel = nullptr) {
    *a = conformance::room(c);
    return c.what == kind::horizon
               ? backend->horizon(device, &c.horizon, cancel, message, a->x.data(), a->v.data())
               : backend->value(device, &c.value, cancel, message, a->moments.data());
  }
  static unit_case heston(kind what, qs_sampling sampling = QS_SAMPLING_PSEUDO) {
    return unit_case(QS_MODEL_HESTON, 0, what, QS_SCHEME_QE, QS_PRECISION_MIXED, sampling);
  }
};

TEST_F(EmulatedCuda, Describes) {
  EXPECT_EQ(backend->device_count(message), 1u);
  ASSERT_EQ(open(), QS_OK);
  qs_device_info info;
  backend->describe(device, &info);
  EXPECT_STREQ(info.name, "emulated GPU");
  EXPECT_STREQ(info.target, "sm_90");
  EXPECT_EQ(info.threads, 0);
  EXPECT_EQ(info.memory_bytes, emulation::the().memory);
}

// From one leaf or one date at a time to all at once.
TEST_F(EmulatedCuda, SameBitsInBlocksOfAnySize) {
  for (int i = 0; i < 5; i++) { // the last with Sobol points
    const kind kinds[] = {kind::price, kind::greeks, kind::shifts, kind::horizon, kind::greeks};
    const unit_case c = heston(kinds[i], i == 4 ? QS_SAMPLING_SOBOL : QS_SAMPLING_PSEUDO);
    ASSERT_EQ(open(), QS_OK);
    answer want;
    ASSERT_EQ(run(c, &want), QS_OK) << message;
    const std::size_t launches = emulation::the().launches;
    close();
    for (std::size_t memory :
         {std::size_t{1} << 10, std::size_t{20000}, std::size_t{1} << 17, std::size_t{1} << 20}) {
      fresh(memory);
      ASSERT_EQ(open(), QS_OK);
      answer got;
      ASSERT_EQ(run(c, &got), QS_OK) << message;
      EXPECT_EQ(conformance::difference(c, got, want), "") << c.name << " with " << memory << " bytes free";
      if (memory == std::size_t{1} << 10) {
        EXPECT_GT(emulation::the().launches, 2 * launches);
      }
      close();
    }
    emulation::the() = emulation::state();
  }
}

// Fails the calls of opening, running and closing one after the other until none fails any more.
TEST_F(EmulatedCuda, EveryCallMayFail) {
  for (const emulated::failure &h : emulated::failures) {
    for (int i = 0; i < 3; i++) { // the last with Sobol points
      const kind what = i == 1 ? kind::horizon : kind::greeks;
      unit_case c(QS_MODEL_HESTON, 0, what, QS_SCHEME_QE, QS_PRECISION_MIXED,
                  i == 2 ? QS_SAMPLING_SOBOL : QS_SAMPLING_PSEUDO);
      c.shorten();
      const answer untouched = conformance::room(c);
      int failed = 0;
      for (int at = 0;; at++) {
        failing(at, h.error, h.sticky);
        answer got = untouched;
        qs_status status = open();
        if (status == QS_OK) {
          status = run(c, &got);
        } else {
          EXPECT_EQ(device, nullptr);
        }
        const int calls = emulation::the().calls;
        if (status != QS_OK) {
          failed++;
          EXPECT_EQ(status, h.error == cudaErrorMemoryAllocation ? QS_ERROR_MEMORY : QS_ERROR_DEVICE) << at;
          EXPECT_NE(std::string(message).find("emulated error"), std::string::npos) << at << ": " << message;
          if (what == kind::greeks) {
            EXPECT_EQ(conformance::difference(c, got, untouched), "") << at;
          }
        }
        if (device && h.sticky && status != QS_OK) {
          EXPECT_EQ(run(c, &got), QS_ERROR_DEVICE) << "a broken device stays broken";
        } else if (device && status != QS_OK) {
          EXPECT_EQ(run(c, &got), QS_OK) << "an error that has passed costs one unit: " << message;
        }
        close();
        EXPECT_EQ(emulation::the().allocations, 0) << at;
        EXPECT_EQ(emulation::the().streams, 0) << at;
        EXPECT_EQ(emulation::the().events, 0) << at;
        if (status == QS_OK) {
          EXPECT_LE(calls, at) << "a call failed unseen";
          break;
        }
      }
      EXPECT_GT(failed, 8);
    }
  }
}

TEST_F(EmulatedCuda, TooLittleMemoryIsSaid) {
  ASSERT_EQ(open(), QS_OK);
  emulation::the().largest = 1000;
  answer a;
  EXPECT_EQ(run(heston(kind::price), &a), QS_ERROR_MEMORY);
  EXPECT_NE(std::string(message).find("allocating device memory"), std::string::npos) << message;
  emulation::the().largest = std::size_t{1} << 30;
  EXPECT_EQ(run(heston(kind::price), &a), QS_OK) << message;
}

TEST_F(EmulatedCuda, Cancelled) {
  ASSERT_EQ(open(), QS_OK);
  const volatile int cancel = 1;
  answer a;
  EXPECT_EQ(run(heston(kind::price), &a, &cancel), QS_ERROR_CANCELLED);
  EXPECT_EQ(run(heston(kind::horizon), &a, &cancel), QS_ERROR_CANCELLED);
  const volatile int go = 0;
  EXPECT_EQ(run(heston(kind::price), &a, &go), QS_OK);
}

TEST_F(EmulatedCuda, AUnitThatMakesNoSense) {
  ASSERT_EQ(open(), QS_OK);
  unit_case c(QS_MODEL_HESTON, 0, kind::price, QS_SCHEME_QE, QS_PRECISION_MIXED);
  c.value.batch_paths = 63;
  std::vector<qs_moment> moments(100000);
  EXPECT_EQ(backend->value(device, &c.value, nullptr, message, moments.data()), QS_ERROR_INPUT);
  unit_case h(QS_MODEL_HESTON, 0, kind::horizon, QS_SCHEME_QE, QS_PRECISION_MIXED);
  h.weights[0] = 3;
  answer a;
  EXPECT_EQ(run(h, &a), QS_ERROR_INPUT);
  unit_case m(QS_MODEL_HESTON, 0, kind::price, QS_SCHEME_QE, QS_PRECISION_MIXED);
  m.value.path.model.value[QS_KAPPA] = -1;
  EXPECT_EQ(run(m, &a), QS_ERROR_INPUT);
  EXPECT_NE(std::string(message).find("kappa"), std::string::npos) << message;
}

// The scheduler over the emulated GPU and the CPU, the GPU lost at one call after the other: the run goes on,
// same bits.
TEST_F(EmulatedCuda, AGpuThatIsLostCostsNothing) {
  unit_case c(QS_MODEL_SVCJ, 0, kind::greeks, QS_SCHEME_QE, QS_PRECISION_MIXED);
  c.shorten();
  c.value.path_count = 64 * 12;
  c.value.batch_end = 12;
  const qs_cut one_batch = {1, 0, 0};
  const qs_backend *const backends[] = {backend, qs_backend_cpu()};
  const qs_device_options options = {1, "portable"};
  answer want;
  int lost = 0;
  for (int at = -1; at < 60; at = at < 0 ? 0 : at + 3) {
    emulation::the() = emulation::state();
    emulation::the().fail_at = at;
    emulation::the().sticky = true;
    qs_context context;
    qs_context_init(&context);
    qs_devices *devices = nullptr;
    ASSERT_EQ(qs_devices_open_from(&context, backends, 2, &options, nullptr, &devices), QS_OK)
        << context.message;
    answer got = conformance::room(c);
    qs_moment *place = got.moments.data();
    ASSERT_EQ(qs_schedule_value(&context, devices, "value", &c.value, 1, &one_batch, &place), QS_OK)
        << context.message;
    want = at < 0 ? got : want;
    EXPECT_EQ(conformance::difference(c, got, want), "") << "lost at call " << at;
    qs_device_report report;
    qs_devices_report(devices, 0, &report);
    const bool opened = qs_devices_count(devices) == 2;
    EXPECT_TRUE(opened || std::string(qs_devices_notes(devices)).find("emulated error") != std::string::npos);
    if (opened && !report.alive) {
      lost++;
      EXPECT_NE(std::string(report.failure).find("emulated error"), std::string::npos) << report.failure;
    }
    qs_devices_close(devices);
  }
  EXPECT_GT(lost, 0);
}

} // namespace
