/* Starts of a search at random over the sensible part of the ranges: nothing in common with the calibration's
 * own. */
#ifndef QS_TESTS_MARKET_RANDOM_START_H
#define QS_TESTS_MARKET_RANDOM_START_H

#include <cmath>
#include <random>

#include "host/market/fit_range.h"
#include "host/market/fit_search.h"

struct RandomStart {
  std::mt19937_64 generator;

  explicit RandomStart(uint64_t seed) : generator(seed) {}

  double uniform() { return static_cast<double>(generator() >> 11) * 0x1p-53; }

  /* Uniform in each parameter, or in its logarithm where the range is logarithmic. */
  qs_model operator()(const qs_fit_problem &problem) {
    static const double low[QS_PARAMETER_COUNT] = {0.02, 0.3,  0.02, 0.1,  -0.9, 0.02, -0.5,
                                                   0.01, 0.01, -1,   0.05, 2,    2,    0.1};
    static const double high[QS_PARAMETER_COUNT] = {1, 30, 1, 8, 0.6, 12, 0.3, 0.5, 4, 1, 0.95, 60, 60, 1.2};
    qs_model model = {problem.type, {}};
    for (size_t j = 0; j < problem.parameter_count; j++) {
      qs_parameter p = problem.parameter[j];
      double share = uniform();
      model.value[p] = qs_fit_range_of(p)->logarithmic ? low[p] * std::pow(high[p] / low[p], share)
                                                       : low[p] + share * (high[p] - low[p]);
    }
    return model;
  }
};

#endif
