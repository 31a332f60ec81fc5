/* Calibration to every real chain of ../shared/data. */
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "chain.h"
#include "random_start.h"
#include "synthetic.h"

namespace {

/* A chain and fits to it, made when they are asked for. */
class Fits : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    if (!chain.load(GetParam())) {
      GTEST_SKIP() << "no " << GetParam() << " in " QS_SOURCE_DIR "/../shared/data/chains";
    }
  }

  const qs_underlying_market &fit(qs_model_type type) {
    std::unique_ptr<MarketFixture> &m = fits[type];
    if (!m) {
      m = std::make_unique<MarketFixture>();
      m->inputs.as_of = chain.as_of;
      m->underlyings = {chain.spec()};
      m->underlyings[0].model.type = type;
      m->underlyings[0].calibrate = true;
      EXPECT_EQ(m->build(), QS_OK) << m->message();
      EXPECT_EQ(qs_market_calibrate(&m->context, m->arena, m->market), QS_OK) << m->message();
    }
    return m->market->underlyings[0];
  }

  double objective(qs_model_type type) { return fit(type).calibration.objective; }

  Chain chain;
  std::map<qs_model_type, std::unique_ptr<MarketFixture>> fits;
};

/* A model that another one contains never fits better. (merton within bates: its constant variance is the
 * limit of a volatility of variance of 0, where the range ends at 0.01.) */
TEST_P(Fits, LargerModelsFitNoWorse) {
  EXPECT_LE(objective(QS_MODEL_SVCJ), objective(QS_MODEL_BATES) * (1 + 1e-6));
  EXPECT_LE(objective(QS_MODEL_BATES), objective(QS_MODEL_HESTON) * (1 + 1e-6));
  EXPECT_LE(objective(QS_MODEL_BATES), objective(QS_MODEL_MERTON) * 1.001);
  EXPECT_LE(objective(QS_MODEL_MERTON), objective(QS_MODEL_GBM) * (1 + 1e-6));
  EXPECT_LE(objective(QS_MODEL_KOU), objective(QS_MODEL_GBM) * (1 + 1e-6));
}

/* What the result says of each quote, against a price by the other road: one option at a time, and the
 * accurate inversion. Then its sums. Prices are right to 1e-11; a volatility to that over the vega. */
TEST_P(Fits, ReportsWhatTheModelSays) {
  const qs_underlying_market &u = fit(QS_MODEL_SVCJ);
  const qs_calibration_result &r = u.calibration;
  double objective = 0, squares = 0;
  size_t inside = 0, by_expiry = 0;
  ASSERT_EQ(r.fit_count, r.quotes_used);
  ASSERT_EQ(r.quotes_used + r.exclusion_count, r.quotes_total);
  for (size_t i = 0; i < r.fit_count; i++) {
    const qs_quote_fit &f = r.fits[i];
    double years = qs_time_years(chain.as_of, f.expiry), root = std::sqrt(years);
    double k = std::log(f.strike / qs_curve_forward(&u.curve, years)), total = 0;
    qs_fourier_option_value value;
    qs_fourier_report report;
    ASSERT_EQ(qs_fourier_option(&r.model, years, k >= 0, k, nullptr, &value, &report), QS_OK);
    ASSERT_EQ(qs_black_implied_vol(k >= 0, k, value.price, &total), QS_BLACK_OK);
    EXPECT_NEAR(f.model_vol, total / root, 1e-10 / (root * qs_black_vega(k, total)) + 1e-12) << f.instrument;
    double residual = f.weight * (f.model_vol - f.market_vol);
    objective += residual * residual;
    squares += (f.model_vol - f.market_vol) * (f.model_vol - f.market_vol);
    inside += f.model_vol <= f.ask_vol && !(f.model_vol < f.bid_vol);
  }
  for (size_t e = 0; e < r.expiry_count; e++) {
    by_expiry += r.expiries[e].quotes;
  }
  double n = static_cast<double>(r.fit_count);
  EXPECT_EQ(by_expiry, r.fit_count);
  EXPECT_NEAR(r.objective, objective, 1e-9 * objective);
  EXPECT_NEAR(r.rmse_vol_points, 100 * std::sqrt(squares / n), 1e-9);
  EXPECT_NEAR(r.inside_bid_ask, static_cast<double>(inside) / n, 1e-12);
}

/* Searches from a dozen random starts find nothing better; bench/calibration_search does the same for as long
 * as one likes. */
TEST_P(Fits, RandomStartsFindNothingBetter) {
  const qs_underlying_market &u = fit(QS_MODEL_SVCJ);
  MarketFixture &m = *fits[QS_MODEL_SVCJ];
  qs_fit_problem problem;
  qs_fit_descent descent;
  ASSERT_EQ(qs_fit_problem_create(&m.context, m.arena, &u, m.market->as_of, QS_MODEL_SVCJ, false, &problem),
            QS_OK);
  ASSERT_EQ(qs_fit_descent_create(&m.context, m.arena, &problem, &descent), QS_OK);
  const qs_fit_settings settings = {1e-9, 1e-5, 150};
  RandomStart random(2026);
  for (int i = 0; i < 12; i++) {
    qs_model start = random(problem);
    qs_fit_outcome outcome = qs_fit_descend(&problem, &start, &settings, &descent);
    EXPECT_GT(outcome.objective, 0.99 * u.calibration.objective);
  }
}

/* The vega of all quotes together against quotes that are all a vol point higher. */
TEST_P(Fits, ParallelBumpMatchesTheSumOfVegas) {
  const qs_underlying_market &u = fit(QS_MODEL_SVCJ);
  MarketFixture bumped;
  bumped.inputs.as_of = chain.as_of;
  bumped.underlyings = {chain.spec()};
  bumped.underlyings[0].model.type = QS_MODEL_SVCJ;
  bumped.underlyings[0].calibrate = true;
  ASSERT_EQ(bumped.build(), QS_OK) << bumped.message();
  for (size_t i = 0; i < bumped.market->underlyings[0].option_count; i++) {
    bumped.market->underlyings[0].options[i].mid_vol += 0.01; /* weights stay */
  }
  ASSERT_EQ(qs_market_calibrate(&bumped.context, bumped.arena, bumped.market), QS_OK) << bumped.message();
  for (double years : {0.02, 0.1, 0.3, 0.8}) {
    qs_fourier_option_value before, after;
    qs_fourier_report report;
    ASSERT_EQ(qs_fourier_option(&u.model, years, true, 0, nullptr, &before, &report), QS_OK);
    ASSERT_EQ(
        qs_fourier_option(&bumped.market->underlyings[0].model, years, true, 0, nullptr, &after, &report),
        QS_OK);
    double sum = 0;
    for (size_t i = 0; i < QS_PARAMETER_COUNT * u.sensitivity_count; i++) {
      sum += before.parameter[i / u.sensitivity_count] * u.parameter_by_quote[i] * 0.01;
    }
    EXPECT_NEAR((after.price - before.price) / sum, 1, 0.01) << years;
  }
}

TEST_P(Fits, DoNotDependOnThreads) {
  const qs_model first = fit(QS_MODEL_SVCJ).model;
  MarketFixture alone;
  alone.inputs.as_of = chain.as_of;
  alone.context.threads = 1;
  alone.underlyings = {chain.spec()};
  alone.underlyings[0].model.type = QS_MODEL_SVCJ;
  alone.underlyings[0].calibrate = true;
  ASSERT_EQ(alone.build(), QS_OK);
  ASSERT_EQ(qs_market_calibrate(&alone.context, alone.arena, alone.market), QS_OK);
  for (int i = 0; i < QS_PARAMETER_COUNT; i++) {
    EXPECT_EQ(alone.market->underlyings[0].model.value[i], first.value[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, Fits, testing::ValuesIn(chain_files()),
                         [](const testing::TestParamInfo<std::string> &chain) {
                           return chain.param.substr(0, chain.param.find('.'));
                         });

} // namespace
