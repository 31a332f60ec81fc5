// The optimiser against closed forms, and at the edges of its input.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "host/base/arena.h"
#include "tests/hedge/problems.h"

using namespace hedge_test;

namespace {

// Relative to the exact answer: a few rounding errors of a solution that is refined to 1e-15.
constexpr double rounding = 1e-13;

Problem single(double variance, double cross, double linear, double impact) {
  Problem p(1);
  p.covariance = {variance};
  p.cross = {cross};
  p.constant = cross * cross / variance * 1.5;
  p.linear = {linear};
  p.impact = {impact};
  return p;
}

void expect_near_relative(double value, double expected, double tolerance) {
  EXPECT_NEAR(value, expected, tolerance * std::fabs(expected));
}

TEST(HedgeClosedForm, UnconstrainedWithoutCostIsMinusInverseCovarianceTimesCross) {
  // C = diag(s) R diag(s) with R = [[1, r], [r, 1]], whose inverse is [[1, -r], [-r, 1]] / (1 - r^2).
  for (double unit : {1.0, 1e-6, 1e8}) {
    const double s0 = 3 * unit, s1 = 0.2 / unit, r = 0.95, b0 = 5 * s0, b1 = -1.5 * s1;
    Problem p(2);
    p.covariance = {s0 * s0, r * s0 * s1, r * s0 * s1, s1 * s1};
    p.cross = {b0, b1};
    p.constant = 400;
    Solution s = solve(p);
    ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
    expect_near_relative(s.x[0], -(b0 / s0 - r * b1 / s1) / (1 - r * r) / s0, rounding);
    expect_near_relative(s.x[1], -(b1 / s1 - r * b0 / s0) / (1 - r * r) / s1, rounding);
    EXPECT_LE(s.kkt, 1e-14);
  }
}

TEST(HedgeClosedForm, LinearCostIsASoftThreshold) {
  for (double linear : {0.0, 0.1, 1.0, 3.9, 4.0, 4.1, 1e6, 1e12}) {
    Problem p = single(2, -2, linear, 0);
    Solution s = solve(p);
    ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL) << linear;
    const double expected = std::max(0.0, 4 - linear) / 4;
    if (expected == 0) {
      EXPECT_EQ(s.x[0], 0) << linear;
    } else {
      expect_near_relative(s.x[0], expected, rounding);
    }
  }
}

TEST(HedgeClosedForm, ImpactGivesTheRootOfAQuadratic) {
  // 2c x + linear + 1.5 g sqrt(x) = 2|b|, a quadratic in u = sqrt(x).
  for (double impact : {1e-9, 1e-3, 1.0, 50.0, 1e4, 1e9, 1e15}) {
    for (double linear : {0.0, 1.0}) {
      const double c = 2, b = 2;
      Problem p = single(c, b, linear, impact);
      Solution s = solve(p);
      ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL) << impact;
      const long double pull = 2 * b - linear, half = 0.75L * impact;
      const long double u = pull / (half + std::sqrt(half * half + 2 * c * pull));
      expect_near_relative(s.x[0], static_cast<double>(-u * u), 1e-12);
    }
  }
}

TEST(HedgeClosedForm, EqualityIsMetByLeastVariance) {
  // min x'x subject to a'x + d = t: x = a (t - d) / a'a.
  Problem p(3);
  p.covariance = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  Row row;
  row.coefficients = {3, -4, 12};
  row.offset = 7;
  row.lower = row.upper = -162;
  p.rows.push_back(row);
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  for (size_t i = 0; i < 3; i++) {
    expect_near_relative(s.x[i], row.coefficients[i] * -169 / 169, rounding);
  }
  expect_near_relative(s.objective, 169, rounding);
  // d objective / d target = 2 (t - d) / a'a = -2, and the multiplier is minus that.
  expect_near_relative(s.row_multiplier[0], 2, rounding);
}

TEST(HedgeClosedForm, GrossLimitMovesThePositionToItsKinkAndNoFurther) {
  // |10 + x| <= 4 forces x = -6; a second limit that only shorts count in stays open.
  Problem p(1);
  p.covariance = {0.5};
  p.position = {10};
  p.gross.push_back({{1}, {1}, 0, 4});
  p.gross.push_back({{0}, {3}, 1, 5});
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  expect_near_relative(s.x[0], -6, rounding);
  expect_near_relative(s.gross_multiplier[0], 6, 1e-12); // 2 c |x| = multiplier
  EXPECT_EQ(s.gross_multiplier[1], 0);
  p.gross[0].limit = 0;
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_EQ(s.x[0], -10);
}

TEST(HedgeClosedForm, LimitOfATradeBindsExactlyAndItsMultiplierIsTheSlope) {
  Problem p = single(1, -3, 0.5, 0);
  p.upper = {2};
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_EQ(s.x[0], 2);
  expect_near_relative(s.trade_multiplier[0], 6 - 0.5 - 4, rounding);
  p.lower = {2.5};
  p.upper = {2.5}; // a fixed trade
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_EQ(s.x[0], 2.5);
  expect_near_relative(s.trade_multiplier[0], 6 - 0.5 - 5, rounding);
}

TEST(HedgeClosedForm, MultipliersAreMinusTheChangeOfTheObjective) {
  Random random(5);
  Problem p = random_problem(random, 4);
  p.upper.assign(4, infinity);
  p.lower.assign(4, -infinity);
  p.gross.clear();
  p.rows.clear();
  const Solution free = solve(p);
  ASSERT_EQ(free.outcome, QS_HEDGE_OPTIMAL);
  p.rows.resize(1);
  for (size_t i = 0; i < 4; i++) {
    p.rows[0].coefficients.push_back(std::sqrt(p.covariance[i * 5]));
  }
  double value = 0, size = 0;
  for (size_t i = 0; i < 4; i++) {
    value += p.rows[0].coefficients[i] * free.x[i];
    size += std::fabs(p.rows[0].coefficients[i] * free.x[i]);
  }
  ASSERT_GT(size, 0);
  p.rows[0].lower = value + 0.3 * size; // binds
  const Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_LT(s.row_multiplier[0], 0);
  // Central difference; its error is the third derivative (zero where no cost is 3/2) and rounding / step.
  const double step = 1e-4 * size, bound = p.rows[0].lower;
  p.rows[0].lower = bound + step;
  const double above = solve(p).objective;
  p.rows[0].lower = bound - step;
  const double below = solve(p).objective;
  expect_near_relative((above - below) / (2 * step), -s.row_multiplier[0], 1e-6);
}

TEST(HedgeDegenerate, EqualInstrumentsShareTheTrade) {
  Problem p(3);
  p.covariance = {1, 1, 0, 1, 1, 0, 0, 0, 0};
  p.cross = {-3, -3, 0};
  p.constant = 9;
  p.linear = {1, 1, 1};
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_NEAR(s.x[0], 1.25, 1e-9); // the ridge of 1e-12 against the covariance's rounding of 1e-16
  EXPECT_NEAR(s.x[1], 1.25, 1e-9);
  EXPECT_EQ(s.x[2], 0);
  p.linear[1] = 0.5; // the cheaper one takes it all
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_EQ(s.x[0], 0);
  expect_near_relative(s.x[1], 2.75, 1e-11);
}

TEST(HedgeDegenerate, NothingToHedgeAndNothingToHedgeWith) {
  Problem zero(2);
  Solution s = solve(zero);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_EQ(s.x[0], 0);
  EXPECT_EQ(s.x[1], 0);
  Problem empty(0);
  EXPECT_EQ(solve(empty).status, QS_ERROR_INPUT);
}

TEST(HedgeDegenerate, InstrumentWithoutVarianceServesATarget) {
  // The second instrument has no variance: it alone carries the delta.
  Problem p(2);
  p.covariance = {4, 0, 0, 0};
  p.cross = {-4, 0};
  p.constant = 5;
  Row row;
  row.coefficients = {1, 1e-6};
  row.lower = row.upper = 7;
  p.rows.push_back(row);
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  expect_near_relative(s.x[0], 1, 1e-9);
  expect_near_relative(s.x[1], 6e6, 1e-9);
}

TEST(HedgeDegenerate, RepeatedRowsAreOneRow) {
  Problem p(2);
  p.covariance = {1, 0.3, 0.3, 2};
  p.cross = {1, 1};
  p.constant = 3;
  Row row;
  row.coefficients = {1, 2};
  row.lower = row.upper = 1;
  p.rows = {row, row, row};
  p.rows[2].upper = infinity;
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  p.rows.resize(1);
  const Solution once = solve(p);
  EXPECT_NEAR(s.x[0], once.x[0], 1e-12);
  EXPECT_NEAR(s.x[1], once.x[1], 1e-12);
}

TEST(HedgeDegenerate, IncomeWithoutRiskIsUnboundedUntilALimitStopsIt) {
  Problem p(2);
  p.covariance = {1, 0, 0, 0};
  p.cross = {-1, 0};
  p.constant = 2;
  p.linear = {0, 0.1};
  p.funding = {0, -0.3};
  Solution s = solve(p);
  EXPECT_EQ(s.outcome, QS_HEDGE_UNBOUNDED);
  EXPECT_GT(s.x[1], 0);
  EXPECT_FALSE(s.why.empty());
  p.upper[1] = 1e9;
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  EXPECT_EQ(s.x[1], 1e9);
  p.upper[1] = infinity;
  p.impact[1] = 0.1; // 1.5 impact sqrt(x) = 0.2
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
  expect_near_relative(s.x[1], 16.0 / 9, 1e-12);
}

TEST(HedgeDegenerate, CollinearFuturesWithIncomeAreUnbounded) {
  // Long one, short the other: no variance, and the first pays more than both cost.
  Problem p(2);
  p.covariance = {4, 4, 4, 4};
  p.cross = {-2, -2};
  p.constant = 4;
  p.linear = {0.01, 0.01};
  p.funding = {-0.1, 0};
  EXPECT_EQ(solve(p).outcome, QS_HEDGE_UNBOUNDED);
}

TEST(HedgeInput, NumbersThatAreNoProblemAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Random random(3);
  const Problem good = random_problem(random, 3);
  Problem p = good;
  EXPECT_EQ(solve(p).status, QS_OK);
  p.covariance[4] = nan;
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  (p = good).covariance[4] = -1;
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  p = good;
  p.covariance[1] = p.covariance[3] = 2 * std::sqrt(p.covariance[0] * p.covariance[4]); // a correlation of 2
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  (p = good).linear[0] = -1;
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  (p = good).impact[2] = infinity;
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  (p = good).lower[1] = nan;
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  (p = good).rows.push_back({{1, nan, 1}, 0, 0, 0});
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  (p = good).rows.push_back({{1, 1, 1}, 0, -infinity, infinity});
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
  (p = good).gross.push_back({{1, 1, -1}, {1, 1, 1}, 0, 1});
  EXPECT_EQ(solve(p).status, QS_ERROR_INPUT);
}

struct Counter {
  long left, alive;
};

void *counted_allocate(void *data, size_t size) {
  auto *counter = static_cast<Counter *>(data);
  if (counter->left-- <= 0) {
    return nullptr;
  }
  counter->alive++;
  return std::malloc(size);
}

void counted_release(void *data, void *block) {
  static_cast<Counter *>(data)->alive--;
  std::free(block);
}

TEST(HedgeFailure, EveryAllocationMayFail) {
  Random random(8);
  Problem p = random_problem(random, 150); // blocks larger than an arena's chunk
  p.rows.push_back({std::vector<double>(150, 1), 0, infinity, infinity});
  p.rows.back().lower = 1e300; // out of reach, so that conflicts are looked for too
  p.lower.assign(150, -1);
  p.upper.assign(150, 1);
  const qs_hedge_problem view = p.view();
  bool succeeded = false;
  for (long allowed = 0; allowed < 1000 && !succeeded; allowed++) {
    Counter counter = {allowed, 0};
    qs_context context;
    qs_context_init(&context);
    context.allocator = {counted_allocate, counted_release, &counter};
    qs_arena *arena = qs_arena_create(&context);
    if (!arena) {
      continue;
    }
    qs_hedge_solution *solution = nullptr;
    const qs_status status = qs_hedge_optimise(&context, arena, &view, nullptr, &solution);
    succeeded = status == QS_OK;
    if (!succeeded) {
      EXPECT_EQ(status, QS_ERROR_MEMORY);
      EXPECT_EQ(solution, nullptr);
    }
    qs_arena_destroy(arena);
    EXPECT_EQ(counter.alive, 0);
  }
  EXPECT_TRUE(succeeded);
}

TEST(HedgeFailure, CancelStops) {
  Random random(8);
  Problem p = random_problem(random, 20);
  const qs_hedge_problem view = p.view();
  qs_context context;
  qs_context_init(&context);
  const int cancel = 1;
  context.cancel = &cancel;
  qs_arena *arena = qs_arena_create(&context);
  qs_hedge_solution *solution = nullptr;
  EXPECT_EQ(qs_hedge_optimise(&context, arena, &view, nullptr, &solution), QS_ERROR_CANCELLED);
  EXPECT_EQ(solution, nullptr);
  qs_arena_destroy(arena);
}

} // namespace
