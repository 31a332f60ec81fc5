// The classical policies against their published values and closed forms.
#include <cmath>

#include "host/market/black.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

qs_policy_table Table(World *world, const qs_policy_ratios &ratios, qs_policy_kind kind,
                      double half_width = 0) {
  qs_policy_table table = {};
  EXPECT_EQ(QS_OK, qs_policy_classical(&world->context, world->arena, &world->problem, &ratios, kind,
                                       half_width, &table))
      << world->context.message;
  return table;
}

// Zakamouline (2006): one state whose half-widths are known.
TEST(Classical, BandsOfTheKnownState) {
  const qs_band_state state = {5000, 0.02, 0.2, 0.25, 1, 0.0005, 1};
  EXPECT_NEAR(0.0209537, qs_zakamouline_half_width(&state), 5e-8);
  EXPECT_NEAR(0.114471, qs_whalley_wilmott_half_width(&state), 5e-7);
  qs_band_state sold = state;
  sold.gamma = -0.02;
  EXPECT_DOUBLE_EQ(qs_zakamouline_half_width(&state), qs_zakamouline_half_width(&sold));
  EXPECT_GT(qs_zakamouline_variance_change(&sold), 0);
  EXPECT_DOUBLE_EQ(-qs_zakamouline_variance_change(&sold), qs_zakamouline_variance_change(&state));
  // 4.76 .0005^.78 .25^-.02 5^.25 (5e5)^.15
  EXPECT_NEAR(0.139455, qs_zakamouline_variance_change(&sold), 1e-6);
}

TEST(Classical, NoneNeverTrades) {
  World world(Gbm(0.6));
  ShortCall(&world, 3);
  world.Problem(1);
  const qs_policy_ratios ratios = world.Ratios();
  const qs_policy_table table = Table(&world, ratios, QS_POLICY_NONE);
  EXPECT_EQ(3u, table.date_count);
  EXPECT_EQ(-INFINITY, table.low[2][7]);
  EXPECT_EQ(INFINITY, table.high[2][7]);
}

TEST(Classical, DeltaAndItsBandUnderGbm) {
  World world(Gbm(0.6));
  ShortCall(&world);
  world.Problem(1);
  const qs_policy_ratios ratios = world.Ratios();
  const qs_policy_table delta = Table(&world, ratios, QS_POLICY_DELTA);
  const qs_policy_table band = Table(&world, ratios, QS_POLICY_DELTA_BAND, 0.05);
  for (size_t j = 100; j < 900; j += 100) {
    const double x = X(ratios.nodes[10], j), expected = qs_black_delta(true, -x, 0.6 * std::sqrt(20.0 / 365));
    EXPECT_NEAR(expected, delta.low[10][j], 1e-7);
    EXPECT_EQ(delta.low[10][j], delta.high[10][j]);
    EXPECT_NEAR(expected - 0.05, band.low[10][j], 1e-7);
    EXPECT_NEAR(expected + 0.05, band.high[10][j], 1e-7);
  }
  qs_policy_table refused = {};
  EXPECT_EQ(QS_ERROR_INPUT, qs_policy_classical(&world.context, world.arena, &world.problem, &ratios,
                                                QS_POLICY_DELTA_BAND, -1, &refused));
}

TEST(Classical, LelandIsDeltaAtAnotherVolatilityForBothSides) {
  for (double quantity : {-1.0, 1.0}) {
    World world(Gbm(0.6));
    world.Dates(30, 1.0 / 365, 0.0005).Option(true, 100, quantity);
    world.Problem(1);
    const qs_policy_ratios ratios = world.Ratios();
    const qs_policy_table table = Table(&world, ratios, QS_POLICY_LELAND);
    const double number = 0.0005 / 0.6 * std::sqrt(8 / (3.14159265358979 / 365));
    const double sigma = 0.6 * std::sqrt(1 - quantity * number);
    for (size_t j = 100; j < 900; j += 100) {
      const double x = X(ratios.nodes[10], j);
      EXPECT_NEAR(-quantity * qs_black_delta(true, -x, sigma * std::sqrt(20.0 / 365)), table.low[10][j],
                  1e-7);
      EXPECT_EQ(table.low[10][j], table.high[10][j]);
    }
  }
}

TEST(Classical, WhalleyWilmottAndZakamoulineUnderGbm) {
  World world(Gbm(0.6));
  ShortCall(&world);
  world.Problem(100);
  const qs_policy_ratios ratios = world.Ratios();
  const qs_policy_table ww = Table(&world, ratios, QS_POLICY_WHALLEY_WILMOTT);
  const qs_policy_table zakamouline = Table(&world, ratios, QS_POLICY_ZAKAMOULINE);
  const double years = 20.0 / 365, total = 0.6 * std::sqrt(years);
  for (size_t j = 300; j < 701; j += 50) {
    const double x = X(ratios.nodes[10], j), spot = 100 * std::exp(x);
    const double gamma = qs_black_gamma(-x, total) / spot, delta = qs_black_delta(true, -x, total);
    const double half = std::cbrt(1.5 * 0.0005 * spot * gamma * gamma / 0.02);
    EXPECT_NEAR(delta - half, ww.low[10][j], 1e-6);
    EXPECT_NEAR(delta + half, ww.high[10][j], 1e-6);
    const qs_band_state state = {spot, -gamma, 0.6, years, 1, 0.0005, 0.02};
    const double sigma = total * std::sqrt(1 + qs_zakamouline_variance_change(&state));
    const double width = qs_zakamouline_half_width(&state), centre = qs_black_delta(true, -x, sigma);
    EXPECT_NEAR(centre - width, zakamouline.low[10][j], 1e-4);
    EXPECT_NEAR(centre + width, zakamouline.high[10][j], 1e-4);
  }
}

TEST(Classical, NetDeltaLeavesOutThePremiumThatStaysInCoin) {
  World world(Heston());
  world.Dates(4, 1.0 / 365, 0).Option(true, 100, -2).Option(false, 95, 1);
  world.options[0].coin = true;
  world.Problem(1);
  const qs_policy_ratios ratios = world.Ratios();
  const qs_policy_table table = Table(&world, ratios, QS_POLICY_NET_DELTA);
  World coin(Heston());
  coin.Dates(4, 1.0 / 365, 0).Option(true, 100, -2);
  coin.Problem(1);
  const qs_policy_ratios alone = coin.Ratios();
  const qs_policy_nodes &nodes = ratios.nodes[1];
  for (size_t i = 0; i < nodes.x_count * nodes.y_count; i += 11) {
    const double spot = 100 * std::exp(X(nodes, i % nodes.x_count));
    EXPECT_NEAR(-ratios.delta[1][i] + alone.value[1][i] / spot, table.low[1][i], 1e-9);
  }
}

TEST(Classical, MinimumVarianceDeltaIsDeltaWhereVarianceIsConstant) {
  World world(Merton());
  ShortCall(&world, 4);
  world.Problem(1);
  const qs_policy_ratios ratios = world.Ratios();
  const qs_policy_table table = Table(&world, ratios, QS_POLICY_MINIMUM_VARIANCE);
  for (size_t i = 0; i < ratios.nodes[1].x_count; i += 50) {
    EXPECT_EQ(-ratios.delta[1][i], table.low[1][i]);
  }
}

// Every policy of every model: bands in order, finite but for none, hedging with the right sign.
TEST(Classical, EveryPolicyOfEveryModel) {
  for (const qs_model &model : Models()) {
    World world(model);
    ShortCall(&world, 4);
    world.Problem(10);
    world.settings.x_count = 101;
    world.settings.y_count = 8;
    const qs_policy_ratios ratios = world.Ratios();
    for (int kind = 0; kind < QS_POLICY_KINDS; kind++) {
      const qs_policy_table table = Table(&world, ratios, static_cast<qs_policy_kind>(kind), 0.02);
      ASSERT_NE(nullptr, qs_policy_kind_name(static_cast<qs_policy_kind>(kind)));
      for (size_t n = 0; n < table.date_count; n++) {
        const qs_policy_nodes &nodes = table.nodes[n];
        for (size_t i = 0; i < nodes.x_count * nodes.y_count; i++) {
          ASSERT_LE(table.low[n][i], table.high[n][i]) << model.type << " " << kind;
          if (kind != QS_POLICY_NONE) {
            ASSERT_TRUE(std::isfinite(table.low[n][i]) && std::isfinite(table.high[n][i]));
            const double middle = 0.5 * (table.low[n][i] + table.high[n][i]);
            ASSERT_GT(middle, -0.15) << model.type << " " << kind;
            ASSERT_LT(middle, 1.15) << model.type << " " << kind;
          }
        }
      }
    }
  }
  EXPECT_EQ(nullptr, qs_policy_kind_name(QS_POLICY_KINDS));
}

} // namespace
