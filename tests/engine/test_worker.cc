// Devices in processes of their own: the same bits as in this one, whatever becomes of the processes, and
// nothing of them left behind.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <random>
#include <set>
#include <thread>

#include "host/engine/unit_key.h"
#include "tests/engine/unit_parts.h"
#include "tests/engine/worker_world.h"

namespace {

using namespace worker;

// The open descriptors of a process: this one (0) or another.
std::set<int> descriptors(pid_t process) {
  const std::string folder = "/proc/" + (process ? std::to_string(process) : "self") + "/fd";
  std::set<int> found;
  DIR *open = opendir(folder.c_str());
  while (const dirent *entry = open ? readdir(open) : nullptr) {
    if (entry->d_name[0] != '.') {
      found.insert(std::stoi(entry->d_name));
    }
  }
  if (open) {
    found.erase(process ? -1 : dirfd(open));
    closedir(open);
  }
  return found;
}

bool no_child_left() {
  return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

// Runs everything on the device and compares.
void expect_all_right(const qs_backend *backend, qs_device *device) {
  for (const work &w : all_work()) {
    char why[QS_DEVICE_TEXT] = "";
    std::vector<double> result;
    ASSERT_EQ(w.run(backend, device, nullptr, why, &result), QS_OK) << w.name << ": " << why;
    EXPECT_TRUE(same(result, answer_to(w))) << w.name;
  }
}

TEST_F(Workers, SameBitsAsInThisProcess) {
  const std::set<int> before = descriptors(0);
  open();
  ASSERT_EQ(count, 1u) << message;
  ASSERT_NE(openings[0].device, nullptr) << openings[0].reason;
  qs_device_info info;
  backend->describe(openings[0].device, &info);
  EXPECT_EQ(info.threads, 1);
  EXPECT_STREQ(backend->name, "cuda");
  expect_all_right(backend, openings[0].device);
  const char *reason = nullptr;
  EXPECT_EQ(qs_worker_restarts(openings[0].device, &reason), 0u);
  EXPECT_STREQ(reason, "");
  shut();
  EXPECT_EQ(descriptors(0), before);
  EXPECT_TRUE(no_child_left());
}

TEST_F(Workers, InheritNothing) {
  const int leaked = ::open("/dev/null", O_RDONLY); // as a caller's own may be: not closed on exec
  open();
  ASSERT_EQ(count, 1u) << message;
  EXPECT_EQ(descriptors(qs_worker_process(openings[0].device)), (std::set<int>{0, 1, 2, 3, 4}));
  close(leaked);
}

TEST_F(Workers, ThoseThatDieOrLoseTheirDeviceAreReplaced) {
  const int units = static_cast<int>(all_work().size());
  plan_faults(
      {{0, fault::die}, {3, fault::lose}, {4, fault::die}, {units / 2, fault::die}, {units, fault::lose}});
  open();
  ASSERT_EQ(count, 1u) << message;
  expect_all_right(backend, openings[0].device);
  const char *reason = nullptr;
  EXPECT_EQ(qs_worker_restarts(openings[0].device, &reason), 5u);
  EXPECT_STREQ(reason, "the device fell off the bus");
  shut();
  EXPECT_TRUE(no_child_left());
}

TEST_F(Workers, KilledAtRandomInstants) {
  open();
  ASSERT_EQ(count, 1u) << message;
  qs_device *device = openings[0].device;
  std::atomic<bool> done{false};
  std::atomic<pid_t> process{qs_worker_process(device)};
  std::thread killer([&] {
    std::mt19937 random(7);
    for (int i = 0; i < 12 && !done; i++) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
      kill(process, SIGKILL);
    }
  });
  for (int round = 0; round < 2; round++) {
    for (const work &w : all_work()) {
      char why[QS_DEVICE_TEXT] = "";
      std::vector<double> result;
      ASSERT_EQ(w.run(backend, device, nullptr, why, &result), QS_OK) << w.name << ": " << why;
      EXPECT_TRUE(same(result, answer_to(w))) << w.name;
      process = qs_worker_process(device);
    }
  }
  done = true;
  killer.join();
  const char *reason = nullptr;
  EXPECT_GE(qs_worker_restarts(device, &reason), 1u);
  EXPECT_STREQ(reason, "its worker process ended by signal 9");
  shut();
  EXPECT_TRUE(no_child_left());
}

TEST_F(Workers, OneThatHangsIsReplaced) {
  spec.patience = 0.4;
  plan_faults({{1, fault::hang}});
  open();
  ASSERT_EQ(count, 1u) << message;
  for (std::size_t i = 0; i < 3; i++) {
    const work &w = all_work()[i];
    std::vector<double> result;
    ASSERT_EQ(w.run(backend, openings[0].device, nullptr, message, &result), QS_OK) << message;
    EXPECT_TRUE(same(result, answer_to(w)));
  }
  const char *reason = nullptr;
  EXPECT_EQ(qs_worker_restarts(openings[0].device, &reason), 1u);
  EXPECT_STREQ(reason, "its worker process gave no answer in time");
}

TEST_F(Workers, OneThatIsLostAgainAndAgainFails) {
  for (fault what : {fault::die, fault::lose}) {
    always(what);
    open();
    ASSERT_EQ(count, 1u) << message;
    const int before = calls();
    std::vector<double> result;
    const work &w = all_work()[0];
    EXPECT_EQ(w.run(backend, openings[0].device, nullptr, message, &result), QS_ERROR_DEVICE);
    EXPECT_EQ(calls() - before, 4);
    EXPECT_STREQ(message,
                 what == fault::die ? "its worker process ended by signal 9" : "the device fell off the bus");
    EXPECT_EQ(qs_worker_process(openings[0].device), 0);
    for (int i = 0; i < 10; i++) {
      EXPECT_EQ(w.run(backend, openings[0].device, nullptr, message, &result), QS_ERROR_DEVICE);
    }
    const char *reason = nullptr;
    EXPECT_EQ(qs_worker_restarts(openings[0].device, &reason), 16u);
    EXPECT_TRUE(same(result, std::vector<double>(result.size(), -7))) << "outputs are left as they were";
    shut();
    EXPECT_TRUE(no_child_left());
  }
}

TEST_F(Workers, AUnitOfNoSenseCostsNoWorker) {
  plan_faults({{0, fault::refuse}});
  open();
  ASSERT_EQ(count, 1u) << message;
  std::vector<double> result;
  EXPECT_EQ(all_work()[0].run(backend, openings[0].device, nullptr, message, &result), QS_ERROR_INPUT);
  EXPECT_STREQ(message, "a unit of no sense");
  const char *reason = nullptr;
  EXPECT_EQ(qs_worker_restarts(openings[0].device, &reason), 0u);
}

TEST_F(Workers, CancellationReachesThem) {
  spec.patience_to_stop = 0.3;
  for (bool obedient : {true, false}) {
    if (obedient) {
      setenv("QS_TEST_OBEDIENT", "1", 1);
    } else {
      unsetenv("QS_TEST_OBEDIENT");
    }
    always(fault::hang);
    open();
    ASSERT_EQ(count, 1u) << message;
    int cancel = 0;
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
    });
    std::vector<double> result;
    EXPECT_EQ(all_work()[0].run(backend, openings[0].device, &cancel, message, &result), QS_ERROR_CANCELLED);
    later.join();
    EXPECT_EQ(qs_worker_process(openings[0].device) != 0, obedient);
    shut();
  }
}

TEST_F(Workers, ThatCannotBeStartedSaySo) {
  spec.program = "/nowhere/quickset";
  open();
  EXPECT_EQ(count, 0u);
  EXPECT_STREQ(message,
               "a worker process could not be started (/nowhere/quickset): No such file or directory");
  shut();
  spec.program = "/bin/true"; // which is no worker
  open();
  EXPECT_EQ(count, 0u);
  EXPECT_STREQ(message, "its worker process ended by itself with status 0");
  shut();
  spec.program = "/proc/self/exe";
  open(0);
  EXPECT_EQ(count, 0u);
  EXPECT_STREQ(message, "no device is plugged in");
  EXPECT_TRUE(no_child_left());
}

TEST_F(Workers, SeveralDevicesHaveOneEach) {
  open(4);
  ASSERT_EQ(count, 4u) << message;
  std::set<pid_t> processes;
  for (std::uint32_t i = 0; i < count; i++) {
    if (i == 2) {
      EXPECT_EQ(openings[i].device, nullptr);
      EXPECT_STREQ(openings[i].reason, "device 2 is in use");
      continue;
    }
    std::vector<double> result;
    processes.insert(qs_worker_process(openings[i].device));
    ASSERT_EQ(all_work()[i].run(backend, openings[i].device, nullptr, message, &result), QS_OK) << message;
    EXPECT_TRUE(same(result, answer_to(all_work()[i])));
  }
  EXPECT_EQ(processes.size(), 3u);
  shut();
  EXPECT_TRUE(no_child_left());
}

// A worker in the middle of a unit does not outlive an engine that is killed.
TEST_F(Workers, EndWithTheirEngine) {
  int pipes[2];
  ASSERT_EQ(pipe2(pipes, O_CLOEXEC), 0);
  always(fault::hang);
  setenv("QS_TEST_OBEDIENT", "1", 1);
  const pid_t engine = fork();
  if (engine == 0) {
    open();
    const pid_t process = count ? qs_worker_process(openings[0].device) : 0;
    std::vector<double> result;
    if (write(pipes[1], &process, sizeof process) == sizeof process) {
      all_work()[0].run(backend, openings[0].device, nullptr, message, &result);
    }
    _exit(0);
  }
  pid_t process = 0;
  ASSERT_EQ(read(pipes[0], &process, sizeof process), static_cast<ssize_t>(sizeof process));
  ASSERT_GT(process, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(kill(process, 0), 0);
  kill(engine, SIGKILL);
  waitpid(engine, nullptr, 0);
  bool gone = false;
  for (int i = 0; i < 400 && !gone; i++) { // an orphan that nobody waits for may stay as a zombie
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    gone = kill(process, 0) != 0 || descriptors(process).empty();
  }
  EXPECT_TRUE(gone);
  close(pipes[0]);
  close(pipes[1]);
}

// ---- units as messages ----

template <class Unit> struct message_of {
  std::vector<qs_step> bytes; // aligned
  std::size_t size;
  Unit unit = {};
  message_of(qs_unit_kind kind, const Unit &from) : size(qs_unit_wire_size(kind, &from)) {
    bytes.resize(size / sizeof(qs_step) + 1);
    qs_unit_wire_write(kind, &from, bytes.data());
  }
};

TEST(UnitWire, AMessageSaysWhatTheUnitSays) {
  Parts parts;
  const qs_value_unit value = parts.value();
  message_of<qs_value_unit> v(QS_UNIT_VALUE, value);
  ASSERT_TRUE(qs_unit_wire_read(QS_UNIT_VALUE, v.bytes.data(), v.size, &v.unit));
  EXPECT_TRUE(qs_digest_equal(qs_value_unit_key(&v.unit), qs_value_unit_key(&value)));
  EXPECT_EQ(v.unit.batch_begin, value.batch_begin);
  EXPECT_EQ(v.unit.batch_end, value.batch_end);
  EXPECT_NE(v.unit.payoffs, value.payoffs);
  const qs_path_unit along = parts.along();
  message_of<qs_path_unit> p(QS_UNIT_PATH, along);
  ASSERT_TRUE(qs_unit_wire_read(QS_UNIT_PATH, p.bytes.data(), p.size, &p.unit));
  EXPECT_TRUE(qs_digest_equal(qs_path_unit_key(&p.unit), qs_path_unit_key(&along)));
  EXPECT_EQ(p.unit.leverage, nullptr);
  EXPECT_EQ(qs_unit_result_size(QS_UNIT_PATH, &p.unit), qs_unit_result_size(QS_UNIT_PATH, &along));
}

TEST(UnitWire, WhatIsNotWholeIsRefused) {
  Parts parts;
  const qs_path_unit along = parts.along();
  const message_of<qs_path_unit> whole(QS_UNIT_PATH, along);
  for (std::size_t size = 0; size <= whole.size + 16; size += 16) {
    // Exactly so many bytes, so that a sanitizer sees a read beyond them.
    std::unique_ptr<char[]> bytes(new char[size + 1]);
    std::memcpy(bytes.get(), whole.bytes.data(), std::min(size, whole.size));
    qs_path_unit unit;
    EXPECT_EQ(qs_unit_wire_read(QS_UNIT_PATH, bytes.get(), size, &unit), size == whole.size) << size;
  }
  std::mt19937 random(3);
  for (int i = 0; i < 2000; i++) { // damaged lengths and counts: refused or not, nothing beyond is read
    message_of<qs_path_unit> damaged(QS_UNIT_PATH, along);
    reinterpret_cast<unsigned char *>(damaged.bytes.data())[random() % damaged.size] ^=
        static_cast<unsigned char>(1u << random() % 8);
    qs_unit_wire_read(QS_UNIT_PATH, damaged.bytes.data(), damaged.size, &damaged.unit);
  }
}

} // namespace

int main(int count, char **arguments) {
  const int served = worker::serve(count, arguments);
  if (served >= 0) {
    return served;
  }
  ::testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
