// Funding: the venues' formulas as they are published, their means against quadrature, the likelihood of
// censored rates against multivariate normal probabilities, the fit on simulated premiums with coverage, and
// recorded rates.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "host/history/funding.h"
#include "table.h"

namespace {

double clamp(double x, double low, double high) {
  return std::min(std::max(x, low), high);
}

TEST(Funding, FormulasAreThoseOfTheVenues) {
  qs_funding_terms binance = qs_funding_binance(), deribit = qs_funding_deribit(0.005);
  for (int i = -3000; i <= 3000; i++) {
    double p = i * 2.7e-6;
    EXPECT_NEAR(qs_funding_rate(&binance, p), p + clamp(1e-4 - p, -5e-4, 5e-4), 1e-18);
    double told = clamp(std::max(2.5e-4, p) + std::min(-2.5e-4, p), -0.005, 0.005);
    EXPECT_NEAR(qs_funding_rate(&deribit, p), told, 1e-18);
    for (const qs_funding_terms &terms : {binance, deribit}) {
      double low, high, rate = qs_funding_rate(&terms, p);
      qs_funding_premium(&terms, rate, 1e-12, &low, &high);
      EXPECT_LE(low, p + 1e-12);
      EXPECT_GE(high, p - 1e-12);
      EXPECT_EQ(low < high, std::abs(p - terms.interest) <= terms.band || std::abs(rate) >= terms.cap);
    }
  }
}

TEST(Funding, MeansAreThoseOfQuadrature) {
  for (const char *venue : {"binance", "deribit"}) {
    qs_funding_terms terms = venue[0] == 'b' ? qs_funding_binance() : qs_funding_deribit(0.005);
    for (const char *law : {"0.0002 0.0005", "-0.001 0.0003", "0.0048 0.002"}) {
      double mean, deviation;
      std::stringstream(law) >> mean >> deviation;
      double expected = history::reference(std::string("funding mean ") + venue + " " + law);
      EXPECT_NEAR(qs_funding_mean(&terms, mean, deviation), expected, 1e-14) << venue << " " << law;
      EXPECT_NEAR(qs_funding_mean(&terms, mean, 0), qs_funding_rate(&terms, mean), 1e-17);
    }
  }
}

// The same record in years: decay = exp(-reversion / 1095), deviation^2 = volatility^2 (1 - decay^2) / (2
// reversion).
qs_premium_process process_of(double mean, double decay, double deviation, double rho) {
  double reversion = -std::log(decay) * 1095;
  return {mean, reversion, deviation * std::sqrt(2 * reversion / (1 - decay * decay)), rho};
}

TEST(Funding, LikelihoodIsThatOfMultivariateNormals) {
  std::vector<double> rates = history::series("funding"), returns = history::series("spot");
  struct {
    const char *name;
    qs_premium_process process;
  } cases[] = {{"a", process_of(2e-4, 0.6, 7e-4, 0.5)},
               {"b", process_of(0, 0.3, 1e-3, -0.2)},
               {"c", process_of(3e-4, 0.85, 4e-4, 0)}};
  qs_funding_terms terms = qs_funding_binance();
  qs_context context;
  qs_context_init(&context);
  for (auto &c : cases) {
    for (bool spot : {false, true}) {
      qs_funding_record record = {rates.data(), rates.size(), spot ? returns.data() : nullptr, 1e-8};
      double value;
      ASSERT_EQ(qs_funding_likelihood(&context, &terms, &record, &c.process, &value), QS_OK)
          << context.message;
      double expected =
          history::reference(std::string("funding likelihood ") + c.name + (spot ? " spot" : ""));
      EXPECT_NEAR(value, expected, 2e-4) << c.name << spot; // quasi Monte Carlo of runs of two and more
    }
  }
}

struct Simulated {
  std::vector<double> rates, returns;
  Simulated(const qs_funding_terms &terms, const qs_premium_process &p, size_t count, std::mt19937_64 &g) {
    std::normal_distribution<double> normal;
    double decay = std::exp(-p.reversion / 1095), own = std::sqrt(1 - p.correlation * p.correlation);
    double stationary = qs_premium_deviation(&p), x = p.mean + stationary * normal(g);
    for (size_t i = 0; i < count; i++) {
      double z = normal(g);
      x = p.mean + decay * (x - p.mean) +
          stationary * std::sqrt(1 - decay * decay) * (p.correlation * z + own * normal(g));
      rates.push_back(std::round(qs_funding_rate(&terms, x) * 1e8) / 1e8);
      returns.push_back(1e-4 + 0.02 * z);
    }
  }
};

// Half of the rates are censored; a third of the returns is unknown.
TEST(Funding, FitFindsTheProcessAndItsErrorsCover) {
  qs_premium_process truth = {2.5e-4, 300, 0.018, 0.4};
  qs_funding_terms terms = qs_funding_binance();
  std::mt19937_64 g(17);
  const int runs = 40;
  double squares[4] = {0}, sums[4] = {0}, flat = 0;
  for (int run = 0; run < runs; run++) {
    Simulated s(terms, truth, 400, g);
    for (size_t i = 0; i < s.returns.size(); i += 3) {
      s.returns[i] = NAN;
    }
    qs_funding_record record = {s.rates.data(), s.rates.size(), s.returns.data(), 1e-8};
    qs_context context;
    qs_context_init(&context);
    qs_funding_fit fit;
    ASSERT_EQ(qs_funding_fit_record(&context, &terms, &record, &fit), QS_OK) << context.message;
    ASSERT_TRUE(fit.converged) << run;
    flat += static_cast<double>(fit.flat) / static_cast<double>(runs * s.rates.size());
    double z[] = {(fit.process.mean - truth.mean) / fit.std_error.mean,
                  std::log(fit.process.reversion / truth.reversion) * fit.process.reversion /
                      fit.std_error.reversion,
                  std::log(fit.process.volatility / truth.volatility) * fit.process.volatility /
                      fit.std_error.volatility,
                  (fit.process.correlation - truth.correlation) / fit.std_error.correlation};
    for (int k = 0; k < 4; k++) {
      sums[k] += z[k] / std::sqrt(static_cast<double>(runs));
      squares[k] += z[k] * z[k] / runs;
    }
  }
  EXPECT_GT(flat, 0.35);
  EXPECT_LT(flat, 0.65);
  for (int k = 0; k < 4; k++) {
    EXPECT_LT(std::abs(sums[k]), 3.5) << k;
    EXPECT_GT(squares[k], 0.45) << k; // chi square of 40 degrees over 40: .45 to 1.9 at 3.5 deviations
    EXPECT_LT(squares[k], 1.95) << k;
  }
}

// The flat interval taken for its middle, which is what a fit without censoring does, is far off.
TEST(Funding, CensoringMatters) {
  qs_premium_process truth = {2.5e-4, 300, 0.012, 0};
  qs_funding_terms terms = qs_funding_binance();
  std::mt19937_64 g(3);
  Simulated s(terms, truth, 3000, g);
  double mean = 0, variance = 0;
  std::vector<double> x;
  for (double r : s.rates) {
    double low, high;
    qs_funding_premium(&terms, r, 1e-8, &low, &high);
    x.push_back(0.5 * (low + high));
    mean += x.back() / 3000;
  }
  for (double v : x) {
    variance += (v - mean) * (v - mean) / 3000;
  }
  qs_funding_record record = {s.rates.data(), s.rates.size(), nullptr, 1e-8};
  qs_context context;
  qs_context_init(&context);
  qs_funding_fit fit;
  ASSERT_EQ(qs_funding_fit_record(&context, &terms, &record, &fit), QS_OK);
  double told = qs_premium_deviation(&fit.process), right = qs_premium_deviation(&truth);
  EXPECT_LT(std::abs(told / right - 1), 0.08);
  EXPECT_GT(std::abs(fit.process.mean - truth.mean), 0);
  EXPECT_LT(std::abs(fit.process.mean - truth.mean), 4 * fit.std_error.mean);
  EXPECT_TRUE(std::isnan(fit.process.correlation));
  EXPECT_GT(std::abs(std::sqrt(variance) / right - 1), 2 * std::abs(told / right - 1));
}

TEST(Funding, ReturnsAreMatchedByTime) {
  std::vector<double> bars;
  for (int j = 0; j < 50; j++) { // hourly
    bars.push_back(100 + j);
  }
  bars[16] = NAN;
  double times[] = {0, 28800, 2 * 28800, 3 * 28800, 6 * 28800, 7 * 28800, 1800}, out[7];
  qs_funding_match(times, 7, 0, 3600, bars.data(), bars.size(), out);
  EXPECT_TRUE(std::isnan(out[0])); // begins before the bars
  EXPECT_DOUBLE_EQ(out[1], std::log(108 / 100.0));
  EXPECT_TRUE(std::isnan(out[2]));
  EXPECT_TRUE(std::isnan(out[3]));
  EXPECT_DOUBLE_EQ(out[4], std::log(148 / 140.0));
  EXPECT_TRUE(std::isnan(out[5]));
  EXPECT_TRUE(std::isnan(out[6])); // not on a bar
}

TEST(Funding, RecordsThatMakeNoSenseAreNamed) {
  qs_funding_terms terms = qs_funding_binance();
  qs_context context;
  qs_context_init(&context);
  qs_funding_fit fit;
  std::vector<double> rates(30, 1e-4);
  qs_funding_record record = {rates.data(), 10, nullptr, 1e-8};
  EXPECT_EQ(qs_funding_fit_record(&context, &terms, &record, &fit), QS_ERROR_INPUT);
  EXPECT_NE(std::string(context.message).find("10 funding rates"), std::string::npos);
  record.count = 30;
  EXPECT_EQ(qs_funding_fit_record(&context, &terms, &record, &fit), QS_ERROR_INPUT);
  EXPECT_NE(std::string(context.message).find("0 of 30 funding rates tell the premium"), std::string::npos);
  rates[4] = NAN;
  EXPECT_EQ(qs_funding_fit_record(&context, &terms, &record, &fit), QS_ERROR_INPUT);
  EXPECT_NE(std::string(context.message).find("funding rate 4 is not finite"), std::string::npos);
}

// Four years of two perpetuals. What the fit must tell rightly out of itself: the share of rates at the
// interest rate and the mean rate, both of which it never fitted. Spot bars begin where these records end: no
// correlation.
class Recorded : public testing::TestWithParam<const char *> {};

TEST_P(Recorded, FitTellsWhatItDidNotSee) {
  history::Table table;
  if (!table.read(history::recorded(std::string("funding/") + GetParam() + "_usdt_perp_8h_2020_2023.csv"))) {
    GTEST_SKIP() << "no recorded funding in " QS_SOURCE_DIR "/../shared/data/funding";
  }
  std::vector<double> rates = table.numbers("funding_rate_8h");
  std::vector<std::string> times = table.texts("time_utc");
  qs_funding_terms terms = qs_funding_binance();
  for (int year = 2020; year <= 2024; year++) {
    size_t begin = 0, end = rates.size(); // 2024: all of them
    if (year < 2024) {
      auto from = [&](int y) {
        return static_cast<size_t>(std::lower_bound(times.begin(), times.end(), std::to_string(y)) -
                                   times.begin());
      };
      begin = from(year);
      end = from(year + 1);
    }
    qs_funding_record record = {rates.data() + begin, end - begin, nullptr, 1e-8};
    qs_context context;
    qs_context_init(&context);
    qs_funding_fit fit;
    ASSERT_EQ(qs_funding_fit_record(&context, &terms, &record, &fit), QS_OK) << context.message;
    EXPECT_TRUE(fit.converged) << year;
    double mean = 0, n = static_cast<double>(record.count);
    for (size_t i = begin; i < end; i++) {
      mean += rates[i] / n;
    }
    double deviation = qs_premium_deviation(&fit.process);
    auto below = [&](double x) { return 0.5 * std::erfc(-(x - fit.process.mean) / deviation * M_SQRT1_2); };
    double flat = below(terms.interest + terms.band) - below(terms.interest - terms.band);
    double told = qs_funding_mean(&terms, fit.process.mean, deviation);
    std::string when = year < 2024 ? std::to_string(year) : "all";
    std::printf("%s %s: premium %.2f +- %.2f bp, reversion %.0f +- %.0f a year (half-life %.2f days), "
                "volatility %.4f +- "
                "%.4f, deviation %.2f bp; at .01%%: %.1f%% recorded, %.1f%% told; mean rate %.2f bp "
                "recorded, %.2f told\n",
                GetParam(), when.c_str(), 1e4 * fit.process.mean, 1e4 * fit.std_error.mean,
                fit.process.reversion, fit.std_error.reversion, fit.half_life_days, fit.process.volatility,
                fit.std_error.volatility, 1e4 * deviation, 100 * static_cast<double>(fit.flat) / n,
                100 * flat, 1e4 * mean, 1e4 * told);
    EXPECT_LT(std::abs(told - mean), 1.5e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Funding, Recorded, testing::Values("btc", "eth"),
                         [](const auto &one) { return std::string(one.param); });

} // namespace
