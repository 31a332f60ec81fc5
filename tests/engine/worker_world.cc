#include "tests/engine/worker_world.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

#include "tests/conformance/cases.h"
#include "tests/conformance/path_cases.h"
#include "tests/core/joint_cases.h"
#include "tests/core/rebalance_world.h"
#include "tests/core/regression_world.h"

namespace worker {

namespace {

constexpr char kFaults[] = "QS_TEST_FAULTS", kCalls[] = "QS_TEST_CALLS", kDevices[] = "QS_TEST_DEVICES";

// Counts the call in a file that all workers share; its number.
int count_call() {
  const int file = open(getenv(kCalls), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const char mark = 0;
  const bool written = write(file, &mark, 1) == 1;
  const int number = static_cast<int>(lseek(file, 0, SEEK_END)) - 1;
  close(file);
  return written ? number : -1;
}

fault fault_of(int number) {
  const std::string plan = getenv(kFaults) ? getenv(kFaults) : "";
  if (!plan.empty() && plan[0] == '*') {
    return static_cast<fault>(plan[1] - '0');
  }
  const std::string mine = " " + std::to_string(number) + ":";
  const std::size_t at = plan.find(mine);
  return at == std::string::npos ? fault::none : static_cast<fault>(plan[at + mine.size()] - '0');
}

// True when the call is to go on.
bool enter(const volatile int *cancel, char *message, qs_status *status) {
  switch (fault_of(count_call())) {
  case fault::none:
    return true;
  case fault::die:
    kill(getpid(), SIGKILL);
    return false;
  case fault::hang:
    for (;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (getenv("QS_TEST_OBEDIENT") && __atomic_load_n(cancel, __ATOMIC_RELAXED)) {
        *status = QS_ERROR_CANCELLED;
        return false;
      }
    }
  case fault::lose:
    std::snprintf(message, QS_DEVICE_TEXT, "the device fell off the bus");
    *status = QS_ERROR_DEVICE;
    return false;
  case fault::refuse:
    std::snprintf(message, QS_DEVICE_TEXT, "a unit of no sense");
    *status = QS_ERROR_INPUT;
    return false;
  }
  return true;
}

const qs_backend *cpu() {
  return qs_backend_cpu();
}

std::uint32_t device_count(char *message) {
  const int devices = getenv(kDevices) ? std::stoi(getenv(kDevices)) : 1;
  std::snprintf(message, QS_DEVICE_TEXT, "%s", devices ? "" : "no device is plugged in");
  return static_cast<std::uint32_t>(devices);
}

qs_status open_one(std::uint32_t index, const qs_device_options *options, char *message, qs_device **device) {
  if (index == 2) {
    std::snprintf(message, QS_DEVICE_TEXT, "device 2 is in use");
    return QS_ERROR_DEVICE;
  }
  return cpu()->open(0, options, message, device);
}

qs_status value(qs_device *d, const qs_value_unit *u, const volatile int *cancel, char *message,
                qs_moment *to) {
  qs_status status = QS_OK;
  return enter(cancel, message, &status) ? cpu()->value(d, u, cancel, message, to) : status;
}

qs_status horizon(qs_device *d, const qs_horizon_unit *u, const volatile int *cancel, char *message,
                  double *x, double *v) {
  qs_status status = QS_OK;
  return enter(cancel, message, &status) ? cpu()->horizon(d, u, cancel, message, x, v) : status;
}

qs_status path(qs_device *d, const qs_path_unit *u, const volatile int *cancel, char *message,
               qs_moment *to) {
  qs_status status = QS_OK;
  return enter(cancel, message, &status) ? cpu()->path(d, u, cancel, message, to) : status;
}

qs_status joint(qs_device *d, const qs_joint_unit *u, const volatile int *cancel, char *message,
                qs_moment *to) {
  qs_status status = QS_OK;
  return enter(cancel, message, &status) ? cpu()->joint(d, u, cancel, message, to) : status;
}

qs_status rebalance(qs_device *d, const qs_rebalance_unit *u, const volatile int *cancel, char *message,
                    double *rows) {
  qs_status status = QS_OK;
  return enter(cancel, message, &status) ? cpu()->rebalance(d, u, cancel, message, rows) : status;
}

qs_status regress(qs_device *d, const qs_regression_unit *u, const volatile int *cancel, char *message,
                  double *to) {
  qs_status status = QS_OK;
  return enter(cancel, message, &status) ? cpu()->regression(d, u, cancel, message, to) : status;
}

using moments_run =
    std::function<qs_status(const qs_backend *, qs_device *, const volatile int *, char *, qs_moment *)>;

// A unit that yields so many moments.
work of_moments(const std::string &name, std::size_t count, const moments_run &run) {
  return {name, [=](const qs_backend *b, qs_device *d, const volatile int *cancel, char *message,
                    std::vector<double> *result) {
            result->assign(2 * count, -7);
            return run(b, d, cancel, message, reinterpret_cast<qs_moment *>(result->data()));
          }};
}

void add_values(std::vector<work> *list) {
  using conformance::kind;
  for (int model = 0; model < QS_MODEL_COUNT; model++) {
    for (kind what : {kind::price, kind::greeks, kind::shifts, kind::horizon}) {
      const auto c = std::make_shared<conformance::unit_case>(
          static_cast<qs_model_type>(model), 1, what, QS_SCHEME_QE, QS_PRECISION_MIXED,
          what == kind::price ? QS_SAMPLING_SOBOL : QS_SAMPLING_PSEUDO);
      c->shorten();
      if (what != kind::horizon) {
        list->push_back(
            of_moments(c->name, conformance::room(*c).moments.size(),
                       [c](const qs_backend *b, qs_device *d, const volatile int *cancel, char *message,
                           qs_moment *to) { return b->value(d, &c->value, cancel, message, to); }));
        continue;
      }
      list->push_back({c->name, [c](const qs_backend *b, qs_device *d, const volatile int *cancel,
                                    char *message, std::vector<double> *result) {
                         const std::size_t half = conformance::room(*c).x.size();
                         result->assign(2 * half, -7);
                         return b->horizon(d, &c->horizon, cancel, message, result->data(),
                                           result->data() + half);
                       }});
    }
  }
}

void add_paths(std::vector<work> *list) {
  for (const conformance::path_law &law : conformance::path_laws()) {
    for (bool greeks : {false, true}) {
      const auto c =
          std::make_shared<conformance::path_case>(law, QS_SAMPLING_PSEUDO, QS_PRECISION_MIXED, greeks);
      list->push_back(
          of_moments(c->name, c->room().size(),
                     [c](const qs_backend *b, qs_device *d, const volatile int *cancel, char *message,
                         qs_moment *to) { return b->path(d, &c->unit(), cancel, message, to); }));
    }
  }
}

// A policy for two underlyings and three dates, as the host would have fitted one.
const qs_policy &some_policy() {
  static const double weights[] = {1.02, 1.01, 1},
                      coefficient[] = {4,  1,  0.2, .5, .1, .1, .1, .1, 5, 1, .2, .5,
                                       .1, .1, .1,  .1, 0,  0,  0,  0,  0, 0, 0,  0};
  static const double centre[12] = {0}, rate[12] = {2, 2, 0, 0, 2, 2, 0, 0, 2, 2, 0, 0};
  static const double bump[] = {1.1, 1.2, 1.1, 1.2, 1.1, 1.2};
  static const std::uint32_t parent[] = {0, 0, 1}, variable[] = {0, 0, 1};
  static const qs_policy policy = {weights, centre, rate, bump, coefficient, parent, variable, 3, 1};
  return policy;
}

void add_joints(std::vector<work> *list) {
  using namespace paths;
  std::vector<std::shared_ptr<JointValuation>> runs = {std::make_shared<JointValuation>(mixed_run(1)),
                                                       std::make_shared<JointValuation>(full_run(2))};
  runs.push_back(std::make_shared<JointValuation>(
      1, 12, 3, std::vector<JointValuation::Underlying>{asset("A", gbm(0.3)), asset("B", gbm(0.4))},
      std::vector<std::vector<double>>{{1, 0.5}, {0.5, 1}}));
  runs.back()->add("max(K - A[T], 0) + max(K - B[T], 0)");
  runs.back()->policies[0] = &some_policy();
  for (const auto &run : runs) {
    run->unit.path_count = 1024;
    run->unit.batch_paths = 256;
    run->connect();
    list->push_back(
        of_moments("joint " + std::to_string(list->size()), run->moments.size(),
                   [run](const qs_backend *b, qs_device *d, const volatile int *cancel, char *message,
                         qs_moment *to) { return b->joint(d, &run->unit, cancel, message, to); }));
  }
}

// Hedging over time, in two ranges of paths and in parts of so many dates.
void add_rebalancing(std::vector<work> *list, std::uint32_t dates) {
  const auto made = std::make_shared<rebalance::Unit>(rebalance::everything(512));
  list->push_back({"rebalancing by " + std::to_string(dates) + " dates",
                   [made, dates](const qs_backend *b, qs_device *d, const volatile int *cancel, char *message,
                                 std::vector<double> *result) {
                     made->connect();
                     *result = made->room();
                     qs_status status = QS_OK;
                     for (std::uint64_t begin : {0, 192}) {
                       qs_rebalance_unit part = made->unit;
                       part.path_begin = begin;
                       part.path_end = begin ? 512 : 192;
                       for (std::uint32_t date = 0; !status && date < made->dates; date += dates) {
                         part.date_begin = date;
                         part.date_end = std::min(date + dates, made->dates);
                         status = b->rebalance(d, &part, cancel, message, result->data());
                       }
                     }
                     return status;
                   }});
}

// The regression of early exercise, in two ranges of paths.
void add_regressions(std::vector<work> *list) {
  for (qs_regression_task task : {QS_REGRESSION_END, QS_REGRESSION_SUM, QS_REGRESSION_EARN}) {
    const auto made = std::make_shared<regression::Unit>(2, 2, 512, 4);
    made->unit.task = task;
    list->push_back({"regression " + std::to_string(task),
                     [made](const qs_backend *b, qs_device *d, const volatile int *cancel, char *message,
                            std::vector<double> *result) {
                       *result = made->room();
                       qs_regression_unit first = made->unit, rest = made->unit;
                       first.path_end = rest.path_begin = 128;
                       const qs_status status = b->regression(d, &first, cancel, message, result->data());
                       double *const to = result->data() + qs_regression_unit_numbers(&first);
                       return status ? status : b->regression(d, &rest, cancel, message, to);
                     }});
  }
}

} // namespace

void plan_faults(const std::vector<std::pair<int, fault>> &faults) {
  std::string plan;
  for (const auto &f : faults) {
    plan += " " + std::to_string(f.first) + ":" + std::to_string(static_cast<int>(f.second));
  }
  setenv(kFaults, plan.c_str(), 1);
}

void always(fault what) {
  setenv(kFaults, ("*" + std::to_string(static_cast<int>(what))).c_str(), 1);
}

int calls() {
  const int file = open(getenv(kCalls), O_RDONLY | O_CLOEXEC);
  const int count = file < 0 ? 0 : static_cast<int>(lseek(file, 0, SEEK_END));
  close(file);
  return count;
}

int serve(int count, char **arguments) {
  if (count != 2 || std::strcmp(arguments[1], "--test-worker") != 0) {
    return -1;
  }
  qs_backend faulty = *cpu();
  faulty.device_count = device_count;
  faulty.open = open_one;
  faulty.value = value;
  faulty.horizon = horizon;
  faulty.path = path;
  faulty.joint = joint;
  faulty.rebalance = rebalance;
  faulty.regression = regress;
  return qs_worker_serve(&faulty, nullptr);
}

const std::vector<work> &all_work() {
  static const std::vector<work> list = [] {
    std::vector<work> made;
    add_values(&made);
    add_paths(&made);
    add_joints(&made);
    add_rebalancing(&made, 1);
    add_rebalancing(&made, 3);
    add_rebalancing(&made, 1000);
    add_regressions(&made);
    return made;
  }();
  return list;
}

const std::vector<double> &answer_to(const work &w) {
  static std::map<std::string, std::vector<double>> known;
  std::vector<double> &answer = known[w.name];
  if (answer.empty()) {
    paths::Device device(nullptr, 1);
    EXPECT_EQ(w.run(cpu(), device.get(), nullptr, device.message, &answer), QS_OK)
        << w.name << ": " << device.message;
  }
  return answer;
}

bool same(const std::vector<double> &a, const std::vector<double> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

void Workers::SetUp() {
  qs_context_init(&context);
  spec.program = "/proc/self/exe";
  spec.argument = "--test-worker";
  spec.name = "cuda";
  const std::string file = ::testing::TempDir() + "worker_calls_" + std::to_string(getpid());
  unlink(file.c_str());
  setenv(kCalls, file.c_str(), 1);
  unsetenv(kFaults);
  unsetenv("QS_TEST_OBEDIENT");
  setenv(kDevices, "1", 1);
}

void Workers::TearDown() {
  shut();
  unlink(getenv(kCalls));
}

void Workers::open(std::uint32_t devices) {
  setenv(kDevices, std::to_string(devices).c_str(), 1);
  arena = qs_arena_create(&context);
  const qs_device_options options = {1, nullptr};
  ASSERT_EQ(qs_workers_open(&context, arena, &spec, &options, &backend, &openings, &count, message), QS_OK);
}

void Workers::shut() {
  for (std::uint32_t i = 0; i < count; i++) {
    if (openings[i].device) {
      backend->close(openings[i].device);
    }
  }
  count = 0;
  qs_arena_destroy(arena);
  arena = nullptr;
}

} // namespace worker
