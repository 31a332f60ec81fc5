// The scheduler over 10,000 tiny units while devices fail, dawdle and are cancelled at random: always the
// same results or the status that was asked for, and never a standstill, for which a watchdog stands by.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"
#include "tests/engine/fake_backend.h"

extern "C" const qs_backend *qs_backend_cpu(void) {
  return fake::backend();
}

namespace {

// Ends the program when it is not called off in time.
class Watchdog {
public:
  explicit Watchdog(int seconds)
      : thread_([this, seconds] {
          std::unique_lock<std::mutex> held(lock_);
          if (!done_.wait_for(held, std::chrono::seconds(seconds), [this] { return off_; })) {
            std::fprintf(stderr, "the scheduler has stood still for %d s\n", seconds);
            std::abort();
          }
        }) {}
  ~Watchdog() {
    {
      std::lock_guard<std::mutex> held(lock_);
      off_ = true;
    }
    done_.notify_all();
    thread_.join();
  }

private:
  std::mutex lock_;
  std::condition_variable done_;
  bool off_ = false;
  std::thread thread_;
};

const std::size_t kUnits = 10000, kBatches = 3;

class Load : public testing::Test {
protected:
  qs_step step = {0.1, 0, 0};
  qs_date date = {1, {0, 0, 0}};
  qs_payoff_plan payoff = {0, QS_PAYOFF_CALL, 0.1};
  double no_shift = 0;
  std::vector<qs_value_unit> units;
  qs_context context;
  volatile int cancel = 0;

  void SetUp() override {
    qs_context_init(&context);
    context.cancel = &cancel;
    qs_value_unit unit = {};
    unit.path.model.type = QS_MODEL_GBM;
    unit.path.steps = &step, unit.path.step_count = 1;
    unit.path.dates = &date, unit.path.date_count = 1;
    unit.payoffs = &payoff, unit.payoff_count = 1;
    unit.shifts = &no_shift, unit.shift_count = 1;
    unit.path_count = 64 * kBatches, unit.batch_paths = 64, unit.batch_end = kBatches;
    units.assign(kUnits, unit);
    for (std::size_t i = 0; i < kUnits; i++) {
      units[i].path.key = i + 1;
    }
  }
  // On as many devices as the fake ones were reset to.
  qs_status run(std::vector<qs_moment> *moments, std::uint32_t batches_in_a_piece) {
    qs_devices *devices = nullptr;
    const qs_backend *backends[] = {fake::backend()};
    const qs_device_options options = {1, nullptr};
    EXPECT_EQ(qs_devices_open_from(&context, backends, 1, &options, nullptr, &devices), QS_OK)
        << context.message;
    moments->assign(kUnits * kBatches, qs_moment{-1, -1});
    std::vector<qs_moment *> places;
    for (std::size_t i = 0; i < kUnits; i++) {
      places.push_back(moments->data() + i * kBatches);
    }
    const qs_cut cut = {batches_in_a_piece, 0, 0};
    qs_status status =
        qs_schedule_value(&context, devices, "value", units.data(), kUnits, &cut, places.data());
    qs_devices_close(devices);
    EXPECT_FALSE(fake::the().overlapped);
    return status;
  }
};

bool same(const std::vector<qs_moment> &a, const std::vector<qs_moment> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
}

TEST_F(Load, FailuresAndSlowDevicesLeaveTheSameBits) {
  Watchdog watchdog(200);
  std::vector<qs_moment> want, got;
  fake::reset(1);
  ASSERT_EQ(run(&want, 0), QS_OK);
  std::mt19937 twister(11);
  auto random = [&] { return static_cast<std::uint32_t>(twister()); };
  for (int round = 0; round < 6; round++) {
    fake::reset(3);
    const std::uint32_t sound = random() % 3; // one device never fails
    for (std::uint32_t d = 0; d < 3; d++) {
      fake::behaviour &b = fake::the().device[d];
      b.delay_microseconds = random() % 3 == 0 ? static_cast<int>(random() % 20) : 0;
      if (d != sound) {
        b.fail_at = random() % (round % 2 ? 50 : 6000);
        b.failure = random() % 2 ? QS_ERROR_DEVICE : QS_ERROR_MEMORY;
      }
    }
    ASSERT_EQ(run(&got, 1 + random() % 2), QS_OK) << round << ": " << context.message;
    EXPECT_TRUE(same(got, want)) << round;
  }
}

TEST_F(Load, AllDevicesMayBeLostAtAnyPoint) {
  Watchdog watchdog(200);
  std::mt19937 twister(12);
  auto random = [&] { return static_cast<std::uint32_t>(twister()); };
  for (int round = 0; round < 20; round++) {
    fake::reset(3);
    for (std::uint32_t d = 0; d < 3; d++) {
      fake::the().device[d].fail_at = random() % 3000;
    }
    std::vector<qs_moment> got;
    EXPECT_EQ(run(&got, 1), QS_ERROR_DEVICE) << round;
    EXPECT_NE(std::strstr(context.message, "no device is left"), nullptr) << context.message;
  }
}

// Cancelled by another thread, at instants that nobody plans.
TEST_F(Load, CancelledAtAnyInstant) {
  Watchdog watchdog(200);
  std::mt19937 twister(13);
  auto random = [&] { return static_cast<std::uint32_t>(twister()); };
  int cancelled = 0;
  for (int round = 0; round < 40; round++) {
    fake::reset(3);
    fake::the().device[round % 3].delay_microseconds = round % 2 ? 10 : 0;
    cancel = 0;
    const auto pause = std::chrono::microseconds(random() % 4000);
    std::thread other([&] {
      std::this_thread::sleep_for(pause);
      __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
    });
    std::vector<qs_moment> got;
    qs_status status = run(&got, 1);
    other.join();
    EXPECT_TRUE(status == QS_OK || status == QS_ERROR_CANCELLED) << round << ": " << context.message;
    cancelled += status == QS_ERROR_CANCELLED;
  }
  EXPECT_GT(cancelled, 0);
}

} // namespace
