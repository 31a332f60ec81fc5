// A plan against the run that it is of: the same work, counted and not timed; every allocation failing once.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "quickset/quickset.h"

namespace {

// Counts what is held, and fails at one call.
struct Memory {
  long left = -1, blocks = 0;
  size_t held = 0, most = 0;
  static void *allocate(void *data, size_t size) {
    Memory *m = static_cast<Memory *>(data);
    if (m->left == 0) {
      return nullptr;
    }
    m->left--;
    char *block = static_cast<char *>(std::malloc(size + 64));
    *reinterpret_cast<size_t *>(block) = size;
    m->blocks++;
    m->held += size;
    m->most = std::max(m->most, m->held);
    return block + 64;
  }
  static void release(void *data, void *block) {
    if (block) {
      Memory *m = static_cast<Memory *>(data);
      char *start = static_cast<char *>(block) - 64;
      m->held -= *reinterpret_cast<size_t *>(start);
      m->blocks--;
      std::free(start);
    }
  }
};

class Plan : public testing::Test {
protected:
  Memory memory;
  qs_engine *engine = nullptr;
  qs_config *config = nullptr;
  const qs_plan *plan = nullptr;
  const qs_results *results = nullptr;

  void SetUp() override {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = 2;
    spec.allocator = {Memory::allocate, Memory::release, &memory};
    char message[256] = "";
    ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
  }
  void TearDown() override {
    qs_plan_destroy(plan);
    qs_results_destroy(results);
    qs_config_destroy(config);
    qs_engine_destroy(engine);
    EXPECT_EQ(memory.blocks, 0);
  }
  void load(const char *path, std::vector<const char *> overrides) {
    ASSERT_EQ(qs_config_load(engine, path, overrides.data(), overrides.size(), &config), QS_OK)
        << qs_engine_message(engine);
  }
  const qs_inputs *inputs() { return qs_config_inputs(config); }
  qs_status make() { return qs_plan_make(engine, inputs(), inputs()->sections, &plan); }
};

const char kDemo[] = QS_SOURCE_DIR "/configs/demo/nightly.yaml";

TEST_F(Plan, IsTheWorkOfTheRun) {
  load(kDemo, {"simulation.paths=131072"});
  ASSERT_EQ(make(), QS_OK) << qs_engine_message(engine);
  size_t before = memory.held;
  memory.most = before;
  ASSERT_EQ(qs_run(engine, inputs(), inputs()->sections, &results), QS_OK) << qs_engine_message(engine);
  EXPECT_EQ(plan->paths, results->paths);
  EXPECT_FALSE(plan->at_most);
  EXPECT_EQ(plan->tried[1], 32768u);
  EXPECT_EQ(plan->tried[0], 16384u);
  ASSERT_EQ(plan->stage_count, results->time_count);
  double seconds = 0;
  for (size_t i = 0; i < plan->stage_count; i++) {
    EXPECT_STREQ(plan->stages[i].stage, results->times[i].stage);
    EXPECT_EQ(plan->stages[i].path_steps, results->times[i].path_steps) << plan->stages[i].stage;
    EXPECT_EQ(plan->stages[i].units, results->times[i].units) << plan->stages[i].stage;
    EXPECT_EQ(plan->stages[i].orders, results->times[i].orders) << plan->stages[i].stage;
    EXPECT_GE(plan->stages[i].seconds, 0);
    seconds += plan->stages[i].seconds;
  }
  EXPECT_GT(plan->stages[2].path_steps, 0u);
  EXPECT_DOUBLE_EQ(plan->seconds, seconds);
  ASSERT_EQ(plan->device_count, 1u);
  EXPECT_GT(plan->devices[0].rate, 0);
  const double most = static_cast<double>(memory.most - before), planned = static_cast<double>(plan->memory);
  EXPECT_NEAR(planned / most, 1, 0.01);
}

TEST_F(Plan, OfATargetIsOfItsMostPaths) {
  load(QS_SOURCE_DIR "/tests/consumer/inprocess/nightly.yaml",
       {"simulation.paths=4096", "simulation.target_std_error=1e-5", "simulation.max_paths=1048576"});
  ASSERT_EQ(make(), QS_OK) << qs_engine_message(engine);
  EXPECT_TRUE(plan->at_most);
  EXPECT_EQ(plan->paths, 1048576u);
}

TEST_F(Plan, OfFewPathsAndAsJson) {
  load(QS_SOURCE_DIR "/tests/consumer/inprocess/nightly.yaml", {"simulation.paths=1024"});
  ASSERT_EQ(make(), QS_OK) << qs_engine_message(engine);
  EXPECT_EQ(plan->paths, 1024u);
  EXPECT_EQ(plan->tried[0], 1024u);
  char *text = nullptr;
  ASSERT_EQ(qs_plan_json(engine, plan, &text), QS_OK);
  std::string json = text;
  qs_text_free(engine, text);
  EXPECT_NE(json.find("\"stage\": \"value\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"memory_bytes\": " + std::to_string(plan->memory)), std::string::npos) << json;
}

TEST_F(Plan, FailsAsTheRunWould) {
  load(kDemo, {"simulation.paths=1024"});
  qs_inputs bad = *inputs();
  bad.simulation.paths = 3;
  ASSERT_EQ(qs_plan_make(engine, &bad, bad.sections, &plan), QS_ERROR_INPUT);
  EXPECT_STREQ(qs_engine_message(engine), "simulation.paths: got 3: must be between 1024 and 2^40");
  EXPECT_EQ(plan, nullptr);
}

TEST_F(Plan, EveryAllocationMayFail) {
  load(QS_SOURCE_DIR "/tests/consumer/inprocess/nightly.yaml", {"simulation.paths=1024"});
  long at_rest = memory.blocks, failures = 0;
  qs_status status = QS_ERROR_MEMORY;
  for (long n = 0; status == QS_ERROR_MEMORY; n += 1 + n / 50) {
    ASSERT_LT(n, 20000);
    memory.left = n;
    status = make();
    memory.left = -1;
    failures += status == QS_ERROR_MEMORY;
    ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << n << ": " << qs_engine_message(engine);
    if (status) {
      EXPECT_EQ(memory.blocks, at_rest) << "after the failure of allocation " << n;
    }
  }
  EXPECT_GT(failures, 20);
}

} // namespace
