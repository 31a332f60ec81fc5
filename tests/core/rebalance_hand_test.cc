// Hedging over time: small cases whose figures are written down.
#include "tests/core/rebalance_world.h"

namespace {

using namespace rebalance;

// One instrument at 100 e^x, no discounting, x given by date.
Unit small(const std::vector<double> &x) {
  Unit u(uint32_t(x.size()), 64, 7);
  for (size_t i = 0; i < u.x.size(); i++)
    u.x[i] = x[i / 64];
  u.forward.assign(x.size(), 100);
  u.discount.assign(x.size(), 1);
  Instrument &in = u.add_instrument();
  in.scale.assign(x.size(), 100);
  in.gain.assign(x.size() - 1, 100);
  return u;
}

double row_of(Unit &u, int row, size_t policy = 0) {
  Device device;
  return u.run(device)[(policy * u.width() + size_t(row)) * u.paths + 5];
}

TEST(Rebalance, CostsByHand) {
  // 4 units in and out at 100: .1% of 100, .2% half-spread and .3 a unit, .5 4^1.5, 2 a trade.
  Unit u = small({0, 0});
  u.instruments[0].costs.assign(2, qs_trade_cost{.001, kFar, .002, .3, .5, 2, 0});
  u.add_flat_policy(4, 4);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_FEE), 2 * (.4 + 2));
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_SPREAD), 2 * (.8 + 1.2));
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_IMPACT), 2 * 4.0);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER), 800);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TRADES), 2);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_HEDGE), 0);
}

TEST(Rebalance, CappedFeesByHand) {
  // min(.03% of the underlying's 100, 12.5% of the unit's price): an option at 2, at .1 and at 0.
  for (double price : {2.0, .1, 0.0}) {
    Unit u = small({0, 0});
    u.instruments[0].value.assign(128, price / 100);
    u.instruments[0].costs.assign(2, qs_trade_cost{.0003, .125, 0, 0, 0, 0, 1});
    u.add_flat_policy(10, 10);
    EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_FEE), 20 * std::min(.03, .125 * price)) << price;
    u.instruments[0].costs.assign(2, qs_trade_cost{.0003, kFar, 0, 0, 0, 0, 1}); // no cap: even of nothing
    EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_FEE), 20 * .03) << price;
  }
}

TEST(Rebalance, GainsByHand) {
  Unit u = small({0, std::log(1.1), std::log(.9)});
  u.add_flat_policy(-3, -3);
  u.instruments[0].funding.assign(2 * 64, .01); // a short receives
  EXPECT_NEAR(row_of(u, QS_REBALANCE_HEDGE), 30, 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_FUNDING), 3 * .01 * (100 + 110), 1e-12);
  EXPECT_EQ(row_of(u, QS_REBALANCE_ROWS), 0); // all is closed at the end
}

TEST(Rebalance, ANotionalInCoinDoesNotTradeWhileItIsHeld) {
  // N = 330 in money is 3.3, 3 and 3.666 coins; N (1/P - 1/P') coins at P' are N (P' - P) / P.
  Unit u = small({0, std::log(1.1), std::log(.9)});
  u.instruments[0].inverse = true;
  Policy own;
  for (int d = 0; d < 2; d++)
    own.given.insert(own.given.end(), 64, d ? 3.0 : 3.3);
  u.policies.push_back(own);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_HEDGE), 330 * (.1 - .2 / 1.1), 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 2 * 330, 1e-12);
}

TEST(Rebalance, TablesAtTheirEdges) {
  // States far outside the nodes, on them and between: .5 at x <= 0, 1.5 at x >= 1, and in y.
  for (const auto &[x, y, want] : std::vector<std::array<double, 3>>{{-700, .1, .5},
                                                                     {0, .1, .5},
                                                                     {.25, .1, .75},
                                                                     {1, .1, 1.5},
                                                                     {50, .1, 1.5},
                                                                     {.25, 7, 10.75},
                                                                     {.25, 1.1, 10.75},
                                                                     {.25, .35, 3.25},
                                                                     {1, 1.1, 11.5}}) {
    Unit u = small({x, 0});
    u.v.assign(u.v.size(), y * y);
    Policy policy;
    policy.bands.push_back({0, 1, .1, 1, 2, 2, {.5, 1.5, 10.5, 11.5}, {.5, 1.5, 10.5, 11.5}});
    u.policies.push_back(policy);
    u.unit = {};
    u.connect();
    Device device;
    std::vector<double> rows = u.room();
    u.unit.date_end = 1; // before the unwind
    ASSERT_EQ(qs_backend_cpu()->rebalance(device.get(), &u.unit, nullptr, device.message, rows.data()),
              QS_OK);
    EXPECT_NEAR(rows[QS_REBALANCE_ROWS * 64], want, 1e-12) << x << " " << y;
  }
}

TEST(Rebalance, AnInfiniteBandTradesNothing) {
  Unit u(9, 64, 8);
  charge(&u, &u.add_instrument());
  give_margin(&u, -1000); // nor is anything there to be closed
  u.add_flat_policy(-kFar, kFar);
  u.add_flat_policy(-kFar, kFar).centre = true;
  Device device;
  const std::vector<double> rows = u.run(device);
  for (size_t i = 0; i < rows.size(); i++)
    EXPECT_EQ(rows[i], i / 64 % u.width() == QS_REBALANCE_COLLATERAL ? -1000 : 0);
}

TEST(Rebalance, SplitByHand) {
  // 5 units at 100 for 1 and 2 a unit more, with impact 2/3 u^1.5 both: marginal costs 1 + sqrt(u) = 2 +
  // sqrt(5 - u) at u = 4. A third without impact at 2.5 caps them: 2.25, .25 and the rest.
  for (uint32_t count : {2u, 3u}) {
    Unit u = small({0, 0});
    u.venues = count;
    u.instruments[0].costs.clear();
    for (int d = 0; d < 2; d++) {
      u.instruments[0].costs.push_back({0, kFar, 0, 1, 2.0 / 3, 0, 0});
      u.instruments[0].costs.push_back({.02, kFar, 0, 0, 2.0 / 3, 0, 0});
      if (count == 3)
        u.instruments[0].costs.push_back({0, kFar, .025, 0, 0, 0, 0});
    }
    u.add_flat_policy(5, 5);
    const double a = count == 2 ? 4 : 2.25, b = count == 2 ? 1 : .25, rest = 5 - a - b;
    const int venues = QS_REBALANCE_ROWS + 1;
    EXPECT_NEAR(row_of(u, venues), 200 * a, 1e-11);
    EXPECT_NEAR(row_of(u, venues + 2), 200 * b, 1e-11);
    EXPECT_NEAR(row_of(u, venues + 1), 2 * (a + 2.0 / 3 * std::pow(a, 1.5)), 1e-12);
    EXPECT_NEAR(row_of(u, venues + 3), 2 * (2 * b + 2.0 / 3 * std::pow(b, 1.5)), 1e-12);
    if (count == 3) {
      EXPECT_NEAR(row_of(u, venues + 5), 2 * 2.5 * rest, 1e-12);
    }
    EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 1000, 1e-11);
    EXPECT_EQ(row_of(u, QS_REBALANCE_TRADES), 2);
  }
}

TEST(Rebalance, AFixedCostSendsTheOrderToOneVenue) {
  // Of the two above 4 and 1 cost 4 + 16/3 + 2 + 2/3 = 12; all at the first 5 + 2/3 5^1.5 = 12.45: below 12 +
  // twice a fixed .5 but for one fixed cost, above it for .1.
  for (double fixed : {.1, .5}) {
    Unit u = small({0, 0});
    u.venues = 2;
    u.instruments[0].costs.clear();
    for (int d = 0; d < 2; d++) {
      u.instruments[0].costs.push_back({0, kFar, 0, 1, 2.0 / 3, fixed, 0});
      u.instruments[0].costs.push_back({0, kFar, 0, 2, 2.0 / 3, fixed, 0});
    }
    u.add_flat_policy(5, 5);
    EXPECT_NEAR(row_of(u, QS_REBALANCE_ROWS + 3), fixed > .2 ? 0 : 200, 1e-11);
    EXPECT_NEAR(row_of(u, QS_REBALANCE_FEE), 2 * (fixed > .2 ? fixed : 2 * fixed), 1e-12);
  }
}

TEST(Rebalance, CollateralByHand) {
  // 10 coins at 100 that grow by 1% and go to 80: 808, a loss of 192; 90% count for a hedge of 4 units.
  Unit u = small({0, std::log(.8), std::log(.8)});
  u.with_margin = true;
  u.margin = {10, .1, .05, 1, 0, 0, 0, nullptr, 0, 0, 0, 0};
  u.margin.coin = 1;
  u.margin.haircut = .1;
  u.margin.leverage = 4;
  u.margin.band = 10; // far too much lies there, and stays
  u.margin.move = .01;
  u.margin.moved = 2;
  u.grow = {0, 1.01, 1};
  u.position.assign(3 * 64, 0);
  u.add_flat_policy(4, 4);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_YIELD), -192, 1e-11);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_COLLATERAL), 10.1, 1e-12);
  EXPECT_EQ(row_of(u, QS_REBALANCE_MOVING), 0);
  // Without the band: 400 / 4 = 100 for 900 at once, so 800 / .9 leave; 1/9 of 10 coins stays, grows and
  // falls to 89.78 of which 80.8 count, and the hedge has lost 80 and paid 10.89 for the moves: 80 are
  // wanted.
  u.margin.band = 0;
  const double out = 800 / .9, left = (1000 - out) * 1.01 * .8, paid = .01 * out + 2;
  const double in = (80 - (.9 * left - 80 - paid)) / .9;
  EXPECT_NEAR(row_of(u, QS_REBALANCE_MOVING), paid + .01 * in + 2, 1e-11);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_COLLATERAL), (left + in) / 80, 1e-12);
}

TEST(Rebalance, AHoldingInsideItsBandStays) {
  // 0 is below [2, 4]: to 2, or with `centre` to 3; then it is inside [1, 3.5], then above [0, 1].
  Unit u = small({0, 0, 0, 0});
  for (bool centre : {false, true}) {
    Policy policy;
    policy.bands = {flat_table(2, 4), flat_table(1, 3.5), flat_table(0, 1)};
    policy.centre = centre;
    u.policies.push_back(policy);
  }
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER), 100 * (2 + 1 + 1));
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TRADES), 3);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER, 1), 100 * (3 + 2.5 + .5));
}

TEST(Rebalance, LiquidationByHand) {
  // 2 units from 100 to 70: equity 90 - 60 = 30 of 140, maintenance 35 (25%), so 5 lack. One of 4 parts
  // closed frees 35 (25% - 2%) = 8.05: one part, its fee .7; the rest is then sold at the unwind.
  Unit u = small({0, std::log(.7), std::log(.7)});
  u.add_flat_policy(2, 2);
  u.with_margin = true;
  u.margin = {90, .25, .25, 4, .02, 0, 0, nullptr, 0, 0, 0, 0};
  u.position.assign(3 * 64, 0);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_LIQUIDATION), .7, 1e-12);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 1);
  // What is left, 1.5 units, may grow to (30 - .7) / (.25 70) units again.
  EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 200 + 70 * (29.3 / 17.5 - 1.5) + 70 * 29.3 / 17.5, 1e-11);
}

TEST(Rebalance, AVenueThatFailsByHand) {
  // 2 units from 100 to 110: half of both is gone, with half of the 100 + 20 there; the other is bought anew.
  Unit u = small({0, std::log(1.1), std::log(1.1)});
  u.add_flat_policy(2, 2);
  u.failing = 100;
  u.kept.assign(3 * 64, 1);
  u.lost.assign(3 * 64, 0);
  u.room_left.assign(3 * 64, kFar);
  std::fill(u.kept.begin() + 64, u.kept.begin() + 128, .5);
  std::fill(u.lost.begin() + 64, u.lost.begin() + 128, .5);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_LOST), 60, 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_HEDGE), 20, 1e-12);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_TURNOVER), 200 + 110 + 220, 1e-11);
}

TEST(Rebalance, AWrongIndexLiquidatesByHand) {
  // 2 units at 100: the account's 60 cover 25% of 200, but seen at 80 it holds 60 - 40 = 20 of the 40 that
  // 160 need. All is closed (one part), at the fee of what is seen, and 56.8 cover it at 100 again.
  Unit u = small({0, 0, 0});
  u.add_flat_policy(2, 2);
  u.with_margin = true;
  u.margin = {60, .25, .25, 1, .02};
  u.position.assign(3 * 64, 0);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 0);
  u.instruments[0].marked.assign(3 * 64, 1);
  std::fill(u.instruments[0].marked.begin() + 64, u.instruments[0].marked.begin() + 128, .8);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 1);
  EXPECT_NEAR(row_of(u, QS_REBALANCE_LIQUIDATION), .02 * 160, 1e-12);
}

TEST(Rebalance, TradesAreCutToTheInitialMargin) {
  // 30 covers 1.2 units at 25% of 100; the position's gain 20 at the next date .8 more, to 2 units.
  Unit u = small({0, 0, 0});
  u.add_flat_policy(5, 5);
  u.with_margin = true;
  u.margin = {30, .25, .1, 4, .02, 0, 0, nullptr, 0, 0, 0, 0};
  u.position.assign(3 * 64, 20);
  std::fill(u.position.begin(), u.position.begin() + 64, 0);
  EXPECT_DOUBLE_EQ(row_of(u, QS_REBALANCE_TURNOVER), 400);
  EXPECT_EQ(row_of(u, QS_REBALANCE_LIQUIDATED), 0);
}

} // namespace
