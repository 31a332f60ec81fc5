/* The market from quotes: spot, curve, filters, implied volatilities, and what is refused. Numbers in
 * comments come from Python with mpmath. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "fixture.h"
#include "host/market/pairs.h"

namespace {

/* as_of is 2026-08-01T17:58:04Z; 25SEP26 is 4716116 s away, 25DEC26 12578516 s. */
TEST(Curve, IsLogLinearBetweenFutures) {
  QuoteList list;
  list.add("BTC-PERPETUAL", 62687.5, 62688.0);
  list.add("BTC-25DEC26", 63700.0, 63707.5);
  list.add("BTC-25SEP26", NAN, 63077.5, 63075.0);
  MarketFixture m;
  m.underlyings = {gbm_spec("BTC", &list)};
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  const qs_underlying_market &u = m.market->underlyings[0];
  EXPECT_EQ(u.spot, 62687.75);
  ASSERT_EQ(u.future_count, 2u);
  EXPECT_STREQ(u.futures[0].instrument, "BTC-25SEP26");
  EXPECT_EQ(u.futures[0].price, 63075.0); /* one side and a mark: the mark */
  EXPECT_EQ(u.futures[1].price, 63703.75);
  double t1 = 4716116.0 / 31536000.0, t2 = 12578516.0 / 31536000.0;
  EXPECT_EQ(qs_curve_forward(&u.curve, 0), 62687.75);
  EXPECT_NEAR(qs_curve_forward(&u.curve, t1), 63075.0, 1e-9);
  EXPECT_NEAR(qs_curve_forward(&u.curve, t2), 63703.75, 1e-9);
  EXPECT_NEAR(qs_curve_forward(&u.curve, t1 / 3), 62816.568440158602, 1e-9);
  EXPECT_NEAR(qs_curve_forward(&u.curve, 0.25), 63327.583281123652, 1e-9);
  EXPECT_NEAR(qs_curve_forward(&u.curve, 1.0), 65245.661045530177, 1e-9);
}

TEST(Curve, FromCarryAndFlatWithoutAnything) {
  MarketFixture m;
  m.underlyings = {gbm_spec("X"), gbm_spec("Y")};
  m.underlyings[0].spot = 100;
  m.underlyings[0].carry = 0.03;
  m.underlyings[1].spot = 50;
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  EXPECT_NEAR(qs_curve_forward(&m.market->underlyings[0].curve, 0.5), 101.5113064615719, 1e-12);
  EXPECT_EQ(qs_curve_forward(&m.market->underlyings[1].curve, 7), 50);
}

TEST(Curve, CarryGivenOverridesFutures) {
  QuoteList list;
  list.add("BTC-25DEC26", 63700.0, 63707.5);
  MarketFixture m;
  m.underlyings = {gbm_spec("BTC", &list)};
  m.underlyings[0].spot = 60000;
  m.underlyings[0].carry = 0;
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  EXPECT_EQ(qs_curve_forward(&m.market->underlyings[0].curve, 0.4), 60000);
}

/* One node 482516 s away, 0.1% up: ln(1.001) 31536000/482516 = 6.533% a year; the option is 12096000 s after
 * it. */
TEST(Curve, WarnsWhereItIsExtrapolated) {
  QuoteList list;
  list.add("BTC-PERPETUAL", 60000, 60000);
  list.add("BTC-7AUG26", 60060, 60060);
  list.add("BTC-25DEC26-70000-C", 0.05, 0.06);
  MarketFixture m;
  m.underlyings = {gbm_spec("BTC", &list)};
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  ASSERT_EQ(r.warning_count, 1u);
  EXPECT_STREQ(r.warnings[0],
               "options expire up to 0.38 years after the last future: there the forward goes on at that "
               "segment's 6.53% a year");
}

TEST(Spot, IsGivenThenIndexThenPerpetual) {
  QuoteList list;
  list.add("BTC-PERPETUAL", 99, 101);
  list.add("BTC-INDEX", 104, 106, 105.5);
  QuoteList perpetual;
  perpetual.add("ETH-PERPETUAL", NAN, 20, 19.5);
  QuoteList index_mid;
  index_mid.add("SOL-INDEX", 10, 11);
  MarketFixture m;
  m.underlyings = {gbm_spec("BTC", &list), gbm_spec("ETH", &perpetual), gbm_spec("SOL", &index_mid)};
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  EXPECT_EQ(m.market->underlyings[0].spot, 105.5);
  EXPECT_EQ(m.market->underlyings[1].spot, 19.5);
  EXPECT_EQ(m.market->underlyings[2].spot, 10.5);
  EXPECT_STREQ(m.market->underlyings[0].perpetual.instrument, "BTC-PERPETUAL");
  EXPECT_EQ(m.market->underlyings[2].perpetual.instrument, nullptr);

  MarketFixture given;
  given.underlyings = {gbm_spec("BTC", &list)};
  given.underlyings[0].spot = 77;
  ASSERT_EQ(given.build(), QS_OK);
  EXPECT_EQ(given.market->underlyings[0].spot, 77);
}

/* A call struck at 70000 that expires on 25DEC26, F = 63703.75: total volatility at 50% a year 0.31577766;
 * the coin price per unit of forward is 0.0880049113810 by mpmath's normal cdf. */
TEST(Filter, ImpliesVolatilitiesInTheVenuesUnit) {
  double price = 0.088004911381046578;
  QuoteList list;
  list.add("BTC-PERPETUAL", 62687.5, 62688.0);
  list.add("BTC-25DEC26", 63700.0, 63707.5);
  list.add("BTC-25DEC26-70000-C", price - 0.001, price + 0.001);
  for (double coin_rate : {0.0, 0.05}) {
    double discount = std::exp(-coin_rate * 12578516.0 / 31536000.0);
    list.quotes[2].bid = (price - 0.001) * discount;
    list.quotes[2].ask = (price + 0.001) * discount;
    MarketFixture m;
    m.underlyings = {gbm_spec("BTC", &list)};
    m.underlyings[0].coin_rate = coin_rate;
    ASSERT_EQ(m.build(), QS_OK) << m.message();
    const qs_option_quote &o = m.market->underlyings[0].options[0];
    EXPECT_EQ(o.exclusion, nullptr);
    EXPECT_NEAR(o.forward, 63703.75, 1e-9);
    EXPECT_NEAR(o.mid_vol, 0.5, 1e-12);
    /* Vega n(d1) sqrt(T) = 0.24948 by the same tool: the bid and the ask are 0.001 of price away. */
    EXPECT_NEAR(o.mid_vol - o.bid_vol, 0.001 / 0.24947650, 1e-5);
    EXPECT_NEAR(o.ask_vol - o.mid_vol, 0.001 / 0.24947650, 1e-5);
  }
}

TEST(Filter, EveryExclusionHasItsReason) {
  QuoteList list;
  list.add("BTC-PERPETUAL", 100, 100);
  list.add("BTC-25DEC26", 100, 100);
  list.add("BTC-25DEC26-100-C", 0.10, 0.11);     /* used */
  list.add("BTC-25DEC26-110-C", NAN, 0.11);      /* no bid */
  list.add("BTC-25DEC26-120-C", 0, 0.11);        /* the venue's way to say so */
  list.add("BTC-25DEC26-130-C", 0.02, NAN);      /* no ask */
  list.add("BTC-25DEC26-140-C", NAN, NAN, 0.02); /* a mark alone is no quote */
  list.add("BTC-25DEC26-150-C", 0.001, 0.0017);  /* spread 0.52 of the mid */
  list.add("BTC-25DEC26-50-C", 0.48, 0.51);      /* mid 0.495 under 1 - 50/100 */
  list.add("BTC-25DEC26-50-P", 0.48, 0.505);     /* ask above K/F */
  list.add("BTC-25DEC26-60-C", 0.39, 0.42);      /* in the money, any volatility up to 140% */
  list.add("BTC-25DEC26-90-C", 0.15, 0.16);      /* in the money, its twin is used */
  list.add("BTC-25DEC26-90-P", 0.05, 0.055);     /* the twin: used */
  list.add("BTC-25DEC26-125-P", 0.28, 0.285);    /* in the money, no twin, tight: used */
  list.add("BTC-7AUG26-300-C", 1e-9, 1.1e-9);    /* next to nothing */
  list.add("BTC-1AUG26-100-C", 0.10, 0.11);      /* expired ten hours ago */
  list.add("BTC-31JUL26", 100, 100);             /* a future that has expired */
  list.add("BTC-25JUN27", NAN, 100);             /* a future without price */
  MarketFixture m;
  m.underlyings = {gbm_spec("BTC", &list)};
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  const qs_underlying_market &u = m.market->underlyings[0];
  std::map<std::string, std::string> reasons;
  for (size_t i = 0; i < u.option_count; i++) {
    reasons[u.options[i].quote->instrument] = u.options[i].exclusion ? u.options[i].exclusion : "";
  }
  std::map<std::string, std::string> expected = {{"BTC-25DEC26-100-C", ""},
                                                 {"BTC-25DEC26-110-C", "one_sided"},
                                                 {"BTC-25DEC26-120-C", "one_sided"},
                                                 {"BTC-25DEC26-130-C", "one_sided"},
                                                 {"BTC-25DEC26-140-C", "one_sided"},
                                                 {"BTC-25DEC26-150-C", "wide_spread"},
                                                 {"BTC-25DEC26-50-C", "below_intrinsic"},
                                                 {"BTC-25DEC26-50-P", "above_maximum"},
                                                 {"BTC-25DEC26-60-C", "in_the_money"},
                                                 {"BTC-25DEC26-90-C", "in_the_money"},
                                                 {"BTC-25DEC26-90-P", ""},
                                                 {"BTC-25DEC26-125-P", ""},
                                                 {"BTC-7AUG26-300-C", "no_time_value"},
                                                 {"BTC-1AUG26-100-C", "expired"}};
  EXPECT_EQ(reasons, expected);
  EXPECT_EQ(u.calibration.quotes_total, 14u);
  ASSERT_EQ(u.calibration.exclusion_count, 11u);
  for (size_t i = 0; i < u.calibration.exclusion_count; i++) {
    EXPECT_EQ(reasons[u.calibration.exclusions[i].instrument], u.calibration.exclusions[i].reason);
  }
  ASSERT_EQ(u.calibration.warning_count, 2u);
  EXPECT_STREQ(u.calibration.warnings[0], "BTC-31JUL26 has expired and is left out");
  EXPECT_NE(std::string(u.calibration.warnings[1]).find("BTC-25JUN27"), std::string::npos);
  EXPECT_EQ(u.future_count, 2u);
  for (size_t i = 0; i < u.option_count; i++) {
    const qs_option_quote &o = u.options[i];
    double spread = o.ask_vol - (std::isnan(o.bid_vol) ? 0 : o.bid_vol);
    EXPECT_EQ(o.weight, o.exclusion ? 0 : 1 / std::max(spread, 0.005)) << o.quote->instrument;
  }
}

TEST(Options, AreSortedByExpiryStrikeAndKind) {
  QuoteList list;
  list.add("BTC-25DEC26-100-P", 0.1, 0.11);
  list.add("BTC-25DEC26-100-C", 0.1, 0.11);
  list.add("BTC-25DEC26-90-C", 0.1, 0.11);
  list.add("BTC-7AUG26-110-C", 0.1, 0.11);
  MarketFixture m;
  m.underlyings = {gbm_spec("BTC", &list)};
  m.underlyings[0].spot = 100;
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  const char *order[] = {"BTC-7AUG26-110-C", "BTC-25DEC26-90-C", "BTC-25DEC26-100-C", "BTC-25DEC26-100-P"};
  for (size_t i = 0; i < 4; i++) {
    EXPECT_STREQ(m.market->underlyings[0].options[i].quote->instrument, order[i]);
  }
}

/* Each change to a sound market must be refused with a message that has these words. */
TEST(Refuses, BadQuotes) {
  const struct {
    const char *name;
    double bid, ask, mark;
    const char *words;
  } cases[] = {
      {"BTC-7AUG26-62000-C", 0.02, 0.01, NAN,
       "underlyings[0] (BTC): quotes row 3 (quotes.csv:4): BTC-7AUG26-62000-C: bid 0.02 is above ask 0.01"},
      {"BTC-7AUG26-62000-C", -0.01, 0.01, NAN,
       "quotes row 3 (quotes.csv:4): BTC-7AUG26-62000-C: bid -0.01; must be"},
      {"BTC-7AUG26-62000-C", 0.01, INFINITY, NAN, "ask inf; must be a finite number"},
      {"BTC-7AUG26-62000-C", 0.01, 0.02, -1, "mark -1; must be"},
      {"BTC-25SEP26", 62000, 61000, NAN, "bid 62000 is above ask 61000"},
      {"BTC-PERPETUAL", 1, 2, NAN,
       "quotes row 3 (quotes.csv:4): instrument: BTC-PERPETUAL is a duplicate of row 1"},
      {"BTC-07AUG26-60000-C", 0.01, 0.02, NAN, "BTC-07AUG26-60000-C is a duplicate of row 2"},
      {"ETH-7AUG26-2000-C", 0.01, 0.02, NAN, "instrument: ETH-7AUG26-2000-C belongs to ETH"},
      {"BTC-7AUG26-62000-X", 0.01, 0.02, NAN,
       "instrument: \"BTC-7AUG26-62000-X\" is not the name of a listed"},
      {"", 0.01, 0.02, NAN, "instrument: missing"},
  };
  for (const auto &c : cases) {
    QuoteList list;
    list.add("BTC-PERPETUAL", 62687.5, 62688.0);
    list.add("BTC-7AUG26-60000-C", 0.05, 0.06);
    list.add(c.name, c.bid, c.ask, c.mark);
    MarketFixture m;
    m.underlyings = {gbm_spec("BTC", &list)};
    EXPECT_EQ(m.build(), QS_ERROR_INPUT) << c.words;
    EXPECT_NE(m.message().find(c.words), std::string::npos) << m.message();
    EXPECT_EQ(m.market, nullptr);
  }
}

TEST(Refuses, BadUnderlyings) {
  using Change = void (*)(MarketFixture &);
  const struct {
    Change change;
    const char *words;
  } cases[] = {
      {[](MarketFixture &m) { m.inputs.as_of = 0; }, "as_of: missing"},
      {[](MarketFixture &m) { m.inputs.reporting_currency = nullptr; }, "reporting_currency: missing"},
      {[](MarketFixture &m) { m.underlyings.clear(); }, "underlyings: empty"},
      {[](MarketFixture &m) { m.underlyings[1].name = nullptr; }, "underlyings[1]: name: missing"},
      {[](MarketFixture &m) { m.underlyings[1].name = "X"; },
       "underlyings[1]: name: X is a duplicate of underlyings[0]"},
      {[](MarketFixture &m) { m.underlyings[1].name = "USD"; },
       "underlyings[1]: name: USD is the reporting currency"},
      {[](MarketFixture &m) { m.underlyings[1].name = "A_NAME_THAT_IS_LONGER_THAN_IT_MAY"; },
       "longer than 31"},
      {[](MarketFixture &m) { m.underlyings[1].spot = NAN; }, "underlyings[1] (Y): spot: missing"},
      {[](MarketFixture &m) { m.underlyings[1].spot = 0; }, "underlyings[1] (Y): spot: 0; must be"},
      {[](MarketFixture &m) { m.underlyings[1].spot = INFINITY; }, "underlyings[1] (Y): spot: inf; must be"},
      {[](MarketFixture &m) { m.underlyings[1].carry = 11; },
       "underlyings[1] (Y): carry: 11; must be in [-10, 10]"},
      {[](MarketFixture &m) { m.underlyings[1].discount_rate = NAN; },
       "underlyings[1] (Y): discount_rate: nan"},
      {[](MarketFixture &m) { m.underlyings[1].coin_rate = -INFINITY; },
       "underlyings[1] (Y): coin_rate: -inf"},
      {[](MarketFixture &m) { m.underlyings[1].basis_volatility = -1; },
       "underlyings[1] (Y): basis.volatility: -1"},
      {[](MarketFixture &m) { m.underlyings[1].basis_mean_reversion = 0; },
       "(Y): basis.mean_reversion: 0; must be"},
      {[](MarketFixture &m) { m.underlyings[1].basis_correlation = 1.5; },
       "(Y): basis.correlation: 1.5; must be in"},
      {[](MarketFixture &m) { m.underlyings[1].max_spread = 0; },
       "underlyings[1] (Y): max_spread: 0; must be"},
      {[](MarketFixture &m) { m.underlyings[1].model.type = QS_MODEL_COUNT; },
       "underlyings[1] (Y): model.type: 6"},
      {[](MarketFixture &m) { m.underlyings[1].model.value[QS_SIGMA] = -0.2; },
       "underlyings[1] (Y): model.sigma: -0.2; must be greater than 0"},
      {[](MarketFixture &m) { m.underlyings[1].given = 0; },
       "underlyings[1] (Y): model.sigma: missing; gbm needs it"},
      {[](MarketFixture &m) { m.underlyings[1].given |= 1u << QS_KAPPA; },
       "underlyings[1] (Y): model.kappa: gbm has no such parameter"},
      {[](MarketFixture &m) { m.underlyings[1].calibrate = true; },
       "underlyings[1] (Y): quotes: missing; calibrate"},
  };
  for (const auto &c : cases) {
    MarketFixture m;
    m.underlyings = {gbm_spec("X"), gbm_spec("Y")};
    m.underlyings[0].spot = m.underlyings[1].spot = 100;
    c.change(m);
    EXPECT_EQ(m.build(), QS_ERROR_INPUT) << c.words;
    EXPECT_NE(m.message().find(c.words), std::string::npos) << m.message();
  }
}

MarketFixture *correlated(std::initializer_list<qs_correlation_spec> pairs) {
  MarketFixture *m = new MarketFixture;
  for (const char *name : {"A", "B", "C"}) {
    m->underlyings.push_back(gbm_spec(name));
    m->underlyings.back().spot = 100;
  }
  m->correlations = pairs;
  return m;
}

TEST(Correlation, IsSymmetricWithZeroForPairsNotGiven) {
  std::unique_ptr<MarketFixture> m(correlated({{{"B", "A"}, 0.5}, {{"B", "C"}, -0.25}}));
  ASSERT_EQ(m->build(), QS_OK) << m->message();
  const double expected[9] = {1, 0.5, 0, 0.5, 1, -0.25, 0, -0.25, 1};
  for (int i = 0; i < 9; i++) {
    EXPECT_EQ(m->market->correlation[i], expected[i]);
  }
}

TEST(Correlation, RefusesBadPairs) {
  const struct {
    std::vector<qs_correlation_spec> pairs;
    const char *words;
  } cases[] = {
      {{{{"A", "Z"}, 0.5}}, "correlations[0]: between[1]: \"Z\" is no underlying"},
      {{{{nullptr, "A"}, 0.5}}, "correlations[0]: between[0]: nothing is no underlying"},
      {{{{"A", "A"}, 0.5}}, "correlations[0]: between: A is named twice"},
      {{{{"A", "B"}, 0.5}, {{"B", "A"}, 0.5}}, "correlations[1]: between: B and A are given twice"},
      {{{{"A", "B"}, 1.5}}, "correlations[0]: value: 1.5; must be in [-1, 1]"},
      {{{{"A", "B"}, NAN}}, "correlations[0]: value: nan; must be in [-1, 1]"},
  };
  for (const auto &c : cases) {
    std::unique_ptr<MarketFixture> m(correlated({}));
    m->correlations = c.pairs;
    EXPECT_EQ(m->build(), QS_ERROR_INPUT);
    EXPECT_NE(m->message().find(c.words), std::string::npos) << m->message();
  }
}

/* Higham (2002), section 4: the correlation matrix nearest to [1 1 0; 1 1 1; 0 1 1] is 0.7607, 0.1573,
 * 0.7607. Its least eigenvalue is 0; the one suggested has 0.001, a matrix at most 0.002 away in each
 * element. */
TEST(Correlation, SuggestsTheNearestValidMatrix) {
  std::unique_ptr<MarketFixture> m(correlated({{{"A", "B"}, 1}, {{"B", "C"}, 1}}));
  EXPECT_EQ(m->build(), QS_ERROR_INPUT);
  double ab = 0, ac = 0, bc = 0;
  const std::string text = m->message();
  ASSERT_EQ(text.find("correlations: not positive definite (smallest eigenvalue -0.414"), 0u) << text;
  ASSERT_EQ(std::sscanf(text.c_str() + text.find("A-B"), "A-B %lf, A-C %lf, B-C %lf", &ab, &ac, &bc), 3)
      << text;
  EXPECT_NEAR(ab, 0.7607, 0.002);
  EXPECT_NEAR(bc, 0.7607, 0.002);
  EXPECT_NEAR(ac, 0.1573, 0.002);

  std::unique_ptr<MarketFixture> again(correlated({{{"A", "B"}, ab}, {{"B", "C"}, bc}, {{"A", "C"}, ac}}));
  EXPECT_EQ(again->build(), QS_OK) << again->message();
}

// Three underlyings of which the first two are Heston's; their variances can be correlated.
MarketFixture *correlated_variances(std::vector<qs_correlation_spec> pairs) {
  MarketFixture *m = correlated({});
  for (int u = 0; u < 2; u++) {
    m->underlyings[size_t(u)].model = {QS_MODEL_HESTON, {0.2, 2, 0.25, 0.8, u ? 0.2 : -0.6}};
    m->underlyings[size_t(u)].given = 31;
  }
  m->correlations = std::move(pairs);
  return m;
}

TEST(Correlation, FullMatrixIsCheckedAndTheNearestSuggested) {
  std::vector<std::string> names;
  std::vector<qs_correlation_spec> pairs = {
      {{"A", "B"}, 0.9}, {{"A.variance", "B.variance"}, 0.8}, {{"A", "C"}, 0.3}};
  std::unique_ptr<MarketFixture> bad(correlated_variances(pairs));
  EXPECT_EQ(bad->build(), QS_ERROR_INPUT);
  const std::string text = bad->message();
  ASSERT_EQ(text.find("correlations: not positive definite (smallest eigenvalue -"), 0u) << text;
  // Every value that is named, put in, makes the matrix valid; the model's rho is not named.
  std::map<std::string, double> named;
  for (size_t at = text.find("values are ") + 11; at < text.size();) {
    const size_t end = std::min(text.find(", ", at), text.size()), space = text.find(' ', at);
    named[text.substr(at, space - at)] = std::stod(text.substr(space, end - space));
    at = end + 2;
  }
  EXPECT_FALSE(named.count("A-A.variance"));
  EXPECT_TRUE(named.count("A-B") && named.count("A.variance-B.variance"));
  pairs.clear();
  for (const auto &entry : named) {
    const size_t dash = entry.first.find('-');
    names.push_back(entry.first.substr(0, dash)), names.push_back(entry.first.substr(dash + 1));
  }
  size_t k = 0;
  for (const auto &entry : named)
    pairs.push_back({{names[2 * k].c_str(), names[2 * k + 1].c_str()}, entry.second}), k++;
  if (!named.count("A-C"))
    pairs.push_back({{"A", "C"}, 0.3});
  std::unique_ptr<MarketFixture> again(correlated_variances(pairs));
  EXPECT_EQ(again->build(), QS_OK) << text << "\n" << again->message();
}

TEST(Correlation, RefusesVariancesThatDoNotMove) {
  const struct {
    qs_correlation_spec pair;
    const char *words;
  } cases[] = {
      {{{"A", "C.variance"}, 0.5}, "correlations[0]: between[1]: the variance of C is constant"},
      {{{"A", "A.variance"}, 0.5}, "correlations[0]: between: A is named twice"},
      {{{"A", "Z.variance"}, 0.5}, "correlations[0]: between[1]: \"Z.variance\" is no underlying"},
  };
  for (const auto &c : cases) {
    std::unique_ptr<MarketFixture> m(correlated_variances({c.pair}));
    EXPECT_EQ(m->build(), QS_ERROR_INPUT);
    EXPECT_NE(m->message().find(c.words), std::string::npos) << m->message();
  }
  std::unique_ptr<MarketFixture> full(correlated_variances({{{"A", "B.variance"}, 0.1}}));
  full->underlyings[0].model.value[QS_RHO] = -1;
  EXPECT_EQ(full->build(), QS_ERROR_INPUT);
  EXPECT_NE(full->message().find("rho of A is -1; at most 0.999"), std::string::npos) << full->message();
}

MarketFixture *jumping(std::vector<qs_common_jump_spec> groups) {
  MarketFixture *m = correlated({});
  for (int u = 0; u < 2; u++) {
    qs_model &model = m->underlyings[size_t(u)].model;
    model = {QS_MODEL_MERTON, {}};
    model.value[QS_SIGMA] = 0.3, model.value[QS_LAMBDA] = 1 + u, model.value[QS_SIGMA_J] = 0.1;
    m->underlyings[size_t(u)].given = 1u << QS_SIGMA | 1u << QS_LAMBDA | 1u << QS_MU_J | 1u << QS_SIGMA_J;
  }
  static std::vector<qs_common_jump_spec> kept;
  kept = std::move(groups);
  m->inputs.common_jumps = kept.data();
  m->inputs.common_jump_count = kept.size();
  return m;
}

TEST(CommonJumps, AreCheckedAndFound) {
  static const char *ab[] = {"A", "B"}, *ac[] = {"A", "C"}, *az[] = {"A", "Z"}, *ba[] = {"B", "A"};
  std::unique_ptr<MarketFixture> good(jumping({{ab, 2, 1, 0.5}}));
  ASSERT_EQ(good->build(), QS_OK) << good->message();
  EXPECT_EQ(good->market->common_of[1], 0);
  EXPECT_EQ(good->market->common_of[2], -1);
  const struct {
    std::vector<qs_common_jump_spec> groups;
    const char *words;
  } cases[] = {
      {{{ab, 2, 1.5, 0}}, "common_jumps[0]: lambda: 1.5; must be at most that of A, which is 1"},
      {{{ab, 1, 1, 0}}, "common_jumps[0]: 1 underlyings"},
      {{{ab, 2, 0, 0}}, "lambda 0; must be two or more, above 0"},
      {{{ab, 2, NAN, 0}}, "lambda nan; must be two or more, above 0"},
      {{{ab, 2, 1, -1}}, "common_jumps[0]: correlation: -1; must be above"},
      {{{ab, 2, 1, NAN}}, "common_jumps[0]: correlation: nan; must be above"},
      {{{ac, 2, 1, 0}}, "common_jumps[0]: underlyings: C is a gbm; must be merton or bates"},
      {{{az, 2, 1, 0}}, "common_jumps[0]: underlyings: Z is no underlying of this run"},
      {{{ab, 2, 0.5, 0}, {ba, 2, 0.5, 0}}, "common_jumps[1]: underlyings: B has common jumps already"},
  };
  for (const auto &c : cases) {
    std::unique_ptr<MarketFixture> m(jumping(c.groups));
    EXPECT_EQ(m->build(), QS_ERROR_INPUT);
    EXPECT_NE(m->message().find(c.words), std::string::npos) << m->message();
  }
}

// What is drawn responds to what is given and to rho as differences of the rule itself.
TEST(Correlation, SlopesOfTheRule) {
  const double nan = NAN, h = 1e-6;
  for (const std::vector<double> &given : std::vector<std::vector<double>>{
           {0.5, nan, nan, nan}, {nan, 0.7, nan, nan}, {0.5, 0.7, -0.3, nan}, {0.4, nan, nan, 0.2}})
    for (double rho_a : {-0.6, nan})
      for (double rho_b : {0.2, nan}) {
        const auto drawn = [&](double move, int entry, double by_rho) {
          std::vector<double> value = given;
          if (entry >= 0)
            value[size_t(entry)] = (std::isnan(value[size_t(entry)]) ? 0 : value[size_t(entry)]) + move;
          std::vector<double> out(QS_DRAWN_COUNT);
          qs_pair_fill(rho_a + by_rho, rho_b, value.data());
          qs_pair_draw(rho_a + by_rho, rho_b, value.data(), out.data());
          return out;
        };
        double slopes[QS_DRAWN_COUNT][QS_PAIR_COUNT], by_rho[QS_DRAWN_COUNT];
        qs_pair_slopes(rho_a, rho_b, given.data(), slopes);
        qs_pair_by_rho(rho_a, rho_b, given.data(), by_rho);
        for (size_t d = 0; d < QS_DRAWN_COUNT; d++) {
          for (int k = 0; k < QS_PAIR_COUNT; k++)
            if (k == QS_PAIR_PRICES || !std::isnan(given[size_t(k)])) {
              EXPECT_NEAR(slopes[d][k], (drawn(h, k, 0)[d] - drawn(-h, k, 0)[d]) / (2 * h), 1e-8);
            }
          if (!std::isnan(rho_a)) {
            EXPECT_NEAR(by_rho[d], (drawn(0, -1, h)[d] - drawn(0, -1, -h)[d]) / (2 * h), 1e-7) << d;
          }
        }
      }
}

} // namespace
