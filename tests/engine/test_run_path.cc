// What runs once per path neither allocates nor locks: every unit of real runs is computed twice, half of its
// batches or paths and then all of them, by a backend that counts the calls of the C library's allocator and
// of its mutexes meanwhile. What a unit takes to begin with is the same for both.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "quickset/quickset.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_MALLOC 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 1
#endif

namespace {

std::atomic<bool> counting;
std::atomic<long> allocations, locks;

struct calls {
  long allocations, locks;
};

// Calls meanwhile, on any thread.
template <class Function> calls count_calls(Function of) {
  allocations = locks = 0;
  counting = true;
  of();
  counting = false;
  return {allocations, locks};
}

} // namespace

#ifndef OWN_MALLOC
extern "C" {
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  allocations += counting;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  allocations += counting;
  return __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
  allocations += counting;
  return __libc_realloc(block, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  allocations += counting;
  return __libc_memalign(alignment, size);
}
int pthread_mutex_lock(pthread_mutex_t *mutex) {
  using function = int(pthread_mutex_t *);
  static std::atomic<function *> real{nullptr};
  if (!real) {
    real = reinterpret_cast<function *>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  }
  locks += counting;
  return real.load()(mutex);
}
}
#endif

namespace {

const std::uint32_t kThreads = 2;

// What was seen of one kind of unit.
struct seen {
  long units = 0;
  long begun = 0; // allocations of all units' beginnings
  std::string worse;
};
std::map<std::string, seen> all_seen;
const qs_backend *real_backend;

void compare(const char *kind, const calls &half, const calls &whole) {
  seen &s = all_seen[kind];
  s.units++;
  s.begun += half.allocations;
  if (half.allocations != whole.allocations || half.locks != whole.locks) {
    s.worse = std::to_string(half.allocations) + " allocations and " + std::to_string(half.locks) +
              " locks by half of a unit, " + std::to_string(whole.allocations) + " and " +
              std::to_string(whole.locks) + " by all of it";
  }
}

// A unit of batches: half of them first, where there are enough for every thread.
template <class Unit, class Run>
qs_status by_batches(const char *kind, const Unit *unit, qs_moment *moments, Run run) {
  const std::uint32_t count = unit->batch_end - unit->batch_begin;
  Unit part = *unit;
  part.batch_end = unit->batch_begin + count / 2;
  if (count < 2 * kThreads) {
    return run(unit, moments);
  }
  qs_status status = run(&part, moments); // threads are there by now
  const calls half = count_calls([&] { status = status ? status : run(&part, moments); });
  const calls whole = count_calls([&] { status = status ? status : run(unit, moments); });
  compare(kind, half, whole);
  return status;
}

qs_status value(qs_device *d, const qs_value_unit *unit, const volatile int *cancel, char *message,
                qs_moment *moments) {
  return by_batches(
      unit->shift_count > 1 ? "shifts" : "value", unit, moments,
      [&](const qs_value_unit *u, qs_moment *to) { return real_backend->value(d, u, cancel, message, to); });
}

qs_status path(qs_device *d, const qs_path_unit *unit, const volatile int *cancel, char *message,
               qs_moment *moments) {
  return by_batches("path", unit, moments, [&](const qs_path_unit *u, qs_moment *to) {
    return real_backend->path(d, u, cancel, message, to);
  });
}

qs_status joint(qs_device *d, const qs_joint_unit *unit, const volatile int *cancel, char *message,
                qs_moment *moments) {
  return by_batches("joint", unit, moments, [&](const qs_joint_unit *u, qs_moment *to) {
    return real_backend->joint(d, u, cancel, message, to);
  });
}

// Of paths: the first half of them, which lie where they do.
qs_status horizon(qs_device *d, const qs_horizon_unit *unit, const volatile int *cancel, char *message,
                  double *x, double *v) {
  const std::uint64_t count = unit->path_end - unit->path_begin;
  if (count < 8192) {
    return real_backend->horizon(d, unit, cancel, message, x, v);
  }
  qs_horizon_unit part = *unit;
  part.path_end = unit->path_begin + count / 2;
  qs_status status = real_backend->horizon(d, &part, cancel, message, x, v);
  const calls half =
      count_calls([&] { status = status ? status : real_backend->horizon(d, &part, cancel, message, x, v); });
  const calls whole =
      count_calls([&] { status = status ? status : real_backend->horizon(d, unit, cancel, message, x, v); });
  compare("horizon", half, whole);
  return status;
}

// It goes on from the rows: every time from what they were.
qs_status rebalance(qs_device *d, const qs_rebalance_unit *unit, const volatile int *cancel, char *message,
                    double *rows) {
  const std::size_t size =
      static_cast<std::size_t>(unit->policy_count) * qs_rebalance_unit_rows(unit) * unit->stride;
  const std::vector<double> before(rows, rows + size);
  qs_rebalance_unit part = *unit;
  part.path_end = unit->path_begin + (unit->path_end - unit->path_begin) / 2;
  qs_status status = real_backend->rebalance(d, &part, cancel, message, rows);
  std::memcpy(rows, before.data(), size * sizeof *rows);
  const calls half = count_calls(
      [&] { status = status ? status : real_backend->rebalance(d, &part, cancel, message, rows); });
  std::memcpy(rows, before.data(), size * sizeof *rows);
  const calls whole = count_calls(
      [&] { status = status ? status : real_backend->rebalance(d, unit, cancel, message, rows); });
  compare("rebalance", half, whole);
  return status;
}

} // namespace

extern "C" {
const qs_backend *__real_qs_backend_cpu(void);

// The linker brings the engine here.
const qs_backend *__wrap_qs_backend_cpu(void) {
  static const qs_backend counted = [] {
    real_backend = __real_qs_backend_cpu();
    qs_backend b = *real_backend;
    b.value = value;
    b.path = path;
    b.joint = joint;
    b.horizon = horizon;
    b.rebalance = rebalance;
    return b;
  }();
  return &counted;
}
}

namespace {

// results.json of a config's run; a batch has few paths, so that there are many.
void run(const std::string &name, std::vector<const char *> overrides) {
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = QS_BACKEND_CPU;
  spec.threads = kThreads;
  qs_engine *engine = nullptr;
  qs_config *config = nullptr;
  const qs_results *results = nullptr;
  char message[256] = "";
  ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
  ASSERT_EQ(
      qs_config_load(engine, (QS_SOURCE_DIR "/" + name).c_str(), overrides.data(), overrides.size(), &config),
      QS_OK)
      << qs_engine_message(engine);
  EXPECT_EQ(qs_run(engine, qs_config_inputs(config), qs_config_inputs(config)->sections, &results), QS_OK)
      << qs_engine_message(engine);
  qs_results_destroy(results);
  qs_config_destroy(config);
  qs_engine_destroy(engine);
}

// The counters see what they are to see.
TEST(RunPath, CallsAreCounted) {
#ifdef OWN_MALLOC
  GTEST_SKIP() << "the sanitizer has a malloc of its own";
#endif
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  void *volatile blocks[4];
  const calls c = count_calls([&] {
    blocks[0] = std::malloc(10);
    blocks[1] = std::calloc(1, 10);
    blocks[2] = std::aligned_alloc(64, 64);
    blocks[3] = std::realloc(nullptr, 10);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  });
  for (void *volatile block : blocks) {
    std::free(block);
  }
  EXPECT_EQ(c.allocations, 4);
  EXPECT_EQ(c.locks, 1);
}

TEST(RunPath, NeitherAllocatesNorLocks) {
#ifdef OWN_MALLOC
  GTEST_SKIP() << "the sanitizer has a malloc of its own";
#endif
  const char *paths = "simulation.paths=4096";
  run("tests/conformance/along_paths.yaml", {paths});
  run("tests/conformance/of_several.yaml", {paths});
  run("tests/conformance/along_paths.yaml",
      {paths, "simulation.sampling=sobol", "simulation.precision=double"});
  run("configs/hedging/crypto.yaml",
      {"simulation.paths=16384", "simulate.dates.count=3", "simulate.policies=[delta_every_date, none]"});
  for (const char *kind : {"value", "shifts", "path", "joint", "horizon", "rebalance"}) {
    const seen &s = all_seen[kind];
    EXPECT_GT(s.units, 0) << kind;
    EXPECT_GT(s.begun, 0) << kind << ": what begins a unit is counted";
    EXPECT_EQ(s.worse, "") << kind;
  }
}

} // namespace
