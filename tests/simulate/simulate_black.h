// Black's formula (1976), for tests of what is simulated under gbm.
#ifndef QS_TESTS_SIMULATE_BLACK_H
#define QS_TESTS_SIMULATE_BLACK_H

#include <cmath>

inline double normal_cdf(double z) {
  return .5 * std::erfc(-z / std::sqrt(2.0));
}

// E[(F e^(s z - s^2/2) - K)+], undiscounted; `delta`: of F.
inline double black(double forward, double strike, double deviation, double *delta = nullptr) {
  const double d = std::log(forward / strike) / deviation + deviation / 2;
  if (delta)
    *delta = normal_cdf(d);
  return forward * normal_cdf(d) - strike * normal_cdf(d - deviation);
}

#endif
