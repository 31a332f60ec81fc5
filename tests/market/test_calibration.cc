/* Calibration on synthetic chains of known models: recovery, standard errors, sensitivities, what is not
 * trusted. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "host/market/implied_near.h"
#include "synthetic.h"

namespace {

/* A volatility at the money to lay strikes out by. */
double level_of(const qs_model &model) {
  qs_fourier_option_value value;
  qs_fourier_report report;
  double total = 0;
  qs_fourier_option(&model, 0.25, true, 0, nullptr, &value, &report);
  qs_black_implied_vol(true, 0, value.price, &total);
  return 2 * total;
}

class Models : public testing::TestWithParam<int> {
protected:
  qs_model truth = synthetic_models()[static_cast<size_t>(GetParam())];
  std::vector<SyntheticQuote> places = synthetic_places(truth, level_of(truth), 1785607084);
};

/* Prices are right to 1e-11 of the forward and vegas above 1e-3, so volatilities to 1e-8; the least direction
 * of the curvature (eigenvalue 1e-4 or more in units of a spread of 0.01) widens that to 1e-6 at most. */
TEST_P(Models, AreRecoveredFromTheirOwnPrices) {
  QuoteList list = synthetic_quotes(places);
  MarketFixture m;
  ASSERT_EQ(places.size(), 7u * 17u);
  ASSERT_EQ(calibrate(m, truth.type, list), QS_OK) << m.message();
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  EXPECT_TRUE(r.trusted) << r.why;
  EXPECT_TRUE(r.calibrated);
  EXPECT_EQ(r.quotes_used, places.size());
  EXPECT_LT(r.rmse_vol_points, 1e-6);
  EXPECT_EQ(r.inside_bid_ask, 1);
  for (size_t i = 0; i < r.parameter_count; i++) {
    const qs_parameter_result &p = r.parameters[i];
    EXPECT_NEAR(p.estimate, truth.value[p.parameter],
                1e-6 * std::max(1.0, std::fabs(truth.value[p.parameter])))
        << qs_parameter_name(p.parameter);
    EXPECT_TRUE(p.identified) << qs_parameter_name(p.parameter);
    EXPECT_EQ(p.estimate, m.market->underlyings[0].model.value[p.parameter]);
  }
}

/* The derivative of a parameter with respect to the quotes, times a small move of all of them, against the
 * same fit made again. Central differences of 1e-3: the error is of second order, 1e-6 over a derivative of
 * order one. */
TEST_P(Models, SensitivitiesMatchARefit) {
  std::vector<SyntheticQuote> noisy = with_noise(places, 0.3, 7);
  auto fit = [&](double shift, MarketFixture &m) {
    std::vector<SyntheticQuote> moved = noisy;
    for (SyntheticQuote &q : moved) {
      q.vol += shift * (1 + q.log_moneyness); /* not parallel, so that every parameter moves */
    }
    QuoteList list = synthetic_quotes(moved);
    m.underlyings = {calibrated_spec(truth.type, list)};
    ASSERT_EQ(m.build(), QS_OK) << m.message();
    for (size_t i = 0; i < m.market->underlyings[0].option_count; i++) {
      m.market->underlyings[0].options[i].weight = 100; /* the refit has the weights of the fit */
    }
    ASSERT_EQ(qs_market_calibrate(&m.context, m.arena, m.market), QS_OK) << m.message();
  };
  const double h = 2e-4;
  MarketFixture base, up, down;
  fit(0, base);
  fit(h, up);
  fit(-h, down);
  const qs_underlying_market &u = base.market->underlyings[0];
  ASSERT_EQ(u.sensitivity_count, places.size());
  for (size_t j = 0; j < u.calibration.parameter_count; j++) {
    qs_parameter p = u.calibration.parameters[j].parameter;
    double predicted = 0;
    for (size_t i = 0; i < u.sensitivity_count; i++) {
      const qs_option_quote &o = u.options[u.sensitivity_option[i]];
      predicted += u.parameter_by_quote[static_cast<size_t>(p) * u.sensitivity_count + i] *
                   (1 + std::log(o.strike / o.forward));
    }
    double refit =
        (up.market->underlyings[0].model.value[p] - down.market->underlyings[0].model.value[p]) / (2 * h);
    EXPECT_NEAR(refit, predicted, 2e-3 * std::max(1.0, std::fabs(predicted))) << qs_parameter_name(p);
  }
}

INSTANTIATE_TEST_SUITE_P(Family, Models, testing::Range(0, static_cast<int>(QS_MODEL_COUNT)),
                         [](const testing::TestParamInfo<int> &type) {
                           return std::string(qs_model_name(static_cast<qs_model_type>(type.param)));
                         });

/* Independent errors of half a spread on every quote: over 40 chains the estimates' distances from the truth,
 * in standard errors, have mean square 1. Sums of 200 squares vary by sqrt(2/200) = 0.1, three times that and
 * the sandwich's own error of a tenth are allowed. */
TEST(StandardErrors, CoverTheTruth) {
  qs_model truth = synthetic_models()[QS_MODEL_HESTON];
  std::vector<SyntheticQuote> places = synthetic_places(truth, level_of(truth), 1785607084);
  double squares = 0;
  int count = 0, outside = 0;
  for (unsigned seed = 1; seed <= 40; seed++) {
    QuoteList list = synthetic_quotes(with_noise(places, 0.5, seed));
    MarketFixture m;
    ASSERT_EQ(calibrate(m, truth.type, list), QS_OK) << m.message();
    const qs_calibration_result &r = m.market->underlyings[0].calibration;
    for (size_t i = 0; i < r.parameter_count; i++) {
      double z =
          (r.parameters[i].estimate - truth.value[r.parameters[i].parameter]) / r.parameters[i].std_error;
      squares += z * z;
      outside += std::fabs(z) > 1.96;
      count++;
    }
  }
  EXPECT_NEAR(squares / count, 1, 0.4);
  EXPECT_NEAR(static_cast<double>(outside) / count, 0.05, 0.05);
}

/* All quotes up by a vol point against the sum of the vegas of all quotes: within 1%. */
TEST(Sensitivities, ParallelBumpMatchesTheSum) {
  qs_model truth = synthetic_models()[QS_MODEL_SVCJ];
  std::vector<SyntheticQuote> noisy =
      with_noise(synthetic_places(truth, level_of(truth), 1785607084), 0.5, 3);
  std::vector<SyntheticQuote> bumped = noisy;
  for (SyntheticQuote &q : bumped) {
    q.vol += 0.01;
  }
  QuoteList base_list = synthetic_quotes(noisy), bumped_list = synthetic_quotes(bumped);
  MarketFixture base, up;
  ASSERT_EQ(calibrate(base, QS_MODEL_SVCJ, base_list), QS_OK);
  ASSERT_EQ(calibrate(up, QS_MODEL_SVCJ, bumped_list), QS_OK);
  const qs_underlying_market &u = base.market->underlyings[0];
  for (double years : {0.05, 0.25, 0.9}) {
    qs_fourier_option_value before, after;
    qs_fourier_report report;
    ASSERT_EQ(qs_fourier_option(&u.model, years, true, 0, nullptr, &before, &report), QS_OK);
    ASSERT_EQ(qs_fourier_option(&up.market->underlyings[0].model, years, true, 0, nullptr, &after, &report),
              QS_OK);
    double sum = 0;
    for (size_t i = 0; i < QS_PARAMETER_COUNT * u.sensitivity_count; i++) {
      sum += before.parameter[i / u.sensitivity_count] * u.parameter_by_quote[i] * 0.01;
    }
    EXPECT_NEAR((after.price - before.price) / sum, 1, 0.01) << years;
  }
}

TEST(Calibration, DoesNotDependOnThreads) {
  qs_model truth = synthetic_models()[QS_MODEL_SVCJ];
  QuoteList list = synthetic_quotes(with_noise(synthetic_places(truth, level_of(truth), 1785607084), 0.5, 5));
  qs_model first = {QS_MODEL_GBM, {}};
  std::vector<double> by_quote;
  for (int threads : {1, 2, 7}) {
    MarketFixture m;
    m.context.threads = threads;
    ASSERT_EQ(calibrate(m, QS_MODEL_SVCJ, list), QS_OK);
    const qs_underlying_market &u = m.market->underlyings[0];
    size_t bytes = QS_PARAMETER_COUNT * u.sensitivity_count * sizeof(double);
    if (threads == 1) {
      first = u.model;
      by_quote.assign(u.parameter_by_quote, u.parameter_by_quote + bytes / sizeof(double));
    }
    EXPECT_EQ(std::memcmp(&first, &u.model, sizeof first), 0) << threads;
    EXPECT_EQ(std::memcmp(by_quote.data(), u.parameter_by_quote, bytes), 0) << threads;
  }
}

/* Quotes without jumps, fitted with jumps: the fit is as good, and it says that it cannot tell them. */
TEST(Calibration, SaysWhatIsNotIdentified) {
  qs_model truth = synthetic_models()[QS_MODEL_HESTON];
  QuoteList list = synthetic_quotes(synthetic_places(truth, level_of(truth), 1785607084));
  MarketFixture m;
  ASSERT_EQ(calibrate(m, QS_MODEL_BATES, list), QS_OK);
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  EXPECT_LT(r.rmse_vol_points, 0.01);
  std::vector<std::string> lost;
  for (size_t i = 0; i < r.parameter_count; i++) {
    if (!r.parameters[i].identified) {
      lost.push_back(qs_parameter_name(r.parameters[i].parameter));
    }
  }
  EXPECT_NE(std::find(lost.begin(), lost.end(), "mu_j"), lost.end());
  EXPECT_GE(r.warning_count, lost.size());
}

/* One expiry tells a level of variance, not how it reverts. */
TEST(Calibration, OneExpiryDoesNotTellMeanReversion) {
  qs_model truth = synthetic_models()[QS_MODEL_HESTON];
  std::vector<SyntheticQuote> places = synthetic_places(truth, level_of(truth), 1785607084);
  places.resize(17);
  QuoteList list = synthetic_quotes(with_noise(places, 0.3, 1));
  MarketFixture m;
  ASSERT_EQ(calibrate(m, QS_MODEL_HESTON, list), QS_OK);
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  EXPECT_FALSE(r.parameters[1].identified && r.parameters[2].identified);
}

TEST(Calibration, TooFewQuotesAreNotTrusted) {
  qs_model truth = synthetic_models()[QS_MODEL_HESTON];
  std::vector<SyntheticQuote> all = synthetic_places(truth, level_of(truth), 1785607084);
  for (size_t count : {0u, 1u, 4u, 5u, 9u}) {
    std::vector<SyntheticQuote> places(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    QuoteList list = synthetic_quotes(places);
    MarketFixture m;
    ASSERT_EQ(calibrate(m, QS_MODEL_HESTON, list), QS_OK) << m.message();
    const qs_calibration_result &r = m.market->underlyings[0].calibration;
    EXPECT_FALSE(r.trusted);
    std::string expected = "too few quotes: " + std::to_string(count) + " where heston needs 10";
    ASSERT_NE(r.why, nullptr);
    EXPECT_EQ(std::string(r.why).find(expected), 0u) << r.why;
    EXPECT_EQ(r.calibrated, count >= 5);
    EXPECT_EQ(r.quotes_used, count);
    qs_parameter parameter;
    EXPECT_EQ(qs_model_check(&m.market->underlyings[0].model, &parameter), nullptr);
  }
}

/* A skew that only a leverage beyond any range could give: the search ends at the ends of ranges and says so.
 */
TEST(Calibration, AnEndOfTheRangeIsNotTrusted) {
  qs_model truth = synthetic_models()[QS_MODEL_GBM];
  std::vector<SyntheticQuote> places = synthetic_places(truth, 0.6, 1785607084);
  for (SyntheticQuote &q : places) {
    q.vol = q.years < 0.03 ? 3 : 0.3;
  }
  QuoteList list = synthetic_quotes(places);
  MarketFixture m;
  ASSERT_EQ(calibrate(m, QS_MODEL_HESTON, list), QS_OK);
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  EXPECT_FALSE(r.trusted);
  ASSERT_NE(r.why, nullptr);
  EXPECT_NE(std::string(r.why).find("end of its range"), std::string::npos) << r.why;
}

TEST(Calibration, OneThatFailsDoesNotCostTheOthers) {
  qs_model truth = synthetic_models()[QS_MODEL_HESTON];
  QuoteList good = synthetic_quotes(synthetic_places(truth, level_of(truth), 1785607084));
  QuoteList bad;
  bad.add("ETH-PERPETUAL", 2000, 2001);
  bad.add("ETH-25DEC26-2000-C", 0.1, NAN);
  MarketFixture m;
  m.underlyings = {calibrated_spec(QS_MODEL_SVCJ, bad), calibrated_spec(QS_MODEL_HESTON, good),
                   gbm_spec("X")};
  m.underlyings[0].name = "ETH";
  m.underlyings[2].spot = 100;
  ASSERT_EQ(m.build(), QS_OK) << m.message();
  ASSERT_EQ(qs_market_calibrate(&m.context, m.arena, m.market), QS_OK) << m.message();
  EXPECT_FALSE(m.market->underlyings[0].calibration.trusted);
  EXPECT_TRUE(m.market->underlyings[1].calibration.trusted);
  EXPECT_TRUE(m.market->underlyings[2].calibration.trusted);
  EXPECT_FALSE(m.market->underlyings[2].calibration.calibrated);
  EXPECT_NEAR(m.market->underlyings[1].model.value[QS_KAPPA], 4, 1e-5);
  EXPECT_EQ(m.market->underlyings[0].parameter_by_quote, nullptr);
}

/* A model that was given is held against the quotes and left as it is. */
TEST(Calibration, GivenModelsAreComparedWithTheQuotes) {
  qs_model truth = synthetic_models()[QS_MODEL_GBM];
  QuoteList list = synthetic_quotes(synthetic_places(truth, 0.6, 1785607084));
  MarketFixture m;
  m.underlyings = {gbm_spec("BTC", &list)};
  m.underlyings[0].model.value[QS_SIGMA] = 0.62;
  ASSERT_EQ(m.build(), QS_OK);
  ASSERT_EQ(qs_market_calibrate(&m.context, m.arena, m.market), QS_OK);
  const qs_calibration_result &r = m.market->underlyings[0].calibration;
  EXPECT_TRUE(r.trusted);
  EXPECT_FALSE(r.calibrated);
  EXPECT_EQ(r.parameter_count, 1u);
  EXPECT_EQ(r.parameters[0].estimate, 0.62);
  EXPECT_EQ(r.parameters[0].std_error, 0);
  EXPECT_NEAR(r.rmse_vol_points, 2, 1e-8); /* two vol points off everywhere */
  EXPECT_EQ(r.inside_bid_ask, 0);          /* half-spreads are half a vol point to one */
  EXPECT_EQ(r.expiry_count, 7u);
  EXPECT_NEAR(r.expiries[3].rmse_vol_points, 2, 1e-8);
  EXPECT_EQ(r.expiries[3].quotes, 17u);
}

/* Values given with calibrate are one more start: the answer is the same, whatever they are. */
TEST(Calibration, GivenValuesAreAStart) {
  qs_model truth = synthetic_models()[QS_MODEL_HESTON];
  QuoteList list = synthetic_quotes(synthetic_places(truth, level_of(truth), 1785607084));
  MarketFixture m;
  m.underlyings = {calibrated_spec(QS_MODEL_HESTON, list)};
  m.underlyings[0].model.value[QS_KAPPA] = 50;
  m.underlyings[0].model.value[QS_XI] = 0.05;
  m.underlyings[0].given = 1u << QS_KAPPA | 1u << QS_XI;
  ASSERT_EQ(m.build(), QS_OK);
  ASSERT_EQ(qs_market_calibrate(&m.context, m.arena, m.market), QS_OK);
  EXPECT_NEAR(m.market->underlyings[0].model.value[QS_KAPPA], 4, 1e-5);
}

TEST(Calibration, ReportsProgressAndCanBeCancelled) {
  qs_model truth = synthetic_models()[QS_MODEL_HESTON];
  QuoteList list = synthetic_quotes(synthetic_places(truth, level_of(truth), 1785607084));
  struct Seen {
    int calls = 0;
    uint64_t done = 0, total = 0;
  } seen;
  MarketFixture m;
  m.context.threads = 1;
  m.context.progress_data = &seen;
  m.context.progress = [](void *data, const char *stage, uint64_t done, uint64_t total) {
    Seen *s = static_cast<Seen *>(data);
    EXPECT_STREQ(stage, "calibrate");
    EXPECT_GE(done, s->done);
    *s = {s->calls + 1, done, total};
  };
  ASSERT_EQ(calibrate(m, QS_MODEL_BATES, list), QS_OK);
  EXPECT_GT(seen.calls, 5);
  EXPECT_EQ(seen.done, seen.total);

  MarketFixture cancelled;
  volatile int flag = 1;
  cancelled.context.cancel = &flag;
  EXPECT_EQ(calibrate(cancelled, QS_MODEL_BATES, list), QS_ERROR_CANCELLED);
}

/* Odd chains: no crash, a usable model, and the search says what it thinks. */
TEST(Calibration, StandsOddChains) {
  qs_model truth = synthetic_models()[QS_MODEL_GBM];
  std::vector<SyntheticQuote> places = synthetic_places(truth, 0.6, 1785607084);
  for (int shape = 0; shape < 4; shape++) {
    std::vector<SyntheticQuote> odd = places;
    for (size_t i = 0; i < odd.size(); i++) {
      odd[i].vol = shape == 0   ? 4
                   : shape == 1 ? 0.04
                   : shape == 2 ? (i % 2 ? 0.3 : 1.5)
                                : 0.3 + 0.01 * static_cast<double>(i % 97);
    }
    QuoteList list = synthetic_quotes(odd);
    for (int type = 0; type < QS_MODEL_COUNT; type++) {
      MarketFixture m;
      ASSERT_EQ(calibrate(m, static_cast<qs_model_type>(type), list), QS_OK)
          << shape << " " << type << m.message();
      const qs_underlying_market &u = m.market->underlyings[0];
      qs_parameter parameter;
      EXPECT_EQ(qs_model_check(&u.model, &parameter), nullptr) << shape << " " << type;
      EXPECT_TRUE(u.calibration.trusted || u.calibration.why);
    }
  }
}

struct FailingAllocator {
  int left;
  static void *allocate(void *data, size_t size) {
    FailingAllocator *self = static_cast<FailingAllocator *>(data);
    return self->left-- > 0 ? malloc(size) : nullptr;
  }
  static void release(void *, void *block) { free(block); }
};

/* The arena's last chunk is filled up to a different point each time and no other is to be had, so that every
 * allocation of the calibration fails once. */
TEST(Calibration, SurvivesEveryFailedAllocation) {
  qs_model truth = synthetic_models()[QS_MODEL_GBM];
  QuoteList list = synthetic_quotes(synthetic_places(truth, 0.6, 1785607084));
  int failures = 0, successes = 0;
  for (size_t fill = 0;; fill++) {
    FailingAllocator failing = {1000};
    qs_context context;
    qs_context_init(&context);
    context.threads = 1;
    context.allocator = {FailingAllocator::allocate, FailingAllocator::release, &failing};
    qs_arena *arena = qs_arena_create(&context);
    qs_underlying_spec spec = calibrated_spec(QS_MODEL_GBM, list);
    qs_inputs inputs;
    qs_inputs_init(&inputs);
    inputs.as_of = 1785607084;
    inputs.underlyings = &spec;
    inputs.underlying_count = 1;
    qs_market *market = nullptr;
    ASSERT_EQ(qs_market_build(&context, arena, &inputs, &market), QS_OK);
    failing.left = 0;
    bool filled = true;
    for (size_t i = 0; i < fill && filled; i++) {
      filled = qs_arena_alloc(arena, 1, 512) != nullptr;
    }
    if (!filled) {
      qs_arena_destroy(arena);
      break;
    }
    qs_status status = qs_market_calibrate(&context, arena, market);
    EXPECT_TRUE(status == QS_OK || status == QS_ERROR_MEMORY) << context.message;
    failures += status == QS_ERROR_MEMORY;
    successes += status == QS_OK;
    qs_arena_destroy(arena);
  }
  EXPECT_GT(failures, 20);
  EXPECT_GT(successes, 20);
}

/* Against Black-76 in quad precision's place: the accurate inversion. */
TEST(ImpliedNear, AgreesWithTheAccurateInversion) {
  for (double k = -1.5; k <= 1.5; k += 0.125) {
    for (double s : {0.02, 0.1, 0.4, 1.0, 2.0}) {
      double price = qs_black_out_of_the_money(k, s);
      double maximum = k < 0 ? std::exp(k) : 1;
      if (price < 1e-8 * maximum) {
        continue;
      }
      for (double factor : {0.3, 0.7, 1.0, 1.5, 4.0}) {
        double near = 0;
        ASSERT_TRUE(qs_implied_near(k, price, s * factor, &near)) << k << " " << s;
        EXPECT_NEAR(near / s, 1, 1e-10) << k << " " << s << " from " << factor;
      }
    }
  }
  double untouched = 42;
  EXPECT_FALSE(qs_implied_near(0.1, -1e-3, 0.2, &untouched));
  EXPECT_FALSE(qs_implied_near(0.1, 1.5, 0.2, &untouched));
  EXPECT_EQ(untouched, 42);
}

} // namespace
