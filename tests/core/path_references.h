// What payoffs along a path are held against: closed forms, Fourier prices, and the deviations allowed.
#ifndef TESTS_CORE_PATH_REFERENCES_H
#define TESTS_CORE_PATH_REFERENCES_H

#include "host/market/fourier.h"
#include "tests/core/path_world.h"

namespace paths {

inline constexpr double kDeviations = 4.5;
inline constexpr double kRounding = 2e-6; // of single precision

inline constexpr qs_model_type kTypes[] = {QS_MODEL_GBM,    QS_MODEL_MERTON, QS_MODEL_KOU,
                                           QS_MODEL_HESTON, QS_MODEL_BATES,  QS_MODEL_SVCJ};

inline void expect_within(Estimate e, double exact, const std::string &what) {
  if (std::getenv("QS_SHOW"))
    std::printf("%-50s %.6f +- %.1e, exact %.6f, z %.2f\n", what.c_str(), e.value, e.error, exact,
                (e.value - exact) / e.error);
  EXPECT_NEAR(e.value, exact, kDeviations * e.error + kRounding) << what;
}

inline double normal(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

inline double density(double x, double variance) {
  return std::exp(-0.5 * x * x / variance) / std::sqrt(2 * M_PI * variance);
}

// Black (1976) on a forward.
inline double black_call(double forward, double k, double variance) {
  const double root = std::sqrt(variance), d1 = std::log(forward / k) / root + root / 2;
  return forward * normal(d1) - k * normal(d1 - root);
}

// Fourier prices over log strikes.
struct Strip {
  std::vector<double> price, delta;
};

inline Strip fourier(const qs_model &model, double years, const std::vector<double> &log_k) {
  Strip s{std::vector<double>(log_k.size()), std::vector<double>(log_k.size())};
  qs_fourier_output output{};
  output.price = s.price.data();
  output.delta = s.delta.data();
  qs_fourier_report report;
  EXPECT_EQ(qs_fourier_strip(&model, years, log_k.size(), log_k.data(), nullptr, &output, &report), QS_OK)
      << report.problem;
  return s;
}

} // namespace paths

#endif
