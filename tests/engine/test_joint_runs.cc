// Whole runs with trades on several underlyings: closed forms, stress, coin settlement, shifts, what is
// refused.
#include "tests/engine/script_runs.h"

namespace {

double cdf(double x) {
  return std::erfc(-x / std::sqrt(2)) / 2;
}

// max(A - B, 0) of two geometric Brownian motions (Margrabe 1978): its value and derivatives.
struct Exchange {
  double a = 100, b = 95, sigma_a = 0.4, sigma_b = 0.25, correlation = 0.6, years, carry = 0.02, rate = 0.05;
  double value() const {
    const double v = spread(), d = d1();
    return std::exp((carry - rate) * years) * (a * cdf(d) - b * cdf(d - v));
  }
  double spread() const {
    return std::sqrt((sigma_a * sigma_a + sigma_b * sigma_b - 2 * correlation * sigma_a * sigma_b) * years);
  }
  double d1() const { return std::log(a / b) / spread() + spread() / 2; }
  double gamma() const { // to a twice; to both -a / b of it
    return std::exp((carry - rate) * years) * std::exp(-d1() * d1() / 2) / std::sqrt(2 * M_PI) /
           (a * spread());
  }
};

class JointRuns : public ScriptRuns {
protected:
  void SetUp() override {
    ScriptRuns::SetUp();
    const char *names[] = {"A", "B"};
    const double spots[] = {100, 95}, sigmas[] = {0.4, 0.25};
    for (int u = 0; u < 2; u++) {
      underlyings[u].name = names[u];
      underlyings[u].spot = spots[u];
      underlyings[u].model.type = QS_MODEL_GBM;
      underlyings[u].model.value[QS_SIGMA] = sigmas[u];
      underlyings[u].given = 1u << QS_SIGMA;
    }
    inputs.correlations = &correlation;
    inputs.correlation_count = 1;
    inputs.simulation.paths = 1 << 17;
    inputs.simulation.precision = QS_MIXED;
    add_script("exchange", "max(A[T] - B[T], 0)");
    trades.back().underlyings = both;
    trades.back().underlying_count = 2;
    trades.back().script.schedule_count = 0;
    trades.back().quantity = 10;
    exact.years = double(kEnd - kAsOf) / (365 * kDay);
  }
  void expect_near(qs_estimate e, double value, const char *what) {
    EXPECT_NEAR(e.estimate, value, 4.5 * e.std_error + 1e-4 * std::fabs(value))
        << what << ", error " << e.std_error;
    EXPECT_GT(e.std_error, 0) << what;
  }
  const char *const both[2] = {"A", "B"};
  const qs_correlation_spec correlation = {{"A", "B"}, 0.6};
  Exchange exact;
};

TEST_F(JointRuns, ExchangeInClosedForm) {
  run();
  ASSERT_EQ(results->trade_count, 2u);
  const qs_trade_result &a = results->trades[0], &b = results->trades[1];
  EXPECT_STREQ(a.id, "exchange");
  EXPECT_STREQ(b.id, "exchange/B");
  EXPECT_STREQ(b.underlying, "B");
  EXPECT_TRUE(a.trusted && b.trusted) << (a.why ? a.why : "") << (b.why ? b.why : "");
  EXPECT_EQ(b.value.estimate, 0);
  expect_near(a.value, 10 * exact.value(), "value");
  const double df = std::exp((exact.carry - exact.rate) * exact.years);
  expect_near(a.greeks.value[QS_GREEK_DELTA], 10 * df * cdf(exact.d1()), "delta of A");
  expect_near(b.greeks.value[QS_GREEK_DELTA], -10 * df * cdf(exact.d1() - exact.spread()), "delta of B");
  expect_near(a.greeks.value[QS_GREEK_GAMMA], 10 * exact.gamma(), "gamma of A");
  const double ratio = exact.a / exact.b;
  expect_near(b.greeks.value[QS_GREEK_GAMMA], 10 * exact.gamma() * ratio * ratio, "gamma of B");
  ASSERT_EQ(results->cross_gamma_count, 1u);
  EXPECT_STREQ(results->cross_gammas[0].between[1], "B");
  expect_near(results->cross_gammas[0].value, -10 * exact.gamma() * ratio, "cross gamma");
  Exchange up = exact, down = exact, later = exact;
  up.sigma_b += 1e-4, down.sigma_b -= 1e-4, later.years -= 1.0 / 365;
  expect_near(b.greeks.value[QS_GREEK_PARAMETER + QS_SIGMA], 10 * (up.value() - down.value()) / 2e-4,
              "d_sigma");
  expect_near(a.greeks.value[QS_GREEK_THETA], 10 * (later.value() - exact.value()), "theta");
  expect_near(a.greeks.value[QS_GREEK_D_RATE], -10 * exact.years * exact.value(), "d_rate");
  expect_near(results->total.value, 10 * exact.value(), "total");
}

// Of Brownian motions a shift is more of their variance: value, Greeks, its derivative, and stress.
TEST_F(JointRuns, ShiftedVariance) {
  inputs.sections |= QS_SECTION_STRESS;
  const qs_shift_spec pieces[] = {{kAsOf + 50 * kDay, NAN, 0.02}, {kEnd, NAN, 0.05}};
  underlyings[1].shift = pieces;
  underlyings[1].shift_count = 2;
  qs_scenario_spec wilder;
  qs_scenario_spec_init(&wilder);
  wilder.name = "wilder", wilder.volatility = 0.5, wilder.spot = 0.1;
  inputs.stress.scenarios = &wilder;
  inputs.stress.scenario_count = 1;
  run();
  const double years = exact.years, first = 50 / 365.0;
  // The spread's variance goes with the roots of B's in either piece: as one B of the same variance and
  // covariance.
  const auto value = [&](double low, double high, double factor) {
    Exchange e = exact;
    const double square = exact.sigma_b * exact.sigma_b, rest = years - first;
    const double variance = square + (low * first + high * rest) / years;
    const double root = (std::sqrt(square + low) * first + std::sqrt(square + high) * rest) / years;
    e.sigma_b = factor * std::sqrt(variance);
    e.correlation = exact.correlation * root / std::sqrt(variance);
    e.sigma_a = factor * exact.sigma_a;
    return e.value();
  };
  const double now = value(0.02, 0.05, 1), h = 1e-5;
  expect_near(results->trades[0].price, now, "price");
  ASSERT_EQ(results->sensitivity_count, 2u);
  ASSERT_EQ(results->sensitivities[1].d_shift_count, 2u);
  expect_near(results->sensitivities[1].d_shift[0].value,
              10 * (value(0.02 + h, 0.05, 1) - value(0.02 - h, 0.05, 1)) / (2 * h), "first piece");
  expect_near(results->sensitivities[1].d_shift[1].value,
              10 * (value(0.02, 0.05 + h, 1) - value(0.02, 0.05 - h, 1)) / (2 * h), "second piece");
  expect_near(results->stress.scenarios[0].pnl, 10 * (1.1 * value(0.02, 0.05, 1.5) - now), "wilder");
}

// Sobol points and mirrored paths.
TEST_F(JointRuns, OtherSampling) {
  inputs.simulation.paths = 1 << 16;
  run();
  const double plain = results->trades[0].value.std_error;
  qs_results_destroy(results);
  inputs.simulation.sampling = QS_SAMPLING_CHOICE_SOBOL;
  run();
  expect_near(results->trades[0].value, 10 * exact.value(), "value from Sobol points");
  EXPECT_LT(results->trades[0].value.std_error, 0.3 * plain);
  qs_results_destroy(results);
  inputs.simulation.sampling = QS_SAMPLING_CHOICE_PSEUDO;
  inputs.simulation.variance_reduction = QS_REDUCTION_ANTITHETIC;
  run();
  expect_near(results->trades[0].value, 10 * exact.value(), "value from mirrored paths");
  EXPECT_EQ(results->trades[0].controls, nullptr);
}

// Paid in the coin of B, the second of its underlyings: S_B / F_B exp(-coin_rate T) E[payoff].
TEST_F(JointRuns, SettledInCoin) {
  trades[0].settlement = QS_SETTLE_COIN;
  trades[0].underlying = "B";
  inputs.sections |= QS_SECTION_STRESS;
  const char *only_b[] = {"B"};
  qs_scenario_spec scenarios[2];
  for (qs_scenario_spec &s : scenarios)
    qs_scenario_spec_init(&s);
  scenarios[0].name = "B falls", scenarios[0].spot = -0.3;
  scenarios[1].name = "B grows", scenarios[1].carry = 0.02;
  for (qs_scenario_spec &s : scenarios)
    s.underlyings = only_b, s.underlying_count = 1;
  inputs.stress.scenarios = scenarios;
  inputs.stress.scenario_count = 2;
  run();
  const double coin_rate = 0.01, b = exact.b, years = exact.years;
  // Of A, B, the growth of B's forward over A's, and time.
  auto value = [&](double spot_a, double spot_b, double growth, double t) {
    Exchange e = exact;
    e.a = spot_a * std::exp(-growth * t), e.b = spot_b, e.years = t, e.rate = coin_rate, e.carry = 0;
    return e.value();
  };
  ASSERT_EQ(results->trade_count, 2u);
  const qs_trade_result &first = results->trades[0], &other = results->trades[1];
  EXPECT_STREQ(first.underlying, "B");
  EXPECT_STREQ(other.id, "exchange/A");
  const double now = value(100, b, 0, years), h = 1e-3;
  expect_near(first.price, now, "price");
  EXPECT_NEAR(first.price_coin.estimate * b, first.price.estimate, 1e-9);
  expect_near(first.greeks.value[QS_GREEK_DELTA],
              10 * (value(100, b + h, 0, years) - value(100, b - h, 0, years)) / (2 * h), "delta of B");
  expect_near(other.greeks.value[QS_GREEK_DELTA],
              10 * (value(100 + h, b, 0, years) - value(100 - h, b, 0, years)) / (2 * h), "delta of A");
  expect_near(first.greeks_coin.value[QS_GREEK_DELTA],
              10 * (value(100, b + h, 0, years) / (b + h) - value(100, b - h, 0, years) / (b - h)) / (2 * h),
              "delta of B in coin");
  expect_near(first.greeks.value[QS_GREEK_D_CARRY],
              10 * (value(100, b, h, years) - value(100, b, -h, years)) / (2 * h), "d_carry of B");
  expect_near(other.greeks.value[QS_GREEK_D_CARRY],
              -10 * (value(100, b, h, years) - value(100, b, -h, years)) / (2 * h), "d_carry of A");
  expect_near(first.greeks.value[QS_GREEK_THETA], 10 * (value(100, b, 0, years - 1.0 / 365) - now), "theta");
  expect_near(first.greeks.value[QS_GREEK_D_RATE], -10 * years * now, "d_rate");
  ASSERT_EQ(results->cross_gamma_count, 1u);
  const double g = 0.5, crossed = (value(100 + g, b + g, 0, years) - value(100 + g, b - g, 0, years) -
                                   value(100 - g, b + g, 0, years) + value(100 - g, b - g, 0, years)) /
                                  (4 * g * g);
  expect_near(results->cross_gammas[0].value, 10 * crossed, "cross gamma");
  expect_near(results->stress.scenarios[0].pnl, 10 * (value(100, 0.7 * b, 0, years) - now), "B falls");
  expect_near(results->stress.scenarios[1].pnl, 10 * (value(100, b, 0.02, years) - now), "B grows");
}

// The order of the underlyings is the coin's first; fixings of the past go with theirs.
TEST_F(JointRuns, SettledInCoinWithFixingsOfThePast) {
  const qs_time start = kAsOf - 40 * kDay;
  const qs_schedule_spec then = {"start", &start, 1, {}, true};
  const double past[] = {80, 110};
  trades[0].settlement = QS_SETTLE_COIN;
  trades[0].underlying = "B";
  trades[0].script.payoff = "max(100 * A[T] / A[start] - 100 * B[T] / B[start], 0)";
  trades[0].script.schedules = &then;
  trades[0].script.schedule_count = 1;
  trades[0].path.past = past;
  trades[0].path.past_count = 2;
  run();
  exact.a = 100 * 100 / 80.0, exact.b = 100 * 95 / 110.0, exact.carry = 0.02, exact.rate = 0.01 + 0.02;
  expect_near(results->trades[0].price, exact.value(), "price");
}

// Shocks to one underlying, to both, to volatility and to rates.
TEST_F(JointRuns, StressRevalues) {
  inputs.sections |= QS_SECTION_STRESS;
  const char *only_b[] = {"B"};
  qs_scenario_spec scenarios[3];
  for (qs_scenario_spec &s : scenarios)
    qs_scenario_spec_init(&s);
  scenarios[0].name = "B falls", scenarios[0].spot = -0.3;
  scenarios[0].underlyings = only_b, scenarios[0].underlying_count = 1;
  scenarios[1].name = "both, wilder", scenarios[1].spot = 0.2, scenarios[1].volatility = 0.5;
  scenarios[2].name = "rates", scenarios[2].discount_rate = 0.02, scenarios[2].carry = 0.01;
  inputs.stress.scenarios = scenarios;
  inputs.stress.scenario_count = 3;
  run();
  Exchange falls = exact, wilder = exact, rates = exact;
  falls.b *= 0.7;
  wilder.a *= 1.2, wilder.b *= 1.2, wilder.sigma_a *= 1.5, wilder.sigma_b *= 1.5;
  rates.rate += 0.02, rates.carry += 0.01;
  const Exchange *shocked[] = {&falls, &wilder, &rates};
  for (int k = 0; k < 3; k++)
    expect_near(results->stress.scenarios[k].pnl, 10 * (shocked[k]->value() - exact.value()),
                scenarios[k].name);
}

TEST_F(JointRuns, FixingsOfThePast) {
  const qs_time start = kAsOf - 40 * kDay;
  const qs_schedule_spec then = {"start", &start, 1, {}, true};
  const double past[] = {80, 110};
  trades[0].script.payoff = "max(100 * A[T] / A[start] - 100 * B[T] / B[start], 0)";
  trades[0].script.schedules = &then;
  trades[0].script.schedule_count = 1;
  trades[0].path.past = past;
  trades[0].path.past_count = 2;
  run();
  exact.a = 100 * 100 / 80.0, exact.b = 100 * 95 / 110.0;
  expect_near(results->trades[0].value, 10 * exact.value(), "value");
}

TEST_F(JointRuns, ExpiresWithinADay) {
  trades[0].expiry = kAsOf + kDay / 2;
  run();
  const qs_trade_result &soon = results->trades[0];
  EXPECT_NEAR(soon.value.estimate + soon.greeks.value[QS_GREEK_THETA].estimate, 50, 1e-3);
}

TEST_F(JointRuns, SameBytesFromAnyThreads) {
  inputs.simulation.paths = 4096;
  char *texts[2] = {};
  for (int k = 0; k < 2; k++) {
    qs_engine_spec spec;
    qs_engine_spec_init(&spec);
    spec.backend = QS_BACKEND_CPU;
    spec.threads = 1 + 6 * k;
    qs_engine *own = nullptr;
    char message[256];
    ASSERT_EQ(qs_engine_create(&spec, message, sizeof message, &own), QS_OK) << message;
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    const qs_results *made = nullptr;
    ASSERT_EQ(qs_run(own, &inputs, ~0u, &made), QS_OK);
    ASSERT_EQ(qs_results_json(own, made, &texts[k]), QS_OK);
    qs_results_destroy(made);
    EXPECT_STREQ(texts[0], texts[k]);
    qs_engine_destroy(own);
  }
}

TEST_F(JointRuns, Refused) {
  const char *twice[] = {"A", "A"}, *unknown[] = {"A", "Z"};
  const auto said = [&](const char *what) {
    inputs.trades = trades.data();
    inputs.trade_count = trades.size();
    EXPECT_EQ(qs_run(engine, &inputs, ~0u, &results), QS_ERROR_INPUT);
    EXPECT_NE(std::string(qs_engine_message(engine)).find(what), std::string::npos)
        << qs_engine_message(engine);
  };
  trades[0].script.payoff = "A[T]";
  const qs_trade_spec good = trades[0];
  trades[0].underlyings = unknown;
  said("Z is none of this run's underlyings");
  trades[0].underlyings = twice;
  said("A stands there twice");
  trades[0] = good;
  trades[0].settlement = QS_SETTLE_COIN;
  trades[0].underlying = "Z";
  said("Z; must be one of underlyings, in whose coin the trade is settled");
  trades[0] = good;
  trades[0].type = QS_TRADE_EUROPEAN;
  said("a european has one");
  trades[0] = good;
  underlyings[1].discount_rate = 0.01;
  said("different discount rates");
}

} // namespace
