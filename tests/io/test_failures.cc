/* Every call that can fail fails once: a status and a message come back, nothing leaks, nothing half-written
 * stays. */
#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>
#include <string>

#include "failing_calls.h"
#include "host/io/config.h"
#include "host/io/results.h"
#include "ledger.h"
#include "sample_config.h"
#include "sample_results.h"
#include "scratch.h"

namespace {

TEST(Allocator, EveryFailureWhileReading) {
  Scratch folder;
  folder.write(sample_files());
  const char *overrides[] = {"trades.5={id: q, type: spot, underlying: X, quantity: 1}"};
  bool read = false;
  for (long n = 1; !read; n++) {
    Ledger ledger;
    ledger.fail_at = n;
    qs_context context = ledger.context();
    qs_config *config = nullptr;
    qs_status status = qs_config_read(&context, (folder / "config.yaml").c_str(), overrides, 1, &config);
    read = status == QS_OK;
    EXPECT_TRUE(read || status == QS_ERROR_MEMORY) << n << ": " << context.message;
    EXPECT_EQ(read, config != nullptr);
    qs_config_destroy(config);
    EXPECT_TRUE(ledger.out.empty()) << n << ": leaked";
    ASSERT_LT(n, 1000);
  }
}

TEST(Allocator, EveryFailureWhileWriting) {
  SampleResults sample;
  bool written = false;
  for (long n = 1; !written; n++) {
    Scratch folder(true);
    Ledger ledger;
    ledger.fail_at = n;
    qs_context context = ledger.context();
    qs_status status =
        qs_results_write_folder(&context, &sample.results, nullptr, (folder / "a/out").c_str());
    written = status == QS_OK;
    EXPECT_TRUE(written || status == QS_ERROR_MEMORY) << n << ": " << context.message;
    EXPECT_EQ(folder.list().empty(), !written) << n;
    EXPECT_TRUE(ledger.out.empty()) << n << ": leaked";
    ASSERT_LT(n, 1000);
  }
}

TEST(Allocator, RefusedConfigsLeakNothing) {
  Scratch folder;
  folder.write(sample_files());
  for (const char *text : {"risk.levels=[2]", "portfolio=gone.csv", "hedge.costs=[{instrument: x}]",
                           "simulate.policies=[none, x]", "a=[b", "nothing"}) {
    Ledger ledger;
    qs_context context = ledger.context();
    qs_config *config = nullptr;
    EXPECT_NE(qs_config_read(&context, (folder / "config.yaml").c_str(), &text, 1, &config), QS_OK);
    EXPECT_TRUE(ledger.out.empty()) << text;
  }
}

/* What was read from every file, in numbers and texts. */
std::string digest(const qs_inputs *in) {
  std::ostringstream text;
  text.precision(17);
  for (size_t u = 0; u < in->underlying_count; u++) {
    const qs_underlying_spec &spec = in->underlyings[u];
    text << spec.name << spec.spot;
    for (size_t q = 0; q < spec.quote_count; q++)
      text << spec.quotes[q].instrument << spec.quotes[q].bid << spec.quotes[q].ask << spec.quotes[q].mark;
  }
  for (size_t i = 0; i < in->position_count; i++)
    text << in->positions[i].instrument << in->positions[i].quantity << in->positions[i].entry_price;
  for (size_t i = 0; i < in->trade_count; i++)
    text << in->trades[i].id << in->trades[i].quantity;
  text << in->cash_count << in->correlation_count << in->stress.scenario_count << in->hedge.cost_count
       << in->limit_count << in->risk.what_if_count << in->simulate.policy_count << in->simulate.level_count
       << in->backtest.policy_count << in->backtest.record.count;
  return text.str();
}

/* Also what libyaml, libcsv and the C library allocate behind our back. */
TEST(Malloc, EveryFailureWhileReading) {
  if (!memory_can_fail()) {
    GTEST_SKIP() << "the sanitizer has a malloc of its own";
  }
  Scratch folder;
  std::map<std::string, std::string> files = sample_files();
  folder.write(files);
  std::string path = folder / "config.yaml";
  fail_call(FAIL_MEMORY, 0, ENOMEM);
  qs_context context;
  qs_context_init(&context);
  qs_config *config = nullptr;
  qs_status status = qs_config_read(&context, path.c_str(), nullptr, 0, &config);
  long total = fail_nothing();
  ASSERT_EQ(status, QS_OK);
  std::string whole = digest(qs_config_inputs(config));
  qs_config_destroy(config);
  EXPECT_GT(total, 100);
  /* All of the first 300, then one in 23, a prime, so that every kind of call is met. */
  long tried = 0, survived = 0;
  for (long n = 1; n <= total; n += n < 300 ? 1 : 23, tried++) {
    config = nullptr;
    fail_call(FAIL_MEMORY, n, ENOMEM);
    status = qs_config_read(&context, path.c_str(), nullptr, 0, &config);
    fail_nothing();
    if (status == QS_OK) { /* libcsv asks for less, qsort does without its buffer: nothing may be missing */
      survived++;
      EXPECT_EQ(digest(qs_config_inputs(config)), whole) << n << " of " << total;
      qs_config_destroy(config);
      continue;
    }
    ASSERT_EQ(status, QS_ERROR_MEMORY) << n << " of " << total << ": " << context.message;
    ASSERT_EQ(config, nullptr);
  }
  EXPECT_LT(survived, tried / 20);
}

TEST(Malloc, EveryFailureWhileWriting) {
  if (!memory_can_fail()) {
    GTEST_SKIP() << "the sanitizer has a malloc of its own";
  }
  SampleResults sample;
  bool written = false;
  for (long n = 1; !written; n++) {
    Scratch folder(true);
    std::string path = folder / "out";
    qs_context context;
    qs_context_init(&context);
    fail_call(FAIL_MEMORY, n, ENOMEM);
    qs_status status = qs_results_write_folder(&context, &sample.results, nullptr, path.c_str());
    fail_nothing();
    written = status == QS_OK;
    EXPECT_TRUE(written || status == QS_ERROR_MEMORY) << n << ": " << context.message;
    /* To remove what was written takes memory too, which may be what failed; the results are whole or absent.
     */
    EXPECT_EQ(std::filesystem::exists(path + "/manifest.json"), written) << n;
    ASSERT_LT(n, 1000);
  }
}

/* Whether the folder holds whole results with that seed. */
bool holds(const std::string &path, const std::string &seed) {
  return std::filesystem::exists(path + "/manifest.json") &&
         Scratch::read(path + "/results.json").find("\"seed\": " + seed + ",") != std::string::npos;
}

/* One system call after the other fails while results are replaced. */
TEST(Files, EveryFailureLeavesOldOrNewResults) {
  Scratch folder(true);
  std::string path = folder / "out";
  SampleResults sample;
  qs_context context;
  qs_context_init(&context);
  sample.results.seed = 1;
  ASSERT_EQ(qs_results_write_folder(&context, &sample.results, nullptr, path.c_str()), QS_OK);
  bool clean = false;
  long failed = 0;
  for (long n = 1; !clean; n++) {
    sample.results.seed = 2;
    fail_call(FAIL_FILES, n, EIO);
    qs_status status = qs_results_write_folder(&context, &sample.results, nullptr, path.c_str());
    clean = fail_nothing() < n;
    failed += status != QS_OK;
    EXPECT_TRUE(status == QS_OK || status == QS_ERROR_IO) << n << ": " << context.message;
    EXPECT_TRUE(holds(path, status == QS_OK ? "2" : "1")) << n << ": " << context.message;
    sample.results.seed = 1;
    ASSERT_EQ(qs_results_write_folder(&context, &sample.results, nullptr, path.c_str()), QS_OK)
        << n << ": what was left stands in the way: " << context.message;
    for (const std::string &name : folder.list()) {
      EXPECT_EQ(name.rfind("out", 0), 0u) << n << " left " << name;
    }
    ASSERT_LT(n, 1000);
  }
  EXPECT_GT(failed, 30);
}

/* File systems that cannot exchange two folders in one step. */
TEST(Files, FallBackWhereFoldersCannotBeExchanged) {
  for (int error : {EINVAL, ENOSYS}) {
    Scratch folder(true);
    std::string path = folder / "out";
    SampleResults sample;
    qs_context context;
    qs_context_init(&context);
    sample.results.seed = 1;
    ASSERT_EQ(qs_results_write_folder(&context, &sample.results, nullptr, path.c_str()), QS_OK);
    sample.results.seed = 2;
    fail_call(FAIL_RENAMEAT2, 1, error);
    EXPECT_EQ(qs_results_write_folder(&context, &sample.results, nullptr, path.c_str()), QS_OK)
        << context.message;
    EXPECT_EQ(fail_nothing(), 1);
    EXPECT_TRUE(holds(path, "2"));
    for (const std::string &name : folder.list()) {
      EXPECT_EQ(name.rfind("out", 0), 0u) << "left " << name;
    }
  }
}

} // namespace
