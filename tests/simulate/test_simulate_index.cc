// A price that policies and margin see stale or wrong: closed forms, and a simulation of its own.
#include <random>

#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kDay = 1.0 / 365;
constexpr qs_time kSeconds = 86400;

// Short a call at the money, hedged every day of `days` to its expiry; no rates.
class Seen : public SimulateWorld {
public:
  explicit Seen(uint64_t days) : count(days) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, double(days) * kDay, -1);
    every_day(days);
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 16;
    add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  }

  // From `from` days on for `days`; an error of NaN is a stale price.
  Seen &off(double from, double days, double error) {
    windows.push_back(
        {inputs.as_of + qs_time(from * kSeconds), inputs.as_of + qs_time((from + days) * kSeconds), error});
    spec.index = windows.data();
    spec.index_count = windows.size();
    return *this;
  }

  const double stale = std::nan("");
  uint64_t count;
  std::vector<qs_simulate_index> windows;
};

double delta_of(double spot, double years) {
  double delta;
  black(spot, 100, kSigma * std::sqrt(years), &delta);
  return delta;
}

// Var[payoff - sum h_n (S_n+1 - S_n)] of holdings known beforehand, by Black's formula: the covariance of the
// payoff with S_t is that of a payoff whose forward is higher by exp(sigma^2 t).
double variance_of(const std::vector<double> &held) {
  const size_t n = held.size();
  const double years = double(n) * kDay, variance = kSigma * kSigma, deviation = kSigma * std::sqrt(years);
  const double value = black(100, 100, deviation);
  const auto covariance = [&](double t) {
    return 100 * black(100 * std::exp(variance * t), 100, deviation) - 100 * value;
  };
  double sum = covariance(years) - value * value; // E[payoff^2] = E[S (S - K)+] - K E[(S - K)+]
  for (size_t d = 0; d < n; d++) {
    const double from = double(d) * kDay, to = from + kDay;
    sum += held[d] * held[d] * 1e4 * (std::exp(variance * to) - std::exp(variance * from)) -
           2 * held[d] * (covariance(to) - covariance(from));
  }
  return sum;
}

TEST(SimulateIndex, StaleFromTheStartTheHedgeKnowsTimeAlone) {
  Seen w(10);
  w.off(-1, 30, w.stale);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  std::vector<double> held;
  for (int d = 0; d < 10; d++)
    held.push_back(delta_of(100, (10 - d) * kDay));
  const double expected = variance_of(held);
  expect_within(w.policy(0).variance, expected, 4, .02 * expected, "stale");
  EXPECT_TRUE(std::isnan(w.result.lower_bound.estimate));
  // A call that is hedged by what it was is worse than by what it is.
  Seen right(10);
  ASSERT_EQ(right.run(), QS_OK);
  EXPECT_LT(right.policy(0).variance.estimate, .3 * expected);
}

TEST(SimulateIndex, AWrongFirstPriceIsAWrongHedge) {
  for (double error : {-.03, .02, 1.0}) {
    Seen w(1);
    w.spec.dates.spacing_days = 1;
    w.off(0, .5, error);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const double held = delta_of(100 * (1 + error), kDay), expected = variance_of({held});
    expect_within(w.policy(0).variance, expected, 4, .02 * expected, "wrong");
    // It is bought at the true price.
    expect_within(w.policy(0).turnover, 200 * held, 4, .1, "turnover");
  }
}

// Stale for three days from the middle of a day on, then wrong for four: against paths of the test's own.
TEST(SimulateIndex, StaleThenWrongAsInASimulationOfItsOwn) {
  const size_t days = 16, paths = 1 << 16;
  Seen w(days);
  w.off(4.5, 3, w.stale).off(9, 4, -.05);
  w.spec.costs.proportional = .001;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  std::mt19937_64 random(17);
  std::normal_distribution<> normal;
  const double step = kSigma * std::sqrt(.5 * kDay), drift = -.25 * kSigma * kSigma * kDay;
  double error[3] = {}, cost[2] = {}; // sums of powers
  for (size_t i = 0; i < paths; i++) {
    double x = 0, at = 0, held = 0, hedge = 0, paid = 0, last = 100;
    for (size_t half = 0; half <= 2 * days; half++) {
      x += half ? drift + step * normal(random) : 0;
      at = half == 9 ? 100 * std::exp(x) : at;
      if (half % 2)
        continue;
      const double spot = 100 * std::exp(x), t = double(half) / 2;
      hedge += held * (spot - last);
      const double seen = t > 4.5 && t < 7.5 ? at : t >= 9 && t < 13 ? .95 * spot : spot;
      const double wanted = half == 2 * days ? 0 : delta_of(seen, (double(days) - t) * kDay);
      paid += .001 * std::fabs(wanted - held) * spot;
      held = wanted;
      last = spot;
    }
    const double e = hedge - std::fmax(last - 100, 0);
    for (int k = 0; k < 3; k++)
      error[k] += (k == 0 ? e : k == 1 ? e * e : e * e * e * e) / double(paths);
    cost[0] += paid / double(paths);
    cost[1] += paid * paid / double(paths);
  }
  const qs_policy_result &p = w.policy(0);
  const double variance = error[1] - error[0] * error[0];
  const double noise =
      std::hypot(p.variance.std_error, std::sqrt((error[2] - error[1] * error[1]) / double(paths)));
  EXPECT_LE(std::fabs(p.variance.estimate - variance), 4 * noise);
  EXPECT_LE(noise, .03 * variance);
  const double cost_noise =
      std::hypot(p.cost.std_error, std::sqrt((cost[1] - cost[0] * cost[0]) / double(paths)));
  EXPECT_LE(std::fabs(p.cost.estimate - cost[0]), 4 * cost_noise);
  EXPECT_LE(cost_noise, .01 * cost[0]);
  Seen right(days); // and it shows
  right.spec.costs.proportional = .001;
  ASSERT_EQ(right.run(), QS_OK);
  EXPECT_GT(p.variance.estimate, 1.5 * right.policy(0).variance.estimate);
}

// Seen at twice the price, the short call has lost 93 and the hedge gained 53: what is left of 45 does not
// cover a quarter of the hedge at 200. At the true price nothing ever lacks.
TEST(SimulateIndex, MarginGoesByWhatItSees) {
  for (double from : {-1.0, .5, 1.5}) {
    Seen w(2);
    w.trades.clear();
    w.add_option("t1", "X", QS_CALL, 100, 30 * kDay, -1);
    w.margin(45, .25, .25, 1, .01);
    if (from > 0)
      w.off(from, 1, 1);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_EQ(w.policy(0).liquidated.estimate, from == .5 ? 1 : 0) << from;
    if (from == .5) { // at the fee of what is seen
      EXPECT_NEAR(w.policy(0).liquidation.estimate, .01 * 200 * delta_of(100, 30 * kDay), .02);
    }
  }
}

// Seen at twice the price at the first date already, the account is empty and carries no hedge; at half of
// it, where the call has lost its worth, it carries one.
TEST(SimulateIndex, TheFirstTradeIsMeasuredByWhatIsSeen) {
  for (double error : {1.0, -.5}) {
    Seen w(30);
    w.spec.dates.count = 1;
    w.spec.dates.spacing_days = 1;
    w.policies.clear();
    w.add_policy(QS_HEDGE_POLICY_CALLBACK).function = [](void *, const qs_policy_view *view, double *target) {
      for (size_t i = 0; i < view->path_count; i++)
        target[i] = .5;
      return QS_OK;
    };
    w.margin(20, .25, .25, 1, 0);
    w.spec.margin.partial = true;
    w.off(-1, 1.5, error);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    EXPECT_EQ(w.policy(0).trades.estimate, error > 0 ? 0 : 2);
  }
}

TEST(SimulateIndex, AtTheUnwindAndAfterItNothingIsOff) {
  double objective[3];
  for (int i = 0; i < 3; i++) {
    Seen w(5);
    w.margin(30, .25, .2, 4, .01);
    if (i)
      w.off(i == 1 ? 4.5 : 6, 2, i == 1 ? .5 : w.stale);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    objective[i] = w.policy(0).objective.estimate;
  }
  EXPECT_EQ(objective[0], objective[1]);
  EXPECT_EQ(objective[0], objective[2]);
}

// A caller's own policy sees what the others see.
qs_status hold_delta(void *, const qs_policy_view *view, double *target) {
  for (size_t i = 0; i < view->path_count; i++) {
    EXPECT_EQ(view->price[i], view->spot[i]);
    target[i] = delta_of(view->spot[i], 10 * kDay - view->years);
  }
  return QS_OK;
}

TEST(SimulateIndex, ACallerSeesTheSame) {
  Seen w(10);
  w.off(2, 3, w.stale).off(6, 2, .03);
  w.add_policy(QS_HEDGE_POLICY_CALLBACK).function = hold_delta;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  EXPECT_NEAR(w.policy(1).variance.estimate, w.policy(0).variance.estimate,
              1e-3 * w.policy(0).variance.estimate);
  EXPECT_NEAR(w.policy(1).turnover.estimate, w.policy(0).turnover.estimate,
              1e-3 * w.policy(0).turnover.estimate);
}

} // namespace
