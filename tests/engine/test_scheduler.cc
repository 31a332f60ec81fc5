// The scheduler over devices that fail, dawdle and are cancelled on command. Oracle: the same unit run in one
// call.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "host/engine/backends.h"
#include "host/engine/scheduler.h"
#include "tests/engine/fake_backend.h"

extern "C" const qs_backend *qs_backend_cpu(void) {
  return fake::backend();
}

namespace {

// Two value units and two horizon units of different shapes.
struct plan {
  std::vector<qs_step> steps;
  std::vector<qs_date> dates;
  std::vector<qs_payoff_plan> payoffs;
  std::vector<double> shifts{0.0, -0.1, 0.25};
  std::vector<std::uint64_t> keys{7};
  std::vector<double> weights{1.0};
  std::vector<qs_value_unit> value;
  std::vector<qs_horizon_unit> horizon;
  std::vector<qs_path_unit> paths;
  std::uint32_t observed[3] = {0, 1, 2};
  double ones[3] = {1, 1, 1}, numbers[3] = {0, 0, 0};
  std::vector<qs_path_payoff_plan> path_payoffs;

  plan() {
    for (std::uint32_t i = 0; i < 10; i++) {
      steps.push_back({0.1, i / 4, i % 4});
    }
    dates = {{3, {0, 0, 0}}, {7, {0.05, 1, 3}}, {10, {0, 0, 0}}};
    for (std::uint32_t i = 0; i < 11; i++) {
      payoffs.push_back({i / 4, QS_PAYOFF_CALL, -0.3 + 0.07 * i});
    }
    qs_path_plan path = {};
    path.model.type = QS_MODEL_BATES;
    path.key = 42;
    path.steps = steps.data();
    path.step_count = 10;
    path.dates = dates.data();
    path.date_count = 3;
    qs_value_unit greeks = {};
    greeks.path = path;
    greeks.payoffs = payoffs.data();
    greeks.payoff_count = 11;
    greeks.shifts = shifts.data();
    greeks.shift_count = 1;
    greeks.greeks = true;
    greeks.path_count = 64 * 64 - 64;
    greeks.batch_paths = 64;
    greeks.batch_begin = 3;
    greeks.batch_end = 63;
    qs_value_unit shifted = greeks;
    shifted.path.key = 43;
    shifted.greeks = false;
    shifted.shift_count = 3;
    shifted.batch_begin = 0;
    shifted.payoff_count = 5;
    qs_value_unit nothing = shifted;
    nothing.payoff_count = 0;
    value = {greeks, nothing, shifted};
    qs_horizon_unit h = {path, keys.data(),   weights.data(), 1, QS_PRECISION_MIXED,
                         128,  128 + 64 * 37, nullptr,        0, 0};
    horizon = {h, h};
    horizon[1].path.key = 44;
    horizon[1].path_end = 192;
    for (std::uint32_t i = 0; i < 7; i++) {
      path_payoffs.push_back({QS_PATH_ASIAN,
                              1,
                              observed + i % 3,
                              ones,
                              3 - i % 3,
                              {0.8 + 0.1 * i},
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              0,
                              0});
    }
    qs_path_unit along = {path,
                          numbers,
                          numbers,
                          path_payoffs.data(),
                          7,
                          shifts.data(),
                          3,
                          false,
                          QS_PRECISION_MIXED,
                          64 * 64 - 64,
                          64,
                          3,
                          63,
                          0};
    paths = {along, along};
    paths[1].payoff_count = 0;
  }
};

struct results {
  std::vector<std::vector<qs_moment>> moments;
  std::vector<qs_moment> along; // of the first path unit
  std::vector<std::vector<double>> x, v;
  bool operator==(const results &other) const {
    if (x != other.x || v != other.v || moments.size() != other.moments.size()) {
      return false;
    }
    for (std::size_t i = 0; i < moments.size(); i++) {
      if (moments[i].size() != other.moments[i].size() ||
          (!moments[i].empty() && std::memcmp(moments[i].data(), other.moments[i].data(),
                                              moments[i].size() * sizeof(qs_moment)) != 0)) {
        return false;
      }
    }
    return true;
  }
};

bool same(const std::vector<qs_moment> &a, const std::vector<qs_moment> &b) {
  return !a.empty() && a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(qs_moment)) == 0;
}

results room(const plan &p) {
  results r;
  for (const auto &u : p.value) {
    r.moments.emplace_back(qs_value_unit_moments(&u), qs_moment{-1, -1});
  }
  r.along.assign(qs_path_unit_moments(&p.paths[0]), qs_moment{-1, -1});
  for (const auto &u : p.horizon) {
    std::size_t n = (u.path_end - u.path_begin) * u.path.date_count;
    r.x.emplace_back(n, -1.0);
    r.v.emplace_back(n, -1.0);
  }
  return r;
}

class Scheduler : public ::testing::Test {
protected:
  void SetUp() override {
    qs_context_init(&context);
    context.cancel = &cancel;
    fake::reset(1);
  }
  void TearDown() override {
    qs_devices_close(devices);
    EXPECT_EQ(fake::the().open, 0);
    EXPECT_FALSE(fake::the().overlapped);
  }
  void open() {
    qs_devices_close(devices);
    devices = nullptr;
    const qs_backend *backends[] = {fake::backend()};
    const qs_device_options options = {1, nullptr};
    ASSERT_EQ(qs_devices_open_from(&context, backends, 1, &options, nullptr, &devices), QS_OK)
        << context.message;
  }
  qs_status value(results *r, const qs_cut *cut = nullptr) {
    std::vector<qs_moment *> places;
    for (auto &m : r->moments) {
      places.push_back(m.data());
    }
    return qs_schedule_value(&context, devices, "value", p.value.data(), p.value.size(), cut, places.data());
  }
  qs_status path(results *r, const qs_cut *cut = nullptr) {
    qs_moment *const places[] = {r->along.data(), nullptr};
    return qs_schedule_path(&context, devices, "paths", p.paths.data(), p.paths.size(), cut, places);
  }
  qs_status horizon(results *r, const qs_cut *cut = nullptr) {
    std::vector<double *> x, v;
    for (std::size_t i = 0; i < r->x.size(); i++) {
      x.push_back(r->x[i].data());
      v.push_back(r->v[i].data());
    }
    return qs_schedule_horizon(&context, devices, "risk", p.horizon.data(), p.horizon.size(), cut, x.data(),
                               v.data());
  }
  // Each unit in one call on one device, past the scheduler.
  results expected() {
    results r = room(p);
    fake::reset(1);
    char message[QS_DEVICE_TEXT] = "";
    const qs_backend *b = fake::backend();
    const qs_device_options options = {1, nullptr};
    qs_device *device = nullptr;
    EXPECT_EQ(b->open(0, &options, message, &device), QS_OK);
    for (std::size_t i = 0; i < p.value.size(); i++) {
      EXPECT_EQ(b->value(device, &p.value[i], nullptr, message, r.moments[i].data()), QS_OK);
    }
    EXPECT_EQ(b->path(device, &p.paths[0], nullptr, message, r.along.data()), QS_OK);
    for (std::size_t i = 0; i < p.horizon.size(); i++) {
      EXPECT_EQ(b->horizon(device, &p.horizon[i], nullptr, message, r.x[i].data(), r.v[i].data()), QS_OK);
    }
    b->close(device);
    fake::reset(1);
    return r;
  }
  qs_device_report report(std::size_t i) {
    qs_device_report r;
    qs_devices_report(devices, i, &r);
    return r;
  }

  plan p;
  qs_context context;
  volatile int cancel = 0;
  qs_devices *devices = nullptr;
};

class Cuts
    : public Scheduler,
      public ::testing::WithParamInterface<std::tuple<int, std::uint32_t, std::uint32_t, std::uint64_t>> {};

TEST_P(Cuts, SameBitsHoweverCutAndShared) {
  results want = expected(), got = room(p);
  fake::reset(static_cast<std::uint32_t>(std::get<0>(GetParam())));
  const qs_cut cut = {std::get<1>(GetParam()), std::get<2>(GetParam()), std::get<3>(GetParam())};
  open();
  ASSERT_EQ(value(&got, &cut), QS_OK) << context.message;
  ASSERT_EQ(path(&got, &cut), QS_OK) << context.message;
  ASSERT_EQ(horizon(&got, &cut), QS_OK) << context.message;
  EXPECT_TRUE(got == want);
  EXPECT_TRUE(same(got.along, want.along));
}

INSTANTIATE_TEST_SUITE_P(All, Cuts,
                         ::testing::Combine(::testing::Values(1, 2, 3), ::testing::Values(0u, 1u, 7u),
                                            ::testing::Values(0u, 1u, 3u), ::testing::Values(0u, 1u, 5u)));

TEST_F(Scheduler, PathsGoWhereTheyAreTaken) {
  results want = expected(), got = room(p);
  const qs_backend *backends[] = {fake::backend_without_paths(), fake::backend()};
  const qs_device_options options = {1, nullptr};
  ASSERT_EQ(qs_devices_open_from(&context, backends, 2, &options, nullptr, &devices), QS_OK);
  ASSERT_EQ(path(&got), QS_OK) << context.message;
  EXPECT_TRUE(same(got.along, want.along));
  EXPECT_EQ(report(0).sub_units, 0u);
  EXPECT_GT(report(1).sub_units, 0u);
  qs_devices_close(devices);
  devices = nullptr;
  ASSERT_EQ(qs_devices_open_from(&context, backends, 1, &options, nullptr, &devices), QS_OK);
  EXPECT_EQ(path(&got), QS_ERROR_DEVICE);
  EXPECT_STREQ(context.message, "paths: payoffs along paths need a device whose backend takes them, such as "
                                "the CPU; there is fake 0 (pathless)");
  EXPECT_TRUE(report(0).alive);
  p.paths[0].payoff_count = 0;
  EXPECT_EQ(path(&got), QS_OK) << "nothing to do is done anywhere";
}

TEST_F(Scheduler, SamplingsGoWhereTheyAreTaken) {
  results want = expected(), got = room(p);
  p.value[2].path.sampling = QS_SAMPLING_SOBOL;
  p.paths[0].path.sampling = QS_SAMPLING_ANTITHETIC;
  const qs_backend *backends[] = {fake::backend_without_paths(), fake::backend()};
  const qs_device_options options = {1, nullptr};
  ASSERT_EQ(qs_devices_open_from(&context, backends, 2, &options, nullptr, &devices), QS_OK);
  ASSERT_EQ(value(&got), QS_OK) << context.message;
  ASSERT_EQ(path(&got), QS_OK) << context.message;
  EXPECT_TRUE(same(got.along, want.along));
  EXPECT_EQ(report(0).sub_units, 0u);
  qs_devices_close(devices);
  devices = nullptr;
  ASSERT_EQ(qs_devices_open_from(&context, backends, 1, &options, nullptr, &devices), QS_OK);
  EXPECT_EQ(value(&got), QS_ERROR_DEVICE);
  EXPECT_STREQ(context.message, "value: Sobol points and mirrored paths need a device whose backend takes "
                                "them, such as the CPU; there is fake 0 (pathless)");
}

TEST_F(Scheduler, OneDeviceRunsOnTheCallingThread) {
  results got = room(p);
  open();
  ASSERT_EQ(value(&got), QS_OK);
  EXPECT_EQ(fake::the().thread[0].load(), std::this_thread::get_id());
}

TEST_F(Scheduler, CountsWhoDidWhat) {
  fake::reset(3);
  results got = room(p);
  open();
  const qs_cut cut = {1, 0, 1};
  ASSERT_EQ(value(&got, &cut), QS_OK);
  std::uint64_t pieces = 0, path_steps = 0;
  for (std::size_t i = 0; i < 3; i++) {
    EXPECT_EQ(report(i).sub_units, fake::the().calls[i]);
    EXPECT_TRUE(report(i).alive);
    pieces += report(i).sub_units;
    path_steps += report(i).path_steps;
  }
  EXPECT_EQ(pieces, 60u + 63u);
  // Unit 0 reaches the last date: 10 main steps and one side step; unit 2's five payoffs need 7 and 1.
  EXPECT_EQ(path_steps, 64u * (60 * 11 + 63 * 8));
}

TEST_F(Scheduler, ADeviceThatFailsHandsItsPieceBack) {
  results want = expected();
  for (std::uint32_t at : {0u, 1u, 3u}) {
    for (std::uint32_t failing : {1u, 2u}) {
      fake::reset(3);
      for (std::uint32_t i = 0; i < 3; i++) {
        fake::the().device[i].delay_microseconds = 200; // so that each gets its turn
      }
      for (std::uint32_t i = 0; i < failing; i++) {
        fake::the().device[i].fail_at = at;
      }
      results got = room(p);
      open();
      const qs_cut cut = {1, 0, 1};
      ASSERT_EQ(value(&got, &cut), QS_OK) << context.message;
      ASSERT_EQ(horizon(&got, &cut), QS_OK) << context.message;
      EXPECT_TRUE(got == want);
      for (std::uint32_t i = 0; i < failing; i++) {
        EXPECT_FALSE(report(i).alive);
        EXPECT_EQ(std::string(report(i).failure), "fake " + std::to_string(i) + " fell off the bus");
        EXPECT_EQ(report(i).sub_units, at);
        EXPECT_EQ(fake::the().calls[i], at + 1) << "a dead device gets no more work";
      }
      EXPECT_TRUE(report(2).alive);
    }
  }
}

TEST_F(Scheduler, NoDeviceLeftIsADeviceErrorThatNamesThemAll) {
  for (std::uint32_t n : {1u, 2u, 3u}) {
    fake::reset(n);
    for (std::uint32_t i = 0; i < n; i++) {
      fake::the().device[i].fail_at = i;
    }
    results got = room(p);
    open();
    const qs_cut cut = {1, 0, 1};
    EXPECT_EQ(value(&got, &cut), QS_ERROR_DEVICE);
    for (std::uint32_t i = 0; i < n; i++) {
      EXPECT_NE(std::string(context.message).find("fake " + std::to_string(i) + " fell off the bus"),
                std::string::npos)
          << context.message;
    }
    EXPECT_EQ(value(&got, &cut), QS_ERROR_DEVICE) << "they stay dead";
  }
}

TEST_F(Scheduler, MemoryThatIsShortMayBeThereAtTheNextRun) {
  fake::reset(2);
  for (std::uint32_t i = 0; i < 2; i++) {
    fake::the().device[i].fail_at = 0;
    fake::the().device[i].failure = QS_ERROR_MEMORY;
  }
  results want = expected(), got = room(p);
  fake::reset(2);
  for (std::uint32_t i = 0; i < 2; i++) {
    fake::the().device[i].fail_at = 0;
    fake::the().device[i].failure = QS_ERROR_MEMORY;
  }
  open();
  EXPECT_EQ(value(&got), QS_ERROR_MEMORY);
  fake::the().device[0].fail_at = UINT32_MAX;
  ASSERT_EQ(value(&got), QS_OK) << context.message;
  ASSERT_EQ(horizon(&got), QS_OK) << context.message;
  EXPECT_TRUE(got == want);
}

TEST_F(Scheduler, AUnitThatMakesNoSenseIsNoFaultOfTheDevice) {
  for (std::uint32_t n : {1u, 3u}) {
    fake::reset(n);
    for (std::uint32_t i = 0; i < n; i++) {
      fake::the().device[i].fail_at = 0;
      fake::the().device[i].failure = QS_ERROR_USAGE;
    }
    results got = room(p);
    open();
    EXPECT_EQ(value(&got), QS_ERROR_USAGE);
    EXPECT_TRUE(report(0).alive);
  }
}

TEST_F(Scheduler, CancelledBeforeItBegins) {
  for (std::uint32_t n : {1u, 2u}) {
    fake::reset(n);
    results got = room(p);
    open();
    __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
    EXPECT_EQ(value(&got), QS_ERROR_CANCELLED);
    EXPECT_EQ(horizon(&got), QS_ERROR_CANCELLED);
    __atomic_store_n(&cancel, 0, __ATOMIC_RELAXED);
  }
}

TEST_F(Scheduler, CancelledWithinAPiece) {
  for (std::uint32_t n : {1u, 2u, 3u}) {
    fake::reset(n);
    for (std::uint32_t i = 0; i < n; i++) {
      fake::the().device[i].wait_for_cancel = true;
    }
    results got = room(p);
    open();
    std::thread later([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
    });
    EXPECT_EQ(value(&got), QS_ERROR_CANCELLED);
    later.join();
    EXPECT_TRUE(report(0).alive);
    __atomic_store_n(&cancel, 0, __ATOMIC_RELAXED);
  }
}

struct progress_seen {
  std::thread::id caller = std::this_thread::get_id();
  bool elsewhere = false, backwards = false;
  std::uint64_t done = 0, total = 0, calls = 0;
  volatile int *cancel = nullptr;
};

void see_progress(void *data, const char *stage, std::uint64_t done, std::uint64_t total) {
  auto *seen = static_cast<progress_seen *>(data);
  seen->elsewhere |= std::this_thread::get_id() != seen->caller || std::string(stage) != "value";
  seen->backwards |= done < seen->done || done > total;
  seen->done = done;
  seen->total = total;
  seen->calls++;
  if (seen->cancel && done) {
    __atomic_store_n(seen->cancel, 1, __ATOMIC_RELAXED);
  }
}

TEST_F(Scheduler, ProgressComesFromTheCallingThreadAndEndsAtTheTotal) {
  for (std::uint32_t n : {1u, 3u}) {
    fake::reset(n);
    progress_seen seen;
    context.progress = see_progress;
    context.progress_data = &seen;
    results got = room(p);
    open();
    const qs_cut cut = {2, 0, 0};
    ASSERT_EQ(value(&got, &cut), QS_OK);
    EXPECT_FALSE(seen.elsewhere);
    EXPECT_FALSE(seen.backwards);
    EXPECT_GT(seen.calls, 0u);
    EXPECT_EQ(seen.total, 64u * (60 * 11 + 63 * 8));
    EXPECT_EQ(seen.done, seen.total);
  }
}

TEST_F(Scheduler, CancelledFromTheProgressCallback) {
  for (std::uint32_t n : {1u, 3u}) {
    fake::reset(n);
    for (std::uint32_t i = 0; i < n; i++) {
      fake::the().device[i].delay_microseconds = 1000;
    }
    progress_seen seen;
    seen.cancel = &cancel;
    context.progress = see_progress;
    context.progress_data = &seen;
    results got = room(p);
    open();
    const qs_cut cut = {1, 0, 0};
    EXPECT_EQ(value(&got, &cut), QS_ERROR_CANCELLED);
    EXPECT_LT(seen.done, seen.total);
    __atomic_store_n(&cancel, 0, __ATOMIC_RELAXED);
  }
}

TEST_F(Scheduler, NothingToDoIsDone) {
  open();
  EXPECT_EQ(qs_schedule_value(&context, devices, "value", nullptr, 0, nullptr, nullptr), QS_OK);
  EXPECT_EQ(qs_schedule_horizon(&context, devices, "risk", nullptr, 0, nullptr, nullptr, nullptr), QS_OK);
}

// Fails the allocation number `left` and every later one.
struct scarce {
  int left;
};

void *scarce_allocate(void *data, std::size_t size) {
  auto *s = static_cast<scarce *>(data);
  return s->left-- > 0 ? std::malloc(size) : nullptr;
}

void scarce_release(void *, void *block) {
  std::free(block);
}

TEST_F(Scheduler, EveryAllocationMayFail) {
  fake::reset(2);
  results want = expected();
  fake::reset(2);
  bool worked = false;
  for (int allowed = 0; allowed < 50 && !worked; allowed++) {
    scarce memory = {allowed};
    context.allocator = {scarce_allocate, scarce_release, &memory};
    results got = room(p);
    const qs_backend *backends[] = {fake::backend()};
    const qs_device_options options = {1, nullptr};
    const qs_cut cut = {3, 2, 2};
    qs_status status = qs_devices_open_from(&context, backends, 1, &options, "cuda: none", &devices);
    if (status == QS_OK) {
      status = value(&got, &cut);
      status = status == QS_OK ? horizon(&got, &cut) : status;
      qs_devices_close(devices);
      devices = nullptr;
    }
    worked = status == QS_OK;
    EXPECT_TRUE(worked || status == QS_ERROR_MEMORY) << qs_status_name(status);
    EXPECT_TRUE(!worked || got == want);
    EXPECT_EQ(fake::the().open, 0);
  }
  EXPECT_TRUE(worked);
}

} // namespace
