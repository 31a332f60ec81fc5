// The programme of exponential utility against a search over all decisions, limits and asymptotics.
#include <cmath>
#include <functional>

#include "host/market/black.h"
#include "host/policy/apply.h"
#include "host/policy/exponential.h"
#include "host/policy/optimum.h"
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

qs_policy_utility Utility(World *world, const qs_policy_ground &ground, double aversion) {
  qs_policy_utility utility = {};
  EXPECT_EQ(QS_OK, qs_policy_exponential(&world->context, world->arena, &ground, &world->settings, aversion,
                                         &utility))
      << world->context.message;
  return utility;
}

double Black(double spot, double strike, double deviation) {
  const double d = std::log(spot / strike) / deviation + deviation / 2;
  return spot * .5 * std::erfc(-d / std::sqrt(2.0)) -
         strike * .5 * std::erfc(-(d - deviation) / std::sqrt(2.0));
}

// Least value of a convex function, and where.
double Search(const std::function<double(double)> &f, double low, double high, double *place = nullptr) {
  const double golden = .6180339887498949;
  double a = high - golden * (high - low), b = low + golden * (high - low), at_a = f(a), at_b = f(b);
  for (int i = 0; i < 26; i++) {
    if (at_a < at_b) {
      high = b, b = a, at_b = at_a;
      a = high - golden * (high - low), at_a = f(a);
    } else {
      low = a, a = b, at_a = at_b;
      b = low + golden * (high - low), at_b = f(b);
    }
  }
  if (place)
    *place = .5 * (low + high);
  return std::fmin(at_a, at_b);
}

// Short a call, two trades ten days apart and the unwinding at the expiry: every decision is searched for,
// every mean an integral over the normal law, with nothing of the programme's.
struct TwoTrades {
  double sigma, cost, aversion, step = 10.0 / 365;

  template <typename F> double Certain(double spot, int parts, F loss) const {
    const double deviation = sigma * std::sqrt(step), width = 15.0 / parts;
    double sum = 0;
    for (int i = 0; i < parts; i++) {
      const double z = -7.5 + (i + .5) * width;
      sum +=
          std::exp(-z * z / 2 + aversion * loss(spot * std::exp(deviation * z - deviation * deviation / 2)));
    }
    return std::log(sum * width / std::sqrt(2 * M_PI)) / aversion;
  }
  double Last(double spot, double held, double value) const { // the second trade
    return Search(
        [&](double psi) {
          return cost * spot * std::fabs(psi - held) + Certain(spot, 1200, [&](double s) {
                   return std::fmax(s - 100, 0) - value - psi * (s - spot) + cost * s * std::fabs(psi);
                 });
        },
        -.2, 1.2);
  }
  double First(double *held) const {
    const double now = Black(100, 100, sigma * std::sqrt(2 * step));
    return Search(
        [&](double psi) {
          return cost * 100 * std::fabs(psi) + Certain(100, 60, [&](double s) {
                   const double value = Black(s, 100, sigma * std::sqrt(step));
                   return value - now - psi * (s - 100) + Last(s, psi, value);
                 });
        },
        0, 1, held);
  }
};

TEST(Exponential, TwoTradesAgainstASearchOfAllDecisions) {
  for (double aversion : {.02, .3}) {
    TwoTrades all{.6, .004, aversion};
    double held;
    const double least = all.First(&held);
    World world(Gbm(.6));
    world.Dates(2, all.step, all.cost).Option(true, 100, -1).Problem(2 / aversion);
    const qs_policy_ground ground = Ground(&world);
    const qs_policy_utility utility = Utility(&world, ground, aversion);
    EXPECT_NEAR(utility.loss, least, 5e-4 * least) << aversion;
    // Bought from nothing: the lower edge of the band.
    EXPECT_NEAR(qs_policy_band_at(&utility.table, 0, 0, .6).low, held, 4e-3) << aversion;
  }
}

TEST(Exponential, ASmallAversionIsMeanAndVariance) {
  // Costs as small as the aversion: w c is that of the known case, and costs count for nothing in the
  // variance.
  const double aversion = 1e-4, known = 10.797;
  World world(Gbm(.6));
  world.Dates(30, 1.0 / 365, .0005 * 100 * aversion / 2).Option(true, 100, -1).Problem(2 / aversion);
  const qs_policy_ground ground = Ground(&world);
  const qs_policy_utility utility = Utility(&world, ground, aversion);
  EXPECT_NEAR(2 / aversion * utility.loss, known, 1e-3 * known);
  qs_policy_optimum optimum;
  ASSERT_EQ(QS_OK,
            qs_policy_optimise(&world.context, world.arena, &ground, &world.settings, false, &optimum));
  for (size_t n : {0, 10, 25})
    for (double x : {-.1, 0., .1}) {
      const qs_policy_band a = qs_policy_band_at(&utility.table, n, x, .6);
      const qs_policy_band b = qs_policy_band_at(&optimum.table, n, x, .6);
      EXPECT_NEAR(a.low, b.low, 3e-3) << n << " " << x;
      EXPECT_NEAR(a.high, b.high, 3e-3) << n << " " << x;
    }
}

TEST(Exponential, WithoutCostsThereIsNoBand) {
  World world(Gbm(.6));
  world.settings.holding_count = 127;
  world.Dates(40, .25 / 365, 0).Option(true, 100, -1, 30.0 / 365).Problem(20);
  const qs_policy_utility utility = Utility(&world, Ground(&world), .1);
  const qs_policy_band band = qs_policy_band_at(&utility.table, 10, .05, .6);
  EXPECT_NEAR(band.low, band.high, 1e-9);
  const double left = (30 - 2.5) / 365, deviation = .6 * std::sqrt(left);
  const double d = (.05 + deviation * deviation / 2) / deviation;
  EXPECT_NEAR(band.low, .5 * std::erfc(-d / std::sqrt(2.0)), 2e-3); // Black and Scholes' delta
  EXPECT_LT(std::fabs(utility.loss), .02);
}

// Whalley and Wilmott (1997): for small costs and frequent dates half of the band is (3 k S gamma^2/(2
// a))^(1/3).
TEST(Exponential, SmallCostsHaveTheBandOfWhalleyAndWilmott) {
  const double cost = .002, aversion = .05, years = 60.0 / 365;
  World world(Gbm(.6));
  world.settings.holding_count = 127;
  world.Dates(60, 1.0 / 365 / 8, cost).Option(true, 100, -1, years).Problem(2 / aversion);
  const qs_policy_utility utility = Utility(&world, Ground(&world), aversion);
  const double deviation = .6 * std::sqrt(years);
  const double gamma = std::exp(-deviation * deviation / 8) / std::sqrt(2 * M_PI) / (100 * deviation);
  const double half = std::cbrt(1.5 * cost * 100 * gamma * gamma / aversion);
  const qs_policy_band band = qs_policy_band_at(&utility.table, 0, 0, .6);
  // The first term of an expansion in cost^(1/3): the next is smaller by the size of the band, .117
  // against 1.
  EXPECT_NEAR(.5 * (band.high - band.low), half, .12 * half);
}

TEST(Exponential, MoreCostIsWorseAndTooMuchStopsTrading) {
  double before = 0;
  for (double cost : {0., .00005, .0005, .5}) {
    World world(Merton());
    world.settings.holding_count = 63;
    world.Dates(8, 1.0 / 365, cost).Option(true, 100, -1).Option(false, 95, -1).Problem(40);
    const qs_policy_utility utility = Utility(&world, Ground(&world), .05);
    EXPECT_GE(utility.loss, before) << cost;
    before = utility.loss;
    const qs_policy_band band = qs_policy_band_at(&utility.table, 2, 0, .6);
    EXPECT_LE(band.low, band.high);
    EXPECT_EQ(cost == .5, band.low <= 0 && band.high >= 0 && band.high - band.low > .2) << cost;
  }
}

TEST(Exponential, TheSameBitsForAnyNumberOfThreads) {
  double loss[2], edge[2];
  for (int i : {0, 1}) {
    World world(Kou());
    world.context.threads = i ? 3 : 1;
    world.settings.holding_count = 63;
    world.Dates(4, 1.0 / 365, .0005).Option(true, 100, -1).Problem(20);
    const qs_policy_utility utility = Utility(&world, Ground(&world), .1);
    loss[i] = utility.loss;
    edge[i] = utility.table.high[1][490];
  }
  EXPECT_EQ(loss[0], loss[1]);
  EXPECT_EQ(edge[0], edge[1]);
}

TEST(Exponential, WhatItCannotDoIsSaid) {
  World world(Heston());
  world.settings.x_count = 33;
  world.Dates(1, 1.0 / 365, .0005).Option(true, 100, -1).Problem(20);
  const qs_policy_ground ground = Ground(&world);
  qs_policy_utility utility;
  EXPECT_EQ(QS_ERROR_INPUT,
            qs_policy_exponential(&world.context, world.arena, &ground, &world.settings, .1, &utility));
  World other(Gbm(.6));
  other.Dates(1, 1.0 / 365, .0005).Option(true, 100, -1).Problem(20);
  const qs_policy_ground plain = Ground(&other);
  for (double aversion : {0., -1., HUGE_VAL, std::nan("")})
    EXPECT_EQ(QS_ERROR_INPUT, qs_policy_exponential(&other.context, other.arena, &plain, &other.settings,
                                                    aversion, &utility));
}

} // namespace
