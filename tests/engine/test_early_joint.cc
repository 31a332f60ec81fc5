// Early exercise of formulas over several underlyings: against dynamic programming by quadrature, published
// figures, European options, the same trades on one underlying, and itself.
#include <deque>

#include "host/base/model.h"
#include "tests/engine/bermudan_two.h"
#include "tests/engine/early_cases.h"

namespace {

const qs_time kYear = 365 * QS_SECONDS_PER_DAY;

const std::vector<std::pair<int, double>> kHeston = {
    {QS_V0, 0.09}, {QS_KAPPA, 2}, {QS_THETA, 0.09}, {QS_XI, 0.6}, {QS_RHO, -0.5}};
const std::vector<std::pair<int, double>> kSvcj = {
    {QS_V0, 0.09},  {QS_KAPPA, 3},    {QS_THETA, 0.09},   {QS_XI, 0.5},    {QS_RHO, -0.5},
    {QS_LAMBDA, 2}, {QS_MU_J, -0.05}, {QS_SIGMA_J, 0.08}, {QS_MU_V, 0.05}, {QS_RHO_J, -0.3}};

// A world whose trades are formulas.
class Formulas : public World {
public:
  void gbm(const char *name, double spot, double sigma, double carry, double rate = 0.05) {
    add_underlying(name, QS_MODEL_GBM, {{QS_SIGMA, sigma}}, spot, carry, rate);
  }
  qs_trade_spec &formula(const char *id, std::vector<const char *> names, const char *payoff,
                         const std::vector<double> &years) {
    lists.push_back(std::move(names));
    std::vector<qs_time> times;
    for (double t : years)
      times.push_back(inputs.as_of + static_cast<qs_time>(std::llround(t * kYear)));
    dates.push_back(times);
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = id;
    trade.type = years.size() == 1 ? QS_TRADE_AMERICAN : QS_TRADE_BERMUDAN;
    trade.underlyings = lists.back().data();
    trade.underlying_count = lists.back().size();
    trade.quantity = 1;
    trade.script.payoff = payoff;
    trade.script.constants = constants;
    trade.script.constant_count = std::size(constants);
    if (years.size() == 1) {
      trade.expiry = dates.back()[0];
    } else {
      trade.path.fixings = dates.back().data();
      trade.path.fixing_count = years.size();
    }
    trades.push_back(trade);
    return trades.back();
  }
  void correlate(const char *a, const char *b, double value) {
    correlation = {{a, b}, value};
    inputs.correlations = &correlation;
    inputs.correlation_count = 1;
  }
  qs_constant_spec constants[1] = {{"K", 100}};
  qs_correlation_spec correlation{};
  std::deque<std::vector<const char *>> lists;
  std::deque<std::vector<qs_time>> dates;
};

std::vector<double> thirds(int count) {
  std::vector<double> years;
  for (int d = 1; d <= count; d++)
    years.push_back(std::round(d * (365.0 * 86400 / 3)) / (365.0 * 86400));
  return years;
}

// Both bounds on their sides of the price, and not far from each other.
void expect_bounds(const qs_trade_result &t, double low, double high, double gap) {
  if (std::getenv("QS_SHOW")) {
    std::printf("%-20s %.4f +- %.4f to %.4f +- %.4f, gap %.3f%%\n", t.id, t.bounds.lower.estimate,
                t.bounds.lower.std_error, t.bounds.upper.estimate, t.bounds.upper.std_error,
                100 * t.bounds.gap.estimate / t.price.estimate);
  }
  ASSERT_TRUE(t.bounds.present) << t.id;
  EXPECT_LT(t.bounds.lower.estimate - kDeviations * t.bounds.lower.std_error, high) << t.id;
  EXPECT_GT(t.bounds.upper.estimate + kDeviations * t.bounds.upper.std_error, low) << t.id;
  EXPECT_GE(t.bounds.gap.estimate, 0) << t.id;
  EXPECT_LT(t.bounds.gap.estimate, gap * t.price.estimate) << t.id;
  EXPECT_TRUE(t.trusted) << t.why;
}

struct TwoCase {
  const char *name, *payoff;
  BermudanTwo exact;
};

std::vector<TwoCase> two_cases() {
  BermudanTwo best;
  best.carry[0] = best.carry[1] = -0.05;
  best.times = thirds(9);
  best.pays = [](double a, double b) { return std::max(a, b) - 100; };
  BermudanTwo spread;
  spread.spot[0] = 105, spread.sigma[0] = 0.3, spread.sigma[1] = 0.2, spread.rho = 0.4;
  spread.carry[0] = -0.04, spread.carry[1] = 0.04;
  spread.times = thirds(4);
  spread.pays = [](double a, double b) { return a - 0.9 * b; };
  BermudanTwo basket;
  basket.spot[1] = 90, basket.sigma[0] = 0.25, basket.sigma[1] = 0.35, basket.rho = -0.3;
  basket.carry[0] = 0.05, basket.carry[1] = 0.03, basket.rate = 0.08;
  basket.times = thirds(5);
  basket.pays = [](double a, double b) { return 100 - 0.6 * a - 0.4 * b; };
  return {{"best", "max(A[t], B[t]) - K", best},
          {"spread", "max(A[t] - 0.9 * B[t], 0)", spread},
          {"basket", "max(K - 0.6 * A[t] - 0.4 * B[t], 0)", basket}};
}

TEST(EarlyJoint, TwoUnderlyingsAgainstDynamicProgramming) {
  for (const TwoCase &c : two_cases()) {
    Formulas w;
    w.inputs.simulation.paths = 131072;
    for (int k = 0; k < 2; k++)
      w.gbm(k ? "B" : "A", c.exact.spot[k], c.exact.sigma[k], c.exact.carry[k], c.exact.rate);
    w.correlate("A", "B", c.exact.rho);
    w.formula(c.name, {"A", "B"}, c.payoff, c.exact.times);
    w.value();
    const std::string name = c.name;
    BermudanTwo fine = c.exact, quick = c.exact;
    fine.fineness = 16, quick.fineness = 8;
    const double exact = fine.price();
    const qs_trade_result &t = w.trade(name);
    expect_near(t.price, exact, name, 0.002 * exact);
    expect_bounds(t, exact, exact, 0.006);
    EXPECT_EQ(t.bounds.dates, c.exact.times.size());
    EXPECT_LT(t.price.std_error, 0.004 * exact);
    for (int k = 0; k < 2; k++) {
      const qs_trade_result &leg = w.trade(k ? name + "/B" : name);
      const auto greek = [&](int g) { return leg.greeks.value[g]; };
      const std::string of = name + (k ? " B " : " A ");
      const auto by = [&](const std::function<double &(BermudanTwo &)> &field, double h) {
        return quick.derivative(field, h);
      };
      const double delta = by([k](BermudanTwo &b) -> double & { return b.spot[k]; }, 0.5);
      const double sigma = by([k](BermudanTwo &b) -> double & { return b.sigma[k]; }, 0.005);
      const double carry = by([k](BermudanTwo &b) -> double & { return b.carry[k]; }, 0.002);
      expect_near(greek(QS_GREEK_DELTA), delta, of + "delta", 0.002);
      expect_near(greek(QS_GREEK_GAMMA), quick.second(k, k, 2), of + "gamma", 2e-4);
      expect_near(greek(QS_GREEK_PARAMETER + QS_SIGMA), sigma, of + "d_sigma", 0.004 * std::fabs(sigma));
      expect_near(greek(QS_GREEK_D_CARRY), carry, of + "d_carry", 0.004 * std::fabs(carry));
    }
    const double rate = quick.derivative([](BermudanTwo &b) -> double & { return b.rate; }, 0.002);
    expect_near(t.greeks.value[QS_GREEK_D_RATE], rate, name + " d_rate", 0.01 * std::fabs(rate));
    BermudanTwo later = fine;
    for (double &time : later.times)
      time -= 1.0 / 365;
    expect_near(t.greeks.value[QS_GREEK_THETA], later.price() - exact, name + " theta", 5e-4);
    w.results.cross_gammas = nullptr;
    ASSERT_EQ(qs_report_cross_gammas(&w.context, w.arena, &w.valuation, &w.results), QS_OK);
    ASSERT_EQ(w.results.cross_gamma_count, 1u);
    expect_near(w.results.cross_gammas[0].value, quick.second(0, 1, 2), name + " cross gamma", 2e-4);
  }
}

// Max-calls on five independent underlyings, S0 90, 100, 110, K 100, r 5%, dividends 10%, sigma 20%, T 3,
// nine dates: the 95% intervals of Andersen and Broadie (2004).
TEST(EarlyJoint, PublishedMaxCallsOnFive) {
  const struct {
    double spot, low, high;
  } cases[] = {{90, 16.602, 16.655}, {100, 26.109, 26.292}, {110, 36.704, 36.832}};
  for (const auto &c : cases) {
    Formulas w;
    w.inputs.simulation.paths = 131072;
    for (const char *name : {"A", "B", "C", "D", "E"})
      w.gbm(name, c.spot, 0.2, -0.05);
    w.formula("five", {"A", "B", "C", "D", "E"}, "max(A[t], B[t], C[t], D[t], E[t]) - K", thirds(9));
    w.build();
    ASSERT_EQ(qs_valuation_run(&w.context, w.arena, w.devices, w.market, w.book->contracts, w.book->count,
                               &w.simulation, false, &w.valuation),
              QS_OK)
        << w.context.message;
    w.results = qs_results();
    ASSERT_EQ(qs_report_values(&w.context, w.arena, &w.valuation, &w.results), QS_OK);
    expect_bounds(w.trade("five"), c.low, c.high, 0.012);
  }
}

// A formula on one underlying is the trade with a strike: models with random variance and jumps.
TEST(EarlyJoint, OneUnderlyingBesideTheTradeWithAStrike) {
  for (bool jumps : {false, true}) {
    Formulas w;
    w.inputs.simulation.paths = 131072;
    w.add_underlying("X", jumps ? QS_MODEL_SVCJ : QS_MODEL_HESTON, jumps ? kSvcj : kHeston, 100, 0.02, 0.08);
    const std::vector<double> years = {0.2, 0.4, 0.6, 0.8, 1.0};
    w.formula("formula", {"X"}, "K - S[t]", years);
    w.formula("strike", {"X"}, nullptr, years);
    w.formula("american", {"X"}, "max(K - S[t], 0)", {0.5});
    w.formula("american strike", {"X"}, nullptr, {0.5});
    for (int k : {1, 3}) {
      qs_trade_spec &t = w.trades[k];
      t.underlyings = nullptr, t.underlying_count = 0, t.underlying = "X";
      t.call_put = QS_PUT, t.strike = 100;
    }
    w.value();
    for (const char *id : {"", "american "}) {
      const std::string of = id;
      const qs_trade_result &a = w.trade(of.empty() ? "formula" : "american");
      const qs_trade_result &b = w.trade(of + "strike");
      const double error = b.price.std_error;
      const double low = b.bounds.lower.estimate - 3 * error, high = b.bounds.upper.estimate + 3 * error;
      const double apart = of.empty() ? 0.01 : 0.05; // over many dates the policy is not quite the best
      expect_bounds(a, low, high, of.empty() ? 0.012 : 0.018);
      expect_near(a.price, b.price.estimate, of + "price", a.bounds.gap.estimate + 3 * error);
      ASSERT_EQ(a.greeks.present, b.greeks.present);
      for (int g = 0; g < QS_GREEK_COUNT; g++) {
        const qs_estimate x = a.greeks.value[g], y = b.greeks.value[g];
        if (a.greeks.present >> g & 1)
          expect_near(x, y.estimate, of + "greek " + std::to_string(g),
                      5 * y.std_error + apart * std::fabs(y.estimate) + 1e-4);
      }
      EXPECT_EQ(a.bounds.dates, b.bounds.dates);
    }
  }
}

// Nobody exercises a call that carries nothing: that on the first of two is European.
TEST(EarlyJoint, ACallThatCarriesNothingIsEuropean) {
  Formulas w;
  w.inputs.simulation.paths = 131072;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston, 100, 0.05, 0.05);
  w.gbm("Y", 50, 0.4, 0.01);
  w.correlate("X", "Y", 0.3);
  w.formula("call", {"X", "Y"}, "max(X[t] - K, 0) + 0 * Y[t]", {0.1, 0.2, 0.3, 0.4, 0.5});
  w.value();
  const double exact = european_call(w, 100);
  expect_near(w.trade("call").price, exact, "call", 0);
  expect_bounds(w.trade("call"), exact, exact, 0.004);
}

TEST(EarlyJoint, TwoHestonsBetweenTheirBounds) {
  Formulas w;
  w.inputs.simulation.paths = 131072;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston, 100, -0.02, 0.05);
  w.add_underlying("Y", QS_MODEL_SVCJ, kSvcj, 100, -0.04, 0.05);
  w.correlate("X", "Y", 0.5);
  w.formula("best", {"X", "Y"}, "max(X[t], Y[t]) - K", {0.25, 0.5, 0.75, 1});
  w.formula("alone", {"X", "Y"}, "X[t] - K", {0.25, 0.5, 0.75, 1});
  w.formula("at any time", {"X", "Y"}, "max(X[t], Y[t]) - K", {1});
  w.value();
  const qs_trade_result &best = w.trade("best"), &any = w.trade("at any time");
  expect_bounds(best, best.price.estimate, best.price.estimate, 0.012);
  expect_bounds(any, any.price.estimate, any.price.estimate, 0.02);
  EXPECT_GT(best.price.estimate, w.trade("alone").price.estimate * 1.1);
  EXPECT_GT(any.price.estimate + 3 * any.price.std_error, best.price.estimate);
  EXPECT_GT(any.bounds.extrapolation.estimate, -3 * any.bounds.extrapolation.std_error);
  EXPECT_EQ(any.bounds.dates, 49u);
}

TEST(EarlyJoint, WhatIsBestExercisedNowIsWorthThat) {
  Formulas w;
  w.gbm("A", 30, 0.3, 0.2, 0.2);
  w.gbm("B", 25, 0.3, 0.2, 0.2);
  w.formula("put", {"A", "B"}, "max(2 * K - A[t] - 2 * B[t], 0)", {0.5});
  w.value();
  const qs_trade_result &t = w.trade("put"), &other = w.trade("put/B");
  expect_exercised_now(t, 120, 1e-6);
  EXPECT_NEAR(other.greeks.value[QS_GREEK_DELTA].estimate, -2, 1e-6);
  EXPECT_TRUE(t.trusted) << t.why;
}

TEST(EarlyJoint, ADateWithinTheDayCountsForTheta) {
  Formulas w;
  w.gbm("A", 100, 0.3, 0.4, 0.4);
  w.gbm("B", 100, 0.3, 0.4, 0.4);
  w.formula("put", {"A", "B"}, "1.3 * K - min(A[t], B[t])", {0.25 / 365, 200 / 365.0});
  w.value();
  const qs_trade_result &t = w.trade("put");
  EXPECT_NEAR(t.price.estimate + t.greeks.value[QS_GREEK_THETA].estimate, 30, 1e-6);
}

TEST(EarlyJoint, ShocksAreRevaluedUnderTheirOwnPolicy) {
  Formulas w;
  w.inputs.simulation.paths = 131072;
  BermudanTwo exact;
  exact.carry[0] = exact.carry[1] = -0.05, exact.rho = 0.3;
  exact.times = thirds(3);
  exact.pays = [](double a, double b) { return std::max(a, b) - 100; };
  w.gbm("A", 100, 0.2, -0.05);
  w.gbm("B", 100, 0.2, -0.05);
  w.correlate("A", "B", 0.3);
  w.formula("best", {"A", "B"}, "max(A[t], B[t]) - K", exact.times);
  w.build();
  std::vector<qs_shock> shocks;
  std::vector<double> expected;
  for (double spot : {0.0, -0.2, 0.1}) {
    for (double a : {1.0, 1.5}) {
      BermudanTwo moved = exact;
      for (int k = 0; k < 2; k++) {
        qs_model model = qs_model_scale_volatility(&w.market->underlyings[k].model, a);
        qs_shock shock = qs_shock_none(&model);
        shock.log_spot = k ? 0 : std::log1p(spot);
        shock.rate_add = 0.02;
        shocks.push_back(shock);
        moved.sigma[k] *= a;
      }
      moved.spot[0] *= 1 + spot, moved.rate += 0.02;
      expected.push_back(moved.price() - exact.price());
    }
  }
  const size_t cells = expected.size();
  std::vector<qs_estimate> pnl(cells);
  ASSERT_EQ(qs_revalue(&w.context, w.arena, w.devices, w.market, w.book->contracts, w.book->count,
                       &w.simulation, shocks.data(), cells, pnl.data(), nullptr, nullptr),
            QS_OK)
      << w.context.message;
  for (size_t i = 0; i < cells; i++)
    expect_near(pnl[i], expected[i], "shock " + std::to_string(i), 0.03);
  // Nothing moves where nothing is shocked.
  for (int k = 0; k < 2; k++)
    shocks[k] = qs_shock_none(&w.market->underlyings[k].model);
  ASSERT_EQ(qs_revalue(&w.context, w.arena, w.devices, w.market, w.book->contracts, w.book->count,
                       &w.simulation, shocks.data(), 1, pnl.data(), nullptr, nullptr),
            QS_OK);
  EXPECT_EQ(pnl[0].estimate, 0);
}

TEST(EarlyJoint, AFormulaThatIsUndefinedIsNotTrusted) {
  Formulas w;
  w.gbm("A", 100, 0.3, 0.0);
  w.gbm("B", 100, 0.3, 0.0);
  w.formula("root", {"A", "B"}, "sqrt(A[t] - B[t])", {0.1, 0.2});
  w.value();
  EXPECT_FALSE(w.trade("root").trusted);
  EXPECT_STREQ(w.trade("root").why, "the formula is undefined on some path");
}

std::vector<double> numbers_of(int threads, bool company, uint64_t seed) {
  Formulas w;
  w.add_underlying("X", QS_MODEL_HESTON, kHeston, 100, -0.02, 0.05);
  w.add_underlying("Y", QS_MODEL_SVCJ, kSvcj, 100, -0.04, 0.05);
  w.correlate("X", "Y", 0.5);
  w.formula("b", {"X", "Y"}, "max(X[t], Y[t]) - K", {0.1, 0.22, 0.3});
  w.formula("a", {"X", "Y"}, "X[t] - Y[t]", {0.2});
  if (company)
    w.formula("other", {"Y", "X"}, "min(X[t], Y[t]) - K", {0.05, 0.3});
  return early_numbers(&w, threads, seed, {"a", "b", "a/Y", "b/Y"});
}

TEST(EarlyJoint, TheSameBitsForAnyThreadsAndCompany) {
  expect_same_bits(numbers_of);
}

} // namespace
