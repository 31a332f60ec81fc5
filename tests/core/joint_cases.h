// What the tests of joint units have in common: underlyings, and units of five pairs of models.
#ifndef TESTS_CORE_JOINT_CASES_H
#define TESTS_CORE_JOINT_CASES_H

#include "tests/core/joint_world.h"

namespace paths {

using Underlying = JointValuation::Underlying;

inline Underlying asset(const char *name, const qs_model &model, double spot = 100, double carry = 0.05) {
  return {name, model, spot, carry, {}, {}, {}, {}, {}};
}

inline qs_model gbm(double sigma) {
  return make_model(QS_MODEL_GBM, {{QS_SIGMA, sigma}});
}

inline double cdf(double x) {
  return std::erfc(-x / std::sqrt(2)) / 2;
}
inline double pdf(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
}

inline void expect_near(const Estimate &e, double exact, const char *what, double errors = 4.5) {
  EXPECT_GT(e.error, 0) << what;
  EXPECT_NEAR(e.value, exact, errors * e.error + 1e-5 * std::fabs(exact)) << what << ", error " << e.error;
}

// Number 5 has jumps in common.
inline JointValuation mixed_run(int index) {
  const qs_model_type types[] = {QS_MODEL_HESTON, QS_MODEL_SVCJ,   QS_MODEL_BATES, QS_MODEL_KOU,
                                 QS_MODEL_MERTON, QS_MODEL_HESTON, QS_MODEL_BATES};
  const int first = index == 5 ? 4 : index, second = index == 5 ? 6 : index + 1;
  JointValuation run(0.5, 24, 3,
                     {asset("A", typical(types[first])), asset("B", typical(types[second]), 90, -0.02)},
                     {{1, 0.6}, {0.6, 1}});
  if (index == 5)
    run.common = 2, run.sizes = 0.5;
  run.add("max((mean(A[every]) + B[T]) / 2 - K, 0)");
  run.add("max(A[T] - B[d1], 0) + max(B[d0] - K, 0)");
  run.unit.precision = QS_PRECISION_DOUBLE;
  run.unit.path_count = 1 << 14;
  run.unit.batch_paths = 256;
  return run;
}

// The same with correlations of the variances, and of each price's own normals with the other's variance.
inline JointValuation full_run(int index) {
  JointValuation run = mixed_run(index);
  run.correlation = {{1, 0.55}, {0.55, 1}};
  run.variances = {{1, 0.7}, {0.7, 1}};
  run.crosses = {{0, -0.3}, {0.2, 0}};
  return run;
}

} // namespace paths

#endif
