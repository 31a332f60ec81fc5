/* Calibration with a shift of the variance: volatility at the money met at every expiry, the shift told
 * again, sensitivities against fits made again, and what cannot be met. */
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "chain.h"
#include "synthetic.h"

namespace {

constexpr qs_time kNow = 1785607084;

double square(double x) {
  return x * x;
}

/* The heston of synthetic_models with a shift of its own by expiry, its quotes' volatilities. */
std::vector<SyntheticQuote> shifted_places(const std::vector<double> &phi) {
  qs_model model = synthetic_models()[QS_MODEL_HESTON];
  std::vector<SyntheticQuote> places = synthetic_places(model, 0.55, kNow);
  double total = 0, before = 0;
  size_t piece = 0;
  for (size_t i = 0; i < places.size(); i++) {
    SyntheticQuote &q = places[i];
    if (i == 0 || q.years != places[i - 1].years) {
      total += phi[piece++] * (q.years - before);
      before = q.years;
    }
    qs_fourier_settings settings = qs_fourier_defaults();
    settings.added_variance = total;
    qs_fourier_option_value value;
    qs_fourier_report report;
    double vol = 0;
    bool call = q.log_moneyness >= 0;
    EXPECT_EQ(qs_fourier_option(&model, q.years, call, q.log_moneyness, &settings, &value, &report), QS_OK);
    EXPECT_EQ(qs_black_implied_vol(call, q.log_moneyness, value.price, &vol), QS_BLACK_OK);
    q.vol = vol / std::sqrt(q.years);
  }
  return places;
}

const std::vector<double> kPhi = {0.05, 0.12, 0.03, 0.06, 0.02, 0.08, 0.05};

qs_status fit(MarketFixture &m, qs_model_type type, const QuoteList &list) {
  m.underlyings = {calibrated_spec(type, list)};
  m.underlyings[0].fit_shift = true;
  qs_status status = m.build();
  return status == QS_OK ? qs_market_calibrate(&m.context, m.arena, m.market) : status;
}

/* Largest error at the money: from the fits' volatilities, interpolated here, and those from a price by the
 * other road, one option at a time. */
double worst_at_the_money(const qs_underlying_market &u, qs_time as_of) {
  const qs_calibration_result &r = u.calibration;
  double worst = 0;
  for (size_t s = 0; s < r.shift_count; s++) {
    const qs_quote_fit *below = nullptr, *above = nullptr;
    double forward = qs_curve_forward(&u.curve, qs_time_years(as_of, r.shift[s].expiry));
    for (size_t i = 0; i < r.fit_count; i++) {
      const qs_quote_fit *f = &r.fits[i];
      if (f->expiry == r.shift[s].expiry) {
        below = f->strike <= forward && (!below || f->strike > below->strike) ? f : below;
        above = f->strike > forward && (!above || f->strike < above->strike) ? f : above;
      }
    }
    below = below ? below : above;
    above = above ? above : below;
    double x = above->strike > below->strike
                   ? std::log(forward / below->strike) / std::log(above->strike / below->strike)
                   : 0;
    if (x < 0 || x > 1) {
      x = x < 0 ? 0 : 1; /* all on one side: the nearest */
    }
    double error = 0;
    for (auto [quote, weight] : {std::make_pair(below, 1 - x), std::make_pair(above, x)}) {
      qs_fourier_settings settings = qs_fourier_defaults();
      settings.added_variance = qs_shift_added(&u.shift, as_of, quote->expiry);
      qs_fourier_option_value value;
      qs_fourier_report report;
      double years = qs_time_years(as_of, quote->expiry), k = std::log(quote->strike / forward), total = 0;
      EXPECT_EQ(qs_fourier_option(&r.model, years, k >= 0, k, &settings, &value, &report), QS_OK);
      EXPECT_EQ(qs_black_implied_vol(k >= 0, k, value.price, &total), QS_BLACK_OK);
      EXPECT_NEAR(total / std::sqrt(years), quote->model_vol, 1e-7);
      error += weight * (total / std::sqrt(years) - quote->market_vol);
    }
    worst = std::max(worst, std::fabs(error));
    EXPECT_GE(r.shift[s].variance, 0);
    EXPECT_NEAR(r.shift[s].model_vol - r.shift[s].market_vol, error, 1e-7);
  }
  return worst;
}

TEST(ShiftFit, MeetsVolatilityAtTheMoney) {
  for (qs_model_type type : {QS_MODEL_GBM, QS_MODEL_KOU, QS_MODEL_HESTON, QS_MODEL_BATES, QS_MODEL_SVCJ}) {
    QuoteList list = synthetic_quotes(with_noise(shifted_places(kPhi), 0.3, 11));
    MarketFixture m;
    ASSERT_EQ(fit(m, type, list), QS_OK) << m.message();
    const qs_underlying_market &u = m.market->underlyings[0];
    EXPECT_TRUE(u.calibration.trusted) << u.calibration.why;
    ASSERT_EQ(u.calibration.shift_count, kPhi.size());
    EXPECT_LT(worst_at_the_money(u, kNow), 1e-6) << qs_model_name(type);
  }
}

/* From its own prices the model with the shift is told again: the shift within its error, every quote's
 * volatility within a tenth of a spread. */
TEST(ShiftFit, TellsAShiftThatIsThere) {
  QuoteList list = synthetic_quotes(shifted_places(kPhi));
  MarketFixture m;
  ASSERT_EQ(fit(m, QS_MODEL_HESTON, list), QS_OK) << m.message();
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  EXPECT_LT(r.rmse_vol_points, 0.1);
  EXPECT_EQ(r.inside_bid_ask, 1);
  for (size_t s = 0; s < r.shift_count; s++) {
    EXPECT_LT(std::fabs(r.shift[s].variance - kPhi[s]), 3 * r.shift[s].std_error) << s;
    EXPECT_LT(r.shift[s].std_error, 0.05);
    EXPECT_GT(r.shift[s].std_error, 1e-4);
  }
}

/* Prices of options on and off the quotes after all quotes move up, against the sum of the sensitivities. */
TEST(ShiftFit, ParallelBumpMatchesTheSum) {
  std::vector<SyntheticQuote> noisy = with_noise(shifted_places(kPhi), 0.3, 5), bumped = noisy;
  const double bump = 0.002;
  for (SyntheticQuote &q : bumped) {
    q.vol += bump;
  }
  QuoteList base_list = synthetic_quotes(noisy), bumped_list = synthetic_quotes(bumped);
  MarketFixture base, up;
  ASSERT_EQ(fit(base, QS_MODEL_HESTON, base_list), QS_OK);
  ASSERT_EQ(fit(up, QS_MODEL_HESTON, bumped_list), QS_OK);
  const qs_underlying_market &u = base.market->underlyings[0], &v = up.market->underlyings[0];
  size_t n = u.sensitivity_count;
  for (double years : {0.03, 0.1, 0.3, 0.8}) {
    for (double k : {-0.1, 0.0, 0.1}) {
      qs_time expiry = kNow + static_cast<qs_time>(years * QS_SECONDS_PER_YEAR);
      qs_fourier_option_value before, after;
      qs_fourier_report report;
      qs_fourier_settings settings = qs_fourier_defaults();
      settings.added_variance = qs_shift_added(&u.shift, kNow, expiry);
      ASSERT_EQ(qs_fourier_option(&u.model, years, k >= 0, k, &settings, &before, &report), QS_OK);
      settings.added_variance = qs_shift_added(&v.shift, kNow, expiry);
      ASSERT_EQ(qs_fourier_option(&v.model, years, k >= 0, k, &settings, &after, &report), QS_OK);
      double sum = 0;
      for (size_t row = 0; row < QS_PARAMETER_COUNT + u.shift.count; row++) {
        double by =
            row < QS_PARAMETER_COUNT
                ? before.parameter[row]
                : 0.5 * before.gamma * qs_shift_years(&u.shift, row - QS_PARAMETER_COUNT, kNow, expiry);
        for (size_t i = 0; i < n; i++) {
          sum += by * u.parameter_by_quote[row * n + i] * bump;
        }
      }
      EXPECT_NEAR((after.price - before.price) / sum, 1, 0.01) << years << " " << k;
    }
  }
}

TEST(ShiftFit, DoesNotDependOnThreads) {
  QuoteList list = synthetic_quotes(with_noise(shifted_places(kPhi), 0.5, 5));
  std::vector<double> first;
  for (int threads : {1, 3}) {
    MarketFixture m;
    m.context.threads = threads;
    ASSERT_EQ(fit(m, QS_MODEL_BATES, list), QS_OK);
    const qs_underlying_market &u = m.market->underlyings[0];
    std::vector<double> all(u.model.value, u.model.value + QS_PARAMETER_COUNT);
    for (size_t s = 0; s < u.shift.count; s++) {
      all.push_back(u.shift.pieces[s].variance);
      all.push_back(u.calibration.shift[s].std_error);
    }
    first = first.empty() ? all : first;
    EXPECT_EQ(std::memcmp(first.data(), all.data(), all.size() * sizeof(double)), 0);
  }
}

/* An expiry whose total variance lies below that of the one before admits no shift: a warning says by how
 * much it is missed, and the others are met all the same. */
TEST(ShiftFit, WarnsWhereNoShiftMeetsIt) {
  std::vector<SyntheticQuote> places = shifted_places(kPhi);
  double last = places.back().years;
  for (SyntheticQuote &q : places) {
    q.vol *= q.years == last ? 0.55 : 1;
  }
  QuoteList list = synthetic_quotes(places);
  MarketFixture m;
  ASSERT_EQ(fit(m, QS_MODEL_HESTON, list), QS_OK) << m.message();
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  const qs_shift_result &end = r.shift[r.shift_count - 1], &before = r.shift[r.shift_count - 2];
  ASSERT_LT(square(end.market_vol) * last, square(before.market_vol) * 0.75 * last);
  EXPECT_EQ(end.variance, 0);
  EXPECT_GT(end.model_vol, end.market_vol + 0.01);
  bool warned = false;
  for (size_t i = 0; i < r.warning_count; i++) {
    warned = warned || std::string(r.warnings[i]).find("the shift up to 2027-06-25T08:00:00Z is 0") == 0;
  }
  EXPECT_TRUE(warned);
  for (size_t s = 0; s + 1 < r.shift_count; s++) {
    EXPECT_NEAR(r.shift[s].model_vol, r.shift[s].market_vol, 1e-6) << s;
  }
}

/* The chains that ship with the demo. */
TEST(ShiftFit, MeetsTheDemoChains) {
  for (const char *name : {"btc", "eth"}) {
    Chain chain;
    ASSERT_TRUE(chain.read(std::string(QS_SOURCE_DIR "/configs/demo/") + name + "_quotes.csv"));
    chain.underlying = name[0] == 'b' ? "BTC" : "ETH";
    for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_SVCJ}) {
      MarketFixture m;
      m.inputs.as_of = qs_time_civil(2026, 3, 2) + 9 * 3600 + 1800;
      m.underlyings = {chain.spec()};
      m.underlyings[0].model.type = type;
      m.underlyings[0].calibrate = m.underlyings[0].fit_shift = true;
      ASSERT_EQ(m.build(), QS_OK) << m.message();
      ASSERT_EQ(qs_market_calibrate(&m.context, m.arena, m.market), QS_OK) << m.message();
      EXPECT_GT(m.market->underlyings[0].calibration.shift_count, 3u);
      EXPECT_LT(worst_at_the_money(m.market->underlyings[0], m.inputs.as_of), 1e-6)
          << name << qs_model_name(type);
    }
  }
}

class ShiftChains : public testing::TestWithParam<std::string> {};

/* Every real chain of ../shared/data. */
TEST_P(ShiftChains, AreMetAtTheMoney) {
  Chain chain;
  if (!chain.load(GetParam())) {
    GTEST_SKIP() << "no " << GetParam() << " in " QS_SOURCE_DIR "/../shared/data/chains";
  }
  for (qs_model_type type : {QS_MODEL_HESTON, QS_MODEL_SVCJ}) {
    MarketFixture with, without;
    for (MarketFixture *m : {&with, &without}) {
      m->inputs.as_of = chain.as_of;
      m->underlyings = {chain.spec()};
      m->underlyings[0].model.type = type;
      m->underlyings[0].calibrate = true;
      m->underlyings[0].fit_shift = m == &with;
      ASSERT_EQ(m->build(), QS_OK) << m->message();
      ASSERT_EQ(qs_market_calibrate(&m->context, m->arena, m->market), QS_OK) << m->message();
    }
    const qs_calibration_result &r = with.market->underlyings[0].calibration;
    EXPECT_LT(worst_at_the_money(with.market->underlyings[0], chain.as_of), 1e-6) << qs_model_name(type);
    EXPECT_LT(r.objective, 0.9 * without.market->underlyings[0].calibration.objective) << qs_model_name(type);
    std::printf("%s: within bid-ask %.0f%% with the shift, %.0f%% without\n", qs_model_name(type),
                100 * r.inside_bid_ask, 100 * without.market->underlyings[0].calibration.inside_bid_ask);
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, ShiftChains, testing::ValuesIn(chain_files()),
                         [](const testing::TestParamInfo<std::string> &chain) {
                           return chain.param.substr(0, chain.param.find('.'));
                         });

} // namespace
