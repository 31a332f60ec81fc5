// The dynamic programme and the value of tables against known values, closed forms, simulation and
// identities.
#include <cmath>
#include <cstring>
#include <random>

#include "host/market/black.h"
#include "host/policy/apply.h"
#include "host/policy/optimum.h"
#include "tests/full_sample.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

qs_policy_ground Ground(World *world) {
  qs_policy_ground ground = {};
  EXPECT_EQ(QS_OK,
            qs_policy_make_ground(&world->context, world->arena, &world->problem, &world->settings, &ground))
      << world->context.message;
  return ground;
}

qs_policy_optimum Optimum(World *world, const qs_policy_ground &ground) {
  qs_policy_optimum optimum = {};
  EXPECT_EQ(QS_OK,
            qs_policy_optimise(&world->context, world->arena, &ground, &world->settings, false, &optimum))
      << world->context.message;
  return optimum;
}

qs_policy_table Classical(World *world, const qs_policy_ground &ground, qs_policy_kind kind,
                          double half_width = 0) {
  qs_policy_table table = {};
  EXPECT_EQ(QS_OK, qs_policy_classical(&world->context, world->arena, &world->problem, &ground.ratios, kind,
                                       half_width, &table));
  return table;
}

qs_policy_value Value(World *world, const qs_policy_ground &ground, const qs_policy_table &table) {
  qs_policy_value value = {};
  EXPECT_EQ(QS_OK, qs_policy_evaluate(&world->context, &ground, &world->settings, &table, &value));
  return value;
}

// Short one call, S = K = 100, 30 days, daily, sigma 60%, 5 bp, entry and unwinding charged.
TEST(Optimum, KnownValues) {
  struct {
    double weight, optimum, local, delta;
  } known[] = {{1, 1.2846, 1.2862, 1.2867}, {100, 10.797, 15.03, 15.02}};
  for (const auto &k : known) {
    World world(Gbm(0.6));
    ShortCall(&world);
    world.Problem(k.weight);
    const qs_policy_ground ground = Ground(&world);
    const qs_policy_optimum optimum = Optimum(&world, ground);
    EXPECT_NEAR(1, optimum.value.objective / k.optimum, 2e-4);
    EXPECT_NEAR(1, Value(&world, ground, Classical(&world, ground, QS_POLICY_LOCAL)).objective / k.local,
                5e-4);
    EXPECT_NEAR(1, Value(&world, ground, Classical(&world, ground, QS_POLICY_DELTA)).objective / k.delta,
                5e-4);
    if (k.weight == 100) {
      EXPECT_NEAR(
          11.57, Value(&world, ground, Classical(&world, ground, QS_POLICY_WHALLEY_WILMOTT)).objective, 0.03);
    }
    const qs_policy_value again = Value(&world, ground, optimum.table);
    EXPECT_NEAR(1, again.objective / optimum.value.objective, 2e-4);
    EXPECT_NEAR(optimum.value.variance, again.variance, 2e-3);
  }
}

// Nothing traded: the error is the payoff, whose variance under gbm is a closed form.
TEST(Optimum, NoTradeLeavesTheVarianceOfThePayoff) {
  World world(Gbm(0.6));
  ShortCall(&world);
  world.Problem(100);
  const qs_policy_ground ground = Ground(&world);
  const qs_policy_value value = Value(&world, ground, Classical(&world, ground, QS_POLICY_NONE));
  const double variance = 0.36 * 30 / 365, s = std::sqrt(variance), call = 100 * qs_black_price(true, 0, s);
  auto normal = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2)); };
  // E[((S - K)+)^2] = S^2 e^var N(d + 2 s) - 2 K S N(d + s) + K^2 N(d)
  const double square = 1e4 * (std::exp(variance) * normal(1.5 * s) - 2 * normal(0.5 * s) + normal(-0.5 * s));
  EXPECT_NEAR(1, value.variance / (square - call * call), 1e-4);
  EXPECT_EQ(0, value.cost);
}

// The value of a table of bands against plain simulation of the price.
TEST(Optimum, ValueOfATableAgreesWithSimulation) {
  World world(Gbm(0.6));
  ShortCall(&world);
  world.Problem(100);
  const qs_policy_ground ground = Ground(&world);
  for (qs_policy_kind kind : {QS_POLICY_WHALLEY_WILMOTT, QS_POLICY_DELTA_BAND, QS_POLICY_LOCAL}) {
    const qs_policy_table table = Classical(&world, ground, kind, 0.1);
    const qs_policy_value exact = Value(&world, ground, table);
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal;
    const int paths = 40000;
    const double step = 0.6 * std::sqrt(1.0 / 365);
    double sum = 0, square = 0, fourth = 0, cost = 0, cost_square = 0;
    const double premium = 100 * qs_black_price(true, 0, 0.6 * std::sqrt(30.0 / 365));
    for (int i = 0; i < paths; i++) {
      double x = 0, holding = 0, error = premium, paid = 0;
      for (size_t n = 0; n < 30; n++) {
        const qs_policy_band band = qs_policy_band_at(&table, n, x, 0);
        const double trade = qs_policy_trade(&band, holding);
        paid += 0.0005 * 100 * std::exp(x) * std::fabs(trade);
        holding += trade;
        const double next = x - 0.5 * step * step + step * normal(random);
        error += holding * 100 * (std::exp(next) - std::exp(x));
        x = next;
      }
      paid += 0.0005 * 100 * std::exp(x) * std::fabs(holding);
      error -= std::max(100 * std::exp(x) - 100, 0.0);
      sum += error, square += error * error, fourth += std::pow(error, 4);
      cost += paid, cost_square += paid * paid;
    }
    const double mean = sum / paths, variance = square / paths - mean * mean, mean_cost = cost / paths;
    const double cost_error = std::sqrt((cost_square / paths - mean_cost * mean_cost) / paths);
    const double variance_error = std::sqrt((fourth / paths - variance * variance) / paths);
    EXPECT_LT(std::fabs(mean_cost - exact.cost), 4 * cost_error) << kind;
    EXPECT_LT(std::fabs(variance - exact.variance), 4 * variance_error) << kind;
  }
}

TEST(Optimum, WithoutCostItIsTheLocalRatioAndWithProhibitiveCostNothing) {
  World cheap(Heston());
  cheap.Dates(5, 1.0 / 365, 1e-9).Option(true, 100, -1, 0.1);
  cheap.settings = {161, 12, 63, 0};
  cheap.Problem(1);
  const qs_policy_ground ground = Ground(&cheap);
  const qs_policy_optimum optimum = Optimum(&cheap, ground);
  const qs_policy_nodes &nodes = ground.ratios.nodes[2];
  for (size_t i = 4 * nodes.x_count; i < 9 * nodes.x_count; i += 5) {
    if (std::fabs(X(nodes, i % nodes.x_count)) < 0.6 * std::fabs(nodes.x_low)) {
      EXPECT_NEAR(-ground.ratios.local[2][i], optimum.table.low[2][i], 1e-3);
      EXPECT_NEAR(-ground.ratios.local[2][i], optimum.table.high[2][i], 1e-3);
    }
  }
  EXPECT_NEAR(ground.j0, optimum.value.variance, 1e-4 * ground.j0);

  World dear(Gbm(0.6));
  dear.Dates(5, 1.0 / 365, 0.9).Option(true, 100, -1);
  dear.Problem(100);
  const qs_policy_ground none = Ground(&dear);
  const qs_policy_optimum still = Optimum(&dear, none);
  EXPECT_EQ(0, still.value.cost);
  for (size_t n = 0; n < 5; n++) {
    for (size_t j = 0; j < none.ratios.nodes[n].x_count; j++) { // what is held may be sold: it will be anyway
      EXPECT_LE(still.table.low[n][j], 0);
      EXPECT_GE(still.table.high[n][j], 0);
    }
  }
}

TEST(Optimum, IsNoWorseThanAnyClassicalPolicyAndRisesWithCostAndWeight) {
  const std::vector<qs_model> few = {Gbm(0.6), Kou(), Bates()};
  for (const qs_model &model : FullSample() ? Models() : few) {
    double last = 0;
    for (int i = 0; i < 3; i++) {
      World world(model);
      world.Dates(8, 1.0 / 365, i == 2 ? 0.001 : 0.0005)
          .Option(true, 100, -1)
          .Option(false, 95, 1, 5.0 / 365);
      world.settings = {161, 12, 63, 0};
      world.Problem(i == 0 ? 10 : 40);
      const qs_policy_ground ground = Ground(&world);
      const qs_policy_optimum optimum = Optimum(&world, ground);
      EXPECT_GT(optimum.value.objective, last) << model.type;
      EXPECT_GT(optimum.value.variance, ground.j0);
      last = optimum.value.objective;
      for (int kind = 0; kind < QS_POLICY_KINDS && i == 1; kind++) {
        const qs_policy_table table = Classical(&world, ground, static_cast<qs_policy_kind>(kind), 0.05);
        EXPECT_LT(last, Value(&world, ground, table).objective * (1 + 1e-3)) << model.type << " " << kind;
      }
    }
  }
}

TEST(Optimum, EntryAndUnwindingCanBeFree) {
  double cost[3];
  for (int i = 0; i < 3; i++) {
    World world(Gbm(0.6));
    ShortCall(&world, 10);
    if (i > 0) {
      world.dates[0].proportional = 0;
    }
    if (i > 1) {
      world.dates[10].proportional = 0;
    }
    world.Problem(10);
    cost[i] = Value(&world, Ground(&world), Classical(&world, Ground(&world), QS_POLICY_DELTA)).cost;
  }
  // entry: half a coin and a little; unwinding: what is exercised is held, one coin with probability N(d2)
  const double s = 0.6 * std::sqrt(10.0 / 365);
  EXPECT_NEAR(0.05 * qs_black_delta(true, 0, s), cost[0] - cost[1], 1e-4);
  EXPECT_GT(cost[1] - cost[2], 0.02);
  EXPECT_LT(cost[1] - cost[2], 0.03);
}

TEST(Optimum, BitsDoNotDependOnThreads) {
  for (const qs_model &model : {Gbm(0.6), Svcj()}) {
    std::vector<double> bits[3];
    for (int i = 0; i < 3; i++) {
      World world(model);
      ShortCall(&world, 5);
      world.settings = {81, 8, 31, 0};
      world.Problem(10);
      world.context.threads = i == 0 ? 1 : i == 1 ? 2 : 7;
      const qs_policy_ground ground = Ground(&world);
      const qs_policy_optimum optimum = Optimum(&world, ground);
      bits[i] = {ground.j0, optimum.value.objective, optimum.value.cost};
      for (size_t n = 0; n < 5; n++) {
        bits[i].insert(bits[i].end(), optimum.table.low[n],
                       optimum.table.low[n] +
                           ground.ratios.nodes[n].x_count * ground.ratios.nodes[n].y_count);
      }
    }
    EXPECT_EQ(bits[0], bits[1]);
    EXPECT_EQ(bits[0], bits[2]);
  }
}

TEST(Optimum, AHoldingAtTheStartCounts) {
  World flat(Gbm(0.6));
  ShortCall(&flat, 10);
  flat.Problem(100);
  const double from_flat = Optimum(&flat, Ground(&flat)).value.objective;
  World held(Gbm(0.6));
  ShortCall(&held, 10);
  held.Problem(100)->holding = 0.5;
  const double from_half = Optimum(&held, Ground(&held)).value.objective;
  // Half a coin in hand saves what buying it costs, at most.
  EXPECT_LT(from_half, from_flat);
  EXPECT_GT(from_half, from_flat - 100 * 0.05 * 0.5 - 1e-6);
  EXPECT_NEAR(from_flat - 100 * 0.05 * 0.5, from_half, 0.2);
}

TEST(Apply, BandsBetweenNodesAndTrades) {
  const qs_policy_nodes nodes[2] = {{0, -1, 1, 3, 0.1, 0.2, 2}, {0.5, -1, 1, 3, 0.1, 0.2, 2}};
  const double low[6] = {0, 1, 2, 10, 11, 12}, high[6] = {1, 2, INFINITY, 11, 12, INFINITY};
  const double *lows[2] = {low, low}, *highs[2] = {high, high};
  const qs_policy_table table = {2, nodes, lows, highs};
  qs_policy_band band = qs_policy_band_at(&table, 0, -0.5, 0.2);
  EXPECT_DOUBLE_EQ(5.5, band.low);
  EXPECT_DOUBLE_EQ(6.5, band.high);
  EXPECT_DOUBLE_EQ(0, qs_policy_trade(&band, 6));
  EXPECT_DOUBLE_EQ(0.5, qs_policy_trade(&band, 5));
  EXPECT_DOUBLE_EQ(-1.5, qs_policy_trade(&band, 8));
  band = qs_policy_band_at(&table, 1, 7, 9);
  EXPECT_DOUBLE_EQ(12, band.low);
  EXPECT_EQ(INFINITY, band.high);
  band = qs_policy_band_at(&table, 1, -7, 0);
  EXPECT_DOUBLE_EQ(0, band.low);
  EXPECT_EQ(0u, qs_policy_date_at(&table, -1));
  EXPECT_EQ(0u, qs_policy_date_at(&table, 0.4));
  EXPECT_EQ(1u, qs_policy_date_at(&table, 0.6));
}

} // namespace
