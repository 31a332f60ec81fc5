// Loss distributions whose VaR and expected shortfall have closed forms.
#ifndef QS_TESTS_RISK_DISTRIBUTIONS_H
#define QS_TESTS_RISK_DISTRIBUTIONS_H

#include <cmath>
#include <random>

namespace loss {

inline double pdf(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
}

inline double cdf(double x) {
  return std::erfc(-x / std::sqrt(2.0)) / 2;
}

// Where an increasing function reaches `level`.
template <class F> double solve(F f, double level) {
  double low = -1e4, high = 1e4;
  for (int i = 0; i < 200; i++) {
    double middle = (low + high) / 2;
    (f(middle) < level ? low : high) = middle;
  }
  return (low + high) / 2;
}

struct Normal {
  static constexpr const char *name = "normal";
  std::normal_distribution<double> normal;
  double draw(std::mt19937_64 &g) { return normal(g); }
  static double var(double a) { return solve(cdf, a); }
  static double shortfall(double a) { return pdf(var(a)) / (1 - a); }
};

// Student's t with four degrees of freedom: its tail has a third moment, and no fourth.
struct StudentT4 {
  static constexpr const char *name = "Student t(4)";
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform{1e-300, 1};
  double draw(std::mt19937_64 &g) {
    double chi_square = -2 * std::log(uniform(g) * uniform(g)); // of four degrees
    return normal(g) / std::sqrt(chi_square / 4);
  }
  static double var(double a) {
    return solve(
        [](double t) {
          double s = t * t / 4;
          return 0.5 + 0.375 * t / std::sqrt(1 + s) * (1 - t * t / (12 * (1 + s)));
        },
        a);
  }
  // f(q)/(1 - a) (nu + q^2)/(nu - 1): McNeil, Frey and Embrechts 2015, example 2.15.
  static double shortfall(double a) {
    double q = var(a);
    return 0.375 * std::pow(1 + q * q / 4, -2.5) / (1 - a) * (4 + q * q) / 3;
  }
};

// Nine days of N(0, 1) for one of N(1, 9).
struct Mixture {
  static constexpr const char *name = "mixture";
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  double draw(std::mt19937_64 &g) {
    double z = normal(g);
    return uniform(g) < 0.9 ? z : 1 + 3 * z;
  }
  static double var(double a) {
    return solve([](double x) { return 0.9 * cdf(x) + 0.1 * cdf((x - 1) / 3); }, a);
  }
  static double shortfall(double a) {
    double q = var(a), z = (q - 1) / 3;
    return (0.9 * pdf(q) + 0.1 * (cdf(-z) + 3 * pdf(z))) / (1 - a);
  }
};

} // namespace loss

#endif
