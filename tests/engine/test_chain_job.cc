// The whole nightly job, through the public interface, on every recorded chain; skipped where there are none.
#include <gtest/gtest.h>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <map>
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

// Black (1976) per unit of forward.
double black(bool call, double k, double s) {
  auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  double d1 = -k / s + s / 2, value = cdf(d1) - std::exp(k) * cdf(d1 - s);
  return call ? value : value - 1 + std::exp(k);
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
  // Far wings need so many: with few paths their error is skewed and understated.
  const char *overrides[] = {"simulation.paths=32768"};
  ASSERT_EQ(qs_config_load(engine, (folder / "nightly.yaml").c_str(), overrides, 1, &config), QS_OK)
      << qs_engine_message(engine);
  const qs_results *results = nullptr;
  ASSERT_EQ(qs_run(engine, qs_config_inputs(config), kAll, &results), QS_OK) << qs_engine_message(engine);
  ASSERT_EQ(results->calibration_count, 1u);
  const qs_calibration_result &fit = results->calibration[0];
  EXPECT_EQ(fit.quotes_used + fit.exclusion_count, fit.quotes_total);
  EXPECT_GT(fit.quotes_used, 50u);
  EXPECT_LT(fit.rmse_vol_points, 10);
  // A fit that is not trusted says why, and the whole answer says so too.
  EXPECT_TRUE(fit.trusted || (fit.why && !results->trusted));
  EXPECT_GT(results->trade_count, 200u);
  // Monte Carlo prices of the quotes that were fitted are those of the fit (by Fourier), quote by quote.
  std::map<std::string, const qs_trade_result *> by_name;
  for (size_t i = 0; i < results->trade_count; i++) {
    by_name[results->trades[i].id] = &results->trades[i];
  }
  size_t compared = 0;
  for (size_t i = 0; i < fit.fit_count; i++) {
    const qs_quote_fit &quote = fit.fits[i];
    auto trade = by_name.find(quote.instrument);
    if (trade == by_name.end()) {
      continue; // expires on the day of the snapshot
    }
    double forward = NAN;
    for (size_t e = 0; e < fit.expiry_count; e++) {
      forward = fit.expiries[e].expiry == quote.expiry ? fit.expiries[e].forward : forward;
    }
    double years = double(quote.expiry - results->as_of) / (365 * 86400.0);
    bool call = std::string(quote.instrument).back() == 'C';
    double fitted = black(call, std::log(quote.strike / forward), quote.model_vol * std::sqrt(years));
    qs_estimate price = trade->second->price_coin;
    EXPECT_LT(std::fabs(price.estimate - fitted), 5 * price.std_error + 1e-6) << quote.instrument;
    compared++;
  }
  EXPECT_GT(compared, 50u);
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
