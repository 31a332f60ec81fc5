// Every allocation of every call fails once: the status is QS_ERROR_MEMORY, what is returned stays untouched,
// nothing leaks, and the allocator is never called by two threads at once.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "host/policy/exponential.h"
#include "host/policy/optimum.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

struct Failing {
  long count = 0, at = 0, held = 0;
  std::atomic<int> inside{0};
  std::atomic<bool> crowded{false};
  void enter() { // and stays a moment, so that another would be met
    if (inside.fetch_add(1) > 0) {
      crowded = true;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  void leave() { inside.fetch_sub(1); }
  static void *allocate(void *data, size_t size) {
    auto *f = static_cast<Failing *>(data);
    f->enter();
    void *block = ++f->count == f->at ? nullptr : std::malloc(size);
    f->held += block != nullptr;
    f->leave();
    return block;
  }
  static void release(void *data, void *block) {
    auto *f = static_cast<Failing *>(data);
    f->enter();
    f->held -= block != nullptr;
    std::free(block);
    f->leave();
  }
};

// `call` works in a context of its own; it fails as often as it allocates.
template <class Result>
void FailEach(const std::function<qs_status(qs_context *, qs_arena *, Result *)> &call) {
  long calls = 1;
  for (long at = 0; at <= calls; at++) {
    Failing failing;
    qs_context context;
    qs_context_init(&context);
    context.threads = 3;
    context.allocator = {Failing::allocate, Failing::release, &failing};
    qs_arena *arena = qs_arena_create(&context);
    failing.at = at ? failing.count + at : 0;
    const long before = failing.count;
    Result result, untouched;
    std::memset(static_cast<void *>(&result), 7, sizeof result);
    std::memset(static_cast<void *>(&untouched), 7, sizeof untouched);
    const qs_status status = call(&context, arena, &result);
    if (at == 0) {
      ASSERT_EQ(status, QS_OK) << context.message;
      calls = failing.count - before;
      ASSERT_GT(calls, 0);
    } else {
      EXPECT_EQ(status, QS_ERROR_MEMORY) << at << " of " << calls;
      EXPECT_NE(std::strstr(context.message, "out of memory while"), nullptr) << context.message;
      EXPECT_EQ(std::memcmp(static_cast<void *>(&result), &untouched, sizeof result), 0) << at;
    }
    qs_arena_destroy(arena);
    EXPECT_EQ(failing.held, 0) << at;
    EXPECT_FALSE(failing.crowded) << at;
  }
}

class PolicyFailures : public testing::TestWithParam<int> {
protected:
  World world{GetParam() ? Svcj() : Gbm(0.6)};
  void SetUp() override {
    world.Dates(3, 1.0 / 365, 0.0005).Option(true, 100, -1).Option(false, 90, 2, 2.0 / 365);
    world.Option(true, 110, 1, 0.1);
    world.options[2].coin = true;
    world.settings = {41, 6, 21, 0};
    world.Problem(10);
  }
};

TEST_P(PolicyFailures, Ratios) {
  FailEach<qs_policy_ratios>([&](qs_context *context, qs_arena *arena, qs_policy_ratios *ratios) {
    return qs_policy_make_ratios(context, arena, &world.problem, &world.settings, ratios);
  });
}

TEST_P(PolicyFailures, Ground) {
  FailEach<qs_policy_ground>([&](qs_context *context, qs_arena *arena, qs_policy_ground *ground) {
    return qs_policy_make_ground(context, arena, &world.problem, &world.settings, ground);
  });
}

TEST_P(PolicyFailures, ClassicalPolicies) {
  const qs_policy_ratios ratios = world.Ratios();
  for (int kind = 0; kind < QS_POLICY_KINDS; kind++) {
    FailEach<qs_policy_table>([&](qs_context *context, qs_arena *arena, qs_policy_table *table) {
      return qs_policy_classical(context, arena, &world.problem, &ratios, static_cast<qs_policy_kind>(kind),
                                 0.1, table);
    });
  }
}

TEST_P(PolicyFailures, OptimumAndValues) {
  qs_policy_ground ground;
  ASSERT_EQ(QS_OK,
            qs_policy_make_ground(&world.context, world.arena, &world.problem, &world.settings, &ground));
  FailEach<qs_policy_optimum>([&](qs_context *context, qs_arena *arena, qs_policy_optimum *optimum) {
    return qs_policy_optimise(context, arena, &ground, &world.settings, true, optimum);
  });
  if (!GetParam()) {
    FailEach<qs_policy_utility>([&](qs_context *context, qs_arena *arena, qs_policy_utility *utility) {
      return qs_policy_exponential(context, arena, &ground, &world.settings, 0.1, utility);
    });
  }
  qs_policy_table table;
  ASSERT_EQ(QS_OK, qs_policy_classical(&world.context, world.arena, &world.problem, &ground.ratios,
                                       QS_POLICY_DELTA_BAND, 0.1, &table));
  FailEach<qs_policy_value>([&](qs_context *context, qs_arena *, qs_policy_value *value) {
    return qs_policy_evaluate(context, &ground, &world.settings, &table, value);
  });
}

TEST_P(PolicyFailures, CancelledOnTheWay) {
  qs_policy_ground ground;
  ASSERT_EQ(QS_OK,
            qs_policy_make_ground(&world.context, world.arena, &world.problem, &world.settings, &ground));
  qs_policy_optimum optimum, untouched;
  std::memset(static_cast<void *>(&optimum), 7, sizeof optimum);
  std::memset(static_cast<void *>(&untouched), 7, sizeof untouched);
  qs_policy_table table;
  ASSERT_EQ(QS_OK, qs_policy_classical(&world.context, world.arena, &world.problem, &ground.ratios,
                                       QS_POLICY_DELTA_BAND, 0.1, &table));
  const int stopped = 1;
  world.context.cancel = &stopped;
  EXPECT_EQ(qs_policy_optimise(&world.context, world.arena, &ground, &world.settings, true, &optimum),
            QS_ERROR_CANCELLED);
  EXPECT_EQ(std::memcmp(static_cast<void *>(&optimum), &untouched, sizeof optimum), 0);
  qs_policy_value value = {7, 7, 7};
  EXPECT_EQ(qs_policy_evaluate(&world.context, &ground, &world.settings, &table, &value), QS_ERROR_CANCELLED);
  EXPECT_EQ(value.objective, 7);
  if (!GetParam()) {
    qs_policy_utility utility;
    EXPECT_EQ(qs_policy_exponential(&world.context, world.arena, &ground, &world.settings, 0.1, &utility),
              QS_ERROR_CANCELLED);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PolicyFailures, testing::Values(0, 1));

TEST(PolicyFailuresOfTheClosedForm, Memory) {
  World world(Gbm(0.6));
  world.Dates(3, 1.0 / 365, 0).Option(true, 100, -1);
  world.Problem(1);
  FailEach<double>([&](qs_context *context, qs_arena *arena, double *j0) {
    return qs_policy_j0_independent(context, arena, &world.problem, 200, j0);
  });
}

} // namespace
