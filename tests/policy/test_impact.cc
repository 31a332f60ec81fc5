// Costs with impact, |u|^1.5: how far to trade, the optimum and its bound.
#include <cmath>
#include <random>

#include "host/policy/bound.h"
#include "host/policy/impact.h"
#include "host/policy/law.h"
#include "tests/full_sample.h"
#include "tests/policy/paths.h"
#include "tests/policy/policy_world.h"

namespace {

using namespace policy_world;

double Normal(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2));
}

// Golden section of a convex function.
template <class F> double Least(F f, double low, double high) {
  const double part = (std::sqrt(5.0) - 1) / 2;
  double a = high - part * (high - low), b = low + part * (high - low), fa = f(a), fb = f(b);
  while (high - low > 1e-9) {
    if (fa < fb) {
      high = b, b = a, fb = fa, a = high - part * (high - low), fa = f(a);
    } else {
      low = a, a = b, fa = fb, b = low + part * (high - low), fb = f(b);
    }
  }
  return (low + high) / 2;
}

struct Solved {
  qs_policy_ground ground = {};
  qs_policy_optimum optimum = {};
  explicit Solved(World *world) {
    EXPECT_EQ(QS_OK, qs_policy_make_ground(&world->context, world->arena, &world->problem, &world->settings,
                                           &ground));
    EXPECT_EQ(QS_OK,
              qs_policy_optimise(&world->context, world->arena, &ground, &world->settings, true, &optimum));
  }
  double objective() const { return optimum.value.objective; }
};

// The short call, with impact at every date.
struct Call : World {
  Call(const qs_model &law, size_t days, double weight, double impact) : World(law) {
    ShortCall(this, days);
    for (qs_policy_date &date : dates) {
      date.impact = impact;
    }
    Problem(weight);
  }
};

const double kHolding[] = {-2, -1, 0, 0, 1, 3}, kSlope[] = {-7, -3.5, -2, 1, 4, 4.5};

double Kinked(double phi) { // the integral of kSlope
  double sum = 0;
  for (int i = 0; i + 1 < 6; i++) {
    const double from = kHolding[i], to = kHolding[i + 1], end = i == 4 ? phi : std::min(phi, to);
    if (i == 0 || phi > from) {
      const double rise = to > from ? (kSlope[i + 1] - kSlope[i]) / (to - from) : 0, width = end - from;
      sum += width * (kSlope[i] + 0.5 * rise * width);
    }
  }
  return sum;
}

// Against a search for the least of a piecewise quadratic function with a kink, from everywhere.
TEST(Impact, TradesWhereTheSumIsLeast) {
  const qs_policy_line line = {kHolding, 6, [](const void *, size_t i) { return kSlope[i]; }, nullptr};
  for (double impact : {1e-7, 0.3, 2.0, 40.0}) {
    const qs_policy_convex cost = {0.75, impact};
    for (double before = -2.9; before < 3.9; before += 0.37) {
      auto total = [&](double phi) { return Kinked(phi) + qs_policy_convex_cost(&cost, phi - before); };
      const double least = Least(total, -4, 5);
      const double step = 1e-6, slope = (Kinked(before + step) - Kinked(before - step)) / (2 * step);
      double to = before;
      if (slope < -cost.cost || slope > cost.cost) {
        const int side = slope < 0 ? 1 : -1;
        size_t next = side > 0 ? 0 : 5;
        while (next < 6 && side * (kHolding[next] - before) <= 0) {
          next += static_cast<size_t>(side);
        }
        to = qs_policy_part_way(&line, &cost, side, before, slope, next);
      }
      EXPECT_NEAR(to, least, 2e-4) << impact << " " << before;
      EXPECT_LT(total(to), total(least) + 1e-9) << impact << " " << before;
    }
  }
}

TEST(Impact, TheConjugateIsTheMostThatATradeGains) {
  for (double s : {-3.0, -0.5, 0.5, 1.2, 8.0}) {
    const qs_policy_convex cost = {0.5, 0.7};
    auto loss = [&](double u) { return qs_policy_convex_cost(&cost, u) - s * u; };
    const double u = Least(loss, -1000, 1000);
    EXPECT_NEAR(qs_policy_convex_excess(&cost, s), -loss(u), 1e-7) << s;
  }
}

// As impact goes, the optimum becomes that without; as it grows, nothing is traded and all of the payoff's
// variance is left; on the way the objective grows.
TEST(Impact, GoesFromNoImpactToNoTrade) {
  const int days = 4;
  const qs_policy_settings coarse = {401, 0, 127, 0};
  Call without(Gbm(0.6), days, 20, 0);
  without.settings = coarse;
  const Solved plain(&without);
  double last = plain.objective();
  for (double impact : {1e-9, 0.01, 0.1, 1.0, 10.0, 1e4}) {
    Call world(Gbm(0.6), days, 20, impact);
    world.settings = coarse;
    const Solved solved(&world);
    if (impact == 1e-9) {
      EXPECT_NEAR(solved.objective(), plain.objective(), 1e-7 * plain.objective());
    }
    EXPECT_GT(solved.objective(), last * (impact == 1e-9 ? 1 - 1e-7 : 1)) << impact;
    last = solved.objective();
  }
  const double root = 0.6 * std::sqrt(days / 365.0), half = Normal(root / 2), mean = 100 * (2 * half - 1);
  const double second = 1e4 * (std::exp(root * root) * Normal(1.5 * root) - 2 * half + Normal(-root / 2));
  EXPECT_NEAR(last, second - mean * mean, 1e-3 * last);
}

// Two trades and the unwinding: the first over all holdings, the second in every state, each by search.
TEST(Impact, TwoDatesByDirectSearch) {
  const double k = 0.4, w = 3, c = 0.02;
  World world(Gbm(0.6));
  world.Dates(2, 4.0 / 365, 0).Option(true, 101, -1).Option(false, 97, 1);
  for (qs_policy_date &date : world.dates) {
    date.per_unit = c;
    date.impact = k;
  }
  world.Problem(w)->holding = 0.3;
  const Solved solved(&world);
  const qs_policy_nodes &nodes = solved.ground.ratios.nodes[1];
  auto cost = [&](double u) { return w * (c * std::fabs(u) + k * std::pow(std::fabs(u), 1.5)); };
  auto variance = [&](size_t n, double x) {
    return qs_policy_gain_variance(&world.problem, &solved.ground.ratios, n, 0, x);
  };
  const double deviation = 0.6 * std::sqrt(4.0 / 365);
  auto second = [&](double held) { // the mean of the best from there
    double sum = 0, weight = 0;
    for (size_t j = 0; j < nodes.x_count; j += 8) {
      const double x = X(nodes, j), e = (x + 0.5 * deviation * deviation) / deviation;
      if (std::fabs(e) > 6) {
        continue;
      }
      const double xi = -solved.ground.ratios.local[1][j], v = variance(1, x), p = std::exp(-0.5 * e * e);
      auto total = [&](double phi) { return (phi - xi) * (phi - xi) * v + cost(phi - held) + cost(phi); };
      sum += p * total(Least(total, -2, 2));
      weight += p;
    }
    return sum / weight;
  };
  const double xi = -solved.ground.ratios.local[0][nodes.x_count / 2], v = variance(0, 0);
  auto first = [&](double phi) { return (phi - xi) * (phi - xi) * v + cost(phi - 0.3) + second(phi); };
  const double best = Least(first, -1, 1.5);
  EXPECT_NEAR(solved.objective(), solved.ground.j0 + first(best), 1e-4 * solved.objective());
  EXPECT_NEAR(qs_policy_optimum_hold(&solved.ground, &solved.optimum, 0, 0, 0, 0.3), best, 2e-3);
  EXPECT_GT(std::fabs(best - 0.3), 0.05);
  EXPECT_GT(std::fabs(best - xi), 0.01);
}

// Along paths the policy has the programme's objective, and nothing can be better by more than the gap.
TEST(Impact, IsCertified) {
  std::vector<qs_model> models = {Gbm(0.6)};
  if (FullSample()) {
    models = {Gbm(0.6), Merton(), Heston(), Svcj()};
  }
  for (const qs_model &model : models) {
    for (double impact : {0.02, 1.0}) {
      Call world(model, FullSample() ? 30 : 5, 20, impact);
      const size_t count = FullSample() ? 1 << 14 : 1 << 13;
      const Paths paths(world, count, 4);
      const Certified solved(&world, paths);
      const qs_policy_bound &b = solved.bound;
      const double objective = solved.optimum.value.objective;
      EXPECT_LT(solved.Remainder(world, paths), 2e-4 * b.lower) << model.type << " " << impact;
      EXPECT_NEAR(b.objective, objective, 4 * b.objective_error) << model.type << " " << impact;
      EXPECT_LT(b.objective_error, 0.01 * b.objective);
      EXPECT_LT(b.gap + 4 * b.gap_error, 5e-3 * b.lower) << model.type << " " << impact;
      EXPECT_GT(b.gap, -4 * b.gap_error - 1e-9) << model.type << " " << impact;
      EXPECT_LT(b.lower, objective + 4 * b.lower_error) << model.type << " " << impact;
    }
  }
}

TEST(Impact, WhatKnowsNothingOfItSaysSo) {
  Call world(Gbm(0.6), 3, 20, 1);
  world.settings = {81, 0, 31, 0};
  const Solved solved(&world);
  EXPECT_TRUE(std::isnan(solved.optimum.value.cost));
  qs_policy_value value;
  EXPECT_EQ(QS_ERROR_INPUT, qs_policy_evaluate(&world.context, &solved.ground, &world.settings,
                                               &solved.optimum.table, &value));
  EXPECT_STREQ("a table is valued without impact alone", world.context.message);
  world.dates[1].impact = -1;
  EXPECT_EQ(QS_ERROR_INPUT, qs_policy_check(&world.context, &world.problem));
}

} // namespace
