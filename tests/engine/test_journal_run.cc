// A journal through the public interface: runs in memory, what fails in them, and what a second run takes
// from it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "quickset/quickset.h"
#include "tests/failing_allocator.h"

namespace {

class JournalRun : public ::testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "quickset-journal-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    file = folder + "/journal";
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = 2;
    spec.allocator = {failing_allocate, failing_release, &memory};
    char message[256];
    ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
    qs_inputs_init(&inputs);
    qs_underlying_spec_init(&underlying);
    underlying.name = "X";
    underlying.model = {QS_MODEL_HESTON, {0.25, 2, 0.36, 0.8, -0.5}};
    underlying.given = 31;
    underlying.spot = 100;
    underlying.carry = 0.02;
    underlying.discount_rate = 0.05;
    for (qs_trade_spec &t : trades) {
      qs_trade_spec_init(&t);
      t.underlying = "X";
      t.quantity = 1;
      t.strike = 100;
      t.expiry = 1772443800 + 90 * 86400;
    }
    trades[0].id = "call";
    trades[0].type = QS_TRADE_EUROPEAN;
    trades[1].id = "digital";
    trades[1].type = QS_TRADE_DIGITAL;

    trades[2].id = "early";
    trades[2].type = QS_TRADE_BERMUDAN;
    trades[2].call_put = QS_PUT;
    trades[2].path.fixings = exercise;
    trades[2].path.fixing_count = 3;
    inputs.sections = QS_SECTION_VALUE | QS_SECTION_STRESS;
    inputs.as_of = 1772443800; // 2026-03-02T09:30:00Z
    inputs.simulation.paths = 16384;
    inputs.underlyings = &underlying;
    inputs.underlying_count = 1;
    inputs.trades = trades;
    inputs.trade_count = 3;
    inputs.stress.spot = shocks;
    inputs.stress.spot_count = 2;
  }
  void TearDown() override {
    qs_engine_destroy(engine);
    EXPECT_EQ(memory.live, 0);
    std::filesystem::remove_all(folder);
  }
  qs_status open(bool resume, const char *name = "these") {
    qs_journal_spec spec;
    qs_journal_spec_init(&spec);
    spec.path = file.c_str();
    spec.inputs = name;
    spec.sections = inputs.sections;
    spec.resume = resume;
    return qs_journal_open(engine, &spec);
  }
  // The results as text, without those of the journal; empty where it failed.
  std::string run() {
    const qs_results *results = nullptr;
    status = qs_run(engine, &inputs, ~0u, &results);
    if (status) {
      return "";
    }
    char *text = nullptr;
    recalled = results->recalled;
    status = qs_results_json(engine, results, &text);
    qs_results_destroy(results);
    const std::string copy = status ? "" : text;
    qs_text_free(engine, text);
    return copy;
  }
  qs_journal_info info() {
    qs_journal_info i = {};
    i.struct_size = sizeof i;
    qs_journal_state(engine, &i);
    return i;
  }
  std::string message() { return qs_engine_message(engine); }

  Failing memory;
  std::string folder, file;
  qs_engine *engine = nullptr;
  qs_inputs inputs;
  qs_underlying_spec underlying;
  qs_trade_spec trades[3];
  const double shocks[2] = {-0.1, 0.1};
  const qs_time exercise[3] = {1772443800 + 30 * 86400, 1772443800 + 60 * 86400, 1772443800 + 90 * 86400};
  qs_status status = QS_OK;
  uint64_t recalled = 0;
};

TEST_F(JournalRun, ASecondRunComputesNothingAgainThatIsKept) {
  const std::string whole = run();
  ASSERT_FALSE(whole.empty()) << message();
  ASSERT_EQ(open(false), QS_OK) << message();
  EXPECT_EQ(run(), whole);
  EXPECT_EQ(recalled, 0u);
  const uint64_t kept = info().kept;
  EXPECT_GE(kept, 5u); // options and paths now and later, early exercise
  qs_journal_close(engine, false);
  ASSERT_EQ(open(true), QS_OK) << message();
  EXPECT_EQ(info().held, kept);
  EXPECT_EQ(run(), whole);
  EXPECT_GE(recalled, kept);
  EXPECT_EQ(info().kept, 0u) << "there was nothing left to compute";
  EXPECT_EQ(run(), whole) << "nor in another run";
  inputs.simulation.seed = 2;
  EXPECT_NE(run(), whole) << "other inputs, if they are told as the same, find nothing";
  EXPECT_GE(info().kept, kept);
  qs_journal_close(engine, true);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(info().held, 0u);
}

// The policies of a trade on two underlyings, with fewer dates too, and its bounds come from the journal.
TEST_F(JournalRun, EarlyExerciseOnSeveral) {
  underlying.model.type = QS_MODEL_GBM;
  underlying.model.value[QS_SIGMA] = 0.4;
  underlying.given = 1u << QS_SIGMA;
  qs_underlying_spec two[2] = {underlying, underlying};
  two[1].name = "Y";
  const char *const names[] = {"X", "Y"};
  qs_trade_spec several = trades[2];
  several.type = QS_TRADE_AMERICAN;
  several.underlying = nullptr;
  several.underlyings = names;
  several.underlying_count = 2;
  several.strike = NAN;
  several.script.payoff = "max(100 - min(X[t], Y[t]), 0)";
  several.expiry = inputs.as_of + 5 * 86400;
  several.path.fixings = nullptr;
  several.path.fixing_count = 0;
  inputs.underlyings = two;
  inputs.underlying_count = 2;
  inputs.trades = &several;
  inputs.trade_count = 1;
  inputs.sections = QS_SECTION_VALUE;
  inputs.simulation.paths = 1024;
  ASSERT_EQ(open(false), QS_OK) << message();
  const std::string whole = run();
  ASSERT_FALSE(whole.empty()) << message();
  const uint64_t kept = info().kept;
  EXPECT_GE(kept, 2u);
  qs_journal_close(engine, false);
  ASSERT_EQ(open(true), QS_OK) << message();
  EXPECT_EQ(run(), whole);
  EXPECT_GE(recalled, kept);
  EXPECT_EQ(info().kept, 0u) << "there was nothing left to compute";
}

TEST_F(JournalRun, MisuseIsUsage) {
  qs_journal_spec spec = {};
  EXPECT_EQ(qs_journal_open(engine, &spec), QS_ERROR_USAGE);
  qs_journal_spec_init(&spec);
  EXPECT_EQ(qs_journal_open(engine, &spec), QS_ERROR_USAGE) << "no place";
  qs_journal_close(engine, true);
  ASSERT_EQ(open(true), QS_OK) << "where there is none it begins anew: " << message();
  EXPECT_EQ(open(true), QS_ERROR_USAGE);
  EXPECT_EQ(message(), "the engine has a journal already");
  ASSERT_FALSE(run().empty());
  qs_journal_close(engine, false);
  EXPECT_EQ(open(true, "those"), QS_ERROR_INPUT);
  EXPECT_EQ(info().held, 0u);
  EXPECT_TRUE(std::filesystem::exists(file));
}

// Whatever allocation fails, what is kept by then is good: the next run goes on from it.
TEST_F(JournalRun, EveryAllocationMayFail) {
  const std::string whole = run();
  const long at_rest = memory.live;
  long failures = 0;
  bool done = false;
  for (long n = 0; !done; n += 1 + n / 16) {
    ASSERT_LT(n, 100000);
    memory.left = n;
    status = open(true);
    const std::string text = status ? "" : run();
    memory.left = -1;
    done = status == QS_OK;
    failures += status == QS_ERROR_MEMORY;
    ASSERT_TRUE(done || status == QS_ERROR_MEMORY) << n << ": " << message();
    EXPECT_EQ(text, done ? whole : "") << n;
    qs_journal_close(engine, n % 3 == 0); // else the next run finds what this one kept
    EXPECT_EQ(memory.live, at_rest) << "after the failure of allocation " << n;
  }
  EXPECT_GT(failures, 20);
}

} // namespace
