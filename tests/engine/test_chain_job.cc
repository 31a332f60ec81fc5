// The whole nightly job, through the public interface, on every recorded chain; skipped where there are none.
#include <gtest/gtest.h>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "quickset/quickset.h"

namespace {

namespace fs = std::filesystem;

const uint32_t kAll =
    QS_SECTION_CALIBRATE | QS_SECTION_VALUE | QS_SECTION_RISK | QS_SECTION_STRESS | QS_SECTION_HEDGE;

// Runs the script that writes the job on a chain into a folder; its exit status.
int write_job(std::string chain, std::string folder) {
  std::string script = QS_SOURCE_DIR "/bench/chain_job.py", python = "python3";
  char *arguments[] = {python.data(), script.data(), chain.data(), folder.data(), nullptr};
  pid_t child;
  int status = -1;
  if (posix_spawnp(&child, "python3", nullptr, nullptr, arguments, environ) != 0 ||
      waitpid(child, &status, 0) < 0) {
    return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Chain : public ::testing::TestWithParam<const char *> {};

// The whole job: every option of the chain is a position.
TEST_P(Chain, WholeJobRuns) {
  fs::path chain = fs::path(QS_SOURCE_DIR) / ".." / "shared" / "data" / "chains" / GetParam();
  if (!fs::exists(chain)) {
    GTEST_SKIP() << chain << " is not there";
  }
  fs::path folder = fs::temp_directory_path() / ("quickset-chain-" + std::to_string(::getpid()));
  ASSERT_EQ(write_job(chain.string(), folder.string()), 0);
  qs_engine_spec spec;
  qs_engine_spec_init(&spec);
  qs_engine *engine = nullptr;
  char message[256] = "";
  ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
  qs_config *config = nullptr;
  const char *overrides[] = {"simulation.paths=4096"};
  ASSERT_EQ(qs_config_load(engine, (folder / "nightly.yaml").c_str(), overrides, 1, &config), QS_OK)
      << qs_engine_message(engine);
  const qs_results *results = nullptr;
  ASSERT_EQ(qs_run(engine, qs_config_inputs(config), kAll, &results), QS_OK) << qs_engine_message(engine);
  ASSERT_EQ(results->calibration_count, 1u);
  const qs_calibration_result &fit = results->calibration[0];
  EXPECT_EQ(fit.quotes_used + fit.exclusion_count, fit.quotes_total);
  EXPECT_GT(fit.quotes_used, 50u);
  EXPECT_TRUE(fit.trusted) << fit.why;
  EXPECT_GT(results->trade_count, 200u);
  // Model prices are near the market's: within a few volatility points everywhere, so within 2% of spot.
  for (size_t i = 0; i < results->trade_count; i++) {
    const qs_trade_result &trade = results->trades[i];
    if (std::string(trade.kind) == "european" && trade.mark == trade.mark) {
      EXPECT_LT(std::abs(trade.model_minus_mark), 0.02) << trade.id;
    }
  }
  EXPECT_TRUE(results->risk.present);
  EXPECT_EQ(results->stress.grid_count, 21u);
  EXPECT_TRUE(results->hedge.present);
  EXPECT_LE(results->hedge.kkt_residual, 1e-8);
  EXPECT_LE(results->hedge.objective_after, results->hedge.objective_before);
  qs_results_destroy(results);
  qs_config_destroy(config);
  qs_engine_destroy(engine);
  fs::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Recorded, Chain,
                         ::testing::Values("btc_20260801T175804Z.csv", "btc_20260427T085457Z.csv",
                                           "btc_20260521T100410Z.csv", "eth_20260521T100842Z.csv",
                                           "eth_20240108T111941Z.csv"));

} // namespace
