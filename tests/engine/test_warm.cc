// An engine that keeps its calibrated markets: the bits of one that calibrates anew, whatever has changed.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "quickset/quickset.h"
#include "tests/failing_allocator.h"

namespace {

const char kConfig[] = QS_SOURCE_DIR "/tests/consumer/inprocess/nightly.yaml";

struct Engine {
  qs_engine *engine = nullptr;
  int calibrations = 0; // runs that calibrated
  Failing memory;
  std::string message;

  explicit Engine(std::uint32_t markets) {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = 1;
    spec.markets = markets;
    spec.allocator = {failing_allocate, failing_release, &memory};
    spec.progress = [](void *data, const char *stage, std::uint64_t done, std::uint64_t total) {
      static_cast<Engine *>(data)->calibrations += std::strcmp(stage, "calibrate") == 0 && done == total;
    };
    spec.progress_data = this;
    char why[256] = "";
    EXPECT_EQ(qs_engine_create(&spec, why, sizeof why, &engine), QS_OK) << why;
  }
  ~Engine() { destroy(); }
  void destroy() {
    qs_engine_destroy(engine);
    engine = nullptr;
  }
  const qs_results *run(const qs_inputs &inputs, qs_status expected = QS_OK) {
    const qs_results *results = nullptr;
    EXPECT_EQ(qs_run(engine, &inputs, QS_SECTION_CALIBRATE | QS_SECTION_VALUE, &results), expected)
        << qs_engine_message(engine);
    return results;
  }
  std::string text(const qs_results *results) {
    char *json = nullptr;
    EXPECT_EQ(qs_results_json(engine, results, &json), QS_OK);
    const std::string made = json ? json : "";
    qs_text_free(engine, json);
    return made;
  }
  std::string answer(const qs_inputs &inputs) {
    const qs_results *results = run(inputs);
    const std::string made = results ? text(results) : "";
    qs_results_destroy(results);
    return made;
  }
};

// The config's inputs, of which all that makes up the market may be changed.
struct Inputs {
  Engine loader{0};
  qs_config *config = nullptr;
  qs_inputs inputs;
  std::vector<qs_underlying_spec> underlyings;
  std::vector<qs_quote> quotes;
  std::vector<qs_correlation_spec> correlations;

  Inputs() {
    const char *few = "simulation.paths=1024";
    EXPECT_EQ(qs_config_load(loader.engine, kConfig, &few, 1, &config), QS_OK)
        << qs_engine_message(loader.engine);
    reset();
  }
  ~Inputs() { qs_config_destroy(config); }
  void reset() {
    inputs = *qs_config_inputs(config);
    underlyings.assign(inputs.underlyings, inputs.underlyings + inputs.underlying_count);
    quotes.assign(underlyings[0].quotes, underlyings[0].quotes + underlyings[0].quote_count);
    correlations.assign(inputs.correlations, inputs.correlations + inputs.correlation_count);
    underlyings[0].quotes = quotes.data();
    inputs.underlyings = underlyings.data();
    inputs.correlations = correlations.data();
  }
};

std::string cold(const qs_inputs &inputs) {
  return Engine(0).answer(inputs);
}

TEST(Warm, ASecondCallCalibratesNothingAndSaysTheSame) {
  Inputs in;
  Engine engine(1);
  const std::string first = engine.answer(in.inputs);
  EXPECT_GT(first.size(), 1000u);
  EXPECT_EQ(engine.calibrations, 1);
  in.inputs.simulation.seed++;
  const std::string other_seed = engine.answer(in.inputs);
  in.inputs.simulation.seed--;
  EXPECT_EQ(engine.answer(in.inputs), first);
  EXPECT_EQ(engine.calibrations, 1) << "the seed is not the market's";
  EXPECT_EQ(first, cold(in.inputs));
  in.inputs.simulation.seed++;
  EXPECT_EQ(other_seed, cold(in.inputs));
  in.inputs.simulation.seed--;
  Inputs elsewhere; // the same numbers at other places
  EXPECT_EQ(engine.answer(elsewhere.inputs), first);
  EXPECT_EQ(engine.calibrations, 1);
  Engine forgets(0);
  forgets.answer(in.inputs);
  forgets.answer(in.inputs);
  EXPECT_EQ(forgets.calibrations, 2);
}

TEST(Warm, ScenariosOfTheSameMarket) {
  Inputs in;
  Engine engine(1);
  qs_scenario_spec scenario;
  qs_scenario_spec_init(&scenario);
  scenario.name = "s";
  scenario.spot = -0.1;
  qs_estimate pnl[3] = {};
  for (int i = 0; i < 2; i++) {
    ASSERT_EQ(qs_scenarios(engine.engine, &in.inputs, &scenario, 1, &pnl[i]), QS_OK)
        << qs_engine_message(engine.engine);
  }
  EXPECT_EQ(engine.calibrations, 1);
  Engine other(0);
  ASSERT_EQ(qs_scenarios(other.engine, &in.inputs, &scenario, 1, &pnl[2]), QS_OK);
  EXPECT_EQ(std::memcmp(&pnl[0], &pnl[1], sizeof pnl[0]), 0);
  EXPECT_EQ(std::memcmp(&pnl[0], &pnl[2], sizeof pnl[0]), 0);
}

// Whatever changes in the market, the answer is that of an engine without a memory.
TEST(Warm, AnotherMarketIsCalibratedAnew) {
  Inputs in;
  Engine engine(1);
  const std::string first = engine.answer(in.inputs);
  std::size_t used = 0; // a quote that the fit takes
  while (!(in.quotes[used].bid > 0 && in.quotes[used].ask > in.quotes[used].bid &&
           std::strlen(in.quotes[used].instrument) > 14)) {
    used++;
  }
  const std::vector<std::function<void()>> changes = {
      [&] { in.inputs.as_of += 3600; },
      [&] { in.quotes[used].ask *= 1.02; },
      [&] { in.underlyings[0].discount_rate += 0.01; },
      [&] { in.underlyings[0].max_spread *= 0.3; },
      [&] { in.underlyings[0].quote_count--; },
  };
  for (std::size_t i = 0; i < changes.size(); i++) {
    const int before = engine.calibrations;
    changes[i]();
    EXPECT_EQ(engine.answer(in.inputs), cold(in.inputs)) << i;
    EXPECT_EQ(engine.calibrations, before + 1) << i;
    in.reset();
  }
  EXPECT_EQ(engine.answer(in.inputs), first);
}

TEST(Warm, SoManyAreKeptAndNoMore) {
  Inputs in;
  Engine engine(2);
  std::vector<long> live;
  for (int i = 0; i < 5; i++) {
    in.inputs.as_of += 60;
    engine.answer(in.inputs);
    live.push_back(engine.memory.live);
  }
  EXPECT_EQ(engine.calibrations, 5);
  EXPECT_LT(live[0], live[1]);
  EXPECT_EQ(live[1], live[4]);
  in.inputs.as_of -= 60;
  engine.answer(in.inputs);
  EXPECT_EQ(engine.calibrations, 5) << "the last but one is there";
  in.inputs.as_of -= 60;
  engine.answer(in.inputs);
  EXPECT_EQ(engine.calibrations, 6);
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  spec.markets = QS_MAX_MARKETS + 1;
  char why[256] = "";
  qs_engine *none = nullptr;
  EXPECT_EQ(qs_engine_create(&spec, why, sizeof why, &none), QS_ERROR_USAGE);
  EXPECT_STREQ(why, "markets is 17: must be at most 16");
}

TEST(Warm, ResultsOutliveTheirMarketsPlaceAndTheirEngine) {
  Inputs in;
  Engine engine(1), reader(0);
  const std::string expected = cold(in.inputs);
  const qs_results *results = engine.run(in.inputs);
  in.inputs.as_of += 60;
  engine.answer(in.inputs);
  engine.destroy();
  EXPECT_EQ(reader.text(results), expected);
  qs_results_destroy(results);
  EXPECT_EQ(engine.memory.live, 0);
}

TEST(Warm, BadInputIsNoMarket) {
  Inputs in;
  Engine engine(1);
  in.underlyings[0].max_spread = -1;
  EXPECT_EQ(engine.run(in.inputs, QS_ERROR_INPUT), nullptr);
  in.reset();
  engine.answer(in.inputs);
  in.underlyings[0].max_spread = -1;
  EXPECT_EQ(engine.run(in.inputs, QS_ERROR_INPUT), nullptr);
  EXPECT_EQ(engine.calibrations, 1);
}

TEST(Warm, EveryAllocationMayFail) {
  Inputs in;
  Engine engine(1);
  qs_status status = QS_ERROR_MEMORY;
  for (long n = 0; status == QS_ERROR_MEMORY; n++) {
    const qs_results *results = nullptr;
    engine.memory.left = n;
    status = qs_run(engine.engine, &in.inputs, QS_SECTION_CALIBRATE, &results);
    ASSERT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << qs_engine_message(engine.engine);
    qs_results_destroy(results);
    ASSERT_LT(n, 5000);
  }
  engine.memory.left = -1;
  EXPECT_EQ(engine.answer(in.inputs), cold(in.inputs));
  engine.destroy();
  EXPECT_EQ(engine.memory.live, 0);
}

} // namespace
