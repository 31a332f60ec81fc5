// What a position gains by, split into its Greeks: closed forms under Black and Scholes, identities, and
// another route along single paths.
#include "host/simulate/attribution.h"

#include "host/simulate/backtest.h"
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kDay = 1.0 / 365;

class Attributed : public SimulateWorld {
public:
  Attributed() {
    spec.attribution = true;
    spec.cost_weight = 1;
    add_policy(QS_HEDGE_POLICY_NONE);
  }
  const qs_option_attribution &parts() const { return result.attribution; }
  void add_spot(const char *id, double quantity) {
    qs_trade_spec trade;
    qs_trade_spec_init(&trade);
    trade.id = id;
    trade.type = QS_TRADE_SPOT;
    trade.underlying = "X";
    trade.quantity = quantity;
    trades.push_back(trade);
  }
  void expect_sum(const char *what) const {
    const qs_option_attribution &a = parts();
    EXPECT_TRUE(a.present);
    const double sum =
        a.theta.estimate + a.delta.estimate + a.gamma.estimate + a.vega.estimate + a.residual.estimate;
    const double size =
        std::fabs(a.theta.estimate) + std::fabs(a.gamma.estimate) + std::fabs(a.delta.estimate);
    EXPECT_NEAR(a.options.estimate, sum, 1e-13 * (1 + size)) << what;
    EXPECT_EQ(a.options.estimate, policy(0).options.estimate) << what;
  }
};

// Short a call of `days` at the money, no rates.
class ShortCall : public Attributed {
public:
  ShortCall(double days, uint64_t dates, double spacing) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, days * kDay, -1);
    spec.dates.count = dates;
    spec.dates.spacing_days = spacing;
  }
};

// S^2 gamma is a martingale, so that the means of theta and gamma are those of the first step, times steps.
TEST(Attribution, BlackAndScholesInClosedForm) {
  ShortCall w(30, 240, .125);
  w.inputs.simulation.paths = 1 << 16;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const double years = 30 * kDay, step = years / 240, deviation = kSigma * std::sqrt(years);
  const double d = deviation / 2, dollar_gamma = 100 * std::exp(-d * d / 2) / std::sqrt(2 * M_PI) / deviation;
  const qs_option_attribution &a = w.parts();
  expect_within(a.theta, .5 * kSigma * kSigma * dollar_gamma * years, 4, .02, "theta");
  expect_within(a.gamma, -.5 * dollar_gamma * 240 * std::expm1(kSigma * kSigma * step), 4, .02, "gamma");
  expect_within(a.delta, 0, 4, .1, "delta");
  expect_within(a.premium, 0, 4, .005, "premium");
  expect_within(a.options, 0, 4, .1, "options");
  EXPECT_EQ(a.vega.estimate, 0);
  EXPECT_EQ(a.vega.std_error, 0);
  // With eight dates a day time and gamma all but cancel, path by path.
  EXPECT_LE(a.premium.std_error, .1 * a.theta.std_error + .01);
  w.expect_sum("call");
}

TEST(Attribution, TheRestFallsWithTheSquareRootOfTheCubeOfTheStep) {
  double errors[2];
  for (int fine : {0, 1}) {
    ShortCall w(60, fine ? 120 : 30, fine ? .25 : 1); // the call lives on at the unwind
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    errors[fine] = w.parts().residual.std_error;
    EXPECT_LE(std::fabs(w.parts().residual.estimate), 4 * errors[fine] + .02 * w.parts().theta.estimate);
  }
  // Third order terms, uncorrelated: a step's variance goes with its cube, their number with its inverse.
  EXPECT_NEAR(errors[1] / errors[0], .25, .03);
}

// Everything that a position may hold, rates, coin, expiries between dates, fills of their own.
class Mixed : public Attributed {
public:
  explicit Mixed(bool listed) {
    add_underlying("X", QS_MODEL_SVCJ,
                   {{QS_V0, .2},
                    {QS_KAPPA, 5},
                    {QS_THETA, .26},
                    {QS_XI, 1.2},
                    {QS_RHO, -.35},
                    {QS_LAMBDA, .9},
                    {QS_MU_J, -.1},
                    {QS_SIGMA_J, .05},
                    {QS_MU_V, .1},
                    {QS_RHO_J, -.2}},
                   100, .04, .07);
    underlyings[0].coin_rate = .02;
    add_option("soon", "X", QS_CALL, 95, 2.3 * kDay, -1);
    add_option("then", "X", QS_PUT, 100, 10 * kDay, 2);
    add_option("coin", "X", QS_CALL, 105, 8 * kDay, -3, QS_SETTLE_COIN);
    add_option("late", "X", QS_PUT, 110, 20 * kDay, -2, QS_SETTLE_COIN);
    add_option("last", "X", QS_CALL, 110, 20 * kDay, 1);
    add_spot("spot", .5);
    inputs.simulation.paths = 8192;
    for (int d = 0; d <= 10; d++)
      times_.push_back(inputs.as_of + 3600 + d * 86400 - 3600 * (d == 10));
    if (listed)
      spec.dates = {0, std::nan(""), times_.data(), times_.size()};
    else
      every_day(10);
    spec.latency_seconds = 600;
  }

private:
  std::vector<qs_time> times_;
};

TEST(Attribution, AddsUpWhateverIsHeld) {
  for (bool listed : {false, true}) { // from as_of, and from later on
    Mixed w(listed);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    w.expect_sum(listed ? "listed" : "by rule");
    EXPECT_LE(std::fabs(w.parts().premium.estimate), 4 * w.parts().premium.std_error);
    EXPECT_GT(w.parts().vega.std_error, 0);
  }
}

TEST(Attribution, HasTheSameBitsForAnyNumberOfThreads) {
  qs_option_attribution made[2];
  for (int i : {0, 1}) {
    Mixed w(false);
    w.context.threads = i ? 3 : 1;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    made[i] = w.parts();
  }
  EXPECT_EQ(made[0].theta.estimate, made[1].theta.estimate);
  EXPECT_EQ(made[0].vega.std_error, made[1].vega.std_error);
  EXPECT_EQ(made[0].residual.std_error, made[1].residual.std_error);
  EXPECT_EQ(made[0].premium.estimate, made[1].premium.estimate);
}

// What is no option, and calls less puts, gain by time and delta alone.
TEST(Attribution, AForwardHasNoCurvature) {
  Attributed w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, .3, .1);
  w.add_option("c", "X", QS_CALL, 95, 40 * kDay, -2);
  w.add_option("p", "X", QS_PUT, 95, 40 * kDay, 2);
  w.trades.push_back(w.trades.back());
  w.trades.back().id = "f";
  w.trades.back().type = QS_TRADE_FORWARD;
  w.trades.back().quantity = 1;
  w.trades.back().call_put = QS_CALL;
  w.add_spot("s", .25);
  w.every_day(30);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_option_attribution &a = w.parts();
  const double moves = a.delta.std_error * 128; // their deviation; a step's rest is its move times the roll
  EXPECT_GT(moves, 10);
  EXPECT_LE(std::fabs(a.residual.estimate), 2e-3 * moves);
  EXPECT_LE(a.residual.std_error, 2e-3 * a.delta.std_error);
  EXPECT_NEAR(a.gamma.estimate, 0, 2e-3);
  EXPECT_GT(std::fabs(a.theta.estimate), 1); // the forward's roll
  w.expect_sum("forward");
}

// In coin the discounted value is no martingale: what it grows by is theta's, and hardly anything is left.
TEST(Attribution, CoinOptionsGrowByTheirRates) {
  Attributed w;
  w.add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, -.2, .1);
  w.underlyings[0].coin_rate = .5;
  w.add_option("c", "X", QS_CALL, 90, 60 * kDay, 1, QS_SETTLE_COIN);
  w.spec.dates.count = 120;
  w.spec.dates.spacing_days = .25;
  w.inputs.simulation.paths = 1 << 16;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_option_attribution &a = w.parts();
  // E[D S e^(-coin left) c] grows at coin_rate - rate + carry, under a measure that leaves c's mean alone.
  const double years = 30 * kDay, forward = 100 * std::exp(-.2 * 60 * kDay), far = 60 * kDay;
  const double now = 100 * std::exp(-.5 * far) * black(forward, 90, kSigma * std::sqrt(far)) / forward;
  expect_within(a.options, now * std::expm1((.5 - .1 - .2) * years), 4, .1, "options");
  EXPECT_LE(std::fabs(a.residual.estimate), 4 * a.residual.std_error + .01 * std::fabs(a.theta.estimate));
  w.expect_sum("coin");
}

// Single paths, marked one by one as the replay of recorded prices does it: Fourier at the path's own states.
TEST(Attribution, IsThatOfAReplayOfTheSamePath) {
  SimulateWorld w;
  w.add_underlying("X", QS_MODEL_HESTON,
                   {{QS_V0, .36}, {QS_KAPPA, 3}, {QS_THETA, .4}, {QS_XI, 1.2}, {QS_RHO, -.4}}, 100, 0, 0);
  w.add_option("a", "X", QS_CALL, 100, 12 * kDay, -1);
  w.add_option("b", "X", QS_PUT, 95, 6 * kDay, -2);
  w.add_option("c", "X", QS_CALL, 110, 40 * kDay, 1.5);
  w.every_day(12);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.spec.cost_weight = 1;
  w.inputs.simulation.paths = 256;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  qs_simulate_problem p;
  qs_simulate_paths paths;
  qs_claim claim;
  const qs_attribution *made = nullptr;
  ASSERT_EQ(qs_simulate_problem_make(&w.context, w.arena, &w.inputs, w.market, w.book, &p), QS_OK);
  ASSERT_EQ(qs_simulate_paths_make(&w.context, w.arena, w.devices, &p, &paths), QS_OK);
  ASSERT_EQ(qs_claim_make(&w.context, w.arena, &paths, &claim), QS_OK);
  ASSERT_EQ(qs_attribution_make(&w.context, w.arena, &paths, &made), QS_OK) << w.context.message;
  enum { COUNT = 256 };
  std::vector<double> x(p.row_count * COUNT), v(x.size()), gain(COUNT), parts(QS_ATTRIBUTION_PARTS * COUNT);
  ASSERT_EQ(qs_simulate_paths_run(&w.context, &paths, 0, COUNT, x.data(), v.data()), QS_OK);
  qs_claim_gain(&claim, x.data(), v.data(), COUNT, COUNT, gain.data());
  qs_attribution_run(made, x.data(), v.data(), gain.data(), COUNT, COUNT, parts.data());

  std::vector<qs_policy_option> options;
  for (size_t i = 0; i < p.contract_count; i++) {
    const qs_contract &c = p.contracts[i];
    options.push_back({c.call_put == QS_CALL, false, c.years, c.strike, 100, c.quantity, 0});
  }
  options[1].years = p.years[6];
  options[0].years = p.years[12];
  std::vector<qs_policy_date> dates;
  for (size_t d = 0; d < p.date_count; d++)
    dates.push_back({p.years[d], 100, 100, 1, 0, 0, 0});
  const qs_policy_problem over = {
      &p.under->model, options.data(), options.size(), dates.data(), dates.size(), 0, 1, 0};
  std::vector<size_t> bars;
  for (size_t d = 0; d < p.date_count; d++)
    bars.push_back(d);
  const qs_backtest_rules rules = qs_backtest_theory();
  for (size_t i = 0; i < COUNT; i += 16) {
    std::vector<double> prices, variance;
    for (size_t d = 0; d < p.date_count; d++) {
      prices.push_back(100 * std::exp(x[p.date_row[d] * COUNT + i]));
      variance.push_back(v[p.date_row[d] * COUNT + i]);
    }
    const qs_backtest_record record = {prices.data(), prices.size(), bars.data(), variance.data(), nullptr};
    std::vector<qs_backtest_step> steps(p.date_count - 1);
    ASSERT_EQ(qs_backtest_mark(&w.context, &over, &record, &rules, steps.data()), QS_OK) << w.context.message;
    const qs_backtest_step all = qs_backtest_total(steps.data(), steps.size());
    const double expected[] = {all.theta, all.delta, all.gamma, all.vega, all.residual};
    for (int q = 0; q < 5; q++)
      EXPECT_NEAR(parts[q * COUNT + i], expected[q], 2e-3) << "path " << i << ", part " << q;
    EXPECT_NEAR(gain[i], all.options, 2e-3);
  }
}

} // namespace
