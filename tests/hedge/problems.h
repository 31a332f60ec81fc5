// Hedge problems for the tests: owned arrays, random ones in wild units, and a certificate of optimality that
// shares nothing with the solver.
#ifndef QS_TESTS_HEDGE_PROBLEMS_H
#define QS_TESTS_HEDGE_PROBLEMS_H

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "host/hedge/optimise.h"

namespace hedge_test {

constexpr double infinity = std::numeric_limits<double>::infinity();

// splitmix64 (Steele, Lea, Flood 2014): the same numbers with every standard library.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t bits();
  double uniform(); // (0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal();
  double log_uniform(double low, double high);
  bool chance(double probability) { return uniform() < probability; }
  size_t below(size_t count) { return static_cast<size_t>(bits() % count); }

private:
  uint64_t state;
};

struct Row {
  std::vector<double> coefficients;
  double offset = 0, lower = -infinity, upper = infinity;
};

struct Gross {
  std::vector<double> up, down;
  double base = 0, limit = infinity;
};

struct Problem {
  explicit Problem(size_t n);
  size_t count;
  std::vector<double> covariance, cross, linear, impact, funding, lower, upper, position;
  double constant = 0;
  std::vector<Row> rows;
  std::vector<Gross> gross;

  // Covariance from P&L vectors: factors is [samples][n + 1], the last column the P&L to be hedged.
  void from_samples(const std::vector<double> &samples, size_t sample_count);
  qs_hedge_problem view();
  Problem
  permuted(const std::vector<size_t> &order) const;     // instrument i of the result is order[i] of this one
  Problem first(size_t n) const;                        // the first n instruments alone
  double objective(const std::vector<double> &x) const; // in long double
  bool feasible(const std::vector<double> &x, double tolerance) const;

private:
  std::vector<qs_hedge_row> row_views;
  std::vector<qs_hedge_gross> gross_views;
};

struct Solution {
  qs_status status = QS_OK;
  qs_hedge_outcome outcome = QS_HEDGE_NOT_CONVERGED;
  std::vector<double> x, trade_multiplier, row_multiplier, gross_multiplier;
  double objective = 0, kkt = 0;
  uint32_t iterations = 0;
  std::vector<qs_hedge_limit_ref> conflicts;
  std::string why;
};
Solution solve(Problem &problem, const Solution *start = nullptr);

// Random problem with quantities from 1e-6 to 1e8: factor model, costs, boxes, rows and gross limits that a
// random point meets. A degenerate one has a singular C: copies of other instruments in other units,
// instruments without variance.
Problem random_problem(Random &random, size_t n, bool degenerate = false);

// A lower bound of the optimal objective over |x_i| <= reach_i from the multipliers alone (weak duality; x'Cx
// is bounded below by its tangent at the solution), in long double.
long double dual_bound(const Problem &problem, const Solution &solution);

} // namespace hedge_test
#endif
