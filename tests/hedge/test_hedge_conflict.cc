// Limits that cannot hold together: the planted contradiction must come back, whole and alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "tests/hedge/problems.h"

using namespace hedge_test;

namespace {

using Limits = std::set<std::pair<int, size_t>>;

Limits conflicts_of(const Solution &s) {
  Limits out;
  for (const qs_hedge_limit_ref &ref : s.conflicts) {
    out.insert({ref.kind, ref.index});
  }
  return out;
}

// Instruments with variance and a few harmless limits, in wild units.
Problem harmless(Random &random, size_t n) {
  Problem p = random_problem(random, n);
  p.rows.clear();
  p.gross.clear();
  for (size_t i = 0; i < n; i++) {
    const double natural = std::sqrt(p.constant / p.covariance[i * n + i]);
    p.lower[i] = -natural;
    p.upper[i] = natural;
    p.position[i] = 0;
  }
  return p;
}

TEST(HedgeConflict, TargetOutOfReachOfTheTradesItNeeds) {
  Random random(3);
  for (int k = 0; k < 100; k++) {
    const size_t n = 3 + random.below(8);
    Problem p = harmless(random, n);
    Row row;
    row.coefficients.assign(n, 0);
    double reach = 0;
    Limits expected = {{QS_HEDGE_ROW_LOWER, 0}};
    for (size_t i = 0; i < 3; i++) { // the others do not matter to it
      row.coefficients[i] = random.normal() / p.upper[i];
      reach += std::fabs(row.coefficients[i]) * p.upper[i];
      expected.insert({row.coefficients[i] > 0 ? QS_HEDGE_UPPER : QS_HEDGE_LOWER, i});
    }
    row.offset = random.normal();
    row.lower = row.upper = row.offset + reach * random.uniform(1.01, 10);
    p.rows.push_back(row);
    Row idle; // of the others alone, and possible
    idle.coefficients.assign(n, 0);
    for (size_t i = 3; i < n; i++) {
      idle.coefficients[i] = random.normal() / p.upper[i];
    }
    idle.lower = -1;
    idle.upper = 1;
    p.rows.push_back(idle);
    const Solution s = solve(p);
    ASSERT_EQ(s.outcome, QS_HEDGE_INFEASIBLE) << k << " kkt " << s.kkt;
    EXPECT_EQ(conflicts_of(s), expected) << k;
    for (double x : s.x) {
      EXPECT_EQ(x, 0);
    }
    p.rows[0].lower = p.rows[0].upper = row.offset + reach * 0.99;
    EXPECT_EQ(solve(p).outcome, QS_HEDGE_OPTIMAL) << k;
  }
}

TEST(HedgeConflict, TwoGreeksThatContradictEachOther) {
  Random random(5);
  for (int k = 0; k < 100; k++) {
    const size_t n = 2 + random.below(6);
    Problem p = harmless(random, n);
    p.lower.assign(n, -infinity);
    p.upper.assign(n, infinity);
    Row low, high, other;
    for (size_t i = 0; i < n; i++) {
      const double natural = std::sqrt(p.constant / p.covariance[i * n + i]);
      low.coefficients.push_back(random.normal() / natural);
      high.coefficients.push_back(-3 * low.coefficients[i]);
      other.coefficients.push_back(random.normal() / natural);
    }
    low.lower = 1;     // a'x >= 1
    high.lower = -2.9; // -3 a'x >= -2.9
    other.upper = 5;
    p.rows = {other, low, high};
    const Solution s = solve(p);
    ASSERT_EQ(s.outcome, QS_HEDGE_INFEASIBLE) << k;
    EXPECT_EQ(conflicts_of(s), (Limits{{QS_HEDGE_ROW_LOWER, 1}, {QS_HEDGE_ROW_LOWER, 2}})) << k;
  }
}

TEST(HedgeConflict, MarginThatTheTargetNeeds) {
  // Delta 10 from two instruments of delta 1 needs gross 10 at least; 8 are allowed.
  Problem p(2);
  p.covariance = {1, 0.5, 0.5, 1};
  p.cross = {-1, -1};
  p.constant = 4;
  p.rows.push_back({{1, 1}, 0, 10, 10});
  p.gross.push_back({{1, 1}, {1, 1}, 0, 8});
  p.gross.push_back({{1, 0}, {1, 0}, 0, 100});
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_INFEASIBLE);
  EXPECT_EQ(conflicts_of(s), (Limits{{QS_HEDGE_ROW_LOWER, 0}, {QS_HEDGE_GROSS, 0}}));
  p.gross[0].limit = 10;
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL) << s.kkt;
  EXPECT_NEAR(s.x[0] + s.x[1], 10, 1e-12);
}

TEST(HedgeConflict, LimitsThatContradictThemselves) {
  Problem p(2);
  p.covariance = {1, 0, 0, 1};
  p.cross = {-1, -1};
  p.constant = 4;
  p.gross.push_back({{1, 1}, {1, 1}, 3, 2}); // what is held already is too much
  Solution s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_INFEASIBLE);
  EXPECT_EQ(conflicts_of(s), (Limits{{QS_HEDGE_GROSS, 0}}));
  p.gross.clear();
  p.rows.push_back({{0, 0}, 1, 2, infinity}); // no instrument moves it
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_INFEASIBLE);
  EXPECT_EQ(conflicts_of(s), (Limits{{QS_HEDGE_ROW_LOWER, 0}}));
  p.rows.clear();
  p.lower = {2, -infinity};
  p.upper = {1, infinity};
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_INFEASIBLE);
  EXPECT_EQ(conflicts_of(s), (Limits{{QS_HEDGE_LOWER, 0}, {QS_HEDGE_UPPER, 0}}));
  p.lower = {0, -infinity};
  p.upper = {0, infinity};
  p.rows.push_back({{1, 0}, 0, 5, 5}); // a fixed trade in the way
  s = solve(p);
  ASSERT_EQ(s.outcome, QS_HEDGE_INFEASIBLE);
  EXPECT_EQ(conflicts_of(s), (Limits{{QS_HEDGE_UPPER, 0}, {QS_HEDGE_ROW_LOWER, 0}}));
}

TEST(HedgeConflict, EverySubsetOfWhatIsReportedCanHold) {
  Random random(7);
  int infeasible = 0;
  for (int k = 0; k < 200; k++) {
    Problem p = random_problem(random, 2 + random.below(5));
    for (Row &row : p.rows) { // may or may not contradict something
      double size = std::fabs(row.offset);
      for (size_t i = 0; i < p.count; i++) {
        size += std::fabs(row.coefficients[i]) * std::sqrt(p.constant / p.covariance[i * p.count + i]);
      }
      row.lower = row.offset + 2 * size * random.normal();
      row.upper = infinity;
    }
    const Solution s = solve(p);
    ASSERT_TRUE(s.outcome == QS_HEDGE_OPTIMAL || s.outcome == QS_HEDGE_INFEASIBLE) << k << " " << s.kkt;
    if (s.outcome != QS_HEDGE_INFEASIBLE) {
      continue;
    }
    infeasible++;
    ASSERT_FALSE(s.conflicts.empty());
    // Only the reported limits: infeasible; without any one of them: solvable.
    for (size_t without = 0; without <= s.conflicts.size(); without++) {
      Problem q = p;
      q.lower.assign(p.count, -infinity);
      q.upper.assign(p.count, infinity);
      q.rows.clear();
      q.gross.clear();
      for (size_t c = 0; c < s.conflicts.size(); c++) {
        const size_t index = s.conflicts[c].index;
        if (c == without) {
          continue;
        }
        switch (s.conflicts[c].kind) {
        case QS_HEDGE_LOWER:
          q.lower[index] = p.lower[index];
          break;
        case QS_HEDGE_UPPER:
          q.upper[index] = p.upper[index];
          break;
        case QS_HEDGE_GROSS:
          q.gross.push_back(p.gross[index]);
          break;
        default:
          q.rows.push_back(p.rows[index]);
          (s.conflicts[c].kind == QS_HEDGE_ROW_LOWER ? q.rows.back().upper : q.rows.back().lower) =
              s.conflicts[c].kind == QS_HEDGE_ROW_LOWER ? infinity : -infinity;
        }
      }
      const qs_hedge_outcome expected = without < s.conflicts.size() ? QS_HEDGE_OPTIMAL : QS_HEDGE_INFEASIBLE;
      EXPECT_EQ(solve(q).outcome, expected) << k << " without " << without;
    }
  }
  EXPECT_GT(infeasible, 50);
}

} // namespace
