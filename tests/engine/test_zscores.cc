// z-scores of Monte Carlo prices and Greeks against references in quad precision
// (tests/reference/contracts.csv): six models, Feller's condition violated in many, linear and coin-settled,
// at default settings.
//
// A sample of the contracts runs always; all of them, at 2^16 paths, with QS_TEST_ALL set. Thresholds for
// all: per quantity |mean| <= 0.08, standard deviation within 1 +- 0.05, maximum below the Bonferroni limit
// at 1%. Every contract is run under six seeds, so that parameters of one model alone have scores enough for
// that (a third of 2,000 contracts would miss these bounds by chance one time in seven). The sample's mean
// and standard deviation are held to three standard errors of their own, 3/sqrt(n) and 3/sqrt(2n).
#include "tests/engine/scores.h"
#include "tests/engine/world.h"

#include <algorithm>
#include <map>

#include "host/engine/greeks.h"
#include "host/market/fourier.h"
#include "tests/full_sample.h"
#include "tests/market/reference_table.h"

namespace {

constexpr double kSpot = 100, kCarry = 0.02, kRate = 0.03, kCoinRate = 0.01;

struct Collected {
  Scores scores;          // by quantity
  double worst_exact = 0; // error of estimators without variance, per spot
};

double undiscounted(const ReferenceRow &row, double years) {
  qs_fourier_option_value value;
  qs_fourier_report report;
  double k = row.log_moneyness + kCarry * (row.years - years); // the strike is fixed, the forward moves
  EXPECT_EQ(qs_fourier_option(&row.model, years, row.call, k, nullptr, &value, &report), QS_OK);
  return value.price;
}

// What each Greek should be, from the reference's values per unit of forward.
std::map<int, double> expected_greeks(const ReferenceRow &row, bool coin) {
  const double years = row.years, forward = kSpot * std::exp(kCarry * years), day = 1.0 / 365;
  const double discount = std::exp(-(coin ? kCoinRate : kRate) * years);
  const double scale = discount * (coin ? kSpot : forward), y0 = row.value.price, y1 = row.value.delta;
  std::map<int, double> greeks;
  greeks[QS_GREEK_DELTA] = coin ? discount * y1 : discount * forward / kSpot * y1;
  greeks[QS_GREEK_GAMMA] =
      coin ? discount * row.value.gamma / kSpot : discount * forward * row.value.gamma / kSpot / kSpot;
  greeks[QS_GREEK_D_RATE] = -years * scale * y0;
  greeks[QS_GREEK_D_CARRY] = years * scale * (coin ? y1 - y0 : y1);
  if (coin) {
    greeks[QS_GREEK_NET_DELTA] = discount * (y1 - y0);
  }
  if (years > day) {
    double later = years - day, rate = coin ? kCoinRate : kRate;
    double level = coin ? kSpot : kSpot * std::exp(kCarry * later);
    greeks[QS_GREEK_THETA] = std::exp(-rate * later) * level * undiscounted(row, later) - scale * y0;
  }
  uint32_t used = qs_model_parameters(row.model.type);
  for (unsigned p = 0; p < QS_PARAMETER_COUNT; p++) {
    if (used >> p & 1) {
      greeks[QS_GREEK_PARAMETER + int(p)] = scale * row.value.parameter[p];
    }
  }
  return greeks;
}

void add_score(Collected *collected, const ReferenceRow &row, const std::string &quantity,
               qs_estimate estimate, double expected) {
  double error = estimate.estimate - expected;
  if (row.model.type == QS_MODEL_GBM) {
    collected->worst_exact = std::max(collected->worst_exact, std::fabs(error) / kSpot);
    EXPECT_LT(std::fabs(error), 1e-6 * kSpot) << quantity << " of contract " << row.id;
    return;
  }
  ASSERT_GT(estimate.std_error, 0) << quantity << " of contract " << row.id;
  double z = error / estimate.std_error;
  if (std::fabs(z) > 5) {
    std::printf("contract %d (%s): %s %.8g +- %.2g, expected %.8g\n", row.id, qs_model_name(row.model.type),
                quantity.c_str(), estimate.estimate, estimate.std_error, expected);
  }
  collected->scores.add(quantity, z);
}

// How the paths are drawn, and how many degrees of freedom the errors have at least.
struct Drawing {
  qs_sampling_choice sampling = QS_SAMPLING_CHOICE_PSEUDO;
  qs_variance_reduction reduction = QS_REDUCTION_AUTO;
  double freedom = 1e9;
};

void run_contract(const ReferenceRow &row, int seed, uint64_t paths, const Drawing &drawing,
                  Collected *collected) {
  World w;
  w.inputs.simulation.sampling = drawing.sampling;
  w.inputs.simulation.variance_reduction = drawing.reduction;
  std::string name = "C" + std::to_string(row.id);
  w.inputs.simulation.paths = paths;
  w.inputs.simulation.seed = uint64_t(seed);
  w.inputs.as_of = qs_time_civil(2026, 3, 2) + 9 * 3600 + row.id % 86400;
  qs_underlying_spec &spec = w.add_underlying(name.c_str(), row.model.type, {}, kSpot, kCarry, kRate);
  spec.coin_rate = kCoinRate;
  spec.model = row.model;
  spec.given = qs_model_parameters(row.model.type);
  double strike = kSpot * std::exp(kCarry * row.years + row.log_moneyness);
  qs_call_put call_put = row.call ? QS_CALL : QS_PUT;
  w.add_option("linear", name.c_str(), call_put, strike, row.years);
  w.add_option("coin", name.c_str(), call_put, strike, row.years, 1, QS_SETTLE_COIN);
  w.value();
  // One settlement a contract, so that no path counts twice.
  bool coin = row.id % 2;
  const qs_trade_result &trade = w.trade(coin ? "coin" : "linear");
  double forward = kSpot * std::exp(kCarry * row.years);
  double price = coin ? std::exp(-kCoinRate * row.years) * kSpot * row.value.price
                      : std::exp(-kRate * row.years) * forward * row.value.price;
  add_score(collected, row, "price", trade.price, price);
  for (auto &greek : expected_greeks(row, coin)) {
    ASSERT_TRUE(trade.greeks.present >> greek.first & 1) << qs_greek_name(qs_greek(greek.first));
    add_score(collected, row, qs_greek_name(qs_greek(greek.first)), trade.greeks.value[greek.first],
              greek.second);
  }
}

void judge(const Collected &collected, const Drawing &drawing, bool all) {
  collected.scores.judge(all, drawing.freedom);
  std::printf("estimators without variance: within %.1e of spot\n", collected.worst_exact);
}

void run_all(const Drawing &drawing) {
  const bool all = FullSample();
  std::vector<ReferenceRow> rows = read_reference("contracts.csv");
  ASSERT_GE(rows.size(), 2000u);
  if (const char *id = std::getenv("QS_CONTRACT")) {
    rows = std::vector<ReferenceRow>{rows.at(std::strtoul(id, nullptr, 10))};
  }
  Collected collected;
  const size_t stride = all ? 1 : 8;
  const int seeds = all ? 6 : 1;
  for (size_t i = 0; i < rows.size(); i += stride) {
    // A stride that is no multiple of six visits every model.
    for (int seed = 1; seed <= seeds; seed++) {
      run_contract(rows[i + (all ? 0 : i / stride % stride)], seed, all ? 65536 : 8192, drawing, &collected);
      if (testing::Test::HasFatalFailure()) {
        return;
      }
    }
  }
  judge(collected, drawing, all);
}

TEST(ZScores, AgainstQuadPrecision) {
  run_all({});
}

TEST(ZScores, WithoutControls) {
  run_all({QS_SAMPLING_CHOICE_PSEUDO, QS_REDUCTION_NONE, 1e9});
}

TEST(ZScores, OfMirroredPaths) {
  run_all({QS_SAMPLING_CHOICE_PSEUDO, QS_REDUCTION_ANTITHETIC, 127});
}

// Of few points, so that their errors are above what the time step is biased by.
void run_sobol(const Drawing &drawing) {
  Collected collected;
  std::vector<ReferenceRow> rows = read_reference("contracts.csv");
  for (size_t i = 0; i < rows.size(); i += 7) {
    run_contract(rows[i], 1, 8192, drawing, &collected);
    if (testing::Test::HasFatalFailure()) {
      return;
    }
  }
  judge(collected, drawing, false);
}

TEST(ZScores, OfSobolPoints) {
  run_sobol({QS_SAMPLING_CHOICE_SOBOL, QS_REDUCTION_NONE, 31});
}

TEST(ZScores, OfSobolPointsWithControls) {
  run_sobol({QS_SAMPLING_CHOICE_SOBOL, QS_REDUCTION_AUTO, 30});
}

} // namespace
