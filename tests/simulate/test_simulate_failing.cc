// Venues that fail: what is lost and traded anew in closed form, and what spreading over them is worth.
#include "tests/simulate/simulate_black.h"
#include "tests/simulate/simulate_world.h"

namespace {

constexpr double kSigma = .6, kDay = 1.0 / 365;

class Failing : public SimulateWorld {
public:
  Failing(uint64_t days, double quantity) {
    add_underlying("X", QS_MODEL_GBM, {{QS_SIGMA, kSigma}}, 100, 0, 0);
    add_option("t1", "X", QS_CALL, 100, double(days) * kDay, quantity);
    every_day(days);
    spec.cost_weight = 1;
    inputs.simulation.paths = 1 << 16;
  }

  qs_simulate_venue &add_venue(const char *name, double hazard) {
    qs_simulate_venue venue;
    qs_simulate_venue_init(&venue);
    venue.name = name;
    venue.hazard = hazard;
    venues.push_back(venue);
    spec.venues = venues.data();
    spec.venue_count = venues.size();
    return venues.back();
  }

  // One policy that holds a unit.
  void hold();

  std::vector<qs_simulate_venue> venues;
};

qs_status hold_one(void *, const qs_policy_view *view, double *target) {
  for (size_t i = 0; i < view->path_count; i++)
    target[i] = 1;
  return QS_OK;
}

void Failing::hold() {
  add_policy(QS_HEDGE_POLICY_CALLBACK, "one").function = hold_one;
}

double fails(double hazard, double days) {
  return -std::expm1(-hazard * days * kDay);
}

// Nothing is held: the account alone lies there. Two venues lose as much on average, at half the variance.
TEST(FailingVenues, LoseTheirShareOfTheAccount) {
  const double collateral = 1000, hazard = 6, p = fails(hazard, 20);
  for (int count : {1, 2})
    for (double loss : {1.0, .4}) {
      Failing w(20, -1e-9);
      w.margin(collateral, .2, .1, 1, 0);
      w.add_policy(QS_HEDGE_POLICY_NONE);
      w.add_venue("a", hazard).loss = loss;
      if (count == 2)
        w.add_venue("b", hazard).loss = loss;
      ASSERT_EQ(w.run(), QS_OK) << w.context.message;
      const qs_policy_result &r = w.policy(0);
      expect_within(r.failed, count == 1 ? p : 1 - (1 - p) * (1 - p), 4, .003, "failed");
      if (count == 1 || loss == 1) {
        expect_within(r.lost, collateral * loss * p, 4, 2, "lost");
        const double variance = collateral * collateral * loss * loss * p * (1 - p) / count;
        expect_within(r.variance, variance, 4, .02 * variance, "variance");
      }
      EXPECT_NEAR(r.net.estimate, r.options.estimate - r.lost.estimate, 1e-9);
      EXPECT_TRUE(std::isnan(w.result.lower_bound.estimate));
    }
}

// A venue that has a third of the hedge fails; what was there is bought anew at the other, which never does.
TEST(FailingVenues, WhatLayThereIsTradedAnew) {
  const double hazard = 10;
  Failing w(20, -1);
  w.hold();
  w.add_venue("a", hazard);
  w.add_venue("b", 0).share = 2;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_result &r = w.policy(0);
  const double before = fails(hazard, 19), at_last = fails(hazard, 20) - before;
  expect_within(r.turnover, 100 * (2 + (before - at_last) / 3), 4, .1, "turnover");
  expect_within(r.failed, fails(hazard, 20), 4, .002, "failed");
  expect_within(r.hedge, 0, 4, .1, "hedge"); // a martingale all the same
  // Without margin nothing lies there but what the hedge gained: a third of it, where it did.
  EXPECT_GT(r.lost.estimate, 10 * r.lost.std_error);
  EXPECT_LT(r.lost.estimate, 100 * kSigma * std::sqrt(20 * kDay) / 3);
}

TEST(FailingVenues, LimitsBindWhatMayLieThere) {
  const double hazard = 8, p = fails(hazard, 20);
  Failing w(20, -1);
  w.hold();
  w.add_venue("a", hazard).limit = .4;
  w.add_venue("b", hazard).limit = .4;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  // .8 in, and out what is left of it: no more may be held at the one.
  expect_within(w.policy(0).turnover, 80 + 80 * (1 - p), 4, .2, "turnover");
  // A limit alone, of which the smallest share decides.
  Failing safe(20, -1);
  safe.hold();
  safe.add_venue("a", 0).limit = .1;
  safe.add_venue("b", 0).share = 3;
  ASSERT_EQ(safe.run(), QS_OK) << safe.context.message;
  expect_within(safe.policy(0).turnover, 2 * 40, 4, .1, "turnover");
  EXPECT_EQ(safe.policy(0).failed.estimate, 0);
}

// The cheap venue closes after the first trade, whatever the path.
TEST(FailingVenues, OrdersGoToTheOthers) {
  Failing w(5, -1);
  w.hold();
  w.add_venue("a", 1e5).taker_fee = .001;
  w.add_venue("b", 0).taker_fee = .003;
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  const qs_policy_result &r = w.policy(0);
  EXPECT_EQ(r.failed.estimate, 1);
  EXPECT_NEAR(r.venues[0].turnover.estimate, 100, 1e-9);
  expect_within(r.venues[1].turnover, 150, 4, .1, "b"); // the half that was lost, and the unwind
  expect_within(r.fees, .1 + .003 * 150, 4, .001, "fees");
}

// Where all have failed nothing is held: what the call costs is open.
TEST(FailingVenues, WithoutVenuesThereIsNoHedge) {
  Failing w(5, -1);
  w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
  w.add_policy(QS_HEDGE_POLICY_NONE);
  w.add_venue("a", 1e5);
  ASSERT_EQ(w.run(), QS_OK) << w.context.message;
  expect_within(w.policy(0).turnover, 100 * normal_cdf(kSigma * std::sqrt(5 * kDay) / 2), 1e9, 1e-6, "once");
  EXPECT_GT(w.policy(0).variance.estimate, .3 * w.policy(1).variance.estimate);
}

TEST(FailingVenues, SpreadingIsWorthSomething) {
  double variance[3], shortfall[3];
  for (int count : {1, 2, 3}) {
    Failing w(10, -1);
    w.margin(60, .2, .1, 4, .01);
    w.spec.costs.proportional = .0005;
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    const char *const names[] = {"a", "b", "c"};
    for (int v = 0; v < count; v++)
      w.add_venue(names[v], 2);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    const qs_policy_result &r = w.policy(0);
    variance[count - 1] = r.variance.estimate;
    shortfall[count - 1] = r.levels[0].expected_shortfall.estimate;
    const double parts = r.options.estimate + r.hedge.estimate + r.funding.estimate - r.fees.estimate -
                         r.spread.estimate - r.impact.estimate - r.liquidation.estimate - r.lost.estimate;
    EXPECT_NEAR(r.net.estimate, parts, 1e-10);
  }
  EXPECT_LT(variance[1], .7 * variance[0]);
  EXPECT_LT(variance[2], .85 * variance[1]);
  EXPECT_LT(shortfall[1], .9 * shortfall[0]);
}

TEST(FailingVenues, AreDrawnByNameAndPath) {
  std::vector<double> pnl[3];
  for (int i = 0; i < 3; i++) {
    Failing w(6, -1);
    w.context.threads = i ? 3 : 1;
    w.inputs.simulation.paths = 9216;
    w.spec.keep_pnl = true;
    w.margin(60, .2, .1, 4, .01);
    w.add_policy(QS_HEDGE_POLICY_DELTA_EVERY_DATE);
    w.add_venue(i < 2 ? "a" : "b", 9);
    w.add_venue(i < 2 ? "b" : "a", 9);
    ASSERT_EQ(w.run(), QS_OK) << w.context.message;
    pnl[i].assign(w.policy(0).pnl, w.policy(0).pnl + w.policy(0).pnl_count);
  }
  EXPECT_EQ(pnl[0], pnl[1]);
  EXPECT_EQ(pnl[0], pnl[2]); // nor by the order of the list
}

} // namespace
