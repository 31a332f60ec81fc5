// Whole runs through the public interface: the same bits from any number of threads and any instruction set,
// every allocation failing once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "quickset/quickset.h"
#include "tests/failing_allocator.h"

namespace {

const uint32_t kAll = QS_SECTION_CALIBRATE | QS_SECTION_VALUE | QS_SECTION_RISK | QS_SECTION_STRESS |
                      QS_SECTION_HEDGE | QS_SECTION_SIMULATE;

// Beside the sections that the demo has.
const char kSimulate[] =
    "simulate={position: BTC-27MAR26-67500-P, instruments: [BTC-PERPETUAL], dates: {count: 4, spacing_days: "
    "1}, "
    "costs: {proportional: 0.0005}, risk_aversion: 1.0e-6, policies: [none, delta_every_date, net_delta, "
    "minimum_variance_delta, local_every_date, whalley_wilmott, zakamouline, leland, {type: delta_band, "
    "width: 1}, "
    "{type: fixed_interval, every: 2}, {type: gamma_weighted, loss: 1000}, {type: volatility_interval, "
    "variance: "
    "0.003}]}";

qs_engine *make_engine(int threads, const char *target) {
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = QS_BACKEND_CPU;
  spec.threads = threads;
  spec.cpu_target = target;
  qs_engine *engine = nullptr;
  char message[256] = "";
  return qs_engine_create(&spec, message, sizeof message, &engine) == QS_OK ? engine : nullptr;
}

// results.json of a config, or the message that it fails with.
std::string run(qs_engine *engine, const std::string &config_path, std::vector<const char *> overrides,
                qs_status *status) {
  qs_config *config = nullptr;
  *status = qs_config_load(engine, config_path.c_str(), overrides.data(), overrides.size(), &config);
  if (*status) {
    return qs_engine_message(engine);
  }
  const qs_results *results = nullptr;
  *status = qs_run(engine, qs_config_inputs(config), kAll, &results);
  std::string text;
  if (*status) {
    text = qs_engine_message(engine);
  } else {
    char *json = nullptr;
    *status = qs_results_json(engine, results, &json);
    text = *status ? qs_engine_message(engine) : json;
    qs_text_free(engine, json);
    qs_results_destroy(results);
  }
  qs_config_destroy(config);
  return text;
}

std::string run_with(int threads, const char *target, const char *paths) {
  qs_engine *engine = make_engine(threads, target);
  if (!engine) {
    return "";
  }
  qs_status status;
  std::string text = run(engine, QS_SOURCE_DIR "/configs/demo/nightly.yaml", {paths, kSimulate}, &status);
  EXPECT_EQ(status, QS_OK) << text;
  EXPECT_NE(text.find("\"gamma_weighted\""), std::string::npos);
  qs_engine_destroy(engine);
  return text;
}

TEST(Run, SameBitsFromAnyNumberOfThreads) {
  std::string one = run_with(1, nullptr, "simulation.paths=2048");
  ASSERT_GT(one.size(), 10000u);
  EXPECT_TRUE(one == run_with(2, nullptr, "simulation.paths=2048"));
  EXPECT_TRUE(one == run_with(7, nullptr, "simulation.paths=2048"));
}

TEST(Run, SameBitsFromEveryInstructionSet) {
  std::string best = run_with(2, nullptr, "simulation.paths=1024");
  ASSERT_GT(best.size(), 10000u);
  for (const char *target : {"x86-64-v4", "x86-64-v3", "portable"}) {
    std::string text = run_with(2, target, "simulation.paths=1024");
    if (!text.empty()) { // what this machine runs
      EXPECT_TRUE(text == best) << target;
    }
  }
}

TEST(Run, ASeedIsAnotherSample) {
  EXPECT_FALSE(run_with(2, nullptr, "simulation.seed=2") == run_with(2, nullptr, "simulation.seed=3"));
}

TEST(Run, EveryAllocationMayFail) {
  Failing memory;
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = QS_BACKEND_CPU;
  spec.threads = 2;
  spec.allocator = {failing_allocate, failing_release, &memory};
  qs_engine *engine = nullptr;
  char message[256] = "";
  ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
  const std::string config = QS_SOURCE_DIR "/tests/consumer/inprocess/nightly.yaml";
  for (const char *options : {"stress.european_options=simulated", "stress.european_options=fourier"}) {
    long at_rest = memory.live, failures = 0;
    qs_status status = QS_ERROR_MEMORY;
    for (long n = 0; status == QS_ERROR_MEMORY; n++) {
      ASSERT_LT(n, 20000);
      memory.left = n;
      std::string text = run(engine, config, {"simulation.paths=1024", options}, &status);
      failures += status == QS_ERROR_MEMORY;
      ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << n << ": " << text;
      EXPECT_EQ(memory.live, at_rest) << "after the failure of allocation " << n;
    }
    EXPECT_GT(failures, 20);
    memory.left = -1;
  }
  qs_engine_destroy(engine);
  EXPECT_EQ(memory.live, 0);
}

// A backtest from its files to its results: read, copied, checked, replayed.
TEST(Run, EveryAllocationOfABacktestMayFail) {
  Failing memory;
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.backend = QS_BACKEND_CPU;
  spec.threads = 2;
  spec.allocator = {failing_allocate, failing_release, &memory};
  qs_engine *engine = nullptr;
  char message[256] = "";
  ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
  const char *overrides[] = {"underlyings.0.model={type: gbm, sigma: 0.6}", "backtest.variance={}",
                             "backtest.policies=[none]", "backtest.compare=none",
                             "backtest.intervals={replicates: 100}"};
  const long at_rest = memory.live;
  long failures = 0;
  qs_status status = QS_ERROR_MEMORY;
  for (long n = 0; status == QS_ERROR_MEMORY; n++) {
    ASSERT_LT(n, 5000);
    memory.left = n;
    qs_config *config = nullptr;
    const qs_results *results = nullptr;
    char *json = nullptr;
    status = qs_config_load(engine, QS_SOURCE_DIR "/configs/hedging/backtest.yaml", overrides, 5, &config);
    status = status ? status : qs_run(engine, qs_config_inputs(config), QS_SECTION_BACKTEST, &results);
    status = status ? status : qs_results_json(engine, results, &json);
    failures += status == QS_ERROR_MEMORY;
    ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << n << ": " << qs_engine_message(engine);
    if (json) {
      EXPECT_NE(std::string(json).find("20 days of one market"), std::string::npos);
    }
    qs_text_free(engine, json);
    qs_results_destroy(results);
    qs_config_destroy(config);
    EXPECT_EQ(memory.live, at_rest) << "after the failure of allocation " << n;
  }
  EXPECT_GT(failures, 20);
  memory.left = -1;
  qs_engine_destroy(engine);
  EXPECT_EQ(memory.live, 0);
}

} // namespace
