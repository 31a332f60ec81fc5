/* The leverage function: smiles without arbitrage, Dupire's local variance against differences of prices,
 * repricing against the surface it is made from, and the real chain. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "host/local/local.h"
#include "tests/market/chain.h"
#include "tests/market/synthetic.h"

namespace {

constexpr qs_time kNow = 1785607084;

qs_model heston() {
  return synthetic_models()[QS_MODEL_HESTON];
}

/* A heston that is given, and these quotes. */
void build(MarketFixture &m, const qs_model &model, const QuoteList &list) {
  qs_underlying_spec spec = calibrated_spec(QS_MODEL_HESTON, list);
  spec.calibrate = false;
  spec.model = model;
  spec.given = qs_model_parameters(QS_MODEL_HESTON);
  spec.local = true;
  m.underlyings = {spec};
  ASSERT_EQ(m.build(), QS_OK) << m.message();
}

/* Volatilities of another heston than the one that the leverage stands on. */
std::vector<SyntheticQuote> other_places() {
  qs_model other = heston();
  other.value[QS_V0] = 0.3;
  other.value[QS_THETA] = 0.28;
  other.value[QS_XI] = 1.6;
  other.value[QS_RHO] = -0.1;
  return synthetic_places(other, 0.55, kNow);
}

double call(double k, double total_variance) {
  return qs_black_price(true, k, std::sqrt(total_variance));
}

TEST(Svi, FollowsSmilesWithoutArbitrage) {
  std::vector<SyntheticQuote> places = other_places();
  QuoteList list = synthetic_quotes(places);
  MarketFixture m;
  build(m, heston(), list);
  qs_svi_surface surface;
  ASSERT_EQ(qs_svi_fit(&m.context, m.arena, &m.market->underlyings[0], &surface), QS_OK) << m.message();
  ASSERT_EQ(surface.count, synthetic_expiries().size());
  EXPECT_GT(surface.least_density, 0);
  EXPECT_GT(surface.least_increase, 0);
  for (const SyntheticQuote &q : places) {
    double rate;
    double vol = std::sqrt(qs_svi_surface_smile(&surface, q.years, q.log_moneyness, &rate).w / q.years);
    EXPECT_NEAR(vol, q.vol, 0.5 * q.spread) << q.name;
  }
  /* Prices convex in the strike and rising with time, by their differences. */
  for (double years = 0.01; years < 0.9; years += 0.023) {
    double widest = 1.9 * std::sqrt(years); /* three and a half deviations: prices of 1e-4 and more */
    for (double k = -widest; k < widest; k += 0.05 * widest) {
      double rate, h = 1e-3, strike = std::exp(k), c[3];
      for (int i = 0; i < 3; i++) {
        double at = std::log(strike + (i - 1) * h);
        c[i] = call(at, qs_svi_surface_smile(&surface, years, at, &rate).w);
      }
      EXPECT_GT(c[0] - 2 * c[1] + c[2], 0) << years << " " << k;
      EXPECT_GT(qs_svi_surface_smile(&surface, years + 1e-4, k, &rate).w,
                qs_svi_surface_smile(&surface, years, k, &rate).w);
    }
  }
}

/* Dupire's formula on prices: (dC/dT) / (K^2 d2C/dK2 / 2), by central differences. */
TEST(Svi, LocalVarianceIsThatOfItsPrices) {
  QuoteList list = synthetic_quotes(other_places());
  MarketFixture m;
  build(m, heston(), list);
  qs_svi_surface surface;
  ASSERT_EQ(qs_svi_fit(&m.context, m.arena, &m.market->underlyings[0], &surface), QS_OK);
  auto price = [&](double years, double strike) {
    double rate, k = std::log(strike);
    return call(k, qs_svi_surface_smile(&surface, years, k, &rate).w);
  };
  for (double years : {0.008, 0.03, 0.2, 0.6}) {
    double deviation = 0.55 * std::sqrt(years);
    for (double z : {-1.5, -0.5, 0.0, 0.7, 1.4}) {
      double k = z * deviation, strike = std::exp(k), h = 0.01 * deviation * strike, t = 1e-3 * years;
      double by_time = (price(years + t, strike) - price(years - t, strike)) / (2 * t);
      double by_strike =
          (price(years, strike + h) - 2 * price(years, strike) + price(years, strike - h)) / (h * h);
      double expected = by_time / (0.5 * strike * strike * by_strike);
      bool kept = true;
      EXPECT_NEAR(qs_svi_local_variance(&surface, years, k, &kept) / expected, 1, 2e-3) << years << " " << k;
      EXPECT_FALSE(kept);
    }
  }
}

struct Repriced {
  MarketFixture m;
  qs_local_result result;
};

void run(Repriced &r, const QuoteList &list, int threads, uint64_t paths) {
  r.m.context.threads = threads;
  build(r.m, heston(), list);
  qs_local_settings settings = {65536, paths, 3};
  ASSERT_EQ(qs_local_run(&r.m.context, r.m.arena, &r.m.market->underlyings[0], kNow, &settings), QS_OK)
      << r.m.message();
  ASSERT_NE(r.m.market->underlyings[0].calibration.local, nullptr);
  r.result = *r.m.market->underlyings[0].calibration.local;
}

/* A flat surface over a heston of much smile: the leverage takes all of it out. And the surface of another
 * heston. The particles' own error and that of the steps are allowed 0.15 vol points beside the
 * error bars. */
TEST(Leverage, RepricesTheSurface) {
  for (bool flat : {true, false}) {
    std::vector<SyntheticQuote> places = other_places();
    for (SyntheticQuote &q : places) {
      q.vol = flat ? 0.5 : q.vol;
    }
    QuoteList list = synthetic_quotes(places);
    Repriced r;
    run(r, list, 2, 65536);
    ASSERT_EQ(r.result.fit_count, places.size());
    double squares = 0, worst = 0;
    for (size_t i = 0; i < r.result.fit_count; i++) {
      const qs_local_quote &q = r.result.fits[i];
      double z = (q.model_vol.estimate - q.surface_vol) / std::hypot(q.model_vol.std_error, 0.0015);
      squares += z * z / double(r.result.fit_count);
      worst = std::max(worst, std::fabs(z));
      EXPECT_LT(q.model_vol.std_error, 0.01);
    }
    std::printf("%s: mean square %.2f, largest %.2f; within bid-ask %.3f\n", flat ? "flat" : "heston",
                squares, worst, r.result.inside_bid_ask);
    EXPECT_LT(squares, 1.5); /* an expiry's quotes share their error */
    EXPECT_LT(worst, 4);
    EXPECT_GT(r.result.inside_bid_ask, 0.95);
    /* The heston by itself is far from it. */
    double years = places[8].years, total = 0;
    qs_fourier_option_value value;
    qs_fourier_report report;
    qs_model model = heston();
    ASSERT_EQ(qs_fourier_option(&model, years, false, -0.1, nullptr, &value, &report), QS_OK);
    ASSERT_EQ(qs_black_implied_vol(false, -0.1, value.price, &total), QS_BLACK_OK);
    double rate;
    qs_svi_surface surface;
    ASSERT_EQ(qs_svi_fit(&r.m.context, r.m.arena, &r.m.market->underlyings[0], &surface), QS_OK);
    double vol = std::sqrt(qs_svi_surface_smile(&surface, years, -0.1, &rate).w);
    EXPECT_GT(std::fabs(total - vol) / std::sqrt(years), 0.01);
  }
}

TEST(Leverage, DoesNotDependOnThreads) {
  QuoteList list = synthetic_quotes(other_places());
  std::vector<qs_estimate> first;
  for (int threads : {1, 3}) {
    Repriced r;
    run(r, list, threads, 8192);
    std::vector<qs_estimate> all;
    for (size_t i = 0; i < r.result.fit_count; i++) {
      all.push_back(r.result.fits[i].model_vol);
    }
    first = first.empty() ? all : first;
    EXPECT_EQ(std::memcmp(first.data(), all.data(), all.size() * sizeof(qs_estimate)), 0) << threads;
  }
}

TEST(Leverage, SaysWhereThereIsNothingToFit) {
  std::vector<SyntheticQuote> few = other_places();
  few.resize(5);
  QuoteList list = synthetic_quotes(few);
  MarketFixture m;
  build(m, heston(), list);
  qs_local_settings settings = {1024, 1024, 1};
  ASSERT_EQ(qs_local_run(&m.context, m.arena, &m.market->underlyings[0], kNow, &settings), QS_OK);
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  EXPECT_EQ(r.local, nullptr);
  ASSERT_EQ(r.warning_count, 1u);
  EXPECT_NE(std::string(r.warnings[0]).find("no leverage function was fitted"), std::string::npos);
}

/* The whole BTC chain of 2026-08-01: heston is calibrated, the leverage fitted, every two-sided quote
 * repriced on independent paths. */
TEST(Leverage, PricesTheRealChainWithinBidAsk) {
  Chain chain;
  if (!chain.load("btc_20260801T175804Z.csv")) {
    GTEST_SKIP() << "no chain in " QS_SOURCE_DIR "/../shared/data/chains";
  }
  MarketFixture m;
  m.context.threads = 2;
  m.inputs.as_of = chain.as_of;
  m.underlyings = {chain.spec()};
  m.underlyings[0].model.type = QS_MODEL_HESTON;
  m.underlyings[0].calibrate = m.underlyings[0].local = true;
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  ASSERT_EQ(qs_market_calibrate(&m.context, m.arena, m.market), QS_OK) << m.message();
  qs_local_settings settings = qs_local_resolve(&m.inputs.simulation);
  ASSERT_EQ(qs_local_run(&m.context, m.arena, &m.market->underlyings[0], chain.as_of, &settings), QS_OK)
      << m.message();
  const qs_local_result &r = *m.market->underlyings[0].calibration.local;
  EXPECT_GT(r.least_density, 0);
  EXPECT_GT(r.least_increase, 0);
  size_t quotes = 0, hits = 0, beyond = 0;
  for (size_t i = 0; i < r.fit_count; i++) {
    const qs_local_quote &q = r.fits[i];
    if (q.expiry - chain.as_of >= 7 * 86400) {
      quotes++;
      hits += q.inside;
      /* Outside by more than two error bars, by volatilities where both are there. */
      double miss = std::max(std::isnan(q.bid_vol) ? 0 : q.bid_vol - q.model_vol.estimate,
                             std::isnan(q.ask_vol) ? 0 : q.model_vol.estimate - q.ask_vol);
      beyond += miss > 2 * q.model_vol.std_error;
    }
  }
  std::printf("%-12s %7s %10s %10s %14s\n", "expiry", "quotes", "inside", "surface", "largest error");
  for (size_t i = 0; i < r.expiry_count; i++) {
    const qs_local_expiry &e = r.expiries[i];
    char text[QS_TIME_TEXT];
    qs_time_format(e.expiry, text);
    std::printf("%-12.10s %7zu %9.1f%% %9.1f%% %10.2f points\n", text, e.quotes, 100 * e.inside_bid_ask,
                100 * e.surface_inside, 100 * e.largest_std_error);
  }
  std::printf("7 days or more: %.1f%% of %zu two-sided quotes within bid-ask; %zu outside by more than two "
              "error bars\n",
              100 * r.inside_bid_ask, quotes, beyond);
  EXPECT_EQ(quotes, r.quotes);
  EXPECT_EQ(quotes, 625u);
  EXPECT_NEAR(r.inside_bid_ask, double(hits) / double(quotes), 1e-12);
  EXPECT_GE(r.inside_bid_ask, 0.9);
}

} // namespace
