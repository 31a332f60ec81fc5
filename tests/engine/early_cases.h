// What the tests of early exercise have in common. An estimate's error is that of eight groups, widened so
// that z has a deviation of one: Student's with seven degrees of freedom. kDeviations leaves one in a
// thousand beyond.
#ifndef QS_TESTS_ENGINE_EARLY_CASES_H
#define QS_TESTS_ENGINE_EARLY_CASES_H

#include <cstdlib>
#include <functional>

#include "host/market/fourier.h"
#include "tests/engine/world.h"

const double kDeviations = 4.56;

inline void expect_near(const qs_estimate &e, double exact, const std::string &what, double rounding = 0) {
  if (std::getenv("QS_SHOW")) {
    std::printf("%-40s %.6f +- %.1e, exact %.6f, z %.2f\n", what.c_str(), e.estimate, e.std_error, exact,
                (e.estimate - exact) / e.std_error);
  }
  EXPECT_NEAR(e.estimate, exact, kDeviations * e.std_error + rounding) << what;
}

// What exercising now pays is all there is.
inline void expect_exercised_now(const qs_trade_result &t, double paid, double gamma_rounding) {
  EXPECT_NEAR(t.price.estimate, paid, 1e-9);
  EXPECT_NEAR(t.price.std_error, 0, 1e-9);
  EXPECT_NEAR(t.bounds.lower.estimate, paid, 1e-9);
  EXPECT_NEAR(t.bounds.upper.estimate, paid, 1e-6);
  EXPECT_EQ(t.bounds.extrapolation.estimate, 0);
  EXPECT_NEAR(t.greeks.value[QS_GREEK_DELTA].estimate, -1, 1e-6);
  EXPECT_NEAR(t.greeks.value[QS_GREEK_GAMMA].estimate, 0, gamma_rounding);
  EXPECT_NEAR(t.greeks.value[QS_GREEK_THETA].estimate, 0, 1e-6);
  EXPECT_NEAR(t.greeks.value[QS_GREEK_D_RATE].estimate, 0, 1e-9);
  EXPECT_NEAR(t.greeks.value[QS_GREEK_D_CARRY].estimate, 0, 1e-6);
}

// A European call on the world's first underlying in half a year, of spot 100 and a rate and carry of 0.05.
inline double european_call(const World &w, double strike) {
  const double forward = 100 * std::exp(0.025), k = std::log(strike / forward);
  double price = 0;
  qs_fourier_output output{};
  output.price = &price;
  qs_fourier_report report;
  EXPECT_EQ(qs_fourier_strip(&w.market->underlyings[0].model, 0.5, 1, &k, nullptr, &output, &report), QS_OK)
      << report.problem;
  return price * forward * std::exp(-0.025);
}

// Every number of the trades after the same run by that many threads, in batches of different lengths.
inline std::vector<double> early_numbers(World *w, int threads, uint64_t seed,
                                         const std::vector<const char *> &ids) {
  qs_devices_close(w->devices);
  EXPECT_EQ(qs_devices_open(&w->context, QS_BACKEND_CPU, threads, nullptr, &w->devices), QS_OK);
  w->context.threads = threads;
  w->inputs.simulation.seed = seed;
  w->inputs.simulation.paths = 10000;
  w->value();
  std::vector<double> numbers;
  for (const char *id : ids) {
    const qs_trade_result &t = w->trade(id);
    std::vector<qs_estimate> each(t.greeks.value, t.greeks.value + QS_GREEK_COUNT);
    each.insert(each.end(), {t.price, t.bounds.lower, t.bounds.upper, t.bounds.gap, t.bounds.extrapolation});
    for (const qs_estimate &e : each) {
      numbers.push_back(e.estimate);
      numbers.push_back(e.std_error);
    }
  }
  return numbers;
}

// By threads, with other trades or alone, under a seed.
inline void expect_same_bits(const std::function<std::vector<double>(int, bool, uint64_t)> &numbers) {
  const std::vector<double> one = numbers(1, false, 7);
  EXPECT_EQ(one, numbers(3, false, 7));
  EXPECT_EQ(one, numbers(2, true, 7));
  EXPECT_NE(one, numbers(1, false, 8));
}

#endif
