#include "tests/hedge/enumerate.h"

#include <algorithm>
#include <cmath>

namespace hedge_test {

namespace {

using Real = long double;

// Gaussian elimination with complete pivoting; false when singular to 1e-13.
bool solve_linear(std::vector<std::vector<Real>> a, std::vector<Real> b, std::vector<Real> &x) {
  const size_t n = b.size();
  std::vector<size_t> column(n);
  for (size_t i = 0; i < n; i++) {
    column[i] = i;
    Real largest = 0;
    for (Real v : a[i]) {
      largest = std::max(largest, std::fabs(v));
    }
    if (largest == 0) {
      return false;
    }
    for (Real &v : a[i]) {
      v /= largest;
    }
    b[i] /= largest;
  }
  for (size_t k = 0; k < n; k++) {
    size_t row = k, col = k;
    for (size_t i = k; i < n; i++) {
      for (size_t j = k; j < n; j++) {
        if (std::fabs(a[i][j]) > std::fabs(a[row][col])) {
          row = i;
          col = j;
        }
      }
    }
    if (std::fabs(a[row][col]) < 1e-13L) {
      return false;
    }
    std::swap(a[k], a[row]);
    std::swap(b[k], b[row]);
    std::swap(column[k], column[col]);
    for (auto &line : a) {
      std::swap(line[k], line[col]);
    }
    for (size_t i = k + 1; i < n; i++) {
      const Real factor = a[i][k] / a[k][k];
      for (size_t j = k; j < n; j++) {
        a[i][j] -= factor * a[k][j];
      }
      b[i] -= factor * b[k];
    }
  }
  std::vector<Real> y(n);
  for (size_t k = n; k-- > 0;) {
    Real value = b[k];
    for (size_t j = k + 1; j < n; j++) {
      value -= a[k][j] * y[j];
    }
    y[k] = value / a[k][k];
  }
  x.resize(n);
  for (size_t k = 0; k < n; k++) {
    x[column[k]] = y[k];
  }
  return true;
}

// Where a trade may be: pinned at a place, or free between two neighbouring places.
struct Option {
  bool free;
  Real place; // pinned there, or a point inside the free stretch
};

class Search {
public:
  explicit Search(const Problem &problem)
      : p(problem), chosen(problem.count), row(problem.rows.size()), gross(problem.gross.size()) {
    for (size_t i = 0; i < p.count; i++) {
      options.push_back(options_of(i));
      scale.push_back(std::sqrt(std::fabs(p.constant) / p.covariance[i * p.count + i]));
    }
  }
  Enumeration run() {
    choose_trade(0);
    return best;
  }

private:
  const Problem &p;
  std::vector<std::vector<Option>> options;
  std::vector<Real> scale;
  std::vector<Option> chosen;
  std::vector<int> row;
  std::vector<bool> gross;
  Enumeration best;

  std::vector<Option> options_of(size_t i) const {
    std::vector<Real> places = {0, -static_cast<Real>(p.position[i])};
    for (double bound : {p.lower[i], p.upper[i]}) {
      if (std::isfinite(bound)) {
        places.push_back(bound);
      }
    }
    places.erase(std::remove_if(places.begin(), places.end(),
                                [&](Real v) { return v < p.lower[i] || v > p.upper[i]; }),
                 places.end());
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    std::vector<Option> out;
    for (Real place : places) {
      out.push_back({false, place});
    }
    if (p.lower[i] == p.upper[i]) {
      return out;
    }
    for (size_t k = 0; k + 1 < places.size(); k++) {
      out.push_back({true, (places[k] + places[k + 1]) / 2});
    }
    const Real width = 1 + std::fabs(p.position[i]);
    if (!std::isfinite(p.lower[i])) {
      out.push_back({true, places.empty() ? 0 : places.front() - width});
    }
    if (!std::isfinite(p.upper[i]) && !places.empty()) {
      out.push_back({true, places.back() + width});
    }
    return out;
  }

  void choose_trade(size_t i) {
    if (i == p.count) {
      choose_row(0);
      return;
    }
    for (const Option &option : options[i]) {
      chosen[i] = option;
      choose_trade(i + 1);
    }
  }

  void choose_row(size_t k) {
    if (k == p.rows.size()) {
      choose_gross(0);
      return;
    }
    const Row &r = p.rows[k];
    const bool idle =
        std::all_of(r.coefficients.begin(), r.coefficients.end(), [](double a) { return a == 0; });
    for (int state : {-1, 0, 1}) {
      const bool equality = r.lower == r.upper && !idle;
      const bool possible =
          equality ? state == 1 : (state == 0 || (!idle && std::isfinite(state < 0 ? r.lower : r.upper)));
      if (possible) {
        row[k] = state;
        choose_row(k + 1);
      }
    }
  }

  void choose_gross(size_t k) {
    if (k == p.gross.size()) {
      attempt();
      return;
    }
    for (bool active : {false, true}) {
      gross[k] = active;
      choose_gross(k + 1);
    }
  }

  Real gross_slope(size_t k, size_t i) const {
    return p.position[i] + chosen[i].place > 0 ? p.gross[k].up[i] : -p.gross[k].down[i];
  }

  // The stationary point of the chosen support, in units of each trade's natural size.
  void attempt() {
    std::vector<size_t> free;
    for (size_t i = 0; i < p.count; i++) {
      if (chosen[i].free) {
        free.push_back(i);
      }
    }
    std::vector<std::vector<Real>> constraints;
    std::vector<Real> sides;
    for (size_t k = 0; k < p.rows.size(); k++) {
      if (row[k]) {
        add_constraint(
            free, [&](size_t i) { return static_cast<Real>(p.rows[k].coefficients[i]); },
            (row[k] < 0 ? p.rows[k].lower : p.rows[k].upper) - static_cast<Real>(p.rows[k].offset), 0,
            constraints, sides);
      }
    }
    for (size_t k = 0; k < p.gross.size(); k++) {
      if (gross[k]) {
        Real held = 0;
        for (size_t i = 0; i < p.count; i++) {
          held += gross_slope(k, i) * p.position[i];
        }
        add_constraint(
            free, [&](size_t i) { return gross_slope(k, i); },
            p.gross[k].limit - static_cast<Real>(p.gross[k].base), held, constraints, sides);
      }
    }
    solve_support(free, constraints, sides);
  }

  template <class Coefficient>
  void add_constraint(const std::vector<size_t> &free, Coefficient coefficient, Real side, Real constant,
                      std::vector<std::vector<Real>> &constraints, std::vector<Real> &sides) {
    Real rest = side - constant;
    for (size_t i = 0; i < p.count; i++) {
      rest -= chosen[i].free ? 0 : coefficient(i) * chosen[i].place;
    }
    std::vector<Real> line;
    for (size_t i : free) {
      line.push_back(coefficient(i) * scale[i]);
    }
    constraints.push_back(line);
    sides.push_back(rest);
  }

  void solve_support(const std::vector<size_t> &free, const std::vector<std::vector<Real>> &constraints,
                     const std::vector<Real> &sides) {
    const size_t n = free.size(), m = constraints.size();
    std::vector<std::vector<Real>> a(n + m, std::vector<Real>(n + m));
    std::vector<Real> b(n + m), solution;
    for (size_t r = 0; r < n; r++) {
      const size_t i = free[r];
      Real slope = 2.0L * p.cross[i] + p.funding[i] + (chosen[i].place < 0 ? -p.linear[i] : p.linear[i]);
      for (size_t j = 0; j < p.count; j++) {
        slope += chosen[j].free ? 0 : 2.0L * p.covariance[i * p.count + j] * chosen[j].place;
      }
      b[r] = -slope * scale[i] / p.constant;
      for (size_t c = 0; c < n; c++) {
        a[r][c] = 2.0L * p.covariance[i * p.count + free[c]] * scale[i] * scale[free[c]] / p.constant;
      }
      for (size_t c = 0; c < m; c++) {
        Real largest = 0;
        for (Real v : constraints[c]) {
          largest = std::max(largest, std::fabs(v));
        }
        a[r][n + c] = a[n + c][r] = largest > 0 ? constraints[c][r] / largest : 0;
        b[n + c] = largest > 0 ? sides[c] / largest : 0;
      }
    }
    if (n + m > 0 && (n == 0 || !solve_linear(a, b, solution))) {
      if (n > 0) {
        return;
      }
    }
    std::vector<double> x(p.count);
    for (size_t i = 0; i < p.count; i++) {
      x[i] = static_cast<double>(chosen[i].place);
    }
    for (size_t r = 0; r < n; r++) {
      x[free[r]] = static_cast<double>(solution[r] * scale[free[r]]);
    }
    if (p.feasible(x, 1e-11)) {
      const double objective = p.objective(x);
      if (!best.found || objective < best.objective) {
        best = {true, objective, x};
      }
    }
  }
};

} // namespace

Enumeration enumerate_supports(const Problem &problem) {
  return Search(problem).run();
}

} // namespace hedge_test
