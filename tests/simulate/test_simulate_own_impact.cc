// A hedge whose own trades move the price: closed forms of what trades cost, positions that move with it, and
// a simulation of its own.
#include <random>

#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kDay = 1.0 / 365;

class Moving : public SimulateWorld {
public:
  explicit Moving(uint64_t days, double rate = 0) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, rate, rate);
    add_option("t1", "X", QS_CALL, 100, double(days) * kDay, -1);
    every_day(days);
    spec.cost_weight = 1;
    spec.keep_pnl = true;
    inputs.simulation.paths = 1 << 14;
  }
};

// Buys as much at every date, up to `whole` at the last; or sells.
struct Buyer {
  double whole;
};

qs_status buy(void *data, const qs_policy_view *view, double *target) {
  const double whole = static_cast<Buyer *>(data)->whole;
  for (size_t i = 0; i < view->path_count; i++)
    target[i] = whole * double(view->date + 1) / double(view->date_count - 1);
  return QS_OK;
}

// Beside what they are worth on the path that nobody moved, n equal purchases u and one sale cost what each
// finds of those before, and half of its own: Obizhaeva and Wang's sum with the permanent part beside it.
TEST(OwnImpact, CostsWhatObizhaevaAndWangSay) {
  const double permanent = .002, transient = .005, decay = 300;
  const int n = 6;
  for (double whole : {3.0, -3.0}) {
    double gained[2];
    qs_estimate impact = {0, 0};
    Buyer buyer = {whole};
    for (int i : {0, 1}) {
      Moving w(n, .05);
      qs_hedge_policy_spec &policy = w.add_policy(QS_HEDGE_POLICY_CALLBACK);
      policy.function = buy;
      policy.data = &buyer;
      if (i)
        w.spec.own_impact = {permanent, transient, decay};
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      gained[i] = w.policy(0).hedge.estimate - w.policy(0).impact.estimate;
      impact = w.policy(0).impact;
    }
    const double u = whole / n, kept = std::exp(-decay * kDay);
    double passing = 0, lasting = 0, cost = 0, own = 0;
    for (int d = 0; d <= n; d++) {
      const double traded = d < n ? u : -whole;
      cost += traded * (lasting + passing + .5 * (permanent + transient) * traded);
      own += .5 * (permanent + transient) * traded * traded;
      lasting += permanent * traded;
      passing = (passing + transient * traded) * kept;
    }
    // The spot's discounted forward is 100 at all dates.
    EXPECT_NEAR(gained[0] - gained[1], 100 * cost, 1e-9) << whole;
    EXPECT_NEAR(impact.estimate, 100 * own, 1e-9);
    EXPECT_LE(impact.std_error, 1e-9);
  }
}

TEST(OwnImpact, ThatStaysReturnsOnTheWayBack) {
  double gained[2], options[2];
  for (int i : {0, 1}) {
    Moving w(7);
    w.spec.dates.count = 1;
    w.spec.dates.spacing_days = 7;
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    if (i)
      w.spec.own_impact.permanent = .01;
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    gained[i] = w.policy(0).hedge.estimate - w.policy(0).impact.estimate;
    options[i] = w.policy(0).options.estimate;
    if (i) {
      double delta;
      black(100, 100, kSigma * std::sqrt(7 * kDay), &delta);
      EXPECT_NEAR(w.policy(0).impact.estimate, .01 * delta * delta * 100, 1e-4);
    }
  }
  EXPECT_NEAR(gained[0], gained[1], 1e-10);
  // But the call is settled at the price that the hedge made.
  EXPECT_LT(options[1], options[0] - .1);
}

// Short a forward, hedged once: what the purchase makes of the price it makes of both.
TEST(OwnImpact, MovesThePositionToo) {
  Moving w(7);
  w.trades.clear();
  w.add_option("c", "X", QS_CALL, 100, 7 * kDay, -1);
  w.add_option("p", "X", QS_PUT, 100, 7 * kDay, 1);
  w.spec.own_impact = {.01, .02, 50};
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.margin(100, .3, .2, 2, .01);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_result &p = w.policy(0);
  EXPECT_LE(p.variance.estimate, 1e-6 * w.policy(1).variance.estimate);
  const double moved = 100 * (.01 + .02 * std::exp(-50 * 7 * kDay));
  EXPECT_NEAR(p.options.estimate, w.policy(1).options.estimate - moved, 2e-3);
  EXPECT_NEAR(p.hedge.estimate + p.options.estimate, 0, 2e-3);
  EXPECT_NEAR(p.impact.estimate, .03 * 100, 2e-3);
}

// A delta of the price that it moves itself, with a proportional cost beside.
TEST(OwnImpact, DecisionsSeeItAsInASimulationOfItsOwn) {
  const int days = 8;
  const size_t paths = 1 << 16;
  const double permanent = .02, transient = .06, decay = 400;
  Moving w(days);
  w.spec.own_impact = {permanent, transient, decay};
  w.inputs.simulation.paths = paths;
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  std::mt19937_64 random(31);
  std::normal_distribution<> normal;
  double sum[3] = {}, square[3] = {}; // error, what trades paid, what the call cost
  for (size_t i = 0; i < paths; i++) {
    double x = 0, held = 0, cash = 0, own = 0, lasting = 0, passing = 0, spot = 100;
    for (int d = 0; d <= days; d++) {
      x += d ? -.5 * kSigma * kSigma * kDay + kSigma * std::sqrt(kDay) * normal(random) : 0;
      passing *= std::exp(-decay * kDay);
      spot = 100 * (std::exp(x) + lasting + passing);
      double delta = 0;
      if (d < days)
        black(spot, 100, kSigma * std::sqrt((days - d) * kDay), &delta);
      const double u = delta - held;
      cash -= u * spot;
      own += 100 * .5 * (permanent + transient) * u * u;
      lasting += permanent * u;
      passing += transient * u;
      held = delta;
    }
    const double paid = std::fmax(spot - 100, 0), of[] = {cash - paid, own, paid};
    for (int k = 0; k < 3; k++) {
      sum[k] += of[k] / double(paths);
      square[k] += of[k] * of[k] / double(paths);
    }
  }
  const qs_policy_result &p = w.policy(0);
  const double value = black(100, 100, kSigma * std::sqrt(days * kDay));
  const auto compare = [&](qs_estimate got, double want, int k, const char *what) {
    const double noise = std::hypot(got.std_error, std::sqrt((square[k] - sum[k] * sum[k]) / double(paths)));
    EXPECT_LE(std::fabs(got.estimate - want), 4 * noise) << what << " " << got.estimate << " " << want;
    EXPECT_LE(noise, .02 * std::fabs(want) + .02) << what;
  };
  compare(p.mean, sum[0] + value, 0, "mean");
  compare(p.impact, sum[1], 1, "impact");
  compare(p.options, value - sum[2], 2, "options");
  const double variance = square[0] - sum[0] * sum[0];
  EXPECT_NEAR(p.variance.estimate, variance, 6 * std::sqrt(2.0) * p.variance.std_error);
  EXPECT_GT(variance, 1.2 * .25); // far from that of a small trader
}

// The mechanics that run date by date for it are those that run at once without it.
TEST(OwnImpact, ThatIsNothingChangesNothing) {
  for (const char *instrument : {"X-SPOT", "X-PERPETUAL"}) {
    std::vector<double> figures[2];
    for (int i : {0, 1}) {
      SimulateWorld w;
      w.add_underlying("X", QS_MODEL_HESTON,
                       {{QS_V0, .36}, {QS_KAPPA, 3}, {QS_THETA, .4}, {QS_XI, 1}, {QS_RHO, -.4}}, 100, .08,
                       .05);
      w.add_option("c", "X", QS_CALL, 95, 12 * kDay, -1);
      w.add_option("near", "X", QS_PUT, 95, 3.5 * kDay, -1);
      w.add_option("h", "X", QS_CALL, 100, 40 * kDay, 1);
      w.instruments = {instrument, "h"};
      w.every_day(10);
      w.inputs.simulation.paths = 10240; // more than a block
      w.spec.position = "portfolio";
      w.spec.cost_weight = 1;
      w.spec.latency_seconds = 600;
      w.spec.attribution = true;
      w.spec.costs.proportional = .001;
      w.spec.costs.options = {.0003, .125, .01};
      w.margin(25, .25, .2, 4, .01);
      w.spec.margin.partial = true;
      w.spec.cascade = {60, 900, .02, 20, -.04, .02};
      const qs_simulate_index windows[] = {
          {w.inputs.as_of + 3 * 86400, w.inputs.as_of + 5 * 86400, std::nan("")},
          {w.inputs.as_of + 6 * 86400, w.inputs.as_of + 7 * 86400 + 300, .1}};
      w.spec.index = windows;
      w.spec.index_count = 2;
      if (w.instruments[0] == std::string("X-PERPETUAL"))
        w.spec.funding = {80, .02, .0002, .0004, .25, .0001, .0005, .005};
      Buyer buyer = {-1};
      w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
      w.add_policy(QS_HEDGE_POLICY_DELTA_GAMMA);
      w.add_policy(QS_HEDGE_POLICY_FIXED_INTERVAL).every = 3;
      w.add_policy(QS_HEDGE_POLICY_CALLBACK).function = buy;
      w.policies.back().data = &buyer;
      w.spec.own_impact.permanent = i ? 1e-18 : 0;
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      for (size_t k = 0; k < 4; k++) {
        const qs_policy_result &p = w.policy(k);
        for (qs_estimate e : {p.objective, p.cost, p.hedge, p.options, p.fees, p.spread, p.funding,
                              p.liquidation, p.turnover, p.trades, p.liquidated, p.net})
          figures[i].push_back(e.estimate);
        const double parts = p.options.estimate + p.hedge.estimate + p.funding.estimate - p.fees.estimate -
                             p.spread.estimate - p.impact.estimate - p.liquidation.estimate;
        EXPECT_NEAR(p.net.estimate, parts, 1e-11);
      }
      figures[i].push_back(w.result.attribution.options.estimate);
    }
    EXPECT_GT(figures[0][10], 0) << "margin is at work";
    for (size_t k = 0; k < figures[0].size(); k++)
      EXPECT_NEAR(figures[1][k], figures[0][k], 1e-9 * (1 + std::fabs(figures[0][k]))) << instrument << k;
  }
}

TEST(OwnImpact, HasTheSameBitsFromAnyThreads) {
  std::vector<double> pnl[2];
  for (int i : {0, 1}) {
    Moving w(6);
    w.context.threads = i ? 5 : 1;
    w.inputs.simulation.paths = 9216;
    w.spec.own_impact = {.002, .01, 300};
    w.margin(20, .25, .2, 4, .01);
    w.spec.cascade = {60, 900, .02, 20, -.04, .02};
    w.spec.costs.proportional = .001;
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    pnl[i].assign(w.policy(0).pnl, w.policy(0).pnl + w.policy(0).pnl_count);
    EXPECT_TRUE(std::isnan(w.result.lower_bound.estimate));
  }
  EXPECT_EQ(pnl[0], pnl[1]);
}

TEST(OwnImpact, ThatIsTooLargeIsRefused) {
  for (double sign : {1.0, -1.0}) {
    Moving w(3);
    Buyer buyer = {sign * 12};
    w.add_policy(QS_HEDGE_POLICY_CALLBACK).function = buy;
    w.policies.back().data = &buyer;
    w.spec.own_impact.permanent = .2;
    EXPECT_EQ(w.run(), QS_ERROR_INPUT);
    EXPECT_NE(std::string(w.context.message).find("simulate.own_impact: trades of callback before date"),
              std::string::npos)
        << w.context.message;
  }
}

} // namespace
