// Values, Greeks, totals and revaluation, against closed forms, identities and bumps.
#include <cstring>

#include "host/base/model.h"
#include "tests/engine/world.h"

#include "host/market/fourier.h"

namespace {

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

// Black (1976), undiscounted.
double black(bool call, double forward, double strike, double sigma, double years) {
  double s = sigma * std::sqrt(years), d1 = std::log(forward / strike) / s + s / 2;
  double value = forward * normal_cdf(d1) - strike * normal_cdf(d1 - s);
  return call ? value : value - forward + strike;
}

struct Case {
  bool call;
  bool coin;
  double strike, years;
};

class Gbm : public ::testing::TestWithParam<Case> {};

// A constant-volatility price as a function of everything that a Greek moves.
double gbm_price(const Case &c, double spot, double carry, double rate, double sigma, double years,
                 bool in_coin) {
  double forward = spot * std::exp(carry * years),
         undiscounted = black(c.call, forward, c.strike, sigma, years);
  if (c.coin) {
    double coin = std::exp(-rate * years) * undiscounted / forward;
    return in_coin ? coin : coin * spot;
  }
  return std::exp(-rate * years) * undiscounted;
}

TEST_P(Gbm, EveryGreekIsTheClosedFormWithoutError) {
  const Case c = GetParam();
  const double spot = 100, carry = 0.03, rate = 0.05, sigma = 0.6;
  World w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, sigma}}, spot, carry, rate).coin_rate = rate;
  w.add_option("t", "X", c.call ? QS_CALL : QS_PUT, c.strike, c.years, 1,
               c.coin ? QS_SETTLE_COIN : QS_SETTLE_LINEAR);
  w.value();
  const double years = w.book->contracts[0].years;
  for (int coin = 0; coin <= (c.coin ? 1 : 0); coin++) {
    auto price = [&](double s, double cy, double r, double v, double t) {
      return gbm_price(c, s, cy, r, v, t, coin);
    };
    const qs_trade_result &t = w.trade("t");
    const qs_greeks &g = coin ? t.greeks_coin : t.greeks;
    const qs_estimate &p = coin ? t.price_coin : t.price;
    // Central differences of order four of the closed form; their error is below 1e-9 of the scale.
    auto slope = [](auto f, double h) { return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h); };
    const double scale = coin ? 1 : spot, tolerance = 1e-6 * scale;
    EXPECT_NEAR(p.estimate, price(spot, carry, rate, sigma, years), tolerance);
    EXPECT_LT(p.std_error, 1e-9 * scale);
    auto near = [&](qs_greek greek, double expected, double unit) {
      ASSERT_TRUE(g.present >> greek & 1) << qs_greek_name(greek);
      EXPECT_NEAR(g.value[greek].estimate, expected, tolerance * unit) << qs_greek_name(greek);
      EXPECT_LT(g.value[greek].std_error, 1e-8 * scale * unit) << qs_greek_name(greek);
    };
    near(QS_GREEK_DELTA, slope([&](double h) { return price(spot + h, carry, rate, sigma, years); }, 0.05),
         1 / spot);
    double up = price(spot + 0.5, carry, rate, sigma, years),
           down = price(spot - 0.5, carry, rate, sigma, years);
    double up2 = price(spot + 1, carry, rate, sigma, years),
           down2 = price(spot - 1, carry, rate, sigma, years);
    double middle = price(spot, carry, rate, sigma, years);
    near(QS_GREEK_GAMMA, (16 * (up + down) - (up2 + down2) - 30 * middle) / (12 * 0.25), 10 / (spot * spot));
    near(QS_GREEK_THETA, price(spot, carry, rate, sigma, years - 1.0 / 365) - middle, 1);
    near(QS_GREEK_D_RATE, slope([&](double h) { return price(spot, carry, rate + h, sigma, years); }, 0.01),
         1);
    near(QS_GREEK_D_CARRY, slope([&](double h) { return price(spot, carry + h, rate, sigma, years); }, 0.01),
         1);
    double vega = slope([&](double h) { return price(spot, carry, rate, sigma + h, years); }, 0.01);
    near(qs_greek(QS_GREEK_PARAMETER + QS_SIGMA), vega, 1);
    near(QS_GREEK_VEGA, 0.01 * vega, 0.01);
    if (coin) {
      near(QS_GREEK_NET_DELTA,
           spot * slope([&](double h) { return price(spot + h, carry, rate, sigma, years); }, 0.05), 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Gbm,
                         ::testing::Values(Case{true, false, 100, 0.5}, Case{false, false, 80, 1.7},
                                           Case{true, false, 150, 0.03}, Case{true, true, 100, 1.0},
                                           Case{false, true, 120, 0.25}, Case{true, true, 60, 2.0}));

TEST(Valuation, CoinAtTheMoneyIsNotTheAverageOfInversePayoffs) {
  // One year, 60%: D E[(S-K)+]/F = .236, while the plain average of (1 - K/S)+ would be .118.
  World w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0);
  w.add_option("t", "X", QS_CALL, 100, 1, 1, QS_SETTLE_COIN);
  w.value();
  EXPECT_NEAR(w.trade("t").price_coin.estimate, 0.236, 5e-4);
}

const std::vector<std::pair<int, double>> kHeston = {
    {QS_V0, 0.25}, {QS_KAPPA, 2}, {QS_THETA, 0.36}, {QS_XI, 0.8}, {QS_RHO, -0.5}};

// Derivatives with respect to what only the host knows, by bumping the inputs on the same random numbers.
TEST(Valuation, HostGreeksAreBumpsOfTheInputs) {
  auto run = [](double spot, double carry, double rate, bool coin, int what) {
    World w;
    w.add_underlying("X", QS_MODEL_HESTON, kHeston, spot, carry, rate).coin_rate = rate;
    w.inputs.simulation.precision = QS_DOUBLE;
    w.inputs.simulation.paths = 4096;
    w.inputs.simulation.variance_reduction = QS_REDUCTION_NONE; // else each bump has its own regression
    w.add_option("t", "X", QS_CALL, 105, 0.5, 1, coin ? QS_SETTLE_COIN : QS_SETTLE_LINEAR);
    w.value();
    return what < 0 ? w.trade("t").price.estimate : w.trade("t").greeks.value[what].estimate;
  };
  for (bool coin : {false, true}) {
    double h = 0.01;
    double up = run(100 + h, 0.03, 0.05, coin, -1), down = run(100 - h, 0.03, 0.05, coin, -1);
    EXPECT_NEAR(run(100, 0.03, 0.05, coin, QS_GREEK_DELTA), (up - down) / (2 * h), 1e-6);
    // The conditional gamma is the derivative of the conditional delta path by path.
    double delta_up = run(100 + h, 0.03, 0.05, coin, QS_GREEK_DELTA);
    double delta_down = run(100 - h, 0.03, 0.05, coin, QS_GREEK_DELTA);
    EXPECT_NEAR(run(100, 0.03, 0.05, coin, QS_GREEK_GAMMA), (delta_up - delta_down) / (2 * h), 1e-6);
    h = 1e-4;
    up = run(100, 0.03 + h, 0.05, coin, -1), down = run(100, 0.03 - h, 0.05, coin, -1);
    EXPECT_NEAR(run(100, 0.03, 0.05, coin, QS_GREEK_D_CARRY), (up - down) / (2 * h), 1e-4);
    up = run(100, 0.03, 0.05 + h, coin, -1), down = run(100, 0.03, 0.05 - h, coin, -1);
    EXPECT_NEAR(run(100, 0.03, 0.05, coin, QS_GREEK_D_RATE), (up - down) / (2 * h), 1e-5);
  }
}

TEST(Valuation, ThetaAgreesWithFourier) {
  World w;
  w.inputs.simulation.paths = 65536;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston, 100, 0.03, 0.05);
  w.add_option("t", "X", QS_CALL, 105, 0.25);
  w.value();
  auto price = [&](double years) {
    double forward = 100 * std::exp(0.03 * years);
    qs_fourier_option_value value;
    qs_fourier_report report;
    EXPECT_EQ(qs_fourier_option(&w.underlyings[0].model, years, true, std::log(105 / forward), nullptr,
                                &value, &report),
              QS_OK);
    return std::exp(-0.05 * years) * forward * value.price;
  };
  double years = w.book->contracts[0].years;
  qs_estimate theta = w.trade("t").greeks.value[QS_GREEK_THETA];
  EXPECT_LT(std::fabs(theta.estimate - (price(years - 1.0 / 365) - price(years))), 4 * theta.std_error);
  // What is left of the noise is one day's correlated move of the spot, delta S |rho| sqrt(v/365) a path.
  double day = 0.6 * 100 * 0.5 * std::sqrt(0.25 / 365);
  EXPECT_LT(theta.std_error, 2 * day / std::sqrt(65536.0));
}

TEST(Valuation, ThetaOfTheLastDayIsWhatThePayoffKeeps) {
  World w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0, 0);
  w.add_option("in", "X", QS_CALL, 90, 0.5 / 365);
  w.value();
  const qs_trade_result &t = w.trade("in");
  EXPECT_NEAR(t.greeks.value[QS_GREEK_THETA].estimate, 10 - t.price.estimate, 1e-9);
}

TEST(Valuation, TotalsKnowTheSharedPaths) {
  World w;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston);
  w.add_option("long", "X", QS_CALL, 105, 0.5, 2);
  w.add_option("short", "X", QS_CALL, 105, 0.5, -2);
  w.value();
  EXPECT_GT(w.trade("long").value.std_error, 0.01);
  EXPECT_EQ(w.results.total.value.estimate, 0);
  EXPECT_EQ(w.results.total.value.std_error, 0);
  // Independent draws of the same payoff at other expiries: errors neither add up nor cancel.
  World two;
  two.add_underlying("X", QS_MODEL_HESTON, kHeston);
  two.add_option("a", "X", QS_CALL, 105, 0.5);
  two.add_option("b", "X", QS_CALL, 100, 0.5);
  two.value();
  double a = two.trade("a").value.std_error, b = two.trade("b").value.std_error;
  double total = two.results.total.value.std_error;
  EXPECT_GT(total, 0.8 * (a + b)); // nearly the same payoff
  EXPECT_LT(total, 1.2 * (a + b));
}

TEST(Valuation, AddingATradeChangesNoOther) {
  World alone, crowd;
  for (World *w : {&alone, &crowd}) {
    w->add_underlying("X", QS_MODEL_SVCJ,
                      {{QS_V0, 0.25},
                       {QS_KAPPA, 2},
                       {QS_THETA, 0.36},
                       {QS_XI, 0.8},
                       {QS_RHO, -0.5},
                       {QS_LAMBDA, 3},
                       {QS_MU_J, -0.05},
                       {QS_SIGMA_J, 0.1},
                       {QS_MU_V, 0.05},
                       {QS_RHO_J, -0.2}});
    w->inputs.simulation.paths = 4096;
    w->add_option("t", "X", QS_CALL, 105, 0.5);
  }
  crowd.add_underlying("Y", QS_MODEL_HESTON, kHeston);
  crowd.add_option("other expiry", "X", QS_PUT, 95, 0.31);
  crowd.add_option("same expiry", "X", QS_CALL, 95, 0.5);
  crowd.add_option("soon after", "X", QS_CALL, 95, 0.52);
  crowd.add_option("later", "X", QS_CALL, 95, 0.75);
  crowd.add_option("much later", "X", QS_CALL, 95, 1.7);
  crowd.add_option("other underlying", "Y", QS_CALL, 95, 0.5);
  alone.value();
  crowd.value();
  const qs_trade_result &a = alone.trade("t"), &b = crowd.trade("t");
  EXPECT_EQ(a.price.estimate, b.price.estimate);
  EXPECT_EQ(a.price.std_error, b.price.std_error);
  ASSERT_EQ(a.greeks.present, b.greeks.present);
  for (int g = 0; g < QS_GREEK_COUNT; g++) {
    EXPECT_EQ(a.greeks.value[g].estimate, b.greeks.value[g].estimate) << g;
    EXPECT_EQ(a.greeks.value[g].std_error, b.greeks.value[g].std_error) << g;
  }
}

TEST(Revaluation, NoShockIsNoProfit) {
  World w;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston);
  w.add_option("t", "X", QS_CALL, 105, 0.5);
  w.build();
  qs_shock shock = qs_shock_none(&w.market->underlyings[0].model);
  qs_estimate pnl;
  ASSERT_EQ(qs_revalue(&w.context, w.arena, w.devices, w.market, w.book->contracts, 1, &w.simulation, &shock,
                       1, &pnl, nullptr, nullptr),
            QS_OK);
  EXPECT_EQ(pnl.estimate, 0);
  EXPECT_EQ(pnl.std_error, 0);
}

TEST(Revaluation, GbmShocksAreClosedForm) {
  World w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, 0.6}}, 100, 0.03, 0.05);
  w.add_option("call", "X", QS_CALL, 105, 0.5, 3);
  w.add_option("coin", "X", QS_PUT, 105, 0.25, -2, QS_SETTLE_COIN);
  w.build();
  qs_shock shock = qs_shock_none(&w.market->underlyings[0].model);
  shock.model = qs_model_scale_volatility(&shock.model, 1.5);
  shock.log_spot = std::log(0.8);
  shock.carry_add = 0.02;
  shock.rate_add = 0.01;
  qs_estimate pnl, parts[2];
  double values[2];
  ASSERT_EQ(qs_revalue(&w.context, w.arena, w.devices, w.market, w.book->contracts, 2, &w.simulation, &shock,
                       1, &pnl, parts, values),
            QS_OK);
  double t0 = w.book->contracts[0].years, t1 = w.book->contracts[1].years;
  double call0 = gbm_price({true, false, 105, t0}, 100, 0.03, 0.05, 0.6, t0, false);
  double call1 = gbm_price({true, false, 105, t0}, 80, 0.05, 0.06, 0.9, t0, false);
  double coin0 = gbm_price({false, true, 105, t1}, 100, 0.03, 0, 0.6, t1, false);
  double coin1 = gbm_price({false, true, 105, t1}, 80, 0.05, 0, 0.9, t1, false);
  EXPECT_NEAR(parts[0].estimate, 3 * (call1 - call0), 3e-4);
  EXPECT_NEAR(parts[1].estimate, -2 * (coin1 - coin0), 3e-4);
  EXPECT_NEAR(values[0], 3 * call1, 3e-4);
  EXPECT_NEAR(pnl.estimate, parts[0].estimate + parts[1].estimate, 1e-9);
}

// However many cells are in hand at once, and whether they are added up beside the next ones.
TEST(Revaluation, SameBitsHoweverCellsAreWorkedOff) {
  World w;
  w.inputs.simulation.paths = 2048;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston);
  w.add_underlying("Y", QS_MODEL_GBM, {{QS_SIGMA, 0.3}});
  for (const char *underlying : {"X", "Y"}) {
    w.add_option(underlying[0] == 'X' ? "a" : "b", underlying, QS_CALL, 105, 0.5, 2);
    w.add_option(underlying[0] == 'X' ? "c" : "d", underlying, QS_PUT, 95, 0.25, -1);
  }
  w.build();
  constexpr std::size_t kCells = 11, kCount = 4;
  std::vector<qs_shock> shocks;
  for (std::size_t c = 0; c < kCells; c++) {
    for (int u = 0; u < 2; u++) {
      qs_shock shock = qs_shock_none(&w.market->underlyings[u].model);
      shock.model = qs_model_scale_volatility(&shock.model, 1 + 0.05 * static_cast<double>(c % 4));
      shock.log_spot = 0.02 * static_cast<double>(c);
      shocks.push_back(shock);
    }
  }
  struct Answer {
    std::vector<qs_estimate> totals, parts;
    std::vector<double> values;
    qs_status status;
  };
  const auto answer = [&](const qs_revalue_way *way) {
    Answer a = {std::vector<qs_estimate>(kCells), std::vector<qs_estimate>(kCells * kCount),
                std::vector<double>(kCells * kCount), QS_OK};
    a.status =
        way ? qs_revalue_by(way, &w.context, w.arena, w.devices, w.market, w.book->contracts, kCount,
                            &w.simulation, shocks.data(), kCells, a.totals.data(), a.parts.data(),
                            a.values.data())
            : qs_revalue(&w.context, w.arena, w.devices, w.market, w.book->contracts, kCount, &w.simulation,
                         shocks.data(), kCells, a.totals.data(), a.parts.data(), a.values.data());
    return a;
  };
  const Answer usual = answer(nullptr);
  ASSERT_EQ(usual.status, QS_OK) << w.context.message;
  EXPECT_NE(usual.totals[10].estimate, usual.totals[9].estimate);
  const std::size_t cell = kCount * w.simulation.batches * sizeof(qs_moment);
  for (const qs_revalue_way way :
       {qs_revalue_way{1, false}, {1, true}, {3 * cell, true}, {kCells * cell, true}}) {
    const Answer a = answer(&way);
    ASSERT_EQ(a.status, QS_OK) << w.context.message;
    EXPECT_EQ(std::memcmp(a.totals.data(), usual.totals.data(), kCells * sizeof(qs_estimate)), 0);
    EXPECT_EQ(std::memcmp(a.parts.data(), usual.parts.data(), kCells * kCount * sizeof(qs_estimate)), 0);
    EXPECT_EQ(std::memcmp(a.values.data(), usual.values.data(), kCells * kCount * sizeof(double)), 0);
  }
  // What fails on the way leaves nothing running.
  int cancel = 0;
  struct Counter {
    int *cancel, orders;
  } counter = {&cancel, 0};
  w.context.cancel = &cancel;
  w.context.progress = [](void *data, const char *, std::uint64_t, std::uint64_t) {
    Counter *c = static_cast<Counter *>(data);
    __atomic_store_n(c->cancel, ++c->orders > 6, __ATOMIC_RELAXED);
  };
  w.context.progress_data = &counter;
  const qs_revalue_way way = {1, true};
  EXPECT_EQ(answer(&way).status, QS_ERROR_CANCELLED);
}

TEST(Revaluation, VolatilityScalingIsExactAtConstantMoneyness) {
  // x = ln S/F at volatility a sqrt(v): v' = a^2 v obeys the same equation with theta a^2 and xi a.
  qs_model heston = {QS_MODEL_HESTON, {0.04, 1.5, 0.06, 0.4, -0.6}};
  qs_model scaled = qs_model_scale_volatility(&heston, 2);
  EXPECT_DOUBLE_EQ(scaled.value[QS_V0], 0.16);
  EXPECT_DOUBLE_EQ(scaled.value[QS_THETA], 0.24);
  EXPECT_DOUBLE_EQ(scaled.value[QS_XI], 0.8);
  EXPECT_DOUBLE_EQ(scaled.value[QS_RHO], -0.6);
  EXPECT_DOUBLE_EQ(scaled.value[QS_KAPPA], 1.5);
}

} // namespace
