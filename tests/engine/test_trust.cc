// Numbers that few paths carry say so: by the kurtosis of their batches, by the jumps that are expected.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "host/engine/report.h"
#include "host/engine/trust.h"
#include "tests/engine/trade_rows.h"
#include "tests/engine/world.h"

namespace {

qs_simulation simulation_of(uint32_t batches, uint64_t batch_paths, uint64_t paths) {
  qs_simulation simulation = {};
  simulation.batches = batches;
  simulation.batch_paths = batch_paths;
  simulation.paths = paths;
  return simulation;
}

// The mean of a quantity that is 1 on the paths that carry it, `carrying` of them in the mean, and 0 on
// others.
std::vector<double> carried(std::mt19937_64 &random, uint32_t batches, double carrying) {
  std::poisson_distribution<int> count(carrying / batches);
  std::vector<double> means(batches);
  for (double &mean : means) {
    mean = count(random);
  }
  return means;
}

TEST(Trust, TellsFewPathsFromMany) {
  std::mt19937_64 random(1);
  const qs_simulation simulation = simulation_of(256, 256, 65536);
  int few = 0, many = 0;
  const int runs = 1000;
  for (int i = 0; i < runs; i++) {
    few += qs_few_paths(&simulation, carried(random, 256, 5).data(), 0);
    many += qs_few_paths(&simulation, carried(random, 256, 200).data(), 0);
  }
  EXPECT_GE(few, 0.95 * runs);
  EXPECT_LE(many, 0.01 * runs);
}

// 200,000 numbers of normal batch means at each number of batches that a run may have: none.
TEST(Trust, NormalBatchesAreTrusted) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (uint32_t batches : {2u, 8u, 16u, 32u, 63u, 128u, 256u}) {
    const qs_simulation simulation = simulation_of(batches, 64, uint64_t(batches) * 64);
    std::vector<double> means(batches);
    int flagged = 0;
    for (int i = 0; i < 200000; i++) {
      for (double &mean : means) {
        mean = 7 + normal(random);
      }
      flagged += qs_few_paths(&simulation, means.data(), 0);
    }
    EXPECT_EQ(flagged, 0) << batches << " batches";
  }
}

// The last batch may have fewer paths than the others: its mean is no outlier for that.
TEST(Trust, AShortLastBatchIsNoOutlier) {
  const qs_simulation simulation = simulation_of(256, 4096, 255 * 4096 + 64);
  std::vector<double> means(256);
  for (uint32_t b = 0; b < 256; b++) {
    means[b] = b % 2 ? 1 : -1;
  }
  means[255] = 8; // 64 paths for 4,096: eight times the deviation
  EXPECT_FALSE(qs_few_paths(&simulation, means.data(), 0));
  means[254] = 16;
  EXPECT_TRUE(qs_few_paths(&simulation, means.data(), 0));
}

TEST(Trust, RoundingIsNotJudged) {
  const qs_simulation simulation = simulation_of(256, 256, 65536);
  std::vector<double> means(256, 0.5);
  EXPECT_FALSE(qs_few_paths(&simulation, means.data(), 0)); // exact
  means[17] += 1e-6;                                        // an error of 1e-6 / 256
  EXPECT_TRUE(qs_few_paths(&simulation, means.data(), 1e-9));
  EXPECT_FALSE(qs_few_paths(&simulation, means.data(), 1e-8));
  qs_form form = {};
  form.now[1] = -50;
  form.later = 20;
  EXPECT_DOUBLE_EQ(qs_form_rounding(&form), 5e-6);
}

// A barrier that is watched at all times under heston, whose d_xi a dozen of 2^16 paths carry: the reported
// error went from 8.6e-5 to 2.35e-4 by seed, and a score was 5.5. A million paths carry it well enough.
TEST(Trust, AGreekThatFewPathsCarry) {
  const std::vector<TradeRow> rows = read_trade_rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [](const TradeRow &r) { return r.id == "heston_barrier_continuous_37"; });
  ASSERT_NE(row, rows.end());
  TradeRunner runner;
  int flagged = 0;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    const TradeAnswers answers = runner.run({&*row}, seed, 65536);
    Number d_xi, delta;
    ASSERT_TRUE(answers.find(*row, "d_xi", &d_xi) && answers.find(*row, "delta", &delta));
    flagged += !d_xi.trusted;
    EXPECT_EQ(answers.trusted(*row), d_xi.trusted && answers.all_trusted(*row));
  }
  EXPECT_GE(flagged, 4);
  const TradeAnswers many = runner.run({&*row}, 1, 1 << 20);
  EXPECT_TRUE(many.trusted(*row));
}

// A digital two days out under bates with a jump in two years: N (1 - exp(-lambda T)) = 2^14 x .00274 = 44.8
// paths should have one.
TEST(Trust, FewJumpsAreTold) {
  World w;
  w.add_underlying("B", QS_MODEL_BATES,
                   {{QS_V0, 0.04},
                    {QS_KAPPA, 2},
                    {QS_THETA, 0.04},
                    {QS_XI, 0.4},
                    {QS_RHO, -0.5},
                    {QS_LAMBDA, 0.5},
                    {QS_MU_J, -0.1},
                    {QS_SIGMA_J, 0.1}});
  w.add_underlying("H", QS_MODEL_HESTON,
                   {{QS_V0, 0.04}, {QS_KAPPA, 2}, {QS_THETA, 0.04}, {QS_XI, 0.4}, {QS_RHO, -0.5}});
  w.add_option("jumps", "B", QS_CALL, 100, 2.0 / 365);
  w.add_option("none", "H", QS_CALL, 100, 2.0 / 365);
  w.add_option("later", "B", QS_CALL, 100, 1);
  w.trades[0].book = "soon";
  w.value();
  const qs_trade_result &jumps = w.trade("jumps");
  const uint32_t sizes = 1u << (QS_GREEK_PARAMETER + QS_MU_J) | 1u << (QS_GREEK_PARAMETER + QS_SIGMA_J);
  EXPECT_FALSE(jumps.trusted);
  EXPECT_EQ(jumps.untrusted, sizes); // d_lambda of a european is that of one more jump, in closed form
  EXPECT_NE(std::strstr(jumps.why, "44.8 paths should have a jump, too few for d_mu_j, d_sigma_j"), nullptr)
      << jumps.why;
  EXPECT_TRUE(w.trade("none").trusted) << w.trade("none").why;
  EXPECT_TRUE(w.trade("later").trusted) << w.trade("later").why;
  // Totals inherit it.
  EXPECT_FALSE(w.results.total.trusted);
  EXPECT_STREQ(w.results.total.why, "1 of 3 positions are not trusted");
  EXPECT_EQ(w.results.total.untrusted, sizes);
  for (size_t b = 0; b < w.results.book_count; b++) {
    const qs_total_result &book = w.results.books[b];
    EXPECT_EQ(book.trusted, std::strcmp(book.name, "soon") != 0);
    EXPECT_EQ(book.untrusted, book.trusted ? 0 : sizes);
  }
  EXPECT_FALSE(w.results.underlyings[0].trusted);
  EXPECT_TRUE(w.results.underlyings[1].trusted);
}

TEST(Trust, AnEstimateIsJudgedByItsBatches) {
  std::mt19937_64 random(3);
  const qs_simulation simulation = simulation_of(256, 256, 65536);
  bool few = false;
  const qs_estimate estimate = qs_judged_estimate(&simulation, carried(random, 256, 5).data(), &few);
  EXPECT_TRUE(few);
  EXPECT_GT(estimate.std_error, 0);
  qs_judged_estimate(&simulation, carried(random, 256, 200).data(), &few);
  EXPECT_FALSE(few);
  std::vector<double> means(256, 0.5);
  means[17] += 1e-5; // an error of 4e-8: less than 1e-7 of the number
  qs_judged_estimate(&simulation, means.data(), &few);
  EXPECT_FALSE(few);
}

// A call on the mean of two prices.
TradeRow basket_row(const std::string &id, double strike) {
  const std::string model = R"("spot": 100, "model": {"type": "gbm", "sigma": 0.5}})", a = id + "A",
                    b = id + "B";
  const std::string text = R"({"underlyings": [{"name": ")" + a + "\", " + model + R"(, {"name": ")" + b +
                           "\", " + model + R"(], "correlations": [{"between": [")" + a + R"(", ")" + b +
                           R"("], "value": 0.5}], "trade": {"type": "basket", "underlyings": [")" + a +
                           R"(", ")" + b + R"("], "weights": [0.5, 0.5], "call_put": "call", "strike": )" +
                           std::to_string(strike) + R"(, "expiry": "2026-04-01T08:00:00Z", "quantity": 1}})";
  json_error_t error;
  TradeRow row;
  row.id = id;
  row.payoff = "basket";
  row.json.reset(json_loads(text.c_str(), 0, &error), json_decref);
  EXPECT_TRUE(row.json) << error.text;
  return row;
}

// Two prices whose mean must rise by three deviations and more, and one at the money.
TEST(Trust, CrossGammasAndCorrelations) {
  const TradeRow far = basket_row("far", 165), near = basket_row("near", 100);
  TradeRunner runner;
  const TradeAnswers answers = runner.run({&far, &near}, 1, 1 << 14);
  for (const char *what : {"cross_gamma", "d_correlation"}) {
    Number number;
    ASSERT_TRUE(answers.find(far, std::string(what) + "/farA/farB", &number)) << what;
    EXPECT_FALSE(number.trusted) << what << " " << number.value << " " << number.error;
    ASSERT_TRUE(answers.find(near, std::string(what) + "/nearA/nearB", &number)) << what;
    EXPECT_TRUE(number.trusted) << what;
  }
}

// Two quotes: one moves the variance now, the other the sizes of jumps too, which 44.8 paths should have.
TEST(Trust, SensitivitiesToQuotes) {
  World w;
  w.add_underlying("B", QS_MODEL_BATES,
                   {{QS_V0, 0.04},
                    {QS_KAPPA, 2},
                    {QS_THETA, 0.04},
                    {QS_XI, 0.4},
                    {QS_RHO, -0.5},
                    {QS_LAMBDA, 0.5},
                    {QS_MU_J, -0.1},
                    {QS_SIGMA_J, 0.1}});
  w.add_option("jumps", "B", QS_CALL, 100, 2.0 / 365);
  w.value();
  qs_underlying_market *market = &w.market->underlyings[0];
  qs_quote rows[2] = {};
  qs_option_quote options[2] = {};
  const size_t order[2] = {0, 1};
  double slopes[QS_PARAMETER_COUNT][2] = {};
  for (int j = 0; j < 2; j++) {
    rows[j].instrument = j ? "sizes" : "level";
    options[j].quote = &rows[j];
    options[j].forward = 100;
    options[j].strike = j ? 120 : 100;
    slopes[QS_V0][j] = 0.4;
  }
  slopes[QS_MU_J][1] = 0.1;
  market->options = options;
  market->sensitivity_option = order;
  market->parameter_by_quote = slopes[0];
  market->sensitivity_count = 2;
  ASSERT_EQ(qs_report_sensitivities(&w.context, w.arena, &w.valuation, true, &w.results), QS_OK)
      << w.context.message;
  const qs_sensitivity_result &s = w.results.sensitivities[0];
  ASSERT_EQ(s.vega_count, 2u);
  ASSERT_EQ(s.bucket_count, 2u);
  EXPECT_FALSE(s.vega_by_quote[0].untrusted);
  EXPECT_TRUE(s.vega_by_quote[1].untrusted);
  EXPECT_FALSE(s.vega_by_bucket[0].untrusted);
  EXPECT_TRUE(s.vega_by_bucket[1].untrusted);
  EXPECT_TRUE(s.vega_parallel_untrusted);
  EXPECT_FALSE(qs_report_trusted(&w.results));
  qs_trade_result trusted = w.results.trades[0];
  trusted.trusted = true;
  w.results.trades = &trusted;
  EXPECT_FALSE(qs_report_trusted(&w.results)); // for the sensitivities alone
  w.results.sensitivity_count = 0;
  EXPECT_TRUE(qs_report_trusted(&w.results));
}

} // namespace
