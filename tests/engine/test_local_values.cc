/* Values under a leverage function, by the whole run: listed options against the surface that it is made from
 * and against a real chain's quotes, Greeks against revaluation, what is left out, and the same bits. */
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "host/market/time.h"
#include "quickset/quickset.h"
#include "tests/market/chain.h"
#include "tests/market/synthetic.h"

namespace {

constexpr qs_time kNow = 1785607084;

struct LocalRun {
  qs_inputs inputs;
  std::vector<qs_underlying_spec> underlyings;
  std::vector<qs_position_spec> positions;
  std::vector<qs_trade_spec> trades;
  std::vector<double> spots, volatilities;
  qs_engine *engine = nullptr;
  const qs_results *results = nullptr;

  LocalRun() {
    qs_inputs_init(&inputs);
    inputs.as_of = kNow;
    inputs.sections = QS_SECTION_CALIBRATE | QS_SECTION_VALUE;
  }
  ~LocalRun() {
    qs_results_destroy(results);
    qs_engine_destroy(engine);
  }
  LocalRun(const LocalRun &) = delete;

  void hold(const char *instrument) { positions.push_back({instrument, 1, NAN, nullptr, nullptr, 0}); }
  qs_trade_spec &add(const char *id, qs_trade_type type, double strike) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = id;
    trade.underlying = "BTC";
    trade.type = type;
    trade.strike = strike;
    trade.expiry = kNow + 60 * 86400;
    trade.quantity = 1;
    trades.push_back(trade);
    return trades.back();
  }

  qs_status run(int threads = 2) {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = threads;
    char message[256] = "";
    EXPECT_EQ(qs_engine_create(&spec, message, sizeof message, &engine), QS_OK) << message;
    inputs.underlyings = underlyings.data();
    inputs.underlying_count = underlyings.size();
    inputs.positions = positions.data();
    inputs.position_count = positions.size();
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    inputs.stress.spot = spots.data();
    inputs.stress.spot_count = spots.size();
    inputs.stress.volatility = volatilities.data();
    inputs.stress.volatility_count = volatilities.size();
    return qs_run(engine, &inputs, ~0u, &results);
  }

  const qs_trade_result &trade(const std::string &id) const {
    for (size_t i = 0; i < results->trade_count; i++) {
      if (id == results->trades[i].id) {
        return results->trades[i];
      }
    }
    ADD_FAILURE() << "no trade " << id;
    return results->trades[0];
  }
};

/* Volatilities of another heston than the one that the leverage stands on. */
std::vector<SyntheticQuote> places() {
  qs_model other = {QS_MODEL_HESTON, {0.3, 4, 0.28, 1.6, -0.1}};
  return synthetic_places(other, 0.55, kNow);
}

qs_underlying_spec local_spec(const QuoteList &list) {
  qs_underlying_spec spec = calibrated_spec(QS_MODEL_HESTON, list);
  spec.calibrate = false;
  spec.model = synthetic_models()[QS_MODEL_HESTON];
  spec.given = qs_model_parameters(QS_MODEL_HESTON);
  spec.local = true;
  return spec;
}

/* One of every kind that a leverage takes. */
void add_trades(LocalRun &r) {
  r.add("european", QS_TRADE_EUROPEAN, 62000);
  r.add("asian", QS_TRADE_ASIAN, 60000).path.rule.days = 5;
  qs_trade_spec &out = r.add("out", QS_TRADE_BARRIER, 60000);
  out.path.lower = 50000;
  qs_trade_spec &discrete = r.add("discrete", QS_TRADE_BARRIER, 60000);
  discrete.path.lower = 50000;
  discrete.path.monitoring = QS_MONITORING_DISCRETE;
  discrete.path.rule.days = 7;
  r.add("digital", QS_TRADE_DIGITAL, 61000).path.amount = 1000;
  r.add("lookback", QS_TRADE_LOOKBACK, 60000).path.rule.days = 10;
  r.add("variance", QS_TRADE_VARIANCE_SWAP, 0.5).path.rule.days = 1;
  qs_trade_spec &start = r.add("start", QS_TRADE_FORWARD_START, NAN);
  start.path.start = kNow + 20 * 86400 + 4321;
}

bool has(const qs_trade_result &t, int greek) {
  return t.greeks.present >> greek & 1;
}

TEST(LocalValues, OptionsAreTheSurfaceAndGreeksAreRevaluations) {
  QuoteList list = synthetic_quotes(places());
  LocalRun r;
  r.underlyings = {local_spec(list)};
  for (size_t i = 1; i < list.quotes.size(); i++) {
    r.hold(list.quotes[i].instrument);
  }
  add_trades(r);
  r.inputs.simulation.paths = 65536;
  ASSERT_EQ(r.run(), QS_OK) << qs_engine_message(r.engine);
  const qs_local_result *local = r.results->calibration[0].local;
  ASSERT_NE(local, nullptr);
  double squares = 0, worst = 0;
  for (size_t i = 0; i < local->fit_count; i++) {
    const qs_local_quote &q = local->fits[i];
    const qs_trade_result &t = r.trade(q.instrument);
    double root = std::sqrt(qs_time_years(kNow, q.expiry)), k = std::log(q.strike / 60000);
    bool call = q.instrument[std::strlen(q.instrument) - 1] == 'C';
    double exact = qs_black_price(call, k, q.surface_vol * root),
           vega = qs_black_vega(k, q.surface_vol * root) * root;
    /* The particles' error and that of the steps: 0.15 vol points, as of the repricing. */
    double z = (t.price_coin.estimate - exact) / std::hypot(t.price_coin.std_error, 0.0015 * vega);
    squares += z * z / double(local->fit_count);
    worst = std::max(worst, std::fabs(z));
    EXPECT_TRUE(has(t, QS_GREEK_DELTA) && has(t, QS_GREEK_GAMMA) && has(t, QS_GREEK_THETA));
    EXPECT_FALSE(has(t, QS_GREEK_VEGA) || has(t, QS_GREEK_PARAMETER + QS_V0));
  }
  std::printf("mean square %.2f, largest %.2f of %zu\n", squares, worst, local->fit_count);
  EXPECT_LT(squares, 1.5);
  EXPECT_LT(worst, 4);
  for (const char *id : {"asian", "lookback", "variance", "start"}) {
    EXPECT_TRUE(has(r.trade(id), QS_GREEK_GAMMA) && has(r.trade(id), QS_GREEK_D_CARRY)) << id;
  }
  EXPECT_TRUE(has(r.trade("out"), QS_GREEK_D_CARRY));
  EXPECT_FALSE(has(r.trade("out"), QS_GREEK_GAMMA));
  for (const char *id : {"discrete", "digital"}) {
    EXPECT_TRUE(has(r.trade(id), QS_GREEK_DELTA)) << id;
    EXPECT_FALSE(has(r.trade(id), QS_GREEK_GAMMA) || has(r.trade(id), QS_GREEK_D_CARRY)) << id;
  }
  /* A watch at all times is dearer for who is knocked out than one at dates. */
  EXPECT_LT(r.trade("out").price.estimate, r.trade("discrete").price.estimate);
}

/* Deltas beside stress by small moves, which is valued on the same paths. */
TEST(LocalValues, DeltasAreThoseOfStress) {
  QuoteList list = synthetic_quotes(places());
  LocalRun r;
  r.underlyings = {local_spec(list)};
  add_trades(r);
  r.spots = {-0.01, 0.01};
  r.volatilities = {0, 0.1};
  r.inputs.sections |= QS_SECTION_STRESS;
  r.inputs.simulation.paths = 65536;
  ASSERT_EQ(r.run(), QS_OK) << qs_engine_message(r.engine);
  const qs_stress_cell *down = nullptr, *up = nullptr, *wilder = nullptr;
  for (size_t i = 0; i < r.results->stress.grid_count; i++) {
    const qs_stress_cell *cell = &r.results->stress.grid[i];
    (cell->volatility > 0 ? wilder : cell->spot < 0 ? down : up) = cell;
  }
  ASSERT_TRUE(down && up && wilder);
  for (size_t i = 0; i < r.results->trade_count; i++) {
    const qs_trade_result &t = r.results->trades[i];
    if (std::string(t.id) == "variance") { /* which is worth more than it moves */
      continue;
    }
    double width = 2 * 0.01 * 60000;
    double slope = (up->by_position[i].estimate - down->by_position[i].estimate) / width;
    double error = std::hypot(up->by_position[i].std_error, down->by_position[i].std_error) / width;
    qs_estimate delta = t.greeks.value[QS_GREEK_DELTA];
    std::printf("%s: delta %.5f +- %.5f, by stress %.5f +- %.5f\n", t.id, delta.estimate, delta.std_error,
                slope, error);
    EXPECT_NEAR(delta.estimate, slope, 4 * std::hypot(delta.std_error, error) + 0.01 * std::fabs(slope))
        << t.id;
  }
  /* Options gain by volatility. */
  for (size_t i = 0; i < r.results->trade_count; i++) {
    if (std::string(r.results->trades[i].id) == "european") {
      EXPECT_GT(wilder->by_position[i].estimate, up->by_position[i].estimate);
    }
  }
}

TEST(LocalValues, SameBitsFromAnyNumberOfThreads) {
  QuoteList list = synthetic_quotes(places());
  std::vector<double> first;
  for (int threads : {1, 3}) {
    LocalRun r;
    r.underlyings = {local_spec(list)};
    add_trades(r);
    r.hold(list.quotes[20].instrument);
    r.inputs.simulation.paths = 4096;
    ASSERT_EQ(r.run(threads), QS_OK) << qs_engine_message(r.engine);
    std::vector<double> all;
    for (size_t i = 0; i < r.results->trade_count; i++) {
      const qs_trade_result &t = r.results->trades[i];
      for (int g = 0; g < QS_GREEK_COUNT; g++) {
        if (has(t, g)) {
          all.push_back(t.greeks.value[g].estimate);
        }
      }
      all.push_back(t.price.estimate);
      all.push_back(t.price.std_error);
    }
    first = first.empty() ? all : first;
    ASSERT_EQ(first.size(), all.size());
    EXPECT_EQ(std::memcmp(first.data(), all.data(), all.size() * sizeof(double)), 0) << threads;
  }
}

TEST(LocalValues, EarlyExerciseAndSeveralUnderlyingsAreRefused) {
  QuoteList list = synthetic_quotes(places());
  LocalRun r;
  r.underlyings = {local_spec(list)};
  r.add("a", QS_TRADE_AMERICAN, 60000);
  EXPECT_EQ(r.run(), QS_ERROR_INPUT);
  EXPECT_NE(
      std::string(qs_engine_message(r.engine))
          .find("type: got american: must not be exercised early where the model of the underlying is local"),
      std::string::npos)
      << qs_engine_message(r.engine);
  LocalRun two;
  two.underlyings = {local_spec(list), gbm_spec("ETH")};
  two.underlyings[1].spot = 3000;
  const char *names[] = {"BTC", "ETH"};
  qs_trade_spec &basket = two.add("b", QS_TRADE_BEST_OF, 1);
  basket.underlyings = names;
  basket.underlying_count = 2;
  EXPECT_EQ(two.run(), QS_ERROR_INPUT);
  EXPECT_NE(std::string(qs_engine_message(two.engine)).find("leverage function"), std::string::npos)
      << qs_engine_message(two.engine);
}

/* Every two-sided option of the BTC chain of 2026-08-01 with a week or more to live, held and valued. */
TEST(LocalValues, PriceTheRealChainWithinBidAsk) {
  Chain chain;
  if (!chain.load("btc_20260801T175804Z.csv")) {
    GTEST_SKIP() << "no chain in " QS_SOURCE_DIR "/../shared/data/chains";
  }
  LocalRun r;
  r.inputs.as_of = chain.as_of;
  r.inputs.value.vega = false;
  r.inputs.simulation.sampling = QS_SAMPLING_CHOICE_SOBOL; /* errors below the quotes' spreads */
  r.underlyings = {chain.spec()};
  r.underlyings[0].model.type = QS_MODEL_HESTON;
  r.underlyings[0].calibrate = r.underlyings[0].local = true;
  std::map<std::string, const qs_quote *> held;
  for (const qs_quote &quote : chain.quotes) {
    qs_listed_name name;
    if (quote.bid > 0 && quote.ask > 0 && qs_listed_name_parse(quote.instrument, &name) &&
        name.kind == QS_LISTED_OPTION && name.expiry - chain.as_of >= 7 * 86400) {
      held[quote.instrument] = &quote;
      r.hold(quote.instrument);
    }
  }
  ASSERT_EQ(r.run(), QS_OK) << qs_engine_message(r.engine);
  size_t inside = 0, beyond = 0;
  for (const auto &[name, quote] : held) {
    const qs_estimate price = r.trade(name).price_coin;
    inside += price.estimate >= quote->bid && price.estimate <= quote->ask;
    double miss = std::max(quote->bid - price.estimate, price.estimate - quote->ask);
    beyond += miss > 2 * price.std_error;
  }
  std::printf("%.1f%% of %zu two-sided quotes within bid-ask by their values; %zu outside by more than two "
              "error bars\n",
              100 * double(inside) / double(held.size()), held.size(), beyond);
  EXPECT_EQ(held.size(), 625u);
  EXPECT_GE(double(inside), 0.9 * double(held.size()));
}

} // namespace
