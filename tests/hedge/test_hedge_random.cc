// The optimiser on random problems: the optimality conditions, a certificate by duality, an enumeration of
// all support patterns, and what no formulation may change.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/hedge/enumerate.h"
#include "tests/hedge/problems.h"

using namespace hedge_test;

namespace {

// Relative to the objective before and after. The bound is taken over trades ten times as large as the
// solution's, so that rounding of a slope by 1e-16 of its terms costs up to 1e-15 times their sum.
double gap(const Problem &p, const Solution &s) {
  const double size = std::fabs(p.constant) + std::fabs(s.objective);
  return static_cast<double>((s.objective - dual_bound(p, s)) / size);
}

TEST(HedgeRandom, ThousandProblemsInWildUnitsAreSolvedAndCertified) {
  Random random(11);
  double worst_kkt = 0, worst_gap = 0;
  uint32_t most = 0;
  for (int k = 0; k < 1000; k++) {
    Problem p = random_problem(random, 1 + random.below(k % 50 == 0 ? 60 : 12));
    const Solution s = solve(p);
    ASSERT_EQ(s.status, QS_OK) << k << " " << s.why;
    ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL) << k << " kkt " << s.kkt;
    EXPECT_LE(s.kkt, 1e-8) << k;
    EXPECT_LE(gap(p, s), 1e-8) << k;
    EXPECT_GE(gap(p, s), -1e-10) << k; // the bound is below, up to the feasibility of the solution
    EXPECT_TRUE(p.feasible(s.x, 1e-8)) << k;
    worst_kkt = std::max(worst_kkt, s.kkt);
    worst_gap = std::max(worst_gap, gap(p, s));
    most = std::max(most, s.iterations);
  }
  RecordProperty("worst_kkt", std::to_string(worst_kkt));
  std::printf("1000 problems: worst KKT residual %.2g, worst duality gap %.2g, at most %u iterations\n",
              worst_kkt, worst_gap, most);
}

// Collinear instruments and instruments without variance. What is left unsolved must be said, and nothing
// feasible may be called infeasible, nothing bounded unbounded.
TEST(HedgeRandom, SingularProblemsAreSolvedOrSaidNotToBe) {
  Random random(5);
  int unsolved = 0;
  const int count = 2000;
  for (int k = 0; k < count; k++) {
    Problem p = random_problem(random, 1 + random.below(8), true);
    const Solution s = solve(p);
    ASSERT_EQ(s.status, QS_OK);
    ASSERT_NE(s.outcome, QS_HEDGE_INFEASIBLE) << k;
    ASSERT_NE(s.outcome, QS_HEDGE_UNBOUNDED) << k;
    if (s.outcome == QS_HEDGE_OPTIMAL) {
      EXPECT_LE(s.kkt, 1e-8) << k;
    } else {
      EXPECT_FALSE(s.why.empty());
      unsolved++;
    }
  }
  std::printf("%d singular problems: %d not solved to 1e-8\n", count, unsolved);
  EXPECT_LE(unsolved, count / 200);
}

TEST(HedgeRandom, NoFeasibleStepFromTheSolutionIsBetter) {
  Random random(23);
  for (int k = 0; k < 200; k++) {
    Problem p = random_problem(random, 1 + random.below(8));
    const Solution s = solve(p);
    ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
    for (int trial = 0; trial < 50; trial++) {
      std::vector<double> x = s.x;
      const double step = random.log_uniform(1e-6, 1);
      for (size_t i = 0; i < p.count; i++) {
        const double natural = std::sqrt(p.constant / p.covariance[i * p.count + i]);
        x[i] = random.chance(0.5)
                   ? std::clamp(x[i] + step * natural * random.normal(), p.lower[i], p.upper[i])
                   : x[i];
      }
      if (p.feasible(x, 0)) {
        EXPECT_GE(p.objective(x), s.objective - 1e-10 * (p.constant + std::fabs(s.objective))) << k;
      }
    }
  }
}

TEST(HedgeRandom, AgreesWithAnEnumerationOfAllSupports) {
  Random random(31);
  int compared = 0;
  for (int k = 0; k < 150; k++) {
    Problem p = random_problem(random, 1 + random.below(3));
    p.impact.assign(p.count, 0); // piecewise quadratic: every support is a linear system
    const Solution s = solve(p);
    ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL) << k;
    const Enumeration best = enumerate_supports(p);
    ASSERT_TRUE(best.found) << k;
    EXPECT_NEAR(s.objective, best.objective, 1e-9 * (p.constant + std::fabs(best.objective))) << k;
    for (size_t i = 0; i < p.count; i++) {
      const double natural = std::sqrt(p.constant / p.covariance[i * p.count + i]);
      EXPECT_NEAR(s.x[i], best.x[i], 1e-5 * (natural + std::fabs(best.x[i]))) << k;
      compared += s.x[i] != 0;
      if (best.x[i] == 0) { // pinned in the best support
        EXPECT_EQ(s.x[i], 0) << k << " " << i;
      }
    }
  }
  EXPECT_GT(compared, 50);
}

TEST(HedgeRandom, OrderOfInstrumentsDoesNotMatter) {
  Random random(41);
  for (int k = 0; k < 100; k++) {
    const size_t n = 2 + random.below(10);
    Problem p = random_problem(random, n);
    std::vector<size_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = n; i-- > 1;) {
      std::swap(order[i], order[random.below(i + 1)]);
    }
    Problem q = p.permuted(order);
    const Solution a = solve(p), b = solve(q);
    ASSERT_EQ(a.outcome, QS_HEDGE_OPTIMAL);
    ASSERT_EQ(b.outcome, QS_HEDGE_OPTIMAL);
    const double size = p.constant + std::fabs(a.objective);
    EXPECT_NEAR(a.objective, b.objective, 1e-12 * size) << k;
    for (size_t i = 0; i < n; i++) {
      // A trade off by d costs C_ii d^2, so objectives equal to 1e-12 let trades differ by 1e-6 of their
      // natural size.
      const double natural = std::sqrt(p.constant / p.covariance[order[i] * n + order[i]]);
      EXPECT_NEAR(b.x[i], a.x[order[i]], 1e-6 * (natural + std::fabs(a.x[order[i]]))) << k;
    }
  }
}

TEST(HedgeRandom, MoreInstrumentsAtNoCostNeverRaiseTheVariance) {
  Random random(43);
  for (int k = 0; k < 50; k++) {
    Problem p = random_problem(random, 12);
    p.linear.assign(12, 0);
    p.impact.assign(12, 0);
    p.funding.assign(12, 0);
    p.lower.assign(12, -infinity);
    p.upper.assign(12, infinity);
    p.rows.clear();
    p.gross.clear();
    double before = p.constant;
    for (size_t n = 1; n <= 12; n++) {
      Problem part = p.first(n);
      const Solution s = solve(part);
      ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
      EXPECT_LE(s.objective, before + 1e-12 * p.constant) << k << " " << n;
      EXPECT_GE(s.objective, -1e-12 * p.constant);
      before = s.objective;
    }
  }
}

TEST(HedgeRandom, ProhibitiveCostsMeanNoTrade) {
  Random random(47);
  for (int k = 0; k < 100; k++) {
    Problem p = random_problem(random, 1 + random.below(20));
    for (size_t i = 0; i < p.count; i++) {
      p.linear[i] = 2 * std::fabs(p.cross[i]) * (1 + random.uniform());
      p.funding[i] = 0;
      p.lower[i] = std::min(p.lower[i], 0.0);
      p.upper[i] = std::max(p.upper[i], 0.0);
    }
    p.rows.clear();
    p.gross.clear();
    const Solution s = solve(p);
    ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
    for (double x : s.x) {
      EXPECT_EQ(x, 0);
    }
  }
}

TEST(HedgeRandom, CostsShrinkTheHedge) {
  // Along the path of one weight on all costs the variance rises and the cost falls.
  Random random(53);
  for (int k = 0; k < 20; k++) {
    const Problem p = random_problem(random, 6);
    double variance_before = -1, cost_before = infinity;
    for (double weight : {1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0}) {
      Problem q = p;
      Problem plain = p;
      plain.linear.assign(6, 0);
      plain.impact.assign(6, 0);
      plain.funding.assign(6, 0);
      q.funding.assign(6, 0);
      for (size_t i = 0; i < 6; i++) {
        q.linear[i] *= weight;
        q.impact[i] *= weight;
      }
      const Solution s = solve(q);
      ASSERT_EQ(s.outcome, QS_HEDGE_OPTIMAL);
      const double variance = plain.objective(s.x), cost = (q.objective(s.x) - variance) / weight;
      EXPECT_GE(variance, variance_before - 1e-9 * p.constant);
      EXPECT_LE(cost, cost_before + 1e-9 * p.constant / weight);
      variance_before = variance;
      cost_before = cost;
    }
  }
}

TEST(HedgeRandom, SameProblemSameBits) {
  Random random(59);
  for (int k = 0; k < 10; k++) {
    Problem p = random_problem(random, 30);
    const Solution a = solve(p), b = solve(p);
    EXPECT_EQ(a.x, b.x);
    EXPECT_EQ(a.kkt, b.kkt);
    EXPECT_EQ(a.row_multiplier, b.row_multiplier);
  }
}

TEST(HedgeRandom, WarmStartEndsAtTheSameSolution) {
  Random random(61);
  for (int k = 0; k < 50; k++) {
    Problem p = random_problem(random, 1 + random.below(10));
    const Solution cold = solve(p);
    ASSERT_EQ(cold.outcome, QS_HEDGE_OPTIMAL);
    Problem moved = p; // the same limits, another sample of the covariance
    for (size_t i = 0; i < p.count; i++) {
      moved.cross[i] *= 1 + 0.02 * random.normal();
    }
    const Solution warm = solve(moved, &cold), again = solve(moved);
    ASSERT_EQ(warm.outcome, QS_HEDGE_OPTIMAL);
    ASSERT_EQ(again.outcome, QS_HEDGE_OPTIMAL);
    EXPECT_NEAR(warm.objective, again.objective, 1e-12 * (p.constant + std::fabs(again.objective))) << k;
  }
}

} // namespace
