// A Bermudan option on one lognormal underlying by dynamic programming: continuation values at Gauss-Legendre
// nodes of the region where the option is held, what is exercised in closed form. Errors below 1e-9.
#ifndef QS_TESTS_ENGINE_BERMUDAN_H
#define QS_TESTS_ENGINE_BERMUDAN_H

#include <algorithm>
#include <cmath>
#include <vector>

struct Bermudan {
  double spot = 100, sigma = 0.3, rate = 0.05, carry = 0.05, strike = 100;
  int phi = -1; // 1 call, -1 put
  std::vector<double> times;
  bool coin = false; // paid in coin as it is exercised; rate is then the coin's

  double price() const { return Solver(*this).price(); }

  // Central differences, extrapolated once.
  double derivative(double Bermudan::*field, double h) const {
    const auto central = [&](double step) {
      Bermudan up = *this, down = *this;
      up.*field += step, down.*field -= step;
      return (up.price() - down.price()) / (2 * step);
    };
    return (4 * central(h / 2) - central(h)) / 3;
  }
  double second(double Bermudan::*field, double h) const {
    const auto central = [&](double step) {
      Bermudan up = *this, down = *this;
      up.*field += step, down.*field -= step;
      return (up.price() - 2 * price() + down.price()) / (step * step);
    };
    return (4 * central(h / 2) - central(h)) / 3;
  }

private:
  // Over x = ln S / F, with values discounted to now.
  class Solver {
  public:
    explicit Solver(const Bermudan &b) : o(b), n(b.times.size()), held(n), value(n), edge(n) {
      gauss_legendre();
      edge[n - 1] = std::log(o.strike / forward(n - 1));
      for (size_t d = n - 1; d-- > 0;) {
        find_edge(d);
        lay_nodes(d);
      }
    }
    double price() const { return expect(0, 0, o.times[0]); }

  private:
    static constexpr int kOrder = 16;
    const Bermudan &o;
    const size_t n;
    std::vector<std::vector<double>> held, value; // nodes, and weight x continuation value there
    std::vector<double> edge;                     // of exercise; infinite where there is none
    double node[kOrder], weight[kOrder];

    static double normal(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
    double forward(size_t d) const { return o.spot * std::exp(o.carry * o.times[d]); }
    double unit(size_t d) const {
      const double discount = std::exp(-o.rate * o.times[d]);
      return o.coin ? o.spot * discount / forward(d) : discount;
    }
    double pays(size_t d, double x) const { return unit(d) * o.phi * (forward(d) * std::exp(x) - o.strike); }
    // E[V_d | x before], `years` before date d.
    double expect(size_t d, double x, double years) const {
      const double s = o.sigma * std::sqrt(years), mean = x - s * s / 2, phi = o.phi;
      double sum = 0;
      if (std::isfinite(edge[d])) {
        const double z = phi * (mean - edge[d]) / s;
        sum = unit(d) * phi * (forward(d) * std::exp(x) * normal(z + phi * s) - o.strike * normal(z));
      }
      for (size_t i = 0; i < held[d].size(); i++) {
        const double z = (held[d][i] - mean) / s;
        sum += value[d][i] * std::exp(-z * z / 2) / (s * std::sqrt(2 * M_PI));
      }
      return sum;
    }
    double hold(size_t d, double x) const { return expect(d + 1, x, o.times[d + 1] - o.times[d]); }
    void find_edge(size_t d) {
      double out = std::log(o.strike / forward(d)), in = out + o.phi * 4;
      if (pays(d, in) <= hold(d, in)) {
        edge[d] = o.phi > 0 ? INFINITY : -INFINITY;
        return;
      }
      for (int k = 0; k < 100; k++) {
        const double middle = (out + in) / 2;
        (pays(d, middle) > hold(d, middle) ? in : out) = middle;
      }
      edge[d] = in;
    }
    void lay_nodes(size_t d) {
      const double reach = 10 * o.sigma * std::sqrt(o.times[n - 1]) + 0.5;
      double low = -reach, high = reach;
      (o.phi > 0 ? high : low) = std::isfinite(edge[d]) ? edge[d] : o.phi * reach;
      double step = o.sigma * std::sqrt(d ? o.times[d] - o.times[d - 1] : o.times[0]);
      step = std::min(step, o.sigma * std::sqrt(o.times[d + 1] - o.times[d]));
      const int panels = std::max(1, static_cast<int>(std::ceil((high - low) / step)));
      for (int p = 0; p < panels; p++) {
        const double half = (high - low) / (2 * panels), centre = low + half * (2 * p + 1);
        for (int k = 0; k < kOrder; k++) {
          held[d].push_back(centre + half * node[k]);
          value[d].push_back(half * weight[k] * hold(d, held[d].back()));
        }
      }
    }
    // Newton's method on Legendre's polynomial.
    void gauss_legendre() {
      for (int i = 0; i < kOrder; i++) {
        double x = std::cos(M_PI * (i + 0.75) / (kOrder + 0.5)), slope = 1;
        for (int k = 0; k < 50; k++) {
          double before = 1, here = x;
          for (int j = 2; j <= kOrder; j++) {
            const double next = ((2 * j - 1) * x * here - (j - 1) * before) / j;
            before = here;
            here = next;
          }
          slope = kOrder * (x * here - before) / (x * x - 1);
          x -= here / slope;
        }
        node[i] = x;
        weight[i] = 2 / ((1 - x * x) * slope * slope);
      }
    }
  };
};

#endif
