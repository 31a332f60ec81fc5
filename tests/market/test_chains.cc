/* The market of every real chain of ../shared/data, against figures that its README states or that Python
 * counted. */
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "chain.h"
#include "fixture.h"

namespace {

class Chains : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    if (!chain.load(GetParam())) {
      GTEST_SKIP() << "no " << GetParam() << " in " QS_SOURCE_DIR "/../shared/data/chains";
    }
    fixture.inputs.as_of = chain.as_of;
    fixture.underlyings = {chain.spec()};
    qs_underlying_spec &spec = fixture.underlyings[0];
    spec.model.type = QS_MODEL_GBM;
    spec.model.value[QS_SIGMA] = 0.5;
    spec.given = 1u << QS_SIGMA;
    ASSERT_EQ(fixture.build(), QS_OK) << fixture.message();
    market = &fixture.market->underlyings[0];
  }

  Chain chain;
  MarketFixture fixture;
  const qs_underlying_market *market = nullptr;
};

TEST_P(Chains, EveryRowHasItsPlace) {
  size_t rows = market->option_count + market->future_count + (market->perpetual.instrument ? 1 : 0);
  for (const qs_quote &quote : chain.quotes) {
    rows += std::string(quote.instrument).find("-INDEX") != std::string::npos;
  }
  EXPECT_EQ(rows, chain.quotes.size());
  size_t used = 0;
  for (size_t i = 0; i < market->option_count; i++) {
    const qs_option_quote &o = market->options[i];
    used += o.exclusion == nullptr;
    if (!o.exclusion) {
      EXPECT_GT(o.mid_vol, 0) << o.quote->instrument;
      EXPECT_GT(o.ask_vol, o.mid_vol) << o.quote->instrument;
    }
  }
  EXPECT_EQ(used + market->calibration.exclusion_count, market->option_count);
  RecordProperty("used", static_cast<int>(used));
}

TEST_P(Chains, ForwardOfAnExpiryIsThePriceOfItsFuture) {
  for (size_t i = 0; i < market->future_count; i++) {
    const qs_future &future = market->futures[i];
    EXPECT_NEAR(qs_curve_forward(&market->curve, future.years), future.price, 1e-9 * future.price);
    EXPECT_NEAR(future.price / market->spot, 1, 0.2) << future.instrument;
  }
}

/* Put-call parity of two-sided pairs: the forward lies within the bounds that bids and asks allow, so the two
 * implied volatilities at one strike overlap. */
TEST_P(Chains, CallsAndPutsAgree) {
  size_t pairs = 0, overlapping = 0;
  for (size_t i = 1; i < market->option_count; i++) {
    const qs_option_quote &c = market->options[i - 1], &p = market->options[i];
    if (c.exclusion || p.exclusion || c.expiry != p.expiry || c.strike != p.strike) {
      continue;
    }
    double call_low = std::isnan(c.bid_vol) ? 0 : c.bid_vol, put_low = std::isnan(p.bid_vol) ? 0 : p.bid_vol;
    pairs++;
    overlapping += call_low <= p.ask_vol && put_low <= c.ask_vol;
  }
  RecordProperty("pairs", static_cast<int>(pairs));
  EXPECT_EQ(overlapping, pairs);
}

INSTANTIATE_TEST_SUITE_P(Shared, Chains, testing::ValuesIn(chain_files()),
                         [](const testing::TestParamInfo<std::string> &chain) {
                           return chain.param.substr(0, chain.param.find('.'));
                         });

/* README of the data: 868 options, 802 two-sided, 13 expiries; mid implied volatilities from 21% to 155% (1st
 * and 99th percentile), median 42%. */
TEST(BtcChain, HasTheFiguresOfItsReadme) {
  Chain chain;
  if (!chain.load("btc_20260801T175804Z.csv")) {
    GTEST_SKIP() << "no chain in " QS_SOURCE_DIR "/../shared/data/chains";
  }
  MarketFixture m;
  m.inputs.as_of = chain.as_of;
  m.underlyings = {chain.spec()};
  m.underlyings[0].model.type = QS_MODEL_GBM;
  m.underlyings[0].model.value[QS_SIGMA] = 0.5;
  m.underlyings[0].given = 1u << QS_SIGMA;
  m.underlyings[0].max_spread = 10; /* the README's percentiles are of every quote with a mid */
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  const qs_underlying_market &u = m.market->underlyings[0];
  EXPECT_EQ(m.inputs.as_of, 1785607084);
  EXPECT_EQ(u.spot, 62687.75);
  EXPECT_EQ(u.option_count, 868u);
  EXPECT_EQ(u.future_count, 13u);
  std::set<qs_time> expiries;
  std::vector<double> vols;
  size_t two_sided = 0;
  for (size_t i = 0; i < u.option_count; i++) {
    expiries.insert(u.options[i].expiry);
    two_sided += !std::isnan(qs_quote_mid(u.options[i].quote));
    if (!std::isnan(u.options[i].mid_vol)) {
      vols.push_back(u.options[i].mid_vol);
    }
  }
  std::sort(vols.begin(), vols.end());
  EXPECT_EQ(two_sided, 802u);
  EXPECT_EQ(expiries.size(), 13u);
  EXPECT_NEAR(vols[vols.size() / 100], 0.21, 0.01);
  EXPECT_NEAR(vols[vols.size() / 2], 0.42, 0.005);
  EXPECT_NEAR(vols[vols.size() * 99 / 100], 1.55, 0.05);
}

} // namespace
