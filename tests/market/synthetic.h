/* A synthetic chain: quotes of known volatilities, from a model or otherwise, spread around their mids. */
#ifndef QS_TESTS_MARKET_SYNTHETIC_H
#define QS_TESTS_MARKET_SYNTHETIC_H

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "fixture.h"
#include "host/market/black.h"
#include "host/market/fourier.h"
#include "host/market/names.h"
#include "host/market/time.h"

/* Expiries of a week to a year after 2026-08-01T17:58:04Z. */
inline const std::vector<std::string> &synthetic_expiries() {
  static const std::vector<std::string> expiries = {"7AUG26",  "21AUG26", "25SEP26", "30OCT26",
                                                    "25DEC26", "26MAR27", "25JUN27"};
  return expiries;
}

/* One quote's place. */
struct SyntheticQuote {
  std::string name;
  double years, log_moneyness;
  double vol;    /* of its mid */
  double spread; /* ask_vol - bid_vol */
};

/* Out-of-the-money options at about -2 to 2 standard deviations of `level` at every expiry, spot and forwards
 * 60000, with the model's volatilities; spreads of one vol point near the money and two in the wings. */
inline std::vector<SyntheticQuote> synthetic_places(const qs_model &model, double level, qs_time as_of) {
  std::vector<SyntheticQuote> places;
  for (const std::string &expiry : synthetic_expiries()) {
    qs_listed_name name;
    if (!qs_listed_name_parse(("BTC-" + expiry).c_str(), &name)) {
      return {};
    }
    double years = qs_time_years(as_of, name.expiry), root = std::sqrt(years);
    for (double x = -2; x <= 2; x += 0.25) {
      int strike = static_cast<int>(std::lround(60000 * std::exp(x * level * root) / 100)) * 100;
      double k = std::log(strike / 60000.0), total = 0;
      bool call = strike >= 60000;
      qs_fourier_option_value value;
      qs_fourier_report report;
      qs_fourier_settings settings = qs_fourier_defaults();
      settings.tolerance = 1e-12;
      qs_status status = qs_fourier_option(&model, years, call, k, &settings, &value, &report);
      if (status != QS_OK || qs_black_implied_vol(call, k, value.price, &total) != QS_BLACK_OK) {
        return {};
      }
      places.push_back({"BTC-" + expiry + "-" + std::to_string(strike) + (call ? "-C" : "-P"), years, k,
                        total / root, 0.01 * (1 + std::fabs(x) / 2)});
    }
  }
  return places;
}

/* Their quotes: the price of the mid is that of its volatility, bid and ask lie where the spread's ends
 * would. */
inline QuoteList synthetic_quotes(const std::vector<SyntheticQuote> &places) {
  QuoteList list;
  list.add("BTC-PERPETUAL", 60000, 60000);
  for (const SyntheticQuote &q : places) {
    double root = std::sqrt(q.years);
    bool call = q.log_moneyness >= 0;
    double mid = qs_black_price(call, q.log_moneyness, q.vol * root);
    double half = std::fmin(0.5 * q.spread * root * qs_black_vega(q.log_moneyness, q.vol * root), 0.2 * mid);
    list.add(q.name, mid - half, mid + half);
  }
  return list;
}

/* The same places with each volatility moved at random, normal with standard deviation `size` times the
 * spread. */
inline std::vector<SyntheticQuote> with_noise(std::vector<SyntheticQuote> places, double size,
                                              unsigned seed) {
  std::mt19937_64 generator(seed);
  for (SyntheticQuote &q : places) {
    double sum = -6; /* of twelve uniforms: the same on every standard library */
    for (int i = 0; i < 12; i++) {
      sum += static_cast<double>(generator() >> 11) * 0x1p-53;
    }
    q.vol += size * q.spread * sum;
  }
  return places;
}

/* Six models that a desk could meet. */
inline std::vector<qs_model> synthetic_models() {
  qs_model gbm = {QS_MODEL_GBM, {}};
  gbm.value[QS_SIGMA] = 0.6;
  qs_model merton = {QS_MODEL_MERTON, {}};
  merton.value[QS_SIGMA] = 0.4;
  merton.value[QS_LAMBDA] = 1.5;
  merton.value[QS_MU_J] = -0.12;
  merton.value[QS_SIGMA_J] = 0.18;
  qs_model kou = {QS_MODEL_KOU, {}};
  kou.value[QS_SIGMA] = 0.4;
  kou.value[QS_LAMBDA] = 3;
  kou.value[QS_P] = 0.35;
  kou.value[QS_ETA1] = 12;
  kou.value[QS_ETA2] = 7;
  qs_model heston = {QS_MODEL_HESTON, {0.25, 4, 0.36, 2, -0.4}};
  qs_model bates = {QS_MODEL_BATES, {0.2, 3, 0.3, 1.4, -0.35, 1.2, -0.1, 0.15}};
  qs_model svcj = {QS_MODEL_SVCJ, {0.15, 5, 0.2, 1.1, -0.3, 0.8, -0.03, 0.12, 0.5, -0.15}};
  return {gbm, merton, kou, heston, bates, svcj};
}

inline qs_underlying_spec calibrated_spec(qs_model_type type, const QuoteList &list) {
  qs_underlying_spec spec;
  qs_underlying_spec_init(&spec);
  spec.name = "BTC";
  spec.quotes = list.quotes.data();
  spec.quote_count = list.quotes.size();
  spec.model.type = type;
  spec.calibrate = true;
  return spec;
}

/* Builds and calibrates. */
inline qs_status calibrate(MarketFixture &m, qs_model_type type, const QuoteList &list) {
  m.underlyings = {calibrated_spec(type, list)};
  qs_status status = m.build();
  return status == QS_OK ? qs_market_calibrate(&m.context, m.arena, m.market) : status;
}

#endif
