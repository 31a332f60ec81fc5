// Variance from bars and its forecasts: against arch and statsmodels on the series of this folder, on
// simulated data whose law is known, and out of sample on recorded bars.
#include <gtest/gtest.h>

#include <random>

#include "host/history/forecast.h"
#include "host/history/garch.h"
#include "host/history/realised.h"
#include "host/history/regime.h"
#include "table.h"

namespace {

struct Variance : testing::Test {
  Variance() { qs_context_init(&context); }
  qs_context context;

  void near(const std::string &name, double value, double relative) {
    double expected = history::reference(name);
    EXPECT_NEAR(value, expected, relative * std::abs(expected)) << name;
  }
};

TEST_F(Variance, RealisedIsTheSumOfSquares) {
  double p[] = {100, 101, 99, 100};
  double r[] = {std::log(101 / 100.0), std::log(99 / 101.0), std::log(100 / 99.0)};
  EXPECT_NEAR(qs_realised_variance(p, 4), r[0] * r[0] + r[1] * r[1] + r[2] * r[2], 1e-18);
  double bipower = M_PI / 2 * 1.5 * (std::abs(r[0] * r[1]) + std::abs(r[1] * r[2]));
  EXPECT_NEAR(qs_bipower_variation(p, 4), bipower, 1e-18);
  double bars[] = {100, 101, 103, 102, 105, 104, 108, 200}, out[2];
  EXPECT_EQ(qs_realised_periods(bars, 7, 3, 3, out, nullptr), 2u);
  EXPECT_NEAR(out[0], std::pow(std::log(1.02), 2), 1e-16);
  EXPECT_NEAR(out[1], std::pow(std::log(108 / 102.0), 2), 1e-16);
}

// A diffusion with jumps: realised variance tells both, bipower the diffusion; the range of a day its
// variance.
TEST_F(Variance, MeasuresFindTheVarianceOfSimulatedBars) {
  std::mt19937_64 g(1);
  std::normal_distribution<double> normal;
  const int days = 400, bars = 1440;
  const double daily = 0.04 * 0.04, jump = 0.03;
  std::vector<double> p = {100};
  double ranges = 0, range_squares = 0;
  for (int d = 0; d < days; d++) {
    for (int i = 0; i < bars; i++) {
      double r = std::sqrt(daily / bars) * normal(g);
      p.push_back(p.back() * std::exp(r + (i == 700 ? (d % 2 ? jump : -jump) : 0)));
    }
    double x = 0, top = 0, bottom = 0; // a day of its own, without jumps
    for (int i = 0; i < 20 * bars; i++) {
      x += std::sqrt(daily / (20 * bars)) * normal(g);
      top = std::max(top, x);
      bottom = std::min(bottom, x);
    }
    double v = qs_range_variance(1, std::exp(top), std::exp(bottom), std::exp(x));
    ranges += v / days;
    range_squares += v * v / days;
  }
  std::vector<double> realised(days), bipower(days);
  ASSERT_EQ(qs_realised_periods(p.data(), p.size(), bars, 1, realised.data(), bipower.data()), 400u);
  double rv = 0, bv = 0;
  for (int d = 0; d < days; d++) {
    rv += realised[static_cast<size_t>(d)] / days;
    bv += bipower[static_cast<size_t>(d)] / days;
  }
  double error = daily * std::sqrt(2.0 / bars / days);
  EXPECT_LT(std::abs(rv - daily - jump * jump) / std::hypot(error, 2 * jump * std::sqrt(daily / bars / days)),
            4);
  EXPECT_NEAR(bv / daily, 1, 0.06); // a jump beside two small returns leaves a trace of 4%
  EXPECT_GT(bv / daily, 1);
  // Garman and Klass: unbiased, 7.4 times as efficient as the squared return of the day (variance 2 daily^2)
  double spread = range_squares - ranges * ranges;
  EXPECT_LT(std::abs(ranges - daily) / std::sqrt(spread / days), 4);
  EXPECT_NEAR(2 * daily * daily / spread, 7.4, 2.2);
}

TEST_F(Variance, HarIsTheRegressionOfStatsmodels) {
  std::vector<double> v = history::series("variance");
  for (bool logs : {false, true}) {
    for (size_t horizon : {1, 5}) {
      qs_har_settings settings = {{1, 7, 30}, horizon, logs, 8};
      qs_har_fit fit;
      ASSERT_EQ(qs_har_fit_series(&context, v.data(), v.size(), &settings, &fit), QS_OK) << context.message;
      std::string name = std::string("har ") + (logs ? "log " : "level ") + std::to_string(horizon);
      for (int k = 0; k < 4; k++) {
        near(name + " " + std::to_string(k), fit.coefficient[k], 1e-8);
        near(name + " " + std::to_string(k) + " error", fit.std_error[k], 1e-8);
      }
      near(name + " r2", fit.r_squared, 1e-9);
      near(name + " residual", fit.residual_variance, 1e-9);
      near(name + " forecast", qs_har_forecast(&fit, v.data(), v.size()), 1e-9);
    }
  }
}

TEST_F(Variance, GarchIsThatOfArch) {
  std::vector<double> squares = history::series("garch");
  for (double &r : squares) {
    r *= r;
  }
  qs_garch_fit fit;
  ASSERT_EQ(qs_garch_fit_series(&context, squares.data(), squares.data(), squares.size(), &fit), QS_OK);
  ASSERT_TRUE(fit.converged);
  near("garch likelihood", fit.log_likelihood, 1e-9);
  near("garch omega", fit.model.omega, 1e-3);
  near("garch alpha", fit.model.alpha, 1e-3);
  near("garch beta", fit.model.beta, 1e-4);
  near("garch omega error", fit.std_error.omega, 0.01); // arch differentiates by other steps
  near("garch alpha error", fit.std_error.alpha, 0.01);
  near("garch beta error", fit.std_error.beta, 0.01);
  near("garch next", fit.next, 1e-4);
  near("garch ten", qs_garch_forecast(&fit.model, fit.next, 10), 1e-4);
}

// The multiplicative error model with errors that are gamma, not what the likelihood takes: the sandwich
// still covers.
TEST_F(Variance, ErrorsCoverWhereTheLawIsAnother) {
  std::mt19937_64 g(12);
  std::gamma_distribution<double> gamma(4, 0.25); // mean 1
  const qs_garch truth = {0.1, 0.3, 0.6};
  const int runs = 100;
  double squares[3] = {0}, sums[3] = {0};
  for (int run = 0; run < runs; run++) {
    std::vector<double> x(2000);
    double h = 1;
    for (double &v : x) {
      v = h * gamma(g);
      h = truth.omega + truth.alpha * v + truth.beta * h;
    }
    qs_garch_fit fit;
    ASSERT_EQ(qs_garch_fit_series(&context, x.data(), x.data(), x.size(), &fit), QS_OK);
    ASSERT_TRUE(fit.converged) << run;
    double z[] = {(fit.model.omega - truth.omega) / fit.std_error.omega,
                  (fit.model.alpha - truth.alpha) / fit.std_error.alpha,
                  (fit.model.beta - truth.beta) / fit.std_error.beta};
    for (int k = 0; k < 3; k++) {
      sums[k] += z[k] / std::sqrt(static_cast<double>(runs));
      squares[k] += z[k] * z[k] / runs;
    }
  }
  for (int k = 0; k < 3; k++) {
    EXPECT_LT(std::abs(sums[k]), 4) << k; // the estimates have a bias of the order of 1/n
    EXPECT_NEAR(squares[k], 1, 0.55) << k;
  }
}

TEST_F(Variance, RegimesAreThoseOfStatsmodels) {
  std::vector<double> r = history::series("regime");
  qs_regime_fit fit;
  ASSERT_EQ(qs_regime_fit_series(&context, r.data(), r.size(), &fit), QS_OK);
  ASSERT_TRUE(fit.converged);
  near("regime likelihood", fit.log_likelihood, 1e-8);
  for (int s = 0; s < 2; s++) {
    std::string state = std::to_string(s);
    near("regime mean " + state, fit.model.mean[s], 2e-3);
    near("regime variance " + state, fit.model.variance[s], 1e-3);
    near("regime stay " + state, fit.model.stay[s], 1e-4);
    EXPECT_GT(fit.std_error.stay[s], 0);
  }
  std::vector<double> each(r.size());
  EXPECT_EQ(qs_regime_filter(&fit.model, r.data(), r.size(), each.data()), fit.turbulent);
  near("regime turbulent", fit.turbulent, 2e-3);
  near("regime turbulent 500", each[500], 2e-3);
}

// What a state is expected to bring, against simulation of the chain.
TEST_F(Variance, RegimesForecastTheirMean) {
  qs_regime model = {{0.1, -0.3}, {0.5, 4}, {0.95, 0.8}};
  std::mt19937_64 g(3);
  std::uniform_real_distribution<double> u;
  for (size_t horizon : {1, 10}) {
    double sum = 0, squares = 0;
    const int runs = 200000;
    for (int run = 0; run < runs; run++) {
      int s = u(g) < 0.7;
      double v = 0;
      for (size_t k = 0; k < horizon; k++) {
        s = u(g) < model.stay[s] ? s : 1 - s;
        v += model.variance[s] / static_cast<double>(horizon);
      }
      sum += v / runs;
      squares += v * v / runs;
    }
    double told = qs_regime_forecast(&model, 0.7, horizon), p = 0.7, between = 0;
    for (size_t k = 0; k < horizon; k++) {
      p = p * model.stay[1] + (1 - p) * (1 - model.stay[0]);
      between += p * (1 - p) * 0.16 / static_cast<double>(horizon);
    }
    EXPECT_LT(std::abs(told - between - sum) / std::sqrt((squares - sum * sum) / runs), 4) << horizon;
  }
}

TEST_F(Variance, ComparisonIsThatOfStatsmodels) {
  std::vector<double> a = history::series("ar"), b = history::series("slow");
  for (size_t i = 0; i < a.size(); i++) {
    a[i] *= a[i];
    b[i] *= b[i];
  }
  for (size_t lags : {0, 6}) {
    qs_comparison c = qs_forecast_compare(a.data(), b.data(), a.size(), lags);
    std::string name = "comparison " + std::to_string(lags);
    near(name, c.difference, 1e-10);
    near(name + " error", c.std_error, 1e-10);
    near(name + " p", c.p_value, 1e-6);
  }
  qs_comparison same = qs_forecast_compare(a.data(), a.data(), a.size(), 3);
  EXPECT_EQ(same.statistic, 0);
  EXPECT_EQ(same.p_value, 1);
}

TEST_F(Variance, TheLossIsLeastAtTheTruth) {
  EXPECT_EQ(qs_forecast_qlike(2, 2), 0);
  EXPECT_GT(qs_forecast_qlike(1, 2), qs_forecast_qlike(4, 2)); // too low is worse than too high
}

// Data of a HAR in logs: a method that is told the past alone must not do better than chance allows, the
// right method must beat the mean and the last value, and what comes later must not matter.
TEST_F(Variance, ForecastsUseThePastAlone) {
  std::mt19937_64 g(6);
  std::normal_distribution<double> normal;
  std::vector<double> v, r;
  double x = 0;
  for (int t = 0; t < 700; t++) {
    x = 0.95 * x + 0.3 * normal(g);
    v.push_back(std::exp(x));
    r.push_back(std::sqrt(v.back()) * normal(g));
  }
  qs_forecast_run run = {r.data(), v.data(), v.size(), 300, 50, 3, {1, 7, 30}};
  std::vector<std::vector<double>> losses(QS_FORECAST_METHODS);
  std::vector<double> forecasts(v.size()), again(v.size());
  size_t bad;
  for (int m = 0; m < QS_FORECAST_METHODS; m++) {
    auto method = static_cast<qs_forecast_method>(m);
    ASSERT_EQ(qs_forecast_series(&context, &run, method, forecasts.data(), &bad), QS_OK) << context.message;
    losses[static_cast<size_t>(m)].resize(v.size());
    ASSERT_EQ(qs_forecast_losses(&run, forecasts.data(), losses[static_cast<size_t>(m)].data()), 398u);
    EXPECT_TRUE(std::isnan(forecasts[299]));
    std::vector<double> v2 = v, r2 = r;
    for (size_t t = 500; t < v.size(); t++) {
      v2[t] *= 7;
      r2[t] *= -3;
    }
    qs_forecast_run other = run;
    other.variances = v2.data();
    other.returns = r2.data();
    ASSERT_EQ(qs_forecast_series(&context, &other, method, again.data(), &bad), QS_OK);
    for (size_t t = 300; t <= 500; t++) {
      ASSERT_EQ(forecasts[t], again[t]) << qs_forecast_name(method) << " " << t;
    }
  }
  for (int m : {QS_FORECAST_LAST, QS_FORECAST_MEAN, QS_FORECAST_RETURNS, QS_FORECAST_REGIME}) {
    qs_comparison c = qs_forecast_compare(losses[QS_FORECAST_HAR_LOG].data(),
                                          losses[static_cast<size_t>(m)].data(), 398, 8);
    EXPECT_LT(c.statistic, m == QS_FORECAST_LAST ? 0 : -2)
        << qs_forecast_name(static_cast<qs_forecast_method>(m));
  }
}

TEST_F(Variance, SeriesThatMakeNoSenseAreNamed) {
  std::vector<double> v(100, 1.0);
  qs_har_settings settings = {{1, 7, 30}, 1, false, 0};
  qs_har_fit har;
  qs_garch_fit garch;
  qs_regime_fit regime;
  auto says = [&](const char *text) { return std::string(context.message).find(text) != std::string::npos; };
  EXPECT_EQ(qs_har_fit_series(&context, v.data(), v.size(), &settings, &har), QS_ERROR_INPUT);
  EXPECT_TRUE(says("do not vary")) << context.message;
  v[7] = 0;
  EXPECT_EQ(qs_har_fit_series(&context, v.data(), v.size(), &settings, &har), QS_ERROR_INPUT);
  EXPECT_TRUE(says("variance 7 is 0")) << context.message;
  EXPECT_EQ(qs_har_fit_series(&context, v.data(), 40, &settings, &har), QS_ERROR_INPUT);
  EXPECT_TRUE(says("40 variances: at least 50")) << context.message;
  settings.lag[1] = 1;
  EXPECT_EQ(qs_har_fit_series(&context, v.data(), v.size(), &settings, &har), QS_ERROR_INPUT);
  EXPECT_TRUE(says("lags 1, 1, 30")) << context.message;
  EXPECT_EQ(qs_garch_fit_series(&context, v.data(), v.data(), 49, &garch), QS_ERROR_INPUT);
  EXPECT_TRUE(says("49 variances")) << context.message;
  v[3] = -1;
  EXPECT_EQ(qs_garch_fit_series(&context, v.data(), v.data(), v.size(), &garch), QS_ERROR_INPUT);
  EXPECT_TRUE(says("variance 3")) << context.message;
  v[9] = NAN;
  EXPECT_EQ(qs_regime_fit_series(&context, v.data(), v.size(), &regime), QS_ERROR_INPUT);
  EXPECT_TRUE(says("return 9")) << context.message;
  std::vector<double> still(60, 0.1);
  EXPECT_EQ(qs_regime_fit_series(&context, still.data(), 60, &regime), QS_ERROR_INPUT);
}

/* A year of daily bars (variance of the range) and a month of minutes (variance of the hours): every method,
 * its mean loss out of sample, and the test against the mean so far. */
void compare(qs_context *context, const char *what, const std::vector<double> &returns,
             const std::vector<double> &v, size_t first, size_t horizon, const size_t (&lag)[3]) {
  qs_forecast_run run = {returns.data(), v.data(), v.size(), first, 20, horizon, {lag[0], lag[1], lag[2]}};
  std::vector<double> forecasts(v.size()), losses(v.size()), base(v.size());
  size_t bad, n = 0;
  double least = INFINITY, average = NAN;
  for (int m : {QS_FORECAST_MEAN, QS_FORECAST_LAST, QS_FORECAST_HAR, QS_FORECAST_HAR_LOG, QS_FORECAST_GARCH,
                QS_FORECAST_RETURNS, QS_FORECAST_REGIME}) {
    auto method = static_cast<qs_forecast_method>(m);
    ASSERT_EQ(qs_forecast_series(context, &run, method, forecasts.data(), &bad), QS_OK) << context->message;
    n = qs_forecast_losses(&run, forecasts.data(), losses.data());
    if (m == QS_FORECAST_MEAN) {
      base = losses;
    }
    double mean = 0;
    for (size_t i = 0; i < n; i++) {
      mean += losses[i] / static_cast<double>(n);
    }
    least = m == QS_FORECAST_MEAN ? least : std::min(least, mean);
    average = m == QS_FORECAST_MEAN ? mean : average;
    qs_comparison c = qs_forecast_compare(losses.data(), base.data(), n, horizon + 8);
    std::printf(
        "%-18s horizon %3zu  %-8s QLIKE %.4f, less the mean's %+.4f +- %.4f (p %.3f), %zu fits unconverged\n",
        what, horizon, qs_forecast_name(method), mean, c.difference, c.std_error, c.p_value, bad);
    EXPECT_TRUE(std::isfinite(mean));
  }
  if (horizon == 1) { // the next period is told better by its past than by the mean
    EXPECT_LT(least, average) << what;
  }
}

class Recorded : public testing::TestWithParam<const char *> {};

TEST_P(Recorded, ForecastsOutOfSample) {
  qs_context context;
  qs_context_init(&context);
  std::string asset = GetParam();
  history::Table daily, minutes;
  if (!daily.read(history::recorded("spot/" + asset + "_usdt_daily_2024.csv"))) {
    GTEST_SKIP() << "no recorded bars in " QS_SOURCE_DIR "/../shared/data/spot";
  }
  std::vector<double> o = daily.numbers("open"), h = daily.numbers("high"), l = daily.numbers("low"),
                      c = daily.numbers("close"), v, r;
  for (size_t i = 0; i < o.size(); i++) {
    v.push_back(qs_range_variance(o[i], h[i], l[i], c[i]));
    r.push_back(std::log(c[i] / o[i]));
  }
  for (size_t horizon : {1, 7}) {
    compare(&context, (asset + " days of 2024").c_str(), r, v, 120, horizon, {1, 7, 30});
  }
  if (!minutes.read_gz(history::recorded("spot/" + asset + "_usdt_1min_202401.csv.gz"))) {
    GTEST_SKIP() << "no minute bars in " QS_SOURCE_DIR "/../shared/data/spot, or no zlib";
  }
  std::vector<double> closes = minutes.numbers("close");
  closes.insert(closes.begin(), minutes.numbers("open")[0]);
  std::vector<double> hourly(closes.size() / 60);
  hourly.resize(qs_realised_periods(closes.data(), closes.size(), 60, 1, hourly.data(), nullptr));
  std::vector<double> hours;
  for (size_t k = 0; k < hourly.size(); k++) {
    hours.push_back(std::log(closes[(k + 1) * 60] / closes[k * 60]));
  }
  for (size_t horizon : {1, 24}) {
    compare(&context, (asset + " hours of 1/24").c_str(), hours, hourly, 240, horizon, {1, 24, 120});
  }
}

INSTANTIATE_TEST_SUITE_P(Variance, Recorded, testing::Values("btc", "eth"),
                         [](const auto &one) { return std::string(one.param); });

} // namespace
