// A Bermudan option on two lognormal underlyings by dynamic programming, for any payoff of their prices. In
// the coordinates (u, w) of two independent Brownian motions, ln S_1 / F_1 = sigma_1 u - .. and ln S_2 / F_2
// = sigma_2 (rho u + sqrt(1 - rho^2) w) - .., values lie on a square grid and a step is a convolution with
// the normal density, one coordinate after the other, by the trapezoid rule: its error, of the payoffs' bends
// alone, falls with the square of the grid's step.
#ifndef QS_TESTS_ENGINE_BERMUDAN_TWO_H
#define QS_TESTS_ENGINE_BERMUDAN_TWO_H

#include <cmath>
#include <functional>
#include <vector>

struct BermudanTwo {
  double spot[2] = {100, 100}, sigma[2] = {0.2, 0.2}, carry[2] = {0, 0}, rho = 0, rate = 0.05;
  std::vector<double> times;
  std::function<double(double, double)> pays;
  double fineness = 12; // nodes per deviation of the shortest interval

  double price() const {
    const double last = times.back(), reach = 5.5 * std::sqrt(last);
    double shortest = times[0];
    for (size_t d = 1; d < times.size(); d++)
      shortest = std::min(shortest, times[d] - times[d - 1]);
    const double step = std::sqrt(shortest) / fineness;
    const int half = static_cast<int>(std::ceil(reach / step)), n = 2 * half + 1;
    std::vector<double> value(static_cast<size_t>(n) * n, 0);
    for (size_t d = times.size(); d-- > 0;) {
      exercise(d, half, step, value);
      if (d)
        value = expect(value, n, step, std::sqrt(times[d] - times[d - 1]));
    }
    // From the middle at once.
    const std::vector<double> k = kernel(step, std::sqrt(times[0]));
    const int r = static_cast<int>(k.size()) / 2;
    double sum = 0;
    for (int i = -std::min(r, half); i <= std::min(r, half); i++)
      for (int j = -std::min(r, half); j <= std::min(r, half); j++)
        sum += k[i + r] * k[j + r] * value[static_cast<size_t>(i + half) * n + (j + half)];
    return sum;
  }

  // Central difference to a number of the option's.
  double derivative(const std::function<double &(BermudanTwo &)> &field, double h) const {
    BermudanTwo up = *this, down = *this;
    field(up) += h, field(down) -= h;
    return (up.price() - down.price()) / (2 * h);
  }
  double second(int a, int b, double h) const {
    const auto at = [&](int i, int j) {
      BermudanTwo moved = *this;
      moved.spot[a] += i * h, moved.spot[b] += j * h;
      return moved.price();
    };
    return a == b ? (at(1, 0) - 2 * price() + at(-1, 0)) / (h * h)
                  : (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h);
  }

private:
  static std::vector<double> kernel(double step, double deviation) {
    const int r = static_cast<int>(std::ceil(7 * deviation / step));
    std::vector<double> k;
    double sum = 0;
    for (int i = -r; i <= r; i++) {
      const double z = i * step / deviation;
      k.push_back(std::exp(-z * z / 2));
      sum += k.back();
    }
    for (double &x : k)
      x /= sum;
    return k;
  }

  void exercise(size_t d, int half, double step, std::vector<double> &value) const {
    const double t = times[d], discount = std::exp(-rate * t), other = std::sqrt(1 - rho * rho);
    const int n = 2 * half + 1;
    for (int i = 0; i < n; i++) {
      const double u = (i - half) * step;
      const double first = spot[0] * std::exp((carry[0] - sigma[0] * sigma[0] / 2) * t + sigma[0] * u);
      for (int j = 0; j < n; j++) {
        const double w = rho * u + other * (j - half) * step;
        const double second = spot[1] * std::exp((carry[1] - sigma[1] * sigma[1] / 2) * t + sigma[1] * w);
        double &v = value[static_cast<size_t>(i) * n + j];
        v = std::max(v, discount * pays(first, second));
      }
    }
  }

  // Beyond the grid values are those of its edge, which hardly counts.
  static std::vector<double> expect(const std::vector<double> &value, int n, double step, double deviation) {
    const std::vector<double> k = kernel(step, deviation);
    const int r = static_cast<int>(k.size()) / 2;
    std::vector<double> along(value.size()), result(value.size());
    for (int i = 0; i < n; i++) {
      std::vector<double> row(static_cast<size_t>(n) + 2 * r);
      for (int j = -r; j < n + r; j++)
        row[j + r] = value[static_cast<size_t>(i) * n + std::min(n - 1, std::max(0, j))];
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int m = 0; m <= 2 * r; m++)
          sum += k[m] * row[j + m];
        along[static_cast<size_t>(i) * n + j] = sum;
      }
    }
    for (int i = 0; i < n; i++) {
      double *to = &result[static_cast<size_t>(i) * n];
      for (int m = 0; m <= 2 * r; m++) {
        const double *from = &along[static_cast<size_t>(std::min(n - 1, std::max(0, i + m - r))) * n];
        for (int j = 0; j < n; j++)
          to[j] += k[m] * from[j];
      }
    }
    return result;
  }
};

#endif
