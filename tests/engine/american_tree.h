// An American option on one lognormal underlying by a binomial tree whose last step is Black and Scholes's,
// from n and 2 n steps by Richardson's extrapolation (Broadie, Detemple 1996): errors below 1e-4 of the spot.
#ifndef QS_TESTS_ENGINE_AMERICAN_TREE_H
#define QS_TESTS_ENGINE_AMERICAN_TREE_H

#include <algorithm>
#include <cmath>
#include <vector>

struct AmericanTree {
  double spot = 100, sigma = 0.3, rate = 0.05, carry = 0.05, strike = 100, years = 1;
  int phi = -1, steps = 1000;

  double price() const { return 2 * tree(2 * steps) - tree(steps); }

  double derivative(double AmericanTree::*field, double h) const {
    AmericanTree up = *this, down = *this;
    up.*field += h, down.*field -= h;
    return (up.price() - down.price()) / (2 * h);
  }
  double second(double h) const {
    AmericanTree up = *this, down = *this;
    up.spot += h, down.spot -= h;
    return (up.price() - 2 * price() + down.price()) / (h * h);
  }

private:
  static double normal(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

  double tree(int n) const {
    const double dt = years / n, u = std::exp(sigma * std::sqrt(dt)), growth = std::exp(carry * dt);
    const double p = (growth - 1 / u) / (u - 1 / u), discount = std::exp(-rate * dt);
    const double deviation = sigma * std::sqrt(dt);
    std::vector<double> value(static_cast<size_t>(n));
    for (int i = 0; i < n; i++) { // one step before the end
      const double s = spot * std::pow(u, 2 * i - (n - 1)), forward = s * growth;
      const double d = std::log(forward / strike) / deviation + deviation / 2;
      const double hold =
          discount * phi * (forward * normal(phi * d) - strike * normal(phi * (d - deviation)));
      value[static_cast<size_t>(i)] = std::max(hold, phi * (s - strike));
    }
    for (int k = n - 2; k >= 0; k--)
      for (int i = 0; i <= k; i++) {
        const size_t at = static_cast<size_t>(i);
        const double hold = discount * (p * value[at + 1] + (1 - p) * value[at]);
        value[at] = std::max(hold, phi * (spot * std::pow(u, 2 * i - k) - strike));
      }
    return value[0];
  }
};

#endif
